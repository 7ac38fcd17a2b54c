//! The terminal pane: what scrolled by, and the line below it.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span, Text};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::ansi::Output;
use super::prompt::Prompt;
use super::theme::Theme;

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

impl Terminal {
    /// The shell waits at `prompt`.
    pub(crate) fn wait_at(&mut self, prompt: &str) {
        self.mode = Mode::Prompt;
        // A command that ends without a line end leaves its text before the prompt, as in bash.
        let before = self.output.take_unfinished();
        self.prompt.text = format!("{before}{prompt}");
        self.prompt.hidden = false;
    }

    /// A program asks for a line.
    pub(crate) fn ask(&mut self, prompt: &str, hidden: bool) {
        self.wait_at(prompt);
        self.mode = Mode::Asking;
        self.prompt.hidden = hidden;
    }

    /// Enter was pressed: the line goes up into the output.
    pub(crate) fn enter(&mut self) -> String {
        let hidden = self.prompt.hidden;
        let text = std::mem::take(&mut self.prompt.text);
        let line = self.prompt.take();
        let shown = if hidden { "" } else { line.as_str() };
        self.output.write_line(&format!("{text}{shown}"), Style::new());
        self.mode = Mode::Running;
        self.scrolled = 0;
        self.candidates.clear();
        line
    }

    /// Ctrl-C at the prompt.
    pub(crate) fn abandon(&mut self) {
        let shown = format!("{}{}^C", self.prompt.text, self.prompt.line());
        self.output.write_line(&shown, Style::new());
        self.prompt.abandon();
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
    pub(crate) fn draw(&self, frame: &mut Frame<'_>, area: Rect, focused: bool, theme: Theme) {
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        if width == 0 || height == 0 {
            return;
        }
        let (typed, cursor) = self.typed_rows(width, theme);
        let mut rows = self.scrolled_rows(width, height.saturating_sub(typed.len()));
        let top = rows.len();
        if self.scrolled == 0 || rows.len() + typed.len() <= height {
            rows.extend(typed);
        }
        let hidden = rows.len().saturating_sub(height);
        let visible: Vec<Line<'_>> = rows.into_iter().skip(hidden).collect();
        frame.render_widget(Text::from(visible), area);
        let (column, row) = (cursor % width, top + cursor / width);
        if focused && self.scrolled == 0 && self.mode != Mode::Running && row >= hidden {
            let (x, y) = (area.x + column as u16, area.y + (row - hidden) as u16);
            frame.set_cursor_position(Position::new(x, y));
        }
    }

    /// The last rows of the output that fit, wrapped.
    fn scrolled_rows(&self, width: usize, height: usize) -> Vec<Line<'static>> {
        let end = self.output.len().saturating_sub(self.scrolled);
        // No line takes less than a row, so no more than `height` lines are needed.
        let start = end.saturating_sub(height.max(1));
        let rows: Vec<Line<'static>> =
            self.output.lines(start, end).flat_map(|line| wrap(&line, width)).collect();
        let surplus = rows.len().saturating_sub(height);
        rows.into_iter().skip(surplus).collect()
    }

    /// Prompt and typed line as rows, and where the cursor is in them, in columns from their start.
    fn typed_rows(&self, width: usize, theme: Theme) -> (Vec<Line<'static>>, usize) {
        if matches!(self.mode, Mode::Running | Mode::Ended) {
            return (Vec::new(), 0);
        }
        let (text, line) = (self.prompt.text.clone(), self.prompt.line().to_owned());
        let lead = match &self.prompt.search {
            Some(wanted) => format!("(reverse-i-search)`{wanted}': "),
            None => text,
        };
        let shown = if self.prompt.hidden { String::new() } else { line };
        let cursor = if self.prompt.hidden { lead.width() } else { lead.width() + self.prompt.column() };
        let whole = Line::from(vec![Span::styled(lead, prompt_style(theme)), Span::raw(shown)]);
        let mut rows = wrap(&whole, width);
        if cursor > 0 && cursor.is_multiple_of(width) && cursor / width >= rows.len() {
            rows.push(Line::default());
        }
        for row in columns_of(&self.candidates, width) {
            rows.push(Line::styled(row, theme.faint()));
        }
        (rows, cursor)
    }
}

fn prompt_style(theme: Theme) -> Style {
    if theme.color { Style::new().fg(ratatui::style::Color::Green) } else { Style::new() }
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
    fn text_without_a_line_end_stays_before_the_prompt() {
        let mut terminal = Terminal::default();
        terminal.output.write(b"no newline");
        terminal.wait_at("$ ");
        assert_eq!(terminal.prompt.text, "no newline$ ");
    }
}
