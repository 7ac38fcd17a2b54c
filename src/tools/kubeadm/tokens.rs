//! Bootstrap tokens as Secrets, and the hash that pins a cluster's authority.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::ctx::Failure;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::hosts::certificates;
use crate::sim::SimTime;

/// A bootstrap token and what it is for.
#[derive(Clone, Debug, Default)]
pub(super) struct Token {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) description: String,
    /// `None` for one that never ends.
    pub(super) expires: Option<SimTime>,
    pub(super) usages: Vec<String>,
    pub(super) groups: Vec<String>,
}

/// Splits `abcdef.0123456789abcdef`.
///
/// # Errors
/// kubeadm's sentence about text of another form.
pub(super) fn split(text: &str) -> Result<(String, String), Failure> {
    let plain = |part: &str, len: usize| {
        part.len() == len && part.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
    };
    match text.split_once('.') {
        Some((id, secret)) if plain(id, 6) && plain(secret, 16) => Ok((id.to_owned(), secret.to_owned())),
        _ => Err(Failure::new(format!(
            "the bootstrap token {text:?} was not of the form \"\\\\A([a-z0-9]{{6}})\\\\.([a-z0-9]{{16}})\\\\z\""
        ))),
    }
}

/// When a token of this life ends; a life that is not positive has no end.
pub(super) fn expiry(now: SimTime, nanoseconds: i64) -> Option<SimTime> {
    let life = u64::try_from(nanoseconds).ok().filter(|it| *it > 0)?;
    Some(now + Duration::from_nanos(life))
}

impl Token {
    /// The Secret that holds it.
    pub(super) fn secret_object(&self) -> Value {
        let mut data = json!({"token-id": self.id, "token-secret": self.secret});
        if !self.description.is_empty() {
            object::set(&mut data, &["description"], self.description.as_str());
        }
        if let Some(end) = self.expires {
            object::set(&mut data, &["expiration"], end.rfc3339());
        }
        for usage in &self.usages {
            object::set(&mut data, &[&format!("usage-bootstrap-{usage}")], "true");
        }
        if !self.groups.is_empty() {
            object::set(&mut data, &["auth-extra-groups"], self.groups.join(","));
        }
        let encoded: Map = data
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), STANDARD.encode(value.as_str().unwrap_or("")).into()))
            .collect();
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
            "metadata": {"name": format!("bootstrap-token-{}", self.id), "namespace": "kube-system"},
            "data": encoded,
        })
    }

    /// Reads a Secret; `None` when it holds no token.
    pub(super) fn of_secret(secret: &Value) -> Option<Self> {
        let datum = |key: &str| {
            let bytes = STANDARD.decode(object::text(secret, &format!("/data/{key}"))).ok()?;
            String::from_utf8(bytes).ok().filter(|it| !it.is_empty())
        };
        let usages = ["authentication", "signing"];
        let has = |usage: &&&str| datum(&format!("usage-bootstrap-{usage}")).as_deref() == Some("true");
        Some(Self {
            id: datum("token-id")?,
            secret: datum("token-secret")?,
            description: datum("description").unwrap_or_default(),
            expires: datum("expiration").and_then(|it| SimTime::parse_rfc3339(&it)),
            usages: usages.iter().filter(has).map(|it| (*it).to_owned()).collect(),
            groups: datum("auth-extra-groups")
                .map(|it| it.split(',').map(str::to_owned).collect())
                .unwrap_or_default(),
        })
    }
}

/// `sha256:…` of the public key of an authority (PEM); `None` when it is none.
pub(super) fn key_hash(certificate: &str) -> Option<String> {
    let der = certificates::certificates(certificate).into_iter().next()?;
    let (_, found) = X509Certificate::from_der(&der).ok()?;
    let digest = Sha256::digest(found.public_key().raw);
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("sha256:{hex}"))
}

/// The command that joins a node.
pub(super) fn join_command(endpoint: &str, token: &str, hash: &str) -> String {
    format!("kubeadm join {endpoint} --token {token} --discovery-token-ca-cert-hash {hash} ")
}

/// The largest unit of a duration: `45s`, `12m`, `23h`, `364d`, `9y`. Rules of Go's `ShortHumanDuration`.
pub(super) fn short_duration(left: Duration) -> String {
    let seconds = left.as_secs();
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    match () {
        () if minutes == 0 => format!("{seconds}s"),
        () if hours == 0 => format!("{minutes}m"),
        () if hours < 24 => format!("{hours}h"),
        () if hours < 24 * 365 => format!("{}d", hours / 24),
        () => format!("{}y", hours / 24 / 365),
    }
}
