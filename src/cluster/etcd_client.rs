//! etcd as its clients meet it: who listens, whose certificates are good, and the keys they see.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use super::api::encryption;
use super::control_plane::Instance;
use super::etcd_state::Etcd;
use super::network::{Outcome, firewall};
use super::store::{Counts, Store};
use super::{Cluster, ClusterId, Key, Place, World};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::hosts::certificates::{self, Distrust};

/// What a client shows and trusts, all PEM.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    pub(crate) authority: Option<String>,
    pub(crate) certificate: Option<String>,
    pub(crate) insecure_skip_verify: bool,
    /// True when TLS is spoken to an endpoint without a scheme.
    pub(crate) tls: bool,
}

/// A connection to a running member.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Member {
    pub(crate) cluster: ClusterId,
    pub(crate) host: String,
    /// 0 while it is no member of anything.
    pub(crate) id: u64,
    pub(crate) client_urls: String,
}

/// A key as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyValue {
    pub(crate) path: String,
    pub(crate) key: Key,
    pub(crate) value: Vec<u8>,
    pub(crate) created: u64,
    pub(crate) modified: u64,
    pub(crate) version: u64,
    pub(crate) lease: u64,
}

/// Keys from the first on to before the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    Key(String),
    Before(String, String),
    /// To the last key.
    From(String),
}

impl Range {
    /// All keys that begin with `prefix`.
    pub(crate) fn prefix(prefix: &str) -> Self {
        let mut end: Vec<char> = prefix.chars().collect();
        match end.pop().and_then(|last| char::from_u32(u32::from(last) + 1)) {
            Some(next) => Self::Before(prefix.to_owned(), end.into_iter().chain([next]).collect()),
            None => Self::From(String::new()),
        }
    }

    /// True for a key of the range.
    pub(crate) fn has(&self, path: &str) -> bool {
        match self {
            Self::Key(key) => path == key,
            Self::Before(from, end) => path >= from.as_str() && path < end.as_str(),
            Self::From(from) => path >= from.as_str(),
        }
    }
}

/// Dials `endpoint` (`https://127.0.0.1:2379`, or without the scheme) from `from`.
///
/// # Errors
/// What the gRPC balancer says last, which stands at the end of etcdctl's error.
pub(crate) fn connect(
    world: &World,
    from: &Place,
    endpoint: &str,
    credentials: &Credentials,
) -> Result<Member, String> {
    let (scheme, address) = endpoint.split_once("://").unwrap_or(("", endpoint));
    if !["", "http", "https"].contains(&scheme) {
        return Err(format!(
            "connection error: desc = \"transport: Error while dialing: dial tcp: address {endpoint}: too many colons in address\""
        ));
    }
    let secure = scheme == "https" || (scheme.is_empty() && credentials.tls);
    let refused = format!(
        "connection error: desc = \"transport: Error while dialing: dial tcp {address}: connect: connection refused\""
    );
    let (cluster, host, instance) = match (filtered(world, from, address), listener(world, from, address)) {
        (Some(Outcome::TimedOut), _) => {
            return Err(format!(
                "connection error: desc = \"transport: Error while dialing: dial tcp {address}: i/o timeout\""
            ));
        }
        (None, Some(found)) => found,
        _ => return Err(refused),
    };
    let serves_tls = instance.process.flag("cert-file").is_some();
    match (secure, serves_tls) {
        (false, true) => return Err("connection error: desc = \"error reading server preface: EOF\"".into()),
        (true, false) => {
            let why = "tls: first record does not look like a TLS handshake";
            return Err(handshake(why));
        }
        _ => {}
    }
    if serves_tls {
        check_server(world, host, instance, credentials)
            .map_err(|why| handshake(&format!("tls: failed to verify certificate: {why}")))?;
        if !client_is_known(world, host, instance, credentials) {
            // Outgoing ports change with every connection; this one follows the clock.
            let port = 32_768 + world.now.unix_ns().unsigned_abs() / 1_000 % 28_232;
            let own = address.rsplit_once(':').map_or(address, |(own, _)| own);
            return Err(format!("write tcp {own}:{port}->{address}: write: broken pipe"));
        }
    }
    let etcd = world.clusters.get(cluster).map(|it| &it.control_plane.etcd);
    Ok(Member {
        cluster,
        host: host.to_owned(),
        id: etcd.and_then(|it| it.of_process(host, &instance.process)).map_or(0, |it| it.id),
        client_urls: instance.process.flag_list("advertise-client-urls").join(","),
    })
}

/// What packet filters do to a connection to `address`.
fn filtered(world: &World, from: &Place, address: &str) -> Option<Outcome> {
    let (ip, port) = address.rsplit_once(':')?;
    let ip: Ipv4Addr = if ip == "localhost" { Ipv4Addr::LOCALHOST } else { ip.parse().ok()? };
    let machine = match from {
        Place::Host(name) if ip.is_loopback() => name.clone(),
        _ => world.hosts.values().find(|it| it.address == ip.to_string())?.name.clone(),
    };
    firewall::to_machine(world, from, &machine, ip, port.parse().ok()?)
}

fn handshake(why: &str) -> String {
    format!("connection error: desc = \"transport: authentication handshake failed: {why}\"")
}

/// The member that listens at `address` as seen from `from`.
fn listener<'a>(world: &'a World, from: &Place, address: &str) -> Option<(ClusterId, &'a str, &'a Instance)> {
    let (ip, _) = address.rsplit_once(':')?;
    let local = ["127.0.0.1", "localhost", "[::1]"].contains(&ip);
    let here = match from {
        Place::Host(name) => name.as_str(),
        // A container on its machine's network meets that machine behind 127.0.0.1.
        Place::Container { cluster, pod_uid, .. } => {
            let run = world.clusters.get(*cluster).and_then(|it| it.runtime.pods.get(pod_uid));
            run.filter(|run| run.on_host_network(world, *cluster)).map_or("", |run| run.host.as_str())
        }
    };
    world.clusters.iter().enumerate().find_map(|(id, cluster)| {
        let mut all = cluster.control_plane.instances.iter();
        all.find(|((host, program), instance)| {
            let reaches =
                if local { host == here } else { world.hosts.get(host).is_some_and(|it| it.address == ip) };
            let wanted = address.replace("localhost", "127.0.0.1");
            let mut urls = instance.process.flag_list("listen-client-urls").into_iter();
            program == "etcd"
                && instance.serves()
                && reaches
                && urls.any(|url| url.ends_with(&format!("//{wanted}")))
        })
        .map(|((host, _), instance)| (id, host.as_str(), instance))
    })
}

fn file_of(world: &World, host: &str, instance: &Instance, flag: &str) -> Option<String> {
    let path = instance.process.host_path(instance.process.flag(flag)?)?;
    world.hosts.get(host)?.files.read_text(&path).ok()
}

fn check_server(
    world: &World,
    host: &str,
    instance: &Instance,
    credentials: &Credentials,
) -> Result<(), Distrust> {
    if credentials.insecure_skip_verify {
        return Ok(());
    }
    let shown = file_of(world, host, instance, "cert-file").ok_or(Distrust::Malformed)?;
    // Without --cacert the roots of the operating system count, and no lab certificate is among them.
    let roots = credentials.authority.as_deref().ok_or(Distrust::UnknownAuthority)?;
    certificates::verify(&shown, roots, world.now)
}

fn client_is_known(world: &World, host: &str, instance: &Instance, credentials: &Credentials) -> bool {
    if instance.process.flag("client-cert-auth") != Some("true") {
        return true;
    }
    let Some(trusted) = file_of(world, host, instance, "trusted-ca-file") else { return false };
    credentials
        .certificate
        .as_deref()
        .is_some_and(|shown| certificates::verify(shown, &trusted, world.now).is_ok())
}

/// Group-resources whose place below `/registry` is not their plural name.
///
/// Source: kube-apiserver's storage prefixes (`SpecialDefaultResourcePrefixes` and the REST storages).
const PREFIXES: &[(&str, &str)] = &[
    ("services", "services/specs"),
    ("endpoints", "services/endpoints"),
    ("nodes", "minions"),
    ("ingresses.networking.k8s.io", "ingress"),
    ("podsecuritypolicies", "podsecuritypolicy"),
    ("replicationcontrollers", "controllers"),
    ("customresourcedefinitions.apiextensions.k8s.io", "apiextensions.k8s.io/customresourcedefinitions"),
    ("apiservices.apiregistration.k8s.io", "apiregistration.k8s.io/apiservices"),
];

/// Groups that Kubernetes itself serves: their resources stand directly below `/registry`.
const BUILT_IN_GROUPS: &[&str] = &["apps", "batch", "autoscaling", "policy", "resource.k8s.io"];

/// Keys that etcd clients put themselves live in the store under this resource.
const RAW: &str = "etcd raw keys";

/// The keys of a range in byte order, as they were at `revision`; 0 for now.
///
/// # Errors
/// The sentence of etcd for a revision that is compacted or yet to come.
pub(crate) fn range(cluster: &Cluster, range: &Range, revision: u64) -> Result<Vec<KeyValue>, &'static str> {
    let (store, etcd) = (&cluster.store, &cluster.control_plane.etcd);
    if revision > store.revision() {
        return Err("etcdserver: mvcc: required revision is a future revision");
    }
    let mut found: BTreeMap<String, KeyValue> = BTreeMap::new();
    for resource in store.resources() {
        for entry in store.list(resource, "") {
            let key = Key::new(resource, object::namespace(entry), object::name(entry));
            let path = path_of(&key);
            if range.has(&path) {
                let counts = store.counts(&key).unwrap_or_default();
                found.insert(path.clone(), seen((store, etcd), path, key, entry, counts));
            }
        }
    }
    if revision > 0 {
        const GONE: &str = "etcdserver: mvcc: required revision has been compacted";
        if revision < etcd.compacted {
            return Err(GONE);
        }
        let later: Vec<&super::store::Event> = store.since(revision).ok_or(GONE)?.collect();
        for event in later.into_iter().rev() {
            let path = path_of(&event.key);
            if range.has(&path) {
                undo((store, etcd), &mut found, path, event);
            }
        }
    }
    Ok(found.into_values().collect())
}

/// Takes one change back.
fn undo(
    (store, etcd): (&Store, &Etcd),
    found: &mut BTreeMap<String, KeyValue>,
    path: String,
    event: &super::store::Event,
) {
    let Some(previous) = &event.previous else {
        found.remove(&path);
        return;
    };
    let counts = match found.get(&path) {
        Some(row) => Counts { created: row.created, version: row.version.saturating_sub(1).max(1) },
        // Of a key that is gone, only the last value is remembered.
        None => Counts { created: modified(previous), version: 1 },
    };
    let row = seen((store, etcd), path.clone(), event.key.clone(), previous, counts);
    found.insert(path, row);
}

fn modified(object: &Value) -> u64 {
    object::text(object, "/metadata/resourceVersion").parse().unwrap_or(0)
}

fn seen((store, etcd): (&Store, &Etcd), path: String, key: Key, object: &Value, counts: Counts) -> KeyValue {
    let lease = etcd.leased.get(&path).copied().unwrap_or(0);
    let value = value_of(store, &key, object);
    KeyValue {
        path,
        key,
        value,
        created: counts.created,
        modified: modified(object),
        version: counts.version,
        lease,
    }
}

/// Changes after `revision` in a range: whether it is a deletion, with the key after it.
pub(crate) fn changes(cluster: &Cluster, range: &Range, revision: u64) -> Vec<(bool, KeyValue)> {
    let (store, etcd) = (&cluster.store, &cluster.control_plane.etcd);
    let events = store.since(revision).into_iter().flatten();
    events
        .filter_map(|event| {
            let path = path_of(&event.key);
            let deleted = event.change == super::store::Change::Deleted;
            let counts = store.counts(&event.key).unwrap_or_default();
            range
                .has(&path)
                .then(|| (deleted, seen((store, etcd), path, event.key.clone(), &event.object, counts)))
        })
        .collect()
}

/// The path of an object in etcd.
pub(crate) fn path_of(key: &Key) -> String {
    if &*key.resource == RAW {
        return key.name.to_string();
    }
    let special = PREFIXES.iter().find(|(resource, _)| *resource == &*key.resource);
    let (plural, group) = key.resource.split_once('.').unwrap_or((&key.resource, ""));
    let own = group.is_empty() || group.ends_with(".k8s.io") || BUILT_IN_GROUPS.contains(&group);
    let prefix = match special {
        Some((_, prefix)) => (*prefix).to_owned(),
        None if own => plural.to_owned(),
        None => format!("{group}/{plural}"),
    };
    match &*key.namespace {
        "" => format!("/registry/{prefix}/{}", key.name),
        namespace => format!("/registry/{prefix}/{namespace}/{}", key.name),
    }
}

/// The bytes under a key. Objects have the storage prefix of Kubernetes and, instead of protobuf, JSON.
fn value_of(store: &Store, key: &Key, object: &Value) -> Vec<u8> {
    if &*key.resource == RAW {
        return object::field(object, "value").as_bytes().to_vec();
    }
    let mut bytes = b"k8s\x00".to_vec();
    bytes.extend(serde_json::to_vec(object).unwrap_or_default());
    match store.seal(key) {
        Some(seal) => encryption::sealed_bytes(seal, &path_of(key), &bytes),
        None => bytes,
    }
}

/// A client writes a key of its own. Keys of Kubernetes' objects cannot be written this way.
///
/// # Errors
/// What is not simulated, or etcd's refusal when it is full.
pub(crate) fn put(
    world: &mut World,
    member: &Member,
    path: &str,
    value: &str,
    lease: u64,
) -> Result<(), String> {
    let now = world.now;
    let Some(cluster) = world.clusters.get_mut(member.cluster) else { return Ok(()) };
    let known = cluster.store.resources().filter(|it| &***it != RAW).any(|resource| {
        path.starts_with(&format!("{}/", path_of(&Key::new(resource, "", "")).trim_end_matches('/')))
    });
    if known {
        return Err("uncordon: writing objects of Kubernetes through etcdctl is not simulated yet".into());
    }
    let etcd = &mut cluster.control_plane.etcd;
    etcd.admit(&cluster.store, now, value.len() as u64)?;
    if lease != 0 && !etcd.leases.contains_key(&lease) {
        return Err("etcdserver: requested lease not found".into());
    }
    match lease {
        0 => etcd.leased.remove(path),
        _ => etcd.leased.insert(path.to_owned(), lease),
    };
    let object: Value = json!({"metadata": {"name": path}, "value": value});
    cluster.store.put(&Key::new(RAW, "", path), object);
    Ok(())
}

/// Ends the leases whose time is over, and the keys on them.
pub(crate) fn expire(world: &mut World, member: &Member) {
    let now = world.now;
    let Some(cluster) = world.clusters.get_mut(member.cluster) else { return };
    let over: Vec<u64> = cluster
        .control_plane
        .etcd
        .leases
        .iter()
        .filter(|(_, it)| it.left(now) < 0)
        .map(|(id, _)| *id)
        .collect();
    over.into_iter().for_each(|id| revoke(cluster, id));
}

/// Ends a lease and the keys on it.
pub(crate) fn revoke(cluster: &mut Cluster, lease: u64) {
    let etcd = &mut cluster.control_plane.etcd;
    etcd.leases.remove(&lease);
    let keys: Vec<String> =
        etcd.leased.iter().filter(|(_, it)| **it == lease).map(|(key, _)| key.clone()).collect();
    for key in keys {
        etcd.leased.remove(&key);
        cluster.store.delete(&Key::new(RAW, "", &key));
    }
}

/// One more member, as a learner; whoever runs with these peer URLs and this name becomes it.
///
/// # Errors
/// etcd's refusal.
pub(crate) fn add_learner(world: &mut World, member: &Member, peer_urls: &str) -> Result<u64, &'static str> {
    let id = u64::from_str_radix(&world.chance.hex(16), 16).unwrap_or(1) | 1;
    let Some(cluster) = world.clusters.get_mut(member.cluster) else {
        return Err("etcdserver: server stopped");
    };
    let etcd = &mut cluster.control_plane.etcd;
    if let Some(there) = etcd.by_peer_urls(peer_urls) {
        return Ok(there.id);
    }
    etcd.members.push_back(super::etcd_state::Member::new(id, peer_urls, true));
    Ok(id)
}

/// A learner that has caught up gets a vote; `false` while it has not.
pub(crate) fn promote(world: &mut World, member: &Member, id: u64) -> bool {
    let Some(cluster) = world.clusters.get_mut(member.cluster) else { return false };
    let serves = cluster.control_plane.member_serves(id);
    let row = cluster.control_plane.etcd.members.iter_mut().find(|it| it.id == id);
    if let Some(row) = row.filter(|_| serves) {
        row.learner = false;
        world.members_changed(member.cluster);
    }
    serves
}

/// Takes the member away that was started on a machine; `None` when there is none, or no quorum.
pub(crate) fn remove_member_of(world: &mut World, member: &Member, host: &str) -> Option<u64> {
    let cluster = world.clusters.get_mut(member.cluster)?;
    let at = cluster.control_plane.etcd.members.iter().position(|it| it.host == host)?;
    if !cluster.control_plane.quorum() {
        return None;
    }
    let gone = cluster.control_plane.etcd.members.remove(at);
    world.members_changed(member.cluster);
    Some(gone.id)
}
