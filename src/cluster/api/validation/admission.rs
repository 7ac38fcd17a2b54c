//! Webhook configurations, admission policies and their bindings.
//!
//! Follows kubernetes' `pkg/apis/admissionregistration/validation`. CEL expressions are only asked to be
//! there: what they compile to is known to the part that evaluates them.

use serde_json::Value;

use super::meta;
use super::node::{Node, optional_choice, required};
use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::validate;

/// A ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
pub(super) fn webhooks(it: &Value, errs: &mut Errors) {
    let mut names: Vec<&str> = Vec::new();
    for webhook in Node::root(it).items("webhooks") {
        let name = webhook.text("name");
        if required(&webhook, "name", errs) {
            let sentences = validate::fully_qualified_name(name);
            errs.extend(field::invalid_each(&webhook.at("name"), name, &sentences));
        }
        rules(&webhook, "rules", errs);
        optional_choice(&webhook, "failurePolicy", &["Fail", "Ignore"], errs);
        optional_choice(&webhook, "matchPolicy", &["Equivalent", "Exact"], errs);
        side_effects(&webhook, errs);
        let seconds = webhook.int("timeoutSeconds").unwrap_or(10);
        if !(1..=30).contains(&seconds) {
            let detail = "the timeout value must be between 1 and 30 seconds";
            errs.push(field::invalid(&webhook.at("timeoutSeconds"), seconds, detail));
        }
        meta::selector(&webhook, "namespaceSelector", errs);
        meta::selector(&webhook, "objectSelector", errs);
        client(&webhook.child("clientConfig"), errs);
        if webhook.len("admissionReviewVersions") == 0 {
            let detail = "must specify one of v1, v1beta1";
            errs.push(field::required(&webhook.at("admissionReviewVersions"), detail));
        }
        if names.contains(&name) {
            errs.push(field::duplicate(&webhook.at("name"), name));
        }
        names.push(name);
    }
}

fn side_effects(webhook: &Node<'_>, errs: &mut Errors) {
    match webhook.text("sideEffects") {
        "" => {
            let detail = "must specify one of None, NoneOnDryRun";
            errs.push(field::required(&webhook.at("sideEffects"), detail));
        }
        "None" | "NoneOnDryRun" => {}
        other => {
            let known = ["None", "NoneOnDryRun"];
            errs.push(field::not_supported(&webhook.at("sideEffects"), other, &known));
        }
    }
}

fn client(config: &Node<'_>, errs: &mut Errors) {
    if config.has("url") == config.has("service") {
        errs.push(field::required(&config.path, "exactly one of url or service is required"));
        return;
    }
    if let Some(service) = config.get("service") {
        for key in ["name", "namespace"] {
            if service.text(key).is_empty() {
                errs.push(field::required(&service.at(key), &format!("service {key} is required")));
            }
        }
    } else if !config.text("url").starts_with("https://") {
        let scheme = config.text("url").split("://").next().unwrap_or("");
        let detail = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
        errs.push(field::invalid(&config.at("url"), scheme, detail));
    }
}

fn rules(holder: &Node<'_>, list: &str, errs: &mut Errors) {
    const OPERATIONS: [&str; 5] = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
    for rule in holder.items(list) {
        if rule.len("operations") == 0 {
            errs.push(field::required(&rule.at("operations"), ""));
        }
        for operation in rule.items("operations") {
            let text = operation.value.as_str().unwrap_or("");
            if !OPERATIONS.contains(&text) {
                errs.push(field::not_supported(&operation.path, text, &OPERATIONS));
            }
        }
        for key in ["apiGroups", "apiVersions", "resources"] {
            if rule.len(key) == 0 {
                errs.push(field::required(&rule.at(key), ""));
            } else if rule.len(key) > 1 && rule.strings(key).contains(&"*") && key != "resources" {
                let value = rule.child(key).value.clone();
                let detail = "if '*' is present, must not specify other values";
                errs.push(field::invalid(&rule.at(key), value, detail));
            }
        }
        optional_choice(&rule, "scope", &["*", "Cluster", "Namespaced"], errs);
    }
}

fn match_resources(matches: &Node<'_>, errs: &mut Errors) {
    optional_choice(matches, "matchPolicy", &["Equivalent", "Exact"], errs);
    meta::selector(matches, "namespaceSelector", errs);
    meta::selector(matches, "objectSelector", errs);
    rules(matches, "resourceRules", errs);
    rules(matches, "excludeResourceRules", errs);
}

fn constraints(spec: &Node<'_>, errs: &mut Errors) {
    match spec.get("matchConstraints") {
        None => errs.push(field::required(&spec.at("matchConstraints"), "")),
        Some(matches) => {
            match_resources(&matches, errs);
            if matches.len("resourceRules") == 0 {
                errs.push(field::required(&matches.at("resourceRules"), ""));
            }
        }
    }
}

fn expressions(spec: &Node<'_>, list: &str, errs: &mut Errors) {
    for entry in spec.items(list) {
        if entry.text("expression").trim().is_empty() {
            errs.push(field::required(&entry.at("expression"), "expression is not specified"));
        }
    }
}

/// A ValidatingAdmissionPolicy.
pub(super) fn validating_policy(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    optional_choice(&spec, "failurePolicy", &["Fail", "Ignore"], errs);
    param_kind(&spec, errs);
    constraints(&spec, errs);
    variables(&spec, errs);
    if spec.len("validations") == 0 && spec.len("auditAnnotations") == 0 {
        let detail = "validations or auditAnnotations must contain at least one item";
        errs.push(field::required(&spec.at("validations"), detail));
    }
    expressions(&spec, "validations", errs);
    const REASONS: [&str; 4] = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];
    for validation in spec.items("validations") {
        optional_choice(&validation, "reason", &REASONS, errs);
    }
}

fn param_kind(spec: &Node<'_>, errs: &mut Errors) {
    if let Some(kind) = spec.get("paramKind") {
        required(&kind, "apiVersion", errs);
        required(&kind, "kind", errs);
    }
}

fn variables(spec: &Node<'_>, errs: &mut Errors) {
    for variable in spec.items("variables") {
        let name = variable.text("name");
        if name.trim().is_empty() {
            errs.push(field::required(&variable.at("name"), "name is not specified"));
        } else if !validate::c_identifier(name).is_empty() {
            errs.push(field::invalid(&variable.at("name"), name, "name is not a valid CEL identifier"));
        }
    }
    expressions(spec, "variables", errs);
}

/// A MutatingAdmissionPolicy.
pub(super) fn mutating_policy(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    optional_choice(&spec, "failurePolicy", &["Fail", "Ignore"], errs);
    param_kind(&spec, errs);
    constraints(&spec, errs);
    variables(&spec, errs);
    if spec.len("mutations") == 0 {
        errs.push(field::required(&spec.at("mutations"), "mutations must contain at least one item"));
    }
}

/// A ValidatingAdmissionPolicyBinding.
pub(super) fn validating_binding(it: &Value, errs: &mut Errors) {
    let spec = binding(it, errs);
    let actions = spec.items("validationActions");
    if actions.is_empty() {
        errs.push(field::required(
            &spec.at("validationActions"),
            "at least one validation action is required",
        ));
    }
    let mut seen: Vec<&str> = Vec::new();
    for action in &actions {
        let text = action.value.as_str().unwrap_or("");
        if !["Audit", "Deny", "Warn"].contains(&text) {
            errs.push(field::not_supported(&action.path, text, &["Audit", "Deny", "Warn"]));
        }
        if seen.contains(&text) {
            errs.push(field::duplicate(&action.path, text));
        }
        seen.push(text);
    }
    if seen.contains(&"Deny") && seen.contains(&"Warn") {
        let detail = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        let value = spec.child("validationActions").value.clone();
        errs.push(field::invalid(&spec.at("validationActions"), value, detail));
    }
}

/// A MutatingAdmissionPolicyBinding.
pub(super) fn mutating_binding(it: &Value, errs: &mut Errors) {
    binding(it, errs);
}

fn binding<'a>(it: &'a Value, errs: &mut Errors) -> Node<'a> {
    let spec = Node::root(it).child("spec");
    if required(&spec, "policyName", errs) {
        super::node::format(&spec, "policyName", validate::dns1123_subdomain, errs);
    }
    if let Some(to) = spec.get("paramRef") {
        if to.has("name") == to.has("selector") {
            let detail = "one of name or selector must be specified";
            errs.push(field::required(&to.at("name"), detail));
        }
        optional_choice(&to, "parameterNotFoundAction", &["Allow", "Deny"], errs);
    }
    if let Some(matches) = spec.get("matchResources") {
        match_resources(&matches, errs);
    }
    spec
}
