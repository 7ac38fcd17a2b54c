//! Programs in pipelines whose later stages run several commands.
//!
//! The language crate hands the reading end of a pipe to the first of our programs that runs behind it, and never takes
//! it back: `kubectl get pods -o name | while read pod; do kubectl get $pod; done` would run once, since the second
//! `read` finds no pipe. A program that does not stream is given what came so far and leaves the rest, so our programs
//! do not stream while such a line runs. Then their output comes when they end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::access::Umask;
use super::adapt::Around;
use super::control::Control;
use super::tree::{self, Seen};
use bashkit::parser::{Command as Parsed, Word, WordPart};
use bashkit::{Builtin, BuiltinContext, BuiltinRegistry, Command, ExecResult, async_trait};

/// Whether the programs of one shell share their input; clones are the same switch.
#[derive(Clone, Debug, Default)]
pub(super) struct Sharing(Arc<AtomicBool>);

impl Sharing {
    /// Looks at what is to run now.
    pub(super) fn follow(&self, text: &str, is_program: impl Fn(&str) -> bool) {
        self.0.store(shares_input(text, is_program), Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A program that streams unless it has to share its input.
pub(super) struct Sharer {
    program: Arc<dyn Builtin>,
    sharing: Sharing,
    umask: Umask,
    control: Control,
}

impl Sharer {
    /// `None` when the language crate's registry is broken.
    pub(super) fn new(name: &str, program: impl Command + 'static, around: &Around) -> Option<Self> {
        let program = builtin_of(name, program)?;
        Some(Self {
            program,
            sharing: around.sharing.clone(),
            umask: around.umask.clone(),
            control: around.control.clone(),
        })
    }
}

/// A command in the form that the shell's variables come with. The registry is how the crate makes it.
pub(super) fn builtin_of(name: &str, command: impl Command + 'static) -> Option<Arc<dyn Builtin>> {
    let registry = BuiltinRegistry::new();
    registry.insert_command(name, command);
    registry.lookup(name)
}

/// Which copy of the shell calls: jobs and stages of pipelines run in copies of their own.
pub(super) fn shell_of(context: &BuiltinContext<'_>) -> usize {
    std::ptr::from_ref(&*context.cwd).addr()
}

/// Where the language crate keeps the umask.
pub(super) const UMASK: &str = "_UMASK";

#[async_trait]
impl Builtin for Sharer {
    fn streams_io(&self) -> bool {
        self.program.streams_io() && !self.sharing.is_on()
    }

    async fn execute(&self, context: BuiltinContext<'_>) -> bashkit::Result<ExecResult> {
        self.umask.set(context.variables.get(UMASK).map(String::as_str));
        // What shares its input writes into a buffer that is gone when it is stopped: nobody waits for it in front.
        self.control.starting(if self.sharing.is_on() { 0 } else { shell_of(&context) });
        self.program.execute(context).await
    }
}

/// True when a later stage of a pipeline in `text` seems to run several commands: a loop, a group, a function, or a
/// substitution among its words. One too many costs only that output comes later.
fn shares_input(text: &str, is_program: impl Fn(&str) -> bool) -> bool {
    if !text.contains('|') {
        return false;
    }
    let several = |command: &Parsed| match command {
        Parsed::Simple(simple) => {
            let words = std::iter::once(&simple.name).chain(&simple.args);
            let inside =
                |word: &Word| word.parts.iter().any(|it| matches!(it, WordPart::CommandSubstitution(_)));
            // What is no program may be a function.
            tree::literal(&simple.name).is_none_or(|name| !is_program(name)) || words.into_iter().any(inside)
        }
        _ => true,
    };
    let mut found = false;
    tree::look(text, &mut |seen, _| {
        found |= matches!(seen, Seen::Pipeline(pipeline) if pipeline.commands.iter().skip(1).any(several));
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_groups_and_substitutions_share_their_input() {
        for text in [
            "a | while read x; do b $x; done",
            "a |\n{ b; c; }",
            "a | (b; c)",
            "a | grep $(b)",
            "a | grep `b`",
            "a | each",
        ] {
            assert!(shares_input(text, |it| it != "each"), "{text}");
        }
        for text in [
            "a | grep b",
            "a || { b; }",
            "echo 'a | { b; }'",
            "while a; do b | c; done",
            "a | b; $(c)",
            "$(a) | b",
        ] {
            assert!(!shares_input(text, |_| true), "{text}");
        }
    }
}
