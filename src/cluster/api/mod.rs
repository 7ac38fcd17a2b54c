//! The API server: one function, [`handle`], from request to response.
//!
//! Invariant: no program of ours is known here; a client is whoever sends a [`Request`].

pub(crate) mod bootstrap;
pub(crate) mod client;
pub(crate) mod connect;
pub(crate) mod printers;
pub(crate) mod watch;

pub(crate) use client::Client;

use super::{ClusterId, Request, Response, World};
use crate::apimachinery::status::Status;

/// Answers one request of an authenticated user, as kube-apiserver does.
pub(crate) fn handle(_world: &mut World, _cluster: ClusterId, _request: &Request) -> Response {
    Response::refused(&Status::no_such_path())
}
