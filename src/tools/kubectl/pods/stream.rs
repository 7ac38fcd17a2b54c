//! `kubectl attach`, `port-forward` and `proxy`: connections that stay open. What is not simulated says so.

use std::time::Duration;

use super::super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::super::{Ctx, Done};

/// `kubectl attach`.
pub(crate) static ATTACH: Verb = Verb {
    name: "attach",
    group: Group::Troubleshooting,
    summary: "Attach to a running container",
    run: Run::Now(|ctx| ctx.not_simulated("kubectl attach")),
    complete: Complete::Pods,
    ..PLAIN
};

/// `kubectl port-forward`.
pub(crate) static PORT_FORWARD: Verb = Verb {
    name: "port-forward",
    group: Group::Troubleshooting,
    summary: "Forward one or more local ports to a pod",
    run: Run::Waits(|ctx| Box::pin(forward(ctx))),
    complete: Complete::Pods,
    ..PLAIN
};

/// `kubectl proxy`.
pub(crate) static PROXY: Verb = Verb {
    name: "proxy",
    group: Group::Troubleshooting,
    summary: "Run a proxy to the Kubernetes API server",
    run: Run::Now(|ctx| ctx.not_simulated("kubectl proxy")),
    ..PLAIN
};

/// Checks the target as the real command does; the forwarding itself is not simulated.
async fn forward(ctx: &mut Ctx<'_>) -> Done {
    let Some(word) = ctx.args.first().cloned() else {
        return Err(ctx.usage("TYPE/NAME and list of ports are required for port-forward"));
    };
    super::target(ctx, &word)?;
    ctx.proc.sleep(Duration::from_millis(10)).await;
    ctx.not_simulated("kubectl port-forward")
}
