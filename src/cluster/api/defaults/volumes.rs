//! Defaults of volumes of pods, persistent volumes and claims.

use super::edit::{canonical, canonical_list, each, within};
use super::pod::{field_refs, pull_policy};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{as_map, set, set_default, text};

/// 0644 in octal, as the API writes it.
const FILE_MODE: i64 = 420;

/// One volume of a pod; without a source it is an empty directory.
pub(super) fn volume(volume: &mut Value) {
    let sources = volume.as_object().map_or(0, |map| map.keys().filter(|key| *key != "name").count());
    if sources == 0 {
        set(volume, &["emptyDir"], json!({}));
    }
    within(volume, "/emptyDir", |it| canonical(as_map(it), "sizeLimit"));
    for pointer in ["/configMap", "/secret", "/downwardAPI", "/projected"] {
        within(volume, pointer, |it| set_default(it, &["defaultMode"], FILE_MODE));
    }
    each(volume, "/downwardAPI/items", field_refs);
    each(volume, "/projected/sources", projection);
    persistent_source(volume);
    within(volume, "/image", |image| {
        let policy = pull_policy(text(image, "/reference"));
        set_default(image, &["pullPolicy"], policy);
    });
    within(volume, "/ephemeral/volumeClaimTemplate", |claim| {
        set_default(claim, &["metadata"], json!({}));
        within(claim, "/spec", claim_spec);
    });
}

fn projection(source: &mut Value) {
    within(source, "/serviceAccountToken", |it| set_default(it, &["expirationSeconds"], 3600));
    each(source, "/downwardAPI/items", field_refs);
}

/// What the old in-tree drivers are told when they are told nothing.
const IN_TREE: &[(&str, &[(&str, &str)])] = &[
    ("/azureDisk", &[("cachingMode", "ReadWrite"), ("kind", "Shared"), ("fsType", "ext4")]),
    ("/iscsi", &[("iscsiInterface", "default")]),
    ("/rbd", &[("pool", "rbd"), ("user", "admin"), ("keyring", "/etc/ceph/keyring")]),
    ("/scaleIO", &[("storageMode", "ThinProvisioned"), ("fsType", "xfs")]),
];

/// Sources that pods and persistent volumes share.
pub(super) fn persistent_source(holder: &mut Value) {
    within(holder, "/hostPath", |it| set_default(it, &["type"], ""));
    for (source, defaults) in IN_TREE {
        within(holder, source, |it| {
            for (key, value) in *defaults {
                set_default(it, &[key], *value);
            }
        });
    }
    within(holder, "/azureDisk", |it| set_default(it, &["readOnly"], false));
}

/// What every claim spec gets.
pub(super) fn claim_spec(spec: &mut Value) {
    set_default(spec, &["volumeMode"], "Filesystem");
    canonical_list(spec, "/resources/requests");
    canonical_list(spec, "/resources/limits");
    set_default(spec, &["resources"], json!({}));
    mirror_data_source(spec);
}

/// `dataSource` and `dataSourceRef` mean the same unless the reference crosses namespaces.
fn mirror_data_source(spec: &mut Value) {
    let (old, new) = (spec.get("dataSource").cloned(), spec.get("dataSourceRef").cloned());
    match (old, new) {
        (Some(source), None) => set(spec, &["dataSourceRef"], source),
        (None, Some(source)) if text(&source, "/namespace").is_empty() => set(spec, &["dataSource"], source),
        _ => {}
    }
}

/// A PersistentVolume.
pub(super) fn volume_object(volume: &mut Value) {
    set_default(volume, &["spec", "persistentVolumeReclaimPolicy"], "Retain");
    set_default(volume, &["spec", "volumeMode"], "Filesystem");
    within(volume, "/spec", persistent_source);
    canonical_list(volume, "/spec/capacity");
}

/// A PersistentVolumeClaim.
pub(super) fn claim(claim: &mut Value) {
    set_default(claim, &["spec"], json!({}));
    within(claim, "/spec", claim_spec);
}

/// A StorageClass.
pub(super) fn storage_class(class: &mut Value) {
    set_default(class, &["reclaimPolicy"], "Delete");
    set_default(class, &["volumeBindingMode"], "Immediate");
}

/// A CSIDriver.
pub(super) fn csi_driver(driver: &mut Value) {
    set_default(driver, &["spec", "attachRequired"], true);
    set_default(driver, &["spec", "fsGroupPolicy"], "ReadWriteOnceWithFSType");
    set_default(driver, &["spec", "podInfoOnMount"], false);
    set_default(driver, &["spec", "requiresRepublish"], false);
    set_default(driver, &["spec", "seLinuxMount"], false);
    set_default(driver, &["spec", "storageCapacity"], false);
    set_default(driver, &["spec", "volumeLifecycleModes"], json!(["Persistent"]));
}
