//! Waiting for a kubelet and for a control plane to be healthy.

use std::time::Duration;

use super::ctx::{Ctx, Done, Failure};
use super::settings::Settings;
use crate::sim::SimTime;

/// `timeouts.kubeletHealthCheck` and `controlPlaneComponentHealthCheck`.
const LIMIT: Duration = Duration::from_secs(240);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);

/// A duration as Go prints it: `501.565956ms`, `1.501088087s`, `4m0.000818995s`.
pub(super) fn go_time(taken: Duration) -> String {
    let nanoseconds = taken.as_nanos();
    let trimmed = |value: u128, unit: u128| {
        let text = format!("{}.{:0width$}", value / unit, value % unit, width = unit.ilog10() as usize);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    if nanoseconds < 1_000_000 {
        return format!("{}µs", trimmed(nanoseconds, 1_000));
    }
    if nanoseconds < 1_000_000_000 {
        return format!("{}ms", trimmed(nanoseconds, 1_000_000));
    }
    let (minutes, rest) = (taken.as_secs() / 60, nanoseconds % 60_000_000_000);
    let seconds = format!("{}s", trimmed(rest, 1_000_000_000));
    if minutes == 0 { seconds } else { format!("{minutes}m{seconds}") }
}

/// What the wait took, with the odd microseconds that a real clock has.
fn taken(ctx: &Ctx<'_>, since: SimTime) -> String {
    let odd = ctx.world(|world| world.chance.below(900_000)) + 1_000;
    go_time(ctx.now().since(since) + Duration::from_nanos(odd))
}

/// Waits until the kubelet answers.
///
/// # Errors
/// kubeadm's sentence when it does not within four minutes.
pub(super) async fn wait_for_kubelet(ctx: &Ctx<'_>, phase: &str) -> Done {
    const URL: &str = "http://127.0.0.1:10248/healthz";
    ctx.say(format!("[kubelet-check] Waiting for a healthy kubelet at {URL}. This can take up to 4m0s"));
    let (since, host) = (ctx.now(), ctx.host_name());
    ctx.sleep(PAUSE).await;
    while !ctx.world(|world| world.kubelet_healthy(&host)) {
        if ctx.now().since(since) >= LIMIT {
            ctx.say(format!(
                "[kubelet-check] The kubelet is not healthy after {}\n{KUBELET_ADVICE}",
                taken(ctx, since)
            ));
            let why = format!(
                "failed while waiting for the kubelet to start: The HTTP call equal to 'curl -sSL {URL}' returned \
                 error: Get {URL:?}: dial tcp 127.0.0.1:10248: connect: connection refused\n"
            );
            return Err(Failure::in_phase(phase, why));
        }
        ctx.sleep(PAUSE).await;
    }
    ctx.say(format!("[kubelet-check] The kubelet is healthy after {}", taken(ctx, since)));
    Ok(())
}

const KUBELET_ADVICE: &str = "
Unfortunately, an error has occurred, likely caused by:
\t- The kubelet is not running
\t- The kubelet is unhealthy due to a misconfiguration of the node in some way (required cgroups disabled)

If you are on a systemd-powered system, you can try to troubleshoot the error with the following commands:
\t- 'systemctl status kubelet'
\t- 'journalctl -xeu kubelet'
";

/// Program and the address that it is asked at.
fn checks(settings: &Settings) -> [(&'static str, String); 3] {
    [
        ("kube-apiserver", format!("https://{}/livez", settings.local_endpoint())),
        ("kube-controller-manager", "https://127.0.0.1:10257/healthz".into()),
        ("kube-scheduler", "https://127.0.0.1:10259/livez".into()),
    ]
}

/// Waits until all components of the control plane answer.
///
/// # Errors
/// kubeadm's sentence when one does not within four minutes.
pub(super) async fn wait_for_control_plane(ctx: &Ctx<'_>, settings: &Settings, phase: &str) -> Done {
    ctx.say("[control-plane-check] Waiting for healthy control plane components. This can take up to 4m0s");
    let checks = checks(settings);
    for (program, url) in &checks {
        ctx.say(format!("[control-plane-check] Checking {program} at {url}"));
    }
    let (since, host) = (ctx.now(), ctx.host_name());
    let mut healthy: Vec<&str> = Vec::new();
    // The API server is up last, since it waits for etcd; the others are told of first.
    let order = [2, 1, 0];
    while healthy.len() < checks.len() {
        for (program, _) in order.iter().filter_map(|at| checks.get(*at)) {
            let up = ctx.world(|world| world.static_process_serves(&host, program));
            if up && !healthy.contains(program) {
                healthy.push(program);
                ctx.say(format!("[control-plane-check] {program} is healthy after {}", taken(ctx, since)));
            }
        }
        if healthy.len() < checks.len() && ctx.now().since(since) >= LIMIT {
            return Err(unhealthy(ctx, &checks, &healthy, phase));
        }
        if healthy.len() < checks.len() {
            ctx.sleep(PAUSE).await;
        }
    }
    Ok(())
}

fn unhealthy(ctx: &Ctx<'_>, checks: &[(&str, String)], healthy: &[&str], phase: &str) -> Failure {
    let sick: Vec<&(&str, String)> = checks.iter().filter(|(name, _)| !healthy.contains(name)).collect();
    for (program, _) in &sick {
        ctx.say(format!("[control-plane-check] {program} is not healthy after 4m0s"));
    }
    ctx.say(CONTROL_PLANE_ADVICE);
    let refused: Vec<String> = sick
        .iter()
        .map(|(program, url)| {
            let address = url.trim_start_matches("https://").split('/').next().unwrap_or("");
            format!("{program} check failed at {url}: Get \"{url}?timeout=10s\": dial tcp {address}: connect: connection refused")
        })
        .collect();
    let listed = if refused.len() == 1 { refused.join("") } else { format!("[{}]", refused.join(", ")) };
    Failure::in_phase(phase, format!("failed while waiting for the control plane to start: {listed}"))
}

const CONTROL_PLANE_ADVICE: &str = "
A control plane component may have crashed or exited when started by the container runtime.
To troubleshoot, list all containers using your preferred container runtimes CLI.
Here is one example how you may list all running Kubernetes containers by using crictl:
\t- 'crictl --runtime-endpoint unix:///var/run/containerd/containerd.sock ps -a | grep kube | grep -v pause'
\tOnce you have found the failing container, you can inspect its logs with:
\t- 'crictl --runtime-endpoint unix:///var/run/containerd/containerd.sock logs CONTAINERID'
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_go_prints_them() {
        let shown = |nanoseconds| go_time(Duration::from_nanos(nanoseconds));
        assert_eq!(shown(617_785), "617.785µs");
        assert_eq!(shown(501_565_956), "501.565956ms");
        assert_eq!(shown(1_501_088_087), "1.501088087s");
        assert_eq!(shown(240_000_818_995), "4m0.000818995s");
    }
}
