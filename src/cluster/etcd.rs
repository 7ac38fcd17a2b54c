//! etcd's data: snapshots as files, and the data directories that a restore makes.
//!
//! A snapshot file begins with pages as bbolt writes them, so that size and magic look right, carries
//! the whole keyspace as compact JSON, and ends with the SHA-256 of all before, as etcd's do: a file
//! that was cut short or touched is refused. A data directory's `member/snap/db` is either such a
//! keyspace (after a restore) or the name of the keyspace that is in use.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::control_plane::Process;
use super::etcd_state::{Etcd, Member};
use super::store::{Counts, Seal};
use super::{ClusterId, Key, Store, World};
use crate::apimachinery::json::{self, Value, json};
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
    with_members(store, &[], 0)
}

/// The database of a data directory that a restore makes: its members, and which of them is its own.
pub(crate) fn with_members(store: &Store, members: &[(u64, String)], local: u64) -> Vec<u8> {
    let mut bytes = vec![0; 2 * PAGE];
    for page in [0, PAGE] {
        if let Some(slot) = bytes.get_mut(page + 16..page + 20) {
            slot.copy_from_slice(&MAGIC);
        }
    }
    bytes.extend_from_slice(KEYSPACE);
    let mut tree = contents(store);
    if !members.is_empty() {
        object::set(&mut tree, &["members"], json::to_value(members).unwrap_or_default());
        object::set(&mut tree, &["local"], json!(local));
    }
    bytes.extend_from_slice(tree.to_string().as_bytes());
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
    let tree = tree_of(body).ok_or(SnapshotError::Invalid)?;
    let digest = Sha256::digest(body);
    let hash = digest.iter().take(4).fold(0, |sum: u32, &byte| sum << 8 | u32::from(byte));
    let store = store_of(&tree);
    let keys = object::list(&tree, "/objects").len();
    Ok(Snapshot { revision: store.revision(), store, size, hash, keys })
}

fn tree_of(body: &[u8]) -> Option<Value> {
    let json = body.get(2 * PAGE..)?.strip_prefix(KEYSPACE)?;
    let end = json.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    serde_json::from_slice(json.get(..end)?).ok()
}

/// The members that a restore wrote into a database, and which of them the directory belongs to.
pub(crate) fn members_of(bytes: &[u8]) -> Option<(Vec<(u64, String)>, u64)> {
    let tree = tree_of(bytes)?;
    let members = crate::apimachinery::json::from_value(tree.get("members")?.clone()).ok()?;
    Some((members, tree.get("local")?.as_u64()?))
}

/// True for the database that the cluster's keyspace is in.
pub(crate) fn is_current(bytes: &[u8], current: &str) -> bool {
    !current.is_empty() && in_use_name(bytes) == Some(current)
}

/// `--initial-cluster-token` when nothing is said.
pub(crate) const TOKEN: &str = "etcd-cluster";

/// The id of a new cluster's member with these peer URLs, as etcd computes it.
pub(crate) fn member_id(peer_urls: &[&str], token: &str) -> u64 {
    let mut urls = peer_urls.to_vec();
    urls.sort_unstable();
    first_eight(&Sha1::digest(format!("{}{token}", urls.concat()).as_bytes()))
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

/// True when the checksum that a saved snapshot ends with is there: databases are a multiple of 512 bytes.
pub(crate) fn has_checksum(bytes: &[u8]) -> bool {
    bytes.len() % 512 == 32
}

fn contents(store: &Store) -> Value {
    let mut objects = Vec::new();
    for resource in store.resources() {
        for entry in store.list(resource, "") {
            let (namespace, name) = (object::namespace(entry), object::name(entry));
            let key = Key::new(resource, namespace, name);
            let counts = store.counts(&key).unwrap_or_default();
            let mut row = json!([&**resource, namespace, name, &**entry, counts.created, counts.version]);
            if let (Some(seal), Some(row)) = (store.seal(&key), row.as_array_mut()) {
                row.extend([json!(&*seal.prefix), json!(&*seal.secret)]);
            }
            objects.push(row);
        }
    }
    json!({"revision": store.revision(), "objects": objects})
}

fn store_of(tree: &Value) -> Store {
    let part =
        |entry: &Value, index: usize| entry.get(index).and_then(Value::as_str).unwrap_or("").to_owned();
    let objects = object::list(tree, "/objects").iter().map(|entry| {
        let key = Key::new(&part(entry, 0), &part(entry, 1), &part(entry, 2));
        let number = |index: usize| entry.get(index).and_then(Value::as_u64).unwrap_or(1);
        let counts = Counts { created: number(4), version: number(5) };
        (key, entry.get(3).cloned().unwrap_or_default(), counts, Seal::of(&part(entry, 6), &part(entry, 7)))
    });
    Store::restored(objects, u64::try_from(object::int(tree, "/revision").unwrap_or(0)).unwrap_or(0))
}

/// Opens the data directory of an etcd that starts: its keyspace becomes the cluster's, or it joins the
/// members that have that keyspace.
pub(crate) fn open(world: &mut World, cluster: ClusterId, host: &str, process: &Process) {
    let inside = process.flag("data-dir").unwrap_or("/default.etcd");
    // A directory that no mount covers lives in the container: nobody else sees it, and it begins empty.
    let outside = process.host_path(inside);
    let path = outside.as_deref().map(|directory| format!("{directory}/member/snap/db"));
    let found = path.as_deref().and_then(|path| world.hosts.get(host)?.files.read(path).ok());
    let Some(plane) = world.clusters.get(cluster).map(|it| &it.control_plane) else { return };
    let (current, etcd) = (plane.database.clone(), &plane.etcd);
    let urls = process.flag_list("initial-advertise-peer-urls").join(",");
    let joins = found.is_none()
        && !current.is_empty()
        && etcd.by_peer_urls(&urls).is_some()
        && etcd.members.len() > 1;
    if joins && let Some(path) = &path {
        write_in_use(world, host, path, &current);
    }
    let name = found.as_deref().and_then(in_use_name).map(str::to_owned);
    if !joins && (current.is_empty() || name.as_ref() != Some(&current)) {
        replace_keyspace(world, cluster, host, process, path.as_deref(), found.as_deref(), name);
    }
    if let Some(etcd) = world.clusters.get_mut(cluster).map(|it| &mut it.control_plane.etcd) {
        etcd.publish(host, process);
    }
}

fn replace_keyspace(
    world: &mut World,
    cluster: ClusterId,
    host: &str,
    process: &Process,
    path: Option<&str>,
    found: Option<&[u8]>,
    name: Option<String>,
) {
    let current = world.clusters.get(cluster).map(|it| it.control_plane.database.clone()).unwrap_or_default();
    let inside = process.flag("data-dir").unwrap_or("/default.etcd");
    let fresh_name = format!("{}{}", files::base_name(inside), world.chance.hex(8));
    let fresh = match (&name, found) {
        (Some(name), _) => world.clusters.get_mut(cluster).and_then(|it| it.other_stores.remove(name)),
        (None, Some(bytes)) => {
            read(bytes, false).ok().map(|snapshot| (snapshot.store, restored_members(bytes, host)))
        }
        (None, None) => None,
    };
    // The very first start finds the keyspace that the template has made.
    let first = current.is_empty() && found.is_none();
    let name = name.unwrap_or(fresh_name);
    if let Some(path) = path {
        write_in_use(world, host, path, &name);
    }
    let Some(state) = world.clusters.get_mut(cluster) else { return };
    state.control_plane.database = name;
    let (store, mut etcd) = match fresh {
        Some(fresh) => fresh,
        None if first => (std::mem::take(&mut state.store), Etcd::default()),
        None => Default::default(),
    };
    if etcd.members.is_empty() {
        etcd.begin(
            &process.flag_list("initial-cluster"),
            process.flag_list("initial-advertise-peer-urls").first().copied(),
        );
    }
    let before = std::mem::replace(&mut state.store, store);
    let etcd_before = std::mem::replace(&mut state.control_plane.etcd, etcd);
    if first {
        return;
    }
    state.other_stores.insert(current, (before, etcd_before));
    world.keyspace_replaced(cluster);
}

/// The members of a restored directory; the one whose directory it is stands on `host`.
fn restored_members(bytes: &[u8], host: &str) -> Etcd {
    let Some((members, local)) = members_of(bytes) else { return Etcd::default() };
    let ids: Vec<u64> = members.iter().map(|(id, _)| *id).collect();
    let row = |(id, urls): (u64, String)| Member {
        host: if id == local { host.to_owned() } else { String::new() },
        ..Member::new(id, urls, false)
    };
    let mut etcd = Etcd::default();
    etcd.cluster_id = cluster_id(&ids);
    etcd.term = 1;
    etcd.members = members.into_iter().map(row).collect();
    etcd
}

fn in_use_name(bytes: &[u8]) -> Option<&str> {
    let text = bytes.get(2 * PAGE..)?.strip_prefix(IN_USE.as_bytes())?;
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    std::str::from_utf8(text.get(..end)?).ok()
}

/// What a program reads from the database that a cluster's keyspace is in: the whole of it, so that a copy
/// of the file stays what it was when the keyspace moves on.
pub(crate) fn live(world: &World, bytes: &[u8]) -> Option<Vec<u8>> {
    let name = in_use_name(bytes)?;
    world.clusters.iter().find_map(|state| {
        let current = (&state.store, &state.control_plane.etcd);
        let other = || state.other_stores.get(name).map(|(store, etcd)| (store, etcd));
        let (store, etcd) = if state.control_plane.database == name { Some(current) } else { other() }?;
        let members: Vec<(u64, String)> =
            etcd.members.iter().map(|it| (it.id, it.peer_urls.clone())).collect();
        let local = members.first().map_or(0, |(id, _)| *id);
        Some(with_members(store, &members, local))
    })
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
