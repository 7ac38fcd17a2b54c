//! Tables: one for each type, with an empty line between.

use super::super::builder::Info;
use super::super::print::table::{TableOptions, TablePrinter};
use super::super::{Ctx, Done, Failure, Format, Mapping, TabWriter};
use super::{Options, sort};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::text;
use crate::sim::{SimTime, short_human_duration};

pub(super) fn run(ctx: &mut Ctx<'_>, options: Options) -> Done {
    let Options { printer, sort_by, ignore_not_found, builder } = options;
    let Format::Human { wide } = printer.format else { return Ok(()) };
    let all_namespaces = builder.all_namespaces;
    let namespace = builder.namespace_name();
    let from_files = !builder.no_files();
    let targets = builder.targets(ctx)?;
    let (mut infos, failures) = targets.infos(ctx);
    let mut failures: Vec<Failure> = match from_files {
        true => failures.into_iter().map(alone).collect(),
        false => failures,
    };
    if ignore_not_found {
        failures.retain(|failure| !failure.is_not_found());
    }
    if !sort_by.is_empty() {
        sort::infos(&mut infos, &sort_by)
            .map_err(|error| super::unsorted(ctx, &sort_by, "[][][]reflect.Value", 375, error))?;
    }
    let with_kind = several_types(&infos);
    let text = tables(ctx, &infos, wide, all_namespaces, with_kind);
    ctx.out(&text);
    if text.is_empty() && !ignore_not_found && failures.is_empty() {
        let namespaced =
            infos.iter().all(|info| info.mapping.as_ref().is_some_and(|mapping| mapping.namespaced));
        if namespaced && !all_namespaces {
            ctx.err(&format!("No resources found in {namespace} namespace.\n"));
        } else {
            ctx.err("No resources found\n");
        }
    }
    Failure::all(failures)
}

/// What is wrong with a file comes as a list of one, whose sentence kubectl prints as it is.
fn alone(failure: Failure) -> Failure {
    match failure {
        Failure::Error(sentence) => Failure::Plain(sentence),
        other => other,
    }
}

fn several_types(infos: &[Info]) -> bool {
    let mut types = infos.iter().map(|info| info.mapping.as_ref());
    types.next().is_some_and(|first| types.any(|other| other != first))
}

/// What the flags say about tables of a type.
pub(super) fn table_options(
    ctx: &Ctx<'_>,
    mapping: Option<&Mapping>,
    wide: bool,
    with_kind: bool,
) -> TableOptions {
    let namespaced = mapping.is_none_or(|mapping| mapping.namespaced);
    TableOptions {
        no_headers: ctx.flags.on("no-headers"),
        wide,
        with_namespace: ctx.flags.on("all-namespaces") && namespaced,
        kind_prefix: match mapping {
            Some(mapping) if with_kind || ctx.flags.on("show-kind") => mapping.lower_kind(),
            _ => String::new(),
        },
        label_columns: ctx.flags.list("label-columns"),
        show_labels: ctx.flags.on("show-labels"),
    }
}

fn tables(ctx: &mut Ctx<'_>, infos: &[Info], wide: bool, all_namespaces: bool, with_kind: bool) -> String {
    let no_headers = ctx.flags.on("no-headers");
    let now = ctx.proc.world().now;
    let age = |tree: &Value| age(now, tree);
    let mut out = String::new();
    let mut tabs = TabWriter::for_tables();
    let mut printer: Option<TablePrinter> = None;
    let mut last: Option<&Mapping> = None;
    let mut separate = false;
    let mut flush = |tabs: &mut TabWriter, separate: &mut bool| {
        let block = tabs.flush();
        if !block.is_empty() {
            if *separate {
                out.push('\n');
                *separate = false;
            }
            out.push_str(&block);
        }
        !out.is_empty()
    };
    for info in infos {
        let mapping = info.mapping.as_ref();
        let same = matches!((mapping, last), (Some(one), Some(other)) if one.same_type(other) && one.version == other.version);
        if printer.is_none() || !same {
            let written = flush(&mut tabs, &mut separate);
            tabs.forget();
            separate |= last.is_some() && !no_headers && written;
            let mut options = table_options(ctx, mapping, wide, with_kind);
            options.with_namespace &= all_namespaces;
            printer = Some(TablePrinter::new(options));
            last = mapping;
        }
        if let Some(printer) = &mut printer {
            printer.print(&info.object, "", &age, &mut tabs);
        }
    }
    flush(&mut tabs, &mut separate);
    out
}

/// The AGE of an object that the server made no table of.
pub(super) fn age(now: SimTime, tree: &Value) -> String {
    match SimTime::parse_rfc3339(text(tree, "/metadata/creationTimestamp")) {
        Some(created) => short_human_duration(now.since(created)),
        None => "<unknown>".into(),
    }
}
