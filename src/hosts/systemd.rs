//! systemd as far as `systemctl` shows it: unit files, and units that are started and stopped.
//!
//! What a unit's program needs to stay up is the business of whoever simulates that program; here a
//! unit runs when its file names a program that exists.

use super::{FileTree, Host, JournalLine, Unit, UnitState};
use crate::sim::SimTime;

/// Where unit files stand, the most important first.
const FOLDERS: [&str; 4] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// A unit file with its drop-ins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UnitFile {
    pub(crate) path: String,
    pub(crate) drop_ins: Vec<String>,
    /// Section, key and value, in order; an empty value clears the ones before.
    settings: Vec<(String, String, String)>,
}

/// Why a unit was not started or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    Masked,
    /// It was started, and its program ended with this code: `203` means it could not be executed.
    Ended(i32),
}

/// `name` with `.service` when it has no type.
pub(crate) fn unit_name(name: &str) -> String {
    const TYPES: [&str; 7] = [".service", ".socket", ".target", ".timer", ".mount", ".slice", ".path"];
    if TYPES.iter().any(|kind| name.ends_with(kind)) { name.to_owned() } else { format!("{name}.service") }
}

impl UnitFile {
    /// Reads the file of a unit and the drop-ins of all folders.
    pub(crate) fn load(files: &FileTree, unit: &str) -> Option<Self> {
        let path = FOLDERS.iter().map(|folder| format!("{folder}/{unit}")).find(|path| files.exists(path))?;
        let mut found = Self { path: path.clone(), ..Self::default() };
        found.read(&files.read_text(&path).unwrap_or_default());
        for folder in FOLDERS.iter().rev() {
            let folder = format!("{folder}/{unit}.d");
            for (name, _) in files.list(&folder).unwrap_or_default() {
                if name.ends_with(".conf") {
                    let path = format!("{folder}/{name}");
                    found.read(&files.read_text(&path).unwrap_or_default());
                    found.drop_ins.push(path);
                }
            }
        }
        Some(found)
    }

    fn read(&mut self, text: &str) {
        let mut section = String::new();
        let joined = text.replace("\\\n", " ");
        for line in joined.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
            } else if let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';']))
            {
                if value.trim().is_empty() {
                    self.settings.retain(|(_, known, _)| known != key.trim());
                } else {
                    self.settings.push((section.clone(), key.trim().to_owned(), value.trim().to_owned()));
                }
            }
        }
    }

    /// The values of a key, in order.
    pub(crate) fn values(&self, key: &str) -> impl Iterator<Item = &str> {
        self.settings.iter().filter(move |(_, known, _)| known == key).map(|(.., value)| value.as_str())
    }

    /// The last value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<&str> {
        self.values(key).last()
    }

    /// `Description=`, or the unit's name.
    pub(crate) fn description<'a>(&'a self, unit: &'a str) -> &'a str {
        self.value("Description").unwrap_or(unit)
    }

    /// The program that `ExecStart=` names.
    pub(crate) fn program(&self) -> Option<&str> {
        let line = self.value("ExecStart")?;
        line.split_whitespace().next().map(|word| word.trim_start_matches(['-', '@', '+', '!', ':']))
    }
}

impl Host {
    /// Starts a unit that does not run.
    pub(crate) fn start_unit(&mut self, unit: &str, now: SimTime) -> Result<(), Refusal> {
        let file = self.unit_file(unit)?;
        if self.units.get(unit).is_some_and(|it| it.state == UnitState::Active) {
            return Ok(());
        }
        let described = format!("{unit} - {}", file.description(unit));
        let executable =
            file.program().map(|path| self.files.stat(path).is_ok_and(|node| node.mode & 0o111 != 0));
        let pid = self.next_pid(now);
        self.log(now, "systemd", 1, unit, 6, format!("Started {described}."));
        let restarts = file.value("Restart").is_some_and(|it| it != "no");
        let ended = executable == Some(false);
        if ended {
            let program = file.program().unwrap_or_default().to_owned();
            let text = format!("{unit}: Failed to execute {program}: No such file or directory");
            self.log(now, "systemd", pid, unit, 3, text);
            let text = format!("{unit}: Main process exited, code=exited, status=203/EXEC");
            self.log(now, "systemd", 1, unit, 5, text);
            self.log(now, "systemd", 1, unit, 4, format!("{unit}: Failed with result 'exit-code'."));
        }
        let state = match (ended, restarts) {
            (false, _) => UnitState::Active,
            (true, true) => UnitState::Activating,
            (true, false) => UnitState::Failed,
        };
        self.change_unit(unit, |it| {
            it.state = state;
            it.since = now;
            it.main_pid = if ended { 0 } else { pid };
            it.exit_code = ended.then_some(203);
        });
        // Only a unit that tells when it is ready lets `systemctl start` see that it ended.
        let waits = matches!(file.value("Type"), Some("notify" | "forking" | "exec" | "oneshot"));
        if ended && waits { Err(Refusal::Ended(203)) } else { Ok(()) }
    }

    /// Stops a unit.
    pub(crate) fn stop_unit(&mut self, unit: &str, now: SimTime) -> Result<(), Refusal> {
        let file = match self.unit_file(unit) {
            Err(Refusal::Masked) => UnitFile::default(),
            other => other?,
        };
        let running = self.units.get(unit).is_some_and(|it| it.state != UnitState::Inactive);
        if running {
            let described = format!("{unit} - {}", file.description(unit));
            self.log(now, "systemd", 1, unit, 6, format!("Stopping {described}..."));
            self.log(now, "systemd", 1, unit, 6, format!("{unit}: Deactivated successfully."));
            self.log(now, "systemd", 1, unit, 6, format!("Stopped {described}."));
            self.change_unit(unit, |it| {
                it.state = UnitState::Inactive;
                it.since = now;
                it.main_pid = 0;
                it.exit_code = Some(0);
            });
        }
        Ok(())
    }

    /// The unit's file, unless there is none or it is masked.
    pub(crate) fn unit_file(&self, unit: &str) -> Result<UnitFile, Refusal> {
        if self.is_masked(unit) {
            return Err(Refusal::Masked);
        }
        match UnitFile::load(&self.files, unit) {
            Some(file) => Ok(file),
            // Units of the base system have no file here, but they are known.
            None if self.units.contains_key(unit) => Ok(UnitFile::default()),
            None => Err(Refusal::NotFound),
        }
    }

    /// True when the unit is linked to `/dev/null`.
    pub(crate) fn is_masked(&self, unit: &str) -> bool {
        self.units.get(unit).is_some_and(|it| it.masked)
    }

    /// Changes what is known of a unit, which begins as one that never ran.
    pub(crate) fn change_unit(&mut self, unit: &str, change: impl FnOnce(&mut Unit)) {
        let mut it = self.units.get(unit).cloned().unwrap_or(Unit {
            state: UnitState::Inactive,
            enabled: false,
            masked: false,
            since: self.booted,
            main_pid: 0,
            restarts: 0,
            exit_code: None,
        });
        change(&mut it);
        self.units.insert(unit.to_owned(), it);
    }

    /// Adds a line to the journal.
    pub(crate) fn log(
        &mut self,
        at: SimTime,
        who: &str,
        pid: u32,
        unit: &str,
        priority: u8,
        message: String,
    ) {
        let line = JournalLine { at, unit: unit.into(), identifier: who.into(), pid, priority, message };
        self.journal.push_back(line);
    }

    /// A process number that grows with time, as real ones do.
    fn next_pid(&self, now: SimTime) -> u32 {
        let up = now.since(self.booted).as_secs() % 20_000;
        let highest = self.units.values().map(|unit| unit.main_pid).max().unwrap_or(0);
        highest.max(2_000 + u32::try_from(up).unwrap_or(0)) + 7
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        let mut host = Host::new("node01", "172.30.2.2", SimTime::START);
        let text =
            "[Unit]\nDescription=A web server\n[Service]\nExecStart=/usr/bin/web -p 80\nRestart=always\n";
        host.files
            .install("/usr/lib/systemd/system/web.service", text.as_bytes(), 0o644, SimTime::START)
            .unwrap();
        host.files.install("/usr/bin/web", b"ELF", 0o755, SimTime::START).unwrap();
        host
    }

    #[test]
    fn a_unit_runs_when_its_program_is_there() {
        let mut host = host();
        assert_eq!(host.start_unit("web.service", SimTime::START), Ok(()));
        assert!(host.unit_active("web.service"));
        host.stop_unit("web.service", SimTime::START).unwrap();
        let drop_in = "[Service]\nExecStart=\nExecStart=/usr/local/bin/web\n";
        let path = "/etc/systemd/system/web.service.d/10.conf";
        host.files.install(path, drop_in.as_bytes(), 0o644, SimTime::START).unwrap();
        assert_eq!(host.start_unit("web.service", SimTime::START), Ok(()));
        assert!(!host.unit_active("web.service"));
        assert_eq!(host.start_unit("nope.service", SimTime::START), Err(Refusal::NotFound));
    }
}
