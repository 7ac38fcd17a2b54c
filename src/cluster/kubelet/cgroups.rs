//! Two managers of control groups on one machine: systemd, and a container runtime that was told to keep
//! groups of its own. What the one sets up the other tears down, so that containers end now and then
//! without having done anything wrong.

use std::time::Duration;

use super::run::PodId;
use super::{container, node, pod};
use crate::apimachinery::object;
use crate::cluster::control_plane::script;
use crate::cluster::{ClusterId, World, events};
use crate::hosts::Host;
use crate::sim::SimTime;

/// Containers last about so long. Source: reports of control planes that restart every few minutes.
const LIFE: Duration = Duration::from_secs(150);

/// How a machine's container runtime was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Driver {
    /// The process: another one has read its configuration again.
    pid: u32,
    systemd: bool,
    /// When containers were ended last.
    ended_at: SimTime,
}

/// Whether containerd's configuration leaves control groups to systemd.
fn uses_systemd(machine: &Host) -> bool {
    let config = machine.files.read_text("/etc/containerd/config.toml").unwrap_or_default();
    let config: toml::Table = config.parse().unwrap_or_default();
    let runtime =
        ["io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri"].into_iter().find_map(|name| {
            config.get("plugins")?.get(name)?.get("containerd")?.get("runtimes")?.get("runc")?.get("options")
        });
    let set = runtime.and_then(|it| it.get("SystemdCgroup")).and_then(toml::Value::as_bool);
    // Without a word containerd keeps its own.
    set.unwrap_or(false)
}

/// Looks at the runtime of a machine; returns when to look again.
pub(super) fn sync(world: &mut World, cluster: ClusterId, host: &str) -> Option<Duration> {
    let now = world.now;
    let machine = world.hosts.get(host)?;
    let pid = machine.units.get("containerd.service")?.main_pid;
    let known = world.clusters.get(cluster)?.runtime.drivers.get(host).copied();
    let driver = match known.filter(|it| it.pid == pid) {
        Some(driver) => driver,
        None => Driver { pid, systemd: uses_systemd(machine), ended_at: now },
    };
    let is_due = !driver.systemd && node::kubelet_runs(world, host) && driver.ended_at + LIFE <= now;
    let ended_at = if is_due { now } else { driver.ended_at };
    let driver = Driver { ended_at, ..driver };
    world.clusters.get_mut(cluster)?.runtime.drivers.insert(host.to_owned(), driver);
    if is_due {
        end_all(world, cluster, host);
    }
    (!driver.systemd).then(|| (driver.ended_at + LIFE).since(now))
}

fn end_all(world: &mut World, cluster: ClusterId, host: &str) {
    let now = world.now;
    let Some(state) = world.clusters.get_mut(cluster) else { return };
    let programs: Vec<String> =
        state.control_plane.instances.keys().filter(|(at, _)| at == host).map(|(_, it)| it.clone()).collect();
    for program in programs {
        if program == "etcd"
            && let Some(etcd) = state.control_plane.instances.get_mut(&(host.to_owned(), program.clone()))
        {
            let line = "{\"level\":\"info\",\"caller\":\"osutil/interrupt_unix.go:65\",\"msg\":\"received signal; shutting down\",\"signal\":\"terminated\"}";
            etcd.log.push_back((now, script::render(line, now, 1)));
        }
        let code = if ["etcd", "kube-apiserver"].contains(&program.as_str()) { 0 } else { 1 };
        state.control_plane.end(host, &program, code, now);
    }
    let pods: Vec<String> = state.runtime.pods_of(host).map(|(uid, _)| uid.clone()).collect();
    for uid in pods {
        end_pod(world, &PodId { cluster, uid });
    }
    world.wake_at(now, cluster, "control-plane", host);
}

/// The containers of one pod end, and its kubelet notices.
fn end_pod(world: &mut World, id: &PodId) {
    let Some(run) = id.get(world) else { return };
    let store = world.clusters.get(id.cluster).map(|it| &it.store);
    let Some(object) = store.and_then(|it| it.find("pods", &run.namespace, &run.name)).cloned() else {
        return;
    };
    let why = "Pod sandbox changed, it will be killed and re-created.";
    let running: Vec<String> =
        run.containers.iter().filter(|(_, it)| it.is_running()).map(|(name, _)| name.clone()).collect();
    if running.is_empty() {
        return;
    }
    pod::tell(world, id, &object, "", events::normal("SandboxChanged", why));
    if super::static_pods::is_control_plane(&object) {
        return;
    }
    for name in running {
        container::end(
            world,
            &container::Job { id, pod: &object, name: &name },
            0,
            "Completed",
            String::new(),
        );
    }
    let key = format!("{}/{}/{}", object::namespace(&object), object::name(&object), id.uid);
    let now = world.now;
    world.wake_at(now, id.cluster, "kubelet", &key);
}
