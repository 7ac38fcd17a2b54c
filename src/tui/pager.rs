//! `less`: a text page by page, with its usual keys.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use regex::Regex;

use super::ansi::Output;
use super::keys;
use super::message::ToShell;
use super::terminal::wrap;
use super::theme::Theme;
use crate::shell::PageRequest;

/// A text being read.
pub(crate) struct Pager {
    name: String,
    output: Output,
    /// The first line shown.
    at: usize,
    height: usize,
    numbers: bool,
    chop: bool,
    /// What is typed behind `/`, `?` or a digit.
    typed: Option<(char, String)>,
    pattern: Option<(Regex, bool)>,
    said: String,
    /// A count before a key.
    count: String,
}

impl Pager {
    /// Opens a text.
    pub(crate) fn new(request: &PageRequest) -> Self {
        let mut output = Output::default();
        output.write(request.text.as_bytes());
        output.fresh_line();
        let at = if request.at_end { usize::MAX } else { 0 };
        Self {
            name: request.name.clone(),
            output,
            at,
            height: 1,
            numbers: request.numbers,
            chop: request.chop,
            typed: None,
            pattern: None,
            said: String::new(),
            count: String::new(),
        }
    }

    /// What its title says.
    pub(crate) fn name(&self) -> &str {
        if self.name.is_empty() { "less" } else { &self.name }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Option<ToShell> {
        self.said.clear();
        if self.typed.is_some() {
            self.type_key(key);
            return None;
        }
        if let KeyCode::Char(digit @ '0'..='9') = key.code {
            self.count.push(digit);
            return None;
        }
        let count: Option<usize> = std::mem::take(&mut self.count).parse().ok();
        let times = count.unwrap_or(1);
        let page = self.height.max(1);
        match key.code {
            _ if keys::is_control(key, 'f') || keys::is_control(key, 'v') => self.forward(page),
            _ if keys::is_control(key, 'b') => self.back(page),
            _ if keys::is_control(key, 'd') => self.forward(page / 2),
            _ if keys::is_control(key, 'u') => self.back(page / 2),
            _ if keys::is_control(key, 'c') => {}
            _ if keys::is_control(key, 'z') => return Some(ToShell::Stop),
            KeyCode::Char('q' | 'Q') => return Some(ToShell::PageClosed),
            KeyCode::Down | KeyCode::Enter | KeyCode::Char('j' | 'e') => self.forward(times),
            KeyCode::Up | KeyCode::Char('k' | 'y') => self.back(times),
            KeyCode::PageDown | KeyCode::Char(' ' | 'f' | 'z') => self.forward(page),
            KeyCode::PageUp | KeyCode::Char('b' | 'w') => self.back(page),
            KeyCode::Char('d') => self.forward(page / 2),
            KeyCode::Char('u') => self.back(page / 2),
            KeyCode::Char('g' | '<') | KeyCode::Home => self.at = times - 1,
            KeyCode::Char('G' | '>') | KeyCode::End => self.at = count.map_or(usize::MAX, |line| line - 1),
            KeyCode::Char(sign @ ('/' | '?' | '-')) => self.typed = Some((sign, String::new())),
            KeyCode::Char('n') => self.search(true),
            KeyCode::Char('N') => self.search(false),
            KeyCode::Char('h') => self.said = "F1: help".into(),
            KeyCode::Char('=') => self.said = self.place(),
            _ => {}
        }
        self.clamp();
        None
    }

    /// Keys behind `/`, `?` and `-`.
    fn type_key(&mut self, key: KeyEvent) {
        let Some((sign, text)) = &mut self.typed else { return };
        match key.code {
            KeyCode::Char(option) if *sign == '-' => {
                match option {
                    'N' => self.numbers = !self.numbers,
                    'S' => self.chop = !self.chop,
                    _ => self.said = format!("There is no {option} option"),
                }
                self.typed = None;
            }
            KeyCode::Char(_) if keys::is_control(key, 'c') => self.typed = None,
            KeyCode::Char(c) => text.push(c),
            KeyCode::Backspace if text.pop().is_some() => {}
            KeyCode::Esc | KeyCode::Backspace => self.typed = None,
            KeyCode::Enter => {
                let forward = *sign == '/';
                if !text.is_empty() {
                    // What is no pattern is sought as it stands.
                    let plain = || Regex::new(&regex::escape(text));
                    self.pattern = Regex::new(text).or_else(|_| plain()).ok().map(|it| (it, forward));
                }
                self.typed = None;
                self.search(true);
            }
            _ => {}
        }
        self.clamp();
    }

    fn search(&mut self, same_way: bool) {
        let Some((pattern, forward)) = &self.pattern else {
            self.said = "No previous regular expression".into();
            return;
        };
        let fits = |row: &usize| pattern.is_match(&self.output.text(*row));
        let found = if *forward == same_way {
            (self.at + 1..self.output.len()).find(fits)
        } else {
            (0..self.at).rev().find(fits)
        };
        match found {
            Some(row) => self.at = row,
            None => self.said = "Pattern not found".into(),
        }
    }

    fn forward(&mut self, rows: usize) {
        self.at = self.at.saturating_add(rows);
    }

    fn back(&mut self, rows: usize) {
        self.at = self.at.saturating_sub(rows);
    }

    fn clamp(&mut self) {
        self.at = self.at.min(self.output.len().saturating_sub(self.height));
    }

    /// Moves the text under the wheel of the mouse.
    pub(crate) fn scroll(&mut self, up: bool, rows: usize) {
        if up {
            self.back(rows)
        } else {
            self.forward(rows)
        }
        self.clamp();
    }

    fn place(&self) -> String {
        let (last, lines) = ((self.at + self.height).min(self.output.len()), self.output.len());
        format!("{} lines {}-{last}/{lines} {}%", self.name, self.at + 1, last * 100 / lines.max(1))
    }

    /// Draws the page and the line below it.
    pub(crate) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        let [body, foot] = Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(area);
        self.height = usize::from(body.height);
        self.clamp();
        let width = usize::from(body.width);
        let mut rows: Vec<Line<'static>> = Vec::new();
        for (index, line) in self.output.lines(self.at, self.at + self.height).enumerate() {
            let line = match &self.pattern {
                Some((pattern, _)) => marked(&line, pattern, theme),
                None => line,
            };
            let numbered = if self.numbers {
                let mut spans = vec![Span::styled(format!("{:>7} ", self.at + index + 1), theme.faint())];
                spans.extend(line.spans);
                Line::from(spans)
            } else {
                line
            };
            let wrapped = wrap(&numbered, width);
            rows.extend(wrapped.into_iter().take(if self.chop { 1 } else { usize::MAX }));
        }
        while rows.len() < self.height {
            rows.push(Line::raw("~"));
        }
        rows.truncate(self.height);
        frame.render_widget(Paragraph::new(rows), body);
        frame.render_widget(Paragraph::new(self.foot()), foot);
    }

    fn foot(&self) -> Line<'static> {
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        if let Some((sign, text)) = &self.typed {
            return Line::raw(format!("{sign}{text}"));
        }
        if !self.said.is_empty() {
            return Line::styled(format!("{}  (press RETURN)", self.said), reversed);
        }
        if !self.count.is_empty() {
            return Line::raw(format!(":{}", self.count));
        }
        if self.at + self.height >= self.output.len() {
            return Line::styled("(END)", reversed);
        }
        if self.at == 0 && !self.name.is_empty() {
            return Line::styled(self.name.clone(), reversed);
        }
        Line::raw(":")
    }
}

/// A line with what a pattern finds in it marked.
fn marked(line: &Line<'static>, pattern: &Regex, theme: Theme) -> Line<'static> {
    let text = line.to_string();
    if !pattern.is_match(&text) {
        return line.clone();
    }
    let mut spans = Vec::new();
    let mut from = 0;
    for found in pattern.find_iter(&text).filter(|found| !found.is_empty()) {
        spans.push(Span::raw(text.get(from..found.start()).unwrap_or_default().to_owned()));
        spans.push(Span::styled(found.as_str().to_owned(), theme.found()));
        from = found.end();
    }
    spans.push(Span::raw(text.get(from..).unwrap_or_default().to_owned()));
    Line::from(spans)
}
