//! ValidatingAdmissionPolicy: refuses, warns or only tells the audit log.
//!
//! Rules of apiserver's `admission/plugin/policy/validating`.

use serde::Serialize;

use super::super::forbidden;
use super::{Attempt, Bound, Call, Object, Status, expressions};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Cause;

const POLICIES: &str = "validatingadmissionpolicies.admissionregistration.k8s.io";
const BINDINGS: &str = "validatingadmissionpolicybindings.admissionregistration.k8s.io";

/// What a policy has against an object.
struct Decision {
    /// The place of the expression among its like.
    index: usize,
    reason: String,
    message: String,
}

impl Decision {
    fn error(index: usize, message: impl Into<String>) -> Self {
        Self { index, reason: String::new(), message: message.into() }
    }
}

/// What one policy says of an object: what it has against it, and what it notes in the audit log.
#[derive(Default)]
struct Verdict {
    decisions: Vec<Decision>,
    notes: Vec<(String, String)>,
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
            let verdict = verdict(call, &bound, attempt, params);
            for decision in verdict.decisions {
                if let Some(status) = act(call, &bound, attempt, &decision) {
                    first.get_or_insert(status);
                }
            }
            for (key, value) in verdict.notes {
                note(call, format!("{policy}/{key}"), value);
            }
        }
    }
    first.map_or(Ok(()), Err)
}

/// What several bindings of a policy note under one name stands beside each other.
fn note(call: &mut Call<'_>, key: String, value: String) {
    let known = call.aside.notes.entry(key).or_default();
    if known.is_empty() {
        *known = value;
    } else if !known.split(", ").any(|it| it == value) {
        known.push_str(", ");
        known.push_str(&value);
    }
}

fn verdict(call: &Call<'_>, bound: &Bound, attempt: &Attempt<'_>, params: &Value) -> Verdict {
    let policy = &*bound.policy;
    let namespace = super::namespace_of(call);
    let variables = super::variables(call, attempt, params, &namespace);
    let ignores = super::ignores_failures(policy);
    let conditions = object::list(policy, "/spec/matchConditions");
    let mut found = Verdict::default();
    match super::conditions_hold(policy, conditions, ignores, &variables) {
        Ok(true) => {}
        Ok(false) => return found,
        Err(why) => {
            found.decisions.push(Decision::error(0, why));
            return found;
        }
    }
    for (index, validation) in object::list(policy, "/spec/validations").iter().enumerate() {
        match expressions::evaluate(policy, object::field(validation, "expression"), &variables) {
            Ok(Value::Bool(true)) => {}
            Ok(_) => found.decisions.push(Decision {
                index,
                reason: object::field(validation, "reason").to_owned(),
                message: expressions::message(policy, validation, &variables),
            }),
            Err(_) if ignores => {}
            Err(why) => found.decisions.push(Decision::error(index, why)),
        }
    }
    for (index, annotation) in object::list(policy, "/spec/auditAnnotations").iter().enumerate() {
        let source = object::field(annotation, "valueExpression");
        match expressions::evaluate(policy, source, &variables) {
            Ok(Value::String(value)) if !value.trim().is_empty() => {
                let value: String = value.trim().chars().take(NOTE_MAX).collect();
                found.notes.push((object::field(annotation, "key").to_owned(), value));
            }
            Ok(_) => {}
            Err(_) if ignores => {}
            Err(why) => found.decisions.push(Decision::error(index, why)),
        }
    }
    found
}

/// 10 KiB: what an annotation of the audit log may be.
const NOTE_MAX: usize = 10 << 10;

/// The annotation of requests that break a policy whose binding asks for `Audit`.
const FAILURE_NOTE: &str = "validation.policy.admission.k8s.io/validation_failure";

/// A broken validation as the audit log tells it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    message: &'a str,
    policy: &'a str,
    binding: &'a str,
    expression_index: usize,
    validation_actions: &'a [Value],
}

/// Denies, warns or notes, as the binding says.
fn act(call: &mut Call<'_>, bound: &Bound, attempt: &Attempt<'_>, decision: &Decision) -> Option<Status> {
    let (policy, binding) = (object::name(&bound.policy), object::name(&bound.binding));
    let message = &decision.message;
    let actions = object::list(&bound.binding, "/spec/validationActions");
    if actions.iter().any(|it| it == "Warn") {
        call.warn(format!(
            "Validation failed for ValidatingAdmissionPolicy '{policy}' with binding '{binding}': {message}"
        ));
    }
    if actions.iter().any(|it| it == "Audit") {
        let failure = Failure {
            message,
            policy,
            binding,
            expression_index: decision.index,
            validation_actions: actions,
        };
        call.note(FAILURE_NOTE, serde_json::to_string(&[failure]).unwrap_or_default());
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
