//! `replacements`: values of one object copied into others.

use super::super::Failure;
use super::paths::{self, Make};
use super::resource::{Id, Resource, selects};
use super::select::Selector;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk, field, flag, list};
use crate::apimachinery::yaml;

/// Performs replacements in their order.
///
/// # Errors
/// What cannot be found, or does not fit.
pub(super) fn run(replacements: &[Value], resources: &mut [Resource]) -> Result<(), Failure> {
    replacements.iter().try_for_each(|it| one(it, resources)).map_err(Failure::error)
}

fn one(replacement: &Value, resources: &mut [Resource]) -> Result<(), String> {
    let own = object::at(replacement, "/sourceValue");
    let source = object::at(replacement, "/source");
    let targets = object::at(replacement, "/targets").and_then(Value::as_array);
    let (Some(targets), true) = (targets, own.is_some() || source.is_some()) else {
        return Err("replacements must specify a source and at least one target".into());
    };
    let value = match (own, source) {
        (Some(_), Some(_)) => return Err("value and resource selectors are mutually exclusive".into()),
        (Some(own), None) => own.clone(),
        (None, source) => value_of(source.unwrap_or(&Value::Null), resources)?,
    };
    targets.iter().try_for_each(|target| put(target, &value, resources))
}

/// What is given of an object.
fn wanted(source: &Value) -> Id {
    Id {
        gvk: Gvk::new(field(source, "group"), field(source, "version"), field(source, "kind")),
        name: field(source, "name").to_owned(),
        namespace: field(source, "namespace").to_owned(),
    }
}

fn value_of(source: &Value, resources: &[Resource]) -> Result<Value, String> {
    let wanted = wanted(source);
    let path = match field(source, "fieldPath") {
        "" => "metadata.name",
        path => path,
    };
    let is = |id: &Id| {
        (wanted.name.is_empty() || wanted.name == id.name)
            && (wanted.namespace.is_empty() || wanted.same_namespace(id))
            && selects(&wanted.gvk, &id.gvk)
    };
    let mut found = resources.iter().filter(|it| it.ids().iter().any(is));
    let described = || {
        let path = field(source, "fieldPath");
        let end = if path.is_empty() { String::new() } else { format!(":{path}") };
        format!("{}{end}{}", wanted.text(), described_options(source))
    };
    let Some(one) = found.next() else { return Err(format!("nothing selected by {}", described())) };
    if found.next().is_some() {
        return Err(format!("multiple matches for selector {}", described()));
    }
    let value = paths::look_up(&one.tree, &paths::parts(path))
        .map_err(|why| format!("error looking up replacement source: {why}"))?;
    let is_empty = |it: &&Value| match it {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    };
    let Some(value) = value.filter(|it| !is_empty(it)) else {
        return Err(format!("fieldPath `{path}` is missing for replacement source {}", wanted.text()));
    };
    refined(source, value)
}

fn described_options(source: &Value) -> String {
    let (delimiter, create) = (object::text(source, "/options/delimiter"), flag(source, "/options/create"));
    if delimiter.is_empty() && !create {
        return String::new();
    }
    let index = object::int(source, "/options/index").unwrap_or(0);
    format!(":{delimiter}({index}), create={create}")
}

/// One part of a text, where the source names a delimiter.
fn refined(source: &Value, value: &Value) -> Result<Value, String> {
    let delimiter = object::text(source, "/options/delimiter");
    if delimiter.is_empty() {
        return Ok(value.clone());
    }
    if value.is_object() || value.is_array() {
        return Err("delimiter option can only be used with scalar nodes".into());
    }
    let (text, index) = (paths::scalar(value), object::int(source, "/options/index").unwrap_or(0));
    let part = usize::try_from(index).ok().and_then(|at| text.split(delimiter).nth(at).map(str::to_owned));
    part.map(Value::from).ok_or_else(|| format!("options.index {index} is out of bounds for value {text}"))
}

fn put(target: &Value, value: &Value, resources: &mut [Resource]) -> Result<(), String> {
    let Some(selected) = object::at(target, "/select") else {
        return Err("target must specify resources to select".into());
    };
    let broken = |why: String| format!("error creating target selector: {why}");
    let select = Selector::of(selected).map_err(broken)?;
    let rejects: Vec<Selector> =
        list(target, "/reject").iter().map(Selector::of).collect::<Result<_, _>>().map_err(broken)?;
    for resource in resources {
        let ids = resource.ids();
        let rejected = rejects.iter().any(|it| {
            (it.has_words() && it.has_words_that_fit(&resource.tree))
                || (it.has_id() && ids.iter().any(|id| it.is(id)))
        });
        if select.has_words_that_fit(&resource.tree) && !rejected && ids.iter().any(|id| select.is(id)) {
            copy(&mut resource.tree, target, value)?;
        }
    }
    Ok(())
}

fn copy(tree: &mut Value, target: &Value, value: &Value) -> Result<(), String> {
    let given: Vec<&str> = list(target, "/fieldPaths").iter().filter_map(Value::as_str).collect();
    let paths = if given.is_empty() { vec!["metadata.name"] } else { given };
    let make = match value {
        _ if !flag(target, "/options/create") => Make::Nothing,
        Value::Object(_) => Make::Map,
        Value::Array(_) => Make::List,
        _ => Make::Scalar,
    };
    let or = if make == Make::Nothing { "" } else { " or create" };
    for path in paths {
        if leads_into_text(tree, &paths::parts(path), make) {
            continue;
        }
        let missing = format!("unable to find{or} field {path:?} in replacement target");
        let found =
            paths::matches(tree, &paths::parts(path), make).map_err(|why| format!("{missing}: {why}"))?;
        if found.is_empty() {
            return Err(missing);
        }
        for trail in found {
            if let Some(at) = paths::at(tree, &trail) {
                *at = placed(target, at, value)?;
            }
        }
    }
    Ok(())
}

/// Whether a path leads on into the YAML or JSON that a text holds. kustomize finds such fields, and changes nothing.
fn leads_into_text(tree: &Value, path: &[String], make: Make) -> bool {
    let inner = (1..path.len()).find_map(|count| {
        let (outer, rest) = path.split_at(count);
        let text = paths::look_up(tree, outer).ok()??.as_str()?;
        Some((yaml::document(text).ok()?, rest))
    });
    inner.is_some_and(|(mut inner, rest)| {
        paths::matches(&mut inner, rest, make).is_ok_and(|it| !it.is_empty())
    })
}

/// What comes to stand in a field.
fn placed(target: &Value, old: &Value, value: &Value) -> Result<Value, String> {
    let delimiter = object::text(target, "/options/delimiter");
    let structured = old.is_object() || old.is_array();
    let mut text = paths::scalar(value);
    if !delimiter.is_empty() {
        if structured {
            return Err("delimiter option can only be used with scalar nodes".into());
        }
        let old = paths::scalar(old);
        let mut parts: Vec<&str> = old.split(delimiter).collect();
        match usize::try_from(object::int(target, "/options/index").unwrap_or(0)) {
            Err(_) => parts.insert(0, &text),
            Ok(index) => match parts.get_mut(index) {
                Some(part) => *part = &text,
                None => parts.push(&text),
            },
        }
        text = parts.join(delimiter);
    } else if structured || (old.is_null() && (value.is_object() || value.is_array())) {
        return Ok(value.clone());
    }
    Ok(match old {
        // A text stays one; what is no text is read anew.
        Value::String(_) => text.into(),
        _ => yaml::document(&text)
            .ok()
            .filter(|it| !it.is_object() && !it.is_array())
            .unwrap_or(Value::from(text)),
    })
}
