//! kube-scheduler: which node a pod goes to, and the sentence when none will do.

use super::engine::Component;

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[];
