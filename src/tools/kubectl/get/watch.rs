//! `get -w`: the objects, then each change as it comes, until somebody ends it.

use super::super::flags::request_timeout;
use super::super::print::table::TablePrinter;
use super::super::waiting::Watcher;
use super::super::{Builder, Ctx, Done, Failure, Format, Printer, TabWriter};
use super::{Options, human};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};

pub(super) async fn run(ctx: &mut Ctx<'_>, options: Options) -> Done {
    let Options { printer, sort_by, ignore_not_found, builder } = options;
    if !sort_by.is_empty() {
        let which = if ctx.flags.on("watch") { "--watch" } else { "--watch-only" };
        let tail = if ctx.flags.on("watch") { " for watch events received" } else { "" };
        ctx.err(&format!("warning: {which} requested, --sort-by will be ignored{tail}\n"));
    }
    let builder = Builder { flatten: false, single_type: true, continue_on_error: false, ..builder };
    let accept = builder.accept;
    let selectors = (
        builder.label_selector.clone().unwrap_or_default(),
        builder.field_selector.clone().unwrap_or_default(),
    );
    let infos = match builder.targets(ctx)?.all(ctx) {
        Err(failure) if failure.is_not_found() && ignore_not_found => return Ok(()),
        other => other?,
    };
    let [info] = infos.as_slice() else {
        return Err(Failure::error(format!(
            "watch is only supported on individual resources and resource collections - {} resources were found",
            infos.len()
        )));
    };
    let Some(mapping) = info.mapping.clone() else { return Ok(()) };
    let wide = matches!(printer.format, Format::Human { wide: true });
    let table = TablePrinter::new(human::table_options(ctx, Some(&mapping), wide, false));
    let mut show =
        Show { printer, table, tabs: TabWriter::for_tables(), events: ctx.flags.on("output-watch-events") };
    if !ctx.flags.on("watch-only") {
        show.first(ctx, &info.object)?;
    }
    let (labels, mut fields) = selectors;
    if !info.name.is_empty() {
        fields = format!("metadata.name={}", info.name);
    }
    let revision = revision(&info.object);
    let path = mapping.path(&info.namespace);
    let mut watcher = Watcher::open(ctx, &path, &labels, &fields, &revision, accept)?;
    // The time for one request is also that of the watch, whose end is none of the command's failures.
    let within = request_timeout(ctx.flags.text("request-timeout")).filter(|it| !it.is_zero());
    let until = within.map(|it| ctx.proc.world().now + it);
    loop {
        for event in watcher.next(ctx) {
            show.event(ctx, text(&event, "/type"), event.get("object").unwrap_or(&Value::Null))?;
        }
        let now = ctx.proc.world().now;
        match until {
            None => watcher.pause(ctx).await,
            Some(until) if now >= until => return Ok(()),
            Some(until) => watcher.pause_within(ctx, until.since(now)).await,
        }
    }
}

/// From where to watch: the list's revision, or that of the one object.
fn revision(tree: &Value) -> String {
    match (text(tree, "/metadata/resourceVersion"), text(tree, "/rows/0/object/metadata/resourceVersion")) {
        ("", row) => row.to_owned(),
        (own, _) => own.to_owned(),
    }
}

struct Show {
    printer: Printer,
    table: TablePrinter,
    tabs: TabWriter,
    events: bool,
}

impl Show {
    fn first(&mut self, ctx: &mut Ctx<'_>, tree: &Value) -> Done {
        if self.printer.is_human() {
            return self.event(ctx, "ADDED", tree);
        }
        let Some(items) = tree.get("items").and_then(Value::as_array) else {
            return self.event(ctx, "ADDED", tree);
        };
        let kind = text(tree, "/kind").trim_end_matches("List");
        for item in items {
            let mut item = item.clone();
            object::set_default(&mut item, &["kind"], kind);
            object::set_default(&mut item, &["apiVersion"], text(tree, "/apiVersion"));
            self.event(ctx, "ADDED", &item)?;
        }
        Ok(())
    }

    fn event(&mut self, ctx: &mut Ctx<'_>, kind: &str, tree: &Value) -> Done {
        if self.printer.is_human() {
            let now = ctx.proc.world().now;
            let event = if self.events { kind } else { "" };
            self.table.print(tree, event, &|tree| human::age(now, tree), &mut self.tabs);
            let text = self.tabs.flush();
            ctx.out(&text);
            return Ok(());
        }
        if self.events && !matches!(self.printer.format, Format::Name) {
            return self.printer.print(ctx, &json!({"type": kind, "object": tree}), "");
        }
        self.printer.print(ctx, tree, "")
    }
}
