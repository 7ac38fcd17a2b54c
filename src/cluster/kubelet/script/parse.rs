//! Text of a shell script to its tree.

use std::sync::Arc;

use super::ast::{Case, For, If, Node, Operation, Part, Redirect, RedirectKind, Simple, While, Word};

/// Nested deeper than this is refused.
const DEPTH_MAX: u32 = 60;

/// Reads a whole script.
///
/// # Errors
/// What is unexpected, in `sh`'s words: `syntax error: unexpected "done"`.
pub(super) fn script(text: &str) -> Result<Node, String> {
    let mut parser = Parser { text: text.chars().collect(), at: 0, depth: 0, here: Vec::new() };
    let node = parser.list(&[])?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.unexpected()),
    }
}

struct Parser {
    text: Vec<char>,
    at: usize,
    depth: u32,
    /// Here-documents whose text begins on the next line.
    here: Vec<String>,
}

/// Words that end or join a compound command when they stand where a command could.
const RESERVED: &[&str] = &[
    "then", "else", "elif", "fi", "do", "done", "esac", "}", "in", "if", "while", "until", "for", "case",
    "{", "!",
];

impl Parser {
    fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    fn looking_at(&self, what: &str) -> bool {
        what.chars().enumerate().all(|(offset, c)| self.text.get(self.at + offset) == Some(&c))
    }

    fn take(&mut self, what: &str) -> bool {
        let found = self.looking_at(what);
        if found {
            self.at += what.chars().count();
        }
        found
    }

    fn unexpected(&self) -> String {
        match self.peek() {
            None => "syntax error: unexpected end of file".to_owned(),
            Some('\n') => "syntax error: unexpected newline".to_owned(),
            Some(c) if "();&|<>".contains(c) => format!("syntax error: unexpected \"{c}\""),
            Some(_) => format!("syntax error: unexpected \"{}\"", self.bare_word().unwrap_or_default()),
        }
    }

    /// Skips blanks, comments and escaped line ends; line ends too when `lines`.
    fn skip(&mut self, lines: bool) {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' => self.at += 1,
                '\\' if self.text.get(self.at + 1) == Some(&'\n') => self.at += 2,
                '#' => {
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                '\n' if lines => self.line_end(),
                _ => break,
            }
        }
    }

    /// Passes a line end, and the here-documents that follow it.
    fn line_end(&mut self) {
        self.at += 1;
        self.here.clear();
    }

    /// The unquoted word that begins here, without taking it.
    fn bare_word(&self) -> Option<String> {
        let rest = self.text.get(self.at..)?;
        let word: String =
            rest.iter().take_while(|c| !c.is_whitespace() && !"();&|<>\"'$`\\".contains(**c)).collect();
        (!word.is_empty()).then_some(word)
    }

    fn at_word(&self, words: &[&str]) -> bool {
        self.bare_word().is_some_and(|it| words.contains(&it.as_str()))
    }

    fn take_word(&mut self, word: &str) -> bool {
        self.skip(true);
        let found = self.at_word(&[word]);
        if found {
            self.at += word.chars().count();
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Commands up to one of the words in `until`, a closing bracket or the end.
    fn list(&mut self, until: &[&str]) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("syntax error: nested too deep".to_owned());
        }
        let mut nodes = Vec::new();
        loop {
            self.skip(true);
            let over = self.peek().is_none_or(|c| c == ')') || self.at_word(until) || self.looking_at(";;");
            if over {
                break;
            }
            let node = self.and_or()?;
            self.skip(false);
            if self.peek() == Some('&') && !self.looking_at("&&") {
                self.at += 1;
                nodes.push(Node::Background(Arc::new(node)));
            } else {
                nodes.push(node);
                if !self.looking_at(";;")
                    && !self.take(";")
                    && !matches!(self.peek(), None | Some('\n' | ')'))
                {
                    return Err(self.unexpected());
                }
            }
        }
        self.depth -= 1;
        match <[Node; 1]>::try_from(nodes) {
            Ok([one]) => Ok(one),
            Err(nodes) => Ok(Node::List(nodes.into())),
        }
    }

    fn and_or(&mut self) -> Result<Node, String> {
        let mut node = self.pipeline()?;
        loop {
            self.skip(false);
            if self.take("&&") {
                node = Node::And(Arc::new((node, self.after_operator()?)));
            } else if self.take("||") {
                node = Node::Or(Arc::new((node, self.after_operator()?)));
            } else {
                return Ok(node);
            }
        }
    }

    fn after_operator(&mut self) -> Result<Node, String> {
        self.skip(true);
        self.pipeline()
    }

    fn pipeline(&mut self) -> Result<Node, String> {
        self.skip(false);
        let negated = self.at_word(&["!"]) && self.take_word("!");
        let mut stages = vec![self.command()?];
        loop {
            self.skip(false);
            if self.looking_at("||") || !self.take("|") {
                break;
            }
            self.skip(true);
            stages.push(self.command()?);
        }
        match <[Node; 1]>::try_from(stages) {
            Ok([one]) if !negated => Ok(one),
            Ok(one) => Ok(Node::Pipeline { stages: one.into(), negated }),
            Err(stages) => Ok(Node::Pipeline { stages: stages.into(), negated }),
        }
    }

    fn command(&mut self) -> Result<Node, String> {
        self.skip(false);
        let compound = if self.peek() == Some('(') && !self.looking_at("((") {
            self.at += 1;
            let body = self.list(&[])?;
            self.skip(true);
            if !self.take(")") {
                return Err(self.unexpected());
            }
            Some(body)
        } else {
            match self.bare_word().as_deref() {
                Some("{") => Some(self.group()?),
                Some("if") => Some(self.if_command()?),
                Some("while") => Some(self.while_command("while")?),
                Some("until") => Some(self.while_command("until")?),
                Some("for") => Some(self.for_command()?),
                Some("case") => Some(self.case_command()?),
                Some(word) if RESERVED.contains(&word) => return Err(self.unexpected()),
                _ => None,
            }
        };
        let Some(node) = compound else { return self.simple() };
        let mut redirects = Vec::new();
        while let Some(redirect) = self.redirect()? {
            redirects.push(redirect);
        }
        Ok(if redirects.is_empty() { node } else { Node::Redirected(Arc::new((node, redirects))) })
    }

    fn group(&mut self) -> Result<Node, String> {
        self.expect("{")?;
        let body = self.list(&["}"])?;
        self.expect("}")?;
        Ok(body)
    }

    fn if_command(&mut self) -> Result<Node, String> {
        self.expect("if")?;
        let mut arms = Vec::new();
        loop {
            let condition = self.list(&["then"])?;
            self.expect("then")?;
            arms.push((condition, self.list(&["elif", "else", "fi"])?));
            if !self.take_word("elif") {
                break;
            }
        }
        let otherwise = if self.take_word("else") { Some(self.list(&["fi"])?) } else { None };
        self.expect("fi")?;
        Ok(Node::If(Arc::new(If { arms, otherwise })))
    }

    fn while_command(&mut self, word: &str) -> Result<Node, String> {
        self.expect(word)?;
        let condition = self.list(&["do"])?;
        let body = self.body()?;
        Ok(Node::While(Arc::new(While { condition, body, until: word == "until" })))
    }

    fn body(&mut self) -> Result<Node, String> {
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn for_command(&mut self) -> Result<Node, String> {
        self.expect("for")?;
        self.skip(false);
        let Some(variable) = self.bare_word() else { return Err(self.unexpected()) };
        self.at += variable.chars().count();
        let mut words = None;
        if self.take_word("in") {
            let mut all = Vec::new();
            loop {
                self.skip(false);
                match self.word()? {
                    Some(word) => all.push(word),
                    None => break,
                }
            }
            words = Some(all);
        }
        self.skip(true);
        self.take(";");
        let body = self.body()?;
        Ok(Node::For(Arc::new(For { variable, words, body })))
    }

    fn case_command(&mut self) -> Result<Node, String> {
        self.expect("case")?;
        self.skip(false);
        let Some(word) = self.word()? else { return Err(self.unexpected()) };
        self.expect("in")?;
        let mut arms = Vec::new();
        while !self.take_word("esac") {
            if self.peek().is_none() {
                return Err(self.unexpected());
            }
            self.take("(");
            let mut patterns = Vec::new();
            loop {
                self.skip(false);
                patterns.extend(self.word()?);
                self.skip(false);
                if !self.take("|") {
                    break;
                }
            }
            if !self.take(")") {
                return Err(self.unexpected());
            }
            let body = self.list(&["esac"])?;
            self.skip(true);
            self.take(";;");
            arms.push((patterns, body));
        }
        Ok(Node::Case(Arc::new(Case { word, arms })))
    }

    fn simple(&mut self) -> Result<Node, String> {
        let mut simple = Simple::default();
        loop {
            self.skip(false);
            if let Some(redirect) = self.redirect()? {
                simple.redirects.push(redirect);
                continue;
            }
            if simple.words.is_empty()
                && let Some(assignment) = self.assignment()?
            {
                simple.assignments.push(assignment);
                continue;
            }
            let Some(word) = self.word()? else { break };
            simple.words.push(word);
            if simple.words.len() == 1 && self.looking_at("()") {
                return self.function(&simple);
            }
        }
        let empty = simple.words.is_empty() && simple.assignments.is_empty() && simple.redirects.is_empty();
        if empty { Err(self.unexpected()) } else { Ok(Node::Simple(Arc::new(simple))) }
    }

    fn function(&mut self, simple: &Simple) -> Result<Node, String> {
        self.take("()");
        self.skip(true);
        let body = self.command()?;
        match simple.words.first().map(Vec::as_slice) {
            Some([Part::Text { text, .. }]) => Ok(Node::Function(text.as_str().into(), Arc::new(body))),
            _ => Err(self.unexpected()),
        }
    }

    /// `NAME=word`, if that is what stands here.
    fn assignment(&mut self) -> Result<Option<(String, Word)>, String> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let name: String = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
        let valid = name.chars().next().is_some_and(|c| !c.is_ascii_digit());
        if !valid || rest.get(name.chars().count()) != Some(&'=') {
            return Ok(None);
        }
        self.at += name.chars().count() + 1;
        Ok(Some((name, self.word()?.unwrap_or_default())))
    }

    fn redirect(&mut self) -> Result<Option<Redirect>, String> {
        self.skip(false);
        let start = self.at;
        let mut digits = String::new();
        while let Some(c) = self.peek().filter(char::is_ascii_digit) {
            digits.push(c);
            self.at += 1;
        }
        let operators = [
            ("<<-", RedirectKind::Here, 0),
            ("<<", RedirectKind::Here, 0),
            (">>", RedirectKind::Append, 1),
            (">&", RedirectKind::Duplicate, 1),
            ("&>", RedirectKind::Write, 1),
            (">|", RedirectKind::Write, 1),
            (">", RedirectKind::Write, 1),
            ("<", RedirectKind::Read, 0),
        ];
        let Some((operator, kind, usual)) = operators.into_iter().find(|(it, ..)| self.looking_at(it)) else {
            self.at = start;
            return Ok(None);
        };
        self.take(operator);
        self.skip(false);
        let Some(target) = self.word()? else { return Err(self.unexpected()) };
        let target = if kind == RedirectKind::Here { self.here_document(&target) } else { target };
        Ok(Some(Redirect { fd: digits.parse().unwrap_or(usual), kind, target }))
    }

    /// Takes the text of a here-document out of the lines that follow.
    fn here_document(&mut self, end: &Word) -> Word {
        let mut quoted = false;
        let mut word = String::new();
        for part in end {
            if let Part::Text { text, quoted: it } = part {
                word += text;
                quoted |= it;
            }
        }
        let Some(start) = (self.at..self.text.len()).find(|&at| self.text.get(at) == Some(&'\n')) else {
            return Vec::new();
        };
        let rest: String = self.text.get(start + 1..).unwrap_or_default().iter().collect();
        let mut body = String::new();
        let mut taken = 0;
        for line in rest.split_inclusive('\n') {
            taken += line.chars().count();
            if line.trim_end_matches('\n').trim_start_matches('\t') == word {
                break;
            }
            body += line;
        }
        self.text.drain(start + 1..start + 1 + taken);
        if quoted {
            return vec![Part::Text { text: body, quoted: true }];
        }
        let mut inner = Parser { text: body.chars().collect(), at: 0, depth: self.depth, here: Vec::new() };
        inner.double_quoted(None).unwrap_or_default()
    }

    /// The next word; `None` when an operator or the end stands here.
    fn word(&mut self) -> Result<Option<Word>, String> {
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

    fn double_quoted(&mut self, end: Option<char>) -> Result<Word, String> {
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
            return Ok(Part::Command { node: Arc::new(script(&text)?), quoted });
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
