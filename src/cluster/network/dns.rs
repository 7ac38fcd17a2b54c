//! Names: from a place's `/etc/hosts` and `/etc/resolv.conf` over the kube-dns service to CoreDNS and
//! its Corefile.
//!
//! Name servers outside of the lab answer that a name does not exist.

use std::net::Ipv4Addr;

use super::corefile::{self, Block};
use super::{Outcome, Protocol, Source, connect};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::kubelet::run::PodId;
use crate::cluster::{Object, Place, Store, World};

/// How often an alias may lead to another.
const ALIASES_MAX: u32 = 8;

/// Servers that forward to each other for ever give up when the way has become longer than this.
const TRACE_MAX: usize = 64;

/// What a name server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rcode {
    NoError,
    NxDomain,
    ServFail,
    Refused,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) name: String,
    /// `A`, `CNAME`, `SRV`, `PTR`.
    pub(crate) kind: &'static str,
    pub(crate) value: String,
}

/// An answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DnsAnswer {
    /// The name server that was asked, and the name of the question that it answered.
    pub(crate) server: String,
    pub(crate) asked: String,
    /// `None` when nobody answered.
    pub(crate) rcode: Option<Rcode>,
    pub(crate) records: Vec<Record>,
    pub(crate) trace: Vec<String>,
}

/// The addresses that a file in the form of `/etc/resolv.conf` names.
pub(crate) fn name_servers(world: &World, place: &Place, path: &str) -> Vec<Ipv4Addr> {
    let conf = ResolvConf::parse(&world.read_text(place, path).unwrap_or_default());
    conf.servers.iter().filter_map(|it| it.parse().ok()).collect()
}

/// What `/etc/resolv.conf` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResolvConf {
    pub(crate) servers: Vec<String>,
    pub(crate) search: Vec<String>,
    pub(crate) ndots: usize,
}

impl ResolvConf {
    /// Reads the file of a place.
    pub(crate) fn of(world: &World, place: &Place) -> Self {
        Self::parse(&world.read_text(place, "/etc/resolv.conf").unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut conf = Self { servers: Vec::new(), search: Vec::new(), ndots: 1 };
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["nameserver", server, ..] => conf.servers.push((*server).to_owned()),
                ["search" | "domain", rest @ ..] => {
                    conf.search = rest.iter().map(|it| it.trim_end_matches('.').to_owned()).collect();
                }
                ["options", rest @ ..] => {
                    let ndots = rest.iter().find_map(|it| it.strip_prefix("ndots:")?.parse().ok());
                    conf.ndots = ndots.unwrap_or(conf.ndots);
                }
                _ => {}
            }
        }
        conf
    }

    /// The full names to ask for, in order.
    pub(crate) fn candidates(&self, name: &str) -> Vec<String> {
        if let Some(absolute) = name.strip_suffix('.') {
            return vec![absolute.to_owned()];
        }
        let mut all: Vec<String> = self.search.iter().map(|it| format!("{name}.{it}")).collect();
        if name.matches('.').count() >= self.ndots {
            all.insert(0, name.to_owned());
        } else {
            all.push(name.to_owned());
        }
        all
    }
}

/// The address of a host as programs find it: an address as it stands, `/etc/hosts`, name servers.
pub(super) fn address_of(
    world: &World,
    from: &Place,
    source: &Source,
    host: &str,
    trace: &mut Vec<String>,
) -> Result<Ipv4Addr, Outcome> {
    if let Ok(address) = host.parse() {
        return Ok(address);
    }
    if let Some(address) = in_hosts_file(world, from, host) {
        trace.push(format!("{host} is {address} by /etc/hosts"));
        return Ok(address);
    }
    let answer = lookup(world, from, source, host, "A");
    trace.extend(answer.trace);
    let found = answer.records.iter().find(|it| it.kind == "A").and_then(|it| it.value.parse().ok());
    match (answer.rcode, found) {
        (None, _) => Err(Outcome::NoNameServer),
        (_, Some(address)) => Ok(address),
        _ => Err(Outcome::NoSuchName),
    }
}

fn in_hosts_file(world: &World, from: &Place, host: &str) -> Option<Ipv4Addr> {
    let text = world.read_text(from, "/etc/hosts").unwrap_or_default();
    let found = text.lines().find_map(|line| {
        let mut words = line.split('#').next()?.split_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|it| it.eq_ignore_ascii_case(host)).then_some(address)
    });
    found.or_else(|| (host == "localhost").then_some(Ipv4Addr::LOCALHOST))
}

/// Resolves a name from a place, with its search domains. `kind` is `A`, `SRV`, `PTR` or `CNAME`.
pub(crate) fn resolve(world: &World, from: &Place, name: &str, kind: &str) -> DnsAnswer {
    let Some(source) = Source::of(world, from) else {
        return DnsAnswer {
            server: String::new(),
            asked: name.to_owned(),
            rcode: None,
            records: Vec::new(),
            trace: vec!["the place that it starts from is not running".to_owned()],
        };
    };
    lookup(world, from, &source, name, kind)
}

fn lookup(world: &World, from: &Place, source: &Source, name: &str, kind: &str) -> DnsAnswer {
    let conf = ResolvConf::of(world, from);
    let mut trace = Vec::new();
    let mut last = DnsAnswer {
        server: conf.servers.first().cloned().unwrap_or_default(),
        asked: name.to_owned(),
        rcode: None,
        records: Vec::new(),
        trace: Vec::new(),
    };
    for candidate in conf.candidates(&reverse_name(name, kind)) {
        let answer = ask_servers(world, source, &conf.servers, &candidate, kind, &mut trace);
        let over = !answer.records.is_empty() || answer.rcode.is_none();
        last = answer;
        if over {
            break;
        }
    }
    last.trace = trace;
    last
}

/// The name that a reverse lookup of an address asks for.
fn reverse_name(name: &str, kind: &str) -> String {
    match name.parse::<Ipv4Addr>() {
        Ok(address) if kind == "PTR" => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        _ => name.to_owned(),
    }
}

fn ask_servers(
    world: &World,
    source: &Source,
    servers: &[String],
    name: &str,
    kind: &str,
    trace: &mut Vec<String>,
) -> DnsAnswer {
    let unanswered = |server: &str| DnsAnswer {
        server: server.to_owned(),
        asked: name.to_owned(),
        rcode: None,
        records: Vec::new(),
        trace: Vec::new(),
    };
    for server in servers {
        if let Some((rcode, records)) = ask(world, source, server, name, kind, trace) {
            return DnsAnswer { rcode: Some(rcode), records, ..unanswered(server) };
        }
    }
    unanswered(servers.first().map_or("", String::as_str))
}

/// Asks one name server one question; `None` when it does not answer.
pub(crate) fn ask(
    world: &World,
    source: &Source,
    server: &str,
    name: &str,
    kind: &str,
    trace: &mut Vec<String>,
) -> Option<(Rcode, Vec<Record>)> {
    ask_at(world, source, (server.parse().ok()?, 53), name, kind, trace)
}

fn ask_at(
    world: &World,
    source: &Source,
    (address, port): (Ipv4Addr, u16),
    name: &str,
    kind: &str,
    trace: &mut Vec<String>,
) -> Option<(Rcode, Vec<Record>)> {
    if is_outside(world, source.cluster, address) {
        return Some(outside(world, name, trace));
    }
    match connect(world, source, address, port, Protocol::Udp, trace) {
        Outcome::Open { place: Place::Container { cluster, pod_uid, container }, .. } => {
            let pod = PodId { cluster, uid: pod_uid };
            Some(answer_of(world, &pod, &container, name, kind, trace))
        }
        _ => {
            trace.push(format!("name server {address} does not answer"));
            None
        }
    }
}

/// True for name servers that are no part of the lab, and for a machine's own stub resolver.
fn is_outside(world: &World, cluster: usize, address: Ipv4Addr) -> bool {
    let within = |cidr: &str| cidr.parse::<ipnet::Ipv4Net>().is_ok_and(|net| net.contains(&address));
    let inside =
        world.clusters.get(cluster).is_some_and(|it| within(&it.pod_cidr) || within(&it.service_cidr));
    !inside && !world.hosts.values().any(|it| it.address == address.to_string())
}

/// What the world outside knows: the machines of the lab by name.
fn outside(world: &World, name: &str, trace: &mut Vec<String>) -> (Rcode, Vec<Record>) {
    match world.hosts.get(name) {
        Some(host) => {
            let value = host.address.clone();
            (Rcode::NoError, vec![Record { name: name.to_owned(), kind: "A", value }])
        }
        None => {
            trace.push(format!("{name} does not exist outside of the cluster"));
            (Rcode::NxDomain, Vec::new())
        }
    }
}

/// What the CoreDNS in a container answers.
fn answer_of(
    world: &World,
    pod: &PodId,
    container: &str,
    name: &str,
    kind: &str,
    trace: &mut Vec<String>,
) -> (Rcode, Vec<Record>) {
    let place = pod.place(container);
    let conf = pod.container(world, container).and_then(|it| {
        let words = object::list(&it.spec, "/args").iter().chain(object::list(&it.spec, "/command"));
        let words: Vec<&str> = words.filter_map(Value::as_str).collect();
        words
            .iter()
            .position(|it| it.trim_start_matches('-') == "conf")
            .and_then(|at| words.get(at + 1))
            .map(|it| (*it).to_owned())
    });
    let text = world.read_text(&place, conf.as_deref().unwrap_or("/Corefile")).unwrap_or_default();
    let Ok(blocks) = corefile::parse(&text) else { return (Rcode::ServFail, Vec::new()) };
    let server = Server { world, place: &place, pod, blocks: &blocks };
    server.answer(&name.to_lowercase(), kind, 0, trace)
}

struct Server<'a> {
    world: &'a World,
    /// The container that it runs in.
    place: &'a Place,
    pod: &'a PodId,
    blocks: &'a [Block],
}

type Reply = (Rcode, Vec<Record>);

impl Server<'_> {
    fn answer(&self, name: &str, kind: &str, depth: u32, trace: &mut Vec<String>) -> Reply {
        let Some(block) = corefile::block_for(self.blocks, name) else {
            trace.push(format!("no zone of the Corefile holds {name}"));
            return (Rcode::Refused, Vec::new());
        };
        let rewritten = rewritten(block, name);
        let (asked, mut reply) = match &rewritten {
            Some(other) => (other.as_str(), None),
            None => (name, None),
        };
        for plugin in &block.plugins {
            reply = match plugin.name() {
                "hosts" => hosts_plugin(plugin, asked, kind),
                "kubernetes" => self.kubernetes(plugin, asked, kind, depth, trace),
                "template" => template_plugin(plugin),
                _ => None,
            };
            if reply.is_some() {
                break;
            }
        }
        let (rcode, mut records) = reply.unwrap_or_else(|| self.forward(block, asked, kind, trace));
        if rewritten.is_some() {
            records.iter_mut().filter(|it| it.name == asked).for_each(|it| it.name = name.to_owned());
        }
        (rcode, records)
    }

    /// Passes a question on to the servers that the first fitting `forward` names, in their order.
    fn forward(&self, block: &Block, name: &str, kind: &str, trace: &mut Vec<String>) -> Reply {
        let fits = |plugin: &&corefile::Plugin| {
            let zone = plugin.arguments().first().map_or(".", String::as_str);
            plugin.name() == "forward" && corefile::lies_in(name, zone.trim_end_matches('.'))
        };
        let Some(plugin) = block.plugins.iter().find(fits) else {
            trace.push(format!("the Corefile forwards {name} to nobody"));
            return (Rcode::Refused, Vec::new());
        };
        for upstream in plugin.arguments().get(1..).unwrap_or_default() {
            if trace.len() > TRACE_MAX {
                break;
            }
            trace.push(format!("{name} is forwarded to {upstream}"));
            if let Some(reply) = self.ask_upstream(upstream, name, kind, trace) {
                return reply;
            }
        }
        (Rcode::ServFail, Vec::new())
    }

    /// What a server answers that is named by an address, an address and a port, or a file with name servers in it.
    fn ask_upstream(&self, upstream: &str, name: &str, kind: &str, trace: &mut Vec<String>) -> Option<Reply> {
        let upstream = upstream.trim_start_matches("dns://");
        let (address, port) = upstream.split_once(':').unwrap_or((upstream, "53"));
        let (Ok(address), Ok(port)) = (address.parse::<Ipv4Addr>(), port.parse()) else {
            return Some(outside(self.world, name, trace));
        };
        let source = Source::of(self.world, self.place)?;
        ask_at(self.world, &source, (address, port), name, kind, trace)
    }

    fn kubernetes(
        &self,
        plugin: &corefile::Plugin,
        name: &str,
        kind: &str,
        depth: u32,
        trace: &mut Vec<String>,
    ) -> Option<Reply> {
        let store = &self.world.clusters.get(self.pod.cluster)?.store;
        let zones = plugin.arguments();
        let zone = zones.iter().find(|zone| corefile::lies_in(name, zone.trim_end_matches('.')))?;
        if zone.ends_with("arpa") {
            return pointer(store, name, zones.first().map_or("cluster.local", String::as_str));
        }
        let labels: Vec<&str> = name.strip_suffix(zone.as_str())?.trim_end_matches('.').split('.').collect();
        let records = match labels.as_slice() {
            ["dns-version"] => vec![record(name, "TXT", "1.1.0")],
            [service, namespace, "svc"] => {
                let found = store.find("services", namespace, service);
                return Some(match found {
                    Some(service) => self.service(store, service, name, kind, depth, trace),
                    None => missing(name, trace),
                });
            }
            [host, service, namespace, "svc"] => endpoint_by_host(store, namespace, service, host, name),
            [port, protocol, service, namespace, "svc"] => {
                srv(store, namespace, service, (port, protocol), name, zone)
            }
            [address, _, "pod"] => {
                let pods = plugin.lines.iter().any(|it| it.first().is_some_and(|word| word == "pods"));
                let address = address.replace('-', ".");
                let valid = pods && address.parse::<Ipv4Addr>().is_ok();
                if valid { vec![record(name, "A", &address)] } else { Vec::new() }
            }
            _ => Vec::new(),
        };
        let passes_on = plugin.lines.iter().any(|it| {
            it.first().is_some_and(|word| word == "fallthrough")
                && (it.len() == 1 || it.iter().skip(1).any(|zone| corefile::lies_in(name, zone)))
        });
        match records.is_empty() {
            true if passes_on => None,
            true => Some(missing(name, trace)),
            false => Some((Rcode::NoError, records)),
        }
    }

    fn service(
        &self,
        store: &Store,
        service: &Object,
        name: &str,
        kind: &str,
        depth: u32,
        trace: &mut Vec<String>,
    ) -> Reply {
        if object::text(service, "/spec/type") == "ExternalName" {
            let target = object::text(service, "/spec/externalName").trim_end_matches('.').to_owned();
            let mut records = vec![record(name, "CNAME", &target)];
            if depth < ALIASES_MAX && kind != "CNAME" {
                records.extend(self.answer(&target, kind, depth + 1, trace).1);
            }
            return (Rcode::NoError, records);
        }
        let records = match object::text(service, "/spec/clusterIP") {
            "None" => endpoints(store, service).iter().map(|it| record(name, "A", &it.address)).collect(),
            address => vec![record(name, "A", address)],
        };
        (Rcode::NoError, records)
    }
}

fn missing(name: &str, trace: &mut Vec<String>) -> Reply {
    trace.push(format!("{name} is no service or pod of the cluster"));
    (Rcode::NxDomain, Vec::new())
}

fn record(name: &str, kind: &'static str, value: &str) -> Record {
    Record { name: name.to_owned(), kind, value: value.to_owned() }
}

/// The first `rewrite name` rule that fits: exact, prefix, suffix or substring.
fn rewritten(block: &Block, name: &str) -> Option<String> {
    let rules = block.plugins.iter().filter(|it| it.name() == "rewrite");
    rules
        .filter_map(|plugin| {
            let words: Vec<&str> = plugin.arguments().iter().map(String::as_str).collect();
            let words = match words.as_slice() {
                ["stop" | "continue", rest @ ..] => rest,
                all => all,
            };
            let clean = |it: &str| it.trim_end_matches('.').to_owned();
            match words {
                ["name", "exact", from, to, ..] | ["name", from, to] if clean(from) == name => {
                    Some(clean(to))
                }
                ["name", "suffix", from, to, ..] => {
                    name.strip_suffix(clean(from).as_str()).map(|it| format!("{it}{}", clean(to)))
                }
                ["name", "prefix", from, to, ..] => name.strip_prefix(from).map(|it| format!("{to}{it}")),
                ["name", "substring", from, to, ..] if name.contains(from) => Some(name.replace(from, to)),
                ["name", "regex", from, to, ..] => {
                    let pattern = regex::Regex::new(from).ok()?;
                    let to = to.replace('{', "${");
                    pattern
                        .is_match(name)
                        .then(|| pattern.replace(name, to.as_str()).trim_end_matches('.').to_owned())
                }
                _ => None,
            }
        })
        .next()
}

fn hosts_plugin(plugin: &corefile::Plugin, name: &str, kind: &str) -> Option<Reply> {
    let line = plugin.lines.iter().find(|it| it.iter().skip(1).any(|word| word == name))?;
    let address = line.first()?;
    address.parse::<Ipv4Addr>().ok().filter(|_| kind == "A")?;
    Some((Rcode::NoError, vec![record(name, "A", address)]))
}

fn template_plugin(plugin: &corefile::Plugin) -> Option<Reply> {
    let rcode = plugin.lines.iter().find(|it| it.first().is_some_and(|word| word == "rcode"))?;
    match rcode.get(1).map(String::as_str) {
        Some("NXDOMAIN") => Some((Rcode::NxDomain, Vec::new())),
        Some("SERVFAIL") => Some((Rcode::ServFail, Vec::new())),
        _ => None,
    }
}

/// An address behind a headless service.
struct Named {
    address: String,
    host: String,
}

fn endpoints(store: &Store, service: &Value) -> Vec<Named> {
    let all = object::flag(service, "/spec/publishNotReadyAddresses");
    let mut found = Vec::new();
    for slice in store.list("endpointslices.discovery.k8s.io", object::namespace(service)) {
        if object::label(slice, "kubernetes.io/service-name") != Some(object::name(service)) {
            continue;
        }
        for endpoint in object::list(slice, "/endpoints") {
            let ready = endpoint.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true);
            let address = object::list(endpoint, "/addresses").first().and_then(Value::as_str);
            if let Some(address) = address.filter(|_| ready || all) {
                let host = object::field(endpoint, "hostname").to_owned();
                found.push(Named { address: address.to_owned(), host });
            }
        }
    }
    found
}

/// `web-0.web.default.svc…`, or the address with dashes when an endpoint has no host name.
fn endpoint_by_host(store: &Store, namespace: &str, service: &str, host: &str, name: &str) -> Vec<Record> {
    let Some(service) = store.find("services", namespace, service) else { return Vec::new() };
    if object::text(service, "/spec/clusterIP") != "None" {
        return Vec::new();
    }
    let matches = |it: &&Named| {
        if it.host.is_empty() { it.address.replace('.', "-") == host } else { it.host == host }
    };
    endpoints(store, service).iter().filter(matches).map(|it| record(name, "A", &it.address)).collect()
}

/// `_http._tcp.web.default.svc…`.
fn srv(
    store: &Store,
    namespace: &str,
    service: &str,
    (port, protocol): (&str, &str),
    name: &str,
    zone: &str,
) -> Vec<Record> {
    let Some(object) = store.find("services", namespace, service) else { return Vec::new() };
    let wanted = |it: &&Value| {
        object::field(it, "name") == port.trim_start_matches('_')
            && object::field(it, "protocol").eq_ignore_ascii_case(protocol.trim_start_matches('_'))
    };
    let Some(port) = object::list(object, "/spec/ports").iter().find(wanted) else { return Vec::new() };
    let number = object::int(port, "/port").unwrap_or(0);
    vec![record(name, "SRV", &format!("0 100 {number} {service}.{namespace}.svc.{zone}."))]
}

/// The name of an address, from `4.3.2.1.in-addr.arpa`.
fn pointer(store: &Store, name: &str, zone: &str) -> Option<Reply> {
    let octets: Vec<&str> = name.strip_suffix(".in-addr.arpa")?.split('.').collect();
    let address = octets.iter().rev().copied().collect::<Vec<_>>().join(".");
    let service = store.list("services", "").find(|it| object::text(it, "/spec/clusterIP") == address)?;
    let value = format!("{}.{}.svc.{zone}.", object::name(service), object::namespace(service));
    Some((Rcode::NoError, vec![record(name, "PTR", &value)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_domains_come_first_for_short_names() {
        let conf = ResolvConf::parse(
            "nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local\noptions ndots:5\n",
        );
        assert_eq!(conf.candidates("web"), ["web.default.svc.cluster.local", "web.svc.cluster.local", "web"]);
        assert_eq!(conf.candidates("web."), ["web"]);
        assert_eq!(ResolvConf::parse("").candidates("a.b")[0], "a.b");
    }

    #[test]
    fn rewrites_change_the_question() {
        let block = &corefile::parse(
            ". {\n rewrite name suffix .example.com .svc.cluster.local\n rewrite name a.org b.org\n}\n",
        )
        .unwrap()[0];
        assert_eq!(rewritten(block, "web.example.com").as_deref(), Some("web.svc.cluster.local"));
        assert_eq!(rewritten(block, "a.org").as_deref(), Some("b.org"));
        assert_eq!(rewritten(block, "c.org"), None);
    }
}
