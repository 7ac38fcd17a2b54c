//! `top`, `vmstat`, `free` and `lsblk`: how busy and how full a machine is.

use super::options::{Spec, Value};
use super::processes;
use super::{machine, terminal, texts, watch};
use crate::cluster::load::{self, Memory};
use crate::cluster::procfs::hundredths;
use crate::cluster::{Place, World};
use crate::shell::{Proc, Program, Running};
use std::time::Duration;

pub(crate) const TOP: Program = Program { name: "top", summary: "Display processes", run: run_top };
pub(crate) const VMSTAT: Program =
    Program { name: "vmstat", summary: "Report memory and processor activity", run: run_vmstat };
pub(crate) const FREE: Program =
    Program { name: "free", summary: "Display free and used memory", run: run_free };
pub(crate) const LSBLK: Program = Program { name: "lsblk", summary: "List block devices", run: run_lsblk };

/// The machine that a process sees: in a container, the one below it is not known here.
fn on<T: Default>(proc: &Proc, read: impl FnOnce(&World, &str) -> T) -> T {
    let world = proc.world();
    match &proc.place {
        Place::Host(name) => read(&world, name),
        Place::Container { .. } => {
            world.hosts.keys().next().map(|name| read(&world, name)).unwrap_or_default()
        }
    }
}

/// `0.16, 0.21, 0.18`.
pub(super) fn averages(proc: &Proc) -> String {
    on(proc, |world, host| load::averages(world, host).map(hundredths).join(", "))
}

/// The whole machine's processors, in thousandths that are busy.
fn busy(proc: &Proc) -> u64 {
    let lines = processes::lines(proc);
    on(proc, |world, host| {
        let count = world.hosts.get(host).map_or(1, load::processors);
        lines.iter().map(|it| load::of_process(world, host, &it.process).cpu_milli).sum::<u64>()
            / count.max(1)
    })
}

const TOP_SPEC: Spec = Spec {
    name: "top",
    short: "bcd:Hin:o:p:Ssu:U:w:1E:e:",
    long: &[
        ("batch", 'b', Value::None),
        ("iterations", 'n', Value::Needed),
        ("delay", 'd', Value::Needed),
        ("sort-override", 'o', Value::Needed),
    ],
};

fn run_top(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match TOP_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let number = |letter: char| options.value(letter).and_then(|it| it.parse::<f64>().ok());
        let times = number('n').map(|it| it as u64);
        let pause = Duration::from_secs_f64(number('d').unwrap_or(3.0).clamp(0.1, 3600.0));
        let (by, only) = (options.value('o').unwrap_or("%CPU"), options.value('p'));
        let look = Look { by, only, whole: options.has('c') };
        if proc.link.is_open() && !options.has('b') {
            watched(proc, &look, pause, times).await;
            return 0;
        }
        // Without a screen of its own it shows one picture.
        let times = times.filter(|_| options.has('b')).unwrap_or(1).clamp(1, 100);
        for turn in 0..times {
            if turn > 0 {
                proc.sleep(pause).await;
                proc.print("\n");
            }
            let picture: String = picture(proc, &look).into_iter().map(|line| line + "\n").collect();
            proc.print(picture);
        }
        0
    })
}

/// What of the processes is shown: their order, the PIDs, and whole command lines.
struct Look<'a> {
    by: &'a str,
    only: Option<&'a str>,
    whole: bool,
}

/// Pictures of the screen's size, one after the other, until `q`, Ctrl-C or as many as were asked for.
async fn watched(proc: &Proc, look: &Look<'_>, pause: Duration, times: Option<u64>) {
    let (rows, columns) = terminal::size(proc);
    proc.print(watch::WHOLE);
    let mut turn = 0;
    while times.is_none_or(|times| turn < times) {
        if turn > 0 {
            proc.sleep(pause).await;
        }
        turn += 1;
        let mut lines = picture(proc, look);
        lines.truncate(rows.saturating_sub(1) as usize);
        let cut = |line: &String| line.chars().take(columns as usize).collect::<String>();
        let shown: Vec<String> = lines.iter().map(cut).collect();
        proc.print(format!("{}{}\n", watch::CLEAR, shown.join("\n")));
    }
}

fn mib(kib: u64) -> String {
    format!("{}.{}", kib / 1024, kib % 1024 * 10 / 1024)
}

fn head(proc: &Proc, count: usize) -> String {
    let now = proc.world().now;
    let memory = on(proc, load::memory);
    let used = busy(proc);
    let tenths = |it: u64| format!("{}.{}", it / 10, it % 10);
    format!(
        "top - {} {},  1 user,  load average: {}\n\
         Tasks: {count:3} total,   1 running, {:3} sleeping,   0 stopped,   0 zombie\n\
         %Cpu(s): {:>4} us, {:>4} sy,  0.0 ni, {:>4} id,  0.1 wa,  0.0 hi,  0.1 si,  0.0 st \n\
         MiB Mem : {:>8} total, {:>8} free, {:>8} used, {:>8} buff/cache     \n\
         MiB Swap: {:>8} total, {:>8} free,      0.0 used. {:>8} avail Mem \n\n",
        now.strftime("%H:%M:%S"),
        machine::up_since(proc),
        averages(proc),
        count.saturating_sub(1),
        tenths(used * 2 / 3),
        tenths(used / 3),
        tenths(998_u64.saturating_sub(used)),
        mib(memory.total),
        mib(memory.free),
        mib(memory.used),
        mib(memory.cache),
        mib(memory.swap_total),
        mib(memory.swap_total),
        mib(memory.available()),
    )
}

/// The lines of a picture.
fn picture(proc: &Proc, look: &Look<'_>) -> Vec<String> {
    let now = proc.world().now;
    let lines = processes::lines(proc);
    let mut shown: Vec<String> = head(proc, lines.len()).lines().map(str::to_owned).collect();
    let total = on(proc, load::memory).total.max(1);
    let used = |it: &processes::Line| on(proc, |world, host| load::of_process(world, host, &it.process));
    let mut rows: Vec<_> = lines.into_iter().map(|it| (used(&it), it)).collect();
    rows.retain(|(_, it)| {
        look.only.is_none_or(|pids| pids.split(',').any(|pid| pid.parse() == Ok(it.process.pid)))
    });
    rows.sort_by_key(|(used, it)| {
        let first = match look.by.trim_start_matches(['-', '+']) {
            "%MEM" | "RES" => used.resident_kib,
            "PID" => it.process.pid.into(),
            _ => used.cpu_milli,
        };
        (std::cmp::Reverse(first), it.process.pid)
    });
    shown.push("    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND".to_owned());
    for (used, it) in rows {
        let hundredths = now.since(it.process.started).as_secs() * used.cpu_milli / 10;
        let memory = used.resident_kib * 1000 / total;
        let state = if it.own { 'R' } else { 'S' };
        let short = if it.process.pid == 1 { "systemd" } else { load::program(&it.process) };
        let name = if look.whole { it.process.command.as_str() } else { short };
        shown.push(format!(
            "{:>7} {:<8}  20   0 {:>7} {:>6} {:>6} {state} {:>5} {:>5} {:>9} {name}",
            it.process.pid,
            it.process.user,
            used.virtual_kib,
            used.resident_kib,
            used.resident_kib * 2 / 3,
            format!("{}.{}", used.cpu_milli / 10, used.cpu_milli % 10),
            format!("{}.{}", memory / 10, memory % 10),
            format!("{}:{:02}.{:02}", hundredths / 6000, hundredths / 100 % 60, hundredths % 100),
        ));
    }
    shown
}

fn run_vmstat(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let numbers: Vec<u64> = proc.args.iter().skip(1).filter_map(|it| it.parse().ok()).collect();
        let (pause, times) = match numbers.as_slice() {
            [] => (0, 1),
            [pause] => (*pause, 1),
            [pause, times, ..] => (*pause, (*times).clamp(1, 1000)),
        };
        proc.print("procs -----------memory---------- ---swap-- -----io---- -system-- -------cpu-------\n r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st gu\n");
        for turn in 0..times {
            if turn > 0 {
                proc.sleep(Duration::from_secs(pause)).await;
            }
            let memory = on(proc, load::memory);
            let used = busy(proc) / 10;
            let buffers = memory.cache / 12;
            proc.print(format!(
                "{:2}  0      0 {:6} {:6} {:6}    0    0 {:5} {:5} {:4} {:4} {:2} {:2} {:2}  0  0  0\n",
                1 + used / 50,
                memory.free,
                buffers,
                memory.cache - buffers,
                used * 2,
                used * 9 + 20,
                used * 60 + 300,
                used * 110 + 700,
                used * 2 / 3,
                used / 3,
                100_u64.saturating_sub(used),
            ));
        }
        0
    })
}

const FREE_SPEC: Spec = Spec {
    name: "free",
    short: "bkmghtws:c:lv",
    long: &[
        ("bytes", 'b', Value::None),
        ("kibi", 'k', Value::None),
        ("mebi", 'm', Value::None),
        ("gibi", 'g', Value::None),
        ("human", 'h', Value::None),
        ("total", 't', Value::None),
        ("wide", 'w', Value::None),
        ("mega", 'M', Value::None),
    ],
};

fn run_free(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match FREE_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return 1;
            }
        };
        let size = |kib: u64| match options.last_of("bkmgh") {
            Some('h') => texts::human_binary(kib),
            Some('b') => (kib << 10).to_string(),
            Some('m') => (kib >> 10).to_string(),
            Some('g') => (kib >> 20).to_string(),
            _ => kib.to_string(),
        };
        let memory: Memory = on(proc, load::memory);
        let row = |name: &str, cells: &[u64]| {
            let cells: String = cells.iter().map(|it| format!("{:>12}", size(*it))).collect();
            format!("{name:<8}{cells}\n")
        };
        let available = memory.available();
        if options.has('w') {
            let buffers = memory.cache / 12;
            proc.print("               total        used        free      shared     buffers       cache   available\n");
            proc.print(row(
                "Mem:",
                &[
                    memory.total,
                    memory.used,
                    memory.free,
                    memory.shared,
                    buffers,
                    memory.cache - buffers,
                    available,
                ],
            ));
        } else {
            proc.print("               total        used        free      shared  buff/cache   available\n");
            proc.print(row(
                "Mem:",
                &[memory.total, memory.used, memory.free, memory.shared, memory.cache, available],
            ));
        }
        proc.print(row("Swap:", &[memory.swap_total, 0, memory.swap_total]));
        if options.has('t') {
            proc.print(row(
                "Total:",
                &[memory.total + memory.swap_total, memory.used, memory.free + memory.swap_total],
            ));
        }
        0
    })
}

/// The columns that `-o` asks for.
fn asked_columns(flags: &[&str]) -> Option<String> {
    let at = flags
        .iter()
        .position(|it| matches!(*it, "-o" | "--output" | "-no") || it.starts_with("--output="))?;
    let flag = flags.get(at)?;
    match flag.strip_prefix("--output=") {
        Some(value) => Some(value.to_uppercase()),
        None => flags.get(at + 1).map(|it| it.to_uppercase()),
    }
}

/// Columns of sizes and flags stand to the right.
fn print_columns(proc: &Proc, asked: &str, rows: &[Vec<(&str, String)>], bare: bool) -> i32 {
    let names: Vec<&str> = asked.split(',').collect();
    let mut table: Vec<Vec<String>> = Vec::new();
    if !bare {
        table.push(names.iter().map(|it| (*it).to_owned()).collect());
    }
    for row in rows {
        let mut cells = Vec::new();
        for name in &names {
            let Some((_, cell)) = row.iter().find(|(column, _)| column == name) else {
                proc.eprint(format!("uncordon: the column {name} of lsblk is not simulated yet\n"));
                return 1;
            };
            cells.push(cell.clone());
        }
        table.push(cells);
    }
    let width = |at: usize| table.iter().filter_map(|row| row.get(at)).map(|it| it.chars().count()).max();
    for row in &table {
        let cells = row.iter().zip(&names).enumerate().map(|(at, (cell, name))| {
            let width = width(at).unwrap_or(0);
            let right = matches!(*name, "SIZE" | "RM" | "RO");
            if right { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        proc.print(cells.collect::<Vec<_>>().join(" ").trim_end().to_owned() + "\n");
    }
    0
}

/// A disk and its parts in MiB; parts are those of an Ubuntu cloud image.
fn run_lsblk(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let root_mib = on(proc, load::disk).total >> 10;
        let whole_mib = (root_mib / 1024 + 1) * 1024;
        let flags: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
        let parts: [(&str, &str, u64, &str, &str, &str); 5] = [
            ("vda", "253:0", whole_mib, "", "", "disk"),
            ("├─vda1", "253:1", root_mib, "/", "ext4", "part"),
            ("├─vda14", "253:14", 4, "", "", "part"),
            ("├─vda15", "253:15", 106, "/boot/efi", "vfat", "part"),
            ("└─vda16", "259:0", 913, "/boot", "ext4", "part"),
        ];
        let size = |mib: u64| if mib >= 1024 { format!("{}G", mib / 1024) } else { format!("{mib}M") };
        if let Some(asked) = asked_columns(&flags) {
            let rows: Vec<Vec<(&str, String)>> = parts
                .iter()
                .map(|(name, number, mib, at, kind, role)| {
                    let text = |text: &str| text.to_owned();
                    vec![
                        ("NAME", text(name)),
                        ("MAJ:MIN", text(number)),
                        ("RM", text("0")),
                        ("SIZE", size(*mib)),
                        ("RO", text("0")),
                        ("TYPE", text(role)),
                        ("MOUNTPOINTS", text(at)),
                        ("MOUNTPOINT", text(at)),
                        ("FSTYPE", text(kind)),
                    ]
                })
                .collect();
            return print_columns(
                proc,
                &asked,
                &rows,
                flags.contains(&"-n") || flags.contains(&"--noheadings"),
            );
        }
        if flags.contains(&"-f") || flags.contains(&"--fs") {
            proc.print("NAME    FSTYPE FSVER LABEL           FSAVAIL FSUSE% MOUNTPOINTS\n");
            let disk = on(proc, load::disk);
            for (name, _, _, at, kind, _) in parts {
                let (version, label) = match (kind, at) {
                    ("ext4", "/") => ("1.0", "cloudimg-rootfs"),
                    ("ext4", _) => ("1.0", "BOOT"),
                    ("vfat", _) => ("FAT32", "UEFI"),
                    _ => ("", ""),
                };
                let (left, percent) = match at {
                    "/" => (
                        size((disk.total - disk.used) >> 10),
                        format!("{}%", disk.used * 100 / disk.total.max(1)),
                    ),
                    "" => (String::new(), String::new()),
                    _ => ("98.2M".to_owned(), "6%".to_owned()),
                };
                proc.print(format!(
                    "{name:<7} {kind:<6} {version:<5} {label:<15} {left:>7} {percent:>6} {at}\n"
                ));
            }
        } else {
            proc.print("NAME    MAJ:MIN RM  SIZE RO TYPE MOUNTPOINTS\n");
            for (name, number, mib, at, _, kind) in parts {
                proc.print(format!("{name:<7} {number:<7}  0 {:>5}  0 {kind} {at}\n", size(mib)));
            }
        }
        0
    })
}
