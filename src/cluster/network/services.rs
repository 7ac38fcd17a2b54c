//! Services as the kube-proxies of the nodes carry them out: virtual addresses and node ports to ready
//! endpoints.

use std::net::Ipv4Addr;

use super::{Outcome, Protocol, Source, connect as send};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::{ClusterId, Object, Store, World};

/// The service with a cluster address, external address or load balancer address.
pub(super) fn by_address(world: &World, cluster: ClusterId, address: Ipv4Addr) -> Option<Object> {
    let wanted = address.to_string();
    let store = &world.clusters.get(cluster)?.store;
    let has = |service: &&Object| {
        let external = object::list(service, "/spec/externalIPs").iter().any(|it| it == wanted.as_str());
        let balanced = object::list(service, "/status/loadBalancer/ingress");
        object::text(service, "/spec/clusterIP") == wanted
            || external
            || balanced.iter().any(|it| object::field(it, "ip") == wanted)
    };
    store.list("services", "").find(has).cloned()
}

/// Whether the rules of services are kept on a machine: a kube-proxy runs there, if the cluster has any.
pub(super) fn is_programmed(world: &World, cluster: ClusterId, host: &str) -> bool {
    let Some(state) = world.clusters.get(cluster) else { return false };
    if !state.nodes.values().any(|it| it == host) {
        // A machine outside of the cluster has no rules.
        return false;
    }
    let mut system = state.runtime.pods_of(host).filter(|(_, run)| run.namespace == "kube-system");
    system.any(|(_, run)| {
        run.name.starts_with("kube-proxy") && run.containers.values().any(|it| it.is_running())
            || replaces_proxy(&run.name) && run.containers.values().any(|it| it.is_running())
    })
}

/// Cilium may take kube-proxy's place.
fn replaces_proxy(pod: &str) -> bool {
    pod.starts_with("cilium-") && !pod.contains("operator")
}

/// Connects to a service's own address.
pub(super) fn connect(
    world: &World,
    source: &Source,
    service: &Object,
    port: u16,
    protocol: Protocol,
    trace: &mut Vec<String>,
) -> Outcome {
    let name = format!("{}/{}", object::namespace(service), object::name(service));
    if !is_programmed(world, source.cluster, &source.host) {
        trace.push(format!("no kube-proxy runs on {}, so {name} leads nowhere", source.host));
        return Outcome::TimedOut;
    }
    let Some(wanted) = port_of(service, port, protocol) else {
        trace.push(format!("service {name} has no port {port}/{}", protocol.as_str()));
        return Outcome::TimedOut;
    };
    let local = object::text(service, "/spec/internalTrafficPolicy") == "Local";
    to_endpoint(world, source, service, wanted, local.then_some(source.host.as_str()), trace)
}

/// The entry of a service's ports with this number.
fn port_of(service: &Value, port: u16, protocol: Protocol) -> Option<&Value> {
    object::list(service, "/spec/ports").iter().find(|it| {
        object::int(it, "/port") == Some(i64::from(port))
            && Protocol::of(object::field(it, "protocol")) == protocol
    })
}

/// Connects to a node port of a machine; `None` when the port is none.
pub(super) fn node_port(
    world: &World,
    source: &Source,
    host: &str,
    port: u16,
    protocol: Protocol,
    trace: &mut Vec<String>,
) -> Option<Outcome> {
    let is_member = |cluster: &crate::cluster::Cluster| cluster.nodes.values().any(|it| it == host);
    let cluster = world.clusters.iter().position(is_member)?;
    let store = &world.clusters.get(cluster)?.store;
    let is_port = |it: &&Value| {
        object::int(it, "/nodePort") == Some(i64::from(port))
            && Protocol::of(object::field(it, "protocol")) == protocol
    };
    let (service, wanted) = store
        .list("services", "")
        .find_map(|service| Some((service, object::list(service, "/spec/ports").iter().find(is_port)?)))?;
    if !is_programmed(world, cluster, host) {
        trace.push(format!("no kube-proxy runs on {host}, so nobody listens on node port {port}"));
        return Some(Outcome::Refused);
    }
    let local = object::text(service, "/spec/externalTrafficPolicy") == "Local";
    let source = Source { cluster, ..source.clone() };
    Some(to_endpoint(world, &source, service, wanted, local.then_some(host), trace))
}

fn to_endpoint(
    world: &World,
    source: &Source,
    service: &Object,
    port: &Value,
    only_on: Option<&str>,
    trace: &mut Vec<String>,
) -> Outcome {
    let name = format!("{}/{}", object::namespace(service), object::name(service));
    let Some(cluster) = world.clusters.get(source.cluster) else { return Outcome::TimedOut };
    let all = endpoints(&cluster.store, service, port);
    let here =
        |it: &&Endpoint| only_on.is_none_or(|host| cluster.nodes.get(&it.node).is_some_and(|h| h == host));
    let usable: Vec<&Endpoint> = all.iter().filter(here).collect();
    if usable.is_empty() {
        if all.is_empty() {
            trace.push(format!("service {name} has no ready endpoints"));
            return Outcome::Refused;
        }
        trace.push(format!("service {name} has no endpoint on this node and sends to no other"));
        return Outcome::TimedOut;
    }
    let sticky = object::text(service, "/spec/sessionAffinity") == "ClientIP";
    let draw = u64::from(u32::from(source.address))
        ^ if sticky { 0 } else { world.now.unix_ns() as u64 / 1_000_000 };
    let index = usize::try_from(draw.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33).unwrap_or(0) % usable.len();
    let Some(endpoint) = usable.get(index) else { return Outcome::Refused };
    trace.push(format!("service {name} sends to {}:{}", endpoint.address, endpoint.port));
    send(world, source, endpoint.address, endpoint.port, Protocol::of(object::field(port, "protocol")), trace)
}

/// An address that a service sends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) address: Ipv4Addr,
    pub(super) port: u16,
    node: String,
}

/// The ready endpoints of one port of a service, from its EndpointSlices. Terminating ones that still
/// serve stand in when there are no others.
pub(super) fn endpoints(store: &Store, service: &Value, port: &Value) -> Vec<Endpoint> {
    let (mut ready, mut last_resort) = (Vec::new(), Vec::new());
    for slice in store.list("endpointslices.discovery.k8s.io", object::namespace(service)) {
        if object::label(slice, "kubernetes.io/service-name") != Some(object::name(service)) {
            continue;
        }
        let same = |it: &&Value| object::field(it, "name") == object::field(port, "name");
        let number = object::list(slice, "/ports").iter().find(same).and_then(|it| object::int(it, "/port"));
        let Some(number) = number.and_then(|it| u16::try_from(it).ok()) else { continue };
        for endpoint in object::list(slice, "/endpoints") {
            let condition =
                |name: &str| endpoint.pointer(&format!("/conditions/{name}")).and_then(Value::as_bool);
            let address = object::list(endpoint, "/addresses").first().and_then(Value::as_str);
            let Some(address) = address.and_then(|it| it.parse().ok()) else { continue };
            let found =
                Endpoint { address, port: number, node: object::field(endpoint, "nodeName").to_owned() };
            if condition("ready").unwrap_or(true) {
                ready.push(found);
            } else if condition("serving") == Some(true) && condition("terminating") == Some(true) {
                last_resort.push(found);
            }
        }
    }
    if ready.is_empty() { last_resort } else { ready }
}
