//! Jobs with `ttlSecondsAfterFinished` go that long after their end.
//!
//! Follows `pkg/controller/ttlafterfinished`.

use std::time::Duration;

use super::hand::{Hand, wake_self};
use super::job::is_finished;
use super::pods::{is_deleting, seconds};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};
use crate::sim::SimTime;

pub(crate) const TTL_AFTER_FINISHED: Component =
    Component { name: "ttl-after-finished-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "jobs.batch";

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if object::int(&event.object, "/spec/ttlSecondsAfterFinished").is_some() {
        wake_self(event, RESOURCE, keys);
    }
}

/// When a job ended: when its Complete or Failed condition came.
fn finished_at(job: &Value) -> Option<SimTime> {
    let ends = |it: &&Value| matches!(object::field(it, "type"), "Complete" | "Failed");
    let end = object::list(job, "/status/conditions").iter().find(ends)?;
    SimTime::parse_rfc3339(object::field(end, "lastTransitionTime"))
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, TTL_AFTER_FINISHED.name);
    let job = hand.at(RESOURCE, key).filter(|it| is_finished(it) && !is_deleting(it))?;
    let ttl = seconds(object::int(&job, "/spec/ttlSecondsAfterFinished")?);
    let waited = hand.now().since(finished_at(&job)?);
    if waited < ttl {
        return Some(ttl - waited);
    }
    let options = json!({"propagationPolicy": "Foreground", "preconditions": {"uid": object::uid(&job)}});
    if hand.delete_with(RESOURCE, &job, &options).is_err() { hand.retry(key) } else { None }
}
