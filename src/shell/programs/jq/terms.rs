//! Terms: what programs are made of between operators.

use std::sync::Arc;

use super::lex::Token;
use super::parse::{Inside, Parsed, Parser};
use super::scope::Sought;
use super::tree::{Kind, Loop, Node, Part};
use super::value::Val;

impl Parser<'_> {
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

    pub(super) fn condition(&mut self, begin: usize) -> Parsed<Node> {
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

    pub(super) fn fold(&mut self, each: bool) -> Parsed<Node> {
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
