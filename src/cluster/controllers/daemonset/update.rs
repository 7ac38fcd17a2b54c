//! RollingUpdate of a DaemonSet: old pods go within `maxUnavailable`, or new ones come first within
//! `maxSurge`.

use super::{Work, apply};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::census::Counted;
use crate::cluster::controllers::deployment::scaled;
use crate::cluster::controllers::hand::Hand;

/// `(maxSurge, maxUnavailable)` in pods; never both 0.
pub(super) fn limits(work: &Work) -> (usize, usize) {
    let desired = work.nodes.values().filter(|fit| fit.runs).count();
    let total = i64::try_from(desired).unwrap_or(i64::MAX);
    let rolling = work.set.pointer("/spec/updateStrategy/rollingUpdate").unwrap_or(&Value::Null);
    let count = |key| usize::try_from(scaled(object::at(rolling, key), total, true)).unwrap_or(0);
    match (count("/maxSurge"), count("/maxUnavailable")) {
        (0, 0) => (0, 1),
        limits => limits,
    }
}

/// One step of the roll-out.
pub(super) fn roll(hand: &mut Hand<'_>, work: &Work) -> Result<(), Status> {
    let (max_surge, max_unavailable) = limits(work);
    if max_surge > 0 { surge(hand, work, max_surge) } else { replace(hand, work, max_unavailable) }
}

/// The pods of a node by template; `None` when there are several of one kind.
fn pair<'w>(work: &'w Work, node: &str) -> Option<(Option<&'w Counted>, Option<&'w Counted>)> {
    let (mut new, mut old) = (None, None);
    for counted in work.pods_on(node).iter().filter(|it| !it.deleting) {
        let slot = if work.is_current(&counted.pod) { &mut new } else { &mut old };
        if slot.replace(counted).is_some() {
            return None;
        }
    }
    Some((new, old))
}

fn replace(hand: &mut Hand<'_>, work: &Work, max_unavailable: usize) -> Result<(), Status> {
    let (mut unavailable, mut at_once, mut candidates) = (0, Vec::new(), Vec::new());
    let now = hand.now();
    let available = |it: &Counted| it.available(work.min_ready, now);
    for node in work.nodes.iter().filter(|(_, fit)| fit.runs).map(|(node, _)| node) {
        match pair(work, node) {
            None | Some((None, None) | (Some(_), Some(_))) => unavailable += 1,
            Some((Some(new), None)) => unavailable += usize::from(!available(new)),
            Some((None, Some(old))) if !available(old) => at_once.push(old.pod.clone()),
            Some((None, Some(old))) => candidates.push(old.pod.clone()),
        }
    }
    candidates.truncate(max_unavailable.saturating_sub(unavailable));
    at_once.extend(candidates);
    apply(hand, work, &[], &at_once)
}

fn surge(hand: &mut Hand<'_>, work: &Work, max_surge: usize) -> Result<(), Status> {
    let (mut surged, mut at_once, mut candidates, mut old_ones) = (0, Vec::new(), Vec::new(), Vec::new());
    let now = hand.now();
    let available = |it: &Counted| it.available(work.min_ready, now);
    for node in work.nodes.iter().filter(|(_, fit)| fit.runs).map(|(node, _)| node) {
        match pair(work, node) {
            None => surged += 1,
            Some((_, None)) => {}
            Some((None, Some(old))) if !available(old) => at_once.push(node.clone()),
            Some((None, Some(_))) => candidates.push(node.clone()),
            Some((Some(_), Some(old))) if !available(old) => old_ones.push(old.pod.clone()),
            Some((Some(new), Some(old))) => {
                surged += 1;
                if available(new) {
                    old_ones.push(old.pod.clone());
                }
            }
        }
    }
    candidates.truncate(max_surge.saturating_sub(surged));
    at_once.extend(candidates);
    apply(hand, work, &at_once, &old_ones)
}
