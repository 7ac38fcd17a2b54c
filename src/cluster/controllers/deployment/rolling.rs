//! RollingUpdate: new pods in, old pods out, within `maxSurge` and `maxUnavailable`.

use super::scale::resize;
use super::size::{self, counted, replicas};
use super::{Rollout, sets, status};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;
use crate::cluster::controllers::hand::Hand;

/// One step of the roll-out.
pub(super) fn roll(hand: &mut Hand<'_>, rollout: &mut Rollout) -> Result<(), Status> {
    sets::ensure_new(hand, rollout)?;
    if grow_new(hand, rollout)? || shrink_old(hand, rollout)? {
        return Ok(());
    }
    if status::is_complete(&rollout.deployment, rollout.deployment.get("status")) {
        sets::clean_up(hand, rollout)?;
    }
    Ok(())
}

/// The size that the new set may have now.
pub(super) fn new_size(rollout: &Rollout) -> i64 {
    let (deployment, wanted) = (&rollout.deployment, replicas(&rollout.deployment));
    if object::text(deployment, "/spec/strategy/type") == "Recreate" {
        return wanted;
    }
    let has = rollout.new.as_ref().map_or(0, |set| replicas(set));
    let total: i64 = rollout.all().map(|set| replicas(set)).sum();
    let room = wanted + size::max_surge(deployment) - total;
    if room <= 0 { has } else { has + room.min(wanted - has) }
}

fn grow_new(hand: &mut Hand<'_>, rollout: &mut Rollout) -> Result<bool, Status> {
    let Some(new) = rollout.new.clone() else { return Ok(false) };
    let (has, wanted) = (replicas(&new), replicas(&rollout.deployment));
    if has == wanted {
        return Ok(false);
    }
    let to = if has > wanted { wanted } else { new_size(rollout) };
    resize(hand, rollout, &new, to)
}

fn shrink_old(hand: &mut Hand<'_>, rollout: &mut Rollout) -> Result<bool, Status> {
    let sum = |sets: &[Object]| sets.iter().map(|set| replicas(set)).sum::<i64>();
    if sum(&rollout.old) == 0 {
        return Ok(false);
    }
    let min_available = replicas(&rollout.deployment) - size::max_unavailable(&rollout.deployment);
    let new = rollout.new.as_ref();
    let new_missing = new.map_or(0, |set| replicas(set) - counted(set, "availableReplicas"));
    let total = sum(&rollout.old) + new.map_or(0, |set| replicas(set));
    let room = total - min_available - new_missing;
    if room <= 0 {
        return Ok(false);
    }
    let sick = remove_sick(hand, rollout, room)?;
    let well = remove_well(hand, rollout, min_available)?;
    Ok(sick || well)
}

/// Takes pods that are not available from old sets first.
fn remove_sick(hand: &mut Hand<'_>, rollout: &mut Rollout, room: i64) -> Result<bool, Status> {
    let mut removed = 0;
    for set in rollout.old.clone() {
        let sick = replicas(&set) - counted(&set, "availableReplicas");
        let count = sick.min(room - removed);
        if replicas(&set) > 0 && count > 0 {
            resize(hand, rollout, &set, replicas(&set) - count)?;
            removed += count;
        }
    }
    Ok(removed > 0)
}

/// Takes available pods from old sets as long as enough of all are left.
fn remove_well(hand: &mut Hand<'_>, rollout: &mut Rollout, min_available: i64) -> Result<bool, Status> {
    let available: i64 = rollout.all().map(|set| counted(set, "availableReplicas")).sum();
    let (room, mut removed) = (available - min_available, 0);
    for set in rollout.old.clone() {
        let count = replicas(&set).min(room - removed);
        if count > 0 {
            resize(hand, rollout, &set, replicas(&set) - count)?;
            removed += count;
        }
    }
    Ok(removed > 0)
}
