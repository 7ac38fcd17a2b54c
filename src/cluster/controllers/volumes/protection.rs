//! Finalizers that keep claims while pods use them, and volumes while they are bound.

use std::time::Duration;

use super::{CLAIMS, VOLUMES, claims};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::hand::{Hand, join_key, wake_self};
use crate::cluster::controllers::pods::is_deleting;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};

pub(crate) const CLAIM_PROTECTION: Component = Component {
    name: "pvc-protection-controller",
    process: Process::ControllerManager,
    woken_by: wake_claim,
    sync: sync_claim,
};

pub(crate) const VOLUME_PROTECTION: Component = Component {
    name: "pv-protection-controller",
    process: Process::ControllerManager,
    woken_by: |_, _, event, keys| wake_self(event, VOLUMES, keys),
    sync: sync_volume,
};

fn wake_claim(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, CLAIMS, keys);
    if &*event.key.resource == "pods" {
        let volumes = object::list(&event.object, "/spec/volumes").iter();
        let named = volumes.map(|it| object::text(it, "/persistentVolumeClaim/claimName"));
        keys.extend(named.filter(|it| !it.is_empty()).map(|it| join_key(&event.key.namespace, it)));
    }
}

fn sync_claim(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, CLAIM_PROTECTION.name);
    let claim = hand.at(CLAIMS, key)?;
    let in_use = |pod: &Value| {
        !object::text(pod, "/spec/nodeName").is_empty() && claims::uses(pod, object::name(&claim))
    };
    let used = || hand.store().list("pods", object::namespace(&claim)).any(|pod| in_use(pod));
    let keep = !is_deleting(&claim) || used();
    let kept = protect(&mut hand, CLAIMS, &claim, "kubernetes.io/pvc-protection", keep);
    if kept.is_err() { hand.retry(key) } else { None }
}

fn sync_volume(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, VOLUME_PROTECTION.name);
    let volume = hand.at(VOLUMES, key)?;
    let keep = !is_deleting(&volume) || object::text(&volume, "/status/phase") == "Bound";
    let kept = protect(&mut hand, VOLUMES, &volume, "kubernetes.io/pv-protection", keep);
    if kept.is_err() { hand.retry(key) } else { None }
}

/// Adds a finalizer to an object that is to be kept, and takes it off one that may go.
fn protect(
    hand: &mut Hand<'_>,
    resource: &str,
    object: &Value,
    finalizer: &str,
    keep: bool,
) -> Result<(), Status> {
    let mut finalizers = object::list(object, "/metadata/finalizers").to_vec();
    let there = finalizers.iter().any(|it| it == finalizer);
    if keep == there || (keep && is_deleting(object)) {
        return Ok(());
    }
    if keep {
        finalizers.push(finalizer.into());
    } else {
        finalizers.retain(|it| it != finalizer);
    }
    hand.edit(resource, object, |object| {
        if finalizers.is_empty() {
            object::remove(object, &["metadata", "finalizers"]);
        } else {
            object::set(object, &["metadata", "finalizers"], finalizers);
        }
    })
}
