//! Ubuntu's front end of the packet filter: what its files say, and the filter that comes of it.
//!
//! The chains are ufw's own as far as they decide about packets; those that only write to logs are left out.

use super::{Firewall, Rule, Verdict};
use crate::hosts::{FileTree, FsError};
use crate::sim::SimTime;

const CONF: &str = "/etc/ufw/ufw.conf";
const DEFAULTS: &str = "/etc/default/ufw";
const RULES: &str = "/etc/ufw/user.rules";
const TUPLE: &str = "### tuple ### ";
const ANYWHERE: &str = "0.0.0.0/0";

/// A rule of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserRule {
    /// `allow`, `deny`, `reject`, `limit`.
    pub(crate) action: String,
    /// `any`, `tcp`, `udp`.
    pub(crate) protocol: String,
    /// `22`, `30000:32767`, `80,443`, `any`.
    pub(crate) to_port: String,
    pub(crate) to: String,
    pub(crate) from_port: String,
    pub(crate) from: String,
    /// True for packets that leave.
    pub(crate) out: bool,
    /// A network card, or empty.
    pub(crate) card: String,
    pub(crate) comment: String,
}

impl Default for UserRule {
    fn default() -> Self {
        let any = || "any".to_owned();
        Self {
            action: "allow".into(),
            protocol: any(),
            to_port: any(),
            to: ANYWHERE.into(),
            from_port: any(),
            from: ANYWHERE.into(),
            out: false,
            card: String::new(),
            comment: String::new(),
        }
    }
}

impl UserRule {
    /// True when the rule is for IPv6 too.
    pub(crate) fn has_twin(&self) -> bool {
        self.to == ANYWHERE && self.from == ANYWHERE
    }

    /// True when both say the same but for what is done.
    pub(crate) fn is_about(&self, other: &Self) -> bool {
        let plain = |it: &Self| Self { action: String::new(), comment: String::new(), ..it.clone() };
        plain(self) == plain(other)
    }

    fn parse(line: &str) -> Option<Self> {
        let (tuple, comment) =
            line.strip_prefix(TUPLE)?.split_once(" comment=").unwrap_or((line.strip_prefix(TUPLE)?, ""));
        let words: Vec<&str> = tuple.split_whitespace().collect();
        let [action, protocol, to_port, to, from_port, from, direction, ..] = words.as_slice() else {
            return None;
        };
        let (direction, card) = direction.split_once('_').unwrap_or((*direction, ""));
        Some(Self {
            action: (*action).into(),
            protocol: (*protocol).into(),
            to_port: (*to_port).into(),
            to: (*to).into(),
            from_port: (*from_port).into(),
            from: (*from).into(),
            out: direction == "out",
            card: card.into(),
            comment: String::from_utf8(unhex(comment)).unwrap_or_default(),
        })
    }

    fn tuple(&self) -> String {
        let direction = if self.out { "out" } else { "in" };
        let card = if self.card.is_empty() { String::new() } else { format!("_{}", self.card) };
        let comment = match self.comment.as_str() {
            "" => String::new(),
            text => format!(" comment={}", text.bytes().map(|it| format!("{it:02x}")).collect::<String>()),
        };
        let Self { action, protocol, to_port, to, from_port, from, .. } = self;
        format!("{TUPLE}{action} {protocol} {to_port} {to} {from_port} {from} {direction}{card}{comment}")
    }

    /// The words of the filter's rules: one for each protocol that has ports.
    fn lines(&self) -> Vec<String> {
        let ports = self.to_port != "any" || self.from_port != "any";
        let protocols: &[&str] = match self.protocol.as_str() {
            "any" if ports => &["tcp", "udp"],
            "any" => &[""],
            "tcp" => &["tcp"],
            _ => &["udp"],
        };
        protocols.iter().map(|protocol| self.line(protocol)).collect()
    }

    fn line(&self, protocol: &str) -> String {
        let mut words = String::new();
        let mut add = |option: &str, value: &str, default: &str| {
            if value != default {
                words += &format!("{option} {value} ");
            }
        };
        add(if self.out { "-o" } else { "-i" }, &self.card, "");
        add("-s", &self.from, ANYWHERE);
        add("-d", &self.to, ANYWHERE);
        add("-p", protocol, "");
        for (one, many, port) in
            [("--sport", "--sports", &self.from_port), ("--dport", "--dports", &self.to_port)]
        {
            if port.contains(',') {
                words += "-m multiport ";
            }
            let option = if port.contains(',') { many } else { one };
            if port != "any" {
                words += &format!("{option} {port} ");
            }
        }
        let target = match self.action.as_str() {
            "deny" => "DROP",
            "reject" => "REJECT",
            _ => "ACCEPT",
        };
        format!("{words}-j {target}")
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len() / 2).map(|at| text.get(at * 2..at * 2 + 2).unwrap_or_default());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// True when the next boot switches it on.
pub(crate) fn is_enabled(files: &FileTree) -> bool {
    setting(files, CONF, "ENABLED").is_some_and(|it| it == "yes")
}

/// # Errors
/// The file cannot be written.
pub(crate) fn set_enabled(files: &mut FileTree, on: bool, now: SimTime) -> Result<(), FsError> {
    set(files, CONF, "ENABLED", if on { "yes" } else { "no" }, now)
}

/// `off`, `low`, …
pub(crate) fn log_level(files: &FileTree) -> String {
    setting(files, CONF, "LOGLEVEL").unwrap_or_else(|| "low".into())
}

/// # Errors
/// The file cannot be written.
pub(crate) fn set_log_level(files: &mut FileTree, level: &str, now: SimTime) -> Result<(), FsError> {
    set(files, CONF, "LOGLEVEL", level, now)
}

/// `ACCEPT`, `DROP` or `REJECT` for `INPUT`, `OUTPUT`, `FORWARD`, as Ubuntu comes where nothing is written.
pub(crate) fn policy(files: &FileTree, chain: &str) -> String {
    let default = if chain == "OUTPUT" { "ACCEPT" } else { "DROP" };
    setting(files, DEFAULTS, &format!("DEFAULT_{chain}_POLICY")).unwrap_or_else(|| default.into())
}

/// # Errors
/// The file cannot be written.
pub(crate) fn set_policy(
    files: &mut FileTree,
    chain: &str,
    policy: &str,
    now: SimTime,
) -> Result<(), FsError> {
    set(files, DEFAULTS, &format!("DEFAULT_{chain}_POLICY"), &format!("\"{policy}\""), now)
}

fn setting(files: &FileTree, path: &str, key: &str) -> Option<String> {
    let text = files.read_text(path).ok()?;
    let value = text.lines().rev().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
    Some(value.trim().trim_matches('"').to_owned())
}

fn set(files: &mut FileTree, path: &str, key: &str, value: &str, now: SimTime) -> Result<(), FsError> {
    let text = files.read_text(path).unwrap_or_default();
    let is_it = |line: &str| line.trim().strip_prefix(key).is_some_and(|it| it.starts_with('='));
    let mut lines: Vec<String> = text.lines().filter(|line| !is_it(line)).map(str::to_owned).collect();
    lines.push(format!("{key}={value}"));
    write(files, path, &(lines.join("\n") + "\n"), now)
}

fn write(files: &mut FileTree, path: &str, text: &str, now: SimTime) -> Result<(), FsError> {
    if files.exists(path) {
        return files.write(path, text.as_bytes(), now);
    }
    files.install(path, text.as_bytes(), 0o640, now)
}

/// The rules of the user's, in order.
pub(crate) fn rules(files: &FileTree) -> Vec<UserRule> {
    let text = files.read_text(RULES).unwrap_or_default();
    text.lines().filter_map(UserRule::parse).collect()
}

/// # Errors
/// The file cannot be written.
pub(crate) fn set_rules(files: &mut FileTree, rules: &[UserRule], now: SimTime) -> Result<(), FsError> {
    let chain = |rule: &UserRule| if rule.out { "ufw-user-output" } else { "ufw-user-input" };
    let body: String = rules
        .iter()
        .map(|rule| {
            let lines = rule.lines().into_iter().map(|it| format!("-A {} {it}\n", chain(rule)));
            format!("{}\n{}\n", rule.tuple(), lines.collect::<String>())
        })
        .collect();
    let text = format!(
        "*filter\n:ufw-user-input - [0:0]\n:ufw-user-output - [0:0]\n:ufw-user-forward - [0:0]\n### RULES ###\n\n{body}### END RULES ###\nCOMMIT\n"
    );
    write(files, RULES, &text, now)
}

/// What leads from the built-in chains to ufw's own, and what those let through before and after the user's rules.
/// Pods' cards are let through by the chains of their network, which stand in front.
const FRAME: &[(&str, &str)] = &[
    ("INPUT", "-j ufw-before-input"),
    ("INPUT", "-j ufw-after-input"),
    ("INPUT", "-j ufw-reject-input"),
    ("FORWARD", "-i cali+ -j ACCEPT"),
    ("FORWARD", "-o cali+ -j ACCEPT"),
    ("FORWARD", "-j ufw-before-forward"),
    ("OUTPUT", "-j ufw-before-output"),
    ("OUTPUT", "-j ufw-reject-output"),
    ("ufw-before-input", "-i lo -j ACCEPT"),
    ("ufw-before-input", "-i cali+ -j ACCEPT"),
    ("ufw-before-input", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
    ("ufw-before-input", "-p icmp -j ACCEPT"),
    ("ufw-before-input", "-p udp --sport 67 --dport 68 -j ACCEPT"),
    ("ufw-before-input", "-j ufw-user-input"),
    ("ufw-before-forward", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
    ("ufw-before-forward", "-j ufw-user-forward"),
    ("ufw-before-output", "-o lo -j ACCEPT"),
    ("ufw-before-output", "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"),
    ("ufw-before-output", "-j ufw-user-output"),
];

/// Chains of ufw's.
const CHAINS: &[&str] = &[
    "ufw-before-input",
    "ufw-after-input",
    "ufw-reject-input",
    "ufw-before-forward",
    "ufw-before-output",
    "ufw-reject-output",
    "ufw-user-input",
    "ufw-user-output",
    "ufw-user-forward",
];

/// The packet filter that the files ask for.
pub(crate) fn filter(files: &FileTree) -> Firewall {
    let mut firewall = Firewall::default();
    for chain in CHAINS {
        let _ = firewall.add_chain(chain);
    }
    let mut add = |chain: &str, words: &str| {
        let words: Vec<&str> = words.split_whitespace().collect();
        if let Ok(rule) = Rule::parse(&words) {
            let _ = firewall.insert(chain, None, rule);
        }
    };
    FRAME.iter().for_each(|(chain, words)| add(chain, words));
    for rule in rules(files) {
        let chain = if rule.out { "ufw-user-output" } else { "ufw-user-input" };
        rule.lines().iter().for_each(|line| add(chain, line));
    }
    for (chain, reject) in [("INPUT", "ufw-reject-input"), ("OUTPUT", "ufw-reject-output")] {
        if policy(files, chain) == "REJECT" {
            add(reject, "-j REJECT");
        }
    }
    for chain in super::BUILT_IN {
        let drops = policy(files, chain) != "ACCEPT";
        let _ = firewall.set_policy(chain, if drops { Verdict::Drop } else { Verdict::Accept });
    }
    firewall
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_kept_in_files_and_make_the_filter() {
        let mut files = FileTree::default();
        let ssh = UserRule {
            protocol: "tcp".into(),
            to_port: "22".into(),
            comment: "in".into(),
            ..UserRule::default()
        };
        set_rules(&mut files, std::slice::from_ref(&ssh), SimTime::START).unwrap();
        assert_eq!(rules(&files), [ssh]);
        set_enabled(&mut files, true, SimTime::START).unwrap();
        assert!(is_enabled(&files));
        let filter = filter(&files);
        assert_eq!(
            filter.listed(Some("ufw-user-input")),
            ["-N ufw-user-input", "-A ufw-user-input -p tcp -m tcp --dport 22 -j ACCEPT"]
        );
        assert_eq!(filter.policy("INPUT"), Some("DROP"));
    }
}
