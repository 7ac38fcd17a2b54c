//! `kubectl apply view-last-applied`, `set-last-applied` and `edit-last-applied`.

use super::super::client::MERGE_PATCH;
use super::super::writes::{self, LAST_APPLIED, Write};
use super::super::{Builder, Complete, Ctx, Done, DryRun, Failure, Info, PLAIN, Printer, Run, Verb, edit};
use crate::apimachinery::json::{Value, json};
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
    run: Run::Waits(|ctx| Box::pin(edit::last_applied(ctx))),
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
            // As the real one, only what a file names is told to have none.
            if info.source.is_empty() {
                continue;
            }
            return Err(Failure::error(format!(
                "error when no last-applied-configuration annotation found on resource: {}\n {:?}: %!v(<nil>)",
                info.name, info.source
            )));
        };
        let tree: Value = serde_json::from_str(text).unwrap_or_else(|_| json!({}));
        texts.push(if output == "json" { go::indent(text, "  ") } else { yaml::to_string(&tree) });
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
    let builder = Builder { args: Vec::new(), continue_on_error: false, ..ctx.builder()? };
    let mut changes = Vec::new();
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        let live = ctx.get_object(info.path()).map_err(|failure| retrieving(&info, failure))?;
        let known = writes::last_applied(&live);
        if known.is_none() && !create {
            return Err(Failure::error(format!(
                "no last-applied-configuration annotation found on resource: {}, to create the annotation, run the command with --create-annotation",
                info.name
            )));
        }
        let text = format!("{}\n", go::json(&info.object));
        if known.and_then(|known| serde_json::from_str::<Value>(known).ok()).as_ref() == Some(info.object.as_ref()) {
            ctx.out(&format!("set-last-applied {}: no changes required.\n", info.name));
        } else {
            changes.push((info, live, text));
        }
        Ok(())
    })?;
    let done = format!("configured{}", write.dry_run.suffix());
    for (info, live, text) in changes {
        if write.dry_run == DryRun::Client {
            printer.print(ctx, &live, &done)?;
            continue;
        }
        let patched = ctx.patch(&info.path(), MERGE_PATCH, &annotation_patch(&text), &write)?;
        printer.print(ctx, &patched, &done)?;
    }
    Ok(())
}

/// What is not there is told as the server does; other failures name the file.
fn retrieving(info: &Info, failure: Failure) -> Failure {
    if failure.is_not_found() {
        return failure;
    }
    let words = format!(
        "retrieving current configuration of:\n{}\nfrom server for:",
        super::client_side::described(info)
    );
    failure.about_source(&words, &info.source)
}

/// The merge patch that sets the annotation.
pub(in super::super) fn annotation_patch(text: &str) -> Value {
    let mut patch = json!({});
    object::map_at(&mut patch, &["metadata", "annotations"]).insert(LAST_APPLIED.into(), text.into());
    patch
}
