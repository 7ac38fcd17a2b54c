//! Text objects: `iw`, `a"`, `i(`, `ip` and their like.

use super::motion::Kind;
use super::words::class;
use super::{Editor, Pos};

impl Editor {
    /// The first and last place of an object around the cursor.
    pub(super) fn object(&self, around: bool, what: char, count: usize) -> Option<(Pos, Pos, Kind)> {
        match what {
            'w' | 'W' => self.word_object(around, what == 'W', count),
            '"' | '\'' | '`' => self.quoted_object(around, what),
            '(' | ')' | 'b' => self.bracket_object(around, ('(', ')'), count),
            '[' | ']' => self.bracket_object(around, ('[', ']'), count),
            '{' | '}' | 'B' => self.bracket_object(around, ('{', '}'), count),
            '<' | '>' => self.bracket_object(around, ('<', '>'), count),
            'p' => self.paragraph_object(around, count),
            _ => None,
        }
    }

    /// Words and the blanks between them on one line; `None` when there are not so many.
    fn word_object(&self, around: bool, big: bool, count: usize) -> Option<(Pos, Pos, Kind)> {
        let line = self.buffer.line(self.cursor.row);
        let of = |col: usize| line.get(col).map(|c| class(*c, big));
        let run_end = |from: usize| {
            let kind = of(from);
            (from..line.len()).take_while(|col| of(*col) == kind).last().unwrap_or(from)
        };
        let col = self.cursor.col.min(line.len().saturating_sub(1));
        let kind = of(col);
        let mut start = (0..=col).rev().take_while(|at| of(*at) == kind).last().unwrap_or(col);
        let mut end = run_end(col);
        let on_blank = kind == Some(0);
        let next = |end: usize| (end + 1 < line.len()).then(|| run_end(end + 1));
        for index in 1..=count {
            if index > 1 {
                end = next(end)?;
            }
            // Blanks behind the last word may be missing: those before the first are taken then.
            let blank_behind = of(end + 1) == Some(0);
            if around && on_blank {
                end = next(end)?;
            } else if around && blank_behind {
                end = run_end(end + 1);
            } else if around && index == count {
                start = (0..start).rev().take_while(|at| of(*at) == Some(0)).last().unwrap_or(start);
            }
        }
        let row = self.cursor.row;
        Some((Pos { row, col: start }, Pos { row, col: end }, Kind::Inclusive))
    }

    fn quoted_object(&self, around: bool, quote: char) -> Option<(Pos, Pos, Kind)> {
        let line = self.buffer.line(self.cursor.row);
        let is_quote =
            |col: &usize| line.get(*col) == Some(&quote) && (*col == 0 || line.get(col - 1) != Some(&'\\'));
        let quotes: Vec<usize> = (0..line.len()).filter(is_quote).collect();
        let pair =
            quotes.chunks_exact(2).find(|pair| pair.get(1).is_some_and(|end| *end >= self.cursor.col))?;
        let [open, close] = *pair else { return None };
        let row = self.cursor.row;
        let at = |col: usize| Pos { row, col };
        if around {
            let blanks = line.iter().skip(close + 1).take_while(|c| c.is_whitespace()).count();
            return Some((at(open), at(close + blanks), Kind::Inclusive));
        }
        if open + 1 == close {
            // Nothing stands between: an empty region.
            return Some((at(close), at(close), Kind::Exclusive));
        }
        Some((at(open + 1), at(close - 1), Kind::Inclusive))
    }

    fn bracket_object(
        &self,
        around: bool,
        (open, close): (char, char),
        count: usize,
    ) -> Option<(Pos, Pos, Kind)> {
        let mut start = match self.buffer.at(self.cursor) {
            Some(c) if c == open => self.cursor,
            Some(c) if c == close => self.pair(self.cursor, open, close, false)?,
            _ => self.enclosing(self.cursor, open, close).or_else(|| self.next_open(open))?,
        };
        for _ in 1..count {
            start = self.enclosing(start, open, close)?;
        }
        let end = self.pair(start, open, close, true)?;
        if around {
            return Some((start, end, Kind::Inclusive));
        }
        let first = Pos { col: start.col + 1, ..start };
        if first == end {
            return Some((end, end, Kind::Exclusive));
        }
        if end.col == 0 && end.row > start.row {
            let row = end.row - 1;
            return Some((first, Pos { row, col: self.buffer.len(row).saturating_sub(1) }, Kind::Inclusive));
        }
        Some((first, Pos { col: end.col.saturating_sub(1), ..end }, Kind::Inclusive))
    }

    /// The next bracket that opens, when none is around the cursor.
    fn next_open(&self, open: char) -> Option<Pos> {
        (self.cursor.row..=self.buffer.last_row()).find_map(|row| {
            let skip = if row == self.cursor.row { self.cursor.col } else { 0 };
            let col = self.buffer.line(row).iter().skip(skip).position(|c| *c == open)?;
            Some(Pos { row, col: skip + col })
        })
    }

    fn enclosing(&self, from: Pos, open: char, close: char) -> Option<Pos> {
        let mut depth = 0;
        for row in (0..=from.row).rev() {
            let line = self.buffer.line(row);
            let end = if row == from.row { from.col } else { line.len() };
            for (col, c) in line.iter().enumerate().take(end).rev() {
                if *c == close {
                    depth += 1;
                } else if *c == open && depth == 0 {
                    return Some(Pos { row, col });
                } else if *c == open {
                    depth -= 1;
                }
            }
        }
        None
    }

    fn paragraph_object(&self, around: bool, count: usize) -> Option<(Pos, Pos, Kind)> {
        let empty = |row: usize| self.buffer.string(row).trim().is_empty();
        let last = self.buffer.last_row();
        // The last line of the run of lines, blank or not, that one is in.
        let run_end =
            |row: usize| (row..=last).take_while(|it| empty(*it) == empty(row)).last().unwrap_or(row);
        let kind = empty(self.cursor.row);
        let start =
            |row: usize| (0..=row).rev().take_while(|it| empty(*it) == empty(row)).last().unwrap_or(row);
        let mut from = start(self.cursor.row);
        let mut to = run_end(self.cursor.row);
        let runs = if around { count * 2 } else { count };
        for run in 1..runs {
            if to < last {
                to = run_end(to + 1);
            } else if around && run + 1 == runs && !kind && from > 0 {
                // At the end of the text the blank lines before belong to it.
                from = start(from - 1);
            } else if !around || run + 1 < runs || kind {
                return None;
            }
        }
        Some((Pos { row: from, col: 0 }, Pos { row: to, col: 0 }, Kind::Linewise))
    }
}
