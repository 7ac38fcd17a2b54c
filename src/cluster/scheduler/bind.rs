//! What the scheduler writes: bindings, volumes for claims that waited, conditions, events, and the
//! deletion of pods that have to make room.

use super::cache::{NodeInfo, PodInfo};
use super::filter::{Cycle, volumes};
use super::preempt::Victims;
use super::queue::WaitState;
use super::{State, Store};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::Client;
use crate::cluster::events::{self, Action, Report, Source};
use crate::cluster::{ClusterId, Object, UserInfo, World};

/// Set on a claim whose volume is to be made for a node.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

fn client(world: &mut World, cluster: ClusterId) -> Client<'_> {
    let user = UserInfo::new("system:kube-scheduler", &["system:authenticated"]);
    Client::as_user(world, cluster, user)
}

fn tell(
    world: &mut World,
    cluster: ClusterId,
    (scheduler, about): (&str, &Value),
    action: &str,
    report: Report<'_>,
    related: Value,
) {
    // The scheduler runs on the host of the control plane.
    let host = world.clusters.get(cluster).and_then(|it| it.nodes.keys().next().cloned());
    let source = Source { component: scheduler.to_owned().into(), host: host.unwrap_or_default() };
    events::record_series(world, cluster, &source, about, Action { report, action, related });
}

/// Settles a pod on a node: at once, or when its volumes are bound.
pub(super) fn reserve(
    world: &mut World,
    cluster: ClusterId,
    state: &mut State,
    pod: &PodInfo,
    node: &NodeInfo,
    store: &Store,
) {
    let cycle = Cycle::new(pod, &state.nodes, store);
    let plan = node.node.as_ref().and_then(|it| volumes::plan(&cycle, it)).unwrap_or_default();
    if plan.is_empty() {
        bind(world, cluster, state, pod, &node.name);
        return;
    }
    for (claim, volume) in plan {
        match volume {
            Some(volume) => claim_volume(world, cluster, &claim, &volume),
            None => select_node(world, cluster, &claim, &node.name),
        }
    }
    state.queue.tried(&pod.key, WaitState::Binding { node: node.name.to_string() }, world.now);
}

fn claim_volume(world: &mut World, cluster: ClusterId, claim: &Object, volume: &Object) {
    let mut volume = (**volume).clone();
    let reference = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "name": object::name(claim), "namespace": object::namespace(claim), "uid": object::uid(claim),
        "resourceVersion": object::text(claim, "/metadata/resourceVersion"),
    });
    object::set(&mut volume, &["spec", "claimRef"], reference);
    object::set(&mut volume, &["metadata", "annotations", "pv.kubernetes.io/bound-by-controller"], "yes");
    let _ = client(world, cluster).update("persistentvolumes", volume);
}

fn select_node(world: &mut World, cluster: ClusterId, claim: &Object, node: &str) {
    if object::annotation(claim, SELECTED_NODE) == Some(node) {
        return;
    }
    let mut claim = (**claim).clone();
    object::set(&mut claim, &["metadata", "annotations", SELECTED_NODE], node);
    let _ = client(world, cluster).update("persistentvolumeclaims", claim);
}

/// Binds the pods whose volumes are all there by now.
pub(super) fn finish_waiting(world: &mut World, cluster: ClusterId, state: &mut State) {
    for (key, object, node) in state.queue.binding() {
        let profile = state.profile_of(&object);
        let pod = PodInfo { profile, ..PodInfo::new(key, object) };
        let Some(store) = world.clusters.get(cluster).map(|it| it.store.clone()) else { return };
        let ready = pod.claims.iter().all(|claim| {
            let claim = store.find("persistentvolumeclaims", pod.namespace(), &claim.name);
            claim.is_some_and(|it| volumes::is_bound(it))
        });
        if ready {
            bind(world, cluster, state, &pod, &node);
        }
    }
}

fn bind(world: &mut World, cluster: ClusterId, state: &mut State, pod: &PodInfo, node: &str) {
    let (namespace, name) = (pod.namespace(), &*pod.key.name);
    let binding = json!({
        "apiVersion": "v1", "kind": "Binding",
        "metadata": {"name": name, "namespace": namespace, "uid": object::uid(&pod.object)},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node},
    });
    match client(world, cluster).update_subresource("pods", "binding", binding) {
        Ok(_) => {
            state.queue.remove(&pod.key);
            let message = format!("Successfully assigned {namespace}/{name} to {node}");
            tell(
                world,
                cluster,
                (&pod.profile.name, &pod.object),
                "Binding",
                events::normal("Scheduled", message),
                Value::Null,
            );
        }
        Err(status) => {
            let rejected_by = vec!["DefaultBinder"];
            state.queue.tried(&pod.key, WaitState::Unschedulable { rejected_by }, world.now);
            let message = format!("binding rejected: {}", status.message);
            report(world, cluster, pod, "SchedulerError", &message, None);
        }
    }
}

/// Writes why a pod found no node.
pub(super) fn report_failure(
    world: &mut World,
    cluster: ClusterId,
    pod: &PodInfo,
    message: &str,
    nominated: Option<&str>,
) {
    report(world, cluster, pod, "Unschedulable", message, nominated);
}

fn report(
    world: &mut World,
    cluster: ClusterId,
    about: &PodInfo,
    reason: &'static str,
    message: &str,
    nominated: Option<&str>,
) {
    let pod = &about.object;
    let failed = events::warning("FailedScheduling", message);
    tell(world, cluster, (&about.profile.name, pod), "Scheduling", failed, Value::Null);
    let (namespace, name) = (object::namespace(pod), object::name(pod));
    let Some(pod) = client(world, cluster).get("pods", namespace, name) else { return };
    let mut changed = (*pod).clone();
    put_condition(&mut changed, "PodScheduled", "False", reason, message, &world.now.rfc3339());
    if let Some(node) = nominated {
        object::set(&mut changed, &["status", "nominatedNodeName"], node);
    }
    if changed.get("status") != pod.get("status") {
        let _ = client(world, cluster).update_subresource("pods", "status", changed);
    }
}

/// Sets a condition of a pod; the time of the last transition stays when the status does.
fn put_condition(pod: &mut Value, kind: &str, status: &str, reason: &str, message: &str, now: &str) {
    let generation = object::int(pod, "/metadata/generation").unwrap_or(1);
    let mut conditions = object::list(pod, "/status/conditions").to_vec();
    let at = conditions.iter().position(|it| object::field(it, "type") == kind);
    let before = at.and_then(|at| conditions.get(at));
    let since = before
        .filter(|it| object::field(it, "status") == status)
        .map_or(now, |it| object::field(it, "lastTransitionTime"))
        .to_owned();
    let condition = json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastProbeTime": null, "lastTransitionTime": since, "observedGeneration": generation,
    });
    match at.and_then(|at| conditions.get_mut(at)) {
        Some(slot) => *slot = condition,
        None => conditions.push(condition),
    }
    object::set(pod, &["status", "conditions"], conditions);
}

/// Deletes the pods that have to make room.
pub(super) fn evict(world: &mut World, cluster: ClusterId, preemptor: &PodInfo, victims: &Victims) {
    for victim in &victims.pods {
        let (namespace, name) = (victim.namespace(), &*victim.key.name);
        let mut marked = (*victim.object).clone();
        let reason = format!("{}: preempting to accommodate a higher priority pod", preemptor.profile.name);
        let now = world.now.rfc3339();
        put_condition(&mut marked, "DisruptionTarget", "True", "PreemptionByScheduler", &reason, &now);
        let _ = client(world, cluster).update_subresource("pods", "status", marked);
        let options = json!({"preconditions": {"uid": object::uid(&victim.object)}});
        let _ = client(world, cluster).delete("pods", namespace, name, &options);
        let message = format!("Preempted by pod {} on node {}", object::uid(&preemptor.object), victims.node);
        let preempted = events::normal("Preempted", message);
        let related = (*preemptor.object).clone();
        tell(world, cluster, (&preemptor.profile.name, &victim.object), "Preempting", preempted, related);
    }
}
