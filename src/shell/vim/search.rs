//! Patterns and searching.

use regex::{Captures, Regex};

use super::motion::Kind;
use super::words::class;
use super::{Editor, Pos};

/// A pattern as typed, ready to use.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regexp,
    /// True for `/`, false for `?`.
    forward: bool,
    offset: Offset,
}

/// What stands behind the pattern: where in or beside the match the cursor goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Offset {
    #[default]
    None,
    /// So many letters from the match's beginning.
    Start(isize),
    /// So many letters from its last letter.
    End(isize),
    Lines(isize),
}

impl Offset {
    fn parse(text: &str) -> Self {
        let (kind, number) = match text.chars().next() {
            Some(letter @ ('e' | 's' | 'b')) => (letter, text.get(1..).unwrap_or("")),
            Some('+' | '-' | '0'..='9') => ('l', text),
            _ => return Self::None,
        };
        let number = match number {
            "" => 0,
            "+" => 1,
            "-" => -1,
            other => other.trim_start_matches('+').parse().unwrap_or(0),
        };
        match kind {
            'e' => Self::End(number),
            'l' => Self::Lines(number),
            _ => Self::Start(number),
        }
    }
}

/// A vim pattern as an expression of the regex crate.
#[derive(Clone, Debug)]
pub(super) struct Regexp {
    regex: Regex,
    /// The group between `\zs` and `\ze`, which is the match then.
    whole: Option<usize>,
    /// True when it goes over line ends.
    pub(super) is_long: bool,
}

impl Regexp {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Bytes of every match, from and behind.
    pub(super) fn spans(&self, text: &str) -> Vec<(usize, usize)> {
        self.regex.captures_iter(text).filter_map(|captures| self.span(&captures)).collect()
    }

    pub(super) fn captures_at<'t>(&self, text: &'t str, at: usize) -> Option<Captures<'t>> {
        self.regex.captures_at(text, at)
    }

    pub(super) fn captures<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        self.regex.captures_iter(text)
    }

    /// Bytes of the match in its captures.
    pub(super) fn span(&self, captures: &Captures<'_>) -> Option<(usize, usize)> {
        captures.get(self.whole.unwrap_or(0)).map(|found| (found.start(), found.end()))
    }

    /// The text of a group as the pattern counts them.
    pub(super) fn group<'t>(&self, captures: &Captures<'t>, number: usize) -> &'t str {
        let number = match self.whole {
            Some(whole) if number == 0 || number >= whole => {
                if number == 0 {
                    whole
                } else {
                    number + 1
                }
            }
            _ => number,
        };
        captures.get(number).map_or("", |found| found.as_str())
    }
}

/// A vim pattern in the language of the regex crate.
pub(super) fn translate(pattern: &str) -> (String, bool) {
    let mut out = String::new();
    let mut ignore_case = false;
    let mut very = false;
    let mut chars = pattern.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        // What only says how the pattern is read stands before its beginning.
        if c == '\\' && chars.peek().is_some_and(|next| "cCvm".contains(*next)) {
            match chars.next() {
                Some('c') => ignore_case = true,
                Some('v') => very = true,
                _ => {}
            }
            continue;
        }
        match c {
            '\\' => match chars.next() {
                Some('V') => {
                    out.push_str(&regex::escape(&chars.by_ref().collect::<String>()));
                }
                Some('z') => out.push_str(match chars.next() {
                    Some('s') => START,
                    _ => END,
                }),
                Some('{') if !very => repetition(&mut chars, &mut out),
                Some('n') => out.push('\n'),
                Some('%') if chars.peek() == Some(&'(') => {
                    chars.next();
                    out.push_str("(?:");
                }
                Some(letter) => out.push_str(&escaped(letter, very)),
                None => out.push_str("\\\\"),
            },
            '[' => class_of(&mut chars, &mut out),
            '*' if first => out.push_str("\\*"),
            '^' if !first && !very => out.push_str("\\^"),
            '<' | '>' if very => out.push_str("\\b"),
            '=' if very => out.push('?'),
            '{' if very => repetition(&mut chars, &mut out),
            '%' if very && chars.peek() == Some(&'(') => {
                chars.next();
                out.push_str("(?:");
            }
            '~' if !very => out.push('~'),
            '+' | '?' | '(' | ')' | '{' | '}' | '|' if !very => {
                out.push('\\');
                out.push(c);
            }
            '$' if chars.peek().is_some() && !very => out.push_str("\\$"),
            ']' => out.push_str("\\]"),
            c => out.push(c),
        }
        first = false;
    }
    (out, ignore_case)
}

/// Stand for `\zs` and `\ze` until the groups are put around the match.
const START: &str = "\u{1}";
const END: &str = "\u{2}";

/// Puts the match between `\zs` and `\ze` into a group; gives its number.
fn between(text: &str) -> (String, Option<usize>) {
    if !text.contains([START, END].concat().as_str()) && !text.contains(START) && !text.contains(END) {
        return (text.to_owned(), None);
    }
    let (head, rest) = text.split_once(START).unwrap_or(("", text));
    let (inside, tail) = rest.split_once(END).unwrap_or((rest, ""));
    let plain = |at: usize| head.as_bytes().get(at.wrapping_sub(1)) != Some(&b'\\');
    let groups =
        head.match_indices('(').filter(|(at, _)| plain(*at) && !head[*at..].starts_with("(?")).count();
    (format!("{head}({inside}){tail}"), Some(groups + 1))
}

/// `{2,3}` and the sparing `{-}`.
fn repetition(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let mut inside: String = chars.by_ref().take_while(|c| *c != '}').collect();
    if inside.ends_with('\\') {
        inside.pop();
    }
    let (bounds, sparing) = match inside.strip_prefix('-') {
        Some(rest) => (rest.to_owned(), "?"),
        None => (inside, ""),
    };
    let bounds = if bounds.starts_with(',') { format!("0{bounds}") } else { bounds };
    if bounds.is_empty() {
        out.push('*');
    } else {
        out.push_str(&format!("{{{bounds}}}"));
    }
    out.push_str(sparing);
}

/// What a letter behind a backslash means.
fn escaped(letter: char, very: bool) -> String {
    match letter {
        '<' | '>' if !very => "\\b".into(),
        '+' | '?' | '(' | ')' | '{' | '|' if !very => letter.into(),
        '}' if !very => "}".into(),
        '=' if !very => "?".into(),
        'a' => "[A-Za-z]".into(),
        'l' => "[a-z]".into(),
        'u' => "[A-Z]".into(),
        'x' => "[0-9A-Fa-f]".into(),
        'h' => "[A-Za-z_]".into(),
        's' | 'S' | 'd' | 'D' | 'w' | 'W' | 't' | 'n' | 'r' => format!("\\{letter}"),
        'e' => "\\x1b".into(),
        other => regex::escape(&other.to_string()),
    }
}

/// Copies a collection such as `[a-z]`; a `[` that never ends is itself.
fn class_of(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let rest: String = chars.clone().collect();
    let skip = if rest.starts_with("^]") { 2 } else { usize::from(rest.starts_with([']', '^'])) };
    let Some(end) = rest.get(skip..).and_then(|tail| tail.find(']')).map(|at| at + skip) else {
        out.push_str("\\[");
        return;
    };
    let inside = rest.get(..end).unwrap_or_default();
    out.push('[');
    out.push_str(&inside.replace('[', "\\["));
    out.push(']');
    for _ in 0..=inside.chars().count() {
        chars.next();
    }
}

impl Editor {
    /// Reads a pattern under the settings.
    pub(super) fn compile(&self, pattern: &str) -> Option<Regexp> {
        let (text, ignore) = translate(pattern);
        let (text, whole) = between(&text);
        let is_long = text.contains('\n');
        let smart = self.settings.smartcase && pattern.chars().any(char::is_uppercase);
        let ignore = ignore || self.settings.ignorecase && !smart;
        let regex =
            regex::RegexBuilder::new(&text).case_insensitive(ignore).multi_line(is_long).build().ok()?;
        Some(Regexp { regex, whole, is_long })
    }

    /// Makes a pattern the one that `n` and an empty pattern mean.
    pub(super) fn set_pattern(&mut self, regex: Regexp) {
        self.search = Some(Pattern { regex, forward: true, offset: Offset::None });
        self.unlit = false;
    }

    /// How an operator takes the target of the last search along.
    pub(super) fn offset_kind(&self) -> Kind {
        match self.search.as_ref().map(|pattern| pattern.offset) {
            Some(Offset::End(_)) => Kind::Inclusive,
            Some(Offset::Lines(_)) => Kind::Linewise,
            _ => Kind::Exclusive,
        }
    }

    /// A match's place moved by the offset of the pattern.
    fn offset(&self, pattern: &Pattern, pos: Pos) -> Pos {
        let shift = |col: usize, by: isize| Pos { col: col.saturating_add_signed(by), ..pos };
        match pattern.offset {
            Offset::None => pos,
            Offset::Start(by) => shift(pos.col, by),
            Offset::End(by) => {
                let spans = self.spans(&pattern.regex, pos.row);
                let end =
                    spans.into_iter().find(|(from, _)| *from == pos.col).map_or(pos.col + 1, |(_, to)| to);
                shift(end.saturating_sub(1), by)
            }
            Offset::Lines(by) => {
                let row = pos.row.saturating_add_signed(by).min(self.buffer.last_row());
                Pos { row, col: self.buffer.indent(row) }
            }
        }
    }

    /// What was typed behind `/` or `?`.
    pub(super) fn search_line(&mut self, prompt: char, line: &str) {
        let (pattern, behind) = cut_at(line, prompt);
        let offset = Offset::parse(behind.as_deref().unwrap_or(""));
        if let (true, Some(last)) = (pattern.is_empty(), &mut self.search) {
            (last.forward, last.offset) = (prompt == '/', offset);
        }
        if !pattern.is_empty() {
            match self.compile(&pattern) {
                Some(regex) => self.search = Some(Pattern { regex, forward: prompt == '/', offset }),
                None => {
                    self.message = format!("E486: Pattern not found: {pattern}");
                    return;
                }
            }
        }
        match self.search_motion("n", 1) {
            Some(pos) => {
                self.marks.insert('\'', self.cursor);
                self.cursor = pos;
                self.settle();
            }
            None => self.message = format!("E486: Pattern not found: {pattern}"),
        }
    }

    /// Where `n`, `N`, `*` and `#` lead.
    pub(super) fn search_motion(&mut self, key: &str, times: usize) -> Option<Pos> {
        let mut pos = self.cursor;
        if key == "*" || key == "#" {
            let (start, word) = self.word_under_cursor()?;
            pos.col = start;
            let regex = self.compile(&format!("\\<{word}\\>"))?;
            self.search = Some(Pattern { regex, forward: key == "*", offset: Offset::None });
        }
        self.unlit = false;
        let pattern = self.search.clone()?;
        let forward = pattern.forward != (key == "N");
        if let Offset::Lines(_) = pattern.offset {
            // From the match's own line the next one is looked for behind it.
            pos.col = if forward { usize::MAX } else { 0 };
        }
        for _ in 0..times {
            pos = self.find(&pattern.regex, pos, forward)?;
        }
        Some(self.offset(&pattern, pos))
    }

    /// The word at or behind the cursor, and the column where it begins.
    fn word_under_cursor(&self) -> Option<(usize, String)> {
        let line = self.buffer.line(self.cursor.row);
        let is_word = |at: usize| line.get(at).is_some_and(|c| class(*c, false) == 1);
        let at = (self.cursor.col..line.len()).find(|at| is_word(*at))?;
        let start = (0..=at).rev().take_while(|at| is_word(*at)).last()?;
        Some((start, line.iter().skip(start).take_while(|c| class(**c, false) == 1).collect()))
    }

    /// The next match from a place, around the end of the text.
    pub(super) fn find(&self, regex: &Regexp, from: Pos, forward: bool) -> Option<Pos> {
        let rows = self.buffer.last_row() + 1;
        for step in 0..=rows {
            let row = if forward { (from.row + step) % rows } else { (from.row + rows - step % rows) % rows };
            let wrapped = step == rows || if forward { row < from.row } else { row > from.row };
            if wrapped && !self.settings.wrapscan {
                return None;
            }
            let hits = self.matches(regex, row);
            let fits = |col: &usize| step != 0 || if forward { *col > from.col } else { *col < from.col };
            let hit = if forward { hits.into_iter().find(fits) } else { hits.into_iter().rfind(fits) };
            if let Some(col) = hit {
                return Some(Pos { row, col });
            }
        }
        None
    }

    /// The columns of a line that match, from and behind.
    pub(super) fn spans(&self, regex: &Regexp, row: usize) -> Vec<(usize, usize)> {
        let text = self.buffer.string(row);
        let column = |at: usize| text.get(..at).map_or(0, |head| head.chars().count());
        regex.spans(&text).into_iter().map(|(from, to)| (column(from), column(to))).collect()
    }

    /// The columns where a line matches.
    fn matches(&self, regex: &Regexp, row: usize) -> Vec<usize> {
        self.spans(regex, row).into_iter().map(|(from, _)| from).collect()
    }
}

/// Cuts a text at the first delimiter that no backslash precedes; gives what stands before and behind.
pub(super) fn cut_at(text: &str, delimiter: char) -> (String, Option<String>) {
    let mut head = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == delimiter {
            return (head, Some(chars.collect()));
        }
        if c == '\\' {
            match chars.next() {
                Some(next) if next == delimiter && delimiter != '\\' => head.push(next),
                Some(next) => head.extend(['\\', next]),
                None => head.push('\\'),
            }
            continue;
        }
        head.push(c);
    }
    (head, None)
}
