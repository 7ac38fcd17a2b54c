//! The commands behind `:`.

use super::Left;
use super::Pos;
use super::commands::{COUNTED, NO_RANGE, Takes, resolve};
use super::core::{Core, Done, Stop};
use super::operator::Op;
use super::range::Range;
use super::registers::{Register, Registers};

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

impl Line {
    /// A command on all lines up to `last`.
    pub(super) fn all(name: &'static str, last: usize, bang: bool) -> Self {
        let range = Range { from: 1, to: last as isize + 1, given: 0 };
        Self { name, range, from: 0, to: last, bang, rest: String::new(), register: None, count: None }
    }
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
        let takes_all =
            ["global", "vglobal", "sort", "retab", "write", "wq", "xit", "exit", "update", "saveas", "wnext"];
        if takes_all.contains(&name) && range.given == 0 {
            (range.from, range.to) = (1, self.text.count() as isize);
        }
        if COUNTED.contains(&name) {
            return self.ex_counted(name, range, bang, tail);
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

    /// A command with a number of something other than lines.
    fn ex_counted(
        &mut self,
        name: &'static str,
        range: Range,
        bang: bool,
        tail: &str,
    ) -> Done<Option<String>> {
        let (rest, next) = cut_at_bar(tail);
        let row = self.cursor.row;
        let line = Line { name, range, from: row, to: row, bang, rest, register: None, count: None };
        self.ex_outside(&line)?;
        Ok(next)
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
            "set" => self.ex_set_both(&line.rest),
            "setlocal" => self.ex_set(&line.rest),
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

    /// Leaves the editor.
    pub(super) fn leave(&mut self) {
        self.left = Some(Left { exit: 0 });
    }

    /// A register from text, for the rest of the editor.
    pub(super) fn store_text(&mut self, name: char, text: &str) {
        self.registers.put_aside(name, Register::of(text));
    }
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
