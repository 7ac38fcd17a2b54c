//! Certificate signing requests: approved for kubelets, signed with the cluster's CA, removed when old.
//!
//! Follows `pkg/controller/certificates`. [`request`] reads what is asked for, [`signing`] signs.

pub(crate) mod approving;
mod request;
pub(crate) mod signing;

use std::time::Duration;

use super::hand::{Hand, wake_self};
use super::pods::created_at;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, World};
use crate::sim::SimTime;

const RESOURCE: &str = "certificatesigningrequests.certificates.k8s.io";

/// True when the request has a condition of that type.
fn has(csr: &Value, kind: &str) -> bool {
    object::list(csr, "/status/conditions").iter().any(|it| object::field(it, "type") == kind)
}

pub(crate) const CLEANER: Component = Component {
    name: "certificatesigningrequest-cleaner",
    process: Process::ControllerManager,
    woken_by: |_, _, event, keys| wake_self(event, RESOURCE, keys),
    sync: clean,
};

/// 1 h after approval or denial. Source: `approvedExpiration`, `deniedExpiration`.
const DECIDED: Duration = Duration::from_secs(3_600);

/// 24 h without a decision. Source: `pendingExpiration`.
const PENDING: Duration = Duration::from_secs(86_400);

fn clean(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, CLEANER.name);
    let csr = hand.at(RESOURCE, key)?;
    let decided = |it: &&Value| matches!(object::field(it, "type"), "Approved" | "Denied" | "Failed");
    let decision = object::list(&csr, "/status/conditions").iter().rfind(decided);
    let (since, life) = match decision {
        Some(it) => (SimTime::parse_rfc3339(object::field(it, "lastUpdateTime")), DECIDED),
        None => (Some(created_at(&csr)), PENDING),
    };
    let age = hand.now().since(since?);
    if age < life {
        return Some(life - age);
    }
    // Gone already is as good.
    let _ = hand.delete(RESOURCE, &csr);
    None
}

#[cfg(test)]
mod tests;
