//! The counters of a StatefulSet.

use super::{RESOURCE, REVISION_LABEL, Work};
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::{is_available, is_deleting, is_ready, phase};

/// Writes the status. When all pods have the new template, it becomes the current one.
pub(super) fn write(hand: &mut Hand<'_>, work: &Work) -> Result<(), Status> {
    let pods: Vec<&Object> =
        work.replicas.iter().chain(&work.condemned).filter_map(|it| it.pod.as_ref()).collect();
    let now = hand.now();
    let count = |holds: &dyn Fn(&Value) -> bool| pods.iter().filter(|pod| holds(pod)).count();
    let runs = |pod: &Value| phase(pod) == "Running" && is_ready(pod);
    let of = |pod: &Value, revision: &Object| {
        !is_deleting(pod) && object::label(pod, REVISION_LABEL) == Some(object::name(revision))
    };
    let (replicas, ready) = (pods.len(), count(&runs));
    let updated = count(&|pod| of(pod, &work.update));
    let wanted = work.replicas.len();
    let rolls = object::text(&work.set, "/spec/updateStrategy/type") == "RollingUpdate";
    let complete = rolls && [updated, ready, replicas].iter().all(|count| *count == wanted);
    let (current, current_count) = if complete {
        (&work.update, updated)
    } else {
        (&work.current, count(&|pod| of(pod, &work.current)))
    };
    let mut status = Map::new();
    status.insert(
        "availableReplicas".into(),
        count(&|pod| runs(pod) && is_available(pod, work.min_ready, now)).into(),
    );
    status.insert(
        "collisionCount".into(),
        object::int(&work.set, "/status/collisionCount").unwrap_or(0).into(),
    );
    status.insert("currentRevision".into(), object::name(current).into());
    status.insert(
        "observedGeneration".into(),
        object::int(&work.set, "/metadata/generation").unwrap_or(0).into(),
    );
    status.insert("replicas".into(), replicas.into());
    status.insert("updateRevision".into(), object::name(&work.update).into());
    let optional =
        [("currentReplicas", current_count), ("readyReplicas", ready), ("updatedReplicas", updated)];
    for (key, count) in optional.into_iter().filter(|(_, count)| *count > 0) {
        status.insert(key.into(), count.into());
    }
    hand.update_status(RESOURCE, &work.set, status.into())
}
