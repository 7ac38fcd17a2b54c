//! Who may do what with a file: the permission bits of owner, group and others.

use crate::cluster::{Place, World};
use crate::hosts::{FsError, Kind, Node, files};

/// Identity of a process, as the kernel sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Identity {
    /// Root may do everything.
    pub(crate) const ROOT: Self = Self { uid: 0, gid: 0 };

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

fn allowed(who: &Identity, node: &Node, want: Want) -> Result<(), FsError> {
    if who.bits(node) & want as u32 == 0 { Err(FsError::Denied) } else { Ok(()) }
}
