//! Services.
//!
//! Follows `ValidateService` and its neighbours. Whether an address or node port is free is not known here.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::meta;
use super::node::{Node, choice, format, optional_choice};
use super::pod;
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, validate};

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// 86,400 s, a day: the longest stickiness to a client's address.
const AFFINITY_SECONDS_MAX: i64 = 86_400;

fn headless(spec: &Node<'_>) -> bool {
    spec.strings("clusterIPs") == ["None"]
        || (spec.len("clusterIPs") == 0 && spec.text("clusterIP") == "None")
}

/// A Service.
pub(super) fn service(it: &Value, errs: &mut Errors) {
    topology_annotations(it, errs);
    let spec = Node::root(it).child("spec");
    let kind = spec.text("type");
    if spec.len("ports") == 0 && !headless(&spec) && kind != "ExternalName" {
        errs.push(field::required(&spec.at("ports"), ""));
    }
    by_type(&spec, kind, errs);
    let mut names: BTreeSet<&str> = BTreeSet::new();
    let ports = spec.items("ports");
    for port in &ports {
        service_port(port, ports.len() > 1, &mut names, errs);
    }
    meta::labels(&spec, "selector", errs);
    choice(&spec, "sessionAffinity", &["ClientIP", "None"], errs);
    session_affinity(&spec, errs);
    cluster_ips(&spec, errs);
    for address in spec.items("externalIPs") {
        let text = address.value.as_str().unwrap_or("");
        let sentences = validate::ip(text);
        if sentences.is_empty() {
            super::endpoints::non_special_ip(text, &address.path, errs);
        }
        errs.extend(field::invalid_each(&address.path, text, &sentences));
    }
    choice(&spec, "type", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], errs);
    node_ports(&spec, kind, errs);
    same_ports(&ports, errs);
    load_balancer(&spec, kind, object::annotation(it, SOURCE_RANGES), errs);
    traffic_policies(&spec, kind, errs);
}

fn by_type(spec: &Node<'_>, kind: &str, errs: &mut Errors) {
    if matches!(kind, "LoadBalancer" | "NodePort") && headless(spec) {
        let detail = format!("may not be set to 'None' for {kind} services");
        errs.push(field::invalid(&spec.at("clusterIPs").index(0), "None", &detail));
    }
    if kind != "ExternalName" {
        return;
    }
    for key in ["clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
        if spec.has(key) && (spec.len(key) > 0 || key == "ipFamilyPolicy") {
            errs.push(field::forbidden(&spec.at(key), "may not be set for ExternalName services"));
        }
    }
    let name = spec.text("externalName");
    match name.strip_suffix('.').unwrap_or(name) {
        "" => errs.push(field::required(&spec.at("externalName"), "")),
        name => {
            let sentences = validate::dns1123_subdomain(name);
            errs.extend(field::invalid_each(&spec.at("externalName"), name, &sentences));
        }
    }
}

fn service_port<'a>(port: &Node<'a>, named: bool, names: &mut BTreeSet<&'a str>, errs: &mut Errors) {
    let name = port.text("name");
    if named && name.is_empty() {
        errs.push(field::required(&port.at("name"), ""));
    } else if !name.is_empty() {
        format(port, "name", validate::dns1123_label, errs);
        if !names.insert(name) {
            errs.push(field::duplicate(&port.at("name"), name));
        }
    }
    let number = port.int("port").unwrap_or(0);
    for sentence in validate::port(number) {
        errs.push(field::invalid(&port.at("port"), number, &sentence));
    }
    choice(port, "protocol", PROTOCOLS, errs);
    pod::handler_port(port, "targetPort", errs);
    format(port, "appProtocol", validate::qualified_name, errs);
}

fn session_affinity(spec: &Node<'_>, errs: &mut Errors) {
    let config = spec.child("sessionAffinityConfig");
    match spec.text("sessionAffinity") {
        "ClientIP" => {
            let detail = "when session affinity type is ClientIP";
            let client = config.child("clientIP");
            match client.int("timeoutSeconds") {
                None if config.value.is_null() => errs.push(field::required(&config.path, detail)),
                None if client.value.is_null() => errs.push(field::required(&client.path, detail)),
                None => errs.push(field::required(&client.at("timeoutSeconds"), detail)),
                Some(seconds) if !(1..=AFFINITY_SECONDS_MAX).contains(&seconds) => {
                    let detail = format!("must be greater than 0 and less than {AFFINITY_SECONDS_MAX}");
                    errs.push(field::invalid(&client.at("timeoutSeconds"), seconds, &detail));
                }
                Some(_) => {}
            }
        }
        "None" if spec.has("sessionAffinityConfig") => {
            let detail = "must not be set when session affinity is None";
            errs.push(field::forbidden(&config.path, detail));
        }
        _ => {}
    }
}

/// The addresses of a Service and their families. What is wrong with them is told before anything else,
/// when addresses are given.
pub(super) fn addresses(it: &Value, errs: &mut Errors) {
    cluster_ips(&Node::root(it).child("spec"), errs);
}

fn cluster_ips(spec: &Node<'_>, errs: &mut Errors) {
    if spec.text("type") == "ExternalName" {
        return;
    }
    let (one, all) = (spec.text("clusterIP"), spec.strings("clusterIPs"));
    let path = spec.at("clusterIPs");
    let shown = || spec.child("clusterIPs").value.clone();
    match (one, all.first()) {
        ("", Some(_)) => {
            errs.push(field::invalid(&path, shown(), "must be empty when `clusterIP` is not specified"));
        }
        ("", None) => {}
        (_, None) => errs.push(field::required(&path, "")),
        (one, Some(first)) if one != *first => {
            errs.push(field::invalid(&path, shown(), "first value must match `clusterIP`"));
        }
        _ => {}
    }
    families(spec, errs);
    let mut bad = false;
    for (index, address) in all.iter().enumerate() {
        if index == 0 && *address == "None" {
            if all.len() > 1 {
                bad = true;
                errs.push(field::invalid(&path, shown(), "'None' must be the first and only value"));
            }
            continue;
        }
        let sentences = validate::ip(address);
        bad |= !sentences.is_empty();
        errs.extend(field::invalid_each(&path.index(index), address, &sentences));
    }
    if all.len() > 2 {
        errs.push(field::invalid(&path, shown(), "may only hold up to 2 values"));
    }
    if !bad {
        match_families(spec, &all, errs);
    }
}

fn families(spec: &Node<'_>, errs: &mut Errors) {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for family in spec.items("ipFamilies") {
        let name = family.value.as_str().unwrap_or("");
        if !["IPv4", "IPv6"].contains(&name) {
            errs.push(field::not_supported(&family.path, name, &["IPv4", "IPv6"]));
        }
        if !seen.insert(name) {
            errs.push(field::duplicate(&family.path, name));
        }
    }
    let policies = ["PreferDualStack", "RequireDualStack", "SingleStack"];
    optional_choice(spec, "ipFamilyPolicy", &policies, errs);
}

fn match_families(spec: &Node<'_>, addresses: &[&str], errs: &mut Errors) {
    let path = spec.at("clusterIPs");
    let is_v6 = |address: &str| address.parse::<IpAddr>().is_ok_and(|it| it.is_ipv6());
    if let [first, second, ..] = addresses
        && is_v6(first) == is_v6(second)
    {
        let detail = "may specify no more than one IP for each IP family";
        errs.push(field::invalid(&path, json!(addresses), detail));
    }
    if addresses == ["None"] {
        return;
    }
    for (index, (address, family)) in addresses.iter().zip(spec.strings("ipFamilies")).enumerate() {
        let fits = if is_v6(address) { "IPv6" } else { "IPv4" };
        if family != fits && ["IPv4", "IPv6"].contains(&family) {
            let detail = format!("expected an {family} value as indicated by `ipFamilies[{index}]`");
            errs.push(field::invalid(&path.index(index), *address, &detail));
        }
    }
}

fn node_ports(spec: &Node<'_>, kind: &str, errs: &mut Errors) {
    let mut seen: BTreeSet<(&str, i64)> = BTreeSet::new();
    for port in spec.items("ports") {
        let Some(number) = port.int("nodePort").filter(|it| *it != 0) else { continue };
        if kind == "ClusterIP" {
            let detail = "may not be used when `type` is 'ClusterIP'";
            errs.push(field::forbidden(&port.at("nodePort"), detail));
        }
        if !seen.insert((port.text("protocol"), number)) {
            errs.push(field::duplicate(&port.at("nodePort"), number));
        }
    }
}

/// The key of the refusal is a port with nothing but its protocol and number, in the server's own type.
fn same_ports(ports: &[Node<'_>], errs: &mut Errors) {
    let mut seen: BTreeSet<(&str, i64)> = BTreeSet::new();
    for port in ports {
        let key = (port.text("protocol"), port.int("port").unwrap_or(0));
        if seen.insert(key) {
            continue;
        }
        let mut cause = field::duplicate(&port.path, "");
        cause.message = format!(
            "Duplicate value: {{\"Name\":\"\",\"Protocol\":\"{}\",\"AppProtocol\":null,\"Port\":{},\"TargetPort\":0,\"NodePort\":0}}",
            key.0, key.1
        );
        errs.push(cause);
    }
}

/// The old and the new name of the topology annotation must agree.
fn topology_annotations(it: &Value, errs: &mut Errors) {
    const OLD: &str = "service.kubernetes.io/topology-aware-hints";
    const NEW: &str = "service.kubernetes.io/topology-mode";
    if let (Some(old), Some(new)) = (object::annotation(it, OLD), object::annotation(it, NEW))
        && old != new
    {
        let path = Path::new("metadata").child("annotations").key(NEW);
        errs.push(field::invalid(
            &path,
            new,
            &format!("must match annotations[{OLD}] when both are specified"),
        ));
    }
}

/// The old place of `loadBalancerSourceRanges`, with commas.
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

fn load_balancer(spec: &Node<'_>, kind: &str, annotation: Option<&str>, errs: &mut Errors) {
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    if spec.len("loadBalancerSourceRanges") > 0 {
        let path = spec.at("LoadBalancerSourceRanges");
        if kind != "LoadBalancer" {
            errs.push(field::forbidden(&path, ONLY));
        }
        for (index, range) in spec.strings("loadBalancerSourceRanges").into_iter().enumerate() {
            let text = range.trim();
            errs.extend(field::invalid_each(&path.index(index), text, &validate::cidr(text)));
        }
    } else if let Some(ranges) = annotation {
        let path = Path::new("metadata").child("annotations").key(SOURCE_RANGES);
        if kind != "LoadBalancer" {
            errs.push(field::forbidden(&path, ONLY));
        }
        for range in ranges.split(',').map(str::trim).filter(|_| !ranges.trim().is_empty()) {
            errs.extend(field::invalid_each(&path, range, &validate::cidr(range)));
        }
    }
    if spec.has("allocateLoadBalancerNodePorts") && kind != "LoadBalancer" {
        errs.push(field::forbidden(&spec.at("allocateLoadBalancerNodePorts"), ONLY));
    }
    load_balancer_class(spec, errs);
}

fn load_balancer_class(spec: &Node<'_>, errs: &mut Errors) {
    const KEY: &str = "loadBalancerClass";
    if !spec.has(KEY) {
        return;
    }
    if spec.text("type") == "LoadBalancer" {
        let class = spec.text(KEY);
        errs.extend(field::invalid_each(&spec.at(KEY), class, &validate::qualified_name(class)));
    } else {
        let detail = "may only be used when `type` is 'LoadBalancer'";
        errs.push(field::forbidden(&spec.at(KEY), detail));
    }
}

fn traffic_policies(spec: &Node<'_>, kind: &str, errs: &mut Errors) {
    let external =
        matches!(kind, "LoadBalancer" | "NodePort") || (kind == "ClusterIP" && spec.len("externalIPs") > 0);
    let policy = spec.text("externalTrafficPolicy");
    let path = spec.at("externalTrafficPolicy");
    match (external, policy) {
        (false, "") => {}
        (false, policy) => {
            let detail = "may only be set for externally-accessible services";
            errs.push(field::invalid(&path, policy, detail));
        }
        (true, "") => errs.push(field::required(&path, "")),
        (true, "Cluster" | "Local") => {}
        (true, other) => errs.push(field::not_supported(&path, other, &["Cluster", "Local"])),
    }
    let checked = kind == "LoadBalancer" && policy == "Local";
    if let Some(port) = spec.int("healthCheckNodePort").filter(|it| *it != 0 && !checked) {
        let detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
        errs.push(field::invalid(&spec.at("healthCheckNodePort"), port, detail));
    }
    if !spec.has("internalTrafficPolicy") && matches!(kind, "NodePort" | "LoadBalancer" | "ClusterIP") {
        errs.push(field::required(&spec.at("internalTrafficPolicy"), ""));
    }
    optional_choice(spec, "internalTrafficPolicy", &["Cluster", "Local"], errs);
    optional_choice(spec, "trafficDistribution", &["PreferClose", "PreferSameNode", "PreferSameZone"], errs);
}

/// What may change in a Service.
pub(super) fn service_update(new: &Value, old: &Value, errs: &mut Errors) {
    let (after, before) = (Node::root(new).child("spec"), Node::root(old).child("spec"));
    let external = |spec: &Node<'_>| spec.text("type") == "ExternalName";
    if !external(&after) && !external(&before) {
        addresses_update(&after, &before, errs);
        families_update(&after, &before, errs);
    }
    let balanced = |spec: &Node<'_>| spec.text("type") == "LoadBalancer";
    let class = |spec: &Node<'_>| spec.child("loadBalancerClass").value.clone();
    if balanced(&after) && balanced(&before) && class(&after) != class(&before) {
        errs.push(field::invalid(&after.at("loadBalancerClass"), class(&after), ONCE));
    }
    load_balancer_class(&after, errs);
    let checked = |spec: &Node<'_>| balanced(spec) && spec.text("externalTrafficPolicy") == "Local";
    let port = |spec: &Node<'_>| spec.int("healthCheckNodePort").unwrap_or(0);
    if checked(&after) && checked(&before) && port(&after) != port(&before) {
        errs.push(field::forbidden(&after.at("healthCheckNodePort"), super::node::IMMUTABLE));
    }
}

const ONCE: &str = "may not change once set";

/// The second of two addresses or families may go, when the policy says so.
fn released(after: &Node<'_>, what: &str, errs: &mut Errors) {
    let policy = after.child("ipFamilyPolicy");
    if policy.value != "SingleStack" {
        let detail = format!("must be set to 'SingleStack' when releasing the secondary {what}");
        errs.push(field::invalid(&policy.path, policy.value.clone(), &detail));
    }
}

fn addresses_update(after: &Node<'_>, before: &Node<'_>, errs: &mut Errors) {
    if headless(after) && headless(before) {
        return;
    }
    let (now, then) = (after.strings("clusterIPs"), before.strings("clusterIPs"));
    let path = after.at("clusterIPs");
    let shown = || json!(now);
    if now.len() == then.len() {
        for index in (0..now.len()).filter(|index| now.get(*index) != then.get(*index)) {
            errs.push(field::invalid(&path.index(index), shown(), ONCE));
        }
        return;
    }
    match (now.first(), then.first()) {
        (None, _) => errs.push(field::invalid(&path.index(0), shown(), "primary clusterIP can not be unset")),
        (Some(new), Some(old)) if new != old => errs.push(field::invalid(&path.index(0), shown(), ONCE)),
        _ => {}
    }
    if then.len() > now.len() && now.len() == 1 {
        released(after, "clusterIP", errs);
    }
}

fn families_update(after: &Node<'_>, before: &Node<'_>, errs: &mut Errors) {
    if headless(after) || headless(before) {
        return;
    }
    let (now, then) = (after.strings("ipFamilies"), before.strings("ipFamilies"));
    let path = after.at("ipFamilies").index(0);
    if now.len() == then.len() {
        let changed = now.iter().zip(&then).filter(|(new, old)| new != old);
        changed.for_each(|_| errs.push(field::invalid(&path, json!(now), ONCE)));
        return;
    }
    if then.len() > now.len() && after.len("clusterIPs") == 0 {
        errs.push(field::invalid(&path, json!(now), "primary ipFamily can not be unset"));
    }
    if let (Some(new), Some(old)) = (now.first(), then.first())
        && new != old
    {
        errs.push(field::invalid(&path, json!(after.strings("clusterIPs")), ONCE));
    }
    if then.len() > now.len() && now.len() == 1 {
        released(after, "ipFamily", errs);
    }
}

/// The addresses that a load balancer has given a Service.
pub(super) fn service_status(new: &Value, _: &Value, errs: &mut Errors) {
    let root = Node::root(new);
    let balancer = root.child("status").child("loadBalancer");
    if root.child("spec").text("type") != "LoadBalancer" && balancer.len("ingress") > 0 {
        let detail = "may only be used when `spec.type` is 'LoadBalancer'";
        errs.push(field::forbidden(&balancer.at("ingress"), detail));
        return;
    }
    for ingress in balancer.items("ingress") {
        format(&ingress, "ip", validate::ip, errs);
        let (ip, mode) = (ingress.text("ip"), ingress.at("ipMode"));
        if !ip.is_empty() && !ingress.has("ipMode") {
            errs.push(field::required(&mode, "must be specified when `ip` is set"));
        } else if ip.is_empty() && ingress.has("ipMode") {
            errs.push(field::forbidden(&mode, "may not be specified when `ip` is not set"));
        } else {
            optional_choice(&ingress, "ipMode", &["Proxy", "VIP"], errs);
        }
        let host = ingress.text("hostname");
        format(&ingress, "hostname", validate::dns1123_subdomain, errs);
        if !host.is_empty() && validate::ip(host).is_empty() {
            errs.push(field::invalid(&ingress.at("hostname"), host, "must be a DNS name, not an IP address"));
        }
    }
}
