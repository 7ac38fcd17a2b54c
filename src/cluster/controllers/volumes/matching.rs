//! Which volume suits a claim.

use std::collections::BTreeSet;

use super::class_of;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::Object;
use crate::cluster::controllers::pods::is_deleting;
use crate::cluster::controllers::select::selects;

fn modes(any: &Value) -> BTreeSet<&str> {
    object::list(any, "/spec/accessModes").iter().filter_map(Value::as_str).collect()
}

fn volume_mode(any: &Value) -> &str {
    match object::text(any, "/spec/volumeMode") {
        "" => "Filesystem",
        mode => mode,
    }
}

fn capacity(volume: &Value) -> Quantity {
    Quantity::of(volume.pointer("/spec/capacity/storage"))
}

fn request(claim: &Value) -> Quantity {
    Quantity::of(claim.pointer("/spec/resources/requests/storage"))
}

/// True when the volume is reserved for this very claim, by name or already by UID.
pub(super) fn is_bound_to(volume: &Value, claim: &Value) -> bool {
    let Some(reference) = object::at(volume, "/spec/claimRef") else { return false };
    let uid = object::field(reference, "uid");
    object::field(reference, "name") == object::name(claim)
        && object::field(reference, "namespace") == object::namespace(claim)
        && (uid.is_empty() || uid == object::uid(claim))
}

/// Why a volume that a claim asks for by name does not suit it.
pub(super) fn mismatch(volume: &Value, claim: &Value) -> Option<&'static str> {
    if capacity(volume) < request(claim) {
        return Some("requested PV is too small");
    }
    if class_of(volume) != class_of(claim) {
        return Some("storageClassName does not match");
    }
    if volume_mode(volume) != volume_mode(claim) {
        return Some("incompatible volumeMode");
    }
    (!modes(claim).is_subset(&modes(volume))).then_some("incompatible accessMode")
}

/// The volume for a claim: the one reserved for it, else the smallest free one that suits. Volumes with
/// fewer access modes come first, whatever their size.
pub(super) fn best(volumes: &[Object], claim: &Value, waits: bool) -> Option<Object> {
    let suits = |volume: &&Object| {
        !is_deleting(volume)
            && capacity(volume) >= request(claim)
            && volume_mode(volume) == volume_mode(claim)
            && modes(claim).is_subset(&modes(volume))
    };
    let suitable: Vec<&Object> = volumes.iter().filter(suits).collect();
    if let Some(reserved) = suitable.iter().find(|volume| is_bound_to(volume, claim)) {
        return Some((*reserved).clone());
    }
    if waits {
        return None;
    }
    let selector = object::at(claim, "/spec/selector");
    let free = |volume: &&&Object| {
        object::text(volume, "/status/phase") == "Available"
            && object::at(volume, "/spec/claimRef").is_none()
            && class_of(volume) == class_of(claim)
            && selector.is_none_or(|it| selects(it, volume))
    };
    let free = suitable.iter().filter(free);
    free.min_by(|a, b| (modes(a).len(), capacity(a)).cmp(&(modes(b).len(), capacity(b))))
        .map(|it| (*it).clone())
}
