//! Endpoints objects, deprecated but still kept: one for each service with a selector.

use std::net::IpAddr;
use std::time::Duration;

use super::{HEADLESS, TRIGGER, backends, hostname, is_headless, is_managed, pod_reference, ports};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::{is_deleting, is_ready};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, World};

pub(crate) const ENDPOINTS: Component =
    Component { name: "endpoint-controller", process: Process::ControllerManager, woken_by, sync };

pub(super) const RESOURCE: &str = "endpoints";

/// The label of objects that this loop made.
pub(super) const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";

/// 1,000 addresses; what is beyond is left out. Source: `maxCapacity`.
const ADDRESSES_MAX: usize = 1_000;

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    super::woken_by(world, cluster, event, keys);
    if &*event.key.resource == RESOURCE && object::label(&event.object, MANAGED_BY).is_some() {
        keys.push(format!("{}/{}", event.key.namespace, event.key.name));
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, ENDPOINTS.name);
    let existing = hand.at(RESOURCE, key);
    let Some(service) = hand.at("services", key) else {
        // Endpoints have no owner reference; those of a service go with it.
        if let Some(existing) = existing {
            let _ = hand.delete(RESOURCE, &existing);
        }
        return None;
    };
    if !is_managed(&service) {
        return None;
    }
    let subsets = subsets(&hand, &service);
    let labels = labels(&service);
    let same = existing.as_ref().is_some_and(|it| {
        object::list(it, "/subsets") == subsets.as_slice() && it.pointer("/metadata/labels") == Some(&labels)
    });
    if same {
        return None;
    }
    let mut changed = existing.as_ref().map_or_else(
        || {
            json!({"apiVersion": "v1", "kind": "Endpoints",
            "metadata": {"name": object::name(&service), "namespace": object::namespace(&service)}})
        },
        |it| (**it).clone(),
    );
    object::set(&mut changed, &["metadata", "labels"], labels);
    object::set(&mut changed, &["metadata", "annotations", TRIGGER], hand.now().rfc3339());
    if subsets.is_empty() {
        object::remove(&mut changed, &["subsets"]);
    } else {
        changed["subsets"] = subsets.into();
    }
    let written =
        if existing.is_some() { hand.update(RESOURCE, changed) } else { hand.create(RESOURCE, changed) };
    if written.is_err() { hand.retry(key) } else { None }
}

fn labels(service: &Value) -> Value {
    let mut labels = object::at(service, "/metadata/labels").cloned().unwrap_or_else(|| json!({}));
    if is_headless(service) {
        object::set(&mut labels, &[HEADLESS], "");
    }
    object::set(&mut labels, &[MANAGED_BY], "endpoint-controller");
    labels
}

/// Addresses grouped by ports, each group sorted by address.
fn subsets(hand: &Hand<'_>, service: &Value) -> Vec<Value> {
    let publish = object::flag(service, "/spec/publishNotReadyAddresses");
    let mut groups: Vec<(Vec<Value>, Vec<Value>, Vec<Value>)> = Vec::new();
    let pods = backends(hand, service);
    for pod in pods.iter().filter(|pod| publish || !is_deleting(pod)).take(ADDRESSES_MAX) {
        let ports = ports(service, pod).into_iter().map(without_empty_name).collect::<Vec<_>>();
        let at = match groups.iter().position(|(known, ..)| *known == ports) {
            Some(at) => at,
            None => {
                groups.push((ports, Vec::new(), Vec::new()));
                groups.len() - 1
            }
        };
        if let Some((_, ready, not_ready)) = groups.get_mut(at) {
            let list = if publish || is_ready(pod) { ready } else { not_ready };
            list.push(address(service, pod));
        }
    }
    groups.into_iter().map(subset).collect()
}

/// Endpoints leave the name of a nameless port out.
fn without_empty_name(mut port: Value) -> Value {
    if object::field(&port, "name").is_empty() {
        object::remove(&mut port, &["name"]);
    }
    port
}

fn address(service: &Value, pod: &Value) -> Value {
    let mut address = json!({
        "ip": object::text(pod, "/status/podIP"),
        "nodeName": object::text(pod, "/spec/nodeName"),
        "targetRef": pod_reference(pod),
    });
    if let Some(name) = hostname(service, pod) {
        address["hostname"] = name.into();
    }
    address
}

fn subset((ports, mut ready, mut not_ready): (Vec<Value>, Vec<Value>, Vec<Value>)) -> Value {
    let mut subset = Map::new();
    for (key, list) in [("addresses", &mut ready), ("notReadyAddresses", &mut not_ready)] {
        list.sort_by_key(|it| object::field(it, "ip").parse::<IpAddr>().ok());
        if !list.is_empty() {
            subset.insert(key.into(), std::mem::take(list).into());
        }
    }
    if !ports.is_empty() {
        subset.insert("ports".into(), ports.into());
    }
    subset.into()
}
