//! Ingresses, their classes, service CIDRs and IP addresses.

use super::events;
use super::quota::dated_conditions;
use super::service::{ready_endpoints, slices_of};
use super::writer::{Writer, joined, put};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, int, list, name, namespace, text};

/// Describes an ingress with the endpoints behind its backends.
pub(super) fn describe(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    w.labels("Labels", object.pointer("/metadata/labels"));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    put!(w, 0, "Address:\t{}\n", address(object));
    let class = at(object, "/spec/ingressClassName").and_then(Value::as_str).unwrap_or("<none>");
    put!(w, 0, "Ingress Class:\t{class}\n");
    let default = match at(object, "/spec/defaultBackend") {
        Some(default) => backend(default, namespace(object), lookup),
        None => "<default>".to_owned(),
    };
    put!(w, 0, "Default backend:\t{default}\n");
    tls(&mut w, list(object, "/spec/tls"));
    rules(&mut w, object, &default, lookup);
    w.annotations("Annotations", object.pointer("/metadata/annotations"));
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn address(ingress: &Value) -> String {
    let points = list(ingress, "/status/loadBalancer/ingress");
    let of =
        |point| if field(point, "ip").is_empty() { field(point, "hostname") } else { field(point, "ip") };
    let mut all: Vec<&str> = points.iter().map(of).filter(|text| !text.is_empty()).collect();
    all.sort_unstable();
    all.dedup();
    all.join(",")
}

fn tls(w: &mut Writer, all: &[Value]) {
    if !all.is_empty() {
        put!(w, 0, "TLS:\n");
    }
    for tls in all {
        let hosts = joined(list(tls, "/hosts"), ",");
        match field(tls, "secretName") {
            "" => put!(w, 1, "SNI routes {hosts}\n"),
            secret => put!(w, 1, "{secret} terminates {hosts}\n"),
        }
    }
}

fn rules(w: &mut Writer, ingress: &Value, default: &str, lookup: &mut dyn Lookup) {
    put!(w, 0, "Rules:\n  Host\tPath\tBackends\n");
    put!(w, 1, "----\t----\t--------\n");
    let mut any = false;
    for rule in list(ingress, "/spec/rules").iter().filter(|rule| at(rule, "/http").is_some()) {
        any = true;
        let host = if field(rule, "host").is_empty() { "*" } else { field(rule, "host") };
        put!(w, 1, "{host}\t\n");
        for path in list(rule, "/http/paths") {
            let backend = backend(path.get("backend").unwrap_or(&Value::Null), namespace(ingress), lookup);
            put!(w, 2, "\t{} \t{backend}\n", field(path, "path"));
        }
    }
    if !any {
        put!(w, 1, "*\t*\t{default}\n");
    }
}

/// `web:80 (10.0.0.1:80)`, or why the endpoints cannot be shown.
fn backend(backend: &Value, namespace: &str, lookup: &mut dyn Lookup) -> String {
    if let Some(service) = at(backend, "/service") {
        return service_backend(service, namespace, lookup);
    }
    match at(backend, "/resource") {
        Some(resource) => {
            let group = at(resource, "/apiGroup").and_then(Value::as_str).unwrap_or("<none>");
            format!("APIGroup: {group}, Kind: {}, Name: {}", field(resource, "kind"), field(resource, "name"))
        }
        None => String::new(),
    }
}

fn service_backend(backend: &Value, namespace: &str, lookup: &mut dyn Lookup) -> String {
    let service_name = field(backend, "name");
    let number = int(backend, "/port/number").unwrap_or(0);
    let port_name = text(backend, "/port/name");
    let port = if number == 0 { port_name.to_owned() } else { number.to_string() };
    let head = format!("{service_name}:{port}");
    let slices = match slices_of(lookup, namespace, service_name) {
        Ok(slices) => slices,
        Err(error) => return format!("{head} (<error: {}>)", error.sentence()),
    };
    let service = match lookup.get("v1", "services", namespace, service_name) {
        Ok(service) => service,
        Err(error) => return format!("{head} (<error: {}>)", error.sentence()),
    };
    let matches = |port: &&Value| {
        (number != 0 && int(port, "/port") == Some(number))
            || (!port_name.is_empty() && field(port, "name") == port_name)
    };
    let found = list(&service, "/spec/ports").iter().rfind(matches);
    format!("{head} ({})", ready_endpoints(&slices, found.map_or("", |port| field(port, "name"))))
}

/// Describes an ingress class.
pub(super) fn class(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, false);
    put!(w, 0, "Controller:\t{}\n", text(object, "/spec/controller"));
    if let Some(parameters) = at(object, "/spec/parameters") {
        put!(w, 0, "Parameters:\n");
        if let Some(group) = at(parameters, "/apiGroup").and_then(Value::as_str) {
            put!(w, 1, "APIGroup:\t{group}\n");
        }
        put!(w, 1, "Kind:\t{}\n", field(parameters, "kind"));
        put!(w, 1, "Name:\t{}\n", field(parameters, "name"));
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

/// Describes a service CIDR.
pub(super) fn service_cidr(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, false);
    put!(w, 0, "CIDRs:\t{}\n", joined(list(object, "/spec/cidrs"), ", "));
    if !list(object, "/status/conditions").is_empty() {
        put!(w, 0, "Status:\n");
        dated_conditions(&mut w, object);
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

/// Describes an IP address.
pub(super) fn ip_address(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, false);
    if let Some(parent) = at(object, "/spec/parentRef") {
        put!(w, 0, "Parent Reference:\n");
        for (label, key) in
            [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")]
        {
            put!(w, 1, "{label}:\t{}\n", field(parent, key));
        }
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}
