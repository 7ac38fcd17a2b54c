//! The audit log of the API server: one line of JSON a stage of a request, in the file that
//! `--audit-log-path` names, as much as the policy of `--audit-policy-file` says.
//!
//! The policy is the one that the process read when it started. A file behind no mount is in the container,
//! where nobody sees it. Webhooks (`--audit-webhook-*`) are not simulated.

mod event;
mod file;
mod policy;

use std::collections::BTreeMap;

use super::authz::{self, Attributes};
use super::route::Route;
use crate::apimachinery::json::Value;
use crate::cluster::{Body, ClusterId, Request, Response, UserInfo, World};
use event::{Entry, Stage};
use policy::Level;

/// The flag that names the policy.
const POLICY: &str = "audit-policy-file";

/// Where the log goes.
const PATH: &str = "audit-log-path";

/// A request of a client and how it went.
pub(super) struct Asked<'a> {
    pub(super) request: &'a Request,
    pub(super) attributes: &'a Attributes,
    /// Whom it is done as: who asks, unless somebody else is impersonated.
    pub(super) acting: &'a UserInfo,
    pub(super) response: &'a Response,
    /// What admission notes of it.
    pub(super) notes: BTreeMap<String, String>,
}

/// Logs a request that was answered.
pub(super) fn log(world: &mut World, cluster: ClusterId, asked: Asked<'_>) {
    let Some(rule) = rule_for(world, cluster, &asked.request.user, asked.attributes) else { return };
    let decision = world
        .clusters
        .get(cluster)
        .map(|it| authz::decide(it, asked.acting, asked.attributes))
        .filter(|_| asked.response.code != 401);
    let entry = Entry {
        rule: &rule,
        user: &asked.request.user,
        impersonated: (!asked.request.impersonate.is_empty()).then_some(asked.acting),
        attributes: asked.attributes,
        uri: event::uri(asked.request),
        source: &asked.request.source,
        agent: &asked.request.user_agent,
        code: asked.response.code,
        sent: body_of(&asked.request.body),
        answered: asked.response.object(),
        decision,
        notes: asked.notes,
    };
    let last = if matches!(asked.response.body, Body::Watch(_) | Body::Upgrade(_)) {
        Stage::ResponseStarted
    } else {
        Stage::ResponseComplete
    };
    write(world, cluster, &entry, last);
}

fn body_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or(Value::Null)
}

/// Logs a write of a component in process.
pub(super) fn log_component(
    world: &mut World,
    cluster: ClusterId,
    user: &UserInfo,
    attributes: &Attributes,
    (sent, answer): (Value, &Value),
    code: u16,
) {
    let Some(rule) = rule_for(world, cluster, user, attributes) else { return };
    let decision = world.clusters.get(cluster).map(|it| authz::decide(it, user, attributes));
    let host = world.clusters.get(cluster).and_then(|it| it.serving("kube-apiserver"));
    let source = host.and_then(|(host, _)| world.hosts.get(host)).map_or("", |it| it.address.as_str());
    let source = source.to_owned();
    let entry = Entry {
        rule: &rule,
        user,
        impersonated: None,
        attributes,
        uri: event::uri_of(attributes),
        source: &source,
        agent: &event::agent_of(&user.name),
        code,
        sent,
        answered: answer,
        decision,
        notes: BTreeMap::new(),
    };
    write(world, cluster, &entry, Stage::ResponseComplete);
}

/// True when components have to say what they write.
pub(super) fn is_on(world: &World, cluster: ClusterId) -> bool {
    let found = world.clusters.get(cluster).and_then(|it| it.serving("kube-apiserver"));
    found.is_some_and(|(_, instance)| instance.kept.contains_key(POLICY))
}

/// The request's resource and verb, for the policy and the log.
pub(super) fn attributes_of(route: &Route, verb: &str) -> Attributes {
    Attributes {
        verb: verb.to_owned(),
        group: route.group.clone(),
        version: route.version.clone(),
        resource: route.resource.clone(),
        subresource: route.subresource.clone(),
        namespace: route.namespace.clone(),
        name: route.name.clone(),
        ..Attributes::default()
    }
}

fn rule_for(
    world: &World,
    cluster: ClusterId,
    user: &UserInfo,
    attributes: &Attributes,
) -> Option<policy::Applied> {
    let (_, instance) = world.clusters.get(cluster)?.serving("kube-apiserver")?;
    let policy = instance.kept.get(POLICY)?;
    instance.process.flag(PATH).filter(|it| !it.is_empty())?;
    let rule = policy::applied(policy, user, attributes);
    (rule.level != Level::None).then_some(rule)
}

fn write(world: &mut World, cluster: ClusterId, entry: &Entry<'_>, last: Stage) {
    let id = world.chance.uuid();
    let mut lines = String::new();
    for stage in [Stage::RequestReceived, last] {
        if !entry.rule.omits(stage.name()) {
            lines.push_str(&event::line(entry, stage, &id, world.now));
        }
    }
    if !lines.is_empty() {
        file::append(world, cluster, &lines);
    }
}
