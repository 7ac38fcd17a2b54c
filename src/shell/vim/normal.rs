//! Normal mode: commands that are neither motions nor operators.

use super::insert::Session;
use super::motion::Kind;
use super::parse::{self, Command, Operator, Parsed, Verb};
use super::{Editor, Left, Mode, Need, Pos, Put, Selection, keys};

/// Commands that `.` repeats, beside operators.
const CHANGES: &[&str] = &[
    "x", "X", "D", "C", "s", "S", "r", "R", "J", "gJ", "p", "P", "gp", "gP", "]p", "[p", "[P", "]P", "i",
    "I", "a", "A", "o", "O", "~", "&", "\x01", "\x18",
];

impl Editor {
    /// A key of the one command behind `^O` in insert mode.
    pub(super) fn once_key(&mut self, key: char) {
        self.normal_key(key);
        if self.mode == Mode::Normal && self.pending.is_empty() {
            self.once = false;
            self.mode = Mode::Insert;
            let len = self.buffer.len(self.cursor.row);
            if self.insert.is_at_end() && self.cursor.col + 1 >= len {
                self.cursor.col = len;
            }
        }
    }

    /// `U`: the line as it was before the last changes to it.
    fn undo_line(&mut self) {
        let Some((row, count, line)) = self.line_before.clone() else { return };
        if count != self.buffer.lines.len() {
            return;
        }
        self.synced = true;
        let now = self.buffer.line(row).to_vec();
        self.cursor = Pos { row, col: 0 };
        self.remember();
        *self.buffer.line_mut(row) = line;
        self.line_before = Some((row, count, now));
        self.settle();
    }

    pub(super) fn normal_key(&mut self, key: char) {
        if key == keys::ESCAPE {
            self.pending.clear();
            self.message.clear();
            return;
        }
        if key == 'q' && self.pending.is_empty() && self.recording.is_some() {
            self.end_recording();
            return;
        }
        self.pending.push(key);
        match parse::parse(&self.pending) {
            Parsed::Part => {}
            Parsed::Nothing => self.pending.clear(),
            Parsed::Whole(command) => {
                let keys: String = std::mem::take(&mut self.pending).into_iter().collect();
                self.message.clear();
                self.run(&command, keys);
            }
        }
    }

    fn run(&mut self, command: &Command, keys: String) {
        let is_change = match &command.verb {
            Verb::Move(_) => false,
            Verb::Operate(operator, _) => *operator != Operator::Yank,
            Verb::Do(key, _) => CHANGES.contains(&key.as_str()),
        };
        match &command.verb {
            Verb::Move(motion) => self.move_by(motion, command.count),
            Verb::Operate(operator, target) => {
                self.operate(*operator, target, command.count, command.register);
            }
            Verb::Do(key, letter) => self.act(key, *letter, command.count, command.register),
        }
        if is_change {
            let goes_on = matches!(self.mode, Mode::Insert | Mode::Replace | Mode::Line(_));
            self.repeat.set(keys, goes_on);
            if !goes_on {
                self.marks.insert('.', self.cursor);
            }
        }
    }

    fn act(&mut self, key: &str, letter: Option<char>, count: Option<usize>, register: Option<char>) {
        let times = count.unwrap_or(1);
        match key {
            "x" | "\u{f706}" | "X" | "s" | "D" | "C" => self.cut_here(key, times, register),
            "S" => self.operate(Operator::Change, &parse::Target::Lines, count, register),
            "Y" => self.operate(Operator::Yank, &parse::Target::Lines, count, register),
            "i" | "I" | "a" | "A" | "o" | "O" | "R" | "gi" => self.enter_insert(key, times),
            "r" => self.replace_letter(letter.unwrap_or(' '), times),
            "J" | "gJ" => {
                let last = self.cursor.row + times.max(2) - 1;
                self.join(self.cursor.row, last, key == "gJ");
            }
            "p" | "gp" => self.paste(register, true, times),
            "P" | "gP" => self.paste(register, false, times),
            "]p" => self.paste_indented(register, true, times),
            "[p" | "[P" | "]P" => self.paste_indented(register, false, times),
            "u" => self.undo(times, true),
            "U" => self.undo_line(),
            "g;" => self.cursor = self.marks.get(&'.').copied().unwrap_or(self.cursor),
            "g&" => self.ex("%&&"),
            "\x12" => self.undo(times, false),
            "." => self.repeat_change(count),
            "~" => self.toggle_case(times),
            "&" => self.ex("&"),
            "v" | "V" | "\x16" | "gv" => self.enter_visual(key),
            ":" | "/" | "?" => self.enter_line(key, count),
            "m" => drop(letter.map(|name| self.marks.insert(name, self.cursor))),
            "q" => self.recording = letter.map(|name| (name, String::new())),
            "@" if letter == Some(':') => self.ex(&self.last_line.clone()),
            "@" => self.play_macro(letter, times),
            "Z" => self.leave(letter),
            "\x01" => self.add(i64::try_from(times).unwrap_or(1)),
            "\x18" => self.add(-i64::try_from(times).unwrap_or(1)),
            "\x06" | "\x02" | "\x04" | "\x15" | "\u{f707}" | "\u{f708}" => {
                self.page(key.chars().next().unwrap_or('\x06'), times);
            }
            _ => {}
        }
    }

    /// `x`, `X`, `s`, `D` and `C`.
    fn cut_here(&mut self, key: &str, times: usize, register: Option<char>) {
        let len = self.buffer.len(self.cursor.row);
        let Pos { row, col } = self.cursor;
        let (from, to) = match key {
            "X" => (col.saturating_sub(times), col),
            "D" | "C" => (col, len),
            _ => (col, (col + times).min(len)),
        };
        if matches!(key, "D" | "C") && times > 1 {
            // The rest of this line, and so many lines less one.
            let last = (row + times - 1).min(self.buffer.last_row());
            let end = Pos { row: last, col: self.buffer.len(last) };
            let operator = if key == "C" { Operator::Change } else { Operator::Delete };
            return self.apply(operator, self.cursor, end, Kind::Exclusive, register);
        }
        let changes = key == "s" || key == "C";
        if from == to && !changes {
            return;
        }
        let operator = if changes { Operator::Change } else { Operator::Delete };
        self.apply(operator, Pos { row, col: from }, Pos { row, col: to }, Kind::Exclusive, register);
    }

    fn enter_insert(&mut self, key: &str, times: usize) {
        self.remember();
        let row = self.cursor.row;
        match key {
            "I" => {
                let line = self.buffer.line(row);
                self.cursor.col = line.iter().take_while(|c| c.is_whitespace()).count();
            }
            "a" => self.cursor.col = (self.cursor.col + 1).min(self.buffer.len(row)),
            "A" => self.cursor.col = self.buffer.len(row),
            "gi" => {
                self.cursor = self.marks.get(&'^').map_or(self.cursor, |pos| Pos { col: pos.col + 1, ..*pos })
            }
            "o" | "O" => {
                self.open_line(row + usize::from(key == "o"), row);
            }
            _ => {}
        }
        self.begin_insert(times);
        self.insert.opens = key == "o" || key == "O";
        if key == "R" {
            self.mode = Mode::Replace;
        }
    }

    /// Puts an empty line at `at`, indented as one near `row`, and goes there.
    pub(super) fn open_line(&mut self, at: usize, row: usize) {
        let indent = self.autoindent(row);
        self.buffer.insert(at, vec![indent.chars().collect()]);
        self.cursor = Pos { row: at, col: indent.chars().count() };
        if self.is_indenting() {
            self.reindent_here();
        }
    }

    fn replace_letter(&mut self, letter: char, times: usize) {
        let Pos { row, col } = self.cursor;
        if col + times > self.buffer.len(row) || letter == keys::ESCAPE {
            return;
        }
        self.remember();
        if letter == '\n' {
            let line = self.buffer.line_mut(row);
            let mut tail = line.split_off(col + times);
            line.truncate(col);
            let indent = self.autoindent(row);
            if self.settings.autoindent {
                tail.drain(..tail.iter().take_while(|c| c.is_whitespace()).count());
            }
            self.buffer.insert(row + 1, vec![indent.chars().chain(tail).collect()]);
            self.cursor = Pos { row: row + 1, col: indent.chars().count() };
            return;
        }
        for c in self.buffer.line_mut(row).iter_mut().skip(col).take(times) {
            *c = letter;
        }
        self.cursor.col = col + times - 1;
        self.settle();
    }

    pub(super) fn undo(&mut self, times: usize, back: bool) {
        self.synced = true;
        for _ in 0..times {
            let moved = if back { self.buffer.undo(self.cursor) } else { self.buffer.redo(self.cursor) };
            match moved {
                Some(pos) => self.cursor = pos,
                None => {
                    let which = if back { "oldest" } else { "newest" };
                    self.message = format!("Already at {which} change");
                    break;
                }
            }
        }
        self.modified = true;
        self.settle();
    }

    fn toggle_case(&mut self, times: usize) {
        let Pos { row, col } = self.cursor;
        let end = (col + times).min(self.buffer.len(row));
        self.apply(Operator::Toggle, self.cursor, Pos { row, col: end }, Kind::Exclusive, None);
        self.cursor.col = end;
        self.settle();
    }

    fn enter_visual(&mut self, key: &str) {
        let kind = match key {
            "V" => Selection::Lines,
            "\x16" => Selection::Block,
            _ => Selection::Characters,
        };
        if key == "gv" {
            if let Some((kind, from, to)) = self.last_visual {
                (self.anchor, self.cursor) = (from, to);
                self.mode = Mode::Visual(kind);
            }
            return;
        }
        self.anchor = self.cursor;
        self.mode = Mode::Visual(kind);
    }

    fn enter_line(&mut self, key: &str, count: Option<usize>) {
        self.line = match count {
            Some(1) if key == ":" => ".".into(),
            Some(count) if key == ":" => format!(".,.+{}", count - 1),
            _ => String::new(),
        };
        self.mode = Mode::Line(key.chars().next().unwrap_or(':'));
    }

    fn end_recording(&mut self) {
        if let Some((name, keys)) = self.recording.take() {
            let small = name.to_ascii_lowercase();
            let before = if name == small { None } else { self.registers.get(&small) };
            let before = before.map(|register| register.lines.join("\n")).unwrap_or_default();
            let lines = vec![format!("{before}{keys}")];
            self.registers.insert(small, super::Register { lines, kind: super::RegisterKind::Characters });
        }
    }

    fn play_macro(&mut self, name: Option<char>, times: usize) {
        let Some(name) = (if name == Some('@') { self.last_macro } else { name }) else { return };
        self.last_macro = Some(name);
        let Some(register) = self.registers.get(&name).cloned() else { return };
        for _ in 0..times {
            if self.failed {
                break;
            }
            self.play(&register.lines.join("\n"));
        }
    }

    /// `ZZ` and `ZQ`.
    fn leave(&mut self, letter: Option<char>) {
        match letter {
            Some('Z') if self.modified => self.write(None, None, true, false),
            Some('Z' | 'Q') => self.left = Some(Left { exit: 0 }),
            _ => {}
        }
    }

    /// Asks for the text to be written.
    pub(super) fn write(
        &mut self,
        range: Option<(usize, usize)>,
        path: Option<String>,
        quit: bool,
        append: bool,
    ) {
        let text = match range {
            Some((from, to)) => self.buffer.range_text(from, to),
            None => self.buffer.text(),
        };
        self.quit_after = quit;
        let path = path.filter(|path| *path != self.name);
        self.need = Some((Need::Write { path, text, append }, Put::Written));
    }

    /// `^A` and `^X`: adds to the number at or behind the cursor.
    fn add(&mut self, by: i64) {
        let row = self.cursor.row;
        let line = self.buffer.line(row);
        let is_digit = |at: usize| line.get(at).is_some_and(char::is_ascii_digit);
        let mut start = self.cursor.col;
        if is_digit(start) {
            while start > 0 && is_digit(start - 1) {
                start -= 1;
            }
        } else {
            match (start..line.len()).find(|at| is_digit(*at)) {
                Some(at) => start = at,
                None => return,
            }
        }
        let end = (start..line.len()).take_while(|at| is_digit(*at)).last().map_or(start, |at| at + 1);
        let negative = start > 0 && line.get(start - 1) == Some(&'-');
        let digits: String = line.iter().take(end).skip(start).collect();
        let Ok(number) = digits.parse::<i64>() else { return };
        let number = if negative { -number } else { number }.saturating_add(by);
        let text = number.to_string();
        let from = start - usize::from(negative);
        self.remember();
        self.buffer.line_mut(row).splice(from..end, text.chars());
        self.cursor.col = from + text.chars().count() - 1;
        self.settle();
    }

    /// A new stay in insert mode over a block of lines.
    pub(super) fn begin_block(&mut self, block: super::insert::Block) {
        self.mode = Mode::Insert;
        self.insert = Session::new(self.cursor, 1);
        self.insert.block = Some(block);
    }
}
