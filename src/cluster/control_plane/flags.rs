//! The flag tables of Kubernetes' and etcd's programs, and what they say to a command line that does
//! not fit.
//!
//! Names and types were read off the real programs (`assets/flags`).

use super::Process;

/// Programs with their flags, one a line: name and type.
const TABLES: &[(&str, &str)] = &[
    ("etcd", include_str!("../../../assets/flags/etcd.txt")),
    ("kube-apiserver", include_str!("../../../assets/flags/kube-apiserver.txt")),
    ("kube-controller-manager", include_str!("../../../assets/flags/kube-controller-manager.txt")),
    ("kube-scheduler", include_str!("../../../assets/flags/kube-scheduler.txt")),
    ("kubelet", include_str!("../../../assets/flags/kubelet.txt")),
];

/// The first thing that is wrong with a command line, as the program prints it; `None` when it parses.
pub(crate) fn complaint(program: &str, args: &[String]) -> Option<String> {
    let (_, table) = TABLES.iter().find(|(name, _)| *name == program)?;
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let Some(body) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
            return Some(unexpected_word(program, word));
        };
        let (name, inline) = match body.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (body, None),
        };
        let Some(kind) = kind_of(table, name) else {
            return Some(unknown(program, name));
        };
        let value = match inline {
            Some(value) => value,
            None if kind == "bool" => "true",
            None => match words.next() {
                Some(value) => value,
                None => return Some(without_value(program, name)),
            },
        };
        if let Some(problem) = misfit(program, name, kind, value) {
            return Some(problem);
        }
    }
    None
}

impl Process {
    /// The first thing wrong with this process's command line.
    pub(crate) fn complaint(&self) -> Option<String> {
        complaint(&self.program, &self.args)
    }
}

fn kind_of<'a>(table: &'a str, name: &str) -> Option<&'a str> {
    table.lines().find_map(|line| {
        let (known, kind) = line.split_once(' ').unwrap_or((line, ""));
        (known == name).then_some(kind)
    })
}

fn unknown(program: &str, name: &str) -> String {
    match program {
        "etcd" => format!("flag provided but not defined: -{name}"),
        "kubelet" => format!(
            "E0000 run.go:72] \"command failed\" err=\"failed to parse kubelet flag: unknown flag: --{name}\""
        ),
        _ => format!("Error: unknown flag: --{name}"),
    }
}

fn without_value(program: &str, name: &str) -> String {
    match program {
        "etcd" => format!("flag needs an argument: -{name}"),
        _ => format!("Error: flag needs an argument: --{name}"),
    }
}

fn unexpected_word(program: &str, word: &str) -> String {
    match program {
        "etcd" => format!("'{word}' is not a valid flag"),
        _ => format!("Error: unknown command {word:?} for {program:?}"),
    }
}

fn misfit(program: &str, name: &str, kind: &str, value: &str) -> Option<String> {
    let why = match kind {
        "bool" if !is_go_bool(value) => format!("strconv.ParseBool: parsing {value:?}: invalid syntax"),
        "int" | "int32" if value.parse::<i64>().is_err() => {
            format!("strconv.ParseInt: parsing {value:?}: invalid syntax")
        }
        "ip" if value.parse::<std::net::IpAddr>().is_err() => format!("failed to parse IP: {value:?}"),
        _ => return etcd_misfit(program, name, value),
    };
    Some(format!("Error: invalid argument {value:?} for \"--{name}\" flag: {why}"))
}

/// etcd's flag package has other words, and its table carries no types.
fn etcd_misfit(program: &str, name: &str, value: &str) -> Option<String> {
    if program != "etcd" || !name.ends_with("-urls") {
        return None;
    }
    let bad = value.split(',').find(|url| !url.contains("://"))?;
    Some(format!(
        "invalid value {value:?} for flag -{name}: parse {bad:?}: first path segment in URL cannot contain colon"
    ))
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
        check(
            "kube-apiserver",
            &["--authorization-modes=Node"],
            Some("Error: unknown flag: --authorization-modes"),
        );
        check("etcd", &["--data-dirr=/x"], Some("flag provided but not defined: -data-dirr"));
        check(
            "kube-apiserver",
            &["--secure-port=64x43"],
            Some(
                "Error: invalid argument \"64x43\" for \"--secure-port\" flag: strconv.ParseInt: parsing \
                 \"64x43\": invalid syntax",
            ),
        );
    }
}
