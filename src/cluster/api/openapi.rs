//! `/openapi/v3`: what the served types are made of, one document a group and version; `/openapi/v2`: all in one.
//!
//! The documents hold what clients read of them: the schemas of all kinds with those they refer to,
//! and the paths that tell a resource's kind. Operations are not described.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha512};

use super::resources::{self, Resource};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object::{field, list};
use crate::apimachinery::schema::{Facts, ListType, Schema, Shape, by_name, definition};
use crate::apimachinery::status::Status;
use crate::cluster::{Cluster, Response};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// What the real server says of every custom resource's metadata.
const METADATA_IS: &str = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// What PATCH takes in its query.
const PATCH_PARAMETERS: &[&str] = &["dryRun", "fieldManager", "fieldValidation", "force"];

/// Content types of PATCH.
const PATCH_TYPES: &[&str] = &[
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
];

/// Answers `/openapi/v3` and everything below it; `None` for other paths.
pub(super) fn answer(cluster: &Cluster, path: &str) -> Option<Response> {
    if path == "/openapi/v2" {
        return Some(Response::json(200, as_v2(document(&resources::all(cluster)))));
    }
    let rest = path.strip_prefix("/openapi/v3")?;
    let documents = documents(cluster);
    if rest.is_empty() || rest == "/" {
        return Some(Response::json(200, index(&documents)));
    }
    let found = documents.get(rest.trim_start_matches('/'));
    Some(match found {
        Some(resources) => Response::json(200, document(resources)),
        None => Response::refused(&Status::no_such_path()),
    })
}

/// `apis/apps/v1` and its like, each with its resources.
fn documents(cluster: &Cluster) -> BTreeMap<String, Vec<Arc<Resource>>> {
    let mut all: BTreeMap<String, Vec<Arc<Resource>>> = BTreeMap::new();
    for resource in resources::all(cluster) {
        let root = if resource.group.is_empty() { "api" } else { "apis" };
        all.entry(format!("{root}/{}", resource.api_version())).or_default().push(resource);
    }
    all
}

fn index(documents: &BTreeMap<String, Vec<Arc<Resource>>>) -> Value {
    let mut paths = Map::new();
    for (path, resources) in documents {
        let mut digest = Sha512::new();
        for resource in resources {
            digest.update(format!("{} {}\n", resource.plural, resource.kind));
            digest.update(resource.definition.as_ref().map(|one| one.to_string()).unwrap_or_default());
        }
        let hash: String = digest.finalize().iter().map(|byte| format!("{byte:02X}")).collect();
        paths.insert(
            path.clone().into(),
            json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={hash}")}),
        );
    }
    json!({"paths": paths})
}

fn document(resources: &[Arc<Resource>]) -> Value {
    let mut schemas = Map::new();
    let mut paths = Map::new();
    for resource in resources {
        let gvk = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
        let root = if resource.group.is_empty() { "/api" } else { "/apis" };
        let inside = if resource.namespaced { "/namespaces/{namespace}" } else { "" };
        let path = format!("{root}/{}{inside}/{}", resource.api_version(), resource.plural);
        paths.insert(format!("{path}/{{name}}").into(), item(resource, &gvk));
        paths.insert(path.into(), json!({"get": {"x-kubernetes-group-version-kind": gvk}}));
        if let Some(schema) = definition(&resource.gvk()) {
            add(&mut schemas, schema);
            note_kind(&mut schemas, &schema.name, &gvk);
        } else if let Some(schema) = custom(resource) {
            let name = custom_name(resource);
            schemas.insert(name.clone().into(), schema);
            note_kind(&mut schemas, &name, &gvk);
            by_name(OBJECT_META).into_iter().for_each(|meta| add(&mut schemas, meta));
        }
    }
    json!({
        "openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": paths, "components": {"schemas": schemas},
    })
}

/// A document as version 2 writes it: schemas are definitions, and references name them so.
fn as_v2(document: Value) -> Value {
    let mut paths = document.get("paths").cloned().unwrap_or_default();
    let mut definitions = document.pointer("/components/schemas").cloned().unwrap_or_default();
    for tree in [&mut paths, &mut definitions] {
        rename_references(tree);
    }
    json!({
        "swagger": "2.0", "info": {"title": "Kubernetes", "version": "v1.36.2"},
        "paths": paths, "definitions": definitions,
    })
}

fn rename_references(tree: &mut Value) {
    match tree {
        Value::Object(map) => {
            // A reference stands alone here, with its description beside it.
            if let Some(Value::Array(all)) =
                map.get("allOf").filter(|it| it.as_array().is_some_and(|it| it.len() == 1))
            {
                let target = all.first().and_then(|it| it.get("$ref")).cloned();
                if let Some(target) = target {
                    map.remove("allOf");
                    map.insert("$ref".into(), target);
                }
            }
            // Nor are there alternatives: what may be several things is a text.
            if map.remove("oneOf").is_some() {
                map.insert("type".into(), "string".into());
            }
            if let Some(Value::String(target)) = map.get_mut("$ref") {
                *target = target.replace("#/components/schemas/", "#/definitions/").into();
            }
            map.values_mut().for_each(rename_references);
        }
        Value::Array(list) => list.iter_mut().for_each(rename_references),
        _ => {}
    }
}

/// The path of one object: what clients ask before they patch or leave validation to the server.
fn item(resource: &Resource, gvk: &Value) -> Value {
    let parameter =
        |name: &&str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    let parameters: Vec<Value> = PATCH_PARAMETERS.iter().map(parameter).collect();
    let kinds = PATCH_TYPES.iter().filter(|kind| !resource.is_custom() || !kind.contains("strategic"));
    let content: Map = kinds.map(|kind| ((*kind).to_owned(), json!({}))).collect();
    json!({
        "get": {"x-kubernetes-action": "get", "x-kubernetes-group-version-kind": gvk},
        "patch": {
            "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": gvk,
            "parameters": parameters, "requestBody": {"content": content},
        },
    })
}

/// Writes on a schema that it stands for a kind.
fn note_kind(schemas: &mut Map, name: &str, gvk: &Value) {
    let Some(schema) = schemas.get_mut(name) else { return };
    let mut kinds = list(schema, "/x-kubernetes-group-version-kind").to_vec();
    if !kinds.contains(gvk) {
        kinds.push(gvk.clone());
    }
    schema["x-kubernetes-group-version-kind"] = kinds.into();
}

/// Adds a named type and all that it refers to.
fn add(schemas: &mut Map, schema: &Schema) {
    if schemas.contains_key(&schema.name) {
        return;
    }
    let mut references = Vec::new();
    let body = body(schema, &mut references);
    schemas.insert(schema.name.clone().into(), body);
    for name in references {
        by_name(&name).into_iter().for_each(|target| add(schemas, target));
    }
}

/// A schema as OpenAPI writes it; the names it refers to are noted.
fn body(schema: &Schema, references: &mut Vec<String>) -> Value {
    let mut out = match &schema.reference {
        Some(reference) => {
            references.push(reference.name.clone());
            json!({"allOf": [{"$ref": format!("#/components/schemas/{}", reference.name)}]})
        }
        None => shape(schema, references),
    };
    if !schema.description.is_empty() {
        out["description"] = schema.description.as_str().into();
    }
    if !schema.facts.enum_values.is_empty() {
        out["enum"] = schema.facts.enum_values.clone().into();
    }
    note_merging(&mut out, &schema.facts);
    out
}

/// How lists and structs merge.
fn note_merging(out: &mut Value, facts: &Facts) {
    let strategies =
        [(facts.merges, "merge"), (facts.replaces, "replace"), (facts.retains_keys, "retainKeys")];
    let strategies: Vec<&str> = strategies.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    if !strategies.is_empty() {
        out["x-kubernetes-patch-strategy"] = strategies.join(",").into();
    }
    if !facts.merge_key.is_empty() {
        out["x-kubernetes-patch-merge-key"] = facts.merge_key.as_str().into();
    }
    let list_type = facts.list_type.map(|it| match it {
        ListType::Atomic => "atomic",
        ListType::Set => "set",
        ListType::Map => "map",
    });
    if let Some(word) = list_type {
        out["x-kubernetes-list-type"] = word.into();
    }
    if !facts.list_map_keys.is_empty() {
        out["x-kubernetes-list-map-keys"] = facts.list_map_keys.clone().into();
    }
    if facts.atomic {
        out["x-kubernetes-map-type"] = "atomic".into();
    }
}

fn shape(schema: &Schema, references: &mut Vec<String>) -> Value {
    let inner = |references: &mut Vec<String>| {
        schema.items.as_ref().map_or_else(|| json!({}), |items| body(items, references))
    };
    let mut out = match schema.shape {
        Shape::Object => json!({"type": "object"}),
        Shape::Map => json!({"type": "object", "additionalProperties": inner(references)}),
        Shape::List => json!({"type": "array", "items": inner(references)}),
        Shape::Text | Shape::Bytes => json!({"type": "string"}),
        Shape::Time | Shape::MicroTime => json!({"type": "string", "format": "date-time"}),
        Shape::Integer => json!({"type": "integer"}),
        Shape::Number => json!({"type": "number"}),
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Quantity => json!({"oneOf": [{"type": "string"}, {"type": "number"}]}),
        Shape::IntOrString => {
            json!({"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]})
        }
        Shape::Any => json!({}),
    };
    if !schema.format.is_empty() {
        out["format"] = schema.format.as_str().into();
    }
    if !schema.required.is_empty() {
        out["required"] = schema.required.clone().into();
    }
    if !schema.properties.is_empty() {
        let properties = schema.properties.iter();
        out["properties"] = Value::Object(
            properties.map(|(name, property)| (name.clone(), body(property, references))).collect(),
        );
    }
    out
}

/// `com.example.stable.v1.CronTab`.
fn custom_name(resource: &Resource) -> String {
    let mut parts: Vec<&str> = resource.group.split('.').rev().collect();
    parts.extend([resource.version.as_str(), resource.kind.as_str()]);
    parts.join(".")
}

/// The schema in a definition, with what every object has.
fn custom(resource: &Resource) -> Option<Value> {
    let definition = resource.definition.as_ref()?;
    let versions = list(definition, "/spec/versions");
    let version = versions.iter().find(|version| field(version, "name") == resource.version)?;
    let mut schema =
        version.pointer("/schema/openAPIV3Schema").cloned().unwrap_or_else(|| json!({"type": "object"}));
    let properties = crate::apimachinery::object::map_at(&mut schema, &["properties"]);
    for key in ["apiVersion", "kind"] {
        let description = by_name("io.k8s.api.core.v1.Pod").and_then(|pod| pod.property(key));
        let description = description.map_or("", |property| &property.description);
        properties.insert(key.into(), json!({"type": "string", "description": description}));
    }
    let meta = json!({"allOf": [{"$ref": format!("#/components/schemas/{OBJECT_META}")}], "description": METADATA_IS});
    properties.insert("metadata".into(), meta);
    Some(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_hold_kinds_and_what_they_refer_to() {
        let apps: Vec<Arc<Resource>> =
            resources::built_in().iter().filter(|one| one.api_version() == "apps/v1").cloned().collect();
        let document = document(&apps);
        let schema = |name: &str| document["components"]["schemas"][name].clone();
        let deployment = schema("io.k8s.api.apps.v1.Deployment");
        assert_eq!(
            deployment["x-kubernetes-group-version-kind"],
            json!([{"group": "apps", "version": "v1", "kind": "Deployment"}])
        );
        assert_eq!(schema("io.k8s.api.core.v1.Container")["required"], json!(["name"]));
        assert!(schema("io.k8s.apimachinery.pkg.util.intstr.IntOrString").get("type").is_none());
        let patch = &document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
        assert_eq!(patch["parameters"][2]["name"], "fieldValidation");
        let v2 = as_v2(document);
        assert!(
            v2.to_string().contains("#/definitions/io.k8s.api.core.v1.Container")
                && !v2.to_string().contains("#/components")
        );
    }
}
