//! Registers, and putting what they hold.

use std::collections::BTreeMap;

use super::core::{Core, Done};
use super::text::{columns, width};
use super::{Pos, Selection};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Characters,
    Lines,
    /// A block of so many columns.
    Block(usize),
}

/// Text that was deleted or copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Register {
    pub(super) lines: Vec<Vec<char>>,
    pub(super) kind: Kind,
}

impl Register {
    pub(super) fn of(text: &str) -> Self {
        let kind = if text.ends_with('\n') { Kind::Lines } else { Kind::Characters };
        let text = text.strip_suffix('\n').unwrap_or(text);
        Self { lines: text.split('\n').map(|line| line.chars().collect()).collect(), kind }
    }

    /// The text with line ends; whole lines end with one.
    pub(super) fn text(&self) -> String {
        let mut text =
            self.lines.iter().map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n");
        if self.kind == Kind::Lines {
            text.push('\n');
        }
        text
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Registers {
    all: BTreeMap<char, Register>,
    /// The register that `""` is.
    last: Option<char>,
}

/// The register that a name writes to; `None` for one that cannot be written.
fn written(name: Option<char>) -> Option<char> {
    match name {
        None | Some('"' | '+' | '*') => Some('0'),
        Some(name) if name.is_ascii_alphanumeric() || name == '-' => Some(name.to_ascii_lowercase()),
        _ => None,
    }
}

impl Registers {
    /// True for a name that can be yanked to, or read.
    pub(super) fn is_valid(name: char, writing: bool) -> bool {
        name.is_ascii_alphanumeric() || "\"-_+*".contains(name) || !writing && "/.:%#=~".contains(name)
    }

    /// What a register holds; `None` is the unnamed one.
    pub(super) fn get(&self, name: Option<char>) -> Option<&Register> {
        let name = match name {
            None | Some('"') => self.last.unwrap_or('0'),
            Some(other) => written(Some(other))?,
        };
        self.all.get(&name)
    }

    /// Writes a register; a capital appends.
    pub(super) fn put(&mut self, name: Option<char>, register: Register) {
        let Some(to) = written(name) else { return };
        self.last = Some(to);
        match self.all.get_mut(&to).filter(|_| name.is_some_and(|name| name.is_ascii_uppercase())) {
            Some(old) => append(old, register),
            None => drop(self.all.insert(to, register)),
        }
    }

    /// Writes a register without making it the unnamed one.
    pub(super) fn put_aside(&mut self, name: char, register: Register) {
        let last = self.last;
        self.put(Some(name), register);
        self.last = last;
    }

    /// Moves `"1` to `"2` and so on, and writes `"1`.
    pub(super) fn shift(&mut self, register: Register, appends: bool) {
        for digit in (b'1'..b'9').rev() {
            if let Some(old) = self.all.remove(&(digit as char)) {
                self.all.insert((digit + 1) as char, old);
            } else {
                self.all.remove(&((digit + 1) as char));
            }
        }
        self.all.insert('1', register);
        if !appends {
            self.last = Some('1');
        }
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (char, &Register)> {
        self.all.iter().map(|(name, register)| (*name, register))
    }

    pub(super) fn unnamed(&self) -> char {
        self.last.unwrap_or('0')
    }
}

fn append(old: &mut Register, register: Register) {
    let joins = old.kind == Kind::Characters && register.kind != Kind::Lines;
    if register.kind == Kind::Lines {
        old.kind = Kind::Lines;
    }
    let mut lines = register.lines.into_iter();
    if joins && let (Some(last), Some(first)) = (old.lines.last_mut(), lines.next()) {
        last.extend(first);
    }
    old.lines.extend(lines);
}

/// How text is put.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Put {
    /// Before the cursor.
    pub(super) before: bool,
    /// Leaves the cursor behind what was put.
    pub(super) go_behind: bool,
    /// Indents it as the cursor's line is.
    pub(super) indent: bool,
    /// In lines of its own, as `:put` does.
    pub(super) lines: bool,
    /// Cuts the line in two where whole lines are put.
    pub(super) split: bool,
}

impl Core {
    /// What a register holds, those that are made when they are read included.
    pub(super) fn register(&mut self, name: Option<char>) -> Option<Register> {
        let text = match name {
            Some('.') => self.inserted_text()?,
            Some(':') => self.last_line.clone()?,
            Some('/') => self.search.pattern_text()?.to_owned(),
            Some('%') => Some(self.files.name().to_owned()).filter(|name| !name.is_empty())?,
            Some('#') => self.files.other_name()?,
            _ => return self.registers.get(name).cloned(),
        };
        let lines = text.split('\n').map(|line| line.chars().collect()).collect();
        Some(Register { lines, kind: Kind::Characters })
    }

    /// Puts a register's text.
    pub(super) fn put_register(&mut self, name: Option<char>, count: usize, how: Put) -> Done {
        let Some(register) = self.register(name) else {
            let name = name.unwrap_or('"');
            if self.in_insert_register(name) {
                return Ok(());
            }
            return Err(self.error(format!("E353: Nothing in register {name}")));
        };
        self.put_text_of(register, count, how)
    }

    fn in_insert_register(&self, name: char) -> bool {
        name == '_'
    }

    pub(super) fn put_text_of(&mut self, mut register: Register, count: usize, how: Put) -> Done {
        if how.lines {
            register.kind = Kind::Lines;
        }
        if register.kind == Kind::Lines && how.split {
            self.split_for_lines(how);
        }
        if register.lines.is_empty() {
            return Err(self.error("E353: Nothing in register \""));
        }
        let before = self.text.count();
        match register.kind {
            Kind::Block(wide) => self.put_block(&register, wide, count, how),
            Kind::Lines => self.put_lines(&register, count, how),
            Kind::Characters if register.lines.len() == 1 => self.put_one(&register, count, how),
            Kind::Characters => self.put_many(&register, count, how),
        }
        self.say_lines_changed(before);
        self.aims_here = true;
        Ok(())
    }

    /// Cuts the cursor's line in two, for whole lines between.
    fn split_for_lines(&mut self, how: Put) {
        let Pos { row, col } = self.cursor;
        let at = if how.before { col } else { col + 1 }.min(self.text.len(row));
        self.keep_rows(row, row + 1, None);
        let tail = self.text.line_mut(row).split_off(at);
        self.text.insert(row + 1, tail.into());
        self.appended(row + 1, 1);
    }

    fn put_one(&mut self, register: &Register, count: usize, how: Put) {
        let Pos { row, col } = self.cursor;
        self.keep_here();
        let text = &register.lines[0];
        let at = if how.before { col } else { col + 1 }.min(self.text.len(row));
        let total = text.len() * count;
        if total > 0 {
            let all: Vec<char> = text.iter().copied().cycle().take(total).collect();
            self.text.line_mut(row).splice(at..at, all);
        }
        self.marks.begun = Pos { row, col: at };
        self.marks.ended = Pos { row, col: (at + total).saturating_sub(1) };
        self.changed(row, at);
        self.cursor.col = if how.go_behind || self.restart.is_some() {
            at + total
        } else {
            (at + total).saturating_sub(1).max(if total == 0 { col } else { 0 })
        };
        if total == 0 {
            self.cursor.col = col;
        }
        self.fix_end(how);
    }

    /// Behind the last letter the cursor goes to it, unless it is to stand behind.
    fn fix_end(&mut self, how: Put) {
        let _ = how;
        if self.cursor.col > 0
            && self.cursor.col >= self.row_len()
            && self.inserting.is_none()
            && self.restart.is_none()
            && !self.is_visual()
        {
            self.cursor.col = self.row_len().saturating_sub(1);
        }
    }

    fn put_many(&mut self, register: &Register, count: usize, how: Put) {
        let Pos { row, col } = self.cursor;
        self.keep_rows(row, row + 1, None);
        let at = if how.before { col } else { col + 1 }.min(self.text.len(row));
        let mut end = Pos { row, col: at };
        let tail = self.text.line_mut(row).split_off(at);
        for _ in 0..count {
            for (index, part) in register.lines.iter().enumerate() {
                if index > 0 {
                    end = Pos { row: end.row + 1, col: 0 };
                    self.text.insert(end.row, Vec::new().into());
                }
                self.text.line_mut(end.row).extend(part);
                end.col += part.len();
            }
        }
        self.text.line_mut(end.row).extend(tail);
        self.adjust_marks(row + 1, usize::MAX, Some((end.row - row) as isize), 0);
        self.changed(row, at);
        self.marks.begun = Pos { row, col: at };
        self.marks.ended = Pos { row: end.row, col: end.col.saturating_sub(1) };
        self.cursor = if how.go_behind { end } else { Pos { row, col: at } };
        if how.go_behind {
            return self.fix_end(how);
        }
        self.check_col();
    }

    fn put_lines(&mut self, register: &Register, count: usize, how: Put) {
        let row = self.cursor.row;
        let at = if how.before { row } else { row + 1 };
        let was_none = self.text.is_none();
        let target = self.indent_of(row);
        if was_none {
            self.keep_rows(0, 1, None);
        } else {
            self.keep_rows(
                at,
                at,
                Some(at + register.lines.len() * count).filter(|_| at < self.text.count()),
            );
        }
        self.text.set_none(false);
        let mut rows = at;
        for _ in 0..count {
            let mut by: Option<isize> = None;
            for line in &register.lines {
                self.text.insert(rows, line.clone().into());
                if how.indent && !line.is_empty() {
                    let old = self.indent_of(rows) as isize;
                    let shift = *by.get_or_insert(target as isize - old);
                    let skip = line.first() == Some(&'#') && self.settings.preproc;
                    if !skip {
                        self.set_indent_of(rows, (old + shift).max(0) as usize, false);
                    }
                }
                rows += 1;
            }
        }
        let added = rows - at;
        self.adjust_marks(at, usize::MAX, Some(added as isize), 0);
        self.changed(at, 0);
        self.marks.begun = Pos { row: at, col: 0 };
        self.marks.ended = Pos { row: rows - 1, col: 0 };
        if how.lines {
            self.cursor = Pos { row: rows - 1, col: 0 };
            return self.begin_line(true);
        }
        if how.go_behind {
            self.cursor = Pos { row: rows.min(self.text.last()), col: 0 };
            return;
        }
        self.cursor = Pos { row: at, col: 0 };
        self.begin_line(true);
    }

    fn put_block(&mut self, register: &Register, wide: usize, count: usize, how: Put) {
        let row = self.cursor.row;
        let (start, end) = self.column_span(self.cursor);
        let at = match self.here() {
            _ if how.before => start,
            Some(_) => end + 1,
            None => start,
        };
        let height = register.lines.len();
        let behind = (row + height).min(self.text.count());
        self.keep_rows(row, behind, None);
        let count_before = self.text.count();
        let mut last = (row, 0);
        let mut first_col = 0;
        for (index, part) in register.lines.iter().enumerate() {
            let row = row + index;
            if row >= self.text.count() {
                self.text.insert(row, Vec::new().into());
            }
            let (col, length) = self.put_block_row(row, at, part, wide, count);
            if index == 0 {
                first_col = col;
            }
            last = (row, col + length);
        }
        if self.text.count() > count_before {
            self.appended(count_before, self.text.count() - count_before);
        }
        self.changed(row, first_col);
        self.marks.begun = Pos { row, col: first_col };
        self.marks.ended = Pos { row: last.0, col: last.1.saturating_sub(1) };
        self.cursor =
            if how.go_behind { Pos { row: last.0, col: last.1 } } else { Pos { row, col: first_col } };
        if how.go_behind {
            self.fix_end(how);
        }
    }

    /// One row of a block put at a column; gives where in the line it is, and how long.
    fn put_block_row(
        &mut self,
        row: usize,
        at: usize,
        part: &[char],
        wide: usize,
        count: usize,
    ) -> (usize, usize) {
        let tabstop = self.tabstop();
        let line = self.text.line(row).to_vec();
        let (mut column, mut col) = (0, 0);
        while column < at && col < line.len() {
            column += width(line[col], column, tabstop);
            col += 1;
        }
        let short = col == line.len() && column <= at;
        let mut head_blanks = 0;
        let mut tail_blanks = 0;
        let mut cut = 0;
        if column < at {
            head_blanks = at - column;
        } else if column > at {
            // Inside a tab: it is cut in two.
            tail_blanks = column - at;
            col -= 1;
            let wide = width(line[col], columns(&line, col, tabstop), tabstop);
            head_blanks = wide - tail_blanks;
            cut = 1;
            if line[col] != '\t' {
                tail_blanks = 0;
                head_blanks = 0;
                cut = 0;
                col += 1;
            }
        }
        let part_width = part.iter().fold(0, |column, c| column + width(*c, column, tabstop));
        let pad = wide.saturating_sub(part_width);
        let mut middle: Vec<char> = std::iter::repeat_n(' ', head_blanks).collect();
        let mut length = 0;
        for index in 0..count {
            middle.extend(part);
            length += part.len();
            if index + 1 < count || !short {
                middle.extend(std::iter::repeat_n(' ', pad));
                length += pad;
            }
        }
        middle.extend(std::iter::repeat_n(' ', tail_blanks));
        self.text.line_mut(row).splice(col..col + cut, middle);
        (col + head_blanks, length)
    }

    /// The text of a region as a register holds it.
    pub(super) fn region_register(&self, start: Pos, end: Pos, kind: Kind) -> Register {
        let lines = match kind {
            Kind::Lines => (start.row..=end.row).map(|row| self.text.line(row).to_vec()).collect(),
            _ => (start.row..=end.row)
                .map(|row| {
                    let from = if row == start.row { start.col } else { 0 };
                    let to = if row == end.row { end.col } else { usize::MAX };
                    self.text.line(row).iter().take(to).skip(from).copied().collect()
                })
                .collect(),
        };
        Register { lines, kind }
    }

    /// What `gv` and `'<` know of a selection that ends.
    pub(super) fn keep_selection(&mut self) {
        if let Some(visual) = self.visual {
            self.marks.visual = Some(super::marks::Marked {
                kind: visual.kind,
                start: visual.anchor,
                end: self.cursor,
                aim: self.aim,
            });
        }
    }

    /// Ends visual mode; the cursor stays on a letter.
    pub(super) fn end_visual(&mut self) {
        self.keep_selection();
        self.visual = None;
        self.check_col();
    }

    /// The kind of selection, as `v` and its like name it.
    pub(super) fn selection_of(key: char) -> Selection {
        match key {
            'V' => Selection::Lines,
            '\x16' => Selection::Block,
            _ => Selection::Characters,
        }
    }
}
