//! The events table at the end of a description.

use super::Lookup;
use super::writer::{Writer, put, since};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{at, field, int, text};
use crate::sim::SimTime;

/// The events about the object that `reference` names; empty parts of it match anything.
pub(crate) fn search(lookup: &mut dyn Lookup, reference: &Value) -> Vec<Value> {
    let terms: Vec<String> = ["name", "namespace", "kind", "uid"]
        .iter()
        .filter(|key| {
            reference.get(**key).is_some()
                && (**key != "kind" && **key != "uid" || !field(reference, key).is_empty())
        })
        .map(|key| format!("involvedObject.{key}={}", field(reference, key)))
        .collect();
    let selector = terms.join(",");
    lookup.list("v1", "events", field(reference, "namespace"), "", &selector).unwrap_or_default()
}

/// The events about `object`.
pub(super) fn of(lookup: &mut dyn Lookup, object: &Value) -> Vec<Value> {
    search(lookup, &reference(object))
}

/// An object reference to `object`.
pub(super) fn reference(object: &Value) -> Value {
    json!({
        "kind": text(object, "/kind"),
        "name": text(object, "/metadata/name"),
        "namespace": text(object, "/metadata/namespace"),
        "uid": text(object, "/metadata/uid"),
    })
}

/// `Events:`, oldest first.
pub(super) fn write(w: &mut Writer, mut events: Vec<Value>, now: SimTime) {
    if events.is_empty() {
        return put!(w, 0, "Events:\t<none>\n");
    }
    events.sort_by_key(|event| SimTime::parse_rfc3339(field(event, "lastTimestamp")));
    put!(w, 0, "Events:\n  Type\tReason\tAge\tFrom\tMessage\n");
    put!(w, 1, "----\t------\t----\t----\t-------\n");
    for event in &events {
        let source = match text(event, "/source/component") {
            "" => field(event, "reportingComponent"),
            component => component,
        };
        let message = field(event, "message").trim();
        let message = match text(event, "/involvedObject/fieldPath") {
            "" => message.to_owned(),
            path => format!("{path}: {message}"),
        };
        let (kind, reason, age) = (field(event, "type"), field(event, "reason"), interval(event, now));
        put!(w, 1, "{kind}\t{reason}\t{age}\t{source}\t{message}\n");
    }
}

/// `5s`, or `2m (x3 over 5m)` for events that came several times.
pub(crate) fn interval(event: &Value, now: SimTime) -> String {
    let first = match field(event, "eventTime") {
        "" => since(field(event, "firstTimestamp"), now),
        time => since(time, now),
    };
    if let Some(series) = at(event, "/series") {
        let count = int(series, "/count").unwrap_or(0);
        return format!("{} (x{count} over {first})", since(field(series, "lastObservedTime"), now));
    }
    match int(event, "/count") {
        Some(count) if count > 1 => {
            format!("{} (x{count} over {first})", since(field(event, "lastTimestamp"), now))
        }
        _ => first,
    }
}

/// Writes the events of `object` when they are asked for.
pub(super) fn append(w: &mut Writer, object: &Value, lookup: &mut dyn Lookup, settings: &super::Settings) {
    if settings.show_events {
        let events = of(lookup, object);
        write(w, events, lookup.now());
    }
}
