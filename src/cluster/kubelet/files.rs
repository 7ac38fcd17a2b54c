//! The files that a container sees: its image's, its own changes, and its mounts.
//!
//! Links are followed across mounts, so the walk is done here and not by the trees.

use std::sync::Arc;

use super::run::{ContainerRun, Mount, PodRun, Source};
use crate::cluster::place::FileOp;
use crate::cluster::{Place, World};
use crate::hosts::files::{base_name, clean, parent};
use crate::hosts::{FileTree, FsError, Kind, Node};

/// More links than this in one path are a loop. Source: `path_resolution(7)`.
const LINKS_MAX: u32 = 40;

/// A container with all that its paths may lead to.
struct View<'w> {
    world: &'w World,
    cluster: usize,
    pod: &'w PodRun,
    container: &'w ContainerRun,
}

impl<'w> View<'w> {
    fn of(world: &'w World, place: &Place) -> Result<Self, FsError> {
        let Place::Container { cluster, pod_uid, container } = place else { return Err(FsError::NotFound) };
        let runtime = &world.clusters.get(*cluster).ok_or(FsError::NotFound)?.runtime;
        let pod = runtime.pods.get(pod_uid).ok_or(FsError::NotFound)?;
        let container = pod.containers.get(container).ok_or(FsError::NotFound)?;
        Ok(Self { world, cluster: *cluster, pod, container })
    }

    /// The innermost mount that a clean path lies in.
    fn mount_of(&self, path: &str) -> Option<&'w Mount> {
        let covers = |mount: &&Mount| {
            path == mount.path || path.strip_prefix(mount.path.as_str()).is_some_and(|it| it.starts_with('/'))
        };
        self.container.mounts.iter().filter(covers).max_by_key(|mount| mount.path.len())
    }

    /// The tree that a clean path lies in, and where in it.
    fn locate(&self, path: &str) -> Result<(&'w FileTree, String), FsError> {
        let Some(mount) = self.mount_of(path) else {
            return Ok((&self.container.files, path.to_owned()));
        };
        Ok((self.tree(&mount.source).ok_or(FsError::NotFound)?, inside(mount, path)))
    }

    fn tree(&self, source: &Source) -> Option<&'w FileTree> {
        match source {
            Source::Volume(name) => self.pod.volumes.get(name).map(|it| it.files.tree()),
            Source::Host(name) => self.world.hosts.get(name).map(|it| &it.files),
            Source::Export(key) => self.world.clusters.get(self.cluster)?.runtime.exports.get(key),
        }
    }

    fn lookup(&self, path: &str) -> Result<Node, FsError> {
        let (tree, inner) = self.locate(path)?;
        tree.lstat(&inner).cloned()
    }

    /// Where a path leads; a link at the end stays unless `follow`.
    fn walk(&self, path: &str, follow: bool) -> Result<String, FsError> {
        if self.mount_of(path).is_none() && self.container.files.stands_at(path, follow) {
            return Ok(path.to_owned());
        }
        let mut links = 0;
        let mut todo: Vec<String> = clean("/", path).split('/').rev().map(str::to_owned).collect();
        let mut here = "/".to_owned();
        while let Some(part) = todo.pop() {
            match part.as_str() {
                "" | "." => continue,
                ".." => {
                    here = parent(&here).to_owned();
                    continue;
                }
                _ => {}
            }
            let next = clean(&here, &part);
            let last = todo.iter().all(String::is_empty);
            match self.lookup(&next).map(|node| node.kind) {
                Ok(Kind::Symlink(target)) if follow || !last => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(FsError::Loop);
                    }
                    if target.starts_with('/') {
                        here = "/".to_owned();
                    }
                    todo.extend(target.split('/').rev().map(str::to_owned));
                }
                Ok(Kind::Directory) => here = next,
                Ok(_) if last => here = next,
                Ok(_) => return Err(FsError::NotADirectory),
                Err(FsError::NotFound) if last => here = next,
                Err(error) => return Err(error),
            }
        }
        Ok(here)
    }
}

/// Where in its source a path of a mount is.
fn inside(mount: &Mount, path: &str) -> String {
    clean(&mount.inner, path.strip_prefix(mount.path.as_str()).unwrap_or("").trim_start_matches('/'))
}

/// The node at `path`; a link at the end is followed when `follow` is true.
pub(crate) fn stat(world: &World, place: &Place, path: &str, follow: bool) -> Result<Node, FsError> {
    let view = View::of(world, place)?;
    view.lookup(&view.walk(path, follow)?)
}

/// The bytes of a file.
pub(crate) fn read(world: &World, place: &Place, path: &str) -> Result<Arc<[u8]>, FsError> {
    match stat(world, place, path, true)?.kind {
        Kind::File(bytes) => Ok(bytes),
        Kind::Directory => Err(FsError::IsADirectory),
        _ => Err(FsError::Invalid),
    }
}

/// Names and nodes of a directory, in byte order.
pub(crate) fn list(world: &World, place: &Place, path: &str) -> Result<Vec<(String, Node)>, FsError> {
    let view = View::of(world, place)?;
    let path = view.walk(path, true)?;
    let (tree, inner) = view.locate(&path)?;
    let mut entries: Vec<(String, Node)> =
        tree.list(&inner)?.into_iter().map(|(name, node)| (name, node.clone())).collect();
    for mount in view.container.mounts.iter().filter(|it| it.path != path && parent(&it.path) == path) {
        let name = base_name(&mount.path);
        entries.retain(|(known, _)| known != name);
        entries.push((name.to_owned(), view.lookup(&mount.path)?));
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(entries)
}

/// Carries out a change as the container's root.
pub(crate) fn change(world: &mut World, place: &Place, op: FileOp<'_>) -> Result<(), FsError> {
    let follow = matches!(
        op,
        FileOp::Write { .. } | FileOp::Append { .. } | FileOp::Chmod { .. } | FileOp::Chown { .. }
    );
    let (path, other) = match &op {
        FileOp::Write { path, .. }
        | FileOp::Append { path, .. }
        | FileOp::Mkdir { path, .. }
        | FileOp::Remove { path, .. }
        | FileOp::Chmod { path, .. }
        | FileOp::Chown { path, .. }
        | FileOp::Put { path, .. } => (*path, None),
        FileOp::Symlink { link, .. } => (*link, None),
        FileOp::Rename { from, to } => (*from, Some(*to)),
    };
    let view = View::of(world, place)?;
    // With `-p` the directories on the way may be missing, and none of them is a link then.
    let walked = match (&op, view.walk(path, follow)) {
        (FileOp::Mkdir { parents: true, .. }, Err(FsError::NotFound)) => clean("/", path),
        (_, walked) => walked?,
    };
    let mount = view.mount_of(&walked).cloned();
    let inner = mount.as_ref().map_or_else(|| walked.clone(), |it| inside(it, &walked));
    let other = match other {
        Some(other) => {
            let other = view.walk(other, false)?;
            if view.mount_of(&other) != mount.as_ref() {
                return Err(FsError::Invalid);
            }
            Some(mount.as_ref().map_or_else(|| other.clone(), |it| inside(it, &other)))
        }
        None => None,
    };
    let root_read_only =
        crate::apimachinery::object::flag(&view.container.spec, "/securityContext/readOnlyRootFilesystem");
    if mount.as_ref().map_or(root_read_only, |it| it.read_only) {
        return Err(FsError::ReadOnly);
    }
    apply(world, place, mount.map(|it| it.source), moved(op, &inner, other.as_deref()))
}

/// The same change at other paths.
fn moved<'a>(op: FileOp<'a>, path: &'a str, other: Option<&'a str>) -> FileOp<'a> {
    match op {
        FileOp::Write { bytes, .. } => FileOp::Write { path, bytes },
        FileOp::Append { bytes, .. } => FileOp::Append { path, bytes },
        FileOp::Mkdir { mode, parents, .. } => FileOp::Mkdir { path, mode, parents },
        FileOp::Remove { recursive, .. } => FileOp::Remove { path, recursive },
        FileOp::Rename { .. } => FileOp::Rename { from: path, to: other.unwrap_or(path) },
        FileOp::Symlink { target, .. } => FileOp::Symlink { target, link: path },
        FileOp::Chmod { mode, .. } => FileOp::Chmod { path, mode },
        FileOp::Chown { uid, gid, .. } => FileOp::Chown { path, uid, gid },
        FileOp::Put { node, .. } => FileOp::Put { path, node },
    }
}

fn apply(world: &mut World, place: &Place, source: Option<Source>, op: FileOp<'_>) -> Result<(), FsError> {
    let now = world.now;
    let Place::Container { cluster, pod_uid, container } = place else { return Err(FsError::NotFound) };
    if let Some(Source::Host(name)) = &source {
        let host = world.hosts.get_mut(name).ok_or(FsError::NotFound)?;
        return op.apply(&mut host.files, now);
    }
    let runtime = &mut world.clusters.get_mut(*cluster).ok_or(FsError::NotFound)?.runtime;
    if let Some(Source::Export(key)) = &source {
        return op.apply(runtime.exports.get_mut(key).ok_or(FsError::NotFound)?, now);
    }
    let pod = runtime.pods.get_mut(pod_uid).ok_or(FsError::NotFound)?;
    let tree = match &source {
        Some(Source::Volume(name)) => pod.volumes.get_mut(name).map(|it| it.files.tree_mut()),
        _ => pod.containers.get_mut(container).map(|it| &mut Arc::make_mut(it).files),
    };
    op.apply(tree.ok_or(FsError::NotFound)?, now)
}
