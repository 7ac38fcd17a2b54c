//! One line of the log: an `Event` of `audit.k8s.io/v1`, its members in Go's order.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::policy::{Applied, Level};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, schema};
use crate::cluster::api::authz::{Attributes, Decision};
use crate::cluster::{Request, UserInfo};
use crate::sim::SimTime;

/// Where in the life of a request an event is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    RequestReceived,
    ResponseStarted,
    ResponseComplete,
}

impl Stage {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RequestReceived => "RequestReceived",
            Self::ResponseStarted => "ResponseStarted",
            Self::ResponseComplete => "ResponseComplete",
        }
    }
}

/// A request as the log tells it.
pub(super) struct Entry<'a> {
    pub(super) rule: &'a Applied,
    pub(super) user: &'a UserInfo,
    pub(super) impersonated: Option<&'a UserInfo>,
    pub(super) attributes: &'a Attributes,
    pub(super) uri: String,
    pub(super) source: &'a str,
    pub(super) agent: &'a str,
    pub(super) code: u16,
    /// Null when there was no body.
    pub(super) sent: Value,
    pub(super) answered: &'a Value,
    /// `None` for who was not let in.
    pub(super) decision: Option<Decision>,
    /// What admission notes of it.
    pub(super) notes: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    kind: &'static str,
    api_version: &'static str,
    level: &'static str,
    #[serde(rename = "auditID")]
    audit_id: &'a str,
    stage: &'static str,
    #[serde(rename = "requestURI")]
    request_uri: &'a str,
    verb: &'a str,
    user: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    impersonated_user: Option<User<'a>>,
    #[serde(rename = "sourceIPs")]
    source_ips: [&'a str; 1],
    #[serde(skip_serializing_if = "str::is_empty")]
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_ref: Option<ObjectRef<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_status: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_object: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_object: Option<Box<RawValue>>,
    request_received_timestamp: String,
    stage_timestamp: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct User<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    username: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    groups: &'a [String],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra: BTreeMap<&'a str, &'a [String]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ObjectRef<'a> {
    resource: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    api_group: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    api_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    resource_version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    subresource: &'a str,
}

/// One event with its line end.
pub(super) fn line(entry: &Entry<'_>, stage: Stage, id: &str, now: SimTime) -> String {
    let answered = stage != Stage::RequestReceived;
    let level = entry.rule.level;
    let sent = (answered && level >= Level::Request && !entry.sent.is_null()).then_some(&entry.sent);
    let shown = (stage == Stage::ResponseComplete && level == Level::RequestResponse)
        .then_some(entry.answered)
        .filter(|it| !it.is_null());
    let line = Line {
        kind: "Event",
        api_version: "audit.k8s.io/v1",
        level: level.name(),
        audit_id: id,
        stage: stage.name(),
        request_uri: &entry.uri,
        verb: &entry.attributes.verb,
        user: user(entry.user),
        impersonated_user: entry.impersonated.map(user),
        source_ips: [entry.source],
        user_agent: entry.agent,
        object_ref: object_ref(entry, answered),
        response_status: answered.then(|| status(entry)).flatten(),
        request_object: sent.and_then(|it| raw(it, entry.rule.omit_managed_fields)),
        response_object: shown.and_then(|it| raw(it, entry.rule.omit_managed_fields)),
        request_received_timestamp: now.rfc3339_micro(),
        stage_timestamp: now.rfc3339_micro(),
        annotations: if answered { annotations(entry) } else { BTreeMap::new() },
    };
    serde_json::to_string(&line).map_or_else(|_| String::new(), |text| text + "\n")
}

fn user(info: &UserInfo) -> User<'_> {
    User {
        username: &info.name,
        uid: &info.uid,
        groups: &info.groups,
        extra: info.extra.iter().map(|(name, values)| (name.as_str(), values.as_slice())).collect(),
    }
}

/// What is asked about; what the path does not say is taken from the body.
fn object_ref<'a>(entry: &'a Entry<'_>, with_body: bool) -> Option<ObjectRef<'a>> {
    let about = entry.attributes;
    if about.resource.is_empty() {
        return None;
    }
    let sent = |pointer: &str| if with_body { object::text(&entry.sent, pointer) } else { "" };
    let or = |own: &'a str, other: &'a str| if own.is_empty() { other } else { own };
    Some(ObjectRef {
        resource: &about.resource,
        namespace: or(&about.namespace, sent("/metadata/namespace")),
        name: or(&about.name, sent("/metadata/name")),
        uid: sent("/metadata/uid"),
        api_group: &about.group,
        api_version: &about.version,
        resource_version: sent("/metadata/resourceVersion"),
        subresource: &about.subresource,
    })
}

fn status(entry: &Entry<'_>) -> Option<Box<RawValue>> {
    let is_status = object::text(entry.answered, "/kind") == "Status";
    let mut status = if is_status { entry.answered.clone() } else { json!({"metadata": {}}) };
    if let Some(members) = status.as_object_mut() {
        members.remove("kind");
        members.remove("apiVersion");
        members.insert("code".into(), entry.code.into());
    }
    // The members of a Status keep Go's order only under its type.
    let mut typed = status;
    object::set(&mut typed, &["kind"], "Status");
    object::set(&mut typed, &["apiVersion"], "v1");
    let text = schema::go_json(&typed);
    let bare = text.replacen("\"kind\":\"Status\",\"apiVersion\":\"v1\",", "", 1);
    RawValue::from_string(bare).ok()
}

fn raw(object: &Value, omit_managed_fields: bool) -> Option<Box<RawValue>> {
    let mut shown = object.clone();
    if omit_managed_fields {
        drop_managed_fields(&mut shown);
    }
    RawValue::from_string(schema::go_json(&shown)).ok()
}

fn drop_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    for item in object.get_mut("items").and_then(Value::as_array_mut).into_iter().flatten() {
        drop_managed_fields(item);
    }
}

fn annotations(entry: &Entry<'_>) -> BTreeMap<String, String> {
    let mut all = entry.notes.clone();
    if let Some(decision) = &entry.decision {
        let word = if decision.allowed { "allow" } else { "forbid" };
        all.insert("authorization.k8s.io/decision".into(), word.into());
        all.insert("authorization.k8s.io/reason".into(), decision.reason.clone());
    }
    all
}

/// Path and query of a request.
pub(super) fn uri(request: &Request) -> String {
    let pairs: Vec<String> =
        request.query.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    if pairs.is_empty() { request.path.clone() } else { format!("{}?{}", request.path, pairs.join("&")) }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            b' ' => out.push('+'),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The path that a component asks.
pub(super) fn uri_of(about: &Attributes) -> String {
    let base = if about.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", about.group) };
    let mut parts = vec![base, about.version.clone()];
    if !about.namespace.is_empty() && about.resource != "namespaces" {
        parts.extend(["namespaces".to_owned(), about.namespace.clone()]);
    }
    parts.push(about.resource.clone());
    parts.extend([&about.name, &about.subresource].into_iter().filter(|it| !it.is_empty()).cloned());
    parts.join("/")
}

/// The user agent of the program that a component is part of.
pub(super) fn agent_of(user: &str) -> String {
    let account = user.strip_prefix("system:serviceaccount:kube-system:");
    let (program, part) = match (account, user.strip_prefix("system:node:")) {
        (Some(account), _) => {
            ("kube-controller-manager", format!("/system:serviceaccount:kube-system:{account}"))
        }
        (None, Some(_)) => ("kubelet", String::new()),
        _ => (user.strip_prefix("system:").unwrap_or(user), String::new()),
    };
    format!("{program}/v1.36.2 (linux/amd64) kubernetes/4e80d0e{part}")
}
