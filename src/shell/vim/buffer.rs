//! The text of the editor, and what it was before.

use super::Pos;

/// Undo steps that are kept.
const UNDO_MAX: usize = 1000;

type Line = Vec<char>;

#[derive(Clone, Debug)]
pub(super) struct Buffer {
    /// Never empty.
    pub(super) lines: Vec<Line>,
    /// True when there is not even an empty line: a file of no bytes.
    none: bool,
    undo: Vec<(Vec<Line>, bool, Pos)>,
    redo: Vec<(Vec<Line>, bool, Pos)>,
}

impl Buffer {
    pub(super) fn new(text: &str) -> Self {
        let mut lines: Vec<Line> = text.split('\n').map(|line| line.chars().collect()).collect();
        if text.ends_with('\n') {
            lines.pop();
        }
        Self { lines, none: text.is_empty(), undo: Vec::new(), redo: Vec::new() }
    }

    pub(super) fn text(&self) -> String {
        if self.none && self.lines.iter().all(Vec::is_empty) && self.lines.len() == 1 {
            return String::new();
        }
        self.range_text(0, self.lines.len().saturating_sub(1))
    }

    /// Lines from and to, both counted from 0, each with its newline.
    pub(super) fn range_text(&self, from: usize, to: usize) -> String {
        let lines = self.lines.get(from..=to.min(self.lines.len().saturating_sub(1))).unwrap_or_default();
        lines.iter().flat_map(|line| line.iter().copied().chain(['\n'])).collect()
    }

    pub(super) fn line(&self, row: usize) -> &[char] {
        self.lines.get(row).map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn line_mut(&mut self, row: usize) -> &mut Line {
        self.none = false;
        let last = self.lines.len().saturating_sub(1);
        if self.lines.is_empty() {
            self.lines.push(Line::new());
        }
        &mut self.lines[row.min(last)]
    }

    pub(super) fn string(&self, row: usize) -> String {
        self.line(row).iter().collect()
    }

    pub(super) fn len(&self, row: usize) -> usize {
        self.line(row).len()
    }

    pub(super) fn at(&self, pos: Pos) -> Option<char> {
        self.line(pos.row).get(pos.col).copied()
    }

    pub(super) fn last_row(&self) -> usize {
        self.lines.len().saturating_sub(1)
    }

    /// The column of the first letter that is no blank; the last column when there is none.
    pub(super) fn indent(&self, row: usize) -> usize {
        let line = self.line(row);
        line.iter().position(|c| !c.is_whitespace()).unwrap_or(line.len().saturating_sub(1))
    }

    pub(super) fn remember(&mut self, cursor: Pos) {
        self.undo.push((self.lines.clone(), self.none, cursor));
        if self.undo.len() > UNDO_MAX {
            self.undo.remove(0);
        }
        self.redo.clear();
    }

    /// Drops the last step when it changed nothing.
    pub(super) fn forget_if_same(&mut self) {
        if self.undo.last().is_some_and(|(lines, ..)| *lines == self.lines) {
            self.undo.pop();
        }
    }

    /// Goes back a step; gives where the cursor was.
    pub(super) fn undo(&mut self, cursor: Pos) -> Option<Pos> {
        let (lines, none, before) = self.undo.pop()?;
        self.redo.push((std::mem::replace(&mut self.lines, lines), self.none, cursor));
        self.none = none;
        Some(before)
    }

    pub(super) fn redo(&mut self, cursor: Pos) -> Option<Pos> {
        let (lines, none, after) = self.redo.pop()?;
        self.undo.push((std::mem::replace(&mut self.lines, lines), self.none, cursor));
        self.none = none;
        Some(after)
    }

    /// Puts lines before the one at `row`.
    pub(super) fn insert(&mut self, row: usize, lines: Vec<Line>) {
        let row = row.min(self.lines.len());
        if self.none && self.lines.len() == 1 && self.len(0) == 0 {
            self.lines = lines;
        } else {
            self.lines.splice(row..row, lines);
        }
        self.none = false;
    }

    /// Takes lines out, from and to; gives them.
    pub(super) fn remove(&mut self, from: usize, to: usize) -> Vec<Line> {
        let end = (to + 1).min(self.lines.len());
        if from >= end {
            return Vec::new();
        }
        let gone: Vec<Line> = self.lines.drain(from..end).collect();
        if self.lines.is_empty() {
            self.lines.push(Line::new());
            self.none = true;
        }
        gone
    }

    /// Puts lines in place of others.
    pub(super) fn replace(&mut self, from: usize, to: usize, lines: Vec<Line>) {
        self.remove(from, to);
        if !lines.is_empty() {
            self.insert(from, lines);
        }
    }

    /// Takes the letters between two places out; `end` is not among them. Gives them, cut at lines.
    pub(super) fn cut(&mut self, start: Pos, end: Pos) -> Vec<String> {
        let text = self.copy(start, end);
        let tail: Line = self.line(end.row).iter().skip(end.col).copied().collect();
        let head = self.line_mut(start.row);
        head.truncate(start.col);
        head.extend(tail);
        if end.row > start.row {
            self.remove(start.row + 1, end.row);
        }
        text
    }

    /// The letters between two places, cut at lines.
    pub(super) fn copy(&self, start: Pos, end: Pos) -> Vec<String> {
        (start.row..=end.row)
            .map(|row| {
                let from = if row == start.row { start.col } else { 0 };
                let to = if row == end.row { end.col } else { usize::MAX };
                self.line(row).iter().take(to).skip(from).collect()
            })
            .collect()
    }

    /// Puts text at a place; gives the place behind it.
    pub(super) fn put(&mut self, at: Pos, text: &[String]) -> Pos {
        let line = self.line_mut(at.row);
        let tail: Line = line.split_off(at.col.min(line.len()));
        let mut end = at;
        for (index, part) in text.iter().enumerate() {
            if index > 0 {
                end = Pos { row: end.row + 1, col: 0 };
                self.lines.insert(end.row.min(self.lines.len()), Line::new());
            }
            self.line_mut(end.row).extend(part.chars());
            end.col += part.chars().count();
        }
        self.line_mut(end.row).extend(tail);
        end
    }
}
