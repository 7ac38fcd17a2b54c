//! JSON patches (RFC 6902) and JSON merge patches (RFC 7386).

use super::PatchError;
use crate::apimachinery::json::{Map, Value};

/// More operations than this are refused, as by the server.
const OPERATIONS_MAX: usize = 10_000;

/// Bytes that the copies of one patch may add, as at the server.
const COPIED_BYTES_MAX: usize = 3 << 20;

/// Applies an RFC 6902 patch.
///
/// # Errors
/// [`PatchError::BadRequest`] for what is no list of operations, else [`PatchError::Unprocessable`].
pub(crate) fn json_patch(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    let operations = match patch {
        Value::Array(operations) => operations,
        other => {
            let why = format!(
                "json: cannot unmarshal {} into Go value of type []handlers.jsonPatchOp",
                kind(other)
            );
            return Err(PatchError::BadRequest(format!("error decoding patch: {why}")));
        }
    };
    if operations.len() > OPERATIONS_MAX {
        let why = format!(
            "The allowed maximum operations in a JSON patch is {OPERATIONS_MAX}, got {}",
            operations.len()
        );
        return Err(PatchError::Unprocessable(why));
    }
    let mut result = serde_json::Value::from(document.clone());
    let mut copied = 0;
    for operation in operations {
        if let (Some("copy"), Some(from)) =
            (operation.get("op").and_then(Value::as_str), operation.get("from").and_then(Value::as_str))
        {
            copied += result.pointer(from).map_or(0, |it| it.to_string().len());
            if copied > COPIED_BYTES_MAX {
                let why = format!(
                    "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {COPIED_BYTES_MAX}"
                );
                return Err(PatchError::Unprocessable(why));
            }
        }
        let parsed: json_patch::PatchOperation =
            crate::apimachinery::json::from_value(with_null_value(operation))
                .map_err(|_| unknown_operation(operation))?;
        json_patch::patch(&mut result, std::slice::from_ref(&parsed))
            .map_err(|error| does_not_apply(&result.clone().into(), operation, &error))?;
    }
    Ok(result.into())
}

/// `value` may be left out of an addition, which then adds null.
fn with_null_value(operation: &Value) -> Value {
    let mut operation = operation.clone();
    let takes_value = matches!(operation.get("op").and_then(Value::as_str), Some("add" | "replace" | "test"));
    if let (true, Value::Object(map)) = (takes_value, &mut operation) {
        map.entry("value").or_insert(Value::Null);
    }
    operation
}

fn unknown_operation(operation: &Value) -> PatchError {
    let name = operation.get("op").and_then(Value::as_str).unwrap_or("unknown");
    match name {
        "add" | "remove" | "replace" | "move" | "copy" | "test" => {
            PatchError::Unprocessable(format!("{name} operation does not apply: missing or wrong path"))
        }
        _ => PatchError::Unprocessable(format!("Unexpected kind: {name}")),
    }
}

/// The sentences of `evanphx/json-patch` v4, which tells a missing parent from a missing key.
fn does_not_apply(document: &Value, operation: &Value, error: &json_patch::PatchError) -> PatchError {
    let text = |key: &str| operation.get(key).and_then(Value::as_str).unwrap_or("");
    let (name, path) = (text("op"), text("path"));
    let (parent, key) = path.rsplit_once('/').unwrap_or(("", path));
    let parent = document.pointer(parent);
    let why = match (&error.kind, name) {
        (json_patch::PatchErrorKind::TestFailed, _) => format!("testing value {path} failed: test failed"),
        (_, "add" | "remove") if parent.is_some_and(Value::is_array) => {
            format!(
                "error in {name} for path: '{path}': Unable to access invalid index: {key}: invalid index referenced"
            )
        }
        (_, "remove") if parent.is_some_and(Value::is_object) => {
            format!(
                "error in remove for path: '{path}': Unable to remove nonexistent key: {key}: missing value"
            )
        }
        (_, "replace") if parent.is_none() => {
            format!("replace operation does not apply: doc is missing path: {path}: missing value")
        }
        (_, "replace") => {
            format!("replace operation does not apply: doc is missing key: {path}: missing value")
        }
        (_, "remove") => {
            format!("remove operation does not apply: doc is missing path: {path:?}: missing value")
        }
        (_, "add") => format!("add operation does not apply: doc is missing path: {path:?}: missing value"),
        (_, "move" | "copy") => {
            let from = text("from");
            format!("{name} operation does not apply: doc is missing from path: {from}: missing value")
        }
        _ => format!("error in {name} for path: {path:?}: missing value"),
    };
    PatchError::Unprocessable(why)
}

/// The JSON type as Go's decoder names it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Applies an RFC 7386 patch.
///
/// # Errors
/// [`PatchError::BadRequest`] for a patch that is no object.
pub(crate) fn merge_patch(document: &Value, patch: &Value) -> Result<Value, PatchError> {
    if !patch.is_object() {
        let found = kind(patch);
        let why = format!("json: cannot unmarshal {found} into Go value of type map[string]interface {{}}");
        return Err(PatchError::BadRequest(format!("error decoding patch: {why}")));
    }
    let mut result = document.clone();
    merge(&mut result, patch);
    Ok(result)
}

/// Lays `over` over `base`, key by key; null takes a key out (RFC 7386).
pub(crate) fn merge(base: &mut Value, over: &Value) {
    let Value::Object(entries) = over else {
        base.clone_from(over);
        return;
    };
    if !base.is_object() {
        *base = Value::Object(Map::new());
    }
    let Value::Object(map) = base else { return };
    for (key, value) in entries {
        if value.is_null() {
            map.remove(key);
        } else {
            merge(map.entry(key.as_str()).or_insert(Value::Null), value);
        }
    }
}

/// The RFC 7386 patch that makes `modified` out of `original`. Equal objects give `{}`.
pub(crate) fn create_merge_patch(original: &Value, modified: &Value) -> Value {
    let (Value::Object(original), Value::Object(modified)) = (original, modified) else {
        return modified.clone();
    };
    let mut patch = Map::new();
    for (key, value) in modified {
        match original.get(key) {
            Some(before) if before == value => {}
            Some(before @ Value::Object(_)) if value.is_object() => {
                patch.insert(key.clone(), create_merge_patch(before, value));
            }
            _ => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in original.keys().filter(|key| !modified.contains_key(key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// `kubectl apply`'s patch for kinds without merge keys: brings `current` to `modified`, and takes
/// away what `original` had and `modified` no longer has.
pub(crate) fn three_way_json(original: &Value, modified: &Value, current: &Value) -> Value {
    let empty = Value::Object(Map::new());
    let or_empty = |value: &Value| if value.is_object() { value.clone() } else { empty.clone() };
    let modified = or_empty(modified);
    let changes = only(&create_merge_patch(&or_empty(current), &modified), Keep::Changes);
    let mut patch = only(&create_merge_patch(&or_empty(original), &modified), Keep::Nulls);
    merge_patches(&mut patch, changes);
    patch
}

/// Which part of a merge patch is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Nulls,
    Changes,
}

fn only(patch: &Value, keep: Keep) -> Value {
    let Value::Object(map) = patch else { return patch.clone() };
    let mut kept = Map::new();
    for (key, value) in map {
        match value {
            Value::Null if keep == Keep::Nulls => {
                kept.insert(key.clone(), Value::Null);
            }
            Value::Null => {}
            Value::Object(inner) if inner.is_empty() && keep == Keep::Changes => {
                kept.insert(key.clone(), value.clone());
            }
            Value::Object(inner) if inner.is_empty() => {}
            Value::Object(_) => {
                let inner = only(value, keep);
                if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
                    kept.insert(key.clone(), inner);
                }
            }
            _ if keep == Keep::Changes => {
                kept.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    Value::Object(kept)
}

/// Adds one patch to another; unlike an application, nulls stay.
fn merge_patches(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge_patches(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn operations() {
        let document = json!({"metadata": {"labels": {"x": "1"}}, "spec": {"list": [1, 2]}});
        let patch = json!([
            {"op": "test", "path": "/metadata/labels/x", "value": "1"},
            {"op": "add", "path": "/metadata/labels/a~1b", "value": "c"},
            {"op": "move", "from": "/metadata/labels/x", "path": "/metadata/labels/z"},
            {"op": "add", "path": "/spec/list/-", "value": 3},
            {"op": "remove", "path": "/spec/list/0"},
        ]);
        assert_eq!(
            json_patch(&document, &patch).unwrap(),
            json!({"metadata": {"labels": {"a/b": "c", "z": "1"}}, "spec": {"list": [2, 3]}})
        );
        assert_eq!(
            json_patch(&document, &json!({"op": "add"})).unwrap_err().to_string(),
            "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"
        );
        for bad in [
            json!([{"op": "test", "path": "/spec/list/0", "value": 9}]),
            json!([{"op": "replace", "path": "/spec/nope/x", "value": 9}]),
            json!([{"op": "explode", "path": "/spec"}]),
        ] {
            assert!(matches!(json_patch(&document, &bad), Err(PatchError::Unprocessable(_))), "{bad}");
        }
    }

    #[test]
    fn three_ways() {
        let original = json!({"spec": {"a": 1, "b": 2}});
        let modified = json!({"spec": {"a": 3}, "metadata": {}});
        let current = json!({"spec": {"a": 1, "b": 2, "c": 4}, "metadata": {}});
        let patch = three_way_json(&original, &modified, &current);
        assert_eq!(patch, json!({"spec": {"a": 3, "b": null}}));
        assert_eq!(merge_patch(&current, &patch).unwrap(), json!({"spec": {"a": 3, "c": 4}, "metadata": {}}));
    }
}
