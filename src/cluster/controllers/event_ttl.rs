//! Events live for an hour, as kube-apiserver's `--event-ttl` gives them a lease in etcd.

use std::time::Duration;

use super::hand::{Hand, wake_self};
use super::pods::created_at;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, World};
use crate::sim::SimTime;

pub(crate) const EVENT_TTL: Component =
    Component { name: "event-ttl", process: Process::ApiServer, woken_by, sync };

/// 1 h. Source: kube-apiserver `--event-ttl`.
const TTL: Duration = Duration::from_secs(3_600);

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if event.change != Change::Deleted {
        wake_self(event, "events", keys);
    }
}

/// When the event was written last: every write gives it a new lease.
fn written_at(event: &Value) -> SimTime {
    let times = ["/lastTimestamp", "/series/lastObservedTime", "/eventTime"];
    let latest = times.iter().filter_map(|it| SimTime::parse_rfc3339(object::text(event, it))).max();
    latest.unwrap_or_default().max(created_at(event))
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, EVENT_TTL.name);
    let event = hand.at("events", key)?;
    let age = hand.now().since(written_at(&event));
    if age < TTL {
        return Some(TTL - age);
    }
    // Gone already is as good.
    let _ = hand.delete("events", &event);
    None
}
