//! `kubectl set selector`.

use super::super::client::STRATEGIC_PATCH;
use super::super::create::cluster::selector_object;
use super::super::writes::Write;
use super::super::{Builder, Complete, Ctx, Done, DryRun, Failure, PLAIN, Printer, Run, Verb, diffs};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, field, list, text};
use crate::apimachinery::selector::LabelSelector;

pub(super) static VERB: Verb = Verb {
    name: "selector",
    summary: "Set the selector on a resource",
    examples: "kubectl set selector service web app=web,tier=front",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

fn run(ctx: &mut Ctx<'_>) -> Done {
    let mut resources = ctx.args.clone();
    let Some(selector) = resources.pop() else { return Err(Failure::error("one selector is required")) };
    let write = Write::of(ctx)?;
    let mut printer = Printer::of(ctx)?;
    if let Err(why) = LabelSelector::parse(&selector) {
        return Err(Failure::error(format!("couldn't parse the selector string {selector:?}: {why}")));
    }
    let selector = selector_object(&selector)?;
    let local = ctx.flags.on("local");
    let version = ctx.flags.text("resource-version").to_owned();
    let builder = Builder {
        args: resources,
        type_alone_means_all: ctx.flags.on("all"),
        all: false,
        latest: !local,
        recursive: false,
        ..ctx.builder()?
    };
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        let mut before = info.object.as_ref().clone();
        if !version.is_empty() {
            object::remove(&mut before, &["metadata", "resourceVersion"]);
        }
        let mut tree = before.clone();
        if !version.is_empty() {
            object::set(&mut tree, &["metadata", "resourceVersion"], version.as_str());
        }
        set(&mut tree, &selector)?;
        ctx.record(&mut tree);
        let done = format!("selector updated{}", write.dry_run.suffix());
        if local || write.dry_run == DryRun::Client {
            return printer.print(ctx, &tree, &done);
        }
        let (_, patch) = diffs::two_way(&before, &tree)?;
        let patched = ctx.patch(&info.path(), STRATEGIC_PATCH, &patch, &write)?;
        printer.print(ctx, &patched, &done)
    })
}

fn set(tree: &mut Value, selector: &Value) -> Done {
    if text(tree, "/kind") != "Service" {
        return Err(Failure::error("setting a selector is only supported for Services"));
    }
    let expressions = list(selector, "/matchExpressions");
    if !expressions.is_empty() {
        let shown: Vec<String> = expressions.iter().map(shown).collect();
        return Err(Failure::error(format!(
            "match expression [{}] not supported on this object",
            shown.join(" ")
        )));
    }
    let labels = selector.get("matchLabels").cloned().unwrap_or_else(|| json!({}));
    object::set(tree, &["spec", "selector"], labels);
    Ok(())
}

/// Go's `%v` of a requirement: `{app In [a b]}`.
fn shown(expression: &Value) -> String {
    let values: Vec<&str> = list(expression, "/values").iter().filter_map(Value::as_str).collect();
    format!("{{{} {} [{}]}}", field(expression, "key"), field(expression, "operator"), values.join(" "))
}
