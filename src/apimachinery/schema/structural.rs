//! The `openAPIV3Schema` of a custom resource as a [`Schema`]: decoding with pruning, and defaults.
//!
//! Follows apiextensions' `schema/{pruning,defaulting}`. Whether a schema is structural is checked
//! when its definition is created, not here.

use std::collections::BTreeMap;

use super::decode::{Decoded, syntax_error};
use super::facts::list_type;
use super::raw::Raw;
use super::{Rules, Schema, Shape};
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::{go, object};

/// Keywords that [`super::check`] reads from [`Rules::keywords`].
const KEYWORDS: &[&str] = &[
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// Reads an `openAPIV3Schema`.
pub(crate) fn from_open_api(json: &Value) -> Schema {
    let flagged = |key: &str| json.get(key).and_then(Value::as_bool).unwrap_or(false);
    let mut schema = Schema::of(shape(json));
    schema.description = object::field(json, "description").to_owned();
    schema.format = object::field(json, "format").to_owned();
    schema.properties = object::entries(json, "/properties")
        .map(|(name, json)| (name.to_string(), from_open_api(json)))
        .collect::<BTreeMap<_, _>>();
    schema.required = texts(json, "/required");
    let inner = json.get("items").or_else(|| json.get("additionalProperties")).filter(|it| it.is_object());
    schema.items = inner.map(|json| Box::new(from_open_api(json)));
    schema.facts.list_type = list_type(object::field(json, "x-kubernetes-list-type"));
    schema.facts.list_map_keys = texts(json, "/x-kubernetes-list-map-keys");
    schema.facts.atomic = object::field(json, "x-kubernetes-map-type") == "atomic";
    schema.facts.enum_values = texts(json, "/enum");
    let all = |pointer: &str| object::list(json, pointer).iter().map(from_open_api).collect();
    schema.rules = Some(Box::new(Rules {
        default: json.get("default").cloned(),
        nullable: flagged("nullable"),
        preserve_unknown: flagged("x-kubernetes-preserve-unknown-fields")
            || json.get("additionalProperties") == Some(&Value::Bool(true)),
        embedded_resource: flagged("x-kubernetes-embedded-resource"),
        one_of: all("/oneOf"),
        any_of: all("/anyOf"),
        all_of: all("/allOf"),
        not: json.get("not").map(|json| Box::new(from_open_api(json))),
        validations: object::list(json, "/x-kubernetes-validations").to_vec(),
        keywords: KEYWORDS
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), json.get(*key)?.clone())))
            .collect(),
    }));
    schema
}

fn texts(json: &Value, pointer: &str) -> Vec<String> {
    object::list(json, pointer).iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

fn shape(json: &Value) -> Shape {
    if object::flag(json, "/x-kubernetes-int-or-string") {
        return Shape::IntOrString;
    }
    match object::field(json, "type") {
        "string" => Shape::Text,
        "integer" => Shape::Integer,
        "number" => Shape::Number,
        "boolean" => Shape::Boolean,
        "array" => Shape::List,
        "object" if json.get("additionalProperties").is_some() && json.get("properties").is_none() => {
            Shape::Map
        }
        "object" => Shape::Object,
        _ => Shape::Any,
    }
}

impl Schema {
    fn preserves_unknown(&self) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.preserve_unknown)
    }

    fn embeds_resource(&self) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.embedded_resource)
    }
}

/// Reads JSON as a custom resource: unknown fields are told and pruned, repeated ones told.
///
/// # Errors
/// What follows `cannot be handled as a Backup: ` in the server's message.
pub(crate) fn decode_custom(schema: &Schema, bytes: &[u8]) -> Result<Decoded, String> {
    let raw: Raw = serde_json::from_slice(bytes).map_err(|error| syntax_error(bytes, &error))?;
    let mut strict = Vec::new();
    repeated(&raw, "", &mut strict);
    let mut object = raw.into_value();
    super::check_metadata(&object)?;
    strict.extend(prune(schema, &mut object));
    drop_nulls(schema, &mut object);
    Ok(Decoded { object, strict })
}

fn repeated(raw: &Raw, path: &str, found: &mut Vec<String>) {
    match raw {
        Raw::List(items) => {
            for (at, item) in items.iter().enumerate() {
                repeated(item, &format!("{path}[{at}]"), found);
            }
        }
        Raw::Object(members) => {
            for (at, (key, value)) in members.iter().enumerate() {
                let place = join(path, key);
                let again = members.iter().take(at).any(|(earlier, _)| earlier == key);
                let error = format!("duplicate field {}", go::quote(&place));
                if again && !found.contains(&error) {
                    found.push(error);
                }
                repeated(value, &place, found);
            }
        }
        _ => {}
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Takes away what the schema does not know, and says `unknown field "spec.foo"` for each, sorted.
pub(crate) fn prune(schema: &Schema, object: &mut Value) -> Vec<String> {
    let mut unknown = Vec::new();
    prune_node(schema, object, "", true, &mut unknown);
    unknown.sort();
    unknown.iter().map(|path| format!("unknown field {}", go::quote(path))).collect()
}

fn prune_node(schema: &Schema, value: &mut Value, path: &str, is_resource: bool, unknown: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            if let Some(element) = schema.element() {
                for (at, item) in items.iter_mut().enumerate() {
                    let inner = element.embeds_resource();
                    prune_node(element, item, &format!("{path}[{at}]"), inner, unknown);
                }
            }
        }
        Value::Object(map) => prune_map(schema, map, path, is_resource, unknown),
        _ => {}
    }
}

fn prune_map(schema: &Schema, map: &mut Map, path: &str, is_resource: bool, unknown: &mut Vec<String>) {
    let of_resource = |key: &str| is_resource && matches!(key, "apiVersion" | "kind" | "metadata");
    map.retain(|key, _| {
        let known = of_resource(key)
            || schema.preserves_unknown()
            || schema.properties.contains_key(key.as_str())
            || schema.items.is_some();
        if !known {
            unknown.push(join(path, key));
        }
        known
    });
    for (key, value) in map.iter_mut().filter(|(key, _)| !of_resource(key)) {
        if let Some(inner) = schema.properties.get(key.as_str()).or(schema.element()) {
            prune_node(inner, value, &join(path, key), inner.embeds_resource(), unknown);
        }
    }
}

/// A null that is not allowed and has a default counts as absent.
fn drop_nulls(schema: &Schema, value: &mut Value) {
    match value {
        Value::Array(items) => {
            if let Some(element) = schema.element() {
                items.iter_mut().for_each(|item| drop_nulls(element, item));
            }
        }
        Value::Object(map) => {
            map.retain(|key, value| {
                let rules = schema.properties.get(key.as_str()).and_then(|it| it.rules.as_ref());
                let defaulted = rules.is_some_and(|rules| rules.default.is_some() && !rules.nullable);
                !(value.is_null() && defaulted)
            });
            for (key, value) in map.iter_mut() {
                if let Some(inner) = schema.properties.get(key.as_str()).or(schema.element()) {
                    drop_nulls(inner, value);
                }
            }
        }
        _ => {}
    }
}

/// Puts in the defaults of missing fields, from the outside in.
pub(crate) fn apply_defaults(schema: &Schema, value: &mut Value) {
    match value {
        Value::Array(items) => {
            if let Some(element) = schema.element() {
                items.iter_mut().for_each(|item| apply_defaults(element, item));
            }
        }
        Value::Object(map) => {
            for (name, property) in &schema.properties {
                let default = property.rules.as_ref().and_then(|rules| rules.default.as_ref());
                if let (false, Some(default)) = (map.contains_key(name), default) {
                    map.insert(name.clone().into(), default.clone());
                }
            }
            for (key, value) in map.iter_mut() {
                if let Some(inner) = schema.properties.get(key.as_str()).or(schema.element()) {
                    apply_defaults(inner, value);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn unknown_fields_are_told_and_pruned_and_defaults_put_in() {
        let schema = from_open_api(&json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "schedule": {"type": "string"},
                "keep": {"type": "integer", "default": 3},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "tags": {"type": "object", "additionalProperties": {"type": "string"}},
            }},
        }}));
        let text = br#"{"apiVersion": "v1", "kind": "Backup", "metadata": {"name": "a"},
            "spec": {"schedul": "x", "free": {"a": 1}, "tags": {"b": "c"}, "keep": null}}"#;
        let mut decoded = decode_custom(&schema, text).unwrap();
        assert_eq!(decoded.strict, ["unknown field \"spec.schedul\""]);
        apply_defaults(&schema, &mut decoded.object);
        assert_eq!(decoded.object["spec"], json!({"free": {"a": 1}, "tags": {"b": "c"}, "keep": 3}));
    }
}
