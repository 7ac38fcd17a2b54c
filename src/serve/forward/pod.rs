//! One connection to a port of a pod.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body as HttpBody, Bytes};
use axum::http::{HeaderName, HeaderValue, Request as HttpIn, Response as HttpOut};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;

use crate::cluster::kubelet::run::PodId;
use crate::cluster::network::http::{self, HttpOutcome, HttpRequest};
use crate::cluster::network::{Outcome, Protocol, listeners};
use crate::cluster::{ClusterId, Place, World};
use crate::serve::http::status_code;
use crate::serve::served::Served;

/// Largest body of a request to a pod, in bytes.
const BODY_BYTES_MAX: usize = 16 << 20;

/// The pod whose ports are forwarded.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) served: Arc<Served>,
    pub(super) cluster: ClusterId,
    pub(super) uid: String,
}

impl Target {
    fn listener(&self, world: &World, port: u16) -> Option<(Place, u16)> {
        let id = PodId { cluster: self.cluster, uid: self.uid.clone() };
        match listeners::in_pod(world, &id, port, Protocol::Tcp)? {
            Outcome::Open { place, port } => Some((place, port)),
            _ => None,
        }
    }

    /// Why no connection comes about, in the kubelet's words.
    fn refusal(&self, port: u16) -> String {
        format!(
            "error forwarding port {port} to pod {}, uid : failed to execute portforward in network namespace \
             \"/var/run/netns/cni-{}\": failed to connect to localhost:{port} inside namespace {:?}, IPv4: dial tcp4 \
             127.0.0.1:{port}: connect: connection refused IPv6 dial tcp6 [::1]:{port}: connect: connection refused ",
            self.uid, self.uid, self.uid
        )
    }

    /// Serves one connection until either side ends it.
    ///
    /// # Errors
    /// The kubelet's sentence when nobody listens.
    pub(super) async fn connect(&self, port: u16, stream: DuplexStream) -> Result<(), String> {
        if self.served.with(|world| self.listener(world, port)).is_none() {
            return Err(self.refusal(port));
        }
        let service = hyper::service::service_fn(|request| self.clone().answer(port, request));
        let serving =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // However it ended, the connection is over.
        drop(serving.await);
        Ok(())
    }

    async fn answer(self, port: u16, request: HttpIn<Incoming>) -> Result<HttpOut<HttpBody>, Hangup> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(HttpBody::new(body), BODY_BYTES_MAX).await.map_err(|_| Hangup)?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let header = |name: &str| parts.headers.get(name).map(text).unwrap_or_default();
        let request = HttpRequest {
            method: parts.method.as_str().to_owned(),
            tls: false,
            connect_to: "localhost".into(),
            port,
            server_name: "localhost".into(),
            host: header("host"),
            path: parts.uri.path_and_query().map_or("/", |it| it.as_str()).to_owned(),
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            user_agent: header("user-agent"),
            body: body.to_vec(),
            client_ip: "127.0.0.1".into(),
            hops: 0,
        };
        let outcome = self.served.with(|world| {
            let (place, port) = self.listener(world, port)?;
            Some(http::answer(world, &place, port, &request))
        });
        match outcome {
            Some(HttpOutcome::Answer(answer)) => Ok(http_out(answer)),
            // What speaks something else than HTTP hangs up, as far as HTTP can tell.
            _ => Err(Hangup),
        }
    }
}

fn http_out(answer: crate::cluster::kubelet::web::Answer) -> HttpOut<HttpBody> {
    let mut out = HttpOut::new(HttpBody::from(Bytes::from(answer.body)));
    *out.status_mut() = status_code(answer.status);
    for (name, value) in answer.headers {
        // The length is that of the body as it is sent.
        let framing =
            ["content-length", "transfer-encoding", "connection"].contains(&name.to_lowercase().as_str());
        if let (Ok(name), Ok(value), false) =
            (HeaderName::try_from(name), HeaderValue::try_from(value), framing)
        {
            out.headers_mut().append(name, value);
        }
    }
    out
}

/// The connection ends without an answer.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the other end hung up")]
struct Hangup;

impl From<Infallible> for Hangup {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
