//! The files that a container sees: its image's, its own changes, and its mounts.

use std::sync::Arc;

use crate::cluster::place::FileOp;
use crate::cluster::{Place, World};
use crate::hosts::{FsError, Node};

/// The node at `path`; a link at the end is followed when `follow` is true.
pub(crate) fn stat(_world: &World, _place: &Place, _path: &str, _follow: bool) -> Result<Node, FsError> {
    Err(FsError::NotFound)
}

/// Where `path` leads once links are followed.
pub(crate) fn resolve(_world: &World, _place: &Place, _path: &str) -> Result<String, FsError> {
    Err(FsError::NotFound)
}

/// The bytes of a file.
pub(crate) fn read(_world: &World, _place: &Place, _path: &str) -> Result<Arc<[u8]>, FsError> {
    Err(FsError::NotFound)
}

/// Names and nodes of a directory, in byte order.
pub(crate) fn list(_world: &World, _place: &Place, _path: &str) -> Result<Vec<(String, Node)>, FsError> {
    Err(FsError::NotFound)
}

/// Carries out a change as the container's root.
pub(crate) fn change(_world: &mut World, _place: &Place, _op: FileOp<'_>) -> Result<(), FsError> {
    Err(FsError::NotFound)
}
