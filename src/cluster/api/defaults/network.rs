//! Defaults of services, endpoints, ingress classes and network policies.

use super::edit::{each, has, within};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{at, list, set, set_default, text};

/// A Service; addresses and node ports are allocated elsewhere.
pub(super) fn service(it: &mut Value) {
    set_default(it, &["spec", "sessionAffinity"], "None");
    set_default(it, &["spec", "type"], "ClusterIP");
    if text(it, "/spec/sessionAffinity") == "ClientIP" {
        set_default(it, &["spec", "sessionAffinityConfig", "clientIP", "timeoutSeconds"], 10_800);
    }
    each(it, "/spec/ports", service_port);
    let kind = text(it, "/spec/type").to_owned();
    let external = !list(it, "/spec/externalIPs").is_empty();
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer") || (kind == "ClusterIP" && external) {
        set_default(it, &["spec", "externalTrafficPolicy"], "Cluster");
    }
    if matches!(kind.as_str(), "NodePort" | "LoadBalancer" | "ClusterIP") {
        set_default(it, &["spec", "internalTrafficPolicy"], "Cluster");
    }
    if kind == "LoadBalancer" {
        set_default(it, &["spec", "allocateLoadBalancerNodePorts"], true);
        each(it, "/status/loadBalancer/ingress", |ingress| {
            if has(ingress, "/ip") {
                set_default(ingress, &["ipMode"], "VIP");
            }
        });
    }
}

fn service_port(port: &mut Value) {
    set_default(port, &["protocol"], "TCP");
    let unset = match at(port, "/targetPort") {
        None => true,
        Some(target) => target == 0 || target == "",
    };
    if unset {
        let number = port.get("port").cloned().unwrap_or(Value::Null);
        set(port, &["targetPort"], number);
    }
}

/// Endpoints.
pub(super) fn endpoints(it: &mut Value) {
    each(it, "/subsets", |subset| {
        each(subset, "/ports", |port| set_default(port, &["protocol"], "TCP"));
    });
}

/// An EndpointSlice.
pub(super) fn endpoint_slice(it: &mut Value) {
    each(it, "/ports", |port| {
        set_default(port, &["name"], "");
        set_default(port, &["protocol"], "TCP");
    });
    each(it, "/endpoints", |endpoint| set_default(endpoint, &["conditions"], json!({})));
    set_default(it, &["endpoints"], Value::Null);
    set_default(it, &["ports"], Value::Null);
}

/// An IngressClass.
pub(super) fn ingress_class(it: &mut Value) {
    within(it, "/spec/parameters", |to| set_default(to, &["scope"], "Cluster"));
}

/// A NetworkPolicy: which directions it is about follows from its rules.
pub(super) fn network_policy(it: &mut Value) {
    set_default(it, &["spec", "podSelector"], json!({}));
    for direction in ["/spec/ingress", "/spec/egress"] {
        each(it, direction, |rule| {
            each(rule, "/ports", |port| set_default(port, &["protocol"], "TCP"));
        });
    }
    let types = match list(it, "/spec/egress") {
        [] => json!(["Ingress"]),
        _ => json!(["Ingress", "Egress"]),
    };
    set_default(it, &["spec", "policyTypes"], types);
}
