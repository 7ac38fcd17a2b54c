//! Programs that talk over the network of the lab: curl, wget, nc, ping, nslookup, dig, host.
//!
//! Invariant: who can reach whom is `cluster::network`'s answer; these only word it.

pub(crate) mod curl;
pub(crate) mod names;
pub(crate) mod nc;
mod trust;
pub(crate) mod wget;

use std::time::Duration;

use crate::cluster::network::http::{self, HttpExchange, HttpRequest};
use crate::shell::Proc;

/// How long the kernel tries to connect before it gives up. Source: `tcp_syn_retries` = 6.
const CONNECT_LIMIT: Duration = Duration::from_secs(130);

/// A round trip on the lab's network.
const ROUND_TRIP: Duration = Duration::from_millis(3);

/// Sends a request from the place of a process.
fn send(proc: &Proc, request: &HttpRequest) -> HttpExchange {
    http::http(&mut proc.world(), &proc.place, request)
}
