//! How far a roll-out is: counters, and the conditions Available, Progressing and ReplicaFailure.

use std::time::Duration;

use super::size::{counted, max_unavailable, replicas};
use super::{RESOURCE, Rollout, reload};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::{condition, seconds};
use crate::sim::SimTime;

/// `progressDeadlineSeconds` that means "never". Source: `HasProgressDeadline`.
const NO_DEADLINE: i64 = i32::MAX as i64;

/// True when lack of progress is to be reported.
pub(super) fn has_deadline(deployment: &Value) -> bool {
    object::int(deployment, "/spec/progressDeadlineSeconds").is_some_and(|it| it != NO_DEADLINE)
}

/// The condition Progressing.
pub(super) fn progressing(deployment: &Value) -> Option<&Value> {
    condition(deployment, "Progressing")
}

fn new_condition(now: SimTime, kind: &str, status: &str, reason: &str, message: String) -> Value {
    let now = now.rfc3339();
    json!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastUpdateTime": now, "lastTransitionTime": now})
}

/// Puts a condition at the end of the list; one that says the same already stays where it is.
fn set_condition(conditions: &mut Vec<Value>, mut new: Value) {
    let kind = object::field(&new, "type").to_owned();
    if let Some(there) = conditions.iter().find(|it| object::field(it, "type") == kind) {
        let same_status = there.get("status") == new.get("status");
        if same_status && there.get("reason") == new.get("reason") {
            return;
        }
        if same_status {
            new["lastTransitionTime"] = there.get("lastTransitionTime").cloned().unwrap_or_default();
        }
    }
    conditions.retain(|it| object::field(it, "type") != kind);
    conditions.push(new);
}

/// Writes the condition Progressing alone; returns the deployment with it.
pub(super) fn set_progressing(
    hand: &mut Hand<'_>,
    deployment: &Object,
    reason: &str,
    status: &str,
    message: String,
) -> Result<Object, Status> {
    let mut conditions = object::list(deployment, "/status/conditions").to_vec();
    set_condition(&mut conditions, new_condition(hand.now(), "Progressing", status, reason, message));
    let mut whole = deployment.get("status").cloned().unwrap_or_else(|| json!({}));
    object::set(&mut whole, &["conditions"], conditions);
    hand.update_status(RESOURCE, deployment, whole)?;
    Ok(reload(hand, deployment))
}

/// Notes on Progressing that the deployment was paused or resumed, so that the time does not count.
pub(super) fn note_pause(hand: &mut Hand<'_>, deployment: Object) -> Result<Object, Status> {
    let reason = progressing(&deployment).map_or("", |it| object::field(it, "reason"));
    if !has_deadline(&deployment) || reason == "ProgressDeadlineExceeded" {
        return Ok(deployment);
    }
    match (object::flag(&deployment, "/spec/paused"), reason == "DeploymentPaused") {
        (true, false) => {
            set_progressing(hand, &deployment, "DeploymentPaused", "Unknown", "Deployment is paused".into())
        }
        (false, true) => {
            set_progressing(hand, &deployment, "DeploymentResumed", "Unknown", "Deployment is resumed".into())
        }
        _ => Ok(deployment),
    }
}

/// The counters of all sets, and Available.
fn calculate(now: SimTime, rollout: &Rollout) -> Map {
    let deployment = &rollout.deployment;
    let sum = |key: &str| rollout.all().map(|set| counted(set, key)).sum::<i64>();
    let (total, available) = (sum("replicas"), sum("availableReplicas"));
    let mut status = Map::new();
    let counts = [
        ("observedGeneration", object::int(deployment, "/metadata/generation").unwrap_or(0)),
        ("replicas", total),
        ("updatedReplicas", rollout.new.as_ref().map_or(0, |set| counted(set, "replicas"))),
        ("readyReplicas", sum("readyReplicas")),
        ("availableReplicas", available),
        ("unavailableReplicas", (total - available).max(0)),
    ];
    for (key, count) in counts.into_iter().filter(|(_, count)| *count != 0) {
        status.insert(key.into(), count.into());
    }
    status.insert("terminatingReplicas".into(), sum("terminatingReplicas").into());
    if let Some(count) = object::at(deployment, "/status/collisionCount") {
        status.insert("collisionCount".into(), count.clone());
    }
    let mut conditions = object::list(deployment, "/status/conditions").to_vec();
    let enough = available >= replicas(deployment) - max_unavailable(deployment);
    set_condition(&mut conditions, availability(now, enough));
    status.insert("conditions".into(), conditions.into());
    status
}

fn availability(now: SimTime, enough: bool) -> Value {
    if enough {
        let message = "Deployment has minimum availability.".to_owned();
        new_condition(now, "Available", "True", "MinimumReplicasAvailable", message)
    } else {
        let message = "Deployment does not have minimum availability.".to_owned();
        new_condition(now, "Available", "False", "MinimumReplicasUnavailable", message)
    }
}

/// Writes the status of a deployment that is paused, resized or being deleted.
pub(super) fn write(hand: &mut Hand<'_>, rollout: &Rollout) -> Result<Option<Duration>, Status> {
    let status = calculate(hand.now(), rollout);
    hand.update_status(RESOURCE, &rollout.deployment, status.into())?;
    Ok(None)
}

/// Writes the status of a roll-out; returns when its deadline is to be looked at.
pub(super) fn write_rollout(hand: &mut Hand<'_>, rollout: &Rollout) -> Result<Option<Duration>, Status> {
    let (now, deployment) = (hand.now(), &rollout.deployment);
    let mut status = calculate(now, rollout);
    let mut conditions = match status.remove("conditions") {
        Some(Value::Array(list)) => list.into(),
        _ => Vec::new(),
    };
    let counters = Value::Object(status.clone());
    update_progress(now, rollout, &counters, &mut conditions);
    match replica_failure(rollout) {
        Some(failure) => set_condition(&mut conditions, failure),
        None => conditions.retain(|it| object::field(it, "type") != "ReplicaFailure"),
    }
    status.insert("conditions".into(), conditions.into());
    let status = Value::Object(status);
    hand.update_status(RESOURCE, deployment, status.clone())?;
    Ok(deadline_in(now, deployment, &status))
}

fn update_progress(now: SimTime, rollout: &Rollout, counters: &Value, conditions: &mut Vec<Value>) {
    let deployment = &rollout.deployment;
    if !has_deadline(deployment) {
        conditions.retain(|it| object::field(it, "type") != "Progressing");
        return;
    }
    let current = progressing(deployment).cloned();
    let settled = current.as_ref().is_some_and(|it| object::field(it, "reason") == "NewReplicaSetAvailable");
    let count = |key: &str| object::int(counters, &format!("/{key}")).unwrap_or(0);
    if settled && count("replicas") == count("updatedReplicas") {
        return;
    }
    let subject = match &rollout.new {
        Some(set) => format!("ReplicaSet {:?}", object::name(set)),
        None => format!("Deployment {:?}", object::name(deployment)),
    };
    let make = |status, reason, words: &str| {
        new_condition(now, "Progressing", status, reason, format!("{subject} {words}"))
    };
    if is_complete(deployment, Some(counters)) {
        set_condition(conditions, make("True", "NewReplicaSetAvailable", "has successfully progressed."));
    } else if has_progressed(deployment, &count) {
        let mut new = make("True", "ReplicaSetUpdated", "is progressing.");
        if let Some(current) = current.filter(|it| object::field(it, "status") == "True") {
            new["lastTransitionTime"] = current.get("lastTransitionTime").cloned().unwrap_or_default();
        }
        conditions.retain(|it| object::field(it, "type") != "Progressing");
        conditions.push(new);
    } else if is_late(now, deployment) {
        set_condition(conditions, make("False", "ProgressDeadlineExceeded", "has timed out progressing."));
    }
}

/// True when all pods are new and available, by `status`.
pub(super) fn is_complete(deployment: &Value, status: Option<&Value>) -> bool {
    let count = |key: &str| status.and_then(|it| it.get(key)).and_then(Value::as_i64).unwrap_or(0);
    let wanted = replicas(deployment);
    count("updatedReplicas") == wanted
        && count("replicas") == wanted
        && count("availableReplicas") == wanted
        && count("observedGeneration") >= object::int(deployment, "/metadata/generation").unwrap_or(0)
}

fn has_progressed(deployment: &Value, count: &dyn Fn(&str) -> i64) -> bool {
    let before = |key: &str| counted(deployment, key);
    count("updatedReplicas") > before("updatedReplicas")
        || count("replicas") - count("updatedReplicas") < before("replicas") - before("updatedReplicas")
        || count("readyReplicas") > before("readyReplicas")
        || count("availableReplicas") > before("availableReplicas")
}

fn is_late(now: SimTime, deployment: &Value) -> bool {
    let Some(current) = progressing(deployment) else { return false };
    match object::field(current, "reason") {
        "NewReplicaSetAvailable" => false,
        "ProgressDeadlineExceeded" => true,
        _ => due(deployment, current).is_some_and(|due| due < now),
    }
}

fn due(deployment: &Value, current: &Value) -> Option<SimTime> {
    let since = SimTime::parse_rfc3339(object::field(current, "lastUpdateTime"))?;
    let deadline = object::int(deployment, "/spec/progressDeadlineSeconds").unwrap_or(0);
    Some(since + seconds(deadline))
}

/// When to look whether the deadline passed: one second after it, as the real loop does.
fn deadline_in(now: SimTime, deployment: &Value, status: &Value) -> Option<Duration> {
    let with_status = json!({ "status": status });
    let current = progressing(&with_status)?;
    let timed_out = object::field(current, "reason") == "ProgressDeadlineExceeded";
    if !has_deadline(deployment) || timed_out || is_complete(deployment, Some(status)) {
        return None;
    }
    Some(due(deployment, current)?.since(now) + Duration::from_secs(1))
}

/// The failure that the sets report, the new one's first.
fn replica_failure(rollout: &Rollout) -> Option<Value> {
    let failure = |set: &Object| condition(set, "ReplicaFailure").cloned();
    let found = rollout.new.as_ref().and_then(failure).or_else(|| rollout.old.iter().find_map(failure))?;
    let at = found.get("lastTransitionTime").cloned().unwrap_or_default();
    Some(json!({
        "type": "ReplicaFailure", "status": found.get("status"), "reason": found.get("reason"),
        "message": found.get("message"), "lastUpdateTime": at, "lastTransitionTime": at,
    }))
}
