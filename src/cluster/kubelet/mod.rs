//! kubelets and what they run: pods become containers with files, states and logs.

pub(crate) mod files;

use super::engine::Component;

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[];

/// What runs on the nodes of a cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runtime {}
