//! `etcdctl get`, `put`, `del`, `compaction`.

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::session::{Denial, Session};
use super::{Refusal, in_order};
use crate::apimachinery::json::{Value, json};
use crate::cluster::etcd_client::{self, KeyValue, Member, Range};

/// The range that arguments and flags name.
pub(super) fn range(session: &Session<'_>, command: &str) -> Result<Range, Refusal> {
    let bad = |sentence: String| Refusal::new(128, sentence);
    let (prefix, from) = (session.flags.on("prefix"), session.flags.on("from-key"));
    if prefix && from {
        return Err(bad("`--prefix` and `--from-key` cannot be set at the same time, choose one".into()));
    }
    let flag = if prefix { "--prefix" } else { "--from-key" };
    match session.args.as_slice() {
        [key] if prefix && key.is_empty() => Ok(Range::From(String::new())),
        [key] if prefix => Ok(Range::prefix(key)),
        [key] if from => Ok(Range::From(key.clone())),
        [key] => Ok(Range::Key(key.clone())),
        [_, _] if prefix || from => {
            Err(bad(format!("too many arguments, only accept one argument when `{flag}` is set")))
        }
        [key, end] => Ok(Range::Before(key.clone(), end.clone())),
        _ => Err(bad(format!(
            "{command} command needs one argument as key and an optional argument as range_end"
        ))),
    }
}

/// Reads a range, or says the server's no.
pub(super) fn read(
    session: &Session<'_>,
    member: &Member,
    range: &Range,
    revision: u64,
) -> Result<Vec<KeyValue>, Refusal> {
    let world = session.proc.world();
    let Some(cluster) = world.clusters.get(member.cluster) else { return Ok(Vec::new()) };
    let found = etcd_client::range(cluster, range, revision);
    drop(world);
    found.map_err(|why| session.denied("KV/Range", ("OutOfRange", why)))
}

/// `etcdctl get`.
pub(super) fn get(session: &Session<'_>) -> Result<(), Refusal> {
    let range = range(session, "get")?;
    if session.flags.on("keys-only") && session.flags.on("count-only") {
        return Err(Refusal::new(
            128,
            "`--keys-only` and `--count-only` cannot be set at the same time, choose one",
        ));
    }
    if session.flags.on("count-only") && session.format() != "fields" {
        return Err(Refusal::new(128, "--count-only is only for `--write-out=fields`"));
    }
    if session.flags.on("print-value-only") && session.format() != "simple" {
        return Err(Refusal::new(128, "print-value-only is only for `--write-out=simple`"));
    }
    let (order, backwards) = order(session)?;
    session.only(&["simple", "json", "fields"])?;
    // Any member reads its own data; only a linearizable read asks the others.
    let serial = session.flags.text("consistency") == "s";
    let member = if serial { session.any_member("KV/Range") } else { session.member("KV/Range") }?;
    let revision = u64::try_from(session.flags.int("rev")).unwrap_or(0);
    let mut found = read(session, &member, &range, revision)?;
    let at = |flag: &str| u64::try_from(session.flags.int(flag)).ok().filter(|it| *it > 0);
    found.retain(|it| {
        at("min-mod-rev").is_none_or(|rev| it.modified >= rev)
            && at("max-mod-rev").is_none_or(|rev| it.modified <= rev)
            && at("min-create-rev").is_none_or(|rev| it.created >= rev)
            && at("max-create-rev").is_none_or(|rev| it.created <= rev)
    });
    found.sort_by(|a, b| if backwards { order(b, a) } else { order(a, b) });
    let count = found.len();
    if let Some(limit) = usize::try_from(session.flags.int("limit")).ok().filter(|it| *it > 0) {
        found.truncate(limit);
    }
    tell(session, &member, &found, count);
    Ok(())
}

type Order = fn(&KeyValue, &KeyValue) -> Ordering;

/// In which order the keys are wanted; backwards when the second is true.
fn order(session: &Session<'_>) -> Result<(Order, bool), Refusal> {
    let by: Order = match session.flags.text("sort-by").to_uppercase().as_str() {
        "" | "KEY" => |a, b| a.path.cmp(&b.path),
        "CREATE" => |a, b| a.created.cmp(&b.created),
        "MODIFY" => |a, b| a.modified.cmp(&b.modified),
        "VALUE" => |a, b| a.value.cmp(&b.value),
        "VERSION" => |a, b| a.version.cmp(&b.version),
        _ => return Err(Refusal::new(4, format!("bad sort target {}", session.flags.text("sort-by")))),
    };
    match session.flags.text("order").to_uppercase().as_str() {
        "" | "ASCEND" => Ok((by, false)),
        "DESCEND" => Ok((by, true)),
        _ => Err(Refusal::new(128, format!("bad sort order {}", session.flags.text("order")))),
    }
}

/// A key as JSON, its bytes in base64.
pub(super) fn as_json(row: &KeyValue, with_value: bool) -> Value {
    let mut object = json!({
        "key": STANDARD.encode(&row.path), "create_revision": row.created, "mod_revision": row.modified, "version": row.version,
    });
    if let Some(object) = object.as_object_mut() {
        if with_value && !row.value.is_empty() {
            object.insert("value".into(), json!(STANDARD.encode(&row.value)));
        }
        if row.lease != 0 {
            object.insert("lease".into(), json!(row.lease));
        }
    }
    object
}

fn tell(session: &Session<'_>, member: &Member, found: &[KeyValue], count: usize) {
    let keys_only = session.flags.on("keys-only");
    match session.format().as_str() {
        "json" => {
            let mut whole = json!({"header": session.header(member)});
            if !found.is_empty() {
                whole["kvs"] = found.iter().map(|row| as_json(row, !keys_only)).collect();
            }
            if count > found.len() {
                whole["more"] = json!(true);
            }
            if count > 0 {
                whole["count"] = json!(count);
            }
            session.proc.print(format!("{}\n", in_order(&whole)));
        }
        "fields" => tell_fields(session, member, found, count),
        _ => found.iter().for_each(|row| tell_one(session, row)),
    }
}

fn tell_fields(session: &Session<'_>, member: &Member, found: &[KeyValue], count: usize) {
    let header = session.header(member);
    let mut text = String::new();
    for (name, shown) in [
        ("cluster_id", "ClusterID"),
        ("member_id", "MemberID"),
        ("revision", "Revision"),
        ("raft_term", "RaftTerm"),
    ] {
        text.push_str(&format!("{shown:?} : {}\n", header.get(name).unwrap_or(&Value::Null)));
    }
    let rows = if session.flags.on("count-only") { &[] } else { found };
    for row in rows {
        let value =
            if session.flags.on("keys-only") { "".into() } else { String::from_utf8_lossy(&row.value) };
        text.push_str(&format!(
            "\"Key\" : {:?}\n\"CreateRevision\" : {}\n\"ModRevision\" : {}\n\"Version\" : {}\n\"Value\" : {value:?}\n\"Lease\" : {}\n",
            row.path, row.created, row.modified, row.version, row.lease
        ));
    }
    text.push_str(&format!("\"More\" : {}\n\"Count\" : {count}\n", count > found.len()));
    session.proc.print(text);
}

/// A key and its value on lines of their own.
pub(super) fn tell_one(session: &Session<'_>, row: &KeyValue) {
    let shown = |bytes: &[u8]| match session.flags.on("hex") {
        true => bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>().into_bytes(),
        false => bytes.to_vec(),
    };
    if !session.flags.has("print-value-only") || !session.flags.on("print-value-only") {
        session.proc.print(shown(row.path.as_bytes()));
        session.proc.print("\n");
    }
    let keys_only = session.flags.has("keys-only") && session.flags.on("keys-only");
    session.proc.print(if keys_only { Vec::new() } else { shown(&row.value) });
    session.proc.print("\n");
}

/// Writes a key; what stood there before.
pub(super) fn write(
    session: &Session<'_>,
    member: &Member,
    path: &str,
    value: &str,
    lease: u64,
) -> Result<(), Refusal> {
    let written = etcd_client::put(&mut session.proc.world(), member, path, value, lease);
    written.map_err(|why| match why.as_str() {
        "etcdserver: mvcc: database space exceeded" => {
            session.denied("KV/Put", ("ResourceExhausted", "etcdserver: mvcc: database space exceeded"))
        }
        "etcdserver: requested lease not found" => {
            session.denied("KV/Put", ("NotFound", "etcdserver: requested lease not found"))
        }
        _ => Refusal::new(1, why),
    })
}

/// `etcdctl put`.
pub(super) fn put(session: &Session<'_>) -> Result<(), Refusal> {
    let given = match (session.args.as_slice(), &session.proc.stdin) {
        ([path, value], _) => Some((path.clone(), value.clone())),
        ([path], _) if session.flags.on("ignore-value") => Some((path.clone(), String::new())),
        ([path], Some(bytes)) => Some((path.clone(), String::from_utf8_lossy(bytes).into_owned())),
        _ => None,
    };
    let Some((path, value)) = given else {
        return Err(Refusal::new(128, "put command needs 1 argument and input from stdin or 2 arguments"));
    };
    let lease = u64::from_str_radix(session.flags.text("lease"), 16).map_err(|_| {
        let sentence = format!(
            "bad lease ID (strconv.ParseInt: parsing {:?}: invalid syntax), expecting ID in Hex",
            session.flags.text("lease")
        );
        Refusal::new(128, sentence)
    })?;
    session.only(&["simple", "json", "fields"])?;
    let member = session.member("KV/Put")?;
    let before = read(session, &member, &Range::Key(path.clone()), 0)?.pop();
    let (value, lease) = match &before {
        Some(row) => (
            if session.flags.on("ignore-value") {
                String::from_utf8_lossy(&row.value).into_owned()
            } else {
                value
            },
            if session.flags.on("ignore-lease") { row.lease } else { lease },
        ),
        None if session.flags.on("ignore-value") || session.flags.on("ignore-lease") => {
            return Err(session.denied("KV/Put", ("InvalidArgument", "etcdserver: key not found")));
        }
        None => (value, lease),
    };
    write(session, &member, &path, &value, lease)?;
    let before = before.filter(|_| session.flags.on("prev-kv"));
    let more = before.as_ref().map_or(json!({}), |row| json!({"prev_kv": as_json(row, true)}));
    session.answer(&member, "OK\n", more)?;
    if let Some(row) = before.filter(|_| session.format() == "simple") {
        tell_one(session, &row);
    }
    Ok(())
}

/// Takes the keys of a range away.
pub(super) fn remove(
    session: &Session<'_>,
    member: &Member,
    range: &Range,
) -> Result<Vec<KeyValue>, Refusal> {
    let doomed = read(session, member, range, 0)?;
    session.change(member, |cluster| {
        for row in &doomed {
            cluster.store.delete(&row.key);
            cluster.control_plane.etcd.leased.remove(&row.path);
        }
    });
    Ok(doomed)
}

/// `etcdctl del`.
pub(super) fn del(session: &Session<'_>) -> Result<(), Refusal> {
    let range = range(session, "del")?;
    session.only(&["simple", "json", "fields"])?;
    let member = session.member("KV/DeleteRange")?;
    let gone = remove(session, &member, &range)?;
    let before = if session.flags.on("prev-kv") { gone.as_slice() } else { &[] };
    let mut more = json!({"deleted": gone.len()});
    if !before.is_empty() {
        more["prev_kvs"] = before.iter().map(|row| as_json(row, true)).collect();
    }
    session.answer(&member, &format!("{}\n", gone.len()), more)?;
    if session.format() == "simple" {
        before.iter().for_each(|row| tell_one(session, row));
    }
    Ok(())
}

/// `etcdctl compaction`.
pub(super) fn compact(session: &Session<'_>) -> Result<(), Refusal> {
    const GONE: Denial = ("OutOfRange", "etcdserver: mvcc: required revision has been compacted");
    const FUTURE: Denial = ("OutOfRange", "etcdserver: mvcc: required revision is a future revision");
    let [word] = session.args.as_slice() else {
        return Err(Refusal::new(128, "compaction command needs 1 argument"));
    };
    let revision: u64 = word
        .parse()
        .map_err(|_| Refusal::new(1, format!("strconv.ParseInt: parsing {word:?}: invalid syntax")))?;
    let member = session.member("KV/Compact")?;
    let (compacted, newest) =
        session.with(&member, |it| (it.control_plane.etcd.compacted, it.store.revision()));
    if revision <= compacted || revision > newest {
        return Err(session.denied("KV/Compact", if revision > newest { FUTURE } else { GONE }));
    }
    session.change(&member, |it| it.control_plane.etcd.compact(revision));
    session.proc.print(format!("compacted revision {revision}\n"));
    Ok(())
}
