//! What may happen to the screen, and what it may ask for.

use crossterm::event::{KeyEvent, MouseEvent};

use super::exam::{ExamEffect, ExamMsg};
use super::menu::Offers;
use crate::exam::drill::Pile;
use crate::shell::vim::Need;
use crate::shell::{EditRequest, PageRequest};

/// An exercise as the home screen lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) pack: String,
    pub(crate) title: String,
    pub(crate) domain: String,
    /// `quick`, `core` or `deep`.
    pub(crate) difficulty: String,
    pub(crate) minutes: u32,
    pub(crate) points: u32,
    /// The best score so far, in points; `None` when it was never checked.
    pub(crate) best: Option<u32>,
}

/// An exercise that stands ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) card: Card,
    pub(crate) seed: u64,
    /// Markdown, with the variables of this seed filled in.
    pub(crate) task: String,
    pub(crate) host: String,
    pub(crate) hints: Vec<String>,
    /// How many of them were shown before.
    pub(crate) hints_shown: usize,
    /// The first prompt.
    pub(crate) prompt: String,
}

/// One check of a grading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CheckLine {
    pub(crate) name: String,
    pub(crate) points: u32,
    pub(crate) max: u32,
    pub(crate) saw: String,
    pub(crate) wanted: String,
    /// The class of the mistake, or what an author says of it; empty when passed.
    pub(crate) mistake: String,
}

/// A grading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) points: u32,
    pub(crate) max: u32,
    pub(crate) checks: Vec<CheckLine>,
}

/// Something happened.
#[derive(Clone, Debug)]
pub(crate) enum Msg {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    /// The terminal is so many columns and rows.
    Resize(u16, u16),
    /// The exercises of the home screen, once they are read.
    Cards(Vec<Card>),
    /// What the home screen offers beside them.
    Offers(Box<Offers>),
    /// The drill is in front, or how things stand in it now; `alone` without a home screen behind it.
    Drill {
        /// Unix time in seconds.
        now_s: i64,
        piles: Vec<Pile>,
        alone: bool,
    },
    /// Whole seconds since the exercise was opened.
    Second(u64),
    /// An exercise stands ready.
    Opened(Box<Opened>),
    /// Something came from the shell of the terminal with this number.
    Shell(usize, FromShell),
    /// Another terminal stands at this prompt.
    Terminal {
        prompt: String,
    },
    /// The worlds changed under the terminals: all but the first are closed.
    Restarted {
        prompt: String,
    },
    Graded(Verdict),
    /// The reference solution, the difference to it (unified diff) and why it works (Markdown).
    Solution {
        script: String,
        diff: String,
        explain: String,
    },
    /// Something of an exam.
    Exam(Box<ExamMsg>),
    /// Something for the status line.
    Said(String),
}

/// What comes from a shell and the programs in it.
#[derive(Clone, Debug)]
pub(crate) enum FromShell {
    /// Bytes for the terminal.
    Printed(Vec<u8>),
    /// The shell waits at this prompt.
    Prompt(String),
    /// A program asks for a line.
    Ask { prompt: String, hidden: bool },
    /// The shell ended; no prompt will come.
    Ended,
    /// A program wants the editor on a text.
    Edit(Box<EditRequest>),
    /// The outside's answer to [`ToShell::Need`].
    EditAnswer(Result<String, String>),
    /// A program shows a text to page through.
    Page(PageRequest),
    /// The program in front was stopped: what it shows is kept under this number.
    Aside(u64),
    /// What was kept under this number is in front again.
    Resume(u64),
    /// What may stand where the cursor is, and how many bytes before it are replaced.
    Completed { replace: usize, candidates: Vec<String> },
}

/// Something is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Quit,
    /// Prepares an exercise; a seed of `None` draws a fresh variant.
    Open {
        id: String,
        seed: Option<u64>,
    },
    /// Something for the shell of the terminal with this number.
    Shell(usize, ToShell),
    /// Opens another terminal.
    NewTerminal,
    /// Closes the terminal with this number; those behind it move up.
    CloseTerminal(usize),
    Check,
    /// One more hint was shown.
    Hint,
    ShowSolution,
    /// Back to the beginning of the exercise.
    Reset,
    /// Takes the last command back.
    Undo,
    /// Closes the exercise.
    Leave,
    /// Opens the drill.
    Drill,
    /// Begins an exam, or goes on with one.
    BeginExam(ExamChoice),
    /// Something of an exam.
    Exam(ExamEffect),
    /// Puts text on the real clipboard.
    Copy(String),
    /// Theme or language were chosen: they are kept, and texts are read again.
    Settings,
}

/// An exam that the home screen offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExamChoice {
    /// The one that was left or cut off.
    GoOn,
    /// One drawn by chance.
    Drawn,
    /// The fixed one of this name.
    Blueprint(String),
}

/// What the shell and the programs in it are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ToShell {
    /// A line, or a text of several.
    Run(String),
    /// The answer to a program that asked for a line.
    Answer(String),
    /// Ctrl-C while something runs.
    Interrupt,
    /// Ctrl-Z while something runs.
    Stop,
    /// Ctrl-D at an empty prompt.
    Close,
    /// Asks what may stand at byte `cursor` of `line`.
    Complete { line: String, cursor: usize },
    /// The editor cannot go on without this.
    Need(Need),
    /// The editor was left; the program that asked for it goes on.
    EditorClosed { exit: i32 },
    /// The pager is done.
    PageClosed,
}
