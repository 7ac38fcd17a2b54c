//! What is stored in a cluster the moment it stands: namespaces, nodes, the API server's own objects.
//! Controllers make the rest.

use serde_json::{Value, json};

use super::machine::machine_id;
use super::pki::ClusterPki;
use super::spec::{NodeSpec, TemplateSpec};
use crate::apimachinery::{object, yaml};
use crate::cluster::{ClusterId, Key, World};
use crate::sim::SimTime;

/// Roles and bindings that kubeadm adds.
const KUBEADM_RBAC: &str = include_str!("../../../assets/kubeadm/objects/kubeadm-rbac.yaml");

/// Puts the objects of a fresh cluster into its store.
pub(super) fn install(world: &mut World, cluster: ClusterId, spec: &TemplateSpec, _pki: &ClusterPki) {
    for name in ["default", "kube-node-lease", "kube-public", "kube-system"] {
        store(world, cluster, "namespaces", namespace(name));
    }
    for (resource, object) in crate::cluster::api::bootstrap::objects() {
        store(world, cluster, &resource, object);
    }
    for object in yaml::documents(KUBEADM_RBAC).unwrap_or_default() {
        let resource = match object::text(&object, "/kind") {
            "ClusterRole" => "clusterroles.rbac.authorization.k8s.io",
            _ => "clusterrolebindings.rbac.authorization.k8s.io",
        };
        store(world, cluster, resource, object);
    }
    for (index, node) in spec.nodes.iter().enumerate() {
        let now = world.now;
        store(world, cluster, "nodes", node_object(node, spec, index, now));
    }
}

/// Stores an object as the API server would: with a UID and a time, unless it is there already.
pub(super) fn store(world: &mut World, cluster: ClusterId, resource: &str, mut object: Value) {
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

fn node_object(node: &NodeSpec, spec: &TemplateSpec, index: usize, now: SimTime) -> Value {
    let machine = &spec.machine;
    let mut object = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": node.name,
            "annotations": {
                "node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            },
            "labels": {
                "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux",
                "kubernetes.io/hostname": node.name,
            },
        },
        "spec": {"podCIDR": spec.pod_cidr_of(index), "podCIDRs": [spec.pod_cidr_of(index)]},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": node.address},
                {"type": "Hostname", "address": node.name},
            ],
            "capacity": resources(&machine.cpu, &machine.memory, &machine.ephemeral_storage),
            "allocatable":
                resources(&machine.cpu, &machine.memory_allocatable, &machine.ephemeral_storage_allocatable),
            "conditions": conditions(now),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": node_info(node, spec),
        },
    });
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

fn resources(cpu: &str, memory: &str, ephemeral_storage: &str) -> Value {
    json!({
        "cpu": cpu, "memory": memory, "ephemeral-storage": ephemeral_storage,
        "hugepages-2Mi": "0", "pods": "110",
    })
}

fn conditions(now: SimTime) -> Value {
    let rows = [
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ];
    rows.iter()
        .map(|(kind, status, reason, message)| {
            json!({
                "type": kind, "status": status, "reason": reason, "message": message,
                "lastHeartbeatTime": now.rfc3339(), "lastTransitionTime": now.rfc3339(),
            })
        })
        .collect()
}

fn node_info(node: &NodeSpec, spec: &TemplateSpec) -> Value {
    let id = machine_id(&node.name);
    let part = |from: usize, to: usize| id.get(from..to).unwrap_or_default();
    json!({
        "machineID": id,
        "systemUUID": format!("a1b2c3d4-0000-0000-0000-{}", part(0, 12)),
        "bootID": format!("0f0e0d0c-0000-0000-0000-{}", part(12, 24)),
        "architecture": "amd64", "operatingSystem": "linux",
        "kernelVersion": spec.machine.kernel, "osImage": spec.machine.os_image,
        "containerRuntimeVersion": spec.machine.container_runtime,
        "kubeletVersion": spec.version, "kubeProxyVersion": "",
    })
}
