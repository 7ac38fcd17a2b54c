//! Taints that follow a node's conditions: NoSchedule at once, NoExecute while it is not ready.

use std::time::Duration;

use super::has_taint;
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, wake_self};
use crate::cluster::controllers::pods::{condition, is_deleting};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, World};

pub(crate) const TAINTS: Component = Component {
    name: "node-controller",
    process: Process::ControllerManager,
    woken_by: |_, _, event, keys| wake_self(event, "nodes", keys),
    sync,
};

/// Conditions with the status that taints a node, and the taint. Source: `nodeConditionToTaintKeyStatusMap`.
const BY_CONDITION: &[(&str, &str, &str)] = &[
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Every taint that this loop owns, with its effect, and whether `node` is to have it.
fn wanted(node: &Value) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    let holds = |kind: &str, status: &str| {
        condition(node, kind).is_some_and(|it| object::field(it, "status") == status)
    };
    let mut all: Vec<(&str, &str, bool)> =
        BY_CONDITION.iter().map(|(kind, status, key)| (*key, "NoSchedule", holds(kind, status))).collect();
    all.push((UNSCHEDULABLE, "NoSchedule", object::flag(node, "/spec/unschedulable")));
    let evicting = BY_CONDITION.iter().filter(|(kind, ..)| *kind == "Ready");
    all.extend(evicting.map(|(kind, status, key)| (*key, "NoExecute", holds(kind, status))));
    all.into_iter()
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, TAINTS.name);
    let node = hand.at("nodes", key).filter(|it| !is_deleting(it))?;
    let changes: Vec<_> =
        wanted(&node).filter(|(key, effect, want)| has_taint(&node, key, effect) != *want).collect();
    if changes.is_empty() {
        return None;
    }
    let now = hand.now().rfc3339();
    let written = hand.edit("nodes", &node, |node| {
        let mut taints = object::list(node, "/spec/taints").to_vec();
        for (key, effect, want) in changes {
            taints.retain(|it| object::field(it, "key") != key || object::field(it, "effect") != effect);
            if want {
                let mut taint = Map::new();
                taint.insert("effect".into(), effect.into());
                taint.insert("key".into(), key.into());
                taint.insert("timeAdded".into(), now.clone().into());
                taints.push(taint.into());
            }
        }
        if taints.is_empty() {
            object::remove(node, &["spec", "taints"]);
        } else {
            object::set(node, &["spec", "taints"], taints);
        }
    });
    if written.is_err() { hand.retry(key) } else { None }
}
