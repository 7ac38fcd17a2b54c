//! The world: all machines and clusters of one sitting, at one instant.

use std::ops::{Deref, DerefMut};

use imbl::{OrdMap, Vector};

use super::engine::Workqueue;
use super::{Store, controllers, events, kubelet, scheduler};
use crate::hosts::Host;
use crate::sim::{Chance, SimTime, Timers};

/// Which cluster of the world: its place in [`World::clusters`].
pub(crate) type ClusterId = usize;

/// Everything there is. A clone shares everything with the original until one of them changes.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) now: SimTime,
    pub(crate) chance: Chance,
    pub(crate) hosts: Hosts,
    pub(crate) clusters: Vector<Cluster>,
    pub(crate) timers: Timers<Timer>,
    /// Ports of machines that a running program forwards, in the order they were opened.
    pub(crate) forwards: Vector<super::network::forwards::Forward>,
    /// What the engine last saw of each host.
    pub(crate) hosts_seen: OrdMap<String, super::engine::HostSeen>,
}

/// The machines by name. It notes that somebody reached for one to change it, so that nobody has to compare them all to
/// see that none has changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    all: OrdMap<String, Host>,
    touched: bool,
}

impl Hosts {
    /// Whether one may have changed since this was asked last.
    pub(super) fn take_touched(&mut self) -> bool {
        std::mem::take(&mut self.touched)
    }
}

impl Deref for Hosts {
    type Target = OrdMap<String, Host>;

    fn deref(&self) -> &Self::Target {
        &self.all
    }
}

impl DerefMut for Hosts {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.touched = true;
        &mut self.all
    }
}

impl<'a> IntoIterator for &'a Hosts {
    type Item = (&'a String, &'a Host);
    type IntoIter = <&'a OrdMap<String, Host> as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.all.iter()
    }
}

/// One cluster.
#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    /// What etcd holds, as long as etcd runs.
    pub(crate) store: Store,
    /// Keyspaces of etcd data directories that are not in use, by the id in their `member/snap/db`.
    pub(crate) other_stores: OrdMap<String, (Store, super::etcd_state::Etcd)>,
    /// Every request that the API server answered, oldest first.
    pub(crate) audit: Vector<AuditEvent>,
    pub(crate) queue: Workqueue,
    /// What event recorders remember, to count what repeats.
    pub(crate) recorder: events::Memory,
    /// What the control loops remember outside the store.
    pub(crate) controllers: controllers::Memory,
    /// What the scheduler remembers: its caches and its queue.
    pub(crate) scheduler: scheduler::State,
    /// Node name to host name.
    pub(crate) nodes: OrdMap<String, String>,
    /// What runs on the nodes: containers with their files, states and logs.
    pub(crate) runtime: kubelet::Runtime,
    /// The control plane's own processes.
    pub(crate) control_plane: super::control_plane::ControlPlane,
    /// How kubelets of this cluster behave.
    pub(crate) conduct: Conduct,
    pub(crate) service_cidr: String,
    pub(crate) pod_cidr: String,
    /// `https://172.30.1.2:6443`.
    pub(crate) server: String,
}

/// How the kubelets of a cluster behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// As real ones: containers behave by the image catalogue.
    Kubelet,
    /// As the stand-in behind the recorded sessions: pods run 0.3 s after binding, containers with a
    /// command under restartPolicy Never or OnFailure end after 1 s.
    StandIn,
}

/// Something that falls due in a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Timer {
    pub(crate) cluster: ClusterId,
    /// The name of a row of `super::engine::COMPONENTS`.
    pub(crate) component: &'static str,
    /// What that component is to look at.
    pub(crate) key: String,
}

/// One line of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AuditEvent {
    pub(crate) at: SimTime,
    pub(crate) user: String,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub(crate) verb: String,
    /// Group-resource, as in [`super::Key`].
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) code: u16,
    pub(crate) user_agent: String,
}
