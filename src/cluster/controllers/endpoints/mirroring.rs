//! Slices that mirror Endpoints which a person made for a service without a selector.

use std::time::Duration;

use super::legacy;
use super::slices::{MANAGED_BY, RESOURCE, SERVICE};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::{Hand, join_key};
use crate::cluster::controllers::owners::controller_ref;
use crate::cluster::controllers::pods::is_deleting;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};

pub(crate) const MIRRORING: Component = Component {
    name: "endpointslicemirroring-controller",
    process: Process::ControllerManager,
    woken_by,
    sync,
};

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if matches!(&*event.key.resource, "services" | "endpoints") {
        keys.push(join_key(&event.key.namespace, &event.key.name));
    }
}

/// True when slices are to be made from these Endpoints.
fn is_mirrored(hand: &Hand<'_>, endpoints: &Value, key: &str) -> bool {
    let bare = |service: &Value| super::selector(service).is_null();
    object::label(endpoints, legacy::MANAGED_BY).is_none()
        && object::label(endpoints, "endpointslice.kubernetes.io/skip-mirror") != Some("true")
        && object::annotation(endpoints, "control-plane.alpha.kubernetes.io/leader").is_none()
        && hand.at("services", key).is_some_and(|it| bare(&it))
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, MIRRORING.name);
    let endpoints = hand.at(legacy::RESOURCE, key).filter(|it| !is_deleting(it))?;
    let mut existing = hand.controlled(&endpoints, "EndpointSlice");
    let wanted = if is_mirrored(&hand, &endpoints, key) { slices(&endpoints) } else { Vec::new() };
    let mut written = Ok(());
    for slice in wanted {
        let same = existing.iter().position(|it| it.get("ports") == slice.get("ports"));
        written = written.and(match same.map(|at| existing.remove(at)) {
            None => hand.create(RESOURCE, slice).map(drop),
            Some(there) => {
                hand.edit(RESOURCE, &there, |there| there["endpoints"] = slice["endpoints"].clone())
            }
        });
    }
    for slice in existing {
        written = written.and(hand.delete(RESOURCE, &slice));
    }
    if written.is_err() { hand.retry(key) } else { None }
}

fn slices(endpoints: &Value) -> Vec<Value> {
    object::list(endpoints, "/subsets").iter().map(|subset| slice(endpoints, subset)).collect()
}

fn slice(endpoints: &Value, subset: &Value) -> Value {
    let mut labels = object::at(endpoints, "/metadata/labels").cloned().unwrap_or_else(|| json!({}));
    object::set(&mut labels, &[SERVICE], object::name(endpoints));
    object::set(&mut labels, &[MANAGED_BY], "endpointslicemirroring-controller.k8s.io");
    let list = |key: &str, ready: bool| {
        let addresses = object::list(subset, key).iter();
        addresses.map(move |it| endpoint(it, ready)).collect::<Vec<_>>()
    };
    let all: Vec<Value> = [list("/addresses", true), list("/notReadyAddresses", false)].concat();
    let ports = object::list(subset, "/ports").iter().map(|port| {
        let mut port = port.clone();
        object::set_default(&mut port, &["name"], "");
        port
    });
    let six = object::list(subset, "/addresses").iter().any(|it| object::field(it, "ip").contains(':'));
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{}-", object::name(endpoints)),
            "namespace": object::namespace(endpoints),
            "labels": labels,
            "ownerReferences": [controller_ref(endpoints)],
        },
        "addressType": if six { "IPv6" } else { "IPv4" },
        "endpoints": all,
        "ports": ports.collect::<Vec<_>>(),
    })
}

fn endpoint(address: &Value, ready: bool) -> Value {
    let mut endpoint = json!({
        "addresses": [object::field(address, "ip")],
        "conditions": {"ready": ready, "serving": ready, "terminating": false},
    });
    for key in ["hostname", "nodeName", "targetRef"] {
        if let Some(value) = address.get(key) {
            endpoint[key] = value.clone();
        }
    }
    endpoint
}
