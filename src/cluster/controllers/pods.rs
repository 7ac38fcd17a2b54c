//! What control loops read off pods, and which pod they give up first.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::Object;
use crate::sim::SimTime;

/// `status.phase`.
pub(crate) fn phase(pod: &Value) -> &str {
    object::text(pod, "/status/phase")
}

/// True when the pod has ended, well or badly.
pub(crate) fn is_ended(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// True when the object is being deleted.
pub(crate) fn is_deleting(any: &Value) -> bool {
    object::at(any, "/metadata/deletionTimestamp").is_some()
}

/// True when the pod counts for a controller: not ended, not being deleted.
pub(crate) fn is_active(pod: &Value) -> bool {
    !is_ended(pod) && !is_deleting(pod)
}

/// A condition of any object's `status.conditions`.
pub(crate) fn condition<'a>(any: &'a Value, kind: &str) -> Option<&'a Value> {
    object::list(any, "/status/conditions").iter().find(|it| object::field(it, "type") == kind)
}

/// True when the condition is there and `True`.
pub(crate) fn condition_true(any: &Value, kind: &str) -> bool {
    condition(any, kind).is_some_and(|it| object::field(it, "status") == "True")
}

/// True when the pod is `Ready`.
pub(crate) fn is_ready(pod: &Value) -> bool {
    condition_true(pod, "Ready")
}

/// When the pod became ready; `None` when it is not.
pub(crate) fn ready_since(pod: &Value) -> Option<SimTime> {
    let ready = condition(pod, "Ready").filter(|it| object::field(it, "status") == "True")?;
    SimTime::parse_rfc3339(object::field(ready, "lastTransitionTime"))
}

/// True when the pod has been ready for `min_ready_s`.
pub(crate) fn is_available(pod: &Value, min_ready_s: i64, now: SimTime) -> bool {
    is_ready(pod) && available_in(pod, min_ready_s, now).is_none()
}

/// How long until a ready pod is available; `None` when it is not ready, or is available already.
pub(crate) fn available_in(pod: &Value, min_ready_s: i64, now: SimTime) -> Option<Duration> {
    wait_left(ready_since(pod)?, min_ready_s, now)
}

/// How long until a pod that became ready at `since` is available; `None` when it is already.
pub(crate) fn wait_left(since: SimTime, min_ready_s: i64, now: SimTime) -> Option<Duration> {
    let min_ready = seconds(min_ready_s);
    let waited = now.since(since);
    (!min_ready.is_zero()).then(|| min_ready.checked_sub(waited)).flatten().filter(|left| !left.is_zero())
}

/// Seconds from a field; negative ones count as none.
pub(crate) fn seconds(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or(0))
}

/// `metadata.creationTimestamp`.
pub(crate) fn created_at(any: &Value) -> SimTime {
    SimTime::parse_rfc3339(object::text(any, "/metadata/creationTimestamp")).unwrap_or_default()
}

/// Oldest first; of one age by name.
pub(crate) fn by_age(a: &Object, b: &Object) -> Ordering {
    created_at(a).cmp(&created_at(b)).then_with(|| object::name(a).cmp(object::name(b)))
}

/// How often the containers of a pod restarted: the most often of the app containers, then of the
/// restartable init containers.
fn restarts(pod: &Value) -> i64 {
    let statuses = object::list(pod, "/status/containerStatuses").iter();
    statuses.map(|it| object::int(it, "/restartCount").unwrap_or(0)).max().unwrap_or(0)
}

/// `controller.kubernetes.io/pod-deletion-cost`: pods of a lower cost go first.
fn deletion_cost(pod: &Value) -> i64 {
    let cost = object::annotation(pod, "controller.kubernetes.io/pod-deletion-cost");
    cost.and_then(|it| it.parse::<i32>().ok()).map_or(0, i64::from)
}

/// `log2(age)`, so that pods of about one age count as equal.
fn age_bucket(since: SimTime, now: SimTime) -> u32 {
    now.since(since).as_nanos().max(1).ilog2()
}

/// Puts the pods that are to be deleted first in front.
///
/// Source: `ActivePodsWithRanks` of kube-controller-manager: unassigned, pending, not ready, cheap to
/// delete, with many siblings on the node, ready for a shorter time, restarted more, younger.
pub(crate) fn sort_for_deletion(pods: &mut [Object], siblings: &[Object], now: SimTime) {
    let ranks = ranks(siblings);
    let rank = |pod: &Object| ranks.get(object::text(pod, "/spec/nodeName")).copied().unwrap_or(0);
    pods.sort_by_cached_key(|pod| {
        let ready = is_ready(pod);
        let node = object::text(pod, "/spec/nodeName");
        let phase = match phase(pod) {
            "Pending" => 0,
            "Running" => 2,
            _ => 1,
        };
        let ready_age = ready_since(pod).map_or(0, |since| age_bucket(since, now));
        (
            (!node.is_empty(), phase, ready, deletion_cost(pod)),
            (std::cmp::Reverse(rank(pod)), ready_age, std::cmp::Reverse(restarts(pod))),
            (age_bucket(created_at(pod), now), object::uid(pod).to_owned()),
        )
    });
}

/// How many active pods stand on each node.
fn ranks(pods: &[Object]) -> BTreeMap<String, usize> {
    let mut ranks = BTreeMap::new();
    for pod in pods.iter().filter(|pod| is_active(pod)) {
        *ranks.entry(object::text(pod, "/spec/nodeName").to_owned()).or_insert(0) += 1;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::apimachinery::json::json;

    /// `a` is a ready pod on node01, `b!` is not ready, `c?` has no node.
    fn pod(sign: &str) -> Object {
        let name = sign.trim_end_matches(['!', '?']);
        let ready = if sign == name { "True" } else { "False" };
        let node = if sign.ends_with('?') { "" } else { "node01" };
        Arc::new(json!({
            "metadata": {"name": name, "uid": name, "creationTimestamp": "2026-11-20T10:00:00Z"},
            "spec": {"nodeName": node},
            "status": {"phase": "Running", "conditions": [
                {"type": "Ready", "status": ready, "lastTransitionTime": "2026-11-20T10:00:00Z"}]},
        }))
    }

    #[test]
    fn pods_without_node_or_not_ready_go_first() {
        let mut pods = ["a", "b!", "c?"].map(pod);
        sort_for_deletion(&mut pods, &[], SimTime::START);
        let names: Vec<&str> = pods.iter().map(|it| object::name(it)).collect();
        assert_eq!(names, ["c", "b", "a"]);
    }

    #[test]
    fn a_pod_is_available_once_it_was_ready_long_enough() {
        let at = |s| SimTime::START + Duration::from_secs(s);
        let pod = pod("a");
        assert!(
            is_available(&pod, 0, at(0)) && !is_available(&pod, 10, at(9)) && is_available(&pod, 10, at(10))
        );
        assert_eq!(available_in(&pod, 10, at(4)), Some(Duration::from_secs(6)));
    }
}
