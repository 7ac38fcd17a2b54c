//! Subresources: other doors to an object, each with its own rules. One file each, one table.

mod backend;
mod binding;
mod eviction;
mod scale;
mod streams;
mod token;

use super::call::Call;
use super::write::{self, Part};
use super::{convert, decode, read, resources};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::{Body, Object, Request, Response};

/// What a PATCH of the resource or subresource begins with.
pub(crate) fn current(call: &Call<'_>) -> Result<Object, Status> {
    let stored = call.stored()?;
    let shown = convert::from_storage(&call.resource, &stored);
    Ok(if call.subresource == "scale" { scale::of(call, &shown).into() } else { shown })
}

/// GET of a subresource.
pub(crate) fn get(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    if matches!(call.subresource.as_str(), "log" | "exec" | "attach" | "portforward") {
        return streams::open(call, request);
    }
    if call.resource.storage.as_ref() == "nodes" && call.subresource.starts_with("proxy") {
        return backend::proxy(call, request);
    }
    let object = current(call)?;
    match call.subresource.as_str() {
        "scale" => Ok(Response::new(200, Body::Json(object))),
        "status" | "approval" | "ephemeralcontainers" | "resize" => {
            read::respond(call, request, 200, &object)
        }
        _ => Err(Status::no_such_path()),
    }
}

/// POST to a subresource.
pub(crate) fn post(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    if matches!(call.subresource.as_str(), "exec" | "attach" | "portforward") {
        return streams::open(call, request);
    }
    let object = decode::body(call, request)?;
    match call.subresource.as_str() {
        "eviction" => Ok(Response::json(201, eviction::evict(call, &object)?)),
        "token" => Ok(Response::json(201, token::request(call, &object)?)),
        "binding" => {
            binding::bind(call, &object)?;
            Ok(Response::json(201, success(201)))
        }
        _ => Err(Status::no_such_path()),
    }
}

/// POST of a Binding, which stands for the subresource of the pod that it names.
pub(crate) fn bind(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    let binding = decode::body(call, request)?;
    let pods = resources::find(call.cluster(), "", "v1", "pods").ok_or_else(Status::no_such_path)?;
    (call.resource, call.subresource) = (pods, "binding".into());
    call.name = object::name(&binding).to_owned();
    binding::bind(call, &binding)?;
    Ok(Response::json(201, success(201)))
}

/// `Status` with `Success`, as subresources without an object answer.
pub(crate) fn success(code: u16) -> Value {
    json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Success", "code": code})
}

/// Replaces the resource (`call.subresource` empty) or one of its subresources by `object`.
pub(crate) fn put(call: &mut Call<'_>, mut object: Value) -> Result<Object, Status> {
    // It is asked for once.
    let mut whole = |_: &mut Call<'_>, _: &Value| Ok(std::mem::take(&mut object));
    match call.subresource.as_str() {
        "" => write::update(call, Part::Main, &mut whole),
        "status" => write::update(call, Part::Status, &mut whole),
        "scale" => scale::put(call, &object),
        "binding" => binding::bind(call, &object),
        "finalize" => finalize(call, &object),
        "eviction" => Ok(eviction::evict(call, &object)?.into()),
        "approval" => approve(call, &object),
        "ephemeralcontainers" | "resize" => write::update(call, Part::Other, &mut whole),
        _ => Err(Status::no_such_path()),
    }
}

/// Takes finalizers off a namespace's spec; the last one lets it go.
fn finalize(call: &mut Call<'_>, object: &Value) -> Result<Object, Status> {
    let finalizers = object.pointer("/spec/finalizers").cloned();
    write::update(call, Part::Other, &mut |_, old| {
        let mut new = old.clone();
        match &finalizers {
            Some(finalizers) => object::set(&mut new, &["spec", "finalizers"], finalizers.clone()),
            None => drop(object::remove(&mut new, &["spec", "finalizers"])),
        }
        Ok(new)
    })
}

/// Sets a signing request's conditions of approval.
fn approve(call: &mut Call<'_>, object: &Value) -> Result<Object, Status> {
    let conditions = object.pointer("/status/conditions").cloned().unwrap_or(Value::Null);
    let now = call.world.now.rfc3339();
    write::update(call, Part::Other, &mut |_, old| {
        let mut new = old.clone();
        let mut conditions = conditions.clone();
        for condition in conditions.as_array_mut().into_iter().flatten() {
            object::set_default(condition, &["lastUpdateTime"], now.as_str());
            object::set_default(condition, &["lastTransitionTime"], now.as_str());
        }
        object::set(&mut new, &["status", "conditions"], conditions);
        Ok(new)
    })
}
