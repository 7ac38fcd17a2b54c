//! The lines before an ex command: numbers, marks, patterns, with offsets.

use super::Pos;
use super::core::{Core, Done};
use super::input::For;
use super::search::{How, SearchFrom, Use, cut_at};

/// Lines as they were written: numbers from 1; 0 is above the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) from: isize,
    pub(super) to: isize,
    /// How many addresses were given.
    pub(super) given: usize,
}

impl Core {
    /// Reads a range; gives what stands behind it.
    pub(super) fn read_range<'t>(&mut self, text: &'t str) -> Done<(Range, &'t str)> {
        let here = self.cursor;
        let result = self.read_addresses(text);
        let moved = self.cursor;
        self.cursor = here;
        let (range, rest, keeps) = result?;
        if keeps {
            self.cursor = moved;
            self.check_row();
        }
        Ok((range, rest))
    }

    fn read_addresses<'t>(&mut self, text: &'t str) -> Done<(Range, &'t str, bool)> {
        let mut rest = text.trim_start_matches([' ', '\t', ':']);
        let here = self.cursor.row as isize + 1;
        let mut range = Range { from: here, to: here, given: 0 };
        let mut keeps = false;
        loop {
            range.from = range.to;
            let now = self.cursor.row as isize + 1;
            let (found, tail) = self.read_address(rest)?;
            rest = tail.trim_start_matches([' ', '\t']);
            match found {
                Some(line) => {
                    range.to = line;
                    range.given += 1;
                }
                None if rest.starts_with('%') => {
                    rest = &rest[1..];
                    (range.from, range.to) = (1, self.text.count() as isize);
                    range.given += 2;
                }
                None if rest.starts_with('*') && range.given == 0 && !rest[1..].is_empty() => {
                    rest = &rest[1..];
                    let (start, end) = (self.mark('<')?, self.mark('>')?);
                    (range.from, range.to) = (start.row as isize + 1, end.row as isize + 1);
                    range.given += 2;
                }
                None => {
                    range.to = now;
                    if rest.starts_with([',', ';']) || range.given > 0 {
                        range.given += 1;
                    }
                }
            }
            match rest.chars().next() {
                Some(';') => {
                    let row = (range.to - 1).clamp(0, self.text.last() as isize) as usize;
                    if range.to > 0 {
                        self.cursor = Pos { row, ..self.cursor };
                    }
                    keeps = true;
                    rest = &rest[1..];
                }
                Some(',') => rest = &rest[1..],
                _ => break,
            }
            rest = rest.trim_start_matches([' ', '\t', ':']);
        }
        if range.given == 1 {
            range.from = range.to;
        }
        Ok((range, rest, keeps))
    }

    /// Reads one address.
    pub(super) fn read_address<'t>(&mut self, text: &'t str) -> Done<(Option<isize>, &'t str)> {
        let mut rest = text.trim_start_matches([' ', '\t']);
        let mut line = None;
        match rest.chars().next() {
            Some('.') => {
                line = Some(self.cursor.row as isize + 1);
                rest = &rest[1..];
            }
            Some('$') => {
                line = Some(self.text.count() as isize);
                rest = &rest[1..];
            }
            Some('\'') => {
                let Some(name) = rest.chars().nth(1) else { return Err(self.error("E20: Mark not set")) };
                line = Some(self.mark(name)?.row as isize + 1);
                rest = &rest[1 + name.len_utf8()..];
            }
            Some('/' | '?' | '\\') => {
                let (found, tail) = self.pattern_addresses(rest)?;
                line = Some(found);
                rest = tail;
            }
            Some(digit) if digit.is_ascii_digit() => {
                let (number, tail) = read_number(rest);
                line = Some(number.unwrap_or(0));
                rest = tail;
            }
            _ => {}
        }
        loop {
            rest = rest.trim_start_matches([' ', '\t']);
            let Some(sign) = rest.chars().next().filter(|c| "+-".contains(*c) || c.is_ascii_digit()) else {
                break;
            };
            let tail = if sign.is_ascii_digit() { rest } else { &rest[1..] };
            let (number, tail) = read_number(tail);
            let by = number.unwrap_or(1);
            let base = line.unwrap_or(self.cursor.row as isize + 1);
            line = Some(if sign == '-' { base - by } else { base.saturating_add(by) });
            rest = tail;
        }
        Ok((line, rest))
    }

    /// `/pattern/`, `?pattern?`, `\/`, one behind the other.
    fn pattern_addresses<'t>(&mut self, text: &'t str) -> Done<(isize, &'t str)> {
        let mut rest = text;
        let mut row = self.cursor.row;
        loop {
            let (forward, which, pattern, tail);
            if let Some(behind) = rest.strip_prefix('\\') {
                let sign = behind.chars().next();
                which = if sign == Some('&') { Use::Substituted } else { Use::Last };
                forward = sign != Some('?');
                if !matches!(sign, Some('/' | '?' | '&')) {
                    return Err(self.error("E10: \\ should be followed by /, ? or &"));
                }
                pattern = String::new();
                tail = &behind[1..];
            } else if rest.starts_with(['/', '?']) {
                let sign = if rest.starts_with('/') { '/' } else { '?' };
                let (head, behind) = cut_at(&rest[1..], sign);
                which = Use::Last;
                forward = sign == '/';
                pattern = head;
                let left = behind.map_or(0, |behind| behind.len());
                tail = &rest[rest.len() - left..];
            } else {
                return Ok((row as isize + 1, rest));
            }
            let saves = (!pattern.is_empty()).then_some(Use::Last);
            let regexp = self.pattern(&pattern, which, saves)?;
            let col = if forward { usize::MAX / 2 } else { 0 };
            let from = SearchFrom::At(Pos { row, col });
            let how = How { forward, at_start: true, to_end: false };
            row = self.search(&regexp, from, 1, how)?.row;
            rest = tail;
        }
    }

    /// Makes a range one of rows, asking where it is turned round.
    pub(super) fn check_range(&mut self, range: &mut Range, zero: bool) -> Done {
        if range.from < 0 || range.to < 0 {
            return Err(self.error("E16: Invalid range"));
        }
        if range.from > range.to {
            loop {
                match self.key(For::Letter)? {
                    'y' => break,
                    'n' | '\x1b' | '\x03' => return Err(super::core::Stop::Fail),
                    _ => {}
                }
            }
            std::mem::swap(&mut range.from, &mut range.to);
        }
        if range.to > self.text.count() as isize {
            return Err(self.error("E16: Invalid range"));
        }
        if !zero {
            range.from = range.from.max(1);
            range.to = range.to.max(1);
        }
        Ok(())
    }
}

fn read_number(text: &str) -> (Option<isize>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number = (end > 0).then(|| text[..end].parse().unwrap_or(isize::MAX / 4));
    (number, &text[end..])
}
