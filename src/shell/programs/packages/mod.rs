//! Package programs: `apt`, `apt-get`, `apt-cache`, `apt-mark`, `dpkg`, `dpkg-query`, `gpg`.
//!
//! What they say is worded here; what a package is and does is `hosts::packages`.

mod apt;
mod cache;
mod dpkg;
mod gpg;
mod install;
mod mark;
mod plan;
mod update;

use crate::cluster::Place;
use crate::hosts::Host;
use crate::hosts::packages::archive::{self, Release, Repository};
use crate::hosts::packages::{sources, version};
use crate::shell::Proc;
use crate::sim::SimTime;

pub(crate) use apt::{APT, APT_GET};
pub(crate) use cache::APT_CACHE;
pub(crate) use dpkg::{DPKG, DPKG_QUERY};
pub(crate) use gpg::GPG;
pub(crate) use mark::APT_MARK;

/// What `apt` programs fail with.
const FAILURE: i32 = 100;

/// The remark of `apt` when its output is read by a program.
const UNSTABLE: &str =
    "\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n";

/// The machine that a package program works on.
struct Machine<'a> {
    proc: &'a Proc,
    host: String,
}

impl<'a> Machine<'a> {
    /// `None`, and a word about it, in a container.
    fn of(proc: &'a Proc) -> Option<Self> {
        match &proc.place {
            Place::Host(host) => Some(Self { proc, host: host.clone() }),
            Place::Container { .. } => {
                proc.eprint("uncordon: packages in a container are not simulated yet\n");
                None
            }
        }
    }

    fn with<T: Default>(&self, read: impl FnOnce(&Host) -> T) -> T {
        self.proc.world().hosts.get(&self.host).map(read).unwrap_or_default()
    }

    fn with_mut<T: Default>(&self, change: impl FnOnce(&mut Host, SimTime) -> T) -> T {
        let mut world = self.proc.world();
        let now = world.now;
        world.hosts.get_mut(&self.host).map(|host| change(host, now)).unwrap_or_default()
    }

    /// Refuses anybody but root, as programs that take dpkg's lock do.
    fn lacks_lock(&self) -> bool {
        if self.proc.user == "root" {
            return false;
        }
        self.proc.eprint(
            "E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)\n\
             E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?\n",
        );
        true
    }

    /// Every version that fetched lists of configured repositories offer.
    fn offers(&self) -> Vec<Offer> {
        self.with(|host| {
            let named = sources::all(&host.files).unwrap_or_default();
            let fetched = named
                .into_iter()
                .filter(|it| host.packages.lists.contains(&(it.uri.clone(), it.suite.clone())));
            let repositories = fetched.filter_map(|it| archive::repository(&it.uri, &it.suite));
            repositories
                .flat_map(|repository| {
                    repository.releases.iter().map(|release| Offer { repository, release })
                })
                .collect()
        })
    }

    /// Versions of one package, the newest first.
    fn offers_of(&self, name: &str) -> Vec<Offer> {
        let mut found: Vec<Offer> = self.offers().into_iter().filter(|it| it.release.name == name).collect();
        found.sort_by(|a, b| version::compare(&b.release.version, &a.release.version));
        found
    }

    fn installed(&self, name: &str) -> Option<String> {
        self.with(|host| host.packages.version(name).map(str::to_owned))
    }
}

/// A version with the repository that offers it.
#[derive(Clone, Copy)]
struct Offer {
    repository: &'static Repository,
    release: &'static Release,
}

impl Offer {
    /// As `apt-cache` names the list that it is from.
    fn list(&self) -> String {
        match self.repository.suite.as_str() {
            "/" => format!("{} Packages", self.repository.shown),
            _ => format!("{}/main amd64 Packages", self.repository.shown),
        }
    }
}

/// `12.9 MB`, as apt writes sizes that are given in kB.
fn size(kb: u64) -> String {
    match kb {
        0..10_000 => format!("{} kB", grouped(kb)),
        10_000..100_000 => format!("{}.{} MB", kb / 1000, kb % 1000 / 100),
        _ => format!("{} MB", kb / 1000),
    }
}

/// `1,016`.
fn grouped(number: u64) -> String {
    if number < 1000 { number.to_string() } else { format!("{},{:03}", number / 1000, number % 1000) }
}
