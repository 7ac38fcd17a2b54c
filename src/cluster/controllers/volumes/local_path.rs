//! Rancher's local-path provisioner: a directory on the pod's node becomes a volume.
//!
//! It works only while its pod runs, as the real one, which is a Deployment in the namespace
//! `local-path-storage`. Its helper pods are not simulated; the time that they take is.

use std::time::Duration;

use super::{CLAIMS, CLASSES, PROVISIONED_BY, SELECTED_NODE, VOLUMES, claim_reference, class_of};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, key_of, wake_self};
use crate::cluster::controllers::pods::{is_deleting, is_ready};
use crate::cluster::engine::{Component, Process};
use crate::cluster::events::normal;
use crate::cluster::{ClusterId, Event, World};

pub(crate) const LOCAL_PATH: Component =
    Component { name: PROVISIONER, process: Process::Addon, woken_by, sync };

const PROVISIONER: &str = "rancher.io/local-path";

/// About what a helper pod takes to make or remove a directory.
const HELPER: Duration = Duration::from_secs(3);

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, CLAIMS, keys);
    if &*event.key.resource == VOLUMES
        && object::annotation(&event.object, PROVISIONED_BY) == Some(PROVISIONER)
    {
        keys.push(event.key.name.to_string());
    }
    let own_pod = &*event.key.resource == "pods" && &*event.key.namespace == "local-path-storage";
    if own_pod && is_ready(&event.object) {
        let claims = world.clusters[cluster].store.list(CLAIMS, "");
        keys.extend(claims.filter(|it| object::text(it, "/status/phase") != "Bound").map(|it| key_of(it)));
    }
}

fn runs(hand: &Hand<'_>) -> bool {
    let pods = hand.store().list("pods", "local-path-storage");
    pods.into_iter().any(|pod| object::label(pod, "app") == Some("local-path-provisioner") && is_ready(pod))
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, PROVISIONER);
    if !runs(&hand) {
        return None;
    }
    if let Some(volume) = hand.get(VOLUMES, "", key) {
        return remove(&mut hand, key, &volume);
    }
    let claim = hand.at(CLAIMS, key)?;
    let class = hand
        .get(CLASSES, "", class_of(&claim))
        .filter(|it| object::text(it, "/provisioner") == PROVISIONER)?;
    let node = object::annotation(&claim, SELECTED_NODE)?.to_owned();
    if !object::text(&claim, "/spec/volumeName").is_empty() || is_deleting(&claim) {
        return None;
    }
    let name = format!("pvc-{}", object::uid(&claim));
    let waited = hand.now().since(match hand.marked(key) {
        Some(since) => since,
        None => {
            let message = format!("External provisioner is provisioning volume for claim \"{key}\"");
            hand.event(&claim, normal("Provisioning", message));
            hand.mark(key)
        }
    });
    if waited < HELPER {
        return Some(HELPER - waited);
    }
    hand.unmark(key);
    if hand.create(VOLUMES, volume(&claim, &class, &name, &node)).is_ok() {
        let message = format!("Successfully provisioned volume {name}");
        hand.event(&claim, normal("ProvisioningSucceeded", message));
    }
    None
}

fn volume(claim: &Value, class: &Value, name: &str, node: &str) -> Value {
    let path =
        format!("/opt/local-path-provisioner/{name}_{}_{}", object::namespace(claim), object::name(claim));
    let policy = object::text(class, "/reclaimPolicy");
    let host = json!({"key": "kubernetes.io/hostname", "operator": "In", "values": [node]});
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": name,
            "annotations": {"local.path.provisioner/selected-node": node, PROVISIONED_BY: PROVISIONER},
        },
        "spec": {
            "accessModes": claim.pointer("/spec/accessModes"),
            "capacity": {"storage": claim.pointer("/spec/resources/requests/storage")},
            "claimRef": claim_reference(claim),
            "hostPath": {"path": path, "type": "DirectoryOrCreate"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [host]}]}},
            "persistentVolumeReclaimPolicy": if policy.is_empty() { "Delete" } else { policy },
            "storageClassName": object::name(class),
            "volumeMode": "Filesystem",
        },
    })
}

/// Removes a released volume whose policy says so.
fn remove(hand: &mut Hand<'_>, key: &str, volume: &Value) -> Option<Duration> {
    let released = object::text(volume, "/status/phase") == "Released";
    let deletes = object::text(volume, "/spec/persistentVolumeReclaimPolicy") == "Delete";
    if !released || !deletes || is_deleting(volume) {
        return None;
    }
    let waited = hand.now().since(hand.mark(key));
    if waited < HELPER {
        return Some(HELPER - waited);
    }
    hand.unmark(key);
    // A volume that is gone already needs nothing.
    let _ = hand.delete(VOLUMES, volume);
    None
}
