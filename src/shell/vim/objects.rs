//! Text objects: `iw`, `a"`, `i(`, `ip` and their like.

use super::motion::Kind;
use super::words::class;
use super::{Editor, Pos};

impl Editor {
    /// The first and last place of an object around the cursor.
    pub(super) fn object(&self, around: bool, what: char, count: usize) -> Option<(Pos, Pos, Kind)> {
        match what {
            'w' | 'W' => Some(self.word_object(around, what == 'W', count)),
            '"' | '\'' | '`' => self.quoted_object(around, what),
            '(' | ')' | 'b' => self.bracket_object(around, '(', ')'),
            '[' | ']' => self.bracket_object(around, '[', ']'),
            '{' | '}' | 'B' => self.bracket_object(around, '{', '}'),
            '<' | '>' => self.bracket_object(around, '<', '>'),
            'p' => Some(self.paragraph_object(around)),
            _ => None,
        }
    }

    fn word_object(&self, around: bool, big: bool, count: usize) -> (Pos, Pos, Kind) {
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
        for _ in 1..count {
            end = run_end((end + 1).min(line.len().saturating_sub(1)));
        }
        if around {
            let blank_behind = of(end + 1) == Some(0);
            if kind == Some(0) || blank_behind {
                end = run_end((end + 1).min(line.len().saturating_sub(1)));
            } else {
                start = (0..start).rev().take_while(|at| of(*at) == Some(0)).last().unwrap_or(start);
            }
        }
        let row = self.cursor.row;
        (Pos { row, col: start }, Pos { row, col: end }, Kind::Inclusive)
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

    fn bracket_object(&self, around: bool, open: char, close: char) -> Option<(Pos, Pos, Kind)> {
        let start = match self.buffer.at(self.cursor) {
            Some(c) if c == open => self.cursor,
            Some(c) if c == close => self.pair(self.cursor, open, close, false)?,
            _ => self.enclosing(open, close).or_else(|| self.next_open(open))?,
        };
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

    fn enclosing(&self, open: char, close: char) -> Option<Pos> {
        let mut depth = 0;
        for row in (0..=self.cursor.row).rev() {
            let line = self.buffer.line(row);
            let end = if row == self.cursor.row { self.cursor.col } else { line.len() };
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

    fn paragraph_object(&self, around: bool) -> (Pos, Pos, Kind) {
        let empty = |row: usize| self.buffer.string(row).trim().is_empty();
        let kind = empty(self.cursor.row);
        let mut from = self.cursor.row;
        while from > 0 && empty(from - 1) == kind {
            from -= 1;
        }
        let mut to = self.cursor.row;
        while to < self.buffer.last_row() && empty(to + 1) == kind {
            to += 1;
        }
        while around && to < self.buffer.last_row() && empty(to + 1) != kind {
            to += 1;
        }
        (Pos { row: from, col: 0 }, Pos { row: to, col: 0 }, Kind::Linewise)
    }
}
