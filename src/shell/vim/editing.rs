//! Ex commands that go from file to file: `:e`, `:n`, `:b`, and those of windows and tab pages.

use std::sync::Arc;

use super::core::{Core, Done};
use super::ex::Line;
use super::files::{Body, Found, State};
use super::input::For;
use super::windows::Place;
use super::{Left, Need, Pos};

/// How a buffer is left for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Not while it has changes.
    Asks,
    /// Its changes are lost.
    Drops,
    /// It is in another window or stays in memory.
    Keeps,
}

impl Core {
    /// Reads a file; swap files of others are told of.
    pub(super) fn open_file(&mut self, name: &str) -> Done<Found> {
        let path = self.files.path(name);
        let answer = self.ask(Need::Open { path })?;
        let found: Result<Found, String> =
            answer.and_then(|text| serde_json::from_str(&text).map_err(|why| why.to_string()));
        match found {
            Ok(found) => Ok(found),
            Err(why) => Err(self.error(why)),
        }
    }

    /// What stands at a path now, without its text.
    pub(super) fn look_at(&mut self, name: &str) -> Done<Found> {
        let path = self.files.path(name);
        let answer = self.ask(Need::Look { path })?;
        Ok(answer.ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// Asks what to do about a swap file: true when the file is to be read only, `None` to let it be.
    pub(super) fn attend(&mut self, found: &Found) -> Done<Option<bool>> {
        let Some(attention) = &found.attention else { return Ok(Some(false)) };
        self.asking = Some(attention.clone());
        let deletes = attention.contains("(D)elete it");
        loop {
            let key = self.key(For::Letter)?.to_ascii_lowercase();
            let answer = match key {
                'o' => Some(true),
                'e' | 'r' => Some(false),
                'd' if deletes => Some(false),
                'q' => None,
                'a' | '\x1b' | '\x03' => {
                    self.left = Some(Left { exit: 1 });
                    None
                }
                _ => continue,
            };
            self.asking = None;
            return Ok(answer);
        }
    }

    /// The same for the file that the editor was started with.
    pub(super) fn attend_first(&mut self) -> Done {
        let Some((found, start)) = self.attention.clone() else { return Ok(()) };
        let answer = self.attend(&found)?;
        self.attention = None;
        match answer {
            Some(reads) => self.read_only |= reads,
            None => self.left = Some(Left { exit: 1 }),
        }
        self.message = self.told_of(false);
        self.input.put_first(&start, false);
        Ok(())
    }

    /// Words of a name that stand for others: `%`, `#` and their parts.
    pub(super) fn expand_name(&mut self, name: &str) -> Done<String> {
        let mut out = String::new();
        let mut rest = name.trim();
        while let Some(c) = rest.chars().next() {
            if let Some(tail) = rest.strip_prefix('\\') {
                let next = tail.chars().next();
                out.extend(next);
                rest = &tail[next.map_or(0, char::len_utf8)..];
                continue;
            }
            rest = &rest[c.len_utf8()..];
            if c != '%' && c != '#' {
                out.push(c);
                continue;
            }
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let number = if c == '#' { digits.parse().ok().or(self.files.alternate) } else { None };
            if c == '#' {
                rest = &rest[digits.len()..];
            }
            let found = match c {
                '%' => Some(self.files.name().to_owned()).filter(|name| !name.is_empty()),
                _ => number.and_then(|number| self.files.get(number)).map(|it| it.name.clone()),
            };
            let Some(mut found) = found else {
                return Err(self.error(if c == '%' {
                    "E499: Empty file name for '%' or '#', only works with \":p:h\""
                } else {
                    "E194: No alternate file name to substitute for '#'"
                }));
            };
            while let Some(tail) = rest.strip_prefix(':') {
                let Some(part) = tail.chars().next().filter(|c| "htre".contains(*c)) else { break };
                found = name_part(&found, part);
                rest = &tail[1..];
            }
            out.push_str(&found);
        }
        Ok(out)
    }

    /// Whether the buffer worked on may be left, and how.
    pub(super) fn leaving(&mut self, line: &Line) -> Done<Leaving> {
        let here = self.files.current;
        let keeps = self.settings.hidden || self.files.tabs.showing(here) > 0;
        if keeps {
            return Ok(Leaving::Keeps);
        }
        match (self.modified, line.bang) {
            (true, false) => Err(self.error("E37: No write since last change (add ! to override)")),
            (true, true) => Ok(Leaving::Drops),
            (false, _) => Ok(Leaving::Asks),
        }
    }

    /// Shows a buffer in the window; reads its file when it is not in memory.
    pub(super) fn show_buffer(&mut self, number: usize, kept: bool) -> Done {
        let (from, name) = match self.files.get(number) {
            Some(buffer) => (self.files.current, buffer.name.clone()),
            None => return Err(self.error(format!("E86: Buffer {number} does not exist"))),
        };
        if from == number {
            return Ok(());
        }
        let unloaded = matches!(self.files.get(number).map(|it| &it.state), Some(State::Unloaded));
        let body = if unloaded && !name.is_empty() { self.read_body(number, &name)? } else { None };
        let told = std::mem::take(&mut self.message);
        let fresh = body.is_some();
        self.change_body(number, body, kept);
        self.files.alternate = Some(from);
        let last = self.files.get(number).and_then(|it| it.last).unwrap_or_default();
        self.cursor = last;
        self.check_row();
        if self.settings.startofline {
            self.begin_line(true);
        }
        self.check_cursor();
        self.aims_here = true;
        self.view.top = 0;
        self.show_cursor();
        if fresh {
            self.detect_type();
            self.message = told;
        } else {
            self.message = self.told_of(false);
        }
        Ok(())
    }

    /// The text of a file for its buffer, with what to say of it as the message.
    pub(super) fn read_body(&mut self, number: usize, name: &str) -> Done<Option<Body>> {
        let found = self.open_file(name)?;
        let Some(reads) = self.attend(&found)? else { return Err(super::core::Stop::Fail) };
        if found.directory {
            return Err(self.error(format!("\"{name}\" is a directory")));
        }
        let current = std::mem::replace(&mut self.files.current, number);
        let text = self.take_found(&found);
        let mut body = self.new_body(&text);
        body.read_only = reads || found.exists && !found.writable;
        let read_only = std::mem::replace(&mut self.read_only, body.read_only);
        self.message = self.told_of_text(&text, !found.readable && found.exists);
        self.read_only = read_only;
        self.files.current = current;
        Ok(Some(body))
    }

    /// Notes what is known of the file of the buffer worked on; gives its text with line ends of one letter.
    pub(super) fn take_found(&mut self, found: &Found) -> String {
        self.note_found(found);
        if self.files.about().dos { found.text.replace("\r\n", "\n") } else { found.text.clone() }
    }

    pub(super) fn note_found(&mut self, found: &Found) {
        let text = &found.text;
        let dos =
            !text.is_empty() && text.contains("\r\n") && text.lines().count() == text.matches("\r\n").count();
        if let Some(about) = self.files.about_mut() {
            about.fresh = !found.exists;
            about.dos = dos;
            about.no_end = !text.is_empty() && !text.ends_with('\n');
            about.stamp = Some(found.stamp.clone());
        }
    }

    /// What is said of a file that was opened.
    pub(super) fn told_of(&self, denied: bool) -> String {
        self.told_of_text(&self.text.string(), denied)
    }

    fn told_of_text(&self, text: &str, denied: bool) -> String {
        let (name, about) = (self.files.name(), self.files.about());
        if name.is_empty() {
            return String::new();
        }
        if denied {
            return format!("\"{name}\" [Permission Denied]");
        }
        if about.fresh {
            return format!("\"{name}\" [New]");
        }
        let lines = text.lines().count();
        let bytes =
            text.len() + if about.dos { lines } else { 0 } - usize::from(about.no_end && !text.is_empty());
        let mut flags = String::new();
        if self.read_only {
            flags += "[readonly]";
        }
        if about.no_end {
            flags += "[noeol]";
        }
        if about.dos {
            flags += "[dos]";
        }
        let space = if flags.is_empty() { "" } else { " " };
        format!("\"{name}\" {flags}{space}{lines}L, {bytes}B")
    }

    /// `:e`, `:view`, `:enew` and, in a window of its own, `:sp FILE` and the like.
    pub(super) fn ex_edit(&mut self, line: &Line) -> Done {
        let (command, rest) = plus_command(&line.rest);
        let name = self.expand_name(&rest)?;
        if line.name != "enew" && (name.is_empty() || name == self.files.name()) {
            self.reload(line, command.is_some())?;
            return self.run_plus(command);
        }
        let leaving = self.leaving(line)?;
        let here = self.files.current;
        let reusable = self.files.name().is_empty() && !self.modified && self.text.is_none();
        let known = self.files.buffers.iter().any(|it| it.name == name && !name.is_empty());
        if reusable && !known && line.name != "enew" && leaving == Leaving::Asks {
            self.files.set_name(&name);
            let body = self.read_body(here, &name)?;
            let told = std::mem::take(&mut self.message);
            self.change_body(here, body, false);
            self.cursor = Pos::default();
            self.detect_type();
            self.message = told;
        } else {
            let number = self.files.number_of(&name);
            self.show_buffer(number, leaving == Leaving::Keeps)?;
        }
        self.read_only |= matches!(line.name, "view" | "sview");
        self.run_plus(command)
    }

    fn run_plus(&mut self, command: Option<String>) -> Done {
        match command {
            Some(command) => self.ex(&command),
            None => Ok(()),
        }
    }

    /// `:e` and `:e!` on the file itself.
    fn reload(&mut self, line: &Line, _placed: bool) -> Done {
        if !line.bang && self.modified {
            return Err(self.error("E37: No write since last change (add ! to override)"));
        }
        let name = self.files.name().to_owned();
        if name.is_empty() {
            return Ok(());
        }
        let found = self.open_file(&name)?;
        let text = self.take_found(&found);
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
        self.message = self.told_of(false);
        Ok(())
    }

    /// `:split`, `:vsplit`, `:new`, `:vnew`, `:tabedit`, `:sview`.
    pub(super) fn ex_split(&mut self, line: &Line) -> Done {
        let size = (line.range.given > 0).then_some(line.range.to.max(0) as usize);
        let vertical = matches!(line.name, "vsplit" | "vnew");
        let empty = matches!(line.name, "new" | "vnew" | "tabedit" | "tabnew") && line.rest.trim().is_empty();
        let kept = self.clone();
        if line.name.starts_with("tab") {
            self.files.tabs.place = Place { tab: true, ..Place::default() };
        }
        self.split_window(vertical, size);
        let name = if empty { "enew" } else { line.name };
        if !empty && line.rest.trim().is_empty() {
            return Ok(());
        }
        let inner = Line { name, bang: false, ..line.clone() };
        let done = self.ex_edit(&inner);
        if let (Err(super::core::Stop::Fail), false) = (&done, empty) {
            let (message, errors) = (self.message.clone(), self.errors);
            *self = kept;
            (self.message, self.errors) = (message, errors);
        }
        done
    }

    /// `:n`, `:prev`, `:first`, `:last`, `:argument`.
    pub(super) fn ex_argument(&mut self, line: &Line) -> Done {
        let given = if line.range.given > 0 {
            Some(line.range.to.max(0) as usize)
        } else {
            line.rest.trim().parse::<usize>().ok()
        };
        let by = given.unwrap_or(1) as isize;
        let (at, all) = (self.files.argument as isize, self.files.arguments.len() as isize);
        let to = match line.name {
            "next" | "wnext" => at + by,
            "previous" | "Next" | "wprevious" => at - by,
            "first" | "rewind" => 0,
            "last" => all - 1,
            _ => given.map_or(at, |given| given as isize - 1),
        };
        if to < 0 || to >= all {
            let text = match (all, to < 0) {
                (0 | 1, _) => "E163: There is only one file to edit",
                (_, true) => "E164: Cannot go before first file",
                _ => "E165: Cannot go beyond last file",
            };
            return Err(self.error(text));
        }
        let leaving = self.leaving(line)?;
        let name = self.files.arguments[to as usize].clone();
        let number = self.files.number_of(&name);
        self.files.argument = to as usize;
        if to == all - 1 {
            self.files.told_of_more = true;
        }
        self.show_buffer(number, leaving == Leaving::Keeps)
    }

    /// `:args`: shows the arguments, or takes others.
    pub(super) fn ex_arguments(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        if rest.is_empty() {
            let at = self.files.argument;
            let mark = |(index, name): (usize, &String)| {
                if index == at { format!("[{name}]") } else { name.clone() }
            };
            let names: Vec<String> = self.files.arguments.iter().enumerate().map(mark).collect();
            self.say(names.join("  "));
            return Ok(());
        }
        self.files.arguments = rest.split_whitespace().map(str::to_owned).collect();
        self.ex_argument(&Line { name: "first", rest: String::new(), ..line.clone() })
    }

    /// `:file NAME` gives the text another name.
    pub(super) fn ex_file(&mut self, line: &Line) -> Done {
        if line.rest.trim().is_empty() {
            self.say_position();
            return Ok(());
        }
        let name = self.expand_name(&line.rest)?;
        self.rename(&name);
        self.say_position();
        Ok(())
    }

    /// The buffer has another name; its old one is the alternate.
    pub(super) fn rename(&mut self, name: &str) {
        let old = self.files.name().to_owned();
        self.files.set_name(name);
        if !old.is_empty() && old != name {
            let number = self.files.number_of(&old);
            if let Some(buffer) = self.files.get_mut(number) {
                buffer.listed = false;
            }
            self.files.alternate = Some(number);
        }
    }

    /// A window for each argument: `:all`, `vim -o`.
    pub(super) fn ex_all(&mut self, _line: &Line) -> Done {
        let place = std::mem::take(&mut self.files.tabs.place);
        let names = self.files.arguments.clone();
        for name in names.iter().skip(1) {
            let behind = Some(true);
            self.files.tabs.place = Place { behind, ..place };
            self.split_window(place.vertical, None);
            let number = self.files.number_of(name);
            self.show_buffer(number, true)?;
            self.files.alternate = None;
        }
        if place.tab {
            self.go_to_tab(0);
        } else if let Some(first) = self.files.tabs.windows().first().copied() {
            self.go_to_window(first);
        }
        self.files.told_of_more = true;
        Ok(())
    }

    /// What `:w` of all buffers writes: the texts that lie aside, with their numbers.
    pub(super) fn modified_aside(&self) -> Vec<(usize, String, Arc<Body>)> {
        let aside = |it: &super::files::Buffer| match &it.state {
            State::Aside(body) if body.modified => Some((it.number, it.name.clone(), body.clone())),
            _ => None,
        };
        self.files.buffers.iter().filter_map(aside).collect()
    }
}

/// `+command` before a name.
fn plus_command(rest: &str) -> (Option<String>, String) {
    let rest = rest.trim();
    match rest.strip_prefix('+').filter(|tail| !tail.starts_with('+')) {
        None => (None, rest.to_owned()),
        Some(tail) => {
            let (command, name) = tail.split_once(' ').unwrap_or((tail, ""));
            (Some(if command.is_empty() { "$".into() } else { command.to_owned() }), name.trim().to_owned())
        }
    }
}

/// A part of a name: `:h` head, `:t` tail, `:r` root, `:e` ending.
fn name_part(name: &str, part: char) -> String {
    let (head, tail) = name.rsplit_once('/').unwrap_or((".", name));
    let (root, ending) = tail.rsplit_once('.').filter(|(root, _)| !root.is_empty()).unwrap_or((tail, ""));
    match part {
        'h' => head.to_owned(),
        't' => tail.to_owned(),
        'e' => ending.to_owned(),
        _ if head == "." => root.to_owned(),
        _ => format!("{head}/{root}"),
    }
}
