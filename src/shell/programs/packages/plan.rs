//! What an `apt-get install` would change: chosen versions, dependencies, holds.

use super::{Machine, Offer};
use crate::hosts::packages::archive::Release;
use crate::hosts::packages::{deb, version};

/// What is to be done.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) steps: Vec<Step>,
    /// Lines about packages that stay as they are.
    pub(super) notes: String,
    /// Versions that were chosen by pattern.
    pub(super) selected: String,
}

/// One package to lay down.
pub(super) struct Step {
    pub(super) release: Release,
    /// The version that is there.
    pub(super) before: Option<String>,
    pub(super) held: bool,
    /// True when nobody named it: another one depends on it.
    pub(super) is_dependency: bool,
    /// Where it is downloaded from; empty for a file.
    pub(super) from: String,
}

impl Step {
    pub(super) fn is_downgrade(&self) -> bool {
        let older = |before: &String| version::compare(&self.release.version, before).is_lt();
        self.before.as_ref().is_some_and(older)
    }
}

impl Machine<'_> {
    /// Plans an installation of packages by name, `name=version`, or file.
    ///
    /// # Errors
    /// What apt prints when it cannot.
    pub(super) fn plan(&self, names: &[String], reinstall: bool) -> Result<Plan, String> {
        let mut plan = Plan::default();
        for name in names {
            if name.ends_with(".deb") || name.contains('/') {
                let release = self.file(name)?;
                self.add(&mut plan, &release, String::new(), false, true)?;
                continue;
            }
            let (name, wanted) = match name.split_once('=') {
                Some((name, wanted)) => (name, Some(wanted)),
                None => (name.as_str(), None),
            };
            let offer = self.choose(name, wanted, &mut plan)?;
            if let Some(offer) = offer {
                let from = offer.repository.served_from.clone();
                self.add(&mut plan, offer.release, from, false, reinstall)?;
            }
        }
        Ok(plan)
    }

    fn choose(&self, name: &str, wanted: Option<&str>, plan: &mut Plan) -> Result<Option<Offer>, String> {
        let offers = self.offers_of(name);
        let installed = self.installed(name);
        if offers.is_empty() && installed.is_none() {
            return Err(format!("E: Unable to locate package {name}\n"));
        }
        let Some(wanted) = wanted else {
            let newest = offers.into_iter().next();
            let older = |it: &Offer| {
                installed.as_ref().is_some_and(|own| version::compare(&it.release.version, own).is_lt())
            };
            let newest = newest.filter(|it| !older(it));
            if newest.is_none() {
                let own = installed.unwrap_or_default();
                plan.notes.push_str(&format!("{name} is already the newest version ({own}).\n"));
            }
            return Ok(newest);
        };
        let found = offers.into_iter().find(|it| version::matches(&it.release.version, wanted));
        let Some(offer) = found else {
            if installed.as_deref().is_some_and(|own| version::matches(own, wanted)) {
                let own = installed.unwrap_or_default();
                plan.notes.push_str(&format!("{name} is already the newest version ({own}).\n"));
                return Ok(None);
            }
            return Err(format!("E: Version '{wanted}' for '{name}' was not found\n"));
        };
        if wanted.contains('*') {
            let (version, origin) = (&offer.release.version, &offer.repository.origin);
            plan.selected
                .push_str(&format!("Selected version '{version}' ({origin} [amd64]) for '{name}'\n"));
        }
        Ok(Some(offer))
    }

    fn file(&self, name: &str) -> Result<Release, String> {
        let bytes = self.proc.disk().read(&self.proc.path(name));
        let bytes = bytes.map_err(|_| format!("E: Unsupported file {name} given on commandline\n"))?;
        let found = std::str::from_utf8(&bytes).ok().and_then(deb::parse);
        found.ok_or_else(|| {
            format!("E: Invalid archive signature\nE: Internal error, could not locate member control.tar{{.zst,.lz4,.gz,.xz,.bz2,.lzma,}}\nE: Could not read meta data from {name}\nE: The package lists or status file could not be parsed or opened.\n")
        })
    }

    fn add(
        &self,
        plan: &mut Plan,
        release: &Release,
        from: String,
        is_dependency: bool,
        reinstall: bool,
    ) -> Result<(), String> {
        let before = self.installed(&release.name);
        if before.as_deref() == Some(release.version.as_str()) && !reinstall {
            let text = format!("{} is already the newest version ({}).\n", release.name, release.version);
            plan.notes.push_str(&text);
            return Ok(());
        }
        if plan.steps.iter().any(|step| step.release.name == release.name) {
            return Ok(());
        }
        for name in &release.depends {
            let planned = plan.steps.iter().any(|step| step.release.name == *name);
            if planned || self.installed(name).is_some() {
                continue;
            }
            let Some(offer) = self.offers_of(name).into_iter().next() else {
                return Err(format!(
                    "The following packages have unmet dependencies:\n {} : Depends: {name} but it is not installable\n\
                     E: Unable to correct problems, you have held broken packages.\n",
                    release.name
                ));
            };
            self.add(plan, offer.release, offer.repository.served_from.clone(), true, false)?;
        }
        let held = self.with(|host| host.packages.is_held(&release.name));
        plan.steps.push(Step { release: release.clone(), before, held, is_dependency, from });
        Ok(())
    }

    /// Packages with a newer version than the installed one, with that version.
    pub(super) fn upgradable(&self) -> Vec<Offer> {
        let names: Vec<String> = self.with(|host| host.packages.installed.keys().cloned().collect());
        let newer = |name: &String| {
            let own = self.installed(name)?;
            let newest = self.offers_of(name).into_iter().next()?;
            version::compare(&newest.release.version, &own).is_gt().then_some(newest)
        };
        names.iter().filter_map(newer).collect()
    }
}
