//! The commands of a text, wherever they stand in its tree, and what a shell's terminal has to do with each.
//!
//! Knows the tree that the language crate reads a text as, and nothing of what commands do.

use bashkit::parser::{
    AssignmentValue, Command, CompoundCommand, ListOperator, Parser, Pipeline, Redirect, SimpleCommand, Word,
    WordPart,
};

/// How a command runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Around {
    /// Not as a command of the shell itself: in a subshell, a substitution, the background, or as a stage of a pipeline
    /// that others follow.
    pub(super) apart: bool,
    /// In a loop of the shell itself.
    pub(super) looped: bool,
    /// Within a word.
    pub(super) substituted: bool,
    /// Within shell code that reads a pipe.
    pub(super) piped: bool,
}

/// What is shown of a tree, the whole before its parts.
pub(super) enum Seen<'a> {
    Simple(&'a SimpleCommand),
    Pipeline(&'a Pipeline),
}

impl Seen<'_> {
    /// Its own text in the text that it was read from, without the operator behind it.
    pub(super) fn source<'a>(&self, text: &'a str) -> &'a str {
        let span = match self {
            Self::Simple(simple) => simple.span,
            Self::Pipeline(pipeline) => pipeline.span,
        };
        let mut own = text.get(span.start.offset..span.end.offset).unwrap_or_default();
        loop {
            let count = |sign: char| own.matches(sign).count();
            let shorter = own.trim_end_matches(|it: char| it.is_whitespace() || "|;&".contains(it));
            let shorter = match shorter.chars().last() {
                Some(')') if count(')') > count('(') => shorter.strip_suffix(')'),
                Some('}') if count('}') > count('{') => shorter.strip_suffix('}'),
                _ => None,
            }
            .unwrap_or(shorter);
            if shorter.len() == own.len() {
                return own.trim_start();
            }
            own = shorter;
        }
    }
}

/// Shows everything in a text, those within words too; nothing when the text cannot be read.
pub(super) fn look(text: &str, see: &mut impl FnMut(&Seen<'_>, Around)) {
    if let Ok(script) = Parser::new(text).parse() {
        commands(&script.commands, Around::default(), see);
    }
}

/// A word without anything to expand.
pub(super) fn literal(word: &Word) -> Option<&str> {
    match word.parts.as_slice() {
        [WordPart::Literal(name)] => Some(name),
        _ => None,
    }
}

fn commands(all: &[Command], around: Around, see: &mut impl FnMut(&Seen<'_>, Around)) {
    all.iter().for_each(|it| command(it, around, see));
}

fn command(it: &Command, around: Around, see: &mut impl FnMut(&Seen<'_>, Around)) {
    let apart = Around { apart: true, ..around };
    match it {
        Command::Simple(simple) => {
            see(&Seen::Simple(simple), around);
            let values = simple.assignments.iter().flat_map(|it| match &it.value {
                AssignmentValue::Scalar(word) => std::slice::from_ref(word),
                AssignmentValue::Array(all) => all,
            });
            words(values.chain([&simple.name]).chain(&simple.args), apart, see);
            redirects(&simple.redirects, apart, see);
        }
        Command::Pipeline(pipeline) => {
            see(&Seen::Pipeline(pipeline), around);
            for (index, stage) in pipeline.commands.iter().enumerate() {
                let code = !matches!(stage, Command::Simple(_));
                let last = index + 1 == pipeline.commands.len();
                // The last stage of several runs in a shell of its own, which shows only when it is one of shell code.
                let apart = around.apart || !last || (index > 0 && code);
                let piped = around.piped || (index > 0 && code);
                command(stage, Around { apart, piped, ..around }, see);
            }
        }
        Command::List(list) => {
            let all = std::iter::once(&*list.first).chain(list.rest.iter().map(|(_, it)| it));
            for (index, it) in all.enumerate() {
                // An and-or list goes to the background as one.
                let operators = list.rest.iter().skip(index).map(|(operator, _)| *operator);
                let ends = operators
                    .into_iter()
                    .find(|it| matches!(it, ListOperator::Semicolon | ListOperator::Background));
                let behind = ends == Some(ListOperator::Background);
                command(it, if behind { apart } else { around }, see);
            }
        }
        Command::Compound(it, redirected) => {
            redirects(redirected, apart, see);
            compound(it, around, see);
        }
        Command::Function(function) => command(&function.body, apart, see),
    }
}

fn redirects(all: &[Redirect], around: Around, see: &mut impl FnMut(&Seen<'_>, Around)) {
    words(all.iter().map(|it| &it.target), around, see);
}

/// The commands within words.
fn words<'a>(
    all: impl IntoIterator<Item = &'a Word>,
    around: Around,
    see: &mut impl FnMut(&Seen<'_>, Around),
) {
    let around = Around { substituted: true, ..around };
    for part in all.into_iter().flat_map(|word| &word.parts) {
        match part {
            WordPart::CommandSubstitution(inner) | WordPart::ProcessSubstitution { commands: inner, .. } => {
                commands(inner, around, see);
            }
            WordPart::CompoundAssignment { elements, .. } => words(elements, around, see),
            _ => {}
        }
    }
}

/// The commands that a compound one is made of.
fn compound(it: &CompoundCommand, around: Around, see: &mut impl FnMut(&Seen<'_>, Around)) {
    let looped = Around { looped: true, ..around };
    let apart = Around { apart: true, ..around };
    match it {
        CompoundCommand::If(it) => {
            commands(&it.condition, around, see);
            commands(&it.then_branch, around, see);
            for (condition, branch) in &it.elif_branches {
                commands(condition, around, see);
                commands(branch, around, see);
            }
            it.else_branch.iter().for_each(|branch| commands(branch, around, see));
        }
        CompoundCommand::For(it) => {
            words(it.words.iter().flatten(), apart, see);
            commands(&it.body, looped, see);
        }
        CompoundCommand::ArithmeticFor(it) => commands(&it.body, looped, see),
        CompoundCommand::While(it) => {
            commands(&it.condition, looped, see);
            commands(&it.body, looped, see);
        }
        CompoundCommand::Until(it) => {
            commands(&it.condition, looped, see);
            commands(&it.body, looped, see);
        }
        CompoundCommand::Case(it) => {
            words([&it.word], apart, see);
            it.cases.iter().for_each(|case| commands(&case.commands, around, see));
        }
        CompoundCommand::Select(it) => {
            words(&it.words, apart, see);
            commands(&it.body, looped, see);
        }
        CompoundCommand::Subshell(inner) => commands(inner, apart, see),
        CompoundCommand::BraceGroup(inner) => commands(inner, around, see),
        CompoundCommand::Time(it) => it.command.iter().for_each(|it| command(it, around, see)),
        CompoundCommand::Coproc(it) => command(&it.body, apart, see),
        CompoundCommand::Conditional(all) => words(all, apart, see),
        CompoundCommand::Arithmetic(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the commands of a text, `-` before those apart and `@` before those in loops.
    fn names(text: &str) -> String {
        let mut all = Vec::new();
        look(text, &mut |seen, around| {
            if let Seen::Simple(simple) = seen {
                let apart = if around.apart { "-" } else { "" };
                let looped = if around.looped { "@" } else { "" };
                all.push(format!("{apart}{looped}{}", literal(&simple.name).unwrap_or("?")));
            }
        });
        all.retain(|it| !it.trim_start_matches(['-', '@']).is_empty());
        all.join(" ")
    }

    #[test]
    fn commands_are_found_wherever_they_stand() {
        for (text, found) in [
            ("a; b && c || d", "a b c d"),
            ("a | b", "-a b"),
            ("a | { b; }", "-a -b"),
            ("a & b", "-a b"),
            ("a && b & c", "-a -b c"),
            ("(a; b); { c; }", "-a -b c"),
            ("echo $(a | b) <(c) > \"$(d)\"", "echo -a -b -c -d"),
            ("x=$(a) y=(`b`)", "-a -b"),
            ("for i in $(a); do b; done; while c; do d | e; done", "-a @b @c -@d @e"),
            ("f() { a; }; time b; ! c", "-a b c"),
            ("if a; then b; elif c; then d; else e; fi", "a b c d e"),
        ] {
            assert_eq!(names(text), found, "{text}");
        }
    }

    #[test]
    fn spans_are_the_text_of_a_command() {
        let text = "a 'b  c' > f | d \"$e\"  ; g";
        let mut spans = Vec::new();
        look(text, &mut |seen, _| {
            spans.push(seen.source(text));
        });
        assert_eq!(spans, ["a 'b  c' > f | d \"$e\"", "a 'b  c' > f", "d \"$e\"", "g"]);
    }
}
