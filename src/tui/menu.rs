//! Keys where no exercise is in front: the list of exercises, the exams it offers, and the drill.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

use super::exam::draw_popup;
use super::home::{Home, Step};
use super::keys;
use super::message::{Effect, ExamChoice};
use super::state::State;
use super::theme::Theme;
use super::words::Words;

/// What the home screen offers beside its exercises.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Offers {
    /// Readiness for the exam in percent, in all and by domain.
    pub(crate) ready: u32,
    pub(crate) domains: Vec<(String, u32)>,
    /// Exercises that are due for review.
    pub(crate) due: usize,
    /// Fixed exams: name and title.
    pub(crate) exams: Vec<(String, String)>,
    /// True when an exam was left or cut off.
    pub(crate) left: bool,
}

impl Offers {
    /// The exams that can be sat, in the order of the menu.
    fn choices(&self) -> Vec<ExamChoice> {
        let go_on = self.left.then_some(ExamChoice::GoOn);
        let fixed = self.exams.iter().map(|(id, _)| ExamChoice::Blueprint(id.clone()));
        go_on.into_iter().chain([ExamChoice::Drawn]).chain(fixed).collect()
    }

    fn label(&self, choice: &ExamChoice, words: Words) -> String {
        match choice {
            ExamChoice::GoOn => words.say("menu-go-on"),
            ExamChoice::Drawn => words.say("menu-drawn"),
            ExamChoice::Blueprint(id) => {
                let found = self.exams.iter().find(|(own, _)| own == id);
                format!("{id}  {}", found.map_or("", |(_, title)| title))
            }
        }
    }
}

/// A key where no exercise is in front.
pub(super) fn key(state: &mut State, key: KeyEvent) -> Option<Effect> {
    state.said.clear();
    if let Some(chosen) = state.menu {
        return menu_key(state, chosen, key);
    }
    if matches!(key.code, KeyCode::Char('?') | KeyCode::F(1)) && !state.home.is_filtering() {
        state.help = true;
        return None;
    }
    if let Some(drill) = &mut state.drill {
        let (effect, left) = drill.key(key);
        if left {
            state.drill = None;
        }
        return effect;
    }
    match key.code {
        _ if state.home.is_filtering() => home_key(&mut state.home, key),
        KeyCode::Char('t') => {
            state.theme = state.theme.next();
            state.said = state.words.with("said-theme", &[("name", state.theme.name.into())]);
            Some(Effect::Settings)
        }
        KeyCode::Char('l') => {
            state.words.0 = state.words.0.next();
            state.said = state.words.0.name().to_owned();
            Some(Effect::Settings)
        }
        KeyCode::Char('e') => {
            state.menu = Some(0);
            None
        }
        KeyCode::Char('d') if !keys::is_control(key, 'd') => Some(Effect::Drill),
        _ => home_key(&mut state.home, key),
    }
}

fn menu_key(state: &mut State, chosen: usize, key: KeyEvent) -> Option<Effect> {
    let choices = state.home.offers.choices();
    let last = choices.len().saturating_sub(1);
    state.menu = match key.code {
        KeyCode::Up | KeyCode::Char('k') => Some(chosen.saturating_sub(1)),
        KeyCode::Down | KeyCode::Char('j') => Some((chosen + 1).min(last)),
        KeyCode::Enter => {
            state.menu = None;
            return choices.into_iter().nth(chosen).map(Effect::BeginExam);
        }
        KeyCode::Esc | KeyCode::Char('q' | 'e') => None,
        _ => Some(chosen),
    };
    None
}

/// Draws the menu of exams over the home screen.
pub(super) fn draw(
    home: &Home,
    chosen: usize,
    frame: &mut Frame<'_>,
    area: Rect,
    (theme, words): (Theme, Words),
) {
    let row = |(index, choice): (usize, ExamChoice)| {
        let style = if index == chosen { theme.chosen() } else { Style::new() };
        Line::styled(format!(" {} ", home.offers.label(&choice, words)), style)
    };
    let rows = home.offers.choices().into_iter().enumerate().map(row).collect();
    draw_popup(frame, area, theme, words.say("menu-exams"), rows);
}

fn home_key(home: &mut Home, key: KeyEvent) -> Option<Effect> {
    if home.is_filtering() {
        match key.code {
            KeyCode::Esc => home.filter(false, false),
            KeyCode::Enter => home.filter(false, true),
            KeyCode::Backspace => home.type_filter(None),
            KeyCode::Char(c) => home.type_filter(Some(c)),
            _ => {}
        }
        return None;
    }
    let step = match key.code {
        KeyCode::Up | KeyCode::Char('k') => Step::Up,
        KeyCode::Down | KeyCode::Char('j') => Step::Down,
        KeyCode::PageUp => Step::PageUp,
        KeyCode::PageDown => Step::PageDown,
        KeyCode::Home | KeyCode::Char('g') => Step::First,
        KeyCode::End | KeyCode::Char('G') => Step::Last,
        KeyCode::Char('/') => {
            home.filter(true, false);
            return None;
        }
        KeyCode::Esc => {
            home.filter(false, false);
            return None;
        }
        KeyCode::Enter => return home.open(),
        KeyCode::Char('q') => return Some(Effect::Quit),
        KeyCode::Char('c' | 'd') if keys::is_control(key, 'c') || keys::is_control(key, 'd') => {
            return Some(Effect::Quit);
        }
        _ => return None,
    };
    home.step(step);
    None
}
