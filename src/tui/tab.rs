//! One terminal with what a program shows in front of it.

use std::collections::BTreeMap;

use super::editor::EditorPane;
use super::message::{FromShell, ToShell};
use super::pager::Pager;
use super::terminal::Terminal;

/// A terminal, and the full-screen program in front of it.
#[derive(Default)]
pub(crate) struct Tab {
    pub(crate) terminal: Terminal,
    pub(crate) front: Option<Front>,
    /// Programs that were stopped, as they looked.
    aside: BTreeMap<u64, Front>,
}

/// A full-screen program.
pub(crate) enum Front {
    Editor(Box<EditorPane>),
    Pager(Box<Pager>),
}

impl Tab {
    /// A terminal whose shell waits at a prompt.
    pub(crate) fn at(prompt: &str) -> Self {
        let mut tab = Self::default();
        tab.terminal.wait_at(prompt);
        tab
    }

    /// The editor in front, if one is.
    pub(crate) fn editor(&mut self) -> Option<&mut EditorPane> {
        match &mut self.front {
            Some(Front::Editor(editor)) => Some(editor),
            _ => None,
        }
    }

    /// Takes in what comes from the shell.
    pub(crate) fn take(&mut self, msg: FromShell) -> Option<ToShell> {
        let terminal = &mut self.terminal;
        match msg {
            FromShell::Printed(bytes) => terminal.print(&bytes),
            FromShell::Prompt(prompt) => terminal.wait_at(&prompt),
            FromShell::Ask { prompt, hidden } => terminal.ask(&prompt, hidden),
            FromShell::Ended => terminal.end(),
            FromShell::Edit(request) => {
                let mut editor = EditorPane::new(&request);
                let next = editor.next_step();
                self.front = Some(Front::Editor(Box::new(editor)));
                return self.after(next);
            }
            FromShell::EditAnswer(answer) => {
                let next = self.editor()?.answer(answer);
                return self.after(next);
            }
            FromShell::Page(request) => self.front = Some(Front::Pager(Box::new(Pager::new(&request)))),
            FromShell::Aside(number) => {
                self.aside.extend(self.front.take().map(|front| (number, front)));
            }
            FromShell::Resume(number) => match self.aside.remove(&number) {
                Some(front) => self.front = Some(front),
                // What a sitting that was cut off had open is gone.
                None => return Some(ToShell::EditorClosed { exit: 1 }),
            },
            FromShell::Completed { replace, candidates } => terminal.completed(replace, candidates),
        }
        None
    }

    /// Takes the program away that ends with what it asks for.
    pub(crate) fn after(&mut self, next: Option<ToShell>) -> Option<ToShell> {
        if matches!(next, Some(ToShell::EditorClosed { .. } | ToShell::PageClosed)) {
            self.front = None;
        }
        next
    }
}
