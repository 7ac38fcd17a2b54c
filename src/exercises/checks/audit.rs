//! `audit:` how the end was reached, where that is part of the task.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Finding, Mistake, Scene};
use crate::apimachinery::object;
use crate::cluster::{AuditEvent, Cluster};

/// What must hold of the whole way from the start to now.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditCheck {
    /// No request like this one succeeded.
    #[serde(default)]
    never: Option<RequestLike>,
    /// A request like this one succeeded.
    #[serde(default)]
    once: Option<RequestLike>,
    /// The object is the very one that stood at the start.
    #[serde(default)]
    not_recreated: Option<ObjectLike>,
    /// The deployment never had fewer available replicas.
    #[serde(default)]
    kept_available: Option<Kept>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RequestLike {
    verb: String,
    /// Group-resource: `pods`, `deployments.apps`.
    resource: String,
    #[serde(default)]
    subresource: String,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ObjectLike {
    resource: String,
    #[serde(default)]
    namespace: String,
    name: String,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Kept {
    deployment: String,
    #[serde(default = "default_namespace")]
    namespace: String,
    at_least: i64,
}

fn default_namespace() -> String {
    "default".into()
}

impl RequestLike {
    /// True for a person's request like this: components of the cluster are left out.
    fn fits(&self, event: &AuditEvent) -> bool {
        let same = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        event.code < 400
            && !event.user.starts_with("system:")
            && self.verb == event.verb
            && self.resource == event.resource
            && self.subresource == event.subresource
            && same(&self.namespace, &event.namespace)
            && same(&self.name, &event.name)
    }

    fn words(&self) -> String {
        let subresource =
            if self.subresource.is_empty() { String::new() } else { format!("/{}", self.subresource) };
        let name = if self.name.is_empty() { String::new() } else { format!(" {}", self.name) };
        format!("{} of {}{subresource}{name}", self.verb, self.resource)
    }
}

impl AuditCheck {
    pub(super) fn validate(&self) -> Result<(), String> {
        let asked = [
            self.never.is_some(),
            self.once.is_some(),
            self.not_recreated.is_some(),
            self.kept_available.is_some(),
        ];
        if asked.contains(&true) {
            Ok(())
        } else {
            Err("give never, once, not_recreated or kept_available".into())
        }
    }

    pub(super) fn look(&self, scene: &Scene<'_>) -> Finding {
        let (Some(end), Some(start)) = (scene.cluster(), scene.start.clusters.get(0)) else {
            return Finding::default();
        };
        let findings = [
            self.never.as_ref().map(|like| never(like, end)),
            self.once.as_ref().map(|like| once(like, end)),
            self.not_recreated.as_ref().map(|like| not_recreated(like, start, end)),
            self.kept_available.as_ref().map(|kept| kept_available(kept, start, end)),
        ];
        let all: Vec<Finding> = findings.into_iter().flatten().collect();
        let missed = all.iter().find(|finding| !finding.passed).cloned();
        missed.unwrap_or_else(|| {
            Finding::pass(all.iter().map(|it| it.wanted.as_str()).collect::<Vec<_>>().join(", "))
        })
    }
}

fn never(like: &RequestLike, end: &Cluster) -> Finding {
    let wanted = format!("no {}", like.words());
    match end.audit.iter().find(|event| like.fits(event)) {
        None => Finding::pass(wanted),
        Some(event) => Finding::miss(
            Mistake::SideEffect,
            wanted,
            format!("{} {} at {}", event.verb, event.name, event.at),
        ),
    }
}

fn once(like: &RequestLike, end: &Cluster) -> Finding {
    if end.audit.iter().any(|event| like.fits(event)) {
        return Finding::pass(like.words());
    }
    Finding::miss(Mistake::Missing, like.words(), "no such request")
}

fn not_recreated(like: &ObjectLike, start: &Cluster, end: &Cluster) -> Finding {
    let uid = |cluster: &Cluster| {
        cluster.store.find(&like.resource, &like.namespace, &like.name).map(|it| object::uid(it).to_owned())
    };
    let wanted = format!("{} {} as it was made", like.resource, like.name);
    match (uid(start), uid(end)) {
        (before, Some(now)) if before.as_ref().is_none_or(|before| *before == now) => Finding::pass(wanted),
        (_, None) => Finding::miss(Mistake::SideEffect, wanted, "it is gone"),
        _ => Finding::miss(Mistake::SideEffect, wanted, "it was deleted and made anew"),
    }
}

fn kept_available(kept: &Kept, start: &Cluster, end: &Cluster) -> Finding {
    let wanted = format!("{} never below {} available", kept.deployment, kept.at_least);
    let Some(events) = end.store.since(start.store.revision()) else { return Finding::pass(wanted) };
    let lowest = events
        .filter(|event| &*event.key.resource == "deployments.apps")
        .filter(|event| *event.key.namespace == *kept.namespace && *event.key.name == *kept.deployment)
        .map(|event| object::int(&event.object, "/status/availableReplicas").unwrap_or(0))
        .min();
    match lowest {
        Some(lowest) if lowest < kept.at_least => {
            Finding::miss(Mistake::SideEffect, wanted, format!("{lowest} available for a while"))
        }
        _ => Finding::pass(wanted),
    }
}
