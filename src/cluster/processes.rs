//! The processes of a machine: what units run, and what containers run, with numbers that last as long as
//! the process does.
//!
//! Does not know shells: whoever lists processes adds its own.

use super::control_plane::Phase;
use super::kubelet::run::{ContainerRun, PodId, State};
use super::kubelet::{self, status};
use super::{ClusterId, World};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::hosts::UnitState;
use crate::hosts::systemd::End;
use crate::sim::SimTime;

/// A process of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) parent: u32,
    pub(crate) user: String,
    pub(crate) started: SimTime,
    /// The command line.
    pub(crate) command: String,
    pub(crate) owner: Owner,
}

/// Whose process it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The first process of the machine.
    Init,
    Unit(String),
    Container {
        pod: PodId,
        name: String,
    },
    /// A program of a static control plane manifest.
    ControlPlane {
        cluster: ClusterId,
        program: String,
    },
}

/// The number of a container's main process: as long as the container is the same, so is the number.
pub(crate) fn pid_of(container: &str) -> u32 {
    let digest = status::sha256_hex(container.as_bytes());
    let number = u32::from_str_radix(digest.get(..6).unwrap_or("0"), 16).unwrap_or(0);
    20_000 + number % 40_000
}

/// Every process of a machine that somebody else than a shell started, by number.
pub(crate) fn of_host(world: &World, name: &str) -> Vec<Process> {
    let Some(host) = world.hosts.get(name) else { return Vec::new() };
    let root = |pid: u32, started, command: String, owner| Process {
        pid,
        parent: u32::from(pid > 1),
        user: "root".into(),
        started,
        command,
        owner,
    };
    let mut all = vec![root(1, host.booted, "/sbin/init".into(), Owner::Init)];
    for (unit, it) in host.units.iter().filter(|(_, it)| it.state == UnitState::Active && it.main_pid != 0) {
        let line = host.loaded_file(unit).map(|file| file.command_line(&host.files).join(" "));
        let line = line.filter(|it| !it.is_empty());
        let line = line.unwrap_or_else(|| unit.trim_end_matches(".service").to_owned());
        all.push(root(it.main_pid, it.since, line, Owner::Unit(unit.clone())));
    }
    for (cluster, state) in world.clusters.iter().enumerate() {
        for ((at, program), instance) in &state.control_plane.instances {
            if let Phase::Running { since, .. } = instance.phase
                && at == name
            {
                let words = std::iter::once(program).chain(&instance.process.args);
                let line = words.map(String::as_str).collect::<Vec<_>>().join(" ");
                let pid = pid_of(&format!("{at}/{program}/{}/{}", instance.restarts, since.unix_ns()));
                let owner = Owner::ControlPlane { cluster, program: program.clone() };
                all.push(root(pid, since, line, owner));
            }
        }
        for (uid, run) in state.runtime.pods_of(name) {
            let pod = PodId { cluster, uid: uid.clone() };
            for (container, it) in &run.containers {
                let is_static = is_control_plane(state, name, it);
                if let State::Running { since } = it.state
                    && !is_static
                {
                    let owner = Owner::Container { pod: pod.clone(), name: container.clone() };
                    all.push(root(pid_of(&it.id), since, command_of(it), owner));
                }
            }
        }
    }
    all.sort_by_key(|process| process.pid);
    all
}

/// True for the container of a pod that the control plane's supervisor runs.
pub(crate) fn is_control_plane(cluster: &super::Cluster, host: &str, container: &ContainerRun) -> bool {
    let name = object::field(&container.spec, "name");
    cluster.control_plane.instances.contains_key(&(host.to_owned(), name.to_owned()))
}

fn command_of(container: &ContainerRun) -> String {
    let served = container.served().map(|argv| argv.join(" "));
    served.filter(|it| !it.is_empty()).unwrap_or_else(|| {
        let words = |key: &str| object::list(&container.spec, key).iter().filter_map(Value::as_str);
        let own: Vec<&str> = words("/command").chain(words("/args")).collect();
        if own.is_empty() {
            container.image.map_or("sh", |it| it.config.main.as_str()).to_owned()
        } else {
            own.join(" ")
        }
    })
}

/// Sends a signal that ends processes; false when there is no such process.
pub(crate) fn kill(world: &mut World, host: &str, pid: u32, signal: u8) -> bool {
    let Some(process) = of_host(world, host).into_iter().find(|it| it.pid == pid) else { return false };
    let now = world.now;
    let code = 128 + i32::from(signal);
    match process.owner {
        Owner::Init => {}
        Owner::Unit(unit) => {
            if let Some(machine) = world.hosts.get_mut(host) {
                // Programs that handle SIGTERM end well.
                let end = if signal == 15 { End::Exited(0) } else { End::Killed(signal) };
                machine.unit_ended(&unit, end, now);
            }
        }
        Owner::Container { pod, name } => {
            let code = if signal == 15 { 0 } else { code };
            kubelet::end_container(world, &pod, &name, code);
        }
        Owner::ControlPlane { cluster, program } => {
            let code = if signal == 15 { 0 } else { code };
            end_control_plane(world, cluster, host, &program, code);
        }
    }
    true
}

/// Ends a control plane process; the kubelet of its machine starts it again.
pub(crate) fn end_control_plane(world: &mut World, cluster: ClusterId, host: &str, program: &str, code: i32) {
    let now = world.now;
    if let Some(state) = world.clusters.get_mut(cluster) {
        state.control_plane.end(host, program, code, now);
    }
    world.wake_at(now, cluster, "control-plane", host);
}
