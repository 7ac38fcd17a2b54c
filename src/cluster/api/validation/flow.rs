//! Flow control: who shares the API server with whom.
//!
//! Follows kubernetes' `pkg/apis/flowcontrol/validation`.

use super::node::{Node, format, required};
use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, validate};

/// 10,000. Schemas with a higher number would come after the last.
const PRECEDENCE_MAX: i64 = 10_000;

/// A FlowSchema.
pub(super) fn flow_schema(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let (precedence, path) = (spec.int("matchingPrecedence").unwrap_or(0), spec.at("matchingPrecedence"));
    if precedence <= 0 {
        errs.push(field::invalid(&path, precedence, "must be a positive value"));
    }
    if precedence > PRECEDENCE_MAX {
        let detail = format!("must not be greater than {PRECEDENCE_MAX}");
        errs.push(field::invalid(&path, precedence, &detail));
    }
    if precedence == 1 && object::name(it) != "exempt" {
        let detail = "only the schema named 'exempt' may have matchingPrecedence 1";
        errs.push(field::invalid(&path, precedence, detail));
    }
    if let Some(method) = spec.get("distinguisherMethod") {
        let known = ["ByNamespace", "ByUser"];
        if !known.contains(&method.text("type")) {
            errs.push(field::not_supported(&method.at("type"), method.text("type"), &known));
        }
    }
    let level = spec.child("priorityLevelConfiguration");
    if level.text("name").is_empty() {
        errs.push(field::required(&level.at("name"), "must reference a priority level"));
    }
    format(&level, "name", validate::dns1123_subdomain, errs);
    spec.items("rules").iter().for_each(|it| rule(it, errs));
}

fn needs(node: &Node<'_>, key: &str, detail: &str, errs: &mut Errors) {
    if node.len(key) == 0 {
        errs.push(field::required(&node.at(key), detail));
    }
}

fn rule(rule: &Node<'_>, errs: &mut Errors) {
    needs(rule, "subjects", "subjects must contain at least one value", errs);
    rule.items("subjects").iter().for_each(|it| subject(it, errs));
    if rule.len("resourceRules") == 0 && rule.len("nonResourceRules") == 0 {
        let detail = "at least one of resourceRules and nonResourceRules has to be non-empty";
        errs.push(field::required(&rule.path, detail));
    }
    for it in rule.items("resourceRules") {
        needs(&it, "verbs", "verbs must contain at least one value", errs);
        needs(&it, "apiGroups", "resource rules must supply at least one api group", errs);
        needs(&it, "resources", "resource rules must supply at least one resource", errs);
        if !it.flag("clusterScope") {
            let detail = "resource rules that are not cluster scoped must supply at least one namespace";
            needs(&it, "namespaces", detail, errs);
        }
    }
    for it in rule.items("nonResourceRules") {
        needs(&it, "verbs", "verbs must contain at least one value", errs);
        needs(&it, "nonResourceURLs", "nonResourceURLs must contain at least one value", errs);
    }
}

fn subject(subject: &Node<'_>, errs: &mut Errors) {
    let kind = subject.text("kind");
    let key = match kind {
        "Group" => "group",
        "ServiceAccount" => "serviceAccount",
        "User" => "user",
        other => {
            let known = ["Group", "ServiceAccount", "User"];
            errs.push(field::not_supported(&subject.at("kind"), other, &known));
            return;
        }
    };
    match subject.get(key) {
        None => {
            let detail = format!("{key} is required when subject kind is '{kind}'");
            errs.push(field::required(&subject.at(key), &detail));
        }
        Some(it) => {
            if required(&it, "name", errs) && kind == "ServiceAccount" {
                required(&it, "namespace", errs);
            }
        }
    }
}

/// A PriorityLevelConfiguration.
pub(super) fn priority_level(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    match spec.text("type") {
        "Exempt" => {
            if spec.has("limited") {
                let detail = "must be nil if the type is not Limited";
                errs.push(field::forbidden(&spec.at("limited"), detail));
            }
        }
        "Limited" => {
            if spec.has("exempt") {
                errs.push(field::forbidden(&spec.at("exempt"), "must be nil if the type is Limited"));
            }
            match spec.get("limited") {
                None => {
                    let detail = "must not be empty when type is Limited";
                    errs.push(field::required(&spec.at("limited"), detail));
                }
                Some(limited) => limits(&limited, errs),
            }
        }
        other => errs.push(field::not_supported(&spec.at("type"), other, &["Exempt", "Limited"])),
    }
}

fn limits(limited: &Node<'_>, errs: &mut Errors) {
    if let Some(shares) = limited.int("nominalConcurrencyShares").filter(|it| *it < 0) {
        let path = limited.at("nominalConcurrencyShares");
        errs.push(field::invalid(&path, shares, "must be a non-negative integer"));
    }
    let response = limited.child("limitResponse");
    match response.text("type") {
        "Reject" => {
            if response.has("queuing") {
                let detail = "must be nil if limited.limitResponse.type is not Limited";
                errs.push(field::forbidden(&response.at("queuing"), detail));
            }
        }
        "Queue" => match response.get("queuing") {
            None => {
                let detail = "must not be empty if limited.limitResponse.type is Limited";
                errs.push(field::required(&response.at("queuing"), detail));
            }
            Some(queuing) => {
                for (key, what) in
                    [("queueLengthLimit", "queueLengthLimit"), ("queues", "queues"), ("handSize", "handSize")]
                {
                    let number = queuing.int(key).unwrap_or(0);
                    if number <= 0 {
                        errs.push(field::invalid(&queuing.at(what), number, "must be positive"));
                    }
                }
            }
        },
        other => errs.push(field::not_supported(&response.at("type"), other, &["Queue", "Reject"])),
    }
}
