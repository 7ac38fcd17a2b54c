//! The kubelet's side of a node: whether it runs, its heartbeat, what it takes.
//!
//! A healthy kubelet renews its lease every 10 s. Writing that down would change the store for ever, so
//! the lease is written when a kubelet comes up and read with [`last_heartbeat`] in between.

use std::time::Duration;

use super::{cni, daemon, eviction, pod};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::{Client, authz};
use crate::cluster::control_plane::leases;
use crate::cluster::events::{self, Source};
use crate::cluster::scheduler::{matching, resources};
use crate::cluster::{Cluster, ClusterId, Object, UserInfo, World};
use crate::sim::SimTime;

/// 10 s between two renewals of a lease. Source: a quarter of `nodeLeaseDurationSeconds`.
const RENEW: u64 = 10;

/// From the start of a kubelet to its first status. Source: recorded logs.
const START: Duration = Duration::from_millis(1_200);

/// When a node's kubelet was last known to be alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beat {
    alive: bool,
    /// When that became so.
    since: SimTime,
}

/// Whether the kubelet of a machine runs, and the container runtime that it needs.
pub(crate) fn kubelet_runs(world: &World, host: &str) -> bool {
    world
        .hosts
        .get(host)
        .is_some_and(|it| it.unit_active("kubelet.service") && it.unit_active("containerd.service"))
        && daemon::will_live(world, host)
}

/// Whether the kubelet of a machine runs, with or without its container runtime.
pub(crate) fn kubelet_process_runs(world: &World, host: &str) -> bool {
    world.hosts.get(host).is_some_and(|it| it.unit_active("kubelet.service"))
        && daemon::will_live(world, host)
}

/// When a node's lease was last renewed; `None` for a node that no kubelet ever spoke for.
pub(crate) fn last_heartbeat(world: &World, cluster: ClusterId, node: &str) -> Option<SimTime> {
    let beat = world.clusters.get(cluster)?.runtime.beats.get(node)?;
    if !beat.alive {
        return Some(beat.since);
    }
    let age = world.now.since(beat.since).as_secs();
    Some(beat.since + Duration::from_secs(age - age % RENEW))
}

/// 300 s between two reports of an unchanged status. Source: `nodeStatusReportFrequency`.
const REPORT: u64 = 300;

/// A lease or a node with the heartbeats up to now; everything else as it is.
pub(crate) fn as_of_now(world: &World, cluster: ClusterId, stored: &Object) -> Object {
    let beat = |node: &str| world.clusters.get(cluster)?.runtime.beats.get(node).filter(|it| it.alive);
    let kind = object::text(stored, "/kind");
    if kind == "Lease" && object::namespace(stored) == "kube-system" {
        return leases::as_of_now(world, cluster, stored);
    }
    let is_lease = kind == "Lease" && object::namespace(stored) == "kube-node-lease";
    if !is_lease && kind != "Node" {
        return stored.clone();
    }
    let Some(beat) = beat(object::name(stored)) else { return stored.clone() };
    let age = world.now.since(beat.since).as_secs();
    let mut fresh = (**stored).clone();
    if is_lease {
        let renewed = beat.since + Duration::from_secs(age - age % RENEW);
        object::set(&mut fresh, &["spec", "renewTime"], renewed.rfc3339_micro());
        return fresh.into();
    }
    let reported = (beat.since + Duration::from_secs(age - age % REPORT)).rfc3339();
    let mut conditions = object::list(stored, "/status/conditions").to_vec();
    for condition in &mut conditions {
        if object::field(condition, "lastHeartbeatTime") < reported.as_str() {
            object::set(condition, &["lastHeartbeatTime"], reported.as_str());
        }
    }
    object::set(&mut fresh, &["status", "conditions"], conditions);
    fresh.into()
}

/// Looks at the kubelet of a machine: notes whether it lives, and speaks for its node when it came up.
pub(super) fn sync(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let state = world.clusters.get(cluster)?;
    let node = state.nodes.iter().find(|(_, it)| *it == host).map(|(node, _)| node.clone())?;
    let alive = kubelet_runs(world, host)
        && state.api_server_up()
        && daemon::is_connected(world, cluster, host)
        && may_speak(state, &node);
    let before = state.runtime.beats.get(&node).copied();
    let now = world.now;
    if before.map(|it| it.alive) == Some(alive) {
        if alive {
            speak(world, cluster, host, &node);
        }
        return None;
    }
    let since = match before {
        // The last renewal was up to 10 s ago.
        Some(_) if !alive => last_heartbeat(world, cluster, &node).unwrap_or(now),
        _ => now,
    };
    world.clusters.get_mut(cluster)?.runtime.beats.insert(node.clone(), Beat { alive, since });
    if alive {
        daemon::tell_start(world, cluster, host);
    }
    if before.is_some_and(|it| it.alive)
        && let Some(line) = daemon::lost_contact(world, cluster, host)
    {
        daemon::say(world, host, &line);
    }
    if alive {
        let health = Health::of(world, cluster, host);
        tell_network(world, host, &health);
        wake_pods(world, cluster, &node);
        return Some(START);
    }
    None
}

/// Whether the API server lets the kubelet of a node renew its lease.
fn may_speak(cluster: &Cluster, node: &str) -> bool {
    let user = UserInfo::new(&format!("system:node:{node}"), &["system:nodes", "system:authenticated"]);
    let attributes = authz::Attributes::of_lease("kube-node-lease", node);
    authz::decide(cluster, &user, &attributes).allowed
}

/// Looks at every pod of a node again.
fn wake_pods(world: &mut World, cluster: ClusterId, node: &str) {
    let now = world.now;
    let keys: Vec<String> = world.clusters.get(cluster).map_or_else(Vec::new, |it| {
        let key =
            |pod: &Object| format!("{}/{}/{}", object::namespace(pod), object::name(pod), object::uid(pod));
        it.store.pods_on(node).map(key).collect()
    });
    for key in keys {
        world.wake_at(now, cluster, "kubelet", &key);
    }
}

/// Writes the lease if it is missing, and the conditions if somebody else changed them.
fn speak(world: &mut World, cluster: ClusterId, host: &str, node: &str) {
    let now = world.now;
    let mut client = Client::as_user(world, cluster, pod::identity(node));
    let Some(object) = client.get("nodes", "", node) else { return };
    if client.get("leases.coordination.k8s.io", "kube-node-lease", node).is_none() {
        let lease = json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {
                "name": node, "namespace": "kube-node-lease",
                "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": node, "uid": object::uid(&object)}],
            },
            "spec": {"holderIdentity": node, "leaseDurationSeconds": 40, "renewTime": now.rfc3339_micro()},
        });
        let _ = client.create("leases.coordination.k8s.io", "kube-node-lease", lease);
    }
    let health = Health::of(world, cluster, host);
    let before = object::list(&object, "/status/conditions");
    let wanted = conditions_of(before, &health, now);
    let said = |all: &[Value]| -> Vec<[String; 4]> {
        let part =
            |it: &Value| ["type", "status", "reason", "message"].map(|key| object::field(it, key).to_owned());
        let mut all: Vec<_> = all.iter().map(part).collect();
        all.sort();
        all
    };
    if said(before) == said(&wanted) {
        return;
    }
    let mut changed = (*object).clone();
    object::set(&mut changed, &["status", "conditions"], wanted.clone());
    let mut client = Client::as_user(world, cluster, pod::identity(node));
    let _ = client.update_subresource("nodes", "status", changed);
    tell_changes(world, cluster, &object, &wanted);
    if before.iter().chain(&wanted).any(|it| object::field(it, "reason") == "KubeletNotReady") {
        wake_pods(world, cluster, node);
    }
    tell_network(world, host, &health);
}

/// Says why the network of pods is not there.
fn tell_network(world: &mut World, host: &str, health: &Health) {
    let Some(why) = &health.network else { return };
    let why = why.trim_start_matches("container runtime network not ready: ");
    let line = format!("I kubelet.go:3277] \"Container runtime network not ready\" networkReady={why:?}");
    daemon::say(world, host, &line);
}

/// The events of conditions that are others now.
fn tell_changes(world: &mut World, cluster: ClusterId, node: &Object, wanted: &[Value]) {
    let status = |all: &[Value], kind: &str| {
        let found = all.iter().find(|it| object::field(it, "type") == kind);
        found.map_or_else(String::new, |it| object::field(it, "status").to_owned())
    };
    let rows = [
        ("DiskPressure", "True", "NodeHasDiskPressure"),
        ("DiskPressure", "False", "NodeHasNoDiskPressure"),
        ("Ready", "True", "NodeReady"),
        ("Ready", "False", "NodeNotReady"),
    ];
    let name = object::name(node);
    for (kind, value, reason) in rows {
        let before = status(object::list(node, "/status/conditions"), kind);
        if status(wanted, kind) != value || before == value || kind != "Ready" && before == "Unknown" {
            continue;
        }
        let source = Source { component: "kubelet".into(), host: name.to_owned() };
        let message = format!("Node {name} status is now: {reason}");
        events::record(world, cluster, &source, node, events::normal(reason, message));
    }
}

/// What a kubelet has to complain about.
#[derive(Clone, Debug, Default)]
pub(super) struct Health {
    /// Why the network of pods is not ready.
    network: Option<String>,
    disk_pressure: bool,
}

impl Health {
    fn of(world: &World, cluster: ClusterId, host: &str) -> Self {
        Self {
            network: cni::complaint(world, host),
            disk_pressure: eviction::under_pressure(world, cluster, host),
        }
    }
}

const CONDITIONS: &[(&str, &str, &str, &str)] = &[
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
];

/// The conditions of a node, with those that others wrote.
pub(super) fn conditions_of(before: &[Value], health: &Health, now: SimTime) -> Vec<Value> {
    let own = CONDITIONS.iter().map(|&(kind, status, reason, message)| {
        let (status, reason, message) = match kind {
            "DiskPressure" if health.disk_pressure => {
                ("True", "KubeletHasDiskPressure", "kubelet has disk pressure")
            }
            "Ready" if health.network.is_some() => {
                ("False", "KubeletNotReady", health.network.as_deref().unwrap_or_default())
            }
            _ => (status, reason, message),
        };
        let same = |it: &&Value| object::field(it, "type") == kind && object::field(it, "status") == status;
        let since = before
            .iter()
            .find(same)
            .map_or_else(|| now.rfc3339(), |it| object::field(it, "lastTransitionTime").to_owned());
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now.rfc3339(), "lastTransitionTime": since,
        })
    });
    let foreign = |it: &&Value| CONDITIONS.iter().all(|(kind, ..)| object::field(it, "type") != *kind);
    before.iter().filter(foreign).cloned().chain(own).collect()
}

/// Why a machine's kubelet has no room for a static pod that asks for `wanted`: reason and message.
///
/// Static control plane pods are critical: everything else on the node would make way, so only what the
/// node does not have at all counts.
pub(crate) fn no_room(
    world: &World,
    cluster: ClusterId,
    host: &str,
    wanted: &resources::Resources,
) -> Option<(&'static str, String)> {
    let state = world.clusters.get(cluster)?;
    let name = state.nodes.iter().find(|(_, it)| *it == host).map(|(node, _)| node)?;
    let node = state.store.find("nodes", "", name)?;
    let all = resources::Resources::of(object::at(node, "/status/allocatable"));
    let rows = [
        ("OutOfcpu", "cpu", wanted.cpu_milli, all.cpu_milli),
        ("OutOfmemory", "memory", wanted.memory, all.memory),
    ];
    let (reason, resource, wanted, all) = rows.into_iter().find(|(_, _, wanted, all)| wanted > all)?;
    let message = format!(
        "Pod was rejected: Node didn't have enough resource: {resource}, requested: {wanted}, used: 0, capacity: {all}"
    );
    Some((reason, message))
}

/// Why a kubelet will not take a pod that was bound to it: reason and message.
pub(super) fn reject(world: &World, cluster: ClusterId, pod: &Object) -> Option<(&'static str, String)> {
    let store = &world.clusters.get(cluster)?.store;
    let name = object::text(pod, "/spec/nodeName");
    let node = store.find("nodes", "", name)?;
    if object::annotation(pod, "kubernetes.io/config.mirror").is_some() {
        return None;
    }
    let host = world.clusters.get(cluster)?.nodes.get(name)?;
    if eviction::under_pressure(world, cluster, host) && !eviction::is_critical(pod) {
        return Some(("Evicted", "The node had condition: [DiskPressure]. ".to_owned()));
    }
    if !matching::required_affinity_matches(pod, node) {
        let why = "Pod was rejected: Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector";
        return Some(("NodeAffinity", why.to_owned()));
    }
    let all = resources::Resources::of(object::at(node, "/status/allocatable"));
    let mut used = resources::Resources::default();
    let others = store.pods_on(name).filter(|it| {
        object::uid(it) != object::uid(pod)
            && !matches!(object::text(it, "/status/phase"), "Succeeded" | "Failed")
    });
    let mut count = 0;
    others.for_each(|it| {
        count += 1;
        used.add(&resources::requests(it));
    });
    let wanted = resources::requests(pod);
    let pods_max = object::text(node, "/status/allocatable/pods").parse().unwrap_or(i64::MAX);
    let rows = [
        ("OutOfpods", "pods", 1, count, pods_max),
        ("OutOfcpu", "cpu", wanted.cpu_milli, used.cpu_milli, all.cpu_milli),
        ("OutOfmemory", "memory", wanted.memory, used.memory, all.memory),
    ];
    let short = rows.into_iter().find(|(_, _, wanted, used, all)| *wanted > 0 && wanted + used > *all)?;
    let (reason, resource, wanted, used, all) = short;
    Some((
        reason,
        format!(
            "Pod was rejected: Node didn't have enough resource: {resource}, requested: {wanted}, used: {used}, capacity: {all}"
        ),
    ))
}
