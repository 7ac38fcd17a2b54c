//! Where a process runs: on a host, or in a container of a pod.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{ClusterId, World, procfs};
use crate::hosts::{FsError, Kind, Node, files};

/// A file system and a network namespace of the lab.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A machine by its name.
    Host(String),
    /// A container by its pod's UID and its name.
    Container { cluster: ClusterId, pod_uid: String, container: String },
}

impl Place {
    /// The machine of that name.
    pub(crate) fn host(name: &str) -> Self {
        Self::Host(name.to_owned())
    }
}

/// A change to one file system, as programs ask for it.
#[derive(Clone, Debug)]
pub(crate) enum FileOp<'a> {
    Write { path: &'a str, bytes: &'a [u8] },
    Append { path: &'a str, bytes: &'a [u8] },
    Mkdir { path: &'a str, mode: u32, parents: bool },
    Remove { path: &'a str, recursive: bool },
    Rename { from: &'a str, to: &'a str },
    Symlink { target: &'a str, link: &'a str },
    Chmod { path: &'a str, mode: u32 },
    Chown { path: &'a str, uid: u32, gid: u32 },
    Put { path: &'a str, node: Node },
}

impl World {
    /// The node at `path` of a place, links followed. A container sees its mounts.
    pub(crate) fn stat(&self, place: &Place, path: &str) -> Result<Node, FsError> {
        match place {
            Place::Host(name) => match self.host_files(name)?.stat(path) {
                Err(FsError::NotFound) if path.starts_with("/proc/") => {
                    match procfs::node(self, name, path).ok_or(FsError::NotFound)? {
                        Node { kind: Kind::Symlink(target), .. } => self.stat(place, &target),
                        found => Ok(found),
                    }
                }
                found => found.cloned(),
            },
            Place::Container { .. } => super::kubelet::files::stat(self, place, path, true),
        }
    }

    /// As [`Self::stat`] without following a link at the end.
    pub(crate) fn lstat(&self, place: &Place, path: &str) -> Result<Node, FsError> {
        match place {
            Place::Host(name) => match self.host_files(name)?.lstat(path) {
                Err(FsError::NotFound) if path.starts_with("/proc/") => {
                    procfs::node(self, name, path).ok_or(FsError::NotFound)
                }
                found => found.cloned(),
            },
            Place::Container { .. } => super::kubelet::files::stat(self, place, path, false),
        }
    }

    /// The bytes of a file.
    pub(crate) fn read_file(&self, place: &Place, path: &str) -> Result<Arc<[u8]>, FsError> {
        match place {
            Place::Host(name) => {
                if path.starts_with("/proc/")
                    && let Some(Node { kind: Kind::File(bytes), .. }) = procfs::node(self, name, path)
                {
                    return Ok(bytes);
                }
                let files = self.host_files(name)?;
                if path.ends_with("/member/snap/db")
                    && let Some(bytes) = super::etcd::live(self, &files.read(path)?)
                {
                    return Ok(bytes.into());
                }
                let log = path.starts_with("/var/log/").then(|| files.resolve(path).ok()).flatten();
                let log = log.and_then(|path| super::kubelet::logs::host_file(self, name, &path));
                log.map_or_else(|| files.read(path), |bytes| Ok(bytes.into()))
            }
            Place::Container { .. } => super::kubelet::files::read(self, place, path),
        }
    }

    /// A file as text.
    pub(crate) fn read_text(&self, place: &Place, path: &str) -> Result<String, FsError> {
        self.read_file(place, path).map(|bytes| files::text_of(&bytes).into_owned())
    }

    /// Names and nodes of a directory, in byte order.
    pub(crate) fn list_dir(&self, place: &Place, path: &str) -> Result<Vec<(String, Node)>, FsError> {
        match place {
            Place::Host(name) => {
                let listed = self.host_files(name)?.list(path);
                if path == "/proc" || path.starts_with("/proc/") {
                    let own = listed.unwrap_or_default().into_iter();
                    let own = own.map(|(name, node)| (name, node.clone()));
                    return self.list_proc(name, path, own.collect());
                }
                Ok(listed?.into_iter().map(|(name, node)| (name, node.clone())).collect())
            }
            Place::Container { .. } => super::kubelet::files::list(self, place, path),
        }
    }

    /// What stands in a directory of `/proc`, beside the machine's `own` files there.
    fn list_proc(
        &self,
        host: &str,
        path: &str,
        own: Vec<(String, Node)>,
    ) -> Result<Vec<(String, Node)>, FsError> {
        let mut all: BTreeMap<String, Node> = own.into_iter().collect();
        for below in procfs::names(self, host, path) {
            if let Some(node) = procfs::node(self, host, &format!("{path}/{below}")) {
                all.entry(below).or_insert(node);
            }
        }
        if all.is_empty() { Err(FsError::NotFound) } else { Ok(all.into_iter().collect()) }
    }

    /// Carries out a change as root.
    pub(crate) fn change_files(&mut self, place: &Place, op: FileOp<'_>) -> Result<(), FsError> {
        let now = self.now;
        match place {
            Place::Host(name) => {
                let host = self.hosts.get_mut(name).ok_or(FsError::NotFound)?;
                if let FileOp::Write { path, bytes } | FileOp::Append { path, bytes } = &op
                    && let Some(written) = procfs::write(host, path, bytes)
                {
                    return written;
                }
                op.apply(&mut host.files, now)
            }
            Place::Container { .. } => super::kubelet::files::change(self, place, op),
        }
    }

    fn host_files(&self, name: &str) -> Result<&crate::hosts::FileTree, FsError> {
        self.hosts.get(name).map(|host| &host.files).ok_or(FsError::NotFound)
    }
}

impl FileOp<'_> {
    /// Carries the change out on one tree.
    pub(crate) fn apply(
        self,
        files: &mut crate::hosts::FileTree,
        now: crate::sim::SimTime,
    ) -> Result<(), FsError> {
        match self {
            Self::Write { path, bytes } => files.write(path, bytes, now),
            Self::Append { path, bytes } => files.append(path, bytes, now),
            Self::Mkdir { path, mode, parents: true } => files.mkdir_all(path, mode, now),
            Self::Mkdir { path, mode, parents: false } => files.mkdir(path, mode, now),
            Self::Remove { path, recursive: true } => files.remove_all(path),
            Self::Remove { path, recursive: false } => files.remove(path).map(drop),
            Self::Rename { from, to } => files.rename(from, to),
            Self::Symlink { target, link } => files.symlink(target, link, now),
            Self::Chmod { path, mode } => files.chmod(path, mode),
            Self::Chown { path, uid, gid } => files.chown(path, uid, gid),
            Self::Put { path, node } => files.put(path, node),
        }
    }
}
