//! Insert and replace mode.

use super::{Editor, Mode, Pos, keys};

/// What one stay in insert mode remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    start: Pos,
    count: usize,
    typed: String,
    /// The rows of a visual block that get the same text, with the column, and whether it is appended.
    pub(super) block: Option<Block>,
    /// Letters that replace mode wrote over.
    over: Vec<Option<char>>,
    /// `^R` and `^V` wait for a letter.
    waiting: Option<char>,
    /// Digits of a letter's number behind `^V`, with the base and how many there may be.
    number: Option<(u32, usize, String)>,
    /// True once something was typed: an indent alone goes away again.
    touched: bool,
    /// True when `^O` was typed behind the last letter.
    at_end: bool,
    /// True when it began with `o` or `O`: a count opens as many lines.
    pub(super) opens: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) last_row: usize,
    pub(super) col: usize,
    /// True to make short lines long enough; false to leave them out.
    pub(super) pad: bool,
    /// True when each line gets it at its end.
    pub(super) at_end: bool,
}

impl Session {
    /// True when `^O` was typed behind the last letter.
    pub(super) fn is_at_end(&self) -> bool {
        self.at_end
    }

    pub(super) fn new(start: Pos, count: usize) -> Self {
        Self { start, count, ..Self::default() }
    }
}

impl Editor {
    pub(super) fn insert_key(&mut self, key: char) {
        if self.number_key(key) {
            return;
        }
        if let Some(control) = self.insert.waiting.take() {
            match (control, key) {
                ('\x12', _) => self.insert_register(key),
                (_, 'u') => self.insert.number = Some((16, 4, String::new())),
                (_, 'x') => self.insert.number = Some((16, 2, String::new())),
                (_, digit) if digit.is_ascii_digit() => self.insert.number = Some((10, 3, digit.into())),
                _ => self.insert_char(key),
            }
            return;
        }
        match key {
            '\x0f' => {
                self.once = true;
                self.mode = Mode::Normal;
                self.insert.at_end = self.cursor.col >= self.buffer.len(self.cursor.row);
                self.clamp();
            }
            '\x05' | '\x19' => self.copy_letter(key == '\x05'),
            keys::ESCAPE | '\x03' => self.end_insert(),
            '\n' => self.new_line(),
            '\x08' | keys::BACKSPACE => self.backspace(),
            '\x17' => self.erase_word(),
            '\x15' => self.erase_typed(),
            '\x14' | '\x04' => self.shift_here(key == '\x14'),
            '\x12' | '\x16' => self.insert.waiting = Some(key),
            '\t' => self.insert_tab(),
            keys::DELETE => {
                if self.cursor.col < self.buffer.len(self.cursor.row) {
                    self.buffer.line_mut(self.cursor.row).remove(self.cursor.col);
                }
            }
            keys::LEFT => self.cursor.col = self.cursor.col.saturating_sub(1),
            keys::RIGHT => self.cursor.col += 1,
            keys::UP => self.cursor.row = self.cursor.row.saturating_sub(1),
            keys::DOWN => self.cursor.row += 1,
            keys::HOME => self.cursor.col = 0,
            keys::END => self.cursor.col = usize::MAX,
            key if key < ' ' || ('\u{f700}'..='\u{f7ff}').contains(&key) => {}
            key => {
                self.insert_char(key);
                self.indent_after(key);
            }
        }
        if self.mode != Mode::Normal {
            self.clamp();
        }
    }

    /// Takes digits of a letter's number; true when the key was one.
    fn number_key(&mut self, key: char) -> bool {
        let Some((base, most, mut digits)) = self.insert.number.take() else { return false };
        let is_digit = key.is_digit(base);
        if is_digit {
            digits.push(key);
        }
        if is_digit && digits.len() < most {
            self.insert.number = Some((base, most, digits));
            return true;
        }
        if let Some(letter) = u32::from_str_radix(&digits, base).ok().and_then(char::from_u32) {
            self.insert_char(letter);
        }
        is_digit
    }

    /// `^E` and `^Y`: the letter below or above.
    fn copy_letter(&mut self, below: bool) {
        let row = if below { Some(self.cursor.row + 1) } else { self.cursor.row.checked_sub(1) };
        let letter = row.and_then(|row| self.buffer.at(Pos { row, col: self.cursor.col }));
        if let Some(letter) = letter {
            self.insert_char(letter);
        }
    }

    fn insert_char(&mut self, key: char) {
        self.insert.touched = true;
        self.insert.typed.push(key);
        self.type_char(key);
    }

    fn type_char(&mut self, key: char) {
        let Pos { row, col } = self.cursor;
        let replaces = self.mode == Mode::Replace;
        let line = self.buffer.line_mut(row);
        let col = col.min(line.len());
        if replaces {
            let old = line.get(col).copied();
            match old {
                Some(_) => line[col] = key,
                None => line.push(key),
            }
            self.insert.over.push(old);
        } else {
            line.insert(col, key);
        }
        self.cursor.col = col + 1;
    }

    fn insert_tab(&mut self) {
        if !self.settings.expandtab {
            return self.insert_char('\t');
        }
        let stop =
            if self.settings.softtabstop > 0 { self.settings.softtabstop } else { self.settings.tabstop };
        let at = self.columns(self.cursor.row, self.cursor.col);
        for _ in 0..stop.max(1) - at % stop.max(1) {
            self.insert_char(' ');
        }
    }

    fn new_line(&mut self) {
        self.insert.typed.push('\n');
        let Pos { row, col } = self.cursor;
        let indent = self.autoindent(row);
        let line = self.buffer.line_mut(row);
        let mut tail = line.split_off(col.min(line.len()));
        // A line of nothing but the indent that autoindent gave is left empty.
        if !indent.is_empty() && line.iter().all(|c| c.is_whitespace()) {
            line.clear();
        }
        if !indent.is_empty() {
            tail.drain(..tail.iter().take_while(|c| c.is_whitespace()).count());
        }
        let col = indent.chars().count();
        let fresh = indent.chars().chain(tail).collect();
        self.buffer.insert(row + 1, vec![fresh]);
        self.cursor = Pos { row: row + 1, col };
        if self.is_indenting() {
            if !self.insert.touched && self.buffer.line(row).iter().all(|c| c.is_whitespace()) {
                self.buffer.line_mut(row).clear();
            }
            self.insert.touched = false;
            self.reindent_here();
        }
    }

    fn backspace(&mut self) {
        self.insert.typed.pop();
        let Pos { row, col } = self.cursor;
        if self.mode == Mode::Replace {
            if let Some(old) = self.insert.over.pop() {
                let line = self.buffer.line_mut(row);
                match old {
                    Some(letter) if col > 0 => line[col - 1] = letter,
                    _ => drop(line.pop()),
                }
            }
            self.cursor.col = col.saturating_sub(1);
        } else if col > 0 {
            let count = self.blanks_before(col);
            self.buffer.line_mut(row).drain(col - count..col);
            self.cursor.col = col - count;
        } else if row > 0 {
            let line = self.buffer.remove(row, row).pop().unwrap_or_default();
            let above = self.buffer.line_mut(row - 1);
            self.cursor = Pos { row: row - 1, col: above.len() };
            above.extend(line);
        }
    }

    /// How many letters a backspace takes: blanks back to the last soft tab stop.
    fn blanks_before(&self, col: usize) -> usize {
        let stop = self.settings.softtabstop;
        let line = self.buffer.line(self.cursor.row);
        if stop == 0 || line.get(col - 1) != Some(&' ') {
            return 1;
        }
        let most = (self.columns(self.cursor.row, col) - 1) % stop + 1;
        line.iter().take(col).rev().take(most).take_while(|c| **c == ' ').count().max(1)
    }

    fn erase_word(&mut self) {
        let line = self.buffer.line(self.cursor.row);
        let col = self.cursor.col;
        let class = |at: usize| line.get(at).map_or(0, |c| super::words::class(*c, false));
        let mut from = col;
        while from > 0 && class(from - 1) == 0 {
            from -= 1;
        }
        let kind = from.checked_sub(1).map_or(0, class);
        while from > 0 && kind != 0 && class(from - 1) == kind {
            from -= 1;
        }
        self.erase_from(from.min(col));
    }

    fn erase_typed(&mut self) {
        let start = self.insert.start;
        let here = start.row == self.cursor.row && start.col < self.cursor.col;
        let from = if here { start.col } else { self.buffer.indent(self.cursor.row).min(self.cursor.col) };
        let from = if from == self.cursor.col { 0 } else { from };
        self.erase_from(from);
    }

    fn erase_from(&mut self, from: usize) {
        let col = self.cursor.col.min(self.buffer.len(self.cursor.row));
        let erased = col.saturating_sub(from);
        let kept = self.insert.typed.chars().count().saturating_sub(erased);
        self.insert.typed = self.insert.typed.chars().take(kept).collect();
        self.buffer.line_mut(self.cursor.row).drain(from.min(col)..col);
        self.cursor.col = from;
    }

    fn shift_here(&mut self, right: bool) {
        let row = self.cursor.row;
        let before = self.buffer.len(row);
        let width = self.shift_width();
        let blanks = self.buffer.line(row).iter().take_while(|c| c.is_whitespace()).count();
        let columns = self.columns(row, blanks);
        let wanted =
            if right { (columns / width + 1) * width } else { columns.saturating_sub(1) / width * width };
        let indent = self.blanks(wanted);
        self.buffer.line_mut(row).splice(..blanks, indent.chars());
        let after = self.buffer.len(row);
        self.cursor.col = (self.cursor.col + after).saturating_sub(before);
    }

    fn insert_register(&mut self, name: char) {
        let Some(register) = self.registers.get(&name).cloned() else { return };
        let mut text = register.lines.join("\n");
        if register.kind == super::RegisterKind::Lines {
            text.push('\n');
        }
        for key in text.chars() {
            if key == '\n' { self.new_line() } else { self.insert_char(key) }
        }
    }

    fn end_insert(&mut self) {
        let session = std::mem::take(&mut self.insert);
        for _ in 1..session.count {
            if session.opens {
                let row = self.cursor.row;
                self.open_line(row + 1, row);
            }
            for key in session.typed.chars() {
                if key == '\n' { self.new_line() } else { self.type_char(key) }
            }
        }
        if let Some(block) = session.block {
            self.fill_block(&session, block);
            self.cursor = Pos { row: session.start.row, col: block.col };
        } else {
            self.cursor.col = self.cursor.col.saturating_sub(1);
        }
        let indents = self.settings.autoindent || self.is_indenting();
        if indents && !session.touched && self.buffer.line(self.cursor.row).iter().all(|c| c.is_whitespace())
        {
            self.buffer.line_mut(self.cursor.row).clear();
        }
        self.mode = Mode::Normal;
        self.marks.insert('^', self.cursor);
        self.marks.insert('.', self.cursor);
        self.buffer.forget_if_same();
        self.repeat.close();
        self.settle();
    }

    /// Gives the other lines of a visual block what the first one got.
    fn fill_block(&mut self, session: &Session, block: Block) {
        if session.typed.contains('\n') {
            return;
        }
        for row in session.start.row + 1..=block.last_row.min(self.buffer.last_row()) {
            let line = self.buffer.line_mut(row);
            let at = if block.at_end { line.len() } else { block.col };
            if line.len() < at && !block.pad {
                continue;
            }
            while line.len() < at {
                line.push(' ');
            }
            line.splice(at..at, session.typed.chars());
        }
    }
}
