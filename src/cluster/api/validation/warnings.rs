//! Sentences that the server sends along with a success.
//!
//! Follows kubernetes' `pkg/api/pod/warnings.go` and the `WarningsOnCreate` of single kinds.

use serde_json::Value;

use super::node::{Node, quantity};
use crate::apimachinery::{object, validate};

const INGRESS_CLASS: &str =
    "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead";

const RECYCLE: &str = "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";

/// What is worth a warning in a valid object.
pub(super) fn about(resource: &str, it: &Value) -> Vec<String> {
    let root = Node::root(it);
    let mut all = Vec::new();
    match resource {
        "pods" => {
            name_is_host_name(it, &mut all);
            pod_spec(&root.child("spec"), &mut all);
        }
        "deployments.apps"
        | "replicasets.apps"
        | "statefulsets.apps"
        | "daemonsets.apps"
        | "jobs.batch"
        | "replicationcontrollers" => {
            if matches!(resource, "deployments.apps" | "replicasets.apps" | "jobs.batch") {
                name_is_host_name(it, &mut all);
            }
            pod_spec(&root.child("spec").child("template").child("spec"), &mut all);
        }
        "cronjobs.batch" => {
            let job = root.child("spec").child("jobTemplate").child("spec");
            pod_spec(&job.child("template").child("spec"), &mut all);
        }
        "services" => service(&root.child("spec"), &mut all),
        "ingresses.networking.k8s.io" if object::annotation(it, "kubernetes.io/ingress.class").is_some() => {
            all.push(INGRESS_CLASS.to_owned());
        }
        "persistentvolumes" if root.child("spec").text("persistentVolumeReclaimPolicy") == "Recycle" => {
            all.push(RECYCLE.to_owned());
        }
        _ => {}
    }
    all
}

fn name_is_host_name(it: &Value, all: &mut Vec<String>) {
    let sentences = validate::dns1123_label(object::name(it));
    if !sentences.is_empty() {
        all.push(format!(
            "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [{}]",
            sentences.join(" ")
        ));
    }
}

const OLD_LABELS: &[(&str, &str)] = &[
    ("beta.kubernetes.io/arch", "deprecated since v1.14; use \"kubernetes.io/arch\" instead"),
    ("beta.kubernetes.io/os", "deprecated since v1.14; use \"kubernetes.io/os\" instead"),
    (
        "failure-domain.beta.kubernetes.io/region",
        "deprecated since v1.17; use \"topology.kubernetes.io/region\" instead",
    ),
    (
        "failure-domain.beta.kubernetes.io/zone",
        "deprecated since v1.17; use \"topology.kubernetes.io/zone\" instead",
    ),
    (
        "beta.kubernetes.io/instance-type",
        "deprecated since v1.17; use \"node.kubernetes.io/instance-type\" instead",
    ),
];

fn pod_spec(spec: &Node<'_>, all: &mut Vec<String>) {
    for (key, words) in OLD_LABELS {
        if spec.child("nodeSelector").has(key) {
            all.push(format!("{}: {words}", spec.at("nodeSelector").key(key)));
        }
    }
    for secret in spec.items("imagePullSecrets").iter().filter(|it| it.text("name").is_empty()) {
        all.push(format!("{}: invalid empty name \"\"", secret.at("name")));
    }
    if spec.int("terminationGracePeriodSeconds").is_some_and(|it| it < 0) {
        all.push(format!(
            "{}: must be >= 0; negative values are invalid and will be treated as 1",
            spec.at("terminationGracePeriodSeconds")
        ));
    }
    for list in ["initContainers", "containers"] {
        for container in spec.items(list) {
            fractions(&container, all);
            hidden_variables(&container, all);
            duplicate_ports(&container, all);
        }
    }
}

fn fractions(container: &Node<'_>, all: &mut Vec<String>) {
    let resources = container.child("resources");
    for kind in ["limits", "requests"] {
        for name in ["memory", "ephemeral-storage"] {
            let Some(value) = resources.child(kind).value.get(name) else { continue };
            let amount = quantity(value);
            if amount.as_milli() % 1000 != 0 {
                all.push(format!(
                    "{}: fractional byte value \"{amount}\" is invalid, must be an integer",
                    resources.at(kind).key(name)
                ));
            }
        }
    }
}

fn hidden_variables(container: &Node<'_>, all: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for variable in container.items("env") {
        let name = variable.text("name");
        let own = format!("$({name})");
        if seen.contains(&name) && !variable.text("value").contains(&own) {
            all.push(format!(
                "{}: hides previous definition of \"{name}\", which may be dropped when using apply",
                variable.path
            ));
        }
        seen.push(name);
    }
}

fn duplicate_ports(container: &Node<'_>, all: &mut Vec<String>) {
    let ports = container.items("ports");
    let key = |port: &Node<'_>| {
        (port.int("containerPort"), port.text("protocol").to_owned(), port.int("hostPort").unwrap_or(0))
    };
    for (index, port) in ports.iter().enumerate() {
        let Some(first) = ports.iter().take(index).find(|it| key(it) == key(port)) else { continue };
        let what =
            if port.int("hostPort").unwrap_or(0) == 0 { "port definition" } else { "host port definition" };
        all.push(format!("{}: duplicate {what} with {}", port.path, first.path));
    }
}

fn service(spec: &Node<'_>, all: &mut Vec<String>) {
    let kind = spec.text("type");
    if kind == "ExternalName" && spec.len("externalIPs") > 0 {
        all.push("spec.externalIPs is ignored when spec.type is \"ExternalName\"".into());
    }
    if kind != "LoadBalancer" && !spec.text("loadBalancerIP").is_empty() {
        all.push("spec.loadBalancerIP is ignored when spec.type is not \"LoadBalancer\"".into());
    }
    if kind == "ExternalName"
        && !spec.text("sessionAffinity").is_empty()
        && spec.text("sessionAffinity") != "None"
    {
        all.push("spec.sessionAffinity is ignored when spec.type is \"ExternalName\"".into());
    }
}
