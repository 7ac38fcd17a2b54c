//! Names that changed, and the fields of other objects that mean them.

use serde_json::Value;

use super::Resource;
use crate::apimachinery::object::{self, field, text};

/// Puts the hash of its content behind the name of each generated object.
pub(super) fn add_hashes(resources: &mut [Resource]) {
    for resource in resources.iter_mut().filter(|resource| resource.hashed) {
        let hash = super::super::hash::of(&resource.tree, "");
        let name = format!("{}-{hash}", object::name(&resource.tree));
        object::set(&mut resource.tree, &["metadata", "name"], name.as_str());
        resource.names.push(name);
    }
}

/// Kind and key of fields that name an object of that kind, whatever stands around them.
const REFERENCES: &[(&str, &str)] = &[
    ("ConfigMap", "configMap"),
    ("ConfigMap", "configMapRef"),
    ("ConfigMap", "configMapKeyRef"),
    ("Secret", "secretRef"),
    ("Secret", "secretKeyRef"),
    ("Secret", "imagePullSecrets"),
    ("Service", "service"),
];

/// Keys whose plain value names an object of that kind.
const PLAIN: &[(&str, &str)] = &[
    ("Secret", "secretName"),
    ("PersistentVolumeClaim", "claimName"),
    ("ServiceAccount", "serviceAccountName"),
    ("Service", "serviceName"),
    ("PriorityClass", "priorityClassName"),
];

/// Brings all references to their objects' newest names.
pub(super) fn fix_references(resources: &mut [Resource]) {
    let known: Vec<(String, Vec<String>, String)> = resources
        .iter()
        .map(|one| {
            (text(&one.tree, "/kind").to_owned(), one.names.clone(), object::name(&one.tree).to_owned())
        })
        .collect();
    let newest = |kind: &str, name: &str| -> Option<String> {
        let mut found =
            known.iter().filter(|(known, names, _)| known == kind && names.iter().any(|one| one == name));
        found.next().map(|(_, _, newest)| newest.clone())
    };
    for resource in resources {
        walk(&mut resource.tree, "", &newest);
    }
}

type Newest<'a> = dyn Fn(&str, &str) -> Option<String> + 'a;

fn walk(value: &mut Value, key: &str, newest: &Newest<'_>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| walk(item, key, newest)),
        Value::Object(_) => {
            rename(value, key, newest);
            if let Some(map) = value.as_object_mut() {
                for (key, value) in map.iter_mut().filter(|(key, _)| *key != "metadata") {
                    walk(value, key, newest);
                }
                // Pod templates have metadata too, but nothing in it refers to others.
            }
        }
        Value::String(name) => {
            let kind = PLAIN.iter().find(|(_, known)| *known == key).map(|(kind, _)| *kind);
            if let Some(new) = kind.and_then(|kind| newest(kind, name)) {
                *name = new;
            }
        }
        _ => {}
    }
}

/// A map that names an object: by its key, or by a `kind` beside the name.
fn rename(value: &mut Value, key: &str, newest: &Newest<'_>) {
    let name = field(value, "name").to_owned();
    if name.is_empty() {
        return;
    }
    let by_key = REFERENCES.iter().find(|(_, known)| *known == key).map(|(kind, _)| (*kind).to_owned());
    let by_kind = matches!(key, "roleRef" | "subjects" | "scaleTargetRef" | "dataSource" | "targetRef")
        .then(|| field(value, "kind").to_owned());
    if let Some(new) = by_key.or(by_kind).and_then(|kind| newest(&kind, &name)) {
        value["name"] = new.into();
    }
}
