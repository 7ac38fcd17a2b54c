//! The kubelet as a program of its machine: systemd starts it, its start follows
//! `assets/logs/kubelet.txt`, and systemd starts it again when it ends.

use std::sync::Arc;
use std::time::Duration;

use super::settings::Settings;
use crate::cluster::api::connect::{self, Endpoint};
use crate::cluster::control_plane::Process;
use crate::cluster::control_plane::script::{self, Outcome};
use crate::cluster::{ClusterId, Place, World, control_plane};
use crate::hosts::systemd::End;
use crate::hosts::{Host, UnitState};
use crate::sim::SimTime;

const UNIT: &str = "kubelet.service";

/// What is known of a machine's kubelet.
#[derive(Clone, Debug)]
pub(crate) struct Daemon {
    /// The process that was looked at last.
    pid: u32,
    since: SimTime,
    /// When it ends, and with what code.
    ends: Option<(SimTime, i32)>,
    /// Where its start hangs: it runs, but its node hears nothing of it.
    hangs_at: Option<&'static str>,
    retry_at: SimTime,
    /// Its command line and configuration as they were when it was started.
    settings: Settings,
    /// The API server that it talks to, as its kubeconfig was when it came up.
    endpoint: Option<Arc<Endpoint>>,
}

/// Whether the kubelet of a machine reaches its API server; without a record it does.
pub(crate) fn is_connected(world: &World, cluster: ClusterId, host: &str) -> bool {
    world
        .clusters
        .get(cluster)
        .and_then(|it| it.runtime.daemons.get(host))
        .is_none_or(|it| it.hangs_at.is_none() && it.ends.is_none() && greeted(world, host, it).is_ok())
}

/// Whether the API server still takes the kubelet for who it is; otherwise what the kubelet says.
fn greeted(world: &World, host: &str, daemon: &Daemon) -> Result<(), String> {
    let Some(endpoint) = &daemon.endpoint else { return Ok(()) };
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/{host}?timeout=10s");
    match connect::greet(world, &Place::host(host), endpoint) {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("Unauthorized".into()),
        Err(error) if error.wait == connect::Wait::Dial => {
            Err(format!("Get \"{}{path}\": context deadline exceeded", endpoint.server))
        }
        Err(error) => Err(format!("Get \"{}{path}\": {error}", endpoint.server)),
    }
}

/// What a kubelet says whose server was there a moment ago.
pub(super) fn lost_contact(world: &World, cluster: ClusterId, host: &str) -> Option<String> {
    let why = greeted(world, host, world.clusters.get(cluster)?.runtime.daemons.get(host)?).err()?;
    let why = script::go_quote(&why);
    Some(format!("E controller.go:251] \"Failed to update lease\" err={why}"))
}

/// Whether a kubelet that systemd calls active will live.
pub(crate) fn will_live(world: &World, host: &str) -> bool {
    let ending = |it: &Daemon| it.ends.is_some();
    !world.clusters.iter().any(|it| it.runtime.daemons.get(host).is_some_and(ending))
}

/// When the kubelet of a machine was started.
pub(super) fn since(world: &World, cluster: ClusterId, host: &str) -> Option<SimTime> {
    Some(world.clusters.get(cluster)?.runtime.daemons.get(host)?.since)
}

/// The journal of a machine that was set up with a kubelet that runs begins with how it started.
pub(super) fn tell_start(world: &mut World, cluster: ClusterId, host: &str) {
    let found = || world.clusters.get(cluster)?.runtime.daemons.get(host)?.settings.process.clone();
    let Some(process) = found() else { return };
    let played = control_plane::start_program(world, cluster, host, &process, None);
    let now = world.now;
    let Some(machine) = world.hosts.get_mut(host) else { return };
    if machine.journal.iter().any(|it| it.identifier == "kubelet") {
        return;
    }
    let pid = machine.units.get(UNIT).map_or(0, |it| it.main_pid);
    let started = "Started kubelet.service - kubelet: The Kubernetes Node Agent.".to_owned();
    machine.log(now, "systemd", 1, UNIT, 6, started);
    write_down(machine, now, pid, &played.log);
}

/// Lines of a start come with their time, but with the number of a container's process.
fn write_down(machine: &mut Host, begun: SimTime, pid: u32, lines: &[(Duration, String)]) {
    for (after, text) in lines {
        let text = text.replacen(&format!(" {:7} ", 1), &format!(" {pid:7} "), 1);
        let level = if text.starts_with('E') { 3 } else { 6 };
        machine.log(begun + *after, "kubelet", pid, UNIT, level, text);
    }
}

/// Adds a line of the kubelet to the journal.
pub(crate) fn say(world: &mut World, host: &str, line: &str) {
    let now = world.now;
    let Some(machine) = world.hosts.get_mut(host) else { return };
    let pid = machine.units.get(UNIT).map_or(0, |it| it.main_pid);
    say_at(machine, now, pid, line);
}

fn say_at(machine: &mut Host, at: SimTime, pid: u32, line: &str) {
    let level = if line.starts_with('E') { 3 } else { 6 };
    let text = script::render(line, at, pid);
    machine.log(at, "kubelet", pid, UNIT, level, text);
}

/// Follows the unit of a machine's kubelet; returns when to look again.
pub(super) fn sync(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let now = world.now;
    let unit = world.hosts.get(host)?.units.get(UNIT)?.clone();
    let known = world.clusters.get(cluster)?.runtime.daemons.get(host).cloned();
    match (&unit.state, known) {
        (UnitState::Active, Some(daemon)) if daemon.pid == unit.main_pid => {
            go_on(world, cluster, host, daemon)
        }
        // The machine was set up with a kubelet that runs; there is nothing to find out.
        (UnitState::Active, None) if unit.starts.is_empty() => {
            let mut daemon = Daemon::fresh(world.hosts.get(host)?, unit.main_pid, now);
            daemon.endpoint = endpoint(world, cluster, host);
            put(world, cluster, host, daemon);
            None
        }
        (UnitState::Active, _) => begin(world, cluster, host, unit.main_pid),
        (UnitState::Activating, _) => match unit.restart_at? {
            at if at > now => Some(at.since(now)),
            _ => {
                world.hosts.get_mut(host)?.restart_due(now);
                let unit = world.hosts.get(host)?.units.get(UNIT)?.clone();
                if unit.state == UnitState::Active {
                    return begin(world, cluster, host, unit.main_pid);
                }
                unit.restart_at.map(|at| at.since(now))
            }
        },
        (_, Some(_)) => {
            world.clusters.get_mut(cluster)?.runtime.daemons.remove(host);
            None
        }
        (_, None) => None,
    }
}

impl Daemon {
    fn fresh(machine: &Host, pid: u32, now: SimTime) -> Self {
        let settings = Settings::read(machine, process(machine));
        Self { pid, since: now, ends: None, hangs_at: None, retry_at: now, settings, endpoint: None }
    }

    /// What it was told when it started.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }
}

fn put(world: &mut World, cluster: ClusterId, host: &str, daemon: Daemon) {
    if let Some(state) = world.clusters.get_mut(cluster) {
        state.runtime.daemons.insert(host.to_owned(), daemon);
    }
}

/// The kubelet's command line, as its unit puts it together.
fn process(machine: &Host) -> Option<Process> {
    let words = machine.loaded_file(UNIT)?.command_line(&machine.files);
    Some(Process::of_machine("kubelet", words.into_iter().skip(1).collect()))
}

/// Where the kubelet's kubeconfig leads now.
fn endpoint(world: &World, cluster: ClusterId, host: &str) -> Option<Arc<Endpoint>> {
    let process = process(world.hosts.get(host)?)?;
    control_plane::endpoint(world, cluster, host, &process).map(Arc::new)
}

/// A process that nobody has looked at yet.
fn begin(world: &mut World, cluster: ClusterId, host: &str, pid: u32) -> Option<Duration> {
    let daemon = Daemon::fresh(world.hosts.get(host)?, pid, world.now);
    // Its directory of static pods may be another one than that of the kubelet before.
    world.wake_at(world.now, cluster, "control-plane", host);
    follow(world, cluster, host, daemon, None)
}

fn follow(
    world: &mut World,
    cluster: ClusterId,
    host: &str,
    mut daemon: Daemon,
    from: Option<&'static str>,
) -> Option<Duration> {
    let now = world.now;
    let process = daemon.settings.process.clone()?;
    let played = control_plane::start_program(world, cluster, host, &process, from);
    if matches!(played.outcome, Outcome::Stuck { .. }) && from.is_some() && daemon.retry_at > now {
        return Some(daemon.retry_at.since(now));
    }
    let machine = world.hosts.get_mut(host)?;
    write_down(machine, now, daemon.pid, &played.log);
    let due = match played.outcome {
        Outcome::Serves { .. } => {
            daemon.hangs_at = None;
            daemon.endpoint = endpoint(world, cluster, host);
            None
        }
        Outcome::Ends { after, code } => {
            daemon.ends = Some((now + after, code));
            Some(after)
        }
        Outcome::Stuck { at, every } => {
            let every = if now.since(daemon.since) > Duration::from_secs(60) { every * 5 } else { every };
            daemon.hangs_at = Some(at);
            daemon.retry_at = now + every;
            Some(every)
        }
    };
    put(world, cluster, host, daemon);
    due
}

/// A process that runs: it may end, or try again what did not work.
fn go_on(world: &mut World, cluster: ClusterId, host: &str, daemon: Daemon) -> Option<Duration> {
    let now = world.now;
    match (daemon.ends, daemon.hangs_at) {
        (Some((at, _)), _) if at > now => Some(at.since(now)),
        (Some((_, code)), _) => ended(world, cluster, host, daemon, code),
        (None, Some(at)) => follow(world, cluster, host, daemon, Some(at)),
        (None, None) => None,
    }
}

/// The process is over: systemd notes it and plans to start it again.
fn ended(
    world: &mut World,
    cluster: ClusterId,
    host: &str,
    mut daemon: Daemon,
    code: i32,
) -> Option<Duration> {
    let now = world.now;
    let machine = world.hosts.get_mut(host)?;
    machine.unit_ended(UNIT, End::Exited(code), now);
    let due = machine.units.get(UNIT).and_then(|it| it.restart_at).map(|at| at.since(now));
    daemon.ends = None;
    daemon.hangs_at = None;
    put(world, cluster, host, daemon);
    due
}
