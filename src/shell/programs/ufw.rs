//! `ufw`: Ubuntu's front end of the packet filter. Its files hold the rules; switched on, they become the filter.

use crate::cluster::Place;
use crate::hosts::Host;
use crate::hosts::firewall::ufw::{self, UserRule};
use crate::shell::{Answer, Proc, Program, Request, Running};
use crate::sim::SimTime;

pub(crate) const PROGRAM: Program = Program { name: "ufw", summary: "Firewall", run };

/// Services and application profiles by name, with port and protocol.
const NAMES: &[(&str, &str)] = &[
    ("ssh", "22/tcp"),
    ("OpenSSH", "22/tcp"),
    ("http", "80/tcp"),
    ("https", "443"),
    ("domain", "53"),
    ("ntp", "123/udp"),
    ("nfs", "2049"),
    ("smtp", "25/tcp"),
    ("mysql", "3306/tcp"),
    ("postgresql", "5432/tcp"),
];

type Said = Result<String, String>;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let Place::Host(host) = proc.place.clone() else {
            proc.eprint("uncordon: ufw in a container is not simulated yet\n");
            return 1;
        };
        if proc.user != "root" {
            proc.eprint("ERROR: You need to be root to run this script\n");
            return 1;
        }
        let given: Vec<String> = proc.args.iter().skip(1).cloned().collect();
        let forced = given.iter().any(|it| it == "--force" || it == "-f");
        if given.iter().any(|it| it == "--dry-run") {
            proc.eprint("uncordon: ufw --dry-run is not simulated yet\n");
            return 1;
        }
        let words: Vec<&str> = given.iter().map(String::as_str).filter(|it| !it.starts_with("--")).collect();
        if !forced
            && let Some(question) = question(proc, &host, &words)
            && !agrees(proc, question).await
        {
            proc.print("Aborted\n");
            return 1;
        }
        let done = {
            let mut world = proc.world();
            let now = world.now;
            match world.hosts.get_mut(&host) {
                Some(machine) => command(machine, &words, now),
                None => return 1,
            }
        };
        match done {
            Ok(text) => {
                proc.print(text);
                0
            }
            Err(text) => {
                proc.eprint(text);
                1
            }
        }
    })
}

/// What is asked before a command that may cut one off.
fn question(proc: &Proc, host: &str, words: &[&str]) -> Option<String> {
    match words {
        ["enable"] if proc.env.contains_key("SSH_CONNECTION") => {
            Some("Command may disrupt existing ssh connections. Proceed with operation (y|n)? ".into())
        }
        ["reset"] => Some("Resetting all rules to installed defaults. Proceed with operation (y|n)? ".into()),
        ["delete", number] => {
            let world = proc.world();
            let files = &world.hosts.get(host)?.files;
            let rules = numbered(&ufw::rules(files));
            let (rule, _) = rules.get(number.parse::<usize>().ok()?.checked_sub(1)?)?;
            Some(format!("Deleting:\n {}\nProceed with operation (y|n)? ", said(rule)))
        }
        _ => None,
    }
}

/// Whether the user says yes; where nobody can be asked, a script means what it says.
async fn agrees(proc: &Proc, prompt: String) -> bool {
    let line = match &proc.stdin {
        Some(bytes) => {
            proc.print(&prompt);
            String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned()
        }
        None => match proc.link.ask(Request::Line { prompt, hidden: false }).await {
            Answer::Line(line) => line,
            _ => String::new(),
        },
    };
    line.trim().to_lowercase().starts_with('y')
}

fn command(machine: &mut Host, words: &[&str], now: SimTime) -> Said {
    match words {
        [] => Err("ERROR: not enough args\n".into()),
        ["version"] => Ok("ufw 0.36.2\nCopyright 2008-2023 Canonical Ltd.\n".into()),
        ["status"] => Ok(status(machine, "")),
        ["status", view @ ("verbose" | "numbered")] => Ok(status(machine, view)),
        ["show", "added"] => Ok(added(machine)),
        ["app", "list"] => Ok("Available applications:\n  OpenSSH\n".into()),
        ["route" | "show" | "app", ..] => {
            Err(format!("uncordon: ufw {} is not simulated yet\n", words.join(" ")))
        }
        _ => match switch(machine, words, now) {
            Some(done) => done,
            None => change(machine, words, now),
        },
    }
}

/// Commands that switch the firewall, or part of it, on and off.
fn switch(machine: &mut Host, words: &[&str], now: SimTime) -> Option<Said> {
    let said = |done: Result<(), crate::hosts::FsError>, text: &str| match done {
        Ok(()) => Ok(format!("{text}\n")),
        Err(error) => Err(format!("ERROR: {error}\n")),
    };
    Some(match words {
        ["enable"] => {
            let done = ufw::set_enabled(&mut machine.files, true, now);
            machine.firewall = ufw::filter(&machine.files);
            said(done, "Firewall is active and enabled on system startup")
        }
        ["disable"] => {
            machine.firewall = Default::default();
            let done = ufw::set_enabled(&mut machine.files, false, now);
            said(done, "Firewall stopped and disabled on system startup")
        }
        ["reset"] => {
            machine.firewall = Default::default();
            let done = ufw::set_enabled(&mut machine.files, false, now)
                .and_then(|()| ufw::set_rules(&mut machine.files, &[], now));
            said(done, "Resetting all rules to installed defaults.")
        }
        ["reload"] if !ufw::is_enabled(&machine.files) => {
            Ok("Firewall not enabled (skipping reload)\n".into())
        }
        ["reload"] => {
            machine.firewall = ufw::filter(&machine.files);
            Ok("Firewall reloaded\n".into())
        }
        ["logging", level @ ("on" | "off" | "low" | "medium" | "high" | "full")] => {
            let level = if *level == "on" { "low" } else { *level };
            let done = ufw::set_log_level(&mut machine.files, level, now);
            said(done, if level == "off" { "Logging disabled" } else { "Logging enabled" })
        }
        _ => return None,
    })
}

/// Commands that change rules and policies.
fn change(machine: &mut Host, words: &[&str], now: SimTime) -> Said {
    let text = match words {
        ["default", policy, rest @ ..] => default(machine, policy, rest.first().copied(), now)?,
        ["delete", rest @ ..] => delete(machine, rest, now)?,
        ["insert", number, rest @ ..] => {
            let bad = || format!("ERROR: Cannot insert rule at position '{number}'\n");
            let at = number.parse::<usize>().ok().filter(|it| *it > 0).ok_or_else(bad)?;
            add(machine, rest, Some(at), now)?
        }
        ["prepend", rest @ ..] => add(machine, rest, Some(1), now)?,
        ["rule", rest @ ..] => add(machine, rest, None, now)?,
        ["allow" | "deny" | "reject" | "limit", ..] => add(machine, words, None, now)?,
        _ => return Err("ERROR: Invalid syntax\n".into()),
    };
    if ufw::is_enabled(&machine.files) {
        machine.firewall = ufw::filter(&machine.files);
    }
    Ok(text)
}

fn default(machine: &mut Host, policy: &str, direction: Option<&str>, now: SimTime) -> Said {
    let target = match policy {
        "allow" => "ACCEPT",
        "deny" => "DROP",
        "reject" => "REJECT",
        _ => return Err("ERROR: Invalid syntax\n".into()),
    };
    let (chain, direction) = match direction.unwrap_or("incoming") {
        "incoming" | "in" => ("INPUT", "incoming"),
        "outgoing" | "out" => ("OUTPUT", "outgoing"),
        "routed" => ("FORWARD", "routed"),
        _ => return Err("ERROR: Invalid syntax\n".into()),
    };
    ufw::set_policy(&mut machine.files, chain, target, now).map_err(|error| format!("ERROR: {error}\n"))?;
    Ok(format!(
        "Default {direction} policy changed to '{policy}'\n(be sure to update your rules accordingly)\n"
    ))
}

fn add(machine: &mut Host, words: &[&str], at: Option<usize>, now: SimTime) -> Said {
    let rule = parse(words)?;
    let mut rules = ufw::rules(&machine.files);
    let twice = |text: &str| match rule.has_twin() {
        true => format!("{text}\n{text} (v6)\n"),
        false => format!("{text}\n"),
    };
    let word = match rules.iter().position(|it| it.is_about(&rule)) {
        Some(there) if rules.get(there) == Some(&rule) => return Ok(twice("Skipping adding existing rule")),
        Some(there) => {
            rules[there] = rule.clone();
            "Rule updated"
        }
        None => {
            match at {
                Some(at) if at <= rules.len() => rules.insert(at - 1, rule.clone()),
                Some(at) if at > rules.len() + 1 => return Err(format!("ERROR: Invalid position '{at}'\n")),
                _ => rules.push(rule.clone()),
            }
            match at {
                Some(_) => "Rule inserted",
                None if ufw::is_enabled(&machine.files) => "Rule added",
                None => "Rules updated",
            }
        }
    };
    ufw::set_rules(&mut machine.files, &rules, now).map_err(|error| format!("ERROR: {error}\n"))?;
    Ok(twice(if ufw::is_enabled(&machine.files) { word } else { "Rules updated" }))
}

fn delete(machine: &mut Host, words: &[&str], now: SimTime) -> Said {
    let mut rules = ufw::rules(&machine.files);
    let failed = |error| format!("ERROR: {error}\n");
    if let [number] = words
        && let Ok(number) = number.parse::<usize>()
    {
        let none = || format!("ERROR: Could not find rule '{number}'\n");
        let (rule, v6) = numbered(&rules).get(number.wrapping_sub(1)).cloned().ok_or_else(none)?;
        rules.retain(|it| *it != rule);
        ufw::set_rules(&mut machine.files, &rules, now).map_err(failed)?;
        return Ok(if v6 { "Rule deleted (v6)\n".into() } else { "Rule deleted\n".into() });
    }
    let rule = parse(words)?;
    let before = rules.len();
    rules.retain(|it| !(it.is_about(&rule) && it.action == rule.action));
    let text = if rules.len() == before { "Could not delete non-existent rule" } else { "Rule deleted" };
    ufw::set_rules(&mut machine.files, &rules, now).map_err(failed)?;
    Ok(if rule.has_twin() { format!("{text}\n{text} (v6)\n") } else { format!("{text}\n") })
}

/// Reads `allow 22/tcp`, `deny from 10.0.0.0/8 to any port 6443 proto tcp` and what lies between.
fn parse(words: &[&str]) -> Result<UserRule, String> {
    let invalid = || "ERROR: Invalid syntax\n".to_owned();
    let (action, mut rest) = words.split_first().ok_or_else(invalid)?;
    if !["allow", "deny", "reject", "limit"].contains(action) {
        return Err(invalid());
    }
    let mut rule = UserRule { action: (*action).to_owned(), ..UserRule::default() };
    let mut end = "";
    while let Some((word, behind)) = rest.split_first() {
        rest = behind;
        match *word {
            "in" | "out" => rule.out = *word == "out",
            "log" | "log-all" => {}
            "on" | "proto" | "from" | "to" | "port" | "app" | "comment" => {
                let (value, behind) = rest.split_first().ok_or_else(invalid)?;
                rest = behind;
                clause(&mut rule, word, value, &mut end)?;
            }
            word if end.is_empty() => simple(&mut rule, word)?,
            _ => return Err(invalid()),
        }
    }
    if rule.protocol == "any" && [&rule.to_port, &rule.from_port].iter().any(|it| it.contains([':', ','])) {
        return Err("ERROR: Must specify 'tcp' or 'udp' with multiple ports\n".into());
    }
    Ok(rule)
}

/// A word with its value; `port` belongs to the `end` that was named before.
fn clause<'a>(rule: &mut UserRule, word: &'a str, value: &str, end: &mut &'a str) -> Result<(), String> {
    match word {
        "on" => value.clone_into(&mut rule.card),
        "proto" => value.clone_into(&mut rule.protocol),
        "comment" => value.clone_into(&mut rule.comment),
        "from" | "to" => {
            *end = word;
            let network = address(value)?;
            if word == "from" { rule.from = network } else { rule.to = network }
        }
        _ => {
            let (port, protocol) = port(value)?;
            if protocol != "any" {
                rule.protocol = protocol;
            }
            if *end == "from" { rule.from_port = port } else { rule.to_port = port }
        }
    }
    Ok(())
}

fn simple(rule: &mut UserRule, word: &str) -> Result<(), String> {
    (rule.to_port, rule.protocol) = port(word)?;
    Ok(())
}

fn address(text: &str) -> Result<String, String> {
    if text == "any" {
        return Ok("0.0.0.0/0".into());
    }
    let plain = text.parse::<std::net::Ipv4Addr>().map(|it| it.to_string());
    let network = text.parse::<ipnet::Ipv4Net>().map(|it| it.trunc().to_string());
    match (plain, network) {
        (Ok(one), _) | (_, Ok(one)) => Ok(one),
        _ if text.contains(':') => {
            Err("uncordon: ufw rules for IPv6 addresses are not simulated yet\n".into())
        }
        _ => Err("ERROR: Bad source address\n".into()),
    }
}

/// A port, range or list with its protocol.
fn port(text: &str) -> Result<(String, String), String> {
    let known = NAMES.iter().find(|(name, _)| *name == text).map_or(text, |(_, port)| port);
    let (ports, protocol) = known.split_once('/').unwrap_or((known, "any"));
    let number = |it: &str| it.parse::<u16>().is_ok_and(|it| it > 0);
    let fine = ports.split(',').all(|part| match part.split_once(':') {
        Some((from, to)) => number(from) && number(to),
        None => number(part),
    });
    if !fine {
        let is_name = ports.chars().any(|it| it.is_ascii_alphabetic());
        let why =
            if is_name { format!("Could not find a profile matching '{text}'") } else { "Bad port".into() };
        return Err(format!("ERROR: {why}\n"));
    }
    if !["any", "tcp", "udp"].contains(&protocol) {
        return Err(format!("ERROR: Bad port '{text}'\n"));
    }
    Ok((ports.to_owned(), protocol.to_owned()))
}

/// Rules as they are numbered: those for IPv4 first.
fn numbered(rules: &[UserRule]) -> Vec<(UserRule, bool)> {
    let twins = rules.iter().filter(|it| it.has_twin()).map(|it| (it.clone(), true));
    rules.iter().map(|it| (it.clone(), false)).chain(twins).collect()
}

/// A rule as one would type it.
fn said(rule: &UserRule) -> String {
    let port = |port: &str, protocol: &str| match protocol {
        "any" => port.to_owned(),
        protocol => format!("{port}/{protocol}"),
    };
    let UserRule { action, protocol, to_port, to, from_port, from, .. } = rule;
    if rule.has_twin() && from_port == "any" && rule.card.is_empty() && !rule.out {
        return format!("{action} {}", port(to_port, protocol));
    }
    let mut text = format!("{action}{}", if rule.out { " out" } else { "" });
    if !rule.card.is_empty() {
        text += &format!(" {}on {}", if rule.out { "" } else { "in " }, rule.card);
    }
    for (word, address, port) in [("from", from, from_port), ("to", to, to_port)] {
        let shown = if address == "0.0.0.0/0" { "any" } else { address.as_str() };
        if shown != "any" || port != "any" {
            text += &format!(" {word} {shown}");
        }
        if port != "any" {
            text += &format!(" port {port}");
        }
    }
    if protocol != "any" {
        text += &format!(" proto {protocol}");
    }
    text
}

fn added(machine: &Host) -> String {
    let rules = ufw::rules(&machine.files);
    let head = "Added user rules (see 'ufw status' for running firewall):\n";
    if rules.is_empty() {
        return format!("{head}(None)\n");
    }
    let lines: String = rules.iter().map(|it| format!("ufw {}\n", said(it))).collect();
    format!("{head}{lines}")
}

fn status(machine: &Host, view: &str) -> String {
    if !ufw::is_enabled(&machine.files) || machine.firewall.is_open() {
        return "Status: inactive\n".into();
    }
    let mut text = "Status: active\n".to_owned();
    if view == "verbose" {
        let word = |chain: &str| match ufw::policy(&machine.files, chain).as_str() {
            "ACCEPT" => "allow",
            "REJECT" => "reject",
            _ => "deny",
        };
        let level = ufw::log_level(&machine.files);
        let logging = if level == "off" { "off".to_owned() } else { format!("on ({level})") };
        text += &format!(
            "Logging: {logging}\nDefault: {} (incoming), {} (outgoing), {} (routed)\nNew profiles: skip\n",
            word("INPUT"),
            word("OUTPUT"),
            word("FORWARD")
        );
    }
    let rules = numbered(&ufw::rules(&machine.files));
    if rules.is_empty() {
        return text;
    }
    let indent = if view == "numbered" { "     " } else { "" };
    text += &format!("\n{indent}{:<26} {:<12}{}\n", "To", "Action", "From");
    text += &format!("{indent}{:<26} {:<12}{}\n", "--", "------", "----");
    for (index, (rule, v6)) in rules.iter().enumerate() {
        if view == "numbered" {
            text += &format!("[{:2}] ", index + 1);
        }
        text += &row(rule, *v6, !view.is_empty());
    }
    text + "\n"
}

fn row(rule: &UserRule, v6: bool, long: bool) -> String {
    let twin = if v6 { " (v6)" } else { "" };
    let place = |address: &str, port: &str, protocol: &str| {
        let protocol = if protocol == "any" { String::new() } else { format!("/{protocol}") };
        match (address, port) {
            ("0.0.0.0/0", "any") => format!("Anywhere{twin}"),
            ("0.0.0.0/0", port) => format!("{port}{protocol}{twin}"),
            (address, "any") => format!("{address}{protocol}"),
            (address, port) => format!("{address} {port}{protocol}"),
        }
    };
    let card = if rule.card.is_empty() { String::new() } else { format!(" on {}", rule.card) };
    let (here, there) = if rule.out { (String::new(), card) } else { (card, String::new()) };
    let to =
        place(&rule.to, &rule.to_port, if rule.to_port == "any" { "any" } else { rule.protocol.as_str() })
            + &here;
    let from = place(
        &rule.from,
        &rule.from_port,
        if rule.from_port == "any" { "any" } else { rule.protocol.as_str() },
    ) + &there;
    let direction = match (long, rule.out) {
        (_, true) => " OUT",
        (true, false) => " IN",
        (false, false) => "",
    };
    let comment = if rule.comment.is_empty() { String::new() } else { format!(" # {}", rule.comment) };
    format!("{to:<26} {:<12}{from:<26}{comment}\n", format!("{}{direction}", rule.action.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_said() {
        for text in ["allow 22/tcp", "deny 6443", "allow from 10.0.0.0/8 to any port 6443 proto tcp"] {
            let words: Vec<&str> = text.split(' ').collect();
            assert_eq!(said(&parse(&words).unwrap()), text);
        }
        assert_eq!(
            parse(&["allow", "30000:32767"]),
            Err("ERROR: Must specify 'tcp' or 'udp' with multiple ports\n".into())
        );
    }
}
