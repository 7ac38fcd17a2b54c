//! Text of a shell script to its tree.

use std::sync::Arc;

use super::ast::{Case, For, If, Node, Part, Redirect, RedirectKind, Simple, While, Word};

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

pub(super) struct Parser {
    pub(super) text: Vec<char>,
    pub(super) at: usize,
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
    pub(super) fn peek(&self) -> Option<char> {
        self.text.get(self.at).copied()
    }

    pub(super) fn looking_at(&self, what: &str) -> bool {
        what.chars().enumerate().all(|(offset, c)| self.text.get(self.at + offset) == Some(&c))
    }

    pub(super) fn take(&mut self, what: &str) -> bool {
        let found = self.looking_at(what);
        if found {
            self.at += what.chars().count();
        }
        found
    }

    pub(super) fn unexpected(&self) -> String {
        match self.peek() {
            None => "syntax error: unexpected end of file".to_owned(),
            Some('\n') => "syntax error: unexpected newline".to_owned(),
            Some(c) if "();&|<>".contains(c) => format!("syntax error: unexpected \"{c}\""),
            Some(_) => format!("syntax error: unexpected \"{}\"", self.bare_word().unwrap_or_default()),
        }
    }

    /// Skips blanks, comments and escaped line ends; line ends too when `lines`.
    pub(super) fn skip(&mut self, lines: bool) {
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
    pub(super) fn list(&mut self, until: &[&str]) -> Result<Node, String> {
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
}
