//! Admission policies: what they match, and whether their expressions compile.

use super::match_resources;
use crate::apimachinery::expr::{self, Names, Refusal, Type};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::validate;
use crate::cluster::api::validation::node::{Node, optional_choice, required};

/// The variables of an expression at some place of a policy.
struct Known {
    names: Names,
    /// Those that the policy defines.
    composed: Names,
}

impl Known {
    fn of(spec: &Node<'_>) -> Self {
        Self { names: expr::policy::names(spec.has("paramKind")), composed: Names::new() }
    }

    fn all(&self) -> Names {
        let mut all = self.names.clone();
        all.insert("variables".into(), expr::policy::variables(&self.composed));
        all
    }
}

/// Compiles an expression at a path; tells its type when it does.
fn compile(source: &str, path: &Path, names: &Names, want: &[Type], errs: &mut Errors) -> Option<Type> {
    let why = match expr::compile_as(source, names, want) {
        Ok((_, found)) => return Some(found),
        Err(Refusal::Compilation(issues)) => format!("compilation failed: {issues}"),
        Err(Refusal::Result(found)) => match want {
            [one] => format!("must evaluate to {one} but got {found}"),
            many => {
                let names: Vec<String> = many.iter().map(shown).collect();
                format!("must evaluate to one of [{}] but got {found}", names.join(" "))
            }
        },
    };
    errs.push(field::invalid(path, source, &why));
    None
}

fn shown(of: &Type) -> String {
    if *of == Type::Null { "null_type".into() } else { of.to_string() }
}

/// What both kinds of policies say before their own part.
fn common(spec: &Node<'_>, errs: &mut Errors) -> Known {
    optional_choice(spec, "failurePolicy", &["Fail", "Ignore"], errs);
    param_kind(spec, errs);
    match spec.get("matchConstraints") {
        None => errs.push(field::required(&spec.at("matchConstraints"), "")),
        Some(matches) => {
            match_resources(&matches, errs);
            if matches.len("resourceRules") == 0 {
                errs.push(field::required(&matches.at("resourceRules"), ""));
            }
        }
    }
    let mut known = Known::of(spec);
    conditions(spec, &known.names, errs);
    variables(spec, &mut known, errs);
    known
}

fn param_kind(spec: &Node<'_>, errs: &mut Errors) {
    let Some(kind) = spec.get("paramKind") else { return };
    required(&kind, "apiVersion", errs);
    if required(&kind, "kind", errs) {
        let sentences = validate::dns1035_label(&kind.text("kind").to_lowercase());
        if !sentences.is_empty() {
            let detail = format!("may have mixed case, but should otherwise match: {}", sentences.join(","));
            errs.push(field::invalid(&kind.at("kind"), kind.text("kind"), &detail));
        }
    }
}

fn conditions(spec: &Node<'_>, names: &Names, errs: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for condition in spec.items("matchConditions") {
        let source = condition.text("expression");
        if source.trim().is_empty() {
            errs.push(field::required(&condition.at("expression"), ""));
        } else {
            compile(source, &condition.at("expression"), names, &[Type::Bool], errs);
        }
        let (name, path) = (condition.text("name"), condition.at("name"));
        if name.is_empty() {
            errs.push(field::required(&path, ""));
        } else {
            errs.extend(field::invalid_each(&path, name, &validate::qualified_name(name)));
            if seen.contains(&name) {
                errs.push(field::duplicate(&path, name));
            }
        }
        seen.push(name);
    }
}

/// `matchConditions` of a webhook.
pub(super) fn webhook_conditions(webhook: &Node<'_>, errs: &mut Errors) {
    if webhook.len("matchConditions") > 0 {
        conditions(webhook, &expr::policy::names(false), errs);
    }
}

fn variables(spec: &Node<'_>, known: &mut Known, errs: &mut Errors) {
    for variable in spec.items("variables") {
        let name = variable.text("name");
        if name.trim().is_empty() {
            errs.push(field::required(&variable.at("name"), "name is not specified"));
        } else if !validate::c_identifier(name).is_empty() {
            errs.push(field::invalid(&variable.at("name"), name, "name is not a valid CEL identifier"));
        }
        let source = variable.text("expression");
        if source.trim().is_empty() {
            errs.push(field::required(&variable.at("expression"), "expression is not specified"));
        } else if let Some(found) = compile(source, &variable.at("expression"), &known.all(), &[], errs) {
            known.composed.insert(name.to_owned(), found);
        }
    }
}

/// A ValidatingAdmissionPolicy.
pub(in super::super) fn validating_policy(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let known = common(&spec, errs);
    if spec.len("validations") == 0 && spec.len("auditAnnotations") == 0 {
        let detail = "validations or auditAnnotations must contain at least one item";
        errs.push(field::required(&spec.at("validations"), detail));
        errs.push(field::required(&spec.at("auditAnnotations"), detail));
        return;
    }
    let names = known.all();
    spec.items("validations").iter().for_each(|it| validation(it, &names, errs));
    audit_annotations(&spec, &names, errs);
}

fn validation(validation: &Node<'_>, names: &Names, errs: &mut Errors) {
    const REASONS: [&str; 4] = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];
    let (source, path) = (validation.text("expression"), validation.at("expression"));
    if source.trim().is_empty() {
        errs.push(field::required(&path, "expression is not specified"));
    } else {
        compile(source, &path, names, &[Type::Bool], errs);
    }
    let (own, path) = (validation.text("messageExpression"), validation.at("messageExpression"));
    if !own.is_empty() && own.trim().is_empty() {
        errs.push(field::invalid(&path, own, "must be non-empty if specified"));
    } else if !own.is_empty() {
        // A message does not ask what users may do.
        let mut names = names.clone();
        names.retain(|name, _| !name.starts_with("authorizer"));
        compile(own, &path, &names, &[Type::String], errs);
    }
    let (message, path) = (validation.text("message"), validation.at("message"));
    if !message.is_empty() && message.trim().is_empty() {
        errs.push(field::invalid(&path, message, "message must be non-empty if specified"));
    } else if message.trim().contains(['\n', '\r']) {
        errs.push(field::invalid(&path, message, "message must not contain line breaks"));
    } else if source.trim().contains(['\n', '\r']) && message.is_empty() {
        errs.push(field::required(&path, "message must be specified if expression contains line breaks"));
    }
    optional_choice(validation, "reason", &REASONS, errs);
}

fn audit_annotations(spec: &Node<'_>, names: &Names, errs: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for annotation in spec.items("auditAnnotations") {
        let (key, path) = (annotation.text("key"), annotation.at("key"));
        if key.trim().is_empty() {
            errs.push(field::required(&path, "key is not specified"));
        } else {
            errs.extend(field::invalid_each(&path, key, &validate::qualified_name(key)));
        }
        let (source, at) = (annotation.text("valueExpression"), annotation.at("valueExpression"));
        if source.trim().is_empty() {
            errs.push(field::required(&at, "valueExpression is not specified"));
        } else {
            compile(source, &at, names, &[Type::String, Type::Null], errs);
        }
        if seen.contains(&key) {
            errs.push(field::duplicate(&path, key));
        }
        seen.push(key);
    }
}

/// A MutatingAdmissionPolicy.
pub(in super::super) fn mutating_policy(it: &Value, errs: &mut Errors) {
    let spec = Node::root(it).child("spec");
    let known = common(&spec, errs);
    if spec.len("mutations") == 0 {
        errs.push(field::required(&spec.at("mutations"), "mutations must contain at least one item"));
    }
    let names = known.all();
    spec.items("mutations").iter().for_each(|it| mutation(it, &names, errs));
    const POLICIES: [&str; 2] = ["IfNeeded", "Never"];
    super::super::node::choice(&spec, "reinvocationPolicy", &POLICIES, errs);
}

/// A mutation has the part that its patch type names, and no other.
fn mutation(mutation: &Node<'_>, names: &Names, errs: &mut Errors) {
    const TYPES: [&str; 2] = ["ApplyConfiguration", "JSONPatch"];
    let kind = mutation.text("patchType");
    let (own, other) = match kind {
        "ApplyConfiguration" => ("applyConfiguration", "jsonPatch"),
        "JSONPatch" => ("jsonPatch", "applyConfiguration"),
        "" => return errs.push(field::required(&mutation.at("patchType"), "")),
        other => return errs.push(field::not_supported(&mutation.at("patchType"), other, &TYPES)),
    };
    if mutation.has(other) {
        let detail = format!("must not specify {other} when patchType is {kind}");
        errs.push(field::invalid(&mutation.at(other), "{...}", &detail));
    }
    let Some(part) = mutation.get(own) else {
        let detail = format!("must be specified when patchType is {kind}");
        errs.push(field::required(&mutation.at(own), &detail));
        return;
    };
    let (source, path) = (part.text("expression"), part.at("expression"));
    if source.trim().is_empty() {
        errs.push(field::required(&path, "expression is not specified"));
        return;
    }
    let want = match kind {
        "JSONPatch" => Type::list(Type::object("JSONPatch", [])),
        _ => Type::object("Object", []),
    };
    compile(source, &path, names, &[want], errs);
}
