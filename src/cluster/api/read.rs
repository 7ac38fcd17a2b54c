//! get, list, watch and deletecollection, and the three forms of an answer: objects, Tables, metadata.

use super::call::{Call, DeleteOptions};
use super::watch::Watch;
use super::{convert, encryption, fields, list_options, remove};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::{Body, Key, Object, Request, Response, kubelet};

/// In which form a client wants its answer, by its `Accept` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Object,
    Table,
    /// `PartialObjectMetadata` and its list.
    Metadata,
}

/// The first form of an `Accept` header that the server can give.
pub(crate) fn form(accept: &str) -> Form {
    for choice in accept.split(',') {
        let wants = |what: &str| choice.split(';').any(|part| part.trim() == what);
        if wants("as=Table") {
            return Form::Table;
        }
        if wants("as=PartialObjectMetadata") || wants("as=PartialObjectMetadataList") {
            return Form::Metadata;
        }
        if choice.trim().starts_with("application/json") || choice.trim().starts_with("*/*") {
            return Form::Object;
        }
    }
    Form::Object
}

/// One object.
pub(crate) fn get(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    let stored = call.stored()?;
    respond(call, request, 200, &stored)
}

/// An answer that is one stored object (or a Status), in the form that the client wants.
pub(crate) fn respond(
    call: &Call<'_>,
    request: &Request,
    code: u16,
    stored: &Object,
) -> Result<Response, Status> {
    if object::text(stored, "/kind") != call.resource.kind {
        return Ok(Response::new(code, Body::Json(stored.clone())));
    }
    let shown = present(call, stored);
    let body = match form(&request.accept) {
        Form::Object => shown,
        Form::Table => table(call, request, std::slice::from_ref(stored), version_of(stored))?,
        Form::Metadata => metadata_only(&shown).into(),
    };
    Ok(Response::new(code, Body::Json(body)))
}

fn table(call: &Call<'_>, request: &Request, stored: &[Object], metadata: Value) -> Result<Object, Status> {
    let include = super::table::include(request.query_value("includeObject").unwrap_or(""))?;
    let mut table = super::table::table(&call.resource, stored, include, call.world.now);
    object::set(&mut table, &["metadata"], metadata);
    Ok(table.into())
}

fn version_of(stored: &Value) -> Value {
    json!({"resourceVersion": object::text(stored, "/metadata/resourceVersion")})
}

fn metadata_only(stored: &Value) -> Value {
    let partial = json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata"});
    object::with(partial, "metadata", stored.get("metadata").cloned().unwrap_or(Value::Null))
}

/// Which objects of a collection a request means.
pub(crate) struct Filter {
    labels: Option<crate::apimachinery::selector::LabelSelector>,
    fields: Option<crate::apimachinery::selector::FieldSelector>,
}

impl Filter {
    /// Reads the selectors of a query.
    pub(crate) fn of(call: &Call<'_>, request: &Request) -> Result<Self, Status> {
        Self::parse(call, request.query_value("labelSelector"), request.query_value("fieldSelector"))
    }

    fn parse(call: &Call<'_>, labels: Option<&str>, fields: Option<&str>) -> Result<Self, Status> {
        let labels = labels.filter(|it| !it.is_empty()).map(parse_labels).transpose()?;
        let fields =
            fields.filter(|it| !it.is_empty()).map(|it| fields::parse(&call.resource, it)).transpose()?;
        Ok(Self { labels, fields })
    }

    /// True without any selector.
    fn takes_all(&self) -> bool {
        self.labels.is_none() && self.fields.is_none()
    }

    /// True when both selectors fit.
    pub(crate) fn matches(&self, storage: &str, stored: &Value) -> bool {
        self.labels
            .as_ref()
            .is_none_or(|it| it.matches(object::at(stored, "/metadata/labels").unwrap_or(&Value::Null)))
            && self.fields.as_ref().is_none_or(|it| it.matches(|path| fields::value(storage, stored, path)))
    }
}

fn parse_labels(text: &str) -> Result<crate::apimachinery::selector::LabelSelector, Status> {
    crate::apimachinery::selector::LabelSelector::parse(text)
        .map_err(|error| Status::bad_request(format!("unable to parse requirement: {error}")))
}

fn collect(call: &Call<'_>, filter: &Filter) -> Result<Vec<Object>, Status> {
    let storage = call.resource.storage.clone();
    let namespace = if call.resource.namespaced { call.namespace.as_str() } else { "" };
    check_readable(call)?;
    Ok(call.store().list(&storage, namespace).filter(|it| filter.matches(&storage, it)).cloned().collect())
}

/// Whether the server can decrypt the whole collection.
fn check_readable(call: &Call<'_>) -> Result<(), Status> {
    let storage = &call.resource.storage;
    let namespace = if call.resource.namespaced { call.namespace.as_str() } else { "" };
    if !encryption::may_be_unreadable(call.cluster(), storage) {
        return Ok(());
    }
    call.store().list(storage, namespace).try_for_each(|object| {
        let key = Key::new(storage, object::namespace(object), object::name(object));
        encryption::check_readable(call.cluster(), &key)
    })
}

/// A stored object as a client sees it: in its version, and with the heartbeats that kubelets do not
/// write down.
fn present(call: &Call<'_>, stored: &Object) -> Object {
    let current = kubelet::node::as_of_now(call.world, call.cluster, stored);
    convert::from_storage(&call.resource, &current)
}

/// A collection, or a chunk of it.
pub(crate) fn list(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    list_options::check(call, request)?;
    let filter = Filter::of(call, request)?;
    let revision = call.store().revision().to_string();
    let Chunk { objects, rest } = Chunk::of(call, request, &filter)?;
    let mut metadata = json!({"resourceVersion": revision});
    if let Some(last) = objects.last().filter(|_| rest > 0) {
        metadata["continue"] = token(&revision, last).into();
        if filter.takes_all() {
            metadata["remainingItemCount"] = rest.into();
        }
    }
    respond_list(call, request, &objects, metadata)
}

/// An answer that is a collection, in the form that the client wants.
pub(super) fn respond_list(
    call: &Call<'_>,
    request: &Request,
    objects: &[Object],
    metadata: Value,
) -> Result<Response, Status> {
    let shown = || objects.iter().map(|it| present(call, it));
    let body = match form(&request.accept) {
        Form::Table => table(call, request, objects, metadata)?,
        Form::Metadata => {
            let items = shown().map(|it| metadata_only(&it)).collect();
            collection("meta.k8s.io/v1", "PartialObjectMetadataList", metadata, items)
        }
        Form::Object => {
            let items = shown().map(|it| (*it).clone()).collect();
            collection(&call.resource.api_version(), &call.resource.list_kind, metadata, items)
        }
    };
    Ok(Response::new(200, Body::Json(body)))
}

fn collection(api_version: &str, kind: &str, metadata: Value, items: Vec<Value>) -> Object {
    let list = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
    object::with(list, "items", items.into()).into()
}

/// What `limit` and `continue` of a list leave of a collection.
struct Chunk {
    objects: Vec<Object>,
    /// How many objects follow.
    rest: usize,
}

impl Chunk {
    fn of(call: &Call<'_>, request: &Request, filter: &Filter) -> Result<Self, Status> {
        check_readable(call)?;
        let limit = request.query_value("limit").and_then(|it| it.parse().ok()).filter(|it| *it > 0);
        let token = request.query_value("continue").filter(|it| !it.is_empty());
        // Nothing sorts before empty names, so that an empty one begins at the beginning.
        let (after_namespace, after_name) = token.map(parse_token).transpose()?.unwrap_or_default();
        let storage = &call.resource.storage;
        let namespace = if call.resource.namespaced { call.namespace.as_str() } else { "" };
        let after_namespace = after_namespace.as_str().max(namespace);
        let mut left = call
            .store()
            .list_after(storage, namespace, (after_namespace, &after_name))
            .filter(|it| filter.matches(storage, it));
        let objects = left.by_ref().take(limit.unwrap_or(usize::MAX)).cloned().collect();
        Ok(Self { objects, rest: left.count() })
    }
}

/// A continue token as the real one is made: base64 of a JSON object with revision and start key.
fn token(revision: &str, last: &Value) -> String {
    use base64::Engine as _;
    let start = match object::namespace(last) {
        "" => format!("{}\u{0}", object::name(last)),
        namespace => format!("{namespace}/{}\u{0}", object::name(last)),
    };
    let inner = json!({"v": "meta.k8s.io/v1", "rv": revision.parse::<u64>().unwrap_or(0), "start": start});
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(inner.to_string())
}

fn parse_token(token: &str) -> Result<(String, String), Status> {
    use base64::Engine as _;
    let invalid = || Status::bad_request("continue key is not valid: illegal base64 data at input byte 0");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
    let inner: Value = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
    let start = object::text(&inner, "/start").trim_end_matches('\u{0}');
    let (namespace, name) = start.rsplit_once('/').unwrap_or(("", start));
    Ok((namespace.to_owned(), name.to_owned()))
}

/// Opens a watch.
pub(crate) fn watch(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    Filter::of(call, request)?;
    let now = call.store().revision();
    let given = request.query_value("resourceVersion").filter(|it| !it.is_empty() && *it != "0");
    let given = match given {
        Some(text) => Some(parse_version(text)?),
        None => None,
    };
    if let Some(revision) = given
        && call.store().since(revision).is_none()
    {
        let message = format!("too old resource version: {revision} ({now})");
        return Err(Status::expired(message));
    }
    let sends_initial = request.query_value("sendInitialEvents") == Some("true");
    let by_name = (!call.name.is_empty()).then(|| format!("metadata.name={}", call.name));
    let field_selector = by_name.or_else(|| request.query_value("fieldSelector").map(str::to_owned));
    let watch = Watch {
        cluster: call.cluster,
        resource: call.resource.storage.to_string(),
        namespace: if call.resource.namespaced { call.namespace.clone() } else { String::new() },
        label_selector: request.query_value("labelSelector").unwrap_or("").to_owned(),
        field_selector: field_selector.unwrap_or_default(),
        version: call.resource.version.clone(),
        group: call.resource.group.clone(),
        as_table: form(&request.accept) == Form::Table,
        metadata_only: form(&request.accept) == Form::Metadata,
        include_object: request.query_value("includeObject").unwrap_or("").to_owned(),
        bookmarks: request.query_value("allowWatchBookmarks") == Some("true"),
        initial: given.is_none() || sends_initial,
        tells_initial_end: sends_initial,
        headers_sent: false,
        revision: given.unwrap_or(now),
    };
    Ok(Response::new(200, Body::Watch(watch)))
}

fn parse_version(text: &str) -> Result<u64, Status> {
    text.parse().map_err(|_| {
        let cause = crate::apimachinery::status::Cause {
            reason: "FieldValueInvalid".into(),
            message: format!("Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"),
            field: "resourceVersion".into(),
        };
        Status::invalid("ListOptions", "meta.k8s.io", "", vec![cause])
    })
}

/// Deletes every object that the selectors mean; the answer is the list of them.
pub(crate) fn delete_collection(
    call: &mut Call<'_>,
    request: &Request,
    options: &DeleteOptions,
) -> Result<Response, Status> {
    let filter = Filter::of(call, request)?;
    let mut items = Vec::new();
    for object in collect(call, &filter)? {
        call.name = object::name(&object).to_owned();
        call.namespace = object::namespace(&object).to_owned();
        match remove::delete(call, options) {
            Ok(_) => items.push((*convert::from_storage(&call.resource, &object)).clone()),
            Err(status) if status.code == 404 => {}
            Err(status) => return Err(status),
        }
    }
    let metadata = json!({"resourceVersion": call.store().revision().to_string()});
    let body = collection(&call.resource.api_version(), &call.resource.list_kind, metadata, items);
    Ok(Response::new(200, Body::Json(body)))
}
