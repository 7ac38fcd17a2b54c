//! The table of all commands, in the order that kubectl lists them.

use super::verb::{PLAIN, Verb};

/// kubectl itself.
pub(crate) static ROOT: Verb = Verb {
    name: "kubectl",
    summary: "kubectl controls a Kubernetes cluster through its API server",
    children: CHILDREN,
    ..PLAIN
};

/// One line a command, so that the table reads and merges well.
#[rustfmt::skip]
const CHILDREN: &[&Verb] = &[
    &super::create::VERB,
    &super::expose::VERB,
    &super::run::VERB,
    &super::set::VERB,
    &super::explain::EXPLAIN,
    &super::get::VERB,
    &super::edit::VERB,
    &super::delete::VERB,
    &super::rollout::ROLLOUT,
    &super::scale::VERB,
    &super::autoscale::VERB,

    &super::certificate::CERTIFICATE,
    &super::cluster_info::CLUSTER_INFO,
    &super::top::TOP,
    &super::drain::CORDON,
    &super::drain::UNCORDON,
    &super::drain::DRAIN,
    &super::taint::VERB,

    &super::describe::DESCRIBE,
    &super::pods::LOGS,
    &super::pods::ATTACH,
    &super::pods::EXEC,
    &super::pods::PORT_FORWARD,
    &super::pods::PROXY,
    &super::pods::CP,
    &super::auth::AUTH,
    &super::debug::DEBUG,
    &super::events::EVENTS,

    &super::diff::VERB,
    &super::apply::VERB,
    &super::patch::VERB,
    &super::replace::VERB,
    &super::wait::VERB,
    &super::kustomize::VERB,
    &super::label::LABEL,
    &super::label::ANNOTATE,
    &super::completion::COMPLETION,
    &super::types::API_RESOURCES,
    &super::types::API_VERSIONS,
    &super::config::CONFIG,
    &super::kuberc::KUBERC,
    &super::plugin::PLUGIN,
    &super::types::VERSION,
    &OPTIONS,
    &ALPHA,
];

/// Commands to come; there are none.
static ALPHA: Verb = Verb {
    name: "alpha",
    group: super::Group::Hidden,
    summary: "Commands for features in alpha",
    run: super::Run::Now(|ctx| {
        ctx.err("No alpha commands are available in this version of kubectl\n");
        Ok(())
    }),
    ..PLAIN
};

/// The global flags.
static OPTIONS: Verb = Verb {
    name: "options",
    summary: "Print the flags that every command takes",
    run: super::Run::Now(|ctx| {
        let home = ctx.proc.env.get("HOME").cloned().unwrap_or_default();
        ctx.out(&super::help::options().replace("$HOME", &home));
        Ok(())
    }),
    ..PLAIN
};
