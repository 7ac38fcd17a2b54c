//! An editor that obeys the usual keys of nano 7.
//!
//! Like [`super::vim`] it knows nothing of files, worlds or screens: what it needs of the outside
//! comes out as a [`Need`]. Not here: several files, justification, spelling, macros.

mod answers;
mod options;

use super::vim::{Need, Pos, keys};
pub(crate) use answers::HELP;
use answers::{Asking, Question};
pub(crate) use options::Options;

/// A text being edited.
#[derive(Clone, Debug)]
pub(crate) struct Nano {
    name: String,
    /// Never empty.
    lines: Vec<Vec<char>>,
    cursor: Pos,
    /// The column that up and down aim at.
    aim: usize,
    top: usize,
    height: usize,
    message: String,
    asking: Option<Asking>,
    cut: Vec<Vec<char>>,
    /// True when the last key cut as well: the next cut adds to it.
    cutting: bool,
    mark: Option<Pos>,
    sought: String,
    undo: Vec<(Vec<Vec<char>>, Pos)>,
    redo: Vec<(Vec<Vec<char>>, Pos)>,
    /// True while letters are typed one after the other: one step of undo.
    typing: bool,
    modified: bool,
    need: Option<Need>,
    leaving: bool,
    left: bool,
    /// True after `^T`.
    executes: bool,
    stops: bool,
    options: Options,
    /// True while the help covers the text.
    helps: bool,
}

/// Steps of undo that are kept.
const UNDO_MAX: usize = 500;

impl Nano {
    /// Opens a text with the commands of nano's own command line and its `nanorc`.
    pub(crate) fn new(name: &str, text: &str, fresh: bool, commands: &[String]) -> Self {
        let options = Options::parse(commands);
        let lines: Vec<Vec<char>> = text.split('\n').map(|line| line.chars().collect()).collect();
        let count = text.lines().count();
        let message = match (name.is_empty(), fresh, count) {
            (true, ..) => String::new(),
            (_, true, _) => "New File".into(),
            (_, _, 1) => "Read 1 line".into(),
            _ => format!("Read {count} lines"),
        };
        let row = options.line.saturating_sub(1).min(lines.len() - 1);
        let col = options.column.saturating_sub(1).min(lines.get(row).map_or(0, Vec::len));
        Self {
            name: name.to_owned(),
            lines,
            cursor: Pos { row, col },
            aim: col,
            top: 0,
            height: 1,
            message,
            asking: None,
            cut: Vec::new(),
            cutting: false,
            mark: None,
            sought: String::new(),
            undo: Vec::new(),
            redo: Vec::new(),
            typing: false,
            modified: false,
            need: None,
            leaving: false,
            left: false,
            executes: false,
            stops: false,
            options,
            helps: false,
        }
    }

    /// Takes a key, in the letters of [`keys`]; `alt` when Alt is held.
    pub(crate) fn key(&mut self, key: char, alt: bool) {
        if self.need.is_some() {
            return;
        }
        self.message.clear();
        if self.helps {
            self.helps = !matches!(key, '\x18' | 'q' | keys::ESCAPE);
            return;
        }
        if self.asking.is_some() {
            return self.answer_key(key);
        }
        let (was_cutting, was_typing) = (std::mem::take(&mut self.cutting), std::mem::take(&mut self.typing));
        let executes = std::mem::take(&mut self.executes);
        if alt {
            return self.alt_key(key);
        }
        if self.options.views && self.changes(key) {
            self.message = "Key is invalid in view mode".into();
            return;
        }
        match key {
            '\x18' => self.leave(),
            '\x0f' | '\x13' => self.ask(Question::Write, &self.name.clone()),
            '\x17' => self.ask(Question::Search, ""),
            '\x1c' => self.ask(Question::Replace, ""),
            '\x12' => self.ask(Question::Read, ""),
            '\x1f' => self.ask(Question::Line, ""),
            '\x0b' => self.cut_line(was_cutting),
            '\x15' => self.paste(),
            '\x1e' => self.toggle_mark(),
            '\x03' => self.locate(),
            '\x07' => self.helps = true,
            '\n' => self.new_line(),
            '\t' => self.tab(),
            '\x11' => self.find_again(true),
            '\x14' => {
                self.executes = true;
                self.message = "uncordon: ^T runs no commands yet; ^T^Z stops nano".into();
            }
            '\x1a' if executes => self.stops = true,
            '\x1a' => self.message = "To suspend, type ^T^Z".into(),
            keys::BACKSPACE | '\x08' => self.backspace(),
            keys::DELETE | '\x04' => self.delete(),
            key if key >= ' ' && !('\u{f700}'..='\u{f7ff}').contains(&key) => self.typed(key, was_typing),
            key => self.go(key),
        }
        self.clamp(key);
    }

    fn alt_key(&mut self, key: char) {
        match key.to_ascii_lowercase() {
            'u' => self.step(true),
            'e' => self.step(false),
            'a' => self.toggle_mark(),
            '6' | '^' => self.copy(),
            '\\' | '|' => self.cursor = Pos::default(),
            '/' | '?' => self.cursor = Pos { row: self.lines.len() - 1, col: usize::MAX },
            'w' => self.find_again(false),
            'q' => self.find_again(true),
            'n' => self.toggle(|it| &mut it.numbers, "Line numbering"),
            'i' => self.toggle(|it| &mut it.indents, "Auto indent"),
            'o' => self.toggle(|it| &mut it.spaces, "Conversion of typed tabs to spaces"),
            'd' => self.count(),
            '}' => self.shift(true),
            '{' => self.shift(false),
            '3' => self.comment(),
            't' => self.cut_rest(),
            'g' => self.ask(Question::Line, ""),
            _ => {}
        }
        self.clamp(key);
    }

    /// True for a key that changes the text.
    fn changes(&self, key: char) -> bool {
        let letter = key >= ' ' && !('\u{f700}'..='\u{f7ff}').contains(&key);
        letter
            || matches!(key, '\n' | '\t' | keys::DELETE | '\x04' | '\x08' | '\x0b' | '\x12' | '\x15' | '\x1c')
    }

    fn toggle(&mut self, option: fn(&mut Options) -> &mut bool, says: &str) {
        let option = option(&mut self.options);
        *option = !*option;
        let state = if *option { "enabled" } else { "disabled" };
        self.message = format!("{says} {state}");
    }

    /// Enter: the next line is indented alike where that is asked for.
    fn new_line(&mut self) {
        let Pos { row, col } = self.cursor;
        let blank = |c: &&char| matches!(c, ' ' | '\t');
        let indent: Vec<char> = self.line(row).iter().take(col).take_while(blank).copied().collect();
        self.typed('\n', false);
        if self.options.indents {
            indent.into_iter().for_each(|c| self.insert_text(c));
        }
    }

    fn tab(&mut self) {
        if self.mark.is_some() {
            return self.shift(true);
        }
        if !self.options.spaces {
            return self.typed('\t', false);
        }
        self.remember();
        let stop = self.options.tab;
        let column = self.cursor.col;
        (0..stop - column % stop).for_each(|_| self.insert_text(' '));
    }

    /// The rows that a command on lines works on.
    fn rows(&self) -> (usize, usize) {
        self.region().map_or((self.cursor.row, self.cursor.row), |(from, to)| {
            (from.row, if to.col == 0 && to.row > from.row { to.row - 1 } else { to.row })
        })
    }

    /// Indents lines by a tab, or takes one away.
    fn shift(&mut self, more: bool) {
        self.remember();
        let (first, last) = self.rows();
        let stop = self.options.tab;
        for row in first..=last {
            let line = &mut self.lines[row];
            if more && !line.is_empty() {
                let indent = if self.options.spaces { vec![' '; stop] } else { vec!['\t'] };
                line.splice(0..0, indent);
            } else if !more {
                let blanks = line.iter().take(stop).take_while(|c| **c == ' ').count();
                let gone = if line.first() == Some(&'\t') { 1 } else { blanks };
                line.drain(..gone);
            }
        }
    }

    /// Makes lines remarks, or takes the sign away when all are.
    fn comment(&mut self) {
        self.remember();
        let (first, last) = self.rows();
        let all = self.lines[first..=last].iter().all(|line| line.is_empty() || line.first() == Some(&'#'));
        for line in &mut self.lines[first..=last] {
            if all && line.first() == Some(&'#') {
                line.remove(0);
            } else if !all {
                line.insert(0, '#');
            }
        }
    }

    /// Cuts from the cursor to the end of the text.
    fn cut_rest(&mut self) {
        let end = self.lines.len() - 1;
        self.mark = Some(Pos { row: end, col: self.len(end) });
        self.cut_line(false);
    }

    fn count(&mut self) {
        let text = self.text();
        let (lines, words, letters) =
            (text.lines().count(), text.split_whitespace().count(), text.chars().count());
        self.message = format!("In Buffer:  {lines} lines,  {words} words,  {letters} characters");
    }

    /// Movements.
    fn go(&mut self, key: char) {
        let Pos { row, col } = self.cursor;
        match key {
            keys::LEFT | '\x02' if col > 0 => self.cursor.col -= 1,
            keys::LEFT | '\x02' if row > 0 => self.cursor = Pos { row: row - 1, col: usize::MAX },
            keys::RIGHT | '\x06' if col < self.len(row) => self.cursor.col += 1,
            keys::RIGHT | '\x06' if row + 1 < self.lines.len() => self.cursor = Pos { row: row + 1, col: 0 },
            keys::UP | '\x10' => self.cursor = Pos { row: row.saturating_sub(1), col: self.aim },
            keys::DOWN | '\x0e' => self.cursor = Pos { row: row + 1, col: self.aim },
            keys::HOME | '\x01' => self.cursor.col = 0,
            keys::END | '\x05' => self.cursor.col = usize::MAX,
            keys::PAGE_UP | '\x19' => self.cursor.row = row.saturating_sub(self.page()),
            keys::PAGE_DOWN | '\x16' => self.cursor.row = row + self.page(),
            _ => {}
        }
    }

    fn page(&self) -> usize {
        self.height.saturating_sub(2).max(1)
    }

    fn len(&self, row: usize) -> usize {
        self.lines.get(row).map_or(0, Vec::len)
    }

    fn clamp(&mut self, key: char) {
        self.cursor.row = self.cursor.row.min(self.lines.len() - 1);
        self.cursor.col = self.cursor.col.min(self.len(self.cursor.row));
        if !matches!(key, keys::UP | keys::DOWN | '\x10' | '\x0e') {
            self.aim = self.cursor.col;
        }
    }

    fn remember(&mut self) {
        self.undo.push((self.lines.clone(), self.cursor));
        let surplus = self.undo.len().saturating_sub(UNDO_MAX);
        self.undo.drain(..surplus);
        self.redo.clear();
        self.modified = true;
    }

    fn step(&mut self, back: bool) {
        let (from, to) =
            if back { (&mut self.undo, &mut self.redo) } else { (&mut self.redo, &mut self.undo) };
        let Some((lines, cursor)) = from.pop() else {
            self.message = if back { "Nothing to undo" } else { "Nothing to redo" }.into();
            return;
        };
        to.push((std::mem::replace(&mut self.lines, lines), self.cursor));
        self.cursor = cursor;
        self.modified = true;
    }

    fn typed(&mut self, key: char, goes_on: bool) {
        if !goes_on {
            self.remember();
        }
        self.typing = key != '\n';
        self.insert_text(key);
    }

    /// Puts a letter at the cursor without a step of undo, as a paste does.
    pub(crate) fn insert_text(&mut self, key: char) {
        self.modified = true;
        self.mark = None;
        let Pos { row, col } = self.cursor;
        let Some(line) = self.lines.get_mut(row) else { return };
        let col = col.min(line.len());
        if key == '\n' {
            let tail = line.split_off(col);
            self.lines.insert(row + 1, tail);
            self.cursor = Pos { row: row + 1, col: 0 };
        } else {
            line.insert(col, key);
            self.cursor.col = col + 1;
        }
    }

    fn backspace(&mut self) {
        if self.cursor == Pos::default() {
            return;
        }
        self.go(keys::LEFT);
        self.clamp(keys::LEFT);
        self.delete();
    }

    fn delete(&mut self) {
        let Pos { row, col } = self.cursor;
        if col >= self.len(row) && row + 1 >= self.lines.len() {
            return;
        }
        self.remember();
        if col < self.len(row) {
            self.lines[row].remove(col);
        } else {
            let next = self.lines.remove(row + 1);
            self.lines[row].extend(next);
        }
    }

    fn toggle_mark(&mut self) {
        self.mark = if self.mark.is_some() { None } else { Some(self.cursor) };
        self.message = if self.mark.is_some() { "Mark Set" } else { "Mark Unset" }.into();
    }

    /// The marked region, from and behind.
    fn region(&self) -> Option<(Pos, Pos)> {
        let mark = self.mark?;
        Some((mark.min(self.cursor), mark.max(self.cursor)))
    }

    fn taken(&self, from: Pos, to: Pos) -> Vec<Vec<char>> {
        (from.row..=to.row)
            .map(|row| {
                let start = if row == from.row { from.col } else { 0 };
                let end = if row == to.row { to.col } else { usize::MAX };
                self.lines.get(row).into_iter().flatten().take(end).skip(start).copied().collect()
            })
            .collect()
    }

    fn cut_line(&mut self, goes_on: bool) {
        let row = self.cursor.row;
        let marked = self.region();
        let end = if row + 1 < self.lines.len() {
            Pos { row: row + 1, col: 0 }
        } else {
            Pos { row, col: self.len(row) }
        };
        let (from, to) = marked.unwrap_or((Pos { row, col: 0 }, end));
        if from == to {
            return;
        }
        self.remember();
        let taken = self.taken(from, to);
        if goes_on && marked.is_none() {
            self.cut.pop();
            self.cut.extend(taken);
        } else {
            self.cut = taken;
        }
        let end = to.col.min(self.len(to.row));
        let tail = self.lines[to.row].split_off(end);
        self.lines.drain(from.row + 1..=to.row.max(from.row));
        self.lines[from.row].truncate(from.col);
        self.lines[from.row].extend(tail);
        self.cursor = from;
        self.cutting = marked.is_none();
        self.mark = None;
    }

    fn copy(&mut self) {
        let row = self.cursor.row;
        let line = (Pos { row, col: 0 }, Pos { row: row + 1, col: 0 });
        let (from, to) = self.region().unwrap_or(line);
        self.cut = self.taken(from, to);
        if self.mark.take().is_none() {
            self.cursor = Pos { row: row + 1, col: 0 };
        }
    }

    fn paste(&mut self) {
        if self.cut.is_empty() {
            self.message = "Cutbuffer is empty".into();
            return;
        }
        self.remember();
        for (index, line) in self.cut.clone().into_iter().enumerate() {
            if index > 0 {
                self.insert_text('\n');
            }
            line.into_iter().for_each(|c| self.insert_text(c));
        }
    }

    fn locate(&mut self) {
        let (line, lines) = (self.cursor.row + 1, self.lines.len());
        let (column, columns) = (self.cursor.col + 1, self.len(self.cursor.row) + 1);
        let percent = |part: usize, whole: usize| part * 100 / whole.max(1);
        let before: usize = self.lines.iter().take(self.cursor.row).map(|line| line.len() + 1).sum();
        let (letter, letters) = (before + self.cursor.col, self.text().chars().count());
        let (line_width, width) = (digits(lines), digits(letters));
        self.message = format!(
            "line {line:line_width$}/{lines} ({:2}%), col {column:2}/{columns:2} ({:3}%), char {letter:width$}/{letters} ({:2}%)",
            percent(line, lines),
            percent(column, columns),
            percent(letter, letters)
        );
    }

    fn ask(&mut self, what: Question, answer: &str) {
        self.asking = Some(Asking { what, answer: answer.to_owned() });
    }

    fn leave(&mut self) {
        if self.modified { self.ask(Question::Save, "") } else { self.left = true }
    }

    /// What is needed before keys can go on.
    pub(crate) fn need(&self) -> Option<&Need> {
        self.need.as_ref()
    }

    /// Answers [`Self::need`].
    pub(crate) fn resume(&mut self, answer: Result<String, String>) {
        match (self.need.take(), answer) {
            (Some(Need::Write { text, .. }), Ok(_)) => {
                self.modified = false;
                let count = text.lines().count();
                self.message = format!("Wrote {count} line{}", if count == 1 { "" } else { "s" });
                self.left = std::mem::take(&mut self.leaving);
            }
            (Some(Need::Read { .. }), Ok(text)) => {
                self.remember();
                text.chars().for_each(|c| self.insert_text(c));
            }
            (_, Err(why)) => {
                self.leaving = false;
                self.message = why;
            }
            _ => {}
        }
    }

    /// True once when the editor was told to stop for a while.
    pub(crate) fn take_stop(&mut self) -> bool {
        std::mem::take(&mut self.stops)
    }

    /// True once the editor was left.
    pub(crate) fn is_left(&self) -> bool {
        self.left
    }

    /// The text as it is written: with a line end behind the last line.
    pub(crate) fn text(&self) -> String {
        let text =
            self.lines.iter().map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n");
        if text.is_empty() || text.ends_with('\n') { text } else { format!("{text}\n") }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn is_modified(&self) -> bool {
        self.modified
    }

    pub(crate) fn cursor(&self) -> Pos {
        self.cursor
    }

    pub(crate) fn line(&self, row: usize) -> &[char] {
        self.lines.get(row).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The first row shown.
    pub(crate) fn top(&self) -> usize {
        self.top
    }

    /// Tells how many rows the screen has for the text.
    pub(crate) fn show(&mut self, height: usize) {
        self.height = height;
        let row = self.cursor.row;
        if row < self.top || row >= self.top + height {
            self.top = row.saturating_sub(height / 2);
        }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// True for a letter of the marked region.
    pub(crate) fn is_marked(&self, row: usize, col: usize) -> bool {
        self.region().is_some_and(|(from, to)| (from..to).contains(&Pos { row, col }))
    }

    /// True while [`HELP`] covers the text.
    pub(crate) fn helps(&self) -> bool {
        self.helps
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }
}

/// Columns that nano gives a number: two at least.
fn digits(number: usize) -> usize {
    number.to_string().len().max(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: &str, keys: &str, after: &str) {
        let mut nano = Nano::new("f", before, false, &[]);
        let mut alt = false;
        for key in keys.chars() {
            if key == '\x1b' {
                alt = true;
                continue;
            }
            nano.key(key, std::mem::take(&mut alt));
            if nano.need().is_some() {
                nano.resume(Ok("read\n".into()));
            }
        }
        assert_eq!(nano.text(), after, "{keys:?}");
    }

    #[test]
    fn usual_keys_edit() {
        check("a\nb\n", "x", "xa\nb\n");
        check("a\nb\nc\n", "\x0b\x0b\x15\x15", "a\nb\na\nb\nc\n");
        check("a\nb\n", "\x05!\n?", "a!\n?\nb\n");
        check("abc\n", "\x06\x04", "ac\n");
        check("one two\n", "\x17two\nX", "one Xtwo\n");
        check("a a\n", "\x1ca\nb\na", "b b\n");
        check("a a\n", "\x1ca\nb\nny", "a b\n");
        check("a\n", "xy\x1bu", "a\n");
        check("abc\n", "\x1ba\x06\x06\x0b\x05\x15", "cab\n");
        check("a\n", "\x12f\n", "read\na\n");
        check("a\nb\n", "\x1f2\nX", "a\nXb\n");
    }

    #[test]
    fn leaving_asks_to_save_what_was_changed() {
        let mut nano = Nano::new("f", "a\n", false, &[]);
        for key in "x\x18".chars() {
            nano.key(key, false);
        }
        assert_eq!(nano.prompt().as_deref(), Some("Save modified buffer? "));
        for key in "y\n".chars() {
            nano.key(key, false);
        }
        assert!(matches!(nano.need(), Some(Need::Write { path: None, .. })));
        nano.resume(Ok(String::new()));
        assert!(nano.is_left());
    }
}
