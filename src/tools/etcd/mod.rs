//! `etcdctl` and `etcdutl` 3.6.8: the client of a running etcd, and the tool for its files.
//!
//! Messages and formats are those recorded from the real programs. A client reaches etcd only through
//! [`crate::cluster::etcd_client`], with the certificates it is given.

mod etcdctl;
mod etcdutl;
mod keys;
mod leases;
mod locks;
mod members;
mod session;
mod snapshot;
mod table;
mod txn;
mod users;
mod watch;
#[cfg(test)]
mod sessions;

pub(crate) use etcdctl::ETCDCTL;
pub(crate) use etcdutl::ETCDUTL;

use super::kubectl::flags::{FlagSpec, Kind};
use crate::apimachinery::json::Value;

/// What a command leaves besides what it printed: the sentence behind `Error: ` and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    sentence: String,
    exit: i32,
}

impl Refusal {
    fn new(exit: i32, sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), exit }
    }
}

/// A flag with a value.
const fn valued(name: &'static str, short: Option<char>, kind: Kind, default: &'static str) -> FlagSpec {
    FlagSpec { name, short, kind, default, alone: "", hidden: false }
}

/// A flag that may stand alone.
const fn switch(name: &'static str, short: Option<char>) -> FlagSpec {
    FlagSpec { name, short, kind: Kind::Bool, default: "false", alone: "true", hidden: false }
}

/// Members of JSON answers in the order in which etcd's structures declare them.
const ORDER: &[&str] = &[
    "Endpoint",
    "Status",
    "endpoint",
    "health",
    "took",
    "error",
    "Header",
    "header",
    "cluster_id",
    "member_id",
    "revision",
    "raft_term",
    "type",
    "kv",
    "key",
    "create_revision",
    "mod_revision",
    "version",
    "value",
    "lease",
    "deleted",
    "prev_kv",
    "prev_kvs",
    "kvs",
    "more",
    "count",
    "Events",
    "CompactRevision",
    "Canceled",
    "Created",
    "ID",
    "TTL",
    "granted-ttl",
    "memberID",
    "alarm",
    "name",
    "peerURLs",
    "clientURLs",
    "members",
    "dbSize",
    "leader",
    "raftIndex",
    "raftTerm",
    "raftAppliedIndex",
    "errors",
    "dbSizeInUse",
    "isLearner",
    "storageVersion",
    "dbSizeQuota",
    "downgradeInfo",
];

/// JSON as etcd's tools write it: members in declared order, those that are not in it last.
fn in_order(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let rank = |name: &str| ORDER.iter().position(|it| *it == name).unwrap_or(ORDER.len());
            let mut all: Vec<_> = members.iter().collect();
            all.sort_by_key(|(name, _)| rank(name));
            let inside: Vec<String> =
                all.iter().map(|(name, it)| format!("{name:?}:{}", in_order(it))).collect();
            format!("{{{}}}", inside.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(in_order).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}

/// Bytes as etcd prints sizes: `20 kB`, `2.1 GB`. Powers of 1000; one digit behind the point below 10.
fn human_bytes(bytes: usize) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or("");
    if value < 9.95 && unit > 0 { format!("{value:.1} {name}") } else { format!("{value:.0} {name}") }
}

#[cfg(test)]
mod tests {
    use super::human_bytes;

    #[test]
    fn sizes_read_as_etcd_prints_them() {
        assert_eq!(
            [human_bytes(20480), human_bytes(2_147_483_648), human_bytes(32)],
            ["20 kB", "2.1 GB", "32 B"]
        );
    }
}
