//! etcd as its clients meet it: who listens, whose certificates are good, and the keys they see.

use serde_json::{Value, json};

use super::control_plane::Instance;
use super::{ClusterId, Key, Place, Store, World};
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
    pub(crate) name: String,
    pub(crate) peer_urls: String,
    pub(crate) client_urls: String,
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
    let secure = scheme == "https" || (scheme.is_empty() && credentials.tls);
    let refused = format!(
        "connection error: desc = \"transport: Error while dialing: dial tcp {address}: connect: connection refused\""
    );
    let (cluster, host, instance) = listener(world, from, address).ok_or(refused)?;
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
            return Err(format!("write tcp {address}: write: broken pipe"));
        }
    }
    let flag = |name: &str| instance.process.flag(name).unwrap_or("").to_owned();
    Ok(Member {
        cluster,
        host: host.to_owned(),
        name: flag("name"),
        peer_urls: flag("initial-advertise-peer-urls"),
        client_urls: flag("advertise-client-urls"),
    })
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
        Place::Container { .. } => "",
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

/// Every key with its object, in byte order of the keys.
pub(crate) fn entries(store: &Store) -> Vec<(String, Key)> {
    let mut all = Vec::new();
    for resource in store.resources() {
        for entry in store.list(resource, "") {
            let key = Key::new(resource, object::namespace(entry), object::name(entry));
            all.push((path_of(&key), key));
        }
    }
    all.sort();
    all
}

fn path_of(key: &Key) -> String {
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
pub(crate) fn value(store: &Store, key: &Key) -> Option<Vec<u8>> {
    let object = store.get(key)?;
    if &*key.resource == RAW {
        return Some(object::field(object, "value").as_bytes().to_vec());
    }
    let mut bytes = b"k8s\x00".to_vec();
    bytes.extend(serde_json::to_vec(&**object).unwrap_or_default());
    Some(bytes)
}

/// `etcdctl put`: a key of the client's own. Keys of Kubernetes' objects cannot be written this way.
pub(crate) fn put(store: &mut Store, path: &str, value: &str) -> Result<(), String> {
    if path.starts_with("/registry/") {
        return Err("uncordon: writing objects of Kubernetes through etcdctl put is not simulated yet".into());
    }
    let object: Value = json!({"metadata": {"name": path}, "value": value});
    store.put(&Key::new(RAW, "", path), object);
    Ok(())
}
