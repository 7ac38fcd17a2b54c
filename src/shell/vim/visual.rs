//! Visual mode's own commands, and what stands behind `g` and `z`.

use super::core::{Core, Done, Stop, Visual};
use super::insert::Inserting;
use super::normal::{Command, operator_of};
use super::operator::Operator;
use super::registers::{Kind, Put, Register};
use super::{Pos, Selection, keys};

impl Core {
    /// A command that means something else in visual mode; `None` for the others.
    pub(super) fn visual_command(&mut self, command: &mut Command) -> Option<Done> {
        let visual = self.visual?;
        let key = command.key;
        let operator = match key {
            'x' | keys::DELETE => Some(Operator::Delete),
            's' => Some(Operator::Change),
            'u' => Some(Operator::Lower),
            'U' => Some(Operator::Upper),
            '~' => Some(Operator::Toggle),
            'J' => Some(Operator::Join { spaces: true }),
            'g' if command.next == 'J' => Some(Operator::Join { spaces: false }),
            'r' if command.next == keys::ESCAPE => return Some(Err(Stop::Fail)),
            'r' => Some(Operator::Replace),
            '\x01' => Some(Operator::Add),
            '\x18' => Some(Operator::Subtract),
            'g' if matches!(command.next, '\x01' | '\x18') => {
                command.grows = true;
                Some(if command.next == '\x01' { Operator::Add } else { Operator::Subtract })
            }
            'D' | 'X' | 'C' | 'S' | 'R' | 'Y' => return Some(self.whole_lines_command(key, visual)),
            'I' => Some(Operator::Insert),
            'A' => Some(Operator::Append),
            _ => operator_of(command),
        };
        if let Some(operator) = operator {
            self.op.kind = Some(operator);
            return Some(Ok(()));
        }
        match key {
            'i' | 'a' => Some(self.object(key == 'a', command.next, command.count1())),
            keys::ESCAPE | '\x03' => {
                self.end_visual();
                self.op = super::operator::Op::default();
                Some(Ok(()))
            }
            'v' | 'V' | '\x16' => {
                let kind = Self::selection_of(key);
                if kind == visual.kind {
                    self.end_visual()
                } else {
                    self.visual = Some(Visual { kind, ..visual })
                }
                Some(Ok(()))
            }
            'o' | 'O' => {
                self.swap_ends(visual, key == 'O');
                Some(Ok(()))
            }
            'p' | 'P' => Some(self.put_over(visual, command, Put::default())),
            'g' if matches!(command.next, 'p' | 'P') => {
                Some(self.put_over(visual, command, Put { go_behind: true, ..Put::default() }))
            }
            'g' if command.next == 'v' => Some(self.exchange_selection()),
            '\x0f' | '\t' | '&' | '.' | 'q' if key == '.' || key == '&' => Some(Err(Stop::Fail)),
            'm' if matches!(command.next, '<' | '>') => Some(Ok(())),
            _ => None,
        }
    }

    /// `D`, `X`, `C`, `S`, `R`, `Y`: whole lines, or a block to the lines' ends.
    fn whole_lines_command(&mut self, key: char, visual: Visual) -> Done {
        let block = visual.kind == Selection::Block;
        if block && matches!(key, 'D' | 'C') {
            self.aim = usize::MAX;
            self.aims_here = false;
        } else {
            let kind = if key == 'Y' && block { Selection::Block } else { Selection::Lines };
            self.visual = Some(Visual { kind, ..visual });
        }
        self.op.kind = Some(match key {
            'D' | 'X' => Operator::Delete,
            'Y' => Operator::Yank,
            _ => Operator::Change,
        });
        Ok(())
    }

    fn swap_ends(&mut self, visual: Visual, across: bool) {
        if across && visual.kind == Selection::Block {
            let (anchor, cursor) = (visual.anchor, self.cursor);
            let (left, right) = (self.column(anchor), self.column_span(cursor).0);
            let (row_a, row_c) = (anchor.row, cursor.row);
            self.cursor = Pos { row: row_a, col: 0 };
            self.go_to_column(right);
            let new_anchor = self.cursor;
            self.cursor = Pos { row: row_c, col: 0 };
            self.go_to_column(left);
            self.aim = left;
            self.aims_here = false;
            self.visual = Some(Visual { anchor: new_anchor, ..visual });
            return;
        }
        self.visual = Some(Visual { anchor: self.cursor, ..visual });
        self.cursor = visual.anchor;
        self.aims_here = true;
    }

    /// `p` in visual mode: what is selected goes into the register that was put.
    fn put_over(&mut self, visual: Visual, command: &Command, how: Put) -> Done {
        let name = self.op.register.take();
        let register = self.register(name);
        self.redo_prepare(name, command.count0);
        let (anchor, cursor) = (visual.anchor, self.cursor);
        let end = anchor.max(cursor);
        let kind = register.as_ref().map(|register| register.kind);
        let lines = kind == Some(Kind::Lines);
        let whole = visual.kind == Selection::Lines;
        let empty_before = self.text.is_none();
        let keeps = command.key == 'P';
        self.op.kind = Some(Operator::Delete);
        self.op.register = if keeps { Some('_') } else { None };
        self.finishing = true;
        let deleting = Command { key: 'd', ..Command::default() };
        let aim = self.aim;
        self.finish_operator(&deleting, aim)?;
        self.finishing = false;
        let _ = (end, empty_before);
        let start = anchor.min(cursor);
        let mut how = how;
        how.split = visual.kind == Selection::Characters && lines;
        how.lines = whole && !lines && !matches!(kind, Some(Kind::Block(_)));
        how.before = true;
        let at_end = match visual.kind {
            Selection::Lines => start.row >= self.text.count() || self.marks.begun.row > self.cursor.row,
            Selection::Characters => self.cursor.col < self.marks.begun.col,
            Selection::Block => self.cursor.col < self.marks.begun.col,
        };
        if at_end || whole && self.cursor.row + 1 < self.marks.begun.row + 1 {
            how.before = false;
        }
        let empty = self.text.is_none();
        let line_put = how.lines;
        how.lines = false;
        let Some(mut register) = register else {
            let name = name.unwrap_or('"');
            return Err(self.error(format!("E353: Nothing in register {name}")));
        };
        if line_put {
            register.kind = Kind::Lines;
        }
        self.put_text_of(register, command.count1(), how)?;
        if empty && self.text.len(self.text.last()) == 0 && self.text.count() > 1 {
            let row = self.text.last();
            self.text.remove(row);
            self.deleted(row, 1);
            self.check_row();
        }
        self.input.reset_redo();
        if let Some(name) = name {
            self.input.redo_add(&format!("\"{name}"));
        }
        self.input.redo_add(&format!("v{}", command.key_text()));
        Ok(())
    }

    fn exchange_selection(&mut self) -> Done {
        let Some(kept) = self.marks.visual else { return Err(Stop::Fail) };
        let now = self.visual;
        if now.is_some() {
            self.keep_selection();
        }
        self.visual = Some(Visual { kind: kept.kind, anchor: kept.start });
        self.cursor = kept.end;
        self.aim = kept.aim;
        self.aims_here = false;
        self.check_cursor();
        Ok(())
    }

    /// Ends visual mode for a command line: the cursor goes to the selection's start.
    pub(super) fn end_visual_keeping_cursor(&mut self) {
        let Some(visual) = self.visual else { return };
        self.keep_selection();
        self.visual = None;
        self.cursor = self.cursor.min(visual.anchor);
        self.check_col();
    }

    /// `3v`: the last selection's size three times; so many letters or lines when there was none.
    pub(super) fn reselect(&mut self, kind: Selection, count: usize) {
        let size = self.marks_size;
        let Some(before) = size.kind else {
            if kind == Selection::Lines {
                self.cursor.row = (self.cursor.row + count - 1).min(self.text.last());
                let aim = self.aim;
                self.go_to_column(aim);
            } else {
                self.cursor.col = (self.cursor.col + count - 1).min(self.row_len());
                self.aims_here = true;
            }
            return;
        };
        if let Some(visual) = &mut self.visual {
            visual.kind = before;
        }
        self.cursor.row = (self.cursor.row + size.rows * count - 1).min(self.text.last());
        if size.columns == usize::MAX {
            self.aim = usize::MAX;
        } else if before == Selection::Block || before == Selection::Characters && size.rows <= 1 {
            self.aim += size.columns * count - 1;
        } else if before == Selection::Characters {
            self.aim = size.columns;
        } else {
            self.aims_here = true;
            return;
        }
        let aim = self.aim;
        self.go_to_column(aim);
    }

    pub(super) fn g_command(&mut self, command: &mut Command) -> Done {
        let count = command.count1();
        match command.next {
            'v' => self.exchange_selection(),
            'J' => self.join_as_is(command),
            'p' | 'P' => {
                let name = self.op.register.take();
                self.redo_prepare(name, command.count0);
                self.input.redo_add(&command.key_text());
                let how = Put { before: command.next == 'P', go_behind: true, ..Put::default() };
                self.put_register(name, count, how)
            }
            'i' => {
                self.insert_again(count);
                Ok(())
            }
            'I' => {
                self.cursor.col = 0;
                self.edit_at(Inserting::default(), "gI", count);
                Ok(())
            }
            'R' => {
                let inserting = Inserting { replaces: true, columns: true, ..Inserting::default() };
                self.edit_at(inserting, "gR", count);
                Ok(())
            }
            'r' => {
                let letter = command.more;
                if letter == keys::ESCAPE {
                    return Err(Stop::Fail);
                }
                self.input.stuff(&format!("{count}gR{letter}\x1b"));
                Ok(())
            }
            '&' => self.ex("%s//~/&"),
            't' | 'T' => {
                self.go_in_tabs(command.next == 'T', command.count0);
                Ok(())
            }
            ';' | ',' => self.change_jump(command.next == ',', count),
            '-' | '+' => {
                let now = self.undo.now();
                let newest = self.undo.newest();
                let to =
                    if command.next == '-' { now.saturating_sub(count) } else { (now + count).min(newest) };
                self.undo_to(to);
                Ok(())
            }
            'a' | '8' => {
                if let Some(c) = self.here() {
                    self.say(format!("<{c}>  {},  Hex {:02x},  Oct {:03o}", c as u32, c as u32, c as u32));
                }
                Ok(())
            }
            '\x07' => {
                self.say_position();
                Ok(())
            }
            's' => Ok(()),
            _ => Err(Stop::Fail),
        }
    }

    /// `gJ`: without blanks between.
    fn join_as_is(&mut self, command: &Command) -> Done {
        let mut rows = command.count0.unwrap_or(2).max(2);
        let row = self.cursor.row;
        if row + rows > self.text.count() {
            if rows <= 2 {
                return Err(Stop::Fail);
            }
            rows = self.text.count() - row;
        }
        let register = self.op.register.take();
        self.redo_prepare(register, command.count0);
        self.input.redo_add("gJ");
        self.join(rows, false, true, true);
        Ok(())
    }

    /// `gi`: where text was inserted last.
    fn insert_again(&mut self, count: usize) {
        if let Some(pos) = self.marks.inserted {
            self.cursor = pos;
            self.check_row();
            let len = self.row_len();
            self.cursor.col = self.cursor.col.min(len);
        }
        self.edit_at(Inserting::default(), "i", count);
    }

    /// Enters insert mode with a command that `.` repeats.
    pub(super) fn edit_at(&mut self, inserting: Inserting, keys: &str, count: usize) {
        self.op = super::operator::Op::default();
        if self.restart.is_none() {
            self.input.reset_redo();
            if count > 1 {
                self.input.redo_add(&count.to_string());
            }
            self.input.redo_add(keys);
        }
        self.begin_insert(inserting, count);
    }

    /// Goes to another step of undo, by its number.
    pub(super) fn undo_to(&mut self, step: usize) {
        self.undo.sync(&self.text);
        for back in self.undo.way_to(step.min(self.undo.newest())) {
            self.undo_steps(1, back);
        }
        self.aims_here = true;
    }

    fn change_jump(&mut self, forward: bool, count: usize) -> Done {
        let len = self.marks.changes.len();
        let at = self.marks.change_at;
        if len == 0 {
            return Err(self.error("E664: Changelist is empty"));
        }
        let to = if forward { at + count } else { at.saturating_sub(count) };
        if !forward && at == 0 || forward && at + 1 >= len {
            return Err(self.error(if forward {
                "E663: At end of changelist"
            } else {
                "E662: At start of changelist"
            }));
        }
        let to = to.min(len - 1);
        self.marks.change_at = to;
        self.note_jump();
        self.cursor = self.marks.changes[to];
        self.check_cursor();
        self.aims_here = true;
        Ok(())
    }

    pub(super) fn jump_command(&mut self, forward: bool, count: usize) -> Done {
        if !forward && self.marks.jump_at >= self.marks.jumps.len() {
            let here = self.cursor;
            self.marks.jumps.push(here);
            self.marks.tidy_jumps();
            self.marks.jump_at = self.marks.jumps.len() - 1;
        } else {
            self.marks.tidy_jumps();
        }
        let at = self.marks.jump_at.min(self.marks.jumps.len());
        let to = if forward { at.checked_add(count) } else { at.checked_sub(count) };
        let to = to.filter(|to| *to < self.marks.jumps.len()).ok_or(Stop::Fail)?;
        self.marks.jump_at = to;
        self.cursor = self.marks.jumps[to];
        self.check_cursor();
        self.aims_here = true;
        Ok(())
    }

    pub(super) fn z_command(&mut self, command: &Command) -> Done {
        if let Some(count) = command.count0 {
            self.cursor.row = (count - 1).min(self.text.last());
        }
        let (row, height) = (self.cursor.row, self.view.height);
        match command.next {
            't' | '\r' | '\n' => self.view.top = row,
            'z' | '.' => self.view.top = row.saturating_sub(height.saturating_sub(1) / 2),
            'b' | '-' => self.view.top = (row + 1).saturating_sub(height),
            _ => return Ok(()),
        }
        if matches!(command.next, '\r' | '\n' | '.' | '-') {
            self.begin_line(true);
        }
        self.op.register = None;
        Ok(())
    }

    /// Shows the cursor's row.
    pub(super) fn show_cursor(&mut self) {
        let height = self.view.height.max(1);
        let row = self.cursor.row;
        if row < self.view.top {
            let far = self.view.top - row > height;
            self.view.top = if far { row.saturating_sub(height / 2) } else { row };
        } else if row >= self.view.top + height {
            let far = row - self.view.top > 2 * height;
            self.view.top = if far { row.saturating_sub(height / 2) } else { row + 1 - height };
        }
    }

    pub(super) fn page_command(&mut self, command: &Command) -> Done {
        self.op.register = None;
        let (height, last) = (self.view.height.max(2), self.text.last());
        let rows = height.saturating_sub(2).max(1) * command.count1();
        let top = self.view.top;
        match command.key {
            '\x06' | keys::PAGE_DOWN => {
                if top >= last {
                    return Err(Stop::Fail);
                }
                self.view.top = (top + rows).min(last);
                self.cursor.row = self.cursor.row.max(self.view.top);
                self.begin_line_or_aim();
            }
            '\x02' | keys::PAGE_UP => {
                if top == 0 {
                    return Err(Stop::Fail);
                }
                self.view.top = top.saturating_sub(rows);
                let bottom = self.view.top + height - 1;
                self.cursor.row = self.cursor.row.min(bottom);
                self.begin_line_or_aim();
            }
            _ => return self.half_page(command, height, last),
        }
        Ok(())
    }

    fn half_page(&mut self, command: &Command, height: usize, last: usize) -> Done {
        if command.count0.is_some() {
            self.scroll = command.count0;
        }
        let rows = self.scroll.unwrap_or(height / 2);
        let down = command.key == '\x04';
        if down && self.cursor.row == last || !down && self.cursor.row == 0 {
            return Err(Stop::Fail);
        }
        if down {
            let room = (last + 1).saturating_sub(self.view.top + height);
            self.view.top += rows.min(room);
            self.cursor.row = (self.cursor.row + rows).min(last);
        } else {
            self.view.top = self.view.top.saturating_sub(rows);
            self.cursor.row = self.cursor.row.saturating_sub(rows);
        }
        self.begin_line_or_aim();
        Ok(())
    }

    pub(super) fn scroll_lines(&mut self, down: bool, count: usize) {
        self.op.register = None;
        let (top, height) = (self.view.top, self.view.height.max(1));
        self.view.top = if down { (top + count).min(self.text.last()) } else { top.saturating_sub(count) };
        let row = self
            .cursor
            .row
            .clamp(self.view.top, (self.view.top + height - 1).min(self.text.last()).max(self.view.top));
        if row != self.cursor.row {
            self.cursor.row = row;
            let aim = self.aim;
            self.go_to_column(aim);
        }
    }

    /// `^G`
    pub(super) fn say_position(&mut self) {
        let rows = self.text.count();
        let name = self.files.shown_name();
        let modified = if self.modified { " [Modified]" } else { "" };
        let read_only = if self.read_only { " [readonly]" } else { "" };
        let percent = (self.cursor.row + 1) * 100 / rows.max(1);
        let lines = if rows == 1 { "1 line".into() } else { format!("{rows} lines") };
        self.say(format!("\"{name}\"{modified}{read_only} {lines} --{percent}%--"));
    }

    /// A register of whole lines, for commands that yank.
    pub(super) fn lines_register(&self, from: usize, to: usize) -> Register {
        self.region_register(Pos { row: from, col: 0 }, Pos { row: to, col: 0 }, Kind::Lines)
    }
}
