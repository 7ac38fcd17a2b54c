//! Clusters: etcd keyspaces, the API server, controllers, the scheduler, kubelets with their
//! containers, the network and storage. They run *on* [`crate::hosts`].
//!
//! Invariant: knows nothing of shells, commands, exercises or screens. The only way in for a
//! client is [`World::exchange`] and the request it carries; the only way time passes is
//! [`World::run_until`].
//!
//! Start with [`World`], then [`store`], [`engine`] (how events wake components), [`api`].

pub(crate) mod api;
pub(crate) mod control_plane;
pub(crate) mod controllers;
pub(crate) mod engine;
pub(crate) mod etcd;
pub(crate) mod etcd_client;
pub(crate) mod etcd_state;
pub(crate) mod events;
pub(crate) mod kubeconfig;
pub(crate) mod kubelet;
pub(crate) mod load;
pub(crate) mod machines;
pub(crate) mod network;
pub(crate) mod processes;
pub(crate) mod procfs;
pub(crate) mod place;
pub(crate) mod request;
pub(crate) mod scheduler;
pub(crate) mod store;
pub(crate) mod templates;
mod world;

pub(crate) use place::Place;
pub(crate) use request::{Body, Request, Response, UserInfo};
pub(crate) use store::{Change, Event, Key, Object, Store};
pub(crate) use world::{AuditEvent, Cluster, ClusterId, Conduct, Hosts, Timer, World};
