//! Rows of services, endpoints, ingresses, policies and addresses.

use super::cells::{age, clipped, labels, or, selector_or_none};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{annotation, at, field, int, list, name, text};
use crate::sim::SimTime;

/// How many endpoints, ports or hosts a cell lists.
const LISTED_MAX: usize = 3;

/// NAME, TYPE, CLUSTER-IP, EXTERNAL-IP, PORT(S), AGE; wide: SELECTOR.
pub(super) fn service(it: &Value, now: SimTime) -> Vec<Value> {
    let ports: Vec<String> = list(it, "/spec/ports").iter().map(service_port).collect();
    vec![
        name(it).into(),
        text(it, "/spec/type").into(),
        or(text(it, "/spec/clusterIP"), "<none>").into(),
        external_ip(it).into(),
        or(&ports.join(","), "<none>").into(),
        age(it, now),
        labels(it, "/spec/selector").into(),
    ]
}

fn service_port(port: &Value) -> String {
    let number = int(port, "/port").unwrap_or(0);
    let protocol = field(port, "protocol");
    match int(port, "/nodePort").unwrap_or(0) {
        0 => format!("{number}/{protocol}"),
        node_port => format!("{number}:{node_port}/{protocol}"),
    }
}

fn strings(tree: &Value, pointer: &str) -> Vec<String> {
    list(tree, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn external_ip(service: &Value) -> String {
    let mut given = strings(service, "/spec/externalIPs");
    match text(service, "/spec/type") {
        "ClusterIP" | "NodePort" if given.is_empty() => "<none>".into(),
        "ClusterIP" | "NodePort" => given.join(","),
        "LoadBalancer" => {
            let mut all = load_balancer(service);
            all.append(&mut given);
            or(&all.join(","), "<pending>").to_owned()
        }
        "ExternalName" => text(service, "/spec/externalName").to_owned(),
        _ => "<unknown>".into(),
    }
}

/// Addresses of `status.loadBalancer`, sorted as the server's string set is.
fn load_balancer(object: &Value) -> Vec<String> {
    let mut all: Vec<String> = list(object, "/status/loadBalancer/ingress")
        .iter()
        .map(|it| or(field(it, "ip"), field(it, "hostname")).to_owned())
        .filter(|it| !it.is_empty())
        .collect();
    all.sort();
    all.dedup();
    all
}

/// NAME, ENDPOINTS, AGE.
pub(super) fn endpoints(it: &Value, now: SimTime) -> Vec<Value> {
    let mut all = Vec::new();
    for subset in list(it, "/subsets") {
        let addresses = || list(subset, "/addresses").iter().map(|it| field(it, "ip"));
        let ports = list(subset, "/ports");
        if ports.is_empty() {
            all.extend(addresses().map(str::to_owned));
        }
        for port in ports {
            let number = int(port, "/port").unwrap_or(0);
            all.extend(addresses().map(|ip| match ip.contains(':') {
                true => format!("[{ip}]:{number}"),
                false => format!("{ip}:{number}"),
            }));
        }
    }
    let cell = match list(it, "/subsets") {
        [] => "<none>".to_owned(),
        _ => clipped(&all, LISTED_MAX, ","),
    };
    vec![name(it).into(), cell.into(), age(it, now)]
}

/// NAME, ADDRESSTYPE, PORTS, ENDPOINTS, AGE.
pub(super) fn endpoint_slice(it: &Value, now: SimTime) -> Vec<Value> {
    let ports: Vec<String> = list(it, "/ports")
        .iter()
        .map(|port| match (int(port, "/port"), at(port, "/name")) {
            (Some(number), _) => number.to_string(),
            (None, Some(name)) => super::cells::scalar(name),
            (None, None) => "*".to_owned(),
        })
        .collect();
    let addresses: Vec<String> =
        list(it, "/endpoints").iter().flat_map(|endpoint| strings(endpoint, "/addresses")).collect();
    let cell = |all: &[String]| or(&clipped(all, LISTED_MAX, ","), "<unset>").to_owned();
    vec![
        name(it).into(),
        text(it, "/addressType").into(),
        cell(&ports).into(),
        cell(&addresses).into(),
        age(it, now),
    ]
}

/// NAME, CLASS, HOSTS, ADDRESS, PORTS, AGE.
pub(super) fn ingress(it: &Value, now: SimTime) -> Vec<Value> {
    let ports = if list(it, "/spec/tls").is_empty() { "80" } else { "80, 443" };
    vec![
        name(it).into(),
        or(text(it, "/spec/ingressClassName"), "<none>").into(),
        ingress_hosts(it).into(),
        load_balancer(it).join(",").into(),
        ports.into(),
        age(it, now),
    ]
}

/// The first hosts; as the server does, "more" counts rules, not hosts.
fn ingress_hosts(ingress: &Value) -> String {
    let rules = list(ingress, "/spec/rules");
    let mut hosts: Vec<&str> = Vec::new();
    let mut more = false;
    for rule in rules {
        more |= hosts.len() == LISTED_MAX;
        if !more && !field(rule, "host").is_empty() {
            hosts.push(field(rule, "host"));
        }
    }
    match (hosts.is_empty(), more) {
        (true, _) => "*".into(),
        (false, true) => format!("{} + {} more...", hosts.join(","), rules.len() - LISTED_MAX),
        (false, false) => hosts.join(","),
    }
}

/// NAME (with a mark on the default), CONTROLLER, PARAMETERS, AGE.
pub(super) fn ingress_class(it: &Value, now: SimTime) -> Vec<Value> {
    let parameters = match at(it, "/spec/parameters") {
        None => "<none>".to_owned(),
        Some(to) if field(to, "apiGroup").is_empty() => {
            format!("{}/{}", field(to, "kind"), field(to, "name"))
        }
        Some(to) => format!("{}.{}/{}", field(to, "kind"), field(to, "apiGroup"), field(to, "name")),
    };
    let marked = annotation(it, "ingressclass.kubernetes.io/is-default-class") == Some("true");
    let shown = if marked { format!("{} (default)", name(it)) } else { name(it).to_owned() };
    vec![shown.into(), text(it, "/spec/controller").into(), parameters.into(), age(it, now)]
}

/// NAME, POD-SELECTOR, AGE.
pub(super) fn network_policy(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), selector_or_none(it, "/spec/podSelector").into(), age(it, now)]
}

/// NAME, PARENTREF.
pub(super) fn ip_address(it: &Value, _now: SimTime) -> Vec<Value> {
    let parts =
        ["group", "resource", "namespace", "name"].map(|key| text(it, &format!("/spec/parentRef/{key}")));
    let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    vec![name(it).into(), said.join("/").into()]
}

/// NAME, CIDRS, AGE.
pub(super) fn service_cidr(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), strings(it, "/spec/cidrs").join(",").into(), age(it, now)]
}
