//! Reads programs: words to trees, with jq's messages about what cannot be read.

use std::sync::Arc;

use super::lex::{self, Token};
use super::scope::Scope;
use super::tree::{Function, Kind, Node, Operator, Parameter};

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
pub(super) enum Inside {
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
    pub(super) at: usize,
    pub(super) text: &'a str,
    pub(super) scope: Scope,
    pub(super) mistakes: Mistakes,
    pub(super) inside: Vec<Inside>,
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

    pub(super) fn nothing(&mut self) -> Stopped {
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

    pub(super) fn within<T>(
        &mut self,
        inside: Inside,
        read: impl FnOnce(&mut Self) -> Parsed<T>,
    ) -> Parsed<T> {
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
}
