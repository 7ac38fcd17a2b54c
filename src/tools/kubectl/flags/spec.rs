//! The table of flags, read from the asset one command at a time.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a flag's value is, which decides the sentence about a bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Text,
    /// May come repeatedly, and one value holds several between commas.
    Strings,
    /// May come repeatedly; commas are part of the value.
    StringArray,
    /// `key=value` pairs between commas.
    Map,
    /// The same, with the sentences of the API machinery's own flags.
    StringMap,
    /// A whole number of so many bits.
    Int(u32),
    Duration,
}

/// One flag of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlagSpec {
    pub(crate) name: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    /// The value when the flag stands alone; empty when it needs one.
    pub(crate) alone: &'static str,
    /// Works, but help does not show it.
    pub(crate) hidden: bool,
}

/// Sections of `[command path] usage line`, each followed by lines `name|short|type|default|alone|hidden`.
static TABLE: &str = include_str!("../../../../assets/kubectl/flags.txt");

/// `--help`, which every command has.
const HELP: FlagSpec = FlagSpec {
    name: "help",
    short: Some('h'),
    kind: Kind::Bool,
    default: "false",
    alone: "true",
    hidden: true,
};

/// A flag of `apply` that real kubectl only has when its environment says `KUBECTL_APPLYSET=true`.
pub(crate) const APPLYSET: FlagSpec =
    FlagSpec { name: "applyset", short: None, kind: Kind::Text, default: "", alone: "", hidden: false };

/// Flags that pflag warns of, and what it says of them.
const DEPRECATED: &[(&str, &str)] = &[
    ("record", "--record will be removed in the future"),
    (
        "cpu-percent",
        "Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).",
    ),
];

impl FlagSpec {
    /// What is said of a flag that still works but should not be used.
    pub(crate) fn warning(&self) -> Option<String> {
        let (_, why) = DEPRECATED.iter().find(|(name, _)| *name == self.name && self.hidden)?;
        Some(format!("Flag --{} has been deprecated, {why}\n", self.name))
    }
}

/// What the table says of a command: its usage line and its own flags.
struct Section {
    usage: &'static str,
    flags: Vec<FlagSpec>,
}

/// The table by command path.
static SECTIONS: LazyLock<BTreeMap<&'static str, Section>> = LazyLock::new(|| {
    let mut sections = BTreeMap::new();
    let mut rest = TABLE;
    while let Some((path, after)) = rest.strip_prefix('[').and_then(|it| it.split_once(']')) {
        let (usage, lines) = after.split_once('\n').unwrap_or((after, ""));
        let end = if lines.starts_with('[') { 0 } else { lines.find("\n[").map_or(lines.len(), |at| at + 1) };
        let (own, next) = lines.split_at(end);
        let flags = own.lines().filter_map(flag).collect();
        sections.insert(path, Section { usage: usage.trim(), flags });
        rest = next;
    }
    sections
});

/// The usage line of a command such as `create deployment`.
pub(crate) fn usage(command: &str) -> Option<&'static str> {
    SECTIONS.get(command).map(|section| section.usage)
}

/// The flags of a command itself, in the order of their names; none when kubectl has no such command.
pub(crate) fn of_command(command: &str) -> Vec<FlagSpec> {
    let own = SECTIONS.get(command).map_or(&[][..], |section| &section.flags);
    own.iter().copied().chain([HELP]).collect()
}

/// The flags that every command takes.
pub(crate) fn globals() -> &'static [FlagSpec] {
    SECTIONS.get("options").map_or(&[], |section| &section.flags)
}

/// The paths of all commands, without `kubectl`.
#[cfg(test)]
pub(crate) fn commands() -> Vec<&'static str> {
    SECTIONS.keys().copied().filter(|path| !path.is_empty() && *path != "options").collect()
}

fn flag(line: &'static str) -> Option<FlagSpec> {
    let mut parts = line.split('|');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let short = parts.next()?.chars().next();
    let kind = kind(parts.next()?);
    let default = parts.next()?;
    let alone = parts.next().unwrap_or("");
    Some(FlagSpec { name, short, kind, default, alone, hidden: parts.next().is_some() })
}

fn kind(word: &str) -> Kind {
    match word {
        "bool" => Kind::Bool,
        "strings" => Kind::Strings,
        "stringArray" => Kind::StringArray,
        "stringToString" => Kind::Map,
        "map" => Kind::StringMap,
        "int32" | "Level" => Kind::Int(32),
        "int" | "int64" => Kind::Int(64),
        "duration" => Kind::Duration,
        _ => Kind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_table_has_its_flags() {
        assert_eq!(
            usage("create namespace"),
            Some("kubectl create namespace NAME [--dry-run=server|client|none] [options]")
        );
        let get = of_command("get");
        let output = get.iter().find(|flag| flag.name == "output").map(|flag| (flag.short, flag.kind));
        assert_eq!(output, Some((Some('o'), Kind::Text)));
        assert!(globals().iter().any(|flag| flag.name == "warnings-as-errors"));
        assert_eq!(of_command("set").len(), 1);
    }
}
