//! Ex commands that change whole lines: copying, moving, sorting, aligning.

use super::Pos;
use super::core::{Core, Done};
use super::ex::Line;
use super::text::{Line as TextLine, columns, is_blank};

impl Core {
    /// `:t`, `:copy` and `:m`.
    pub(super) fn ex_copy(&mut self, line: &Line) -> Done {
        let (found, rest) = self.read_address(line.rest.trim())?;
        if !rest.trim().is_empty() && !rest.trim().starts_with(['"', '#', 'l', 'p']) {
            let rest = rest.trim().to_owned();
            return Err(self.error(format!("E488: Trailing characters: {rest}")));
        }
        let Some(target) = found else { return Err(self.error("E14: Invalid address")) };
        if target < 0 || target > self.text.count() as isize {
            return Err(self.error("E16: Invalid range"));
        }
        let at = target as usize;
        if line.name == "move" {
            self.move_rows(line.from, line.to, at)?
        } else {
            self.copy_rows(line.from, line.to, at)
        }
        self.line_before = None;
        self.begin_line_or_aim();
        self.aims_here = true;
        Ok(())
    }

    fn copy_rows(&mut self, from: usize, to: usize, at: usize) {
        self.keep_rows(at, at, None);
        let lines: Vec<TextLine> = (from..=to).map(|row| self.text.kept(row)).collect();
        let count = lines.len();
        for (index, line) in lines.into_iter().enumerate() {
            self.text.insert(at + index, line);
        }
        self.appended(at, count);
        self.marks.begun = Pos { row: at, col: 0 };
        self.marks.ended = Pos { row: at + count - 1, col: 0 };
        self.cursor.row = at + count - 1;
    }

    /// Moves rows so that they stand before the one at `at`.
    fn move_rows(&mut self, from: usize, to: usize, at: usize) -> Done {
        if at > from && at < to + 1 {
            return Err(self.error("E134: Cannot move a range of lines into itself"));
        }
        let count = to - from + 1;
        if at == from || at == to + 1 {
            self.cursor.row = if at > from { at - 1 } else { at + count - 1 };
            return Ok(());
        }
        self.keep_rows(at, at, None);
        let lines: Vec<TextLine> = (from..=to).map(|row| self.text.kept(row)).collect();
        for (index, line) in lines.into_iter().enumerate() {
            self.text.insert(at + index, line);
        }
        let from_now = if at <= from { from + count } else { from };
        self.keep_rows(from_now, from_now + count, Some(from_now));
        for _ in 0..count {
            self.text.remove(from_now);
        }
        self.move_marks(from, to, at);
        let begin = if at > to { at - count } else { at };
        self.marks.begun = Pos { row: begin, col: 0 };
        self.marks.ended = Pos { row: begin + count - 1, col: 0 };
        self.cursor.row = begin + count - 1;
        self.changed(begin.min(from), 0);
        Ok(())
    }

    /// Marks go along with lines that move.
    fn move_marks(&mut self, from: usize, to: usize, at: usize) {
        let count = (to - from + 1) as isize;
        let far = 1 << 40;
        self.adjust_marks(from, to, Some(far), 0);
        if at > to {
            self.adjust_marks(to + 1, at - 1, Some(-count), 0);
            let by = at as isize - count - from as isize;
            self.adjust_marks(from + far as usize, to + far as usize, Some(by - far), 0);
        } else {
            self.adjust_marks(at, from - 1, Some(count), 0);
            let by = at as isize - from as isize;
            self.adjust_marks(from + far as usize, to + far as usize, Some(by - far), 0);
        }
    }

    pub(super) fn ex_sort(&mut self, line: &Line) -> Done {
        let Some(order) = Order::parse(&line.rest) else {
            return Err(self.error(format!("E474: Invalid argument: {}", line.rest.trim())));
        };
        if line.from == line.to {
            return Ok(());
        }
        let regexp = match &order.pattern {
            Some(pattern) => Some(self.pattern(pattern, super::search::Use::Last, None)?),
            None => None,
        };
        let mut rows: Vec<(Key, TextLine)> = (line.from..=line.to)
            .map(|row| {
                let text = self.text.kept(row);
                let (from, to) = match regexp.as_ref().map(|it| self.match_in(it, row, 0)) {
                    None => (0, text.len()),
                    Some(None) if order.inside => (0, 0),
                    Some(None) => (0, text.len()),
                    Some(Some(hit)) if order.inside => (hit.start.col, hit.end.col.min(text.len())),
                    Some(Some(hit)) => (hit.end.col.min(text.len()), text.len()),
                };
                (order.key(&text[from..to.max(from)]), text)
            })
            .collect();
        rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        if line.bang {
            // Lines that are alike keep their order.
            rows.reverse();
            let mut at = 0;
            while at < rows.len() {
                let run = rows[at..].iter().take_while(|(key, _)| *key == rows[at].0).count();
                rows[at..at + run].reverse();
                at += run;
            }
        }
        if order.unique {
            let whole = regexp.is_none();
            rows.dedup_by(
                |(a, at), (b, bt)| {
                    if whole || order.numbers { a == b } else { a == b && at.len() + bt.len() > 0 }
                },
            );
        }
        let old = line.to - line.from + 1;
        self.keep_rows(line.from, line.to + 1, None);
        let gone = old - rows.len();
        for (index, (_, text)) in rows.iter().enumerate() {
            self.text.set(line.from + index, text.clone());
        }
        for _ in 0..gone {
            self.text.remove(line.from + rows.len());
        }
        if gone > 0 {
            self.adjust_marks(line.to + 1 - gone, line.to, None, -(gone as isize));
        }
        self.changed(line.from, 0);
        self.cursor.row = line.from;
        self.begin_line(true);
        Ok(())
    }

    /// `:left`, `:right` and `:center`.
    pub(super) fn ex_align(&mut self, line: &Line) -> Done {
        let given: Option<usize> = line.rest.trim().parse().ok();
        let width = given.unwrap_or(if self.settings.textwidth > 0 { self.settings.textwidth } else { 80 });
        self.keep_rows(line.from, line.to + 1, None);
        for row in line.from..=line.to {
            let indent = if line.name == "left" {
                given.unwrap_or(0)
            } else {
                let text = self.text.line(row);
                let end = text.iter().rposition(|c| !is_blank(*c)).map_or(0, |at| at + 1);
                if end == 0 {
                    continue;
                }
                let blanks = self.text.blanks(row);
                let length = columns(text, end, self.tabstop()) - columns(text, blanks, self.tabstop());
                if line.name == "center" {
                    width.saturating_sub(length) / 2
                } else {
                    width.saturating_sub(length)
                }
            };
            self.set_indent_of(row, indent, false);
        }
        self.changed(line.from, 0);
        self.cursor = Pos { row: line.from, col: 0 };
        self.begin_line(true);
        Ok(())
    }

    pub(super) fn ex_retab(&mut self, line: &Line) -> Done {
        let given: Option<usize> = line.rest.trim().parse().ok();
        let old = self.tabstop();
        let new = given.filter(|stop| *stop > 0).unwrap_or(old);
        let mut any = false;
        for row in line.from..=line.to {
            let text = self.text.line(row).to_vec();
            let changed = retabbed(&text, old, new, self.settings.expandtab, line.bang);
            if changed != text {
                self.keep_row(row);
                self.text.set(row, TextLine::new(changed));
                any = true;
            }
        }
        if any {
            self.changed(line.from, 0);
        }
        self.settings.tabstop = new;
        self.check_cursor();
        self.aims_here = true;
        Ok(())
    }
}

/// A line with its runs of blanks made anew; without `all` only those with tabs.
fn retabbed(text: &[char], old: usize, new: usize, expands: bool, all: bool) -> Vec<char> {
    let mut out = Vec::new();
    let mut column = 0;
    let mut at = 0;
    while at < text.len() {
        if !is_blank(text[at]) {
            out.push(text[at]);
            column += super::text::width(text[at], column, old);
            at += 1;
            continue;
        }
        let begin = column;
        let from = at;
        let mut tabs = false;
        while at < text.len() && is_blank(text[at]) {
            tabs |= text[at] == '\t';
            column += super::text::width(text[at], column, old);
            at += 1;
        }
        let mut stops = 0;
        let mut blanks = column - begin;
        if !expands {
            let mut here = begin;
            while here + (new - here % new) <= column {
                stops += 1;
                here += new - here % new;
            }
            blanks = column - here;
        }
        let shorter = expands || tabs || stops + blanks < column - begin;
        if !tabs && !all || !shorter {
            out.extend(&text[from..at]);
            continue;
        }
        out.extend(std::iter::repeat_n('\t', stops));
        out.extend(std::iter::repeat_n(' ', blanks));
    }
    out
}

/// What `:sort` compares.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Key {
    Number(Option<f64>),
    Text(String),
}

impl Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal)
    }
}

#[derive(Clone, Debug, Default)]
struct Order {
    numbers: bool,
    base: Option<u32>,
    unique: bool,
    ignore: bool,
    inside: bool,
    pattern: Option<String>,
}

impl Order {
    fn parse(text: &str) -> Option<Self> {
        let mut order = Self::default();
        let mut rest = text.trim();
        while let Some(c) = rest.chars().next() {
            match c {
                ' ' | '\t' => {}
                'n' => order.numbers = true,
                'f' => (order.numbers, order.base) = (true, Some(0)),
                'x' => (order.numbers, order.base) = (true, Some(16)),
                'o' => (order.numbers, order.base) = (true, Some(8)),
                'b' => (order.numbers, order.base) = (true, Some(2)),
                'u' => order.unique = true,
                'i' => order.ignore = true,
                'r' => order.inside = true,
                '"' => break,
                sign if !sign.is_alphanumeric() && order.pattern.is_none() => {
                    let (pattern, tail) = super::search::cut_at(&rest[sign.len_utf8()..], sign);
                    let left = tail?.len();
                    order.pattern = Some(pattern);
                    rest = &rest[rest.len() - left..];
                    continue;
                }
                _ => return None,
            }
            rest = &rest[c.len_utf8()..];
        }
        Some(order)
    }

    fn key(&self, part: &[char]) -> Key {
        let text: String = part.iter().collect();
        if !self.numbers {
            return Key::Text(if self.ignore { text.to_lowercase() } else { text });
        }
        let base = self.base.filter(|base| *base > 0).unwrap_or(10);
        let letters: Vec<char> = text.chars().collect();
        let Some(mut at) = letters.iter().position(|c| c.is_digit(base)) else { return Key::Number(None) };
        let minus = at > 0 && letters[at - 1] == '-';
        if base == 16 && letters[at] == '0' && letters.get(at + 1).is_some_and(|c| "xX".contains(*c)) {
            at += 2;
        }
        let digits: String = letters[at..].iter().take_while(|c| c.is_digit(base)).collect();
        let value = i128::from_str_radix(&digits, base).unwrap_or(0) as f64;
        Key::Number(Some(if minus { -value } else { value }))
    }
}
