//! MutatingAdmissionPolicy: changes objects by an applied configuration or a JSON patch that CEL makes.
//!
//! Rules of apiserver's `admission/plugin/policy/mutating`.

use super::super::forbidden;
use super::{Attempt, Bound, Call, Object, Status, expressions};
use crate::apimachinery::json::Value;
use crate::apimachinery::patch::json_patch;
use crate::apimachinery::schema::{self, Schema};
use crate::apimachinery::status::Cause;
use crate::apimachinery::{apply, object};
use crate::cluster::api::{custom, defaults};

const POLICIES: &str = "mutatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS: &str = "mutatingadmissionpolicybindings.admissionregistration.k8s.io";

/// Lets every policy that is bound change the object.
pub(in super::super) fn mutate(
    call: &mut Call<'_>,
    object: &mut Value,
    old: Option<&Object>,
) -> Result<(), Status> {
    let mut refusals: Vec<String> = Vec::new();
    call.aside.reinvocation.begin(object);
    for bound in super::bound(call, POLICIES, BINDINGS, &Attempt::write(object, old)) {
        let key = format!("{}/{}", object::name(&bound.policy), object::name(&bound.binding));
        if !call.aside.reinvocation.asks(&key) {
            continue;
        }
        let before = object.clone();
        let refused = match &bound.params {
            Err(why) => vec![format!("failed to configure binding: {why}")],
            Ok(params) => {
                params.iter().flat_map(|params| change(call, &bound, object, old, params)).collect()
            }
        };
        let if_needed = object::text(&bound.policy, "/spec/reinvocationPolicy") == "IfNeeded";
        call.aside.reinvocation.asked(&key, if_needed, before != *object);
        if super::ignores_failures(&bound.policy) {
            continue;
        }
        let (policy, binding) = (object::name(&bound.policy), object::name(&bound.binding));
        let told = |why| format!("policy '{policy}' with binding '{binding}' denied request: {why}");
        refusals.extend(refused.into_iter().map(told));
    }
    call.aside.reinvocation.end(object);
    let Some(first) = refusals.first().cloned() else { return Ok(()) };
    let mut status = forbidden(call, object, "");
    (status.message, status.reason) = (first, "Invalid");
    if let Some(details) = &mut status.details {
        let causes = refusals.into_iter().map(|message| Cause { message, ..Cause::default() });
        details.causes.extend(causes);
    }
    Err(status)
}

/// Applies the mutations of one policy in their order; tells what went wrong.
fn change(
    call: &Call<'_>,
    bound: &Bound,
    object: &mut Value,
    old: Option<&Object>,
    params: &Value,
) -> Vec<String> {
    let policy = &*bound.policy;
    let namespace = super::namespace_of(call);
    let conditions = object::list(policy, "/spec/matchConditions");
    {
        let before = object.clone();
        let variables = super::variables(call, &Attempt::write(&before, old), params, &namespace);
        match super::conditions_hold(policy, conditions, super::ignores_failures(policy), &variables) {
            Ok(true) => {}
            Ok(false) => return Vec::new(),
            Err(why) => return vec![why],
        }
    }
    let mut refused = Vec::new();
    for mutation in object::list(policy, "/spec/mutations") {
        let before = object.clone();
        let variables = super::variables(call, &Attempt::write(&before, old), params, &namespace);
        match mutated(call, policy, mutation, &before, &variables) {
            Ok(after) => *object = after,
            Err(why) => refused.push(why),
        }
    }
    if refused.is_empty() {
        defaults::apply(&call.resource, object, old.map(|it| &**it));
    }
    refused
}

fn mutated(
    call: &Call<'_>,
    policy: &Value,
    mutation: &Value,
    object: &Value,
    variables: &expressions::Variables<'_>,
) -> Result<Value, String> {
    if object::field(mutation, "patchType") == "JSONPatch" {
        let patch =
            expressions::evaluate(policy, object::text(mutation, "/jsonPatch/expression"), variables)?;
        return match json_patch(object, &patch) {
            Ok(after) => Ok(after),
            // A failed test leaves the object as it is.
            Err(_) if object::list(&patch, "").iter().any(|it| object::field(it, "op") == "test") => {
                Ok(object.clone())
            }
            Err(error) => Err(format!("JSON Patch: {error}")),
        };
    }
    let source = object::text(mutation, "/applyConfiguration/expression");
    let intent = expressions::evaluate(policy, source, variables)?;
    let own: Option<Schema> = custom::schema(&call.resource);
    let schema = own.as_ref().or_else(|| schema::definition(&call.resource.gvk()));
    let schema = schema.ok_or("error applying patch: type converter must not be nil")?;
    if let Some(path) = atomic_part(schema, &intent, "") {
        return Err(format!(
            "error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: {path}"
        ));
    }
    Ok(apply::overlay(schema, object, &intent))
}

/// The first part of a configuration that would replace something as a whole.
fn atomic_part(schema: &Schema, intent: &Value, path: &str) -> Option<String> {
    match intent {
        Value::Object(map) => {
            if schema.is_atomic() && !path.is_empty() {
                return Some(path.to_owned());
            }
            map.iter().find_map(|(key, value)| {
                let inner = schema.property(key).or(schema.element())?;
                atomic_part(inner, value, &format!("{path}.{key}"))
            })
        }
        Value::Array(list) => {
            if schema.is_atomic() {
                return Some(path.to_owned());
            }
            let inner = schema.element()?;
            list.iter().enumerate().find_map(|(at, it)| atomic_part(inner, it, &format!("{path}[{at}]")))
        }
        _ => None,
    }
}
