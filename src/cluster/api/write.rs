//! create and update: the one way by which an object gets into the store.
//!
//! The order is the real server's: defaults, mutating admission, system metadata, the kind's strategy,
//! validation, validating admission, storage.

use super::call::{Call, Tracking};
use super::{admission, allocate, authz, convert, custom, encryption, fieldowners, hooks, remove, strategy};
use super::{defaults, validation};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::{Cause, Status};
use crate::cluster::Object;

/// How often a generated name is drawn again when it is taken. Source: `store.go`, maxNameGenerationCreateAttempts.
const NAME_ATTEMPTS: u32 = 8;

/// A generated name is the base and five letters, 63 in all; longer bases are cut.
const GENERATED_BASE_MAX: usize = 58;

/// Which part of an object a write may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The resource itself.
    Main,
    Status,
    /// Another subresource whose handler has already taken care of what may change.
    Other,
}

/// Creates `object`, which is in the version of the request.
pub(crate) fn create(call: &mut Call<'_>, mut object: Value) -> Result<Object, Status> {
    let resource = call.resource.clone();
    address(call, &mut object)?;
    defaults::apply(&resource, &mut object, None);
    convert::to_storage(&resource, &mut object);
    begin_metadata(call, &mut object);
    fieldowners::track(call, None, &mut object);
    admission::mutate(call, &mut object, None)?;
    authz::escalation::check(call, &object, None)?;
    name_it(call, &mut object);
    strategy::prepare_for_create(&resource, &mut object, &call.world.now.rfc3339());
    hooks::before_create(call, &mut object)?;
    allocate::on_create(call, &mut object)?;
    let mut causes = validation::create(&resource, &object);
    causes.extend(custom::validate(call, &object, None));
    refuse_invalid(call, &object, causes)?;
    warn(call, &object, None);
    admission::validate(call, &object, None)?;
    let key = call.key(object::name(&object));
    if let Some(there) = call.store().get(&key) {
        return Err(already_exists(call, &object, there));
    }
    if call.options.dry_run {
        return Ok(object.into());
    }
    let stored = call.put(&key, object)?;
    hooks::after_create(call, &stored);
    Ok(stored)
}

/// Warns of what is odd about an object; components in process hear no warnings.
fn warn(call: &mut Call<'_>, object: &Value, old: Option<&Value>) {
    if call.options.tracking == Tracking::None {
        return;
    }
    let resource = call.resource.clone();
    for sentence in validation::warnings(&resource, object, old) {
        call.warn(sentence);
    }
}

fn already_exists(call: &Call<'_>, object: &Value, there: &Value) -> Status {
    let mut status =
        Status::already_exists(&call.resource.plural, &call.resource.group, object::name(object));
    if object::at(there, "/metadata/deletionTimestamp").is_some() {
        status.message = format!("object is being deleted: {}", status.message);
    }
    status
}

/// Gives the object the namespace of the path, and refuses one that says another.
fn address(call: &Call<'_>, object: &mut Value) -> Result<(), Status> {
    if !call.resource.namespaced {
        object::remove(object, &["metadata", "namespace"]);
        return Ok(());
    }
    let own = object::namespace(object);
    if !own.is_empty() && own != call.namespace {
        let message = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Status::bad_request(message));
    }
    object::set(object, &["metadata", "namespace"], call.namespace.as_str());
    Ok(())
}

/// Takes away what only the server may set, and sets it. Mirror of `rest.FillObjectMetaSystemFields`.
fn begin_metadata(call: &mut Call<'_>, object: &mut Value) {
    let uid = call.world.chance.uuid();
    let now = call.world.now.rfc3339();
    let metadata = object::map_at(object, &["metadata"]);
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"] {
        metadata.remove(field);
    }
    metadata.insert("creationTimestamp".into(), now.into());
    metadata.insert("uid".into(), uid.into());
    metadata.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()));
}

fn name_it(call: &mut Call<'_>, object: &mut Value) {
    if !object::name(object).is_empty() {
        return;
    }
    let base = object::text(object, "/metadata/generateName").to_owned();
    if base.is_empty() {
        return;
    }
    let base: String = base.chars().take(GENERATED_BASE_MAX).collect();
    for _ in 0..NAME_ATTEMPTS {
        let name = format!("{base}{}", call.world.chance.suffix(5));
        let free = call.store().get(&call.key(&name)).is_none();
        object::set(object, &["metadata", "name"], name);
        if free {
            return;
        }
    }
}

pub(crate) fn refuse_invalid(call: &Call<'_>, object: &Value, causes: Vec<Cause>) -> Result<(), Status> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(&call.resource.kind, &call.resource.group, object::name(object), causes))
}

/// Makes the new object of the old one; both in the version of the request.
pub(crate) type Make<'f> = &'f mut dyn FnMut(&mut Call<'_>, &Value) -> Result<Value, Status>;

/// Replaces the object that the request names by what `make` makes of it.
pub(crate) fn update(call: &mut Call<'_>, part: Part, make: Make<'_>) -> Result<Object, Status> {
    let resource = call.resource.clone();
    let old = call.stored()?;
    let shown = convert::from_storage(&resource, &old);
    let mut new = make(call, &shown)?;
    check_address(call, &shown, &mut new)?;
    if part != Part::Status || !defaults::is_filled(&resource, &new, &shown) {
        defaults::apply(&resource, &mut new, Some(&shown));
    }
    convert::to_storage(&resource, &mut new);
    check_version(call, &old, &mut new)?;
    fieldowners::track(call, Some(&old), &mut new);
    admission::mutate(call, &mut new, Some(&old))?;
    authz::escalation::check(call, &new, Some(&old))?;
    keep_metadata(&old, &mut new);
    match part {
        Part::Main => strategy::prepare_for_update(&resource, &old, &mut new),
        Part::Status => strategy::prepare_for_status_update(&resource, &old, &mut new),
        Part::Other => {}
    }
    hooks::before_update(call, &old, &mut new);
    if part != Part::Status {
        allocate::on_update(call, &old, &mut new)?;
    }
    let mut causes = match part {
        Part::Status => validation::update_status(&resource, &new, &old),
        Part::Main => validation::update(&resource, &new, &old),
        Part::Other => validation::update_subresource(&resource, &call.subresource, &new, &old),
    };
    causes.extend(match part {
        Part::Status => custom::validate_status(&resource, &new),
        Part::Main | Part::Other => custom::validate(call, &new, Some(&old)),
    });
    refuse_invalid(call, &new, causes)?;
    if part != Part::Status {
        warn(call, &new, Some(&old));
    }
    admission::validate(call, &new, Some(&old))?;
    store_update(call, old, new)
}

fn store_update(call: &mut Call<'_>, old: Object, new: Value) -> Result<Object, Status> {
    let key = call.key(object::name(&old));
    if remove::is_done(&call.resource, &old, &new) {
        if call.options.dry_run {
            return Ok(new.into());
        }
        remove::take_out(call, &key);
        return Ok(new.into());
    }
    if new == *old && !encryption::is_stale(call.cluster(), &key) {
        return Ok(old);
    }
    if call.options.dry_run {
        return Ok(new.into());
    }
    let stored = call.put(&key, new)?;
    hooks::after_update(call, &old, &stored);
    Ok(stored)
}

/// The body must name what the path names.
fn check_address(call: &Call<'_>, old: &Value, new: &mut Value) -> Result<(), Status> {
    let name = object::name(new);
    if name.is_empty() && call.options.tracking == Tracking::None {
        object::set(new, &["metadata", "name"], object::name(old));
    } else if name != object::name(old) {
        let message = if name.is_empty() {
            "name must be provided".to_owned()
        } else {
            format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                object::name(old)
            )
        };
        return Err(Status::bad_request(message));
    }
    address(call, new)
}

/// Optimistic locking, and the UID that a body may carry.
fn check_version(call: &Call<'_>, old: &Value, new: &mut Value) -> Result<(), Status> {
    let name = object::name(old).to_owned();
    let uid = object::uid(new);
    if !uid.is_empty() && uid != object::uid(old) {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            object::uid(old)
        );
        return Err(call.conflict(&name, &why));
    }
    let current = object::text(old, "/metadata/resourceVersion").to_owned();
    let given = object::text(new, "/metadata/resourceVersion").to_owned();
    if given.is_empty() || given == "0" {
        if call.options.tracking == Tracking::Update && !strategy::updates_unconditionally(&call.resource) {
            let cause = Cause {
                reason: "FieldValueInvalid".into(),
                message: "Invalid value: 0: must be specified for an update".into(),
                field: "metadata.resourceVersion".into(),
            };
            return refuse_invalid(call, old, vec![cause]);
        }
        object::set(new, &["metadata", "resourceVersion"], current);
        return Ok(());
    }
    if given != current {
        let why =
            "the object has been modified; please apply your changes to the latest version and try again";
        return Err(call.conflict(&name, why));
    }
    Ok(())
}

/// Metadata that no update changes. Mirror of `rest.BeforeUpdate`.
fn keep_metadata(old: &Value, new: &mut Value) {
    for field in [
        "uid",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "generateName",
        "selfLink",
    ] {
        match old.get("metadata").and_then(|metadata| metadata.get(field)) {
            Some(value) => object::set(new, &["metadata", field], value.clone()),
            None => drop(object::remove(new, &["metadata", field])),
        }
    }
    let metadata = object::map_at(new, &["metadata"]);
    metadata.retain(|_, value| {
        !value.is_null()
            && value.as_object().is_none_or(|map| !map.is_empty())
            && value.as_array().is_none_or(|list| !list.is_empty())
    });
}
