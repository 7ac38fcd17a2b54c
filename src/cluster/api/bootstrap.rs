//! The objects that an API server makes for itself when it first starts: RBAC defaults, priority classes,
//! flow control, API services, the service `kubernetes`.

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::{ClusterId, Key, World};
use crate::sim::SimTime;

/// One `[group-resource, object]` a line, as kube-apiserver v1.36.2 with kubeadm's flags made them.
const FACTS: &str = include_str!("../../../assets/api/bootstrap.jsonl");

/// The service range of the recorded API server, and the address in it that the server's own service has.
const SERVICES: (&str, &str) = ("10.96.0.0/12", "10.96.0.1");

/// The namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// Stores what an API server makes for itself when it starts; what is there already stays.
pub(crate) fn ensure(world: &mut World, cluster: ClusterId) {
    let Some(state) = world.clusters.get(cluster) else { return };
    if state.store.find("namespaces", "", "kube-system").is_some() {
        return;
    }
    let address = state.server.trim_start_matches("https://").split(':').next().unwrap_or("").to_owned();
    let range = state.service_cidr.clone();
    for name in NAMESPACES {
        store(world, cluster, "namespaces", namespace(name));
    }
    for (resource, object) in objects(&address, &range) {
        store(world, cluster, &resource, object);
    }
}

/// Stores an object as the API server would: with a UID and a time, unless it is there already.
pub(crate) fn store(world: &mut World, cluster: ClusterId, resource: &str, mut object: Value) {
    let key = Key::new(resource, object::namespace(&object), object::name(&object));
    let uid = world.chance.uuid();
    object::set_default(&mut object, &["metadata", "uid"], uid);
    object::set(&mut object, &["metadata", "creationTimestamp"], world.now.rfc3339());
    if let Some(cluster) = world.clusters.get_mut(cluster)
        && cluster.store.get(&key).is_none()
    {
        cluster.store.put(&key, object);
    }
}

fn namespace(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    })
}

/// Group-resource and object of each, in the order they are stored, for a server at `address` with this
/// range of service addresses.
fn objects(address: &str, range: &str) -> Vec<(String, Value)> {
    let first = range.parse::<ipnet::Ipv4Net>().ok().and_then(|it| it.hosts().next());
    let own = first.map_or_else(|| SERVICES.1.to_owned(), |it| it.to_string());
    let facts = FACTS.replace(SERVICES.0, range).replace(SERVICES.1, &own);
    let parsed = facts.lines().filter_map(|line| serde_json::from_str::<(String, Value)>(line).ok());
    let mut all: Vec<(String, Value)> = parsed.map(|(resource, object)| complete(resource, object)).collect();
    all.extend(kubernetes_endpoints(address, &own));
    all
}

/// Status that the server adds to what it keeps itself.
fn complete(resource: String, mut object: Value) -> (String, Value) {
    if resource == "apiservices.apiregistration.k8s.io" {
        let condition = json!({
            "lastTransitionTime": SimTime::START.rfc3339(), "message": "Local APIServices are always available",
            "reason": "Local", "status": "True", "type": "Available",
        });
        object::set(&mut object, &["status", "conditions"], vec![condition]);
    }
    if resource == super::flow::SCHEMAS {
        let level = object::text(&object, "/spec/priorityLevelConfiguration/name").to_owned();
        let condition = super::flow::condition(&level, true, &SimTime::START.rfc3339());
        object::set(&mut object, &["status", "conditions"], vec![condition]);
    }
    for condition in
        object.pointer_mut("/status/conditions").and_then(Value::as_array_mut).into_iter().flatten()
    {
        object::set(condition, &["lastTransitionTime"], SimTime::START.rfc3339());
    }
    if let Some(generation) = generation(&resource) {
        object::set_default(&mut object, &["metadata", "generation"], generation);
    }
    (resource, object)
}

fn generation(resource: &str) -> Option<i64> {
    let kinds = ["flowschemas.", "priorityclasses.", "prioritylevelconfigurations."];
    kinds.iter().any(|kind| resource.starts_with(kind)).then_some(1)
}

/// The service `kubernetes` has no selector; the server itself keeps its endpoints.
fn kubernetes_endpoints(server: &str, service: &str) -> Vec<(String, Value)> {
    let port = json!({"name": "https", "port": 6443, "protocol": "TCP"});
    let endpoints = json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {
            "name": "kubernetes", "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{"addresses": [{"ip": server}], "ports": [port]}],
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes", "namespace": "default", "generation": 1,
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [server], "conditions": {"ready": true}}],
        "ports": [port],
    });
    let address = super::allocate::ip_address(service, "default", "kubernetes");
    vec![
        ("endpoints".into(), endpoints),
        ("endpointslices.discovery.k8s.io".into(), slice),
        ("ipaddresses.networking.k8s.io".into(), address),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_object_of_a_known_resource() {
        let objects = objects("172.30.1.2", "10.96.0.0/12");
        assert_eq!(objects.len(), FACTS.lines().count() + 3);
        for (resource, object) in objects {
            let known = super::super::resources::built_in().iter().any(|it| *it.storage == *resource);
            assert!(known && !object::name(&object).is_empty(), "{resource}");
        }
    }
}
