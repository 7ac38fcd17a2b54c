//! A template as data.

use serde::Deserialize;

use crate::cluster::world::Conduct;
use crate::hosts::Hardware;

/// As many /24 as the pod network has.
pub(crate) const NODES_MAX: usize = 250;

/// What a template file says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TemplateSpec {
    pub(crate) cluster: String,
    /// With the `v`: `v1.36.2`.
    pub(crate) version: String,
    #[serde(with = "conduct")]
    pub(crate) conduct: Conduct,
    pub(crate) pod_cidr: String,
    pub(crate) service_cidr: String,
    /// True when there is a machine beside the cluster that one begins on.
    #[serde(default)]
    pub(crate) base: bool,
    pub(crate) nodes: Vec<NodeSpec>,
    pub(crate) machine: MachineSpec,
}

/// One node.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeSpec {
    pub(crate) name: String,
    pub(crate) address: String,
    #[serde(default)]
    pub(crate) control_plane: bool,
    /// False for a machine with everything installed that belongs to no cluster yet.
    #[serde(default = "yes")]
    pub(crate) joined: bool,
}

fn yes() -> bool {
    true
}

/// What all machines of a template are like. Sizes are Kubernetes quantities.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MachineSpec {
    pub(crate) cpu: String,
    pub(crate) memory: String,
    pub(crate) memory_allocatable: String,
    pub(crate) ephemeral_storage: String,
    pub(crate) ephemeral_storage_allocatable: String,
    pub(crate) os_image: String,
    pub(crate) kernel: String,
    pub(crate) container_runtime: String,
}

impl MachineSpec {
    /// The same as a host keeps it.
    pub(super) fn hardware(&self) -> Hardware {
        Hardware {
            cpu: self.cpu.clone(),
            memory: self.memory.clone(),
            memory_allocatable: self.memory_allocatable.clone(),
            ephemeral_storage: self.ephemeral_storage.clone(),
            ephemeral_storage_allocatable: self.ephemeral_storage_allocatable.clone(),
            os_image: self.os_image.clone(),
            kernel: self.kernel.clone(),
            container_runtime: self.container_runtime.clone(),
        }
    }
}

impl TemplateSpec {
    /// Adds workers until the cluster has `count` nodes: `node03` at 172.30.4.2, and so on.
    pub(super) fn grow(&mut self, count: usize) {
        for number in self.nodes.len()..count.min(NODES_MAX) {
            self.nodes.push(NodeSpec {
                name: format!("node{number:02}"),
                address: format!("172.30.{}.2", number + 1),
                control_plane: false,
                joined: true,
            });
        }
    }

    /// The machines that are in the cluster.
    pub(crate) fn joined(&self) -> impl Iterator<Item = &NodeSpec> {
        self.nodes.iter().filter(|node| node.joined)
    }

    /// `https://172.30.1.2:6443`: the first control plane node.
    pub(crate) fn server(&self) -> String {
        format!("https://{}:6443", self.control_plane_address())
    }

    /// The address of the first control plane node; empty when there is none.
    pub(crate) fn control_plane_address(&self) -> &str {
        self.nodes.iter().find(|node| node.control_plane).map_or("", |node| node.address.as_str())
    }

    /// The `index`-th /24 of the pod network, as the node IPAM controller hands them out.
    pub(crate) fn pod_cidr_of(&self, index: usize) -> String {
        let mut parts = self.pod_cidr.split('.');
        let (a, b) = (parts.next().unwrap_or("192"), parts.next().unwrap_or("168"));
        format!("{a}.{b}.{index}.0/24")
    }
}

/// Reads a template of ours; a test parses every one of them.
pub(crate) fn parse(text: &str) -> TemplateSpec {
    match toml::from_str(text) {
        Ok(spec) => spec,
        Err(error) => unreachable!("a world template of ours does not parse: {error}"),
    }
}

mod conduct {
    use serde::{Deserialize, Deserializer};

    use crate::cluster::world::Conduct;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Conduct, D::Error> {
        match String::deserialize(from)?.as_str() {
            "kubelet" => Ok(Conduct::Kubelet),
            "stand-in" => Ok(Conduct::StandIn),
            other => Err(serde::de::Error::custom(format!("conduct {other:?}: use kubelet or stand-in"))),
        }
    }
}
