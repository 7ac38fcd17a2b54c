//! Environment variables and what they are read from.

use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::validate;
use crate::cluster::api::validation::node::{Node, format, required};

/// Pod fields that a variable may hold, sorted.
const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Pod fields that a file of a downward API volume may hold, sorted.
pub(super) const FILE_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Fields of a pod that the conversion knows at all.
const KNOWN_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "spec.restartPolicy", "spec.schedulerName", "status.phase"];

const RESOURCE_FIELDS: &[&str] = &[
    "limits.cpu",
    "limits.ephemeral-storage",
    "limits.memory",
    "requests.cpu",
    "requests.ephemeral-storage",
    "requests.memory",
];

/// Units that a byte amount may be given in.
const BYTE_DIVISORS: &[&str] =
    &["1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"];

const SOURCES: &[&str] = &["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

/// `env` of a container.
pub(super) fn variables(container: &Node<'_>, errs: &mut Errors) {
    for variable in container.items("env") {
        if required(&variable, "name", errs) {
            let name = variable.text("name");
            let sentences = validate::relaxed_env_var_name(name);
            errs.extend(field::invalid_each(&variable.at("name"), name, &sentences));
        }
        if let Some(from) = variable.get("valueFrom") {
            value_from(&from, variable.text("value"), errs);
        }
    }
}

fn value_from(from: &Node<'_>, value: &str, errs: &mut Errors) {
    if let Some(reference) = from.get("fieldRef") {
        field_ref(&reference, ENV_FIELDS, errs);
    }
    if let Some(reference) = from.get("resourceFieldRef") {
        resource_field_ref(&reference, false, errs);
    }
    for key in ["configMapKeyRef", "secretKeyRef"] {
        if let Some(reference) = from.get(key) {
            key_ref(&reference, errs);
        }
    }
    let given = SOURCES.iter().filter(|source| from.has(source)).count();
    let detail = match given {
        0 => {
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        }
        _ if !value.is_empty() => "may not be specified when `value` is not empty",
        1 => return,
        _ => "may not have more than one field specified at a time",
    };
    errs.push(field::invalid(&from.path, "", detail));
}

/// A `fieldRef`, which may name one of `fields` or one label or annotation.
pub(super) fn field_ref(reference: &Node<'_>, fields: &[&str], errs: &mut Errors) {
    if !required(reference, "apiVersion", errs) || !required(reference, "fieldPath", errs) {
        return;
    }
    let path = reference.text("fieldPath");
    if let Some((base, key)) = path.strip_suffix("']").and_then(|it| it.split_once("['")) {
        match base {
            "metadata.annotations" | "metadata.labels" => {
                let key = if base == "metadata.annotations" { key.to_lowercase() } else { key.to_owned() };
                errs.extend(field::invalid_each(&reference.path, &key, &validate::qualified_name(&key)));
            }
            _ => errs.push(field::invalid(&reference.path, base, "does not support subscript")),
        }
        return;
    }
    if fields.contains(&path) {
        return;
    }
    if KNOWN_FIELDS.contains(&path) || ENV_FIELDS.contains(&path) {
        errs.push(field::not_supported(&reference.at("fieldPath"), path, fields));
    } else {
        let detail = format!("error converting fieldPath: field label not supported: {path}");
        errs.push(field::invalid(&reference.at("fieldPath"), path, &detail));
    }
}

/// A `resourceFieldRef`; in a volume it must name the container.
pub(super) fn resource_field_ref(reference: &Node<'_>, volume: bool, errs: &mut Errors) {
    let resource = reference.text("resource");
    let huge = resource.starts_with("limits.hugepages-") || resource.starts_with("requests.hugepages-");
    if volume && reference.text("containerName").is_empty() {
        errs.push(field::required(&reference.at("containerName"), ""));
    } else if resource.is_empty() {
        errs.push(field::required(&reference.at("resource"), ""));
    } else if !RESOURCE_FIELDS.contains(&resource) && !huge {
        errs.push(field::not_supported(&reference.at("resource"), resource, RESOURCE_FIELDS));
    }
    let divisor = Quantity::of(reference.get("divisor").map(|it| it.value));
    if divisor.is_zero() {
        return;
    }
    let detail = match resource.split_once('.').map_or("", |it| it.1) {
        "cpu" if !["1m", "1"].contains(&divisor.to_string().as_str()) => {
            "only divisor's values 1m and 1 are supported with the cpu resource".to_owned()
        }
        "cpu" | "" => return,
        _ if BYTE_DIVISORS.contains(&divisor.to_string().as_str()) => return,
        name => {
            let what = if name == "ephemeral-storage" { "local ephemeral storage" } else { name };
            format!(
                "only divisor's values {} are supported with the {what} resource",
                BYTE_DIVISORS.join(", ")
            )
        }
    };
    errs.push(field::invalid(&reference.at("divisor"), resource, &detail));
}

fn key_ref(reference: &Node<'_>, errs: &mut Errors) {
    let name = reference.text("name");
    errs.extend(field::invalid_each(&reference.at("name"), name, &validate::dns1123_subdomain(name)));
    if required(reference, "key", errs) {
        format(reference, "key", validate::config_map_key, errs);
    }
}

/// `envFrom` of a container; the paths name the list, as in the real server.
pub(super) fn sources(container: &Node<'_>, errs: &mut Errors) {
    let path = container.at("envFrom");
    for source in container.items("envFrom") {
        format(&source, "prefix", validate::relaxed_env_var_name, errs);
        for key in ["configMapRef", "secretRef"] {
            if let Some(reference) = source.get(key)
                && required(&reference, "name", errs)
            {
                format(&reference, "name", validate::dns1123_subdomain, errs);
            }
        }
        let detail = match (source.has("configMapRef"), source.has("secretRef")) {
            (false, false) => "must specify one of: `configMapRef` or `secretRef`",
            (true, true) => "may not have more than one field specified at a time",
            _ => continue,
        };
        errs.push(field::invalid(&path, "", detail));
    }
}
