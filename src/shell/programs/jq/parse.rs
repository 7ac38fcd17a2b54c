//! Reads programs: words to trees, with jq's messages about what cannot be read.

use std::sync::Arc;

use super::lex::{self, Token};
use super::scope::{Scope, Sought};
use super::tree::{Function, Kind, Loop, Node, Operator, Parameter, Part};
use super::value::Val;

/// What stands behind a syntax error.
const HINT: &str = "(Unix shell quoting issues?)";
const UNUSUAL: &str = "try .[\"field\"] instead of .field for unusually named fields";
const NO_PROGRAM: &str = "Top-level program not given (try \".\")";

/// Levels of brackets and operators that a program may have.
const LEVELS_MAX: usize = 2_000;

/// Why a program cannot be compiled: texts, each with the place in the program that it is about.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    pub(super) syntax: Vec<(String, usize)>,
    /// What is only looked at when the syntax is right.
    pub(super) names: Vec<(String, usize)>,
}

/// Reading stops here; what is wrong has been noted.
#[derive(Debug)]
pub(super) struct Stopped;

pub(super) type Parsed<T> = Result<T, Stopped>;

/// What an error inside may be told as, from the outside in.
#[derive(Clone, Copy)]
enum Inside {
    Brackets,
    /// An object; where its first member begins.
    Braces(usize),
    /// The name behind the point with which a term begins.
    Point(usize),
    If(usize),
    Catch(usize),
}

pub(super) struct Parser<'a> {
    tokens: Vec<(Token, usize)>,
    at: usize,
    text: &'a str,
    pub(super) scope: Scope,
    pub(super) mistakes: Mistakes,
    inside: Vec<Inside>,
    level: usize,
}

/// How operators bind: level, and what the right side's level is.
fn binding(token: &Token) -> Option<(u8, u8)> {
    let Token::Sign(sign) = token else {
        return match token {
            Token::Keyword("or") => Some((4, 5)),
            Token::Keyword("and") => Some((5, 6)),
            _ => None,
        };
    };
    Some(match *sign {
        "|" => (0, 0),
        "," => (1, 2),
        "//" => (2, 2),
        "=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=" => (3, 4),
        "!=" | "==" | "<" | ">" | "<=" | ">=" => (6, 7),
        "+" | "-" => (7, 8),
        "*" | "/" | "%" => (8, 9),
        _ => return None,
    })
}

/// Levels whose operators cannot follow each other.
const ALONE: [u8; 2] = [3, 6];

fn operator(sign: &str) -> Option<Operator> {
    Some(match sign {
        "+" | "+=" => Operator::Add,
        "-" | "-=" => Operator::Subtract,
        "*" | "*=" => Operator::Multiply,
        "/" | "/=" => Operator::Divide,
        "%" | "%=" => Operator::Remainder,
        "==" => Operator::Equal,
        "!=" => Operator::Unequal,
        "<" => Operator::Less,
        "<=" => Operator::LessOrEqual,
        ">" => Operator::Greater,
        ">=" => Operator::GreaterOrEqual,
        _ => return None,
    })
}

fn joined(sign: &str, left: Node, right: Node) -> Node {
    let (left, right) = (Box::new(left), Box::new(right));
    Node::new(match (sign, operator(sign)) {
        ("|", _) => Kind::Pipe(left, right),
        (",", _) => Kind::Comma(left, right),
        ("//", _) => Kind::Alternative(left, right),
        ("=", _) => Kind::Assign(left, right),
        ("|=", _) => Kind::Update(left, right),
        ("//=", _) => Kind::Default(left, right),
        ("or", _) => Kind::Or(left, right),
        ("and", _) => Kind::And(left, right),
        (sign, Some(operator))
            if sign.ends_with('=') && binding(&Token::Sign(owned(sign))).is_some_and(|it| it.0 == 3) =>
        {
            Kind::Calculate(operator, left, right)
        }
        (_, Some(operator)) => Kind::Binary(operator, left, right),
        (_, None) => Kind::Identity,
    })
}

/// The sign in the table of signs.
fn owned(sign: &str) -> &'static str {
    ["+=", "-=", "*=", "/=", "%="].into_iter().find(|it| *it == sign).unwrap_or("")
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, scope: Scope) -> Self {
        let tokens = lex::tokens(text);
        Self { tokens, at: 0, text, scope, mistakes: Mistakes::default(), inside: Vec::new(), level: 0 }
    }

    pub(super) fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn place(&self) -> usize {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |(_, at)| *at)
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    pub(super) fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(it) | Token::Keyword(it) if *it == sign)
    }

    /// Goes on behind a sign or word if it comes next.
    pub(super) fn skip(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        self.at += usize::from(found);
        found
    }

    /// Goes on behind a sign or word, or tells what was expected instead.
    pub(super) fn need(&mut self, sign: &str, expected: &str) -> Parsed<()> {
        if self.skip(sign) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// Notes that the next word does not belong there.
    pub(super) fn unexpected(&mut self, expected: &str) -> Stopped {
        let expecting = if expected.is_empty() { String::new() } else { format!(", expecting {expected}") };
        let title = self.peek().title();
        let place = self.place();
        self.mistakes.syntax.push((format!("syntax error, unexpected {title}{expecting} {HINT}"), place));
        match self.inside.last() {
            Some(Inside::If(begin)) => {
                self.mistakes.syntax.push(("Possibly unterminated 'if' statement".into(), *begin));
            }
            Some(Inside::Point(begin)) => self.mistakes.syntax.push((UNUSUAL.into(), *begin)),
            Some(Inside::Braces(begin)) if self.is_before_colon() => {
                let text = "May need parentheses around object key expression";
                self.mistakes.syntax.push((text.into(), *begin));
            }
            Some(Inside::Catch(begin)) => {
                self.mistakes.syntax.push(("Possibly unterminated 'try' statement".into(), *begin));
            }
            _ => {}
        }
        Stopped
    }

    /// True when a colon comes before anything else that goes on with an object.
    fn is_before_colon(&self) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let goes_on = |token: &Token| matches!(token, Token::Sign(":" | "," | "}"));
        rest.iter().find(|(token, _)| goes_on(token)).is_some_and(|(token, _)| *token == Token::Sign(":"))
    }

    /// A whole program.
    pub(super) fn program(&mut self) -> Parsed<Node> {
        if self.is("import") || self.is("include") {
            return Err(self.module());
        }
        if self.text.is_empty() {
            return Ok(Node::identity());
        }
        if *self.peek() == Token::End {
            return Err(self.nothing());
        }
        let begins_wrong = !self.begins_term();
        if begins_wrong {
            return Err(self.unexpected("end of file"));
        }
        let mark = self.scope.mark();
        let node = self.pipe()?;
        self.scope.back_to(mark);
        if *self.peek() == Token::End { Ok(node) } else { Err(self.unexpected("end of file")) }
    }

    /// The string that stood at a place, once more.
    pub(super) fn again(&mut self, place: usize) -> Parsed<Node> {
        let here = self.at;
        self.at = self.tokens.iter().position(|(_, at)| *at == place).unwrap_or(here);
        let node = self.string();
        self.at = here;
        node
    }

    /// Definitions alone, as in a library; each is handed on as it comes.
    pub(super) fn library(&mut self, mut take: impl FnMut(&mut Scope, Arc<Function>)) -> Parsed<()> {
        while self.skip("def") {
            let function = self.function(true)?;
            take(&mut self.scope, Arc::new(function));
        }
        if *self.peek() == Token::End { Ok(()) } else { Err(self.unexpected("end of file")) }
    }

    fn nothing(&mut self) -> Stopped {
        self.mistakes.syntax.push((NO_PROGRAM.into(), usize::MAX));
        Stopped
    }

    fn module(&mut self) -> Stopped {
        let path = self.tokens.iter().find_map(|(token, _)| match token {
            Token::Text(Ok(text)) => Some(text.clone()),
            _ => None,
        });
        let path = path.unwrap_or_default();
        self.mistakes.syntax.push((format!("module not found: {path}\n"), usize::MAX));
        Stopped
    }

    /// True when a term can begin with the next word.
    fn begins_term(&self) -> bool {
        match self.peek() {
            Token::Sign(sign) => [".", "..", "[", "{", "(", "-", "$"].contains(sign),
            Token::Keyword(word) => {
                ["if", "reduce", "foreach", "try", "label", "def", "break", "$__loc__"].contains(word)
            }
            Token::Text(_) | Token::Hole | Token::Unquote | Token::Invalid | Token::End => false,
            _ => true,
        }
    }

    /// A filter of any kind.
    pub(super) fn pipe(&mut self) -> Parsed<Node> {
        self.level += 1;
        if self.level > LEVELS_MAX {
            return Err(self.unexpected(""));
        }
        let node = if self.skip("def") {
            let mark = self.scope.mark();
            let function = Arc::new(self.function(false)?);
            self.scope.define(&function);
            if self.level == 1 && *self.peek() == Token::End {
                return Err(self.nothing());
            }
            let rest = self.pipe()?;
            self.scope.back_to(mark);
            Ok(Node::new(Kind::Define(function, Box::new(rest))))
        } else {
            self.operators(0)
        };
        self.level -= 1;
        node
    }

    fn function(&mut self, in_library: bool) -> Parsed<Function> {
        let name = match self.next() {
            Token::Name(name) => name,
            Token::Keyword(word) if word != "$__loc__" => word.to_owned(),
            _ => {
                self.at -= 1;
                return Err(self.unexpected("IDENT"));
            }
        };
        let mut parameters = Vec::new();
        if self.skip("(") {
            loop {
                let (name, is_value) = match self.next() {
                    Token::Name(name) => (name, false),
                    Token::Keyword(name) => (name.to_owned(), false),
                    Token::Binding(name) => (name, true),
                    _ => {
                        self.at -= 1;
                        return Err(self.unexpected(""));
                    }
                };
                parameters.push(Parameter { name, is_value });
                if !self.skip(";") {
                    break;
                }
            }
            self.need(")", "';' or ')'")?;
            self.need(":", "':'")?;
        } else {
            self.need(":", "'(' or ':'")?;
        }
        let mark = self.scope.mark();
        self.scope.open_function(&name, &parameters, in_library);
        let body = self.pipe()?;
        self.scope.back_to(mark);
        self.need(";", "")?;
        Ok(Function { name, parameters, body })
    }

    fn within<T>(&mut self, inside: Inside, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.inside.push(inside);
        let read = read(self)?;
        self.inside.pop();
        Ok(read)
    }

    fn operators(&mut self, least: u8) -> Parsed<Node> {
        let mut left = self.prefixed()?;
        while let Some((level, right)) = binding(self.peek()).filter(|it| it.0 >= least) {
            let (Token::Sign(sign) | Token::Keyword(sign)) = self.next() else { break };
            // Everything behind a bar is one side, definitions too.
            let node = if level == 0 { self.pipe()? } else { self.operand(right)? };
            left = joined(sign, left, node);
            if ALONE.contains(&level) && binding(self.peek()).is_some_and(|it| it.0 == level) {
                return Err(self.unexpected(""));
            }
        }
        Ok(left)
    }

    fn operand(&mut self, least: u8) -> Parsed<Node> {
        self.level += 1;
        if self.level > LEVELS_MAX {
            return Err(self.unexpected(""));
        }
        let node = if self.is("def") { self.pipe() } else { self.operators(least) };
        self.level -= 1;
        node
    }

    fn prefixed(&mut self) -> Parsed<Node> {
        let begin = self.place();
        if self.skip("-") {
            return Ok(Node::new(Kind::Negate(Box::new(self.operand(8)?))));
        }
        if self.skip("try") {
            let body = self.prefixed()?;
            let handler = match self.skip("catch") {
                true => Some(Box::new(self.within(Inside::Catch(begin), Self::prefixed)?)),
                false => None,
            };
            return Ok(Node::new(Kind::Try(Box::new(body), handler)));
        }
        if self.skip("label") {
            let Token::Binding(name) = self.next() else {
                self.at -= 1;
                return Err(self.unexpected("BINDING"));
            };
            self.need("|", "'|'")?;
            let mark = self.scope.mark();
            self.scope.open_label(&name);
            let body = self.pipe()?;
            self.scope.back_to(mark);
            return Ok(Node::new(Kind::Label(Box::new(body))));
        }
        if let Token::Keyword(word @ ("if" | "reduce" | "foreach")) = *self.peek() {
            self.at += 1;
            let mut node = match word {
                "if" => self.condition(begin)?,
                word => self.fold(word == "foreach")?,
            };
            while self.skip("?") {
                node = Node::new(Kind::Try(Box::new(node), None));
            }
            return Ok(node);
        }
        let term = self.postfixed()?;
        if !self.skip("as") {
            return Ok(term);
        }
        let (patterns, names) = self.patterns()?;
        self.need("|", "'|'")?;
        let mark = self.scope.mark();
        self.scope.open_variables(&names);
        let body = self.pipe()?;
        self.scope.back_to(mark);
        Ok(Node::new(Kind::Bind(Box::new(term), Arc::new(patterns), Box::new(body))))
    }

    /// A term and what looks into it.
    pub(super) fn postfixed(&mut self) -> Parsed<Node> {
        let mut node = self.term()?;
        loop {
            match self.peek().clone() {
                Token::Field(name) => {
                    self.at += 1;
                    node = Node::new(Kind::Index(Box::new(node), Box::new(Node::text(&name))));
                }
                Token::Sign("?") => {
                    self.at += 1;
                    node = Node::new(Kind::Try(Box::new(node), None));
                }
                Token::Sign("[") => node = self.bracket(node)?,
                Token::Sign(".") => {
                    self.at += 1;
                    match self.peek() {
                        Token::Sign("[") => node = self.bracket(node)?,
                        Token::Quote | Token::Format(_) => {
                            let key = self.string()?;
                            node = Node::new(Kind::Index(Box::new(node), Box::new(key)));
                        }
                        _ => return Err(self.unexpected("FORMAT or QQSTRING_START or '['")),
                    }
                }
                _ => return Ok(node),
            }
        }
    }

    /// `[…]` behind a term.
    fn bracket(&mut self, of: Node) -> Parsed<Node> {
        self.at += 1;
        if self.skip("]") {
            return Ok(Node::new(Kind::Iterate(Box::new(of))));
        }
        let of = Box::new(of);
        self.within(Inside::Brackets, |this| {
            if this.skip(":") {
                let to = this.pipe()?;
                this.need("]", "")?;
                return Ok(Node::new(Kind::Slice(of, None, Some(Box::new(to)))));
            }
            let from = this.pipe()?;
            if !this.skip(":") {
                this.need("]", "")?;
                return Ok(Node::new(Kind::Index(of, Box::new(from))));
            }
            let to = if this.is("]") { None } else { Some(Box::new(this.pipe()?)) };
            this.need("]", "")?;
            Ok(Node::new(Kind::Slice(of, Some(Box::new(from)), to)))
        })
    }

    fn term(&mut self) -> Parsed<Node> {
        let place = self.place();
        match self.next() {
            Token::Sign(".") => match self.peek() {
                Token::Quote | Token::Format(_) => {
                    let key = self.within(Inside::Point(place), Self::string)?;
                    Ok(Node::new(Kind::Index(Box::new(Node::identity()), Box::new(key))))
                }
                Token::Sign("{" | "(") => {
                    self.inside.push(Inside::Point(place));
                    Err(self.unexpected(""))
                }
                _ => Ok(Node::identity()),
            },
            Token::Sign("..") => Ok(Node::new(Kind::Descend)),
            Token::Field(name) => {
                Ok(Node::new(Kind::Index(Box::new(Node::identity()), Box::new(Node::text(&name)))))
            }
            Token::Literal(value) => Ok(Node::new(Kind::Literal(value))),
            Token::Quote => {
                self.at -= 1;
                self.string()
            }
            Token::Format(name) if *self.peek() != Token::Quote => Ok(Node::new(Kind::Format(name))),
            Token::Format(_) => {
                self.at -= 1;
                self.string()
            }
            Token::Sign("(") => self.within(Inside::Brackets, |this| {
                let node = this.pipe()?;
                this.need(")", "")?;
                Ok(node)
            }),
            Token::Sign("[") if self.skip("]") => Ok(Node::new(Kind::Array(None))),
            Token::Sign("[") => self.within(Inside::Brackets, |this| {
                let node = this.pipe()?;
                this.need("]", "")?;
                Ok(Node::new(Kind::Array(Some(Box::new(node)))))
            }),
            Token::Sign("{") => {
                let begin = self.place();
                self.within(Inside::Braces(begin), Self::object)
            }
            Token::Keyword("$__loc__") => Ok(self.location(place)),
            Token::Keyword("break") => self.leave(place),
            Token::Binding(name) => Ok(self.variable(&name, place)),
            Token::Name(name) => self.call(&name, place),
            Token::Sign("$") => Err(self.unexpected("'$'")),
            _ => {
                self.at -= 1;
                Err(self.unexpected(""))
            }
        }
    }

    pub(super) fn variable(&mut self, name: &str, place: usize) -> Node {
        match self.scope.variable(name) {
            Some(kind) => Node::new(kind),
            None => {
                self.mistakes.names.push((format!("${name} is not defined"), place));
                Node::identity()
            }
        }
    }

    pub(super) fn location(&self, place: usize) -> Node {
        let line = self.text.get(..place).unwrap_or_default().matches('\n').count() + 1;
        Node::new(Kind::Literal(Val::record([
            ("file", Val::from("<top-level>")),
            ("line", Val::count(line)),
        ])))
    }

    fn leave(&mut self, place: usize) -> Parsed<Node> {
        let Token::Binding(name) = self.next() else {
            self.at -= 1;
            let stopped = self.unexpected("BINDING");
            self.mistakes.syntax.push(("break requires a label to break to".into(), place));
            return Err(stopped);
        };
        Ok(match self.scope.label(&name) {
            Some(distance) => Node::new(Kind::Break(distance)),
            None => {
                self.mistakes.names.push((format!("$*label-{name} is not defined"), place));
                Node::identity()
            }
        })
    }

    fn condition(&mut self, begin: usize) -> Parsed<Node> {
        let condition = self.pipe()?;
        self.need("then", "")?;
        self.within(Inside::If(begin), |this| {
            let then = Box::new(this.pipe()?);
            let otherwise = if this.skip("elif") {
                Some(Box::new(this.condition(begin)?))
            } else if this.skip("else") {
                let node = this.pipe()?;
                this.need("end", "")?;
                Some(Box::new(node))
            } else {
                this.need("end", "")?;
                None
            };
            Ok(Node::new(Kind::If(Box::new(condition), then, otherwise)))
        })
    }

    fn fold(&mut self, each: bool) -> Parsed<Node> {
        let source = self.postfixed()?;
        self.need("as", "")?;
        let (patterns, names) = self.patterns()?;
        self.need("(", "'('")?;
        let begin = self.pipe()?;
        self.need(";", "")?;
        let mark = self.scope.mark();
        self.scope.open_variables(&names);
        let update = self.pipe()?;
        let extract = if each && self.skip(";") { Some(self.pipe()?) } else { None };
        self.scope.back_to(mark);
        self.need(")", "")?;
        let made = Box::new(Loop { source, patterns: Arc::new(patterns), begin, update, extract });
        Ok(Node::new(if each { Kind::Foreach(made) } else { Kind::Reduce(made) }))
    }

    /// A string, and what is wrong with its escapes.
    pub(super) fn string(&mut self) -> Parsed<Node> {
        let format = match self.peek().clone() {
            Token::Format(name) => {
                self.at += 1;
                Some(name)
            }
            _ => None,
        };
        self.need_quote()?;
        let mut parts = Vec::new();
        loop {
            let place = self.place();
            match self.next() {
                Token::Unquote => break,
                Token::Text(Ok(text)) => match parts.last_mut() {
                    Some(Part::Text(before)) => before.push_str(&text),
                    _ => parts.push(Part::Text(text)),
                },
                Token::Text(Err(why)) => self.mistakes.names.push((why, place)),
                Token::Hole => {
                    let node = self.pipe()?;
                    self.need(")", "")?;
                    parts.push(Part::Hole(node));
                }
                _ => {
                    self.at -= 1;
                    return Err(self.unexpected("QQSTRING_TEXT or QQSTRING_INTERP_START or QQSTRING_END"));
                }
            }
        }
        Ok(match parts.as_slice() {
            [] => Node::text(""),
            [Part::Text(text)] => Node::text(text),
            _ => Node::new(Kind::Text(format, parts)),
        })
    }

    fn need_quote(&mut self) -> Parsed<()> {
        if *self.peek() != Token::Quote {
            return Err(self.unexpected("QQSTRING_START"));
        }
        self.at += 1;
        Ok(())
    }

    fn call(&mut self, name: &str, place: usize) -> Parsed<Node> {
        let mut arguments = Vec::new();
        if self.skip("(") {
            loop {
                arguments.push(self.pipe()?);
                if !self.skip(";") {
                    break;
                }
            }
            self.need(")", "';' or ')'")?;
        }
        let count = arguments.len();
        match self.scope.function(name, arguments) {
            Sought::Found(node) => Ok(node),
            Sought::Missing => {
                self.mistakes.names.push((format!("{name}/{count} is not defined"), place));
                Ok(Node::identity())
            }
        }
    }
}
