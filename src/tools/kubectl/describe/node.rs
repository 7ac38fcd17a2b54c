//! Nodes: what they are, what they have, and what runs on them.

use std::collections::BTreeMap;

use super::events;
use super::resources::{self, Amounts, Which};
use super::writer::{Writer, amount, joined, or_none, put, rfc1123, since};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::{Key, Value, json};
use crate::apimachinery::object::{at, entries, field, flag, list, name, namespace, text};
use crate::apimachinery::quantity::Quantity;

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";
const ROLE_LABEL: &str = "kubernetes.io/role";

/// 10. How many pools of devices are named before they are only counted.
const POOLS_MAX: usize = 10;

/// Lines of `System Info:` and where they come from.
const SYSTEM_INFO: &[(&str, &str)] = &[
    ("Machine ID", "machineID"),
    ("System UUID", "systemUUID"),
    ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"),
    ("Operating System", "operatingSystem"),
    ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"),
    ("Kubelet Version", "kubeletVersion"),
];

/// Describes a node.
pub(super) fn describe(node: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let running = format!("spec.nodeName={},status.phase!=Succeeded,status.phase!=Failed", name(node));
    let pods = match lookup.list("v1", "pods", "", "", &running) {
        Err(error) if error.reason() != "Forbidden" => return Err(error),
        pods => pods.ok(),
    };
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(node));
    put!(w, 0, "Roles:\t{}\n", or_none(&roles(node)));
    w.labels_and_annotations(node);
    put!(w, 0, "CreationTimestamp:\t{}\n", rfc1123(text(node, "/metadata/creationTimestamp")));
    w.taints("Taints", list(node, "/spec/taints"));
    put!(w, 0, "Unschedulable:\t{}\n", flag(node, "/spec/unschedulable"));
    lease(&mut w, node, lookup);
    conditions(&mut w, node);
    put!(w, 0, "Addresses:\n");
    for address in list(node, "/status/addresses") {
        put!(w, 1, "{}:\t{}\n", field(address, "type"), field(address, "address"));
    }
    amounts(&mut w, node, "Capacity", "/status/capacity");
    amounts(&mut w, node, "Allocatable", "/status/allocatable");
    resource_slices(&mut w, node, lookup);
    put!(w, 0, "System Info:\n");
    for (label, key) in SYSTEM_INFO {
        put!(w, 0, "  {label}:\t{}\n", text(node, &format!("/status/nodeInfo/{key}")));
    }
    network(&mut w, node);
    match pods {
        Some(pods) => what_runs(&mut w, node, &pods, lookup),
        None => put!(w, 0, "Pods:\tnot authorized\n"),
    }
    if settings.show_events {
        let found = node_events(node, lookup);
        events::write(&mut w, found, lookup.now());
    }
    Ok(w.finish())
}

/// The roles of a node by its labels.
fn roles(node: &Value) -> String {
    let labels = entries(node, "/metadata/labels");
    let role = |(key, value): (&Key, &Value)| match key.strip_prefix(ROLE_PREFIX) {
        Some(role) => Some(role.to_owned()),
        None if key == ROLE_LABEL => value.as_str().map(str::to_owned),
        None => None,
    };
    let mut roles: Vec<String> = labels.filter_map(role).filter(|role| !role.is_empty()).collect();
    roles.sort();
    roles.dedup();
    roles.join(",")
}

fn lease(w: &mut Writer, node: &Value, lookup: &mut dyn Lookup) {
    let lease = match lookup.get("coordination.k8s.io/v1", "leases", "kube-node-lease", name(node)) {
        Ok(lease) => lease,
        Err(error) => return put!(w, 0, "Lease:\tFailed to get lease: {}\n", error.sentence()),
    };
    put!(w, 0, "Lease:\n");
    let holder = at(&lease, "/spec/holderIdentity").and_then(Value::as_str).unwrap_or("<unset>");
    put!(w, 1, "HolderIdentity:\t{holder}\n");
    for (label, pointer) in [("AcquireTime", "/spec/acquireTime"), ("RenewTime", "/spec/renewTime")] {
        match text(&lease, pointer) {
            "" => put!(w, 1, "{label}:\t<unset>\n"),
            time => put!(w, 1, "{label}:\t{}\n", rfc1123(time)),
        }
    }
}

fn conditions(w: &mut Writer, node: &Value) {
    let conditions = list(node, "/status/conditions");
    if conditions.is_empty() {
        return;
    }
    put!(w, 0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n");
    put!(w, 1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for condition in conditions {
        let text = |key| field(condition, key);
        let (beat, changed) = (rfc1123(text("lastHeartbeatTime")), rfc1123(text("lastTransitionTime")));
        let (kind, status) = (text("type"), text("status"));
        put!(w, 1, "{kind} \t{status} \t{beat} \t{changed} \t{} \t{}\n", text("reason"), text("message"));
    }
}

fn amounts(w: &mut Writer, node: &Value, title: &str, pointer: &str) {
    for (i, (resource, _)) in entries(node, pointer).enumerate() {
        if i == 0 {
            put!(w, 0, "{title}:\n");
        }
        put!(w, 0, "  {resource}:\t{}\n", amount(node.pointer(pointer), resource));
    }
}

fn resource_slices(w: &mut Writer, node: &Value, lookup: &mut dyn Lookup) {
    let here = format!("spec.nodeName={}", name(node));
    let slices = lookup.list("resource.k8s.io/v1", "resourceslices", "", "", &here).unwrap_or_default();
    let mut pools: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for slice in &slices {
        let pool = pools.entry((text(slice, "/spec/driver"), text(slice, "/spec/pool/name"))).or_default();
        pool.0 += 1;
        pool.1 += list(slice, "/spec/devices").len();
    }
    if pools.is_empty() {
        return;
    }
    put!(w, 0, "Node-Local ResourceSlices:\n");
    put!(w, 1, "Driver\tPool\tSlices\tDevices\n");
    put!(w, 1, "------\t----\t------\t-------\n");
    for ((driver, pool), (slices, devices)) in pools.iter().take(POOLS_MAX) {
        put!(w, 1, "{driver}\t{pool}\t{slices}\t{devices}\n");
    }
    if pools.len() > POOLS_MAX {
        put!(w, 1, "...and {} more pools\n", pools.len() - POOLS_MAX);
    }
}

fn network(w: &mut Writer, node: &Value) {
    let cidrs = joined(list(node, "/spec/podCIDRs"), ",");
    for (label, value) in [
        ("PodCIDR", text(node, "/spec/podCIDR")),
        ("PodCIDRs", cidrs.as_str()),
        ("ProviderID", text(node, "/spec/providerID")),
    ] {
        if !value.is_empty() {
            put!(w, 0, "{label}:\t{value}\n");
        }
    }
}

/// An amount and its share of what the node can give: `100m (5%)`.
fn share(amounts: &Amounts, resource: &str, allocatable: &Value) -> String {
    let amount = amounts.get(resource).cloned();
    let whole = Quantity::of(allocatable.get(resource));
    let text = amount.as_ref().map_or_else(|| "0".to_owned(), ToString::to_string);
    let number = |quantity: &Quantity| match resource {
        "cpu" => quantity.as_milli() as f64,
        _ => quantity.as_int() as f64,
    };
    let part = amount.as_ref().map_or(0.0, number);
    let percent = if number(&whole) == 0.0 { 0.0 } else { part / number(&whole) * 100.0 };
    format!("{text} ({}%)", percent as i64)
}

fn what_runs(w: &mut Writer, node: &Value, pods: &[Value], lookup: &dyn Lookup) {
    let allocatable =
        at(node, "/status/allocatable").filter(|map| map.as_object().is_some_and(|map| !map.is_empty()));
    let allocatable = allocatable.or_else(|| at(node, "/status/capacity")).unwrap_or(&Value::Null);
    put!(w, 0, "Non-terminated Pods:\t({} in total)\n", pods.len());
    put!(w, 1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n");
    put!(w, 1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n");
    for pod in pods {
        let requests = resources::of_pod(pod, Which::Requests, true);
        let limits = resources::of_pod(pod, Which::Limits, true);
        let cells = [(&requests, "cpu"), (&limits, "cpu"), (&requests, "memory"), (&limits, "memory")]
            .map(|(amounts, resource)| share(amounts, resource, allocatable));
        let age = since(text(pod, "/metadata/creationTimestamp"), lookup.now());
        put!(w, 1, "{}\t{}\t\t{}\t{age}\n", namespace(pod), name(pod), cells.join("\t"));
    }
    allocated(w, pods, allocatable);
}

fn allocated(w: &mut Writer, pods: &[Value], allocatable: &Value) {
    put!(w, 0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
    put!(w, 1, "Resource\tRequests\tLimits\n");
    put!(w, 1, "--------\t--------\t------\n");
    let (requests, limits) =
        (resources::of_pods(pods, Which::Requests), resources::of_pods(pods, Which::Limits));
    let usual = ["cpu", "memory", "ephemeral-storage"];
    let mut names: Vec<&str> = usual.to_vec();
    let others = || entries(allocatable, "").map(|(key, _)| key.as_str());
    names.extend(others().filter(|name| name.starts_with("hugepages-")));
    for resource in names {
        put!(
            w,
            1,
            "{resource}\t{}\t{}\n",
            share(&requests, resource, allocatable),
            share(&limits, resource, allocatable)
        );
    }
    let extended =
        others().filter(|name| !usual.contains(name) && !name.starts_with("hugepages-") && *name != "pods");
    for resource in extended {
        let plain =
            |amounts: &Amounts| amounts.get(resource).map_or_else(|| "0".to_owned(), ToString::to_string);
        put!(w, 1, "{resource}\t{}\t{}\n", plain(&requests), plain(&limits));
    }
}

/// The events of a node: some writers take its UID, others its name in the place of the UID.
fn node_events(node: &Value, lookup: &mut dyn Lookup) -> Vec<Value> {
    let mut reference = events::reference(node);
    let mut all = events::search(lookup, &reference);
    reference["uid"] = json!(name(node));
    all.extend(events::search(lookup, &reference));
    all
}
