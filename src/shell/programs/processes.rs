//! `pgrep`, `pidof`, `pkill`, `killall`: the processes of a machine, and signals to them.

use crate::cluster::processes::{self, Owner, Process};
use crate::cluster::{Place, load};
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PGREP: Program =
    Program { name: "pgrep", summary: "Look up processes by name", run: run_pgrep };
pub(crate) const PIDOF: Program =
    Program { name: "pidof", summary: "Find the process ID of a program", run: run_pidof };
pub(crate) const PKILL: Program =
    Program { name: "pkill", summary: "Signal processes by name", run: run_pkill };
pub(crate) const KILLALL: Program =
    Program { name: "killall", summary: "Kill processes by name", run: run_killall };

/// The shell of the terminal, and the process that lists.
const SHELL: u32 = 12_001;
const OWN: u32 = 12_345;
/// The process that lists in a container.
const OWN_INSIDE: u32 = 7;

/// A process, and what the terminal has to do with it.
pub(super) struct Line {
    pub(super) process: Process,
    /// Started from the terminal.
    pub(super) tty: bool,
    /// The one that lists.
    pub(super) own: bool,
}

pub(super) fn lines(proc: &Proc) -> Vec<Line> {
    let world = proc.world();
    let now = world.now;
    let own = proc.args.join(" ");
    let shell = |pid: u32, parent: u32, command: &str| Line {
        process: Process {
            pid,
            parent,
            user: proc.user.clone(),
            started: now,
            command: command.to_owned(),
            owner: Owner::Init,
        },
        tty: true,
        own: pid == OWN || pid == OWN_INSIDE,
    };
    let Place::Host(host) = &proc.place else {
        return vec![shell(1, 0, "sh"), shell(OWN_INSIDE, 1, &own)];
    };
    let found = processes::of_host(&world, host).into_iter();
    let mut all: Vec<Line> = found.map(|process| Line { process, tty: false, own: false }).collect();
    all.push(shell(SHELL, SHELL - 1, "-bash"));
    all.push(shell(OWN, SHELL, &own));
    all.sort_by_key(|line| line.process.pid);
    all
}

/// The time of day, or the day when it was not today.
pub(super) fn started(at: SimTime, now: SimTime) -> String {
    let same_day = at.unix_s().div_euclid(86_400) == now.unix_s().div_euclid(86_400);
    at.strftime(if same_day { "%H:%M" } else { "%b%d" })
}

/// Processes whose name holds a pattern, or with `-f` the whole line, or with `-x` is it.
fn matching(proc: &Proc, pattern: &str, flags: &str) -> Vec<Process> {
    let regex = regex::Regex::new(pattern).ok();
    let found = |it: &Process| {
        let text = if flags.contains('f') { it.command.as_str() } else { load::program(it) };
        let hit = regex.as_ref().map_or(text.contains(pattern), |regex| regex.is_match(text));
        it.pid != OWN && if flags.contains('x') { text == pattern } else { hit }
    };
    lines(proc).into_iter().map(|line| line.process).filter(found).collect()
}

/// Letters of single-dash options, and the first operand.
fn letters(proc: &Proc) -> (String, Option<String>) {
    let args = proc.args.get(1..).unwrap_or_default();
    let flags = args.iter().filter(|arg| arg.starts_with('-') && signal_of(arg).is_none());
    let pattern = args.iter().find(|arg| !arg.starts_with('-')).cloned();
    (flags.map(|arg| arg.trim_start_matches('-')).collect(), pattern)
}

fn run_pgrep(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let (flags, Some(pattern)) = letters(proc) else {
            proc.eprint("pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n");
            return 2;
        };
        let found = matching(proc, &pattern, &flags);
        if flags.contains('c') {
            proc.print(format!("{}\n", found.len()));
            return i32::from(found.is_empty());
        }
        for it in &found {
            proc.print(match (flags.contains('a'), flags.contains('l')) {
                (true, _) => format!("{} {}\n", it.pid, it.command),
                (_, true) => format!("{} {}\n", it.pid, load::program(it)),
                _ => format!("{}\n", it.pid),
            });
        }
        i32::from(found.is_empty())
    })
}

fn run_pidof(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let wanted = proc.args.get(1..).unwrap_or_default();
        let found: Vec<String> = lines(proc)
            .iter()
            .filter(|it| {
                wanted.iter().any(|wanted| load::program(&it.process) == wanted) && it.process.pid != OWN
            })
            .map(|it| it.process.pid.to_string())
            .collect();
        if found.is_empty() {
            return 1;
        }
        proc.print(format!("{}\n", found.join(" ")));
        0
    })
}

/// `-9`, `-KILL`, `-SIGKILL`: the number of a signal.
fn signal_of(arg: &str) -> Option<u8> {
    let name = arg.strip_prefix('-')?;
    let name = name.strip_prefix("SIG").unwrap_or(name);
    match name {
        "HUP" => Some(1),
        "INT" => Some(2),
        "QUIT" => Some(3),
        "KILL" => Some(9),
        "TERM" => Some(15),
        number => number.parse().ok().filter(|it| *it <= 64),
    }
}

/// Signals processes of the machine; the exit code is 1 when there was nobody to signal.
fn send(proc: &Proc, found: &[Process], title: &str) -> i32 {
    let signal = proc.args.iter().skip(1).find_map(|arg| signal_of(arg)).unwrap_or(15);
    let Place::Host(host) = &proc.place else { return 1 };
    let mut exit = i32::from(found.is_empty());
    for it in found {
        if proc.user != "root" {
            proc.eprint(format!("{title}: killing pid {} failed: Operation not permitted\n", it.pid));
            exit = 1;
        } else if signal != 0 && it.owner != Owner::Init {
            processes::kill(&mut proc.world(), host, it.pid, signal);
        }
    }
    exit
}

fn run_pkill(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let (flags, Some(pattern)) = letters(proc) else {
            proc.eprint("pkill: no matching criteria specified\nTry `pkill --help' for more information.\n");
            return 2;
        };
        let found = matching(proc, &pattern, &flags);
        send(proc, &found, "pkill")
    })
}

fn run_killall(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let (_, Some(pattern)) = letters(proc) else {
            proc.eprint("Usage: killall [OPTION]... [--] NAME...\n");
            return 1;
        };
        let found = matching(proc, &pattern, "x");
        if found.is_empty() {
            proc.eprint(format!("{pattern}: no process found\n"));
        }
        send(proc, &found, "killall")
    })
}

/// Signals by number from 1. Source: `signal(7)`.
const SIGNALS: &str = "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP \
    TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";

/// The table of `kill -l`, five to a row.
fn signal_table() -> String {
    let usual = SIGNALS.split_whitespace().zip(1..).map(|(name, number)| (number, name.to_owned()));
    let real = (34..=64).map(|number| match number {
        34 => (number, "RTMIN".to_owned()),
        35..=49 => (number, format!("RTMIN+{}", number - 34)),
        64 => (number, "RTMAX".to_owned()),
        _ => (number, format!("RTMAX-{}", 64 - number)),
    });
    let all: Vec<(i32, String)> = usual.chain(real).collect();
    let row = |row: &[(i32, String)]| -> String {
        let cells: Vec<String> = row.iter().map(|(number, name)| format!("{number:>2}) SIG{name}")).collect();
        format!("{}{}\n", cells.join("\t"), if row.len() < 5 { "\t" } else { "" })
    };
    all.chunks(5).map(row).collect()
}

/// `kill` of the shell language asks here for numbers of processes that are no jobs.
pub(super) fn run_kill(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let numbers: Vec<String> =
            proc.args.iter().skip(1).filter(|arg| !arg.starts_with('-')).cloned().collect();
        if proc.args.iter().any(|arg| arg == "-l") {
            proc.print(signal_table());
            return 0;
        }
        if numbers.is_empty() {
            proc.eprint("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]\n");
            return 2;
        }
        let all = lines(proc);
        let mut exit = 0;
        for text in numbers {
            let Ok(pid) = text.parse::<u32>() else {
                let why = if text.starts_with('%') {
                    "no such job"
                } else {
                    "arguments must be process or job IDs"
                };
                proc.eprint(format!("bash: kill: {text}: {why}\n"));
                exit = 1;
                continue;
            };
            let found: Vec<Process> =
                all.iter().filter(|it| it.process.pid == pid).map(|it| it.process.clone()).collect();
            if found.is_empty() {
                proc.eprint(format!("bash: kill: ({pid}) - No such process\n"));
                exit = 1;
            } else {
                exit = exit.max(send(proc, &found, "bash: kill"));
            }
        }
        exit
    })
}
