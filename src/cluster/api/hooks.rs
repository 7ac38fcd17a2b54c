//! What the API server itself does once an object is stored, changed or gone.

use serde_json::Value;

use super::call::Call;
use crate::cluster::{Key, Object};

/// After a create.
pub(crate) fn after_create(_call: &mut Call<'_>, _object: &Object) {}

/// After a change.
pub(crate) fn after_update(_call: &mut Call<'_>, _old: &Value, _new: &Object) {}

/// After the end of an object.
pub(crate) fn after_delete(_call: &mut Call<'_>, _key: &Key, _gone: &Object) {}
