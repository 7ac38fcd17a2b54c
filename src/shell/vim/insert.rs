//! Insert and replace mode.

use super::block::BlockPart;
use super::core::{Core, Done, MACROS_MAX, Stop};
use super::input::For;
use super::lines::Opening;
use super::operator::Op;
use super::registers::Put;
use super::text::{columns, is_blank, width};
use super::words::class;
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

    fn now(&mut self) -> &mut Inserting {
        self.inserting.get_or_insert_with(Inserting::default)
    }

    /// Before the first change, and the first behind a move.
    fn touch(&mut self) {
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
                return self.leave_insert(Some(mode));
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
        let plain = !it.expandtab && !(smart && self.tabstop() != self.shift_width()) && it.softtabstop == 0;
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

    fn shift_here(&mut self, left: bool) {
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
    fn change_indent(&mut self, to: impl Fn(usize) -> usize) {
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

    fn backspace(&mut self, key: char, erase: Erase) -> Done {
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

    fn backspace_line_end(&mut self) {
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

    fn backspace_letters(&mut self, erase: Erase) {
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
    fn backspace_blanks(&mut self, step: usize) {
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

    fn erase_one(&mut self) {
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

    fn erase_letters(&mut self, erase: Erase, least: usize) {
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
    fn smart_letter(&mut self, key: char) {
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

    fn may_outdent(&self, key: char) -> bool {
        if key != '{' || !self.can_smart_back {
            return true;
        }
        let indent = self.indent_of(self.cursor.row);
        let full = (0..self.cursor.row)
            .rev()
            .find(|row| self.text.line(*row).iter().find(|c| !is_blank(**c)).is_some_and(|c| *c != '#'));
        full.is_none_or(|row| self.indent_of(row) < indent)
    }

    /// Leaves insert mode; behind `^O` only for one command.
    fn leave_insert(&mut self, restart: Option<char>) -> Done {
        let column = self.cursor.col;
        if !self.now().moved {
            self.input.redo_add("\x1b");
            let now = self.now();
            now.count = now.count.saturating_sub(1);
            if now.count > 0 {
                now.restarted = false;
                self.input.play_insert();
                return Ok(());
            }
            self.stop_insert(self.cursor, true);
        }
        self.input.blocked = false;
        if restart.is_none() && column == self.cursor.col {
            self.aims_here = true;
        }
        self.marks.inserted = Some(self.cursor);
        let moves = restart.is_none() || self.here().is_none();
        if self.cursor.col > 0 && moves {
            self.cursor.col -= 1;
        }
        let after = self.inserting.take().and_then(|now| now.after);
        if let Some(after) = after {
            self.after_insert(after);
        }
        Ok(())
    }

    /// The insertion is whole: keeps it, and takes an indent away that nothing followed.
    fn stop_insert(&mut self, end: Pos, escapes: bool) {
        let text = self.input.redo_text();
        let skip = self.now().skip;
        self.input.blocked = false;
        if !self.now().restarted || text.chars().count() > skip {
            self.last_insert = text.chars().skip(skip).collect();
        }
        let mut end = end;
        if self.did_indent && (escapes || self.cursor.row != end.row) && end.row <= self.text.last() {
            let kept = self.cursor;
            self.cursor = end;
            self.drop_indent();
            end = self.cursor;
            if kept.row != self.cursor.row {
                self.cursor = kept;
            }
        }
        self.did_indent = false;
        self.did_smart = false;
        self.can_smart = false;
        self.can_smart_back = false;
        self.marks.begun = self.now().first;
        self.marks.ended = end;
    }

    fn drop_indent(&mut self) {
        let len = self.row_len();
        self.cursor.col = self.cursor.col.min(len);
        let mut last;
        loop {
            if self.here().is_none() && self.cursor.col > 0 {
                self.cursor.col -= 1;
            }
            last = self.here();
            if !last.is_some_and(is_blank) {
                break;
            }
            self.delete_letters(1, true);
        }
        if last.is_some() && self.cursor.col + 1 == self.row_len() {
            self.cursor.col += 1;
        }
    }

    /// 'textwidth': breaks the line before a letter that would go beyond.
    fn break_line(&mut self, letter: char) {
        let most = self.settings.textwidth;
        if most == 0 || self.settings.paste || is_blank(letter) {
            return;
        }
        for _ in 0..100 {
            let column = self.column(self.cursor);
            if column + width(letter, column, self.tabstop()) <= most {
                return;
            }
            if !self.break_once(most) {
                return;
            }
        }
    }

    /// Breaks the cursor's line until all of it fits; gives how many lines it became.
    pub(super) fn break_lines(&mut self, most: usize) -> usize {
        let mut rows = 1;
        while rows < 1000 && self.column(self.cursor) > most && self.break_once(most) {
            self.cursor.col = self.row_len();
            rows += 1;
        }
        rows
    }

    fn break_once(&mut self, most: usize) -> bool {
        let Pos { row, col } = self.cursor;
        let line = self.text.line(row).to_vec();
        let border = {
            let tabstop = self.tabstop();
            let (mut column, mut at) = (0, 0);
            while at < line.len() && column <= most {
                column += width(line[at], column, tabstop);
                at += 1;
            }
            if column > most { at - 1 } else { at }
        };
        let mut found = None;
        let mut at = col;
        while at > 0 {
            at -= 1;
            if !is_blank(line[at]) {
                continue;
            }
            while at > 0 && is_blank(line[at]) {
                at -= 1;
            }
            if is_blank(line[at]) {
                break;
            }
            found = Some(at + 1);
            if at < border {
                break;
            }
        }
        let Some(found) = found else { return false };
        let text = (found..line.len()).find(|at| !is_blank(line[*at])).unwrap_or(line.len());
        let behind = col.saturating_sub(text);
        self.cursor.col = text;
        let hanging = self.hanging_indent(row);
        self.did_indent = false;
        self.open_line(Opening { cuts: true, drops_blanks: true, ..Opening::default() });
        let above = self.cursor.row - 1;
        self.text.line_mut(above).truncate(found);
        if let Some(columns) = hanging {
            self.set_indent_of(above + 1, columns, false);
            self.cursor.col = self.text.blanks(above + 1);
        }
        self.cursor.col += behind;
        self.cursor.col = self.cursor.col.min(self.row_len());
        self.did_indent = false;
        true
    }

    /// Expands an abbreviation before a letter that ends it; true when that letter comes again behind it.
    fn expand_short(&mut self, key: char) -> bool {
        if !self.input.maps.has_shorts() || self.now().moved {
            return false;
        }
        let first = self.now().start;
        let Pos { row, col } = self.cursor;
        let line = self.text.line(row).to_vec();
        let least = if first.row == row { first.col } else { 0 };
        let is_word = |at: usize| line.get(at).is_some_and(|c| super::words::is_word(*c));
        if col == 0 || col <= least || !is_word(col - 1) {
            return false;
        }
        let begin = (least..col).rev().take_while(|at| is_word(*at)).last().unwrap_or(col);
        let word: String = line[begin..col].iter().collect();
        let Some((to, again)) = self.input.maps.short(For::Insert, &word) else { return false };
        let erase: String = std::iter::repeat_n(keys::BACKSPACE, col - begin).collect();
        if key != '\x1d' {
            self.input.put_first(&key.to_string(), false);
        }
        self.input.put_first(&to, again);
        self.input.put_first(&erase, false);
        true
    }

    /// Tells a failing command inside insert mode apart: it only ends macros.
    pub(super) fn insert_failed(&mut self, stop: Stop) -> Done {
        match stop {
            Stop::Fail => {
                self.input.flush();
                Ok(())
            }
            other => Err(other),
        }
    }
}

/// How much backspace takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Erase {
    Letter,
    Word,
    Line,
}
