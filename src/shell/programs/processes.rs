//! `ps`, `top`, `pgrep`, `pidof`: the processes of a machine, as its units and shells make them.

use super::machine::{self, with_host};
use crate::cluster::Place;
use crate::hosts::UnitState;
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PS: Program = Program { name: "ps", summary: "Report the current processes", run: run_ps };
pub(crate) const TOP: Program = Program { name: "top", summary: "Display processes", run: run_top };
pub(crate) const PGREP: Program =
    Program { name: "pgrep", summary: "Look up processes by name", run: run_pgrep };
pub(crate) const PIDOF: Program =
    Program { name: "pidof", summary: "Find the process ID of a program", run: run_pidof };

/// A line of `ps`.
struct Process {
    pid: u32,
    parent: u32,
    user: String,
    started: SimTime,
    command: String,
    tty: bool,
}

impl Process {
    /// The program's own name.
    fn name(&self) -> &str {
        let program = self.command.split_whitespace().next().unwrap_or_default();
        program.rsplit('/').next().unwrap_or(program)
    }
}

fn processes(proc: &Proc) -> Vec<Process> {
    let now = proc.world().now;
    let shell = |pid: u32, parent: u32, command: &str| Process {
        pid,
        parent,
        user: proc.user.clone(),
        started: now,
        command: command.to_owned(),
        tty: true,
    };
    let own = proc.args.join(" ");
    if let Place::Container { .. } = proc.place {
        return vec![shell(1, 0, "sh"), shell(7, 1, &own)];
    }
    let booted = with_host(proc, |host| host.booted).unwrap_or(now);
    let init = Process {
        pid: 1,
        parent: 0,
        user: "root".into(),
        started: booted,
        command: "/sbin/init".into(),
        tty: false,
    };
    let units = with_host(proc, |host| {
        let active =
            host.units.iter().filter(|(_, unit)| unit.state == UnitState::Active && unit.main_pid != 0);
        let command = |name: &str| {
            let line = host.loaded_file(name).map(|it| it.command_line(&host.files).join(" "));
            line.filter(|it| !it.is_empty()).unwrap_or_else(|| name.trim_end_matches(".service").to_owned())
        };
        active.map(|(name, unit)| (command(name), unit.main_pid, unit.since)).collect::<Vec<_>>()
    });
    let mut all = vec![init];
    for (command, pid, started) in units.unwrap_or_default() {
        all.push(Process { pid, parent: 1, user: "root".into(), started, command, tty: false });
    }
    all.push(shell(12_001, 12_000, "-bash"));
    all.push(shell(12_345, 12_001, &own));
    all.sort_by_key(|process| process.pid);
    all
}

fn run_ps(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let flags: String = proc.args.iter().skip(1).map(|arg| arg.trim_start_matches('-')).collect();
        let every = flags.contains(['e', 'A', 'x']);
        let now = proc.world().now;
        let shown: Vec<Process> = processes(proc).into_iter().filter(|it| every || it.tty).collect();
        if flags.contains('u') && !flags.contains('f') {
            proc.print("USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n");
            for it in shown {
                let (tty, state) = if it.tty { ("pts/0", "Ss") } else { ("?", "Ssl") };
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
            for it in shown {
                let tty = if it.tty { "pts/0" } else { "?" };
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
            for it in shown {
                let tty = if it.tty { "pts/0" } else { "?" };
                proc.print(format!(
                    "{:>7} {tty:<8} 00:00:00 {}\n",
                    it.pid,
                    it.name().trim_start_matches('-')
                ));
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
        let shown = processes(proc);
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
        for it in shown {
            proc.print(format!(
                "{:>7} {:<8}  20   0   10200   5100   3400 S   0.0   0.1   0:00.10 {}\n",
                it.pid,
                it.user,
                it.name().trim_start_matches('-')
            ));
        }
        0
    })
}

fn matching(proc: &Proc, name: &str, whole_line: bool) -> Vec<Process> {
    let own = proc.args.join(" ");
    let found = |it: &Process| {
        it.command != own && if whole_line { it.command.contains(name) } else { it.name().contains(name) }
    };
    processes(proc).into_iter().filter(found).collect()
}

fn run_pgrep(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let flags: String =
            proc.args.iter().skip(1).filter(|arg| arg.starts_with('-')).map(String::as_str).collect();
        let Some(name) = proc.args.iter().skip(1).rfind(|arg| !arg.starts_with('-')).cloned() else {
            proc.eprint("pgrep: no matching criteria specified\nTry `pgrep --help' for more information.\n");
            return 2;
        };
        let found = matching(proc, &name, flags.contains('f'));
        for it in &found {
            proc.print(match (flags.contains('a'), flags.contains('l')) {
                (true, _) => format!("{} {}\n", it.pid, it.command),
                (_, true) => format!("{} {}\n", it.pid, it.name()),
                _ => format!("{}\n", it.pid),
            });
        }
        i32::from(found.is_empty())
    })
}

fn run_pidof(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let name = proc.args.get(1).cloned().unwrap_or_default();
        let found: Vec<String> =
            processes(proc).iter().filter(|it| it.name() == name).map(|it| it.pid.to_string()).collect();
        if found.is_empty() {
            return 1;
        }
        proc.print(format!("{}\n", found.join(" ")));
        0
    })
}
