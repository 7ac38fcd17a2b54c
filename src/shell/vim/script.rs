//! The little of vim's expressions that is used in commands: strings, numbers, a few functions.

use super::core::{Core, Done, Stop};
use super::ex::Line;

struct Reader<'a> {
    text: Vec<char>,
    at: usize,
    core: &'a Core,
    groups: &'a [String],
    depth: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Number(i64),
    Text(String),
}

impl Value {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    fn number(&self) -> i64 {
        match self {
            Self::Number(number) => *number,
            Self::Text(text) => {
                let end = text.char_indices().find(|(at, c)| !(c.is_ascii_digit() || *at == 0 && *c == '-'));
                text[..end.map_or(text.len(), |(at, _)| at)].parse().unwrap_or(0)
            }
        }
    }
}

impl Core {
    /// The text of an expression; a message and `None` when it is none that is known here.
    pub(super) fn evaluate(&mut self, text: &str) -> Option<String> {
        self.evaluate_with(text, &[])
    }

    pub(super) fn evaluate_with(&mut self, text: &str, groups: &[String]) -> Option<String> {
        let mut reader = Reader { text: text.trim().chars().collect(), at: 0, core: self, groups, depth: 0 };
        let value = reader.sum().filter(|_| reader.skip() == reader.text.len());
        match value {
            Some(value) => Some(value.text()),
            None => {
                self.error(format!("E15: Invalid expression: \"{text}\""));
                None
            }
        }
    }

    /// `:let`, `:call` and `:echo`.
    pub(super) fn ex_script(&mut self, line: &Line) -> Done {
        let rest = line.rest.trim();
        match line.name {
            "echo" => {
                let text = self.evaluate(rest).ok_or(Stop::Fail)?;
                self.say(text);
                Ok(())
            }
            "let" => {
                let Some((name, value)) = rest.split_once('=') else { return Ok(()) };
                let value = self.evaluate(value).ok_or(Stop::Fail)?;
                let name = name.trim();
                if let Some(register) = name.strip_prefix('@').and_then(|it| it.chars().next()) {
                    self.store_text(register, &value);
                } else if let Some(option) = name.strip_prefix('&') {
                    return self.ex_set(&format!("{option}={value}"));
                } else {
                    self.variables.insert(name.to_owned(), value);
                }
                Ok(())
            }
            _ => {
                let inside =
                    rest.split_once('(').and_then(|(name, tail)| Some((name, tail.strip_suffix(')')?)));
                let Some(("setline", arguments)) = inside else {
                    return Err(self.error(format!("uncordon: :call {rest} is not simulated yet")));
                };
                let (row, value) = arguments.split_once(',').ok_or(Stop::Fail)?;
                let row = self.evaluate(row).ok_or(Stop::Fail)?.parse::<usize>().map_err(|_| Stop::Fail)?;
                let value = self.evaluate(value).ok_or(Stop::Fail)?;
                if row >= 1 && row <= self.text.count() {
                    self.keep_row(row - 1);
                    self.text.set(row - 1, std::sync::Arc::new(value.chars().collect()));
                    self.changed(row - 1, 0);
                    self.check_cursor();
                }
                Ok(())
            }
        }
    }
}

impl Reader<'_> {
    fn skip(&mut self) -> usize {
        while self.text.get(self.at).is_some_and(|c| c.is_whitespace()) {
            self.at += 1;
        }
        self.at
    }

    fn peek(&mut self) -> Option<char> {
        self.skip();
        self.text.get(self.at).copied()
    }

    fn sum(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > 50 {
            return None;
        }
        let mut value = self.product()?;
        loop {
            match self.peek() {
                Some('+') => {
                    self.at += 1;
                    value = Value::Number(value.number().wrapping_add(self.product()?.number()));
                }
                Some('-') => {
                    self.at += 1;
                    value = Value::Number(value.number().wrapping_sub(self.product()?.number()));
                }
                Some('.') => {
                    self.at += 1;
                    if self.text.get(self.at) == Some(&'.') {
                        self.at += 1;
                    }
                    value = Value::Text(value.text() + &self.product()?.text());
                }
                _ => {
                    self.depth -= 1;
                    return Some(value);
                }
            }
        }
    }

    fn product(&mut self) -> Option<Value> {
        let mut value = self.item()?;
        while let Some(sign @ ('*' | '/' | '%')) = self.peek() {
            self.at += 1;
            let (a, b) = (value.number(), self.item()?.number());
            value = Value::Number(match sign {
                '*' => a.wrapping_mul(b),
                '/' => a.checked_div(b).unwrap_or(0),
                _ => a.checked_rem(b).unwrap_or(0),
            });
        }
        Some(value)
    }

    fn item(&mut self) -> Option<Value> {
        let c = self.peek()?;
        self.at += 1;
        match c {
            '"' => self.string().map(Value::Text),
            '\'' => {
                let mut text = String::new();
                loop {
                    let c = *self.text.get(self.at)?;
                    self.at += 1;
                    if c == '\'' {
                        if self.text.get(self.at) != Some(&'\'') {
                            return Some(Value::Text(text));
                        }
                        self.at += 1;
                    }
                    text.push(c);
                }
            }
            '-' => Some(Value::Number(-self.item()?.number())),
            '(' => {
                let value = self.sum()?;
                (self.peek()? == ')').then(|| self.at += 1)?;
                Some(value)
            }
            '@' => {
                let name = *self.text.get(self.at)?;
                self.at += 1;
                let register = self.core.registers.get(Some(name));
                Some(Value::Text(register.map(|it| it.text()).unwrap_or_default()))
            }
            c if c.is_ascii_digit() => {
                let from = self.at - 1;
                while self.text.get(self.at).is_some_and(char::is_ascii_digit) {
                    self.at += 1;
                }
                self.text[from..self.at].iter().collect::<String>().parse().ok().map(Value::Number)
            }
            c if c.is_alphabetic() => self.named(),
            _ => None,
        }
    }

    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        loop {
            let c = *self.text.get(self.at)?;
            self.at += 1;
            match c {
                '"' => return Some(text),
                '\\' => {
                    let c = *self.text.get(self.at)?;
                    self.at += 1;
                    text.push(match c {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        'e' => '\x1b',
                        c => c,
                    });
                }
                c => text.push(c),
            }
        }
    }

    fn named(&mut self) -> Option<Value> {
        let from = self.at - 1;
        while self.text.get(self.at).is_some_and(|c| c.is_alphanumeric() || "_:".contains(*c)) {
            self.at += 1;
        }
        let name: String = self.text[from..self.at].iter().collect();
        if self.text.get(self.at) != Some(&'(') {
            return self.core.variables.get(&name).cloned().map(Value::Text);
        }
        self.at += 1;
        let mut given = Vec::new();
        while self.peek()? != ')' {
            given.push(self.sum()?);
            if self.peek()? == ',' {
                self.at += 1;
            }
        }
        self.at += 1;
        self.call(&name, &given)
    }

    fn call(&self, name: &str, given: &[Value]) -> Option<Value> {
        let text = |at: usize| given.get(at).map(Value::text);
        let core = self.core;
        let row = |at: usize| match text(at)?.as_str() {
            "." => Some(core.cursor.row + 1),
            "$" => Some(core.text.count()),
            other => other.parse().ok(),
        };
        Some(match name {
            "line" => Value::Number(row(0)? as i64),
            "col" => Value::Number(core.cursor.col as i64 + 1),
            "getline" => Value::Text(core.text.line(row(0)?.checked_sub(1)?).iter().collect()),
            "has" => Value::Number(i64::from(super::rc::has(&text(0)?))),
            "exists" => Value::Number(i64::from(core.variables.contains_key(&text(0)?))),
            "submatch" => {
                let group = given.first()?.number() as usize;
                Value::Text(self.groups.get(group).cloned().unwrap_or_default())
            }
            "toupper" => Value::Text(text(0)?.to_uppercase()),
            "tolower" => Value::Text(text(0)?.to_lowercase()),
            "strlen" | "len" => Value::Number(text(0)?.len() as i64),
            "repeat" => Value::Text(text(0)?.repeat(given.get(1)?.number().clamp(0, 10_000) as usize)),
            "abs" => Value::Number(given.first()?.number().abs()),
            "printf" => {
                let format = text(0)?;
                let mut values = given.iter().skip(1);
                let mut out = String::new();
                let mut chars = format.chars();
                while let Some(c) = chars.next() {
                    if c != '%' {
                        out.push(c);
                        continue;
                    }
                    let mut spec = String::new();
                    let kind = loop {
                        let c = chars.next()?;
                        if c.is_ascii_alphabetic() || c == '%' {
                            break c;
                        }
                        spec.push(c);
                    };
                    if kind == '%' {
                        out.push('%');
                        continue;
                    }
                    let value = values.next()?.text();
                    let zero = spec.starts_with('0');
                    let width: usize = spec.trim_start_matches('0').parse().unwrap_or(0);
                    out += &if zero { format!("{value:0>width$}") } else { format!("{value:>width$}") };
                }
                Value::Text(out)
            }
            _ => return None,
        })
    }
}
