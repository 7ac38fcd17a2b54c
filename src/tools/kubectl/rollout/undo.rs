//! `rollout undo`: an older template again.

use super::{
    Kind, builder, controller_revisions, no_rollout, remembered_template, replica_sets, revision_of,
};
use crate::apimachinery::go::quote;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object::{annotation, entries, flag, int, remove};
use crate::tools::kubectl::builder::Info;
use crate::tools::kubectl::client::{JSON_PATCH, STRATEGIC_PATCH};
use crate::tools::kubectl::describe::raw_template;
use crate::tools::kubectl::print::Printer;
use crate::tools::kubectl::writes::{LAST_APPLIED, Write};
use crate::tools::kubectl::{Ctx, Done, DryRun, Failure};

/// Annotations that a rollback leaves as they are.
const KEPT: &[&str] = &[
    LAST_APPLIED,
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

const DONE: &str = "rolled back";

pub(super) fn run(ctx: &mut Ctx<'_>) -> Done {
    let builder = builder(ctx)?;
    let dry_run = ctx.dry_run()?;
    let to = ctx.flags.int("to-revision");
    let mut printer = Printer::of(ctx)?;
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        if annotation(&info.object, LAST_APPLIED).is_some() {
            let resource = info.mapping.as_ref().map_or("", |mapping| &mapping.resource);
            ctx.err(&format!(
                "Warning: resource {resource}/{} was previously managed with 'kubectl apply'. Rolling back will not update the {LAST_APPLIED} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n",
                info.name
            ));
        }
        let done = roll_back(ctx, &info, to, dry_run)?;
        printer.print(ctx, &info.object, &format!("{done}{}", dry_run.suffix()))
    })
}

fn roll_back(ctx: &mut Ctx<'_>, info: &Info, to: i64, dry_run: DryRun) -> Result<String, Failure> {
    let Some(kind) = Kind::of(info) else {
        return Err(no_rollout(info, "rollbacker", "rollbacker"));
    };
    if to < 0 {
        return Err(not_found(to));
    }
    match kind {
        Kind::Deployment => deployment(ctx, info, to, dry_run),
        Kind::DaemonSet | Kind::StatefulSet => by_controller_revision(ctx, info, to, dry_run),
    }
}

fn not_found(revision: i64) -> Failure {
    Failure::error(format!("unable to find specified revision {revision} in history"))
}

fn skipped(to: i64) -> String {
    format!("skipped rollback (current template already matches revision {to})")
}

fn patch(
    ctx: &mut Ctx<'_>,
    info: &Info,
    kind: &'static str,
    patch: &Value,
    to: i64,
    dry_run: DryRun,
) -> Done {
    let write = Write { manager: String::new(), dry_run, validation: "" };
    match ctx.patch(&info.path(), kind, patch, &write) {
        Ok(_) => Ok(()),
        Err(failure) => {
            Err(Failure::error(format!("failed restoring revision {to}: {}", failure.sentence())))
        }
    }
}

fn deployment(ctx: &mut Ctx<'_>, info: &Info, to: i64, dry_run: DryRun) -> Result<String, Failure> {
    let all = replica_sets(ctx, &info.object)?;
    let set = match to {
        0 => previous(&all).ok_or_else(|| {
            Failure::error(format!("no rollout history found for deployment {}", quote(&info.name)))
        })?,
        to => all.iter().find(|set| revision_of(set) == to).ok_or_else(|| not_found(to))?,
    };
    let mut template = set.pointer("/spec/template").cloned().unwrap_or_default();
    if dry_run == DryRun::Client {
        return Ok(raw_template(Some(&template)));
    }
    if flag(&info.object, "/spec/paused") {
        return Err(Failure::error(
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again",
        ));
    }
    remove(&mut template, &["metadata", "labels", "pod-template-hash"]);
    if Some(&template) == info.object.pointer("/spec/template") {
        return Ok(skipped(to));
    }
    let kept = entries(&info.object, "/metadata/annotations").filter(|(key, _)| KEPT.contains(&key.as_str()));
    let theirs = entries(set, "/metadata/annotations").filter(|(key, _)| !KEPT.contains(&key.as_str()));
    let annotations: Map = kept.chain(theirs).map(|(key, value)| (key.clone(), value.clone())).collect();
    let change = json!([
        {"op": "replace", "path": "/spec/template", "value": template},
        {"op": "replace", "path": "/metadata/annotations", "value": annotations},
    ]);
    patch(ctx, info, JSON_PATCH, &change, to, dry_run)?;
    Ok(DONE.into())
}

/// The replica set with the second highest revision.
fn previous(all: &[Value]) -> Option<&Value> {
    let mut sorted: Vec<&Value> = all.iter().collect();
    sorted.sort_by_key(|set| std::cmp::Reverse(revision_of(set)));
    sorted.get(1).copied()
}

fn by_controller_revision(
    ctx: &mut Ctx<'_>,
    info: &Info,
    to: i64,
    dry_run: DryRun,
) -> Result<String, Failure> {
    let all = controller_revisions(ctx, &info.object)?;
    let found = match to {
        0 if all.len() <= 1 => return Err(Failure::error("no last revision to roll back to")),
        0 => all.get(all.len() - 2),
        to => all.iter().find(|one| int(one, "/revision") == Some(to)),
    };
    let found = found.ok_or_else(|| not_found(to))?;
    let template = remembered_template(found);
    if dry_run == DryRun::Client {
        return Ok(format!("will roll back to {}", raw_template(Some(&template))));
    }
    if Some(&template) == info.object.pointer("/spec/template") {
        return Ok(skipped(to));
    }
    let change = found.get("data").cloned().unwrap_or_else(|| json!({}));
    patch(ctx, info, STRATEGIC_PATCH, &change, to, dry_run)?;
    Ok(DONE.into())
}
