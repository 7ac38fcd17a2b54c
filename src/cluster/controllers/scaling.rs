//! Making and removing many pods for one owner, with the events that say so.

use super::hand::Hand;
use super::template;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::events;

/// Pods that one sync makes or removes at most. Source: `BurstReplicas` of the ReplicaSet controller.
pub(crate) const BURST: usize = 500;

/// True when the namespace is being torn down, so that nothing can be created and nobody is to blame.
pub(crate) fn is_terminating(refusal: &Status) -> bool {
    refusal.code == 403 && refusal.message.contains("because it is being terminated")
}

/// Creates one pod and says so on `owner`.
pub(crate) fn create_pod(hand: &mut Hand<'_>, owner: &Value, pod: Value) -> Result<(), Status> {
    match hand.create("pods", pod) {
        Ok(created) => {
            let message = format!("Created pod: {}", object::name(&created));
            hand.event(owner, events::normal("SuccessfulCreate", message));
            Ok(())
        }
        Err(refusal) => {
            if !is_terminating(&refusal) {
                let message = format!("Error creating: {}", refusal.message);
                hand.event(owner, events::warning("FailedCreate", message));
            }
            Err(refusal)
        }
    }
}

/// Creates `count` pods from `template` in batches of 1, 2, 4 …; a batch with a refusal is the last.
pub(crate) fn create_pods(
    hand: &mut Hand<'_>,
    owner: &Value,
    template: &Value,
    count: usize,
) -> Result<(), Status> {
    let pod = template::pod_from(template, owner);
    let (mut left, mut batch) = (count, 1);
    while left > 0 {
        let size = batch.min(left);
        let mut refused = None;
        for _ in 0..size {
            match create_pod(hand, owner, pod.clone()) {
                Err(refusal) if !is_terminating(&refusal) => refused = refused.or(Some(refusal)),
                _ => {}
            }
        }
        if let Some(refusal) = refused {
            return Err(refusal);
        }
        left -= size;
        batch *= 2;
    }
    Ok(())
}

/// Deletes a pod and says so on `owner`.
pub(crate) fn delete_pod(hand: &mut Hand<'_>, owner: &Value, pod: &Value) -> Result<(), Status> {
    match hand.delete_with("pods", pod, &json!({})) {
        Ok(()) => {
            let message = format!("Deleted pod: {}", object::name(pod));
            hand.event(owner, events::normal("SuccessfulDelete", message));
            Ok(())
        }
        Err(refusal) if refusal.code == 404 => Ok(()),
        Err(refusal) => {
            let message = format!("Error deleting: {}", refusal.message);
            hand.event(owner, events::warning("FailedDelete", message));
            Err(refusal)
        }
    }
}
