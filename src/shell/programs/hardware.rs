//! What a machine is made of and how it started: `lscpu`, `blkid`, `dmesg`, `modinfo`, `systemd-analyze`,
//! `timedatectl`, `systemd-cgls`, `pstree`.

use super::processes;
use crate::cluster::{Place, load};
use crate::hosts::kernel;
use crate::shell::Proc;

programs! {
    LSCPU "lscpu" "Show processors" lscpu;
    BLKID "blkid" "Show block devices" blkid;
    DMESG "dmesg" "Print kernel messages" dmesg;
    MODINFO "modinfo" "Describe a kernel module" modinfo;
    ANALYZE "systemd-analyze" "Show how the machine started" analyze;
    TIMEDATECTL "timedatectl" "Show the clock" timedatectl;
    CGLS "systemd-cgls" "Show control groups" control_groups;
    PSTREE "pstree" "Show processes as a tree" pstree;
}

fn words(proc: &Proc) -> Vec<&str> {
    proc.args.iter().skip(1).map(String::as_str).collect()
}

fn not_yet(proc: &Proc, words: &[&str]) -> i32 {
    let name = proc.args.first().map(String::as_str).unwrap_or_default();
    proc.eprint(format!("uncordon: {name} {} is not simulated yet\n", words.join(" ")));
    1
}

fn lscpu(proc: &Proc) -> i32 {
    if let Some(odd) = words(proc).first() {
        return not_yet(proc, &[odd]);
    }
    let count = super::machine::with_host(proc, load::processors).unwrap_or(1);
    let last = count.saturating_sub(1);
    proc.print(format!(
        "Architecture:             x86_64\n  CPU op-mode(s):         32-bit, 64-bit\n  Address sizes:          46 bits physical, 48 bits virtual\n  \
         Byte Order:             Little Endian\nCPU(s):                   {count}\n  On-line CPU(s) list:    0{}\n\
         Vendor ID:                GenuineIntel\n  Model name:             Intel(R) Xeon(R) Processor @ 2.50GHz\n    CPU family:           6\n    \
         Model:                85\n    Thread(s) per core:   1\n    Core(s) per socket:   {count}\n    Socket(s):            1\n\
         Virtualization features:  \n  Hypervisor vendor:      KVM\n  Virtualization type:    full\n\
         NUMA:                     \n  NUMA node(s):           1\n",
        if last > 0 { format!("-{last}") } else { String::new() }
    ));
    0
}

fn blkid(proc: &Proc) -> i32 {
    if proc.user != "root" {
        return 2;
    }
    let machine = proc.read_file("/etc/machine-id").unwrap_or_default();
    let id = String::from_utf8_lossy(&machine).trim().to_owned();
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or("0000").to_owned();
    let uuid = format!("{}-{}-{}-{}-{}", part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32));
    proc.print(format!(
        "/dev/vda1: LABEL=\"cloudimg-rootfs\" UUID=\"{uuid}\" BLOCK_SIZE=\"4096\" TYPE=\"ext4\" PARTUUID=\"{0}-01\"\n\
         /dev/vda15: LABEL_FATBOOT=\"UEFI\" LABEL=\"UEFI\" UUID=\"{1}-{2}\" BLOCK_SIZE=\"512\" TYPE=\"vfat\" PARTUUID=\"{0}-0f\"\n\
         /dev/vda16: LABEL=\"BOOT\" UUID=\"{3}-{4}-{2}-{1}-{5}\" BLOCK_SIZE=\"4096\" TYPE=\"ext4\" PARTUUID=\"{0}-10\"\n",
        part(0, 8), part(8, 12).to_uppercase(), part(12, 16), part(24, 32), part(20, 24), part(0, 12)
    ));
    0
}

/// Messages of the kernel since it was started.
fn dmesg(proc: &Proc) -> i32 {
    if proc.user != "root" {
        proc.eprint("dmesg: read kernel buffer failed: Operation not permitted\n");
        return 1;
    }
    let Some((booted, lines)) = super::machine::with_host(proc, |host| {
        let own = host.journal.iter().filter(|it| it.identifier == "kernel" && it.at >= host.booted);
        (host.booted, own.map(|it| (it.at, it.message.clone())).collect::<Vec<_>>())
    }) else {
        return 1;
    };
    if let Some(odd) = words(proc).iter().find(|it| it.starts_with("--level") || it.starts_with("-l")) {
        return not_yet(proc, &[odd]);
    }
    let human = words(proc).iter().any(|it| *it == "-T" || *it == "--ctime");
    let memory = super::machine::with_host(proc, |host| host.hardware.memory.clone()).unwrap_or_default();
    let first = [
        format!("Linux version {} (buildd@lcy02-amd64-080) {}", kernel::RELEASE, kernel::VERSION),
        format!(
            "Command line: BOOT_IMAGE=/vmlinuz-{} root=LABEL=cloudimg-rootfs ro console=tty1 console=ttyS0",
            kernel::RELEASE
        ),
        "Hypervisor detected: KVM".to_owned(),
        format!("Memory: {}", memory.replace("Ki", "K available")),
        "EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none.".to_owned(),
        "systemd[1]: Detected virtualization kvm.".to_owned(),
    ];
    let early = first.into_iter().enumerate().map(|(at, text)| (at as f64 * 0.431, booted, text));
    let late = lines.into_iter().filter(|(_, text)| !text.starts_with("Linux version"));
    let late = late.map(|(at, text)| (at.since(booted).as_secs_f64(), at, text));
    for (s, at, text) in early.chain(late) {
        let stamp = if human { at.strftime("%a %b %e %H:%M:%S %Y") } else { format!("{s:12.6}") };
        proc.print(format!("[{stamp}] {text}\n"));
    }
    0
}

fn modinfo(proc: &Proc) -> i32 {
    let Some(name) = words(proc).into_iter().find(|it| !it.starts_with('-')).map(|it| it.replace('-', "_"))
    else {
        proc.eprint("modinfo: ERROR: missing module or filename.\n");
        return 1;
    };
    if !kernel::knows_module(&name) {
        proc.eprint(format!("modinfo: ERROR: Module {name} not found.\n"));
        return 1;
    }
    proc.print(format!(
        "filename:       /lib/modules/{0}/kernel/{name}.ko.zst\nlicense:        GPL\nname:           {name}\nretpoline:      Y\nintree:         Y\nvermagic:       {0} SMP preempt mod_unload modversions \n",
        kernel::RELEASE
    ));
    0
}

fn analyze(proc: &Proc) -> i32 {
    let Place::Host(host) = &proc.place else { return not_yet(proc, &["in a container"]) };
    let world = proc.world();
    let Some(machine) = world.hosts.get(host) else { return 1 };
    // A unit takes the longer the more it does: its program's threads tell.
    let mut units: Vec<(u64, String)> = machine
        .units
        .iter()
        .filter(|(_, it)| it.main_pid > 0)
        .map(|(name, it)| (u64::from(it.main_pid % 97) * 9 + name.len() as u64 * 11, name.clone()))
        .collect();
    units.sort_by(|a, b| b.cmp(a));
    let user: u64 = 4_000 + units.iter().map(|(ms, _)| ms).sum::<u64>() / 3;
    drop(world);
    let seconds =
        |ms: u64| if ms >= 1000 { format!("{}.{:03}s", ms / 1000, ms % 1000) } else { format!("{ms}ms") };
    match words(proc).as_slice() {
        [] | ["time"] => proc.print(format!(
            "Startup finished in 1.514s (kernel) + {} (userspace) = {} \ngraphical.target reached after {} in userspace.\n",
            seconds(user),
            seconds(user + 1_514),
            seconds(user.saturating_sub(31))
        )),
        ["blame", ..] => units.iter().for_each(|(ms, name)| proc.print(format!("{:>7} {name}\n", seconds(*ms)))),
        ["verify", files @ ..] => return verify(proc, files),
        other => return not_yet(proc, other),
    }
    0
}

/// `systemd-analyze verify`: programs that are not there, settings that nobody knows.
fn verify(proc: &Proc, files: &[&str]) -> i32 {
    let mut exit = 0;
    for file in files {
        let Ok(bytes) = proc.read_file(file) else {
            proc.eprint(format!("Failed to prepare filename {file}: No such file or directory\n"));
            return 1;
        };
        let name = file.rsplit('/').next().unwrap_or(file);
        for (at, line) in String::from_utf8_lossy(&bytes).lines().enumerate() {
            let line = line.trim();
            let program = line.strip_prefix("ExecStart=").and_then(|it| it.split_whitespace().next());
            let program = program.map(|it| it.trim_start_matches(['-', '@', '+', '!', ':']));
            if let Some(program) = program.filter(|it| proc.stat(it).is_err()) {
                proc.eprint(format!(
                    "{name}: Command {program} is not executable: No such file or directory\n"
                ));
                exit = 1;
            }
            if !line.is_empty() && !line.starts_with(['#', ';', '[']) && !line.contains('=') {
                proc.eprint(format!("{file}:{}: Missing '=', ignoring line.\n", at + 1));
                exit = 1;
            }
        }
    }
    exit
}

fn timedatectl(proc: &Proc) -> i32 {
    let now = proc.world().now;
    let full = now.strftime("%a %Y-%m-%d %H:%M:%S");
    match words(proc).as_slice() {
        [] | ["status"] => proc.print(format!(
            "               Local time: {full} UTC\n           Universal time: {full} UTC\n                 RTC time: {full}\n                \
             Time zone: Etc/UTC (UTC, +0000)\nSystem clock synchronized: yes\n              NTP service: active\n          RTC in local TZ: no\n"
        )),
        ["show"] => proc.print(format!(
            "Timezone=Etc/UTC\nLocalRTC=no\nCanNTP=yes\nNTP=yes\nNTPSynchronized=yes\nTimeUSec={full} UTC\nRTCTimeUSec={full} UTC\n"
        )),
        ["list-timezones"] => proc.print("Etc/UTC\nUTC\n"),
        ["set-timezone", "UTC" | "Etc/UTC"] => {}
        other => return not_yet(proc, other),
    }
    0
}

fn control_groups(proc: &Proc) -> i32 {
    proc.print(format!("Control group /:\n-.slice\n{}", group_tree(proc)));
    0
}

/// The control groups of a machine with their processes.
pub(super) fn group_tree(proc: &Proc) -> String {
    let mut tree = String::new();
    let lines = processes::lines(proc);
    let of = |it: &processes::Line| match &it.process.owner {
        crate::cluster::processes::Owner::Init if it.tty => "user.slice".to_owned(),
        crate::cluster::processes::Owner::Init => "init.scope".to_owned(),
        crate::cluster::processes::Owner::Unit(unit) => format!("system.slice/{unit}"),
        _ => "kubepods.slice".to_owned(),
    };
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for line in &lines {
        let text = format!("{} {}", line.process.pid, line.process.command);
        match groups.iter_mut().find(|(name, _)| *name == of(line)) {
            Some((_, all)) => all.push(text),
            None => groups.push((of(line), vec![text])),
        }
    }
    groups.sort();
    let last = groups.len().saturating_sub(1);
    for (at, (name, all)) in groups.iter().enumerate() {
        let (mark, bar) = if at == last { ("└─", "  ") } else { ("├─", "│ ") };
        tree += &format!("{mark}{name}\n");
        for (index, text) in all.iter().enumerate() {
            let mark = if index + 1 == all.len() { "└─" } else { "├─" };
            tree += &format!("{bar}{mark}{}\n", text.chars().take(110).collect::<String>());
        }
    }
    tree
}

fn pstree(proc: &Proc) -> i32 {
    let with_numbers = words(proc).iter().any(|it| it.starts_with('-') && it.contains('p'));
    let lines = processes::lines(proc);
    let name = |it: &processes::Line| {
        let name = if it.process.pid == 1 { "systemd" } else { load::program(&it.process) };
        if with_numbers { format!("{name}({})", it.process.pid) } else { name.to_owned() }
    };
    let Some(root) = lines.iter().find(|it| it.process.pid == 1) else { return 1 };
    let children: Vec<&processes::Line> =
        lines.iter().filter(|it| it.process.parent == 1 && it.process.pid != 1).collect();
    let title = name(root);
    for (at, child) in children.iter().enumerate() {
        let lead = match (at, at + 1 == children.len()) {
            (0, true) => format!("{title}---"),
            (0, false) => format!("{title}-+-"),
            (_, true) => format!("{}`-", " ".repeat(title.len() + 1)),
            _ => format!("{}|-", " ".repeat(title.len() + 1)),
        };
        proc.print(format!("{lead}{}\n", name(child)));
    }
    0
}
