//! The flag tables of Kubernetes' and etcd's programs, and what they say to a command line that does
//! not fit.
//!
//! Names and types were read off the real programs (`assets/flags`). Kubernetes' programs parse with
//! pflag, etcd with Go's own flag package; the two have different words.

use super::Process;
use crate::apimachinery::go;

/// Programs with their flags, one a line: name and type.
const TABLES: &[(&str, &str)] = &[
    ("etcd", include_str!("../../../assets/flags/etcd.txt")),
    ("kube-apiserver", include_str!("../../../assets/flags/kube-apiserver.txt")),
    ("kube-controller-manager", include_str!("../../../assets/flags/kube-controller-manager.txt")),
    ("kube-scheduler", include_str!("../../../assets/flags/kube-scheduler.txt")),
    ("kubelet", include_str!("../../../assets/flags/kubelet.txt")),
];

/// Single letters of pflag's programs and their long names.
const SHORT: &[(char, &str)] = &[('v', "v"), ('h', "help")];

/// Feature gates of Kubernetes v1.36, one a line; `=true` behind one that is locked.
const GATES: &str = include_str!("../../../assets/flags/feature-gates.txt");

/// The first thing that is wrong with a command line, in the words of the flag package, without what the
/// program prints around it; `None` when it parses.
pub(crate) fn complaint(program: &str, args: &[String]) -> Option<String> {
    let (_, table) = TABLES.iter().find(|(name, _)| *name == program)?;
    let go = program == "etcd";
    let mut words = args.iter();
    let mut operands: Vec<&str> = Vec::new();
    while let Some(word) = words.next() {
        let (body, single) = match (word.strip_prefix("--"), word.strip_prefix('-')) {
            (Some(""), _) => break,
            (Some(body), _) => (body, false),
            (None, Some(body)) if !body.is_empty() => (body, !go),
            _ => {
                operands.push(word);
                continue;
            }
        };
        let (name, inline) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (body, None),
        };
        let name = if single { shorthand(name).ok_or_else(|| first_letter(body)) } else { Ok(name) };
        let name = match name {
            Ok(name) => name,
            Err(letter) => return Some(format!("unknown shorthand flag: {letter:?} in -{body}")),
        };
        let Some(kind) = kind_of(table, name) else {
            return Some(unknown(go, name));
        };
        let value = match inline {
            Some(value) => value,
            None if kind == "bool" || kind.contains("[=") => "true",
            None => match words.next() {
                Some(value) => value,
                None => return Some(without_value(go, name)),
            },
        };
        if let Some(problem) = misfit(go, name, kind, value) {
            return Some(problem);
        }
    }
    let first = operands.first()?;
    Some(match program {
        "etcd" => format!("'{first}' is not a valid flag"),
        "kubelet" => format!("unknown command {first}"),
        _ => format!("{program:?} does not take any arguments, got {}", go_list(&operands)),
    })
}

impl Process {
    /// The first thing wrong with this process's command line.
    pub(crate) fn complaint(&self) -> Option<String> {
        complaint(&self.program, &self.args)
    }
}

/// The flags of a program as its usage lists them, without descriptions.
pub(crate) fn usage(program: &str) -> Vec<String> {
    let mut lines = vec!["Usage:".to_owned(), format!("  {program} [flags]"), String::new()];
    let table = TABLES.iter().find(|(name, _)| *name == program).map_or("", |(_, table)| table);
    lines.extend(table.lines().map(|line| {
        let (name, kind) = line.split_once(' ').unwrap_or((line, ""));
        if kind == "bool" { format!("      --{name}") } else { format!("      --{name} {kind}") }
    }));
    lines.push(String::new());
    lines
}

/// What is wrong with a list of `Gate=true` settings: the first unknown or locked one.
pub(crate) fn gate_problem(settings: &str) -> Option<String> {
    settings.split(',').filter(|it| !it.is_empty()).find_map(|setting| {
        let Some((name, value)) = setting.split_once('=') else {
            return Some(format!("missing bool value for {setting}"));
        };
        if !is_go_bool(value.trim()) {
            let why = syntax("ParseBool", value.trim());
            return Some(format!("invalid value of {name}={}, err: {why}", value.trim()));
        }
        // A component may stand before the gate: `kube:Gate=true`.
        let name = name.rsplit(':').next().unwrap_or(name).trim();
        if matches!(name, "AllAlpha" | "AllBeta") {
            return None;
        }
        let Some(row) = GATES.lines().find(|line| line.split('=').next() == Some(name)) else {
            return Some(format!("unrecognized feature gate: {name}"));
        };
        let locked = row.split_once('=').map(|(_, locked)| locked)?;
        let value = value.trim();
        (value != locked)
            .then(|| format!("cannot set feature gate {name} to {value}, feature is locked to {locked}"))
    })
}

/// A list of texts as Go's `%q` prints it.
fn go_list(words: &[&str]) -> String {
    let all: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
    format!("[{}]", all.join(" "))
}

fn first_letter(body: &str) -> char {
    body.chars().next().unwrap_or('-')
}

fn shorthand(name: &str) -> Option<&'static str> {
    let mut letters = name.chars();
    let letter = letters.next().filter(|_| letters.next().is_none())?;
    SHORT.iter().find(|(known, _)| *known == letter).map(|(_, long)| *long)
}

fn kind_of<'a>(table: &'a str, name: &str) -> Option<&'a str> {
    if name == "v" {
        return Some("Level");
    }
    table.lines().find_map(|line| {
        let (known, kind) = line.split_once(' ').unwrap_or((line, ""));
        (known == name).then_some(kind)
    })
}

fn unknown(go: bool, name: &str) -> String {
    if go { format!("flag provided but not defined: -{name}") } else { format!("unknown flag: --{name}") }
}

fn without_value(go: bool, name: &str) -> String {
    if go { format!("flag needs an argument: -{name}") } else { format!("flag needs an argument: --{name}") }
}

fn misfit(go: bool, name: &str, kind: &str, value: &str) -> Option<String> {
    if go {
        return etcd_misfit(name, kind, value);
    }
    let why = match kind {
        "bool" if !is_go_bool(value) => syntax("ParseBool", value),
        "int" | "int32" | "int64" if value.parse::<i64>().is_err() => syntax("ParseInt", value),
        "uint" | "Level" if value.parse::<u64>().is_err() => syntax("ParseUint", value),
        "float" | "float32" | "float64" if value.parse::<f64>().is_err() => syntax("ParseFloat", value),
        "ip" if value.parse::<std::net::IpAddr>().is_err() => format!("failed to parse IP: {value:?}"),
        "duration" => go::duration(value).err()?,
        "portRange" => port_range_problem(value)?,
        "mapStringBool" => pairs_problem(value, "malformed pair, expect string=bool", |key, value| {
            (!is_go_bool(value))
                .then(|| format!("invalid value of {key}: {value}, err: {}", syntax("ParseBool", value)))
        })?,
        "mapStringString" => pairs_problem(value, "malformed pair, expect string=string", |_, _| None)?,
        "stringToString" if !value.is_empty() => {
            let bad = value.split(',').find(|it| !it.contains('='))?;
            format!("{bad} must be formatted as key=value")
        }
        _ => return None,
    };
    let shown = if name == "v" { "-v, --v".to_owned() } else { format!("--{name}") };
    Some(format!("invalid argument {value:?} for \"{shown}\" flag: {why}"))
}

/// Why a text is no range of ports. Source: `PortRange.Set`.
fn port_range_problem(value: &str) -> Option<String> {
    let value = value.trim();
    let (dash, plus) = (value.split_once('-'), value.split_once('+'));
    let parts = match (dash, plus) {
        _ if value.is_empty() => return None,
        (Some(_), Some(_)) => return Some(format!("unable to parse port range: {value}")),
        (Some((low, high)), None) | (None, Some((low, high))) => vec![low, high],
        (None, None) => vec![value],
    };
    if let Some(bad) = parts.iter().find(|it| it.parse::<i64>().is_err()) {
        return Some(syntax("Atoi", bad));
    }
    let numbers: Vec<i64> = parts.iter().filter_map(|it| it.parse().ok()).collect();
    let (low, high) = match (numbers.as_slice(), plus) {
        (&[low, more], Some(_)) => (low, (low + more).min(65_535)),
        (&[low, high], None) => (low, high),
        (&[one], _) => (one, one),
        _ => return None,
    };
    if low > 65_535 || high > 65_535 {
        return Some(format!("the port range cannot be greater than 65535: {value}"));
    }
    (high < low).then(|| format!("end port cannot be less than start port: {value}"))
}

/// What is wrong with `key=value,…`: a part that is no pair, or the first value that `wrong` names.
fn pairs_problem(
    text: &str,
    malformed: &str,
    wrong: impl Fn(&str, &str) -> Option<String>,
) -> Option<String> {
    text.split(',').filter(|it| !it.is_empty()).find_map(|part| match part.split_once('=') {
        Some((key, value)) => wrong(key.trim(), value.trim()),
        None => Some(malformed.to_owned()),
    })
}

/// Labels of Kubernetes' own domains that a kubelet may give its node.
const NODE_LABELS: &[&str] = &[
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "node.kubernetes.io/instance-type",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// What the kubelet says to `--node-labels` with labels that it may not set.
pub(crate) fn node_labels_problem(labels: &str) -> Option<String> {
    let is_under = |domain: &str, parent: &str| domain == parent || domain.ends_with(&format!(".{parent}"));
    let keys = labels.split(',').map(|it| it.split('=').next().unwrap_or(it).trim());
    let mut unknown: Vec<&str> = keys
        .filter(|key| {
            let domain = key.split_once('/').map_or("", |(domain, _)| domain);
            let own = is_under(domain, "kubernetes.io") || is_under(domain, "k8s.io");
            let free = is_under(domain, "kubelet.kubernetes.io") || is_under(domain, "node.kubernetes.io");
            own && !free && !NODE_LABELS.contains(key)
        })
        .collect();
    unknown.sort_unstable();
    (!unknown.is_empty()).then(|| {
        format!(
            "unknown 'kubernetes.io' or 'k8s.io' labels specified with --node-labels: [{}]\n--node-labels in the 'kubernetes.io' namespace must begin with an allowed prefix (kubelet.kubernetes.io, node.kubernetes.io) or be in the specifically allowed set ({})",
            unknown.join(" "),
            NODE_LABELS.join(", ")
        )
    })
}

fn syntax(function: &str, value: &str) -> String {
    format!("strconv.{function}: parsing {value:?}: invalid syntax")
}

/// etcd's flag package has other words.
fn etcd_misfit(name: &str, kind: &str, value: &str) -> Option<String> {
    let wrong = |why: &str| Some(format!("invalid value {value:?} for flag -{name}: {why}"));
    match kind {
        "bool" if !is_go_bool(value) => {
            Some(format!("invalid boolean value {value:?} for -{name}: parse error"))
        }
        "int" if value.parse::<i64>().is_err() => wrong("parse error"),
        "duration" if go::duration(value).is_err() => wrong("parse error"),
        "urls" => {
            let bad = value.split(',').filter(|url| !url.is_empty()).find(|url| !url.contains("://"))?;
            wrong(&format!("parse {bad:?}: first path segment in URL cannot contain colon"))
        }
        "gates" => {
            const KNOWN: &[&str] = &[
                "AllAlpha",
                "AllBeta",
                "CompactHashCheck",
                "DistributedTracing",
                "InitialCorruptCheck",
                "LeaseCheckpoint",
                "LeaseCheckpointPersist",
                "SetMemberLocalAddr",
                "StopGRPCServiceOnDefrag",
                "TxnModeWriteWithSharedBuffer",
            ];
            let names = value.split(',').map(|it| it.split('=').next().unwrap_or(it));
            let unknown = names.into_iter().find(|it| !it.is_empty() && !KNOWN.contains(it))?;
            wrong(&format!("unrecognized feature gate: {unknown}"))
        }
        _ => None,
    }
}

fn is_go_bool(value: &str) -> bool {
    ["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"].contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(program: &str, args: &[&str], want: Option<&str>) {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        assert_eq!(complaint(program, &args).as_deref(), want);
    }

    #[test]
    fn each_program_has_its_own_words() {
        check("kube-apiserver", &["--secure-port=6443", "--allow-privileged"], None);
        check("kube-apiserver", &["--authorization-modes=Node"], Some("unknown flag: --authorization-modes"));
        check("etcd", &["--data-dirr=/x"], Some("flag provided but not defined: -data-dirr"));
        check(
            "kube-apiserver",
            &["--secure-port=64x43"],
            Some(
                "invalid argument \"64x43\" for \"--secure-port\" flag: strconv.ParseInt: parsing \
                 \"64x43\": invalid syntax",
            ),
        );
        check(
            "kube-apiserver",
            &["-secure-port=6443"],
            Some("unknown shorthand flag: 's' in -secure-port=6443"),
        );
        check("kubelet", &["-v=2"], None);
    }
}
