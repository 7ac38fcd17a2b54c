//! Defaults of configuration, RBAC, limits, admission and the definitions of custom resources.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::edit::{canonical_list, default_nonzero, each, has, within};
use crate::apimachinery::json::{Key, Value, json};
use crate::apimachinery::object::{entries, field, name, remove, set, set_default, text};

const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// A Namespace carries its name as a label.
pub(super) fn namespace(it: &mut Value) {
    let own = name(it).to_owned();
    if !own.is_empty() {
        set(it, &["metadata", "labels", "kubernetes.io/metadata.name"], own);
    }
}

/// A Node: all that it has can be allocated unless the kubelet says otherwise.
pub(super) fn node(it: &mut Value) {
    canonical_list(it, "/status/capacity");
    canonical_list(it, "/status/allocatable");
    if let Some(capacity) = it.pointer("/status/capacity").cloned() {
        set_default(it, &["status", "allocatable"], capacity);
    }
}

/// A Secret: `stringData` is written into `data` and goes.
pub(super) fn secret(it: &mut Value) {
    set_default(it, &["type"], "Opaque");
    let Some(Value::Object(plain)) = remove(it, &["stringData"]) else { return };
    for (key, value) in plain {
        let text = value.as_str().unwrap_or_default();
        set(it, &["data", &key], STANDARD.encode(text));
    }
}

/// An Event: Go writes these out even when nobody set them.
pub(super) fn event(it: &mut Value) {
    for key in ["eventTime", "firstTimestamp", "lastTimestamp"] {
        set_default(it, &[key], Value::Null);
    }
    for key in ["reportingComponent", "reportingInstance"] {
        set_default(it, &[key], "");
    }
    set_default(it, &["source"], json!({}));
    set_default(it, &["involvedObject"], json!({}));
}

/// A Role or ClusterRole: without rules it says `null`.
pub(super) fn role(it: &mut Value) {
    set_default(it, &["rules"], Value::Null);
}

/// A RoleBinding or ClusterRoleBinding.
pub(super) fn binding(it: &mut Value) {
    set_default(it, &["roleRef", "apiGroup"], RBAC_GROUP);
    each(it, "/subjects", |subject| {
        if matches!(field(subject, "kind"), "User" | "Group") && text(subject, "/apiGroup").is_empty() {
            set(subject, &["apiGroup"], RBAC_GROUP);
        }
        if field(subject, "kind") == "ServiceAccount" && text(subject, "/apiGroup").is_empty() {
            remove(subject, &["apiGroup"]);
        }
    });
}

/// A ResourceQuota.
pub(super) fn resource_quota(it: &mut Value) {
    set_default(it, &["spec"], json!({}));
    for pointer in ["/spec/hard", "/status/hard", "/status/used"] {
        canonical_list(it, pointer);
    }
}

/// A LimitRange: for containers, the limit defaults to the maximum and the request to the limit.
pub(super) fn limit_range(it: &mut Value) {
    each(it, "/spec/limits", |item| {
        for key in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
            canonical_list(item, &format!("/{key}"));
        }
        if field(item, "type") == "Container" {
            copy_missing(item, "max", "default");
            copy_missing(item, "default", "defaultRequest");
            copy_missing(item, "min", "defaultRequest");
        }
    });
}

fn copy_missing(item: &mut Value, from: &str, to: &str) {
    let source: Vec<(Key, Value)> =
        entries(item, &format!("/{from}")).map(|(key, value)| (key.clone(), value.clone())).collect();
    for (key, value) in source {
        set_default(item, &[to, &key], value);
    }
}

/// A PriorityClass.
pub(super) fn priority_class(it: &mut Value) {
    set_default(it, &["preemptionPolicy"], "PreemptLowerPriority");
    set_default(it, &["value"], 0);
}

/// A Lease.
pub(super) fn with_spec(it: &mut Value) {
    set_default(it, &["spec"], json!({}));
}

/// A FlowSchema.
pub(super) fn flow_schema(it: &mut Value) {
    set_default(it, &["spec"], json!({}));
    within(it, "/spec", |spec| default_nonzero(spec, "matchingPrecedence", 1000));
}

/// A ResourceClaim: each request is for one device unless it says otherwise.
pub(super) fn resource_claim(it: &mut Value) {
    within(it, "/spec", device_requests);
}

/// A ResourceClaimTemplate.
pub(super) fn claim_template(it: &mut Value) {
    within(it, "/spec/spec", device_requests);
}

fn device_requests(spec: &mut Value) {
    let fill = |request: &mut Value| {
        if text(request, "/allocationMode").is_empty() {
            set(request, &["allocationMode"], "ExactCount");
        }
        if text(request, "/allocationMode") == "ExactCount" {
            default_nonzero(request, "count", 1);
        }
    };
    each(spec, "/devices/requests", |request| {
        within(request, "/exactly", fill);
        each(request, "/firstAvailable", fill);
    });
}

/// A PriorityLevelConfiguration.
pub(super) fn priority_level(it: &mut Value) {
    within(it, "/spec/limited", |limited| {
        set_default(limited, &["nominalConcurrencyShares"], 30);
        set_default(limited, &["lendablePercent"], 0);
        within(limited, "/limitResponse/queuing", |queuing| {
            set_default(queuing, &["queues"], 64);
            set_default(queuing, &["handSize"], 8);
            set_default(queuing, &["queueLengthLimit"], 50);
        });
    });
    within(it, "/spec/exempt", |exempt| {
        set_default(exempt, &["nominalConcurrencyShares"], 0);
        set_default(exempt, &["lendablePercent"], 0);
    });
}

/// A ValidatingWebhookConfiguration or MutatingWebhookConfiguration.
pub(super) fn webhooks(it: &mut Value) {
    let mutating = text(it, "/kind") == "MutatingWebhookConfiguration";
    each(it, "/webhooks", |webhook| {
        within(webhook, "/clientConfig/service", |to| set_default(to, &["port"], 443));
        set_default(webhook, &["failurePolicy"], "Fail");
        set_default(webhook, &["timeoutSeconds"], 10);
        if mutating {
            set_default(webhook, &["reinvocationPolicy"], "Never");
        }
        match_criteria(webhook, "/rules");
    });
}

/// What webhooks and policies have in common: how they pick requests.
fn match_criteria(tree: &mut Value, rules: &str) {
    set_default(tree, &["matchPolicy"], "Equivalent");
    set_default(tree, &["namespaceSelector"], json!({}));
    set_default(tree, &["objectSelector"], json!({}));
    each(tree, rules, |rule| set_default(rule, &["scope"], "*"));
}

fn match_resources(tree: &mut Value) {
    match_criteria(tree, "/resourceRules");
    each(tree, "/excludeResourceRules", |rule| set_default(rule, &["scope"], "*"));
}

/// A ValidatingAdmissionPolicy or MutatingAdmissionPolicy.
pub(super) fn admission_policy(it: &mut Value) {
    set_default(it, &["spec", "failurePolicy"], "Fail");
    within(it, "/spec/matchConstraints", match_resources);
}

/// A binding of an admission policy.
pub(super) fn admission_binding(it: &mut Value) {
    within(it, "/spec/matchResources", match_resources);
}

/// An APIService.
pub(super) fn api_service(it: &mut Value) {
    within(it, "/spec/service", |to| set_default(to, &["port"], 443));
}

/// A CustomResourceDefinition: names follow the kind.
pub(super) fn definition(it: &mut Value) {
    let kind = text(it, "/spec/names/kind").to_owned();
    if !kind.is_empty() {
        set_default(it, &["spec", "names", "singular"], kind.to_lowercase());
        set_default(it, &["spec", "names", "listKind"], format!("{kind}List"));
    }
    set_default(it, &["spec", "conversion", "strategy"], "None");
    if has(it, "/spec/conversion/webhook/clientConfig/service") {
        set_default(it, &["spec", "conversion", "webhook", "clientConfig", "service", "port"], 443);
    }
}
