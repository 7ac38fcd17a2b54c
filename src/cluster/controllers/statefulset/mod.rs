//! StatefulSets: pods with numbers, names and claims of their own.
//!
//! Follows `pkg/controller/statefulset`. Its parts: [`identity`] makes pods and claims, [`claims`]
//! says what becomes of claims, [`update`] replaces pods of an old template, [`status`] counts.
//!
//! Invariant: knows nothing of volumes behind the claims.

mod claims;
mod identity;
mod status;
mod update;

use std::time::Duration;

use super::hand::{Hand, join_key, wake_owner, wake_self};
use super::pods::{self, is_deleting, phase};
use super::select::selects;
use super::{owners, revisions};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, Object, World, events};

pub(crate) const STATEFUL_SET: Component =
    Component { name: "statefulset-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "statefulsets.apps";

/// The label with the hash in a revision's name.
const HASH_LABEL: &str = "controller.kubernetes.io/hash";

/// The label of a pod with the name of its revision.
const REVISION_LABEL: &str = "controller-revision-hash";

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, RESOURCE, keys);
    wake_owner(event, "pods", "StatefulSet", keys);
    if &*event.key.resource == "pods" && object::controller_of(&event.object).is_none() {
        let store = &world.clusters[cluster].store;
        let fits =
            |set: &&Object| selects(set.pointer("/spec/selector").unwrap_or(&Value::Null), &event.object);
        let fitting = store.list(RESOURCE, &event.key.namespace).filter(fits);
        keys.extend(fitting.map(|set| join_key(&event.key.namespace, object::name(set))));
    }
    if &*event.key.resource == "persistentvolumeclaims" {
        // A claim that was in the way is gone, or one changed hands.
        let of_set = |owner: &&Value| object::field(owner, "kind") == "StatefulSet";
        let owner = object::list(&event.object, "/metadata/ownerReferences").iter().find(of_set);
        keys.extend(owner.map(|it| join_key(&event.key.namespace, object::field(it, "name"))));
    }
}

/// One number of a set: the pod that has it, if any.
#[derive(Clone)]
struct Replica {
    ordinal: i64,
    pod: Option<Object>,
}

/// A set at work.
struct Work {
    set: Object,
    current: Object,
    update: Object,
    /// The numbers that shall have pods, ascending.
    replicas: Vec<Replica>,
    /// Pods beyond them, highest number first.
    condemned: Vec<Replica>,
    min_ready: i64,
    /// True when pods come and go one at a time.
    ordered: bool,
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, STATEFUL_SET.name);
    let Some(set) = hand.at(RESOURCE, key) else {
        hand.forget(key);
        return None;
    };
    let selector = set.pointer("/spec/selector").cloned().unwrap_or_default();
    let claimed = owners::claim(&mut hand, &set, &selector, "pods", "Pod");
    let pods: Vec<Object> =
        claimed.into_iter().filter(|pod| identity::ordinal(&set, object::name(pod)).is_some()).collect();
    match work(&mut hand, set, &pods) {
        Ok(again) => {
            hand.forget(key);
            again
        }
        Err(_) => hand.retry(key),
    }
}

fn work(hand: &mut Hand<'_>, set: Object, pods: &[Object]) -> Result<Option<Duration>, Status> {
    let mut all = revisions::list(hand, &set);
    let update = revisions::current(hand, &set, &mut all, HASH_LABEL)?;
    let named = object::text(&set, "/status/currentRevision");
    let current = all.iter().find(|it| object::name(it) == named).unwrap_or(&update).clone();
    let work = assign(set, current, update, pods);
    let acted = if is_deleting(&work.set) { Ok(()) } else { act(hand, &work) };
    status::write(hand, &work)?;
    acted?;
    let live = |revision: &Value| {
        let name = object::name(revision);
        let of_pod = |pod: &Object| object::label(pod, REVISION_LABEL) == Some(name);
        name == object::name(&work.current) || name == object::name(&work.update) || pods.iter().any(of_pod)
    };
    revisions::truncate(hand, &work.set, &all, &live)?;
    let now = hand.now();
    Ok(pods.iter().filter_map(|pod| pods::available_in(pod, work.min_ready, now)).min())
}

/// Sorts pods into those that have a number of the set and those that do not.
fn assign(set: Object, current: Object, update: Object, pods: &[Object]) -> Work {
    let (start, count) = (identity::start(&set), object::int(&set, "/spec/replicas").unwrap_or(1));
    let mut replicas: Vec<Replica> =
        (start..start + count.max(0)).map(|ordinal| Replica { ordinal, pod: None }).collect();
    let mut condemned = Vec::new();
    for pod in pods {
        let Some(ordinal) = identity::ordinal(&set, object::name(pod)) else { continue };
        match replicas.iter_mut().find(|it| it.ordinal == ordinal) {
            Some(slot) => slot.pod = Some(pod.clone()),
            None => condemned.push(Replica { ordinal, pod: Some(pod.clone()) }),
        }
    }
    condemned.sort_by_key(|it| std::cmp::Reverse(it.ordinal));
    let min_ready = object::int(&set, "/spec/minReadySeconds").unwrap_or(0);
    let ordered = object::text(&set, "/spec/podManagementPolicy") != "Parallel";
    Work { set, current, update, replicas, condemned, min_ready, ordered }
}

/// True when the pod runs and is available and stays.
fn is_healthy(hand: &Hand<'_>, work: &Work, replica: &Replica) -> bool {
    replica.pod.as_ref().is_some_and(|pod| {
        phase(pod) == "Running" && pods::is_available(pod, work.min_ready, hand.now()) && !is_deleting(pod)
    })
}

/// Whether the loop goes on to the next pod.
#[derive(PartialEq)]
enum Step {
    On,
    Wait,
}

fn act(hand: &mut Hand<'_>, work: &Work) -> Result<(), Status> {
    for replica in &work.replicas {
        if keep(hand, work, replica)? == Step::Wait && work.ordered {
            return Ok(());
        }
    }
    for replica in &work.condemned {
        claims::settle(hand, work, replica, true)?;
    }
    let first_unhealthy = first_unhealthy(hand, work);
    for replica in &work.condemned {
        if condemn(hand, work, replica, first_unhealthy)? == Step::Wait && work.ordered {
            return Ok(());
        }
    }
    if object::text(&work.set, "/spec/updateStrategy/type") == "OnDelete" {
        return Ok(());
    }
    update::replace_old(hand, work)
}

/// The lowest number whose pod is not healthy.
fn first_unhealthy(hand: &Hand<'_>, work: &Work) -> Option<i64> {
    let all = work.replicas.iter().chain(work.condemned.iter().rev());
    all.into_iter().find(|it| !is_healthy(hand, work, it)).map(|it| it.ordinal)
}

/// Sees to it that a number has its pod and the pod its claims.
fn keep(hand: &mut Hand<'_>, work: &Work, replica: &Replica) -> Result<Step, Status> {
    let Some(pod) = &replica.pod else {
        if claims::is_stale(hand, work, replica.ordinal) {
            return Ok(Step::Wait);
        }
        create(hand, work, replica.ordinal)?;
        return Ok(Step::Wait);
    };
    if pods::is_ended(pod) {
        if !is_deleting(pod) {
            delete(hand, &work.set, pod)?;
        }
        return Ok(Step::Wait);
    }
    if phase(pod) == "Pending" {
        claims::create_missing(hand, work, replica.ordinal, &identity::template_of(work, pod))?;
    }
    if is_healthy(hand, work, replica) || !work.ordered {
        claims::settle(hand, work, replica, false)?;
        return Ok(Step::On);
    }
    Ok(Step::Wait)
}

fn condemn(
    hand: &mut Hand<'_>,
    work: &Work,
    replica: &Replica,
    first_unhealthy: Option<i64>,
) -> Result<Step, Status> {
    let Some(pod) = &replica.pod else { return Ok(Step::On) };
    if is_deleting(pod) {
        return Ok(Step::Wait);
    }
    let waits_for_another = !is_healthy(hand, work, replica) && first_unhealthy != Some(replica.ordinal);
    if work.ordered && waits_for_another {
        return Ok(Step::Wait);
    }
    delete(hand, &work.set, pod)?;
    Ok(Step::Wait)
}

/// Makes the pod of a number, after its claims.
fn create(hand: &mut Hand<'_>, work: &Work, ordinal: i64) -> Result<(), Status> {
    let (set, revision) = identity::set_for(work, ordinal);
    let pod = identity::new_pod(&set, object::name(revision), ordinal);
    let made = claims::create_missing(hand, work, ordinal, &set).and_then(|()| hand.create("pods", pod));
    let name = identity::pod_name(&work.set, ordinal);
    say(hand, &work.set, "Create", &name, made.as_ref().err());
    made.map(drop)
}

fn delete(hand: &mut Hand<'_>, set: &Value, pod: &Value) -> Result<(), Status> {
    let deleted = hand.delete_with("pods", pod, &json!({}));
    say(hand, set, "Delete", object::name(pod), deleted.as_ref().err());
    match deleted {
        Err(refusal) if refusal.code != 404 => Err(refusal),
        _ => Ok(()),
    }
}

/// Says what became of an act on a pod.
fn say(hand: &mut Hand<'_>, set: &Value, verb: &str, pod: &str, refusal: Option<&Status>) {
    let about = format!("{verb} Pod {pod} in StatefulSet {}", object::name(set));
    match refusal {
        None => hand.event(set, events::normal(&format!("Successful{verb}"), format!("{about} successful"))),
        Some(refusal) => {
            let message = format!("{about} failed error: {}", refusal.message);
            hand.event(set, events::warning(&format!("Failed{verb}"), message));
        }
    }
}
