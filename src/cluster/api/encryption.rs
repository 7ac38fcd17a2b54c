//! Encryption at rest: with what a resource is written to etcd, and what of it the server can read back.
//!
//! The configuration is the one that the process read when it started (`--encryption-provider-config`). How
//! bytes are encrypted is not simulated: what etcd shows are the provider's prefix and bytes that look it.
//! Key services (`kms`) are not simulated.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::store::Seal;
use crate::cluster::{Cluster, Key, etcd_client};

/// The flag that names the configuration.
const CONFIG: &str = "encryption-provider-config";

/// What every encrypted value begins with.
const ENCRYPTED: &str = "k8s:enc:";

/// Providers with keys, and what they are called where none of their keys fits.
const PROVIDERS: &[(&str, &str)] = &[("aescbc", "AES"), ("aesgcm", "AES"), ("secretbox", "Secretbox")];

/// The providers of a resource, in order; `None` when it is not encrypted.
fn providers<'c>(cluster: &'c Cluster, resource: &str) -> Option<&'c [Value]> {
    let (_, instance) = cluster.serving("kube-apiserver")?;
    let config = instance.kept.get(CONFIG)?;
    let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
    let covers = |pattern: &str| match pattern {
        "*.*" => true,
        "*." => group.is_empty(),
        _ => match pattern.strip_prefix("*.") {
            Some(of) => of == group,
            None => pattern == resource || pattern == format!("{plural}."),
        },
    };
    let row = object::list(config, "/resources")
        .iter()
        .find(|row| object::list(row, "/resources").iter().filter_map(Value::as_str).any(covers))?;
    Some(object::list(row, "/providers"))
}

fn seals(provider: &Value) -> Vec<Seal> {
    let rows = PROVIDERS.iter().filter_map(|(name, _)| Some((name, provider.get(name)?)));
    rows.flat_map(|(name, settings)| {
        object::list(settings, "/keys").iter().map(move |key| Seal {
            prefix: format!("{ENCRYPTED}{name}:v1:{}:", object::field(key, "name")).into(),
            secret: object::field(key, "secret").into(),
        })
    })
    .collect()
}

/// With what an object is written: the first key of the first provider; `None` in the clear.
pub(crate) fn seal_for(cluster: &Cluster, key: &Key) -> Option<Seal> {
    seals(providers(cluster, &key.resource)?.first()?).into_iter().next()
}

/// True for an object that would be written in another way now, so that even an update that changes
/// nothing writes it.
pub(crate) fn is_stale(cluster: &Cluster, key: &Key) -> bool {
    cluster.store.get(key).is_some() && cluster.store.seal(key) != seal_for(cluster, key).as_ref()
}

/// False when no object of a resource can be unreadable, which needs no look at each.
pub(crate) fn may_be_unreadable(cluster: &Cluster, resource: &str) -> bool {
    cluster.store.has_seals() || providers(cluster, resource).is_some()
}

/// 500 for an object that the server cannot decrypt.
///
/// # Errors
/// What its transformers say.
pub(crate) fn check_readable(cluster: &Cluster, key: &Key) -> Result<(), Status> {
    let seal = cluster.store.seal(key);
    let providers = providers(cluster, &key.resource);
    if seal.is_none() && providers.is_none() {
        return Ok(());
    }
    unreadable(providers, seal).map_or(Ok(()), |why| {
        let path = etcd_client::path_of(key);
        Err(Status::internal(&format!("unable to transform key {path:?}: {why}")))
    })
}

fn unreadable(providers: Option<&[Value]>, seal: Option<&Seal>) -> Option<String> {
    let Some(providers) = providers else {
        return Some("identity transformer tried to read encrypted data".into());
    };
    let Some(seal) = seal else {
        let identity = providers.iter().any(|it| it.get("identity").is_some());
        return (!identity).then(|| "no matching prefix found".into());
    };
    let known: Vec<Seal> = providers.iter().flat_map(seals).collect();
    if known.contains(seal) {
        return None;
    }
    if known.iter().any(|it| it.prefix == seal.prefix) {
        return Some("invalid padding on input".into());
    }
    let kind = seal.prefix.split(':').nth(2).unwrap_or("");
    let same = providers.iter().any(|it| it.get(kind).is_some());
    let name = PROVIDERS.iter().find(|(provider, _)| *provider == kind).filter(|_| same);
    Some(match name {
        Some((_, name)) => format!("no matching key was found for the provided {name} transformer"),
        None => "no matching prefix found".into(),
    })
}

/// What etcd shows of a sealed value: the prefix, an initialisation vector, and as many bytes as the text
/// has, filled up to whole blocks.
pub(crate) fn sealed_bytes(seal: &Seal, path: &str, plain: &[u8]) -> Vec<u8> {
    const BLOCK: usize = 16;
    let mut out = seal.prefix.as_bytes().to_vec();
    let size = BLOCK + (plain.len() / BLOCK + 1) * BLOCK;
    let mut bytes: Vec<u8> = Vec::with_capacity(size + 32);
    let text = Sha256::digest(plain);
    for block in 0_u64.. {
        if bytes.len() >= size {
            break;
        }
        let mut hash = Sha256::new();
        hash.update(seal.secret.as_bytes());
        hash.update(path.as_bytes());
        hash.update(text);
        hash.update(block.to_be_bytes());
        bytes.extend_from_slice(&hash.finalize());
    }
    bytes.truncate(size);
    out.extend(bytes);
    out
}

impl Seal {
    /// As a snapshot keeps it.
    pub(crate) fn of(prefix: &str, secret: &str) -> Option<Self> {
        (!prefix.is_empty()).then(|| Self { prefix: Arc::from(prefix), secret: Arc::from(secret) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn what_is_encrypted_needs_its_key_again() {
        let keys = |name: &str, secret: &str| json!({"aescbc": {"keys": [{"name": name, "secret": secret}]}});
        let seal = seals(&keys("key1", "c2VjcmV0")).remove(0);
        assert_eq!(&*seal.prefix, "k8s:enc:aescbc:v1:key1:");
        let says = |providers: &[Value], seal: Option<&Seal>| unreadable(Some(providers), seal);
        let identity = json!({"identity": {}});
        assert_eq!(says(&[keys("key1", "c2VjcmV0"), identity.clone()], Some(&seal)), None);
        assert_eq!(
            says(&[keys("key2", "c2VjcmV0")], Some(&seal)).unwrap(),
            "no matching key was found for the provided AES transformer"
        );
        assert_eq!(says(&[identity], Some(&seal)).unwrap(), "no matching prefix found");
        assert_eq!(says(&[keys("key1", "c2VjcmV0")], None).unwrap(), "no matching prefix found");
        assert_eq!(
            unreadable(None, Some(&seal)).unwrap(),
            "identity transformer tried to read encrypted data"
        );
        let bytes = sealed_bytes(&seal, "/registry/secrets/a/b", b"0123456789abcdef");
        assert_eq!(bytes.len(), seal.prefix.len() + 48);
    }
}
