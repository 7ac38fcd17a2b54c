//! A new size for a deployment: spread over its ReplicaSets in proportion while it rolls.

use super::size::{self, DESIRED, MAX, counted, replicas};
use super::{Rollout, SETS, sets};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::by_age;
use crate::cluster::{Object, events};

/// True when a set with pods was made for another size of the deployment.
pub(super) fn is_resized(rollout: &Rollout) -> bool {
    let wanted = replicas(&rollout.deployment);
    let noted = rollout.all().filter(|set| replicas(set) > 0).filter_map(|set| size::annotated(set, DESIRED));
    noted.into_iter().any(|noted| noted != wanted)
}

/// Gives a set a size, notes the deployment's on it and says so.
pub(super) fn resize(
    hand: &mut Hand<'_>,
    rollout: &mut Rollout,
    set: &Object,
    to: i64,
) -> Result<bool, Status> {
    let from = replicas(set);
    let mut changed = (**set).clone();
    let noted = sets::annotate_sizes(&rollout.deployment, &mut changed);
    if from == to && !noted {
        return Ok(false);
    }
    object::set(&mut changed, &["spec", "replicas"], to);
    let stored = hand.update(SETS, changed)?;
    rollout.replace(&stored);
    if from != to {
        let way = if from < to { "up" } else { "down" };
        let message = format!("Scaled {way} replica set {} from {from} to {to}", object::name(set));
        hand.event(&rollout.deployment, events::normal("ScalingReplicaSet", message));
    }
    Ok(from != to)
}

/// Brings the sets to the deployment's size without rolling anything.
pub(super) fn spread(hand: &mut Hand<'_>, rollout: &mut Rollout) -> Result<(), Status> {
    let wanted = replicas(&rollout.deployment);
    if let Some(set) = active_or_latest(rollout) {
        if replicas(&set) != wanted {
            resize(hand, rollout, &set, wanted)?;
        }
        return Ok(());
    }
    if is_saturated(rollout) {
        for set in rollout.old.clone().iter().filter(|set| replicas(set) > 0) {
            resize(hand, rollout, set, 0)?;
        }
        return Ok(());
    }
    if object::text(&rollout.deployment, "/spec/strategy/type") != "Recreate" {
        for (set, to) in proportions(rollout) {
            resize(hand, rollout, &set, to)?;
        }
    }
    Ok(())
}

/// The only set with pods; when none has any, the new one or the latest; `None` when several have.
fn active_or_latest(rollout: &Rollout) -> Option<Object> {
    let active: Vec<&Object> = rollout.all().filter(|set| replicas(set) > 0).collect();
    match active.as_slice() {
        [] => rollout.new.as_ref().or(rollout.old.last()).cloned(),
        [one] => Some((*one).clone()),
        _ => None,
    }
}

/// True when the new set has all its pods.
fn is_saturated(rollout: &Rollout) -> bool {
    let wanted = replicas(&rollout.deployment);
    rollout.new.as_ref().is_some_and(|set| {
        replicas(set) == wanted
            && size::annotated(set, DESIRED) == Some(wanted)
            && counted(set, "availableReplicas") == wanted
    })
}

/// The size of each set with pods; what rounding leaves over goes to the largest.
fn proportions(rollout: &Rollout) -> Vec<(Object, i64)> {
    let wanted = replicas(&rollout.deployment);
    let mut active: Vec<Object> = rollout.all().filter(|set| replicas(set) > 0).cloned().collect();
    let allowed = if wanted > 0 { wanted + size::max_surge(&rollout.deployment) } else { 0 };
    let to_add = allowed - active.iter().map(|set| replicas(set)).sum::<i64>();
    let newer_first = to_add > 0;
    active.sort_by(|a, b| {
        let age = if newer_first { by_age(b, a) } else { by_age(a, b) };
        replicas(b).cmp(&replicas(a)).then(age)
    });
    let mut added = 0;
    let mut sizes: Vec<(Object, i64)> = Vec::with_capacity(active.len());
    for set in active {
        let share = share(&set, &rollout.deployment, to_add, added);
        added += share;
        let size = replicas(&set) + share;
        sizes.push((set, size));
    }
    if let Some((_, size)) = sizes.first_mut().filter(|_| to_add != 0) {
        *size = (*size + to_add - added).max(0);
    }
    sizes
}

/// How many of the pods to add (or, negative, to take away) fall to one set.
fn share(set: &Value, deployment: &Value, to_add: i64, added: i64) -> i64 {
    if to_add == 0 || to_add == added {
        return 0;
    }
    let (fraction, allowed) = (fraction(set, deployment), to_add - added);
    if to_add > 0 { fraction.min(allowed) } else { fraction.max(allowed) }
}

fn fraction(set: &Value, deployment: &Value) -> i64 {
    let (wanted, size) = (replicas(deployment), replicas(set));
    if wanted == 0 {
        return -size;
    }
    let max = wanted + size::max_surge(deployment);
    let before = size::annotated(set, MAX).unwrap_or_else(|| counted(deployment, "replicas")).max(1);
    // Rounded to the nearest; the counts are small enough for exact halves.
    (2 * size * max + before).div_euclid(2 * before) - size
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::apimachinery::json::json;

    /// Sets of a deployment of 10 (surge 3) that rolls, and the sizes they get when it has `wanted`.
    fn check(wanted: i64, sizes: &[i64], want: &[i64]) {
        let rolling = json!({"maxSurge": 3, "maxUnavailable": 2});
        let deployment = json!({"spec": {"replicas": wanted, "strategy": {"rollingUpdate": rolling}}});
        let set = |(at, size): (usize, &i64)| -> Object {
            let metadata = json!({"name": at.to_string(), "annotations": {MAX: "13", DESIRED: "10"}});
            Arc::new(json!({"metadata": metadata, "spec": {"replicas": size}}))
        };
        let old = sizes.iter().enumerate().map(set).collect();
        let rollout = Rollout { deployment: Arc::new(deployment), new: None, old };
        let mut got = proportions(&rollout);
        got.sort_by(|a, b| object::name(&a.0).cmp(object::name(&b.0)));
        assert_eq!(got.iter().map(|it| it.1).collect::<Vec<_>>(), want);
    }

    #[test]
    fn sets_grow_and_shrink_in_proportion() {
        check(15, &[8, 5], &[11, 7]);
        check(5, &[8, 5], &[5, 3]);
        check(0, &[8, 5], &[0, 0]);
    }
}
