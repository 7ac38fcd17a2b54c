//! CEL in policies: the variables that expressions see, and what an expression comes to.

use cel::{Context, Program};
use serde_json::{Value, json};

use super::super::{Call, Object};
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

/// JSON as CEL has it: whole numbers are `int`, as they are in Kubernetes' types.
fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(it) => cel::Value::Bool(*it),
        Value::Number(it) => match it.as_i64() {
            Some(int) => cel::Value::Int(int),
            None => cel::Value::Float(it.as_f64().unwrap_or(0.0)),
        },
        Value::String(it) => cel::Value::String(it.clone().into()),
        Value::Array(list) => cel::Value::List(list.iter().map(to_cel).collect::<Vec<_>>().into()),
        Value::Object(map) => {
            let key = |it: &String| cel::objects::Key::String(it.clone().into());
            let pairs = map.iter().map(|(name, value)| (key(name), to_cel(value)));
            cel::Value::Map(cel::objects::Map { map: std::sync::Arc::new(pairs.collect()) })
        }
    }
}

/// A result as JSON; what JSON cannot say is null.
fn to_json(value: &cel::Value) -> Value {
    match value {
        cel::Value::Bool(it) => (*it).into(),
        cel::Value::Int(it) => (*it).into(),
        cel::Value::UInt(it) => (*it).into(),
        cel::Value::Float(it) => (*it).into(),
        cel::Value::String(it) => it.as_str().into(),
        cel::Value::List(list) => list.iter().map(to_json).collect(),
        cel::Value::Map(map) => {
            let text = |key: &cel::objects::Key| match key {
                cel::objects::Key::String(it) => it.to_string(),
                cel::objects::Key::Int(it) => it.to_string(),
                cel::objects::Key::Uint(it) => it.to_string(),
                cel::objects::Key::Bool(it) => it.to_string(),
            };
            Value::Object(map.map.iter().map(|(key, value)| (text(key), to_json(value))).collect())
        }
        _ => Value::Null,
    }
}

fn context(variables: &Variables<'_>) -> Option<Context<'static, 'static>> {
    let mut context = Context::default();
    let all = [
        ("object", variables.object),
        ("oldObject", variables.old),
        ("params", variables.params),
        ("namespaceObject", variables.namespace),
        ("request", &variables.request),
    ];
    for (name, value) in all {
        context.add_variable_from_value(name, to_cel(value));
    }
    Some(context)
}

fn run(source: &str, context: &Context<'_, '_>) -> Result<cel::Value, String> {
    let program = Program::compile(source).map_err(|error| format!("compilation error: {error}"))?;
    program.execute(context).map_err(|error| error.to_string())
}

fn with_variables(policy: &Value, variables: &Variables<'_>) -> Option<Context<'static, 'static>> {
    let mut context = context(variables)?;
    let mut made = json!({});
    for variable in object::list(policy, "/spec/variables") {
        let Ok(value) = run(object::field(variable, "expression"), &context) else { continue };
        made[object::field(variable, "name")] = to_json(&value);
        context.add_variable_from_value("variables", to_cel(&made));
    }
    Some(context)
}

/// Evaluates one expression of a policy.
pub(super) fn evaluate(policy: &Value, source: &str, variables: &Variables<'_>) -> Outcome {
    let Some(context) = with_variables(policy, variables) else {
        return Outcome::Error("internal error: the object cannot be given to an expression".into());
    };
    match run(source, &context) {
        Ok(cel::Value::Bool(true)) => Outcome::True,
        Ok(other) => Outcome::False(to_json(&other)),
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
