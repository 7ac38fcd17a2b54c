//! Connections: accepted while the cluster's API server answers, refused while it does not.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use super::http::{self, Peer};
use super::served::{Served, down};
use crate::cluster::ClusterId;

/// Connections at the same time; more wait.
const CONNECTIONS_MAX: usize = 256;

/// How long a client may take for its TLS handshake and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// A pause before the port is tried again, when something else has it.
const AGAIN: Duration = Duration::from_millis(200);

/// Accepts connections to a cluster's API server.
pub(super) async fn accept(
    served: Arc<Served>,
    cluster: ClusterId,
    listener: TcpListener,
    tls: Arc<ServerConfig>,
) {
    let Ok(address) = listener.local_addr() else { return };
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut up = served.availability(cluster);
    let mut listener = Some(listener);
    loop {
        if !*up.borrow_and_update() {
            // Without a listener a client is refused, as by a machine where no server runs.
            listener = None;
            if up.changed().await.is_err() {
                return;
            }
            continue;
        }
        let Some(open) = &listener else {
            listener = bind(address).await;
            continue;
        };
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        let stream = tokio::select! {
            accepted = open.accept() => accepted,
            _ = up.changed() => continue,
        };
        let Ok((stream, _)) = stream else { continue };
        let (served, tls) = (served.clone(), tls.clone());
        let up = up.clone();
        tokio::spawn(async move {
            connection(served, cluster, stream, tls, up).await;
            drop(slot);
        });
    }
}

async fn bind(address: SocketAddr) -> Option<TcpListener> {
    let bound = TcpListener::bind(address).await.ok();
    if bound.is_none() {
        tokio::time::sleep(AGAIN).await;
    }
    bound
}

/// Serves one connection until it ends or the API server goes away.
async fn connection(
    served: Arc<Served>,
    cluster: ClusterId,
    stream: TcpStream,
    tls: Arc<ServerConfig>,
    up: watch::Receiver<bool>,
) {
    // Answers are small and many; without this they would wait for each other.
    let _ = stream.set_nodelay(true);
    let handshake = tokio::time::timeout(PATIENCE, TlsAcceptor::from(tls).accept(stream));
    let Ok(Ok(stream)) = handshake.await else { return };
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let peer = Peer::new(served, cluster, certificates);
    let router = Router::new().fallback(http::answer).with_state(Arc::new(peer));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    builder.http2().timer(TokioTimer::new());
    let serving =
        builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(router));
    tokio::select! {
        // However it ended, the client has hung up.
        _ = serving => (),
        () = down(up.clone()) => (),
    }
}
