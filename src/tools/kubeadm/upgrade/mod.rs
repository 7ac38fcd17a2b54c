//! `kubeadm upgrade`.

mod apply;
mod cluster;
mod diff;
mod node;
mod plan;
mod policy;
mod static_pods;

pub(super) use apply::run as apply;
pub(super) use diff::run as diff;
pub(super) use node::phase as node_phase;
pub(super) use node::run as node;
pub(super) use plan::run as plan;
