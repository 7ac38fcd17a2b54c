//! The control loops of kube-controller-manager, one file each.

use super::engine::Component;

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[];
