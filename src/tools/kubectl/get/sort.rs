//! `--sort-by`: the order of one field.

use std::cmp::Ordering;

use serde_json::Value;

use super::super::builder::Info;
use super::super::print::template::find;
use crate::apimachinery::object::text;
use crate::apimachinery::quantity::Quantity;

/// Sorts the rows of each Table; objects that are no Tables among themselves.
///
/// # Errors
/// kubectl's sentence about a field that no object has.
pub(crate) fn infos(infos: &mut [Info], path: &str) -> Result<(), String> {
    let tables = infos.iter().filter(|info| text(&info.object, "/kind") == "Table").count();
    if tables == 0 {
        return values(infos, path, |info| &info.object);
    }
    if tables < infos.len() {
        return Err("sorting is not supported on mixed Table and non-Table object lists".into());
    }
    for info in infos {
        let mut table = info.object.as_ref().clone();
        if let Some(rows) = table.get_mut("rows").and_then(Value::as_array_mut) {
            // As recorded: a Table without the field is printed as one without rows, and that is no failure.
            if values(rows, path, |row| row.get("object").unwrap_or(&Value::Null)).is_err() {
                rows.clear();
            }
        }
        info.object = table.into();
    }
    Ok(())
}

/// Sorts `items` by what `path` finds in the tree of each.
///
/// # Errors
/// As [`infos`].
pub(crate) fn values<T>(items: &mut [T], path: &str, tree: impl Fn(&T) -> &Value) -> Result<(), String> {
    if items.is_empty() {
        return Ok(());
    }
    let mut keys = Vec::new();
    for item in items.iter() {
        keys.push(find(path, tree(item), true)?.into_iter().next());
    }
    if keys.iter().all(Option::is_none) {
        return Err(format!("couldn't find any field with path {path:?} in the list of objects"));
    }
    let mut order: Vec<usize> = (0..items.len()).collect();
    let key = |at: &usize| keys.get(*at).and_then(Option::as_ref);
    order.sort_by(|one, other| compare(key(one), key(other)));
    // Puts every item in its place by swapping along the cycles of the order.
    for at in 0..items.len() {
        let mut from = order.get(at).copied().unwrap_or(at);
        while from < at {
            from = order.get(from).copied().unwrap_or(at);
        }
        items.swap(at, from);
    }
    Ok(())
}

fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    match (one, other) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(Value::String(one)), Some(Value::String(other))) => {
            match (Quantity::parse(one), Quantity::parse(other)) {
                (Ok(one), Ok(other)) => one.cmp(&other),
                _ => one.cmp(other),
            }
        }
        (Some(one), Some(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            _ => Ordering::Equal,
        },
    }
}
