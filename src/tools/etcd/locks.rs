//! `etcdctl lock`, `elect`, `check perf`, `check datascale`: what is done with a lease, and what takes a minute.

use std::time::Duration;

use super::session::Session;
use super::{Refusal, keys};
use crate::cluster::etcd_client::{Member, Range};
use crate::cluster::etcd_state::Lease;
use crate::shell::Script;

/// Seconds of a session's lease, when nothing else is said. Source: etcd's `concurrency.NewSession`.
const SESSION_S: u64 = 60;
/// How often a waiting client looks.
const PAUSE: Duration = Duration::from_millis(200);
/// A script that nobody can interrupt ends here.
const FOR_EVER: Duration = Duration::from_secs(15 * 60);

/// Puts a key of a session's own below `name`, and waits until it is the oldest there.
async fn acquire(
    session: &Session<'_>,
    name: &str,
    value: &str,
    ttl_s: u64,
) -> Result<(Member, u64, String), Refusal> {
    let member = session.member("Lease/LeaseGrant")?;
    let id = session.proc.world().chance.hex(15);
    let id = u64::from_str_radix(&id, 16).unwrap_or(1);
    let now = session.proc.world().now;
    session.change(&member, |it| {
        it.control_plane.etcd.leases.insert(id, Lease { ttl_s, renewed: now });
    });
    let own = format!("{name}/{id:x}");
    keys::write(session, &member, &own, value, id)?;
    let started = session.proc.world().now;
    while oldest(session, &member, name)?.is_some_and(|it| it != own) {
        renew(session, &member, id);
        if !session.proc.tty && session.proc.world().now.since(started) >= FOR_EVER {
            return Err(Refusal::new(1, "context canceled"));
        }
        session.proc.sleep(PAUSE).await;
    }
    Ok((member, id, own))
}

/// The key below `name` that was made first.
fn oldest(session: &Session<'_>, member: &Member, name: &str) -> Result<Option<String>, Refusal> {
    let all = keys::read(session, member, &Range::prefix(&format!("{name}/")), 0)?;
    Ok(all.into_iter().min_by_key(|it| it.created).map(|it| it.path))
}

fn renew(session: &Session<'_>, member: &Member, id: u64) {
    let now = session.proc.world().now;
    session.change(member, |it| {
        if let Some(lease) = it.control_plane.etcd.leases.get_mut(&id) {
            lease.renewed = now;
        }
    });
}

/// Holds the key until somebody interrupts the program.
async fn hold(session: &Session<'_>, member: &Member, id: u64) {
    let started = session.proc.world().now;
    while session.proc.tty || session.proc.world().now.since(started) < FOR_EVER {
        renew(session, member, id);
        session.proc.sleep(PAUSE).await;
    }
}

/// Gives the key and its lease back.
fn release(session: &Session<'_>, member: &Member, id: u64, own: &str) -> Result<(), Refusal> {
    keys::remove(session, member, &Range::Key(own.to_owned()))?;
    session.change(member, |it| {
        it.control_plane.etcd.leases.remove(&id);
    });
    Ok(())
}

/// `etcdctl lock <name> [program arg …]`.
pub(super) async fn lock(session: &Session<'_>) -> Result<(), Refusal> {
    let Some((name, program)) = session.args.split_first() else {
        return Err(Refusal::new(
            128,
            "lock takes one lock name argument and an optional command to execute",
        ));
    };
    let ttl_s = u64::try_from(session.flags.int("ttl")).unwrap_or(10);
    let (member, id, own) = acquire(session, name, "", ttl_s).await?;
    if program.is_empty() {
        session.proc.print(format!("{own}\n"));
        hold(session, &member, id).await;
        return release(session, &member, id, &own);
    }
    let text = program.iter().map(|word| crate::shell::quote(word)).collect::<Vec<_>>().join(" ");
    let mut login =
        crate::shell::Login::new(&session.proc.lab, session.proc.place.clone(), &session.proc.user);
    login.cwd.clone_from(&session.proc.cwd);
    login.env.insert("ETCD_LOCK_KEY".into(), own.clone());
    let exit = session.proc.run(&login, Script { text, ..Script::default() }).await;
    release(session, &member, id, &own)?;
    if exit == 0 { Ok(()) } else { Err(Refusal::new(exit, "")) }
}

/// `etcdctl elect <election> [proposal]`.
pub(super) async fn elect(session: &Session<'_>) -> Result<(), Refusal> {
    match session.args.as_slice() {
        [name] if session.flags.on("listen") => observe(session, name).await,
        [name, proposal] if !session.flags.on("listen") => {
            let (member, id, own) = acquire(session, name, proposal, SESSION_S).await?;
            session.proc.print(format!("{own}\n{proposal}\n"));
            hold(session, &member, id).await;
            release(session, &member, id, &own)
        }
        [_] => Err(Refusal::new(128, "no proposal argument but -l not set")),
        _ => {
            Err(Refusal::new(128, "elect takes one election name argument and an optional proposal argument"))
        }
    }
}

/// Tells who leads, whenever that changes.
async fn observe(session: &Session<'_>, name: &str) -> Result<(), Refusal> {
    let member = session.member("KV/Range")?;
    let started = session.proc.world().now;
    let mut seen = None;
    while session.proc.tty || session.proc.world().now.since(started) < FOR_EVER {
        let leads = oldest(session, &member, name)?;
        if leads != seen {
            let rows =
                leads.clone().map(Range::Key).map(|it| keys::read(session, &member, &it, 0)).transpose()?;
            rows.into_iter().flatten().for_each(|row| keys::tell_one(session, &row));
            seen = leads;
        }
        session.proc.sleep(PAUSE).await;
    }
    Ok(())
}

/// Loads of the two checks: name, writes a second that must be reached, keys of the data.
const LOADS: &[(&str, &str, u64, u64)] = &[
    ("s", "small", 150, 10_000),
    ("m", "medium", 1_000, 100_000),
    ("l", "large", 8_000, 1_000_000),
    ("xl", "xLarge", 15_000, 3_000_000),
];

fn load(session: &Session<'_>) -> Result<(u64, u64), Refusal> {
    let asked = session.flags.text("load");
    let found = LOADS.iter().find(|(short, long, ..)| *short == asked || long.eq_ignore_ascii_case(asked));
    found.map(|it| (it.2, it.3)).ok_or_else(|| Refusal::new(128, format!("unknown load option {asked}")))
}

/// `etcdctl check perf`: a minute of writes. What a machine of the lab can write in a second is known.
pub(super) async fn check_perf(session: &Session<'_>) -> Result<(), Refusal> {
    /// Writes a second that the disk of a node sustains.
    const SUSTAINED: u64 = 1_900;
    let (wanted, _) = load(session)?;
    session.member("KV/Put")?;
    session.proc.sleep(Duration::from_secs(60)).await;
    session.proc.print(format!(" 60 / 60 {}! 100.00% 1m0s\n", "Boo".to_owned() + &"o".repeat(40)));
    let reached = wanted.min(SUSTAINED);
    let slowest = 40 + session.proc.world().chance.below(60);
    let enough = reached * 10 >= wanted * 9;
    let (mark, verb) = if enough { ("PASS", "is") } else { ("FAIL", "too low:") };
    session.proc.print(format!("{mark}: Throughput {verb} {reached} writes/s\nPASS: Slowest request took 0.0{slowest}731s\nPASS: Stddev is 0.00{}114s\n{mark}\n", slowest / 10));
    if enough { Ok(()) } else { Err(Refusal::new(1, "")) }
}

/// `etcdctl check datascale`: how much memory so many keys of 1 KiB take.
pub(super) async fn check_data_scale(session: &Session<'_>) -> Result<(), Refusal> {
    let (_, keys) = load(session)?;
    session.member("KV/Put")?;
    session.proc.print(format!(
        "Start data scale check for work load [{keys} key-value pairs, 1024 bytes per key-value, 50 concurrent clients].\n"
    ));
    session.proc.sleep(Duration::from_secs(keys / 1_000)).await;
    // A key takes its bytes, its index entry and its pages in the map.
    let used = keys * 6_700 / 10_000;
    session.proc.print(format!(
        "{} / {} {}! 100.00% {}s\nPASS: Approximate system memory used : {}.{:02} MB.\n",
        keys,
        keys,
        "Boo".to_owned() + &"o".repeat(40),
        keys / 1_000,
        used / 100,
        used % 100
    ));
    Ok(())
}
