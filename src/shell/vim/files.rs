//! Ex commands that reach outside: files and commands; and those that only show something.

use super::core::{Core, Done};
use super::ex::Line;
use super::registers::Kind;
use super::text::Line as TextLine;
use super::{Left, Need, Pos};

/// The files of the editor.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    name: String,
    other: Option<String>,
}

impl Files {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn set_name(&mut self, name: &str) {
        self.name = name.to_owned();
    }

    pub(super) fn other_name(&self) -> Option<String> {
        self.other.clone()
    }

    pub(super) fn shown_name(&self) -> &str {
        if self.name.is_empty() { "[No Name]" } else { &self.name }
    }
}

impl Core {
    pub(super) fn ex_outside(&mut self, line: &Line) -> Done {
        match line.name {
            "write" | "update" | "saveas" | "wall" | "wnext" => self.ex_write(line, false),
            "wq" | "wqall" => self.ex_write(line, true),
            "xit" | "exit" | "xall" if self.modified => self.ex_write(line, true),
            "xit" | "exit" | "xall" => {
                self.leave();
                Ok(())
            }
            "quit" | "qall" => self.ex_quit(line.bang),
            "edit" => self.ex_edit(line),
            "read" => self.ex_read(line),
            "!" => self.ex_filter(line),
            "nohlsearch" => {
                self.unlit = true;
                Ok(())
            }
            "syntax" => {
                self.settings.syntax = line.rest.trim() != "off";
                Ok(())
            }
            "filetype" => {
                self.file_types = !line.rest.contains("off");
                Ok(())
            }
            "autocmd" => {
                self.ex_autocmd(&line.rest);
                Ok(())
            }
            "=" => {
                let row = if line.range.given > 0 { line.to + 1 } else { self.text.count() };
                self.say(row.to_string());
                Ok(())
            }
            "file" => {
                self.say_position();
                Ok(())
            }
            "registers" | "display" => {
                self.ex_registers(line.rest.trim());
                Ok(())
            }
            "marks" => {
                self.ex_marks();
                Ok(())
            }
            "ls" | "files" => {
                let (name, row) = (self.files.shown_name().to_owned(), self.cursor.row + 1);
                let modified = if self.modified { '+' } else { ' ' };
                self.say(format!("  1 %a {modified} {:<30} line {row}", format!("\"{name}\"")));
                Ok(())
            }
            "jumps" | "changes" | "messages" | "version" | "pwd" | "stopinsert" | "undojoin"
            | "colorscheme" | "z" => Ok(()),
            name => Err(self.error(format!("uncordon: :{name} is not simulated yet"))),
        }
    }

    fn ex_write(&mut self, line: &Line, quit: bool) -> Done {
        let rest = line.rest.trim();
        if let Some(command) = rest.strip_prefix('!').filter(|_| !line.bang) {
            let stdin = self.text.rows_string(line.from, line.to);
            let answer = self.ask(Need::Run { command: command.trim().to_owned(), stdin })?;
            self.say(answer.unwrap_or_else(|why| why).trim_end().to_owned());
            return Ok(());
        }
        if line.name == "update" && !self.modified {
            return Ok(());
        }
        let (append, path) = match rest.strip_prefix(">>") {
            Some(path) => (true, path.trim()),
            None => (false, rest),
        };
        let own = path.is_empty() || path == self.files.name();
        if self.read_only && !line.bang && own {
            return Err(self.error("E45: 'readonly' option is set (add ! to override)"));
        }
        let whole = line.from == 0 && line.to == self.text.last();
        if own && !whole && !line.bang && !append {
            return Err(self.error("E140: Use ! to write partial buffer"));
        }
        let text = if whole { self.text.string() } else { self.text.rows_string(line.from, line.to) };
        let path = (!own).then(|| path.to_owned());
        self.write_text(path, text, append, whole && own)?;
        if line.name == "saveas" && !own {
            self.files.other = Some(self.files.name.clone());
            self.files.name = rest.to_owned();
            self.modified = false;
        }
        if quit {
            self.leave();
        }
        Ok(())
    }

    fn write_text(&mut self, path: Option<String>, text: String, append: bool, whole: bool) -> Done {
        let shown = path.clone().unwrap_or_else(|| self.files.name().to_owned());
        let (lines, bytes) = (text.lines().count(), text.len());
        if let Err(why) = self.ask(Need::Write { path, text, append })? {
            return Err(self.error(why));
        }
        if whole && !append {
            self.modified = false;
        }
        let done = if append { "appended" } else { "written" };
        self.say(format!("\"{shown}\" {lines}L, {bytes}B {done}"));
        Ok(())
    }

    fn ex_quit(&mut self, force: bool) -> Done {
        if self.modified && !force {
            return Err(self.error("E37: No write since last change (add ! to override)"));
        }
        self.left = Some(Left { exit: 0 });
        Ok(())
    }

    fn ex_edit(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        let own = rest.is_empty() || rest == self.files.name() || rest == "%";
        if own && !line.bang && self.modified {
            return Err(self.error("E37: No write since last change (add ! to override)"));
        }
        if !own {
            return Err(self.error("uncordon: editing another file is not simulated yet"));
        }
        let name = self.files.name().to_owned();
        let text = match self.ask(Need::Read { path: name })? {
            Ok(text) => text,
            Err(why) => return Err(self.error(why)),
        };
        let row = self.cursor.row;
        self.keep_rows(0, self.text.count(), None);
        let fresh = super::text::Text::new(&text);
        while !self.text.is_none() {
            self.text.remove(0);
        }
        for at in 0..fresh.count() {
            if !fresh.is_none() {
                self.text.insert(at, fresh.kept(at));
            }
        }
        self.undo.sync(&self.text);
        self.modified = false;
        self.cursor = Pos { row, col: 0 };
        self.check_cursor();
        self.begin_line_or_aim();
        self.aims_here = true;
        Ok(())
    }

    fn ex_read(&mut self, line: &Line) -> Done {
        let below = if line.range.to == 0 && line.range.given > 0 { 0 } else { line.to + 1 };
        let rest = line.rest.trim();
        let (need, command) = match rest.strip_prefix('!') {
            Some(command) => {
                let command = command.trim().to_owned();
                (Need::Run { command, stdin: String::new() }, true)
            }
            None => {
                let path = if rest.is_empty() { self.files.name() } else { rest };
                (Need::Read { path: path.to_owned() }, false)
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
    fn ex_filter(&mut self, line: &Line) -> Done {
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
            self.text.insert(line_at(from + old, index), line);
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

    /// `:autocmd FileType yaml …`: other events are nothing here.
    fn ex_autocmd(&mut self, rest: &str) {
        let mut words = rest.trim().splitn(3, char::is_whitespace);
        let (event, pattern, command) = (words.next(), words.next(), words.next());
        if event == Some("FileType")
            && pattern.is_some_and(|it| it.split(',').any(|it| matches!(it, "yaml" | "yml" | "*")))
            && let Some(command) = command
        {
            self.for_yaml.push(command.trim().to_owned());
        }
    }

    fn ex_registers(&mut self, names: &str) {
        let mut lines = vec!["Type Name Content".to_owned()];
        let unnamed = self.registers.unnamed();
        let all: Vec<(char, super::registers::Register)> =
            self.registers.all().map(|(name, register)| (name, register.clone())).collect();
        let unnamed_one = all.iter().find(|(name, _)| *name == unnamed).map(|(_, it)| ('"', it.clone()));
        let order = |name: char| "\"0123456789abcdefghijklmnopqrstuvwxyz-".find(name).unwrap_or(99);
        let mut shown: Vec<_> = unnamed_one.into_iter().chain(all).collect();
        shown.sort_by_key(|(name, _)| order(*name));
        for (name, register) in shown {
            if !names.is_empty() && !names.contains(name) {
                continue;
            }
            let kind = match register.kind {
                Kind::Characters => 'c',
                Kind::Lines => 'l',
                Kind::Block(_) => 'b',
            };
            let text: String = register.text().chars().flat_map(shown_letter).collect();
            lines.push(format!("  {kind}  \"{name}   {text}"));
        }
        for (name, text) in [
            ('.', self.inserted_text()),
            (':', self.last_line.clone()),
            ('%', Some(self.files.name().to_owned())),
            ('/', self.search.pattern_text().map(str::to_owned)),
        ] {
            if let Some(text) =
                text.filter(|text| !text.is_empty() && (names.is_empty() || names.contains(name)))
            {
                let text: String = text.chars().flat_map(shown_letter).collect();
                lines.push(format!("  c  \"{name}   {text}"));
            }
        }
        self.message = lines.join("\n");
    }

    fn ex_marks(&mut self) {
        let mut lines = vec!["mark line  col file/text".to_owned()];
        let it = &self.marks;
        let mut all: Vec<(char, Pos)> = vec![('\'', it.jumped)];
        all.extend(it.named.iter().map(|(name, pos)| (*name, *pos)));
        all.push(('"', Pos::default()));
        all.extend([('[', it.begun), (']', it.ended)]);
        all.extend(it.inserted.map(|pos| ('^', pos)));
        all.extend(it.changed.map(|pos| ('.', pos)));
        if let Some(visual) = it.visual {
            all.extend([('<', visual.start.min(visual.end)), ('>', visual.start.max(visual.end))]);
        }
        for (name, pos) in all.into_iter().filter(|(_, pos)| pos.row < self.text.count()) {
            let text: String = self.text.line(pos.row).iter().collect();
            lines.push(format!(" {name} {:>6} {:>4} {}", pos.row + 1, pos.col.min(9999), text.trim_start()));
        }
        self.message = lines.join("\n");
    }
}

fn line_at(base: usize, index: usize) -> usize {
    base + index
}

/// A letter as `:registers` shows it.
fn shown_letter(c: char) -> Vec<char> {
    match c {
        '\n' => vec!['^', 'J'],
        c if c < ' ' => vec!['^', (c as u8 + b'@') as char],
        c => vec![c],
    }
}
