//! `list-dependencies`, `get-default`, `set-default`, `list-timers`, `list-sockets`.

use std::collections::BTreeSet;

use super::{Control, words};
use crate::hosts::systemd::{UnitFile, known};
use crate::hosts::{Kind, UnitState};

/// Where the link to the target stands that a machine is started into.
const DEFAULT: &str = "/etc/systemd/system/default.target";
/// What an Ubuntu machine is started into when no link says otherwise.
const USUAL: &str = "graphical.target";

impl Control<'_> {
    pub(super) fn default_target(&self) -> String {
        let link = self.with(|host| host.files.lstat(DEFAULT).ok().map(|node| node.kind.clone())).flatten();
        match link {
            Some(Kind::Symlink(target)) => target.rsplit('/').next().unwrap_or(USUAL).to_owned(),
            _ => USUAL.to_owned(),
        }
    }

    pub(super) fn set_default(&self, target: &str) -> i32 {
        const TARGETS: [&str; 4] =
            ["graphical.target", "multi-user.target", "rescue.target", "emergency.target"];
        let target = if target.contains('.') { target.to_owned() } else { format!("{target}.target") };
        if !TARGETS.contains(&target.as_str()) {
            self.proc.eprint(format!("Failed to set default target: Unit file {target} does not exist.\n"));
            return 1;
        }
        if self.proc.user != "root" {
            self.proc.eprint("Failed to set default target: Interactive authentication required.\n");
            return 1;
        }
        let path = format!("/usr/lib/systemd/system/{target}");
        self.with_mut(|host, now| {
            if host.files.remove(DEFAULT).is_ok() {
                self.proc.eprint(format!("Removed \"{DEFAULT}\".\n"));
            }
            let _ = host.files.symlink(&path, DEFAULT, now);
        });
        self.proc.eprint(format!("Created symlink {DEFAULT} \u{2192} {path}.\n"));
        0
    }

    /// Units that a unit pulls in: those its file wants or requires, and those that links say it wants.
    fn pulled_in(&self, unit: &str) -> Vec<String> {
        let file: Option<UnitFile> = self.with(|host| host.loaded_file(unit)).flatten();
        let mut all: BTreeSet<String> = BTreeSet::new();
        for key in ["Wants", "Requires", "BindsTo", "Requisite"] {
            let values = file.iter().flat_map(|it| it.values(key)).flat_map(str::split_whitespace);
            all.extend(values.map(str::to_owned));
        }
        for kind in ["wants", "requires"] {
            let folder = format!("/etc/systemd/system/{unit}.{kind}");
            let linked = self.with(|host| {
                host.files.list(&folder).map(|it| it.into_iter().map(|(name, _)| name).collect::<Vec<_>>())
            });
            all.extend(linked.and_then(Result::ok).unwrap_or_default());
        }
        if unit.ends_with(".service") {
            all.extend(["system.slice".to_owned(), "sysinit.target".to_owned()]);
        }
        if unit == "graphical.target" {
            all.insert("multi-user.target".to_owned());
        }
        all.into_iter().collect()
    }

    fn wanting(&self, unit: &str) -> Vec<String> {
        let mut all = self.with(|host| host.units.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
        all.extend(["multi-user.target", "graphical.target"].map(str::to_owned));
        all.retain(|other| other != unit && self.pulled_in(other).iter().any(|it| it == unit));
        all
    }

    pub(super) fn list_dependencies(&self, unit: &str) -> i32 {
        let unit = if unit == "default.target" { self.default_target() } else { unit.to_owned() };
        self.proc.print(format!("{unit}\n"));
        self.branch(&unit, "", &mut BTreeSet::from([unit.clone()]));
        0
    }

    fn branch(&self, unit: &str, lead: &str, seen: &mut BTreeSet<String>) {
        let below = if self.options.has('Z') { self.wanting(unit) } else { self.pulled_in(unit) };
        for (at, name) in below.iter().enumerate() {
            let last = at + 1 == below.len();
            let active = match self.unit(name) {
                Some(it) => it.unit.state == UnitState::Active || name.ends_with(".target"),
                // Targets and slices of the base system are up as soon as the machine is.
                None => !name.ends_with(".service"),
            };
            let mark = if active { "\u{25cf}" } else { "\u{25cb}" };
            self.proc.print(format!(
                "{mark} {lead}{}{name}\n",
                if last { "\u{2514}\u{2500}" } else { "\u{251c}\u{2500}" }
            ));
            let deeper = self.options.has('a') || name.ends_with(".target") && name != "sysinit.target";
            if deeper && seen.insert(name.clone()) {
                self.branch(name, &format!("{lead}{}", if last { "  " } else { "\u{2502} " }), seen);
            }
        }
    }

    /// Timers or sockets: what files of that type there are.
    pub(super) fn list_kind(&self, kind: &str) -> i32 {
        let names = self.with(|host| known(&host.files)).unwrap_or_default();
        let names: Vec<String> = names
            .into_iter()
            .map(|(name, _)| name)
            .filter(|name| name.ends_with(&format!(".{kind}")))
            .collect();
        let title =
            if kind == "timer" { "NEXT LEFT LAST PASSED UNIT ACTIVATES" } else { "LISTEN UNIT ACTIVATES" };
        self.proc.print(format!("{title}\n"));
        for name in &names {
            let state = self.unit(name).map_or("inactive", |it| words::state(&it.unit));
            let service = name.replace(&format!(".{kind}"), ".service");
            let dashes = if kind == "timer" { "-    -    -    -      " } else { "-      " };
            if state == "active" || self.options.has('a') {
                self.proc.print(format!("{dashes}{name} {service}\n"));
            }
        }
        self.proc.print(format!(
            "\n{} {kind}s listed.\n{}",
            names.len(),
            if kind == "timer" { "Pass --all to see loaded but inactive timers, too.\n" } else { "" }
        ));
        0
    }
}
