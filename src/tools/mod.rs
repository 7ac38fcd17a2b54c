//! The programs of a Kubernetes administrator: kubectl, etcdctl, etcdutl, openssl, curl …
//!
//! Invariant: a tool is a client. It sees the world as a program on its host sees it: files,
//! addresses, and what servers answer.

pub(crate) mod etcd;
pub(crate) mod kubectl;

use crate::shell::{Completer, Program};

/// Every program of this layer.
pub(crate) const PROGRAMS: &[&Program] = &[&etcd::ETCDCTL, &etcd::ETCDUTL, &kubectl::KUBECTL];

/// What completes their arguments.
pub(crate) const COMPLETERS: &[&Completer] = &[&kubectl::COMPLETER];
