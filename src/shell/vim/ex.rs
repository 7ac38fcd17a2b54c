//! The commands behind `:`.

use super::Left;
use super::Pos;
use super::core::{Core, Done, Stop};
use super::operator::{Op, Operator};
use super::range::Range;
use super::registers::{Put, Register, Registers};

/// What a command takes: a register and a count, only a count, or anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    RegisterCount,
    Count,
    /// Words up to a bar.
    Words,
    /// All that follows, bars too.
    All,
}

/// Names of commands, how many letters are enough, what they take, and whether line 0 is one to them.
const COMMANDS: &[(&str, usize, Takes, bool)] = &[
    ("append", 1, Takes::Words, true),
    ("autocmd", 2, Takes::All, false),
    ("buffer", 1, Takes::Words, false),
    ("bdelete", 2, Takes::Words, false),
    ("bnext", 2, Takes::Words, false),
    ("bprevious", 2, Takes::Words, false),
    ("change", 1, Takes::Words, false),
    ("call", 3, Takes::All, false),
    ("center", 2, Takes::Words, false),
    ("changes", 7, Takes::Nothing, false),
    ("colorscheme", 4, Takes::Words, false),
    ("copy", 2, Takes::Words, true),
    ("delete", 1, Takes::RegisterCount, false),
    ("delmarks", 4, Takes::Words, false),
    ("display", 2, Takes::Words, false),
    ("earlier", 2, Takes::Words, false),
    ("echo", 2, Takes::All, false),
    ("edit", 1, Takes::Words, false),
    ("enew", 3, Takes::Nothing, false),
    ("execute", 3, Takes::All, false),
    ("exit", 3, Takes::Words, false),
    ("file", 1, Takes::Words, false),
    ("files", 5, Takes::Nothing, false),
    ("filetype", 5, Takes::Words, false),
    ("global", 1, Takes::All, false),
    ("help", 1, Takes::Words, false),
    ("insert", 1, Takes::Words, false),
    ("join", 1, Takes::Count, false),
    ("jumps", 2, Takes::Nothing, false),
    ("k", 1, Takes::Words, false),
    ("keepjumps", 5, Takes::All, false),
    ("keepmarks", 3, Takes::All, false),
    ("later", 3, Takes::Words, false),
    ("left", 2, Takes::Words, false),
    ("let", 3, Takes::All, false),
    ("list", 1, Takes::Count, false),
    ("lockmarks", 3, Takes::All, false),
    ("ls", 2, Takes::Nothing, false),
    ("mark", 2, Takes::Words, false),
    ("marks", 5, Takes::Words, false),
    ("messages", 3, Takes::Nothing, false),
    ("move", 1, Takes::Words, true),
    ("next", 1, Takes::Words, false),
    ("nohlsearch", 3, Takes::Nothing, false),
    ("normal", 4, Takes::All, false),
    ("number", 2, Takes::Count, false),
    ("previous", 4, Takes::Words, false),
    ("print", 1, Takes::Count, false),
    ("put", 2, Takes::RegisterCount, true),
    ("pwd", 2, Takes::Nothing, false),
    ("qall", 2, Takes::Nothing, false),
    ("quit", 1, Takes::Nothing, false),
    ("read", 1, Takes::All, true),
    ("redo", 3, Takes::Nothing, false),
    ("registers", 3, Takes::Words, false),
    ("retab", 3, Takes::Words, false),
    ("right", 2, Takes::Words, false),
    ("saveas", 3, Takes::Words, false),
    ("set", 2, Takes::Words, false),
    ("setlocal", 4, Takes::Words, false),
    ("silent", 3, Takes::All, false),
    ("sort", 3, Takes::Words, false),
    ("split", 2, Takes::Words, false),
    ("startinsert", 4, Takes::Nothing, false),
    ("stopinsert", 5, Takes::Nothing, false),
    ("substitute", 1, Takes::All, false),
    ("syntax", 2, Takes::Words, false),
    ("t", 1, Takes::Words, true),
    ("undo", 1, Takes::Words, false),
    ("undojoin", 5, Takes::Nothing, false),
    ("update", 2, Takes::Words, false),
    ("vglobal", 1, Takes::All, false),
    ("version", 2, Takes::Nothing, false),
    ("vsplit", 2, Takes::Words, false),
    ("wall", 2, Takes::Nothing, false),
    ("wnext", 2, Takes::Words, false),
    ("wq", 2, Takes::Words, false),
    ("wqall", 3, Takes::Nothing, false),
    ("write", 1, Takes::All, false),
    ("xall", 2, Takes::Nothing, false),
    ("xit", 1, Takes::Words, false),
    ("yank", 1, Takes::RegisterCount, false),
    ("z", 1, Takes::Words, false),
];

/// Commands that take no lines.
const NO_RANGE: &[&str] = &[
    "set",
    "setlocal",
    "nohlsearch",
    "registers",
    "display",
    "marks",
    "ls",
    "files",
    "redo",
    "startinsert",
    "stopinsert",
    "let",
    "echo",
    "execute",
    "filetype",
    "syntax",
    "autocmd",
    "edit",
    "version",
    "jumps",
    "changes",
    "messages",
    "delmarks",
    "earlier",
    "later",
    "saveas",
    "help",
    "pwd",
    "qall",
    "wqall",
    "xall",
    "wall",
    "enew",
    "colorscheme",
    "undojoin",
    "silent",
    "keepjumps",
    "keepmarks",
    "lockmarks",
];

/// Commands of one sign.
const SIGNS: &[(&str, Takes)] = &[
    ("!", Takes::All),
    (">", Takes::Words),
    ("<", Takes::Words),
    ("&", Takes::All),
    ("~", Takes::All),
    ("=", Takes::Words),
    ("@", Takes::Words),
    ("*", Takes::Words),
    ("#", Takes::Count),
];

/// A command line taken apart; rows from 0.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) range: Range,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) bang: bool,
    pub(super) rest: String,
    pub(super) register: Option<char>,
    pub(super) count: Option<usize>,
}

impl Core {
    /// A command line that was typed: it is the one that `@:` repeats.
    pub(super) fn ex_typed(&mut self, line: &str) -> Done {
        let done = self.ex(line);
        if !matches!(done, Err(Stop::Keys | Stop::Outside(_))) {
            self.last_line = Some(line.to_owned());
        }
        done
    }

    /// Carries a command line out, with those behind bars.
    pub(super) fn ex(&mut self, text: &str) -> Done {
        let mut rest = Some(text.to_owned());
        while let Some(text) = rest {
            rest = self.ex_one(&text)?;
        }
        Ok(())
    }

    /// The same inside `:global`, where an error does not end it.
    fn ex_one(&mut self, text: &str) -> Done<Option<String>> {
        let text = text.trim_start_matches([' ', '\t', ':']);
        if text.starts_with('"') {
            return Ok(None);
        }
        let (mut range, rest) = self.read_range(text)?;
        if rest.is_empty() || rest.starts_with(['"', '|']) {
            return self.ex_go(range, rest);
        }
        let (word, tail) = self.command_word(rest);
        let no_bang = |name: &str| matches!(name, "substitute" | "read" | "!" | "&" | "~" | "k" | "=" | "@");
        let bang = tail.starts_with('!') && !resolve(&word).is_some_and(|(name, ..)| no_bang(name));
        let tail = if bang { &tail[1..] } else { tail };
        if let Some(done) = self.input.maps.command(&word, bang, tail) {
            return done.map(|()| None).map_err(|why| self.error(why));
        }
        let Some((name, takes, zero)) = resolve(&word) else {
            return Err(self.error(format!("E492: Not an editor command: {text}")));
        };
        if matches!(name, "global" | "vglobal" | "sort" | "retab" | "write" | "wq" | "xit" | "update")
            && range.given == 0
        {
            (range.from, range.to) = (1, self.text.count() as isize);
        }
        if range.given > 0 && NO_RANGE.contains(&name) {
            return Err(self.error("E481: No range allowed"));
        }
        if range.given > 0 || range.from > 0 {
            self.check_range(&mut range, zero)?;
        }
        let (rest, next) = match takes {
            Takes::All => (tail.to_owned(), None),
            _ => cut_at_bar(tail),
        };
        let row = |line: isize| (line - 1).max(0) as usize;
        let mut line = Line {
            name,
            from: row(range.from),
            to: row(range.to),
            range,
            bang,
            rest,
            register: None,
            count: None,
        };
        if matches!(takes, Takes::RegisterCount | Takes::Count) {
            self.read_arguments(&mut line, takes)?;
        }
        if takes == Takes::Nothing && !line.rest.trim().is_empty() && !line.rest.trim().starts_with('"') {
            let rest = line.rest.trim().to_owned();
            return Err(self.error(format!("E488: Trailing characters: {rest}")));
        }
        let more = self.run_line(&line)?;
        Ok(more.or(next))
    }

    /// A range alone: go there.
    fn ex_go(&mut self, range: Range, rest: &str) -> Done<Option<String>> {
        let next = rest.strip_prefix('|').map(str::to_owned);
        if range.given > 0 {
            if range.to < 0 {
                return Err(self.error("E16: Invalid range"));
            }
            self.cursor.row = (range.to - 1).clamp(0, self.text.last() as isize) as usize;
            self.begin_line_or_aim();
            self.aims_here = true;
        }
        Ok(next)
    }

    /// The word of a command, and what stands behind it.
    fn command_word<'t>(&self, text: &'t str) -> (String, &'t str) {
        let first = text.chars().next().unwrap_or(' ');
        if !first.is_ascii_alphabetic() {
            return (first.to_string(), &text[first.len_utf8()..]);
        }
        let end = text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len());
        let word = &text[..end];
        let is_k = first == 'k' && !word.starts_with("kee");
        // `:s` may have its flags at once: `:sg`, and `:d` those of printing.
        let flags = |rest: &str| !rest.is_empty() && rest.chars().all(|c| "cegrnIil".contains(c));
        if is_k || first == 's' && resolve(word).is_none() && flags(&word[1..]) {
            return (first.to_string(), &text[1..]);
        }
        let known = resolve(word).is_some();
        if first == 'd' && !known && word.ends_with(['l', 'p']) && "delete".starts_with(&word[..end - 1]) {
            return ("delete".into(), &text[end..]);
        }
        (word.to_owned(), &text[end..])
    }

    fn read_arguments(&mut self, line: &mut Line, takes: Takes) -> Done {
        let mut rest = line.rest.trim().to_owned();
        let first = rest.chars().next();
        let reads = line.name == "put";
        if takes == Takes::RegisterCount
            && let Some(name) = first.filter(|c| reads || !c.is_ascii_digit())
            && Registers::is_valid(name, !reads)
        {
            line.register = Some(name);
            rest = rest[name.len_utf8()..].trim_start().to_owned();
        }
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        if line.name != "put" && !digits.is_empty() {
            let count: usize = digits.parse().unwrap_or(usize::MAX / 4);
            if count == 0 {
                return Err(self.error("E939: Positive count required"));
            }
            line.from = line.to;
            line.to = (line.to + count - 1).min(self.text.last());
            line.range.given += 1;
            line.count = Some(count);
            rest = rest[digits.len()..].trim_start().to_owned();
        }
        let rest = rest.trim_start_matches(['l', '#', 'p', ' ']);
        if !rest.is_empty() && !rest.starts_with('"') {
            return Err(self.error(format!("E488: Trailing characters: {rest}")));
        }
        Ok(())
    }

    /// Carries one command out; gives what stands behind a bar where the command read that itself.
    fn run_line(&mut self, line: &Line) -> Done<Option<String>> {
        let done = match line.name {
            "substitute" | "&" | "~" => {
                self.in_repeat = line.rest.is_empty() || line.name != "substitute";
                let more = self.ex_substitute(line);
                self.in_repeat = false;
                return more;
            }
            "delete" | "yank" => self.ex_operate(line),
            ">" | "<" => self.ex_shift(line),
            "copy" | "t" | "move" => self.ex_copy(line),
            "join" => self.ex_join(line),
            "put" => self.ex_put(line),
            "global" | "vglobal" => self.ex_global(line),
            "normal" => self.ex_normal(line),
            "sort" => self.ex_sort(line),
            "left" | "right" | "center" => self.ex_align(line),
            "retab" => self.ex_retab(line),
            "append" | "insert" | "change" => self.ex_append(line),
            "mark" | "k" => self.ex_mark(line),
            "delmarks" => self.ex_delete_marks(line),
            "undo" | "earlier" | "later" => self.ex_undo(line),
            "redo" => {
                self.undo_steps(1, false);
                self.aims_here = true;
                Ok(())
            }
            "@" | "*" => self.ex_at(line),
            "set" | "setlocal" => self.ex_set(&line.rest),
            "print" | "number" | "list" | "#" => {
                self.ex_print(line);
                Ok(())
            }
            "startinsert" => {
                if line.bang {
                    self.aim = usize::MAX;
                    self.cursor.col = self.row_len();
                }
                self.restart = Some(if line.bang { 'A' } else { 'i' });
                self.restart_at_end = line.bang.then_some(self.cursor.row);
                Ok(())
            }
            "silent" | "keepjumps" | "keepmarks" | "lockmarks" => self.ex(line.rest.trim_start()),
            "execute" => match self.evaluate(&line.rest) {
                Some(command) => self.ex(&command),
                None => Err(Stop::Fail),
            },
            "let" | "call" | "echo" => self.ex_script(line),
            _ => self.ex_outside(line),
        };
        done.map(|()| None)
    }

    fn ex_operate(&mut self, line: &Line) -> Done {
        let mut op = Op { register: line.register, lines: true, ..Op::default() };
        op.start = Pos { row: line.from, col: 0 };
        op.end = Pos { row: line.to, col: 0 };
        op.kind = Some(if line.name == "delete" { Operator::Delete } else { Operator::Yank });
        if line.name == "yank" {
            let register = self.lines_register(line.from, line.to);
            self.registers.put(line.register, register);
            self.marks.begun = op.start;
            self.marks.ended = Pos { row: line.to, col: usize::MAX };
            return Ok(());
        }
        self.note_jump();
        self.cursor.row = line.from;
        self.begin_line_or_aim();
        let kept = std::mem::replace(&mut self.op, op);
        let done = self.op_delete();
        self.op = kept;
        self.aims_here = true;
        done
    }

    fn ex_shift(&mut self, line: &Line) -> Done {
        let sign = line.name.chars().next().unwrap_or('>');
        let more = line.rest.chars().take_while(|c| *c == sign).count();
        let mut line = Line { rest: line.rest[more..].to_owned(), ..line.clone() };
        self.read_arguments(&mut line, Takes::Count)?;
        self.note_jump();
        self.cursor.row = line.from;
        let op = Op {
            lines: true,
            start: Pos { row: line.from, col: 0 },
            end: Pos { row: line.to, col: 0 },
            ..Op::default()
        };
        let kept = std::mem::replace(&mut self.op, op);
        self.begin_line(true);
        self.op_shift(sign == '<', more + 1, false);
        self.op = kept;
        self.aims_here = true;
        Ok(())
    }

    fn ex_join(&mut self, line: &Line) -> Done {
        let (from, mut to) = (line.from, line.to);
        if from == to {
            if line.range.given >= 2 {
                return Ok(());
            }
            if to >= self.text.last() {
                self.input.flush();
                return Ok(());
            }
            to += 1;
        }
        self.cursor = Pos { row: from, col: 0 };
        self.join(to - from + 1, !line.bang, true, true);
        self.begin_line(true);
        Ok(())
    }

    fn ex_put(&mut self, line: &Line) -> Done {
        let mut before = line.bang;
        self.cursor.row = line.to;
        if line.range.to == 0 && line.range.given > 0 {
            before = true;
        }
        self.cursor.col = 0;
        self.put_register(line.register, 1, Put { before, lines: true, ..Put::default() })
    }

    fn ex_normal(&mut self, line: &Line) -> Done {
        let keys = line.rest.strip_prefix(' ').unwrap_or(&line.rest).to_owned();
        if keys.is_empty() {
            return Err(self.error("E471: Argument required"));
        }
        if line.range.given == 0 {
            return self.run_keys(&keys, !line.bang);
        }
        let (mut row, last) = (line.from, line.to);
        while row <= last {
            self.cursor = Pos { row: row.min(self.text.last()), col: 0 };
            self.aims_here = true;
            self.check_cursor();
            self.run_keys(&keys, !line.bang)?;
            row += 1;
        }
        Ok(())
    }

    /// Types keys in normal mode until they run out; what is not whole then is given up.
    pub(super) fn run_keys(&mut self, keys: &str, mapped: bool) -> Done {
        if self.depth > 50 {
            return Err(self.error("E192: Recursive use of :normal too deep"));
        }
        self.depth += 1;
        let outer = self.input.exchange(keys, mapped);
        let op = std::mem::take(&mut self.op);
        let (count, finishing) = (std::mem::take(&mut self.op_count), std::mem::take(&mut self.finishing));
        let restart = self.restart.take();
        let mut done = Ok(());
        let mut steps = 0;
        while !self.input.is_empty() || self.inserting.is_some() {
            steps += 1;
            done = self.step();
            if done.is_err() || steps > 100_000 {
                break;
            }
        }
        self.input.restore(outer);
        (self.op, self.op_count, self.finishing, self.restart) = (op, count, finishing, restart);
        self.depth -= 1;
        done
    }

    fn ex_at(&mut self, line: &Line) -> Done {
        self.cursor.row = line.to;
        self.check_cursor();
        let name = line.rest.trim().chars().next();
        let name = match name {
            None | Some('*' | '"') if line.name == "*" => Some('"'),
            None | Some('@') => self.last_macro,
            other => other,
        };
        let Some(name) = name else { return Err(self.error("E748: No previously used register")) };
        if name == ':' {
            let last = self.last_line.clone();
            let Some(last) = last else { return Err(self.error("E30: No previous command line")) };
            return self.ex_depth(&last);
        }
        self.last_macro = Some(name);
        let Some(register) = self.register(Some(name)) else { return Err(Stop::Fail) };
        for command in register.text().trim_end_matches('\n').split('\n') {
            self.ex_depth(command)?;
        }
        Ok(())
    }

    fn ex_depth(&mut self, command: &str) -> Done {
        if self.depth > 50 {
            return Err(self.error("E169: Command too recursive"));
        }
        self.depth += 1;
        let done = self.ex(command);
        self.depth -= 1;
        done
    }

    fn ex_global(&mut self, line: &Line) -> Done {
        if self.in_global
            && (line.range.from != 1 || line.range.to != self.text.count() as isize || line.range.given > 0)
        {
            return Err(self.error("E147: Cannot do :global recursive with a range"));
        }
        let turned = line.name == "vglobal" || line.bang;
        let Some(sign) = line.rest.chars().next().filter(|c| !c.is_alphanumeric()) else {
            return Err(self.error("E148: Regular expression missing from global"));
        };
        let (pattern, command) = super::search::cut_at(&line.rest[sign.len_utf8()..], sign);
        let command = command.unwrap_or_default();
        let regexp = self.pattern(&pattern, super::search::Use::Last, Some(super::search::Use::Last))?;
        if let Some(typed) = self.search.last().cloned() {
            self.search.set_substituted(typed);
        }
        if self.in_global {
            let row = self.cursor.row;
            if self.match_in(&regexp, row, 0).is_some() != turned {
                return self.ex(&command);
            }
            return Ok(());
        }
        let mut any = false;
        for row in line.from..=line.to {
            let marked = self.match_in(&regexp, row, 0).is_some() != turned;
            any |= marked;
            self.text.mark(row, marked);
        }
        if !any {
            let text = self.search.pattern_text().unwrap_or_default().to_owned();
            self.say(if turned {
                format!("Pattern found in every line: {text}")
            } else {
                format!("Pattern not found: {text}")
            });
            return Ok(());
        }
        self.run_global(&command)
    }

    fn run_global(&mut self, command: &str) -> Done {
        self.note_jump();
        let before = self.text.count();
        self.in_global = true;
        let errors = self.errors;
        let mut done = Ok(());
        let mut from = 0;
        while let Some(row) = self.text.next_marked(from) {
            from = 0;
            self.text.mark(row, false);
            self.cursor = Pos { row, col: 0 };
            done = if command.is_empty() { self.ex("p") } else { self.ex(command) };
            if matches!(done, Err(Stop::Keys | Stop::Outside(_))) || self.errors > errors {
                break;
            }
        }
        self.in_global = false;
        self.text.unmark();
        if let Err(stop @ (Stop::Keys | Stop::Outside(_))) = done {
            return Err(stop);
        }
        self.aims_here = true;
        self.check_cursor();
        self.say_lines_changed(before);
        Ok(())
    }

    /// `:a`, `:i` and `:c` read lines up to a dot.
    fn ex_append(&mut self, line: &Line) -> Done {
        let mut lines = Vec::new();
        loop {
            let text = match self.read_line(' ', String::new())? {
                Some(text) => text,
                None => break,
            };
            if text == "." {
                break;
            }
            lines.push(text);
            if lines.len() > 10_000 {
                break;
            }
        }
        let mut at = match line.name {
            "append" if line.range.to == 0 => 0,
            "append" => line.to + 1,
            _ => line.from,
        };
        if line.name == "change" {
            self.cursor.row = line.from;
            self.keep_rows(line.from, line.to + 1, None);
            for _ in line.from..=line.to {
                self.text.remove(line.from);
            }
            self.deleted(line.from, line.to - line.from + 1);
            at = line.from;
        } else if !lines.is_empty() {
            self.keep_rows(at, at, None);
        }
        let count = lines.len();
        for (index, text) in lines.iter().enumerate() {
            self.text.insert(at + index, std::sync::Arc::new(text.chars().collect()));
        }
        if count > 0 {
            self.appended(at, count);
            self.marks.begun = Pos { row: at, col: 0 };
            self.marks.ended = Pos { row: at + count - 1, col: 0 };
        }
        self.cursor.row = (at + count).saturating_sub(1);
        self.check_row();
        self.begin_line_or_aim();
        Ok(())
    }

    fn ex_mark(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        let Some(name) = rest.chars().next() else { return Err(self.error("E471: Argument required")) };
        if rest.chars().count() > 1 {
            return Err(self
                .error(format!("E488: Trailing characters: {}", rest.chars().skip(1).collect::<String>())));
        }
        let pos = Pos { row: line.to, col: self.first_letter(line.to, true) };
        if self.set_mark_at(name, pos).is_err() {
            return Err(self.error("E191: Argument must be a letter or forward/backward quote"));
        }
        Ok(())
    }

    fn ex_delete_marks(&mut self, line: &Line) -> Done {
        if line.bang {
            self.marks.named.retain(|name, _| name.is_ascii_uppercase());
            return Ok(());
        }
        for name in line.rest.chars() {
            self.marks.named.remove(&name);
        }
        Ok(())
    }

    fn ex_undo(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        let now = self.undo.now();
        match (line.name, rest.parse::<usize>()) {
            ("undo", Ok(step)) if step > self.undo.newest() => {
                return Err(self.error(format!("E830: Undo number {step} not found")));
            }
            ("undo", Ok(step)) => self.undo_to(step),
            ("undo", Err(_)) => {
                let given = line.range.given > 0;
                if given {
                    self.undo_to((line.to + 1).min(self.undo.newest()))
                } else {
                    self.undo_steps(1, true)
                }
            }
            ("earlier", Ok(count)) => self.undo_to(now.saturating_sub(count)),
            ("earlier", Err(_)) if rest.is_empty() => self.undo_to(now.saturating_sub(1)),
            ("earlier", Err(_)) => self.undo_to(0),
            (_, Ok(count)) => self.undo_to((now + count).min(self.undo.newest())),
            (_, Err(_)) if rest.is_empty() => self.undo_to((now + 1).min(self.undo.newest())),
            _ => self.undo_to(self.undo.newest()),
        }
        self.aims_here = true;
        Ok(())
    }

    fn ex_print(&mut self, line: &Line) {
        let rows: Vec<String> = (line.from..=line.to)
            .map(|row| {
                let text: String = self.text.line(row).iter().collect();
                match line.name {
                    "number" | "#" => format!("{:>3} {text}", row + 1),
                    "list" => format!("{text}$"),
                    _ => text,
                }
            })
            .collect();
        for row in rows {
            self.say_more(&row);
        }
        self.cursor.row = line.to;
        self.begin_line_or_aim();
    }

    /// Leaves the editor.
    pub(super) fn leave(&mut self) {
        self.left = Some(Left { exit: 0 });
    }

    /// A register from text, for the rest of the editor.
    pub(super) fn store_text(&mut self, name: char, text: &str) {
        self.registers.put_aside(name, Register::of(text));
    }
}

fn resolve(word: &str) -> Option<(&'static str, Takes, bool)> {
    if let Some((sign, takes)) = SIGNS.iter().find(|(sign, _)| *sign == word) {
        return Some((sign, *takes, false));
    }
    let fits =
        |(name, least, ..): &&(&str, usize, Takes, bool)| word.len() >= *least && name.starts_with(word);
    COMMANDS.iter().find(fits).map(|(name, _, takes, zero)| (*name, *takes, *zero))
}

/// Cuts a command at a bar that neither a backslash nor a `^V` precedes; gives what stands before and behind.
fn cut_at_bar(rest: &str) -> (String, Option<String>) {
    let mut head = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '|' => return (head, Some(rest[at + 1..].to_owned())),
            '\\' if rest[at + 1..].starts_with('|') => {
                head.push('|');
                chars.next();
            }
            '\x16' => {
                if let Some((_, next)) = chars.next() {
                    head.push(next);
                }
            }
            '"' if head.trim().is_empty() => return (head, None),
            c => head.push(c),
        }
    }
    (head, None)
}
