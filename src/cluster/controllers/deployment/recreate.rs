//! Recreate: all old pods go, and only then new ones come.

use super::scale::resize;
use super::size::{counted, replicas};
use super::{Rollout, sets, status};
use crate::apimachinery::status::Status;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::is_ended;

/// One step of the roll-out.
pub(super) fn roll(hand: &mut Hand<'_>, rollout: &mut Rollout) -> Result<(), Status> {
    let mut shrunk = false;
    for set in rollout.old.clone().iter().filter(|set| replicas(set) > 0) {
        shrunk |= resize(hand, rollout, set, 0)?;
    }
    if shrunk || old_pods_left(hand, rollout) {
        return Ok(());
    }
    sets::ensure_new(hand, rollout)?;
    if let Some(new) = rollout.new.clone() {
        let wanted = replicas(&rollout.deployment);
        if replicas(&new) != wanted {
            resize(hand, rollout, &new, wanted)?;
        }
    }
    if status::is_complete(&rollout.deployment, rollout.deployment.get("status")) {
        sets::clean_up(hand, rollout)?;
    }
    Ok(())
}

fn old_pods_left(hand: &Hand<'_>, rollout: &Rollout) -> bool {
    let runs = |set: &crate::cluster::Object| hand.controlled(set, "Pod").iter().any(|pod| !is_ended(pod));
    rollout.old.iter().any(|set| counted(set, "replicas") > 0 || runs(set))
}
