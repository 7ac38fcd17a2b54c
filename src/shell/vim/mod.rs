//! An editor that obeys vim's keys: what `vim -s KEYS FILE` runs, and what the screen shows.
//!
//! It knows nothing of files, worlds or screens. Keys go in with [`Editor::feed`]; what needs the
//! outside (writing, reading, running a command) comes out as a [`Need`], whose answer goes back with
//! [`Editor::resume`]. Compared with vim 9 without a vimrc; `tests/conformance/vim.json` holds edits
//! recorded from it. Not here: windows, folds, spelling, digraphs, mappings, scripts.
//!
//! Start with [`Editor`], then `parse` (what the keys of normal mode mean).

mod buffer;
mod change;
mod ex;
mod indent;
mod insert;
mod motion;
mod normal;
mod objects;
mod parse;
mod search;
mod substitute;
mod visual;
mod words;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use self::buffer::Buffer;

/// Keys that have no letter, as the screen hands them in.
pub(crate) mod keys {
    pub(crate) const ESCAPE: char = '\x1b';
    pub(crate) const ENTER: char = '\n';
    pub(crate) const BACKSPACE: char = '\x7f';
    pub(crate) const UP: char = '\u{f700}';
    pub(crate) const DOWN: char = '\u{f701}';
    pub(crate) const LEFT: char = '\u{f702}';
    pub(crate) const RIGHT: char = '\u{f703}';
    pub(crate) const HOME: char = '\u{f704}';
    pub(crate) const END: char = '\u{f705}';
    pub(crate) const DELETE: char = '\u{f706}';
    pub(crate) const PAGE_UP: char = '\u{f707}';
    pub(crate) const PAGE_DOWN: char = '\u{f708}';
}

/// A place in the text, both counted from 0; the column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pos {
    pub(crate) row: usize,
    pub(crate) col: usize,
}

/// What keys mean at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Normal,
    Insert,
    Replace,
    Visual(Selection),
    /// The command line behind `:`, `/` or `?`.
    Line(char),
    /// `:s///c` asks about a match.
    Confirm,
}

/// The kinds of visual mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    Characters,
    Lines,
    Block,
}

/// What the editor cannot do alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Need {
    /// Write `text`; no path means the file that is edited.
    Write { path: Option<String>, text: String, append: bool },
    /// The text of a file, to put below `row`.
    Read { path: String },
    /// The output of a command that reads `stdin`.
    Run { command: String, stdin: String },
}

/// How the editor was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) exit: i32,
}

/// Where the answer of a [`Need`] goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Put {
    /// Nowhere: it was written.
    Written,
    /// Below a line, counted from 1; 0 is above the first.
    Below(usize),
    /// In place of lines, from and to, counted from 0.
    Instead(usize, usize),
    /// Onto the message line.
    Show,
}

/// Text that was deleted or copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Register {
    lines: Vec<String>,
    kind: RegisterKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum RegisterKind {
    #[default]
    Characters,
    Lines,
    Block,
}

/// What `:set` changes.
#[derive(Clone, Debug)]
struct Settings {
    autoindent: bool,
    expandtab: bool,
    shiftwidth: usize,
    tabstop: usize,
    softtabstop: usize,
    ignorecase: bool,
    smartcase: bool,
    number: bool,
    relative_number: bool,
    wrapscan: bool,
    wrap: bool,
    list: bool,
    highlight: bool,
    paste: bool,
    syntax: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            autoindent: false,
            expandtab: false,
            shiftwidth: 8,
            tabstop: 8,
            softtabstop: 0,
            ignorecase: false,
            smartcase: false,
            number: false,
            relative_number: false,
            wrapscan: true,
            wrap: true,
            list: false,
            highlight: false,
            paste: false,
            syntax: true,
        }
    }
}

/// A text being edited.
#[derive(Clone, Debug)]
pub(crate) struct Editor {
    buffer: Buffer,
    cursor: Pos,
    /// The column that up and down aim at; `usize::MAX` is the end of each line.
    aim: usize,
    mode: Mode,
    settings: Settings,
    keys: VecDeque<char>,
    /// Keys of a normal or visual command that is not whole yet.
    pending: Vec<char>,
    /// What stands behind the prompt of the command line.
    line: String,
    message: String,
    registers: BTreeMap<char, Register>,
    marks: BTreeMap<char, Pos>,
    /// Where visual mode began.
    anchor: Pos,
    search: Option<search::Pattern>,
    find: Option<(char, char)>,
    insert: insert::Session,
    repeat: change::Repeat,
    substitute: substitute::State,
    recording: Option<(char, String)>,
    need: Option<(Need, Put)>,
    quit_after: bool,
    left: Option<Left>,
    modified: bool,
    read_only: bool,
    depth: usize,
    /// The file as it was named; empty without one.
    name: String,
    /// What the screen shows of the text.
    view: View,
    /// True after `:noh`, until the next search.
    unlit: bool,
    /// True when the file is YAML and file types are looked at.
    yaml: bool,
    /// True to look at file types, as vim's defaults do.
    file_types: bool,
    /// Commands for YAML files, of `:autocmd FileType`.
    for_yaml: Vec<String>,
    /// True for keys from a file: what they change is one step of undo up to the next `u`.
    script: bool,
    /// True when the next change begins a step of undo.
    synced: bool,
    /// An operator that waits for a pattern: `d/x`.
    waiting: Option<(parse::Operator, Option<char>)>,
    /// What `@@` and `@:` repeat.
    last_macro: Option<char>,
    last_line: String,
    /// Where visual mode was, for `gv`.
    last_visual: Option<(Selection, Pos, Pos)>,
    /// A line before it was last changed, for `U`, and how many lines there were.
    line_before: Option<(usize, usize, Vec<char>)>,
    /// True for one command behind `^O` in insert mode.
    once: bool,
    /// True once a motion led nowhere: that ends a macro.
    failed: bool,
}

/// The part of the text that a screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// The first row shown.
    pub(crate) top: usize,
    /// Rows of the screen; those of a terminal of 24 lines when there is no screen.
    pub(crate) height: usize,
}

/// How the text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) wrap: bool,
    /// True to show tabs and line ends as signs.
    pub(crate) list: bool,
    pub(crate) tabstop: usize,
    pub(crate) syntax: bool,
    pub(crate) number: bool,
    /// Numbers count from the cursor's line.
    pub(crate) relative_number: bool,
}

/// Nested replays of keys (macros, `.`, `:normal`): more is an endless macro.
const DEPTH_MAX: usize = 100;

impl Editor {
    /// Starts on a file's text.
    pub(crate) fn new(text: &str) -> Self {
        Self {
            buffer: Buffer::new(text),
            cursor: Pos::default(),
            aim: 0,
            mode: Mode::Normal,
            settings: Settings::default(),
            keys: VecDeque::new(),
            pending: Vec::new(),
            line: String::new(),
            message: String::new(),
            registers: BTreeMap::new(),
            marks: BTreeMap::new(),
            anchor: Pos::default(),
            search: None,
            find: None,
            insert: insert::Session::default(),
            repeat: change::Repeat::default(),
            substitute: substitute::State::default(),
            recording: None,
            need: None,
            quit_after: false,
            left: None,
            modified: false,
            read_only: false,
            depth: 0,
            name: String::new(),
            view: View { top: 0, height: 23 },
            unlit: false,
            yaml: false,
            file_types: false,
            for_yaml: Vec::new(),
            script: false,
            synced: true,
            waiting: None,
            last_macro: None,
            last_line: String::new(),
            last_visual: None,
            line_before: None,
            once: false,
            failed: false,
        }
    }

    /// An editor on a file as a program asks for it.
    pub(crate) fn open(request: &crate::shell::EditRequest) -> Self {
        let mut editor = Self::new(&request.text);
        request.rc.iter().for_each(|command| editor.feed(&format!(":{command}\n")));
        editor.of_file(&request.name, request.fresh, request.read_only);
        request.commands.iter().for_each(|command| editor.feed(&format!(":{command}\n")));
        editor
    }

    /// Lines that a command printed: they cover the text until a key comes.
    pub(crate) fn shown_lines(&self) -> Option<&str> {
        (self.mode == Mode::Normal && self.message.contains('\n')).then_some(self.message.as_str())
    }

    /// Takes what a command printed off the screen.
    pub(crate) fn hide_lines(&mut self) {
        self.message.clear();
    }

    /// Says that keys come from a file, as with `vim -s`.
    pub(crate) fn set_script(&mut self) {
        self.script = true;
    }

    /// Says which file the text is of.
    pub(crate) fn of_file(&mut self, name: &str, fresh: bool, read_only: bool) {
        self.name = name.to_owned();
        self.read_only = read_only;
        if [".yaml", ".yml"].iter().any(|end| name.ends_with(end)) {
            self.yaml = self.file_types;
            if self.yaml {
                self.ex("setlocal expandtab shiftwidth=2 softtabstop=2");
            }
            for command in std::mem::take(&mut self.for_yaml) {
                self.ex(&command);
            }
        }
        let size = self.size();
        self.message = match (name.is_empty(), fresh) {
            (true, _) => String::new(),
            (false, true) => format!("\"{name}\" [New]"),
            (false, false) if read_only => format!("\"{name}\" [readonly] {size}"),
            (false, false) => format!("\"{name}\" {size}"),
        };
    }

    /// `12L, 345B`.
    fn size(&self) -> String {
        let text = self.text();
        format!("{}L, {}B", text.lines().count(), text.len())
    }

    /// Tells what the screen shows of the text.
    pub(crate) fn set_view(&mut self, view: View) {
        self.view = view;
    }

    pub(crate) fn view(&self) -> View {
        self.view
    }

    pub(crate) fn look(&self) -> Look {
        let it = &self.settings;
        Look {
            wrap: it.wrap,
            list: it.list,
            tabstop: it.tabstop.max(1),
            syntax: it.syntax,
            number: it.number,
            relative_number: it.relative_number,
        }
    }

    /// The columns of a row that the last search found, from and behind, while they are to be shown.
    pub(crate) fn found_in(&self, row: usize) -> Vec<(usize, usize)> {
        match &self.search {
            Some(pattern) if self.settings.highlight && !self.unlit => self.spans(&pattern.regex, row),
            _ => Vec::new(),
        }
    }

    /// What was typed of a command, as the last line shows it at its right.
    pub(crate) fn pending(&self) -> String {
        self.pending.iter().collect()
    }

    /// Types keys; `\n` is Enter.
    pub(crate) fn feed(&mut self, keys: &str) {
        self.keys.extend(keys.chars().map(|key| if key == '\r' { '\n' } else { key }));
        self.go_on();
    }

    /// What is needed before the keys typed so far can go on.
    pub(crate) fn need(&self) -> Option<&Need> {
        self.need.as_ref().map(|(need, _)| need)
    }

    /// Answers [`Self::need`]: the text wanted, or why there is none.
    pub(crate) fn resume(&mut self, answer: Result<String, String>) {
        let Some((need, put)) = self.need.take() else { return };
        match answer {
            Ok(text) => self.put_answer(&need, put, &text),
            Err(why) => {
                self.message = why;
                self.quit_after = false;
            }
        }
        self.go_on();
    }

    fn put_answer(&mut self, need: &Need, put: Put, text: &str) {
        match put {
            Put::Written => {
                if let Need::Write { path, text, append } = need {
                    if path.is_none() {
                        self.modified = false;
                    }
                    let name = path.as_deref().unwrap_or(&self.name);
                    let (lines, bytes) = (text.lines().count(), text.len());
                    let done = if *append { "appended" } else { "written" };
                    self.message = format!("\"{name}\" {lines}L, {bytes}B {done}");
                }
                if std::mem::take(&mut self.quit_after) {
                    self.left = Some(Left { exit: 0 });
                }
            }
            Put::Show => self.message = text.trim_end().to_owned(),
            Put::Below(row) => self.insert_below(row, text),
            Put::Instead(from, to) => {
                self.remember();
                let lines = text.lines().map(|line| line.chars().collect()).collect();
                self.buffer.replace(from, to, lines);
                self.go_to_line(from);
            }
        }
    }

    /// Puts lines below a line, counted from 1.
    fn insert_below(&mut self, row: usize, text: &str) {
        self.remember();
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        if !lines.is_empty() {
            self.buffer.insert(row, lines);
            self.go_to_line(row);
        }
    }

    fn go_on(&mut self) {
        while self.need.is_none() && self.left.is_none() {
            let Some(key) = self.keys.pop_front() else { break };
            self.failed = false;
            self.key(key);
        }
    }

    /// One key, whatever the mode.
    fn key(&mut self, key: char) {
        let ends_recording = key == 'q' && self.mode == Mode::Normal && self.pending.is_empty();
        if let (Some((_, recorded)), false) = (&mut self.recording, ends_recording) {
            recorded.push(key);
        }
        self.repeat.note(key);
        match self.mode.clone() {
            Mode::Normal if self.once => self.once_key(key),
            Mode::Normal => self.normal_key(key),
            Mode::Insert | Mode::Replace => self.insert_key(key),
            Mode::Visual(kind) => self.visual_key(kind, key),
            Mode::Line(prompt) => self.line_key(prompt, key),
            Mode::Confirm => self.confirm_key(key),
        }
    }

    /// Plays keys at once, as a macro or `.` does.
    fn play(&mut self, keys: &str) {
        if self.depth >= DEPTH_MAX {
            return;
        }
        self.depth += 1;
        for key in keys.chars() {
            if self.left.is_some() || self.need.is_some() || self.failed {
                break;
            }
            self.key(key);
        }
        self.depth -= 1;
    }

    fn line_key(&mut self, prompt: char, key: char) {
        match key {
            keys::ESCAPE | '\x03' => {
                self.mode = Mode::Normal;
                self.waiting = None;
            }
            '\n' => {
                self.mode = Mode::Normal;
                let line = std::mem::take(&mut self.line);
                match (prompt, self.waiting.take()) {
                    (':', _) => {
                        self.last_line.clone_from(&line);
                        self.ex(&line);
                    }
                    (_, Some((operator, register))) => self.operate_to(prompt, &line, operator, register),
                    (_, None) => self.search_line(prompt, &line),
                }
            }
            '\x08' | keys::BACKSPACE => {
                if self.line.pop().is_none() {
                    self.mode = Mode::Normal;
                }
            }
            '\x15' => self.line.clear(),
            '\x17' => {
                let kept = self.line.trim_end().rfind(char::is_whitespace).map_or(0, |at| at + 1);
                self.line.truncate(kept);
            }
            key => self.line.push(key),
        }
    }

    /// The text as it would be written.
    pub(crate) fn text(&self) -> String {
        self.buffer.text()
    }

    /// The letters of a line.
    pub(crate) fn line(&self, row: usize) -> &[char] {
        self.buffer.line(row)
    }

    pub(crate) fn line_count(&self) -> usize {
        self.buffer.lines.len()
    }

    /// Puts pasted text in: as typed in insert mode, but neither indented nor expanded; anywhere else as keys.
    pub(crate) fn paste_text(&mut self, text: &str) {
        if self.mode != Mode::Insert {
            return self.feed(text);
        }
        let settings = self.settings.clone();
        self.settings.autoindent = false;
        self.settings.expandtab = false;
        self.feed(text);
        self.settings = settings;
    }

    pub(crate) fn cursor(&self) -> Pos {
        self.cursor
    }

    pub(crate) fn mode(&self) -> &Mode {
        &self.mode
    }

    /// How the editor was left, once it was.
    pub(crate) fn left(&self) -> Option<Left> {
        self.left
    }

    /// Where visual mode began, while it lasts.
    pub(crate) fn selection(&self) -> Option<(Selection, Pos)> {
        match self.mode {
            Mode::Visual(kind) => Some((kind, self.anchor)),
            _ => None,
        }
    }

    /// The last line of the screen: the command line, the mode, or a message.
    pub(crate) fn bottom_line(&self) -> String {
        match &self.mode {
            Mode::Line(prompt) => format!("{prompt}{}", self.line),
            Mode::Insert if self.settings.paste => "-- INSERT (paste) --".into(),
            Mode::Insert => "-- INSERT --".into(),
            Mode::Replace => "-- REPLACE --".into(),
            Mode::Visual(Selection::Characters) => "-- VISUAL --".into(),
            Mode::Visual(Selection::Lines) => "-- VISUAL LINE --".into(),
            Mode::Visual(Selection::Block) => "-- VISUAL BLOCK --".into(),
            Mode::Confirm => format!("replace with {} (y/n/a/q/l)?", self.substitute.shown()),
            Mode::Normal => match &self.recording {
                Some((name, _)) if self.message.is_empty() => format!("recording @{name}"),
                _ => self.message.clone(),
            },
        }
    }

    /// Keeps the text as it is, for `u`.
    fn remember(&mut self) {
        self.modified = true;
        self.keep_line();
        if self.script && !self.synced {
            return;
        }
        self.synced = false;
        self.buffer.remember(self.cursor);
    }

    /// Keeps the cursor's line as it is before the first of several changes to it.
    fn keep_line(&mut self) {
        let (row, count) = (self.cursor.row, self.buffer.lines.len());
        if self.line_before.as_ref().is_none_or(|(kept, ..)| *kept != row) {
            self.line_before = Some((row, count, self.buffer.line(row).to_vec()));
        }
    }

    /// Moves to the first letter of a line.
    fn go_to_line(&mut self, row: usize) {
        let row = row.min(self.buffer.lines.len().saturating_sub(1));
        self.cursor = Pos { row, col: self.buffer.indent(row) };
        self.settle();
    }

    /// Keeps the cursor on a letter, and aims at its column.
    fn settle(&mut self) {
        self.clamp();
        self.aim = self.cursor.col;
    }

    fn clamp(&mut self) {
        self.cursor.row = self.cursor.row.min(self.buffer.lines.len().saturating_sub(1));
        let len = self.buffer.len(self.cursor.row);
        let last = match self.mode {
            Mode::Insert | Mode::Replace | Mode::Visual(_) => len,
            _ => len.saturating_sub(1),
        };
        self.cursor.col = self.cursor.col.min(last);
    }
}

#[cfg(test)]
mod tests;
