//! The machines of the lab: files with owners and modes, users, systemd units, processes,
//! journals, packages, kernel settings, listening ports, X.509 files. All in memory.
//!
//! Invariant: knows nothing of Kubernetes. A manifest is bytes at a path here; the kubelet in
//! `cluster` gives it meaning.
//!
//! Start with [`Host`], then [`FileTree`].

pub(crate) mod certificates;
pub(crate) mod cron;
pub(crate) mod files;
pub(crate) mod firewall;
mod host;
pub(crate) mod kernel;
pub(crate) mod packages;
pub(crate) mod systemd;

pub(crate) use files::{FileTree, FsError, Kind, Node};
pub(crate) use host::{Hardware, Host, JournalLine, Unit, UnitState, User};
