//! Cluster roles with an aggregation rule get the rules of all roles that their selectors match.
//!
//! Follows `pkg/controller/clusterroleaggregation`.

use std::time::Duration;

use super::hand::Hand;
use super::select::selects;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};

pub(crate) const AGGREGATION: Component = Component {
    name: "clusterrole-aggregation-controller",
    process: Process::ControllerManager,
    woken_by,
    sync,
};

const RESOURCE: &str = "clusterroles.rbac.authorization.k8s.io";

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if &*event.key.resource == RESOURCE {
        // Any role may be part of any aggregate.
        let roles = world.clusters[cluster].store.list(RESOURCE, "");
        keys.extend(roles.filter(|it| is_aggregate(it)).map(|it| object::name(it).to_owned()));
    }
}

fn is_aggregate(role: &Value) -> bool {
    object::at(role, "/aggregationRule").is_some()
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, AGGREGATION.name);
    let role = hand.at(RESOURCE, key).filter(|it| is_aggregate(it))?;
    let selectors = object::list(&role, "/aggregationRule/clusterRoleSelectors");
    let mut rules: Vec<Value> = Vec::new();
    for selector in selectors {
        for part in
            hand.store().list(RESOURCE, "").filter(|it| object::name(it) != key && selects(selector, it))
        {
            let new = object::list(part, "/rules").iter().filter(|rule| !rules.contains(rule)).cloned();
            let new: Vec<Value> = new.collect();
            rules.extend(new);
        }
    }
    if rules == object::list(&role, "/rules") {
        return None;
    }
    let written = hand.edit(RESOURCE, &role, |role| object::set(role, &["rules"], rules));
    if written.is_err() { hand.retry(key) } else { None }
}
