//! Stages of pipelines before and within shell code.
//!
//! The language crate passes the output of some commands on line by line when shell code follows in the pipeline. Inside
//! that code the commands of the same names then take the pipe for their own input, whatever they are to read:
//! `seq 3 | while read x; do echo $x | grep 1; done` would run once. Called by `command`, they hand over all they wrote
//! when they end, and read what they are given; the pipe belongs to `read` alone. What stands in functions is not
//! helped by that.

use std::borrow::Cow;
use std::ops::Range;

use bashkit::parser::{Command, Pipeline, SimpleCommand};

use super::tree::{self, Seen, literal};

/// Commands that pass on what they read and write as they go, by the name that they are called.
const PASSING: &[&str] = &["cat", "grep", "seq", "tr"];

/// `text` with `command` before what would pass its output on to shell code, or take the pipe of the code that it stands
/// in; a name that is no program may be a function.
pub(super) fn handing_over(text: &str, is_program: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if !text.contains('|') || !PASSING.iter().any(|name| text.contains(name)) {
        return text.into();
    }
    told(text, false, &is_program).into()
}

/// The same for a text that stands in a stage of shell code, if it is `piped`.
fn told(text: &str, piped: bool, is_program: &dyn Fn(&str) -> bool) -> String {
    let runs_code = |command: &Command| match command {
        Command::Simple(simple) => literal(&simple.name).is_none_or(|name| !is_program(name)),
        _ => true,
    };
    let code = |pipeline: &Pipeline| pipeline.commands.iter().skip(1).any(runs_code);
    let mut any = piped;
    tree::look(text, &mut |seen, _| any |= matches!(seen, Seen::Pipeline(pipeline) if code(pipeline)));
    // Places in substitutions are counted from the beginning of each.
    let mut whole = String::new();
    let mut from = 0;
    for inner in substitutions(text) {
        whole.push_str(text.get(from..inner.start).unwrap_or_default());
        whole.push_str(&told(text.get(inner.clone()).unwrap_or_default(), any, is_program));
        from = inner.end;
    }
    whole.push_str(text.get(from..).unwrap_or_default());
    let mut places = Vec::new();
    tree::look(&whole, &mut |seen, around| {
        let Seen::Pipeline(pipeline) = seen else { return };
        if around.substituted {
            return;
        }
        let last = pipeline.commands.iter().rposition(runs_code).unwrap_or(0);
        for (index, command) in pipeline.commands.iter().enumerate() {
            let reads = (piped || around.piped) && index > 0;
            if let Command::Simple(simple) = command
                && (index < last || reads)
            {
                places.extend(place(simple, &whole));
            }
        }
    });
    places.sort_unstable();
    places.dedup();
    places.into_iter().rev().for_each(|place| whole.insert_str(place, "command "));
    whole
}

fn place(simple: &SimpleCommand, text: &str) -> Option<usize> {
    let (name, place) = (literal(&simple.name)?, simple.span.start.offset);
    let stands_there = text.get(place..).is_some_and(|it| it.starts_with(name));
    (PASSING.contains(&name) && stands_there && simple.assignments.is_empty()).then_some(place)
}

/// Where the outermost `$(…)`, `<(…)` and `>(…)` have their text.
fn substitutions(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut double) = (0, false);
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied();
        match byte {
            b'\\' => at += 1,
            b'"' => double = !double,
            b'\'' if !double => at += 1 + bytes.iter().skip(at + 1).take_while(|it| **it != b'\'').count(),
            b'$' | b'<' | b'>'
                if next == Some(b'(') && (byte == b'$' || !double) && bytes.get(at + 2) != Some(&b'(') =>
            {
                let Some(end) = closing(bytes, at + 2) else { return found };
                found.push(at + 2..end);
                at = end;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Where the parenthesis closes that was opened before `from`.
fn closing(bytes: &[u8], from: usize) -> Option<usize> {
    let (mut depth, mut double, mut at) = (1, false, from);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'"' => double = !double,
            b'\'' if !double => at += 1 + bytes.iter().skip(at + 1).take_while(|it| **it != b'\'').count(),
            // Within quotes only a substitution opens one, which has its own quotes.
            b'(' if !double => depth += 1,
            b'$' if double && bytes.get(at + 1) == Some(&b'(') => at = closing(bytes, at + 2)?,
            b')' if !double => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_before_shell_code_hand_over() {
        for (text, told) in [
            (
                "seq 3 | while read x; do echo $x | grep 1; done",
                "command seq 3 | while read x; do echo $x | command grep 1; done",
            ),
            ("a | grep b | while read x; do c; done", "a | command grep b | while read x; do c; done"),
            ("cat f | each", "command cat f | each"),
            ("if a; then cat f | (b; c); fi", "if a; then command cat f | (b; c); fi"),
            ("cat f | grep g | head", "cat f | grep g | head"),
            ("echo 'cat f | while'", "echo 'cat f | while'"),
            ("while read x; do cat f | grep g; done < f", "while read x; do cat f | grep g; done < f"),
            (
                "cat <<E | while read x; do y; done\ncat f | (a)\nE",
                "command cat <<E | while read x; do y; done\ncat f | (a)\nE",
            ),
            ("LC_ALL=C grep a f | while read x; do y; done", "LC_ALL=C grep a f | while read x; do y; done"),
        ] {
            assert_eq!(handing_over(text, |it| it != "each"), told);
        }
    }

    #[test]
    fn shell_code_reads_its_own_pipe() {
        for (text, told) in [
            (
                "for i in 1; do a; done | while read x; do echo $x | grep 1; done",
                "for i in 1; do a; done | while read x; do echo $x | command grep 1; done",
            ),
            (
                "y=$(seq 3 | while read x; do echo $x | cat; done)",
                "y=$(command seq 3 | while read x; do echo $x | command cat; done)",
            ),
            (
                "seq 3 | while read x; do echo \"$(echo $x | tr 1 2)\"; done",
                "command seq 3 | while read x; do echo \"$(echo $x | command tr 1 2)\"; done",
            ),
            ("echo $(( (1|2) )) $(echo ')' | cat)", "echo $(( (1|2) )) $(echo ')' | cat)"),
        ] {
            assert_eq!(handing_over(text, |_| true), told);
        }
    }
}
