//! The table of flags, read from the asset one command at a time.

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

/// The usage line of a command such as `create deployment`.
pub(crate) fn usage(command: &str) -> Option<&'static str> {
    section(command).map(|(usage, _)| usage)
}

/// The flags of a command itself, in the order of their names; none when kubectl has no such command.
pub(crate) fn of_command(command: &str) -> Vec<FlagSpec> {
    let mut flags: Vec<FlagSpec> =
        section(command).map(|(_, lines)| lines.lines().filter_map(flag).collect()).unwrap_or_default();
    flags.push(HELP);
    flags
}

/// The flags that every command takes.
pub(crate) fn globals() -> Vec<FlagSpec> {
    section("options").map(|(_, lines)| lines.lines().filter_map(flag).collect()).unwrap_or_default()
}

/// The paths of all commands, without `kubectl`.
#[cfg(test)]
pub(crate) fn commands() -> Vec<&'static str> {
    let heads = TABLE.lines().filter_map(|line| line.strip_prefix('[')?.split_once(']'));
    heads.map(|(path, _)| path).filter(|path| !path.is_empty() && *path != "options").collect()
}

fn section(command: &str) -> Option<(&'static str, &'static str)> {
    let head = format!("[{command}]");
    let start = match TABLE.strip_prefix(head.as_str()) {
        Some(_) => head.len(),
        None => TABLE.find(&format!("\n{head}"))? + head.len() + 1,
    };
    let rest = TABLE.get(start..)?;
    let (usage, rest) = rest.split_once('\n')?;
    let end = if rest.starts_with('[') { 0 } else { rest.find("\n[").map_or(rest.len(), |at| at + 1) };
    Some((usage.trim(), rest.get(..end)?))
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
