//! Ports of a machine behind which a program passes connections on: `kubectl port-forward` and `kubectl proxy`.
//!
//! A forward lives as long as its program, which opens it with [`World::open_forward`] and closes it.

use std::net::Ipv4Addr;

use super::http::{HttpOutcome, HttpRequest};
use super::{Outcome, Protocol, Source, listeners};
use crate::cluster::api::connect::Endpoint;
use crate::cluster::kubelet::run::PodId;
use crate::cluster::kubelet::web::Answer;
use crate::cluster::{Body, Place, Request, Response, World};

/// An open port and where it leads.
#[derive(Clone, Debug)]
pub(crate) struct Forward {
    /// Differs from those of all other open ones.
    pub(crate) id: u64,
    /// The machine.
    pub(crate) host: String,
    /// The address that it is bound to.
    pub(crate) address: Ipv4Addr,
    pub(crate) port: u16,
    pub(crate) to: Target,
    /// Connections so far.
    pub(crate) connections: u32,
}

/// Where a forwarded port leads.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    /// A port of a pod's own network.
    Pod { pod: PodId, port: u16 },
    /// An API server, with a client's credentials.
    Api(Box<Gate>),
}

/// What `kubectl proxy` lets through, and as whom. The patterns are matched as given.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) endpoint: Endpoint,
    pub(crate) impersonate: Vec<(String, String)>,
    /// Ends with a slash.
    pub(crate) prefix: String,
    pub(crate) accept_hosts: Vec<regex::Regex>,
    pub(crate) accept_paths: Vec<regex::Regex>,
    pub(crate) reject_paths: Vec<regex::Regex>,
    pub(crate) reject_methods: Vec<regex::Regex>,
    /// Path prefix and folder of the files that are served beside the API.
    pub(crate) files: Option<(String, String)>,
}

impl World {
    /// Opens a port of a machine; `None` when something listens there already.
    pub(crate) fn open_forward(
        &mut self,
        host: &str,
        address: Ipv4Addr,
        port: u16,
        to: Target,
    ) -> Option<u64> {
        let taken = listeners::on_machine(self, host, address, port, Protocol::Tcp).is_some()
            || listeners::host_port(self, host, port, Protocol::Tcp).is_some()
            || self.forwards.iter().any(|it| it.host == host && it.port == port);
        if taken {
            return None;
        }
        let id = self.forwards.last().map_or(1, |it| it.id + 1);
        self.forwards.push_back(Forward { id, host: host.to_owned(), address, port, to, connections: 0 });
        Some(id)
    }

    /// Closes a port again.
    pub(crate) fn close_forward(&mut self, id: u64) {
        self.forwards.retain(|it| it.id != id);
    }

    /// How many connections a forward has taken; `None` when it is closed.
    pub(crate) fn forwarded(&self, id: u64) -> Option<u32> {
        self.forwards.iter().find(|it| it.id == id).map(|it| it.connections)
    }
}

fn find(world: &World, host: &str, to: Ipv4Addr, port: u16) -> Option<usize> {
    world.forwards.iter().position(|it| {
        let bound = it.address.is_unspecified() || it.address == to;
        it.host == host && it.port == port && bound
    })
}

/// What answers a connection from within a machine to its own address.
pub(super) fn open(
    world: &World,
    source: &Source,
    to: Ipv4Addr,
    port: u16,
    protocol: Protocol,
) -> Option<Outcome> {
    if source.id.is_some() {
        return None;
    }
    open_from(world, &source.host, to, port, protocol)
}

/// What answers a connection to an address of a machine.
pub(super) fn open_from(
    world: &World,
    host: &str,
    to: Ipv4Addr,
    port: u16,
    protocol: Protocol,
) -> Option<Outcome> {
    if protocol != Protocol::Tcp {
        return None;
    }
    find(world, host, to, port)?;
    Some(Outcome::Open { place: Place::host(host), port })
}

/// The answer of what is behind a forwarded port; `None` for ports that are not.
pub(super) fn answer(world: &mut World, host: &str, port: u16, request: &HttpRequest) -> Option<HttpOutcome> {
    let at = world.forwards.iter().position(|it| it.host == host && it.port == port)?;
    let forward = world.forwards.get_mut(at)?;
    forward.connections += 1;
    Some(match forward.to.clone() {
        Target::Pod { pod, port } => match listeners::in_pod(world, &pod, port, Protocol::Tcp) {
            Some(Outcome::Open { place, port }) => {
                // To the container the connection comes from itself.
                let inside = HttpRequest { client_ip: "127.0.0.1".into(), ..request.clone() };
                super::http::answer(world, &place, port, &inside)
            }
            _ => HttpOutcome::Garbage,
        },
        Target::Api(gate) => HttpOutcome::Answer(gate.answer(world, host, request)),
    })
}

impl Gate {
    fn answer(&self, world: &mut World, host: &str, request: &HttpRequest) -> Answer {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        if !self.lets_through(&request.method, &request.host, path) {
            return Answer::new(403, "text/plain; charset=utf-8", "Forbidden\n");
        }
        if let Some((prefix, folder)) = &self.files
            && let Some(rest) = path.strip_prefix(prefix.as_str())
        {
            let file = crate::hosts::files::clean(folder, rest);
            return match world.read_file(&Place::host(host), &file) {
                Ok(bytes) => Answer::new(
                    200,
                    "text/plain; charset=utf-8",
                    String::from_utf8_lossy(&bytes).into_owned(),
                ),
                Err(_) => Answer::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
            };
        }
        let Some(path) =
            path.strip_prefix(self.prefix.trim_end_matches('/')).filter(|it| it.starts_with('/'))
        else {
            return Answer::new(404, "text/plain; charset=utf-8", "404 page not found\n");
        };
        let call = Request {
            method: request.method.clone(),
            path: path.to_owned(),
            query: pairs(query),
            accept: header(request, "accept").unwrap_or("application/json").to_owned(),
            content_type: header(request, "content-type").unwrap_or_default().to_owned(),
            body: request.body.clone(),
            user_agent: request.user_agent.clone(),
            impersonate: self.impersonate.clone(),
            ..Request::default()
        };
        match world.exchange(&Place::host(host), &self.endpoint, call) {
            Ok(response) => shown(response),
            Err(error) => Answer::new(502, "text/plain; charset=utf-8", format!("{}\n", error.sentence)),
        }
    }

    fn lets_through(&self, method: &str, host: &str, path: &str) -> bool {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let any = |patterns: &[regex::Regex], text: &str| patterns.iter().any(|it| it.is_match(text));
        any(&self.accept_hosts, name)
            && any(&self.accept_paths, path)
            && !any(&self.reject_paths, path)
            && !any(&self.reject_methods, method)
    }
}

fn header<'r>(request: &'r HttpRequest, name: &str) -> Option<&'r str> {
    let found = request.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).filter(|value| *value != "*/*")
}

pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(key, value)| (unescaped(key), unescaped(value)))
        .collect()
}

/// `%2F` and `+` as what they stand for.
pub(crate) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap_or(b'%'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// As a server writes its answer to a program for people: indented.
fn shown(response: Response) -> Answer {
    match response.body {
        Body::Json(object) => {
            let text = crate::apimachinery::schema::go_json_indent(&object, "  ");
            Answer::new(response.code, "application/json", text)
        }
        Body::Text(text) => Answer::new(response.code, "text/plain; charset=utf-8", text),
        Body::Watch(_) | Body::Upgrade(_) => {
            let text = "uncordon: a stream through `kubectl proxy` is not simulated yet\n";
            Answer::new(501, "text/plain; charset=utf-8", text)
        }
    }
}
