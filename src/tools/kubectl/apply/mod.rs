//! `kubectl apply`.

pub(super) mod client_side;
pub(super) mod last;
pub(super) mod prune;
mod server_side;
mod sets;

use std::sync::Arc;

use super::delete;
use super::writes::Write;
use super::{Builder, Complete, Ctx, Done, DryRun, Failure, Format, Group, Info, PLAIN, Printer, Run, Verb};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "apply",
    group: Group::Advanced,
    summary: "Apply a configuration to a resource by file name or stdin",
    about: "Creates what is not there and changes what is, so that it agrees with the files. What was applied last is\nkept in an annotation; fields that a file no longer has are taken away.",
    examples: "
        kubectl apply -f web.yaml
        kubectl apply -k overlays/prod
        kubectl apply --server-side -f web.yaml",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    children: &[&last::EDIT, &last::SET, &last::VIEW],
    complete: Complete::Nothing,
    ..PLAIN
};

/// What the flags ask for.
struct Options {
    write: Write,
    printer: Printer,
    server_side: bool,
    delete: delete::Options,
    force: bool,
}

/// What has been applied so far.
#[derive(Default)]
struct Applied {
    objects: Vec<Value>,
    uids: Vec<String>,
    namespaces: Vec<String>,
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(ctx.usage(&format!("Unexpected args: [{}]", ctx.args.join(" "))));
    }
    let mut options = options(ctx)?;
    let set = sets::of_flag(ctx)?;
    let prune = prune::of_flags(ctx)?;
    check(ctx, &options)?;
    if let Some(set) = &set {
        set.check(ctx)?;
    }
    check_prune(ctx, set.is_some(), options.server_side)?;
    let namespace = ctx.namespace()?;
    let builder =
        Builder { validate: options.write.validation, args: Vec::new(), all: false, ..ctx.builder()? };
    let (mut infos, mut failures) = builder.targets(ctx)?.infos(ctx);
    if infos.is_empty() && failures.is_empty() {
        return Err(Failure::error("no objects passed to apply"));
    }
    if failures.len() > 1 && !infos.is_empty() {
        // What could not be read is one failure beside those of the objects.
        failures = vec![Failure::error(Failure::Many(failures).sentence())];
    }
    let mut applied = Applied::default();
    if namespace.explicit {
        applied.namespaces.push(namespace.name.clone());
    }
    let mut set = set;
    if let Some(set) = &mut set {
        set.label(&mut infos)?;
        set.before(ctx, &infos, &options.write)?;
    }
    for info in infos {
        if let Err(failure) = one(ctx, &mut options, &mut applied, info).await {
            failures.push(failure);
        }
    }
    Failure::all(failures)?;
    ctx.trace_applied();
    print_all(ctx, &mut options, &applied)?;
    match (set, prune) {
        (Some(set), _) => set.prune(ctx, &mut options, &applied),
        (None, Some(prune)) => prune.run(ctx, &mut options, &applied),
        _ => Ok(()),
    }
}

fn options(ctx: &mut Ctx<'_>) -> Result<Options, Failure> {
    let mut write = Write::of(ctx)?;
    let server_side = ctx.flags.on("server-side");
    if server_side && !ctx.flags.given("field-manager") {
        write.manager = "kubectl".into();
    }
    let builder = Builder::of(ctx)?;
    if builder.no_files() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    let mut grace = ctx.flags.int("grace-period");
    let force = ctx.flags.on("force");
    if force && grace < 0 {
        grace = 0;
    }
    let delete = delete::Options {
        grace,
        cascade: delete::cascade(ctx)?,
        dry_run: write.dry_run,
        ignore_not_found: true,
        name_only: false,
        quiet: true,
        warn_cluster_scope: false,
    };
    Ok(Options { write, printer: Printer::of(ctx)?, server_side, delete, force })
}

fn check(ctx: &Ctx<'_>, options: &Options) -> Done {
    let flags = &ctx.flags;
    let wrong = if flags.on("force-conflicts") && !options.server_side {
        "--force-conflicts only works with --server-side"
    } else if options.write.dry_run == DryRun::Client && options.server_side {
        "--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)"
    } else if options.server_side && options.force {
        "--force cannot be used with --server-side"
    } else if options.write.dry_run == DryRun::Server && options.force {
        "--dry-run=server cannot be used with --force"
    } else if flags.on("all") && !flags.text("selector").is_empty() {
        "cannot set --all and --selector at the same time"
    } else if !flags.text("applyset").is_empty() && !flags.on("prune") {
        "--applyset requires --prune"
    } else if !flags.text("subresource").is_empty() && !options.server_side {
        "--subresource can only be specified for --server-side"
    } else {
        return Ok(());
    };
    Err(Failure::error(wrong))
}

fn check_prune(ctx: &Ctx<'_>, has_set: bool, server_side: bool) -> Done {
    let flags = &ctx.flags;
    if !flags.on("prune") {
        return Ok(());
    }
    let selector = !flags.text("selector").is_empty();
    let wrong = if flags.on("force") {
        "--force cannot be used with --prune"
    } else if has_set && flags.on("all") {
        "--all is incompatible with --applyset"
    } else if has_set && selector {
        "--selector is incompatible with --applyset"
    } else if has_set && flags.given("prune-allowlist") {
        "--prune-allowlist is incompatible with --applyset"
    } else if !has_set && !flags.on("all") && !selector {
        "all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector"
    } else if !has_set && server_side {
        "--prune is in alpha and doesn't currently work on objects created by server-side apply"
    } else {
        return Ok(());
    };
    Err(Failure::error(wrong))
}

async fn one(ctx: &mut Ctx<'_>, options: &mut Options, applied: &mut Applied, mut info: Info) -> Done {
    ctx.record(Arc::make_mut(&mut info.object));
    let namespaced = info.mapping.as_ref().is_some_and(|mapping| mapping.namespaced);
    if namespaced && !applied.namespaces.contains(&info.namespace) {
        applied.namespaces.push(info.namespace.clone());
    }
    let generated = text(&info.object, "/metadata/generateName");
    if info.name.is_empty() && !generated.is_empty() {
        return Err(Failure::error(format!("from {generated}: cannot use generate name with apply")));
    }
    if options.server_side {
        return server_side::apply(ctx, options, applied, info);
    }
    client_side::apply(ctx, options, applied, info).await
}

impl Options {
    /// Prints what happened to an object, or keeps it until all are applied.
    fn done(&mut self, ctx: &mut Ctx<'_>, applied: &mut Applied, info: &Info, what: &str) -> Done {
        applied.uids.push(object::uid(&info.object).to_owned());
        applied.objects.push(info.object.as_ref().clone());
        if !matches!(self.printer.format, Format::Human { .. } | Format::Name) {
            return Ok(());
        }
        let what = format!("{what}{}", self.write.dry_run.suffix());
        self.printer.print(ctx, &info.object, &what)
    }
}

/// With `-o`, all objects once they are applied: one as itself, several as a List.
fn print_all(ctx: &mut Ctx<'_>, options: &mut Options, applied: &Applied) -> Done {
    if matches!(options.printer.format, Format::Human { .. } | Format::Name) {
        return Ok(());
    }
    match applied.objects.as_slice() {
        [] => Ok(()),
        [one] => options.printer.print(ctx, one, ""),
        many => {
            let list = json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": many});
            options.printer.print(ctx, &list, "")
        }
    }
}

/// A change to what is going away is told.
fn warn_if_deleting(ctx: &Ctx<'_>, tree: &Value) {
    if !text(tree, "/metadata/deletionTimestamp").is_empty() {
        let name = object::name(tree);
        ctx.err(&format!("Warning: Detected changes to resource {name} which is currently being deleted.\n"));
    }
}
