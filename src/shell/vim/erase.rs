//! What insert mode takes away: letters, words, and what was typed; and indents while typing.

use super::Pos;
use super::core::{Core, Done};
use super::text::is_blank;
use super::words::class;

impl Core {
    pub(super) fn shift_here(&mut self, left: bool) {
        self.touch();
        self.input.redo_add(if left { "\x04" } else { "\x14" });
        let last = self.now().last;
        if left && matches!(last, '0' | '^') && self.cursor.col > 0 {
            self.cursor.col -= 1;
            self.delete_letters(1, false);
            if last == '^' {
                let indent = self.indent_of(self.cursor.row);
                self.now().kept_indent = indent;
            }
            self.change_indent(|_| 0);
        } else {
            let wide = self.shift_width().max(1);
            self.change_indent(|now| {
                if left { now.saturating_sub(1) / wide * wide } else { (now / wide + 1) * wide }
            });
        }
        let row = self.cursor.row;
        if self.text.blanks(row) < self.text.len(row) {
            self.did_indent = false;
        }
        self.did_smart = false;
        self.can_smart = false;
        self.can_smart_back = false;
    }

    /// Gives the cursor's line another indent and keeps the cursor on its letter.
    pub(super) fn change_indent(&mut self, to: impl Fn(usize) -> usize) {
        let Pos { row, col } = self.cursor;
        let blanks = self.text.blanks(row);
        let before = self.indent_of(row);
        let column = self.column(self.cursor);
        self.set_indent_of(row, to(before), false);
        let now = self.text.blanks(row);
        let mut less = blanks as isize - now as isize;
        if col >= blanks {
            if col == blanks {
                less = isize::MAX;
            }
            self.cursor.col = now + (col - blanks);
        } else {
            let wanted = self.indent_of(row).saturating_sub(before - column);
            self.cursor.col = 0;
            let kept = self.inserting.take();
            self.go_to_column(wanted);
            self.inserting = kept;
            less = isize::MAX;
        }
        let start = &mut self.now().start;
        if start.row == row && start.col != 0 {
            start.col = if start.col as isize <= less { 0 } else { (start.col as isize - less) as usize };
        }
        let columns = self.indent_columns as isize;
        self.indent_columns = if columns <= less { 0 } else { (columns - less) as usize };
    }

    pub(super) fn backspace(&mut self, key: char, erase: Erase) -> Done {
        let now = self.now();
        let (first, moved) = (now.first, now.moved);
        let can = |what: &str, core: &Self| core.settings.backspace.split(',').any(|it| it == what);
        let at = self.cursor;
        let stuck = self.text.is_none()
            || at == Pos::default()
            || !can("start", self) && (moved || at.row == first.row && at.col <= first.col)
            || !can("indent", self) && !moved && self.indent_columns > 0 && at.col <= self.indent_columns
            || !can("eol", self) && at.col == 0;
        if stuck {
            return Ok(());
        }
        self.touch();
        if at.col == 0 {
            self.backspace_line_end();
        } else {
            self.backspace_letters(erase);
        }
        self.did_smart = false;
        self.can_smart = false;
        self.can_smart_back = false;
        if self.cursor.col <= 1 {
            self.did_indent = false;
        }
        self.input.redo_add(&key.to_string());
        let cursor = self.cursor;
        let first = &mut self.now().first;
        if cursor.row == first.row && cursor.col < first.col {
            first.col = cursor.col;
        }
        Ok(())
    }

    pub(super) fn backspace_line_end(&mut self) {
        let row = self.cursor.row;
        let start = self.now().start.row;
        if row == start {
            self.keep_rows(row - 1, row + 1, None);
            let len = self.text.len(row - 1);
            self.now().start = Pos { row: row - 1, col: len };
        }
        let replaces = self.now().replaces;
        if replaces {
            self.now().over.pop();
        }
        if replaces && row <= start {
            self.cursor = Pos { row: row - 1, col: self.text.len(row - 1) };
        } else {
            let at_end = self.here().is_none();
            self.cursor.row -= 1;
            self.join(2, false, false, false);
            if at_end && self.here().is_some() {
                self.cursor.col += 1;
            }
        }
        self.did_indent = false;
    }

    pub(super) fn backspace_letters(&mut self, erase: Erase) {
        let row = self.cursor.row;
        let line = self.text.line(row).to_vec();
        let auto = self.settings.autoindent || self.is_indenting();
        let least = match erase {
            Erase::Line if auto => Some(self.text.blanks(row)).filter(|blanks| *blanks < self.cursor.col),
            _ => None,
        };
        let last = line.get(self.cursor.col - 1).copied();
        let in_indent = self.in_indent(0);
        let soft = self.settings.softtabstop;
        let (spaced, moved) = (self.now().spaced, self.now().moved);
        let softly = soft != 0 && (last == Some('\t') || last == Some(' ') && (!spaced || moved));
        if erase == Erase::Letter && (self.settings.smarttab && in_indent || softly) {
            let step = if self.settings.smarttab && in_indent { self.shift_width() } else { soft };
            return self.backspace_blanks(step.max(1));
        }
        self.erase_letters(erase, least.unwrap_or(0));
    }

    /// Takes blanks back to the last soft tab stop.
    pub(super) fn backspace_blanks(&mut self, step: usize) {
        self.now().spaced = false;
        let start = self.column(self.cursor);
        let before = Pos { col: self.cursor.col - 1, ..self.cursor };
        let wanted = self.column_span(before).1 / step * step;
        while self.column(self.cursor) > wanted && self.cursor.col > 0 {
            let last = self.text.line(self.cursor.row)[self.cursor.col - 1];
            if !is_blank(last) {
                break;
            }
            self.erase_one();
        }
        while self.column(self.cursor) < wanted {
            let cursor = self.cursor;
            let first = &mut self.now().first;
            if cursor.row == first.row && cursor.col < first.col {
                first.col = cursor.col;
            }
            self.put_letter(' ');
            if self.now().replaces {
                self.now().over.push(None);
            }
        }
        if self.column(self.cursor) >= start && self.cursor.col > 0 {
            self.erase_one();
        }
    }

    pub(super) fn erase_one(&mut self) {
        self.cursor.col -= 1;
        if !self.now().replaces {
            return self.delete_letters(1, false);
        }
        let Pos { row, col } = self.cursor;
        match self.now().over.pop() {
            Some(Some(letter)) => {
                if let Some(c) = self.text.line_mut(row).get_mut(col) {
                    *c = letter;
                }
            }
            Some(None) => self.delete_letters(1, false),
            None => {}
        }
    }

    pub(super) fn erase_letters(&mut self, erase: Erase, least: usize) {
        let mut word: Option<bool> = None;
        let mut kind = self.here().map_or(0, |c| class(c, false));
        loop {
            let line = self.text.line(self.cursor.row);
            let c = line[self.cursor.col - 1];
            let before = std::mem::replace(&mut kind, class(c, false));
            let blank = c.is_whitespace();
            let is_word = super::words::is_word(c);
            match (erase, word) {
                (Erase::Word, None) if !blank => word = Some(is_word),
                (Erase::Word, Some(first)) if blank || is_word != first || before != kind => break,
                _ => {}
            }
            self.erase_one();
            let first = self.now().first;
            let at_first = self.cursor.row == first.row && self.cursor.col == first.col;
            if erase == Erase::Letter || self.cursor.col <= least || at_first {
                break;
            }
        }
    }

    /// Before `}`, `{` and `#`: what 'smartindent' does.
    pub(super) fn smart_letter(&mut self, key: char) {
        let opens = (self.did_smart || self.can_smart_back) && key == '{';
        let closes = self.can_smart && key == '}' && self.in_indent(0);
        if opens || closes {
            let open = if key == '}' { self.around(self.cursor, '{') } else { None };
            let row = self.cursor.row;
            let before = self.text.len(row);
            if let Some(open) = open {
                let indent = self.indent_of(open.row);
                self.touch();
                self.set_indent_of(row, indent, false);
            } else if self.cursor.col > 0 && self.may_outdent(key) {
                self.touch();
                self.shift_row(row, true, false, 1);
            }
            let after = self.text.len(row);
            self.cursor.col = (self.cursor.col + after).saturating_sub(before);
        }
        if self.cursor.col > 0 && self.can_smart && key == '#' && self.in_indent(0) {
            let row = self.cursor.row;
            let indent = self.indent_of(row);
            self.touch();
            self.now().kept_indent = indent;
            self.set_indent_of(row, 0, false);
            self.cursor.col = 0;
        }
        self.indent_columns = self.indent_columns.min(self.cursor.col);
    }

    pub(super) fn may_outdent(&self, key: char) -> bool {
        if key != '{' || !self.can_smart_back {
            return true;
        }
        let indent = self.indent_of(self.cursor.row);
        let full = (0..self.cursor.row)
            .rev()
            .find(|row| self.text.line(*row).iter().find(|c| !is_blank(**c)).is_some_and(|c| *c != '#'));
        full.is_none_or(|row| self.indent_of(row) < indent)
    }
}

/// How much backspace takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Erase {
    Letter,
    Word,
    Line,
}
