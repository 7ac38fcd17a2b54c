//! Rows of volumes, claims, classes and CSI objects.

use super::cells::{access_modes, age, or};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{annotation, at, field, flag, list, name, text};
use crate::sim::SimTime;

/// The class of a volume or claim: the old annotation wins over the field.
fn class(object: &Value) -> &str {
    annotation(object, "volume.beta.kubernetes.io/storage-class")
        .unwrap_or_else(|| text(object, "/spec/storageClassName"))
}

fn phase(object: &Value) -> &str {
    if at(object, "/metadata/deletionTimestamp").is_some() {
        return "Terminating";
    }
    text(object, "/status/phase")
}

/// NAME, CAPACITY, ACCESS MODES, RECLAIM POLICY, STATUS, CLAIM, STORAGECLASS, VOLUMEATTRIBUTESCLASS,
/// REASON, AGE; wide: VOLUMEMODE.
pub(super) fn volume(it: &Value, now: SimTime) -> Vec<Value> {
    let claim = at(it, "/spec/claimRef")
        .map(|to| format!("{}/{}", field(to, "namespace"), field(to, "name")))
        .unwrap_or_default();
    vec![
        name(it).into(),
        or(text(it, "/spec/capacity/storage"), "0").into(),
        access_modes(it, "/spec/accessModes").into(),
        text(it, "/spec/persistentVolumeReclaimPolicy").into(),
        phase(it).into(),
        claim.into(),
        class(it).into(),
        or(text(it, "/spec/volumeAttributesClassName"), "<unset>").into(),
        text(it, "/status/reason").into(),
        age(it, now),
        or(text(it, "/spec/volumeMode"), "<unset>").into(),
    ]
}

/// NAME, STATUS, VOLUME, CAPACITY, ACCESS MODES, STORAGECLASS, VOLUMEATTRIBUTESCLASS, AGE; wide: VOLUMEMODE.
pub(super) fn claim(it: &Value, now: SimTime) -> Vec<Value> {
    let volume = text(it, "/spec/volumeName");
    let (capacity, modes) = match volume {
        "" => (String::new(), String::new()),
        _ => {
            let capacity = or(text(it, "/status/capacity/storage"), "0").to_owned();
            (capacity, access_modes(it, "/status/accessModes"))
        }
    };
    vec![
        name(it).into(),
        phase(it).into(),
        volume.into(),
        capacity.into(),
        modes.into(),
        class(it).into(),
        or(text(it, "/spec/volumeAttributesClassName"), "<unset>").into(),
        age(it, now),
        or(text(it, "/spec/volumeMode"), "<unset>").into(),
    ]
}

/// NAME (with a mark on the default), PROVISIONER, RECLAIMPOLICY, VOLUMEBINDINGMODE, ALLOWVOLUMEEXPANSION, AGE.
pub(super) fn storage_class(it: &Value, now: SimTime) -> Vec<Value> {
    const DEFAULT: [&str; 2] =
        ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];
    let marked = DEFAULT.iter().any(|key| annotation(it, key) == Some("true"));
    let shown = if marked { format!("{} (default)", name(it)) } else { name(it).to_owned() };
    vec![
        shown.into(),
        text(it, "/provisioner").into(),
        or(text(it, "/reclaimPolicy"), "Delete").into(),
        or(text(it, "/volumeBindingMode"), "Immediate").into(),
        flag(it, "/allowVolumeExpansion").into(),
        age(it, now),
    ]
}

/// NAME, ATTACHREQUIRED, PODINFOONMOUNT, STORAGECAPACITY, TOKENREQUESTS, REQUIRESREPUBLISH, MODES, AGE.
pub(super) fn csi_driver(it: &Value, now: SimTime) -> Vec<Value> {
    let attach = at(it, "/spec/attachRequired").and_then(Value::as_bool).unwrap_or(true);
    let tokens = match at(it, "/spec/tokenRequests") {
        None => "<unset>".to_owned(),
        Some(_) => joined(it, "/spec/tokenRequests", |token| field(token, "audience")),
    };
    let modes = joined(it, "/spec/volumeLifecycleModes", |mode| mode.as_str().unwrap_or(""));
    vec![
        name(it).into(),
        attach.into(),
        flag(it, "/spec/podInfoOnMount").into(),
        flag(it, "/spec/storageCapacity").into(),
        tokens.into(),
        flag(it, "/spec/requiresRepublish").into(),
        or(&modes, "<none>").into(),
        age(it, now),
    ]
}

fn joined(tree: &Value, pointer: &str, read: impl Fn(&Value) -> &str) -> String {
    list(tree, pointer).iter().map(read).collect::<Vec<_>>().join(",")
}

/// NAME, DRIVERS, AGE.
pub(super) fn csi_node(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), list(it, "/spec/drivers").len().into(), age(it, now)]
}

/// NAME, ATTACHER, PV, NODE, ATTACHED, AGE.
pub(super) fn attachment(it: &Value, now: SimTime) -> Vec<Value> {
    vec![
        name(it).into(),
        text(it, "/spec/attacher").into(),
        text(it, "/spec/source/persistentVolumeName").into(),
        text(it, "/spec/nodeName").into(),
        flag(it, "/status/attached").into(),
        age(it, now),
    ]
}

/// NAME, DRIVERNAME, AGE.
pub(super) fn attributes_class(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), text(it, "/driverName").into(), age(it, now)]
}
