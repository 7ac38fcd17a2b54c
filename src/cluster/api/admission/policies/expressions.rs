//! CEL in policies: the variables that expressions see, and what an expression comes to.

use std::sync::Arc;

use super::super::Call;
use super::Attempt;
use crate::apimachinery::expr::{self, Authorizer, Program, Question, Scope, Yield};
use crate::apimachinery::json::{Value, json};
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
    pub(super) authorizer: Arc<dyn Authorizer>,
    /// What `authorizer.requestResource` asks about.
    pub(super) own: Question,
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

fn bind(scope: &mut Scope, program: &Program, variables: &Variables<'_>) {
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
    if program.uses("authorizer") {
        scope.bind_authorizer(&variables.authorizer, variables.own.clone());
    }
}

/// Runs a program with the variables that `policy` defines for itself, as far as it uses them.
fn run(policy: &Value, program: &Program, variables: &Variables<'_>) -> Result<Value, String> {
    let mut scope = program.scope();
    bind(&mut scope, program, variables);
    if !program.uses("variables") {
        return program.run(&scope);
    }
    let composed = composed(policy, variables);
    scope.bind_all("variables", composed.made.into_iter());
    program.run(&scope).map_err(|why| composed.failed.told(why))
}

/// The variables that a policy defines.
#[derive(Default)]
struct Composed {
    made: Vec<(String, Yield)>,
    failed: Failed,
}

/// Those that came to nothing, with the reason.
#[derive(Default)]
struct Failed(Vec<(String, String)>);

impl Failed {
    /// Who reads such a variable is told why it is not there.
    fn told(&self, why: String) -> String {
        let key = why.strip_prefix("no such key: ").unwrap_or("");
        match self.0.iter().find(|(name, _)| name == key) {
            Some((name, why)) => format!("composited variable {name:?} fails to evaluate: {why}"),
            None => why,
        }
    }
}

/// `variables`: each sees those before it.
fn composed(policy: &Value, variables: &Variables<'_>) -> Composed {
    let mut all = Composed::default();
    for variable in object::list(policy, "/spec/variables") {
        let Ok(program) = expr::compile(object::field(variable, "expression")) else { continue };
        let mut scope = program.scope();
        bind(&mut scope, &program, variables);
        scope.bind_all("variables", all.made.iter().cloned());
        let name = object::field(variable, "name").to_owned();
        match program.yields(&scope) {
            Ok(value) => all.made.push((name, value)),
            Err(why) => {
                let why = all.failed.told(why);
                all.failed.0.push((name, why));
            }
        }
    }
    all
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

/// 5 KiB: what a message may be that an expression makes.
const MESSAGE_MAX: usize = 5 << 10;

/// What a failed validation says: its message expression, its message, or the expression itself.
pub(super) fn message(policy: &Value, validation: &Value, variables: &Variables<'_>) -> String {
    let own = object::field(validation, "messageExpression");
    if !own.is_empty()
        && let Ok(Value::String(text)) = evaluate(policy, own, variables)
        && !text.trim().is_empty()
        && !text.trim().contains('\n')
        && text.len() <= MESSAGE_MAX
    {
        return text.trim().to_owned();
    }
    match object::field(validation, "message").trim() {
        "" => format!("failed expression: {}", object::field(validation, "expression").trim()),
        message => message.to_owned(),
    }
}
