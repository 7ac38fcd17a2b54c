//! The API server: one function, [`handle`], from request to response.
//!
//! Invariant: no program of ours is known here; a client is whoever sends a `Request`.
//!
//! Start with [`resources`] (what is served), [`serve`] (a request's way), [`call`] (a request once
//! understood), then [`mod@write`] and [`remove`].

pub(crate) mod admission;
pub(crate) mod aggregate;
pub(crate) mod allocate;
pub(crate) mod apply;
mod audit;
pub(crate) mod authn;
pub(crate) mod authz;
mod autoregister;
pub(crate) mod bootstrap;
pub(crate) mod call;
pub(crate) mod client;
mod components;
pub(crate) mod connect;
pub(crate) mod convert;
pub(crate) mod custom;
pub(crate) mod decode;
pub(crate) mod defaults;
pub(crate) mod discovery;
pub(crate) mod encryption;
pub(crate) mod fieldowners;
pub(crate) mod fields;
pub(crate) mod flags;
pub(crate) mod flow;
pub(crate) mod hooks;
pub(crate) mod list_options;
pub(crate) mod openapi;
pub(crate) mod patch;
pub(crate) mod plain;
pub(crate) mod printers;
pub(crate) mod read;
pub(crate) mod remove;
pub(crate) mod resources;
pub(crate) mod route;
pub(crate) mod serve;
pub(crate) mod strategy;
pub(crate) mod subresource;
pub(crate) mod table;
pub(crate) mod validation;
pub(crate) mod watch;
pub(crate) mod write;

pub(crate) use client::Client;
pub(crate) use serve::handle;

/// Control loops that are part of the API server.
pub(crate) const ALL: &[&super::engine::Component] =
    &[&custom::FINALIZER, &aggregate::AVAILABILITY, &flow::DANGLING, &autoregister::REGISTRATION];

#[cfg(test)]
mod tests;
