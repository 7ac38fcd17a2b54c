//! Sentences that the server sends along with a success.
//!
//! Follows kubernetes' `pkg/api/*/warnings.go` and the `WarningsOnCreate` and `WarningsOnUpdate` of single kinds.

mod pod;

use super::node::{Node, quantity};
use crate::apimachinery::field::Path;
use crate::apimachinery::json::Value;
use crate::apimachinery::schema::formats;
use crate::apimachinery::{go, object, validate};

const INGRESS_CLASS: &str =
    "annotation \"kubernetes.io/ingress.class\" is deprecated, please use 'spec.ingressClassName' instead";

const RECYCLE: &str = "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";

const IN_NAMES: &str = "this is used in Pod names and hostnames";

const OWN_HOST_NAME: &str = "this is used in the Pod's hostname";

/// What is worth a warning in a valid object, which on an update was `old`.
pub(super) fn about(resource: &str, it: &Value, old: Option<&Value>) -> Vec<String> {
    let (root, mut all) = (Node::root(it), Vec::new());
    if let Some((template, named)) = template_of(resource) {
        // Only a change of the spec is looked at again.
        let generation = |it: &Value| object::int(it, "/metadata/generation");
        if old.is_none_or(|old| generation(old) != generation(it)) {
            if old.is_none() && named {
                name_is_host_name(it, IN_NAMES, &mut all);
            }
            let node = template.iter().fold(root.clone(), |node, key| node.child(key));
            pod::template(&node, &mut all);
            of_workload(resource, &root.child("spec"), &mut all);
        }
        return all;
    }
    match resource {
        "pods" => {
            if old.is_none() {
                name_is_host_name(it, OWN_HOST_NAME, &mut all);
            }
            pod::pod(&root, &mut all);
        }
        "services" => service(it, &mut all),
        "networkpolicies.networking.k8s.io" => network_policy(&root.child("spec"), &mut all),
        "ingresses.networking.k8s.io" => {
            const KEY: &str = "kubernetes.io/ingress.class";
            if object::annotation(it, KEY).is_some()
                && old.is_none_or(|old| object::annotation(old, KEY).is_none())
            {
                all.push(INGRESS_CLASS.to_owned());
            }
        }
        "persistentvolumes" => volume(&root, &mut all),
        "persistentvolumeclaims" => {
            beta_class(&root, &mut all);
            claim_spec(&root.child("spec"), &mut all);
        }
        "storageclasses.storage.k8s.io" => topologies(&root, &mut all),
        "customresourcedefinitions.apiextensions.k8s.io" => new_formats(it, old, &mut all),
        _ => {}
    }
    all
}

/// What is worth a warning in a custom object.
pub(super) fn about_custom(it: &Value, old: Option<&Value>) -> Vec<String> {
    let of = |it: &Value| -> Vec<String> {
        let list = object::list(it, "/metadata/finalizers");
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let before = old.map(of).unwrap_or_default();
    let added = of(it).into_iter().filter(|name| !before.contains(name) && !name.contains('/'));
    added
        .map(|name| {
            format!(
                "metadata.finalizers: {}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers",
                go::quote(&name)
            )
        })
        .collect()
}

/// Where a kind has its pod template, and whether its name becomes part of pods' names.
fn template_of(resource: &str) -> Option<(&'static [&'static str], bool)> {
    const SPEC: &[&str] = &["spec", "template"];
    Some(match resource {
        "deployments.apps" | "replicasets.apps" | "jobs.batch" | "replicationcontrollers" => (SPEC, true),
        "statefulsets.apps" | "daemonsets.apps" => (SPEC, false),
        "cronjobs.batch" => (&["spec", "jobTemplate", "spec", "template"], true),
        "podtemplates" => (&["template"], false),
        _ => return None,
    })
}

fn of_workload(resource: &str, spec: &Node<'_>, all: &mut Vec<String>) {
    match resource {
        "cronjobs.batch" if spec.text("schedule").contains("TZ") => all.push(
            "CRON_TZ or TZ used in spec.spec.schedule is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
                .into(),
        ),
        "statefulsets.apps" => {
            for claim in spec.items("volumeClaimTemplates") {
                claim_spec(&Node { value: claim.child("spec").value, path: claim.at("Spec") }, all);
            }
            if spec.int("revisionHistoryLimit").is_some_and(|it| it < 0) {
                all.push("spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended".into());
            }
        }
        _ => {}
    }
}

fn name_is_host_name(it: &Value, what: &str, all: &mut Vec<String>) {
    let sentences = validate::dns1123_label(object::name(it));
    if !sentences.is_empty() {
        all.push(format!(
            "metadata.name: {what}, which can result in surprising behavior; a DNS label is recommended: [{}]",
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

/// What is said of a node label that is not used any more.
fn old_label(key: &str) -> Option<&'static str> {
    OLD_LABELS.iter().find(|(old, _)| *old == key).map(|it| it.1)
}

/// The terms of a node selector at a path.
fn selector_term(term: &Node<'_>, all: &mut Vec<String>) {
    for expression in term.items("matchExpressions") {
        if let Some(words) = old_label(expression.text("key")) {
            all.push(format!("{}: {} is {words}", expression.at("key"), expression.text("key")));
        }
    }
}

/// An amount of bytes with a fraction.
fn fraction(value: &Value, path: &Path, all: &mut Vec<String>) {
    let amount = quantity(value);
    if amount.as_milli() % 1000 != 0 {
        all.push(format!("{path}: fractional byte value \"{amount}\" is invalid, must be an integer"));
    }
}

fn claim_spec(spec: &Node<'_>, all: &mut Vec<String>) {
    for list in ["requests", "limits"] {
        let of = spec.child("resources").child(list);
        if let Some(value) = of.value.get("storage") {
            fraction(value, &of.path.key("storage"), all);
        }
    }
}

fn beta_class(root: &Node<'_>, all: &mut Vec<String>) {
    const KEY: &str = "volume.beta.kubernetes.io/storage-class";
    let annotations = root.child("metadata").child("annotations");
    if annotations.has(KEY) {
        all.push(format!(
            "{}: deprecated since v1.8; use \"storageClassName\" attribute instead",
            annotations.path.key(KEY)
        ));
    }
}

/// Sources of volumes that are on their way out, and how far they are.
const OLD_SOURCES: &[(&str, &str)] = &[
    ("photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"),
    ("gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"),
    ("scaleIO", "deprecated in v1.16, non-functional in v1.22+"),
    ("flocker", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageOS", "deprecated in v1.22, non-functional in v1.25+"),
    ("storageos", "deprecated in v1.22, non-functional in v1.25+"),
    ("quobyte", "deprecated in v1.22, non-functional in v1.25+"),
    ("glusterfs", "deprecated in v1.25, non-functional in v1.26+"),
    ("cephfs", "deprecated in v1.28, non-functional in v1.31+"),
    ("rbd", "deprecated in v1.28, non-functional in v1.31+"),
];

fn old_sources(volume: &Node<'_>, all: &mut Vec<String>) {
    for (key, words) in OLD_SOURCES.iter().filter(|(key, _)| volume.has(key)) {
        let shown = if *key == "storageos" { "storageOS" } else { key };
        all.push(format!("{}: {words}", volume.at(shown)));
    }
}

fn volume(root: &Node<'_>, all: &mut Vec<String>) {
    beta_class(root, all);
    let spec = root.child("spec");
    let terms = spec.child("nodeAffinity").child("required");
    terms.items("nodeSelectorTerms").iter().for_each(|it| selector_term(it, all));
    if spec.text("persistentVolumeReclaimPolicy") == "Recycle" {
        all.push(RECYCLE.to_owned());
    }
    old_sources(&spec, all);
}

fn topologies(class: &Node<'_>, all: &mut Vec<String>) {
    for topology in class.items("allowedTopologies") {
        for expression in topology.items("matchLabelExpressions") {
            if let Some(words) = old_label(expression.text("key")) {
                all.push(format!("{}: {words}", expression.at("key")));
            }
        }
    }
}

/// A block of addresses with bits beyond its prefix.
fn block(text: &str, path: &Path, all: &mut Vec<String>) {
    let Ok(net) = text.trim().parse::<ipnet::IpNet>() else { return };
    if net.addr() != net.network() {
        let single = format!("{}/{}", net.addr(), net.max_prefix_len());
        all.push(format!(
            "{path}: CIDR value {} is ambiguous in this context (should be \"{}\" or \"{single}\"?)",
            go::quote(text),
            net.trunc()
        ));
    } else if net.addr().is_ipv6() && net.to_string() != text {
        all.push(format!(
            "{path}: IPv6 CIDR value {} should be in RFC 5952 canonical format (\"{net}\")",
            go::quote(text)
        ));
    }
}

fn network_policy(spec: &Node<'_>, all: &mut Vec<String>) {
    for (rules, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.items(rules) {
            for peer in rule.items(peers) {
                let of = peer.child("ipBlock");
                block(of.text("cidr"), &of.at("cidr"), all);
                for except in of.items("except") {
                    block(except.value.as_str().unwrap_or(""), &except.path, all);
                }
            }
        }
    }
}

fn service(it: &Value, all: &mut Vec<String>) {
    const HINTS: &str = "service.kubernetes.io/topology-aware-hints";
    if object::annotation(it, HINTS).is_some() {
        all.push(format!(
            "annotation {HINTS} is deprecated, please use service.kubernetes.io/topology-mode instead"
        ));
    }
    let spec = Node::root(it).child("spec");
    let (kind, named) = (spec.text("type"), "ExternalName");
    let headless = kind == "ClusterIP" && spec.text("clusterIP") == "None";
    let outside = spec.len("externalIPs") > 0;
    if headless {
        if !spec.text("loadBalancerIP").is_empty() {
            all.push("spec.loadBalancerIP is ignored for headless services".into());
        }
        if outside {
            all.push("spec.externalIPs is ignored for headless services".into());
        }
        if spec.text("sessionAffinity") != "None" {
            all.push("spec.SessionAffinity is ignored for headless services".into());
        }
    }
    if outside && !headless && kind != named {
        all.push("spec.externalIPs is deprecated and may no longer be implemented in some clusters".into());
    }
    for range in spec.items("loadBalancerSourceRanges") {
        block(range.value.as_str().unwrap_or(""), &range.path, all);
    }
    if kind == named && outside {
        all.push(format!("spec.externalIPs is ignored when spec.type is \"{named}\""));
    }
    if kind != named && !spec.text("externalName").is_empty() {
        all.push(format!("spec.externalName is ignored when spec.type is not \"{named}\""));
    }
    if spec.text("trafficDistribution") == "PreferClose" {
        all.push("spec.trafficDistribution: \"PreferClose\" is deprecated; use \"PreferSameZone\"".into());
    }
}

fn new_formats(it: &Value, old: Option<&Value>, all: &mut Vec<String>) {
    let mut known = Vec::new();
    if let Some(old) = old {
        unknown_formats(old, &mut known);
    }
    let mut found = Vec::new();
    unknown_formats(it, &mut found);
    let new = found.into_iter().filter(|it| !known.contains(it));
    all.extend(new.map(|format| format!("unrecognized format {}", go::quote(&format))));
}

fn unknown_formats(definition: &Value, found: &mut Vec<String>) {
    for version in object::list(definition, "/spec/versions") {
        if let Some(schema) = object::at(version, "/schema/openAPIV3Schema") {
            formats_of(schema, found);
        }
    }
    found.sort();
    found.dedup();
}

fn formats_of(schema: &Value, found: &mut Vec<String>) {
    let format = object::field(schema, "format");
    if !format.is_empty() && !formats::is_known(object::field(schema, "type"), format) {
        found.push(format.to_owned());
    }
    object::entries(schema, "/properties").for_each(|(_, it)| formats_of(it, found));
    for key in ["items", "additionalProperties", "not"] {
        if let Some(inner) = schema.get(key) {
            formats_of(inner, found);
        }
    }
    for list in ["/allOf", "/anyOf", "/oneOf"] {
        object::list(schema, list).iter().for_each(|it| formats_of(it, found));
    }
}
