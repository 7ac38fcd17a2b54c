//! Nodes: their taints, whether their kubelets still speak, what happens to their pods, their addresses.
//!
//! Follows `pkg/controller/{nodelifecycle,tainteviction,podgc,nodeipam,ttl}`.

pub(crate) mod eviction;
pub(crate) mod ipam;
pub(crate) mod lifecycle;
pub(crate) mod pod_gc;
pub(crate) mod taints;

use super::hand::Hand;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;

/// Whether a taint list has a taint of that key and effect.
fn has_taint(node: &Value, key: &str, effect: &str) -> bool {
    object::list(node, "/spec/taints")
        .iter()
        .any(|it| object::field(it, "key") == key && object::field(it, "effect") == effect)
}

/// Adds a condition to a pod that says why it is about to go.
fn note_disruption(hand: &mut Hand<'_>, pod: &Value, reason: &str, message: &str, failed: bool) {
    let now = hand.now().rfc3339();
    let mut status = pod.get("status").cloned().unwrap_or_default();
    let mut conditions = object::list(pod, "/status/conditions").to_vec();
    conditions.retain(|it| object::field(it, "type") != "DisruptionTarget");
    conditions.push(json!({
        "type": "DisruptionTarget", "status": "True", "reason": reason, "message": message,
        "lastProbeTime": null, "lastTransitionTime": now,
        "observedGeneration": object::int(pod, "/metadata/generation"),
    }));
    object::set(&mut status, &["conditions"], conditions);
    if failed {
        object::set(&mut status, &["phase"], "Failed");
    }
    // A pod that is gone already needs no reason.
    let _ = hand.update_status("pods", pod, status);
}

#[cfg(test)]
mod tests;
