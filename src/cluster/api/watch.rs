//! Watches: what a client may read of the store's log.

use super::{convert, fields, resources};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::selector::{FieldSelector, LabelSelector};
use crate::cluster::{Change, ClusterId, Event, Object, World};

/// The annotation of the BOOKMARK behind the objects that were there at the start.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// An open watch: a filter and how far its client has read.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    pub(crate) cluster: ClusterId,
    /// Group-resource, as in [`crate::cluster::Key`].
    pub(crate) resource: String,
    /// Empty for all namespaces.
    pub(crate) namespace: String,
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    /// Group and version that objects are sent in.
    pub(crate) group: String,
    pub(crate) version: String,
    /// True when events carry Tables.
    pub(crate) as_table: bool,
    /// True when events carry PartialObjectMetadata.
    pub(crate) metadata_only: bool,
    /// `includeObject` of Tables.
    pub(crate) include_object: String,
    /// True when the client takes BOOKMARK events.
    pub(crate) bookmarks: bool,
    /// True until the objects that were there at the start are sent; only without a resourceVersion.
    pub(crate) initial: bool,
    /// True when a BOOKMARK is to tell that those were all.
    pub(crate) tells_initial_end: bool,
    /// True once a Table with column definitions is sent.
    pub(crate) headers_sent: bool,
    /// The last revision that the client has seen.
    pub(crate) revision: u64,
}

struct Filter {
    labels: Option<LabelSelector>,
    fields: Option<FieldSelector>,
    storage: String,
}

impl Filter {
    fn of(watch: &Watch) -> Self {
        let text = |it: &str| (!it.is_empty()).then(|| it.to_owned());
        Self {
            labels: text(&watch.label_selector).and_then(|it| LabelSelector::parse(&it).ok()),
            fields: text(&watch.field_selector).and_then(|it| FieldSelector::parse(&it).ok()),
            storage: watch.resource.clone(),
        }
    }

    fn matches(&self, object: &Value) -> bool {
        let labels = object.pointer("/metadata/labels").unwrap_or(&Value::Null);
        self.labels.as_ref().is_none_or(|it| it.matches(labels))
            && self
                .fields
                .as_ref()
                .is_none_or(|it| it.matches(|path| fields::value(&self.storage, object, path)))
    }
}

/// The events since the last call, as `metav1.WatchEvent` objects (`{"type": "ADDED", "object": …}`).
/// An object that starts or stops to match the selectors is ADDED or DELETED.
pub(crate) fn next(world: &World, watch: &mut Watch) -> Vec<Value> {
    let Some(cluster) = world.clusters.get(watch.cluster) else { return Vec::new() };
    let filter = Filter::of(watch);
    let mut found: Vec<(&'static str, Object)> = Vec::new();
    if std::mem::take(&mut watch.initial) {
        let objects = cluster.store.list(&watch.resource, &watch.namespace);
        found.extend(objects.filter(|it| filter.matches(it)).map(|it| ("ADDED", it.clone())));
        watch.revision = cluster.store.revision();
    } else {
        let Some(events) = cluster.store.since(watch.revision) else {
            watch.revision = cluster.store.revision();
            return vec![expired()];
        };
        found.extend(events.filter_map(|event| seen(watch, &filter, event)));
        watch.revision = cluster.store.revision();
    }
    let mut events: Vec<Value> =
        found.into_iter().map(|(kind, object)| event(world, watch, kind, &object)).collect();
    if std::mem::take(&mut watch.tells_initial_end)
        && let Some(mut last) = bookmark(world, watch)
    {
        object::set(&mut last, &["object", "metadata", "annotations", INITIAL_EVENTS_END], "true");
        events.push(last);
    }
    events
}

fn expired() -> Value {
    let status = crate::apimachinery::status::Status::expired(
        "The resourceVersion for the provided watch is too old.",
    );
    json!({"type": "ERROR", "object": status.to_object()})
}

fn seen(watch: &Watch, filter: &Filter, event: &Event) -> Option<(&'static str, Object)> {
    if *event.key.resource != *watch.resource
        || (!watch.namespace.is_empty() && *event.key.namespace != *watch.namespace)
    {
        return None;
    }
    let now = event.change != Change::Deleted && filter.matches(&event.object);
    let before = event.previous.as_ref().is_some_and(|it| filter.matches(it));
    match (before, now) {
        (false, true) => Some(("ADDED", event.object.clone())),
        (true, true) => Some(("MODIFIED", event.object.clone())),
        (true, false) if event.change == Change::Deleted => Some(("DELETED", event.object.clone())),
        (true, false) => Some(("DELETED", left(event))),
        (false, false) => None,
    }
}

/// An object that stopped to match: as it was, at the revision of the change.
fn left(event: &Event) -> Object {
    let mut last = event.previous.as_deref().unwrap_or(&event.object).clone();
    object::set(&mut last, &["metadata", "resourceVersion"], event.revision.to_string());
    last.into()
}

fn event(world: &World, watch: &mut Watch, kind: &str, stored: &Object) -> Value {
    let Some(cluster) = world.clusters.get(watch.cluster) else { return Value::Null };
    let plural = watch.resource.split('.').next().unwrap_or("");
    let found = resources::find(cluster, &watch.group, &watch.version, plural);
    let Some(resource) = found else {
        return json!({"type": kind, "object": **stored});
    };
    let shown = convert::from_storage(&resource, stored);
    if watch.metadata_only {
        let metadata = shown.get("metadata").cloned().unwrap_or(Value::Null);
        let partial = json!({
            "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": metadata,
        });
        return json!({"type": kind, "object": partial});
    }
    if !watch.as_table {
        return json!({"type": kind, "object": *shown});
    }
    let include = super::table::include(&watch.include_object).unwrap_or_default();
    let mut table = super::table::table(&resource, std::slice::from_ref(stored), include, world.now);
    let version = object::text(stored, "/metadata/resourceVersion");
    object::set(&mut table, &["metadata", "resourceVersion"], version);
    if std::mem::replace(&mut watch.headers_sent, true) {
        object::set(&mut table, &["columnDefinitions"], Value::Null);
    }
    json!({"type": kind, "object": table})
}

/// A BOOKMARK event at the watch's revision, for clients that asked for them.
pub(crate) fn bookmark(world: &World, watch: &Watch) -> Option<Value> {
    let cluster = world.clusters.get(watch.cluster)?;
    let resource = resources::by_storage(cluster, &watch.resource)?;
    let object = json!({
        "apiVersion": resource.api_version(), "kind": resource.kind,
        "metadata": {"resourceVersion": watch.revision.to_string(), "creationTimestamp": null},
    });
    watch.bookmarks.then(|| json!({"type": "BOOKMARK", "object": object}))
}
