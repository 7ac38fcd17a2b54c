//! The pods of a job: made, replaced and removed.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{FINALIZER, Work, backoff, indexes, policy, untrack};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::{is_ready, sort_for_deletion};
use crate::cluster::controllers::{scaling, template};

/// Deletes what still runs of a job that is over.
pub(super) fn delete_active(hand: &mut Hand<'_>, work: &mut Work) -> Result<(), Status> {
    let active = work.active.clone();
    delete(hand, work, &active, false)
}

fn delete(hand: &mut Hand<'_>, work: &mut Work, pods: &[Object], free: bool) -> Result<(), Status> {
    for pod in pods {
        if free {
            untrack(hand, pod)?;
        }
        scaling::delete_pod(hand, &work.job, pod)?;
        work.counts.active -= 1;
        work.counts.ready -= i64::from(is_ready(pod));
        let key = (object::namespace(pod), object::name(pod));
        work.counts.terminating += i64::from(hand.get("pods", key.0, key.1).is_some());
    }
    Ok(())
}

/// Brings the number of active pods to what is wanted now.
pub(super) fn manage(hand: &mut Hand<'_>, work: &mut Work) -> Result<(), Status> {
    let wanted = wanted(work);
    let surplus = surplus(hand, work, wanted);
    if !surplus.is_empty() {
        return delete(hand, work, &surplus, true);
    }
    let ending = if work.replaces_failed_only() { work.counts.terminating } else { 0 };
    let missing = usize::try_from(wanted - ending - work.counts.active).unwrap_or(0).min(scaling::BURST);
    if missing == 0 || work.is_suspended() {
        return Ok(());
    }
    if work.spec("backoffLimitPerIndex").is_none() {
        let wait = backoff::remaining(hand, &work.key);
        if wait > Duration::ZERO {
            work.look_again_in(wait);
            return Ok(());
        }
    }
    create(hand, work, missing)
}

fn wanted(work: &Work) -> i64 {
    let parallelism = work.spec("parallelism").unwrap_or(1);
    match work.spec("completions") {
        _ if work.is_suspended() => 0,
        None if work.counts.succeeded > 0 => work.counts.active,
        None => parallelism,
        Some(completions) => (completions - work.counts.succeeded).min(parallelism).max(0),
    }
}

/// Active pods to remove: those of an index that has another one, and as many as are too many.
fn surplus(hand: &Hand<'_>, work: &Work, wanted: i64) -> Vec<Object> {
    let at_least = usize::try_from(work.counts.active - wanted).unwrap_or(0);
    let mut taken = BTreeSet::new();
    let completions = work.spec("completions").unwrap_or(i64::MAX);
    let double = |pod: &Object| {
        work.is_indexed() && !indexes::index(pod).is_some_and(|it| it < completions && taken.insert(it))
    };
    let (mut surplus, mut rest): (Vec<Object>, Vec<Object>) = work.active.iter().cloned().partition(double);
    if surplus.len() < at_least {
        sort_for_deletion(&mut rest, &[], hand.now());
        let more = at_least - surplus.len();
        surplus.extend(rest.into_iter().take(more));
    }
    surplus.truncate(scaling::BURST);
    surplus
}

fn create(hand: &mut Hand<'_>, work: &mut Work, missing: usize) -> Result<(), Status> {
    let pods = if work.is_indexed() { indexed_pods(hand, work, missing) } else { plain_pods(work, missing) };
    let (mut batch, mut pods) = (1, pods.into_iter());
    loop {
        let mut refused = None;
        let mut tried = 0;
        for pod in pods.by_ref().take(batch) {
            tried += 1;
            match scaling::create_pod(hand, &work.job, pod) {
                Ok(()) => work.counts.active += 1,
                Err(refusal) if scaling::is_terminating(&refusal) => {}
                Err(refusal) => refused = Some(refusal),
            }
        }
        match refused {
            Some(refusal) => return Err(refusal),
            None if tried == 0 => return Ok(()),
            None => batch *= 2,
        }
    }
}

fn tracked_template(work: &Work) -> Value {
    let mut template = work.job.pointer("/spec/template").cloned().unwrap_or_default();
    let mut finalizers = object::list(&template, "/metadata/finalizers").to_vec();
    finalizers.push(FINALIZER.into());
    object::set(&mut template, &["metadata", "finalizers"], finalizers);
    template
}

fn plain_pods(work: &Work, count: usize) -> Vec<Value> {
    let pod = template::pod_from(&tracked_template(work), &work.job);
    vec![pod; count]
}

/// Pods of the next free indexes; those that failed lately wait.
fn indexed_pods(hand: &Hand<'_>, work: &mut Work, count: usize) -> Vec<Value> {
    let (template, waiting) = (tracked_template(work), indexes::waiting(work));
    let mut pods = Vec::new();
    for index in indexes::pending(work, count) {
        let before = waiting.get(&index);
        let wait = before.map_or(Duration::ZERO, |failed| {
            backoff::remaining_after(hand, failed, indexes::failures(failed) + 1)
        });
        if wait > Duration::ZERO {
            work.look_again_in(wait);
        } else {
            pods.push(indexed_pod(work, &template, index, before));
        }
    }
    pods
}

fn indexed_pod(work: &Work, template: &Value, index: i64, before: Option<&Object>) -> Value {
    let job = object::name(&work.job);
    let mut prefix = format!("{job}-{index}-");
    if prefix.len() > 58 {
        prefix = format!("{}-{index}-", job.get(..58 - (prefix.len() - job.len())).unwrap_or(job));
    }
    let mut pod = template::pod_named(template, &work.job, json!({"generateName": prefix}));
    for part in ["annotations", "labels"] {
        object::set(&mut pod, &["metadata", part, indexes::INDEX], index.to_string());
    }
    if work.spec("backoffLimitPerIndex").is_some() {
        note_failures(work, &mut pod, before);
    }
    object::set(&mut pod, &["spec", "hostname"], format!("{job}-{index}"));
    for list in ["containers", "initContainers"] {
        let containers = pod.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut);
        containers.into_iter().flatten().for_each(add_index_variable);
    }
    pod
}

/// Hands the failures of an index on to its next pod.
fn note_failures(work: &Work, pod: &mut Value, before: Option<&Object>) {
    let ignored = |it: &Object| {
        object::annotation(it, indexes::IGNORED_FAILURES).and_then(|it| it.parse().ok()).unwrap_or(0)
    };
    let (mut failures, mut not_counted): (i64, i64) =
        before.map_or((0, 0), |it| (indexes::failures(it), ignored(it)));
    if let Some(failed) = before {
        if policy::counts_failure(&work.job, failed) {
            failures += 1;
        } else {
            not_counted += 1;
        }
    }
    object::set(pod, &["metadata", "annotations", indexes::FAILURES], failures.to_string());
    if not_counted > 0 {
        object::set(pod, &["metadata", "annotations", indexes::IGNORED_FAILURES], not_counted.to_string());
    }
}

fn add_index_variable(container: &mut Value) {
    let mut env = object::list(container, "/env").to_vec();
    if env.iter().any(|it| object::field(it, "name") == "JOB_COMPLETION_INDEX") {
        return;
    }
    let path = format!("metadata.labels['{}']", indexes::INDEX);
    env.push(json!({"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": {"fieldPath": path}}}));
    container["env"] = env.into();
}
