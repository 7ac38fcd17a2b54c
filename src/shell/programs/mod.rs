//! The Unix programs that are ours: those that show the host, wait in simulated time, or print
//! differently from the language crate's own.

use super::Program;

mod echo;
mod sleep;

/// Every program of this layer.
pub(crate) const ALL: &[&Program] = &[&echo::PROGRAM, &sleep::PROGRAM];
