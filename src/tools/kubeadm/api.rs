//! kubeadm as a client of the API server.

use std::fmt;
use std::time::Duration;

use super::ctx::{Ctx, Failure};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, text};
use crate::cluster::api::connect::Endpoint;
use crate::cluster::network::forwards;
use crate::cluster::{Body, Object, Request, kubeconfig};
use crate::hosts::FsError;

/// 5 ms: what one request takes.
const REQUEST_TAKES: Duration = Duration::from_millis(5);

/// kubeadm's own kubeconfig on a control plane.
pub(super) const ADMIN: &str = "/etc/kubernetes/admin.conf";

/// Why a request did not give an object.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// Nobody answered; the method, the address and the sentence of the dialer.
    Dial { method: &'static str, url: String, sentence: String },
    /// The server's Status.
    Status(Object),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dial { method, url, sentence } => write!(f, "{method} {url:?}: {sentence}"),
            Self::Status(status) => f.write_str(text(status, "/message")),
        }
    }
}

impl Refusal {
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Status(status) if object::int(status, "/code") == Some(409))
    }
}

/// A connection.
pub(super) struct Api<'c> {
    ctx: &'c Ctx<'c>,
    pub(super) endpoint: Endpoint,
}

/// What an answer gives.
pub(super) type Answer = Result<Object, Refusal>;

impl<'c> Api<'c> {
    pub(super) fn new(ctx: &'c Ctx<'c>, endpoint: Endpoint) -> Self {
        Self { ctx, endpoint }
    }

    /// Connects with a kubeconfig of the host.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub(super) fn with(ctx: &'c Ctx<'c>, path: &str) -> Result<Self, String> {
        if let Err(FsError::Denied) = ctx.proc.read_file(path) {
            return Err(format!("failed to load admin kubeconfig: open {path}: permission denied"));
        }
        let found = ctx.host(|it| kubeconfig::endpoint(&it.files, path));
        let endpoint = found.unwrap_or_else(|| Err(format!("open {path}: no such file or directory")));
        let endpoint = endpoint.map_err(|why| format!("failed to load admin kubeconfig: {why}"))?;
        Ok(Self { ctx, endpoint })
    }

    /// Connects as token commands do: `--kubeconfig`, `$KUBECONFIG`, the admin's file, the user's file.
    ///
    /// # Errors
    /// Why none can be read.
    pub(super) fn of_user(ctx: &'c Ctx<'c>) -> Result<Self, Failure> {
        let named = ctx.given("kubeconfig").map(|it| ctx.proc.path(it));
        let from_env = ctx.proc.env.get("KUBECONFIG").filter(|it| !it.is_empty()).cloned();
        let admin = ctx.exists(ADMIN).then(|| ADMIN.to_owned());
        let home = ctx.proc.env.get("HOME").map_or("/root", String::as_str);
        let path = named.or(from_env).or(admin).unwrap_or_else(|| format!("{home}/.kube/config"));
        Self::with(ctx, &path).map_err(Failure::new)
    }

    fn send(&self, method: &'static str, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
        let request = Request {
            method: method.into(),
            path: path.split('?').next().unwrap_or(path).into(),
            query: path.split_once('?').map_or_else(Vec::new, |(_, query)| forwards::pairs(query)),
            accept: "application/json".into(),
            content_type: content_type.into(),
            body,
            user_agent: "kubeadm/v1.36.2 (linux/amd64) kubernetes/8a7d4b1".into(),
            ..Request::default()
        };
        let place = self.ctx.proc.place.clone();
        let answer = self.ctx.world(|world| {
            let answer = world.exchange(&place, &self.endpoint, request);
            world.advance(REQUEST_TAKES);
            answer
        });
        let verb = match method {
            "GET" => "Get",
            "POST" => "Post",
            "PUT" => "Put",
            "PATCH" => "Patch",
            _ => "Delete",
        };
        // Only requests without parameters of their own name the limit that all have.
        let limit = if path.contains('?') { "" } else { "?timeout=10s" };
        let response = answer.map_err(|why| Refusal::Dial {
            method: verb,
            url: format!("{}{path}{limit}", self.endpoint.server),
            sentence: why.sentence,
        })?;
        let object = match &response.body {
            Body::Json(object) => object.clone(),
            Body::Text(text) => Value::from(text.clone()).into(),
            _ => Value::Null.into(),
        };
        if response.is_success() { Ok(object) } else { Err(Refusal::Status(object)) }
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", Vec::new())
    }

    pub(super) fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, "", Vec::new())
    }

    pub(super) fn create(&self, object: &Value) -> Answer {
        self.send("POST", &collection(object), "application/json", object.to_string().into())
    }

    pub(super) fn patch(&self, path: &str, patch: &Value) -> Answer {
        self.send("PATCH", path, "application/strategic-merge-patch+json", patch.to_string().into())
    }

    /// Creates an object, or puts it in the place of the one that is there.
    pub(super) fn apply(&self, object: &Value) -> Answer {
        match self.create(object) {
            Err(refusal) if refusal.is_conflict() || is_taken(&refusal) => {
                let path = format!("{}/{}", collection(object), object::name(object));
                let stored = self.get(&path)?;
                let mut next = object.clone();
                let keep = ["resourceVersion", "uid"];
                for key in keep {
                    object::set(&mut next, &["metadata", key], text(&stored, &format!("/metadata/{key}")));
                }
                self.send("PUT", &path, "application/json", next.to_string().into())
            }
            answer => answer,
        }
    }

    /// Labels of the objects of a collection: those with `key=value`.
    pub(super) fn list(&self, path: &str) -> Result<Vec<Value>, Refusal> {
        Ok(object::list(&*self.get(path)?, "/items").to_vec())
    }
}

/// A Service whose address is its own already is refused as invalid, not as existing.
fn is_taken(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::Status(status) if text(status, "/message").contains("already allocated"))
}

/// Where objects of this kind are created.
fn collection(object: &Value) -> String {
    let version = text(object, "/apiVersion");
    let root = if version.contains('/') { "apis" } else { "api" };
    let kind = text(object, "/kind").to_lowercase();
    let namespace = object::namespace(object);
    if namespace.is_empty() {
        format!("/{root}/{version}/{kind}s")
    } else {
        format!("/{root}/{version}/namespaces/{namespace}/{kind}s")
    }
}
