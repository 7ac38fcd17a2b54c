//! `kubectl patch`.

use super::client::{Call, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH};
use super::writes::Write;
use super::{Builder, Complete, Ctx, Done, DryRun, Failure, Group, PLAIN, Printer, Run, Verb, diffs};
use crate::apimachinery::json::Value;
use crate::apimachinery::{go, yaml};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "patch",
    group: Group::Advanced,
    summary: "Update fields of a resource",
    about: "Changes only the fields that the patch names. A strategic patch merges lists by their keys, a merge\npatch replaces lists, a json patch is a list of operations.",
    examples: "
        kubectl patch deployment web -p '{\"spec\":{\"replicas\":3}}'
        kubectl patch pod web --type=json -p='[{\"op\":\"replace\",\"path\":\"/spec/containers/0/image\",\"value\":\"nginx:1.27\"}]'",
    run: Run::Now(run),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

fn run(ctx: &mut Ctx<'_>) -> Done {
    let write = Write::of(ctx)?;
    let mut printer = Printer::of(ctx)?;
    let kind = check(ctx, &write)?;
    let (text, patch) = read_patch(ctx)?;
    let subresource = ctx.flags.text("subresource").to_owned();
    let local = ctx.flags.on("local");
    let mut count = 0;
    let builder = Builder { subresource: subresource.clone(), ..ctx.builder()? };
    builder.targets(ctx)?.visit(ctx, &mut |ctx, info| {
        count += 1;
        let patched = if local || write.dry_run == DryRun::Client {
            diffs::apply(kind, &info.object, &patch)?.into()
        } else {
            let mut path = info.path();
            if !subresource.is_empty() {
                path = format!("{path}/{subresource}");
            }
            let call = write.on(Call::patch(path, kind, text.clone()));
            ctx.object(call).map_err(|failure| match (failure.reason(), &info.mapping) {
                ("UnsupportedMediaType", Some(mapping)) => Failure::error(format!(
                    "{kind} is not supported by {}: {}",
                    mapping.kind_text(),
                    failure.sentence()
                )),
                _ => failure,
            })?
        };
        if !local && write.dry_run != DryRun::Client {
            ctx.send_record(&info.path(), &write)?;
        }
        let changed = if *patched == *info.object { "patched (no change)" } else { "patched" };
        // Unlike other verbs this one forgets to say that it was a dry run.
        printer.print(ctx, &patched, changed)
    })?;
    if count == 0 { Err(Failure::error("no objects passed to patch")) } else { Ok(()) }
}

/// The content type that `--type` names.
fn check(ctx: &Ctx<'_>, write: &Write) -> Result<&'static str, Failure> {
    let flags = &ctx.flags;
    let (patch, file) = (flags.text("patch"), flags.text("patch-file"));
    let wrong = if !patch.is_empty() && !file.is_empty() {
        "cannot specify --patch and --patch-file together".to_owned()
    } else if patch.is_empty() && file.is_empty() {
        "must specify --patch or --patch-file containing the contents of the patch".to_owned()
    } else if flags.on("local") && !ctx.args.is_empty() {
        "cannot specify --local and server resources".to_owned()
    } else if flags.on("local") && write.dry_run == DryRun::Server {
        "cannot specify --local and --dry-run=server - did you mean --dry-run=client?".to_owned()
    } else {
        match flags.text("type").to_lowercase().as_str() {
            "json" => return Ok(JSON_PATCH),
            "merge" => return Ok(MERGE_PATCH),
            "strategic" | "" => return Ok(STRATEGIC_PATCH),
            _ => format!("--type must be one of [json merge strategic], not {:?}", flags.text("type")),
        }
    };
    Err(Failure::error(wrong))
}

/// The patch as it is sent, and as it is understood here. What starts like JSON is sent as it was given, so that
/// the server tells what is wrong with it.
fn read_patch(ctx: &mut Ctx<'_>) -> Result<(String, Value), Failure> {
    let file = ctx.flags.text("patch-file").to_owned();
    let given = ctx.flags.text("patch").to_owned();
    let text = if file.is_empty() {
        given.clone()
    } else {
        match ctx.proc.read_file(&file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => {
                let why = super::failure::go_error(error);
                return Err(Failure::error(format!("unable to read patch file: open {file}: {why}")));
            }
        }
    };
    if text.trim_start().starts_with('{') {
        let patch = serde_json::from_str(&text).unwrap_or(Value::Null);
        return Ok((text, patch));
    }
    let documents = yaml::documents(&text).map_err(|why| {
        let why = why.trim_start_matches("error converting YAML to JSON: ");
        Failure::error(format!("unable to parse {}: {why}", go::quote(&given)))
    })?;
    let patch = documents.into_iter().next().unwrap_or(Value::Null);
    Ok((go::json(&patch), patch))
}
