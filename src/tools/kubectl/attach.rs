//! Attaching to a pod that `kubectl run` has just made.

use std::time::Duration;

use super::pods::attach::{self, Shown};
use super::run::wait_for_phase;
use super::{Call, Ctx, Done, Failure};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, int, text};

/// 1 min: how long a pod is given to start when `--pod-running-timeout` says nothing.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// Waits for the pod, shows what it prints until it ends, and ends as its container did.
pub(super) async fn to_new_pod(ctx: &mut Ctx<'_>, pod: &Value, restart: &str) -> Done {
    let path = format!("/api/v1/namespaces/{}/pods/{}", object::namespace(pod), object::name(pod));
    let timeout = match ctx.flags.duration("pod-running-timeout") {
        Duration::ZERO => STARTS_WITHIN,
        given => given,
    };
    let running = wait_for_phase(ctx, &path, &["Running", "Succeeded", "Failed"], timeout).await?;
    let container = text(&running, "/spec/containers/0/name").to_owned();
    if text(&running, "/status/phase") == "Running" {
        attach::to(ctx, &running, &container, Shown::All).await?;
    } else {
        let log = ctx.text_of(Call::get(format!("{path}/log")).query("container", container));
        ctx.out(&log.unwrap_or_default());
    }
    // Who leaves standard input open, or restarts for ever, has no exit code to wait for.
    if restart == "Always" || ctx.flags.on("leave-stdin-open") {
        return Ok(());
    }
    let ended = wait_for_phase(ctx, &path, &["Succeeded", "Failed"], timeout).await?;
    if text(&ended, "/status/phase") == "Succeeded" {
        return Ok(());
    }
    let terminated = "/status/containerStatuses/0/state/terminated";
    let code = int(&ended, &format!("{terminated}/exitCode")).unwrap_or(0);
    let subject = format!("pod {}/{}", object::namespace(&ended), object::name(&ended));
    if code == 0 {
        return Err(Failure::error(format!("{subject} failed with unknown exit code")));
    }
    let reason = text(&ended, &format!("{terminated}/reason"));
    ctx.err(&format!("{subject} terminated ({reason})\n"));
    Err(Failure::Exit(i32::try_from(code).unwrap_or(1)))
}
