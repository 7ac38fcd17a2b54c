//! Indexed jobs: which indexes are done, failed, running or next, written as `0,2-5`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Work, policy};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::Object;
use crate::cluster::controllers::pods::phase;

/// The annotation and label with a pod's index.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The annotation with how often the index failed before this pod.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";

/// The annotation with how often it failed in a way that the policy ignores.
pub(super) const IGNORED_FAILURES: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// A set of indexes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Intervals(BTreeSet<i64>);

impl Intervals {
    /// Reads `0,2-5`; parts that are none are left out, as are indexes from `limit` on.
    pub(super) fn parse(text: &str, limit: i64) -> Self {
        let mut set = BTreeSet::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
                set.extend(first.max(0)..=last.min(limit - 1));
            }
        }
        Self(set)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn contains(&self, index: i64) -> bool {
        self.0.contains(&index)
    }

    pub(super) fn insert(&mut self, index: i64) {
        self.0.insert(index);
    }

    /// How many of `others` are in the set.
    pub(super) fn overlap(&self, others: &Self) -> usize {
        self.0.intersection(&others.0).count()
    }
}

impl std::fmt::Display for Intervals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for &index in &self.0 {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == index => *last = index,
                _ => runs.push((index, index)),
            }
        }
        let text = |(first, last): &(i64, i64)| match last - first {
            0 => first.to_string(),
            1 => format!("{first},{last}"),
            _ => format!("{first}-{last}"),
        };
        f.write_str(&runs.iter().map(text).collect::<Vec<_>>().join(","))
    }
}

/// The index of a pod.
pub(super) fn index(pod: &Value) -> Option<i64> {
    object::annotation(pod, INDEX)?.parse().ok().filter(|index| *index >= 0)
}

fn noted(work: &Work, key: &str) -> Intervals {
    let limit = work.spec("completions").unwrap_or(0);
    Intervals::parse(object::text(&work.job, &format!("/status/{key}")), limit)
}

/// Indexes that succeeded so far.
pub(super) fn succeeded(work: &Work) -> Intervals {
    let mut done = noted(work, "completedIndexes");
    let pods = work.pods.iter().filter(|pod| work.counts(pod) && phase(pod) == "Succeeded");
    pods.filter_map(|pod| index(pod)).for_each(|index| done.insert(index));
    done
}

/// Indexes that failed for good, by their own limit.
pub(super) fn failed(work: &Work) -> Intervals {
    let Some(limit) = work.spec("backoffLimitPerIndex") else { return Intervals::default() };
    let mut failed = noted(work, "failedIndexes");
    for pod in work.pods.iter().filter(|pod| work.counts(pod) && work.has_failed(pod)) {
        let given_up = policy::fails_index(&work.job, pod) || failures(pod) >= limit;
        if let Some(index) = index(pod).filter(|_| given_up) {
            failed.insert(index);
        }
    }
    failed
}

/// How often the index of a pod failed before it.
pub(super) fn failures(pod: &Value) -> i64 {
    object::annotation(pod, FAILURES).and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// The failed pod of each index that still has to hand its count on to the next pod of that index.
pub(super) fn waiting(work: &Work) -> BTreeMap<i64, Object> {
    let mut waiting = BTreeMap::new();
    if work.spec("backoffLimitPerIndex").is_none() {
        return waiting;
    }
    let running: BTreeSet<i64> = work.active.iter().filter_map(|pod| index(pod)).collect();
    for pod in work.pods.iter().filter(|pod| work.counts(pod) && work.has_failed(pod)) {
        let Some(index) = index(pod) else { continue };
        let over = work.succeeded_indexes.contains(index) || work.failed_indexes.contains(index);
        if !over && !running.contains(&index) {
            waiting.insert(index, pod.clone());
        }
    }
    waiting
}

/// The next `count` indexes that need a pod.
pub(super) fn pending(work: &Work, count: usize) -> Vec<i64> {
    let running: BTreeSet<i64> = work.active.iter().filter_map(|pod| index(pod)).collect();
    let ending: BTreeSet<i64> = if work.replaces_failed_only() {
        let ending = work.pods.iter().filter(|pod| super::is_deleting(pod) && !super::is_ended(pod));
        ending.filter_map(|pod| index(pod)).collect()
    } else {
        BTreeSet::new()
    };
    let free = |index: &i64| {
        !running.contains(index)
            && !ending.contains(index)
            && !work.succeeded_indexes.contains(*index)
            && !work.failed_indexes.contains(*index)
    };
    (0..work.spec("completions").unwrap_or(0)).filter(free).take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_written_short() {
        for text in ["", "0", "0,1", "0-2", "1,3-5,7", "0,1,3,4"] {
            assert_eq!(Intervals::parse(text, 10).to_string(), text);
        }
        assert_eq!(Intervals::parse("0-9", 3).to_string(), "0-2");
    }
}
