//! `kubectl cordon`, `uncordon` and `drain`: nodes taken out of service and put back.

mod evict;
mod filter;

pub(crate) use evict::duration_text;

use super::builder::{Builder, Info};
use super::client::STRATEGIC_PATCH;
use super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::writes::Write;
use super::{Ctx, Done, DryRun, Failure};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{flag, name};
use crate::apimachinery::selector::LabelSelector;

/// `kubectl cordon`.
pub(crate) static CORDON: Verb = Verb {
    name: "cordon",
    group: Group::Cluster,
    summary: "Mark node as unschedulable",
    examples: "
        # No new pods on node01
        kubectl cordon node01",
    run: Run::Now(|ctx| mark(ctx, true)),
    complete: Complete::Nodes,
    ..PLAIN
};

/// `kubectl uncordon`.
pub(crate) static UNCORDON: Verb = Verb {
    name: "uncordon",
    group: Group::Cluster,
    summary: "Mark node as schedulable",
    examples: "
        # Pods may come to node01 again
        kubectl uncordon node01",
    run: Run::Now(|ctx| mark(ctx, false)),
    complete: Complete::Nodes,
    ..PLAIN
};

/// `kubectl drain`.
pub(crate) static DRAIN: Verb = Verb {
    name: "drain",
    group: Group::Cluster,
    summary: "Drain node in preparation for maintenance",
    about: "Marks the node unschedulable, then evicts its pods and waits until they are gone. Pods of daemon sets and\nmirror pods stay. Pods that nobody would make again, or whose local data would be lost, stop the command\nunless a flag allows it; budgets are respected and evictions tried again.",
    examples: "
        # Leave the daemon sets' pods alone
        kubectl drain node01 --ignore-daemonsets
        # Also pods without a controller and with emptyDir volumes
        kubectl drain node01 --ignore-daemonsets --force --delete-emptydir-data",
    run: Run::Waits(|ctx| Box::pin(drain(ctx))),
    complete: Complete::Nodes,
    ..PLAIN
};

/// The nodes that the arguments or the selector mean.
fn nodes(ctx: &mut Ctx<'_>) -> Result<Vec<Info>, Failure> {
    if ctx.args.is_empty() && !ctx.flags.given("selector") {
        return Err(ctx.usage(&format!("USAGE: {} NODE [flags]", ctx.verb.name)));
    }
    let selector = ctx.flags.text("selector").to_owned();
    if !ctx.args.is_empty() && !selector.is_empty() {
        return Err(ctx.usage("error: cannot specify both a node name and a --selector option"));
    }
    let pods = ctx.flags.text("pod-selector");
    if !pods.is_empty() && LabelSelector::parse(pods).is_err() {
        return Err(Failure::error("--pod-selector=<pod_selector> must be a valid label selector"));
    }
    let mut builder = Builder { single_type: true, ..Builder::of(ctx)? };
    if selector.is_empty() {
        builder.names = Some(("nodes", ctx.args.clone()));
    } else {
        builder.args = vec!["nodes".to_owned()];
    }
    let infos = builder.targets(ctx)?.all(ctx)?;
    for info in &infos {
        match &info.mapping {
            Some(mapping) if mapping.qualified() != "nodes" => {
                return Err(Failure::error(format!(
                    "error: expected resource of type node, got {:?}",
                    mapping.resource_text()
                )));
            }
            _ => {}
        }
    }
    Ok(infos)
}

fn mark(ctx: &mut Ctx<'_>, unschedulable: bool) -> Done {
    let dry_run = ctx.dry_run()?;
    let infos = nodes(ctx)?;
    mark_all(ctx, &infos, unschedulable, dry_run);
    Ok(())
}

/// Cordons or uncordons; a node that cannot be changed is told of and left.
fn mark_all(ctx: &mut Ctx<'_>, nodes: &[Info], unschedulable: bool, dry_run: DryRun) {
    let un = if unschedulable { "" } else { "un" };
    for info in nodes {
        if flag(&info.object, "/spec/unschedulable") == unschedulable {
            say(ctx, &info.object, &format!("already {un}cordoned"), dry_run);
            continue;
        }
        if dry_run != DryRun::Client {
            let wanted = if unschedulable { json!(true) } else { Value::Null };
            let write = Write { manager: String::new(), dry_run, validation: "" };
            let patch = json!({"spec": {"unschedulable": wanted}});
            if let Err(failure) = ctx.patch(&info.path(), STRATEGIC_PATCH, &patch, &write) {
                let why = failure.sentence();
                ctx.err(&format!("error: unable to {un}cordon node {:?}: {why}\n", info.name));
                continue;
            }
        }
        say(ctx, &info.object, &format!("{un}cordoned"), dry_run);
    }
}

/// `node/node01 drained`.
fn say(ctx: &Ctx<'_>, object: &Value, done: &str, dry_run: DryRun) {
    let kind = if crate::apimachinery::object::namespace(object).is_empty() { "node" } else { "pod" };
    ctx.out(&format!("{kind}/{} {done}{}\n", name(object), dry_run.suffix()));
}

async fn drain(ctx: &mut Ctx<'_>) -> Done {
    let dry_run = ctx.dry_run()?;
    let infos = nodes(ctx)?;
    mark_all(ctx, &infos, true, dry_run);
    let (mut remaining, mut fatal) = (Vec::new(), Vec::new());
    for info in &infos {
        match empty(ctx, &info.name, dry_run).await {
            Ok(()) => say(ctx, &info.object, "drained", dry_run),
            Err(failures) => {
                let why = joined(&failures);
                ctx.err(&format!(
                    "error: unable to drain node {:?} due to error: {why}, continuing command...\n",
                    info.name
                ));
                remaining.push(info.name.clone());
                fatal.extend(failures);
            }
        }
    }
    if !remaining.is_empty() {
        ctx.err("There are pending nodes to be drained:\n");
        remaining.iter().for_each(|node| ctx.err(&format!(" {node}\n")));
    }
    Failure::all(fatal)
}

/// Several failures as Go's aggregate prints them.
fn joined(failures: &[Failure]) -> String {
    Failure::Many(failures.to_vec()).sentence()
}

/// Gets all pods off a node that may go.
async fn empty(ctx: &mut Ctx<'_>, node: &str, dry_run: DryRun) -> Result<(), Vec<Failure>> {
    let list = filter::pods_of(ctx, node)?;
    if !list.warnings.is_empty() {
        ctx.err(&format!("Warning: {}\n", list.warnings));
    }
    if dry_run == DryRun::Client {
        for pod in &list.pods {
            let namespace = crate::apimachinery::object::namespace(pod);
            ctx.out(&format!("evicting pod {namespace}/{} (dry run)\n", name(pod)));
        }
        return Ok(());
    }
    let Err(failures) = evict::all(ctx, list.pods, dry_run).await else { return Ok(()) };
    match filter::pods_of(ctx, node) {
        Ok(list) if !list.pods.is_empty() => {
            let why = joined(&failures);
            ctx.err(&format!("There are pending pods in node {node:?} when an error occurred: {why}\n"));
            list.pods.iter().for_each(|pod| ctx.err(&format!("pod/{}\n", name(pod))));
        }
        Ok(_) => {}
        Err(new) => {
            let why = joined(&new);
            ctx.err(&format!("Following errors occurred while getting the list of pods to delete:\n{why}"));
        }
    }
    Err(failures)
}
