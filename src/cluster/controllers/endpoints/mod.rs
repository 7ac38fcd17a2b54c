//! What stands behind Services: EndpointSlices, the older Endpoints, and slices that mirror Endpoints
//! made by hand.
//!
//! Follows `pkg/controller/{endpoint,endpointslice,endpointslicemirroring}`.

pub(crate) mod legacy;
pub(crate) mod mirroring;
pub(crate) mod slices;

use super::hand::{Hand, join_key};
use super::pods::{is_deleting, is_ended, is_ready};
use super::select::map_selects;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::cluster::{Change, ClusterId, Event, Object, World};

/// The annotation that tells when what an object says last changed.
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The label of what belongs to a service without an address of its own.
const HEADLESS: &str = "service.kubernetes.io/headless";

/// Wakes the services that an event is about: itself, or those that select a pod.
fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    match &*event.key.resource {
        "services" => keys.push(join_key(&event.key.namespace, &event.key.name)),
        "pods" => {
            let modified = event.previous.as_ref().filter(|_| event.change == Change::Modified);
            if modified.is_some_and(|before| looks_same(before, &event.object)) {
                return;
            }
            let both = || event.previous.iter().chain([&event.object]);
            let services = world.clusters[cluster].store.list("services", &event.key.namespace);
            let selecting = services.filter(|it| both().any(|pod| map_selects(selector(it), pod)));
            keys.extend(selecting.map(|it| join_key(&event.key.namespace, object::name(it))));
        }
        _ => {}
    }
}

/// True when a change of a pod is none for the services that select it.
fn looks_same(before: &Value, after: &Value) -> bool {
    let same = |pointer: &str| before.pointer(pointer) == after.pointer(pointer);
    is_ready(before) == is_ready(after)
        && is_deleting(before) == is_deleting(after)
        && ["/status/podIPs", "/status/phase", "/metadata/labels", "/spec/nodeName"].into_iter().all(same)
}

fn selector(service: &Value) -> &Value {
    service.pointer("/spec/selector").unwrap_or(&Value::Null)
}

/// True when a controller finds the pods of the service.
fn is_managed(service: &Value) -> bool {
    selector(service).is_object() && object::text(service, "/spec/type") != "ExternalName"
}

fn is_headless(service: &Value) -> bool {
    object::text(service, "/spec/clusterIP") == "None"
}

/// The pods behind a service that have an address, by name; those that are ending too.
fn backends(hand: &Hand<'_>, service: &Value) -> Vec<Object> {
    let serves = |pod: &&Object| {
        map_selects(selector(service), pod)
            && !is_ended(pod)
            && !object::text(pod, "/status/podIP").is_empty()
    };
    hand.store().list("pods", object::namespace(service)).filter(serves).cloned().collect()
}

/// The ports of a service as one pod serves them; ports that the pod does not have are left out.
fn ports(service: &Value, pod: &Value) -> Vec<Value> {
    let resolved = object::list(service, "/spec/ports").iter().filter_map(|port| {
        let number = target(port, pod)?;
        let mut out = Map::new();
        out.insert("name".into(), object::field(port, "name").into());
        out.insert("port".into(), number.into());
        out.insert("protocol".into(), object::field(port, "protocol").into());
        if let Some(app) = object::at(port, "/appProtocol") {
            out.insert("appProtocol".into(), app.clone());
        }
        Some(Value::Object(out))
    });
    resolved.collect()
}

/// The port of the pod that a service port leads to.
fn target(port: &Value, pod: &Value) -> Option<i64> {
    match port.get("targetPort") {
        Some(Value::String(name)) => {
            let lists = ["/spec/containers", "/spec/initContainers"];
            let containers = lists.iter().flat_map(|list| object::list(pod, list));
            let mut all = containers.flat_map(|it| object::list(it, "/ports"));
            let fits =
                |it: &&Value| object::field(it, "name") == name && it.get("protocol") == port.get("protocol");
            all.find(fits).and_then(|it| object::int(it, "/containerPort"))
        }
        Some(value) if value.as_i64().is_some_and(|it| it != 0) => value.as_i64(),
        _ => object::int(port, "/port"),
    }
}

fn pod_reference(pod: &Value) -> Value {
    json!({"kind": "Pod", "namespace": object::namespace(pod), "name": object::name(pod), "uid": object::uid(pod)})
}

/// The host name under which DNS knows the pod in this service.
fn hostname<'a>(service: &Value, pod: &'a Value) -> Option<&'a str> {
    let (name, subdomain) = (object::text(pod, "/spec/hostname"), object::text(pod, "/spec/subdomain"));
    (!name.is_empty() && subdomain == object::name(service)).then_some(name)
}

#[cfg(test)]
mod tests;
