//! What pods and nodes use, as metrics-server would report it.

use super::run::{ContainerRun, PodId};
use super::services;
use crate::cluster::{ClusterId, World};

/// An amount of CPU and memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Thousandths of a CPU.
    pub(crate) cpu_milli: u64,
    /// Bytes.
    pub(crate) memory: u64,
}

/// What the kubelet, the runtime and the system of a machine use besides pods.
const SYSTEM: Usage = Usage { cpu_milli: 38, memory: 620 << 20 };

/// What one container uses; `None` while it does not run.
pub(crate) fn of_container(container: &ContainerRun) -> Option<Usage> {
    if !container.is_running() {
        return None;
    }
    let serves = container.vm.as_ref().is_none_or(|vm| !vm.services().is_empty());
    let cpu_milli = if serves { container.image.map_or(1, |it| it.config.cpu_m) } else { 0 };
    Some(Usage { cpu_milli, memory: services::memory(container) })
}

/// The running containers of a pod with what they use.
pub(crate) fn of_pod(world: &World, id: &PodId) -> Vec<(String, Usage)> {
    let containers = id.get(world).into_iter().flat_map(|run| run.containers.iter());
    containers.filter_map(|(name, it)| Some((name.clone(), of_container(it)?))).collect()
}

/// What a node uses: its system and all of its pods.
pub(crate) fn of_node(world: &World, cluster: ClusterId, node: &str) -> Usage {
    let Some(state) = world.clusters.get(cluster) else { return Usage::default() };
    let pods = state.runtime.pods.values().filter(|run| run.node == node);
    let used = pods.flat_map(|run| run.containers.values()).filter_map(of_container);
    used.fold(SYSTEM, |sum, it| Usage {
        cpu_milli: sum.cpu_milli + it.cpu_milli,
        memory: sum.memory + it.memory,
    })
}
