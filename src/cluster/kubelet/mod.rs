//! kubelets and what they run: pods become containers with files, states and logs.
//!
//! A cluster has one of two conducts. [`standin`] is the small program that took the kubelets'
//! place when the console sessions were recorded; the other modules are the real thing.
//!
//! Does not know the shell: what runs inside a container is the business of the behaviours here
//! ([`script`], [`services`]) or of whoever enters it through its [`crate::cluster::Place`].
//!
//! Start with [`pod::sync`], then [`container`], [`run`] (the state), [`catalog`] (the images).

pub(crate) mod access;
pub(crate) mod addresses;
mod agents;
pub(crate) mod catalog;
mod cgroups;
mod client;
pub(crate) mod cni;
mod complaints;
pub(crate) mod container;
pub(crate) mod daemon;
pub(crate) mod endpoint;
mod env;
mod eviction;
pub(crate) mod files;
mod hooks;
pub(crate) mod logs;
pub(crate) mod manifest;
mod mount_log;
mod nginx;
pub(crate) mod node;
mod pi;
mod pod;
mod pod_status;
mod probes;
mod published;
pub(crate) mod register;
pub(crate) mod run;
pub(crate) mod runtime;
mod script;
pub(crate) mod settings;
pub(crate) mod services;
mod standin;
mod static_pods;
mod stats;
pub(crate) mod status;
mod system_files;
#[cfg(test)]
mod tests;
pub(crate) mod usage;
mod volumes;
pub(crate) mod web;

use std::sync::Arc;
use std::time::Duration;

use imbl::{OrdMap, OrdSet};

use super::engine::{Component, Process};
use super::{ClusterId, Conduct, Event, Object, World};
use crate::apimachinery::object;
use crate::hosts::FileTree;
use crate::sim::SimTime;

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[&PODS, &HOSTS];

/// The pod workers of all kubelets of a cluster. A key is `namespace/name/UID` of a pod.
const PODS: Component =
    Component { name: "kubelet", process: Process::Kubelet, woken_by: pods_of, sync: sync_pod };

/// What kubelets do for their machines: heartbeats and static pods. A key is the name of a machine.
const HOSTS: Component =
    Component { name: "kubelet-host", process: Process::Kubelet, woken_by: hosts_of, sync: sync_host };

/// What runs on the nodes of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runtime {
    /// How far the stand-in got with each pod, by UID.
    standin: OrdMap<String, standin::Stage>,
    addresses: addresses::Pool,
    /// By UID. Only `add_pod` and `take_pod` put one in or take one out.
    pub(crate) pods: OrdMap<String, run::PodRun>,
    /// The UIDs of the pods of each machine.
    hosted: OrdMap<String, OrdSet<String>>,
    /// File systems behind the network, by what they are mounted from.
    exports: OrdMap<String, FileTree>,
    /// When each machine got its images, by machine and full name.
    images: OrdMap<(String, String), SimTime>,
    beats: OrdMap<String, node::Beat>,
    /// The kubelets as programs, by machine.
    pub(crate) daemons: OrdMap<String, daemon::Daemon>,
    /// The kubelets of machines, by machine.
    kubelets: OrdMap<String, register::Run>,
    /// How full their disks are, by machine.
    disks: OrdMap<String, eviction::Watch>,
    /// How their container runtimes were started, by machine.
    drivers: OrdMap<String, cgroups::Driver>,
}

impl Runtime {
    /// Whether a machine has an image, by its full name.
    pub(crate) fn has_image(&self, host: &str, image: &str) -> bool {
        self.images.contains_key(&(host.to_owned(), image.to_owned()))
    }

    pub(crate) fn add_image(&mut self, host: &str, image: &str, now: SimTime) {
        self.images.insert((host.to_owned(), image.to_owned()), now);
    }

    /// Takes an image away; false when it was not there.
    pub(crate) fn remove_image(&mut self, host: &str, image: &str) -> bool {
        self.images.remove(&(host.to_owned(), image.to_owned())).is_some()
    }

    /// Full names of a machine's images.
    pub(crate) fn images_of<'a>(&'a self, host: &'a str) -> impl Iterator<Item = &'a str> {
        let from = (host.to_owned(), String::new());
        let mine = self.images.range(from..).take_while(move |((at, _), _)| at == host);
        mine.map(|((_, image), _)| image.as_str())
    }

    /// The pods of a machine, by UID.
    pub(crate) fn pods_of<'a>(&'a self, host: &str) -> impl Iterator<Item = (&'a String, &'a run::PodRun)> {
        self.hosted.get(host).into_iter().flatten().filter_map(|uid| Some((uid, self.pods.get(uid)?)))
    }

    fn add_pod(&mut self, uid: &str, run: run::PodRun) {
        self.hosted.entry(run.host.clone()).or_default().insert(uid.to_owned());
        // Its status was worked out from what it was before.
        self.pods.insert(uid.to_owned(), run::PodRun { told: None, ..run });
    }

    fn take_pod(&mut self, uid: &str) -> Option<run::PodRun> {
        let run = self.pods.remove(uid)?;
        if let Some(hosted) = self.hosted.get_mut(&run.host) {
            hosted.remove(uid);
        }
        Some(run)
    }
}

/// A change to a pod that is, or was, bound to a node concerns that node's kubelet; so does a change of
/// what its volumes show.
fn pods_of(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    match &*event.key.resource {
        "pods" => {
            let bound = !object::text(&event.object, "/spec/nodeName").is_empty();
            if bound && !is_own_word(world, cluster, &event.object) {
                keys.push(format!(
                    "{}/{}/{}",
                    event.key.namespace,
                    event.key.name,
                    object::uid(&event.object)
                ));
            }
        }
        "configmaps" | "secrets" => {
            let Some(state) = world.clusters.get(cluster) else { return };
            let here = state.runtime.pods.iter().filter(|(_, run)| *run.namespace == *event.key.namespace);
            let waiting = here.filter(|(_, run)| run.uses(&event.key.resource, &event.key.name, state));
            keys.extend(waiting.map(|(uid, run)| format!("{}/{}/{uid}", run.namespace, run.name)));
        }
        _ => {}
    }
}

/// Whether a pod is as its kubelet has just written it: what a kubelet says is no news to it.
fn is_own_word(world: &World, cluster: ClusterId, pod: &Object) -> bool {
    let run = world.clusters.get(cluster).and_then(|it| it.runtime.pods.get(object::uid(pod)));
    run.and_then(|it| it.told.as_ref()).is_some_and(|(told, _)| Arc::ptr_eq(told, pod))
}

fn sync_pod(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut parts = key.splitn(3, '/');
    let (namespace, name, uid) = (parts.next()?, parts.next()?, parts.next()?);
    match world.clusters.get(cluster)?.conduct {
        Conduct::StandIn => standin::sync(world, cluster, namespace, name, uid),
        Conduct::Kubelet => pod::sync(world, cluster, namespace, name, uid),
    }
}

/// A node that somebody changed is spoken for by its kubelet again.
fn hosts_of(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let hosts = world.clusters.get(cluster).map(|it| &it.nodes);
    match &*event.key.resource {
        "nodes" => keys.extend(hosts.and_then(|it| it.get(&*event.key.name)).cloned()),
        "pods" if object::annotation(&event.object, "kubernetes.io/config.mirror").is_some() => {
            let node = object::text(&event.object, "/spec/nodeName");
            keys.extend(hosts.and_then(|it| it.get(node)).cloned());
        }
        _ => {}
    }
}

/// The main process of a running container ends with a code, as when somebody on the machine kills it; its
/// kubelet then does what the pod's restart policy says.
pub(crate) fn end_container(world: &mut World, id: &run::PodId, name: &str, code: i32) {
    let Some(run) = id.get(world) else { return };
    let (namespace, pod_name) = (run.namespace.clone(), run.name.clone());
    let state = world.clusters.get(id.cluster);
    let Some(pod) = state.and_then(|it| it.store.find("pods", &namespace, &pod_name)).cloned() else {
        return;
    };
    if !id.container(world, name).is_some_and(run::ContainerRun::is_running) {
        return;
    }
    let job = container::Job { id, pod: &pod, name };
    container::end(world, &job, code, if code == 0 { "Completed" } else { "Error" }, String::new());
    let now = world.now;
    world.wake_at(now, id.cluster, PODS.name, &format!("{namespace}/{pod_name}/{}", id.uid));
}

fn sync_host(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    if world.clusters.get(cluster)?.conduct == Conduct::StandIn {
        return None;
    }
    let daemon = daemon::sync(world, cluster, host);
    let registered = register::sync(world, cluster, host);
    let beat = node::sync(world, cluster, host);
    let pods = static_pods::sync(world, cluster, host);
    let evicted = eviction::sync(world, cluster, host);
    let restarted = cgroups::sync(world, cluster, host);
    let pods = pods.into_iter().chain(evicted).chain(restarted).min();
    daemon.into_iter().chain(registered).chain(beat).chain(pods).min()
}
