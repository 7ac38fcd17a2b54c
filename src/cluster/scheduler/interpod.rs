//! InterPodAffinity: pods that want to be, or not to be, where other pods are.
//!
//! Rules of `plugins/interpodaffinity`: required terms filter, preferred terms (and required terms of
//! the pods that are there) score.

use std::collections::BTreeMap;

use super::cache::{self, NodeInfo, Nodes, PodInfo};
use super::filter::{Cycle, Rejection};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::Store;

/// What a required affinity of a pod that is there is worth to a new one. Source: `HardPodAffinityWeight`.
const HARD_AFFINITY_WEIGHT: i64 = 1;

/// One term of pod affinity or anti-affinity.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    selector: LabelSelector,
    topology_key: String,
    namespaces: Vec<String>,
    namespace_selector: Option<LabelSelector>,
    /// 1 to 100 for preferred terms.
    weight: i64,
}

/// All terms of a pod.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) affinity: Vec<Term>,
    pub(crate) anti: Vec<Term>,
    pub(crate) preferred: Vec<Term>,
    pub(crate) preferred_anti: Vec<Term>,
}

const NONE: LabelSelector = LabelSelector { requirements: Vec::new(), nothing: true };

impl Terms {
    pub(crate) fn of(pod: &Value) -> Self {
        let Some(affinity) = object::at(pod, "/spec/affinity") else { return Self::default() };
        let required = |kind: &str| {
            let terms = object::list(
                affinity.get(kind).unwrap_or(&Value::Null),
                "/requiredDuringSchedulingIgnoredDuringExecution",
            );
            terms.iter().map(|it| Term::of(pod, it, 0)).collect()
        };
        let preferred = |kind: &str| {
            let terms = object::list(
                affinity.get(kind).unwrap_or(&Value::Null),
                "/preferredDuringSchedulingIgnoredDuringExecution",
            );
            let term = |it: &Value| {
                let weight = object::int(it, "/weight").unwrap_or(0);
                Term::of(pod, it.get("podAffinityTerm").unwrap_or(&Value::Null), weight)
            };
            terms.iter().map(term).collect()
        };
        Self {
            affinity: required("podAffinity"),
            anti: required("podAntiAffinity"),
            preferred: preferred("podAffinity"),
            preferred_anti: preferred("podAntiAffinity"),
        }
    }

    /// True when there is any term at all.
    pub(crate) fn any(&self) -> bool {
        [&self.affinity, &self.anti, &self.preferred, &self.preferred_anti].iter().any(|it| !it.is_empty())
    }
}

impl Term {
    fn of(pod: &Value, term: &Value, weight: i64) -> Self {
        let mut namespaces: Vec<String> =
            object::list(term, "/namespaces").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        let by_selector = object::at(term, "/namespaceSelector");
        if namespaces.is_empty() && by_selector.is_none() {
            namespaces.push(object::namespace(pod).to_owned());
        }
        let selector = term.get("labelSelector").unwrap_or(&Value::Null);
        Self {
            selector: LabelSelector::from_object(selector).unwrap_or(NONE),
            topology_key: object::field(term, "topologyKey").to_owned(),
            namespaces,
            namespace_selector: by_selector.map(|it| LabelSelector::from_object(it).unwrap_or(NONE)),
            weight,
        }
    }

    fn matches(&self, pod: &PodInfo, store: &Store) -> bool {
        self.in_namespace(pod.namespace(), store) && self.selector.matches(pod.labels())
    }

    fn in_namespace(&self, namespace: &str, store: &Store) -> bool {
        if self.namespaces.iter().any(|it| it == namespace) {
            return true;
        }
        let Some(selector) = &self.namespace_selector else { return false };
        let object = store.find("namespaces", "", namespace);
        selector.matches(object.map_or(&Value::Null, |it| cache::labels(it)))
    }
}

/// A topology key and its value on a node.
type Pair = (String, String);

/// What the pods that are there mean for a new one.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Where pods stand that do not want the new one.
    forbidden: BTreeMap<Pair, i64>,
    /// Where pods stand that the new one needs.
    wanted: BTreeMap<Pair, i64>,
    /// Where pods stand that the new one avoids.
    avoided: BTreeMap<Pair, i64>,
}

fn pair(node: &Value, key: &str) -> Option<Pair> {
    object::label(node, key).map(|value| (key.to_owned(), value.to_owned()))
}

pub(super) fn state(pod: &PodInfo, nodes: &Nodes, store: &Store) -> State {
    let mut state = State::default();
    for info in nodes.values() {
        let Some(node) = &info.node else { continue };
        if info.with_anti_affinity > 0 {
            for other in info.pods.values() {
                add_matching(&mut state.forbidden, node, &other.terms.anti, |term| term.matches(pod, store));
            }
        }
        if pod.terms.affinity.is_empty() && pod.terms.anti.is_empty() {
            continue;
        }
        for other in info.pods.values() {
            // A pod counts for the affinity only if it satisfies all of the terms.
            if pod.terms.affinity.iter().all(|term| term.matches(other, store)) {
                add_matching(&mut state.wanted, node, &pod.terms.affinity, |_| true);
            }
            add_matching(&mut state.avoided, node, &pod.terms.anti, |term| term.matches(other, store));
        }
    }
    state
}

fn add_matching(
    counts: &mut BTreeMap<Pair, i64>,
    node: &Value,
    terms: &[Term],
    matches: impl Fn(&Term) -> bool,
) {
    for term in terms.iter().filter(|term| matches(term)) {
        if let Some(pair) = pair(node, &term.topology_key) {
            *counts.entry(pair).or_default() += 1;
        }
    }
}

pub(super) fn filter(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    let node = info.node.as_ref()?;
    if !affinity_holds(cycle, node) {
        return Some(Rejection::final_because("node(s) didn't match pod affinity rules"));
    }
    let avoided = cycle.pod.terms.anti.iter().filter_map(|term| pair(node, &term.topology_key));
    if avoided.into_iter().any(|pair| cycle.interpod.avoided.contains_key(&pair)) {
        return Some(Rejection::because("node(s) didn't match pod anti-affinity rules"));
    }
    let forbidden = |(key, value): &Pair| object::label(node, key).is_some_and(|have| have == value.as_str());
    if cycle.interpod.forbidden.keys().any(forbidden) {
        return Some(Rejection::because("node(s) didn't satisfy existing pods anti-affinity rules"));
    }
    None
}

fn affinity_holds(cycle: &Cycle<'_>, node: &Value) -> bool {
    let terms = &cycle.pod.terms.affinity;
    let pairs: Option<Vec<Pair>> = terms.iter().map(|term| pair(node, &term.topology_key)).collect();
    let Some(pairs) = pairs else { return false };
    if pairs.iter().all(|pair| cycle.interpod.wanted.contains_key(pair)) {
        return true;
    }
    // The first pod of a group may go anywhere when it satisfies its own terms.
    cycle.interpod.wanted.is_empty() && terms.iter().all(|term| term.matches(cycle.pod, cycle.store))
}

/// Points by topology pair for a pod; `None` when no term says anything.
pub(super) fn preferences(pod: &PodInfo, nodes: &Nodes, store: &Store) -> Option<BTreeMap<Pair, i64>> {
    let own = !pod.terms.preferred.is_empty() || !pod.terms.preferred_anti.is_empty();
    if !own && nodes.values().all(|info| info.with_affinity == 0) {
        return None;
    }
    let mut points = BTreeMap::new();
    for info in nodes.values().filter(|info| own || info.with_affinity > 0) {
        let Some(node) = &info.node else { continue };
        for other in info.pods.values() {
            let mut add = |terms: &[Term], sign: i64, seen: &PodInfo| {
                for term in terms.iter().filter(|term| term.matches(seen, store)) {
                    if let Some(pair) = pair(node, &term.topology_key) {
                        *points.entry(pair).or_default() += sign * term.weight.max(HARD_AFFINITY_WEIGHT);
                    }
                }
            };
            add(&pod.terms.preferred, 1, other);
            add(&pod.terms.preferred_anti, -1, other);
            add(&other.terms.affinity, 1, pod);
            add(&other.terms.preferred, 1, pod);
            add(&other.terms.preferred_anti, -1, pod);
        }
    }
    Some(points)
}

/// The points of one node.
pub(super) fn points_of(points: &BTreeMap<Pair, i64>, node: &Value) -> i64 {
    let here = points.iter().filter(|((key, value), _)| object::label(node, key) == Some(value));
    here.map(|(_, points)| points).sum()
}
