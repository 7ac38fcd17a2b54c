//! Resource quotas: counts afresh what a namespace uses and writes it to each quota's status.
//!
//! Admission books what it lets in; this loop sees what goes, what ends, and quotas that are new.

use std::time::Duration;

use super::hand::{Hand, wake_self};
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::object;
use crate::cluster::api::admission::quota;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, World};

pub(crate) const RESOURCE_QUOTA: Component =
    Component { name: "resourcequota-controller", process: Process::ControllerManager, woken_by, sync };

const QUOTAS: &str = "resourcequotas";

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if &*event.key.resource == QUOTAS {
        wake_self(event, QUOTAS, keys);
        return;
    }
    let Some(cluster) = world.clusters.get(cluster) else { return };
    let namespace = &*event.key.namespace;
    if namespace.is_empty() || cluster.store.count(QUOTAS) == 0 || !frees(event) {
        return;
    }
    let quotas = cluster.store.list(QUOTAS, namespace);
    keys.extend(quotas.map(|quota| format!("{namespace}/{}", object::name(quota))));
}

/// True when the event can lower what is used, or admission did not see it as a write of the object.
fn frees(event: &Event) -> bool {
    let phase = |object: &Value| object::text(object, "/status/phase").to_owned();
    match (event.change, &*event.key.resource) {
        (Change::Deleted, _) => true,
        (Change::Modified, "pods") => {
            event.previous.as_ref().is_none_or(|before| phase(before) != phase(&event.object))
        }
        (Change::Modified, "services" | "persistentvolumeclaims") => true,
        _ => false,
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, RESOURCE_QUOTA.name);
    let found = hand.at(QUOTAS, key)?;
    let hard = found.pointer("/spec/hard").cloned().unwrap_or_default();
    let used: Map = quota::recount(hand.store(), &found)
        .into_iter()
        .map(|(name, amount)| (name, amount.to_string().into()))
        .collect();
    let mut counted = (*found).clone();
    object::set(&mut counted, &["status", "hard"], hard);
    object::set(&mut counted, &["status", "used"], used);
    if counted == *found {
        return None;
    }
    match hand.update_subresource(QUOTAS, "status", counted) {
        Ok(_) => None,
        Err(_) => hand.retry(key),
    }
}
