//! Paths of replacements and variables: `spec.containers.[name=c].env.0.value`.
//!
//! Follows kyaml's `PathGetter`, which finds one value, and `PathMatcher`, which finds many and may make them.

use super::fields::split;
use crate::apimachinery::json::{List, Map, Value};

/// What is made where nothing is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Make {
    Nothing,
    Scalar,
    Map,
    List,
}

/// One step from a value into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// Divides a path at its points; points within brackets and behind backslashes stay.
pub(super) fn parts(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut words = split(path, '.').into_iter();
    while let Some(mut word) = words.next() {
        if word.starts_with('[') && !word.ends_with(']') {
            for next in words.by_ref() {
                word = format!("{word}.{next}");
                if next.ends_with(']') {
                    break;
                }
            }
            if !word.contains('=') {
                word = word.trim_matches(['[', ']']).to_owned();
            }
        }
        parts.push(word);
    }
    parts
}

/// `ports[0]` as two parts.
pub(super) fn with_indices(parts: Vec<String>) -> Vec<String> {
    let mut all = Vec::new();
    for part in parts {
        match part.strip_suffix(']').and_then(|it| it.split_once('[')) {
            Some((name, index)) if !name.is_empty() && index.parse::<usize>().is_ok() => {
                all.extend([name.to_owned(), index.to_owned()]);
            }
            _ => all.push(part),
        }
    }
    all
}

/// `[key=value]`.
fn condition(part: &str) -> Option<(&str, &str)> {
    part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')
}

/// The value at a path, if there is one.
///
/// # Errors
/// A path that does not fit what it leads through.
pub(super) fn look_up<'a>(tree: &'a Value, path: &[String]) -> Result<Option<&'a Value>, String> {
    let mut at = tree;
    for part in path.iter().map(|it| it.trim()).filter(|it| !it.is_empty()) {
        if part == "*" {
            return Err("wildcard is not supported in PathGetter".into());
        }
        let next = match (at, condition(part), part.parse::<usize>()) {
            (Value::Array(items), Some((key, value)), _) => items.iter().find(|it| is_at(it, key, value)),
            (Value::Array(items), None, Ok(index)) => items.get(index),
            (Value::Array(items), None, Err(_)) if part == "-" => items.last(),
            (Value::Object(map), None, Err(_)) => map.get(part),
            (Value::Null, ..) => None,
            (other, ..) => {
                return Err(wrong_kind(other, condition(part).is_some() || part.parse::<usize>().is_ok()));
            }
        };
        match next {
            Some(next) => at = next,
            None => return Ok(None),
        }
    }
    Ok(Some(at))
}

fn wrong_kind(found: &Value, list: bool) -> String {
    let name = match found {
        Value::Array(_) => "SequenceNode",
        Value::Object(_) => "MappingNode",
        _ => "ScalarNode",
    };
    let wanted = if list { "SequenceNode" } else { "MappingNode" };
    format!("wrong node kind: expected {wanted} but got {name}")
}

/// An item of a list: itself, or a field of it.
fn is_at(item: &Value, key: &str, value: &str) -> bool {
    let found = if key.is_empty() { Some(item) } else { item.get(key) };
    found.is_some_and(|it| scalar(it) == value)
}

/// A value as a text.
pub(super) fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        _ => String::new(),
    }
}

/// All places that a path leads to; with `make`, what is not there is made.
///
/// # Errors
/// A path that does not fit what it leads through.
pub(super) fn matches(tree: &mut Value, path: &[String], make: Make) -> Result<Vec<Vec<Step>>, String> {
    let mut found = Vec::new();
    walk(tree, path, make, &mut Vec::new(), &mut found)?;
    Ok(found)
}

type Trail = Vec<Step>;

fn walk(
    value: &mut Value,
    path: &[String],
    make: Make,
    trail: &mut Trail,
    out: &mut Vec<Trail>,
) -> Result<(), String> {
    let Some((part, rest)) = path.split_first() else {
        out.push(trail.clone());
        return Ok(());
    };
    if let Ok(index) = part.parse::<usize>() {
        return at_index(value, index, rest, make, trail, out);
    }
    if let Some((key, wanted)) = condition(part) {
        return at_items(value, (key, wanted), rest, make, trail, out);
    }
    if part == "*" {
        let Value::Array(items) = value else { return Err(wrong_kind(value, true)) };
        return items
            .iter_mut()
            .enumerate()
            .try_for_each(|(index, item)| step(item, Step::Index(index), rest, make, trail, out));
    }
    if value.is_null() && make != Make::Nothing {
        *value = Map::new().into();
    }
    match value {
        Value::Object(map) => {
            if !map.contains_key(part) && make != Make::Nothing {
                map.insert(part.clone().into(), fresh(rest, make));
            }
            match map.get_mut(part) {
                Some(inner) => step(inner, Step::Key(part.clone()), rest, make, trail, out),
                None => Ok(()),
            }
        }
        Value::Null => Ok(()),
        other => Err(wrong_kind(other, false)),
    }
}

fn step(
    value: &mut Value,
    to: Step,
    path: &[String],
    make: Make,
    trail: &mut Trail,
    out: &mut Vec<Trail>,
) -> Result<(), String> {
    trail.push(to);
    let result = walk(value, path, make, trail, out);
    trail.pop();
    result
}

/// What a part is made as, from what comes after it.
fn fresh(rest: &[String], make: Make) -> Value {
    let list = |part: &String| condition(part).is_some() || part.parse::<usize>().is_ok();
    match (rest.first(), make) {
        (Some(next), _) if list(next) => Value::Array(List::new()),
        (Some(_), _) | (None, Make::Map) => Map::new().into(),
        (None, Make::List) => Value::Array(List::new()),
        (None, _) => Value::Null,
    }
}

fn at_index(
    value: &mut Value,
    index: usize,
    rest: &[String],
    make: Make,
    trail: &mut Trail,
    out: &mut Vec<Trail>,
) -> Result<(), String> {
    let Value::Array(items) = value else { return Err(wrong_kind(value, true)) };
    if items.len() == index && make != Make::Nothing {
        items.push(fresh(rest, make));
    }
    let count = items.len();
    match items.get_mut(index) {
        Some(item) => step(item, Step::Index(index), rest, make, trail, out),
        None => Err(format!("index {index} specified but only {count} elements found")),
    }
}

/// Items with a field that a pattern fits.
fn at_items(
    value: &mut Value,
    (key, wanted): (&str, &str),
    rest: &[String],
    make: Make,
    trail: &mut Trail,
    out: &mut Vec<Trail>,
) -> Result<(), String> {
    let pattern = regex::Regex::new(wanted).map_err(|error| error.to_string())?;
    let Value::Array(items) = value else { return Err(wrong_kind(value, true)) };
    let fits = |item: &Value| match if key.is_empty() { Some(item) } else { item.get(key) } {
        Some(found) => pattern.is_match(&scalar(found)),
        None => false,
    };
    if make != Make::Nothing && !items.iter().any(fits) {
        let made = if key.is_empty() {
            Value::from(wanted)
        } else {
            Map::from_iter([(key.to_owned(), wanted.into())]).into()
        };
        items.push(made);
    }
    for (index, item) in items.iter_mut().enumerate() {
        if fits(item) {
            step(item, Step::Index(index), if key.is_empty() { &[] } else { rest }, make, trail, out)?;
        }
    }
    Ok(())
}

/// The value that steps lead to.
pub(super) fn at<'a>(tree: &'a mut Value, trail: &[Step]) -> Option<&'a mut Value> {
    let mut value = tree;
    for step in trail {
        value = match step {
            Step::Key(key) => value.get_mut(key)?,
            Step::Index(index) => value.get_mut(index)?,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn paths_are_divided_as_kyaml_does() {
        for (path, want) in [
            ("a.b.0", vec!["a", "b", "0"]),
            ("a.[name=x.y].z", vec!["a", "[name=x.y]", "z"]),
            ("a.[b.c/d]", vec!["a", "b.c/d"]),
            ("a.b\\.c", vec!["a", "b.c"]),
        ] {
            assert_eq!(parts(path), want, "{path}");
        }
        assert_eq!(with_indices(parts("spec.ports[0].port")), ["spec", "ports", "0", "port"]);
    }

    #[test]
    fn values_are_found_and_made() {
        let mut tree = json!({"list": [{"name": "a", "v": 1}, {"name": "b"}]});
        let count = |tree: &mut Value, path: &str, make| matches(tree, &parts(path), make).map(|it| it.len());
        assert_eq!(count(&mut tree, "list.*.name", Make::Nothing), Ok(2));
        assert_eq!(count(&mut tree, "list.[name=b].v", Make::Nothing), Ok(0));
        assert_eq!(count(&mut tree, "list.[name=c].v", Make::Scalar), Ok(1));
        assert_eq!(tree["list"][2], json!({"name": "c", "v": null}));
        assert_eq!(
            count(&mut tree, "list.7", Make::Nothing),
            Err("index 7 specified but only 3 elements found".into())
        );
        assert_eq!(look_up(&tree, &parts("list.[name=a].v")), Ok(Some(&json!(1))));
    }
}
