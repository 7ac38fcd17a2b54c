//! An applied configuration laid over an object, and fields taken out of one.

use super::compare::{Parts, field_type, member_edge, parts};
use super::set::{self, FieldSet};
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::schema::Schema;

/// `config` over `live`: fields of `config` win, lists merge by their keys, all else stays.
pub(super) fn merge(schema: &Schema, live: &Value, config: &Value) -> Value {
    merge_node(Some(schema), live, config)
}

fn merge_node(schema: Option<&Schema>, live: &Value, config: &Value) -> Value {
    match (parts(schema, config), live, config) {
        (Parts::Fields(schema), Value::Object(live), Value::Object(config)) => {
            let mut merged = live.clone();
            for (name, value) in config {
                let before = live.get(name).unwrap_or(&Value::Null);
                merged.insert(name.clone(), merge_node(field_type(schema, name), before, value));
            }
            Value::Object(merged)
        }
        (Parts::Members(list), Value::Array(live), Value::Array(config)) => {
            Value::from(merge_members(list, live, config))
        }
        _ => config.clone(),
    }
}

/// Members of the configuration keep their order; those only the object has stay before what
/// followed them.
fn merge_members(list: &Schema, live: &[Value], config: &[Value]) -> Vec<Value> {
    let edges =
        |items: &[Value]| -> Vec<String> { items.iter().map(|item| member_edge(list, item)).collect() };
    let (live_edges, config_edges) = (edges(live), edges(config));
    let mut merged = Vec::with_capacity(live.len() + config.len());
    let mut rest = live.iter().zip(&live_edges).peekable();
    for (item, edge) in config.iter().zip(&config_edges) {
        while let Some((only_live, _)) = rest.next_if(|(_, edge)| !config_edges.contains(edge)) {
            merged.push(only_live.clone());
        }
        let before = live_edges.iter().position(|it| it == edge).and_then(|at| live.get(at));
        merged.push(before.map_or_else(|| item.clone(), |before| merge_node(list.element(), before, item)));
        rest.next_if(|(_, it)| *it == edge);
    }
    merged.extend(rest.filter(|(_, edge)| !config_edges.contains(edge)).map(|(item, _)| item.clone()));
    merged
}

/// Takes out of `object` what `before` has and nobody in `owned` has any more.
pub(super) fn remove(schema: &Schema, object: &mut Value, before: &FieldSet, owned: &FieldSet) {
    remove_node(Some(schema), object, before, owned);
}

fn remove_node(schema: Option<&Schema>, value: &mut Value, before: &FieldSet, owned: &FieldSet) {
    match (parts(schema, value), value) {
        (Parts::Fields(schema), Value::Object(map)) => remove_fields(schema, map, before, owned),
        (Parts::Members(list), Value::Array(items)) => {
            items.retain_mut(|item| {
                let edge = member_edge(list, item);
                let Some(mine) = before.child(&edge) else { return true };
                let Some(others) = owned.child(&edge) else { return !mine.is_owned() };
                remove_node(list.element(), item, mine, others);
                true
            });
        }
        _ => {}
    }
}

fn remove_fields(schema: Option<&Schema>, map: &mut Map, before: &FieldSet, owned: &FieldSet) {
    let nobody = FieldSet::default();
    for (edge, mine) in before.edges() {
        let Some(name) = edge.strip_prefix("f:") else { continue };
        let others = owned.child(&set::field(name));
        if mine.is_owned() && others.is_none() {
            map.remove(name);
            continue;
        }
        let Some(value) = map.get_mut(name) else { continue };
        let was_empty = is_empty(value);
        remove_node(field_type(schema, name), value, mine, others.unwrap_or(&nobody));
        if !was_empty && is_empty(value) && others.is_none() {
            map.remove(name);
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}
