//! vim in the pane: edtui edits, the command line below is ours.
//!
//! edtui has vim's modes, motions and search but no ex commands; those a learner needs (`:w`, `:q`,
//! `:s`, `:set`, line numbers) are here.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use edtui::{EditorEventHandler, EditorMode, EditorState, EditorView, LineNumbers, Lines};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Widget};

use super::theme::Theme;

/// An open file.
pub(crate) struct EditorPane {
    pub(crate) path: String,
    state: EditorState,
    keys: EditorEventHandler,
    /// What follows `:` while it is typed.
    command: Option<String>,
    message: String,
    saved: String,
    numbers: bool,
    /// True when the file is new: an empty one counts as unwritten.
    fresh: bool,
}

/// What a key asked the editor for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing beyond the editor.
    Stay,
    Write(String),
    /// Ends; first writes when there is a text.
    Close {
        write: Option<String>,
        exit: i32,
    },
}

impl EditorPane {
    /// Opens a text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let body = text.strip_suffix('\n').unwrap_or(text);
        Self {
            path: path.to_owned(),
            state: EditorState::new(Lines::from(body)),
            keys: EditorEventHandler::vim_mode(),
            command: None,
            message: format!("\"{path}\" {}L, {}B", text.lines().count(), text.len()),
            saved: text.to_owned(),
            numbers: false,
            fresh: text.is_empty(),
        }
    }

    /// The text as it is written: with a line end behind the last line.
    pub(crate) fn text(&self) -> String {
        let text = self.state.lines.to_string();
        if text.is_empty() { text } else { format!("{text}\n") }
    }

    /// Takes a key.
    pub(crate) fn key(&mut self, key: KeyEvent) -> Outcome {
        if let Some(command) = self.command.as_mut() {
            match key.code {
                KeyCode::Esc => self.command = None,
                KeyCode::Backspace if command.is_empty() => self.command = None,
                KeyCode::Backspace => drop(command.pop()),
                KeyCode::Char(c) => command.push(c),
                KeyCode::Enter => {
                    let command = self.command.take().unwrap_or_default();
                    return self.carry_out(command.trim());
                }
                _ => {}
            }
            return Outcome::Stay;
        }
        if self.state.mode == EditorMode::Normal && key.code == KeyCode::Char(':') {
            self.message.clear();
            self.command = Some(String::new());
            return Outcome::Stay;
        }
        // Ctrl-C leaves a mode, as Escape does.
        let interrupt = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
        let key = if interrupt { KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE) } else { key };
        self.keys.on_key_event(key, &mut self.state);
        Outcome::Stay
    }

    /// Takes a paste, in insert mode as text.
    pub(crate) fn paste(&mut self, text: &str) {
        self.keys.on_paste_event(text.to_owned(), &mut self.state);
    }

    fn changed(&self) -> bool {
        self.text() != self.saved
    }

    fn written(&mut self) -> String {
        self.saved = self.text();
        self.fresh = false;
        self.message =
            format!("\"{}\" {}L, {}B written", self.path, self.saved.lines().count(), self.saved.len());
        self.saved.clone()
    }

    fn carry_out(&mut self, command: &str) -> Outcome {
        match command {
            "" => {}
            "w" | "w!" => return Outcome::Write(self.written()),
            "wq" | "wq!" => return Outcome::Close { write: Some(self.written()), exit: 0 },
            "x" | "x!" | "xit" => {
                let write = (self.changed() || self.fresh).then(|| self.written());
                return Outcome::Close { write, exit: 0 };
            }
            "q" | "quit" if self.changed() => {
                self.message = "E37: No write since last change (add ! to override)".into();
            }
            "q" | "q!" | "quit" | "quit!" | "qa" | "qa!" => return Outcome::Close { write: None, exit: 0 },
            "cq" | "cq!" => return Outcome::Close { write: None, exit: 1 },
            "$" => self.go_to(usize::MAX),
            "set nu" | "set number" => self.numbers = true,
            "set nonu" | "set nonumber" => self.numbers = false,
            _ => self.carry_out_other(command),
        }
        Outcome::Stay
    }

    fn carry_out_other(&mut self, command: &str) {
        if let Ok(line) = command.parse::<usize>() {
            return self.go_to(line);
        }
        if command.starts_with("set ") {
            // Indentation and paste options change nothing here: text arrives as it is typed.
            return;
        }
        if let Some(result) = self.substitute(command) {
            self.message = result;
            return;
        }
        self.message = format!("E492: Not an editor command: {command}");
    }

    fn go_to(&mut self, line: usize) {
        let last = self.state.lines.len().saturating_sub(1);
        self.state.cursor.row = line.saturating_sub(1).min(last);
        self.state.cursor.col = 0;
    }

    /// `:s/a/b/g`, `:%s/a/b/`, `:2,5s/a/b/`; `None` when it is no substitution.
    fn substitute(&mut self, command: &str) -> Option<String> {
        let (range, rest) = command.split_once('s')?;
        let delimiter = rest.chars().next().filter(|c| !c.is_alphanumeric() && !c.is_whitespace())?;
        let mut parts = rest.get(delimiter.len_utf8()..)?.split(delimiter);
        let (pattern, with) = (parts.next()?, parts.next().unwrap_or(""));
        let every = parts.next().is_some_and(|flags| flags.contains('g'));
        let text = self.state.lines.to_string();
        let lines: Vec<&str> = text.split('\n').collect();
        let rows = self.rows_of(range, lines.len())?;
        let Ok(pattern) = regex::Regex::new(&vim_pattern(pattern)) else {
            return Some(format!("E486: Pattern not found: {pattern}"));
        };
        let with = with.replace("\\&", "\u{0}").replace('&', "${0}").replace('\u{0}', "&");
        let mut count = 0;
        let done = lines.iter().enumerate().map(|(row, line)| {
            if !rows.contains(&row) || !pattern.is_match(line) {
                return (*line).to_owned();
            }
            count += 1;
            let limit = usize::from(!every);
            pattern.replacen(line, limit, with.as_str()).into_owned()
        });
        let done = done.collect::<Vec<_>>().join("\n");
        let cursor = self.state.cursor;
        self.state.lines = Lines::from(done.as_str());
        self.state.cursor = cursor;
        Some(if count == 0 {
            format!("E486: Pattern not found: {}", pattern.as_str())
        } else {
            format!("{count} substitutions")
        })
    }

    fn rows_of(&self, range: &str, lines: usize) -> Option<std::ops::Range<usize>> {
        let here = self.state.cursor.row;
        let row = |text: &str| match text {
            "." => Some(here),
            "$" => Some(lines.saturating_sub(1)),
            number => number.parse::<usize>().ok().map(|line| line.saturating_sub(1)),
        };
        match range {
            "" => Some(here..here + 1),
            "%" => Some(0..lines),
            _ => match range.split_once(',') {
                Some((from, to)) => Some(row(from)?..row(to)? + 1),
                None => row(range).map(|row| row..row + 1),
            },
        }
    }

    /// Draws the text and the line below it.
    pub(crate) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect, theme: Theme) {
        let [text, foot] = Layout::vertical([Constraint::Min(1), Constraint::Length(1)]).areas(area);
        let numbers = if self.numbers { LineNumbers::Absolute } else { LineNumbers::None };
        let look = edtui::EditorTheme::default().base(ratatui::style::Style::new()).hide_status_line();
        EditorView::new(&mut self.state)
            .theme(look)
            .wrap(false)
            .tab_width(8)
            .line_numbers(numbers)
            .render(text, frame.buffer_mut());
        let line = match (&self.command, self.state.mode) {
            (Some(command), _) => Line::raw(format!(":{command}")),
            (None, EditorMode::Insert) => Line::styled("-- INSERT --", theme.strong()),
            (None, EditorMode::Visual) => Line::styled("-- VISUAL --", theme.strong()),
            (None, EditorMode::Search) => Line::raw(format!("/{}", self.state.search_pattern())),
            (None, EditorMode::Normal) => Line::raw(self.message.clone()),
        };
        frame.render_widget(Paragraph::new(line), foot);
        match (&self.command, self.state.cursor_screen_position()) {
            (Some(command), _) => {
                frame.set_cursor_position((foot.x + 1 + command.chars().count() as u16, foot.y))
            }
            (None, Some(position)) => frame.set_cursor_position(position),
            (None, None) => {}
        }
    }
}

/// A vim pattern as a regular expression: vim's `\(`, `\|`, `\+` are special, their bare forms are not.
fn vim_pattern(pattern: &str) -> String {
    let mut out = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(next @ ('(' | ')' | '|' | '+' | '?' | '{' | '}')) => out.push(next),
                Some('<' | '>') => out.push_str("\\b"),
                Some(next) => out.extend(['\\', next]),
                None => out.push_str("\\\\"),
            },
            '(' | ')' | '|' | '+' | '?' | '{' | '}' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(pane: &mut EditorPane, keys: &str) -> Outcome {
        let mut last = Outcome::Stay;
        for c in keys.chars() {
            let code = match c {
                '\n' => KeyCode::Enter,
                '\u{1b}' => KeyCode::Esc,
                c => KeyCode::Char(c),
            };
            last = pane.key(KeyEvent::new(code, KeyModifiers::NONE));
        }
        last
    }

    #[test]
    fn insert_and_write() {
        let mut pane = EditorPane::new("/root/a.yaml", "kind: Pod\n");
        let outcome = press(&mut pane, "oname: x\u{1b}:wq\n");
        assert_eq!(outcome, Outcome::Close { write: Some("kind: Pod\nname: x\n".into()), exit: 0 });
    }

    #[test]
    fn unsaved_changes_hold_quit_back() {
        let mut pane = EditorPane::new("/a", "x\n");
        assert_eq!(press(&mut pane, "x:q\n"), Outcome::Stay);
        assert!(pane.message.starts_with("E37"), "{}", pane.message);
        assert_eq!(press(&mut pane, ":q!\n"), Outcome::Close { write: None, exit: 0 });
    }

    #[test]
    fn substitution_takes_ranges() {
        let mut pane = EditorPane::new("/a", "a a\na a\n");
        let _ = press(&mut pane, ":%s/a/b/g\n");
        assert_eq!(pane.text(), "b b\nb b\n");
        let _ = press(&mut pane, ":2s/b/c\n");
        assert_eq!(pane.text(), "b b\nc b\n");
    }
}
