//! Visual mode: select, then act.

use super::insert::Block;
use super::motion::Kind;
use super::parse::{self, Operator, Parsed, Verb};
use super::{Editor, Mode, Pos, Register, RegisterKind, Selection, keys};

/// Keys that act on the selection.
const ACTIONS: &str = "dxXDcsSCRyY><=!J~uUpPIAoO:vV\x16\x1b\x03\x7f\u{f706}";

impl Editor {
    pub(super) fn visual_key(&mut self, kind: Selection, key: char) {
        self.pending.push(key);
        let (count, register, rest) = self.visual_prefix();
        let Some(first) = rest.first().copied() else { return };
        match (first, rest.get(1).copied()) {
            ('r', None) | ('i' | 'a', None) => return,
            ('r', Some(letter)) => self.overwrite(kind, letter),
            ('i' | 'a', Some(what)) => {
                if let Some((start, end, object)) = self.object(first == 'a', what, count.unwrap_or(1)) {
                    (self.anchor, self.cursor) = (start, end);
                    self.aim = self.cursor.col;
                    match (object, kind) {
                        (Kind::Linewise, _) => self.mode = Mode::Visual(Selection::Lines),
                        (_, Selection::Lines) => self.mode = Mode::Visual(Selection::Characters),
                        _ => {}
                    }
                }
            }
            ('g', None) => return,
            ('g', Some('u' | 'U' | '~' | '?')) => self.visual_case(kind, &rest),
            ('g', Some(sign @ ('\x01' | '\x18'))) => self.visual_add(kind, sign, count, true),
            ('\x01' | '\x18', _) => self.visual_add(kind, first, count, false),
            (action, _) if ACTIONS.contains(action) => self.visual_action(kind, action, count, register),
            _ => match parse::parse(&self.pending.clone()) {
                Parsed::Part => return,
                Parsed::Whole(command) => match command.verb {
                    Verb::Move(motion) => self.move_by(&motion, command.count),
                    Verb::Operate(operator, _) => self.visual_operate(kind, operator, 1, None),
                    Verb::Do(..) => self.visual_do(&rest),
                },
                Parsed::Nothing => {}
            },
        }
        self.pending.clear();
        self.clamp();
    }

    /// Count and register before a command, and the keys behind them.
    fn visual_prefix(&self) -> (Option<usize>, Option<char>, Vec<char>) {
        let mut keys = self.pending.as_slice();
        let mut register = None;
        if let ['"', rest @ ..] = keys {
            let Some((name, rest)) = rest.split_first() else { return (None, None, Vec::new()) };
            (register, keys) = (Some(*name), rest);
        }
        let digits: String = keys.iter().take_while(|c| c.is_ascii_digit()).collect();
        if digits.starts_with('0') {
            return (None, register, keys.to_vec());
        }
        (digits.parse().ok(), register, keys.get(digits.len()..).unwrap_or_default().to_vec())
    }

    /// `gu`, `gU`, `g~` are whole in visual mode.
    fn visual_case(&mut self, kind: Selection, keys: &[char]) {
        let operator = match keys {
            ['g', 'u'] => Operator::Lower,
            ['g', 'U'] => Operator::Upper,
            ['g', '~'] => Operator::Toggle,
            ['g', '?'] => Operator::Rotate,
            _ => return,
        };
        self.visual_operate(kind, operator, 1, None);
    }

    fn visual_do(&mut self, keys: &[char]) {
        match keys {
            ['g', 'J'] => {
                let (from, to) = self.rows();
                self.end_visual();
                self.join(from, to.max(from + 1), true);
            }
            ['/'] | ['?'] => {
                self.mode = Mode::Normal;
                self.message.clear();
            }
            ['m', name] => drop(self.marks.insert(*name, self.cursor)),
            _ => {}
        }
    }

    /// The first and last place of the selection.
    fn ends(&self) -> (Pos, Pos) {
        (self.anchor.min(self.cursor), self.anchor.max(self.cursor))
    }

    /// `^A` and `^X`: the first number in each line of the selection; behind `g`, more in each line.
    fn visual_add(&mut self, kind: Selection, sign: char, count: Option<usize>, grows: bool) {
        let (start, end) = self.ends();
        let (left, right) = self.block_columns();
        self.end_visual();
        self.remember();
        let by = i64::try_from(count.unwrap_or(1)).unwrap_or(1);
        let by = if sign == '\x01' { by } else { -by };
        let mut times = 1;
        for row in start.row..=end.row {
            let (from, past) = match kind {
                Selection::Lines => (0, usize::MAX),
                Selection::Block => (left, right),
                Selection::Characters => (
                    if row == start.row { start.col } else { 0 },
                    if row == end.row { end.col + 1 } else { usize::MAX },
                ),
            };
            if self.add_in(row, (from, past), by * times) && grows {
                times += 1;
            }
        }
        self.cursor = if kind == Selection::Lines { Pos { col: 0, ..start } } else { start };
        self.settle();
    }

    /// Adds to the first number between two columns; false when there is none.
    fn add_in(&mut self, row: usize, (from, past): (usize, usize), by: i64) -> bool {
        let line = self.buffer.line(row);
        let past = past.min(line.len());
        let is_digit = |at: usize| at < past && line.get(at).is_some_and(char::is_ascii_digit);
        let Some(start) = (from..past).find(|at| is_digit(*at)) else { return false };
        let end = (start..past).take_while(|at| is_digit(*at)).last().map_or(start, |at| at + 1);
        let minus = start > from && line.get(start - 1) == Some(&'-');
        let digits: String = line.iter().take(end).skip(start).collect();
        let Ok(number) = digits.parse::<i64>() else { return false };
        let number = if minus { -number } else { number }.saturating_add(by);
        self.buffer.line_mut(row).splice(start - usize::from(minus)..end, number.to_string().chars());
        true
    }

    fn rows(&self) -> (usize, usize) {
        (self.anchor.row.min(self.cursor.row), self.anchor.row.max(self.cursor.row))
    }

    fn visual_action(&mut self, kind: Selection, action: char, count: Option<usize>, register: Option<char>) {
        match action {
            keys::ESCAPE | '\x03' => self.end_visual(),
            'v' | 'V' | '\x16' => self.switch_visual(kind, action),
            'o' | 'O' => std::mem::swap(&mut self.anchor, &mut self.cursor),
            ':' | '!' => {
                self.end_visual();
                self.line = if action == '!' { "'<,'>!" } else { "'<,'>" }.into();
                self.mode = Mode::Line(':');
            }
            'I' | 'A' if kind == Selection::Block => self.block_insert(action == 'A'),
            'I' | 'A' => {
                let (start, end) = self.ends();
                self.end_visual();
                self.remember();
                self.cursor = match (action, kind) {
                    ('I', Selection::Lines) => Pos { col: 0, ..start },
                    ('I', _) => start,
                    // At the first column vim does not go on to the next.
                    _ => Pos { col: end.col + usize::from(end.col > 0), ..end },
                };
                self.cursor.col = self.cursor.col.min(self.buffer.len(self.cursor.row));
                self.begin_insert(1);
            }
            'J' => {
                let (from, to) = self.rows();
                self.end_visual();
                self.join(from, to.max(from + 1), false);
            }
            'p' | 'P' => self.paste_over(kind, register),
            '~' | 'u' | 'U' => {
                let operator = match action {
                    'u' => Operator::Lower,
                    'U' => Operator::Upper,
                    _ => Operator::Toggle,
                };
                self.visual_operate(kind, operator, 1, None);
            }
            '>'
            | '<'
            | '='
            | 'd'
            | 'x'
            | 'c'
            | 's'
            | 'y'
            | 'X'
            | 'D'
            | 'C'
            | 'S'
            | 'R'
            | 'Y'
            | '\x7f'
            | keys::DELETE => {
                let to_end = kind == Selection::Block && matches!(action, 'D' | 'C');
                if to_end {
                    self.aim = usize::MAX;
                }
                let whole = action.is_uppercase() && !to_end;
                let kind = if whole { Selection::Lines } else { kind };
                let operator = match action.to_ascii_lowercase() {
                    '>' => Operator::Indent,
                    '<' => Operator::Outdent,
                    '=' => Operator::Format,
                    'y' => Operator::Yank,
                    'c' | 's' | 'r' => Operator::Change,
                    _ => Operator::Delete,
                };
                self.visual_operate(kind, operator, count.unwrap_or(1), register);
            }
            _ => {}
        }
    }

    fn switch_visual(&mut self, kind: Selection, action: char) {
        let wanted = match action {
            'V' => Selection::Lines,
            '\x16' => Selection::Block,
            _ => Selection::Characters,
        };
        if wanted == kind { self.end_visual() } else { self.mode = Mode::Visual(wanted) }
    }

    fn end_visual(&mut self) {
        let (start, end) =
            if self.anchor <= self.cursor { (self.anchor, self.cursor) } else { (self.cursor, self.anchor) };
        let whole = self.mode == Mode::Visual(Selection::Lines);
        if let Mode::Visual(kind) = self.mode {
            self.last_visual = Some((kind, self.anchor, self.cursor));
        }
        self.marks.insert('<', if whole { Pos { col: 0, ..start } } else { start });
        let last = self.buffer.len(end.row).saturating_sub(1);
        self.marks.insert('>', if whole { Pos { col: last, ..end } } else { end });
        self.mode = Mode::Normal;
    }

    fn visual_operate(&mut self, kind: Selection, operator: Operator, times: usize, register: Option<char>) {
        let (from, to) = self.rows();
        let (start, mut end) =
            if self.anchor <= self.cursor { (self.anchor, self.cursor) } else { (self.cursor, self.anchor) };
        if kind == Selection::Characters && self.aim == usize::MAX && end == self.cursor {
            end.col = self.buffer.len(end.row);
        }
        self.end_visual();
        let lines = to - from + 1;
        let keys = match operator {
            Operator::Indent => format!("{lines}>>"),
            Operator::Outdent => format!("{lines}<<"),
            Operator::Delete if kind == Selection::Lines => format!("{lines}dd"),
            Operator::Delete if start.row == end.row => format!("{}x", end.col - start.col + 1),
            Operator::Change if start.row == end.row => format!("{}s", end.col - start.col + 1),
            _ => String::new(),
        };
        match (kind, operator) {
            (_, Operator::Indent | Operator::Outdent) => {
                self.shift(from, to, operator == Operator::Indent, times);
            }
            (Selection::Block, _) => self.block_operate(operator, register),
            (Selection::Lines, _) => {
                self.apply(
                    operator,
                    Pos { row: from, col: 0 },
                    Pos { row: to, col: 0 },
                    Kind::Linewise,
                    register,
                );
            }
            (Selection::Characters, _)
                if end.col >= self.buffer.len(end.row) && end.row < self.buffer.last_row() =>
            {
                // The selection holds the line's end too.
                let past = Pos { row: end.row + 1, col: 0 };
                self.apply(operator, start, past, Kind::Exclusive, register);
            }
            (Selection::Characters, _) => self.apply(operator, start, end, Kind::Inclusive, register),
        }
        let stays = matches!(operator, Operator::Yank | Operator::Lower | Operator::Upper | Operator::Toggle);
        if kind == Selection::Lines && stays {
            self.cursor.col = 0;
            self.settle();
        }
        if operator != Operator::Yank {
            self.repeat.set(keys, matches!(self.mode, Mode::Insert));
        }
    }

    /// The columns of a block: from, and behind its last.
    fn block_columns(&self) -> (usize, usize) {
        let (from, to) = (self.anchor.col.min(self.cursor.col), self.anchor.col.max(self.cursor.col));
        (from, if self.aim == usize::MAX { usize::MAX } else { to + 1 })
    }

    fn block_operate(&mut self, operator: Operator, register: Option<char>) {
        let (from, to) = self.rows();
        let (left, right) = self.block_columns();
        let parts: Vec<String> =
            (from..=to).map(|row| self.buffer.line(row).iter().take(right).skip(left).collect()).collect();
        let taken = Register { lines: parts, kind: RegisterKind::Block };
        match operator {
            Operator::Yank => self.store(register, taken, false),
            Operator::Delete | Operator::Change => {
                self.remember();
                self.store(register, taken, true);
                for row in from..=to {
                    let line = self.buffer.line_mut(row);
                    let (start, end) = (left.min(line.len()), right.min(line.len()));
                    line.drain(start..end);
                }
            }
            _ => {
                for row in from..=to {
                    let end = right.min(self.buffer.len(row));
                    self.apply(
                        operator,
                        Pos { row, col: left },
                        Pos { row, col: end },
                        Kind::Exclusive,
                        None,
                    );
                }
            }
        }
        self.cursor = Pos { row: from, col: left };
        if operator == Operator::Change {
            self.begin_block(Block { last_row: to, col: left, pad: false, at_end: false });
        } else {
            self.settle();
        }
    }

    fn block_insert(&mut self, append: bool) {
        let (from, to) = self.rows();
        let (left, right) = self.block_columns();
        self.end_visual();
        self.remember();
        let at_end = append && right == usize::MAX;
        let col = match (append, at_end) {
            (_, true) => self.buffer.len(from),
            (true, false) => right,
            (false, _) => left,
        };
        if append && !at_end {
            let line = self.buffer.line_mut(from);
            while line.len() < col {
                line.push(' ');
            }
        }
        self.cursor = Pos { row: from, col };
        self.begin_block(Block { last_row: to, col, pad: append, at_end });
    }

    fn paste_over(&mut self, kind: Selection, register: Option<char>) {
        let text = self.registers.get(&register.unwrap_or('"')).cloned();
        let last = self.anchor.max(self.cursor);
        let at_last = kind == Selection::Lines && self.rows().1 == self.buffer.last_row();
        let to_end = kind == Selection::Characters && last.col + 1 >= self.buffer.len(last.row);
        self.visual_operate(kind, Operator::Delete, 1, None);
        let Some(mut text) = text else { return };
        if kind == Selection::Lines && text.kind == RegisterKind::Characters {
            text.kind = RegisterKind::Lines;
        }
        let apart = kind == Selection::Characters && text.kind == RegisterKind::Lines;
        if apart {
            // Whole lines in the middle of one: it is cut in two.
            let Pos { row, mut col } = self.cursor;
            col += usize::from(to_end && self.buffer.len(row) > 0);
            let line = self.buffer.line_mut(row);
            let tail = line.split_off(col.min(line.len()));
            self.buffer.insert(row + 1, vec![tail]);
        }
        let replaced = self.registers.insert('"', text);
        self.paste(None, apart || at_last || to_end, 1);
        if let Some(replaced) = replaced {
            self.registers.insert('"', replaced);
        }
    }

    /// `r` in visual mode: every letter becomes the same.
    fn overwrite(&mut self, kind: Selection, letter: char) {
        let (from, to) = self.rows();
        let (start, end) =
            if self.anchor <= self.cursor { (self.anchor, self.cursor) } else { (self.cursor, self.anchor) };
        let (left, right) = self.block_columns();
        self.end_visual();
        self.remember();
        for row in from..=to {
            let (first, past) = match kind {
                Selection::Lines => (0, usize::MAX),
                Selection::Block => (left, right),
                Selection::Characters => (
                    if row == from { start.col } else { 0 },
                    if row == to { end.col + 1 } else { usize::MAX },
                ),
            };
            for c in self.buffer.line_mut(row).iter_mut().take(past).skip(first) {
                *c = letter;
            }
        }
        self.cursor = start;
        self.settle();
    }
}
