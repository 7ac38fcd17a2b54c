//! Pods that do not tolerate a NoExecute taint of their node go: at once, or when their time is up.

use std::time::Duration;

use super::note_disruption;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, join_key};
use crate::cluster::controllers::pods::{is_deleting, is_ended, seconds};
use crate::cluster::engine::{Component, Process};
use crate::cluster::events::normal;
use crate::cluster::scheduler::matching::{Taint, Toleration};
use crate::cluster::{Change, ClusterId, Event, World};

pub(crate) const TAINT_EVICTION: Component =
    Component { name: "taint-eviction-controller", process: Process::ControllerManager, woken_by, sync };

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let changed = |pointer: &str| {
        let before = event.previous.as_ref().filter(|_| event.change == Change::Modified);
        before.is_none_or(|before| before.pointer(pointer) != event.object.pointer(pointer))
    };
    match &*event.key.resource {
        "pods" if changed("/spec/nodeName") || changed("/spec/tolerations") => {
            keys.push(join_key(&event.key.namespace, &event.key.name));
        }
        "nodes" if changed("/spec/taints") => {
            let pods = world.clusters[cluster].store.pods_on(&event.key.name);
            keys.extend(pods.map(|pod| join_key(object::namespace(pod), object::name(pod))));
        }
        _ => {}
    }
}

/// How long a pod may stay on a node.
enum Stay {
    Forever,
    For(Duration),
}

fn stay(pod: &Value, node: &Value) -> Stay {
    let evicting: Vec<Taint> =
        Taint::all_of(node).into_iter().filter(|it| it.effect == "NoExecute").collect();
    let tolerations = Toleration::all_of(pod);
    let mut shortest: Option<Duration> = None;
    for taint in &evicting {
        let at = tolerations.iter().position(|it| it.tolerates(taint));
        let Some(at) = at else { return Stay::For(Duration::ZERO) };
        if let Some(limit) = object::int(pod, &format!("/spec/tolerations/{at}/tolerationSeconds")) {
            shortest = Some(shortest.map_or(seconds(limit), |before| before.min(seconds(limit))));
        }
    }
    shortest.map_or(Stay::Forever, Stay::For)
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, TAINT_EVICTION.name);
    let pod = hand.at("pods", key).filter(|it| !is_deleting(it) && !is_ended(it));
    let node = pod.as_ref().and_then(|it| hand.get("nodes", "", object::text(it, "/spec/nodeName")));
    let (Some(pod), Some(node)) = (pod, node) else {
        hand.unmark(key);
        return None;
    };
    let Stay::For(limit) = stay(&pod, &node) else {
        if hand.marked(key).is_some() {
            hand.unmark(key);
            hand.event(&pod, normal("TaintManagerEviction", format!("Cancelling deletion of Pod {key}")));
        }
        return None;
    };
    let waited = hand.now().since(hand.mark(key));
    if waited < limit {
        return Some(limit - waited);
    }
    hand.unmark(key);
    hand.event(&pod, normal("TaintManagerEviction", format!("Marking for deletion Pod {key}")));
    let message = "Taint manager: deleting due to NoExecute taint";
    note_disruption(&mut hand, &pod, "DeletionByTaintManager", message, false);
    if hand.delete_with("pods", &pod, &json!({})).is_err() { hand.retry(key) } else { None }
}
