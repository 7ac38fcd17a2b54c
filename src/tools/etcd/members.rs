//! `etcdctl member …`, `endpoint …`, `alarm …`, `defrag`, `move-leader`.

use super::etcdctl::VERSION;
use super::session::{Denial, Session};
use super::table::table;
use super::{Refusal, human_bytes, in_order};
use crate::apimachinery::json::{Value, json};
use crate::cluster::etcd;
use crate::cluster::etcd_client::Member;
use crate::cluster::etcd_state::{Etcd, Member as Row, Size};

const NOT_FOUND: Denial = ("NotFound", "etcdserver: member not found");
const URLS_EXIST: Denial = ("FailedPrecondition", "etcdserver: Peer URLs already exists");
const NO_LEARNER: Denial = ("FailedPrecondition", "etcdserver: can only promote a learner member");
const NOT_READY: Denial =
    ("FailedPrecondition", "etcdserver: can only promote a learner member which is in sync with leader");
const UNHEALTHY: Denial = ("Unavailable", "etcdserver: unhealthy cluster");
const BAD_TRANSFEREE: Denial = ("FailedPrecondition", "etcdserver: bad leader transferee");

/// `member list`.
pub(super) fn list(session: &Session<'_>) -> Result<(), Refusal> {
    let serial = session.flags.text("consistency") == "s";
    let method = "Cluster/MemberList";
    let member = if serial { session.any_member(method) } else { session.member(method) }?;
    let members = session.with(&member, |it| it.control_plane.etcd.members.clone());
    let rows: Vec<Vec<String>> = members.iter().map(row).collect();
    match session.format().as_str() {
        "table" => {
            let headings = ["ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"];
            session.proc.print(table(&headings, &rows));
        }
        "json" => {
            let mut header = session.header(&member);
            if let Some(header) = header.as_object_mut() {
                header.remove("revision");
            }
            let members: Vec<Value> = members.iter().map(as_json).collect();
            session.proc.print(format!("{}\n", in_order(&json!({"header": header, "members": members}))));
        }
        "simple" => rows.iter().for_each(|row| session.proc.print(format!("{}\n", row.join(", ")))),
        _ => session.only(&["simple"])?,
    }
    Ok(())
}

fn row(member: &Row) -> Vec<String> {
    let state = if member.name.is_empty() { "unstarted" } else { "started" };
    vec![
        format!("{:x}", member.id),
        state.into(),
        member.name.clone(),
        member.peer_urls.clone(),
        member.client_urls.clone(),
        member.learner.to_string(),
    ]
}

fn as_json(member: &Row) -> Value {
    let mut object = json!({"ID": member.id});
    if !member.name.is_empty() {
        object["name"] = json!(member.name);
    }
    object["peerURLs"] = member.peer_urls.split(',').collect();
    if !member.client_urls.is_empty() {
        object["clientURLs"] = member.client_urls.split(',').collect();
    }
    if member.learner {
        object["isLearner"] = json!(true);
    }
    object
}

/// `member add <name> --peer-urls=…`.
pub(super) fn add(session: &Session<'_>) -> Result<(), Refusal> {
    let [name] = session.args.as_slice() else {
        return Err(Refusal::new(
            128,
            if session.args.is_empty() { "member name not provided" } else { "too many arguments" },
        ));
    };
    let urls = session.flags.text("peer-urls");
    if urls.is_empty() {
        return Err(Refusal::new(128, "member peer urls not provided"));
    }
    let method = "Cluster/MemberAdd";
    let member = session.member(method)?;
    let learner = session.flags.on("learner");
    let id = session.proc.world().chance.hex(16);
    let id = u64::from_str_radix(&id, 16).unwrap_or(1) | 1;
    session.attempt(&member, method, |it| {
        // A cluster that would lose its quorum by one more voter refuses it.
        let plane = &it.control_plane;
        let voters: Vec<&Row> = plane.etcd.members.iter().filter(|it| !it.learner).collect();
        let there = voters.iter().filter(|it| plane.member_serves(it.id)).count();
        if plane.etcd.by_peer_urls(urls).is_some() {
            return Err(URLS_EXIST);
        }
        if !learner && voters.len() > 1 && there < voters.len().div_ceil(2) + 1 {
            return Err(UNHEALTHY);
        }
        it.control_plane.etcd.members.push_back(Row::new(id, urls, learner));
        Ok(())
    })?;
    settle(session, &member);
    let (cluster, initial) = session.with(&member, |it| {
        let named = it.control_plane.etcd.members.iter().flat_map(|it| {
            let shown = if it.id == id { name.clone() } else { it.name.clone() };
            it.peer_urls.split(',').map(move |url| format!("{shown}={url}")).collect::<Vec<_>>()
        });
        (it.control_plane.etcd.cluster_id, named.collect::<Vec<_>>().join(","))
    });
    session.proc.print(format!(
        "Member {id:16x} added to cluster {cluster:16x}\n\nETCD_NAME=\"{name}\"\nETCD_INITIAL_CLUSTER=\"{initial}\"\n\
         ETCD_INITIAL_ADVERTISE_PEER_URLS=\"{urls}\"\nETCD_INITIAL_CLUSTER_STATE=\"existing\"\n"
    ));
    Ok(())
}

/// The kubelets' supervisors look again at who serves.
fn settle(session: &Session<'_>, member: &Member) {
    session.proc.world().members_changed(member.cluster);
}

fn id_of(session: &Session<'_>) -> Result<u64, Refusal> {
    if session.args.len() != 1 {
        return Err(Refusal::new(128, "member ID is not provided"));
    }
    session.id("member")
}

/// One member changes, or is taken away when `change` says so.
fn change(
    session: &Session<'_>,
    method: &str,
    done: &str,
    change: impl FnOnce(&mut Row, bool) -> Result<bool, Denial>,
) -> Result<(), Refusal> {
    let id = id_of(session)?;
    let member = session.member(method)?;
    let cluster = session.attempt(&member, method, |it| {
        let serves = it.control_plane.member_serves(id);
        let members = &mut it.control_plane.etcd.members;
        let at = members.iter().position(|it| it.id == id).ok_or(NOT_FOUND)?;
        let stays = members.get_mut(at).map_or(Ok(true), |row| change(row, serves))?;
        if !stays {
            members.remove(at);
        }
        Ok(it.control_plane.etcd.cluster_id)
    })?;
    settle(session, &member);
    session.proc.print(format!("Member {id:16x} {done} cluster {cluster:16x}\n"));
    Ok(())
}

/// `member remove <id>`.
pub(super) fn remove(session: &Session<'_>) -> Result<(), Refusal> {
    change(session, "Cluster/MemberRemove", "removed from", |_, _| Ok(false))
}

/// `member update <id> --peer-urls=…`.
pub(super) fn update(session: &Session<'_>) -> Result<(), Refusal> {
    let urls = session.flags.text("peer-urls").to_owned();
    if urls.is_empty() && !session.args.is_empty() {
        return Err(Refusal::new(128, "member peer urls not provided"));
    }
    change(session, "Cluster/MemberUpdate", "updated in", |row, _| {
        row.peer_urls = urls;
        Ok(true)
    })
}

/// `member promote <id>`.
pub(super) fn promote(session: &Session<'_>) -> Result<(), Refusal> {
    change(session, "Cluster/MemberPromote", "promoted in", |row, serves| match (row.learner, serves) {
        (false, _) => Err(NO_LEARNER),
        (true, false) => Err(NOT_READY),
        (true, true) => {
            row.learner = false;
            Ok(true)
        }
    })
}

/// `move-leader <id>`.
pub(super) fn move_leader(session: &Session<'_>) -> Result<(), Refusal> {
    if session.args.len() != 1 {
        return Err(Refusal::new(128, "move-leader command needs 1 argument"));
    }
    let to = session.id("member")?;
    let method = "Maintenance/MoveLeader";
    let member = session.member(method)?;
    let leader = session.with(&member, |it| it.control_plane.etcd.leader);
    let at_leader = session.endpoints().iter().any(|it| session.connect(it).is_ok_and(|it| it.id == leader));
    if !at_leader {
        return Err(Refusal::new(
            128,
            format!("no leader endpoint given at {:?}", session.endpoints()).replace(['"', ','], ""),
        ));
    }
    session.attempt(&member, method, |it| {
        let voter = it.control_plane.etcd.member(to).is_some_and(|it| !it.learner);
        if !voter || !it.control_plane.member_serves(to) {
            return Err(BAD_TRANSFEREE);
        }
        let etcd = &mut it.control_plane.etcd;
        etcd.term += u64::from(etcd.leader != to);
        etcd.leader = to;
        Ok(())
    })?;
    session.proc.print(format!("Leadership transferred from {leader:x} to {to:x}\n"));
    Ok(())
}

fn alarm_text(id: u64) -> String {
    format!("memberID:{id} alarm:NOSPACE ")
}

/// `alarm list`.
pub(super) fn alarms(session: &Session<'_>) -> Result<(), Refusal> {
    let member = session.member("Maintenance/Alarm")?;
    let ids = session.with(&member, |it| it.control_plane.etcd.alarms.clone());
    tell_alarms(session, &member, &ids.into_iter().collect::<Vec<_>>())
}

/// `alarm disarm`.
pub(super) fn disarm(session: &Session<'_>) -> Result<(), Refusal> {
    let member = session.member("Maintenance/Alarm")?;
    let ids = session.change(&member, |it| std::mem::take(&mut it.control_plane.etcd.alarms));
    tell_alarms(session, &member, &ids.into_iter().collect::<Vec<_>>())
}

fn tell_alarms(session: &Session<'_>, member: &Member, ids: &[u64]) -> Result<(), Refusal> {
    let sentence: String = ids.iter().map(|id| format!("{}\n", alarm_text(*id))).collect();
    let alarms: Vec<Value> = ids.iter().map(|id| json!({"memberID": id, "alarm": 1})).collect();
    session.answer(member, &sentence, if alarms.is_empty() { json!({}) } else { json!({"alarms": alarms}) })
}

/// A duration that differs from call to call, in ms between `from` and `from + span`.
fn took(session: &Session<'_>, from: u64, span: u64) -> String {
    let chance = &mut session.proc.world().chance;
    format!("{}.{}ms", from + chance.below(span), 100_000 + chance.below(899_999))
}

/// `defrag`.
pub(super) fn defrag(session: &Session<'_>) -> Result<(), Refusal> {
    let mut failed = false;
    for endpoint in session.asked()? {
        let member = match session.connect(&endpoint) {
            Ok(member) => member,
            Err(why) => {
                session.give_up("etcd-client", &endpoint, "Maintenance/Defragment", &why);
                session.proc.eprint(format!(
                    "Failed to defragment etcd member[{endpoint}]. took 5s. (context deadline exceeded)\n"
                ));
                failed = true;
                continue;
            }
        };
        session.change(&member, |it| it.control_plane.etcd.defragment(&it.store));
        let took = took(session, 8, 20);
        session.proc.print(format!("Finished defragmenting etcd member[{endpoint}]. took {took}\n"));
    }
    if failed { Err(Refusal::new(1, "")) } else { Ok(()) }
}

/// `endpoint health`.
pub(super) fn health(session: &Session<'_>) -> Result<(), Refusal> {
    const LATE: &str = "context deadline exceeded";
    let mut rows: Vec<(String, String, String)> = Vec::new();
    for endpoint in session.asked()? {
        let mut took = took(session, 5, 6);
        let error = match session.connect(&endpoint) {
            Ok(member) => match session
                .with(&member, |it| (it.control_plane.quorum(), it.control_plane.etcd.alarms.len()))
            {
                (true, 0) => String::new(),
                (true, alarms) => format!("Active Alarm(s): {}", "NOSPACE ".repeat(alarms)),
                (false, _) => {
                    session.give_up("client", &endpoint, "KV/Range", LATE);
                    LATE.to_owned()
                }
            },
            Err(why) => {
                session.give_up("client", &endpoint, "KV/Range", &why);
                LATE.to_owned()
            }
        };
        if error == LATE {
            took = "5.00071231s".into();
        }
        rows.push((endpoint, took, error));
    }
    tell_health(session, &rows)?;
    if rows.iter().all(|(_, _, error)| error.is_empty()) {
        Ok(())
    } else {
        Err(Refusal::new(1, "unhealthy cluster"))
    }
}

fn tell_health(session: &Session<'_>, rows: &[(String, String, String)]) -> Result<(), Refusal> {
    match session.format().as_str() {
        "table" => {
            let cells = rows.iter().map(|(endpoint, took, error)| {
                vec![endpoint.clone(), error.is_empty().to_string(), took.clone(), error.clone()]
            });
            session.proc.print(table(&["ENDPOINT", "HEALTH", "TOOK", "ERROR"], &cells.collect::<Vec<_>>()));
        }
        "json" => {
            let whole: Vec<Value> = rows
                .iter()
                .map(|(endpoint, took, error)| {
                    let mut row = json!({"endpoint": endpoint, "health": error.is_empty(), "took": took});
                    if !error.is_empty() {
                        row["error"] = json!(error);
                    }
                    row
                })
                .collect();
            session.proc.print(format!("{}\n", in_order(&Value::from(whole))));
        }
        "simple" => {
            for (endpoint, took, error) in rows {
                if error.is_empty() {
                    session.proc.print(format!(
                        "{endpoint} is healthy: successfully committed proposal: took = {took}\n"
                    ));
                } else {
                    session
                        .proc
                        .eprint(format!("{endpoint} is unhealthy: failed to commit proposal: {error}\n"));
                }
            }
        }
        _ => session.only(&["simple"])?,
    }
    Ok(())
}

/// What `endpoint status` tells of one member.
struct Status {
    endpoint: String,
    id: u64,
    size: Size,
    leader: u64,
    learner: bool,
    term: u64,
    index: u64,
    errors: Vec<String>,
    header: Value,
}

impl Status {
    fn of(session: &Session<'_>, endpoint: String, member: &Member) -> Self {
        let now = session.proc.world().now;
        let mut header = session.header(member);
        let quorum = session.with(member, |it| it.control_plane.quorum());
        let (size, etcd, revision): (Option<Size>, Etcd, u64) = session.change(member, |it| {
            let size = it.control_plane.etcd.size(&it.store, now);
            (Some(size), it.control_plane.etcd.clone(), it.store.revision())
        });
        let leader = if quorum { etcd.leader } else { 0 };
        let mut errors: Vec<String> = etcd.alarms.iter().map(|id| alarm_text(*id)).collect();
        if leader == 0 {
            errors.push("etcdserver: no leader".into());
        }
        // Each member and each election is an entry of the raft log too.
        let index = revision + etcd.members.len() as u64 + etcd.term;
        header["raft_term"] = json!(etcd.term);
        Self {
            endpoint,
            id: member.id,
            size: size.unwrap_or(Size { allocated: 0, used: 0, quota: 0 }),
            leader,
            learner: etcd.member(member.id).is_some_and(|it| it.learner),
            term: etcd.term,
            index,
            errors,
            header,
        }
    }

    fn cells(&self) -> Vec<String> {
        let Size { allocated, used, quota } = self.size;
        let free = (allocated.saturating_sub(used) * 100).checked_div(allocated).unwrap_or(0);
        let bytes = |it: u64| human_bytes(usize::try_from(it).unwrap_or(usize::MAX));
        vec![
            self.endpoint.clone(),
            format!("{:x}", self.id),
            VERSION.into(),
            "3.6.0".into(),
            bytes(allocated),
            bytes(used),
            format!("{free}%"),
            bytes(quota),
            (self.leader == self.id).to_string(),
            self.learner.to_string(),
            self.term.to_string(),
            self.index.to_string(),
            self.index.to_string(),
            self.errors.join(", "),
            String::new(),
            "false".into(),
        ]
    }

    fn json(&self) -> Value {
        let mut status = json!({
            "header": self.header, "version": VERSION, "dbSize": self.size.allocated, "leader": self.leader,
            "raftIndex": self.index, "raftTerm": self.term, "raftAppliedIndex": self.index,
        });
        if !self.errors.is_empty() {
            status["errors"] = json!(self.errors);
        }
        status["dbSizeInUse"] = json!(self.size.used);
        if self.learner {
            status["isLearner"] = json!(true);
        }
        status["storageVersion"] = json!("3.6.0");
        status["dbSizeQuota"] = json!(self.size.quota);
        status["downgradeInfo"] = json!({});
        json!({"Endpoint": self.endpoint, "Status": status})
    }
}

const STATUS_HEADINGS: [&str; 16] = [
    "ENDPOINT",
    "ID",
    "VERSION",
    "STORAGE VERSION",
    "DB SIZE",
    "IN USE",
    "PERCENTAGE NOT IN USE",
    "QUOTA",
    "IS LEADER",
    "IS LEARNER",
    "RAFT TERM",
    "RAFT INDEX",
    "RAFT APPLIED INDEX",
    "ERRORS",
    "DOWNGRADE TARGET VERSION",
    "DOWNGRADE ENABLED",
];

/// `endpoint status`.
pub(super) fn status(session: &Session<'_>) -> Result<(), Refusal> {
    let mut all = Vec::new();
    let mut failed = false;
    for endpoint in session.asked()? {
        match session.connect(&endpoint) {
            Ok(member) => all.push(Status::of(session, endpoint, &member)),
            Err(why) => {
                session.give_up("etcd-client", &endpoint, "Maintenance/Status", &why);
                session.proc.eprint(format!(
                    "Failed to get the status of endpoint {endpoint} (context deadline exceeded)\n"
                ));
                failed = true;
            }
        }
    }
    match session.format().as_str() {
        "table" => {
            session.proc.print(table(&STATUS_HEADINGS, &all.iter().map(Status::cells).collect::<Vec<_>>()))
        }
        "json" => {
            session.proc.print(format!("{}\n", in_order(&all.iter().map(Status::json).collect::<Value>())))
        }
        "simple" => all.iter().for_each(|it| session.proc.print(format!("{}\n", it.cells().join(", ")))),
        _ => session.only(&["simple"])?,
    }
    if failed { Err(Refusal::new(1, "")) } else { Ok(()) }
}

/// `endpoint hashkv`.
pub(super) fn hash_kv(session: &Session<'_>) -> Result<(), Refusal> {
    let mut rows = Vec::new();
    for endpoint in session.asked()? {
        let member = session.connect(&endpoint).map_err(|why| {
            session.give_up("etcd-client", &endpoint, "Maintenance/HashKV", &why);
            Refusal::new(
                1,
                format!("Failed to get the hash of endpoint {endpoint} (context deadline exceeded)"),
            )
        })?;
        let store = session.with(&member, |it| it.store.clone());
        let hash = etcd::read(&etcd::database(&store), false).map_or(0, |snapshot| snapshot.hash);
        rows.push(vec![endpoint, hash.to_string(), store.revision().to_string()]);
    }
    match session.format().as_str() {
        "table" => session.proc.print(table(&["ENDPOINT", "HASH", "HASH REVISION"], &rows)),
        "simple" => rows.iter().for_each(|row| session.proc.print(format!("{}\n", row.join(", ")))),
        _ => session.only(&["simple", "table"])?,
    }
    Ok(())
}
