//! Ex commands that take text from outside, or give it to a command: `:r`, `:!`, filters.

use super::core::{Core, Done};
use super::ex::Line;
use super::normal::Command;
use super::text::Line as TextLine;
use super::windows::Place;
use super::{Need, Pos};

/// Words before a command that say where a window is split.
const PLACES: &[(&str, Place)] = &[
    ("vertical", Place { vertical: true, tab: false, behind: None, whole: None }),
    ("tab", Place { vertical: false, tab: true, behind: None, whole: None }),
    ("belowright", Place { vertical: false, tab: false, behind: Some(true), whole: None }),
    ("rightbelow", Place { vertical: false, tab: false, behind: Some(true), whole: None }),
    ("aboveleft", Place { vertical: false, tab: false, behind: Some(false), whole: None }),
    ("leftabove", Place { vertical: false, tab: false, behind: Some(false), whole: None }),
    ("topleft", Place { vertical: false, tab: false, behind: None, whole: Some(false) }),
    ("botright", Place { vertical: false, tab: false, behind: None, whole: Some(true) }),
];

impl Core {
    pub(super) fn ex_outside(&mut self, line: &Line) -> Done {
        match line.name {
            "write" | "update" | "saveas" => self.ex_write(line),
            "wq" | "xit" | "exit" => {
                self.ex_write(line)?;
                self.ex_quit(&Line { name: "quit", ..line.clone() })
            }
            "wnext" | "wprevious" => {
                self.ex_write(&Line { rest: String::new(), ..line.clone() })?;
                self.ex_argument(line)
            }
            "wall" => self.write_all(line.bang),
            "quit" | "close" | "hide" => self.ex_quit(line),
            "qall" | "wqall" | "xall" | "cquit" => self.ex_quit_all(line),
            "edit" | "view" | "enew" => self.ex_edit(line),
            "split" | "vsplit" | "new" | "vnew" | "sview" | "tabedit" | "tabnew" => self.ex_split(line),
            "next" | "previous" | "Next" | "first" | "rewind" | "last" | "argument" => self.ex_argument(line),
            "args" => self.ex_arguments(line),
            "all" | "sall" => self.ex_all(line),
            "buffer" | "sbuffer" | "bnext" | "bprevious" | "bNext" | "bfirst" | "brewind" | "blast" => {
                self.ex_buffer(line)
            }
            "bdelete" | "bwipeout" | "bunload" => self.ex_buffer_delete(line),
            "file" => self.ex_file(line),
            "read" => self.ex_read(line),
            "!" => self.ex_filter(line),
            "windo" | "bufdo" | "argdo" => self.ex_everywhere(line),
            "autocmd" => {
                self.ex_autocmd(&line.rest);
                Ok(())
            }
            "vertical" | "tab" | "belowright" | "rightbelow" | "aboveleft" | "leftabove" | "topleft"
            | "botright" => self.ex_placed(line),
            _ => self.ex_shown(line),
        }
    }

    /// Commands of windows, and those that only show or set something.
    fn ex_shown(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        let number = (line.range.given > 0).then_some(line.range.to.max(0) as usize);
        let count = number.or(rest.parse().ok());
        match line.name {
            "only" => self.only_window(),
            "resize" => {
                let (key, size) = match rest.chars().next() {
                    Some(sign @ ('+' | '-')) => (sign, rest[1..].parse().ok()),
                    _ => ('_', count),
                };
                self.size_window(key, size);
            }
            "wincmd" => {
                let next = rest.chars().next().unwrap_or(' ');
                let command = Command { key: '\x17', next, count0: number, ..Command::default() };
                return self.window_command(&command);
            }
            "tabnext" | "tabprevious" | "tabNext" => self.go_in_tabs(line.name != "tabnext", count),
            "tabfirst" | "tabrewind" => self.go_to_tab(0),
            "tablast" => self.go_to_tab(self.files.tabs.count() - 1),
            "tabclose" | "tabonly" if line.name == "tabclose" && self.files.tabs.count() == 1 => {
                return Err(self.error("E784: Cannot close last tab page"));
            }
            "tabclose" => self.close_tab(false),
            "tabonly" => {
                while self.files.tabs.count() > 1 {
                    let page = self.files.tabs.page();
                    self.go_to_tab(usize::from(page == 0));
                    self.close_tab(true);
                }
            }
            "tabs" => self.ex_tabs(),
            "stop" | "suspend" => self.stops = true,
            "nohlsearch" => self.unlit = true,
            "syntax" => self.settings.syntax = rest != "off",
            "filetype" => self.file_types = !rest.contains("off"),
            "=" => {
                let row = if line.range.given > 0 { line.to + 1 } else { self.text.count() };
                self.say(row.to_string());
            }
            "registers" | "display" => self.ex_registers(rest),
            "marks" => self.ex_marks(),
            "ls" | "files" | "buffers" => self.ex_buffers(line.bang),
            "jumps" => self.ex_jumps(),
            "changes" => self.ex_changes(),
            "undolist" => self.ex_undolist(),
            "help" => return self.ex_help(rest),
            "messages" | "version" | "pwd" | "stopinsert" | "undojoin" | "colorscheme" | "z" | "augroup"
            | "runtime" | "highlight" | "packadd" => {}
            name => return Err(self.error(format!("uncordon: :{name} is not simulated yet"))),
        }
        Ok(())
    }

    /// A command behind words that say where its window is to be.
    fn ex_placed(&mut self, line: &Line) -> Done {
        let (_, asked) = PLACES.iter().find(|(name, _)| *name == line.name).copied().unwrap_or_default();
        let before = self.files.tabs.place;
        self.files.tabs.place = Place {
            vertical: before.vertical || asked.vertical,
            tab: before.tab || asked.tab,
            behind: asked.behind.or(before.behind),
            whole: asked.whole.or(before.whole),
        };
        let done = self.ex(line.rest.trim_start());
        self.files.tabs.place = Place::default();
        done
    }

    /// The same command in each window, buffer or argument.
    fn ex_everywhere(&mut self, line: &Line) -> Done {
        let command = line.rest.trim().to_owned();
        match line.name {
            "windo" => {
                for window in self.files.tabs.windows() {
                    self.go_to_window(window);
                    self.ex(&command)?;
                }
            }
            "bufdo" => {
                for number in self.files.listed() {
                    self.ex(&format!("buffer{} {number}", if line.bang { "!" } else { "" }))?;
                    self.ex(&command)?;
                }
            }
            _ => {
                for at in 1..=self.files.arguments.len() {
                    self.ex(&format!("argument {at}"))?;
                    self.ex(&command)?;
                }
            }
        }
        Ok(())
    }

    /// `:autocmd FileType yaml …`: other events are nothing here.
    fn ex_autocmd(&mut self, rest: &str) {
        let mut words = rest.trim().splitn(3, char::is_whitespace);
        let (event, pattern, command) = (words.next(), words.next(), words.next());
        if event.is_some_and(|it| it.split(',').any(|it| it.eq_ignore_ascii_case("FileType")))
            && pattern.is_some_and(|it| it.split(',').any(|it| matches!(it, "yaml" | "yml" | "*")))
            && let Some(command) = command
        {
            self.for_yaml.push(command.trim().to_owned());
        }
    }

    /// Settings of the kind of file that the name tells.
    pub(super) fn detect_type(&mut self) {
        let name = self.files.name();
        if ![".yaml", ".yml"].iter().any(|end| name.ends_with(end)) {
            return;
        }
        self.yaml = self.file_types;
        if self.yaml {
            drop(self.ex("setlocal expandtab shiftwidth=2 softtabstop=2"));
        }
        for command in self.for_yaml.clone() {
            drop(self.ex(&command));
        }
    }

    pub(super) fn ex_read(&mut self, line: &Line) -> Done {
        let below = if line.range.to == 0 && line.range.given > 0 { 0 } else { line.to + 1 };
        let rest = line.rest.trim();
        let (need, command) = match rest.strip_prefix('!') {
            Some(command) => {
                let command = command.trim().to_owned();
                (Need::Run { command, stdin: String::new() }, true)
            }
            None => {
                let path = self.expand_name(rest)?;
                let path = if path.is_empty() { self.files.name().to_owned() } else { path };
                (Need::Read { path }, false)
            }
        };
        let text = match self.ask(need)? {
            Ok(text) => text,
            Err(why) => return Err(self.error(why)),
        };
        let lines: Vec<TextLine> = text.lines().map(|line| TextLine::new(line.chars().collect())).collect();
        let count = lines.len();
        if count == 0 {
            return Ok(());
        }
        self.keep_rows(below, below, None);
        self.text.set_none(false);
        for (index, line) in lines.into_iter().enumerate() {
            self.text.insert(below + index, line);
        }
        self.appended(below, count);
        self.marks.begun = Pos { row: below, col: 0 };
        self.marks.ended = Pos { row: below + count - 1, col: 0 };
        self.cursor.row = if command { below + count - 1 } else { below };
        self.begin_line(true);
        Ok(())
    }

    /// `:!command`, and with a range a filter.
    pub(super) fn ex_filter(&mut self, line: &Line) -> Done {
        let mut command = line.rest.trim_start().to_owned();
        if command.starts_with('!') || command.contains('!') && self.last_filter.is_some() && command == "!" {
            command = command.replacen('!', self.last_filter.as_deref().unwrap_or(""), 1);
        }
        self.last_filter = Some(command.clone());
        if std::mem::take(&mut self.redo_filter) {
            self.input.redo_add_text(&command);
            self.input.redo_add("\n");
        }
        if line.range.given == 0 {
            let answer = self.ask(Need::Run { command, stdin: String::new() })?;
            self.say(answer.unwrap_or_else(|why| why).trim_end().to_owned());
            return Ok(());
        }
        let stdin = self.text.rows_string(line.from, line.to);
        let output = match self.ask(Need::Run { command, stdin })? {
            Ok(output) => output,
            Err(why) => return Err(self.error(why)),
        };
        let (from, old) = (line.from, line.to - line.from + 1);
        let lines: Vec<TextLine> = output.lines().map(|line| TextLine::new(line.chars().collect())).collect();
        let new = lines.len();
        self.keep_rows(from, line.to + 1, None);
        for (index, line) in lines.into_iter().enumerate() {
            self.text.insert(from + old + index, line);
        }
        for _ in 0..old {
            self.text.remove(from);
        }
        let by = new as isize - old as isize;
        if by < 0 {
            self.adjust_marks(from + new, line.to, None, by);
        } else if by > 0 {
            self.adjust_marks(line.to + 1, usize::MAX, Some(by), 0);
        }
        self.changed(from, 0);
        self.marks.begun = Pos { row: from, col: 0 };
        self.marks.ended = Pos { row: (from + new).saturating_sub(1), col: 0 };
        self.cursor = Pos { row: from, col: 0 };
        self.check_row();
        self.begin_line(true);
        if old > 2 {
            self.say(format!("{old} lines filtered"));
        }
        Ok(())
    }
}
