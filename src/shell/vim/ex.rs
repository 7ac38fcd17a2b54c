//! The commands behind `:`.

use super::search::cut_at;
use super::{Editor, Left, Need, Pos, Put, Register, RegisterKind};

/// Names of commands with how many letters are enough.
const NAMES: &[(&str, usize)] = &[
    ("append", 1),
    ("autocmd", 2),
    ("copy", 2),
    ("delete", 1),
    ("edit", 1),
    ("exit", 3),
    ("filetype", 5),
    ("global", 1),
    ("join", 1),
    ("k", 1),
    ("mark", 2),
    ("move", 1),
    ("nohlsearch", 3),
    ("normal", 4),
    ("number", 2),
    ("print", 1),
    ("put", 2),
    ("qall", 2),
    ("quit", 1),
    ("read", 1),
    ("redo", 3),
    ("retab", 3),
    ("saveas", 3),
    ("set", 2),
    ("setlocal", 4),
    ("sort", 3),
    ("substitute", 1),
    ("syntax", 2),
    ("t", 1),
    ("undo", 1),
    ("update", 2),
    ("vglobal", 1),
    ("wall", 2),
    ("wq", 2),
    ("wqall", 3),
    ("write", 1),
    ("xit", 1),
    ("xall", 2),
    ("yank", 1),
];

/// A command line taken apart.
struct Line<'a> {
    /// Rows from 0; `None` when no range was given.
    range: Option<(usize, usize)>,
    /// True when the range is the place above the first line.
    above: bool,
    name: &'a str,
    bang: bool,
    rest: &'a str,
}

impl Editor {
    /// Carries a command line out.
    pub(super) fn ex(&mut self, text: &str) {
        let text = text.trim_start_matches([':', ' ']);
        let Some((range, rest)) = self.range(text) else {
            self.message = "E20: Mark not set".into();
            return;
        };
        let rest = rest.trim_start();
        if !rest.is_empty() && range.is_some_and(|(_, to)| to > self.buffer.last_row()) {
            self.message = "E16: Invalid range".into();
            self.failed = true;
            return;
        }
        if rest.is_empty() {
            if let Some((_, to)) = range {
                self.go_to_line(to);
            }
            return;
        }
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (word, tail) = match rest.chars().next() {
            // Commands of one sign, and those whose argument may follow at once: `s/`, `g/`, `k`.
            Some(sign) if !sign.is_ascii_alphabetic() => rest.split_at(sign.len_utf8()),
            Some('k') => rest.split_at(1),
            _ => rest.split_at(end),
        };
        let Some(name) = resolve(word) else {
            self.message = format!("E492: Not an editor command: {text}");
            return;
        };
        let bang = tail.starts_with('!') && !matches!(name, "read" | "!");
        let rest = if bang { tail.get(1..).unwrap_or("") } else { tail };
        let above = text
            .strip_prefix('0')
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == ','));
        // What stands behind a bar is another command, but for those that take it along.
        let takes_all = matches!(name, "global" | "vglobal" | "normal" | "!" | "autocmd" | "read" | "write");
        let (rest, next) = if takes_all { (rest.to_owned(), None) } else { cut_at_bar(rest) };
        self.carry_out(&Line { range, above, name, bang, rest: &rest });
        if let Some(next) = next {
            self.ex(&next);
        }
    }

    fn carry_out(&mut self, line: &Line<'_>) {
        let here = self.cursor.row;
        let (from, to) = line.range.unwrap_or((here, here));
        match line.name {
            "write" | "update" | "saveas" | "wall" => self.ex_write(line, false),
            "wq" | "wqall" => self.ex_write(line, true),
            "xit" | "exit" | "xall" if self.modified => self.ex_write(line, true),
            "xit" | "exit" | "xall" => self.left = Some(Left { exit: 0 }),
            "quit" | "qall" => self.ex_quit(line.bang),
            "edit" => self.ex_edit(line),
            "read" => self.ex_read(line),
            "!" => self.ex_run(line),
            "delete" => self.ex_delete(line),
            "yank" => {
                let lines = (from..=to).map(|row| self.buffer.string(row)).collect();
                let name = line.rest.trim().chars().next();
                self.store(name, Register { lines, kind: RegisterKind::Lines }, false);
            }
            "copy" | "t" => self.ex_copy(from, to, line.rest, false),
            "move" => self.ex_copy(from, to, line.rest, true),
            "put" => self.ex_put(line, to),
            "filetype" => self.file_types = !line.rest.contains("off"),
            "autocmd" => self.ex_autocmd(line.rest),
            "join" => self.join(from, if from == to { to + 1 } else { to }, line.bang),
            ">" | "<" => self.ex_shift(from, to, line),
            "global" => self.ex_global(line, !line.bang),
            "vglobal" => self.ex_global(line, false),
            "substitute" | "&" => self.substitute(from, to, line.rest),
            "normal" => self.ex_normal(line),
            "set" | "setlocal" => self.ex_set(line.rest),
            "sort" => self.ex_sort(line),
            "retab" => self.ex_retab(line.range.unwrap_or((0, self.buffer.last_row()))),
            "undo" => self.undo(1, true),
            "redo" => self.undo(1, false),
            "mark" | "k" => {
                if let Some(name) = line.rest.trim().chars().next() {
                    self.marks.insert(name, Pos { row: to, col: 0 });
                }
            }
            "=" => {
                let row = line.range.map_or(self.buffer.last_row(), |(_, to)| to);
                self.message = (row + 1).to_string();
            }
            "print" | "number" => self.go_to_line(to),
            "nohlsearch" => self.unlit = true,
            "syntax" => self.settings.syntax = line.rest.trim() != "off",
            _ => {}
        }
    }

    /// Reads a range; `None` when it names a mark that is not set. Rows count from 0.
    fn range<'a>(&mut self, text: &'a str) -> Option<(Option<(usize, usize)>, &'a str)> {
        if let Some(rest) = text.strip_prefix('%') {
            return Some((Some((0, self.buffer.last_row())), rest));
        }
        let mut rows: Vec<usize> = Vec::new();
        let mut rest = text;
        loop {
            let (row, tail) = self.address(rest)?;
            rest = tail.trim_start();
            let separator = rest.chars().next().filter(|c| *c == ',' || *c == ';');
            match (row, separator) {
                (Some(row), _) => rows.push(row),
                (None, Some(_)) => rows.push(self.cursor.row),
                (None, None) if !rows.is_empty() => rows.push(self.cursor.row),
                (None, None) => {}
            }
            match separator {
                Some(separator) => {
                    if separator == ';' {
                        self.cursor.row = rows.last().copied().unwrap_or(0);
                    }
                    rest = rest.get(1..).unwrap_or("");
                }
                None => break,
            }
        }
        let range = match rows.as_slice() {
            [] => None,
            [only] => Some((*only, *only)),
            [.., a, b] => Some(((*a).min(*b), (*a).max(*b))),
        };
        Some((range, rest))
    }

    /// Reads one address: a number, `.`, `$`, a mark, a pattern, each with `+N` or `-N` behind.
    fn address<'a>(&mut self, text: &'a str) -> Option<(Option<usize>, &'a str)> {
        let text = text.trim_start();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (mut row, mut rest) = match text.chars().next() {
            Some(c) if c.is_ascii_digit() => {
                let number: usize = text.get(..digits)?.parse().unwrap_or(usize::MAX);
                (Some(number.saturating_sub(1)), text.get(digits..)?)
            }
            Some('.') => (Some(self.cursor.row), text.get(1..)?),
            Some('$') => (Some(self.buffer.last_row()), text.get(1..)?),
            Some('\'') => {
                let name = text.chars().nth(1)?;
                let pos = self.marks.get(&name)?;
                (Some(pos.row), text.get(1 + name.len_utf8()..)?)
            }
            Some(sign @ ('/' | '?')) => {
                let (pattern, tail) = cut_at(text.get(1..)?, sign);
                let regex = self.compile(&pattern)?;
                self.set_pattern(regex.clone());
                let found = self.find(&regex, Pos { col: usize::MAX, ..self.cursor }, sign == '/')?;
                let behind = tail.map_or(0, |tail| tail.len());
                (Some(found.row), text.get(text.len() - behind..)?)
            }
            _ => (None, text),
        };
        while let Some(sign) = rest.chars().next().filter(|c| *c == '+' || *c == '-') {
            let tail = rest.get(1..)?;
            let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
            let by: usize = tail.get(..digits)?.parse().unwrap_or(1);
            let base = row.unwrap_or(self.cursor.row);
            row = Some(if sign == '+' { base.saturating_add(by) } else { base.saturating_sub(by) });
            rest = tail.get(digits..)?;
        }
        Some((row, rest))
    }

    fn ex_write(&mut self, line: &Line<'_>, quit: bool) {
        let rest = line.rest.trim();
        if let Some(command) = rest.strip_prefix('!').filter(|_| !line.bang) {
            let (from, to) = line.range.unwrap_or((0, self.buffer.last_row()));
            let stdin = self.buffer.range_text(from, to);
            self.need = Some((Need::Run { command: command.trim().to_owned(), stdin }, Put::Show));
            return;
        }
        let (append, path) = match rest.strip_prefix(">>") {
            Some(path) => (true, path.trim()),
            None => (false, rest),
        };
        let path = (!path.is_empty()).then(|| path.to_owned());
        if self.read_only && !line.bang && path.is_none() {
            self.message = "E45: 'readonly' option is set (add ! to override)".into();
            return;
        }
        let whole = line.range.is_none_or(|range| range == (0, self.buffer.last_row()));
        if path.is_none() && !whole && !line.bang && !append {
            self.message = "E140: Use ! to write partial buffer".into();
            return;
        }
        let path = if append { path.or_else(|| Some(self.name.clone())) } else { path };
        self.write(line.range.filter(|_| !whole), path, quit, append);
    }

    fn ex_quit(&mut self, force: bool) {
        if self.modified && !force {
            self.message = "E37: No write since last change (add ! to override)".into();
        } else {
            self.left = Some(Left { exit: 0 });
        }
    }

    fn ex_edit(&mut self, line: &Line<'_>) {
        if line.bang && line.rest.trim().is_empty() {
            while self.buffer.undo(self.cursor).is_some() {}
            self.modified = false;
            self.settle();
        } else {
            self.message = "uncordon: editing another file is not simulated yet".into();
        }
    }

    fn ex_read(&mut self, line: &Line<'_>) {
        let below = if line.above { 0 } else { line.range.map_or(self.cursor.row, |(_, to)| to) + 1 };
        let rest = line.rest.trim();
        let need = match rest.strip_prefix('!') {
            Some(command) => Need::Run { command: command.trim().to_owned(), stdin: String::new() },
            None => Need::Read { path: rest.to_owned() },
        };
        self.need = Some((need, Put::Below(below)));
    }

    fn ex_run(&mut self, line: &Line<'_>) {
        let command = line.rest.trim().to_owned();
        self.need = Some(match line.range {
            Some((from, to)) => {
                let stdin = self.buffer.range_text(from, to);
                (Need::Run { command, stdin }, Put::Instead(from, to))
            }
            None => (Need::Run { command, stdin: String::new() }, Put::Show),
        });
    }

    fn ex_delete(&mut self, line: &Line<'_>) {
        let here = self.cursor.row;
        let (from, to) = line.range.unwrap_or((here, here));
        let words: Vec<&str> = line.rest.split_whitespace().collect();
        let name = words.iter().find_map(|word| word.chars().next().filter(char::is_ascii_alphabetic));
        // A count goes on from the last line of the range.
        let (from, to) = match words.iter().find_map(|word| word.parse::<usize>().ok()) {
            Some(count) => (to, (to + count.max(1) - 1).min(self.buffer.last_row())),
            None => (from, to),
        };
        let start = Pos { row: from, col: 0 };
        self.delete(start, Pos { row: to, col: 0 }, super::motion::Kind::Linewise, name);
    }

    /// `:put` puts whole lines, whatever the register holds.
    fn ex_put(&mut self, line: &Line<'_>, to: usize) {
        let name = line.rest.trim().chars().next().unwrap_or('"');
        let Some(register) = self.registers.get(&name).cloned() else { return };
        self.remember();
        let row = if line.above { 0 } else { to + usize::from(!line.bang) };
        let lines: Vec<Vec<char>> = register.lines.iter().map(|line| line.chars().collect()).collect();
        let last = row + lines.len().saturating_sub(1);
        self.buffer.insert(row, lines);
        self.go_to_line(last);
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

    fn ex_copy(&mut self, from: usize, to: usize, rest: &str, moves: bool) {
        // Line 0 is above the first.
        let above_all = rest.trim() == "0";
        let Some((Some(target), _)) = self.address(rest.trim()) else {
            self.message = "E14: Invalid address".into();
            return;
        };
        if moves && !above_all && (from..to).contains(&target) {
            self.message = "E134: Cannot move a range of lines into itself".into();
            self.failed = true;
            return;
        }
        self.remember();
        let mut at = if above_all { 0 } else { (target + 1).min(self.buffer.last_row() + 1) };
        let lines: Vec<Vec<char>> = (from..=to).map(|row| self.buffer.line(row).to_vec()).collect();
        let count = lines.len();
        self.buffer.insert(at, lines);
        if moves {
            let shifted = if at <= from { count } else { 0 };
            self.buffer.remove(from + shifted, to + shifted);
            at = if at > from { at - count } else { at };
        }
        self.go_to_line(at + count - 1);
    }

    fn ex_shift(&mut self, from: usize, to: usize, line: &Line<'_>) {
        let more = line.rest.chars().take_while(|c| line.name.starts_with(*c)).count();
        let count: Option<usize> = line.rest.get(more..).and_then(|rest| rest.trim().parse().ok());
        // A count goes on from the last line of the range.
        let (from, to) = count.map_or((from, to), |count| (to, to + count.max(1) - 1));
        self.shift(from, to, line.name == ">", 1 + more);
    }

    fn ex_global(&mut self, line: &Line<'_>, wanted: bool) {
        let (from, to) = line.range.unwrap_or((0, self.buffer.last_row()));
        let Some(delimiter) = line.rest.chars().next() else { return };
        let (pattern, command) = cut_at(line.rest.get(delimiter.len_utf8()..).unwrap_or(""), delimiter);
        let regex = match (pattern.is_empty(), &self.search) {
            (true, Some(last)) => last.regex.clone(),
            _ => match self.compile(&pattern) {
                Some(regex) => regex,
                None => return,
            },
        };
        self.set_pattern(regex.clone());
        let command = command.filter(|it| !it.is_empty()).unwrap_or_else(|| "p".into());
        let hits: Vec<usize> =
            (from..=to).filter(|row| regex.is_match(&self.buffer.string(*row)) == wanted).collect();
        self.remember();
        self.synced = true;
        let mut rows: std::collections::VecDeque<usize> = hits.into();
        while let Some(row) = rows.pop_front() {
            if self.need.is_some() {
                break;
            }
            let before = self.buffer.lines.clone();
            self.cursor = Pos { row, col: 0 };
            self.failed = false;
            self.ex(&command);
            let after = &self.buffer.lines;
            rows = rows.iter().filter_map(|row| moved(&before, after, *row)).collect();
        }
        self.settle();
    }

    fn ex_normal(&mut self, line: &Line<'_>) {
        let keys = line.rest.strip_prefix(' ').unwrap_or(line.rest).to_owned();
        let rows = line.range.map_or_else(|| vec![None], |(from, to)| (from..=to).map(Some).collect());
        for row in rows {
            if let Some(row) = row {
                self.cursor = Pos { row: row.min(self.buffer.last_row()), col: 0 };
            }
            self.failed = false;
            self.play(&keys);
            self.failed = false;
            if self.mode != super::Mode::Normal {
                self.play("\x1b");
            }
            self.pending.clear();
        }
    }

    fn ex_sort(&mut self, line: &Line<'_>) {
        let (from, to) = line.range.unwrap_or((0, self.buffer.last_row()));
        self.remember();
        let mut lines: Vec<String> = (from..=to).map(|row| self.buffer.string(row)).collect();
        let number = |text: &String| -> i64 {
            let digits: String =
                text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(i64::MIN)
        };
        if line.rest.contains('n') {
            lines.sort_by_key(number)
        } else {
            lines.sort()
        }
        if line.bang {
            lines.reverse();
        }
        if line.rest.contains('u') {
            lines.dedup();
        }
        self.buffer.replace(from, to, lines.iter().map(|line| line.chars().collect()).collect());
        self.go_to_line(from);
    }

    fn ex_retab(&mut self, (from, to): (usize, usize)) {
        self.remember();
        for row in from..=to.min(self.buffer.last_row()) {
            if self.settings.expandtab {
                let stop = self.settings.tabstop.max(1);
                let mut out = Vec::new();
                for c in self.buffer.line(row).to_vec() {
                    if c == '\t' {
                        let width = stop - out.len() % stop;
                        out.extend(std::iter::repeat_n(' ', width));
                    } else {
                        out.push(c);
                    }
                }
                *self.buffer.line_mut(row) = out;
            }
        }
    }

    fn ex_set(&mut self, rest: &str) {
        for word in rest.split_whitespace() {
            let (name, value) = match word.split_once(['=', ':']) {
                Some((name, value)) => (name, value.parse::<usize>().ok()),
                None => (word, None),
            };
            let (name, on) = match name.strip_prefix("no") {
                Some(bare) if name != "number" && name != "nu" => (bare, false),
                _ => (name, true),
            };
            self.set(name.trim_end_matches('!'), on, value);
        }
    }

    fn set(&mut self, name: &str, on: bool, value: Option<usize>) {
        let settings = &mut self.settings;
        match (name, value) {
            ("ai" | "autoindent" | "si" | "smartindent", _) => settings.autoindent = on,
            ("et" | "expandtab", _) => settings.expandtab = on,
            ("ic" | "ignorecase", _) => settings.ignorecase = on,
            ("scs" | "smartcase", _) => settings.smartcase = on,
            ("nu" | "number", _) => settings.number = on,
            ("rnu" | "relativenumber", _) => settings.relative_number = on,
            ("wrap", _) => settings.wrap = on,
            ("list", _) => settings.list = on,
            ("hls" | "hlsearch", _) => settings.highlight = on,
            ("ro" | "readonly", _) => self.read_only = on,
            ("ws" | "wrapscan", _) => settings.wrapscan = on,
            ("sw" | "shiftwidth", Some(width)) => settings.shiftwidth = width,
            ("ts" | "tabstop", Some(width)) => settings.tabstop = width,
            ("sts" | "softtabstop", Some(width)) => settings.softtabstop = width,
            ("paste", _) if !on => settings.paste = false,
            ("paste", _) => {
                settings.paste = true;
                settings.autoindent = false;
                settings.expandtab = false;
                settings.softtabstop = 0;
            }
            _ => {}
        }
    }
}

/// Where a line stands after a change; `None` when it is gone.
fn moved(before: &[Vec<char>], after: &[Vec<char>], row: usize) -> Option<usize> {
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    if row < head {
        return Some(row);
    }
    let rest = before.len().min(after.len()) - head;
    let tail = before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    if before.len() - row <= tail {
        return Some(row + after.len() - before.len());
    }
    let line = before.get(row)?;
    // Inside what was changed: lines that moved, or were changed where they stand.
    let near = [row, row.wrapping_sub(1), row + 1];
    if let Some(found) = near.into_iter().find(|at| after.get(*at) == Some(line)) {
        return Some(found);
    }
    (before.len() == after.len()).then_some(row)
}

/// Cuts a command at a bar that no backslash precedes; gives what stands before and behind.
fn cut_at_bar(rest: &str) -> (String, Option<String>) {
    let bytes = rest.as_bytes();
    let bar = (0..bytes.len()).find(|at| bytes[*at] == b'|' && (*at == 0 || bytes[at - 1] != b'\\'));
    match bar {
        Some(at) => (rest[..at].to_owned(), Some(rest[at + 1..].to_owned())),
        None => (rest.to_owned(), None),
    }
}

fn resolve(word: &str) -> Option<&'static str> {
    const SIGNS: [&str; 5] = ["!", ">", "<", "&", "="];
    if let Some(sign) = SIGNS.iter().find(|sign| **sign == word) {
        return Some(sign);
    }
    let fits = |(name, least): &&(&str, usize)| word.len() >= *least && name.starts_with(word);
    NAMES.iter().find(fits).map(|(name, _)| *name)
}
