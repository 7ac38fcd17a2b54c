//! Requests: how they are put together, sent, traced and how refusals come back.

use std::time::Duration;

use super::trace::Told;
use super::{Ctx, Failure};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{int, text};
use crate::apimachinery::status::Status;
use crate::apimachinery::{go, schema};
use crate::cluster::api::connect::{Endpoint, Wait};
use crate::cluster::api::plain::INDENTED;
use crate::cluster::kubelet::access;
use crate::cluster::{Body, Object, Request, Response};
use crate::hosts::certificates;

/// 5 ms: what one request takes on a healthy cluster in the recorded sessions.
const REQUEST_TAKES: Duration = Duration::from_millis(5);

/// 30 s: how long Go's dialer tries an address that nobody answers at.
const DIAL_TAKES: Duration = Duration::from_secs(30);

/// 10 s: how long Go's client waits for a TLS handshake.
const HANDSHAKE_TAKES: Duration = Duration::from_secs(10);

/// As a release of kubectl names itself.
pub(crate) const USER_AGENT: &str = "kubectl/v1.36.2 (linux/amd64) kubernetes/8a7d4b1";

/// What to ask for Tables with.
pub(crate) const AS_TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

/// Content types of patches.
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
pub(crate) const MERGE_PATCH: &str = "application/merge-patch+json";
pub(crate) const STRATEGIC_PATCH: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// One request before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) accept: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

impl Call {
    fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: Vec::new(),
            accept: "application/json",
            content_type: "",
            body: Vec::new(),
        }
    }

    /// Reads.
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    /// Creates.
    pub(crate) fn post(path: impl Into<String>, object: &Value) -> Self {
        Self { content_type: "application/json", body: object.to_string().into(), ..Self::new("POST", path) }
    }

    /// Replaces.
    pub(crate) fn put(path: impl Into<String>, object: &Value) -> Self {
        Self { content_type: "application/json", body: object.to_string().into(), ..Self::new("PUT", path) }
    }

    /// Changes; `kind` is one of the content types above.
    pub(crate) fn patch(path: impl Into<String>, kind: &'static str, patch: impl Into<Vec<u8>>) -> Self {
        Self { content_type: kind, body: patch.into(), ..Self::new("PATCH", path) }
    }

    /// Deletes with `DeleteOptions`; null for none.
    pub(crate) fn delete(path: impl Into<String>, options: &Value) -> Self {
        let mut call = Self::new("DELETE", path);
        if !options.is_null() {
            call.content_type = "application/json";
            call.body = options.to_string().into();
        }
        call
    }

    /// Adds a parameter, unless its value is empty.
    #[must_use]
    pub(crate) fn query(mut self, key: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.query.push((key.to_owned(), value));
        }
        self
    }

    /// Asks for another form of the answer.
    #[must_use]
    pub(crate) fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    /// The line of cli-runtime's `helper.go` that sends such a request, as traces tell it.
    pub(super) fn site(&self) -> &'static str {
        match self.method {
            "GET" if target_of(&self.path).1.is_empty() => "helper.go:113",
            "GET" => "helper.go:105",
            "DELETE" => "helper.go:202",
            "PATCH" => "helper.go:269",
            "PUT" => "helper.go:319",
            _ => "helper.go:246",
        }
    }

    /// The address as it stands in errors and traces; parameters in Go's order.
    pub(crate) fn url(&self, server: &str) -> String {
        let mut url = format!("{server}{}", self.path);
        let mut query: Vec<&(String, String)> = self.query.iter().collect();
        query.sort_by_key(|(key, _)| key);
        for (at, (key, value)) in query.into_iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(&format!("{}={}", escape(key), escape(value)));
        }
        url
    }
}

/// Go's `url.QueryEscape`.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                escaped.push(char::from(byte))
            }
            b' ' => escaped.push('+'),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

impl Ctx<'_> {
    /// Sends `call`; warnings go to standard error, a refusal comes back as a failure.
    ///
    /// # Errors
    /// The kubeconfig's, the connection's or the server's.
    pub(crate) fn send(&mut self, call: Call) -> Result<Response, Failure> {
        let response = self.send_untimed(call);
        self.proc.world().advance(REQUEST_TAKES);
        response
    }

    /// As [`Self::send`] without taking time: what a real kubectl has in its cache.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) fn send_untimed(&mut self, call: Call) -> Result<Response, Failure> {
        let (endpoint, impersonate) = self.endpoint()?;
        let url = call.url(&endpoint.server);
        self.trace_request(&call, &url, &impersonate);
        let method = call.method;
        let told = Told { method, url: url.clone(), site: call.site() };
        let place = self.proc.place.clone();
        let request = Request {
            method: method.into(),
            path: call.path,
            query: call.query,
            accept: call.accept.into(),
            content_type: call.content_type.into(),
            body: call.body,
            user_agent: USER_AGENT.into(),
            impersonate,
            ..Request::default()
        };
        let target = target_of(&request.path);
        let answer = self.proc.world().exchange(&place, &endpoint, request);
        match answer {
            Err(error) => {
                self.trace_response(&told, None);
                self.tell_client_certificate(&endpoint, &error.sentence);
                match error.wait {
                    Wait::Dial => Err(self.give_up_dialling(method, url, error.sentence)),
                    Wait::Handshake => {
                        self.proc.world().advance(HANDSHAKE_TAKES);
                        Err(Failure::Dial { method: method.into(), url, sentence: error.sentence })
                    }
                    Wait::Nothing => {
                        Err(Failure::Dial { method: method.into(), url, sentence: error.sentence })
                    }
                }
            }
            Ok(response) => {
                self.proc.world().advance(response.waited);
                self.trace_response(&told, Some(&response));
                self.warn(&response.warnings);
                let connected = matches!(response.body, Body::Upgrade(_));
                if connected || response.is_success() {
                    Ok(response)
                } else {
                    Err(refusal(&response, method, &target))
                }
            }
        }
    }

    /// The client's certificate and key that are read from files at each connection may not fit.
    fn tell_client_certificate(&mut self, endpoint: &Endpoint, sentence: &str) {
        let text =
            |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|it| String::from_utf8_lossy(it).into_owned());
        let (Some(certificate), Some(key)) = (text(&endpoint.client_certificate), text(&endpoint.client_key))
        else {
            return;
        };
        if certificates::pair(&certificate, &key).is_err_and(|why| why == sentence) {
            let line = format!("\"Loading client cert failed\" err={sentence:?} key=\"key\"");
            self.klog('E', "cert_rotation.go:172", &line);
        }
    }

    /// Waits as long as the client does for an address that nobody answers at.
    fn give_up_dialling(&mut self, method: &str, url: String, sentence: String) -> Failure {
        let limit = super::flags::request_timeout(self.flags.text("request-timeout")).unwrap_or_default();
        let sentence = if !limit.is_zero() && limit < DIAL_TAKES {
            let why = "net/http: request canceled while waiting for connection";
            format!("{why} (Client.Timeout exceeded while awaiting headers)")
        } else {
            sentence
        };
        let takes = if limit.is_zero() { DIAL_TAKES } else { limit.min(DIAL_TAKES) };
        self.proc.world().advance(takes);
        Failure::Dial { method: method.into(), url, sentence }
    }

    /// The object that a GET answers.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) fn get_object(&mut self, path: impl Into<String>) -> Result<Object, Failure> {
        let path = path.into();
        if path.ends_with('/') {
            return Err(Failure::error("resource name may not be empty"));
        }
        self.object(Call::get(path))
    }

    /// The object that a call answers.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) fn object(&mut self, call: Call) -> Result<Object, Failure> {
        match self.send(call)?.body {
            Body::Json(object) => Ok(object),
            _ => Ok(Value::Null.into()),
        }
    }

    /// The text that a call answers; JSON on one line.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) fn text_of(&mut self, call: Call) -> Result<String, Failure> {
        let indented = INDENTED.contains(&call.path.trim_end_matches('/'));
        Ok(match self.send(call)?.body {
            Body::Text(text) => text,
            Body::Json(object) if indented => go::indent(&schema::go_json(&object), "  "),
            Body::Json(object) => schema::go_json(&object),
            Body::Upgrade(stream) if text(&stream, "/kind") == "log" => self.log_of(&stream)?,
            _ => String::new(),
        })
    }

    /// The whole log that a granted request for one leads to.
    fn log_of(&self, stream: &Value) -> Result<String, Failure> {
        let pod = (text(stream, "/namespace"), text(stream, "/pod"));
        let previous = text(stream, "/query/previous") == "true";
        let found = access::logs(&self.proc.world(), 0, pod, text(stream, "/container"), previous);
        let lines =
            found.map_err(|sentence| Failure::Server(Box::new(Status::bad_request(sentence).to_object())))?;
        Ok(lines.iter().map(|line| format!("{}\n", line.text)).collect())
    }

    /// Prints warnings of the server, each sentence once a process.
    pub(crate) fn warn(&mut self, warnings: &[String]) {
        for warning in warnings {
            if self.warned.insert(warning.clone()) {
                self.err(&format!("Warning: {warning}\n"));
            }
        }
    }

    /// A line as Go's klog writes it.
    pub(crate) fn klog(&mut self, severity: char, source: &str, message: &str) {
        let now = self.proc.world().now;
        let stamp = now.strftime("%m%d %H:%M:%S");
        let micros = now.unix_ns().rem_euclid(1_000_000_000) / 1_000;
        // A process number that differs between commands; nothing depends on it.
        let pid = 2_000 + now.unix_ns().rem_euclid(30_000_000_000) / 1_000_000;
        self.err(&format!("{severity}{stamp}.{micros:06} {pid:>7} {source}] {message}\n"));
    }
}

/// Resource with group and name that a path is about, and whether it goes on to a subresource; empty for paths that
/// are about none.
fn target_of(path: &str) -> (String, String, bool) {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let (group, rest) = match parts.as_slice() {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return Default::default(),
    };
    let rest = match rest {
        ["namespaces", _, resource, tail @ ..] if !matches!(*resource, "status" | "finalize") => {
            [&[*resource], tail].concat()
        }
        other => other.to_vec(),
    };
    let Some((resource, tail)) = rest.split_first() else { return Default::default() };
    let qualified = if group.is_empty() { (*resource).to_owned() } else { format!("{resource}.{group}") };
    (qualified, tail.first().map_or("", |name| *name).to_owned(), tail.len() > 1)
}

/// A refusal as Go's client understands it: the Status in the body, or one made from the code.
fn refusal(response: &Response, method: &str, target: &(String, String, bool)) -> Failure {
    let object = response.object();
    let bare = "the server could not find the requested resource";
    // A known type without such a subresource answers with a Status, an unknown path with bare text.
    let of_subresource = response.code == 404 && target.2;
    if text(object, "/kind") == "Status" && (of_subresource || text(object, "/message") != bare) {
        return Failure::Server(Box::new(object.clone()));
    }
    let body = if let Body::Text(body) = &response.body { body.trim() } else { "" };
    Failure::Server(Box::new(generic(response.code, method, target, body)))
}

impl Failure {
    /// As a request for bare bytes tells a refusal: the Status in the answer is not read, its code is.
    pub(super) fn unread(self) -> Self {
        match self {
            Self::Server(status) => {
                let code = int(&status, "/code").and_then(|it| u16::try_from(it).ok()).unwrap_or(500);
                Self::Server(Box::new(generic(code, "GET", &Default::default(), "unknown")))
            }
            other => other,
        }
    }
}

/// client-go's words for an answer without a Status (`NewGenericServerResponse`).
fn generic(code: u16, method: &str, (resource, name, _): &(String, String, bool), body: &str) -> Value {
    let (reason, words) = match code {
        404 => ("NotFound", "the server could not find the requested resource".to_owned()),
        401 => ("Unauthorized", "the server has asked for the client to provide credentials".to_owned()),
        403 => ("Forbidden", body.to_owned()),
        400 => ("BadRequest", "the server rejected our request for an unknown reason".to_owned()),
        405 => ("MethodNotAllowed", "the server does not allow this method on the requested resource".to_owned()),
        429 => ("TooManyRequests", "the server has received too many requests and has asked us to try again later".to_owned()),
        503 => ("ServiceUnavailable", "the server is currently unable to handle the request".to_owned()),
        504 => (
            "Timeout",
            "the server was unable to return a response in the time allotted, but may still be processing the request"
                .to_owned(),
        ),
        500.. => ("InternalError", format!("an error on the server ({body:?}) has prevented the request from succeeding")),
        other => ("", format!("the server responded with the status code {other} but did not return more information")),
    };
    let verb = method.to_ascii_lowercase();
    let message = match (resource.is_empty(), name.is_empty()) {
        (true, _) => words,
        (false, true) => format!("{words} ({verb} {resource})"),
        (false, false) => format!("{words} ({verb} {resource} {name})"),
    };
    json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "reason": reason, "message": message, "code": code, "details": {"name": name, "kind": resource}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_what_they_are_about() {
        let target = |path| {
            let (resource, name, _) = target_of(path);
            format!("{resource} {name}")
        };
        assert_eq!(target("/api/v1/namespaces/default/pods/x/log"), "pods x");
        assert_eq!(target("/apis/apps/v1/deployments"), "deployments.apps ");
        assert_eq!(target("/api/v1/namespaces/x"), "namespaces x");
        assert_eq!(target("/version"), " ");
    }

    #[test]
    fn addresses_are_escaped_as_go_does() {
        let call = Call::get("/api/v1/pods").query("labelSelector", "a=b,c").query("x", "");
        assert_eq!(call.url("https://h:1"), "https://h:1/api/v1/pods?labelSelector=a%3Db%2Cc");
    }
}
