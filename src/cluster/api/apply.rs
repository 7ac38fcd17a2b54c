//! Server-side apply: `application/apply-patch+yaml`.

use super::authz::{self, Attributes};
use super::call::{Call, FieldValidation, Tracking};
use super::{decode, fieldowners, read, subresource, write};
use crate::apimachinery::field::{self, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk};
use crate::apimachinery::status::Status;
use crate::apimachinery::yaml;
use crate::cluster::{Request, Response};

/// Applies the intent in the body.
pub(crate) fn apply(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    check_options(request)?;
    let force = request.query_value("force") == Some("true");
    let config = intent(call, request)?;
    let exists = call.store().get(&call.key(&call.name)).is_some();
    if !exists {
        if !call.subresource.is_empty() {
            return Err(call.not_found(&call.name));
        }
        return create(call, request, &config, force);
    }
    let live = subresource::current(call)?;
    let merged = fieldowners::merge(call, &live, &config, force)?;
    call.options.tracking = Tracking::Applied;
    let stored = subresource::put(call, retyped(call, &merged)?)?;
    read::respond(call, request, 200, &stored)
}

fn create(call: &mut Call<'_>, request: &Request, config: &Value, force: bool) -> Result<Response, Status> {
    let attributes = Attributes {
        verb: "create".into(),
        group: call.resource.group.clone(),
        version: call.resource.version.clone(),
        resource: call.resource.plural.clone(),
        namespace: call.namespace.clone(),
        name: call.name.clone(),
        ..Attributes::default()
    };
    authz::require(call.cluster(), &call.user, &attributes)?;
    let mut object = fieldowners::merge(call, &Value::Null, config, force)?;
    object::set(&mut object, &["metadata", "name"], call.name.as_str());
    object = retyped(call, &object)?;
    call.options.tracking = Tracking::Applied;
    let stored = write::create(call, object)?;
    read::respond(call, request, 201, &stored)
}

fn check_options(request: &Request) -> Result<(), Status> {
    if request.query_value("fieldManager").is_some_and(|it| !it.is_empty()) {
        return Ok(());
    }
    let cause = field::required(&Path::new("fieldManager"), "is required for apply patch");
    Err(Status::invalid("PatchOptions", "meta.k8s.io", "", vec![cause]))
}

/// The configuration in the body, with the checks of apply.
fn intent(call: &mut Call<'_>, request: &Request) -> Result<Value, Status> {
    let text = String::from_utf8_lossy(&request.body);
    let documents = yaml::documents(&text)
        .map_err(|error| Status::bad_request(format!("error decoding YAML: {error}")))?;
    let config = documents.into_iter().next().unwrap_or(Value::Null);
    if object::at(&config, "/metadata/managedFields").is_some() {
        return Err(Status::bad_request("metadata.managedFields must be nil"));
    }
    let gvk = Gvk::of(&config);
    if gvk.kind.is_empty() || gvk.version.is_empty() {
        return Err(Status::bad_request("invalid object type: /, Kind="));
    }
    let name = object::name(&config);
    if !name.is_empty() && name != call.name {
        let message =
            format!("the name of the object ({name}) does not match the name on the URL ({})", call.name);
        return Err(Status::bad_request(message));
    }
    if let Some(why) = fieldowners::misfit(call, &config) {
        let about = format!(
            "{}/{name}; {}/{}, Kind={}",
            object::namespace(&config),
            gvk.group,
            gvk.version,
            gvk.kind
        );
        return Err(Status::bare(500, format!("failed to create typed patch object ({about}): {why}")));
    }
    check_fields(call, &gvk, &config)?;
    Ok(config)
}

/// Unknown fields are an error of apply under strict validation, as the typed conversion fails.
fn check_fields(call: &mut Call<'_>, gvk: &Gvk, config: &Value) -> Result<(), Status> {
    let text = config.to_string();
    let decoded = decode::decode(call, gvk, text.as_bytes()).map_err(|why| {
        Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {why}",
            gvk.kind, gvk.version, gvk.kind
        ))
    })?;
    match call.options.field_validation {
        FieldValidation::Ignore => Ok(()),
        FieldValidation::Warn => {
            decoded.strict.iter().for_each(|sentence| call.warn(sentence.as_str()));
            Ok(())
        }
        FieldValidation::Strict => match decoded.strict_error() {
            Some(error) => Err(Status::bad_request(format!("error strict decoding patch: {error}"))),
            None => Ok(()),
        },
    }
}

fn retyped(call: &Call<'_>, merged: &Value) -> Result<Value, Status> {
    let gvk = Gvk::of(merged);
    let text = merged.to_string();
    let mut decoded = decode::decode(call, &gvk, text.as_bytes()).map_err(Status::bad_request)?;
    object::set(&mut decoded.object, &["apiVersion"], gvk.api_version());
    object::set(&mut decoded.object, &["kind"], gvk.kind);
    Ok(decoded.object)
}
