//! The lines of a text. Line ends are not part of them; there is always one line.

use std::sync::Arc;

use unicode_width::UnicodeWidthChar;

use super::Pos;

pub(super) type Line = Arc<Vec<char>>;

#[derive(Clone, Debug)]
pub(super) struct Text {
    lines: Vec<Line>,
    /// Lines that `:global` has still to visit.
    marked: Vec<bool>,
    /// True when there is not even an empty line: a file of no bytes.
    none: bool,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let mut lines: Vec<Line> = text.split('\n').map(|line| Arc::new(line.chars().collect())).collect();
        if text.ends_with('\n') {
            lines.pop();
        }
        Self { marked: vec![false; lines.len()], lines, none: text.is_empty() }
    }

    pub(super) fn string(&self) -> String {
        if self.none { String::new() } else { self.rows_string(0, self.last()) }
    }

    /// Rows from and to, each with its line end.
    pub(super) fn rows_string(&self, from: usize, to: usize) -> String {
        let lines = self.lines.get(from..=to.min(self.last())).unwrap_or_default();
        lines.iter().flat_map(|line| line.iter().copied().chain(['\n'])).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.lines.len()
    }

    /// The last row.
    pub(super) fn last(&self) -> usize {
        self.lines.len().saturating_sub(1)
    }

    pub(super) fn line(&self, row: usize) -> &[char] {
        self.lines.get(row).map(|line| line.as_slice()).unwrap_or_default()
    }

    pub(super) fn kept(&self, row: usize) -> Line {
        self.lines.get(row).cloned().unwrap_or_default()
    }

    pub(super) fn len(&self, row: usize) -> usize {
        self.line(row).len()
    }

    pub(super) fn at(&self, pos: Pos) -> Option<char> {
        self.line(pos.row).get(pos.col).copied()
    }

    pub(super) fn is_none(&self) -> bool {
        self.none
    }

    pub(super) fn set_none(&mut self, none: bool) {
        self.none = none && self.lines.len() == 1 && self.len(0) == 0;
    }

    pub(super) fn line_mut(&mut self, row: usize) -> &mut Vec<char> {
        self.none = false;
        let row = row.min(self.last());
        Arc::make_mut(&mut self.lines[row])
    }

    pub(super) fn set(&mut self, row: usize, line: Line) {
        self.none = false;
        if let Some(old) = self.lines.get_mut(row) {
            *old = line;
        }
    }

    /// Puts a line before the one at `row`; in a text of nothing it is the only one.
    pub(super) fn insert(&mut self, row: usize, line: Line) {
        if std::mem::take(&mut self.none) {
            self.lines.clear();
            self.marked.clear();
        }
        self.lines.insert(row.min(self.lines.len()), line);
        self.marked.insert(row.min(self.marked.len()), false);
    }

    pub(super) fn remove(&mut self, row: usize) {
        if row < self.lines.len() {
            self.lines.remove(row);
            self.marked.remove(row);
        }
        if self.lines.is_empty() {
            self.lines.push(Line::default());
            self.marked.push(false);
            self.none = true;
        }
    }

    pub(super) fn mark(&mut self, row: usize, marked: bool) {
        if let Some(mark) = self.marked.get_mut(row) {
            *mark = marked;
        }
    }

    pub(super) fn next_marked(&self, from: usize) -> Option<usize> {
        (from..self.marked.len()).find(|row| self.marked[*row])
    }

    pub(super) fn unmark(&mut self) {
        self.marked.iter_mut().for_each(|mark| *mark = false);
    }

    /// How many letters of blanks a line begins with.
    pub(super) fn blanks(&self, row: usize) -> usize {
        self.line(row).iter().take_while(|c| is_blank(**c)).count()
    }
}

/// A blank or a tab: other spaces are letters to vim.
pub(super) fn is_blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

/// Columns that a letter takes at a column.
pub(super) fn width(c: char, column: usize, tabstop: usize) -> usize {
    match c {
        '\t' => tabstop - column % tabstop,
        '\u{80}'..='\u{9f}' => 4,
        c if c.is_control() => 2,
        c => c.width().unwrap_or(1),
    }
}

/// Columns before the letter at `col`.
pub(super) fn columns(line: &[char], col: usize, tabstop: usize) -> usize {
    line.iter().take(col).fold(0, |column, c| column + width(*c, column, tabstop))
}
