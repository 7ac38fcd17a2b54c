//! Persistent volumes and claims: who gets which, what becomes of them, and what must not go yet.
//!
//! Follows `pkg/controller/volume`. [`claims`] and [`reclaim`] are the two halves of the binder,
//! [`matching`] holds the rules, [`protection`] the finalizers, [`ephemeral`] the claims of pods, and
//! [`local_path`] a provisioner that works where its pod runs.
//!
//! Invariant: knows nothing of nodes; volumes that wait for a consumer are chosen by the scheduler.

pub(crate) mod claims;
pub(crate) mod ephemeral;
pub(crate) mod local_path;
mod matching;
pub(crate) mod protection;
pub(crate) mod reclaim;

use super::hand::Hand;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;

pub(crate) const CLAIMS: &str = "persistentvolumeclaims";
pub(crate) const VOLUMES: &str = "persistentvolumes";
const CLASSES: &str = "storageclasses.storage.k8s.io";

/// The annotation of claims that were bound once.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";

/// The annotation of claims and volumes that were chosen by the binder, not by a person.
const BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";

/// The annotation of claims with the node of their first pod.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// The annotation of volumes with the provisioner that made them.
const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";

/// The source of the binder's events.
const SOURCE: &str = "persistentvolume-controller";

/// The name of a claim's or volume's storage class; empty when there is none.
fn class_of(any: &Value) -> &str {
    let beta = "volume.beta.kubernetes.io/storage-class";
    object::annotation(any, beta).unwrap_or_else(|| object::text(any, "/spec/storageClassName"))
}

/// True when the class of a claim waits for the first pod that uses it.
fn waits_for_consumer(hand: &Hand<'_>, claim: &Value) -> bool {
    let class = hand.get(CLASSES, "", class_of(claim));
    class.is_some_and(|it| object::text(&it, "/volumeBindingMode") == "WaitForFirstConsumer")
}

/// `spec.claimRef` for a claim.
fn claim_reference(claim: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "namespace": object::namespace(claim), "name": object::name(claim), "uid": object::uid(claim),
        "resourceVersion": object::text(claim, "/metadata/resourceVersion"),
    })
}

/// Sets the phase of a volume; a message says why it failed.
fn set_phase(hand: &mut Hand<'_>, volume: &Object, phase: &str, message: &str) -> Result<(), Status> {
    let mut status = volume.get("status").cloned().unwrap_or_else(|| json!({}));
    if object::text(volume, "/status/phase") == phase && object::text(volume, "/status/message") == message {
        return Ok(());
    }
    if object::text(volume, "/status/phase") != phase {
        object::set(&mut status, &["lastPhaseTransitionTime"], hand.now().rfc3339());
    }
    object::set(&mut status, &["phase"], phase);
    if message.is_empty() {
        object::remove(&mut status, &["message"]);
    } else {
        object::set(&mut status, &["message"], message);
    }
    hand.update_status(VOLUMES, volume, status)
}

#[cfg(test)]
mod tests;
