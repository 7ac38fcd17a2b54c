//! `etcdctl`: the client.

use std::time::Duration;

use serde_json::json;

use super::snapshot;
use super::table::table;
use super::{Refusal, human_bytes, switch, valued};
use crate::cluster::etcd_client::{self, Credentials, Member};
use crate::cluster::{Key, etcd};
use crate::shell::{Proc, Program};
use crate::tools::kubectl::flags::{FlagSpec, Flags, Kind, parse};

/// The program.
pub(crate) const ETCDCTL: Program =
    Program { name: "etcdctl", summary: "control etcd", run: |proc| Box::pin(run(proc)) };

/// The version that kubeadm v1.36.2 deploys.
pub(super) const VERSION: &str = "3.6.8";

/// Flags that every command takes.
const GLOBAL: &[FlagSpec] = &[
    valued("cacert", None, Kind::Text, ""),
    valued("cert", None, Kind::Text, ""),
    valued("command-timeout", None, Kind::Duration, "5s"),
    switch("debug", None),
    valued("dial-timeout", None, Kind::Duration, "2s"),
    valued("discovery-srv", Some('d'), Kind::Text, ""),
    valued("discovery-srv-name", None, Kind::Text, ""),
    valued("endpoints", None, Kind::Strings, "127.0.0.1:2379"),
    switch("hex", None),
    switch("insecure-discovery", None),
    switch("insecure-skip-tls-verify", None),
    switch("insecure-transport", None),
    valued("keepalive-time", None, Kind::Duration, "2s"),
    valued("keepalive-timeout", None, Kind::Duration, "6s"),
    valued("key", None, Kind::Text, ""),
    valued("max-recv-bytes", None, Kind::Int(64), "0"),
    valued("max-request-bytes", None, Kind::Int(64), "0"),
    valued("password", None, Kind::Text, ""),
    valued("user", None, Kind::Text, ""),
    valued("write-out", Some('w'), Kind::Text, "simple"),
    switch("help", Some('h')),
];

/// Flags of single commands; unknown to the others.
const OWN: &[(&str, &[FlagSpec])] = &[
    (
        "get",
        &[
            valued("consistency", None, Kind::Text, "l"),
            switch("count-only", None),
            switch("from-key", None),
            switch("keys-only", None),
            valued("limit", None, Kind::Int(64), "0"),
            valued("order", None, Kind::Text, ""),
            switch("prefix", None),
            switch("print-value-only", None),
            valued("rev", None, Kind::Int(64), "0"),
            valued("sort-by", None, Kind::Text, ""),
        ],
    ),
    ("del", &[switch("prefix", None), switch("from-key", None), switch("prev-kv", None)]),
    ("put", &[valued("lease", None, Kind::Text, "0"), switch("prev-kv", None)]),
    ("endpoint", &[switch("cluster", None)]),
    ("defrag", &[switch("cluster", None)]),
];

/// How a command is carried out once its words are understood.
type Action = fn(&Session<'_>) -> Result<(), Refusal>;

/// Commands that end at once. `snapshot save` waits, and has a file of its own.
const COMMANDS: &[(&str, Action)] = &[
    ("alarm list", |session| session.member_of_first("KV/Alarm").map(drop)),
    ("alarm disarm", |session| session.member_of_first("KV/Alarm").map(drop)),
    ("defrag", defrag),
    ("del", del),
    ("endpoint hashkv", hash_kv),
    ("endpoint health", health),
    ("endpoint status", status),
    ("get", get),
    ("member list", member_list),
    ("put", put),
];

/// Commands of the real program that are not simulated.
const MISSING: &[&str] = &[
    "auth",
    "check",
    "compaction",
    "downgrade",
    "elect",
    "lease",
    "lock",
    "make-mirror",
    "move-leader",
    "role",
    "txn",
    "user",
    "watch",
    "member",
];

/// A command line, understood.
pub(super) struct Session<'a> {
    pub(super) proc: &'a Proc,
    pub(super) flags: Flags,
    pub(super) args: Vec<String>,
    pub(super) credentials: Credentials,
}

async fn run(proc: &mut Proc) -> i32 {
    let words = proc.args.get(1..).unwrap_or_default().to_vec();
    if proc.env.contains_key("ETCDCTL_API") {
        warn_of_api(proc);
    }
    match carry_out(proc, &words).await {
        Ok(()) => 0,
        Err(refusal) => {
            if !refusal.sentence.is_empty() {
                proc.eprint(format!("Error: {}\n", refusal.sentence));
            }
            refusal.exit
        }
    }
}

fn warn_of_api(proc: &Proc) {
    let (stamp, api) =
        (proc.world().now.rfc3339_micro(), proc.env.get("ETCDCTL_API").cloned().unwrap_or_default());
    proc.eprint(format!(
        "{{\"level\":\"warn\",\"ts\":\"{stamp}\",\"caller\":\"flags/flag.go:94\",\"msg\":\"unrecognized environment \
         variable\",\"environment-variable\":\"ETCDCTL_API={api}\"}}\n"
    ));
}

async fn carry_out(proc: &Proc, words: &[String]) -> Result<(), Refusal> {
    let first = words.iter().find(|word| !word.starts_with('-')).map_or("", String::as_str);
    let own = OWN.iter().find(|(name, _)| words.iter().any(|word| word == name));
    let specs = GLOBAL.iter().chain(own.map_or(&[][..], |(_, specs)| specs)).copied().collect();
    let parsed = parse(words, specs).map_err(|sentence| Refusal::new(1, sentence))?;
    let command = parsed.args.join(" ");
    if command == "version" {
        proc.print(format!("etcdctl version: {VERSION}\nAPI version: 3.6\n"));
        return Ok(());
    }
    if command.starts_with("snapshot") {
        return snapshot::run(proc, parsed.flags, &parsed.args).await;
    }
    if command.is_empty() || parsed.flags.on("help") {
        proc.print(help());
        return Ok(());
    }
    let Some((name, action)) =
        COMMANDS.iter().find(|(name, _)| command == *name || command.starts_with(&format!("{name} ")))
    else {
        return Err(unknown(first));
    };
    let skip = name.split(' ').count();
    let args = parsed.args.into_iter().skip(skip).collect();
    action(&Session::new(proc, parsed.flags, args)?)
}

fn unknown(first: &str) -> Refusal {
    if MISSING.contains(&first) {
        return Refusal::new(1, format!("uncordon: `etcdctl {first}` is not simulated yet"));
    }
    Refusal::new(1, format!("unknown command {first:?} for \"etcdctl\"\nRun 'etcdctl --help' for usage."))
}

fn help() -> String {
    let mut text =
        "NAME:\n  etcdctl - A simple command line client for etcd3.\n\nUSAGE:\n  etcdctl [flags]\n\n\
                    VERSION:\n  3.6.8\n\nAPI VERSION:\n  3.6\n\nCOMMANDS (simulated here):\n"
            .to_owned();
    COMMANDS.iter().for_each(|(name, _)| text.push_str(&format!("  {name}\n")));
    text + "  snapshot save\n  version\n"
}

impl<'a> Session<'a> {
    /// Reads the certificate files that flags and `ETCDCTL_` variables name.
    pub(super) fn new(proc: &'a Proc, flags: Flags, args: Vec<String>) -> Result<Self, Refusal> {
        let mut session = Self { proc, flags, args, credentials: Credentials::default() };
        let (authority, certificate) = (session.file("cacert")?, session.file("cert")?);
        let key = session.file("key")?;
        if let (Some(certificate), Some(key)) = (&certificate, &key)
            && !crate::hosts::certificates::key_fits(certificate, key)
        {
            return Err(Refusal::new(128, "tls: private key does not match public key"));
        }
        session.credentials = Credentials {
            tls: authority.is_some() || certificate.is_some(),
            certificate: certificate.filter(|_| key.is_some()),
            authority,
            insecure_skip_verify: session.setting("insecure-skip-tls-verify") == "true",
        };
        Ok(session)
    }

    /// A flag, or the variable that stands for it: `--cacert`, `ETCDCTL_CACERT`.
    pub(super) fn setting(&self, flag: &str) -> String {
        let variable = format!("ETCDCTL_{}", flag.to_uppercase().replace('-', "_"));
        match self.proc.env.get(&variable) {
            Some(value) if !self.flags.given(flag) => value.clone(),
            _ => self.flags.text(flag).to_owned(),
        }
    }

    fn file(&self, flag: &str) -> Result<Option<String>, Refusal> {
        let path = self.setting(flag);
        if path.is_empty() {
            return Ok(None);
        }
        match self.proc.read_file(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) => {
                Err(Refusal::new(128, format!("open {path}: {}", error.to_string().to_lowercase())))
            }
        }
    }

    /// The endpoints, in order.
    pub(super) fn endpoints(&self) -> Vec<String> {
        let all = if self.flags.given("endpoints") {
            self.flags.list("endpoints")
        } else {
            self.setting("endpoints").split(',').map(str::to_owned).collect()
        };
        all.into_iter().filter(|endpoint| !endpoint.is_empty()).collect()
    }

    /// Connects to one endpoint.
    pub(super) fn connect(&self, endpoint: &str) -> Result<Member, String> {
        etcd_client::connect(&self.proc.world(), &self.proc.place, endpoint, &self.credentials)
    }

    /// The member behind the first endpoint that answers; otherwise the client's complaint.
    fn member_of_first(&self, method: &str) -> Result<Member, Refusal> {
        let endpoints = self.endpoints();
        let mut last = (String::new(), String::new());
        for endpoint in &endpoints {
            match self.connect(endpoint) {
                Ok(member) => return Ok(member),
                Err(why) => last = (endpoint.clone(), why),
            }
        }
        self.complain("etcd-client", &last.0, method, &last.1);
        Err(Refusal::new(1, "context deadline exceeded"))
    }

    /// The line that the gRPC client logs when it gives up, after its time-out.
    fn complain(&self, logger: &str, endpoint: &str, method: &str, why: &str) {
        let address = endpoint.split_once("://").map_or(endpoint, |(_, address)| address);
        let mut world = self.proc.world();
        world.advance(Duration::from_secs(5));
        let (stamp, pointer) = (world.now.rfc3339_micro(), world.chance.hex(11));
        drop(world);
        let error = format!("rpc error: code = DeadlineExceeded desc = latest balancer error: {why}");
        self.proc.eprint(format!(
            "{{\"level\":\"warn\",\"ts\":\"{stamp}\",\"logger\":\"{logger}\",\"caller\":\"v3/retry_interceptor.go:65\",\
             \"msg\":\"retrying of unary invoker failed\",\"target\":\"etcd-endpoints://0x{pointer}/{address}\",\
             \"method\":\"/etcdserverpb.{method}\",\"attempt\":0,\"error\":{}}}\n",
            json!(error)
        ));
    }

    fn prints(&self) -> String {
        self.setting("write-out")
    }
}

/// The member id that belongs to a name, and the cluster id: both stand for all time.
fn ids(member: &Member) -> (u64, u64) {
    let hash = |text: &str, seed: u64| {
        text.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    (hash(&member.name, 0xcbf2_9ce4_8422_2325), hash(&member.peer_urls, 0x9e37_79b9_7f4a_7c15))
}

fn header(session: &Session<'_>, member: &Member) -> serde_json::Value {
    let (id, cluster) = ids(member);
    let revision = session.proc.world().clusters.get(member.cluster).map_or(0, |it| it.store.revision());
    json!({"cluster_id": cluster, "member_id": id, "revision": revision, "raft_term": 2})
}

fn member_list(session: &Session<'_>) -> Result<(), Refusal> {
    let member = session.member_of_first("Cluster/MemberList")?;
    let (id, _) = ids(&member);
    let row = [
        format!("{id:x}"),
        "started".into(),
        member.name.clone(),
        member.peer_urls.clone(),
        member.client_urls.clone(),
        "false".into(),
    ];
    match session.prints().as_str() {
        "table" => {
            let headings = ["ID", "STATUS", "NAME", "PEER ADDRS", "CLIENT ADDRS", "IS LEARNER"];
            session.proc.print(table(&headings, &[row.to_vec()]));
        }
        "json" => {
            let object = json!({"header": header(session, &member), "members": [{
                "ID": id, "name": member.name, "peerURLs": [member.peer_urls], "clientURLs": [member.client_urls],
            }]});
            session.proc.print(format!("{object}\n"));
        }
        _ => session.proc.print(format!("{}\n", row.join(", "))),
    }
    Ok(())
}

fn health(session: &Session<'_>) -> Result<(), Refusal> {
    let mut rows = Vec::new();
    let mut healthy = true;
    for endpoint in session.endpoints() {
        let took = format!(
            "{}.{}ms",
            5 + session.proc.world().chance.below(6),
            100_000 + session.proc.world().chance.below(899_999)
        );
        match session.connect(&endpoint) {
            Ok(_) => rows.push((endpoint, took, None)),
            Err(why) => {
                healthy = false;
                session.complain("client", &endpoint, "KV/Range", &why);
                rows.push((endpoint, "5s".into(), Some("context deadline exceeded")));
            }
        }
    }
    if session.prints() == "table" {
        let cells = rows.iter().map(|(endpoint, took, error)| {
            vec![endpoint.clone(), error.is_none().to_string(), took.clone(), error.unwrap_or("").to_owned()]
        });
        session.proc.print(table(&["ENDPOINT", "HEALTH", "TOOK", "ERROR"], &cells.collect::<Vec<_>>()));
    } else {
        for (endpoint, took, error) in &rows {
            let (sink, line) = match error {
                None => {
                    (true, format!("{endpoint} is healthy: successfully committed proposal: took = {took}\n"))
                }
                Some(why) => (false, format!("{endpoint} is unhealthy: failed to commit proposal: {why}\n")),
            };
            if sink { session.proc.print(line) } else { session.proc.eprint(line) }
        }
    }
    if healthy { Ok(()) } else { Err(Refusal::new(1, "unhealthy cluster")) }
}

fn status(session: &Session<'_>) -> Result<(), Refusal> {
    let mut rows = Vec::new();
    let mut failed = false;
    for endpoint in session.endpoints() {
        let member = match session.connect(&endpoint) {
            Ok(member) => member,
            Err(why) => {
                session.complain("client", &endpoint, "Maintenance/Status", &why);
                session.proc.eprint(format!(
                    "Failed to get the status of endpoint {endpoint} (context deadline exceeded)\n"
                ));
                failed = true;
                continue;
            }
        };
        let shown = if session.flags.on("cluster") { member.client_urls.clone() } else { endpoint };
        rows.push(status_row(session, &shown, &member));
    }
    if session.prints() == "table" {
        let headings = [
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
        session.proc.print(table(&headings, &rows));
    } else {
        rows.iter().for_each(|row| session.proc.print(format!("{}\n", row.join(", "))));
    }
    if failed { Err(Refusal::new(1, "")) } else { Ok(()) }
}

fn status_row(session: &Session<'_>, endpoint: &str, member: &Member) -> Vec<String> {
    let world = session.proc.world();
    let store = world.clusters.get(member.cluster).map(|it| it.store.clone()).unwrap_or_default();
    drop(world);
    let used = etcd::database(&store).len();
    let size = used + used / 4;
    let index = (store.revision() + 3).to_string();
    vec![
        endpoint.to_owned(),
        format!("{:x}", ids(member).0),
        VERSION.into(),
        "3.6.0".into(),
        human_bytes(size),
        human_bytes(used),
        "20%".into(),
        "2.1 GB".into(),
        "true".into(),
        "false".into(),
        "2".into(),
        index.clone(),
        index,
        String::new(),
        String::new(),
        "false".into(),
    ]
}

fn hash_kv(session: &Session<'_>) -> Result<(), Refusal> {
    let member = session.member_of_first("Maintenance/HashKV")?;
    let store =
        session.proc.world().clusters.get(member.cluster).map(|it| it.store.clone()).unwrap_or_default();
    let hash = etcd::read(&etcd::database(&store), false).map_or(0, |snapshot| snapshot.hash);
    let endpoint = session.endpoints().into_iter().next().unwrap_or_default();
    session.proc.print(format!("{endpoint}, {hash}, {}\n", store.revision()));
    Ok(())
}

fn defrag(session: &Session<'_>) -> Result<(), Refusal> {
    session.member_of_first("Maintenance/Defragment")?;
    for endpoint in session.endpoints() {
        session.proc.print(format!("Finished defragmenting etcd member[{endpoint}]. took 11.872ms\n"));
    }
    Ok(())
}

/// The keys that `get` and `del` are about.
fn wanted(session: &Session<'_>, member: &Member) -> Vec<(String, Key)> {
    let world = session.proc.world();
    let Some(store) = world.clusters.get(member.cluster).map(|it| &it.store) else { return Vec::new() };
    let first = session.args.first().map_or("", String::as_str);
    let end = session.args.get(1).map(String::as_str);
    let (prefix, from) = (session.flags.on("prefix"), session.flags.on("from-key"));
    let fits = |path: &str| match end {
        Some(end) => path >= first && path < end,
        None if prefix => path.starts_with(first),
        None if from => path >= first,
        None => path == first,
    };
    let all = etcd_client::entries(store).into_iter().filter(|(path, _)| fits(path));
    match usize::try_from(session.flags.int("limit")) {
        Ok(limit) if limit > 0 => all.take(limit).collect(),
        _ => all.collect(),
    }
}

fn get(session: &Session<'_>) -> Result<(), Refusal> {
    let words = session.args.len();
    if words == 0 || words > 2 {
        return Err(Refusal::new(
            128,
            "get command needs one argument as key and an optional argument as range_end",
        ));
    }
    if session.flags.on("count-only") && session.prints() != "fields" {
        return Err(Refusal::new(128, "--count-only is only for `--write-out=fields`"));
    }
    let member = session.member_of_first("KV/Range")?;
    let found = wanted(session, &member);
    if session.prints() == "fields" && session.flags.on("count-only") {
        let (id, cluster) = ids(&member);
        let revision = session.proc.world().clusters.get(member.cluster).map_or(0, |it| it.store.revision());
        session.proc.print(format!(
            "\"ClusterID\" : {cluster}\n\"MemberID\" : {id}\n\"Revision\" : {revision}\n\"RaftTerm\" : 2\n\"More\" : \
             false\n\"Count\" : {}\n",
            found.len()
        ));
        return Ok(());
    }
    for (path, key) in found {
        print_entry(session, &member, &path, &key);
    }
    Ok(())
}

fn print_entry(session: &Session<'_>, member: &Member, path: &str, key: &Key) {
    let value = {
        let world = session.proc.world();
        world
            .clusters
            .get(member.cluster)
            .and_then(|it| etcd_client::value(&it.store, key))
            .unwrap_or_default()
    };
    if session.flags.on("keys-only") {
        session.proc.print(format!("{path}\n\n"));
        return;
    }
    if !session.flags.on("print-value-only") {
        session.proc.print(format!("{path}\n"));
    }
    session.proc.print(value);
    session.proc.print("\n");
}

fn put(session: &Session<'_>) -> Result<(), Refusal> {
    let [path, value] = session.args.as_slice() else {
        return Err(Refusal::new(128, "put command needs 1 argument and input from stdin or 2 arguments"));
    };
    let member = session.member_of_first("KV/Put")?;
    let mut world = session.proc.world();
    if let Some(cluster) = world.clusters.get_mut(member.cluster) {
        etcd_client::put(&mut cluster.store, path, value).map_err(|why| Refusal::new(1, why))?;
    }
    session.proc.print("OK\n");
    Ok(())
}

fn del(session: &Session<'_>) -> Result<(), Refusal> {
    if session.args.is_empty() {
        return Err(Refusal::new(
            128,
            "del command needs one argument as key and an optional argument as range_end",
        ));
    }
    let member = session.member_of_first("KV/DeleteRange")?;
    let doomed = wanted(session, &member);
    let mut world = session.proc.world();
    if let Some(cluster) = world.clusters.get_mut(member.cluster) {
        for (_, key) in &doomed {
            cluster.store.delete(key);
        }
    }
    drop(world);
    session.proc.print(format!("{}\n", doomed.len()));
    Ok(())
}
