//! Jobs: pods that run to their end, counted until enough succeeded or too many failed.
//!
//! Follows `pkg/controller/job`. Its parts: [`pods`] makes and removes pods, [`indexes`] does the
//! bookkeeping of Indexed jobs, [`policy`] reads podFailurePolicy and successPolicy, [`outcome`]
//! decides whether the job is over, [`tracking`] counts pods and writes the status.
//!
//! The real loop waits a second after pods change, so that many changes are one sync; so does this one,
//! since durations and completion times show it.

mod backoff;
mod indexes;
mod outcome;
mod policy;
mod pods;
mod tracking;

use std::time::Duration;

use self::indexes::Intervals;
use self::outcome::Outcome;
use super::hand::{Hand, join_key, wake_self};
use super::owners;
use super::pods::{is_active, is_deleting, is_ended, is_ready};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, Object, World, events};

pub(crate) use self::outcome::is_finished;

pub(crate) const JOB: Component =
    Component { name: "job-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "jobs.batch";

/// Pods carry it until they are counted.
const FINALIZER: &str = "batch.kubernetes.io/job-tracking";

/// 1 s between a change of a pod and the sync. Source: `syncJobBatchPeriod`.
const BATCH: Duration = Duration::from_secs(1);

/// 1 s before the first retry of a refused request, 60 s at most.
///
/// Source: `DefaultJobApiBackOff`, `MaxJobApiBackOff`.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if &*event.key.resource == RESOURCE {
        let generation = |it: &Value| object::int(it, "/metadata/generation");
        // A change of status alone comes from the loop itself.
        let own = event.previous.as_ref().is_some_and(|it| generation(it) == generation(&event.object));
        if !own || is_deleting(&event.object) || event.change == Change::Deleted {
            wake_self(event, RESOURCE, keys);
        }
        return;
    }
    if &*event.key.resource != "pods" {
        return;
    }
    let owner = object::controller_of(&event.object).filter(|it| object::field(it, "kind") == "Job");
    if let Some(owner) = owner {
        keys.push(format!("later:{}", join_key(&event.key.namespace, object::field(owner, "name"))));
        if is_deleting(&event.object) && tracked(&event.object) {
            keys.push(format!("orphan:{}", join_key(&event.key.namespace, &event.key.name)));
        }
    }
}

fn tracked(pod: &Value) -> bool {
    object::list(pod, "/metadata/finalizers").iter().any(|it| it == FINALIZER)
}

/// Takes the tracking finalizer off a pod.
fn untrack(hand: &mut Hand<'_>, pod: &Value) -> Result<(), Status> {
    hand.edit("pods", pod, |pod| {
        let mut finalizers = object::list(pod, "/metadata/finalizers").to_vec();
        finalizers.retain(|it| it != FINALIZER);
        if finalizers.is_empty() {
            object::remove(pod, &["metadata", "finalizers"]);
        } else {
            object::set(pod, &["metadata", "finalizers"], finalizers);
        }
    })
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, JOB.name);
    if let Some(job) = key.strip_prefix("later:") {
        let pending = hand.marked(job).is_some_and(|at| at > hand.now());
        if !pending {
            hand.set_mark(job, hand.now() + BATCH);
            hand.wake_in(BATCH, job);
        }
        return None;
    }
    if let Some(pod) = key.strip_prefix("orphan:") {
        free_orphan(&mut hand, pod);
        return None;
    }
    if hand.marked(key).is_some_and(|at| at <= hand.now()) {
        hand.unmark(key);
    }
    let Some(job) = hand.at(RESOURCE, key) else {
        hand.forget(key);
        hand.unmark(key);
        backoff::forget(&mut hand, key);
        return None;
    };
    match work(&mut hand, key, job) {
        Ok(again) => {
            hand.forget(key);
            again
        }
        Err(_) => hand.retry_within(key, RETRY.0, RETRY.1),
    }
}

/// A pod whose job is gone or over is nobody's to count.
fn free_orphan(hand: &mut Hand<'_>, key: &str) {
    let Some(pod) = hand.at("pods", key) else { return };
    let owner = object::controller_of(&pod).cloned().unwrap_or_default();
    let job = hand.get(RESOURCE, object::namespace(&pod), object::field(&owner, "name"));
    let counts =
        |job: &Object| object::uid(job) == object::field(&owner, "uid") && !outcome::is_finished(job);
    if tracked(&pod) && !job.as_ref().is_some_and(counts) {
        // A pod that vanished meanwhile needs nothing.
        let _ = untrack(hand, &pod);
    }
}

/// A job at work.
struct Work {
    key: String,
    job: Object,
    pods: Vec<Object>,
    active: Vec<Object>,
    counts: Counts,
    /// Indexes that succeeded, and those that failed for good; empty unless Indexed.
    succeeded_indexes: Intervals,
    failed_indexes: Intervals,
    outcome: Option<Outcome>,
    /// When to look again.
    again: Option<Duration>,
}

#[derive(Default)]
struct Counts {
    active: i64,
    ready: i64,
    terminating: i64,
    succeeded: i64,
    failed: i64,
}

impl Work {
    fn spec(&self, pointer: &str) -> Option<i64> {
        object::int(&self.job, &format!("/spec/{pointer}"))
    }

    fn is_indexed(&self) -> bool {
        object::text(&self.job, "/spec/completionMode") == "Indexed"
    }

    fn is_suspended(&self) -> bool {
        object::flag(&self.job, "/spec/suspend")
    }

    fn look_again_in(&mut self, wait: Duration) {
        self.again = Some(self.again.map_or(wait, |before| before.min(wait)));
    }

    /// True when a pod that is being deleted is no failure yet: it is replaced once it failed.
    fn replaces_failed_only(&self) -> bool {
        object::text(&self.job, "/spec/podReplacementPolicy") == "Failed"
            || object::at(&self.job, "/spec/podFailurePolicy").is_some()
    }

    fn has_failed(&self, pod: &Value) -> bool {
        let phase = super::pods::phase(pod);
        phase == "Failed" || (!self.replaces_failed_only() && is_deleting(pod) && phase != "Succeeded")
    }

    /// True when the pod is still to be counted.
    fn counts(&self, pod: &Value) -> bool {
        let completions = self.spec("completions").unwrap_or(i64::MAX);
        tracked(pod) && (!self.is_indexed() || indexes::index(pod).is_some_and(|index| index < completions))
    }
}

fn work(hand: &mut Hand<'_>, key: &str, job: Object) -> Result<Option<Duration>, Status> {
    let managed_by = object::text(&job, "/spec/managedBy");
    if !matches!(managed_by, "" | "kubernetes.io/job-controller") {
        return Ok(None);
    }
    let selector = job.pointer("/spec/selector").cloned().unwrap_or_default();
    let pods = owners::claim(hand, &job, &selector, "pods", "Pod");
    if outcome::is_finished(&job) {
        pods.iter().filter(|pod| tracked(pod)).try_for_each(|pod| untrack(hand, pod))?;
        return Ok(None);
    }
    let mut work = look(key, job, pods);
    backoff::note(hand, &work);
    let start = start_time(hand, &work);
    work.outcome = outcome::decide(hand, &mut work, start.clone());
    let mut resumed = None;
    let managed = if work.outcome.is_some() {
        pods::delete_active(hand, &mut work)
    } else if is_deleting(&work.job) {
        Ok(())
    } else {
        let managed = pods::manage(hand, &mut work);
        work.outcome = outcome::reached(&work);
        resumed = work.outcome.is_none().then(|| note_suspension(hand, &work)).flatten();
        managed
    };
    tracking::write(hand, &mut work, start, resumed)?;
    managed.map(|()| work.again)
}

/// Sorts and counts the pods.
fn look(key: &str, job: Object, mut pods: Vec<Object>) -> Work {
    pods.sort_by(super::pods::by_age);
    let active: Vec<Object> = pods.iter().filter(|pod| is_active(pod)).cloned().collect();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let counts = Counts {
        active: number(active.len()),
        ready: number(active.iter().filter(|pod| is_ready(pod)).count()),
        terminating: number(pods.iter().filter(|pod| is_deleting(pod) && !is_ended(pod)).count()),
        ..Counts::default()
    };
    let mut work = Work {
        key: key.to_owned(),
        job,
        pods,
        active,
        counts,
        succeeded_indexes: Intervals::default(),
        failed_indexes: Intervals::default(),
        outcome: None,
        again: None,
    };
    let before = |key: &str| object::int(&work.job, &format!("/status/{key}")).unwrap_or(0);
    let to_count = work.pods.iter().filter(|pod| work.counts(pod));
    let succeeded = to_count.clone().filter(|pod| super::pods::phase(pod) == "Succeeded").count();
    let failed =
        to_count.filter(|pod| work.has_failed(pod) && policy::counts_failure(&work.job, pod)).count();
    work.counts.succeeded = before("succeeded") + number(succeeded);
    work.counts.failed = before("failed") + number(failed);
    if work.is_indexed() {
        work.succeeded_indexes = indexes::succeeded(&work);
        work.failed_indexes = indexes::failed(&work);
        work.counts.succeeded = number(work.succeeded_indexes.len());
    }
    work
}

/// `status.startTime`: now, when the job starts.
fn start_time(hand: &Hand<'_>, work: &Work) -> Option<String> {
    match object::text(&work.job, "/status/startTime") {
        "" if work.is_suspended() => None,
        "" => Some(hand.now().rfc3339()),
        start => Some(start.to_owned()),
    }
}

/// The condition Suspended, when it is to change; says so.
fn note_suspension(hand: &mut Hand<'_>, work: &Work) -> Option<Value> {
    let there = super::pods::condition(&work.job, "Suspended");
    let was = there.map(|it| object::field(it, "status") == "True");
    let (status, reason, message, event) = match (work.is_suspended(), was) {
        (true, None | Some(false)) => ("True", "JobSuspended", "Job suspended", "Suspended"),
        (false, Some(true)) => ("False", "JobResumed", "Job resumed", "Resumed"),
        _ => return None,
    };
    hand.event(&work.job, events::normal(event, message));
    let now = hand.now().rfc3339();
    Some(json!({"type": "Suspended", "status": status, "reason": reason, "message": message,
        "lastProbeTime": now, "lastTransitionTime": now}))
}

#[cfg(test)]
mod tests;
