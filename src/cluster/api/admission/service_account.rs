//! ServiceAccount: every pod runs as one, and finds a token and the cluster's CA under a well-known path.

use super::{Call, Object, Status, creates, forbidden};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;

/// Where containers find the token.
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const VOLUME_PREFIX: &str = "kube-api-access-";
/// Just above an hour, so that it stays an hour when a minute of it has passed. Source: admission.go, TokenExpirationSeconds.
const TOKEN_SECONDS: i64 = 60 * 60 + 7;
/// Marks a pod that only mirrors one of a kubelet's static pods.
const MIRROR: &str = "kubernetes.io/config.mirror";

fn is_mirror(pod: &Value) -> bool {
    object::annotation(pod, MIRROR).is_some()
}

/// Gives a pod its account, pull secrets and token volume.
pub(super) fn mutate(call: &mut Call<'_>, pod: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    if !creates(call, "pods", old) || is_mirror(pod) {
        return Ok(());
    }
    object::set_default(pod, &["spec", "serviceAccountName"], "default");
    if object::text(pod, "/spec/serviceAccountName").is_empty() {
        object::set(pod, &["spec", "serviceAccountName"], "default");
    }
    let name = object::text(pod, "/spec/serviceAccountName").to_owned();
    object::set(pod, &["spec", "serviceAccount"], name.as_str());
    let account = account(call, pod, &name)?;
    if mounts_token(pod, &account) {
        mount_token(call, pod);
    }
    let secrets = object::list(&account, "/imagePullSecrets");
    if object::list(pod, "/spec/imagePullSecrets").is_empty() && !secrets.is_empty() {
        object::set(pod, &["spec", "imagePullSecrets"], secrets.to_vec());
    }
    Ok(())
}

fn account(call: &Call<'_>, pod: &Value, name: &str) -> Result<Object, Status> {
    call.store().find("serviceaccounts", &call.namespace, name).cloned().ok_or_else(|| {
        let why = format!(
            "error looking up service account {}/{name}: serviceaccount {name:?} not found",
            call.namespace
        );
        forbidden(call, pod, &why)
    })
}

fn mounts_token(pod: &Value, account: &Value) -> bool {
    let wish = |tree: &Value, pointer: &str| tree.pointer(pointer).and_then(Value::as_bool);
    wish(pod, "/spec/automountServiceAccountToken")
        .or_else(|| wish(account, "/automountServiceAccountToken"))
        .unwrap_or(true)
}

fn mount_token(call: &mut Call<'_>, pod: &mut Value) {
    let existing = object::list(pod, "/spec/volumes")
        .iter()
        .map(|volume| object::field(volume, "name"))
        .find(|name| name.starts_with(VOLUME_PREFIX))
        .map(str::to_owned);
    let name = existing.clone().unwrap_or_else(|| format!("{VOLUME_PREFIX}{}", call.world.chance.suffix(5)));
    let mut needed = false;
    for field in ["initContainers", "containers"] {
        let Some(containers) = pod.pointer_mut(&format!("/spec/{field}")).and_then(Value::as_array_mut)
        else {
            continue;
        };
        for container in containers {
            let mut mounts = object::list(container, "/volumeMounts").to_vec();
            if mounts.iter().any(|mount| object::field(mount, "mountPath") == MOUNT_PATH) {
                continue;
            }
            mounts.push(json!({"mountPath": MOUNT_PATH, "name": name, "readOnly": true}));
            object::set(container, &["volumeMounts"], mounts);
            needed = true;
        }
    }
    if needed && existing.is_none() {
        let mut volumes = object::list(pod, "/spec/volumes").to_vec();
        volumes.push(token_volume(&name));
        object::set(pod, &["spec", "volumes"], volumes);
    }
}

fn token_volume(name: &str) -> Value {
    json!({
        "name": name,
        "projected": {
            "defaultMode": 420,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
                {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
                {"downwardAPI": {"items": [{
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace",
                }]}},
            ],
        },
    })
}

/// Mirror pods may not reach into the cluster's secrets.
pub(super) fn validate(call: &mut Call<'_>, pod: &Value, old: Option<&Object>) -> Result<(), Status> {
    if !creates(call, "pods", old) || !is_mirror(pod) {
        return Ok(());
    }
    if !object::text(pod, "/spec/serviceAccountName").is_empty() {
        return Err(forbidden(call, pod, "a mirror pod may not reference service accounts"));
    }
    let secret = |volume: &&Value| volume.get("secret").is_some();
    if object::list(pod, "/spec/volumes").iter().any(|it| secret(&it)) {
        return Err(forbidden(call, pod, "a mirror pod may not reference secrets"));
    }
    Ok(())
}
