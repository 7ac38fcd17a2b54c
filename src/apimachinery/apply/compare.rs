//! Which fields an object has, and which differ between two objects of a type.

use super::set::{self, FieldSet};
use crate::apimachinery::json::{Key, Map, Value};
use crate::apimachinery::schema::{ListType, Schema, Shape};

/// How a value is taken apart.
pub(super) enum Parts<'a> {
    /// It is one field.
    Leaf,
    /// Named fields, each with its type; `None` for a value whose type nobody knows.
    Fields(Option<&'a Schema>),
    /// Members told apart by keys or by their value.
    Members(&'a Schema),
}

/// How values of `schema` are taken apart. Nothing is known of what `None` describes but its JSON.
pub(super) fn parts<'a>(schema: Option<&'a Schema>, value: &Value) -> Parts<'a> {
    let Some(schema) = schema else {
        return if value.is_object() { Parts::Fields(None) } else { Parts::Leaf };
    };
    match schema.shape() {
        // Free-form parts of custom resources are taken apart, those of built-in types are not.
        Shape::Any if schema.rules.is_some() && value.is_object() => Parts::Fields(None),
        Shape::Object | Shape::Map if !schema.is_atomic() => Parts::Fields(Some(schema)),
        Shape::List if !schema.is_atomic() => Parts::Members(schema),
        _ => Parts::Leaf,
    }
}

/// The type of a field; fields of maps have the type of the map's values.
pub(super) fn field_type<'a>(schema: Option<&'a Schema>, name: &str) -> Option<&'a Schema> {
    let schema = schema?;
    schema.property(name).or(schema.element())
}

/// Keys that a list member may leave out, because the API has a default for them.
pub(super) const KEY_DEFAULTS: &[(&str, &str, &str)] = &[
    ("io.k8s.api.core.v1.ContainerPort", "protocol", "TCP"),
    ("io.k8s.api.core.v1.ServicePort", "protocol", "TCP"),
];

/// The edge to a member of a list.
pub(super) fn member_edge(list: &Schema, item: &Value) -> String {
    if list.list_type() != ListType::Map {
        return set::value(item);
    }
    let type_name = list.element().map_or("", |element| element.real().name.as_str());
    let mut keys = Map::new();
    for key in list.list_map_keys() {
        let default = KEY_DEFAULTS.iter().find(|(name, field, _)| *name == type_name && field == key);
        let value = item.get(key).cloned().or_else(|| default.map(|(_, _, value)| Value::from(*value)));
        if let Some(value) = value {
            keys.insert(key.clone().into(), value);
        }
    }
    set::key(keys)
}

/// The fields of an applied configuration.
pub(super) fn field_set(schema: &Schema, object: &Value) -> FieldSet {
    let mut set = FieldSet::default();
    add_fields(Some(schema), object, &mut set);
    set
}

fn add_fields(schema: Option<&Schema>, value: &Value, set: &mut FieldSet) {
    match (parts(schema, value), value) {
        (Parts::Fields(schema), Value::Object(map)) => {
            for (name, value) in map {
                let child = set.child_mut(set::field(name));
                add_fields(field_type(schema, name), value, child);
                let is_named = schema.is_some_and(|schema| schema.property(name).is_some());
                let is_empty = value.as_object().is_some_and(Map::is_empty);
                if value.is_null() || is_empty || !is_named {
                    child.own();
                }
            }
        }
        (Parts::Members(list), Value::Array(items)) => {
            for item in items {
                let child = set.child_mut(member_edge(list, item));
                add_fields(list.element(), item, child);
                child.own();
            }
        }
        (Parts::Leaf, _) => set.own(),
        _ => {}
    }
}

/// The fields in which two objects differ.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    pub(super) added: FieldSet,
    pub(super) modified: FieldSet,
    pub(super) removed: FieldSet,
}

impl Comparison {
    /// True when the objects are equal.
    pub(super) fn is_empty(&self) -> bool {
        self.added.is_empty() && self.modified.is_empty() && self.removed.is_empty()
    }
}

/// Compares two objects of a type.
pub(super) fn compare(schema: &Schema, old: &Value, new: &Value) -> Comparison {
    let mut comparison = Comparison::default();
    let mut walk = Walk { path: Vec::new(), comparison: &mut comparison };
    walk.node(Some(schema), Some(old), Some(new));
    comparison
}

struct Walk<'a> {
    path: Vec<String>,
    comparison: &'a mut Comparison,
}

fn own(set: &mut FieldSet, path: &[String]) {
    path.iter().fold(set, |set, edge| set.child_mut(edge.clone())).own();
}

fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(map)) => map.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

impl Walk<'_> {
    fn node(&mut self, schema: Option<&Schema>, old: Option<&Value>, new: Option<&Value>) {
        let Some(shown) = new.or(old) else { return };
        let kind = match parts(schema, shown) {
            Parts::Leaf => parts(schema, old.unwrap_or(shown)),
            kind => kind,
        };
        // Two empty ones count as one field, so that being empty can be told from being absent.
        let is_leaf = matches!(kind, Parts::Leaf) || (is_nothing(old) && is_nothing(new));
        if is_leaf {
            self.leaf(old, new);
            return;
        }
        match kind {
            Parts::Fields(schema) => self.fields(schema, old, new),
            Parts::Members(list) => self.members(list, old, new),
            Parts::Leaf => {}
        }
        match (old, new) {
            (None, Some(_)) => own(&mut self.comparison.added, &self.path),
            (Some(_), None) => own(&mut self.comparison.removed, &self.path),
            _ => {}
        }
    }

    fn leaf(&mut self, old: Option<&Value>, new: Option<&Value>) {
        let set = match (old, new) {
            (None, Some(_)) => &mut self.comparison.added,
            (Some(_), None) => &mut self.comparison.removed,
            (Some(old), Some(new)) if old != new => &mut self.comparison.modified,
            _ => return,
        };
        own(set, &self.path);
    }

    fn fields(&mut self, schema: Option<&Schema>, old: Option<&Value>, new: Option<&Value>) {
        let (old, new) = (old.and_then(Value::as_object), new.and_then(Value::as_object));
        let mut names: Vec<&Key> = old.into_iter().chain(new).flat_map(Map::keys).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let before = old.and_then(|map| map.get(name));
            let after = new.and_then(|map| map.get(name));
            if before == after {
                continue;
            }
            self.path.push(set::field(name));
            self.node(field_type(schema, name), before, after);
            self.path.pop();
        }
    }

    fn members(&mut self, list: &Schema, old: Option<&Value>, new: Option<&Value>) {
        let (old, new) = (keyed(list, old), keyed(list, new));
        let mut edges: Vec<&String> = old.iter().chain(&new).map(|(edge, _)| edge).collect();
        edges.sort_unstable();
        edges.dedup();
        for edge in edges {
            self.path.push(edge.clone());
            self.node(list.element(), find(&old, edge), find(&new, edge));
            self.path.pop();
        }
    }
}

/// The members of a list with their edges.
fn keyed<'v>(list: &Schema, value: Option<&'v Value>) -> Vec<(String, &'v Value)> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.map(|item| (member_edge(list, item), item)).collect()
}

fn find<'v>(items: &[(String, &'v Value)], edge: &str) -> Option<&'v Value> {
    items.iter().find(|(it, _)| it == edge).map(|(_, value)| *value)
}
