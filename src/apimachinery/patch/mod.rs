//! Patches: RFC 6902, RFC 7386 and strategic merge, applied and created.
//!
//! Follows apimachinery's `strategicpatch` and `jsonmergepatch`. Used by the API server to apply and
//! by kubectl to create. Which patch type a kind takes is not known here.

mod diff;
mod json;
mod strategic;

pub(crate) use diff::{create_two_way_strategic, three_way_strategic};
pub(crate) use json::{create_merge_patch, json_patch, merge, merge_patch, three_way_json};
pub(crate) use strategic::{leftover, strategic_merge};

use super::go;
use super::schema::{Schema, Shape};
use crate::apimachinery::json::Value;

/// Why a patch cannot be applied or created.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PatchError {
    /// The server answers 400 with this sentence.
    #[error("{0}")]
    BadRequest(String),
    /// The server answers 422 without a kind; kubectl then says that the request is invalid.
    #[error("{0}")]
    Unprocessable(String),
    /// The server answers 500 with this sentence.
    #[error("{0}")]
    Other(String),
}

const MARKER: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const SET_ORDER: &str = "$setElementOrder/";

fn bad_primitive_list() -> PatchError {
    PatchError::BadRequest("invalid patch format of primitive list".to_owned())
}

fn bad_retain_keys() -> PatchError {
    PatchError::BadRequest("invalid patch format of retainKeys".to_owned())
}

fn bad_order_list() -> PatchError {
    PatchError::BadRequest("invalid patch format of setElementOrder list".to_owned())
}

fn list_of_lists() -> PatchError {
    PatchError::Unprocessable("lists of lists are not supported".to_owned())
}

fn no_merge_key(item: &Value, key: &str) -> PatchError {
    PatchError::Other(format!("map: {} does not contain declared merge key: {key}", go::display(item)))
}

fn bad_type(wanted: &str, found: &Value) -> PatchError {
    PatchError::Other(format!("expected a {wanted}, but received a {}", go_kind(found)))
}

fn go_kind(value: &Value) -> &'static str {
    if value.is_null() { "%!s(<nil>)" } else { go::type_name(value) }
}

fn same_kind(left: &Value, right: &Value) -> bool {
    go_kind(left) == go_kind(right)
}

/// What the type of a field says about merging it.
#[derive(Clone, Copy)]
struct Meta<'a> {
    /// The type of the field; of the members for lists.
    inner: &'a Schema,
    merges: bool,
    replaces: bool,
    retains_keys: bool,
    /// Empty for lists of scalars.
    merge_key: &'a str,
}

fn meta<'a>(schema: &'a Schema, key: &str) -> Result<Meta<'a>, PatchError> {
    if schema.shape() != Shape::Object {
        let kind = if schema.shape() == Shape::Map { "map" } else { "interface" };
        let why = format!("merging an object in json but data type is not struct, instead is: {kind}");
        return Err(PatchError::Other(why));
    }
    let Some(field) = schema.property(key) else {
        let owner = schema.go_struct();
        let why = format!("unable to find api field in struct {owner} for the json field {}", go::quote(key));
        return Err(PatchError::Other(why));
    };
    Ok(Meta {
        inner: field,
        merges: field.facts.merges,
        replaces: field.facts.replaces,
        retains_keys: field.facts.retains_keys,
        merge_key: &field.facts.merge_key,
    })
}

fn list_meta<'a>(schema: &'a Schema, key: &str) -> Result<Meta<'a>, PatchError> {
    let meta = meta(schema, key)?;
    match meta.inner.element() {
        Some(element) if meta.inner.shape() == Shape::List => Ok(Meta { inner: element, ..meta }),
        _ => Err(PatchError::Other("expected slice or array type, but got: struct".to_owned())),
    }
}

/// The kind of the members, which must all have the same; `None` when there are none.
fn element_kind<'a>(lists: &[&'a [Value]]) -> Result<Option<&'a Value>, PatchError> {
    let mut first: Option<&Value> = None;
    for item in lists.iter().flat_map(|list| list.iter()) {
        if item.is_array() {
            return Err(list_of_lists());
        }
        match first {
            None => first = Some(item),
            Some(first) if !same_kind(first, item) => {
                let shown: Vec<String> =
                    lists.iter().map(|list| go::display(&Value::from(list.to_vec()))).collect();
                let why = format!("list element types are not identical: [{}]", shown.join(" "));
                return Err(PatchError::Other(why));
            }
            Some(_) => {}
        }
    }
    Ok(first)
}

fn find_by_key(list: &[Value], key: &str, value: &Value) -> Option<usize> {
    list.iter().position(|item| item.get(key) == Some(value))
}

/// Where an equal member, or one with the same key, stands in `list`.
fn place(list: &[Value], item: &Value, merge_key: &str) -> Option<usize> {
    match item {
        Value::Object(map) => {
            let key = map.get(merge_key);
            list.iter().position(|it| it.get(merge_key) == key)
        }
        _ => list.iter().position(|it| it == item),
    }
}

fn is_deletion(item: &Value) -> bool {
    item.get(MARKER).and_then(Value::as_str) == Some("delete")
}

/// `items` in the order of `order`, deletions last. Members that `order` does not have stay put.
fn in_order(items: Vec<Value>, order: &[Value], merge_key: &str) -> Vec<Value> {
    let (deletions, mut kept): (Vec<Value>, Vec<Value>) = items.into_iter().partition(is_deletion);
    let known = kept.iter().all(|item| place(order, item, merge_key).is_some());
    if known {
        kept.sort_by_key(|item| place(order, item, merge_key));
    }
    kept.extend(deletions);
    kept
}

fn scalar_text(value: &Value) -> String {
    go::display(value)
}

fn sorted_scalars(mut list: Vec<Value>) -> Vec<Value> {
    list.sort_by_key(scalar_text);
    list
}

/// Each scalar once, at its first place.
fn unique(list: Vec<Value>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::with_capacity(list.len());
    for item in list {
        if !all.contains(&item) {
            all.push(item);
        }
    }
    all
}
