//! Template text to texts, and action text to tokens.

use crate::apimachinery::json::Value;
use crate::apimachinery::jsonpath::escape;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    /// The inside of `{{…}}` without trim marks, and where it starts.
    Action {
        text: String,
        at: usize,
    },
}

/// Cuts a template into texts and actions.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, (usize, String)> {
    let mut all = Vec::new();
    let mut at = 0;
    let mut trim_next = false;
    while let Some(rest) = text.get(at..) {
        let Some(open) = rest.find("{{") else {
            push_text(&mut all, if trim_next { trim_start(rest) } else { rest });
            break;
        };
        let before = rest.get(..open).unwrap_or("");
        let mut start = at + open + 2;
        let after = text.get(start..).unwrap_or("");
        let trims = after.starts_with('-') && after[1..].starts_with([' ', '\t', '\r', '\n']);
        let before = if trim_next { trim_start(before) } else { before };
        push_text(&mut all, if trims { trim_end(before) } else { before });
        if trims {
            start += 2;
        }
        let inside = text.get(start..).unwrap_or("");
        let (length, skip, trim) = if inside.trim_start().starts_with("/*") {
            comment(inside).ok_or((start, "unclosed comment".to_owned()))?
        } else {
            let (length, skip, trim) = action_end(inside).map_err(|why| (start, why))?;
            let text = inside.get(..length).unwrap_or("").to_owned();
            all.push(Piece::Action { text, at: start });
            (length, skip, trim)
        };
        trim_next = trim;
        at = start + length + skip;
    }
    Ok(all)
}

fn push_text(all: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        all.push(Piece::Text(text.to_owned()));
    }
}

fn trim_start(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\r', '\n'])
}

fn trim_end(text: &str) -> &str {
    text.trim_end_matches([' ', '\t', '\r', '\n'])
}

/// Length of the comment, of what closes it, and whether it trims.
fn comment(inside: &str) -> Option<(usize, usize, bool)> {
    let end = inside.find("*/")? + 2;
    let rest = inside.get(end..)?;
    if rest.starts_with("}}") {
        return Some((end, 2, false));
    }
    let dash = rest.trim_start();
    dash.starts_with("-}}").then(|| (end, rest.len() - dash.len() + 3, true))
}

/// Where an action ends: quotes are looked through.
fn action_end(inside: &str) -> Result<(usize, usize, bool), String> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        let rest = inside.get(at..).unwrap_or("");
        match quote {
            Some('`') if c == '`' => quote = None,
            Some('`') => {}
            Some(_) if c == '\n' => return Err("unterminated quoted string".to_owned()),
            Some(open) => {
                if !escaped && c == open {
                    quote = None;
                }
                escaped = !escaped && c == '\\';
            }
            None if rest.starts_with("}}") => return Ok((at, 2, false)),
            None if matches!(c, ' ' | '\t' | '\r' | '\n') && rest[1..].starts_with("-}}") => {
                return Ok((at, 4, true));
            }
            None if matches!(c, '"' | '`' | '\'') => quote = Some(c),
            None => {}
        }
    }
    match quote {
        Some('`') => Err("unterminated raw quoted string".to_owned()),
        Some('\'') => Err("unterminated character constant".to_owned()),
        Some(_) => Err("unterminated quoted string".to_owned()),
        None => Err("unclosed action".to_owned()),
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// `if`, `index`, `true` …
    Name(String),
    /// `.a`, or `.` alone with an empty name.
    Field(String),
    /// `$x`
    Variable(String),
    Literal(Value),
    /// `(`, `)`, `|`, `,`, `=`, `:=`
    Mark(&'static str),
    Space,
}

/// A token and the part of the action that it is.
pub(super) type Placed = (Token, std::ops::Range<usize>);

/// Cuts the inside of an action into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, String> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (token, length) = token(rest)?;
        all.push((token, at..at + length));
        at += length;
    }
    Ok(all)
}

const MARKS: &[&str] = &[":=", "(", ")", "|", ",", "="];

fn token(rest: &str) -> Result<(Token, usize), String> {
    let first = rest.chars().next().unwrap_or(' ');
    if first.is_whitespace() {
        return Ok((Token::Space, rest.len() - rest.trim_start().len()));
    }
    if let Some(mark) = MARKS.iter().find(|mark| rest.starts_with(**mark)) {
        return Ok((Token::Mark(mark), mark.len()));
    }
    let digit_next = rest.get(1..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    match first {
        '"' => quoted(rest),
        '`' => {
            let end = rest[1..].find('`').unwrap_or(rest.len() - 1);
            let inner = rest.get(1..=end).unwrap_or("");
            Ok((Token::Literal(inner.into()), (end + 2).min(rest.len())))
        }
        '\'' => character(rest),
        '+' | '-' => number(rest),
        c if c.is_ascii_digit() || (c == '.' && digit_next) => number(rest),
        '.' => {
            let length = word_length(&rest[1..]);
            Ok((Token::Field(rest[1..=length].to_owned()), length + 1))
        }
        '$' => {
            let length = word_length(&rest[1..]) + 1;
            Ok((Token::Variable(rest[..length].to_owned()), length))
        }
        c if is_word(c) => {
            let length = word_length(rest);
            Ok((Token::Name(rest[..length].to_owned()), length))
        }
        c => Err(format!("unexpected {} in command", crate::apimachinery::go::quote(&c.to_string()))),
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn word_length(text: &str) -> usize {
    text.find(|c| !is_word(c)).unwrap_or(text.len())
}

fn quoted(rest: &str) -> Result<(Token, usize), String> {
    let mut out = String::new();
    let mut chars = rest[1..].chars();
    loop {
        match chars.next() {
            None => return Err("unterminated quoted string".to_owned()),
            Some('"') => break,
            Some('\\') => out.push(escape(&mut chars, '"').ok_or("invalid syntax")?),
            Some(c) => out.push(c),
        }
    }
    Ok((Token::Literal(out.into()), rest.len() - chars.as_str().len()))
}

/// `'a'` is the number of the character.
fn character(rest: &str) -> Result<(Token, usize), String> {
    let mut chars = rest[1..].chars();
    let c = match chars.next() {
        Some('\\') => escape(&mut chars, '\'').ok_or("invalid syntax")?,
        Some(c) => c,
        None => return Err("unterminated character constant".to_owned()),
    };
    if chars.next() != Some('\'') {
        return Err("malformed character constant".to_owned());
    }
    Ok((Token::Literal(u32::from(c).into()), rest.len() - chars.as_str().len()))
}

fn number(rest: &str) -> Result<(Token, usize), String> {
    let sign = usize::from(rest.starts_with(['+', '-']));
    let mut length = sign;
    for (at, c) in rest.char_indices().skip(sign) {
        let exponent = matches!(c, '+' | '-') && rest[..at].ends_with(['e', 'E']) && !rest.contains("0x");
        if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || exponent) {
            break;
        }
        length = at + 1;
    }
    let text = &rest[..length];
    let bare = text.replace('_', "");
    let unsigned = bare.trim_start_matches(['+', '-']).to_ascii_lowercase();
    let radix = |prefix: &str, base: u32| {
        let value = i64::from_str_radix(unsigned.strip_prefix(prefix)?, base).ok()?;
        Some(if bare.starts_with('-') { -value } else { value })
    };
    let value = radix("0x", 16)
        .or_else(|| radix("0o", 8))
        .or_else(|| radix("0b", 2))
        .or_else(|| bare.parse::<i64>().ok())
        .map(Value::from)
        .or_else(|| bare.parse::<f64>().ok().map(Value::from));
    match value {
        Some(value) => Ok((Token::Literal(value), length)),
        None => Err(format!("bad number syntax: {}", crate::apimachinery::go::quote(text))),
    }
}
