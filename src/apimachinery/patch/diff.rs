//! Creating strategic merge patches: what differs between two objects, and `kubectl apply`'s three.

use super::strategic::{Options, merge_map};
use super::{
    DELETE_FROM, MARKER, PatchError, RETAIN_KEYS, SET_ORDER, bad_type, element_kind, in_order, list_meta,
    list_of_lists, meta, no_merge_key, same_kind, scalar_text, sorted_scalars, unique,
};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::schema::Schema;

type Object = Map;

/// What a diff leaves out.
#[derive(Clone, Copy, Default)]
struct Diff {
    ignore_changes: bool,
    ignore_deletions: bool,
    set_order: bool,
    retain_keys: bool,
}

/// The patch that makes `modified` out of `original`.
///
/// # Errors
/// The sentence of `CreateTwoWayMergePatch`.
pub(crate) fn create_two_way_strategic(
    original: &Value,
    modified: &Value,
    schema: &Schema,
) -> Result<Value, PatchError> {
    let empty = Object::new();
    let (original, modified) = (as_object(original, &empty)?, as_object(modified, &empty)?);
    let options = Diff { set_order: true, ..Diff::default() };
    diff_maps(original, modified, schema, options).map(Value::Object)
}

/// The patch of `kubectl apply`: brings `current` to `modified`, and takes away what `original` had
/// and `modified` no longer has.
///
/// # Errors
/// The sentence of `CreateThreeWayMergePatch`.
pub(crate) fn three_way_strategic(
    original: &Value,
    modified: &Value,
    current: &Value,
    schema: &Schema,
) -> Result<Value, PatchError> {
    let empty = Object::new();
    let original = as_object(original, &empty)?;
    let modified = as_object(modified, &empty)?;
    let current = as_object(current, &empty)?;
    let changes = Diff { ignore_deletions: true, set_order: true, ..Diff::default() };
    let deletions = Diff { ignore_changes: true, set_order: true, ..Diff::default() };
    let delta = diff_maps(current, modified, schema, changes)?;
    let gone = diff_maps(original, modified, schema, deletions)?;
    let options = Options { follow_directives: false, drop_unmatched_nulls: false };
    merge_map(gone, delta, schema, options).map(Value::Object)
}

fn as_object<'a>(value: &'a Value, empty: &'a Object) -> Result<&'a Object, PatchError> {
    match value {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(empty),
        _ => Err(PatchError::BadRequest("invalid JSON document".to_owned())),
    }
}

fn diff_maps(
    original: &Object,
    modified: &Object,
    schema: &Schema,
    options: Diff,
) -> Result<Object, PatchError> {
    let mut patch = Object::new();
    let mut retained = Vec::new();
    for (key, value) in modified {
        if options.retain_keys && !value.is_null() {
            retained.push(Value::from(key.as_str()));
        }
        match original.get(key) {
            Some(before) if key == MARKER => {
                if before != value {
                    patch.insert(key.clone(), value.clone());
                }
            }
            Some(before) if same_kind(before, value) => {
                diff_field(key, before, value, &mut patch, schema, options)?;
            }
            _ if options.ignore_changes => {}
            _ => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    if !options.ignore_deletions {
        for key in original.keys().filter(|key| !modified.contains_key(key)) {
            patch.insert(key.clone(), Value::Null);
        }
    }
    let gone = original.iter().any(|(key, value)| !value.is_null() && !modified.contains_key(key));
    if !retained.is_empty() && (!patch.is_empty() || gone) {
        patch.insert(RETAIN_KEYS.into(), Value::from(sorted_scalars(retained)));
    }
    Ok(patch)
}

fn diff_field(
    key: &str,
    original: &Value,
    modified: &Value,
    patch: &mut Object,
    schema: &Schema,
    options: Diff,
) -> Result<(), PatchError> {
    match (original, modified) {
        (Value::Object(before), Value::Object(after)) => {
            let field = match meta(schema, key) {
                Ok(field) => field,
                Err(_) if before == after => return Ok(()),
                Err(error) => return Err(error),
            };
            if field.replaces {
                if !options.ignore_changes {
                    patch.insert(key.into(), modified.clone());
                }
                return Ok(());
            }
            let options = Diff { retain_keys: field.retains_keys, ..options };
            let inner = diff_maps(before, after, field.inner, options)?;
            if !inner.is_empty() {
                patch.insert(key.into(), Value::Object(inner));
            }
            Ok(())
        }
        (Value::Array(before), Value::Array(after)) => {
            diff_list_field(key, before, after, patch, schema, options)
        }
        _ => {
            if original != modified && !options.ignore_changes {
                patch.insert(key.into(), modified.clone());
            }
            Ok(())
        }
    }
}

fn diff_list_field(
    key: &str,
    original: &[Value],
    modified: &[Value],
    patch: &mut Object,
    schema: &Schema,
    options: Diff,
) -> Result<(), PatchError> {
    let field = match list_meta(schema, key) {
        Ok(field) => field,
        Err(_) if original == modified => return Ok(()),
        Err(error) => return Err(error),
    };
    if !field.merges {
        if original != modified && !options.ignore_changes {
            patch.insert(key.into(), modified.into());
        }
        return Ok(());
    }
    let options = Diff { retain_keys: field.retains_keys, ..options };
    let lists = diff_lists(original, modified, field.inner, field.merge_key, options)?;
    for (key, list) in [
        (key.to_owned(), lists.changes),
        (format!("{DELETE_FROM}{key}"), lists.deletions),
        (format!("{SET_ORDER}{key}"), lists.order),
    ] {
        if !list.is_empty() {
            patch.insert(key.into(), Value::from(list));
        }
    }
    Ok(())
}

#[derive(Default)]
struct Lists {
    changes: Vec<Value>,
    deletions: Vec<Value>,
    order: Vec<Value>,
}

fn diff_lists(
    original: &[Value],
    modified: &[Value],
    schema: &Schema,
    merge_key: &str,
    options: Diff,
) -> Result<Lists, PatchError> {
    if original.is_empty() {
        let changes = if options.ignore_changes { Vec::new() } else { modified.to_vec() };
        return Ok(Lists { changes, ..Lists::default() });
    }
    match element_kind(&[original, modified])? {
        Some(Value::Object(_)) => diff_lists_of_maps(original, modified, schema, merge_key, options),
        Some(Value::Array(_)) => Err(list_of_lists()),
        _ => Ok(diff_lists_of_scalars(original, modified, options)),
    }
}

fn key_of<'a>(item: &'a Value, merge_key: &str) -> Result<&'a Value, PatchError> {
    if !item.is_object() {
        return Err(bad_type("map[string]interface {}", item));
    }
    item.get(merge_key).ok_or_else(|| no_merge_key(item, merge_key))
}

/// A member with the text of its merge key, by which both lists are sorted and compared.
type Keyed<'a> = (String, &'a Value, &'a Value);

fn by_key<'a>(list: &'a [Value], merge_key: &str) -> Result<Vec<Keyed<'a>>, PatchError> {
    let keyed = |item: &'a Value| key_of(item, merge_key).map(|key| (scalar_text(key), key, item));
    let mut all = list.iter().map(keyed).collect::<Result<Vec<_>, _>>()?;
    all.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(all)
}

fn diff_lists_of_maps(
    original: &[Value],
    modified: &[Value],
    schema: &Schema,
    merge_key: &str,
    options: Diff,
) -> Result<Lists, PatchError> {
    let before = by_key(original, merge_key)?;
    let after = by_key(modified, merge_key)?;
    let (mut changes, mut deletions) = (Vec::new(), Vec::new());
    let (mut left, mut right) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some((a, ..)), Some((b, ..))) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
        };
        let gone = if order.is_le() { left.next() } else { None };
        let come = if order.is_ge() { right.next() } else { None };
        match (gone, come) {
            (Some((_, _, before)), Some((_, key, after))) => {
                if let (Value::Object(before), Value::Object(after)) = (before, after) {
                    let mut inner = diff_maps(before, after, schema, options)?;
                    if !inner.is_empty() {
                        inner.insert(merge_key.into(), (*key).clone());
                        changes.push(Value::Object(inner));
                    }
                }
            }
            (None, Some((_, _, item))) if !options.ignore_changes => changes.push((*item).clone()),
            (Some((_, key, _)), None) if !options.ignore_deletions => {
                deletions.push(json!({merge_key: key, MARKER: "delete"}));
            }
            _ => {}
        }
    }
    let mut changes = in_order(changes, modified, merge_key);
    let same_order = original.len() == modified.len()
        && original.iter().zip(modified).all(|(a, b)| a.get(merge_key) == b.get(merge_key));
    changes.extend(deletions);
    let ordered = options.set_order
        && ((!options.ignore_changes && (!changes.is_empty() || !same_order))
            || (!options.ignore_deletions && !changes.is_empty()));
    let order =
        if ordered { modified.iter().map(|it| json!({merge_key: it[merge_key]})).collect() } else { vec![] };
    Ok(Lists { changes, deletions: Vec::new(), order })
}

fn diff_lists_of_scalars(original: &[Value], modified: &[Value], options: Diff) -> Lists {
    let absent = |from: &[Value], list: &[Value]| -> Vec<Value> {
        sorted_scalars(list.iter().filter(|item| !from.contains(item)).cloned().collect())
    };
    let added = if options.ignore_changes { Vec::new() } else { absent(original, modified) };
    let deletions = if options.ignore_deletions { Vec::new() } else { unique(absent(modified, original)) };
    let ordered = options.set_order
        && ((!options.ignore_deletions && !deletions.is_empty())
            || (!options.ignore_changes && original != modified));
    Lists {
        changes: in_order(added, modified, ""),
        deletions,
        order: if ordered { modified.to_vec() } else { Vec::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::object::Gvk;
    use crate::apimachinery::patch::strategic_merge;
    use crate::apimachinery::schema::definition;

    fn deployment(containers: Value) -> Value {
        json!({"spec": {"template": {"spec": {"containers": containers}}}})
    }

    #[test]
    fn two_way_patches_name_the_order_and_lead_back() {
        let schema = definition(&Gvk::new("apps", "v1", "Deployment")).unwrap();
        let before = deployment(json!([{"name": "a", "image": "x"}, {"name": "b"}]));
        let after = deployment(json!([{"name": "c"}, {"name": "a", "image": "y"}]));
        let patch = create_two_way_strategic(&before, &after, schema).unwrap();
        assert_eq!(
            patch,
            json!({"spec": {"template": {"spec": {
                "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
                "containers": [{"name": "c"}, {"name": "a", "image": "y"}, {"$patch": "delete", "name": "b"}],
            }}}})
        );
        assert_eq!(strategic_merge(&before, &patch, schema).unwrap(), after);
    }

    #[test]
    fn three_way_patches_keep_what_others_set() {
        let schema = definition(&Gvk::new("apps", "v1", "Deployment")).unwrap();
        let original = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"replicas": 2}});
        let modified = json!({"metadata": {"labels": {"a": "1"}}, "spec": {"paused": true}});
        let current =
            json!({"metadata": {"labels": {"a": "1", "b": "2", "c": "3"}}, "spec": {"replicas": 5}});
        let patch = three_way_strategic(&original, &modified, &current, schema).unwrap();
        assert_eq!(
            patch,
            json!({"metadata": {"labels": {"b": null}}, "spec": {"paused": true, "replicas": null}})
        );
    }

    #[test]
    fn retain_keys_is_written_for_one_of_structs() {
        let schema = definition(&Gvk::new("apps", "v1", "Deployment")).unwrap();
        let before =
            json!({"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}});
        let after = json!({"spec": {"strategy": {"type": "Recreate"}}});
        let patch = create_two_way_strategic(&before, &after, schema).unwrap();
        assert_eq!(
            patch,
            json!({"spec": {"strategy": {"$retainKeys": ["type"], "rollingUpdate": null, "type": "Recreate"}}})
        );
    }
}
