//! Services, Endpoints and EndpointSlices.
//!
//! Follows `ValidateService` and its neighbours. Whether an address or node port is free is not known here.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde_json::{Value, json};

use super::meta;
use super::node::{Node, choice, format, optional_choice, required};
use super::pod;
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::validate;

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// 10250. Load balancers must not expose it.
const KUBELET_PORT: i64 = 10_250;

/// 86,400 s, a day: the longest stickiness to a client's address.
const AFFINITY_SECONDS_MAX: i64 = 86_400;

fn headless(spec: &Node<'_>) -> bool {
    spec.strings("clusterIPs") == ["None"]
        || (spec.len("clusterIPs") == 0 && spec.text("clusterIP") == "None")
}

/// A Service.
pub(super) fn service(it: &Value, errs: &mut Errors) {
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
        non_special_ip(text, &address.path, errs);
    }
    choice(&spec, "type", &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], errs);
    node_ports(&spec, kind, errs);
    same_ports(&ports, errs);
    load_balancer(&spec, kind, errs);
    traffic_policies(&spec, kind, errs);
}

fn by_type(spec: &Node<'_>, kind: &str, errs: &mut Errors) {
    if kind == "LoadBalancer" {
        for port in spec.items("ports").iter().filter(|it| it.int("port") == Some(KUBELET_PORT)) {
            let detail = "may not expose port 10250 externally since it is used by kubelet";
            errs.push(field::invalid(&port.path, KUBELET_PORT, detail));
        }
    }
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

/// An address that traffic can be sent to.
fn non_special_ip(text: &str, path: &Path, errs: &mut Errors) {
    let sentences = validate::ip(text);
    if !sentences.is_empty() {
        errs.extend(field::invalid_each(path, text, &sentences));
        return;
    }
    let Ok(address) = text.parse::<IpAddr>() else { return };
    let link_local = match address {
        IpAddr::V4(it) => it.is_link_local(),
        IpAddr::V6(it) => (it.segments()[0] & 0xffc0) == 0xfe80,
    };
    let link_multicast = match address {
        IpAddr::V4(it) => it.octets()[..3] == [224, 0, 0],
        IpAddr::V6(it) => (it.segments()[0] & 0xff0f) == 0xff02,
    };
    if address.is_unspecified() {
        errs.push(field::invalid(path, text, &format!("may not be unspecified ({text})")));
    }
    if address.is_loopback() {
        errs.push(field::invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
    }
    if link_local {
        errs.push(field::invalid(
            path,
            text,
            "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
        ));
    }
    if link_multicast {
        let detail = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)";
        errs.push(field::invalid(path, text, detail));
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

fn load_balancer(spec: &Node<'_>, kind: &str, errs: &mut Errors) {
    const ONLY: &str = "may only be used when `type` is 'LoadBalancer'";
    if spec.len("loadBalancerSourceRanges") > 0 {
        if kind != "LoadBalancer" {
            errs.push(field::forbidden(&spec.at("LoadBalancerSourceRanges"), ONLY));
        }
        for range in spec.items("loadBalancerSourceRanges") {
            let text = range.value.as_str().unwrap_or("");
            let sentences = validate::cidr(text.trim());
            let path = spec.at("loadBalancerSourceRanges");
            errs.extend(field::invalid_each(&path, text, &sentences));
        }
    }
    if spec.has("allocateLoadBalancerNodePorts") && kind != "LoadBalancer" {
        errs.push(field::forbidden(&spec.at("allocateLoadBalancerNodePorts"), ONLY));
    }
    if spec.has("loadBalancerClass") && kind != "LoadBalancer" {
        errs.push(field::forbidden(&spec.at("loadBalancerClass"), ONLY));
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
    if external(&after) || external(&before) {
        return;
    }
    let (now, then) = (after.strings("clusterIPs"), before.strings("clusterIPs"));
    let path = after.at("clusterIPs");
    let stays_headless = headless(&after) && headless(&before);
    if !stays_headless && !then.is_empty() {
        match now.first() {
            None => {
                errs.push(field::invalid(&path.index(0), json!(now), "primary clusterIP can not be unset"))
            }
            Some(first) if Some(first) != then.first() => {
                errs.push(field::invalid(&path.index(0), json!(now), "may not change once set"));
            }
            Some(_) => {}
        }
    }
    families_update(&after, &before, errs);
}

fn families_update(after: &Node<'_>, before: &Node<'_>, errs: &mut Errors) {
    if headless(after) || headless(before) {
        return;
    }
    let (now, then) = (after.strings("ipFamilies"), before.strings("ipFamilies"));
    let same_ip = after.strings("clusterIPs").first() == before.strings("clusterIPs").first();
    if !then.is_empty() && !now.is_empty() && now.first() != then.first() && !same_ip {
        errs.push(field::invalid(&after.at("ipFamilies").index(0), json!(now), "may not change once set"));
    }
}

/// Endpoints.
pub(super) fn endpoints(it: &Value, errs: &mut Errors) {
    for subset in Node::root(it).items("subsets") {
        if subset.len("addresses") == 0 && subset.len("notReadyAddresses") == 0 {
            errs.push(field::required(&subset.path, "must specify `addresses` or `notReadyAddresses`"));
        }
        for list in ["addresses", "notReadyAddresses"] {
            for address in subset.items(list) {
                non_special_ip(address.text("ip"), &address.at("ip"), errs);
                format(&address, "hostname", validate::dns1123_label, errs);
                format(&address, "nodeName", validate::dns1123_subdomain, errs);
            }
        }
        let ports = subset.items("ports");
        for port in &ports {
            endpoint_port(port, ports.len() > 1, errs);
        }
    }
}

fn endpoint_port(port: &Node<'_>, named: bool, errs: &mut Errors) {
    if named {
        required(port, "name", errs);
    }
    format(port, "name", validate::dns1123_label, errs);
    let number = port.int("port").unwrap_or(0);
    for sentence in validate::port(number) {
        errs.push(field::invalid(&port.at("port"), number, &sentence));
    }
    choice(port, "protocol", PROTOCOLS, errs);
    format(port, "appProtocol", validate::qualified_name, errs);
}

/// An EndpointSlice.
pub(super) fn endpoint_slice(it: &Value, errs: &mut Errors) {
    let slice = Node::root(it);
    choice(&slice, "addressType", &["FQDN", "IPv4", "IPv6"], errs);
    if slice.len("endpoints") > 1000 {
        errs.push(field::too_many(&slice.at("endpoints"), slice.len("endpoints"), 1000));
    }
    for endpoint in slice.items("endpoints") {
        if endpoint.len("addresses") == 0 {
            errs.push(field::required(&endpoint.at("addresses"), "must contain at least 1 address"));
        }
        for address in endpoint.items("addresses") {
            let text = address.value.as_str().unwrap_or("");
            if slice.text("addressType") == "FQDN" {
                let sentences = validate::fully_qualified_name(text);
                errs.extend(field::invalid_each(&address.path, text, &sentences));
            } else {
                non_special_ip(text, &address.path, errs);
            }
        }
        format(&endpoint, "nodeName", validate::dns1123_subdomain, errs);
        format(&endpoint, "hostname", validate::dns1123_label, errs);
    }
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for port in slice.items("ports") {
        let name = port.text("name");
        format(&port, "name", validate::dns1123_label, errs);
        if !names.insert(name) {
            errs.push(field::duplicate(&port.at("name"), name));
        }
        choice(&port, "protocol", PROTOCOLS, errs);
        format(&port, "appProtocol", validate::qualified_name, errs);
    }
}

/// What may change in an EndpointSlice.
pub(super) fn endpoint_slice_update(new: &Value, old: &Value, errs: &mut Errors) {
    super::node::immutable(&Node::root(new), &Node::root(old), "addressType", errs);
}
