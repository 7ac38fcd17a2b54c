//! DaemonSets: one pod on every node that suits.
//!
//! Follows `pkg/controller/daemon`. Its parts: [`placement`] says which nodes suit and makes pods for
//! them, [`update`] replaces pods of an old template.
//!
//! Invariant: does not schedule; the pods name their node by affinity and the scheduler binds them.

mod placement;
mod update;

use std::collections::BTreeMap;
use std::time::Duration;

use super::census::{Census, Counted};
use super::hand::{Hand, join_key, wake_owner, wake_self};
use super::pods::{self, is_deleting, phase};
use super::select::selects;
use super::{revisions, scaling};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::engine::{Component, Process};
use crate::cluster::scheduler::matching::Toleration;
use crate::cluster::{Change, ClusterId, Event, Object, World, events};

pub(crate) const DAEMON_SET: Component =
    Component { name: "daemonset-controller", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "daemonsets.apps";

/// The label of pods and revisions with the hash of the template.
const HASH_LABEL: &str = "controller-revision-hash";

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    wake_self(event, RESOURCE, keys);
    wake_owner(event, "pods", "DaemonSet", keys);
    let store = &world.clusters[cluster].store;
    let key = |set: &Object| join_key(object::namespace(set), object::name(set));
    if &*event.key.resource == "pods" && object::controller_of(&event.object).is_none() {
        let fits =
            |set: &&Object| selects(set.pointer("/spec/selector").unwrap_or(&Value::Null), &event.object);
        keys.extend(store.list(RESOURCE, &event.key.namespace).filter(fits).map(key));
    }
    if &*event.key.resource == "nodes" && suitability_changed(event) {
        keys.extend(store.list(RESOURCE, "").map(key));
    }
}

/// True unless a change of a node leaves labels and taints as they were.
fn suitability_changed(event: &Event) -> bool {
    event.change == Change::Deleted
        || event.previous.as_ref().is_none_or(|before| {
            ["/metadata/labels", "/spec/taints"]
                .iter()
                .any(|at| before.pointer(at) != event.object.pointer(at))
        })
}

/// A set at work.
struct Work {
    /// The revision of the store that this is from.
    seen: u64,
    set: Object,
    /// The hash of the current template.
    hash: String,
    /// Nodes by name, and whether a pod shall be, and may stay, on each.
    nodes: BTreeMap<String, placement::Fit>,
    /// The set's pods by node.
    pods: BTreeMap<String, Vec<Counted>>,
    min_ready: i64,
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, DAEMON_SET.name);
    let Some(set) = hand.at(RESOURCE, key) else {
        hand.forget(key);
        hand.keep_census(key, None);
        return None;
    };
    let selector = set.pointer("/spec/selector").cloned().unwrap_or_default();
    if selector.as_object().is_some_and(Map::is_empty) {
        let message = "This daemon set is selecting all pods. A non-empty selector is required.";
        hand.event(&set, events::warning("SelectingAll", message));
        return None;
    }
    if is_deleting(&set) {
        return None;
    }
    match work(&mut hand, key, set) {
        Ok(again) => {
            hand.forget(key);
            again
        }
        Err(_) => hand.retry(key),
    }
}

fn work(hand: &mut Hand<'_>, key: &str, set: Object) -> Result<Option<Duration>, Status> {
    let mut history = revisions::list(hand, &set);
    let current = revisions::current(hand, &set, &mut history, HASH_LABEL)?;
    let mut work = look(hand, key, set, &current);
    let acted = manage(hand, &work).and_then(|()| {
        let rolls = object::text(&work.set, "/spec/updateStrategy/type") == "RollingUpdate";
        // The pods as they are after the first step.
        work.refresh(hand, key);
        if rolls { update::roll(hand, &work) } else { Ok(()) }
    });
    work.refresh(hand, key);
    write_status(hand, &work)?;
    acted?;
    let live = |revision: &Value| {
        let hash = object::label(revision, HASH_LABEL);
        let of_pod = |it: &Counted| object::label(&it.pod, HASH_LABEL) == hash;
        object::name(revision) == object::name(&current) || work.pods.values().flatten().any(of_pod)
    };
    revisions::truncate(hand, &work.set, &history, &live)?;
    let now = hand.now();
    Ok(work.pods.values().flatten().filter_map(|it| it.available_in(work.min_ready, now)).min())
}

fn look(hand: &mut Hand<'_>, key: &str, set: Object, current: &Value) -> Work {
    let seen = hand.store().revision();
    let pods = pods_by_node(hand, key, &set);
    let model = placement::model_pod(&set);
    let tolerations = Toleration::all_of(&model);
    let fit = |node: &Object| (object::name(node).to_owned(), placement::fit(&model, &tolerations, node));
    let nodes = hand.store().list("nodes", "").map(fit).collect();
    let hash = object::label(current, HASH_LABEL).unwrap_or("").to_owned();
    let min_ready = object::int(&set, "/spec/minReadySeconds").unwrap_or(0);
    Work { seen, set, hash, nodes, pods, min_ready }
}

/// The pods of a set by node, the best of each node first.
fn pods_by_node(hand: &mut Hand<'_>, key: &str, set: &Object) -> BTreeMap<String, Vec<Counted>> {
    let selector = set.pointer("/spec/selector").cloned().unwrap_or_default();
    let mut pods: BTreeMap<String, Vec<Counted>> = BTreeMap::new();
    for counted in Census::claim(hand, key, set, selector).all() {
        pods.entry(placement::node_of(&counted.pod)).or_default().push(counted.clone());
    }
    for here in pods.values_mut() {
        here.sort_by(|a, b| b.ready.cmp(&a.ready).then_with(|| pods::by_age(&a.pod, &b.pod)));
    }
    pods
}

impl Work {
    /// Looks at the pods again, if anything has changed since.
    fn refresh(&mut self, hand: &mut Hand<'_>, key: &str) {
        let now = hand.store().revision();
        if now != self.seen {
            self.pods = pods_by_node(hand, key, &self.set);
            self.seen = now;
        }
    }

    fn pods_on(&self, node: &str) -> &[Counted] {
        self.pods.get(node).map_or(&[], Vec::as_slice)
    }

    fn is_current(&self, pod: &Value) -> bool {
        object::label(pod, HASH_LABEL) == Some(&self.hash)
    }

    fn surges(&self) -> bool {
        update::limits(self).0 > 0
    }
}

/// Makes pods where they are missing and removes those that must not be.
fn manage(hand: &mut Hand<'_>, work: &Work) -> Result<(), Status> {
    let (mut missing, mut surplus) = (Vec::new(), Vec::new());
    for (node, fit) in &work.nodes {
        let here = work.pods_on(node);
        if fit.runs && here.is_empty() {
            missing.push(node.clone());
        } else if fit.stays {
            surplus.extend(surplus_on(hand, work, node, here));
        } else {
            surplus.extend(here.iter().filter(|it| !it.deleting).map(|it| it.pod.clone()));
        }
    }
    let gone = work.pods.iter().filter(|(node, _)| !work.nodes.contains_key(*node) && !node.is_empty());
    surplus.extend(gone.flat_map(|(_, pods)| pods).filter(|it| !it.deleting).map(|it| it.pod.clone()));
    apply(hand, work, &missing, &surplus)
}

/// Ended pods of a node, which make room for new ones, and all but one of several.
fn surplus_on(hand: &mut Hand<'_>, work: &Work, node: &str, here: &[Counted]) -> Vec<Object> {
    let mut surplus = Vec::new();
    let mut running = Vec::new();
    for pod in here.iter().filter(|it| !it.deleting).map(|it| &it.pod) {
        let (namespace, name) = (object::namespace(pod), object::name(pod));
        match phase(pod) {
            "Failed" => {
                let message =
                    format!("Found failed daemon pod {namespace}/{name} on node {node}, will try to kill it");
                hand.event(&work.set, events::warning("FailedDaemonPod", message));
                surplus.push(pod.clone());
            }
            "Succeeded" => {
                let message = format!(
                    "Found succeeded daemon pod {namespace}/{name} on node {node}, will try to delete it"
                );
                hand.event(&work.set, events::normal("SucceededDaemonPod", message));
                surplus.push(pod.clone());
            }
            _ => running.push(pod.clone()),
        }
    }
    if running.len() < 2 {
        return surplus;
    }
    running.sort_by(pods::by_age);
    let keep = if work.surges() { 2 } else { 1 };
    surplus.extend(running.into_iter().skip(keep));
    surplus
}

fn apply(hand: &mut Hand<'_>, work: &Work, missing: &[String], surplus: &[Object]) -> Result<(), Status> {
    let mut result = Ok(());
    for node in missing.iter().take(scaling::BURST) {
        let made = scaling::create_pod(hand, &work.set, placement::pod_for(&work.set, node, &work.hash));
        let refused = made.err().filter(|refusal| !scaling::is_terminating(refusal));
        if let Some(refusal) = refused {
            // Slow start: one refusal is enough for this time.
            result = Err(refusal);
            break;
        }
    }
    for pod in surplus {
        scaling::delete_pod(hand, &work.set, pod)?;
    }
    result
}

fn write_status(hand: &mut Hand<'_>, work: &Work) -> Result<(), Status> {
    let now = hand.now();
    let mut count: BTreeMap<&str, i64> = BTreeMap::new();
    let mut add = |key: &'static str, holds: bool| *count.entry(key).or_insert(0) += i64::from(holds);
    for (node, fit) in &work.nodes {
        let first = work.pods_on(node).first();
        add("desiredNumberScheduled", fit.runs);
        add("numberMisscheduled", !fit.runs && first.is_some());
        let Some(pod) = first.filter(|_| fit.runs) else { continue };
        add("currentNumberScheduled", true);
        add("numberReady", pod.ready);
        add("numberAvailable", pod.available(work.min_ready, now));
        add("updatedNumberScheduled", work.is_current(&pod.pod));
    }
    let get = |key: &str| count.get(key).copied().unwrap_or(0);
    let mut status = Map::new();
    for key in ["currentNumberScheduled", "desiredNumberScheduled", "numberMisscheduled", "numberReady"] {
        status.insert(key.into(), get(key).into());
    }
    let generation = object::int(&work.set, "/metadata/generation").unwrap_or(0);
    let optional = [
        ("numberAvailable", get("numberAvailable")),
        ("numberUnavailable", get("desiredNumberScheduled") - get("numberAvailable")),
        ("observedGeneration", generation),
        ("updatedNumberScheduled", get("updatedNumberScheduled")),
    ];
    for (key, count) in optional.into_iter().filter(|(_, count)| *count != 0) {
        status.insert(key.into(), count.into());
    }
    if let Some(collisions) = object::at(&work.set, "/status/collisionCount") {
        status.insert("collisionCount".into(), json!(collisions));
    }
    hand.update_status(RESOURCE, &work.set, status.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::controllers::testing::Lab;

    const LOGGER: &str = "
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: logger}
spec:
  selector: {matchLabels: {app: logger}}
  template:
    metadata: {labels: {app: logger}}
    spec: {containers: [{name: c, image: fluentd}]}
";

    /// Applies `patch`, waits, and compares `ready/updated/desired`.
    #[track_caller]
    fn check(lab: &mut Lab, patch: &str, want: &str) {
        if !patch.is_empty() {
            lab.patch(RESOURCE, "logger", patch);
        }
        lab.pass(6);
        let set = lab.get(RESOURCE, "logger");
        let count = |key: &str| object::int(&set, &format!("/status/{key}")).unwrap_or(0);
        let got = format!(
            "{}/{}/{}",
            count("numberReady"),
            count("updatedNumberScheduled"),
            count("desiredNumberScheduled")
        );
        assert_eq!(got, want, "after {patch}");
    }

    #[test]
    fn pods_follow_taints_labels_and_templates() {
        let mut lab = Lab::new();
        lab.create(RESOURCE, LOGGER);
        check(&mut lab, "", "2/2/2");
        check(&mut lab, "spec: {template: {spec: {tolerations: [{operator: Exists}]}}}", "3/3/3");
        check(&mut lab, "spec: {template: {spec: {nodeSelector: {disk: ssd}}}}", "0/0/0");
        lab.patch("nodes", "node01", "metadata: {labels: {disk: ssd}}");
        check(&mut lab, "", "1/1/1");
    }

    #[test]
    fn a_surge_makes_the_new_pod_first() {
        let mut lab = Lab::new();
        lab.create(RESOURCE, LOGGER);
        check(&mut lab, "spec: {updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}}", "2/2/2");
        check(&mut lab, "spec: {template: {spec: {containers: [{name: c, image: 'fluentd:2'}]}}}", "2/2/2");
        check(&mut lab, "spec: {template: {spec: {containers: [{name: c, image: 'x:wrong'}]}}}", "2/0/2");
    }
}
