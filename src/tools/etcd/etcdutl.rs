//! `etcdutl`: what is done to etcd's files without a running etcd.

use super::etcdctl::VERSION;
use super::table::table;
use super::{Refusal, human_bytes, switch, valued};
use crate::cluster::etcd::{self, Snapshot};
use crate::cluster::place::FileOp;
use crate::hosts::FsError;
use crate::shell::{Proc, Program};
use crate::tools::kubectl::flags::{FlagSpec, Flags, Kind, parse};

/// The program.
pub(crate) const ETCDUTL: Program =
    Program { name: "etcdutl", summary: "administrate etcd's files", run: |proc| Box::pin(run(proc)) };

const FLAGS: &[FlagSpec] = &[
    valued("data-dir", None, Kind::Text, ""),
    valued("wal-dir", None, Kind::Text, ""),
    valued("name", None, Kind::Text, "default"),
    valued("initial-cluster", None, Kind::Text, "default=http://localhost:2380"),
    valued("initial-cluster-token", None, Kind::Text, "etcd-cluster"),
    valued("initial-advertise-peer-urls", None, Kind::Text, "http://localhost:2380"),
    valued("bump-revision", None, Kind::Int(64), "0"),
    valued("write-out", Some('w'), Kind::Text, "simple"),
    switch("mark-compacted", None),
    switch("skip-hash-check", None),
    switch("help", Some('h')),
];

async fn run(proc: &mut Proc) -> i32 {
    let words = proc.args.get(1..).unwrap_or_default();
    match carry_out(proc, words) {
        Ok(()) => 0,
        Err(refusal) => {
            proc.eprint(format!("Error: {}\n", refusal.sentence));
            refusal.exit
        }
    }
}

fn carry_out(proc: &Proc, words: &[String]) -> Result<(), Refusal> {
    let parsed = parse(words, FLAGS.to_vec()).map_err(|sentence| Refusal::new(1, sentence))?;
    let words: Vec<&str> = parsed.args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["version"] => proc.print(format!("etcdutl version: {VERSION}\nAPI version: 3.6\n")),
        ["snapshot", "status", path] => return status(proc, path, &parsed.flags),
        ["snapshot", "status", ..] => {
            return Err(Refusal::new(128, "snapshot status requires exactly one argument"));
        }
        ["snapshot", "restore", path] => return restore(proc, path, &parsed.flags),
        ["snapshot", "restore", ..] => {
            return Err(Refusal::new(128, "snapshot restore requires exactly one argument"));
        }
        ["hashkv", path] => return hash_kv(proc, path),
        ["defrag"] => return defrag(proc, parsed.flags.text("data-dir")),
        ["snapshot"] => proc.print(SNAPSHOT_HELP),
        [] | ["help", ..] => proc.print(HELP),
        [other @ ("migrate" | "completion"), ..] => {
            return Err(Refusal::new(1, format!("uncordon: `etcdutl {other}` is not simulated yet")));
        }
        [first, ..] => {
            let sentence =
                format!("unknown command {first:?} for \"etcdutl\"\nRun 'etcdutl --help' for usage.");
            return Err(Refusal::new(1, sentence));
        }
    }
    Ok(())
}

const HELP: &str = "Usage:
  etcdutl [command]

Available Commands:
  completion  Completion of this program for a shell
  defrag      Gives the free room of a database back
  hashkv      The history hash of a database file
  help        What a command is for
  migrate     Moves the schema of a data directory between versions
  snapshot    Looks at snapshots and restores them
  version     The version of etcdutl

Flags:
  -h, --help               help for etcdutl
  -w, --write-out string   set the output format (fields, json, protobuf, simple, table) (default \"simple\")

Use \"etcdutl [command] --help\" for more information about a command.
";

const SNAPSHOT_HELP: &str = "Usage:
  etcdutl snapshot [command]

Available Commands:
  restore     Makes a data directory from a snapshot
  status      What a snapshot holds

Flags:
  -h, --help   help for snapshot

Global Flags:
  -w, --write-out string   set the output format (fields, json, protobuf, simple, table) (default \"simple\")

Use \"etcdutl snapshot [command] --help\" for more information about a command.
";

fn status(proc: &Proc, path: &str, flags: &Flags) -> Result<(), Refusal> {
    let bytes =
        proc.read_file(path).map_err(|error| Refusal::new(1, format!("stat {path}: {}", words_of(error))))?;
    let snapshot = etcd::read(&bytes, false).map_err(|error| Refusal::new(1, error.to_string()))?;
    let Snapshot { revision, size, hash, keys, .. } = snapshot;
    let row = vec![
        format!("{hash:x}"),
        revision.to_string(),
        keys.to_string(),
        human_bytes(size),
        "3.6.0".to_owned(),
    ];
    match flags.text("write-out") {
        "table" => proc.print(table(&["HASH", "REVISION", "TOTAL KEYS", "TOTAL SIZE", "VERSION"], &[row])),
        "json" => proc.print(format!(
            "{{\"hash\":{hash},\"revision\":{revision},\"totalKey\":{keys},\"totalSize\":{size},\"version\":\"3.6.0\"}}\n"
        )),
        _ => proc.print(format!("{}\n", row.join(", "))),
    }
    Ok(())
}

/// The lines that bbolt logs when a database is opened.
fn log_opening(proc: &Proc, caller: &str, database: &str) {
    let mut world = proc.world();
    let (stamp, pointer) = (world.now.rfc3339(), world.chance.hex(11));
    drop(world);
    proc.eprint(format!(
        "{stamp}\tinfo\tbbolt\t{caller}\tOpening db file ({database}) with mode -rw------- and with options: \
         {{Timeout: 0s, NoGrowSync: false, NoFreelistSync: true, PreLoadFreelist: false, FreelistType: , ReadOnly: \
         false, MmapFlags: 8000, InitialMmapSize: 10737418240, PageSize: 0, NoSync: false, OpenFile: 0x0, Mlock: \
         false, Logger: 0x1{pointer}}}\n{stamp}\tinfo\tbbolt\tbbolt/db.go:322\tOpening bbolt db ({database}) successfully\n"
    ));
}

/// `etcdutl defrag --data-dir`: the file gets rid of free pages; what it holds stays.
fn defrag(proc: &Proc, data_dir: &str) -> Result<(), Refusal> {
    if data_dir.is_empty() {
        return Err(Refusal::new(1, "required flag(s) \"data-dir\" not set"));
    }
    let database = format!("{}/member/snap/db", data_dir.trim_end_matches('/'));
    let bytes = proc.read_file(&database).map_err(|error| {
        Refusal::new(1, format!("failed to open database ({database}): {}", words_of(error)))
    })?;
    etcd::read(&bytes, false).map_err(|error| Refusal::new(1, error.to_string()))?;
    let size = bytes.len();
    let shown = human_bytes(size);
    log_opening(proc, "backend/backend.go:203", &database);
    let stamp = proc.world().now.rfc3339();
    proc.eprint(format!(
        "{stamp}\tinfo\tbackend/backend.go:522\tdefragmenting\t{{\"path\": {database:?}, \"current-db-size-bytes\": {size}, \
         \"current-db-size\": \"{shown}\", \"current-db-size-in-use-bytes\": {size}, \"current-db-size-in-use\": \"{shown}\"}}\n"
    ));
    log_opening(proc, "backend/backend.go:574", &database);
    let took = 100_000 + proc.world().chance.below(899_999);
    proc.eprint(format!(
        "{stamp}\tinfo\tbackend/backend.go:592\tfinished defragmenting directory\t{{\"path\": {database:?}, \
         \"current-db-size-bytes-diff\": 0, \"current-db-size-bytes\": {size}, \"current-db-size\": \"{shown}\", \
         \"current-db-size-in-use-bytes-diff\": 0, \"current-db-size-in-use-bytes\": {size}, \
         \"current-db-size-in-use\": \"{shown}\", \"took\": \"1.{took}ms\"}}\n"
    ));
    Ok(())
}

fn hash_kv(proc: &Proc, path: &str) -> Result<(), Refusal> {
    let bytes =
        proc.read_file(path).map_err(|error| Refusal::new(1, format!("open {path}: {}", words_of(error))))?;
    let snapshot = etcd::read(&bytes, false).map_err(|error| Refusal::new(1, error.to_string()))?;
    // The file does not say what was compacted; -1 is what etcd prints for nothing.
    proc.print(format!("{}, {}, -1\n", snapshot.hash, snapshot.revision));
    Ok(())
}

fn words_of(error: FsError) -> String {
    error.to_string().to_lowercase()
}

fn restore(proc: &Proc, path: &str, flags: &Flags) -> Result<(), Refusal> {
    let name = flags.text("name");
    let cluster = flags.text("initial-cluster");
    let named = cluster.split(',').any(|member| member.split('=').next() == Some(name));
    if !named {
        let sentence = format!("couldn't find local name {name:?} in the initial cluster configuration");
        return Err(Refusal::new(1, sentence));
    }
    let data_dir = match flags.text("data-dir") {
        "" => format!("{name}.etcd"),
        given => given.to_owned(),
    };
    let full = proc.path(&data_dir);
    let occupied = match proc.world().list_dir(&proc.place, &full) {
        Ok(entries) => !entries.is_empty(),
        Err(FsError::NotFound) => false,
        Err(_) => true,
    };
    if occupied {
        return Err(Refusal::new(1, format!("data-dir {data_dir:?} not empty or could not be read")));
    }
    announce(proc, "305", "restoring snapshot", path, &data_dir);
    let bytes =
        proc.read_file(path).map_err(|error| Refusal::new(1, format!("open {path}: {}", words_of(error))))?;
    if bytes.len() < CHECKSUM {
        return Err(Refusal::new(1, format!("seek {path}: invalid argument")));
    }
    let snapshot = match checked(&bytes, flags.on("skip-hash-check")) {
        Ok(snapshot) => snapshot,
        Err(refusal) => {
            // The database is copied before it is checked, and the copy stays.
            let _ = lay_out(proc, &full, &bytes);
            return Err(refusal);
        }
    };
    let database = format!("{data_dir}/member/snap/db");
    let opened = || log_opening(proc, "backend/backend.go:203", &database);
    opened();
    proc.eprint(format!(
        "{}\tinfo\tschema/membership.go:138\tTrimming membership information from the backend...\n",
        proc.world().now.rfc3339()
    ));
    opened();
    let members = members(flags);
    let ids: Vec<u64> = members.iter().map(|(id, _, _)| *id).collect();
    let local = members.iter().find(|(_, it, _)| it == name).map_or(0, |(id, _, _)| *id);
    let kept: Vec<(u64, String)> = members.iter().map(|(id, _, urls)| (*id, urls.clone())).collect();
    lay_out(proc, &full, &etcd::with_members(&snapshot.store, &kept, local))
        .map_err(|error| Refusal::new(1, format!("cannot write to {data_dir}: {}", words_of(error))))?;
    for (id, _, urls) in &members {
        proc.eprint(format!(
            "{}\tinfo\tmembership/cluster.go:424\tadded member\t{{\"cluster-id\": \"{:x}\", \
             \"local-member-id\": \"0\", \"added-peer-id\": \"{id:x}\", \"added-peer-peer-urls\": [{urls:?}], \
             \"added-peer-is-learner\": false}}\n",
            proc.world().now.rfc3339(),
            etcd::cluster_id(&ids),
        ));
    }
    opened();
    announce(proc, "333", "restored snapshot", path, &data_dir);
    Ok(())
}

/// The members of `--initial-cluster`: id, name, peer URL.
fn members(flags: &Flags) -> Vec<(u64, String, String)> {
    let named = flags.text("initial-cluster").split(',').filter_map(|it| it.split_once('='));
    named
        .map(|(name, url)| {
            (etcd::member_id(&[url], flags.text("initial-cluster-token")), name.to_owned(), url.to_owned())
        })
        .collect()
}

/// Bytes of the checksum at the end of a saved snapshot.
const CHECKSUM: usize = 32;

fn checked(bytes: &[u8], skip: bool) -> Result<Snapshot, Refusal> {
    if !skip && !etcd::has_checksum(bytes) {
        return Err(Refusal::new(1, "snapshot missing hash but --skip-hash-check=false"));
    }
    etcd::read(bytes, !skip).map_err(|error| match error {
        etcd::SnapshotError::Tampered { expected, got } => {
            let list = |bytes: Vec<u8>| bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(" ");
            Refusal::new(1, format!("expected sha256 [{}], got [{}]", list(expected), list(got)))
        }
        other => Refusal::new(1, other.to_string()),
    })
}

/// Writes the tree of a new data directory.
fn lay_out(proc: &Proc, data_dir: &str, database: &[u8]) -> Result<(), FsError> {
    let change = |op: FileOp<'_>| proc.change_files(op);
    for directory in ["", "/member", "/member/snap", "/member/wal"] {
        let path = format!("{data_dir}{directory}");
        change(FileOp::Mkdir { path: &path, mode: 0o700, parents: true })?;
        change(FileOp::Chmod { path: &path, mode: 0o700 })?;
    }
    let database_path = format!("{data_dir}/member/snap/db");
    change(FileOp::Write { path: &database_path, bytes: database })?;
    change(FileOp::Chmod { path: &database_path, mode: 0o600 })?;
    let files = [
        "/member/snap/0000000000000001-0000000000000001.snap",
        "/member/wal/0000000000000000-0000000000000000.wal",
    ];
    for file in files {
        let path = format!("{data_dir}{file}");
        change(FileOp::Write { path: &path, bytes: b"" })?;
        if file.ends_with(".wal") {
            change(FileOp::Chmod { path: &path, mode: 0o600 })?;
        }
    }
    Ok(())
}

fn announce(proc: &Proc, line: &str, message: &str, path: &str, data_dir: &str) {
    proc.eprint(format!(
        "{}\tinfo\tsnapshot/v3_snapshot.go:{line}\t{message}\t{{\"path\": {path:?}, \"wal-dir\": \
         \"{data_dir}/member/wal\", \"data-dir\": {data_dir:?}, \"snap-dir\": \"{data_dir}/member/snap\", \
         \"initial-memory-map-size\": 10737418240}}\n",
        proc.world().now.rfc3339(),
    ));
}
