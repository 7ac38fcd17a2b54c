//! Resource quotas and limit ranges.

use std::collections::{BTreeMap, BTreeSet};

use super::node::{IMMUTABLE, Node, quantity};
use super::pod::{container_resource_name, quota_resource_name, resource_name, resource_value};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::{object, validate};

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

const COMPUTE: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

/// Whether a quota of a scope may bound a resource.
fn scope_fits(scope: &str, resource: &str) -> bool {
    match scope {
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => {
            matches!(resource, "persistentvolumeclaims" | "requests.storage")
        }
        "Terminating"
        | "NotTerminating"
        | "NotBestEffort"
        | "PriorityClass"
        | "CrossNamespacePodAffinity" => resource == "pods" || COMPUTE.contains(&resource),
        _ => true,
    }
}

/// A ResourceQuota.
pub(super) fn resource_quota(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    quota_list(&spec, "hard", errs);
    let path = spec.at("scopes");
    let scopes = spec.strings("scopes");
    let shown = spec.child("scopes").value;
    for scope in &scopes {
        if !SCOPES.contains(scope) {
            errs.push(field::invalid(&path, shown.clone(), "unsupported scope"));
        }
        misfits(&spec, scope, &path, shown, errs);
    }
    conflicting(&scopes, &path, shown, errs);
    if let Some(selector) = spec.get("scopeSelector") {
        scope_selector(&spec, &selector, errs);
    }
}

fn quota_list(node: &Node<'_>, key: &str, errs: &mut Errors) {
    let path = node.at(key);
    for (name, value) in node.entries(key) {
        quota_resource_name(name, &path.key(name), errs);
        resource_value(name, value, &path.key(name), errs);
    }
}

fn misfits(spec: &Node<'_>, scope: &str, path: &Path, shown: &Value, errs: &mut Errors) {
    for (resource, _) in spec.entries("hard") {
        if super::pod::is_quota_name(resource) && !scope_fits(scope, resource) {
            errs.push(field::invalid(path, shown.clone(), "unsupported scope applied to resource"));
        }
    }
}

fn conflicting(scopes: &[&str], path: &Path, shown: &Value, errs: &mut Errors) {
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|scope| scopes.contains(scope)) {
            errs.push(field::invalid(path, shown.clone(), "conflicting scopes"));
        }
    }
}

fn scope_selector(spec: &Node<'_>, selector: &Node<'_>, errs: &mut Errors) {
    let path = selector.at("matchExpressions");
    let mut scopes: Vec<&str> = Vec::new();
    for requirement in selector.items("matchExpressions") {
        let (scope, operator) = (requirement.text("scopeName"), requirement.text("operator"));
        if !SCOPES.contains(&scope) {
            errs.push(field::invalid(&path.child("scopeName"), scope, "unsupported scope"));
        }
        misfits(spec, scope, &path, selector.value, errs);
        if !["PriorityClass", "VolumeAttributesClass"].contains(&scope)
            && SCOPES.contains(&scope)
            && operator != "Exists"
        {
            let detail = "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
            errs.push(field::invalid(&path.child("operator"), operator, detail));
        }
        match (operator, requirement.len("values")) {
            ("In" | "NotIn", 0) => {
                let detail =
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
                errs.push(field::required(&path.child("values"), detail));
            }
            ("Exists" | "DoesNotExist", 1..) => {
                let value = requirement.child("values").value.clone();
                let detail =
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
                errs.push(field::invalid(&path.child("values"), value, detail));
            }
            ("In" | "NotIn" | "Exists" | "DoesNotExist", _) => {}
            (other, _) => {
                errs.push(field::invalid(&path.child("operator"), other, "not a valid selector operator"));
            }
        }
        scopes.push(scope);
    }
    conflicting(&scopes, &path, spec.child("scopes").value, errs);
}

/// The scopes of a quota never change.
pub(super) fn resource_quota_update(new: &Value, old: &Value, errs: &mut Errors) {
    let set = |it: &Value| -> BTreeSet<String> {
        object::list(it, "/spec/scopes").iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if set(new) != set(old) {
        let value = object::at(new, "/spec/scopes").cloned().unwrap_or(Value::Null);
        errs.push(field::invalid(&Path::new("spec").child("scopes"), value, IMMUTABLE));
    }
}

/// What a quota's controller writes.
pub(super) fn resource_quota_status(new: &Value, _: &Value, errs: &mut Errors) {
    let status = Node::root(new).child("status");
    quota_list(&status, "hard", errs);
    quota_list(&status, "used", errs);
}

/// A LimitRange.
pub(super) fn limit_range(it: &Value, errs: &mut Errors) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for item in Node::root(it).child("spec").items("limits") {
        let kind = item.text("type");
        limit_type(kind, &item.at("type"), errs);
        if !seen.insert(kind) {
            errs.push(field::duplicate(&item.at("type"), kind));
        }
        limit_names(&item, kind, errs);
        limit_amounts(&item, errs);
    }
}

fn limit_type(kind: &str, path: &Path, errs: &mut Errors) {
    let sentences = validate::qualified_name(kind);
    if !sentences.is_empty() {
        errs.extend(field::invalid_each(path, kind, &sentences));
    } else if !kind.contains('/') && !["Pod", "Container", "PersistentVolumeClaim"].contains(&kind) {
        errs.push(field::invalid(path, kind, "must be a standard limit type or fully qualified"));
    }
}

fn limit_names(item: &Node<'_>, kind: &str, errs: &mut Errors) {
    let rule = match kind {
        "Pod" | "Container" => container_resource_name,
        _ => resource_name,
    };
    let names = |key: &str, errs: &mut Errors| {
        let path = item.at(key);
        item.entries(key).for_each(|(name, _)| rule(name, &path.key(name), errs));
    };
    names("max", errs);
    names("min", errs);
    for key in ["default", "defaultRequest"] {
        if kind != "Pod" {
            names(key, errs);
        } else if item.entries(key).next().is_some() {
            errs.push(field::forbidden(&item.at(key), "may not be specified when `type` is 'Pod'"));
        }
    }
    if kind == "PersistentVolumeClaim"
        && !item.child("min").has("storage")
        && !item.child("max").has("storage")
    {
        let detail = "either minimum or maximum storage value is required, but neither was provided";
        errs.push(field::required(&item.at("limits"), detail));
    }
    names("maxLimitRequestRatio", errs);
}

fn limit_amounts(item: &Node<'_>, errs: &mut Errors) {
    const LISTS: [&str; 5] = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let names: BTreeSet<&str> = LISTS.iter().flat_map(|list| item.entries(list)).map(|it| it.0).collect();
    for name in names {
        let amounts: BTreeMap<&str, Quantity> = LISTS
            .iter()
            .filter(|list| !(item.text("type") == "Pod" && list.starts_with("default")))
            .filter_map(|list| item.child(list).value.get(name).map(|value| (*list, quantity(value))))
            .collect();
        compare_limits(item, name, &amounts, errs);
        ratio(item, name, &amounts, errs);
        if let (Some(default), Some(request)) = (amounts.get("default"), amounts.get("defaultRequest"))
            && default != request
            && !super::pod::overcommits(name)
        {
            let path = item.at("defaultRequest").key(name);
            let detail =
                format!("default value {default} must equal to defaultRequest value {request} in {name}");
            errs.push(field::invalid(&path, request.to_string(), &detail));
        }
    }
}

/// The pairs that must be in order: (small, large, whose path and value is named, words for both).
const ORDER: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("min", "max", "min", "min", "min value", "max value"),
    ("min", "defaultRequest", "defaultRequest", "defaultRequest", "min value", "default request value"),
    ("defaultRequest", "max", "defaultRequest", "defaultRequest", "default request value", "max value"),
    (
        "defaultRequest",
        "default",
        "defaultRequest",
        "defaultRequest",
        "default request value",
        "default limit value",
    ),
    ("min", "default", "default", "min", "min value", "default value"),
    ("default", "max", "default", "max", "default value", "max value"),
];

fn compare_limits(item: &Node<'_>, name: &str, amounts: &BTreeMap<&str, Quantity>, errs: &mut Errors) {
    for (small, large, at, shown, first, second) in ORDER {
        let (Some(a), Some(b)) = (amounts.get(small), amounts.get(large)) else { continue };
        if a > b {
            let value = amounts.get(shown).map(Quantity::to_string).unwrap_or_default();
            let detail = format!("{first} {a} is greater than {second} {b}");
            errs.push(field::invalid(&item.at(at).key(name), value, &detail));
        }
    }
}

fn ratio(item: &Node<'_>, name: &str, amounts: &BTreeMap<&str, Quantity>, errs: &mut Errors) {
    let Some(ratio) = amounts.get("maxLimitRequestRatio") else { return };
    let path = item.at("maxLimitRequestRatio").key(name);
    if ratio.as_milli() < 1000 {
        errs.push(field::invalid(&path, ratio.to_string(), &format!("ratio {ratio} is less than 1")));
    }
    if let (Some(min), Some(max)) = (amounts.get("min"), amounts.get("max")) {
        let bound = max.as_milli() as f64 / min.as_milli() as f64;
        if ratio.as_milli() as f64 / 1000.0 > bound {
            let detail = format!("ratio {ratio} is greater than max/min = {bound:.6}");
            errs.push(field::invalid(&path, ratio.to_string(), &detail));
        }
    }
}
