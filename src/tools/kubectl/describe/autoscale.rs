//! Horizontal pod autoscalers of `autoscaling/v2`.

use super::events;
use super::writer::{Writer, put, quantity_text, rfc1123};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::go::quote;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, int, list, text};

const UNKNOWN: &str = "<unknown>";

/// Describes a horizontal pod autoscaler.
pub(super) fn describe(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    let kind = text(object, "/spec/scaleTargetRef/kind");
    w.head(object, true);
    put!(w, 0, "CreationTimestamp:\t{}\n", rfc1123(text(object, "/metadata/creationTimestamp")));
    put!(w, 0, "Reference:\t{kind}/{}\n", text(object, "/spec/scaleTargetRef/name"));
    put!(w, 0, "Metrics:\t( current / target )\n");
    for (i, metric) in list(object, "/spec/metrics").iter().enumerate() {
        let status = list(object, "/status/currentMetrics").get(i);
        one_metric(&mut w, metric, status);
    }
    match int(object, "/spec/minReplicas") {
        Some(min) => put!(w, 0, "Min replicas:\t{min}\n"),
        None => put!(w, 0, "Min replicas:\t<unset>\n"),
    }
    put!(w, 0, "Max replicas:\t{}\n", int(object, "/spec/maxReplicas").unwrap_or(0));
    if let Some(behavior) = at(object, "/spec/behavior") {
        put!(w, 0, "Behavior:\n");
        direction(&mut w, "Scale Up", at(behavior, "/scaleUp"));
        direction(&mut w, "Scale Down", at(behavior, "/scaleDown"));
    }
    let (have, want) = (
        int(object, "/status/currentReplicas").unwrap_or(0),
        int(object, "/status/desiredReplicas").unwrap_or(0),
    );
    put!(w, 0, "{kind} pods:\t{have} current / {want} desired\n");
    conditions(&mut w, list(object, "/status/conditions"));
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn one_metric(w: &mut Writer, metric: &Value, status: Option<&Value>) {
    let part = |key: &str| metric.get(key).unwrap_or(&Value::Null);
    let current = |key: &str| status.and_then(|status| status.get(key)?.get("current"));
    match field(metric, "type") {
        "External" => external(w, part("external"), current("external")),
        "Pods" => {
            let pods = part("pods");
            let now =
                current("pods").map_or(UNKNOWN.to_owned(), |now| quantity_text(now.get("averageValue")));
            let target = quantity_text(pods.pointer("/target/averageValue"));
            put!(w, 1, "{} on pods:\t{now} / {target}\n", quote(text(pods, "/metric/name")));
        }
        "Object" => object_metric(w, part("object"), current("object")),
        "Resource" => {
            let resource = part("resource");
            let what = format!("resource {} on pods", field(resource, "name"));
            resource_metric(w, &what, 1, resource, current("resource"));
        }
        "ContainerResource" => {
            let resource = part("containerResource");
            let (name, container) = (field(resource, "name"), field(resource, "container"));
            let what = format!("resource {name} of container \"{container}\" on pods");
            resource_metric(w, &what, 1, resource, current("containerResource"));
        }
        kind => put!(w, 1, "<unknown metric type {}>\n", quote(kind)),
    }
}

fn external(w: &mut Writer, metric: &Value, current: Option<&Value>) {
    let name = quote(text(metric, "/metric/name"));
    if let Some(target) = at(metric, "/target/averageValue") {
        let now = current.and_then(|now| at(now, "/averageValue"));
        let now = now.map_or(UNKNOWN.to_owned(), |now| quantity_text(Some(now)));
        return put!(w, 1, "{name} (target average value):\t{now} / {}\n", quantity_text(Some(target)));
    }
    let now = current.map_or(UNKNOWN.to_owned(), |now| quantity_text(now.get("value")));
    put!(w, 1, "{name} (target value):\t{now} / {}\n", quantity_text(metric.pointer("/target/value")));
}

fn object_metric(w: &mut Writer, metric: &Value, current: Option<&Value>) {
    let (kind, name) = (text(metric, "/describedObject/kind"), text(metric, "/describedObject/name"));
    put!(w, 1, "\"{}\" on {kind}/{name} ", text(metric, "/metric/name"));
    let (words, key) = match text(metric, "/target/type") {
        "AverageValue" => ("target average value", "averageValue"),
        _ => ("target value", "value"),
    };
    let now = current.map_or(UNKNOWN.to_owned(), |now| quantity_text(now.get(key)));
    put!(
        w,
        0,
        "({words}):\t{now} / {}\n",
        quantity_text(metric.get("target").and_then(|target| target.get(key)))
    );
}

fn resource_metric(w: &mut Writer, what: &str, level: usize, metric: &Value, current: Option<&Value>) {
    put!(w, 1, "{what}");
    let average = |now: &Value| quantity_text(now.get("averageValue"));
    if let Some(target) = at(metric, "/target/averageValue") {
        let now = current.map_or(UNKNOWN.to_owned(), average);
        return put!(w, 0, ":\t{now} / {}\n", quantity_text(Some(target)));
    }
    let now =
        current.and_then(|now| Some(format!("{}% ({})", int(now, "/averageUtilization")?, average(now))));
    let target = int(metric, "/target/averageUtilization");
    let target = target.map_or_else(|| "<auto>".to_owned(), |percent| format!("{percent}%"));
    put!(
        w,
        level,
        "(as a percentage of request):\t{} / {target}\n",
        now.unwrap_or_else(|| UNKNOWN.to_owned())
    );
}

fn direction(w: &mut Writer, title: &str, rules: Option<&Value>) {
    let Some(rules) = rules else { return };
    put!(w, 1, "{title}:\n");
    if let Some(seconds) = int(rules, "/stabilizationWindowSeconds") {
        put!(w, 2, "Stabilization Window: {seconds} seconds\n");
    }
    let policies = list(rules, "/policies");
    if policies.is_empty() {
        return;
    }
    let select = if field(rules, "selectPolicy").is_empty() { "Max" } else { field(rules, "selectPolicy") };
    put!(w, 2, "Select Policy: {select}\n");
    put!(w, 2, "Policies:\n");
    for policy in policies {
        let number = |key: &str| policy.get(key).and_then(Value::as_i64).unwrap_or(0);
        let (value, period) = (number("value"), number("periodSeconds"));
        put!(w, 3, "- Type: {}\tValue: {value}\tPeriod: {period} seconds\n", field(policy, "type"));
    }
}

fn conditions(w: &mut Writer, conditions: &[Value]) {
    if conditions.is_empty() {
        return;
    }
    put!(w, 0, "Conditions:\n");
    put!(w, 1, "Type\tStatus\tReason\tMessage\n");
    put!(w, 1, "----\t------\t------\t-------\n");
    for condition in conditions {
        let text = |key| field(condition, key);
        put!(w, 1, "{}\t{}\t{}\t{}\n", text("type"), text("status"), text("reason"), text("message"));
    }
}
