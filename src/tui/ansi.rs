//! Bytes of programs as styled lines. Escape sequences other than color, erase and clear do nothing, so
//! that no program and no pack can take the real terminal over.

use std::collections::VecDeque;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthChar;
use vte::{Params, Parser, Perform};

/// Lines that scrolled by, newest last; the last one is still written to.
#[derive(Default)]
pub(crate) struct Output {
    parser: Parser,
    page: Page,
}

/// Lines beyond this are forgotten, oldest first.
const LINES_MAX: usize = 20_000;

/// Distance of tab stops.
const TAB: usize = 8;

/// Stands behind a wide character, for its second column.
const SECOND: char = '\0';

type Row = Vec<(char, Style)>;

#[derive(Default)]
struct Page {
    lines: VecDeque<Row>,
    style: Style,
    /// The column of the last line where the next character goes.
    column: usize,
    /// What stood here before a program took the whole screen.
    before: Option<VecDeque<Row>>,
}

impl Output {
    /// Takes in what a program wrote.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.parser.advance(&mut self.page, bytes);
        self.forget();
    }

    /// Takes in a line of our own and ends it.
    pub(crate) fn write_line(&mut self, text: &str, style: Style) {
        self.fresh_line();
        let row = self.page.row();
        row.extend(text.chars().map(|c| (c, style)));
        self.page.new_line();
        self.forget();
    }

    fn forget(&mut self) {
        let surplus = self.page.lines.len().saturating_sub(LINES_MAX);
        self.page.lines.drain(..surplus);
    }

    /// Goes to a new line unless the last one is empty.
    pub(crate) fn fresh_line(&mut self) {
        if self.page.column > 0 {
            self.page.new_line();
        }
    }

    /// What stands in the unfinished last line, taken out of it.
    pub(crate) fn take_unfinished(&mut self) -> String {
        self.page.column = 0;
        let row = self.page.row();
        letters(&std::mem::take(row))
    }

    /// True while a program has the whole screen.
    pub(crate) fn is_whole_screen(&self) -> bool {
        self.page.before.is_some()
    }

    /// Gives back what stood here before a program took the whole screen.
    pub(crate) fn leave_whole_screen(&mut self) {
        if self.page.before.is_some() {
            self.page.whole_screen(false);
        }
    }

    /// Forgets everything, as `clear` does.
    pub(crate) fn clear(&mut self) {
        self.page.lines.clear();
        self.page.column = 0;
    }

    /// How many finished lines there are.
    pub(crate) fn len(&self) -> usize {
        self.page.lines.len().saturating_sub(usize::from(self.page.column == 0))
    }

    /// Finished lines `from..to`, styled.
    pub(crate) fn lines(&self, from: usize, to: usize) -> impl Iterator<Item = Line<'static>> {
        let to = to.min(self.len());
        self.page.lines.range(from.min(to)..to).map(|row| styled(row))
    }

    /// The text of a finished line.
    pub(crate) fn text(&self, row: usize) -> String {
        self.page.lines.get(row).map_or_else(String::new, |row| letters(row))
    }
}

fn letters(row: &[(char, Style)]) -> String {
    row.iter().map(|(c, _)| *c).filter(|c| *c != SECOND).collect()
}

/// Runs of one style as spans.
fn styled(row: &[(char, Style)]) -> Line<'static> {
    let runs = row.chunk_by(|a, b| a.1 == b.1);
    Line::from_iter(runs.map(|run| {
        let text = letters(run);
        Span::styled(text, run.first().map_or(Style::new(), |(_, style)| *style))
    }))
}

impl Page {
    fn row(&mut self) -> &mut Vec<(char, Style)> {
        if self.lines.is_empty() {
            self.lines.push_back(Vec::new());
        }
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    fn new_line(&mut self) {
        let _ = self.row();
        self.lines.push_back(Vec::new());
        self.column = 0;
    }

    fn put(&mut self, c: char) {
        let (column, style) = (self.column, self.style);
        let width = c.width().unwrap_or(0);
        let row = self.row();
        if row.len() < column {
            row.resize(column, (' ', Style::new()));
        }
        if width == 0 {
            // A mark belongs to the letter before it.
            row.insert(column, (c, style));
            self.column += 1;
            return;
        }
        for (at, c) in [c, SECOND].into_iter().take(width).enumerate() {
            match row.get_mut(column + at) {
                Some(cell) => *cell = (c, style),
                None => row.push((c, style)),
            }
        }
        self.column += width;
    }

    /// A program takes the whole screen, or gives it back.
    fn whole_screen(&mut self, takes: bool) {
        if takes && self.before.is_none() {
            self.before = Some(std::mem::take(&mut self.lines));
        } else if !takes && let Some(before) = self.before.take() {
            self.lines = before;
        }
        self.column = self.lines.back().map_or(0, Vec::len);
    }

    fn select(&mut self, params: &Params) {
        for param in params {
            self.style = match param.first().copied().unwrap_or(0) {
                0 => Style::new(),
                1 => self.style.add_modifier(Modifier::BOLD),
                2 => self.style.add_modifier(Modifier::DIM),
                3 => self.style.add_modifier(Modifier::ITALIC),
                4 => self.style.add_modifier(Modifier::UNDERLINED),
                7 => self.style.add_modifier(Modifier::REVERSED),
                22 => self.style.remove_modifier(Modifier::BOLD | Modifier::DIM),
                27 => self.style.remove_modifier(Modifier::REVERSED),
                code @ 30..=37 => self.style.fg(Color::Indexed((code - 30) as u8)),
                39 => self.style.fg(Color::Reset),
                code @ 40..=47 => self.style.bg(Color::Indexed((code - 40) as u8)),
                49 => self.style.bg(Color::Reset),
                code @ 90..=97 => self.style.fg(Color::Indexed((code - 82) as u8)),
                _ => self.style,
            };
        }
    }
}

impl Perform for Page {
    fn print(&mut self, c: char) {
        self.put(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => self.new_line(),
            b'\r' => self.column = 0,
            8 => self.column = self.column.saturating_sub(1),
            b'\t' => {
                let stop = (self.column / TAB + 1) * TAB;
                while self.column < stop {
                    self.put(' ');
                }
            }
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _ignore: bool, action: char) {
        let first = params.iter().next().and_then(|param| param.first().copied()).unwrap_or(0);
        match action {
            'm' => self.select(params),
            'h' | 'l' if intermediates == b"?" && first == 1049 => self.whole_screen(action == 'h'),
            'K' => {
                let column = self.column;
                self.row().truncate(column);
            }
            'J' if first >= 2 => {
                self.lines.clear();
                self.column = 0;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, want: &[&str]) {
        let mut output = Output::default();
        output.write(bytes.as_bytes());
        output.fresh_line();
        let lines: Vec<String> = output.lines(0, output.len()).map(|line| line.to_string()).collect();
        assert_eq!(lines, want);
    }

    #[test]
    fn carriage_returns_tabs_and_erasing_work() {
        check("one\ntwo\r\n", &["one", "two"]);
        check("10%\r100%\n", &["100%"]);
        check("a\tb\n", &["a       b"]);
        check("abcdef\rab\x1b[K\n", &["ab"]);
        check("gone\n\x1b[H\x1b[2Jhere\n", &["here"]);
        check("kept\n\x1b[?1049hall\n\x1b[?1049l", &["kept"]);
        check("가나\rxx\n", &["xx나"]);
        check("가\tb\n", &["가      b"]);
    }

    #[test]
    fn no_escape_sequence_gets_through() {
        check("\x1b]0;title\x07a\x1b[?25hb\x1bPq\x1b\\c\n", &["abc"]);
    }

    #[test]
    fn colors_become_styles() {
        let mut output = Output::default();
        output.write(b"\x1b[31mred\x1b[0m plain\n");
        let line = output.lines(0, 1).next().unwrap();
        assert_eq!(line.spans[0].style.fg, Some(Color::Indexed(1)));
        assert_eq!(line.spans[1].style, Style::new());
    }
}
