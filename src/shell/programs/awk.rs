//! `awk`, which is mawk on Ubuntu: the language crate's own, which is like gawk, with what mawk has not taken away and
//! complaints worded as mawk's. Source: mawk 1.3.4.
//!
//! Not like mawk yet: lengths count letters and not bytes, a division by zero is an error, and `%d` of a number that is
//! too large shows it.

use crate::cluster::Place;
use crate::shell::{Fd, Proc, Program, Running};

pub(crate) const AWK: Program = Program { name: "awk", summary: "Scan and process text by patterns", run };
pub(crate) const MAWK: Program = Program { name: "mawk", summary: "Scan and process text by patterns", run };

/// Functions of gawk that mawk does not have.
const MISSING: &[&str] = &[
    "gensub",
    "asort",
    "asorti",
    "patsplit",
    "strtonum",
    "and",
    "or",
    "xor",
    "lshift",
    "rshift",
    "compl",
    "isarray",
    "typeof",
    "bindtextdomain",
    "dcgettext",
    "dcngettext",
    "mkbool",
];

/// The exit code of a program that cannot run.
const FATAL: i32 = 2;

/// The version that Ubuntu 24.04 has.
const VERSION: &str = "mawk 1.3.4 20240123\n";

const USAGE: &str = "Usage: mawk [Options] [Program] [file ...]\n\n\
    Options:\n    -f program-file  the program is in a file; may be given again\n    -F value         the field separator\n    \
    -v var=value     gives a variable its value\n    --               the end of the options\n    \
    -W version       which version this is\n";

/// A command line as far as it concerns us.
enum Called {
    /// With the program's text, where it is none of a file.
    Program(Option<String>),
    Version,
    Usage,
    Wrong(String),
}

fn called(args: &[String]) -> Called {
    let mut args = args.iter();
    let mut file = false;
    while let Some(arg) = args.next() {
        let Some(option) = arg.strip_prefix('-').filter(|it| !it.is_empty()) else {
            return Called::Program((!file).then(|| arg.clone()));
        };
        if option == "-" {
            let text = args.next().cloned();
            return if file || text.is_some() {
                Called::Program(text.filter(|_| !file))
            } else {
                Called::Usage
            };
        }
        let (letter, own) = option.split_at(option.chars().next().map_or(0, char::len_utf8));
        if !matches!(letter, "F" | "f" | "v" | "W" | "e") {
            return Called::Wrong(format!("not an option: {arg}"));
        }
        let value = if own.is_empty() { args.next().cloned() } else { Some(own.to_owned()) };
        let Some(value) = value else { return Called::Wrong(format!("option -{letter} lacks argument")) };
        match letter {
            "f" | "e" => file = true,
            "v" if !value.contains('=') => return Called::Wrong(format!("improper assignment: -v {value}")),
            "W" if value.starts_with('v') => return Called::Version,
            "W" if value.starts_with(['u', 'h']) => return Called::Usage,
            _ => {}
        }
    }
    if file { Called::Program(None) } else { Called::Usage }
}

fn run(proc: &mut Proc) -> Running<'_> {
    Box::pin(async move {
        let words = proc.args.clone();
        if !matches!(proc.place, Place::Host(_)) {
            return proc.run_own(&words, true).await;
        }
        let name = words.first().map(|it| crate::hosts::files::base_name(it).to_owned()).unwrap_or_default();
        let text = match called(words.get(1..).unwrap_or_default()) {
            Called::Program(text) => text,
            Called::Version => {
                proc.print(VERSION);
                return 0;
            }
            Called::Usage => {
                proc.print(USAGE);
                return 0;
            }
            Called::Wrong(what) => {
                proc.eprint(format!("{name}: {what}\n"));
                return FATAL;
            }
        };
        if let Some(what) = text.as_deref().and_then(refusal) {
            proc.eprint(format!("{name}: {what}\n"));
            return FATAL;
        }
        let mut words = words;
        if let Some(first) = words.first_mut() {
            "awk".clone_into(first);
        }
        own(proc, &words, &name, text.as_deref().unwrap_or_default()).await
    })
}

/// Why mawk refuses a program that gawk takes.
fn refusal(text: &str) -> Option<String> {
    let bare = without_texts(text);
    for name in MISSING {
        let defined = bare.contains(&format!("function {name}")) || bare.contains(&format!("func {name}"));
        let called = bare.match_indices(name).any(|(at, _)| {
            let before = bare[..at].chars().next_back().is_none_or(|it| !it.is_alphanumeric() && it != '_');
            before && bare[at + name.len()..].starts_with('(')
        });
        if called && !defined {
            return Some(format!("line {}: function {name} never defined", bare.matches('\n').count() + 2));
        }
    }
    let with_array = bare.match_indices("match(").find(|(at, _)| commas(&bare[at + 6..]) > 1);
    with_array
        .map(|(at, _)| format!("line {}: syntax error at or near ,", bare[..at].matches('\n').count() + 1))
}

/// Commas of a call, up to where it is closed.
fn commas(text: &str) -> usize {
    let (mut depth, mut count) = (0_i32, 0);
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' if depth == 0 => break,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => count += 1,
            _ => {}
        }
    }
    count
}

/// A program with blanks for what stands in its texts, patterns and remarks.
fn without_texts(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    let mut before = '(';
    while let Some(c) = chars.next() {
        let pattern = c == '/' && "(,=~!&|{;\n".contains(before);
        if c == '"' || pattern {
            out.push(c);
            while let Some(inner) = chars.next() {
                match inner {
                    '\\' => {
                        out.push(' ');
                        out.extend(chars.next().map(|_| ' '));
                    }
                    it if it == c => break,
                    _ => out.push(' '),
                }
            }
            out.push(c);
        } else if c == '#' {
            if chars.by_ref().any(|it| it == '\n') {
                out.push('\n');
            }
        } else {
            out.push(c);
        }
        if !c.is_whitespace() || c == '\n' {
            before = c;
        }
    }
    out
}

/// Runs the language crate's awk, and words its complaints as mawk does.
async fn own(proc: &Proc, words: &[String], name: &str, text: &str) -> i32 {
    let child = Proc {
        outbox: Default::default(),
        stdin: proc.stdin.clone(),
        ..proc.child(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    // Only who may start others needs them around.
    let starts_others = text.is_empty() || text.contains("system") || text.contains('|');
    let exit = child.run_own(words, starts_others).await;
    let mut fatal = false;
    for (fd, bytes) in child.take_output() {
        match (fd, std::str::from_utf8(&bytes)) {
            (Fd::Err, Ok(said)) if said.starts_with("awk: ") => {
                let told = worded(said, name, text);
                fatal |= told.is_some();
                proc.eprint(told.unwrap_or_else(|| said.to_owned()));
            }
            (Fd::Out, _) => proc.print(bytes),
            (Fd::Err, _) => proc.eprint(bytes),
        }
    }
    if fatal { FATAL } else { exit }
}

/// A complaint as mawk has it; `None` for one that it has no words for.
fn worded(said: &str, name: &str, text: &str) -> Option<String> {
    let lines = text.matches('\n').count() + 1;
    if let Some((_, file)) = said.split_once("file `") {
        let (file, why) = file.split_once('\'')?;
        let why = why.rsplit(": ").next().unwrap_or_default().trim_end();
        return Some(format!("{name}: cannot open {file} ({why})\n"));
    }
    if let Some((_, rest)) = said.split_once("function `") {
        let function = rest.split('\'').next()?;
        return Some(format!("{name}: line {}: function {function} never defined\n", lines + 1));
    }
    let opened = |open: char, close: char| {
        let bare = without_texts(text);
        bare.matches(open).count() > bare.matches(close).count()
    };
    if said.contains("unexpected newline or end of string") {
        return Some(match (opened('(', ')'), opened('{', '}')) {
            (true, _) => format!("{name}: line {lines}: missing ) near end of line\n"),
            (_, true) => format!("{name}: line {}: missing }} near end of file\n", lines + 1),
            _ => format!("{name}: line {lines}: syntax error at or near end of line\n"),
        });
    }
    if said.contains("unterminated string") || said.contains("unterminated regexp") {
        let (sign, what) =
            if said.contains("string") { ('"', "string constant \"") } else { ('/', "regular expression /") };
        let begun: String = text.rsplit(sign).next()?.chars().take(10).collect();
        return Some(format!("{name}: line {lines}: runaway {what}{begun} ...\n"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_gawk_has_is_refused() {
        for (text, said) in [
            ("BEGIN{print gensub(/a/,\"b\",\"g\",\"aaa\")}", Some("line 2: function gensub never defined")),
            ("{ n = asort(x) }\n{ print }", Some("line 3: function asort never defined")),
            ("BEGIN{match(\"ab12\",/([a-z]+),/,m)}", Some("line 1: syntax error at or near ,")),
            ("{ print \"gensub(\" } # asort(x)", None),
            ("function and(a, b) { return a && b } { print and(1, 2), match($0, /a,b/) }", None),
            ("{ print expand(1); for(i in x) print x[i] }", None),
        ] {
            assert_eq!(refusal(text).as_deref(), said, "{text}");
        }
    }

    #[test]
    fn complaints_are_worded_as_mawk_does() {
        let said = worded(
            "awk: cmd. line:1: foo(\nawk: cmd. line:1:     ^ unexpected newline or end of string\n",
            "awk",
            "foo(",
        );
        assert_eq!(said.as_deref(), Some("awk: line 1: missing ) near end of line\n"));
        let said =
            worded("awk: fatal: cannot open file `/x' for reading: No such file or directory\n", "awk", "1");
        assert_eq!(said.as_deref(), Some("awk: cannot open /x (No such file or directory)\n"));
    }
}
