//! Pods whose node no longer exists go after 40 s.
//!
//! Follows `pkg/controller/podgc`. Its limit of 12,500 ended pods is not simulated.

use std::time::Duration;

use serde_json::json;

use super::note_disruption;
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, join_key};
use crate::cluster::controllers::pods::is_ended;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, World};

pub(crate) const POD_GC: Component =
    Component { name: "pod-garbage-collector", process: Process::ControllerManager, woken_by, sync };

/// 40 s in which the node may come back. Source: `quarantineTime`.
const QUARANTINE: Duration = Duration::from_secs(40);

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let store = &world.clusters[cluster].store;
    if &*event.key.resource == "nodes" && event.change == Change::Deleted {
        let pods = store.pods_on(&event.key.name);
        keys.extend(pods.map(|pod| join_key(object::namespace(pod), object::name(pod))));
    }
    if &*event.key.resource == "pods" && event.change != Change::Deleted {
        let node = object::text(&event.object, "/spec/nodeName");
        if !node.is_empty() && store.find("nodes", "", node).is_none() {
            keys.push(join_key(&event.key.namespace, &event.key.name));
        }
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, POD_GC.name);
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
