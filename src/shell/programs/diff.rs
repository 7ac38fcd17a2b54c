//! `diff`: compare files and folders line by line.

mod forms;

use similar::{ChangeTag, DiffOp, DiffTag, TextDiff};

use super::options::{Options, Spec, Value};
use crate::hosts::{FsError, Kind, Node};
use crate::shell::{Proc, Program, Running};

pub(crate) const PROGRAM: Program = Program { name: "diff", summary: "Compare files line by line", run };

const SPEC: Spec = Spec {
    name: "diff",
    short: "uU:NrqsiwbBacC:yeL:W:",
    long: &[
        ("unified", 'u', Value::Optional),
        ("new-file", 'N', Value::None),
        ("recursive", 'r', Value::None),
        ("brief", 'q', Value::None),
        ("report-identical-files", 's', Value::None),
        ("ignore-case", 'i', Value::None),
        ("ignore-all-space", 'w', Value::None),
        ("ignore-space-change", 'b', Value::None),
        ("ignore-blank-lines", 'B', Value::None),
        ("text", 'a', Value::None),
        ("context", 'c', Value::Optional),
        ("side-by-side", 'y', Value::None),
        ("ed", 'e', Value::None),
        ("label", 'L', Value::Needed),
        ("color", 'K', Value::Optional),
        ("suppress-common-lines", 'S', Value::None),
        ("left-column", 'l', Value::None),
        ("width", 'W', Value::Needed),
    ],
};

/// What went wrong is told by an exit code above 1.
const TROUBLE: i32 = 2;

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let options = match SPEC.parse(proc.args.get(1..).unwrap_or_default()) {
            Ok(options) => options,
            Err(text) => {
                proc.eprint(text);
                return TROUBLE;
            }
        };
        if let Some(form) = options.last_of("e") {
            proc.eprint(format!("uncordon: `diff -{form}` is not simulated yet\n"));
            return TROUBLE;
        }
        match options.operands.as_slice() {
            [one, other] => paths(proc, &options, one, other),
            [] => complain(
                proc,
                &format!("missing operand after '{}'", proc.args.last().map_or("", String::as_str)),
            ),
            [one] => complain(proc, &format!("missing operand after '{one}'")),
            [_, _, more, ..] => complain(proc, &format!("extra operand '{more}'")),
        }
    })
}

fn complain(proc: &Proc, text: &str) -> i32 {
    proc.eprint(format!("diff: {text}\ndiff: Try 'diff --help' for more information.\n"));
    TROUBLE
}

/// One side of a comparison.
struct Side {
    name: String,
    bytes: Vec<u8>,
    stamp: String,
}

fn paths(proc: &Proc, options: &Options, one: &str, other: &str) -> i32 {
    let is_folder =
        |path: &str| path != "-" && proc.stat(path).is_ok_and(|node| node.kind == Kind::Directory);
    match (is_folder(one), is_folder(other)) {
        (true, true) => folders(proc, options, one, other, true),
        (true, false) => files(proc, options, &inside(one, other), other, ""),
        (false, true) => files(proc, options, one, &inside(other, one), ""),
        (false, false) => files(proc, options, one, other, ""),
    }
}

/// A file compared with a folder is compared with the file of its name there.
fn inside(folder: &str, file: &str) -> String {
    format!("{}/{}", folder.trim_end_matches('/'), crate::hosts::files::base_name(file))
}

fn folders(proc: &Proc, options: &Options, one: &str, other: &str, top: bool) -> i32 {
    if !top && !options.has('r') {
        proc.print(format!("Common subdirectories: {one} and {other}\n"));
        return 0;
    }
    let entries =
        |folder: &str| -> Vec<(String, Node)> { proc.disk().list(&proc.path(folder)).unwrap_or_default() };
    let (mine, theirs) = (entries(one), entries(other));
    let mut names: Vec<&String> = mine.iter().chain(&theirs).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    let mut exit = 0;
    for name in names {
        let find =
            |all: &[(String, Node)]| all.iter().find(|(it, _)| it == name).map(|(_, node)| node.clone());
        let (a, b) = (format!("{one}/{name}"), format!("{other}/{name}"));
        let folder = |node: &Option<Node>| node.as_ref().is_some_and(|it| it.kind == Kind::Directory);
        let code = match (find(&mine), find(&theirs)) {
            (left, right) if folder(&left) && folder(&right) => folders(proc, options, &a, &b, false),
            (Some(_), None) if !options.has('N') => only(proc, one, name),
            (None, Some(_)) if !options.has('N') => only(proc, other, name),
            _ => files(proc, options, &a, &b, &command(proc, &a, &b)),
        };
        exit = exit.max(code);
    }
    exit
}

fn only(proc: &Proc, folder: &str, name: &str) -> i32 {
    proc.print(format!("Only in {folder}: {name}\n"));
    1
}

/// The line in front of each pair of files that differ below folders: the options as given, and the two names.
fn command(proc: &Proc, a: &str, b: &str) -> String {
    let options = proc.args.iter().skip(1).filter(|arg| arg.starts_with('-'));
    let words: Vec<&str> = ["diff"].into_iter().chain(options.map(String::as_str)).chain([a, b]).collect();
    format!("{}\n", words.join(" "))
}

fn files(proc: &Proc, options: &Options, one: &str, other: &str, lead: &str) -> i32 {
    let (mine, theirs) = match (side(proc, options, one), side(proc, options, other)) {
        (Ok(mine), Ok(theirs)) => (mine, theirs),
        (mine, theirs) => {
            for (name, failed) in [(one, mine.err()), (other, theirs.err())] {
                if let Some(error) = failed {
                    proc.eprint(format!("diff: {name}: {error}\n"));
                }
            }
            return TROUBLE;
        }
    };
    let beside = options.has('y') && !options.has('q');
    if mine.bytes == theirs.bytes && !beside {
        return same(proc, options, one, other);
    }
    let (a, b) = (String::from_utf8_lossy(&mine.bytes), String::from_utf8_lossy(&theirs.bytes));
    if !options.has('a') && (mine.bytes.contains(&0) || theirs.bytes.contains(&0)) {
        proc.print(format!("Binary files {one} and {other} differ\n"));
        return 1;
    }
    let (a_lines, b_lines) = (lines(&a), lines(&b));
    let keys = |all: &[&str]| -> Vec<String> { all.iter().map(|line| key(options, line)).collect() };
    let (a_keys, b_keys) = (keys(&a_lines), keys(&b_lines));
    let a_keys: Vec<&str> = a_keys.iter().map(String::as_str).collect();
    let b_keys: Vec<&str> = b_keys.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&a_keys, &b_keys);
    let equal =
        diff.ops().iter().all(|op| op.tag() == DiffTag::Equal || blank(options, op, (&a_keys, &b_keys)));
    if equal {
        if beside {
            proc.print(columns(options).print(&diff, (&a_lines, &b_lines)));
        }
        return same(proc, options, one, other);
    }
    if options.has('q') {
        proc.print(format!("Files {one} and {other} differ\n"));
        return 1;
    }
    proc.print(lead);
    proc.print(shown(options, &diff, (&mine, &theirs), (&a_lines, &b_lines)));
    1
}

/// The differences in the form that the options name.
fn shown(
    options: &Options,
    diff: &TextDiff<'_, '_, str>,
    sides: (&Side, &Side),
    lines: (&[&str], &[&str]),
) -> String {
    let radius = |letters: [char; 2]| {
        letters.into_iter().find_map(|it| options.value(it)).and_then(|it| it.parse().ok()).unwrap_or(3)
    };
    match options.last_of("uUcCy") {
        Some('u' | 'U') => head(options, sides, ("---", "+++")) + &unified(diff, lines, radius(['U', 'u'])),
        Some('c' | 'C') => {
            head(options, sides, ("***", "---")) + &forms::context(diff, lines, radius(['C', 'c']))
        }
        Some(_) => columns(options).print(diff, lines),
        None => normal(diff, lines),
    }
}

/// The names of both sides, or their labels.
fn head(options: &Options, (mine, theirs): (&Side, &Side), marks: (&str, &str)) -> String {
    let mut labels = options.values('L');
    let mut line = |mark: &str, side: &Side| match labels.next() {
        Some(label) => format!("{mark} {label}\n"),
        None => format!("{mark} {}\t{}\n", side.name, side.stamp),
    };
    line(marks.0, mine) + &line(marks.1, theirs)
}

fn columns(options: &Options) -> forms::Columns {
    let width = options.value('W').and_then(|it| it.parse().ok()).unwrap_or(130);
    forms::Columns::of(width, options.has('S'), options.has('l'))
}

fn same(proc: &Proc, options: &Options, one: &str, other: &str) -> i32 {
    if options.has('s') {
        proc.print(format!("Files {one} and {other} are identical\n"));
    }
    0
}

fn side(proc: &Proc, options: &Options, name: &str) -> Result<Side, FsError> {
    let stamp = |at: crate::sim::SimTime| {
        format!("{}.{:09} +0000", at.strftime("%Y-%m-%d %H:%M:%S"), at.unix_ns().rem_euclid(1_000_000_000))
    };
    if name == "-" {
        let now = proc.world().now;
        let bytes = proc.stdin.clone().unwrap_or_default();
        return Ok(Side { name: name.to_owned(), bytes, stamp: stamp(now) });
    }
    match proc.disk().read(&proc.path(name)) {
        Ok(bytes) => {
            let modified = proc.stat(name).map(|node| node.modified).unwrap_or_default();
            Ok(Side { name: name.to_owned(), bytes, stamp: stamp(modified) })
        }
        Err(FsError::NotFound) if options.has('N') => {
            let stamp = "1970-01-01 00:00:00.000000000 +0000".to_owned();
            Ok(Side { name: name.to_owned(), bytes: Vec::new(), stamp })
        }
        Err(error) => Err(error),
    }
}

fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// What a line is compared by.
fn key(options: &Options, line: &str) -> String {
    let mut key = line.to_owned();
    if options.has('w') {
        key.retain(|c| !c.is_whitespace());
    } else if options.has('b') {
        let lead = if key.starts_with(char::is_whitespace) { " " } else { "" };
        key = format!("{lead}{}", key.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    if options.has('i') { key.to_lowercase() } else { key }
}

/// True for a change of nothing but empty lines that are not to count.
fn blank(options: &Options, op: &DiffOp, (a, b): (&[&str], &[&str])) -> bool {
    let empty = |all: &[&str], range: std::ops::Range<usize>| {
        all.get(range).unwrap_or_default().iter().all(|line| line.trim().is_empty())
    };
    options.has('B') && empty(a, op.old_range()) && empty(b, op.new_range())
}

fn unified(diff: &TextDiff<'_, '_, str>, (a, b): (&[&str], &[&str]), radius: usize) -> String {
    let mut out = String::new();
    for group in diff.grouped_ops(radius) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |start: usize, end: usize| match end - start {
            0 => format!("{start},0"),
            1 => format!("{}", start + 1),
            count => format!("{},{count}", start + 1),
        };
        out += &format!(
            "@@ -{} +{} @@\n",
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end)
        );
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (mark, line) = match change.tag() {
                ChangeTag::Equal => (' ', change.old_index().and_then(|at| a.get(at))),
                ChangeTag::Delete => ('-', change.old_index().and_then(|at| a.get(at))),
                ChangeTag::Insert => ('+', change.new_index().and_then(|at| b.get(at))),
            };
            push(&mut out, &mark.to_string(), line.copied().unwrap_or(""));
        }
    }
    out
}

fn normal(diff: &TextDiff<'_, '_, str>, (a, b): (&[&str], &[&str])) -> String {
    let mut out = String::new();
    let range = |range: std::ops::Range<usize>| match range.len() {
        0 => range.start.to_string(),
        1 => (range.start + 1).to_string(),
        _ => format!("{},{}", range.start + 1, range.end),
    };
    for op in diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal) {
        let letter = match op.tag() {
            DiffTag::Delete => 'd',
            DiffTag::Insert => 'a',
            _ => 'c',
        };
        out += &format!("{}{letter}{}\n", range(op.old_range()), range(op.new_range()));
        for line in a.get(op.old_range()).unwrap_or_default() {
            push(&mut out, "< ", line);
        }
        if letter == 'c' {
            out += "---\n";
        }
        for line in b.get(op.new_range()).unwrap_or_default() {
            push(&mut out, "> ", line);
        }
    }
    out
}

fn push(out: &mut String, mark: &str, line: &str) {
    out.push_str(mark);
    out.push_str(line);
    if !line.ends_with('\n') {
        out.push_str("\n\\ No newline at end of file\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_those_of_gnu_diff() {
        let (a, b) = ("a\nb\nc\n", "a\nx\nc\nd");
        let (a, b) = (lines(a), lines(b));
        let diff = TextDiff::from_slices(&a, &b);
        assert_eq!(normal(&diff, (&a, &b)), "2c2\n< b\n---\n> x\n3a4\n> d\n\\ No newline at end of file\n");
        assert_eq!(
            unified(&diff, (&a, &b), 3),
            "@@ -1,3 +1,4 @@\n a\n-b\n+x\n c\n+d\n\\ No newline at end of file\n"
        );
    }
}
