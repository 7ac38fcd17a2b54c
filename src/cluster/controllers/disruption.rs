//! PodDisruptionBudgets: how many pods may go now.
//!
//! Follows `pkg/controller/disruption`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::deployment::scaled;
use super::hand::{Hand, join_key, wake_self};
use super::pods::{is_deleting, is_ready};
use super::select::selects;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, Object, World, events};
use crate::sim::SimTime;

pub(crate) const DISRUPTION: Component =
    Component { name: "disruption-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "poddisruptionbudgets.policy";

/// The source of its events, which has no better name in reality either.
const SOURCE: &str = "controllermanager";

/// 2 min after which an evicted pod that is still there counts again. Source: `DeletionTimeout`.
const DELETION_TIMEOUT: Duration = Duration::from_secs(120);

/// Kinds with a scale that pods belong to, and where they are stored.
const SCALED: &[(&str, &str)] = &[
    ("ReplicaSet", "replicasets.apps"),
    ("ReplicationController", "replicationcontrollers"),
    ("StatefulSet", "statefulsets.apps"),
];

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, RESOURCE, keys);
    let store = &world.clusters[cluster].store;
    let namespace = &event.key.namespace;
    let resource = &*event.key.resource;
    let key = |budget: &Object| join_key(namespace, object::name(budget));
    if resource == "pods" {
        let both = || event.previous.iter().chain([&event.object]);
        let selecting =
            store.list(RESOURCE, namespace).filter(|it| both().any(|pod| selects(selector(it), pod)));
        keys.extend(selecting.map(key));
    } else if resource == "deployments.apps" || SCALED.iter().any(|(_, it)| *it == resource) {
        let size = |it: &Value| object::int(it, "/spec/replicas");
        let before = event.previous.as_ref().filter(|_| event.change == Change::Modified);
        if before.is_none_or(|before| size(before) != size(&event.object)) {
            keys.extend(store.list(RESOURCE, namespace).map(key));
        }
    }
}

fn selector(budget: &Value) -> &Value {
    budget.pointer("/spec/selector").unwrap_or(&Value::Null)
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, DISRUPTION.name);
    let budget = hand.at(RESOURCE, key)?;
    let namespace = object::namespace(&budget);
    let fits = |pod: &&Object| selects(selector(&budget), pod);
    let pods: Vec<Object> = hand.store().list("pods", namespace).filter(fits).cloned().collect();
    if pods.is_empty() {
        hand.event_from(SOURCE, &budget, events::normal("NoPods", "No matching pods found"));
    }
    match expected(&mut hand, &budget, &pods) {
        Ok((expected, desired)) => write(&mut hand, &budget, &pods, expected, desired),
        Err(why) => {
            fail(&mut hand, &budget, &why);
            None
        }
    }
}

/// How many pods there should be, and how many of them must be healthy.
fn expected(hand: &mut Hand<'_>, budget: &Value, pods: &[Object]) -> Result<(i64, i64), String> {
    let counted = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    if let Some(max) = object::at(budget, "/spec/maxUnavailable") {
        let expected = scale(hand, budget, pods)?;
        return Ok((expected, (expected - scaled(Some(max), expected, true)).max(0)));
    }
    match object::at(budget, "/spec/minAvailable") {
        Some(min @ Value::String(_)) => {
            let expected = scale(hand, budget, pods)?;
            Ok((expected, scaled(Some(min), expected, true)))
        }
        Some(min) => Ok((counted, min.as_i64().unwrap_or(0))),
        None => Ok((counted, 0)),
    }
}

/// The sum of the sizes of all controllers that the pods belong to.
fn scale(hand: &mut Hand<'_>, budget: &Value, pods: &[Object]) -> Result<i64, String> {
    let mut sizes: BTreeMap<String, i64> = BTreeMap::new();
    let mut unmanaged = false;
    for pod in pods {
        let Some(owner) = object::controller_of(pod) else {
            unmanaged = true;
            continue;
        };
        let (uid, size) = size_of(hand, object::namespace(pod), owner)
            .ok_or_else(|| format!("found no controllers for pod {:?}", object::name(pod)))?;
        sizes.insert(uid, size);
    }
    if unmanaged {
        let selector = crate::cluster::controllers::select::describe(selector(budget));
        let message = format!(
            "Pods selected by this PodDisruptionBudget (selector: {selector}) were found to be unmanaged. As a result, \
             the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account \
             for these pods please set \".spec.minAvailable\" field of the PDB to an integer value."
        );
        hand.event_from(SOURCE, budget, events::warning("UnmanagedPods", message));
    }
    Ok(sizes.values().sum())
}

/// UID and size of what owns a pod; a deployment for a ReplicaSet of one.
fn size_of(hand: &Hand<'_>, namespace: &str, owner: &Value) -> Option<(String, i64)> {
    let kind = object::field(owner, "kind");
    let resource = SCALED.iter().find(|(known, _)| *known == kind).map(|(_, resource)| *resource)?;
    let same_uid = |it: &Object, reference: &Value| object::uid(it) == object::field(reference, "uid");
    let set = hand.get(resource, namespace, object::field(owner, "name")).filter(|it| same_uid(it, owner))?;
    let above = object::controller_of(&set).filter(|it| object::field(it, "kind") == "Deployment");
    let deployment = above.and_then(|it| {
        hand.get("deployments.apps", namespace, object::field(it, "name")).filter(|found| same_uid(found, it))
    });
    let top = deployment.unwrap_or(set);
    Some((object::uid(&top).to_owned(), object::int(&top, "/spec/replicas").unwrap_or(1)))
}

/// Evicted pods that are still there and not given up on; and when the first will be.
fn still_disrupted(now: SimTime, budget: &Value, pods: &[Object]) -> (Map, Option<Duration>) {
    let mut kept = Map::new();
    let mut next: Option<Duration> = None;
    for (name, since) in object::entries(budget, "/status/disruptedPods") {
        let there = pods.iter().any(|pod| object::name(pod) == name && !is_deleting(pod));
        let since_at = since.as_str().and_then(SimTime::parse_rfc3339).unwrap_or(now);
        let left = DELETION_TIMEOUT.saturating_sub(now.since(since_at));
        if there && !left.is_zero() {
            kept.insert(name.clone(), since.clone());
            next = Some(next.map_or(left, |before| before.min(left)));
        }
    }
    (kept, next)
}

fn write(
    hand: &mut Hand<'_>,
    budget: &Value,
    pods: &[Object],
    expected: i64,
    desired: i64,
) -> Option<Duration> {
    let (disrupted, next) = still_disrupted(hand.now(), budget, pods);
    let counts =
        |pod: &&Object| is_ready(pod) && !is_deleting(pod) && !disrupted.contains_key(object::name(pod));
    let healthy = i64::try_from(pods.iter().filter(counts).count()).unwrap_or(i64::MAX);
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let reason = if allowed > 0 { "SufficientPods" } else { "InsufficientPods" };
    let mut status = json!({
        "currentHealthy": healthy, "desiredHealthy": desired, "disruptionsAllowed": allowed, "expectedPods": expected,
        "observedGeneration": object::int(budget, "/metadata/generation").unwrap_or(0),
        "conditions": [condition(hand.now(), budget, allowed > 0, reason, "")],
    });
    if !disrupted.is_empty() {
        status["disruptedPods"] = disrupted.into();
    }
    // A refusal means that the budget is gone.
    let _ = hand.update_status(RESOURCE, budget, status);
    next
}

/// Notes that the status cannot be worked out: then nothing may be disrupted.
fn fail(hand: &mut Hand<'_>, budget: &Value, why: &str) {
    hand.event_from(
        SOURCE,
        budget,
        events::warning(
            "CalculateExpectedPodCountFailed",
            format!("Failed to calculate the number of expected pods: {why}"),
        ),
    );
    let mut status = budget.get("status").cloned().unwrap_or_else(|| json!({}));
    for key in ["currentHealthy", "desiredHealthy", "expectedPods"] {
        object::set_default(&mut status, &[key], 0);
    }
    object::set(&mut status, &["disruptionsAllowed"], 0);
    let condition = condition(hand.now(), budget, false, "SyncFailed", why);
    object::set(&mut status, &["conditions"], json!([condition]));
    let _ = hand.update_status(RESOURCE, budget, status);
}

fn condition(now: SimTime, budget: &Value, allowed: bool, reason: &str, message: &str) -> Value {
    let status = if allowed { "True" } else { "False" };
    let before = super::pods::condition(budget, "DisruptionAllowed");
    let since = before
        .filter(|it| object::field(it, "status") == status)
        .map(|it| object::field(it, "lastTransitionTime"));
    json!({
        "type": "DisruptionAllowed", "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since.map_or_else(|| now.rfc3339(), str::to_owned),
        "observedGeneration": object::int(budget, "/metadata/generation").unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
";

    /// Of four healthy pods: `allowed current/desired/expected`.
    #[track_caller]
    fn check(spec: &str, want: &str) {
        let mut lab = Lab::new();
        lab.create("deployments.apps", WEB);
        let spec = format!("{{selector: {{matchLabels: {{app: web}}}}, {spec}}}");
        lab.create(
            RESOURCE,
            &format!(
                "{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{name: web}}, spec: {spec}}}"
            ),
        );
        lab.pass(3);
        let budget = lab.get(RESOURCE, "web");
        let count = |key: &str| object::int(&budget, &format!("/status/{key}")).unwrap_or(-1);
        let got = format!(
            "{} {}/{}/{}",
            count("disruptionsAllowed"),
            count("currentHealthy"),
            count("desiredHealthy"),
            count("expectedPods")
        );
        assert_eq!(got, want, "{spec}");
    }

    #[test]
    fn budgets_count_from_both_sides() {
        check("minAvailable: 3", "1 4/3/4");
        check("minAvailable: 60%", "1 4/3/4");
        check("maxUnavailable: 1", "1 4/3/4");
        check("maxUnavailable: 30%", "2 4/2/4");
        check("minAvailable: 5", "0 4/5/4");
    }
}
