//! Applying a strategic merge patch.

use super::{
    DELETE_FROM, MARKER, Meta, PatchError, RETAIN_KEYS, SET_ORDER, bad_order_list, bad_primitive_list,
    bad_retain_keys, bad_type, element_kind, find_by_key, go_kind, in_order, list_meta, meta, no_merge_key,
    place, same_kind, unique,
};
use crate::apimachinery::go;
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::schema::Schema;

type Object = Map;

/// How two maps are merged.
#[derive(Clone, Copy)]
pub(super) struct Options {
    /// False when patches are merged with each other and their directives must stay.
    pub(super) follow_directives: bool,
    /// Nulls for fields that are not there are dropped.
    pub(super) drop_unmatched_nulls: bool,
}

/// Applies `patch` to `document`, an object of the type `schema`.
///
/// # Errors
/// The server's sentence; see [`PatchError`] for the code.
pub(crate) fn strategic_merge(document: &Value, patch: &Value, schema: &Schema) -> Result<Value, PatchError> {
    let (Value::Object(document), Value::Object(patch)) = (document, patch) else {
        return Err(PatchError::BadRequest("invalid JSON document".to_owned()));
    };
    let options = Options { follow_directives: true, drop_unmatched_nulls: true };
    merge_map(document.clone(), patch.clone(), schema, options).map(Value::Object)
}

/// What the server shows of a strategic patch that it applied and then refused: Go's merge takes
/// directives, and the lists that it has put in order, out of the patch as it goes.
pub(crate) fn leftover(patch: &Value) -> Value {
    let Value::Object(map) = patch else { return patch.clone() };
    let ordered = |key: &str| map.contains_key(&format!("{SET_ORDER}{key}"));
    let left = map
        .iter()
        .filter(|(key, _)| !key.starts_with(SET_ORDER) && *key != RETAIN_KEYS && !ordered(key))
        .map(|(key, value)| (key.clone(), leftover(value)));
    Value::Object(left.collect())
}

/// Merges `patch` into `original`.
pub(super) fn merge_map(
    mut original: Object,
    mut patch: Object,
    schema: &Schema,
    options: Options,
) -> Result<Object, PatchError> {
    if let Some(directive) = patch.remove(MARKER) {
        return match directive.as_str() {
            Some("replace") => Ok(patch),
            Some("delete") => Ok(Object::new()),
            _ => {
                let shown = go::display(&Value::Object(patch));
                let why = format!("unknown patch type: {} in map: {shown}", go::display(&directive));
                Err(PatchError::Other(why))
            }
        };
    }
    retain_keys(&mut original, &mut patch, options)?;
    order_lists(&mut original, &mut patch, schema, options)?;
    for (key, value) in patch {
        merge_field(&mut original, key.into(), value, schema, options)?;
    }
    Ok(original)
}

fn merge_field(
    original: &mut Object,
    key: String,
    value: Value,
    schema: &Schema,
    options: Options,
) -> Result<(), PatchError> {
    let (key, deletes) = match key.strip_prefix(DELETE_FROM) {
        Some(_) if !options.follow_directives => {
            original.insert(key.into(), value);
            return Ok(());
        }
        Some(list) => (list.to_owned(), true),
        None if key.starts_with(DELETE_FROM.trim_end_matches('/')) => return Err(bad_primitive_list()),
        None => (key, false),
    };
    if value.is_null() {
        original.remove(&key);
        if options.drop_unmatched_nulls {
            return Ok(());
        }
    }
    let Some(current) = original.get_mut(&key) else {
        if !deletes {
            put(original, key, value, options);
        }
        return Ok(());
    };
    if !same_kind(current, &value) {
        if !deletes {
            put(original, key, value, options);
        }
        return Ok(());
    }
    let merged = match (current.take(), value) {
        (Value::Object(current), Value::Object(value)) => {
            let field = meta(schema, &key)?;
            if field.replaces {
                Value::Object(value)
            } else {
                Value::Object(merge_map(current, value, field.inner, options)?)
            }
        }
        (Value::Array(current), Value::Array(value)) => {
            let field = list_meta(schema, &key)?;
            if field.merges || deletes {
                Value::from(merge_list(current.into(), value.into(), field, options, deletes)?)
            } else {
                Value::Array(value)
            }
        }
        (_, value) => value,
    };
    original.insert(key.into(), merged);
    Ok(())
}

fn put(original: &mut Object, key: String, mut value: Value, options: Options) {
    if options.drop_unmatched_nulls {
        drop_nulls(&mut value);
    }
    match without_directives(value) {
        Some(value) => original.insert(key.into(), value),
        None => original.remove(&key),
    };
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

/// The value without members that carry a directive; nothing when it carries one itself.
fn without_directives(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(MARKER) => None,
        Value::Object(map) => {
            let kept = map.into_iter().filter_map(|(key, value)| Some((key, without_directives(value)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(without_directives).collect())),
        other => Some(other),
    }
}

fn retain_keys(original: &mut Object, patch: &mut Object, options: Options) -> Result<(), PatchError> {
    let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    if !options.follow_directives {
        if let Some(other) = original.get(RETAIN_KEYS).filter(|other| **other != keys) {
            let why = format!(
                "{} and {} are not deep equal: this may happen when calculating the 3-way diff patch",
                go::display(other),
                go::display(&keys)
            );
            return Err(PatchError::Other(why));
        }
        original.insert(RETAIN_KEYS.into(), keys);
        return Ok(());
    }
    let Value::Array(keys) = keys else { return Err(bad_retain_keys()) };
    let kept = |key: &str| keys.iter().any(|it| it.as_str() == Some(key));
    let directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
    if patch.iter().any(|(key, value)| !value.is_null() && !directive(key) && !kept(key)) {
        return Err(bad_retain_keys());
    }
    original.retain(|key, _| kept(key));
    Ok(())
}

/// Merges and orders the lists that come with a `$setElementOrder` directive.
fn order_lists(
    original: &mut Object,
    patch: &mut Object,
    schema: &Schema,
    options: Options,
) -> Result<(), PatchError> {
    let directives: Vec<String> =
        patch.keys().filter(|key| key.starts_with("$setElementOrder")).map(ToString::to_string).collect();
    for directive in directives {
        let Some(order) = patch.remove(&directive) else { continue };
        if !options.follow_directives {
            if original.get(&directive).is_some_and(|other| *other != order) {
                return Err(bad_order_list());
            }
            original.insert(directive.clone().into(), order.clone());
        }
        let key = directive.strip_prefix(SET_ORDER).ok_or_else(bad_order_list)?;
        let Value::Array(order) = order else { return Err(bad_type("[]interface {}", &order)) };
        let before = taken_list(original, key)?;
        let change = taken_list(patch, key)?;
        let field = list_meta(schema, key)?;
        check_order(change.as_deref().unwrap_or(&[]), &order, field.merge_key)?;
        let server_order = before.clone().unwrap_or_default();
        let is_empty = element_kind(&[&server_order, change.as_deref().unwrap_or(&[])])?.is_none();
        let merged = match (before, change) {
            (Some(before), None) => before,
            (None, Some(change)) => match without_directives(Value::from(change)) {
                Some(Value::Array(items)) => items.into(),
                _ => continue,
            },
            (Some(before), Some(change)) if field.merges => {
                merge_list(before, change, field, options, false)?
            }
            (Some(_), Some(change)) => change,
            (None, None) => continue,
        };
        if is_empty {
            return Err(PatchError::Other("no elements in any of the given slices".to_owned()));
        }
        original.insert(
            key.to_owned().into(),
            Value::from(arrange(merged, &order, &server_order, field.merge_key)?),
        );
    }
    Ok(())
}

fn taken_list(map: &mut Object, key: &str) -> Result<Option<Vec<Value>>, PatchError> {
    match map.remove(key) {
        None => Ok(None),
        Some(Value::Array(items)) => Ok(Some(items.into())),
        Some(other) => Err(bad_type("[]interface {}", &other)),
    }
}

/// The members of a patch list must come in the order that its directive gives.
fn check_order(patch: &[Value], order: &[Value], merge_key: &str) -> Result<(), PatchError> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let key_of = |item: &Value| -> Result<Value, PatchError> {
        match item {
            _ if merge_key.is_empty() => Ok(item.clone()),
            Value::Object(map) => map.get(merge_key).cloned().ok_or_else(|| no_merge_key(item, merge_key)),
            _ => Err(bad_type("map[string]interface {}", item)),
        }
    };
    let mut rest = order.iter();
    for item in patch.iter().filter(|item| item.get(MARKER).is_none()) {
        let key = key_of(item)?;
        let mut found = false;
        for other in rest.by_ref() {
            if key_of(other)? == key {
                found = true;
                break;
            }
        }
        if !found {
            let why = format!(
                "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
                go::display(&Value::from(patch.to_vec())),
                go::display(&Value::from(order.to_vec()))
            );
            return Err(PatchError::Other(why));
        }
    }
    Ok(())
}

/// Puts what `order` names into its order, and what only the server has where it stood.
fn arrange(
    merged: Vec<Value>,
    order: &[Value],
    server_order: &[Value],
    merge_key: &str,
) -> Result<Vec<Value>, PatchError> {
    if !merge_key.is_empty()
        && let Some(item) = merged.iter().find(|item| item.get(merge_key).is_none())
    {
        return Err(if item.is_object() {
            no_merge_key(item, merge_key)
        } else {
            bad_type("map[string]interface {}", item)
        });
    }
    let (named, server_only): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|item| place(order, item, merge_key).is_some());
    let named = in_order(named, order, merge_key);
    let server_only = in_order(server_only, server_order, merge_key);
    Ok(interleave(server_only, named, server_order, merge_key))
}

/// Two ordered lists as one; where the server knew both members, in its order, else the right one first.
fn interleave(left: Vec<Value>, right: Vec<Value>, server_order: &[Value], merge_key: &str) -> Vec<Value> {
    let mut all = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    loop {
        let take_left = match (left.peek(), right.peek()) {
            (Some(left), Some(right)) => {
                let places = (place(server_order, left, merge_key), place(server_order, right, merge_key));
                matches!(places, (Some(left), Some(right)) if left < right)
            }
            (left, _) => left.is_some(),
        };
        match if take_left { left.next() } else { right.next() } {
            Some(item) => all.push(item),
            None => return all,
        }
    }
}

fn merge_list(
    original: Vec<Value>,
    patch: Vec<Value>,
    field: Meta<'_>,
    options: Options,
    deletes: bool,
) -> Result<Vec<Value>, PatchError> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    let kind = element_kind(&[&original, &patch])?;
    let of_maps = kind.is_some_and(Value::is_object);
    if !of_maps {
        if options.follow_directives && deletes {
            return Ok(original.into_iter().filter(|item| !patch.contains(item)).collect());
        }
        let both = original.iter().cloned().chain(patch.iter().cloned()).collect();
        return arrange(unique(both), &patch, &original, "");
    }
    let key = field.merge_key;
    if key.is_empty() {
        let name = go_name(field.inner);
        return Err(PatchError::Other(format!("cannot merge lists without merge key for {name}")));
    }
    let (original, patch) = follow_list_directives(original, patch, key)?;
    let server_order = original.clone();
    let merged = merge_members(original, &patch, field, options)?;
    arrange(merged, &patch, &server_order, key)
}

fn go_name(schema: &Schema) -> String {
    schema.go_struct().to_owned()
}

/// Carries out `$patch: delete` and `$patch: replace` of members. What is left is to be merged.
fn follow_list_directives(
    mut original: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut rest = Vec::with_capacity(patch.len());
    let mut replace = false;
    for item in patch {
        match item.get(MARKER).map(|directive| directive.as_str().unwrap_or("")) {
            None => rest.push(item),
            Some("replace") => replace = true,
            Some("delete") => {
                let Some(value) = item.get(key) else { return Err(no_merge_key(&item, key)) };
                original.retain(|it| it.get(key) != Some(value));
            }
            Some("merge") => {
                let why = "merging lists cannot yet be specified in the patch";
                return Err(PatchError::Other(why.to_owned()));
            }
            Some(other) => {
                let why = format!("unknown patch type: {other} in map: {}", go::display(&item));
                return Err(PatchError::Other(why));
            }
        }
    }
    Ok(if replace { (rest, Vec::new()) } else { (original, rest) })
}

fn merge_members(
    mut original: Vec<Value>,
    patch: &[Value],
    field: Meta<'_>,
    options: Options,
) -> Result<Vec<Value>, PatchError> {
    let key = field.merge_key;
    for item in patch {
        let (Value::Object(change), Some(value)) = (item, item.get(key)) else {
            return Err(if item.is_object() {
                no_merge_key(item, key)
            } else {
                PatchError::Other(format!("expected a map, but received a {}", go_kind(item)))
            });
        };
        match find_by_key(&original, key, value).and_then(|at| original.get_mut(at)) {
            Some(slot) => {
                if let Value::Object(current) = slot.take() {
                    *slot = Value::Object(merge_map(current, change.clone(), field.inner, options)?);
                }
            }
            None => original.push(item.clone()),
        }
    }
    Ok(original)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;
    use crate::apimachinery::object::Gvk;
    use crate::apimachinery::schema::definition;

    #[track_caller]
    fn check(kind: &str, document: Value, patch: Value, want: Value) {
        let schema = definition(&Gvk::new("", "v1", kind)).unwrap();
        assert_eq!(strategic_merge(&document, &patch, schema).unwrap(), want);
    }

    fn spec(containers: Value) -> Value {
        json!({"spec": {"containers": containers}})
    }

    #[test]
    fn lists_merge_by_key_and_patched_members_come_first() {
        check(
            "Pod",
            spec(json!([{"name": "a", "image": "x"}, {"name": "b"}])),
            spec(json!([{"name": "b", "env": [{"name": "E", "value": "1"}]}, {"name": "c"}])),
            spec(json!([
                {"name": "a", "image": "x"},
                {"name": "b", "env": [{"name": "E", "value": "1"}]},
                {"name": "c"}
            ])),
        );
        check(
            "Pod",
            spec(json!([{"name": "a"}])),
            spec(json!([{"name": "b"}])),
            spec(json!([{"name": "b"}, {"name": "a"}])),
        );
    }

    #[test]
    fn directives() {
        check(
            "Pod",
            spec(json!([{"name": "a"}, {"name": "b"}])),
            spec(json!([{"$patch": "delete", "name": "a"}])),
            spec(json!([{"name": "b"}])),
        );
        check(
            "Pod",
            spec(json!([{"name": "a"}, {"name": "b"}])),
            spec(json!([{"$patch": "replace"}, {"name": "c"}])),
            spec(json!([{"name": "c"}])),
        );
        check(
            "Pod",
            json!({"metadata": {"finalizers": ["a", "b"], "labels": {"x": "1", "y": "2"}}}),
            json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "labels": {"$patch": "replace", "z": "3"}}}),
            json!({"metadata": {"finalizers": ["b"], "labels": {"z": "3"}}}),
        );
        check(
            "Pod",
            json!({"spec": {"volumes": [{"name": "v", "emptyDir": {}}]}}),
            json!({"spec": {"volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/"}}]}}),
            json!({"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}}),
        );
        check(
            "Pod",
            spec(json!([{"name": "a"}, {"name": "b"}])),
            json!({"spec": {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}}),
            spec(json!([{"name": "b"}, {"name": "a"}])),
        );
    }

    #[test]
    fn ordered_lists_are_not_left_over() {
        let patch =
            json!({"metadata": {"a": 1}, "spec": {"$setElementOrder/containers": [], "containers": []}});
        assert_eq!(leftover(&patch), json!({"metadata": {"a": 1}, "spec": {}}));
    }

    #[test]
    fn faults_are_told() {
        let schema = definition(&Gvk::new("", "v1", "Pod")).unwrap();
        let error = strategic_merge(&spec(json!([{"name": "a"}])), &spec(json!([{"image": "x"}])), schema);
        assert_eq!(
            error.unwrap_err(),
            PatchError::Other("map: map[image:x] does not contain declared merge key: name".into())
        );
    }
}
