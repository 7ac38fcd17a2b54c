//! Words to text: parameters, substitutions, splitting, brace lists and file patterns.

use super::arithmetic;
use super::ast::{Operation, Part, Word};
use super::vm::{Machine, Vm};
use crate::hosts::files;

/// A word as one text, as in assignments and redirections.
pub(super) fn text(vm: &mut Vm, word: &Word, machine: &mut Machine<'_>) -> String {
    word.iter().map(|part| part_text(vm, part, machine)).collect()
}

/// A word as the arguments that it becomes.
pub(super) fn words(vm: &mut Vm, word: &Word, machine: &mut Machine<'_>) -> Vec<String> {
    let mut fields: Vec<(String, bool)> = Vec::new();
    let mut open = false;
    for part in word {
        let (value, quoted) = match part {
            Part::Parameter { name, operation: Operation::Value, quoted: true } if name == "@" => {
                for argument in vm.arguments.clone().into_iter().skip(1) {
                    fields.push((argument, true));
                }
                open = false;
                continue;
            }
            Part::Text { text, quoted } => (text.clone(), *quoted),
            Part::Parameter { quoted, .. } | Part::Command { quoted, .. } => {
                let quoted = *quoted;
                (part_text(vm, part, machine), quoted)
            }
            Part::Arithmetic { .. } => (part_text(vm, part, machine), true),
        };
        let literal = matches!(part, Part::Text { .. });
        if quoted || literal {
            append(&mut fields, &mut open, &value, quoted);
        } else {
            split_into(&mut fields, &mut open, &value);
        }
    }
    let literal = word.iter().all(|part| matches!(part, Part::Text { quoted: false, .. }));
    let fields = fields.into_iter().flat_map(|(field, quoted)| {
        if literal && !quoted {
            braces(&field).into_iter().map(|it| (it, false)).collect()
        } else {
            vec![(field, quoted)]
        }
    });
    fields
        .flat_map(|(field, quoted)| if quoted { vec![field] } else { matching_files(vm, field, machine) })
        .collect()
}

fn append(fields: &mut Vec<(String, bool)>, open: &mut bool, value: &str, quoted: bool) {
    match fields.last_mut().filter(|_| *open) {
        Some((field, was_quoted)) => {
            field.push_str(value);
            *was_quoted |= quoted;
        }
        None => fields.push((value.to_owned(), quoted)),
    }
    *open = true;
}

/// Splits a value at blanks; the first piece joins what stands before it.
fn split_into(fields: &mut Vec<(String, bool)>, open: &mut bool, value: &str) {
    if value.starts_with(char::is_whitespace) {
        *open = false;
    }
    for piece in value.split_whitespace() {
        append(fields, open, piece, false);
        *open = false;
    }
    *open = !value.is_empty() && !value.ends_with(char::is_whitespace);
}

fn part_text(vm: &mut Vm, part: &Part, machine: &mut Machine<'_>) -> String {
    match part {
        Part::Text { text, .. } => text.clone(),
        Part::Parameter { name, operation, .. } => parameter(vm, name, operation, machine),
        Part::Command { node, .. } => {
            let bytes = vm.capture((**node).clone(), None, machine).unwrap_or_default();
            String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned()
        }
        Part::Arithmetic { text } => {
            let lookup = |name: &str| value_of(vm, name).unwrap_or_default();
            arithmetic::value(text, &lookup).to_string()
        }
    }
}

/// The value of a variable or special parameter.
fn value_of(vm: &Vm, name: &str) -> Option<String> {
    let joined = || vm.arguments.iter().skip(1).cloned().collect::<Vec<_>>().join(" ");
    match name {
        "?" => Some(vm.status.to_string()),
        "#" => Some(vm.arguments.len().saturating_sub(1).to_string()),
        "@" | "*" => Some(joined()),
        "$" => Some("1".to_owned()),
        "!" | "-" => Some(String::new()),
        "PWD" => Some(vm.directory.clone()),
        _ => match name.parse::<usize>() {
            Ok(at) => vm.arguments.get(at).cloned(),
            Err(_) => vm.variables.get(name).cloned(),
        },
    }
}

fn parameter(vm: &mut Vm, name: &str, operation: &Operation, machine: &mut Machine<'_>) -> String {
    if name == "RANDOM" {
        return machine.world.chance.below(32_768).to_string();
    }
    let value = value_of(vm, name);
    match operation {
        Operation::Value => value.unwrap_or_default(),
        Operation::Length => value.unwrap_or_default().chars().count().to_string(),
        Operation::Otherwise { sign, or_empty, word } => {
            let missing = value.as_ref().is_none_or(|it| *or_empty && it.is_empty());
            match (sign, missing) {
                ('+', true) => String::new(),
                ('+', false) | ('-' | '?', true) => text(vm, word, machine),
                ('=', true) => {
                    let value = text(vm, word, machine);
                    vm.variables.insert(name.to_owned(), value.clone());
                    value
                }
                _ => value.unwrap_or_default(),
            }
        }
        Operation::Trim { from_end, longest, pattern } => {
            let pattern = text(vm, pattern, machine);
            trimmed(&value.unwrap_or_default(), &pattern, *from_end, *longest)
        }
    }
}

fn trimmed(value: &str, pattern: &str, from_end: bool, longest: bool) -> String {
    let mut cuts: Vec<usize> = value.char_indices().map(|(at, _)| at).chain([value.len()]).collect();
    // The part that is cut off grows along the list when the shortest is wanted.
    if from_end != longest {
        cuts.reverse();
    }
    let matches = |&at: &usize| {
        let part = if from_end { value.get(at..) } else { value.get(..at) };
        part.is_some_and(|part| glob_matches(pattern, part))
    };
    match cuts.iter().copied().find(|at| matches(at)) {
        Some(at) if from_end => value.get(..at).unwrap_or("").to_owned(),
        Some(at) => value.get(at..).unwrap_or("").to_owned(),
        None => value.to_owned(),
    }
}

/// `{1..5}` and `{a,b}`, one level.
fn braces(field: &str) -> Vec<String> {
    let (Some(open), Some(close)) = (field.find('{'), field.find('}')) else { return vec![field.to_owned()] };
    let Some(inner) = field.get(open + 1..close) else { return vec![field.to_owned()] };
    let (before, after) = (field.get(..open).unwrap_or(""), field.get(close + 1..).unwrap_or(""));
    let items: Vec<String> = if let Some((from, to)) = inner.split_once("..") {
        let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) else {
            return vec![field.to_owned()];
        };
        if from <= to {
            (from..=to.min(from + 10_000)).map(|it| it.to_string()).collect()
        } else {
            (to..=from).rev().take(10_000).map(|it| it.to_string()).collect()
        }
    } else if inner.contains(',') {
        inner.split(',').map(str::to_owned).collect()
    } else {
        return vec![field.to_owned()];
    };
    items.into_iter().map(|item| format!("{before}{item}{after}")).collect()
}

/// Files that a pattern names; the pattern itself when there are none.
fn matching_files(vm: &Vm, field: String, machine: &mut Machine<'_>) -> Vec<String> {
    if !field.contains(['*', '?', '[']) {
        return vec![field];
    }
    let (directory, pattern) = match field.rsplit_once('/') {
        Some((directory, pattern)) => (format!("{directory}/"), pattern.to_owned()),
        None => (String::new(), field.clone()),
    };
    let path = files::clean(&vm.directory, if directory.is_empty() { "." } else { &directory });
    let entries = machine.world.list_dir(machine.place, &path).unwrap_or_default();
    let names = entries.into_iter().map(|(name, _)| name);
    let found: Vec<String> = names
        .filter(|name| (!name.starts_with('.') || pattern.starts_with('.')) && glob_matches(&pattern, name))
        .map(|name| format!("{directory}{name}"))
        .collect();
    if found.is_empty() { vec![field] } else { found }
}

/// Whether a text matches a pattern of `*`, `?` and `[…]`.
pub(in crate::cluster::kubelet) fn glob_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    glob(&pattern, &text)
}

fn glob(pattern: &[char], text: &[char]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some(('*', rest)), _) => {
            (0..=text.len()).any(|at| text.get(at..).is_some_and(|text| glob(rest, text)))
        }
        (Some(('?', rest)), Some((_, text))) => glob(rest, text),
        (Some(('[', rest)), Some((c, text))) => match rest.iter().position(|c| *c == ']') {
            Some(end) => {
                let set = rest.get(..end).unwrap_or_default();
                let (negated, set) = match set.split_first() {
                    Some(('!' | '^', set)) => (true, set),
                    _ => (false, set),
                };
                in_set(set, *c) != negated && rest.get(end + 1..).is_some_and(|rest| glob(rest, text))
            }
            None => *c == '[' && glob(rest, text),
        },
        (Some((p, rest)), Some((c, text))) => p == c && glob(rest, text),
        _ => false,
    }
}

fn in_set(set: &[char], c: char) -> bool {
    let range = set.windows(3).any(|it| matches!(it, [from, '-', to] if (*from..=*to).contains(&c)));
    range || set.contains(&c)
}
