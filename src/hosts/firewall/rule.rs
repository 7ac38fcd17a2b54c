//! One rule of the packet filter: what it matches, where it leads, and how `iptables` writes it.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::Packet;

/// Protocols with their numbers, which `iptables -n` prints.
const PROTOCOLS: &[(&str, u8)] = &[("icmp", 1), ("tcp", 6), ("udp", 17), ("sctp", 132)];

/// A value that may be turned round with `!`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Not<T> {
    pub(crate) not: bool,
    pub(crate) value: T,
}

/// What a rule matches, and its target. What is not there matches everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rule {
    source: Option<Not<Ipv4Net>>,
    destination: Option<Not<Ipv4Net>>,
    comes_in: Option<Not<String>>,
    goes_out: Option<Not<String>>,
    protocol: Option<Not<String>>,
    /// Ranges of ports, and whether `-m multiport` wrote them.
    from_ports: Option<Not<Ports>>,
    to_ports: Option<Not<Ports>>,
    /// `NEW`, `ESTABLISHED`, …, with the module that was asked.
    states: Option<Not<(String, Vec<String>)>>,
    comment: String,
    /// Empty for a rule that only counts.
    pub(crate) target: String,
    /// True for `-g`: the packet does not come back.
    pub(crate) goes_for_good: bool,
    /// `icmp-port-unreachable` of a REJECT.
    reject_with: String,
}

/// Ranges of ports.
#[derive(Clone, Debug, PartialEq)]
struct Ports {
    ranges: Vec<(u16, u16)>,
    several: bool,
}

impl Ports {
    fn parse(text: &str, several: bool) -> Option<Self> {
        let number = |text: &str, open: u16| {
            if text.is_empty() { Some(open) } else { service(text) }
        };
        let range = |part: &str| match part.split_once([':', '-']) {
            Some((from, to)) => Some((number(from, 0)?, number(to, u16::MAX)?)),
            None => service(part).map(|it| (it, it)),
        };
        let ranges =
            if several { text.split(',').map(range).collect() } else { range(text).map(|it| vec![it]) };
        ranges.map(|ranges| Self { ranges, several })
    }

    fn words(&self) -> String {
        let one =
            |(from, to): &(u16, u16)| if from == to { from.to_string() } else { format!("{from}:{to}") };
        self.ranges.iter().map(one).collect::<Vec<_>>().join(",")
    }

    fn has(&self, port: u16) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&port))
    }
}

/// A port by its number or its name in `/etc/services`.
fn service(text: &str) -> Option<u16> {
    let named = [("ssh", 22), ("domain", 53), ("http", 80), ("https", 443)];
    named.iter().find(|(name, _)| *name == text).map(|(_, port)| *port).or_else(|| text.parse().ok())
}

fn network(text: &str) -> Option<Ipv4Net> {
    let whole = |address: Ipv4Addr| Ipv4Net::new(address, 32).ok();
    text.parse::<Ipv4Net>().ok().map(|it| it.trunc()).or_else(|| whole(text.parse().ok()?))
}

/// What is wrong with the words of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// A whole sentence behind the program's name and version.
    Usage(String),
    NotSimulated(String),
}

/// Words that are read one after the other.
struct Words<'a> {
    rest: std::slice::Iter<'a, &'a str>,
}

impl<'a> Words<'a> {
    fn value(&mut self, option: &str) -> Result<&'a str, Wrong> {
        self.rest
            .next()
            .copied()
            .ok_or_else(|| Wrong::Usage(format!("option \"{option}\" requires an argument")))
    }

    /// A value, before which an old form of `!` may stand.
    fn inverted(&mut self, option: &str, not: bool) -> Result<Not<&'a str>, Wrong> {
        match self.value(option)? {
            "!" => Ok(Not { not: true, value: self.value(option)? }),
            value => Ok(Not { not, value }),
        }
    }
}

impl Rule {
    /// Reads the words behind the chain's name.
    ///
    /// # Errors
    /// What `iptables` says, or which part of it is not simulated.
    pub(crate) fn parse(words: &[&str]) -> Result<Self, Wrong> {
        let mut rule = Self::default();
        let mut words = Words { rest: words.iter() };
        let mut not = false;
        let mut modules: Vec<&str> = Vec::new();
        while let Some(&word) = words.rest.next() {
            if word == "!" {
                not = true;
                continue;
            }
            rule.option(word, std::mem::take(&mut not), &mut words, &mut modules)?;
        }
        if rule.target == "REJECT" && rule.reject_with.is_empty() {
            rule.reject_with = "icmp-port-unreachable".into();
        }
        Ok(rule)
    }

    fn option<'a>(
        &mut self,
        word: &str,
        not: bool,
        words: &mut Words<'a>,
        modules: &mut Vec<&'a str>,
    ) -> Result<(), Wrong> {
        match word {
            "-s" | "--source" | "--src" => self.source = Some(address(words.inverted(word, not)?)?),
            "-d" | "--destination" | "--dst" => self.destination = Some(address(words.inverted(word, not)?)?),
            "-i" | "--in-interface" => self.comes_in = Some(owned(words.inverted(word, not)?)),
            "-o" | "--out-interface" => self.goes_out = Some(owned(words.inverted(word, not)?)),
            "-p" | "--protocol" | "--proto" => self.protocol = protocol(words.inverted(word, not)?)?,
            "-m" | "--match" => {
                let module = words.value(word)?;
                if !["tcp", "udp", "sctp", "multiport", "comment", "conntrack", "state"].contains(&module) {
                    return Err(Wrong::NotSimulated(format!("-m {module}")));
                }
                modules.push(module);
            }
            "--dport" | "--destination-port" | "--sport" | "--source-port" => {
                self.known_protocol(word)?;
                let ports = ports(words.inverted(word, not)?, false)?;
                *self.ports_of(word.contains("dport") || word.starts_with("--dest")) = Some(ports);
            }
            "--dports" | "--destination-ports" | "--sports" | "--source-ports"
                if modules.contains(&"multiport") =>
            {
                self.known_protocol(word)?;
                let ports = ports(words.inverted(word, not)?, true)?;
                *self.ports_of(word.starts_with("--d")) = Some(ports);
            }
            "--ctstate" | "--state" if modules.contains(&"conntrack") || modules.contains(&"state") => {
                let given = words.inverted(word, not)?;
                let states = given.value.split(',').map(str::to_owned).collect();
                self.states =
                    Some(Not { not: given.not, value: (word.trim_start_matches('-').to_owned(), states) });
            }
            "--comment" if modules.contains(&"comment") => self.comment = words.value(word)?.to_owned(),
            "-j" | "--jump" => self.target = words.value(word)?.to_owned(),
            "-g" | "--goto" => {
                self.target = words.value(word)?.to_owned();
                self.goes_for_good = true;
            }
            "--reject-with" => self.reject_with = words.value(word)?.to_owned(),
            "--log-prefix" | "--log-level" if self.target == "LOG" => drop(words.value(word)?),
            _ if word.starts_with('-') => return Err(Wrong::Usage(format!("unknown option \"{word}\""))),
            _ => return Err(Wrong::Usage(format!("Bad argument `{word}'"))),
        }
        Ok(())
    }

    /// Ports belong to the modules of protocols, which `-p` brings along.
    fn known_protocol(&self, word: &str) -> Result<(), Wrong> {
        match &self.protocol {
            Some(it) if ["tcp", "udp", "sctp"].contains(&it.value.as_str()) => Ok(()),
            _ => Err(Wrong::Usage(format!("unknown option \"{word}\""))),
        }
    }

    fn ports_of(&mut self, destination: bool) -> &mut Option<Not<Ports>> {
        if destination { &mut self.to_ports } else { &mut self.from_ports }
    }

    /// Whether a packet is one of those that the rule is about.
    pub(super) fn fits(&self, packet: &Packet) -> bool {
        let within = |wanted: &Option<Not<Ipv4Net>>, address: Ipv4Addr| {
            wanted.as_ref().is_none_or(|it| it.value.contains(&address) != it.not)
        };
        let named = |wanted: &Option<Not<String>>, name: &str| {
            wanted.as_ref().is_none_or(|it| interface_fits(&it.value, name) != it.not)
        };
        let ports = |wanted: &Option<Not<Ports>>, port: u16| {
            wanted.as_ref().is_none_or(|it| it.value.has(port) != it.not)
        };
        let state = if packet.established { "ESTABLISHED" } else { "NEW" };
        within(&self.source, packet.from)
            && within(&self.destination, packet.to)
            && named(&self.comes_in, packet.comes_in)
            && named(&self.goes_out, packet.goes_out)
            && self.protocol.as_ref().is_none_or(|it| (it.value == packet.protocol) != it.not)
            && ports(&self.from_ports, packet.from_port)
            && ports(&self.to_ports, packet.to_port)
            && self.states.as_ref().is_none_or(|it| it.value.1.iter().any(|it| it == state) != it.not)
    }

    /// The rule as `iptables -S` writes it, with a blank before every word.
    pub(crate) fn words(&self) -> String {
        let mut out = String::new();
        let mut add = |option: &str, not: bool, value: &str| {
            out += &format!("{} {option} {value}", if not { " !" } else { "" });
        };
        for (option, network) in [("-s", &self.source), ("-d", &self.destination)] {
            network.iter().for_each(|it| add(option, it.not, &it.value.to_string()));
        }
        for (option, text) in [("-i", &self.comes_in), ("-o", &self.goes_out), ("-p", &self.protocol)] {
            text.iter().for_each(|it| add(option, it.not, &it.value));
        }
        let protocol = self.protocol.as_ref().map_or("tcp", |it| it.value.as_str());
        let all_ports = [("--sport", &self.from_ports), ("--dport", &self.to_ports)];
        let mut module = "";
        for (option, ports) in all_ports {
            let Some(ports) = ports else { continue };
            let wanted = if ports.value.several { "multiport" } else { protocol };
            if module != wanted {
                add("-m", false, wanted);
                module = wanted;
            }
            let option = if ports.value.several { format!("{option}s") } else { option.to_owned() };
            add(&option, ports.not, &ports.value.words());
        }
        if let Some(Not { not, value: (option, states) }) = &self.states {
            add("-m", false, if option == "state" { "state" } else { "conntrack" });
            add(&format!("--{option}"), *not, &states.join(","));
        }
        if !self.comment.is_empty() {
            add("-m", false, "comment");
            let quoted = self.comment.contains(' ');
            add(
                "--comment",
                false,
                &if quoted { format!("\"{}\"", self.comment) } else { self.comment.clone() },
            );
        }
        if !self.target.is_empty() {
            add(if self.goes_for_good { "-g" } else { "-j" }, false, &self.target);
        }
        if self.target == "REJECT" {
            add("--reject-with", false, &self.reject_with);
        }
        out
    }

    /// The columns of `iptables -L`: protocol, cards, addresses.
    pub(crate) fn columns(&self, numeric: bool) -> Columns {
        let protocol = match &self.protocol {
            None if numeric => "0".to_owned(),
            None => "all".to_owned(),
            Some(it) => {
                let number = PROTOCOLS.iter().find(|(name, _)| *name == it.value && numeric);
                let name = number.map_or_else(|| it.value.clone(), |(_, number)| number.to_string());
                if it.not { format!("!{name}") } else { name }
            }
        };
        let card = |card: &Option<Not<String>>| match card {
            None => if numeric { "*" } else { "any" }.to_owned(),
            Some(it) => format!("{}{}", if it.not { "!" } else { "" }, it.value),
        };
        let address = |address: &Option<Not<Ipv4Net>>| match address {
            None => if numeric { "0.0.0.0/0" } else { "anywhere" }.to_owned(),
            Some(it) => {
                let text = if it.value.prefix_len() == 32 {
                    it.value.addr().to_string()
                } else {
                    it.value.to_string()
                };
                format!("{}{text}", if it.not { "!" } else { "" })
            }
        };
        Columns {
            protocol,
            comes_in: card(&self.comes_in),
            goes_out: card(&self.goes_out),
            source: address(&self.source),
            destination: address(&self.destination),
        }
    }

    /// What stands behind the columns of `iptables -L`.
    pub(crate) fn remarks(&self) -> String {
        let mut parts = Vec::new();
        let protocol = self.protocol.as_ref().map_or("tcp", |it| it.value.as_str());
        for (short, long, ports) in [("spt", "sports", &self.from_ports), ("dpt", "dports", &self.to_ports)] {
            let Some(ports) = ports else { continue };
            let not = if ports.not { "!" } else { "" };
            let range = ports.value.ranges.first().is_some_and(|(from, to)| from != to);
            parts.push(if ports.value.several {
                format!("multiport {long} {not}{}", ports.value.words())
            } else {
                format!("{protocol} {short}{}:{not}{}", if range { "s" } else { "" }, ports.value.words())
            });
        }
        if let Some(Not { not, value: (option, states) }) = &self.states {
            parts.push(format!("{}{option} {}", if *not { "! " } else { "" }, states.join(",")));
        }
        if !self.comment.is_empty() {
            parts.push(format!("/* {} */", self.comment));
        }
        if self.target == "REJECT" {
            parts.push(format!("reject-with {}", self.reject_with));
        }
        parts.join(" ")
    }
}

/// Columns of a listed rule.
pub(crate) struct Columns {
    pub(crate) protocol: String,
    pub(crate) comes_in: String,
    pub(crate) goes_out: String,
    pub(crate) source: String,
    pub(crate) destination: String,
}

fn owned(given: Not<&str>) -> Not<String> {
    Not { not: given.not, value: given.value.to_owned() }
}

fn address(given: Not<&str>) -> Result<Not<Ipv4Net>, Wrong> {
    match network(given.value) {
        Some(value) => Ok(Not { not: given.not, value }),
        None => Err(Wrong::Usage(format!("host/network `{}' not found", given.value))),
    }
}

fn protocol(given: Not<&str>) -> Result<Option<Not<String>>, Wrong> {
    let by_number = PROTOCOLS.iter().find(|(_, number)| number.to_string() == given.value);
    let name = by_number.map_or_else(|| given.value.to_lowercase(), |(name, _)| (*name).to_owned());
    if ["all", "0"].contains(&name.as_str()) {
        return Ok(None);
    }
    if !PROTOCOLS.iter().any(|(known, _)| *known == name) {
        return Err(Wrong::Usage(format!("unknown protocol \"{}\" specified", given.value)));
    }
    Ok(Some(Not { not: given.not, value: name }))
}

fn ports(given: Not<&str>, several: bool) -> Result<Not<Ports>, Wrong> {
    match Ports::parse(given.value, several) {
        Some(value) => Ok(Not { not: given.not, value }),
        None => Err(Wrong::Usage(format!("invalid port/service `{}' specified", given.value))),
    }
}

/// `cali+` stands for every card whose name begins so.
fn interface_fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('+').map_or(pattern == name, |start| name.starts_with(start))
}
