//! How the services of containers answer over HTTP.

use super::complaints;
use super::nginx::{self, Action};
use super::run::ContainerRun;
use super::services::{self, Service};
use crate::apimachinery::json::Value;
use crate::cluster::network::http::{HttpOutcome, HttpRequest};
use crate::cluster::{Place, World};
use crate::hosts::{FsError, Kind, files};

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: vec![("Content-Type".into(), content_type.into())], body: body.into() }
    }

    pub(crate) fn text(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, "text/plain; charset=utf-8", body)
    }

    /// nginx's own page for a status, with its own phrases for two of them.
    pub(crate) fn nginx_page(status: u16) -> Self {
        let phrase = match status {
            503 => "Service Temporarily Unavailable",
            504 => "Gateway Time-out",
            _ => phrase(status),
        };
        let title = format!("{status} {phrase}");
        let body = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self::new(status, "text/html", body)
    }
}

/// The phrase behind a status code.
pub(crate) fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        413 => "Payload Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "",
    }
}

/// The ports of services that read them from their configuration.
pub(super) fn listens(world: &World, place: &Place, service: &Service) -> Vec<u16> {
    match service.kind.as_str() {
        "nginx" => nginx::load(world, place).map(|config| nginx::ports(&config)).unwrap_or_default(),
        _ => {
            let text = world.read_text(place, "/usr/local/apache2/conf/httpd.conf").unwrap_or_default();
            let listens = text.lines().filter_map(|it| it.trim().strip_prefix("Listen "));
            listens.filter_map(|it| it.trim().rsplit(':').next()?.parse().ok()).collect()
        }
    }
}

pub(super) fn file_server_port(service: &Service) -> u16 {
    if service.argv.iter().any(|it| it == "http.server") {
        let port = service.argv.iter().skip_while(|it| *it != "http.server").nth(1);
        return port.and_then(|it| it.parse().ok()).unwrap_or(8_000);
    }
    service.option(&["-p"]).and_then(|it| it.rsplit(':').next()?.parse().ok()).unwrap_or(80)
}

pub(super) fn agnhost_ports(service: &Service) -> Vec<u16> {
    let number =
        |name: &str, usual: u16| service.option(&[name]).and_then(|it| it.parse().ok()).unwrap_or(usual);
    match service.argv.get(1).map(String::as_str) {
        Some("netexec") => vec![number("--http-port", 8_080)],
        Some("serve-hostname") => vec![number("--port", 9_376)],
        Some("test-webserver" | "fake-gitserver" | "nettest") => vec![number("--port", 80)],
        Some("porter") => Vec::new(),
        _ => Vec::new(),
    }
}

/// What a container answers on a port; `None` when what listens there speaks no HTTP.
pub(crate) fn answer(
    world: &mut World,
    place: &Place,
    container: &ContainerRun,
    port: u16,
    request: &HttpRequest,
) -> Option<Answer> {
    let service = services::on_port(world, place, container, port)?;
    let hostname = world.read_text(place, "/etc/hostname").unwrap_or_default().trim().to_owned();
    match service.kind.as_str() {
        "nginx" => Some(nginx_answer(world, place, port, request)),
        "apache" => Some(file(
            world,
            place,
            "/usr/local/apache2/htdocs",
            &request.path,
            &["index.html".into()],
            "Apache",
        )),
        "files" => {
            let root = service.option(&["-h", "-d", "--directory"]).unwrap_or(".").to_owned();
            let root = files::clean("/", &root);
            Some(file(world, place, &root, &request.path, &["index.html".into()], "SimpleHTTP"))
        }
        "http-text" | "http-echo" => {
            let own = service.option(&["-text", "--text"]).map(|it| format!("{it}\n"));
            let machine = super::script::vm::Machine { world, place, image: container.image };
            let image = container.image.map_or("", |it| it.config.answer.as_str());
            Some(Answer::text(own.unwrap_or_else(|| services::fill(image, &machine))))
        }
        "whoami" => Some(Answer::text(format!(
            "Hostname: {hostname}\nIP: 127.0.0.1\nRemoteAddr: {}:41234\n{} {} HTTP/1.1\nHost: {}\nUser-Agent: {}\nAccept: */*\n\n",
            request.client_ip, request.method, request.path, request.host, request.user_agent
        ))),
        "agnhost" => Some(agnhost_answer(&service, &hostname, request)),
        "coredns" => Some(Answer::text("OK")),
        "kube-proxy" if request.path == "/proxyMode" => {
            let machine = super::script::vm::Machine { world, place, image: container.image };
            Some(Answer::text(complaints::proxy_mode(&machine)))
        }
        "control-plane" => Some(match request.path.split('?').next() {
            Some("/healthz" | "/livez" | "/readyz") => Answer::text("ok"),
            _ => Answer::new(403, "text/plain", ""),
        }),
        "kube-proxy" => Some(Answer::text("ok")),
        "daemon" => match port {
            9_200 => {
                Some(Answer::new(200, "application/json", "{\n  \"tagline\" : \"You Know, for Search\"\n}\n"))
            }
            4_443 | 10_250 => Some(metrics_server(container, &request.path)),
            5_000 | 8_080 | 9_090 | 9_100 | 3_000 | 15_672 | 9_099 | 2_020 => Some(Answer::text("")),
            _ => None,
        },
        _ => None,
    }
}

/// What metrics-server answers. It is ready once it has asked a kubelet, whose certificate nobody signed that it
/// trusts: kubeadm's kubelets have certificates of their own making.
fn metrics_server(container: &ContainerRun, path: &str) -> Answer {
    let words = crate::apimachinery::object::list(&container.spec, "/args")
        .iter()
        .chain(crate::apimachinery::object::list(&container.spec, "/command"));
    let trusts = words
        .filter_map(Value::as_str)
        .any(|word| matches!(word, "--kubelet-insecure-tls" | "--kubelet-insecure-tls=true"));
    match path.split('?').next().unwrap_or("") {
        "/readyz" if !trusts => Answer::new(
            500,
            "text/plain; charset=utf-8",
            "[-]metric-storage-ready failed: reason withheld\nreadyz check failed\n",
        ),
        "/livez" | "/readyz" | "/healthz" => Answer::text("ok"),
        _ => Answer::new(401, "application/json", "{}"),
    }
}

fn agnhost_answer(service: &Service, hostname: &str, request: &HttpRequest) -> Answer {
    let path = request.path.split('?').next().unwrap_or("");
    match (service.argv.get(1).map(String::as_str), path) {
        (Some("netexec"), "/hostname" | "/hostName") | (Some("serve-hostname"), _) => Answer::text(hostname),
        (Some("netexec"), "/clientip") => Answer::text(format!("{}:41234", request.client_ip)),
        (Some("netexec"), "/echo") => {
            let text = request.path.split_once("msg=").map_or("", |(_, text)| text);
            Answer::text(text)
        }
        (Some("netexec"), "/healthz" | "/readyz") => Answer::text(""),
        (Some("netexec"), "/") => Answer::text("NOW: 2026-11-20 10:00:00 +0000 UTC"),
        _ => Answer::new(404, "text/plain; charset=utf-8", "404 page not found\n"),
    }
}

fn nginx_answer(world: &mut World, place: &Place, port: u16, request: &HttpRequest) -> Answer {
    let path = request.path.split('?').next().unwrap_or("/").to_owned();
    let Ok(config) = nginx::load(world, place) else { return error_page(500, "nginx") };
    let mut answer = match nginx::route(&config, port, &request.host, &path) {
        Some(Action::Return { code, text }) if (300..400).contains(&code) => {
            let mut answer = error_page(code, "nginx");
            answer.headers.push((
                "Location".into(),
                text.replace("$host", &request.host).replace("$request_uri", &path),
            ));
            answer
        }
        Some(Action::Return { code, text }) if !text.is_empty() => Answer::new(code, "text/plain", text),
        Some(Action::Return { code, .. }) => error_page(code, "nginx"),
        Some(Action::Proxy { url }) => proxy(world, place, &url, request),
        Some(Action::File { root, path, index }) => file(world, place, &root, &path, &index, "nginx"),
        None => error_page(404, "nginx"),
    };
    answer.headers.insert(0, ("Server".into(), "nginx".into()));
    answer
}

fn proxy(world: &mut World, place: &Place, url: &str, request: &HttpRequest) -> Answer {
    let Some(mut onward) = HttpRequest::of_url(url) else { return error_page(500, "nginx") };
    onward.method.clone_from(&request.method);
    onward.hops = request.hops + 1;
    if onward.hops > 5 {
        return error_page(508, "nginx");
    }
    match crate::cluster::network::http::http(world, place, &onward).outcome {
        HttpOutcome::Answer(answer) => answer,
        HttpOutcome::Failed(crate::cluster::network::Outcome::TimedOut) => error_page(504, "nginx"),
        _ => error_page(502, "nginx"),
    }
}

/// A file below a root, or the server's page that says why not.
fn file(world: &World, place: &Place, root: &str, path: &str, index: &[String], server: &str) -> Answer {
    let path = path.split('?').next().unwrap_or("/");
    let full = files::clean(root, path.trim_start_matches('/'));
    match world.stat(place, &full) {
        Ok(node) if node.kind == Kind::Directory => {
            let found = index.iter().find_map(|it| world.read_file(place, &files::clean(&full, it)).ok());
            match found {
                Some(bytes) => Answer::new(200, "text/html", bytes.to_vec()),
                None if server == "SimpleHTTP" => listing(world, place, &full, path),
                None => error_page(403, server),
            }
        }
        Ok(_) => match world.read_file(place, &full) {
            Ok(bytes) => Answer::new(200, content_type(&full), bytes.to_vec()),
            Err(_) => error_page(403, server),
        },
        Err(FsError::Denied) => error_page(403, server),
        Err(_) => error_page(404, server),
    }
}

fn listing(world: &World, place: &Place, directory: &str, path: &str) -> Answer {
    let entries = world.list_dir(place, directory).unwrap_or_default();
    let items: String =
        entries.iter().map(|(name, _)| format!("<li><a href=\"{name}\">{name}</a></li>\n")).collect();
    let title = format!("Directory listing for {path}");
    let body = format!(
        "<!DOCTYPE HTML>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n<hr>\n<ul>\n{items}</ul>\n<hr>\n</body>\n</html>\n"
    );
    Answer::new(200, "text/html; charset=utf-8", body)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html" | "htm") => "text/html",
        Some("css") => "text/css",
        Some("json") => "application/json",
        Some("txt") => "text/plain",
        _ => "application/octet-stream",
    }
}

/// A server's own page for a status.
fn error_page(status: u16, server: &str) -> Answer {
    let title = format!("{status} {}", phrase(status));
    let body = match server {
        "Apache" => format!(
            "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>{title}</title>\n</head><body>\n<h1>{}</h1>\n<p>The requested URL was not found on this server.</p>\n</body></html>\n",
            phrase(status)
        ),
        _ => format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>{server}</center>\r\n</body>\r\n</html>\r\n"
        ),
    };
    Answer::new(status, "text/html", body)
}

/// Whether nginx speaks TLS on a port.
pub(crate) fn is_tls(world: &World, place: &Place, port: u16) -> bool {
    nginx::load(world, place).is_ok_and(|config| nginx::is_tls(&config, port))
}
