//! Devices: classes of them and claims on them.
//!
//! Follows kubernetes' `pkg/apis/resource/validation` as far as names, counts and modes go.

use super::node::{NOT_POSITIVE, Node, immutable, required};
use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::json::Value;
use crate::apimachinery::validate;

/// A DeviceClass.
pub(super) fn device_class(it: &Value, errs: &mut Errors) {
    selectors(&Node::root(it).child("spec"), errs);
}

fn selectors(node: &Node<'_>, errs: &mut Errors) {
    for selector in node.items("selectors") {
        match selector.get("cel") {
            None => errs.push(field::required(&selector.at("cel"), "")),
            Some(cel) => drop(required(&cel, "expression", errs)),
        }
    }
}

/// A ResourceClaim.
pub(super) fn resource_claim(it: &Value, errs: &mut Errors) {
    claim_spec(&Node::root(it).child("spec"), errs);
}

/// What is claimed never changes.
pub(super) fn claim_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&Node::root(new), &Node::root(old), "spec", errs);
}

/// A ResourceClaimTemplate.
pub(super) fn claim_template(it: &Value, errs: &mut Errors) {
    claim_spec(&Node::root(it).child("spec").child("spec"), errs);
}

fn claim_spec(spec: &Node<'_>, errs: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for request in spec.child("devices").items("requests") {
        let name = request.text("name");
        if required(&request, "name", errs) {
            errs.extend(field::invalid_each(&request.at("name"), name, &validate::dns1123_label(name)));
            if seen.contains(&name) {
                errs.push(field::duplicate(&request.at("name"), name));
            }
        }
        seen.push(name);
        match (request.get("exactly"), request.len("firstAvailable")) {
            (Some(_), 1..) => {
                let detail = "exactly one of `exactly` or `firstAvailable` must be specified, but multiple fields are set";
                errs.push(field::invalid_omitted(&request.path, detail));
            }
            (None, 0) => {
                let detail = "exactly one of `exactly` or `firstAvailable` is required";
                errs.push(field::required(&request.path, detail));
            }
            (Some(exactly), 0) => device_request(&exactly, errs),
            (None, _) => request.items("firstAvailable").iter().for_each(|it| device_request(it, errs)),
        }
    }
}

fn device_request(request: &Node<'_>, errs: &mut Errors) {
    let class = request.text("deviceClassName");
    if required(request, "deviceClassName", errs) {
        let sentences = validate::dns1123_subdomain(class);
        errs.extend(field::invalid_each(&request.at("deviceClassName"), class, &sentences));
    }
    selectors(request, errs);
    let count = request.int("count").unwrap_or(0);
    match request.text("allocationMode") {
        "ExactCount" if count <= 0 => {
            errs.push(field::invalid(&request.at("count"), count, NOT_POSITIVE));
        }
        "All" if count != 0 => {
            let detail = "must not be specified when allocationMode is 'All'";
            errs.push(field::invalid(&request.at("count"), count, detail));
        }
        "ExactCount" | "All" => {}
        other => {
            let known = ["All", "ExactCount"];
            errs.push(field::not_supported(&request.at("allocationMode"), other, &known));
        }
    }
}
