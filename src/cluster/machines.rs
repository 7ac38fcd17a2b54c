//! Machines as they are switched on and off, and what their systemd does by itself.
//!
//! What survives a reboot is what files say: links of units, `/etc/fstab`, `/etc/sysctl.d`,
//! `/etc/modules-load.d`. Everything else is made anew.

use std::time::Duration;

use super::engine::{Component, Process};
use super::{ClusterId, Event, World};
use crate::hosts::kernel;
use crate::hosts::{Host, UnitState};
use crate::sim::SimTime;

/// From the last word of a machine to its first one after a reboot.
const BOOT: Duration = Duration::from_secs(25);

/// systemd of every machine; a key is the name of a machine.
const MACHINES: Component = Component { name: "machines", process: Process::Kubelet, woken_by: never, sync };

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[&MACHINES];

/// Machines wake it, not objects: see `engine::WOKEN_BY_HOSTS`.
fn never(_world: &World, _cluster: ClusterId, _event: &Event, _keys: &mut Vec<String>) {}

fn sync(world: &mut World, cluster: ClusterId, name: &str) -> Option<Duration> {
    if cluster != 0 {
        // One of them looks after all machines.
        return None;
    }
    let now = world.now;
    let host = world.hosts.get_mut(name)?;
    if let Some(at) = host.boots_at {
        if at > now {
            return Some(at.since(now));
        }
        boot(host, now);
    }
    if host.next_restart().is_some_and(|at| at <= now) {
        host.restart_due(now);
    }
    host.next_restart().map(|at| at.since(now))
}

/// Switches a machine off; with `again` it comes back by itself.
pub(crate) fn switch_off(world: &mut World, name: &str, again: bool) {
    let now = world.now;
    let Some(host) = world.hosts.get_mut(name) else { return };
    host.log(
        now,
        "systemd-logind",
        590,
        "systemd-logind.service",
        5,
        if again { "The system will reboot now!".into() } else { "The system will power off now!".into() },
    );
    let running: Vec<String> = host
        .units
        .iter()
        .filter(|(_, it)| it.state != UnitState::Inactive)
        .map(|(unit, _)| unit.clone())
        .collect();
    for unit in running {
        // A machine that goes down stops everything, failed units included.
        let _ = host.stop_unit(&unit, now);
        host.reset_failed(&unit);
    }
    host.up = false;
    host.boots_at = again.then(|| now + BOOT);
    let name = name.to_owned();
    world.wake_at(now + BOOT, 0, MACHINES.name, &name);
    end_containers(world, &name);
}

/// Every container of the machine ends with it.
fn end_containers(world: &mut World, name: &str) {
    for process in super::processes::of_host(world, name) {
        if !matches!(process.owner, super::processes::Owner::Init) {
            super::processes::kill(world, name, process.pid, 9);
        }
    }
}

fn boot(host: &mut Host, now: SimTime) {
    host.up = true;
    host.boots_at = None;
    host.booted = now;
    host.log(now, "kernel", 0, "", 5, format!("Linux version {} (buildd@lcy02-amd64-080)", kernel::RELEASE));
    kernel::boot(host, now);
    host.daemon_reload();
    let names: Vec<String> =
        crate::hosts::systemd::known(&host.files).into_iter().map(|(unit, _)| unit).collect();
    for unit in names {
        let of_the_system = unit.starts_with("systemd-") && unit.ends_with(".service");
        if host.unit_enabled(&unit) || of_the_system {
            // One that cannot start says so in the journal.
            let _ = host.start_unit(&unit, now);
        }
    }
}
