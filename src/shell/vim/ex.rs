//! The commands behind `:`.

use super::Left;
use super::Pos;
use super::core::{Core, Done, Stop};
use super::operator::Op;
use super::range::Range;
use super::registers::{Register, Registers};

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
    ("Next", 1, Takes::Words, false),
    ("aboveleft", 3, Takes::All, false),
    ("all", 2, Takes::Nothing, false),
    ("argdo", 5, Takes::All, false),
    ("args", 2, Takes::Words, false),
    ("argument", 4, Takes::Words, false),
    ("augroup", 3, Takes::All, false),
    ("bNext", 2, Takes::Words, false),
    ("belowright", 3, Takes::All, false),
    ("bfirst", 2, Takes::Nothing, false),
    ("blast", 2, Takes::Nothing, false),
    ("botright", 2, Takes::All, false),
    ("brewind", 2, Takes::Nothing, false),
    ("bufdo", 5, Takes::All, false),
    ("buffers", 7, Takes::Nothing, false),
    ("bunload", 3, Takes::Words, false),
    ("bwipeout", 2, Takes::Words, false),
    ("close", 3, Takes::Nothing, false),
    ("cquit", 2, Takes::Words, false),
    ("else", 2, Takes::All, false),
    ("elseif", 5, Takes::All, false),
    ("endif", 2, Takes::Nothing, false),
    ("first", 3, Takes::Nothing, false),
    ("hide", 3, Takes::Nothing, false),
    ("highlight", 2, Takes::All, false),
    ("if", 2, Takes::All, false),
    ("last", 2, Takes::Nothing, false),
    ("leftabove", 5, Takes::All, false),
    ("new", 3, Takes::Words, false),
    ("noautocmd", 3, Takes::All, false),
    ("only", 2, Takes::Nothing, false),
    ("packadd", 2, Takes::Words, false),
    ("resize", 3, Takes::Words, false),
    ("rewind", 3, Takes::Nothing, false),
    ("rightbelow", 6, Takes::All, false),
    ("runtime", 2, Takes::Words, false),
    ("sall", 3, Takes::Nothing, false),
    ("sbuffer", 2, Takes::Words, false),
    ("source", 2, Takes::Words, false),
    ("sview", 2, Takes::Words, false),
    ("tab", 3, Takes::All, false),
    ("tabNext", 4, Takes::Words, false),
    ("tabclose", 4, Takes::Nothing, false),
    ("tabedit", 4, Takes::Words, false),
    ("tabfirst", 6, Takes::Nothing, false),
    ("tablast", 4, Takes::Nothing, false),
    ("tabnew", 6, Takes::Words, false),
    ("tabnext", 4, Takes::Words, false),
    ("tabonly", 4, Takes::Nothing, false),
    ("tabprevious", 4, Takes::Words, false),
    ("tabrewind", 4, Takes::Nothing, false),
    ("tabs", 4, Takes::Nothing, false),
    ("topleft", 2, Takes::All, false),
    ("undolist", 5, Takes::Nothing, false),
    ("vertical", 4, Takes::All, false),
    ("view", 3, Takes::Words, false),
    ("vnew", 3, Takes::Words, false),
    ("wincmd", 4, Takes::Words, false),
    ("windo", 5, Takes::All, false),
    ("wprevious", 2, Takes::Words, false),
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

/// Commands whose number is none of a line.
const COUNTED: &[&str] = &[
    "all",
    "argument",
    "bNext",
    "bdelete",
    "bnext",
    "bprevious",
    "bunload",
    "buffer",
    "bwipeout",
    "close",
    "hide",
    "new",
    "next",
    "Next",
    "only",
    "previous",
    "quit",
    "resize",
    "sall",
    "sbuffer",
    "split",
    "sview",
    "tabNext",
    "tabclose",
    "tabedit",
    "tabnew",
    "tabnext",
    "tabprevious",
    "vnew",
    "vsplit",
    "wincmd",
    "wprevious",
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
