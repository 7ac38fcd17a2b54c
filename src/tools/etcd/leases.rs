//! `etcdctl lease …`.

use std::time::Duration;

use super::Refusal;
use super::session::{Denial, Session};
use crate::apimachinery::json::json;
use crate::cluster::etcd_client;
use crate::cluster::etcd_state::Lease;

const NOT_FOUND: Denial = ("NotFound", "etcdserver: requested lease not found");
/// A script that nobody can interrupt ends here.
const FOR_EVER: Duration = Duration::from_secs(15 * 60);

/// `lease grant <ttl>`.
pub(super) fn grant(session: &Session<'_>) -> Result<(), Refusal> {
    let [word] = session.args.as_slice() else {
        return Err(Refusal::new(128, "lease grant command needs TTL argument"));
    };
    let ttl_s: u64 = word.parse().map_err(|_| {
        Refusal::new(128, format!("bad TTL (strconv.ParseInt: parsing {word:?}: invalid syntax)"))
    })?;
    let member = session.member("Lease/LeaseGrant")?;
    let (id, now) = {
        let mut world = session.proc.world();
        (u64::from_str_radix(&world.chance.hex(15), 16).unwrap_or(1) | 1 << 56, world.now)
    };
    session.change(&member, |it| it.control_plane.etcd.leases.insert(id, Lease { ttl_s, renewed: now }));
    let sentence = format!("lease {id:016x} granted with TTL({ttl_s}s)\n");
    session.answer(&member, &sentence, json!({"ID": id, "TTL": ttl_s}))
}

fn one(session: &Session<'_>, command: &str) -> Result<u64, Refusal> {
    if session.args.len() != 1 {
        return Err(Refusal::new(128, format!("lease {command} command needs lease ID as argument")));
    }
    session.id("lease")
}

/// `lease revoke <id>`.
pub(super) fn revoke(session: &Session<'_>) -> Result<(), Refusal> {
    let id = one(session, "revoke")?;
    let member = session.member("Lease/LeaseRevoke")?;
    if !session.with(&member, |it| it.control_plane.etcd.leases.contains_key(&id)) {
        let refusal = session.denied("Lease/LeaseRevoke", NOT_FOUND);
        return Err(Refusal::new(1, format!("failed to revoke lease ({})", refusal.sentence)));
    }
    session.change(&member, |it| etcd_client::revoke(it, id));
    session.answer(&member, &format!("lease {id:016x} revoked\n"), json!({}))
}

/// `lease list`.
pub(super) fn list(session: &Session<'_>) -> Result<(), Refusal> {
    let member = session.member("Lease/LeaseLeases")?;
    let ids: Vec<u64> = session.with(&member, |it| it.control_plane.etcd.leases.keys().copied().collect());
    let mut sentence = format!("found {} leases\n", ids.len());
    ids.iter().for_each(|id| sentence.push_str(&format!("{id:016x}\n")));
    session.answer(
        &member,
        &sentence,
        json!({"leases": ids.iter().map(|id| json!({"ID": id})).collect::<Vec<_>>()}),
    )
}

/// `lease timetolive <id>`.
pub(super) fn time_to_live(session: &Session<'_>) -> Result<(), Refusal> {
    let id = one(session, "timetolive")?;
    let member = session.member("Lease/LeaseTimeToLive")?;
    let now = session.proc.world().now;
    let Some(lease) = session.with(&member, |it| it.control_plane.etcd.leases.get(&id).copied()) else {
        return session.answer(
            &member,
            &format!("lease {id:016x} already expired\n"),
            json!({"ID": id, "TTL": -1}),
        );
    };
    let keys: Vec<String> = session.with(&member, |it| {
        it.control_plane.etcd.leased.iter().filter(|(_, it)| **it == id).map(|(key, _)| key.clone()).collect()
    });
    let shown = if session.flags.on("keys") {
        format!(", attached keys([{}])", keys.join(" "))
    } else {
        String::new()
    };
    let sentence = format!(
        "lease {id:016x} granted with TTL({}s), remaining({}s){shown}\n",
        lease.ttl_s,
        lease.left(now)
    );
    session.answer(&member, &sentence, json!({"ID": id, "TTL": lease.left(now), "granted-ttl": lease.ttl_s}))
}

/// `lease keep-alive <id>`: every third of its time, until it is interrupted.
pub(super) async fn keep_alive(session: &Session<'_>) -> Result<(), Refusal> {
    let id = one(session, "keep-alive")?;
    let started = session.proc.world().now;
    loop {
        let member = session.member("Lease/LeaseKeepAlive")?;
        let now = session.proc.world().now;
        let renewed = session.change(&member, |it| {
            let lease = it.control_plane.etcd.leases.get_mut(&id)?;
            lease.renewed = now;
            Some(lease.ttl_s)
        });
        let Some(ttl_s) = renewed else {
            session.proc.print(format!("lease {id:016x} expired or revoked.\n"));
            return Ok(());
        };
        session.proc.print(format!("lease {id:016x} keepalived with TTL({ttl_s})\n"));
        if session.flags.on("once") || (!session.proc.tty && now.since(started) >= FOR_EVER) {
            return Ok(());
        }
        session.proc.sleep(Duration::from_secs((ttl_s / 3).max(1))).await;
    }
}
