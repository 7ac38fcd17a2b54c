//! The loop of the controller: statuses of everything, and a Deployment with a Service for each Gateway.

use std::time::Duration;

use super::{CLASSES, CONTROLLER, GATEWAY, GRANTS, OF_GATEWAY, ROUTES, status};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::is_ready;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, Object, World};

pub(crate) const GATEWAYS: Component =
    Component { name: "nginx-gateway", process: Process::Addon, woken_by, sync };

/// Where the controller's own pod runs.
const HOME: &str = "nginx-gateway";

/// Everything is one key: there are few Gateways, and each status depends on objects of many kinds.
const ALL: &str = "all";

/// What a change of may matter.
const WATCHED: &[&str] =
    &[CLASSES, GATEWAY, ROUTES, GRANTS, "services", "secrets", "namespaces", "deployments.apps"];

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    let own_pod = &*event.key.resource == "pods" && &*event.key.namespace == HOME;
    let watched = own_pod || WATCHED.contains(&&*event.key.resource);
    if watched && world.clusters[cluster].store.list(CLASSES, "").next().is_some() {
        keys.push(ALL.to_owned());
    }
}

fn sync(world: &mut World, cluster: ClusterId, _: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, GATEWAYS.name);
    let runs = hand.store().list("pods", HOME).any(|pod| is_ready(pod));
    if !runs {
        return None;
    }
    let now = hand.now();
    // A refusal means that the object changed meanwhile, which wakes this loop again.
    for class in hand.list(CLASSES, "") {
        if object::text(&class, "/spec/controllerName") == CONTROLLER {
            let _ = hand.update_status(CLASSES, &class, status::of_class(&class, now));
        }
    }
    for gateway in hand.list(GATEWAY, "") {
        if status::is_ours(hand.store(), &gateway)
            && object::at(&gateway, "/metadata/deletionTimestamp").is_none()
        {
            let address = provide(&mut hand, &gateway);
            let told = status::of_gateway(hand.store(), &gateway, &address, now);
            let _ = hand.update_status(GATEWAY, &gateway, told);
        }
    }
    for route in hand.list(ROUTES, "") {
        if let Some(told) = status::of_route(hand.store(), &route, now) {
            let _ = hand.update_status(ROUTES, &route, told);
        }
    }
    None
}

/// Makes what answers for a Gateway; its address.
fn provide(hand: &mut Hand<'_>, gateway: &Object) -> String {
    let class = object::text(gateway, "/spec/gatewayClassName");
    let (namespace, name) = (object::namespace(gateway), format!("{}-{class}", object::name(gateway)));
    let mut ports: Vec<i64> =
        object::list(gateway, "/spec/listeners").iter().filter_map(|it| object::int(it, "/port")).collect();
    ports.sort_unstable();
    ports.dedup();
    let (deployment, service) = (deployment(gateway, &name, &ports), service(gateway, &name, &ports));
    put(hand, "deployments.apps", deployment, "/spec/template/spec/containers/0/ports");
    put(hand, "services", service, "/spec/ports");
    let made = hand.get("services", namespace, &name);
    made.map(|it| object::text(&it, "/spec/clusterIP").to_owned()).unwrap_or_default()
}

/// Creates an object, or brings its list of ports up to date.
fn put(hand: &mut Hand<'_>, resource: &str, wanted: Value, ports: &str) {
    let (namespace, name) = (object::namespace(&wanted).to_owned(), object::name(&wanted).to_owned());
    let Some(old) = hand.get(resource, &namespace, &name) else {
        let _ = hand.create(resource, wanted);
        return;
    };
    let numbers = |it: &Value| -> Vec<i64> {
        let all = object::list(it, ports).iter();
        all.filter_map(|it| object::int(it, "/port").or_else(|| object::int(it, "/containerPort"))).collect()
    };
    if numbers(&old) != numbers(&wanted) {
        let new = wanted.pointer(ports).cloned().unwrap_or_default();
        let _ = hand.edit(resource, &old, |it| {
            if let Some(slot) = it.pointer_mut(ports) {
                *slot = new;
            }
        });
    }
}

fn metadata(gateway: &Object, name: &str) -> Value {
    json!({
        "name": name, "namespace": object::namespace(gateway), "labels": labels(gateway, name),
        "ownerReferences": [{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": object::name(gateway),
            "uid": object::uid(gateway), "controller": true, "blockOwnerDeletion": true}],
    })
}

fn labels(gateway: &Object, name: &str) -> Value {
    json!({"app.kubernetes.io/instance": HOME, "app.kubernetes.io/managed-by": "nginx-gateway-nginx",
        "app.kubernetes.io/name": name, OF_GATEWAY: object::name(gateway)})
}

fn deployment(gateway: &Object, name: &str, ports: &[i64]) -> Value {
    let labels = labels(gateway, name);
    let ports: Vec<Value> = ports
        .iter()
        .map(|it| json!({"containerPort": it, "name": format!("port-{it}"), "protocol": "TCP"}))
        .collect();
    let container =
        json!({"name": "nginx", "image": "ghcr.io/nginx/nginx-gateway-fabric/nginx:2.4.0", "ports": ports});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata(gateway, name), "spec": {
        "replicas": 1, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}})
}

fn service(gateway: &Object, name: &str, ports: &[i64]) -> Value {
    let ports: Vec<Value> = ports
        .iter()
        .map(|it| json!({"name": format!("port-{it}"), "port": it, "targetPort": it, "protocol": "TCP"}))
        .collect();
    json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata(gateway, name), "spec": {
        "type": "NodePort", "selector": labels(gateway, name), "ports": ports}})
}
