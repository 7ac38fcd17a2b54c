//! The packet filter of a machine: netfilter's filter table, as `iptables` shows and sets it. It lives in
//! the kernel: a reboot empties it.
//!
//! Knows nothing of networks: whoever sends a packet says which chain it meets, and where it comes in and
//! goes out. Translation of addresses is not its business either.

pub(crate) mod rule;
pub(crate) mod saved;
pub(crate) mod ufw;

use std::net::Ipv4Addr;

use imbl::{OrdMap, Vector};

pub(crate) use rule::Rule;

/// The chains that packets meet by themselves, in the order in which they are listed.
pub(crate) const BUILT_IN: [&str; 3] = ["INPUT", "FORWARD", "OUTPUT"];

/// Jumps deeper than this lead nowhere. Source: `NFT_JUMP_STACK_SIZE`.
const DEPTH_MAX: u32 = 16;

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accept,
    Drop,
    /// Thrown away, and the sender is told.
    Reject,
}

/// A packet on its way through a machine.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    /// `tcp`, `udp`, `sctp`.
    pub(crate) protocol: &'static str,
    pub(crate) from: Ipv4Addr,
    pub(crate) to: Ipv4Addr,
    pub(crate) from_port: u16,
    pub(crate) to_port: u16,
    /// Network cards by name; empty where the packet starts or ends.
    pub(crate) comes_in: &'static str,
    pub(crate) goes_out: &'static str,
    /// True for all but the first packet of a connection.
    pub(crate) established: bool,
}

/// All chains.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Firewall {
    /// Built-in chains whose policy is DROP.
    dropping: OrdMap<String, ()>,
    /// Rules of chains that have any, and every chain of the user's.
    chains: OrdMap<String, Vector<Rule>>,
    /// Packets that rules have met, by chain and number, and that fell to a policy, by chain.
    pub(crate) counts: OrdMap<(String, usize), u64>,
}

/// Why a change was refused: the sentences of `iptables`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("No chain/target/match by that name.")]
    NoChain,
    #[error("Chain already exists.")]
    Exists,
    #[error("Bad rule (does a matching rule exist in that chain?).")]
    NoRule,
    #[error("Index of deletion too big.")]
    DeletionTooBig,
    #[error("Index of insertion too big.")]
    InsertionTooBig,
    #[error("Index of replacement too big.")]
    ReplacementTooBig,
    #[error("Bad built-in chain name.")]
    NotBuiltIn,
    #[error("Directory not empty.")]
    NotEmpty,
    #[error("Too many links.")]
    InUse,
}

impl Firewall {
    /// True when every packet passes.
    pub(crate) fn is_open(&self) -> bool {
        self.dropping.is_empty() && self.chains.is_empty()
    }

    /// As `==`, which is asked for every machine all the time: mostly both share what they have.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (self.dropping.ptr_eq(&other.dropping) || self.dropping == other.dropping)
            && (self.chains.ptr_eq(&other.chains) || self.chains == other.chains)
            && (self.counts.ptr_eq(&other.counts) || self.counts == other.counts)
    }

    /// Names of all chains: those that are built in first.
    pub(crate) fn names(&self) -> Vec<String> {
        let own = self.chains.keys().filter(|name| !BUILT_IN.contains(&name.as_str())).cloned();
        BUILT_IN.iter().map(|it| (*it).to_owned()).chain(own).collect()
    }

    /// True for a chain that is there.
    pub(crate) fn has(&self, chain: &str) -> bool {
        BUILT_IN.contains(&chain) || self.chains.contains_key(chain)
    }

    /// The rules of a chain.
    pub(crate) fn rules(&self, chain: &str) -> Vec<Rule> {
        self.chains.get(chain).map(|it| it.iter().cloned().collect()).unwrap_or_default()
    }

    /// `ACCEPT` or `DROP`; `None` for chains of the user's.
    pub(crate) fn policy(&self, chain: &str) -> Option<&'static str> {
        let drops = self.dropping.contains_key(chain);
        BUILT_IN.contains(&chain).then_some(if drops { "DROP" } else { "ACCEPT" })
    }

    /// How many rules jump to a chain.
    pub(crate) fn references(&self, chain: &str) -> usize {
        self.chains.values().flatten().filter(|it| it.target == chain).count()
    }

    /// Sets what happens to packets that no rule decides about.
    ///
    /// # Errors
    /// The chain is not built in.
    pub(crate) fn set_policy(&mut self, chain: &str, policy: Verdict) -> Result<(), Refusal> {
        if !BUILT_IN.contains(&chain) {
            return Err(if self.has(chain) { Refusal::NotBuiltIn } else { Refusal::NoChain });
        }
        match policy {
            Verdict::Accept => drop(self.dropping.remove(chain)),
            _ => drop(self.dropping.insert(chain.to_owned(), ())),
        }
        Ok(())
    }

    /// Makes a chain.
    ///
    /// # Errors
    /// There is one of that name.
    pub(crate) fn add_chain(&mut self, name: &str) -> Result<(), Refusal> {
        if self.has(name) {
            return Err(Refusal::Exists);
        }
        self.chains.insert(name.to_owned(), Vector::new());
        Ok(())
    }

    /// Takes a chain of the user's away.
    ///
    /// # Errors
    /// It has rules, or rules lead to it.
    pub(crate) fn remove_chain(&mut self, name: &str) -> Result<(), Refusal> {
        match self.chains.get(name) {
            _ if BUILT_IN.contains(&name) => return Err(Refusal::NotBuiltIn),
            None => return Err(Refusal::NoChain),
            Some(rules) if !rules.is_empty() => return Err(Refusal::NotEmpty),
            Some(_) if self.references(name) > 0 => return Err(Refusal::InUse),
            Some(_) => {}
        }
        self.chains.remove(name);
        Ok(())
    }

    fn change<T>(&mut self, chain: &str, change: impl FnOnce(&mut Vector<Rule>) -> T) -> Result<T, Refusal> {
        if !self.has(chain) {
            return Err(Refusal::NoChain);
        }
        let mut rules = self.chains.get(chain).cloned().unwrap_or_default();
        let done = change(&mut rules);
        if rules.is_empty() && BUILT_IN.contains(&chain) {
            self.chains.remove(chain);
        } else {
            self.chains.insert(chain.to_owned(), rules);
        }
        self.counts =
            self.counts.iter().filter(|((at, _), _)| at != chain).map(|(k, v)| (k.clone(), *v)).collect();
        Ok(done)
    }

    /// Puts a rule before the one with this number, which counts from 1; at the end without a number.
    ///
    /// # Errors
    /// No such chain, or fewer rules.
    pub(crate) fn insert(&mut self, chain: &str, number: Option<usize>, rule: Rule) -> Result<(), Refusal> {
        self.change(chain, |rules| match number {
            None => {
                rules.push_back(rule);
                Ok(())
            }
            Some(number) if (1..=rules.len() + 1).contains(&number) => {
                rules.insert(number - 1, rule);
                Ok(())
            }
            Some(_) => Err(Refusal::InsertionTooBig),
        })?
    }

    /// Puts a rule in the place of another.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub(crate) fn replace(&mut self, chain: &str, number: usize, rule: Rule) -> Result<(), Refusal> {
        self.change(chain, |rules| match rules.get_mut(number.wrapping_sub(1)) {
            Some(slot) => {
                *slot = rule;
                Ok(())
            }
            None => Err(Refusal::ReplacementTooBig),
        })?
    }

    /// Takes the rule with this number away.
    ///
    /// # Errors
    /// There are not so many.
    pub(crate) fn delete_number(&mut self, chain: &str, number: usize) -> Result<(), Refusal> {
        self.change(chain, |rules| {
            if !(1..=rules.len()).contains(&number) {
                return Err(Refusal::DeletionTooBig);
            }
            drop(rules.remove(number - 1));
            Ok(())
        })?
    }

    /// Takes the first rule away that says the same.
    ///
    /// # Errors
    /// None does.
    pub(crate) fn delete(&mut self, chain: &str, rule: &Rule) -> Result<(), Refusal> {
        let at = self.rules(chain).iter().position(|it| it == rule);
        match at {
            _ if !self.has(chain) => Err(Refusal::NoChain),
            Some(at) => self.delete_number(chain, at + 1),
            None => Err(Refusal::NoRule),
        }
    }

    /// Empties a chain, or all of them.
    ///
    /// # Errors
    /// There is no such chain.
    pub(crate) fn flush(&mut self, chain: Option<&str>) -> Result<(), Refusal> {
        let all = chain.map_or_else(|| self.names(), |it| vec![it.to_owned()]);
        all.iter().try_for_each(|name| self.change(name, Vector::clear))
    }

    /// What becomes of a packet that meets a built-in chain.
    pub(crate) fn judge(&self, chain: &str, packet: &Packet) -> Verdict {
        if self.is_open() {
            return Verdict::Accept;
        }
        let policy = if self.dropping.contains_key(chain) { Verdict::Drop } else { Verdict::Accept };
        self.walk(chain, packet, 0).map_or(policy, |(verdict, ..)| verdict)
    }

    /// Counts a packet where it is decided about.
    pub(crate) fn count(&mut self, chain: &str, packet: &Packet) {
        let (_, at, number) = self.walk(chain, packet, 0).unwrap_or((Verdict::Accept, chain.to_owned(), 0));
        let key = (at, number);
        let before = self.counts.get(&key).copied().unwrap_or(0);
        self.counts.insert(key, before + 1);
    }

    /// The verdict of the first rule that has one, with its chain and number.
    fn walk(&self, chain: &str, packet: &Packet, depth: u32) -> Option<(Verdict, String, usize)> {
        if depth > DEPTH_MAX {
            return None;
        }
        for (index, rule) in self.chains.get(chain)?.iter().enumerate() {
            if !rule.fits(packet) {
                continue;
            }
            let here = |verdict| Some((verdict, chain.to_owned(), index + 1));
            match rule.target.as_str() {
                "ACCEPT" => return here(Verdict::Accept),
                "DROP" => return here(Verdict::Drop),
                "REJECT" => return here(Verdict::Reject),
                "RETURN" => return None,
                other => {
                    if let Some(found) = self.walk(other, packet, depth + 1) {
                        return Some(found);
                    }
                    if rule.goes_for_good {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// The rules as `iptables -S` prints them: policies, chains, rules.
    pub(crate) fn listed(&self, only: Option<&str>) -> Vec<String> {
        let wanted = |name: &&String| only.is_none_or(|it| it == name.as_str());
        let names = self.names();
        let names: Vec<&String> = names.iter().filter(wanted).collect();
        let heads = names.iter().map(|name| match self.policy(name) {
            Some(policy) => format!("-P {name} {policy}"),
            None => format!("-N {name}"),
        });
        let rules = names
            .iter()
            .flat_map(|name| self.rules(name).into_iter().map(move |it| format!("-A {name}{}", it.words())));
        heads.chain(rules).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(to_port: u16) -> Packet {
        Packet {
            protocol: "tcp",
            from: Ipv4Addr::LOCALHOST,
            to: Ipv4Addr::LOCALHOST,
            from_port: 40_000,
            to_port,
            comes_in: "lo",
            goes_out: "",
            established: false,
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_else_the_policy() {
        let mut firewall = Firewall::default();
        let rule = |text: &str| Rule::parse(&text.split_whitespace().collect::<Vec<_>>()).unwrap();
        firewall.insert("INPUT", None, rule("-p tcp --dport 2379 -i lo -j DROP")).unwrap();
        assert_eq!(firewall.judge("INPUT", &packet(2379)), Verdict::Drop);
        assert_eq!(firewall.judge("INPUT", &packet(6443)), Verdict::Accept);
        firewall.insert("INPUT", Some(1), rule("-p tcp -m multiport --dports 2379,2380 -j ACCEPT")).unwrap();
        assert_eq!(firewall.judge("INPUT", &packet(2379)), Verdict::Accept);
        firewall.set_policy("INPUT", Verdict::Drop).unwrap();
        assert_eq!(firewall.judge("INPUT", &packet(6443)), Verdict::Drop);
        assert_eq!(firewall.delete("INPUT", &rule("-i lo -p tcp -m tcp --dport 2379 -j DROP")), Ok(()));
        assert_eq!(firewall.delete_number("INPUT", 2), Err(Refusal::DeletionTooBig));
    }

    #[test]
    fn chains_of_ones_own_are_jumped_to_and_listed() {
        let mut firewall = Firewall::default();
        firewall.add_chain("ETCD").unwrap();
        let rule = |text: &str| Rule::parse(&text.split_whitespace().collect::<Vec<_>>()).unwrap();
        firewall.insert("ETCD", None, rule("-s 10.0.0.0/8 -j RETURN")).unwrap();
        firewall.insert("ETCD", None, rule("-j REJECT")).unwrap();
        firewall.insert("INPUT", None, rule("-p tcp --dport 2379:2380 -j ETCD")).unwrap();
        assert_eq!(firewall.judge("INPUT", &packet(2380)), Verdict::Reject);
        assert_eq!(firewall.remove_chain("ETCD"), Err(Refusal::NotEmpty));
        insta::assert_snapshot!(firewall.listed(None).join("\n"), @r"
        -P INPUT ACCEPT
        -P FORWARD ACCEPT
        -P OUTPUT ACCEPT
        -N ETCD
        -A INPUT -p tcp -m tcp --dport 2379:2380 -j ETCD
        -A ETCD -s 10.0.0.0/8 -j RETURN
        -A ETCD -j REJECT --reject-with icmp-port-unreachable
        ");
    }
}
