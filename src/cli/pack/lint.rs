//! `uncordon pack lint`: every problem, with the place in the file.

use std::ops::Range;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report};
use regex::Regex;

use super::FolderArgs;
use crate::apimachinery::json::{Value, json};
use crate::cli::guard::{self, Then};
use crate::cli::packs;
use crate::exercises::pack::{self, Files};
use crate::exercises::texts::plain;
use crate::exercises::{Pack, Problem};
use crate::tui::Language;

/// Tells all problems of a pack; exit code 1 when there are some.
pub(super) fn lint(args: &FolderArgs) -> Result<u8, String> {
    let files = packs::read_source(&args.folder)?;
    let loaded = guard::over("reading the pack", Then::Exit, || pack::load(&files));
    let texts = loaded.as_ref().map(translated).unwrap_or_default();
    let problems = loaded.err().unwrap_or_default();
    if args.json {
        println!("{}", problems.iter().map(|it| as_json(&files, it)).collect::<Value>());
    } else if problems.is_empty() {
        println!("{}: no problems{texts}", args.folder.display());
    } else {
        println!("{}", shown(&files, &problems));
    }
    Ok(u8::from(!problems.is_empty()))
}

/// How much of a pack is said in other languages: what is missing is said in English.
fn translated(pack: &Pack) -> String {
    Language::others()
        .map(|language| {
            let counts = pack.exercises.iter().map(|it| it.texts_in(language));
            let (own, all) = counts.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
            format!("; {own} of {all} texts in {language}")
        })
        .collect()
}

fn as_json(files: &Files, problem: &Problem) -> Value {
    let (source, text, span) = located(files, problem);
    let line = span.map(|span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
    json!({"file": problem.file, "message": said(problem), "line": line, "source": plain(&source)})
}

fn text_of(files: &Files, path: &str) -> String {
    files.get(path).map(|bytes| plain(&String::from_utf8_lossy(bytes))).unwrap_or_default()
}

/// The problems as an author reads them: each with the lines of the file that it is about.
pub(super) fn shown(files: &Files, problems: &[Problem]) -> String {
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(120);
    let mut all = String::new();
    for problem in problems {
        let (source, text, span) = located(files, problem);
        let file = plain(&problem.file);
        let mut diagnostic = MietteDiagnostic::new(format!("{file}: {}", said(problem)));
        if let Some(span) = span {
            diagnostic = diagnostic.with_label(LabeledSpan::new_with_span(Some("here".into()), span));
        }
        let report = Report::new(diagnostic).with_source_code(NamedSource::new(plain(&source), text));
        // Writing into a text cannot fail.
        let _ = handler.render_report(&mut all, report.as_ref());
    }
    all.trim_end().to_owned()
}

/// The message as it is shown: a text with variables has no name that an author knows.
fn said(problem: &Problem) -> String {
    let message = plain(&problem.message);
    match Regex::new(r" \(in <string>:(\d+)\)") {
        Ok(pattern) => pattern.replace_all(&message, " (line $1 of the text)").into_owned(),
        Err(_) => message,
    }
}

/// The file to show for a problem, its text, and the place in it: at least its beginning, where it has any text.
fn located(files: &Files, problem: &Problem) -> (String, String, Option<Range<usize>>) {
    let (source, text) = source_of(files, problem);
    let found = if source == problem.file {
        place(&text, &problem.message).or_else(|| quoted(&text, &problem.message))
    } else {
        problem.file.rsplit('/').next().and_then(|name| word(&text, name))
    };
    let span = found.or_else(|| line(&text, 0));
    (source, text, span)
}

/// The last word in quotes of a message that stands in the text like that.
fn quoted(text: &str, message: &str) -> Option<Range<usize>> {
    let pattern = Regex::new(r#""[^"]+""#).ok()?;
    let words: Vec<&str> = pattern.find_iter(message).map(|found| found.as_str()).collect();
    words.into_iter().rev().find_map(|it| word(text, it))
}

/// The file that tells of a problem, with its text: for one that is missing, the exercise that names it.
fn source_of(files: &Files, problem: &Problem) -> (String, String) {
    let exercise = problem.file.split_once('/').map(|(folder, _)| format!("{folder}/exercise.yaml"));
    match exercise {
        Some(exercise) if !files.contains_key(&problem.file) => {
            let text = text_of(files, &exercise);
            (exercise, text)
        }
        _ => (problem.file.clone(), text_of(files, &problem.file)),
    }
}

/// Where a word stands.
fn word(text: &str, word: &str) -> Option<Range<usize>> {
    text.find(word).map(|at| at..at + word.len())
}

/// Where in the file the problem is: at the line that the reader named, at the word that it did not know, or at the
/// key that the message begins with.
fn place(text: &str, message: &str) -> Option<Range<usize>> {
    if message.contains("(in <string>:") {
        // A text with variables counts its own lines, not those of the file.
        return key(text, message).or_else(|| numbered(text, message));
    }
    numbered(text, message).or_else(|| unknown_word(text, message)).or_else(|| key(text, message))
}

fn numbered(text: &str, message: &str) -> Option<Range<usize>> {
    let pattern = Regex::new(r"(?:line |<string>:)(\d+)").ok()?;
    let number: usize = pattern.captures(message)?.get(1)?.as_str().parse().ok()?;
    line(text, number.checked_sub(1)?)
}

fn unknown_word(text: &str, message: &str) -> Option<Range<usize>> {
    let pattern = Regex::new(r"unknown (?:field|variant) `([^`]+)`").ok()?;
    let word = pattern.captures(message)?.get(1)?.as_str();
    // As a key first: the same letters may stand in a text.
    let as_key = Regex::new(&format!(r"(?m)(?:^|[\s{{,])({})\s*[:=]", regex::escape(word))).ok()?;
    let found = as_key.captures(text).and_then(|it| it.get(1)).map(|it| it.start());
    let at = found.or_else(|| text.find(word))?;
    Some(at..at + word.len())
}

/// The line of the last key of a path such as `world.base` or `checks[2]` that the text has.
fn key(text: &str, message: &str) -> Option<Range<usize>> {
    let path = message.split([':', ' ']).next()?;
    let mut at = 0;
    let mut found = None;
    for part in path.split('.') {
        let (name, index) = part.split_once('[').unwrap_or((part, ""));
        let rest: Vec<(usize, &str)> = text.lines().enumerate().skip(at).collect();
        let is_key = |line: &str| {
            line.trim_start()
                .trim_start_matches("- ")
                .strip_prefix(name)
                .is_some_and(|it| it.trim_start().starts_with([':', '=']))
        };
        let Some((number, _)) = rest.iter().find(|(_, line)| is_key(line)) else { break };
        at = *number;
        if let Ok(index) = index.trim_end_matches(']').parse::<usize>() {
            let item = |line: &str| line.trim_start().starts_with("- ");
            let indent = |line: &str| line.len() - line.trim_start().len();
            let below = rest.iter().filter(|(line, _)| *line > at);
            let first = below.clone().find(|(_, line)| item(line)).map(|(_, line)| indent(line));
            let items = below.filter(|(_, line)| item(line) && Some(indent(line)) == first);
            at = items.map(|(number, _)| *number).nth(index).unwrap_or(at);
        }
        found = Some(at);
    }
    line(text, found?)
}

/// The bytes of a line, without the white space around it.
fn line(text: &str, index: usize) -> Option<Range<usize>> {
    let line = text.lines().nth(index)?;
    let start = line.as_ptr() as usize - text.as_ptr() as usize;
    let indent = line.len() - line.trim_start().len();
    Some(start + indent..start + line.trim_end().len().max(indent))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "id: x\nworld:\n  base: moon\nchecks:\n- name: a\n  points: 1\n- name: b\n  objct: {}\n";

    #[track_caller]
    fn check(message: &str, wanted: &str) {
        assert_eq!(place(TEXT, message).and_then(|span| TEXT.get(span)), Some(wanted), "{message}");
    }

    #[test]
    fn a_problem_points_at_its_place() {
        check("world.base \"moon\": use one of bare", "base: moon");
        check("checks[1]: give exactly one of object", "- name: b");
        check("unknown field `objct`, expected `name`", "objct");
        check("error converting YAML to JSON: yaml: line 2: no", "world:");
        check("world.base: undefined value: `x` is undefined (in <string>:1)", "base: moon");
        check("unknown field `nam`, expected `name`", "nam");
        assert_eq!(place(TEXT, "the file is missing"), None);
    }
}
