//! Who owns what: controller references, adoption of orphans and release of what no longer fits.
//!
//! Rules of kube-controller-manager's `controller_ref_manager.go`.

use super::hand::Hand;
use super::pods::is_deleting;
use super::select::selects;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::Object;

/// The owner reference that makes `owner` the controller of an object.
pub(crate) fn controller_ref(owner: &Value) -> Value {
    json!({
        "apiVersion": object::text(owner, "/apiVersion"),
        "kind": object::text(owner, "/kind"),
        "name": object::name(owner),
        "uid": object::uid(owner),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

/// True when `owner` is the controller of `object`.
pub(crate) fn is_controlled_by(object: &Value, owner: &Value) -> bool {
    object::controller_of(object).is_some_and(|it| object::field(it, "uid") == object::uid(owner))
}

/// The objects of `resource` (of `kind`) that belong to `owner`: its own ones that still fit
/// `selector` and the orphans that do, adopted. Its own ones that no longer fit are released.
pub(crate) fn claim(
    hand: &mut Hand<'_>,
    owner: &Value,
    selector: &Value,
    resource: &str,
    kind: &str,
) -> Vec<Object> {
    let mut mine = Vec::new();
    for object in hand.controlled(owner, kind) {
        if fits(&object, selector) {
            mine.push(object);
        } else if !is_deleting(owner) {
            release(hand, owner, resource, &object);
        }
    }
    if !is_deleting(owner) {
        let orphans: Vec<Object> =
            hand.store().orphans(resource, object::namespace(owner)).cloned().collect();
        for orphan in orphans {
            if fits(&orphan, selector) && !is_deleting(&orphan) {
                mine.extend(adopt(hand, owner, resource, &orphan));
            }
        }
    }
    mine
}

fn fits(object: &Value, selector: &Value) -> bool {
    selects(selector, object)
}

fn adopt(hand: &mut Hand<'_>, owner: &Value, resource: &str, orphan: &Value) -> Option<Object> {
    let mut adopted = orphan.clone();
    let mut owners = object::list(orphan, "/metadata/ownerReferences").to_vec();
    owners.retain(|it| object::field(it, "uid") != object::uid(owner));
    owners.push(controller_ref(owner));
    object::set(&mut adopted, &["metadata", "ownerReferences"], owners);
    hand.update(resource, adopted).ok()
}

fn release(hand: &mut Hand<'_>, owner: &Value, resource: &str, object: &Value) {
    let mut released = object.clone();
    let mut owners = object::list(object, "/metadata/ownerReferences").to_vec();
    owners.retain(|it| object::field(it, "uid") != object::uid(owner));
    if owners.is_empty() {
        object::remove(&mut released, &["metadata", "ownerReferences"]);
    } else {
        object::set(&mut released, &["metadata", "ownerReferences"], owners);
    }
    // A pod that vanished meanwhile needs no release.
    let _ = hand.update(resource, released);
}
