//! Events: what components tell people about objects.
//!
//! Two recorders exist in reality and here. [`record`] is client-go's old one (`core/v1`, counts
//! repeats); [`record_series`] is that of `events.k8s.io/v1`, which the scheduler uses. Both kinds
//! are stored under the resource `events`. Event names end in the time of the first occurrence in
//! hex nanoseconds, as `tools/record/event.go` makes them.

use serde_json::{Value, json};

use super::api::Client;
use super::{ClusterId, UserInfo, World};
use crate::apimachinery::object;
use crate::sim::SimTime;

/// Who says it.
#[derive(Clone, Debug)]
pub(crate) struct Reporter {
    /// `kubelet`, `deployment-controller`, `default-scheduler`.
    pub(crate) component: &'static str,
    /// The node's name for kubelets, the host's for the scheduler; else empty.
    pub(crate) host: String,
    pub(crate) user: UserInfo,
}

/// What is said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    pub(crate) warning: bool,
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    /// `spec.containers{web}`; else empty.
    pub(crate) field_path: String,
    /// What `events.k8s.io` wants to know besides: `Binding`, `Scheduling`, `Preempting`.
    pub(crate) action: &'static str,
}

impl Note {
    /// Something usual.
    pub(crate) fn normal(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), ..Self::default() }
    }

    /// Something to look into.
    pub(crate) fn warning(reason: &'static str, message: impl Into<String>) -> Self {
        Self { warning: true, ..Self::normal(reason, message) }
    }

    /// The same about a field, such as `spec.containers{web}`.
    pub(crate) fn at(mut self, field_path: impl Into<String>) -> Self {
        self.field_path = field_path.into();
        self
    }

    /// The same with an action.
    pub(crate) fn action(mut self, action: &'static str) -> Self {
        self.action = action;
        self
    }

    fn kind(&self) -> &'static str {
        if self.warning { "Warning" } else { "Normal" }
    }
}

/// Records an event of `core/v1`; one that repeats an earlier one adds to its count.
pub(crate) fn record(world: &mut World, cluster: ClusterId, reporter: &Reporter, about: &Value, note: &Note) {
    let now = world.now;
    let mut client = Client::as_user(world, cluster, reporter.user.clone());
    if let Some(earlier) = earlier(&client, reporter, about, note) {
        let mut event = (*earlier).clone();
        let count = object::int(&event, "/count").unwrap_or(1) + 1;
        object::set(&mut event, &["count"], count);
        object::set(&mut event, &["lastTimestamp"], now.rfc3339());
        let _ = client.update("events", event);
        return;
    }
    let mut event = skeleton(&client, reporter, about, note, now);
    object::set(&mut event, &["firstTimestamp"], now.rfc3339());
    object::set(&mut event, &["lastTimestamp"], now.rfc3339());
    object::set(&mut event, &["count"], 1);
    object::set(&mut event, &["source", "component"], reporter.component);
    if !reporter.host.is_empty() {
        object::set(&mut event, &["source", "host"], reporter.host.as_str());
    }
    let namespace = object::namespace(&event).to_owned();
    let _ = client.create("events", &namespace, event);
}

/// Records an event of `events.k8s.io/v1`; one that repeats an earlier one joins its series.
pub(crate) fn record_series(
    world: &mut World,
    cluster: ClusterId,
    reporter: &Reporter,
    about: &Value,
    note: &Note,
) {
    let now = world.now;
    let mut client = Client::as_user(world, cluster, reporter.user.clone());
    if let Some(earlier) = earlier(&client, reporter, about, note) {
        let mut event = (*earlier).clone();
        let count = object::int(&event, "/series/count").unwrap_or(1) + 1;
        let series = json!({"count": count, "lastObservedTime": now.rfc3339_micro()});
        object::set(&mut event, &["series"], series);
        let _ = client.update("events", event);
        return;
    }
    let mut event = skeleton(&client, reporter, about, note, now);
    object::set(&mut event, &["eventTime"], now.rfc3339_micro());
    object::set(&mut event, &["action"], note.action);
    object::set(&mut event, &["source"], json!({}));
    object::set(&mut event, &["reportingInstance"], format!("{}-{}", reporter.component, reporter.host));
    let namespace = object::namespace(&event).to_owned();
    let _ = client.create("events", &namespace, event);
}

/// The latest event that says the same about the same object, if there is one.
fn earlier(client: &Client<'_>, reporter: &Reporter, about: &Value, note: &Note) -> Option<super::Object> {
    let prefix = format!("{}.", object::name(about));
    let namespace = event_namespace(about);
    let same = |event: &&super::Object| {
        object::text(event, "/involvedObject/uid") == object::uid(about)
            && object::text(event, "/reason") == note.reason
            && object::text(event, "/involvedObject/fieldPath") == note.field_path
            && object::text(event, "/reportingComponent") == reporter.component
            && object::text(event, "/message") == note.message
    };
    client.cluster().store.list_prefix("events", namespace, &prefix).filter(same).last().cloned()
}

/// Events about cluster-scoped objects stand in `default`.
fn event_namespace(about: &Value) -> &str {
    match object::namespace(about) {
        "" => "default",
        namespace => namespace,
    }
}

fn skeleton(client: &Client<'_>, reporter: &Reporter, about: &Value, note: &Note, now: SimTime) -> Value {
    let namespace = event_namespace(about);
    let mut event = json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {"name": free_name(client, namespace, object::name(about), now), "namespace": namespace},
        "involvedObject": {
            "apiVersion": object::text(about, "/apiVersion"), "kind": object::text(about, "/kind"),
            "name": object::name(about), "uid": object::uid(about),
        },
        "type": note.kind(), "reason": note.reason, "message": note.message,
        "reportingComponent": reporter.component,
        "reportingInstance": reporter.host,
        // Go writes these three even when they are unset.
        "eventTime": null, "firstTimestamp": null, "lastTimestamp": null,
    });
    let involved = [
        ("namespace", object::namespace(about)),
        ("resourceVersion", object::text(about, "/metadata/resourceVersion")),
        ("fieldPath", &note.field_path),
    ];
    for (key, text) in involved {
        if !text.is_empty() {
            object::set(&mut event, &["involvedObject", key], text);
        }
    }
    event
}

/// `web.18b3f2…`: two events of one instant take neighbouring nanoseconds, since names are unique.
fn free_name(client: &Client<'_>, namespace: &str, about: &str, now: SimTime) -> String {
    let name = |nanos: i64| format!("{about}.{nanos:x}");
    let taken = |nanos: i64| client.cluster().store.find("events", namespace, &name(nanos)).is_some();
    name((now.unix_ns()..).find(|&nanos| !taken(nanos)).unwrap_or_default())
}
