//! The programs of a Kubernetes administrator: kubectl, etcdctl, etcdutl, openssl, curl …
//!
//! Invariant: a tool is a client. It sees the world as a program on its host sees it: files,
//! addresses, and what servers answer.

pub(crate) mod crictl;
pub(crate) mod etcd;
pub(crate) mod kubeadm;
pub(crate) mod kubectl;
pub(crate) mod net;
pub(crate) mod helm;
mod nodes;
pub(crate) mod openssl;

use crate::shell::{Completer, Program};

/// Every program of this layer.
pub(crate) const PROGRAMS: &[&Program] = &[
    &crictl::CRICTL,
    &crictl::CTR,
    &etcd::ETCDCTL,
    &etcd::ETCDUTL,
    &helm::HELM,
    &kubeadm::KUBEADM,
    &kubectl::KUBECTL,
    &net::curl::PROGRAM,
    &net::names::DIG,
    &net::names::HOST,
    &net::names::NSLOOKUP,
    &net::nc::NC,
    &net::nc::NETCAT,
    &net::nc::PING,
    &net::nc::TELNET,
    &net::wget::PROGRAM,
    &nodes::CONTAINERD,
    &nodes::KUBELET,
    &nodes::RUNC,
    &openssl::PROGRAM,
];

/// What completes their arguments.
pub(crate) const COMPLETERS: &[&Completer] = &[&kubectl::COMPLETER];
