//! `rollout status`: says how far a rollout is until it is done.

use std::time::Duration;

use super::{Kind, builder, group_kind, revision_of};
use crate::apimachinery::go::quote;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, int, list, name, text};
use crate::tools::kubectl::builder::Info;
use crate::tools::kubectl::waiting::{Pauses, Watcher};
use crate::tools::kubectl::{Call, Ctx, Done, Failure};

/// One sentence, and whether the rollout is done.
type Status = Result<(String, bool), String>;

pub(super) async fn run(ctx: &mut Ctx<'_>) -> Done {
    let builder = builder(ctx)?;
    let revision = ctx.flags.int("revision");
    if revision < 0 {
        return Err(Failure::error(format!("revision must be a positive integer: {revision}")));
    }
    let (infos, mut failures) = builder.targets(ctx)?.infos(ctx);
    if infos.is_empty() && failures.is_empty() {
        let namespace = ctx.namespace()?.name;
        ctx.err(&format!("No resources found in {namespace} namespace.\n"));
    }
    for info in infos {
        if let Err(failure) = follow(ctx, &info, revision).await {
            failures.push(failure);
        }
    }
    Failure::all(failures)
}

/// Prints the status at every change of the object until it is done or time is over.
async fn follow(ctx: &mut Ctx<'_>, info: &Info, revision: i64) -> Done {
    let Some((kind, mapping)) = Kind::of(info).zip(info.mapping.as_ref()) else {
        return Err(Failure::error(format!(
            "no status viewer has been implemented for {}",
            group_kind(info)
        )));
    };
    let limit = ctx.flags.duration("timeout");
    let watch = ctx.flags.on("watch");
    let fields = format!("metadata.name={}", info.name);
    let path = mapping.path(&info.namespace);
    let pauses = Pauses::new(ctx);
    let listed = ctx.object(Call::get(path.as_str()).query("fieldSelector", fields.as_str()))?;
    let version = text(&listed, "/metadata/resourceVersion").to_owned();
    for object in list(&listed, "/items") {
        if tell(ctx, kind, object, revision)? || !watch {
            return Ok(());
        }
    }
    let mut watcher = Watcher::open(ctx, &path, "", &fields, &version, "")?;
    loop {
        for event in watcher.next(ctx) {
            if field(&event, "type") == "DELETED" {
                return Err(Failure::error("object has been deleted"));
            }
            if tell(ctx, kind, event.get("object").unwrap_or(&Value::Null), revision)? {
                return Ok(());
            }
        }
        if limit.is_zero() {
            watcher.pause(ctx).await;
            continue;
        }
        match limit.checked_sub(pauses.lasted(ctx)).filter(|left| *left > Duration::ZERO) {
            Some(left) => watcher.pause_within(ctx, left).await,
            None => return Err(Failure::error("timed out waiting for the condition")),
        }
    }
}

fn tell(ctx: &Ctx<'_>, kind: Kind, object: &Value, revision: i64) -> Result<bool, Failure> {
    let status = match kind {
        Kind::Deployment => deployment(object, revision),
        Kind::DaemonSet => daemon_set(object),
        Kind::StatefulSet => stateful_set(object),
    };
    let (sentence, done) = status.map_err(Failure::error)?;
    ctx.out(&format!("{sentence}\n"));
    Ok(done)
}

fn number(object: &Value, pointer: &str) -> i64 {
    int(object, pointer).unwrap_or(0)
}

fn deployment(object: &Value, revision: i64) -> Status {
    let running = revision_of(object);
    if revision > 0 && revision != running {
        return Err(format!(
            "desired revision ({revision}) is different from the running revision ({running})"
        ));
    }
    if number(object, "/metadata/generation") > number(object, "/status/observedGeneration") {
        return Ok(("Waiting for deployment spec update to be observed...".into(), false));
    }
    let name = quote(name(object));
    let timed_out = |condition: &Value| {
        field(condition, "type") == "Progressing" && field(condition, "reason") == "ProgressDeadlineExceeded"
    };
    if list(object, "/status/conditions").iter().any(timed_out) {
        return Err(format!("deployment {name} exceeded its progress deadline"));
    }
    let waiting = format!("Waiting for deployment {name} rollout to finish:");
    let wanted = int(object, "/spec/replicas").unwrap_or(0);
    let updated = number(object, "/status/updatedReplicas");
    let all = number(object, "/status/replicas");
    let available = number(object, "/status/availableReplicas");
    if updated < wanted {
        return Ok((format!("{waiting} {updated} out of {wanted} new replicas have been updated..."), false));
    }
    if all > updated {
        return Ok((format!("{waiting} {} old replicas are pending termination...", all - updated), false));
    }
    if available < updated {
        return Ok((format!("{waiting} {available} of {updated} updated replicas are available..."), false));
    }
    Ok((format!("deployment {name} successfully rolled out"), true))
}

const ONLY_ROLLING: &str = "rollout status is only available for RollingUpdate strategy type";

fn daemon_set(object: &Value) -> Status {
    if text(object, "/spec/updateStrategy/type") != "RollingUpdate" {
        return Err(ONLY_ROLLING.into());
    }
    if number(object, "/metadata/generation") > number(object, "/status/observedGeneration") {
        return Ok(("Waiting for daemon set spec update to be observed...".into(), false));
    }
    let name = quote(name(object));
    let wanted = number(object, "/status/desiredNumberScheduled");
    let updated = number(object, "/status/updatedNumberScheduled");
    let available = number(object, "/status/numberAvailable");
    let waiting = format!("Waiting for daemon set {name} rollout to finish:");
    if updated < wanted {
        return Ok((format!("{waiting} {updated} out of {wanted} new pods have been updated..."), false));
    }
    if available < wanted {
        return Ok((format!("{waiting} {available} of {wanted} updated pods are available..."), false));
    }
    Ok((format!("daemon set {name} successfully rolled out"), true))
}

fn stateful_set(object: &Value) -> Status {
    if text(object, "/spec/updateStrategy/type") != "RollingUpdate" {
        return Err(ONLY_ROLLING.into());
    }
    let observed = number(object, "/status/observedGeneration");
    if observed == 0 || number(object, "/metadata/generation") > observed {
        return Ok(("Waiting for statefulset spec update to be observed...".into(), false));
    }
    let wanted = int(object, "/spec/replicas").unwrap_or(0);
    let ready = number(object, "/status/readyReplicas");
    if ready < wanted {
        return Ok((format!("Waiting for {} pods to be ready...", wanted - ready), false));
    }
    let updated = number(object, "/status/updatedReplicas");
    if let Some(rolling) = at(object, "/spec/updateStrategy/rollingUpdate") {
        let goal = wanted - int(rolling, "/partition").unwrap_or(wanted);
        if updated < goal {
            let sentence = format!(
                "Waiting for partitioned roll out to finish: {updated} out of {goal} new pods have been updated..."
            );
            return Ok((sentence, false));
        }
        return Ok((format!("partitioned roll out complete: {updated} new pods have been updated..."), true));
    }
    let (update, current) = (text(object, "/status/updateRevision"), text(object, "/status/currentRevision"));
    if update != current {
        let sentence = format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {update}..."
        );
        return Ok((sentence, false));
    }
    let count = number(object, "/status/currentReplicas");
    Ok((format!("statefulset rolling update complete {count} pods at revision {current}..."), true))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(status: Value, want: &str) {
        let object =
            json!({"metadata": {"name": "web", "generation": 2}, "spec": {"replicas": 3}, "status": status});
        let got = deployment(&object, 0).map_or_else(|why| why, |(sentence, _)| sentence);
        assert_eq!(got, want);
    }

    #[test]
    fn a_deployment_says_what_it_waits_for() {
        check(json!({"observedGeneration": 1}), "Waiting for deployment spec update to be observed...");
        check(
            json!({"observedGeneration": 2, "updatedReplicas": 1}),
            "Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have been updated...",
        );
        check(
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 4}),
            "Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...",
        );
        check(
            json!({"observedGeneration": 2, "updatedReplicas": 3, "replicas": 3, "availableReplicas": 3}),
            "deployment \"web\" successfully rolled out",
        );
    }
}
