//! Words of a script before expansion: quotes, `$…`, `${…}`, `$(…)`.

use std::sync::Arc;

use super::ast::{Operation, Part, Word};
use super::parse::{self, Parser};

impl Parser {
    /// The next word; `None` when an operator or the end stands here.
    pub(super) fn word(&mut self) -> Result<Option<Word>, String> {
        let mut parts = Word::new();
        let mut seen = false;
        while let Some(c) = self.peek() {
            if c.is_whitespace() || "();&|<>".contains(c) {
                break;
            }
            seen = true;
            self.at += 1;
            match c {
                '\'' => parts.push(Part::Text { text: self.until('\''), quoted: true }),
                '"' => {
                    parts.push(Part::Text { text: String::new(), quoted: true });
                    parts.extend(self.double_quoted(Some('"'))?);
                }
                '\\' => {
                    let text = self.peek().filter(|c| *c != '\n').map(String::from).unwrap_or_default();
                    self.at += 1;
                    parts.push(Part::Text { text, quoted: true });
                }
                '$' | '`' => parts.push(self.dollar(c, false)?),
                _ => push_text(&mut parts, c, false),
            }
        }
        Ok(seen.then_some(parts))
    }

    fn until(&mut self, end: char) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == end {
                break;
            }
            text.push(c);
        }
        text
    }

    pub(super) fn double_quoted(&mut self, end: Option<char>) -> Result<Word, String> {
        let mut parts = Word::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                _ if Some(c) == end => return Ok(parts),
                '\\' => {
                    let next = self.peek();
                    match next {
                        Some('\n') => self.at += 1,
                        Some(escaped @ ('$' | '`' | '"' | '\\')) => {
                            self.at += 1;
                            push_text(&mut parts, escaped, true);
                        }
                        _ => push_text(&mut parts, '\\', true),
                    }
                }
                '$' | '`' => parts.push(self.dollar(c, true)?),
                _ => push_text(&mut parts, c, true),
            }
        }
        match end {
            None => Ok(parts),
            Some(_) => Err("syntax error: unterminated quoted string".to_owned()),
        }
    }

    /// What follows a `$` or a backquote that was just passed.
    fn dollar(&mut self, sign: char, quoted: bool) -> Result<Part, String> {
        if sign == '`' {
            let text = self.until('`').replace("\\`", "`").replace("\\$", "$");
            return Ok(Part::Command { node: Arc::new(parse::script(&text)?), quoted });
        }
        if self.take("((") {
            return Ok(Part::Arithmetic { text: self.arithmetic() });
        }
        if self.take("(") {
            let node = self.list(&[])?;
            self.skip(true);
            if !self.take(")") {
                return Err(self.unexpected());
            }
            return Ok(Part::Command { node: Arc::new(node), quoted });
        }
        if self.take("{") {
            return self.braced(quoted);
        }
        let name = self.parameter_name();
        if name.is_empty() {
            return Ok(Part::Text { text: "$".into(), quoted });
        }
        Ok(Part::Parameter { name, operation: Operation::Value, quoted })
    }

    fn arithmetic(&mut self) -> String {
        let mut text = String::new();
        let mut open = 0;
        while let Some(c) = self.peek() {
            if open == 0 && self.take("))") {
                break;
            }
            open += i32::from(c == '(') - i32::from(c == ')');
            text.push(c);
            self.at += 1;
        }
        text
    }

    fn parameter_name(&mut self) -> String {
        match self.peek() {
            Some(c) if "?#@*$!-".contains(c) || c.is_ascii_digit() => {
                self.at += 1;
                c.to_string()
            }
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let name: String =
                    rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
                self.at += name.chars().count();
                name
            }
        }
    }

    fn braced(&mut self, quoted: bool) -> Result<Part, String> {
        let length = self.looking_at("#") && !self.looking_at("#}");
        if length {
            self.at += 1;
        }
        let name = self.parameter_name();
        let operation = if length { Operation::Length } else { self.operation()? };
        if !self.take("}") {
            return Err("bad substitution".to_owned());
        }
        Ok(Part::Parameter { name, operation, quoted })
    }

    fn operation(&mut self) -> Result<Operation, String> {
        for (sign, from_end, longest) in
            [("##", false, true), ("#", false, false), ("%%", true, true), ("%", true, false)]
        {
            if self.take(sign) {
                return Ok(Operation::Trim { from_end, longest, pattern: self.brace_word()? });
            }
        }
        let or_empty = self.take(":");
        match self.peek() {
            Some(sign @ ('-' | '=' | '+' | '?')) => {
                self.at += 1;
                Ok(Operation::Otherwise { sign, or_empty, word: self.brace_word()? })
            }
            _ => Ok(Operation::Value),
        }
    }

    /// The word inside `${…}`, up to its closing brace.
    fn brace_word(&mut self) -> Result<Word, String> {
        let mut parts = Word::new();
        while let Some(c) = self.peek().filter(|c| *c != '}') {
            self.at += 1;
            match c {
                '\'' => parts.push(Part::Text { text: self.until('\''), quoted: true }),
                '"' => parts.extend(self.double_quoted(Some('"'))?),
                '$' | '`' => parts.push(self.dollar(c, true)?),
                _ => push_text(&mut parts, c, true),
            }
        }
        Ok(parts)
    }
}

fn push_text(parts: &mut Word, c: char, quoted: bool) {
    match parts.last_mut() {
        Some(Part::Text { text, quoted: before }) if *before == quoted => text.push(c),
        _ => parts.push(Part::Text { text: c.to_string(), quoted }),
    }
}
