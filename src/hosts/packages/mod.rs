//! Packages: what `dpkg` knows of a machine, what repositories offer, and how one becomes the other.
//!
//! Installing lays files down and makes units known; the programs in them say their version in their
//! own bytes ([`program_version`]), so whoever runs one has the version that is installed *now*, and a
//! process that started before keeps the one it was started with.
//!
//! Does not know Kubernetes beyond names in the archive's data, and never reaches for a network: who may
//! reach a repository is said elsewhere.

pub(crate) mod archive;
pub(crate) mod deb;
pub(crate) mod sources;
pub(crate) mod version;

use imbl::{OrdMap, OrdSet};

use self::archive::Release;
use super::{FileTree, Host};
use crate::sim::SimTime;

/// How the file of an installed program begins; its name and version follow.
pub(crate) const PROGRAM_MARK: &str = "\u{7f}ELF ";

/// Directories that programs are looked for in, in the order of `$PATH`.
pub(crate) const PROGRAM_DIRECTORIES: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// The packages of one machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packages {
    pub(crate) installed: OrdMap<String, Installed>,
    /// `apt-mark hold`: apt leaves these as they are.
    pub(crate) held: OrdSet<String>,
    /// URI and suite of every repository whose lists were fetched.
    pub(crate) lists: OrdSet<(String, String)>,
}

/// A package that dpkg knows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Installed {
    pub(crate) release: std::sync::Arc<Release>,
    /// True for one that was removed but whose configuration stayed (`rc`).
    pub(crate) only_configuration: bool,
}

/// A file in a package.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Content {
    pub(crate) path: String,
    /// `None` for a program, which is written with its own name and version.
    pub(crate) text: Option<String>,
    pub(crate) mode: u32,
}

impl Content {
    fn program(path: &str) -> Self {
        Self { path: path.to_owned(), text: None, mode: 0o755 }
    }

    fn is_configuration(&self) -> bool {
        self.path.starts_with("/etc/")
    }
}

/// What the file of a program holds: `version` is the upstream one, such as `1.36.2`.
pub(crate) fn program_bytes(name: &str, version: &str) -> Vec<u8> {
    format!("{PROGRAM_MARK}{name} {version}\n").into_bytes()
}

/// Name and version of the program in a file; `None` when it is no program of a package.
pub(crate) fn program_of(bytes: &[u8]) -> Option<(String, String)> {
    let rest = bytes.strip_prefix(PROGRAM_MARK.as_bytes())?;
    let text = std::str::from_utf8(rest).ok()?;
    let mut words = text.split_whitespace();
    let name = words.next()?.to_owned();
    Some((name, words.next().unwrap_or_default().trim_start_matches('v').to_owned()))
}

/// The version of the program that `$PATH` finds under a name, such as `1.36.2`.
pub(crate) fn program_version(files: &FileTree, name: &str) -> Option<String> {
    let found =
        PROGRAM_DIRECTORIES.iter().find_map(|directory| files.read(&format!("{directory}/{name}")).ok())?;
    program_of(&found).map(|(_, version)| version)
}

impl Packages {
    /// The installed version of a package.
    pub(crate) fn version(&self, name: &str) -> Option<&str> {
        let found = self.installed.get(name).filter(|it| !it.only_configuration);
        found.map(|it| it.release.version.as_str())
    }

    pub(crate) fn is_held(&self, name: &str) -> bool {
        self.held.contains(name)
    }

    /// The package that a file belongs to.
    pub(crate) fn owner(&self, path: &str) -> Option<&str> {
        let owns = |it: &Installed| it.release.files.iter().any(|file| file.path == path);
        self.installed.iter().find(|(_, it)| owns(it)).map(|(name, _)| name.as_str())
    }
}

impl Host {
    /// Lays a package down: its files, and its units as known. Configuration that stands there already
    /// stays. Units of one that starts them are enabled and started.
    pub(crate) fn install_package(&mut self, release: &Release, now: SimTime) {
        let before = self.packages.installed.get(&release.name).cloned();
        for file in before.iter().flat_map(|it| &it.release.files) {
            let kept = release.files.iter().any(|it| it.path == file.path) || file.is_configuration();
            if !kept {
                // What somebody else took away already needs no removal.
                let _ = self.files.remove(&file.path);
            }
        }
        for file in &release.files {
            if file.is_configuration() && self.files.exists(&file.path) {
                continue;
            }
            let name = super::files::base_name(&file.path);
            let bytes = match &file.text {
                Some(text) => text.trim_start_matches('\n').as_bytes().to_vec(),
                None => program_bytes(name, version::upstream(&release.version)),
            };
            let _ = self.files.install(&file.path, &bytes, file.mode, now);
        }
        let installed = Installed { release: release.clone().into(), only_configuration: false };
        self.packages.installed.insert(release.name.clone(), installed);
        let fresh = before.is_none_or(|it| it.only_configuration);
        for unit in release.units.iter().filter(|_| release.starts) {
            if fresh {
                let _ = self.enable_unit(unit, now);
                let _ = self.start_unit(unit, now);
            }
        }
    }

    /// Takes a package away; with `purge` its configuration too. False when it was not installed.
    pub(crate) fn remove_package(&mut self, name: &str, purge: bool, now: SimTime) -> bool {
        let Some(found) = self.packages.installed.get(name).cloned() else { return false };
        for unit in &found.release.units {
            let _ = self.stop_unit(unit, now);
            let _ = self.disable_unit(unit, now);
        }
        let mut keeps = false;
        for file in &found.release.files {
            if file.is_configuration() && !purge {
                keeps = true;
            } else {
                let _ = self.files.remove(&file.path);
            }
        }
        if keeps {
            let left = Installed { only_configuration: true, ..found };
            self.packages.installed.insert(name.to_owned(), left);
        } else {
            self.packages.installed.remove(name);
        }
        self.packages.held.remove(name);
        for unit in self.units.keys().cloned().collect::<Vec<_>>() {
            let gone = super::systemd::UnitFile::load(&self.files, &unit).is_none();
            if gone && self.units.get(&unit).is_some_and(|it| it.state == super::UnitState::Inactive) {
                self.units.remove(&unit);
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        let mut host = Host::new("node01", "172.30.2.2", SimTime::START);
        host.install_package(archive::find("kubelet", "1.35.4-*").unwrap(), SimTime::START);
        host
    }

    #[test]
    fn programs_say_the_version_that_is_installed() {
        let mut host = host();
        assert_eq!(program_version(&host.files, "kubelet").as_deref(), Some("1.35.4"));
        host.files.write("/etc/default/kubelet", b"KUBELET_EXTRA_ARGS=-v=4\n", SimTime::START).unwrap();
        host.install_package(archive::find("kubelet", "1.36.2-1.1").unwrap(), SimTime::START);
        assert_eq!(program_version(&host.files, "kubelet").as_deref(), Some("1.36.2"));
        assert_eq!(host.packages.version("kubelet"), Some("1.36.2-1.1"));
        let kept = host.files.read_text("/etc/default/kubelet").unwrap();
        assert_eq!(kept, "KUBELET_EXTRA_ARGS=-v=4\n");
    }

    #[test]
    fn removal_leaves_configuration_and_purging_does_not() {
        let mut host = host();
        assert!(host.remove_package("kubelet", false, SimTime::START));
        assert!(!host.files.exists("/usr/bin/kubelet"));
        assert!(host.files.exists("/etc/default/kubelet"));
        assert_eq!(host.packages.version("kubelet"), None);
        assert!(host.remove_package("kubelet", true, SimTime::START));
        assert!(!host.files.exists("/etc/default/kubelet"));
        assert!(!host.remove_package("kubelet", true, SimTime::START));
    }

    #[test]
    fn what_starts_by_itself_is_enabled_too() {
        let mut host = host();
        assert!(!host.unit_active("kubelet.service"));
        host.install_package(archive::find("nginx", "*").unwrap(), SimTime::START);
        assert!(host.unit_active("nginx.service"));
        assert!(host.files.lstat("/etc/systemd/system/multi-user.target.wants/nginx.service").is_ok());
    }
}
