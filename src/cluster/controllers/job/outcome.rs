//! Whether a job is over, how, and why.

use std::time::Duration;

use super::{Work, policy};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::{condition, condition_true, phase, seconds};
use crate::sim::SimTime;

/// The end of a job.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outcome {
    pub(super) succeeded: bool,
    pub(super) reason: String,
    pub(super) message: String,
}

impl Outcome {
    fn failure(reason: &str, message: &str) -> Self {
        Self { succeeded: false, reason: reason.into(), message: message.into() }
    }

    fn success(reason: &str, message: &str) -> Self {
        Self { succeeded: true, reason: reason.into(), message: message.into() }
    }

    /// The condition that announces it, and the one that ends the job.
    pub(super) fn conditions(&self) -> (&'static str, &'static str) {
        if self.succeeded { ("SuccessCriteriaMet", "Complete") } else { ("FailureTarget", "Failed") }
    }
}

/// True when the job is Complete or Failed.
pub(crate) fn is_finished(job: &Value) -> bool {
    condition_true(job, "Complete") || condition_true(job, "Failed")
}

/// What the pods and the clock say before any pod is made.
pub(super) fn decide(hand: &Hand<'_>, work: &mut Work, start: Option<String>) -> Option<Outcome> {
    announced(&work.job)
        .or_else(|| policy::fails_job(work).map(|why| Outcome::failure("PodFailurePolicy", &why)))
        .or_else(|| past_limit(work))
        .or_else(|| past_deadline(hand, work, start))
        .or_else(|| failed_indexes(work))
        .or_else(|| policy::succeeds(work).map(|why| Outcome::success("SuccessPolicy", &why)))
}

/// An end that an earlier sync announced.
fn announced(job: &Value) -> Option<Outcome> {
    for (kind, succeeded) in [("SuccessCriteriaMet", true), ("FailureTarget", false)] {
        if let Some(it) = condition(job, kind).filter(|it| object::field(it, "status") == "True") {
            let text = |key| object::field(it, key).to_owned();
            return Some(Outcome { succeeded, reason: text("reason"), message: text("message") });
        }
    }
    None
}

fn past_limit(work: &Work) -> Option<Outcome> {
    let limit = work.spec("backoffLimit").unwrap_or(6);
    let restarts = || {
        let running = work.pods.iter().filter(|pod| matches!(phase(pod), "Running" | "Pending"));
        let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
        let statuses = running.flat_map(|pod| lists.iter().flat_map(|list| object::list(pod, list)));
        statuses.filter_map(|it| object::int(it, "/restartCount")).sum::<i64>()
    };
    let on_failure = object::text(&work.job, "/spec/template/spec/restartPolicy") == "OnFailure";
    let restarted_out = on_failure && if limit == 0 { restarts() > 0 } else { restarts() >= limit };
    let message = "Job has reached the specified backoff limit";
    (work.counts.failed > limit || restarted_out).then(|| Outcome::failure("BackoffLimitExceeded", message))
}

fn past_deadline(hand: &Hand<'_>, work: &mut Work, start: Option<String>) -> Option<Outcome> {
    let deadline = seconds(work.spec("activeDeadlineSeconds")?);
    let start = SimTime::parse_rfc3339(&start?).filter(|_| !work.is_suspended())?;
    let left = deadline.saturating_sub(hand.now().since(start));
    if left == Duration::ZERO {
        return Some(Outcome::failure("DeadlineExceeded", "Job was active longer than specified deadline"));
    }
    work.look_again_in(left);
    None
}

fn failed_indexes(work: &Work) -> Option<Outcome> {
    work.spec("backoffLimitPerIndex")?;
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (failed, done) = (number(work.failed_indexes.len()), number(work.succeeded_indexes.len()));
    if work.spec("maxFailedIndexes").is_some_and(|max| failed > max) {
        let message = "Job has exceeded the specified maximal number of failed indexes";
        return Some(Outcome::failure("MaxFailedIndexesExceeded", message));
    }
    let all_over = failed > 0 && failed + done >= work.spec("completions").unwrap_or(i64::MAX);
    all_over.then(|| Outcome::failure("FailedIndexes", "Job has failed indexes"))
}

/// Success by enough pods, once none is active.
pub(super) fn reached(work: &Work) -> Option<Outcome> {
    let enough = match work.spec("completions") {
        None => work.counts.succeeded > 0,
        Some(completions) => work.counts.succeeded >= completions,
    };
    let message = "Reached expected number of succeeded pods";
    (enough && work.counts.active == 0).then(|| Outcome::success("CompletionsReached", message))
}
