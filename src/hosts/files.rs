//! A tree of files with owners, modes and times. A clone shares everything with the original.
//!
//! Paths are absolute and clean (`/a/b`, no `.`/`..`, no slash at the end); [`clean`] makes them so.
//! Symbolic links are followed by every call but those whose name says otherwise.

use std::borrow::Cow;
use std::sync::Arc;

use crate::sim::SimTime;
use crate::sim::limits::FILE_BYTES_MAX;

/// What stands at a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Permission bits, such as `0o644`.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) modified: SimTime,
    /// Bytes of zeros behind the contents, which take room on the disk but are not kept.
    pub(crate) blank: u64,
}

/// The kinds of [`Node`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    File(Arc<[u8]>),
    Directory,
    /// The target as written, absolute or relative to the link's directory.
    Symlink(String),
    Fifo,
    Socket,
}

/// Why a file operation was refused. The sentences are those of `strerror`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FsError {
    #[error("No such file or directory")]
    NotFound,
    #[error("Not a directory")]
    NotADirectory,
    #[error("Is a directory")]
    IsADirectory,
    #[error("File exists")]
    Exists,
    #[error("Directory not empty")]
    NotEmpty,
    #[error("Operation not permitted")]
    NotPermitted,
    #[error("Permission denied")]
    Denied,
    #[error("Read-only file system")]
    ReadOnly,
    #[error("Too many levels of symbolic links")]
    Loop,
    #[error("File too large")]
    TooLarge,
    #[error("Invalid argument")]
    Invalid,
    #[error("No space left on device")]
    NoSpace,
}

/// More links than this in one path are a loop. Source: `path_resolution(7)`.
const LINKS_MAX: u32 = 40;

/// The files of one machine or one container image.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FileTree {
    nodes: imbl::OrdMap<Arc<str>, Node>,
}

impl Default for FileTree {
    fn default() -> Self {
        let root =
            Node { kind: Kind::Directory, mode: 0o755, uid: 0, gid: 0, modified: SimTime::START, blank: 0 };
        Self { nodes: imbl::OrdMap::unit(Arc::from("/"), root) }
    }
}

/// `path` against `cwd`, without `.`, `..` and doubled slashes.
pub(crate) fn clean(cwd: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let from_root = path.starts_with('/');
    let before = if from_root { "" } else { cwd };
    for part in before.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

/// As [`String::from_utf8_lossy`], which looks at every letter by itself; nearly all files are good UTF-8.
pub(crate) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The directory a clean path stands in; `/` for itself.
pub(crate) fn parent(path: &str) -> &str {
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(end) => &path[..end],
    }
}

/// The last part of a clean path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn join(directory: &str, name: &str) -> String {
    if directory == "/" { format!("/{name}") } else { format!("{directory}/{name}") }
}

impl FileTree {
    /// Where `path` leads once every link in it is followed. The last part need not exist.
    pub(crate) fn resolve(&self, path: &str) -> Result<String, FsError> {
        self.walk(path, true)
    }

    /// As [`Self::resolve`], but a link at the very end stays.
    pub(crate) fn resolve_parent(&self, path: &str) -> Result<String, FsError> {
        self.walk(path, false)
    }

    fn walk(&self, path: &str, follow_last: bool) -> Result<String, FsError> {
        if self.stands_at(path, follow_last) || self.is_plain(path, follow_last) {
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
            let next = join(&here, &part);
            let last = todo.iter().all(String::is_empty);
            match self.nodes.get(next.as_str()).map(|node| &node.kind) {
                Some(Kind::Symlink(target)) if follow_last || !last => {
                    links += 1;
                    if links > LINKS_MAX {
                        return Err(FsError::Loop);
                    }
                    if target.starts_with('/') {
                        here = "/".to_owned();
                    }
                    todo.extend(target.split('/').rev().map(str::to_owned));
                }
                Some(Kind::Directory) => here = next,
                Some(_) if last => here = next,
                Some(_) => return Err(FsError::NotADirectory),
                None if last => here = next,
                None => return Err(FsError::NotFound),
            }
        }
        Ok(here)
    }

    /// True when `path` is clean and something stands there, with no link on the way: what is below a link is kept where
    /// the link leads.
    pub(crate) fn stands_at(&self, path: &str, follow_last: bool) -> bool {
        self.nodes.get(path).is_some_and(|it| !(follow_last && matches!(it.kind, Kind::Symlink(_))))
    }

    /// True for a clean path that leads through directories only, as most do: it needs no walk.
    fn is_plain(&self, path: &str, follow_last: bool) -> bool {
        let parts = path.strip_prefix('/').unwrap_or("").split('/');
        if path.len() < 2 || parts.into_iter().any(|it| matches!(it, "" | "." | "..")) {
            return false;
        }
        let ends = path.char_indices().skip(1).filter(|(_, it)| *it == '/').map(|(at, _)| at);
        let mut above = ends.filter_map(|end| path.get(..end));
        let is_link = |it: &Node| matches!(it.kind, Kind::Symlink(_));
        above.all(|it| self.nodes.get(it).is_some_and(|it| it.kind == Kind::Directory))
            && !(follow_last && self.nodes.get(path).is_some_and(is_link))
    }

    /// The node at `path`, links followed.
    pub(crate) fn stat(&self, path: &str) -> Result<&Node, FsError> {
        let path = self.resolve(path)?;
        self.nodes.get(path.as_str()).ok_or(FsError::NotFound)
    }

    /// The node at `path`, which may be a link.
    pub(crate) fn lstat(&self, path: &str) -> Result<&Node, FsError> {
        let path = self.resolve_parent(path)?;
        self.nodes.get(path.as_str()).ok_or(FsError::NotFound)
    }

    /// True when something stands at `path`.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.stat(path).is_ok()
    }

    /// True when a directory stands at `path`.
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        self.stat(path).is_ok_and(|node| node.kind == Kind::Directory)
    }

    /// The bytes of the file at `path`.
    pub(crate) fn read(&self, path: &str) -> Result<Arc<[u8]>, FsError> {
        match &self.stat(path)?.kind {
            Kind::File(bytes) => Ok(bytes.clone()),
            Kind::Directory => Err(FsError::IsADirectory),
            _ => Err(FsError::Invalid),
        }
    }

    /// The file at `path` as text; broken UTF-8 is replaced.
    pub(crate) fn read_text(&self, path: &str) -> Result<String, FsError> {
        self.read(path).map(|bytes| text_of(&bytes).into_owned())
    }

    /// Names and nodes of a directory, in byte order of the names.
    pub(crate) fn list(&self, path: &str) -> Result<Vec<(String, &Node)>, FsError> {
        let path = self.resolve(path)?;
        match self.nodes.get(path.as_str()).map(|node| &node.kind) {
            Some(Kind::Directory) => {}
            Some(_) => return Err(FsError::NotADirectory),
            None => return Err(FsError::NotFound),
        }
        let prefix = if path == "/" { path } else { format!("{path}/") };
        let below = self
            .nodes
            .range::<_, str>((std::ops::Bound::Excluded(prefix.as_str()), std::ops::Bound::Unbounded));
        let mut found: Vec<(String, &Node)> = below
            .take_while(|(key, _)| key.starts_with(&prefix))
            .filter_map(|(key, node)| key.strip_prefix(&prefix).map(|name| (name, node)))
            .filter(|(name, _)| !name.is_empty() && !name.contains('/'))
            .map(|(name, node)| (name.to_owned(), node))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(found)
    }

    /// True when both are one tree that nobody changed since it was cloned. Costs nothing.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.nodes.ptr_eq(&other.nodes)
    }

    /// Every path with its node, in byte order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.nodes.iter().map(|(path, node)| (&**path, node))
    }

    /// Puts bytes at `path`; a file that is there keeps its owner and mode. The directory must exist.
    pub(crate) fn write(&mut self, path: &str, bytes: &[u8], now: SimTime) -> Result<(), FsError> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(FsError::TooLarge);
        }
        let path = self.resolve(path)?;
        let kind = Kind::File(Arc::from(bytes));
        match self.nodes.get_mut(path.as_str()) {
            Some(Node { kind: Kind::Directory, .. }) => Err(FsError::IsADirectory),
            Some(node) => {
                node.kind = kind;
                node.modified = now;
                node.blank = 0;
                Ok(())
            }
            None => self.put(&path, Node { kind, mode: 0o644, uid: 0, gid: 0, modified: now, blank: 0 }),
        }
    }

    /// Adds bytes at the end of a file, which is made if it is missing.
    pub(crate) fn append(&mut self, path: &str, bytes: &[u8], now: SimTime) -> Result<(), FsError> {
        let mut all = match self.read(path) {
            Ok(before) => before.to_vec(),
            Err(FsError::NotFound) => Vec::new(),
            Err(other) => return Err(other),
        };
        all.extend_from_slice(bytes);
        let blank = self.stat(path).map_or(0, |it| it.blank);
        self.write(path, &all, now)?;
        self.set_blank(path, blank)
    }

    /// Says how many zeros stand behind the contents of a file.
    pub(crate) fn set_blank(&mut self, path: &str, blank: u64) -> Result<(), FsError> {
        self.change(path, |node| node.blank = blank)
    }

    /// Puts a whole node at a path whose directory exists.
    pub(crate) fn put(&mut self, path: &str, node: Node) -> Result<(), FsError> {
        let path = self.resolve_parent(path)?;
        match self.nodes.get(parent(&path)).map(|above| &above.kind) {
            Some(Kind::Directory) => {
                self.nodes.insert(Arc::from(path), node);
                Ok(())
            }
            Some(_) => Err(FsError::NotADirectory),
            None => Err(FsError::NotFound),
        }
    }

    /// Makes a directory; its own directory must exist.
    pub(crate) fn mkdir(&mut self, path: &str, mode: u32, now: SimTime) -> Result<(), FsError> {
        if self.lstat(path).is_ok() {
            return Err(FsError::Exists);
        }
        self.put(path, Node { kind: Kind::Directory, mode, uid: 0, gid: 0, modified: now, blank: 0 })
    }

    /// Makes a directory and those above it that are missing.
    pub(crate) fn mkdir_all(&mut self, path: &str, mode: u32, now: SimTime) -> Result<(), FsError> {
        let path = clean("/", path);
        if self.is_directory(&path) {
            return Ok(());
        }
        if path != "/" {
            self.mkdir_all(parent(&path), 0o755, now)?;
        }
        self.mkdir(&path, mode, now)
    }

    /// Puts a file with a mode, making the directories on the way. For building trees.
    pub(crate) fn install(
        &mut self,
        path: &str,
        bytes: &[u8],
        mode: u32,
        now: SimTime,
    ) -> Result<(), FsError> {
        let path = clean("/", path);
        self.mkdir_all(parent(&path), 0o755, now)?;
        self.write(&path, bytes, now)?;
        self.chmod(&path, mode)
    }

    /// Makes a link at `link` that says `target`.
    pub(crate) fn symlink(&mut self, target: &str, link: &str, now: SimTime) -> Result<(), FsError> {
        if self.lstat(link).is_ok() {
            return Err(FsError::Exists);
        }
        let kind = Kind::Symlink(target.to_owned());
        self.put(link, Node { kind, mode: 0o777, uid: 0, gid: 0, modified: now, blank: 0 })
    }

    /// Takes a file, a link or an empty directory away.
    pub(crate) fn remove(&mut self, path: &str) -> Result<Node, FsError> {
        let path = self.resolve_parent(path)?;
        match self.nodes.get(path.as_str()).map(|node| &node.kind) {
            None => return Err(FsError::NotFound),
            Some(Kind::Directory) if !self.list(&path)?.is_empty() => return Err(FsError::NotEmpty),
            Some(_) => {}
        }
        self.nodes.remove(path.as_str()).ok_or(FsError::NotFound)
    }

    /// Takes away all that stands at and below `path`.
    pub(crate) fn remove_all(&mut self, path: &str) -> Result<(), FsError> {
        let path = self.resolve_parent(path)?;
        let doomed: Vec<Arc<str>> = self.below(&path);
        if doomed.is_empty() {
            return Err(FsError::NotFound);
        }
        for key in doomed {
            self.nodes.remove(&key);
        }
        Ok(())
    }

    /// Moves what stands at `from`, and all below it, to `to`. A file at `to` is replaced.
    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), FsError> {
        let (from, to) = (self.resolve_parent(from)?, self.resolve_parent(to)?);
        if self.nodes.get(from.as_str()).is_none() {
            return Err(FsError::NotFound);
        }
        if from == to {
            return Ok(());
        }
        if to.starts_with(&format!("{from}/")) {
            return Err(FsError::Invalid);
        }
        if !self.is_directory(parent(&to)) {
            return Err(FsError::NotFound);
        }
        if self.nodes.get(to.as_str()).is_some() {
            self.remove(&to)?;
        }
        for key in self.below(&from) {
            if let (Some(node), Some(tail)) = (self.nodes.remove(&key), key.strip_prefix(from.as_str())) {
                self.nodes.insert(Arc::from(format!("{to}{tail}")), node);
            }
        }
        Ok(())
    }

    /// Sets the permission bits.
    pub(crate) fn chmod(&mut self, path: &str, mode: u32) -> Result<(), FsError> {
        self.change(path, |node| node.mode = mode)
    }

    /// Sets the owner.
    pub(crate) fn chown(&mut self, path: &str, uid: u32, gid: u32) -> Result<(), FsError> {
        self.change(path, |node| (node.uid, node.gid) = (uid, gid))
    }

    fn change(&mut self, path: &str, change: impl FnOnce(&mut Node)) -> Result<(), FsError> {
        let path = self.resolve(path)?;
        let node = self.nodes.get_mut(path.as_str()).ok_or(FsError::NotFound)?;
        change(node);
        Ok(())
    }

    fn below(&self, path: &str) -> Vec<Arc<str>> {
        let prefix = if path == "/" { path.to_owned() } else { format!("{path}/") };
        self.nodes
            .range::<_, str>((std::ops::Bound::Included(path), std::ops::Bound::Unbounded))
            .map(|(key, _)| key)
            .take_while(|key| key.starts_with(path))
            .filter(|key| &***key == path || key.starts_with(&prefix))
            .cloned()
            .collect()
    }
}

impl Node {
    /// Bytes of a file, length of a link's target, 4096 for a directory: what `ls -l` shows.
    pub(crate) fn size(&self) -> u64 {
        match &self.kind {
            Kind::File(bytes) => bytes.len() as u64 + self.blank,
            Kind::Symlink(target) => target.len() as u64,
            Kind::Directory => 4096,
            Kind::Fifo | Kind::Socket => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> FileTree {
        let mut tree = FileTree::default();
        tree.install("/etc/kubernetes/pki/ca.crt", b"ca", 0o644, SimTime::START).unwrap();
        tree.install("/etc/kubernetes/admin.conf", b"conf", 0o600, SimTime::START).unwrap();
        tree
    }

    #[test]
    fn links_are_followed_and_loops_end() {
        let mut tree = tree();
        tree.symlink("kubernetes", "/etc/k8s", SimTime::START).unwrap();
        tree.symlink("/etc/b", "/etc/a", SimTime::START).unwrap();
        tree.symlink("/etc/a", "/etc/b", SimTime::START).unwrap();
        assert_eq!(&*tree.read("/etc/k8s/pki/ca.crt").unwrap(), b"ca");
        assert_eq!(tree.read("/etc/a"), Err(FsError::Loop));
        assert_eq!(tree.resolve("/etc/k8s/pki/../new"), Ok("/etc/k8s/new".replace("k8s", "kubernetes")));
    }

    #[test]
    fn a_rename_takes_all_below_along() {
        let mut tree = tree();
        tree.rename("/etc/kubernetes", "/etc/kube").unwrap();
        assert!(tree.exists("/etc/kube/pki/ca.crt") && !tree.exists("/etc/kubernetes"));
        assert_eq!(tree.stat("/etc/kube/admin.conf").unwrap().mode, 0o600);
        assert_eq!(tree.rename("/etc", "/etc/kube/x"), Err(FsError::Invalid));
    }

    #[test]
    fn listing_shows_direct_children_only() {
        let tree = tree();
        let names: Vec<String> =
            tree.list("/etc/kubernetes").unwrap().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["admin.conf", "pki"]);
        assert_eq!(tree.list("/etc/kubernetes/admin.conf").err(), Some(FsError::NotADirectory));
    }

    #[test]
    fn what_is_in_the_way_is_refused() {
        let mut tree = tree();
        assert_eq!(tree.write("/etc", b"", SimTime::START), Err(FsError::IsADirectory));
        assert_eq!(tree.write("/nope/x", b"", SimTime::START), Err(FsError::NotFound));
        assert_eq!(tree.remove("/etc").err(), Some(FsError::NotEmpty));
        assert_eq!(tree.mkdir("/etc", 0o755, SimTime::START), Err(FsError::Exists));
    }
}
