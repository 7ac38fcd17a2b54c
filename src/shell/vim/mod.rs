//! An editor that obeys vim's keys: what `vim -s KEYS FILE` runs, and what the screen shows.
//!
//! It knows nothing of files, worlds or screens. Keys go in with [`Editor::feed`]; what needs the
//! outside (writing, reading, running a command) comes out as a [`Need`], whose answer goes back with
//! [`Editor::resume`]. Compared with vim 9 without a vimrc; `tests/conformance/vim.json` holds edits
//! recorded from it. Not here: folds, spelling, scripts.
//!
//! A command is carried out as a whole: one that lacks keys, or an answer from outside, is undone to its
//! beginning and begun anew when they have come. So commands read their keys where they need them, as
//! vim's do.
//!
//! Start with [`Editor`], then `core` (the state), `normal` (commands) and `operator`.

mod block;
mod buffers;
mod commands;
mod complete;
mod core;
mod ex;
mod files;
mod format;
mod indent;
mod input;
mod insert;
mod lineedit;
mod lines;
mod maps;
mod marks;
mod matcher;
mod matching;
mod motion;
mod normal;
mod numbers;
mod objects;
mod operator;
mod pattern;
mod range;
mod registers;
mod script;
mod search;
mod set;
mod substitute;
mod text;
mod undo;
mod visual;
mod apply;
mod erase;
mod editing;
mod help;
mod layout;
mod listings;
mod outside;
mod rc;
mod windows;
mod writing;
mod ending;
mod prompt;
mod steps;
mod global;
mod exmore;
mod screenwise;
mod replacement;
mod repetition;
mod words;

use serde::{Deserialize, Serialize};

pub(crate) use self::files::Found;
pub(crate) use self::layout::Area;

use self::core::{Core, Stop};

/// Keys that have no letter, as the screen hands them in.
pub(crate) mod keys {
    pub(crate) const ESCAPE: char = '\x1b';
    pub(crate) const ENTER: char = '\r';
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
    /// The text of a file.
    Read { path: String },
    /// A file to edit: the answer is a [`Found`]. No path means the file that the editor was started with.
    Open { path: Option<String> },
    /// What stands at a path, without its text: a [`Found`].
    Look { path: Option<String> },
    /// The output of a command that reads `stdin`.
    Run { command: String, stdin: String },
}

/// How the editor was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) exit: i32,
}

/// A text being edited.
#[derive(Clone, Debug)]
pub(crate) struct Editor {
    /// The state between commands.
    core: Core,
    /// The state inside a command that waits, for the screen.
    waiting: Option<Box<Core>>,
    need: Option<Need>,
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

impl Editor {
    /// Starts on a file's text.
    pub(crate) fn new(text: &str) -> Self {
        Self { core: Core::new(text), waiting: None, need: None }
    }

    /// An editor on a file as a program asks for it.
    pub(crate) fn open(request: &crate::shell::EditRequest) -> Self {
        let mut editor = Self::new("");
        drop(editor.core.ex("set bs=indent,eol,start nf=bin,hex"));
        editor.read_rc(&request.rc_file, &request.rc);
        editor.of_file(&request.name, &request.found, request.read_only);
        let mut start = editor.of_files(&request.names, request.windows).to_owned();
        start.extend(request.commands.iter().map(|command| format!(":{command}\n")));
        if let Some(text) = &request.found.attention {
            editor.core.asking = Some(text.clone());
            editor.core.attention = Some((request.found.clone(), start));
        } else {
            editor.feed(&start);
        }
        editor
    }

    /// The state that the screen shows.
    fn now(&self) -> &Core {
        self.waiting.as_deref().unwrap_or(&self.core)
    }

    /// Lines that a command printed: they cover the text until a key comes.
    pub(crate) fn shown_lines(&self) -> Option<&str> {
        let now = self.now();
        (now.inserting.is_none() && now.prompt.is_none() && now.message.contains('\n'))
            .then_some(now.message.as_str())
    }

    /// A question of several lines: it covers the text until it is answered.
    pub(crate) fn question(&self) -> Option<&str> {
        self.now().asking.as_deref().filter(|text| text.contains('\n'))
    }

    /// The name of the file that is edited now; empty for none.
    pub(crate) fn file_name(&self) -> &str {
        self.now().files.name()
    }

    /// Takes the size of the screen, in rows and columns.
    pub(crate) fn set_screen(&mut self, rows: usize, columns: usize) {
        self.core.set_screen((rows, columns));
        if let Some(waiting) = &mut self.waiting {
            waiting.set_screen((rows, columns));
        }
    }

    /// Where the windows are, and the number of the one worked in.
    pub(crate) fn windows(&self) -> (Vec<Area>, usize) {
        let now = self.now();
        (now.areas(), now.files.tabs.tab().current)
    }

    /// The editor as another window shows its text.
    pub(crate) fn seen_from(&self, window: usize) -> Self {
        let mut core = self.now().clone();
        core.visual = None;
        core.inserting = None;
        core.prompt = None;
        core.go_to_window(window);
        Self { core, waiting: None, need: None }
    }

    /// Tells what the screen shows in a window that is not worked in.
    pub(crate) fn set_window_view(&mut self, window: usize, view: View) {
        self.core.files.tabs.set_view(window, view);
    }

    /// The line below a window: the file's name and state.
    pub(crate) fn status_name(&self) -> String {
        let now = self.now();
        let modified = if now.modified { " [+]" } else { "" };
        let read_only = if now.read_only { " [RO]" } else { "" };
        let gap = if now.modified && now.read_only {
            modified.to_owned() + "[RO]"
        } else {
            format!("{modified}{read_only}")
        };
        format!("{}{gap}", now.files.shown_name())
    }

    /// The labels of the tab pages and the number of the one shown; nothing where there is one only.
    pub(crate) fn tab_labels(&self) -> (Vec<String>, usize) {
        let now = self.now();
        let tabs = &now.files.tabs;
        if tabs.count() < 2 {
            return (Vec::new(), 0);
        }
        let label = |(windows, buffer): (usize, usize)| {
            let count = if windows > 1 { windows.to_string() } else { String::new() };
            let modified = if now.files.is_modified(buffer, now.modified) { "+" } else { "" };
            let space = if count.is_empty() && modified.is_empty() { "" } else { " " };
            let name = now.files.get(buffer).map_or("", |it| &it.name);
            format!(" {count}{modified}{space}{} ", files::shown(name))
        };
        (tabs.labels(now.files.current).into_iter().map(label).collect(), tabs.page())
    }

    /// Takes what a command printed off the screen.
    pub(crate) fn hide_lines(&mut self) {
        self.core.message.clear();
    }

    /// Says that keys come from a file, as with `vim -s`.
    pub(crate) fn set_script(&mut self) {
        self.core.script = true;
    }

    /// Takes the file that the editor was started with, and what was found there.
    pub(crate) fn of_file(&mut self, name: &str, found: &Found, read_only: bool) {
        let core = &mut self.core;
        core.files.set_name(name);
        name.clone_into(&mut core.files.first);
        let text = core.take_found(found);
        let body = core.new_body(&text);
        core.change_body(1, Some(body), false);
        core.read_only = read_only || found.exists && !found.writable && !name.is_empty();
        core.detect_type();
        core.message = std::mem::take(&mut core.rc_errors) + &core.told_of(found.exists && !found.readable);
    }

    /// Says which files are edited, the first of them now. Gives the keys that show them in windows (`o`, `O`)
    /// or tab pages (`p`).
    pub(crate) fn of_files(&mut self, names: &[String], windows: Option<char>) -> &'static str {
        let core = &mut self.core;
        core.files.arguments = names.to_vec();
        for name in names {
            core.files.number_of(name);
        }
        match windows.filter(|_| names.len() > 1) {
            Some('o') => ":all\n",
            Some('O') => ":vertical all\n",
            Some(_) => ":tab all\n",
            None => "",
        }
    }

    /// Tells what the screen shows of the text.
    pub(crate) fn set_view(&mut self, view: View) {
        self.core.view = view;
    }

    pub(crate) fn view(&self) -> View {
        self.now().view
    }

    pub(crate) fn look(&self) -> Look {
        let it = &self.now().settings;
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
        let now = self.now();
        let typing =
            now.prompt.as_ref().filter(|prompt| matches!(prompt.sign, '/' | '?') && now.settings.incremental);
        let lit = now.settings.highlight && !now.unlit;
        let regexp = match typing {
            Some(prompt) if !prompt.text.is_empty() => {
                let text: String = prompt.text.iter().collect();
                now.settings.compiled(&text)
            }
            _ if lit => now.lit_pattern(),
            _ => None,
        };
        let Some(regexp) = regexp else { return Vec::new() };
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(hit) = now.match_in(&regexp, row, from) {
            let end = if hit.end.row > row { now.text.len(row) } else { hit.end.col };
            if hit.start.row == row && end > hit.start.col {
                found.push((hit.start.col, end));
            }
            from = end.max(hit.begun.col + 1);
            if from > now.text.len(row) {
                break;
            }
        }
        found
    }

    /// What was typed of a command, as the last line shows it at its right.
    pub(crate) fn pending(&self) -> String {
        if self.waiting.is_some() && self.now().prompt.is_none() {
            self.core.input.waits()
        } else {
            String::new()
        }
    }

    /// Types keys.
    pub(crate) fn feed(&mut self, keys: &str) {
        self.core.macros = 0;
        self.core.input.type_keys(keys);
        self.go_on();
    }

    /// What is needed before the keys typed so far can go on.
    pub(crate) fn need(&self) -> Option<&Need> {
        self.need.as_ref()
    }

    /// Answers [`Self::need`]: the text wanted, or why there is none.
    pub(crate) fn resume(&mut self, answer: Result<String, String>) {
        if self.need.take().is_some() {
            self.core.answers.push(answer);
            self.go_on();
        }
    }

    /// Carries commands out as long as their keys are there.
    fn go_on(&mut self) {
        self.waiting = None;
        while self.need.is_none()
            && self.core.left.is_none()
            && !self.core.stops
            && !self.core.input.is_empty()
        {
            let core = &mut self.core;
            if !core.script && core.inserting.is_none() && core.op.kind.is_none() && core.input.is_typed() {
                core.undo.sync(&core.text);
            }
            let before = self.core.clone();
            self.core.answered = 0;
            let done = self.core.step();
            self.core.show_cursor();
            match done {
                Err(Stop::Keys) => {
                    let inside = std::mem::replace(&mut self.core, before);
                    self.waiting = Some(Box::new(inside));
                    return;
                }
                Err(Stop::Outside(need)) => {
                    self.core = before;
                    self.need = Some(need);
                    return;
                }
                Ok(()) | Err(Stop::Fail) => self.core.answers.clear(),
            }
        }
    }

    /// The text as it would be written.
    pub(crate) fn text(&self) -> String {
        self.now().text.string()
    }

    /// The letters of a line.
    pub(crate) fn line(&self, row: usize) -> &[char] {
        self.now().text.line(row)
    }

    pub(crate) fn line_count(&self) -> usize {
        self.now().text.count()
    }

    /// Puts pasted text in: as typed in insert mode, but neither indented nor expanded; anywhere else as keys.
    pub(crate) fn paste_text(&mut self, text: &str) {
        if self.core.inserting.is_none() {
            return self.feed(text);
        }
        let settings = self.core.settings.clone();
        self.core.settings.autoindent = false;
        self.core.settings.smartindent = false;
        self.core.settings.expandtab = false;
        self.core.settings.textwidth = 0;
        self.feed(text);
        self.core.settings = settings;
    }

    pub(crate) fn cursor(&self) -> Pos {
        self.now().cursor
    }

    /// What keys mean at the moment.
    pub(crate) fn mode(&self) -> Mode {
        let now = self.now();
        if let Some(prompt) = &now.prompt {
            return Mode::Line(prompt.sign);
        }
        if now.asking.is_some() {
            return Mode::Confirm;
        }
        match (&now.inserting, now.visual) {
            (Some(inserting), _) if inserting.replaces => Mode::Replace,
            (Some(_), _) => Mode::Insert,
            (None, Some(visual)) => Mode::Visual(visual.kind),
            (None, None) => Mode::Normal,
        }
    }

    /// True once when the editor was told to stop for a while: `:stop`, Ctrl-Z.
    pub(crate) fn take_stop(&mut self) -> bool {
        std::mem::take(&mut self.core.stops)
    }

    /// How the editor was left, once it was.
    pub(crate) fn left(&self) -> Option<Left> {
        self.core.left
    }

    /// Where visual mode began, while it lasts.
    pub(crate) fn selection(&self) -> Option<(Selection, Pos)> {
        self.now().visual.map(|visual| (visual.kind, visual.anchor))
    }

    /// The last line of the screen: the command line, the mode, or a message.
    pub(crate) fn bottom_line(&self) -> String {
        let now = self.now();
        let recording = now.input.recording.as_ref().map(|(name, _)| format!("recording @{name}"));
        let recorded = recording.clone().unwrap_or_default();
        let paste = if now.settings.paste { " (paste)" } else { "" };
        match self.mode() {
            Mode::Line(sign) => {
                let text: String = now.prompt.iter().flat_map(|prompt| &prompt.text).collect();
                format!("{sign}{text}")
            }
            Mode::Insert => format!("-- INSERT{paste} --{recorded}"),
            Mode::Replace => format!("-- REPLACE{paste} --{recorded}"),
            Mode::Visual(Selection::Characters) => format!("-- VISUAL --{recorded}"),
            Mode::Visual(Selection::Lines) => format!("-- VISUAL LINE --{recorded}"),
            Mode::Visual(Selection::Block) => format!("-- VISUAL BLOCK --{recorded}"),
            Mode::Confirm => now.asking.clone().unwrap_or_default(),
            Mode::Normal if now.restart.is_some() => "-- (insert) --".into(),
            Mode::Normal => match recording {
                Some(recording) if now.message.is_empty() => recording,
                _ => now.message.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
