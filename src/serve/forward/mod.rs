//! Port-forward: SPDY inside a WebSocket (`SPDY/3.1+portforward.k8s.io`), as kubectl since v1.31 asks for
//! it, and plain channels (`v4.channel.k8s.io`), as other client libraries do.
//!
//! Behind a forwarded port stands a program of the lab. It understands HTTP: what a client sends is read as
//! such, and what the pod's own server answers goes back.

mod channels;
mod pod;
mod spdy;
mod tunnel;

use std::sync::Arc;

use axum::body::Body as HttpBody;
use axum::extract::WebSocketUpgrade;
use axum::http::Response as HttpResponse;

use self::pod::Target;
use super::served::Served;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::ClusterId;

const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";
const CHANNELS: &str = "v4.channel.k8s.io";

/// Longest message of a client, in bytes.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Connections through one forwarding at the same time.
const STREAMS_MAX: usize = 128;

/// Bytes on their way in one direction of one connection.
const PIPE_BYTES: usize = 64 * 1024;

/// Answers a request to forward ports of a pod.
pub(super) fn open(
    served: Arc<Served>,
    cluster: ClusterId,
    upgrade: WebSocketUpgrade,
    target: Value,
) -> Result<HttpResponse<HttpBody>, Status> {
    let ports: Vec<u16> = object::list(&target, "/ports")
        .iter()
        .filter_map(Value::as_str)
        .flat_map(|words| words.split(','))
        .filter_map(|word| word.trim().parse().ok())
        .collect();
    let pod = Target { served, cluster, uid: object::text(&target, "/uid").to_owned() };
    let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).protocols([TUNNEL, CHANNELS]);
    let selected = upgrade.selected_protocol().map(|it| it.as_bytes().to_vec());
    match selected.as_deref() {
        Some(name) if name == TUNNEL.as_bytes() => Ok(upgrade.on_upgrade(move |it| tunnel::run(pod, it))),
        Some(_) => Ok(upgrade.on_upgrade(move |it| channels::run(pod, ports, it))),
        None => Err(Status::bad_request(format!(
            "unable to upgrade: the WebSocket protocols {TUNNEL} and {CHANNELS} are served"
        ))),
    }
}
