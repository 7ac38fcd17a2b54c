//! Where pods may go: affinity, tolerations, topology spread, node selectors.

use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::validate;
use crate::cluster::api::validation::meta;
use crate::cluster::api::validation::node::{NOT_POSITIVE, Node};

const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";

/// `spec.affinity`.
pub(super) fn affinity(spec: &Node<'_>, errs: &mut Errors) {
    let affinity = spec.child("affinity");
    if let Some(node) = affinity.get("nodeAffinity") {
        if let Some(selector) = node.get(REQUIRED) {
            node_selector(&selector, errs);
        }
        for term in node.items(PREFERRED) {
            weight(&term, errs);
            node_selector_term(&term.child("preference"), errs);
        }
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let pods = affinity.child(kind);
        pods.items(REQUIRED).iter().for_each(|term| pod_term(term, errs));
        for term in pods.items(PREFERRED) {
            weight(&term, errs);
            pod_term(&term.child("podAffinityTerm"), errs);
        }
    }
}

fn weight(term: &Node<'_>, errs: &mut Errors) {
    let weight = term.int("weight").unwrap_or(0);
    if !(1..=100).contains(&weight) {
        errs.push(field::invalid(&term.at("weight"), weight, "must be in the range 1-100"));
    }
}

fn pod_term(term: &Node<'_>, errs: &mut Errors) {
    meta::selector(term, "labelSelector", errs);
    meta::selector(term, "namespaceSelector", errs);
    for namespace in term.strings("namespaces") {
        let sentences = validate::dns1123_label(namespace);
        errs.extend(field::invalid_each(&term.at("namespace"), namespace, &sentences));
    }
    label_keys(term, errs);
    let key = term.text("topologyKey");
    if key.is_empty() {
        errs.push(field::required(&term.at("topologyKey"), "can not be empty"));
    }
    meta::label_name(&term.at("topologyKey"), key, errs);
}

fn label_keys(term: &Node<'_>, errs: &mut Errors) {
    for list in ["matchLabelKeys", "mismatchLabelKeys"] {
        if term.len(list) > 0 && !term.has("labelSelector") {
            let detail = "must not be specified when labelSelector is not set";
            errs.push(field::forbidden(&term.at(list), detail));
            continue;
        }
        for key in term.items(list) {
            meta::label_name(&key.path, key.value.as_str().unwrap_or(""), errs);
        }
    }
    let mismatch = term.strings("mismatchLabelKeys");
    for key in term.items("matchLabelKeys") {
        let name = key.value.as_str().unwrap_or("");
        if mismatch.contains(&name) {
            let detail = "exists in both matchLabelKeys and mismatchLabelKeys";
            errs.push(field::invalid(&key.path, name, detail));
        }
    }
}

/// A `NodeSelector`.
pub(in crate::cluster::api::validation) fn node_selector(selector: &Node<'_>, errs: &mut Errors) {
    let terms = selector.items("nodeSelectorTerms");
    if terms.is_empty() {
        let detail = "must have at least one node selector term";
        errs.push(field::required(&selector.at("nodeSelectorTerms"), detail));
    }
    terms.iter().for_each(|term| node_selector_term(term, errs));
}

fn node_selector_term(term: &Node<'_>, errs: &mut Errors) {
    term.items("matchExpressions").iter().for_each(|it| node_requirement(it, errs));
    term.items("matchFields").iter().for_each(|it| node_field(it, errs));
}

fn node_requirement(requirement: &Node<'_>, errs: &mut Errors) {
    let values = requirement.at("values");
    match (requirement.text("operator"), requirement.len("values")) {
        ("In" | "NotIn", 0) => {
            errs.push(field::required(&values, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        ("Exists" | "DoesNotExist", 1..) => {
            let detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            errs.push(field::forbidden(&values, detail));
        }
        ("Gt" | "Lt", 0 | 2..) => {
            let detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            errs.push(field::required(&values, detail));
        }
        ("In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt", _) => {}
        (other, _) => {
            let detail = "not a valid selector operator";
            errs.push(field::invalid(&requirement.at("operator"), other, detail));
        }
    }
    meta::label_name(&requirement.at("key"), requirement.text("key"), errs);
    if matches!(requirement.text("operator"), "In" | "NotIn") {
        for value in requirement.items("values") {
            let text = value.value.as_str().unwrap_or("");
            errs.extend(field::invalid_each(&value.path, text, &validate::label_value(text)));
        }
    }
}

fn node_field(requirement: &Node<'_>, errs: &mut Errors) {
    match requirement.text("operator") {
        "In" | "NotIn" => {
            if requirement.len("values") != 1 {
                let detail =
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
                errs.push(field::required(&requirement.at("values"), detail));
            }
        }
        other => {
            let detail = "not a valid selector operator";
            errs.push(field::invalid(&requirement.at("operator"), other, detail));
        }
    }
    if requirement.text("key") != "metadata.name" {
        let detail = "not a valid field selector key";
        errs.push(field::invalid(&requirement.at("key"), requirement.text("key"), detail));
    }
}

/// The effect of a taint or toleration.
pub(in crate::cluster::api::validation) fn taint_effect(effect: &str, path: &Path, errs: &mut Errors) {
    const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
    if !EFFECTS.contains(&effect) {
        errs.push(field::not_supported(path, effect, &EFFECTS));
    }
}

/// `spec.tolerations`.
pub(in crate::cluster::api::validation) fn tolerations(spec: &Node<'_>, errs: &mut Errors) {
    spec.items("tolerations").iter().for_each(|it| toleration(it, errs));
}

fn toleration(toleration: &Node<'_>, errs: &mut Errors) {
    let (key, operator) = (toleration.text("key"), toleration.text("operator"));
    let (effect, value) = (toleration.text("effect"), toleration.text("value"));
    let operator_path = toleration.at("operator");
    if !key.is_empty() {
        meta::label_name(&toleration.at("key"), key, errs);
    }
    if key.is_empty() && operator != "Exists" {
        let detail =
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        errs.push(field::invalid(&operator_path, operator, detail));
    }
    if toleration.has("tolerationSeconds") && effect != "NoExecute" {
        let detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        errs.push(field::invalid(&toleration.at("effect"), effect, detail));
    }
    match operator {
        "Equal" | "" => {
            let sentences = validate::label_value(value);
            if !sentences.is_empty() {
                errs.push(field::invalid(&operator_path, value, &sentences.join(";")));
            }
        }
        "Exists" => {
            if !value.is_empty() {
                let detail = "value must be empty when `operator` is 'Exists'";
                errs.push(field::invalid(&operator_path, value, detail));
            }
        }
        other => errs.push(field::not_supported(&operator_path, other, &["Equal", "Exists"])),
    }
    if !effect.is_empty() {
        taint_effect(effect, &toleration.at("effect"), errs);
    }
}

/// `spec.topologySpreadConstraints`.
pub(super) fn topology_spread(spec: &Node<'_>, errs: &mut Errors) {
    let constraints = spec.items("topologySpreadConstraints");
    for (index, constraint) in constraints.iter().enumerate() {
        let skew = constraint.int("maxSkew").unwrap_or(0);
        if skew <= 0 {
            errs.push(field::invalid(&constraint.at("maxSkew"), skew, NOT_POSITIVE));
        }
        let (key, action) = (constraint.text("topologyKey"), constraint.text("whenUnsatisfiable"));
        if key.is_empty() {
            errs.push(field::required(&constraint.at("topologyKey"), "can not be empty"));
        } else {
            meta::label_name(&constraint.at("topologyKey"), key, errs);
        }
        const ACTIONS: [&str; 2] = ["DoNotSchedule", "ScheduleAnyway"];
        if !ACTIONS.contains(&action) {
            errs.push(field::not_supported(&constraint.at("whenUnsatisfiable"), action, &ACTIONS));
        }
        let same = |it: &Node<'_>| it.text("topologyKey") == key && it.text("whenUnsatisfiable") == action;
        if constraints.iter().skip(index + 1).any(same) {
            let path = constraint.at("{topologyKey, whenUnsatisfiable}");
            errs.push(field::duplicate(&path, format!("{{{key}, {action}}}")));
        }
        spread_details(constraint, action, errs);
    }
}

fn spread_details(constraint: &Node<'_>, action: &str, errs: &mut Errors) {
    if let Some(domains) = constraint.int("minDomains") {
        if domains <= 0 {
            errs.push(field::invalid(&constraint.at("minDomains"), domains, NOT_POSITIVE));
        }
        if action != "DoNotSchedule" {
            let detail = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
            errs.push(field::invalid(&constraint.at("minDomains"), domains, &detail));
        }
    }
    for key in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
        let policy = constraint.text(key);
        if constraint.has(key) && !["Honor", "Ignore"].contains(&policy) {
            errs.push(field::not_supported(&constraint.at(key), policy, &["Honor", "Ignore"]));
        }
    }
    if constraint.len("matchLabelKeys") > 0 && !constraint.has("labelSelector") {
        let detail = "must not be specified when labelSelector is not set";
        errs.push(field::forbidden(&constraint.at("matchLabelKeys"), detail));
    }
    for key in constraint.items("matchLabelKeys") {
        meta::label_name(&key.path, key.value.as_str().unwrap_or(""), errs);
    }
    meta::selector(constraint, "labelSelector", errs);
}
