//! etcd's data: snapshots as files, and the data directories that a restore makes.
//!
//! A snapshot file begins with pages as bbolt writes them, so that size and magic look right, carries
//! the whole keyspace as compact JSON, and ends with the SHA-256 of all before, as etcd's do: a file
//! that was cut short or touched is refused. A data directory's `member/snap/db` is either such a
//! keyspace (after a restore) or the name of the keyspace that is in use.

use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::control_plane::Process;
use super::{ClusterId, Key, Store, World};
use crate::apimachinery::object;
use crate::hosts::files;

/// bbolt's page size.
const PAGE: usize = 4096;
/// bbolt's magic, at byte 16 of the first two pages.
const MAGIC: [u8; 4] = [0xda, 0x0c, 0xed, 0xed];
/// Marks the JSON behind the header pages.
const KEYSPACE: &[u8] = b"keyspace:";
/// The database of the cluster as it was set up.
const IN_USE: &str = "in-use:";

/// Why a snapshot file cannot be used; the sentences of etcdutl.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SnapshotError {
    #[error("file size too small {0}")]
    TooSmall(usize),
    #[error("invalid database")]
    Invalid,
    #[error("expected sha256 {expected:?}, got {got:?}")]
    Tampered { expected: Vec<u8>, got: Vec<u8> },
}

/// What a snapshot holds.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) store: Store,
    pub(crate) revision: u64,
    /// Bytes of the database without the checksum.
    pub(crate) size: usize,
    /// etcd's hash of the database.
    pub(crate) hash: u32,
    pub(crate) keys: usize,
}

/// The keyspace as the database file of a data directory.
pub(crate) fn database(store: &Store) -> Vec<u8> {
    let mut bytes = vec![0; 2 * PAGE];
    for page in [0, PAGE] {
        if let Some(slot) = bytes.get_mut(page + 16..page + 20) {
            slot.copy_from_slice(&MAGIC);
        }
    }
    bytes.extend_from_slice(KEYSPACE);
    bytes.extend_from_slice(contents(store).to_string().as_bytes());
    bytes.resize(bytes.len().div_ceil(PAGE) * PAGE, 0);
    bytes
}

/// The keyspace as `etcdctl snapshot save` writes it: the database and its checksum.
pub(crate) fn snapshot(store: &Store) -> Vec<u8> {
    let mut bytes = database(store);
    let sum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&sum);
    bytes
}

/// Reads a database; with `checked` the checksum behind it must fit.
pub(crate) fn read(bytes: &[u8], checked: bool) -> Result<Snapshot, SnapshotError> {
    if bytes.len() < 2 * PAGE && bytes.get(16..20) == Some(&MAGIC) {
        return Err(SnapshotError::TooSmall(bytes.len()));
    }
    if bytes.get(16..20) != Some(&MAGIC) {
        return Err(SnapshotError::Invalid);
    }
    let has_sum = bytes.len() % PAGE == 32;
    let size = if has_sum { bytes.len() - 32 } else { bytes.len() };
    let (body, sum) = bytes.split_at(size);
    if checked && has_sum {
        let got = Sha256::digest(body);
        if got[..] != *sum {
            return Err(SnapshotError::Tampered { expected: sum.to_vec(), got: got.to_vec() });
        }
    }
    let json =
        body.get(2 * PAGE..).and_then(|rest| rest.strip_prefix(KEYSPACE)).ok_or(SnapshotError::Invalid)?;
    let end = json.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let tree: Value =
        serde_json::from_slice(json.get(..end).unwrap_or_default()).map_err(|_| SnapshotError::Invalid)?;
    let digest = Sha256::digest(body);
    let hash = digest.iter().take(4).fold(0, |sum: u32, &byte| sum << 8 | u32::from(byte));
    let store = store_of(&tree);
    let keys = object::list(&tree, "/objects").len();
    Ok(Snapshot { revision: store.revision(), store, size, hash, keys })
}

/// The id of a new cluster's member with these peer URLs, as etcd computes it.
pub(crate) fn member_id(peer_urls: &[&str]) -> u64 {
    let mut urls = peer_urls.to_vec();
    urls.sort_unstable();
    first_eight(&Sha1::digest(format!("{}etcd-cluster", urls.concat()).as_bytes()))
}

/// The id of a cluster that began with these members.
pub(crate) fn cluster_id(members: &[u64]) -> u64 {
    let mut sorted = members.to_vec();
    sorted.sort_unstable();
    let bytes: Vec<u8> = sorted.iter().flat_map(|id| id.to_be_bytes()).collect();
    first_eight(&Sha1::digest(&bytes))
}

fn first_eight(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}

/// True for what etcd can open as its database: pages with bbolt's magic.
pub(crate) fn is_database(bytes: &[u8]) -> bool {
    bytes.get(16..20) == Some(&MAGIC)
}

/// True for a write-ahead log as it is written here: empty or all zero.
pub(crate) fn is_wal(bytes: &[u8]) -> bool {
    bytes.iter().all(|&byte| byte == 0)
}

/// True when the checksum that a saved snapshot ends with is there.
pub(crate) fn has_checksum(bytes: &[u8]) -> bool {
    bytes.len() % PAGE == 32
}

fn contents(store: &Store) -> Value {
    let mut objects = Vec::new();
    for resource in store.resources() {
        for entry in store.list(resource, "") {
            objects.push(json!([&**resource, object::namespace(entry), object::name(entry), &**entry]));
        }
    }
    json!({"revision": store.revision(), "objects": objects})
}

fn store_of(tree: &Value) -> Store {
    let part =
        |entry: &Value, index: usize| entry.get(index).and_then(Value::as_str).unwrap_or("").to_owned();
    let objects = object::list(tree, "/objects").iter().map(|entry| {
        let key = Key::new(&part(entry, 0), &part(entry, 1), &part(entry, 2));
        (key, entry.get(3).cloned().unwrap_or_default())
    });
    Store::restored(objects, u64::try_from(object::int(tree, "/revision").unwrap_or(0)).unwrap_or(0))
}

/// Opens the data directory of an etcd that starts: its keyspace becomes the cluster's.
pub(crate) fn open(world: &mut World, cluster: ClusterId, host: &str, process: &Process) {
    let inside = process.flag("data-dir").unwrap_or("/default.etcd");
    // A directory that no mount covers lives in the container: nobody else sees it, and it begins empty.
    let outside = process.host_path(inside);
    let path = outside.as_deref().map(|directory| format!("{directory}/member/snap/db"));
    let found = path.as_deref().and_then(|path| world.hosts.get(host)?.files.read(path).ok());
    let name = found.as_deref().and_then(in_use_name).map(str::to_owned);
    let current = world.clusters.get(cluster).map(|it| it.control_plane.database.clone()).unwrap_or_default();
    if name.as_ref().is_some_and(|name| *name == current) && !current.is_empty() {
        return;
    }
    let fresh_name = format!("{}{}", files::base_name(inside), world.chance.hex(8));
    let fresh = match (&name, found.as_deref()) {
        (Some(name), _) => take_stored(world, cluster, name),
        (None, Some(bytes)) => read(bytes, false).ok().map(|snapshot| snapshot.store),
        (None, None) => None,
    };
    // The very first start finds the keyspace that the template has made.
    let first = current.is_empty() && found.is_none();
    let name = name.unwrap_or(fresh_name);
    if let Some(path) = &path {
        write_in_use(world, host, path, &name);
    }
    let Some(cluster_state) = world.clusters.get_mut(cluster) else { return };
    cluster_state.control_plane.database = name;
    if first {
        return;
    }
    let before = std::mem::replace(&mut cluster_state.store, fresh.unwrap_or_default());
    cluster_state.other_stores.insert(current, before);
    world.keyspace_replaced(cluster);
}

fn in_use_name(bytes: &[u8]) -> Option<&str> {
    let text = bytes.get(2 * PAGE..)?.strip_prefix(IN_USE.as_bytes())?;
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    std::str::from_utf8(text.get(..end)?).ok()
}

fn write_in_use(world: &mut World, host: &str, path: &str, name: &str) {
    let now = world.now;
    let mut bytes = vec![0; 2 * PAGE];
    if let Some(slot) = bytes.get_mut(16..20) {
        slot.copy_from_slice(&MAGIC);
    }
    bytes.extend_from_slice(format!("{IN_USE}{name}").as_bytes());
    bytes.resize(3 * PAGE, 0);
    let Some(files) = world.hosts.get_mut(host).map(|host| &mut host.files) else { return };
    let member = files::parent(files::parent(path)).to_owned();
    // A directory that cannot be written is reported by the start checks, not here.
    let _ = files.mkdir_all(files::parent(path), 0o700, now);
    let _ = files.install(path, &bytes, 0o600, now);
    let wal = format!("{member}/wal");
    let _ = files.mkdir_all(&wal, 0o700, now);
    let _ = files.install(&format!("{wal}/0000000000000000-0000000000000000.wal"), b"", 0o600, now);
    for directory in [member.as_str(), files::parent(&member)] {
        let _ = files.chmod(directory, 0o700);
    }
}

fn take_stored(world: &mut World, cluster: ClusterId, name: &str) -> Option<Store> {
    world.clusters.get_mut(cluster)?.other_stores.remove(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> Store {
        let mut store = Store::default();
        let object = json!({"metadata": {"name": "a", "namespace": "default"}, "data": {"k": "v"}});
        store.put(&Key::new("configmaps", "default", "a"), object);
        store
    }

    #[test]
    fn a_snapshot_holds_what_the_keyspace_held() {
        let bytes = snapshot(&store());
        let read = read(&bytes, true).unwrap();
        assert_eq!((read.keys, read.revision, bytes.len() % PAGE), (1, 1, 32));
        assert!(read.store.find("configmaps", "default", "a").is_some());
    }

    #[test]
    fn broken_files_are_refused_in_etcdutls_words() {
        let mut bytes = snapshot(&store());
        assert_eq!(read(&bytes[..3000], true).unwrap_err().to_string(), "file size too small 3000");
        assert_eq!(read(b"text", true).unwrap_err(), SnapshotError::Invalid);
        bytes[9000] ^= 1;
        assert!(matches!(read(&bytes, true), Err(SnapshotError::Tampered { .. } | SnapshotError::Invalid)));
    }
}
