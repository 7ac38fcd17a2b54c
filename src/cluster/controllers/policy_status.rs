//! What the types of the objects that a ValidatingAdmissionPolicy is about say of its expressions, told in
//! its status.
//!
//! Follows `pkg/controller/validatingadmissionpolicystatus`. Rules with wildcards are not looked at, as there.

use std::time::Duration;

use super::hand::Hand;
use crate::apimachinery::expr::{self, Names, Refusal, Type};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, Gvk};
use crate::apimachinery::schema;
use crate::cluster::api::{custom, resources};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Cluster, ClusterId, Event, World};

/// One key a policy.
pub(crate) const POLICY_STATUS: Component = Component {
    name: "validatingadmissionpolicy-status-controller",
    process: Process::ControllerManager,
    woken_by,
    sync,
};

const RESOURCE: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if &*event.key.resource == RESOURCE {
        keys.push(event.key.name.to_string());
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, POLICY_STATUS.name);
    let policy = hand.at(RESOURCE, key)?;
    let generation = object::int(&policy, "/metadata/generation");
    if object::int(&policy, "/status/observedGeneration") == generation {
        return None;
    }
    let warnings = warnings(hand.cluster(), &policy);
    let checking = if warnings.is_empty() { json!({}) } else { json!({"expressionWarnings": warnings}) };
    let status = json!({"observedGeneration": generation, "typeChecking": checking});
    let written = hand.update_status(RESOURCE, &policy, status);
    if written.is_err() { hand.retry(key) } else { None }
}

fn warnings(cluster: &Cluster, policy: &Value) -> Vec<Value> {
    let kinds = kinds(cluster, policy);
    let mut found = Vec::new();
    for (index, validation) in object::list(policy, "/spec/validations").iter().enumerate() {
        for key in ["expression", "messageExpression"] {
            let source = object::field(validation, key);
            let told: Vec<String> = kinds.iter().filter_map(|kind| complaint(policy, source, kind)).collect();
            if !source.is_empty() && !told.is_empty() {
                found.push(json!({
                    "fieldRef": format!("spec.validations[{index}].{key}"), "warning": told.join("\n"),
                }));
            }
        }
    }
    found
}

/// A kind that the policy is about, and the type of its objects.
struct Kind {
    gvk: Gvk,
    object: Type,
}

fn kinds(cluster: &Cluster, policy: &Value) -> Vec<Kind> {
    let mut found: Vec<Kind> = Vec::new();
    for rule in object::list(policy, "/spec/matchConstraints/resourceRules") {
        let texts = |key: &str| -> Vec<String> {
            let list = object::list(rule, &format!("/{key}"));
            list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        for group in texts("apiGroups") {
            for version in texts("apiVersions") {
                for plural in texts("resources") {
                    let kind = kind(cluster, &group, &version, &plural);
                    found.extend(kind.filter(|it| !found.iter().any(|old| old.gvk == it.gvk)));
                }
            }
        }
    }
    found
}

fn kind(cluster: &Cluster, group: &str, version: &str, plural: &str) -> Option<Kind> {
    let resource = resources::find(cluster, group, version, plural)?;
    let gvk = resource.gvk();
    let own = custom::schema(&resource);
    let schema = own.as_ref().or_else(|| schema::definition(&gvk))?;
    Some(Kind { object: schema::declared(schema, &gvk.kind), gvk })
}

/// What does not fit in an expression over objects of a kind.
fn complaint(policy: &Value, source: &str, kind: &Kind) -> Option<String> {
    let mut names = expr::policy::names(object::at(policy, "/spec/paramKind").is_some());
    for name in ["object", "oldObject"] {
        names.insert(name.into(), kind.object.clone());
    }
    let mut composed = Names::new();
    for variable in object::list(policy, "/spec/variables") {
        names.insert("variables".into(), expr::policy::variables(&composed));
        let found = expr::compile_as(object::field(variable, "expression"), &names, &[]);
        let found = found.map_or(Type::Dyn, |it| it.1);
        composed.insert(object::field(variable, "name").to_owned(), found);
    }
    names.insert("variables".into(), expr::policy::variables(&composed));
    match expr::compile_as(source, &names, &[]) {
        Err(Refusal::Compilation(issues)) => {
            let version = match kind.gvk.group.as_str() {
                "" => format!("/{}", kind.gvk.version),
                _ => kind.gvk.api_version(),
            };
            Some(format!("{version}, Kind={}: {issues}", kind.gvk.kind))
        }
        _ => None,
    }
}
