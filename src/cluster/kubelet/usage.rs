//! What pods and nodes use, as metrics-server would report it.

use std::time::Duration;

use super::run::{ContainerRun, PodId};
use super::services;
use crate::apimachinery::quantity::Quantity;
use crate::cluster::{ClusterId, World};
use crate::sim::SimTime;

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

/// 15 s: work is measured over windows of this length, as metrics-server does.
const WINDOW: Duration = Duration::from_secs(15);

/// Work that requests cause, in the window that runs and in the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    /// The number of the window since 1970.
    window: i64,
    /// Microseconds of CPU.
    running: u64,
    before: u64,
}

impl Work {
    fn moved_to(self, now: SimTime) -> Self {
        let window = now.unix_ns() / i64::try_from(WINDOW.as_nanos()).unwrap_or(i64::MAX);
        match window - self.window {
            0 => self,
            1 => Self { window, running: 0, before: self.running },
            _ => Self { window, running: 0, before: 0 },
        }
    }

    /// Counts microseconds of CPU.
    pub(crate) fn add(&mut self, now: SimTime, micros: u64) {
        *self = self.moved_to(now);
        self.running += micros;
    }

    /// Thousandths of a CPU in the last whole window.
    fn cpu_milli(self, now: SimTime) -> u64 {
        self.moved_to(now).before / (1_000 * WINDOW.as_secs())
    }
}

/// What one container uses; `None` while it does not run.
pub(crate) fn of_container(container: &ContainerRun, now: SimTime) -> Option<Usage> {
    if !container.is_running() {
        return None;
    }
    let serves = container.vm.as_ref().is_none_or(|vm| !vm.services().is_empty());
    let idle = if serves { container.image.map_or(1, |it| it.config.cpu_m) } else { 0 };
    let spins = container.vm.as_ref().map_or(0, |vm| vm.spinning(now));
    let services = container.vm.iter().flat_map(|vm| vm.services());
    let stress: u64 = services.map(services::stress_cpu_milli).sum();
    let wanted = idle + container.work.cpu_milli(now) + 1_000 * spins + stress;
    let limit = container.spec.pointer("/resources/limits/cpu").map(|it| Quantity::of(Some(it)).as_milli());
    let limit = limit.and_then(|it| u64::try_from(it).ok()).unwrap_or(u64::MAX);
    Some(Usage { cpu_milli: wanted.min(limit), memory: services::memory(container) })
}

/// The running containers of a pod with what they use.
pub(crate) fn of_pod(world: &World, id: &PodId) -> Vec<(String, Usage)> {
    let containers = id.get(world).into_iter().flat_map(|run| run.containers.iter());
    containers.filter_map(|(name, it)| Some((name.clone(), of_container(it, world.now)?))).collect()
}

/// What a node uses: its system and all of its pods.
pub(crate) fn of_node(world: &World, cluster: ClusterId, node: &str) -> Usage {
    let Some(state) = world.clusters.get(cluster) else { return Usage::default() };
    let pods = state.runtime.pods.values().filter(|run| run.node == node);
    let used = pods.flat_map(|run| run.containers.values()).filter_map(|it| of_container(it, world.now));
    used.fold(SYSTEM, |sum, it| Usage {
        cpu_milli: sum.cpu_milli + it.cpu_milli,
        memory: sum.memory + it.memory,
    })
}

/// 1 ms of CPU, which an answer usually costs.
const REQUEST_US: u64 = 1_000;

/// Notes that a container answered a request.
pub(crate) fn count_request(world: &mut World, id: &PodId, container: &str) {
    let now = world.now;
    if let Some(it) = id.container_mut(world, container) {
        let micros = it.image.map_or(0, |it| it.config.request_us);
        it.work.add(now, if micros == 0 { REQUEST_US } else { micros });
    }
}
