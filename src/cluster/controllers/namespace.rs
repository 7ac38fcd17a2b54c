//! Emptying namespaces that are being deleted, and telling what holds them back.
//!
//! Follows `pkg/controller/namespace`. A look comes 5 s after each change of a deleted namespace, so that
//! every API server has seen it; one with held objects is looked at again half of their time later. Of
//! two times that are due the earlier one counts, as in client-go's delaying queue.

use std::collections::BTreeMap;
use std::time::Duration;

use super::hand::Hand;
use super::pods::is_deleting;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::api::resources;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};
use crate::sim::SimTime;

pub(crate) const NAMESPACE: Component =
    Component { name: "namespace-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "namespaces";

/// 5 s. Source: `namespaceDeletionGracePeriod`.
const GRACE: Duration = Duration::from_secs(5);

/// 15 s for objects with finalizers. Source: `finalizerEstimateSeconds`.
const HELD_S: i64 = 15;

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if &*event.key.resource == RESOURCE && is_deleting(&event.object) {
        keys.push(format!("{CHANGED}{}", event.key.name));
    }
}

/// In front of the key of a namespace that changed, which is not looked at yet.
const CHANGED: &str = "changed:";

/// Lets a namespace be looked at in `wait`, unless it will be earlier.
fn look_in(hand: &mut Hand<'_>, namespace: &str, wait: Duration) {
    let at = hand.now() + wait;
    let earlier = hand.marked(namespace).is_some_and(|due| due > hand.now() && due <= at);
    if !earlier {
        hand.set_mark(namespace, at);
        hand.wake_in(wait, namespace);
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, NAMESPACE.name);
    if let Some(namespace) = key.strip_prefix(CHANGED) {
        look_in(&mut hand, namespace, GRACE);
        return None;
    }
    let Some(namespace) = hand.at(RESOURCE, key).filter(|it| is_deleting(it)) else {
        hand.unmark(key);
        return None;
    };
    if hand.marked(key).is_some_and(|due| due > hand.now()) {
        // This timer was for a time that an earlier one replaced.
        return None;
    }
    hand.unmark(key);
    let left = empty(&mut hand, key);
    if left.is_nothing() {
        let _ = finalize(&mut hand, &namespace);
        return None;
    }
    let status = status(hand.now(), &namespace, &left);
    let _ = hand.update_status(RESOURCE, &namespace, status);
    if left.refusals.is_empty() {
        look_in(&mut hand, key, super::pods::seconds(left.wait_s / 2 + 1));
        None
    } else {
        hand.retry(key)
    }
}

/// What stays in a namespace after everything in it was deleted.
#[derive(Default)]
struct Left {
    /// Objects by resource.
    remaining: BTreeMap<String, usize>,
    /// Objects by finalizer.
    finalizers: BTreeMap<String, usize>,
    refusals: Vec<String>,
    /// How long the slowest of them may take.
    wait_s: i64,
}

impl Left {
    fn is_nothing(&self) -> bool {
        self.remaining.is_empty() && self.refusals.is_empty()
    }
}

fn empty(hand: &mut Hand<'_>, namespace: &str) -> Left {
    let mut left = Left::default();
    let cluster = &hand.world.clusters[hand.cluster];
    let mut all: Vec<(String, String)> = resources::all(cluster)
        .iter()
        .filter(|it| it.namespaced && it.has_verb("delete") && it.api_version() == it.storage_version)
        .map(|it| (it.storage.to_string(), format!("{}.{}", it.plural, it.group)))
        .collect();
    all.dedup();
    for (resource, name) in all {
        let before = hand.list(&resource, namespace);
        let wait = before.iter().map(|it| grace_s(&resource, it)).max().unwrap_or(0);
        for object in &before {
            let options = json!({"propagationPolicy": "Background"});
            match hand.delete_with(&resource, object, &options) {
                Err(refusal) if refusal.code != 404 => left.refusals.push(refusal.message),
                _ => {}
            }
        }
        note(hand, namespace, (&resource, name), wait, &mut left);
    }
    left
}

/// How long an object may take to end by itself.
fn grace_s(resource: &str, object: &Value) -> i64 {
    if resource != "pods" || matches!(object::text(object, "/status/phase"), "Succeeded" | "Failed") {
        return 0;
    }
    object::int(object, "/spec/terminationGracePeriodSeconds").unwrap_or(0)
}

fn note(hand: &Hand<'_>, namespace: &str, (resource, name): (&str, String), wait_s: i64, left: &mut Left) {
    let after = hand.list(resource, namespace);
    if after.is_empty() {
        return;
    }
    left.remaining.insert(name, after.len());
    let mut held = false;
    for finalizer in after.iter().flat_map(|it| object::list(it, "/metadata/finalizers")) {
        held = true;
        *left.finalizers.entry(finalizer.as_str().unwrap_or("").to_owned()).or_insert(0) += 1;
    }
    let wait_s = if wait_s == 0 && held { HELD_S } else { wait_s };
    left.wait_s = left.wait_s.max(wait_s);
}

/// Takes the finalizer `kubernetes` off, which ends the namespace.
fn finalize(hand: &mut Hand<'_>, namespace: &Value) -> Result<(), Status> {
    let mut freed = namespace.clone();
    let mut finalizers = object::list(namespace, "/spec/finalizers").to_vec();
    finalizers.retain(|it| it != "kubernetes");
    object::set(&mut freed, &["spec", "finalizers"], finalizers);
    hand.update_subresource(RESOURCE, "finalize", freed).map(drop)
}

/// The five conditions, in the order in which the real loop writes them.
fn status(now: SimTime, namespace: &Value, left: &Left) -> Value {
    let remaining = words(&left.remaining, |name, count| format!("{name} has {count} resource instances"));
    let finalizers = words(&left.finalizers, |name, count| format!("{name} in {count} resource instances"));
    let failed = left.refusals.join(", ");
    let rows = [
        Row {
            kind: "NamespaceDeletionDiscoveryFailure",
            fine: ("ResourcesDiscovered", "All resources successfully discovered"),
            trouble: None,
        },
        Row {
            kind: "NamespaceDeletionGroupVersionParsingFailure",
            fine: ("ParsedGroupVersions", "All legacy kube types successfully parsed"),
            trouble: None,
        },
        Row {
            kind: "NamespaceDeletionContentFailure",
            fine: ("ContentDeleted", "All content successfully deleted, may be waiting on finalization"),
            trouble: (!failed.is_empty()).then(|| {
                (
                    "ContentDeletionFailed",
                    format!(
                        "Failed to delete all resource types, {} remaining: {failed}",
                        left.refusals.len()
                    ),
                )
            }),
        },
        Row {
            kind: "NamespaceContentRemaining",
            fine: ("ContentRemoved", "All content successfully removed"),
            trouble: (!remaining.is_empty())
                .then(|| ("SomeResourcesRemain", format!("Some resources are remaining: {remaining}"))),
        },
        Row {
            kind: "NamespaceFinalizersRemaining",
            fine: ("ContentHasNoFinalizers", "All content-preserving finalizers finished"),
            trouble: (!finalizers.is_empty()).then(|| {
                (
                    "SomeFinalizersRemain",
                    format!("Some content in the namespace has finalizers remaining: {finalizers}"),
                )
            }),
        },
    ];
    let conditions: Vec<Value> = rows.into_iter().map(|row| row.condition(now, namespace)).collect();
    json!({"phase": "Terminating", "conditions": conditions})
}

fn words(counts: &BTreeMap<String, usize>, line: impl Fn(&str, usize) -> String) -> String {
    counts.iter().map(|(name, count)| line(name, *count)).collect::<Vec<_>>().join(", ")
}

/// One condition: what it says when all is well, and when not.
struct Row {
    kind: &'static str,
    fine: (&'static str, &'static str),
    trouble: Option<(&'static str, String)>,
}

impl Row {
    fn condition(self, now: SimTime, namespace: &Value) -> Value {
        let (status, reason, message) = match self.trouble {
            Some((reason, message)) => ("True", reason, message),
            None => ("False", self.fine.0, self.fine.1.to_owned()),
        };
        let mut condition = json!({"type": self.kind, "status": status, "reason": reason, "message": message,
            "lastTransitionTime": now.rfc3339()});
        if let Some(before) = super::pods::condition(namespace, self.kind) {
            let same =
                ["status", "reason", "message"].iter().all(|key| before.get(key) == condition.get(key));
            if same || before.get("status") == condition.get("status") {
                condition["lastTransitionTime"] =
                    before.get("lastTransitionTime").cloned().unwrap_or_default();
            }
        }
        condition
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    #[test]
    fn a_namespace_goes_once_nothing_holds_it_back() {
        let mut lab = Lab::new();
        lab.create("namespaces", "{apiVersion: v1, kind: Namespace, metadata: {name: dev}}");
        let held = "{name: held, namespace: dev, finalizers: [example.com/guard]}";
        lab.create("configmaps", &format!("{{apiVersion: v1, kind: ConfigMap, metadata: {held}}}"));
        lab.delete("namespaces", "dev");
        lab.pass(9);
        let dev = lab.get("namespaces", "dev");
        let message = |kind| {
            super::super::pods::condition(&dev, kind).map(|it| object::field(it, "message").to_owned())
        };
        assert_eq!(
            message("NamespaceFinalizersRemaining").as_deref(),
            Some(
                "Some content in the namespace has finalizers remaining: example.com/guard in 1 resource instances"
            )
        );
        assert_eq!(
            message("NamespaceContentRemaining").as_deref(),
            Some("Some resources are remaining: configmaps. has 1 resource instances")
        );
        let mut map =
            (*lab.world.clusters[0].store.find("configmaps", "dev", "held").unwrap().clone()).clone();
        object::remove(&mut map, &["metadata", "finalizers"]);
        lab.client().update("configmaps", map).unwrap();
        lab.pass(20);
        assert!(lab.world.clusters[0].store.find("namespaces", "", "dev").is_none());
    }
}
