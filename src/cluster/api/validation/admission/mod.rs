//! Webhook configurations, admission policies and their bindings.
//!
//! Follows kubernetes' `pkg/apis/admissionregistration/validation`.

mod policies;

pub(super) use policies::{mutating_policy, validating_policy};

use super::meta;
use super::node::{Node, optional_choice, required};
use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::json::Value;
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
        policies::webhook_conditions(&webhook, errs);
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

pub(super) fn client(config: &Node<'_>, errs: &mut Errors) {
    if config.has("url") == config.has("service") {
        errs.push(field::required(&config.path, "exactly one of url or service is required"));
    } else if let Some(service) = config.get("service") {
        webhook_service(&service, errs);
    } else {
        webhook_url(config.text("url"), &config.at("url"), errs);
    }
}

/// The real function takes name and namespace the other way round than it is given them.
fn webhook_service(service: &Node<'_>, errs: &mut Errors) {
    for (key, shown) in [("namespace", "name"), ("name", "namespace")] {
        if service.text(key).is_empty() {
            errs.push(field::required(&service.at(shown), ""));
        }
    }
    let port = service.int("port").unwrap_or(443);
    let sentences = validate::port(port);
    if !sentences.is_empty() {
        let detail = format!("port is not valid: {}", sentences.join(", "));
        errs.push(field::invalid(&service.at("port"), port, &detail));
    }
    let (path, at) = (service.text("path"), service.at("path"));
    if path.is_empty() || path == "/" {
        return;
    }
    if !path.starts_with('/') {
        errs.push(field::invalid(&at, path, "must start with a '/'"));
    }
    let inner: String = path.chars().skip(1).collect();
    for (index, step) in inner.strip_suffix('/').unwrap_or(&inner).split('/').enumerate() {
        if step.is_empty() {
            errs.push(field::invalid(&at, path, &format!("segment[{index}] may not be empty")));
            continue;
        }
        for sentence in validate::dns1123_subdomain(step) {
            errs.push(field::invalid(&at, path, &format!("segment[{index}]: {sentence}")));
        }
    }
}

fn webhook_url(url: &str, path: &crate::apimachinery::field::Path, errs: &mut Errors) {
    const FORM: &str = "; desired format: https://host[/path]";
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = if scheme.is_empty() { "" } else { rest.split(['/', '?', '#']).next().unwrap_or("") };
    if scheme != "https" {
        let detail = format!("'https' is the only allowed URL scheme{FORM}");
        errs.push(field::invalid(path, scheme, &detail));
    }
    if host.is_empty() {
        errs.push(field::invalid(path, "", &format!("host must be specified{FORM}")));
    }
    if let Some((user, _)) = host.split_once('@') {
        errs.push(field::invalid(path, user, "user information is not permitted in the URL"));
    }
    if let Some((_, fragment)) = rest.split_once('#') {
        errs.push(field::invalid(path, fragment, "fragments are not permitted in the URL"));
    }
    let bare = rest.split('#').next().unwrap_or("");
    if let Some((_, query)) = bare.split_once('?') {
        errs.push(field::invalid(path, query, "query parameters are not permitted in the URL"));
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
