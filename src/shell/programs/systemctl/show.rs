//! Verbs that answer in a word, in properties, or with the unit's files.

use super::{Control, Shown, words};
use crate::hosts::UnitState;
use crate::hosts::systemd::End;

impl Control<'_> {
    pub(super) fn query(&self, verb: &str, units: &[String]) -> i32 {
        let (wanted, failure) =
            if verb == "is-active" { (UnitState::Active, 3) } else { (UnitState::Failed, 1) };
        let mut any = false;
        let mut known = true;
        for name in units {
            let found = self.unit(name);
            known &= found.is_some();
            any |= found.as_ref().is_some_and(|it| it.unit.state == wanted);
            if !self.options.has('q') {
                self.say(found.as_ref().map_or("inactive", |it| words::state(&it.unit)));
            }
        }
        match (any, known) {
            (true, _) => 0,
            (false, true) => failure,
            (false, false) => failure.max(if failure == 3 { 4 } else { 1 }),
        }
    }

    pub(super) fn enabled(&self, units: &[String]) -> i32 {
        let mut exit = 0;
        for unit in units {
            match self.unit(unit) {
                Some(it) if self.options.has('q') => {
                    exit = exit.max(i32::from(!matches!(it.enablement(), "enabled" | "static")));
                }
                Some(it) => {
                    let word = it.enablement();
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

    pub(super) fn is_system_running(&self) -> i32 {
        let failed = self.with(|host| host.units.values().any(|it| it.state == UnitState::Failed));
        self.say(if failed == Some(true) { "degraded" } else { "running" });
        i32::from(failed == Some(true))
    }

    pub(super) fn cat(&self, units: &[String]) -> i32 {
        for unit in units {
            let Some(shown) = self.unit(unit).filter(|it| !it.file.path.is_empty()) else {
                self.proc.eprint(format!("No files found for {unit}.\n"));
                return 1;
            };
            self.warn_changed(unit);
            for (index, path) in std::iter::once(&shown.file.path).chain(&shown.file.drop_ins).enumerate() {
                let text =
                    self.with(|host| host.files.read_text(path).unwrap_or_default()).unwrap_or_default();
                let gap = if index > 0 { "\n" } else { "" };
                self.proc.print(format!("{gap}# {path}\n{text}"));
            }
        }
        0
    }

    pub(super) fn show(&self, units: &[String]) -> i32 {
        let wanted: Vec<&str> = self.options.values('p').flat_map(|it| it.split(',')).collect();
        for (index, name) in units.iter().enumerate() {
            if index > 0 {
                self.proc.print("\n");
            }
            let rows = self.properties(name);
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

    /// Properties in the order that systemd prints them.
    fn properties(&self, name: &str) -> Vec<(&'static str, String)> {
        let found = self.unit(name);
        let unit = found.as_ref().map(|it| &it.unit);
        let file = found.as_ref().map(|it| &it.file);
        let of = |key: &str| file.and_then(|it| it.value(key)).unwrap_or_default().to_owned();
        let words_of =
            |key: &str| file.map(|it| it.values(key).collect::<Vec<_>>().join(" ")).unwrap_or_default();
        let number = |value: Option<u32>| value.unwrap_or(0).to_string();
        let yes = |value: bool| if value { "yes" } else { "no" }.to_owned();
        let stamp = unit.map(|it| it.since.strftime("%a %Y-%m-%d %H:%M:%S UTC")).unwrap_or_default();
        let is_active = unit.is_some_and(|it| it.state == UnitState::Active);
        let code = unit.and_then(|it| it.exit_code).unwrap_or(0);
        let ended = if code > 128 { End::Killed(0) } else { End::Exited(code) };
        let or = |value: String, usual: &str| if value.is_empty() { usual.to_owned() } else { value };
        let command = self.with(|host| file.map(|it| it.command_line(&host.files).join(" "))).flatten();
        let program = file.and_then(|it| it.program()).unwrap_or_default().to_owned();
        vec![
            ("Type", or(of("Type"), "simple")),
            ("Restart", or(of("Restart"), "no")),
            ("RestartUSec", file.map_or(String::new(), |it| span(it.restart_after()))),
            ("MainPID", number(unit.map(|it| it.main_pid))),
            ("Result", unit.map_or("success", |it| it.result).to_owned()),
            ("NRestarts", number(unit.map(|it| it.restarts))),
            ("ExecMainPID", number(unit.map(|it| it.main_pid.max(it.ended_pid)))),
            (
                "ExecMainCode",
                if is_active {
                    "0".into()
                } else if ended == End::Killed(0) {
                    "2".into()
                } else {
                    "1".into()
                },
            ),
            ("ExecMainStatus", if code > 128 { code - 128 } else { code }.to_string()),
            (
                "ExecStart",
                format!("{{ path={program} ; argv[]={} ; ignore_errors=no }}", command.unwrap_or_default()),
            ),
            ("Environment", words_of("Environment").replace('"', "")),
            ("EnvironmentFiles", words_of("EnvironmentFile")),
            ("Id", name.to_owned()),
            ("Names", name.to_owned()),
            ("Requires", or(words_of("Requires"), "sysinit.target system.slice")),
            ("Wants", words_of("Wants")),
            ("WantedBy", words_of("WantedBy")),
            ("After", words_of("After")),
            ("Documentation", words_of("Documentation")),
            ("Description", file.map_or(name.to_owned(), |it| it.description(name).to_owned())),
            ("LoadState", found.as_ref().map_or("not-found", Shown::load).to_owned()),
            ("ActiveState", unit.map_or("inactive", words::state).to_owned()),
            ("SubState", unit.map_or("dead", |it| words::sub(name, it)).to_owned()),
            ("FragmentPath", file.map(|it| it.path.clone()).unwrap_or_default()),
            ("DropInPaths", file.map(|it| it.drop_ins.join(" ")).unwrap_or_default()),
            ("UnitFileState", found.as_ref().map_or("", Shown::enablement).to_owned()),
            ("UnitFilePreset", if found.is_some() { "enabled" } else { "" }.to_owned()),
            ("StateChangeTimestamp", stamp.clone()),
            ("ActiveEnterTimestamp", if is_active { stamp } else { String::new() }),
            ("NeedDaemonReload", yes(found.as_ref().is_some_and(|it| it.changed))),
        ]
    }
}

/// `10s`, `100ms`.
fn span(time: std::time::Duration) -> String {
    if time.subsec_millis() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}
