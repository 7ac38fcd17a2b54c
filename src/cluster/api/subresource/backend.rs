//! How the API server reaches the kubelet of a node: for streams, and as a proxy.

use std::net::Ipv4Addr;

use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::kubelet::{endpoint, node, settings};
use crate::cluster::network::{Outcome, firewall};
use crate::cluster::{Body, Cluster, ClusterId, Conduct, Place, Request, Response, World};

use super::super::call::Call;

/// The kubelet of a node: its machine, `172.30.2.2:10250`.
pub(super) struct Kubelet {
    host: String,
    port: u16,
    pub(super) address: String,
}

/// Where the kubelet of a node is; `None` in clusters whose nodes have none.
pub(super) fn of(cluster: &Cluster, world: &World, node: &str) -> Option<Kubelet> {
    if cluster.conduct == Conduct::StandIn {
        return None;
    }
    let host = cluster.nodes.get(node)?.clone();
    let stored = cluster.store.find("nodes", "", node)?;
    let port = object::int(stored, "/status/daemonEndpoints/kubeletEndpoint/Port");
    let port = port.and_then(|it| u16::try_from(it).ok()).unwrap_or(10_250);
    let mut known = object::list(stored, "/status/addresses").iter();
    let own = known.find(|it| object::field(it, "type") == "InternalIP");
    let ip = own.map_or(world.hosts.get(&host)?.address.as_str(), |it| object::field(it, "address"));
    Some(Kubelet { address: format!("{ip}:{port}"), host, port })
}

/// Opens the connection.
///
/// # Errors
/// Go's sentence: `dial tcp 172.30.2.2:10250: connect: connection refused`.
pub(super) fn dial(world: &World, cluster: ClusterId, kubelet: &Kubelet) -> Result<(), String> {
    let Kubelet { host, port, address } = kubelet;
    let machine = world.hosts.get(host).filter(|it| it.up);
    let Some(machine) = machine else { return Err(format!("dial tcp {address}: connect: no route to host")) };
    let from = world.clusters.get(cluster).and_then(|it| it.serving("kube-apiserver"));
    let from = Place::host(from.map_or("", |(host, _)| host));
    let to = machine.address.parse().unwrap_or(Ipv4Addr::LOCALHOST);
    match firewall::to_machine(world, &from, host, to, *port) {
        Some(Outcome::Refused) => return Err(format!("dial tcp {address}: connect: connection refused")),
        Some(_) => return Err(format!("dial tcp {address}: i/o timeout")),
        None => {}
    }
    if !node::kubelet_process_runs(world, host) || settings::of(world, host).serving_port() != *port {
        return Err(format!("dial tcp {address}: connect: connection refused"));
    }
    Ok(())
}

/// `nodes/NAME/proxy/PATH`.
pub(super) fn proxy(call: &Call<'_>, request: &Request) -> Result<Response, Status> {
    let path = call.subresource.strip_prefix("proxy").unwrap_or("");
    let cluster = call.cluster();
    let (name, port) = call.name.rsplit_once(':').unwrap_or((&call.name, ""));
    let Some(mut kubelet) = of(cluster, call.world, name) else {
        return Err(Status::not_found("nodes", "", name));
    };
    if let Ok(port) = port.parse() {
        kubelet.port = port;
    }
    dial(call.world, call.cluster, &kubelet)
        .map_err(|why| Status::unavailable(format!("error trying to reach service: {why}")))?;
    let path = if path.is_empty() { "/" } else { path };
    let answer = endpoint::answer_server(call.world, call.cluster, &kubelet.host, path);
    let body = Body::Text(String::from_utf8_lossy(&answer.body).into_owned());
    let code = answer.status;
    if request.method != "GET" {
        return Err(Status::method_not_allowed());
    }
    Ok(Response::new(code, body))
}
