//! A look back through a terminal's output: search in it, and copy lines by keys.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Text};

use super::ansi::Output;
use super::keys;
use super::terminal::wrap;
use super::theme::Theme;

/// Where the learner looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct LookBack {
    /// The line of the output that the keys move.
    at: usize,
    /// The other end of the lines that are chosen.
    anchor: Option<usize>,
    /// What is searched, and whether it is being typed.
    wanted: String,
    typing: bool,
    missed: bool,
    height: usize,
    /// The last line shown.
    bottom: usize,
}

/// What a key asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    On,
    Over,
    /// Over, with lines to copy.
    Copy(String),
}

impl LookBack {
    /// Begins at the last line.
    pub(crate) fn new(output: &Output) -> Self {
        let last = output.len().saturating_sub(1);
        Self { at: last, bottom: last, ..Self::default() }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: KeyEvent, output: &Output) -> Looked {
        self.missed = false;
        if self.typing {
            self.type_key(key, output);
            return Looked::On;
        }
        let last = output.len().saturating_sub(1);
        let page = self.height.max(2) - 1;
        match key.code {
            _ if keys::is_control(key, 'c') => return Looked::Over,
            _ if keys::is_control(key, 'r') => self.ask(),
            KeyCode::Up | KeyCode::Char('k') => self.at = self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.at += 1,
            KeyCode::PageUp | KeyCode::Char('b') => self.at = self.at.saturating_sub(page),
            KeyCode::PageDown | KeyCode::Char(' ' | 'f') => self.at += page,
            KeyCode::Home | KeyCode::Char('g') => self.at = 0,
            KeyCode::End | KeyCode::Char('G') => self.at = last,
            KeyCode::Char('/' | '?') => self.ask(),
            KeyCode::Char('n') => self.search(output, true),
            KeyCode::Char('N') => self.search(output, false),
            KeyCode::Char('v' | 'V') => {
                self.anchor = if self.anchor.is_some() { None } else { Some(self.at) }
            }
            KeyCode::Enter | KeyCode::Char('y') => return Looked::Copy(self.text(output)),
            KeyCode::Esc | KeyCode::Char('q') => return Looked::Over,
            _ => {}
        }
        self.at = self.at.min(last);
        Looked::On
    }

    fn ask(&mut self) {
        self.typing = true;
        self.wanted.clear();
    }

    fn type_key(&mut self, key: KeyEvent, output: &Output) {
        match key.code {
            KeyCode::Enter => {
                self.typing = false;
                self.search(output, true);
            }
            KeyCode::Esc => self.typing = false,
            KeyCode::Char(_) if keys::is_control(key, 'c') => self.typing = false,
            KeyCode::Backspace => drop(self.wanted.pop()),
            KeyCode::Char(c) => self.wanted.push(c),
            _ => {}
        }
    }

    /// The next line upwards, or downwards, that holds what is wanted; from the other end when there is none.
    fn search(&mut self, output: &Output, up: bool) {
        let wanted = self.wanted.to_lowercase();
        if wanted.is_empty() {
            return;
        }
        let count = output.len();
        let fits = |row: &usize| output.text(*row).to_lowercase().contains(&wanted);
        let found = if up {
            (0..self.at).rev().chain((self.at..count).rev()).find(fits)
        } else {
            (self.at + 1..count).chain(0..self.at + 1).find(fits)
        };
        self.missed = found.is_none();
        self.at = found.unwrap_or(self.at);
    }

    /// The first and last line that are chosen.
    fn chosen(&self) -> (usize, usize) {
        let other = self.anchor.unwrap_or(self.at);
        (self.at.min(other), self.at.max(other))
    }

    fn text(&self, output: &Output) -> String {
        let (from, to) = self.chosen();
        (from..=to).map(|row| output.text(row).trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    /// Draws the lines around the place, and what is searched below.
    pub(crate) fn draw(&mut self, output: &Output, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        let [body, foot] = Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(area);
        self.height = usize::from(body.height);
        if self.at > self.bottom {
            self.bottom = self.at;
        } else if self.at + self.height <= self.bottom {
            self.bottom = self.at + self.height - 1;
        }
        let first = (self.bottom + 1).saturating_sub(self.height);
        let (from, to) = self.chosen();
        let mut rows: Vec<Line<'static>> = Vec::new();
        let mut place = 0;
        for (index, line) in output.lines(first, self.bottom + 1).enumerate() {
            let row = first + index;
            let line = if (from..=to).contains(&row) {
                line.style(Style::new().add_modifier(Modifier::REVERSED))
            } else {
                line
            };
            rows.extend(wrap(&line, usize::from(body.width)).into_iter().map(|part| part.style(line.style)));
            if row == self.at {
                place = rows.len();
            }
        }
        // Long lines take several rows: those around the place are shown.
        let surplus = rows.len().saturating_sub(self.height).min(place.saturating_sub(1));
        let visible: Vec<Line<'static>> = rows.into_iter().skip(surplus).take(self.height).collect();
        frame.render_widget(Text::from(visible), body);
        frame.render_widget(Text::from(self.foot(output, theme)), foot);
    }

    fn foot(&self, output: &Output, theme: Theme) -> Line<'static> {
        if self.typing {
            return Line::raw(format!("/{}▏", self.wanted));
        }
        let place = format!("{}/{}", self.at + 1, output.len());
        if self.missed {
            return Line::styled(format!("{place}  /{} ✗", self.wanted), theme.bad());
        }
        Line::styled(format!("{place}  /  v  Enter  Esc  F1"), theme.faint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    fn press(back: &mut LookBack, output: &Output, keys: &str) -> Looked {
        let mut last = Looked::On;
        for c in keys.chars() {
            let code = if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) };
            last = back.key(KeyEvent::new(code, KeyModifiers::NONE), output);
        }
        last
    }

    #[test]
    fn lines_are_found_and_copied() {
        let mut output = Output::default();
        output.write(b"one\ntwo\nthree\nfour\n");
        let mut back = LookBack::new(&output);
        assert_eq!(press(&mut back, &output, "/two\nvj\n"), Looked::Copy("two\nthree".into()));
        let mut back = LookBack::new(&output);
        assert_eq!(press(&mut back, &output, "/nowhere\n"), Looked::On);
        assert!(back.missed);
    }
}
