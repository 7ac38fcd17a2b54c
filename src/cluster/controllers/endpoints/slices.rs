//! EndpointSlices of services with a selector: 100 endpoints a slice, one set of ports a slice.

use std::time::Duration;

use super::{HEADLESS, TRIGGER, backends, hostname, is_headless, is_managed, pod_reference, ports};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::controllers::hand::Hand;
use crate::cluster::controllers::owners::controller_ref;
use crate::cluster::controllers::pods::{is_deleting, is_ready};
use crate::cluster::engine::{Component, Process};
use crate::cluster::{ClusterId, Event, Object, World};

pub(crate) const ENDPOINT_SLICES: Component =
    Component { name: "endpointslice-controller", process: Process::ControllerManager, woken_by, sync };

pub(super) const RESOURCE: &str = "endpointslices.discovery.k8s.io";

/// The label with the name of the service.
pub(super) const SERVICE: &str = "kubernetes.io/service-name";

/// The label with the name of the loop that made a slice.
pub(super) const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// 100. Source: `--max-endpoints-per-slice`.
const ENDPOINTS_MAX: usize = 100;

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    super::woken_by(world, cluster, event, keys);
    let ours = object::label(&event.object, MANAGED_BY) == Some("endpointslice-controller.k8s.io");
    if &*event.key.resource == RESOURCE && ours {
        let service = object::label(&event.object, SERVICE).unwrap_or("");
        keys.push(format!("{}/{service}", event.key.namespace));
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, ENDPOINT_SLICES.name);
    let service = hand.at("services", key).filter(|it| is_managed(it) && !is_deleting(it))?;
    let groups = groups(&hand, &service);
    let mut existing = hand.controlled(&service, "EndpointSlice");
    let mut written = Ok(());
    for group in groups {
        let same = existing.iter().position(|it| it.get("ports") == Some(&group.ports)).or(
            // An empty slice takes any ports.
            existing.iter().position(|it| object::list(it, "/endpoints").is_empty()),
        );
        let slice = same.map(|at| existing.remove(at));
        written = written.and(write(&mut hand, &service, slice, group));
    }
    for slice in existing {
        written = written.and(hand.delete(RESOURCE, &slice));
    }
    if written.is_err() { hand.retry(key) } else { None }
}

/// Endpoints that share their ports.
struct Group {
    ports: Value,
    endpoints: Value,
}

fn groups(hand: &Hand<'_>, service: &Value) -> Vec<Group> {
    let mut by_ports: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
    for pod in backends(hand, service) {
        let (ports, endpoint) = (ports(service, &pod), endpoint(hand, service, &pod));
        match by_ports.iter_mut().find(|(known, _)| *known == ports) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => by_ports.push((ports, vec![endpoint])),
        }
    }
    if by_ports.is_empty() {
        return vec![Group { ports: Value::Null, endpoints: Value::Null }];
    }
    let chunks = by_ports.iter().flat_map(|(ports, endpoints)| {
        endpoints
            .chunks(ENDPOINTS_MAX)
            .map(|chunk| Group { ports: ports.clone().into(), endpoints: chunk.into() })
    });
    chunks.collect()
}

fn endpoint(hand: &Hand<'_>, service: &Value, pod: &Value) -> Value {
    let terminating = is_deleting(pod);
    let publish = object::flag(service, "/spec/publishNotReadyAddresses");
    let serving = publish || is_ready(pod);
    let node = object::text(pod, "/spec/nodeName");
    let mut endpoint = json!({
        "addresses": [object::text(pod, "/status/podIP")],
        "conditions": {
            "ready": publish || (serving && !terminating), "serving": serving, "terminating": terminating,
        },
        "nodeName": node,
        "targetRef": pod_reference(pod),
    });
    if let Some(name) = hostname(service, pod) {
        endpoint["hostname"] = name.into();
    }
    let node = hand.get("nodes", "", node);
    if let Some(zone) = node.as_ref().and_then(|it| object::label(it, "topology.kubernetes.io/zone")) {
        endpoint["zone"] = zone.into();
    }
    endpoint
}

fn write(hand: &mut Hand<'_>, service: &Value, slice: Option<Object>, group: Group) -> Result<(), Status> {
    let labels = labels(service);
    let new = slice.is_none();
    let mut changed = slice.as_ref().map_or_else(|| skeleton(service), |it| (**it).clone());
    object::set(&mut changed, &["metadata", "labels"], labels);
    changed["ports"] = group.ports;
    changed["endpoints"] = group.endpoints;
    let same =
        |key: &str| slice.as_ref().is_some_and(|it| it.get(key).unwrap_or(&Value::Null) == &changed[key]);
    let labelled = slice
        .as_ref()
        .is_some_and(|it| it.pointer("/metadata/labels") == changed.pointer("/metadata/labels"));
    if same("ports") && same("endpoints") && labelled {
        return Ok(());
    }
    object::set(&mut changed, &["metadata", "annotations", TRIGGER], hand.now().rfc3339());
    if new { hand.create(RESOURCE, changed) } else { hand.update(RESOURCE, changed) }.map(drop)
}

fn labels(service: &Value) -> Value {
    let mut labels = object::at(service, "/metadata/labels").cloned().unwrap_or_else(|| json!({}));
    if is_headless(service) {
        object::set(&mut labels, &[HEADLESS], "");
    }
    object::set(&mut labels, &[SERVICE], object::name(service));
    object::set(&mut labels, &[MANAGED_BY], "endpointslice-controller.k8s.io");
    labels
}

fn skeleton(service: &Value) -> Value {
    let family = object::text(service, "/spec/ipFamilies/0");
    json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": format!("{}-", object::name(service)),
            "namespace": object::namespace(service),
            "ownerReferences": [controller_ref(service)],
        },
        "addressType": if family.is_empty() { "IPv4" } else { family },
    })
}
