//! Normal and visual mode: reading a command, and carrying it out.

use super::core::{Core, Done, MACROS_MAX, Prompt, Stop, Visual};
use super::input::For;
use super::insert::Inserting;
use super::lines::Opening;
use super::operator::Operator;
use super::registers::{Put, Registers};
use super::{Left, Pos, Selection, keys};

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
        let Some(operator) = self.op.kind else { return None };
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
            'z' => self.z_command(command),
            'g' => self.g_command(command),
            '[' | ']' if matches!(command.next, 'p' | 'P') => {
                let before = command.key == '[' || command.next == 'P';
                self.put_command(command, Put { before, indent: true, ..Put::default() })
            }
            '\x0c' => Ok(()),
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
        self.enter_edit(inserting, &command.key.to_string(), command.count1());
        Ok(())
    }

    /// Enters insert mode with a command that `.` repeats.
    fn enter_edit(&mut self, inserting: Inserting, keys: &str, count: usize) {
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
        self.enter_edit(Inserting::default(), &command.key.to_string(), command.count1());
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

    fn undo_command(&mut self, count: usize, back: bool) -> Done {
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

    fn after_undo(&mut self, undone: super::undo::Undone) {
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

    fn undo_line(&mut self) -> Done {
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

    fn record_command(&mut self, name: char) -> Done {
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

    fn macro_command(&mut self, name: char, count: usize) -> Done {
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

    fn leave_command(&mut self, letter: char) -> Done {
        match letter {
            'Z' => self.ex("x"),
            'Q' => {
                self.left = Some(Left { exit: 0 });
                Ok(())
            }
            _ => Err(Stop::Fail),
        }
    }

    fn line_command(&mut self, command: &mut Command) -> Done {
        let pending = self.finishing;
        let begin = if self.is_visual() {
            "'<,'>".to_owned()
        } else {
            match command.count0 {
                Some(1) => ".".into(),
                Some(count) => format!(".,.+{}", count - 1),
                None => String::new(),
            }
        };
        if self.is_visual() {
            self.end_visual_keeping_cursor();
        }
        let Some(line) = self.read_line(':', begin)? else {
            return if pending { Err(Stop::Fail) } else { Ok(()) };
        };
        command.typed = Some(line.clone());
        let before = self.cursor;
        let done = self.ex_typed(&line);
        if pending {
            self.op.lines = false;
            self.op.inclusive = false;
            if before == self.cursor && done.is_err() {
                return Err(Stop::Fail);
            }
        } else {
            self.op = super::operator::Op::default();
        }
        match done {
            Err(Stop::Fail) if !pending => Ok(()),
            other => other,
        }
    }

    /// Reads a line behind a prompt; `None` when it was given up.
    pub(super) fn read_line(&mut self, sign: char, begin: String) -> Done<Option<String>> {
        let text: Vec<char> = begin.chars().collect();
        self.prompt = Some(Prompt { sign, at: text.len(), text });
        let line = self.read_line_keys();
        if !matches!(line, Err(Stop::Keys)) {
            self.prompt = None;
        }
        line
    }

    fn read_line_keys(&mut self) -> Done<Option<String>> {
        loop {
            let key = self.key(For::Line)?;
            let literal = match key {
                '\x16' | '\x11' => Some(self.literal()?),
                '\x12' => {
                    let name = self.key(For::Letter)?;
                    let text = match name {
                        '\x17' => self.word_here().map(|(_, word)| word),
                        name => self.register(Some(name)).map(|register| register.text().replace('\n', "\r")),
                    };
                    let text = text.unwrap_or_default();
                    let text = text.strip_suffix('\r').unwrap_or(&text).to_owned();
                    let Some(prompt) = &mut self.prompt else { return Ok(None) };
                    prompt.text.splice(prompt.at..prompt.at, text.chars());
                    prompt.at += text.chars().count();
                    continue;
                }
                _ => None,
            };
            let Some(prompt) = &mut self.prompt else { return Ok(None) };
            if let Some(letter) = literal {
                prompt.text.insert(prompt.at, letter);
                prompt.at += 1;
                continue;
            }
            match key {
                keys::ESCAPE | '\x03' => return Ok(None),
                '\n' | '\r' => return Ok(Some(prompt.text.iter().collect())),
                '\x08' | keys::BACKSPACE if prompt.text.is_empty() => return Ok(None),
                key => prompt.edit(key),
            }
        }
    }

    fn visual_begin(&mut self, command: &Command) -> Done {
        self.op.register = None;
        let kind = Self::selection_of(command.key);
        self.visual = Some(Visual { kind, anchor: self.cursor });
        self.aims_here = false;
        self.aim = self.cursor_column();
        if let Some(count) = command.count0 {
            self.reselect(kind, count);
        }
        Ok(())
    }
}

impl Prompt {
    fn edit(&mut self, key: char) {
        match key {
            '\x08' | keys::BACKSPACE => {
                if self.at > 0 {
                    self.at -= 1;
                    self.text.remove(self.at);
                }
            }
            keys::DELETE => {
                if self.at < self.text.len() {
                    self.text.remove(self.at);
                }
            }
            '\x17' => {
                let class = |at: usize, it: &Self| super::words::class(it.text[at], false);
                let mut from = self.at;
                while from > 0 && class(from - 1, self) == 0 {
                    from -= 1;
                }
                if from > 0 {
                    let kind = class(from - 1, self);
                    while from > 0 && class(from - 1, self) == kind {
                        from -= 1;
                    }
                }
                self.text.drain(from..self.at);
                self.at = from;
            }
            '\x15' => {
                self.text.drain(..self.at);
                self.at = 0;
            }
            '\x02' | keys::HOME => self.at = 0,
            '\x05' | keys::END => self.at = self.text.len(),
            keys::LEFT => self.at = self.at.saturating_sub(1),
            keys::RIGHT => self.at = (self.at + 1).min(self.text.len()),
            keys::UP | keys::DOWN | '\x10' | '\x0e' => {}
            key => {
                self.text.insert(self.at, key);
                self.at += 1;
            }
        }
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
