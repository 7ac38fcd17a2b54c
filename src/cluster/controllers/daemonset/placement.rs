//! Which nodes get a daemon's pod, and what that pod looks like.

use super::HASH_LABEL;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::template;
use crate::cluster::scheduler::matching::{Taint, Toleration, required_affinity_matches};

/// Taints that daemons bear besides those that the template tolerates, with their effects.
///
/// Source: `AddOrUpdateDaemonPodTolerations`.
const TOLERATED: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

/// Pods in the host's network can run before the pod network does.
const TOLERATED_ON_HOST_NETWORK: &str = "node.kubernetes.io/network-unavailable";

/// What a node means to a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fit {
    /// A pod shall be there.
    pub(super) runs: bool,
    /// A pod that is there may stay.
    pub(super) stays: bool,
}

/// A pod of the set without a node.
pub(super) fn model_pod(set: &Value) -> Value {
    let template = set.pointer("/spec/template").cloned().unwrap_or_default();
    let mut pod = template::pod_from(&template, set);
    add_tolerations(&mut pod);
    pod
}

fn add_tolerations(pod: &mut Value) {
    let mut tolerations = object::list(pod, "/spec/tolerations").to_vec();
    let mut add = |key: &str, effect: &str| {
        let new = json!({"key": key, "operator": "Exists", "effect": effect});
        tolerations.retain(|it| object::field(it, "key") != key || object::field(it, "effect") != effect);
        tolerations.push(new);
    };
    TOLERATED.iter().for_each(|(key, effect)| add(key, effect));
    if object::flag(pod, "/spec/hostNetwork") {
        add(TOLERATED_ON_HOST_NETWORK, "NoSchedule");
    }
    object::set(pod, &["spec", "tolerations"], tolerations);
}

/// What `node` means to a set whose pods look like `model`, with its tolerations.
pub(super) fn fit(model: &Value, tolerations: &[Toleration], node: &Value) -> Fit {
    let named = object::text(model, "/spec/nodeName");
    if (!named.is_empty() && named != object::name(node)) || !required_affinity_matches(model, node) {
        return Fit { runs: false, stays: false };
    }
    let bothers = |taint: &Taint| taint.repels() && !tolerations.iter().any(|it| it.tolerates(taint));
    let taints: Vec<Taint> = Taint::all_of(node).into_iter().filter(bothers).collect();
    Fit { runs: taints.is_empty(), stays: !taints.iter().any(|it| it.effect == "NoExecute") }
}

/// The pod of the set for one node.
pub(super) fn pod_for(set: &Value, node: &str, hash: &str) -> Value {
    let mut pod = model_pod(set);
    let generation = object::annotation(set, "deprecated.daemonset.template.generation").unwrap_or("1");
    object::set(&mut pod, &["metadata", "labels", HASH_LABEL], hash);
    object::set(&mut pod, &["metadata", "labels", "pod-template-generation"], generation);
    let term = json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": [node]}]});
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let path = ["spec", "affinity", "nodeAffinity", required];
    object::set(&mut pod, &path, json!({"nodeSelectorTerms": [term]}));
    pod
}

/// The node of a pod: where it is, or where it is meant to be.
pub(super) fn node_of(pod: &Value) -> String {
    let bound = object::text(pod, "/spec/nodeName");
    if !bound.is_empty() {
        return bound.to_owned();
    }
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let path = format!("/spec/affinity/nodeAffinity/{required}/nodeSelectorTerms/0/matchFields/0/values/0");
    object::text(pod, &path).to_owned()
}
