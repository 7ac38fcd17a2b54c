//! delete: graceful ends, finalizers, propagation policies, and the last step out of the store.

use std::sync::Arc;

use super::call::{Call, DeleteOptions};
use super::resources::{self, Resource};
use super::{admission, custom, hooks, strategy};
use crate::apimachinery::field::{self, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::{Key, Object};

/// What a DELETE came to.
#[derive(Clone, Debug)]
pub(crate) enum Removed {
    /// Gone; the object as it last was.
    Gone(Object),
    /// Marked; someone has to finish: a kubelet, a finalizer's owner, the namespace controller.
    Marked(Object),
}

/// Deletes the object that the request names.
pub(crate) fn delete(call: &mut Call<'_>, options: &DeleteOptions) -> Result<Removed, Status> {
    let object = call.stored()?;
    check_options(options)?;
    check_preconditions(call, &object, options)?;
    admission::on_delete(call, &object)?;
    if &*call.resource.storage == "namespaces" {
        return delete_namespace(call, &object, options);
    }
    if &*call.resource.storage == resources::CRDS
        && object::at(&object, "/metadata/deletionTimestamp").is_none()
    {
        let mut marked = (*object).clone();
        custom::mark_terminating(&mut marked, &call.world.now.rfc3339());
        return Ok(Removed::Marked(store_marked(call, &object, marked)?));
    }
    let mut marked = (*object).clone();
    let finalizers = finalizers_after(&object, options);
    set_finalizers(&mut marked, finalizers);
    let held = !object::list(&marked, "/metadata/finalizers").is_empty();
    let wait_s = grace_seconds(&call.resource, &object, options);
    if !held && wait_s == 0 {
        return Ok(Removed::Gone(finish(call, object)));
    }
    mark(call, &object, &mut marked, wait_s);
    let stored = store_marked(call, &object, marked)?;
    Ok(Removed::Marked(stored))
}

fn finish(call: &mut Call<'_>, object: Object) -> Object {
    let key = call.key(object::name(&object));
    if call.options.dry_run {
        return object;
    }
    take_out(call, &key).unwrap_or(object)
}

/// Takes an object out of the store for good.
pub(crate) fn take_out(call: &mut Call<'_>, key: &Key) -> Option<Object> {
    let gone = call.store_mut().delete(key)?;
    hooks::after_delete(call, key, &gone);
    Some(gone)
}

fn store_marked(call: &mut Call<'_>, old: &Object, marked: Value) -> Result<Object, Status> {
    if marked == **old {
        return Ok(old.clone());
    }
    if call.options.dry_run {
        return Ok(marked.into());
    }
    let key = call.key(object::name(old));
    call.put(&key, marked)
}

/// True when an update leaves nothing that holds a deleted object back.
pub(crate) fn is_done(resource: &Resource, old: &Value, new: &Value) -> bool {
    if object::at(old, "/metadata/deletionTimestamp").is_none() {
        return false;
    }
    let held = !object::list(new, "/metadata/finalizers").is_empty();
    match &*resource.storage {
        "namespaces" => !held && object::list(new, "/spec/finalizers").is_empty(),
        _ => !held && object::int(old, "/metadata/deletionGracePeriodSeconds").unwrap_or(0) == 0,
    }
}

fn check_options(options: &DeleteOptions) -> Result<(), Status> {
    let (policy, path) = (options.propagation.as_str(), Path::new("propagationPolicy"));
    let mut causes = Vec::new();
    if options.orphans_twice {
        let detail = "orphanDependents and deletionPropagation cannot be both set";
        causes.push(field::invalid(&path, policy, detail));
    }
    if !["", "Orphan", "Background", "Foreground"].contains(&policy) {
        let known = ["Foreground", "Background", "Orphan", "nil"];
        causes.push(field::not_supported(&path, policy, &known));
    }
    if causes.is_empty() { Ok(()) } else { Err(Status::invalid("DeleteOptions", "", "", causes)) }
}

fn check_preconditions(call: &Call<'_>, object: &Value, options: &DeleteOptions) -> Result<(), Status> {
    let name = object::name(object);
    if let Some(uid) = options.uid.as_deref().filter(|uid| *uid != object::uid(object)) {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            object::uid(object)
        );
        return Err(call.conflict(name, &why));
    }
    let current = object::text(object, "/metadata/resourceVersion");
    if let Some(version) = options.resource_version.as_deref().filter(|it| *it != current) {
        let why = format!(
            "Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {current}"
        );
        return Err(call.conflict(name, &why));
    }
    Ok(())
}

/// The finalizers that the propagation policy leaves. Mirror of `deletionFinalizersForGarbageCollection`.
fn finalizers_after(object: &Value, options: &DeleteOptions) -> Vec<Value> {
    let has = |name: &str| object::list(object, "/metadata/finalizers").iter().any(|it| it == name);
    let policy = match options.propagation.as_str() {
        "" if has("orphan") => "Orphan",
        "" if has("foregroundDeletion") => "Foreground",
        "" => "Background",
        policy => policy,
    };
    let mut finalizers: Vec<Value> = object::list(object, "/metadata/finalizers")
        .iter()
        .filter(|it| *it != "orphan" && *it != "foregroundDeletion")
        .cloned()
        .collect();
    match policy {
        "Orphan" => finalizers.push("orphan".into()),
        "Foreground" => finalizers.push("foregroundDeletion".into()),
        _ => {}
    }
    finalizers
}

fn set_finalizers(object: &mut Value, finalizers: Vec<Value>) {
    if finalizers.is_empty() {
        object::remove(object, &["metadata", "finalizers"]);
    } else {
        object::set(object, &["metadata", "finalizers"], finalizers);
    }
}

/// How long a pod has to end; 0 for everything else. Mirror of the pod strategy's `CheckGracefulDelete`.
fn grace_seconds(resource: &Resource, object: &Value, options: &DeleteOptions) -> i64 {
    if &*resource.storage != "pods" {
        return 0;
    }
    let ended = matches!(object::text(object, "/status/phase"), "Failed" | "Succeeded");
    if object::text(object, "/spec/nodeName").is_empty() || ended {
        return 0;
    }
    let own = object::int(object, "/spec/terminationGracePeriodSeconds").unwrap_or(30);
    let wanted = options.grace_period_s.unwrap_or(own);
    let wanted = if wanted < 0 { 1 } else { wanted };
    // A pod that is ending already keeps its time unless the new one is shorter.
    match object::int(object, "/metadata/deletionGracePeriodSeconds") {
        Some(running) if object::at(object, "/metadata/deletionTimestamp").is_some() => wanted.min(running),
        _ => wanted,
    }
}

fn mark(call: &Call<'_>, old: &Value, marked: &mut Value, wait_s: i64) {
    let marked_before = object::int(old, "/metadata/deletionGracePeriodSeconds");
    let is_marked = object::at(old, "/metadata/deletionTimestamp").is_some();
    if is_marked && marked_before.is_some_and(|before| before <= wait_s) {
        return;
    }
    let end = call.world.now + std::time::Duration::from_secs(u64::try_from(wait_s).unwrap_or(0));
    object::set(marked, &["metadata", "deletionTimestamp"], end.rfc3339());
    object::set(marked, &["metadata", "deletionGracePeriodSeconds"], wait_s);
    if !is_marked && let Some(generation) = object::int(old, "/metadata/generation").filter(|it| *it > 0) {
        object::set(marked, &["metadata", "generation"], generation + 1);
    }
}

/// A namespace goes through the phase Terminating; its controller empties it and calls `finalize`.
fn delete_namespace(
    call: &mut Call<'_>,
    namespace: &Object,
    options: &DeleteOptions,
) -> Result<Removed, Status> {
    if object::at(namespace, "/metadata/deletionTimestamp").is_none() {
        let mut marked = (**namespace).clone();
        let finalizers = finalizers_after(namespace, options);
        set_finalizers(&mut marked, finalizers);
        object::set(&mut marked, &["metadata", "deletionTimestamp"], call.world.now.rfc3339());
        object::set(&mut marked, &["status", "phase"], "Terminating");
        return Ok(Removed::Marked(store_marked(call, namespace, marked)?));
    }
    if !object::list(namespace, "/spec/finalizers").is_empty()
        || !object::list(namespace, "/metadata/finalizers").is_empty()
    {
        return Ok(Removed::Marked(namespace.clone()));
    }
    Ok(Removed::Gone(finish(call, namespace.clone())))
}

/// The body of the answer to a DELETE.
pub(crate) fn answer(resource: &Arc<Resource>, removed: &Removed) -> Object {
    match removed {
        Removed::Marked(object) => object.clone(),
        Removed::Gone(object) if strategy::returns_deleted(resource) => object.clone(),
        Removed::Gone(object) => Arc::new(success(resource, object)),
    }
}

/// `Status` with `Success`.
fn success(resource: &Resource, object: &Value) -> Value {
    let mut details = json!({
        "kind": resource.plural, "name": object::name(object), "uid": object::uid(object),
    });
    if !resource.group.is_empty() {
        details["group"] = resource.group.as_str().into();
    }
    json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "details": details})
}
