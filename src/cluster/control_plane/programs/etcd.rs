//! etcd: listeners, data directory, members, certificates for clients.

use super::super::inside::of_url;
use super::super::script::{Program, Start, Verdict, go_quote};
use super::etcd_members;
use crate::apimachinery::json::json;
use crate::cluster::api::authn::x509::{self, Purpose};
use crate::cluster::etcd as data;

pub(super) const PROGRAM: Program =
    Program { name: "etcd", text: include_str!("../../../../assets/logs/etcd.txt"), check, holds, value };

/// What a data directory holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Directory {
    Empty,
    Member,
    File,
}

pub(super) fn directory(start: &Start<'_>) -> Directory {
    let Some(outside) = start.process.host_path(data_dir(start)) else { return Directory::Empty };
    let files = &start.machine.files;
    match files.list(&outside) {
        Err(_) if files.exists(&outside) => Directory::File,
        Ok(entries) if entries.iter().any(|(name, _)| name == "member") => Directory::Member,
        _ => Directory::Empty,
    }
}

fn data_dir<'a>(start: &'a Start<'_>) -> &'a str {
    start.set("data-dir").unwrap_or("/default.etcd")
}

/// A line without its time.
pub(super) fn line(level: &str, caller: &str, message: &str, more: &str) -> String {
    format!("{{\"level\":\"{level}\",\"caller\":\"{caller}\",\"msg\":{}{more}}}", go_quote(message))
}

pub(super) fn error(why: &str) -> String {
    format!(",\"error\":{}", go_quote(why))
}

fn urls(start: &Start<'_>, flag: &str) -> String {
    let mut urls = start.process.flag_list(flag);
    urls.sort_unstable();
    json!(urls).to_string()
}

/// What stands before the last line when the server cannot be set up.
fn closing(start: &Start<'_>) -> [String; 2] {
    let about = format!(
        ",\"name\":{:?},\"data-dir\":{:?},\"advertise-peer-urls\":{},\"advertise-client-urls\":{}",
        start.set("name").unwrap_or("default"),
        data_dir(start),
        urls(start, "initial-advertise-peer-urls"),
        urls(start, "advertise-client-urls"),
    );
    [
        line("info", "embed/etcd.go:426", "closing etcd server", &about),
        line("info", "embed/etcd.go:428", "closed etcd server", &about),
    ]
}

/// The end of a server that cannot be set up, after `first`.
pub(super) fn discovery_failed(start: &Start<'_>, first: Option<String>, why: &str) -> Verdict {
    let last = line("fatal", "etcdmain/etcd.go:183", "discovery failed", &error(why));
    let said = first.into_iter().chain(closing(start)).chain([last]);
    Verdict::Ends { said: said.map(|it| (0, it)).collect(), code: 1 }
}

fn check(start: &Start<'_>, point: &str) -> Verdict {
    match point {
        "verify" => verify(start),
        "data-dir" => data_dir_kind(start),
        "peer-listeners" => listeners(start, "listen-peer-urls", ["peer-cert-file", "peer-key-file"])
            .map_or_else(
                |why| {
                    let first =
                        line("error", "embed/etcd.go:586", "creating peer listener failed", &error(&why));
                    discovery_failed(start, Some(first), &why)
                },
                |()| Verdict::Fine,
            ),
        "client-listeners" => {
            client_listeners(start).map_or_else(|why| discovery_failed(start, None, &why), |()| Verdict::Fine)
        }
        "data-dir-write" => data_dir_write(start),
        "database" => database(start),
        "initial-cluster" => initial_cluster(start),
        "wal" => wal(start),
        "quorum" => etcd_members::quorum(start),
        "serving" => serving(start),
        "serve-clients" => Verdict::Says(serve_clients(start)),
        _ => Verdict::Fine,
    }
}

fn verify(start: &Start<'_>) -> Verdict {
    if start.set("listen-client-urls").is_none() || start.set("advertise-client-urls").is_some() {
        return Verdict::Fine;
    }
    let why = error("--advertise-client-urls is required when --listen-client-urls is set explicitly");
    let said = [
        line("warn", "etcdmain/etcd.go:66", "failed to verify flags", &why),
        line("warn", "etcdmain/etcd.go:69", "advertise client URLs are not set", &why),
    ];
    Verdict::Ends { said: said.map(|it| (0, it)).into(), code: 1 }
}

fn data_dir_kind(start: &Start<'_>) -> Verdict {
    if directory(start) != Directory::File {
        return Verdict::Fine;
    }
    let path = data_dir(start);
    let about = format!(",\"dir\":{path:?}{}", error(&format!("readdirent {path}: not a directory")));
    Verdict::fatal(line("fatal", "etcdmain/etcd.go:227", "failed to list data directory", &about))
}

/// Binds the addresses of a flag's URLs; for https the certificate must be there.
fn listeners(start: &Start<'_>, flag: &str, pair: [&str; 2]) -> Result<(), String> {
    let urls = start.process.flag_list(flag);
    if urls.iter().any(|url| url.starts_with("https://")) && start.set(pair[0]).is_some() {
        start.pair(pair[0], pair[1])?;
        start.readable(&["peer-trusted-ca-file"])?;
    }
    for url in urls {
        if url.starts_with("https://") && start.set(pair[0]).is_none() {
            return Err(format!(
                "TLS key/cert (--cert-file, --key-file) must be provided for client url {url} with HTTPS scheme"
            ));
        }
        if let Some((address, port)) = of_url(url) {
            start.bind(address, port)?;
        }
    }
    Ok(())
}

fn client_listeners(start: &Start<'_>) -> Result<(), String> {
    let mut urls = start.process.flag_list("listen-client-urls");
    urls.sort_unstable_by_key(|url| !url.contains("127.0.0.1"));
    for url in urls {
        if url.starts_with("https://") && start.set("cert-file").is_none() {
            return Err(format!(
                "TLS key/cert (--cert-file, --key-file) must be provided for client url {url} with HTTPS scheme"
            ));
        }
        if let Some((address, port)) = of_url(url) {
            start.bind(address, port)?;
        }
    }
    start
        .process
        .flag_list("listen-metrics-urls")
        .into_iter()
        .filter_map(of_url)
        .try_for_each(|(address, port)| start.bind(address, port))
}

fn data_dir_write(start: &Start<'_>) -> Verdict {
    let path = data_dir(start);
    let outside = start.process.host_path(path);
    let mode = outside.and_then(|it| start.machine.files.stat(&it).ok().map(|node| node.mode & 0o7777));
    let warning = mode.filter(|mode| *mode != 0o700).map(|mode| {
        let why = format!(
            "directory {path:?} exist, but the permission is \"d{}{}\". The recommended permission is \"-rwx------\" to prevent possible unprivileged access to the data",
            if mode & 0o1000 == 0 { "" } else { "t" },
            letters(mode)
        );
        line("warn", "fileutil/fileutil.go:56", "check file permission", &error(&why))
    });
    if start.process.is_read_only(path) {
        let why = format!("cannot access data directory: open {path}/.touch: read-only file system");
        let first = line("error", "etcdserver/server.go:309", "bootstrap failed", &error(&why));
        return match (discovery_failed(start, Some(first), &why), warning) {
            (Verdict::Ends { mut said, code }, Some(warning)) => {
                said.insert(0, (0, warning));
                Verdict::Ends { said, code }
            }
            (verdict, _) => verdict,
        };
    }
    warning.map_or(Verdict::Fine, |it| Verdict::Says(vec![it]))
}

/// `rwx------` of a mode.
fn letters(mode: u32) -> String {
    let bit = |shift: u32, letter: char| if mode >> shift & 1 == 1 { letter } else { '-' };
    (0..9)
        .rev()
        .map(|shift| bit(shift, ['x', 'w', 'r'].get(shift as usize % 3).copied().unwrap_or('-')))
        .collect()
}

/// The bytes of a file below the data directory; `None` when it is not there.
pub(super) fn stored(start: &Start<'_>, name: &str) -> Option<std::sync::Arc<[u8]>> {
    let path = start.process.host_path(&format!("{}/member/{name}", data_dir(start)))?;
    start.machine.files.read(&path).ok()
}

/// Whether another etcd of the machine has the same data directory open.
fn is_locked(start: &Start<'_>) -> bool {
    let own = start.process.host_path(data_dir(start));
    let instances = start.world.clusters.iter().flat_map(|it| it.control_plane.instances.iter());
    own.is_some()
        && instances.into_iter().any(|((host, _), other)| {
            *host == start.machine.name
                && other.process.program == "etcd"
                && other.process.pod_name != start.process.pod_name
                && other.serves()
                && other.process.host_path(other.process.flag("data-dir").unwrap_or("")) == own
        })
}

/// Go's report of a panic, as far as its words are worth anything.
fn panicked(said: String, message: &str, frames: &[&str]) -> Verdict {
    let mut lines =
        vec![said, format!("panic: {message}"), String::new(), "goroutine 1 [running]:".to_owned()];
    lines.extend(frames.iter().map(|&frame| frame.to_owned()));
    Verdict::Ends { said: lines.into_iter().map(|it| (0, it)).collect(), code: 2 }
}

fn database(start: &Start<'_>) -> Verdict {
    if is_locked(start) {
        let path = format!("{}/member/snap/db", data_dir(start));
        let about = format!(",\"path\":{path:?},\"took\":\"10.000042429s\"");
        let said = "db file is flocked by another process, or taking too long";
        return Verdict::Stuck {
            said: vec![line("info", "storage/backend.go:88", said, &about)],
            every: std::time::Duration::from_secs(10),
        };
    }
    let Some(bytes) = stored(start, "snap/db") else { return Verdict::Fine };
    if data::is_database(&bytes) {
        return Verdict::Fine;
    }
    let path = format!("{}/member/snap/db", data_dir(start));
    let about = format!(",\"path\":{path:?}{}", error("invalid database"));
    let first = line("panic", "backend/backend.go:205", "failed to open database", &about);
    panicked(
        first,
        "failed to open database",
        &[
            "go.etcd.io/etcd/server/v3/storage/backend.newBackend(...)",
            "\tgo.etcd.io/etcd/server/v3/storage/backend/backend.go:205 +0x3b8",
            "created by go.etcd.io/etcd/server/v3/storage.OpenBackend in goroutine 1",
            "\tgo.etcd.io/etcd/server/v3/storage/backend.go:75 +0x1a5",
        ],
    )
}

fn wal(start: &Start<'_>) -> Verdict {
    match stored(start, "wal/0000000000000000-0000000000000000.wal") {
        Some(bytes) if !data::is_wal(&bytes) => {}
        _ => return Verdict::Fine,
    }
    let first = line(
        "panic",
        "v3/log.go:88",
        "tocommit is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?",
        "",
    );
    panicked(
        first,
        "tocommit is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost?",
        &[
            "go.etcd.io/etcd/server/v3/etcdserver.NewServer(...)",
            "\tgo.etcd.io/etcd/server/v3/etcdserver/server.go:332 +0x47b",
            "main.main()",
            "\tgo.etcd.io/etcd/server/v3/main.go:31 +0x28",
        ],
    )
}

/// Names and URLs of `--initial-cluster`.
pub(super) fn members<'a>(start: &'a Start<'_>) -> Vec<(&'a str, &'a str)> {
    start.process.flag_list("initial-cluster").into_iter().filter_map(|it| it.split_once('=')).collect()
}

/// What `--initial-cluster` says counts only for a member that has no data yet.
fn initial_cluster(start: &Start<'_>) -> Verdict {
    if let refused @ Verdict::Ends { .. } = etcd_members::membership(start) {
        return refused;
    }
    let members = members(start);
    if directory(start) == Directory::Member || members.is_empty() {
        return Verdict::Fine;
    }
    let name = start.set("name").unwrap_or("default");
    let failed = |resolved: Vec<String>, why: String| {
        let first = line("error", "etcdserver/server.go:309", "bootstrap failed", &error(&why));
        match discovery_failed(start, Some(first), &why) {
            Verdict::Ends { said, code } => {
                let said = resolved.into_iter().map(|it| (0, it)).chain(said).collect();
                Verdict::Ends { said, code }
            }
            other => other,
        }
    };
    let own: Vec<&str> = members.iter().filter(|(it, _)| *it == name).map(|(_, url)| *url).collect();
    if own.is_empty() {
        return failed(
            Vec::new(),
            format!("couldn't find local name {name:?} in the initial cluster configuration"),
        );
    }
    let advertised = start.process.flag_list("initial-advertise-peer-urls");
    if own == advertised {
        return Verdict::Fine;
    }
    let resolved = advertised.iter().chain(&own).filter_map(|url| {
        let (_, host) = url.split_once("://")?;
        let about = format!(",\"url\":{url:?},\"host\":{host:?},\"resolved-addr\":{host:?}");
        Some(line("info", "netutil/netutil.go:113", "resolved URL Host", &about))
    });
    let quoted = |urls: &[&str]| urls.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(", ");
    let why = format!(
        "--initial-cluster has {} but missing from --initial-advertise-peer-urls={} (resolved urls: {} != {})",
        own.iter().map(|url| format!("{name}={url}")).collect::<Vec<_>>().join(","),
        advertised.join(","),
        quoted(&advertised),
        quoted(&own),
    );
    failed(resolved.collect(), why)
}

/// The certificate for clients is read when they are to be served, once for each address.
fn serving(start: &Start<'_>) -> Verdict {
    let urls = start.process.flag_list("listen-client-urls");
    let secure = urls.iter().filter(|url| url.starts_with("https://")).count();
    if secure == 0 {
        return Verdict::Fine;
    }
    let Err(why) = start.pair("cert-file", "key-file").and_then(|()| start.readable(&["trusted-ca-file"]))
    else {
        return Verdict::Fine;
    };
    let mut said = Vec::new();
    for _ in 0..secure {
        said.push(line("error", "embed/serve.go:156", "registerGateway failed", &error(&why)));
        said.push(line(
            "error",
            "embed/etcd.go:912",
            "setting up serving from embedded etcd failed.",
            &error(&why),
        ));
    }
    said.push(line("info", "etcdmain/main.go:44", "notifying init daemon", ""));
    said.push(line("info", "etcdmain/main.go:50", "successfully notified init daemon", ""));
    said.push(line("fatal", "etcdmain/etcd.go:198", "listener failed", &error(&why)));
    Verdict::Ends { said: said.into_iter().map(|it| (0, it)).collect(), code: 1 }
}

fn serve_clients(start: &Start<'_>) -> Vec<String> {
    let mut said = Vec::new();
    for url in start.process.flag_list("listen-client-urls") {
        let (scheme, address) = url.split_once("://").unwrap_or(("", url));
        said.push(line(
            "info",
            "v3rpc/health.go:63",
            "grpc service status changed",
            ",\"service\":\"\",\"status\":\"SERVING\"",
        ));
        let about = format!(",\"traffic\":\"grpc+http\",\"address\":{address:?}");
        said.push(if scheme == "https" {
            line("info", "embed/serve.go:283", "serving client traffic securely", &about)
        } else {
            line(
                "info",
                "embed/serve.go:220",
                "serving client traffic insecurely; this is strongly discouraged!",
                &about,
            )
        });
    }
    let rejected = gateway_rejection(start);
    let address = "127.0.0.1:2379";
    for _ in 0..rejected.as_ref().map_or(0, |_| 2) {
        let why = rejected.clone().unwrap_or_default();
        said.push(line(
            "warn",
            "embed/config_logging.go:194",
            "rejected connection on client endpoint",
            &format!(",\"remote-addr\":\"127.0.0.1:57450\",\"server-name\":\"\"{}", error(&why)),
        ));
        let stamp = start.world.now.strftime("%Y/%m/%d %H:%M:%S");
        for (channel, why) in [(2, "connection error: desc = \"error reading server preface: remote error: tls: unknown certificate authority\"".to_owned()), (1, format!("write tcp 127.0.0.1:57450->{address}: write: broken pipe"))] {
            said.push(format!("{stamp} WARNING: [core] [Channel #{channel} SubChannel #3] grpc: addrConn.createTransport failed to connect to {{Addr: {address:?}, ServerName: {address:?}, }}. Err: {why}"));
        }
    }
    said
}

/// etcd's own HTTP gateway is a client that shows the server's certificate; a wrong authority for
/// clients refuses it too.
fn gateway_rejection(start: &Start<'_>) -> Option<String> {
    if start.process.flag("client-cert-auth").is_none_or(|it| it == "false") {
        return None;
    }
    let certificate = start.read(start.set("cert-file")?).ok()?;
    let trusted = start.read(start.set("trusted-ca-file")?).ok()?;
    let verified =
        x509::verify(certificate.as_bytes(), trusted.as_bytes(), Purpose::Client, None, start.world.now);
    verified.err().map(|why| {
        let why = why.split(" (possibly").next().unwrap_or(&why).to_owned();
        format!("tls: failed to verify certificate: {why}")
    })
}

pub(super) fn own_id(start: &Start<'_>) -> u64 {
    let etcd = start.world.clusters.get(start.cluster).map(|it| &it.control_plane.etcd);
    if let Some(member) = etcd.and_then(|it| it.of_process(&start.machine.name, start.process)) {
        return member.id;
    }
    data::member_id(&start.process.flag_list("initial-advertise-peer-urls"), data::TOKEN)
}

fn holds(start: &Start<'_>, condition: &str) -> bool {
    match condition {
        "member" => directory(start) == Directory::Member,
        "new-wal" => !has_wal(start),
        "old-wal" => has_wal(start),
        "lost-wal" => !has_wal(start) && stored(start, "snap/db").is_some(),
        "new" => directory(start) == Directory::Empty,
        "peer-tls" => start.set("peer-cert-file").is_some(),
        "client-tls" => start.set("cert-file").is_some(),
        "metrics" => start.set("listen-metrics-urls").is_some(),
        _ => false,
    }
}

/// Whether the data directory has a write-ahead log, by which etcd knows that it is a member already.
fn has_wal(start: &Start<'_>) -> bool {
    stored(start, "wal/0000000000000000-0000000000000000.wal").is_some()
}

/// The term that a member remembers; a new one begins with the first.
fn term(start: &Start<'_>) -> u64 {
    let known = start.world.clusters.get(start.cluster).map_or(1, |it| it.control_plane.etcd.term);
    if has_wal(start) { known.max(2) } else { 1 }
}

fn value(start: &Start<'_>, name: &str) -> String {
    match name {
        "member" => format!("{:x}", own_id(start)),
        "member-decimal" => own_id(start).to_string(),
        "cluster" => {
            let ids: Vec<u64> =
                members(start).iter().map(|(_, url)| data::member_id(&[url], data::TOKEN)).collect();
            format!("{:x}", data::cluster_id(&ids))
        }
        "member-initialized" => has_wal(start).to_string(),
        // A member that knows its cluster does not read the flag.
        "initial-cluster" => {
            start.set("initial-cluster").filter(|_| !has_wal(start)).unwrap_or("").to_owned()
        }
        "initial-token" if has_wal(start) => String::new(),
        "initial-token" => start.set("initial-cluster-token").unwrap_or(data::TOKEN).to_owned(),
        "term" => term(start).to_string(),
        "next-term" => (term(start) + 1).to_string(),
        "commit" => start.world.clusters.get(start.cluster).map_or(0, |it| it.store.revision()).to_string(),
        "peer-address" => {
            let urls = start.process.flag_list("listen-peer-urls");
            urls.first().and_then(|url| url.split_once("://")).map_or("", |(_, it)| it).to_owned()
        }
        _ => String::new(),
    }
}
