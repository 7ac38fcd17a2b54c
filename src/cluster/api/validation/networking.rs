//! Ingresses, their classes, network policies, service ranges and addresses.
//!
//! Follows kubernetes' `pkg/apis/networking/validation`.

use ipnet::IpNet;

use super::jobs::domain_prefixed_path;
use super::meta;
use super::node::{Node, format, immutable, required};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, validate};

/// An Ingress.
pub(super) fn ingress(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    if spec.len("rules") == 0 && !spec.has("defaultBackend") {
        let value = spec.child("rules").value.clone();
        errs.push(field::invalid(&spec.path, value, "either `defaultBackend` or `rules` must be specified"));
    }
    if let Some(default) = spec.get("defaultBackend") {
        backend(&default, errs);
    }
    spec.items("rules").iter().for_each(|it| rule(it, errs));
    for tls in spec.items("tls") {
        for host in tls.items("hosts") {
            host_name(host.value.as_str().unwrap_or(""), &host.path, errs);
        }
        format(&tls, "secretName", validate::dns1123_subdomain, errs);
    }
    if spec.has("ingressClassName") {
        let class = spec.text("ingressClassName");
        let sentences = validate::dns1123_subdomain(class);
        errs.extend(field::invalid_each(&spec.at("ingressClassName"), class, &sentences));
    }
}

/// The old annotation and the field may not disagree in a new Ingress.
pub(super) fn ingress_class_annotation(it: &Value, errs: &mut Errors) {
    const KEY: &str = "kubernetes.io/ingress.class";
    let class = object::at(it, "/spec/ingressClassName").and_then(Value::as_str);
    if let (Some(old), Some(new)) = (object::annotation(it, KEY), class)
        && old != new
    {
        let path = Path::new("annotations").child(KEY);
        errs.push(field::invalid(&path, old, "must match `ingressClassName` when both are specified"));
    }
}

fn host_name(host: &str, path: &Path, errs: &mut Errors) {
    let sentences = match host.contains('*') {
        true => validate::wildcard_dns1123_subdomain(host),
        false => validate::dns1123_subdomain(host),
    };
    errs.extend(field::invalid_each(path, host, &sentences));
}

fn rule(rule: &Node<'_>, errs: &mut Errors) {
    let host = rule.text("host");
    if !host.is_empty() {
        if validate::ip(host).is_empty() {
            errs.push(field::invalid(&rule.at("host"), host, "must be a DNS name, not an IP address"));
        }
        host_name(host, &rule.at("host"), errs);
    }
    let Some(http) = rule.get("http") else { return };
    if http.len("paths") == 0 {
        errs.push(field::required(&http.at("paths"), ""));
    }
    http.items("paths").iter().for_each(|it| http_path(it, errs));
}

fn http_path(it: &Node<'_>, errs: &mut Errors) {
    let (path, place) = (it.text("path"), it.at("path"));
    let absolute = path.starts_with('/');
    match it.text("pathType") {
        "" if !it.has("pathType") => {
            errs.push(field::required(&it.at("pathType"), "pathType must be specified"));
            return;
        }
        "Exact" | "Prefix" => {
            if !absolute {
                errs.push(field::invalid(&place, path, "must be an absolute path"));
            }
            for sequence in ["//", "/./", "/../", "%2f", "%2F"].iter().filter(|it| path.contains(**it)) {
                errs.push(field::invalid(&place, path, &format!("must not contain '{sequence}'")));
            }
            for suffix in ["/..", "/."].iter().filter(|it| path.ends_with(**it)) {
                errs.push(field::invalid(&place, path, &format!("cannot end with '{suffix}'")));
            }
        }
        "ImplementationSpecific" => {
            if !path.is_empty() && !absolute {
                errs.push(field::invalid(&place, path, "must be an absolute path"));
            }
        }
        other => {
            let known = ["Exact", "ImplementationSpecific", "Prefix"];
            errs.push(field::not_supported(&it.at("pathType"), other, &known));
        }
    }
    backend(&it.child("backend"), errs);
}

fn backend(backend: &Node<'_>, errs: &mut Errors) {
    match (backend.get("resource"), backend.get("service")) {
        (Some(_), Some(_)) => {
            errs.push(field::invalid(&backend.path, "", "cannot set both resource and service backends"));
        }
        (Some(resource), None) => typed_reference(&resource, errs),
        (None, Some(service)) => service_backend(&service, backend, errs),
        (None, None) => {
            errs.push(field::invalid(&backend.path, "", "resource or service backend is required"));
        }
    }
}

fn service_backend(service: &Node<'_>, backend: &Node<'_>, errs: &mut Errors) {
    if required(service, "name", errs) {
        format(service, "name", validate::dns1123_label, errs);
    }
    let port = service.child("port");
    let number = port.int("number").unwrap_or(0);
    match (port.text("name"), number) {
        ("", 0) => errs.push(field::required(&backend.path, "port name or number is required")),
        ("", number) => {
            for sentence in validate::port(number) {
                errs.push(field::invalid(&port.at("number"), number, &sentence));
            }
        }
        (name, 0) => errs.extend(field::invalid_each(&port.at("name"), name, &validate::port_name(name))),
        _ => errs.push(field::invalid(&backend.path, "", "cannot set both port name & port number")),
    }
}

fn typed_reference(reference: &Node<'_>, errs: &mut Errors) {
    format(reference, "apiGroup", validate::dns1123_subdomain, errs);
    for key in ["kind", "name"] {
        match reference.text(key) {
            "" => errs.push(field::required(&reference.at(key), &format!("{key} is required"))),
            _ => format(reference, key, validate::path_segment_name, errs),
        }
    }
}

/// An IngressClass.
pub(super) fn ingress_class(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let controller = spec.text("controller");
    if controller.len() > 250 {
        errs.push(field::too_long(&spec.at("controller"), 250));
    }
    domain_prefixed_path(controller, &spec.at("controller"), errs);
    let Some(parameters) = spec.get("parameters") else { return };
    typed_reference(&parameters, errs);
    let namespace = parameters.at("namespace");
    match (parameters.text("scope"), parameters.has("namespace")) {
        ("Namespace", false) => {
            errs.push(field::required(&namespace, "`parameters.scope` is set to 'Namespace'"));
        }
        ("Namespace", true) => format(&parameters, "namespace", validate::dns1123_label, errs),
        ("Cluster", true) => {
            errs.push(field::forbidden(&namespace, "`parameters.scope` is set to 'Cluster'"))
        }
        ("Cluster", false) => {}
        ("", _) => errs.push(field::required(&parameters.at("scope"), "")),
        (other, _) => {
            errs.push(field::not_supported(&parameters.at("scope"), other, &["Cluster", "Namespace"]))
        }
    }
}

/// The controller of an IngressClass never changes.
pub(super) fn ingress_class_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&Node::root(new).child("spec"), &Node::root(old).child("spec"), "controller", errs);
}

/// A NetworkPolicy.
pub(super) fn network_policy(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    meta::selector(&spec, "podSelector", errs);
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.items(direction) {
            rule.items("ports").iter().for_each(|it| policy_port(it, errs));
            rule.items(peers).iter().for_each(|it| peer(it, errs));
        }
    }
    if spec.len("policyTypes") > 2 {
        let value = spec.child("policyTypes").value.clone();
        errs.push(field::invalid(
            &spec.at("policyTypes"),
            value,
            "may not specify more than two policyTypes",
        ));
        return;
    }
    for kind in spec.items("policyTypes") {
        let text = kind.value.as_str().unwrap_or("");
        if !["Ingress", "Egress"].contains(&text) {
            errs.push(field::not_supported(&kind.path, text, &["Ingress", "Egress"]));
        }
    }
}

fn policy_port(port: &Node<'_>, errs: &mut Errors) {
    let protocols = ["TCP", "UDP", "SCTP"];
    if port.has("protocol") && !protocols.contains(&port.text("protocol")) {
        errs.push(field::not_supported(&port.at("protocol"), port.text("protocol"), &protocols));
    }
    let (end, end_path) = (port.int("endPort"), port.at("endPort"));
    match (port.child("port").value, end) {
        (Value::Null, Some(end)) => {
            errs.push(field::invalid(&end_path, end, "may not be specified when `port` is not specified"));
        }
        (Value::Null, None) => {}
        (Value::String(name), end) => {
            if let Some(end) = end {
                let detail = "may not be specified when `port` is non-numeric";
                errs.push(field::invalid(&end_path, end, detail));
            }
            errs.extend(field::invalid_each(&port.at("port"), name, &validate::port_name(name)));
        }
        (number, end) => {
            let number = number.as_i64().unwrap_or(0);
            for sentence in validate::port(number) {
                errs.push(field::invalid(&port.at("port"), number, &sentence));
            }
            let Some(end) = end else { return };
            if end < number {
                errs.push(field::invalid(&end_path, number, "must be greater than or equal to `port`"));
            }
            for sentence in validate::port(end) {
                errs.push(field::invalid(&end_path, end, &sentence));
            }
        }
    }
}

fn peer(peer: &Node<'_>, errs: &mut Errors) {
    meta::selector(peer, "podSelector", errs);
    meta::selector(peer, "namespaceSelector", errs);
    let selectors = peer.has("podSelector") || peer.has("namespaceSelector");
    let block = peer.get("ipBlock");
    if let Some(block) = &block {
        ip_block(block, errs);
    }
    match (selectors, block.is_some()) {
        (false, false) => errs.push(field::required(&peer.path, "must specify a peer")),
        (true, true) => {
            errs.push(field::forbidden(&peer.path, "may not specify both ipBlock and another peer"));
        }
        _ => {}
    }
}

fn ip_block(block: &Node<'_>, errs: &mut Errors) {
    let text = block.text("cidr");
    if !required(block, "cidr", errs) {
        return;
    }
    let sentences = validate::cidr(text);
    let Ok(whole) = text.parse::<IpNet>() else {
        errs.extend(field::invalid_each(&block.at("cidr"), text, &sentences));
        return;
    };
    for except in block.items("except") {
        let text = except.value.as_str().unwrap_or("");
        let Ok(part) = text.parse::<IpNet>() else {
            errs.extend(field::invalid_each(&except.path, text, &validate::cidr(text)));
            return;
        };
        if !whole.contains(&part.network()) || whole.prefix_len() >= part.prefix_len() {
            errs.push(field::invalid(&except.path, text, "must be a strict subset of `cidr`"));
        }
    }
}

/// A ServiceCIDR.
pub(super) fn service_cidr(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let path = spec.at("cidrs");
    let all = spec.items("cidrs");
    match all.len() {
        0 => errs.push(field::required(&path, "at least one CIDR required")),
        1 | 2 => {
            for cidr in &all {
                let text = cidr.value.as_str().unwrap_or("");
                errs.extend(field::invalid_each(&cidr.path, text, &validate::cidr(text)));
            }
        }
        _ => errs.push(field::invalid(&path, spec.value.clone(), "may only hold up to 2 values")),
    }
}

/// The ranges of a ServiceCIDR never change.
pub(super) fn service_cidr_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&Node::root(new).child("spec"), &Node::root(old).child("spec"), "cidrs", errs);
}

/// An IPAddress.
pub(super) fn ip_address(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    match spec.get("parentRef") {
        None => errs.push(field::required(&spec.at("parentRef"), "")),
        Some(parent) => {
            format(&parent, "group", validate::dns1123_subdomain, errs);
            for key in ["resource", "name"] {
                if required(&parent, key, errs) {
                    format(&parent, key, validate::path_segment_name, errs);
                }
            }
        }
    }
}

/// The owner of an IPAddress never changes.
pub(super) fn ip_address_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&Node::root(new).child("spec"), &Node::root(old).child("spec"), "parentRef", errs);
}
