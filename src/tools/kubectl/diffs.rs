//! Patches that kubectl works out itself: strategic for built-in kinds, JSON merge for others.

use super::Failure;
use super::client::{JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::Gvk;
use crate::apimachinery::patch;
use crate::apimachinery::schema;

/// A patch with its content type.
pub(crate) type Patch = (&'static str, Value);

/// What makes `modified` of `original`.
///
/// # Errors
/// The sentence of the patch maker.
pub(crate) fn two_way(original: &Value, modified: &Value) -> Result<Patch, Failure> {
    match schema::definition(&Gvk::of(original)) {
        Some(schema) => patch::create_two_way_strategic(original, modified, schema)
            .map(|made| (STRATEGIC_PATCH, made))
            .map_err(|error| Failure::error(error.to_string())),
        None => Ok((MERGE_PATCH, patch::create_merge_patch(original, modified))),
    }
}

/// What brings `current` to `modified`, taking away what was in `original` and is no more.
///
/// # Errors
/// As [`two_way`].
pub(crate) fn three_way(original: &Value, modified: &Value, current: &Value) -> Result<Patch, Failure> {
    match schema::definition(&Gvk::of(current)) {
        Some(schema) => patch::three_way_strategic(original, modified, current, schema)
            .map(|made| (STRATEGIC_PATCH, made))
            .map_err(|error| Failure::error(error.to_string())),
        None => Ok((MERGE_PATCH, patch::three_way_json(original, modified, current))),
    }
}

/// Applies a patch without the server.
///
/// # Errors
/// A patch that does not fit.
pub(crate) fn apply(kind: &str, tree: &Value, change: &Value) -> Result<Value, Failure> {
    let done = match kind {
        JSON_PATCH => patch::json_patch(tree, change),
        MERGE_PATCH => patch::merge_patch(tree, change),
        _ => match schema::definition(&Gvk::of(tree)) {
            Some(schema) => patch::strategic_merge(tree, change, schema),
            None => {
                let gvk = Gvk::of(tree);
                let gvk = format!("{}/{}, Kind={}", gvk.group, gvk.version, gvk.kind);
                return Err(Failure::error(format!(
                    "strategic merge patch is not supported for {gvk} locally, try --type merge"
                )));
            }
        },
    };
    done.map_err(|error| Failure::error(error.to_string()))
}
