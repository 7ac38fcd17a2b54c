//! CEL in policies: the variables that expressions see, and what an expression comes to.

use serde_json::{Value, json};

use super::super::{Call, Object};
use crate::apimachinery::expr::{self, Scope};
use crate::apimachinery::object;
use crate::cluster::api::authz::reviews;

/// What expressions see.
pub(super) struct Variables<'a> {
    pub(super) object: &'a Value,
    /// Null on create.
    pub(super) old: &'a Value,
    pub(super) params: &'a Value,
    pub(super) namespace: &'a Value,
    pub(super) request: Value,
}

/// What an expression came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    True,
    /// Any other value.
    False(Value),
    Error(String),
}

/// `request`, as the AdmissionRequest type has it.
pub(super) fn request(call: &Call<'_>, object: &Value, old: Option<&Object>) -> Value {
    let resource = &call.resource;
    json!({
        "kind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "resource": {"group": resource.group, "version": resource.version, "resource": resource.plural},
        "subResource": call.subresource,
        "name": object::name(object),
        "namespace": call.namespace,
        "operation": if old.is_some() { "UPDATE" } else { "CREATE" },
        "userInfo": reviews::user_object(&call.user),
        "dryRun": call.options.dry_run,
    })
}

fn scope(variables: &Variables<'_>) -> Scope {
    let mut scope = Scope::new();
    let all = [
        ("object", variables.object),
        ("oldObject", variables.old),
        ("params", variables.params),
        ("namespaceObject", variables.namespace),
        ("request", &variables.request),
    ];
    for (name, value) in all {
        scope.bind(name, value);
    }
    scope
}

fn run(source: &str, scope: &Scope) -> Result<Value, String> {
    expr::compile(source).map_err(|error| format!("compilation error: {error}"))?.run(scope)
}

fn with_variables(policy: &Value, variables: &Variables<'_>) -> Scope {
    let mut scope = scope(variables);
    let mut made = json!({});
    for variable in object::list(policy, "/spec/variables") {
        let Ok(value) = run(object::field(variable, "expression"), &scope) else { continue };
        made[object::field(variable, "name")] = value;
        scope.bind("variables", &made);
    }
    scope
}

/// Evaluates one expression of a policy.
pub(super) fn evaluate(policy: &Value, source: &str, variables: &Variables<'_>) -> Outcome {
    match run(source, &with_variables(policy, variables)) {
        Ok(Value::Bool(true)) => Outcome::True,
        Ok(other) => Outcome::False(other),
        Err(error) => Outcome::Error(format!("expression '{}' resulted in error: {error}", source.trim())),
    }
}

/// What a failed validation says: its message expression, its message, or the expression itself.
pub(super) fn message(policy: &Value, validation: &Value, variables: &Variables<'_>) -> String {
    let own = object::field(validation, "messageExpression");
    if !own.is_empty()
        && let Outcome::False(Value::String(text)) = evaluate(policy, own, variables)
        && !text.trim().is_empty()
    {
        return text.trim().to_owned();
    }
    match object::field(validation, "message").trim() {
        "" => format!("failed expression: {}", object::field(validation, "expression").trim()),
        message => message.to_owned(),
    }
}
