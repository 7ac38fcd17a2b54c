//! Recording Events, as client-go's two recorders do.
//!
//! [`record`] is `tools/record` (controllers, kubelet): repeats of one sentence become a count, ten
//! different sentences with one reason within 600 s become one combined event, and a source that says
//! too much about one object is dropped. [`record_series`] is `tools/events` (scheduler): repeats of
//! one reason become a series whose note stays the first one.
//!
//! Invariant: knows nothing of why something is worth an event.

use std::borrow::Cow;
use std::time::Duration;

use imbl::{OrdMap, OrdSet};

use super::api::Client;
use super::{ClusterId, UserInfo, World};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::sim::SimTime;

/// Different messages with one reason about one object before they are combined. Source: `events_cache.go`.
const AGGREGATE_MAX: usize = 10;

/// 600 s without a similar event and the counting begins anew. Same source.
const AGGREGATE_INTERVAL: Duration = Duration::from_secs(600);

/// Events that one source may send about one object at once. Same source.
const SPAM_BURST: f64 = 25.0;

/// 300 s for each further one. Same source.
const SPAM_REFILL_S: f64 = 300.0;

/// 6 min without a repeat and a series is over. Source: `tools/events/event_broadcaster.go`.
const SERIES_FINISH: Duration = Duration::from_secs(360);

/// 30 min after which a running series writes its count again. Same source.
const SERIES_REFRESH: Duration = Duration::from_secs(1_800);

/// Entries that each cache of a recorder keeps. Source: `maxLruCacheEntries`.
const CACHE_MAX: usize = 4_096;

/// Whether an event is news or trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    Normal,
    Warning,
}

/// Who reports.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// `replicaset-controller`, `kubelet` …
    pub(crate) component: Cow<'static, str>,
    /// The node's name for components of a node, else empty.
    pub(crate) host: String,
}

/// What is reported about an object.
#[derive(Clone, Debug)]
pub(crate) struct Report<'a> {
    pub(crate) severity: Severity,
    pub(crate) reason: &'a str,
    pub(crate) message: String,
}

/// What the recorders of a cluster remember of earlier events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    aggregates: OrdMap<String, Aggregate>,
    observed: OrdMap<String, Observation>,
    allowances: OrdMap<String, Allowance>,
    series: OrdMap<String, Series>,
    /// The nanosecond in the last event's name: names must differ though simulated time stands still.
    last_stamp: i64,
}

#[derive(Clone, Debug)]
struct Aggregate {
    messages: OrdSet<String>,
    last: SimTime,
}

#[derive(Clone, Debug)]
struct Observation {
    name: String,
    count: i64,
    first: SimTime,
}

#[derive(Clone, Debug)]
struct Allowance {
    tokens: f64,
    at: SimTime,
}

#[derive(Clone, Debug)]
struct Series {
    name: String,
    count: i64,
    last: SimTime,
    written: SimTime,
}

impl Severity {
    fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

impl Source {
    /// A component that belongs to no node.
    pub(crate) fn of(component: &'static str) -> Self {
        Self { component: component.into(), host: String::new() }
    }
}

/// A good message.
pub(crate) fn normal(reason: &str, message: impl Into<String>) -> Report<'_> {
    Report { severity: Severity::Normal, reason, message: message.into() }
}

/// A bad message.
pub(crate) fn warning(reason: &str, message: impl Into<String>) -> Report<'_> {
    Report { severity: Severity::Warning, reason, message: message.into() }
}

/// The `ObjectReference` to an object, as `reference.GetReference` makes it.
pub(crate) fn reference(about: &Value) -> Value {
    let mut reference = json!({
        "apiVersion": object::text(about, "/apiVersion"),
        "kind": object::text(about, "/kind"),
        "name": object::name(about),
        "uid": object::uid(about),
        "resourceVersion": object::text(about, "/metadata/resourceVersion"),
    });
    if !object::namespace(about).is_empty() {
        reference["namespace"] = object::namespace(about).into();
    }
    reference
}

/// Reports on `about`, an object or what [`reference()`] made of one.
pub(crate) fn record(
    world: &mut World,
    cluster: ClusterId,
    source: &Source,
    about: &Value,
    report: Report<'_>,
) {
    let involved = if about.get("metadata").is_some() { reference(about) } else { about.clone() };
    let Some(event) = correlated(world, cluster, source, &involved, &report) else { return };
    write(world, cluster, &event.name, &involved, event.object);
}

struct Correlated {
    name: String,
    object: Value,
}

/// Counts the report in and returns the event to write; `None` when the source says too much.
fn correlated(
    world: &mut World,
    cluster: ClusterId,
    source: &Source,
    involved: &Value,
    report: &Report<'_>,
) -> Option<Correlated> {
    let now = world.now;
    let memory = &mut world.clusters.get_mut(cluster)?.recorder;
    let about = about_key(source, involved, report.severity);
    let (key, message) = memory.aggregate(now, &about, involved, report);
    let fresh = memory.fresh_name(now, involved);
    let seen = memory.observe(now, key, fresh);
    if !memory.admit(now, &about) {
        return None;
    }
    let object = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": seen.name, "namespace": event_namespace(involved)},
        "involvedObject": involved,
        "reason": report.reason,
        "message": message,
        "source": source_object(source),
        "firstTimestamp": seen.first.rfc3339(),
        "lastTimestamp": now.rfc3339(),
        "count": seen.count,
        "type": report.severity.as_str(),
        "eventTime": null,
        "reportingComponent": source.component,
        "reportingInstance": source.host,
    });
    Some(Correlated { name: seen.name, object })
}

impl Memory {
    /// The key to count under and the message to show: its own, or the one for all similar events.
    fn aggregate(
        &mut self,
        now: SimTime,
        about: &str,
        involved: &Value,
        report: &Report<'_>,
    ) -> (String, String) {
        let similar = format!("{about}|{}", report.reason);
        let mut record = match self.aggregates.remove(&similar) {
            Some(record) if now.since(record.last) <= AGGREGATE_INTERVAL => record,
            _ => Aggregate { messages: OrdSet::new(), last: now },
        };
        record.messages.insert(report.message.clone());
        record.last = now;
        let combine = record.messages.len() >= AGGREGATE_MAX;
        if combine && let Some(first) = record.messages.get_min().cloned() {
            record.messages.remove(&first);
        }
        bound(&mut self.aggregates);
        self.aggregates.insert(similar.clone(), record);
        if combine {
            (similar, format!("(combined from similar events): {}", report.message))
        } else {
            let path = object::field(involved, "fieldPath");
            (format!("{similar}|{path}|{}", report.message), report.message.clone())
        }
    }

    fn observe(&mut self, now: SimTime, key: String, fresh: String) -> Observation {
        let seen = match self.observed.get(&key) {
            Some(before) => Observation { count: before.count + 1, ..before.clone() },
            None => Observation { name: fresh, count: 1, first: now },
        };
        bound(&mut self.observed);
        self.observed.insert(key, seen.clone());
        seen
    }

    /// Takes one token of the source's allowance for the object; false when there is none.
    fn admit(&mut self, now: SimTime, about: &str) -> bool {
        let full = Allowance { tokens: SPAM_BURST, at: now };
        let mut allowance = self.allowances.get(about).cloned().unwrap_or(full);
        let refill = now.since(allowance.at).as_secs_f64() / SPAM_REFILL_S;
        allowance.tokens = (allowance.tokens + refill).min(SPAM_BURST);
        allowance.at = now;
        let admitted = allowance.tokens >= 1.0;
        if admitted {
            allowance.tokens -= 1.0;
        }
        bound(&mut self.allowances);
        self.allowances.insert(about.to_owned(), allowance);
        admitted
    }

    fn fresh_name(&mut self, now: SimTime, involved: &Value) -> String {
        self.last_stamp = now.unix_ns().max(self.last_stamp + 1);
        format!("{}.{:x}", object::field(involved, "name"), self.last_stamp)
    }
}

/// Keeps a cache within its limit by forgetting its first entry.
fn bound<T: Clone>(cache: &mut OrdMap<String, T>) {
    if cache.len() >= CACHE_MAX
        && let Some(first) = cache.get_min().map(|(key, _)| key.clone())
    {
        cache.remove(&first);
    }
}

/// Who says what kind of thing about which object.
fn about_key(source: &Source, involved: &Value, severity: Severity) -> String {
    let part = |key| object::field(involved, key);
    let object = [part("kind"), part("namespace"), part("name"), part("uid"), part("apiVersion")].join("/");
    format!("{}|{}|{object}|{}", source.component, source.host, severity.as_str())
}

fn source_object(source: &Source) -> Value {
    if source.host.is_empty() {
        json!({"component": source.component})
    } else {
        json!({"component": source.component, "host": source.host})
    }
}

fn event_namespace(involved: &Value) -> &str {
    match object::field(involved, "namespace") {
        "" => "default",
        namespace => namespace,
    }
}

/// Creates the event, or puts it in the place of the one with its name. A refusal (a namespace that
/// is being terminated) loses the event, as in reality.
fn write(world: &mut World, cluster: ClusterId, name: &str, involved: &Value, mut event: Value) {
    let namespace = event_namespace(involved).to_owned();
    let user = UserInfo::new("system:kube-controller-manager", &["system:masters", "system:authenticated"]);
    let mut client = Client::as_user(world, cluster, user);
    match client.get("events", &namespace, name) {
        Some(stored) => {
            event["metadata"] = stored.get("metadata").cloned().unwrap_or_default();
            let _ = client.update("events", event);
        }
        None => {
            let _ = client.create("events", &namespace, event);
        }
    }
}

/// What a component of the newer recorder reports.
#[derive(Clone, Debug)]
pub(crate) struct Action<'a> {
    pub(crate) report: Report<'a>,
    /// `Scheduling`, `Binding`, `Preempting` …
    pub(crate) action: &'a str,
    /// The other object that it is about, or null.
    pub(crate) related: Value,
}

/// Reports on `about` as a component of `tools/events` does; `instance` is the machine it runs on.
pub(crate) fn record_series(
    world: &mut World,
    cluster: ClusterId,
    reporter: &Source,
    about: &Value,
    action: Action<'_>,
) {
    let now = world.now;
    let involved = if about.get("metadata").is_some() { reference(about) } else { about.clone() };
    let related = if action.related.get("metadata").is_some() {
        reference(&action.related)
    } else {
        action.related.clone()
    };
    let key = series_key(reporter, &involved, &related, &action);
    let Some(memory) = world.clusters.get_mut(cluster).map(|it| &mut it.recorder) else { return };
    let repeated = memory.series.get(&key).filter(|it| now.since(it.last) <= SERIES_FINISH).cloned();
    if let Some(mut series) = repeated {
        series.count += 1;
        series.last = now;
        let due = series.count == 2 || now.since(series.written) >= SERIES_REFRESH;
        if due {
            series.written = now;
        }
        memory.series.insert(key, series.clone());
        if due {
            write_count(world, cluster, event_namespace(&involved), &series);
        }
        return;
    }
    let name = memory.fresh_name(now, &involved);
    bound(&mut memory.series);
    memory.series.insert(key, Series { name: name.clone(), count: 1, last: now, written: now });
    let event = series_event(now, reporter, &name, &involved, related, &action);
    write(world, cluster, &name, &involved, event);
}

fn series_key(reporter: &Source, involved: &Value, related: &Value, action: &Action<'_>) -> String {
    let about = about_key(reporter, involved, action.report.severity);
    let other = object::field(related, "uid");
    format!("{about}|{}|{}|{other}", action.report.reason, action.action)
}

fn series_event(
    now: SimTime,
    reporter: &Source,
    name: &str,
    involved: &Value,
    related: Value,
    action: &Action<'_>,
) -> Value {
    let mut event = json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": event_namespace(involved)},
        "involvedObject": involved,
        "reason": action.report.reason,
        "message": action.report.message,
        "action": action.action,
        "source": {},
        "firstTimestamp": null,
        "lastTimestamp": null,
        "type": action.report.severity.as_str(),
        "eventTime": now.rfc3339_micro(),
        "reportingComponent": reporter.component,
        "reportingInstance": format!("{}-{}", reporter.component, reporter.host),
    });
    if !related.is_null() {
        event["related"] = related;
    }
    event
}

/// Writes how often a series has been seen into its event.
fn write_count(world: &mut World, cluster: ClusterId, namespace: &str, series: &Series) {
    let user = UserInfo::new("system:kube-scheduler", &["system:masters", "system:authenticated"]);
    let mut client = Client::as_user(world, cluster, user);
    let Some(stored) = client.get("events", namespace, &series.name) else { return };
    let mut event = (*stored).clone();
    let last = series.last.rfc3339_micro();
    event["series"] = json!({"count": series.count, "lastObservedTime": last});
    let _ = client.update("events", event);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(message: &str) -> Report<'_> {
        warning("Failed", message)
    }

    #[test]
    fn repeats_are_counted_and_many_kinds_are_combined() {
        let mut memory = Memory::default();
        let (now, pod) = (SimTime::START, json!({"kind": "Pod", "name": "web", "uid": "u"}));
        let mut see = |message: &str| {
            let (key, shown) = memory.aggregate(now, "about", &pod, &report(message));
            let name = memory.fresh_name(now, &pod);
            (memory.observe(now, key, name).count, shown)
        };
        assert_eq!((see("same").0, see("same").0), (1, 2));
        let shown: Vec<String> = (0..10).map(|it| see(&format!("n{it}")).1).collect();
        assert_eq!((shown[7].as_str(), shown[8].as_str()), ("n7", "(combined from similar events): n8"));
        assert_eq!(see("n77").0, 3);
    }

    #[test]
    fn one_source_has_25_events_about_one_object_and_one_more_in_5_minutes() {
        let mut memory = Memory::default();
        let now = SimTime::START;
        assert_eq!((0..30).filter(|_| memory.admit(now, "about")).count(), 25);
        assert!(memory.admit(now + Duration::from_secs(301), "about"));
    }
}
