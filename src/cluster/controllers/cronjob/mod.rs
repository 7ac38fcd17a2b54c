//! CronJobs: a Job whenever the schedule says so.
//!
//! Follows `pkg/controller/cronjob`. [`schedule`] reads schedules, [`history`] looks after the jobs that
//! were made.

mod history;
mod schedule;

use std::time::Duration;

use self::schedule::Schedule;
use super::hand::{Hand, wake_owner, wake_self};
use super::owners::controller_ref;
use super::pods::{created_at, is_deleting, seconds};
use super::scaling;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::engine::{Component, Process};
use crate::cluster::events::{normal, warning};
use crate::cluster::{ClusterId, Event, Object, World};
use crate::sim::SimTime;

pub(crate) const CRON_JOB: Component =
    Component { name: "cronjob-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "cronjobs.batch";
const JOBS: &str = "jobs.batch";

/// 100 ms after the time itself, against clocks that differ. Source: `nextScheduleDelta`.
const DELAY: Duration = Duration::from_millis(100);

/// More missed times than this are complained about. Source: `mostRecentScheduleTime`.
const MISSED_MAX: usize = 100;

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, RESOURCE, keys);
    wake_owner(event, JOBS, "CronJob", keys);
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, CRON_JOB.name);
    let Some(cron) = hand.at(RESOURCE, key) else {
        hand.forget(key);
        return None;
    };
    let mut status = cron.get("status").cloned().unwrap_or_else(|| json!({}));
    let done = history::review(&mut hand, &cron, &mut status).and_then(|()| {
        let again = if is_deleting(&cron) { Ok(None) } else { run(&mut hand, &cron, &mut status) };
        hand.update_status(RESOURCE, &cron, status)?;
        again
    });
    match done {
        Ok(again) => {
            hand.forget(key);
            again
        }
        Err(_) => hand.retry(key),
    }
}

/// Starts a job if one is due; returns when the next one is.
fn run(hand: &mut Hand<'_>, cron: &Object, status: &mut Value) -> Result<Option<Duration>, Status> {
    if object::flag(cron, "/spec/suspend") {
        return Ok(None);
    }
    let text = object::text(cron, "/spec/schedule");
    let Some(zone) = schedule::zone(object::text(cron, "/spec/timeZone")) else {
        let name = object::text(cron, "/spec/timeZone");
        hand.event(
            cron,
            warning("UnknownTimeZone", format!("invalid timeZone: {name:?}: unknown time zone {name}")),
        );
        return Ok(None);
    };
    let Some(schedule) = Schedule::parse(text) else {
        hand.event(cron, warning("UnparseableSchedule", format!("unparseable schedule: {text:?}")));
        return Ok(None);
    };
    let now = hand.now();
    let (due, missed) = schedule.latest(earliest(cron, now), now, &zone, MISSED_MAX + 1);
    if missed > MISSED_MAX {
        let message =
            "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
        hand.event(cron, warning("TooManyMissedTimes", message));
    }
    if let Some(due) = due {
        start(hand, cron, due, &zone, status)?;
    }
    Ok(schedule.next(now, &zone).map(|next| next.since(now) + DELAY))
}

/// From when on missed times count: the last run or the creation, but not before the starting deadline.
fn earliest(cron: &Value, now: SimTime) -> SimTime {
    let last = SimTime::parse_rfc3339(object::text(cron, "/status/lastScheduleTime"));
    let since = last.unwrap_or_else(|| created_at(cron));
    match object::int(cron, "/spec/startingDeadlineSeconds") {
        Some(deadline) => since.max(now - seconds(deadline)),
        None => since,
    }
}

fn start(
    hand: &mut Hand<'_>,
    cron: &Object,
    due: SimTime,
    zone: &jiff::tz::TimeZone,
    status: &mut Value,
) -> Result<(), Status> {
    let deadline = object::int(cron, "/spec/startingDeadlineSeconds").map(seconds);
    if deadline.is_some_and(|it| due + it < hand.now()) {
        let message =
            format!("Missed scheduled time to start a job: {}", due.strftime("%a, %d %b %Y %H:%M:%S +0000"));
        hand.event(cron, warning("MissSchedule", message));
        return Ok(());
    }
    let name = job_name(cron, due);
    let runs =
        |status: &Value| object::list(status, "/active").iter().any(|it| object::field(it, "name") == name);
    if runs(status) || object::text(cron, "/status/lastScheduleTime") == due.rfc3339() {
        return Ok(());
    }
    match object::text(cron, "/spec/concurrencyPolicy") {
        "Forbid" if !object::list(status, "/active").is_empty() => {
            let message =
                "Not starting job because prior execution is running and concurrency policy is Forbid";
            hand.event(cron, normal("JobAlreadyActive", message));
            return Ok(());
        }
        "Replace" => history::replace_active(hand, cron, status)?,
        _ => {}
    }
    create(hand, cron, &name, due, zone, status)
}

/// `<cronjob>-<minutes since 1970>`.
fn job_name(cron: &Value, due: SimTime) -> String {
    format!("{}-{}", object::name(cron), due.unix_s() / 60)
}

fn create(
    hand: &mut Hand<'_>,
    cron: &Object,
    name: &str,
    due: SimTime,
    zone: &jiff::tz::TimeZone,
    status: &mut Value,
) -> Result<(), Status> {
    let template = cron.pointer("/spec/jobTemplate").cloned().unwrap_or_default();
    let mut metadata = json!({
        "name": name, "namespace": object::namespace(cron), "ownerReferences": [controller_ref(cron)],
    });
    for part in ["labels", "annotations"] {
        if let Some(value) = template.pointer(&format!("/metadata/{part}")) {
            metadata[part] = value.clone();
        }
    }
    let stamp = due.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let stamp = stamp.replace("+00:00", "Z");
    object::set(&mut metadata, &["annotations", "batch.kubernetes.io/cronjob-scheduled-timestamp"], stamp);
    let job =
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": template.get("spec")});
    match hand.create(JOBS, job) {
        Ok(job) => {
            let message = format!("Created job {}", object::name(&job));
            hand.event(cron, normal("SuccessfulCreate", message));
            let mut active = object::list(status, "/active").to_vec();
            active.push(history::reference(&job));
            object::set(status, &["active"], active);
            object::set(status, &["lastScheduleTime"], due.rfc3339());
            Ok(())
        }
        Err(refusal) if refusal.reason == "AlreadyExists" || scaling::is_terminating(&refusal) => Ok(()),
        Err(refusal) => {
            hand.event(cron, warning("FailedCreate", format!("Error creating job: {}", refusal.message)));
            Err(refusal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    fn cron(spec: &str, script: &str) -> String {
        format!(
            "
apiVersion: batch/v1
kind: CronJob
metadata: {{name: tick}}
spec:
  schedule: '* * * * *'
  {spec}
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{{name: c, image: busybox, command: [sh, -c, '{script}']}}]
"
        )
    }

    /// Lets a CronJob run for some minutes; compares how many jobs there are and the last event.
    #[track_caller]
    fn check(spec: &str, script: &str, minutes: u64, jobs: usize, event: &str) {
        let mut lab = Lab::new();
        lab.create(RESOURCE, &cron(spec, script));
        lab.pass(60 * minutes + 10);
        let events = lab.events("tick");
        assert_eq!(lab.list(JOBS).len(), jobs, "{events:?}");
        assert!(events.iter().any(|it| it.starts_with(event)), "no {event}: {events:?}");
    }

    #[test]
    fn jobs_come_by_the_minute_and_the_old_ones_go() {
        check(
            "suspend: false",
            "true",
            2,
            2,
            "SawCompletedJob Saw completed job: tick-29919481, condition: Complete",
        );
        check("suspend: false", "true", 6, 3, "SuccessfulDelete Deleted job tick-29919481");
        check("successfulJobsHistoryLimit: 1", "true", 4, 1, "SuccessfulCreate Created job tick-29919484");
    }

    #[test]
    fn concurrency_is_forbidden_or_replaced() {
        let long = "sleep 600";
        let spec = |policy: &str| format!("concurrencyPolicy: {policy}");
        let run = |policy: &str| {
            let mut lab = Lab::new();
            lab.create(
                RESOURCE,
                &cron(&spec(policy), long)
                    .replace("Never", "Never\n          terminationGracePeriodSeconds: 1"),
            );
            lab.pass(60 * 3 + 10);
            (lab.list(JOBS).len(), lab.events("tick").len())
        };
        assert!(run("Forbid").0 >= 1 && run("Replace").0 >= 1);
    }
}
