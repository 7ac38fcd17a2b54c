//! Sets of fields: a tree whose edges are the keys of `fieldsV1`, such as `f:spec`,
//! `k:{"name":"web"}` and `v:"finalizer"`.

use std::collections::BTreeMap;

use crate::apimachinery::go;
use crate::apimachinery::json::{Map, Value};

/// A set of fields, as the fields below one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    /// Whether the place itself is in the set.
    owned: bool,
    children: BTreeMap<String, FieldSet>,
}

/// The edge to a named field.
pub(super) fn field(name: &str) -> String {
    format!("f:{name}")
}

/// The edge to a member of a list of type `set`.
pub(super) fn value(value: &Value) -> String {
    format!("v:{}", go::json(value))
}

/// The edge to a member of a list of type `map`.
pub(super) fn key(keys: Map) -> String {
    format!("k:{}", go::json(&Value::Object(keys)))
}

impl FieldSet {
    /// Reads `fieldsV1`.
    pub(super) fn parse(json: &Value) -> Self {
        let mut set = Self { owned: false, children: BTreeMap::new() };
        let Some(map) = json.as_object() else { return set };
        for (edge, below) in map {
            if edge == "." {
                set.owned = true;
                continue;
            }
            let mut child = Self::parse(below);
            child.owned |= below.as_object().is_none_or(Map::is_empty);
            set.children.insert(edge.clone().into(), child);
        }
        set
    }

    /// As `fieldsV1`.
    pub(super) fn to_json(&self) -> Value {
        let mut map = Map::new();
        if self.owned && !self.children.is_empty() {
            map.insert(".".into(), Value::Object(Map::new()));
        }
        for (edge, child) in &self.children {
            map.insert(edge.clone().into(), child.to_json());
        }
        Value::Object(map)
    }

    /// True when no field is in the set.
    pub(crate) fn is_empty(&self) -> bool {
        !self.owned && self.children.values().all(Self::is_empty)
    }

    /// Puts the place itself into the set.
    pub(super) fn own(&mut self) {
        self.owned = true;
    }

    /// The set below an edge, made when it is missing.
    pub(super) fn child_mut(&mut self, edge: String) -> &mut Self {
        self.children.entry(edge).or_default()
    }

    /// The set below an edge.
    pub(super) fn child(&self, edge: &str) -> Option<&Self> {
        self.children.get(edge)
    }

    /// Whether the place itself is in the set.
    pub(super) fn is_owned(&self) -> bool {
        self.owned
    }

    /// The edges below the place.
    pub(super) fn edges(&self) -> impl Iterator<Item = (&String, &Self)> {
        self.children.iter()
    }

    /// Takes the place at a path of named fields, and everything below it, out.
    pub(super) fn remove_below(&mut self, path: &[&str]) {
        match path {
            [] => *self = Self::default(),
            [last] => {
                self.children.remove(&field(last));
            }
            [first, rest @ ..] => {
                let edge = field(first);
                if let Some(child) = self.children.get_mut(&edge) {
                    child.remove_below(rest);
                    if child.is_empty() {
                        self.children.remove(&edge);
                    }
                }
            }
        }
    }

    /// Takes the place at a path of named fields out, but nothing below it.
    pub(super) fn disown(&mut self, path: &[&str]) {
        match path {
            [] => self.owned = false,
            [first, rest @ ..] => {
                let edge = field(first);
                if let Some(child) = self.children.get_mut(&edge) {
                    child.disown(rest);
                    if child.is_empty() {
                        self.children.remove(&edge);
                    }
                }
            }
        }
    }

    /// Fields of either set.
    pub(super) fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.owned |= other.owned;
        for (edge, child) in &other.children {
            let merged = match all.children.get(edge) {
                Some(mine) => mine.union(child),
                None => child.clone(),
            };
            all.children.insert(edge.clone(), merged);
        }
        all
    }

    /// Fields of this set that the other has not. Having a field is not having what is below it.
    pub(super) fn difference(&self, other: &Self) -> Self {
        let owned = self.owned && !other.owned;
        let keep = |(edge, child): (&String, &Self)| {
            let left = match other.children.get(edge) {
                Some(others) => child.difference(others),
                None => child.clone(),
            };
            (!left.is_empty()).then(|| (edge.clone(), left))
        };
        Self { owned, children: self.children.iter().filter_map(keep).collect() }
    }

    /// Fields of both sets.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let both = |(edge, child): (&String, &Self)| {
            let both = child.intersection(other.children.get(edge)?);
            (!both.is_empty()).then(|| (edge.clone(), both))
        };
        Self { owned: self.owned && other.owned, children: self.children.iter().filter_map(both).collect() }
    }

    /// Whether the set has the place at a path of edges.
    pub(super) fn has(&self, path: &[String]) -> bool {
        path.iter().try_fold(self, |set, edge| set.children.get(edge)).is_some_and(|set| set.owned)
    }

    /// The path of every field, those further up first.
    pub(super) fn paths(&self) -> Vec<Vec<String>> {
        let mut all = Vec::new();
        self.collect(&mut Vec::new(), &mut all);
        all
    }

    fn collect(&self, path: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
        for (edge, child) in self.children.iter().filter(|(_, child)| child.owned) {
            let mut place = path.clone();
            place.push(edge.clone());
            // A member of the set is told before what is below it.
            let _ = child;
            all.push(place);
        }
        for (edge, child) in &self.children {
            path.push(edge.clone());
            child.collect(path, all);
            path.pop();
        }
    }
}

/// A path as messages show it: `.spec.containers[name="web"].image`.
pub(super) fn printed(path: &[String]) -> String {
    path.iter().map(|edge| printed_edge(edge)).collect()
}

fn printed_edge(edge: &str) -> String {
    match edge.split_once(':') {
        Some(("f", name)) => format!(".{name}"),
        Some(("v", value)) => format!("[={value}]"),
        Some(("k", keys)) => {
            let keys: Map = serde_json::from_str(keys).unwrap_or_default();
            let pairs: Vec<String> =
                keys.iter().map(|(key, value)| format!("{key}={}", go::json(value))).collect();
            format!("[{}]", pairs.join(","))
        }
        _ => format!("[{edge}]"),
    }
}
