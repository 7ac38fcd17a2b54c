//! The filters for volumes: claims that exist, bind and are free, zones, and limits of drivers.
//!
//! Follows `plugins/{volumerestrictions,nodevolumelimits,volumebinding,volumezone}`. Which volume a
//! claim takes in the end is the volume controller's business; here it is enough that one exists.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cycle, Rejection};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;
use crate::apimachinery::selector::LabelSelector;
use crate::cluster::scheduler::cache::{ClaimUse, NodeInfo, Nodes, PodInfo};
use crate::cluster::scheduler::matching;
use crate::cluster::{Object, Store};

/// Set on a claim when its binding is complete.
const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";

/// A provisioner that provisions nothing.
const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

const ZONE_LABELS: &[&str] = &[
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "topology.kubernetes.io/region",
];

/// The claims of a pod, by what is left to do for them.
#[derive(Clone, Debug, Default)]
pub(in crate::cluster::scheduler) struct State {
    bound: Vec<Object>,
    /// Claims that wait for their first consumer.
    pub(in crate::cluster::scheduler) unbound: Vec<Object>,
    /// True when a claim for one pod only is in use by another.
    taken: bool,
}

pub(super) fn state(pod: &PodInfo, nodes: &Nodes, store: &Store) -> State {
    let mut state = State::default();
    for claim_use in &pod.claims {
        let Some(claim) = store.find("persistentvolumeclaims", pod.namespace(), &claim_use.name) else {
            continue;
        };
        state.taken |= is_exclusive(claim) && in_use(pod, claim_use, nodes);
        if is_bound(claim) {
            state.bound.push(claim.clone());
        } else {
            state.unbound.push(claim.clone());
        }
    }
    state
}

fn is_exclusive(claim: &Value) -> bool {
    object::list(claim, "/spec/accessModes").iter().any(|mode| mode == "ReadWriteOncePod")
}

fn in_use(pod: &PodInfo, claim: &ClaimUse, nodes: &Nodes) -> bool {
    let mut others = nodes.values().flat_map(|info| info.pods.values());
    others.any(|other| {
        other.key != pod.key
            && other.key.namespace == pod.key.namespace
            && other.claims.iter().any(|it| it.name == claim.name)
    })
}

/// True when the claim has its volume and the binding is complete.
pub(in crate::cluster::scheduler) fn is_bound(claim: &Value) -> bool {
    !object::text(claim, "/spec/volumeName").is_empty() && object::annotation(claim, BIND_COMPLETED).is_some()
}

pub(super) fn claims_exist(pod: &PodInfo, store: &Store) -> Option<String> {
    let missing = pod
        .claims
        .iter()
        .find(|it| store.find("persistentvolumeclaims", pod.namespace(), &it.name).is_none())?;
    Some(missing_claim(missing))
}

fn missing_claim(claim: &ClaimUse) -> String {
    if claim.ephemeral {
        format!(
            "waiting for ephemeral volume controller to create the persistentvolumeclaim {:?}",
            claim.name
        )
    } else {
        format!("persistentvolumeclaim {:?} not found", claim.name)
    }
}

pub(super) fn claims_usable(pod: &PodInfo, store: &Store) -> Option<String> {
    let mut waits = false;
    for claim_use in &pod.claims {
        let name = &claim_use.name;
        let Some(claim) = store.find("persistentvolumeclaims", pod.namespace(), name) else {
            return Some(missing_claim(claim_use));
        };
        if object::text(claim, "/status/phase") == "Lost" {
            let volume = object::text(claim, "/spec/volumeName");
            return Some(format!(
                "persistentvolumeclaim {name:?} bound to non-existent persistentvolume {volume:?}"
            ));
        }
        if object::at(claim, "/metadata/deletionTimestamp").is_some() {
            return Some(format!("persistentvolumeclaim {name:?} is being deleted"));
        }
        let owned = object::controller_of(claim)
            .is_some_and(|it| object::field(it, "uid") == object::uid(&pod.object));
        if claim_use.ephemeral && !owned {
            let pod = format!("{}/{}", pod.key.namespace, pod.key.name);
            return Some(format!("PVC {name:?} was not created for pod {pod:?} (pod is not owner)"));
        }
        waits |= !is_bound(claim) && !binds_late(claim, store);
    }
    waits.then(|| "pod has unbound immediate PersistentVolumeClaims".to_owned())
}

/// True when the claim is bound only once a pod that uses it is scheduled.
fn binds_late(claim: &Value, store: &Store) -> bool {
    let class =
        store.find("storageclasses.storage.k8s.io", "", object::text(claim, "/spec/storageClassName"));
    object::text(claim, "/spec/volumeName").is_empty()
        && class.is_some_and(|it| object::text(it, "/volumeBindingMode") == "WaitForFirstConsumer")
}

pub(super) fn restrictions(cycle: &Cycle<'_>, _info: &NodeInfo) -> Option<Rejection> {
    cycle.volumes.taken.then(|| {
        Rejection::because(
            "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
        )
    })
}

pub(super) fn limits(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    if cycle.pod.claims.is_empty() {
        return None;
    }
    let drivers = cycle.store.find("csinodes.storage.k8s.io", "", &info.name)?;
    let wanted = driver_volumes(cycle.store, cycle.pod);
    let mut there: BTreeSet<(String, String)> = BTreeSet::new();
    for pod in info.pods.values() {
        there.extend(driver_volumes(cycle.store, pod));
    }
    let exceeded = object::list(drivers, "/spec/drivers").iter().any(|driver| {
        let Some(limit) = object::int(driver, "/allocatable/count") else { return false };
        let of = |it: &&(String, String)| it.0 == object::field(driver, "name");
        let fresh = wanted.iter().filter(of).filter(|it| !there.contains(it)).count();
        let used = there.iter().filter(of).count();
        fresh > 0 && i64::try_from(fresh + used).unwrap_or(i64::MAX) > limit
    });
    exceeded.then(|| Rejection::because("node(s) exceed max volume count"))
}

/// Driver and handle of each CSI volume that a pod uses.
fn driver_volumes(store: &Store, pod: &PodInfo) -> BTreeSet<(String, String)> {
    let volume = |claim: &ClaimUse| {
        let claim = store.find("persistentvolumeclaims", pod.namespace(), &claim.name)?;
        let volume = store.find("persistentvolumes", "", object::text(claim, "/spec/volumeName"))?;
        let csi = object::at(volume, "/spec/csi")?;
        Some((object::field(csi, "driver").to_owned(), object::field(csi, "volumeHandle").to_owned()))
    };
    pod.claims.iter().filter_map(volume).collect()
}

pub(super) fn binding(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    let node = info.node.as_ref()?;
    for claim in &cycle.volumes.bound {
        let name = object::text(claim, "/spec/volumeName");
        let Some(volume) = cycle.store.find("persistentvolumes", "", name) else {
            return Some(Rejection::final_because(
                "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
            ));
        };
        if !reachable(volume, node) {
            return Some(Rejection::final_because("node(s) didn't match PersistentVolume's node affinity"));
        }
    }
    if plan(cycle, node).is_none() {
        return Some(Rejection::final_because("node(s) didn't find available persistent volumes to bind"));
    }
    None
}

/// Whether the volume's node affinity allows the node.
fn reachable(volume: &Value, node: &Value) -> bool {
    object::at(volume, "/spec/nodeAffinity/required")
        .is_none_or(|it| matching::node_selector_matches(it, node))
}

/// What to do for the claims that wait for this node: the volume to bind each to, or `None` for one
/// that is to be provisioned.
pub(in crate::cluster::scheduler) type Plan = Vec<(Object, Option<Object>)>;

/// The plan for a node; `None` when a claim finds nothing there.
pub(in crate::cluster::scheduler) fn plan(cycle: &Cycle<'_>, node: &Value) -> Option<Plan> {
    let mut chosen = BTreeSet::new();
    let mut plan = Plan::new();
    for claim in &cycle.volumes.unbound {
        match find_volume(cycle.store, claim, node, &chosen) {
            Some(volume) => {
                chosen.insert(object::name(&volume).to_owned());
                plan.push((claim.clone(), Some(volume)));
            }
            None if can_provision(cycle.store, claim, node) => plan.push((claim.clone(), None)),
            None => return None,
        }
    }
    Some(plan)
}

/// The smallest volume that would do for the claim on the node.
fn find_volume(store: &Store, claim: &Value, node: &Value, chosen: &BTreeSet<String>) -> Option<Object> {
    let size = |it: &Value| Quantity::of(object::at(it, "/spec/capacity/storage")).as_int();
    let wanted = Quantity::of(object::at(claim, "/spec/resources/requests/storage")).as_int();
    let selector = object::at(claim, "/spec/selector").map(LabelSelector::from_object);
    let labels = |it: &Value| it.pointer("/metadata/labels").cloned().unwrap_or(Value::Null);
    let suits = |volume: &&Object| {
        let same = |pointer: &str| object::text(volume, pointer) == object::text(claim, pointer);
        let mode = |it: &Value| object::text(it, "/spec/volumeMode") == "Block";
        let modes = object::list(volume, "/spec/accessModes");
        !chosen.contains(object::name(volume))
            && is_free(volume, claim)
            && same("/spec/storageClassName")
            && same("/spec/volumeAttributesClassName")
            && mode(volume) == mode(claim)
            && object::list(claim, "/spec/accessModes").iter().all(|it| modes.contains(it))
            && size(volume) >= wanted
            && selector.as_ref().is_none_or(|it| it.as_ref().is_ok_and(|it| it.matches(&labels(volume))))
            && reachable(volume, node)
    };
    let volumes = store.list("persistentvolumes", "").filter(suits);
    // A volume that is reserved for the claim comes before all others.
    volumes.min_by_key(|it| (object::at(it, "/spec/claimRef").is_none(), size(it))).cloned()
}

fn is_free(volume: &Value, claim: &Value) -> bool {
    if object::at(volume, "/metadata/deletionTimestamp").is_some() {
        return false;
    }
    match object::at(volume, "/spec/claimRef") {
        None => object::text(volume, "/status/phase") == "Available",
        Some(reference) => {
            let uid = object::field(reference, "uid");
            object::field(reference, "name") == object::name(claim)
                && object::field(reference, "namespace") == object::namespace(claim)
                && (uid.is_empty() || uid == object::uid(claim))
        }
    }
}

fn can_provision(store: &Store, claim: &Value, node: &Value) -> bool {
    let name = object::text(claim, "/spec/storageClassName");
    let Some(class) = store.find("storageclasses.storage.k8s.io", "", name) else { return false };
    let provisioner = object::text(class, "/provisioner");
    if provisioner.is_empty()
        || provisioner == NO_PROVISIONER
        || object::at(claim, "/spec/selector").is_some()
    {
        return false;
    }
    let topologies = object::list(class, "/allowedTopologies");
    let allows = |term: &Value| {
        object::list(term, "/matchLabelExpressions").iter().all(|it| {
            let have = object::label(node, object::field(it, "key"));
            object::list(it, "/values").iter().any(|value| value.as_str() == have)
        })
    };
    topologies.is_empty() || topologies.iter().any(allows)
}

pub(super) fn zone(cycle: &Cycle<'_>, info: &NodeInfo) -> Option<Rejection> {
    if cycle.volumes.bound.is_empty() {
        return None;
    }
    // A node outside of all zones takes volumes of any.
    let node =
        info.node.as_ref().filter(|node| ZONE_LABELS.iter().any(|key| object::label(node, key).is_some()))?;
    let volume = |claim: &Object| {
        cycle.store.find("persistentvolumes", "", object::text(claim, "/spec/volumeName")).cloned()
    };
    let volumes: Vec<Object> = cycle.volumes.bound.iter().filter_map(volume).collect();
    let wanted: BTreeMap<&str, Vec<&str>> = volumes
        .iter()
        .flat_map(|volume| ZONE_LABELS.iter().map(move |key| (*key, object::label(volume, key))))
        .filter_map(|(key, zones)| Some((key, zones?.split("__").collect())))
        .collect();
    let elsewhere = wanted.iter().any(|(key, zones)| {
        let newer = key.replace("failure-domain.beta", "topology");
        let here = object::label(node, key).or_else(|| object::label(node, &newer));
        here.is_none_or(|here| !zones.contains(&here))
    });
    elsewhere.then(|| Rejection::final_because("node(s) had no available volume zone"))
}
