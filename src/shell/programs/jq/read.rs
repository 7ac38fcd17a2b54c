//! Reads JSON texts one after the other, and tells what is wrong with one by line and column, as jq counts them.

use std::sync::Arc;

use super::number::Number;
use super::value::{List, Object, Val};

/// Levels of arrays and objects that a text may have.
const LEVELS_MAX: usize = 256;

/// Begins a text of a sequence (`--seq`).
const SEPARATOR: u8 = 0x1e;

/// What is open while a text is read.
enum Open {
    List(List),
    Object(Object),
    Key(Arc<String>),
}

/// The texts of an input.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    column: usize,
    open: Vec<Open>,
    next: Option<Val>,
    token: Vec<u8>,
    sequence: bool,
    ended: bool,
}

/// The one value of a text, or what is wrong with it.
pub(super) fn single(text: &str) -> Result<Val, String> {
    let mut reader = Reader::new(text.as_bytes(), false);
    let because = |why: String| format!("{why} (while parsing '{text}')");
    let Some(first) = reader.next() else { return Err(because("Expected JSON value".into())) };
    let first = first.map_err(because)?;
    match reader.next() {
        None => Ok(first),
        Some(Err(why)) => Err(because(why)),
        Some(Ok(_)) => Err(because("Unexpected extra JSON values".into())),
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], sequence: bool) -> Self {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        Self {
            bytes,
            at: 0,
            line: 1,
            column: 0,
            open: Vec::new(),
            next: None,
            token: Vec::new(),
            sequence,
            ended: false,
        }
    }

    /// How many lines were begun to be read and have an end: texts are read line by line.
    pub(super) fn lines(&self) -> usize {
        let until = self.bytes.get(self.at.saturating_sub(1)..).unwrap_or_default();
        let whole = until.iter().position(|byte| *byte == b'\n').map_or(self.bytes.len(), |at| self.at + at);
        self.bytes.get(..whole).unwrap_or(self.bytes).iter().filter(|byte| **byte == b'\n').count()
    }

    fn step(&mut self, byte: u8) -> Result<Option<Val>, &'static str> {
        self.column += 1;
        if byte == b'\n' {
            self.line += 1;
            self.column = 0;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => self.literal()?,
            b'"' => {
                self.literal()?;
                if let Some(done) = self.done() {
                    // The string is looked at again.
                    self.at -= 1;
                    self.column -= 1;
                    return Ok(Some(done));
                }
                self.string()?;
            }
            b'[' | b'{' | b':' | b',' | b']' | b'}' => {
                self.literal()?;
                if let Some(done) = self.done() {
                    self.at -= 1;
                    self.column -= 1;
                    return Ok(Some(done));
                }
                self.structure(byte)?;
            }
            SEPARATOR if self.sequence => self.literal()?,
            _ => self.token.push(byte),
        }
        Ok(self.done())
    }

    fn done(&mut self) -> Option<Val> {
        if self.open.is_empty() { self.next.take() } else { None }
    }

    fn value(&mut self, value: Val) -> Result<(), &'static str> {
        if self.next.is_some() {
            return Err("Expected separator between values");
        }
        self.next = Some(value);
        Ok(())
    }

    fn literal(&mut self) -> Result<(), &'static str> {
        let token = std::mem::take(&mut self.token);
        let value = match (token.first(), token.get(1)) {
            (None, _) => return Ok(()),
            (Some(b't'), _) => (token == b"true").then_some(Val::Bool(true)).ok_or("Invalid literal")?,
            (Some(b'f'), _) => (token == b"false").then_some(Val::Bool(false)).ok_or("Invalid literal")?,
            (Some(b'n'), Some(b'u')) => (token == b"null").then_some(Val::Null).ok_or("Invalid literal")?,
            _ => {
                let number = std::str::from_utf8(&token).ok().and_then(Number::read);
                Val::Num(number.ok_or("Invalid numeric literal")?)
            }
        };
        self.value(value)
    }

    /// Reads on behind an opening quote.
    fn string(&mut self) -> Result<(), &'static str> {
        let start = self.at;
        loop {
            let Some(byte) = self.bytes.get(self.at) else { return Err("") };
            self.at += 1;
            self.column += 1;
            match byte {
                b'"' => break,
                b'\n' => {
                    self.line += 1;
                    self.column = 0;
                }
                b'\\' => {
                    if self.bytes.get(self.at).is_none() {
                        return Err("");
                    }
                    self.at += 1;
                    self.column += 1;
                }
                _ => {}
            }
        }
        let raw = self.bytes.get(start..self.at - 1).unwrap_or_default();
        let text = unescaped(raw)?;
        self.value(Val::text(text))
    }

    fn structure(&mut self, byte: u8) -> Result<(), &'static str> {
        match byte {
            b'[' | b'{' => {
                if self.open.len() >= LEVELS_MAX {
                    return Err("Exceeds depth limit for parsing");
                }
                if self.next.is_some() {
                    return Err("Expected separator between values");
                }
                self.open.push(match byte {
                    b'[' => Open::List(List::default()),
                    _ => Open::Object(Object::default()),
                });
                Ok(())
            }
            b':' => self.colon(),
            b',' => self.comma(),
            b']' => self.close_list(),
            _ => self.close_object(),
        }
    }

    fn colon(&mut self) -> Result<(), &'static str> {
        let key = self.next.take().ok_or("Expected string key before ':'")?;
        if !matches!(self.open.last(), Some(Open::Object(_))) {
            return Err("':' not as part of an object");
        }
        let Val::Str(key) = key else { return Err("Object keys must be strings") };
        self.open.push(Open::Key(key));
        Ok(())
    }

    fn comma(&mut self) -> Result<(), &'static str> {
        let value = self.next.take().ok_or("Expected value before ','")?;
        match self.open.last_mut() {
            None => Err("',' not as part of an object or array"),
            Some(Open::List(list)) => {
                list.push(value);
                Ok(())
            }
            Some(Open::Key(_)) => {
                self.member(value);
                Ok(())
            }
            Some(Open::Object(_)) => Err("Objects must consist of key:value pairs"),
        }
    }

    fn member(&mut self, value: Val) {
        if let Some(Open::Key(key)) = self.open.pop()
            && let Some(Open::Object(object)) = self.open.last_mut()
        {
            object.put(key, value);
        }
    }

    fn close_list(&mut self) -> Result<(), &'static str> {
        let Some(Open::List(mut list)) = self.open.pop() else { return Err("Unmatched ']'") };
        match self.next.take() {
            Some(value) => list.push(value),
            None if !list.items().is_empty() => return Err("Expected another array element"),
            None => {}
        }
        self.next = Some(Val::Arr(Arc::new(list)));
        Ok(())
    }

    fn close_object(&mut self) -> Result<(), &'static str> {
        if self.open.is_empty() {
            return Err("Unmatched '}'");
        }
        match self.next.take() {
            Some(value) => {
                if !matches!(self.open.last(), Some(Open::Key(_))) {
                    return Err("Objects must consist of key:value pairs");
                }
                self.member(value);
            }
            None => match self.open.last() {
                Some(Open::Object(object)) if object.len() > 0 => {
                    return Err("Expected another key-value pair");
                }
                Some(Open::Object(_)) => {}
                _ => return Err("Unmatched '}'"),
            },
        }
        if let Some(Open::Object(object)) = self.open.pop() {
            self.next = Some(Val::object(object));
        }
        Ok(())
    }

    fn end(&mut self) -> Option<Result<Val, String>> {
        self.ended = true;
        let (line, column) = (self.line, self.column);
        let at_end = |why: &str| Some(Err(format!("{why} at EOF at line {line}, column {column}")));
        if let Err(why) = self.literal() {
            return at_end(why);
        }
        if !self.open.is_empty() {
            return at_end("Unfinished JSON term");
        }
        self.next.take().map(Ok)
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Val, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += 1;
            match self.step(*byte) {
                Ok(None) => {}
                Ok(Some(value)) => return Some(Ok(value)),
                Err(why) => {
                    self.ended = true;
                    let (line, column) = (self.line, self.column);
                    return Some(Err(match why {
                        "" => format!("Unfinished string at EOF at line {line}, column {column}"),
                        why => format!("{why} at line {line}, column {column}"),
                    }));
                }
            }
        }
        self.end()
    }
}

/// The text of a string between its quotes.
pub(super) fn unescaped(raw: &[u8]) -> Result<String, &'static str> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw.iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' => {
                let escape = rest.next().ok_or("Expected escape character at end of string")?;
                let plain = match escape {
                    b'"' | b'\\' | b'/' => escape,
                    b'b' => 8,
                    b'f' => 12,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'u' => {
                        let c = code_point(&mut rest)?;
                        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                        continue;
                    }
                    _ => return Err("Invalid escape"),
                };
                out.push(plain);
            }
            0..=0x1f => {
                return Err("Invalid string: control characters from U+0000 through U+001F must be escaped");
            }
            _ => out.push(byte),
        }
    }
    Ok(String::from_utf8(out).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned()))
}

fn unit(rest: &mut impl Iterator<Item = u8>) -> Result<u32, &'static str> {
    let digits: Vec<u8> = rest.by_ref().take(4).collect();
    if digits.len() < 4 {
        return Err("Invalid \\uXXXX escape");
    }
    let text = std::str::from_utf8(&digits).unwrap_or_default();
    u32::from_str_radix(text, 16).map_err(|_| "Invalid characters in \\uXXXX escape")
}

fn code_point(rest: &mut (impl Iterator<Item = u8> + Clone)) -> Result<char, &'static str> {
    let high = unit(rest)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    let mut ahead = rest.clone();
    if ahead.next() != Some(b'\\') || ahead.next() != Some(b'u') {
        return Err("Invalid \\uXXXX\\uXXXX surrogate pair escape");
    }
    let low = unit(&mut ahead)?;
    if !(0xdc00..0xe000).contains(&low) {
        return Err("Invalid \\uXXXX\\uXXXX surrogate pair escape");
    }
    *rest = ahead;
    let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::programs::jq::write;

    fn said(text: &str) -> String {
        let read = Reader::new(text.as_bytes(), false);
        let shown: Vec<String> = read.map(|it| it.map_or_else(|why| why, |it| write::compact(&it))).collect();
        shown.join(" | ")
    }

    #[test]
    fn mistakes_are_told_by_line_and_column() {
        insta::assert_snapshot!(["{\"a\":1}}", "[1,2", "nope", "{'a':1}", "{\"a\" 1}", "[1,]", "x\n", "\"a", "1 [] \"b\"2", "[1,2}", "\"\\x\""]
            .map(said).join("\n"), @r#"
        {"a":1} | Unmatched '}' at line 1, column 8
        Unfinished JSON term at EOF at line 1, column 4
        Invalid numeric literal at EOF at line 1, column 4
        Invalid numeric literal at line 1, column 5
        Expected separator between values at line 1, column 7
        Expected another array element at line 1, column 4
        Invalid numeric literal at line 2, column 0
        Unfinished string at EOF at line 1, column 2
        1 | [] | "b" | 2
        Objects must consist of key:value pairs at line 1, column 5
        Invalid escape at line 1, column 4
        "#);
    }

    #[test]
    fn lines_are_those_that_were_read() {
        let text = b"{\n\"a\": 1\n}\n[2]\n3";
        let mut reader = Reader::new(text, false);
        let mut lines = Vec::new();
        while reader.next().is_some() {
            lines.push(reader.lines());
        }
        assert_eq!(lines, [3, 4, 4]);
    }
}
