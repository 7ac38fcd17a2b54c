//! Text to nodes.

use std::sync::LazyLock;

use regex::Regex;

use super::{Node, Slice};

/// Filters and unions inside each other; more is a mistake, or an attempt on the stack.
const DEPTH_MAX: usize = 64;

/// The nodes of a template: texts, and a list for each action.
pub(super) fn template(text: &str) -> Result<Vec<Node>, String> {
    nested(text, 0)
}

fn nested(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    if depth > DEPTH_MAX {
        return Err("unclosed action".to_owned());
    }
    let mut parser = Parser { input: text.chars().collect(), at: 0, depth };
    let mut nodes = Vec::new();
    while parser.at < parser.input.len() {
        if parser.peek() == Some('{') {
            parser.at += 1;
            let mut list = Vec::new();
            parser.action(&mut list)?;
            nodes.push(Node::List(list));
        } else {
            let text = parser.take_until(|c| c == '{');
            nodes.push(Node::Text(text));
        }
    }
    Ok(nodes)
}

/// The nodes of one action whose braces are not in `text`.
fn action_of(text: &str, depth: usize) -> Result<Vec<Node>, String> {
    match nested(&format!("{{{text}}}"), depth)?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

struct Parser {
    input: Vec<char>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.input.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn starts_with(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(at, c)| self.input.get(self.at + at) == Some(&c))
    }

    fn take_until(&mut self, stop: fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| !stop(*c)) {
            text.push(c);
            self.at += 1;
        }
        text
    }

    fn text_from(&self, start: usize) -> String {
        self.input.get(start..self.at).unwrap_or(&[]).iter().collect()
    }

    /// Everything up to the closing brace.
    fn action(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        loop {
            if self.starts_with("}") {
                self.at += 1;
                return Ok(());
            }
            if self.starts_with("[?(") {
                self.filter(nodes)?;
                continue;
            }
            if self.starts_with("..") {
                self.recursive(nodes)?;
                continue;
            }
            let start = self.at;
            match self.next() {
                None | Some('\n' | '\r') => return Err("unclosed action".to_owned()),
                Some(' ' | '@' | '$') => {}
                Some('[') => self.array(nodes, start)?,
                Some(quote @ ('"' | '\'')) => self.quoted(nodes, start, quote)?,
                Some('.') => self.field(nodes),
                Some(c) if c == '+' || c == '-' || c.is_numeric() => self.number(nodes, start)?,
                Some(c) if c == '_' || c.is_alphabetic() => {
                    self.at = start;
                    let name = self.take_until(is_terminator);
                    nodes.push(match name.as_str() {
                        "true" => Node::Bool(true),
                        "false" => Node::Bool(false),
                        _ => Node::Identifier(name),
                    });
                }
                Some(c) => {
                    let code = u32::from(c);
                    return Err(format!("unrecognized character in action: U+{code:04X} '{c}'"));
                }
            }
        }
    }

    fn recursive(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        if nodes.last() == Some(&Node::Recursive) {
            return Err("invalid multiple recursive descent".to_owned());
        }
        self.at += 2;
        nodes.push(Node::Recursive);
        if self.peek().is_some_and(|c| c == '_' || c.is_alphanumeric()) {
            self.field(nodes);
        }
        Ok(())
    }

    fn field(&mut self, nodes: &mut Vec<Node>) {
        let mut name = String::new();
        while let Some(c) = self.peek() {
            if c == '\\' {
                self.at += 1;
                name.extend(self.next());
                continue;
            }
            if is_terminator(c) {
                break;
            }
            name.push(c);
            self.at += 1;
        }
        nodes.push(if name == "*" { Node::Wildcard } else { Node::Field(name.replace('\\', "")) });
    }

    fn number(&mut self, nodes: &mut Vec<Node>, start: usize) -> Result<(), String> {
        self.take_until(|c| c != '.' && !c.is_numeric());
        let text = self.text_from(start);
        if let Ok(number) = text.parse::<i64>() {
            nodes.push(Node::Int(number));
        } else if let Ok(number) = text.parse::<f64>() {
            nodes.push(Node::Float(number));
        } else {
            return Err(format!("cannot parse number {text}"));
        }
        Ok(())
    }

    fn quoted(&mut self, nodes: &mut Vec<Node>, start: usize, quote: char) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == quote && self.input.get(self.at.wrapping_sub(2)) != Some(&'\\') => break,
                Some(_) => {}
            }
        }
        let text = self.text_from(start);
        let Some(value) = unquote(&text, quote) else {
            return Err(format!("unquote string {text} error invalid syntax"));
        };
        nodes.push(Node::Text(value));
        Ok(())
    }

    fn array(&mut self, nodes: &mut Vec<Node>, start: usize) -> Result<(), String> {
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated array".to_owned()),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = self.text_from(start);
        let inner = text.trim_start_matches('[');
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        let inner = if inner == "*" { ":" } else { inner };
        if inner.contains(',') {
            let parts = inner
                .split(',')
                .map(|part| action_of(&format!("[{}]", part.trim_matches(' ')), self.depth + 1));
            nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        if let Some(key) = inner
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''))
            .filter(|key| !key.contains('\''))
        {
            nodes.extend(action_of(&format!(".{key}"), self.depth + 1)?);
            return Ok(());
        }
        nodes.push(Node::Array(slice(inner)?));
        Ok(())
    }

    fn filter(&mut self, nodes: &mut Vec<Node>) -> Result<(), String> {
        self.at += 3;
        let start = self.at;
        let (mut open, mut closed) = (None, false);
        loop {
            match self.next() {
                None | Some('\n') => return Err("unterminated filter".to_owned()),
                Some(quote @ ('"' | '\'')) => match open {
                    None => open = Some(quote),
                    Some(pair) => {
                        let escaped = self.input.get(self.at.wrapping_sub(2)) == Some(&'\\');
                        closed |= !escaped && pair == quote;
                    }
                },
                Some(')') if open.is_some() == closed => break,
                Some(_) => {}
            }
        }
        let end = self.at - 1;
        if self.next() != Some(']') {
            return Err("unclosed array expect ]".to_owned());
        }
        let text: String = self.input.get(start..end).unwrap_or(&[]).iter().collect();
        nodes.push(comparison(&text, self.depth + 1)?);
        Ok(())
    }
}

fn comparison(text: &str, depth: usize) -> Result<Node, String> {
    static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^([^!<>=]+)([!<>=]+)(.+?)$").ok());
    let found = FORM.as_ref().and_then(|form| form.captures(text));
    let part = |at: usize| found.as_ref().and_then(|it| it.get(at)).map(|it| it.as_str());
    match (part(1), part(2), part(3)) {
        (Some(left), Some(operator), Some(right)) => Ok(Node::Filter {
            left: action_of(left, depth)?,
            right: action_of(right, depth)?,
            operator: operator.to_owned(),
        }),
        _ => {
            let left = action_of(text, depth)?;
            Ok(Node::Filter { left, right: Vec::new(), operator: "exists".to_owned() })
        }
    }
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

/// `1`, `1:3`, `::2`, `-1:` …
fn slice(text: &str) -> Result<Slice, String> {
    static FORM: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(-?[0-9]*)(:-?[0-9]*)?(:-?[0-9]*)?$").ok());
    let Some(found) = FORM.as_ref().and_then(|form| form.captures(text)) else {
        return Err(format!("invalid array index {text}"));
    };
    let number = |at: usize| -> Result<Option<i64>, String> {
        let digits = found.get(at).map_or("", |it| it.as_str()).trim_start_matches(':');
        if digits.is_empty() {
            return Ok(None);
        }
        digits.parse().map(Some).map_err(|_| format!("array index {digits} is not a number"))
    };
    let (from, to, step) = (number(1)?, number(2)?, number(3)?);
    if found.get(2).is_none() {
        let to = from.unwrap_or(0).saturating_add(1);
        return Ok(Slice { from, to: Some(to), to_is_derived: true, step });
    }
    Ok(Slice { from, to, to_is_derived: false, step })
}

/// A quoted Go string in either kind of quotes.
fn unquote(text: &str, quote: char) -> Option<String> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut out = String::new();
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => out.push(escape(&mut rest, quote)?),
            c if c == quote => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// The character of a Go escape sequence whose backslash is read already.
pub(in crate::apimachinery) fn escape(rest: &mut std::str::Chars<'_>, quote: char) -> Option<char> {
    let hex = |rest: &mut std::str::Chars<'_>, count: usize| -> Option<char> {
        let digits: String = rest.by_ref().take(count).collect();
        if digits.chars().count() < count {
            return None;
        }
        char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
    };
    match rest.next()? {
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        '\\' => Some('\\'),
        'x' => hex(rest, 2),
        'u' => hex(rest, 4),
        'U' => hex(rest, 8),
        first @ '0'..='7' => {
            let digits: String = std::iter::once(first).chain(rest.by_ref().take(2)).collect();
            char::from_u32(u32::from_str_radix(&digits, 8).ok().filter(|it| *it < 256)?)
        }
        c if c == quote => Some(c),
        _ => None,
    }
}
