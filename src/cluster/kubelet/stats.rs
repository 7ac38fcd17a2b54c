//! What the kubelet tells about use: `/stats/summary`, `/metrics` and `/metrics/resource`.
//!
//! Of the hundreds of series of a real kubelet those are here that the simulation knows.

use super::run::{PodId, PodRun};
use super::settings::Settings;
use super::usage::{self, Usage};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::{ClusterId, World};

/// The pods that run on a node, by uid.
fn pods<'w>(world: &'w World, cluster: ClusterId, node: &str) -> Vec<(PodId, &'w PodRun)> {
    let all = world.clusters.get(cluster).into_iter().flat_map(|it| it.runtime.pods.iter());
    let here = all.filter(|(_, run)| run.node == node);
    here.map(|(uid, run)| (PodId { cluster, uid: uid.clone() }, run)).collect()
}

fn cpu(world: &World, used: Usage) -> Value {
    json!({"time": world.now.rfc3339(), "usageNanoCores": used.cpu_milli * 1_000_000})
}

fn memory(world: &World, used: Usage) -> Value {
    json!({"time": world.now.rfc3339(), "usageBytes": used.memory, "workingSetBytes": used.memory})
}

/// `/stats/summary`.
pub(super) fn summary(world: &World, cluster: ClusterId, node: &str) -> Value {
    let total = usage::of_node(world, cluster, node);
    let stored = world.clusters.get(cluster).and_then(|it| it.store.find("nodes", "", node));
    let capacity = stored.and_then(|it| object::at(it, "/status/capacity/memory"));
    let capacity = u64::try_from(Quantity::of(capacity).as_int()).unwrap_or(0);
    let mut of_node = memory(world, total);
    object::set(&mut of_node, &["availableBytes"], capacity.saturating_sub(total.memory));
    let pods: Vec<Value> = pods(world, cluster, node).iter().map(|(id, run)| pod(world, id, run)).collect();
    json!({"node": {"nodeName": node, "cpu": cpu(world, total), "memory": of_node}, "pods": pods})
}

fn pod(world: &World, id: &PodId, run: &PodRun) -> Value {
    let used = usage::of_pod(world, id);
    let sum = used.iter().fold(Usage::default(), |sum, (_, it)| Usage {
        cpu_milli: sum.cpu_milli + it.cpu_milli,
        memory: sum.memory + it.memory,
    });
    let containers: Vec<Value> = used
        .iter()
        .map(|(name, it)| json!({"name": name, "cpu": cpu(world, *it), "memory": memory(world, *it)}))
        .collect();
    json!({
        "podRef": {"name": run.name, "namespace": run.namespace, "uid": id.uid},
        "containers": containers, "cpu": cpu(world, sum), "memory": memory(world, sum),
    })
}

/// `/metrics/resource`, in the text format of Prometheus.
pub(super) fn resource_metrics(world: &World, cluster: ClusterId, node: &str) -> String {
    let total = usage::of_node(world, cluster, node);
    let mut text = String::from("# TYPE container_memory_working_set_bytes gauge\n");
    for (id, run) in pods(world, cluster, node) {
        for (name, used) in usage::of_pod(world, &id) {
            text.push_str(&format!(
                "container_memory_working_set_bytes{{container={name:?},namespace={:?},pod={:?}}} {}\n",
                run.namespace, run.name, used.memory
            ));
        }
    }
    text.push_str(&format!(
        "# TYPE node_memory_working_set_bytes gauge\nnode_memory_working_set_bytes {}\n# TYPE scrape_error gauge\nscrape_error 0\n",
        total.memory
    ));
    text
}

/// `/metrics`, in the text format of Prometheus.
pub(super) fn metrics(world: &World, cluster: ClusterId, host: &str, settings: &Settings) -> String {
    let node = world.hosts.get(host).map(|it| settings.node_name(it)).unwrap_or_default();
    let pods = pods(world, cluster, &node);
    let running = |run: &PodRun| run.containers.values().filter(|it| it.is_running()).count();
    let containers: usize = pods.iter().map(|(_, run)| running(run)).sum();
    let sandboxes = pods.iter().filter(|(_, run)| running(run) > 0).count();
    format!(
        "# TYPE kubelet_node_name gauge\nkubelet_node_name{{node={node:?}}} 1\n\
         # TYPE kubelet_running_containers gauge\nkubelet_running_containers{{container_state=\"running\"}} {containers}\n\
         # TYPE kubelet_running_pods gauge\nkubelet_running_pods {sandboxes}\n"
    )
}
