//! The packages of a machine: what Ubuntu brings, what a node needs, and where apt gets them from.

use crate::hosts::packages::{archive, program_bytes, sources, version};
use crate::hosts::{Host, UnitState, kernel};
use crate::sim::SimTime;

/// Packages of every machine, in their newest version.
const UBUNTU: &[&str] = &[
    "systemd",
    "systemd-resolved",
    "openssh-server",
    "cron",
    "ca-certificates",
    "gpg",
    "vim",
    "nano",
    "bash-completion",
    "netcat-openbsd",
    "bind9-dnsutils",
    "bind9-host",
    "iputils-ping",
    "iptables",
    "nftables",
    "ufw",
    "tree",
    "htop",
    "tmux",
];

/// Packages of every machine but the one that sittings begin on.
const COMFORT: &[&str] =
    &["curl", "wget", "man-db", "jq", "net-tools", "socat", "conntrack", "nfs-common", "apt-transport-https"];

/// Packages of a node in the cluster's version, held as the documentation tells.
const NODE: &[&str] = &["kubeadm", "kubelet", "kubectl"];

/// Programs that nodes have without a package, with their versions, below `/usr/local/bin`.
const DOWNLOADED: &[(&str, &str)] = &[
    ("yq", "4.44.3"),
    ("etcdctl", "3.6.8"),
    ("etcdutl", "3.6.8"),
    ("helm", "4.0.4"),
    ("kustomize", "5.8.1"),
];

/// Names of the programs that only some machines have, beside those of packages.
pub(crate) fn downloaded() -> impl Iterator<Item = &'static str> {
    DOWNLOADED.iter().map(|(name, _)| *name)
}

/// Process numbers of what runs since the machine was started.
const PIDS: &[(&str, u32)] = &[
    ("systemd-journald.service", 312),
    ("systemd-resolved.service", 498),
    ("cron.service", 571),
    ("systemd-logind.service", 590),
    ("containerd.service", 612),
    ("ssh.service", 702),
    ("kubelet.service", 1067),
];

/// The system's own table of cron.
const CRONTAB: &str = "SHELL=/bin/sh\n\n\
    17 *\t* * *\troot\tcd / && run-parts --report /etc/cron.hourly\n\
    25 6\t* * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }\n\
    47 6\t* * 7\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.weekly; }\n\
    52 6\t1 * *\troot\ttest -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.monthly; }\n";

/// What Ubuntu has without anything of Kubernetes.
pub(super) fn ubuntu(host: &mut Host, now: SimTime) {
    let ubuntu = "Types: deb\nURIs: http://archive.ubuntu.com/ubuntu/\nSuites: noble noble-updates\n\
        Components: main restricted universe multiverse\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n\n\
        Types: deb\nURIs: http://security.ubuntu.com/ubuntu/\nSuites: noble-security\n\
        Components: main restricted universe multiverse\nSigned-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n";
    put(host, "/etc/apt/sources.list.d/ubuntu.sources", ubuntu.as_bytes(), now);
    put(
        host,
        "/etc/apt/sources.list",
        b"# Ubuntu sources have moved to /etc/apt/sources.list.d/ubuntu.sources\n",
        now,
    );
    put(host, "/usr/share/keyrings/ubuntu-archive-keyring.gpg", &archive::keyring("ubuntu"), now);
    let _ = host.files.mkdir_all("/etc/apt/keyrings", 0o755, now);
    for directory in ["cron.d", "cron.hourly", "cron.daily", "cron.weekly", "cron.monthly"] {
        let _ = host.files.mkdir_all(&format!("/etc/{directory}"), 0o755, now);
    }
    put(host, "/etc/crontab", CRONTAB.as_bytes(), now);
    for name in UBUNTU {
        install(host, name, "*", now);
    }
}

/// What a workplace has beyond that.
pub(super) fn comfort(host: &mut Host, now: SimTime) {
    for name in COMFORT {
        install(host, name, "*", now);
    }
    for (name, version) in DOWNLOADED {
        let path = format!("/usr/local/bin/{name}");
        let _ = host.files.install(&path, &program_bytes(name, version), 0o755, now);
    }
}

/// What a node of a cluster needs; `kubernetes` is `v1.36.2`, `runtime` is `containerd://2.1.4`.
pub(super) fn node(host: &mut Host, kubernetes: &str, runtime: &str, now: SimTime) {
    let kubernetes = kubernetes.trim_start_matches('v');
    let minor = kubernetes.rsplit_once('.').map_or(kubernetes, |(minor, _)| minor);
    let list = format!(
        "deb [signed-by=/etc/apt/keyrings/kubernetes-apt-keyring.gpg] https://pkgs.k8s.io/core:/stable:/v{minor}/deb/ /\n"
    );
    put(host, "/etc/apt/sources.list.d/kubernetes.list", list.as_bytes(), now);
    put(host, "/etc/apt/keyrings/kubernetes-apt-keyring.gpg", &archive::keyring("isv:kubernetes"), now);
    let docker = "deb [arch=amd64 signed-by=/etc/apt/keyrings/docker.asc] https://download.docker.com/linux/ubuntu noble stable\n";
    put(host, "/etc/apt/sources.list.d/docker.list", docker.as_bytes(), now);
    put(host, "/etc/apt/keyrings/docker.asc", &archive::keyring("docker"), now);
    let containerd = runtime.rsplit('/').next().unwrap_or_default();
    install(host, "containerd.io", &format!("{containerd}-*"), now);
    let repository = archive::repository(&format!("https://pkgs.k8s.io/core:/stable:/v{minor}/deb"), "/");
    for name in ["kubernetes-cni", "cri-tools"] {
        let offered = repository.into_iter().flat_map(|it| &it.releases).find(|it| it.name == name);
        if let Some(release) = offered {
            host.install_package(release, now);
        }
    }
    for name in NODE {
        install(host, name, &format!("{kubernetes}-*"), now);
        host.packages.held.insert((*name).to_owned());
    }
    let _ = host.enable_unit("kubelet.service", now);
}

/// The machine has been running for a while: lists are fetched, units are known and run under their own
/// process numbers, and nothing is in the journal of how they came to.
pub(super) fn settle(host: &mut Host, running: &[&str], now: SimTime) {
    let named = sources::all(&host.files).unwrap_or_default();
    host.packages.lists = named.into_iter().map(|it| (it.uri, it.suite)).collect();
    host.daemon_reload();
    kernel::boot(host, now);
    for (unit, pid) in PIDS {
        if running.contains(unit) && !host.unit_active(unit) {
            // Its file was laid down above, so it starts.
            let _ = host.start_unit(unit, now);
        }
        if host.unit_active(unit) {
            host.change_unit(unit, |it| {
                it.state = UnitState::Active;
                it.main_pid = *pid;
                it.since = now;
                it.starts.clear();
            });
        }
    }
    host.journal = imbl::Vector::new();
}

fn install(host: &mut Host, name: &str, wanted: &str, now: SimTime) {
    if let Some(release) = archive::find(name, wanted) {
        host.install_package(release, now);
    } else if let Some(newest) = archive::find(name, "*") {
        // A world older than the archive: the package as it was, in that version.
        let release = archive::Release { version: wanted.replace('*', "1"), ..newest.clone() };
        debug_assert!(!version::upstream(&release.version).is_empty(), "{name} {wanted}");
        host.install_package(&release, now);
    }
}

fn put(host: &mut Host, path: &str, bytes: &[u8], now: SimTime) {
    // The tree is new, so nothing can stand in the way.
    let _ = host.files.install(path, bytes, 0o644, now);
}
