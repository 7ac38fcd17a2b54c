//! Bootstrap tokens: the signer of `cluster-info` and the cleaner of expired tokens.
//!
//! Follows `pkg/controller/bootstrap`. Both run because kubeadm's kube-controller-manager is told
//! `--controllers=*,bootstrapsigner,tokencleaner`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::hmac;

use super::hand::{Hand, wake_self};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};
use crate::sim::SimTime;

pub(crate) const SIGNER: Component = Component {
    name: "bootstrap-signer",
    process: Process::ControllerManager,
    woken_by: wake_signer,
    sync: sign,
};

pub(crate) const CLEANER: Component = Component {
    name: "token-cleaner",
    process: Process::ControllerManager,
    woken_by: wake_cleaner,
    sync: clean,
};

/// The type of a Secret that holds a bootstrap token.
const TYPE: &str = "bootstrap.kubernetes.io/token";

/// What a signature's key in `cluster-info` begins with; the token's id follows.
pub(crate) const SIGNATURE: &str = "jws-kubeconfig-";

fn is_token(event: &Event) -> bool {
    &*event.key.resource == "secrets"
        && &*event.key.namespace == "kube-system"
        && event.key.name.starts_with("bootstrap-token-")
}

fn wake_signer(_world: &World, _cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let info = &*event.key.resource == "configmaps"
        && &*event.key.namespace == "kube-public"
        && &*event.key.name == "cluster-info";
    if info || is_token(event) {
        keys.push("kube-public/cluster-info".into());
    }
}

fn wake_cleaner(_world: &World, _cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if is_token(event) {
        wake_self(event, "secrets", keys);
    }
}

/// One decoded value of a Secret.
fn datum(secret: &Value, key: &str) -> Option<String> {
    let bytes = STANDARD.decode(object::text(secret, &format!("/data/{key}"))).ok()?;
    String::from_utf8(bytes).ok().filter(|it| !it.is_empty())
}

fn expires(secret: &Value) -> Option<SimTime> {
    SimTime::parse_rfc3339(&datum(secret, "expiration")?)
}

/// The signature of `content` with a bootstrap token: a JWS whose payload is left out.
pub(crate) fn signature(content: &str, id: &str, secret: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(format!("{{\"alg\":\"HS256\",\"kid\":\"{id}\"}}"));
    let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(content));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{header}..{}", URL_SAFE_NO_PAD.encode(tag.as_ref()))
}

fn sign(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, SIGNER.name);
    let map = hand.at("configmaps", key)?;
    let content = object::text(&map, "/data/kubeconfig").to_owned();
    let now = hand.now();
    let signatures: Vec<(String, String)> = hand
        .list("secrets", "kube-system")
        .iter()
        .filter(|it| object::text(it, "/type") == TYPE && expires(it).is_none_or(|end| now < end))
        .filter(|it| datum(it, "usage-bootstrap-signing").as_deref() == Some("true"))
        .filter_map(|it| {
            let (id, secret) = (datum(it, "token-id")?, datum(it, "token-secret")?);
            Some((format!("{SIGNATURE}{id}"), signature(&content, &id, &secret)))
        })
        .collect();
    let written = hand.edit("configmaps", &map, |map| {
        let data = object::map_at(map, &["data"]);
        data.retain(|key, _| !key.starts_with(SIGNATURE));
        data.extend(signatures.into_iter().map(|(key, value)| (key.into(), Value::from(value))));
    });
    if written.is_err() { hand.retry(key) } else { None }
}

fn clean(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, CLEANER.name);
    let secret = hand.at("secrets", key).filter(|it| object::text(it, "/type") == TYPE)?;
    let (end, now) = (expires(&secret)?, hand.now());
    if now < end {
        return Some(end.since(now));
    }
    // Gone already is as good.
    let _ = hand.delete("secrets", &secret);
    None
}
