//! Normal and visual mode: reading a command, and carrying it out.

use super::core::{Core, Done, Stop, Visual};
use super::input::For;
use super::insert::Inserting;
use super::lines::Opening;
use super::operator::Operator;
use super::registers::{Put, Registers};
use super::{Pos, Selection, keys};

/// A command as its keys say it.
#[derive(Clone, Debug, Default)]
pub(super) struct Command {
    pub(super) key: char,
    /// The second key of a command of two, or the letter it takes.
    pub(super) next: char,
    pub(super) more: char,
    pub(super) count0: Option<usize>,
    /// The pattern or line that was typed for it.
    pub(super) typed: Option<String>,
    pub(super) keeps_end: bool,
    pub(super) keeps_jumps: bool,
    /// `g^A` counts on.
    pub(super) grows: bool,
}

impl Command {
    pub(super) fn count1(&self) -> usize {
        self.count0.unwrap_or(1).max(1)
    }

    /// Its keys, for `.`.
    pub(super) fn key_text(&self) -> String {
        [self.key, self.next, self.more].into_iter().filter(|c| *c != '\0').collect()
    }
}

/// Commands that take another key.
const TAKES_KEY: &str = "gzZ[]\x17fFtT'`\"qm@r";

impl Core {
    /// One step: a command of normal mode, or a key of insert mode.
    pub(super) fn step(&mut self) -> Done {
        self.update_aim();
        if self.attention.is_some() {
            return self.attend_first();
        }
        if self.inserting.is_some() {
            let done = self.insert_key();
            let done = done.or_else(|stop| self.insert_failed(stop));
            self.check_row();
            return done;
        }
        self.normal_command()
    }

    fn normal_command(&mut self) -> Done {
        let old_aim = self.aim;
        self.finishing = self.op.kind.is_some();
        if !self.finishing && self.op.register.is_none() {
            self.op_count = 0;
        }
        self.message_on_key();
        let mut command = self.read_command()?;
        let mut done = self.carry_out(&mut command);
        if done.is_ok() {
            done = self.finish_operator(&command, old_aim);
        }
        self.finishing = false;
        match done {
            Ok(()) => {}
            Err(Stop::Fail) => {
                self.op = super::operator::Op::default();
                self.op_count = 0;
                self.input.flush();
            }
            Err(other) => return Err(other),
        }
        self.marks.check_jump(self.cursor);
        if self.inserting.is_none() {
            self.check_cursor();
        }
        let waits = self.op.kind.is_some() || self.op.register.is_some() || self.is_visual();
        if let (Some(mode), false, true, false) =
            (self.restart, waits, self.inserting.is_none(), self.input.has_stuffed())
        {
            let at_end = self.restart_at_end.take() == Some(self.cursor.row);
            self.restart_insert(mode, at_end);
        }
        Ok(())
    }

    fn message_on_key(&mut self) {
        if !self.finishing && self.depth == 0 {
            self.message.clear();
        }
    }

    fn read_command(&mut self) -> Done<Command> {
        let mode = if self.is_visual() {
            For::Visual
        } else if self.finishing {
            For::Pending
        } else {
            For::Normal
        };
        let mut command = Command::default();
        let mut key = self.key(mode)?;
        let mut count: Option<usize> = None;
        while key.is_ascii_digit() && (key != '0' || count.is_some())
            || (key == keys::DELETE && count.is_some())
        {
            count = match key.to_digit(10) {
                Some(digit) => {
                    Some(count.unwrap_or(0).saturating_mul(10).saturating_add(digit as usize).min(99_999_999))
                }
                None => Some(count.unwrap_or(0) / 10),
            };
            key = self.key(if mode == For::Normal { For::Letter } else { mode })?;
        }
        let before = self.op_count;
        if before > 0 {
            count = Some(count.unwrap_or(1).saturating_mul(before).min(99_999_999));
        }
        self.op_count = count.unwrap_or(0);
        command.count0 = count.filter(|count| *count > 0);
        command.key = key;
        let object = matches!(key, 'i' | 'a') && (self.finishing || self.is_visual());
        let takes =
            TAKES_KEY.contains(key) && !(key == 'q' && (self.recording_ends() || self.finishing)) || object;
        if takes {
            command.next = self.letter_key(key)?;
            let third = key == 'g' && matches!(command.next, 'r' | '\'' | '`' | '@');
            if third {
                command.more = self.key(For::Letter)?;
            }
        }
        Ok(command)
    }

    fn recording_ends(&self) -> bool {
        self.input.recording.is_some()
    }

    /// The second key; behind `f` and `r` a letter may be written by its number.
    fn letter_key(&mut self, key: char) -> Done<char> {
        let next = self.key(For::Letter)?;
        if next == '\x16' && "fFtTr".contains(key) {
            return self.literal();
        }
        if next == '\x0b' && "fFtTr".contains(key) {
            let (a, b) = (self.key(For::Letter)?, self.key(For::Letter)?);
            return Ok(super::complete::digraph(a, b).unwrap_or(b));
        }
        Ok(next)
    }

    fn carry_out(&mut self, command: &mut Command) -> Done {
        if self.is_visual()
            && let Some(done) = self.visual_command(command)
        {
            return done;
        }
        if self.finishing
            && let Some(done) = self.pending_command(command)
        {
            return done;
        }
        if let Some(operator) = operator_of(command) {
            return self.begin_operator(operator, command);
        }
        if let Some(done) = self.motion(command) {
            return done;
        }
        if self.finishing && command.key != ':' {
            return Err(Stop::Fail);
        }
        self.other_command(command)
    }

    /// Keys with a meaning of their own while an operator waits.
    fn pending_command(&mut self, command: &mut Command) -> Option<Done> {
        let operator = self.op.kind?;
        match command.key {
            'i' | 'a' => Some(self.object(command.key == 'a', command.next, command.count1())),
            'v' | 'V' | '\x16' => {
                self.op.force = Some(command.key);
                Some(Ok(())).inspect(|_| self.keep_waiting(command))
            }
            keys::ESCAPE | '\x03' => Some(Err(Stop::Fail)),
            '?' if operator == Operator::Rotate => Some(self.same_operator(command)),
            _ => {
                let keys = operator.keys();
                let last = keys.chars().last();
                let short = command.next == '\0' && Some(command.key) == last;
                let whole = keys.chars().count() == 2 && command.key == 'g' && Some(command.next) == last;
                (short && !matches!(keys, "J" | "gw") || whole).then(|| self.same_operator(command))
            }
        }
    }

    /// An operator typed twice: whole lines.
    fn same_operator(&mut self, command: &mut Command) -> Done {
        let operator = self.op.kind;
        if operator == Some(Operator::Rotate) {
            (command.key, command.next) = ('g', '?');
        }
        self.op.lines = true;
        self.aims_here = true;
        self.op.inclusive = false;
        let count = command.count1();
        self.cursor_down(count - 1)?;
        self.stale_lines = true;
        match operator {
            Some(Operator::Yank) => {}
            Some(Operator::Delete | Operator::Indent | Operator::Outdent) => self.begin_line_or_aim(),
            _ => self.begin_line(true),
        }
        Ok(())
    }

    /// The command is not done: the operator waits on.
    fn keep_waiting(&mut self, command: &Command) {
        self.op_count = command.count0.unwrap_or(0);
        self.finishing = false;
    }

    fn begin_operator(&mut self, operator: Operator, command: &Command) -> Done {
        if self.finishing {
            return Err(Stop::Fail);
        }
        self.op.kind = Some(operator);
        self.op.typed_at = self.cursor;
        self.op.begin = None;
        self.op_count = command.count0.unwrap_or(0);
        Ok(())
    }

    fn other_command(&mut self, command: &mut Command) -> Done {
        let count = command.count1();
        match command.key {
            keys::ESCAPE | '\x03' => {
                if self.restart.take().is_some() {
                    self.restart_at_end = None;
                }
                self.op = super::operator::Op::default();
                Ok(())
            }
            '"' => self.choose_register(command.next),
            'x' | 'X' | 'D' | 'C' | 's' | 'S' | 'Y' | '&' | keys::DELETE => {
                self.short_command(command);
                Ok(())
            }
            'i' | 'I' | 'a' | 'A' | 'R' => self.edit_command(command),
            'o' | 'O' => {
                self.open_command(command);
                Ok(())
            }
            'r' => self.replace_command(command),
            'J' => self.join_command(command, true),
            'p' | 'P' => self.put_command(command, Put { before: command.key == 'P', ..Put::default() }),
            'u' => self.undo_command(count, true),
            '\x12' => self.undo_command(count, false),
            'U' => self.undo_line(),
            '.' => self.repeat_command(command),
            '~' => self.toggle_command(command),
            'v' | 'V' | '\x16' => self.visual_begin(command),
            ':' => self.line_command(command),
            'm' => self.set_mark(command.next),
            'q' => self.record_command(command.next),
            '@' => self.macro_command(command.next, count),
            'Z' => self.leave_command(command.next),
            '\x01' | '\x18' => self.add_command(command),
            '\x06' | '\x02' | '\x04' | '\x15' | keys::PAGE_UP | keys::PAGE_DOWN => self.page_command(command),
            '\x05' | '\x19' => {
                self.scroll_lines(command.key == '\x05', count);
                Ok(())
            }
            '\x0f' | '\t' => self.jump_command(command.key == '\t', count),
            '\x07' => {
                self.say_position();
                Ok(())
            }
            '\x17' => self.window_command(command),
            '\x1e' => self.alternate_command(command.count0),
            'z' => self.z_command(command),
            'g' => self.g_command(command),
            '[' | ']' if matches!(command.next, 'p' | 'P') => {
                let before = command.key == '[' || command.next == 'P';
                self.put_command(command, Put { before, indent: true, ..Put::default() })
            }
            '\x0c' => Ok(()),
            '\x1a' => {
                self.stops = true;
                Ok(())
            }
            _ => Err(Stop::Fail),
        }
    }

    fn choose_register(&mut self, name: char) -> Done {
        if name != '=' && !Registers::is_valid(name, false) {
            return Err(Stop::Fail);
        }
        self.op.register = Some(name);
        Ok(())
    }

    /// Commands that are short for others.
    fn short_command(&mut self, command: &Command) {
        let keys = match command.key {
            'x' | keys::DELETE => "dl",
            'X' => "dh",
            'D' => "d$",
            'C' => "c$",
            's' => "cl",
            'S' => "cc",
            'Y' => "yy",
            _ => ":s\r",
        };
        if let Some(count) = command.count0 {
            self.input.stuff(&count.to_string());
        }
        self.input.stuff(keys);
        // A register chosen before is for what comes.
        self.op_count = 0;
    }

    fn edit_command(&mut self, command: &Command) -> Done {
        let mut inserting = Inserting::default();
        match command.key {
            'I' => self.begin_line(false),
            'A' => self.cursor.col = self.row_len(),
            'a' if self.row_len() > 0 => self.cursor.col += 1,
            'R' => inserting.replaces = true,
            _ => {}
        }
        self.edit_at(inserting, &command.key.to_string(), command.count1());
        Ok(())
    }

    fn open_command(&mut self, command: &Command) {
        let above = command.key == 'O';
        let row = self.cursor.row;
        let at = if above { row } else { row + 1 };
        if self.text.is_none() {
            self.keep_rows(0, 1, None);
            self.text.set_none(false);
            self.text.line_mut(0);
        } else {
            self.keep_rows(at, at, None);
        }
        self.did_indent = false;
        self.open_line(Opening { above, ..Opening::default() });
        if self.is_indenting() {
            self.did_indent = true;
            self.reindent_here();
        }
        self.edit_at(Inserting::default(), &command.key.to_string(), command.count1());
    }

    fn replace_command(&mut self, command: &Command) -> Done {
        let (letter, count) = (command.next, command.count1());
        if letter == keys::ESCAPE {
            return Err(Stop::Fail);
        }
        let Pos { row, col } = self.cursor;
        if col + count > self.row_len() {
            return Err(Stop::Fail);
        }
        if letter == '\t' && (self.settings.expandtab || self.settings.smarttab) {
            self.input.stuff(&format!("{count}R\t\x1b"));
            return Ok(());
        }
        let register = self.op.register.take();
        self.redo_prepare(register, command.count0);
        self.input.redo_add("r");
        self.input.redo_add_text(&letter.to_string());
        if matches!(letter, '\r' | '\n') {
            self.keep_here();
            self.delete_letters(count, false);
            self.did_indent = false;
            self.open_line(Opening { cuts: true, ..Opening::default() });
            self.did_indent = false;
            self.marks.inserted = Some(self.cursor);
            self.cursor.col = self.cursor.col.saturating_sub(1);
            self.aims_here = true;
            return Ok(());
        }
        self.keep_here();
        self.text.line_mut(row).iter_mut().skip(col).take(count).for_each(|c| *c = letter);
        self.changed(row, col);
        self.cursor.col = col + count - 1;
        self.marks.begun = Pos { row, col };
        self.marks.ended = self.cursor;
        self.aims_here = true;
        Ok(())
    }

    fn join_command(&mut self, command: &Command, spaces: bool) -> Done {
        let mut count = command.count0.unwrap_or(2).max(2);
        let row = self.cursor.row;
        if row + count > self.text.count() {
            if count <= 2 {
                return Err(Stop::Fail);
            }
            count = self.text.count() - row;
        }
        let register = self.op.register.take();
        self.redo_prepare(register, command.count0);
        self.input.redo_add(&command.key_text());
        self.join(count, spaces, true, true);
        Ok(())
    }

    fn put_command(&mut self, command: &Command, how: Put) -> Done {
        let name = self.op.register.take();
        self.redo_prepare(name, command.count0);
        self.input.redo_add(&command.key_text());
        let how = Put { go_behind: command.key == 'g', ..how };
        self.put_register(name, command.count1(), how)
    }

    fn repeat_command(&mut self, command: &Command) -> Done {
        let before = self.restart.is_some();
        match self.input.play_redo(command.count0, before) {
            None => Err(Stop::Fail),
            Some(true) => {
                self.visual = Some(Visual { kind: Selection::Characters, anchor: self.cursor });
                self.redoing_visual = true;
                Ok(())
            }
            Some(false) => Ok(()),
        }
    }

    fn toggle_command(&mut self, command: &Command) -> Done {
        if self.row_len() == 0 {
            return Err(Stop::Fail);
        }
        let register = self.op.register.take();
        self.redo_prepare(register, command.count0);
        self.input.redo_add("~");
        self.toggle_letters(command.count1());
        self.aims_here = true;
        Ok(())
    }

    fn add_command(&mut self, command: &Command) -> Done {
        let by = i128::try_from(command.count1()).unwrap_or(1);
        let by = if command.key == '\x18' { -by } else { by };
        let register = self.op.register.take();
        self.redo_prepare(register, command.count0);
        self.input.redo_add(&command.key.to_string());
        let at = self.cursor;
        if !self.add_in(at, None, by) {
            return Err(Stop::Fail);
        }
        self.aims_here = true;
        Ok(())
    }

    fn leave_command(&mut self, letter: char) -> Done {
        match letter {
            'Z' => self.ex("x"),
            'Q' => self.ex("q!"),
            _ => Err(Stop::Fail),
        }
    }

    fn visual_begin(&mut self, command: &Command) -> Done {
        self.op.register = None;
        let kind = Self::selection_of(command.key);
        self.visual = Some(Visual { kind, anchor: self.cursor });
        if let Some(count) = command.count0 {
            self.reselect(kind, count);
        }
        Ok(())
    }
}

/// The operator that keys begin.
pub(super) fn operator_of(command: &Command) -> Option<Operator> {
    Some(match (command.key, command.next) {
        ('d', _) => Operator::Delete,
        ('c', _) => Operator::Change,
        ('y', _) => Operator::Yank,
        ('>', _) => Operator::Indent,
        ('<', _) => Operator::Outdent,
        ('!', _) => Operator::Filter,
        ('=', _) => Operator::Reindent,
        ('g', '~') => Operator::Toggle,
        ('g', 'u') => Operator::Lower,
        ('g', 'U') => Operator::Upper,
        ('g', '?') => Operator::Rotate,
        ('g', 'q') => Operator::Format { stays: false },
        ('g', 'w') => Operator::Format { stays: true },
        _ => return None,
    })
}
