//! `systemctl`: start, stop, enable and show units.

use super::options::{Options, Spec, Value};
use crate::cluster::Place;
use crate::hosts::systemd::{Refusal, UnitFile, unit_name};
use crate::hosts::{Host, Unit, UnitState};
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program =
    Program { name: "systemctl", summary: "Control the systemd system and service manager", run };
pub(crate) const SERVICE: Program =
    Program { name: "service", summary: "Run an init script", run: run_service };

const SPEC: Spec = Spec {
    name: "systemctl",
    short: "t:alfqn:o:p:H:M:",
    long: &[
        ("now", 'N', Value::None),
        ("no-pager", 'P', Value::None),
        ("no-legend", 'L', Value::None),
        ("all", 'a', Value::None),
        ("full", 'l', Value::None),
        ("quiet", 'q', Value::None),
        ("type", 't', Value::Needed),
        ("state", 'S', Value::Needed),
        ("lines", 'n', Value::Needed),
        ("output", 'o', Value::Needed),
        ("property", 'p', Value::Needed),
        ("value", 'V', Value::None),
        ("failed", 'F', Value::None),
        ("force", 'f', Value::None),
        ("system", 'Y', Value::None),
        ("runtime", 'R', Value::None),
        ("plain", 'I', Value::None),
    ],
};

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint(
                "System has not been booted with systemd as init system (PID 1). Can't operate.\n\
                 Failed to connect to bus: Host is down\n",
            );
            return 1;
        };
        match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => Control { proc, host, options }.run().await,
            Err(text) => {
                proc.eprint(text.lines().next().map(|line| format!("{line}\n")).unwrap_or_default());
                1
            }
        }
    })
}

fn run_service(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let [_, name, verb] = proc.args.as_slice() else {
            proc.eprint(
                "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n",
            );
            return 1;
        };
        let words = ["systemctl".to_owned(), verb.clone(), name.clone()];
        proc.run(&proc.login(), proc.command(&words)).await
    })
}

struct Control<'a> {
    proc: &'a Proc,
    host: String,
    options: Options,
}

impl Control<'_> {
    async fn run(&self) -> i32 {
        let verb = self.options.operands.first().map_or("list-units", String::as_str);
        let units: Vec<String> = self.options.operands.iter().skip(1).map(|name| unit_name(name)).collect();
        if units.is_empty() && NEED_UNITS.contains(&verb) {
            self.proc.eprint("Too few arguments.\n");
            return 1;
        }
        match verb {
            "start" | "stop" | "restart" | "reload" | "try-restart" | "reload-or-restart" | "kill" => {
                self.each(&units, |unit| self.change(verb, unit)).await
            }
            "enable" | "disable" | "mask" | "unmask" | "reenable" => {
                self.each(&units, |unit| self.link(verb, unit)).await
            }
            "status" => self.status(&units),
            "is-active" => self.query(&units, |unit| (state_word(unit), unit.state == UnitState::Active), 3),
            "is-failed" => self.query(&units, |unit| (state_word(unit), unit.state == UnitState::Failed), 1),
            "is-enabled" => self.enabled(&units),
            "cat" => self.cat(&units),
            "show" => self.show(&units),
            "list-units" | "list-unit-files" => self.list(verb),
            "daemon-reload" | "daemon-reexec" | "reset-failed" => 0,
            "get-default" => self.say("graphical.target"),
            "is-system-running" => self.say("running"),
            _ => {
                self.proc.eprint(format!("uncordon: systemctl {verb} is not simulated yet\n"));
                1
            }
        }
    }

    fn say(&self, text: &str) -> i32 {
        self.proc.print(format!("{text}\n"));
        0
    }

    fn with<T>(&self, read: impl FnOnce(&Host) -> T) -> Option<T> {
        self.proc.world().hosts.get(&self.host).map(read)
    }

    fn with_mut<T>(&self, change: impl FnOnce(&mut Host, SimTime) -> T) -> Option<T> {
        let mut world = self.proc.world();
        let now = world.now;
        world.hosts.get_mut(&self.host).map(|host| change(host, now))
    }

    /// Only root may change units; others are asked for a password that nobody has.
    async fn each(&self, units: &[String], act: impl Fn(&str) -> i32) -> i32 {
        if self.proc.user != "root" {
            self.proc.eprint("Failed to execute operation: Interactive authentication required.\n");
            return 1;
        }
        let mut exit = 0;
        for unit in units {
            exit = exit.max(act(unit));
            // The manager answers when the job is done.
            self.proc.sleep(std::time::Duration::from_millis(80)).await;
        }
        exit
    }

    fn change(&self, verb: &str, unit: &str) -> i32 {
        let outcome = self.with_mut(|host, now| {
            let was_active = host.unit_active(unit);
            match verb {
                "start" => host.start_unit(unit, now),
                "stop" | "kill" => host.stop_unit(unit, now),
                "reload" => host.unit_file(unit).map(drop),
                "try-restart" if !was_active => host.unit_file(unit).map(drop),
                _ => host.stop_unit(unit, now).and_then(|()| host.start_unit(unit, now)),
            }
        });
        let verb = if verb == "try-restart" || verb == "reload-or-restart" { "restart" } else { verb };
        match outcome {
            None | Some(Ok(())) => 0,
            Some(Err(refusal)) => self.refuse(verb, unit, refusal),
        }
    }

    fn refuse(&self, verb: &str, unit: &str, refusal: Refusal) -> i32 {
        match refusal {
            Refusal::NotFound => {
                self.proc.eprint(format!("Failed to {verb} {unit}: Unit {unit} not found.\n"));
                5
            }
            Refusal::Masked => {
                self.proc.eprint(format!("Failed to {verb} {unit}: Unit {unit} is masked.\n"));
                1
            }
            Refusal::Ended(_) => {
                self.proc.eprint(format!(
                    "Job for {unit} failed because the control process exited with error code.\n\
                     See \"systemctl status {unit}\" and \"journalctl -xeu {unit}\" for details.\n"
                ));
                1
            }
        }
    }

    fn link(&self, verb: &str, unit: &str) -> i32 {
        let file = self.with(|host| UnitFile::load(&host.files, unit)).flatten();
        if file.is_none() && self.with(|host| host.units.contains_key(unit)) != Some(true) {
            self.proc.eprint(format!("Failed to {verb} unit: Unit file {unit} does not exist.\n"));
            return 1;
        }
        let path =
            file.as_ref().map_or_else(|| format!("/usr/lib/systemd/system/{unit}"), |it| it.path.clone());
        let wanted: Vec<String> =
            file.iter().flat_map(|it| it.values("WantedBy")).map(str::to_owned).collect();
        let target = wanted.first().cloned().unwrap_or_else(|| "multi-user.target".to_owned());
        let link = format!("/etc/systemd/system/{target}.wants/{unit}");
        let mask = format!("/etc/systemd/system/{unit}");
        self.with_mut(|host, now| {
            let was = host.units.get(unit).is_some_and(|it| it.enabled);
            let masked = host.is_masked(unit);
            match verb {
                "mask" if !masked => self.proc.eprint(format!("Created symlink {mask} → /dev/null.\n")),
                "unmask" if masked => self.proc.eprint(format!("Removed \"{mask}\".\n")),
                "enable" | "reenable" if !was => {
                    // The folder is made with the first link in it.
                    let _ = host.files.mkdir_all(crate::hosts::files::parent(&link), 0o755, now);
                    let _ = host.files.symlink(&path, &link, now);
                    self.proc.eprint(format!("Created symlink {link} → {path}.\n"));
                }
                "disable" if was => {
                    let _ = host.files.remove(&link);
                    self.proc.eprint(format!("Removed \"{link}\".\n"));
                }
                _ => {}
            }
            host.change_unit(unit, |it| match verb {
                "enable" | "reenable" => it.enabled = true,
                "disable" => it.enabled = false,
                other => it.masked = other == "mask",
            });
        });
        match (self.options.has('N'), verb) {
            (true, "enable") => self.change("start", unit),
            (true, "disable" | "mask") => self.change("stop", unit),
            _ => 0,
        }
    }

    /// What is known of a unit, one that never ran included; `None` when there is no such unit.
    fn unit(&self, unit: &str) -> Option<(Unit, UnitFile)> {
        self.with(|host| {
            let file = UnitFile::load(&host.files, unit);
            let known = host.units.get(unit).cloned();
            if file.is_none() && known.is_none() {
                return None;
            }
            let never = Unit {
                state: UnitState::Inactive,
                enabled: false,
                masked: false,
                since: host.booted,
                main_pid: 0,
                restarts: 0,
                exit_code: None,
            };
            Some((known.unwrap_or(never), file.unwrap_or_default()))
        })
        .flatten()
    }

    fn query(&self, units: &[String], read: impl Fn(&Unit) -> (&'static str, bool), failure: i32) -> i32 {
        let mut any = false;
        let mut known = true;
        for unit in units {
            let (word, good) = match self.unit(unit) {
                Some((unit, _)) => read(&unit),
                None => {
                    known = false;
                    ("inactive", false)
                }
            };
            any |= good;
            if !self.options.has('q') {
                self.say(word);
            }
        }
        match (any, known) {
            (true, _) => 0,
            (false, true) => failure,
            (false, false) => failure.max(if failure == 3 { 4 } else { 1 }),
        }
    }

    fn enabled(&self, units: &[String]) -> i32 {
        let mut exit = 0;
        for unit in units {
            match self.unit(unit) {
                Some((unit, file)) => {
                    let word = enabled_word(&unit, &file);
                    self.say(word);
                    exit = exit.max(i32::from(word != "enabled" && word != "static"));
                }
                None => {
                    self.proc.eprint(format!(
                        "Failed to get unit file state for {unit}: No such file or directory\n"
                    ));
                    exit = 1;
                }
            }
        }
        exit
    }

    fn cat(&self, units: &[String]) -> i32 {
        for unit in units {
            let Some((_, file)) = self.unit(unit).filter(|(_, file)| !file.path.is_empty()) else {
                self.proc.eprint(format!("No files found for {unit}.\n"));
                return 1;
            };
            for (index, path) in std::iter::once(&file.path).chain(&file.drop_ins).enumerate() {
                let text =
                    self.with(|host| host.files.read_text(path).unwrap_or_default()).unwrap_or_default();
                let gap = if index > 0 { "\n" } else { "" };
                self.proc.print(format!("{gap}# {path}\n{text}"));
            }
        }
        0
    }

    fn show(&self, units: &[String]) -> i32 {
        for name in units {
            let found = self.unit(name);
            let (unit, file) = match &found {
                Some((unit, file)) => (Some(unit), Some(file)),
                None => (None, None),
            };
            let rows = [
                ("Id", name.clone()),
                ("Description", file.map_or(name.clone(), |it| it.description(name).to_owned())),
                ("LoadState", load_word(unit).to_owned()),
                ("ActiveState", unit.map_or("inactive", state_word).to_owned()),
                ("SubState", unit.map_or("dead", sub_word).to_owned()),
                (
                    "UnitFileState",
                    found.as_ref().map_or("", |(unit, file)| enabled_word(unit, file)).to_owned(),
                ),
                ("FragmentPath", file.map(|it| it.path.clone()).unwrap_or_default()),
                ("MainPID", unit.map_or(0, |it| it.main_pid).to_string()),
                ("NRestarts", unit.map_or(0, |it| it.restarts).to_string()),
                ("ExecMainStatus", unit.and_then(|it| it.exit_code).unwrap_or(0).to_string()),
            ];
            let wanted: Vec<&str> = self.options.values('p').flat_map(|it| it.split(',')).collect();
            for (key, value) in rows.iter().filter(|(key, _)| wanted.is_empty() || wanted.contains(key)) {
                self.proc.print(if self.options.has('V') {
                    format!("{value}\n")
                } else {
                    format!("{key}={value}\n")
                });
            }
        }
        0
    }

    fn list(&self, verb: &str) -> i32 {
        let names = self.with(|host| host.units.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let patterns: Vec<&str> = self.options.operands.iter().skip(1).map(String::as_str).collect();
        let mut rows = Vec::new();
        for name in names {
            let Some((unit, file)) = self.unit(&name) else { continue };
            let state = self.options.value('S').is_none_or(|wanted| {
                wanted.split(',').any(|it| it == state_word(&unit) || it == sub_word(&unit))
            });
            let failed = !self.options.has('F') || unit.state == UnitState::Failed;
            let kind = self.options.value('t').is_none_or(|kind| name.ends_with(&format!(".{kind}")));
            let named =
                patterns.is_empty() || patterns.iter().any(|it| name.starts_with(it.trim_end_matches('*')));
            let shown =
                verb == "list-unit-files" || self.options.has('a') || unit.state != UnitState::Inactive;
            if state && failed && kind && named && shown {
                rows.push((name, unit, file));
            }
        }
        if verb == "list-unit-files" {
            self.list_files(&rows)
        } else {
            self.list_units(&rows)
        }
        0
    }

    fn list_units(&self, rows: &[(String, Unit, UnitFile)]) {
        let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(4).max(4);
        if !self.options.has('L') {
            self.proc.print(format!("  {:<width$} LOAD   ACTIVE SUB     DESCRIPTION\n", "UNIT"));
        }
        for (name, unit, file) in rows {
            let mark = if unit.state == UnitState::Failed { '●' } else { ' ' };
            let (active, sub) = (state_word(unit), sub_word(unit));
            let description = file.description(name);
            self.proc.print(format!("{mark} {name:<width$} loaded {active:<6} {sub:<7} {description}\n"));
        }
        if !self.options.has('L') {
            self.proc.print(format!(
                "\nLegend: LOAD   → Reflects whether the unit definition was properly loaded.\n        \
                 ACTIVE → The high-level unit activation state, i.e. generalization of SUB.\n        \
                 SUB    → The low-level unit activation state, values depend on unit type.\n\n\
                 {} loaded units listed.\n",
                rows.len()
            ));
        }
    }

    fn list_files(&self, rows: &[(String, Unit, UnitFile)]) {
        let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(9).max(9);
        if !self.options.has('L') {
            self.proc.print(format!("{:<width$} STATE    PRESET\n", "UNIT FILE"));
        }
        for (name, unit, file) in rows {
            self.proc.print(format!("{name:<width$} {:<8} enabled\n", enabled_word(unit, file)));
        }
        if !self.options.has('L') {
            self.proc.print(format!("\n{} unit files listed.\n", rows.len()));
        }
    }

    fn status(&self, units: &[String]) -> i32 {
        let mut exit = 0;
        for name in units {
            match self.unit(name) {
                Some((unit, file)) => {
                    self.print_status(name, &unit, &file);
                    exit = exit.max(if unit.state == UnitState::Active { 0 } else { 3 });
                }
                None => {
                    self.proc.eprint(format!("Unit {name} could not be found.\n"));
                    exit = 4;
                }
            }
        }
        exit
    }

    fn print_status(&self, name: &str, unit: &Unit, file: &UnitFile) {
        let now = self.proc.world().now;
        let mark = match unit.state {
            UnitState::Active => '●',
            UnitState::Failed => '×',
            UnitState::Activating => '●',
            UnitState::Inactive => '○',
        };
        let mut text = format!("{mark} {name} - {}\n", file.description(name));
        if unit.masked {
            text.push_str(&format!("     Loaded: masked (Reason: Unit {name} is masked.)\n"));
        } else {
            let enabled = enabled_word(unit, file);
            text.push_str(&format!("     Loaded: loaded ({}; {enabled}; preset: enabled)\n", file.path));
        }
        for (index, path) in file.drop_ins.iter().enumerate() {
            let (folder, base) = path.rsplit_once('/').unwrap_or(("", path));
            let title = if index == 0 { format!("    Drop-In: {folder}\n") } else { String::new() };
            text.push_str(&format!("{title}             └─{base}\n"));
        }
        text.push_str(&active_line(unit, now));
        for (index, docs) in file.value("Documentation").unwrap_or("").split_whitespace().enumerate() {
            let title = if index == 0 { "       Docs: " } else { "             " };
            text.push_str(&format!("{title}{docs}\n"));
        }
        if unit.main_pid != 0 {
            let program = file.program().unwrap_or(name).to_owned();
            let base = program.rsplit('/').next().unwrap_or(&program).trim_end_matches(".service").to_owned();
            text.push_str(&format!(
                "   Main PID: {} ({base})\n      Tasks: 12 (limit: 4558)\n",
                unit.main_pid
            ));
            let line = file.value("ExecStart").unwrap_or(&base);
            let group =
                format!("     CGroup: /system.slice/{name}\n             └─{} {line}\n", unit.main_pid);
            text.push_str(&group);
        }
        self.proc.print(text);
        self.print_journal(name);
    }

    fn print_journal(&self, name: &str) {
        let count = self.options.value('n').and_then(|it| it.parse().ok()).unwrap_or(10usize);
        let lines = self.with(|host| {
            let all: Vec<String> = host
                .journal
                .iter()
                .filter(|line| line.unit == name)
                .map(|line| super::journal::short_line(line, &host.name))
                .collect();
            all.into_iter().rev().take(count).rev().collect::<Vec<_>>()
        });
        let lines = lines.unwrap_or_default();
        if !lines.is_empty() {
            self.proc.print(format!("\n{}\n", lines.join("\n")));
        }
    }
}

/// Verbs that work on units.
const NEED_UNITS: &[&str] = &[
    "start",
    "stop",
    "restart",
    "reload",
    "try-restart",
    "reload-or-restart",
    "kill",
    "enable",
    "disable",
    "mask",
    "unmask",
    "reenable",
    "is-active",
    "is-failed",
    "is-enabled",
    "cat",
    "show",
];

fn state_word(unit: &Unit) -> &'static str {
    match unit.state {
        UnitState::Active => "active",
        UnitState::Inactive => "inactive",
        UnitState::Activating => "activating",
        UnitState::Failed => "failed",
    }
}

fn sub_word(unit: &Unit) -> &'static str {
    match unit.state {
        UnitState::Active => "running",
        UnitState::Inactive => "dead",
        UnitState::Activating => "auto-restart",
        UnitState::Failed => "failed",
    }
}

fn load_word(unit: Option<&Unit>) -> &'static str {
    match unit {
        Some(unit) if unit.masked => "masked",
        Some(_) => "loaded",
        None => "not-found",
    }
}

fn enabled_word(unit: &Unit, file: &UnitFile) -> &'static str {
    if unit.masked {
        "masked"
    } else if unit.enabled {
        "enabled"
    } else if !file.path.is_empty() && file.value("WantedBy").is_none() {
        "static"
    } else {
        "disabled"
    }
}

fn active_line(unit: &Unit, now: SimTime) -> String {
    let since = unit.since.strftime("%a %Y-%m-%d %H:%M:%S UTC");
    let ago = ago(now.since(unit.since).as_secs());
    match unit.state {
        UnitState::Active => format!("     Active: active (running) since {since}; {ago} ago\n"),
        UnitState::Inactive => format!("     Active: inactive (dead) since {since}; {ago} ago\n"),
        UnitState::Failed => format!(
            "     Active: failed (Result: exit-code) since {since}; {ago} ago\n    Process: ExecStart (code=exited, status={})\n",
            unit.exit_code.unwrap_or(1)
        ),
        UnitState::Activating => format!(
            "     Active: activating (auto-restart) (Result: exit-code) since {since}; {ago} ago\n    Process: ExecStart (code=exited, status={})\n",
            unit.exit_code.unwrap_or(1)
        ),
    }
}

/// `9 days`, `2h 3min`, `5min 2s`, `12s`.
fn ago(s: u64) -> String {
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}min {}s", s / 60, s % 60),
        3600..86_400 => format!("{}h {}min", s / 3600, s / 60 % 60),
        86_400..172_800 => format!("1 day {}h", s / 3600 % 24),
        172_800..604_800 => format!("{} days", s / 86_400),
        _ => format!(
            "{} week{} {} day{}",
            s / 604_800,
            plural(s / 604_800),
            s / 86_400 % 7,
            plural(s / 86_400 % 7)
        ),
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}
