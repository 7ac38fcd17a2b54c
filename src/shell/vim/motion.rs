//! Motions: each sets the cursor, and how an operator takes it along.

use super::core::{Core, Done, Stop};
use super::normal::Command;
use super::{Pos, keys};

impl Core {
    /// Carries a motion out; `None` when the command is none.
    pub(super) fn motion(&mut self, command: &mut Command) -> Option<Done> {
        let count = command.count1();
        let goes_to_byte = command.key == 'g' && command.next == 'o';
        // Vim leaves the kind of the motion before to `go`.
        self.op.lines = goes_to_byte && self.stale_lines;
        self.op.inclusive = false;
        let done = match command.key {
            'h' | '\x08' | '\x7f' | keys::LEFT => {
                self.left(command);
                Ok(())
            }
            'l' | ' ' | keys::RIGHT => {
                self.right(command);
                Ok(())
            }
            'j' | '\x0e' | '\n' | keys::DOWN => self.down(count),
            'k' | '\x10' | keys::UP => self.up(count),
            '+' | '\r' => self.down(count).map(|()| self.begin_line(true)),
            '-' => self.up(count).map(|()| self.begin_line(true)),
            '0' | keys::HOME | '^' | '_' | '$' | keys::END | '|' => self.line_motion(command),
            'w' | 'W' => self.word_motion(command, false),
            'e' | 'E' => self.word_motion(command, true),
            'b' | 'B' => {
                self.aims_here = true;
                let moved = self.word_back(count, command.key == 'B', false);
                fail_unless(moved)
            }
            '(' | ')' => self.sentence_motion(command.key == ')', count),
            '{' | '}' => self.paragraph_motion(command.key == '}', count),
            '%' => self.percent(command),
            'G' => {
                self.go_to_row(command.count0.unwrap_or(self.text.count()));
                Ok(())
            }
            'H' | 'L' | 'M' => {
                self.screen_row(command);
                Ok(())
            }
            'f' | 'F' | 't' | 'T' => self.find_letter(command),
            ';' | ',' => self.find_again(command.key == ',', count),
            '\'' | '`' => self.mark_motion(command),
            '/' | '?' => self.search_motion(command),
            'n' | 'N' => self.next_match(command),
            '*' | '#' => self.search_word(command, false),
            '[' | ']' => return self.bracket_motion(command),
            'g' => {
                let done = self.g_motion(command);
                self.stale_lines = self.op.lines;
                return done;
            }
            _ => return None,
        };
        self.stale_lines = self.op.lines;
        Some(done)
    }

    /// To a place in the line, or in one further down.
    fn line_motion(&mut self, command: &Command) -> Done {
        let down = command.count1() - 1;
        match command.key {
            '^' => self.begin_line(true),
            '_' => {
                self.op.lines = true;
                self.aims_here = true;
                self.cursor_down(down)?;
                self.begin_line(true);
            }
            '$' | keys::END => {
                self.op.inclusive = true;
                self.aim = usize::MAX;
                self.aims_here = false;
                return self.cursor_down(down);
            }
            '|' => {
                self.cursor.col = 0;
                self.go_to_column(down);
                self.aim = down;
                self.aims_here = false;
            }
            _ => {
                self.cursor.col = 0;
                self.aims_here = true;
            }
        }
        Ok(())
    }

    fn left(&mut self, command: &mut Command) {
        let count = command.count1();
        for done in 0..count {
            if self.cursor.col > 0 {
                self.cursor.col -= 1;
                self.aims_here = true;
                continue;
            }
            let flag = match command.key {
                'h' => 'h',
                keys::LEFT => '<',
                _ => 'b',
            };
            if self.settings.wraps.contains(flag) && self.cursor.row > 0 {
                self.cursor.row -= 1;
                self.go_to_column(usize::MAX);
                self.aims_here = true;
                if self.op.deletes() && self.row_len() > 0 {
                    if self.here().is_some() {
                        self.cursor.col += 1;
                    }
                    command.keeps_end = true;
                }
                continue;
            }
            if self.op.kind.is_none() && done == 0 {
                self.input.flush();
            }
            break;
        }
    }

    fn right(&mut self, command: &Command) {
        let count = command.count1();
        let past = self.is_visual();
        for done in 0..count {
            let len = self.row_len();
            let stuck = if past { self.cursor.col >= len } else { self.cursor.col + 1 >= len };
            if !stuck {
                self.cursor.col += 1;
                self.aims_here = true;
                continue;
            }
            let flag = match command.key {
                'l' => 'l',
                keys::RIGHT => '>',
                _ => 's',
            };
            if self.settings.wraps.contains(flag) && self.cursor.row < self.text.last() {
                if self.op.kind.is_some() && !self.op.inclusive && len > 0 {
                    self.op.inclusive = true;
                } else {
                    self.cursor = Pos { row: self.cursor.row + 1, col: 0 };
                    self.aims_here = true;
                    self.op.inclusive = false;
                }
                continue;
            }
            if self.op.kind.is_none() {
                if done == 0 {
                    self.input.flush();
                }
            } else if len > 0 {
                self.op.inclusive = true;
            }
            break;
        }
    }

    fn down(&mut self, count: usize) -> Done {
        self.op.lines = true;
        self.cursor_down(count)
    }

    fn up(&mut self, count: usize) -> Done {
        self.op.lines = true;
        self.cursor_up(count)
    }

    pub(super) fn cursor_down(&mut self, count: usize) -> Done {
        if count > 0 {
            if self.cursor.row >= self.text.last() {
                return Err(Stop::Fail);
            }
            self.cursor.row = self.cursor.row.saturating_add(count).min(self.text.last());
        }
        let aim = self.aim;
        self.go_to_column(aim);
        Ok(())
    }

    pub(super) fn cursor_up(&mut self, count: usize) -> Done {
        if count > 0 {
            if self.cursor.row == 0 {
                return Err(Stop::Fail);
            }
            self.cursor.row = self.cursor.row.saturating_sub(count);
        }
        let aim = self.aim;
        self.go_to_column(aim);
        Ok(())
    }

    fn word_motion(&mut self, command: &Command, is_end: bool) -> Done {
        let big = command.key.is_uppercase();
        let from = self.cursor;
        let mut to_end = is_end;
        let mut stop = false;
        self.op.inclusive = is_end;
        if !is_end && self.op.changes() {
            match self.here() {
                None => {}
                Some(c) if super::text::is_blank(c) => {}
                Some(_) => {
                    self.op.inclusive = true;
                    (to_end, stop) = (true, true);
                }
            }
        }
        self.aims_here = true;
        let stays = self.op.kind.is_some();
        let count = command.count1();
        let moved = if to_end {
            self.word_end(count, big, stop, false)
        } else {
            self.word_forward(count, big, stays)
        };
        if from < self.cursor {
            self.adjust_cursor();
        }
        fail_unless(moved || stays)
    }

    /// The cursor does not stay behind a line's last letter; an operator takes that letter along then.
    pub(super) fn adjust_cursor(&mut self) {
        if self.cursor.col > 0 && self.here().is_none() && !self.is_visual() {
            self.cursor.col -= 1;
            self.op.inclusive = true;
        }
    }

    fn sentence_motion(&mut self, forward: bool, count: usize) -> Done {
        self.op.use_one = true;
        self.aims_here = true;
        if !self.sentence(forward, count) {
            return Err(Stop::Fail);
        }
        self.adjust_cursor();
        Ok(())
    }

    fn paragraph_motion(&mut self, forward: bool, count: usize) -> Done {
        self.op.use_one = true;
        self.aims_here = true;
        self.op.inclusive = self.paragraph(forward, count, None, false).ok_or(Stop::Fail)?;
        Ok(())
    }

    fn percent(&mut self, command: &Command) -> Done {
        self.op.inclusive = true;
        if let Some(count) = command.count0 {
            if count > 100 {
                return Err(Stop::Fail);
            }
            self.op.lines = true;
            self.note_jump();
            let row = (self.text.count() * count).div_ceil(100).saturating_sub(1);
            self.cursor.row = row.min(self.text.last());
            self.begin_line_or_aim();
            return Ok(());
        }
        self.op.use_one = true;
        let to = self.matching().ok_or(Stop::Fail)?;
        self.note_jump();
        self.cursor = to;
        self.aims_here = true;
        Ok(())
    }

    pub(super) fn go_to_row(&mut self, number: usize) {
        self.op.lines = true;
        self.note_jump();
        self.cursor.row = number.saturating_sub(1).min(self.text.last());
        self.begin_line_or_aim();
    }

    fn find_letter(&mut self, command: &Command) -> Done {
        let (kind, letter) = (command.key, command.next);
        if letter == keys::ESCAPE {
            return Err(Stop::Fail);
        }
        self.find = Some((kind, letter));
        self.find_char(kind, letter, command.count1(), false)
    }

    fn find_again(&mut self, turned: bool, count: usize) -> Done {
        let (kind, letter) = self.find.ok_or(Stop::Fail)?;
        let turn = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        self.find_char(if turned { turn(kind) } else { kind }, letter, count, true)
    }

    fn find_char(&mut self, kind: char, letter: char, count: usize, again: bool) -> Done {
        let line = self.text.line(self.cursor.row);
        let col = self.cursor.col;
        let forward = kind.is_lowercase();
        // `;` behind `t` does not stay where it is.
        let skip = usize::from(again && count == 1 && matches!(kind, 't' | 'T'));
        let at = if forward {
            let mut hits = (col + 1 + skip..line.len()).filter(|at| line[*at] == letter);
            hits.nth(count - 1)
        } else {
            let mut hits = (0..col.saturating_sub(skip)).rev().filter(|at| line[*at] == letter);
            hits.nth(count - 1)
        };
        let at = at.ok_or(Stop::Fail)?;
        self.op.inclusive = forward;
        self.cursor.col = match kind {
            't' => at - 1,
            'T' => at + 1,
            _ => at,
        };
        self.aims_here = true;
        Ok(())
    }

    pub(super) fn mark_motion(&mut self, command: &Command) -> Done {
        let whole_line = command.key == '\'';
        let pos = self.mark(command.next)?;
        if !command.keeps_jumps {
            self.note_jump();
        }
        self.cursor = pos;
        self.op.use_one |= !whole_line;
        self.op.lines = whole_line;
        if whole_line {
            self.begin_line(true);
        } else {
            self.check_cursor();
        }
        self.aims_here = true;
        Ok(())
    }

    /// Where a mark is; an error when it is not set.
    pub(super) fn mark(&mut self, name: char) -> Done<Pos> {
        let visual = self.marks.visual;
        let ordered = visual.map(|it| (it.start.min(it.end), it.start.max(it.end), it.kind));
        let pos = match name {
            '\'' | '`' => Some(self.marks.jumped),
            '[' => Some(self.marks.begun),
            ']' => Some(self.marks.ended),
            '.' => self.marks.changed,
            '^' => self.marks.inserted,
            '"' => Some(Pos::default()),
            '<' => ordered.map(
                |(start, _, kind)| {
                    if kind == super::Selection::Lines { Pos { col: 0, ..start } } else { start }
                },
            ),
            '>' => ordered.map(|(_, end, kind)| {
                if kind == super::Selection::Lines { Pos { col: usize::MAX, ..end } } else { end }
            }),
            '(' | ')' | '{' | '}' => {
                let (cursor, marks, op) = (self.cursor, self.marks.clone(), self.op.clone());
                let found = match name {
                    '(' | ')' => self.sentence(name == ')', 1),
                    _ => self.paragraph(name == '}', 1, None, false).is_some(),
                };
                let to = self.cursor;
                (self.cursor, self.marks, self.op) = (cursor, marks, op);
                found.then_some(to)
            }
            name if name.is_ascii_alphabetic() => self.marks.named.get(&name).copied(),
            _ => return Err(self.error("E78: Unknown mark")),
        };
        match pos {
            None => Err(self.error("E20: Mark not set")),
            Some(pos) if pos.row > self.text.last() => Err(self.error("E19: Mark has invalid line number")),
            Some(pos) => {
                // A column behind the end stands for the last letter.
                let len = self.text.len(pos.row);
                Ok(Pos { col: pos.col.min(len), ..pos })
            }
        }
    }

    fn bracket_motion(&mut self, command: &mut Command) -> Option<Done> {
        let forward = command.key == ']';
        let count = command.count1();
        match command.next {
            '[' | ']' => {
                let what = if command.next == command.key { '{' } else { '}' };
                self.aims_here = true;
                let both = self.op.kind.is_some() && forward && what == '{';
                let Some(inclusive) = self.paragraph(forward, count, Some(what), both) else {
                    return Some(Err(Stop::Fail));
                };
                self.op.inclusive = inclusive;
                if self.op.kind.is_none() {
                    self.begin_line(true);
                }
                Some(Ok(()))
            }
            '(' | '{' if !forward => Some(self.bracket_around(command.next, count)),
            ')' | '}' if forward => Some(self.bracket_around(command.next, count)),
            '(' | ')' | '{' | '}' => Some(Err(Stop::Fail)),
            _ => None,
        }
    }

    fn bracket_around(&mut self, wanted: char, count: usize) -> Done {
        let mut found = None;
        for _ in 0..count {
            let Some(pos) = self.around(found.unwrap_or(self.cursor), wanted) else { break };
            found = Some(pos);
        }
        let to = found.ok_or(Stop::Fail)?;
        self.note_jump();
        self.cursor = to;
        self.aims_here = true;
        Ok(())
    }
}

pub(super) fn fail_unless(moved: bool) -> Done {
    if moved { Ok(()) } else { Err(Stop::Fail) }
}
