//! The package archives outside of the lab: which repositories there are, what they offer, and who
//! signs them. Data in `assets/packages/archive.toml`.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde::Deserialize;

use super::Content;

/// A package in one version, as a repository offers it or a `.deb` file holds it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Release {
    pub(crate) name: String,
    /// `1.36.2-1.1`.
    pub(crate) version: String,
    pub(crate) section: String,
    pub(crate) summary: String,
    pub(crate) depends: Vec<String>,
    /// Kilobytes (1000 bytes) of the `.deb` file, and what it takes once unpacked.
    pub(crate) size_kb: u64,
    pub(crate) installed_kb: u64,
    pub(crate) files: Vec<Content>,
    /// Units that the package brings.
    pub(crate) units: Vec<String>,
    /// True when its units are enabled and started by the installation.
    pub(crate) starts: bool,
    /// Removing it would break the machine.
    pub(crate) essential: bool,
}

/// A repository.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Repository {
    /// As a source names it, without a slash at the end.
    pub(crate) uri: String,
    /// `/` for a flat repository, else `noble` and the like.
    pub(crate) suite: String,
    /// What apt prints behind the URI: `noble InRelease` lacks the last word here.
    pub(crate) shown: String,
    /// Where downloads come from.
    pub(crate) served_from: String,
    /// Who signs it: a row of [`KEYS`].
    pub(crate) key: &'static str,
    /// What apt calls its origin.
    pub(crate) origin: String,
    pub(crate) releases: Vec<Release>,
}

/// A signing key of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) owner: &'static str,
    /// The 16 hex digits that `NO_PUBKEY` shows.
    pub(crate) id: &'static str,
    /// Where it is published; empty when machines have it from the start.
    pub(crate) url: &'static str,
}

/// Every key. The one of Kubernetes is published below each of its repositories.
pub(crate) const KEYS: &[Key] = &[
    Key { owner: "isv:kubernetes", id: "234654DA9A296436", url: "https://pkgs.k8s.io/" },
    Key { owner: "docker", id: "7EA0A9C3F273FCD8", url: "https://download.docker.com/linux/ubuntu/gpg" },
    Key { owner: "ubuntu", id: "871920D1991BC93C", url: "" },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawArchive {
    kubernetes: Vec<RawMinor>,
    package: Vec<RawPackage>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMinor {
    minor: String,
    patches: Vec<u32>,
    cri_tools: String,
    cni: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPackage {
    name: String,
    archive: String,
    #[serde(default)]
    versions: Vec<String>,
    summary: String,
    section: String,
    size: u64,
    installed: u64,
    #[serde(default)]
    depends: Vec<String>,
    #[serde(default)]
    programs: Vec<String>,
    #[serde(default)]
    plugins: Vec<String>,
    #[serde(default)]
    units: Vec<String>,
    #[serde(default)]
    starts: bool,
    #[serde(default)]
    essential: bool,
    #[serde(default)]
    file: Vec<RawFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    path: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    program: bool,
}

impl RawPackage {
    fn release(&self, version: &str) -> Release {
        let mut files: Vec<Content> =
            self.programs.iter().map(|name| Content::program(&format!("/usr/bin/{name}"))).collect();
        files.extend(self.plugins.iter().map(|name| Content::program(&format!("/opt/cni/bin/{name}"))));
        files.extend(self.file.iter().map(|file| {
            let text = Content { path: file.path.clone(), text: Some(file.text.clone()), mode: 0o644 };
            if file.program { Content::program(&file.path) } else { text }
        }));
        Release {
            name: self.name.clone(),
            version: version.to_owned(),
            section: self.section.clone(),
            summary: self.summary.clone(),
            depends: self.depends.clone(),
            size_kb: self.size,
            installed_kb: self.installed,
            files,
            units: self.units.clone(),
            starts: self.starts,
            essential: self.essential,
        }
    }
}

/// Every repository that machines of the lab can reach.
pub(crate) fn repositories() -> &'static [Repository] {
    static ALL: OnceLock<Vec<Repository>> = OnceLock::new();
    ALL.get_or_init(|| build(&parse(include_str!("../../../assets/packages/archive.toml"))))
}

fn parse(text: &str) -> RawArchive {
    match toml::from_str(text) {
        Ok(archive) => archive,
        Err(error) => unreachable!("the package archive of ours does not parse: {error}"),
    }
}

fn build(raw: &RawArchive) -> Vec<Repository> {
    let mut all: Vec<Repository> = raw.kubernetes.iter().map(|minor| of_minor(raw, minor)).collect();
    let of = |archive: &str| -> Vec<Release> {
        let packages = raw.package.iter().filter(|it| it.archive == archive);
        packages.flat_map(|it| it.versions.iter().map(|version| it.release(version))).collect()
    };
    all.push(classic(
        "https://download.docker.com/linux/ubuntu",
        "noble",
        "docker",
        "Docker:noble",
        of("docker"),
    ));
    let ubuntu = "http://archive.ubuntu.com/ubuntu";
    all.push(classic(ubuntu, "noble", "ubuntu", "Ubuntu:24.04/noble", of("ubuntu")));
    all.push(classic(ubuntu, "noble-updates", "ubuntu", "Ubuntu:24.04/noble-updates", Vec::new()));
    let security = "http://security.ubuntu.com/ubuntu";
    all.push(classic(security, "noble-security", "ubuntu", "Ubuntu:24.04/noble-security", Vec::new()));
    all
}

fn classic(uri: &str, suite: &str, key: &'static str, origin: &str, releases: Vec<Release>) -> Repository {
    Repository {
        uri: uri.to_owned(),
        suite: suite.to_owned(),
        shown: format!("{uri} {suite}"),
        served_from: format!("{uri} {suite}"),
        key,
        origin: origin.to_owned(),
        releases,
    }
}

fn of_minor(raw: &RawArchive, minor: &RawMinor) -> Repository {
    let mut releases = Vec::new();
    for package in raw.package.iter().filter(|it| it.archive == "kubernetes") {
        match package.name.as_str() {
            "cri-tools" => releases.push(package.release(&minor.cri_tools)),
            "kubernetes-cni" => releases.push(package.release(&minor.cni)),
            _ => releases.extend(
                minor.patches.iter().map(|patch| package.release(&format!("{}.{patch}-1.1", minor.minor))),
            ),
        }
    }
    let path = format!("core:/stable:/v{}/deb", minor.minor);
    Repository {
        uri: format!("https://pkgs.k8s.io/{path}"),
        suite: "/".into(),
        shown: format!("https://pkgs.k8s.io/{path} "),
        served_from: format!("https://prod-cdn.packages.k8s.io/repositories/isv:/kubernetes:/{path} "),
        key: "isv:kubernetes",
        origin: format!("isv:kubernetes:core:stable:v{}:pkgs.k8s.io", minor.minor),
        releases,
    }
}

/// The repository of a URI and suite.
pub(crate) fn repository(uri: &str, suite: &str) -> Option<&'static Repository> {
    repositories().iter().find(|it| it.uri == uri && it.suite == suite)
}

/// A version of a package, wherever it is offered; the last one that `wanted` fits.
pub(crate) fn find(name: &str, wanted: &str) -> Option<&'static Release> {
    let all = repositories().iter().flat_map(|it| &it.releases);
    let fitting = all.filter(|it| it.name == name && super::version::matches(&it.version, wanted));
    fitting.max_by(|a, b| super::version::compare(&a.version, &b.version))
}

/// Names of the programs that packages bring: a machine has them when their files stand there.
pub(crate) fn packaged_programs() -> &'static BTreeSet<String> {
    static ALL: OnceLock<BTreeSet<String>> = OnceLock::new();
    ALL.get_or_init(|| {
        let files = repositories().iter().flat_map(|it| &it.releases).flat_map(|it| &it.files);
        let programs = files.filter(|it| it.text.is_none());
        programs.map(|it| super::super::files::base_name(&it.path).to_owned()).collect()
    })
}

/// What a key's armoured file holds, decoded.
fn key_bytes(key: &Key) -> Vec<u8> {
    format!("\u{99}\u{1}pgp public key {} {}\n", key.id, key.owner).into_bytes()
}

/// A public key as it is published: ASCII armour. Source: RFC 9580, section 6.2.
pub(crate) fn armoured_key(key: &Key) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(key_bytes(key));
    let lines: Vec<String> =
        body.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!(
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: GnuPG v2.0.15 (GNU/Linux)\n\n{}\n-----END PGP PUBLIC KEY BLOCK-----\n",
        lines.join("\n")
    )
}

/// The bytes inside ASCII armour; `None` when there is none.
pub(crate) fn dearmoured(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    let block = text.split_once("-----BEGIN PGP ")?.1.split_once("-----\n")?.1;
    let block = block.split_once("-----END PGP ")?.0;
    let body = block.split_once("\n\n").map_or(block, |(_, body)| body);
    let data: String = body.lines().filter(|line| !line.starts_with('=')).collect();
    base64::engine::general_purpose::STANDARD.decode(data.trim()).ok()
}

/// True when a keyring (binary or armoured) holds the key of `owner`.
pub(crate) fn keyring_has(keyring: &[u8], owner: &str) -> bool {
    let Some(key) = KEYS.iter().find(|it| it.owner == owner) else { return false };
    let wanted = key_bytes(key);
    let opened = std::str::from_utf8(keyring).ok().and_then(dearmoured);
    let holds = |bytes: &[u8]| bytes.windows(wanted.len()).any(|part| part == wanted.as_slice());
    holds(keyring) || opened.is_some_and(|bytes| holds(&bytes))
}

/// A key as machines have it in a keyring.
pub(crate) fn keyring(owner: &str) -> Vec<u8> {
    KEYS.iter().find(|it| it.owner == owner).map(key_bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_minor_has_its_own_repository() {
        let of = |minor: &str| repository(&format!("https://pkgs.k8s.io/core:/stable:/v{minor}/deb"), "/");
        let names = |minor| -> Vec<String> {
            let all = of(minor).map(|it| it.releases.clone()).unwrap_or_default();
            all.into_iter().filter(|it| it.name == "kubeadm").map(|it| it.version).collect()
        };
        assert_eq!(names("1.36"), ["1.36.0-1.1", "1.36.1-1.1", "1.36.2-1.1"]);
        assert!(names("1.35").contains(&"1.35.4-1.1".to_owned()));
        assert!(of("1.99").is_none());
    }

    #[test]
    fn a_key_survives_dearmouring() {
        let armoured = armoured_key(&KEYS[0]);
        assert_eq!(dearmoured(&armoured), Some(keyring("isv:kubernetes")));
        assert!(keyring_has(armoured.as_bytes(), "isv:kubernetes"));
        assert!(!keyring_has(b"nonsense", "isv:kubernetes"));
    }
}
