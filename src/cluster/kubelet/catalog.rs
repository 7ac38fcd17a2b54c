//! What the simulated registries have: `assets/images.toml` as types, found by image reference.
//!
//! Every registry of the outside world is this table; a name that is not in it does not exist.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;

use crate::hosts::FileTree;
use crate::sim::SimTime;

const TEXT: &str = include_str!("../../../assets/images.toml");

/// 90 days before worlds begin: when the files of images were made.
const FILES_AGE: Duration = Duration::from_secs(90 * 24 * 3600);

#[derive(Deserialize)]
struct RawCatalog {
    image: Vec<RawImage>,
    base: BTreeMap<String, Base>,
}

#[derive(Deserialize)]
#[serde(default)]
struct RawImage {
    repo: String,
    alias_of: String,
    tags: String,
    base: String,
    size_mb: u64,
    start_ms: u64,
    #[serde(flatten)]
    config: Config,
}

impl Default for RawImage {
    fn default() -> Self {
        Self {
            repo: String::new(),
            alias_of: String::new(),
            tags: String::new(),
            base: "scratch".into(),
            size_mb: 10,
            start_ms: 100,
            config: Config::default(),
        }
    }
}

/// What an image says about itself, and how its main program behaves.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) entrypoint: Vec<String>,
    pub(crate) cmd: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) user: u32,
    pub(crate) workdir: String,
    pub(crate) main: String,
    pub(crate) service: String,
    pub(crate) ports: Vec<String>,
    pub(crate) programs: Vec<String>,
    /// MiB, when idle.
    pub(crate) memory_mb: u64,
    /// Thousandths of a CPU, when idle.
    pub(crate) cpu_m: u64,
    /// Microseconds of CPU that an answer costs; 0 for the usual.
    pub(crate) request_us: u64,
    pub(crate) log: Vec<String>,
    pub(crate) needs_env: Vec<String>,
    pub(crate) needs_log: Vec<String>,
    /// The body that services with a fixed answer send.
    pub(crate) answer: String,
    pub(crate) files: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
struct Base {
    shells: Vec<String>,
    #[serde(default)]
    programs: Vec<String>,
    directory: String,
    /// Folders besides those that every image has.
    #[serde(default)]
    folders: Vec<String>,
    #[serde(default)]
    busybox: bool,
}

/// One repository of the catalogue.
#[derive(Debug)]
pub(crate) struct Image {
    /// With registry: `docker.io/library/nginx`.
    pub(crate) repository: String,
    tags: Option<Regex>,
    base_name: String,
    base: Base,
    /// Bytes.
    pub(crate) size: u64,
    pub(crate) start_delay: Duration,
    pub(crate) config: Config,
    files: OnceLock<FileTree>,
}

/// A parsed image name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// `docker.io`.
    pub(crate) registry: String,
    /// `docker.io/library/nginx`.
    pub(crate) repository: String,
    /// `1.27`; `latest` when none was written; empty beside a digest.
    pub(crate) tag: String,
    /// `sha256:…`; empty when none was written.
    pub(crate) digest: String,
}

/// Why an image cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Tag,
    Repository,
    Registry,
}

/// All repositories, in the order of the file.
pub(crate) fn all() -> &'static [Image] {
    static ALL: OnceLock<Vec<Image>> = OnceLock::new();
    ALL.get_or_init(|| load(TEXT).unwrap_or_default())
}

fn load(text: &str) -> Result<Vec<Image>, toml::de::Error> {
    let raw: RawCatalog = toml::from_str(text)?;
    let find = |repo: &str| raw.image.iter().find(|it| it.repo == repo);
    let image = |it: &RawImage| {
        let own = if it.alias_of.is_empty() { it } else { find(&it.alias_of).unwrap_or(it) };
        Image {
            repository: with_registry(&it.repo),
            tags: Regex::new(&format!("^(?:{})$", own.tags)).ok(),
            base_name: own.base.clone(),
            base: raw.base.get(&own.base).cloned().unwrap_or(Base {
                folders: Vec::new(),
                shells: Vec::new(),
                programs: Vec::new(),
                directory: "/bin".into(),
                busybox: false,
            }),
            size: own.size_mb * 1_000_000 + 318_271 + own.repo.len() as u64 * 1_013,
            start_delay: Duration::from_millis(own.start_ms),
            config: own.config.clone(),
            files: OnceLock::new(),
        }
    };
    Ok(raw.image.iter().map(image).collect())
}

fn with_registry(repo: &str) -> String {
    match repo.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => repo.to_owned(),
        Some(_) => format!("docker.io/{repo}"),
        None => format!("docker.io/library/{repo}"),
    }
}

/// Reads an image name.
///
/// # Errors
/// The sentence of `distribution/reference`.
pub(crate) fn parse(image: &str) -> Result<Reference, String> {
    static NAME: OnceLock<Option<Regex>> = OnceLock::new();
    const PATTERN: &str = r"^((?:[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@([a-z0-9]+:[0-9a-fA-F]{32,}))?$";
    let pattern = NAME.get_or_init(|| Regex::new(PATTERN).ok());
    let Some(found) = pattern.as_ref().and_then(|it| it.captures(image)) else {
        let name = image.split([':', '@']).next().unwrap_or("");
        if name.chars().any(|c| c.is_ascii_uppercase()) && parse(&image.to_lowercase()).is_ok() {
            let library = if name.contains('/') { "" } else { "library/" };
            return Err(format!(
                "invalid reference format: repository name ({library}{name}) must be lowercase"
            ));
        }
        return Err("invalid reference format".to_owned());
    };
    let part = |at: usize| found.get(at).map_or("", |it| it.as_str()).to_owned();
    let repository = with_registry(&part(1));
    let registry = repository.split('/').next().unwrap_or("").to_owned();
    let (tag, digest) = (part(2), part(3));
    let tag = if tag.is_empty() && digest.is_empty() { "latest".to_owned() } else { tag };
    Ok(Reference { registry, repository, tag, digest })
}

impl Reference {
    /// `docker.io/library/nginx:1.27`.
    pub(crate) fn full(&self) -> String {
        let tag = if self.tag.is_empty() { String::new() } else { format!(":{}", self.tag) };
        let digest = if self.digest.is_empty() { String::new() } else { format!("@{}", self.digest) };
        format!("{}{tag}{digest}", self.repository)
    }
}

/// What a registry answers to a pull.
pub(crate) fn find(reference: &Reference) -> Result<&'static Image, Missing> {
    let image = all().iter().find(|it| it.repository == reference.repository);
    match image {
        Some(image) if reference.tag.is_empty() || image.has_tag(&reference.tag) => Ok(image),
        Some(_) => Err(Missing::Tag),
        None => {
            let known = all().iter().any(|it| it.repository.starts_with(&format!("{}/", reference.registry)));
            Err(if known { Missing::Repository } else { Missing::Registry })
        }
    }
}

/// The image of a container, whatever was written.
pub(crate) fn of_name(image: &str) -> Option<&'static Image> {
    find(&parse(image).ok()?).ok()
}

impl Image {
    fn has_tag(&self, tag: &str) -> bool {
        self.tags.as_ref().is_some_and(|it| it.is_match(tag))
    }

    /// The files of a fresh container.
    pub(crate) fn files(&self) -> FileTree {
        self.files.get_or_init(|| self.build()).clone()
    }

    /// Entrypoint and command as a container runs them when its spec says nothing.
    pub(crate) fn argv(&self, command: &[String], args: &[String]) -> Vec<String> {
        let words = match (command, args) {
            ([], []) => [self.config.entrypoint.as_slice(), self.config.cmd.as_slice()],
            ([], args) => [self.config.entrypoint.as_slice(), args],
            (command, args) => [command, args],
        };
        words.concat()
    }

    fn build(&self) -> FileTree {
        let made = SimTime::START - FILES_AGE;
        let mut tree = FileTree::default();
        let common = ["/tmp", "/var/log", "/var/run", "/root", "/home", "/proc", "/sys", "/dev", "/etc"];
        for path in common.into_iter().chain(self.base.folders.iter().map(String::as_str)) {
            let _ = tree.mkdir_all(path, if path == "/tmp" { 0o1777 } else { 0o755 }, made);
        }
        self.install_system(&mut tree, made);
        self.install_programs(&mut tree, made);
        for (path, text) in &self.config.files {
            let runs = path.ends_with(".sh") || text.starts_with("\u{7f}ELF");
            let mode = if runs { 0o755 } else { 0o644 };
            let text = text.strip_prefix('\n').unwrap_or(text);
            let _ = tree.install(path, text.as_bytes(), mode, made);
        }
        if self.config.service == "nginx" {
            let _ = tree.mkdir_all("/var/log/nginx", 0o755, made);
            let _ = tree.symlink("/dev/stdout", "/var/log/nginx/access.log", made);
            let _ = tree.symlink("/dev/stderr", "/var/log/nginx/error.log", made);
        }
        tree
    }

    fn install_system(&self, tree: &mut FileTree, made: SimTime) {
        let _ = tree.mkdir_all(&self.base.directory, 0o755, made);
        if self.base_name == "debian" {
            for (link, target) in
                [("/bin", "usr/bin"), ("/sbin", "usr/sbin"), ("/lib", "usr/lib"), ("/lib64", "usr/lib64")]
            {
                let _ = tree.mkdir_all(&format!("/{target}"), 0o755, made);
                let _ = tree.symlink(target, link, made);
            }
        }
        if self.base_name == "scratch" {
            return;
        }
        let shell = if self.base_name == "debian" { "/bin/bash" } else { "/bin/sh" };
        let users = format!("root:x:0:0:root:/root:{shell}\nnobody:x:65534:65534:nobody:/home:/bin/false\n");
        let release = match self.base_name.as_str() {
            "debian" => {
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nID=debian\n"
            }
            "alpine" => {
                "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.22.2\nPRETTY_NAME=\"Alpine Linux v3.22\"\n"
            }
            _ => "",
        };
        let groups = "root:x:0:\nnogroup:x:65534:\n";
        for (path, text) in
            [("/etc/passwd", users.as_str()), ("/etc/group", groups), ("/etc/os-release", release)]
        {
            if !text.is_empty() {
                let _ = tree.install(path, text.as_bytes(), 0o644, made);
            }
        }
    }

    fn install_programs(&self, tree: &mut FileTree, made: SimTime) {
        // What a program is made of does not matter: running it is simulated.
        const BINARY: &[u8] = b"\x7fELF\x02\x01\x01";
        let directory = &self.base.directory;
        let busybox = format!("{directory}/busybox");
        if self.base.busybox {
            let _ = tree.install(&busybox, BINARY, 0o755, made);
        }
        for name in self.base.shells.iter().chain(&self.base.programs) {
            let path = format!("{directory}/{name}");
            if self.base.busybox {
                let _ = tree.symlink(&busybox, &path, made);
            } else {
                let _ = tree.install(&path, BINARY, 0o755, made);
            }
        }
        // Entry points given by path stand there; others where `$PATH` finds them.
        let words = self.config.entrypoint.iter().chain(self.config.cmd.first());
        for word in words.filter(|it| it.starts_with(['/', '.'])) {
            let _ = tree.install(&crate::hosts::files::clean("/", word), BINARY, 0o755, made);
        }
        let own = self.config.programs.iter().chain(self.config.entrypoint.first());
        let own = own.chain(Some(&self.config.main)).filter(|it| !it.is_empty() && !it.contains('/'));
        for name in own {
            let path = format!("/usr/local/bin/{name}");
            let placed = [directory.as_str(), "/", "/usr/bin"]
                .iter()
                .any(|at| tree.exists(&format!("{}/{name}", at.trim_end_matches('/'))));
            if !placed {
                let _ = tree.install(&path, BINARY, 0o755, made);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(image: &str, want: Result<&str, Missing>) {
        let found = find(&parse(image).unwrap()).map(|it| it.repository.clone());
        assert_eq!(found, want.map(str::to_owned), "{image}");
    }

    #[test]
    fn the_whole_file_loads() {
        assert!(load(TEXT).is_ok(), "{:?}", load(TEXT).err());
        for image in all() {
            assert!(image.tags.is_some(), "{}: tags", image.repository);
            assert!(image.files().exists("/tmp"), "{}", image.repository);
        }
    }

    #[test]
    fn tags_and_repositories_exist_or_not() {
        check("nginx", Ok("docker.io/library/nginx"));
        check("nginx:1.27", Ok("docker.io/library/nginx"));
        check("docker.io/library/busybox:1.28", Ok("docker.io/library/busybox"));
        check("registry.k8s.io/coredns/coredns:v1.14.2", Ok("registry.k8s.io/coredns/coredns"));
        check("nginx:1.999", Err(Missing::Tag));
        check("nginxx", Err(Missing::Repository));
        check("registry.example.com/app:1", Err(Missing::Registry));
    }

    #[test]
    fn names_that_are_none_are_refused() {
        assert_eq!(parse("nginx:").unwrap_err(), "invalid reference format");
        assert_eq!(
            parse("NGINX").unwrap_err(),
            "invalid reference format: repository name (library/NGINX) must be lowercase"
        );
    }

    #[test]
    fn programs_stand_where_the_path_finds_them() {
        let nginx = of_name("nginx").unwrap().files();
        assert!(
            nginx.exists("/bin/bash") && nginx.exists("/usr/bin/curl") || nginx.exists("/usr/local/bin/curl")
        );
        assert!(of_name("busybox").unwrap().files().exists("/bin/wget"));
        assert!(!of_name("registry.k8s.io/pause:3.10").unwrap().files().exists("/bin/sh"));
    }
}
