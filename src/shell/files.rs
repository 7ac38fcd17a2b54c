//! The files of a place as the shell language sees them: bashkit's `FileSystem` over the world.
//!
//! Beside the world's own files it shows the programs of the lab in the directories of `$PATH`
//! (they take no room in the world) and the few device files that scripts read.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bashkit::{DirEntry, FileSystem, FileSystemExt, FileType, Metadata, async_trait};

use super::Lab;
use super::access::{self, Identity, Want};
use crate::cluster::Place;
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, Node, files};
use crate::sim::SimTime;

/// Directories that programs are found in.
const PROGRAM_DIRECTORIES: [&str; 2] = ["/usr/bin", "/bin"];

/// Bytes that one read of `/dev/urandom` or `/dev/zero` gives: more than a key of any size needs.
const DEVICE_BYTES: usize = 64 << 10;

/// The files of one place, as one user may use them.
pub(super) struct PlaceFiles {
    pub(super) lab: Lab,
    pub(super) place: Place,
    pub(super) who: Identity,
    /// Names that stand in the program directories.
    pub(super) programs: Arc<BTreeSet<String>>,
}

type Outcome<T> = bashkit::Result<T>;

fn io(error: FsError) -> bashkit::Error {
    use std::io::ErrorKind;
    let kind = match error {
        FsError::NotFound => ErrorKind::NotFound,
        FsError::NotADirectory => ErrorKind::NotADirectory,
        FsError::IsADirectory => ErrorKind::IsADirectory,
        FsError::Exists => ErrorKind::AlreadyExists,
        FsError::NotEmpty => ErrorKind::DirectoryNotEmpty,
        FsError::Denied => ErrorKind::PermissionDenied,
        FsError::ReadOnly => ErrorKind::ReadOnlyFilesystem,
        FsError::TooLarge => ErrorKind::FileTooLarge,
        FsError::Loop | FsError::Invalid => ErrorKind::Other,
    };
    std::io::Error::new(kind, error.to_string()).into()
}

fn text(path: &Path) -> String {
    files::clean("/", &path.to_string_lossy())
}

fn clock(at: SimTime) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(u64::try_from(at.unix_ns()).unwrap_or(0))
}

fn metadata(node: &Node) -> Metadata {
    let file_type = match node.kind {
        Kind::Directory => FileType::Directory,
        Kind::Symlink(_) => FileType::Symlink,
        Kind::Fifo => FileType::Fifo,
        Kind::File(_) | Kind::Socket => FileType::File,
    };
    let modified = clock(node.modified);
    Metadata { file_type, size: node.size(), mode: node.mode, modified, created: modified }
}

impl PlaceFiles {
    /// The program that a path in a program directory names.
    fn program_at<'a>(&self, path: &'a str) -> Option<&'a str> {
        let name = files::base_name(path);
        let known = PROGRAM_DIRECTORIES.contains(&files::parent(path)) && self.programs.contains(name);
        known.then_some(name)
    }

    /// What a program file holds: a script that the shell recognises and runs as the program itself.
    fn program_text(name: &str) -> Vec<u8> {
        format!("#!/bin/sh\n# bashkit builtin: {name}\nexec {name} \"$@\"\n").into_bytes()
    }

    fn program_node(&self, name: &str) -> Node {
        let kind = Kind::File(Self::program_text(name).into());
        let modified = SimTime::from_unix_s(1_712_000_000);
        Node { kind, mode: 0o755, uid: 0, gid: 0, modified }
    }

    fn device(&self, path: &str) -> Option<Vec<u8>> {
        match path {
            "/dev/zero" => Some(vec![0; DEVICE_BYTES]),
            "/dev/urandom" | "/dev/random" => Some(self.lab.world().chance.bytes(DEVICE_BYTES)),
            _ => None,
        }
    }

    fn node(&self, path: &str, follow: bool) -> Result<Node, FsError> {
        let world = self.lab.world();
        access::walk(&world, &self.place, &self.who, path)?;
        let found = if follow { world.stat(&self.place, path) } else { world.lstat(&self.place, path) };
        drop(world);
        match (found, self.program_at(path)) {
            (Err(FsError::NotFound), Some(name)) => Ok(self.program_node(name)),
            (found, _) => found,
        }
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FsError> {
        if let Some(bytes) = self.device(path) {
            return Ok(bytes);
        }
        let found = {
            let world = self.lab.world();
            access::check(&world, &self.place, &self.who, path, Want::Read)
                .and_then(|()| world.read_file(&self.place, path))
        };
        match (found, self.program_at(path)) {
            (Err(FsError::NotFound), Some(name)) => Ok(Self::program_text(name)),
            (found, _) => found.map(|bytes| bytes.to_vec()),
        }
    }

    /// Writes, or makes a file that then belongs to this user.
    fn put(&self, path: &str, op: FileOp<'_>) -> Result<(), FsError> {
        let mut world = self.lab.world();
        let is_new = match access::check(&world, &self.place, &self.who, path, Want::Write) {
            Err(FsError::NotFound) => {
                access::check_parent(&world, &self.place, &self.who, path)?;
                true
            }
            other => {
                other?;
                false
            }
        };
        world.change_files(&self.place, op)?;
        if is_new && self.who != Identity::ROOT {
            let Identity { uid, gid } = self.who;
            world.change_files(&self.place, FileOp::Chown { path, uid, gid })?;
        }
        Ok(())
    }

    /// Changes names in the directory of `path`.
    fn change(&self, path: &str, op: FileOp<'_>) -> Result<(), FsError> {
        let mut world = self.lab.world();
        access::check_parent(&world, &self.place, &self.who, path)?;
        world.change_files(&self.place, op)
    }

    /// Changes what only the owner may change.
    fn change_own(&self, path: &str, op: FileOp<'_>) -> Result<(), FsError> {
        let mut world = self.lab.world();
        let owner = world.stat(&self.place, path)?.uid;
        if self.who.uid != 0 && self.who.uid != owner {
            return Err(FsError::Denied);
        }
        world.change_files(&self.place, op)
    }

    fn entries(&self, path: &str) -> Result<Vec<DirEntry>, FsError> {
        let world = self.lab.world();
        access::check(&world, &self.place, &self.who, path, Want::Read)?;
        let listed = world.list_dir(&self.place, path)?;
        drop(world);
        let mut entries: Vec<DirEntry> =
            listed.into_iter().map(|(name, node)| DirEntry { name, metadata: metadata(&node) }).collect();
        if PROGRAM_DIRECTORIES.contains(&path) {
            let present: BTreeSet<String> = entries.iter().map(|entry| entry.name.clone()).collect();
            for name in self.programs.difference(&present) {
                entries.push(DirEntry { name: name.clone(), metadata: metadata(&self.program_node(name)) });
            }
            entries.sort_by(|a, b| a.name.cmp(&b.name));
        }
        Ok(entries)
    }

    fn copy_file(&self, from: &str, to: &str) -> Result<(), FsError> {
        let bytes = self.read(from)?;
        let is_new = self.node(to, true).is_err();
        self.put(to, FileOp::Write { path: to, bytes: &bytes })?;
        if is_new {
            let mode = self.node(from, true)?.mode;
            self.change_own(to, FileOp::Chmod { path: to, mode })?;
        }
        Ok(())
    }
}

#[async_trait]
impl FileSystemExt for PlaceFiles {
    async fn mkfifo(&self, path: &Path, mode: u32) -> Outcome<()> {
        let path = &text(path);
        let modified = self.lab.world().now;
        let node = Node { kind: Kind::Fifo, mode, uid: self.who.uid, gid: self.who.gid, modified };
        self.change(path, FileOp::Put { path, node }).map_err(io)
    }

    fn backend_kind(&self) -> &'static str {
        "uncordon"
    }
}

#[async_trait]
impl FileSystem for PlaceFiles {
    async fn read_file(&self, path: &Path) -> Outcome<Vec<u8>> {
        self.read(&text(path)).map_err(io)
    }

    async fn write_file(&self, path: &Path, content: &[u8]) -> Outcome<()> {
        let path = &text(path);
        self.put(path, FileOp::Write { path, bytes: content }).map_err(io)
    }

    async fn append_file(&self, path: &Path, content: &[u8]) -> Outcome<()> {
        let path = &text(path);
        self.put(path, FileOp::Append { path, bytes: content }).map_err(io)
    }

    async fn mkdir(&self, path: &Path, recursive: bool) -> Outcome<()> {
        let path = &text(path);
        if recursive && self.node(path, true).is_ok_and(|node| node.kind == Kind::Directory) {
            return Ok(());
        }
        self.put(path, FileOp::Mkdir { path, mode: 0o755, parents: recursive }).map_err(io)
    }

    async fn remove(&self, path: &Path, recursive: bool) -> Outcome<()> {
        let path = &text(path);
        self.change(path, FileOp::Remove { path, recursive }).map_err(io)
    }

    async fn stat(&self, path: &Path) -> Outcome<Metadata> {
        self.node(&text(path), true).map(|node| metadata(&node)).map_err(io)
    }

    async fn lstat(&self, path: &Path) -> Outcome<Metadata> {
        self.node(&text(path), false).map(|node| metadata(&node)).map_err(io)
    }

    async fn read_dir(&self, path: &Path) -> Outcome<Vec<DirEntry>> {
        self.entries(&text(path)).map_err(io)
    }

    async fn exists(&self, path: &Path) -> Outcome<bool> {
        Ok(self.node(&text(path), true).is_ok())
    }

    async fn rename(&self, from: &Path, to: &Path) -> Outcome<()> {
        let (from, to) = (&text(from), &text(to));
        {
            let world = self.lab.world();
            access::check_parent(&world, &self.place, &self.who, to).map_err(io)?;
        }
        self.change(from, FileOp::Rename { from, to }).map_err(io)
    }

    async fn copy(&self, from: &Path, to: &Path) -> Outcome<()> {
        self.copy_file(&text(from), &text(to)).map_err(io)
    }

    async fn symlink(&self, target: &Path, link: &Path) -> Outcome<()> {
        let (target, link) = (&target.to_string_lossy().into_owned(), &text(link));
        self.change(link, FileOp::Symlink { target, link }).map_err(io)
    }

    async fn read_link(&self, path: &Path) -> Outcome<PathBuf> {
        match self.node(&text(path), false).map_err(io)?.kind {
            Kind::Symlink(target) => Ok(PathBuf::from(target)),
            _ => Err(io(FsError::Invalid)),
        }
    }

    async fn chmod(&self, path: &Path, mode: u32) -> Outcome<()> {
        let path = &text(path);
        self.change_own(path, FileOp::Chmod { path, mode }).map_err(io)
    }
}
