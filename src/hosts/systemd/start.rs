//! Starting and stopping units, and what the manager does when a main process ends.

use super::{End, Refusal, UnitFile};
use crate::hosts::{Host, Kind, Node, UnitState, packages};
use crate::sim::SimTime;

/// The code of a process that could not be executed. Source: `systemd.exec(5)`.
const EXEC: i32 = 203;

impl Host {
    /// Starts a unit that does not run.
    pub(crate) fn start_unit(&mut self, unit: &str, now: SimTime) -> Result<(), Refusal> {
        let file = self.unit_file(unit)?;
        if self.units.get(unit).is_some_and(|it| it.state == UnitState::Active) {
            return Ok(());
        }
        if file.program().is_none() && unit.ends_with(".service") && !file.path.is_empty() {
            return Err(Refusal::BadSetting);
        }
        self.loaded_units.insert(unit.to_owned(), file.clone().into());
        self.launch(unit, &file, now)
    }

    fn launch(&mut self, unit: &str, file: &UnitFile, now: SimTime) -> Result<(), Refusal> {
        let described = format!("{unit} - {}", file.description(unit));
        if self.is_too_often(unit, file, now) {
            self.log(now, "systemd", 1, unit, 4, format!("{unit}: Start request repeated too quickly."));
            let result = self.units.get(unit).map_or("exit-code", |it| it.result);
            let result = if result == "success" { "start-limit-hit" } else { result };
            self.log(now, "systemd", 1, unit, 4, format!("{unit}: Failed with result '{result}'."));
            self.log(now, "systemd", 1, unit, 3, format!("Failed to start {described}."));
            self.change_unit(unit, |it| {
                it.state = UnitState::Failed;
                it.result = result;
                it.restart_at = None;
                it.main_pid = 0;
                it.since = now;
            });
            return Err(Refusal::TooOften);
        }
        let pid = if unit.ends_with(".service") { self.next_pid(now) } else { 0 };
        let program = file.program().unwrap_or_default().to_owned();
        let is_there =
            program.is_empty() || self.files.stat(&program).is_ok_and(|node| node.mode & 0o111 != 0);
        // Only a unit that tells when it is ready lets `systemctl start` see that it ended.
        let waits = matches!(file.value("Type"), Some("notify" | "forking" | "exec" | "oneshot"));
        if waits {
            self.log(now, "systemd", 1, unit, 6, format!("Starting {described}..."));
        }
        let found = self.files.read(&program).ok().and_then(|bytes| packages::program_of(&bytes));
        let version = found.map(|(_, version)| version).unwrap_or_default();
        self.change_unit(unit, |it| {
            it.state = UnitState::Active;
            it.since = now;
            it.main_pid = pid;
            it.program_version = version;
            it.exit_code = None;
            it.result = "success";
            it.restart_at = None;
            it.starts.push_back(now);
        });
        if is_there {
            self.listen(file, now);
            let verb = if unit.ends_with(".socket") { "Listening on" } else { "Started" };
            self.log(now, "systemd", 1, unit, 6, format!("{verb} {described}."));
            return Ok(());
        }
        if !waits {
            self.log(now, "systemd", 1, unit, 6, format!("Started {described}."));
        }
        let child = format!("({})", crate::hosts::files::base_name(&program));
        let missing = "No such file or directory";
        let text = format!("{unit}: Unable to locate executable '{program}': {missing}");
        self.log(now, &child, pid, unit, 3, text);
        let text = format!("{unit}: Failed at step EXEC spawning {program}: {missing}");
        self.log(now, &child, pid, unit, 3, text);
        self.unit_ended(unit, End::Exited(EXEC), now);
        if waits { Err(Refusal::Ended(EXEC)) } else { Ok(()) }
    }

    /// Makes the sockets of a `.socket` unit.
    fn listen(&mut self, file: &UnitFile, now: SimTime) {
        let paths: Vec<String> = file.values("ListenStream").map(str::to_owned).collect();
        for path in paths.iter().filter(|path| path.starts_with('/')) {
            let path = path.replace("%t", "/run");
            let socket = Node { kind: Kind::Socket, mode: 0o660, uid: 0, gid: 0, modified: now, blank: 0 };
            let _ = self.files.mkdir_all(crate::hosts::files::parent(&path), 0o755, now);
            let _ = self.files.put(&path, socket);
        }
    }

    /// Whether one more start would be too many; forgets the starts that no longer count.
    fn is_too_often(&mut self, unit: &str, file: &UnitFile, now: SimTime) -> bool {
        let Some((burst, interval)) = file.start_limit() else { return false };
        let Some(known) = self.units.get(unit) else { return false };
        let recent: imbl::Vector<SimTime> =
            known.starts.iter().copied().filter(|at| now.since(*at) < interval).collect();
        let too_many = recent.len() >= burst;
        self.change_unit(unit, |it| it.starts = recent);
        too_many
    }

    /// The main process of a unit ended by itself: says so in the journal and does what `Restart=` says.
    pub(crate) fn unit_ended(&mut self, unit: &str, end: End, now: SimTime) {
        let file = self.loaded_file(unit).unwrap_or_default();
        let (clean, result, how) = describe(end);
        if clean {
            self.log(now, "systemd", 1, unit, 6, format!("{unit}: Deactivated successfully."));
        } else {
            self.log(now, "systemd", 1, unit, 5, format!("{unit}: Main process exited, {how}"));
            self.log(now, "systemd", 1, unit, 4, format!("{unit}: Failed with result '{result}'."));
        }
        let again = match file.value("Restart").unwrap_or("no") {
            "always" => true,
            "on-success" => clean,
            "on-failure" => !clean,
            "on-abnormal" => matches!(end, End::Killed(_)) && !clean,
            "on-abort" => matches!(end, End::Killed(3..=8 | 11)),
            _ => false,
        };
        self.change_unit(unit, |it| {
            it.state = match (again, clean) {
                (true, _) => UnitState::Activating,
                (false, true) => UnitState::Inactive,
                (false, false) => UnitState::Failed,
            };
            it.ended_pid = it.main_pid;
            it.main_pid = 0;
            it.since = now;
            it.result = result;
            it.exit_code = match end {
                End::Exited(code) => Some(code),
                End::Killed(signal) => Some(128 + i32::from(signal)),
            };
            it.restart_at = again.then(|| now + file.restart_after());
        });
    }

    /// When the next unit is started again.
    pub(crate) fn next_restart(&self) -> Option<SimTime> {
        self.units.values().filter_map(|it| it.restart_at).min()
    }

    /// Starts the units again whose time has come.
    pub(crate) fn restart_due(&mut self, now: SimTime) {
        if !self.up {
            return;
        }
        let is_due = |at: Option<SimTime>| at.is_some_and(|at| at <= now);
        let due: Vec<String> =
            self.units.iter().filter(|(_, it)| is_due(it.restart_at)).map(|(name, _)| name.clone()).collect();
        for unit in due {
            let Ok(file) = self.unit_file(&unit) else {
                self.change_unit(&unit, |it| it.restart_at = None);
                continue;
            };
            let count = self.units.get(&unit).map_or(0, |it| it.restarts) + 1;
            self.change_unit(&unit, |it| it.restarts = count);
            let text = format!("{unit}: Scheduled restart job, restart counter is at {count}.");
            self.log(now, "systemd", 1, &unit, 6, text);
            // A refusal is in the journal and in the unit's state.
            let _ = self.launch(&unit, &file, now);
        }
    }

    /// Stops a unit.
    pub(crate) fn stop_unit(&mut self, unit: &str, now: SimTime) -> Result<(), Refusal> {
        let file = match self.unit_file(unit) {
            Err(Refusal::Masked) => UnitFile::default(),
            other => other?,
        };
        let state = self.units.get(unit).map_or(UnitState::Inactive, |it| it.state);
        if state == UnitState::Failed {
            return Ok(());
        }
        if state != UnitState::Inactive {
            let described = format!("{unit} - {}", file.description(unit));
            if state == UnitState::Active {
                self.log(now, "systemd", 1, unit, 6, format!("Stopping {described}..."));
                self.log(now, "systemd", 1, unit, 6, format!("{unit}: Deactivated successfully."));
            }
            self.log(now, "systemd", 1, unit, 6, format!("Stopped {described}."));
            self.change_unit(unit, |it| {
                it.state = UnitState::Inactive;
                it.since = now;
                it.ended_pid = it.main_pid;
                it.main_pid = 0;
                it.exit_code = Some(0);
                it.result = "success";
                it.restart_at = None;
                it.restarts = 0;
            });
        }
        Ok(())
    }

    /// A process number that grows with time, as real ones do.
    pub(crate) fn next_pid(&self, now: SimTime) -> u32 {
        let up = now.since(self.booted).as_secs() % 20_000;
        let numbers = self.units.values().flat_map(|unit| [unit.main_pid, unit.ended_pid]);
        let highest = numbers.max().unwrap_or(0);
        highest.max(2_000 + u32::try_from(up).unwrap_or(0)) + 7
    }
}

/// Whether an end is a clean one, what the result is called, and how the journal puts it.
fn describe(end: End) -> (bool, &'static str, String) {
    match end {
        End::Exited(0) => (true, "success", String::new()),
        End::Exited(code) => (false, "exit-code", format!("code=exited, status={}", status(code))),
        // SIGHUP, SIGINT, SIGPIPE and SIGTERM count as clean. Source: `systemd.service(5)`.
        End::Killed(1 | 2 | 13 | 15) => (true, "success", String::new()),
        End::Killed(signal) => {
            (false, "signal", format!("code=killed, status={signal}/{}", signal_name(signal)))
        }
    }
}

/// `1/FAILURE`, `203/EXEC`, `2/INVALIDARGUMENT`; others stand alone with `n/a`. Source: `systemd.exec(5)`.
pub(crate) fn status(code: i32) -> String {
    let name = match code {
        0 => "SUCCESS",
        1 => "FAILURE",
        2 => "INVALIDARGUMENT",
        3 => "NOTIMPLEMENTED",
        4 => "NOPERMISSION",
        5 => "NOTINSTALLED",
        6 => "NOTCONFIGURED",
        7 => "NOTRUNNING",
        200 => "CHDIR",
        203 => "EXEC",
        217 => "USER",
        _ => "n/a",
    };
    format!("{code}/{name}")
}

/// The name of a signal without `SIG`.
pub(crate) fn signal_name(signal: u8) -> &'static str {
    match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        6 => "ABRT",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        15 => "TERM",
        _ => "n/a",
    }
}
