//! CEL in policies: the variables that expressions see, and what an expression comes to.

use serde_json::{Value, json};

use super::super::Call;
use super::Attempt;
use crate::apimachinery::expr::{self, Program, Scope};
use crate::apimachinery::object;
use crate::cluster::api::authz::reviews;

/// What expressions see.
pub(in super::super) struct Variables<'a> {
    /// Null on delete.
    pub(super) object: &'a Value,
    /// Null on create.
    pub(super) old: &'a Value,
    pub(super) params: &'a Value,
    pub(super) namespace: &'a Value,
    pub(super) request: Value,
}

/// `request`, as the AdmissionRequest type has it.
pub(super) fn request(call: &Call<'_>, attempt: &Attempt<'_>) -> Value {
    let resource = &call.resource;
    let kind = json!({"group": resource.group, "version": resource.version, "kind": resource.kind});
    let gvr = json!({"group": resource.group, "version": resource.version, "resource": resource.plural});
    json!({
        "kind": kind,
        "resource": gvr,
        "subResource": call.subresource,
        "requestKind": kind,
        "requestResource": gvr,
        "requestSubResource": call.subresource,
        "name": object::name(attempt.subject()),
        "namespace": call.namespace,
        "operation": attempt.operation,
        "userInfo": reviews::user_object(&call.user),
        "dryRun": call.options.dry_run,
    })
}

fn bind(scope: &mut Scope, variables: &Variables<'_>) {
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
}

/// Runs a program with the variables that `policy` defines for itself, as far as it uses them.
fn run(policy: &Value, program: &Program, variables: &Variables<'_>) -> Result<Value, String> {
    let mut scope = program.scope();
    bind(&mut scope, variables);
    if program.uses("variables") {
        scope.bind("variables", &composed(policy, variables));
    }
    program.run(&scope)
}

/// `variables`: each sees those before it; one that fails is not there.
fn composed(policy: &Value, variables: &Variables<'_>) -> Value {
    let mut made = json!({});
    for variable in object::list(policy, "/spec/variables") {
        let Ok(program) = expr::compile(object::field(variable, "expression")) else { continue };
        let mut scope = program.scope();
        bind(&mut scope, variables);
        scope.bind("variables", &made);
        if let Ok(value) = program.run(&scope) {
            made[object::field(variable, "name")] = value;
        }
    }
    made
}

/// Evaluates one expression of a policy.
///
/// # Errors
/// What went wrong, as denials tell it.
pub(super) fn evaluate(policy: &Value, source: &str, variables: &Variables<'_>) -> Result<Value, String> {
    let program =
        expr::compile(source).map_err(|issues| format!("compilation error: compilation failed: {issues}"))?;
    run(policy, &program, variables)
        .map_err(|error| format!("expression '{source}' resulted in error: {error}"))
}

/// What a failed validation says: its message expression, its message, or the expression itself.
pub(super) fn message(policy: &Value, validation: &Value, variables: &Variables<'_>) -> String {
    let own = object::field(validation, "messageExpression");
    if !own.is_empty()
        && let Ok(Value::String(text)) = evaluate(policy, own, variables)
        && !text.trim().is_empty()
        && !text.trim().contains('\n')
    {
        return text.trim().to_owned();
    }
    match object::field(validation, "message").trim() {
        "" => format!("failed expression: {}", object::field(validation, "expression").trim()),
        message => message.to_owned(),
    }
}
