//! Between the sitting's words and the screen's: what terminals show, and what was done on them.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::exam::journal::{Act, Input};
use crate::exam::seat::{News, Shown};
use crate::exam::sitting::Sitting;
use crate::shell::Request;
use crate::tui::{Effect, FromShell, Msg, ToShell};

/// What a live screen is told. Lines that were typed stand on it already.
pub(super) fn messages(news: News) -> Vec<Msg> {
    news.into_iter().filter_map(|(on, shown)| message(on, shown)).collect()
}

fn message(on: usize, shown: Shown) -> Option<Msg> {
    let from_shell = match shown {
        Shown::Typed(_) => return None,
        Shown::Restarted { prompt } => return Some(Msg::Restarted { prompt }),
        Shown::Opened { prompt } => return Some(Msg::Terminal { prompt }),
        Shown::Refused(why) => return Some(Msg::Said(why)),
        Shown::Printed(bytes) => FromShell::Printed(bytes),
        Shown::Prompt(prompt) => FromShell::Prompt(prompt),
        Shown::Aside(number) => FromShell::Aside(number),
        Shown::Ended => FromShell::Ended,
        Shown::Asks(request) => match *request {
            Request::Line { prompt, hidden } => FromShell::Ask { prompt, hidden },
            Request::Page(page) => FromShell::Page(page),
            Request::Edit(request) => FromShell::Edit(Box::new(request)),
            Request::EditAnswer(answer) => FromShell::EditAnswer(answer),
            Request::Resume(kept) => FromShell::Resume(kept),
            Request::Session(..) => return None,
        },
    };
    Some(Msg::Shell(on, from_shell))
}

/// Makes a screen look as it did: types what was typed, and shows no editor whose text is gone.
#[derive(Default)]
pub(super) struct Replay {
    /// The task and terminal of every editor or pager that is open, with the code that closes it.
    open: BTreeMap<(usize, usize), i32>,
}

impl Replay {
    /// What an entry showed; it was made on a terminal of the task in front.
    pub(super) fn messages(&mut self, task: usize, on: Option<usize>, news: News) -> Vec<Msg> {
        if let Some(on) = on {
            self.open.remove(&(task, on));
        }
        let mut msgs = Vec::new();
        for (terminal, shown) in news {
            match shown {
                Shown::Typed(line) => msgs.extend(typed(terminal, line)),
                Shown::Asks(request)
                    if matches!(
                        *request,
                        Request::Edit(_) | Request::EditAnswer(_) | Request::Page(_) | Request::Resume(_)
                    ) =>
                {
                    let code = i32::from(!matches!(*request, Request::Page(_)));
                    let _ = self.open.insert((task, terminal), code);
                }
                other => msgs.extend(message(terminal, other)),
            }
        }
        msgs
    }

    /// What closes the editors and pagers on the task in front: what was not written is gone with the program.
    pub(super) fn closing(&self, front: usize) -> Vec<Act> {
        let open = self.open.iter().filter(|((task, _), _)| *task == front);
        open.map(|((_, on), code)| Act::Terminal { on: *on, input: Input::Exit { code: *code } }).collect()
    }
}

/// The keys that put a line on a terminal again.
fn typed(terminal: usize, line: String) -> Vec<Msg> {
    let key = |code, modifiers| Msg::Key(KeyEvent::new(code, modifiers));
    let digit = u32::try_from(terminal + 1).ok().and_then(|number| char::from_digit(number, 10));
    let choose = digit.map(|digit| key(KeyCode::Char(digit), KeyModifiers::ALT));
    choose.into_iter().chain([Msg::Paste(line), key(KeyCode::Enter, KeyModifiers::NONE)]).collect()
}

/// What may stand where the cursor is, when that is asked.
pub(super) fn completed(sitting: &Sitting, effect: &Effect) -> Option<Msg> {
    let Effect::Shell(on, ToShell::Complete { line, cursor }) = effect else { return None };
    let (replace, candidates) = sitting.complete(*on, line, *cursor);
    Some(Msg::Shell(*on, FromShell::Completed { replace, candidates }))
}

/// What an effect of the screen is to a sitting.
pub(super) fn act(effect: &Effect, terminals: usize) -> Option<Act> {
    let (on, input) = match effect {
        Effect::NewTerminal => (terminals, Input::Open),
        Effect::CloseTerminal(number) => (*number, Input::Shut),
        Effect::Undo => (0, Input::Undo),
        Effect::Reset => (0, Input::Reset),
        Effect::Shell(number, to) => (*number, input(to)?),
        _ => return None,
    };
    Some(Act::Terminal { on, input })
}

fn input(to: &ToShell) -> Option<Input> {
    Some(match to {
        ToShell::Run(line) => Input::Run { line: line.clone() },
        ToShell::Answer(line) => Input::Answer { line: line.clone() },
        ToShell::PageClosed => Input::Exit { code: 0 },
        ToShell::EditorClosed { exit } => Input::Exit { code: *exit },
        ToShell::Need(need) => Input::Need { need: need.clone() },
        ToShell::Interrupt => Input::Interrupt,
        ToShell::Stop => Input::Stop,
        ToShell::Close => Input::Close,
        ToShell::Complete { .. } => return None,
    })
}
