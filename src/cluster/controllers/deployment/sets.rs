//! The ReplicaSets of a deployment: which one is new, their revisions, and which are forgotten.

use super::size::{self, DESIRED, MAX, replicas};
use super::{RESOURCE, REVISION, Rollout, SETS, reload, status};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::owners::{controller_ref, is_controlled_by};
use crate::cluster::controllers::pods::{by_age, is_deleting};
use crate::cluster::controllers::{scaling, template};
use crate::cluster::{Object, events};

/// The label with the hash of a set's template.
const HASH: &str = "pod-template-hash";

/// The annotation with the numbers that a revision had before.
const HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// 2,000 letters of earlier numbers are kept. Source: `maxRevHistoryLengthInChars`.
const HISTORY_MAX: usize = 2_000;

/// Annotations of a deployment that its sets do not inherit.
const NOT_INHERITED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MAX,
    "deprecated.deployment.rollback.to",
];

/// The number of a revision.
fn revision(set: &Value) -> i64 {
    size::annotated(set, REVISION).unwrap_or(0)
}

/// Sorts the sets into new and old, and brings the new one's annotations up to date.
pub(super) fn find(hand: &mut Hand<'_>, deployment: Object, owned: &[Object]) -> Result<Rollout, Status> {
    let mut old = owned.to_vec();
    old.sort_by(by_age);
    let template = deployment.pointer("/spec/template").cloned().unwrap_or_default();
    let is_new = |set: &Object| {
        let its = set.pointer("/spec/template").unwrap_or(&Value::Null);
        template::same_but_label(its, &template, HASH)
    };
    let new = old.iter().position(is_new).map(|at| old.remove(at));
    let mut rollout = Rollout { deployment, new, old };
    if let Some(new) = rollout.new.clone() {
        renew(hand, &mut rollout, &new)?;
    }
    Ok(rollout)
}

fn next_revision(rollout: &Rollout) -> i64 {
    rollout.old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1
}

/// Numbers the new set, copies the deployment's annotations to it and notes the number on both.
fn renew(hand: &mut Hand<'_>, rollout: &mut Rollout, new: &Object) -> Result<(), Status> {
    let mut set = (**new).clone();
    annotate(&rollout.deployment, &mut set, next_revision(rollout), true);
    let min_ready = rollout.deployment.pointer("/spec/minReadySeconds").cloned().unwrap_or(Value::Null);
    if set.pointer("/spec/minReadySeconds").unwrap_or(&Value::Null) != &min_ready {
        object::set(&mut set, &["spec", "minReadySeconds"], min_ready);
    }
    if set != **new {
        let set = hand.update(SETS, set)?;
        rollout.new = Some(set);
    }
    let number = rollout.new.as_ref().map_or(0, |set| revision(set));
    note_revision(hand, rollout, number)?;
    if status::has_deadline(&rollout.deployment) && status::progressing(&rollout.deployment).is_none() {
        let name = rollout.new.as_ref().map_or("", |set| object::name(set));
        let message = format!("Found new replica set {name:?}");
        rollout.deployment =
            status::set_progressing(hand, &rollout.deployment, "FoundNewReplicaSet", "True", message)?;
    }
    Ok(())
}

/// Writes the revision of the new set on the deployment.
fn note_revision(hand: &mut Hand<'_>, rollout: &mut Rollout, number: i64) -> Result<(), Status> {
    let number = number.to_string();
    if object::annotation(&rollout.deployment, REVISION) != Some(&number) {
        let mut noted = (*rollout.deployment).clone();
        object::set(&mut noted, &["metadata", "annotations", REVISION], number);
        rollout.deployment = hand.update(RESOURCE, noted)?;
    }
    Ok(())
}

/// Sets the annotations of a new set; those of sizes only when it is being made.
fn annotate(deployment: &Value, set: &mut Value, number: i64, exists: bool) {
    for (key, value) in object::entries(deployment, "/metadata/annotations") {
        if !NOT_INHERITED.contains(&key.as_str()) {
            object::set(set, &["metadata", "annotations", key], value.clone());
        }
    }
    let before = object::annotation(set, REVISION).map(str::to_owned);
    if number > revision(set) {
        object::set(set, &["metadata", "annotations", REVISION], number.to_string());
        if let Some(before) = before {
            append_history(set, &before);
        }
    }
    if !exists {
        annotate_sizes(deployment, set);
    }
}

fn append_history(set: &mut Value, before: &str) {
    let known = object::annotation(set, HISTORY).unwrap_or("").to_owned();
    let mut numbers: Vec<&str> = known.split(',').filter(|it| !it.is_empty()).collect();
    numbers.push(before);
    while numbers.iter().map(|it| it.len() + 1).sum::<usize>() > HISTORY_MAX {
        numbers.remove(0);
    }
    object::set(set, &["metadata", "annotations", HISTORY], numbers.join(","));
}

/// Writes the size of the deployment, and the size it may have, on a set; true when they differed.
pub(super) fn annotate_sizes(deployment: &Value, set: &mut Value) -> bool {
    let wanted = replicas(deployment);
    let mut changed = false;
    for (key, count) in [(DESIRED, wanted), (MAX, wanted + size::max_surge(deployment))] {
        if size::annotated(set, key) != Some(count) {
            object::set(set, &["metadata", "annotations", key], count.to_string());
            changed = true;
        }
    }
    changed
}

/// Makes the set of the current template unless it is there.
pub(super) fn ensure_new(hand: &mut Hand<'_>, rollout: &mut Rollout) -> Result<(), Status> {
    if rollout.new.is_some() {
        return Ok(());
    }
    let number = next_revision(rollout);
    let size = super::rolling::new_size(rollout);
    let set = new_set(&rollout.deployment, number, size);
    let name = object::name(&set).to_owned();
    match hand.create(SETS, set.clone()) {
        Ok(created) => {
            if size > 0 {
                let message = format!("Scaled up replica set {name} from 0 to {size}");
                hand.event(&rollout.deployment, events::normal("ScalingReplicaSet", message));
            }
            rollout.new = Some(created);
            note_revision(hand, rollout, number)?;
            if status::has_deadline(&rollout.deployment) {
                let message = format!("Created new replica set {name:?}");
                rollout.deployment = status::set_progressing(
                    hand,
                    &rollout.deployment,
                    "NewReplicaSetCreated",
                    "True",
                    message,
                )?;
            }
            Ok(())
        }
        Err(refusal) if refusal.reason == "AlreadyExists" => take_or_collide(hand, rollout, &set, refusal),
        Err(refusal) => {
            if !scaling::is_terminating(&refusal) {
                report_failure(hand, rollout, &name, &refusal)?;
            }
            Err(refusal)
        }
    }
}

/// A set of this name is there: it is the wanted one, or two templates share a hash and the next try
/// takes another.
fn take_or_collide(
    hand: &mut Hand<'_>,
    rollout: &mut Rollout,
    set: &Value,
    refusal: Status,
) -> Result<(), Status> {
    let there = hand.get(SETS, object::namespace(set), object::name(set));
    let template = |it: &Value| it.pointer("/spec/template").cloned().unwrap_or_default();
    let same = |it: &Object| {
        is_controlled_by(it, &rollout.deployment)
            && template::same_but_label(&template(it), &template(set), HASH)
    };
    if let Some(there) = there.filter(same) {
        rollout.new = Some(there);
        return Ok(());
    }
    let deployment = reload(hand, &rollout.deployment);
    let mut status = deployment.get("status").cloned().unwrap_or_else(|| json!({}));
    status["collisionCount"] = (size::counted(&deployment, "collisionCount") + 1).into();
    hand.update_status(RESOURCE, &deployment, status)?;
    Err(refusal)
}

fn report_failure(
    hand: &mut Hand<'_>,
    rollout: &mut Rollout,
    name: &str,
    refusal: &Status,
) -> Result<(), Status> {
    let message = format!("Failed to create new replica set {name:?}: {}", refusal.message);
    if status::has_deadline(&rollout.deployment) {
        let reason = "ReplicaSetCreateError";
        rollout.deployment =
            status::set_progressing(hand, &rollout.deployment, reason, "False", message.clone())?;
    }
    hand.event(&rollout.deployment, events::warning("ReplicaSetCreateError", message));
    Ok(())
}

fn new_set(deployment: &Value, number: i64, size: i64) -> Value {
    let template = deployment.pointer("/spec/template").cloned().unwrap_or_default();
    let hash = template::hash(&template, object::int(deployment, "/status/collisionCount"));
    let mut labelled = template;
    object::set(&mut labelled, &["metadata", "labels", HASH], hash.clone());
    let mut selector = deployment.pointer("/spec/selector").cloned().unwrap_or_default();
    object::set(&mut selector, &["matchLabels", HASH], hash.clone());
    let labels = labelled.pointer("/metadata/labels").cloned().unwrap_or_default();
    let mut spec = Map::new();
    spec.insert("replicas".into(), size.into());
    spec.insert("selector".into(), selector);
    spec.insert("template".into(), labelled);
    if let Some(seconds) = object::at(deployment, "/spec/minReadySeconds") {
        spec.insert("minReadySeconds".into(), seconds.clone());
    }
    let mut set = json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", object::name(deployment)),
            "namespace": object::namespace(deployment),
            "labels": labels,
            "ownerReferences": [controller_ref(deployment)],
        },
        "spec": spec,
    });
    annotate(deployment, &mut set, number, false);
    set
}

/// Removes old sets beyond `revisionHistoryLimit`, the lowest revisions first.
pub(super) fn clean_up(hand: &mut Hand<'_>, rollout: &Rollout) -> Result<(), Status> {
    let Some(limit) = object::int(&rollout.deployment, "/spec/revisionHistoryLimit") else { return Ok(()) };
    let mut alive: Vec<&Object> = rollout.old.iter().filter(|set| !is_deleting(set)).collect();
    let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
    alive.sort_by_key(|set| revision(set));
    for set in alive.into_iter().take(surplus) {
        let seen = object::int(set, "/status/observedGeneration") >= object::int(set, "/metadata/generation");
        if replicas(set) == 0 && size::counted(set, "replicas") == 0 && seen {
            match hand.delete_with(SETS, set, &json!({})) {
                Err(refusal) if refusal.code != 404 => return Err(refusal),
                _ => {}
            }
        }
    }
    Ok(())
}
