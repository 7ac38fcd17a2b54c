//! Rows of nodes, namespaces, configuration, quotas, RBAC, certificates, leases and priorities.

use super::cells::{age, or, scalar};
use super::workloads::seconds;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{at, entries, field, flag, int, list, name, text};
use crate::sim::SimTime;

/// NAME, STATUS, ROLES, AGE, VERSION; wide: addresses, OS, kernel, runtime.
pub(super) fn node(node: &Value, now: SimTime) -> Vec<Value> {
    let info = |key: &str| text(node, &format!("/status/nodeInfo/{key}"));
    let address = |kind: &str| {
        let found = list(node, "/status/addresses").iter().find(|it| field(it, "type") == kind);
        found.map_or("<none>", |it| field(it, "address"))
    };
    let kernel = match (info("kernelVersion"), info("architecture")) {
        ("", _) => "<unknown>".to_owned(),
        (kernel, "") => kernel.to_owned(),
        (kernel, machine) => format!("{kernel} ({machine})"),
    };
    vec![
        name(node).into(),
        node_status(node).into(),
        node_roles(node).into(),
        age(node, now),
        info("kubeletVersion").into(),
        address("InternalIP").into(),
        address("ExternalIP").into(),
        or(info("osImage"), "<unknown>").into(),
        kernel.into(),
        or(info("containerRuntimeVersion"), "<unknown>").into(),
    ]
}

fn node_status(node: &Value) -> String {
    let ready = list(node, "/status/conditions").iter().find(|it| field(it, "type") == "Ready");
    let mut status = match ready.map(|it| field(it, "status")) {
        Some("True") => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    }
    .to_owned();
    if flag(node, "/spec/unschedulable") {
        status.push_str(",SchedulingDisabled");
    }
    status
}

fn node_roles(node: &Value) -> String {
    let mut roles: Vec<String> = entries(node, "/metadata/labels")
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some("") => None,
            Some(role) => Some(role.to_owned()),
            None if key == "kubernetes.io/role" => Some(scalar(value)).filter(|it| !it.is_empty()),
            None => None,
        })
        .collect();
    roles.sort();
    roles.dedup();
    or(&roles.join(","), "<none>").to_owned()
}

/// NAME, STATUS, AGE.
pub(super) fn namespace(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), text(it, "/status/phase").into(), age(it, now)]
}

/// NAME, DATA, AGE.
pub(super) fn config_map(it: &Value, now: SimTime) -> Vec<Value> {
    let keys = entries(it, "/data").count() + entries(it, "/binaryData").count();
    vec![name(it).into(), keys.into(), age(it, now)]
}

/// NAME, TYPE, DATA, AGE.
pub(super) fn secret(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), text(it, "/type").into(), entries(it, "/data").count().into(), age(it, now)]
}

/// NAME, AGE: service accounts, device classes and others with nothing more to say.
pub(super) fn name_and_age(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), age(it, now)]
}

/// NAME, CREATED AT: what the server prints for kinds without columns of their own.
pub(super) fn name_and_created(it: &Value, _now: SimTime) -> Vec<Value> {
    vec![name(it).into(), text(it, "/metadata/creationTimestamp").into()]
}

/// NAME, REQUEST, LIMIT, AGE.
pub(super) fn resource_quota(it: &Value, now: SimTime) -> Vec<Value> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (resource, hard) in entries(it, "/status/hard") {
        let used = it.pointer("/status/used").and_then(|used| used.get(resource)).map(scalar);
        let words = format!("{resource}: {}/{}", used.as_deref().unwrap_or("0"), scalar(hard));
        if resource.starts_with("limits.") { &mut limits } else { &mut requests }.push(words);
    }
    vec![name(it).into(), requests.join(", ").into(), limits.join(", ").into(), age(it, now)]
}

/// NAME, STATUS, MESSAGE, ERROR.
pub(super) fn component_status(it: &Value, _now: SimTime) -> Vec<Value> {
    let healthy = list(it, "/conditions").iter().find(|it| field(it, "type") == "Healthy");
    let said = |key: &str| healthy.map_or("", |it| field(it, key));
    let status = match said("status") {
        "" => "Unknown",
        "True" => "Healthy",
        _ => "Unhealthy",
    };
    vec![name(it).into(), status.into(), said("message").into(), said("error").into()]
}

/// NAME, ROLE, AGE; wide: USERS, GROUPS, SERVICEACCOUNTS.
pub(super) fn role_binding(it: &Value, now: SimTime) -> Vec<Value> {
    let role = format!("{}/{}", text(it, "/roleRef/kind"), text(it, "/roleRef/name"));
    let of_kind = |kind: &str| -> Value {
        let subjects = list(it, "/subjects").iter().filter(|subject| field(subject, "kind") == kind);
        let names: Vec<String> = subjects
            .map(|subject| match kind {
                "ServiceAccount" => format!("{}/{}", field(subject, "namespace"), field(subject, "name")),
                _ => field(subject, "name").to_owned(),
            })
            .collect();
        names.join(", ").into()
    };
    let subjects = ["User", "Group", "ServiceAccount"].map(of_kind);
    [vec![name(it).into(), role.into(), age(it, now)], subjects.to_vec()].concat()
}

/// NAME, AGE, SIGNERNAME, REQUESTOR, REQUESTEDDURATION, CONDITION.
pub(super) fn signing_request(it: &Value, now: SimTime) -> Vec<Value> {
    let has =
        |kind: &str| list(it, "/status/conditions").iter().any(|condition| field(condition, "type") == kind);
    let mut status = match (has("Denied"), has("Approved")) {
        (true, _) => "Denied",
        (false, true) => "Approved",
        (false, false) => "Pending",
    }
    .to_owned();
    if has("Failed") {
        status.push_str(",Failed");
    }
    if !text(it, "/status/certificate").is_empty() {
        status.push_str(",Issued");
    }
    vec![
        name(it).into(),
        age(it, now),
        or(text(it, "/spec/signerName"), "<none>").into(),
        text(it, "/spec/username").into(),
        seconds(it, "/spec/expirationSeconds").into(),
        status.into(),
    ]
}

/// NAME, HOLDER, AGE.
pub(super) fn lease(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), text(it, "/spec/holderIdentity").into(), age(it, now)]
}

/// NAME, VALUE, GLOBAL-DEFAULT, AGE, PREEMPTIONPOLICY.
pub(super) fn priority_class(it: &Value, now: SimTime) -> Vec<Value> {
    vec![
        name(it).into(),
        int(it, "/value").unwrap_or(0).into(),
        flag(it, "/globalDefault").into(),
        age(it, now),
        text(it, "/preemptionPolicy").into(),
    ]
}

/// NAME, HANDLER, AGE.
pub(super) fn runtime_class(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), text(it, "/handler").into(), age(it, now)]
}

/// NAME, SERVICE, AVAILABLE, AGE.
pub(super) fn api_service(it: &Value, now: SimTime) -> Vec<Value> {
    let service = match at(it, "/spec/service") {
        None => "Local".to_owned(),
        Some(service) => format!("{}/{}", field(service, "namespace"), field(service, "name")),
    };
    let available = list(it, "/status/conditions").iter().find(|it| field(it, "type") == "Available");
    let available = match available {
        None => "Unknown".to_owned(),
        Some(it) if field(it, "status") == "True" => "True".to_owned(),
        Some(it) => format!("{} ({})", field(it, "status"), field(it, "reason")),
    };
    vec![name(it).into(), service.into(), available.into(), age(it, now)]
}

/// NAME, PRIORITYLEVEL, MATCHINGPRECEDENCE, DISTINGUISHERMETHOD, AGE, MISSINGPL.
pub(super) fn flow_schema(it: &Value, now: SimTime) -> Vec<Value> {
    let dangling = list(it, "/status/conditions").iter().find(|it| field(it, "type") == "Dangling");
    vec![
        name(it).into(),
        or(text(it, "/spec/priorityLevelConfiguration/name"), "<none>").into(),
        int(it, "/spec/matchingPrecedence").unwrap_or(0).into(),
        or(text(it, "/spec/distinguisherMethod/type"), "<none>").into(),
        age(it, now),
        dangling.map_or("?", |it| field(it, "status")).into(),
    ]
}

/// NAME, TYPE, NOMINALCONCURRENCYSHARES, QUEUES, HANDSIZE, QUEUELENGTHLIMIT, AGE.
pub(super) fn priority_level(it: &Value, now: SimTime) -> Vec<Value> {
    let number = |pointer: &str| at(it, pointer).cloned().unwrap_or_else(|| json!("<none>"));
    let shares = match at(it, "/spec/exempt") {
        Some(_) => number("/spec/exempt/nominalConcurrencyShares"),
        None => number("/spec/limited/nominalConcurrencyShares"),
    };
    vec![
        name(it).into(),
        text(it, "/spec/type").into(),
        shares,
        number("/spec/limited/limitResponse/queuing/queues"),
        number("/spec/limited/limitResponse/queuing/handSize"),
        number("/spec/limited/limitResponse/queuing/queueLengthLimit"),
        age(it, now),
    ]
}

/// NAME, WEBHOOKS, AGE.
pub(super) fn webhooks(it: &Value, now: SimTime) -> Vec<Value> {
    vec![name(it).into(), list(it, "/webhooks").len().into(), age(it, now)]
}

fn policy(it: &Value, now: SimTime, pointer: &str) -> Vec<Value> {
    let kind = match at(it, "/spec/paramKind") {
        None => "<unset>".to_owned(),
        Some(kind) => format!("{}/{}", field(kind, "apiVersion"), field(kind, "kind")),
    };
    vec![name(it).into(), list(it, pointer).len().into(), kind.into(), age(it, now)]
}

/// NAME, VALIDATIONS, PARAMKIND, AGE.
pub(super) fn validating_policy(it: &Value, now: SimTime) -> Vec<Value> {
    policy(it, now, "/spec/validations")
}

/// NAME, MUTATIONS, PARAMKIND, AGE.
pub(super) fn mutating_policy(it: &Value, now: SimTime) -> Vec<Value> {
    policy(it, now, "/spec/mutations")
}

/// NAME, POLICYNAME, PARAMREF, AGE.
pub(super) fn policy_binding(it: &Value, now: SimTime) -> Vec<Value> {
    let reference = match at(it, "/spec/paramRef") {
        None => "<unset>".to_owned(),
        Some(to) => match (field(to, "namespace"), field(to, "name")) {
            (_, "") => super::cells::selector(to, "/selector"),
            ("", name) => name.to_owned(),
            (namespace, name) => format!("{namespace}/{name}"),
        },
    };
    vec![name(it).into(), text(it, "/spec/policyName").into(), reference.into(), age(it, now)]
}

/// NAME, STATE, AGE.
pub(super) fn resource_claim(it: &Value, now: SimTime) -> Vec<Value> {
    let deleted = at(it, "/metadata/deletionTimestamp").is_some();
    let allocated = at(it, "/status/allocation").is_some();
    let reserved = !list(it, "/status/reservedFor").is_empty();
    let states = [
        (deleted, "deleted"),
        (!allocated && !deleted, "pending"),
        (allocated, "allocated"),
        (allocated && reserved, "reserved"),
    ];
    let words: Vec<&str> = states.into_iter().filter(|it| it.0).map(|it| it.1).collect();
    vec![name(it).into(), words.join(",").into(), age(it, now)]
}

/// NAME, NODE, DRIVER, POOL, AGE.
pub(super) fn resource_slice(it: &Value, now: SimTime) -> Vec<Value> {
    vec![
        name(it).into(),
        or(text(it, "/spec/nodeName"), "<unset>").into(),
        text(it, "/spec/driver").into(),
        text(it, "/spec/pool/name").into(),
        age(it, now),
    ]
}
