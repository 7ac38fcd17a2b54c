//! Network policies, in sentences.

use super::pod::selector_or_none;
use super::writer::{Writer, int_or_string, joined, or_none, put};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, entries, field, int, list, text};
use crate::sim::SimTime;

/// One direction of a policy and its words.
struct Direction {
    /// The policy type that turns it on.
    kind: &'static str,
    /// `ingress` or `egress`.
    noun: &'static str,
    rules: &'static str,
    peers: &'static str,
    /// `From` or `To`.
    preposition: &'static str,
    /// What an empty list of peers leaves open.
    open: &'static str,
}

const DIRECTIONS: &[Direction] = &[
    Direction {
        kind: "Ingress",
        noun: "ingress",
        rules: "/spec/ingress",
        peers: "/from",
        preposition: "From",
        open: "traffic not restricted by source",
    },
    Direction {
        kind: "Egress",
        noun: "egress",
        rules: "/spec/egress",
        peers: "/to",
        preposition: "To",
        open: "traffic not restricted by destination",
    },
];

/// Describes a network policy.
pub(super) fn describe(object: &Value, _lookup: &mut dyn Lookup, _settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", text(object, "/metadata/name"));
    put!(w, 0, "Namespace:\t{}\n", text(object, "/metadata/namespace"));
    put!(w, 0, "Created on:\t{}\n", created(text(object, "/metadata/creationTimestamp")));
    w.labels_and_annotations(object);
    put!(w, 0, "Spec:\n");
    put!(w, 1, "PodSelector: ");
    if selects_all(object.pointer("/spec/podSelector")) {
        put!(w, 2, "<none> (Allowing the specific traffic to all pods in this namespace)\n");
    } else {
        put!(w, 2, "{}\n", selector_or_none(object.pointer("/spec/podSelector")));
    }
    let types = list(object, "/spec/policyTypes");
    for direction in DIRECTIONS {
        if types.iter().any(|kind| kind == direction.kind) {
            put!(w, 1, "Allowing {} traffic:\n", direction.noun);
            direction.write(&mut w, list(object, direction.rules));
        } else {
            put!(w, 1, "Not affecting {} traffic\n", direction.noun);
        }
    }
    put!(w, 1, "Policy Types: {}\n", or_none(&joined(types, ", ")));
    Ok(w.finish())
}

/// A time as Go's `%s` prints `metav1.Time`.
fn created(time: &str) -> String {
    match SimTime::parse_rfc3339(time) {
        Some(time) => time.strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
        None => "0001-01-01 00:00:00 +0000 UTC".to_owned(),
    }
}

fn selects_all(selector: Option<&Value>) -> bool {
    selector.is_none_or(|selector| {
        entries(selector, "/matchLabels").next().is_none() && list(selector, "/matchExpressions").is_empty()
    })
}

impl Direction {
    fn write(&self, w: &mut Writer, rules: &[Value]) {
        if rules.is_empty() {
            put!(w, 0, "    <none> (Selected pods are isolated for {} connectivity)\n", self.noun);
        }
        for (i, rule) in rules.iter().enumerate() {
            ports(w, list(rule, "/ports"));
            self.write_peers(w, list(rule, self.peers));
            if i + 1 < rules.len() {
                put!(w, 0, "    ----------\n");
            }
        }
    }

    fn write_peers(&self, w: &mut Writer, peers: &[Value]) {
        if peers.is_empty() {
            return put!(w, 0, "    {}: <any> ({})\n", self.preposition, self.open);
        }
        for peer in peers {
            put!(w, 0, "    {}:\n", self.preposition);
            let selectors = [("NamespaceSelector", "/namespaceSelector"), ("PodSelector", "/podSelector")];
            let mut selected = false;
            for (label, pointer) in selectors {
                if let Some(selector) = at(peer, pointer) {
                    put!(w, 1, "    {label}: {}\n", selector_or_none(Some(selector)));
                    selected = true;
                }
            }
            if let Some(block) = at(peer, "/ipBlock").filter(|_| !selected) {
                put!(w, 1, "    IPBlock:\n");
                put!(w, 2, "    CIDR: {}\n", field(block, "cidr"));
                put!(w, 2, "    Except: {}\n", joined(list(block, "/except"), ", "));
            }
        }
    }
}

fn ports(w: &mut Writer, ports: &[Value]) {
    if ports.is_empty() {
        return put!(w, 0, "    To Port: <any> (traffic allowed to all ports)\n");
    }
    for port in ports {
        let protocol = if field(port, "protocol").is_empty() { "TCP" } else { field(port, "protocol") };
        let number = port.get("port").map_or_else(|| "<nil>".to_owned(), |port| int_or_string(Some(port)));
        match int(port, "/endPort") {
            Some(end) => put!(w, 0, "    To Port Range: {number}-{end}/{protocol}\n"),
            None => put!(w, 0, "    To Port: {number}/{protocol}\n"),
        }
    }
}
