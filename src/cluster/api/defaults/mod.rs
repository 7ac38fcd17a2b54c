//! Defaulting: what the server writes into an object that says less.
//!
//! Each kind has one function that fills in a tree; [`prune`] first takes out what Go would not
//! write. Proven on the answers of v1.36.2 to minimal manifests (`recorded.yaml`).
//!
//! Invariant: a function of the object (and for updates, of its old state). What needs other objects
//! is admission; addresses and ports are allocated elsewhere; `status` of new objects is the strategy's.

mod config;
mod edit;
mod network;
mod pod;
mod prune;
mod scaling;
mod volumes;
mod workloads;

use super::resources::Resource;
use crate::apimachinery::json::Value;

pub(crate) use workloads::generate_job_selector;

/// Fills in one object.
type Fill = fn(&mut Value);

/// Group-resource and its function. Sorted. DaemonSets stand apart because they look at the old object.
const KINDS: &[(&str, Fill)] = &[
    ("apiservices.apiregistration.k8s.io", config::api_service),
    ("clusterrolebindings.rbac.authorization.k8s.io", config::binding),
    ("clusterroles.rbac.authorization.k8s.io", config::role),
    ("cronjobs.batch", workloads::cron_job),
    ("csidrivers.storage.k8s.io", volumes::csi_driver),
    ("customresourcedefinitions.apiextensions.k8s.io", config::definition),
    ("deployments.apps", workloads::deployment),
    ("endpoints", network::endpoints),
    ("endpointslices.discovery.k8s.io", network::endpoint_slice),
    ("events", config::event),
    ("flowschemas.flowcontrol.apiserver.k8s.io", config::flow_schema),
    ("horizontalpodautoscalers.autoscaling", scaling::autoscaler),
    ("ingressclasses.networking.k8s.io", network::ingress_class),
    ("jobs.batch", workloads::job),
    ("leases.coordination.k8s.io", config::with_spec),
    ("limitranges", config::limit_range),
    ("mutatingadmissionpolicies.admissionregistration.k8s.io", config::admission_policy),
    ("mutatingadmissionpolicybindings.admissionregistration.k8s.io", config::admission_binding),
    ("mutatingwebhookconfigurations.admissionregistration.k8s.io", config::webhooks),
    ("namespaces", config::namespace),
    ("networkpolicies.networking.k8s.io", network::network_policy),
    ("nodes", config::node),
    ("persistentvolumeclaims", volumes::claim),
    ("persistentvolumes", volumes::volume_object),
    ("pods", pod::pod),
    ("podtemplates", workloads::pod_template),
    ("priorityclasses.scheduling.k8s.io", config::priority_class),
    ("prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", config::priority_level),
    ("replicasets.apps", workloads::replica_set),
    ("replicationcontrollers", workloads::replication_controller),
    ("resourceclaims.resource.k8s.io", config::resource_claim),
    ("resourceclaimtemplates.resource.k8s.io", config::claim_template),
    ("resourcequotas", config::resource_quota),
    ("rolebindings.rbac.authorization.k8s.io", config::binding),
    ("roles.rbac.authorization.k8s.io", config::role),
    ("secrets", config::secret),
    ("services", network::service),
    ("statefulsets.apps", workloads::stateful_set),
    ("storageclasses.storage.k8s.io", volumes::storage_class),
    ("validatingadmissionpolicies.admissionregistration.k8s.io", config::admission_policy),
    ("validatingadmissionpolicybindings.admissionregistration.k8s.io", config::admission_binding),
    ("validatingwebhookconfigurations.admissionregistration.k8s.io", config::webhooks),
];

/// Members of an object that are not pruned: Go writes their zero values in many places.
const NOT_PRUNED: &[&str] = &["status", "metadata"];

/// Their schemas hold values of types of the user's own: an empty default is a default.
const HOLDS_VALUES: &[&str] = &["customresourcedefinitions.apiextensions.k8s.io"];

/// Fills in an object in the version that the request has. `old` is the object as it stands, on
/// updates. Custom resources stay as they are.
pub(crate) fn apply(resource: &Resource, object: &mut Value, old: Option<&Value>) {
    if !resource.is_custom() {
        fill(&resource.storage, object, old);
    }
}

/// Group-resources whose defaults are all about `spec`.
const SPEC_ONLY: &[&str] =
    &["daemonsets.apps", "deployments.apps", "pods", "replicasets.apps", "statefulsets.apps"];

/// Whether [`apply`] would find nothing to do, as clients of `status` send the spec back that they read.
pub(crate) fn is_filled(resource: &Resource, object: &Value, old: &Value) -> bool {
    !resource.is_custom()
        && SPEC_ONLY.contains(&&*resource.storage)
        && old.get("spec").is_some_and(|spec| object.get("spec") == Some(spec))
}

/// [`apply`] for a built-in group-resource: `pods`, `deployments.apps`.
pub(crate) fn fill(resource: &str, object: &mut Value, old: Option<&Value>) {
    let known = KINDS.binary_search_by_key(&resource, |row| row.0).ok().and_then(|at| KINDS.get(at));
    if resource == "events" {
        config::event(object);
        return;
    }
    if known.is_none() && !PRUNED_ONLY.contains(&resource) && resource != "daemonsets.apps" {
        return;
    }
    if let Value::Object(map) = object
        && !HOLDS_VALUES.contains(&resource)
    {
        for (key, value) in map.iter_mut().filter(|(key, _)| !NOT_PRUNED.contains(&key.as_str())) {
            prune::prune(value, key);
        }
    }
    match known {
        Some((_, fill)) => fill(object),
        None if resource == "daemonsets.apps" => workloads::daemon_set(object, old),
        None => {}
    }
}

/// Built-in group-resources without defaults of their own.
const PRUNED_ONLY: &[&str] =
    &["configmaps", "ingresses.networking.k8s.io", "poddisruptionbudgets.policy", "serviceaccounts"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::object::{self, remove};
    use crate::apimachinery::yaml;

    /// Group-resource of a manifest's kind; enough for the recorded ones.
    fn resource_of(object: &Value) -> String {
        let gvk = object::Gvk::of(object);
        let lower = gvk.kind.to_lowercase();
        let plural = match lower.as_str() {
            "endpoints" => lower.clone(),
            it if it.ends_with('s') => format!("{it}es"),
            it if it.ends_with('y') => format!("{}ies", &it[..it.len() - 1]),
            it => format!("{it}s"),
        };
        crate::apimachinery::status::qualified(&plural, &gvk.group)
    }

    /// Takes out what other parts of the server write: system metadata, admission, allocation, status.
    fn without_others_work(object: &mut Value) {
        for key in ["creationTimestamp", "uid", "namespace", "generation", "finalizers"] {
            remove(object, &["metadata", key]);
        }
        remove(object, &["status"]);
        let service = [
            "clusterIP",
            "clusterIPs",
            "ipFamilies",
            "ipFamilyPolicy",
            "extra",
            "groups",
            "username",
            "finalizers",
        ];
        let pod = ["preemptionPolicy", "priority", "serviceAccount", "serviceAccountName"];
        for key in service.iter().chain(&pod) {
            remove(object, &["spec", key]);
        }
        edit::each(object, "/spec/ports", |port| drop(remove(port, &["nodePort"])));
        let admitted = |it: &Value| {
            let name = object::field(it, "name");
            name.starts_with("kube-api-access-")
                || object::field(it, "key").starts_with("node.kubernetes.io/")
        };
        for list in ["containers", "initContainers", "volumes", "tolerations", "taints"] {
            edit::each(object, &format!("/spec/{list}"), |it| {
                if let Some(Value::Array(mounts)) = it.get_mut("volumeMounts") {
                    mounts.retain(|mount| !admitted(mount));
                }
                if it
                    .get("volumeMounts")
                    .is_some_and(|mounts| mounts == &crate::apimachinery::json::json!([]))
                {
                    remove(it, &["volumeMounts"]);
                }
            });
            if let Some(Value::Array(all)) = object.pointer_mut(&format!("/spec/{list}")) {
                all.retain(|it| !admitted(it));
            }
            if object.pointer(&format!("/spec/{list}")) == Some(&crate::apimachinery::json::json!([])) {
                remove(object, &["spec", list]);
            }
        }
        if object.get("spec") == Some(&crate::apimachinery::json::json!({})) && object["kind"] != "Lease" {
            remove(object, &["spec"]);
        }
    }

    fn check(name: &str, submitted: &str, returned: &str) {
        let parse = |text: &str| yaml::documents(text).unwrap().into_iter().next().unwrap();
        let (mut object, mut want) = (parse(submitted), parse(returned));
        fill(&resource_of(&object), &mut object, None);
        if object["kind"] == "Job" {
            object::set(&mut object, &["metadata", "uid"], "<uid>");
            generate_job_selector(&mut object);
        }
        without_others_work(&mut object);
        without_others_work(&mut want);
        let text = |it: &Value| serde_json::to_string_pretty(it).unwrap();
        assert_eq!(text(&object), text(&want), "{name}");
    }

    #[test]
    fn minimal_manifests_become_what_the_server_returned() {
        assert!(KINDS.is_sorted_by_key(|row| row.0), "keep KINDS sorted");
        let mut count = 0;
        for part in include_str!("recorded.yaml").split("# ==== ").skip(1) {
            let (name, rest) = part.split_once('\n').unwrap();
            let (submitted, rest) = rest.split_once("# ---- returned").unwrap();
            let (_, returned) = rest.split_once('\n').unwrap();
            let returned = returned.split("# ---- stderr").next().unwrap();
            check(name, submitted, returned);
            count += 1;
        }
        assert_eq!(count, 56);
    }

    #[test]
    fn quantities_are_canonical_and_zero_values_vanish() {
        let mut pod = crate::apimachinery::json::json!({"spec": {"hostNetwork": false, "containers": [{"name": "c", "image": "a:1",
            "env": [], "args": [""], "resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}}}]}});
        fill("pods", &mut pod, None);
        assert_eq!(pod.pointer("/spec/hostNetwork"), None);
        assert_eq!(pod.pointer("/spec/containers/0/env"), None);
        assert_eq!(pod["spec"]["containers"][0]["args"], crate::apimachinery::json::json!([""]));
        assert_eq!(
            pod["spec"]["containers"][0]["resources"]["requests"],
            crate::apimachinery::json::json!({"cpu": "500m", "memory": "1Gi"})
        );
    }
}
