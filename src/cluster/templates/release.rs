//! What kubeadm of a release deploys beside Kubernetes itself.
//!
//! Source: `cmd/kubeadm/app/constants` of each release branch.

/// Image tags that go with one minor release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) minor: u32,
    pub(crate) etcd: &'static str,
    pub(crate) coredns: &'static str,
    pub(crate) pause: &'static str,
}

/// Known releases, the newest first; the assets are those of the first.
pub(crate) const RELEASES: &[Release] = &[
    Release { minor: 36, etcd: "3.6.8-0", coredns: "v1.14.2", pause: "3.10.2" },
    Release { minor: 35, etcd: "3.6.6-0", coredns: "v1.13.1", pause: "3.10.1" },
];

/// The version that the recorded files name.
const RECORDED: &str = "v1.36.2";

/// The release that a version such as `v1.35.4` belongs to; the newest for one that is not known.
pub(crate) fn of(version: &str) -> Release {
    let minor = version.split('.').nth(1).and_then(|it| it.parse().ok());
    let found = RELEASES.iter().find(|it| Some(it.minor) == minor);
    found.or(RELEASES.first()).copied().unwrap_or(Release { minor: 36, etcd: "", coredns: "", pause: "" })
}

/// A recorded file as another version has it.
pub(crate) fn text(recorded: &str, version: &str) -> String {
    let (new, old) = (of(version), of(RECORDED));
    recorded
        .replace(RECORDED, version)
        .replace(&format!("etcd:{}", old.etcd), &format!("etcd:{}", new.etcd))
        .replace(&format!("coredns:{}", old.coredns), &format!("coredns:{}", new.coredns))
        .replace(&format!("pause:{}", old.pause), &format!("pause:{}", new.pause))
}
