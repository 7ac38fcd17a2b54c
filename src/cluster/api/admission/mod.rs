//! Admission: what changes or refuses a write after it is authorised. One file a plugin, one table.

use serde_json::Value;

use super::call::Call;
use crate::apimachinery::status::Status;
use crate::cluster::Object;

/// The plugins that change objects, in their order.
pub(crate) fn mutate(_call: &mut Call<'_>, _object: &mut Value, _old: Option<&Object>) -> Result<(), Status> {
    Ok(())
}

/// The plugins that refuse, in their order.
pub(crate) fn validate(_call: &mut Call<'_>, _object: &Value, _old: Option<&Object>) -> Result<(), Status> {
    Ok(())
}

/// The plugins that care for deletions.
pub(crate) fn on_delete(_call: &mut Call<'_>, _object: &Object) -> Result<(), Status> {
    Ok(())
}
