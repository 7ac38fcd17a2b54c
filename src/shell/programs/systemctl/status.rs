//! `systemctl status`.

use super::{Control, Shown, words};
use crate::hosts::systemd::{signal_name, status as exit_status};
use crate::hosts::{Unit, UnitState};
use crate::shell::programs::journal;
use crate::sim::SimTime;

impl Control<'_> {
    pub(super) fn status(&self, units: &[String]) -> i32 {
        if units.is_empty() {
            return self.overview();
        }
        let mut exit = 0;
        for (index, name) in units.iter().enumerate() {
            match self.unit(name) {
                Some(it) => {
                    if index > 0 {
                        self.proc.print("\n");
                    }
                    self.warn_changed(name);
                    self.print_status(name, &it);
                    exit = exit.max(if it.unit.state == UnitState::Active { 0 } else { 3 });
                }
                None => {
                    self.proc.eprint(format!("Unit {name} could not be found.\n"));
                    exit = 4;
                }
            }
        }
        exit
    }

    /// The state of the whole machine.
    fn overview(&self) -> i32 {
        let now = self.proc.world().now;
        let counted = self.with(|host| {
            let failed = host.units.values().filter(|it| it.state == UnitState::Failed).count();
            (host.name.clone(), host.booted, host.units.len(), failed)
        });
        let Some((name, booted, units, failed)) = counted else { return 1 };
        let state = if failed > 0 { "degraded" } else { "running" };
        let age = super::words::ago(now.since(booted).as_secs());
        self.proc.print(format!(
            "● {name}\n    State: {state}\n    Units: {units} loaded (incl. loaded aliases)\n     Jobs: 0 queued\n   Failed: {failed} units\n    \
             Since: {}; {age} ago\n  systemd: 255.4-1ubuntu8.8\n   CGroup: /\n",
            booted.strftime("%a %Y-%m-%d %H:%M:%S UTC"),
        ));
        let tree = crate::shell::programs::hardware::group_tree(self.proc);
        tree.lines().for_each(|line| self.proc.print(format!("           {line}\n")));
        0
    }

    fn print_status(&self, name: &str, it: &Shown) {
        let now = self.proc.world().now;
        let mark = match it.unit.state {
            UnitState::Active | UnitState::Activating => '●',
            UnitState::Failed => '×',
            UnitState::Inactive => '○',
        };
        let description = it.file.description(name);
        let described = if description == name { String::new() } else { format!(" - {description}") };
        let mut text = format!("{mark} {name}{described}\n");
        text.push_str(&loaded(name, it));
        text.push_str(&drop_ins(&it.file.drop_ins));
        text.push_str(&active_line(name, &it.unit, now));
        for (index, docs) in it.file.values("Documentation").flat_map(str::split_whitespace).enumerate() {
            let title = if index == 0 { "       Docs: " } else { "             " };
            text.push_str(&format!("{title}{docs}\n"));
        }
        text.push_str(&self.process(name, it));
        self.proc.print(text);
        self.print_journal(name);
    }

    /// The lines about the main process: one that runs with its control group, or how the last one ended.
    fn process(&self, name: &str, it: &Shown) -> String {
        let Shown { unit, file, .. } = it;
        let program = file.program().unwrap_or(name.trim_end_matches(".service"));
        let base = program.rsplit('/').next().unwrap_or(program);
        if unit.main_pid != 0 {
            let line = self.with(|host| file.command_line(&host.files).join(" ")).unwrap_or_default();
            let line = if line.is_empty() { base.to_owned() } else { line };
            let (tasks, memory) = usage(base);
            return format!(
                "   Main PID: {pid} ({base})\n      Tasks: {tasks} (limit: 4558)\n     Memory: {memory:.1}M (peak: {:.1}M)\n        \
                 CPU: {}ms\n     CGroup: /system.slice/{name}\n             └─{pid} {}\n",
                memory * 1.06,
                100 + unit.main_pid % 900,
                line,
                pid = unit.main_pid
            );
        }
        let Some(code) = unit.exit_code.filter(|_| unit.ended_pid != 0) else { return String::new() };
        let ended = match u8::try_from(code - 128) {
            Ok(signal) if code > 128 => format!("code=killed, signal={}", signal_name(signal)),
            _ => format!("code=exited, status={}", exit_status(code)),
        };
        let start = file.value("ExecStart").unwrap_or(program);
        format!(
            "    Process: {pid} ExecStart={start} ({ended})\n   Main PID: {pid} ({ended})\n        CPU: {}ms\n",
            40 + unit.ended_pid % 60,
            pid = unit.ended_pid
        )
    }

    fn print_journal(&self, name: &str) {
        let count = self.options.value('n').and_then(|it| it.parse().ok()).unwrap_or(10usize);
        let style = self.options.value('o').unwrap_or("short");
        let lines = self.with(|host| {
            let own = host.journal.iter().rev().filter(|line| line.unit == name).take(count);
            let mut lines: Vec<String> = own.map(|line| journal::line(line, &host.name, style)).collect();
            lines.reverse();
            lines
        });
        let lines = lines.unwrap_or_default();
        if !lines.is_empty() {
            self.proc.print(format!("\n{}\n", lines.join("\n")));
        }
    }
}

fn loaded(name: &str, it: &Shown) -> String {
    match it.load() {
        "masked" => format!("     Loaded: masked (Reason: Unit {name} is masked.)\n"),
        "not-found" => format!("     Loaded: not-found (Reason: Unit {name} not found.)\n"),
        _ => {
            let (path, enabled) = (&it.file.path, it.enablement());
            let preset = if enabled == "static" { "" } else { "; preset: enabled" };
            format!("     Loaded: loaded ({path}; {enabled}{preset})\n")
        }
    }
}

/// Drop-ins by folder.
fn drop_ins(paths: &[String]) -> String {
    let mut folders: Vec<(&str, Vec<&str>)> = Vec::new();
    for path in paths {
        let (folder, base) = path.rsplit_once('/').unwrap_or(("", path));
        match folders.iter_mut().find(|(known, _)| *known == folder) {
            Some((_, names)) => names.push(base),
            None => folders.push((folder, vec![base])),
        }
    }
    let mut text = String::new();
    for (index, (folder, names)) in folders.iter().enumerate() {
        let title = if index == 0 { "    Drop-In: " } else { "             " };
        text.push_str(&format!("{title}{folder}\n             └─{}\n", names.join(", ")));
    }
    text
}

fn active_line(name: &str, unit: &Unit, now: SimTime) -> String {
    let never = unit.exit_code.is_none() && unit.state == UnitState::Inactive;
    let since = unit.since.strftime("%a %Y-%m-%d %H:%M:%S UTC");
    let ago = match words::ago(now.since(unit.since).as_secs()).as_str() {
        "now" => "0s ago".to_owned(),
        span => format!("{span} ago"),
    };
    let result = match unit.result {
        "success" => String::new(),
        result => format!(" (Result: {result})"),
    };
    let (state, sub) = (words::state(unit), words::sub(name, unit));
    match unit.state {
        UnitState::Inactive if never => "     Active: inactive (dead)\n".into(),
        UnitState::Failed => format!("     Active: failed{result} since {since}; {ago}\n"),
        _ => format!("     Active: {state} ({sub}){result} since {since}; {ago}\n"),
    }
}

/// Tasks and MiB that a program usually takes.
fn usage(program: &str) -> (u32, f64) {
    match program {
        "kubelet" => (12, 38.4),
        "containerd" => (98, 614.2),
        "sshd" => (1, 4.1),
        _ => (1, 2.8),
    }
}
