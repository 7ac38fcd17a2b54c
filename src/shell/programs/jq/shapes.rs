//! The parts of programs in braces: objects that are made, and patterns that take values apart.

use super::lex::Token;
use super::parse::{Parsed, Parser};
use super::tree::{Kind, Member, Node, Pattern, Patterns};
use super::value::Val;
use super::write;

impl Parser<'_> {
    /// The rest of an object behind its brace.
    pub(super) fn object(&mut self) -> Parsed<Node> {
        let mut members = Vec::new();
        if self.skip("}") {
            return Ok(Node::new(Kind::Object(members)));
        }
        loop {
            members.push(self.member()?);
            if !self.skip(",") || self.is("}") {
                break;
            }
        }
        self.need("}", "'}'")?;
        Ok(constant(&members).unwrap_or_else(|| Node::new(Kind::Object(members))))
    }

    fn member(&mut self) -> Parsed<(Node, Node)> {
        let place = self.place();
        let (key, shorthand) = match self.peek().clone() {
            Token::Name(name) => (self.named(&name), None),
            Token::Keyword("$__loc__") => {
                self.next();
                let value = self.location(place);
                return Ok((Node::text("__loc__"), value));
            }
            Token::Keyword(word) => (self.named(word), None),
            Token::Binding(name) => {
                self.next();
                (Node::text(&name), Some(name))
            }
            Token::Quote | Token::Format(_) => (self.string()?, None),
            Token::Sign("(") => return self.computed(place),
            _ => return Err(self.unexpected("")),
        };
        if self.skip(":") {
            return Ok((key, self.member_value()?));
        }
        let value = match shorthand {
            Some(name) => self.variable(&name, place),
            None => Node::new(Kind::Index(Box::new(Node::identity()), Box::new(copy(&key, self, place)?))),
        };
        Ok((key, value))
    }

    fn named(&mut self, name: &str) -> Node {
        self.next();
        Node::text(name)
    }

    fn computed(&mut self, place: usize) -> Parsed<(Node, Node)> {
        self.next();
        let key = self.pipe()?;
        self.need(")", "")?;
        self.need(":", "':'")?;
        if let Kind::Literal(value) = &key.kind
            && value.as_str().is_none()
        {
            let text = format!("Cannot use {} ({}) as object key", value.kind(), write::brief(value));
            self.mistakes.names.push((text, place));
        }
        Ok((key, self.member_value()?))
    }

    /// What may stand behind a colon: terms and pipes of them.
    fn member_value(&mut self) -> Parsed<Node> {
        let negative = self.skip("-");
        let mut node = if negative {
            let of = self.member_value()?;
            return Ok(Node::new(Kind::Negate(Box::new(of))));
        } else {
            self.postfixed()?
        };
        if self.skip("|") {
            node = Node::new(Kind::Pipe(Box::new(node), Box::new(self.member_value()?)));
        }
        Ok(node)
    }

    /// Patterns behind `as`, and the names of their variables in order.
    pub(super) fn patterns(&mut self) -> Parsed<(Patterns, Vec<String>)> {
        let mut names = Vec::new();
        let mut alternatives = vec![self.pattern(&mut names)?];
        while self.skip("?//") {
            alternatives.push(self.pattern(&mut names)?);
        }
        Ok((Patterns { alternatives, variables: names.len() }, names))
    }

    fn pattern(&mut self, names: &mut Vec<String>) -> Parsed<Pattern> {
        match self.peek().clone() {
            Token::Binding(name) => {
                self.next();
                Ok(Pattern::Variable(slot(names, &name)))
            }
            Token::Sign("[") => {
                self.next();
                let mut items = vec![self.pattern(names)?];
                while self.skip(",") {
                    items.push(self.pattern(names)?);
                }
                self.need("]", "',' or ']'")?;
                Ok(Pattern::Array(items))
            }
            Token::Sign("{") => {
                self.next();
                let mut members = vec![self.member_pattern(names)?];
                while self.skip(",") {
                    members.push(self.member_pattern(names)?);
                }
                self.need("}", "',' or '}'")?;
                Ok(Pattern::Object(members))
            }
            _ => Err(self.unexpected("BINDING or '[' or '{'")),
        }
    }

    fn member_pattern(&mut self, names: &mut Vec<String>) -> Parsed<Member> {
        let (key, variable) = match self.peek().clone() {
            Token::Binding(name) => {
                self.next();
                (Node::text(&name), Some(slot(names, &name)))
            }
            Token::Name(name) => (self.named(&name), None),
            Token::Keyword(word) => (self.named(word), None),
            Token::Quote | Token::Format(_) => (self.string()?, None),
            Token::Sign("(") => {
                self.next();
                let key = self.pipe()?;
                self.need(")", "")?;
                (key, None)
            }
            _ => return Err(self.unexpected("")),
        };
        if self.skip(":") {
            return Ok(Member { key, variable, pattern: Some(self.pattern(names)?) });
        }
        if variable.is_none() {
            return Err(self.unexpected("':'"));
        }
        Ok(Member { key, variable, pattern: None })
    }
}

/// The place of a variable among those of a pattern.
fn slot(names: &mut Vec<String>, name: &str) -> usize {
    names.iter().position(|it| it == name).unwrap_or_else(|| {
        names.push(name.to_owned());
        names.len() - 1
    })
}

/// `{"a"}` looks up what it is called: the key is read once more, so that it stands twice.
fn copy(key: &Node, parser: &mut Parser<'_>, place: usize) -> Parsed<Node> {
    match &key.kind {
        Kind::Literal(value) => Ok(Node::new(Kind::Literal(value.clone()))),
        _ => parser.again(place),
    }
}

/// An object of constants is a constant.
fn constant(members: &[(Node, Node)]) -> Option<Node> {
    let mut object = super::value::Object::default();
    for (key, value) in members {
        let (Kind::Literal(Val::Str(key)), Kind::Literal(value)) = (&key.kind, &value.kind) else {
            return None;
        };
        object.put(key.clone(), value.clone());
    }
    Some(Node::new(Kind::Literal(Val::object(object))))
}
