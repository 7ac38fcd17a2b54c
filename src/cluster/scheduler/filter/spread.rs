//! PodTopologySpread: how evenly pods stand over zones, hosts or other domains.
//!
//! Constraints with `DoNotSchedule` filter here; those with `ScheduleAnyway`, and the built-in ones
//! for pods of services and sets, score (`scheduler::score`).

use std::collections::{BTreeMap, BTreeSet};

use super::{Cycle, Rejection};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::{LabelSelector, Operator, Requirement};
use crate::cluster::scheduler::cache::{NodeInfo, Nodes, PodInfo};

/// One constraint of a pod.
#[derive(Clone, Debug)]
pub(in crate::cluster::scheduler) struct Constraint {
    pub(in crate::cluster::scheduler) max_skew: i64,
    pub(in crate::cluster::scheduler) topology_key: String,
    selector: LabelSelector,
    /// Whether it selects the pod that it is a constraint of.
    counts_own: bool,
    min_domains: i64,
    honours_affinity: bool,
    honours_taints: bool,
}

impl Constraint {
    /// The constraints of a pod with this `whenUnsatisfiable`.
    pub(in crate::cluster::scheduler) fn all_of(pod: &PodInfo, when_unsatisfiable: &str) -> Vec<Self> {
        let Some(spec) = pod.object.get("spec") else { return Vec::new() };
        object::list(spec, "/topologySpreadConstraints")
            .iter()
            .filter(|it| object::field(it, "whenUnsatisfiable") == when_unsatisfiable)
            .map(|it| Self::of(pod, it))
            .collect()
    }

    fn of(pod: &PodInfo, constraint: &Value) -> Self {
        let selector = constraint.get("labelSelector").unwrap_or(&Value::Null);
        let mut selector = LabelSelector::from_object(selector).unwrap_or_default();
        for key in object::list(constraint, "/matchLabelKeys").iter().filter_map(Value::as_str) {
            if let Some(value) = pod.labels().get(key).and_then(Value::as_str) {
                let values = vec![value.to_owned()];
                selector.requirements.push(Requirement { key: key.into(), operator: Operator::In, values });
            }
        }
        Self {
            max_skew: object::int(constraint, "/maxSkew").unwrap_or(1),
            topology_key: object::field(constraint, "topologyKey").into(),
            counts_own: selector.matches(pod.labels()),
            selector,
            min_domains: object::int(constraint, "/minDomains").unwrap_or(1),
            honours_affinity: object::field(constraint, "nodeAffinityPolicy") != "Ignore",
            honours_taints: object::field(constraint, "nodeTaintsPolicy") == "Honor",
        }
    }

    /// A built-in constraint of a pod.
    pub(in crate::cluster::scheduler) fn built_in(
        pod: &PodInfo,
        max_skew: i64,
        key: &str,
        selector: LabelSelector,
    ) -> Self {
        Self {
            max_skew,
            topology_key: key.into(),
            counts_own: selector.matches(pod.labels()),
            selector,
            min_domains: 1,
            honours_affinity: true,
            honours_taints: false,
        }
    }

    /// The domain that a node is in, if the node takes part.
    pub(in crate::cluster::scheduler) fn domain<'n>(
        &self,
        pod: &PodInfo,
        info: &'n NodeInfo,
    ) -> Option<&'n str> {
        let node = info.node.as_ref()?;
        let value = info.label(&self.topology_key)?;
        let suits = !self.honours_affinity || pod.may_run_on(node);
        let tolerated =
            !self.honours_taints || info.taints.iter().all(|taint| !taint.repels() || pod.tolerates(taint));
        (suits && tolerated).then_some(value)
    }

    /// How many pods on a node the constraint counts.
    pub(in crate::cluster::scheduler) fn count(&self, pod: &PodInfo, info: &NodeInfo) -> i64 {
        let labels = pod.labels();
        // Pods of one set share their labels, which is seen at a glance.
        let selects = |it: &Value| if it == labels { self.counts_own } else { self.selector.matches(it) };
        let counted = info
            .alike
            .iter()
            .filter(|(other, _)| other.key.namespace == pod.key.namespace && selects(other.labels()));
        counted.map(|(_, count)| count).sum()
    }
}

/// A constraint with the pods it found in each domain.
#[derive(Clone, Debug)]
struct Counted {
    constraint: Constraint,
    domains: BTreeMap<String, i64>,
}

/// What the constraints found on all nodes.
#[derive(Clone, Debug, Default)]
pub(in crate::cluster::scheduler) struct State {
    counted: Vec<Counted>,
}

pub(super) fn state(pod: &PodInfo, nodes: &Nodes) -> State {
    let constraints = Constraint::all_of(pod, "DoNotSchedule");
    let keys: BTreeSet<&str> = constraints.iter().map(|it| it.topology_key.as_str()).collect();
    // A node without one of the keys counts for none of them.
    let takes_part = |info: &&std::sync::Arc<NodeInfo>| {
        info.node.is_some() && keys.iter().all(|key| info.label(key).is_some())
    };
    let mut counted = Vec::new();
    for constraint in &constraints {
        let mut domains = BTreeMap::new();
        for info in nodes.values().filter(takes_part) {
            if let Some(domain) = constraint.domain(pod, info) {
                *domains.entry(domain.to_owned()).or_default() += constraint.count(pod, info);
            }
        }
        counted.push(Counted { constraint: constraint.clone(), domains });
    }
    State { counted }
}

pub(super) fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    info.node.as_ref()?;
    cycle.spread.counted.iter().find_map(|it| reject(info, it))
}

fn reject(info: &NodeInfo, counted: &Counted) -> Option<Rejection> {
    let constraint = &counted.constraint;
    let Some(domain) = info.label(&constraint.topology_key) else {
        return Some(Rejection::final_because(
            "node(s) didn't match pod topology spread constraints (missing required label)",
        ));
    };
    let own = i64::from(constraint.counts_own);
    let here = counted.domains.get(domain).copied().unwrap_or(0);
    let enough = i64::try_from(counted.domains.len()).unwrap_or(i64::MAX) >= constraint.min_domains;
    let least = if enough { counted.domains.values().min().copied().unwrap_or(0) } else { 0 };
    (here + own - least > constraint.max_skew)
        .then(|| Rejection::because("node(s) didn't match pod topology spread constraints"))
}
