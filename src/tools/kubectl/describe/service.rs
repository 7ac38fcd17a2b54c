//! Services, endpoints and endpoint slices.

use super::events;
use super::writer::{Writer, format_labels, int_or_string, joined, or_none, put};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, flag, int, list, name, namespace, text};
use crate::tools::kubectl::Failure;

/// 3. How many endpoints a line names before it only counts them.
const ENDPOINTS_MAX: usize = 3;

/// Describes a service with its ready endpoints.
pub(super) fn service(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let slices = slices_of(lookup, namespace(object), name(object)).unwrap_or_default();
    let mut w = Writer::default();
    w.head(object, true);
    put!(w, 0, "Selector:\t{}\n", format_labels(object.pointer("/spec/selector")));
    put!(w, 0, "Type:\t{}\n", text(object, "/spec/type"));
    addresses(&mut w, object);
    for port in list(object, "/spec/ports") {
        one_port(&mut w, port, &slices);
    }
    put!(w, 0, "Session Affinity:\t{}\n", text(object, "/spec/sessionAffinity"));
    optional(&mut w, object, "External Traffic Policy", "/spec/externalTrafficPolicy");
    optional(&mut w, object, "Internal Traffic Policy", "/spec/internalTrafficPolicy");
    if let Some(port) = int(object, "/spec/healthCheckNodePort").filter(|&port| port != 0) {
        put!(w, 0, "HealthCheck NodePort:\t{port}\n");
    }
    let ranges = list(object, "/spec/loadBalancerSourceRanges");
    if !ranges.is_empty() {
        put!(w, 0, "LoadBalancer Source Ranges:\t{}\n", joined(ranges, ","));
    }
    optional(&mut w, object, "Traffic Distribution", "/spec/trafficDistribution");
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn optional(w: &mut Writer, object: &Value, label: &str, pointer: &str) {
    if !text(object, pointer).is_empty() {
        put!(w, 0, "{label}:\t{}\n", text(object, pointer));
    }
}

fn addresses(w: &mut Writer, service: &Value) {
    optional(w, service, "IP Family Policy", "/spec/ipFamilyPolicy");
    put!(w, 0, "IP Families:\t{}\n", or_none(&joined(list(service, "/spec/ipFamilies"), ",")));
    put!(w, 0, "IP:\t{}\n", text(service, "/spec/clusterIP"));
    put!(w, 0, "IPs:\t{}\n", or_none(&joined(list(service, "/spec/clusterIPs"), ",")));
    let external = list(service, "/spec/externalIPs");
    if !external.is_empty() {
        put!(w, 0, "External IPs:\t{}\n", joined(external, ","));
    }
    optional(w, service, "Desired LoadBalancer IP", "/spec/loadBalancerIP");
    optional(w, service, "External Name", "/spec/externalName");
    let points: Vec<String> =
        list(service, "/status/loadBalancer/ingress").iter().map(ingress_point).collect();
    if !points.is_empty() {
        put!(w, 0, "LoadBalancer Ingress:\t{}\n", points.join(", "));
    }
}

fn ingress_point(point: &Value) -> String {
    match (field(point, "ip"), field(point, "ipMode")) {
        ("", _) => field(point, "hostname").to_owned(),
        (ip, "") => ip.to_owned(),
        (ip, mode) => format!("{ip} ({mode})"),
    }
}

fn one_port(w: &mut Writer, port: &Value, slices: &[Value]) {
    let protocol = field(port, "protocol");
    let name = if field(port, "name").is_empty() { "<unset>" } else { field(port, "name") };
    put!(w, 0, "Port:\t{name}\t{}/{protocol}\n", int(port, "/port").unwrap_or(0));
    put!(w, 0, "TargetPort:\t{}/{protocol}\n", int_or_string(port.get("targetPort")));
    if let Some(application) = at(port, "/appProtocol").and_then(Value::as_str) {
        put!(w, 0, "AppProtocol:\t{application}\n");
    }
    if let Some(node_port) = int(port, "/nodePort").filter(|&port| port != 0) {
        put!(w, 0, "NodePort:\t{name}\t{node_port}/{protocol}\n");
    }
    put!(w, 0, "Endpoints:\t{}\n", ready_endpoints(slices, field(port, "name")));
}

/// The endpoint slices of a service.
pub(super) fn slices_of(
    lookup: &mut dyn Lookup,
    namespace: &str,
    service: &str,
) -> Result<Vec<Value>, Failure> {
    let labels = format!("kubernetes.io/service-name={service}");
    lookup.list("discovery.k8s.io/v1", "endpointslices", namespace, &labels, "")
}

/// The ready endpoints of slices behind the port of that name: `a:80,b:80,c:80 + 2 more...`.
pub(super) fn ready_endpoints(slices: &[Value], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut all = Vec::new();
    for slice in slices {
        let ports = list(slice, "/ports");
        if ports.is_empty() {
            all.extend(ready_addresses(slice).map(str::to_owned));
        }
        for port in ports.iter().filter(|port| field(port, "name") == port_name) {
            let number = int(port, "/port").unwrap_or(0);
            all.extend(ready_addresses(slice).map(|address| join_host_port(address, number)));
        }
    }
    let shown = all.iter().take(ENDPOINTS_MAX).cloned().collect::<Vec<_>>().join(",");
    // kubectl only notices that there are more when it comes to a fourth endpoint, ready or not.
    match all.len() {
        0..=ENDPOINTS_MAX => shown,
        count => format!("{shown} + {} more...", count - ENDPOINTS_MAX),
    }
}

fn ready_addresses(slice: &Value) -> impl Iterator<Item = &str> {
    let ready = |endpoint: &&Value| {
        at(endpoint, "/conditions/ready").is_none_or(|_| flag(endpoint, "/conditions/ready"))
    };
    list(slice, "/endpoints").iter().filter(ready).map(|endpoint| text(endpoint, "/addresses/0"))
}

fn join_host_port(host: &str, port: i64) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// Describes an Endpoints object.
pub(super) fn endpoints(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, true);
    put!(w, 0, "Subsets:\n");
    for subset in list(object, "/subsets") {
        for (title, pointer) in [("Addresses", "/addresses"), ("NotReadyAddresses", "/notReadyAddresses")] {
            let ips: Vec<&str> = list(subset, pointer).iter().map(|address| field(address, "ip")).collect();
            put!(w, 1, "{title}:\t{}\n", or_none(&ips.join(",")));
        }
        let ports = list(subset, "/ports");
        if !ports.is_empty() {
            put!(w, 1, "Ports:\n");
            port_table(&mut w, 2, ports);
        }
        put!(w, 0, "\n");
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn port_table(w: &mut Writer, level: usize, ports: &[Value]) {
    put!(w, level, "Name\tPort\tProtocol\n");
    put!(w, level, "----\t----\t--------\n");
    for port in ports {
        let name = if field(port, "name").is_empty() { "<unset>" } else { field(port, "name") };
        let number = int(port, "/port").map_or_else(|| "<unset>".to_owned(), |number| number.to_string());
        put!(w, level, "{name}\t{number}\t{}\n", field(port, "protocol"));
    }
}

/// Describes an endpoint slice.
pub(super) fn endpoint_slice(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, true);
    put!(w, 0, "AddressType:\t{}\n", text(object, "/addressType"));
    match list(object, "/ports") {
        [] => put!(w, 0, "Ports: <unset>\n"),
        ports => {
            put!(w, 0, "Ports:\n");
            port_table(&mut w, 1, ports);
        }
    }
    match list(object, "/endpoints") {
        [] => put!(w, 0, "Endpoints: <none>\n"),
        endpoints => {
            put!(w, 0, "Endpoints:\n");
            endpoints.iter().for_each(|endpoint| one_endpoint(&mut w, endpoint));
        }
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn one_endpoint(w: &mut Writer, endpoint: &Value) {
    let or_unset = |pointer: &str| {
        at(endpoint, pointer)
            .map_or_else(|| "<unset>".to_owned(), |value| super::writer::go_value(Some(value)))
    };
    put!(w, 1, "- Addresses:\t{}\n", or_none(&joined(list(endpoint, "/addresses"), ", ")));
    put!(w, 2, "Conditions:\n");
    put!(w, 3, "Ready:\t{}\n", or_unset("/conditions/ready"));
    put!(w, 2, "Hostname:\t{}\n", or_unset("/hostname"));
    if let Some(target) = at(endpoint, "/targetRef") {
        put!(w, 2, "TargetRef:\t{}/{}\n", field(target, "kind"), field(target, "name"));
    }
    put!(w, 2, "NodeName:\t{}\n", or_unset("/nodeName"));
    put!(w, 2, "Zone:\t{}\n", or_unset("/zone"));
}
