//! The control plane's own processes: etcd, kube-apiserver, kube-controller-manager, kube-scheduler.
//!
//! Nothing here is told whether it works. A process starts from its static pod manifest on its host,
//! and runs because its flags parse, the files they name exist inside the mounts, certificates fit,
//! and what it depends on answers. Otherwise it ends with the real log line and is started again
//! after the kubelet's back-off.
//!
//! Knows nothing of pods as API objects: mirror pods are the kubelet's.

pub(crate) mod flags;
mod image;
mod inside;
pub(crate) mod leases;
mod probe;
pub(crate) mod process;
mod programs;
pub(crate) mod script;
mod start;
mod supervise;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use imbl::{OrdMap, OrdSet, Vector};

use super::api::connect::Endpoint;
use super::controllers::options::switched_off;
use super::engine::{Component, Process as Owner};
use super::etcd_state::Etcd;
use super::world::Conduct;
use super::{Cluster, ClusterId, Event, World};
use crate::sim::SimTime;

pub(crate) use probe::is_ready;
pub(crate) use process::Process;
pub(crate) use start::{endpoint, start as start_program};

/// The programs that this module runs.
pub(crate) const PROGRAMS: &[&str] = &["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/// The supervisor of static control plane processes, one key a host.
const SUPERVISOR: Component =
    Component { name: "control-plane", process: Owner::Kubelet, woken_by: never, sync: supervise::sync };

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[&SUPERVISOR];

/// Hosts wake it, not objects: see `engine::WOKEN_BY_HOSTS`.
fn never(_world: &World, _cluster: ClusterId, _event: &Event, _keys: &mut Vec<String>) {}

/// The processes of a cluster's control plane, by host and the name of their static pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct ControlPlane {
    /// Keys are host and pod name, as the manifest has it.
    pub(crate) instances: OrdMap<(String, String), Instance>,
    /// Which owners of components run now. Kept by the supervisor, read at every sync.
    up: Up,
    /// Components that the controller manager does not start.
    off: OrdSet<&'static str>,
    /// Manifests that cannot be used, by host and path: what is wrong, and when it is said again.
    complaints: OrdMap<(String, String), (String, SimTime)>,
    /// The id of the etcd data directory that [`Cluster::store`] belongs to.
    pub(crate) database: String,
    /// What etcd keeps besides the keys.
    pub(crate) etcd: Etcd,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Up {
    etcd: bool,
    api_server: bool,
    controller_manager: bool,
    scheduler: bool,
    /// How many schedulers lead; each may have profiles of its own.
    schedulers: usize,
}

/// One static control plane process.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    /// What the manifest says, as it was when the process was started.
    pub(crate) process: Process,
    /// Configuration files by the flags that name them, as the process read them when it started.
    pub(crate) kept: OrdMap<&'static str, Arc<crate::apimachinery::json::Value>>,
    /// The manifest's bytes, to see that it changed.
    manifest: Arc<[u8]>,
    /// All manifests of that pod that were there; one of several waits its turn.
    seen: Vec<Arc<[u8]>>,
    pub(crate) phase: Phase,
    /// How often it was started again.
    pub(crate) restarts: u32,
    /// Standard error, oldest first, of the current and of the previous run.
    pub(crate) log: Vector<(SimTime, String)>,
    pub(crate) previous_log: Vector<(SimTime, String)>,
    /// Lines that it will have written by then.
    coming: Vector<(SimTime, String)>,
    /// How the previous run ended.
    pub(crate) last_exit: Option<Exit>,
    /// What the runtime or the kubelet says about a container that waits or could not start.
    pub(crate) message: String,
    pull_failures: u32,
    /// The checkpoint of its script where it hangs, and when it tries again.
    hangs_at: Option<&'static str>,
    retry_at: SimTime,
    /// Since when a leader cannot renew its lease.
    lost_since: Option<SimTime>,
    /// Since when its liveness probe fails.
    unhealthy_since: Option<SimTime>,
    /// What the probe said that had it killed last, and when.
    pub(crate) killed: Option<(SimTime, String)>,
    /// The API server that it talks to, as its kubeconfig was when it came up.
    endpoint: Option<Arc<Endpoint>>,
}

/// What an instance is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The container is created at `at`.
    Pending { at: SimTime },
    /// It cannot be created yet: `ErrImagePull`, `ImagePullBackOff`, `InvalidImageName`.
    Waiting { reason: &'static str, until: SimTime },
    /// The kubelet does not take it: `OutOfcpu`.
    Rejected { reason: &'static str },
    /// It runs since `since`; it serves when `serving`. One that will end knows when.
    Running { since: SimTime, serving: bool, ends_at: Option<SimTime> },
    /// CrashLoopBackOff until `until`.
    BackOff { until: SimTime },
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) code: i32,
    pub(crate) started: SimTime,
    pub(crate) finished: SimTime,
    /// `Error`, `Completed`, `StartError`.
    pub(crate) reason: &'static str,
}

impl Instance {
    /// True when it runs and answers.
    pub(crate) fn serves(&self) -> bool {
        matches!(self.phase, Phase::Running { serving: true, .. })
    }

    /// True when it serves and holds its lease, if it needs one.
    pub(crate) fn leads(&self) -> bool {
        self.serves() && self.lost_since.is_none()
    }

    /// True when it holds its ports: it serves, or it is up and waits for something.
    pub(crate) fn listens(&self) -> bool {
        self.serves() || matches!(self.phase, Phase::Running { ends_at: None, .. })
    }
}

impl Cluster {
    /// True when components of `owner` run. A cluster of stand-ins has all of them running.
    pub(crate) fn is_up(&self, owner: Owner) -> bool {
        if self.conduct == Conduct::StandIn {
            return true;
        }
        let up = self.control_plane.up;
        match owner {
            Owner::ControllerManager => up.api_server && up.controller_manager,
            Owner::Scheduler => up.api_server && up.scheduler,
            Owner::ApiServer | Owner::Addon => up.api_server,
            Owner::Kubelet => true,
        }
    }

    /// True when a component works: its process runs, and starts it.
    pub(crate) fn runs(&self, component: &Component) -> bool {
        self.is_up(component.process) && !self.control_plane.off.contains(component.name)
    }

    /// True when an API server answers, which needs its etcd.
    pub(crate) fn api_server_up(&self) -> bool {
        self.is_up(Owner::ApiServer)
    }

    /// True while a process of the control plane does not do its work and may yet do it: its container is
    /// made, waits in its back-off, or starts.
    pub(crate) fn is_coming_back(&self) -> bool {
        let idle = |it: &Instance| !it.leads() && !matches!(it.phase, Phase::Rejected { .. });
        self.conduct == Conduct::Kubelet && self.control_plane.instances.values().any(idle)
    }

    /// The process of a program that serves on a machine.
    pub(crate) fn serving_on(&self, host: &str, program: &str) -> Option<&Instance> {
        let mut all = self.control_plane.instances.iter();
        all.find(|((at, _), it)| at == host && it.process.program == program && it.serves()).map(|(_, it)| it)
    }

    /// The host and process of a program that serves now.
    pub(crate) fn serving(&self, program: &str) -> Option<(&str, &Instance)> {
        let mut all = self.control_plane.instances.iter();
        all.find(|(_, instance)| instance.process.program == program && instance.serves())
            .map(|((host, _), instance)| (host.as_str(), instance))
    }
}

impl World {
    /// The API server that serves writes lines into its log, rendered when they begin with a level.
    pub(crate) fn api_server_says(&mut self, cluster: ClusterId, lines: &str) {
        let now = self.now;
        let Some(state) = self.clusters.get_mut(cluster) else { return };
        let mut all = state.control_plane.instances.iter();
        let serving = all.find(|(_, it)| it.process.program == "kube-apiserver" && it.serves());
        let Some(key) = serving.map(|(key, _)| key.clone()) else { return };
        if let Some(instance) = state.control_plane.instances.get_mut(&key) {
            instance.log.extend(lines.lines().map(|line| (now, script::render(line, now, 1))));
        }
        // The runtime's copy of the log follows.
        self.wake_at(now + std::time::Duration::from_millis(20), cluster, "kubelet-host", &key.0);
    }
}

impl ControlPlane {
    /// A process that runs ends with a code: its container is made anew at once, as after any first end.
    pub(crate) fn end(&mut self, host: &str, program: &str, code: i32, now: SimTime) {
        let Some(instance) = self.instances.get_mut(&(host.to_owned(), program.to_owned())) else { return };
        let Phase::Running { since, .. } = instance.phase else { return };
        let reason = if code == 0 { "Completed" } else { "Error" };
        instance.last_exit = Some(Exit { code, started: since, finished: now, reason });
        instance.hangs_at = None;
        instance.restarts += 1;
        instance.phase = Phase::Pending { at: now + std::time::Duration::from_secs(1) };
    }

    /// The bytes of the manifest that a static pod of a host runs by.
    pub(crate) fn manifest_of(&self, host: &str, pod: &str) -> Option<&Arc<[u8]>> {
        self.instances.get(&(host.to_owned(), pod.to_owned())).map(|it| &it.manifest)
    }

    /// True when the etcd member of this id runs and answers.
    pub(crate) fn member_serves(&self, id: u64) -> bool {
        let host = self.etcd.member(id).map_or("", |it| it.host.as_str());
        self.instances.iter().any(|((at, _), it)| at == host && it.process.program == "etcd" && it.serves())
    }

    /// True when most of the voting members serve; without that nothing is read or written.
    pub(crate) fn quorum(&self) -> bool {
        let voters: Vec<u64> = self.etcd.members.iter().filter(|it| !it.learner).map(|it| it.id).collect();
        let there = voters.iter().filter(|id| self.member_serves(**id)).count();
        voters.is_empty() || there > voters.len() / 2
    }

    /// A leader that is gone is followed by another member, as long as there is a quorum.
    fn elect(&mut self) {
        if self.etcd.leader != 0 && !self.quorum() {
            self.etcd.leader = 0;
            return;
        }
        if self.etcd.leader != 0 && self.member_serves(self.etcd.leader) {
            return;
        }
        let next =
            self.etcd.members.iter().find(|it| !it.learner && self.member_serves(it.id)).map(|it| it.id);
        if let Some(id) = next.filter(|_| self.quorum()) {
            self.etcd.leader = id;
            self.etcd.term += 1;
        }
    }

    /// Looks at all instances and says whether anything came up or went down. API servers of the machines
    /// `cut_off` do not reach their etcd.
    fn refresh(&mut self, cut_off: &[String]) -> (bool, bool) {
        self.elect();
        let serves =
            |program: &str| self.instances.values().any(|it| it.process.program == program && it.serves());
        let leads = |program: &str| {
            let mut all = self.instances.values();
            all.any(|it| it.process.program == program && it.leads())
        };
        let etcd = serves("etcd") && self.quorum();
        let answers = self.instances.iter().any(|((host, _), it)| {
            it.process.program == "kube-apiserver" && it.serves() && !cut_off.contains(host)
        });
        let now = Up {
            etcd,
            api_server: etcd && answers,
            controller_manager: leads("kube-controller-manager"),
            scheduler: leads("kube-scheduler"),
            schedulers: self
                .instances
                .values()
                .filter(|it| it.process.program == "kube-scheduler" && it.leads())
                .count(),
        };
        let changed = now != self.up;
        let rose = (now.api_server && !self.up.api_server)
            || (now.controller_manager && !self.up.controller_manager)
            || now.schedulers > self.up.schedulers;
        if now.controller_manager {
            let mut all = self.instances.values().filter(|it| it.serves());
            let process = all.find(|it| it.process.program == "kube-controller-manager");
            self.off = process.map(|it| switched_off(&it.process)).unwrap_or_default();
        }
        self.up = now;
        (changed, rose)
    }
}
