//! What objects are made of: the fields of every built-in type and of custom resources, how lists
//! merge, and the decoding that holds objects against them.
//!
//! | module | what it is |
//! |---|---|
//! | [`types`], [`builtin`] | the built-in types, from `k8s-openapi`'s schemas |
//! | [`facts`] | what Go's struct tags and markers add: merge keys, list types, omission |
//! | [`raw`], [`decode`] | JSON bytes to a typed object, with the API server's sentences |
//! | [`order`] | JSON in the order of Go's structs |
//! | [`structural`], [`check`] | the `openAPIV3Schema` of custom resources: pruning, defaults, validation |
//!
//! Which values make sense (a port below 65536) is not known here, but for custom resources, whose
//! schemas say so.

mod builtin;
mod check;
mod decode;
mod facts;
pub(crate) mod formats;
mod order;
mod raw;
mod scalar;
mod structural;
mod types;
mod validations;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::apimachinery::json::Value;

pub(crate) use builtin::{by_name, definition};
pub(crate) use check::validate;
pub(crate) use decode::{Decoded, check_metadata, restore, strict_decode, zero};
pub(crate) use facts::{Facts, ListType, Write};
pub(crate) use order::{go_json, go_json_indent, go_order, inner_type};
pub(crate) use structural::{apply_defaults, decode_custom, from_open_api, prune};
pub(crate) use validations::{check_rules, declared, has_rules, rule_names};

/// The JSON form of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Object,
    Map,
    List,
    Text,
    Integer,
    Number,
    Boolean,
    Bytes,
    Quantity,
    Time,
    MicroTime,
    IntOrString,
    /// Any JSON.
    Any,
}

/// A node of a schema: a type, or the use of one by a field.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    /// The type's name such as `io.k8s.api.core.v1.PodSpec`; empty for unnamed ones.
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) shape: Shape,
    /// `int32`, `int64`, `date-time`, `byte` …; empty when there is none.
    pub(crate) format: String,
    pub(crate) properties: BTreeMap<String, Schema>,
    /// The names of the fields in the order of Go's struct; empty when that is the sorted one.
    pub(crate) order: Vec<String>,
    pub(crate) required: Vec<String>,
    /// What a list or map holds.
    pub(crate) items: Option<Box<Schema>>,
    /// Set on the use of a named type: its own fields stand there. See [`Schema::real`].
    pub(crate) reference: Option<Reference>,
    pub(crate) facts: Facts,
    /// Further rules of a custom resource's schema.
    pub(crate) rules: Option<Box<Rules>>,
}

/// A named type, looked up at first use.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) name: String,
    target: OnceLock<&'static Schema>,
}

/// What only custom resources' schemas say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    pub(crate) default: Option<Value>,
    pub(crate) nullable: bool,
    pub(crate) preserve_unknown: bool,
    pub(crate) embedded_resource: bool,
    pub(crate) one_of: Vec<Schema>,
    pub(crate) any_of: Vec<Schema>,
    pub(crate) all_of: Vec<Schema>,
    pub(crate) not: Option<Box<Schema>>,
    /// The CEL rules: `x-kubernetes-validations`.
    pub(crate) validations: Vec<Value>,
    /// `enum`, `pattern`, `minimum`, `maxLength` … under their own names.
    pub(crate) keywords: BTreeMap<String, Value>,
}

impl Schema {
    /// A node without fields or facts.
    pub(crate) fn of(shape: Shape) -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            shape,
            format: String::new(),
            properties: BTreeMap::new(),
            order: Vec::new(),
            required: Vec::new(),
            items: None,
            reference: None,
            facts: Facts::default(),
            rules: None,
        }
    }

    /// The type itself, where this is the use of a named one.
    pub(crate) fn real(&self) -> &Self {
        let Some(reference) = &self.reference else { return self };
        if let Some(target) = reference.target.get() {
            return target;
        }
        match by_name(&reference.name) {
            Some(target) => reference.target.get_or_init(|| target),
            None => self,
        }
    }

    /// A field of the type; its description and facts are those of the field.
    pub(crate) fn property(&self, name: &str) -> Option<&Self> {
        self.real().properties.get(name)
    }

    /// What a list or map of this type holds.
    pub(crate) fn element(&self) -> Option<&Self> {
        self.real().items.as_deref()
    }

    /// The shape of the type.
    pub(crate) fn shape(&self) -> Shape {
        self.real().shape
    }

    /// The name in messages of Go: `v1.PodSpec` without the package.
    pub(crate) fn go_struct(&self) -> &str {
        let name = &self.real().name;
        name.rsplit('.').next().unwrap_or(name)
    }

    /// Whether lists, maps and objects here are replaced as a whole.
    pub(crate) fn is_atomic(&self) -> bool {
        match self.shape() {
            Shape::List => self.list_type() == ListType::Atomic,
            Shape::Map | Shape::Object => self.facts.atomic || self.real().facts.atomic,
            _ => true,
        }
    }

    /// How a list merges; one without a marker is atomic.
    pub(crate) fn list_type(&self) -> ListType {
        self.facts.list_type.or(self.real().facts.list_type).unwrap_or(ListType::Atomic)
    }

    /// The keys by which the members of a `map` list are told apart.
    pub(crate) fn list_map_keys(&self) -> &[String] {
        if self.facts.list_map_keys.is_empty() {
            &self.real().facts.list_map_keys
        } else {
            &self.facts.list_map_keys
        }
    }
}
/// The merge key of a list field in strategic merge patches: `("io.k8s.api.core.v1.PodSpec",
/// "containers")` has `name`.
#[cfg(test)]
pub(crate) fn merge_key(type_name: &str, field: &str) -> Option<&'static str> {
    let facts = &by_name(type_name)?.properties.get(field)?.facts;
    (!facts.merge_key.is_empty()).then_some(facts.merge_key.as_str())
}

/// The field at a path of names such as `spec.template.spec`; lists and maps are looked through.
#[cfg(test)]
pub(crate) fn lookup<'a>(root: &'a Schema, path: &[&str]) -> Option<&'a Schema> {
    let mut here = root;
    for name in path {
        while let (Shape::List | Shape::Map, Some(element)) = (here.shape(), here.element()) {
            here = element;
        }
        here = here.property(name)?;
    }
    Some(here)
}
