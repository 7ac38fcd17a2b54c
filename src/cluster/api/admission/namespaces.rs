//! NamespaceLifecycle: nothing new in namespaces that are not there or on their way out, and the
//! namespaces of the system stay.

use super::{Call, Object, Status, forbidden};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::{Cause, Details};
use crate::cluster::api::Client;

/// Namespaces that cannot be deleted.
const IMMORTAL: &[&str] = &["default", "kube-system", "kube-public"];

/// Refuses objects for a namespace that cannot take them.
pub(super) fn admit(call: &mut Call<'_>, object: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    let Some(namespace) = namespace_of(call)? else { return Ok(()) };
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
    if old.is_some() || namespace_of(call).is_ok() {
        return Ok(());
    }
    let name = call.namespace.clone();
    let namespace = json!({"metadata": {"name": name}});
    let user = call.user.clone();
    Client::as_user(call.world, call.cluster, user).create("namespaces", "", namespace).map(drop)
}

/// NamespaceExists: nothing changes in a namespace that is not there.
pub(super) fn exists(call: &mut Call<'_>, _object: &mut Value, _old: Option<&Object>) -> Result<(), Status> {
    namespace_of(call).map(drop)
}

/// The namespace that the call writes to, unless it writes to the whole cluster; 404 when it is not there.
fn namespace_of<'c>(call: &'c Call<'_>) -> Result<Option<&'c Object>, Status> {
    if !call.resource.namespaced || call.namespace.is_empty() {
        return Ok(None);
    }
    let found = call.store().find("namespaces", "", &call.namespace);
    found.map(Some).ok_or_else(|| Status::not_found("namespaces", "", &call.namespace))
}

/// Refuses to delete the system's namespaces.
pub(super) fn on_delete(call: &mut Call<'_>, object: &Object) -> Result<(), Status> {
    let immortal = &*call.resource.storage == "namespaces" && IMMORTAL.contains(&object::name(object));
    if immortal { Err(forbidden(call, object, "this namespace may not be deleted")) } else { Ok(()) }
}
