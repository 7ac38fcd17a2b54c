//! `apt-get install`, `upgrade` and `remove`: what is said, asked and done.

use std::time::Duration;

use super::plan::{Plan, Step};
use super::{FAILURE, Machine, size};
use crate::shell::programs::options::Options;
use crate::shell::{Answer, Request};

/// What every change begins with.
pub(super) const READING: &str =
    "Reading package lists...\nBuilding dependency tree...\nReading state information...\n";

/// Files that dpkg has in its database of a fresh node.
const DATABASE: &str = "(Reading database ... 132452 files and directories currently installed.)\n";

/// The last words of `needrestart`, which Ubuntu runs after every change.
const SCANNED: &str = "\nRunning kernel seems to be up-to-date.\n\nNo services need to be restarted.\n\n\
    No containers need to be restarted.\n\nNo user sessions are running outdated binaries.\n\n\
    No VM guests are running outdated hypervisor (qemu) binaries on this host.\n";

/// A list of names under a title; nothing when there are none.
fn listed(title: &str, names: &[&str]) -> String {
    if names.is_empty() { String::new() } else { format!("{title}\n  {}\n", names.join(" ")) }
}

impl Machine<'_> {
    pub(super) async fn install(&self, options: &Options, names: &[String]) -> i32 {
        if !options.has('s') && self.lacks_lock() {
            return FAILURE;
        }
        self.proc.print(READING);
        match self.plan(names, options.has('R')) {
            Ok(mut plan) => {
                if options.has('O') {
                    plan.steps.retain(|step| step.before.is_some());
                }
                self.carry_out(options, &plan, &[]).await
            }
            Err(text) => {
                let (said, errors): (Vec<&str>, Vec<&str>) =
                    text.lines().partition(|line| !line.starts_with("E: "));
                said.iter().for_each(|line| self.proc.print(format!("{line}\n")));
                errors.iter().for_each(|line| self.proc.eprint(format!("{line}\n")));
                FAILURE
            }
        }
    }

    pub(super) async fn upgrade(&self, options: &Options) -> i32 {
        if self.lacks_lock() {
            return FAILURE;
        }
        self.proc.print(format!("{READING}Calculating upgrade...\n"));
        let mut plan = Plan::default();
        let mut kept = Vec::new();
        for offer in self.upgradable() {
            let name = offer.release.name.clone();
            if self.with(|host| host.packages.is_held(&name)) {
                kept.push(name);
            } else {
                let before = self.installed(&name);
                let from = offer.repository.served_from.clone();
                let release = offer.release.clone();
                plan.steps.push(Step { release, before, held: false, is_dependency: false, from });
            }
        }
        self.carry_out(options, &plan, &kept).await
    }

    /// Says what a plan changes, asks, and does it.
    async fn carry_out(&self, options: &Options, plan: &Plan, kept: &[String]) -> i32 {
        let names = |keep: &dyn Fn(&Step) -> bool| -> Vec<&str> {
            plan.steps.iter().filter(|it| keep(it)).map(|it| it.release.name.as_str()).collect()
        };
        let fresh = names(&|it| it.before.is_none());
        let down = names(&Step::is_downgrade);
        let held = names(&|it| it.held);
        let up = names(&|it| it.before.is_some() && !it.is_downgrade());
        let kept: Vec<&str> = kept.iter().map(String::as_str).collect();
        let mut text = format!("{}{}", plan.selected, plan.notes);
        text += &listed("The following packages have been kept back:", &kept);
        text +=
            &listed("The following additional packages will be installed:", &names(&|it| it.is_dependency));
        text += &listed("The following held packages will be changed:", &held);
        text += &listed("The following NEW packages will be installed:", &fresh);
        text += &listed("The following packages will be upgraded:", &up);
        text += &listed("The following packages will be DOWNGRADED:", &down);
        let waiting = self.upgradable().iter().filter(|it| !up.contains(&it.release.name.as_str())).count();
        let downgraded = if down.is_empty() { String::new() } else { format!("{} downgraded, ", down.len()) };
        text += &format!(
            "{} upgraded, {} newly installed, {downgraded}0 to remove and {waiting} not upgraded.\n",
            up.len(),
            fresh.len()
        );
        self.proc.print(text);
        if plan.steps.is_empty() {
            return 0;
        }
        if let Some(refusal) = refusal(options, &held, &down) {
            self.proc.eprint(refusal);
            return FAILURE;
        }
        let download: u64 = plan.steps.iter().map(|it| it.release.size_kb).sum();
        let room: u64 = plan.steps.iter().map(|it| it.release.installed_kb).sum();
        self.proc.print(format!("Need to get {} of archives.\n", size(download)));
        self.proc
            .print(format!("After this operation, {} of additional disk space will be used.\n", size(room)));
        if options.has('s') {
            return 0;
        }
        let must_ask = !fresh.iter().all(|name| options.operands.iter().any(|it| it == name))
            || !held.is_empty()
            || !up.is_empty()
            || !down.is_empty();
        if must_ask && !options.has('y') && !self.agrees().await {
            self.proc.print("Abort.\n");
            return 1;
        }
        self.lay_down(plan).await;
        0
    }

    /// Asks whether to go on; nobody at the terminal means no.
    async fn agrees(&self) -> bool {
        let prompt = "Do you want to continue? [Y/n] ".to_owned();
        let given = match &self.proc.stdin {
            Some(bytes) => {
                self.proc.print(&prompt);
                Answer::Line(String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned())
            }
            None => self.proc.link.ask(Request::Line { prompt, hidden: false }).await,
        };
        matches!(given, Answer::Line(line) if line.is_empty() || line.to_lowercase().starts_with('y'))
    }

    async fn lay_down(&self, plan: &Plan) {
        let mut total = 0;
        for (index, step) in plan.steps.iter().filter(|it| !it.from.is_empty()).enumerate() {
            let (name, version) = (&step.release.name, &step.release.version);
            let from = if step.from.ends_with(' ') {
                step.from.clone()
            } else {
                format!("{}/main amd64", step.from)
            };
            self.proc.sleep(Duration::from_millis(400)).await;
            let line =
                format!("Get:{} {from} {name} {version} [{}]\n", index + 1, size(step.release.size_kb));
            self.proc.print(line);
            total += step.release.size_kb;
        }
        if total > 0 {
            self.proc.print(format!("Fetched {} in 1s ({}/s)\n", size(total), size(total)));
        }
        for step in &plan.steps {
            let (name, version) = (&step.release.name, &step.release.version);
            match &step.before {
                None => self.proc.print(format!("Selecting previously unselected package {name}.\n")),
                Some(before) if step.is_downgrade() => self
                    .proc
                    .eprint(format!("dpkg: warning: downgrading {name} from {before} to {version}\n")),
                Some(_) => {}
            }
            let over = step.before.as_ref().map(|it| format!(" over ({it})")).unwrap_or_default();
            self.proc.print(format!(
                "{DATABASE}Preparing to unpack .../{name}_{version}_amd64.deb ...\nUnpacking {name} ({version}){over} ...\n"
            ));
            self.proc.sleep(Duration::from_secs(1)).await;
        }
        for step in &plan.steps {
            self.proc.print(format!("Setting up {} ({}) ...\n", step.release.name, step.release.version));
            let links = self.with_mut(|host, now| {
                host.install_package(&step.release, now);
                host.daemon_reload();
                Some(())
            });
            debug_assert!(links.is_some(), "the machine is there");
        }
        self.proc.print(SCANNED);
    }

    pub(super) async fn remove(&self, options: &Options, names: &[String], purge: bool) -> i32 {
        if self.lacks_lock() {
            return FAILURE;
        }
        self.proc.print(READING);
        let mut gone = Vec::new();
        for name in names {
            if self.installed(name).is_some() {
                gone.push(name.as_str());
            } else if self.offers_of(name).is_empty() {
                self.proc.eprint(format!("E: Unable to locate package {name}\n"));
                return FAILURE;
            } else {
                self.proc.print(format!("Package '{name}' is not installed, so not removed\n"));
            }
        }
        // What depends on them goes with them.
        let dependants: Vec<String> = self.with(|host| {
            let all = host.packages.installed.iter().filter(|(_, it)| !it.only_configuration);
            let hit = all.filter(|(name, it)| {
                !gone.contains(&name.as_str())
                    && it.release.depends.iter().any(|it| gone.contains(&it.as_str()))
            });
            hit.map(|(name, _)| name.clone()).collect()
        });
        gone.extend(dependants.iter().map(String::as_str));
        let mark = if purge { "*" } else { "" };
        let shown: Vec<String> = gone.iter().map(|name| format!("{name}{mark}")).collect();
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let held: Vec<&str> =
            gone.iter().filter(|it| self.with(|host| host.packages.is_held(it))).copied().collect();
        self.proc.print(listed("The following held packages will be changed:", &held));
        self.proc.print(listed("The following packages will be REMOVED:", &shown));
        self.proc.print(format!(
            "0 upgraded, 0 newly installed, {} to remove and {} not upgraded.\n",
            gone.len(),
            self.upgradable().len()
        ));
        if gone.is_empty() {
            return 0;
        }
        if let Some(refusal) = refusal(options, &held, &[]) {
            self.proc.eprint(refusal);
            return FAILURE;
        }
        if !options.has('y') && !self.agrees().await {
            self.proc.print("Abort.\n");
            return 1;
        }
        self.proc.print(DATABASE);
        for name in gone {
            let version = self.installed(name).unwrap_or_default();
            self.proc.print(format!("Removing {name} ({version}) ...\n"));
            self.proc.sleep(Duration::from_millis(500)).await;
            if purge {
                self.proc.print(format!("Purging configuration files for {name} ({version}) ...\n"));
            }
            self.with_mut(|host, now| host.remove_package(name, purge, now));
        }
        0
    }
}

/// Why `-y` alone is not enough for a change.
fn refusal(options: &Options, held: &[&str], down: &[&str]) -> Option<&'static str> {
    if !options.has('y') {
        return None;
    }
    if !held.is_empty() && !options.has('H') {
        return Some("E: Held packages were changed and -y was used without --allow-change-held-packages.\n");
    }
    if !down.is_empty() && !options.has('D') {
        return Some("E: Packages were downgraded and -y was used without --allow-downgrades.\n");
    }
    None
}
