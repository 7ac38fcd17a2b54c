//! A request's way through the server: path, user, permission, verb, answer, audit.

use serde_json::Value;

use super::call::{Call, DeleteOptions, FieldValidation, Options, Tracking};
use super::route::{self, Route};
use super::watch::Watch;
use super::{convert, decode, discovery, patch, read, remove, resources, subresource, write};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::{AuditEvent, Body, ClusterId, Object, Request, Response, World};

/// Answers one request of an authenticated user, as kube-apiserver does.
pub(crate) fn handle(world: &mut World, cluster: ClusterId, request: &Request) -> Response {
    if world.clusters.get(cluster).is_none() {
        return Response::refused(&Status::unavailable("there is no such cluster"));
    }
    let Some(route) = route::parse(&request.path) else {
        return discovery::plain_path(world, cluster, request);
    };
    if route.resource.is_empty() {
        return discovery::group_version(world, cluster, &route);
    }
    let verb = verb_of(request, &route);
    let mut warnings = Vec::new();
    let mut response = match serve(world, cluster, request, &route, verb, &mut warnings) {
        Ok(response) => response,
        Err(status) => Response::refused(&status),
    };
    response.warnings.append(&mut warnings);
    audit(world, cluster, request, &route, verb, response.code);
    response
}

/// The verb by which authorization and the audit log know a request.
pub(crate) fn verb_of(request: &Request, route: &Route) -> &'static str {
    let watching = route.watch || matches!(request.query_value("watch"), Some("true" | "1" | ""));
    let one = !route.name.is_empty();
    match request.method.as_str() {
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" if one => "delete",
        "DELETE" => "deletecollection",
        "GET" | "HEAD" if watching => "watch",
        "GET" | "HEAD" if one => "get",
        "GET" | "HEAD" => "list",
        _ => "",
    }
}

fn serve(
    world: &mut World,
    cluster: ClusterId,
    request: &Request,
    route: &Route,
    verb: &'static str,
    warnings: &mut Vec<String>,
) -> Result<Response, Status> {
    let found = resources::find(&world.clusters[cluster], &route.group, &route.version, &route.resource);
    let resource = found.ok_or_else(Status::no_such_path)?;
    if resource.namespaced && route.namespace.is_empty() && (!route.name.is_empty() || verb == "create") {
        return Err(Status::no_such_path());
    }
    let options = options(request)?;
    let mut call = Call {
        world,
        cluster,
        user: request.user.clone(),
        resource,
        subresource: route.subresource.clone(),
        namespace: route.namespace.clone(),
        name: route.name.clone(),
        options,
        warnings: Vec::new(),
    };
    check_verb(&call, verb)?;
    let response = perform(&mut call, request, verb);
    warnings.append(&mut call.warnings);
    response
}

/// 405 for a verb that discovery does not list, 404 for a subresource that it does not list.
fn check_verb(call: &Call<'_>, verb: &str) -> Result<(), Status> {
    if call.subresource.is_empty() {
        let known = call.resource.has_verb(verb);
        return if known { Ok(()) } else { Err(Status::method_not_allowed()) };
    }
    let first = call.subresource.split('/').next().unwrap_or("");
    let sub = call.resource.subresource(first).ok_or_else(Status::no_such_path)?;
    let known = sub.verbs.iter().any(|it| it == verb);
    if known { Ok(()) } else { Err(Status::method_not_allowed()) }
}

fn options(request: &Request) -> Result<Options, Status> {
    let field_validation = match request.query_value("fieldValidation") {
        None | Some("" | "Warn") => FieldValidation::Warn,
        Some("Strict") => FieldValidation::Strict,
        Some("Ignore") => FieldValidation::Ignore,
        Some(other) => {
            let message =
                format!("Unsupported value: {other:?}: supported values: \"Ignore\", \"Warn\", \"Strict\"");
            return Err(option_error(request, "FieldValueNotSupported", message, "fieldValidation"));
        }
    };
    let dry_run = match request.query_value("dryRun") {
        None | Some("") => false,
        Some("All") => true,
        Some(other) => {
            let message = format!("Unsupported value: {other:?}: supported values: \"All\"");
            return Err(option_error(request, "FieldValueNotSupported", message, "dryRun"));
        }
    };
    let manager = match request.query_value("fieldManager") {
        Some(manager) if !manager.is_empty() => manager,
        _ => request.user_agent.split('/').next().unwrap_or(""),
    };
    Ok(Options { dry_run, field_validation, field_manager: manager.to_owned(), tracking: Tracking::Update })
}

fn option_error(request: &Request, reason: &str, message: String, field: &str) -> Status {
    let kind = match request.method.as_str() {
        "PATCH" => "PatchOptions",
        "PUT" => "UpdateOptions",
        "DELETE" => "DeleteOptions",
        _ => "CreateOptions",
    };
    let cause =
        crate::apimachinery::status::Cause { reason: reason.into(), message, field: field.to_owned() };
    Status::invalid(kind, "meta.k8s.io", "", vec![cause])
}

fn perform(call: &mut Call<'_>, request: &Request, verb: &str) -> Result<Response, Status> {
    match verb {
        "get" if call.subresource.is_empty() => read::get(call, request),
        "get" => subresource::get(call, request),
        "list" => read::list(call, request),
        "watch" => read::watch(call, request),
        "create" if call.subresource.is_empty() => {
            let object = decode::body(call, request)?;
            let stored = write::create(call, object)?;
            read::respond(call, request, 201, &stored)
        }
        "create" => subresource::post(call, request),
        "update" => update(call, request),
        "patch" => patch::patch(call, request),
        "delete" => {
            let options = delete_options(request)?;
            call.options.dry_run |= dry_run_in_body(request);
            let removed = remove::delete(call, &options)?;
            let answer = remove::answer(&call.resource, &removed);
            read::respond(call, request, 200, &answer)
        }
        "deletecollection" => read::delete_collection(call, request, &delete_options(request)?),
        _ => Err(Status::method_not_allowed()),
    }
}

fn update(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    let object = decode::body(call, request)?;
    let missing = call.subresource.is_empty() && call.store().get(&call.key(&call.name)).is_none();
    if missing && super::strategy::creates_on_update(&call.resource) {
        if object::text(&object, "/metadata/uid").is_empty() {
            let stored = write::create(call, object)?;
            return read::respond(call, request, 201, &stored);
        }
    }
    let stored = subresource::put(call, object)?;
    read::respond(call, request, 200, &stored)
}

fn body_of(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap_or(Value::Null)
}

fn dry_run_in_body(request: &Request) -> bool {
    object::list(&body_of(request), "/dryRun").iter().any(|it| it == "All")
}

/// Options of a DELETE from its body, or from the query.
fn delete_options(request: &Request) -> Result<DeleteOptions, Status> {
    let mut options = if request.body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&request.body).map_err(|error| {
            Status::bad_request(format!("couldn't get version/kind; json parse error: {error}"))
        })?
    };
    if let Some(policy) = request.query_value("propagationPolicy") {
        object::set(&mut options, &["propagationPolicy"], policy);
    }
    if let Some(grace) = request.query_value("gracePeriodSeconds").and_then(|it| it.parse::<i64>().ok()) {
        object::set(&mut options, &["gracePeriodSeconds"], grace);
    }
    Ok(DeleteOptions::of(&options))
}

fn audit(
    world: &mut World,
    cluster: ClusterId,
    request: &Request,
    route: &Route,
    verb: &'static str,
    code: u16,
) {
    let resource = crate::apimachinery::status::qualified(&route.resource, &route.group);
    let event = AuditEvent {
        at: world.now,
        user: request.user.name.clone(),
        verb: verb.to_owned(),
        resource,
        subresource: route.subresource.clone(),
        namespace: route.namespace.clone(),
        name: route.name.clone(),
        code,
        user_agent: request.user_agent.clone(),
    };
    if let Some(cluster) = world.clusters.get_mut(cluster) {
        cluster.audit.push_back(event);
    }
}
