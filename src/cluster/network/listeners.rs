//! Who listens where: in pods, and on machines.

use std::net::Ipv4Addr;

use super::{Outcome, Protocol};
use crate::apimachinery::object;
use crate::cluster::kubelet::run::PodId;
use crate::cluster::kubelet::{services, settings};
use crate::cluster::{Place, World};

/// The container of a pod that listens on a port.
pub(crate) fn in_pod(world: &World, id: &PodId, port: u16, protocol: Protocol) -> Option<Outcome> {
    let run = id.get(world)?;
    let udp = protocol == Protocol::Udp;
    let listens = |name: &str| {
        let container = run.containers.get(name);
        let place = id.place(name);
        container.is_some_and(|it| {
            it.is_running()
                && services::ports(world, &place, it).iter().any(|own| own.number == port && own.udp == udp)
        })
    };
    let container = run.containers.keys().find(|name| listens(name))?;
    Some(Outcome::Open { place: id.place(container), port })
}

/// The ports of programs that a machine runs by itself: name, port, and whether it is bound to loopback.
fn own_programs(world: &World, host: &str) -> Vec<(&'static str, u16, bool)> {
    let Some(machine) = world.hosts.get(host) else { return Vec::new() };
    let mut found = Vec::new();
    if machine.unit_active("kubelet.service") {
        let ports = settings::of(world, host).ports();
        let open = ports.into_iter().filter(|(port, _)| *port != 0);
        found.extend(open.map(|(port, loopback)| ("kubelet", port, loopback)));
    }
    // Machines whose units are not told apart have an SSH server all the same.
    if machine.units.get(SSH).is_none_or(|_| machine.unit_active(SSH)) {
        found.push(("sshd", 22, false));
    }
    found
}

const SSH: &str = "ssh.service";

/// What listens on a port of an address of a machine.
pub(crate) fn on_machine(
    world: &World,
    host: &str,
    to: Ipv4Addr,
    port: u16,
    protocol: Protocol,
) -> Option<Outcome> {
    world.hosts.get(host).filter(|it| it.up)?;
    if protocol == Protocol::Tcp && program(world, host, to, port).is_some() {
        return Some(Outcome::Open { place: Place::host(host), port });
    }
    on_host_network(world, host, port, protocol)
}

/// The machine's own program that listens on a TCP port of an address.
pub(crate) fn program(world: &World, host: &str, to: Ipv4Addr, port: u16) -> Option<String> {
    let own = own_programs(world, host);
    let found = own.into_iter().find(|(_, number, local)| *number == port && (!local || to.is_loopback()));
    if let Some((program, ..)) = found {
        return Some(program.to_owned());
    }
    let bound = control_plane(world, host);
    let listens = |bound: &[(Ipv4Addr, u16)]| {
        bound.iter().any(|(address, number)| *number == port && reaches(*address, to))
    };
    bound.into_iter().find(|(_, bound)| listens(bound)).map(|(program, _)| program)
}

fn reaches(bound: Ipv4Addr, to: Ipv4Addr) -> bool {
    bound.is_unspecified() || bound == to
}

/// The addresses that the control plane's programs on a machine are bound to.
fn control_plane(world: &World, host: &str) -> Vec<(String, Vec<(Ipv4Addr, u16)>)> {
    let instances = world.clusters.iter().flat_map(|it| it.control_plane.instances.iter());
    let here = instances.filter(|((at, _), instance)| at == host && instance.listens());
    here.map(|(_, instance)| {
        let program = &instance.process.program;
        let flag = |name: &str| instance.process.flag(name);
        let port = |usual: u16| flag("secure-port").and_then(|it| it.parse().ok()).unwrap_or(usual);
        let address = flag("bind-address").and_then(|it| it.parse().ok()).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let bound = match program.as_str() {
            "kube-apiserver" => vec![(address, port(6_443))],
            "kube-controller-manager" => vec![(address, port(10_257))],
            "kube-scheduler" => vec![(address, port(10_259))],
            _ => ["listen-client-urls", "listen-peer-urls", "listen-metrics-urls"]
                .iter()
                .filter_map(|name| flag(name))
                .flat_map(|urls| urls.split(',').filter_map(of_url))
                .collect(),
        };
        (program.clone(), bound)
    })
    .collect()
}

/// `https://127.0.0.1:2379`.
fn of_url(url: &str) -> Option<(Ipv4Addr, u16)> {
    let (host, port) = url.split_once("://")?.1.trim_end_matches('/').rsplit_once(':')?;
    Some((host.parse().ok()?, port.parse().ok()?))
}

/// Whether a container on the machine's own network listens on a TCP port.
pub(crate) fn on_host_network_port(world: &World, host: &str, port: u16) -> bool {
    on_host_network(world, host, port, Protocol::Tcp).is_some()
}

/// A container on the machine's own network.
fn on_host_network(world: &World, host: &str, port: u16, protocol: Protocol) -> Option<Outcome> {
    for (cluster, state) in world.clusters.iter().enumerate() {
        for (uid, run) in state.runtime.pods_of(host) {
            if run.on_host_network(world, cluster) {
                let found = in_pod(world, &PodId { cluster, uid: uid.clone() }, port, protocol);
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

/// The pod whose host port this is on a machine, with the port inside.
pub(crate) fn host_port(world: &World, host: &str, port: u16, protocol: Protocol) -> Option<(PodId, u16)> {
    for (cluster, state) in world.clusters.iter().enumerate() {
        for (uid, run) in state.runtime.pods_of(host) {
            let Some(pod) = state.store.find("pods", &run.namespace, &run.name) else { continue };
            if object::flag(pod, "/spec/hostNetwork") {
                continue;
            }
            let ports =
                object::list(pod, "/spec/containers").iter().flat_map(|it| object::list(it, "/ports"));
            let found = ports.into_iter().find(|it| {
                object::int(it, "/hostPort") == Some(i64::from(port))
                    && Protocol::of(object::field(it, "protocol")) == protocol
            });
            if let Some(inside) = found.and_then(|it| object::int(it, "/containerPort")) {
                return Some((PodId { cluster, uid: uid.clone() }, u16::try_from(inside).ok()?));
            }
        }
    }
    None
}

/// Something that listens on a machine's own network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listener {
    pub(crate) program: String,
    /// The address that it is bound to; unspecified for all.
    pub(crate) address: Ipv4Addr,
    pub(crate) port: u16,
    pub(crate) udp: bool,
}

/// Everything that listens on a machine's own network, by port.
pub(crate) fn all(world: &World, host: &str) -> Vec<Listener> {
    let tcp =
        |program: &str, address, port| Listener { program: program.to_owned(), address, port, udp: false };
    let mut found = Vec::new();
    for (program, port, loopback) in own_programs(world, host) {
        let address = if loopback { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        found.push(tcp(program, address, port));
    }
    for (program, bound) in control_plane(world, host) {
        found.extend(bound.into_iter().map(|(address, port)| tcp(&program, address, port)));
    }
    for (cluster, state) in world.clusters.iter().enumerate() {
        for (uid, run) in state.runtime.pods_of(host) {
            let id = PodId { cluster, uid: uid.clone() };
            for (name, container) in run.containers.iter().filter(|_| run.on_host_network(world, cluster)) {
                let ports = services::ports(world, &id.place(name), container);
                let program = container.served().and_then(|argv| argv.first().cloned()).unwrap_or_default();
                let program = crate::hosts::files::base_name(&program).to_owned();
                found.extend(ports.into_iter().map(|port| Listener {
                    program: program.clone(),
                    address: Ipv4Addr::UNSPECIFIED,
                    port: port.number,
                    udp: port.udp,
                }));
            }
        }
    }
    found.sort_by_key(|it| (it.udp, it.port, it.address));
    found.dedup();
    found
}
