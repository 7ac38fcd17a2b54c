//! PATCH: the four kinds of patches, told apart by the content type.
//!
//! Rules and sentences of apiserver's `endpoints/handlers/patch.go`.

use super::call::{Call, FieldValidation};
use super::{decode, read, resources, subresource};
use crate::apimachinery::field::{self, Path};
use crate::apimachinery::go;
use crate::apimachinery::go_json;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk};
use crate::apimachinery::patch::{self, PatchError};
use crate::apimachinery::schema::{self, Decoded};
use crate::apimachinery::status::{Details, Status};
use crate::cluster::{Request, Response};

pub(crate) const JSON: &str = "application/json-patch+json";
pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

/// Patches the object or subresource that the request names.
pub(crate) fn patch(call: &mut Call<'_>, request: &Request) -> Result<Response, Status> {
    let media = request.content_type.split(';').next().unwrap_or("").trim().to_owned();
    if media == APPLY {
        return super::apply::apply(call, request);
    }
    let strategic_ok = !call.resource.is_custom();
    if !(media == JSON || media == MERGE || media == STRATEGIC && strategic_ok) {
        return Err(unknown_format(strategic_ok));
    }
    let patch = read_patch(&media, &request.body)?;
    let current = subresource::current(call)?;
    let gvk = Gvk::of(&current);
    let mut decoded = match media.as_str() {
        JSON => retyped(call, &gvk, patch::json_patch(&current, &patch).map_err(refused)?)?,
        MERGE => retyped(call, &gvk, patch::merge_patch(&current, &patch).map_err(refused)?)?,
        _ => strategic(&gvk, &current, &patch)?,
    };
    check_identity(call, &current, &decoded.object)?;
    let strict = std::mem::take(&mut decoded.strict);
    report(call, &strict, &media, &patch, &decoded.object)?;
    let stored = subresource::put(call, decoded.object)?;
    read::respond(call, request, 200, &stored)
}

/// The patch as JSON. Without a fieldValidation that ignores everything the server reads merge and JSON patches
/// once more for double fields, and says so.
fn read_patch(media: &str, body: &[u8]) -> Result<Value, Status> {
    let lead = if media == STRATEGIC { "" } else { "error decoding patch: " };
    let parsed = serde_json::from_slice::<Value>(body).map_err(|_| {
        let why = go_json::syntax_error(body).unwrap_or_else(|| "invalid JSON".to_owned());
        Status::bad_request(format!("{lead}{why}"))
    })?;
    let (fits, wanted) = match media {
        JSON => (parsed.is_array(), "[]handlers.jsonPatchOp"),
        _ => (parsed.is_object() || parsed.is_null(), "map[string]interface {}"),
    };
    if fits {
        return Ok(parsed);
    }
    let kind = match &parsed {
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Bool(_) => "bool",
        _ => "number",
    };
    let why = format!("json: cannot unmarshal {kind} into Go value of type {wanted}");
    Err(Status::bad_request(format!("{lead}{why}")))
}

/// What a patch may not do to an object's identity.
fn check_identity(call: &Call<'_>, current: &Value, patched: &Value) -> Result<(), Status> {
    let (old, new) = (Gvk::of(current), Gvk::of(patched));
    if new.kind != old.kind && !call.resource.is_custom() {
        let shown = |gvk: &Gvk, internal: bool| {
            let group = gvk.group.split('.').next().unwrap_or("");
            let package = match (internal, group) {
                (true, "") => "core",
                (true, group) => group,
                (false, _) => gvk.version.as_str(),
            };
            format!("{package}.{}", gvk.kind)
        };
        let message = match resources::by_kind(call.cluster(), &new) {
            Some(_) => {
                format!("converting ({}) to ({}): unknown conversion", shown(&new, false), shown(&old, true))
            }
            None => format!(
                "no kind {:?} is registered for version {:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
                new.kind,
                new.api_version()
            ),
        };
        return Err(Status::bad_request(message));
    }
    let uid = object::uid(patched);
    if !uid.is_empty() && uid != object::uid(current) {
        let cause = field::invalid(&Path::new("metadata").child("uid"), uid.to_owned(), "field is immutable");
        return Err(Status::invalid(
            &call.resource.kind,
            &call.resource.group,
            object::name(current),
            vec![cause],
        ));
    }
    Ok(())
}

fn unknown_format(strategic: bool) -> Status {
    let mut accepted = vec![JSON, MERGE];
    if strategic {
        accepted.push(STRATEGIC);
    }
    accepted.push(APPLY);
    Status::unsupported_media_type(format!(
        "the body of the request was in an unknown format - accepted media types include: {}",
        accepted.join(", ")
    ))
}

/// The answer to a patch that cannot be applied.
fn refused(error: PatchError) -> Status {
    match error {
        PatchError::BadRequest(message) => Status::bad_request(message),
        PatchError::Unprocessable(_) => Status {
            code: 422,
            reason: "Invalid",
            message: "the server rejected our request due to an error in our request".into(),
            details: Some(Details::default()),
        },
        PatchError::Other(message) => Status { code: 500, reason: "", message, details: None },
    }
}

fn invalid(shown: String, why: &str) -> Status {
    Status::invalid("", "", "", vec![field::invalid(&Path::new("patch"), shown, why)])
}

/// The patched JSON, read again as its type.
fn retyped(call: &Call<'_>, gvk: &Gvk, patched: Value) -> Result<Decoded, Status> {
    let text = patched.to_string();
    let mut decoded = decode::decode(call, gvk, text.as_bytes()).map_err(|why| invalid(text, &why))?;
    keep_type(&mut decoded.object, &patched);
    Ok(decoded)
}

fn keep_type(object: &mut Value, patched: &Value) {
    for field in ["apiVersion", "kind"] {
        if let Some(value) = patched.get(field) {
            object::set(object, &[field], value.clone());
        }
    }
}

fn strategic(gvk: &Gvk, current: &Value, patch: &Value) -> Result<Decoded, Status> {
    let Some(schema) = schema::definition(gvk) else {
        let patched = patch::merge_patch(current, patch).map_err(refused)?;
        return Ok(Decoded { object: patched, strict: Vec::new() });
    };
    let patched = patch::strategic_merge(current, patch, schema).map_err(refused)?;
    schema::restore(gvk, &patched).map_err(|why| invalid(go::display(&patch::leftover(patch)), &why))
}

/// Unknown fields that the patch brought.
fn report(
    call: &mut Call<'_>,
    strict: &[String],
    media: &str,
    patch: &Value,
    patched: &Value,
) -> Result<(), Status> {
    match call.options.field_validation {
        FieldValidation::Strict if !strict.is_empty() => {
            let shown =
                if media == STRATEGIC { go::display(&patch::leftover(patch)) } else { patched.to_string() };
            Err(invalid(shown, &format!("strict decoding error: {}", strict.join(", "))))
        }
        FieldValidation::Warn => {
            strict.iter().for_each(|sentence| call.warn(sentence.as_str()));
            Ok(())
        }
        _ => Ok(()),
    }
}
