//! Programs that were compiled: the same text is compiled once.

use std::sync::Arc;

use super::builtins::library_names;
use super::parse::Parser;
use super::scope::Scope;
use super::tree::Node;
use crate::sim::memo::Memo;

/// Programs that are remembered.
const PROGRAMS_MAX: usize = 128;

static COMPILED: Memo<Compiled> = Memo::new(PROGRAMS_MAX);

/// A program, or what jq says about it.
pub(super) type Compiled = Arc<Result<Node, String>>;

/// The program of a text, in which variables of some names are set.
pub(super) fn program(text: &str, globals: &[String]) -> Compiled {
    let question = format!("{}\0{text}", globals.join("\0"));
    COMPILED.get(&question, || Arc::new(compiled(text, globals)))
}

fn compiled(text: &str, globals: &[String]) -> Result<Node, String> {
    let mut parser = Parser::new(text, Scope::new(globals, library_names()));
    let read = parser.program();
    let mistakes = parser.mistakes;
    match read {
        Ok(node) if mistakes.names.is_empty() => Ok(node),
        Ok(_) => Err(complaint(text, &mistakes.names)),
        Err(_) => Err(complaint(text, &mistakes.syntax)),
    }
}

fn complaint(text: &str, mistakes: &[(String, usize)]) -> String {
    let mut said: String = mistakes.iter().map(|(what, place)| told(text, what, *place)).collect();
    let many = if mistakes.len() == 1 { "" } else { "s" };
    said.push_str(&format!("jq: {} compile error{many}\n", mistakes.len()));
    said
}

/// What is wrong, and the line that it is about up to there once more in blanks.
fn told(text: &str, what: &str, place: usize) -> String {
    let Some(before) = text.get(..place) else { return format!("jq: error: {what}\n") };
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text.get(begin..).unwrap_or_default().lines().next().unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let blanks = " ".repeat(place - begin);
    format!("jq: error: {what} at <top-level>, line {number}:\n{line}{blanks}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_as_jq_tells_them() {
        let said = |text: &str| match &*program(text, &[]) {
            Ok(_) => "all right".to_owned(),
            Err(said) => said.clone(),
        };
        let programs = [".foo bar", "if . then", ".a | foo | bar(1;2)", ". |\n{a:1 b:2}", "1 == 2 == 3"];
        let all: String = programs.map(said).join("");
        // Blanks at the ends of lines are seen as dashes.
        let blanks = |line: &str| {
            let bare = line.trim_end();
            bare.to_owned() + &"-".repeat(line.len() - bare.len())
        };
        let all: Vec<String> = all.lines().map(blanks).collect();
        insta::assert_snapshot!(all.join("\n"), @r#"
        jq: error: syntax error, unexpected IDENT, expecting end of file (Unix shell quoting issues?) at <top-level>, line 1:
        .foo bar-----
        jq: 1 compile error
        jq: error: syntax error, unexpected end of file (Unix shell quoting issues?) at <top-level>, line 1:
        if . then-----
        jq: error: Possibly unterminated 'if' statement at <top-level>, line 1:
        if . then
        jq: 2 compile errors
        jq: error: foo/0 is not defined at <top-level>, line 1:
        .a | foo | bar(1;2)-----
        jq: error: bar/2 is not defined at <top-level>, line 1:
        .a | foo | bar(1;2)-----------
        jq: 2 compile errors
        jq: error: syntax error, unexpected IDENT, expecting '}' (Unix shell quoting issues?) at <top-level>, line 2:
        {a:1 b:2}-----
        jq: error: May need parentheses around object key expression at <top-level>, line 2:
        {a:1 b:2}-
        jq: 2 compile errors
        jq: error: syntax error, unexpected == (Unix shell quoting issues?) at <top-level>, line 1:
        1 == 2 == 3-------
        jq: 1 compile error
        "#);
        assert_eq!(said("[.[] | {name, \"a\": 1, (.k): $__loc__}] | map(.a?) // 3"), "all right");
    }
}
