//! The built-in types as [`Schema`]s, each made when it is first asked for and kept for good.
//!
//! The memory that this keeps is bounded by the table of types.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use k8s_openapi::schemars::SchemaGenerator;

use super::types::TYPES;
use super::{Reference, Schema, Shape, facts};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk};

/// One slot a type of [`TYPES`].
static MADE: LazyLock<Vec<Vec<OnceLock<Schema>>>> = LazyLock::new(|| {
    TYPES.iter().map(|(_, types)| types.iter().map(|_| OnceLock::new()).collect()).collect()
});

/// Knows the names of all types already, so that it writes references and does not follow them.
static GENERATOR: LazyLock<Mutex<SchemaGenerator>> = LazyLock::new(|| {
    let mut generator = SchemaGenerator::default();
    for (package, types) in TYPES {
        let names = types.iter().map(|(name, _)| (format!("{package}.{name}"), true.into()));
        generator.definitions_mut().extend(names);
    }
    Mutex::new(generator)
});

/// A built-in type by its name, such as `io.k8s.api.core.v1.PodSpec`.
pub(crate) fn by_name(name: &str) -> Option<&'static Schema> {
    let (package, short) = name.rsplit_once('.')?;
    let row = TYPES.binary_search_by(|(it, _)| (*it).cmp(package)).ok()?;
    let types = TYPES.get(row)?.1;
    let column = types.binary_search_by(|(it, _)| (*it).cmp(short)).ok()?;
    let (_, make) = types.get(column)?;
    Some(MADE.get(row)?.get(column)?.get_or_init(|| {
        let mut generator = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
        let json = Value::from(make(&mut generator));
        drop(generator);
        named(name, &json)
    }))
}

/// The type of a built-in kind.
pub(crate) fn definition(gvk: &Gvk) -> Option<&'static Schema> {
    if gvk.kind == "DeleteOptions" {
        return by_name("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
    }
    let prefix = match gvk.group.as_str() {
        "" => "io.k8s.api.core",
        "internal.apiserver.k8s.io" => "io.k8s.api.apiserverinternal",
        "apiextensions.k8s.io" => "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
        "apiregistration.k8s.io" => "io.k8s.kube-aggregator.pkg.apis.apiregistration",
        group => return by_group(group.split('.').next().unwrap_or(group), gvk),
    };
    root(&format!("{prefix}.{}.{}", gvk.version, gvk.kind))
}

fn by_group(package: &str, gvk: &Gvk) -> Option<&'static Schema> {
    // Only built-in groups have no dot or end like this; `batch.example.com` is somebody else's.
    if gvk.group.contains('.') && !gvk.group.ends_with(".k8s.io") {
        return None;
    }
    root(&format!("io.k8s.api.{package}.{}.{}", gvk.version, gvk.kind))
}

/// Only types that stand on their own are kinds.
fn root(name: &str) -> Option<&'static Schema> {
    let schema = by_name(name)?;
    let stands = ["apiVersion", "kind", "metadata"].iter().all(|key| schema.properties.contains_key(*key));
    stands.then_some(schema)
}

fn named(name: &str, json: &Value) -> Schema {
    let mut schema = node(json);
    schema.name = name.to_owned();
    schema.shape = shape_of_type(name).unwrap_or(schema.shape);
    schema.facts = facts::of(name, ".");
    schema.order = facts::order(name);
    for (field, property) in &mut schema.properties {
        property.facts = facts::of(name, field);
    }
    schema
}

/// Types whose JSON form their schema does not tell.
fn shape_of_type(name: &str) -> Option<Shape> {
    let (package, name) = name.rsplit_once('.')?;
    match name {
        "Quantity" if package.ends_with("resource") => Some(Shape::Quantity),
        "Time" => Some(Shape::Time),
        "MicroTime" => Some(Shape::MicroTime),
        "IntOrString" => Some(Shape::IntOrString),
        "RawExtension" | "FieldsV1" | "JSON" => Some(Shape::Any),
        "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray" => {
            Some(Shape::Any)
        }
        _ => None,
    }
}

fn node(json: &Value) -> Schema {
    let mut schema = Schema::of(shape(json));
    schema.description = object::field(json, "description").to_owned();
    schema.format = object::field(json, "format").to_owned();
    if let Some(target) = object::field(json, "$ref").rsplit('/').next().filter(|name| !name.is_empty()) {
        schema.reference = Some(Reference { name: target.to_owned(), target: OnceLock::new() });
        return schema;
    }
    let properties = json.get("properties").and_then(Value::as_object).into_iter().flatten();
    schema.properties =
        properties.map(|(name, json)| (name.to_string(), node(json))).collect::<BTreeMap<_, _>>();
    schema.required =
        object::list(json, "/required").iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
    let inner = json.get("items").or_else(|| json.get("additionalProperties")).filter(|it| it.is_object());
    schema.items = inner.map(|json| Box::new(node(json)));
    schema
}

fn shape(json: &Value) -> Shape {
    match object::field(json, "type") {
        "string" if object::field(json, "format") == "byte" => Shape::Bytes,
        "string" => Shape::Text,
        "integer" => Shape::Integer,
        "number" => Shape::Number,
        "boolean" => Shape::Boolean,
        "array" => Shape::List,
        "object" if json.get("additionalProperties").is_some_and(Value::is_object) => Shape::Map,
        "object" => Shape::Object,
        _ => Shape::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::schema::{ListType, lookup, merge_key};

    #[test]
    fn the_table_of_types_is_sorted_and_names_itself() {
        assert!(TYPES.is_sorted_by_key(|(package, _)| *package));
        for (package, types) in TYPES {
            assert!(types.is_sorted_by_key(|(name, _)| *name), "{package}");
        }
    }

    #[test]
    fn fields_are_found_through_references_and_lists() {
        let deployment = definition(&Gvk::new("apps", "v1", "Deployment")).unwrap();
        let path = ["spec", "template", "spec", "containers", "ports", "containerPort"];
        let port = lookup(deployment, &path).unwrap();
        assert_eq!((port.shape(), port.format.as_str()), (Shape::Integer, "int32"));
        let containers = lookup(deployment, &path[..4]).unwrap();
        assert_eq!(containers.list_type(), ListType::Map);
        assert_eq!(merge_key("io.k8s.api.core.v1.PodSpec", "containers"), Some("name"));
        let memory = lookup(deployment, &["spec", "template", "spec", "containers", "resources", "limits"]);
        assert_eq!(memory.and_then(Schema::element).map(Schema::shape), Some(Shape::Quantity));
    }

    #[test]
    fn only_kinds_are_kinds() {
        for (group, version, kind, want) in [
            ("", "v1", "Pod", true),
            ("", "v1", "PodSpec", false),
            ("rbac.authorization.k8s.io", "v1", "Role", true),
            ("networking.k8s.io", "v1", "NetworkPolicy", true),
            ("apiextensions.k8s.io", "v1", "CustomResourceDefinition", true),
            ("policy", "v1", "Eviction", true),
            ("autoscaling", "v1", "Scale", true),
            ("batch.example.com", "v1", "Job", false),
        ] {
            assert_eq!(definition(&Gvk::new(group, version, kind)).is_some(), want, "{group} {kind}");
        }
    }
}
