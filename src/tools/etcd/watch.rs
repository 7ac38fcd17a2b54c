//! `etcdctl watch`: changes as they come, until it is interrupted.

use std::time::Duration;

use super::session::Session;
use super::{Refusal, in_order, keys};
use crate::apimachinery::json::json;
use crate::cluster::etcd_client;

/// How often it looks.
const PAUSE: Duration = Duration::from_millis(200);
/// A script that nobody can interrupt ends here.
const FOR_EVER: Duration = Duration::from_secs(15 * 60);

/// `etcdctl watch key [range_end]`.
pub(super) async fn run(session: &Session<'_>) -> Result<(), Refusal> {
    if session.flags.on("interactive") || session.args.iter().any(|it| it == "--") || session.args.len() > 2 {
        return Err(Refusal::new(1, "uncordon: `etcdctl watch` with -i or a program is not simulated yet"));
    }
    if session.args.is_empty() {
        return Err(Refusal::new(128, "bad number of arguments"));
    }
    if !["simple", "json"].contains(&session.format().as_str()) {
        session.only(&["simple"])?;
    }
    let range = match session.args.as_slice() {
        [key] if session.flags.on("prefix") => etcd_client::Range::prefix(key),
        [key] => etcd_client::Range::Key(key.clone()),
        [key, end, ..] => etcd_client::Range::Before(key.clone(), end.clone()),
        [] => etcd_client::Range::From(String::new()),
    };
    let member = session.any_member("Watch/Watch")?;
    let asked = u64::try_from(session.flags.int("rev")).unwrap_or(0);
    let mut seen = if asked > 0 { asked - 1 } else { session.with(&member, |it| it.store.revision()) };
    let started = session.proc.world().now;
    while session.proc.tty || session.proc.world().now.since(started) < FOR_EVER {
        let news = session.with(&member, |it| etcd_client::changes(it, &range, seen));
        seen = session.with(&member, |it| it.store.revision());
        for (deleted, row) in news {
            tell(session, &member, deleted, &row);
        }
        session.proc.sleep(PAUSE).await;
    }
    Ok(())
}

fn tell(session: &Session<'_>, member: &etcd_client::Member, deleted: bool, row: &etcd_client::KeyValue) {
    if session.format() == "json" {
        let mut event = json!({"kv": keys::as_json(row, !deleted)});
        if deleted {
            event["type"] = json!(1);
        }
        let whole = json!({"Header": session.header(member), "Events": [event], "CompactRevision": 0, "Canceled": false, "Created": false});
        session.proc.print(format!("{}\n", in_order(&whole)));
        return;
    }
    session.proc.print(if deleted { "DELETE\n" } else { "PUT\n" });
    let mut row = row.clone();
    if deleted {
        row.value.clear();
    }
    keys::tell_one(session, &row);
}
