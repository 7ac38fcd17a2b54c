//! One exercise on screen: the task left, the terminal right.

use super::editor::EditorPane;
use super::markdown::{self, Page};
use super::message::{Card, Opened, Verdict};
use super::terminal::Terminal;
use super::theme::Theme;

/// What is known of the exercise, and where the learner is in it.
pub(crate) struct ExerciseScreen {
    pub(crate) card: Card,
    pub(crate) seed: u64,
    pub(crate) host: String,
    pub(crate) task: String,
    pub(crate) hints: Vec<String>,
    pub(crate) hints_shown: usize,
    /// Whole seconds since it was opened.
    pub(crate) seconds: u64,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) solution: Option<Solution>,
    /// What the left pane shows.
    pub(crate) panel: Panel,
    /// Rows that the left pane is scrolled down.
    pub(crate) scrolled: usize,
    /// Width of the left pane in percent.
    pub(crate) split: u16,
    pub(crate) focus: Focus,
    pub(crate) terminal: Terminal,
    /// The editor in front of the terminal.
    pub(crate) editor: Option<EditorPane>,
    /// A text being paged through, and how far.
    pub(crate) pager: Option<(Vec<String>, usize)>,
}

/// The reference and how the learner's end differs from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Solution {
    pub(crate) script: String,
    pub(crate) diff: String,
    pub(crate) explain: String,
}

/// What the left pane can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Panel {
    #[default]
    Task,
    Checks,
    Solution,
}

/// Which pane has the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    #[default]
    Terminal,
    Task,
}

/// The narrowest and widest left pane, in percent.
const SPLIT: std::ops::RangeInclusive<u16> = 20..=70;

impl ExerciseScreen {
    /// The screen of an exercise that stands ready.
    pub(crate) fn new(opened: Opened) -> Self {
        let mut terminal = Terminal::default();
        terminal.wait_at(&opened.prompt);
        Self {
            card: opened.card,
            seed: opened.seed,
            host: opened.host,
            task: opened.task,
            hints: opened.hints,
            hints_shown: 0,
            seconds: 0,
            verdict: None,
            solution: None,
            panel: Panel::Task,
            scrolled: 0,
            split: 40,
            focus: Focus::Terminal,
            terminal,
            editor: None,
            pager: None,
        }
    }

    /// Shows one more hint, in the task.
    pub(crate) fn hint(&mut self) -> bool {
        self.panel = Panel::Task;
        let more = self.hints_shown < self.hints.len();
        self.hints_shown += usize::from(more);
        more
    }

    /// Shows another panel from its top.
    pub(crate) fn show(&mut self, panel: Panel) {
        self.panel = panel;
        self.scrolled = 0;
    }

    /// Makes the left pane wider or narrower.
    pub(crate) fn resize(&mut self, wider: bool) {
        let split = if wider { self.split + 5 } else { self.split - 5 };
        self.split = split.clamp(*SPLIT.start(), *SPLIT.end());
    }

    /// The task with the hints shown so far, laid out.
    pub(crate) fn task_page(&self, width: usize, theme: Theme) -> Page {
        let mut text = self.task.clone();
        for (index, hint) in self.hints.iter().take(self.hints_shown).enumerate() {
            text.push_str(&format!("\n\n**Hint {}.** {hint}", index + 1));
        }
        markdown::page(&text, width, theme)
    }

    /// `12:05`, or `1:02:03` from an hour on.
    pub(crate) fn clock(&self) -> String {
        let (hours, minutes, seconds) = (self.seconds / 3600, self.seconds / 60 % 60, self.seconds % 60);
        if hours > 0 {
            format!("{hours}:{minutes:02}:{seconds:02}")
        } else {
            format!("{minutes:02}:{seconds:02}")
        }
    }

    /// Points of the last check, and the most there are.
    pub(crate) fn points(&self) -> (Option<u32>, u32) {
        (self.verdict.as_ref().map(|verdict| verdict.points), self.card.points)
    }
}
