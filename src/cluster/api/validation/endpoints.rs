//! Endpoints and EndpointSlices.
//!
//! Follows `validateEndpointSubsets` of kubernetes' `pkg/apis/core/validation` and `pkg/apis/discovery/validation`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::node::{Node, choice, format, required};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::validate;

const PROTOCOLS: &[&str] = &["SCTP", "TCP", "UDP"];

/// Endpoints.
pub(super) fn endpoints(it: &Value, errs: &mut Errors) {
    for subset in Node::root(it).items("subsets") {
        if subset.len("addresses") == 0 && subset.len("notReadyAddresses") == 0 {
            errs.push(field::required(&subset.path, "must specify `addresses` or `notReadyAddresses`"));
        }
        for list in ["addresses", "notReadyAddresses"] {
            for address in subset.items(list) {
                let (ip, path) = (address.text("ip"), address.at("ip"));
                errs.extend(field::invalid_each(&path, ip, &validate::ip(ip)));
                format(&address, "hostname", validate::dns1123_label, errs);
                format(&address, "nodeName", validate::dns1123_subdomain, errs);
                non_special_ip(ip, &path, errs);
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
        return;
    }
    for endpoint in slice.items("endpoints") {
        if endpoint.len("addresses") == 0 {
            errs.push(field::required(&endpoint.at("addresses"), "must contain at least 1 address"));
        }
        for address in endpoint.items("addresses") {
            let text = address.value.as_str().unwrap_or("");
            match slice.text("addressType") {
                "FQDN" => {
                    let sentences = validate::fully_qualified_name(text);
                    errs.extend(field::invalid_each(&address.path, text, &sentences));
                }
                family @ ("IPv4" | "IPv6") => {
                    let fits = text.parse::<IpAddr>().is_ok_and(|it| it.is_ipv6() == (family == "IPv6"));
                    if !fits {
                        let detail = format!("must be a valid {family} address");
                        errs.push(field::invalid(&address.path, text, &detail));
                    }
                    non_special_ip(text, &address.path, errs);
                }
                _ => {}
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

/// An address that traffic can be sent to.
pub(super) fn non_special_ip(text: &str, path: &Path, errs: &mut Errors) {
    let Ok(address) = text.parse::<IpAddr>() else {
        errs.push(field::invalid(path, text, "must be a valid IP address"));
        return;
    };
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
