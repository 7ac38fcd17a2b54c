//! Keeps the processes of static control plane manifests running, as a kubelet does.

use std::sync::Arc;
use std::time::Duration;

use super::start::{self, Start};
use super::{Exit, Instance, PROGRAMS, Phase, Process};
use crate::apimachinery::{object, yaml};
use crate::cluster::{ClusterId, World, etcd};
use crate::hosts::Kind;

/// From a changed manifest to the new container: the kubelet's file watch, the end of the old
/// container and the start of the new one.
const RESTART: Duration = Duration::from_secs(3);
/// The first CrashLoopBackOff wait; each further one doubles it.
///
/// Source: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy>
const BACKOFF_INITIAL: Duration = Duration::from_secs(10);
/// The doubling stops here. Same source.
const BACKOFF_MAX: Duration = Duration::from_secs(300);
/// Where a kubelet looks when its configuration names no directory of static pods.
const CONFIG: &str = "/var/lib/kubelet/config.yaml";

/// Looks at one host of the cluster.
pub(super) fn sync(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    if !world.clusters.get(cluster)?.nodes.values().any(|name| name == host) {
        return None;
    }
    if kubelet_runs(world, host) {
        follow_manifests(world, cluster, host);
    }
    let due = step_instances(world, cluster, host);
    publish(world, cluster);
    due
}

fn kubelet_runs(world: &World, host: &str) -> bool {
    world
        .hosts
        .get(host)
        .is_some_and(|it| it.unit_active("kubelet.service") && it.unit_active("containerd.service"))
}

/// The manifests on a host that run a program of ours, by program.
fn manifests(world: &World, host: &str) -> Vec<(Process, Arc<[u8]>)> {
    let Some(files) = world.hosts.get(host).map(|it| &it.files) else { return Vec::new() };
    let config = files.read_text(CONFIG).ok().and_then(|text| yaml::documents(&text).ok());
    let directory = config.iter().flatten().map(|it| object::text(it, "/staticPodPath")).next().unwrap_or("");
    let listed = files.list(directory).unwrap_or_default();
    let plain = listed.into_iter().filter(|(name, _)| !name.starts_with('.'));
    plain
        .filter_map(|(_, node)| match &node.kind {
            Kind::File(bytes) => Some(bytes.clone()),
            _ => None,
        })
        .filter_map(|bytes| {
            let documents = yaml::documents(&String::from_utf8_lossy(&bytes)).ok()?;
            let process = Process::of_manifest(documents.first()?)?;
            PROGRAMS.contains(&process.program.as_str()).then_some((process, bytes))
        })
        .collect()
}

/// Ends what has no manifest any more and sets up what is new or changed.
fn follow_manifests(world: &mut World, cluster: ClusterId, host: &str) {
    let wanted = manifests(world, host);
    let now = world.now;
    let Some(cluster) = world.clusters.get_mut(cluster) else { return };
    let instances = &mut cluster.control_plane.instances;
    let gone: Vec<(String, String)> = instances
        .keys()
        .filter(|(at, program)| at == host && !wanted.iter().any(|(it, _)| it.program == *program))
        .cloned()
        .collect();
    for key in gone {
        instances.remove(&key);
    }
    for (process, manifest) in wanted {
        let key = (host.to_owned(), process.program.clone());
        let old = instances.get(&key);
        if old.is_some_and(|old| old.manifest == manifest) {
            continue;
        }
        // The first manifests of a machine start at once; a change ends the old container first.
        let at = if old.is_some() { now + RESTART } else { now + RESTART / 3 };
        instances.insert(
            key,
            Instance {
                process,
                manifest,
                phase: Phase::Pending { at },
                restarts: 0,
                log: imbl::Vector::new(),
                previous_log: imbl::Vector::new(),
                last_exit: None,
            },
        );
    }
}

/// Moves every instance of a host on; returns when the next one is due.
fn step_instances(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let keys: Vec<(String, String)> = world
        .clusters
        .get(cluster)?
        .control_plane
        .instances
        .keys()
        .filter(|(at, _)| at == host)
        .cloned()
        .collect();
    let mut next: Option<Duration> = None;
    for key in keys {
        let Some(mut instance) = world.clusters.get(cluster)?.control_plane.instances.get(&key).cloned()
        else {
            continue;
        };
        let due = step(world, cluster, host, &mut instance);
        next = [next, due].into_iter().flatten().min();
        if let Some(cluster) = world.clusters.get_mut(cluster) {
            cluster.control_plane.instances.insert(key, instance);
        }
    }
    next
}

/// Moves one instance on as far as the time allows; returns how long until its next change.
fn step(world: &mut World, cluster: ClusterId, host: &str, instance: &mut Instance) -> Option<Duration> {
    let now = world.now;
    match instance.phase {
        Phase::Pending { at: until } | Phase::BackOff { until } if until > now => Some(until.since(now)),
        Phase::Pending { .. } | Phase::BackOff { .. } => {
            if matches!(instance.phase, Phase::BackOff { .. }) {
                instance.restarts += 1;
            }
            Some(begin(world, cluster, host, instance))
        }
        Phase::Running { ends_at: Some(at), .. } if at > now => Some(at.since(now)),
        Phase::Running { since, serving: false, ends_at: Some(_) } => {
            let code = instance.last_exit.map_or(1, |exit| exit.code);
            instance.last_exit = Some(Exit { code, started: since, finished: now });
            let wait = backoff(instance.restarts);
            instance.phase = Phase::BackOff { until: now + wait };
            Some(wait)
        }
        Phase::Running { since, serving: true, ends_at: Some(_) } => {
            // It was on its way up; now it answers.
            instance.phase = Phase::Running { since, serving: true, ends_at: None };
            None
        }
        Phase::Running { ends_at: None, .. } => None,
    }
}

/// Starts the process; returns how long until it serves or ends.
fn begin(world: &mut World, cluster: ClusterId, host: &str, instance: &mut Instance) -> Duration {
    let now = world.now;
    let started = start::start(world, cluster, host, &instance.process);
    instance.previous_log = std::mem::take(&mut instance.log);
    instance.log.extend(started.log.into_iter().map(|line| (now, line)));
    match started.start {
        Start::Serves { after } => {
            if instance.process.program == "etcd" {
                etcd::open(world, cluster, host, &instance.process);
            }
            instance.phase = Phase::Running { since: now, serving: true, ends_at: None };
            after
        }
        Start::Ends { after, code } => {
            instance.last_exit = Some(Exit { code, started: now, finished: now + after });
            instance.phase = Phase::Running { since: now, serving: false, ends_at: Some(now + after) };
            after
        }
    }
}

fn backoff(restarts: u32) -> Duration {
    BACKOFF_INITIAL.saturating_mul(1 << restarts.min(5)).min(BACKOFF_MAX)
}

/// Tells the engine what is up now; what comes back looks at everything again.
fn publish(world: &mut World, cluster: ClusterId) {
    let Some(plane) = world.clusters.get_mut(cluster).map(|it| &mut it.control_plane) else { return };
    let (_, rose) = plane.refresh();
    if rose {
        world.resync(cluster);
    }
}
