//! How time passes and how events wake components.
//!
//! A component is what Kubernetes calls a controller: events give it keys, it syncs one key at a
//! time through the API, and it may ask to look at a key again later. The rows stand in
//! `COMPONENTS`; which process a row lives in decides whether it runs at all.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use imbl::{OrdMap, OrdSet};

use super::{ClusterId, Event, Timer, World};
use crate::sim::SimTime;
use crate::sim::limits::SYNCS_MAX;

/// One control loop.
pub(crate) struct Component {
    pub(crate) name: &'static str,
    pub(crate) process: Process,
    /// The keys to sync because of an event. What a key means is the component's own business.
    pub(crate) woken_by: fn(&World, ClusterId, &Event, &mut Vec<String>),
    /// Looks at one key and acts through the API; returns when to look again.
    pub(crate) sync: fn(&mut World, ClusterId, &str) -> Option<Duration>,
}

/// The program that a component is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    ApiServer,
    ControllerManager,
    Scheduler,
    Kubelet,
    /// Runs as a pod or outside the cluster: a provisioner, an ingress controller.
    Addon,
}

/// Every component, in the order in which the ones woken by one event run.
pub(crate) fn components() -> impl Iterator<Item = &'static Component> {
    super::api::ALL
        .iter()
        .chain(super::controllers::ALL)
        .chain(super::scheduler::ALL)
        .chain(super::kubelet::ALL)
        .chain(super::network::ALL)
        .chain(super::control_plane::ALL)
        .chain(super::machines::ALL)
        .copied()
}

fn by_name(name: &str) -> Option<&'static Component> {
    static ALL: OnceLock<BTreeMap<&str, &Component>> = OnceLock::new();
    ALL.get_or_init(|| components().map(|it| (it.name, it)).collect()).get(name).copied()
}

/// Components that look at a machine when its files or units changed; their keys are host names.
pub(crate) const WOKEN_BY_HOSTS: &[&str] =
    &["machines", "control-plane", "kubelet-host", "node-lifecycle-controller"];

/// How long a change on a host goes unnoticed: kubelets watch their files, and a watch is not instant.
const NOTICED_AFTER: Duration = Duration::from_millis(200);

/// What the engine last saw of a host, to see that something changed: trees that nobody touched share
/// their roots.
#[derive(Clone, Debug)]
pub(crate) struct HostSeen {
    files: crate::hosts::FileTree,
    units: OrdMap<String, crate::hosts::Unit>,
    firewall: crate::hosts::firewall::Firewall,
    up: bool,
}

/// Keys that wait to be synced, in the order they came; a key waits once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Workqueue {
    order: OrdMap<u64, (&'static str, String)>,
    waiting: OrdSet<(&'static str, String)>,
    next: u64,
    /// The last revision whose event was given to the components.
    seen: u64,
    /// When a key is looked at again because its last sync asked for it.
    again: OrdMap<(&'static str, String), SimTime>,
}

impl Workqueue {
    fn push(&mut self, component: &'static str, key: String) {
        let item = (component, key);
        if self.waiting.insert(item.clone()).is_none() {
            self.next += 1;
            self.order.insert(self.next, item);
        }
    }

    fn pop(&mut self) -> Option<(&'static str, String)> {
        let first = self.order.get_min()?.0;
        let item = self.order.remove(&first)?;
        self.waiting.remove(&item);
        Some(item)
    }

    /// Notes that a sync wants to look at `key` again at `at`; false when it will anyway by then, so
    /// that a key which is often woken does not gather timers.
    fn note_again(&mut self, component: &'static str, key: &str, now: SimTime, at: SimTime) -> bool {
        let item = (component, key.to_owned());
        // One in the past belongs to a timer that somebody took out of the queue.
        let earlier = self.again.get(&item).is_none_or(|noted| at < *noted || *noted < now);
        if earlier {
            self.again.insert(item, at);
        }
        earlier
    }

    /// Takes the key of a timer that fell due.
    fn push_due(&mut self, at: SimTime, component: &'static str, key: String) {
        let item = (component, key.clone());
        if self.again.get(&item).is_some_and(|noted| *noted <= at) {
            self.again.remove(&item);
        }
        self.push(component, key);
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Settled {
    /// Nothing is left to do at this instant.
    Quiet,
    /// The limit came first: components fight each other.
    Busy,
}

impl World {
    /// Lets `duration` pass.
    pub(crate) fn advance(&mut self, duration: Duration) {
        self.run_until(self.now + duration);
    }

    /// Lets time pass until `until`; the only way it does.
    pub(crate) fn run_until(&mut self, until: SimTime) {
        let _ = self.settle();
        while let Some(at) = self.timers.next_at().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            // All of one instant together, so that what they change is looked at once.
            while let Some((at, timer)) = self.timers.pop_due(at) {
                if let Some(cluster) = self.clusters.get_mut(timer.cluster) {
                    cluster.queue.push_due(at, timer.component, timer.key);
                }
            }
            let _ = self.settle();
        }
        self.now = self.now.max(until);
    }

    /// Lets a component look at a key at `at`.
    pub(crate) fn wake_at(&mut self, at: SimTime, cluster: ClusterId, component: &'static str, key: &str) {
        self.timers.set(at, Timer { cluster, component, key: key.to_owned() });
    }

    /// Lets the components react until nothing is left to do at this instant.
    pub(crate) fn settle(&mut self) -> Settled {
        for _ in 0..SYNCS_MAX {
            let mut worked = false;
            self.notice_hosts();
            for cluster in 0..self.clusters.len() {
                self.distribute(cluster);
                worked |= self.sync_one(cluster);
            }
            if !worked {
                return Settled::Quiet;
            }
        }
        Settled::Busy
    }

    /// Gives events that nobody has seen to the components that care.
    fn distribute(&mut self, cluster: ClusterId) {
        let queue_seen = self.clusters[cluster].queue.seen;
        let store = &self.clusters[cluster].store;
        if store.revision() == queue_seen {
            return;
        }
        let revision = store.revision();
        let events: Vec<Event> = store.since(queue_seen).map(|it| it.cloned().collect()).unwrap_or_default();
        let mut woken: Vec<(&'static str, String)> = Vec::new();
        let mut keys = Vec::new();
        for event in &events {
            for component in components() {
                (component.woken_by)(self, cluster, event, &mut keys);
                woken.extend(keys.drain(..).map(|key| (component.name, key)));
            }
        }
        let queue = &mut self.clusters[cluster].queue;
        queue.seen = revision;
        for (component, key) in woken {
            queue.push(component, key);
        }
    }

    /// The names of the hosts that are not as they were last seen. This is asked often, so both maps, which mostly have
    /// the same names, are walked together.
    fn changed_hosts(&self) -> Vec<String> {
        let mut seen = self.hosts_seen.iter().peekable();
        let mut changed = Vec::new();
        for (name, host) in &self.hosts {
            while seen.next_if(|(before, _)| *before < name).is_some() {}
            let same = seen.next_if(|(before, _)| *before == name);
            if !same.is_some_and(|(_, seen)| seen.is_current(host)) {
                changed.push(name.clone());
            }
        }
        changed
    }

    /// Wakes the components that watch machines where a machine changed.
    fn notice_hosts(&mut self) {
        if !self.hosts.take_touched() {
            return;
        }
        let changed = self.changed_hosts();
        for name in changed {
            let Some(host) = self.hosts.get(&name) else { continue };
            let seen = HostSeen {
                files: host.files.clone(),
                units: host.units.clone(),
                firewall: host.firewall.clone(),
                up: host.up,
            };
            let filtered = self.hosts_seen.get(&name).is_some_and(|it| it.firewall != host.firewall);
            let before = self.hosts_seen.insert(name.clone(), seen);
            let filtered = filtered || before.is_some_and(|it| self.shows_another(&name, &it.files));
            self.wake_clients(&name, filtered);
            for cluster in 0..self.clusters.len() {
                for component in WOKEN_BY_HOSTS {
                    self.wake_at(self.now + NOTICED_AFTER, cluster, component, &name);
                }
            }
        }
    }

    /// Whether an API server of a machine shows another certificate, or trusts others, than with the files
    /// before.
    fn shows_another(&self, name: &str, before: &crate::hosts::FileTree) -> bool {
        let Some(now) = self.hosts.get(name).map(|it| &it.files) else { return false };
        self.clusters.iter().filter_map(|it| it.serving_on(name, "kube-apiserver")).any(|server| {
            ["tls-cert-file", "client-ca-file"].iter().any(|flag| {
                let path = server.process.flag(flag).and_then(|it| server.process.host_path(it));
                path.is_some_and(|it| now.read(&it) != before.read(&it))
            })
        })
    }

    /// The clients on other machines look whether they still get through to a machine that changed.
    fn wake_clients(&mut self, changed: &str, concerned: bool) {
        if !concerned {
            return;
        }
        for cluster in 0..self.clusters.len() {
            let Some(state) = self.clusters.get(cluster) else { continue };
            let others: Vec<String> = state.nodes.values().filter(|it| *it != changed).cloned().collect();
            for host in others {
                for component in ["kubelet-host", "control-plane", "node-lifecycle-controller"] {
                    self.wake_at(self.now + NOTICED_AFTER, cluster, component, &host);
                }
            }
        }
    }

    /// Shows every object to the components again, as informers list anew when their server is back.
    pub(crate) fn resync(&mut self, cluster: ClusterId) {
        let Some(state) = self.clusters.get(cluster) else { return };
        let resources: Vec<_> = state.store.resources().cloned().collect();
        let mut woken: Vec<(&'static str, String)> = Vec::new();
        let mut keys = Vec::new();
        for resource in resources {
            for object in state.store.list(&resource, "") {
                let event = Event::listed(&resource, object);
                for component in components() {
                    (component.woken_by)(self, cluster, &event, &mut keys);
                    woken.extend(keys.drain(..).map(|key| (component.name, key)));
                }
            }
        }
        if let Some(state) = self.clusters.get_mut(cluster) {
            woken.into_iter().for_each(|(component, key)| state.queue.push(component, key));
        }
    }

    /// The store of a cluster is another one now: what was there before is told as deleted, what is there
    /// now as added.
    pub(crate) fn keyspace_replaced(&mut self, cluster: ClusterId) {
        let Some(state) = self.clusters.get_mut(cluster) else { return };
        state.queue.seen = state.store.revision();
        self.resync(cluster);
    }

    fn sync_one(&mut self, cluster: ClusterId) -> bool {
        let Some((name, key)) = self.clusters[cluster].queue.pop() else { return false };
        let Some(component) = by_name(name) else { return true };
        if !self.clusters[cluster].runs(component) {
            // Its process is down, or does not start it. When it is back, a resync shows it everything.
            return true;
        }
        if let Some(again) = (component.sync)(self, cluster, &key) {
            let at = self.now + again;
            if self.clusters[cluster].queue.note_again(component.name, &key, self.now, at) {
                self.wake_at(at, cluster, component.name, &key);
            }
        }
        true
    }
}

impl HostSeen {
    fn is_current(&self, host: &crate::hosts::Host) -> bool {
        self.files.is_same(&host.files)
            && self.units.ptr_eq(&host.units)
            && self.firewall.is_same(&host.firewall)
            && self.up == host.up
    }
}
