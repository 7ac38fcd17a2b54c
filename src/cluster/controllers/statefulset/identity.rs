//! Who a pod of a StatefulSet is: number, name, host name, labels, volumes.

use super::{REVISION_LABEL, Work};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::Object;
use crate::cluster::controllers::{revisions, template};

/// The first number of a set.
pub(super) fn start(set: &Value) -> i64 {
    object::int(set, "/spec/ordinals/start").unwrap_or(0)
}

/// The number in a pod's name; `None` when the name is not one of the set's.
pub(super) fn ordinal(set: &Value, pod: &str) -> Option<i64> {
    let (parent, number) = pod.rsplit_once('-')?;
    (parent == object::name(set)).then_some(())?;
    number.parse::<u32>().ok().map(i64::from)
}

/// `<set>-<number>`.
pub(super) fn pod_name(set: &Value, ordinal: i64) -> String {
    format!("{}-{ordinal}", object::name(set))
}

/// The set as it is to be for a new pod of this number, and the revision's name: numbers below the
/// partition keep the template they have.
pub(super) fn set_for(work: &Work, ordinal: i64) -> (Value, &Object) {
    let rolling = object::text(&work.set, "/spec/updateStrategy/type") == "RollingUpdate";
    let kept = match object::int(&work.set, "/spec/updateStrategy/rollingUpdate/partition") {
        Some(partition) => partition,
        None => object::int(&work.set, "/status/currentReplicas").unwrap_or(0),
    };
    let keeps = rolling && ordinal < start(&work.set) + kept;
    let revision = if keeps { &work.current } else { &work.update };
    (revisions::applied(&work.set, revision), revision)
}

/// The set with the template that an existing pod was made from, as far as it is known.
pub(super) fn template_of(work: &Work, pod: &Value) -> Value {
    let current = object::label(pod, REVISION_LABEL) == Some(object::name(&work.current));
    revisions::applied(&work.set, if current { &work.current } else { &work.update })
}

/// `<template>-<set>-<number>`.
pub(super) fn claim_name(set: &Value, claim: &Value, ordinal: i64) -> String {
    format!("{}-{}", object::name(claim), pod_name(set, ordinal))
}

/// The pod of a number.
pub(super) fn new_pod(set: &Value, revision: &str, ordinal: i64) -> Value {
    let name = pod_name(set, ordinal);
    let template = set.pointer("/spec/template").cloned().unwrap_or_default();
    let mut pod = template::pod_named(&template, set, json!({"name": name}));
    let labels = [
        ("statefulset.kubernetes.io/pod-name", name.clone()),
        ("apps.kubernetes.io/pod-index", ordinal.to_string()),
        (REVISION_LABEL, revision.to_owned()),
    ];
    for (key, value) in labels {
        object::set(&mut pod, &["metadata", "labels", key], value);
    }
    object::set(&mut pod, &["spec", "hostname"], name);
    object::set(&mut pod, &["spec", "subdomain"], object::text(set, "/spec/serviceName"));
    let volumes = volumes(set, &pod, ordinal);
    if !volumes.is_empty() {
        object::set(&mut pod, &["spec", "volumes"], volumes);
    }
    pod
}

/// The volumes of the claims, then those of the template that no claim replaces.
fn volumes(set: &Value, pod: &Value, ordinal: i64) -> Vec<Value> {
    let claims = object::list(set, "/spec/volumeClaimTemplates");
    let claimed = claims.iter().map(|claim| {
        let source = json!({"claimName": claim_name(set, claim, ordinal)});
        json!({"name": object::name(claim), "persistentVolumeClaim": source})
    });
    let is_claimed =
        |volume: &Value| claims.iter().any(|it| object::name(it) == object::field(volume, "name"));
    let plain = object::list(pod, "/spec/volumes").iter().filter(|it| !is_claimed(it)).cloned();
    claimed.chain(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_known_by_its_number() {
        let set = json!({"metadata": {"name": "web-a"}});
        let number = |pod| ordinal(&set, pod);
        assert_eq!(
            [number("web-a-0"), number("web-a-12"), number("web-0"), number("web-a-x")],
            [Some(0), Some(12), None, None]
        );
    }
}
