//! Undoing, marks, and recording and playing macros.

use super::core::{Core, Done, MACROS_MAX, Stop};
use super::registers::Registers;
use super::{Pos, Selection};

impl Core {
    pub(super) fn undo_command(&mut self, count: usize, back: bool) -> Done {
        self.op = super::operator::Op::default();
        self.undo_steps(count, back);
        self.aims_here = true;
        Ok(())
    }

    /// Goes steps of undo back or forth.
    pub(super) fn undo_steps(&mut self, count: usize, back: bool) {
        self.undo.sync(&self.text);
        for _ in 0..count {
            let (modified, visual) = (self.modified, self.marks.visual);
            let undone = if back {
                self.undo.back(&mut self.text, modified, visual)
            } else {
                self.undo.forward(&mut self.text, modified, visual)
            };
            let Some(undone) = undone else {
                self.say(format!("Already at {} change", if back { "oldest" } else { "newest" }));
                break;
            };
            self.after_undo(undone);
        }
        self.say_lines_changed(self.text.count());
        self.check_cursor();
        self.line_before = self.line_before.take();
    }

    pub(super) fn after_undo(&mut self, undone: super::undo::Undone) {
        let top = self.text.count();
        self.marks.begun = Pos { row: top, col: 0 };
        self.marks.ended = Pos::default();
        for swap in &undone.swaps {
            let by = swap.after as isize - swap.before as isize;
            if by != 0 && swap.before > 0 {
                self.adjust_marks(swap.first, swap.first + swap.before - 1, None, by);
            } else if by != 0 {
                self.adjust_marks(swap.first, usize::MAX, Some(by), 0);
            }
            self.marks.begun.row = self.marks.begun.row.min(swap.first);
            let last = if swap.after == 0 { swap.first } else { swap.first + swap.after - 1 };
            self.marks.ended.row = self.marks.ended.row.max(last);
            self.marks.new_change = true;
            self.changed(swap.first, 0);
        }
        self.marks.begun.row = self.marks.begun.row.min(self.text.last());
        self.marks.ended.row = self.marks.ended.row.min(self.text.last());
        self.modified = undone.was_modified;
        for (name, pos) in undone.marks {
            self.marks.named.insert(name, pos);
        }
        if undone.visual.is_some() {
            self.marks.visual = undone.visual;
        }
        let before = undone.cursor_before;
        if let Some(cursor) = undone.cursor {
            self.cursor = cursor;
        }
        self.check_row();
        if before.row + 1 == self.cursor.row && self.cursor.row > 0 {
            self.cursor.row -= 1;
        }
        if self.cursor.row == before.row {
            self.cursor.col = before.col;
        } else {
            self.begin_line_or_aim();
        }
    }

    pub(super) fn undo_line(&mut self) -> Done {
        self.op = super::operator::Op::default();
        let Some((row, line, col)) = self.line_before.clone().filter(|(row, ..)| *row < self.text.count())
        else {
            return Err(Stop::Fail);
        };
        let now = self.text.kept(row);
        self.keep_rows(row, row + 1, None);
        self.text.set(row, line);
        self.changed(row, 0);
        let here = if self.cursor.row == row { self.cursor.col } else { 0 };
        self.line_before = Some((row, now, here));
        self.cursor = Pos { row, col };
        self.check_cursor();
        self.aims_here = true;
        Ok(())
    }

    pub(super) fn set_mark(&mut self, name: char) -> Done {
        self.set_mark_at(name, self.cursor)
    }

    pub(super) fn set_mark_at(&mut self, name: char, pos: Pos) -> Done {
        self.op.register = None;
        match name {
            '\'' | '`' => self.note_jump(),
            '[' => self.marks.begun = pos,
            ']' => self.marks.ended = pos,
            '<' | '>' => {
                let mut visual = self.marks.visual.unwrap_or(super::marks::Marked {
                    kind: Selection::Characters,
                    start: pos,
                    end: pos,
                    aim: 0,
                });
                if name == '<' {
                    visual.start = pos
                } else {
                    visual.end = pos
                }
                self.marks.visual = Some(visual);
            }
            name if name.is_ascii_alphabetic() => drop(self.marks.named.insert(name, pos)),
            '"' => {}
            _ => return Err(Stop::Fail),
        }
        Ok(())
    }

    pub(super) fn record_command(&mut self, name: char) -> Done {
        if let Some((name, mut keys)) = self.input.recording.take() {
            keys.pop();
            let lines = keys.split('\n').map(|line| line.chars().collect()).collect();
            let register = super::registers::Register { lines, kind: super::registers::Kind::Characters };
            self.registers.put_aside(name, register);
            return Ok(());
        }
        if !name.is_ascii_alphanumeric() && name != '"' {
            return Err(Stop::Fail);
        }
        self.input.recording = Some((name, String::new()));
        Ok(())
    }

    pub(super) fn macro_command(&mut self, name: char, count: usize) -> Done {
        for _ in 0..count {
            self.play_macro(name)?;
        }
        Ok(())
    }

    /// Puts a register's keys before those that wait.
    pub(super) fn play_macro(&mut self, name: char) -> Done {
        let name = if name == '@' { self.last_macro.ok_or(Stop::Fail)? } else { name };
        self.macros += 1;
        if self.macros > MACROS_MAX || self.input.ahead() > 200_000 {
            return Err(self.error("E132: Function call depth is higher than 'maxfuncdepth'"));
        }
        if name == ':' {
            let line = self.last_line.clone();
            let Some(line) = line else { return Err(self.error("E30: No previous command line")) };
            self.last_macro = Some(name);
            let line: String =
                line.chars().flat_map(|c| (c < ' ').then_some('\x16').into_iter().chain([c])).collect();
            self.input.put_first(&format!(":{line}\n"), false);
            return Ok(());
        }
        if name != '.' && !Registers::is_valid(name, false) || name == '_' {
            return Err(Stop::Fail);
        }
        self.last_macro = Some(name);
        let register = self.register(Some(name)).ok_or(Stop::Fail)?;
        self.input.put_first(&register.text(), true);
        Ok(())
    }
}
