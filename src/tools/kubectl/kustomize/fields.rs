//! Fields by their path in objects of some kinds: `spec/template/spec/containers[]/image`.

use super::resource::{Id, selects};
use crate::apimachinery::json::{Key, Map, Value};
use crate::apimachinery::object::{self, Gvk, field, flag};

/// A field of objects of some kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spec {
    /// What is empty fits everything.
    pub(super) gvk: Gvk,
    pub(super) path: String,
    /// It is made where it is not there.
    pub(super) create: bool,
}

impl Spec {
    pub(super) fn of(tree: &Value) -> Self {
        Self {
            gvk: Gvk::new(field(tree, "group"), field(tree, "version"), field(tree, "kind")),
            path: field(tree, "path").to_owned(),
            create: flag(tree, "/create"),
        }
    }
}

/// What is made of fields that are not there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Make {
    Nothing,
    Map,
    Scalar,
}

/// Changes one value.
pub(super) type Set<'a> = &'a mut dyn FnMut(&mut Value) -> Result<(), String>;

/// Changes the field wherever it stands in an object.
///
/// # Errors
/// A path that leads through something that has no fields, or what `set` says.
pub(super) fn change(tree: &mut Value, spec: &Spec, make: Make, set: Set<'_>) -> Result<(), String> {
    if !selects(&spec.gvk, &Gvk::of(tree)) {
        return Ok(());
    }
    let id = Id::of(tree).text();
    let path = split(&spec.path, '/');
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let make = if spec.create { make } else { Make::Nothing };
    walk(tree, &parts, make, set)
        .map_err(|why| format!("considering field '{}' of object {id}: {why}", spec.path))
}

fn walk(value: &mut Value, path: &[&str], make: Make, set: Set<'_>) -> Result<(), String> {
    let Some((first, rest)) = path.split_first() else { return set(value) };
    match value {
        Value::Null => Ok(()),
        Value::Array(items) => items.iter_mut().try_for_each(|it| {
            walk(it, path, make, set)
                .map_err(|why| format!("visit traversal on path: [{}]: {why}", path.join(" ")))
        }),
        Value::Object(map) => {
            let name = first.strip_suffix("[]").unwrap_or(first);
            if name.is_empty() {
                return Err("cannot set or create an empty field name".into());
            }
            let makes = make != Make::Nothing && name == *first;
            let missing = map.get(name).is_none_or(Value::is_null);
            if missing && makes {
                let fresh =
                    if rest.is_empty() && make == Make::Scalar { "".into() } else { Map::new().into() };
                map.insert(name.into(), fresh);
            }
            match map.get_mut(name) {
                Some(inner) => walk(inner, rest, make, set),
                None => Ok(()),
            }
        }
        _ => Err("expected sequence or mapping node".into()),
    }
}

/// Divides a path; a backslash keeps the mark behind it.
pub(super) fn split(path: &str, mark: char) -> Vec<String> {
    let mut words = path.split(mark);
    let mut parts: Vec<String> = Vec::new();
    let mut first = words.next().unwrap_or("");
    if first.is_empty()
        && let Some(next) = words.next()
    {
        first = next;
    }
    parts.push(first.to_owned());
    for word in words {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(mark);
                last.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
    }
    parts
}

/// Puts labels or annotations into the maps that the fields name.
///
/// # Errors
/// As [`change`].
pub(super) fn add_pairs(tree: &mut Value, specs: &[Spec], pairs: &Map) -> Result<(), String> {
    let mut pairs: Vec<(&Key, &Value)> = pairs.iter().collect();
    pairs.sort_by_key(|it| it.0);
    for (key, value) in pairs {
        for spec in specs {
            change(tree, spec, Make::Map, &mut |found| {
                if !found.is_object() && !found.is_null() {
                    return Err("wrong node kind: expected MappingNode but got ScalarNode".into());
                }
                object::as_map(found).insert(key.clone(), value.clone());
                Ok(())
            })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn fields_are_found_and_made() {
        let spec = |path: &str, create| Spec { gvk: Gvk::new("", "", ""), path: path.into(), create };
        let check = |mut tree: Value, path: &str, create: bool, want: Value| {
            change(&mut tree, &spec(path, create), Make::Scalar, &mut |it| {
                *it = "new".into();
                Ok(())
            })
            .unwrap();
            assert_eq!(tree, want, "{path}");
        };
        check(json!({"a": [{"b": 1}, {"c": 2}]}), "a/b", false, json!({"a": [{"b": "new"}, {"c": 2}]}));
        check(json!({}), "a/b", true, json!({"a": {"b": "new"}}));
        check(json!({}), "a/b", false, json!({}));
        check(json!({"x/y": 1}), "x\\/y", false, json!({"x/y": "new"}));
    }
}
