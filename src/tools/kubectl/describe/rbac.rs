//! Roles and bindings.

use super::writer::{Writer, put};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{field, list, text};

/// A policy rule about one resource or one URL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) verbs: Vec<String>,
    pub(crate) groups: Vec<String>,
    pub(crate) resources: Vec<String>,
    pub(crate) names: Vec<String>,
    pub(crate) urls: Vec<String>,
}

fn strings(rule: &Value, key: &str) -> Vec<String> {
    list(rule, key).iter().filter_map(|text| Some(text.as_str()?.to_owned())).collect()
}

/// Rules with one group, resource and verb each, or one URL and verb.
pub(crate) fn break_down(rule: &Value) -> Vec<Rule> {
    let (verbs, names) = (strings(rule, "/verbs"), strings(rule, "/resourceNames"));
    let names: Vec<Vec<String>> =
        if names.is_empty() { vec![Vec::new()] } else { names.into_iter().map(|name| vec![name]).collect() };
    let mut all = Vec::new();
    for group in strings(rule, "/apiGroups") {
        for resource in strings(rule, "/resources") {
            for verb in &verbs {
                all.extend(names.iter().map(|names| Rule {
                    verbs: vec![verb.clone()],
                    groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    names: names.clone(),
                    urls: Vec::new(),
                }));
            }
        }
    }
    for url in strings(rule, "/nonResourceURLs") {
        all.extend(verbs.iter().map(|verb| Rule {
            verbs: vec![verb.clone()],
            urls: vec![url.clone()],
            ..Rule::default()
        }));
    }
    all
}

/// Rules about the same resource and names made one, the verbs in the order they came; then sorted.
pub(crate) fn compact(rules: Vec<Rule>) -> Vec<Rule> {
    let mut all: Vec<Rule> = Vec::new();
    for rule in rules {
        let same = |other: &&mut Rule| {
            rule.urls.is_empty()
                && other.urls.is_empty()
                && (&other.groups, &other.resources, &other.names)
                    == (&rule.groups, &rule.resources, &rule.names)
        };
        match all.iter_mut().find(same) {
            Some(other) => {
                for verb in rule.verbs {
                    if !other.verbs.contains(&verb) {
                        other.verbs.push(verb);
                    }
                }
            }
            None => all.push(rule),
        }
    }
    all.sort_by_key(Rule::sort_key);
    all
}

impl Rule {
    /// The order of Go's generated `String`, which kubectl sorts by.
    fn sort_key(&self) -> String {
        let list = |items: &[String]| format!("[{}]", items.join(" "));
        format!(
            "&PolicyRule{{Verbs:{},APIGroups:{},Resources:{},ResourceNames:{},NonResourceURLs:{},}}",
            list(&self.verbs),
            list(&self.groups),
            list(&self.resources),
            list(&self.names),
            list(&self.urls)
        )
    }

    /// `deployments.apps/scale`.
    pub(crate) fn resource(&self) -> String {
        let Some(resource) = self.resources.first() else { return String::new() };
        let (resource, subresource) = match resource.split_once('/') {
            Some((resource, subresource)) => (resource, format!("/{subresource}")),
            None => (resource.as_str(), String::new()),
        };
        match self.groups.first().filter(|group| !group.is_empty()) {
            Some(group) => format!("{resource}.{group}{subresource}"),
            None => format!("{resource}{subresource}"),
        }
    }

    /// The four columns of a rule table.
    pub(crate) fn cells(&self) -> String {
        let list = |items: &[String]| format!("[{}]", items.join(" "));
        format!("{}\t{}\t{}\t{}", self.resource(), list(&self.urls), list(&self.names), list(&self.verbs))
    }
}

/// Describes a role or cluster role.
pub(super) fn role(object: &Value, _lookup: &mut dyn Lookup, _settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, false);
    put!(w, 0, "PolicyRule:\n");
    put!(w, 1, "Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    put!(w, 1, "---------\t-----------------\t--------------\t-----\n");
    for rule in compact(list(object, "/rules").iter().flat_map(break_down).collect()) {
        put!(w, 1, "{}\n", rule.cells());
    }
    Ok(w.finish())
}

/// Describes a role binding or cluster role binding.
pub(super) fn binding(object: &Value, _lookup: &mut dyn Lookup, _settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, false);
    put!(w, 0, "Role:\n");
    put!(w, 1, "Kind:\t{}\n", text(object, "/roleRef/kind"));
    put!(w, 1, "Name:\t{}\n", text(object, "/roleRef/name"));
    put!(w, 0, "Subjects:\n");
    put!(w, 1, "Kind\tName\tNamespace\n");
    put!(w, 1, "----\t----\t---------\n");
    for subject in list(object, "/subjects") {
        put!(
            w,
            1,
            "{}\t{}\t{}\n",
            field(subject, "kind"),
            field(subject, "name"),
            field(subject, "namespace")
        );
    }
    Ok(w.finish())
}
