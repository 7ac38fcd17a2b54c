//! Who is a member of etcd, as one that starts finds it: joining, removed, and the wait for a quorum.

use std::time::Duration;

use super::super::inside::of_url;
use super::super::script::{Start, Verdict, go_quote};
use super::etcd::{Directory, directory, discovery_failed, error, line, members, own_id, stored};
use crate::cluster::etcd as data;
use crate::cluster::etcd_state::Etcd;

/// The voting members that this one has to agree with: name (empty when unknown) and peer URLs. A new
/// member knows them from `--initial-cluster`, one with data from its data.
fn voters(start: &Start<'_>) -> Vec<(u64, String)> {
    let etcd = start.world.clusters.get(start.cluster).map(|it| &it.control_plane.etcd);
    let running = |etcd: &Etcd| {
        etcd.members.iter().filter(|it| !it.learner).map(|it| (it.id, it.peer_urls.clone())).collect()
    };
    match (stored(start, "snap/db"), directory(start)) {
        (Some(bytes), Directory::Member) if is_current(start, &bytes) => {
            etcd.map(running).unwrap_or_default()
        }
        (Some(bytes), Directory::Member) => data::members_of(&bytes).map(|(all, _)| all).unwrap_or_default(),
        _ if is_joining(start) => etcd.map(running).unwrap_or_default(),
        _ => members(start)
            .iter()
            .map(|(_, url)| (data::member_id(&[url], data::TOKEN), (*url).to_owned()))
            .collect(),
    }
}

fn is_current(start: &Start<'_>, bytes: &[u8]) -> bool {
    start
        .world
        .clusters
        .get(start.cluster)
        .is_some_and(|it| data::is_current(bytes, &it.control_plane.database))
}

fn is_joining(start: &Start<'_>) -> bool {
    start.process.flag("initial-cluster-state") == Some("existing") && directory(start) != Directory::Member
}

/// A member that joins asks the others who is a member; one that was removed is told so.
pub(super) fn membership(start: &Start<'_>) -> Verdict {
    let Some(plane) = start.world.clusters.get(start.cluster).map(|it| &it.control_plane) else {
        return Verdict::Fine;
    };
    let own = start.process.flag_list("initial-advertise-peer-urls").join(",");
    let belongs = plane.etcd.of_process(&start.machine.name, start.process).is_some();
    if let Some(bytes) = stored(start, "snap/db")
        && is_current(start, &bytes)
        && !belongs
        && !plane.etcd.members.is_empty()
    {
        let why = "the member has been permanently removed from the cluster";
        let said = [
            line(
                "warn",
                "rafthttp/http.go:393",
                "rejected stream from remote peer because it was removed",
                "",
            ),
            line("error", "etcdserver/server.go:1150", "server error", &error(why)),
            line("warn", "etcdserver/server.go:1155", "data-dir used by this member must be removed", ""),
        ];
        return Verdict::Ends { said: said.map(|it| (0, it)).into(), code: 0 };
    }
    if !is_joining(start) {
        return Verdict::Fine;
    }
    let others = members(start).into_iter().filter(|(_, url)| *url != own);
    let answers = others
        .into_iter()
        .any(|(_, url)| plane.etcd.by_peer_urls(url).is_some_and(|it| plane.member_serves(it.id)));
    let failed = |why: &str| {
        let first = line("error", "etcdserver/server.go:309", "bootstrap failed", &error(why));
        discovery_failed(start, Some(first), why)
    };
    if !answers {
        return failed(
            "cannot fetch cluster info from peer urls: could not retrieve cluster information from the given URLs",
        );
    }
    let mut known: Vec<&str> = plane.etcd.members.iter().map(|it| it.peer_urls.as_str()).collect();
    let mut given: Vec<&str> = members(start).iter().map(|(_, url)| *url).collect();
    known.sort_unstable();
    given.sort_unstable();
    if known == given {
        return Verdict::Fine;
    }
    let what = if known.len() == given.len() {
        "unmatched member while checking PeerURLs"
    } else {
        "member count is unequal"
    };
    failed(&format!("error validating peerURLs {given:?}: {what}"))
}

/// Several members elect nobody before most of them are there.
pub(super) fn quorum(start: &Start<'_>) -> Verdict {
    let members = voters(start);
    let own = own_id(start);
    if members.len() < 2 {
        return Verdict::Fine;
    }
    let Some(plane) = start.world.clusters.get(start.cluster).map(|it| &it.control_plane) else {
        return Verdict::Fine;
    };
    let runs = |urls: &str| {
        let address = of_url(urls).map(|(address, _)| address.to_string()).unwrap_or_default();
        let machine = start.world.hosts.values().find(|it| it.address == address);
        machine.is_some_and(|machine| {
            let mut all = plane.instances.iter();
            all.any(|((host, _), it)| *host == machine.name && it.process.program == "etcd" && it.listens())
        })
    };
    let there = members.iter().filter(|(id, urls)| *id == own || runs(urls)).count();
    if there > members.len() / 2 {
        return Verdict::Fine;
    }
    let id = format!("{:x}", own_id(start));
    let raft = |at: &str, message: String| {
        format!(
            "{{\"level\":\"info\",\"logger\":\"raft\",\"caller\":\"v3/raft.go:{at}\",\"msg\":{}}}",
            go_quote(&message)
        )
    };
    let mut said = vec![
        raft("988", format!("{id} is starting a new election at term 1")),
        raft("930", format!("{id} became pre-candidate at term 1")),
    ];
    for (other, _) in members.iter().filter(|(id, _)| *id != own) {
        said.push(raft(
            "1064",
            format!(
                "{id} [logterm: 1, index: {}] sent MsgPreVote request to {other:x} at term 1",
                members.len()
            ),
        ));
    }
    said.push(raft("1077", format!("{id} received MsgPreVoteResp from {id} at term 1")));
    said.push(raft("1693", format!("{id} has received 1 MsgPreVoteResp votes and 0 vote rejections")));
    Verdict::Stuck { said, every: Duration::from_millis(1_500) }
}
