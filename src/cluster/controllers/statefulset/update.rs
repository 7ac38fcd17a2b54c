//! RollingUpdate of a StatefulSet: pods of an old template go, the highest number first.

use super::{REVISION_LABEL, Work, delete, is_healthy};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::deployment::scaled;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::is_deleting;

/// Deletes as many pods of an old revision as may be missing, down to the partition.
pub(super) fn replace_old(hand: &mut Hand<'_>, work: &Work) -> Result<(), Status> {
    let rolling = work.set.pointer("/spec/updateStrategy/rollingUpdate").unwrap_or(&Value::Null);
    let partition = object::int(rolling, "/partition").unwrap_or(0);
    let total = i64::try_from(work.replicas.len()).unwrap_or(i64::MAX);
    let allowed = rolling.get("maxUnavailable").map_or(1, |it| scaled(Some(it), total, false).max(1));
    let missing = work.replicas.iter().filter(|it| !is_healthy(hand, work, it)).count();
    let room = usize::try_from(allowed).unwrap_or(0).saturating_sub(missing);
    let keep = usize::try_from(partition).unwrap_or(0).min(work.replicas.len());
    let candidates = work.replicas.iter().skip(keep).rev().filter_map(|it| it.pod.as_ref());
    let old: Vec<_> = candidates
        .filter(|pod| {
            object::label(pod, REVISION_LABEL) != Some(object::name(&work.update)) && !is_deleting(pod)
        })
        .take(room)
        .cloned()
        .collect();
    old.iter().try_for_each(|pod| delete(hand, &work.set, pod))
}
