//! How much of a machine is in use: memory, processors and disk, counted from what runs and stands on it.
//!
//! Every number comes from the machine's own state, so two machines differ and a number moves when a pod
//! starts, an image is pulled or a file grows.

use super::kubelet::catalog::{self, Image};
use super::kubelet::{run::ContainerRun, usage};
use super::processes::{self, Owner, Process};
use super::{Cluster, World};
use crate::apimachinery::json::Value;
use crate::apimachinery::quantity::Quantity;
use crate::hosts::{Host, kernel};

/// What one process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Resident {
    pub(crate) resident_kib: u64,
    pub(crate) virtual_kib: u64,
    pub(crate) cpu_milli: u64,
    pub(crate) threads: u64,
}

/// Programs that machines run by themselves: resident KiB, virtual KiB, thousandths of a CPU, threads.
/// Sizes as on a freshly made kubeadm node.
const PROGRAMS: &[(&str, u64, u64, u64, u64)] = &[
    ("init", 13_312, 22_512, 1, 1),
    ("systemd-journald", 28_900, 66_900, 1, 1),
    ("systemd-resolved", 12_800, 21_580, 1, 1),
    ("systemd-logind", 8_700, 18_160, 1, 1),
    ("cron", 2_816, 3_980, 0, 1),
    ("sshd", 8_704, 12_020, 0, 1),
    ("containerd", 64_300, 1_935_400, 9, 14),
    ("kubelet", 91_100, 2_043_700, 22, 15),
    ("bash", 5_376, 8_720, 0, 1),
    ("ps", 4_480, 10_884, 0, 1),
];

/// A program that nothing is known of.
const ANY: (u64, u64, u64, u64) = (6_144, 14_336, 0, 1);

/// What the kernel keeps for itself, in KiB.
const KERNEL_KIB: u64 = 188_416;

/// Files that a fresh Ubuntu keeps in its cache, in KiB.
const CACHE_KIB: u64 = 612_352;

/// Never less than this is left free, in KiB: caches give way.
const FREE_KIB_MIN: u64 = 131_072;

/// A fresh Ubuntu on its disk, in KiB, without what packages of the lab bring.
const SYSTEM_KIB: u64 = 2_416_640;

/// Unpacked layers take this many times an image's size on the wire, in tenths.
const UNPACKED_TENTHS: u64 = 26;

/// Memory of a machine in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    pub(crate) used: u64,
    pub(crate) free: u64,
    pub(crate) shared: u64,
    pub(crate) cache: u64,
    pub(crate) swap_total: u64,
}

impl Memory {
    /// What programs could still get.
    pub(crate) fn available(&self) -> u64 {
        self.total.saturating_sub(self.used)
    }
}

/// The root file system of a machine in KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) total: u64,
    pub(crate) used: u64,
    pub(crate) files: u64,
}

/// The name of a process's program.
pub(crate) fn program(process: &Process) -> &str {
    let word = process.command.split_whitespace().next().unwrap_or_default();
    word.rsplit('/').next().unwrap_or(word).trim_start_matches('-').trim_end_matches(':')
}

/// The container whose main process this is.
fn container_of<'a>(world: &'a World, host: &str, process: &Process) -> Option<&'a ContainerRun> {
    match &process.owner {
        Owner::Container { pod, name } => pod.container(world, name),
        Owner::ControlPlane { cluster, program } => {
            let mut pods = world.clusters.get(*cluster)?.runtime.pods_of(host);
            pods.find_map(|(_, run)| run.containers.get(program).map(AsRef::as_ref))
        }
        _ => None,
    }
}

/// What a process of a machine uses.
pub(crate) fn of_process(world: &World, host: &str, process: &Process) -> Resident {
    if let Some(container) = container_of(world, host, process) {
        let used = usage::of_container(container, world.now).unwrap_or_default();
        let resident_kib = used.memory >> 10;
        // Go programs reserve far more addresses than they use.
        let virtual_kib = resident_kib + 1_228_800;
        return Resident { resident_kib, virtual_kib, cpu_milli: used.cpu_milli, threads: 11 };
    }
    let name = program(process);
    let known = PROGRAMS.iter().find(|(known, ..)| *known == name);
    let (resident_kib, virtual_kib, cpu_milli, threads) = known.map_or(ANY, |it| (it.1, it.2, it.3, it.4));
    Resident { resident_kib, virtual_kib, cpu_milli, threads }
}

fn kib(quantity: &str) -> u64 {
    let bytes = Quantity::of(Some(&Value::from(quantity))).as_milli() / 1000;
    u64::try_from(bytes).unwrap_or(0) >> 10
}

/// How many processors a machine has.
pub(crate) fn processors(machine: &Host) -> u64 {
    machine.hardware.cpu.parse().unwrap_or(1)
}

fn total_memory(machine: &Host) -> u64 {
    match kib(&machine.hardware.memory) {
        0 => 2_014_920,
        kib => kib,
    }
}

/// The memory of a machine.
pub(crate) fn memory(world: &World, host: &str) -> Memory {
    let Some(machine) = world.hosts.get(host) else { return Memory::default() };
    let total = total_memory(machine);
    let all = processes::of_host(world, host);
    let resident: u64 = all.iter().map(|it| of_process(world, host, it).resident_kib).sum();
    let used = (resident + KERNEL_KIB).min(total.saturating_sub(FREE_KIB_MIN));
    let files = CACHE_KIB + images_kib(world, host);
    let cache = files.min(total.saturating_sub(used + FREE_KIB_MIN));
    let swap_total = kernel::swaps(&machine.files).iter().map(|(_, kib)| kib).sum();
    let free = total.saturating_sub(used + cache);
    Memory { total, used, free, shared: 1_104 + 4 * all.len() as u64, cache, swap_total }
}

/// Images that the runtime of a machine holds, unpacked, in KiB; one that only runs, though it was removed, takes its
/// room too.
fn images_kib(world: &World, host: &str) -> u64 {
    const UNKNOWN: u64 = 10 << 20;
    let kib = |bytes: u64| (bytes * UNPACKED_TENTHS / 10) >> 10;
    let held = |state: &Cluster| -> Vec<Option<&'static Image>> {
        state.runtime.images_of(host).map(catalog::of_name).collect()
    };
    let held: Vec<_> = world.clusters.iter().flat_map(held).collect();
    let containers = world.clusters.iter().flat_map(|state| state.runtime.pods_of(host));
    let mut running: Vec<&Image> = Vec::new();
    for image in containers.flat_map(|(_, run)| run.containers.values()).filter_map(|it| it.image) {
        let is_it = |other: &&Image| std::ptr::eq(*other, image);
        if !running.iter().any(is_it) && !held.iter().flatten().any(is_it) {
            running.push(image);
        }
    }
    let of_held = held.iter().map(|it| kib(it.map_or(UNKNOWN, |it| it.size)));
    of_held.chain(running.iter().map(|it| kib(it.size))).sum()
}

/// The root file system of a machine.
pub(crate) fn disk(world: &World, host: &str) -> Disk {
    let Some(machine) = world.hosts.get(host) else { return Disk::default() };
    let total = match kib(&machine.hardware.ephemeral_storage) {
        0 => 10_067_296,
        kib => kib,
    };
    let packages: u64 = machine.packages.installed.values().map(|it| it.release.installed_kb).sum();
    let own: u64 = machine.files.iter().map(|(_, node)| node.size().div_ceil(4096) * 4).sum();
    let journal: u64 = machine.journal.iter().map(|line| line.message.len() as u64 + 512).sum::<u64>() >> 10;
    let used = SYSTEM_KIB + packages + own + journal + images_kib(world, host);
    Disk { total, used: used.min(total), files: 118_000 + machine.files.iter().count() as u64 }
}

/// The load averages of a machine over 1, 5 and 15 minutes, in hundredths.
pub(crate) fn averages(world: &World, host: &str) -> [u64; 3] {
    let all = processes::of_host(world, host);
    let busy: u64 = all.iter().map(|it| of_process(world, host, it).cpu_milli).sum();
    let minute = world.now.unix_s().div_euclid(60);
    let seed = host.bytes().fold(minute.unsigned_abs(), |sum, byte| sum * 31 % 1_009 + u64::from(byte));
    // What waits for the disk comes on top; it is different every minute.
    let wait = |window: u64| seed / window % 9;
    [busy / 10 + wait(1), busy / 10 + wait(5) / 2 + 3, busy / 10 + wait(15) / 3 + 4]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::templates;

    #[test]
    fn machines_differ_by_what_runs_on_them() {
        let mut world = templates::default_world(1);
        let (control_plane, worker) = (memory(&world, "controlplane"), memory(&world, "node01"));
        assert!(control_plane.used > worker.used + 200_000, "{control_plane:?} {worker:?}");
        assert_eq!(worker.total, worker.used + worker.free + worker.cache);
        let before = disk(&world, "node01").used;
        let now = world.now;
        let host = world.hosts.get_mut("node01").unwrap();
        host.files.write("/opt/big", &vec![0; 1 << 20], now).unwrap();
        assert_eq!(disk(&world, "node01").used, before + 1024);
        world.hosts.get_mut("node01").unwrap().stop_unit("kubelet.service", now).unwrap();
        assert!(memory(&world, "node01").used < worker.used);
    }
}
