//! The pods that wait for a node: who is next, who backs off, and what brings back those that
//! nothing suited.
//!
//! Follows `pkg/scheduler/backend/queue` and the queueing hints of the plugins.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, OrdSet};

use super::cache::{self, NodeInfo, Nodes, PodInfo};
use super::filter::{self, Cycle};
use crate::apimachinery::object;
use crate::cluster::{Change, Event, Key, Object, Store};
use crate::sim::SimTime;

/// 1 s after the first failed attempt; each further one doubles it. Source: `podInitialBackoffSeconds`.
const BACKOFF_INITIAL: Duration = Duration::from_secs(1);

/// 10 s. The doubling stops here. Source: `podMaxBackoffSeconds`.
const BACKOFF_MAX: Duration = Duration::from_secs(10);

/// 5 min after which a pod is tried again though nothing happened.
///
/// Source: `DefaultPodMaxInUnschedulablePodsDuration`.
const STUCK_MAX: Duration = Duration::from_secs(300);

/// A pod that waits.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) object: Object,
    priority: i64,
    /// When it came into the queue; keeps the order among equals.
    entered: u64,
    pub(super) attempts: u32,
    pub(super) tried: SimTime,
    pub(super) state: WaitState,
}

/// Where in the queue a pod is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum WaitState {
    /// To be tried now, or as soon as its back-off ends.
    Active { not_before: SimTime },
    /// Waits for something that could change the mind of one of these plugins.
    Unschedulable { rejected_by: Vec<&'static str> },
    /// Has a node, and waits for its volumes to be bound.
    Binding { node: String },
}

/// All pods that wait. Only `put` and `take` change `pods` and the indexes to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    pods: OrdMap<Key, Waiting>,
    /// Those that may be tried, in the order in which they are.
    order: OrdMap<Turn, Key>,
    /// Those that nothing suited.
    unschedulable: OrdSet<Key>,
    /// Those that have a node and wait for volumes.
    binding: OrdSet<Key>,
    /// Those that others make room for.
    nominated: OrdSet<Key>,
    entered: u64,
    /// Scheduler names whose pods are taken.
    names: Vec<Arc<str>>,
}

/// The most important pod first, then the one that came first.
type Turn = (Reverse<i64>, u64);

fn nominated_node(pod: &Object) -> &str {
    object::text(pod, "/status/nominatedNodeName")
}

/// True for a pod that a scheduler of one of these names has to place.
fn is_ours(names: &[Arc<str>], pod: &Object) -> bool {
    object::text(pod, "/spec/nodeName").is_empty()
        && names.iter().any(|it| **it == *object::text(pod, "/spec/schedulerName"))
        && object::at(pod, "/metadata/deletionTimestamp").is_none()
        && object::list(pod, "/spec/schedulingGates").is_empty()
        && !cache::is_over(pod)
}

impl Queue {
    /// Takes pods of these scheduler names from now on.
    pub(super) fn serve(&mut self, names: Vec<Arc<str>>) {
        self.names = names;
    }

    /// Takes one change of the store in. `nodes` is how things stood before it.
    pub(super) fn apply(&mut self, event: &Event, nodes: &Nodes, store: &Store, now: SimTime) {
        if &*event.key.resource == "pods" {
            self.apply_pod(event, now);
        }
        self.wake(event, nodes, store, now);
    }

    fn put(&mut self, key: Key, waiting: Waiting) {
        match waiting.state {
            WaitState::Active { .. } => {}
            WaitState::Unschedulable { .. } => drop(self.unschedulable.insert(key.clone())),
            WaitState::Binding { .. } => drop(self.binding.insert(key.clone())),
        }
        if !matches!(waiting.state, WaitState::Binding { .. }) {
            self.order.insert(waiting.turn(), key.clone());
        }
        if !nominated_node(&waiting.object).is_empty() {
            self.nominated.insert(key.clone());
        }
        self.pods.insert(key, waiting);
    }

    fn take(&mut self, key: &Key) -> Option<Waiting> {
        let waiting = self.pods.remove(key)?;
        self.order.remove(&waiting.turn());
        for index in [&mut self.unschedulable, &mut self.binding, &mut self.nominated] {
            if index.contains(key) {
                index.remove(key);
            }
        }
        Some(waiting)
    }

    fn change(&mut self, key: &Key, change: impl FnOnce(&mut Waiting)) {
        if let Some(mut waiting) = self.take(key) {
            change(&mut waiting);
            self.put(key.clone(), waiting);
        }
    }

    pub(super) fn add(&mut self, key: Key, pod: &Object, now: SimTime) {
        self.take(&key);
        if !is_ours(&self.names, pod) {
            return;
        }
        let priority = object::int(pod, "/spec/priority").unwrap_or(0);
        self.entered += 1;
        let state = WaitState::Active { not_before: now };
        let waiting =
            Waiting { object: pod.clone(), priority, entered: self.entered, attempts: 0, tried: now, state };
        self.put(key, waiting);
    }

    fn apply_pod(&mut self, event: &Event, now: SimTime) {
        if event.change == Change::Deleted || !is_ours(&self.names, &event.object) {
            self.take(&event.key);
            return;
        }
        if !self.pods.contains_key(&event.key) {
            return self.add(event.key.clone(), &event.object, now);
        }
        self.change(&event.key, |waiting| {
            let spec_changed = waiting.object.get("spec") != event.object.get("spec")
                || cache::labels(&waiting.object) != cache::labels(&event.object);
            waiting.object = event.object.clone();
            if spec_changed && matches!(waiting.state, WaitState::Unschedulable { .. }) {
                waiting.activate(now);
            }
        });
    }

    /// Makes those active whose rejection the event may have ended.
    fn wake(&mut self, event: &Event, nodes: &Nodes, store: &Store, now: SimTime) {
        let cured = |key: &&Key| match self.pods.get(*key) {
            Some(waiting @ Waiting { state: WaitState::Unschedulable { rejected_by }, .. }) => {
                cures(event, waiting, rejected_by, nodes, store)
            }
            _ => false,
        };
        let woken: Vec<Key> = self.unschedulable.iter().filter(cured).cloned().collect();
        for key in woken {
            self.change(&key, |waiting| waiting.activate(now));
        }
    }

    /// The pod to try next: the most important, then the one that came first.
    pub(super) fn next(&self, now: SimTime) -> Option<(Key, Object)> {
        let due = |waiting: &Waiting| match waiting.state {
            WaitState::Active { not_before } => not_before <= now,
            WaitState::Unschedulable { .. } => now.since(waiting.tried) >= STUCK_MAX,
            WaitState::Binding { .. } => false,
        };
        let mut waiting = self.order.values().filter_map(|key| Some((key, self.pods.get(key)?)));
        waiting.find(|(_, waiting)| due(waiting)).map(|(key, waiting)| (key.clone(), waiting.object.clone()))
    }

    /// Pods that have a node and wait for volumes.
    pub(super) fn binding(&self) -> Vec<(Key, Object, String)> {
        let of = |key: &Key| match self.pods.get(key)? {
            Waiting { state: WaitState::Binding { node }, object, .. } => {
                Some((key.clone(), object.clone(), node.clone()))
            }
            _ => None,
        };
        self.binding.iter().filter_map(of).collect()
    }

    /// Pods that others make room for, with the node where.
    pub(super) fn nominated(&self) -> impl Iterator<Item = (&Key, &Object, &str)> {
        let pods = self.nominated.iter().filter_map(|key| Some((key, &self.pods.get(key)?.object)));
        pods.map(|(key, object)| (key, object, nominated_node(object)))
    }

    /// When a pod falls due without an event.
    pub(super) fn next_at(&self, now: SimTime) -> Option<SimTime> {
        let at = |waiting: &Waiting| match waiting.state {
            WaitState::Active { not_before } => Some(not_before),
            WaitState::Unschedulable { .. } => Some(waiting.tried + STUCK_MAX),
            WaitState::Binding { .. } => None,
        };
        self.pods.values().filter_map(at).filter(|&at| at > now).min()
    }

    /// An attempt ended with `state`.
    pub(super) fn tried(&mut self, key: &Key, state: WaitState, now: SimTime) {
        self.change(key, |waiting| {
            waiting.attempts += 1;
            waiting.tried = now;
            waiting.state = state;
        });
    }

    pub(super) fn remove(&mut self, key: &Key) {
        self.take(key);
    }

    /// Drops everything, for a queue that has to begin anew.
    pub(super) fn clear(&mut self) {
        *self = Self { entered: self.entered, names: std::mem::take(&mut self.names), ..Self::default() };
    }
}

impl Waiting {
    fn turn(&self) -> Turn {
        (Reverse(self.priority), self.entered)
    }

    fn activate(&mut self, now: SimTime) {
        let doublings = self.attempts.saturating_sub(1).min(8);
        let backoff = (BACKOFF_INITIAL * 2_u32.pow(doublings)).min(BACKOFF_MAX);
        let not_before = if self.attempts == 0 { now } else { (self.tried + backoff).max(now) };
        self.state = WaitState::Active { not_before };
    }
}

/// Plugins whose mind a pod that leaves a node can change.
const CURED_BY_FREED_NODE: &[&str] = &[
    "NodeResourcesFit",
    "NodePorts",
    "VolumeRestrictions",
    "NodeVolumeLimits",
    "PodTopologySpread",
    "InterPodAffinity",
    "DefaultPreemption",
];

/// Plugins whose mind a pod that comes to a node, or changes its labels, can change.
const CURED_BY_PLACED_POD: &[&str] = &["PodTopologySpread", "InterPodAffinity"];

/// Plugins whose mind claims, volumes and classes can change.
const CURED_BY_STORAGE: &[&str] = &["VolumeRestrictions", "NodeVolumeLimits", "VolumeBinding", "VolumeZone"];

/// Whether the event could make one of the plugins that rejected the pod accept it.
fn cures(
    event: &Event,
    waiting: &Waiting,
    rejected_by: &[&'static str],
    nodes: &Nodes,
    store: &Store,
) -> bool {
    let any = |plugins: &[&str]| rejected_by.iter().any(|it| plugins.contains(it));
    match &*event.key.resource {
        "pods" => {
            let before = event.previous.as_ref().is_some_and(|pod| cache::occupies(pod));
            let after = event.change != Change::Deleted && cache::occupies(&event.object);
            match (before, after) {
                (true, false) => any(CURED_BY_FREED_NODE),
                (false, true) => any(CURED_BY_PLACED_POD),
                (true, true) => relabelled(event) && any(CURED_BY_PLACED_POD),
                (false, false) => false,
            }
        }
        "nodes" if event.change != Change::Deleted => node_cures(event, waiting, rejected_by, nodes, store),
        "persistentvolumeclaims" | "persistentvolumes" | "storageclasses.storage.k8s.io" => {
            event.change != Change::Deleted && any(CURED_BY_STORAGE)
        }
        "csinodes.storage.k8s.io" => any(&["NodeVolumeLimits", "VolumeBinding"]),
        _ => false,
    }
}

fn relabelled(event: &Event) -> bool {
    event.previous.as_ref().is_some_and(|it| cache::labels(it) != cache::labels(&event.object))
}

/// Whether the node as it is now passes a filter that it, or the node before it, did not pass.
fn node_cures(
    event: &Event,
    waiting: &Waiting,
    rejected_by: &[&'static str],
    nodes: &Nodes,
    store: &Store,
) -> bool {
    let info = PodInfo::new(Key::new("pods", "", ""), waiting.object.clone());
    // Filters over many nodes are asked again only when the node's place among them changes.
    let only_this_node = |name: &str| {
        matches!(
            name,
            "NodeUnschedulable" | "NodeName" | "TaintToleration" | "NodeAffinity" | "NodeResourcesFit"
        )
    };
    let none = Nodes::new();
    let cycle = Cycle::new(&info, &none, store);
    let mut after = nodes.get(&event.key.name).map_or_else(NodeInfo::default, |it| (**it).clone());
    let was_there = after.node.is_some();
    let fresh = NodeInfo::bare(&event.object);
    let before = after.clone();
    let pods = std::mem::take(&mut after.pods);
    after = NodeInfo { pods, used: before.used.clone(), used_nonzero: before.used_nonzero.clone(), ..fresh };
    rejected_by.iter().any(|name| {
        let Some(plugin) = filter::ALL.iter().find(|it| it.name == *name) else {
            return false;
        };
        if !only_this_node(name) {
            return !was_there || relabelled(event);
        }
        let passes = (plugin.filter)(&cycle, &after).is_none();
        passes && (!was_there || (plugin.filter)(&cycle, &before).is_some())
    })
}
