//! Namespaces, resource quotas and limit ranges.

use std::collections::BTreeSet;

use super::writer::{Writer, amount, joined, put, rfc1123};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::{Key, Value};
use crate::apimachinery::object::{entries, field, list, name, namespace as namespace_of, text};
use crate::apimachinery::quantity::Quantity;

/// What a scope of a quota means.
const SCOPES: &[(&str, &str)] = &[
    (
        "Terminating",
        "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.",
    ),
    (
        "NotTerminating",
        "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.",
    ),
    (
        "BestEffort",
        "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
    ),
    (
        "NotBestEffort",
        "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.",
    ),
];

/// Describes a namespace with its quotas and limits.
pub(super) fn namespace(object: &Value, lookup: &mut dyn Lookup, _settings: &Settings) -> Outcome {
    let quotas = lookup.list("v1", "resourcequotas", name(object), "", "")?;
    let limits = lookup.list("v1", "limitranges", name(object), "", "")?;
    let mut w = Writer::default();
    w.head(object, false);
    put!(w, 0, "Status:\t{}\n", text(object, "/status/phase"));
    dated_conditions(&mut w, object);
    put!(w, 0, "\n");
    quotas_of_namespace(&mut w, quotas);
    put!(w, 0, "\n");
    limits_of_namespace(&mut w, &limits);
    Ok(w.finish())
}

/// `Conditions:` with when they last changed.
pub(super) fn dated_conditions(w: &mut Writer, object: &Value) {
    let conditions = list(object, "/status/conditions");
    if conditions.is_empty() {
        return;
    }
    put!(w, 0, "Conditions:\n");
    put!(w, 1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
    put!(w, 1, "----\t------\t------------------\t------\t-------\n");
    for condition in conditions {
        let (kind, status) = (field(condition, "type"), field(condition, "status"));
        let changed = rfc1123(field(condition, "lastTransitionTime"));
        put!(
            w,
            1,
            "{kind}\t{status}\t{changed}\t{}\t{}\n",
            field(condition, "reason"),
            field(condition, "message")
        );
    }
}

fn quotas_of_namespace(w: &mut Writer, mut quotas: Vec<Value>) {
    if quotas.is_empty() {
        return put!(w, 0, "No resource quota.\n");
    }
    quotas.sort_by_key(|quota| name(quota).to_owned());
    put!(w, 0, "Resource Quotas\n");
    for quota in &quotas {
        put!(w, 1, "Name:\t{}\n", name(quota));
        scopes(w, quota, 1, "* ");
        put!(w, 1, "Resource\tUsed\tHard\n");
        put!(w, 1, "--------\t---\t---\n");
        for (resource, _) in entries(quota, "/status/hard") {
            let used = amount(quota.pointer("/status/used"), resource);
            put!(w, 1, "{resource}\t{used}\t{}\n", amount(quota.pointer("/status/hard"), resource));
        }
    }
}

fn scopes(w: &mut Writer, quota: &Value, level: usize, bullet: &str) {
    let mut scopes = list(quota, "/spec/scopes").to_vec();
    if scopes.is_empty() {
        return;
    }
    scopes.sort_by_key(|scope| scope.as_str().unwrap_or("").to_owned());
    put!(w, level, "Scopes:\t{}\n", joined(&scopes, ", "));
    for scope in &scopes {
        if let Some((_, help)) = SCOPES.iter().find(|(name, _)| scope == name) {
            put!(w, level, "{bullet}{help}\n");
        }
    }
}

/// Describes a resource quota.
pub(super) fn resource_quota(object: &Value, _lookup: &mut dyn Lookup, _settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace_of(object));
    scopes(&mut w, object, 0, " * ");
    put!(w, 0, "Resource\tUsed\tHard\n");
    put!(w, 0, "--------\t----\t----\n");
    for (resource, hard) in entries(object, "/status/hard") {
        let used = object.pointer("/status/used").and_then(|used| used.get(resource));
        put!(
            w,
            0,
            "{resource}\t{}\t{}\n",
            used_in_format_of(hard, used),
            amount(object.pointer("/status/hard"), resource)
        );
    }
    Ok(w.finish())
}

/// What is used, written with the suffixes of the hard limit.
fn used_in_format_of(hard: &Value, used: Option<&Value>) -> String {
    let parse = |value: Option<&Value>| Quantity::parse(value.and_then(Value::as_str).unwrap_or("0")).ok();
    match (parse(Some(hard)), parse(used)) {
        (Some(hard), Some(used)) if hard.format() != used.format() => {
            Quantity::from_int(used.as_int(), hard.format()).to_string()
        }
        (_, Some(used)) => used.to_string(),
        _ => "0".to_owned(),
    }
}

/// Describes a limit range.
pub(super) fn limit_range(object: &Value, _lookup: &mut dyn Lookup, _settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace_of(object));
    limit_table(&mut w, std::slice::from_ref(object), "");
    Ok(w.finish())
}

fn limits_of_namespace(w: &mut Writer, limits: &[Value]) {
    if limits.is_empty() {
        return put!(w, 0, "No LimitRange resource.\n");
    }
    put!(w, 0, "Resource Limits\n");
    limit_table(w, limits, " ");
}

/// One line a type and resource. kubectl walks a Go map here; ours is in key order.
fn limit_table(w: &mut Writer, limits: &[Value], prefix: &str) {
    put!(w, 0, "{prefix}Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n");
    put!(w, 0, "{prefix}----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n");
    let columns = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for item in limits.iter().flat_map(|range| list(range, "/spec/limits")) {
        let maps = columns.iter().filter_map(|key| item.get(*key)?.as_object());
        let resources: BTreeSet<&Key> = maps.flat_map(|map| map.keys()).collect();
        for resource in resources {
            let cells = columns.map(|key| match item.get(key).and_then(|map| map.get(resource)) {
                Some(_) => amount(item.get(key), resource),
                None => "-".to_owned(),
            });
            put!(w, 0, "{prefix}{}\t{resource}\t{}\n", field(item, "type"), cells.join("\t"));
        }
    }
}
