//! What a machine's `/proc` shows of its kernel and its processes, made when somebody looks.
//!
//! Modules, mounts and swap areas are files of the machine itself (`hosts::kernel`); the rest has no
//! bytes of its own. Settings below `/proc/sys` can be written, as `sysctl` does.

use std::collections::BTreeSet;

use super::World;
use super::load;
use super::processes::{self, Process};
use crate::hosts::{FsError, Host, Kind, Node, kernel};
use crate::sim::SimTime;

/// Makes the text of a file of the named machine.
type Text = fn(&World, &str, &Host) -> String;

/// Files of `/proc` itself with what makes their text.
const FILES: &[(&str, Text)] = &[
    ("cmdline", |_, _, _| {
        format!(
            "BOOT_IMAGE=/vmlinuz-{} root=LABEL=cloudimg-rootfs ro console=tty1 console=ttyS0\n",
            kernel::RELEASE
        )
    }),
    ("cpuinfo", |_, _, host| (0..load::processors(host)).map(|at| processor(host, at)).collect()),
    ("filesystems", |_, _, _| {
        let without = ["sysfs", "tmpfs", "bdev", "proc", "cgroup", "cgroup2", "devtmpfs", "overlay"];
        let lines = without.iter().map(|name| format!("nodev\t{name}\n"));
        lines.chain(["\text4\n".to_owned(), "\tvfat\n".to_owned()]).collect()
    }),
    ("loadavg", |world, name, _| {
        let running = processes::of_host(world, name);
        let last = running.last().map_or(1, |it| it.pid);
        let [one, five, fifteen] = load::averages(world, name).map(hundredths);
        format!("{one} {five} {fifteen} 1/{} {last}\n", running.len() * 7)
    }),
    ("meminfo", |world, name, _| meminfo(&load::memory(world, name))),
    ("uptime", |world, _, host| {
        let up = world.now.since(host.booted).as_secs();
        format!("{up}.00 {}.00\n", up * load::processors(host) * 96 / 100)
    }),
    ("version", |_, _, _| {
        format!(
            "Linux version {} (buildd@lcy02-amd64-080) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.3.0-6ubuntu2~24.04) 13.3.0, GNU ld (GNU Binutils for Ubuntu) 2.42) {}\n",
            kernel::RELEASE,
            kernel::VERSION
        )
    }),
];

/// Files of each process.
const OF_PROCESS: [&str; 5] = ["cgroup", "cmdline", "comm", "limits", "status"];

/// Hundredths as `0.16`.
pub(crate) fn hundredths(value: u64) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

fn processor(host: &Host, at: u64) -> String {
    format!(
        "processor\t: {at}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n\
         model name\t: Intel(R) Xeon(R) Processor @ 2.50GHz\ncpu MHz\t\t: 2500.000\ncache size\t: 36608 KB\n\
         siblings\t: {0}\ncore id\t\t: {at}\ncpu cores\t: {0}\n\
         flags\t\t: fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat sse sse2 ht syscall nx lm hypervisor\n\n",
        load::processors(host)
    )
}

fn meminfo(memory: &load::Memory) -> String {
    let rows = [
        ("MemTotal", memory.total),
        ("MemFree", memory.free),
        ("MemAvailable", memory.available()),
        ("Buffers", memory.cache / 12),
        ("Cached", memory.cache - memory.cache / 12),
        ("SwapCached", 0),
        ("Shmem", memory.shared),
        ("SwapTotal", memory.swap_total),
        ("SwapFree", memory.swap_total),
    ];
    rows.iter().map(|(name, kib)| format!("{:<15} {kib:>9} kB\n", format!("{name}:"))).collect()
}

fn of_process(world: &World, host: &str, process: &Process, file: &str) -> Option<String> {
    let used = load::of_process(world, host, process);
    let name: String = load::program(process).chars().take(15).collect();
    Some(match file {
        "cmdline" => process.command.split_whitespace().map(|word| format!("{word}\0")).collect(),
        "comm" => format!("{name}\n"),
        "cgroup" => match &process.owner {
            processes::Owner::Init => "0::/init.scope\n".to_owned(),
            processes::Owner::Unit(unit) => format!("0::/system.slice/{unit}\n"),
            _ => "0::/kubepods.slice\n".to_owned(),
        },
        "limits" => {
            let row = |name: &str, soft: &str, hard: &str, units: &str| {
                format!("{name:<26}{soft:<21}{hard:<21}{units:<10}\n")
            };
            row("Limit", "Soft Limit", "Hard Limit", "Units")
                + &row("Max processes", "15196", "15196", "processes")
                + &row("Max open files", "1048576", "1048576", "files")
        }
        "status" => format!(
            "Name:\t{name}\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t{pid}\nPid:\t{pid}\nPPid:\t{}\n\
             Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nVmSize:\t{:>8} kB\nVmRSS:\t{:>8} kB\nThreads:\t{}\n",
            process.parent,
            used.virtual_kib,
            used.resident_kib,
            used.threads,
            pid = process.pid,
        ),
        _ => return None,
    })
}

fn directory(at: SimTime) -> Node {
    Node { kind: Kind::Directory, mode: 0o555, uid: 0, gid: 0, modified: at, blank: 0 }
}

fn file(text: String, mode: u32, at: SimTime) -> Node {
    Node { kind: Kind::File(text.into_bytes().into()), mode, uid: 0, gid: 0, modified: at, blank: 0 }
}

/// The parameter that a path below `/proc/sys` stands for.
fn parameter(path: &str) -> Option<String> {
    path.strip_prefix("/proc/sys/").map(|it| it.replace('/', "."))
}

/// The directories below `/proc/sys`, as beginnings of parameters.
fn is_settings_directory(host: &Host, path: &str) -> bool {
    let Some(beginning) = path.strip_prefix("/proc/sys") else { return false };
    let beginning = beginning.trim_start_matches('/').replace('/', ".");
    let begins = |name: &str| {
        beginning.is_empty() || name.strip_prefix(&beginning).is_some_and(|rest| rest.starts_with('.'))
    };
    kernel::PARAMETERS.iter().any(|(name, _)| begins(name) && kernel::parameter(host, name).is_some())
}

/// What stands at a path below `/proc`, unless the machine has a file there itself.
pub(crate) fn node(world: &World, name: &str, path: &str) -> Option<Node> {
    let rest = path.strip_prefix("/proc/")?;
    let host = world.hosts.get(name)?;
    let now = world.now;
    if let Some((_, text)) = FILES.iter().find(|(known, _)| *known == rest) {
        return Some(file(text(world, name, host), 0o444, now));
    }
    if rest == "sys" || rest.starts_with("sys/") {
        if is_settings_directory(host, path) {
            return Some(directory(host.booted));
        }
        let value = kernel::parameter(host, &parameter(path)?)?;
        return Some(file(format!("{value}\n"), 0o644, now));
    }
    let (pid, below) = rest.split_once('/').map_or((rest, None), |(pid, below)| (pid, Some(below)));
    let pid: u32 = pid.parse().ok()?;
    let process = processes::of_host(world, name).into_iter().find(|it| it.pid == pid)?;
    match below {
        None => Some(directory(process.started)),
        Some("exe") => {
            let program = process.command.split_whitespace().next().unwrap_or_default();
            let target = if program == "/sbin/init" { "/usr/lib/systemd/systemd" } else { program };
            let target =
                if target.starts_with('/') { target.to_owned() } else { format!("/usr/local/bin/{target}") };
            Some(Node {
                kind: Kind::Symlink(target),
                mode: 0o777,
                uid: 0,
                gid: 0,
                modified: process.started,
                blank: 0,
            })
        }
        Some("cwd" | "root") => Some(Node {
            kind: Kind::Symlink("/".into()),
            mode: 0o777,
            uid: 0,
            gid: 0,
            modified: process.started,
            blank: 0,
        }),
        Some(wanted) => Some(file(of_process(world, name, &process, wanted)?, 0o444, process.started)),
    }
}

/// Names below a directory of `/proc` that the machine has no file for.
pub(crate) fn names(world: &World, name: &str, path: &str) -> Vec<String> {
    let Some(host) = world.hosts.get(name) else { return Vec::new() };
    if path == "/proc" {
        let files = FILES.iter().map(|(name, _)| (*name).to_owned());
        let numbers = processes::of_host(world, name).into_iter().map(|it| it.pid.to_string());
        return files.chain(numbers).chain(["sys".to_owned()]).collect();
    }
    if is_settings_directory(host, path) {
        let known = kernel::PARAMETERS.iter().filter(|(name, _)| kernel::parameter(host, name).is_some());
        let paths = known.map(|(name, _)| format!("/proc/sys/{}", name.replace('.', "/")));
        let below =
            paths.filter_map(|it| Some(it.strip_prefix(&format!("{path}/"))?.split('/').next()?.to_owned()));
        return below.collect::<BTreeSet<_>>().into_iter().collect();
    }
    let is_process = path.strip_prefix("/proc/").is_some_and(|it| it.parse::<u32>().is_ok());
    if is_process && node(world, name, path).is_some() {
        return OF_PROCESS.iter().chain(&["cwd", "exe", "root"]).map(|it| (*it).to_owned()).collect();
    }
    Vec::new()
}

/// Writes a setting below `/proc/sys`; `None` when the path is none.
pub(crate) fn write(host: &mut Host, path: &str, bytes: &[u8]) -> Option<Result<(), FsError>> {
    if !path.starts_with("/proc/") {
        return None;
    }
    let Some(name) = parameter(path).filter(|name| kernel::parameter(host, name).is_some()) else {
        return Some(Err(FsError::Denied));
    };
    host.sysctl.insert(name, String::from_utf8_lossy(bytes).trim().to_owned());
    Some(Ok(()))
}
