//! Counting the pods of a job exactly once, and writing what came of it.

use super::outcome::Outcome;
use super::{RESOURCE, Work, indexes, policy, tracked, untrack};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::{is_deleting, phase};
use crate::cluster::events;

/// Counts the pods that ended, frees them, and writes the status. `suspension` is the changed
/// condition Suspended, if it changed.
///
/// The real loop writes the pods' UIDs first, frees them, and then counts; here nothing can fail in
/// between, so the end of that is written at once.
pub(super) fn write(
    hand: &mut Hand<'_>,
    work: &mut Work,
    start: Option<String>,
    suspension: Option<Value>,
) -> Result<(), Status> {
    let (succeeded, failed) = count(hand, work)?;
    let resumed = suspension.as_ref().is_some_and(|it| object::field(it, "status") == "False");
    let start = if resumed { Some(hand.now().rfc3339()) } else { start };
    let mut status = counters(work, succeeded, failed, start);
    let mut conditions = object::list(&work.job, "/status/conditions").to_vec();
    if let Some(suspension) = suspension {
        conditions.retain(|it| object::field(it, "type") != "Suspended");
        conditions.push(suspension);
    }
    let over = work.outcome.clone().filter(|outcome| announce(hand, work, outcome, &mut conditions));
    if over.as_ref().is_some_and(|it| it.succeeded) {
        status.insert("completionTime".into(), hand.now().rfc3339().into());
    }
    if !conditions.is_empty() {
        status.insert("conditions".into(), conditions.into());
    }
    let job = work.job.clone();
    hand.update_status(RESOURCE, &job, status.into())?;
    if let Some(outcome) = over {
        say(hand, work, &outcome, succeeded);
    }
    Ok(())
}

/// Counts and frees the pods that can be; returns how many succeeded and failed in all.
fn count(hand: &mut Hand<'_>, work: &Work) -> Result<(i64, i64), Status> {
    let before = |key: &str| object::int(&work.job, &format!("/status/{key}")).unwrap_or(0);
    let (mut succeeded, mut failed) = (before("succeeded"), before("failed"));
    let waiting = indexes::waiting(work);
    let failing = work.outcome.as_ref().is_some_and(|it| !it.succeeded);
    for pod in work.pods.iter().filter(|pod| tracked(pod)) {
        let has_failed = work.has_failed(pod);
        if !is_countable(work, pod, has_failed, &waiting) {
            continue;
        }
        if phase(pod) == "Succeeded" {
            succeeded += 1;
        } else if (has_failed || failing) && work.counts(pod) && policy::counts_failure(&work.job, pod) {
            failed += 1;
        }
        untrack(hand, pod)?;
    }
    if work.is_indexed() {
        succeeded = work.counts.succeeded;
    }
    Ok((succeeded, failed))
}

fn is_countable(
    work: &Work,
    pod: &Object,
    has_failed: bool,
    waiting: &std::collections::BTreeMap<i64, Object>,
) -> bool {
    if is_deleting(&work.job) || work.outcome.is_some() || phase(pod) == "Succeeded" {
        return true;
    }
    let hands_on = || {
        indexes::index(pod)
            .and_then(|it| waiting.get(&it))
            .is_some_and(|it| object::uid(it) == object::uid(pod))
    };
    has_failed && !hands_on()
}

fn counters(work: &Work, succeeded: i64, failed: i64, start: Option<String>) -> Map {
    let mut status = Map::new();
    let counts = [("active", work.counts.active), ("succeeded", succeeded), ("failed", failed)];
    for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        status.insert(key.into(), count.into());
    }
    status.insert("ready".into(), work.counts.ready.into());
    status.insert("terminating".into(), work.counts.terminating.into());
    status.insert("uncountedTerminatedPods".into(), json!({}));
    if let Some(start) = start {
        status.insert("startTime".into(), start.into());
    }
    if work.is_indexed() {
        let text = work.succeeded_indexes.to_string();
        if !text.is_empty() {
            status.insert("completedIndexes".into(), text.into());
        }
        if work.spec("backoffLimitPerIndex").is_some() {
            status.insert("failedIndexes".into(), work.failed_indexes.to_string().into());
        }
    }
    status
}

/// Adds the condition that announces the end, and the end itself once no pod is left; true then.
fn announce(hand: &Hand<'_>, work: &Work, outcome: &Outcome, conditions: &mut Vec<Value>) -> bool {
    let (interim, end) = outcome.conditions();
    let now = hand.now().rfc3339();
    let condition = |kind: &str| {
        json!({"type": kind, "status": "True", "reason": outcome.reason, "message": outcome.message,
            "lastProbeTime": now, "lastTransitionTime": now})
    };
    if !conditions.iter().any(|it| object::field(it, "type") == interim) {
        conditions.push(condition(interim));
    }
    let over = work.counts.terminating == 0 && work.counts.active == 0;
    if over {
        conditions.push(condition(end));
    }
    over
}

fn say(hand: &mut Hand<'_>, work: &Work, outcome: &Outcome, succeeded: i64) {
    if !outcome.succeeded {
        hand.event(&work.job, events::warning(&outcome.reason, outcome.message.clone()));
        return;
    }
    if work.spec("completions").is_some_and(|wanted| succeeded > wanted) {
        let message = "Too many succeeded pods running after completion count reached";
        hand.event(&work.job, events::warning("TooManySucceededPods", message));
    }
    hand.event(&work.job, events::normal("Completed", "Job completed"));
}
