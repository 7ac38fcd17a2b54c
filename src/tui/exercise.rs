//! One exercise on screen: the task left, the terminal right.

use super::markdown::{self, Page};
use super::message::{Card, Opened, Verdict};
use super::tab::Tab;
use super::theme::Theme;
use super::words::Words;

/// What is known of the exercise, and where the learner is in it.
pub(crate) struct ExerciseScreen {
    pub(crate) card: Card,
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
    pub(crate) width: u16,
    pub(crate) focus: Focus,
    /// Never empty.
    pub(crate) tabs: Vec<Tab>,
    /// The terminals on screen, one or two, by number.
    shown: Vec<usize>,
    /// Which of those on screen has the keyboard.
    active: usize,
    /// True when the terminals have the whole screen.
    pub(crate) zoomed: bool,
}

/// As many terminals as there are digits to choose them by.
const TABS_MAX: usize = 9;

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
const WIDTH: std::ops::RangeInclusive<u16> = 20..=70;

impl ExerciseScreen {
    /// The screen of an exercise that stands ready.
    pub(crate) fn new(opened: Opened) -> Self {
        Self {
            card: opened.card,
            host: opened.host,
            task: opened.task,
            hints: opened.hints,
            hints_shown: opened.hints_shown,
            seconds: 0,
            verdict: None,
            solution: None,
            panel: Panel::Task,
            scrolled: 0,
            width: 40,
            focus: Focus::Terminal,
            tabs: vec![Tab::at(&opened.prompt)],
            shown: vec![0],
            active: 0,
            zoomed: false,
        }
    }

    /// Takes the terminals of the screen before, and how they are laid out: an exam has them once for all tasks.
    pub(crate) fn take_terminals(&mut self, before: &mut Self) {
        std::mem::swap(&mut self.tabs, &mut before.tabs);
        std::mem::swap(&mut self.shown, &mut before.shown);
        (self.active, self.zoomed, self.width) = (before.active, before.zoomed, before.width);
    }

    /// The number of the terminal that has the keyboard.
    pub(crate) fn front(&self) -> usize {
        self.shown.get(self.active).copied().unwrap_or(0)
    }

    /// The terminals on screen from top to bottom, by number.
    pub(crate) fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// The terminal that has the keyboard.
    pub(crate) fn tab(&mut self) -> &mut Tab {
        let front = self.front().min(self.tabs.len().saturating_sub(1));
        &mut self.tabs[front]
    }

    /// True when another terminal may be opened.
    pub(crate) fn has_room(&self) -> bool {
        self.tabs.len() < TABS_MAX
    }

    /// Puts another terminal in front.
    pub(crate) fn add_tab(&mut self, prompt: &str) {
        self.tabs.push(Tab::at(prompt));
        self.choose(self.tabs.len() - 1);
    }

    /// Gives a terminal the keyboard; one that is not on screen takes the active one's place.
    pub(crate) fn choose(&mut self, number: usize) {
        if number >= self.tabs.len() {
            return;
        }
        self.focus = Focus::Terminal;
        match self.shown.iter().position(|shown| *shown == number) {
            Some(at) => self.active = at,
            None => {
                if let Some(slot) = self.shown.get_mut(self.active) {
                    *slot = number;
                }
            }
        }
    }

    /// Gives the next terminal the keyboard, or the last one.
    pub(crate) fn step_tab(&mut self, forward: bool) {
        let count = self.tabs.len();
        let step = if forward { 1 } else { count - 1 };
        self.choose((self.front() + step) % count);
    }

    /// Shows two terminals, or one again; false when there is no second one yet.
    pub(crate) fn split(&mut self) -> bool {
        if self.shown.len() > 1 {
            self.shown = vec![self.front()];
            self.active = 0;
            return true;
        }
        let front = self.front();
        let Some(other) = (0..self.tabs.len()).rev().find(|number| *number != front) else { return false };
        self.shown = vec![front, other];
        self.active = 1;
        true
    }

    /// Takes a terminal away, unless it is the only one.
    pub(crate) fn close(&mut self, number: usize) {
        if self.tabs.len() < 2 || number >= self.tabs.len() {
            return;
        }
        self.tabs.remove(number);
        self.shown.retain(|shown| *shown != number);
        for shown in self.shown.iter_mut().filter(|shown| **shown > number) {
            *shown -= 1;
        }
        if self.shown.is_empty() {
            self.shown.push(number.min(self.tabs.len() - 1));
        }
        self.active = self.active.min(self.shown.len() - 1);
    }

    /// Begins again at a prompt: what scrolled by in the first terminal stays, the others go.
    pub(crate) fn restart(&mut self, prompt: &str) {
        self.tabs.truncate(1);
        (self.shown, self.active) = (vec![0], 0);
        let tab = self.tab();
        tab.front = None;
        tab.terminal.wait_at(prompt);
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
        self.zoomed = false;
        self.panel = panel;
        self.scrolled = 0;
    }

    /// Makes the left pane wider or narrower.
    pub(crate) fn resize(&mut self, wider: bool) {
        let width = if wider { self.width + 5 } else { self.width - 5 };
        self.width = width.clamp(*WIDTH.start(), *WIDTH.end());
    }

    /// The task with the hints shown so far, laid out.
    pub(crate) fn task_page(&self, width: usize, theme: Theme, words: Words) -> Page {
        let mut text = self.task.clone();
        for (index, hint) in self.hints.iter().take(self.hints_shown).enumerate() {
            let label = words.with("task-hint", &[("number", (index + 1).into())]);
            text.push_str(&format!("\n\n**{label}** {hint}"));
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
