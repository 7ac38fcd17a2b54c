//! Tokens to nodes.

use std::collections::BTreeMap;

use super::lex::{Piece, Placed, Token, pieces, tokens};
use super::{Command, Kind, Node, Pipe, Place, Word, funcs};
use crate::apimachinery::go;
use crate::apimachinery::json::Value;

/// Parentheses and blocks inside each other.
const DEPTH_MAX: usize = 100;

/// Reads a template and those that it defines.
pub(super) fn parse(file: &str, text: &str, more: &[&str]) -> Result<BTreeMap<String, Vec<Node>>, String> {
    let line_of = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let fault = |at: usize, why: &str| format!("template: {file}:{}: {why}", line_of(at));
    let pieces = pieces(text).map_err(|(at, why)| fault(at, &why))?;
    let mut parser = Parser {
        source: text,
        pieces: pieces.into_iter().peekable(),
        variables: vec!["$".to_owned()],
        defined: BTreeMap::new(),
        at: 0,
        depth: 0,
        more,
    };
    match parser.list() {
        Ok((nodes, None)) => {
            parser.defined.insert(file.to_owned(), nodes);
            Ok(parser.defined)
        }
        Ok((_, Some(end))) => Err(fault(parser.at, &format!("unexpected {}", end.shown()))),
        Err(why) => Err(fault(parser.at, &why)),
    }
}

/// What ended a list of nodes.
#[derive(Clone, Debug)]
enum End {
    End,
    /// `else`, with what stands behind it.
    Else(Vec<Placed>),
}

impl End {
    fn shown(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else(_) => "{{else}}",
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    pieces: std::iter::Peekable<std::vec::IntoIter<Piece>>,
    variables: Vec<String>,
    defined: BTreeMap<String, Vec<Node>>,
    /// Where the current action starts.
    at: usize,
    depth: usize,
    /// Functions beside those of every template.
    more: &'a [&'a str],
}

fn without_leading_space(tokens: &[Placed]) -> &[Placed] {
    match tokens {
        [(Token::Space, _), rest @ ..] => rest,
        all => all,
    }
}

impl Parser<'_> {
    fn knows(&self, name: &str) -> bool {
        funcs::exists(name) || self.more.contains(&name)
    }

    /// Nodes up to `end`, `else` or the end of the text.
    fn list(&mut self) -> Result<(Vec<Node>, Option<End>), String> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (text, at) = match piece {
                Piece::Text(text) => {
                    nodes.push(Node::Text(text));
                    continue;
                }
                Piece::Action { text, at } => (text, at),
            };
            self.at = at;
            let tokens = tokens(&text)?;
            let tokens = without_leading_space(&tokens);
            let Some(((first, _), rest)) = tokens.split_first() else {
                return Err("missing value for command".to_owned());
            };
            match first {
                Token::Name(name) if name == "end" => return Ok((nodes, Some(End::End))),
                Token::Name(name) if name == "else" => {
                    let rest = without_leading_space(rest).to_vec();
                    return Ok((nodes, Some(End::Else(rest))));
                }
                Token::Name(name) if is_keyword(name) => {
                    let name = name.clone();
                    nodes.extend(self.block(&name, rest)?);
                }
                _ => nodes.push(Node::Action(self.pipe(tokens, "command")?)),
            }
        }
        Ok((nodes, None))
    }

    fn block(&mut self, keyword: &str, rest: &[Placed]) -> Result<Option<Node>, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("exceeded maximum template depth".to_owned());
        }
        let node = match keyword {
            "if" | "with" | "range" => Some(self.control(keyword, rest)?),
            "template" => Some(self.template(rest)?),
            "break" => Some(Node::Break),
            "continue" => Some(Node::Continue),
            _ => self.define(keyword, rest)?,
        };
        self.depth -= 1;
        Ok(node)
    }

    fn control(&mut self, keyword: &str, rest: &[Placed]) -> Result<Node, String> {
        let mark = self.variables.len();
        let pipe = self.pipe(rest, keyword)?;
        let (then, end) = self.list()?;
        let otherwise = match end {
            None => return Err("unexpected EOF".to_owned()),
            Some(End::End) => Vec::new(),
            Some(End::Else(tokens)) => self.otherwise(keyword, &tokens)?,
        };
        self.variables.truncate(mark);
        Ok(match keyword {
            "if" => Node::If { pipe, then, otherwise },
            "with" => Node::With { pipe, then, otherwise },
            _ => Node::Range { pipe, body: then, otherwise },
        })
    }

    fn otherwise(&mut self, keyword: &str, tokens: &[Placed]) -> Result<Vec<Node>, String> {
        match tokens.split_first() {
            Some(((Token::Name(name), _), rest)) if name == keyword && keyword != "range" => {
                let rest = rest.to_vec();
                Ok(self.block(keyword, &rest)?.into_iter().collect())
            }
            Some(((_, place), _)) => Err(format!("unexpected {} in input", self.shown(place))),
            None => match self.list()? {
                (nodes, Some(End::End)) => Ok(nodes),
                (_, Some(End::Else(_))) => Err("expected end; found {{else}}".to_owned()),
                (_, None) => Err("unexpected EOF".to_owned()),
            },
        }
    }

    fn shown(&self, place: &std::ops::Range<usize>) -> String {
        go::quote(self.source.get(self.at + place.start..self.at + place.end).unwrap_or(""))
    }

    fn name<'t>(&self, rest: &'t [Placed], clause: &str) -> Result<(String, &'t [Placed]), String> {
        match without_leading_space(rest).split_first() {
            Some(((Token::Literal(Value::String(name)), _), rest)) => Ok((name.to_string(), rest)),
            Some(((_, place), _)) => Err(format!("unexpected {} in {clause} clause", self.shown(place))),
            None => Err(format!("unexpected \"}}}}\" in {clause} clause")),
        }
    }

    fn template(&mut self, rest: &[Placed]) -> Result<Node, String> {
        let (name, rest) = self.name(rest, "template")?;
        let pipe = match without_leading_space(rest) {
            [] => None,
            rest => Some(self.pipe(rest, "template")?),
        };
        let mut place = self.place(0..0);
        place.column += "template ".len();
        place.text = format!("{{{{template {}}}}}", go::quote(&name));
        Ok(Node::Template { name, pipe, place })
    }

    /// `define`, and `block`, which also stands where it is defined.
    fn define(&mut self, keyword: &str, rest: &[Placed]) -> Result<Option<Node>, String> {
        let (name, rest) = self.name(rest, keyword)?;
        let pipe = if keyword == "block" { Some(self.pipe(rest, "block clause")?) } else { None };
        let outer = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let place = self.place(0..0);
        let (nodes, end) = self.list()?;
        self.variables = outer;
        match end {
            Some(End::End) => {}
            Some(end) => return Err(format!("unexpected {} in {keyword} clause", end.shown())),
            None => return Err("unexpected EOF".to_owned()),
        }
        self.defined.insert(name.clone(), nodes);
        Ok(pipe.map(|pipe| Node::Template { name, pipe: Some(pipe), place }))
    }

    fn place(&self, range: std::ops::Range<usize>) -> Place {
        let (start, end) = (self.at + range.start, self.at + range.end);
        let before = self.source.get(..start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: start - line_start,
            text: self.source.get(start..end).unwrap_or("").to_owned(),
        }
    }

    fn pipe(&mut self, tokens: &[Placed], clause: &str) -> Result<Pipe, String> {
        let (variables, assigns, rest) = self.declaration(tokens, clause)?;
        let rest = without_leading_space(rest);
        let mut commands = Vec::new();
        for part in split_pipe(rest) {
            commands.push(self.command(part, clause)?);
        }
        let range = match (rest.first(), rest.last()) {
            (Some((_, first)), Some((_, last))) => first.start..last.end,
            _ => 0..0,
        };
        let mut place = self.place(range);
        place.text = place.text.trim_end().to_owned();
        Ok(Pipe { variables, assigns, commands, place })
    }

    fn declaration<'t>(
        &mut self,
        tokens: &'t [Placed],
        clause: &str,
    ) -> Result<(Vec<String>, bool, &'t [Placed]), String> {
        let mut names = Vec::new();
        let mut rest = without_leading_space(tokens);
        loop {
            let [(Token::Variable(name), _), after @ ..] = rest else {
                return Ok((Vec::new(), false, tokens));
            };
            names.push(name.clone());
            match without_leading_space(after) {
                [(Token::Mark(","), _), after @ ..] if clause == "range" && names.len() == 1 => {
                    rest = without_leading_space(after);
                }
                [(Token::Mark(":="), _), after @ ..] => {
                    self.variables.extend(names.iter().cloned());
                    return Ok((names, false, after));
                }
                [(Token::Mark("="), _), after @ ..] => return Ok((names, true, after)),
                _ => return Ok((Vec::new(), false, tokens)),
            }
        }
    }

    fn command(&mut self, tokens: &[Placed], clause: &str) -> Result<Command, String> {
        let mut words: Vec<Word> = Vec::new();
        let mut rest = without_leading_space(tokens);
        let start = rest.first().map_or(0, |(_, place)| place.start);
        let mut end = start;
        while let Some(((token, place), after)) = rest.split_first() {
            rest = after;
            if *token == Token::Space {
                continue;
            }
            let (kind, after) = self.operand(token, place, rest)?;
            rest = after;
            let chained = rest.first().map(|(_, place)| place.start);
            let (fields, after) = fields(rest);
            rest = after;
            // Go places a chain where its second part begins.
            let column = chained.filter(|_| !fields.is_empty()).map_or(0, |at| at - place.start);
            let stop = tokens.len() - rest.len();
            let last = tokens.get(stop.saturating_sub(1)).map_or(place.end, |(_, place)| place.end);
            end = last;
            let kind = with_fields(kind, fields)
                .ok_or_else(|| format!("unexpected . after term {}", self.shown(place)))?;
            let mut place = self.place(place.start..last);
            place.column += column;
            words.push(Word { kind, place });
        }
        if words.is_empty() {
            return Err(format!("missing value for {clause}"));
        }
        Ok(Command { words, place: self.place(start..end) })
    }

    fn operand<'t>(
        &mut self,
        token: &Token,
        place: &std::ops::Range<usize>,
        rest: &'t [Placed],
    ) -> Result<(Kind, &'t [Placed]), String> {
        let kind = match token {
            Token::Literal(value) => Kind::Literal(value.clone()),
            Token::Field(name) if name.is_empty() => Kind::Dot,
            Token::Field(name) => Kind::Field(vec![name.clone()]),
            Token::Variable(name) if self.variables.contains(name) => {
                Kind::Variable(name.clone(), Vec::new())
            }
            Token::Variable(name) => return Err(format!("undefined variable {}", go::quote(name))),
            Token::Name(name) => match name.as_str() {
                "true" => Kind::Literal(true.into()),
                "false" => Kind::Literal(false.into()),
                "nil" => Kind::Nil,
                name if self.knows(name) => Kind::Function(name.to_owned()),
                name => return Err(format!("function {} not defined", go::quote(name))),
            },
            Token::Mark("(") => {
                let close = closing(rest).ok_or("unclosed left paren")?;
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err("exceeded maximum template depth".to_owned());
                }
                let inner = self.pipe(rest.get(..close).unwrap_or(&[]), "parenthesized pipeline")?;
                self.depth -= 1;
                return Ok((Kind::Group(Box::new(inner), Vec::new()), rest.get(close + 1..).unwrap_or(&[])));
            }
            Token::Mark(")") => return Err("unexpected right paren".to_owned()),
            Token::Mark(_) | Token::Space => {
                return Err(format!("unexpected {} in operand", self.shown(place)));
            }
        };
        Ok((kind, rest))
    }
}

fn is_keyword(name: &str) -> bool {
    matches!(name, "if" | "with" | "range" | "template" | "define" | "block" | "break" | "continue")
}

/// The place of the parenthesis that closes the one before `tokens`.
fn closing(tokens: &[Placed]) -> Option<usize> {
    let mut open = 1;
    tokens.iter().position(|(token, _)| {
        match token {
            Token::Mark("(") => open += 1,
            Token::Mark(")") => open -= 1,
            _ => {}
        }
        open == 0
    })
}

/// The commands of a pipeline; bars in parentheses do not count.
fn split_pipe(tokens: &[Placed]) -> Vec<&[Placed]> {
    let mut open = 0_usize;
    tokens
        .split(|(token, _)| {
            match token {
                Token::Mark("(") => open += 1,
                Token::Mark(")") => open = open.saturating_sub(1),
                _ => {}
            }
            open == 0 && *token == Token::Mark("|")
        })
        .collect()
}

/// The fields that follow an operand without a space.
fn fields(mut tokens: &[Placed]) -> (Vec<String>, &[Placed]) {
    let mut names = Vec::new();
    while let [(Token::Field(name), _), rest @ ..] = tokens
        && !name.is_empty()
    {
        names.push(name.clone());
        tokens = rest;
    }
    (names, tokens)
}

fn with_fields(kind: Kind, fields: Vec<String>) -> Option<Kind> {
    if fields.is_empty() {
        return Some(kind);
    }
    match kind {
        Kind::Field(mut names) => {
            names.extend(fields);
            Some(Kind::Field(names))
        }
        Kind::Variable(name, _) => Some(Kind::Variable(name, fields)),
        Kind::Group(pipe, _) => Some(Kind::Group(pipe, fields)),
        _ => None,
    }
}
