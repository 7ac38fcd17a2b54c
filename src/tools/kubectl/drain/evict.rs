//! Getting pods away: evictions that are tried again while a budget holds them back, or plain deletes.

use std::time::Duration;

use super::{filter, say};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{name, namespace, text, uid};
use crate::sim::SimTime;
use crate::tools::kubectl::describe::Lookup;
use crate::tools::kubectl::{Call, Ctx, DryRun, Failure};

/// 5 s: until a refused eviction is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// 1 s: between two looks whether a pod is gone.
const POLL_EVERY: Duration = Duration::from_secs(1);

/// What a pod waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Evict,
    Gone,
}

/// One pod on its way.
struct Leaving {
    pod: Value,
    step: Step,
    /// When it is its turn again.
    due: SimTime,
}

/// Takes all pods away and waits until they are gone.
pub(super) async fn all(ctx: &mut Ctx<'_>, pods: Vec<Value>, dry_run: DryRun) -> Result<(), Vec<Failure>> {
    if pods.is_empty() {
        return Ok(());
    }
    let started = ctx.proc.world().now;
    let by_eviction = !ctx.flags.on("disable-eviction");
    let step = if by_eviction { Step::Evict } else { Step::Gone };
    let mut leaving: Vec<Leaving> = Vec::new();
    for pod in pods {
        if !by_eviction {
            delete(ctx, &pod, dry_run).map_err(|failure| vec![failure])?;
        }
        leaving.push(Leaving { pod, step, due: started });
    }
    if !by_eviction && dry_run == DryRun::Server {
        return Ok(());
    }
    let mut failures = Vec::new();
    while let Some(next) = leaving.iter().map(|one| one.due).min() {
        let now = ctx.proc.world().now;
        if next > now {
            ctx.proc.sleep(next.since(now)).await;
        }
        let mut rest = Vec::new();
        for mut one in leaving {
            if one.due > ctx.proc.world().now {
                rest.push(one);
                continue;
            }
            match turn(ctx, &mut one, started, dry_run) {
                Ok(false) => rest.push(one),
                Ok(true) => {}
                Err(failure) => failures.push(failure),
            }
        }
        leaving = rest;
    }
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

/// True when `--timeout` is over.
fn is_over(ctx: &Ctx<'_>, started: SimTime) -> bool {
    let limit = ctx.flags.duration("timeout");
    !limit.is_zero() && ctx.proc.world().now.since(started) >= limit
}

/// One step for one pod; true when there is nothing more to do for it.
fn turn(ctx: &mut Ctx<'_>, one: &mut Leaving, started: SimTime, dry_run: DryRun) -> Result<bool, Failure> {
    match one.step {
        Step::Evict => evict(ctx, one, started, dry_run),
        Step::Gone => gone(ctx, one, started),
    }
}

fn options(ctx: &Ctx<'_>, dry_run: DryRun) -> Value {
    let mut options = json!({});
    let grace = ctx.flags.int("grace-period");
    if grace >= 0 {
        options["gracePeriodSeconds"] = grace.into();
    }
    if dry_run == DryRun::Server {
        options["dryRun"] = json!(["All"]);
    }
    options
}

fn path(pod: &Value) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", namespace(pod), name(pod))
}

fn delete(ctx: &mut Ctx<'_>, pod: &Value, dry_run: DryRun) -> Result<(), Failure> {
    let mut options = options(ctx, dry_run);
    options["kind"] = "DeleteOptions".into();
    options["apiVersion"] = "v1".into();
    match ctx.send(Call::delete(path(pod), &options)) {
        Err(failure) if !failure.is_not_found() => Err(Failure::Plain(failure.sentence())),
        _ => Ok(()),
    }
}

fn evict(ctx: &mut Ctx<'_>, one: &mut Leaving, started: SimTime, dry_run: DryRun) -> Result<bool, Failure> {
    let (pod_name, pod_namespace) = (name(&one.pod).to_owned(), namespace(&one.pod).to_owned());
    let suffix = if dry_run == DryRun::Server { " (server dry run)" } else { "" };
    let about = format!("error when evicting pods/{pod_name:?} -n {pod_namespace:?}");
    ctx.out(&format!("evicting pod {pod_namespace}/{pod_name}{suffix}\n"));
    if is_over(ctx, started) {
        let limit = duration_text(ctx.flags.duration("timeout"));
        return Err(Failure::Plain(format!("{about}: global timeout reached: {limit}")));
    }
    let eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": {"name": pod_name, "namespace": pod_namespace},
        "deleteOptions": options(ctx, dry_run),
    });
    match ctx.send(Call::post(format!("{}/eviction", path(&one.pod)), &eviction)) {
        Ok(_) if dry_run == DryRun::Server => return Ok(true),
        Ok(_) => one.step = Step::Gone,
        Err(failure) if failure.is_not_found() => return Ok(true),
        Err(failure) if failure.reason() == "TooManyRequests" => {
            let why = failure.sentence();
            ctx.err(&format!("{about} (will retry after {}): {why}\n", duration_text(RETRY_AFTER)));
            one.due = ctx.proc.world().now + RETRY_AFTER;
        }
        Err(failure) if is_terminating_namespace(&failure) => {
            if !text(&one.pod, "/metadata/deletionTimestamp").is_empty() {
                one.step = Step::Gone;
                return Ok(false);
            }
            let why = failure.sentence();
            ctx.err(&format!(
                "error when evicting pod {pod_name:?} from terminating namespace {pod_namespace:?} (will retry after {}): {why}\n",
                duration_text(RETRY_AFTER)
            ));
            one.due = ctx.proc.world().now + RETRY_AFTER;
        }
        Err(failure) => return Err(Failure::Plain(format!("{about}: {}", failure.sentence()))),
    }
    Ok(false)
}

fn is_terminating_namespace(failure: &Failure) -> bool {
    let Failure::Server(status) = failure else { return false };
    let causes = crate::apimachinery::object::list(status, "/details/causes");
    failure.reason() == "Forbidden"
        && causes.iter().any(|cause| text(cause, "/reason") == "NamespaceTerminating")
}

fn gone(ctx: &mut Ctx<'_>, one: &mut Leaving, started: SimTime) -> Result<bool, Failure> {
    let evicting = !ctx.flags.on("disable-eviction");
    let (done, failed) =
        if evicting { ("evicted", "eviction failed") } else { ("deleted", "deletion failed") };
    let (pod_name, pod_namespace) = (name(&one.pod).to_owned(), namespace(&one.pod).to_owned());
    let waiting = |why: &str| match evicting {
        true => format!(
            "error when waiting for pod {pod_name:?} in namespace {pod_namespace:?} to terminate: {why}"
        ),
        false => why.to_owned(),
    };
    match Lookup::get(ctx, "v1", "pods", &pod_namespace, &pod_name) {
        Err(failure) if failure.is_not_found() => {
            say(ctx, &one.pod, done, DryRun::None);
            return Ok(true);
        }
        Ok(now) if uid(&now) != uid(&one.pod) => {
            say(ctx, &one.pod, done, DryRun::None);
            return Ok(true);
        }
        Err(failure) => {
            say(ctx, &one.pod, failed, DryRun::None);
            return Err(Failure::Plain(waiting(&failure.sentence())));
        }
        Ok(now) if filter::skip_waiting(ctx, &now) => {
            let limit = ctx.flags.int("skip-wait-for-delete-timeout");
            ctx.out(&format!(
                "pod {pod_name:?} has DeletionTimestamp older than {limit} seconds, skipping\n"
            ));
            return Ok(true);
        }
        Ok(_) => {}
    }
    if is_over(ctx, started) {
        return Err(Failure::Plain(waiting("context deadline exceeded")));
    }
    one.due = ctx.proc.world().now + POLL_EVERY;
    Ok(false)
}

/// A duration as Go prints it: `3s`, `1m30s`, `1h0m0s`, `1.5s`.
pub(crate) fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let rest = duration.subsec_nanos();
    if seconds == 0 && rest > 0 {
        return match rest {
            1_000_000.. => format!("{}ms", f64::from(rest) / 1e6),
            1_000.. => format!("{}µs", f64::from(rest) / 1e3),
            _ => format!("{rest}ns"),
        };
    }
    let part = if rest == 0 {
        format!("{}s", seconds % 60)
    } else {
        format!("{}.{}s", seconds % 60, format!("{rest:09}").trim_end_matches('0'))
    };
    match (seconds / 3600, seconds / 60 % 60) {
        (0, 0) => part,
        (0, minutes) => format!("{minutes}m{part}"),
        (hours, minutes) => format!("{hours}h{minutes}m{part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_go_prints_them() {
        let text = |ms| duration_text(Duration::from_millis(ms));
        assert_eq!(
            [text(3000), text(90_000), text(3_600_000), text(1500), text(20)],
            ["3s", "1m30s", "1h0m0s", "1.5s", "20ms"]
        );
    }
}
