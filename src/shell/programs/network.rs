//! What a machine's network looks like: `ss`, `netstat`, `ip`.

use super::options::{Spec, Value};
use crate::cluster::network::listeners::{self, Listener};
use crate::cluster::{Place, World, processes};
use crate::shell::{Proc, Program, Running};

pub(crate) const SS: Program = Program { name: "ss", summary: "Show sockets", run: run_ss };
pub(crate) const NETSTAT: Program = Program { name: "netstat", summary: "Show sockets", run: run_netstat };
pub(crate) const IP: Program = Program { name: "ip", summary: "Show addresses and routes", run: run_ip };

const SS_SPEC: Spec = Spec {
    name: "ss",
    short: "tulnpaemoisxwHr4",
    long: &[
        ("tcp", 't', Value::None),
        ("udp", 'u', Value::None),
        ("listening", 'l', Value::None),
        ("numeric", 'n', Value::None),
        ("processes", 'p', Value::None),
        ("all", 'a', Value::None),
        ("no-header", 'H', Value::None),
        ("ipv4", '4', Value::None),
    ],
};

/// The numbers of processes by name, for the last column.
fn pid_of(world: &World, host: &str, program: &str) -> u32 {
    let all = processes::of_host(world, host);
    let named = |it: &&processes::Process| {
        let word = it.command.split_whitespace().next().unwrap_or_default();
        word.rsplit('/').next() == Some(program)
    };
    all.iter().find(named).map_or(0, |it| it.pid)
}

/// Listeners with the number of their process.
pub(super) fn listening(proc: &Proc, tcp: bool, udp: bool) -> Vec<(Listener, u32)> {
    let Place::Host(host) = &proc.place else { return Vec::new() };
    let world = proc.world();
    let all = listeners::all(&world, host).into_iter();
    let wanted = all.filter(|it| if it.udp { udp } else { tcp });
    wanted
        .map(|it| {
            let pid = pid_of(&world, host, &it.program);
            (it, pid)
        })
        .collect()
}

/// `0.0.0.0:6443`; Go programs bound to everything listen on `*`.
fn local(it: &Listener) -> String {
    match (it.address.is_unspecified(), it.program.as_str()) {
        (true, "sshd") => format!("0.0.0.0:{}", it.port),
        (true, _) => format!("*:{}", it.port),
        (false, _) => format!("{}:{}", it.address, it.port),
    }
}

fn run_ss(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SS_SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text.lines().next().map(|line| format!("{line}\n")).unwrap_or_default());
                return 255;
            }
        };
        if let Some(letter) = options.last_of("sx") {
            proc.eprint(format!("uncordon: ss -{letter} is not simulated yet\n"));
            return 1;
        }
        let both = !options.has('t') && !options.has('u');
        let shown = if options.has('l') || options.has('a') {
            listening(proc, both || options.has('t'), both || options.has('u'))
        } else {
            Vec::new()
        };
        let port = options.operands.iter().find_map(|it| it.rsplit(':').next()?.parse::<u16>().ok());
        let with_kind = both || options.has('t') && options.has('u');
        let mut rows = Vec::new();
        for (it, pid) in shown.into_iter().filter(|(it, _)| port.is_none_or(|port| it.port == port)) {
            let state = if it.udp { "UNCONN" } else { "LISTEN" };
            let kind = if it.udp { "udp" } else { "tcp" };
            let peer = if local(&it).starts_with('*') { "*:*" } else { "0.0.0.0:*" };
            let users = format!("users:((\"{}\",pid={pid},fd=3))", it.program);
            let users = if options.has('p') && proc.user == "root" { users } else { String::new() };
            rows.push([
                kind.to_owned(),
                state.to_owned(),
                if it.udp { "0" } else { "4096" }.to_owned(),
                local(&it),
                peer.to_owned(),
                users,
            ]);
        }
        let head = ["Netid", "State", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process"];
        let wide = |column: usize| {
            rows.iter().map(|row| row[column].len()).max().unwrap_or(0).max(head[column].len())
        };
        let (local_width, peer_width) = (wide(3), wide(4));
        let line = |kind: &str, state: &str, recv: &str, send: &str, local: &str, peer: &str, users: &str| {
            let kind = if with_kind { format!("{kind:<6}") } else { String::new() };
            format!("{kind}{state:<7} {recv:<7} {send:<7} {local:>local_width$} {peer:>peer_width$} {users}")
                .trim_end()
                .to_owned()
                + "\n"
        };
        if !options.has('H') {
            proc.print(line("Netid", "State", "Recv-Q", "Send-Q", head[3], head[4], head[5]));
        }
        for [kind, state, queue, local, peer, users] in &rows {
            proc.print(line(kind, state, "0", queue, local, peer, users));
        }
        0
    })
}

fn run_netstat(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let flags: String = proc
            .args
            .iter()
            .skip(1)
            .filter(|it| it.starts_with('-'))
            .map(|it| it.trim_start_matches('-'))
            .collect();
        if flags.contains(['r', 'i', 's']) {
            proc.eprint("uncordon: netstat of routes and statistics is not simulated yet\n");
            return 1;
        }
        let both = !flags.contains(['t', 'u']);
        let only = if flags.contains('l') { "only servers" } else { "w/o servers" };
        let only = if flags.contains('a') { "servers and established" } else { only };
        proc.print(format!(
            "Active Internet connections ({only})\nProto Recv-Q Send-Q Local Address           Foreign Address         State{}\n",
            if flags.contains('p') { "       PID/Program name    " } else { "      " }
        ));
        if !flags.contains(['l', 'a']) {
            return 0;
        }
        for (it, pid) in listening(proc, both || flags.contains('t'), both || flags.contains('u')) {
            let any = it.address.is_unspecified() && it.program != "sshd";
            let (kind, local, peer) = match (it.udp, any) {
                (false, true) => ("tcp6", format!(":::{}", it.port), ":::*"),
                (true, true) => ("udp6", format!(":::{}", it.port), ":::*"),
                (false, false) => ("tcp", format!("{}:{}", it.address, it.port), "0.0.0.0:*"),
                (true, false) => ("udp", format!("{}:{}", it.address, it.port), "0.0.0.0:*"),
            };
            let state = if it.udp { "" } else { "LISTEN" };
            let owner = if proc.user == "root" { format!("{pid}/{}", it.program) } else { "-".into() };
            let owner = if flags.contains('p') { owner } else { String::new() };
            proc.print(format!("{kind:<5}      0      0 {local:<23} {peer:<23} {state:<11} {owner:<20}\n"));
        }
        0
    })
}

/// A network card of a machine.
pub(super) struct Card {
    pub(super) name: String,
    /// `link/ether …`.
    pub(super) link: String,
    pub(super) mtu: u32,
    /// With prefix length.
    pub(super) addresses: Vec<String>,
}

pub(super) fn cards(world: &World, host: &str) -> Vec<Card> {
    let Some(machine) = world.hosts.get(host) else { return Vec::new() };
    let octets: Vec<u8> = machine.address.split('.').filter_map(|it| it.parse().ok()).collect();
    let mac = octets.iter().map(|it| format!("{it:02x}")).collect::<Vec<_>>().join(":");
    let mut all = vec![
        Card {
            name: "lo".into(),
            link: "link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00".into(),
            mtu: 65_536,
            addresses: vec!["127.0.0.1/8".into()],
        },
        Card {
            name: "eth0".into(),
            link: format!("link/ether 52:54:{mac} brd ff:ff:ff:ff:ff:ff"),
            mtu: 1500,
            addresses: vec![format!("{}/16", machine.address)],
        },
    ];
    for state in &world.clusters {
        for (uid, run) in state.runtime.pods.iter().filter(|(_, run)| run.host == host) {
            if !run.ip.is_empty() && run.ip != machine.address {
                let digits: String = uid.chars().filter(char::is_ascii_hexdigit).take(11).collect();
                let link = "link/ether ee:ee:ee:ee:ee:ee brd ff:ff:ff:ff:ff:ff".to_owned();
                all.push(Card { name: format!("cali{digits}"), link, mtu: 1450, addresses: Vec::new() });
            }
        }
    }
    all
}

fn run_ip(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint("uncordon: ip in a container is not simulated yet\n");
            return 1;
        };
        let brief = proc.args.iter().any(|it| it == "-br" || it == "-brief");
        let words: Vec<String> =
            proc.args.iter().skip(1).filter(|it| !it.starts_with('-')).cloned().collect();
        if let Some(what) = not_shown(proc, &words) {
            proc.eprint(format!("uncordon: ip {what} is not simulated yet\n"));
            return 1;
        }
        let one_line = proc.args.iter().any(|it| matches!(it.as_str(), "-o" | "-oneline"));
        let kind = words.iter().position(|it| it == "type").and_then(|at| words.get(at + 1)).cloned();
        let name = words
            .iter()
            .skip(1)
            .rfind(|it| !matches!(it.as_str(), "show" | "list" | "ls" | "dev" | "up" | "type"))
            .filter(|it| kind.as_ref() != Some(it))
            .cloned();
        let world = proc.world();
        let text = match words.first().map(String::as_str) {
            Some(word) if "address".starts_with(word) => addresses(
                &world,
                &host,
                &Wanted { name: name.as_deref(), kind: kind.as_deref(), with: true },
                brief,
            ),
            Some(word) if "link".starts_with(word) => addresses(
                &world,
                &host,
                &Wanted { name: name.as_deref(), kind: kind.as_deref(), with: false },
                brief,
            ),
            Some("netns") => Ok(namespaces(&world, &host)),
            Some(word) if "route".starts_with(word) && words.get(1).is_some_and(|it| it == "get") => {
                route_to(&world, &host, words.get(2).map_or("", String::as_str))
            }
            Some(word) if "route".starts_with(word) => Ok(only_routes(&routes(&world, &host), &words)),
            Some(word) if "neighbor".starts_with(word) => Ok(neighbours(&world, &host)),
            other => Err(format!("uncordon: ip {} is not simulated yet\n", other.unwrap_or_default())),
        };
        drop(world);
        match text {
            Ok(text) => {
                proc.print(if one_line { joined(&text) } else { text });
                0
            }
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

/// Verbs of `ip` that change something, which its state here cannot take, and forms that are not printed.
const CHANGING: &[&str] = &[
    "add", "del", "delete", "set", "replace", "change", "append", "flush", "exec", "save", "restore",
    "monitor",
];

/// What of a call is not simulated.
fn not_shown(proc: &Proc, words: &[String]) -> Option<String> {
    if let Some(form) =
        proc.args.iter().find(|it| matches!(it.as_str(), "-j" | "-json" | "-s" | "-stats" | "-p"))
    {
        return Some(form.clone());
    }
    let verb = words.get(1).filter(|it| CHANGING.contains(&it.as_str()))?;
    Some(format!("{} {verb}", words.first().map_or("", String::as_str)))
}

/// Routes of a destination that was asked for: `default`, a network, or those of a card.
fn only_routes(all: &str, words: &[String]) -> String {
    let mut rest =
        words.iter().skip(1).map(String::as_str).filter(|it| !matches!(*it, "show" | "list" | "ls" | "to"));
    let (mut wanted, mut card) = (None, None);
    while let Some(word) = rest.next() {
        match word {
            "dev" => card = rest.next(),
            "table" => drop(rest.next()),
            word => wanted = Some(word),
        }
    }
    let fits = |line: &&str| {
        let mut words = line.split_whitespace();
        let to = words.next().unwrap_or_default();
        let on = words.skip_while(|it| *it != "dev").nth(1).unwrap_or_default();
        wanted.is_none_or(|it| it == to) && card.is_none_or(|it| it == on)
    };
    all.lines().filter(fits).map(|line| format!("{line}\n")).collect()
}

/// Each card or address on one line, as `-o` prints them.
fn joined(text: &str) -> String {
    let mut out = String::new();
    let mut head = String::new();
    for line in text.lines() {
        match line.strip_prefix("    ") {
            None => {
                let (number, rest) = line.split_once(": ").unwrap_or(("", line));
                let name = rest.split([':', '@']).next().unwrap_or_default();
                head = format!("{number}: {name}    ");
                if !text.contains("    inet ") {
                    out += &format!("{line}\\");
                }
            }
            Some(rest) if rest.starts_with("inet ") => out += &format!("{head}{rest}\\"),
            Some(rest) if rest.starts_with("   valid") => out += &format!("    {}\n", rest.trim_end()),
            Some(rest) if !text.contains("    inet ") => out += &format!("    {rest}\n"),
            Some(_) => {}
        }
    }
    out
}

/// Which cards, and whether with their addresses.
struct Wanted<'a> {
    name: Option<&'a str>,
    /// `veth` for those of pods; the machines have no others.
    kind: Option<&'a str>,
    with: bool,
}

fn addresses(world: &World, host: &str, wanted: &Wanted<'_>, brief: bool) -> Result<String, String> {
    let Wanted { name, kind, with } = *wanted;
    let mut text = String::new();
    let all = cards(world, host);
    let is_kind = |card: &Card| kind.is_none_or(|kind| kind == "veth" && card.name.starts_with("cali"));
    for (index, card) in
        all.iter().enumerate().filter(|(_, card)| name.is_none_or(|name| card.name == name) && is_kind(card))
    {
        let is_lo = card.name == "lo";
        let (state, flags, group) = if is_lo {
            ("UNKNOWN", "LOOPBACK,UP,LOWER_UP", "noqueue")
        } else {
            ("UP", "BROADCAST,MULTICAST,UP,LOWER_UP", "fq_codel")
        };
        let peer = if card.name.starts_with("cali") { "@if2" } else { "" };
        if brief {
            let shown = if with {
                card.addresses.join(" ")
            } else {
                card.link.split(' ').nth(1).unwrap_or("").to_owned()
            };
            text.push_str(&format!("{:<16} {state:<14} {shown} \n", format!("{}{peer}", card.name)));
            continue;
        }
        text.push_str(&format!(
            "{}: {}{peer}: <{flags}> mtu {} qdisc {group} state {state} group default qlen 1000\n    {}\n",
            index + 1,
            card.name,
            card.mtu,
            card.link
        ));
        for address in card.addresses.iter().filter(|_| with) {
            let scope = if is_lo { "scope host lo" } else { "brd 172.30.255.255 scope global eth0" };
            text.push_str(&format!(
                "    inet {address} {scope}\n       valid_lft forever preferred_lft forever\n"
            ));
        }
    }
    match name {
        Some(name) if text.is_empty() => Err(format!("Device \"{name}\" does not exist.\n")),
        _ => Ok(text),
    }
}

pub(super) fn routes(world: &World, host: &str) -> String {
    let Some(machine) = world.hosts.get(host) else { return String::new() };
    let own = &machine.address;
    let mut text = format!(
        "default via 172.30.0.1 dev eth0 proto static\n172.30.0.0/16 dev eth0 proto kernel scope link src {own}\n"
    );
    for state in &world.clusters {
        for node in state.store.list("nodes", "") {
            let cidr = crate::apimachinery::object::text(node, "/spec/podCIDR");
            let at = state.nodes.get(crate::apimachinery::object::name(node));
            let via = at.and_then(|it| world.hosts.get(it)).map(|it| it.address.clone()).unwrap_or_default();
            if !cidr.is_empty() && via != *own {
                text.push_str(&format!("{cidr} via {via} dev eth0 proto bird\n"));
            }
        }
        for (uid, run) in state.runtime.pods.iter().filter(|(_, run)| run.host == host) {
            if !run.ip.is_empty() && run.ip != *own {
                let digits: String = uid.chars().filter(char::is_ascii_hexdigit).take(11).collect();
                text.push_str(&format!("{} dev cali{digits} scope link\n", run.ip));
            }
        }
    }
    text
}

/// Network name spaces of the pods of a machine, as containerd names them.
fn namespaces(world: &World, host: &str) -> String {
    let own = world.hosts.get(host).map(|it| it.address.clone()).unwrap_or_default();
    let pods = world.clusters.iter().flat_map(|it| it.runtime.pods.iter());
    let here = pods.filter(|(_, run)| run.host == host && !run.ip.is_empty() && run.ip != own);
    here.enumerate().map(|(at, (uid, _))| format!("cni-{uid} (id: {at})\n")).collect()
}

/// The route that a packet to an address takes.
fn route_to(world: &World, host: &str, to: &str) -> Result<String, String> {
    let own = world.hosts.get(host).map(|it| it.address.clone()).unwrap_or_default();
    let Ok(address) = to.parse::<std::net::Ipv4Addr>() else {
        return Err(format!("Error: any valid prefix is expected rather than \"{to}\".\n"));
    };
    if to == own || address.is_loopback() {
        return Ok(format!("local {to} dev lo src {to} uid 0 \n    cache <local> \n"));
    }
    let bits = |text: &str| {
        let (network, length) = text.split_once('/').unwrap_or((text, "32"));
        Some((u32::from(network.parse::<std::net::Ipv4Addr>().ok()?), length.parse::<u32>().ok()?))
    };
    let fits = |line: &&str| {
        let first = line.split_whitespace().next().unwrap_or_default();
        bits(first).is_some_and(|(network, length)| {
            let mask = u32::MAX.checked_shl(32 - length.min(32)).unwrap_or(0);
            u32::from(address) & mask == network & mask
        })
    };
    let all = routes(world, host);
    let longest = |line: &&str| line.split_whitespace().next().and_then(bits).map_or(0, |(_, length)| length);
    let found =
        all.lines().filter(fits).max_by_key(longest).or_else(|| all.lines().next()).unwrap_or_default();
    let words: Vec<&str> = found.split_whitespace().collect();
    let after = |name: &str| words.iter().position(|it| *it == name).and_then(|at| words.get(at + 1));
    let via = after("via").map(|it| format!(" via {it}")).unwrap_or_default();
    Ok(format!("{to}{via} dev {} src {own} uid 0 \n    cache \n", after("dev").unwrap_or(&"eth0")))
}

pub(super) fn neighbours(world: &World, host: &str) -> String {
    let others = world.hosts.iter().filter(|(name, it)| *name != host && it.up);
    others
        .map(|(_, it)| {
            let octets: Vec<u8> = it.address.split('.').filter_map(|it| it.parse().ok()).collect();
            let mac = octets.iter().map(|it| format!("{it:02x}")).collect::<Vec<_>>().join(":");
            format!("{} dev eth0 lladdr 52:54:{mac} REACHABLE\n", it.address)
        })
        .collect()
}
