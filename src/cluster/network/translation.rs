//! What kube-proxy has told the kernel of a machine: the nat table of its iptables mode, the virtual servers of its
//! ipvs mode. Computed from the services and endpoints of now, as packets are sent.
//!
//! Names of chains follow kube-proxy's: a hash of the port's name and protocol, and for an endpoint of its address.

use sha2::{Digest, Sha256};

use super::Protocol;
use super::services::{self, Endpoint};
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::{ClusterId, World};

/// A chain of the nat table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) name: String,
    /// True for those that packets meet by themselves.
    pub(crate) built_in: bool,
    pub(crate) rules: Vec<Rule>,
}

/// A rule of the nat table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rule {
    /// `192.168.0.0/16`, with a `!` before it when it is turned round; empty for any.
    pub(crate) source: String,
    pub(crate) destination: String,
    /// `tcp`, `udp`, `sctp`, or empty.
    pub(crate) protocol: &'static str,
    pub(crate) comment: String,
    /// 0 for any.
    pub(crate) port: u16,
    /// Further matches, as `iptables -S` writes them, and as `iptables -L` does.
    pub(crate) more: (String, String),
    pub(crate) target: String,
    /// What the target is told, in both forms.
    pub(crate) told: (String, String),
}

/// One port of a service with what it sends to.
#[derive(Clone, Debug)]
pub(crate) struct VirtualServer {
    /// `default/web:http`.
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) port: u16,
    pub(crate) node_port: Option<u16>,
    pub(crate) protocol: Protocol,
    /// Addresses with ports.
    pub(crate) endpoints: Vec<String>,
}

/// How the kube-proxy of a machine works: `iptables`, `ipvs`, `nftables`; `None` where none runs.
pub(crate) fn mode(world: &World, host: &str) -> Option<(ClusterId, String)> {
    let cluster = world.clusters.iter().position(|it| it.nodes.values().any(|name| name == host))?;
    if !services::is_programmed(world, cluster, host) {
        return None;
    }
    let mode =
        config(world, cluster, host).map(|it| object::text(&it, "/mode").to_owned()).unwrap_or_default();
    Some((cluster, if mode.is_empty() { "iptables".to_owned() } else { mode }))
}

/// The configuration file of the kube-proxy of a machine.
fn config(world: &World, cluster: ClusterId, host: &str) -> Option<Value> {
    let pods = &world.clusters.get(cluster)?.runtime.pods;
    let (uid, _) = pods.iter().find(|(_, run)| run.host == host && run.name.starts_with("kube-proxy"))?;
    let place = crate::cluster::Place::Container {
        cluster,
        pod_uid: uid.clone(),
        container: "kube-proxy".to_owned(),
    };
    let text = world.read_text(&place, "/var/lib/kube-proxy/config.conf").ok()?;
    yaml::documents(&text).ok()?.into_iter().next()
}

/// Every port of every service with an address, by name.
pub(crate) fn servers(world: &World, cluster: ClusterId) -> Vec<VirtualServer> {
    let Some(state) = world.clusters.get(cluster) else { return Vec::new() };
    let mut all = Vec::new();
    for service in state.store.list("services", "") {
        let address = object::text(service, "/spec/clusterIP");
        if address.is_empty() || address == "None" {
            continue;
        }
        for port in object::list(service, "/spec/ports") {
            let number = |key: &str| object::int(port, key).and_then(|it| u16::try_from(it).ok());
            let found = services::endpoints(&state.store, service, port);
            let mut endpoints: Vec<&Endpoint> = found.iter().collect();
            endpoints.sort_by_key(|it| (it.address, it.port));
            let suffix = match object::field(port, "name") {
                "" => String::new(),
                name => format!(":{name}"),
            };
            all.push(VirtualServer {
                name: format!("{}/{}{suffix}", object::namespace(service), object::name(service)),
                address: address.to_owned(),
                port: number("/port").unwrap_or(0),
                node_port: number("/nodePort"),
                protocol: Protocol::of(object::field(port, "protocol")),
                endpoints: endpoints.iter().map(|it| format!("{}:{}", it.address, it.port)).collect(),
            });
        }
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// 16 letters of the base32 of a hash, as kube-proxy names its chains.
fn hash(parts: &[&str]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(parts.concat());
    let bits = digest.iter().take(10).fold(0_u128, |all, byte| (all << 8) | u128::from(*byte));
    let letter = |at: u32| LETTERS.get(((bits >> (75 - 5 * at)) & 31) as usize).copied().unwrap_or(b'A');
    (0..16).map(|at| char::from(letter(at))).collect()
}

fn lower(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Sctp => "sctp",
    }
}

fn jump(comment: &str, target: &str) -> Rule {
    Rule { comment: comment.to_owned(), target: target.to_owned(), ..Rule::default() }
}

/// The nat table of a machine whose kube-proxy works with iptables, in the order in which it is saved.
pub(crate) fn nat(world: &World, host: &str) -> Vec<Chain> {
    let built_in = |name: &str, rules: Vec<Rule>| Chain { name: name.to_owned(), built_in: true, rules };
    let Some((cluster, _)) = mode(world, host).filter(|(_, mode)| mode == "iptables") else {
        return ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"].map(|it| built_in(it, Vec::new())).into();
    };
    let range = config(world, cluster, host).map(|it| object::text(&it, "/clusterCIDR").to_owned());
    let mut own = frame();
    for server in servers(world, cluster).iter().filter(|it| !it.endpoints.is_empty()) {
        add_server(&mut own, server, range.as_deref().unwrap_or_default());
    }
    if let Some(services) = own.iter_mut().find(|it| it.name == "KUBE-SERVICES") {
        let comment = "kubernetes service nodeports; NOTE: this must be the last rule in this chain";
        let more = ("-m addrtype --dst-type LOCAL".into(), "ADDRTYPE match dst-type LOCAL".into());
        services.rules.push(Rule { more, ..jump(comment, "KUBE-NODEPORTS") });
    }
    own.sort_by(|a, b| a.name.cmp(&b.name));
    let portals = || vec![jump("kubernetes service portals", "KUBE-SERVICES")];
    let mut all = vec![
        built_in("PREROUTING", portals()),
        built_in("INPUT", Vec::new()),
        built_in("OUTPUT", portals()),
        built_in("POSTROUTING", vec![jump("kubernetes postrouting rules", "KUBE-POSTROUTING")]),
    ];
    all.extend(own);
    all
}

/// The chains that are there without any service.
fn frame() -> Vec<Chain> {
    let own = |name: &str, rules: Vec<Rule>| Chain { name: name.to_owned(), built_in: false, rules };
    let mark = |mask: &str, word: &str| (format!("--set-xmark 0x4000/{mask}"), format!("MARK {word} 0x4000"));
    let unmarked = ("-m mark ! --mark 0x4000/0x4000".into(), "mark match ! 0x4000/0x4000".into());
    let masquerade = Rule {
        told: ("--random-fully".into(), "random-fully".into()),
        ..jump("kubernetes service traffic requiring SNAT", "MASQUERADE")
    };
    let plain = |target: &str| Rule { target: target.to_owned(), ..Rule::default() };
    vec![
        own("KUBE-KUBELET-CANARY", Vec::new()),
        own("KUBE-MARK-MASQ", vec![Rule { told: mark("0x4000", "or"), ..plain("MARK") }]),
        own("KUBE-NODEPORTS", Vec::new()),
        own(
            "KUBE-POSTROUTING",
            vec![
                Rule { more: unmarked, ..plain("RETURN") },
                Rule { told: mark("0x0", "xor"), ..plain("MARK") },
                masquerade,
            ],
        ),
        own("KUBE-PROXY-CANARY", Vec::new()),
        own("KUBE-SERVICES", Vec::new()),
    ]
}

fn add_server(all: &mut Vec<Chain>, server: &VirtualServer, range: &str) {
    let protocol = lower(server.protocol);
    let id = hash(&[&server.name, protocol]);
    let service = format!("KUBE-SVC-{id}");
    let to_address = Rule {
        destination: format!("{}/32", server.address),
        protocol,
        port: server.port,
        ..jump(&format!("{} cluster IP", server.name), &service)
    };
    let mut rules = Vec::new();
    if !range.is_empty() {
        rules.push(Rule {
            source: format!("!{range}"),
            target: "KUBE-MARK-MASQ".into(),
            ..to_address.clone()
        });
    }
    let count = server.endpoints.len();
    for (index, endpoint) in server.endpoints.iter().enumerate() {
        let chain = format!("KUBE-SEP-{}", hash(&[&server.name, protocol, endpoint]));
        let left = count - index;
        let more = match left {
            1 => <(String, String)>::default(),
            _ => {
                let chance = format!("{:.11}", 1.0 / left as f64);
                (
                    format!("-m statistic --mode random --probability {chance}"),
                    format!("statistic mode random probability {chance}"),
                )
            }
        };
        rules.push(Rule { more, ..jump(&format!("{} -> {endpoint}", server.name), &chain) });
        all.push(Chain { rules: to_endpoint(server, endpoint), name: chain, built_in: false });
    }
    push(all, "KUBE-SERVICES", to_address);
    if let Some(port) = server.node_port {
        let outside = format!("KUBE-EXT-{id}");
        push(all, "KUBE-NODEPORTS", Rule { protocol, port, ..jump(&server.name, &outside) });
        let comment = format!("masquerade traffic for {} external destinations", server.name);
        let rules =
            vec![jump(&comment, "KUBE-MARK-MASQ"), Rule { target: service.clone(), ..Rule::default() }];
        all.push(Chain { name: outside, built_in: false, rules });
    }
    all.push(Chain { name: service, built_in: false, rules });
}

fn to_endpoint(server: &VirtualServer, endpoint: &str) -> Vec<Rule> {
    let address = endpoint.rsplit_once(':').map_or(endpoint, |(address, _)| address);
    let told = (format!("--to-destination {endpoint}"), format!("to:{endpoint}"));
    let protocol = lower(server.protocol);
    vec![
        Rule { source: format!("{address}/32"), ..jump(&server.name, "KUBE-MARK-MASQ") },
        Rule { protocol, told, ..jump(&server.name, "DNAT") },
    ]
}

fn push(all: &mut [Chain], name: &str, rule: Rule) {
    if let Some(chain) = all.iter_mut().find(|it| it.name == name) {
        chain.rules.push(rule);
    }
}

impl Rule {
    /// The words behind the chain's name, as `iptables -S` writes them, with a blank before every word.
    pub(crate) fn words(&self) -> String {
        let mut out = String::new();
        for (option, address) in [("-s", &self.source), ("-d", &self.destination)] {
            match address.strip_prefix('!') {
                Some(address) => out += &format!(" ! {option} {address}"),
                None if !address.is_empty() => out += &format!(" {option} {address}"),
                None => {}
            }
        }
        if !self.protocol.is_empty() {
            out += &format!(" -p {}", self.protocol);
        }
        if !self.comment.is_empty() {
            out += &format!(" -m comment --comment {:?}", self.comment);
        }
        match (self.port, self.protocol) {
            (0, "") => {}
            (0, protocol) => out += &format!(" -m {protocol}"),
            (port, protocol) => out += &format!(" -m {protocol} --dport {port}"),
        }
        if !self.more.0.is_empty() {
            out += &format!(" {}", self.more.0);
        }
        let gap = if self.told.0.is_empty() { "" } else { " " };
        format!("{out} -j {}{gap}{}", self.target, self.told.0)
    }

    /// What `iptables -L` shows behind the addresses.
    pub(crate) fn remarks(&self) -> String {
        let comment = if self.comment.is_empty() { String::new() } else { format!("/* {} */", self.comment) };
        let port = match (self.port, self.protocol) {
            (_, "") => String::new(),
            (0, protocol) => protocol.to_owned(),
            (port, protocol) => format!("{protocol} dpt:{port}"),
        };
        let parts = [comment, port, self.more.1.clone(), self.told.1.clone()];
        parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::templates;

    #[test]
    fn chains_have_kube_proxys_names() {
        // As every cluster shows them.
        assert_eq!(hash(&["default/kubernetes:https", "tcp"]), "NPX46M4PTMTKRN6Y");
        assert_eq!(hash(&["kube-system/kube-dns:dns", "udp"]), "TCOU7JCQXEZGVUNU");
    }

    #[test]
    fn a_service_leads_to_its_endpoints() {
        let world = templates::default_world(1);
        let chains = nat(&world, "node01");
        let rules = |name: &str| -> Vec<String> {
            let chain = chains.iter().find(|it| it.name == name);
            chain.map(|it| it.rules.iter().map(Rule::words).collect()).unwrap_or_default()
        };
        assert!(rules("KUBE-SERVICES").contains(&" -d 10.96.0.1/32 -p tcp -m comment --comment \"default/kubernetes:https cluster IP\" -m tcp --dport 443 -j KUBE-SVC-NPX46M4PTMTKRN6Y".to_owned()));
        let last = rules("KUBE-SVC-NPX46M4PTMTKRN6Y").pop().unwrap_or_default();
        assert!(last.contains("default/kubernetes:https -> 172.30.1.2:6443\" -j KUBE-SEP-"), "{last}");
    }
}
