//! Short ways to reach into a tree that is being filled in.

use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;

/// Runs `fill` on each member of the list at `pointer`.
pub(super) fn each(tree: &mut Value, pointer: &str, fill: impl FnMut(&mut Value)) {
    if let Some(Value::Array(list)) = tree.pointer_mut(pointer) {
        list.iter_mut().filter(|it| it.is_object()).for_each(fill);
    }
}

/// Runs `fill` on the object at `pointer` when there is one.
pub(super) fn within(tree: &mut Value, pointer: &str, fill: impl FnOnce(&mut Value)) {
    if let Some(found) = tree.pointer_mut(pointer).filter(|it| it.is_object()) {
        fill(found);
    }
}

/// True when something other than null stands at `pointer`.
pub(super) fn has(tree: &Value, pointer: &str) -> bool {
    object::at(tree, pointer).is_some()
}

/// Sets what stands at a path of keys unless it is there; zero counts as absent, as in Go's `int32` fields.
pub(super) fn default_nonzero(tree: &mut Value, key: &str, value: i64) {
    if tree.get(key).and_then(Value::as_i64).unwrap_or(0) == 0 {
        object::set(tree, &[key], value);
    }
}

/// Writes the quantity at `key` of `map` in its canonical form; what is no quantity stays.
pub(super) fn canonical(map: &mut Map, key: &str) {
    if let Some(value) = map.get_mut(key) {
        canonical_value(value);
    }
}

fn canonical_value(value: &mut Value) {
    let text = match &*value {
        Value::String(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        _ => return,
    };
    if let Ok(quantity) = Quantity::parse(&text) {
        *value = quantity.to_string().into();
    }
}

/// [`canonical`] for every member of the map at `pointer`.
pub(super) fn canonical_list(tree: &mut Value, pointer: &str) {
    if let Some(Value::Object(map)) = tree.pointer_mut(pointer) {
        map.values_mut().for_each(canonical_value);
    }
}
