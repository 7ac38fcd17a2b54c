//! How long a job waits before it replaces a failed pod: 10 s, doubled with each failure in a row.

use std::time::Duration;

use super::Work;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::{created_at, phase};
use crate::sim::SimTime;

/// 10 s after the first failure. Source: `DefaultJobPodFailureBackOff`.
const FIRST: Duration = Duration::from_secs(10);

/// 10 min. The doubling stops here. Source: `MaxJobPodFailureBackOff`.
const MAX: Duration = Duration::from_secs(600);

/// When a pod ended, as far as it tells.
pub(super) fn finished_at(pod: &Value) -> SimTime {
    let ended = |it: &Value| SimTime::parse_rfc3339(object::text(it, "/state/terminated/finishedAt"));
    let containers = object::list(pod, "/status/containerStatuses").iter().filter_map(ended).max();
    let deleted = SimTime::parse_rfc3339(object::text(pod, "/metadata/deletionTimestamp"));
    containers.or(deleted).unwrap_or_else(|| created_at(pod))
}

fn wait(failures: i64) -> Duration {
    let doublings = u32::try_from(failures - 1).unwrap_or(0).min(10);
    FIRST.saturating_mul(1 << doublings).min(MAX)
}

fn memory(key: &str) -> String {
    format!("backoff:{key}")
}

/// Adds the pods that ended since the last sync to the failures in a row.
pub(super) fn note(hand: &mut Hand<'_>, work: &Work) {
    let mut ended: Vec<(SimTime, bool)> = work
        .pods
        .iter()
        .filter(|pod| work.counts(pod) && (phase(pod) == "Succeeded" || work.has_failed(pod)))
        .map(|pod| (finished_at(pod).min(hand.now()), phase(pod) == "Succeeded"))
        .collect();
    ended.sort_unstable();
    let what = memory(&work.key);
    for (at, succeeded) in ended {
        let failures = if succeeded { 0 } else { hand.count(&what) + 1 };
        hand.set_count(&what, failures);
        hand.set_mark(&what, at);
    }
}

/// How long the next pod has to wait; zero when it need not.
pub(super) fn remaining(hand: &Hand<'_>, key: &str) -> Duration {
    let what = memory(key);
    match (hand.count(&what), hand.marked(&what)) {
        (failures, Some(last)) if failures > 0 => wait(failures).saturating_sub(hand.now().since(last)),
        _ => Duration::ZERO,
    }
}

/// The same for one index with its own limit.
pub(super) fn remaining_after(hand: &Hand<'_>, failed: &Value, failures: i64) -> Duration {
    wait(failures).saturating_sub(hand.now().since(finished_at(failed)))
}

/// Forgets a job that is gone.
pub(super) fn forget(hand: &mut Hand<'_>, key: &str) {
    let what = memory(key);
    hand.set_count(&what, 0);
    hand.unmark(&what);
}
