//! The claims of a StatefulSet's pods: made from templates, and kept or given up with the pod or set.

use super::{Replica, Work, identity};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::pods::is_deleting;
use crate::cluster::{Object, events};

const RESOURCE: &str = "persistentvolumeclaims";

/// The claims of a number that exist.
fn existing(hand: &Hand<'_>, set: &Value, ordinal: i64) -> Vec<Object> {
    let templates = object::list(set, "/spec/volumeClaimTemplates");
    let name = |claim| identity::claim_name(set, claim, ordinal);
    templates.iter().filter_map(|claim| hand.get(RESOURCE, object::namespace(set), &name(claim))).collect()
}

/// True when a claim of the number still belongs to a pod that is gone: it will be collected first.
pub(super) fn is_stale(hand: &Hand<'_>, work: &Work, ordinal: i64) -> bool {
    let owned_by_pod = |claim: &Object| {
        let name = identity::pod_name(&work.set, ordinal);
        let is_pod = |it: &Value| object::field(it, "kind") == "Pod" && object::field(it, "name") == name;
        object::list(claim, "/metadata/ownerReferences").iter().any(is_pod)
    };
    existing(hand, &work.set, ordinal).iter().any(owned_by_pod)
}

/// Makes the claims of a number that are missing.
pub(super) fn create_missing(
    hand: &mut Hand<'_>,
    work: &Work,
    ordinal: i64,
    set: &Value,
) -> Result<(), Status> {
    for template in object::list(set, "/spec/volumeClaimTemplates") {
        let name = identity::claim_name(set, template, ordinal);
        match hand.get(RESOURCE, object::namespace(set), &name) {
            Some(claim) if is_deleting(&claim) => {
                return Err(Status::internal(&format!("pvc {name} is being deleted")));
            }
            Some(_) => {}
            None => create(hand, work, ordinal, template, &name)?,
        }
    }
    Ok(())
}

fn create(
    hand: &mut Hand<'_>,
    work: &Work,
    ordinal: i64,
    template: &Value,
    name: &str,
) -> Result<(), Status> {
    let set = &work.set;
    let mut claim = template.clone();
    object::remove(&mut claim, &["status"]);
    claim["apiVersion"] = "v1".into();
    claim["kind"] = "PersistentVolumeClaim".into();
    object::set(&mut claim, &["metadata", "name"], name);
    object::set(&mut claim, &["metadata", "namespace"], object::namespace(set));
    for (key, value) in object::entries(set, "/spec/selector/matchLabels") {
        object::set(&mut claim, &["metadata", "labels", key], value.clone());
    }
    if policy(set, "whenDeleted") == "Delete" {
        object::set(&mut claim, &["metadata", "ownerReferences"], json!([owner_ref(set)]));
    }
    let made = hand.create(RESOURCE, claim);
    let (pod, name_of_set) = (identity::pod_name(set, ordinal), object::name(set));
    match &made {
        Ok(_) => {
            let message = format!("Create Claim {name} Pod {pod} in StatefulSet {name_of_set} success");
            hand.event(set, events::normal("SuccessfulCreate", message));
        }
        Err(refusal) if refusal.reason == "AlreadyExists" => {}
        Err(refusal) => {
            let why = &refusal.message;
            let message =
                format!("Create Claim {name} for Pod {pod} in StatefulSet {name_of_set} failed error: {why}");
            hand.event(set, events::warning("FailedCreate", message));
        }
    }
    made.map(drop).map_err(|refusal| {
        let message = format!("failed to create PVC {name}: {}", refusal.message);
        Status { message, ..refusal }
    })
}

/// `whenDeleted` or `whenScaled` of the retention policy.
fn policy<'a>(set: &'a Value, when: &str) -> &'a str {
    let policy = object::at(set, "/spec/persistentVolumeClaimRetentionPolicy");
    match policy.map_or("", |it| object::field(it, when)) {
        "" => "Retain",
        policy => policy,
    }
}

fn owner_ref(owner: &Value) -> Value {
    crate::cluster::controllers::owners::controller_ref(owner)
}

/// Gives the claims of a pod the owner that the retention policy says: the pod when it is scaled
/// away, the set when claims go with it, or none.
pub(super) fn settle(
    hand: &mut Hand<'_>,
    work: &Work,
    replica: &Replica,
    condemned: bool,
) -> Result<(), Status> {
    let set = &work.set;
    let owner = match (&replica.pod, policy(set, "whenScaled"), policy(set, "whenDeleted")) {
        (Some(pod), "Delete", _) if condemned => Some(owner_ref(pod)),
        (_, _, "Delete") => Some(owner_ref(set)),
        _ => None,
    };
    for claim in existing(hand, set, replica.ordinal) {
        let mut owners = object::list(&claim, "/metadata/ownerReferences").to_vec();
        owners.retain(|it| !matches!(object::field(it, "kind"), "Pod" | "StatefulSet"));
        owners.extend(owner.clone());
        if owners != object::list(&claim, "/metadata/ownerReferences") {
            let mut changed = (*claim).clone();
            object::set(&mut changed, &["metadata", "ownerReferences"], owners);
            hand.update(RESOURCE, changed)?;
        }
    }
    Ok(())
}
