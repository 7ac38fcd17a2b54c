//! Who has what open, and older programs that show the network: `lsof`, `fuser`, `ifconfig`, `route`, `arp`,
//! `resolvectl`, `ufw`.

use super::network;
use super::options::Spec;
use crate::cluster::Place;
use crate::shell::Proc;

programs! {
    LSOF "lsof" "Show open files" lsof;
    FUSER "fuser" "Show who uses a file or a port" fuser;
    IFCONFIG "ifconfig" "Show network cards" ifconfig;
    ROUTE "route" "Show routes" route;
    ARP "arp" "Show neighbours" arp;
    RESOLVECTL "resolvectl" "Ask the resolver" resolvectl;
}

const LSOF_SPEC: Spec = Spec { name: "lsof", short: "i:nPp:tu:c:s:a", long: &[] };

/// `:6443`, `TCP:6443`, `tcp`, `@127.0.0.1:2379`: the protocol and the port that `-i` asks for.
fn asked(text: &str) -> (Option<bool>, Option<u16>) {
    let lower = text.to_lowercase();
    let udp = match lower.split(['@', ':']).next().unwrap_or_default().trim_start_matches(['4', '6']) {
        "tcp" => Some(false),
        "udp" => Some(true),
        _ => None,
    };
    (udp, lower.rsplit_once(':').and_then(|(_, port)| port.parse().ok()))
}

fn lsof(proc: &Proc) -> i32 {
    // `-i` may stand alone.
    let mut args: Vec<String> = proc.args.iter().skip(1).cloned().collect();
    for at in 0..args.len() {
        let bare = args.get(at).is_some_and(|it| it == "-i");
        let next = args.get(at + 1).cloned().unwrap_or_else(|| "-".into());
        let is_address =
            next.contains(':') || ["tcp", "udp", "TCP", "UDP", "4", "6"].contains(&next.as_str());
        if bare && !is_address {
            args[at] = "-i4".into();
        }
    }
    let options = match LSOF_SPEC.parse(&args) {
        Ok(options) => options,
        Err(text) => {
            proc.eprint(text);
            return 1;
        }
    };
    let Some(wanted) = options.value('i') else {
        proc.eprint("uncordon: lsof without -i is not simulated yet\n");
        return 1;
    };
    let (udp, port) = asked(wanted);
    let all = network::listening(proc, udp != Some(true), udp != Some(false));
    let found: Vec<_> = all
        .into_iter()
        .filter(|(it, pid)| {
            port.is_none_or(|port| it.port == port)
                && options.value('p').is_none_or(|wanted| wanted.parse() == Ok(*pid))
                && options.value('c').is_none_or(|wanted| it.program.starts_with(wanted))
        })
        .collect();
    if found.is_empty() || proc.user != "root" {
        return 1;
    }
    if options.has('t') {
        let mut pids: Vec<u32> = found.iter().map(|(_, pid)| *pid).collect();
        pids.dedup();
        pids.iter().for_each(|pid| proc.print(format!("{pid}\n")));
        return 0;
    }
    proc.print("COMMAND     PID USER   FD   TYPE DEVICE SIZE/OFF NODE NAME\n");
    for (at, (it, pid)) in found.iter().enumerate() {
        let any = it.address.is_unspecified();
        let (kind, address) = if any { ("IPv6", "*".to_owned()) } else { ("IPv4", it.address.to_string()) };
        let (node, state) = if it.udp { ("UDP", "") } else { ("TCP", " (LISTEN)") };
        let short: String = it.program.chars().take(9).collect();
        proc.print(format!(
            "{short:<9} {pid:>5} root {:>4}u  {kind}  {:>5}      0t0  {node} {address}:{}{state}\n",
            3 + at,
            20_000 + it.port,
            it.port
        ));
    }
    0
}

fn fuser(proc: &Proc) -> i32 {
    let mut exit = 1;
    let words: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
    let port_of = |word: &&str| {
        word.split_once('/').and_then(|(port, kind)| Some((port.parse::<u16>().ok()?, kind == "udp")))
    };
    for word in words.iter().filter(|it| !it.starts_with('-')) {
        let Some((port, udp)) = port_of(word) else { continue };
        let found = network::listening(proc, !udp, udp);
        let mut pids: Vec<u32> =
            found.iter().filter(|(it, _)| it.port == port).map(|(_, pid)| *pid).collect();
        pids.dedup();
        if !pids.is_empty() {
            let shown: String = pids.iter().map(|pid| format!("{pid:>6}")).collect();
            proc.eprint(format!("{:<20}", format!("{word}:")));
            proc.print(format!("{shown}\n"));
            exit = 0;
        }
    }
    exit
}

fn ifconfig(proc: &Proc) -> i32 {
    let Place::Host(host) = &proc.place else {
        proc.eprint("uncordon: ifconfig in a container is not simulated yet\n");
        return 1;
    };
    let wanted = proc.args.iter().skip(1).find(|it| !it.starts_with('-'));
    let cards = network::cards(&proc.world(), host);
    let mut seen = false;
    for card in cards.iter().filter(|it| wanted.is_none_or(|name| it.name == *name)) {
        seen = true;
        let lo = card.name == "lo";
        let flags =
            if lo { "flags=73<UP,LOOPBACK,RUNNING>" } else { "flags=4163<UP,BROADCAST,RUNNING,MULTICAST>" };
        proc.print(format!("{}: {flags}  mtu {}\n", card.name, card.mtu));
        for address in &card.addresses {
            let ip = address.split('/').next().unwrap_or_default();
            let tail = if lo { "netmask 255.0.0.0" } else { "netmask 255.255.0.0  broadcast 172.30.255.255" };
            proc.print(format!("        inet {ip}  {tail}\n"));
        }
        match card.link.split_whitespace().nth(1).filter(|_| !lo) {
            Some(mac) => proc.print(format!("        ether {mac}  txqueuelen 1000  (Ethernet)\n\n")),
            None => proc.print("        loop  txqueuelen 1000  (Local Loopback)\n\n"),
        }
    }
    match wanted {
        Some(name) if !seen => {
            proc.eprint(format!("{name}: error fetching interface information: Device not found\n"));
            1
        }
        _ => 0,
    }
}

/// The netmask of a prefix length.
fn mask(prefix: &str) -> String {
    let bits: u32 = prefix.parse().unwrap_or(32);
    let value = u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0);
    std::net::Ipv4Addr::from(value).to_string()
}

fn route(proc: &Proc) -> i32 {
    let Place::Host(host) = &proc.place else { return 1 };
    let text = network::routes(&proc.world(), host);
    proc.print("Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n");
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let after =
            |name: &str| words.iter().position(|it| *it == name).and_then(|at| words.get(at + 1)).copied();
        let (to, prefix) = match words.first().copied() {
            Some("default") => ("0.0.0.0", "0"),
            Some(to) => to.split_once('/').unwrap_or((to, "32")),
            None => continue,
        };
        let via = after("via").unwrap_or("0.0.0.0");
        let flags = match (via != "0.0.0.0", prefix == "32") {
            (true, _) => "UG",
            (_, true) => "UH",
            _ => "U",
        };
        proc.print(format!(
            "{to:<15} {via:<15} {:<15} {flags:<5} 0      0        0 {}\n",
            mask(prefix),
            after("dev").unwrap_or("")
        ));
    }
    0
}

fn arp(proc: &Proc) -> i32 {
    let Place::Host(host) = &proc.place else { return 1 };
    let text = network::neighbours(&proc.world(), host);
    proc.print("Address                  HWtype  HWaddress           Flags Mask            Iface\n");
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [address, _, device, _, mac, ..] = words.as_slice() {
            proc.print(format!("{address:<24} ether   {mac:<19} C                     {device}\n"));
        }
    }
    0
}

fn resolvectl(proc: &Proc) -> i32 {
    let words: Vec<&str> =
        proc.args.iter().skip(1).map(String::as_str).filter(|it| !it.starts_with('-')).collect();
    let upstream = proc.read_file("/run/systemd/resolve/resolv.conf").unwrap_or_default();
    let upstream = String::from_utf8_lossy(&upstream).into_owned();
    let servers: Vec<&str> = upstream.lines().filter_map(|it| it.strip_prefix("nameserver ")).collect();
    match words.as_slice() {
        [] | ["status", ..] => proc.print(format!(
            "Global\n         Protocols: -LLMNR -mDNS -DNSOverTLS DNSSEC=no/unsupported\n  resolv.conf mode: stub\n\n\
             Link 2 (eth0)\n    Current Scopes: DNS\n         Protocols: +DefaultRoute -LLMNR -mDNS -DNSOverTLS DNSSEC=no/unsupported\n\
             Current DNS Server: {}\n       DNS Servers: {}\n",
            servers.first().copied().unwrap_or_default(),
            servers.join(" ")
        )),
        ["dns", ..] => proc.print(format!("Global:\nLink 2 (eth0): {}\n", servers.join(" "))),
        ["query", names @ ..] => {
            let hosts = proc.read_file("/etc/hosts").unwrap_or_default();
            let hosts = String::from_utf8_lossy(&hosts).into_owned();
            for name in names {
                let line = hosts.lines().find(|it| it.split_whitespace().skip(1).any(|word| word == *name));
                match line.and_then(|it| it.split_whitespace().next()) {
                    Some(address) => proc.print(format!(
                        "{name}: {address}\n\n-- Information acquired via protocol DNS in 312us.\n-- Data is authenticated: yes; Data was acquired via local or encrypted transport: yes\n-- Data from: synthetic\n"
                    )),
                    None => {
                        proc.eprint(format!("{name}: resolve call failed: '{name}' not found\n"));
                        return 1;
                    }
                }
            }
        }
        ["flush-caches"] => {}
        other => {
            proc.eprint(format!("uncordon: resolvectl {} is not simulated yet\n", other.join(" ")));
            return 1;
        }
    }
    0
}
