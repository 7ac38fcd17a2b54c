//! `kubectl apply view-last-applied`, `set-last-applied` and `edit-last-applied`.

use serde_json::{Value, json};

use super::super::client::MERGE_PATCH;
use super::super::writes::{self, LAST_APPLIED, Write};
use super::super::{Builder, Complete, Ctx, Done, DryRun, Failure, PLAIN, Printer, Run, Verb};
use crate::apimachinery::object;
use crate::apimachinery::{go, yaml};

pub(super) static VIEW: Verb = Verb {
    name: "view-last-applied",
    summary: "View the latest last-applied-configuration annotations of a resource/object",
    examples: "kubectl apply view-last-applied deployment/web",
    run: Run::Now(view),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

pub(super) static SET: Verb = Verb {
    name: "set-last-applied",
    summary: "Set the last-applied-configuration annotation on a live object to match the contents of a file",
    examples: "kubectl apply set-last-applied -f web.yaml --create-annotation",
    run: Run::Now(set),
    ..PLAIN
};

pub(super) static EDIT: Verb = Verb {
    name: "edit-last-applied",
    summary: "Edit latest last-applied-configuration annotations of a resource/object",
    examples: "kubectl apply edit-last-applied deployment/web",
    run: Run::Waits(|ctx| Box::pin(async move { ctx.not_simulated("kubectl apply edit-last-applied") })),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

fn view(ctx: &mut Ctx<'_>) -> Done {
    let output = ctx.flags.text("output").to_owned();
    if !matches!(output.as_str(), "yaml" | "json") {
        return Err(Failure::error(format!(
            "Unexpected -o output mode: {output}, the flag 'output' must be one of yaml|json\nSee '{} -h' for help and examples",
            ctx.path
        )));
    }
    let builder = Builder {
        continue_on_error: false,
        latest: true,
        type_alone_means_all: ctx.flags.on("all"),
        all: false,
        ..ctx.builder()?
    };
    let infos = builder.targets(ctx)?.all(ctx)?;
    let mut texts = Vec::new();
    for info in &infos {
        let Some(text) = writes::last_applied(&info.object) else {
            return Err(Failure::error(format!(
                "no last-applied-configuration annotation found on resource: {}",
                info.name
            )));
        };
        let tree: Value = serde_json::from_str(text).unwrap_or_else(|_| json!({}));
        texts.push(if output == "json" {
            format!("{}\n", go::json_indent(&tree, "  "))
        } else {
            yaml::to_string(&tree)
        });
    }
    for text in texts {
        ctx.out(&text);
    }
    Ok(())
}

fn set(ctx: &mut Ctx<'_>) -> Done {
    let write = Write::of(ctx)?;
    let mut printer = Printer::of(ctx)?;
    let create = ctx.flags.on("create-annotation");
    if Builder::of(ctx)?.no_files() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let builder = Builder { args: Vec::new(), continue_on_error: false, ..ctx.builder()? };
    let mut found = 0;
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        found += 1;
        let live = ctx.get_object(info.path()).map_err(|failure| failure.about_source("retrieving", &info.source))?;
        if writes::last_applied(&live).is_none() && !create {
            return Err(Failure::error(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                info.name
            )));
        }
        let text = writes::configuration(&info.object);
        let done = format!("configured{}", write.dry_run.suffix());
        if writes::last_applied(&live) == Some(text.as_str()) || write.dry_run == DryRun::Client {
            return printer.print(ctx, &live, &done);
        }
        let mut patch = json!({});
        object::map_at(&mut patch, &["metadata", "annotations"]).insert(LAST_APPLIED.into(), text.into());
        let patched = ctx.patch(&info.path(), MERGE_PATCH, &patch, &write)?;
        printer.print(ctx, &patched, &done)
    })?;
    if found == 0 { Err(Failure::error("no objects passed to set-last-applied")) } else { Ok(()) }
}
