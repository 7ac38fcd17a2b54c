//! Claims of pods' `ephemeral` volumes: made with the pod, owned by it.

use std::time::Duration;

use super::CLAIMS;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, wake_self};
use crate::cluster::controllers::owners::{controller_ref, is_controlled_by};
use crate::cluster::controllers::pods::is_deleting;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World, events};

pub(crate) const EPHEMERAL: Component =
    Component { name: "ephemeral-volume-controller", process: Process::ControllerManager, woken_by, sync };

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let ephemeral = |it: &Value| object::at(it, "/ephemeral/volumeClaimTemplate").is_some();
    if object::list(&event.object, "/spec/volumes").iter().any(ephemeral) {
        wake_self(event, "pods", keys);
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, EPHEMERAL.name);
    let pod = hand.at("pods", key).filter(|it| !is_deleting(it))?;
    let mut refused = false;
    for volume in object::list(&pod, "/spec/volumes") {
        let Some(template) = object::at(volume, "/ephemeral/volumeClaimTemplate") else { continue };
        let name = format!("{}-{}", object::name(&pod), object::field(volume, "name"));
        match hand.get(CLAIMS, object::namespace(&pod), &name) {
            Some(claim) if is_controlled_by(&claim, &pod) => {}
            Some(_) => {
                let message = format!(
                    "PVC {}/{name} was not created for pod {key} (pod is not owner)",
                    object::namespace(&pod)
                );
                hand.event(&pod, events::warning("EphemeralVolumeClaimConflict", message));
            }
            None => refused |= hand.create(CLAIMS, claim(&pod, &name, template)).is_err(),
        }
    }
    if refused { hand.retry(key) } else { None }
}

fn claim(pod: &Value, name: &str, template: &Value) -> Value {
    let mut claim = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {
            "name": name, "namespace": object::namespace(pod), "ownerReferences": [controller_ref(pod)],
        },
        "spec": template.get("spec"),
    });
    for part in ["labels", "annotations"] {
        if let Some(value) = template.pointer(&format!("/metadata/{part}")) {
            object::set(&mut claim, &["metadata", part], value.clone());
        }
    }
    claim
}
