//! The table of all commands, in the order that kubectl lists them.

use super::verb::{PLAIN, Verb};

/// kubectl itself.
pub(crate) static ROOT: Verb = Verb {
    name: "kubectl",
    summary: "kubectl controls a Kubernetes cluster through its API server",
    children: &[&super::explain::EXPLAIN, &super::config::CONFIG, &OPTIONS],
    ..PLAIN
};

/// The global flags.
static OPTIONS: Verb = Verb {
    name: "options",
    summary: "Print the flags that every command takes",
    run: super::Run::Now(|ctx| {
        ctx.out(&super::help::options());
        Ok(())
    }),
    ..PLAIN
};
