//! Who may do what with a file: the permission bits of owner, group and others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Lab, login};
use crate::cluster::place::FileOp;
use crate::cluster::{Place, World};
use crate::hosts::{FsError, Kind, Node, files};

/// The umask of shells that say nothing.
const UMASK: u32 = 0o022;

/// The umask of one shell and of what it starts; clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Umask(Arc<AtomicU32>);

impl Default for Umask {
    fn default() -> Self {
        Self(Arc::new(AtomicU32::new(UMASK)))
    }
}

impl Umask {
    pub(super) fn get(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes it over from a text such as `0077`; anything else is the usual one.
    pub(super) fn set(&self, text: Option<&str>) {
        let mask = text.and_then(|it| u32::from_str_radix(it, 8).ok()).unwrap_or(UMASK);
        self.0.store(mask & 0o777, Ordering::Relaxed);
    }

    /// That of a child, which may change its own.
    pub(super) fn inherited(&self) -> Self {
        Self(Arc::new(AtomicU32::new(self.get())))
    }
}

/// Identity of a process, as the kernel sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// The permission bits that nothing new gets.
    pub(crate) umask: u32,
}

impl Identity {
    /// Root may do everything.
    pub(crate) const ROOT: Self = Self { uid: 0, gid: 0, umask: UMASK };

    /// That of a user by name; who is not known is root.
    pub(super) fn of(lab: &Lab, place: &Place, user: &str) -> Self {
        if user == "root" {
            return Self::ROOT;
        }
        login::account(lab, place, user).map_or(Self::ROOT, |it| Self {
            uid: it.uid,
            gid: it.gid,
            ..Self::ROOT
        })
    }

    /// What `op` makes, and the permission bits that the umask leaves it; `None` for the usual ones.
    fn made(&self, world: &World, place: &Place, op: &FileOp<'_>) -> Option<(String, u32)> {
        let (path, all) = match *op {
            FileOp::Write { path, .. } | FileOp::Append { path, .. } => (path, 0o666),
            FileOp::Mkdir { path, mode: 0o755, .. } => (path, 0o777),
            _ => return None,
        };
        let is_new = self.umask != UMASK && world.stat(place, path).is_err();
        is_new.then(|| (path.to_owned(), all & !self.umask))
    }

    /// The permission bits of `node` that count for this identity, as `0..=7`.
    fn bits(&self, node: &Node) -> u32 {
        if self.uid == node.uid {
            node.mode >> 6 & 7
        } else if self.gid == node.gid {
            node.mode >> 3 & 7
        } else {
            node.mode & 7
        }
    }
}

/// What is asked of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    Read = 4,
    Write = 2,
    Execute = 1,
}

/// Refuses unless `who` may do `want` with what stands at `path` and may walk there.
pub(crate) fn check(
    world: &World,
    place: &Place,
    who: &Identity,
    path: &str,
    want: Want,
) -> Result<(), FsError> {
    if who.uid == 0 {
        return Ok(());
    }
    walk(world, place, who, path)?;
    let node = world.stat(place, path)?;
    allowed(who, &node, want)
}

/// Refuses unless `who` may make, rename or remove names in the directory of `path`.
pub(crate) fn check_parent(world: &World, place: &Place, who: &Identity, path: &str) -> Result<(), FsError> {
    if who.uid == 0 {
        return Ok(());
    }
    walk(world, place, who, path)?;
    let directory = world.stat(place, files::parent(path))?;
    allowed(who, &directory, Want::Write)
}

/// Refuses unless `who` may search every directory above `path`.
pub(crate) fn walk(world: &World, place: &Place, who: &Identity, path: &str) -> Result<(), FsError> {
    if who.uid == 0 {
        return Ok(());
    }
    let mut above = files::parent(path);
    loop {
        match world.stat(place, above) {
            Ok(node) if node.kind == Kind::Directory => allowed(who, &node, Want::Execute)?,
            Ok(_) => return Err(FsError::NotADirectory),
            Err(error) => return Err(error),
        }
        if above == "/" {
            return Ok(());
        }
        above = files::parent(above);
    }
}

/// Carries out a change as `who`, to whom everything new then belongs.
pub(crate) fn change(
    world: &mut World,
    place: &Place,
    who: &Identity,
    op: FileOp<'_>,
) -> Result<(), FsError> {
    let made = who.made(world, place, &op);
    carry_out(world, place, who, op)?;
    match made {
        Some((path, mode)) => world.change_files(place, FileOp::Chmod { path: &path, mode }),
        None => Ok(()),
    }
}

fn carry_out(world: &mut World, place: &Place, who: &Identity, op: FileOp<'_>) -> Result<(), FsError> {
    if who.uid == 0 {
        return world.change_files(place, op);
    }
    match op {
        FileOp::Mkdir { path, mode, parents: true } => return make_all(world, place, who, path, mode),
        FileOp::Write { path, .. }
        | FileOp::Append { path, .. }
        | FileOp::Put { path, .. }
        | FileOp::Mkdir { path, .. } => return make(world, place, who, path, op),
        FileOp::Remove { path, .. } => check_parent(world, place, who, path)?,
        FileOp::Symlink { link, .. } => check_parent(world, place, who, link)?,
        FileOp::Rename { from, to } => {
            check_parent(world, place, who, from)?;
            check_parent(world, place, who, to)?;
        }
        FileOp::Chmod { path, .. } | FileOp::Chown { path, .. } => check_owner(world, place, who, path)?,
    }
    world.change_files(place, op)
}

/// Writes to `path`, or makes it.
fn make(world: &mut World, place: &Place, who: &Identity, path: &str, op: FileOp<'_>) -> Result<(), FsError> {
    let is_new = match check(world, place, who, path, Want::Write) {
        Ok(()) => false,
        Err(FsError::NotFound) => {
            check_parent(world, place, who, path)?;
            true
        }
        Err(other) => return Err(other),
    };
    world.change_files(place, op)?;
    if is_new {
        world.change_files(place, FileOp::Chown { path, uid: who.uid, gid: who.gid })?;
    }
    Ok(())
}

/// Makes a directory and those above it that are missing.
fn make_all(world: &mut World, place: &Place, who: &Identity, path: &str, mode: u32) -> Result<(), FsError> {
    match world.stat(place, path) {
        Ok(node) if node.kind == Kind::Directory => return Ok(()),
        Ok(_) => return Err(FsError::NotADirectory),
        Err(FsError::NotFound) => make_all(world, place, who, files::parent(path), mode)?,
        Err(other) => return Err(other),
    }
    make(world, place, who, path, FileOp::Mkdir { path, mode, parents: false })
}

/// Refuses unless `who` owns what stands at `path`.
pub(crate) fn check_owner(world: &World, place: &Place, who: &Identity, path: &str) -> Result<(), FsError> {
    let owner = world.stat(place, path)?.uid;
    if who.uid == 0 || who.uid == owner { Ok(()) } else { Err(FsError::NotPermitted) }
}

fn allowed(who: &Identity, node: &Node, want: Want) -> Result<(), FsError> {
    if who.bits(node) & want as u32 == 0 { Err(FsError::Denied) } else { Ok(()) }
}
