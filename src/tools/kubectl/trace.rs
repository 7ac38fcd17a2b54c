//! What `-v` tells about requests, as Go's client does: lines of klog on standard error.

use super::{Call, Ctx, Failure};
use crate::apimachinery::schema;
use crate::cluster::{Body, Response};

/// From here on the feature gates that a client is made with, and what refused answers held.
const GATES_TOLD: i64 = 1;
const REFUSALS: i64 = 4;

/// From here on a line about each request; what further levels add.
const URLS: i64 = 6;
const HEADERS: i64 = 7;
const BODIES: i64 = 8;
const COMMANDS: i64 = 9;

/// Bytes of a body that are shown at level 8 and at 9; above that all.
const SHOWN_AT_8: usize = 1_024;
const SHOWN_AT_9: usize = 10_240;

/// Feature gates of client-go as kubectl v1.36.2 tells them once it has read its configuration.
const GATES: [(&str, bool); 10] = [
    ("InOrderInformersBatchProcess", true),
    ("UnlockWhileProcessingFIFO", true),
    ("WatchListClient", true),
    ("ClientsPreferCBOR", false),
    ("InOrderInformers", true),
    ("ClientsAllowCARotation", true),
    ("ClientsAllowTLSCacheGC", true),
    ("InformerResourceVersion", true),
    ("ClientsAllowCBOR", false),
    ("AtomicFIFO", true),
];

/// What a request is told by once it is answered.
pub(super) struct Told {
    pub(super) method: &'static str,
    pub(super) url: String,
    /// The line of Go that sent it.
    pub(super) site: &'static str,
}

impl Ctx<'_> {
    fn level(&self) -> i64 {
        self.flags.int("v")
    }

    /// True when each request is told.
    pub(super) fn tells_requests(&self) -> bool {
        self.level() >= URLS
    }

    /// Tells that everything was applied and what comes behind it begins.
    pub(super) fn trace_applied(&mut self) {
        if self.level() >= REFUSALS {
            self.klog('I', "apply.go:546", "Running apply post-processor function");
        }
    }

    /// Tells which files were read.
    pub(super) fn trace_config(&mut self, files: &[String]) {
        if self.level() < URLS {
            return;
        }
        for file in files {
            self.klog('I', "loader.go:407", &format!("Config loaded from file:  {file}"));
        }
    }

    /// Tells with which gates the client was made, before its first request.
    fn trace_gates(&mut self) {
        if self.requests > 0 || self.level() < GATES_TOLD {
            return;
        }
        for (name, on) in GATES {
            let line = format!("\"Feature gate default state\" feature={name:?} enabled={on}");
            self.klog('I', "envvar.go:195", &line);
        }
    }

    /// Tells what stood in the way of a connection, or what a refusal looked like.
    pub(super) fn trace_failure(&mut self, failure: Option<&Failure>) {
        if self.level() < REFUSALS {
            return;
        }
        match failure {
            Some(Failure::Dial { method, url, sentence }) => {
                let method = super::failure::title(method);
                self.klog('I', "helpers.go:264", &format!("Connection error: {method} {url}: {sentence}"));
            }
            Some(Failure::Server(status)) => {
                let shown = schema::go_json_indent(status, "  ");
                self.klog('I', "helpers.go:246", &format!("server response object: %s[{shown}]"));
            }
            _ => {}
        }
    }

    /// Tells of a request before it is sent.
    pub(super) fn trace_request(&mut self, call: &Call, url: &str, impersonate: &[(String, String)]) {
        let level = self.level();
        self.trace_gates();
        if level >= BODIES {
            let body = String::from_utf8_lossy(&call.body).into_owned();
            self.body("Request Body", &body, call.site());
        }
        if level < HEADERS {
            return;
        }
        let mut headers = vec![("Accept", call.accept.to_owned())];
        if !call.content_type.is_empty() {
            headers.push(("Content-Type", call.content_type.to_owned()));
        }
        headers.extend(impersonate.iter().map(|(name, value)| (name.as_str(), value.clone())));
        headers.push(("User-Agent", super::client::USER_AGENT.to_owned()));
        if level >= COMMANDS {
            let shown: Vec<String> =
                headers.iter().map(|(name, value)| format!("-H \"{name}: {value}\"")).collect();
            let command = format!("curl -v -X{}  {} '{url}'", call.method, shown.join(" "));
            self.klog('I', "round_trippers.go:527", &format!("\"Request\" curlCommand=<\n\t{command}\n >"));
            if self.requests == 0 {
                let address = url.split('/').nth(2).unwrap_or_default();
                let line = format!("\"HTTP Trace: Dial succeed\" network=\"tcp\" address={address:?}");
                self.klog('I', "round_trippers.go:562", &line);
            }
            return;
        }
        let shown = lines(&headers);
        let line = format!("\"Request\" verb={:?} url={url:?} headers={shown}", call.method);
        self.klog('I', "round_trippers.go:527", &line);
    }

    /// Tells of an answer; `None` when there was none.
    pub(super) fn trace_response(&mut self, call: &Told, response: Option<&Response>) {
        let level = self.level();
        let first = self.requests == 0;
        self.requests += 1;
        if level < URLS {
            return;
        }
        let status = response.map(|it| status_line(it.code)).unwrap_or_default();
        let milliseconds = if response.is_none() { 0 } else { 5 };
        let Told { method, url, site } = call;
        // A stream over a WebSocket is opened by a GET.
        let method = if status.starts_with("101") { "GET" } else { method };
        let named = if level == URLS || level >= COMMANDS {
            format!(" verb={method:?} url={url:?}")
        } else {
            String::new()
        };
        let body = response.map(text_of).unwrap_or_default();
        let headers = match response {
            Some(response) if level >= BODIES => {
                format!(" headers={}", self.answer_headers(response, body.len()))
            }
            _ => String::new(),
        };
        let parts = match response {
            Some(_) if level >= COMMANDS => parts_of(first, milliseconds),
            _ => String::new(),
        };
        let line =
            format!("\"Response\"{named} status={status:?}{headers} milliseconds={milliseconds}{parts}");
        self.klog('I', "round_trippers.go:632", &line);
        if level >= BODIES && response.is_some_and(|it| !matches!(it.body, Body::Upgrade(_))) {
            self.body("Response Body", &body, site);
        }
    }

    fn body(&mut self, what: &str, text: &str, site: &str) {
        let most = match self.level() {
            BODIES => SHOWN_AT_8,
            COMMANDS => SHOWN_AT_9,
            _ => usize::MAX,
        };
        let cut = text.len().saturating_sub(most);
        let mut shown: String = text.chars().take(most).collect();
        if cut > 0 {
            shown.push_str(&format!(" [truncated {cut} chars]"));
        }
        let shown = if shown.contains('\n') {
            format!("<\n\t{}\n >", shown.trim_end_matches('\n').replace('\n', "\n\t"))
        } else {
            format!("{shown:?}")
        };
        self.klog('I', site, &format!("\"{what}\" body={shown}"));
    }

    fn answer_headers(&self, response: &Response, length: usize) -> String {
        let mut world = self.proc.world();
        let kind = if matches!(response.body, Body::Text(_)) {
            "text/plain; charset=utf-8"
        } else {
            "application/json"
        };
        let date = world.now.strftime("%a, %d %b %Y %H:%M:%S GMT");
        let audit = world.chance.uuid();
        lines(&[
            ("Audit-Id", audit),
            ("Cache-Control", "no-cache, private".to_owned()),
            ("Content-Length", length.to_string()),
            ("Content-Type", kind.to_owned()),
            ("Date", date),
        ])
    }
}

/// What a request took, in parts: the first one of a process connects, the others find the connection open.
fn parts_of(first: bool, milliseconds: i32) -> String {
    let (connect, serve) = (milliseconds / 2, milliseconds / 2);
    let before = if first {
        format!("dnsLookupMilliseconds=0 dialMilliseconds=0 tlsHandshakeMilliseconds={connect}")
    } else {
        "getConnectionMilliseconds=0".to_owned()
    };
    format!(" {before} serverProcessingMilliseconds={serve}")
}

/// Headers as klog writes a text of several lines.
fn lines(headers: &[(&str, String)]) -> String {
    let shown: Vec<String> = headers.iter().map(|(name, value)| format!("\t{name}: {value}\n")).collect();
    format!("<\n{} >", shown.concat())
}

fn text_of(response: &Response) -> String {
    match &response.body {
        Body::Json(object) => format!("{}\n", schema::go_json(object)),
        Body::Text(text) => text.clone(),
        Body::Watch(_) | Body::Upgrade(_) => String::new(),
    }
}

fn status_line(code: u16) -> String {
    let words = match code {
        101 => "Switching Protocols",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "",
    };
    format!("{code} {words}").trim_end().to_owned()
}
