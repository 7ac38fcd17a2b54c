//! Scores: which of the nodes that will do is best. 0 to 100 a plugin, times its weight.
//!
//! Plugins and weights of the default profile. Ties are broken by the world's chance, as the real
//! scheduler draws.

use std::collections::BTreeMap;

use super::cache::{NodeInfo, Nodes, PodInfo};
use super::filter::spread::Constraint;
use super::{interpod, matching};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::Store;

/// The best score of one plugin. Source: `MaxNodeScore`.
const MAX: i64 = 100;

/// 23 MB and 1,000 MB a container: where image locality begins and stops to count.
///
/// Source: `plugins/imagelocality`.
const IMAGE_BYTES: (i64, i64) = (23 << 20, 1_000 << 20);

/// One scoring plugin.
struct Plugin {
    name: &'static str,
    weight: i64,
    score: fn(&Contest<'_>) -> Vec<i64>,
}

const ALL: &[Plugin] = &[
    Plugin { name: "TaintToleration", weight: 3, score: taints },
    Plugin { name: "NodeAffinity", weight: 2, score: node_affinity },
    Plugin { name: "PodTopologySpread", weight: 2, score: spread },
    Plugin { name: "InterPodAffinity", weight: 2, score: pod_affinity },
    Plugin { name: "NodeResourcesFit", weight: 1, score: fit },
    Plugin { name: "NodeResourcesBalancedAllocation", weight: 1, score: balanced },
    Plugin { name: "ImageLocality", weight: 1, score: images },
];

/// A pod and the nodes that compete for it.
pub(super) struct Contest<'a> {
    pub(super) pod: &'a PodInfo,
    pub(super) candidates: &'a [&'a NodeInfo],
    pub(super) nodes: &'a Nodes,
    pub(super) store: &'a Store,
}

/// The total of each candidate, in their order.
pub(super) fn totals(contest: &Contest<'_>) -> Vec<i64> {
    let mut totals = vec![0; contest.candidates.len()];
    let profile = &contest.pod.profile;
    for plugin in ALL.iter().filter(|it| profile.has("score", it.name)) {
        let weight = profile.weight(plugin.name, plugin.weight);
        for (total, score) in totals.iter_mut().zip((plugin.score)(contest)) {
            *total += weight * score;
        }
    }
    totals
}

/// Stretches to 0..=100 so that the highest gets 100; turned round when `lowest_wins`.
fn normalized(raw: Vec<i64>, lowest_wins: bool) -> Vec<i64> {
    let highest = raw.iter().max().copied().unwrap_or(0);
    let stretch = |it: i64| match (highest, lowest_wins) {
        (0, true) => MAX,
        (0, false) => 0,
        (_, true) => MAX - MAX * it / highest,
        (_, false) => MAX * it / highest,
    };
    raw.into_iter().map(stretch).collect()
}

fn taints(contest: &Contest<'_>) -> Vec<i64> {
    let bothers = |info: &&NodeInfo| {
        let soft = info.taints.iter().filter(|it| it.effect == "PreferNoSchedule");
        i64::try_from(soft.filter(|it| !contest.pod.tolerates(it)).count()).unwrap_or(0)
    };
    normalized(contest.candidates.iter().map(bothers).collect(), true)
}

fn node_affinity(contest: &Contest<'_>) -> Vec<i64> {
    let terms = object::list(
        &contest.pod.object,
        "/spec/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution",
    );
    let points = |info: &&NodeInfo| {
        let matching = |term: &&Value| {
            let (preference, node) = (term.get("preference"), info.node.as_ref());
            preference.zip(node).is_some_and(|(term, node)| matching::term_matches(term, node))
        };
        terms.iter().filter(matching).filter_map(|it| object::int(it, "/weight")).sum()
    };
    normalized(contest.candidates.iter().map(points).collect(), false)
}

fn pod_affinity(contest: &Contest<'_>) -> Vec<i64> {
    let Some(points) = interpod::preferences(contest.pod, contest.nodes, contest.store) else {
        return vec![0; contest.candidates.len()];
    };
    let of = |info: &&NodeInfo| info.node.as_ref().map_or(0, |node| interpod::points_of(&points, node));
    let raw: Vec<i64> = contest.candidates.iter().map(of).collect();
    let (low, high) = (raw.iter().min().copied().unwrap_or(0), raw.iter().max().copied().unwrap_or(0));
    raw.into_iter().map(|it| if high > low { MAX * (it - low) / (high - low) } else { 0 }).collect()
}

fn fit(contest: &Contest<'_>) -> Vec<i64> {
    let pod = &contest.pod.requests_nonzero;
    let score = |info: &&NodeInfo| {
        let (used, all) = (&info.used_nonzero, &info.allocatable);
        let cpu = contest.pod.profile.fit.score(used.cpu_milli + pod.cpu_milli, all.cpu_milli);
        let memory = contest.pod.profile.fit.score(used.memory + pod.memory, all.memory);
        (cpu + memory) / 2
    };
    contest.candidates.iter().map(score).collect()
}

/// Nodes whose CPU and memory are in use to about the same part score high.
fn balanced(contest: &Contest<'_>) -> Vec<i64> {
    let pod = &contest.pod.requests;
    if pod.is_zero() {
        return vec![0; contest.candidates.len()];
    }
    // Thousandths are enough: the score is a whole number of hundredths.
    let part = |used: i64, all: i64| if all == 0 { 1_000 } else { (used * 1_000 / all).min(1_000) };
    let score = |info: &&NodeInfo| {
        let (used, all) = (&info.used, &info.allocatable);
        let cpu = part(used.cpu_milli + pod.cpu_milli, all.cpu_milli);
        let memory = part(used.memory + pod.memory, all.memory);
        MAX - (cpu - memory).abs() / 2 * MAX / 1_000
    };
    contest.candidates.iter().map(score).collect()
}

fn images(contest: &Contest<'_>) -> Vec<i64> {
    let containers = object::list(&contest.pod.object, "/spec/containers");
    let names: Vec<String> = containers
        .iter()
        .map(|it| crate::cluster::kubelet::status::full_image(object::field(it, "image")))
        .collect();
    let known = contest.nodes.values().filter(|info| info.node.is_some());
    let all: Vec<_> = known.map(|info| info.images.clone()).collect();
    let nodes = i64::try_from(all.len().max(1)).unwrap_or(1);
    let spread = |name: &String| all.iter().filter(|it| it.contains_key(name)).count();
    let count = i64::try_from(containers.len()).unwrap_or(1);
    let (low, high) = (IMAGE_BYTES.0, (IMAGE_BYTES.1 * count).max(IMAGE_BYTES.0 + 1));
    let weights: Vec<i64> = names.iter().map(|it| i64::try_from(spread(it)).unwrap_or(0)).collect();
    let score = |info: &&NodeInfo| {
        let here = names.iter().zip(&weights);
        let bytes: i64 =
            here.filter_map(|(name, weight)| Some(info.images.get(name)? * weight / nodes)).sum();
        MAX * (bytes.clamp(low, high) - low) / (high - low)
    };
    contest.candidates.iter().map(score).collect()
}

fn spread(contest: &Contest<'_>) -> Vec<i64> {
    let own = Constraint::all_of(contest.pod, "ScheduleAnyway");
    let built_in = own.is_empty();
    let constraints = if built_in { defaults(contest) } else { own };
    if constraints.is_empty() {
        return vec![0; contest.candidates.len()];
    }
    let mut raw = vec![0.0_f64; contest.candidates.len()];
    for constraint in &constraints {
        let (counts, domains) = counts(contest, constraint);
        let weight = ((domains + 2) as f64).ln();
        for (total, count) in raw.iter_mut().zip(counts) {
            if let Some(count) = count {
                *total += count as f64 * weight + (constraint.max_skew - 1) as f64;
            }
        }
    }
    let raw: Vec<i64> = raw.into_iter().map(|it| it.round() as i64).collect();
    let (low, high) = (raw.iter().min().copied().unwrap_or(0), raw.iter().max().copied().unwrap_or(0));
    raw.into_iter().map(|it| if high == 0 { MAX } else { MAX * (high + low - it) / high }).collect()
}

/// How many pods the domain of each candidate has, and how many domains there are. As upstream has it, every host is a
/// domain of its own.
fn counts(contest: &Contest<'_>, constraint: &Constraint) -> (Vec<Option<i64>>, usize) {
    let pod = contest.pod;
    let candidates = contest.candidates.iter();
    if constraint.topology_key == "kubernetes.io/hostname" {
        let count = |info: &&NodeInfo| constraint.domain(pod, info).map(|_| constraint.count(pod, info));
        return (candidates.map(count).collect(), contest.candidates.len());
    }
    let of_candidates: Vec<Option<&str>> = candidates.map(|info| constraint.domain(pod, info)).collect();
    let mut domains: BTreeMap<&str, i64> = of_candidates.iter().flatten().map(|it| (*it, 0)).collect();
    if domains.is_empty() {
        return (vec![None; of_candidates.len()], 0);
    }
    for info in contest.nodes.values() {
        let domain = constraint.domain(pod, info);
        if let Some(count) = domain.and_then(|domain| domains.get_mut(domain)) {
            *count += constraint.count(pod, info);
        }
    }
    let of = |domain: Option<&str>| domain.map(|it| domains.get(it).copied().unwrap_or(0));
    (of_candidates.into_iter().map(of).collect(), domains.len())
}

/// The built-in constraints, for pods that a service selects or a set owns.
///
/// Source: `systemDefaultConstraints`: hosts with skew 3, zones with skew 5.
fn defaults(contest: &Contest<'_>) -> Vec<Constraint> {
    let Some(selector) = siblings(contest) else { return Vec::new() };
    vec![
        Constraint::built_in(contest.pod, 3, "kubernetes.io/hostname", selector.clone()),
        Constraint::built_in(contest.pod, 5, "topology.kubernetes.io/zone", selector),
    ]
}

/// The selector of the services and of the set that a pod belongs to, together.
fn siblings(contest: &Contest<'_>) -> Option<LabelSelector> {
    let (pod, store) = (contest.pod, contest.store);
    let mut selector = LabelSelector::default();
    for service in store.list("services", pod.namespace()) {
        let Some(wanted) = object::at(service, "/spec/selector") else { continue };
        let services = LabelSelector::from_map(wanted);
        if !services.is_empty() && services.matches(pod.labels()) {
            selector.requirements.extend(services.requirements);
        }
    }
    if let Some(owner) = object::controller_of(&pod.object) {
        let resource = match object::field(owner, "kind") {
            "ReplicaSet" => "replicasets.apps",
            "StatefulSet" => "statefulsets.apps",
            "ReplicationController" => "replicationcontrollers",
            _ => "",
        };
        let set = store.find(resource, pod.namespace(), object::field(owner, "name"));
        let wanted = set.and_then(|it| object::at(it, "/spec/selector"));
        let of_set = match resource {
            "replicationcontrollers" => wanted.map(LabelSelector::from_map),
            _ => wanted.and_then(|it| LabelSelector::from_object(it).ok()),
        };
        selector.requirements.extend(of_set.into_iter().flat_map(|it| it.requirements));
    }
    (!selector.is_empty()).then_some(selector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretching_keeps_to_a_hundred() {
        assert_eq!(normalized(vec![0, 1, 2], true), [100, 50, 0]);
        assert_eq!(normalized(vec![0, 5, 10], false), [0, 50, 100]);
        assert_eq!(normalized(vec![0, 0], true), [100, 100]);
    }
}
