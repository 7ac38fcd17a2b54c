//! ControllerRevisions: what StatefulSets and DaemonSets keep of earlier templates.
//!
//! Follows `pkg/controller/history`.

use super::hand::Hand;
use super::{owners, template};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;

const RESOURCE: &str = "controllerrevisions.apps";

/// The number of a revision.
pub(crate) fn number(revision: &Value) -> i64 {
    object::int(revision, "/revision").unwrap_or(0)
}

/// The revisions of `owner`, lowest number first.
pub(crate) fn list(hand: &mut Hand<'_>, owner: &Value) -> Vec<Object> {
    let selector = owner.pointer("/spec/selector").cloned().unwrap_or_default();
    let mut revisions = owners::claim(hand, owner, &selector, RESOURCE, "ControllerRevision");
    revisions.sort_by(|a, b| number(a).cmp(&number(b)).then_with(|| super::pods::by_age(a, b)));
    revisions
}

/// The part of `owner` that a revision keeps, as a patch that brings it back.
fn data(owner: &Value) -> Value {
    let mut template = owner.pointer("/spec/template").cloned().unwrap_or_default();
    object::set(&mut template, &["$patch"], "replace");
    json!({"spec": {"template": template}})
}

/// The revision of the current template, made or brought to the top when it is not there;
/// `revisions` is as [`list`] returns it and is kept so. `hash_label` gets the hash.
pub(crate) fn current(
    hand: &mut Hand<'_>,
    owner: &Value,
    revisions: &mut Vec<Object>,
    hash_label: &str,
) -> Result<Object, Status> {
    let data = data(owner);
    let next = revisions.last().map_or(0, |it| number(it)) + 1;
    let same = revisions.iter().rposition(|it| it.get("data") == Some(&data));
    let Some(at) = same else {
        let created = create(hand, owner, data, next, hash_label)?;
        revisions.push(created.clone());
        return Ok(created);
    };
    let mut found = revisions.remove(at);
    if at < revisions.len() {
        let mut top = (*found).clone();
        top["revision"] = next.into();
        found = hand.update(RESOURCE, top)?;
    }
    revisions.push(found.clone());
    Ok(found)
}

fn create(
    hand: &mut Hand<'_>,
    owner: &Value,
    data: Value,
    number: i64,
    hash_label: &str,
) -> Result<Object, Status> {
    let mut collisions = object::int(owner, "/status/collisionCount").unwrap_or(0);
    loop {
        let hash = template::hash(&data, (collisions > 0).then_some(collisions));
        let name = format!("{}-{hash}", object::name(owner));
        let mut labels =
            owner.pointer("/spec/template/metadata/labels").cloned().unwrap_or_else(|| json!({}));
        object::set(&mut labels, &[hash_label], hash);
        let mut revision = json!({
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": name, "namespace": object::namespace(owner), "labels": labels,
                "ownerReferences": [owners::controller_ref(owner)],
            },
            "data": data,
            "revision": number,
        });
        if let Some(annotations) = object::at(owner, "/metadata/annotations") {
            object::set(&mut revision, &["metadata", "annotations"], annotations.clone());
        }
        match hand.create(RESOURCE, revision) {
            // Another template has this hash: the next try takes another.
            Err(refusal) if refusal.reason == "AlreadyExists" && collisions < 100 => collisions += 1,
            other => return other,
        }
    }
}

/// `owner` with the template that `revision` kept.
pub(crate) fn applied(owner: &Value, revision: &Value) -> Value {
    let mut then = owner.clone();
    let mut template = revision.pointer("/data/spec/template").cloned().unwrap_or_default();
    object::remove(&mut template, &["$patch"]);
    object::set(&mut then, &["spec", "template"], template);
    then
}

/// Removes the lowest revisions beyond `spec.revisionHistoryLimit`; those in `live` stay.
pub(crate) fn truncate(
    hand: &mut Hand<'_>,
    owner: &Value,
    revisions: &[Object],
    live: &dyn Fn(&Value) -> bool,
) -> Result<(), Status> {
    let limit = object::int(owner, "/spec/revisionHistoryLimit").unwrap_or(10);
    let Ok(limit) = usize::try_from(limit) else { return Ok(()) };
    let dead: Vec<&Object> = revisions.iter().filter(|it| !live(it)).collect();
    for revision in dead.iter().take(dead.len().saturating_sub(limit)) {
        hand.delete_with(RESOURCE, revision, &json!({}))?;
    }
    Ok(())
}
