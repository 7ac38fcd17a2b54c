//! `ps`, `top`, `pgrep`, `pidof`, `pkill`, `killall`: the processes of a machine, and signals to them.

use super::machine;
use crate::cluster::Place;
use crate::cluster::processes::{self, Owner, Process};
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PS: Program = Program { name: "ps", summary: "Report the current processes", run: run_ps };
pub(crate) const TOP: Program = Program { name: "top", summary: "Display processes", run: run_top };
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

/// A line of `ps`.
struct Line {
    process: Process,
    tty: bool,
}

/// The program's own name.
fn name(process: &Process) -> &str {
    let program = process.command.split_whitespace().next().unwrap_or_default();
    program.rsplit('/').next().unwrap_or(program).trim_start_matches('-')
}

fn lines(proc: &Proc) -> Vec<Line> {
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
    };
    let Place::Host(host) = &proc.place else {
        return vec![shell(1, 0, "sh"), shell(7, 1, &own)];
    };
    let found = processes::of_host(&world, host).into_iter();
    let mut all: Vec<Line> = found.map(|process| Line { process, tty: false }).collect();
    all.push(shell(SHELL, SHELL - 1, "-bash"));
    all.push(shell(OWN, SHELL, &own));
    all.sort_by_key(|line| line.process.pid);
    all
}

fn run_ps(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let flags: String = proc.args.iter().skip(1).map(|arg| arg.trim_start_matches('-')).collect();
        let every = flags.contains(['e', 'A', 'x']);
        let now = proc.world().now;
        let shown: Vec<Line> = lines(proc).into_iter().filter(|it| every || it.tty).collect();
        if flags.contains('u') && !flags.contains('f') {
            proc.print("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n");
            for Line { process: it, tty } in shown {
                let (tty, state) = if tty { ("pts/0", "Ss") } else { ("?", "Ssl") };
                proc.print(format!(
                    "{:<8} {:>7}  0.0  0.1  10200  5100 {tty:<8} {state:<4} {:>5}   0:00 {}\n",
                    it.user,
                    it.pid,
                    started(it.started, now),
                    it.command
                ));
            }
        } else if flags.contains('f') {
            proc.print("UID          PID    PPID  C STIME TTY          TIME CMD\n");
            for Line { process: it, tty } in shown {
                let tty = if tty { "pts/0" } else { "?" };
                proc.print(format!(
                    "{:<8} {:>7} {:>7}  0 {:>5} {tty:<8} 00:00:00 {}\n",
                    it.user,
                    it.pid,
                    it.parent,
                    started(it.started, now),
                    it.command
                ));
            }
        } else {
            proc.print("    PID TTY          TIME CMD\n");
            for Line { process: it, tty } in shown {
                let tty = if tty { "pts/0" } else { "?" };
                proc.print(format!("{:>7} {tty:<8} 00:00:00 {}\n", it.pid, name(&it)));
            }
        }
        0
    })
}

/// The time of day, or the day when it was not today.
fn started(at: SimTime, now: SimTime) -> String {
    let same_day = at.unix_s().div_euclid(86_400) == now.unix_s().div_euclid(86_400);
    at.strftime(if same_day { "%H:%M" } else { "%b%d" })
}

fn run_top(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let now = proc.world().now;
        let shown = lines(proc);
        proc.print(format!(
            "top - {} {},  1 user,  load average: 0.16, 0.21, 0.18\n\
             Tasks: {:3} total,   1 running, {:3} sleeping,   0 stopped,   0 zombie\n\
             %Cpu(s):  2.3 us,  1.1 sy,  0.0 ni, 96.4 id,  0.1 wa,  0.0 hi,  0.1 si,  0.0 st\n\
             MiB Mem :   3930.6 total,    295.0 free,   1176.0 used,   2459.6 buff/cache\n\
             MiB Swap:      0.0 total,      0.0 free,      0.0 used.   2754.6 avail Mem\n\n    \
             PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n",
            now.strftime("%H:%M:%S"),
            machine::up_since(proc),
            shown.len(),
            shown.len().saturating_sub(1),
        ));
        for Line { process: it, .. } in shown {
            proc.print(format!(
                "{:>7} {:<8}  20   0   10200   5100   3400 S   0.0   0.1   0:00.10 {}\n",
                it.pid,
                it.user,
                name(&it)
            ));
        }
        0
    })
}

/// Processes whose name holds a pattern, or with `-f` the whole line, or with `-x` is it.
fn matching(proc: &Proc, pattern: &str, flags: &str) -> Vec<Process> {
    let regex = regex::Regex::new(pattern).ok();
    let found = |it: &Process| {
        let text = if flags.contains('f') { it.command.as_str() } else { name(it) };
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
                (_, true) => format!("{} {}\n", it.pid, name(it)),
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
            .filter(|it| wanted.iter().any(|wanted| name(&it.process) == wanted) && it.process.pid != OWN)
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

/// `kill` of the shell language asks here for numbers of processes that are no jobs.
pub(super) fn run_kill(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let numbers: Vec<String> =
            proc.args.iter().skip(1).filter(|arg| !arg.starts_with('-')).cloned().collect();
        if proc.args.iter().any(|arg| arg == "-l") {
            proc.print(" 1) SIGHUP\t 2) SIGINT\t 3) SIGQUIT\t 9) SIGKILL\t15) SIGTERM\n");
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
                proc.eprint(format!("bash: kill: {text}: arguments must be process or job IDs\n"));
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
