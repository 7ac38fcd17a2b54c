//! `--help`, `kubectl options` and the sentences about commands that do not exist. Flags and defaults are the
//! real ones, the sentences are ours.

use super::flags::{self, FlagSpec, Kind, words};
use super::verb::{Group, Verb};

/// The headings of `kubectl --help`, in order.
const HEADINGS: &[(Group, &str)] = &[
    (Group::Beginner, "Basic Commands (Beginner):"),
    (Group::Intermediate, "Basic Commands (Intermediate):"),
    (Group::Deploy, "Deploy Commands:"),
    (Group::Cluster, "Cluster Management Commands:"),
    (Group::Troubleshooting, "Troubleshooting and Debugging Commands:"),
    (Group::Advanced, "Advanced Commands:"),
    (Group::Settings, "Settings Commands:"),
    (Group::Other, "Other Commands:"),
];

/// What `--help` of a command prints; `path` is without `kubectl`, empty for kubectl itself.
pub(crate) fn of(verb: &Verb, path: &str) -> String {
    let mut help = format!("{}.\n", verb.summary);
    if !verb.about.is_empty() {
        help.push_str(&format!("\n{}\n", verb.about.trim_end()));
    }
    // A group's children show only their names: cobra's template lists aliases of what is below the root.
    if !verb.aliases.is_empty() && path.contains(' ') {
        help.push_str(&format!("\nAliases:\n{}, {}\n", verb.name, verb.aliases.join(", ")));
    }
    if !verb.examples.is_empty() {
        help.push_str("\nExamples:\n");
        for line in verb.examples.trim().lines() {
            help.push_str(&format!("  {}\n", line.trim()));
        }
    }
    help.push_str(&usage(verb, path));
    help
}

/// The part of the help that also stands behind some mistakes: commands below, flags and the usage line.
pub(crate) fn usage(verb: &Verb, path: &str) -> String {
    let mut help = String::new();
    if path.is_empty() {
        push_groups(&mut help, verb);
    } else if !verb.children.is_empty() {
        help.push_str("\nAvailable Commands:\n");
        push_commands(&mut help, verb.children.iter().copied(), width(verb));
    }
    let own = flags::of_command(path);
    push_flags(&mut help, "\nOptions:\n", &own);
    let usage = flags::usage(path).unwrap_or_default();
    help.push_str(&format!("\nUsage:\n  {usage}\n\n"));
    if !verb.children.is_empty() {
        let prefix = if path.is_empty() { "kubectl".to_owned() } else { format!("kubectl {path}") };
        help.push_str(&format!(
            "Use \"{prefix} <command> --help\" for more information about a given command.\n"
        ));
    }
    help.push_str(
        "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n",
    );
    help
}

/// What `kubectl options` prints.
pub(crate) fn options() -> String {
    let mut text = "The following options can be passed to any command:\n\n".to_owned();
    push_flags(&mut text, "", flags::globals());
    text
}

fn push_groups(help: &mut String, root: &Verb) {
    for (group, heading) in HEADINGS {
        if *group == Group::Other {
            // Plugins are not looked for on the path before help is printed; the heading stands in any case.
            help.push_str("\nSubcommands provided by plugins:\n");
        }
        help.push_str(&format!("\n{heading}\n"));
        let shown = root.children.iter().copied().filter(|child| child.group == *group);
        push_commands(help, shown, width(root));
    }
}

/// How wide the column of names is: cobra's 11, or the longest name, and kubectl's 3 behind it.
fn width(parent: &Verb) -> usize {
    parent.children.iter().map(|child| child.name.len()).max().unwrap_or(0).max(11) + 3
}

fn push_commands(help: &mut String, verbs: impl Iterator<Item = &'static Verb>, width: usize) {
    let shown: Vec<&Verb> = verbs.collect();
    for verb in shown {
        help.push_str(&format!("  {:width$}{}\n", verb.name, verb.summary));
    }
}

fn push_flags(help: &mut String, heading: &str, specs: &[FlagSpec]) {
    let mut shown = specs.iter().filter(|spec| !spec.hidden).peekable();
    if shown.peek().is_none() {
        return;
    }
    help.push_str(heading);
    let blocks: Vec<String> = shown.map(flag_block).collect();
    help.push_str(&blocks.join("\n"));
}

/// `    -o, --output='':` and the sentence below it.
fn flag_block(spec: &FlagSpec) -> String {
    let default = match spec.kind {
        Kind::Text => format!("'{}'", spec.default),
        _ => spec.default.to_owned(),
    };
    let head = match spec.short {
        Some(short) => format!("    -{short}, --{}={default}:", spec.name),
        None => format!("    --{}={default}:", spec.name),
    };
    format!("{head}\n\t{}\n", words::about(spec.name))
}

/// cobra's sentence about a command that does not exist, with what was perhaps meant.
pub(crate) fn unknown(root: &Verb, word: &str) -> String {
    let mut sentence = format!("unknown command {word:?} for \"kubectl\"");
    let lower = word.to_lowercase();
    let near: Vec<&str> = root
        .children
        .iter()
        .map(|child| child.name)
        .filter(|name| distance(&lower, name) <= 2 || name.starts_with(&lower))
        .collect();
    if !near.is_empty() {
        sentence.push_str("\n\nDid you mean this?\n");
        for name in near {
            sentence.push_str(&format!("\t{name}\n"));
        }
    }
    sentence
}

/// Levenshtein's distance.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut next = vec![at + 1];
        for (column, with) in other.iter().enumerate() {
            let replaced = row.get(column).copied().unwrap_or(0) + usize::from(letter != *with);
            let deleted = row.get(column + 1).copied().unwrap_or(0) + 1;
            let inserted = next.last().copied().unwrap_or(0) + 1;
            next.push(replaced.min(deleted).min(inserted));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::verbs::ROOT;
    use super::*;

    #[test]
    fn a_slip_of_the_finger_gets_suggestions() {
        assert_eq!(
            unknown(&ROOT, "gett"),
            "unknown command \"gett\" for \"kubectl\"\n\nDid you mean this?\n\tset\n\tget\n"
        );
        assert_eq!(unknown(&ROOT, "frobnicate"), "unknown command \"frobnicate\" for \"kubectl\"");
    }

    #[test]
    fn every_flag_that_help_shows_has_a_sentence() {
        fn walk(verb: &Verb, path: &str, missing: &mut Vec<String>) {
            let shown = flags::of_command(path).into_iter().filter(|spec| !spec.hidden);
            missing
                .extend(shown.map(|spec| spec.name.to_owned()).filter(|name| words::about(name).is_empty()));
            for child in verb.children {
                walk(child, format!("{path} {}", child.name).trim(), missing);
            }
        }
        let mut missing = Vec::new();
        walk(&ROOT, "", &mut missing);
        assert_eq!(missing, Vec::<String>::new());
    }
}
