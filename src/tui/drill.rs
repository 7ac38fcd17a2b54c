//! The drill: which exercises are due for review, why, and how each went.
//!
//! It lies over the home screen; an exercise that is begun here comes back here when it is left.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::home::{Home, fit};
use super::message::{Effect, Verdict};
use super::theme::Theme;
use super::words::Words;
use crate::exam::drill::{Pile, Review};

/// The list of what is reviewed.
#[derive(Clone, Debug, Default)]
pub(crate) struct DrillScreen {
    /// Unix time in seconds at which `piles` were made.
    now_s: i64,
    /// Soonest first.
    piles: Vec<Pile>,
    chosen: usize,
    /// Points and their most of the exercises that were checked since the drill was opened.
    went: BTreeMap<String, (u32, u32)>,
    /// True when there is no home screen behind it.
    alone: bool,
}

impl DrillScreen {
    /// Opens the drill, or takes in how things stand now: what is due first is chosen.
    pub(super) fn renewed(before: Option<&Self>, now_s: i64, piles: Vec<Pile>, alone: bool) -> Self {
        let kept = before.cloned().unwrap_or_default();
        Self { now_s, piles, chosen: 0, went: kept.went, alone: alone || kept.alone }
    }

    /// Notes how an exercise went.
    pub(super) fn graded(&mut self, id: &str, verdict: &Verdict) {
        self.went.insert(id.to_owned(), (verdict.points, verdict.max));
    }

    /// A key; true beside the effect when the drill is left.
    pub(super) fn key(&mut self, key: KeyEvent) -> (Option<Effect>, bool) {
        let last = self.piles.len().saturating_sub(1);
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.chosen = (self.chosen + 1).min(last),
            KeyCode::Home | KeyCode::Char('g') => self.chosen = 0,
            KeyCode::End | KeyCode::Char('G') => self.chosen = last,
            KeyCode::Enter => {
                let open = |pile: &Pile| Effect::Open { id: pile.path(), seed: None };
                return (self.piles.get(self.chosen).map(open), false);
            }
            KeyCode::Char('q') | KeyCode::Esc | KeyCode::F(10) => {
                return (self.alone.then_some(Effect::Quit), true);
            }
            _ => {}
        }
        (None, false)
    }

    /// Draws it.
    pub(super) fn draw(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        home: &Home,
        (theme, words): (Theme, Words),
        said: &str,
    ) {
        let [top, middle, bottom] =
            Layout::vertical([Constraint::Length(2), Constraint::Min(1), Constraint::Length(1)]).areas(area);
        frame.render_widget(Paragraph::new(self.heading(theme, words)), top);
        let title = format!(" {} ", words.say("title-drill"));
        let block = Block::bordered().title(title).border_style(theme.border(true));
        let inner = block.inner(middle);
        frame.render_widget(block, middle);
        frame.render_widget(Paragraph::new(self.rows(inner, home, (theme, words))), inner);
        let foot = if said.is_empty() {
            Line::styled(format!(" {}", words.say("drill-keys")), theme.faint())
        } else {
            Line::styled(format!(" {said}"), theme.warn())
        };
        frame.render_widget(Paragraph::new(foot), bottom);
    }

    fn due(&self) -> usize {
        self.piles.iter().filter(|pile| pile.due_s <= self.now_s).count()
    }

    fn heading(&self, theme: Theme, words: Words) -> Vec<Line<'static>> {
        let values =
            [("due", self.due().into()), ("all", self.piles.len().into()), ("done", self.went.len().into())];
        vec![
            Line::from(vec![
                Span::styled(" uncordon", theme.strong()),
                Span::raw(format!("  {}", words.with("drill-count", &values))),
            ]),
            Line::styled(format!(" {}", words.say("drill-why")), theme.faint()),
        ]
    }

    /// The exercises, the chosen one with its checks.
    fn rows(&self, area: Rect, home: &Home, (theme, words): (Theme, Words)) -> Vec<Line<'static>> {
        let width = usize::from(area.width);
        if self.piles.is_empty() {
            return vec![Line::raw(fit(&words.say("drill-nothing"), width))];
        }
        let mut rows = Vec::new();
        let mut until = 0;
        for (index, pile) in self.piles.iter().enumerate() {
            let chosen = index == self.chosen;
            rows.push(self.pile_row(pile, chosen, home, width, (theme, words)));
            if chosen {
                rows.extend(pile.checks.iter().flat_map(|it| self.check_rows(it, width, (theme, words))));
                until = rows.len();
            }
        }
        let height = usize::from(area.height);
        let skip = until.saturating_sub(height).min(rows.len().saturating_sub(height));
        rows.into_iter().skip(skip).take(height).collect()
    }

    fn pile_row(
        &self,
        pile: &Pile,
        chosen: bool,
        home: &Home,
        width: usize,
        (theme, words): (Theme, Words),
    ) -> Line<'static> {
        let wait = wait(pile.due_s - self.now_s, words);
        let (mark, right) = match self.went.get(&pile.exercise) {
            Some((points, max)) => {
                let mark = if points == max { "✓" } else { "✗" };
                (mark, format!("{points}/{max}  {wait} "))
            }
            None => (" ", format!("{wait} ")),
        };
        let title = home.title_of(&pile.exercise).unwrap_or(&pile.exercise);
        let title = fit(&format!(" {mark} {title}"), width.saturating_sub(right.width()));
        let due = pile.due_s <= self.now_s;
        let style = if chosen { theme.chosen() } else { Style::new() };
        let right_style = match (chosen, due) {
            (true, _) => style,
            (false, true) => theme.warn(),
            (false, false) => theme.faint(),
        };
        Line::from(vec![Span::styled(title, style), Span::styled(right, right_style)])
    }

    /// A check and why it comes up again.
    fn check_rows(&self, it: &Review, width: usize, (theme, words): (Theme, Words)) -> Vec<Line<'static>> {
        let class = words.say(&format!("mistake-{}", it.mistake.replace(' ', "-")));
        let values = [
            ("failed", it.failed.into()),
            ("reviews", it.reviews.into()),
            ("class", class.into()),
            ("wait", wait(it.due_s - self.now_s, words).into()),
        ];
        let texts = [(it.check.clone(), Style::new()), (words.with("drill-missed", &values), theme.faint())];
        let indent = |(text, style): (String, Style)| {
            let parts = textwrap::wrap(&text, width.saturating_sub(6).max(8)).into_iter();
            parts.map(move |part| Line::styled(format!("     {part}"), style)).collect::<Vec<_>>()
        };
        texts.into_iter().flat_map(indent).collect()
    }
}

/// How long it is until then.
fn wait(seconds: i64, words: Words) -> String {
    let (key, number) = match seconds {
        ..=0 => return words.say("drill-now"),
        1..3600 => ("drill-minutes", seconds.unsigned_abs().div_ceil(60)),
        3600..86_400 => ("drill-hours", seconds.unsigned_abs() / 3600),
        _ => ("drill-days", seconds.unsigned_abs() / 86_400),
    };
    words.with(key, &[("number", number.into())])
}
