//! ReplicaSets and ReplicationControllers: as many pods of one template as asked for.
//!
//! One loop serves both kinds, as in kube-controller-manager (`pkg/controller/replicaset`).

use std::time::Duration;

use super::census::{Census, Counted};
use super::hand::{Hand, join_key, wake_owner, wake_self};
use super::pods::{self, is_deleting};
use super::scaling;
use super::select::selects;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, Object, World};

/// The kind of set that a row of the table looks after.
struct SetKind {
    /// The loop's name and event source.
    name: &'static str,
    kind: &'static str,
    resource: &'static str,
}

const REPLICA_SETS: SetKind =
    SetKind { name: "replicaset-controller", kind: "ReplicaSet", resource: "replicasets.apps" };

const REPLICATION_CONTROLLERS: SetKind = SetKind {
    name: "replication-controller",
    kind: "ReplicationController",
    resource: "replicationcontrollers",
};

pub(crate) const REPLICA_SET: Component = Component {
    name: REPLICA_SETS.name,
    process: Process::ControllerManager,
    woken_by: |world, cluster, event, keys| woken_by(&REPLICA_SETS, world, cluster, event, keys),
    sync: |world, cluster, key| sync(&REPLICA_SETS, world, cluster, key),
};

pub(crate) const REPLICATION_CONTROLLER: Component = Component {
    name: REPLICATION_CONTROLLERS.name,
    process: Process::ControllerManager,
    woken_by: |world, cluster, event, keys| woken_by(&REPLICATION_CONTROLLERS, world, cluster, event, keys),
    sync: |world, cluster, key| sync(&REPLICATION_CONTROLLERS, world, cluster, key),
};

fn woken_by(sets: &SetKind, world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, sets.resource, keys);
    wake_owner(event, "pods", sets.kind, keys);
    if &*event.key.resource == "pods" && object::controller_of(&event.object).is_none() {
        let store = &world.clusters[cluster].store;
        let fitting = store
            .list(sets.resource, &event.key.namespace)
            .filter(|set| selects(&selector(set), &event.object));
        keys.extend(fitting.map(|set| join_key(&event.key.namespace, object::name(set))));
    }
}

/// The selector of a set; a ReplicationController's plain map becomes `matchLabels`.
fn selector(set: &Value) -> Value {
    let selector = set.pointer("/spec/selector").cloned().unwrap_or_default();
    if object::text(set, "/kind") == "ReplicationController" {
        json!({"matchLabels": selector})
    } else {
        selector
    }
}

fn sync(sets: &SetKind, world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, sets.name);
    let Some(set) = hand.at(sets.resource, key) else {
        hand.forget(key);
        hand.keep_census(key, None);
        return None;
    };
    let census = Census::claim(&mut hand, key, &set, selector(&set));
    let managed = if is_deleting(&set) { Ok(false) } else { manage(&mut hand, &set, &census) };
    if matches!(managed, Ok(true)) {
        // The pods that were made or removed wake this key again, and the status is written then.
        return None;
    }
    let refusal = managed.err();
    let status = status(&hand, &set, &census, refusal.as_ref());
    let written = hand.update_status(sets.resource, &set, status);
    if refusal.is_some() || written.is_err() {
        return hand.retry(key);
    }
    hand.forget(key);
    let min_ready = min_ready_seconds(&set);
    let now = hand.now();
    census.active().filter_map(|it| it.available_in(min_ready, now)).min()
}

fn min_ready_seconds(set: &Value) -> i64 {
    object::int(set, "/spec/minReadySeconds").unwrap_or(0)
}

/// Makes or removes pods; true when it did.
fn manage(hand: &mut Hand<'_>, set: &Value, census: &Census) -> Result<bool, Status> {
    let wanted = usize::try_from(object::int(set, "/spec/replicas").unwrap_or(1)).unwrap_or(0);
    let active = census.active().count();
    if active < wanted {
        let template = set.pointer("/spec/template").cloned().unwrap_or_default();
        scaling::create_pods(hand, set, &template, (wanted - active).min(scaling::BURST))?;
        return Ok(true);
    }
    let surplus = (active - wanted).min(scaling::BURST);
    if surplus == 0 {
        return Ok(false);
    }
    let mut victims: Vec<Object> = census.active().map(|it| it.pod.clone()).collect();
    if surplus < victims.len() {
        let siblings = siblings(hand, set);
        pods::sort_for_deletion(&mut victims, &siblings, hand.now());
    }
    for pod in victims.iter().take(surplus) {
        scaling::delete_pod(hand, set, pod)?;
    }
    Ok(true)
}

/// The pods of all sets that have the same controller as this one.
fn siblings(hand: &Hand<'_>, set: &Value) -> Vec<Object> {
    let Some(owner) = object::controller_of(set) else {
        return hand.controlled(set, "Pod");
    };
    let owner = json!({"metadata": {"uid": owner.get("uid")}});
    let kind = object::text(set, "/kind");
    hand.controlled(&owner, kind).iter().flat_map(|set| hand.controlled(set, "Pod")).collect()
}

fn status(hand: &Hand<'_>, set: &Value, census: &Census, refusal: Option<&Status>) -> Value {
    let (now, min_ready) = (hand.now(), min_ready_seconds(set));
    let count = |holds: &dyn Fn(&Counted) -> bool| census.active().filter(|it| holds(it)).count();
    let active = count(&|_| true);
    let mut status = Map::new();
    status.insert("replicas".into(), active.into());
    let counts = [
        ("fullyLabeledReplicas", count(&|it| it.labelled)),
        ("readyReplicas", count(&|it| it.ready)),
        ("availableReplicas", count(&|it| it.available(min_ready, now))),
    ];
    for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        status.insert(key.into(), count.into());
    }
    if object::text(set, "/kind") == "ReplicaSet" {
        let terminating = census.all().filter(|it| it.deleting && !it.ended).count();
        status.insert("terminatingReplicas".into(), terminating.into());
    }
    if let Some(generation) = object::int(set, "/metadata/generation") {
        status.insert("observedGeneration".into(), generation.into());
    }
    let conditions = conditions(hand, set, active, refusal);
    if !conditions.is_empty() {
        status.insert("conditions".into(), conditions.into());
    }
    status.into()
}

/// The conditions, with `ReplicaFailure` while pods cannot be made or removed.
fn conditions(hand: &Hand<'_>, set: &Value, active: usize, refusal: Option<&Status>) -> Vec<Value> {
    let mut conditions = object::list(set, "/status/conditions").to_vec();
    let there = conditions.iter().any(|it| object::field(it, "type") == "ReplicaFailure");
    match refusal {
        None => conditions.retain(|it| object::field(it, "type") != "ReplicaFailure"),
        Some(refusal) if !there => {
            let wanted = object::int(set, "/spec/replicas").unwrap_or(1);
            let few = i64::try_from(active).is_ok_and(|active| active < wanted);
            conditions.push(json!({
                "type": "ReplicaFailure", "status": "True",
                "lastTransitionTime": hand.now().rfc3339(),
                "reason": if few { "FailedCreate" } else { "FailedDelete" },
                "message": refusal.message,
            }));
        }
        Some(_) => {}
    }
    conditions
}
