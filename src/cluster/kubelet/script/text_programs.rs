//! Programs that read text, and `test`.

use regex::Regex;

use super::programs::{Call, Effect, Output};
use super::vm::{Machine, Wait};
use crate::cluster::place::FileOp;
use crate::hosts::Kind;

/// Says plainly that a program does nothing here.
pub(super) fn unsupported(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    let text = format!("uncordon: `{}` in a container's own command is not simulated yet\n", call.name());
    Output::fail(1, text)
}

/// The bytes of the operands, or of standard input; an answer when one cannot be read.
fn input(call: &Call<'_>, machine: &Machine<'_>, operands: &[&str]) -> Result<String, Output> {
    if operands.is_empty() {
        return Ok(String::from_utf8_lossy(call.input.unwrap_or_default()).into_owned());
    }
    let mut text = String::new();
    for operand in operands {
        match machine.world.read_text(machine.place, &call.path(operand)) {
            Ok(more) => text += &more,
            Err(error) => return Err(Output::fail(1, format!("{}: {operand}: {error}\n", call.name()))),
        }
    }
    Ok(text)
}

pub(super) fn grep(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let operands = call.operands();
    let Some((pattern, paths)) = operands.split_first() else { return Output::fail(2, "grep: usage\n") };
    let flags = if call.has('i') { "(?i)" } else { "" };
    let Ok(pattern) = Regex::new(&format!("{flags}{}", pattern.replace("\\|", "|"))) else {
        return Output::fail(2, "grep: bad regex\n");
    };
    let text = match input(call, machine, paths) {
        Ok(text) => text,
        Err(output) => return Output { effect: Effect::Exit(2), ..output },
    };
    let found: Vec<&str> = text.lines().filter(|line| pattern.is_match(line) != call.has('v')).collect();
    let out = match (call.has('q'), call.has('c')) {
        (true, _) => String::new(),
        (_, true) => format!("{}\n", found.len()),
        _ => found.iter().map(|line| format!("{line}\n")).collect(),
    };
    Output { effect: Effect::Exit(i32::from(found.is_empty())), ..Output::ok(out) }
}

/// The number behind `-n`, `-5` or `-n5`.
fn count(call: &Call<'_>, usual: usize) -> usize {
    let words = call.words();
    let after = words.iter().position(|it| *it == "-n" || *it == "-c").and_then(|at| words.get(at + 1));
    let inline = words.iter().find_map(|it| it.strip_prefix("-n").or_else(|| it.strip_prefix('-')));
    let number = |text: &str| text.trim_start_matches('+').parse().ok();
    after.and_then(|it| number(it)).or_else(|| inline.and_then(number)).unwrap_or(usual)
}

fn paths<'a>(call: &Call<'a>) -> Vec<&'a str> {
    let mut paths = Vec::new();
    let mut words = call.argv.iter().skip(1).map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-n" | "-c" => drop(words.next()),
            _ if word.starts_with(['-', '+']) => {}
            _ => paths.push(word),
        }
    }
    paths
}

pub(super) fn head(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    match input(call, machine, &paths(call)) {
        Ok(text) => Output::ok(text.split_inclusive('\n').take(count(call, 10)).collect::<String>()),
        Err(output) => output,
    }
}

pub(super) fn tail(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let follows = call.has('f') || call.has('F');
    let all = call.words().iter().any(|it| it.contains("+1"));
    let operands = paths(call);
    if let (true, Some(path)) = (follows, operands.first()) {
        let path = call.path(path);
        if path == "/dev/null" {
            return Output::then(Effect::Wait(Wait::Forever));
        }
        let text = machine.world.read_text(machine.place, &path);
        if text.is_err() && !call.has('F') {
            return Output::fail(1, format!("tail: can't open '{path}': No such file or directory\n"));
        }
        let text = text.unwrap_or_default();
        let shown = if all { text.clone() } else { last_lines(&text, count(call, 10)) };
        let wait = Wait::Growth { path, seen: text.len(), next: machine.world.now };
        return Output { effect: Effect::Wait(wait), ..Output::ok(shown) };
    }
    if follows {
        return Output::then(Effect::Wait(Wait::Forever));
    }
    match input(call, machine, &operands) {
        Ok(text) if all => Output::ok(text),
        Ok(text) => Output::ok(last_lines(&text, count(call, 10))),
        Err(output) => output,
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.iter().skip(lines.len().saturating_sub(count)).copied().collect()
}

pub(super) fn wc(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let operands = call.operands();
    let text = match input(call, machine, &operands) {
        Ok(text) => text,
        Err(output) => return output,
    };
    let name = operands.first().map(|it| format!(" {it}")).unwrap_or_default();
    let value = match (call.has('l'), call.has('w')) {
        (true, _) => text.matches('\n').count(),
        (_, true) => text.split_whitespace().count(),
        _ => text.len(),
    };
    Output::ok(format!("{value}{name}\n"))
}

pub(super) fn sort(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let text = match input(call, machine, &call.operands()) {
        Ok(text) => text,
        Err(output) => return output,
    };
    let mut lines: Vec<&str> = text.lines().collect();
    if call.has('n') {
        lines.sort_by_key(|line| line.split_whitespace().next().and_then(|it| it.parse::<i64>().ok()));
    } else {
        lines.sort_unstable();
    }
    if call.has('r') {
        lines.reverse();
    }
    if call.has('u') {
        lines.dedup();
    }
    Output::ok(lines.iter().map(|line| format!("{line}\n")).collect::<String>())
}

pub(super) fn cut(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let words = call.words();
    let option = |short: &str| {
        let at = words.iter().position(|it| it.starts_with(short))?;
        let inline = words.get(at)?.get(2..).filter(|it| !it.is_empty());
        inline.or_else(|| words.get(at + 1).copied())
    };
    let delimiter = option("-d").unwrap_or("\t").trim_matches(['"', '\'']).to_owned();
    let fields: Vec<usize> =
        option("-f").unwrap_or("1").split(',').filter_map(|it| it.parse().ok()).collect();
    let text = match input(call, machine, &[]) {
        Ok(text) => text,
        Err(output) => return output,
    };
    let line = |line: &str| {
        let parts: Vec<&str> = line.split(delimiter.as_str()).collect();
        let chosen: Vec<&str> =
            fields.iter().filter_map(|at| parts.get(at.checked_sub(1)?).copied()).collect();
        chosen.join(&delimiter) + "\n"
    };
    Output::ok(text.lines().map(line).collect::<String>())
}

pub(super) fn tr(call: &Call<'_>, _machine: &mut Machine<'_>) -> Output {
    let text = String::from_utf8_lossy(call.input.unwrap_or_default()).into_owned();
    let operands = call.operands();
    let set = |at: usize| operands.get(at).map(|it| characters(it)).unwrap_or_default();
    let (from, to) = (set(0), set(1));
    if call.has('d') {
        return Output::ok(text.chars().filter(|c| !from.contains(c)).collect::<String>());
    }
    let change = |c: char| match from.iter().position(|it| *it == c) {
        Some(at) => to.get(at).or(to.last()).copied().unwrap_or(c),
        None => c,
    };
    Output::ok(text.chars().map(change).collect::<String>())
}

fn characters(set: &str) -> Vec<char> {
    let set = set.replace("\\n", "\n").replace("\\t", "\t");
    let set = set.replace("[:lower:]", "a-z").replace("[:upper:]", "A-Z");
    let chars: Vec<char> = set.chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        match (chars.get(at + 1), chars.get(at + 2)) {
            (Some('-'), Some(&end)) => {
                all.extend(c..=end);
                at += 3;
            }
            _ => {
                all.push(c);
                at += 1;
            }
        }
    }
    all
}

/// `sed 's/a/b/g'` and `-i`; nothing else.
pub(super) fn sed(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let operands: Vec<&str> = call.operands();
    let Some((program, paths)) = operands.split_first() else { return Output::fail(1, "sed: no script\n") };
    let mut parts = program.strip_prefix('s').and_then(|it| {
        let separator = it.chars().next()?;
        Some(it.get(separator.len_utf8()..)?.split(separator).collect::<Vec<_>>().into_iter())
    });
    let mut next = || parts.as_mut().and_then(Iterator::next).unwrap_or("");
    let (from, to, flags) = (next(), next(), next());
    let Some(from) = Regex::new(from).ok().filter(|_| program.starts_with('s')) else {
        return unsupported(call, machine);
    };
    let to = to.replace('&', "${0}");
    let edit = |text: &str| -> String {
        let line = |line: &str| {
            if flags.contains('g') {
                from.replace_all(line, to.as_str())
            } else {
                from.replace(line, to.as_str())
            }
            .into_owned()
        };
        text.split_inclusive('\n').map(line).collect()
    };
    match input(call, machine, paths) {
        Ok(text) if call.has('i') => {
            let path = call.path(paths.first().copied().unwrap_or(""));
            let text = edit(&text);
            let op = FileOp::Write { path: &path, bytes: text.as_bytes() };
            match machine.world.change_files(machine.place, op) {
                Ok(()) => Output::ok(""),
                Err(error) => Output::fail(1, format!("sed: {error}\n")),
            }
        }
        Ok(text) => Output::ok(edit(&text)),
        Err(output) => output,
    }
}

pub(super) fn tee(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let bytes = call.input.unwrap_or_default();
    for operand in call.operands() {
        let path = call.path(operand);
        let op = if call.has('a') {
            FileOp::Append { path: &path, bytes }
        } else {
            FileOp::Write { path: &path, bytes }
        };
        if let Err(error) = machine.world.change_files(machine.place, op) {
            return Output {
                effect: Effect::Exit(1),
                err: format!("tee: {operand}: {error}\n").into(),
                out: bytes.to_vec(),
            };
        }
    }
    Output::ok(bytes)
}

pub(super) fn pgrep(call: &Call<'_>, machine: &mut Machine<'_>) -> Output {
    let names = crate::cluster::kubelet::services::running(machine);
    let wanted = call.operands().last().copied().unwrap_or("").to_owned();
    if names.iter().any(|it| it.contains(&wanted)) { Output::ok("1\n") } else { Output::fail(1, "") }
}

/// The condition of `test` and `[ … ]`.
pub(super) fn condition(words: &[&str], call: &Call<'_>, machine: &Machine<'_>) -> bool {
    if let Some(at) = words.iter().rposition(|it| matches!(*it, "-o" | "||")) {
        let (left, right) = (words.get(..at).unwrap_or_default(), words.get(at + 1..).unwrap_or_default());
        return condition(left, call, machine) || condition(right, call, machine);
    }
    if let Some(at) = words.iter().rposition(|it| matches!(*it, "-a" | "&&")).filter(|&at| at > 0) {
        let (left, right) = (words.get(..at).unwrap_or_default(), words.get(at + 1..).unwrap_or_default());
        return condition(left, call, machine) && condition(right, call, machine);
    }
    let number = |text: &str| text.trim().parse::<i64>().unwrap_or(0);
    match words {
        ["!", rest @ ..] => !condition(rest, call, machine),
        [left, operator, right] => match *operator {
            "=" | "==" => left == right || super::expand::glob_matches(right, left) && call.name() == "[[",
            "!=" => left != right,
            "-eq" => number(left) == number(right),
            "-ne" => number(left) != number(right),
            "-lt" | "<" => number(left) < number(right),
            "-le" => number(left) <= number(right),
            "-gt" | ">" => number(left) > number(right),
            "-ge" => number(left) >= number(right),
            "=~" => Regex::new(right).is_ok_and(|it| it.is_match(left)),
            _ => false,
        },
        [operator, operand] if operator.starts_with('-') => file_condition(operator, operand, call, machine),
        [word] => !word.is_empty(),
        _ => false,
    }
}

fn file_condition(operator: &str, operand: &str, call: &Call<'_>, machine: &Machine<'_>) -> bool {
    let node = machine.world.stat(machine.place, &call.path(operand));
    match operator {
        "-z" => operand.is_empty(),
        "-n" => !operand.is_empty(),
        "-e" | "-r" | "-w" => node.is_ok(),
        "-f" => node.is_ok_and(|it| matches!(it.kind, Kind::File(_))),
        "-d" => node.is_ok_and(|it| it.kind == Kind::Directory),
        "-s" => node.is_ok_and(|it| it.size() > 0),
        "-x" => node.is_ok_and(|it| it.mode & 0o111 != 0),
        "-L" | "-h" => {
            let node = machine.world.lstat(machine.place, &call.path(operand));
            node.is_ok_and(|it| matches!(it.kind, Kind::Symlink(_)))
        }
        _ => false,
    }
}
