//! Jobs and cron jobs.

use super::events;
use super::pod::{selector_text, template};
use super::writer::{Writer, bool_or_unset, go_value, put, rfc1123};
use super::{Lookup, Outcome, Settings, controlled_by};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, int, list, name, namespace, text};
use crate::sim::{SimTime, short_human_duration};

/// 50. How many characters of the completed indexes are shown before the list is cut.
const INDEXES_MAX: usize = 50;

/// Describes a job.
pub(super) fn job(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    put!(w, 0, "Selector:\t{}\n", selector_text(object.pointer("/spec/selector")));
    w.labels_and_annotations(object);
    controlled_by(&mut w, object);
    plan(&mut w, object);
    times(&mut w, object);
    if let Some(seconds) = int(object, "/spec/activeDeadlineSeconds") {
        put!(w, 0, "Active Deadline Seconds:\t{seconds}s\n");
    }
    pods(&mut w, object);
    template(&mut w, object.pointer("/spec/template"));
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn plan(w: &mut Writer, job: &Value) {
    let mut optional = |label: &str, pointer: &str| {
        if let Some(value) = at(job, pointer) {
            put!(w, 0, "{label}:\t{}\n", go_value(Some(value)));
        }
    };
    optional("Parallelism", "/spec/parallelism");
    if at(job, "/spec/completions").is_none() {
        put!(w, 0, "Completions:\t<unset>\n");
    }
    let mut optional = |label: &str, pointer: &str| {
        if let Some(value) = at(job, pointer) {
            put!(w, 0, "{label}:\t{}\n", go_value(Some(value)));
        }
    };
    optional("Completions", "/spec/completions");
    optional("Completion Mode", "/spec/completionMode");
    optional("Suspend", "/spec/suspend");
    optional("Backoff Limit", "/spec/backoffLimit");
    optional("TTL Seconds After Finished", "/spec/ttlSecondsAfterFinished");
}

fn times(w: &mut Writer, job: &Value) {
    let (start, end) = (text(job, "/status/startTime"), text(job, "/status/completionTime"));
    if !start.is_empty() {
        put!(w, 0, "Start Time:\t{}\n", rfc1123(start));
    }
    if !end.is_empty() {
        put!(w, 0, "Completed At:\t{}\n", rfc1123(end));
    }
    if let (Some(start), Some(end)) = (SimTime::parse_rfc3339(start), SimTime::parse_rfc3339(end)) {
        put!(w, 0, "Duration:\t{}\n", short_human_duration(end.since(start)));
    }
}

fn pods(w: &mut Writer, job: &Value) {
    let count = |key: &str| int(job, &format!("/status/{key}")).unwrap_or(0);
    let ready = int(job, "/status/ready").map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    let (active, succeeded, failed) = (count("active"), count("succeeded"), count("failed"));
    put!(w, 0, "Pods Statuses:\t{active} Active{ready} / {succeeded} Succeeded / {failed} Failed\n");
    if text(job, "/spec/completionMode") == "Indexed" {
        put!(w, 0, "Completed Indexes:\t{}\n", cut_indexes(text(job, "/status/completedIndexes")));
    }
}

/// The list up to the first comma behind [`INDEXES_MAX`] characters.
fn cut_indexes(indexes: &str) -> String {
    if indexes.is_empty() {
        return "<none>".to_owned();
    }
    let comma = indexes.get(INDEXES_MAX..).and_then(|rest| rest.find(','));
    match comma.and_then(|comma| indexes.get(..=INDEXES_MAX + comma)) {
        Some(head) => format!("{head}..."),
        None => indexes.to_owned(),
    }
}

/// Describes a cron job.
pub(super) fn cron_job(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, true);
    put!(w, 0, "Schedule:\t{}\n", text(object, "/spec/schedule"));
    put!(w, 0, "Concurrency Policy:\t{}\n", text(object, "/spec/concurrencyPolicy"));
    put!(w, 0, "Suspend:\t{}\n", bool_or_unset(at(object, "/spec/suspend")));
    put!(w, 0, "Time Zone:\t{}\n", or_unset(object, "/spec/timeZone"));
    put!(w, 0, "Successful Job History Limit:\t{}\n", or_unset(object, "/spec/successfulJobsHistoryLimit"));
    put!(w, 0, "Failed Job History Limit:\t{}\n", or_unset(object, "/spec/failedJobsHistoryLimit"));
    match int(object, "/spec/startingDeadlineSeconds") {
        Some(seconds) => put!(w, 0, "Starting Deadline Seconds:\t{seconds}s\n"),
        None => put!(w, 0, "Starting Deadline Seconds:\t<unset>\n"),
    }
    job_template(&mut w, object.pointer("/spec/jobTemplate").unwrap_or(&Value::Null));
    match text(object, "/status/lastScheduleTime") {
        "" => put!(w, 0, "Last Schedule Time:\t<unset>\n"),
        time => put!(w, 0, "Last Schedule Time:\t{}\n", rfc1123(time)),
    }
    let active: Vec<&str> = list(object, "/status/active").iter().map(|job| field(job, "name")).collect();
    let active = if active.is_empty() { "<none>".to_owned() } else { active.join(", ") };
    put!(w, 0, "Active Jobs:\t{active}\n");
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn or_unset(object: &Value, pointer: &str) -> String {
    at(object, pointer).map_or_else(|| "<unset>".to_owned(), |value| go_value(Some(value)))
}

fn job_template(w: &mut Writer, job: &Value) {
    match at(job, "/spec/selector") {
        Some(selector) => put!(w, 0, "Selector:\t{}\n", selector_text(Some(selector))),
        None => put!(w, 0, "Selector:\t<unset>\n"),
    }
    put!(w, 0, "Parallelism:\t{}\n", or_unset(job, "/spec/parallelism"));
    put!(w, 0, "Completions:\t{}\n", or_unset(job, "/spec/completions"));
    if let Some(seconds) = int(job, "/spec/activeDeadlineSeconds") {
        put!(w, 0, "Active Deadline Seconds:\t{seconds}s\n");
    }
    template(w, job.pointer("/spec/template"));
}
