//! ValidatingAdmissionPolicy: refuses, warns or only tells the audit log.
//!
//! Rules of apiserver's `admission/plugin/policy/validating`.

use serde_json::Value;

use super::super::forbidden;
use super::{Attempt, Bound, Call, Object, Status, expressions};
use crate::apimachinery::object;
use crate::apimachinery::status::Cause;

const POLICIES: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS: &str = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

/// What a policy has against an object.
struct Decision {
    reason: String,
    message: String,
}

impl Decision {
    fn error(message: impl Into<String>) -> Self {
        Self { reason: String::new(), message: message.into() }
    }
}

/// Holds an object against every policy that is bound.
pub(in super::super) fn validate(
    call: &mut Call<'_>,
    object: &Value,
    old: Option<&Object>,
) -> Result<(), Status> {
    judge(call, &Attempt::write(object, old))
}

/// The same for an object that is to be deleted.
pub(in super::super) fn on_delete(call: &mut Call<'_>, object: &Object) -> Result<(), Status> {
    judge(call, &Attempt::delete(object))
}

fn judge(call: &mut Call<'_>, attempt: &Attempt<'_>) -> Result<(), Status> {
    let mut first: Option<Status> = None;
    for bound in super::bound(call, POLICIES, BINDINGS, attempt) {
        let (policy, binding) = (object::name(&bound.policy), object::name(&bound.binding));
        let params = match &bound.params {
            Ok(params) => params,
            Err(_) if super::ignores_failures(&bound.policy) => continue,
            Err(why) if super::is_of_policy(why) => {
                let message = format!(
                    "ValidatingAdmissionPolicy '{policy}' denied request: failed to configure policy: {why}"
                );
                first.get_or_insert_with(|| denial(call, attempt, "", message));
                continue;
            }
            Err(why) => {
                let message = format!(
                    "ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: failed to configure binding: {why}"
                );
                first.get_or_insert_with(|| denial(call, attempt, "", message));
                continue;
            }
        };
        for params in params {
            for decision in decisions(call, &bound, attempt, params) {
                if let Some(status) = act(call, &bound, attempt, &decision) {
                    first.get_or_insert(status);
                }
            }
        }
    }
    first.map_or(Ok(()), Err)
}

fn decisions(call: &Call<'_>, bound: &Bound, attempt: &Attempt<'_>, params: &Value) -> Vec<Decision> {
    let policy = &*bound.policy;
    let namespace = super::namespace_of(call);
    let variables = super::variables(call, attempt, params, &namespace);
    let ignores = super::ignores_failures(policy);
    let conditions = object::list(policy, "/spec/matchConditions");
    match super::conditions_hold(policy, conditions, ignores, &variables) {
        Ok(true) => {}
        Ok(false) => return Vec::new(),
        Err(why) => return vec![Decision::error(why)],
    }
    let mut found = Vec::new();
    for validation in object::list(policy, "/spec/validations") {
        match expressions::evaluate(policy, object::field(validation, "expression"), &variables) {
            Ok(Value::Bool(true)) => {}
            Ok(_) => found.push(Decision {
                reason: object::field(validation, "reason").to_owned(),
                message: expressions::message(policy, validation, &variables),
            }),
            Err(_) if ignores => {}
            Err(why) => found.push(Decision::error(why)),
        }
    }
    for annotation in object::list(policy, "/spec/auditAnnotations") {
        let source = object::field(annotation, "valueExpression");
        if let Err(why) = expressions::evaluate(policy, source, &variables)
            && !ignores
        {
            found.push(Decision::error(why));
        }
    }
    found
}

/// Denies or warns, as the binding says.
fn act(call: &mut Call<'_>, bound: &Bound, attempt: &Attempt<'_>, decision: &Decision) -> Option<Status> {
    let (policy, binding) = (object::name(&bound.policy), object::name(&bound.binding));
    let message = &decision.message;
    let actions = object::list(&bound.binding, "/spec/validationActions");
    if actions.iter().any(|it| it == "Warn") {
        call.warn(format!(
            "Validation failed for ValidatingAdmissionPolicy '{policy}' with binding '{binding}': {message}"
        ));
    }
    if !actions.iter().any(|it| it == "Deny") {
        return None;
    }
    let message =
        format!("ValidatingAdmissionPolicy '{policy}' with binding '{binding}' denied request: {message}");
    Some(denial(call, attempt, &decision.reason, message))
}

fn denial(call: &Call<'_>, attempt: &Attempt<'_>, reason: &str, message: String) -> Status {
    let mut status = forbidden(call, attempt.subject(), &message);
    (status.reason, status.code) = match reason {
        "Unauthorized" => ("Unauthorized", 401),
        "Forbidden" => ("Forbidden", 403),
        "RequestEntityTooLarge" => ("RequestEntityTooLarge", 413),
        _ => ("Invalid", 422),
    };
    if let Some(details) = &mut status.details {
        details.causes.push(Cause { message, ..Cause::default() });
    }
    status
}
