//! What runs: pods with their volumes and containers, as values in the [`super::Runtime`].

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::{OrdMap, Vector};

use super::catalog::Image;
use super::published::Files;
use super::script::Vm;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::{ClusterId, Object, Place, World};
use crate::hosts::FileTree;
use crate::sim::SimTime;

/// Lines that are kept of one container's log.
pub(super) const LOG_LINES_MAX: usize = 20_000;

/// Which pod: its cluster and UID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PodId {
    pub(crate) cluster: ClusterId,
    pub(crate) uid: String,
}

impl PodId {
    /// The place inside one of its containers.
    pub(crate) fn place(&self, container: &str) -> Place {
        Place::Container { cluster: self.cluster, pod_uid: self.uid.clone(), container: container.to_owned() }
    }

    pub(crate) fn get<'w>(&self, world: &'w World) -> Option<&'w PodRun> {
        world.clusters.get(self.cluster)?.runtime.pods.get(&self.uid)
    }

    /// To change it: whatever its status was worked out from may be another afterwards.
    pub(super) fn get_mut<'w>(&self, world: &'w mut World) -> Option<&'w mut PodRun> {
        let run = world.clusters.get_mut(self.cluster)?.runtime.pods.get_mut(&self.uid)?;
        run.told = None;
        Some(run)
    }

    pub(crate) fn container<'w>(&self, world: &'w World, name: &str) -> Option<&'w ContainerRun> {
        self.get(world)?.containers.get(name).map(AsRef::as_ref)
    }

    pub(super) fn container_mut<'w>(&self, world: &'w mut World, name: &str) -> Option<&'w mut ContainerRun> {
        self.get_mut(world)?.containers.get_mut(name).map(Arc::make_mut)
    }
}

/// A pod on its node.
#[derive(Clone, Debug)]
pub(crate) struct PodRun {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) node: String,
    /// The machine of the node.
    pub(crate) host: String,
    /// When the kubelet first saw it.
    pub(crate) started: SimTime,
    /// Reason and message when the kubelet would not take it.
    pub(super) rejected: Option<(&'static str, String)>,
    /// Empty until the sandbox is there.
    pub(crate) ip: String,
    pub(super) mounted: bool,
    /// When mounting is tried again, and how often it failed.
    pub(super) retry_at: Option<SimTime>,
    pub(super) failures: u32,
    pub(super) volumes: OrdMap<String, Volume>,
    pub(crate) containers: OrdMap<String, Arc<ContainerRun>>,
    pub(super) stopping: Option<Stopping>,
    /// The pod in the store while its status tells all there is, and the machine's address that it tells.
    pub(super) told: Option<(Object, String)>,
}

impl PodRun {
    /// Whether the pod's volumes or environment show an object, so that a change of it matters.
    pub(super) fn uses(&self, resource: &str, name: &str, cluster: &crate::cluster::Cluster) -> bool {
        let Some(pod) = cluster.store.find("pods", &self.namespace, &self.name) else { return false };
        let waits = self
            .containers
            .values()
            .any(|it| matches!(it.state, State::Waiting { reason: "CreateContainerConfigError", .. }));
        let keys: &[&str] = if resource == "secrets" { &["secretName", "name"] } else { &["name"] };
        let kinds: &[&str] = if resource == "secrets" { &["secret"] } else { &["configMap"] };
        let names = |source: &Value| {
            kinds.iter().any(|kind| {
                source.get(*kind).is_some_and(|it| keys.iter().any(|key| object::field(it, key) == name))
            })
        };
        !self.mounted
            || waits
            || object::list(pod, "/spec/volumes")
                .iter()
                .any(|volume| names(volume) || object::list(volume, "/projected/sources").iter().any(names))
    }

    /// True when the pod uses its machine's network.
    pub(crate) fn on_host_network(&self, world: &World, _cluster: ClusterId) -> bool {
        world.hosts.get(&self.host).is_some_and(|host| host.address == self.ip)
    }
}

/// A pod on its way out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopping {
    /// When SIGTERM was, or will be, sent: after the preStop hooks.
    pub(super) term_at: SimTime,
    pub(super) kill_at: SimTime,
}

/// A volume whose files belong to the pod: emptyDir, configMap, secret, projected …
#[derive(Clone, Debug)]
pub(super) struct Volume {
    pub(super) files: Files,
    /// The objects that it shows something of.
    pub(super) sources: Vec<Option<Object>>,
    /// The revision of the store that its contents were read at, for volumes that follow objects.
    pub(super) revision: u64,
    /// When its contents last changed; tokens in it are as old as that.
    pub(super) issued: SimTime,
}

/// The kinds of containers of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Runs to its end before the next one starts.
    Init,
    /// An init container with `restartPolicy: Always`.
    Sidecar,
    Main,
    Ephemeral,
}

/// A container.
#[derive(Clone, Debug)]
pub(crate) struct ContainerRun {
    pub(crate) role: Role,
    /// As the pod's spec has it.
    pub(crate) spec: Arc<Value>,
    pub(crate) image: Option<&'static Image>,
    pub(crate) state: State,
    /// How the run before ended.
    pub(crate) last: Option<Ended>,
    pub(crate) restarts: u32,
    /// True when the next start counts as a restart.
    pub(super) is_restart: bool,
    /// 64 hex digits; empty before the first run.
    pub(crate) id: String,
    pub(super) files: FileTree,
    pub(super) mounts: Vec<Mount>,
    pub(crate) env: BTreeMap<String, String>,
    pub(super) vm: Option<Vm>,
    /// What the programs of the container use at most, in bytes, beyond the image's usual amount.
    pub(super) extra_memory: u64,
    /// What requests made it do.
    pub(crate) work: super::usage::Work,
    pub(crate) logs: Vector<LogLine>,
    pub(crate) previous_logs: Vector<LogLine>,
    partial: [Vec<u8>; 2],
    pub(crate) ready: bool,
    pub(crate) started: bool,
    pub(super) probes: Vector<ProbeRun>,
    /// When something falls due.
    pub(super) due: Option<SimTime>,
    /// When it is killed after a failed liveness probe.
    pub(super) kill_at: Option<SimTime>,
    pub(super) pull_failures: u32,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// Not running, and why; tried again at `due`.
    Waiting {
        reason: &'static str,
        message: String,
    },
    Pulling {
        since: SimTime,
    },
    Running {
        since: SimTime,
    },
    Ended(Ended),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    /// `Completed`, `Error`, `OOMKilled`, `StartError`.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) started: SimTime,
    pub(crate) finished: SimTime,
    pub(crate) id: String,
}

/// A mount inside a container.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mount {
    /// Where in the container.
    pub(super) path: String,
    pub(super) source: Source,
    /// Where in the source.
    pub(super) inner: String,
    pub(super) read_only: bool,
}

/// Where the files of a mount are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    Volume(String),
    Host(String),
    /// A file system behind the network, by `nfs://server/path` or the like.
    Export(String),
}

/// One line of a container's log.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogLine {
    pub(crate) at: SimTime,
    /// True for standard error.
    pub(crate) err: bool,
    /// Without the line end.
    pub(crate) text: String,
}

/// A probe at work.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ProbeRun {
    pub(super) kind: ProbeKind,
    pub(super) next: SimTime,
    pub(super) successes: i64,
    pub(super) failures: i64,
    /// The last verdict that counted.
    pub(super) passed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProbeKind {
    Startup,
    Liveness,
    Readiness,
}

impl ContainerRun {
    pub(super) fn new(role: Role, spec: Arc<Value>) -> Self {
        Self {
            role,
            spec,
            image: None,
            state: State::Waiting { reason: "ContainerCreating", message: String::new() },
            last: None,
            restarts: 0,
            is_restart: false,
            id: String::new(),
            files: FileTree::default(),
            mounts: Vec::new(),
            env: BTreeMap::new(),
            vm: None,
            extra_memory: 0,
            logs: Vector::new(),
            work: Default::default(),
            previous_logs: Vector::new(),
            partial: [Vec::new(), Vec::new()],
            ready: false,
            started: false,
            probes: Vector::new(),
            due: None,
            kill_at: None,
            pull_failures: 0,
        }
    }

    /// The command line of the first service that runs in it.
    pub(crate) fn served(&self) -> Option<Vec<String>> {
        self.vm.as_ref()?.services().first().map(|it| it.argv.clone())
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    pub(crate) fn ended(&self) -> Option<&Ended> {
        match &self.state {
            State::Ended(ended) => Some(ended),
            _ => None,
        }
    }

    /// Adds to the log; what has no line end yet waits for it.
    pub(super) fn log(&mut self, at: SimTime, err: bool, bytes: &[u8]) {
        let Some(partial) = self.partial.get_mut(usize::from(err)) else { return };
        partial.extend_from_slice(bytes);
        while let Some(end) = partial.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = partial.drain(..=end).collect();
            let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(&line)).into_owned();
            self.logs.push_back(LogLine { at, err, text });
        }
        while self.logs.len() > LOG_LINES_MAX {
            self.logs.pop_front();
        }
    }

    /// Writes out what is left without a line end, when the container ends.
    pub(super) fn flush_log(&mut self, at: SimTime) {
        for err in [false, true] {
            let rest = self.partial.get_mut(usize::from(err)).map(std::mem::take).unwrap_or_default();
            if !rest.is_empty() {
                let text = String::from_utf8_lossy(&rest).into_owned();
                self.logs.push_back(LogLine { at, err, text });
            }
        }
    }
}
