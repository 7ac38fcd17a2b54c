//! ValidatingAdmissionPolicy: CEL expressions over objects, bound to parts of the cluster.
//!
//! Rules of apiserver's `admission/plugin/policy/validating`.

mod expressions;
pub(crate) mod matching;

use serde_json::Value;

use self::expressions::{Outcome, Variables};
use super::{Call, Object, Status, forbidden};
use crate::apimachinery::object;
use crate::apimachinery::status::Cause;

const POLICIES: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS: &str = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

/// Holds an object against every policy that is bound.
pub(super) fn validate(call: &mut Call<'_>, object: &Value, old: Option<&Object>) -> Result<(), Status> {
    if call.resource.group == "admissionregistration.k8s.io" || call.store().count(BINDINGS) == 0 {
        return Ok(());
    }
    let bindings: Vec<Object> = call.store().list(BINDINGS, "").cloned().collect();
    for binding in bindings {
        let name = object::text(&binding, "/spec/policyName");
        let Some(policy) = call.store().find(POLICIES, "", name).cloned() else { continue };
        if matches(call, &policy, "/spec/matchConstraints", object, old, true)
            && matches(call, &binding, "/spec/matchResources", object, old, false)
        {
            for params in parameters(call, &policy, &binding)? {
                apply(call, &policy, &binding, (object, old, &params))?;
            }
        }
    }
    Ok(())
}

fn matches(
    call: &Call<'_>,
    of: &Value,
    pointer: &str,
    object: &Value,
    old: Option<&Object>,
    rules_needed: bool,
) -> bool {
    let Some(constraints) = object::at(of, pointer) else { return !rules_needed };
    let rules = object::list(constraints, "/resourceRules");
    let included = if rules.is_empty() { !rules_needed } else { matching::rules(call, rules, old) };
    let excluded = matching::rules(call, object::list(constraints, "/excludeResourceRules"), old);
    included && !excluded && matching::selectors(call, constraints, object)
}

/// The parameter objects of a binding; one null when the policy takes none.
fn parameters(call: &Call<'_>, policy: &Value, binding: &Value) -> Result<Vec<Value>, Status> {
    let Some(kind) = object::at(policy, "/spec/paramKind") else { return Ok(vec![Value::Null]) };
    let reference = object::at(binding, "/spec/paramRef").cloned().unwrap_or(Value::Null);
    let gvk = object::Gvk::of(kind);
    let Some(resource) = crate::cluster::api::resources::by_kind(call.cluster(), &gvk) else {
        return Ok(Vec::new());
    };
    let namespace = match object::field(&reference, "namespace") {
        "" if resource.namespaced => call.namespace.as_str(),
        namespace => namespace,
    };
    let name = object::field(&reference, "name");
    let found: Vec<Value> = if name.is_empty() {
        call.store().list(&resource.storage, namespace).map(|it| (**it).clone()).collect()
    } else {
        call.store().find(&resource.storage, namespace, name).map(|it| (**it).clone()).into_iter().collect()
    };
    if found.is_empty() && object::field(&reference, "parameterNotFoundAction") != "Allow" {
        let (policy, binding) = (object::name(policy), object::name(binding));
        let why = format!(
            "policy '{policy}' with binding '{binding}' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction"
        );
        return Err(call.forbidden(
            &call.name,
            &format!("ValidatingAdmissionPolicy {}", why.trim_start_matches("policy ")),
        ));
    }
    Ok(found)
}

/// Evaluates one policy for one binding.
fn apply(
    call: &mut Call<'_>,
    policy: &Value,
    binding: &Value,
    (object, old, params): (&Value, Option<&Object>, &Value),
) -> Result<(), Status> {
    let namespace = call.store().find("namespaces", "", &call.namespace).cloned();
    let variables = Variables {
        object,
        old: old.map_or(&Value::Null, |it| it),
        params,
        namespace: namespace.as_deref().unwrap_or(&Value::Null),
        request: expressions::request(call, object, old),
    };
    let ignores = object::text(policy, "/spec/failurePolicy") == "Ignore";
    for condition in object::list(policy, "/spec/matchConditions") {
        match expressions::evaluate(policy, object::field(condition, "expression"), &variables) {
            Outcome::True => {}
            Outcome::False(_) => return Ok(()),
            Outcome::Error(_) if ignores => return Ok(()),
            Outcome::Error(error) => return deny(call, policy, binding, object, &Value::Null, &error),
        }
    }
    for validation in object::list(policy, "/spec/validations") {
        let expression = object::field(validation, "expression");
        let message = match expressions::evaluate(policy, expression, &variables) {
            Outcome::True => continue,
            Outcome::Error(_) if ignores => continue,
            Outcome::Error(error) => error,
            Outcome::False(_) => expressions::message(policy, validation, &variables),
        };
        deny(call, policy, binding, object, validation, &message)?;
    }
    Ok(())
}

/// Denies, warns or only audits, as the binding says.
fn deny(
    call: &mut Call<'_>,
    policy: &Value,
    binding: &Value,
    object: &Value,
    validation: &Value,
    message: &str,
) -> Result<(), Status> {
    let (policy_name, binding_name) = (object::name(policy), object::name(binding));
    let actions = object::list(binding, "/spec/validationActions");
    if actions.iter().any(|it| it == "Warn") {
        call.warn(format!(
            "Validation failed for ValidatingAdmissionPolicy '{policy_name}' with binding '{binding_name}': {message}"
        ));
    }
    if !actions.is_empty() && !actions.iter().any(|it| it == "Deny") {
        return Ok(());
    }
    let message = format!(
        "ValidatingAdmissionPolicy '{policy_name}' with binding '{binding_name}' denied request: {message}"
    );
    let mut status = forbidden(call, object, &message);
    (status.reason, status.code) = match object::field(validation, "reason") {
        "Unauthorized" => ("Unauthorized", 401),
        "Forbidden" => ("Forbidden", 403),
        "RequestEntityTooLarge" => ("RequestEntityTooLarge", 413),
        _ => ("Invalid", 422),
    };
    if let Some(details) = &mut status.details {
        details.causes.push(Cause { message, ..Cause::default() });
    }
    Err(status)
}
