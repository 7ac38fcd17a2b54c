//! The network: who can reach whom, and what answers there.

use super::engine::Component;

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[];
