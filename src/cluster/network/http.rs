//! HTTP to whatever a connection reaches: services of containers, programs of machines.

use std::net::Ipv4Addr;

use super::{Outcome, Probe, Protocol, Source, gateway, ingress, listeners, outside};
use crate::apimachinery::schema;
use crate::cluster::api::connect;
use crate::cluster::kubelet::run::PodId;
use crate::cluster::kubelet::web::{self, Answer};
use crate::cluster::kubelet::{endpoint, services, settings};
use crate::cluster::{Body, Place, Request, World};

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpRequest {
    pub(crate) method: String,
    /// True for `https`.
    pub(crate) tls: bool,
    /// Whom to connect to: a name or an address.
    pub(crate) connect_to: String,
    pub(crate) port: u16,
    /// The name of the URL, by which TLS chooses and checks a certificate.
    pub(crate) server_name: String,
    /// The `Host` header.
    pub(crate) host: String,
    /// With query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) user_agent: String,
    pub(crate) body: Vec<u8>,
    /// Set on the way: who asks.
    pub(crate) client_ip: String,
    /// How many proxies it went through.
    pub(crate) hops: u32,
}

/// How a request ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HttpOutcome {
    Answer(Answer),
    /// No connection came about.
    Failed(Outcome),
    /// What listens there speaks no HTTP.
    Garbage,
    /// TLS failed: the sentence of OpenSSL.
    Tls(String),
}

/// A request and how it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpExchange {
    pub(crate) outcome: HttpOutcome,
    /// The address that was dialled in the end; empty when the name did not resolve.
    pub(crate) address: String,
    pub(crate) trace: Vec<String>,
}

impl HttpRequest {
    /// A GET of a URL; `None` when it is none.
    pub(crate) fn of_url(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let authority = authority.rsplit('@').next().unwrap_or(authority);
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) => (name, port.parse().ok()?),
            None => (authority, if tls { 443 } else { 80 }),
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        (!name.is_empty()).then(|| Self {
            method: "GET".into(),
            tls,
            connect_to: name.to_owned(),
            port,
            server_name: name.to_owned(),
            host: authority.to_owned(),
            path,
            headers: Vec::new(),
            user_agent: String::new(),
            body: Vec::new(),
            client_ip: String::new(),
            hops: 0,
        })
    }
}

/// Sends a request from a place.
pub(crate) fn http(world: &mut World, from: &Place, request: &HttpRequest) -> HttpExchange {
    let Probe { outcome, address, trace } =
        super::probe(world, from, &request.connect_to, request.port, Protocol::Tcp);
    let outcome = match outcome {
        Outcome::Open { place, port } => {
            let mut request = request.clone();
            if request.client_ip.is_empty() {
                let source = Source::of(world, from);
                request.client_ip = source.map_or_else(String::new, |it| it.address.to_string());
            }
            answer(world, &place, port, &request)
        }
        Outcome::NoSuchName if outside::reaches(world, from, &request.connect_to) => {
            let path = request.path.split('?').next().unwrap_or_default();
            let found = outside::answer(&request.connect_to, path);
            found.map_or(HttpOutcome::Failed(Outcome::NoSuchName), HttpOutcome::Answer)
        }
        failed => HttpOutcome::Failed(failed),
    };
    HttpExchange { outcome, address, trace }
}

/// What listens at a port of a place answers.
pub(crate) fn answer(world: &mut World, at: &Place, port: u16, request: &HttpRequest) -> HttpOutcome {
    match at {
        Place::Container { cluster, pod_uid, container } => {
            let pod = PodId { cluster: *cluster, uid: pod_uid.clone() };
            of_container(world, &pod, container, port, request)
        }
        Place::Host(host) => {
            if let Some(outcome) = super::forwards::answer(world, host, port, request) {
                return outcome;
            }
            let own = world.hosts.get(host).and_then(|it| it.address.parse().ok());
            let addresses = [Some(Ipv4Addr::LOCALHOST), own];
            let program =
                addresses.into_iter().flatten().find_map(|to| listeners::program(world, host, to, port));
            of_machine(world, host, &program.unwrap_or_default(), port, request)
        }
    }
}

fn of_container(world: &mut World, pod: &PodId, name: &str, port: u16, request: &HttpRequest) -> HttpOutcome {
    let Some(container) = pod.container(world, name).cloned() else { return HttpOutcome::Garbage };
    let place = pod.place(name);
    let kind = services::on_port(world, &place, &container, port).map(|it| it.kind).unwrap_or_default();
    let speaks_tls = kind == "ingress" && ingress::TLS_PORTS.contains(&port)
        || kind == "daemon" && matches!(port, 4_443 | 10_250)
        || kind == "control-plane"
        || kind == "nginx" && web::is_tls(world, &place, port)
        || kind == "gateway" && gateway::speaks_tls(world, pod, port);
    if let Some(mismatch) = mismatch(speaks_tls, request.tls, "nginx") {
        return mismatch;
    }
    let answer = match kind.as_str() {
        "ingress" => Some(ingress::answer(world, pod, &place, request)),
        "gateway" => match gateway::answer(world, pod, &place, port, request) {
            Some(answer) => Some(answer),
            None => {
                return HttpOutcome::Tls("error:0A000458:SSL routines::tlsv1 unrecognized name".to_owned());
            }
        },
        _ => web::answer(world, &place, &container, port, request),
    };
    let Some(answer) = answer else { return HttpOutcome::Garbage };
    log_access(world, pod, name, &kind, request, &answer);
    crate::cluster::kubelet::usage::count_request(world, pod, name);
    HttpOutcome::Answer(answer)
}

fn mismatch(speaks_tls: bool, asks_tls: bool, server: &str) -> Option<HttpOutcome> {
    match (speaks_tls, asks_tls) {
        (false, true) => {
            Some(HttpOutcome::Tls("error:0A00010B:SSL routines::wrong version number".to_owned()))
        }
        (true, false) => Some(HttpOutcome::Answer(match server {
            "go" => Answer::new(400, "text/plain", "Client sent an HTTP request to an HTTPS server.\n"),
            _ => Answer::new(
                400,
                "text/html",
                "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>The plain HTTP request was sent to HTTPS port</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
            ),
        })),
        _ => None,
    }
}

/// Web servers write every request into their log.
fn log_access(
    world: &mut World,
    pod: &PodId,
    name: &str,
    kind: &str,
    request: &HttpRequest,
    answer: &Answer,
) {
    let now = world.now;
    let stamp = now.strftime("%d/%b/%Y:%H:%M:%S +0000");
    let (method, path, size) = (&request.method, &request.path, answer.body.len());
    let client = &request.client_ip;
    let line = match kind {
        "nginx" | "ingress" | "gateway" => format!(
            "{client} - - [{stamp}] \"{method} {path} HTTP/1.1\" {} {size} \"-\" \"{}\" \"-\"\n",
            answer.status, request.user_agent
        ),
        "apache" => format!("{client} - - [{stamp}] \"{method} {path} HTTP/1.1\" {} {size}\n", answer.status),
        _ => return,
    };
    crate::cluster::kubelet::logs::append(world, pod, name, &line);
}

/// What the programs of machines answer.
fn of_machine(world: &mut World, host: &str, program: &str, port: u16, request: &HttpRequest) -> HttpOutcome {
    let tls = match program {
        "kubelet" => settings::of(world, host).serving_port() == port,
        _ => (program, port) != ("etcd", 2_381),
    };
    if program == "sshd" {
        return HttpOutcome::Garbage;
    }
    if let Some(mismatch) = mismatch(tls, request.tls, "go") {
        return mismatch;
    }
    let path = request.path.split('?').next().unwrap_or("/");
    let healthy = matches!(path, "/healthz" | "/livez" | "/readyz");
    let answer = match program {
        "kube-apiserver" => of_api_server(world, host, port, request),
        "kube-controller-manager" | "kube-scheduler" if healthy => Answer::text("ok"),
        "kubelet" => endpoint::answer(world, host, port, &request.method, path, bearer(request)),
        "etcd" if path == "/health" => {
            Answer::new(200, "application/json", "{\"health\":\"true\",\"reason\":\"\"}")
        }
        "etcd" if healthy => Answer::text("ok\n"),
        _ => Answer::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
    };
    HttpOutcome::Answer(answer)
}

/// The token of a request; empty without one.
fn bearer(request: &HttpRequest) -> &str {
    let header = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    header.and_then(|(_, value)| value.strip_prefix("Bearer ")).unwrap_or("").trim()
}

/// What an API server says to a stranger.
fn of_api_server(world: &mut World, host: &str, port: u16, request: &HttpRequest) -> Answer {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let pairs = query.split('&').filter(|it| !it.is_empty());
    let asked = Request {
        method: request.method.clone(),
        path: path.to_owned(),
        query: pairs
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        accept: "application/json".into(),
        body: request.body.clone(),
        source: request.client_ip.clone(),
        user_agent: request.user_agent.clone(),
        ..Request::default()
    };
    let address = world.hosts.get(host).map_or("", |it| it.address.as_str());
    let Some(cluster) = connect::listening(world, address, port) else {
        return Answer::new(503, "text/plain", "");
    };
    let response = connect::answer_stranger(world, cluster, asked);
    match &response.body {
        Body::Text(text) => Answer::new(response.code, "text/plain; charset=utf-8", text.clone()),
        Body::Json(object) => {
            Answer::new(response.code, "application/json", schema::go_json_indent(object, "  "))
        }
        Body::Watch(_) | Body::Upgrade(_) => Answer::new(response.code, "application/json", ""),
    }
}

/// What follows a prefix in a path, when the path lies below it.
pub(super) fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let of = |url: &str| HttpRequest::of_url(url).map(|it| (it.tls, it.connect_to, it.port, it.path));
        assert_eq!(of("web"), Some((false, "web".into(), 80, "/".into())));
        assert_eq!(of("https://a.b:8443/x?y=1"), Some((true, "a.b".into(), 8443, "/x?y=1".into())));
        assert_eq!(of("ftp://a"), None);
    }
}
