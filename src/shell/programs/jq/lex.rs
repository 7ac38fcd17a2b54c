//! The words of jq programs.

use super::number::Number;
use super::read;
use super::value::Val;

/// A word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name(String),
    /// `.name`, without the point.
    Field(String),
    /// `$name`, without the sign.
    Binding(String),
    Literal(Val),
    /// `@name`, without the sign.
    Format(String),
    Keyword(&'static str),
    Sign(&'static str),
    /// The quote that begins a string.
    Quote,
    /// A part of a string, or what is wrong with its escapes.
    Text(Result<String, String>),
    /// `\(` in a string.
    Hole,
    /// The quote that ends a string.
    Unquote,
    Invalid,
    End,
}

impl Token {
    /// What syntax errors call it.
    pub(super) fn title(&self) -> String {
        match self {
            Self::Name(_) => "IDENT".into(),
            Self::Field(_) => "FIELD".into(),
            Self::Binding(_) => "BINDING".into(),
            Self::Literal(_) => "LITERAL".into(),
            Self::Format(_) => "FORMAT".into(),
            Self::Keyword(word) => (*word).into(),
            Self::Sign(sign) if sign.len() == 1 => format!("'{sign}'"),
            Self::Sign(sign) => (*sign).into(),
            Self::Quote => "QQSTRING_START".into(),
            Self::Text(_) => "QQSTRING_TEXT".into(),
            Self::Hole => "QQSTRING_INTERP_START".into(),
            Self::Unquote => "QQSTRING_END".into(),
            Self::Invalid => "INVALID_CHARACTER".into(),
            Self::End => "end of file".into(),
        }
    }
}

pub(super) const KEYWORDS: &[&str] = &[
    "as", "import", "include", "module", "def", "if", "then", "else", "elif", "and", "or", "end", "reduce",
    "foreach", "try", "catch", "label", "break", "__loc__",
];

/// Signs, longer ones before those that they begin with.
const SIGNS: &[&str] = &[
    "?//", "//=", "!=", "==", "//", "|=", "+=", "-=", "*=", "/=", "%=", "<=", ">=", "..", ".", "?", "=", ";",
    ",", ":", "|", "+", "-", "*", "/", "%", "$", "<", ">",
];

/// The words of a program and where in its text each begins. The last is [`Token::End`], at the begin of what was read
/// last.
pub(super) fn tokens(text: &str) -> Vec<(Token, usize)> {
    let mut lexer = Lexer { text, at: 0, begin: 0, open: Vec::new(), found: Vec::new() };
    while lexer.at < text.len() {
        lexer.begin = lexer.at;
        match lexer.open.last() {
            Some('"') => lexer.in_string(),
            _ => lexer.word(),
        }
    }
    let begin = lexer.begin;
    lexer.found.push((Token::End, begin));
    lexer.found
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    begin: usize,
    /// What is open: brackets, strings as `"`, and `\(` as `h`.
    open: Vec<char>,
    found: Vec<(Token, usize)>,
}

fn is_name_begin(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The name at the begin of a text.
fn name(text: &str) -> &str {
    if !text.starts_with(is_name_begin) {
        return "";
    }
    text.split(|c| !is_name(c)).next().unwrap_or_default()
}

/// The name at the begin of a text with the modules before it.
fn path(text: &str) -> &str {
    let mut length = name(text).len();
    while length > 0
        && let Some(rest) = text.get(length..).and_then(|it| it.strip_prefix("::"))
        && !name(rest).is_empty()
    {
        length += 2 + name(rest).len();
    }
    text.get(..length).unwrap_or_default()
}

/// The number at the begin of a text.
fn number(text: &str) -> &str {
    let digits =
        |from: usize| text.get(from..).unwrap_or_default().bytes().take_while(u8::is_ascii_digit).count();
    let mut end = digits(0);
    if text.get(end..).is_some_and(|it| it.starts_with('.')) && (end > 0 || digits(1) > 0) {
        end += 1 + digits(end + 1);
    }
    if end > 0 && text.get(end..).is_some_and(|it| it.starts_with(['e', 'E'])) {
        let sign = usize::from(text.get(end + 1..).is_some_and(|it| it.starts_with(['+', '-'])));
        let exponent = digits(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    text.get(..end).unwrap_or_default()
}

impl Lexer<'_> {
    fn push(&mut self, token: Token, length: usize) {
        self.found.push((token, self.at));
        self.at += length;
    }

    fn word(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else { return };
        match first {
            ' ' | '\n' | '\t' => {
                self.at += rest.len() - rest.trim_start_matches([' ', '\n', '\t']).len();
            }
            '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            '[' | '{' | '(' => {
                self.open.push(first);
                self.push(Token::Sign(bracket(first)), 1);
            }
            ']' | '}' | ')' => self.close(first),
            '"' => {
                self.open.push('"');
                self.push(Token::Quote, 1);
            }
            '@' if rest.get(1..).is_some_and(|it| it.starts_with(is_name)) => {
                let name: String = rest.chars().skip(1).take_while(|c| is_name(*c)).collect();
                let length = name.len() + 1;
                self.push(Token::Format(name), length);
            }
            _ => self.other(rest, first),
        }
    }

    fn other(&mut self, rest: &str, first: char) {
        let number = number(rest);
        let behind = rest.get(1..).unwrap_or_default();
        if !number.is_empty() {
            let value = Number::read(number).map_or(Val::Null, Val::Num);
            self.push(Token::Literal(value), number.len());
        } else if is_name_begin(first) {
            let path = path(rest);
            let token = match KEYWORDS.iter().find(|word| **word == path) {
                Some(word) => Token::Keyword(word),
                None => Token::Name(path.to_owned()),
            };
            self.push(token, path.len());
        } else if first == '.' && !name(behind).is_empty() {
            let field = name(behind);
            self.push(Token::Field(field.to_owned()), field.len() + 1);
        } else if first == '$' && !path(behind).is_empty() {
            let path = path(behind);
            let token = match path {
                "__loc__" => Token::Keyword("$__loc__"),
                _ => Token::Binding(path.to_owned()),
            };
            self.push(token, path.len() + 1);
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.push(Token::Sign(sign), sign.len());
        } else {
            self.push(Token::Invalid, first.len_utf8());
        }
    }

    fn close(&mut self, bracket: char) {
        let opened = match bracket {
            ']' => '[',
            '}' => '{',
            _ => '(',
        };
        let last = self.open.last().copied();
        if last == Some(opened) || last == Some('h') && bracket == ')' {
            self.open.pop();
            self.push(Token::Sign(closing(bracket)), 1);
        } else {
            self.push(Token::Invalid, 1);
        }
    }

    fn in_string(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest.starts_with('"') {
            self.open.pop();
            self.push(Token::Unquote, 1);
        } else if rest.starts_with("\\(") {
            self.open.push('h');
            self.push(Token::Hole, 2);
        } else if rest.starts_with('\\') {
            let length = escapes(rest);
            if length == 0 {
                return self.push(Token::Invalid, 1);
            }
            let text = format!("\"{}\"", rest.get(..length).unwrap_or_default());
            let value = read::single(&text).map(|it| it.as_str().unwrap_or_default().to_owned());
            self.push(Token::Text(value), length);
        } else {
            let length = rest.find(['\\', '"']).unwrap_or(rest.len());
            let text = rest.get(..length).unwrap_or_default().to_owned();
            self.push(Token::Text(Ok(text)), length);
        }
    }
}

/// Bytes of the escapes at the begin of a text.
fn escapes(text: &str) -> usize {
    let mut at = 0;
    while let Some(rest) = text.get(at..).and_then(|it| it.strip_prefix('\\')) {
        match rest.chars().next() {
            Some('u') => {
                let digits = rest.chars().skip(1).take(4).take_while(char::is_ascii_alphanumeric).count();
                at += 2 + digits;
            }
            None | Some('(') => break,
            Some(c) => at += 1 + c.len_utf8(),
        }
    }
    at
}

fn bracket(c: char) -> &'static str {
    match c {
        '[' => "[",
        '{' => "{",
        _ => "(",
    }
}

fn closing(c: char) -> &'static str {
    match c {
        ']' => "]",
        '}' => "}",
        _ => ")",
    }
}
