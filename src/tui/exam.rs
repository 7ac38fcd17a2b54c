//! A mock exam in front of the exercise screen: time, tasks, flags, the notepad, and no feedback.
//!
//! The task in front is an ordinary exercise screen; the exam takes messages before it does ([`intercept`])
//! and draws its own lines over it ([`ExamScreen::draw`]).

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEventKind};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::exercise::ExerciseScreen;
use super::home::fit;
use super::message::{Effect, Msg, Opened};
use super::result::ResultScreen;
use super::state::{Screen, State};
use super::theme::Theme;
use super::words::Words;
use super::{help, popup};

/// An exam.
#[derive(Default)]
pub(crate) struct ExamScreen {
    tasks: Vec<ExamTask>,
    /// The task in front, once one was turned to.
    front: Option<usize>,
    /// The screens of tasks that were turned to and are not in front.
    aside: Vec<Option<Box<ExerciseScreen>>>,
    /// Whole seconds since the beginning, and until the end.
    elapsed_s: u64,
    left_s: Option<u64>,
    note: String,
    popup: Option<Popup>,
    result: Option<Box<ResultScreen>>,
}

/// What an exam tells of a task before its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExamTask {
    pub(crate) host: String,
    pub(crate) flagged: bool,
    /// True when something was typed.
    pub(crate) begun: bool,
}

/// What covers the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Popup {
    Help,
    /// The list of tasks, with the chosen one.
    Tasks(usize),
    Notes,
    /// The question whether it is the end.
    End,
}

/// Something happened in an exam.
#[derive(Clone, Debug)]
pub(crate) enum ExamMsg {
    Began {
        tasks: Vec<ExamTask>,
        note: String,
    },
    /// A task is in front; `opened` when it is for the first time.
    Turned {
        task: usize,
        opened: Option<Box<Opened>>,
    },
    /// So much time is gone and left; `alert` when that is worth a warning, in minutes.
    Clock {
        elapsed_s: u64,
        left_s: Option<u64>,
        alert: Option<u32>,
    },
    Flagged {
        task: usize,
        on: bool,
    },
    Begun {
        task: usize,
    },
    /// The notepad's whole text.
    Noted(String),
    Ended(Box<ResultScreen>),
}

/// Something is to be done in an exam.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExamEffect {
    Turn(usize),
    Flag {
        task: usize,
        on: bool,
    },
    Note(String),
    /// It is handed in.
    Submit,
}

/// Keys of the exam with the key of their words.
const KEYS: &[(&str, &str)] = &[
    ("F2 F3", "exam-help-turn"),
    ("F4", "exam-help-flag"),
    ("F5", "exam-help-tasks"),
    ("F6", "exam-help-notes"),
    ("F8", "exam-help-pane"),
    ("F9", "help-look-back"),
    ("Alt-t Alt-n", "exam-help-terminals"),
    ("Alt-s Alt-z", "exam-help-split"),
    ("Alt-← Alt-→", "exam-help-width"),
    ("F10", "exam-help-end"),
];

/// Columns of a popup where the screen has them.
const POPUP_WIDTH: u16 = 56;

/// Seconds left from which on the time is shown as a warning, and as an alarm.
const WARN_S: u64 = 30 * 60;
const ALARM_S: u64 = 5 * 60;

/// Lets the exam have a message first.
///
/// # Errors
/// The message, when it is none of the exam's.
pub(super) fn intercept(state: &mut State, msg: Msg) -> Result<Option<Effect>, Msg> {
    if let Msg::Exam(msg) = msg {
        take(state, *msg);
        return Ok(None);
    }
    let State { exam: Some(exam), help: false, .. } = state else { return Err(msg) };
    match msg {
        Msg::Key(key) if key.kind == KeyEventKind::Release => Ok(None),
        Msg::Key(key) if exam.result.is_some() => Ok(result_key(state, key)),
        Msg::Key(key) if exam.popup.is_some() => Ok(popup_key(state, key)),
        Msg::Key(key) => on_key(state, key).ok_or(Msg::Key(key)),
        Msg::Paste(text) if exam.popup == Some(Popup::Notes) => {
            exam.note.push_str(&text);
            Ok(None)
        }
        Msg::Mouse(mouse) if exam.result.is_some() => {
            if let Some(result) = &mut exam.result {
                match mouse.kind {
                    MouseEventKind::ScrollDown => result.scroll(true, 3),
                    MouseEventKind::ScrollUp => result.scroll(false, 3),
                    _ => {}
                }
            }
            Ok(None)
        }
        Msg::Mouse(_) | Msg::Paste(_) if exam.popup.is_some() || exam.result.is_some() => Ok(None),
        other => Err(other),
    }
}

fn take(state: &mut State, msg: ExamMsg) {
    match msg {
        ExamMsg::Began { tasks, note } => {
            let aside = tasks.iter().map(|_| None).collect();
            state.exam = Some(Box::new(ExamScreen { tasks, aside, note, ..ExamScreen::default() }));
        }
        ExamMsg::Turned { task, opened } => turned(state, task, opened),
        ExamMsg::Clock { elapsed_s, left_s, alert } => {
            if let Some(minutes) = alert {
                state.said = state.words.with("exam-alert", &[("minutes", minutes.into())]);
            }
            if let Some(exam) = &mut state.exam {
                (exam.elapsed_s, exam.left_s) = (elapsed_s, left_s);
            }
        }
        ExamMsg::Flagged { task, on } => change(state, task, |it| it.flagged = on),
        ExamMsg::Noted(text) => {
            if let Some(exam) = &mut state.exam {
                exam.note = text;
            }
        }
        ExamMsg::Begun { task } => change(state, task, |it| it.begun = true),
        ExamMsg::Ended(result) => {
            state.said.clear();
            if let Some(exam) = &mut state.exam {
                exam.popup = None;
                exam.result = Some(result);
            }
        }
    }
}

fn change(state: &mut State, task: usize, change: impl FnOnce(&mut ExamTask)) {
    if let Some(task) = state.exam.as_mut().and_then(|exam| exam.tasks.get_mut(task)) {
        change(task);
    }
}

fn turned(state: &mut State, task: usize, opened: Option<Box<Opened>>) {
    let State { exam: Some(exam), screen, .. } = state else { return };
    let fresh = opened.map(|opened| Box::new(ExerciseScreen::new(*opened)));
    let Some(next) = fresh.or_else(|| exam.aside.get_mut(task).and_then(Option::take)) else { return };
    let mut next = next;
    if let Screen::Exercise(before) = screen {
        next.take_terminals(before);
    }
    let before = std::mem::replace(screen, Screen::Exercise(next));
    if let (Screen::Exercise(before), Some(front)) = (before, exam.front)
        && let Some(slot) = exam.aside.get_mut(front)
    {
        *slot = Some(before);
    }
    exam.front = Some(task);
    state.said.clear();
}

/// A key of the exam; `None` when it belongs to the task.
fn on_key(state: &mut State, key: KeyEvent) -> Option<Option<Effect>> {
    let exam = state.exam.as_mut()?;
    let front = exam.front?;
    let KeyCode::F(number) = key.code else { return None };
    if key.modifiers != KeyModifiers::NONE {
        return None;
    }
    let effect = match number {
        1 => {
            exam.popup = Some(Popup::Help);
            None
        }
        2 => front.checked_sub(1).map(ExamEffect::Turn),
        3 => (front + 1 < exam.tasks.len()).then_some(ExamEffect::Turn(front + 1)),
        4 => {
            let on = !exam.tasks.get(front).is_some_and(|task| task.flagged);
            Some(ExamEffect::Flag { task: front, on })
        }
        5 => {
            exam.popup = Some(Popup::Tasks(front));
            None
        }
        6 => {
            exam.popup = Some(Popup::Notes);
            None
        }
        10 => {
            exam.popup = Some(Popup::End);
            None
        }
        _ => return None,
    };
    state.said.clear();
    Some(effect.map(Effect::Exam))
}

fn popup_key(state: &mut State, key: KeyEvent) -> Option<Effect> {
    let exam = state.exam.as_mut()?;
    match exam.popup? {
        Popup::Help => exam.popup = None,
        Popup::Tasks(chosen) => return tasks_key(exam, chosen, key),
        Popup::Notes => return notes_key(exam, key),
        Popup::End => match key.code {
            KeyCode::Char('h') => return Some(Effect::Exam(ExamEffect::Submit)),
            KeyCode::Char('l') => return Some(Effect::Quit),
            KeyCode::Esc | KeyCode::F(10) => exam.popup = None,
            _ => {}
        },
    }
    None
}

fn tasks_key(exam: &mut ExamScreen, chosen: usize, key: KeyEvent) -> Option<Effect> {
    let last = exam.tasks.len().saturating_sub(1);
    let chosen = match key.code {
        KeyCode::Up | KeyCode::Char('k') => chosen.saturating_sub(1),
        KeyCode::Down | KeyCode::Char('j') => (chosen + 1).min(last),
        KeyCode::Home | KeyCode::Char('g') => 0,
        KeyCode::End | KeyCode::Char('G') => last,
        KeyCode::Char('f') | KeyCode::F(4) => {
            let on = !exam.tasks.get(chosen).is_some_and(|task| task.flagged);
            return Some(Effect::Exam(ExamEffect::Flag { task: chosen, on }));
        }
        KeyCode::Enter => {
            exam.popup = None;
            return Some(Effect::Exam(ExamEffect::Turn(chosen)));
        }
        KeyCode::Esc | KeyCode::F(5) | KeyCode::Char('q') => {
            exam.popup = None;
            return None;
        }
        _ => chosen,
    };
    exam.popup = Some(Popup::Tasks(chosen));
    None
}

fn notes_key(exam: &mut ExamScreen, key: KeyEvent) -> Option<Effect> {
    match key.code {
        KeyCode::Esc | KeyCode::F(6) => exam.popup = None,
        KeyCode::Enter => exam.note.push('\n'),
        KeyCode::Backspace => {
            exam.note.pop();
            return None;
        }
        KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => {
            exam.note.push(c);
            return None;
        }
        _ => return None,
    }
    // Whole lines are kept, and the rest when the notepad closes.
    Some(Effect::Exam(ExamEffect::Note(exam.note.clone())))
}

fn result_key(state: &mut State, key: KeyEvent) -> Option<Effect> {
    let result = state.exam.as_mut()?.result.as_mut()?;
    match key.code {
        KeyCode::Up | KeyCode::Char('k') => result.choose(false),
        KeyCode::Down | KeyCode::Char('j') => result.choose(true),
        KeyCode::PageDown | KeyCode::Char(' ') => result.scroll(true, 10),
        KeyCode::PageUp | KeyCode::Char('b') => result.scroll(false, 10),
        KeyCode::Char('q') | KeyCode::Esc | KeyCode::F(10) => return Some(Effect::Quit),
        _ => {}
    }
    None
}

/// `1:27:05`, or `27:05`.
pub(super) fn clock(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

impl ExamScreen {
    /// Draws the exam over the screen of the task in front.
    pub(super) fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        screen: &Screen,
        (theme, words): (Theme, Words),
        said: &str,
    ) {
        if let Some(result) = &self.result {
            frame.render_widget(Clear, area);
            return result.draw(frame, area, (theme, words));
        }
        let row = |y| Rect::new(area.x, y, area.width, 1);
        let (top, bottom) = (row(area.y), row(area.bottom().saturating_sub(1)));
        frame.render_widget(Clear, top);
        frame.render_widget(Paragraph::new(self.header(usize::from(area.width), theme, words)), top);
        let foot = if said.is_empty() {
            Line::styled(format!(" {}", words.say("exam-keys")), theme.faint())
        } else {
            Line::styled(format!(" {said}"), theme.warn())
        };
        frame.render_widget(Clear, bottom);
        frame.render_widget(Paragraph::new(foot), bottom);
        if let Some(popup) = self.popup {
            let (title, mut lines) = self.popup_lines(popup, theme, words);
            if popup == Popup::Help {
                lines.extend(help::place_rows(screen, usize::from(POPUP_WIDTH) - 2, theme, words));
            }
            draw_popup(frame, area, theme, words.say(title), lines);
        }
    }

    fn header(&self, width: usize, theme: Theme, words: Words) -> Line<'static> {
        let front = self.front.unwrap_or(0);
        let task = self.tasks.get(front);
        let flag = if task.is_some_and(|task| task.flagged) { " ⚑" } else { "" };
        let values = [("number", (front + 1).into()), ("count", self.tasks.len().into())];
        let left = format!(" {}{flag}", words.with("exam-task", &values));
        let time = |key, seconds| format!("{} ", words.with(key, &[("clock", clock(seconds).into())]));
        let (time, style) = match self.left_s {
            Some(left) if left <= ALARM_S => (time("exam-left", left), theme.bad()),
            Some(left) if left <= WARN_S => (time("exam-left", left), theme.warn()),
            Some(left) => (time("exam-left", left), Style::new()),
            None => (time("exam-gone", self.elapsed_s), Style::new()),
        };
        let host = task.map(|task| format!("  ssh {}", task.host)).unwrap_or_default();
        let room = width.saturating_sub(left.width() + time.width());
        Line::from(vec![
            Span::styled(left, theme.strong()),
            Span::styled(fit(&host, room), theme.code()),
            Span::styled(time, style),
        ])
    }

    fn popup_lines(&self, popup: Popup, theme: Theme, words: Words) -> (&'static str, Vec<Line<'static>>) {
        match popup {
            Popup::Help => {
                let row = |(key, says): &(&str, &str)| {
                    Line::from(vec![
                        Span::styled(format!(" {key:<12}"), theme.strong()),
                        Span::raw(words.say(says)),
                    ])
                };
                ("exam-help", KEYS.iter().map(row).collect())
            }
            Popup::Tasks(chosen) => ("exam-tasks", self.task_rows(chosen, theme, words)),
            Popup::Notes => {
                let text = format!("{}▏", self.note);
                ("exam-notes", text.split('\n').map(|line| Line::raw(line.to_owned())).collect())
            }
            Popup::End => ("exam-end", self.end_rows(theme, words)),
        }
    }

    fn task_rows(&self, chosen: usize, theme: Theme, words: Words) -> Vec<Line<'static>> {
        let row = |(index, task): (usize, &ExamTask)| {
            let state = match (Some(index) == self.front, task.begun) {
                (true, _) => "exam-in-front",
                (false, true) => "exam-begun",
                (false, false) => "exam-untouched",
            };
            let state = fit(&words.say(state), 10);
            let flag = if task.flagged { "⚑" } else { " " };
            let style = if index == chosen { theme.chosen() } else { Style::new() };
            Line::styled(format!(" {:>2} {flag} {state} {:<24}", index + 1, task.host), style)
        };
        self.tasks.iter().enumerate().map(row).collect()
    }

    fn end_rows(&self, theme: Theme, words: Words) -> Vec<Line<'static>> {
        let count = |fits: fn(&ExamTask) -> bool| self.tasks.iter().filter(|task| fits(task)).count();
        let (untouched, flagged) = (count(|task| !task.begun), count(|task| task.flagged));
        let key = |key: &'static str, says: &'static str| {
            Line::from(vec![Span::styled(format!(" {key:<5}"), theme.strong()), Span::raw(words.say(says))])
        };
        let values = [
            ("untouched", untouched.into()),
            ("count", self.tasks.len().into()),
            ("flagged", flagged.into()),
        ];
        vec![
            Line::raw(format!(" {}", words.with("exam-end-count", &values))),
            Line::default(),
            key("h", "exam-end-submit"),
            key("l", "exam-end-leave"),
            key("Esc", "exam-end-on"),
        ]
    }
}

/// Draws lines in a box over the middle of the screen.
pub(super) fn draw_popup(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: Theme,
    title: String,
    lines: Vec<Line<'static>>,
) {
    let wanted = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).max(7);
    let widest = lines.iter().map(Line::width).max().and_then(|it| u16::try_from(it).ok()).unwrap_or(0);
    let width = POPUP_WIDTH.max(widest.saturating_add(2)).min(area.width);
    let height = wanted.min(area.height);
    let place = Rect::new((area.width - width) / 2, (area.height - height) / 2, width, height);
    // The end of a long text is where one writes, or where the choice may be.
    let hidden = lines.len().saturating_sub(usize::from(height.saturating_sub(2)));
    let shown: Vec<Line<'_>> = lines.into_iter().skip(hidden).collect();
    let block = Block::bordered().title(format!(" {title} ")).border_style(theme.border(true));
    popup::draw(frame, place, block, Paragraph::new(shown));
}

#[cfg(test)]
mod tests;
