//! One machine.

use std::sync::Arc;

use imbl::{OrdMap, Vector};

use super::FileTree;
use super::firewall::Firewall;
use super::packages::{self, Packages};
use super::systemd::UnitFile;
use crate::sim::SimTime;

/// A machine of the lab, switched on or off.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// What the lab knows it by, and its first host name.
    pub(crate) name: String,
    /// Other host names that it was given, with when.
    pub(crate) renamed: Vector<(SimTime, String)>,
    /// The first address of its network card.
    pub(crate) address: String,
    pub(crate) files: FileTree,
    pub(crate) users: Vector<User>,
    /// systemd units by name, such as `kubelet.service`.
    pub(crate) units: OrdMap<String, Unit>,
    /// Unit files as the manager has read them.
    pub(crate) loaded_units: OrdMap<String, Arc<UnitFile>>,
    pub(crate) packages: Packages,
    pub(crate) journal: Vector<JournalLine>,
    /// Live kernel settings, such as `net.ipv4.ip_forward`.
    pub(crate) sysctl: OrdMap<String, String>,
    /// The kernel's packet filter.
    pub(crate) firewall: Firewall,
    /// False while the machine is down.
    pub(crate) up: bool,
    pub(crate) booted: SimTime,
    /// When a machine that is down comes back by itself.
    pub(crate) boots_at: Option<SimTime>,
    pub(crate) hardware: Hardware,
}

/// What a machine is made of, and what its operating system says of it. Sizes are Kubernetes quantities.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hardware {
    pub(crate) cpu: String,
    pub(crate) memory: String,
    pub(crate) memory_allocatable: String,
    pub(crate) ephemeral_storage: String,
    pub(crate) ephemeral_storage_allocatable: String,
    pub(crate) os_image: String,
    pub(crate) kernel: String,
    /// `containerd://2.1.4`.
    pub(crate) container_runtime: String,
}

/// A line of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) home: String,
    pub(crate) shell: String,
}

/// A systemd unit as the manager has it in memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unit {
    pub(crate) state: UnitState,
    pub(crate) since: SimTime,
    /// 0 while nothing runs.
    pub(crate) main_pid: u32,
    /// The version of the program that the main process was started from: an upgrade changes it with the
    /// next start. Empty for programs of no package.
    pub(crate) program_version: String,
    /// The number of the process that ran before.
    pub(crate) ended_pid: u32,
    /// How often the manager started it again by itself.
    pub(crate) restarts: u32,
    /// What the last process ended with; 128 and the signal's number for one that was killed.
    pub(crate) exit_code: Option<i32>,
    /// `success`, `exit-code`, `signal`, `start-limit-hit`.
    pub(crate) result: &'static str,
    /// When the manager starts it again.
    pub(crate) restart_at: Option<SimTime>,
    /// When it was started lately, for the limit of starts.
    pub(crate) starts: Vector<SimTime>,
}

impl Unit {
    /// A unit that never ran on a machine that is up since `booted`.
    pub(crate) fn never(booted: SimTime) -> Self {
        Self {
            state: UnitState::Inactive,
            since: booted,
            main_pid: 0,
            program_version: String::new(),
            ended_pid: 0,
            restarts: 0,
            exit_code: None,
            result: "success",
            restart_at: None,
            starts: Vector::new(),
        }
    }
}

/// The states that `systemctl is-active` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitState {
    Active,
    Inactive,
    Activating,
    Failed,
}

/// A line of the journal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JournalLine {
    pub(crate) at: SimTime,
    /// `kubelet.service`; empty for the kernel and others without a unit.
    pub(crate) unit: String,
    /// `kubelet`, `systemd`, …
    pub(crate) identifier: String,
    pub(crate) pid: u32,
    /// syslog priority, 0 (emerg) to 7 (debug).
    pub(crate) priority: u8,
    pub(crate) message: String,
}

impl Host {
    /// A machine with nothing on it but root and an empty tree.
    pub(crate) fn new(name: &str, address: &str, now: SimTime) -> Self {
        let root =
            User { name: "root".into(), uid: 0, gid: 0, home: "/root".into(), shell: "/bin/bash".into() };
        Self {
            name: name.into(),
            renamed: Vector::new(),
            address: address.into(),
            files: FileTree::default(),
            users: Vector::unit(root),
            units: OrdMap::new(),
            loaded_units: OrdMap::new(),
            packages: Packages::default(),
            journal: Vector::new(),
            sysctl: OrdMap::new(),
            firewall: Firewall::default(),
            up: true,
            booted: now,
            boots_at: None,
            hardware: Hardware::default(),
        }
    }

    /// As `hostname` prints it.
    pub(crate) fn hostname(&self) -> &str {
        self.renamed.last().map_or(&self.name, |(_, name)| name)
    }

    /// As `hostname` printed it at a time, which a program that began then goes on to use.
    pub(crate) fn hostname_when(&self, at: SimTime) -> &str {
        let before = self.renamed.iter().rev().find(|(since, _)| *since <= at);
        before.map_or(&self.name, |(_, name)| name)
    }

    /// Gives the machine another host name; `/etc/hostname` is not touched.
    pub(crate) fn rename(&mut self, name: &str, now: SimTime) {
        if self.hostname() != name {
            self.renamed.push_back((now, name.to_owned()));
        }
    }

    /// The version that an installed program says it has, with its `v`: `v1.36.2`; `None` when it is not there.
    pub(crate) fn program_version(&self, program: &str) -> Option<String> {
        packages::program_version(&self.files, program).map(|version| format!("v{version}"))
    }

    /// True when the unit runs.
    pub(crate) fn unit_active(&self, unit: &str) -> bool {
        self.up && self.units.get(unit).is_some_and(|unit| unit.state == UnitState::Active)
    }
}
