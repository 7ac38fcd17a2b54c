//! `kubectl wait`.

mod condition;

use std::time::Duration;

use self::condition::Condition;
use super::waiting::Watcher;
use super::{Builder, Complete, Ctx, Done, Failure, Group, Info, PLAIN, Printer, Run, Verb};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, text};
use crate::cluster::Object;
use crate::sim::SimTime;

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "wait",
    group: Group::Advanced,
    summary: "Wait for a specific condition on one or many resources",
    about: "Returns when every object meets the condition, or fails when the time is over. Conditions are\ncondition=TYPE[=VALUE], jsonpath='{path}'[=VALUE], create and delete.",
    examples: "
        kubectl wait --for=condition=Ready pod/web --timeout=60s
        kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web
        kubectl wait --for=delete pod/web",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// One week: what a negative `--timeout` means.
const WEEK: Duration = Duration::from_secs(168 * 3600);

/// 500 ms: how often `--for=create` looks again.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// How long there is, and since when.
#[derive(Clone, Copy)]
struct Clock {
    started: SimTime,
    timeout: Duration,
}

impl Clock {
    fn left(self, ctx: &Ctx<'_>) -> Duration {
        self.timeout.saturating_sub(ctx.proc.world().now.since(self.started))
    }
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let mut printer = Printer::of(ctx)?;
    let conditions = conditions(&ctx.flags.list("for"))?;
    let timeout = if ctx.flags.duration_ns("timeout") < 0 { WEEK } else { ctx.flags.duration("timeout") };
    let clock = Clock { started: ctx.proc.world().now, timeout };
    let type_alone_means_all = ctx.flags.on("all");
    let mut builder = Builder { latest: true, type_alone_means_all, all: false, ..ctx.builder()? };
    if builder.local && !builder.args.is_empty() {
        // Without arguments and files, the builder says so.
        builder.args.clear();
    }
    if conditions.contains(&Condition::Created) {
        until_created(ctx, &builder, clock).await?;
    }
    let for_delete = conditions.contains(&Condition::Deleted);
    let (infos, mut failures) = builder.targets(ctx)?.infos(ctx);
    if for_delete {
        failures.retain(|failure| !failure.is_not_found());
    }
    let count = infos.len();
    for info in infos {
        for condition in &conditions {
            match one(ctx, condition, &info, clock).await {
                Ok(object) => printer.print(ctx, &object, "condition met")?,
                Err(failure) => {
                    failures.push(failure);
                    break;
                }
            }
        }
    }
    if count == 0 && failures.is_empty() && !for_delete {
        return Err(Failure::error("no matching resources found"));
    }
    Failure::all(failures)
}

fn conditions(words: &[String]) -> Result<Vec<Condition>, Failure> {
    if words.is_empty() {
        return Err(Failure::error("unrecognized condition: []"));
    }
    words.iter().map(|word| Condition::parse(word).map_err(Failure::error)).collect()
}

/// Looks until everything that is named is there.
async fn until_created(ctx: &mut Ctx<'_>, builder: &Builder, clock: Clock) -> Done {
    let from_files = !builder.no_files();
    loop {
        let (infos, failures) = builder.clone().targets(ctx)?.infos(ctx);
        match Failure::all(failures) {
            Err(failure) if failure.is_not_found() && !from_files => {}
            Err(failure) => return Err(failure),
            Ok(()) if !infos.is_empty() => return Ok(()),
            Ok(()) => {}
        }
        let left = clock.left(ctx);
        if left.is_zero() {
            return Err(Failure::error("timed out waiting for the condition"));
        }
        ctx.proc.sleep(LOOKS_EVERY.min(left)).await;
    }
}

async fn one(ctx: &mut Ctx<'_>, condition: &Condition, info: &Info, clock: Clock) -> Result<Object, Failure> {
    if info.name.is_empty() {
        return Err(Failure::error("resource name must be provided"));
    }
    match condition {
        Condition::Created => Ok(info.object.clone()),
        Condition::Deleted => deleted(ctx, info, clock).await,
        other => met(ctx, other, info, clock).await,
    }
}

fn subject(info: &Info) -> String {
    format!("{}/{}", info.mapping.as_ref().map_or("", |mapping| mapping.resource.as_str()), info.name)
}

fn timed_out(info: &Info) -> Failure {
    Failure::error(format!("timed out waiting for the condition on {}", subject(info)))
}

fn watch(ctx: &mut Ctx<'_>, info: &Info, object: &Value) -> Result<Watcher, Failure> {
    let path = info.mapping.as_ref().map(|mapping| mapping.path(&info.namespace)).unwrap_or_default();
    let fields = format!("metadata.name={}", info.name);
    Watcher::open(ctx, &path, "", &fields, text(object, "/metadata/resourceVersion"), "")
}

async fn met(ctx: &mut Ctx<'_>, condition: &Condition, info: &Info, clock: Clock) -> Result<Object, Failure> {
    let object = ctx.get_object(info.path())?;
    let holds = |tree: &Value| condition.holds(tree).map_err(Failure::error);
    if holds(&object)? {
        return Ok(object);
    }
    if clock.timeout.is_zero() {
        return Err(Failure::error(format!("condition not met for {}", subject(info))));
    }
    let mut watcher = watch(ctx, info, &object)?;
    loop {
        for event in watcher.next(ctx) {
            let Some(object) = event.get("object").filter(|_| text(&event, "/type") != "DELETED") else {
                continue;
            };
            if holds(object)? {
                return Ok(object.clone().into());
            }
        }
        let left = clock.left(ctx);
        if left.is_zero() {
            return Err(timed_out(info));
        }
        watcher.pause_within(ctx, left).await;
    }
}

async fn deleted(ctx: &mut Ctx<'_>, info: &Info, clock: Clock) -> Result<Object, Failure> {
    let object = match ctx.get_object(info.path()) {
        Err(failure) if failure.is_not_found() => return Ok(info.object.clone()),
        other => other?,
    };
    if clock.timeout.is_zero() {
        return Err(Failure::error(format!("condition not met for {}", subject(info))));
    }
    let uid = object::uid(&object).to_owned();
    let mut watcher = watch(ctx, info, &object)?;
    loop {
        for event in watcher.next(ctx) {
            let other = event.pointer("/object/metadata/uid").and_then(Value::as_str) != Some(uid.as_str());
            if text(&event, "/type") == "DELETED" || other {
                return Ok(object);
            }
        }
        let left = clock.left(ctx);
        if left.is_zero() {
            return Err(timed_out(info));
        }
        watcher.pause_within(ctx, left).await;
    }
}
