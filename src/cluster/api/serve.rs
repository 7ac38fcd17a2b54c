//! A request's way through the server: path, user, permission, verb, answer, audit.

use std::collections::BTreeMap;

use super::audit::{self, Asked};
use super::authn::impersonate;
use super::authz::{self, Attributes, reviews};
use super::call::{Aside, Call, DeleteOptions, FieldValidation, Options, Tracking};
use super::route::{self, Route};
use super::{
    components, custom, decode, discovery, patch, plain, read, remove, resources, subresource, write,
};
use crate::apimachinery::json::Value;
use crate::apimachinery::status::Status;
use crate::apimachinery::{go, object};
use crate::cluster::{AuditEvent, ClusterId, Request, Response, UserInfo, World};

/// Answers one request of an authenticated user, as kube-apiserver does.
pub(crate) fn handle(world: &mut World, cluster: ClusterId, request: &Request) -> Response {
    let Some(found) = world.clusters.get(cluster) else {
        return Response::refused(&Status::unavailable("there is no such cluster"));
    };
    let acting = match impersonate::acting_user(found, request) {
        Ok(user) => user,
        Err(status) => return Response::refused(&status),
    };
    let route = route::parse(&request.path).filter(|route| !route.resource.is_empty());
    let Some(route) = route else {
        let attributes = path_attributes(request);
        let response = answer_path(world, cluster, request, (&acting, &attributes));
        let asked = Asked {
            request,
            attributes: &attributes,
            acting: &acting,
            response: &response,
            notes: BTreeMap::new(),
        };
        audit::log(world, cluster, asked);
        return response;
    };
    let verb = verb_of(request, &route);
    let mut warnings = Vec::new();
    let mut aside = Aside::default();
    let beside = (&mut warnings, &mut aside);
    let mut response = match serve(world, cluster, request, (&route, verb, &acting), beside) {
        Ok(response) => response,
        Err(status) => Response::refused(&status),
    };
    response.warnings.append(&mut warnings);
    response.waited = aside.waited;
    note(world, cluster, request, (&route, verb, &acting), response.code);
    let attributes = audit::attributes_of(&route, verb);
    let asked =
        Asked { request, attributes: &attributes, acting: &acting, response: &response, notes: aside.notes };
    audit::log(world, cluster, asked);
    response
}

/// 401 for a client that is nobody the server knows.
pub(crate) fn unauthorized(world: &mut World, cluster: ClusterId, request: &Request) -> Response {
    let response = Response::refused(&Status::unauthorized());
    let attributes = match route::parse(&request.path).filter(|route| !route.resource.is_empty()) {
        Some(route) => audit::attributes_of(&route, verb_of(request, &route)),
        None => path_attributes(request),
    };
    let nobody = UserInfo::default();
    let asked = Asked {
        request,
        attributes: &attributes,
        acting: &nobody,
        response: &response,
        notes: BTreeMap::new(),
    };
    audit::log(world, cluster, asked);
    response
}

/// What a request for a path without objects is about.
fn path_attributes(request: &Request) -> Attributes {
    let verb = match request.method.as_str() {
        "" => "get".to_owned(),
        method => method.to_ascii_lowercase(),
    };
    Attributes { verb, path: request.path.clone(), ..Attributes::default() }
}

/// Discovery, health and other paths without objects.
fn answer_path(
    world: &World,
    id: ClusterId,
    request: &Request,
    (user, attributes): (&UserInfo, &Attributes),
) -> Response {
    let Some(cluster) = world.clusters.get(id) else {
        return Response::refused(&Status::no_such_path());
    };
    if let Err(status) = authz::require(cluster, user, attributes) {
        return Response::refused(&status);
    }
    match route::parse(&request.path) {
        Some(route) => match super::aggregate::answer(world, id, request, &route) {
            Some(answer) => answer.unwrap_or_else(|status| Response::refused(&status)),
            None => discovery::group_version(cluster, &route),
        },
        None => super::authn::token::discovery(world, id, &request.path)
            .unwrap_or_else(|| plain::answer(cluster, request)),
    }
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
    (route, verb, user): (&Route, &'static str, &UserInfo),
    (warnings, aside): (&mut Vec<String>, &mut Aside),
) -> Result<Response, Status> {
    let found = &world.clusters[cluster];
    authz::require(found, user, &attributes(request, route, verb))?;
    if let Some(answer) = super::aggregate::answer(world, cluster, request, route) {
        return answer;
    }
    let found = &world.clusters[cluster];
    let resource = resources::find(found, &route.group, &route.version, &route.resource);
    let resource = resource.ok_or_else(Status::no_such_path)?;
    if resource.namespaced && route.namespace.is_empty() && (!route.name.is_empty() || verb == "create") {
        return Err(Status::no_such_path());
    }
    let options = options(request)?;
    let mut call = Call {
        world,
        cluster,
        user: user.clone(),
        resource,
        subresource: route.subresource.clone(),
        namespace: route.namespace.clone(),
        name: route.name.clone(),
        options,
        warnings: Vec::new(),
        aside: Aside::default(),
    };
    check_verb(&call, verb)?;
    if let Some(sentence) = deprecation(&call.resource) {
        call.warn(sentence);
    }
    let response = perform(&mut call, request, verb);
    warnings.append(&mut call.warnings);
    *aside = call.aside;
    response
}

fn attributes(request: &Request, route: &Route, verb: &str) -> Attributes {
    // A request for a namespace itself counts as one within it.
    let namespace =
        if route.resource == "namespaces" && route.group.is_empty() { &route.name } else { &route.namespace };
    let subresource = route.subresource.split('/').next().unwrap_or("");
    let field_selector = request.query_value("fieldSelector").unwrap_or("");
    // Selecting one name is asking for that object.
    let name = match route.name.as_str() {
        "" => field_selector.strip_prefix("metadata.name=").filter(|it| !it.contains(',')).unwrap_or(""),
        name => name,
    };
    Attributes {
        verb: verb.to_owned(),
        group: route.group.clone(),
        version: route.version.clone(),
        resource: route.resource.clone(),
        subresource: subresource.to_owned(),
        namespace: namespace.clone(),
        name: name.trim_start_matches('=').to_owned(),
        path: String::new(),
        field_selector: field_selector.to_owned(),
    }
}

/// Built-in resources that warn of themselves at every request, with the sentence.
const DEPRECATED: &[(&str, &str)] = &[
    ("componentstatuses", "v1 ComponentStatus is deprecated in v1.19+"),
    ("endpoints", "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"),
];

fn deprecation(resource: &resources::Resource) -> Option<String> {
    let row = DEPRECATED.iter().find(|(storage, _)| *storage == &*resource.storage);
    row.map(|(_, sentence)| (*sentence).to_owned()).or_else(|| custom::deprecation(resource))
}

/// 405 for a verb that discovery does not list, 404 for a subresource that it does not list.
fn check_verb(call: &Call<'_>, verb: &str) -> Result<(), Status> {
    if call.subresource.is_empty() {
        // A custom resource takes every verb; discovery hides some while its definition goes.
        let known = call.resource.is_custom() || call.resource.has_verb(verb);
        return if known { Ok(()) } else { Err(Status::method_not_allowed()) };
    }
    let first = call.subresource.split('/').next().unwrap_or("");
    let unknown =
        || if call.resource.is_custom() { call.not_found(&call.name) } else { Status::no_such_path() };
    let sub = call.resource.subresource(first).ok_or_else(unknown)?;
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
        "get" if &*call.resource.storage == components::STORAGE => components::get(call, request),
        "list" if &*call.resource.storage == components::STORAGE => components::list(call, request),
        "get" if call.subresource.is_empty() => read::get(call, request),
        "get" => subresource::get(call, request),
        "list" => read::list(call, request),
        "watch" => read::watch(call, request),
        "create" if &*call.resource.storage == "bindings" => subresource::bind(call, request),
        "create" if call.subresource.is_empty() => {
            let object = decode::body(call, request)?;
            if let Some(answer) = reviews::answer(call, &object) {
                return Ok(Response::json(201, answer?));
            }
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
    let names_one = !object::uid(&object).is_empty();
    if missing && !names_one && super::strategy::creates_on_update(&call.resource) {
        let stored = write::create(call, object)?;
        return read::respond(call, request, 201, &stored);
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
    if let Some(text) = request.query_value("gracePeriodSeconds") {
        let grace: i64 = text.parse().map_err(|_| {
            Status::bad_request(format!("strconv.ParseInt: parsing {}: invalid syntax", go::quote(text)))
        })?;
        object::set(&mut options, &["gracePeriodSeconds"], grace);
    }
    if let Some(orphan) = request.query_value("orphanDependents") {
        object::set(&mut options, &["orphanDependents"], matches!(orphan, "true" | "1"));
    }
    Ok(DeleteOptions::of(&options))
}

/// Notes who asked for what, for those who grade.
fn note(
    world: &mut World,
    cluster: ClusterId,
    request: &Request,
    (route, verb, user): (&Route, &'static str, &UserInfo),
    code: u16,
) {
    let resource = crate::apimachinery::status::qualified(&route.resource, &route.group);
    let event = AuditEvent {
        at: world.now,
        user: user.name.clone(),
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
