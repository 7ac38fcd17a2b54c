//! TaintNodesByCondition: a new node takes no pods until it is known to be ready.

use super::{Call, Object, Status, creates};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;

const KEY: &str = "node.kubernetes.io/not-ready";

/// Puts the taint on a new node.
pub(super) fn mutate(call: &mut Call<'_>, node: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    if !creates(call, "nodes", old) {
        return Ok(());
    }
    let mut taints = object::list(node, "/spec/taints").to_vec();
    let there = |it: &Value| object::field(it, "key") == KEY && object::field(it, "effect") == "NoSchedule";
    if !taints.iter().any(there) {
        taints.push(json!({"effect": "NoSchedule", "key": KEY}));
        object::set(node, &["spec", "taints"], taints);
    }
    Ok(())
}
