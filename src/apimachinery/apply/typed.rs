//! Whether an applied configuration has the fields and kinds of values of its type.
//!
//! Follows structured-merge-diff's `typed/validate.go` and its sentences. Go walks maps by chance; here the
//! fields come in their order, and as there, nothing beside an unknown field is looked at.

use super::compare::{KEY_DEFAULTS, field_type, member_edge};
use super::set;
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::schema::{ListType, Schema, Shape};
use crate::apimachinery::{go, object};

/// What does not fit, such as `.spec.foo: field not declared in schema`; several in an indented list.
pub(super) fn complaint(schema: &Schema, object: &Value) -> Option<String> {
    let mut found = Vec::new();
    let mut object = object.clone();
    // Custom resources' schemas do not speak of what all objects have.
    for key in ["apiVersion", "kind", "metadata"] {
        if schema.property(key).is_none() {
            object::remove(&mut object, &[key]);
        }
    }
    check(schema, &object, &mut Vec::new(), &mut found);
    match found.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        all => Some(format!("errors:\n  {}", all.join("\n  "))),
    }
}

/// A value behind the library's pointer, as `%v` prints it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "&{<nil>}".to_owned(),
        other => format!("&{{{}}}", go::display(other)),
    }
}

fn tell(path: &[String], sentence: &str, found: &mut Vec<String>) {
    match set::printed(path) {
        place if place.is_empty() => found.push(sentence.to_owned()),
        place => found.push(format!("{place}: {sentence}")),
    }
}

fn check(schema: &Schema, value: &Value, path: &mut Vec<String>, found: &mut Vec<String>) {
    if value.is_null() {
        return;
    }
    let sentence = match (schema.shape(), value) {
        (Shape::Object | Shape::Map, Value::Object(map)) => return fields(schema, map, path, found),
        (Shape::Object | Shape::Map, other) => format!("expected map, got {}", shown(other)),
        (Shape::List, Value::Array(items)) => return members(schema, items, path, found),
        (Shape::List, other) => format!("expected list, got {}", shown(other)),
        (Shape::Text | Shape::Bytes, Value::String(_)) => return,
        (Shape::Text | Shape::Bytes, other) => {
            format!("expected string, got &value.valueUnstructured{{Value:{}}}", go::syntax(other))
        }
        (Shape::Integer | Shape::Number, Value::Number(_)) => return,
        (Shape::Integer | Shape::Number, other) => {
            format!("expected numeric (int or float), got {}", go::type_name(other))
        }
        (Shape::Boolean, Value::Bool(_)) => return,
        (Shape::Boolean, other) => format!("expected boolean, got {}", shown(other)),
        (Shape::Quantity | Shape::Time | Shape::MicroTime | Shape::IntOrString, other)
            if other.is_object() || other.is_array() =>
        {
            format!("expected any scalar, got {}", shown(other))
        }
        _ => return,
    };
    tell(path, &sentence, found);
}

fn fields(schema: &Schema, map: &Map, path: &mut Vec<String>, found: &mut Vec<String>) {
    let open = schema.shape() == Shape::Map || schema.rules.as_ref().is_some_and(|it| it.preserve_unknown);
    for (name, value) in map {
        path.push(set::field(name));
        match field_type(Some(schema), name) {
            Some(of) => check(of, value, path, found),
            None if open => {}
            None => {
                tell(path, "field not declared in schema", found);
                path.pop();
                return;
            }
        }
        path.pop();
    }
}

fn members(list: &Schema, items: &[Value], path: &mut Vec<String>, found: &mut Vec<String>) {
    let Some(of) = list.element() else { return };
    let mut seen: Vec<String> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let edge = if list.is_atomic() {
            index.to_string()
        } else {
            if let Some(why) = without_place(list, item) {
                tell(path, &format!("element {index}: {why}"), found);
                continue;
            }
            let edge = member_edge(list, item);
            if seen.contains(&edge) {
                let key = set::printed(std::slice::from_ref(&edge));
                tell(path, &format!("duplicate entries for key {key}"), found);
            }
            seen.push(edge.clone());
            edge
        };
        path.push(edge);
        check(of, item, path, found);
        path.pop();
    }
}

/// Why a member of a list cannot be told from the others.
fn without_place(list: &Schema, item: &Value) -> Option<String> {
    if list.list_type() != ListType::Map {
        let simple = !item.is_object() && !item.is_array() && !item.is_null();
        return (!simple).then(|| "associative list without keys has an element that's not a scalar".into());
    }
    let Value::Object(map) = item else {
        return Some("associative list with keys may not have non-map elements".into());
    };
    let type_name = list.element().map_or("", |element| element.real().name.as_str());
    let has_default =
        |key: &str| KEY_DEFAULTS.iter().any(|(name, field, _)| *name == type_name && *field == key);
    let missing = list.list_map_keys().iter().find(|key| !map.contains_key(key) && !has_default(key))?;
    Some(format!(
        "associative list with keys has an element that omits key field {} (and doesn't have default value)",
        go::quote(missing)
    ))
}
