//! Nodes whose kubelets fell silent: their conditions become Unknown, their pods not ready.
//!
//! Heartbeats are not written while all is well, so there is nothing to look at all the time: this loop
//! looks when a machine or a node changed, and every 5 s as long as a node is silent.

use std::time::Duration;

use crate::apimachinery::json::json;
use crate::apimachinery::object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::options;
use crate::cluster::controllers::pods::{condition, condition_true, created_at, is_ready};
use crate::cluster::engine::{Component, Process};
use crate::cluster::events::{normal, warning};
use crate::cluster::kubelet::node::last_heartbeat;
use crate::cluster::world::Conduct;
use crate::cluster::{Change, ClusterId, Event, Object, World};

pub(crate) const LIFECYCLE: Component =
    Component { name: "node-lifecycle-controller", process: Process::ControllerManager, woken_by, sync };

/// The source of its events.
const SOURCE: &str = "node-controller";

/// 50 s of silence unless told otherwise. Source: `--node-monitor-grace-period` since v1.32.
const GRACE: Duration = Duration::from_secs(50);

/// 5 s between two looks unless told otherwise. Source: `--node-monitor-period`.
const PERIOD: Duration = Duration::from_secs(5);

/// A shorter period would only cost.
const PERIOD_MIN: Duration = Duration::from_secs(1);

/// Longer than two heartbeats are apart: a node that has been silent for it is worth watching.
const SILENT: Duration = Duration::from_secs(11);

/// The key under which all nodes are looked at.
const MONITOR: &str = "monitor";

/// Stands for any change of a node, after which the monitor looks a little later.
const CHANGED: &str = "changed";

/// Conditions that the kubelet writes.
const OF_KUBELET: &[&str] = &["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if &*event.key.resource == "nodes" {
        match event.change {
            Change::Added => keys.push(format!("registered:{}", event.key.name)),
            Change::Deleted => {
                keys.push(format!("removed:{}", object::uid(&event.object)) + ":" + &event.key.name)
            }
            Change::Modified => {}
        }
        keys.push(CHANGED.to_owned());
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let stand_ins = world.clusters.get(cluster)?.conduct == Conduct::StandIn;
    let mut hand = Hand::new(world, cluster, LIFECYCLE.name);
    if stand_ins {
        // They send no heartbeats, and nobody may conclude from that that they are dead.
        return None;
    }
    if let Some(node) = key.strip_prefix("registered:") {
        let node = hand.at("nodes", node)?;
        let name = object::name(&node);
        let message = format!("Node {name} event: Registered Node {name} in Controller");
        hand.event_from(SOURCE, &node, normal("RegisteredNode", message));
        return None;
    }
    if let Some((uid, name)) = key.strip_prefix("removed:").and_then(|it| it.split_once(':')) {
        let about = json!({"apiVersion": "v1", "kind": "Node", "name": name, "uid": uid});
        let message = format!("Node {name} event: Removing Node {name} from Controller");
        hand.event_from(SOURCE, &about, normal("RemovingNode", message));
        return None;
    }
    if key != MONITOR {
        // A machine or node changed. Whether its kubelet is silent shows after two heartbeats.
        let pending = hand.marked(MONITOR).is_some_and(|due| due > hand.now());
        hand.set_mark(CHANGED, hand.now());
        if !pending {
            hand.set_mark(MONITOR, hand.now() + SILENT);
            hand.wake_in(SILENT, MONITOR);
        }
        return None;
    }
    let mut silent = false;
    for node in hand.list("nodes", "") {
        silent |= look_at(&mut hand, &node);
    }
    if silent {
        return Some(options::duration(hand.cluster(), "node-monitor-period", PERIOD).max(PERIOD_MIN));
    }
    // A change since the look was planned may not show yet.
    let shows_at = hand.marked(CHANGED).map(|at| at + SILENT).filter(|at| *at > hand.now())?;
    hand.set_mark(MONITOR, shows_at);
    Some(shows_at.since(hand.now()))
}

/// Looks at one node; true when it is silent.
fn look_at(hand: &mut Hand<'_>, node: &Object) -> bool {
    let heard =
        last_heartbeat(hand.world, hand.cluster, object::name(node)).unwrap_or_else(|| created_at(node));
    let silence = hand.now().since(heard);
    let grace = options::duration(hand.cluster(), "node-monitor-grace-period", GRACE);
    let unknown = condition(node, "Ready").is_some_and(|it| object::field(it, "status") == "Unknown");
    if silence > grace && !unknown {
        give_up(hand, node);
    }
    if !condition_true(node, "Ready") && silence > grace {
        mark_pods(hand, node);
    }
    silence > SILENT
}

/// Writes that nothing is known about the node any more.
fn give_up(hand: &mut Hand<'_>, node: &Object) {
    let now = hand.now().rfc3339();
    let mut status = node.get("status").cloned().unwrap_or_default();
    let mut conditions = object::list(node, "/status/conditions").to_vec();
    for kind in OF_KUBELET {
        let there = conditions.iter_mut().find(|it| object::field(it, "type") == *kind);
        let (reason, message) = match there {
            Some(_) => ("NodeStatusUnknown", "Kubelet stopped posting node status."),
            None => ("NodeStatusNeverUpdated", "Kubelet never posted node status."),
        };
        let mut unknown = there.as_deref().cloned().unwrap_or_else(
            || json!({"type": kind, "lastHeartbeatTime": object::text(node, "/metadata/creationTimestamp")}),
        );
        unknown["status"] = "Unknown".into();
        unknown["reason"] = reason.into();
        unknown["message"] = message.into();
        unknown["lastTransitionTime"] = now.clone().into();
        match there {
            Some(slot) => *slot = unknown,
            None => conditions.push(unknown),
        }
    }
    object::set(&mut status, &["conditions"], conditions);
    if hand.update_status("nodes", node, status).is_ok() {
        let name = object::name(node);
        hand.event_from(
            SOURCE,
            node,
            normal("NodeNotReady", format!("Node {name} status is now: NodeNotReady")),
        );
    }
}

/// Pods of a silent node count as not ready, so that services leave them out.
fn mark_pods(hand: &mut Hand<'_>, node: &Object) {
    let pods: Vec<Object> =
        hand.store().pods_on(object::name(node)).filter(|pod| is_ready(pod)).cloned().collect();
    for pod in pods {
        let now = hand.now().rfc3339();
        let mut status = pod.get("status").cloned().unwrap_or_default();
        let mut conditions = object::list(&pod, "/status/conditions").to_vec();
        for ready in conditions.iter_mut().filter(|it| object::field(it, "type") == "Ready") {
            ready["status"] = "False".into();
            ready["lastTransitionTime"] = now.clone().into();
        }
        object::set(&mut status, &["conditions"], conditions);
        if hand.update_status("pods", &pod, status).is_ok() {
            hand.event_from(SOURCE, &pod, warning("NodeNotReady", "Node is not ready"));
        }
    }
}
