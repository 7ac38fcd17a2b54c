//! The garbage collector: objects go when their owners are gone, are orphaned, or hold their owner back.
//!
//! Follows `pkg/controller/garbagecollector`. Keys are `item|resource|namespace|name` (does this object
//! still have an owner?), `owner|…` (does a deleted owner still wait for its dependents?) and
//! `gone|uid` (what did this object leave behind?).

use std::time::Duration;

use super::hand::Hand;
use super::pods::is_deleting;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, Gvk};
use crate::apimachinery::status::Status;
use crate::cluster::api::resources;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{Change, ClusterId, Event, Key, Object, World, events};

pub(crate) const GARBAGE_COLLECTOR: Component =
    Component { name: "generic-garbage-collector", process: Process::ControllerManager, woken_by, sync };

/// The source of its events.
const SOURCE: &str = "garbage-collector-controller";

/// An owner that waits until its dependents are gone.
const FOREGROUND: &str = "foregroundDeletion";

/// An owner that lets its dependents live on.
const ORPHAN: &str = "orphan";

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if &*event.key.resource == "events" {
        return;
    }
    let store = &world.clusters[cluster].store;
    let owners = |it: &Object| object::list(it, "/metadata/ownerReferences").to_vec();
    if event.change == Change::Deleted {
        if store.keys_owned_by(object::uid(&event.object)).next().is_some() {
            keys.push(format!("gone|{}", object::uid(&event.object)));
        }
        // The last dependent may have held an owner back.
        keys.extend(
            owners(&event.object).iter().filter_map(|it| owner_key(world, cluster, &event.key.namespace, it)),
        );
        return;
    }
    let new_owners = event.previous.as_ref().is_none_or(|before| owners(before) != owners(&event.object));
    if new_owners && !owners(&event.object).is_empty() {
        keys.push(text_key("item", &event.key));
    }
    if is_deleting(&event.object) && (has(&event.object, FOREGROUND) || has(&event.object, ORPHAN)) {
        keys.push(text_key("owner", &event.key));
    }
}

fn has(object: &Value, finalizer: &str) -> bool {
    object::list(object, "/metadata/finalizers").iter().any(|it| it == finalizer)
}

fn text_key(kind: &str, key: &Key) -> String {
    format!("{kind}|{}|{}|{}", key.resource, key.namespace, key.name)
}

/// The key of an owner, seen from an object of `namespace`, when it waits for dependents.
fn owner_key(world: &World, cluster: ClusterId, namespace: &str, owner: &Value) -> Option<String> {
    let key = locate(world, cluster, namespace, owner)?;
    let object = world.clusters[cluster].store.get(&key)?;
    (is_deleting(object) && has(object, FOREGROUND)).then(|| text_key("owner", &key))
}

/// Where an owner would be stored; `None` when its kind is unknown.
fn locate(world: &World, cluster: ClusterId, namespace: &str, owner: &Value) -> Option<Key> {
    let (group, version) = object::split_api_version(object::field(owner, "apiVersion"));
    let gvk = Gvk::new(group, version, object::field(owner, "kind"));
    let resource = resources::by_kind(&world.clusters[cluster], &gvk)?;
    let namespace = if resource.namespaced { namespace } else { "" };
    Some(Key::new(&resource.storage, namespace, object::field(owner, "name")))
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, GARBAGE_COLLECTOR.name);
    let mut parts = key.splitn(4, '|');
    let (kind, first) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let done = if kind == "gone" {
        let dependents: Vec<Key> = hand.store().keys_owned_by(first).cloned().collect();
        dependents.iter().try_for_each(|dependent| look_at(&mut hand, dependent))
    } else {
        let at = Key::new(first, parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        if kind == "owner" { look_at_owner(&mut hand, &at) } else { look_at(&mut hand, &at) }
    };
    match done {
        Ok(()) => {
            hand.forget(key);
            None
        }
        Err(_) => hand.retry(key),
    }
}

/// An owner reference, by what became of the owner.
enum Owner {
    Solid,
    /// Gone, or another object of the same name.
    Dangling,
    /// Being deleted, and waiting for its dependents.
    Waiting,
    /// Of a kind that nobody knows: it cannot be told.
    Unknown,
}

fn judge(hand: &Hand<'_>, namespace: &str, owner: &Value) -> Owner {
    let Some(key) = locate(hand.world, hand.cluster, namespace, owner) else { return Owner::Unknown };
    match hand.store().get(&key) {
        Some(found) if object::uid(found) != object::field(owner, "uid") => Owner::Dangling,
        Some(found) if is_deleting(found) && has(found, FOREGROUND) => Owner::Waiting,
        Some(_) => Owner::Solid,
        None => Owner::Dangling,
    }
}

/// Deletes an object whose owners are all gone, or takes the gone ones off its list.
fn look_at(hand: &mut Hand<'_>, key: &Key) -> Result<(), Status> {
    let Some(item) = hand.store().get(key).cloned() else { return Ok(()) };
    if is_deleting(&item) {
        return if has(&item, FOREGROUND) { look_at_owner(hand, key) } else { Ok(()) };
    }
    let owners = object::list(&item, "/metadata/ownerReferences").to_vec();
    let (mut solid, mut waiting, mut lost) = (0, 0, Vec::new());
    for owner in &owners {
        match judge(hand, &key.namespace, owner) {
            Owner::Solid | Owner::Unknown => solid += 1,
            Owner::Waiting => {
                waiting += 1;
                lost.push(object::field(owner, "uid").to_owned());
            }
            Owner::Dangling => {
                report_misplaced(hand, &item, owner);
                lost.push(object::field(owner, "uid").to_owned());
            }
        }
    }
    if owners.is_empty() || lost.is_empty() {
        return Ok(());
    }
    if solid > 0 {
        return drop_owners(hand, key, &item, &lost);
    }
    let has_dependents = hand.store().keys_owned_by(object::uid(&item)).next().is_some();
    let policy = match () {
        () if waiting > 0 && has_dependents => "Foreground",
        () if has(&item, ORPHAN) => "Orphan",
        () if has(&item, FOREGROUND) => "Foreground",
        () => "Background",
    };
    let options = json!({"preconditions": {"uid": object::uid(&item)}, "propagationPolicy": policy});
    match hand.delete_with(&key.resource, &item, &options) {
        Err(refusal) if refusal.code != 404 && refusal.code != 409 => Err(refusal),
        _ => Ok(()),
    }
}

/// Says when a missing owner exists, but where this object may not look for it.
fn report_misplaced(hand: &mut Hand<'_>, item: &Value, owner: &Value) {
    let namespace = object::namespace(item).to_owned();
    let uid = object::field(owner, "uid");
    let Some(key) = locate(hand.world, hand.cluster, &namespace, owner) else { return };
    if !hand.store().list(&key.resource, "").any(|it| object::uid(it) == uid) {
        return;
    }
    let text = |key| object::field(owner, key);
    let message = format!(
        "ownerRef [{}/{}, namespace: {namespace}, name: {}, uid: {uid}] does not exist in namespace {namespace:?}",
        text("apiVersion"),
        text("kind"),
        text("name")
    );
    hand.event_from(SOURCE, item, events::warning("OwnerRefInvalidNamespace", message));
}

fn drop_owners(hand: &mut Hand<'_>, key: &Key, item: &Value, lost: &[String]) -> Result<(), Status> {
    hand.edit(&key.resource, item, |item| {
        let mut owners = object::list(item, "/metadata/ownerReferences").to_vec();
        owners.retain(|it| !lost.iter().any(|uid| uid == object::field(it, "uid")));
        if owners.is_empty() {
            object::remove(item, &["metadata", "ownerReferences"]);
        } else {
            object::set(item, &["metadata", "ownerReferences"], owners);
        }
    })
}

/// Lets an owner that is being deleted go: its dependents are orphaned, or deleted before it.
fn look_at_owner(hand: &mut Hand<'_>, key: &Key) -> Result<(), Status> {
    let Some(owner) = hand.store().get(key).cloned().filter(|it| is_deleting(it)) else { return Ok(()) };
    let uid = object::uid(&owner).to_owned();
    let dependents: Vec<Key> = hand.store().keys_owned_by(&uid).cloned().collect();
    if has(&owner, ORPHAN) {
        for dependent in &dependents {
            let Some(item) = hand.store().get(dependent).cloned() else { continue };
            drop_owners(hand, dependent, &item, std::slice::from_ref(&uid))?;
        }
        return drop_finalizer(hand, key, &owner, ORPHAN);
    }
    let blocks = |hand: &Hand<'_>, dependent: &Key| {
        let item = hand.store().get(dependent);
        let refs = item.map_or(&[][..], |it| object::list(it, "/metadata/ownerReferences"));
        refs.iter().any(|it| object::field(it, "uid") == uid && object::flag(it, "/blockOwnerDeletion"))
    };
    for dependent in &dependents {
        look_at(hand, dependent)?;
    }
    if dependents.iter().any(|dependent| blocks(hand, dependent)) {
        return Ok(());
    }
    drop_finalizer(hand, key, &owner, FOREGROUND)
}

fn drop_finalizer(hand: &mut Hand<'_>, key: &Key, owner: &Value, finalizer: &str) -> Result<(), Status> {
    hand.edit(&key.resource, owner, |owner| {
        let mut finalizers = object::list(owner, "/metadata/finalizers").to_vec();
        finalizers.retain(|it| it != finalizer);
        if finalizers.is_empty() {
            object::remove(owner, &["metadata", "finalizers"]);
        } else {
            object::set(owner, &["metadata", "finalizers"], finalizers);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    const WEB: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
";

    /// Deletes a deployment with a policy; compares how many deployments, sets and pods are left.
    #[track_caller]
    fn check(policy: &str, want: [usize; 3]) {
        let mut lab = Lab::new();
        lab.create("deployments.apps", WEB);
        lab.pass(3);
        lab.delete_with("deployments.apps", "web", &json!({"propagationPolicy": policy}));
        lab.pass(40);
        let left = ["deployments.apps", "replicasets.apps", "pods"].map(|it| lab.list(it).len());
        assert_eq!(left, want, "{policy}");
    }

    #[test]
    fn dependents_go_with_their_owner_or_are_orphaned() {
        check("Background", [0, 0, 0]);
        check("Foreground", [0, 0, 0]);
        check("Orphan", [0, 1, 2]);
    }

    #[test]
    fn a_dependent_of_nobody_goes_and_one_of_an_unknown_kind_stays() {
        let mut lab = Lab::new();
        let map = |name: &str, owner: &str| {
            format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, ownerReferences: [{owner}]}}}}"
            )
        };
        lab.create("configmaps", &map("a", "{apiVersion: v1, kind: Pod, name: nope, uid: u1}"));
        lab.create("configmaps", &map("b", "{apiVersion: example.com/v1, kind: Widget, name: w, uid: u2}"));
        lab.pass(1);
        let names: Vec<String> =
            lab.list("configmaps").iter().map(|it| object::name(it).to_owned()).collect();
        assert!(!names.contains(&"a".into()) && names.contains(&"b".into()), "{names:?}");
    }

    #[test]
    fn a_dependent_with_a_finalizer_holds_its_owner_back() {
        let mut lab = Lab::new();
        lab.create("deployments.apps", WEB);
        lab.pass(3);
        let set = object::name(&lab.list("replicasets.apps")[0]).to_owned();
        lab.patch("replicasets.apps", &set, "metadata: {finalizers: [example.com/hold]}");
        lab.delete_with("deployments.apps", "web", &json!({"propagationPolicy": "Foreground"}));
        lab.pass(40);
        assert_eq!((lab.list("deployments.apps").len(), lab.list("pods").len()), (1, 0));
        lab.patch("replicasets.apps", &set, "metadata: {finalizers: null}");
        lab.pass(2);
        assert_eq!((lab.list("deployments.apps").len(), lab.list("replicasets.apps").len()), (0, 0));
    }
}
