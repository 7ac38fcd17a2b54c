//! systemd as far as `systemctl` shows it: units that are started and stopped, enabled and masked.
//!
//! The manager keeps unit files as it read them: a changed file counts after [`Host::daemon_reload`].
//! What is enabled or masked is what links say, whoever made them. What a unit's program needs to stay up
//! is the business of whoever simulates that program, who calls [`Host::unit_ended`] when it ends; here a
//! unit runs when its file names a program that exists.

mod file;
mod start;

use super::{Host, JournalLine, Kind, Unit, UnitState};
use crate::sim::SimTime;

pub(crate) use file::{UnitFile, known, unit_name};
pub(crate) use start::{signal_name, status};

/// Why a unit was not started or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotFound,
    Masked,
    /// The file does not say what to start.
    BadSetting,
    /// It was started, and its program ended with this code: `203` means it could not be executed.
    Ended(i32),
    /// It was started too often in a short time.
    TooOften,
}

/// How the main process of a unit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Exited(i32),
    /// By a signal, by number.
    Killed(u8),
}

/// What links of a unit were made or removed: path and target.
pub(crate) type Links = Vec<(String, String)>;

impl Host {
    /// The unit's file as the manager knows it, unless there is none or it is masked.
    pub(crate) fn unit_file(&self, unit: &str) -> Result<UnitFile, Refusal> {
        if self.is_masked(unit) {
            return Err(Refusal::Masked);
        }
        match self.loaded_file(unit) {
            Some(file) => Ok(file),
            // Units of the base system have no file here, but they are known.
            None if self.units.contains_key(unit) => Ok(UnitFile::default()),
            None => Err(Refusal::NotFound),
        }
    }

    /// The file as it was read last. A unit that neither runs nor is to run is read anew each time.
    pub(crate) fn loaded_file(&self, unit: &str) -> Option<UnitFile> {
        match self.loaded_units.get(unit) {
            Some(file) if self.is_remembered(unit) => Some((**file).clone()),
            _ => UnitFile::load(&self.files, unit),
        }
    }

    fn is_remembered(&self, unit: &str) -> bool {
        self.units.get(unit).is_some_and(|it| it.state != UnitState::Inactive) || self.unit_enabled(unit)
    }

    /// True when the file on disk is not the one that the manager has read.
    pub(crate) fn needs_reload(&self, unit: &str) -> bool {
        let loaded = self.loaded_units.get(unit).filter(|_| self.is_remembered(unit));
        loaded.is_some_and(|loaded| UnitFile::load(&self.files, unit).as_ref() != Some(&**loaded))
    }

    /// Reads every unit file anew.
    pub(crate) fn daemon_reload(&mut self) {
        let named = known(&self.files).into_iter().filter(|(_, alias)| alias.is_none());
        let files = &self.files;
        let read = named.filter_map(|(unit, _)| {
            let file = UnitFile::load(files, &unit)?;
            Some((unit, std::sync::Arc::new(file)))
        });
        self.loaded_units = read.collect();
    }

    /// The name that an alias such as `sshd.service` stands for.
    pub(crate) fn real_unit(&self, name: &str) -> String {
        let alias = known(&self.files).into_iter().find(|(unit, _)| unit == name);
        alias.and_then(|(_, target)| target).unwrap_or_else(|| name.to_owned())
    }

    /// True when the unit is linked to `/dev/null`.
    pub(crate) fn is_masked(&self, unit: &str) -> bool {
        file::is_masked(&self.files, unit)
    }

    /// True when a target's folder has a link of the unit: it starts with the machine.
    pub(crate) fn unit_enabled(&self, unit: &str) -> bool {
        let listed = self.files.list(file::LINKS).unwrap_or_default();
        let folders =
            listed.iter().filter(|(name, _)| name.ends_with(".wants") || name.ends_with(".requires"));
        folders
            .into_iter()
            .any(|(folder, _)| self.files.lstat(&format!("{}/{folder}/{unit}", file::LINKS)).is_ok())
    }

    /// Makes the links of `[Install]`; gives those that were not there.
    pub(crate) fn enable_unit(&mut self, unit: &str, now: SimTime) -> Result<Links, Refusal> {
        let loaded = self.read_file_of(unit)?;
        let mut made = Vec::new();
        for link in loaded.install_links(unit) {
            let there = matches!(self.files.lstat(&link).map(|it| &it.kind), Ok(Kind::Symlink(to)) if *to == loaded.path);
            if there {
                continue;
            }
            // What stands in the way is replaced; the folder is made with the first link in it.
            let _ = self.files.remove(&link);
            let _ = self.files.mkdir_all(super::files::parent(&link), 0o755, now);
            if self.files.symlink(&loaded.path, &link, now).is_ok() {
                made.push((link, loaded.path.clone()));
            }
        }
        Ok(made)
    }

    /// Removes every link of the unit; gives those that were there.
    pub(crate) fn disable_unit(&mut self, unit: &str, _now: SimTime) -> Result<Links, Refusal> {
        let file = self.read_file_of(unit)?;
        let mut links = file.install_links(unit);
        for (folder, _) in self.files.list(file::LINKS).unwrap_or_default() {
            let link = format!("{}/{folder}/{unit}", file::LINKS);
            if !links.contains(&link) && (folder.ends_with(".wants") || folder.ends_with(".requires")) {
                links.push(link);
            }
        }
        let gone = links.into_iter().filter(|link| self.files.lstat(link).is_ok()).collect::<Vec<_>>();
        Ok(gone
            .into_iter()
            .filter(|link| self.files.remove(link).is_ok())
            .map(|link| (link, file.path.clone()))
            .collect())
    }

    fn read_file_of(&self, unit: &str) -> Result<UnitFile, Refusal> {
        if self.is_masked(unit) {
            return Err(Refusal::Masked);
        }
        UnitFile::load(&self.files, unit).ok_or(Refusal::NotFound)
    }

    /// Links the unit to `/dev/null`; false when it was before or when a file of the administrator is there.
    pub(crate) fn mask_unit(&mut self, unit: &str, now: SimTime) -> bool {
        let link = format!("{}/{unit}", file::LINKS);
        self.files.lstat(&link).is_err() && self.files.symlink("/dev/null", &link, now).is_ok()
    }

    /// Takes the link to `/dev/null` away.
    pub(crate) fn unmask_unit(&mut self, unit: &str) -> bool {
        self.is_masked(unit) && self.files.remove(&format!("{}/{unit}", file::LINKS)).is_ok()
    }

    /// Forgets that a unit failed and how often it was started.
    pub(crate) fn reset_failed(&mut self, unit: &str) {
        if self.units.contains_key(unit) {
            self.change_unit(unit, |it| {
                if it.state == UnitState::Failed {
                    it.state = UnitState::Inactive;
                }
                it.starts.clear();
                it.restarts = 0;
            });
        }
    }

    /// Changes what is known of a unit, which begins as one that never ran.
    pub(crate) fn change_unit(&mut self, unit: &str, change: impl FnOnce(&mut Unit)) {
        let mut it = self.units.get(unit).cloned().unwrap_or_else(|| Unit::never(self.booted));
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn put(host: &mut Host, path: &str, text: &str, mode: u32) {
        host.files.install(path, text.as_bytes(), mode, SimTime::START).unwrap();
    }

    fn host() -> Host {
        let mut host = Host::new("node01", "172.30.2.2", SimTime::START);
        let text = "[Unit]\nDescription=A web server\n[Service]\nExecStart=/usr/bin/web -p 80\nRestart=always\n\
            [Install]\nWantedBy=multi-user.target\n";
        put(&mut host, "/usr/lib/systemd/system/web.service", text, 0o644);
        put(&mut host, "/usr/bin/web", "ELF", 0o755);
        host
    }

    #[test]
    fn a_unit_runs_when_its_program_is_there() {
        let mut host = host();
        assert_eq!(host.start_unit("web.service", SimTime::START), Ok(()));
        assert!(host.unit_active("web.service"));
        host.stop_unit("web.service", SimTime::START).unwrap();
        let drop_in = "[Service]\nExecStart=\nExecStart=/usr/local/bin/web\n";
        put(&mut host, "/etc/systemd/system/web.service.d/10.conf", drop_in, 0o644);
        assert_eq!(host.start_unit("web.service", SimTime::START), Ok(()));
        assert!(!host.unit_active("web.service"));
        assert_eq!(host.start_unit("nope.service", SimTime::START), Err(Refusal::NotFound));
    }

    #[test]
    fn a_changed_file_counts_after_a_reload() {
        let mut host = host();
        host.enable_unit("web.service", SimTime::START).unwrap();
        host.daemon_reload();
        host.start_unit("web.service", SimTime::START).unwrap();
        put(&mut host, "/usr/lib/systemd/system/web.service", "[Service]\nExecStart=/bin/other\n", 0o644);
        assert!(host.needs_reload("web.service"));
        assert_eq!(host.unit_file("web.service").unwrap().program(), Some("/usr/bin/web"));
        host.daemon_reload();
        assert_eq!(host.unit_file("web.service").unwrap().program(), Some("/bin/other"));
        assert!(!host.needs_reload("web.service"));
    }

    #[test]
    fn links_say_what_is_enabled_and_masked() {
        let mut host = host();
        let made = host.enable_unit("web.service", SimTime::START).unwrap();
        let link = "/etc/systemd/system/multi-user.target.wants/web.service";
        assert_eq!(made, [(link.to_owned(), "/usr/lib/systemd/system/web.service".to_owned())]);
        assert!(host.unit_enabled("web.service"));
        assert_eq!(host.enable_unit("web.service", SimTime::START), Ok(Vec::new()));
        assert_eq!(host.disable_unit("web.service", SimTime::START).unwrap().len(), 1);
        assert!(!host.unit_enabled("web.service"));
        assert!(host.mask_unit("web.service", SimTime::START));
        assert_eq!(host.start_unit("web.service", SimTime::START), Err(Refusal::Masked));
        assert!(host.unmask_unit("web.service"));
        assert_eq!(host.start_unit("web.service", SimTime::START), Ok(()));
    }

    #[test]
    fn what_is_killed_comes_back_and_what_keeps_ending_is_given_up() {
        let mut host = host();
        host.start_unit("web.service", SimTime::START).unwrap();
        let pid = host.units["web.service"].main_pid;
        let mut now = SimTime::START + Duration::from_secs(60);
        host.unit_ended("web.service", End::Killed(9), now);
        assert_eq!(host.units["web.service"].state, UnitState::Activating);
        now = host.next_restart().unwrap();
        host.restart_due(now);
        assert!(host.unit_active("web.service"));
        assert_ne!(host.units["web.service"].main_pid, pid);
        for _ in 0..5 {
            host.unit_ended("web.service", End::Exited(1), now);
            now = host.next_restart().unwrap_or(now);
            host.restart_due(now);
        }
        assert_eq!(host.units["web.service"].state, UnitState::Failed);
        assert_eq!(host.start_unit("web.service", now), Err(Refusal::TooOften));
        host.reset_failed("web.service");
        assert_eq!(host.start_unit("web.service", now), Ok(()));
    }
}
