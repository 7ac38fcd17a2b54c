//! kube-scheduler: which node a pod goes to, and the sentence when none will do.
//!
//! One component with one key: it takes in what happened since it last looked ([`cache`], [`queue`]),
//! then tries the pods that are due one by one: [`filter`], [`score`], [`bind`], or [`preempt`].
//!
//! Start with [`sync`]. What is not simulated: extenders, dynamic resources.

mod bind;
mod cache;
mod filter;
mod interpod;
pub(crate) mod matching;
mod message;
mod preempt;
pub(crate) mod profile;
mod queue;
pub(crate) mod resources;
mod score;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use imbl::OrdSet;

use super::engine::{Component, Process};
use super::{Change, ClusterId, Event, Key, Object, Store, World};
use crate::apimachinery::object;
use crate::sim::SimTime;
use cache::{NodeInfo, Nodes, PodInfo};
use filter::{Cycle, Rejection};
use message::Diagnosis;
use profile::Profile;
use queue::{Queue, WaitState};

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[&SCHEDULER];

const SCHEDULER: Component =
    Component { name: "scheduler", process: Process::Scheduler, woken_by: concerns, sync };

/// Resources whose changes the scheduler watches.
const WATCHED: &[&str] = &[
    "pods",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "storageclasses.storage.k8s.io",
    "csinodes.storage.k8s.io",
];

/// What the scheduler remembers: its caches and its queue.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// The last revision of the store that was taken in; 0 when nothing was yet.
    seen: u64,
    nodes: Nodes,
    queue: Queue,
    /// What each scheduler name does.
    profiles: Vec<Profile>,
    /// Pods that are schedulers themselves.
    schedulers: OrdSet<Key>,
}

fn concerns(_world: &World, _cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if WATCHED.contains(&&*event.key.resource) {
        keys.push(String::new());
    }
}

/// Tries every pod that is due.
fn sync(world: &mut World, cluster: ClusterId, _key: &str) -> Option<Duration> {
    let mut state = std::mem::take(&mut world.clusters.get_mut(cluster)?.scheduler);
    state.catch_up(&world.clusters.get(cluster)?.store, world.now);
    let profiles = profile::active(world, cluster, &state);
    if profiles != state.profiles {
        state.begin_anew(profiles);
        state.catch_up(&world.clusters.get(cluster)?.store, world.now);
    }
    bind::finish_waiting(world, cluster, &mut state);
    while let Some((key, pod)) = state.queue.next(world.now) {
        try_pod(world, cluster, &mut state, &key, &pod);
        state.catch_up(&world.clusters.get(cluster)?.store, world.now);
    }
    let wait = state.queue.next_at(world.now).map(|at| at.since(world.now));
    world.clusters.get_mut(cluster)?.scheduler = state;
    wait
}

impl State {
    /// Takes in what happened since the last time.
    fn catch_up(&mut self, store: &Store, now: SimTime) {
        let events = if self.seen == 0 { None } else { store.since(self.seen) };
        match events {
            Some(events) => {
                for event in events.filter(|event| WATCHED.contains(&&*event.key.resource)) {
                    if &*event.key.resource == "pods" {
                        let there = (event.change != Change::Deleted).then_some(&event.object);
                        profile::note(self, &event.key, there);
                    }
                    self.queue.apply(event, &self.nodes, store, now);
                    cache::apply(&mut self.nodes, event);
                }
            }
            None => {
                self.nodes = cache::rebuild(store);
                self.queue.clear();
                for pod in store.list("pods", "") {
                    let key = Key::new("pods", object::namespace(pod), object::name(pod));
                    profile::note(self, &key, Some(pod));
                    self.queue.add(key, pod, now);
                }
            }
        }
        self.seen = store.revision();
    }

    /// Takes other profiles; every pod is looked at again.
    fn begin_anew(&mut self, profiles: Vec<Profile>) {
        self.queue.serve(profiles.iter().map(|it| it.name.clone()).collect());
        self.profiles = profiles;
        self.seen = 0;
    }

    /// The profile that a pod asks for.
    fn profile_of(&self, pod: &Object) -> Profile {
        let name = object::text(pod, "/spec/schedulerName");
        self.profiles.iter().find(|it| *it.name == *name).cloned().unwrap_or_default()
    }
}

/// What the filters made of a pod.
enum Verdict {
    Fits(Vec<Arc<NodeInfo>>),
    Nowhere(Refusal),
}

/// Why a pod fits nowhere.
struct Refusal {
    diagnosis: Diagnosis,
    /// The plugins whose mind would have to change.
    rejected_by: Vec<&'static str>,
    rejections: Rejections,
}

/// What each node was rejected for.
type Rejections = Vec<(Arc<str>, Option<Rejection>)>;

/// One attempt at one pod.
fn try_pod(world: &mut World, cluster: ClusterId, state: &mut State, key: &Key, pod: &Object) {
    let mut info = PodInfo::new(key.clone(), pod.clone());
    info.profile = state.profile_of(pod);
    let Some(store) = world.clusters.get(cluster).map(|it| it.store.clone()) else { return };
    match judge(&info, state, &store) {
        Verdict::Fits(candidates) => {
            let node = choose(world, &info, &candidates, &state.nodes, &store);
            bind::reserve(world, cluster, state, &info, &node, &store);
        }
        Verdict::Nowhere(refusal) => fail(world, cluster, state, &info, refusal),
    }
}

fn judge(pod: &PodInfo, state: &State, store: &Store) -> Verdict {
    let known: Vec<&Arc<NodeInfo>> = state.nodes.values().filter(|it| it.node.is_some()).collect();
    let mut diagnosis = Diagnosis { nodes: known.len(), ..Diagnosis::default() };
    if let Some((plugin, sentence)) = filter::reject_before(pod, store) {
        diagnosis.before = Some(sentence);
        return Verdict::Nowhere(Refusal { diagnosis, rejected_by: vec![plugin], rejections: Vec::new() });
    }
    let nodes = with_nominated(pod, state);
    let cycle = Cycle::new(pod, &nodes, store);
    let named = matching::named_nodes(&pod.object);
    let (mut fits, mut rejected_by, mut rejections) = (Vec::new(), Vec::new(), Rejections::new());
    for info in known {
        let other = named.as_ref().is_some_and(|names| {
            pod.profile.has("filter", "NodeAffinity") && !names.iter().any(|it| **it == *info.name)
        });
        let rejection = if other {
            let reason = Rejection::final_because("node(s) didn't satisfy plugin(s) [NodeAffinity]");
            Some(("NodeAffinity", reason))
        } else {
            cycle.reject(nodes.get(&info.name).unwrap_or(info))
        };
        match rejection {
            None => fits.push(info.clone()),
            Some((plugin, rejection)) => {
                rejection.reasons.iter().for_each(|reason| diagnosis.add(reason));
                rejected_by.push(plugin);
                rejections.push((info.name.clone(), Some(rejection)));
            }
        }
    }
    if fits.is_empty() {
        Verdict::Nowhere(Refusal { diagnosis, rejected_by, rejections })
    } else {
        Verdict::Fits(fits)
    }
}

/// The nodes with the pods on them that others made room for.
fn with_nominated(pod: &PodInfo, state: &State) -> Nodes {
    let mut nodes = state.nodes.clone();
    for (key, other, node) in state.queue.nominated() {
        let info = PodInfo::new(key.clone(), other.clone());
        if key != &pod.key
            && info.priority >= pod.priority
            && let Some(there) = nodes.get_mut(node)
        {
            Arc::make_mut(there).add_pod(Arc::new(info));
        }
    }
    nodes
}

/// The node with the best score; chance decides between equals.
fn choose(
    world: &mut World,
    pod: &PodInfo,
    candidates: &[Arc<NodeInfo>],
    nodes: &Nodes,
    store: &Store,
) -> Arc<NodeInfo> {
    let refs: Vec<&NodeInfo> = candidates.iter().map(|it| &**it).collect();
    let totals = score::totals(&score::Contest { pod, candidates: &refs, nodes, store });
    let best = totals.iter().max().copied().unwrap_or(0);
    let equals: Vec<&Arc<NodeInfo>> =
        candidates.iter().zip(&totals).filter(|(_, total)| **total == best).map(|(it, _)| it).collect();
    match equals.as_slice() {
        [] => Arc::default(),
        [one] => (*one).clone(),
        several => world.chance.pick(several).map_or_else(Arc::default, |it| (*it).clone()),
    }
}

/// Looks whether making room helps, and says why the pod waits.
fn fail(world: &mut World, cluster: ClusterId, state: &mut State, pod: &PodInfo, refusal: Refusal) {
    let Refusal { mut diagnosis, mut rejected_by, rejections } = refusal;
    let mut nominated = None;
    if diagnosis.before.is_some() {
        // Dynamic resources come before preemption and find none of their state.
        diagnosis.after = "not found".to_owned();
    } else if let Some(store) = world.clusters.get(cluster).map(|it| it.store.clone()) {
        let outcome = if pod.profile.has("postFilter", "DefaultPreemption") {
            preempt::find(pod, &state.nodes, &store, &rejections)
        } else {
            preempt::Outcome::Off
        };
        match outcome {
            preempt::Outcome::Off => {}
            preempt::Outcome::Preempt(victims) => {
                bind::evict(world, cluster, pod, &victims);
                rejected_by.push("DefaultPreemption");
                nominated = Some(victims.node.to_string());
            }
            preempt::Outcome::Useless(sentence) => {
                diagnosis.after = format!("no new claims to deallocate, preemption: {sentence}");
            }
        }
    }
    rejected_by.sort_unstable();
    rejected_by.dedup();
    state.queue.tried(&pod.key, WaitState::Unschedulable { rejected_by }, world.now);
    bind::report_failure(world, cluster, pod, &diagnosis.message(), nominated.as_deref());
}
