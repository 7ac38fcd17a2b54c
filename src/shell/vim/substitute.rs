//! `:s`: substitute, with questions when asked for.

use regex::Captures;

use super::search::{Regexp, cut_at};
use super::{Editor, Mode, Pos};

/// The last substitution, and the one that is being asked about.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    last: Option<Substitution>,
    asking: Option<Asking>,
}

#[derive(Clone, Debug)]
struct Substitution {
    regex: Regexp,
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
fn filled(job: &Substitution, captures: &Captures<'_>) -> String {
    let with = job.with.as_str();
    let mut out = String::new();
    let mut case: Option<char> = None;
    let mut once = false;
    let group = |index: usize| job.regex.group(captures, index).to_owned();
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

/// A line with its matches replaced: the first, or all.
fn replaced(job: &Substitution, text: &str) -> String {
    let limit = if job.flags.contains('g') { usize::MAX } else { 1 };
    let mut out = String::new();
    let mut at = 0;
    for captures in job.regex.captures(text).take(limit) {
        let Some((start, end)) = job.regex.span(&captures) else { continue };
        out += text.get(at..start).unwrap_or("");
        out += &filled(job, &captures);
        at = end;
    }
    out + text.get(at..).unwrap_or("")
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
            _ => self.substitute.last.clone().map(|last| {
                let flags = match rest.trim().strip_prefix('&') {
                    Some(more) => format!("{}{more}", last.flags),
                    None => rest.trim().to_owned(),
                };
                Substitution { flags, ..last }
            }),
        };
        let Some(job) = job else {
            self.message = "E35: No previous regular expression".into();
            return;
        };
        let mut job = job;
        // A number behind the flags is a count of lines, from the last of the range on.
        let digits: String = job.flags.chars().filter(char::is_ascii_digit).collect();
        job.flags.retain(|flag| !flag.is_ascii_digit() && flag != ' ');
        let (from, to) = match digits.parse::<usize>() {
            Ok(count) => (to, to.saturating_add(count.max(1) - 1)),
            Err(_) => (from, to),
        };
        self.substitute.last = Some(job.clone());
        self.set_pattern(job.regex.clone());
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
        if job.regex.is_long {
            return self.substitute_long(job, from, to);
        }
        let mut last = None;
        let mut row = from;
        let mut to = to;
        while row <= to.min(self.buffer.last_row()) {
            let text = self.buffer.string(row);
            if !job.regex.is_match(&text) {
                row += 1;
                continue;
            }
            let replaced = replaced(job, &text);
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

    /// A pattern that goes over line ends: the lines are one text.
    fn substitute_long(&mut self, job: &Substitution, from: usize, to: usize) {
        let last = self.buffer.last_row();
        let text = self.buffer.range_text(from, last);
        let end: usize = (from..=to).map(|row| self.buffer.string(row).len() + 1).sum();
        let mut out = String::new();
        let mut at = 0;
        let mut line = usize::MAX;
        for captures in job.regex.captures(&text) {
            let Some((start, behind)) = job.regex.span(&captures) else { continue };
            let row = text[..start].matches('\n').count();
            if start >= end || start < at || row == line && !job.flags.contains('g') {
                continue;
            }
            line = row;
            out += &text[at..start];
            out += &filled(job, &captures);
            at = behind;
        }
        if at == 0 {
            self.buffer.forget_if_same();
            self.message = "E486: Pattern not found".into();
            return;
        }
        out += &text[at..];
        let lines = out.strip_suffix('\n').unwrap_or(&out).split('\n').map(|line| line.chars().collect());
        self.buffer.replace(from, last, lines.collect());
        self.go_to_line(from);
    }

    /// Goes to the next match to ask about; ends when there is none.
    fn ask_next(&mut self) {
        let Some(asking) = self.substitute.asking.as_mut() else { return self.mode = Mode::Normal };
        while asking.row <= asking.to.min(self.buffer.last_row()) {
            let text = self.buffer.string(asking.row);
            if asking.from <= text.len()
                && let Some(captures) = asking.job.regex.captures_at(&text, asking.from)
                && let Some((start, _)) = asking.job.regex.span(&captures)
            {
                let col = text.get(..start).map_or(0, |head| head.chars().count());
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
        let Some((start, end)) = asking.job.regex.span(&captures) else { return };
        let with = filled(&asking.job, &captures);
        let mut next = end.max(asking.from + 1);
        if yes {
            let head = text.get(..start).unwrap_or("");
            let tail = text.get(end..).unwrap_or("");
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
