//! Pods whose node no longer exists go after 40 s; of those that ended the oldest go when there are too many.
//!
//! Follows `pkg/controller/podgc`.

use std::time::Duration;

use super::note_disruption;
use crate::apimachinery::json::json;
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, join_key};
use crate::cluster::controllers::options;
use crate::cluster::controllers::pods::{created_at, is_ended};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, World};

pub(crate) const POD_GC: Component =
    Component { name: "pod-garbage-collector", process: Process::ControllerManager, woken_by, sync };

/// 40 s in which the node may come back. Source: `quarantineTime`.
const QUARANTINE: Duration = Duration::from_secs(40);

/// 20 s between two looks. Source: `gcCheckPeriod`.
const CHECK: Duration = Duration::from_secs(20);

/// How many pods that ended are kept. Source: `--terminated-pod-gc-threshold`.
const ENDED_MAX: i64 = 12_500;

/// The key under which the pods that ended are counted.
const ENDED: &str = "ended";

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let store = &world.clusters[cluster].store;
    if &*event.key.resource == "nodes" && event.change == Change::Deleted {
        let pods = store.pods_on(&event.key.name);
        keys.extend(pods.map(|pod| join_key(object::namespace(pod), object::name(pod))));
    }
    if &*event.key.resource == "pods" && event.change != Change::Deleted {
        let node = object::text(&event.object, "/spec/nodeName");
        if is_ended(&event.object) {
            keys.push(ENDED.to_owned());
        }
        if !node.is_empty() && store.find("nodes", "", node).is_none() {
            keys.push(join_key(&event.key.namespace, &event.key.name));
        }
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, POD_GC.name);
    if key == ENDED {
        return limit_ended(&mut hand);
    }
    let pod = hand.at("pods", key);
    let orphan = pod.filter(|it| {
        let node = object::text(it, "/spec/nodeName");
        !node.is_empty() && hand.get("nodes", "", node).is_none()
    });
    let Some(pod) = orphan else {
        hand.unmark(key);
        return None;
    };
    let waited = hand.now().since(hand.mark(key));
    if waited < QUARANTINE {
        return Some(QUARANTINE - waited);
    }
    hand.unmark(key);
    if !is_ended(&pod) {
        note_disruption(&mut hand, &pod, "DeletionByPodGC", "PodGC: node no longer exists", true);
    }
    let options = json!({"gracePeriodSeconds": 0});
    if hand.delete_with("pods", &pod, &options).is_err() { hand.retry(key) } else { None }
}

/// Lets the oldest of the pods that ended go when there are more than may be kept.
fn limit_ended(hand: &mut Hand<'_>) -> Option<Duration> {
    let max = match options::number(hand.cluster(), "terminated-pod-gc-threshold", ENDED_MAX) {
        // Zero and less mean no limit.
        none if none <= 0 => return None,
        max => usize::try_from(max).unwrap_or(usize::MAX),
    };
    let mut ended = hand.list("pods", "");
    ended.retain(|pod| is_ended(pod));
    if ended.len() <= max {
        hand.unmark(ENDED);
        return None;
    }
    let waited = hand.now().since(hand.mark(ENDED));
    if waited < CHECK {
        return Some(CHECK - waited);
    }
    hand.unmark(ENDED);
    ended.sort_by_key(|pod| (created_at(pod), object::name(pod).to_owned()));
    for pod in ended.iter().take(ended.len() - max) {
        // One that is gone already needs no deletion.
        let _ = hand.delete_with("pods", pod, &json!({"gracePeriodSeconds": 0}));
    }
    None
}
