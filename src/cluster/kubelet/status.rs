//! The parts of a pod's status that any kubelet writes.

use sha2::{Digest, Sha256};

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::sim::SimTime;

/// A pod condition to be written.
#[derive(Clone, Debug, Default)]
pub(super) struct Condition {
    pub(super) kind: &'static str,
    pub(super) status: bool,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Condition {
    /// True, without a reason.
    pub(super) fn met(kind: &'static str) -> Self {
        Self { kind, status: true, ..Self::default() }
    }

    /// False or true with a reason.
    pub(super) fn because(
        kind: &'static str,
        status: bool,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { kind, status, reason, message: message.into() }
    }
}

/// Puts `conditions` before those of the pod that others own, such as `PodScheduled`. A condition
/// whose status stays keeps its transition time.
pub(super) fn conditions(pod: &Value, conditions: &[Condition], now: SimTime) -> Value {
    let before = object::list(pod, "/status/conditions");
    let generation = object::int(pod, "/metadata/generation").unwrap_or(1);
    let mut all: Vec<Value> = conditions.iter().map(|it| condition(before, it, generation, now)).collect();
    let foreign = |it: &&Value| conditions.iter().all(|own| own.kind != object::field(it, "type"));
    all.extend(before.iter().filter(foreign).cloned());
    Value::from(all)
}

fn condition(before: &[Value], wanted: &Condition, generation: i64, now: SimTime) -> Value {
    let status = if wanted.status { "True" } else { "False" };
    let same = before
        .iter()
        .find(|it| object::field(it, "type") == wanted.kind && object::field(it, "status") == status);
    let says = |it: &&Value| {
        object::int(it, "/observedGeneration") == Some(generation)
            && object::field(it, "reason") == wanted.reason
            && object::field(it, "message") == wanted.message
    };
    if let Some(same) = same.filter(says) {
        return same.clone();
    }
    let since = same.map_or_else(|| now.rfc3339(), |it| object::field(it, "lastTransitionTime").to_owned());
    let mut condition = json!({
        "type": wanted.kind, "status": status, "lastProbeTime": null,
        "lastTransitionTime": since, "observedGeneration": generation,
    });
    for (key, text) in [("reason", wanted.reason), ("message", wanted.message.as_str())] {
        if !text.is_empty() {
            object::set(&mut condition, &[key], text);
        }
    }
    condition
}

/// `nginx:1.27` as container runtimes print it: `docker.io/library/nginx:1.27`.
pub(crate) fn full_image(image: &str) -> String {
    let (domain, rest) = match image.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => ("docker.io", image),
    };
    let library = if domain == "docker.io" && !rest.contains('/') { "library/" } else { "" };
    let tag = if rest.contains('@') || rest.rsplit('/').next().is_some_and(|it| it.contains(':')) {
        ""
    } else {
        ":latest"
    };
    format!("{domain}/{library}{rest}{tag}")
}

/// The digest of an image, made from its name as written: `docker.io/library/nginx@sha256:…`.
pub(crate) fn image_id(image: &str) -> String {
    let full = full_image(image);
    let name_end = full.rfind('/').unwrap_or(0);
    let repository = match full.get(name_end..).and_then(|last| last.find([':', '@'])) {
        Some(at) => full.get(..name_end + at).unwrap_or(&full),
        None => &full,
    };
    format!("{repository}@sha256:{}", sha256_hex(image.as_bytes()))
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |it: u8| DIGITS.get(usize::from(it)).copied().unwrap_or_default();
    Sha256::digest(bytes).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// `containers with unready status: [a b]`.
pub(super) fn unready_message(names: &[&str]) -> String {
    format!("containers with unready status: [{}]", names.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_full_names_and_digests() {
        assert_eq!(full_image("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(full_image("bitnami/redis:7"), "docker.io/bitnami/redis:7");
        assert_eq!(full_image("registry.k8s.io/pause:3.10"), "registry.k8s.io/pause:3.10");
        assert_eq!(
            image_id("nginx:1.27"),
            "docker.io/library/nginx@sha256:cd4495bb73de9b01bf009710b80ecf4be2d298db47492f4e9e7d0b04981c4614"
        );
    }
}
