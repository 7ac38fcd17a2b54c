//! Filters: which nodes will do for a pod, and the words for those that will not.
//!
//! One row a plugin, in the order of the default profile. The first plugin that rejects a node ends
//! the look at it. Reasons are those of `pkg/scheduler/framework/plugins`.

mod basics;
mod fit;
pub(super) mod spread;
pub(super) mod volumes;

use super::cache::{NodeInfo, Nodes, PodInfo};
use super::interpod;
use crate::cluster::Store;

/// One filter.
pub(super) struct Plugin {
    pub(super) name: &'static str,
    /// Looks at the pod before any node; an answer rejects all nodes.
    pub(super) before: Option<fn(&PodInfo, &Store) -> Option<String>>,
    /// Looks at a node; an answer rejects it.
    pub(super) filter: fn(&Cycle<'_>, &NodeInfo) -> Option<Rejection>,
}

/// The filters of the default profile, in its order.
pub(super) const ALL: &[Plugin] = &[
    Plugin { name: "NodeUnschedulable", before: None, filter: basics::unschedulable },
    Plugin { name: "NodeName", before: None, filter: basics::node_name },
    Plugin { name: "TaintToleration", before: None, filter: basics::taints },
    Plugin { name: "NodeAffinity", before: None, filter: basics::node_affinity },
    Plugin { name: "NodePorts", before: None, filter: basics::ports },
    Plugin { name: "NodeResourcesFit", before: None, filter: fit::filter },
    Plugin { name: "VolumeRestrictions", before: Some(volumes::claims_exist), filter: volumes::restrictions },
    Plugin { name: "NodeVolumeLimits", before: None, filter: volumes::limits },
    Plugin { name: "VolumeBinding", before: Some(volumes::claims_usable), filter: volumes::binding },
    Plugin { name: "VolumeZone", before: None, filter: volumes::zone },
    Plugin { name: "PodTopologySpread", before: None, filter: spread::filter },
    Plugin { name: "InterPodAffinity", before: None, filter: interpod::filter },
];

/// Why a node will not do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rejection {
    /// True when taking pods away from the node would not help.
    pub(super) is_final: bool,
    pub(super) reasons: Vec<String>,
}

impl Rejection {
    /// A reason that may vanish with other pods.
    pub(super) fn because(reason: &str) -> Self {
        Self { is_final: false, reasons: vec![reason.to_owned()] }
    }

    /// A reason that stays whatever pods go.
    pub(super) fn final_because(reason: &str) -> Self {
        Self { is_final: true, reasons: vec![reason.to_owned()] }
    }
}

/// One pod on its way through the filters, with what they worked out about it beforehand.
pub(super) struct Cycle<'a> {
    pub(super) pod: &'a PodInfo,
    pub(super) store: &'a Store,
    pub(super) interpod: interpod::State,
    pub(super) spread: spread::State,
    pub(super) volumes: volumes::State,
    /// Those that the pod's profile has.
    plugins: Vec<&'static Plugin>,
}

impl<'a> Cycle<'a> {
    pub(super) fn new(pod: &'a PodInfo, nodes: &Nodes, store: &'a Store) -> Self {
        Self {
            pod,
            store,
            interpod: interpod::state(pod, nodes, store),
            spread: spread::state(pod, nodes),
            volumes: volumes::state(pod, nodes, store),
            plugins: ALL.iter().filter(|plugin| pod.profile.has("filter", plugin.name)).collect(),
        }
    }

    /// The first filter that rejects the node, with its reasons.
    pub(super) fn reject(&self, info: &NodeInfo) -> Option<(&'static str, Rejection)> {
        let mut plugins = self.plugins.iter();
        plugins.find_map(|plugin| (plugin.filter)(self, info).map(|rejection| (plugin.name, rejection)))
    }
}

/// The first plugin that rejects the pod as such, with its sentence.
pub(super) fn reject_before(pod: &PodInfo, store: &Store) -> Option<(&'static str, String)> {
    ALL.iter().filter(|plugin| pod.profile.has("preFilter", plugin.name)).find_map(|plugin| {
        let sentence = plugin.before.and_then(|before| before(pod, store))?;
        Some((plugin.name, sentence))
    })
}
