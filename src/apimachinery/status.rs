//! `metav1.Status`: how the API says no. One constructor a reason; the sentence is made here once.
//!
//! Messages follow apimachinery's `api/errors/errors.go`.

use crate::apimachinery::json::{Value, json};

/// A refusal of the API server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// HTTP status code.
    pub(crate) code: u16,
    /// `NotFound`, `Invalid`, …; empty when the server gives none.
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) details: Option<Details>,
}

/// What a [`Status`] is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) group: String,
    /// The resource in most reasons, the kind in `Invalid`: as the real server does.
    pub(crate) kind: String,
    pub(crate) causes: Vec<Cause>,
    pub(crate) retry_after_s: u32,
}

/// One field at fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cause {
    /// `FieldValueInvalid`, `FieldValueRequired`, …
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) field: String,
}

/// `deployments.apps`, or `pods` in the core group.
pub(crate) fn qualified(resource: &str, group: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

impl Status {
    fn about(code: u16, reason: &'static str, group: &str, kind: &str, name: &str, message: String) -> Self {
        let details =
            Details { name: name.into(), group: group.into(), kind: kind.into(), ..Details::default() };
        Self { code, reason, message, details: Some(details) }
    }

    /// 404 for an object.
    pub(crate) fn not_found(resource: &str, group: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(resource, group));
        Self::about(404, "NotFound", group, resource, name, message)
    }

    /// 404 for a path that serves nothing.
    pub(crate) fn no_such_path() -> Self {
        let message = "the server could not find the requested resource".into();
        Self { code: 404, reason: "NotFound", message, details: Some(Details::default()) }
    }

    /// 409 on create.
    pub(crate) fn already_exists(resource: &str, group: &str, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(resource, group));
        Self::about(409, "AlreadyExists", group, resource, name, message)
    }

    /// 409 with the sentence `why`.
    pub(crate) fn conflict(resource: &str, group: &str, name: &str, why: &str) -> Self {
        let message =
            format!("Operation cannot be fulfilled on {} {name:?}: {why}", qualified(resource, group));
        Self::about(409, "Conflict", group, resource, name, message)
    }

    /// 403 with the sentence `why`; without a name the real message leaves it out.
    pub(crate) fn forbidden(resource: &str, group: &str, name: &str, why: &str) -> Self {
        let subject = qualified(resource, group);
        let message = match (subject.is_empty(), name.is_empty()) {
            (true, _) => format!("forbidden: {why}"),
            (false, true) => format!("{subject} is forbidden: {why}"),
            (false, false) => format!("{subject} {name:?} is forbidden: {why}"),
        };
        Self::about(403, "Forbidden", group, resource, name, message)
    }

    /// 401.
    pub(crate) fn unauthorized() -> Self {
        Self { code: 401, reason: "Unauthorized", message: "Unauthorized".into(), details: None }
    }

    /// 400.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self { code: 400, reason: "BadRequest", message: message.into(), details: None }
    }

    /// 405 for an existing path with another verb.
    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource".into();
        Self { code: 405, reason: "MethodNotAllowed", message, details: Some(Details::default()) }
    }

    /// 410: a watch or continue token asks for changes that are gone.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self { code: 410, reason: "Expired", message: message.into(), details: None }
    }

    /// 415.
    pub(crate) fn unsupported_media_type(message: impl Into<String>) -> Self {
        Self { code: 415, reason: "UnsupportedMediaType", message: message.into(), details: None }
    }

    /// 429, as evictions answer that a budget holds back.
    pub(crate) fn too_many_requests(message: impl Into<String>, retry_after_s: u32) -> Self {
        let details = Details { retry_after_s, ..Details::default() };
        Self { code: 429, reason: "TooManyRequests", message: message.into(), details: Some(details) }
    }

    /// 500; the message gets the real prefix.
    pub(crate) fn internal(why: &str) -> Self {
        let cause = Cause { message: why.to_owned(), ..Cause::default() };
        let details = Details { causes: vec![cause], ..Details::default() };
        let message = format!("Internal error occurred: {why}");
        Self { code: 500, reason: "InternalError", message, details: Some(details) }
    }

    /// A message without a reason.
    pub(crate) fn bare(code: u16, message: impl Into<String>) -> Self {
        Self { code, reason: "", message: message.into(), details: None }
    }

    /// 503.
    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self { code: 503, reason: "ServiceUnavailable", message: message.into(), details: None }
    }

    /// 422: `Kind "name" is invalid: ` and the causes; several stand in brackets.
    pub(crate) fn invalid(kind: &str, group: &str, name: &str, causes: Vec<Cause>) -> Self {
        let lines: Vec<String> = causes
            .iter()
            .map(|cause| match cause.field.as_str() {
                "" => cause.message.clone(),
                field => format!("{field}: {}", cause.message),
            })
            .collect();
        let subject = qualified(kind, group);
        let message = match lines.as_slice() {
            [] => format!("{subject} {name:?} is invalid"),
            [one] => format!("{subject} {name:?} is invalid: {one}"),
            _ => format!("{subject} {name:?} is invalid: [{}]", lines.join(", ")),
        };
        let mut status = Self::about(422, "Invalid", group, kind, name, message);
        if let Some(details) = &mut status.details {
            details.causes = causes;
        }
        status
    }

    /// The Status object that goes over the wire.
    pub(crate) fn to_object(&self) -> Value {
        let mut object = json!({
            "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if !self.reason.is_empty() {
            object["reason"] = self.reason.into();
        }
        if let Some(details) = &self.details {
            object["details"] = details.to_object();
        }
        object
    }
}

impl Details {
    fn to_object(&self) -> Value {
        let mut object = json!({});
        for (key, text) in [("name", &self.name), ("group", &self.group), ("kind", &self.kind)] {
            if !text.is_empty() {
                object[key] = text.as_str().into();
            }
        }
        if !self.causes.is_empty() {
            object["causes"] = self.causes.iter().map(Cause::to_object).collect();
        }
        if self.retry_after_s > 0 {
            object["retryAfterSeconds"] = self.retry_after_s.into();
        }
        object
    }
}

impl Cause {
    fn to_object(&self) -> Value {
        let mut object = json!({});
        for (key, text) in [("reason", &self.reason), ("message", &self.message), ("field", &self.field)] {
            if !text.is_empty() {
                object[key] = text.as_str().into();
            }
        }
        object
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_those_of_the_server() {
        assert_eq!(
            Status::not_found("deployments", "apps", "web").message,
            "deployments.apps \"web\" not found"
        );
        let cause = |field: &str, message: &str| Cause {
            field: field.into(),
            message: message.into(),
            ..Cause::default()
        };
        let two = vec![cause("spec.a", "Required value"), cause("", "whole")];
        assert_eq!(
            Status::invalid("Pod", "", "x", two).message,
            "Pod \"x\" is invalid: [spec.a: Required value, whole]"
        );
    }
}
