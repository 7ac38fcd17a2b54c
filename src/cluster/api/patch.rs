//! PATCH: the four kinds of patches, told apart by the content type.

use serde_json::Value;

use super::call::Call;
use super::{read, subresource};
use crate::apimachinery::status::Status;
use crate::cluster::{Request, Response};

/// Patches the object or subresource that the request names.
pub(crate) fn patch(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    let kind = request.content_type.split(';').next().unwrap_or("").trim().to_owned();
    let patch: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Status::bad_request(format!("error decoding patch: {error}")))?;
    let current = subresource::current(call)?;
    let mut new = (*current).clone();
    match kind.as_str() {
        "application/json-patch+json" => {
            let operations: json_patch::Patch = serde_json::from_value(patch)
                .map_err(|error| Status::bad_request(format!("error decoding patch: {error}")))?;
            json_patch::patch(&mut new, &operations)
                .map_err(|error| Status::bad_request(error.to_string()))?;
        }
        _ => json_patch::merge(&mut new, &patch),
    }
    let stored = subresource::put(call, new)?;
    read::respond(call, request, 200, &stored)
}
