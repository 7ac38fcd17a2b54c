//! The flags of each command, as kubeadm v1.36.2 lists them (`assets/kubeadm/flags.txt`).

use crate::tools::kubectl::flags::{self, FlagSpec, Kind, Parsed};

/// Sections of `[command path]`, each followed by lines `name|short|type|default|alone`.
static TABLE: &str = include_str!("../../../assets/kubeadm/flags.txt");

/// Flags that every command takes.
const GLOBAL: [FlagSpec; 4] = [
    FlagSpec {
        name: "help",
        short: Some('h'),
        kind: Kind::Bool,
        default: "false",
        alone: "true",
        hidden: true,
    },
    FlagSpec { name: "rootfs", short: None, kind: Kind::Text, default: "", alone: "", hidden: false },
    FlagSpec { name: "v", short: Some('v'), kind: Kind::Int(32), default: "0", alone: "", hidden: false },
    FlagSpec { name: "vmodule", short: None, kind: Kind::Text, default: "", alone: "", hidden: false },
];

/// The flags of a command itself.
pub(super) fn own(path: &str) -> impl Iterator<Item = FlagSpec> {
    let head = format!("[{path}]");
    let mut lines = TABLE.lines().skip_while(move |line| *line != head);
    lines.next();
    lines.take_while(|line| !line.starts_with('[')).filter_map(spec)
}

fn spec(line: &'static str) -> Option<FlagSpec> {
    let mut parts = line.split('|');
    let (name, short, kind) = (parts.next()?, parts.next()?.chars().next(), parts.next()?);
    let kind = match kind {
        "bool" => Kind::Bool,
        "strings" => Kind::Strings,
        "int" | "int32" => Kind::Int(32),
        "duration" => Kind::Duration,
        _ => Kind::Text,
    };
    Some(FlagSpec { name, short, kind, default: parts.next()?, alone: parts.next()?, hidden: false })
}

/// True when the word takes a value of its own behind it.
pub(super) fn takes_value(path: &str, word: &str) -> bool {
    let (name, short) = match word.strip_prefix("--") {
        Some(name) => (name, None),
        None => ("", word.chars().nth(1).filter(|_| word.chars().count() == 2)),
    };
    own(path)
        .chain(GLOBAL)
        .any(|it| it.alone.is_empty() && (it.name == name || it.short.is_some() && it.short == short))
}

/// Reads the words behind a command.
///
/// # Errors
/// pflag's sentence.
pub(super) fn parse(path: &str, words: &[String]) -> Result<Parsed, String> {
    flags::parse(words, own(path).chain(GLOBAL).collect())
}
