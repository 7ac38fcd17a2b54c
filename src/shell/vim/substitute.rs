//! `:s`: substitute, with questions when asked for.

use regex::{Captures, Regex};

use super::search::cut_at;
use super::{Editor, Mode, Pos};

/// The last substitution, and the one that is being asked about.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    last: Option<Substitution>,
    asking: Option<Asking>,
}

#[derive(Clone, Debug)]
struct Substitution {
    regex: Regex,
    with: String,
    flags: String,
}

#[derive(Clone, Debug)]
struct Asking {
    job: Substitution,
    row: usize,
    /// The byte in the line from which the next match is looked for.
    from: usize,
    to: usize,
}

impl State {
    /// What a match is replaced with, as typed.
    pub(super) fn shown(&self) -> &str {
        self.asking.as_ref().map_or("", |asking| asking.job.with.as_str())
    }
}

/// The replacement for one match: `&`, `\0` to `\9`, `\r`, `\n`, `\t`, `\u`, `\U`, `\l`, `\L`, `\e`.
fn filled(with: &str, captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut case: Option<char> = None;
    let mut once = false;
    let group = |index: usize| captures.get(index).map_or("", |found| found.as_str()).to_owned();
    let mut chars = with.chars();
    while let Some(c) = chars.next() {
        let part = match c {
            '&' => group(0),
            '\\' => match chars.next() {
                Some(digit) if digit.is_ascii_digit() => group(digit.to_digit(10).unwrap_or(0) as usize),
                Some('r') => "\n".into(),
                Some('n') => "\0".into(),
                Some('t') => "\t".into(),
                Some(letter @ ('u' | 'l' | 'U' | 'L')) => {
                    case = Some(letter.to_ascii_uppercase());
                    once = letter.is_lowercase();
                    continue;
                }
                Some('e' | 'E') => {
                    case = None;
                    continue;
                }
                Some(other) => other.into(),
                None => "\\".into(),
            },
            c => c.into(),
        };
        for letter in part.chars() {
            out.push(match case {
                Some('U') => letter.to_ascii_uppercase(),
                Some(_) => letter.to_ascii_lowercase(),
                None => letter,
            });
            if once {
                case = None;
            }
        }
    }
    out
}

impl Editor {
    /// `:[range]s/pattern/with/flags`, `:s` and `:&` alone repeat the last one.
    pub(super) fn substitute(&mut self, from: usize, to: usize, rest: &str) {
        let job = match rest.chars().next() {
            Some(delimiter)
                if !delimiter.is_alphanumeric() && !delimiter.is_whitespace() && delimiter != '&' =>
            {
                self.read_substitution(delimiter, rest.get(delimiter.len_utf8()..).unwrap_or(""))
            }
            _ => self
                .substitute
                .last
                .clone()
                .map(|last| Substitution { flags: rest.trim().to_owned(), ..last }),
        };
        let Some(job) = job else {
            self.message = "E35: No previous regular expression".into();
            return;
        };
        self.substitute.last = Some(job.clone());
        self.remember();
        if job.flags.contains('c') {
            self.substitute.asking = Some(Asking { job, row: from, from: 0, to });
            return self.ask_next();
        }
        self.substitute_all(&job, from, to);
    }

    fn read_substitution(&mut self, delimiter: char, rest: &str) -> Option<Substitution> {
        let (pattern, tail) = cut_at(rest, delimiter);
        let (with, flags) = cut_at(tail.as_deref().unwrap_or(""), delimiter);
        let flags = flags.unwrap_or_default();
        let regex = if pattern.is_empty() {
            self.search.as_ref()?.regex.clone()
        } else {
            let prefix = if flags.contains('i') { "\\c" } else { "" };
            self.compile(&format!("{prefix}{pattern}"))?
        };
        Some(Substitution { regex, with, flags })
    }

    fn substitute_all(&mut self, job: &Substitution, from: usize, to: usize) {
        let mut last = None;
        let mut row = from;
        let mut to = to;
        while row <= to.min(self.buffer.last_row()) {
            let text = self.buffer.string(row);
            if !job.regex.is_match(&text) {
                row += 1;
                continue;
            }
            let limit = usize::from(!job.flags.contains('g'));
            let replaced =
                job.regex.replacen(&text, limit, |captures: &Captures<'_>| filled(&job.with, captures));
            if job.flags.contains('n') {
                row += 1;
                continue;
            }
            let lines: Vec<Vec<char>> = replaced.split('\n').map(|line| line.chars().collect()).collect();
            let added = lines.len();
            self.buffer.replace(row, row, lines);
            row += added;
            to += added - 1;
            last = Some(row - 1);
        }
        match last {
            Some(row) => self.go_to_line(row),
            None => {
                self.buffer.forget_if_same();
                self.message = "E486: Pattern not found".into();
            }
        }
    }

    /// Goes to the next match to ask about; ends when there is none.
    fn ask_next(&mut self) {
        let Some(asking) = self.substitute.asking.as_mut() else { return self.mode = Mode::Normal };
        while asking.row <= asking.to.min(self.buffer.last_row()) {
            let text = self.buffer.string(asking.row);
            if asking.from <= text.len()
                && let Some(found) = asking.job.regex.find_at(&text, asking.from)
            {
                let col = text.get(..found.start()).map_or(0, |head| head.chars().count());
                self.cursor = Pos { row: asking.row, col };
                self.mode = Mode::Confirm;
                return;
            }
            asking.row += 1;
            asking.from = 0;
        }
        self.end_asking();
    }

    fn end_asking(&mut self) {
        self.substitute.asking = None;
        self.mode = Mode::Normal;
        self.settle();
    }

    pub(super) fn confirm_key(&mut self, key: char) {
        match key {
            'y' => {
                self.replace_asked(true);
                self.ask_next();
            }
            'n' => {
                self.replace_asked(false);
                self.ask_next();
            }
            'l' => {
                self.replace_asked(true);
                self.end_asking();
            }
            'a' => {
                while self.substitute.asking.is_some() && self.mode == Mode::Confirm {
                    self.replace_asked(true);
                    self.ask_next();
                }
            }
            'q' | '\x1b' | '\x03' => self.end_asking(),
            _ => {}
        }
    }

    fn replace_asked(&mut self, yes: bool) {
        let Some(asking) = self.substitute.asking.as_mut() else { return };
        let text = self.buffer.string(asking.row);
        let Some(captures) = asking.job.regex.captures_at(&text, asking.from) else { return };
        let Some(found) = captures.get(0) else { return };
        let with = filled(&asking.job.with, &captures);
        let mut next = found.end().max(asking.from + 1);
        if yes {
            let head = text.get(..found.start()).unwrap_or("");
            let tail = text.get(found.end()..).unwrap_or("");
            let line = format!("{head}{with}{tail}");
            next = head.len() + with.len();
            self.buffer.replace(asking.row, asking.row, vec![line.chars().collect()]);
        }
        if asking.job.flags.contains('g') {
            asking.from = next;
        } else {
            asking.row += 1;
            asking.from = 0;
        }
    }
}
