//! NodeRestriction: a kubelet changes its own node and its own pods only.

use super::{Call, Object, Status, forbidden, is_trusted};
use crate::apimachinery::json::{Key, Value};
use crate::apimachinery::object;

/// The node that the caller is.
fn node_of(call: &Call<'_>) -> Option<String> {
    if is_trusted(call) || !call.user.groups.iter().any(|group| group == "system:nodes") {
        return None;
    }
    call.user.name.strip_prefix("system:node:").map(str::to_owned)
}

/// Checks what a kubelet writes.
pub(super) fn admit(call: &mut Call<'_>, object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    let Some(node) = node_of(call) else { return Ok(()) };
    match &*call.resource.storage {
        "nodes" => check_node(call, &node, object, old),
        "pods" => check_pod(call, &node, object, old),
        "leases.coordination.k8s.io" if object::name(object) != node => Err(forbidden(
            call,
            object,
            "can only access node lease with the same name as the requesting node",
        )),
        _ => Ok(()),
    }
}

fn check_node(call: &Call<'_>, node: &str, object: &Value, old: Option<&Object>) -> Result<(), Status> {
    if object::name(object) != node {
        let why = format!("node {node:?} is not allowed to modify node {:?}", object::name(object));
        return Err(forbidden(call, object, &why));
    }
    let changed = |key: &&Key| {
        let value = |tree: &Value| object::label(tree, key).map(str::to_owned);
        old.is_none_or(|old| value(old) != value(object))
    };
    let labels: Vec<&Key> = object::entries(object, "/metadata/labels")
        .map(|(key, _)| key)
        .filter(changed)
        .filter(|key| is_restricted(key))
        .collect();
    if !labels.is_empty() {
        let names: Vec<&str> = labels.iter().map(|it| it.as_str()).collect();
        let why = format!("is not allowed to modify labels: {}", names.join(", "));
        return Err(forbidden(call, object, &why));
    }
    if old.is_some_and(|old| old.pointer("/spec/taints") != object.pointer("/spec/taints")) {
        return Err(forbidden(call, object, &format!("node {node:?} is not allowed to modify taints")));
    }
    Ok(())
}

/// Labels under `kubernetes.io` and `k8s.io` that a kubelet may not set on its node.
fn is_restricted(key: &str) -> bool {
    const ALLOWED: &[&str] = &[
        "kubernetes.io/hostname",
        "kubernetes.io/arch",
        "kubernetes.io/os",
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/os",
        "beta.kubernetes.io/instance-type",
        "node.kubernetes.io/instance-type",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    ];
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let ours = |suffix: &str| domain == suffix || domain.ends_with(&format!(".{suffix}"));
    let free = ["kubelet.kubernetes.io", "node.kubernetes.io"]
        .iter()
        .any(|it| domain == *it || domain.ends_with(&format!(".{it}")));
    (ours("kubernetes.io") || ours("k8s.io")) && !free && !ALLOWED.contains(&key)
}

fn check_pod(call: &Call<'_>, node: &str, pod: &Value, old: Option<&Object>) -> Result<(), Status> {
    if old.is_none() && call.subresource.is_empty() {
        if object::annotation(pod, "kubernetes.io/config.mirror").is_none() {
            let why = format!(
                "pod does not have \"kubernetes.io/config.mirror\" annotation, node {node:?} can only create mirror pods"
            );
            return Err(forbidden(call, pod, &why));
        }
        if object::text(pod, "/spec/nodeName") != node {
            let why = format!("node {node:?} can only create pods with spec.nodeName set to itself");
            return Err(forbidden(call, pod, &why));
        }
        return Ok(());
    }
    let elsewhere = old.is_some_and(|old| object::text(old, "/spec/nodeName") != node);
    if elsewhere && call.subresource == "status" {
        let why =
            format!("node {node:?} can only update pod status for pods with spec.nodeName set to itself");
        return Err(forbidden(call, pod, &why));
    }
    Ok(())
}

/// Checks what a kubelet deletes.
pub(super) fn on_delete(call: &mut Call<'_>, object: &Object) -> Result<(), Status> {
    let Some(node) = node_of(call) else { return Ok(()) };
    if &*call.resource.storage == "pods" && object::text(object, "/spec/nodeName") != node {
        let why = format!("node {node:?} can only delete pods with spec.nodeName set to itself");
        return Err(forbidden(call, object, &why));
    }
    Ok(())
}
