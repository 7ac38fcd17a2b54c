//! The rules of single kinds for writing: what a new object's status is, what a client may not set,
//! which changes count as a new generation.
//!
//! Facts from the `strategy.go` files of kubernetes/kubernetes `pkg/registry` and from recorded answers.

use super::resources::Resource;
use crate::apimachinery::json::{Key, Value, json};
use crate::apimachinery::object;

/// What a client's `status` becomes when it creates an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewStatus {
    /// The kind has none, or the client may set it.
    Kept,
    /// It is replaced by this JSON text.
    Is(&'static str),
}

/// A new object's status by group-resource; the zero values that Go writes out are part of it.
const NEW_STATUS: &[(&str, &str)] = &[
    ("apiservices.apiregistration.k8s.io", "{}"),
    ("certificatesigningrequests.certificates.k8s.io", "{}"),
    ("cronjobs.batch", "{}"),
    (
        "customresourcedefinitions.apiextensions.k8s.io",
        r#"{"acceptedNames":{"kind":"","plural":""},"conditions":null,"storedVersions":[]}"#,
    ),
    (
        "daemonsets.apps",
        r#"{"currentNumberScheduled":0,"desiredNumberScheduled":0,"numberMisscheduled":0,"numberReady":0}"#,
    ),
    ("deployments.apps", "{}"),
    ("flowschemas.flowcontrol.apiserver.k8s.io", "{}"),
    ("horizontalpodautoscalers.autoscaling", r#"{"currentMetrics":null,"desiredReplicas":0}"#),
    ("ingresses.networking.k8s.io", r#"{"loadBalancer":{}}"#),
    ("jobs.batch", "{}"),
    ("namespaces", r#"{"phase":"Active"}"#),
    ("persistentvolumeclaims", r#"{"phase":"Pending"}"#),
    ("persistentvolumes", r#"{"phase":"Pending"}"#),
    (
        "poddisruptionbudgets.policy",
        r#"{"currentHealthy":0,"desiredHealthy":0,"disruptionsAllowed":0,"expectedPods":0}"#,
    ),
    ("pods", r#"{"phase":"Pending"}"#),
    ("prioritylevelconfigurations.flowcontrol.apiserver.k8s.io", "{}"),
    ("replicasets.apps", r#"{"replicas":0}"#),
    ("replicationcontrollers", r#"{"replicas":0}"#),
    ("resourceclaims.resource.k8s.io", "{}"),
    ("resourcequotas", "{}"),
    ("servicecidrs.networking.k8s.io", "{}"),
    ("services", r#"{"loadBalancer":{}}"#),
    ("statefulsets.apps", r#"{"availableReplicas":0,"replicas":0}"#),
    ("validatingadmissionpolicies.admissionregistration.k8s.io", "{}"),
    ("volumeattachments.storage.k8s.io", r#"{"attached":false}"#),
];

/// Built-in group-resources whose objects carry a `metadata.generation`.
const WITH_GENERATION: &[&str] = &[
    "cronjobs.batch",
    "customresourcedefinitions.apiextensions.k8s.io",
    "daemonsets.apps",
    "deployments.apps",
    "deviceclasses.resource.k8s.io",
    "endpointslices.discovery.k8s.io",
    "flowschemas.flowcontrol.apiserver.k8s.io",
    "ingressclasses.networking.k8s.io",
    "ingresses.networking.k8s.io",
    "jobs.batch",
    "mutatingadmissionpolicies.admissionregistration.k8s.io",
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "networkpolicies.networking.k8s.io",
    "poddisruptionbudgets.policy",
    "pods",
    "podtemplates",
    "priorityclasses.scheduling.k8s.io",
    "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io",
    "replicasets.apps",
    "replicationcontrollers",
    "resourceslices.resource.k8s.io",
    "statefulsets.apps",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
];

/// Group-resources that answer a finished DELETE with the object and not with a Status
/// (`ReturnDeletedObject` of their stores).
const RETURNS_DELETED: &[&str] = &[
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "resourcequotas",
    "serviceaccounts",
    "services",
];

/// Group-resources whose PUT without `metadata.resourceVersion` is refused.
const CONDITIONAL_UPDATE_ONLY: &[&str] = &[
    "apiservices.apiregistration.k8s.io",
    "customresourcedefinitions.apiextensions.k8s.io",
    "endpointslices.discovery.k8s.io",
    "leases.coordination.k8s.io",
    "mutatingadmissionpolicies.admissionregistration.k8s.io",
    "mutatingadmissionpolicybindings.admissionregistration.k8s.io",
    "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "poddisruptionbudgets.policy",
    "runtimeclasses.node.k8s.io",
    "validatingadmissionpolicies.admissionregistration.k8s.io",
    "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "validatingwebhookconfigurations.admissionregistration.k8s.io",
    "volumeattachments.storage.k8s.io",
];

/// Group-resources where a PUT of a name that is not there creates the object.
const CREATE_ON_UPDATE: &[&str] = &[
    "clusterrolebindings.rbac.authorization.k8s.io",
    "clusterroles.rbac.authorization.k8s.io",
    "endpoints",
    "events",
    "leases.coordination.k8s.io",
    "limitranges",
    "rolebindings.rbac.authorization.k8s.io",
    "roles.rbac.authorization.k8s.io",
    "services",
];

/// True when a PUT may create the object.
pub(crate) fn creates_on_update(resource: &Resource) -> bool {
    CREATE_ON_UPDATE.contains(&&*resource.storage)
}

/// True when a PUT may leave `metadata.resourceVersion` out.
pub(crate) fn updates_unconditionally(resource: &Resource) -> bool {
    !resource.is_custom() && !CONDITIONAL_UPDATE_ONLY.contains(&&*resource.storage)
}

/// True when a finished DELETE answers with the object.
pub(crate) fn returns_deleted(resource: &Resource) -> bool {
    RETURNS_DELETED.contains(&&*resource.storage)
}

/// True when `status` is written through its own subresource only.
pub(crate) fn has_own_status(resource: &Resource) -> bool {
    resource.subresource("status").is_some()
}

/// True when objects carry a generation.
pub(crate) fn has_generation(resource: &Resource) -> bool {
    resource.is_custom() || WITH_GENERATION.contains(&&*resource.storage)
}

/// What becomes of `status` at a create.
pub(crate) fn new_status(resource: &Resource) -> NewStatus {
    let row = NEW_STATUS.iter().find(|(storage, _)| *storage == &*resource.storage);
    row.map_or(NewStatus::Kept, |(_, json)| NewStatus::Is(json))
}

/// Brings a new object's status and generation into the shape that the server begins with.
pub(crate) fn prepare_for_create(resource: &Resource, object: &mut Value, now: &str) {
    match new_status(resource) {
        NewStatus::Is(json) => {
            let status = serde_json::from_str(json).unwrap_or(Value::Null);
            object::set(object, &["status"], status);
        }
        NewStatus::Kept if resource.is_custom() && has_own_status(resource) => {
            object::remove(object, &["status"]);
        }
        NewStatus::Kept => {}
    }
    if has_generation(resource) {
        object::set(object, &["metadata", "generation"], 1);
    } else if !resource.is_custom() {
        object::remove(object, &["metadata", "generation"]);
    }
    match &*resource.storage {
        "persistentvolumes" => object::set(object, &["status", "lastPhaseTransitionTime"], now),
        "namespaces" => add_kubernetes_finalizer(object),
        "jobs.batch" => super::defaults::generate_job_selector(object),
        "pods" => prepare_pod(object),
        "nodes" => prepare_node(object),
        _ => {}
    }
}

fn prepare_pod(pod: &mut Value) {
    object::set(pod, &["status", "qosClass"], qos_class(pod));
    if !object::list(pod, "/spec/schedulingGates").is_empty() {
        let gated = json!([{
            "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
            "message": "Scheduling is blocked due to non-empty scheduling gates",
            "lastProbeTime": null, "lastTransitionTime": null,
        }]);
        object::set(pod, &["status", "conditions"], gated);
    }
}

fn add_kubernetes_finalizer(namespace: &mut Value) {
    let finalizers = namespace.pointer("/spec/finalizers").and_then(Value::as_array).cloned();
    let mut finalizers = finalizers.unwrap_or_default();
    if !finalizers.iter().any(|it| it == "kubernetes") {
        finalizers.push("kubernetes".into());
    }
    object::set(namespace, &["spec", "finalizers"], finalizers);
}

fn prepare_node(node: &mut Value) {
    object::set_default(node, &["spec"], json!({}));
    object::set_default(node, &["status", "daemonEndpoints", "kubeletEndpoint", "Port"], 0);
    for field in [
        "architecture",
        "bootID",
        "containerRuntimeVersion",
        "kernelVersion",
        "kubeProxyVersion",
        "kubeletVersion",
        "machineID",
        "operatingSystem",
        "osImage",
        "systemUUID",
    ] {
        object::set_default(node, &["status", "nodeInfo", field], "");
    }
}

/// Keeps what a write of `new` may not change: status at the resource itself, and the system's metadata.
pub(crate) fn prepare_for_update(resource: &Resource, old: &Value, new: &mut Value) {
    // A PUT of a node may carry its status, as kubelets of old did.
    if has_own_status(resource) && &*resource.storage != "nodes" {
        put_back(old, new, "status");
    }
    // What was requested of a signer stays; approvals and certificates have their own subresources.
    if &*resource.storage == "certificatesigningrequests.certificates.k8s.io" {
        put_back(old, new, "spec");
    }
    // Addresses of a load balancer go with it, at the next write of anything.
    if &*resource.storage == "services" && object::text(new, "/spec/type") != "LoadBalancer" {
        object::set(new, &["status", "loadBalancer"], json!({}));
    }
    if &*resource.storage == "namespaces" {
        let finalizers = old.pointer("/spec/finalizers").cloned().unwrap_or(Value::Null);
        object::set(new, &["spec", "finalizers"], finalizers);
    }
    keep_generation(resource, old, new);
}

/// Keeps all but `status` as it was; of the metadata, a client may change managedFields only, and for
/// custom resources nothing else, as the real strategies do.
pub(crate) fn prepare_for_status_update(resource: &Resource, old: &Value, new: &mut Value) {
    if resource.is_custom() {
        let status = new.get("status").cloned();
        let managed = new.pointer("/metadata/managedFields").cloned();
        let mut whole = old.clone();
        match status {
            Some(status) => object::set(&mut whole, &["status"], status),
            None => drop(object::remove(&mut whole, &["status"])),
        }
        if let Some(managed) = managed {
            object::set(&mut whole, &["metadata", "managedFields"], managed);
        }
        *new = whole;
        return;
    }
    const THEIRS: [&str; 2] = ["status", "metadata"];
    let theirs = |key: &str| THEIRS.contains(&key);
    let map = object::as_map(new);
    map.retain(|key, _| theirs(key) || old.get(key).is_some());
    for key in THEIRS {
        map.entry(key).or_insert(Value::Null);
    }
    // Mostly the client sends back what it read, so that there is nothing to copy.
    for (key, value) in old.as_object().into_iter().flatten().filter(|(key, _)| !theirs(key)) {
        if map.get(key) != Some(value) {
            map.insert(key.clone(), value.clone());
        }
    }
    restore(new, &["metadata", "generation"], old.pointer("/metadata/generation").cloned());
}

fn put_back(old: &Value, new: &mut Value, field: &str) {
    restore(new, &[field], old.get(field).cloned());
}

fn restore(new: &mut Value, path: &[&str], value: Option<Value>) {
    match value {
        Some(value) => object::set(new, path, value),
        None => drop(object::remove(new, path)),
    }
}

fn keep_generation(resource: &Resource, old: &Value, new: &mut Value) {
    let generation = object::int(old, "/metadata/generation");
    if !has_generation(resource) {
        restore(new, &["metadata", "generation"], old.pointer("/metadata/generation").cloned());
        return;
    }
    let bumped = if wants_new_generation(resource, old, new) { 1 } else { 0 };
    object::set(new, &["metadata", "generation"], generation.unwrap_or(0) + bumped);
}

/// Custom resources count a change anywhere but in metadata (and status, where it has its own
/// subresource); EndpointSlices and PriorityClasses too, having no spec; others count spec.
fn wants_new_generation(resource: &Resource, old: &Value, new: &Value) -> bool {
    if old.get("spec").is_some() && !resource.is_custom() {
        return old.get("spec") != new.get("spec");
    }
    let own_status = has_own_status(resource);
    let rest = |object: &Value| -> Vec<(Key, Value)> {
        let fields = object.as_object().into_iter().flatten();
        fields
            .filter(|(key, _)| !matches!(key.as_str(), "metadata" | "apiVersion" | "kind"))
            .filter(|(key, _)| !(own_status && key.as_str() == "status"))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    rest(old) != rest(new)
}

/// A pod's quality of service from the requests and limits of its containers for cpu and memory.
///
/// Rules of `pkg/apis/core/v1/helper/qos`.
pub(crate) fn qos_class(pod: &Value) -> &'static str {
    let pod_level =
        pod.pointer("/spec/resources").filter(|it| it.as_object().is_some_and(|it| !it.is_empty()));
    if let Some(resources) = pod_level {
        return class_of(&[resources]);
    }
    let containers = object::list(pod, "/spec/containers").iter();
    let all: Vec<&Value> = containers
        .chain(object::list(pod, "/spec/initContainers"))
        .map(|container| container.get("resources").unwrap_or(&Value::Null))
        .collect();
    class_of(&all)
}

fn class_of(resources: &[&Value]) -> &'static str {
    let amount = |it: &Value, kind: &str, name: &str| -> Option<String> {
        let value = it.get(kind)?.get(name)?;
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (text != "0").then_some(text)
    };
    let set = |it: &Value| {
        ["requests", "limits"]
            .iter()
            .any(|kind| ["cpu", "memory"].iter().any(|name| amount(it, kind, name).is_some()))
    };
    if !resources.iter().any(|it| set(it)) {
        return "BestEffort";
    }
    let guaranteed = resources.iter().all(|it| {
        ["cpu", "memory"].iter().all(|name| {
            let limit = amount(it, "limits", name);
            limit.is_some() && amount(it, "requests", name).is_none_or(|request| Some(request) == limit)
        })
    });
    if guaranteed { "Guaranteed" } else { "Burstable" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_of_service_follows_requests_and_limits() {
        let pod = |resources: Value| json!({"spec": {"containers": [{"name": "c", "resources": resources}]}});
        let both = json!({"cpu": "1", "memory": "1Gi"});
        assert_eq!(qos_class(&pod(json!({}))), "BestEffort");
        assert_eq!(qos_class(&pod(json!({"requests": {"cpu": "1"}}))), "Burstable");
        assert_eq!(qos_class(&pod(json!({"requests": both, "limits": both}))), "Guaranteed");
    }

    #[test]
    fn the_tables_are_sorted() {
        assert!(NEW_STATUS.is_sorted() && WITH_GENERATION.is_sorted() && RETURNS_DELETED.is_sorted());
    }
}
