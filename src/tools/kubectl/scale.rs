//! `kubectl scale`.

use std::time::Duration;

use super::client::MERGE_PATCH;
use super::waiting::Pauses;
use super::writes::Write;
use super::{Builder, Call, Complete, Ctx, Done, DryRun, Failure, Group, Info, PLAIN, Printer, Run, Verb};
use crate::apimachinery::go;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, int, text};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "scale",
    group: Group::Deploy,
    summary: "Set a new size for a deployment, replica set, or replication controller",
    examples: "
        kubectl scale deployment/web --replicas=3
        kubectl scale statefulset db --current-replicas=2 --replicas=3",
    required: &["replicas"],
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let dry_run = ctx.dry_run()?;
    let write = Write { manager: String::new(), dry_run, validation: "" };
    let mut printer = Printer::of(ctx)?;
    let (wanted, current) = (ctx.flags.int("replicas"), ctx.flags.int("current-replicas"));
    if wanted < 0 {
        return Err(Failure::error(
            "The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0",
        ));
    }
    if current < -1 {
        return Err(Failure::error("The --current-replicas must specify an integer of -1 or greater"));
    }
    let version = ctx.flags.text("resource-version").to_owned();
    let builder = Builder { type_alone_means_all: ctx.flags.on("all"), all: false, ..ctx.builder()? };
    let (infos, mut failures) = builder.targets(ctx)?.infos(ctx);
    if !version.is_empty() && infos.len() > 1 {
        return Err(Failure::error("cannot use --resource-version with multiple resources"));
    }
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::error("no objects passed to scale"));
    }
    let timeout = ctx.flags.duration("timeout");
    let done = format!("scaled{}", dry_run.suffix());
    for info in infos {
        if dry_run != DryRun::Client {
            one(ctx, &info, wanted, current, &version, &write)?;
            ctx.send_record(&info.path(), &write)?;
            if !timeout.is_zero() && dry_run == DryRun::None {
                reached(ctx, &info, wanted, timeout).await?;
            }
        }
        let mut tree = info.object.as_ref().clone();
        let group = object::Gvk::of(&tree).group;
        if group == "apps" || group.is_empty() {
            object::set(&mut tree, &["spec", "replicas"], wanted);
        }
        if let Err(failure) = printer.print(ctx, &tree, &done) {
            failures.push(failure);
        }
    }
    Failure::all(failures)
}

/// Without preconditions a patch, with them a look and a replacement.
fn one(ctx: &mut Ctx<'_>, info: &Info, wanted: i64, current: i64, version: &str, write: &Write) -> Done {
    let path = format!("{}/scale", info.path());
    if current == -1 && version.is_empty() {
        let patch = json!({"spec": {"replicas": wanted}});
        return ctx.send(write.on(Call::patch(path, MERGE_PATCH, go::json(&patch)))).map(drop);
    }
    let mut scale: Value = ctx.get_object(path.clone())?.as_ref().clone();
    let now = int(&scale, "/spec/replicas").unwrap_or(0);
    if current != -1 && now != current {
        return Err(Failure::error(format!("Expected replicas to be {current}, was {now}")));
    }
    let known = text(&scale, "/metadata/resourceVersion");
    if !version.is_empty() && known != version {
        return Err(Failure::error(format!("Expected resource version to be {version}, was {known}")));
    }
    object::set(&mut scale, &["spec", "replicas"], wanted);
    ctx.send(write.on(Call::put(path, &scale))).map(drop)
}

async fn reached(ctx: &mut Ctx<'_>, info: &Info, wanted: i64, timeout: Duration) -> Done {
    let mut pauses = Pauses::new(ctx);
    loop {
        let scale = ctx.get_object(format!("{}/scale", info.path()))?;
        if int(&scale, "/status/replicas").unwrap_or(0) == wanted {
            return Ok(());
        }
        if pauses.lasted(ctx) >= timeout {
            return Err(Failure::error("timed out waiting for the condition"));
        }
        pauses.pause(ctx).await;
    }
}
