//! Bodies: from bytes to an object of the type that the path wants.

use serde_json::Value;

use super::call::Call;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Request;

/// The object in a body of POST or PUT.
pub(crate) fn body(call: &mut Call<'_>, request: &Request) -> Result<Value, Status> {
    let mut object = parse(request)?;
    expect_type(call, &mut object)?;
    Ok(object)
}

fn parse(request: &Request) -> Result<Value, Status> {
    if request.content_type.contains("yaml") {
        let text = String::from_utf8_lossy(&request.body);
        let documents = crate::apimachinery::yaml::documents(&text).map_err(Status::bad_request)?;
        return Ok(documents.into_iter().next().unwrap_or(Value::Null));
    }
    serde_json::from_slice(&request.body).map_err(|error| Status::bad_request(error.to_string()))
}

/// Kind and version of the body must be those that the path serves.
fn expect_type(call: &Call<'_>, object: &mut Value) -> Result<(), Status> {
    let (kind, api_version) = expected(call);
    let given_kind = object::text(object, "/kind").to_owned();
    let given_version = object::text(object, "/apiVersion").to_owned();
    if given_kind.is_empty() {
        object::set(object, &["kind"], kind.as_str());
    }
    if given_version.is_empty() {
        object::set(object, &["apiVersion"], api_version.as_str());
    }
    if !given_kind.is_empty() && given_kind != kind {
        let (_, version) = object::split_api_version(&given_version);
        let message = format!(
            "{given_kind} in version {version:?} cannot be handled as a {kind}: converting ({given_kind}) to ({kind}): unknown conversion"
        );
        return Err(Status::bad_request(message));
    }
    if !given_version.is_empty() && given_version != api_version {
        let message = format!(
            "the API version in the data ({given_version}) does not match the expected API version ({api_version})"
        );
        return Err(Status::bad_request(message));
    }
    Ok(())
}

/// Kind and version that the path takes.
fn expected(call: &Call<'_>) -> (String, String) {
    let own = || (call.resource.kind.clone(), call.resource.api_version());
    let Some(sub) = call.resource.subresource(&call.subresource) else { return own() };
    match &sub.of {
        Some((group, version)) if group.is_empty() => (sub.kind.clone(), version.clone()),
        Some((group, version)) => (sub.kind.clone(), format!("{group}/{version}")),
        None => (sub.kind.clone(), call.resource.api_version()),
    }
}
