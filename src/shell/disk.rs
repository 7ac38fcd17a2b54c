//! The files of a place as one user may use them.
//!
//! Beside the world's own files it shows the programs of the lab in the directories of `$PATH` (they
//! take no room in the world) and the few device files that scripts read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::access::{self, Identity, Umask, Want};
use super::proc::Pipes;
use super::{Lab, Proc, batch};
use crate::cluster::Place;
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, Node, files, packages};
use crate::sim::SimTime;

/// Directories that programs are found in.
const PROGRAM_DIRECTORIES: [&str; 2] = ["/usr/bin", "/bin"];

/// Bytes that one read of `/dev/urandom` or `/dev/zero` gives: more than a key of any size needs.
const DEVICE_BYTES: usize = 64 << 10;

/// What is written here is gone, and reading it ends at once.
pub(super) const NULL: &str = "/dev/null";

/// When the programs of the hosts were installed: 2024-04-01.
const INSTALLED: SimTime = SimTime::from_unix_s(1_711_929_600);

/// The files of one place in the hands of one user. Paths are absolute and clean.
#[derive(Clone)]
pub(crate) struct Disk {
    lab: Lab,
    place: Place,
    pub(crate) who: Identity,
    /// Names that stand in the program directories.
    programs: Arc<BTreeSet<String>>,
    pipes: Pipes,
    pub(super) umask: Umask,
}

impl Disk {
    pub(super) fn new(lab: &Lab, place: &Place, user: &str, programs: Arc<BTreeSet<String>>) -> Self {
        let who = Identity::of(lab, place, user);
        Self {
            lab: lab.clone(),
            place: place.clone(),
            who,
            programs,
            pipes: Pipes::default(),
            umask: Umask::default(),
        }
    }

    /// The program that a path in a program directory names.
    fn program_at<'a>(&self, path: &'a str) -> Option<&'a str> {
        let name = files::base_name(path);
        let known = PROGRAM_DIRECTORIES.contains(&files::parent(path)) && self.programs.contains(name);
        known.then_some(name)
    }

    fn device(&self, path: &str) -> Option<Vec<u8>> {
        match path {
            NULL => Some(Vec::new()),
            "/dev/zero" => Some(vec![0; DEVICE_BYTES]),
            "/dev/urandom" | "/dev/random" => Some(self.lab.world().chance.bytes(DEVICE_BYTES)),
            _ => None,
        }
    }

    /// What stands at a path; a link at the end is followed when `follow` is true.
    pub(crate) fn node(&self, path: &str, follow: bool) -> Result<Node, FsError> {
        if path == NULL {
            return Ok(Node { kind: Kind::Fifo, mode: 0o666, uid: 0, gid: 0, modified: INSTALLED, blank: 0 });
        }
        if self.pipes.contains_key(path) {
            let modified = self.lab.world().now;
            let Identity { uid, gid, .. } = self.who;
            return Ok(Node { kind: Kind::Fifo, mode: 0o600, uid, gid, modified, blank: 0 });
        }
        let world = self.lab.world();
        let found = access::walk(&world, &self.place, &self.who, path).and_then(|()| {
            if follow { world.stat(&self.place, path) } else { world.lstat(&self.place, path) }
        });
        drop(world);
        match (found, self.program_at(path)) {
            (Err(FsError::NotFound), Some(name)) => Ok(program_node(name)),
            (found, _) => found,
        }
    }

    pub(crate) fn read(&self, path: &str) -> Result<Vec<u8>, FsError> {
        if let Some(bytes) = self.device(path) {
            return Ok(bytes);
        }
        if let Some(bytes) = self.pipes.get(path) {
            return Ok(bytes.to_vec());
        }
        let found = {
            let world = self.lab.world();
            access::check(&world, &self.place, &self.who, path, Want::Read)
                .and_then(|()| world.read_file(&self.place, path))
        };
        match (found, self.program_at(path)) {
            (Err(FsError::NotFound), Some(name)) => Ok(program_text(name)),
            (found, _) => found.map(|bytes| bytes.to_vec()),
        }
    }

    /// As [`Self::read`], but the file of a program reads as the script that starts it. The files of
    /// installed programs begin with a mark and the program's name, wherever they are copied to.
    pub(super) fn read_to_run(&self, path: &str) -> Result<Vec<u8>, FsError> {
        let bytes = self.read(path)?;
        match packages::program_of(&bytes) {
            Some((name, _)) if self.programs.contains(&name) => Ok(program_text(&name)),
            Some((name, _)) => {
                Ok(format!("echo 'uncordon: {name} is not simulated yet' >&2\nexit 1\n").into_bytes())
            }
            None => Ok(bytes),
        }
    }

    /// Writes, or makes what then belongs to this user.
    pub(crate) fn put(&self, path: &str, op: FileOp<'_>) -> Result<(), FsError> {
        if path == NULL { Ok(()) } else { self.change(op) }
    }

    pub(crate) fn write(&self, path: &str, bytes: &[u8]) -> Result<(), FsError> {
        self.put(path, FileOp::Write { path, bytes })
    }

    /// Carries out a change as this user.
    pub(crate) fn change(&self, op: FileOp<'_>) -> Result<(), FsError> {
        let who = Identity { umask: self.umask.get(), ..self.who.clone() };
        access::change(&mut self.lab.world(), &self.place, &who, op)
    }

    /// Changes what only the owner may change.
    pub(crate) fn change_own(&self, path: &str, op: FileOp<'_>) -> Result<(), FsError> {
        let mut world = self.lab.world();
        access::check_owner(&world, &self.place, &self.who, path)?;
        world.change_files(&self.place, op)
    }

    /// Names and nodes of a directory, in byte order.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<(String, Node)>, FsError> {
        let world = self.lab.world();
        access::check(&world, &self.place, &self.who, path, Want::Read)?;
        let mut listed = world.list_dir(&self.place, path)?;
        drop(world);
        if PROGRAM_DIRECTORIES.contains(&path) {
            let present: BTreeSet<String> = listed.iter().map(|(name, _)| name.clone()).collect();
            let missing = self.programs.difference(&present);
            listed.extend(missing.map(|name| (name.clone(), program_node(name))));
            listed.sort_by(|a, b| a.0.cmp(&b.0));
        }
        Ok(listed)
    }

    pub(crate) fn mkdir(&self, path: &str, mode: u32) -> Result<(), FsError> {
        if self.node(path, false).is_ok() {
            return Err(FsError::Exists);
        }
        self.put(path, FileOp::Mkdir { path, mode, parents: false })
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), FsError> {
        self.change(FileOp::Rename { from, to })
    }

    /// Copies a file's bytes; a new file gets the mode of the old one.
    pub(crate) fn copy(&self, from: &str, to: &str) -> Result<(), FsError> {
        let bytes = self.read(from)?;
        let is_new = self.node(to, true).is_err();
        self.write(to, &bytes)?;
        if is_new {
            let mode = self.node(from, true)?.mode;
            self.change_own(to, FileOp::Chmod { path: to, mode })?;
        }
        Ok(())
    }

    /// Sets the time of the last change.
    pub(crate) fn set_modified(&self, path: &str, at: SimTime) -> Result<(), FsError> {
        let mut node = self.node(path, true)?;
        node.modified = at;
        self.change_own(path, FileOp::Put { path, node })
    }
}

/// What a program file holds: a script that the shell recognises and runs as the program itself.
fn program_text(name: &str) -> Vec<u8> {
    format!("#!/bin/sh\n# bashkit builtin: {name}\nexec {name} \"$@\"\n").into_bytes()
}

fn program_node(name: &str) -> Node {
    Node {
        kind: Kind::File(program_text(name).into()),
        mode: 0o755,
        uid: 0,
        gid: 0,
        modified: INSTALLED,
        blank: 0,
    }
}

impl Proc {
    /// The files of this process's place, as its user may use them.
    pub(crate) fn disk(&self) -> Disk {
        let programs = batch::program_names(&self.lab, &self.place);
        let disk = Disk::new(&self.lab, &self.place, &self.user, programs);
        Disk { pipes: self.pipes.clone(), umask: self.umask.clone(), ..disk }
    }

    /// What stands at a path, links followed.
    pub(crate) fn stat(&self, path: &str) -> Result<Node, FsError> {
        self.disk().node(&self.path(path), true)
    }
}
