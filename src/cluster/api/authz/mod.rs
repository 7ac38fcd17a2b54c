//! Authorization: who may do what, asked of the authorizers that the server's flags name, in their order.
//!
//! Attribute files (`ABAC`) and webhooks are not simulated: they allow nothing, and say so.

pub(crate) mod escalation;
mod node;
pub(crate) mod rbac;
pub(crate) mod reviews;

use crate::apimachinery::status::{Status, qualified};
use crate::cluster::api::flags;
use crate::cluster::{Cluster, UserInfo};

/// What a request is about, for the authorizers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) version: String,
    /// Plural; empty for a non-resource request.
    pub(crate) resource: String,
    pub(crate) subresource: String,
    /// Empty for the cluster scope and for all namespaces.
    pub(crate) namespace: String,
    pub(crate) name: String,
    /// Only for non-resource requests.
    pub(crate) path: String,
    pub(crate) field_selector: String,
}

/// What the authorizers came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    /// Why, in the authorizer's words; may be empty.
    pub(crate) reason: String,
}

/// Members of this group may do everything, whatever RBAC says.
const MASTERS: &str = "system:masters";

/// Asks every authorizer until one allows.
pub(crate) fn decide(cluster: &Cluster, user: &UserInfo, attributes: &Attributes) -> Decision {
    if user.groups.iter().any(|group| group == MASTERS) {
        return Decision { allowed: true, reason: String::new() };
    }
    let mut reasons = Vec::new();
    for mode in flags::authorization_modes(cluster) {
        let decision = ask(mode, cluster, user, attributes);
        if decision.allowed {
            return decision;
        }
        if !decision.reason.is_empty() {
            reasons.push(decision.reason);
        }
    }
    Decision { allowed: false, reason: reasons.join("\n") }
}

/// Asks one authorizer by the name of its mode.
fn ask(mode: &str, cluster: &Cluster, user: &UserInfo, attributes: &Attributes) -> Decision {
    let no = |reason: &str| Decision { allowed: false, reason: reason.to_owned() };
    match mode {
        "AlwaysAllow" => Decision { allowed: true, reason: String::new() },
        "AlwaysDeny" => no("Everything is forbidden."),
        "Node" => node::decide(&cluster.store, user, attributes),
        "RBAC" => rbac::decide(&cluster.store, user, attributes),
        other => no(&format!("uncordon: authorization mode {other} is not simulated yet")),
    }
}

/// 403 unless the user may.
pub(crate) fn require(cluster: &Cluster, user: &UserInfo, attributes: &Attributes) -> Result<(), Status> {
    let decision = decide(cluster, user, attributes);
    if decision.allowed { Ok(()) } else { Err(refusal(user, attributes, &decision.reason)) }
}

/// The Status of a refusal.
pub(crate) fn refusal(user: &UserInfo, attributes: &Attributes, reason: &str) -> Status {
    let mut why = sentence(user, attributes);
    if !reason.is_empty() {
        why = format!("{why}: {reason}");
    }
    Status::forbidden(&attributes.resource, &attributes.group, &attributes.name, &why)
}

/// `User "jane" cannot list resource "pods" in API group "" in the namespace "default"`.
fn sentence(user: &UserInfo, attributes: &Attributes) -> String {
    let who = format!("User {:?} cannot {}", user.name, attributes.verb);
    if attributes.resource.is_empty() {
        return format!("{who} path {:?}", attributes.path);
    }
    let resource = attributes.full_resource();
    let what = format!("{who} resource {resource:?} in API group {:?}", attributes.group);
    if attributes.namespace.is_empty() {
        format!("{what} at the cluster scope")
    } else {
        format!("{what} in the namespace {:?}", attributes.namespace)
    }
}

impl Attributes {
    /// The renewal of a lease.
    pub(crate) fn of_lease(namespace: &str, name: &str) -> Self {
        Self {
            verb: "update".into(),
            group: "coordination.k8s.io".into(),
            version: "v1".into(),
            resource: "leases".into(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// `pods/log`.
    pub(crate) fn full_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }

    /// `deployments.apps`.
    pub(crate) fn group_resource(&self) -> String {
        qualified(&self.resource, &self.group)
    }
}
