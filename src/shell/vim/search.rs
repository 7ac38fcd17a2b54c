//! Patterns and searching.

use regex::Regex;

use super::words::class;
use super::{Editor, Pos};

/// A pattern as typed, ready to use.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) regex: Regex,
    /// True for `/`, false for `?`.
    forward: bool,
}

/// A vim pattern in the language of the regex crate.
pub(super) fn translate(pattern: &str) -> (String, bool) {
    let mut out = String::new();
    let mut ignore_case = false;
    let mut very = false;
    let mut chars = pattern.chars().peekable();
    let mut first = true;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('c') => ignore_case = true,
                Some('v') => very = true,
                Some('C' | 'm') => {}
                Some(letter) => out.push_str(&escaped(letter, very)),
                None => out.push_str("\\\\"),
            },
            '[' => class_of(&mut chars, &mut out),
            '*' if first => out.push_str("\\*"),
            '^' if !first && !very => out.push_str("\\^"),
            '<' | '>' if very => out.push_str("\\b"),
            '=' if very => out.push('?'),
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
    pub(super) fn compile(&self, pattern: &str) -> Option<Regex> {
        let (text, ignore) = translate(pattern);
        let smart = self.settings.smartcase && pattern.chars().any(char::is_uppercase);
        let ignore = ignore || self.settings.ignorecase && !smart;
        regex::RegexBuilder::new(&text).case_insensitive(ignore).build().ok()
    }

    /// What was typed behind `/` or `?`.
    pub(super) fn search_line(&mut self, prompt: char, line: &str) {
        let pattern = cut_at(line, prompt).0;
        if !pattern.is_empty() {
            match self.compile(&pattern) {
                Some(regex) => self.search = Some(Pattern { regex, forward: prompt == '/' }),
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
            self.search = Some(Pattern { regex, forward: key == "*" });
        }
        self.unlit = false;
        let pattern = self.search.clone()?;
        let forward = pattern.forward != (key == "N");
        for _ in 0..times {
            pos = self.find(&pattern.regex, pos, forward)?;
        }
        Some(pos)
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
    pub(super) fn find(&self, regex: &Regex, from: Pos, forward: bool) -> Option<Pos> {
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
    pub(super) fn spans(&self, regex: &Regex, row: usize) -> Vec<(usize, usize)> {
        let text = self.buffer.string(row);
        let column = |at: usize| text.get(..at).map_or(0, |head| head.chars().count());
        regex.find_iter(&text).map(|found| (column(found.start()), column(found.end()))).collect()
    }

    /// The columns where a line matches.
    fn matches(&self, regex: &Regex, row: usize) -> Vec<usize> {
        let text = self.buffer.string(row);
        let column = |at: usize| text.get(..at).map_or(0, |head| head.chars().count());
        regex.find_iter(&text).map(|found| column(found.start())).collect()
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
