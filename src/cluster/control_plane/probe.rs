//! The kubelet's probes of the control plane's containers: a port or path that does not answer well
//! kills a container that is otherwise fine.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::process::Probe;
use super::{Instance, Phase};
use crate::cluster::network::{firewall, listeners};
use crate::cluster::{ClusterId, Place, World};
use crate::sim::SimTime;

/// Paths that answer 200 while all is well.
const HEALTH: [&str; 4] = ["/livez", "/readyz", "/healthz", "/health"];

/// When a failing probe will have the container killed; `None` while all probes are content.
pub(super) fn kills_at(
    world: &World,
    cluster: ClusterId,
    host: &str,
    instance: &mut Instance,
) -> Option<SimTime> {
    let Phase::Running { since, .. } = instance.phase else { return None };
    let startup = instance.process.probes.iter().find(|it| it.kind == "Startup");
    let liveness = instance.process.probes.iter().find(|it| it.kind == "Liveness");
    let fails = |probe: &&Probe| !answers(world, cluster, host, instance, probe);
    let after = |from: SimTime, probe: &Probe| {
        from + Duration::from_secs(probe.delay + probe.period * probe.failures.saturating_sub(1))
    };
    if let Some(probe) = startup.filter(fails) {
        // Once the startup probe was content it is not asked again; a health that goes later is the
        // liveness probe's.
        if !instance.was_healthy(since) {
            return Some(after(since, probe));
        }
    }
    let Some(probe) = liveness.filter(fails) else {
        instance.unhealthy_since = None;
        return None;
    };
    let from = instance.unhealthy_since.unwrap_or(world.now);
    let at = from + Duration::from_secs(probe.period * probe.failures);
    instance.unhealthy_since = Some(from);
    Some(at)
}

/// Whether the kubelet calls a container ready: it has started, and its readiness probe is content.
pub(crate) fn is_ready(world: &World, cluster: ClusterId, host: &str, instance: &Instance) -> bool {
    let probes = instance.process.probes.iter().filter(|it| it.kind != "Liveness");
    instance.serves() && probes.into_iter().all(|it| answers(world, cluster, host, instance, it))
}

/// What the kubelet says of the probe that has a container killed.
pub(super) fn complaint(
    world: &World,
    cluster: ClusterId,
    host: &str,
    instance: &Instance,
) -> Option<String> {
    let probes = instance.process.probes.iter().filter(|it| it.kind != "Readiness");
    let probe = probes.into_iter().find(|it| !answers(world, cluster, host, instance, it))?;
    let address =
        if probe.host.is_empty() { world.hosts.get(host)?.address.clone() } else { probe.host.clone() };
    let at = format!("{address}:{}", probe.port);
    let to = probe.host.parse().unwrap_or(Ipv4Addr::LOCALHOST);
    let listens = listeners::program(world, host, to, probe.port).is_some();
    let scheme = if probe.tls { "https" } else { "http" };
    let why = if listens {
        "HTTP probe failed with statuscode: 500".to_owned()
    } else {
        format!("Get \"{scheme}://{at}{}\": dial tcp {at}: connect: connection refused", probe.path)
    };
    Some(format!("{} probe failed: {why}", probe.kind))
}

impl Instance {
    /// True when the liveness probe was already noted to fail later than the start.
    fn was_healthy(&self, since: SimTime) -> bool {
        self.unhealthy_since.is_some_and(|from| from > since)
    }
}

/// Whether a probe is answered well.
fn answers(world: &World, cluster: ClusterId, host: &str, instance: &Instance, probe: &Probe) -> bool {
    let process = &instance.process;
    let port = |usual: u16| process.flag("secure-port").and_then(|it| it.parse().ok()).unwrap_or(usual);
    let local = ["127.0.0.1", "localhost", ""].contains(&probe.host.as_str());
    let address = world.hosts.get(host).map_or("", |it| it.address.as_str());
    let path = probe.path.split('?').next().unwrap_or("");
    let known = HEALTH.iter().any(|it| path == *it || path.starts_with(&format!("{it}/")));
    let bound = |flag: &str| process.flag(flag).unwrap_or("0.0.0.0").to_owned();
    let reached = |bind: &str| match bind {
        "0.0.0.0" | "::" => true,
        "127.0.0.1" => local,
        other => probe.host == other || (local && other == address),
    };
    let probed = if local { Ipv4Addr::LOCALHOST } else { probe.host.parse().unwrap_or(Ipv4Addr::LOCALHOST) };
    if firewall::to_machine(world, &Place::host(host), host, probed, probe.port).is_some() {
        return false;
    }
    match process.program.as_str() {
        "etcd" => process.flag_list("listen-metrics-urls").iter().any(|url| {
            let Some((scheme, rest)) = url.split_once("://") else { return false };
            let Some((at, number)) = rest.trim_end_matches('/').rsplit_once(':') else { return false };
            (scheme == "https") == probe.tls && number.parse() == Ok(probe.port) && reached(at) && known
        }),
        name => {
            let usual = match name {
                "kube-apiserver" => 6_443,
                "kube-scheduler" => 10_259,
                _ => 10_257,
            };
            let healthy = name != "kube-apiserver"
                || world
                    .clusters
                    .get(cluster)
                    .is_some_and(|it| it.control_plane.quorum() && it.serving("etcd").is_some())
                    && process.takes_anonymous()
                    && process.reaches_etcd(world, host);
            probe.tls && probe.port == port(usual) && reached(&bound("bind-address")) && known && healthy
        }
    }
}
