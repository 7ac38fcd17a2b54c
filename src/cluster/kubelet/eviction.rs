//! What a kubelet does when the disk of its machine fills up: the node says so, and pods that are not
//! critical go, one after the other.

use std::time::Duration;

use super::run::PodId;
use super::{daemon, node, pod, settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::events::{self, Source};
use crate::cluster::load::{self, Disk};
use crate::cluster::{ClusterId, Object, World};
use crate::sim::SimTime;

/// 10 s between two looks. Source: `monitoringInterval` of the kubelet's eviction manager.
const PERIOD: Duration = Duration::from_secs(10);
/// 5 min without pressure before the node says so. Source: `evictionPressureTransitionPeriod`.
const TRANSITION: Duration = Duration::from_secs(300);
/// Thresholds without `evictionHard`, of which the images' one is met first: both are on one disk.
const DEFAULTS: [(&str, &str); 2] = [("nodefs.available", "10%"), ("imagefs.available", "15%")];
/// `system-cluster-critical` and above.
const CRITICAL: i64 = 2_000_000_000;

/// What a kubelet has seen of its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watch {
    /// When there was too little room last.
    short_at: SimTime,
}

/// KiB that are free.
fn free(disk: Disk) -> u64 {
    disk.total.saturating_sub(disk.used)
}

/// Bytes below which a threshold is met; the greatest of all counts.
fn threshold(world: &World, host: &str, disk: Disk) -> u64 {
    let config = settings::of(world, host).config;
    let own = object::at(&config, "/evictionHard").and_then(Value::as_object);
    let of = |text: &str| match text.strip_suffix('%') {
        Some(percent) => percent.parse().ok().map(|it: f64| ((disk.total << 10) as f64 * it / 100.0) as u64),
        None => Quantity::parse(text).ok().and_then(|it| u64::try_from(it.as_int()).ok()),
    };
    let rows = DEFAULTS.iter().filter_map(|(signal, usual)| {
        // Naming any threshold does away with those that are not named.
        let text = own.map_or(Some(*usual), |own| own.get(signal).and_then(Value::as_str))?;
        of(text)
    });
    rows.max().unwrap_or(0)
}

/// Whether a machine's kubelet reports pressure, which lasts for a while after it is over.
pub(super) fn under_pressure(world: &World, cluster: ClusterId, host: &str) -> bool {
    let watch = world.clusters.get(cluster).and_then(|it| it.runtime.disks.get(host));
    watch.is_some_and(|it| world.now.since(it.short_at) < TRANSITION)
}

/// True for pods that a kubelet does not give up.
pub(super) fn is_critical(pod: &Value) -> bool {
    object::annotation(pod, "kubernetes.io/config.mirror").is_some()
        || object::int(pod, "/spec/priority").is_some_and(|it| it >= CRITICAL)
}

/// Looks at the disk of a machine; returns when to look again.
pub(super) fn sync(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let state = world.clusters.get(cluster)?;
    let node = state.nodes.iter().find(|(_, it)| *it == host).map(|(node, _)| node.clone())?;
    if !node::kubelet_runs(world, host) {
        return None;
    }
    let disk = load::disk(world, host);
    let least = threshold(world, host, disk);
    if free(disk) << 10 >= least {
        let watch = *state.runtime.disks.get(host)?;
        let over = watch.short_at + TRANSITION;
        if over > world.now {
            return Some(over.since(world.now));
        }
        world.clusters.get_mut(cluster)?.runtime.disks.remove(host);
        return Some(Duration::ZERO);
    }
    let now = world.now;
    let before =
        world.clusters.get_mut(cluster)?.runtime.disks.insert(host.to_owned(), Watch { short_at: now });
    if before.is_none() {
        begin(world, cluster, host, &node);
        // The condition is written when the node is looked at next.
        return Some(Duration::from_millis(100));
    }
    if before.is_some_and(|it| now.since(it.short_at) < PERIOD && it.short_at != now) {
        // Somebody else woke us.
        let watch = before?;
        world.clusters.get_mut(cluster)?.runtime.disks.insert(host.to_owned(), watch);
        return Some((watch.short_at + PERIOD).since(now));
    }
    evict_one(world, cluster, host, &node, disk, least);
    Some(PERIOD)
}

/// The threshold is met for the first time.
fn begin(world: &mut World, cluster: ClusterId, host: &str, node: &str) {
    let line = "I eviction_manager.go:383] \"Eviction manager: attempting to reclaim\" resourceName=\"ephemeral-storage\"";
    daemon::say(world, host, line);
    let Some(object) = world.clusters.get(cluster).and_then(|it| it.store.find("nodes", "", node)).cloned()
    else {
        return;
    };
    let source = Source { component: "kubelet".into(), host: node.to_owned() };
    let report = events::warning("EvictionThresholdMet", "Attempting to reclaim ephemeral-storage");
    events::record(world, cluster, &source, &object, report);
}

fn evict_one(world: &mut World, cluster: ClusterId, host: &str, node: &str, disk: Disk, least: u64) {
    let Some(state) = world.clusters.get(cluster) else { return };
    let active = |pod: &&Object| {
        !is_critical(pod)
            && !matches!(object::text(pod, "/status/phase"), "Succeeded" | "Failed")
            && object::at(pod, "/metadata/deletionTimestamp").is_none()
    };
    let mut ranked: Vec<Object> = state.store.pods_on(node).filter(active).cloned().collect();
    ranked.sort_by_key(|pod| object::int(pod, "/spec/priority").unwrap_or(0));
    let Some(pod) = ranked.first() else {
        let line = "E eviction_manager.go:608] \"Eviction manager: unable to evict any pods from the node\"";
        daemon::say(world, host, line);
        return;
    };
    let names: Vec<String> = ranked
        .iter()
        .map(|it| format!("{:?}", format!("{}/{}", object::namespace(it), object::name(it))))
        .collect();
    for line in [
        "I eviction_manager.go:394] \"Eviction manager: must evict pod(s) to reclaim\" resourceName=\"ephemeral-storage\"".to_owned(),
        format!("I eviction_manager.go:412] \"Eviction manager: pods ranked for eviction\" pods=[{}]", names.join(",")),
    ] {
        daemon::say(world, host, &line);
    }
    let id = PodId { cluster, uid: object::uid(pod).to_owned() };
    let message = format!(
        "The node was low on resource: ephemeral-storage. Threshold quantity: {least}, available: {}Ki. ",
        free(disk)
    );
    pod::evict(world, &id, pod, &message);
    let name = format!("{}/{}", object::namespace(pod), object::name(pod));
    daemon::say(
        world,
        host,
        &format!("I eviction_manager.go:628] \"Eviction manager: pod is evicted successfully\" pod={name:?}"),
    );
}
