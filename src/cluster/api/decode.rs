//! Bodies: from bytes to an object of the type that the path wants.

use super::call::{Call, FieldValidation};
use super::custom;
use crate::apimachinery::go_json;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk};
use crate::apimachinery::schema::{self, Decoded};
use crate::apimachinery::status::Status;
use crate::apimachinery::yaml;
use crate::cluster::Request;

/// The object in a body of POST or PUT.
pub(crate) fn body(call: &mut Call<'_>, request: &Request) -> Result<Value, Status> {
    let expected = expected(call);
    let bytes = json_bytes(request, &expected)?;
    let gvk = named_type(&bytes, &expected)?;
    let cannot = |why: &str| {
        let (kind, version) = (&gvk.kind, &gvk.version);
        Status::bad_request(format!(
            "{kind} in version {version:?} cannot be handled as a {}: {why}",
            expected.kind
        ))
    };
    if gvk.kind != expected.kind {
        return Err(cannot(&unregistered(call, &gvk)));
    }
    if gvk.api_version() != expected.api_version() {
        return Err(Status::bad_request(format!(
            "the API version in the data ({}) does not match the expected API version ({})",
            gvk.api_version(),
            expected.api_version()
        )));
    }
    let mut decoded = decode(call, &gvk, &bytes).map_err(|why| cannot(&why))?;
    object::set(&mut decoded.object, &["apiVersion"], gvk.api_version());
    object::set(&mut decoded.object, &["kind"], gvk.kind.as_str());
    match call.options.field_validation {
        FieldValidation::Ignore => {}
        FieldValidation::Warn => decoded.strict.iter().for_each(|sentence| call.warn(sentence.as_str())),
        FieldValidation::Strict => {
            if let Some(error) = decoded.strict_error() {
                return Err(cannot(&error));
            }
        }
    }
    Ok(decoded.object)
}

/// Reads JSON as the kind of a resource: built-in by its schema, custom by its definition's.
pub(crate) fn decode(call: &Call<'_>, gvk: &Gvk, bytes: &[u8]) -> Result<Decoded, String> {
    match custom::schema(&call.resource).filter(|_| gvk.kind == call.resource.kind) {
        Some(schema) => schema::decode_custom(&schema, bytes),
        None => schema::strict_decode(gvk, bytes),
    }
}

fn unregistered(call: &Call<'_>, gvk: &Gvk) -> String {
    if super::resources::by_kind(call.cluster(), gvk).is_some() {
        return format!("converting ({}) to ({}): unknown conversion", gvk.kind, call.resource.kind);
    }
    format!(
        "no kind {:?} is registered for version {:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
        gvk.kind,
        gvk.api_version()
    )
}

fn json_bytes(request: &Request, expected: &Gvk) -> Result<Vec<u8>, Status> {
    let media = request.content_type.split(';').next().unwrap_or("").trim();
    match media {
        "application/yaml" => {
            let text = String::from_utf8_lossy(&request.body);
            let documents =
                yaml::documents(&text).map_err(|error| unrecognized(&request.body, expected, &error))?;
            let first = documents.into_iter().next().unwrap_or(Value::Null);
            Ok(first.to_string().into_bytes())
        }
        "" | "application/json" | "*/*" => Ok(request.body.clone()),
        _ => Err(Status::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml",
        )),
    }
}

/// Kind and version that a body names; what it leaves out is what the path wants.
fn named_type(bytes: &[u8], expected: &Gvk) -> Result<Gvk, Status> {
    let parsed: Result<Value, _> = serde_json::from_slice(bytes);
    let tree = match parsed {
        Ok(tree @ Value::Object(_)) => tree,
        Ok(_) | Err(_) => {
            let why = "couldn't get version/kind; json parse error: ".to_owned()
                + &parsed
                    .err()
                    .map_or("json: cannot unmarshal into Go value".to_owned(), |it| json_error(bytes, &it));
            return Err(unrecognized(bytes, expected, &why));
        }
    };
    let mut gvk = Gvk::of(&tree);
    if gvk.kind.is_empty() {
        gvk.kind.clone_from(&expected.kind);
    }
    if object::text(&tree, "/apiVersion").is_empty() {
        (gvk.group, gvk.version) = (expected.group.clone(), expected.version.clone());
    }
    Ok(gvk)
}

fn json_error(bytes: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() || bytes.is_empty() {
        return "unexpected end of JSON input".into();
    }
    go_json::syntax_error(bytes).unwrap_or_else(|| error.to_string())
}

fn unrecognized(bytes: &[u8], expected: &Gvk, why: &str) -> Status {
    Status::bad_request(format!(
        "the object provided is unrecognized (must be of type {}): {why} ({})",
        expected.kind,
        summary(bytes)
    ))
}

/// The beginning of a body: as text when it looks like JSON, else in hex. 30 bytes at most.
fn summary(bytes: &[u8]) -> String {
    const MAX: usize = 30;
    let head = bytes.get(..MAX).unwrap_or(bytes);
    let shown = match bytes.first() {
        None => return "<empty>".into(),
        Some(b'{') => String::from_utf8_lossy(head).into_owned(),
        Some(_) => head.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    if bytes.len() > MAX { format!("{shown} ...") } else { shown }
}

/// Kind and version that the path takes.
fn expected(call: &Call<'_>) -> Gvk {
    match call.resource.subresource(&call.subresource) {
        Some(sub) => match &sub.of {
            Some((group, version)) => Gvk::new(group, version, &sub.kind),
            None => Gvk::new(&call.resource.group, &call.resource.version, &sub.kind),
        },
        None => call.resource.gvk(),
    }
}
