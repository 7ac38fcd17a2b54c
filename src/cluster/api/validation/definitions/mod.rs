//! CustomResourceDefinitions: names, versions, subresources, columns, conversion.
//!
//! Follows apiextensions-apiserver's `pkg/apis/apiextensions/validation`. That code sees the server's internal
//! type, in which what all versions have alike stands once, at the top of the spec; the paths of its errors say so.

mod rules;
mod schemas;

use super::node::{Node, immutable};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{go, object, validate};

/// A CustomResourceDefinition.
pub(super) fn definition(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    group(&spec, errs);
    super::node::choice(&spec, "scope", &["Cluster", "Namespaced"], errs);
    let common = Common::of(&spec);
    versions(&spec, &common, errs);
    names(&spec.child("names"), errs);
    common.check(&spec, errs);
    conversion(&spec, errs);
    stored_versions(it, &spec, errs);
    if spec.flag("preserveUnknownFields") {
        let detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        errs.push(field::invalid(&spec.at("preserveUnknownFields"), true, detail));
    }
}

/// The name of a new definition says what it defines.
pub(super) fn definition_name(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let wanted = format!("{}.{}", spec.child("names").text("plural"), spec.text("group"));
    if object::name(it) != wanted {
        let path = Path::new("metadata").child("name");
        errs.push(field::invalid(&path, object::name(it), "must be spec.names.plural+\".\"+spec.group"));
    }
}

const APPROVAL: &str = "api-approved.kubernetes.io";
const PROPOSAL: &str = "see https://github.com/kubernetes/enhancements/pull/1111";

/// A new definition in a group of the community carries a word of its approval.
pub(super) fn approval(it: &Value, errs: &mut Errors) {
    let group = object::text(it, "/spec/group");
    let guarded = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|of| group == *of || group.strip_suffix(of).is_some_and(|it| it.ends_with('.')));
    if !guarded {
        return;
    }
    let path = Path::new("metadata").child("annotations").key(APPROVAL);
    match object::annotation(it, APPROVAL).unwrap_or("") {
        "" => {
            let detail =
                format!("protected groups must have approval annotation {}, {PROPOSAL}", go::quote(APPROVAL));
            errs.push(field::required(&path, &detail));
        }
        word if word.starts_with("unapproved") || word.contains("://") => {}
        word => {
            let detail = format!(
                "protected groups must have approval annotation {} with either a URL or a reason starting with \"unapproved\", {PROPOSAL}",
                go::quote(APPROVAL)
            );
            errs.push(field::invalid(&path, word, &detail));
        }
    }
}

fn joined(path: &Path, value: &str, sentences: &[String], errs: &mut Errors) {
    if !sentences.is_empty() {
        errs.push(field::invalid(path, value, &sentences.join(",")));
    }
}

fn group(spec: &Node<'_>, errs: &mut Errors) {
    let (group, path) = (spec.text("group"), spec.at("group"));
    let sentences = validate::dns1123_subdomain(group);
    if group.is_empty() {
        errs.push(field::required(&path, ""));
    } else if !sentences.is_empty() {
        joined(&path, group, &sentences, errs);
    } else if !group.contains('.') {
        errs.push(field::invalid(&path, group, "should be a domain with at least one dot"));
    }
}

fn names(names: &Node<'_>, errs: &mut Errors) {
    const NEEDED: [&str; 4] = ["plural", "singular", "kind", "listKind"];
    for key in NEEDED.iter().filter(|key| names.text(key).is_empty()) {
        errs.push(field::required(&names.at(key), ""));
    }
    for key in NEEDED.iter().filter(|key| !names.text(key).is_empty()) {
        let text = names.text(key);
        let sentences = validate::dns1035_label(&text.to_lowercase());
        let mixed = key.to_lowercase().ends_with("kind");
        if mixed && !sentences.is_empty() {
            let detail = format!("may have mixed case, but should otherwise match: {}", sentences.join(","));
            errs.push(field::invalid(&names.at(key), text, &detail));
        } else if !mixed {
            joined(&names.at(key), text, &validate::dns1035_label(text), errs);
        }
    }
    let each = |key: &str, errs: &mut Errors| {
        for name in names.items(key) {
            let text = name.value.as_str().unwrap_or("");
            joined(&name.path, text, &validate::dns1035_label(text), errs);
        }
    };
    each("shortNames", errs);
    if !names.text("kind").is_empty() && names.text("kind") == names.text("listKind") {
        let detail = "kind and listKind may not be the same";
        errs.push(field::invalid(&names.at("listKind"), names.text("listKind"), detail));
    }
    each("categories", errs);
}

/// What all versions have alike, by the member of a version; null for what differs or is nowhere.
struct Common<'a> {
    schema: &'a Value,
    subresources: &'a Value,
    columns: &'a Value,
    selectable: &'a Value,
}

const NOTHING: &Value = &Value::Null;

impl<'a> Common<'a> {
    fn of(spec: &Node<'a>) -> Self {
        let all: &'a [Value] = object::list(spec.value, "/versions");
        let alike = |key: &str| -> &'a Value {
            let first = all.first().and_then(|it| it.get(key)).unwrap_or(NOTHING);
            let same = all.iter().all(|it| it.get(key).unwrap_or(NOTHING) == first);
            if same { first } else { NOTHING }
        };
        Self {
            schema: alike("schema"),
            subresources: alike("subresources"),
            columns: alike("additionalPrinterColumns"),
            selectable: alike("selectableFields"),
        }
    }

    fn has_status(&self) -> bool {
        self.subresources.get("status").is_some()
    }

    /// The parts that stand at the top.
    fn check(&self, spec: &Node<'_>, errs: &mut Errors) {
        let any_status = object::list(spec.value, "/versions")
            .iter()
            .any(|it| it.pointer("/subresources/status").is_some_and(|it| !it.is_null()));
        let schema = Node { value: self.schema, path: spec.at("validation") };
        schemas::validation(&schema, any_status, errs);
        subresources(&Node { value: self.subresources, path: spec.at("subresources") }, errs);
        columns(self.columns, &spec.at("additionalPrinterColumns"), errs);
        selectable(self.selectable, self.schema, &spec.at("selectableFields"), errs);
    }
}

fn versions(spec: &Node<'_>, common: &Common<'_>, errs: &mut Errors) {
    let all = spec.items("versions");
    for version in all.iter().filter(|it| !it.child("schema").has("openAPIV3Schema")) {
        errs.push(field::required(&version.at("schema").child("openAPIV3Schema"), ""));
    }
    let mut seen: Vec<&str> = Vec::new();
    let mut unique = true;
    for version in &all {
        let name = version.text("name");
        unique &= !seen.contains(&name);
        seen.push(name);
        joined(&version.at("name"), name, &validate::dns1035_label(name), errs);
        one_version(version, common, errs);
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

/// The parts that a version has for itself.
fn one_version(version: &Node<'_>, common: &Common<'_>, errs: &mut Errors) {
    if version.has("deprecationWarning") {
        let (text, path) = (version.text("deprecationWarning"), version.at("deprecationWarning"));
        if !version.flag("deprecated") {
            errs.push(field::invalid(&path, text, "can only be set for deprecated versions"));
        } else if text.is_empty() {
            errs.push(field::invalid(&path, text, "must not be an empty string"));
        } else if text.len() > 256 {
            errs.push(field::invalid(&path, text, "must be <= 256 characters long"));
        }
    }
    let status = common.has_status() || version.child("subresources").has("status");
    if common.schema.is_null() {
        schemas::validation(&version.child("schema"), status, errs);
    }
    if common.subresources.is_null() {
        subresources(&version.child("subresources"), errs);
    }
    if common.columns.is_null() {
        let of = version.child("additionalPrinterColumns");
        columns(of.value, &of.path, errs);
    }
    if common.selectable.is_null() {
        let of = version.child("selectableFields");
        selectable(of.value, version.child("schema").value, &of.path, errs);
    }
}

fn subresources(all: &Node<'_>, errs: &mut Errors) {
    let Some(scale) = all.get("scale") else { return };
    for (key, part) in [("specReplicasPath", "spec"), ("statusReplicasPath", "status")] {
        let (text, path) = (scale.text(key), all.at(&format!("scale.{key}")));
        if text.is_empty() {
            errs.push(field::required(&path, ""));
        } else if simple_path(text, &path, errs) && !text.starts_with(&format!(".{part}.")) {
            errs.push(field::invalid(&path, text, &format!("should be a json path under .{part}")));
        }
    }
    let (text, path) = (scale.text("labelSelectorPath"), all.at("scale.labelSelectorPath"));
    if !text.is_empty()
        && simple_path(text, &path, errs)
        && ![".spec.", ".status."].iter().any(|it| text.starts_with(it))
    {
        errs.push(field::invalid(&path, text, "should be a json path under either .spec or .status"));
    }
}

fn simple_path(text: &str, path: &Path, errs: &mut Errors) -> bool {
    if !text.starts_with('.') {
        errs.push(field::invalid(path, text, "must be a simple json path starting with ."));
    }
    text.starts_with('.')
}

fn columns(all: &Value, path: &Path, errs: &mut Errors) {
    const TYPES: &[&str] = &["boolean", "date", "integer", "number", "string"];
    const FORMATS: &[&str] = &["byte", "date", "date-time", "double", "float", "int32", "int64", "password"];
    for (index, value) in all.as_array().into_iter().flatten().enumerate() {
        let column = Node { value, path: path.index(index) };
        if column.text("name").is_empty() {
            errs.push(field::required(&column.at("name"), ""));
        }
        let (kind, words) = (column.text("type"), format!("must be one of {}", TYPES.join(",")));
        if kind.is_empty() {
            errs.push(field::required(&column.at("type"), &words));
        } else if !TYPES.contains(&kind) {
            errs.push(field::invalid(&column.at("type"), kind, &words));
        }
        let form = column.text("format");
        if !form.is_empty() && !FORMATS.contains(&form) {
            let words = format!("must be one of {}", FORMATS.join(","));
            errs.push(field::invalid(&column.at("format"), form, &words));
        }
        match column.text("jsonPath") {
            "" => errs.push(field::required(&column.at("JSONPath"), "")),
            text => drop(simple_path(text, &column.at("JSONPath"), errs)),
        }
    }
}

/// 8. A version has no more fields to select by.
const SELECTABLE_MAX: usize = 8;

fn selectable(all: &Value, schema: &Value, path: &Path, errs: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for (index, value) in all.as_array().into_iter().flatten().enumerate() {
        let it = Node { value, path: path.index(index) };
        let (text, path) = (it.text("jsonPath"), it.at("jsonPath"));
        if text.is_empty() {
            errs.push(field::required(&path, ""));
            continue;
        }
        let found = schemas::at_path(schema.get("openAPIV3Schema").unwrap_or(NOTHING), text);
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                errs.push(field::invalid(&path, text, &format!("is an invalid path: {why}")));
                continue;
            }
        };
        if text.starts_with(".metadata") {
            errs.push(field::invalid(&path, text, "must not point to fields in metadata"));
        }
        if !["string", "boolean", "integer"].contains(&object::field(found, "type")) {
            let detail = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
            errs.push(field::invalid(&path, text, detail));
        }
        if seen.contains(&text) {
            errs.push(field::duplicate(&path, text));
        } else {
            seen.push(text);
        }
    }
    if seen.len() > SELECTABLE_MAX {
        errs.push(field::too_many(path, seen.len(), SELECTABLE_MAX));
    }
}

fn conversion(spec: &Node<'_>, errs: &mut Errors) {
    let Some(conversion) = spec.get("conversion") else { return };
    super::node::choice(&conversion, "strategy", &["None", "Webhook"], errs);
    let (hook, review) = (conversion.at("webhookClientConfig"), conversion.at("conversionReviewVersions"));
    let webhook = conversion.child("webhook");
    if conversion.text("strategy") != "Webhook" {
        let detail = "should not be set when strategy is not set to Webhook";
        if webhook.has("clientConfig") {
            errs.push(field::forbidden(&hook, detail));
        }
        if webhook.len("conversionReviewVersions") > 0 {
            errs.push(field::forbidden(&review, detail));
        }
        return;
    }
    match webhook.get("clientConfig") {
        None => errs.push(field::required(&hook, "required when strategy is set to Webhook")),
        Some(config) => super::admission::client(&Node { value: config.value, path: hook }, errs),
    }
    let known = webhook.strings("conversionReviewVersions");
    if known.is_empty() {
        errs.push(field::required(&review, ""));
    } else if !known.iter().any(|it| ["v1", "v1beta1"].contains(it)) {
        let detail = "must include at least one of v1, v1beta1";
        errs.push(field::invalid(&review, json!(known), detail));
    }
}

fn stored_versions(it: &Value, spec: &Node<'_>, errs: &mut Errors) {
    let status = Node::root(it).child("status");
    let (stored, path) = (status.strings("storedVersions"), status.at("storedVersions"));
    if stored.is_empty() {
        errs.push(field::invalid(&path, Value::Null, "must have at least one stored version"));
    }
    let versions = spec.items("versions");
    for version in versions.iter().filter(|it| it.flag("storage")) {
        let name = version.text("name");
        if !stored.is_empty() && !stored.contains(&name) {
            let detail = format!("must have the storage version {name}");
            errs.push(field::invalid(&path, json!(stored), &detail));
        }
    }
    for (index, name) in stored.iter().enumerate() {
        if !versions.iter().any(|it| it.text("name") == *name) {
            let detail = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            );
            errs.push(field::invalid(&path.index(index), *name, &detail));
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
