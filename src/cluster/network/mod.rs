//! The network: who can reach whom, and what answers there.
//!
//! [`probe`] is the one place where packets travel: names through [`dns`], service addresses through
//! the kube-proxy of the node where they start, pods behind [`policy`]. [`http`] speaks to what a probe
//! finds. Curl, wget, nc, nslookup, probes, ingress and graders all use these.
//!
//! Outside of the lab there is nothing: no names, no answers.

pub(crate) mod corefile;
pub(crate) mod dns;
pub(crate) mod firewall;
pub(crate) mod forwards;
pub(crate) mod gateway;
pub(crate) mod http;
mod ingress;
pub(crate) mod listeners;
pub(crate) mod outside;
pub(crate) mod policy;
mod services;
pub(crate) mod tls;
pub(crate) mod translation;
#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use super::engine::Component;
use super::kubelet::run::PodId;
use super::{ClusterId, Object, Place, World};
use crate::apimachinery::object;

/// Every component of this part.
pub(crate) const ALL: &[&Component] = &[&gateway::GATEWAYS];

/// A transport protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Protocol {
    #[default]
    Tcp,
    Udp,
    Sctp,
}

impl Protocol {
    /// As objects write it; `TCP` when they do not.
    pub(crate) fn of(text: &str) -> Self {
        match text {
            "UDP" => Self::Udp,
            "SCTP" => Self::Sctp,
            _ => Self::Tcp,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

/// What comes of a connection attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Something answers: at this place and port.
    Open { place: Place, port: u16 },
    /// Nobody listens, or a service has no endpoints.
    Refused,
    /// Packets are lost: a policy, a machine that is down, an address that nobody has.
    TimedOut,
    /// The name does not resolve.
    NoSuchName,
    /// The name could not be looked up: no name server answers.
    NoNameServer,
}

/// An attempt with what happened on the way, one sentence a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) outcome: Outcome,
    /// The address that was dialled in the end; empty when the name did not resolve.
    pub(crate) address: String,
    pub(crate) trace: Vec<String>,
}

/// What a name server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Addresses, or names for PTR, SRV and CNAME, in the server's order.
    Records(Vec<String>),
    NoSuchName,
    /// No server answers.
    TimedOut,
}

/// Looks `name` up from `from` as the resolver there is set up; `kind` is `A`, `SRV`, `PTR` or `CNAME`.
/// [`dns::resolve`] tells more.
pub(crate) fn resolve(world: &World, from: &Place, name: &str, kind: &str) -> Answer {
    let answer = dns::resolve(world, from, name, kind);
    let values: Vec<String> =
        answer.records.iter().filter(|it| it.kind == kind).map(|it| it.value.clone()).collect();
    match answer.rcode {
        None => Answer::TimedOut,
        Some(_) if values.is_empty() => Answer::NoSuchName,
        Some(_) => Answer::Records(values),
    }
}

/// Where packets start: a pod's network or a machine's.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) cluster: ClusterId,
    /// The machine.
    pub(crate) host: String,
    pub(crate) address: Ipv4Addr,
    /// The pod, unless it is on its node's network.
    pub(crate) pod: Option<Object>,
    pub(crate) id: Option<PodId>,
}

impl Source {
    /// Where a process in this place sends from.
    pub(crate) fn of(world: &World, place: &Place) -> Option<Self> {
        match place {
            Place::Host(name) => Self::of_host(world, name),
            Place::Container { cluster, pod_uid, .. } => {
                let id = PodId { cluster: *cluster, uid: pod_uid.clone() };
                Self::of_pod(world, &id)
            }
        }
    }

    fn of_host(world: &World, name: &str) -> Option<Self> {
        let host = world.hosts.get(name)?;
        let is_member = |cluster: &super::Cluster| cluster.nodes.values().any(|it| it == name);
        let cluster = world.clusters.iter().position(is_member).unwrap_or(0);
        let address = host.address.parse().ok()?;
        Some(Self { cluster, host: name.to_owned(), address, pod: None, id: None })
    }

    /// This end of a connection, as policies see it.
    fn end(&self) -> policy::End {
        policy::End { address: Some(self.address), pod: self.pod.clone(), host: self.host.clone() }
    }

    /// This end of a connection, as packet filters see it.
    fn filtered(&self) -> firewall::End<'_> {
        firewall::End { host: &self.host, address: self.address, in_pod: self.id.is_some() }
    }

    /// Where a pod sends from.
    pub(crate) fn of_pod(world: &World, id: &PodId) -> Option<Self> {
        let run = id.get(world)?;
        let pod = world.clusters.get(id.cluster)?.store.find("pods", &run.namespace, &run.name)?.clone();
        if object::flag(&pod, "/spec/hostNetwork") {
            return Self::of_host(world, &run.host);
        }
        let address = run.ip.parse().ok()?;
        Some(Self {
            cluster: id.cluster,
            host: run.host.clone(),
            address,
            pod: Some(pod),
            id: Some(id.clone()),
        })
    }
}

/// Tries to connect from `from` to `target` (a name or an address) on `port`.
pub(crate) fn probe(world: &World, from: &Place, target: &str, port: u16, protocol: Protocol) -> Probe {
    let mut trace = Vec::new();
    let failed = |outcome, trace| Probe { outcome, address: String::new(), trace };
    let Some(source) = Source::of(world, from) else {
        trace.push("the place that it starts from is not running".to_owned());
        return failed(Outcome::TimedOut, trace);
    };
    let address = match dns::address_of(world, from, &source, target, &mut trace) {
        Ok(address) => address,
        Err(outcome) => return failed(outcome, trace),
    };
    let outcome = connect(world, &source, address, port, protocol, &mut trace);
    Probe { outcome, address: address.to_string(), trace }
}

/// Sends to an address.
pub(crate) fn connect(
    world: &World,
    source: &Source,
    to: Ipv4Addr,
    port: u16,
    protocol: Protocol,
    trace: &mut Vec<String>,
) -> Outcome {
    if to.is_loopback() || to == source.address {
        return own(world, source, to, port, protocol, trace);
    }
    if source.pod.is_some() && !passes_on(world, &source.host, trace) {
        return Outcome::TimedOut;
    }
    if let Some(service) = services::by_address(world, source.cluster, to) {
        return services::connect(world, source, &service, port, protocol, trace);
    }
    if let Some((name, host)) = world.hosts.iter().find(|(_, it)| it.address == to.to_string()) {
        if !host.up {
            trace.push(format!("machine {name} is down"));
            return Outcome::TimedOut;
        }
        let target = policy::End { address: Some(to), pod: None, host: name.clone() };
        if let Err(why) = policy::check(world, source.cluster, &source.end(), &target, port, protocol) {
            trace.push(why);
            return Outcome::TimedOut;
        }
        return to_machine(world, source, name, port, protocol, trace);
    }
    if let Some(id) = pod_at(world, source.cluster, to) {
        return to_pod(world, source, &id, port, protocol, trace);
    }
    nowhere(world, source.cluster, to, trace)
}

/// Whether a machine passes packets on between its pods and the network.
fn passes_on(world: &World, host: &str, trace: &mut Vec<String>) -> bool {
    let setting = world.hosts.get(host).and_then(|it| it.sysctl.get("net.ipv4.ip_forward"));
    let forwards = setting.is_none_or(|it| it != "0");
    if !forwards {
        trace.push(format!("machine {host} forwards no packets: net.ipv4.ip_forward is 0"));
    }
    forwards
}

/// Whether other machines know the way to a pod: their routes are for the ranges of nodes.
fn has_route(world: &World, id: &PodId, address: Ipv4Addr, trace: &mut Vec<String>) -> bool {
    let Some(run) = id.get(world) else { return false };
    if run.on_host_network(world, id.cluster) {
        return true;
    }
    let node = world.clusters.get(id.cluster).and_then(|it| it.store.find("nodes", "", &run.node));
    let range = node.map_or("", |it| object::text(it, "/spec/podCIDR")).parse::<ipnet::Ipv4Net>();
    let known = range.as_ref().map_or(true, |it| it.contains(&address));
    if !known {
        trace.push(format!("no route leads to {address}: node {} has another range", run.node));
    }
    known
}

/// Nobody has the address.
fn nowhere(world: &World, cluster: ClusterId, to: Ipv4Addr, trace: &mut Vec<String>) -> Outcome {
    let cluster = world.clusters.get(cluster);
    let within = |cidr: &str| cidr.parse::<ipnet::Ipv4Net>().is_ok_and(|net| net.contains(&to));
    if cluster.is_some_and(|it| within(&it.pod_cidr)) {
        trace.push(format!("no pod has the address {to}"));
        return Outcome::TimedOut;
    }
    trace.push(format!("nothing in the lab has the address {to}"));
    Outcome::TimedOut
}

/// Connects within the network that the packets start in.
fn own(
    world: &World,
    source: &Source,
    to: Ipv4Addr,
    port: u16,
    protocol: Protocol,
    trace: &mut Vec<String>,
) -> Outcome {
    if source.id.is_none() {
        let end = firewall::End { address: to, ..source.filtered() };
        if let Some(outcome) = firewall::obstacle(world, end, end, port, protocol, trace) {
            return outcome;
        }
    }
    let found = match &source.id {
        Some(id) => listeners::in_pod(world, id, port, protocol),
        None => listeners::on_machine(world, &source.host, to, port, protocol),
    };
    if let Some(open) = forwards::open(world, source, to, port, protocol) {
        return open;
    }
    match found {
        Some(open) => open,
        None if source.id.is_none() => to_machine(world, source, &source.host, port, protocol, trace),
        None => {
            trace.push(format!("nothing listens on port {port} in the pod itself"));
            Outcome::Refused
        }
    }
}

fn to_machine(
    world: &World,
    source: &Source,
    host: &str,
    port: u16,
    protocol: Protocol,
    trace: &mut Vec<String>,
) -> Outcome {
    if let Some(outcome) = services::node_port(world, source, host, port, protocol, trace) {
        return outcome;
    }
    if let Some((id, container_port)) = listeners::host_port(world, host, port, protocol) {
        trace.push(format!("port {port} of machine {host} is a pod's host port"));
        return to_pod(world, source, &id, container_port, protocol, trace);
    }
    let address = world.hosts.get(host).and_then(|it| it.address.parse().ok()).unwrap_or(Ipv4Addr::LOCALHOST);
    let there = firewall::End { host, address, in_pod: false };
    if host != source.host
        && let Some(outcome) = firewall::obstacle(world, source.filtered(), there, port, protocol, trace)
    {
        return outcome;
    }
    let forwarded = || forwards::open_from(world, host, address, port, protocol);
    match listeners::on_machine(world, host, address, port, protocol).or_else(forwarded) {
        Some(open) => open,
        None => {
            trace.push(format!("nothing listens on port {port} of machine {host}"));
            Outcome::Refused
        }
    }
}

/// The pod with an address.
pub(crate) fn pod_at(world: &World, cluster: ClusterId, address: Ipv4Addr) -> Option<PodId> {
    let wanted = address.to_string();
    let pods = &world.clusters.get(cluster)?.runtime.pods;
    let found = pods.iter().find(|(_, run)| run.ip == wanted && !run.on_host_network(world, cluster));
    found.map(|(uid, _)| PodId { cluster, uid: uid.clone() })
}

pub(crate) fn to_pod(
    world: &World,
    source: &Source,
    id: &PodId,
    port: u16,
    protocol: Protocol,
    trace: &mut Vec<String>,
) -> Outcome {
    let Some(run) = id.get(world) else { return Outcome::TimedOut };
    if world.hosts.get(&run.host).is_none_or(|host| !host.up) {
        trace.push(format!("machine {} of pod {} is down", run.host, run.name));
        return Outcome::TimedOut;
    }
    if run.host != source.host && !passes_on(world, &run.host, trace) {
        return Outcome::TimedOut;
    }
    let address = run.ip.parse().unwrap_or(Ipv4Addr::UNSPECIFIED);
    if run.host != source.host && !has_route(world, id, address, trace) {
        return Outcome::TimedOut;
    }
    let there = firewall::End { host: &run.host, address, in_pod: !run.on_host_network(world, id.cluster) };
    if let Some(outcome) = firewall::obstacle(world, source.filtered(), there, port, protocol, trace) {
        return outcome;
    }
    let pod = world.clusters.get(id.cluster).and_then(|it| it.store.find("pods", &run.namespace, &run.name));
    let target = policy::End { address: run.ip.parse().ok(), pod: pod.cloned(), host: run.host.clone() };
    if let Err(why) = policy::check(world, id.cluster, &source.end(), &target, port, protocol) {
        trace.push(why);
        return Outcome::TimedOut;
    }
    match listeners::in_pod(world, id, port, protocol) {
        Some(open) => open,
        None => {
            trace.push(format!("nothing listens on port {port} in pod {}/{}", run.namespace, run.name));
            Outcome::Refused
        }
    }
}
