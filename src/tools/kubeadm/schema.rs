//! Reading kubeadm's configuration files: which kinds there are, and which fields each has.

use super::ctx::{Ctx, Failure};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};
use crate::apimachinery::yaml;

/// Lines of a kind and its fields; a field's last part may be `*`.
static FIELDS: &str = include_str!("../../../assets/kubeadm/config-fields.txt");

/// The version that this kubeadm writes.
pub(super) const VERSION: &str = "kubeadm.k8s.io/v1beta4";

/// The one before, which is still read.
const DEPRECATED: &str = "kubeadm.k8s.io/v1beta3";

/// Reads a file of configuration documents.
///
/// # Errors
/// kubeadm's sentence about a missing file, a broken document or an unknown field.
pub(super) fn documents(ctx: &Ctx<'_>, path: &str, warn: bool) -> Result<Vec<Value>, Failure> {
    let full = ctx.proc.path(path);
    let Some(content) = ctx.read(&full) else {
        let why = format!("unable to read config from {path:?} : open {path}: no such file or directory");
        return Err(Failure::new(why));
    };
    let mut all = yaml::documents(&content).map_err(Failure::new)?;
    all.retain(|it| !it.is_null());
    for document in &mut all {
        let (version, kind) = (text(document, "/apiVersion").to_owned(), text(document, "/kind").to_owned());
        match version.as_str() {
            VERSION => check(document, &version, &kind)?,
            DEPRECATED => {
                if warn {
                    ctx.klog('W', "common.go:100", &deprecated(&version, &kind));
                }
                modernise(document);
            }
            other if other.starts_with("kubeadm.k8s.io/") => return Err(too_old(other, &kind)),
            _ => {}
        }
    }
    Ok(all)
}

fn deprecated(version: &str, kind: &str) -> String {
    format!(
        "your configuration file uses a deprecated API spec: {version:?} (kind: {kind:?}). Please use 'kubeadm \
         config migrate --old-config old-config-file --new-config new-config-file', which will write the new, \
         similar spec using a newer API version."
    )
}

fn too_old(version: &str, kind: &str) -> Failure {
    Failure::new(format!(
        "your configuration file uses an old API spec: {version:?} (kind: {kind:?}). Please use kubeadm v1.22 \
         instead and run 'kubeadm config migrate --old-config old-config-file --new-config new-config-file', which \
         will write the new, similar spec using a newer API version."
    ))
}

/// Extra arguments were maps before they were lists.
fn modernise(document: &mut Value) {
    object::set(document, &["apiVersion"], VERSION);
    for path in [
        "/apiServer/extraArgs",
        "/controllerManager/extraArgs",
        "/scheduler/extraArgs",
        "/etcd/local/extraArgs",
        "/nodeRegistration/kubeletExtraArgs",
    ] {
        if let Some(found) = document.pointer_mut(path)
            && let Some(map) = found.as_object().cloned()
        {
            let pair = |(name, value)| json!({"name": name, "value": value});
            *found = map.into_iter().map(pair).collect();
        }
    }
}

fn check(document: &Value, version: &str, kind: &str) -> Result<(), Failure> {
    let fields: Vec<&str> = FIELDS
        .lines()
        .filter_map(|line| line.split_once(' ').filter(|(name, _)| *name == kind))
        .flat_map(|(_, rest)| rest.split(' '))
        .collect();
    let number = version.rsplit('/').next().unwrap_or("");
    let gvk =
        format!("schema.GroupVersionKind{{Group:\"kubeadm.k8s.io\", Version:{number:?}, Kind:{kind:?}}}");
    if fields.is_empty() {
        return Err(Failure::new(format!("no kind {kind:?} is registered for version {version:?}")));
    }
    let mut unknown = Vec::new();
    walk(document, "", "", &fields, &mut unknown);
    if unknown.is_empty() {
        return Ok(());
    }
    let listed = unknown.iter().map(|it| format!("unknown field {it:?}")).collect::<Vec<_>>().join(", ");
    Err(Failure::new(format!("error unmarshaling configuration {gvk}: strict decoding error: {listed}")))
}

/// Finds fields that are not listed. `plain` is the path without indexes, `shown` the one with them.
fn walk(value: &Value, plain: &str, shown: &str, fields: &[&str], unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                if plain.is_empty() && matches!(key.as_str(), "apiVersion" | "kind") {
                    continue;
                }
                let dot = if plain.is_empty() { "" } else { "." };
                let (plain, shown) = (format!("{plain}{dot}{key}"), format!("{shown}{dot}{key}"));
                let fits = |field: &&str| {
                    *field == plain
                        || field.starts_with(&format!("{plain}."))
                        || field.strip_suffix('*').is_some_and(|head| plain.starts_with(head))
                };
                if fields.iter().any(fits) {
                    walk(inner, &plain, &shown, fields, unknown);
                } else {
                    unknown.push(shown);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, plain, &format!("{shown}[{index}]"), fields, unknown);
            }
        }
        _ => {}
    }
}
