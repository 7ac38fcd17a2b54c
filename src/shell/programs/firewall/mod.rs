//! `iptables`, `iptables-save`, `iptables-restore`: the packet filter of a machine.
//!
//! The filter table can be changed; the nat table shows what kube-proxy translates.

mod listing;
mod nat;
mod saved;

use crate::cluster::Place;
use crate::hosts::firewall::rule::Wrong;
use crate::hosts::firewall::{BUILT_IN, Firewall, Refusal, Rule, Verdict};
use crate::shell::{Proc, Program};

pub(crate) use nat::IPVSADM;
pub(crate) use saved::{PERSISTENT, RESTORE, SAVE};

/// The program.
pub(crate) const IPTABLES: Program = Program {
    name: "iptables",
    summary: "Administer the packet filter",
    run: |proc| {
        let exit = run(proc);
        Box::pin(async move { exit })
    },
};

/// As Ubuntu 24.04 has it.
const VERSION: &str = "v1.8.10 (nf_tables)";

/// Targets that are no chains.
const TARGETS: &[&str] = &["", "ACCEPT", "DROP", "REJECT", "RETURN", "LOG"];

/// Why a call did nothing: exit code and the lines on standard error.
struct Failure(i32, String);

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self(1, format!("iptables: {refusal}\n"))
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Usage(text) => usage(&text),
            Wrong::NotSimulated(what) => Self(1, format!("uncordon: iptables {what} is not simulated yet\n")),
        }
    }
}

fn usage(text: &str) -> Failure {
    Failure(
        2,
        format!("iptables {VERSION}: {text}\nTry `iptables -h' or 'iptables --help' for more information.\n"),
    )
}

fn run(proc: &Proc) -> i32 {
    let Place::Host(host) = proc.place.clone() else {
        proc.eprint("uncordon: iptables in a container is not simulated yet\n");
        return 1;
    };
    let args: Vec<&str> = proc.args.iter().skip(1).map(String::as_str).collect();
    if matches!(args.as_slice(), ["-V" | "--version"]) {
        proc.print(format!("iptables {VERSION}\n"));
        return 0;
    }
    if proc.user != "root" {
        let why = "Could not fetch rule set generation id: Permission denied (you must be root)";
        proc.eprint(format!("iptables {VERSION}: {why}\n"));
        return 4;
    }
    let mut world = proc.world();
    let done = Call::parse(&args).and_then(|call| match call.nat {
        true => nat::answer(&world, &host, (call.command, &call.operands), &call.view),
        false => match world.hosts.get_mut(&host) {
            Some(machine) => call.carry_out(&mut machine.firewall),
            None => Ok(String::new()),
        },
    });
    drop(world);
    match done {
        Ok(text) => {
            proc.print(text);
            0
        }
        Err(Failure(exit, text)) => {
            proc.eprint(text);
            exit
        }
    }
}

/// A command line that was understood.
struct Call<'a> {
    command: &'a str,
    /// What follows the command: chain, number, policy, rule.
    operands: Vec<&'a str>,
    /// Letters of `-n`, `-v`, `-x` and line numbers.
    view: listing::View,
    /// True for `-t nat`.
    nat: bool,
}

/// Long names of commands with the short ones.
const COMMANDS: &[(&str, &str)] = &[
    ("--append", "-A"),
    ("--check", "-C"),
    ("--delete", "-D"),
    ("--insert", "-I"),
    ("--replace", "-R"),
    ("--list", "-L"),
    ("--list-rules", "-S"),
    ("--flush", "-F"),
    ("--zero", "-Z"),
    ("--new-chain", "-N"),
    ("--new", "-N"),
    ("--delete-chain", "-X"),
    ("--policy", "-P"),
    ("--rename-chain", "-E"),
];

impl<'a> Call<'a> {
    fn parse(args: &[&'a str]) -> Result<Self, Failure> {
        let mut call = Call { command: "", operands: Vec::new(), view: listing::View::default(), nat: false };
        let mut words = args.iter().copied().peekable();
        while let Some(word) = words.next() {
            let long = COMMANDS.iter().find(|(long, _)| *long == word).map(|(_, short)| *short);
            let short = COMMANDS.iter().find(|(_, short)| *short == word).map(|(_, short)| *short);
            if let Some(command) = long.or(short).filter(|_| call.command.is_empty()) {
                call.command = command;
            } else if word == "-t" || word == "--table" {
                call.nat = table(words.next().unwrap_or(""))?;
            } else if !call.view.option(word)? {
                call.operands.push(word);
            }
        }
        if call.command.is_empty() {
            return Err(usage("no command specified"));
        }
        Ok(call)
    }

    fn carry_out(&self, firewall: &mut Firewall) -> Result<String, Failure> {
        let (first, rest) = self.operands.split_first().map_or((None, &[][..]), |(a, b)| (Some(*a), b));
        let chain =
            || first.ok_or_else(|| usage(&format!("option \"{}\" requires an argument", self.command)));
        match self.command {
            "-L" => return listing::text(firewall, first, &self.view),
            "-S" => {
                let known = first.is_none_or(|it| firewall.has(it));
                let lines = if known { firewall.listed(first) } else { return Err(Refusal::NoChain.into()) };
                return Ok(lines.into_iter().map(|it| it + "\n").collect());
            }
            "-F" => firewall.flush(first)?,
            "-Z" => firewall.counts.clear(),
            "-N" => firewall.add_chain(chain()?)?,
            "-X" => remove_chains(firewall, first)?,
            "-P" => firewall.set_policy(chain()?, policy(rest.first().copied())?)?,
            "-A" => firewall.insert(chain()?, None, rule(firewall, rest)?)?,
            "-I" | "-R" | "-D" => self.at_number(firewall, chain()?, rest)?,
            "-C" => {
                let wanted = rule(firewall, rest)?;
                if !firewall.rules(chain()?).contains(&wanted) {
                    return Err(Refusal::NoRule.into());
                }
            }
            other => return Err(Failure(1, format!("uncordon: iptables {other} is not simulated yet\n"))),
        }
        Ok(String::new())
    }

    /// Commands that may name a rule by its number.
    fn at_number(&self, firewall: &mut Firewall, chain: &str, rest: &[&str]) -> Result<(), Failure> {
        let number = rest.first().and_then(|it| it.parse::<usize>().ok());
        let words = if number.is_some() { rest.get(1..).unwrap_or_default() } else { rest };
        match (self.command, number) {
            ("-D", Some(number)) => firewall.delete_number(chain, number)?,
            ("-D", None) => firewall.delete(chain, &rule(firewall, words)?)?,
            ("-R", Some(number)) => firewall.replace(chain, number, rule(firewall, words)?)?,
            ("-R", None) => return Err(usage("-R requires a rule number")),
            _ => firewall.insert(chain, Some(number.unwrap_or(1)), rule(firewall, words)?)?,
        }
        Ok(())
    }
}

/// True for the nat table, false for the filter table.
fn table(name: &str) -> Result<bool, Failure> {
    match name {
        "filter" => Ok(false),
        "nat" => Ok(true),
        "mangle" | "raw" | "security" => {
            Err(Failure(1, format!("uncordon: the table {name} of iptables is not simulated yet\n")))
        }
        other => Err(Failure(
            3,
            format!(
                "iptables {VERSION}: table '{other}' does not exist\nPerhaps iptables or your kernel needs to be upgraded.\n"
            ),
        )),
    }
}

fn policy(word: Option<&str>) -> Result<Verdict, Failure> {
    match word {
        Some("ACCEPT") => Ok(Verdict::Accept),
        Some("DROP") => Ok(Verdict::Drop),
        Some(_) => Err(Failure(1, "iptables: Bad policy name. Run `dmesg' for more information.\n".into())),
        None => Err(usage("-P requires a chain and a policy")),
    }
}

fn rule(firewall: &Firewall, words: &[&str]) -> Result<Rule, Failure> {
    let rule = Rule::parse(words)?;
    if !TARGETS.contains(&rule.target.as_str()) && !firewall.has(&rule.target)
        || BUILT_IN.contains(&rule.target.as_str())
    {
        return Err(usage(&format!("Chain '{}' does not exist", rule.target)));
    }
    Ok(rule)
}

fn remove_chains(firewall: &mut Firewall, one: Option<&str>) -> Result<(), Failure> {
    if let Some(name) = one {
        return Ok(firewall.remove_chain(name)?);
    }
    let own: Vec<String> =
        firewall.names().into_iter().filter(|it| !BUILT_IN.contains(&it.as_str())).collect();
    own.iter().try_for_each(|name| firewall.remove_chain(name).map_err(Failure::from))
}
