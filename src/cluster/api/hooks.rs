//! What the API server itself does around a write: what only it knows goes in before, what hangs on an
//! object follows after.

use super::call::Call;
use super::resources::CRDS;
use super::{allocate, custom};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::{Key, Object};

const CSRS: &str = "certificatesigningrequests.certificates.k8s.io";

/// Before validation of a new object.
pub(crate) fn before_create(call: &mut Call<'_>, object: &mut Value) -> Result<(), Status> {
    if call.resource.is_custom() {
        custom::refuse_while_terminating(call, object::name(object))?;
        custom::apply_defaults(&call.resource, object);
    }
    match &*call.resource.storage {
        CRDS => custom::prepare(object, None),
        CSRS => sign_with_user(call, object),
        _ => {}
    }
    Ok(())
}

/// Before validation of a changed object.
pub(crate) fn before_update(call: &mut Call<'_>, old: &Value, new: &mut Value) {
    if call.resource.is_custom() {
        custom::apply_defaults(&call.resource, new);
    }
    if &*call.resource.storage == CRDS && call.subresource.is_empty() {
        custom::prepare(new, Some(old));
    }
}

/// A signing request names who made it.
fn sign_with_user(call: &Call<'_>, request: &mut Value) {
    let user = call.user.clone();
    object::set(request, &["spec", "username"], user.name);
    for (field, value) in [("uid", json!(user.uid)), ("groups", json!(user.groups))] {
        let empty = value.as_str().is_some_and(str::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if empty {
            object::remove(request, &["spec", field]);
        } else {
            object::set(request, &["spec", field], value);
        }
    }
    object::remove(request, &["spec", "extra"]);
    for (key, values) in user.extra {
        object::set(request, &["spec", "extra", &key], values);
    }
}

/// After a create.
pub(crate) fn after_create(call: &mut Call<'_>, object: &Object) {
    match &*call.resource.storage {
        "services" => allocate::claim(call, object),
        CRDS => custom::establish(call, object),
        _ => {}
    }
}

/// After a change.
pub(crate) fn after_update(call: &mut Call<'_>, old: &Value, new: &Object) {
    match &*call.resource.storage {
        "services" => allocate::claim(call, new),
        CRDS if old.get("spec") != new.get("spec") => custom::establish(call, new),
        _ => {}
    }
}

/// After the end of an object.
pub(crate) fn after_delete(call: &mut Call<'_>, key: &Key, gone: &Object) {
    if &*key.resource == "services" {
        allocate::release(call.store_mut(), gone);
    }
}
