//! Where motions lead.

use super::parse::Motion;
use super::{Editor, Mode, Pos, words};

/// What an operator takes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Up to, not with, the place.
    Exclusive,
    /// With the place.
    Inclusive,
    /// Whole lines.
    Linewise,
}

/// Motions that fail when they lead nowhere.
const STEPS: &[&str] = &["h", "l", "w", "W", "b", "B", "e", "E", "ge", "gE", "{", "}"];

impl Editor {
    /// Moves the cursor; nothing happens when the motion leads nowhere.
    pub(super) fn move_by(&mut self, motion: &Motion, count: Option<usize>) {
        let Some((to, _)) = self.target_of(motion, count) else {
            self.failed = true;
            return;
        };
        let from = self.cursor;
        let keeps_aim = matches!(
            motion.key.as_str(),
            "j" | "k" | "gj" | "gk" | "\u{f700}" | "\u{f701}" | "\x0e" | "\x10"
        );
        if matches!(motion.key.as_str(), "G" | "gg" | "n" | "N" | "*" | "#" | "%" | "{" | "}") {
            self.marks.insert('\'', self.cursor);
        }
        self.cursor = to;
        self.clamp();
        self.failed |= self.cursor == from && STEPS.contains(&motion.key.as_str());
        if motion.key == "$" || motion.key == "\u{f705}" {
            self.aim = usize::MAX;
        } else if !keeps_aim {
            self.aim = self.cursor.col;
        }
    }

    /// Where a motion leads, and what an operator takes along.
    pub(super) fn target_of(&mut self, motion: &Motion, count: Option<usize>) -> Option<(Pos, Kind)> {
        let times = count.unwrap_or(1);
        let key = motion.key.as_str();
        match key {
            "h" | "l" | " " | "\x08" | "\x7f" | "\u{f702}" | "\u{f703}" => self.sideways(key, times),
            "j" | "gj" | "\u{f701}" | "\x0e" => self.vertical(true, times),
            "k" | "gk" | "\u{f700}" | "\x10" => self.vertical(false, times),
            "+" | "\n" => self.line_start(self.cursor.row.checked_add(times)?),
            "-" => self.line_start(self.cursor.row.checked_sub(times)?),
            "_" => self.line_start(self.cursor.row + times - 1),
            "w" | "W" | "b" | "B" | "e" | "E" | "ge" | "gE" => Some(self.wordwise(key, times)),
            "0" | "g0" | "\u{f704}" => Some((Pos { col: 0, ..self.cursor }, Kind::Exclusive)),
            "^" => Some((Pos { col: self.buffer.indent(self.cursor.row), ..self.cursor }, Kind::Exclusive)),
            "$" | "g$" | "\u{f705}" => self.line_end(times),
            "g_" => {
                let row = self.cursor.row + times - 1;
                let line = (row <= self.buffer.last_row()).then(|| self.buffer.line(row))?;
                let last = line.iter().rposition(|c| !c.is_whitespace()).unwrap_or(0);
                Some((Pos { row, col: last }, Kind::Inclusive))
            }
            "|" => {
                let last = self.buffer.len(self.cursor.row).saturating_sub(1);
                Some((Pos { col: (times - 1).min(last), ..self.cursor }, Kind::Exclusive))
            }
            "gg" => self.line_start(times - 1),
            "G" => self.line_start(count.map_or(self.buffer.last_row(), |count| count.saturating_sub(1))),
            "H" => self.line_start(times - 1),
            "M" => self.line_start(self.buffer.last_row() / 2),
            "L" => self.line_start(self.buffer.last_row().saturating_sub(times - 1)),
            "{" | "}" => self.paragraph(key == "}", times).map(|pos| (pos, Kind::Exclusive)),
            "(" | ")" => self.paragraph(key == ")", times).map(|pos| (pos, Kind::Exclusive)),
            // With a count it is a share of the text in percent.
            "%" if count.is_some_and(|count| count <= 100) => {
                self.line_start(((times * (self.buffer.last_row() + 1)).div_ceil(100)).saturating_sub(1))
            }
            "%" if count.is_some() => None,
            "%" => self.matching().map(|pos| (pos, Kind::Inclusive)),
            "f" | "F" | "t" | "T" => {
                let (kind, letter) = (key.chars().next()?, motion.letter?);
                self.find = Some((kind, letter));
                self.find_letter(kind, letter, times, false)
            }
            ";" | "," => self.find_again(key == ",", times),
            "'" | "`" => self.to_mark(key == "'", motion.letter?),
            "n" | "N" | "*" | "#" => self.search_motion(key, times).map(|pos| (pos, Kind::Exclusive)),
            _ => None,
        }
    }

    fn sideways(&self, key: &str, times: usize) -> Option<(Pos, Kind)> {
        let Pos { row, col } = self.cursor;
        let wraps = matches!(key, " " | "\x08" | "\x7f");
        let right = matches!(key, "l" | " " | "\u{f703}");
        if right {
            let len = self.buffer.len(row);
            if wraps && col + times >= len && row < self.buffer.last_row() {
                return Some((Pos { row: row + 1, col: 0 }, Kind::Exclusive));
            }
            return Some((Pos { row, col: (col + times).min(len) }, Kind::Exclusive));
        }
        if wraps && col == 0 && row > 0 {
            return Some((Pos { row: row - 1, col: self.buffer.len(row - 1) }, Kind::Exclusive));
        }
        Some((Pos { row, col: col.saturating_sub(times) }, Kind::Exclusive))
    }

    fn vertical(&self, down: bool, times: usize) -> Option<(Pos, Kind)> {
        let last = self.buffer.last_row();
        let row = if down {
            (self.cursor.row < last).then(|| self.cursor.row.saturating_add(times).min(last))?
        } else {
            (self.cursor.row > 0).then(|| self.cursor.row.saturating_sub(times))?
        };
        // In visual mode the end of a line may be chosen too.
        let behind = usize::from(!matches!(self.mode, Mode::Visual(_)));
        let col = self.aim.min(self.buffer.len(row).saturating_sub(behind));
        Some((Pos { row, col }, Kind::Linewise))
    }

    fn line_start(&self, row: usize) -> Option<(Pos, Kind)> {
        let row = row.min(self.buffer.last_row());
        Some((Pos { row, col: self.buffer.indent(row) }, Kind::Linewise))
    }

    fn line_end(&self, times: usize) -> Option<(Pos, Kind)> {
        let row = self.cursor.row + times - 1;
        if row > self.buffer.last_row() {
            return None;
        }
        Some((Pos { row, col: self.buffer.len(row).saturating_sub(1) }, Kind::Inclusive))
    }

    fn wordwise(&self, key: &str, times: usize) -> (Pos, Kind) {
        let step = match key.trim_start_matches('g') {
            "w" | "W" => words::forward,
            "b" | "B" => words::backward,
            _ if key.starts_with('g') => words::end_backward,
            _ => words::end,
        };
        let big = key.ends_with(char::is_uppercase);
        let mut pos = self.cursor;
        for _ in 0..times {
            let to = step(&self.buffer, pos, big);
            if to == pos {
                break;
            }
            pos = to;
        }
        let inclusive = key.ends_with(['e', 'E']);
        (pos, if inclusive { Kind::Inclusive } else { Kind::Exclusive })
    }

    /// The next or last empty line; the end or start of the text when there is none. `None` when there are not so
    /// many.
    fn paragraph(&self, forward: bool, times: usize) -> Option<Pos> {
        let mut row = self.cursor.row;
        for _ in 0..times {
            let border = if forward { self.buffer.last_row() } else { 0 };
            if row == border && row != self.cursor.row {
                return None;
            }
            let empty = |row: usize| self.buffer.len(row) == 0;
            if forward {
                while row < self.buffer.last_row() && empty(row) {
                    row += 1;
                }
                while row < self.buffer.last_row() && !empty(row) {
                    row += 1;
                }
            } else {
                while row > 0 && empty(row) {
                    row -= 1;
                }
                while row > 0 && !empty(row) {
                    row -= 1;
                }
            }
        }
        let at_end = forward && row == self.buffer.last_row() && self.buffer.len(row) > 0;
        Some(Pos { row, col: if at_end { self.buffer.len(row) } else { 0 } })
    }

    /// The bracket that belongs to the first one at or behind the cursor.
    fn matching(&self) -> Option<Pos> {
        const PAIRS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];
        let line = self.buffer.line(self.cursor.row);
        let (col, found) =
            line.iter().enumerate().skip(self.cursor.col).find(|(_, c)| "()[]{}".contains(**c))?;
        let (open, close) = PAIRS.into_iter().find(|(open, close)| found == open || found == close)?;
        let forward = *found == open;
        self.pair(Pos { col, ..self.cursor }, open, close, forward)
    }

    /// Walks from a bracket to its partner.
    pub(super) fn pair(&self, from: Pos, open: char, close: char, forward: bool) -> Option<Pos> {
        let (inwards, outwards) = if forward { (open, close) } else { (close, open) };
        let mut depth = 0;
        let mut pos = from;
        loop {
            match self.buffer.at(pos) {
                Some(c) if c == inwards => depth += 1,
                Some(c) if c == outwards => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(pos);
                    }
                }
                _ => {}
            }
            pos = self.step(pos, forward)?;
        }
    }

    fn step(&self, pos: Pos, forward: bool) -> Option<Pos> {
        if forward {
            if pos.col + 1 < self.buffer.len(pos.row) {
                return Some(Pos { col: pos.col + 1, ..pos });
            }
            return (pos.row < self.buffer.last_row()).then_some(Pos { row: pos.row + 1, col: 0 });
        }
        if pos.col > 0 {
            return Some(Pos { col: pos.col - 1, ..pos });
        }
        let row = pos.row.checked_sub(1)?;
        Some(Pos { row, col: self.buffer.len(row).saturating_sub(1) })
    }

    fn find_letter(&self, kind: char, letter: char, times: usize, again: bool) -> Option<(Pos, Kind)> {
        let line = self.buffer.line(self.cursor.row);
        let col = self.cursor.col;
        // `;` behind `t` does not stay where it is.
        let skip = usize::from(again && (kind == 't' || kind == 'T'));
        let found = if kind.is_lowercase() {
            let mut hits = line.iter().enumerate().skip(col + 1 + skip).filter(|(_, c)| **c == letter);
            hits.nth(times - 1).map(|(at, _)| if kind == 't' { at - 1 } else { at })
        } else {
            let end = col.saturating_sub(skip);
            let mut hits = line.iter().enumerate().take(end).rev().filter(|(_, c)| **c == letter);
            hits.nth(times - 1).map(|(at, _)| if kind == 'T' { at + 1 } else { at })
        };
        let kind = if kind.is_lowercase() { Kind::Inclusive } else { Kind::Exclusive };
        found.map(|col| (Pos { col, ..self.cursor }, kind))
    }

    fn find_again(&self, turned: bool, times: usize) -> Option<(Pos, Kind)> {
        let (kind, letter) = self.find?;
        let turn = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        self.find_letter(if turned { turn(kind) } else { kind }, letter, times, true)
    }

    fn to_mark(&self, linewise: bool, letter: char) -> Option<(Pos, Kind)> {
        let name = if letter == '`' { '\'' } else { letter };
        let pos = *self.marks.get(&name)?;
        if linewise {
            return self.line_start(pos.row);
        }
        Some((pos, Kind::Exclusive))
    }

    /// Moves by pages or half pages, as `^F`, `^B`, `^D` and `^U` do.
    pub(super) fn page(&mut self, key: char, count: usize) {
        let height = self.view.height;
        let page = height.saturating_sub(2).max(1);
        let (rows, down) = match key {
            '\x06' | super::keys::PAGE_DOWN => (page, true),
            '\x02' | super::keys::PAGE_UP => (page, false),
            '\x04' => (height / 2, true),
            _ => (height / 2, false),
        };
        let back = key == '\x02' || key == super::keys::PAGE_UP;
        if back && self.buffer.lines.len() <= height {
            // Everything is on the screen already.
            return;
        }
        let rows = rows.saturating_mul(count);
        let row =
            if down { self.cursor.row.saturating_add(rows) } else { self.cursor.row.saturating_sub(rows) };
        self.go_to_line(row);
    }
}
