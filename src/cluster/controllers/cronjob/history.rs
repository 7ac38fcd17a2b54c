//! The jobs that a CronJob made: those that run, those that ended, and those that are too many.

use super::JOBS;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::{by_age, condition_true, is_deleting};
use crate::cluster::events::{normal, warning};

/// `status.active[]` for a job.
pub(super) fn reference(job: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "name": object::name(job), "namespace": object::namespace(job),
        "uid": object::uid(job), "resourceVersion": object::text(job, "/metadata/resourceVersion"),
    })
}

/// How a job ended.
fn ended(job: &Value) -> Option<&'static str> {
    ["Complete", "Failed"].into_iter().find(|it| condition_true(job, it))
}

/// Brings the list of running jobs up to date and removes ended ones beyond the limits.
pub(super) fn review(hand: &mut Hand<'_>, cron: &Object, status: &mut Value) -> Result<(), Status> {
    let mut jobs = hand.controlled(cron, "Job");
    jobs.sort_by(by_age);
    limit(hand, cron, &jobs)?;
    let mut active = object::list(status, "/active").to_vec();
    for job in &jobs {
        let listed = active.iter().position(|it| object::field(it, "uid") == object::uid(job));
        match (listed, ended(job)) {
            (None, None) => {
                let name = object::name(job);
                let message = format!("Saw a job that the controller did not create or forgot: {name}");
                hand.event(cron, warning("UnexpectedJob", message));
            }
            (Some(at), Some(how)) => {
                active.remove(at);
                let message = format!("Saw completed job: {}, condition: {how}", object::name(job));
                hand.event(cron, normal("SawCompletedJob", message));
                note_success(job, status);
            }
            (None, Some(_)) => note_success(job, status),
            (Some(_), None) => {}
        }
    }
    active.retain(|it| {
        let there = jobs.iter().any(|job| object::uid(job) == object::field(it, "uid"));
        if !there {
            let message = format!("Active job went missing: {}", object::field(it, "name"));
            hand.event(cron, normal("MissingJob", message));
        }
        there
    });
    if active.is_empty() {
        object::remove(status, &["active"]);
    } else {
        object::set(status, &["active"], active);
    }
    Ok(())
}

fn note_success(job: &Value, status: &mut Value) {
    let at = object::text(job, "/status/completionTime");
    // RFC 3339 in UTC sorts as time does.
    if ended(job) == Some("Complete") && at > object::text(status, "/lastSuccessfulTime") {
        object::set(status, &["lastSuccessfulTime"], at);
    }
}

fn limit(hand: &mut Hand<'_>, cron: &Object, jobs: &[Object]) -> Result<(), Status> {
    for (how, key) in
        [("Complete", "/spec/successfulJobsHistoryLimit"), ("Failed", "/spec/failedJobsHistoryLimit")]
    {
        let Some(limit) = object::int(cron, key) else { continue };
        let over: Vec<&Object> =
            jobs.iter().filter(|it| ended(it) == Some(how) && !is_deleting(it)).collect();
        let surplus = over.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        over.into_iter().take(surplus).try_for_each(|job| delete(hand, cron, job))?;
    }
    Ok(())
}

fn delete(hand: &mut Hand<'_>, cron: &Object, job: &Value) -> Result<(), Status> {
    match hand.delete_with(JOBS, job, &json!({"propagationPolicy": "Background"})) {
        Err(refusal) if refusal.code != 404 => {
            let message = format!("Deleted job: {}", refusal.message);
            hand.event(cron, warning("FailedDelete", message));
            Err(refusal)
        }
        _ => {
            hand.event(cron, normal("SuccessfulDelete", format!("Deleted job {}", object::name(job))));
            Ok(())
        }
    }
}

/// Deletes the jobs that run, to make room for the next one.
pub(super) fn replace_active(hand: &mut Hand<'_>, cron: &Object, status: &mut Value) -> Result<(), Status> {
    for running in object::list(status, "/active").to_vec() {
        if let Some(job) = hand.get(JOBS, object::namespace(cron), object::field(&running, "name")) {
            delete(hand, cron, &job)?;
        }
    }
    object::remove(status, &["active"]);
    Ok(())
}
