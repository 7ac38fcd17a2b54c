//! What etcd keeps besides keys: members, leases, users, alarms, and how much room it takes.
//!
//! Knows nothing of processes: who runs is the control plane's to say.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use imbl::{OrdMap, OrdSet, Vector};

use super::control_plane::Process;
use super::etcd::{TOKEN, cluster_id, member_id};
use super::store::{Change, Event, Store};
use crate::apimachinery::json::Value;
use crate::sim::SimTime;

/// 2 GiB: what a database may take when `--quota-backend-bytes` says nothing.
const QUOTA: u64 = 2 << 30;
/// kube-apiserver compacts so often. Source: `--etcd-compaction-interval`.
const COMPACTION: Duration = Duration::from_secs(300);
/// Bytes that bbolt adds to a revision: its key, create and mod revision, version.
const OVERHEAD: u64 = 80;
/// Buckets and metadata of an empty database.
const EMPTY: u64 = 16_384;
/// A database grows and shrinks by pages.
const PAGE: u64 = 4_096;

/// One member, started or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: u64,
    /// Empty until it has started.
    pub(crate) name: String,
    /// Joined by commas.
    pub(crate) peer_urls: String,
    /// Joined by commas; empty until it has started.
    pub(crate) client_urls: String,
    pub(crate) learner: bool,
    /// The machine it was last started on; empty until then.
    pub(crate) host: String,
}

impl Member {
    /// A member that has not started.
    pub(crate) fn new(id: u64, peer_urls: impl Into<String>, learner: bool) -> Self {
        Self { id, peer_urls: peer_urls.into(), learner, ..Self::default() }
    }
}

/// A lease: it ends `ttl_s` seconds after it was last renewed, and takes its keys along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) ttl_s: u64,
    pub(crate) renewed: SimTime,
}

impl Lease {
    /// Whole seconds that are left; below 0 when it is over.
    pub(crate) fn left(&self, now: SimTime) -> i64 {
        let gone = i64::try_from(now.since(self.renewed).as_secs()).unwrap_or(i64::MAX);
        i64::try_from(self.ttl_s).unwrap_or(i64::MAX).saturating_sub(gone)
    }
}

/// What a role may do with the keys from `key` to before `end`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Permission {
    pub(crate) key: String,
    /// Empty for a single key.
    pub(crate) end: String,
    /// `read`, `write`, `readwrite`.
    pub(crate) kind: String,
}

/// All of it, for one keyspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Etcd {
    pub(crate) cluster_id: u64,
    pub(crate) members: Vector<Member>,
    /// 0 when nobody leads.
    pub(crate) leader: u64,
    pub(crate) term: u64,
    /// Revisions up to here are gone.
    pub(crate) compacted: u64,
    /// Members that raised NOSPACE.
    pub(crate) alarms: OrdSet<u64>,
    pub(crate) leases: OrdMap<u64, Lease>,
    /// Which lease a key of a client's own hangs on.
    pub(crate) leased: OrdMap<String, u64>,
    /// Users and their roles.
    pub(crate) users: BTreeMap<String, BTreeSet<String>>,
    pub(crate) roles: BTreeMap<String, BTreeSet<Permission>>,
    /// What `--quota-backend-bytes` says: 0 for the default.
    quota: i64,
    /// Bytes of the file; grows with what is in it and shrinks only by defragmentation.
    allocated: u64,
    /// Bytes in use, and the revision up to which they are counted.
    used: (u64, u64),
    /// The revision that the API server compacts next, and since when.
    next_compaction: (SimTime, u64),
}

/// How much room a database takes, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) allocated: u64,
    pub(crate) used: u64,
    pub(crate) quota: u64,
}

fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE) * PAGE
}

fn weight(object: &Value) -> u64 {
    serde_json::to_vec(object).map_or(0, |bytes| bytes.len() as u64) + OVERHEAD
}

impl Etcd {
    /// A new cluster of the members that `--initial-cluster` lists (`name=url`), or of one alone.
    pub(crate) fn begin(&mut self, initial_cluster: &[&str], own_url: Option<&str>) {
        let listed: Vec<&str> =
            initial_cluster.iter().filter_map(|it| it.split_once('=').map(|(_, url)| url)).collect();
        let urls = if listed.is_empty() { own_url.into_iter().collect() } else { listed };
        self.members = urls.iter().map(|url| Member::new(member_id(&[url], TOKEN), *url, false)).collect();
        let ids: Vec<u64> = self.members.iter().map(|it| it.id).collect();
        self.cluster_id = cluster_id(&ids);
        self.term = 1;
    }

    /// A member by its id.
    pub(crate) fn member(&self, id: u64) -> Option<&Member> {
        self.members.iter().find(|it| it.id == id)
    }

    /// A member by its peer URLs.
    pub(crate) fn by_peer_urls(&self, urls: &str) -> Option<&Member> {
        self.members.iter().find(|it| it.peer_urls == urls)
    }

    /// The member of a process: the one that was started on `host`, or that has its peer URLs.
    pub(crate) fn of_process(&self, host: &str, process: &Process) -> Option<&Member> {
        let urls = process.flag_list("initial-advertise-peer-urls").join(",");
        self.members.iter().find(|it| it.host == host).or_else(|| self.by_peer_urls(&urls))
    }

    /// A process tells the others its name and where it serves.
    pub(crate) fn publish(&mut self, host: &str, process: &Process) {
        self.quota = process.flag("quota-backend-bytes").and_then(|it| it.parse().ok()).unwrap_or(0);
        let Some(id) = self.of_process(host, process).map(|it| it.id) else { return };
        let Some(member) = self.members.iter_mut().find(|it| it.id == id) else { return };
        member.name = process.flag("name").unwrap_or("default").to_owned();
        member.client_urls = process.flag_list("advertise-client-urls").join(",");
        member.host = host.to_owned();
    }

    /// Measures the database. The API server's regular compaction is caught up with first.
    pub(crate) fn size(&mut self, store: &Store, now: SimTime) -> Size {
        if now.since(self.next_compaction.0) >= COMPACTION {
            self.compacted = self.compacted.max(self.next_compaction.1);
            self.next_compaction = (now, store.revision());
            self.used = (0, 0);
        }
        self.count(store);
        Size { allocated: self.allocated, used: pages(self.used.0), quota: self.quota_bytes() }
    }

    fn quota_bytes(&self) -> u64 {
        if self.quota == 0 { QUOTA } else { u64::try_from(self.quota).unwrap_or(u64::MAX) }
    }

    /// Adds what was written since the last count; after a compaction counts anew.
    fn count(&mut self, store: &Store) {
        let (used, upto) = self.used;
        let used = match store.since(upto) {
            Some(events) if upto > 0 => used + events.map(|it| weight(&it.object)).sum::<u64>(),
            _ => EMPTY + live(store) + history(store, self.compacted),
        };
        self.used = (used, store.revision());
        self.allocated = self.allocated.max(pages(used));
    }

    /// Refuses revisions up to `revision` from now on and frees what only they held.
    pub(crate) fn compact(&mut self, revision: u64) {
        self.compacted = revision;
        self.used = (0, 0);
    }

    /// Gives what is free back to the file system.
    pub(crate) fn defragment(&mut self, store: &Store) {
        self.count(store);
        self.allocated = pages(self.used.0);
    }

    /// Takes note that something is about to be written.
    ///
    /// # Errors
    /// The database is full, or was and the alarm still stands.
    pub(crate) fn admit(&mut self, store: &Store, now: SimTime, bytes: u64) -> Result<(), &'static str> {
        const FULL: &str = "etcdserver: mvcc: database space exceeded";
        if !self.alarms.is_empty() {
            return Err(FULL);
        }
        if self.quota <= 0 {
            return Ok(());
        }
        let size = self.size(store, now);
        if size.allocated + bytes <= size.quota {
            return Ok(());
        }
        self.alarms.insert(self.leader);
        Err(FULL)
    }
}

fn live(store: &Store) -> u64 {
    store.resources().flat_map(|resource| store.list(resource, "")).map(|it| weight(it)).sum()
}

/// Earlier values of keys that a reader of a revision after `compacted` could still want.
fn history(store: &Store, compacted: u64) -> u64 {
    let old = |event: &Event| {
        let grave = if event.change == Change::Deleted { OVERHEAD } else { 0 };
        grave + event.previous.as_deref().map_or(0, weight)
    };
    // What is older than the log was compacted by the API server long ago.
    let from = compacted.max(store.oldest());
    store.since(from).map_or(0, |events| events.map(old).sum())
}

#[cfg(test)]
mod tests {
    use crate::apimachinery::json::json;

    use super::*;
    use crate::cluster::Key;

    #[test]
    fn a_full_database_takes_nothing_until_it_is_compacted_defragmented_and_disarmed() {
        let (mut store, mut etcd, now) = (Store::default(), Etcd::default(), SimTime::START);
        etcd.quota = 200_000;
        let key = Key::new("configmaps", "a", "b");
        let mut refused = 0;
        for _ in 0..40 {
            match etcd.admit(&store, now, 10_000) {
                Ok(()) => drop(store.put(&key, json!({"metadata": {}, "x": "y".repeat(10_000)}))),
                Err(_) => refused += 1,
            }
        }
        assert!(refused > 10 && etcd.alarms.len() == 1);
        etcd.compact(store.revision());
        etcd.defragment(&store);
        assert!(etcd.admit(&store, now, 1).is_err(), "the alarm still stands");
        etcd.alarms.clear();
        assert_eq!(etcd.admit(&store, now, 1), Ok(()));
    }
}
