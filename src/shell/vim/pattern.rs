//! Vim's patterns: reading them.
//!
//! A pattern becomes a program for the machine in `matcher`, which tries alternatives in vim's order.

use std::sync::Arc;

use super::repetition::shift;

/// A letter class such as `\w` or `[a-z]`.
#[derive(Clone, Debug)]
pub(super) enum Set {
    /// A class by its letter: `\d`, `\s` and their like.
    Named(char),
    /// Single letters and ranges, classes by name, and whether it is turned round.
    Of(Vec<(char, char)>, Vec<String>, bool),
    Any,
}

/// A step of the machine.
#[derive(Clone, Debug)]
pub(super) enum Inst {
    Letter(char),
    /// With `true` a line end fits too.
    Class(Set, bool),
    LineEnd,
    Split(usize, usize),
    Jump(usize),
    Save(usize),
    /// Keeps where a loop stands, and leaves it when it did not move.
    Mark(usize),
    Moved(usize, usize),
    Back(usize),
    Begin,
    End,
    WordBegin,
    WordEnd,
    FileBegin,
    FileEnd,
    Visual,
    Cursor,
    /// `\%23l`: what is counted (`l`, `c`, `v`), the comparison, the number.
    At(char, char, usize),
    MarkAt(char),
    /// A program of its own up to a place: ahead or behind, wanted or not, and where to go on.
    Look {
        ahead: bool,
        wanted: bool,
        behind: usize,
    },
    /// Takes the first way only: `\@>`.
    Atomic(usize),
    Match,
}

/// A pattern ready to use.
#[derive(Clone, Debug)]
pub(super) struct Regexp {
    pub(super) program: Arc<Vec<Inst>>,
    pub(super) ignores_case: bool,
    pub(super) marks: usize,
}

/// Places of `\zs` and `\ze` behind those of the groups.
pub(super) const START: usize = 20;
pub(super) const END: usize = 21;
pub(super) const SLOTS: usize = 22;

/// Copies of an item that a count makes at most.
pub(super) const COUNT_MAX: usize = 200;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Magic {
    Very,
    On,
    Off,
    Not,
}

pub(super) struct Reader<'a> {
    pub(super) text: Vec<char>,
    pub(super) at: usize,
    pub(super) magic: Magic,
    pub(super) program: Vec<Inst>,
    pub(super) groups: usize,
    pub(super) marks: usize,
    pub(super) ignore: Option<bool>,
    pub(super) last: &'a str,
    pub(super) depth: usize,
}

/// What the next letters of a pattern are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A letter that stands for itself.
    Plain(char),
    /// A letter with a meaning.
    Magic(char),
    End,
}

/// Reads a pattern; `Err` is the message of an error in it.
pub(super) fn compile(
    text: &str,
    magic: bool,
    ignore: bool,
    smart: bool,
    last: &str,
) -> Result<Regexp, String> {
    let mut reader = Reader {
        text: text.chars().collect(),
        at: 0,
        magic: if magic { Magic::On } else { Magic::Off },
        program: Vec::new(),
        groups: 1,
        marks: 0,
        ignore: None,
        last,
        depth: 0,
    };
    reader.program.push(Inst::Save(0));
    reader.alternatives()?;
    if reader.at < reader.text.len() {
        return Err("E55: Unmatched \\)".into());
    }
    reader.program.push(Inst::Save(1));
    reader.program.push(Inst::Match);
    let has_upper = smart && has_capital(text);
    let ignores_case = reader.ignore.unwrap_or(ignore && !has_upper);
    Ok(Regexp { program: Arc::new(reader.program), ignores_case, marks: reader.marks })
}

/// A capital that no backslash precedes.
fn has_capital(text: &str) -> bool {
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            if matches!(chars.next(), Some('_' | '%')) {
                chars.next();
            }
        } else if c.is_uppercase() {
            return true;
        }
    }
    false
}

impl Reader<'_> {
    pub(super) fn token_at(&self, at: usize) -> (Token, usize) {
        let Some(c) = self.text.get(at).copied() else { return (Token::End, at) };
        if c == '\\' {
            let Some(next) = self.text.get(at + 1).copied() else { return (Token::Plain('\\'), at + 1) };
            let plain_magic = match self.magic {
                Magic::Very => "~^$.*[]%@{}()|+?=&<>\\/",
                Magic::On => "~^$.*[]\\/",
                Magic::Off => "^$\\/",
                Magic::Not => "\\/",
            };
            let sign = !next.is_alphanumeric() && next != '_';
            let plain = plain_magic.contains(next) || self.magic == Magic::Very && sign;
            return (if plain { Token::Plain(next) } else { Token::Magic(next) }, at + 2);
        }
        let magic = match self.magic {
            Magic::Very => "~^$.*[%@{()|+?=&<>",
            Magic::On => "~^$.*[",
            Magic::Off => "^$",
            Magic::Not => "",
        };
        (if magic.contains(c) { Token::Magic(c) } else { Token::Plain(c) }, at + 1)
    }

    pub(super) fn peek(&self) -> Token {
        self.token_at(self.at).0
    }

    pub(super) fn next(&mut self) -> Token {
        let (token, at) = self.token_at(self.at);
        self.at = at;
        token
    }

    fn alternatives(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > 50 {
            return Err("E339: Pattern too long".into());
        }
        let mut jumps = Vec::new();
        loop {
            let begun = self.program.len();
            self.concats()?;
            if self.peek() != Token::Magic('|') {
                break;
            }
            self.next();
            // This way first, and the next when it fails.
            self.insert(begun, 1);
            self.program[begun] = Inst::Split(begun + 1, self.program.len() + 1);
            jumps.push(self.program.len());
            self.program.push(Inst::Jump(0));
            self.fix_split(begun);
        }
        let end = self.program.len();
        for at in jumps {
            self.program[at] = Inst::Jump(end);
        }
        self.depth -= 1;
        Ok(())
    }

    fn fix_split(&mut self, begun: usize) {
        let end = self.program.len();
        self.program[begun] = Inst::Split(begun + 1, end);
    }

    /// Makes room in the program; places behind it move.
    pub(super) fn insert(&mut self, at: usize, count: usize) {
        for _ in 0..count {
            self.program.insert(at, Inst::Jump(0));
        }
        for (index, inst) in self.program.iter_mut().enumerate() {
            if index < at + count {
                continue;
            }
            shift(inst, at, count);
        }
    }

    /// Items with `\&` between: all but the last only look.
    fn concats(&mut self) -> Result<(), String> {
        loop {
            let begun = self.program.len();
            self.items()?;
            if self.peek() != Token::Magic('&') {
                return Ok(());
            }
            self.next();
            self.insert(begun, 1);
            self.program.push(Inst::Match);
            self.program[begun] = Inst::Look { ahead: true, wanted: true, behind: self.program.len() };
        }
    }

    fn items(&mut self) -> Result<(), String> {
        let mut first = true;
        loop {
            let before = self.at;
            match self.peek() {
                Token::End | Token::Magic('|' | '&' | ')') => return Ok(()),
                Token::Magic('^') if first || self.magic == Magic::Very => {
                    self.next();
                    self.program.push(Inst::Begin);
                    continue;
                }
                Token::Magic('c' | 'C' | 'v' | 'V' | 'm' | 'M' | 'Z') if self.text[before] == '\\' => {
                    self.mode();
                    continue;
                }
                _ => {}
            }
            let begun = self.program.len();
            self.atom(first)?;
            first = false;
            self.repeats(begun)?;
        }
    }

    fn mode(&mut self) {
        match self.next() {
            Token::Magic('c') => self.ignore = Some(true),
            Token::Magic('C') => self.ignore = Some(false),
            Token::Magic('v') => self.magic = Magic::Very,
            Token::Magic('m') => self.magic = Magic::On,
            Token::Magic('M') => self.magic = Magic::Off,
            Token::Magic('V') => self.magic = Magic::Not,
            _ => {}
        }
    }

    fn atom(&mut self, first: bool) -> Result<(), String> {
        let token = self.next();
        let inst = match token {
            Token::Plain(c) => Inst::Letter(c),
            Token::Magic('*') if first => Inst::Letter('*'),
            Token::Magic('.') => Inst::Class(Set::Any, false),
            Token::Magic('^') => Inst::Letter('^'),
            Token::Magic('$') => {
                let ends = matches!(self.peek(), Token::End | Token::Magic('|' | '&' | ')' | 'n'));
                if ends || self.magic == Magic::Very { Inst::End } else { Inst::Letter('$') }
            }
            Token::Magic('[') => match self.set() {
                Some(set) => Inst::Class(set, false),
                None => Inst::Letter('['),
            },
            Token::Magic('~') => {
                self.program.extend(self.last.chars().map(Inst::Letter));
                return Ok(());
            }
            Token::Magic('<') => Inst::WordBegin,
            Token::Magic('>') => Inst::WordEnd,
            Token::Magic('n') => Inst::LineEnd,
            Token::Magic('e') => Inst::Letter('\x1b'),
            Token::Magic('t') => Inst::Letter('\t'),
            Token::Magic('r') => Inst::Letter('\r'),
            Token::Magic('b') => Inst::Letter('\x08'),
            Token::Magic('(') => return self.group(true),
            Token::Magic('%') => return self.percent(),
            Token::Magic('_') => return self.with_line_ends(),
            Token::Magic('z') => match self.raw() {
                Some('s') => Inst::Save(START),
                Some('e') => Inst::Save(END),
                _ => return Err("E68: Invalid character after \\z".into()),
            },
            Token::Magic(digit) if digit.is_ascii_digit() => {
                let group = digit as usize - '0' as usize;
                if group == 0 || group >= self.groups {
                    return Err("E65: Illegal back reference".into());
                }
                Inst::Back(group)
            }
            Token::Magic(letter) if "iIkKfFpPsSdDxXoOwWhHaAlLuU".contains(letter) => {
                Inst::Class(Set::Named(letter), false)
            }
            Token::Magic(sign @ ('+' | '=' | '?' | '{' | '@' | '*')) => {
                return Err(format!("E64: {sign} follows nothing"));
            }
            Token::Magic(letter) => Inst::Letter(letter),
            Token::End => return Ok(()),
        };
        self.program.push(inst);
        Ok(())
    }

    pub(super) fn raw(&mut self) -> Option<char> {
        let c = self.text.get(self.at).copied();
        self.at += usize::from(c.is_some());
        c
    }

    fn group(&mut self, counted: bool) -> Result<(), String> {
        let number = self.groups;
        if counted {
            if number > 9 {
                return Err("E51: Too many \\(".into());
            }
            self.groups += 1;
            self.program.push(Inst::Save(number * 2));
        }
        self.alternatives()?;
        if self.next() != Token::Magic(')') {
            return Err("E54: Unmatched \\(".into());
        }
        if counted {
            self.program.push(Inst::Save(number * 2 + 1));
        }
        Ok(())
    }

    fn with_line_ends(&mut self) -> Result<(), String> {
        let inst = match self.raw() {
            Some('^') => Inst::Begin,
            Some('$') => Inst::End,
            Some('.') => Inst::Class(Set::Any, true),
            Some('[') => Inst::Class(self.set().unwrap_or(Set::Any), true),
            Some(letter) if letter.is_ascii_alphabetic() => Inst::Class(Set::Named(letter), true),
            _ => return Err("E63: Invalid use of \\_".into()),
        };
        self.program.push(inst);
        Ok(())
    }

    /// What stands behind `\%`.
    fn percent(&mut self) -> Result<(), String> {
        let Some(c) = self.raw() else { return Err("E71: Invalid character after \\%".into()) };
        let inst = match c {
            '(' => return self.group(false),
            '[' => return self.optional(),
            '^' => Inst::FileBegin,
            '$' => Inst::FileEnd,
            'V' => Inst::Visual,
            '#' => Inst::Cursor,
            'd' | 'x' | 'u' | 'U' | 'o' => {
                let base = match c {
                    'd' => 10,
                    'o' => 8,
                    _ => 16,
                };
                let number = self.number(base);
                Inst::Letter(char::from_u32(number as u32).unwrap_or('\u{fffd}'))
            }
            '\'' => Inst::MarkAt(self.raw().unwrap_or('\'')),
            '<' | '>' | '0'..='9' | '.' => {
                let sign = if c.is_ascii_digit() || c == '.' { '=' } else { c };
                if c.is_ascii_digit() {
                    self.at -= 1;
                }
                let number = self.number(10);
                match self.raw() {
                    Some(kind @ ('l' | 'c' | 'v')) => Inst::At(kind, sign, number),
                    _ => return Err("E71: Invalid character after \\%".into()),
                }
            }
            _ => return Err("E71: Invalid character after \\%".into()),
        };
        self.program.push(inst);
        Ok(())
    }

    pub(super) fn number(&mut self, base: u32) -> usize {
        let mut number = 0;
        while let Some(digit) = self.text.get(self.at).and_then(|c| c.to_digit(base)) {
            number = (number * base as usize + digit as usize).min(1 << 30);
            self.at += 1;
        }
        number
    }

    /// `\%[abc]`: as many of the letters as fit.
    fn optional(&mut self) -> Result<(), String> {
        let mut splits = Vec::new();
        loop {
            match self.text.get(self.at) {
                None => return Err("E69: Missing ] after \\%[".into()),
                Some(']') => break,
                Some(_) => {
                    splits.push(self.program.len());
                    self.program.push(Inst::Jump(0));
                    self.atom(false)?;
                }
            }
        }
        self.at += 1;
        let end = self.program.len();
        for at in splits {
            self.program[at] = Inst::Split(at + 1, end);
        }
        Ok(())
    }

    /// A collection such as `[^a-z]`; `None` when it never ends.
    fn set(&mut self) -> Option<Set> {
        let mut at = self.at;
        let turned = self.text.get(at) == Some(&'^');
        at += usize::from(turned);
        let (mut ranges, mut names): (Vec<(char, char)>, Vec<String>) = (Vec::new(), Vec::new());
        let begun = at;
        loop {
            let c = *self.text.get(at)?;
            if c == ']' && at > begun {
                break;
            }
            if c == '[' && self.text.get(at + 1) == Some(&':') {
                let rest: String = self.text.iter().skip(at + 2).collect();
                if let Some(end) = rest.find(":]") {
                    let name = &rest[..end];
                    if name.chars().all(char::is_alphabetic) {
                        names.push(name.to_owned());
                        at += 4 + name.chars().count();
                        continue;
                    }
                }
            }
            let (from, next) = self.set_letter(at)?;
            at = next;
            if self.text.get(at) == Some(&'-') && self.text.get(at + 1).is_some_and(|c| *c != ']') {
                let (to, next) = self.set_letter(at + 1)?;
                at = next;
                ranges.push((from, to));
            } else {
                ranges.push((from, from));
            }
        }
        self.at = at + 1;
        Some(Set::Of(ranges, names, turned))
    }

    fn set_letter(&self, at: usize) -> Option<(char, usize)> {
        let c = *self.text.get(at)?;
        if c == '\\' {
            let named = match self.text.get(at + 1) {
                Some('e') => Some('\x1b'),
                Some('t') => Some('\t'),
                Some('r') => Some('\r'),
                Some('b') => Some('\x08'),
                Some('n') => Some('\n'),
                Some(c @ ('\\' | ']' | '^' | '-')) => Some(*c),
                _ => None,
            };
            if let Some(letter) = named {
                return Some((letter, at + 2));
            }
        }
        Some((c, at + 1))
    }
}
