//! Insert and replace mode.

use super::block::BlockPart;
use super::core::{Core, Done, MACROS_MAX, Stop};
use super::erase::Erase;
use super::input::For;
use super::lines::Opening;
use super::operator::Op;
use super::registers::Put;
use super::text::{columns, is_blank, width};
use super::{Pos, keys};

/// What follows when insert mode ends.
#[derive(Clone, Debug)]
pub(super) enum After {
    /// `c` on a block: the line's length and indent then, and the column.
    Change { op: Op, length: usize, indent: usize, col: usize },
    /// `I` and `A` on a block: its part of the first line, and how much stood behind.
    Insert { op: Op, append: bool, part: BlockPart, tail: usize },
}

/// A stay in insert mode.
#[derive(Clone, Debug, Default)]
pub(super) struct Inserting {
    pub(super) after: Option<After>,
    pub(super) replaces: bool,
    /// `gR`: replaces columns rather than letters.
    pub(super) columns: bool,
    /// True for one key only: `r` with a line end.
    pub(super) count: usize,
    pub(super) start: Pos,
    /// What backspace may not go before.
    pub(super) first: Pos,
    /// True until the first change.
    pub(super) fresh: bool,
    /// True after the cursor moved by keys.
    pub(super) moved: bool,
    /// How much of what `.` repeats is the command.
    pub(super) skip: usize,
    pub(super) last: char,
    pub(super) kept_indent: usize,
    pub(super) spaced: bool,
    pub(super) restarted: bool,
    /// Letters that replace mode wrote over; `None` where there was none.
    pub(super) over: Vec<Option<char>>,
    pub(super) completion: Option<super::complete::Completion>,
}

impl Core {
    /// Enters insert mode at the cursor; `count` repeats what is typed.
    pub(super) fn begin_insert(&mut self, inserting: Inserting, count: usize) {
        let restarted = self.restart.take();
        let mut inserting = inserting;
        inserting.count = count;
        inserting.start = self.cursor;
        inserting.first = self.cursor;
        inserting.fresh = true;
        inserting.restarted = restarted.is_some();
        inserting.skip = self.input.redo_length();
        if !self.did_indent {
            self.indent_columns = 0;
        }
        self.inserting = Some(inserting);
    }

    /// Goes on in insert mode after one command behind `^O`.
    pub(super) fn restart_insert(&mut self, mode: char, at_end: bool) {
        self.update_aim();
        let further = self.aim > self.cursor_column();
        let on_last = self.cursor.col + 1 == self.row_len();
        if (at_end || further) && on_last {
            self.cursor.col += 1;
        }
        self.restart = Some(mode);
        self.begin_insert(Inserting { replaces: mode == 'R', ..Inserting::default() }, 1);
        self.now().moved = true;
        self.now().count = 0;
    }

    pub(super) fn now(&mut self) -> &mut Inserting {
        self.inserting.get_or_insert_with(Inserting::default)
    }

    /// Before the first change, and the first behind a move.
    pub(super) fn touch(&mut self) {
        let cursor = self.cursor;
        let now = self.now();
        if std::mem::take(&mut now.moved) {
            now.start = cursor;
            now.first = cursor;
            now.fresh = false;
            self.keep_here();
            self.indent_columns = 0;
            self.input.reset_redo();
            self.input.redo_add("1i");
            self.now().skip = 2;
        } else if std::mem::take(&mut now.fresh) {
            self.keep_here();
        }
    }

    /// One key of insert mode.
    pub(super) fn insert_key(&mut self) -> Done {
        if self.now().moved {
            self.now().count = 0;
        } else {
            self.aims_here = true;
        }
        let key = self.key(For::Insert)?;
        let key = if key == '\x11' { '\x16' } else { key };
        if !matches!(key, '\x0e' | '\x10') {
            self.end_completion();
        }
        let done = self.insert_one(key);
        if let Some(now) = &mut self.inserting {
            now.last = key;
        }
        done
    }

    fn insert_one(&mut self, key: char) -> Done {
        match key {
            keys::ESCAPE | '\x03' => self.leave_insert(None),
            '\x0f' => {
                let mode = if self.now().replaces { 'R' } else { 'I' };
                let at_end = self.here().is_none();
                self.now().count = 0;
                self.restart = Some(mode);
                self.restart_at_end = at_end.then_some(self.cursor.row);
                self.leave_insert(Some(mode))
            }
            '\r' | '\n' => {
                if !self.expand_short(key) {
                    self.insert_line_end();
                }
                Ok(())
            }
            '\x08' | keys::BACKSPACE => self.backspace(key, Erase::Letter),
            '\x17' => self.backspace(key, Erase::Word),
            '\x15' => self.backspace(key, Erase::Line),
            '\x04' | '\x14' => {
                self.shift_here(key == '\x04');
                Ok(())
            }
            '\t' => {
                self.insert_tab();
                Ok(())
            }
            '\x16' => self.insert_literal(),
            '\x12' => self.insert_register(),
            '\x01' | '\0' => {
                self.stuff_inserted(key == '\0');
                Ok(())
            }
            '\x05' | '\x19' => {
                self.copy_letter(key == '\x05');
                Ok(())
            }
            '\x07' => self.insert_g(),
            '\x0e' | '\x10' => {
                self.complete(key == '\x0e');
                Ok(())
            }
            '\x18' => self.insert_x(),
            '\x0b' => {
                let (a, b) = (self.key(For::Letter)?, self.key(For::Letter)?);
                if let Some(letter) = super::complete::digraph(a, b) {
                    self.insert_letter(letter, true);
                }
                Ok(())
            }
            '\x1d' => {
                self.expand_short('\x1d');
                Ok(())
            }
            keys::DELETE => self.insert_delete(),
            keys::LEFT | keys::RIGHT | keys::UP | keys::DOWN | keys::HOME | keys::END => {
                self.insert_arrow(key);
                Ok(())
            }
            keys::PAGE_UP | keys::PAGE_DOWN => Ok(()),
            key => {
                self.smart_letter(key);
                if super::words::is_word(key) || !self.expand_short(key) {
                    self.insert_letter(key, false);
                    self.indent_after(key);
                }
                Ok(())
            }
        }
    }

    fn insert_delete(&mut self) -> Done {
        self.touch();
        if self.here().is_none() {
            if self.settings.backspace.contains("eol") && self.cursor.row < self.text.last() {
                let col = self.cursor.col;
                self.keep_rows(self.cursor.row, self.cursor.row + 2, None);
                self.join(2, false, false, false);
                self.cursor.col = col;
            }
        } else {
            self.delete_letters(1, false);
        }
        self.input.redo_add(&keys::DELETE.to_string());
        Ok(())
    }

    fn insert_arrow(&mut self, key: char) {
        let before = self.cursor;
        match key {
            keys::LEFT => self.cursor.col = self.cursor.col.saturating_sub(1),
            keys::RIGHT => self.cursor.col = (self.cursor.col + 1).min(self.row_len()),
            keys::HOME => self.cursor.col = 0,
            keys::END => self.aim = usize::MAX,
            keys::UP | keys::DOWN => {
                self.update_aim();
                let moved = if key == keys::UP { self.cursor_up(1) } else { self.cursor_down(1) };
                drop(moved);
            }
            _ => {}
        }
        if key == keys::END {
            self.go_to_column(usize::MAX);
            self.aims_here = false;
        } else if !matches!(key, keys::UP | keys::DOWN) {
            self.aims_here = true;
        }
        self.begin_move(before);
    }

    /// The cursor moves inside insert mode: what was typed is one insertion.
    fn begin_move(&mut self, before: Pos) {
        if !self.now().moved {
            self.input.redo_add("\x1b");
            self.stop_insert(before, false);
            self.now().moved = true;
            self.now().over.clear();
        }
    }

    /// `^Gj`, `^Gk` and `^Gu`.
    fn insert_g(&mut self) -> Done {
        match self.key(For::Letter)? {
            key @ ('j' | 'k' | '\n' | '\x0b' | keys::UP | keys::DOWN) => {
                let before = self.cursor;
                let start = self.now().start;
                let column = self.column(start);
                self.update_aim();
                let down = matches!(key, 'j' | '\n' | keys::DOWN);
                let moved = if down { self.cursor_down(1) } else { self.cursor_up(1) };
                if moved.is_ok() {
                    self.go_to_column(column);
                    self.begin_move(before);
                }
            }
            'u' => {
                self.undo.sync(&self.text);
                let cursor = self.cursor;
                let now = self.now();
                now.fresh = true;
                now.start = cursor;
            }
            _ => {}
        }
        Ok(())
    }

    /// Letters at the cursor, as typed; with `literal` they are repeated behind a `^V`.
    pub(super) fn insert_letter(&mut self, letter: char, literal: bool) {
        self.touch();
        if !literal {
            self.break_line(letter);
        }
        self.did_indent = false;
        self.did_smart = false;
        self.can_smart = false;
        self.can_smart_back = false;
        self.now().spaced = letter == ' ';
        let text = if literal { format!("\x16{letter}") } else { letter.to_string() };
        self.input.redo_add(&text);
        self.type_letter(letter);
    }

    fn type_letter(&mut self, letter: char) {
        let now = self.now();
        if !now.replaces {
            return self.put_letter(letter);
        }
        let by_columns = now.columns;
        let Pos { row, col } = self.cursor;
        let old = self.here();
        if by_columns {
            return self.type_over_columns(letter);
        }
        match old {
            Some(_) => {
                self.text.line_mut(row)[col] = letter;
                self.changed(row, col);
                self.cursor.col += 1;
            }
            None => self.put_letter(letter),
        }
        self.now().over.push(old);
    }

    /// `gR`: a letter replaces as many columns as it takes.
    fn type_over_columns(&mut self, letter: char) {
        let Pos { row, col } = self.cursor;
        let tabstop = self.tabstop();
        let line = self.text.line(row);
        let begin = columns(line, col, tabstop);
        let end = begin + width(letter, begin, tabstop);
        let mut past = col;
        let mut column = begin;
        while past < line.len() && column < end {
            let wide = width(line[past], column, tabstop);
            if line[past] == '\t' && column + wide > end {
                break;
            }
            column += wide;
            past += 1;
        }
        let blanks = column.saturating_sub(end);
        let old: Vec<char> = line[col..past].to_vec();
        let new = std::iter::once(letter).chain(std::iter::repeat_n(' ', blanks));
        self.text.line_mut(row).splice(col..past, new);
        self.changed(row, col);
        self.now().over.push(old.first().copied());
        self.cursor.col += 1;
    }

    fn insert_line_end(&mut self) {
        self.touch();
        self.input.redo_add("\n");
        if self.now().replaces {
            self.now().over.push(None);
        }
        let indent = std::mem::take(&mut self.now().kept_indent);
        let empty = self.did_indent;
        self.open_line(Opening { cuts: true, indent, ..Opening::default() });
        if self.is_indenting() {
            let row = self.cursor.row;
            if empty && row > 0 && self.text.line(row - 1).iter().all(|c| is_blank(*c)) {
                self.text.line_mut(row - 1).clear();
            }
            self.did_indent = true;
            self.reindent_here();
        }
        if self.now().replaces {
            let blanks = self.cursor.col;
            self.now().over.extend(std::iter::repeat_n(None, blanks));
        }
    }

    fn insert_tab(&mut self) {
        if self.expand_short('\t') {
            return;
        }
        let in_indent = self.in_indent(0);
        let it = &self.settings;
        let smart = it.smarttab && in_indent;
        let fills = it.expandtab || smart && self.tabstop() != self.shift_width();
        let plain = !fills && it.softtabstop == 0;
        if plain || it.paste && !it.expandtab {
            return self.insert_letter('\t', false);
        }
        let step = if smart {
            self.shift_width()
        } else if it.softtabstop > 0 {
            it.softtabstop
        } else {
            self.tabstop()
        };
        self.touch();
        self.did_indent = false;
        self.did_smart = false;
        self.can_smart = false;
        self.can_smart_back = false;
        self.input.redo_add("\t");
        let at = self.column(self.cursor);
        let count = step - at % step;
        self.type_letter(' ');
        for _ in 1..count {
            self.put_letter(' ');
            if self.now().replaces {
                self.now().over.push(None);
            }
        }
        let softens = self.settings.softtabstop > 0 || smart;
        if !self.settings.expandtab && softens && !self.now().replaces {
            self.blanks_to_tabs();
        }
    }

    /// Makes tabs of the blanks before the cursor, where they reach tab stops.
    fn blanks_to_tabs(&mut self) {
        let Pos { row, col } = self.cursor;
        let line = self.text.line(row);
        let begin = (0..col).rev().take_while(|at| is_blank(line[*at])).last().unwrap_or(col);
        let tabstop = self.tabstop();
        let from = columns(line, begin, tabstop);
        let to = columns(line, col, tabstop);
        let mut new = Vec::new();
        let mut column = from;
        while column + (tabstop - column % tabstop) <= to {
            new.push('\t');
            column += tabstop - column % tabstop;
        }
        new.extend(std::iter::repeat_n(' ', to - column));
        let length = new.len();
        self.text.line_mut(row).splice(begin..col, new);
        self.cursor.col = begin + length;
        let cursor = self.cursor;
        let now = self.now();
        if now.start.row == row && now.start.col > begin {
            now.start.col = begin.max(now.start.col.min(cursor.col));
        }
    }

    fn insert_literal(&mut self) -> Done {
        let letter = self.literal()?;
        self.insert_letter(letter, true);
        Ok(())
    }

    /// The letter behind `^V`: itself, or by its number.
    pub(super) fn literal(&mut self) -> Done<char> {
        let first = self.key(For::Letter)?;
        let (base, most) = match first {
            'u' => (16, 4),
            'U' => (16, 8),
            'x' | 'X' => (16, 2),
            'o' | 'O' => (8, 3),
            digit if digit.is_ascii_digit() => (10, 3),
            other => return Ok(if other == '\n' { '\0' } else { other }),
        };
        let mut digits = if base == 10 { first.to_string() } else { String::new() };
        while digits.len() < most {
            let key = self.key(For::Letter)?;
            if !key.is_digit(base) {
                self.input.put_first(&key.to_string(), false);
                break;
            }
            digits.push(key);
        }
        if digits.is_empty() {
            return Ok(first);
        }
        let number = u32::from_str_radix(&digits, base).unwrap_or(0);
        let number = if base == 10 { number.min(255) } else { number };
        Ok(char::from_u32(number).filter(|c| *c != '\n').unwrap_or('\0'))
    }

    fn insert_register(&mut self) -> Done {
        let mut name = self.key(For::Letter)?;
        let mut how = None;
        if matches!(name, '\x12' | '\x0f' | '\x10') {
            how = Some(name);
            name = self.key(For::Letter)?;
        }
        if name == '=' {
            let line = self.read_line('=', String::new())?;
            if let Some(value) = line.and_then(|line| self.evaluate(&line)) {
                self.input.stuff(&value);
            }
            return Ok(());
        }
        if let Some(how @ ('\x0f' | '\x10')) = how {
            self.touch();
            self.input.redo_add(&format!("\x12{how}{name}"));
            let put = Put { before: true, go_behind: true, indent: how == '\x10', ..Put::default() };
            drop(self.put_register(Some(name), 1, put));
            return Ok(());
        }
        if name == '.' {
            self.stuff_inserted(false);
            return Ok(());
        }
        let Some(register) = self.register(Some(name)) else { return Ok(()) };
        // A register may hold the keys that insert it.
        self.macros += 1;
        if self.macros > MACROS_MAX {
            return Err(Stop::Fail);
        }
        let mut text = String::new();
        for letter in register.text().chars() {
            let control = letter < ' ' && letter != '\t' && letter != '\n' || letter == '\x7f';
            if how.is_some() && control {
                text.push('\x16');
            }
            text.push(letter);
        }
        self.input.stuff(&text);
        Ok(())
    }

    /// The text that was inserted last, without the Escape.
    pub(super) fn inserted_text(&self) -> Option<String> {
        let text: String = self.last_insert.iter().collect();
        let text = text.strip_suffix('\x1b').unwrap_or(&text);
        (!self.last_insert.is_empty()).then(|| text.to_owned())
    }

    fn stuff_inserted(&mut self, ends: bool) {
        if let Some(text) = self.inserted_text() {
            self.input.stuff(&text);
        }
        if ends {
            self.input.stuff("\x1b");
        }
    }

    /// `^E` and `^Y`: the letter below or above, in the cursor's column.
    fn copy_letter(&mut self, below: bool) {
        let row = if below { Some(self.cursor.row + 1) } else { self.cursor.row.checked_sub(1) };
        let Some(row) = row.filter(|row| *row <= self.text.last()) else { return };
        let wanted = self.column(self.cursor);
        let line = self.text.line(row);
        let tabstop = self.tabstop();
        let (mut column, mut col) = (0, 0);
        while column < wanted && col < line.len() {
            column += width(line[col], column, tabstop);
            col += 1;
        }
        if column > wanted {
            col = col.saturating_sub(1);
        }
        if let Some(letter) = line.get(col).copied() {
            self.insert_letter(letter, !letter.is_alphanumeric());
        }
    }
}
