//! Probes and lifecycle hooks.

use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::json::Value;
use crate::apimachinery::validate;
use crate::cluster::api::validation::node::{Node, all_non_negative, required};

/// The three probes of a container.
pub(super) fn probes(container: &Node<'_>, spec: &Node<'_>, errs: &mut Errors) {
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get(key) else { continue };
        handler(&probe, &["exec", "httpGet", "tcpSocket", "grpc"], spec, errs);
        let numbers = [
            "initialDelaySeconds",
            "timeoutSeconds",
            "periodSeconds",
            "successThreshold",
            "failureThreshold",
        ];
        all_non_negative(&probe, &numbers, errs);
        grace_period(&probe, key, errs);
        let threshold = probe.int("successThreshold").unwrap_or(1);
        if key != "readinessProbe" && threshold != 1 {
            errs.push(field::invalid(&probe.at("successThreshold"), threshold, "must be 1"));
        }
    }
}

fn grace_period(probe: &Node<'_>, key: &str, errs: &mut Errors) {
    let Some(seconds) = probe.int("terminationGracePeriodSeconds") else { return };
    let path = probe.at("terminationGracePeriodSeconds");
    if seconds <= 0 {
        errs.push(field::invalid(&path, seconds, "must be greater than 0"));
    }
    if key == "readinessProbe" {
        errs.push(field::invalid(&path, seconds, "must not be set for readinessProbes"));
    }
}

/// `lifecycle` of a container.
pub(super) fn lifecycle(container: &Node<'_>, spec: &Node<'_>, errs: &mut Errors) {
    let lifecycle = container.child("lifecycle");
    for key in ["postStart", "preStop"] {
        if let Some(hook) = lifecycle.get(key) {
            handler(&hook, &["exec", "httpGet", "tcpSocket", "sleep"], spec, errs);
        }
    }
}

fn handler(holder: &Node<'_>, kinds: &[&str], spec: &Node<'_>, errs: &mut Errors) {
    let mut seen = false;
    for kind in kinds {
        let Some(action) = holder.get(kind) else { continue };
        if seen {
            errs.push(field::forbidden(&action.path, "may not specify more than 1 handler type"));
            continue;
        }
        seen = true;
        match *kind {
            "exec" if action.len("command") == 0 => {
                errs.push(field::required(&action.at("command"), ""));
            }
            "httpGet" => http_get(&action, errs),
            "tcpSocket" | "grpc" => port(&action, "port", errs),
            "sleep" => sleep(&action, spec, errs),
            _ => {}
        }
    }
    if !seen {
        errs.push(field::required(&holder.path, "must specify a handler type"));
    }
}

fn http_get(action: &Node<'_>, errs: &mut Errors) {
    required(action, "path", errs);
    port(action, "port", errs);
    if !["HTTP", "HTTPS"].contains(&action.text("scheme")) {
        errs.push(field::not_supported(&action.at("scheme"), action.text("scheme"), &["HTTP", "HTTPS"]));
    }
    for header in action.items("httpHeaders") {
        let name = header.text("name");
        let sentences = validate::http_header_name(name);
        errs.extend(field::invalid_each(&action.at("httpHeaders"), name, &sentences));
    }
}

fn sleep(action: &Node<'_>, spec: &Node<'_>, errs: &mut Errors) {
    let grace = spec.int("terminationGracePeriodSeconds").unwrap_or(0);
    let seconds = action.int("seconds").unwrap_or(0);
    if seconds < 0 || seconds > grace {
        let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
        errs.push(field::invalid(&action.path, seconds, &detail));
    }
}

/// A port by number or name at `key`.
pub(in crate::cluster::api::validation) fn port(node: &Node<'_>, key: &str, errs: &mut Errors) {
    match node.child(key).value {
        Value::String(name) => {
            errs.extend(field::invalid_each(&node.at(key), name, &validate::port_name(name)));
        }
        other => {
            let number = other.as_i64().unwrap_or(0);
            for sentence in validate::port(number) {
                errs.push(field::invalid(&node.at(key), number, &sentence));
            }
        }
    }
}
