//! What Go's `encoding/json` says about text that is no JSON.

/// The sentence of Go's scanner; `None` for text that is JSON.
pub(crate) fn syntax_error(bytes: &[u8]) -> Option<String> {
    let mut scanner = Scanner { bytes, at: 0 };
    scanner.document().err().map(|wrong| match wrong {
        Wrong::End => "unexpected end of JSON input".to_owned(),
        Wrong::Byte(byte, context) => format!("invalid character {} {context}", shown(byte)),
    })
}

enum Wrong {
    End,
    Byte(u8, String),
}

type Step = Result<(), Wrong>;

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Go's `quoteChar`.
fn shown(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => r#"'"'"#.to_owned(),
        _ => {
            let quoted = super::go::quote(&char::from(byte).to_string());
            let inner = quoted.strip_prefix('"').and_then(|it| it.strip_suffix('"')).unwrap_or(&quoted);
            format!("'{inner}'")
        }
    }
}

impl Scanner<'_> {
    fn peek(&self) -> Result<u8, Wrong> {
        self.bytes.get(self.at).copied().ok_or(Wrong::End)
    }

    /// The next byte that is no space.
    fn next(&mut self) -> Result<u8, Wrong> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.peek()
    }

    fn wrong<T>(&self, context: &str) -> Result<T, Wrong> {
        Err(Wrong::Byte(self.peek()?, context.to_owned()))
    }

    fn document(&mut self) -> Step {
        self.value()?;
        match self.next() {
            Err(_) => Ok(()),
            Ok(_) => self.wrong("after top-level value"),
        }
    }

    fn value(&mut self) -> Step {
        match self.next()? {
            b'{' => self.object(),
            b'[' => self.array(),
            b'"' => self.string(),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => self.wrong("looking for beginning of value"),
        }
    }

    fn object(&mut self) -> Step {
        self.at += 1;
        if self.next()? == b'}' {
            self.at += 1;
            return Ok(());
        }
        loop {
            if self.next()? != b'"' {
                return self.wrong("looking for beginning of object key string");
            }
            self.string()?;
            if self.next()? != b':' {
                return self.wrong("after object key");
            }
            self.at += 1;
            self.value()?;
            match self.next()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return self.wrong("after object key:value pair"),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn array(&mut self) -> Step {
        self.at += 1;
        if self.next()? == b']' {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value()?;
            match self.next()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return self.wrong("after array element"),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Step {
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    self.escape()?;
                }
                0..=0x1f => return self.wrong("in string literal"),
                _ => {}
            }
            self.at += 1;
        }
        self.at += 1;
        Ok(())
    }

    /// Leaves the last byte of the escape to the caller.
    fn escape(&mut self) -> Step {
        match self.peek()? {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => Ok(()),
            b'u' => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek()?.is_ascii_hexdigit() {
                        return self.wrong("in \\u hexadecimal character escape");
                    }
                }
                Ok(())
            }
            _ => self.wrong("in string escape code"),
        }
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while self.bytes.get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at - from
    }

    fn number(&mut self) -> Step {
        if self.peek()? == b'-' {
            self.at += 1;
            if !self.peek()?.is_ascii_digit() {
                return self.wrong("in numeric literal");
            }
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits();
        }
        if self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return self.wrong("after decimal point in numeric literal");
            }
        }
        if matches!(self.bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.bytes.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return self.wrong("in exponent of numeric literal");
            }
        }
        Ok(())
    }

    fn literal(&mut self, word: &str) -> Step {
        for expected in word.bytes() {
            if self.peek()? != expected {
                let context = format!("in literal {word} (expecting {})", shown(expected));
                return self.wrong(&context);
            }
            self.at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::syntax_error;

    #[test]
    fn sentences_are_those_of_the_scanner() {
        let all = [
            "{bad",
            "",
            "{\"a\" 1}",
            "{\"a\":1,}",
            "[1 2]",
            "{} x",
            "tru!",
            "-x",
            "1.e",
            "\"a\\q\"",
            "{\"a\":'b'}",
        ];
        let said: Vec<String> = all.iter().filter_map(|text| syntax_error(text.as_bytes())).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        invalid character 'b' looking for beginning of object key string
        unexpected end of JSON input
        invalid character '1' after object key
        invalid character '}' looking for beginning of object key string
        invalid character '2' after array element
        invalid character 'x' after top-level value
        invalid character '!' in literal true (expecting 'e')
        invalid character 'x' in numeric literal
        invalid character 'e' after decimal point in numeric literal
        invalid character 'q' in string escape code
        invalid character '\'' looking for beginning of value
        ");
        assert_eq!(syntax_error(b" {\"a\": [1, 2.5e3, null]} "), None);
    }
}
