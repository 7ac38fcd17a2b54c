//! `systemctl`: start, stop, enable and show units.

mod change;
mod depend;
mod edit;
mod list;
mod show;
mod status;
pub(super) mod words;

use super::options::{Options, Spec, Value};
use crate::cluster::Place;
use crate::hosts::systemd::{UnitFile, unit_name};
use crate::hosts::{Host, Unit};
use crate::shell::{Proc, Program, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program =
    Program { name: "systemctl", summary: "Control the systemd system and service manager", run };
pub(crate) const SERVICE: Program =
    Program { name: "service", summary: "Run an init script", run: run_service };

const SPEC: Spec = Spec {
    name: "systemctl",
    short: "t:alfqn:o:p:H:M:s:",
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
        ("stdin", 'D', Value::None),
        ("drop-in", 'd', Value::Needed),
        ("signal", 's', Value::Needed),
        ("no-block", 'B', Value::None),
        ("reverse", 'Z', Value::None),
        ("no-reload", 'r', Value::None),
        ("kill-whom", 'W', Value::Needed),
        ("kill-who", 'W', Value::Needed),
    ],
};

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
    "edit",
    "revert",
];

/// As Ubuntu 24.04 has it.
const VERSION: &str = "systemd 255 (255.4-1ubuntu8.8)\n+PAM +AUDIT +SELINUX +APPARMOR +IMA +SMACK +SECCOMP +GCRYPT -GNUTLS +OPENSSL +ACL +BLKID +CURL +ELFUTILS +FIDO2 +IDN2 -IDN +IPTC +KMOD +LIBCRYPTSETUP +LIBFDISK +PCRE2 -PWQUALITY +P11KIT +QRENCODE +TPM2 +BZIP2 +LZ4 +XZ +ZLIB +ZSTD -BPF_FRAMEWORK -XKBCOMMON +UTMP +SYSVINIT default-hierarchy=unified\n";

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint(
                "System has not been booted with systemd as init system (PID 1). Can't operate.\n\
                 Failed to connect to bus: Host is down\n",
            );
            return 1;
        };
        if proc.args.iter().any(|it| it == "--version") {
            proc.print(VERSION);
            return 0;
        }
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

/// A call of `systemctl` on a host.
struct Control<'a> {
    proc: &'a Proc,
    host: String,
    options: Options,
}

impl Control<'_> {
    async fn run(&self) -> i32 {
        let verb = self.options.operands.first().map_or("list-units", String::as_str);
        let real = |name: &String| self.with(|host| host.real_unit(&unit_name(name)));
        let units: Vec<String> = self.options.operands.iter().skip(1).filter_map(real).collect();
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
            "is-active" | "is-failed" => self.query(verb, &units),
            "is-enabled" => self.enabled(&units),
            "cat" => self.cat(&units),
            "show" => self.show(&units),
            "edit" => self.edit(&units).await,
            "revert" => self.each(&units, |unit| self.revert(unit)).await,
            "list-units" => self.list_units(),
            "list-unit-files" => self.list_files(),
            "daemon-reload" | "daemon-reexec" => self.reload_files(),
            "reset-failed" => self.reset_failed(&units).await,
            "get-default" => self.say(&self.default_target()),
            "set-default" => self.set_default(self.options.operands.get(1).map_or("", String::as_str)),
            "list-dependencies" => {
                self.list_dependencies(units.first().map_or("default.target", String::as_str))
            }
            "list-timers" => self.list_kind("timer"),
            "list-sockets" => self.list_kind("socket"),
            "list-jobs" => self.say("No jobs running."),
            "show-environment" => self.say(
                "LANG=C.UTF-8\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin",
            ),
            "isolate" | "set-property" | "import-environment" if self.proc.user != "root" => {
                self.say("Interactive authentication required.")
            }
            "is-system-running" => self.is_system_running(),
            "reboot" | "poweroff" | "halt" => self.power(verb).await,
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

    /// What is known of a unit, one that never ran included; `None` when there is no such unit.
    fn unit(&self, unit: &str) -> Option<Shown> {
        self.with(|host| {
            let file = host.loaded_file(unit);
            let known = host.units.get(unit).cloned();
            let masked = host.is_masked(unit);
            if file.is_none() && known.is_none() && !masked {
                return None;
            }
            Some(Shown {
                unit: known.unwrap_or_else(|| Unit::never(host.booted)),
                file: file.unwrap_or_default(),
                enabled: host.unit_enabled(unit),
                masked,
                changed: host.needs_reload(unit),
            })
        })
        .flatten()
    }

    /// The remark on standard error when the manager has an older version of a unit's file.
    fn warn_changed(&self, unit: &str) {
        if self.with(|host| host.needs_reload(unit)) == Some(true) {
            self.proc.eprint(format!(
                "Warning: The unit file, source configuration file or drop-ins of {unit} changed on disk. \
                 Run 'systemctl daemon-reload' to reload units.\n"
            ));
        }
    }

    async fn power(&self, verb: &str) -> i32 {
        let words = [if verb == "reboot" { "reboot" } else { "poweroff" }.to_owned()];
        self.proc.run(&self.proc.login(), self.proc.command(&words)).await
    }
}

/// A unit with what `systemctl` shows of it.
struct Shown {
    unit: Unit,
    file: UnitFile,
    enabled: bool,
    masked: bool,
    /// The file on disk is another.
    changed: bool,
}
