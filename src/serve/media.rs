//! Media types: which one an answer gets, and what is refused.

use crate::apimachinery::protobuf;
use crate::apimachinery::status::Status;
use crate::cluster::Request;

/// How an answer's object is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Yaml,
}

impl Format {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
        }
    }
}

/// The first format of an `Accept` header that is served.
///
/// # Errors
/// 406 when there is none; clients that like protobuf best ask again for JSON.
pub(super) fn negotiate(accept: &str) -> Result<Format, Status> {
    if accept.trim().is_empty() {
        return Ok(Format::Json);
    }
    let known = |choice: &str| match choice.split(';').next().unwrap_or("").trim() {
        "application/json" | "application/*" | "*/*" | "*" => Some(Format::Json),
        "application/yaml" => Some(Format::Yaml),
        _ => None,
    };
    accept.split(',').find_map(known).ok_or_else(|| Status {
        code: 406,
        reason: "NotAcceptable",
        message: "only the following media types are accepted: application/json, application/yaml".into(),
        details: None,
    })
}

/// The form of `/openapi/v2` that Go's client reads: asked for with an `@`, answered with a dot.
pub(super) const OPENAPI_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// True for a client that reads `/openapi/v2` in protocol buffers only.
pub(super) fn wants_openapi_protobuf(request: &Request) -> bool {
    request.path == "/openapi/v2"
        && request.accept.contains("proto-openapi.spec.v2")
        && negotiate(&request.accept).is_err()
}

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// Reads a body that is neither JSON nor YAML: protocol buffers become JSON.
///
/// # Errors
/// 415 for what is not read, CBOR among it; 400 for bytes that are no object.
pub(super) fn read_body(request: &mut Request) -> Result<(), Status> {
    let media = request.content_type.split(';').next().unwrap_or("").trim();
    if request.body.is_empty() || !media.contains("protobuf") && !media.contains("cbor") {
        return Ok(());
    }
    if media != PROTOBUF {
        return Err(Status::unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: application/json, \
             application/yaml, application/vnd.kubernetes.protobuf",
        ));
    }
    match protobuf::decode(&request.body) {
        Ok(tree) => {
            request.body = tree.to_string().into_bytes();
            request.content_type = "application/json".into();
            Ok(())
        }
        Err(error) => Err(Status::bad_request(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_fall_back_to_json() {
        let of = |accept: &str| negotiate(accept).map_err(|status| status.code);
        assert_eq!(of(""), Ok(Format::Json));
        assert_eq!(of("application/vnd.kubernetes.protobuf,application/json"), Ok(Format::Json));
        assert_eq!(of("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"), Ok(Format::Json));
        assert_eq!(of("application/yaml, */*"), Ok(Format::Yaml));
        assert_eq!(of("application/vnd.kubernetes.protobuf"), Err(406));
        assert_eq!(of("text/html;;q,,\u{e9}"), Err(406));
    }
}
