//! Custom resources: what their definitions say about them.

use std::time::Duration;

use super::Client;
use super::call::Call;
use super::resources::{self, Resource};
use crate::apimachinery::field::{self, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::schema::{self, Schema};
use crate::apimachinery::status::{Cause, Status};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, Key, Object, World};

/// The structural schema of a custom resource's version; `None` for built-in resources.
pub(crate) fn schema(resource: &Resource) -> Option<Schema> {
    let version = version(resource)?;
    Some(schema::from_open_api(version.pointer("/schema/openAPIV3Schema").unwrap_or(&Value::Null)))
}

/// What is wrong with a custom object's status, whose sentences begin at that field.
pub(crate) fn validate_status(resource: &Resource, object: &Value) -> Vec<Cause> {
    let Some(schema) = schema(resource) else { return Vec::new() };
    let (Some(status), Some(value)) = (schema.property("status"), object.get("status")) else {
        return Vec::new();
    };
    let mut causes = schema::validate(status, value, &Path::root());
    for cause in &mut causes {
        cause.field = format!("status.{}", cause.field).trim_end_matches('.').to_owned();
    }
    causes
}

/// Brings an object into another version of its definition: what that version does not know goes, what
/// it has defaults for comes.
pub(crate) fn into_version(definition: &Value, version: &str, object: &mut Value) {
    let versions = object::list(definition, "/spec/versions");
    let Some(found) = versions.iter().find(|it| object::field(it, "name") == version) else { return };
    let schema = schema::from_open_api(found.pointer("/schema/openAPIV3Schema").unwrap_or(&Value::Null));
    schema::prune(&schema, object);
    schema::apply_defaults(&schema, object);
}

/// The warning that a version of a custom resource carries.
pub(crate) fn deprecation(resource: &Resource) -> Option<String> {
    let version = version(resource).filter(|it| object::flag(it, "/deprecated"))?;
    Some(match object::field(version, "deprecationWarning") {
        "" => format!("{} {} is deprecated", resource.api_version(), resource.kind),
        sentence => sentence.to_owned(),
    })
}

/// The definition's entry for the resource's version.
pub(crate) fn version(resource: &Resource) -> Option<&Value> {
    let versions = object::list(resource.definition.as_deref()?, "/spec/versions");
    versions.iter().find(|it| object::field(it, "name") == resource.version)
}

/// Puts the schema's defaults in.
pub(crate) fn apply_defaults(resource: &Resource, object: &mut Value) {
    if let Some(schema) = schema(resource) {
        schema::apply_defaults(&schema, object);
    }
}

/// Faults that leave an object in no state for rules.
const BLOCKING: &[&str] =
    &["FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany", "FieldValueTypeInvalid"];

const UNCHECKED: &str = "some validation rules were not checked because the object was invalid; correct the existing errors to complete validation";

/// What is wrong with a custom object, on an update with the one that was there before. Faults that the
/// update did not bring are forgiven; those of rules are warned of.
pub(crate) fn validate(call: &mut Call<'_>, object: &Value, old: Option<&Value>) -> Vec<Cause> {
    let Some(schema) = schema(&call.resource) else { return Vec::new() };
    let mut causes = schema::validate(&schema, object, &Path::root());
    if let Some(old) = old.filter(|_| !causes.is_empty()) {
        let before = schema::validate(&schema, old, &Path::root());
        causes.retain(|it| !before.contains(it));
    }
    if causes.iter().any(|it| BLOCKING.contains(&it.reason.as_str())) {
        if schema::has_rules(&schema) {
            causes.push(field::invalid(&Path::root(), Value::Null, UNCHECKED));
        }
    } else {
        let findings = schema::check_rules(&schema, object, old);
        causes.extend(findings.errors);
        findings.warnings.into_iter().for_each(|sentence| call.warn(sentence));
    }
    causes
}

/// Refuses objects of a definition that is on its way out.
pub(crate) fn refuse_while_terminating(call: &Call<'_>, name: &str) -> Result<(), Status> {
    let ends = call
        .resource
        .definition
        .as_ref()
        .is_some_and(|it| object::at(it, "/metadata/deletionTimestamp").is_some());
    if ends {
        return Err(
            call.forbidden(name, "create not allowed while custom resource definition is terminating")
        );
    }
    Ok(())
}

/// Completes a definition on its way into the store: names, stored versions.
pub(crate) fn prepare(definition: &mut Value, old: Option<&Value>) {
    let stored: Vec<Value> = object::list(definition, "/spec/versions")
        .iter()
        .filter(|it| object::flag(it, "/storage"))
        .map(|it| object::field(it, "name").into())
        .collect();
    let mut versions = old.map_or_else(Vec::new, |it| object::list(it, "/status/storedVersions").to_vec());
    for version in stored {
        if !versions.contains(&version) {
            versions.push(version);
        }
    }
    object::set(definition, &["status", "storedVersions"], versions);
}

/// Accepts a definition's names and establishes it, as the naming and establishing controllers do.
pub(crate) fn establish(call: &mut Call<'_>, stored: &Object) {
    let now = call.world.now.rfc3339();
    let mut definition = (**stored).clone();
    let conflict = name_conflict(call, &definition);
    let condition = |kind: &str, status: &str, reason: &str, message: &str| json!({"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": now});
    let mut conditions: Vec<Value> = object::list(&definition, "/status/conditions")
        .iter()
        .filter(|it| !matches!(object::field(it, "type"), "NamesAccepted" | "Established"))
        .cloned()
        .collect();
    match conflict {
        None => {
            let names = object::at(&definition, "/spec/names").cloned().unwrap_or(Value::Null);
            object::set(&mut definition, &["status", "acceptedNames"], names);
            conditions.push(condition("NamesAccepted", "True", "NoConflicts", "no conflicts found"));
            conditions.push(condition(
                "Established",
                "True",
                "InitialNamesAccepted",
                "the initial names have been accepted",
            ));
        }
        Some((reason, message)) => {
            conditions.push(condition("NamesAccepted", "False", reason, &message));
            let why = "not all names are accepted";
            conditions.push(condition("Established", "False", "NotAccepted", why));
        }
    }
    keep_times(stored, &mut conditions);
    object::set(&mut definition, &["status", "conditions"], conditions);
    if definition != **stored {
        let key = Key::new(resources::CRDS, "", object::name(stored));
        call.store_mut().put(&key, definition);
    }
}

/// Holds a deleted definition back until its instances are gone.
pub(crate) fn mark_terminating(definition: &mut Value, now: &str) {
    object::set(definition, &["metadata", "deletionTimestamp"], now);
    let mut finalizers = object::list(definition, "/metadata/finalizers").to_vec();
    if !finalizers.iter().any(|it| it == CLEANUP) {
        finalizers.push(CLEANUP.into());
    }
    object::set(definition, &["metadata", "finalizers"], finalizers);
    let message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
    set_terminating(definition, "True", "InstanceDeletionPending", message, now);
}

fn set_terminating(definition: &mut Value, status: &str, reason: &str, message: &str, now: &str) {
    let condition = json!({
        "type": "Terminating", "status": status, "reason": reason, "message": message, "lastTransitionTime": now,
    });
    let mut conditions = object::list(definition, "/status/conditions").to_vec();
    conditions.retain(|it| object::field(it, "type") != "Terminating");
    conditions.push(condition);
    object::set(definition, &["status", "conditions"], conditions);
}

/// The finalizer that the server puts on a definition when it is deleted.
const CLEANUP: &str = "customresourcecleanup.apiextensions.k8s.io";

/// Deletes the instances of a deleted definition, then lets the definition go. One key a definition.
pub(crate) const FINALIZER: Component =
    Component { name: "crd-finalizer", process: Process::ApiServer, woken_by, sync };

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if &*event.key.resource == resources::CRDS {
        keys.push(event.key.name.to_string());
        return;
    }
    let store = world.clusters.get(cluster).map(|it| &it.store);
    let definition = store.and_then(|store| store.find(resources::CRDS, "", &event.key.resource));
    if event.change == Change::Deleted && definition.is_some() {
        keys.push(event.key.resource.to_string());
    }
}

fn sync(world: &mut World, cluster: ClusterId, name: &str) -> Option<Duration> {
    let now = world.now.rfc3339();
    let mut client = Client::controller(world, cluster, "crd-finalizer");
    let definition = client.get(resources::CRDS, "", name)?;
    let held = object::list(&definition, "/metadata/finalizers").iter().any(|it| it == CLEANUP);
    if object::at(&definition, "/metadata/deletionTimestamp").is_none() || !held {
        return None;
    }
    for instance in client.list(name, "") {
        if object::at(&instance, "/metadata/deletionTimestamp").is_none() {
            let _ = client.delete(name, object::namespace(&instance), object::name(&instance), &Value::Null);
        }
    }
    let left = !client.list(name, "").is_empty();
    let change = |definition: &mut Value| {
        if left {
            let message = "CustomResource deletion is in progress";
            set_terminating(definition, "True", "InstanceDeletionInProgress", message, &now);
            return;
        }
        let mut finalizers = object::list(definition, "/metadata/finalizers").to_vec();
        finalizers.retain(|it| it != CLEANUP);
        object::set(definition, &["metadata", "finalizers"], finalizers);
    };
    let part = if left { "status" } else { "" };
    let _ = client.edit(resources::CRDS, part, ("", name), change);
    None
}

/// A condition that says the same as before keeps its time.
fn keep_times(stored: &Value, conditions: &mut [Value]) {
    for condition in conditions {
        let same = |it: &&Value| {
            object::field(it, "type") == object::field(condition, "type")
                && object::field(it, "status") == object::field(condition, "status")
        };
        let before = object::list(stored, "/status/conditions").iter().find(same);
        if let Some(time) = before.and_then(|it| it.get("lastTransitionTime")).cloned() {
            condition["lastTransitionTime"] = time;
        }
    }
}

/// Reason and message when another resource of the group has one of the names already.
fn name_conflict(call: &Call<'_>, definition: &Value) -> Option<(&'static str, String)> {
    let group = object::text(definition, "/spec/group");
    let own = object::name(definition);
    let others: Vec<_> = resources::all(call.cluster())
        .into_iter()
        .filter(|it| it.group == group && &*it.storage != own)
        .collect();
    let taken = |name: &str| {
        others.iter().any(|it| {
            it.plural == name || it.singular == name || it.short_names.iter().any(|short| short == name)
        })
    };
    let text = |field: &str| object::text(definition, &format!("/spec/names/{field}")).to_owned();
    if taken(&text("plural")) {
        return Some(("PluralConflict", format!("{:?} is already in use", text("plural"))));
    }
    if taken(&text("singular")) {
        return Some(("SingularConflict", format!("{:?} is already in use", text("singular"))));
    }
    for short in object::list(definition, "/spec/names/shortNames").iter().filter_map(Value::as_str) {
        if taken(short) {
            return Some(("ShortNamesConflict", format!("{short:?} is already in use")));
        }
    }
    let kind = text("kind");
    let kind_taken = others.iter().any(|it| it.kind == kind || it.list_kind == kind);
    kind_taken.then(|| ("KindConflict", format!("{kind:?} is already in use")))
}
