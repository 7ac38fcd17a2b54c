//! What the API server itself does once an object is stored, changed or gone.

use serde_json::Value;

use super::allocate;
use super::call::Call;
use crate::cluster::{Key, Object};

/// After a create.
pub(crate) fn after_create(call: &mut Call<'_>, object: &Object) {
    if &*call.resource.storage == "services" {
        allocate::claim(call, object);
    }
}

/// After a change.
pub(crate) fn after_update(call: &mut Call<'_>, _old: &Value, new: &Object) {
    if &*call.resource.storage == "services" {
        allocate::claim(call, new);
    }
}

/// After the end of an object.
pub(crate) fn after_delete(call: &mut Call<'_>, key: &Key, gone: &Object) {
    if &*key.resource == "services" {
        allocate::release(call.store_mut(), gone);
    }
}
