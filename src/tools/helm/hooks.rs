//! Hooks: objects that run before or after the rest, each waited for, and taken away by their delete policies.
//!
//! A release remembers its hooks with their events, weights, policies and last runs, so that `uninstall`, `rollback`
//! and `test` find them without the chart.

use std::time::Duration;

use super::cluster::Api;
use super::release::Release;
use super::render::{self, Document};
use super::{Done, several};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, yaml};
use crate::sim::SimTime;

/// What a hook without a policy gets. Source: helm's `execHook`.
const DEFAULT_POLICY: &str = "before-hook-creation";

/// How often a hook is looked at while it runs.
const LOOK: Duration = Duration::from_secs(1);

/// Words of an annotation with commas in it.
fn words(object: &Value, annotation: &str) -> Vec<String> {
    let text = object::annotation(object, annotation).unwrap_or_default();
    text.split(',').map(|it| it.trim().to_lowercase()).filter(|it| !it.is_empty()).collect()
}

/// The hooks of rendered documents as releases keep them.
pub(super) fn of(documents: &[Document]) -> Vec<Value> {
    let hooks = documents.iter().filter(|it| !render::hook(&it.object).is_empty());
    hooks
        .map(|it| {
            let weight = object::annotation(&it.object, "helm.sh/hook-weight");
            let never = json!({"started_at": "", "completed_at": "", "phase": ""});
            json!({
                "name": object::name(&it.object), "kind": object::field(&it.object, "kind"),
                "path": it.source, "manifest": it.text,
                "events": words(&it.object, "helm.sh/hook"),
                "weight": weight.and_then(|it| it.parse::<i64>().ok()).unwrap_or(0),
                "delete_policies": words(&it.object, "helm.sh/hook-delete-policy"),
                "last_run": never,
            })
        })
        .collect()
}

/// Whether a hook is for an event; `test-success` is the old name of `test`.
fn is_for(hook: &Value, event: &str) -> bool {
    let events = object::list(hook, "/events").iter().filter_map(Value::as_str);
    events.map(|it| if it == "test-success" { "test" } else { it }).any(|it| it == event)
}

fn has_policy(hook: &Value, policy: &str) -> bool {
    let all = object::list(hook, "/delete_policies");
    if all.is_empty() { policy == DEFAULT_POLICY } else { all.iter().any(|it| it == policy) }
}

/// The hooks for an event, in the order in which they run.
pub(super) fn for_event<'r>(release: &'r Release, event: &str) -> Vec<&'r Value> {
    let mut all: Vec<&Value> =
        object::list(&release.0, "/hooks").iter().filter(|it| is_for(it, event)).collect();
    all.sort_by_key(|it| (object::int(it, "/weight").unwrap_or(0), object::field(it, "name").to_owned()));
    all
}

/// Runs the hooks of an event one after the other; the release notes how each went.
///
/// # Errors
/// What went wrong with the first that failed.
pub(super) async fn run(api: &mut Api<'_>, release: &mut Release, event: &str, limit: Duration) -> Done {
    let hooks: Vec<Value> = for_event(release, event).into_iter().cloned().collect();
    for (done, hook) in hooks.iter().enumerate() {
        let object = yaml::document(object::field(hook, "manifest")).unwrap_or_default();
        if has_policy(hook, DEFAULT_POLICY) {
            api.delete(&object)?;
            gone(api, &object, limit).await?;
        }
        let started = api.proc().world().now;
        let ended = match api.make(&object) {
            Ok(()) => ended(api, &object, limit).await.map_err(|why| several(&[why])),
            Err(why) => Err(format!(
                "warning: Hook {event} {} failed: {}",
                object::field(hook, "path"),
                several(&[why])
            )),
        };
        note(release, hook, (started, api.proc().world().now), ended.is_ok());
        if let Err(why) = ended {
            if has_policy(hook, "hook-failed") {
                api.delete(&object)?;
            }
            sweep(api, hooks.get(..done).unwrap_or_default())?;
            return Err(why);
        }
    }
    sweep(api, &hooks)
}

/// Takes away hooks that succeeded and are not to stay.
fn sweep(api: &mut Api<'_>, hooks: &[Value]) -> Done {
    for hook in hooks.iter().rev().filter(|it| has_policy(it, "hook-succeeded")) {
        api.delete(&yaml::document(object::field(hook, "manifest")).unwrap_or_default())?;
    }
    Ok(())
}

fn note(release: &mut Release, hook: &Value, (started, ended): (SimTime, SimTime), succeeded: bool) {
    let Some(all) = release.0.get_mut("hooks").and_then(Value::as_array_mut) else { return };
    let phase = if succeeded { "Succeeded" } else { "Failed" };
    for it in all.iter_mut().filter(|it| it["path"] == hook["path"] && it["name"] == hook["name"]) {
        it["last_run"] = json!({"started_at": started.rfc3339_nano(), "completed_at": ended.rfc3339_nano(), "phase": phase});
    }
}

/// Waits until an object that was deleted is no more.
async fn gone(api: &mut Api<'_>, object: &Value, limit: Duration) -> Done {
    let start = api.proc().world().now;
    while api.current(object)?.is_some() {
        if api.proc().world().now.since(start) >= limit {
            return Err(TIMED_OUT.into());
        }
        api.proc().sleep(LOOK).await;
    }
    Ok(())
}

const TIMED_OUT: &str = "timed out waiting for the condition";

/// Waits until a Job or a Pod has ended; other objects are ready when they are there.
async fn ended(api: &mut Api<'_>, object: &Value, limit: Duration) -> Done {
    let start = api.proc().world().now;
    loop {
        let found = api.current(object)?;
        match found.as_ref().map(|it| end(it)) {
            Some(Some(end)) => return end,
            None => return Err(format!("{} was deleted", object::name(object))),
            Some(None) => {}
        }
        if api.proc().world().now.since(start) >= limit {
            return Err(TIMED_OUT.into());
        }
        api.proc().sleep(LOOK).await;
    }
}

fn end(found: &Value) -> Option<Done> {
    let name = object::name(found);
    match object::field(found, "kind") {
        "Job" => {
            let conditions = object::list(found, "/status/conditions").iter();
            let mut ended = conditions.filter(|it| object::field(it, "status") == "True");
            ended.find_map(|it| match object::field(it, "type") {
                "Complete" => Some(Ok(())),
                "Failed" => Some(Err(format!("job {name} failed: {}", object::field(it, "reason")))),
                _ => None,
            })
        }
        "Pod" => match object::text(found, "/status/phase") {
            "Succeeded" => Some(Ok(())),
            "Failed" => Some(Err(format!("pod {name} failed"))),
            _ => None,
        },
        _ => Some(Ok(())),
    }
}
