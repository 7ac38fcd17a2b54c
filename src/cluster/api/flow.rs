//! Flow schemas whose priority level is not there say so in their status.
//!
//! Follows the config controller of apiserver's `util/flowcontrol`. Requests themselves are not queued here.

use std::time::Duration;

use super::Client;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{go, object};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, Store, World};

pub(crate) const SCHEMAS: &str = "flowschemas.flowcontrol.apiserver.k8s.io";
const LEVELS: &str = "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io";
const LEVEL: &str = "/spec/priorityLevelConfiguration/name";

/// Keeps the condition `Dangling` of flow schemas. One key a schema.
pub(crate) const DANGLING: Component = Component {
    name: "api-priority-and-fairness-config-consumer-v1",
    process: Process::ApiServer,
    woken_by,
    sync,
};

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    match &*event.key.resource {
        SCHEMAS => keys.push(event.key.name.to_string()),
        LEVELS => {
            let Some(found) = world.clusters.get(cluster) else { return };
            let about =
                found.store.list(SCHEMAS, "").filter(|it| object::text(it, LEVEL) == &*event.key.name);
            keys.extend(about.map(|it| object::name(it).to_owned()));
        }
        _ => {}
    }
}

/// The condition of a schema that refers to a level which is there or not.
pub(crate) fn condition(level: &str, exists: bool, now: &str) -> Value {
    let quoted = go::quote(level);
    let told = |how: &str| {
        format!("This FlowSchema references the PriorityLevelConfiguration object named {quoted} {how}")
    };
    let (status, reason, message) = match exists {
        true => ("False", "Found", told("and it exists")),
        false => ("True", "NotFound", told("but there is no such object")),
    };
    json!({"type": "Dangling", "status": status, "reason": reason, "message": message, "lastTransitionTime": now})
}

fn is_there(store: &Store, level: &str) -> bool {
    store.find(LEVELS, "", level).is_some()
}

fn sync(world: &mut World, cluster: ClusterId, name: &str) -> Option<Duration> {
    let now = world.now.rfc3339();
    let store = &world.clusters.get(cluster)?.store;
    let schema = store.find(SCHEMAS, "", name)?.clone();
    let level = object::text(&schema, LEVEL);
    let wanted = condition(level, is_there(store, level), &now);
    let same = |it: &Value| {
        ["type", "status", "message"].iter().all(|key| object::field(it, key) == object::field(&wanted, key))
    };
    if object::list(&schema, "/status/conditions").iter().any(same) {
        return None;
    }
    let mut client = Client::controller(world, cluster, DANGLING.name);
    let change = |it: &mut Value| object::set(it, &["status", "conditions"], vec![wanted]);
    let _ = client.edit(SCHEMAS, "status", ("", name), change);
    None
}
