//! Aggregated APIs: groups that an APIService hands to a service of the cluster.
//!
//! A control loop tells in each such APIService whether its service answers. The only program of the image
//! catalogue that serves an API is metrics-server, so that `metrics.k8s.io` is the only group with content;
//! every other one is as a service that does not answer. What nodes and pods use comes from the kubelets.

use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::read::{Form, form};
use super::resources::Resource;
use super::route::Route;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::apimachinery::status::Status;
use crate::cluster::engine::{Component, Process};
use crate::cluster::kubelet::run::PodId;
use crate::cluster::kubelet::usage::{self, Usage};
use crate::cluster::network::{self, Outcome, Protocol};
use crate::cluster::{Body, Cluster, ClusterId, Event, Object, Place, Request, Response, UserInfo, World};

pub(super) const APISERVICES: &str = "apiservices.apiregistration.k8s.io";

/// The group that metrics-server serves, and its version.
const METRICS: (&str, &str) = ("metrics.k8s.io", "v1beta1");

/// 30 s: how often a service that does not answer is tried again.
const RETRY: Duration = Duration::from_secs(30);

/// 15 s: how far apart metrics-server asks kubelets, and so the age that a pod needs before it has metrics.
/// Its `--metric-resolution` as deployed.
const RESOLUTION: Duration = Duration::from_secs(15);

/// Keeps the `Available` condition of APIServices with a service. A key is the name of one.
pub(crate) const AVAILABILITY: Component =
    Component { name: "apiservice-available", process: Process::ApiServer, woken_by, sync };

fn woken_by(world: &World, cluster: ClusterId, event: &Event, keys: &mut Vec<String>) {
    match &*event.key.resource {
        APISERVICES if service_of(&event.object).is_some() => keys.push(event.key.name.to_string()),
        "endpoints" | "services" => {
            let place = (&*event.key.namespace, &*event.key.name);
            let Some(found) = world.clusters.get(cluster) else { return };
            for api in found.store.list(APISERVICES, "") {
                if service_of(api) == Some(place) {
                    keys.push(object::name(api).to_owned());
                }
            }
        }
        _ => {}
    }
}

/// Namespace and name of the service behind an APIService.
fn service_of(api: &Value) -> Option<(&str, &str)> {
    let service = object::at(api, "/spec/service").filter(|it| !it.is_null())?;
    Some((object::field(service, "namespace"), object::field(service, "name")))
}

fn sync(world: &mut World, cluster: ClusterId, name: &str) -> Option<Duration> {
    let api = world.clusters.get(cluster)?.store.find(APISERVICES, "", name)?.clone();
    service_of(&api)?;
    let (reason, message) = match check(world, cluster, &api) {
        Ok(()) => ("Passed", "all checks passed".to_owned()),
        Err(why) => why,
    };
    let available = reason == "Passed";
    let old =
        object::list(&api, "/status/conditions").iter().find(|it| object::field(it, "type") == "Available");
    let status = if available { "True" } else { "False" };
    let told = |it: &Value| (object::field(it, "status") == status, object::field(it, "reason") == reason);
    let same = old.is_some_and(|it| told(it) == (true, true) && object::field(it, "message") == message);
    if !same {
        let since = old.filter(|it| told(it).0).map(|it| object::field(it, "lastTransitionTime").to_owned());
        let since = since.unwrap_or_else(|| world.now.rfc3339());
        let condition = json!({"lastTransitionTime": since, "message": message, "reason": reason,
            "status": status, "type": "Available"});
        let mut changed = (*api).clone();
        object::set(&mut changed, &["status", "conditions"], vec![condition]);
        let user = UserInfo::new("system:apiserver", &["system:masters", "system:authenticated"]);
        // Whoever changed it meanwhile wakes this loop again.
        let _ = Client::as_user(world, cluster, user).update_status(APISERVICES, changed);
    }
    (!available).then_some(RETRY)
}

/// Whether the service of an APIService answers; reason and sentence when not.
fn check(world: &World, cluster: ClusterId, api: &Object) -> Result<(), (&'static str, String)> {
    let Some(found) = world.clusters.get(cluster) else { return Ok(()) };
    let (namespace, name) = service_of(api).unwrap_or_default();
    let Some(service) = found.store.find("services", namespace, name) else {
        return Err(("ServiceNotFound", format!("service/{name} in \"{namespace}\" is not present")));
    };
    let port = object::int(api, "/spec/service/port").unwrap_or(443);
    let ports = object::list(service, "/spec/ports");
    let Some(own) = ports.iter().find(|it| object::int(it, "/port") == Some(port)) else {
        let message = format!("service/{name} in \"{namespace}\" is not listening on port {port}");
        return Err(("ServicePortError", message));
    };
    let Some(endpoints) = found.store.find("endpoints", namespace, name) else {
        let message = format!("cannot find endpointslices for service/{name} in \"{namespace}\"");
        return Err(("EndpointsNotFound", message));
    };
    let ready =
        object::list(endpoints, "/subsets").iter().any(|it| !object::list(it, "/addresses").is_empty());
    if !ready {
        let port = object::field(own, "name");
        return Err((
            "MissingEndpoints",
            format!(
                "endpointslices for service/{name} in \"{namespace}\" have no addresses with port name {port:?}"
            ),
        ));
    }
    let (group, version) = (object::text(api, "/spec/group"), object::text(api, "/spec/version"));
    let address = object::text(service, "/spec/clusterIP");
    let url = format!("https://{address}:{port}/apis/{group}/{version}");
    let failed = |why: &str| {
        let message = format!("failing or missing response from {url}: Get {url:?}: {why}");
        ("FailedDiscoveryCheck", message)
    };
    match reach(world, cluster, address, port) {
        Some(true) if (group, version) == METRICS => Ok(()),
        Some(_) => Err(failed("EOF")),
        None => Err(failed(&format!("dial tcp {address}:{port}: connect: connection refused"))),
    }
}

/// Whether something answers at a service's address, and whether it is a metrics-server.
fn reach(world: &World, cluster: ClusterId, address: &str, port: i64) -> Option<bool> {
    let found = world.clusters.get(cluster)?;
    let host = match found.serving("kube-apiserver") {
        Some((host, _)) => host.to_owned(),
        None => return None,
    };
    let port = u16::try_from(port).ok()?;
    let probed = network::probe(world, &Place::Host(host), address, port, Protocol::Tcp);
    let Outcome::Open { place: Place::Container { cluster, pod_uid, container }, .. } = probed.outcome else {
        return None;
    };
    let pod = PodId { cluster, uid: pod_uid };
    let image = pod.container(world, &container)?.image;
    Some(image.is_some_and(|it| it.config.main == "metrics-server"))
}

/// The APIService of a group and version that some service answers for.
fn api_service<'c>(cluster: &'c Cluster, group: &str, version: &str) -> Option<&'c Object> {
    let api = cluster.store.find(APISERVICES, "", &format!("{version}.{group}"))?;
    service_of(api).map(|_| api)
}

fn is_available(api: &Value) -> bool {
    object::list(api, "/status/conditions")
        .iter()
        .any(|it| object::field(it, "type") == "Available" && object::field(it, "status") == "True")
}

/// The resources of aggregated APIs that answer.
pub(crate) fn resources(cluster: &Cluster) -> Vec<Arc<Resource>> {
    match api_service(cluster, METRICS.0, METRICS.1) {
        Some(api) if is_available(api) => {
            vec![
                Arc::new(resource("nodes", "NodeMetrics", false)),
                Arc::new(resource("pods", "PodMetrics", true)),
            ]
        }
        _ => Vec::new(),
    }
}

fn resource(plural: &str, kind: &str, namespaced: bool) -> Resource {
    Resource {
        group: METRICS.0.into(),
        version: METRICS.1.into(),
        kind: kind.into(),
        list_kind: format!("{kind}List"),
        plural: plural.into(),
        singular: plural.trim_end_matches('s').into(),
        namespaced,
        short_names: Vec::new(),
        categories: Vec::new(),
        verbs: vec!["get".into(), "list".into()],
        storage_hash: String::new(),
        subresources: Vec::new(),
        storage: format!("{plural}.{}", METRICS.0).into(),
        storage_version: format!("{}/{}", METRICS.0, METRICS.1),
        definition: None,
    }
}

/// The answer to a request for a group that is handed on; `None` for groups that are the server's own.
pub(crate) fn answer(
    world: &World,
    cluster: ClusterId,
    request: &Request,
    route: &Route,
) -> Option<Result<Response, Status>> {
    let found = world.clusters.get(cluster)?;
    let api = api_service(found, &route.group, &route.version)?;
    if !is_available(api) {
        let body = Body::Text("service unavailable\n".to_owned());
        return Some(Ok(Response::new(503, body)));
    }
    if route.resource.is_empty() {
        return None;
    }
    Some(metrics(world, cluster, request, route))
}

fn metrics(world: &World, cluster: ClusterId, request: &Request, route: &Route) -> Result<Response, Status> {
    if request.method != "GET" {
        return Err(Status::method_not_allowed());
    }
    let (kind, all) = match route.resource.as_str() {
        "nodes" if route.namespace.is_empty() => ("NodeMetrics", node_metrics(world, cluster)),
        "pods" => ("PodMetrics", pod_metrics(world, cluster, &route.namespace)),
        _ => return Err(Status::no_such_path()),
    };
    let selector = LabelSelector::parse(request.query_value("labelSelector").unwrap_or(""));
    let selector = selector.map_err(Status::bad_request)?;
    let labels = |it: &Value| object::at(it, "/metadata/labels").cloned().unwrap_or_default();
    let mut shown: Vec<Value> = all.into_iter().filter(|it| selector.matches(&labels(it))).collect();
    if !route.name.is_empty() {
        shown.retain(|it| object::name(it) == route.name);
        if shown.is_empty() {
            return Err(Status::not_found(&route.resource, METRICS.0, &route.name));
        }
    }
    let body = match (form(&request.accept), route.name.is_empty()) {
        (Form::Table, _) => table(&shown),
        (_, false) => shown.into_iter().next().unwrap_or_default(),
        (_, true) => json!({"kind": format!("{kind}List"), "apiVersion": "metrics.k8s.io/v1beta1",
            "metadata": {}, "items": shown}),
    };
    Ok(Response::new(200, Body::Json(body.into())))
}

/// What is measured of a namespace's pods, or what a client says that cannot get it.
pub(crate) fn metrics_of_pods(
    world: &World,
    cluster: ClusterId,
    namespace: &str,
) -> Result<Vec<Value>, String> {
    let found = world.clusters.get(cluster).and_then(|it| api_service(it, METRICS.0, METRICS.1));
    match found {
        None => Err("the server could not find the requested resource (get pods.metrics.k8s.io)".into()),
        Some(api) if !is_available(api) => {
            Err("the server is currently unable to handle the request (get pods.metrics.k8s.io)".into())
        }
        Some(_) => Ok(pod_metrics(world, cluster, namespace)),
    }
}

/// As metrics-server writes an amount: nanocores and kibibytes.
fn amounts(used: Usage) -> Value {
    json!({"cpu": format!("{}n", used.cpu_milli * 1_000_000), "memory": format!("{}Ki", used.memory >> 10)})
}

fn measured(kind: &str, owner: &Value, at: &str) -> Value {
    let mut metadata = json!({"name": object::name(owner), "creationTimestamp": at});
    if !object::namespace(owner).is_empty() {
        metadata["namespace"] = object::namespace(owner).into();
    }
    if let Some(labels) = object::at(owner, "/metadata/labels") {
        metadata["labels"] = labels.clone();
    }
    json!({"kind": kind, "apiVersion": "metrics.k8s.io/v1beta1", "metadata": metadata,
        "timestamp": at, "window": "15s"})
}

/// Nodes whose kubelet answers.
fn node_metrics(world: &World, cluster: ClusterId) -> Vec<Value> {
    let Some(found) = world.clusters.get(cluster) else { return Vec::new() };
    let at = world.now.rfc3339();
    let answers = |name: &str| {
        let host = found.nodes.get(name).and_then(|host| world.hosts.get(host));
        host.is_some_and(|host| host.up && host.unit_active("kubelet.service"))
    };
    let nodes = found.store.list("nodes", "").filter(|node| answers(object::name(node)));
    nodes
        .map(|node| {
            let mut metric = measured("NodeMetrics", node, &at);
            metric["usage"] = amounts(usage::of_node(world, cluster, object::name(node)));
            metric
        })
        .collect()
}

/// Running pods that are old enough to have been measured.
fn pod_metrics(world: &World, cluster: ClusterId, namespace: &str) -> Vec<Value> {
    let Some(found) = world.clusters.get(cluster) else { return Vec::new() };
    let at = world.now.rfc3339();
    let mut all = Vec::new();
    for pod in found.store.list("pods", namespace) {
        let id = PodId { cluster, uid: object::uid(pod).to_owned() };
        let Some(run) = id.get(world).filter(|run| world.now.since(run.started) >= RESOLUTION) else {
            continue;
        };
        let answers = world.hosts.get(&run.host).is_some_and(|it| it.up && it.unit_active("kubelet.service"));
        let containers: Vec<Value> = usage::of_pod(world, &id)
            .into_iter()
            .map(|(name, used)| json!({"name": name, "usage": amounts(used)}))
            .collect();
        if !answers || containers.is_empty() {
            continue;
        }
        let mut metric = measured("PodMetrics", pod, &at);
        metric["containers"] = containers.into();
        all.push(metric);
    }
    all
}

fn table(shown: &[Value]) -> Value {
    let column = |name: &str, kind: &str| json!({"name": name, "type": "string", "format": kind, "description": "", "priority": 0});
    let sum = |metric: &Value, resource: &str| -> String {
        let own = object::at(metric, "/usage").map(|it| object::field(it, resource).to_owned());
        own.unwrap_or_else(|| {
            let parts = object::list(metric, "/containers").iter();
            let texts = parts.map(|it| object::text(it, &format!("/usage/{resource}")).to_owned());
            let unit = if resource == "cpu" { "n" } else { "Ki" };
            let total: u64 = texts.filter_map(|it| it.trim_end_matches(unit).parse::<u64>().ok()).sum();
            format!("{total}{unit}")
        })
    };
    let rows: Vec<Value> = shown
        .iter()
        .map(|metric| {
            let cells = json!([object::name(metric), sum(metric, "cpu"), sum(metric, "memory"), "15s"]);
            json!({"cells": cells, "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
                "metadata": metric.get("metadata").cloned().unwrap_or_default()}})
        })
        .collect();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "columnDefinitions": [
        column("Name", "name"), column("cpu", ""), column("memory", ""), column("Window", "")], "rows": rows})
}
