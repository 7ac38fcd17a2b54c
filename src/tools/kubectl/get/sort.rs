//! `--sort-by`: the order of one field.

use std::cmp::Ordering;

use super::super::builder::Info;
use super::super::print::template::find;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::text;
use crate::apimachinery::quantity::Quantity;

/// Why objects have no order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SortError {
    /// kubectl's sentence.
    Sentence(String),
    /// What a field holds cannot be compared: Go's name of its type. The real program breaks off there.
    Unsortable(&'static str),
}

/// Sorts the answers among themselves, and then the rows of each Table.
///
/// Several Tables, as of `get cm,svc`, are compared by their own fields, and a Table has nearly none: as the real
/// kubectl, which refuses most of them.
///
/// # Errors
/// A field that no object has, or that has no order.
pub(crate) fn infos(infos: &mut [Info], path: &str) -> Result<(), SortError> {
    if infos.len() > 1 {
        values(infos, path, |info| &info.object)?;
    }
    for info in infos.iter_mut().filter(|info| text(&info.object, "/kind") == "Table") {
        let mut table = info.object.as_ref().clone();
        if let Some(rows) = table.get_mut("rows").and_then(Value::as_array_mut).filter(|rows| rows.len() > 1)
        {
            match values(rows, path, |row| row.get("object").unwrap_or(&Value::Null)) {
                // As recorded: a Table without the field is printed as one without rows, and that is no failure.
                Err(SortError::Sentence(_)) => rows.clear(),
                other => other?,
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
pub(crate) fn values<T>(items: &mut [T], path: &str, tree: impl Fn(&T) -> &Value) -> Result<(), SortError> {
    if items.is_empty() {
        return Ok(());
    }
    let mut keys = Vec::new();
    for item in items.iter() {
        keys.push(find(path, tree(item), true).map_err(SortError::Sentence)?.into_iter().next());
    }
    if keys.iter().all(Option::is_none) {
        let sentence = format!("couldn't find any field with path {path:?} in the list of objects");
        return Err(SortError::Sentence(sentence));
    }
    if items.len() > 1
        && let Some(kind) = keys.iter().flatten().find_map(unsortable)
    {
        return Err(SortError::Unsortable(kind));
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

/// Go's name of a type that kubectl knows no order of.
fn unsortable(value: &Value) -> Option<&'static str> {
    match value {
        Value::Object(_) => Some("map[string]interface {}"),
        Value::Array(_) => Some("[]interface {}"),
        Value::Bool(_) => Some("bool"),
        _ => None,
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn what_has_no_order_and_what_is_not_there_are_told() {
        let mut items = vec![json!({"a": {"b": 1}}), json!({"a": {"b": 2}})];
        assert_eq!(
            values(&mut items, "{.a}", |it| it),
            Err(SortError::Unsortable("map[string]interface {}"))
        );
        let missing = "couldn't find any field with path \"{.x}\" in the list of objects";
        assert_eq!(values(&mut items, "{.x}", |it| it), Err(SortError::Sentence(missing.into())));
        assert_eq!(values(&mut items, "{.a.b}", |it| it), Ok(()));
    }
}
