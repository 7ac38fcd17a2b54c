//! StorageObjectInUseProtection and PersistentVolumeClaimResize.

use super::{Call, Object, Status, concerns, creates, forbidden};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;

/// Puts the finalizer on that keeps claims and volumes as long as they are in use.
pub(super) fn protect(call: &mut Call<'_>, object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    let finalizer = match &*call.resource.storage {
        "persistentvolumeclaims" => "kubernetes.io/pvc-protection",
        "persistentvolumes" => "kubernetes.io/pv-protection",
        _ => return Ok(()),
    };
    let storage = call.resource.storage.clone();
    if !creates(call, &storage, old) {
        return Ok(());
    }
    let mut finalizers = object::list(object, "/metadata/finalizers").to_vec();
    if !finalizers.iter().any(|it| it == finalizer) {
        finalizers.push(finalizer.into());
        object::set(object, &["metadata", "finalizers"], finalizers);
    }
    Ok(())
}

/// Only bound claims of a class that allows it may grow.
pub(super) fn resize(call: &mut Call<'_>, claim: &Value, old: Option<&Object>) -> Result<(), Status> {
    let Some(old) = old.filter(|_| concerns(call, "persistentvolumeclaims")) else { return Ok(()) };
    let size = |claim: &Value| Quantity::of(claim.pointer("/spec/resources/requests/storage"));
    if size(claim) <= size(old) {
        return Ok(());
    }
    if object::text(old, "/status/phase") != "Bound" {
        return Err(forbidden(call, claim, "Only bound persistent volume claims can be expanded"));
    }
    let class = object::text(claim, "/spec/storageClassName");
    let found = call.store().find("storageclasses.storage.k8s.io", "", class);
    if found.is_some_and(|it| object::flag(it, "/allowVolumeExpansion")) {
        return Ok(());
    }
    let why = "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize";
    Err(forbidden(call, claim, why))
}
