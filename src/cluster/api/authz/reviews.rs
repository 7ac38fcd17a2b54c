//! Reviews: questions about permissions and identities that are asked by creating an object.

use super::{Attributes, Decision, decide, rbac};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::status::{Cause, Status};
use crate::apimachinery::{go, object};
use crate::cluster::UserInfo;
use crate::cluster::api::authn;
use crate::cluster::api::call::Call;

/// Answers a review; `None` when the resource of the call is none.
pub(crate) fn answer(call: &Call<'_>, review: &Value) -> Option<Result<Value, Status>> {
    Some(match call.resource.kind.as_str() {
        "SelfSubjectAccessReview" => access(call, review, &call.user.clone()),
        "SubjectAccessReview" => other(call, review),
        "LocalSubjectAccessReview" => local(call, review),
        "SelfSubjectRulesReview" => rules(call, review),
        "SelfSubjectReview" => Ok(whoami(call, review)),
        "TokenReview" => token(call, review),
        _ => return None,
    })
}

fn invalid(call: &Call<'_>, reason: &str, field: &str, message: &str) -> Status {
    let cause = Cause { reason: reason.into(), message: message.into(), field: field.into() };
    Status::invalid(&call.resource.kind, &call.resource.group, "", vec![cause])
}

/// `spec.resourceAttributes` or `spec.nonResourceAttributes` as the authorizers want them.
fn attributes(call: &Call<'_>, review: &Value) -> Result<Attributes, Status> {
    let text = |part: &str, field: &str| object::text(review, &format!("/spec/{part}/{field}")).to_owned();
    let resource = object::at(review, "/spec/resourceAttributes");
    let path = object::at(review, "/spec/nonResourceAttributes");
    match (resource, path) {
        (Some(_), Some(_)) => {
            let (path, verb) = (text("nonResourceAttributes", "path"), text("nonResourceAttributes", "verb"));
            let shown = format!("{{\"Path\":{},\"Verb\":{}}}", go::quote(&path), go::quote(&verb));
            let message =
                format!("Invalid value: {shown}: cannot be specified in combination with resourceAttributes");
            Err(invalid(call, "FieldValueInvalid", "spec.nonResourceAttributes", &message))
        }
        (None, None) => Err(invalid(
            call,
            "FieldValueInvalid",
            "spec.resourceAttributes",
            "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
        )),
        (Some(_), None) => {
            let of = |field: &str| text("resourceAttributes", field);
            Ok(Attributes {
                verb: of("verb"),
                group: of("group"),
                version: of("version"),
                resource: of("resource"),
                subresource: of("subresource"),
                namespace: of("namespace"),
                name: of("name"),
                ..Attributes::default()
            })
        }
        (None, Some(_)) => {
            let of = |field: &str| text("nonResourceAttributes", field);
            Ok(Attributes { verb: of("verb"), path: of("path"), ..Attributes::default() })
        }
    }
}

fn access(call: &Call<'_>, review: &Value, user: &UserInfo) -> Result<Value, Status> {
    let decision = decide(call.cluster(), user, &attributes(call, review)?);
    Ok(with_decision(call, review, &decision))
}

fn with_decision(call: &Call<'_>, review: &Value, decision: &Decision) -> Value {
    let mut status = json!({"allowed": decision.allowed});
    if !decision.reason.is_empty() {
        status["reason"] = decision.reason.as_str().into();
    }
    with_status(call, review, status)
}

fn with_status(call: &Call<'_>, review: &Value, status: Value) -> Value {
    let mut answer = review.clone();
    object::set(&mut answer, &["apiVersion"], call.resource.api_version());
    object::set(&mut answer, &["kind"], call.resource.kind.as_str());
    object::set_default(&mut answer, &["metadata"], json!({}));
    object::set(&mut answer, &["status"], status);
    answer
}

fn other(call: &Call<'_>, review: &Value) -> Result<Value, Status> {
    let groups: Vec<String> =
        object::list(review, "/spec/groups").iter().filter_map(|it| it.as_str().map(str::to_owned)).collect();
    let name = object::text(review, "/spec/user");
    if name.is_empty() && groups.is_empty() {
        let message = "Invalid value: \"\": at least one of user or group must be specified";
        return Err(invalid(call, "FieldValueInvalid", "spec.user", message));
    }
    let user = UserInfo { name: name.into(), groups, ..UserInfo::default() };
    access(call, review, &user)
}

fn local(call: &Call<'_>, review: &Value) -> Result<Value, Status> {
    if object::text(review, "/spec/resourceAttributes/namespace") != call.namespace {
        let message = format!("spec.resourceAttributes.namespace must match namespace: {}", call.namespace);
        return Err(Status::bad_request(message));
    }
    other(call, review)
}

fn rules(call: &Call<'_>, review: &Value) -> Result<Value, Status> {
    let namespace = object::text(review, "/spec/namespace");
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let (found, errors) = rbac::rules_for(call.store(), &call.user, namespace);
    let masters = call.user.groups.iter().any(|group| group == super::MASTERS);
    let whole = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"], "nonResourceURLs": ["*"]});
    let mut resource_rules = Vec::new();
    let mut path_rules = Vec::new();
    for rule in masters.then_some(&whole).into_iter().chain(&found) {
        if !object::list(rule, "/resources").is_empty() {
            resource_rules.push(pick(rule, &["verbs", "apiGroups", "resources", "resourceNames"]));
        }
        if !object::list(rule, "/nonResourceURLs").is_empty() {
            path_rules.push(pick(rule, &["verbs", "nonResourceURLs"]));
        }
    }
    let is_node = super::node::node_of(&call.user).is_some();
    let mut status = json!({"resourceRules": resource_rules, "nonResourceRules": path_rules, "incomplete": is_node || !errors.is_empty()});
    let sentences: Vec<String> = is_node
        .then(|| "node authorizer does not support user rule resolution".to_owned())
        .into_iter()
        .chain(errors)
        .collect();
    if !sentences.is_empty() {
        status["evaluationError"] = sentences.join(", ").into();
    }
    Ok(with_status(call, review, status))
}

fn pick(rule: &Value, fields: &[&str]) -> Value {
    let mut picked = json!({});
    for field in fields {
        if let Some(value) = rule.get(*field) {
            picked[*field] = value.clone();
        }
    }
    picked
}

/// A user as reviews show it.
pub(crate) fn user_object(user: &UserInfo) -> Value {
    let mut shown = json!({"username": user.name});
    if !user.uid.is_empty() {
        shown["uid"] = user.uid.as_str().into();
    }
    if !user.groups.is_empty() {
        shown["groups"] = user.groups.clone().into();
    }
    for (key, values) in &user.extra {
        object::set(&mut shown, &["extra", key], values.clone());
    }
    shown
}

fn whoami(call: &Call<'_>, review: &Value) -> Value {
    let mut answer = with_status(call, review, json!({"userInfo": user_object(&call.user)}));
    object::set(&mut answer, &["metadata", "creationTimestamp"], call.world.now.rfc3339());
    answer
}

fn token(call: &Call<'_>, review: &Value) -> Result<Value, Status> {
    let token = object::text(review, "/spec/token");
    if token.is_empty() {
        let message = "token is required for TokenReview in authentication";
        return Err(Status::bad_request(message));
    }
    let wanted: Vec<String> = object::list(review, "/spec/audiences")
        .iter()
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect();
    let status = match authn::token::authenticate(call.world, call.cluster, token, &wanted) {
        Ok(found) => json!({
            "authenticated": true, "user": user_object(&found.user), "audiences": found.audiences,
        }),
        Err(error) => json!({"user": {}, "error": error}),
    };
    Ok(with_status(call, review, status))
}
