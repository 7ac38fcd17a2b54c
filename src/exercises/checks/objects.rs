//! Checks of API objects: one that must be so, none that may be, so many that must be.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Finding, Mistake, Scene, matcher};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::api::resources;
use crate::cluster::{Cluster, Object};

/// `object:` an object of that name with such fields.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectCheck {
    kind: String,
    /// Group, where two groups have the kind.
    #[serde(default)]
    group: Option<String>,
    name: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    fields: BTreeMap<String, Value>,
}

/// `none:` no object of the kind is so.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoneCheck {
    kind: String,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    selector: String,
    #[serde(default, rename = "where")]
    fields: BTreeMap<String, Value>,
    /// `daemonset` leaves pods of DaemonSets and static pods out, `completed` those that ended.
    #[serde(default)]
    except: String,
}

/// `count:` so many objects of the kind are so.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CountCheck {
    kind: String,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    selector: String,
    #[serde(default, rename = "where")]
    fields: BTreeMap<String, Value>,
    #[serde(default)]
    equals: Option<usize>,
    #[serde(default)]
    at_least: Option<usize>,
    #[serde(default)]
    at_most: Option<usize>,
}

/// Every object of a kind; of one namespace when `namespace` is not empty.
fn all(cluster: &Cluster, kind: &str, group: Option<&str>, namespace: &str) -> Vec<Object> {
    let fits = |it: &&std::sync::Arc<resources::Resource>| {
        it.kind == kind && group.is_none_or(|group| it.group == group)
    };
    let known = resources::all(cluster);
    let Some(resource) = known.iter().find(fits) else { return Vec::new() };
    cluster.store.list(&resource.storage, namespace).cloned().collect()
}

/// The API has a kind of that name, or may get it by a CustomResourceDefinition.
fn known_kind(kind: &str) -> Result<(), String> {
    let starts_upper = kind.chars().next().is_some_and(char::is_uppercase);
    if starts_upper {
        Ok(())
    } else {
        Err(format!("kind {kind:?}: write it as a manifest does, such as Deployment"))
    }
}

fn known_fields(fields: &BTreeMap<String, Value>) -> Result<(), String> {
    for (path, wanted) in fields {
        matcher::values(&Value::Null, path).map_err(|error| format!("{path}: {error}"))?;
        matcher::validate(wanted).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

fn is_so(object: &Value, fields: &BTreeMap<String, Value>, selector: &str) -> bool {
    let labels = object.pointer("/metadata/labels").unwrap_or(&Value::Null);
    let selected = selector.is_empty() || LabelSelector::parse(selector).is_ok_and(|it| it.matches(labels));
    selected && fields.iter().all(|(path, wanted)| matcher::holds(object, path, wanted))
}

fn where_words(fields: &BTreeMap<String, Value>, selector: &str) -> String {
    let mut parts: Vec<String> =
        fields.iter().map(|(path, wanted)| format!("{path} {}", matcher::words(wanted))).collect();
    if !selector.is_empty() {
        parts.push(format!("labels {selector}"));
    }
    if parts.is_empty() { String::new() } else { format!(" with {}", parts.join(", ")) }
}

/// `namespace/name`, or the name alone.
fn path_of(object: &Value) -> String {
    match object::namespace(object) {
        "" => object::name(object).to_owned(),
        namespace => format!("{namespace}/{}", object::name(object)),
    }
}

impl ObjectCheck {
    pub(super) fn validate(&self) -> Result<(), String> {
        known_kind(&self.kind)?;
        known_fields(&self.fields)
    }

    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let Some(cluster) = scene.cluster() else { return Finding::default() };
        let named: Vec<Object> = all(cluster, &self.kind, self.group.as_deref(), "")
            .into_iter()
            .filter(|it| object::name(it) == self.name)
            .collect();
        let here = |it: &&Object| {
            let namespace = object::namespace(it);
            namespace.is_empty()
                || namespace == self.namespace
                || (self.namespace.is_empty() && namespace == "default")
        };
        let wanted = format!("{} {}{}", self.kind, self.path(), where_words(&self.fields, ""));
        match named.iter().find(here) {
            Some(found) => self.compare(found, wanted),
            None => match named.first() {
                Some(elsewhere) => {
                    let saw = format!("{} is in namespace {}", self.name, object::namespace(elsewhere));
                    Finding::miss(Mistake::WrongNamespace, wanted, saw)
                }
                None => Finding::miss(Mistake::Missing, wanted, format!("no {} {}", self.kind, self.path())),
            },
        }
    }

    fn path(&self) -> String {
        if self.namespace.is_empty() {
            self.name.clone()
        } else {
            format!("{}/{}", self.namespace, self.name)
        }
    }

    fn compare(&self, found: &Value, wanted: String) -> Finding {
        let off: Vec<&String> = self
            .fields
            .iter()
            .filter(|(path, wanted)| !matcher::holds(found, path, wanted))
            .map(|(path, _)| path)
            .collect();
        if off.is_empty() {
            return Finding::pass(wanted);
        }
        let seen = |path: &&String| {
            let values = matcher::values(found, path).unwrap_or_default();
            let seen: Vec<String> = values.iter().map(matcher::plain).collect();
            format!("{path} is {}", if seen.is_empty() { "absent".to_owned() } else { seen.join(", ") })
        };
        let saw: Vec<String> = off.iter().map(seen).collect();
        Finding::miss(class(&off), wanted, saw.join("; "))
    }
}

/// The class of a mistake by the fields that are off: where it runs, what became of it, or what was asked for.
fn class(off: &[&String]) -> Mistake {
    if off.iter().any(|path| path.trim_start_matches('.') == "spec.nodeName") {
        Mistake::WrongNode
    } else if off.iter().all(|path| path.trim_start_matches('.').starts_with("status")) {
        Mistake::NotEffective
    } else {
        Mistake::WrongValue
    }
}

impl NoneCheck {
    pub(super) fn validate(&self) -> Result<(), String> {
        known_kind(&self.kind)?;
        if !["", "daemonset", "completed"].contains(&self.except.as_str()) {
            return Err(format!("except {:?}: use daemonset or completed", self.except));
        }
        known_fields(&self.fields)
    }

    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let Some(cluster) = scene.cluster() else { return Finding::default() };
        let found: Vec<String> = all(cluster, &self.kind, self.group.as_deref(), &self.namespace)
            .iter()
            .filter(|it| self.name.is_empty() || object::name(it) == self.name)
            .filter(|it| is_so(it, &self.fields, &self.selector) && !self.is_excepted(it))
            .map(|it| path_of(it))
            .collect();
        let name = if self.name.is_empty() { String::new() } else { format!(" {}", self.name) };
        let wanted = format!("no {}{name}{}", self.kind, where_words(&self.fields, &self.selector));
        if found.is_empty() {
            return Finding::pass(wanted);
        }
        Finding::miss(Mistake::NotUndone, wanted, found.join(", "))
    }

    fn is_excepted(&self, object: &Value) -> bool {
        let owner = object::controller_of(object).map_or("", |owner| object::field(owner, "kind"));
        match self.except.as_str() {
            "daemonset" => {
                owner == "DaemonSet"
                    || owner == "Node"
                    || object::annotation(object, "kubernetes.io/config.mirror").is_some()
            }
            "completed" => ["Succeeded", "Failed"].contains(&object::text(object, "/status/phase")),
            _ => false,
        }
    }
}

impl CountCheck {
    pub(super) fn validate(&self) -> Result<(), String> {
        known_kind(&self.kind)?;
        if self.equals.is_none() && self.at_least.is_none() && self.at_most.is_none() {
            return Err("give equals, at_least or at_most".into());
        }
        known_fields(&self.fields)
    }

    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let Some(cluster) = scene.cluster() else { return Finding::default() };
        let count = |namespace: &str| {
            all(cluster, &self.kind, self.group.as_deref(), namespace)
                .iter()
                .filter(|it| object::at(it, "/metadata/deletionTimestamp").is_none())
                .filter(|it| is_so(it, &self.fields, &self.selector))
                .count()
        };
        let found = count(&self.namespace);
        let bounds = [("", self.equals), ("at least ", self.at_least), ("at most ", self.at_most)];
        let range: Vec<String> =
            bounds.iter().filter_map(|(word, bound)| bound.map(|bound| format!("{word}{bound}"))).collect();
        let wanted =
            format!("{} {}{}", range.join(", "), self.kind, where_words(&self.fields, &self.selector));
        let holds = self.equals.is_none_or(|wanted| found == wanted)
            && self.at_least.is_none_or(|least| found >= least)
            && self.at_most.is_none_or(|most| found <= most);
        if holds {
            return Finding::pass(wanted);
        }
        let elsewhere = if found == 0 && !self.namespace.is_empty() { count("") } else { 0 };
        if elsewhere > 0 {
            let saw = format!("0 in {}, {elsewhere} in other namespaces", self.namespace);
            return Finding::miss(Mistake::WrongNamespace, wanted, saw);
        }
        Finding::miss(Mistake::WrongValue, wanted, found.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_mistake_follows_from_the_fields_that_are_off() {
        let class_of = |paths: &[&str]| {
            let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
            class(&paths.iter().collect::<Vec<_>>())
        };
        assert_eq!(class_of(&["spec.nodeName", "status.phase"]), Mistake::WrongNode);
        assert_eq!(class_of(&["status.readyReplicas"]), Mistake::NotEffective);
        assert_eq!(class_of(&["status.readyReplicas", "spec.replicas"]), Mistake::WrongValue);
    }
}
