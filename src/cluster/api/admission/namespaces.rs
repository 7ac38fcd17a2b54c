//! NamespaceLifecycle: nothing new in namespaces that are not there or on their way out, and the
//! namespaces of the system stay.

use serde_json::{Value, json};

use super::{Call, Object, Status, forbidden};
use crate::apimachinery::object;
use crate::apimachinery::status::{Cause, Details};
use crate::cluster::api::Client;

/// Namespaces that cannot be deleted.
const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

/// Refuses objects for a namespace that cannot take them.
pub(super) fn admit(call: &mut Call<'_>, object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    if !call.resource.namespaced || call.namespace.is_empty() {
        return Ok(());
    }
    let Some(namespace) = call.store().find("namespaces", "", &call.namespace) else {
        return Err(Status::not_found("namespaces", "", &call.namespace));
    };
    let ends = object::text(namespace, "/status/phase") == "Terminating";
    if old.is_some() || !ends {
        return Ok(());
    }
    let why = format!(
        "unable to create new content in namespace {} because it is being terminated",
        call.namespace
    );
    let mut status = forbidden(call, object, &why);
    let cause = Cause {
        reason: "NamespaceTerminating".into(),
        message: format!("namespace {} is being terminated", call.namespace),
        field: "metadata.namespace".into(),
    };
    status.details.get_or_insert_with(Details::default).causes.push(cause);
    Err(status)
}

/// NamespaceAutoProvision: makes the namespace of a new object.
pub(super) fn provide(call: &mut Call<'_>, _object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    let there = call.store().find("namespaces", "", &call.namespace).is_some();
    if old.is_some() || !call.resource.namespaced || call.namespace.is_empty() || there {
        return Ok(());
    }
    let name = call.namespace.clone();
    let namespace = json!({"metadata": {"name": name}});
    let user = call.user.clone();
    Client::as_user(call.world, call.cluster, user).create("namespaces", "", namespace).map(drop)
}

/// NamespaceExists: nothing changes in a namespace that is not there.
pub(super) fn exists(call: &mut Call<'_>, _object: &mut Value, _old: Option<&Object>) -> Result<(), Status> {
    let concerns = call.resource.namespaced && !call.namespace.is_empty();
    if concerns && call.store().find("namespaces", "", &call.namespace).is_none() {
        return Err(Status::not_found("namespaces", "", &call.namespace));
    }
    Ok(())
}

/// Refuses to delete the system's namespaces.
pub(super) fn on_delete(call: &mut Call<'_>, object: &Object) -> Result<(), Status> {
    let immortal = &*call.resource.storage == "namespaces" && IMMORTAL.contains(&object::name(object));
    if immortal { Err(forbidden(call, object, "this namespace may not be deleted")) } else { Ok(()) }
}
