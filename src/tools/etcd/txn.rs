//! `etcdctl txn`: comparisons, then what is done when all hold, then what is done otherwise; an empty line
//! ends each part.

use super::session::Session;
use super::{Refusal, keys};
use crate::cluster::etcd_client::{self, KeyValue, Member, Range};

/// `etcdctl txn`.
pub(super) fn run(session: &Session<'_>) -> Result<(), Refusal> {
    let Some(input) = session.proc.stdin.as_deref().map(String::from_utf8_lossy) else {
        return Err(Refusal::new(
            1,
            "uncordon: `etcdctl txn` reads its requests from standard input only (txn <<< ...)",
        ));
    };
    session.only(&["simple"])?;
    let member = session.member("KV/Txn")?;
    let parts = parts(&input);
    let [compares, success, failure] = &parts;
    let mut holds = true;
    for line in compares {
        holds &= compare(session, &member, line)?;
    }
    session.proc.print(if holds { "SUCCESS\n" } else { "FAILURE\n" });
    for line in if holds { success } else { failure } {
        session.proc.print("\n");
        perform(session, &member, line)?;
    }
    Ok(())
}

fn parts(input: &str) -> [Vec<&str>; 3] {
    let mut parts = [Vec::new(), Vec::new(), Vec::new()];
    let mut at = 0;
    for line in input.lines() {
        if line.trim().is_empty() {
            at += 1;
        } else if let Some(part) = parts.get_mut(at) {
            part.push(line.trim());
        }
    }
    parts
}

/// `mod("key") = "3"`.
fn compare(session: &Session<'_>, member: &Member, line: &str) -> Result<bool, Refusal> {
    let bad = || Refusal::new(3, format!("malformed comparison: {line}"));
    let (target, rest) = line.split_once('(').ok_or_else(bad)?;
    let (key, rest) = rest.split_once(')').ok_or_else(bad)?;
    let rest = rest.trim();
    let op = rest.chars().next().filter(|it| "=!<>".contains(*it)).ok_or_else(bad)?;
    let wanted = rest.trim_start_matches(['=', '!', '<', '>']).trim().trim_matches('"');
    let world = session.proc.world();
    let cluster = world.clusters.get(member.cluster).ok_or_else(bad)?;
    let found = etcd_client::range(cluster, &Range::Key(key.trim().trim_matches('"').to_owned()), 0);
    let row: Option<KeyValue> = found.unwrap_or_default().pop();
    let number = |of: fn(&KeyValue) -> u64| {
        let wanted: u64 = wanted.parse().map_err(|_| bad())?;
        Ok::<_, Refusal>(row.as_ref().map_or(0, of).cmp(&wanted))
    };
    let order = match target.trim() {
        "ver" | "version" => number(|it| it.version)?,
        "c" | "create" => number(|it| it.created)?,
        "m" | "mod" => number(|it| it.modified)?,
        "lease" => number(|it| it.lease)?,
        "val" | "value" => match &row {
            Some(row) => row.value.as_slice().cmp(wanted.as_bytes()),
            // Nothing is equal to a key that is not there.
            None => return Ok(false),
        },
        _ => return Err(bad()),
    };
    Ok(match op {
        '=' => order.is_eq(),
        '!' => order.is_ne(),
        '<' => order.is_lt(),
        _ => order.is_gt(),
    })
}

fn perform(session: &Session<'_>, member: &Member, line: &str) -> Result<(), Refusal> {
    let words: Vec<&str> = line.split_whitespace().map(|it| it.trim_matches('"')).collect();
    match words.as_slice() {
        ["put", key, value @ ..] if !value.is_empty() => {
            keys::write(session, member, key, &value.join(" "), 0)?;
            session.proc.print("OK\n");
        }
        ["get", key] => {
            let world = session.proc.world();
            let found = world
                .clusters
                .get(member.cluster)
                .map(|it| etcd_client::range(it, &Range::Key((*key).to_owned()), 0));
            drop(world);
            found
                .and_then(Result::ok)
                .unwrap_or_default()
                .iter()
                .for_each(|row| keys::tell_one(session, row));
        }
        ["del", key] => {
            let gone = keys::remove(session, member, &Range::Key((*key).to_owned()))?;
            session.proc.print(format!("{}\n", gone.len()));
        }
        _ => return Err(Refusal::new(3, format!("invalid txn command: {line}"))),
    }
    Ok(())
}
