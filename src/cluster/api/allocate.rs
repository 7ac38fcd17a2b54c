//! What the API server hands out of a pool: addresses and node ports of services.

use serde_json::Value;

use super::call::Call;
use crate::apimachinery::status::Status;

/// Gives a new service its addresses and ports.
pub(crate) fn on_create(_call: &mut Call<'_>, _object: &mut Value) -> Result<(), Status> {
    Ok(())
}

/// Gives and takes addresses and ports as a service's type changes.
pub(crate) fn on_update(_call: &mut Call<'_>, _old: &Value, _new: &mut Value) -> Result<(), Status> {
    Ok(())
}
