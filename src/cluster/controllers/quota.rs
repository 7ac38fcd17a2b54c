//! ResourceQuotas: what a namespace uses of each, counted afresh.
//!
//! Follows `pkg/controller/resourcequota`. Admission books what it lets in at once; this loop counts
//! what was there before, and gives back what is gone.

use std::time::Duration;

use super::hand::{Hand, join_key};
use crate::apimachinery::json::{Key, Map, Value, json};
use crate::apimachinery::object;
use crate::cluster::api::admission::quota::{recount, usage};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, World};

pub(crate) const QUOTA: Component =
    Component { name: "resourcequota-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "resourcequotas";

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let (resource, namespace) = (&*event.key.resource, &event.key.namespace);
    if resource == RESOURCE {
        let spec = |it: &Value| it.pointer("/spec").cloned();
        if event.previous.as_ref().is_none_or(|before| spec(before) != spec(&event.object)) {
            keys.push(join_key(namespace, &event.key.name));
        }
    }
    if namespace.is_empty() || !may_matter(event) {
        return;
    }
    for quota in world.clusters[cluster].store.list(RESOURCE, namespace) {
        let hard = quota.pointer("/spec/hard").and_then(Value::as_object);
        if hard.is_some_and(|hard| usage::counts(resource, hard.keys().map(Key::as_str))) {
            keys.push(join_key(namespace, object::name(quota)));
        }
    }
}

/// False for changes that leave what an object uses as it was.
fn may_matter(event: &Event) -> bool {
    let Some(before) = event.previous.as_ref().filter(|_| event.change == Change::Modified) else {
        return true;
    };
    ["/spec", "/status/phase", "/metadata/deletionTimestamp"]
        .iter()
        .any(|pointer| before.pointer(pointer) != event.object.pointer(pointer))
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, QUOTA.name);
    let quota = hand.at(RESOURCE, key)?;
    let used: Map = recount(hand.store(), &quota)
        .into_iter()
        .map(|(name, amount)| (name, amount.to_string().into()))
        .collect();
    let hard = quota.pointer("/spec/hard").cloned().unwrap_or_else(|| json!({}));
    let written = hand.update_status(RESOURCE, &quota, json!({"hard": hard, "used": used}));
    if written.is_err() { hand.retry(key) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    #[test]
    fn what_is_there_is_counted_and_what_goes_is_given_back() {
        let mut lab = Lab::new();
        let map = |name: &str| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}");
        let hard = "{hard: {configmaps: 5, pods: 1}}";
        lab.create(
            RESOURCE,
            &format!("{{apiVersion: v1, kind: ResourceQuota, metadata: {{name: q}}, spec: {hard}}}"),
        );
        lab.pass(1);
        lab.create("configmaps", &map("a"));
        lab.create("configmaps", &map("b"));
        lab.delete("configmaps", "a");
        lab.pass(1);
        // `b` and the root CA's.
        assert_eq!(
            lab.get(RESOURCE, "q").pointer("/status/used"),
            Some(&json!({"configmaps": "2", "pods": "0"}))
        );
    }
}
