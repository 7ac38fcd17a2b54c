//! Replacements of `:s`: filling them in, and cutting a command at them.

use super::search::Use;
use super::substitute::Flags;

/// The replacement with groups and cases filled in; `None` is a line end.
pub(super) fn filled(with: &str, magic: bool, group: impl Fn(usize) -> String) -> Vec<Option<char>> {
    let mut out: Vec<Option<char>> = Vec::new();
    let (mut once, mut always): (Option<char>, Option<char>) = (None, None);
    let mut chars = with.chars();
    while let Some(c) = chars.next() {
        let mut is_group = false;
        let part: String = match c {
            '&' if magic => {
                is_group = true;
                group(0)
            }
            '\\' => match chars.next() {
                Some('&') if magic => "&".into(),
                Some('&') => {
                    is_group = true;
                    group(0)
                }
                Some(digit) if digit.is_ascii_digit() => {
                    is_group = true;
                    group(digit as usize - '0' as usize)
                }
                Some('n') => "\0".into(),
                Some('r') => {
                    out.push(None);
                    continue;
                }
                Some('t') => "\t".into(),
                Some('b') => "\x08".into(),
                Some(letter @ ('u' | 'l')) => {
                    once = Some(letter);
                    continue;
                }
                Some(letter @ ('U' | 'L')) => {
                    always = Some(letter);
                    continue;
                }
                Some('e' | 'E') => {
                    (once, always) = (None, None);
                    continue;
                }
                Some(other) => other.into(),
                None => "\\".into(),
            },
            '\r' => {
                out.push(None);
                continue;
            }
            c => c.into(),
        };
        for letter in part.chars() {
            if letter == '\n' && is_group {
                out.push(None);
                continue;
            }
            let upper = |c: char| c.to_uppercase().next().unwrap_or(c);
            let lower = |c: char| c.to_lowercase().next().unwrap_or(c);
            out.push(Some(match once.take().or(always) {
                Some('u' | 'U') => upper(letter),
                Some(_) => lower(letter),
                None => letter,
            }));
        }
    }
    out
}

/// The text so far with a replacement behind it, cut at line ends: what goes on, and the whole lines before.
pub(super) fn split_rows(begun: Vec<char>, text: Vec<Option<char>>) -> (Vec<char>, Vec<Vec<char>>) {
    let mut rows = Vec::new();
    let mut now = begun;
    for letter in text {
        match letter {
            Some(letter) => now.push(letter),
            None => rows.push(std::mem::take(&mut now)),
        }
    }
    (now, rows)
}

/// The replacement up to the next delimiter, and what stands behind.
pub(super) fn cut_with(text: &str, sign: char) -> (String, String) {
    let mut head = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == sign {
            return (head, chars.collect());
        }
        head.push(c);
        if c == '\\' {
            match chars.next() {
                Some(next) if next == sign && sign != '&' => {
                    head.pop();
                    head.push(next);
                }
                Some(next) => head.push(next),
                None => {}
            }
        }
    }
    // A bar ends the command where no delimiter follows.
    match bar(&head) {
        Some(at) => (head[..at].to_owned(), head[at..].to_owned()),
        None => (head, String::new()),
    }
}

pub(super) fn bar(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find(|at| bytes[*at] == b'|' && (*at == 0 || !matches!(bytes[at - 1], b'\\' | 0x16)))
}

pub(super) fn read_flags<'t>(text: &'t str, flags: &mut Flags, which: &mut Use) -> &'t str {
    let mut rest = text;
    while let Some(flag) = rest.chars().next() {
        match flag {
            'g' => flags.all = !flags.all,
            'c' => flags.asks = !flags.asks,
            'n' => flags.counts = true,
            'e' => flags.complains = !flags.complains,
            'r' => *which = Use::Last,
            'i' => flags.ignore = Some(true),
            'I' => flags.ignore = Some(false),
            'p' | '#' | 'l' => {}
            _ => break,
        }
        rest = &rest[1..];
    }
    if flags.counts {
        flags.asks = false;
    }
    rest
}
