//! The CEL rules of custom resources: `x-kubernetes-validations`.
//!
//! Follows apiextensions-apiserver's `schema/cel`. What rules may cost is not counted.

use super::{ListType, Schema, Shape};
use crate::apimachinery::expr::{self, Names, Program, Scope, Type};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Cause;

/// What rules found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) errors: Errors,
    /// Faults of parts that an update left alone.
    pub(crate) warnings: Vec<String>,
}

/// Holds a whole object against the rules of its schema, on an update with what was there before.
pub(crate) fn check_rules(schema: &Schema, value: &Value, old: Option<&Value>) -> Findings {
    let mut findings = Findings::default();
    let at = At { value, old, same: old == Some(value) };
    node(schema, &at, &Path::root(), &mut findings);
    findings
}

/// The variables that the rules of a schema see. A whole resource has its metadata beside what its schema says.
pub(crate) fn rule_names(schema: &Schema, resource: bool, optional: bool) -> Names {
    let mut own = declared(schema, "selfType");
    if resource && let Type::Object(message) = &own {
        let text = || Type::String;
        let metadata = Type::object(
            "selfType.metadata",
            [("name".to_owned(), text()), ("generateName".to_owned(), text())],
        );
        let of_resource = [
            ("apiVersion".to_owned(), text()),
            ("kind".to_owned(), text()),
            ("metadata".to_owned(), metadata),
        ];
        own = Type::object("selfType", message.fields.clone().into_iter().chain(of_resource));
    }
    let old = if optional { Type::Optional(own.clone().into()) } else { own.clone() };
    Names::from([("self".to_owned(), own), ("oldSelf".to_owned(), old)])
}

/// 24 levels. What lies deeper is of any type.
const DEPTH_MAX: usize = 24;

/// The type of a schema; parts that it says nothing of cannot be named.
pub(crate) fn declared(schema: &Schema, name: &str) -> Type {
    // Schemas of schemas hold themselves.
    if name.split('.').count() > DEPTH_MAX {
        return Type::Dyn;
    }
    match schema.shape() {
        Shape::Object => Type::object(
            name,
            schema.real().properties.iter().filter(|(_, it)| it.shape() != Shape::Any).map(|(key, it)| {
                let spelled = escaped(key);
                let inner = format!("{name}.{spelled}");
                (spelled, declared(it, &inner))
            }),
        ),
        Shape::Map => Type::map(inner(schema, name, "@values")),
        Shape::List => Type::list(inner(schema, name, "@items")),
        Shape::Text => match schema.format.as_str() {
            "byte" => Type::Dyn,
            "date" | "date-time" => Type::Timestamp,
            "duration" => Type::Duration,
            _ => Type::String,
        },
        Shape::Bytes => Type::Bytes,
        Shape::Quantity | Shape::IntOrString | Shape::Any => Type::Dyn,
        Shape::Time | Shape::MicroTime => Type::Timestamp,
        Shape::Integer => Type::Int,
        Shape::Number => Type::Double,
        Shape::Boolean => Type::Bool,
    }
}

fn inner(schema: &Schema, name: &str, part: &str) -> Type {
    schema.element().map_or(Type::Dyn, |it| declared(it, &format!("{name}.{part}")))
}

/// True when a schema or a part of it has rules.
pub(crate) fn has_rules(schema: &Schema) -> bool {
    let own = schema.rules.as_ref().is_some_and(|it| !it.validations.is_empty());
    own || schema.properties.values().any(has_rules) || schema.element().is_some_and(has_rules)
}

/// A part of an object, and of what was there before.
struct At<'a> {
    value: &'a Value,
    old: Option<&'a Value>,
    /// The update left it, or something around it, alone.
    same: bool,
}

fn node(schema: &Schema, at: &At<'_>, path: &Path, findings: &mut Findings) {
    let Some(rules) = &schema.rules else { return };
    if at.value.is_null() {
        return;
    }
    for rule in &rules.validations {
        judge(schema, rule, at, path, findings);
    }
    for part in &rules.all_of {
        node(part, &At { same: false, ..*at }, path, findings);
    }
    match at.value {
        Value::Object(map) => {
            let before = at.old.filter(|_| !schema.facts.atomic);
            for (key, value) in map {
                let own = schema.properties.get(key.as_str());
                let Some(inner) = own.or(schema.element()) else { continue };
                let old = before.and_then(|it| it.get(key));
                let path = if own.is_some() { path.child(key) } else { path.key(key) };
                node(inner, &At { value, old, same: at.same || old == Some(value) }, &path, findings);
            }
        }
        Value::Array(items) => {
            let Some(inner) = schema.element() else { return };
            for (index, value) in items.iter().enumerate() {
                let old = at.old.and_then(|it| counterpart(schema, it, value));
                let part = At { value, old, same: at.same || old == Some(value) };
                node(inner, &part, &path.index(index), findings);
            }
        }
        _ => {}
    }
}

/// The item of an earlier list with the same keys, for lists that have some.
fn counterpart<'a>(schema: &Schema, old: &'a Value, item: &Value) -> Option<&'a Value> {
    if schema.list_type() != ListType::Map {
        return None;
    }
    let same = |it: &&Value| schema.list_map_keys().iter().all(|key| it.get(key) == item.get(key));
    old.as_array()?.iter().find(same)
}

fn judge(schema: &Schema, rule: &Value, at: &At<'_>, path: &Path, findings: &mut Findings) {
    let source = object::field(rule, "rule");
    let optional = object::flag(rule, "/optionalOldSelf");
    let program = match expr::compile(source) {
        Ok(program) => program,
        Err(why) => {
            let detail = format!("rule compile error: compilation failed: {why}");
            findings.errors.push(field::invalid(path, kind(schema), &detail));
            return;
        }
    };
    let compares = program.uses("oldSelf");
    if compares && at.old.is_none() && !optional {
        return;
    }
    let scope = scope(&program, schema, at, optional);
    match program.run(&scope) {
        Ok(Value::Bool(true)) => {}
        Ok(_) => {
            let cause = failure(schema, rule, at.value, path, &scope);
            if at.same && !compares {
                findings.warnings.push(format!("{}: {}", cause.field, cause.message));
            } else {
                findings.errors.push(cause);
            }
        }
        Err(why) => {
            let said = said(rule);
            let detail = if why.starts_with("no such overload") {
                format!(
                    "'{why}': call arguments did not match a supported operator, function or macro signature for rule: {said}"
                )
            } else {
                format!("{why} evaluating rule: {said}")
            };
            findings.errors.push(field::invalid(path, kind(schema), &detail));
        }
    }
}

fn scope(program: &Program, schema: &Schema, at: &At<'_>, optional: bool) -> Scope {
    let mut scope = program.scope();
    scope.bind_typed("self", typed(schema, at.value));
    let old = at.old.map(|it| typed(schema, it));
    match old {
        old if optional => scope.bind_optional("oldSelf", old),
        Some(old) => scope.bind_typed("oldSelf", old),
        None => {}
    }
    scope
}

/// The fault of a rule that came to something else than true.
fn failure(schema: &Schema, rule: &Value, value: &Value, path: &Path, scope: &Scope) -> Cause {
    let expression = object::field(rule, "messageExpression");
    let own = Some(expression).filter(|it| !it.is_empty()).and_then(|it| expr::compile(it).ok());
    let own = own.and_then(|program: Program| program.run(scope).ok());
    let own = own.as_ref().and_then(Value::as_str).map(str::trim);
    let own = own.filter(|it| !it.is_empty() && !it.contains('\n')).map(str::to_owned);
    let detail = own.unwrap_or_else(|| match object::field(rule, "message") {
        "" => format!("failed rule: {}", said(rule)),
        message => message.trim().to_owned(),
    });
    let path = match object::field(rule, "fieldPath") {
        "" => path.clone(),
        further => path.child(further.trim_start_matches('.')),
    };
    // The values of objects and lists are not shown.
    let whole = matches!(kind(schema), "object" | "array");
    match object::field(rule, "reason") {
        "FieldValueForbidden" => field::forbidden(&path, &detail),
        "FieldValueRequired" => field::required(&path, &detail),
        "FieldValueDuplicate" if whole => field::duplicate_omitted(&path),
        "FieldValueDuplicate" => field::duplicate(&path, value.clone()),
        _ if whole => field::invalid_omitted(&path, &detail),
        _ => field::invalid(&path, value.clone(), &detail),
    }
}

/// A rule as errors name it: its message, or itself.
fn said(rule: &Value) -> &str {
    match object::field(rule, "message").trim() {
        "" => object::field(rule, "rule").trim(),
        message => message,
    }
}

/// The `type` of a schema.
fn kind(schema: &Schema) -> &'static str {
    match schema.shape() {
        Shape::Object | Shape::Map => "object",
        Shape::List => "array",
        Shape::Text => "string",
        Shape::Integer => "integer",
        Shape::Number => "number",
        Shape::Boolean => "boolean",
        _ => "",
    }
}

/// A value as rules see it: numbers as their schema says, fields under names that CEL can spell.
fn typed(schema: &Schema, value: &Value) -> cel::Value {
    match value {
        Value::Number(it) if schema.shape() == Shape::Number => {
            cel::Value::Float(it.as_f64().unwrap_or_default())
        }
        Value::String(text) if schema.shape() == Shape::Text => expr::of_format(&schema.format, text),
        Value::Array(items) => {
            let inner =
                |it: &Value| schema.element().map_or_else(|| expr::to_cel(it), |schema| typed(schema, it));
            cel::Value::List(items.iter().map(inner).collect::<Vec<_>>().into())
        }
        Value::Object(map) => expr::map_of(map.iter().map(|(key, value)| {
            let own = schema.properties.get(key.as_str());
            let name = if own.is_some() { escaped(key) } else { key.clone().into() };
            let inner = own.or(schema.element());
            (name, inner.map_or_else(|| expr::to_cel(value), |schema| typed(schema, value)))
        })),
        other => expr::to_cel(other),
    }
}

/// Words of CEL that no field can be called by.
const RESERVED: &[&str] = &[
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// A property's name as rules spell it: `x-kind` is `x__dash__kind`.
fn escaped(name: &str) -> String {
    if RESERVED.contains(&name) {
        return format!("__{name}__");
    }
    let spelled = name.replace("__", "__underscores__").replace('.', "__dot__");
    spelled.replace('-', "__dash__").replace('/', "__slash__")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;
    use crate::apimachinery::schema::from_open_api;

    fn schema() -> Schema {
        from_open_api(&json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "x-kubernetes-validations": [
                {"rule": "self.min <= self.max", "message": "min must not be above max"},
                {"rule": "self.max < 100", "messageExpression": "'max is ' + string(self.max)", "fieldPath": ".max"},
                {"rule": "!has(self.x__dash__mode) || self.x__dash__mode != 'off'", "reason": "FieldValueForbidden"},
            ],
            "properties": {
                "min": {"type": "integer"}, "max": {"type": "integer"}, "x-mode": {"type": "string"},
                "name": {"type": "string", "x-kubernetes-validations": [
                    {"rule": "self == oldSelf", "message": "name is immutable"}]},
                "rate": {"type": "number", "x-kubernetes-validations": [{"rule": "self >= 1.5"}]},
                "sizes": {"type": "array", "items": {"type": "string", "x-kubernetes-validations": [
                    {"rule": "quantity(self).isLessThan(quantity('2Gi'))"}]}},
            },
        }}}))
    }

    fn faults(spec: &Value, old: Option<&Value>) -> String {
        let old = old.map(|it| json!({"spec": it}));
        let found = check_rules(&schema(), &json!({"spec": spec}), old.as_ref());
        let warnings = found.warnings.iter().map(|it| format!("warning: {it}\n"));
        found.errors.iter().map(|it| format!("{}: {}\n", it.field, it.message)).chain(warnings).collect()
    }

    #[test]
    fn rules_are_told_as_the_server_tells_them() {
        assert_eq!(faults(&json!({"min": 1, "max": 2, "name": "a", "rate": 2, "sizes": ["1Gi"]}), None), "");
        let wrong = json!({"min": 300, "max": 200, "x-mode": "off", "rate": 1, "sizes": ["1Gi", "4Gi"]});
        insta::assert_snapshot!(faults(&wrong, None), @r#"
        spec: Invalid value: min must not be above max
        spec.max: Invalid value: max is 200
        spec: Forbidden: failed rule: !has(self.x__dash__mode) || self.x__dash__mode != 'off'
        spec.rate: Invalid value: 1: failed rule: self >= 1.5
        spec.sizes[1]: Invalid value: "4Gi": failed rule: quantity(self).isLessThan(quantity('2Gi'))
        "#);
        insta::assert_snapshot!(faults(&json!({"max": 2}), None), @r#"spec: Invalid value: "object": no such key: min evaluating rule: min must not be above max"#);
    }

    #[test]
    fn transitions_count_and_what_was_wrong_before_may_stay() {
        let old = json!({"min": 300, "max": 200, "name": "a", "rate": 1});
        let mut new = old.clone();
        new["name"] = json!("b");
        insta::assert_snapshot!(faults(&new, Some(&old)), @r#"
        spec: Invalid value: min must not be above max
        spec.max: Invalid value: max is 200
        spec.name: Invalid value: "b": name is immutable
        warning: spec.rate: Invalid value: 1: failed rule: self >= 1.5
        "#);
        insta::assert_snapshot!(faults(&old, Some(&old)), @r#"
        warning: spec: Invalid value: min must not be above max
        warning: spec.max: Invalid value: max is 200
        warning: spec.rate: Invalid value: 1: failed rule: self >= 1.5
        "#);
    }
}
