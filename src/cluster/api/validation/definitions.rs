//! CustomResourceDefinitions: names, versions, schemas.
//!
//! Follows apiextensions-apiserver's `pkg/apis/apiextensions/validation`.

use serde_json::Value;

use super::node::{Node, format, immutable, required};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::{object, validate};

/// A CustomResourceDefinition.
pub(super) fn definition(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let (group, plural) = (spec.text("group"), spec.child("names").text("plural"));
    let wanted = format!("{plural}.{group}");
    if object::name(it) != wanted && !plural.is_empty() && !group.is_empty() {
        let path = Path::new("metadata").child("name");
        errs.push(field::invalid(&path, object::name(it), "must be spec.names.plural+\".\"+spec.group"));
    }
    if required(&spec, "group", errs) {
        format(&spec, "group", validate::dns1123_subdomain, errs);
        if group.split('.').count() < 2 {
            errs.push(field::invalid(&spec.at("group"), group, "should be a domain with at least one dot"));
        }
    }
    super::node::choice(&spec, "scope", &["Cluster", "Namespaced"], errs);
    versions(&spec, errs);
    names(&spec.child("names"), errs);
    stored_versions(it, &spec, errs);
}

fn names(names: &Node<'_>, errs: &mut Errors) {
    for key in ["plural", "singular", "kind", "listKind"] {
        if !required(names, key, errs) {
            continue;
        }
        let text = names.text(key);
        let sentences = validate::dns1035_label(&text.to_lowercase());
        let sentences: Vec<String> = sentences
            .into_iter()
            .map(|it| {
                if key.ends_with("ind") {
                    format!("may have mixed case, but should otherwise match: {it}")
                } else {
                    it
                }
            })
            .collect();
        errs.extend(field::invalid_each(&names.at(key), text, &sentences));
    }
    for key in ["shortNames", "categories"] {
        for name in names.items(key) {
            let text = name.value.as_str().unwrap_or("");
            errs.extend(field::invalid_each(&name.path, text, &validate::dns1035_label(text)));
        }
    }
    if !names.text("kind").is_empty() && names.text("kind") == names.text("listKind") {
        let detail = "kind and listKind may not be the same";
        errs.push(field::invalid(&names.at("listKind"), names.text("listKind"), detail));
    }
}

fn versions(spec: &Node<'_>, errs: &mut Errors) {
    let all = spec.items("versions");
    let mut seen: Vec<&str> = Vec::new();
    let mut unique = true;
    for version in &all {
        let name = version.text("name");
        unique &= !seen.contains(&name);
        seen.push(name);
        let sentences = validate::dns1035_label(name);
        errs.extend(field::invalid_each(&version.at("name"), name, &sentences));
        let schema = version.child("schema").child("openAPIV3Schema");
        let path = version.at("schema").child("openAPIV3Schema");
        if schema.value.is_null() {
            errs.push(field::required(&path, "schemas are required"));
        } else {
            structural(&schema, true, errs);
        }
    }
    let shown = || spec.child("versions").value.clone();
    if !unique {
        errs.push(field::invalid(&spec.at("versions"), shown(), "must contain unique version names"));
    }
    if all.iter().filter(|it| it.flag("storage")).count() != 1 {
        let detail = "must have exactly one version marked as storage version";
        errs.push(field::invalid(&spec.at("versions"), shown(), detail));
    }
}

/// Every schema says its type, unless it takes anything.
fn structural(schema: &Node<'_>, root: bool, errs: &mut Errors) {
    let kind = schema.text("type");
    let free = ["x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string"]
        .iter()
        .any(|key| schema.flag(key));
    if root && kind.is_empty() {
        errs.push(field::required(&schema.at("type"), "must not be empty at the root"));
    } else if root && kind != "object" {
        errs.push(field::invalid(&schema.at("type"), kind, "must be object at the root"));
    } else if kind.is_empty() && !free {
        errs.push(field::required(&schema.at("type"), "must not be empty for specified object fields"));
    }
    const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
    if !kind.is_empty() && !TYPES.contains(&kind) {
        errs.push(field::not_supported(&schema.at("type"), kind, &TYPES));
    }
    if kind == "array" && !schema.has("items") {
        errs.push(field::required(&schema.at("items"), "must be specified"));
    }
    let properties = schema.child("properties");
    for (name, value) in schema.entries("properties") {
        structural(&Node { value, path: properties.path.key(name) }, false, errs);
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(key).filter(|it| it.value.is_object()) {
            structural(&inner, false, errs);
        }
    }
}

fn stored_versions(it: &Value, spec: &Node<'_>, errs: &mut Errors) {
    let names: Vec<String> = spec.items("versions").iter().map(|it| it.text("name").to_owned()).collect();
    for stored in Node::root(it).child("status").items("storedVersions") {
        let name = stored.value.as_str().unwrap_or("");
        if !names.iter().any(|it| it == name) {
            let detail = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            );
            errs.push(field::invalid(&stored.path, name, &detail));
        }
    }
}

/// Once established, a definition keeps its scope and kind.
pub(super) fn definition_update(new: &Value, old: &Value, errs: &mut Errors) {
    let established = object::list(old, "/status/conditions")
        .iter()
        .any(|it| object::field(it, "type") == "Established" && object::field(it, "status") == "True");
    let (after, before) = (Node::root(new).child("spec"), Node::root(old).child("spec"));
    if established {
        immutable(&after, &before, "scope", errs);
        immutable(&after.child("names"), &before.child("names"), "kind", errs);
    }
    immutable(&after, &before, "group", errs);
    immutable(&after.child("names"), &before.child("names"), "plural", errs);
}
