//! `kubectl get`.

mod generic;
mod human;
pub(crate) mod sort;
mod watch;

use super::print::template::relaxed;
use super::{Builder, Complete, Ctx, Done, Failure, Format, Group, PLAIN, Printer, Run, Verb};

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "get",
    group: Group::Intermediate,
    summary: "Display one or many resources",
    about: "Prints a table of what matters about the objects; -o chooses other forms. Without a name all objects\nof the type in the namespace are shown.",
    examples: "
        # All pods of the namespace, with addresses and nodes
        kubectl get pods -o wide
        # One deployment as YAML
        kubectl get deployment web -o yaml
        # Pods of every namespace with a label, oldest first
        kubectl get pods -A -l app=web --sort-by=.metadata.creationTimestamp
        # One field of one object
        kubectl get pod web -o jsonpath='{.status.podIP}'",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    complete: Complete::TypeThenNames,
    ..PLAIN
};

/// What the flags of `get` ask for, beyond the choice of objects.
pub(super) struct Options {
    pub(super) printer: Printer,
    /// A path in braces; empty for none.
    pub(super) sort_by: String,
    pub(super) ignore_not_found: bool,
    pub(super) builder: Builder,
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.flags.text("raw").is_empty() {
        return raw(ctx);
    }
    let (watch, watch_only) = (ctx.flags.on("watch"), ctx.flags.on("watch-only"));
    let files = !ctx.flags.list("filename").is_empty() || !ctx.flags.text("kustomize").is_empty();
    if ctx.args.is_empty() && !files && !watch && !watch_only {
        ctx.err("You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of supported resources.\n\n");
        return Err(ctx.usage(
            "Required resource not specified.\nUse \"kubectl explain <resource>\" for a detailed description of that resource (e.g. kubectl explain pods).",
        ));
    }
    check(ctx)?;
    let options = options(ctx)?;
    if watch || watch_only {
        return watch::run(ctx, options).await;
    }
    if options.printer.is_human() { human::run(ctx, options) } else { generic::run(ctx, options) }
}

/// Flags that do not go together.
fn check(ctx: &Ctx<'_>) -> Done {
    let output = ctx.flags.text("output");
    if ctx.flags.on("show-labels") && !matches!(output, "" | "wide") {
        return Err(Failure::error(format!("--show-labels option cannot be used with {output} printer")));
    }
    if !ctx.flags.list("label-columns").is_empty() && output.starts_with("custom-columns") {
        return Err(Failure::error(format!("--label-columns option cannot be used with {output} printer")));
    }
    if ctx.flags.on("output-watch-events") && !ctx.flags.on("watch") && !ctx.flags.on("watch-only") {
        return Err(Failure::error(
            "--output-watch-events option can only be used with --watch or --watch-only",
        ));
    }
    Ok(())
}

fn options(ctx: &mut Ctx<'_>) -> Result<Options, Failure> {
    let printer = Printer::of(ctx)?;
    let mut builder = Builder {
        args: ctx.args.clone(),
        type_alone_means_all: true,
        continue_on_error: true,
        latest: true,
        ..Builder::of(ctx)?
    };
    if builder.all_namespaces
        && let Some(namespace) = &mut builder.namespace
    {
        namespace.explicit = false;
    }
    let sort_by = ctx.flags.text("sort-by").to_owned();
    let path = relaxed(&sort_by).unwrap_or_else(|_| sort_by.clone());
    let human = matches!(printer.format, Format::Human { .. });
    if human && ctx.flags.on("server-print") {
        builder.accept = super::client::AS_TABLE;
        if !sort_by.is_empty() {
            builder.query.push(("includeObject".into(), "Object".into()));
        }
    }
    if !sort_by.is_empty() {
        builder.chunk = 0;
    }
    let ignore_not_found = ctx.flags.on("ignore-not-found");
    Ok(Options { printer, sort_by: path, ignore_not_found, builder })
}

/// What cannot be sorted ends the program in a line of its log; `line` is where in `sorter.go`.
fn unsorted(ctx: &mut Ctx<'_>, path: &str, items: &str, line: u32, error: sort::SortError) -> Failure {
    match error {
        sort::SortError::Sentence(sentence) => Failure::error(sentence),
        sort::SortError::Unsortable(kind) => {
            let words = format!(
                "Field {path} in {items} is an unsortable type: interface, err: unsortable type: {kind}"
            );
            ctx.klog('F', &format!("sorter.go:{line}"), &words);
            Failure::Exit(1)
        }
    }
}

/// `--raw`: a path, and the bare answer.
fn raw(ctx: &mut Ctx<'_>) -> Done {
    if !ctx.args.is_empty() {
        return Err(Failure::error("arguments may not be passed when --raw is specified"));
    }
    if ctx.flags.on("watch") || ctx.flags.on("watch-only") || !ctx.flags.text("selector").is_empty() {
        return Err(Failure::error(
            "--raw may not be specified with other flags that filter the server request or alter the output",
        ));
    }
    if !ctx.flags.text("output").is_empty() {
        return Err(Failure::error("--raw and --output are mutually exclusive"));
    }
    let uri = super::raw::uri(ctx)?;
    let text = ctx.text_of(super::raw::call(&uri)).map_err(super::raw::bare)?;
    ctx.out(&text);
    if !text.is_empty() && !text.ends_with('\n') && text.starts_with('{') {
        ctx.out("\n");
    }
    Ok(())
}
