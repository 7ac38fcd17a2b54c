//! `kubectl events`.

use super::describe::interval;
use super::print::{Format, Printer, TabWriter};
use super::verb::{Group, PLAIN, Run, Verb};
use super::waiting::Watcher;
use super::{Call, Ctx, Done, Failure};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{field, list, namespace, text};
use crate::sim::SimTime;

/// `kubectl events`.
pub(crate) static EVENTS: Verb = Verb {
    name: "events",
    group: Group::Troubleshooting,
    summary: "List events",
    about: "Prints events in the order that they happened, oldest first.",
    examples: "
        # What happened to a pod
        kubectl events --for pod/web
        # Only what went wrong, and what goes wrong from now on
        kubectl events --types=Warning --watch",
    run: Run::Waits(|ctx| Box::pin(run(ctx))),
    ..PLAIN
};

/// The printed forms of the command.
struct Output {
    printer: Printer,
    tabs: TabWriter,
    headers: bool,
    everywhere: bool,
}

async fn run(ctx: &mut Ctx<'_>) -> Done {
    let everywhere = ctx.flags.on("all-namespaces");
    let current = ctx.namespace()?.name;
    let fields = about(ctx)?;
    let types = ctx.flags.list("types");
    if types.iter().any(|one| !["normal", "warning"].contains(&one.to_lowercase().as_str())) {
        return Err(Failure::error("valid --types are Normal or Warning"));
    }
    let mut output = Output {
        printer: Printer::of(ctx)?,
        tabs: TabWriter::for_tables(),
        headers: !ctx.flags.on("no-headers"),
        everywhere,
    };
    let path =
        if everywhere { "/api/v1/events".to_owned() } else { format!("/api/v1/namespaces/{current}/events") };
    let wanted = |event: &Value| {
        types.is_empty() || types.iter().any(|one| one.eq_ignore_ascii_case(field(event, "type")))
    };
    if ctx.flags.on("watch") {
        return watch(ctx, &mut output, &path, &fields, &wanted).await;
    }
    let mut events: Vec<Value> =
        all_of(ctx, &path, &fields)?.into_iter().filter(|event| wanted(event)).collect();
    if events.is_empty() {
        let inside = if everywhere { String::new() } else { format!(" in {current} namespace") };
        ctx.err(&format!("No events found{inside}.\n"));
        return Ok(());
    }
    events.sort_by_key(happened);
    for event in &mut events {
        event["apiVersion"] = "v1".into();
        event["kind"] = "Event".into();
    }
    if output.printer.is_human() {
        return output.table(ctx, &events);
    }
    if matches!(output.printer.format, Format::Name) {
        // The real one has no names for a list that it put together itself.
        return Ok(());
    }
    let all = json!({"apiVersion": "v1", "kind": "EventList", "metadata": {}, "items": events});
    output.printer.typed = true;
    output.printer.print(ctx, &all, "")
}

/// The events of a path, in portions of `--chunk-size`.
fn all_of(ctx: &mut Ctx<'_>, path: &str, fields: &str) -> Result<Vec<Value>, Failure> {
    let limit = match ctx.flags.int("chunk-size") {
        0 => String::new(),
        size => size.to_string(),
    };
    let (mut all, mut from) = (Vec::new(), String::new());
    loop {
        let call = Call::get(path).query("fieldSelector", fields).query("limit", limit.as_str());
        let listed = ctx.object(call.query("continue", from))?;
        all.extend(list(&listed, "/items").iter().cloned());
        from = text(&listed, "/metadata/continue").to_owned();
        if from.is_empty() {
            return Ok(all);
        }
    }
}

/// The field selector of `--for`; empty without it.
fn about(ctx: &mut Ctx<'_>) -> Result<String, Failure> {
    let object = ctx.flags.text("for").to_owned();
    if object.is_empty() {
        return Ok(String::new());
    }
    let parts: Vec<&str> = object.split('/').collect();
    let (word, name) = match parts.as_slice() {
        [word, name] => (*word, *name),
        [_] => return Err(Failure::error("--for must be in resource/name form")),
        _ => return Err(Failure::error("arguments in resource/name form may not have more than one slash")),
    };
    let mapping = ctx.resource_alone(&word.to_lowercase())?;
    let (kind, version) = (&mapping.kind, mapping.api_version());
    Ok(format!("involvedObject.kind={kind},involvedObject.apiVersion={version},involvedObject.name={name}"))
}

/// When an event was last seen.
fn happened(event: &Value) -> Option<SimTime> {
    let times =
        [text(event, "/series/lastObservedTime"), field(event, "lastTimestamp"), field(event, "eventTime")];
    times.into_iter().find_map(SimTime::parse_rfc3339)
}

impl Output {
    fn table(&mut self, ctx: &Ctx<'_>, events: &[Value]) -> Done {
        if std::mem::take(&mut self.headers) {
            let first = if self.everywhere { "NAMESPACE\t" } else { "" };
            self.tabs.push(&format!("{first}LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n"));
        }
        let now = ctx.proc.world().now;
        for event in events {
            let first = if self.everywhere { format!("{}\t", namespace(event)) } else { String::new() };
            let (kind, reason) = (field(event, "type"), field(event, "reason"));
            let object =
                format!("{}/{}", text(event, "/involvedObject/kind"), text(event, "/involvedObject/name"));
            let age = interval(event, now);
            self.tabs.push(&format!(
                "{first}{age}\t{kind}\t{reason}\t{object}\t{}\n",
                field(event, "message").trim()
            ));
        }
        ctx.out(&self.tabs.flush());
        Ok(())
    }
}

async fn watch(
    ctx: &mut Ctx<'_>,
    output: &mut Output,
    path: &str,
    fields: &str,
    wanted: &(dyn Fn(&Value) -> bool + Send + Sync),
) -> Done {
    let mut watcher = Watcher::open(ctx, path, "", fields, "", "")?;
    loop {
        for change in watcher.next(ctx) {
            let Some(event) = change.get("object").filter(|_| field(&change, "type") != "DELETED") else {
                continue;
            };
            if !wanted(event) {
                continue;
            }
            if output.printer.is_human() {
                output.table(ctx, std::slice::from_ref(event))?;
            } else {
                output.printer.print(ctx, event, "")?;
            }
        }
        watcher.pause(ctx).await;
    }
}
