//! Releases as Secrets: `sh.helm.release.v1.NAME.vN`, with the release as JSON, gzipped and encoded twice.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cluster::Api;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;

/// A release in one revision; the tree is helm's own JSON.
#[derive(Clone, Debug)]
pub(super) struct Release(pub(super) Value);

impl Release {
    pub(super) fn name(&self) -> &str {
        object::field(&self.0, "name")
    }

    pub(super) fn namespace(&self) -> &str {
        object::field(&self.0, "namespace")
    }

    pub(super) fn revision(&self) -> i64 {
        object::int(&self.0, "/version").unwrap_or(0)
    }

    pub(super) fn status(&self) -> &str {
        object::text(&self.0, "/info/status")
    }

    /// `CHART-VERSION`.
    pub(super) fn chart(&self) -> String {
        let of = |key: &str| object::text(&self.0, &format!("/chart/metadata/{key}")).to_owned();
        format!("{}-{}", of("name"), of("version"))
    }

    pub(super) fn app(&self) -> &str {
        object::text(&self.0, "/chart/metadata/appVersion")
    }

    pub(super) fn manifest(&self) -> &str {
        object::field(&self.0, "manifest")
    }

    pub(super) fn set_status(&mut self, status: &str, description: &str) {
        self.0["info"]["status"] = status.into();
        if !description.is_empty() {
            self.0["info"]["description"] = description.into();
        }
    }

    fn secret_name(&self) -> String {
        format!("sh.helm.release.v1.{}.v{}", self.name(), self.revision())
    }

    fn secret(&self, modified: i64) -> Value {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        // Memory takes every byte.
        let _ = encoder.write_all(self.0.to_string().as_bytes());
        let packed = STANDARD.encode(encoder.finish().unwrap_or_default());
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
            "metadata": {"name": self.secret_name(), "namespace": self.namespace(), "labels": {
                "modifiedAt": modified.to_string(), "name": self.name(), "owner": "helm",
                "status": self.status(), "version": self.revision().to_string()}},
            "data": {"release": STANDARD.encode(packed)},
        })
    }

    fn of_secret(secret: &Value) -> Option<Self> {
        let outer = STANDARD.decode(object::text(secret, "/data/release")).ok()?;
        let packed = STANDARD.decode(outer).ok()?;
        let mut text = String::new();
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).ok()?;
        let mut found: Value = serde_json::from_str(&text).ok()?;
        found["namespace"] = object::namespace(secret).into();
        Some(Self(found))
    }

    /// Writes a new revision.
    pub(super) fn create(&self, api: &mut Api<'_>, now: i64) -> Result<(), String> {
        let path = format!("/api/v1/namespaces/{}/secrets", self.namespace());
        api.create(&path, &self.secret(now)).map_err(|why| format!("create: failed to create: {why}"))
    }

    /// Writes a revision that is there already.
    pub(super) fn update(&self, api: &mut Api<'_>, now: i64) -> Result<(), String> {
        let path = format!("/api/v1/namespaces/{}/secrets/{}", self.namespace(), self.secret_name());
        api.replace(&path, &self.secret(now)).map_err(|why| format!("update: failed to update: {why}"))
    }

    pub(super) fn remove(&self, api: &mut Api<'_>) -> Result<(), String> {
        api.delete_at(&format!("/api/v1/namespaces/{}/secrets/{}", self.namespace(), self.secret_name()))
    }
}

/// Revisions with a selector, of one namespace or, when it is empty, of all; oldest first.
pub(super) fn list(api: &mut Api<'_>, namespace: &str, selector: &str) -> Result<Vec<Release>, String> {
    let path = if namespace.is_empty() {
        "/api/v1/secrets".to_owned()
    } else {
        format!("/api/v1/namespaces/{namespace}/secrets")
    };
    let comma = if selector.is_empty() { "" } else { "," };
    let found = api.list(&path, &format!("owner=helm{comma}{selector}"))?;
    let mut all: Vec<Release> = found.iter().filter_map(Release::of_secret).collect();
    all.sort_by(|a, b| (a.name(), a.namespace(), a.revision()).cmp(&(b.name(), b.namespace(), b.revision())));
    Ok(all)
}

/// All revisions of a release, oldest first.
pub(super) fn history(api: &mut Api<'_>, name: &str) -> Result<Vec<Release>, String> {
    let namespace = api.namespace.clone();
    list(api, &namespace, &format!("name={name}"))
}

/// The newest revision, or the one asked for.
pub(super) fn find(api: &mut Api<'_>, name: &str, revision: Option<i64>) -> Result<Release, String> {
    let mut all = history(api, name)?;
    match revision {
        Some(wanted) => all.into_iter().find(|it| it.revision() == wanted),
        None => all.pop(),
    }
    .ok_or_else(|| "release: not found".to_owned())
}
