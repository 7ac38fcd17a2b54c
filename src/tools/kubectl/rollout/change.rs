//! `rollout pause`, `resume` and `restart`: small changes of one field.

use super::builder;
use crate::apimachinery::go::quote;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{at, flag};
use crate::tools::kubectl::builder::Info;
use crate::tools::kubectl::client::STRATEGIC_PATCH;
use crate::tools::kubectl::print::Printer;
use crate::tools::kubectl::writes::Write;
use crate::tools::kubectl::{Ctx, Done, DryRun, Failure};

/// One of the three.
pub(super) struct Change {
    /// `paused`, `resumed`, `restarted`.
    done: &'static str,
    /// The patch, or why there is none; the text is the time now.
    patch: fn(&Info, &str) -> Result<Value, &'static str>,
}

pub(super) const PAUSE: Change = Change {
    done: "paused",
    patch: |info, _| match (is(info, &["Deployment"]), flag(&info.object, "/spec/paused")) {
        (false, _) => Err("pausing is not supported"),
        (true, true) => Err("is already paused"),
        (true, false) => Ok(json!({"spec": {"paused": true}})),
    },
};

pub(super) const RESUME: Change = Change {
    done: "resumed",
    patch: |info, _| match (is(info, &["Deployment"]), flag(&info.object, "/spec/paused")) {
        (false, _) => Err("resuming is not supported"),
        (true, false) => Err("is not paused"),
        (true, true) => Ok(json!({"spec": {"paused": null}})),
    },
};

const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

pub(super) const RESTART: Change = Change {
    done: "restarted",
    patch: |info, now| {
        if !is(info, &["Deployment", "DaemonSet", "StatefulSet"]) {
            return Err("restarting is not supported");
        }
        if flag(&info.object, "/spec/paused") {
            return Err("can't restart paused deployment (run rollout resume first)");
        }
        let stamped =
            at(&info.object, "/spec/template/metadata/annotations").and_then(|all| all.get(RESTARTED_AT));
        if stamped.and_then(Value::as_str) == Some(now) {
            return Ok(json!({}));
        }
        Ok(json!({"spec": {"template": {"metadata": {"annotations": {RESTARTED_AT: now}}}}}))
    },
};

fn is(info: &Info, kinds: &[&str]) -> bool {
    info.mapping
        .as_ref()
        .is_some_and(|mapping| mapping.group == "apps" && kinds.contains(&mapping.kind.as_str()))
}

/// Makes the change on every object that is meant.
pub(super) fn run(ctx: &mut Ctx<'_>, change: &Change) -> Done {
    let (infos, mut failures) = builder(ctx)?.targets(ctx)?.infos(ctx);
    if infos.is_empty() && failures.is_empty() {
        let namespace = ctx.namespace()?.name;
        ctx.err(&format!("No resources found in {namespace} namespace.\n"));
        return Ok(());
    }
    for info in infos {
        if let Err(failure) = one(ctx, &info, change) {
            failures.push(failure);
        }
    }
    Failure::all(failures)
}

fn one(ctx: &mut Ctx<'_>, info: &Info, change: &Change) -> Done {
    let now = ctx.proc.world().now.rfc3339();
    let patch = (change.patch)(info, &now)
        .map_err(|why| Failure::error(format!("error: {} {} {why}", info.qualified(), quote(&info.name))))?;
    if patch == json!({}) {
        return Err(Failure::error(format!(
            "failed to create patch for {}: if restart has already been triggered within the past second, please wait before attempting to trigger another",
            info.name
        )));
    }
    let manager = ctx.flags.text("field-manager").to_owned();
    let write = Write { manager, dry_run: DryRun::None, validation: "" };
    let patched = ctx.patch(&info.path(), STRATEGIC_PATCH, &patch, &write);
    let object =
        patched.map_err(|failure| Failure::error(format!("failed to patch: {}", failure.sentence())))?;
    Printer::of(ctx)?.print(ctx, &object, change.done)
}
