//! The `openAPIV3Schema` of a definition: is it structural, are its keywords allowed, do its defaults fit.
//!
//! Follows apiextensions-apiserver's `pkg/apiserver/schema/validation.go` and `complete.go`, and
//! `ValidateCustomResourceDefinitionOpenAPISchema`.

use super::rules;
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, schema};
use crate::cluster::api::validation::node::Node;

/// Where in a schema a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// The schema of a version, or of all of them, at `holder`; `status` when the subresource is on.
pub(super) fn validation(holder: &Node<'_>, status: bool, errs: &mut Errors) {
    let Some(root) = holder.get("openAPIV3Schema") else { return };
    if status {
        at_root(&root, holder, errs);
    }
    if root.flag("nullable") {
        let path = holder.at("openAPIV3Schema.nullable");
        errs.push(field::forbidden(&path, "nullable cannot be true at the root"));
    }
    let mut own = Errors::new();
    invariants(&root, Level::Root, &mut own);
    complete(&root, &mut own);
    own.sort_by_key(|it| format!("{}: {}", it.field, it.message));
    if own.is_empty() {
        defaults(&root, &mut own);
    }
    let structural = own.is_empty();
    errs.append(&mut own);
    let mut found = Found::default();
    open_api(
        &root,
        Place { inside_meta: false, no_defaults: None, uncorrelated: None, rules: structural },
        true,
        &mut found,
    );
    errs.append(&mut found.schema);
    errs.append(&mut found.rules);
}

/// Members that a root may have beside `status` taken out of it, in Go's names.
const ROOT_FIELDS: &str = "[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations]";

const NOT_AT_ROOT: &[&str] = &[
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "enum",
    "maxProperties",
    "minProperties",
    "not",
    "nullable",
    "oneOf",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
];

fn at_root(root: &Node<'_>, holder: &Node<'_>, errs: &mut Errors) {
    let kind = root.text("type");
    if !kind.is_empty() && kind != "object" {
        let detail = "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled";
        errs.push(field::invalid(&holder.at("openAPIV3Schema.type"), kind, detail));
    } else if NOT_AT_ROOT.iter().any(|key| root.has(key)) {
        let detail = format!(
            "only {ROOT_FIELDS} fields are allowed at the root of the schema if the status subresource is enabled"
        );
        errs.push(field::invalid(&root.path, root.value.clone(), &detail));
    }
}

/// The schemas of the properties of a node.
fn properties<'a>(node: &Node<'a>) -> Vec<(&'a str, Node<'a>)> {
    let path = node.at("properties");
    node.entries("properties").map(|(name, value)| (name, Node { value, path: path.key(name) })).collect()
}

fn inner<'a>(node: &Node<'a>, key: &str) -> Option<Node<'a>> {
    node.get(key).filter(|it| it.value.is_object())
}

/// What makes a schema structural: every node says its type, and conditions say nothing of structure.
fn invariants(node: &Node<'_>, level: Level, errs: &mut Errors) {
    let kind = node.text("type");
    if kind == "array" && !node.has("items") {
        errs.push(field::required(&node.at("items"), "must be specified"));
    }
    if let Some(items) = inner(node, "items") {
        invariants(&items, Level::Item, errs);
    }
    properties(node).iter().for_each(|(_, it)| invariants(it, Level::Field, errs));
    if node.has("additionalProperties") && level == Level::Root {
        errs.push(field::forbidden(&node.at("additionalProperties"), "must not be used at the root"));
    }
    if let Some(values) = inner(node, "additionalProperties") {
        invariants(&values, Level::Field, errs);
    }
    extensions(node, errs);
    conditions(node, is_int_or_string(node.value), errs);
    kind_of(node, level, errs);
    metadata(node, level, errs);
}

fn extensions(node: &Node<'_>, errs: &mut Errors) {
    if !node.flag("x-kubernetes-int-or-string") {
        return;
    }
    for key in ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"] {
        if node.flag(key) {
            let detail = "must be false if x-kubernetes-int-or-string is true";
            errs.push(field::invalid(&node.at(key), true, detail));
        }
    }
}

fn kind_of(node: &Node<'_>, level: Level, errs: &mut Errors) {
    let (kind, path) = (node.text("type"), node.at("type"));
    let free = ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"];
    if node.flag("x-kubernetes-embedded-resource") {
        embedded(node, errs);
    } else if kind.is_empty() && !free.iter().any(|key| node.flag(key)) {
        let of = match level {
            Level::Root => "at the root",
            Level::Item => "for specified array items",
            Level::Field => "for specified object fields",
        };
        errs.push(field::required(&path, &format!("must not be empty {of}")));
    }
    if level == Level::Root && !kind.is_empty() && kind != "object" {
        errs.push(field::invalid(&path, kind, "must be object at the root"));
    }
}

fn embedded(node: &Node<'_>, errs: &mut Errors) {
    let (kind, path) = (node.text("type"), node.at("type"));
    let detail = "must be object if x-kubernetes-embedded-resource is true";
    match kind {
        "object" => {}
        "" => errs.push(field::required(&path, detail)),
        other => errs.push(field::invalid(&path, other, detail)),
    }
    if node.has("additionalProperties") {
        let detail = "must not be used if x-kubernetes-embedded-resource is set";
        errs.push(field::forbidden(&node.at("additionalProperties"), detail));
    }
    if !node.flag("x-kubernetes-preserve-unknown-fields") && node.entries("properties").next().is_none() {
        let detail = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        errs.push(field::required(&node.at("properties"), detail));
    }
}

/// At the root, metadata may bound names only.
fn metadata(node: &Node<'_>, level: Level, errs: &mut Errors) {
    let of_resource = level == Level::Root || node.flag("x-kubernetes-embedded-resource");
    if !of_resource {
        return;
    }
    for (name, it) in properties(node) {
        match name {
            "kind" | "apiVersion" if it.text("type") != "string" => {
                errs.push(field::invalid(&it.at("type"), it.text("type"), "must be string"));
            }
            "metadata" => {
                if it.text("type") != "object" {
                    errs.push(field::invalid(&it.at("type"), it.text("type"), "must be object"));
                }
                let names_only =
                    it.entries("properties").all(|(key, _)| ["name", "generateName"].contains(&key));
                let bare = it.value.as_object().is_some_and(|map| {
                    map.keys().all(|key| ["type", "properties", "description"].contains(&key.as_str()))
                });
                if level == Level::Root && !(names_only && bare) {
                    let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
                    errs.push(field::forbidden(&it.path, detail));
                }
            }
            _ => {}
        }
    }
}

/// `anyOf: [{type: integer}, {type: string}]`, which goes with `x-kubernetes-int-or-string`.
fn is_int_or_string(schema: &Value) -> bool {
    let kinds: Vec<&str> =
        object::list(schema, "/anyOf").iter().map(|it| object::field(it, "type")).collect();
    kinds == ["integer", "string"]
}

fn conditions(node: &Node<'_>, skip_any: bool, errs: &mut Errors) {
    for list in ["allOf", "anyOf", "oneOf"] {
        for (index, part) in node.items(list).iter().enumerate() {
            if !(list == "anyOf" && skip_any) {
                nested(part, index == 0 && list == "allOf" && is_int_or_string(part.value), errs);
            }
        }
    }
    if let Some(not) = inner(node, "not") {
        nested(&not, false, errs);
    }
    let pattern = node.text("pattern");
    if !pattern.is_empty()
        && let Err(error) = regex::Regex::new(pattern)
    {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
        let detail = format!("must be a valid regular expression, but isn't: error parsing regexp: {why}");
        errs.push(field::invalid(&node.at("pattern"), pattern, &detail));
    }
}

/// Members that say something of structure, with how they must be in a condition.
const STRUCTURE: &[(&str, &str)] = &[
    ("type", "empty"),
    ("additionalProperties", "undefined"),
    ("default", "undefined"),
    ("title", "empty"),
    ("description", "empty"),
    ("nullable", "false"),
    ("x-kubernetes-preserve-unknown-fields", "false"),
    ("x-kubernetes-embedded-resource", "false"),
    ("x-kubernetes-int-or-string", "false"),
    ("x-kubernetes-list-map-keys", "empty"),
    ("x-kubernetes-list-type", "undefined"),
    ("x-kubernetes-map-type", "undefined"),
    ("x-kubernetes-validations", "empty"),
];

fn nested(node: &Node<'_>, skip_any: bool, errs: &mut Errors) {
    conditions(node, skip_any, errs);
    if let Some(items) = inner(node, "items") {
        nested(&items, false, errs);
    }
    let all = properties(node);
    all.iter().for_each(|(_, it)| nested(it, false, errs));
    for (key, how) in STRUCTURE {
        if node.has(key) && node.child(key).value != &Value::Bool(false) {
            errs.push(field::forbidden(&node.at(key), &format!("must be {how} to be structural")));
        }
    }
    if let Some((_, it)) = all.iter().find(|(name, _)| *name == "metadata") {
        errs.push(field::forbidden(&it.path, "must not be specified in a nested context"));
    }
}

/// What a condition speaks of is there in the structure.
fn complete(node: &Node<'_>, errs: &mut Errors) {
    covered(node, node, errs);
    properties(node).iter().for_each(|(_, it)| complete(it, errs));
    for key in ["items", "additionalProperties"] {
        if let Some(it) = inner(node, key) {
            complete(&it, errs);
        }
    }
}

fn covered(condition: &Node<'_>, structure: &Node<'_>, errs: &mut Errors) {
    let lists = ["allOf", "anyOf", "oneOf"].into_iter().flat_map(|list| condition.items(list));
    for part in lists.chain(inner(condition, "not")) {
        covered_part(&part, structure, errs);
    }
}

fn covered_part(part: &Node<'_>, structure: &Node<'_>, errs: &mut Errors) {
    covered(part, structure, errs);
    let because = |path: &Path| format!("because it is defined in {path}");
    if let Some(items) = inner(part, "items") {
        match inner(structure, "items") {
            Some(found) => covered_part(&items, &found, errs),
            None => errs.push(field::required(&structure.at("items"), &because(&items.path))),
        }
    }
    for (name, it) in properties(part) {
        let path = structure.at("properties").key(name);
        match structure.child("properties").value.get(name) {
            Some(value) => covered_part(&it, &Node { value, path }, errs),
            None => errs.push(field::required(&path, &because(&it.path))),
        }
    }
}

/// Every default fits its own schema.
fn defaults(node: &Node<'_>, errs: &mut Errors) {
    if let Some(default) = node.get("default") {
        let own = schema::from_open_api(node.value);
        let mut pruned = default.value.clone();
        schema::prune(&own, &mut pruned);
        if &pruned != default.value {
            errs.push(field::invalid(&default.path, default.value.clone(), "must not have unknown fields"));
        }
        let found = schema::validate(&own, default.value, &default.path);
        if found.is_empty() {
            let mut findings = schema::check_rules(&own, default.value, None);
            for cause in &mut findings.errors {
                cause.field = match cause.field.as_str() {
                    "<nil>" => default.path.to_string(),
                    below => format!("{}.{below}", default.path),
                };
            }
            errs.append(&mut findings.errors);
        }
        errs.extend(found);
    }
    if let Some(items) = inner(node, "items") {
        defaults(&items, errs);
    }
    properties(node).iter().for_each(|(_, it)| defaults(it, errs));
}

/// Faults of a schema, and those of its rules, which are told after them.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) schema: Errors,
    pub(super) rules: Errors,
}

/// What holds for a part of a schema because of where it stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    inside_meta: bool,
    /// Why there may be no defaults.
    no_defaults: Option<String>,
    /// The list around it whose items have no counterpart in an older object.
    pub(super) uncorrelated: Option<Path>,
    /// Whether rules are looked at: not in conditions, nor when the schema is not structural.
    pub(super) rules: bool,
}

const UNSUPPORTED: &[(&str, &str)] = &[
    ("id", "id is not supported"),
    ("additionalItems", "additionalItems is not supported"),
    ("patternProperties", "patternProperties is not supported"),
    ("definitions", "definitions is not supported"),
    ("dependencies", "dependencies is not supported"),
    ("$ref", "$ref is not supported"),
];

fn open_api(node: &Node<'_>, place: Place, root: bool, found: &mut Found) {
    let before = found.schema.len();
    keywords(node, &place, &mut found.schema);
    if let Some(values) = inner(node, "additionalProperties") {
        let mut below = place.clone();
        if place.inside_meta {
            below.no_defaults = Some("inside additionalProperties applying to object metadata".into());
        }
        open_api(&values, below, false, found);
    }
    for (name, it) in properties(node) {
        let mut below = place.clone();
        let of_resource = root || node.flag("x-kubernetes-embedded-resource");
        if of_resource && ["metadata", "kind", "apiVersion"].contains(&name) {
            below.inside_meta = true;
            if root {
                below.no_defaults = Some(format!("in top-level {name}"));
            }
        }
        open_api(&it, below, false, found);
    }
    let conditions = ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|list| node.items(list));
    for part in inner(node, "not").into_iter().chain(conditions) {
        open_api(&part, Place { rules: false, ..place.clone() }, false, found);
    }
    if let Some(items) = inner(node, "items") {
        let mut below = place.clone();
        if node.text("x-kubernetes-list-type") != "map" && below.uncorrelated.is_none() {
            below.uncorrelated = Some(node.path.clone());
        }
        open_api(&items, below, false, found);
    }
    lists_and_maps(node, &mut found.schema);
    rules::shape(node, &mut found.schema);
    if found.schema.len() == before && place.rules {
        rules::compile(node, place.uncorrelated.as_ref(), &mut found.rules);
    }
}

fn keywords(node: &Node<'_>, place: &Place, errs: &mut Errors) {
    const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
    let kind = node.text("type");
    if !kind.is_empty() && !TYPES.contains(&kind) {
        errs.push(field::not_supported(&node.at("type"), kind, &TYPES));
    }
    if let Some(why) = place.no_defaults.as_ref().filter(|_| node.has("default")) {
        errs.push(field::forbidden(&node.at("default"), &format!("must not be set {why}")));
    }
    for (key, detail) in UNSUPPORTED {
        if node.has(key) {
            errs.push(field::forbidden(&node.at(key), detail));
        }
    }
    if node.child("items").value.is_array() {
        errs.push(field::forbidden(&node.at("items"), "items must be a schema object and not an array"));
    }
    if place.inside_meta && node.flag("x-kubernetes-embedded-resource") {
        let path = node.at("x-kubernetes-embedded-resource");
        errs.push(field::forbidden(&path, "must not be used inside of resource meta"));
    }
    if node.flag("uniqueItems") {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        errs.push(field::forbidden(&node.at("uniqueItems"), detail));
    }
    let both = node.has("additionalProperties") && node.entries("properties").next().is_some();
    if both && node.child("additionalProperties").value != &Value::Bool(true) {
        let detail = "additionalProperties and properties are mutual exclusive";
        errs.push(field::forbidden(&node.at("additionalProperties"), detail));
    }
    let free = node.child("x-kubernetes-preserve-unknown-fields");
    if free.value == &Value::Bool(false) {
        errs.push(field::invalid(&free.path, false, "must be true or undefined"));
    }
}

fn lists_and_maps(node: &Node<'_>, errs: &mut Errors) {
    let (kind, list, map) =
        (node.text("type"), node.text("x-kubernetes-list-type"), node.text("x-kubernetes-map-type"));
    let typed = |want: &str, key: &str, errs: &mut Errors| {
        let detail = format!("must be {want} if {key} is specified");
        match kind {
            "" => errs.push(field::required(&node.at("type"), &detail)),
            other if other != want => errs.push(field::invalid(&node.at("type"), other, &detail)),
            _ => {}
        }
    };
    if !map.is_empty() {
        typed("object", "x-kubernetes-map-type", errs);
        if !["atomic", "granular"].contains(&map) {
            let path = node.at("x-kubernetes-map-type");
            errs.push(field::not_supported(&path, map, &["atomic", "granular"]));
        }
    }
    if !list.is_empty() {
        typed("array", "x-kubernetes-list-type", errs);
        if !["atomic", "set", "map"].contains(&list) {
            let path = node.at("x-kubernetes-list-type");
            errs.push(field::not_supported(&path, list, &["atomic", "set", "map"]));
        }
    }
    map_keys(node, list, errs);
}

fn map_keys(node: &Node<'_>, list: &str, errs: &mut Errors) {
    let keys = node.strings("x-kubernetes-list-map-keys");
    if !keys.is_empty() && list != "map" {
        let path = node.at("x-kubernetes-list-type");
        let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
        match list {
            "" => errs.push(field::required(&path, detail)),
            other => errs.push(field::invalid(&path, other, detail)),
        }
    }
    if list != "map" {
        return;
    }
    let path = node.at("x-kubernetes-list-map-keys");
    if keys.is_empty() {
        errs.push(field::required(&path, "must not be empty if x-kubernetes-list-type is map"));
    }
    let items = node.child("items");
    if items.value.is_null() {
        errs.push(field::required(&items.path, "must have a schema if x-kubernetes-list-type is map"));
        return;
    }
    if items.text("type") != "object" {
        let detail = "must be object if parent array's x-kubernetes-list-type is map";
        errs.push(field::invalid(&items.at("type"), items.text("type"), detail));
        return;
    }
    let shown = || node.child("x-kubernetes-list-map-keys").value.clone();
    for (index, key) in keys.iter().enumerate() {
        let property = items.at("properties").key(key);
        let required = items.strings("required").contains(key);
        match items.child("properties").value.get(*key) {
            None => errs.push(field::invalid(&path, shown(), "entries must all be names of item properties")),
            Some(value) if ["array", "object"].contains(&object::field(value, "type")) => {
                let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
                errs.push(field::invalid(&property.child("type"), items.text("type"), detail));
            }
            Some(value) if !required && value.get("default").is_none() => {
                let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                errs.push(field::required(&property.child("default"), detail));
            }
            Some(_) => {}
        }
        if keys.iter().take(index).any(|it| it == key) {
            errs.push(field::invalid(&path, shown(), "must not contain duplicate entries"));
        }
    }
}

/// The schema that a path such as `.spec.size` leads to.
///
/// # Errors
/// Why it leads nowhere.
pub(super) fn at_path<'a>(schema: &'a Value, path: &str) -> Result<&'a Value, String> {
    let Some(rest) = path.strip_prefix('.') else {
        let first = path.split(['.', '[', ']']).next().unwrap_or("");
        return Err(format!("expected [ or . but got: {first}"));
    };
    let mut found = schema;
    for name in rest.split('.') {
        found = match (found.get("properties"), found.get("additionalProperties")) {
            (Some(all), _) => all.get(name).ok_or("does not refer to a valid field")?,
            (None, Some(values)) if values.is_object() => values,
            _ => return Err("does not refer to a valid field".into()),
        };
    }
    Ok(found)
}
