//! `kubectl replace`.

use std::time::Duration;

use super::delete;
use super::writes::{self, Write};
use super::{Builder, Complete, Ctx, Done, DryRun, Failure, Group, PLAIN, Printer, Run, Verb};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "replace",
    group: Group::Advanced,
    summary: "Replace a resource by file name or stdin",
    about: "Puts the whole object in the place of the old one. With --force the old one is deleted first.",
    examples: "
        kubectl replace -f web.yaml
        kubectl replace --force -f web.yaml",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::Nothing,
    ..PLAIN
};

/// 5 min: how long the old object is given to go when no `--timeout` says otherwise.
const GONE_WITHIN: Duration = Duration::from_secs(300);

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let write = Write::of(ctx)?;
    let mut printer = Printer::of(ctx)?;
    if Builder::of(ctx)?.no_files() {
        return Err(Failure::error("must specify one of -f and -k"));
    }
    check(ctx, &write)?;
    let subresource = ctx.flags.text("subresource").to_owned();
    let builder = Builder {
        validate: write.validation,
        args: Vec::new(),
        subresource: String::new(),
        ..ctx.builder()?
    };
    if !ctx.flags.text("raw").is_empty() {
        return super::raw::send(ctx, "PUT");
    }
    if ctx.flags.on("force") {
        return force(ctx, builder, &write, printer).await;
    }
    let save = ctx.flags.on("save-config");
    let done = format!("replaced{}", write.dry_run.suffix());
    builder.targets(ctx)?.visit(ctx, &mut |ctx, mut info| {
        writes::update_applied(std::sync::Arc::make_mut(&mut info.object), save);
        if write.dry_run == DryRun::Client {
            return printer.print(ctx, &info.object, &done);
        }
        let mut path = info.path();
        if !subresource.is_empty() {
            path = format!("{path}/{subresource}");
        }
        let made = ctx.replace(&path, &info.object, &write);
        let made = made.map_err(|failure| failure.about_source("replacing", &info.source))?;
        printer.print(ctx, &made, &done)
    })
}

fn check(ctx: &Ctx<'_>, write: &Write) -> Done {
    let flags = &ctx.flags;
    let force = flags.on("force");
    let wrong = if flags.int("grace-period") >= 0 && !force {
        "--grace-period must have --force specified"
    } else if !flags.duration("timeout").is_zero() && !force {
        "--timeout must have --force specified"
    } else if force && write.dry_run != DryRun::None {
        "--dry-run can not be used when --force is set"
    } else {
        return Ok(());
    };
    Err(Failure::error(wrong))
}

/// Away with the old, then the new.
async fn force(ctx: &mut Ctx<'_>, builder: Builder, write: &Write, mut printer: Printer) -> Done {
    // Nought seconds would leave the old object's end to chance; the real one asks for one.
    let grace = match ctx.flags.int("grace-period") {
        0 => 1,
        given => given,
    };
    let options = delete::Options {
        grace,
        cascade: delete::cascade(ctx)?,
        dry_run: DryRun::None,
        ignore_not_found: true,
        name_only: ctx.flags.text("output") == "name",
        quiet: false,
        warn_cluster_scope: false,
    };
    let infos = builder.targets(ctx)?.all(ctx)?;
    let mut gone = Vec::new();
    for info in &infos {
        match delete::one(ctx, info, &options) {
            Ok(uid) => gone.push((info.clone(), uid)),
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => return Err(failure),
        }
    }
    let timeout = ctx.flags.duration("timeout");
    delete::wait_gone(ctx, &gone, if timeout.is_zero() { GONE_WITHIN } else { timeout }).await?;
    let save = ctx.flags.on("save-config");
    let mut count = 0;
    for mut info in infos {
        writes::update_applied(std::sync::Arc::make_mut(&mut info.object), save);
        let Some(mapping) = info.mapping.clone() else { continue };
        let made = ctx.create(&mapping, &info.namespace, &info.object, write)?;
        count += 1;
        printer.print(ctx, &made, "replaced")?;
    }
    if count == 0 { Err(Failure::error("no objects passed to replace")) } else { Ok(()) }
}
