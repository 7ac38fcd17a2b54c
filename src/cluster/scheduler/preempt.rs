//! Preemption: which less important pods would have to go so that a pod fits.
//!
//! Follows `framework/preemption` and `plugins/defaultpreemption`: for each node that could help, all
//! less important pods are thought away and then brought back one by one, those that a disruption
//! budget protects first; of the nodes left the one that hurts least wins.

use std::cmp::Reverse;
use std::sync::Arc;

use super::cache::{NodeInfo, Nodes, PodInfo};
use super::filter::{Cycle, Rejection};
use super::message::Diagnosis;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::{Object, Store};

/// The pods that have to go from a node.
#[derive(Clone, Debug)]
pub(super) struct Victims {
    pub(super) node: Arc<str>,
    pub(super) pods: Vec<Arc<PodInfo>>,
    /// How many of them a disruption budget protects.
    violations: usize,
}

/// What came out of it.
pub(super) enum Outcome {
    /// These pods have to go.
    Preempt(Victims),
    /// The profile does without.
    Off,
    /// Nothing helps; the sentence says why.
    Useless(String),
}

/// Looks for the node where making room hurts least. `rejections` is what the filters said.
pub(super) fn find(
    pod: &PodInfo,
    nodes: &Nodes,
    store: &Store,
    rejections: &[(Arc<str>, Option<Rejection>)],
) -> Outcome {
    if object::text(&pod.object, "/spec/preemptionPolicy") == "Never" {
        return Outcome::Useless("not eligible due to preemptionPolicy=Never.".to_owned());
    }
    if waits_for_victims(pod, nodes) {
        let sentence = "not eligible due to a terminating pod on the nominated node.";
        return Outcome::Useless(sentence.to_owned());
    }
    let budgets = Budget::all(store);
    let mut diagnosis = Diagnosis { nodes: rejections.len(), ..Diagnosis::default() };
    let mut candidates = Vec::new();
    for (name, rejection) in rejections {
        let could_help = rejection.as_ref().is_some_and(|it| !it.is_final);
        let Some(info) = nodes.get(name).filter(|_| could_help) else {
            diagnosis.add("Preemption is not helpful for scheduling");
            continue;
        };
        match victims_on(pod, info, nodes, store, &budgets) {
            Ok(victims) => candidates.push(victims),
            Err(reasons) => reasons.iter().for_each(|reason| diagnosis.add(reason)),
        }
    }
    match candidates.into_iter().min_by_key(hurt) {
        Some(victims) => Outcome::Preempt(victims),
        None => Outcome::Useless(diagnosis.message()),
    }
}

/// True while pods that were preempted for this one are still on their way out.
fn waits_for_victims(pod: &PodInfo, nodes: &Nodes) -> bool {
    let nominated = object::text(&pod.object, "/status/nominatedNodeName");
    nodes.get(nominated).is_some_and(|info| {
        info.pods.values().any(|other| {
            let preempted = object::list(&other.object, "/status/conditions").iter().any(|it| {
                object::field(it, "type") == "DisruptionTarget"
                    && object::field(it, "reason") == "PreemptionByScheduler"
            });
            other.terminating && other.priority < pod.priority && preempted
        })
    })
}

/// What a choice costs, most important first.
fn hurt(victims: &Victims) -> (usize, i64, i64, usize, Reverse<String>) {
    let highest = victims.pods.iter().map(|it| it.priority).max().unwrap_or(i64::MIN);
    // Real priorities may be negative; shifted so that fewer pods always sum up to less.
    let sum = victims.pods.iter().map(|it| it.priority + i64::from(i32::MAX) + 1).sum();
    let most_important = victims.pods.iter().filter(|it| it.priority == highest);
    let earliest = most_important.map(|it| started(it)).min().unwrap_or_default();
    (victims.violations, highest, sum, victims.pods.len(), Reverse(earliest.to_owned()))
}

fn started(pod: &PodInfo) -> &str {
    object::text(&pod.object, "/status/startTime")
}

/// The pods that have to go from one node, or why that would not help.
fn victims_on(
    pod: &PodInfo,
    info: &Arc<NodeInfo>,
    nodes: &Nodes,
    store: &Store,
    budgets: &[Budget],
) -> Result<Victims, Vec<String>> {
    let mut potential: Vec<Arc<PodInfo>> =
        info.pods.values().filter(|it| it.priority < pod.priority).cloned().collect();
    if potential.is_empty() {
        return Err(vec!["No preemption victims found for incoming pod".to_owned()]);
    }
    let mut room = Room { pod, store, nodes: nodes.clone(), info: (**info).clone() };
    potential.iter().for_each(|it| room.info.remove_pod(&it.key));
    if let Some(rejection) = room.rejection() {
        return Err(rejection.reasons);
    }
    potential.sort_by(|a, b| (Reverse(a.priority), started(a)).cmp(&(Reverse(b.priority), started(b))));
    let mut left: Vec<i64> = budgets.iter().map(|it| it.allowed).collect();
    let (protected, free): (Vec<_>, Vec<_>) =
        potential.into_iter().partition(|it| violates(it, budgets, &mut left));
    let mut victims = Victims { node: info.name.clone(), pods: Vec::new(), violations: 0 };
    for (pods, is_protected) in [(protected, true), (free, false)] {
        for candidate in pods {
            if !room.bring_back(&candidate) {
                victims.violations += usize::from(is_protected);
                victims.pods.push(candidate);
            }
        }
    }
    victims.pods.sort_by_key(|it| Reverse(it.priority));
    Ok(victims)
}

/// A node with some of its pods thought away.
struct Room<'a> {
    pod: &'a PodInfo,
    store: &'a Store,
    nodes: Nodes,
    info: NodeInfo,
}

impl Room<'_> {
    fn rejection(&mut self) -> Option<Rejection> {
        self.nodes.insert(self.info.name.clone(), Arc::new(self.info.clone()));
        let cycle = Cycle::new(self.pod, &self.nodes, self.store);
        cycle.reject(&self.info).map(|(_, rejection)| rejection)
    }

    /// Puts a pod back if the new one still fits beside it; false when it has to go.
    fn bring_back(&mut self, candidate: &Arc<PodInfo>) -> bool {
        self.info.add_pod(candidate.clone());
        let fits = self.rejection().is_none();
        if !fits {
            self.info.remove_pod(&candidate.key);
        }
        fits
    }
}

/// A disruption budget as preemption sees it.
struct Budget {
    namespace: String,
    selector: LabelSelector,
    allowed: i64,
    disrupted: Vec<String>,
}

impl Budget {
    fn all(store: &Store) -> Vec<Self> {
        let budget = |it: &Object| {
            let selector = LabelSelector::from_object(object::at(it, "/spec/selector")?).ok()?;
            Some(Self {
                namespace: object::namespace(it).to_owned(),
                // An empty selector is to preemption as none at all.
                selector: if selector.is_empty() { return None } else { selector },
                allowed: object::int(it, "/status/disruptionsAllowed").unwrap_or(0),
                disrupted: object::entries(it, "/status/disruptedPods")
                    .map(|(name, _)| name.to_string())
                    .collect(),
            })
        };
        store.list("poddisruptionbudgets.policy", "").filter_map(budget).collect()
    }
}

/// Whether evicting the pod, after those before it, would break a budget.
fn violates(pod: &PodInfo, budgets: &[Budget], left: &mut [i64]) -> bool {
    let mut violates = false;
    for (budget, left) in budgets.iter().zip(left) {
        let counts = budget.namespace == pod.namespace()
            && pod.labels() != &Value::Null
            && budget.selector.matches(pod.labels())
            && !budget.disrupted.iter().any(|it| **it == *pod.key.name);
        if counts {
            *left -= 1;
            violates |= *left < 0;
        }
    }
    violates
}
