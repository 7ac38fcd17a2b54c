//! Objects are JSON trees with sorted keys, as the API server stores and kubectl prints them.
//!
//! Reading goes through the short functions here; absent and null are the same to all of them.

use crate::apimachinery::json::{Key, Map, Value};

/// Group, version and kind of a type, as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gvk {
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
}

impl Gvk {
    /// Names a type; `group` is empty for the core group.
    pub(crate) fn new(group: &str, version: &str, kind: &str) -> Self {
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// What `apiVersion` and `kind` of `object` say.
    pub(crate) fn of(object: &Value) -> Self {
        let (group, version) = split_api_version(text(object, "/apiVersion"));
        Self::new(group, version, text(object, "/kind"))
    }

    /// `v1` or `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }
}

/// `apps/v1` as `("apps", "v1")`, `v1` as `("", "v1")`.
pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// The value at a JSON pointer, unless it is absent or null.
pub(crate) fn at<'a>(tree: &'a Value, pointer: &str) -> Option<&'a Value> {
    tree.pointer(pointer).filter(|value| !value.is_null())
}

/// The string at a JSON pointer; empty when there is none.
pub(crate) fn text<'a>(tree: &'a Value, pointer: &str) -> &'a str {
    tree.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// The integer at a JSON pointer.
pub(crate) fn int(tree: &Value, pointer: &str) -> Option<i64> {
    tree.pointer(pointer).and_then(Value::as_i64)
}

/// The boolean at a JSON pointer; false when there is none.
pub(crate) fn flag(tree: &Value, pointer: &str) -> bool {
    tree.pointer(pointer).and_then(Value::as_bool).unwrap_or(false)
}

/// The list at a JSON pointer; empty when there is none.
pub(crate) fn list<'a>(tree: &'a Value, pointer: &str) -> &'a [Value] {
    tree.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The entries of the map at a JSON pointer, in key order; none when there is no map.
pub(crate) fn entries<'a>(tree: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a Key, &'a Value)> {
    tree.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

/// The string under `key` of a list or map member; empty when there is none. For keys with `/`.
pub(crate) fn field<'a>(tree: &'a Value, key: &str) -> &'a str {
    tree.get(key).and_then(Value::as_str).unwrap_or("")
}

/// `metadata.name`.
pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.namespace`; empty for cluster-scoped objects.
pub(crate) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

/// `metadata.uid`.
pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// One label's value.
pub(crate) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get("labels")?.get(key)?.as_str()
}

/// One annotation's value.
pub(crate) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.get("metadata")?.get("annotations")?.get(key)?.as_str()
}

/// The owner reference with `controller: true`.
pub(crate) fn controller_of(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences").iter().find(|owner| flag(owner, "/controller"))
}

/// Makes `tree` an object if it is not one, and returns its map.
pub(crate) fn as_map(tree: &mut Value) -> &mut Map {
    if !tree.is_object() {
        *tree = Value::Object(Map::new());
    }
    match tree {
        Value::Object(map) => map,
        // The line above made it an object.
        _ => unreachable!("not an object"),
    }
}

/// The map at a path of plain keys, made on the way where it is missing.
pub(crate) fn map_at<'a>(tree: &'a mut Value, path: &[&str]) -> &'a mut Map {
    let mut here = as_map(tree);
    for key in path {
        if !here.contains_key(key) {
            here.insert((*key).into(), Value::Object(Map::new()));
        }
        here = match here.get_mut(key) {
            Some(value) => as_map(value),
            None => unreachable!("it was put there above"),
        };
    }
    here
}

/// Sets the value at a path of plain keys, making maps on the way.
pub(crate) fn set(tree: &mut Value, path: &[&str], value: impl Into<Value>) {
    if let Some((last, parents)) = path.split_last() {
        let map = map_at(tree, parents);
        match map.get_mut(last) {
            Some(slot) => *slot = value.into(),
            None => drop(map.insert((*last).into(), value.into())),
        }
    }
}

/// `tree` with `value` under `key`. Moves the value, where `json!` makes a copy of what it is given.
pub(crate) fn with(mut tree: Value, key: &str, value: Value) -> Value {
    as_map(&mut tree).insert(key.into(), value);
    tree
}

/// Sets the value at a path of plain keys unless something stands there already.
pub(crate) fn set_default(tree: &mut Value, path: &[&str], value: impl Into<Value>) {
    if let Some((last, parents)) = path.split_last() {
        let map = map_at(tree, parents);
        if map.get(last).is_none_or(Value::is_null) {
            map.insert((*last).into(), value.into());
        }
    }
}

/// Takes the value at a path of plain keys away; maps that it leaves empty stay.
pub(crate) fn remove(tree: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let mut here = tree;
    for key in parents {
        here = here.get_mut(key)?;
    }
    here.as_object_mut()?.remove(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn setting_makes_the_way_and_defaults_keep_what_stands() {
        let mut tree = json!({"spec": null});
        set(&mut tree, &["spec", "replicas"], 3);
        set_default(&mut tree, &["spec", "replicas"], 1);
        assert_eq!(tree, json!({"spec": {"replicas": 3}}));
        assert_eq!(remove(&mut tree, &["spec", "replicas"]), Some(json!(3)));
    }
}
