//! The terminal pane: what scrolled by, and the line below it.

use crossterm::event::KeyEvent;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::ansi::Output;
use super::back::LookBack;
use super::prompt::Prompt;
use super::theme::Theme;
use crate::shell;

/// A terminal.
#[derive(Default)]
pub(crate) struct Terminal {
    pub(crate) output: Output,
    pub(crate) prompt: Prompt,
    pub(crate) mode: Mode,
    /// Rows scrolled back from the end.
    pub(crate) scrolled: usize,
    /// What can be completed here, while the list is shown.
    pub(crate) candidates: Vec<String>,
    /// Lines that were entered of a text that is not whole yet, and the prompt they began at.
    unfinished: Option<(String, String)>,
    /// The look back through the output, while it lasts.
    pub(crate) back: Option<LookBack>,
    /// Keys that were typed while a program ran, for the next line.
    pub(crate) ahead: Vec<KeyEvent>,
}

/// Who has the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A command runs.
    #[default]
    Running,
    /// The shell waits for a line.
    Prompt,
    /// A program waits for a line.
    Asking,
    /// The shell has ended.
    Ended,
}

/// Rows one page key scrolls.
const PAGE: usize = 10;

/// Keys that are kept for the next line: as many as a real terminal keeps bytes.
const AHEAD_MAX: usize = 4096;

impl Terminal {
    /// The shell waits at `prompt`.
    pub(crate) fn wait_at(&mut self, prompt: &str) {
        self.mode = Mode::Prompt;
        self.output.leave_whole_screen();
        // A command that ends without a line end leaves its text before the prompt, as in bash.
        let before = self.output.take_unfinished();
        self.prompt.text = format!("{before}{prompt}");
        self.prompt.hidden = false;
    }

    /// Keeps a key for the next line.
    pub(crate) fn type_ahead(&mut self, key: KeyEvent) {
        if self.ahead.len() < AHEAD_MAX {
            self.ahead.push(key);
        }
    }

    /// A program asks for a line.
    pub(crate) fn ask(&mut self, prompt: &str, hidden: bool) {
        self.wait_at(prompt);
        self.mode = Mode::Asking;
        self.prompt.hidden = hidden;
    }

    /// The shell has ended.
    pub(crate) fn end(&mut self) {
        self.mode = Mode::Ended;
    }

    /// Takes in what a program wrote. Who has scrolled back stays where they are.
    pub(crate) fn print(&mut self, bytes: &[u8]) {
        let before = self.output.len();
        self.output.write(bytes);
        if self.scrolled > 0 {
            self.scrolled = (self.scrolled + self.output.len().saturating_sub(before)).min(self.output.len());
        }
    }

    /// Enter was pressed: the line goes up into the output. Gives what is to be run, once it is whole.
    pub(crate) fn enter(&mut self) -> Option<String> {
        let asking = self.mode == Mode::Asking;
        let text = std::mem::take(&mut self.prompt.text);
        let line = self.prompt.take();
        self.write_typed(&text, if self.prompt.hidden { "" } else { &line });
        self.scrolled = 0;
        self.candidates.clear();
        if asking {
            self.mode = Mode::Running;
            return Some(line);
        }
        let (begun, first) = self.unfinished.take().unwrap_or_else(|| (String::new(), text));
        let whole = format!("{begun}{line}");
        if shell::is_incomplete(&whole) {
            self.unfinished = Some((format!("{whole}\n"), first));
            self.prompt.text = "> ".into();
            return None;
        }
        self.prompt.remember(&whole);
        self.mode = Mode::Running;
        Some(whole)
    }

    /// Puts a typed text with its prompt into the output, as it stood on the screen.
    fn write_typed(&mut self, prompt: &str, line: &str) {
        for (index, part) in line.split('\n').enumerate() {
            let lead = if index == 0 { prompt } else { "> " };
            self.output.write_line(&format!("{lead}{part}"), Style::new());
        }
    }

    /// One candidate is put in; several are put in as far as they agree, then listed.
    pub(crate) fn completed(&mut self, replace: usize, candidates: Vec<String>) {
        match candidates.as_slice() {
            [] => {}
            [only] => {
                let space = if only.ends_with(['/', '=', ' ']) { "" } else { " " };
                self.prompt.complete(replace, &format!("{only}{space}"));
            }
            several => {
                let common = common_start(several);
                if common.len() > replace {
                    self.prompt.complete(replace, &common);
                } else {
                    self.candidates = candidates;
                }
            }
        }
    }

    /// Ctrl-C at the prompt.
    pub(crate) fn abandon(&mut self) {
        let line = format!("{}^C", self.prompt.line());
        self.write_typed(&self.prompt.text.clone(), &line);
        self.prompt.abandon();
        if let Some((_, first)) = self.unfinished.take() {
            self.prompt.text = first;
        }
        self.candidates.clear();
    }

    /// Scrolls back (`up`) or forward by a page.
    pub(crate) fn scroll_page(&mut self, up: bool) {
        self.scroll(up, PAGE);
    }

    /// Scrolls back or forward by rows.
    pub(crate) fn scroll(&mut self, up: bool, rows: usize) {
        let most = self.output.len();
        self.scrolled =
            if up { (self.scrolled + rows).min(most) } else { self.scrolled.saturating_sub(rows) };
    }

    /// Draws the pane into `area`; the cursor is set when `focused`.
    pub(crate) fn draw(&mut self, frame: &mut Frame<'_>, area: Rect, focused: bool, theme: Theme) {
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        if width == 0 || height == 0 {
            return;
        }
        if let Some(back) = &mut self.back {
            return back.draw(&self.output, frame, area, theme);
        }
        let typed = self.typed(width, theme);
        let mut rows = self.scrolled_rows(width, height.saturating_sub(typed.rows.len()));
        let top = rows.len();
        if self.scrolled == 0 || rows.len() + typed.rows.len() <= height {
            rows.extend(typed.rows);
        }
        let hidden = rows.len().saturating_sub(height);
        let visible: Vec<Line<'_>> = rows.into_iter().skip(hidden).collect();
        frame.render_widget(Text::from(visible), area);
        let row = top + typed.cursor.0;
        if focused
            && self.scrolled == 0
            && self.mode != Mode::Running
            && row >= hidden
            && row - hidden < height
        {
            let (x, y) = (area.x + typed.cursor.1 as u16, area.y + (row - hidden) as u16);
            frame.set_cursor_position(Position::new(x, y));
        }
    }

    /// The lines that a pane of that height may show: none takes less than a row.
    fn needed(&self, height: usize) -> (usize, usize) {
        let end = self.output.len().saturating_sub(self.scrolled);
        (end.saturating_sub(height.max(1)), end)
    }

    /// The last rows of the output that fit, wrapped.
    fn scrolled_rows(&self, width: usize, height: usize) -> Vec<Line<'static>> {
        let (start, end) = self.needed(height);
        let rows: Vec<Line<'static>> =
            self.output.lines(start, end).flat_map(|line| wrap(&line, width)).collect();
        let surplus = rows.len().saturating_sub(height);
        rows.into_iter().skip(surplus).collect()
    }

    /// How many lines a frame of that height looks at.
    #[cfg(test)]
    pub(crate) fn lines_looked_at(&self, height: usize) -> usize {
        let (start, end) = self.needed(height);
        end - start
    }

    /// Prompt and typed text as rows.
    fn typed(&self, width: usize, theme: Theme) -> Typed {
        if matches!(self.mode, Mode::Running | Mode::Ended) {
            return Typed::default();
        }
        let lead = match &self.prompt.search {
            Some(wanted) => format!("(reverse-i-search)`{wanted}': "),
            None => self.prompt.text.clone(),
        };
        let mut typed = Typed { rows: vec![Line::default()], cursor: (0, 0), used: 0, width };
        lead.chars().for_each(|c| typed.put(c, theme.prompt()));
        typed.mark();
        if !self.prompt.hidden {
            for (index, c) in self.prompt.line().chars().enumerate() {
                if index == self.prompt.letter() {
                    typed.mark();
                }
                if c == '\n' {
                    typed.new_row();
                    "> ".chars().for_each(|c| typed.put(c, theme.prompt()));
                } else {
                    typed.put(c, Style::new());
                }
            }
            if self.prompt.letter() >= self.prompt.line().chars().count() {
                typed.mark();
            }
        }
        for row in columns_of(&self.candidates, width) {
            typed.rows.push(Line::styled(row, theme.faint()));
        }
        typed
    }
}

/// The typed text while it is laid out.
#[derive(Default)]
struct Typed {
    rows: Vec<Line<'static>>,
    /// Row and column of the cursor.
    cursor: (usize, usize),
    used: usize,
    width: usize,
}

impl Typed {
    fn new_row(&mut self) {
        self.rows.push(Line::default());
        self.used = 0;
    }

    fn put(&mut self, c: char, style: Style) {
        let c = if c == '\t' { ' ' } else { c };
        let columns = c.width().unwrap_or(0);
        if self.used + columns > self.width {
            self.new_row();
        }
        self.used += columns;
        if let Some(row) = self.rows.last_mut() {
            match row.spans.last_mut() {
                Some(span) if span.style == style => span.content.to_mut().push(c),
                _ => row.push_span(Span::styled(c.to_string(), style)),
            }
        }
    }

    /// The cursor stands where the next letter goes.
    fn mark(&mut self) {
        if self.used >= self.width {
            self.new_row();
        }
        self.cursor = (self.rows.len() - 1, self.used);
    }
}

fn common_start(words: &[String]) -> String {
    let mut common = words.first().cloned().unwrap_or_default();
    for word in words {
        let same =
            common.chars().zip(word.chars()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
        common.truncate(same);
    }
    common
}

/// A line cut into rows of `width` columns; a wide character is never cut in two.
pub(crate) fn wrap(line: &Line<'_>, width: usize) -> Vec<Line<'static>> {
    let mut rows: Vec<Vec<Span<'static>>> = vec![Vec::new()];
    let mut used = 0;
    for span in &line.spans {
        let mut text = String::new();
        for c in span.content.chars() {
            let columns = c.width().unwrap_or(0);
            if used + columns > width {
                push(&mut rows, &mut text, span.style);
                rows.push(Vec::new());
                used = 0;
            }
            used += columns;
            text.push(c);
        }
        push(&mut rows, &mut text, span.style);
    }
    rows.into_iter().map(Line::from).collect()
}

fn push(rows: &mut [Vec<Span<'static>>], text: &mut String, style: Style) {
    if let Some(row) = rows.last_mut()
        && !text.is_empty()
    {
        row.push(Span::styled(std::mem::take(text), style));
    }
}

/// Words in columns, filled downwards as bash lists what can be completed.
fn columns_of(words: &[String], width: usize) -> Vec<String> {
    /// More would push the prompt away.
    const ROWS_MAX: usize = 8;
    if words.is_empty() {
        return Vec::new();
    }
    let cell = words.iter().map(|word| word.width()).max().unwrap_or(0) + 2;
    let across = (width / cell).max(1);
    let rows = words.len().div_ceil(across);
    let shown = rows.min(ROWS_MAX);
    let mut lines: Vec<String> = (0..shown)
        .map(|row| words.iter().skip(row).step_by(rows).map(|word| pad(word, cell)).collect::<String>())
        .map(|line| line.trim_end().to_owned())
        .collect();
    if rows > shown {
        lines.push(format!("… {} in all", words.len()));
    }
    lines
}

fn pad(word: &str, width: usize) -> String {
    format!("{word}{}", " ".repeat(width.saturating_sub(word.width())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_are_never_cut() {
        let rows = wrap(&Line::from("a가나다"), 4);
        let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
        assert_eq!(rows, ["a가", "나다"]);
    }

    #[test]
    fn candidates_fill_downwards() {
        let words: Vec<String> = ["get", "describe", "delete", "drain"].map(str::to_owned).into();
        assert_eq!(columns_of(&words, 22), ["get       delete", "describe  drain"]);
    }

    #[test]
    fn a_text_that_is_not_whole_waits_for_more_lines() {
        let mut terminal = Terminal::default();
        terminal.wait_at("$ ");
        terminal.prompt.set("cat <<EOF");
        assert_eq!((terminal.enter(), terminal.prompt.text.as_str()), (None, "> "));
        terminal.prompt.set("a");
        assert_eq!(terminal.enter(), None);
        terminal.prompt.set("EOF");
        assert_eq!(terminal.enter().as_deref(), Some("cat <<EOF\na\nEOF"));
        terminal.wait_at("$ ");
        terminal.prompt.set("if true");
        assert_eq!(terminal.enter(), None);
        terminal.abandon();
        assert_eq!(terminal.prompt.text, "$ ");
    }

    #[test]
    fn text_without_a_line_end_stays_before_the_prompt() {
        let mut terminal = Terminal::default();
        terminal.output.write(b"no newline");
        terminal.wait_at("$ ");
        assert_eq!(terminal.prompt.text, "no newline$ ");
    }
}
