//! The files of a place as the shell language sees them: bashkit's `FileSystem` over a [`Disk`].

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bashkit::{DirEntry, FileSystem, FileSystemExt, FileType, FsLimits, Metadata, async_trait};

use super::disk::Disk;
use crate::cluster::place::FileOp;
use crate::hosts::{FsError, Kind, Node, files};
use crate::sim::SimTime;
use crate::sim::limits::FILE_BYTES_MAX;

/// The files of one place, as one user may use them.
pub(super) struct PlaceFiles(pub(super) Disk);

type Outcome<T> = bashkit::Result<T>;

fn io(error: FsError) -> bashkit::Error {
    use std::io::ErrorKind;
    let kind = match error {
        FsError::NotFound => ErrorKind::NotFound,
        FsError::NotADirectory => ErrorKind::NotADirectory,
        FsError::IsADirectory => ErrorKind::IsADirectory,
        FsError::Exists => ErrorKind::AlreadyExists,
        FsError::NotEmpty => ErrorKind::DirectoryNotEmpty,
        FsError::Denied | FsError::NotPermitted => ErrorKind::PermissionDenied,
        FsError::ReadOnly => ErrorKind::ReadOnlyFilesystem,
        FsError::TooLarge => ErrorKind::FileTooLarge,
        FsError::Loop | FsError::Invalid | FsError::NoSpace => ErrorKind::Other,
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

#[async_trait]
impl FileSystemExt for PlaceFiles {
    /// Programs that make large files ask first, before they take the memory.
    fn limits(&self) -> FsLimits {
        FsLimits::unlimited().max_file_size(FILE_BYTES_MAX as u64)
    }

    async fn mkfifo(&self, path: &Path, mode: u32) -> Outcome<()> {
        let path = &text(path);
        let who = &self.0.who;
        let node = Node {
            kind: Kind::Fifo,
            mode,
            uid: who.uid,
            gid: who.gid,
            modified: SimTime::default(),
            blank: 0,
        };
        self.0.change(FileOp::Put { path, node }).map_err(io)
    }

    fn backend_kind(&self) -> &'static str {
        "uncordon"
    }
}

#[async_trait]
impl FileSystem for PlaceFiles {
    async fn read_file(&self, path: &Path) -> Outcome<Vec<u8>> {
        // A script that starts itself reads itself each time.
        if super::engine::is_too_deep() {
            return Err(std::io::Error::other("Resource temporarily unavailable").into());
        }
        self.0.read_to_run(&text(path)).map_err(io)
    }

    async fn write_file(&self, path: &Path, content: &[u8]) -> Outcome<()> {
        self.0.write(&text(path), content).map_err(io)
    }

    async fn append_file(&self, path: &Path, content: &[u8]) -> Outcome<()> {
        let path = &text(path);
        self.0.put(path, FileOp::Append { path, bytes: content }).map_err(io)
    }

    async fn mkdir(&self, path: &Path, recursive: bool) -> Outcome<()> {
        let path = &text(path);
        if recursive && self.0.node(path, true).is_ok_and(|node| node.kind == Kind::Directory) {
            return Ok(());
        }
        self.0.put(path, FileOp::Mkdir { path, mode: 0o755, parents: recursive }).map_err(io)
    }

    async fn remove(&self, path: &Path, recursive: bool) -> Outcome<()> {
        let path = &text(path);
        self.0.change(FileOp::Remove { path, recursive }).map_err(io)
    }

    async fn stat(&self, path: &Path) -> Outcome<Metadata> {
        self.0.node(&text(path), true).map(|node| metadata(&node)).map_err(io)
    }

    async fn lstat(&self, path: &Path) -> Outcome<Metadata> {
        self.0.node(&text(path), false).map(|node| metadata(&node)).map_err(io)
    }

    async fn read_dir(&self, path: &Path) -> Outcome<Vec<DirEntry>> {
        let listed = self.0.list(&text(path)).map_err(io)?;
        let entry = |(name, node)| DirEntry { name, metadata: metadata(&node) };
        Ok(listed.into_iter().map(entry).collect())
    }

    async fn exists(&self, path: &Path) -> Outcome<bool> {
        Ok(self.0.node(&text(path), true).is_ok())
    }

    async fn rename(&self, from: &Path, to: &Path) -> Outcome<()> {
        self.0.rename(&text(from), &text(to)).map_err(io)
    }

    async fn copy(&self, from: &Path, to: &Path) -> Outcome<()> {
        self.0.copy(&text(from), &text(to)).map_err(io)
    }

    async fn symlink(&self, target: &Path, link: &Path) -> Outcome<()> {
        let (target, link) = (&target.to_string_lossy().into_owned(), &text(link));
        self.0.change(FileOp::Symlink { target, link }).map_err(io)
    }

    async fn read_link(&self, path: &Path) -> Outcome<PathBuf> {
        match self.0.node(&text(path), false).map_err(io)?.kind {
            Kind::Symlink(target) => Ok(PathBuf::from(target)),
            _ => Err(io(FsError::Invalid)),
        }
    }

    async fn chmod(&self, path: &Path, mode: u32) -> Outcome<()> {
        let path = &text(path);
        self.0.change_own(path, FileOp::Chmod { path, mode }).map_err(io)
    }

    async fn set_modified_time(&self, path: &Path, time: SystemTime) -> Outcome<()> {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = SimTime::from_unix_ns(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
        self.0.set_modified(&text(path), at).map_err(io)
    }
}
