//! Operators, registers, and repeating the last change.

use super::motion::Kind;
use super::parse::{Operator, Target};
use super::{Editor, Mode, Pos, Register, RegisterKind};

/// The keys of the last change, for `.`.
#[derive(Clone, Debug, Default)]
pub(super) struct Repeat {
    last: String,
    /// Keys of a change that ends with Escape and has not ended.
    open: Option<String>,
    /// True while `.` plays.
    playing: bool,
}

impl Repeat {
    /// Sees every key before it is obeyed.
    pub(super) fn note(&mut self, key: char) {
        if let (Some(open), false) = (&mut self.open, self.playing) {
            open.push(key);
        }
    }

    /// A change that may go on in insert mode.
    pub(super) fn set(&mut self, keys: String, goes_on: bool) {
        if self.playing {
            return;
        }
        if goes_on { self.open = Some(keys) } else { self.last = keys }
    }

    /// Insert mode was left.
    pub(super) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.last = open;
        }
    }
}

/// A letter thirteen places on in the alphabet.
fn rotated(c: char) -> char {
    let base = if c.is_ascii_uppercase() { b'A' } else { b'a' };
    if c.is_ascii_alphabetic() { ((c as u8 - base + 13) % 26 + base) as char } else { c }
}

impl Editor {
    /// `.`: the last change again, with another count when one is given.
    pub(super) fn repeat_change(&mut self, count: Option<usize>) {
        let last = self.next_register(&self.repeat.last);
        self.repeat.last.clone_from(&last);
        let keys = match count {
            Some(count) => format!("{count}{}", last.trim_start_matches(|c: char| c.is_ascii_digit())),
            None => last,
        };
        self.repeat.playing = true;
        self.play(&keys);
        self.repeat.playing = false;
    }

    /// The keys with the next register, when they take from a numbered one: `"1p...` gives older and older.
    fn next_register(&self, keys: &str) -> String {
        match keys.strip_prefix('"').and_then(|rest| Some((rest.chars().next()?, rest.get(1..)?))) {
            Some((digit @ '1'..='8', rest)) => format!("\"{}{rest}", (digit as u8 + 1) as char),
            _ => keys.to_owned(),
        }
    }

    /// Ends an operator whose target is a pattern.
    pub(super) fn operate_to(
        &mut self,
        prompt: char,
        line: &str,
        operator: Operator,
        register: Option<char>,
    ) {
        let from = self.cursor;
        self.search_line(prompt, line);
        let (to, kind) = (self.cursor, self.offset_kind());
        self.cursor = from;
        if to != from {
            let (start, end) = if to < from { (to, from) } else { (from, to) };
            let (end, kind) = self.adjusted(start, end, kind, false);
            self.apply(operator, start, end, kind, register);
        }
        if self.mode == Mode::Normal {
            self.repeat.close();
        }
    }

    pub(super) fn operate(
        &mut self,
        operator: Operator,
        target: &Target,
        count: Option<usize>,
        register: Option<char>,
    ) {
        if let Target::Motion(motion) = target
            && matches!(motion.key.as_str(), "/" | "?")
        {
            self.waiting = Some((operator, register));
            self.line.clear();
            self.mode = Mode::Line(motion.key.chars().next().unwrap_or('/'));
            return;
        }
        if let Some((start, end, kind)) = self.region(operator, target, count) {
            let kind = if operator == Operator::Delete { self.whole_lines(start, end, kind) } else { kind };
            self.apply(operator, start, end, kind, register);
        } else {
            self.failed = true;
        }
    }

    /// The first and last place that an operator works on.
    fn region(
        &mut self,
        operator: Operator,
        target: &Target,
        count: Option<usize>,
    ) -> Option<(Pos, Pos, Kind)> {
        let from = self.cursor;
        match target {
            // Vim goes down first, which the last line does not let it.
            Target::Lines if count.is_some_and(|count| count > 1) && from.row == self.buffer.last_row() => {
                None
            }
            Target::Lines => {
                let last = from.row.saturating_add(count.unwrap_or(1) - 1).min(self.buffer.last_row());
                Some((from, Pos { row: last, col: 0 }, Kind::Linewise))
            }
            Target::Object(around, what) => self.object(*around, *what, count.unwrap_or(1)),
            Target::Motion(motion) => {
                let mut motion = motion.clone();
                let on_word = self.buffer.at(from).is_some_and(|c| !c.is_whitespace());
                let is_word = motion.key == "w" || motion.key == "W";
                if operator == Operator::Change && is_word && on_word {
                    return Some(self.change_word(motion.key == "W", count.unwrap_or(1)));
                }
                if motion.key == "}" && operator == Operator::Change {
                    motion.key = "}".into();
                }
                let (to, kind) = self.target_of(&motion, count)?;
                let (start, end) = if to < from { (to, from) } else { (from, to) };
                let (end, kind) = self.adjusted(start, end, kind, is_word);
                Some((start, end, kind))
            }
        }
    }

    /// `cw` on a word changes to the word's end, and a single letter is a word's end already.
    fn change_word(&self, big: bool, count: usize) -> (Pos, Pos, Kind) {
        let from = self.cursor;
        let class = |pos: Pos| self.buffer.at(pos).map(|c| super::words::class(c, big));
        let mut end = from;
        while class(Pos { col: end.col + 1, ..end }).is_some_and(|next| Some(next) == class(from)) {
            end.col += 1;
        }
        for _ in 1..count {
            end = super::words::end(&self.buffer, end, big);
        }
        (from, end, Kind::Inclusive)
    }

    /// The corrections that vim makes to exclusive motions over line ends (`:help exclusive`).
    fn adjusted(&self, start: Pos, end: Pos, kind: Kind, is_word: bool) -> (Pos, Kind) {
        if kind != Kind::Exclusive || end.row == start.row {
            return (end, kind);
        }
        let line_end = |row: usize| Pos { row, col: self.buffer.len(row) };
        if is_word && end.col <= self.buffer.indent(end.row) {
            return (line_end(end.row - 1), kind);
        }
        if end.col == 0 {
            let before = end.row - 1;
            let from_first = start.col <= self.buffer.indent(start.row);
            let kind = if from_first { Kind::Linewise } else { Kind::Exclusive };
            return (line_end(before), kind);
        }
        (end, kind)
    }

    /// A deletion over several lines with nothing but blanks around it takes whole lines.
    fn whole_lines(&self, start: Pos, end: Pos, kind: Kind) -> Kind {
        let past = end.col + usize::from(kind == Kind::Inclusive);
        let blank = |c: &char| c.is_whitespace();
        let before = self.buffer.line(start.row).iter().take(start.col).all(blank);
        let behind = self.buffer.line(end.row).iter().skip(past).all(blank);
        if start.row < end.row && before && behind { Kind::Linewise } else { kind }
    }

    /// Carries an operator out.
    pub(super) fn apply(
        &mut self,
        operator: Operator,
        start: Pos,
        end: Pos,
        kind: Kind,
        register: Option<char>,
    ) {
        let (start, end) = if end < start { (end, start) } else { (start, end) };
        let past = match kind {
            Kind::Inclusive => Pos { col: (end.col + 1).min(self.buffer.len(end.row)), ..end },
            _ => end,
        };
        match operator {
            Operator::Yank => self.yank(start, past, kind, register),
            Operator::Delete => self.delete(start, past, kind, register),
            Operator::Change => self.change(start, past, kind, register),
            Operator::Indent | Operator::Outdent => {
                self.shift(start.row, end.row, operator == Operator::Indent, 1);
            }
            Operator::Format => self.format(start.row, end.row),
            Operator::Filter => {
                self.cursor.row = start.row;
                let more = end.row - start.row;
                self.line = if more == 0 { ".!".into() } else { format!(".,.+{more}!") };
                self.mode = Mode::Line(':');
            }
            Operator::Lower | Operator::Upper | Operator::Toggle | Operator::Rotate => {
                self.remember();
                self.recase(operator, start, past, kind);
                if kind == Kind::Linewise {
                    self.go_to_line(start.row);
                } else {
                    self.cursor = start;
                    self.settle();
                }
            }
        }
    }

    /// The text of a region.
    fn taken(&self, start: Pos, past: Pos, kind: Kind) -> Register {
        if kind == Kind::Linewise {
            let lines = (start.row..=past.row).map(|row| self.buffer.string(row)).collect();
            return Register { lines, kind: RegisterKind::Lines };
        }
        Register { lines: self.buffer.copy(start, past), kind: RegisterKind::Characters }
    }

    pub(super) fn store(&mut self, name: Option<char>, register: Register, deleted: bool) {
        match name {
            Some('_') => return,
            Some(upper) if upper.is_ascii_uppercase() => {
                let into = self.registers.entry(upper.to_ascii_lowercase()).or_default();
                if register.kind == RegisterKind::Lines {
                    into.kind = RegisterKind::Lines;
                }
                into.lines.extend(register.lines.iter().cloned());
            }
            Some(name) => drop(self.registers.insert(name, register.clone())),
            None if !deleted => drop(self.registers.insert('0', register.clone())),
            None => {}
        }
        if deleted {
            let unnamed = name.is_none();
            let small = register.kind != RegisterKind::Lines && register.lines.len() == 1;
            if small {
                if unnamed {
                    self.registers.insert('-', register.clone());
                }
            } else {
                for digit in ('1'..='8').rev() {
                    if let Some(older) = self.registers.get(&digit).cloned() {
                        self.registers.insert((digit as u8 + 1) as char, older);
                    }
                }
                self.registers.insert('1', register.clone());
            }
        }
        self.registers.insert('"', register);
    }

    fn yank(&mut self, start: Pos, past: Pos, kind: Kind, name: Option<char>) {
        let register = self.taken(start, past, kind);
        self.store(name, register, false);
        if kind == Kind::Linewise {
            self.cursor.row = start.row;
        } else {
            self.cursor = start;
        }
        self.settle();
    }

    pub(super) fn delete(&mut self, start: Pos, past: Pos, kind: Kind, name: Option<char>) {
        self.remember();
        let register = self.taken(start, past, kind);
        self.store(name, register, true);
        if kind == Kind::Linewise {
            self.buffer.remove(start.row, past.row);
            self.go_to_line(start.row);
        } else {
            self.buffer.cut(start, past);
            self.cursor = start;
            self.settle();
        }
    }

    fn change(&mut self, start: Pos, past: Pos, kind: Kind, name: Option<char>) {
        self.remember();
        let register = self.taken(start, past, kind);
        self.store(name, register, true);
        if kind == Kind::Linewise {
            let indent = self.autoindent(start.row);
            let lines = vec![indent.chars().collect()];
            self.buffer.replace(start.row, past.row, lines);
            self.cursor = Pos { row: start.row, col: indent.chars().count() };
            if self.is_indenting() {
                self.reindent_here();
            }
        } else {
            self.buffer.cut(start, past);
            self.cursor = start;
        }
        self.begin_insert(1);
    }

    /// The blanks that a new line gets after `row`.
    pub(super) fn autoindent(&self, row: usize) -> String {
        if !self.settings.autoindent {
            return String::new();
        }
        self.buffer.line(row).iter().take_while(|c| c.is_whitespace()).collect()
    }

    /// Moves lines a shift width to the right or left.
    pub(super) fn shift(&mut self, from: usize, to: usize, right: bool, times: usize) {
        self.remember();
        let width = self.shift_width();
        for row in from..=to.min(self.buffer.last_row()) {
            let blanks = self.buffer.line(row).iter().take_while(|c| c.is_whitespace()).count();
            if self.buffer.len(row) == 0 {
                continue;
            }
            let columns = self.columns(row, blanks);
            let wanted = if right { columns + width * times } else { columns.saturating_sub(width * times) };
            let indent = self.blanks(wanted);
            self.buffer.line_mut(row).splice(..blanks, indent.chars());
        }
        self.go_to_line(from);
    }

    /// How wide the first letters of a line are.
    pub(super) fn columns(&self, row: usize, letters: usize) -> usize {
        let stop = self.settings.tabstop.max(1);
        let step = |width: usize, c: &char| if *c == '\t' { width / stop * stop + stop } else { width + 1 };
        self.buffer.line(row).iter().take(letters).fold(0, step)
    }

    /// Blanks of a width: tabs as far as they go, unless `expandtab` is set.
    pub(super) fn blanks(&self, width: usize) -> String {
        let stop = self.settings.tabstop.max(1);
        if self.settings.expandtab {
            return " ".repeat(width);
        }
        "\t".repeat(width / stop) + &" ".repeat(width % stop)
    }

    fn recase(&mut self, operator: Operator, start: Pos, past: Pos, kind: Kind) {
        let case = |c: char| match operator {
            Operator::Lower => c.to_ascii_lowercase(),
            Operator::Upper => c.to_ascii_uppercase(),
            Operator::Rotate => rotated(c),
            _ if c.is_uppercase() => c.to_ascii_lowercase(),
            _ => c.to_ascii_uppercase(),
        };
        for row in start.row..=past.row.min(self.buffer.last_row()) {
            let whole = kind == Kind::Linewise;
            let from = if row == start.row && !whole { start.col } else { 0 };
            let to = if row == past.row && !whole { past.col } else { usize::MAX };
            for c in self.buffer.line_mut(row).iter_mut().take(to).skip(from) {
                *c = case(*c);
            }
        }
    }

    /// `p` and `P`.
    pub(super) fn paste(&mut self, name: Option<char>, after: bool, count: usize) {
        let Some(register) = self.registers.get(&name.unwrap_or('"')).cloned() else { return };
        self.remember();
        match register.kind {
            RegisterKind::Lines => {
                let row = self.cursor.row + usize::from(after);
                let lines: Vec<Vec<char>> = std::iter::repeat_n(&register.lines, count)
                    .flatten()
                    .map(|line| line.chars().collect())
                    .collect();
                self.buffer.insert(row, lines);
                self.go_to_line(row);
            }
            RegisterKind::Characters => self.paste_characters(&register, after, count),
            RegisterKind::Block => self.paste_block(&register, after),
        }
    }

    /// `]p` and `[p`: whole lines, moved sideways so that the first is indented as the cursor's line is.
    pub(super) fn paste_indented(&mut self, name: Option<char>, after: bool, count: usize) {
        let name = name.unwrap_or('"');
        let Some(register) = self.registers.get(&name).cloned() else { return };
        if register.kind != RegisterKind::Lines {
            return self.paste(Some(name), after, count);
        }
        let blanks = |line: &[char]| line.iter().take_while(|c| c.is_whitespace()).count();
        let here = self.columns(self.cursor.row, blanks(self.buffer.line(self.cursor.row)));
        self.paste(Some(name), after, count);
        let first = self.cursor.row;
        let own = self.columns(first, blanks(self.buffer.line(first)));
        for row in first..first + register.lines.len() * count {
            let lead = blanks(self.buffer.line(row));
            let wanted = (self.columns(row, lead) + here).saturating_sub(own);
            let indent = self.blanks(wanted);
            self.buffer.line_mut(row).splice(..lead, indent.chars());
        }
        self.go_to_line(first);
    }

    fn paste_characters(&mut self, register: &Register, after: bool, count: usize) {
        let begun = Pos {
            col: (self.cursor.col + usize::from(after)).min(self.buffer.len(self.cursor.row)),
            ..self.cursor
        };
        let mut end = begun;
        for _ in 0..count {
            end = self.buffer.put(end, &register.lines);
        }
        self.cursor =
            if register.lines.len() > 1 { begun } else { Pos { col: end.col.saturating_sub(1), ..end } };
        self.settle();
    }

    fn paste_block(&mut self, register: &Register, after: bool) {
        let at = (self.cursor.col + usize::from(after)).min(self.buffer.len(self.cursor.row));
        for (index, part) in register.lines.iter().enumerate() {
            let row = self.cursor.row + index;
            if row > self.buffer.last_row() {
                self.buffer.insert(row, vec![Vec::new()]);
            }
            let line = self.buffer.line_mut(row);
            while line.len() < at {
                line.push(' ');
            }
            line.splice(at..at, part.chars());
        }
        self.cursor.col = at;
        self.settle();
    }

    /// `J` and `gJ`: joins lines, with a blank between them unless `bare`.
    pub(super) fn join(&mut self, from: usize, to: usize, bare: bool) {
        if from >= to.min(self.buffer.last_row()) && from >= self.buffer.last_row() {
            return;
        }
        self.remember();
        for _ in from..to.min(self.buffer.last_row()) {
            let mut next = self.buffer.remove(from + 1, from + 1).pop().unwrap_or_default();
            let line = self.buffer.line_mut(from);
            if !bare {
                next.drain(..next.iter().take_while(|c| c.is_whitespace()).count());
                let needs = !next.is_empty() && !line.is_empty() && line.last() != Some(&' ');
                if needs && next.first() != Some(&')') {
                    line.push(' ');
                }
            }
            let at = line.len();
            line.extend(next);
            self.cursor = Pos { row: from, col: at.saturating_sub(usize::from(!bare)) };
        }
        self.settle();
    }

    /// Enters insert mode at the cursor.
    pub(super) fn begin_insert(&mut self, count: usize) {
        self.mode = Mode::Insert;
        self.insert = super::insert::Session::new(self.cursor, count);
    }
}
