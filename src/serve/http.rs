//! A request's way: from HTTP to [`Request`], to the API, and back.

use std::sync::Arc;

use axum::body::{Body as HttpBody, Bytes};
use axum::extract::{FromRequestParts as _, Query, State, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response as HttpResponse, StatusCode, header};
use rustls::pki_types::CertificateDer;

use super::media::{self, Format};
use super::served::Served;
use super::{forward, logs, openapi_proto, remote, watching};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::schema;
use crate::apimachinery::status::Status;
use crate::apimachinery::yaml;
use crate::cluster::api::{connect, plain, route};
use crate::cluster::{Body, ClusterId, Object, Request, Response};

/// Largest body of a request, in bytes: `MaxRequestBodyBytes` of the generic API server.
const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// Headers of an impersonation begin with this.
const IMPERSONATE: &str = "impersonate-";

/// Who is at the other end of a connection, and which server it reached.
pub(super) struct Peer {
    pub(super) served: Arc<Served>,
    pub(super) cluster: ClusterId,
    /// PEM; `None` when the client showed none.
    pub(super) certificate: Option<Vec<u8>>,
}

impl Peer {
    pub(super) fn new(served: Arc<Served>, cluster: ClusterId, certificates: &[CertificateDer<'_>]) -> Self {
        let blocks = certificates.iter().map(|der| pem(der));
        let certificate = (!certificates.is_empty()).then(|| blocks.collect::<String>().into_bytes());
        Self { served, cluster, certificate }
    }
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// How an answer is to be written, from the request's headers and query.
#[derive(Clone, Copy, Debug)]
struct Style {
    format: Format,
    pretty: bool,
    /// True when the path goes on behind an object's name.
    subresource: bool,
}

/// Answers one HTTP request.
pub(super) async fn answer(
    State(peer): State<Arc<Peer>>,
    request: axum::extract::Request,
) -> HttpResponse<HttpBody> {
    let (parts, body) = request.into_parts();
    let body = match axum::body::to_bytes(body, BODY_BYTES_MAX).await {
        Ok(body) => body,
        Err(_) => return refused(&too_large()),
    };
    respond(&peer, parts, body).await.unwrap_or_else(|status| refused(&status))
}

fn too_large() -> Status {
    Status {
        code: 413,
        reason: "RequestEntityTooLarge",
        message: format!("Request entity too large: limit is {BODY_BYTES_MAX}"),
        details: None,
    }
}

fn refused(status: &Status) -> HttpResponse<HttpBody> {
    let style = Style { format: Format::Json, pretty: false, subresource: false };
    whole(Response::refused(status), style)
}

async fn respond(peer: &Arc<Peer>, mut parts: Parts, body: Bytes) -> Result<HttpResponse<HttpBody>, Status> {
    let (mut request, token) = translate(&parts, body);
    let style = style(&request)?;
    media::read_body(&mut request)?;
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &()).await.ok();
    if upgrade.is_some() {
        // Opening a stream is a `create` of the subresource, by whichever method a client asks.
        request.method = "POST".into();
    }
    let authority = peer.clone();
    let response = peer.served.with(|world| {
        let shown = authority.certificate.as_deref();
        let Some(user) = connect::authenticate_client(world, peer.cluster, shown, token.as_deref()) else {
            return Response::refused(&Status::unauthorized());
        };
        request.user = user;
        crate::cluster::api::handle(world, peer.cluster, &request)
    });
    match response.body {
        Body::Watch(watch) => Ok(watching::stream(&peer.served, watch, &request, &response.warnings)),
        Body::Upgrade(target) if object::text(&target, "/kind") == "log" => {
            logs::stream(&peer.served, peer.cluster, &target)
        }
        Body::Upgrade(target) => open(peer, upgrade, target),
        Body::Json(document) if response.code == 200 && media::wants_openapi_protobuf(&request) => {
            let mut answer = HttpResponse::new(HttpBody::from(openapi_proto::encode(&document)));
            answer
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(media::OPENAPI_PROTOBUF));
            Ok(answer)
        }
        _ => Ok(whole(response, style)),
    }
}

fn open(
    peer: &Arc<Peer>,
    upgrade: Option<WebSocketUpgrade>,
    target: Value,
) -> Result<HttpResponse<HttpBody>, Status> {
    let Some(upgrade) = upgrade else {
        return Err(Status::bad_request("Upgrade request required: this server takes WebSockets only"));
    };
    let (served, cluster) = (peer.served.clone(), peer.cluster);
    if object::text(&target, "/kind") == "portforward" {
        return forward::open(served, cluster, upgrade, target);
    }
    remote::open(served, cluster, upgrade, target)
}

/// The request as the API knows it, and the bearer token.
fn translate(parts: &Parts, body: Bytes) -> (Request, Option<String>) {
    let text = |name: HeaderName| header_text(&parts.headers, &name);
    let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|it| it.0).unwrap_or_default();
    let token = text(header::AUTHORIZATION);
    let token = token.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let token = token.map(|(_, token)| token.trim().to_owned()).filter(|token| !token.is_empty());
    let request = Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query,
        accept: all_values(&parts.headers, &header::ACCEPT),
        content_type: text(header::CONTENT_TYPE),
        body: body.to_vec(),
        user_agent: text(header::USER_AGENT),
        impersonate: impersonation(&parts.headers),
        ..Request::default()
    };
    (request, token)
}

fn header_text(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned()).unwrap_or_default()
}

fn all_values(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
    values.collect::<Vec<_>>().join(",")
}

/// `Impersonate-*` headers.
fn impersonation(headers: &HeaderMap) -> Vec<(String, String)> {
    let ours = headers.iter().filter(|(name, _)| name.as_str().starts_with(IMPERSONATE));
    ours.map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    })
    .collect()
}

fn style(request: &Request) -> Result<Style, Status> {
    // Paths without objects answer in plain text whatever a client accepts.
    let objects = ["/api", "/apis", "/openapi"].iter().any(|root| request.path.starts_with(root));
    let subresource = route::parse(&request.path).is_some_and(|route| !route.subresource.is_empty());
    let format = match media::negotiate(&request.accept) {
        Ok(format) => format,
        Err(_) if media::wants_openapi_protobuf(request) => Format::Json,
        Err(status) if objects && request.query_value("watch").is_none() => return Err(status),
        Err(_) => Format::Json,
    };
    let pretty = match request.query_value("pretty") {
        Some(word) => !matches!(word, "0" | "false"),
        None if plain::INDENTED.contains(&request.path.trim_end_matches('/')) => true,
        // What people read is indented.
        None => ["curl", "Wget", "Mozilla/"].iter().any(|it| request.user_agent.starts_with(it)),
    };
    Ok(Style { format, pretty, subresource })
}

/// An answer that is there at once.
fn whole(response: Response, style: Style) -> HttpResponse<HttpBody> {
    let (content_type, bytes) = match &response.body {
        Body::Text(text) => ("text/plain; charset=utf-8", text.clone().into_bytes()),
        Body::Json(object) if !style.subresource && is_bare_not_found(response.code, object) => {
            ("text/plain; charset=utf-8", b"404 page not found\n".to_vec())
        }
        Body::Json(object) => (content_type(object, style), written(object, style)),
        Body::Watch(_) | Body::Upgrade(_) => ("", Vec::new()),
    };
    let mut answer = HttpResponse::new(HttpBody::from(bytes));
    *answer.status_mut() = status_code(response.code);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    let retry = object::int(response.object(), "/details/retryAfterSeconds").filter(|seconds| *seconds > 0);
    if let Some(seconds) = retry {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    warn(headers, &response.warnings);
    answer
}

/// True for the refusal of a path that serves nothing, which the real server's router answers in text. A
/// known type without such a subresource is refused by its handler.
fn is_bare_not_found(code: u16, object: &Object) -> bool {
    code == 404 && object::text(object, "/message") == Status::no_such_path().message
}

pub(super) fn status_code(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn content_type(object: &Object, style: Style) -> &'static str {
    if object::text(object, "/kind") == "APIGroupDiscoveryList" {
        return "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    }
    style.format.content_type()
}

fn written(object: &Object, style: Style) -> Vec<u8> {
    let text = match (style.format, style.pretty) {
        (Format::Yaml, _) => return yaml::to_string(object).into_bytes(),
        (Format::Json, true) => schema::go_json_indent(object, "  "),
        (Format::Json, false) => schema::go_json(object),
    };
    let mut bytes = text.into_bytes();
    bytes.push(b'\n');
    bytes
}

/// Writes `Warning` headers.
pub(super) fn warn(headers: &mut HeaderMap, warnings: &[String]) {
    for warning in warnings {
        let quoted: String = warning
            .chars()
            .filter(|c| !c.is_control())
            .flat_map(|c| {
                let escape = matches!(c, '"' | '\\').then_some('\\');
                escape.into_iter().chain(std::iter::once(c))
            })
            .collect();
        if let Ok(value) = HeaderValue::from_bytes(format!("299 - \"{quoted}\"").as_bytes()) {
            headers.append(header::WARNING, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_quoted() {
        let mut headers = HeaderMap::new();
        warn(&mut headers, &["unknown field \"a\\b\"\n".to_owned()]);
        assert_eq!(headers[header::WARNING].to_str().unwrap(), r#"299 - "unknown field \"a\\b\"""#);
    }
}
