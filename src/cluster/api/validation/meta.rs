//! `metadata` on create and update, for every kind alike, and label selectors.
//!
//! Follows apimachinery's `api/validation/objectmeta.go` and `apis/meta/v1/validation`.

use super::node::{IMMUTABLE, Node};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::split_api_version;
use crate::apimachinery::{go, validate};

/// What an object's name may look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameRule {
    /// DNS subdomain: most kinds.
    Subdomain,
    /// DNS label: namespaces.
    Label,
    /// Anything that can stand in a path: RBAC.
    PathSegment,
    /// An IP address.
    Address,
    /// No rule: signing requests.
    Any,
}

impl NameRule {
    /// The sentences about `name`; `prefix` when a suffix will be added to it.
    pub(super) fn check(self, name: &str, prefix: bool) -> Vec<String> {
        let masked = if prefix { validate::mask_trailing_dash(name) } else { name.to_owned() };
        match self {
            Self::Subdomain => validate::dns1123_subdomain(&masked),
            Self::Label => validate::dns1123_label(&masked),
            Self::PathSegment => validate::path_segment_name(name),
            Self::Address => validate::ip(name),
            Self::Any => Vec::new(),
        }
    }
}

/// 256 KiB, all annotations of an object together.
const ANNOTATIONS_BYTES_MAX: usize = 256 * 1024;

/// Metadata of a new object.
pub(super) fn create(object: &Value, rule: NameRule, namespaced: bool, errs: &mut Errors) {
    let meta = Node::root(object).child("metadata");
    let prefix = meta.text("generateName");
    if !prefix.is_empty() {
        errs.extend(field::invalid_each(&meta.at("generateName"), prefix, &rule.check(prefix, true)));
    }
    match meta.text("name") {
        "" => errs.push(field::required(&meta.at("name"), "name or generateName is required")),
        name => errs.extend(field::invalid_each(&meta.at("name"), name, &rule.check(name, false))),
    }
    match (namespaced, meta.text("namespace")) {
        (true, "") => errs.push(field::required(&meta.at("namespace"), "")),
        (true, namespace) => {
            let sentences = validate::dns1123_label(namespace);
            errs.extend(field::invalid_each(&meta.at("namespace"), namespace, &sentences));
        }
        (false, "") => {}
        (false, _) => errs.push(field::forbidden(&meta.at("namespace"), "not allowed on this type")),
    }
    common(&meta, errs);
    for finalizer in meta.items("finalizers") {
        let name = finalizer.value.as_str().unwrap_or("");
        errs.extend(field::invalid_each(&finalizer.path, name, &validate::qualified_name(name)));
    }
}

/// Metadata of a changed object.
pub(super) fn update(new: &Value, old: &Value, errs: &mut Errors) {
    let (meta, before) = (Node::root(new).child("metadata"), Node::root(old).child("metadata"));
    if before.has("deletionTimestamp") {
        new_finalizers(&meta, &before, errs);
    }
    for key in ["name", "namespace", "uid", "creationTimestamp"] {
        if meta.text(key) != before.text(key) {
            errs.push(field::invalid(&meta.at(key), meta.text(key), IMMUTABLE));
        }
    }
    common(&meta, errs);
}

fn new_finalizers(meta: &Node<'_>, before: &Node<'_>, errs: &mut Errors) {
    let had = before.strings("finalizers");
    let mut extra: Vec<String> =
        meta.strings("finalizers").into_iter().filter(|it| !had.contains(it)).map(go::quote).collect();
    if extra.is_empty() {
        return;
    }
    extra.sort();
    let detail = format!(
        "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
        extra.join(", ")
    );
    errs.push(field::forbidden(&meta.at("finalizers"), &detail));
}

fn common(meta: &Node<'_>, errs: &mut Errors) {
    labels(meta, "labels", errs);
    annotations(meta, errs);
    owners(meta, errs);
}

/// Kubernetes' own kinds take finalizers that are qualified or one of three old names.
pub(super) fn kube_finalizers(object: &Value, errs: &mut Errors) {
    for finalizer in Node::root(object).child("metadata").items("finalizers") {
        kube_finalizer(&finalizer.path, finalizer.value.as_str().unwrap_or(""), errs);
    }
}

/// [`kube_finalizers`] for one.
pub(super) fn kube_finalizer(path: &Path, name: &str, errs: &mut Errors) {
    if !name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
        let detail = "name is neither a standard finalizer name nor is it fully qualified";
        errs.push(field::invalid(path, name, detail));
    }
}

/// A map of labels at `key`; the path does not name the label, as in the real server.
pub(super) fn labels(node: &Node<'_>, key: &str, errs: &mut Errors) {
    let path = node.at(key);
    for (name, value) in node.entries(key) {
        errs.extend(field::invalid_each(&path, name, &validate::qualified_name(name)));
        let value = value.as_str().unwrap_or("");
        errs.extend(field::invalid_each(&path, value, &validate::label_value(value)));
    }
}

/// The name of a label.
pub(super) fn label_name(path: &Path, name: &str, errs: &mut Errors) {
    errs.extend(field::invalid_each(path, name, &validate::qualified_name(name)));
}

/// `annotations` of `meta`.
pub(super) fn annotations(meta: &Node<'_>, errs: &mut Errors) {
    let path = meta.at("annotations");
    let mut bytes = 0;
    for (name, value) in meta.entries("annotations") {
        errs.extend(field::invalid_each(&path, name, &validate::qualified_name(&name.to_lowercase())));
        bytes += name.len() + value.as_str().map_or(0, str::len);
    }
    if bytes > ANNOTATIONS_BYTES_MAX {
        errs.push(field::too_long(&path, ANNOTATIONS_BYTES_MAX));
    }
}

fn owners(meta: &Node<'_>, errs: &mut Errors) {
    let path = meta.at("ownerReferences");
    let mut controllers: Vec<&str> = Vec::new();
    for owner in meta.items("ownerReferences") {
        let (_, version) = split_api_version(owner.text("apiVersion"));
        if version.is_empty() {
            let detail = "version must not be empty";
            errs.push(field::invalid(&path.child("apiVersion"), owner.text("apiVersion"), detail));
        }
        for key in ["kind", "name", "uid"] {
            if owner.text(key).is_empty() {
                errs.push(field::invalid(&path.child(key), "", "must not be empty"));
            }
        }
        if owner.flag("controller") {
            controllers.push(owner.text("name"));
        }
    }
    if let [first, second, ..] = controllers.as_slice() {
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
        );
        errs.push(field::invalid(&path, meta.child("ownerReferences").value.clone(), &detail));
    }
}

/// A `LabelSelector` at `key`, when there is one.
pub(super) fn selector(node: &Node<'_>, key: &str, errs: &mut Errors) {
    let Some(selector) = node.get(key) else { return };
    labels(&selector, "matchLabels", errs);
    for expression in selector.items("matchExpressions") {
        match expression.text("operator") {
            "In" | "NotIn" if expression.len("values") == 0 => {
                let detail = "must be specified when `operator` is 'In' or 'NotIn'";
                errs.push(field::required(&expression.at("values"), detail));
            }
            "Exists" | "DoesNotExist" if expression.len("values") > 0 => {
                let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
                errs.push(field::forbidden(&expression.at("values"), detail));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => {
                let detail = "not a valid selector operator";
                errs.push(field::invalid(&expression.at("operator"), other, detail));
            }
        }
        label_name(&expression.at("key"), expression.text("key"), errs);
        for value in expression.items("values") {
            let text = value.value.as_str().unwrap_or("");
            errs.extend(field::invalid_each(&value.path, text, &validate::label_value(text)));
        }
    }
}

/// True when a selector at `key` has no requirement.
pub(super) fn selects_everything(node: &Node<'_>, key: &str) -> bool {
    let selector = node.child(key);
    selector.entries("matchLabels").next().is_none() && selector.len("matchExpressions") == 0
}
