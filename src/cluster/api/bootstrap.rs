//! The objects that an API server makes for itself when it first starts: RBAC defaults, priority classes,
//! flow control, API services, the service `kubernetes`.

use serde_json::{Value, json};

use crate::apimachinery::object;
use crate::sim::SimTime;

/// One `[group-resource, object]` a line, as kube-apiserver v1.36.2 with kubeadm's flags made them.
const FACTS: &str = include_str!("../../../assets/api/bootstrap.jsonl");

/// Where the recorded API server listens.
const ADDRESS: &str = "172.30.1.2";

/// Group-resource and object of each, in the order they are stored.
pub(crate) fn objects() -> Vec<(String, Value)> {
    let parsed = FACTS.lines().filter_map(|line| serde_json::from_str::<(String, Value)>(line).ok());
    let mut all: Vec<(String, Value)> = parsed.map(|(resource, object)| complete(resource, object)).collect();
    all.extend(kubernetes_endpoints());
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
fn kubernetes_endpoints() -> Vec<(String, Value)> {
    let port = json!({"name": "https", "port": 6443, "protocol": "TCP"});
    let endpoints = json!({
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {
            "name": "kubernetes", "namespace": "default",
            "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"},
        },
        "subsets": [{"addresses": [{"ip": ADDRESS}], "ports": [port]}],
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": "kubernetes", "namespace": "default", "generation": 1,
            "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": true}}],
        "ports": [port],
    });
    let address = super::allocate::ip_address("10.96.0.1", "default", "kubernetes");
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
        let objects = objects();
        assert_eq!(objects.len(), FACTS.lines().count() + 3);
        for (resource, object) in objects {
            let known = super::super::resources::built_in().iter().any(|it| *it.storage == *resource);
            assert!(known && !object::name(&object).is_empty(), "{resource}");
        }
    }
}
