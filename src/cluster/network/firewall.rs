//! The packet filters of machines on the way of a connection, there and back.

use std::net::Ipv4Addr;

use super::{Outcome, Protocol, Source};
use crate::cluster::{Place, World};
use crate::hosts::firewall::{Packet, Verdict};

/// Where a client's packets come from: any port of its own.
const CLIENT_PORT: u16 = 40_000;

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End<'a> {
    pub(crate) host: &'a str,
    pub(crate) address: Ipv4Addr,
    /// True behind the card of a pod.
    pub(crate) in_pod: bool,
}

/// A chain that a packet meets on a machine.
struct Hop<'a> {
    host: &'a str,
    chain: &'static str,
    comes_in: &'static str,
    goes_out: &'static str,
}

/// The card of pods on their machine; its real name has a few hex digits behind it.
const POD_CARD: &str = "cali0";
const CARD: &str = "eth0";
const LOOPBACK: &str = "lo";

/// Whether a connection comes about, as far as packet filters are concerned: nothing, or what the client
/// gets to see.
pub(crate) fn obstacle(
    world: &World,
    from: End<'_>,
    to: End<'_>,
    port: u16,
    protocol: Protocol,
    trace: &mut Vec<String>,
) -> Option<Outcome> {
    let open = |host: &str| world.hosts.get(host).is_none_or(|it| it.firewall.is_open());
    if open(from.host) && open(to.host) {
        return None;
    }
    let there = packet(from, to, CLIENT_PORT, port, protocol, false);
    let back = packet(to, from, port, CLIENT_PORT, protocol, true);
    for (hops, packet) in [(path(from, to), there), (path(to, from), back)] {
        for hop in hops {
            let Some(machine) = world.hosts.get(hop.host) else { continue };
            let packet = Packet { comes_in: hop.comes_in, goes_out: hop.goes_out, ..packet.clone() };
            let verdict = machine.firewall.judge(hop.chain, &packet);
            if verdict == Verdict::Accept {
                continue;
            }
            trace.push(format!(
                "the packet filter of {} does not let it through: chain {}",
                hop.host, hop.chain
            ));
            let told = verdict == Verdict::Reject && !packet.established;
            return Some(if told { Outcome::Refused } else { Outcome::TimedOut });
        }
    }
    None
}

fn packet(
    from: End<'_>,
    to: End<'_>,
    from_port: u16,
    to_port: u16,
    protocol: Protocol,
    back: bool,
) -> Packet {
    Packet {
        protocol: match protocol {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        },
        from: from.address,
        to: to.address,
        from_port,
        to_port,
        comes_in: "",
        goes_out: "",
        established: back,
    }
}

/// The chains from one end to the other.
fn path<'a>(from: End<'a>, to: End<'a>) -> Vec<Hop<'a>> {
    let hop = |host, chain, comes_in, goes_out| Hop { host, chain, comes_in, goes_out };
    if from.host == to.host {
        return match (from.in_pod, to.in_pod) {
            (false, false) => {
                vec![hop(from.host, "OUTPUT", "", LOOPBACK), hop(to.host, "INPUT", LOOPBACK, "")]
            }
            (false, true) => vec![hop(from.host, "OUTPUT", "", POD_CARD)],
            (true, false) => vec![hop(to.host, "INPUT", POD_CARD, "")],
            (true, true) => vec![hop(from.host, "FORWARD", POD_CARD, POD_CARD)],
        };
    }
    let first = match from.in_pod {
        true => hop(from.host, "FORWARD", POD_CARD, CARD),
        false => hop(from.host, "OUTPUT", "", CARD),
    };
    let last = match to.in_pod {
        true => hop(to.host, "FORWARD", CARD, POD_CARD),
        false => hop(to.host, "INPUT", CARD, ""),
    };
    vec![first, last]
}

/// Counts a packet that a program of a machine sends to an address of its own, where filters meet it.
pub(crate) fn count_local(world: &mut World, host: &str, to: Ipv4Addr, port: u16) {
    let Some(machine) = world.hosts.get_mut(host).filter(|it| !it.firewall.is_open()) else { return };
    let end = End { host, address: to, in_pod: false };
    for hop in path(end, end) {
        let packet = Packet {
            comes_in: hop.comes_in,
            goes_out: hop.goes_out,
            ..packet(end, end, CLIENT_PORT, port, Protocol::Tcp, false)
        };
        let verdict = machine.firewall.judge(hop.chain, &packet);
        machine.firewall.count(hop.chain, &packet);
        if verdict != Verdict::Accept {
            return;
        }
    }
}

/// As [`obstacle`], from a place to an address of a machine.
pub(crate) fn to_machine(
    world: &World,
    from: &Place,
    host: &str,
    to: Ipv4Addr,
    port: u16,
) -> Option<Outcome> {
    if world.hosts.values().all(|it| it.firewall.is_open()) {
        return None;
    }
    let source = Source::of(world, from)?;
    let here = End { host: &source.host, address: source.address, in_pod: source.id.is_some() };
    let address = if to.is_loopback() { Ipv4Addr::LOCALHOST } else { here.address };
    let target = End { host, address: to, in_pod: false };
    obstacle(world, End { address, ..here }, target, port, Protocol::Tcp, &mut Vec::new())
}
