//! Stages of pipelines before a loop, a group or a function.
//!
//! The language crate passes the output of some commands on line by line when shell code follows in the pipeline. Inside
//! that code the commands of the same names then take the pipe for their own input, whatever they are to read:
//! `seq 3 | while read x; do echo $x | grep 1; done` would run once. Called by `command`, they hand over all they wrote
//! when they end, and the pipe belongs to `read` alone. What follows a stage of shell code is not helped by that.

use std::borrow::Cow;

use bashkit::parser::{Command, CompoundCommand, Parser, Pipeline, SimpleCommand, Word, WordPart};

/// Commands that pass their output on as they go, by the name that they are called.
const PASSING: &[&str] = &["cat", "grep", "seq", "tr"];

/// `text` with `command` before what would pass its output on to shell code; a name that is no program may be a function.
pub(super) fn handing_over(text: &str, is_program: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if !text.contains('|') || !PASSING.iter().any(|name| text.contains(name)) {
        return text.into();
    }
    let Ok(script) = Parser::new(text).parse() else { return text.into() };
    let mut places = Vec::new();
    look(&script.commands, &mut |pipeline| places.extend(passing(pipeline, text, &is_program)));
    places.sort_unstable();
    places.dedup();
    let mut told = text.to_owned();
    for place in places.into_iter().rev() {
        told.insert_str(place, "command ");
    }
    told.into()
}

/// Where the stages begin that are to hand over.
fn passing(pipeline: &Pipeline, text: &str, is_program: &impl Fn(&str) -> bool) -> Vec<usize> {
    let runs_code = |command: &Command| match command {
        Command::Simple(simple) => literal(&simple.name).is_none_or(|name| !is_program(name)),
        _ => true,
    };
    let Some(last) = pipeline.commands.iter().rposition(runs_code) else { return Vec::new() };
    let before = pipeline.commands.iter().take(last);
    before
        .filter_map(|command| if let Command::Simple(simple) = command { place(simple, text) } else { None })
        .collect()
}

fn place(simple: &SimpleCommand, text: &str) -> Option<usize> {
    let (name, place) = (literal(&simple.name)?, simple.span.start.offset);
    let stands_there = text.get(place..).is_some_and(|it| it.starts_with(name));
    (PASSING.contains(&name) && stands_there && simple.assignments.is_empty()).then_some(place)
}

fn literal(word: &Word) -> Option<&str> {
    match word.parts.as_slice() {
        [WordPart::Literal(name)] => Some(name),
        _ => None,
    }
}

/// Shows every pipeline, those within others too.
fn look(commands: &[Command], see: &mut impl FnMut(&Pipeline)) {
    for command in commands {
        match command {
            Command::Simple(_) => {}
            Command::Pipeline(pipeline) => {
                see(pipeline);
                look(&pipeline.commands, see);
            }
            Command::List(list) => {
                look(std::slice::from_ref(&*list.first), see);
                list.rest.iter().for_each(|(_, command)| look(std::slice::from_ref(command), see));
            }
            Command::Compound(compound, _) => inside(compound).into_iter().for_each(|it| look(it, see)),
            Command::Function(function) => look(std::slice::from_ref(&*function.body), see),
        }
    }
}

/// The commands that a compound one is made of.
fn inside(compound: &CompoundCommand) -> Vec<&[Command]> {
    match compound {
        CompoundCommand::If(it) => {
            let mut all = vec![&*it.condition, &it.then_branch];
            all.extend(it.elif_branches.iter().flat_map(|(condition, branch)| [&**condition, branch]));
            all.extend(it.else_branch.as_deref());
            all
        }
        CompoundCommand::For(it) => vec![&it.body],
        CompoundCommand::ArithmeticFor(it) => vec![&it.body],
        CompoundCommand::While(it) => vec![&it.condition, &it.body],
        CompoundCommand::Until(it) => vec![&it.condition, &it.body],
        CompoundCommand::Case(it) => it.cases.iter().map(|case| &*case.commands).collect(),
        CompoundCommand::Select(it) => vec![&it.body],
        CompoundCommand::Subshell(commands) | CompoundCommand::BraceGroup(commands) => vec![commands],
        CompoundCommand::Time(it) => it.command.iter().map(|it| std::slice::from_ref(&**it)).collect(),
        CompoundCommand::Coproc(it) => vec![std::slice::from_ref(&*it.body)],
        CompoundCommand::Arithmetic(_) | CompoundCommand::Conditional(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_before_shell_code_hand_over() {
        for (text, told) in [
            (
                "seq 3 | while read x; do echo $x | grep 1; done",
                "command seq 3 | while read x; do echo $x | grep 1; done",
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
}
