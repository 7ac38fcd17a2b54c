//! `x-kubernetes-validations`: how a rule is written, and whether it compiles.

use super::schemas::at_path;
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::{expr, go, schema};
use crate::cluster::api::validation::node::Node;

const REASONS: [&str; 4] =
    ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/// What does not depend on the language of rules.
pub(super) fn shape(node: &Node<'_>, errs: &mut Errors) {
    for rule in node.items("x-kubernetes-validations") {
        texts(&rule, errs);
        let reason = rule.text("reason");
        if rule.has("reason") && !REASONS.contains(&reason) {
            errs.push(field::not_supported(&rule.at("reason"), reason, &REASONS));
        }
        let path = rule.text("fieldPath");
        if path.is_empty() {
            continue;
        }
        if path.trim().is_empty() {
            errs.push(field::invalid(&rule.at("fieldPath"), path, "must be non-empty if specified"));
        }
        if path.contains(['\n', '\r']) {
            errs.push(field::invalid(&rule.at("fieldPath"), path, "must not contain line breaks"));
        }
        if at_path(node.value, path).is_err() {
            errs.push(field::invalid(&rule.at("fieldPath"), path, "must be a valid path"));
        }
    }
}

fn texts(rule: &Node<'_>, errs: &mut Errors) {
    let (source, message) = (rule.text("rule").trim(), rule.text("message"));
    let lines = |text: &str| text.trim().contains(['\n', '\r']);
    if source.is_empty() {
        errs.push(field::required(&rule.at("rule"), "rule is not specified"));
    } else if !message.is_empty() && message.trim().is_empty() {
        errs.push(field::invalid(&rule.at("message"), message, "must be non-empty if specified"));
    } else if lines(message) {
        errs.push(field::invalid(&rule.at("message"), message, "must not contain line breaks"));
    } else if lines(source) && message.trim().is_empty() {
        let detail = "message must be specified if rule contains line breaks";
        errs.push(field::required(&rule.at("message"), detail));
    }
    let expression = rule.text("messageExpression");
    if !expression.is_empty() && expression.trim().is_empty() {
        let detail = "messageExpression must be non-empty if specified";
        errs.push(field::required(&rule.at("messageExpression"), detail));
    }
}

/// Whether the rules of a node compile; `uncorrelated` is the list around it without counterparts.
pub(super) fn compile(node: &Node<'_>, uncorrelated: Option<&Path>, errs: &mut Errors) {
    let rules = node.items("x-kubernetes-validations");
    if rules.is_empty() {
        return;
    }
    let own = schema::from_open_api(node.value);
    let root = node.path.text().ends_with(".openAPIV3Schema");
    for rule in rules {
        let optional = rule.flag("optionalOldSelf");
        let names = schema::rule_names(&own, root, optional);
        let uses = match expr::compile_as(rule.text("rule"), &names, &[expr::Type::Bool]) {
            Ok((program, _)) => program.uses("oldSelf"),
            Err(why) => {
                let why = match why {
                    expr::Refusal::Compilation(issues) => format!("compilation failed: {issues}"),
                    expr::Refusal::Result(_) => "cel expression must evaluate to a bool".into(),
                };
                errs.push(refused(&rule, "rule", &why));
                false
            }
        };
        let message = rule.text("messageExpression");
        if !message.is_empty()
            && let Err(why) = expr::compile_as(message, &names, &[expr::Type::String])
        {
            let why = match why {
                expr::Refusal::Compilation(issues) => {
                    format!("messageExpression compilation failed: {issues}")
                }
                expr::Refusal::Result(_) => "messageExpression must evaluate to a string".into(),
            };
            errs.push(refused(&rule, "messageExpression", &why));
        }
        match uncorrelated {
            Some(list) if uses => {
                let detail = format!(
                    "oldSelf cannot be used on the uncorrelatable portion of the schema within {list}"
                );
                errs.push(field::invalid(&rule.at("rule"), rule.text("rule"), &detail));
            }
            _ if !uses && rule.has("optionalOldSelf") => {
                let detail = "may not be set if oldSelf is not used in rule";
                errs.push(field::invalid(&rule.at("optionalOldSelf"), optional, detail));
            }
            _ => {}
        }
    }
}

/// A refusal shows the whole rule, as the server's internal type has it.
fn refused(rule: &Node<'_>, key: &str, why: &str) -> crate::apimachinery::status::Cause {
    let text = |key: &str| go::json(&Value::from(rule.text(key)));
    let shown = format!(
        "{{\"Rule\":{},\"Message\":{},\"MessageExpression\":{},\"Reason\":{},\"FieldPath\":{},\"OptionalOldSelf\":{}}}",
        text("rule"),
        text("message"),
        text("messageExpression"),
        go::json(rule.child("reason").value),
        text("fieldPath"),
        go::json(rule.child("optionalOldSelf").value),
    );
    let mut cause = field::invalid(&rule.at(key), "", "");
    cause.message = format!("Invalid value: {shown}: {why}");
    cause
}
