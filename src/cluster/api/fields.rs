//! Field selectors: which fields of a kind can be selected, and their values.

use super::resources::Resource;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::FieldSelector;
use crate::apimachinery::status::Status;

/// Selectable fields beside `metadata.name` and `metadata.namespace`, with where they stand when that
/// is another place. Source: the conversion functions of each API group and the strategies' `SelectableFields`.
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    ("certificatesigningrequests.certificates.k8s.io", &[("spec.signerName", "/spec/signerName")]),
    (
        "events",
        &[
            ("involvedObject.apiVersion", "/involvedObject/apiVersion"),
            ("involvedObject.fieldPath", "/involvedObject/fieldPath"),
            ("involvedObject.kind", "/involvedObject/kind"),
            ("involvedObject.name", "/involvedObject/name"),
            ("involvedObject.namespace", "/involvedObject/namespace"),
            ("involvedObject.resourceVersion", "/involvedObject/resourceVersion"),
            ("involvedObject.uid", "/involvedObject/uid"),
            ("reason", "/reason"),
            ("reportingComponent", "/reportingComponent"),
            ("source", "/source/component"),
            ("type", "/type"),
        ],
    ),
    ("jobs.batch", &[("status.successful", "/status/succeeded")]),
    ("namespaces", &[("status.phase", "/status/phase")]),
    ("nodes", &[("spec.unschedulable", "/spec/unschedulable")]),
    (
        "pods",
        &[
            ("spec.hostNetwork", "/spec/hostNetwork"),
            ("spec.nodeName", "/spec/nodeName"),
            ("spec.restartPolicy", "/spec/restartPolicy"),
            ("spec.schedulerName", "/spec/schedulerName"),
            ("spec.serviceAccountName", "/spec/serviceAccountName"),
            ("status.nominatedNodeName", "/status/nominatedNodeName"),
            ("status.phase", "/status/phase"),
            ("status.podIP", "/status/podIP"),
            ("status.podIPs", "/status/podIP"),
        ],
    ),
    ("replicasets.apps", &[("status.replicas", "/status/replicas")]),
    ("replicationcontrollers", &[("status.replicas", "/status/replicas")]),
    (
        "resourceslices.resource.k8s.io",
        &[("spec.driver", "/spec/driver"), ("spec.nodeName", "/spec/nodeName")],
    ),
    ("secrets", &[("type", "/type")]),
    ("services", &[("spec.clusterIP", "/spec/clusterIP"), ("spec.type", "/spec/type")]),
];

/// Numbers and booleans that Go prints although JSON leaves them out.
const ZERO: &[(&str, &str)] = &[
    ("spec.hostNetwork", "false"),
    ("spec.unschedulable", "false"),
    ("status.replicas", "0"),
    ("status.successful", "0"),
];

fn rows(storage: &str) -> &'static [(&'static str, &'static str)] {
    FIELDS.iter().find(|(it, _)| *it == storage).map_or(&[], |(_, rows)| rows)
}

/// Reads a field selector and refuses fields that the kind does not offer.
pub(crate) fn parse(resource: &Resource, text: &str) -> Result<FieldSelector, Status> {
    let selector = FieldSelector::parse(text).map_err(Status::bad_request)?;
    for field in selected(text) {
        if !is_known(resource, &field) {
            return Err(Status::bad_request(unknown(resource, &field)));
        }
    }
    Ok(selector)
}

fn selected(text: &str) -> Vec<String> {
    text.split(',')
        .filter_map(|term| term.split(['=', '!']).next())
        .map(|field| field.trim().to_owned())
        .filter(|field| !field.is_empty())
        .collect()
}

fn is_known(resource: &Resource, field: &str) -> bool {
    field == "metadata.name"
        || field == "metadata.namespace" && resource.namespaced
        || field == "metadata.namespace" && !resource.is_custom()
        || rows(&resource.storage).iter().any(|(name, _)| *name == field)
        || custom_fields(resource).iter().any(|path| path == field)
}

/// `selectableFields` of a custom resource's version.
fn custom_fields(resource: &Resource) -> Vec<String> {
    let Some(definition) = &resource.definition else { return Vec::new() };
    let versions = object::list(definition, "/spec/versions");
    let version = versions.iter().find(|it| object::field(it, "name") == resource.version);
    let paths = version.map_or(&[][..], |it| object::list(it, "/selectableFields"));
    paths.iter().map(|it| object::field(it, "jsonPath").trim_start_matches('.').to_owned()).collect()
}

/// Kinds whose conversion says the sentence with the kind in it; the rest use the general one.
fn unknown(resource: &Resource, field: &str) -> String {
    if rows(&resource.storage).is_empty() || resource.is_custom() {
        return format!("field label not supported: {field}");
    }
    match &*resource.storage {
        "certificatesigningrequests.certificates.k8s.io" | "resourceslices.resource.k8s.io" => {
            format!("field label not supported for {}: {field}", resource.kind)
        }
        "jobs.batch" | "replicasets.apps" => {
            format!("field label {field:?} not supported for {}", resource.kind)
        }
        _ => format!("field label not supported: {field}"),
    }
}

/// The value of a selectable field.
pub(crate) fn value(storage: &str, object: &Value, field: &str) -> Option<String> {
    let pointer = match field {
        "metadata.name" => "/metadata/name".to_owned(),
        "metadata.namespace" => "/metadata/namespace".to_owned(),
        _ => match rows(storage).iter().find(|(name, _)| *name == field) {
            Some((_, pointer)) => (*pointer).to_owned(),
            None => format!("/{}", field.replace('.', "/")),
        },
    };
    let found = match object.pointer(&pointer) {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    if !found.is_empty() {
        return Some(found);
    }
    if storage == "events" && field == "source" {
        return Some(object::text(object, "/reportingComponent").to_owned());
    }
    ZERO.iter().find(|(name, _)| *name == field).map(|(_, zero)| (*zero).to_owned()).or(Some(found))
}
