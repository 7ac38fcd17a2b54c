//! Claims find their volumes.

use std::time::Duration;

use super::{
    BIND_COMPLETED, BY_CONTROLLER, CLAIMS, CLASSES, SELECTED_NODE, SOURCE, VOLUMES, claim_reference,
    class_of, matching, set_phase, waits_for_consumer,
};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::hand::{Hand, join_key, wake_self};
use crate::cluster::controllers::pods::is_ended;
use crate::cluster::engine::{Component, Process};
use crate::cluster::events::{Report, normal, warning};
use crate::cluster::{ClusterId, Event, Object, World};

pub(crate) const CLAIM_BINDER: Component =
    Component { name: "persistent-volume-binder", process: Process::ControllerManager, woken_by, sync };

/// 15 s after which a claim without a volume is looked at again. Source: `--pvclaimbinder-sync-period`.
const RESYNC: Duration = Duration::from_secs(15);

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, CLAIMS, keys);
    if &*event.key.resource == VOLUMES {
        let reference = object::at(&event.object, "/spec/claimRef");
        if let Some(it) = reference {
            keys.push(join_key(object::field(it, "namespace"), object::field(it, "name")));
        } else if object::text(&event.object, "/status/phase") == "Available" {
            let claims = world.clusters[cluster].store.list(CLAIMS, "");
            let open = claims.filter(|it| object::text(it, "/status/phase") != "Bound");
            keys.extend(open.map(|it| join_key(object::namespace(it), object::name(it))));
        }
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, CLAIM_BINDER.name);
    let Some(claim) = hand.at(CLAIMS, key) else {
        hand.forget(key);
        return None;
    };
    let done = if object::annotation(&claim, BIND_COMPLETED).is_some() {
        sync_bound(&mut hand, &claim)
    } else {
        sync_unbound(&mut hand, &claim)
    };
    match done {
        Ok(bound) => {
            hand.forget(key);
            (!bound).then_some(RESYNC)
        }
        Err(_) => hand.retry(key),
    }
}

fn tell(hand: &mut Hand<'_>, claim: &Value, report: Report<'_>) {
    hand.event_from(SOURCE, claim, report);
}

/// A claim that has never been bound; true when it is now.
fn sync_unbound(hand: &mut Hand<'_>, claim: &Object) -> Result<bool, Status> {
    let wanted = object::text(claim, "/spec/volumeName");
    if wanted.is_empty() {
        let volumes = hand.list(VOLUMES, "");
        let waits = waits_for_consumer(hand, claim);
        return match matching::best(&volumes, claim, waits) {
            Some(volume) => bind(hand, &volume, claim).map(|()| true),
            None => wait_for_volume(hand, claim, waits).map(|()| false),
        };
    }
    let Some(volume) = hand.get(VOLUMES, "", wanted) else {
        return pend(hand, claim).map(|()| false);
    };
    if object::at(&volume, "/spec/claimRef").is_none() {
        let Some(why) = matching::mismatch(&volume, claim) else {
            return bind(hand, &volume, claim).map(|()| true);
        };
        let message = format!("Cannot bind to requested volume {wanted:?}: {why}");
        tell(hand, claim, warning("VolumeMismatch", message));
    } else if matching::is_bound_to(&volume, claim) {
        return bind(hand, &volume, claim).map(|()| true);
    } else if object::annotation(claim, BY_CONTROLLER).is_none() {
        let message = format!("volume {wanted:?} already bound to a different claim.");
        tell(hand, claim, warning("FailedBinding", message));
    }
    pend(hand, claim).map(|()| false)
}

fn pend(hand: &mut Hand<'_>, claim: &Object) -> Result<(), Status> {
    let phase = object::text(claim, "/status/phase");
    if phase == "Pending" { Ok(()) } else { hand.update_status(CLAIMS, claim, json!({"phase": "Pending"})) }
}

/// No volume is there: one is waited for, or asked for.
fn wait_for_volume(hand: &mut Hand<'_>, claim: &Object, waits: bool) -> Result<(), Status> {
    if waits && object::annotation(claim, SELECTED_NODE).is_none() {
        let report = match unscheduled_pods(hand, claim).as_slice() {
            [] => normal("WaitForFirstConsumer", "waiting for first consumer to be created before binding"),
            [one] => normal("WaitForPodScheduled", format!("waiting for pod {one} to be scheduled")),
            many => {
                normal("WaitForPodScheduled", format!("waiting for pods {} to be scheduled", many.join(",")))
            }
        };
        tell(hand, claim, report);
    } else if !class_of(claim).is_empty() {
        provision(hand, claim)?;
    } else {
        let message = "no persistent volumes available for this claim and no storage class is set";
        tell(hand, claim, normal("FailedBinding", message));
    }
    let claim =
        hand.get(CLAIMS, object::namespace(claim), object::name(claim)).unwrap_or_else(|| claim.clone());
    pend(hand, &claim)
}

/// Pods that use a claim and have no node yet.
fn unscheduled_pods(hand: &Hand<'_>, claim: &Value) -> Vec<String> {
    let pods = hand.store().list("pods", object::namespace(claim));
    let waiting = pods.filter(|pod| object::text(pod, "/spec/nodeName").is_empty() && !is_ended(pod));
    waiting.filter(|pod| uses(pod, object::name(claim))).map(|pod| object::name(pod).to_owned()).collect()
}

/// True when a pod mounts a claim.
pub(super) fn uses(pod: &Value, claim: &str) -> bool {
    let ephemeral = |volume: &Value| {
        volume.get("ephemeral").is_some()
            && format!("{}-{}", object::name(pod), object::field(volume, "name")) == claim
    };
    let named = |volume: &Value| object::text(volume, "/persistentVolumeClaim/claimName") == claim;
    object::list(pod, "/spec/volumes").iter().any(|volume| named(volume) || ephemeral(volume))
}

/// Asks the provisioner of the claim's class for a volume.
fn provision(hand: &mut Hand<'_>, claim: &Object) -> Result<(), Status> {
    let name = class_of(claim);
    let Some(class) = hand.get(CLASSES, "", name) else {
        let message = format!("storageclass.storage.k8s.io {name:?} not found");
        tell(hand, claim, warning("ProvisioningFailed", message));
        return Ok(());
    };
    let provisioner = object::text(&class, "/provisioner").to_owned();
    if provisioner.starts_with("kubernetes.io/") {
        let message = format!("no volume plugin matched name: {provisioner}");
        tell(hand, claim, warning("ProvisioningFailed", message));
        return Ok(());
    }
    hand.edit(CLAIMS, claim, |claim| {
        for key in
            ["volume.beta.kubernetes.io/storage-provisioner", "volume.kubernetes.io/storage-provisioner"]
        {
            object::set(claim, &["metadata", "annotations", key], provisioner.as_str());
        }
    })?;
    let message = format!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system \
         administrator. If volume creation is delayed, please verify that the provisioner is running and correctly \
         registered."
    );
    tell(hand, claim, normal("ExternalProvisioning", message));
    Ok(())
}

/// Ties a volume and a claim to each other, step by step as the real loop does.
fn bind(hand: &mut Hand<'_>, volume: &Object, claim: &Object) -> Result<(), Status> {
    hand.edit(VOLUMES, volume, |volume| {
        let reserved = object::at(volume, "/spec/claimRef").is_some();
        if object::text(volume, "/spec/claimRef/uid") != object::uid(claim) {
            object::set(volume, &["spec", "claimRef"], claim_reference(claim));
        }
        if !reserved {
            object::set(volume, &["metadata", "annotations", BY_CONTROLLER], "yes");
        }
    })?;
    let Some(bound) = hand.get(VOLUMES, "", object::name(volume)) else { return Ok(()) };
    set_phase(hand, &bound, "Bound", "")?;
    hand.edit(CLAIMS, claim, |claim| {
        if object::text(claim, "/spec/volumeName").is_empty() {
            object::set(claim, &["spec", "volumeName"], object::name(volume));
            object::set(claim, &["metadata", "annotations", BY_CONTROLLER], "yes");
        }
        object::set(claim, &["metadata", "annotations", BIND_COMPLETED], "yes");
    })?;
    let Some(claim) = hand.get(CLAIMS, object::namespace(claim), object::name(claim)) else { return Ok(()) };
    let mut status = claim.get("status").cloned().unwrap_or_else(|| json!({}));
    object::set(&mut status, &["phase"], "Bound");
    object::set(
        &mut status,
        &["accessModes"],
        volume.pointer("/spec/accessModes").cloned().unwrap_or_default(),
    );
    if object::text(&claim, "/status/phase") != "Bound" {
        object::set(
            &mut status,
            &["capacity"],
            volume.pointer("/spec/capacity").cloned().unwrap_or_default(),
        );
    }
    hand.update_status(CLAIMS, &claim, status)
}

/// A claim that was bound once; its volume may be gone or another's.
fn sync_bound(hand: &mut Hand<'_>, claim: &Object) -> Result<bool, Status> {
    let name = object::text(claim, "/spec/volumeName");
    if name.is_empty() {
        let message = "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!";
        return lose(hand, claim, "ClaimLost", message).map(|()| true);
    }
    let Some(volume) = hand.get(VOLUMES, "", name) else {
        let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        return lose(hand, claim, "ClaimLost", message).map(|()| true);
    };
    let taken_by = object::text(&volume, "/spec/claimRef/uid");
    if object::at(&volume, "/spec/claimRef").is_some() && taken_by != object::uid(claim) {
        let message = "Two claims are bound to the same volume, this one is bound incorrectly";
        return lose(hand, claim, "ClaimMisbound", message).map(|()| true);
    }
    bind(hand, &volume, claim).map(|()| true)
}

fn lose(hand: &mut Hand<'_>, claim: &Object, reason: &str, message: &str) -> Result<(), Status> {
    if object::text(claim, "/status/phase") == "Lost" {
        return Ok(());
    }
    hand.update_status(CLAIMS, claim, json!({"phase": "Lost"}))?;
    tell(hand, claim, warning(reason, message));
    Ok(())
}
