//! What is stored in a cluster the moment it stands: namespaces, nodes, the API server's own objects.
//! Controllers make the rest.

use super::spec::{NodeSpec, TemplateSpec};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, yaml};
use crate::cluster::api::bootstrap;
use crate::cluster::kubelet::register;
use crate::cluster::{ClusterId, World};
use crate::hosts::Host;
use crate::sim::SimTime;

/// Roles and bindings that kubeadm adds.
const KUBEADM_RBAC: &str = include_str!("../../../assets/kubeadm/objects/kubeadm-rbac.yaml");

/// Puts the objects of a fresh cluster into its store.
pub(super) fn install(world: &mut World, cluster: ClusterId, spec: &TemplateSpec) {
    bootstrap::ensure(world, cluster);
    for object in yaml::documents(KUBEADM_RBAC).unwrap_or_default() {
        let resource = match object::text(&object, "/kind") {
            "ClusterRole" => "clusterroles.rbac.authorization.k8s.io",
            _ => "clusterrolebindings.rbac.authorization.k8s.io",
        };
        bootstrap::store(world, cluster, resource, object);
    }
    for (index, node) in spec.joined().enumerate() {
        let Some(host) = world.hosts.get(&node.name) else { continue };
        let object = node_object(host, node, spec, index, world.now);
        bootstrap::store(world, cluster, "nodes", object);
    }
}

fn node_object(host: &Host, node: &NodeSpec, spec: &TemplateSpec, index: usize, now: SimTime) -> Value {
    let mut object = register::node_object(host, &node.name, &spec.version, now);
    object::set(&mut object, &["metadata", "annotations", "node.alpha.kubernetes.io/ttl"], "0");
    let cidr = spec.pod_cidr_of(index);
    object::set(&mut object, &["spec"], json!({"podCIDR": cidr, "podCIDRs": [cidr]}));
    object::set(&mut object, &["status", "conditions"], register::ready_conditions(now));
    if node.control_plane {
        for label in [
            "node-role.kubernetes.io/control-plane",
            "node.kubernetes.io/exclude-from-external-load-balancers",
        ] {
            object::set(&mut object, &["metadata", "labels", label], "");
        }
        let taint = json!([{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]);
        object::set(&mut object, &["spec", "taints"], taint);
    }
    object
}
