//! `metadata.managedFields`: who owns which fields.
//!
//! Components in process are not tracked; their writes leave the entries as they are.

use super::call::{Call, Tracking};
use super::{custom, strategy};
use crate::apimachinery::apply::{self, Write};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::Gvk;
use crate::apimachinery::schema::{self, Schema};
use crate::apimachinery::status::Status;

/// Fields that a write of the resource itself cannot change.
const STATUS: &[&[&str]] = &[&["status"]];
/// Fields that a write of `status` cannot change.
const ALL_BUT_STATUS: &[&[&str]] = &[&["spec"], &["metadata", "labels"]];

/// Calls `use_it` with the description of the call's write; `None` when the type is not known.
fn with_write<R>(call: &Call<'_>, of: &Value, use_it: impl FnOnce(&Write<'_>) -> R) -> Option<R> {
    let own: Option<Schema> = custom::schema(&call.resource);
    let schema = match &own {
        Some(schema) => schema,
        None => schema::definition(&Gvk::of(of))?,
    };
    let ignored = match call.subresource.as_str() {
        "status" => ALL_BUT_STATUS,
        "" if strategy::has_own_status(&call.resource) => STATUS,
        _ => &[],
    };
    let now = call.world.now.rfc3339();
    Some(use_it(&Write {
        schema,
        manager: &call.options.field_manager,
        api_version: &call.resource.api_version(),
        subresource: &call.subresource,
        now: &now,
        ignored,
    }))
}

/// Brings `metadata.managedFields` up to date with what the client sent, before admission changes it.
pub(crate) fn track(call: &Call<'_>, old: Option<&Value>, new: &mut Value) {
    if call.options.tracking != Tracking::Update {
        return;
    }
    let of = new.clone();
    with_write(call, &of, |write| apply::update_managed_fields(old.unwrap_or(&Value::Null), new, write));
}

/// What server-side apply makes of `live` (null when there is nothing yet) and `config`.
pub(crate) fn merge(call: &Call<'_>, live: &Value, config: &Value, force: bool) -> Result<Value, Status> {
    let of = if live.is_null() { config } else { live };
    with_write(call, of, |write| apply::server_side_apply(live, config, write, force))
        .unwrap_or_else(|| Err(Status::internal("the type has no schema to apply by")))
}

/// What in an applied configuration is not of its type.
pub(crate) fn misfit(call: &Call<'_>, config: &Value) -> Option<String> {
    with_write(call, config, |write| apply::misfit(write.schema, config)).flatten()
}
