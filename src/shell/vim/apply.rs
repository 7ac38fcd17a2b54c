//! What each operator does to its region.

use super::Pos;
use super::block::BlockPart;
use super::core::{Core, Done};
use super::insert::{After, Inserting};
use super::operator::{Op, Operator};
use super::registers::{Kind, Register, Registers};
use super::text::is_blank;

impl Core {
    /// The letters of the region.
    pub(super) fn op_register(&self) -> Register {
        let op = &self.op;
        if op.block {
            let parts =
                (op.start.row..=op.end.row).map(|row| self.block_part(row, false).taken(self.text.line(row)));
            let mut lines: Vec<Vec<char>> = parts.collect();
            if op.to_ends {
                lines.iter_mut().for_each(|line| {
                    let kept = line.iter().rposition(|c| !is_blank(*c)).map_or(0, |at| at + 1);
                    let _ = kept;
                });
            }
            return Register { lines, kind: Kind::Block(op.right + 1 - op.left) };
        }
        if op.lines {
            return self.region_register(op.start, op.end, Kind::Lines);
        }
        let from_first = op.start.col == 0 && !op.inclusive && op.end.col == 0 && op.rows() > 1;
        if from_first && !op.visual {
            let end = Pos { row: op.end.row - 1, col: 0 };
            return self.region_register(op.start, end, Kind::Lines);
        }
        let past =
            Pos { col: (op.end.col + usize::from(op.inclusive)).min(self.text.len(op.end.row)), ..op.end };
        self.region_register(op.start, past, Kind::Characters)
    }

    pub(super) fn op_yank(&mut self, deleting: bool) {
        let invalid = self.op.register.is_some_and(|name| !Registers::is_valid(name, true));
        if invalid {
            self.input.flush();
        }
        if invalid || self.op.register == Some('_') {
            return;
        }
        let register = self.op_register();
        let rows = register.lines.len();
        self.registers.put(self.op.register, register);
        let op = &self.op;
        (self.marks.begun, self.marks.ended) = (op.start, op.end);
        if op.lines {
            self.marks.begun.col = 0;
            self.marks.ended.col = usize::MAX;
        }
        if rows > 2 && !deleting {
            let block = if self.op.block { "block of " } else { "" };
            let into = self.op.register.map(|name| format!(" into \"{name}")).unwrap_or_default();
            self.say(format!("{block}{rows} lines yanked{into}"));
        }
    }

    /// Deletes the region and keeps it in registers.
    pub(super) fn op_delete(&mut self) -> Done {
        if self.text.is_none() {
            return Ok(());
        }
        if self.op.empty {
            self.keep_here();
            return Ok(());
        }
        if self.op.register.is_some_and(|name| !Registers::is_valid(name, true)) {
            self.input.flush();
            return Ok(());
        }
        self.whole_lines();
        let op = &self.op;
        if !op.lines
            && op.rows() == 1
            && op.kind == Some(Operator::Delete)
            && self.text.len(op.start.row) == 0
        {
            return Ok(());
        }
        self.keep_deleted();
        let before = self.text.count();
        if self.op.block {
            self.delete_block();
        } else if self.op.lines {
            self.delete_whole_lines();
        } else if self.op.rows() == 1 {
            self.keep_here();
            let count = self.op.end.col - self.op.start.col + usize::from(self.op.inclusive);
            self.delete_letters(count, true);
        } else {
            self.delete_over_lines();
        }
        self.say_lines_changed(before);
        let op = &self.op;
        self.marks.begun = op.start;
        self.marks.ended = if op.block { Pos { row: op.end.row, col: op.start.col } } else { op.start };
        Ok(())
    }

    /// A deletion over several lines with nothing but blanks around it takes whole lines.
    pub(super) fn whole_lines(&mut self) {
        let op = &self.op;
        let fits = !op.lines
            && !op.visual
            && !op.block
            && op.rows() > 1
            && op.force.is_none()
            && op.kind == Some(Operator::Delete);
        if !fits {
            return;
        }
        let past = op.end.col + usize::from(op.inclusive);
        let blank_behind = self.text.line(op.end.row).iter().skip(past).all(|c| is_blank(*c));
        if blank_behind && self.in_indent(0) {
            self.op.lines = true;
        }
    }

    pub(super) fn keep_deleted(&mut self) {
        if self.op.register == Some('_') {
            return;
        }
        let named = self.op.register;
        let register = self.op_register();
        if named.is_some() {
            self.registers.put(named, register.clone());
        }
        let op = &self.op;
        if op.lines || op.rows() > 1 || op.use_one {
            let appends = named.is_some_and(|name| name.is_ascii_uppercase());
            self.registers.shift(register.clone(), appends);
        }
        if named.is_none() && !op.lines && op.rows() == 1 {
            self.registers.put(Some('-'), register);
        }
    }

    pub(super) fn delete_block(&mut self) {
        let (start, end) = (self.op.start, self.op.end);
        self.keep_rows(start.row, end.row + 1, Some(end.row + 1));
        for row in start.row..=end.row {
            let part = self.block_part(row, true);
            if part.length == 0 {
                continue;
            }
            if row == self.cursor.row {
                self.cursor.col = part.col + part.blanks_before;
            }
            let blanks = part.blanks_before + part.blanks_behind;
            let fill = std::iter::repeat_n(' ', blanks);
            self.text.line_mut(row).splice(part.col..part.col + part.length, fill);
        }
        self.check_col();
        self.changed(start.row, self.cursor.col);
    }

    pub(super) fn delete_whole_lines(&mut self) {
        let rows = self.op.rows();
        if !self.op.changes() {
            self.delete_lines(rows, true);
            self.begin_line(true);
            self.line_before = None;
            return;
        }
        let row = self.cursor.row;
        if rows > 1 {
            self.cursor.row += 1;
            self.delete_lines(rows - 1, true);
            self.cursor.row = row;
        }
        self.keep_here();
        if self.settings.autoindent {
            self.cursor.col = self.first_letter(row, false);
            self.did_indent = true;
            self.indent_columns = self.cursor.col;
        } else {
            self.cursor.col = 0;
        }
        self.truncate_line(false);
        if rows > 1 {
            self.line_before = None;
        }
    }

    pub(super) fn delete_over_lines(&mut self) {
        let (start, end) = (self.op.start, self.op.end);
        self.keep_rows(start.row, end.row + 1, None);
        let past = (end.col + usize::from(self.op.inclusive)).min(self.text.len(end.row));
        self.text.line_mut(start.row).truncate(start.col);
        self.changed(start.row, start.col);
        if end.row > start.row + 1 {
            self.cursor.row = start.row + 1;
            self.delete_lines(end.row - start.row - 1, false);
        }
        self.text.line_mut(start.row + 1).drain(..past);
        self.cursor = start;
        self.join(2, false, false, false);
    }

    pub(super) fn op_change(&mut self) -> Done {
        let mut col = self.op.start.col;
        if self.op.lines {
            col = 0;
            self.can_smart = self.settings.smartindent && !self.settings.paste;
        }
        if self.text.is_none() {
            self.keep_here();
        } else {
            self.op_delete()?;
        }
        if col > self.cursor.col && self.row_len() > 0 {
            self.cursor.col += 1;
        }
        let after = self.op.block.then(|| After::Change {
            op: self.op.clone(),
            length: self.text.len(self.op.start.row),
            indent: self.text.blanks(self.op.start.row),
            col: self.cursor.col,
        });
        self.begin_insert(Inserting { after, ..Inserting::default() }, 1);
        Ok(())
    }

    pub(super) fn op_insert(&mut self, append: bool, count: usize) -> Done {
        self.cursor.row = self.op.start.row;
        let op = self.op.clone();
        let mut after = None;
        if op.block {
            let mut part = self.block_part(op.start.row, true);
            let mut tail = self.text.len(op.start.row) - part.col;
            if append {
                tail -= part.length;
                while self.cursor.col < (part.col + part.length).min(self.row_len()) {
                    self.cursor.col += 1;
                }
                if part.short && !op.to_ends {
                    self.keep_here();
                    for _ in 0..part.blanks_behind {
                        self.put_letter(' ');
                    }
                    part.length += part.blanks_behind;
                }
            }
            after = Some(After::Insert { op, append, part, tail });
        } else if append {
            self.cursor = self.op.end;
            self.check_col();
            let one_column = self.op.left == self.op.right;
            if self.row_len() > 0 && !one_column {
                self.cursor.col += 1;
            }
        }
        self.begin_insert(Inserting { after, ..Inserting::default() }, count);
        Ok(())
    }

    /// Gives the other lines of a block what its first line got.
    pub(super) fn after_insert(&mut self, after: After) {
        match after {
            After::Change { op, length, indent, col } => self.after_block_change(&op, length, indent, col),
            After::Insert { op, append, part, tail } => self.after_block_insert(op, append, part, tail),
        }
    }

    pub(super) fn after_block_change(&mut self, op: &Op, length: usize, indent: usize, col: usize) {
        let line = self.text.line(op.start.row).to_vec();
        let (mut length, mut col) = (length as isize, col as isize);
        if col > indent as isize {
            let by = self.text.blanks(op.start.row) as isize - indent as isize;
            length += by;
            col += by;
        }
        let added = line.len() as isize - length;
        if added <= 0 || op.start.row == op.end.row {
            return;
        }
        let col = col.max(0) as usize;
        let text: Vec<char> = line.iter().skip(col).take(added as usize).copied().collect();
        let kept = std::mem::replace(&mut self.op, op.clone());
        for row in op.start.row + 1..=op.end.row.min(self.text.last()) {
            let part = self.block_part(row, true);
            if !part.short {
                self.text.line_mut(row).splice(part.col..part.col, text.iter().copied());
            }
        }
        self.op = kept;
        self.check_cursor();
        self.changed(op.start.row + 1, 0);
    }

    pub(super) fn after_block_insert(&mut self, op: Op, append: bool, mut part: BlockPart, tail: usize) {
        if self.marks.begun.row != op.start.row {
            return;
        }
        let mut tail = tail as isize;
        let kept = std::mem::replace(&mut self.op, op);
        let mut now = self.block_part(self.op.start.row, true);
        if !self.op.to_ends || now.length < part.length {
            if append {
                tail += now.length as isize - part.length as isize;
                if now.blanks_behind > 0 {
                    now.length = now.length.saturating_sub(1);
                }
            }
            (part.col, part.length) = (now.col, now.length);
        }
        let line = self.text.line(self.op.start.row).to_vec();
        let at = (part.col + if append { part.length } else { 0 }).min(line.len());
        let added = line.len() as isize - at as isize - tail;
        if tail >= 0 && added > 0 {
            let text: Vec<char> = line.iter().skip(at).take(added as usize).copied().collect();
            let (start, end) = (self.op.start.row, self.op.end.row.min(self.text.last()));
            self.keep_rows(start, end + 1, Some(end + 1));
            for row in start + 1..=end {
                self.insert_in_block(row, &text, append);
            }
            self.changed(start, 0);
            self.cursor = Pos { row: self.cursor.row, col: self.op.start.col };
            self.check_cursor();
        }
        self.op = kept;
    }

    pub(super) fn op_case(&mut self, operator: Operator) {
        let (start, mut end) = (self.op.start, self.op.end);
        self.keep_rows(start.row, end.row + 1, Some(end.row + 1));
        let mut begun = start;
        if self.op.block {
            for row in start.row..=end.row {
                let part = self.block_part(row, false);
                self.recase(operator, row, part.col, part.col + part.length);
            }
        } else {
            if self.op.lines {
                begun.col = 0;
                end.col = self.text.len(end.row).saturating_sub(1);
            } else if !self.op.inclusive {
                self.step_back(&mut end);
            }
            // Where the end comes before the start, vim takes a whole line, or one letter.
            for row in start.row..=end.row.max(start.row) {
                let from = if row == start.row { begun.col } else { 0 };
                let past = if row == end.row { end.col + 1 } else { usize::MAX };
                self.recase(operator, row, from, past);
            }
        }
        self.changed(start.row, begun.col);
        (self.marks.begun, self.marks.ended) = (begun, end);
    }

    pub(super) fn recase(&mut self, operator: Operator, row: usize, from: usize, past: usize) {
        for c in self.text.line_mut(row).iter_mut().take(past).skip(from) {
            *c = recased(operator, *c);
        }
    }

    pub(super) fn op_replace(&mut self, letter: char) {
        let letter = if letter == '\n' { '\0' } else { letter };
        let (start, mut end) = (self.op.start, self.op.end);
        self.keep_rows(start.row, end.row + 1, None);
        if self.op.block {
            self.replace_block(letter);
        } else {
            let mut begun = start;
            if self.op.lines {
                begun.col = 0;
                end.col = self.text.len(end.row).saturating_sub(1);
            } else if !self.op.inclusive {
                self.step_back(&mut end);
            }
            for row in start.row..=end.row {
                let from = if row == start.row { begun.col } else { 0 };
                let past = if row == end.row { end.col + 1 } else { usize::MAX };
                self.text.line_mut(row).iter_mut().take(past).skip(from).for_each(|c| *c = letter);
            }
            self.op.start = begun;
        }
        self.cursor = self.op.start;
        self.check_cursor();
        self.changed(start.row, self.op.start.col);
        (self.marks.begun, self.marks.ended) = (self.op.start, end);
    }

    /// `!` on a region: the command line with its range.
    pub(super) fn op_colon(&mut self) -> Done {
        let line = if self.op.visual {
            "'<,'>".to_owned()
        } else {
            let (start, end, here) = (self.op.start.row, self.op.end.row, self.cursor.row);
            let first = if start == here { ".".to_owned() } else { (start + 1).to_string() };
            let last = if end == start {
                String::new()
            } else if end == here {
                ",.".into()
            } else if end == self.text.last() {
                ",$".into()
            } else if start == here {
                format!(",.+{}", end - start)
            } else {
                format!(",{}", end + 1)
            };
            format!("{first}{last}")
        };
        self.input.stuff(&format!(":{line}!"));
        self.redo_filter = true;
        Ok(())
    }

    /// `=`: by the rules of YAML where they hold, else by those of C, as vim does without a file type.
    pub(super) fn op_reindent(&mut self) -> Done {
        let (start, end) = (self.op.start, self.op.end);
        self.keep_rows(start.row, end.row + 1, None);
        for row in start.row..=end.row.min(self.text.last()) {
            let blank = self.text.blanks(row) == self.text.len(row);
            let columns = match (blank, self.is_indenting()) {
                (true, _) => Some(0),
                (false, true) => self.yaml_indent(row),
                (false, false) => Some(self.c_indent(row)),
            };
            if let Some(columns) = columns {
                self.set_indent_of(row, columns, false);
            }
        }
        self.cursor = Pos { row: start.row, col: 0 };
        self.begin_line_or_aim();
        (self.marks.begun, self.marks.ended) = (start, end);
        Ok(())
    }
}

/// A letter as an operator of case leaves it.
pub(super) fn recased(operator: Operator, c: char) -> char {
    let single = |mut letters: Box<dyn Iterator<Item = char>>| match (letters.next(), letters.next()) {
        (Some(letter), None) => letter,
        _ => c,
    };
    match operator {
        Operator::Upper => single(Box::new(c.to_uppercase())),
        Operator::Lower => single(Box::new(c.to_lowercase())),
        Operator::Rotate if c.is_ascii_alphabetic() => {
            let base = if c.is_ascii_uppercase() { b'A' } else { b'a' };
            ((c as u8 - base + 13) % 26 + base) as char
        }
        Operator::Toggle if c.is_uppercase() => single(Box::new(c.to_lowercase())),
        Operator::Toggle => single(Box::new(c.to_uppercase())),
        _ => c,
    }
}
