//! Whole lines: opening, joining, shifting, and numbers in them.

use super::Pos;
use super::core::Core;
use super::operator::{Op, Operator};
use super::text::{Line, is_blank};

/// Words after which 'smartindent' indents.
const INDENT_WORDS: &[&str] = &["if", "else", "while", "do", "for", "switch"];

/// How a line is opened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opening {
    pub(super) above: bool,
    /// Cuts the cursor's line: what stands behind goes to the new one.
    pub(super) cuts: bool,
    pub(super) drops_blanks: bool,
    /// An indent that was kept before: `^^D`.
    pub(super) indent: usize,
}

impl Core {
    /// Opens a line below or above the cursor's, indented as 'autoindent' and 'smartindent' say.
    pub(super) fn open_line(&mut self, how: Opening) {
        let Pos { row, col } = self.cursor;
        let line = self.text.line(row).to_vec();
        let smart = self.settings.smartindent && !self.settings.paste;
        let auto = self.settings.autoindent && !self.settings.paste;
        let mut tail: Vec<char> = if how.cuts { line[col.min(line.len())..].to_vec() } else { Vec::new() };
        let head = if how.cuts { &line[..col.min(line.len())] } else { &line[..] };
        let first = tail.iter().copied().find(|c| !is_blank(*c));
        self.line_before = None;
        self.did_smart = false;
        let truncates = !how.above && self.did_indent;
        let mut indent = how.indent;
        let mut no_smart = false;
        if auto || smart {
            let blanks = head.iter().take_while(|c| is_blank(**c)).count();
            indent = super::text::columns(head, blanks, self.tabstop()).max(how.indent);
            if !truncates && smart && !head.is_empty() && first != Some('{') {
                (indent, no_smart) = self.smart_indent(head, how.above, indent);
            }
            self.can_smart |= smart;
            self.did_indent = true;
        }
        if how.cuts && (auto || how.drops_blanks) {
            let blanks = tail.iter().take_while(|c| is_blank(**c)).count();
            tail.drain(..blanks);
        }
        if how.cuts && !how.above {
            let mut kept = head.to_vec();
            if truncates {
                while kept.last().is_some_and(|c| is_blank(*c)) {
                    kept.pop();
                }
            }
            self.text.set(row, Line::new(kept));
        } else if truncates {
            let mut kept = line.clone();
            kept.truncate(col);
            while kept.last().is_some_and(|c| is_blank(*c)) {
                kept.pop();
            }
            self.text.set(row, Line::new(kept));
        }
        if self.did_smart {
            let wide = self.shift_width().max(1);
            indent = (if self.settings.shiftround { indent - indent % wide } else { indent }) + wide;
        }
        let blanks = self.indent_text(indent);
        let at = if how.above { row } else { row + 1 };
        let new: Vec<char> = blanks.iter().copied().chain(tail).collect();
        self.text.insert(at, Line::new(new));
        self.appended(at, 1);
        if no_smart {
            self.did_smart = false;
        }
        self.cursor = Pos { row: at, col: blanks.len() };
        self.indent_columns = blanks.len();
        self.changed(at, 0);
    }

    /// The indent of 'smartindent' behind a line, and whether a `{` typed next leaves it.
    fn smart_indent(&mut self, head: &[char], above: bool, indent: usize) -> (usize, bool) {
        let mut row = self.cursor.row;
        let mut line = head.to_vec();
        let mut indent = indent;
        if above {
            if line.first() == Some(&'#') {
                while line.first() == Some(&'#') && row < self.text.last() {
                    row += 1;
                    line = self.text.line(row).to_vec();
                }
                indent = self.indent_of(row);
            }
            let begins = line.iter().copied().find(|c| !is_blank(*c)) == Some('}');
            self.did_smart = begins;
            self.can_smart_back = !begins;
            return (indent, false);
        }
        if line.first() == Some(&'#') {
            while line.first() == Some(&'#') && row > 0 {
                row -= 1;
                line = self.text.line(row).to_vec();
            }
            indent = self.indent_of(row);
        }
        let trimmed: Vec<char> = {
            let end = line.iter().rposition(|c| !is_blank(*c)).map_or(0, |at| at + 1);
            line[..end].to_vec()
        };
        let last = trimmed.last().copied();
        let mut at = trimmed.len().saturating_sub(1);
        if matches!(last, Some('{' | ';')) {
            at = at.saturating_sub(1);
            while at > 0 && trimmed.get(at).is_some_and(|c| is_blank(*c)) {
                at -= 1;
            }
        }
        if trimmed.get(at) == Some(&')')
            && let Some(open) = self.around(Pos { row, col: at }, '(')
        {
            indent = self.indent_of(open.row);
            line = self.text.line(open.row).to_vec();
        }
        let word: String = line
            .iter()
            .skip_while(|c| is_blank(**c))
            .take_while(|c| c.is_alphanumeric() || **c == '_')
            .collect();
        if last == Some('{') {
            self.did_smart = true;
            return (indent, true);
        }
        self.did_smart = !matches!(last, Some(';' | '}')) && INDENT_WORDS.contains(&word.as_str());
        (indent, false)
    }

    /// Joins lines from the cursor's on, with a blank between them when `spaces`.
    pub(super) fn join(&mut self, count: usize, spaces: bool, keep: bool, marks: bool) {
        let row = self.cursor.row;
        let count = count.min(self.text.count() - row);
        if count < 2 {
            return;
        }
        if keep {
            self.keep_rows(row, row + count, None);
        }
        let mut all = self.text.line(row).to_vec();
        if marks {
            self.marks.begun = Pos { row, col: all.len() };
        }
        let mut ends = (all.last().copied(), all.len().checked_sub(2).map(|at| all[at]));
        let mut col = 0;
        for next in row + 1..row + count {
            let line = self.text.line(next);
            let skip = if spaces { self.text.blanks(next) } else { 0 };
            let part = &line[skip..];
            let mut blanks = 0;
            if spaces && part.first().is_some_and(|c| *c != ')') && !all.is_empty() && ends.0 != Some('\t') {
                if ends.0 == Some(' ') {
                    ends.0 = ends.1;
                } else {
                    blanks += 1;
                }
                let sentence = matches!(ends.0, Some('.' | '?' | '!'));
                blanks += usize::from(self.settings.joinspaces && sentence);
            }
            col = all.len();
            let moved = (next, all.len() + blanks, skip);
            all.extend(std::iter::repeat_n(' ', blanks));
            all.extend(part);
            ends = (part.last().copied(), part.len().checked_sub(2).map(|at| part[at]));
            self.join_marks(row, moved);
        }
        self.text.set(row, Line::new(all.clone()));
        self.changed(row, col);
        if marks {
            self.marks.ended = Pos { row, col: all.len() };
        }
        self.cursor.row = row + 1;
        self.delete_lines(count - 1, false);
        self.cursor = Pos { row, col };
        self.check_col();
        self.aims_here = true;
    }

    /// Marks in a line that is joined go along.
    fn join_marks(&mut self, row: usize, (from, offset, skip): (usize, usize, usize)) {
        for pos in self.marks.named.values_mut().filter(|pos| pos.row == from) {
            *pos = Pos { row, col: pos.col.saturating_sub(skip) + offset };
        }
        for pos in [&mut self.marks.inserted, &mut self.marks.changed].into_iter().flatten() {
            if pos.row == from {
                *pos = Pos { row, col: pos.col.saturating_sub(skip) + offset };
            }
        }
        if let Some(visual) = &mut self.marks.visual {
            for pos in [&mut visual.start, &mut visual.end] {
                if pos.row == from {
                    *pos = Pos { row, col: pos.col.saturating_sub(skip).saturating_add(offset) };
                }
            }
        }
    }

    /// Shifts the indent of a line.
    pub(super) fn shift_row(&mut self, row: usize, left: bool, round: bool, amount: usize) {
        let wide = self.shift_width().max(1);
        let now = self.indent_of(row);
        let to = if round {
            let steps = now / wide;
            let amount = if left && !now.is_multiple_of(wide) { amount - 1 } else { amount };
            (if left { steps.saturating_sub(amount) } else { steps + amount }) * wide
        } else if left {
            now.saturating_sub(wide * amount)
        } else {
            now + wide * amount
        };
        self.set_indent_of(row, to, false);
    }

    /// `>` and `<` on the operator's region.
    pub(super) fn op_shift(&mut self, left: bool, amount: usize, to_top: bool) {
        let (start, end) = (self.op.start, self.op.end);
        self.keep_rows(start.row, end.row + 1, None);
        let col = self.cursor.col;
        for row in start.row..=end.row {
            match self.text.line(row).first() {
                None => {}
                Some(_) if self.op.block => self.shift_block_row(row, left, amount),
                Some('#') if self.settings.smartindent => {}
                Some(_) => self.shift_row(row, left, self.settings.shiftround, amount),
            }
        }
        if self.op.block {
            self.cursor = Pos { row: start.row, col };
        } else if to_top {
            self.cursor.row = start.row;
            if self.settings.startofline {
                self.begin_line(true);
            } else {
                let aim = self.aim;
                self.go_to_column(aim);
            }
        } else {
            self.cursor.row = end.row;
            self.begin_line(true);
        }
        let rows = end.row - start.row + 1;
        if rows > 2 {
            let times = if amount == 1 { "1 time".into() } else { format!("{amount} times") };
            self.say(format!("{rows} lines {}ed {times}", if left { "<" } else { ">" }));
        }
        self.marks.begun = start;
        self.marks.ended = Pos { row: end.row, col: self.text.len(end.row).saturating_sub(1) };
    }

    /// `^A` and `^X` in visual mode: the first number in each line; when it `grows`, more in each.
    pub(super) fn op_add(&mut self, minus: bool, count: usize, grows: bool) {
        let op: Op = self.op.clone();
        self.keep_rows(op.start.row, op.end.row + 1, None);
        let by = i128::try_from(count).unwrap_or(1);
        let by = if minus { -by } else { by };
        let mut times = 1;
        let mut first = None;
        for row in op.start.row..=op.end.row {
            let len = self.text.len(row);
            let (from, length) = if op.block {
                let part = self.block_part(row, false);
                (part.col, part.length)
            } else if op.lines {
                (0, len)
            } else {
                let from = if row == op.start.row { op.start.col } else { 0 };
                let end = if row == op.end.row { op.end.col + usize::from(op.inclusive) } else { len };
                (from, end.min(len).saturating_sub(from))
            };
            if self.add_in(Pos { row, col: from }, Some(length), by * times) {
                first.get_or_insert(row);
                if grows {
                    times += 1;
                }
            }
        }
        self.marks.begun = op.start;
        self.cursor = op.start;
    }

    /// Adds to a number at or behind a place; with a length, to the first in that part. False when there is none.
    pub(super) fn add_in(&mut self, at: Pos, length: Option<usize>, by: i128) -> bool {
        let line = self.text.line(at.row).to_vec();
        let visual = length.is_some();
        let limit = length.map_or(line.len(), |length| (at.col + length).min(line.len()));
        let formats = self.settings.formats.clone();
        let Some(number) = super::numbers::find(&line, at.col, limit, visual, &formats) else { return false };
        let Some(text) = number.added(by) else { return false };
        if !visual {
            self.keep_row(at.row);
        }
        let width = text.chars().count();
        self.text.line_mut(at.row).splice(number.start..number.end, text.chars());
        self.changed(at.row, number.start);
        self.marks.begun = Pos { row: at.row, col: number.start };
        self.marks.ended = Pos { row: at.row, col: (number.start + width).saturating_sub(1) };
        if !visual {
            self.cursor.col = (number.start + width).saturating_sub(1);
        }
        true
    }

    /// The case of letters from the cursor on: `~`.
    pub(super) fn toggle_letters(&mut self, count: usize) {
        let Pos { row, col } = self.cursor;
        let end = (col + count).min(self.text.len(row));
        self.keep_row(row);
        for c in self.text.line_mut(row).iter_mut().take(end).skip(col) {
            *c = super::apply::recased(Operator::Toggle, *c);
        }
        self.changed(row, col);
        self.marks.begun = Pos { row, col };
        self.cursor.col = end;
        self.check_col();
        self.marks.ended = Pos { row, col: end.saturating_sub(1) };
    }
}
