//! What goes over the wire between a client and an API server.

use std::time::Duration;

use super::Object;
use crate::apimachinery::json::Value;
use crate::apimachinery::status::Status;

/// An HTTP request to the API server, its caller already authenticated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    pub(crate) method: String,
    /// Without query: `/api/v1/namespaces/default/pods`.
    pub(crate) path: String,
    /// Decoded, in order; a key may come twice.
    pub(crate) query: Vec<(String, String)>,
    /// The `Accept` header.
    pub(crate) accept: String,
    /// The `Content-Type` header, which tells the kind of a patch.
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
    pub(crate) user: UserInfo,
    /// The address that it comes from; empty when it is not known.
    pub(crate) source: String,
    /// First part names the default field manager: `kubectl/v1.36.2 (linux/amd64) …`.
    pub(crate) user_agent: String,
    /// `Impersonate-User`, `Impersonate-Group` … headers, in order.
    pub(crate) impersonate: Vec<(String, String)>,
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UserInfo {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
    /// Extra attributes with their values.
    pub(crate) extra: Vec<(String, Vec<String>)>,
}

/// What the API server answers.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    /// HTTP status code.
    pub(crate) code: u16,
    pub(crate) body: Body,
    /// Sentences of `Warning:` headers, in order.
    pub(crate) warnings: Vec<String>,
    /// How long the server waited for somebody else before it answered.
    pub(crate) waited: Duration,
}

/// The body of a [`Response`].
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// `application/json`. In process nobody serialises it.
    Json(Object),
    /// `text/plain`: logs, `/healthz`.
    Text(String),
    /// A watch was accepted: what to watch and from which revision. The client reads on with
    /// `api::watch::next`, as often as time has passed.
    Watch(super::api::watch::Watch),
    /// The connection is upgraded: exec, attach, port-forward. The caller carries on with what it names.
    Upgrade(Value),
}

impl Response {
    /// An answer at once, without warnings.
    pub(crate) fn new(code: u16, body: Body) -> Self {
        Self { code, body, warnings: Vec::new(), waited: Duration::ZERO }
    }

    /// An object with a code.
    pub(crate) fn json(code: u16, object: Value) -> Self {
        Self::new(code, Body::Json(object.into()))
    }

    /// A refusal.
    pub(crate) fn refused(status: &Status) -> Self {
        Self::json(status.code, status.to_object())
    }

    /// True for 2xx.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.code) || self.code == 101
    }

    /// The JSON body; null for other bodies.
    pub(crate) fn object(&self) -> &Value {
        match &self.body {
            Body::Json(object) => object,
            _ => &Value::Null,
        }
    }
}

impl UserInfo {
    /// A user with groups.
    pub(crate) fn new(name: &str, groups: &[&str]) -> Self {
        Self {
            name: name.into(),
            groups: groups.iter().map(|&group| group.into()).collect(),
            ..Self::default()
        }
    }
}

impl Request {
    /// The last value of a query key.
    pub(crate) fn query_value(&self, key: &str) -> Option<&str> {
        self.query.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}
