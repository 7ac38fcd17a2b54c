//! `curl`: transfer a URL.

use std::time::Duration;

use super::{CONNECT_LIMIT, ROUND_TRIP, send, trust};
use crate::cluster::api::connect::Endpoint;
use crate::cluster::kubelet::web;
use crate::cluster::network::Outcome;
use crate::cluster::network::http::{HttpOutcome, HttpRequest};
use crate::cluster::{Body, Request};
use crate::shell::programs::options::{Options, Spec, Value};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "curl", summary: "Transfer a URL", run };

const SPEC: Spec = Spec {
    name: "curl",
    short: "sSfkvLIiGo:OX:d:H:u:A:m:w:E:x:b:e:T:F:gNZ46#",
    long: &[
        ("silent", 's', Value::None),
        ("show-error", 'S', Value::None),
        ("fail", 'f', Value::None),
        ("insecure", 'k', Value::None),
        ("verbose", 'v', Value::None),
        ("location", 'L', Value::None),
        ("head", 'I', Value::None),
        ("include", 'i', Value::None),
        ("get", 'G', Value::None),
        ("output", 'o', Value::Needed),
        ("remote-name", 'O', Value::None),
        ("request", 'X', Value::Needed),
        ("data", 'd', Value::Needed),
        ("data-raw", 'd', Value::Needed),
        ("data-binary", 'd', Value::Needed),
        ("header", 'H', Value::Needed),
        ("user", 'u', Value::Needed),
        ("user-agent", 'A', Value::Needed),
        ("max-time", 'm', Value::Needed),
        ("connect-timeout", 'c', Value::Needed),
        ("write-out", 'w', Value::Needed),
        ("cert", 'E', Value::Needed),
        ("key", 'K', Value::Needed),
        ("cacert", 'C', Value::Needed),
        ("resolve", 'R', Value::Needed),
        ("retry", 'r', Value::Needed),
        ("url", 'U', Value::Needed),
        ("http1.1", '1', Value::None),
        ("no-progress-meter", '#', Value::None),
    ],
};

/// What came back.
struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// A failure as curl numbers and words it.
type Failure = (i32, String);

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                let first = text.lines().next().unwrap_or_default();
                proc.eprint(format!("{first}\ncurl: try 'curl --help' for more information\n"));
                return 2;
            }
        };
        let urls: Vec<String> =
            options.values('U').map(str::to_owned).chain(options.operands.iter().cloned()).collect();
        if urls.is_empty() {
            proc.eprint("curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n");
            return 2;
        }
        let mut exit = 0;
        for url in &urls {
            exit = one(proc, &options, url).await;
        }
        exit
    })
}

async fn one(proc: &Proc, options: &Options, url: &str) -> i32 {
    let meter = Meter::new(proc, options);
    meter.begin(proc);
    let reply = match request_of(options, url) {
        Ok(request) => follow(proc, options, request).await,
        Err(failure) => Err(failure),
    };
    match reply {
        Ok(reply) => {
            meter.end(proc, reply.body.len());
            show(proc, options, url, &reply)
        }
        Err((code, text)) => {
            meter.end(proc, 0);
            if !options.has('s') || options.has('S') {
                proc.eprint(format!("curl: ({code}) {text}\n"));
            }
            if let Some(format) = options.value('w') {
                proc.print(written_out(
                    format,
                    &Reply { status: 0, headers: Vec::new(), body: Default::default() },
                    url,
                ));
            }
            code
        }
    }
}

/// The table of a transfer's progress, on standard error unless what comes goes to a terminal.
struct Meter(bool);

impl Meter {
    fn new(proc: &Proc, options: &Options) -> Self {
        let to_file = options.value('o').is_some_and(|it| it != "-") || options.has('O');
        Self(!options.has('s') && !options.has('#') && (to_file || !proc.link.is_open()))
    }

    fn begin(&self, proc: &Proc) {
        if self.0 {
            proc.eprint("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n                                 Dload  Upload   Total   Spent    Left  Speed\n");
            proc.eprint(Self::row(0));
        }
    }

    fn end(&self, proc: &Proc, size: usize) {
        if self.0 {
            proc.eprint(Self::row(size) + "\n");
        }
    }

    fn row(size: usize) -> String {
        let percent = if size == 0 { 0 } else { 100 };
        let speed = five_wide(size * 1_000 / ROUND_TRIP.as_millis() as usize);
        let size = five_wide(size);
        format!(
            "\r{percent:3} {size}  {percent:3} {size}    0     0  {speed}      0 --:--:-- --:--:-- --:--:-- {speed}"
        )
    }
}

/// A number of bytes in five columns, as curl's `max5data`.
fn five_wide(bytes: usize) -> String {
    match bytes {
        0..100_000 => format!("{bytes:5}"),
        100_000..10_240_000 => format!("{:4}k", bytes >> 10),
        10_240_000..104_857_600 => format!("{:2}.{}M", bytes >> 20, (bytes >> 10) % 1024 * 10 / 1024),
        _ => format!("{:4}M", bytes >> 20),
    }
}

fn request_of(options: &Options, url: &str) -> Result<HttpRequest, Failure> {
    let scheme = url.split_once("://").map_or("http", |(scheme, _)| scheme);
    let Some(mut request) = HttpRequest::of_url(url) else {
        return Err(match scheme {
            "http" | "https" => (3, "URL rejected: No host part in the URL".into()),
            other => (1, format!("Protocol \"{other}\" not supported")),
        });
    };
    request.user_agent = options.value('A').unwrap_or("curl/8.5.0").to_owned();
    let data: Vec<&str> = options.values('d').collect();
    request.method = match (options.value('X'), options.has('I'), data.is_empty() || options.has('G')) {
        (Some(method), ..) => method.to_owned(),
        (None, true, _) => "HEAD".into(),
        (None, false, false) => "POST".into(),
        _ => "GET".into(),
    };
    request.body = data.join("&").into_bytes();
    for header in options.values('H') {
        let (name, value) = header.split_once(':').unwrap_or((header, ""));
        if name.eq_ignore_ascii_case("host") {
            request.host = value.trim().to_owned();
        } else if name.eq_ignore_ascii_case("user-agent") {
            request.user_agent = value.trim().to_owned();
        } else {
            request.headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }
    for rule in options.values('R') {
        let mut parts = rule.splitn(3, ':');
        let (name, port, to) = (parts.next(), parts.next(), parts.next());
        if name == Some(request.connect_to.as_str())
            && port.and_then(|it| it.parse().ok()) == Some(request.port)
        {
            request.connect_to = to.unwrap_or_default().to_owned();
        }
    }
    Ok(request)
}

/// Sends, and goes where redirections lead when `-L` is given.
async fn follow(proc: &Proc, options: &Options, mut request: HttpRequest) -> Result<Reply, Failure> {
    const REDIRECTIONS_MAX: usize = 50;
    for _ in 0..REDIRECTIONS_MAX {
        let reply = exchange(proc, options, &request).await?;
        let to = reply.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        let Some((_, to)) = to.filter(|_| options.has('L') && (300..400).contains(&reply.status)) else {
            return Ok(reply);
        };
        let scheme = if request.tls { "https" } else { "http" };
        let url = if to.starts_with('/') { format!("{scheme}://{}{to}", request.host) } else { to.clone() };
        let next = request_of(options, &url)?;
        request = HttpRequest { method: request.method.clone(), ..next };
    }
    Err((47, format!("Maximum ({REDIRECTIONS_MAX}) redirects followed")))
}

async fn exchange(proc: &Proc, options: &Options, request: &HttpRequest) -> Result<Reply, Failure> {
    proc.sleep(ROUND_TRIP).await;
    let shows_identity = options.value('E').is_some()
        || request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if request.tls
        && shows_identity
        && let Some(reply) = ask_api(proc, options, request)
    {
        return reply;
    }
    if request.tls
        && !options.has('k')
        && let Some(failure) = trust::objection(proc, request, options.value('C'))
    {
        return Err(failure);
    }
    let done = send(proc, request);
    match done.outcome {
        HttpOutcome::Answer(answer) => {
            Ok(Reply { status: answer.status, headers: answer.headers, body: answer.body })
        }
        HttpOutcome::Failed(failed) => Err(refused(proc, options, request, &done.address, &failed).await),
        HttpOutcome::Garbage => Err((1, "Received HTTP/0.9 when not allowed".into())),
        HttpOutcome::Tls(why) => Err((35, why)),
    }
}

async fn refused(
    proc: &Proc,
    options: &Options,
    request: &HttpRequest,
    _address: &str,
    failed: &Outcome,
) -> Failure {
    let (name, port) = (&request.connect_to, request.port);
    let seconds = |letter| options.value(letter).and_then(|it| it.parse::<f64>().ok());
    let limit = seconds('c').or(seconds('m')).and_then(|it| Duration::try_from_secs_f64(it).ok());
    match failed {
        Outcome::NoSuchName => (6, format!("Could not resolve host: {name}")),
        Outcome::NoNameServer => {
            // Two name servers, two tries of five seconds.
            let wait = limit.unwrap_or(Duration::from_secs(10));
            proc.sleep(wait).await;
            (6, format!("Could not resolve host: {name}"))
        }
        Outcome::TimedOut => {
            let wait = limit.unwrap_or(CONNECT_LIMIT);
            proc.sleep(wait).await;
            let ms = wait.as_millis() + 1;
            let text = match (seconds('c'), seconds('m')) {
                (None, Some(_)) => format!("Connection timed out after {ms} milliseconds"),
                (Some(_), _) => {
                    format!("Failed to connect to {name} port {port} after {ms} ms: Timeout was reached")
                }
                _ => format!(
                    "Failed to connect to {name} port {port} after {ms} ms: Couldn't connect to server"
                ),
            };
            (28, text)
        }
        _ => (7, format!("Failed to connect to {name} port {port} after 0 ms: Couldn't connect to server")),
    }
}

/// Talks to an API server with a token or a certificate; `None` when none listens there.
fn ask_api(proc: &Proc, options: &Options, request: &HttpRequest) -> Option<Result<Reply, Failure>> {
    let read = |letter| options.value(letter).and_then(|path| proc.disk().read(&proc.path(path)).ok());
    let bearer = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let endpoint = Endpoint {
        server: format!("https://{}:{}", request.connect_to, request.port),
        certificate_authority: read('C'),
        insecure_skip_tls_verify: options.has('k'),
        tls_server_name: None,
        client_certificate: read('E'),
        client_key: read('K'),
        token: bearer.and_then(|(_, value)| value.strip_prefix("Bearer ").map(str::to_owned)),
    };
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let header = |name: &str| {
        let found = request.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let asked = Request {
        method: request.method.clone(),
        path: path.to_owned(),
        query: query.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        accept: header("accept"),
        content_type: header("content-type"),
        body: request.body.clone(),
        user_agent: request.user_agent.clone(),
        ..Request::default()
    };
    match proc.world().exchange(&proc.place, &endpoint, asked) {
        Ok(response) => {
            let body = match &response.body {
                Body::Json(object) => serde_json::to_string_pretty(&**object).unwrap_or_default(),
                Body::Text(text) => text.clone(),
                Body::Watch(_) | Body::Upgrade(_) => String::new(),
            };
            let headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
            Some(Ok(Reply { status: response.code, headers, body: body.into_bytes() }))
        }
        Err(error) if error.sentence.contains("x509") => {
            Some(Err((60, "SSL certificate problem: unable to get local issuer certificate".into())))
        }
        Err(_) => None,
    }
}

fn show(proc: &Proc, options: &Options, url: &str, reply: &Reply) -> i32 {
    if options.has('f') && reply.status >= 400 {
        if !options.has('s') || options.has('S') {
            proc.eprint(format!("curl: (22) The requested URL returned error: {}\n", reply.status));
        }
        return 22;
    }
    let mut out = Vec::new();
    if options.has('i') || options.has('I') {
        out.extend_from_slice(head(reply).as_bytes());
    }
    if options.has('v') {
        let sent: String = head(reply).lines().map(|line| format!("< {line}\n")).collect();
        proc.eprint(sent);
    }
    if !options.has('I') {
        out.extend_from_slice(&reply.body);
    }
    let target = match (options.value('o'), options.has('O')) {
        (Some(path), _) => Some(path.to_owned()),
        (None, true) => url.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned),
        _ => None,
    };
    let mut exit = 0;
    match target.filter(|path| path != "-") {
        Some(path) => {
            if proc.disk().write(&proc.path(&path), &out).is_err() {
                proc.eprint(format!(
                    "curl: (23) Failure writing output to destination, passed {} returned 0\n",
                    out.len()
                ));
                exit = 23;
            }
        }
        None => proc.print(&out),
    }
    if let Some(format) = options.value('w') {
        proc.print(written_out(format, reply, url));
    }
    exit
}

fn head(reply: &Reply) -> String {
    let mut text = format!("HTTP/1.1 {} {}\r\n", reply.status, web::phrase(reply.status));
    for (name, value) in &reply.headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n", reply.body.len()));
    text
}

/// `-w`: variables that are not known are left out, as curl does.
fn written_out(format: &str, reply: &Reply, url: &str) -> String {
    let header = |name: &str| {
        let found = reply.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value.as_str()).to_owned()
    };
    let scheme = url.split_once("://").map_or("http", |(scheme, _)| scheme);
    let value = |name: &str| match name {
        "http_code" | "response_code" => format!("{:03}", reply.status),
        "size_download" => reply.body.len().to_string(),
        "content_type" => header("content-type"),
        "redirect_url" => header("location"),
        "url_effective" | "url" => url.to_owned(),
        "scheme" => scheme.to_owned(),
        "method" => "GET".to_owned(),
        "http_version" => "1.1".to_owned(),
        "exitcode" | "num_redirects" | "ssl_verify_result" => "0".to_owned(),
        "time_total" => "0.003000".to_owned(),
        "time_connect" | "time_namelookup" | "time_starttransfer" | "time_appconnect" => {
            "0.001000".to_owned()
        }
        _ => String::new(),
    };
    let text = format.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once("%{") {
        let Some((name, behind)) = behind.split_once('}') else { break };
        out += before;
        out += &value(name);
        rest = behind;
    }
    out + &rest.replace("%%", "%")
}
