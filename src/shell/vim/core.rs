//! The state of the editor, and what everything uses: messages, places, columns, changes.

use std::collections::BTreeMap;

use super::files::{Files, Found};
use super::input::Input;
use super::insert::Inserting;
use super::marks::Marks;
use super::operator::{Op, VisualSize};
use super::registers::Registers;
use super::search::Search;
use super::set::Settings;
use super::substitute::LastSubstitute;
use super::text::{Line, Text, columns, is_blank, width};
use super::undo::{Context, Undo};
use super::{Left, Need, Pos, Selection, View};

/// Why a command does not go on.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    /// Its keys have not all come.
    Keys,
    /// Something outside is needed.
    Outside(Need),
    /// It failed: the rest of a macro is dropped.
    Fail,
}

pub(super) type Done<T = ()> = Result<T, Stop>;

/// Registers played since keys were last typed: more is an endless macro.
pub(super) const MACROS_MAX: usize = 2000;

/// Visual mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Visual {
    pub(super) kind: Selection,
    pub(super) anchor: Pos,
}

/// The command line while it is typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) sign: char,
    pub(super) text: Vec<char>,
    pub(super) at: usize,
}

/// Everything that keys change.
#[derive(Clone, Debug)]
pub(super) struct Core {
    pub(super) text: Text,
    pub(super) undo: Undo,
    pub(super) marks: Marks,
    pub(super) cursor: Pos,
    /// The column that up and down aim at; `usize::MAX` is the end of each line.
    pub(super) aim: usize,
    /// True when the aim is the cursor's column.
    pub(super) aims_here: bool,
    pub(super) visual: Option<Visual>,
    pub(super) settings: Settings,
    pub(super) input: Input,
    pub(super) op: Op,
    /// The size of what visual mode last worked on, for `.`.
    pub(super) redo_visual: VisualSize,
    pub(super) redoing_visual: bool,
    /// The size of the last selection, for `1v`.
    pub(super) marks_size: VisualSize,
    /// True when the command line that comes is a filter that `.` repeats.
    pub(super) redo_filter: bool,
    pub(super) op_count: usize,
    /// True when the last motion was one of lines.
    pub(super) stale_lines: bool,
    /// True while an operator waits for its motion.
    pub(super) finishing: bool,
    pub(super) inserting: Option<Inserting>,
    /// What insert mode goes on with after one command: `^O`.
    pub(super) restart: Option<char>,
    /// The row where `^O` was typed behind the last letter.
    pub(super) restart_at_end: Option<usize>,
    pub(super) last_insert: Vec<char>,
    pub(super) registers: Registers,
    pub(super) search: Search,
    pub(super) find: Option<(char, char)>,
    pub(super) substitute: LastSubstitute,
    pub(super) last_macro: Option<char>,
    pub(super) last_line: Option<String>,
    pub(super) last_filter: Option<String>,
    /// The row and letters before the last changes to a line, for `U`.
    pub(super) line_before: Option<(usize, Line, usize)>,
    pub(super) message: String,
    pub(super) prompt: Option<Prompt>,
    pub(super) asking: Option<String>,
    /// A swap file to ask about before the keys that follow.
    pub(super) attention: Option<(Found, String)>,
    pub(super) left: Option<Left>,
    /// The editor is to stop for a while.
    pub(super) stops: bool,
    pub(super) modified: bool,
    pub(super) read_only: bool,
    pub(super) files: Files,
    pub(super) view: View,
    pub(super) unlit: bool,
    pub(super) yaml: bool,
    pub(super) file_types: bool,
    pub(super) for_yaml: Vec<String>,
    /// What went wrong in the `.vimrc`, each on lines of its own.
    pub(super) rc_errors: String,
    pub(super) variables: BTreeMap<String, String>,
    /// True for keys from a file: what they change is one step of undo up to the next `u`.
    pub(super) script: bool,
    /// Nested `:global`, `:normal` and macros.
    pub(super) depth: usize,
    /// Errors that were said inside `:global`.
    pub(super) in_global: bool,
    pub(super) errors: usize,
    /// What autoindent put on a new line and nothing has followed.
    pub(super) did_indent: bool,
    pub(super) did_smart: bool,
    pub(super) can_smart: bool,
    pub(super) can_smart_back: bool,
    pub(super) indent_columns: usize,
    /// Answers from outside for the command that runs.
    pub(super) answers: Vec<Result<String, String>>,
    pub(super) answered: usize,
    pub(super) scroll: Option<usize>,
    /// Where a substitution that joined lines goes on.
    pub(super) joined_at: Option<usize>,
    pub(super) in_repeat: bool,
    /// Macros played since keys were last typed.
    pub(super) macros: usize,
}

impl Core {
    pub(super) fn new(text: &str) -> Self {
        let text = Text::new(text);
        let ended = Pos { row: text.last(), col: 0 };
        Self {
            undo: Undo::default(),
            marks: Marks { ended, ..Marks::default() },
            text,
            cursor: Pos::default(),
            aim: 0,
            aims_here: true,
            visual: None,
            settings: Settings::default(),
            input: Input::default(),
            op: Op::default(),
            redo_visual: VisualSize::default(),
            redoing_visual: false,
            marks_size: VisualSize::default(),
            redo_filter: false,
            op_count: 0,
            stale_lines: false,
            finishing: false,
            inserting: None,
            restart: None,
            restart_at_end: None,
            last_insert: Vec::new(),
            registers: Registers::default(),
            search: Search::default(),
            find: None,
            substitute: LastSubstitute::default(),
            last_macro: None,
            last_line: None,
            last_filter: None,
            line_before: None,
            message: String::new(),
            prompt: None,
            asking: None,
            attention: None,
            left: None,
            stops: false,
            modified: false,
            read_only: false,
            files: Files::default(),
            view: View { top: 0, height: 23 },
            unlit: false,
            yaml: false,
            file_types: false,
            for_yaml: Vec::new(),
            rc_errors: String::new(),
            variables: BTreeMap::new(),
            script: false,
            depth: 0,
            in_global: false,
            errors: 0,
            did_indent: false,
            did_smart: false,
            can_smart: false,
            can_smart_back: false,
            indent_columns: 0,
            answers: Vec::new(),
            answered: 0,
            scroll: None,
            joined_at: None,
            in_repeat: false,
            macros: 0,
        }
    }

    /// Says an error; the command fails.
    pub(super) fn error(&mut self, text: impl Into<String>) -> Stop {
        self.message = text.into();
        self.errors += 1;
        self.input.flush();
        Stop::Fail
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.message = text.into();
    }

    /// Says something on a line of its own.
    pub(super) fn say_more(&mut self, text: &str) {
        if !self.message.is_empty() {
            self.message.push('\n');
        }
        self.message.push_str(text);
    }

    /// Asks outside; the command is begun anew when the answer has come, so nothing is asked twice.
    pub(super) fn ask(&mut self, need: Need) -> Done<Result<String, String>> {
        let at = self.answered;
        self.answered += 1;
        self.answers.get(at).cloned().ok_or(Stop::Outside(need))
    }

    pub(super) fn is_visual(&self) -> bool {
        self.visual.is_some()
    }

    pub(super) fn row_len(&self) -> usize {
        self.text.len(self.cursor.row)
    }

    pub(super) fn here(&self) -> Option<char> {
        self.text.at(self.cursor)
    }

    /// True where the cursor may stand behind the last letter.
    fn may_be_behind(&self) -> bool {
        self.inserting.is_some() || self.restart.is_some() || self.is_visual()
    }

    pub(super) fn check_row(&mut self) {
        self.cursor.row = self.cursor.row.min(self.text.last());
    }

    /// Keeps the cursor on a letter.
    pub(super) fn check_col(&mut self) {
        let len = self.row_len();
        if self.cursor.col >= len {
            self.cursor.col = if self.may_be_behind() { len } else { len.saturating_sub(1) };
        }
    }

    pub(super) fn check_cursor(&mut self) {
        self.check_row();
        self.check_col();
    }

    pub(super) fn tabstop(&self) -> usize {
        self.settings.tabstop.max(1)
    }

    pub(super) fn shift_width(&self) -> usize {
        if self.settings.shiftwidth == 0 { self.tabstop() } else { self.settings.shiftwidth }
    }

    /// Columns before a place.
    pub(super) fn column(&self, pos: Pos) -> usize {
        columns(self.text.line(pos.row), pos.col, self.tabstop())
    }

    /// The first and last column of the letter at a place.
    pub(super) fn column_span(&self, pos: Pos) -> (usize, usize) {
        let start = self.column(pos);
        let wide = self.text.at(pos).map_or(1, |c| width(c, start, self.tabstop()));
        (start, start + wide.max(1) - 1)
    }

    /// The column that the cursor is shown at: on a tab its last, but for insert mode.
    pub(super) fn cursor_column(&self) -> usize {
        let (start, end) = self.column_span(self.cursor);
        let at_end = self.here() == Some('\t')
            && self.inserting.is_none()
            && !self.settings.list
            && self.visual.is_none_or(|visual| self.cursor > visual.anchor);
        if at_end { end } else { start }
    }

    /// Makes the aim of up and down known.
    pub(super) fn update_aim(&mut self) {
        if std::mem::take(&mut self.aims_here) {
            self.aim = self.cursor_column();
        }
    }

    /// Goes to a column of the cursor's line, or as near as its letters allow. False when the line is too short.
    pub(super) fn go_to_column(&mut self, wanted: usize) -> bool {
        let behind = usize::from(self.may_be_behind());
        let tabstop = self.tabstop();
        let line = self.text.line(self.cursor.row);
        if wanted == usize::MAX {
            self.cursor.col = (line.len() + behind).saturating_sub(1);
            return true;
        }
        let (mut column, mut col) = (0, 0);
        while column <= wanted && col < line.len() {
            column += width(line[col], column, tabstop);
            col += 1;
        }
        let reached = column > wanted;
        if reached || behind == 0 {
            col = col.saturating_sub(1);
        }
        self.cursor.col = col;
        reached
    }

    /// The column of the first letter that is no blank; with `fix` the last column when there is none.
    pub(super) fn first_letter(&self, row: usize, fix: bool) -> usize {
        let line = self.text.line(row);
        let blanks = self.text.blanks(row);
        if fix && blanks == line.len() { blanks.saturating_sub(1) } else { blanks }
    }

    /// Goes to the first letter of the cursor's line.
    pub(super) fn begin_line(&mut self, fix: bool) {
        self.cursor.col = self.first_letter(self.cursor.row, fix);
        self.aims_here = true;
    }

    /// The same where 'startofline' is set; else keeps to the column aimed at.
    pub(super) fn begin_line_or_aim(&mut self) {
        if self.settings.startofline {
            self.begin_line(true)
        } else {
            let aim = self.aim;
            self.go_to_column(aim);
        }
    }

    /// Keeps rows `first..behind` for undo before they change.
    pub(super) fn keep_rows(&mut self, first: usize, behind: usize, known: Option<usize>) {
        if behind == first + 1 {
            self.keep_line(first);
        }
        if self.undo.is_synced() {
            self.marks.new_change = true;
        }
        let context = Context {
            cursor: self.cursor,
            visual: self.marks.visual,
            modified: self.modified,
            text: &self.text,
        };
        self.undo.keep(first, behind, known, &context);
    }

    /// Keeps one line before it changes.
    pub(super) fn keep_row(&mut self, row: usize) {
        self.keep_rows(row, row + 1, None);
    }

    pub(super) fn keep_here(&mut self) {
        self.keep_row(self.cursor.row);
    }

    /// Keeps a line for `U`.
    fn keep_line(&mut self, row: usize) {
        if self.line_before.as_ref().is_some_and(|(kept, ..)| *kept == row) {
            return;
        }
        let col = if self.cursor.row == row { self.cursor.col } else { 0 };
        self.line_before = Some((row, self.text.kept(row), col));
    }

    /// A line has changed.
    pub(super) fn changed(&mut self, row: usize, col: usize) {
        self.modified = true;
        let columns = if self.settings.textwidth > 0 { self.settings.textwidth } else { 79 };
        self.marks.note_change(Pos { row, col }, columns);
    }

    /// `count` lines were put behind those before `row`.
    pub(super) fn appended(&mut self, row: usize, count: usize) {
        self.adjust_marks(row, usize::MAX, Some(count as isize), 0);
        self.changed(row, 0);
    }

    /// `count` lines from `row` on are gone.
    pub(super) fn deleted(&mut self, row: usize, count: usize) {
        self.adjust_marks(row, row + count - 1, None, -(count as isize));
        self.changed(row.min(self.text.last()), 0);
    }

    pub(super) fn adjust_marks(&mut self, first: usize, last: usize, by: Option<isize>, after: isize) {
        if let Some((row, ..)) = &mut self.line_before
            && *row > last
        {
            *row = row.saturating_add_signed(after);
        }
        for (name, pos) in self.marks.adjust(first, last, by, after) {
            self.undo.keep_mark(name, pos);
        }
    }

    /// Takes lines from the cursor's on, keeping them for undo when asked to.
    pub(super) fn delete_lines(&mut self, count: usize, keep: bool) {
        let first = self.cursor.row;
        let count = count.min(self.text.count() - first);
        if count == 0 {
            return;
        }
        if keep {
            self.keep_rows(first, first + count, Some(first));
        }
        for _ in 0..count {
            self.text.remove(first);
        }
        self.cursor.col = 0;
        self.deleted(first, count);
        self.check_row();
    }

    /// An indent of so many columns, of tabs where they are not expanded.
    pub(super) fn indent_text(&self, columns: usize) -> Vec<char> {
        let stop = self.tabstop();
        let tabs = if self.settings.expandtab { 0 } else { columns / stop };
        let blanks = columns - tabs * stop;
        std::iter::repeat_n('\t', tabs).chain(std::iter::repeat_n(' ', blanks)).collect()
    }

    /// The columns that a line is indented by.
    pub(super) fn indent_of(&self, row: usize) -> usize {
        columns(self.text.line(row), self.text.blanks(row), self.tabstop())
    }

    /// Gives a line another indent; true when that changed it. The cursor stays where it is.
    pub(super) fn set_indent_of(&mut self, row: usize, columns: usize, keep: bool) -> bool {
        let indent = self.indent_text(columns);
        let blanks = self.text.blanks(row);
        if self.text.line(row).get(..blanks) == Some(indent.as_slice()) {
            return false;
        }
        if keep {
            self.keep_row(row);
        }
        self.text.line_mut(row).splice(..blanks, indent);
        self.changed(row, 0);
        true
    }

    /// True when nothing but blanks stands before the cursor.
    pub(super) fn in_indent(&self, extra: usize) -> bool {
        let line = self.text.line(self.cursor.row);
        let blanks = line.iter().take_while(|c| is_blank(**c)).count();
        blanks >= self.cursor.col + extra
    }

    /// Puts a letter at the cursor and goes behind it.
    pub(super) fn put_letter(&mut self, letter: char) {
        let Pos { row, col } = self.cursor;
        let line = self.text.line_mut(row);
        let col = col.min(line.len());
        line.insert(col, letter);
        self.changed(row, col);
        self.cursor.col = col + 1;
    }

    /// Takes `count` letters at the cursor; with `fix` the cursor stays on a letter.
    pub(super) fn delete_letters(&mut self, count: usize, fix: bool) {
        let Pos { row, col } = self.cursor;
        let len = self.text.len(row);
        if col >= len {
            return;
        }
        let end = (col + count).min(len);
        self.text.line_mut(row).drain(col..end);
        if end == len && fix && col > 0 && self.restart.is_none() {
            self.cursor.col = col - 1;
        }
        self.changed(row, self.cursor.col);
    }

    /// Drops the rest of the line from the cursor on.
    pub(super) fn truncate_line(&mut self, fix: bool) {
        let Pos { row, col } = self.cursor;
        self.text.line_mut(row).truncate(col);
        self.changed(row, col);
        if fix && col > 0 {
            self.cursor.col = col - 1;
        }
    }

    /// The word that a line-count message begins with.
    pub(super) fn say_lines_changed(&mut self, before: usize) {
        let now = self.text.count();
        let by = now.abs_diff(before);
        if by > 2 {
            let kind = if now > before { "more" } else { "fewer" };
            self.say(format!("{by} {kind} lines"));
        }
    }
}
