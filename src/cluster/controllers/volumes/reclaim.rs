//! Volumes after their claim: available, bound, released, and what their reclaim policy makes of them.

use std::time::Duration;

use super::{BY_CONTROLLER, CLAIMS, PROVISIONED_BY, SOURCE, VOLUMES, set_phase};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::hand::{Hand, wake_self};
use crate::cluster::engine::{Component, Process};
use crate::cluster::events::{normal, warning};
use crate::cluster::{ClusterId, Event, Object, World};

pub(crate) const VOLUME_BINDER: Component =
    Component { name: "persistent-volume-reclaimer", process: Process::ControllerManager, woken_by, sync };

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, VOLUMES, keys);
    if &*event.key.resource == CLAIMS {
        let volume = object::text(&event.object, "/spec/volumeName");
        if !volume.is_empty() {
            keys.push(volume.to_owned());
        }
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, VOLUME_BINDER.name);
    let volume = hand.at(VOLUMES, key)?;
    match sync_volume(&mut hand, &volume) {
        Ok(()) => {
            hand.forget(key);
            None
        }
        Err(_) => hand.retry(key),
    }
}

fn sync_volume(hand: &mut Hand<'_>, volume: &Object) -> Result<(), Status> {
    let Some(reference) = object::at(volume, "/spec/claimRef") else {
        return set_phase(hand, volume, "Available", "");
    };
    let (namespace, name) = (object::field(reference, "namespace"), object::field(reference, "name"));
    let uid = object::field(reference, "uid");
    if uid.is_empty() {
        return set_phase(hand, volume, "Available", "");
    }
    match hand.get(CLAIMS, namespace, name).filter(|claim| object::uid(claim) == uid) {
        None => release(hand, volume),
        Some(claim) => match object::text(&claim, "/spec/volumeName") {
            // The claim's own sync finishes what was begun here.
            "" => Ok(()),
            other if other == object::name(volume) => set_phase(hand, volume, "Bound", ""),
            _ => unbind(hand, volume),
        },
    }
}

/// The claim is gone.
fn release(hand: &mut Hand<'_>, volume: &Object) -> Result<(), Status> {
    let phase = object::text(volume, "/status/phase");
    if phase == "Failed" {
        return Ok(());
    }
    set_phase(hand, volume, "Released", "")?;
    let Some(volume) = hand.get(VOLUMES, "", object::name(volume)) else { return Ok(()) };
    match object::text(&volume, "/spec/persistentVolumeReclaimPolicy") {
        "Delete" => delete(hand, &volume),
        "Recycle" => recycle(hand, &volume),
        _ => Ok(()),
    }
}

/// The claim took another volume.
fn unbind(hand: &mut Hand<'_>, volume: &Object) -> Result<(), Status> {
    hand.edit(VOLUMES, volume, |volume| {
        if object::annotation(volume, BY_CONTROLLER).is_some() {
            object::remove(volume, &["spec", "claimRef"]);
            object::remove(volume, &["metadata", "annotations", BY_CONTROLLER]);
        } else {
            object::remove(volume, &["spec", "claimRef", "uid"]);
            object::remove(volume, &["spec", "claimRef", "resourceVersion"]);
        }
    })?;
    match hand.get(VOLUMES, "", object::name(volume)) {
        Some(volume) => set_phase(hand, &volume, "Available", ""),
        None => Ok(()),
    }
}

/// Deletes the volume if its plugin can; drivers and provisioners outside delete their own.
fn delete(hand: &mut Hand<'_>, volume: &Object) -> Result<(), Status> {
    let provisioner = object::annotation(volume, PROVISIONED_BY);
    if object::at(volume, "/spec/csi").is_some()
        || provisioner.is_some_and(|it| !it.starts_with("kubernetes.io/"))
    {
        return Ok(());
    }
    match why_not_deletable(volume) {
        None => hand.delete(VOLUMES, volume),
        Some(why) => {
            hand.event_from(SOURCE, volume, warning("VolumeFailedDelete", why.clone()));
            set_phase(hand, volume, "Failed", &why)
        }
    }
}

fn why_not_deletable(volume: &Value) -> Option<String> {
    let path = object::text(volume, "/spec/hostPath/path");
    if object::at(volume, "/spec/hostPath").is_none() {
        let name = object::name(volume);
        return Some(format!(
            "error getting deleter volume plugin for volume {name:?}: no deletable volume plugin matched"
        ));
    }
    let inside = path.strip_prefix("/tmp/").is_some_and(|rest| !rest.is_empty());
    (!inside).then(|| format!("host_path deleter only supports /tmp/.+ but received provided {path}"))
}

/// Empties the volume for the next claim. The pod that does so in reality is not simulated; its end is.
fn recycle(hand: &mut Hand<'_>, volume: &Object) -> Result<(), Status> {
    let recyclable = ["/spec/hostPath", "/spec/nfs"].iter().any(|it| object::at(volume, it).is_some());
    if !recyclable {
        let message = "No recycler plugin found for the volume!";
        hand.event_from(SOURCE, volume, warning("VolumeFailedRecycle", message));
        return set_phase(hand, volume, "Failed", message);
    }
    hand.event_from(SOURCE, volume, normal("VolumeRecycled", "Volume recycled"));
    hand.edit(VOLUMES, volume, |volume| {
        object::remove(volume, &["spec", "claimRef"]);
        object::remove(volume, &["metadata", "annotations", BY_CONTROLLER]);
    })
}
