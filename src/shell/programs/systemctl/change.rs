//! Verbs that change units.

use super::Control;
use crate::hosts::UnitState;
use crate::hosts::systemd::{End, Refusal};

/// How long the manager takes for a job.
const JOB: std::time::Duration = std::time::Duration::from_millis(80);

impl Control<'_> {
    /// Only root may change units; others are asked for a password that nobody has.
    fn may_not(&self, verb: &str, unit: &str) -> bool {
        if self.proc.user == "root" {
            return false;
        }
        let text = match verb {
            "start" | "stop" | "restart" | "reload" | "try-restart" | "reload-or-restart" => format!(
                "Failed to {verb} {unit}: Interactive authentication required.\n\
                 See system logs and 'systemctl status {unit}' for details.\n"
            ),
            "daemon-reload" => "Failed to reload daemon: Interactive authentication required.\n".into(),
            verb => format!("Failed to {verb} unit: Interactive authentication required.\n"),
        };
        self.proc.eprint(text);
        true
    }

    /// Does something to each unit; the manager answers when the job is done.
    pub(super) async fn each(&self, units: &[String], act: impl Fn(&str) -> i32) -> i32 {
        let verb = self.options.operands.first().map(String::as_str).unwrap_or_default();
        let mut exit = 0;
        for unit in units {
            if self.may_not(verb, unit) {
                return 1;
            }
            self.warn_changed(unit);
            exit = exit.max(act(unit));
            self.proc.sleep(JOB).await;
        }
        exit
    }

    pub(super) fn change(&self, verb: &str, unit: &str) -> i32 {
        if verb == "kill" {
            return self.kill(unit);
        }
        let outcome = self.with_mut(|host, now| {
            let was_active = host.unit_active(unit);
            match verb {
                "start" => host.start_unit(unit, now),
                "stop" => host.stop_unit(unit, now),
                "reload" => match host.unit_file(unit) {
                    Ok(file) if file.value("ExecReload").is_none() => Err(Refusal::BadSetting),
                    Ok(_) if !was_active => Err(Refusal::BadSetting),
                    other => other.map(drop),
                },
                "try-restart" if !was_active => host.unit_file(unit).map(drop),
                _ => host.unit_file(unit).and_then(|_| {
                    host.stop_unit(unit, now)?;
                    host.start_unit(unit, now)
                }),
            }
        });
        let verb = if verb == "try-restart" || verb == "reload-or-restart" { "restart" } else { verb };
        match outcome {
            None | Some(Ok(())) => 0,
            Some(Err(refusal)) => self.refuse(verb, unit, refusal),
        }
    }

    fn kill(&self, unit: &str) -> i32 {
        let signal = match self.options.value('s').unwrap_or("TERM").trim_start_matches("SIG") {
            "KILL" | "9" => 9,
            "HUP" | "1" => 1,
            "INT" | "2" => 2,
            _ => 15,
        };
        let killed = self.with_mut(|host, now| {
            let runs = host.unit_active(unit);
            if runs {
                host.unit_ended(unit, End::Killed(signal), now);
            }
            runs
        });
        if killed == Some(true) {
            return 0;
        }
        self.proc.eprint(format!("Failed to kill unit {unit}: Unit {unit} not loaded.\n"));
        1
    }

    fn refuse(&self, verb: &str, unit: &str, refusal: Refusal) -> i32 {
        let (text, exit) = match refusal {
            Refusal::NotFound => (format!("Failed to {verb} {unit}: Unit {unit} not found.\n"), 5),
            Refusal::Masked => (format!("Failed to {verb} {unit}: Unit {unit} is masked.\n"), 1),
            Refusal::BadSetting if verb == "reload" => {
                let text = if self.with(|host| host.unit_active(unit)) == Some(true) {
                    format!(
                        "Failed to reload {unit}: Job type reload is not applicable for unit {unit}.\n\
                         See system logs and 'systemctl status {unit}' for details.\n"
                    )
                } else {
                    format!("{unit} is not active, cannot reload.\n")
                };
                (text, 1)
            }
            Refusal::BadSetting => (
                format!(
                    "Failed to {verb} {unit}: Unit {unit} has a bad unit file setting.\n\
                     See system logs and 'systemctl status {unit}' for details.\n"
                ),
                1,
            ),
            Refusal::Ended(_) => (
                format!(
                    "Job for {unit} failed because the control process exited with error code.\n\
                     See \"systemctl status {unit}\" and \"journalctl -xeu {unit}\" for details.\n"
                ),
                1,
            ),
            Refusal::TooOften => (
                format!(
                    "Job for {unit} failed.\n\
                     See \"systemctl status {unit}\" and \"journalctl -xeu {unit}\" for details.\n"
                ),
                1,
            ),
        };
        self.proc.eprint(text);
        exit
    }

    pub(super) fn link(&self, verb: &str, unit: &str) -> i32 {
        let done = match verb {
            "mask" | "unmask" => self.mask(verb, unit),
            _ => self.enable(verb, unit),
        };
        if done != 0 {
            return done;
        }
        match (self.options.has('N'), verb) {
            (true, "enable" | "reenable") => self.change("start", unit),
            (true, "disable" | "mask") => self.change("stop", unit),
            _ => 0,
        }
    }

    fn mask(&self, verb: &str, unit: &str) -> i32 {
        let path = format!("/etc/systemd/system/{unit}");
        if self.unit(unit).is_none() {
            self.proc.eprint(format!("Unit {unit} does not exist, proceeding anyway.\n"));
        }
        let own = self.with(|host| !host.is_masked(unit) && host.files.exists(&path)) == Some(true);
        if verb == "mask" && own {
            self.proc.eprint(format!("Failed to mask unit: File '{path}' already exists.\n"));
            return 1;
        }
        let changed =
            self.with_mut(
                |host, now| {
                    if verb == "mask" { host.mask_unit(unit, now) } else { host.unmask_unit(unit) }
                },
            );
        match (changed, verb) {
            (Some(true), "mask") => self.proc.eprint(format!("Created symlink {path} → /dev/null.\n")),
            (Some(true), _) => self.proc.eprint(format!("Removed \"{path}\".\n")),
            _ => {}
        }
        0
    }

    fn enable(&self, verb: &str, unit: &str) -> i32 {
        let outcome = self.with_mut(|host, now| {
            let links = match verb {
                "disable" => host.disable_unit(unit, now),
                "reenable" => host.disable_unit(unit, now).and_then(|_| host.enable_unit(unit, now)),
                _ => host.enable_unit(unit, now),
            };
            if !self.options.has('r') {
                host.daemon_reload();
            }
            links
        });
        match outcome {
            Some(Ok(links)) if verb == "disable" => {
                links.iter().for_each(|(link, _)| self.proc.eprint(format!("Removed \"{link}\".\n")));
                0
            }
            Some(Ok(links)) => {
                let made = |(link, path): &(String, String)| format!("Created symlink {link} → {path}.\n");
                links.iter().for_each(|it| self.proc.eprint(made(it)));
                if links.is_empty() && self.unit(unit).is_some_and(|it| it.enablement() == "static") {
                    self.proc.eprint(
                        "The unit files have no installation config (WantedBy=, RequiredBy=, UpheldBy=,\n\
                         Also=, or Alias= settings in the [Install] section, and DefaultInstance= for\n\
                         template units). This means they are not meant to be enabled or disabled using systemctl.\n",
                    );
                }
                0
            }
            Some(Err(Refusal::Masked)) => {
                self.proc.eprint(format!(
                    "Failed to {verb} unit: Unit file /etc/systemd/system/{unit} is masked.\n"
                ));
                1
            }
            _ => {
                self.proc.eprint(format!("Failed to {verb} unit: Unit file {unit} does not exist.\n"));
                1
            }
        }
    }

    pub(super) fn reload_files(&self) -> i32 {
        if self.may_not("daemon-reload", "") {
            return 1;
        }
        self.with_mut(|host, _| host.daemon_reload());
        0
    }

    pub(super) async fn reset_failed(&self, units: &[String]) -> i32 {
        if !units.is_empty() {
            return self.each(units, |unit| self.forget(unit)).await;
        }
        let failed = self.with(|host| {
            let failed = host.units.iter().filter(|(_, it)| it.state == UnitState::Failed);
            failed.map(|(name, _)| name.clone()).collect::<Vec<_>>()
        });
        self.each(&failed.unwrap_or_default(), |unit| self.forget(unit)).await
    }

    fn forget(&self, unit: &str) -> i32 {
        if self.unit(unit).is_none() {
            self.proc
                .eprint(format!("Failed to reset failed state of unit {unit}: Unit {unit} not loaded.\n"));
            return 1;
        }
        self.with_mut(|host, _| host.reset_failed(unit));
        0
    }
}
