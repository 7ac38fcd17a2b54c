//! `kubectl kuberc`, which says that preferences are not simulated yet: the commands would have no effect.

use super::verb::{Group, PLAIN, Run, Verb};

/// `kubectl kuberc`.
pub(crate) static KUBERC: Verb = Verb {
    name: "kuberc",
    group: Group::Settings,
    summary: "Manage kuberc configuration files",
    children: &[&SET, &VIEW],
    ..PLAIN
};

static SET: Verb = Verb {
    name: "set",
    group: Group::Other,
    summary: "Set values in the kuberc configuration",
    run: Run::Now(|ctx| ctx.not_simulated("kubectl kuberc set")),
    ..PLAIN
};

static VIEW: Verb = Verb {
    name: "view",
    group: Group::Other,
    summary: "Display the current kuberc configuration",
    run: Run::Now(|ctx| ctx.not_simulated("kubectl kuberc view")),
    ..PLAIN
};
