//! `iptables -L`: the rules in columns.

use super::{Failure, usage};
use crate::hosts::firewall::{Firewall, Refusal};

/// How much is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct View {
    /// Addresses and ports as numbers.
    pub(super) numeric: bool,
    /// Counters and network cards too.
    pub(super) verbose: bool,
    pub(super) numbers: bool,
}

impl View {
    /// Takes an option; false when it is none of the view's.
    pub(super) fn option(&mut self, word: &str) -> Result<bool, Failure> {
        match word {
            "--numeric" => self.numeric = true,
            "--verbose" => self.verbose = true,
            "--line-numbers" | "--line-number" | "--line" => self.numbers = true,
            "--exact" | "--wait" | "-w" => {}
            _ => {
                let letters = word.strip_prefix('-').filter(|it| !it.is_empty() && !it.starts_with('-'));
                let Some(letters) = letters.filter(|it| it.chars().all(|c| "nvxw".contains(c))) else {
                    return if word == "-" { Err(usage("Bad argument `-'")) } else { Ok(false) };
                };
                self.numeric |= letters.contains('n');
                self.verbose |= letters.contains('v');
            }
        }
        Ok(true)
    }

    /// The names of the columns.
    pub(super) fn head(&self) -> String {
        let mut out = String::new();
        if self.numbers {
            out += "num  ";
        }
        if self.verbose {
            out += &format!("{:>5} {:>5} ", "pkts", "bytes");
        }
        out += &format!("{:<9}  prot opt", "target");
        if self.verbose {
            out += &format!(" {:<6} {:<6} ", "in", "out");
        }
        out + &format!(" {:<19}  {:<19} ", "source", "destination")
    }
}

/// The chains, or one of them.
pub(super) fn text(firewall: &Firewall, only: Option<&str>, view: &View) -> Result<String, Failure> {
    if only.is_some_and(|it| !firewall.has(it)) {
        return Err(Refusal::NoChain.into());
    }
    let names: Vec<String> =
        firewall.names().into_iter().filter(|it| only.is_none_or(|only| only == it)).collect();
    Ok(names.iter().map(|name| chain(firewall, name, view)).collect::<Vec<_>>().join("\n"))
}

fn chain(firewall: &Firewall, name: &str, view: &View) -> String {
    // A packet that opens a connection has 60 bytes.
    let counted = |number: usize| firewall.counts.get(&(name.to_owned(), number)).copied().unwrap_or(0);
    let about = match firewall.policy(name) {
        Some(policy) if view.verbose => {
            let packets = counted(0);
            format!("policy {policy} {packets} packets, {} bytes", packets * 60)
        }
        Some(policy) => format!("policy {policy}"),
        None => format!("{} references", firewall.references(name)),
    };
    let mut out = format!("Chain {name} ({about})\n{}\n", view.head());
    for (index, rule) in firewall.rules(name).iter().enumerate() {
        let columns = rule.columns(view.numeric);
        if view.numbers {
            out += &format!("{:<4} ", index + 1);
        }
        if view.verbose {
            let packets = counted(index + 1);
            out += &format!("{packets:>5} {:>5} ", packets * 60);
        }
        let (not, protocol) = match columns.protocol.strip_prefix('!') {
            Some(rest) => ('!', rest),
            None => (' ', columns.protocol.as_str()),
        };
        out += &format!("{:<9} {not}{protocol:<4} -- ", rule.target);
        if view.verbose {
            out += &format!(" {:<6} {:<6} ", columns.comes_in, columns.goes_out);
        }
        let remarks = rule.remarks();
        let gap = if remarks.is_empty() { "" } else { " " };
        out += &format!(" {:<19}  {:<19} {gap}{remarks}\n", columns.source, columns.destination);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::firewall::Rule;

    #[test]
    fn rules_stand_in_iptables_own_columns() {
        let mut firewall = Firewall::default();
        let rule = ["-i", "lo", "-p", "tcp", "--dport", "2379", "-j", "DROP"];
        firewall.insert("INPUT", None, Rule::parse(&rule).unwrap()).unwrap();
        let plain = text(&firewall, Some("INPUT"), &View::default()).ok().unwrap();
        insta::assert_snapshot!(plain.replace(' ', "."), @r"
        Chain.INPUT.(policy.ACCEPT)
        target.....prot.opt.source...............destination.........
        DROP.......tcp..--..anywhere.............anywhere.............tcp.dpt:2379
        ");
        let view = View { numeric: true, verbose: true, numbers: true };
        let wide = text(&firewall, Some("INPUT"), &view).ok().unwrap();
        insta::assert_snapshot!(wide.replace(' ', "."), @r"
        Chain.INPUT.(policy.ACCEPT.0.packets,.0.bytes)
        num...pkts.bytes.target.....prot.opt.in.....out.....source...............destination.........
        1........0.....0.DROP.......6....--..lo.....*.......0.0.0.0/0............0.0.0.0/0............tcp.dpt:2379
        ");
    }
}
