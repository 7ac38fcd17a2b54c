//! How a client reaches an API server: name, address, TLS, authentication.

use std::net::{IpAddr, Ipv4Addr};

use super::authn::{self, token, x509};
use crate::apimachinery::object;
use crate::cluster::control_plane::Instance;
use crate::cluster::kubelet::services;
use crate::cluster::network::{Outcome, Protocol, firewall, listeners, tls};
use crate::cluster::{Body, ClusterId, Place, Request, Response, UserInfo, World};
use crate::hosts::certificates;

/// Where a client dials and what it shows and trusts, as a kubeconfig gives it. All PEM.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoint {
    /// `https://172.30.1.2:6443`.
    pub(crate) server: String,
    pub(crate) certificate_authority: Option<Vec<u8>>,
    pub(crate) insecure_skip_tls_verify: bool,
    pub(crate) tls_server_name: Option<String>,
    pub(crate) client_certificate: Option<Vec<u8>>,
    pub(crate) client_key: Option<Vec<u8>>,
    pub(crate) token: Option<String>,
}

/// Why no HTTP answer came: the sentence that Go's client ends its error with, such as
/// `dial tcp 172.30.1.2:6443: connect: connection refused` or
/// `tls: failed to verify certificate: x509: certificate signed by unknown authority`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub(crate) struct DialError {
    pub(crate) sentence: String,
    /// What the client waits for before it says so.
    pub(crate) wait: Wait,
}

/// What a client waits for in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wait {
    /// It knows at once.
    #[default]
    Nothing,
    /// Nobody answers at the address.
    Dial,
    /// The connection is there, but nobody speaks.
    Handshake,
}

impl DialError {
    fn said(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), wait: Wait::Nothing }
    }
}

/// A server URL in its parts.
struct Target {
    tls: bool,
    /// Without brackets.
    host: String,
    port: String,
}

impl Target {
    fn parse(server: &str) -> Self {
        let (tls, rest) = match (server.strip_prefix("https://"), server.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            // Without a scheme client-go speaks plain HTTP.
            _ => (false, server),
        };
        let authority = rest.split('/').next().unwrap_or("");
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (authority, if tls { "443" } else { "80" }),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Self { tls, host: host.to_owned(), port: port.to_owned() }
    }
}

impl World {
    /// Dials `endpoint` from `from`, authenticates and answers `request`. `request.user` is set here.
    ///
    /// # Errors
    /// When nobody answers, or the TLS handshake fails on the client's side.
    pub(crate) fn exchange(
        &mut self,
        from: &Place,
        endpoint: &Endpoint,
        mut request: Request,
    ) -> Result<Response, DialError> {
        let target = Target::parse(&endpoint.server);
        let (cluster, machine) = reach(self, from, &target)?;
        if !target.tls {
            let text = "Client sent an HTTP request to an HTTPS server.\n".to_owned();
            return Ok(Response::new(400, Body::Text(text)));
        }
        check_server(self, (cluster, &machine), endpoint, &target.host)?;
        // The server asks for it only after it has shown its own.
        check_client_key(endpoint)?;
        let source = crate::cluster::network::Source::of(self, from);
        request.source = source.map_or_else(String::new, |it| it.address.to_string());
        match authenticate(self, cluster, endpoint) {
            Some(user) => request.user = user,
            None => {
                self.tell_refusal(cluster, endpoint);
                return Ok(super::serve::unauthorized(self, cluster, &request));
            }
        }
        Ok(super::handle(self, cluster, &request))
    }
}

impl World {
    /// The API server's log says why a client's certificate or token is not taken.
    fn tell_refusal(&mut self, cluster: ClusterId, endpoint: &Endpoint) {
        let mut reasons = Vec::new();
        if let Some(shown) = &endpoint.client_certificate {
            let flags = ["requestheader-client-ca-file", "client-ca-file"];
            let [front, own] = flags.map(|flag| {
                let roots = server_file(self, cluster, flag, "").unwrap_or_default();
                x509::verify(shown, &roots, x509::Purpose::Client, None, self.now).err()
            });
            reasons.extend(front);
            let identifier = x509::identifier(shown).unwrap_or_default();
            reasons.extend(own.map(|why| format!("verifying certificate {identifier} failed: {why}")));
        }
        if endpoint.token.as_ref().is_some_and(|it| !it.is_empty()) {
            reasons.push("invalid bearer token".to_owned());
        }
        if reasons.is_empty() {
            return;
        }
        let all = crate::apimachinery::go::quote(&format!("[{}]", reasons.join(", ")));
        let line = format!("E authentication.go:75] \"Unable to authenticate the request\" err={all}");
        self.api_server_says(cluster, &line);
    }
}

/// Answers a client that shows nothing.
pub(crate) fn answer_stranger(world: &mut World, cluster: ClusterId, mut request: Request) -> Response {
    match authenticate_client(world, cluster, None, None) {
        Some(user) => {
            request.user = user;
            super::handle(world, cluster, &request)
        }
        None => super::serve::unauthorized(world, cluster, &request),
    }
}

/// Finds and dials a server.
fn reach(world: &World, from: &Place, target: &Target) -> Result<(ClusterId, String), DialError> {
    let address = resolve(world, from, &target.host)?;
    dial(world, from, &address, &target.port)
}

/// Whether a client that has been talking to its server still would: who it is there, `None` when it is
/// nobody any more.
///
/// # Errors
/// As [`World::exchange`].
pub(crate) fn greet(world: &World, from: &Place, endpoint: &Endpoint) -> Result<Option<UserInfo>, DialError> {
    let target = Target::parse(&endpoint.server);
    let (cluster, machine) = reach(world, from, &target).map_err(|error| match error.wait {
        // It will be asked again in a moment.
        Wait::Handshake => {
            let to = shown(&target.host, &target.port);
            DialError::said(format!("dial tcp {to}: connect: connection refused"))
        }
        _ => error,
    })?;
    check_server(world, (cluster, &machine), endpoint, &target.host)?;
    Ok(authenticate(world, cluster, endpoint))
}

/// The address of a host name: a literal, `/etc/hosts`, or the names that DNS of a cluster knows.
fn resolve(world: &World, from: &Place, host: &str) -> Result<String, DialError> {
    if host.parse::<IpAddr>().is_ok() {
        return Ok(host.to_owned());
    }
    if host == "localhost" {
        return Ok("::1".into());
    }
    let hosts = world.read_text(from, "/etc/hosts").unwrap_or_default();
    for line in hosts.lines() {
        let line = line.split('#').next().unwrap_or("");
        let mut words = line.split_whitespace();
        let Some(address) = words.next() else { continue };
        if words.any(|name| name == host) {
            return Ok(address.to_owned());
        }
    }
    if let Some(address) = service_name(world, from, host) {
        return Ok(address);
    }
    Err(DialError::said(format!("dial tcp: lookup {host} on 127.0.0.53:53: no such host")))
}

/// `kubernetes.default.svc` and its shorter and longer forms, inside containers.
fn service_name(world: &World, from: &Place, host: &str) -> Option<String> {
    let Place::Container { cluster, .. } = from else { return None };
    let short = host.trim_end_matches('.').trim_end_matches(".cluster.local").trim_end_matches(".svc");
    let (name, namespace) = short.split_once('.').unwrap_or((short, "default"));
    let service = world.clusters.get(*cluster)?.store.find("services", namespace, name)?;
    Some(object::text(service, "/spec/clusterIP").to_owned()).filter(|it| it.parse::<IpAddr>().is_ok())
}

fn shown(address: &str, port: &str) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// Opens the connection.
fn dial(world: &World, from: &Place, address: &str, port: &str) -> Result<(ClusterId, String), DialError> {
    let Some(number) = port.parse::<u16>().ok() else {
        return Err(DialError::said(format!("dial tcp: address {port}: invalid port")));
    };
    let to = shown(address, port);
    let refused = || DialError::said(format!("dial tcp {to}: connect: connection refused"));
    let (address, number) = through_service(world, address, number);
    let machine = match machine_at(world, from, &address) {
        Some(machine) => machine,
        None => {
            let sentence = format!("dial tcp {to}: i/o timeout");
            return Err(DialError { sentence, wait: Wait::Dial });
        }
    };
    if !world.hosts.get(&machine).is_some_and(|host| host.up) {
        let sentence = format!("dial tcp {to}: connect: no route to host");
        return Err(DialError { sentence, wait: Wait::Dial });
    }
    let to_address = address.parse().unwrap_or(Ipv4Addr::LOCALHOST);
    match firewall::to_machine(world, from, &machine, to_address, number) {
        Some(Outcome::Refused) => return Err(refused()),
        Some(_) => {
            return Err(DialError { sentence: format!("dial tcp {to}: i/o timeout"), wait: Wait::Dial });
        }
        None => {}
    }
    match listening_on(world, &machine, number) {
        Some(cluster) => Ok((cluster, machine)),
        None => Err(other_listener(world, &machine, to_address, number).unwrap_or_else(refused)),
    }
}

/// What comes of a TLS handshake with something that is no API server, or not one yet.
fn other_listener(world: &World, machine: &str, to: Ipv4Addr, port: u16) -> Option<DialError> {
    let stalls = || DialError { sentence: HANDSHAKE_TIMEOUT.into(), wait: Wait::Handshake };
    let reached = listeners::on_machine(world, machine, to, port, Protocol::Tcp)?;
    if let Some(certificate) = tls::certificate(world, &reached, &to.to_string(), "") {
        let strangers = x509::verify(certificate.as_bytes(), b"", x509::Purpose::Server, None, world.now);
        return Some(DialError::said(format!("tls: failed to verify certificate: {}", strangers.err()?)));
    }
    Some(match listeners::program(world, machine, to, port).as_deref() {
        Some("sshd") => DialError::said("tls: first record does not look like a TLS handshake"),
        Some("kube-controller-manager" | "kube-scheduler") => DialError::said(SELF_SIGNED),
        Some(API_SERVER) => return None,
        Some(_) => stalls(),
        None if speaks_http(world, &reached) => {
            DialError::said("http: server gave HTTP response to HTTPS client")
        }
        None => stalls(),
    })
}

/// Whether what was reached in a container answers a handshake, with an error in HTTP.
fn speaks_http(world: &World, reached: &Outcome) -> bool {
    let Outcome::Open { place: place @ Place::Container { cluster, pod_uid, container }, port } = reached
    else {
        return false;
    };
    let runtime = world.clusters.get(*cluster).map(|it| &it.runtime);
    let run = runtime.and_then(|it| it.pods.get(pod_uid)?.containers.get(container));
    let service = run.and_then(|it| services::on_port(world, place, it, *port));
    service.is_some_and(|it| !matches!(it.kind.as_str(), "listener" | "redis"))
}

/// Go's client gives up a handshake after ten seconds.
const HANDSHAKE_TIMEOUT: &str = "net/http: TLS handshake timeout";

/// The certificates that these programs make for themselves are nobody's.
const SELF_SIGNED: &str = "tls: failed to verify certificate: x509: certificate signed by unknown authority";

/// The endpoint behind a service address of some cluster.
fn through_service(world: &World, address: &str, port: u16) -> (String, u16) {
    for cluster in &world.clusters {
        let found = cluster.store.find("services", "default", "kubernetes");
        let fits = found.is_some_and(|it| object::text(it, "/spec/clusterIP") == address);
        let Some(endpoints) =
            cluster.store.find("endpoints", "default", "kubernetes").filter(|_| fits && port == 443)
        else {
            continue;
        };
        let target = object::text(endpoints, "/subsets/0/addresses/0/ip");
        let port = object::int(endpoints, "/subsets/0/ports/0/port").and_then(|it| u16::try_from(it).ok());
        return (target.to_owned(), port.unwrap_or(6443));
    }
    (address.to_owned(), port)
}

/// The machine that owns an address, seen from a place.
fn machine_at(world: &World, from: &Place, address: &str) -> Option<String> {
    let loopback = address.parse::<IpAddr>().is_ok_and(|it| it.is_loopback());
    if loopback {
        return match from {
            Place::Host(name) => Some(name.clone()),
            // Nothing of ours listens on the loopback of a container.
            Place::Container { .. } => None,
        };
    }
    world.hosts.values().find(|host| host.address == address).map(|host| host.name.clone())
}

/// The cluster whose API server listens on an address and port.
pub(crate) fn listening(world: &World, address: &str, port: u16) -> Option<ClusterId> {
    let machine = world.hosts.values().find(|host| host.address == address)?;
    listening_on(world, &machine.name, port)
}

fn listening_on(world: &World, machine: &str, port: u16) -> Option<ClusterId> {
    (0..world.clusters.len()).find(|&id| {
        let Some(cluster) = world.clusters.get(id) else { return false };
        if !cluster.api_server_up() {
            return false;
        }
        if cluster.serving(API_SERVER).is_some() {
            let own =
                |it: &Instance| it.process.flag("secure-port").and_then(|it| it.parse().ok()).unwrap_or(6443);
            return cluster.serving_on(machine, API_SERVER).is_some_and(|it| own(it) == port);
        }
        // A cluster of stand-ins has no processes: its server is where its address says.
        let target = Target::parse(&cluster.server);
        let here = world.hosts.get(machine).is_some_and(|host| host.address == target.host);
        here && target.port.parse() == Ok(port)
    })
}

const API_SERVER: &str = "kube-apiserver";

/// A file that a flag of the API server names, read through its mounts on its host.
pub(crate) fn server_file(world: &World, cluster: ClusterId, flag: &str, default: &str) -> Option<Vec<u8>> {
    let host = world.clusters.get(cluster)?.serving(API_SERVER).map_or("", |(host, _)| host);
    file_of_server(world, cluster, host, flag, default)
}

/// As [`server_file`], of the API server on one machine.
fn file_of_server(
    world: &World,
    cluster: ClusterId,
    host: &str,
    flag: &str,
    default: &str,
) -> Option<Vec<u8>> {
    let found = world.clusters.get(cluster)?;
    let (host, path) = match found.serving_on(host, API_SERVER) {
        Some(instance) => {
            let path = instance.process.flag(flag).unwrap_or(default);
            (host.to_owned(), instance.process.host_path(path)?)
        }
        None => {
            let target = Target::parse(&found.server);
            let host = world.hosts.values().find(|it| it.address == target.host)?;
            (host.name.clone(), default.to_owned())
        }
    };
    world.read_file(&Place::Host(host), &path).ok().map(|bytes| bytes.to_vec())
}

fn check_client_key(endpoint: &Endpoint) -> Result<(), DialError> {
    let (Some(certificate), Some(key)) = (&endpoint.client_certificate, &endpoint.client_key) else {
        return Ok(());
    };
    let text = String::from_utf8_lossy;
    certificates::pair(&text(certificate), &text(key)).map_err(DialError::said)
}

/// What the client thinks of the server's certificate.
fn check_server(
    world: &World,
    (cluster, machine): (ClusterId, &str),
    endpoint: &Endpoint,
    host: &str,
) -> Result<(), DialError> {
    if endpoint.insecure_skip_tls_verify {
        return Ok(());
    }
    let Some(certificate) =
        file_of_server(world, cluster, machine, "tls-cert-file", "/etc/kubernetes/pki/apiserver.crt")
    else {
        // A world without certificate files has nothing to check.
        return Ok(());
    };
    let host = endpoint.tls_server_name.as_deref().filter(|it| !it.is_empty()).unwrap_or(host);
    let roots = endpoint.certificate_authority.as_deref().unwrap_or(b"");
    x509::verify(&certificate, roots, x509::Purpose::Server, Some(host), world.now)
        .map_err(|why| DialError::said(format!("tls: failed to verify certificate: {why}")))
}

/// Who the client is; `None` when what it shows is not accepted.
fn authenticate(world: &World, cluster: ClusterId, endpoint: &Endpoint) -> Option<UserInfo> {
    authenticate_client(world, cluster, endpoint.client_certificate.as_deref(), endpoint.token.as_deref())
}

/// Whom a client certificate (PEM, leaf first) or a bearer token stands for, certificates first; nobody
/// shows neither. `None` when what is shown is not accepted.
pub(crate) fn authenticate_client(
    world: &World,
    cluster: ClusterId,
    certificate: Option<&[u8]>,
    token: Option<&str>,
) -> Option<UserInfo> {
    if let Some(certificate) = certificate {
        let authority = server_file(world, cluster, "client-ca-file", "/etc/kubernetes/pki/ca.crt");
        let good = authority.is_none_or(|roots| {
            x509::verify(certificate, &roots, x509::Purpose::Client, None, world.now).is_ok()
        });
        if let Some(user) = x509::user_of(certificate).filter(|_| good) {
            return Some(authn::authenticated(user));
        }
    }
    match token.map(str::trim).filter(|it| !it.is_empty()) {
        Some(token) => token::authenticate(world, cluster, token, &[]).ok().map(|it| it.user),
        None if certificate.is_some() => None,
        None if world.clusters.get(cluster).is_some_and(|it| !super::flags::takes_anonymous(it)) => None,
        None => Some(authn::anonymous()),
    }
}
