//! Autoscalers and disruption budgets.
//!
//! Follows kubernetes' `pkg/apis/autoscaling/validation` and `pkg/apis/policy/validation`. Autoscalers are
//! read in their `autoscaling/v2` form.

use super::go_struct::go_struct;
use super::meta;
use super::node::{Node, at_most_whole, format, int_or_percent, optional_choice, quantity, required};
use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::json::Value;
use crate::apimachinery::validate;

/// A PodDisruptionBudget.
pub(super) fn disruption_budget(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    if spec.has("minAvailable") && spec.has("maxUnavailable") {
        const FIELDS: [(&str, &str); 4] = [
            ("MinAvailable", "minAvailable"),
            ("Selector", "selector"),
            ("MaxUnavailable", "maxUnavailable"),
            ("UnhealthyPodEvictionPolicy", "unhealthyPodEvictionPolicy"),
        ];
        let mut cause = field::invalid(&spec.path, "", "");
        let shown = go_struct(spec.value, &FIELDS);
        cause.message = format!("Invalid value: {shown}: minAvailable and maxUnavailable cannot be both set");
        errs.push(cause);
    }
    for key in ["minAvailable", "maxUnavailable"] {
        int_or_percent(&spec, key, errs);
        at_most_whole(&spec, key, errs);
    }
    meta::selector(&spec, "selector", errs);
    optional_choice(&spec, "unhealthyPodEvictionPolicy", &["AlwaysAllow", "IfHealthyBudget"], errs);
}

/// A HorizontalPodAutoscaler.
pub(super) fn autoscaler(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let (min, max) = (spec.int("minReplicas"), spec.int("maxReplicas").unwrap_or(0));
    if let Some(min) = min.filter(|it| *it < 1) {
        errs.push(field::invalid(&spec.at("minReplicas"), min, "must be greater than or equal to 1"));
    }
    if max < 1 {
        errs.push(field::invalid(&spec.at("maxReplicas"), max, "must be greater than 0"));
    }
    if min.is_some_and(|min| max < min) {
        let detail = "must be greater than or equal to `minReplicas`";
        errs.push(field::invalid(&spec.at("maxReplicas"), max, detail));
    }
    object_reference(&spec.child("scaleTargetRef"), errs);
    spec.items("metrics").iter().for_each(|it| metric(it, errs));
    let behavior = spec.child("behavior");
    for direction in ["scaleUp", "scaleDown"] {
        if let Some(rules) = behavior.get(direction) {
            scaling_rules(&rules, errs);
        }
    }
}

fn object_reference(target: &Node<'_>, errs: &mut Errors) {
    for key in ["kind", "name"] {
        if required(target, key, errs) {
            format(target, key, validate::path_segment_name, errs);
        }
    }
}

/// Types of metrics, sorted, and the members that hold their sources.
const SOURCES: &[(&str, &str)] = &[
    ("ContainerResource", "containerResource"),
    ("External", "external"),
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
];

/// The sources in the order of the server's checks, of which the first that is there is looked at.
const IN_ORDER: &[&str] = &["object", "external", "pods", "resource", "containerResource"];

fn metric(metric: &Node<'_>, errs: &mut Errors) {
    let kind = metric.text("type");
    if kind.is_empty() {
        errs.push(field::required(&metric.at("type"), "must specify a metric source type"));
    }
    let own = SOURCES.iter().find(|(name, _)| *name == kind).map_or("", |row| row.1);
    let present: Vec<Node<'_>> = IN_ORDER.iter().filter_map(|key| metric.get(key)).collect();
    if own.is_empty() {
        let names: Vec<&str> = SOURCES.iter().map(|it| it.0).collect();
        errs.push(field::not_supported(&metric.at("type"), kind, &names));
    }
    if let Some(key) = IN_ORDER.iter().find(|key| metric.has(key)) {
        metric_source(key, &metric.child(key), errs);
    }
    if !own.is_empty() && !metric.has(own) {
        errs.push(field::required(&metric.at(own), "must populate information for the given metric source"));
    }
    if present.len() > 1 {
        for other in present.iter().filter(|it| it.path != metric.at(own)) {
            errs.push(field::forbidden(&other.path, "must populate the given metric source only"));
        }
    }
}

fn metric_source(key: &str, source: &Node<'_>, errs: &mut Errors) {
    if key == "object" {
        object_reference(&source.child("describedObject"), errs);
    }
    if matches!(key, "resource" | "containerResource") {
        match source.text("name") {
            "" => errs.push(field::required(&source.at("name"), "must specify a resource name")),
            name if key == "containerResource" => {
                super::pod::container_resource_name(name, &source.at("name"), errs);
            }
            _ => {}
        }
        if key == "containerResource" {
            match source.text("container") {
                "" => errs.push(field::required(&source.at("container"), "must specify a container")),
                _ => format(source, "container", validate::dns1123_label, errs),
            }
        }
    } else {
        let metric = source.child("metric");
        match metric.text("name") {
            "" => errs.push(field::required(&metric.at("name"), "must specify a metric name")),
            _ => format(&metric, "name", validate::path_segment_name, errs),
        }
        if metric.has("selector") {
            meta::selector(&metric, "selector", errs);
        }
    }
    metric_target(&source.child("target"), key, errs);
}

fn metric_target(target: &Node<'_>, key: &str, errs: &mut Errors) {
    let kind = target.text("type");
    if kind.is_empty() {
        errs.push(field::required(&target.at("type"), "must specify a metric target type"));
    }
    if !matches!(kind, "Utilization" | "Value" | "AverageValue") {
        let detail = "must be either Utilization, Value, or AverageValue";
        errs.push(field::invalid(&target.at("type"), kind, detail));
    }
    for name in ["value", "averageValue"] {
        if let Some(value) = target.get(name) {
            let amount = quantity(value.value);
            if amount.is_negative() || amount.is_zero() {
                errs.push(field::invalid(&value.path, amount.to_string(), "must be positive"));
            }
        }
    }
    if let Some(percent) = target.int("averageUtilization").filter(|it| *it < 1) {
        errs.push(field::invalid(&target.at("averageUtilization"), percent, "must be greater than 0"));
    }
    target_fits(target, key, errs);
}

/// What a kind of source asks of its target.
fn target_fits(target: &Node<'_>, key: &str, errs: &mut Errors) {
    let (utilization, average) = (target.has("averageUtilization"), target.has("averageValue"));
    let missing = |key: &str, detail: &str| field::required(&target.at(key), detail);
    match key {
        "resource" | "containerResource" if !utilization && !average => {
            let detail = "must set either a target raw value or a target utilization";
            errs.push(missing("averageUtilization", detail));
        }
        "resource" | "containerResource" if utilization && average => {
            let detail = "may not set both a target raw value and a target utilization";
            errs.push(field::forbidden(&target.at("averageValue"), detail));
        }
        "pods" if !average => {
            errs.push(missing("averageValue", "must specify a positive target averageValue"));
        }
        "object" if !average && !target.has("value") => {
            errs.push(missing("averageValue", "must set either a target value or averageValue"));
        }
        "external" if !average && !target.has("value") => {
            let detail = "must set either a target value for metric or a per-pod target";
            errs.push(missing("averageValue", detail));
        }
        "external" if average && target.has("value") => {
            let detail = "may not set both a target value for metric and a per-pod target";
            errs.push(field::forbidden(&target.at("value"), detail));
        }
        _ => {}
    }
}

/// 3600 s, an hour: the longest window that scaling may look back.
const WINDOW_SECONDS_MAX: i64 = 3_600;

/// 1800 s: the longest period of a scaling policy.
const PERIOD_SECONDS_MAX: i64 = 1_800;

fn scaling_rules(rules: &Node<'_>, errs: &mut Errors) {
    if let Some(window) = rules.int("stabilizationWindowSeconds") {
        let path = rules.at("stabilizationWindowSeconds");
        if window < 0 {
            errs.push(field::invalid(&path, window, "must be greater than or equal to zero"));
        }
        if window > WINDOW_SECONDS_MAX {
            let detail = format!("must be less than or equal to {WINDOW_SECONDS_MAX}");
            errs.push(field::invalid(&path, window, &detail));
        }
    }
    optional_choice(rules, "selectPolicy", &["Disabled", "Max", "Min"], errs);
    if rules.len("policies") == 0 {
        errs.push(field::required(&rules.at("policies"), "must specify at least one Policy"));
    }
    for policy in rules.items("policies") {
        if !["Percent", "Pods"].contains(&policy.text("type")) {
            errs.push(field::not_supported(&policy.at("type"), policy.text("type"), &["Percent", "Pods"]));
        }
        for key in ["value", "periodSeconds"] {
            let number = policy.int(key).unwrap_or(0);
            if number <= 0 {
                errs.push(field::invalid(&policy.at(key), number, "must be greater than zero"));
            }
        }
        let period = policy.int("periodSeconds").unwrap_or(0);
        if period > PERIOD_SECONDS_MAX {
            let detail = format!("must be less than or equal to {PERIOD_SECONDS_MAX}");
            errs.push(field::invalid(&policy.at("periodSeconds"), period, &detail));
        }
    }
}
