//! Rows of what makes pods: deployments, replica sets, stateful sets, daemon sets, jobs, cron jobs.

use std::time::Duration;

use super::cells::{
    age, condition_true, containers, labels, or, selector, selector_or_none, since, title_bool,
};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, controller_of, field, int, list, name, split_api_version, text};
use crate::sim::{SimTime, short_human_duration};

fn count(object: &Value, pointer: &str) -> i64 {
    int(object, pointer).unwrap_or(0)
}

fn pod_spec(object: &Value) -> &Value {
    object.pointer("/spec/template/spec").unwrap_or(&Value::Null)
}

/// NAME, READY, UP-TO-DATE, AVAILABLE, AGE; wide: CONTAINERS, IMAGES, SELECTOR.
pub(super) fn deployment(it: &Value, now: SimTime) -> Vec<Value> {
    let [names, images] = containers(pod_spec(it));
    vec![
        name(it).into(),
        format!("{}/{}", count(it, "/status/readyReplicas"), count(it, "/spec/replicas")).into(),
        count(it, "/status/updatedReplicas").into(),
        count(it, "/status/availableReplicas").into(),
        age(it, now),
        names,
        images,
        selector(it, "/spec/selector").into(),
    ]
}

fn replicas(it: &Value, now: SimTime, selector: String) -> Vec<Value> {
    let [names, images] = containers(pod_spec(it));
    vec![
        name(it).into(),
        count(it, "/spec/replicas").into(),
        count(it, "/status/replicas").into(),
        count(it, "/status/readyReplicas").into(),
        age(it, now),
        names,
        images,
        selector.into(),
    ]
}

/// NAME, DESIRED, CURRENT, READY, AGE; wide: CONTAINERS, IMAGES, SELECTOR.
pub(super) fn replica_set(it: &Value, now: SimTime) -> Vec<Value> {
    replicas(it, now, selector_or_none(it, "/spec/selector"))
}

/// As [`replica_set`], with a selector that is a plain map.
pub(super) fn replication_controller(it: &Value, now: SimTime) -> Vec<Value> {
    replicas(it, now, labels(it, "/spec/selector"))
}

/// NAME, READY, AGE; wide: CONTAINERS, IMAGES.
pub(super) fn stateful_set(it: &Value, now: SimTime) -> Vec<Value> {
    let [names, images] = containers(pod_spec(it));
    let ready = format!("{}/{}", count(it, "/status/readyReplicas"), count(it, "/spec/replicas"));
    vec![name(it).into(), ready.into(), age(it, now), names, images]
}

/// NAME, DESIRED, CURRENT, READY, UP-TO-DATE, AVAILABLE, NODE SELECTOR, AGE; wide as deployments.
pub(super) fn daemon_set(it: &Value, now: SimTime) -> Vec<Value> {
    const COUNTS: [&str; 5] = [
        "/status/desiredNumberScheduled",
        "/status/currentNumberScheduled",
        "/status/numberReady",
        "/status/updatedNumberScheduled",
        "/status/numberAvailable",
    ];
    let [names, images] = containers(pod_spec(it));
    let mut row: Vec<Value> = vec![name(it).into()];
    row.extend(COUNTS.iter().map(|pointer| Value::from(count(it, pointer))));
    row.extend([
        labels(it, "/spec/template/spec/nodeSelector").into(),
        age(it, now),
        names,
        images,
        selector_or_none(it, "/spec/selector").into(),
    ]);
    row
}

/// NAME, STATUS, COMPLETIONS, DURATION, AGE; wide: CONTAINERS, IMAGES, SELECTOR.
pub(super) fn job(it: &Value, now: SimTime) -> Vec<Value> {
    let [names, images] = containers(pod_spec(it));
    let done = count(it, "/status/succeeded");
    let parallelism = count(it, "/spec/parallelism");
    let completions = match int(it, "/spec/completions") {
        Some(wanted) => format!("{done}/{wanted}"),
        None if parallelism > 1 => format!("{done}/1 of {parallelism}"),
        None => format!("{done}/1"),
    };
    vec![
        name(it).into(),
        job_status(it).into(),
        completions.into(),
        job_duration(it, now).into(),
        age(it, now),
        names,
        images,
        selector_or_none(it, "/spec/selector").into(),
    ]
}

fn job_status(job: &Value) -> &'static str {
    let deleted = at(job, "/metadata/deletionTimestamp").is_some();
    [
        (condition_true(job, "Complete"), "Complete"),
        (condition_true(job, "Failed"), "Failed"),
        (deleted, "Terminating"),
        (condition_true(job, "Suspended"), "Suspended"),
        (condition_true(job, "FailureTarget"), "FailureTarget"),
        (condition_true(job, "SuccessCriteriaMet"), "SuccessCriteriaMet"),
    ]
    .into_iter()
    .find_map(|(holds, word)| holds.then_some(word))
    .unwrap_or("Running")
}

fn job_duration(job: &Value, now: SimTime) -> String {
    let time = |pointer: &str| SimTime::parse_rfc3339(text(job, pointer));
    match (time("/status/startTime"), time("/status/completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => short_human_duration(end.unwrap_or(now).since(start)),
    }
}

/// NAME, SCHEDULE, TIMEZONE, SUSPEND, ACTIVE, LAST SCHEDULE, AGE; wide as jobs.
pub(super) fn cron_job(it: &Value, now: SimTime) -> Vec<Value> {
    let job = it.pointer("/spec/jobTemplate").unwrap_or(&Value::Null);
    let [names, images] = containers(pod_spec(job));
    let last = match text(it, "/status/lastScheduleTime") {
        "" => "<none>".to_owned(),
        _ => since(it, "/status/lastScheduleTime", now),
    };
    vec![
        name(it).into(),
        text(it, "/spec/schedule").into(),
        or(text(it, "/spec/timeZone"), "<none>").into(),
        title_bool(it, "/spec/suspend").into(),
        list(it, "/status/active").len().into(),
        last.into(),
        age(it, now),
        names,
        images,
        selector_or_none(job, "/spec/selector").into(),
    ]
}

/// NAME, CONTROLLER, REVISION, AGE.
pub(super) fn controller_revision(it: &Value, now: SimTime) -> Vec<Value> {
    let controller = controller_of(it).map_or_else(
        || "<none>".to_owned(),
        |owner| {
            let kind = field(owner, "kind").to_lowercase();
            match split_api_version(field(owner, "apiVersion")).0 {
                "" => format!("{kind}/{}", field(owner, "name")),
                group => format!("{kind}.{group}/{}", field(owner, "name")),
            }
        },
    );
    vec![name(it).into(), controller.into(), count(it, "/revision").into(), age(it, now)]
}

/// A whole number of seconds as ages are printed; `<none>` when absent.
pub(super) fn seconds(object: &Value, pointer: &str) -> String {
    int(object, pointer).map_or_else(
        || "<none>".to_owned(),
        |s| short_human_duration(Duration::from_secs(u64::try_from(s).unwrap_or(0))),
    )
}
