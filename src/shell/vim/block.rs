//! Blocks of columns: the part of each line that is in one.

use super::core::Core;
use super::operator::Operator;
use super::text::{columns, is_blank, width};

/// The part of a line that is in a block, in letters, and what a tab at its borders leaves over.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct BlockPart {
    pub(super) col: usize,
    pub(super) length: usize,
    pub(super) blanks_before: usize,
    pub(super) blanks_behind: usize,
    /// True when the line ends before the block does, or begins.
    pub(super) short: bool,
    start_column: usize,
    end_column: usize,
    /// Columns of the letters at the borders.
    first_width: usize,
    last_width: usize,
    /// Columns and letters of the blanks before it.
    white_columns: usize,
    white_letters: usize,
    one_letter: bool,
}

impl BlockPart {
    /// The letters for a register: blanks where a tab is cut.
    pub(super) fn taken(&self, line: &[char]) -> Vec<char> {
        let mut out = vec![' '; self.blanks_before];
        out.extend(line.iter().skip(self.col).take(self.length));
        out.extend(std::iter::repeat_n(' ', self.blanks_behind));
        if self.short && self.length == 0 {
            return Vec::new();
        }
        out
    }
}

impl Core {
    /// The part of a row that is in the operator's block. When `deletes`, letters that the border cuts are taken
    /// whole.
    pub(super) fn block_part(&self, row: usize, deletes: bool) -> BlockPart {
        let (left, right) = (self.op.left, self.op.right);
        let tabstop = self.tabstop();
        let line = self.text.line(row);
        let mut part = BlockPart::default();
        let (mut column, mut col, mut wide) = (0, 0, 0);
        while column < left && col < line.len() {
            wide = width(line[col], column, tabstop);
            column += wide;
            if is_blank(line[col]) {
                part.white_columns += wide;
                part.white_letters += 1;
            } else {
                (part.white_columns, part.white_letters) = (0, 0);
            }
            col += 1;
        }
        (part.start_column, part.first_width) = (column, wide);
        let kind = self.op.kind;
        let appends = kind == Some(Operator::Append);
        if column < left {
            part.end_column = column;
            part.short = true;
            if !deletes || appends {
                part.blanks_behind = right - left + 1;
            }
            part.col = col;
            return part;
        }
        let mut begin = col;
        part.blanks_before = column - left;
        if deletes && part.blanks_before > 0 {
            part.blanks_before = part.first_width - part.blanks_before;
        }
        part.end_column = column;
        let mut end = col;
        if column > right {
            self.one_letter_part(&mut part, deletes, left, right);
        } else {
            let mut last = col;
            while column <= right && end < line.len() {
                last = end;
                wide = width(line[end], column, tabstop);
                column += wide;
                end += 1;
            }
            part.end_column = column;
            if column <= right && (!deletes || appends || kind == Some(Operator::Replace)) {
                part.short = true;
                part.blanks_behind =
                    if appends { right - column + usize::from(self.op.inclusive) } else { 0 };
            } else if column > right {
                part.blanks_behind = column - right - 1;
                if !deletes && part.blanks_behind > 0 {
                    part.blanks_behind = wide - part.blanks_behind;
                    if end != begin {
                        end = last;
                    }
                }
            }
        }
        part.last_width = wide;
        if deletes && part.blanks_before > 0 {
            begin -= 1;
        }
        part.length = end.saturating_sub(begin);
        part.col = begin;
        part
    }

    /// The whole block is inside one letter.
    fn one_letter_part(&self, part: &mut BlockPart, deletes: bool, left: usize, right: usize) {
        part.one_letter = true;
        match self.op.kind {
            Some(Operator::Insert) => part.blanks_behind = part.first_width - part.blanks_before,
            Some(Operator::Append) => {
                part.blanks_before += right - left + 1;
                part.blanks_behind = part.first_width.saturating_sub(part.blanks_before);
            }
            kind => {
                part.blanks_before = right - left + 1;
                if deletes && kind != Some(Operator::Outdent) {
                    part.blanks_before = part.first_width - (part.start_column - left);
                    part.blanks_behind = part.end_column - right - 1;
                }
            }
        }
    }

    /// Puts text into one row of the block, before it or behind it.
    pub(super) fn insert_in_block(&mut self, row: usize, text: &[char], append: bool) {
        let part = self.block_part(row, true);
        if part.short && !append {
            return;
        }
        let wide = if append { part.last_width } else { part.first_width };
        let (blanks, at) = if !append {
            (part.blanks_before, part.col)
        } else if part.short {
            let blanks =
                if self.op.to_ends { 0 } else { (self.op.right + 1).saturating_sub(part.end_column) };
            (blanks, part.col + part.length)
        } else {
            let blanks = if part.blanks_behind > 0 { wide.saturating_sub(part.blanks_behind) } else { 0 };
            (blanks, (part.col + part.length).saturating_sub(usize::from(blanks != 0)))
        };
        let line = self.text.line_mut(row);
        let at = at.min(line.len());
        let mut new: Vec<char> = vec![' '; blanks];
        new.extend(text);
        let mut end = at;
        if blanks > 0 && !part.short && line.get(at) == Some(&'\t') {
            new.extend(std::iter::repeat_n(' ', wide.saturating_sub(blanks)));
            end += 1;
        }
        line.splice(at..end, new);
    }

    /// `r` on a block.
    pub(super) fn replace_block(&mut self, letter: char) {
        use unicode_width::UnicodeWidthChar;
        let mut row = self.op.start.row;
        while row <= self.op.end.row {
            let mut part = self.block_part(row, true);
            if part.length == 0 {
                row += 1;
                continue;
            }
            let mut count = self.op.right + 1 - self.op.left;
            if part.short {
                count -= (self.op.right + 1).saturating_sub(part.end_column);
            }
            if letter.width() == Some(2) {
                part.blanks_behind += usize::from(count % 2 == 1 && !part.short);
                count /= 2;
            }
            let line = self.text.line(row).to_vec();
            let mut new: Vec<char> = line[..part.col].to_vec();
            new.extend(std::iter::repeat_n(' ', part.blanks_before));
            let tail = &line[(part.col + part.length).min(line.len())..];
            if letter == '\0' || letter == '\r' {
                *self.text.line_mut(row) = new;
                self.text.insert(row + 1, tail.to_vec().into());
                self.appended(row + 1, 1);
                self.op.end.row += 1;
                row += 2;
                continue;
            }
            new.extend(std::iter::repeat_n(letter, count));
            if !part.short {
                new.extend(std::iter::repeat_n(' ', part.blanks_behind));
                new.extend(tail);
            }
            *self.text.line_mut(row) = new;
            row += 1;
        }
    }

    /// Shifts one row of the block.
    pub(super) fn shift_block_row(&mut self, row: usize, left: bool, amount: usize) {
        let part = self.block_part(row, true);
        if part.short {
            return;
        }
        let total = amount * self.shift_width();
        let tabstop = self.tabstop();
        let line = self.text.line(row).to_vec();
        let new = if left {
            self.shifted_left(&line, &part, total)
        } else {
            let mut total = total + part.white_columns;
            let begin = part.start_column - part.white_columns;
            let mut at = part.col + usize::from(part.blanks_before > 0);
            let mut column = part.start_column;
            while at < line.len() && is_blank(line[at]) {
                let wide = width(line[at], column, tabstop);
                total += wide;
                column += wide;
                at += 1;
            }
            let (tabs, blanks) = if self.settings.expandtab {
                (0, total)
            } else {
                let whole = begin % tabstop + total;
                let tabs = whole / tabstop;
                (tabs, if tabs > 0 { whole % tabstop } else { total })
            };
            let white = part.white_letters.saturating_sub(usize::from(part.blanks_before > 0));
            let mut new = line[..part.col - white.min(part.col)].to_vec();
            new.extend(std::iter::repeat_n('\t', tabs));
            new.extend(std::iter::repeat_n(' ', blanks));
            new.extend(&line[at..]);
            new
        };
        *self.text.line_mut(row) = new;
        self.changed(row, part.col);
    }

    fn shifted_left(&self, line: &[char], part: &BlockPart, total: usize) -> Vec<char> {
        let tabstop = self.tabstop();
        let mut at = part.col + usize::from(part.blanks_before > 0);
        let mut column = part.start_column;
        while at < line.len() && is_blank(line[at]) {
            column += width(line[at], column, tabstop);
            at += 1;
        }
        let to = column - (column - self.op.left.min(column)).min(total);
        let mut kept = part.col;
        let mut used = columns(line, part.col, tabstop);
        while used < to && kept < line.len() {
            let wide = width(line[kept], used, tabstop);
            if used + wide > to {
                break;
            }
            used += wide;
            kept += 1;
        }
        let mut new = line[..kept].to_vec();
        new.extend(std::iter::repeat_n(' ', to - used));
        new.extend(&line[at.max(kept)..]);
        new
    }
}
