//! The text of label selectors to requirements, as `labels.Parser` reads it.

use std::collections::BTreeSet;

use super::{Operator, Requirement};
use crate::apimachinery::field::{self, Path};
use crate::apimachinery::validate;

/// The requirements of a selector's text, in its order.
pub(super) fn requirements(text: &str) -> Result<Vec<Requirement>, String> {
    Parser { tokens: tokens(text), at: 0 }.selector()
}

/// A piece of a label selector.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    /// `=`, `==`, `!=`, `!`, `(`, `)`, `,`, `<`, `>`, or a run of these that means nothing.
    Mark(String),
    End,
}

impl Token {
    fn text(&self) -> &str {
        match self {
            Token::Word(text) | Token::Mark(text) => text,
            Token::End => "",
        }
    }

    fn is(&self, mark: &str) -> bool {
        matches!(self, Token::Mark(text) if text == mark)
    }
}

const MARKS: &[char] = &['=', '!', '(', ')', ',', '<', '>'];

fn tokens(text: &str) -> Vec<Token> {
    let mut all = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let Some(first) = rest.chars().next() else { break };
        let length = if MARKS.contains(&first) {
            mark_length(rest)
        } else {
            rest.find(|c| MARKS.contains(&c) || matches!(c, ' ' | '\t' | '\r' | '\n')).unwrap_or(rest.len())
        };
        let (token, tail) = rest.split_at(length);
        rest = tail;
        let token = token.to_owned();
        all.push(if MARKS.contains(&first) { Token::Mark(token) } else { Token::Word(token) });
    }
    all.push(Token::End);
    all
}

/// `==` and `!=` are one mark; all others stand alone. Marks are one byte each.
fn mark_length(text: &str) -> usize {
    if text.starts_with("==") || text.starts_with("!=") { 2 } else { 1 }
}

/// Reads tokens into requirements, as `labels.Parser` does.
struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Token {
        self.tokens.get(self.at).cloned().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn selector(&mut self) -> Result<Vec<Requirement>, String> {
        let mut all = Vec::new();
        loop {
            match self.peek() {
                Token::End => return Ok(all),
                token if starts_requirement(&token) => {}
                token => {
                    return Err(format!(
                        "found '{}', expected: !, identifier, or 'end of string'",
                        token.text()
                    ));
                }
            }
            all.push(self.requirement().map_err(|error| format!("unable to parse requirement: {error}"))?);
            match self.next() {
                Token::End => return Ok(all),
                token if token.is(",") => {
                    let after = self.peek();
                    if !starts_requirement(&after) {
                        return Err(format!("found '{}', expected: identifier after ','", after.text()));
                    }
                }
                token => {
                    return Err(format!("found '{}', expected: ',' or 'end of string'", token.text()));
                }
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let mut token = self.next();
        let negated = token.is("!");
        if negated {
            token = self.next();
        }
        let Token::Word(key) = token else {
            return Err(format!("found '{}', expected: identifier", token.text()));
        };
        let faults = validate::qualified_name(&key);
        if !faults.is_empty() {
            let error = field::invalid(&Path::root(), key.as_str(), &faults.join("; "));
            return Err(format!("{}: {}", error.field, error.message));
        }
        if negated {
            return Requirement::new(&key, Operator::DoesNotExist, Vec::new());
        }
        let after = self.peek();
        if after == Token::End || after.is(",") {
            return Requirement::new(&key, Operator::Exists, Vec::new());
        }
        let operator = self.operator()?;
        let values = match operator {
            Operator::In | Operator::NotIn => self.values()?,
            _ => vec![self.exact_value()?],
        };
        Requirement::new(&key, operator, values)
    }

    fn operator(&mut self) -> Result<Operator, String> {
        let token = self.next();
        let operator = match &token {
            Token::Word(word) if word == "in" => Operator::In,
            Token::Word(word) if word == "notin" => Operator::NotIn,
            Token::Mark(mark) => match mark.as_str() {
                "=" => Operator::Equals,
                "==" => Operator::DoubleEquals,
                "!=" => Operator::NotEquals,
                ">" => Operator::GreaterThan,
                "<" => Operator::LessThan,
                _ => return Err(wrong_operator(&token)),
            },
            _ => return Err(wrong_operator(&token)),
        };
        Ok(operator)
    }

    fn exact_value(&mut self) -> Result<String, String> {
        let token = self.peek();
        if token == Token::End || token.is(",") {
            return Ok(String::new());
        }
        match self.next() {
            Token::Word(word) => Ok(word),
            token => Err(format!("found '{}', expected: identifier", token.text())),
        }
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let open = self.next();
        if !open.is("(") {
            return Err(format!("found '{}' expected: '('", open.text()));
        }
        let first = self.peek();
        if first.is(")") {
            self.at += 1;
            return Ok(vec![String::new()]);
        }
        if !matches!(first, Token::Word(_)) && !first.is(",") {
            return Err(format!("found '{}', expected: ',', ')' or identifier", first.text()));
        }
        let values = self.word_list()?;
        if !self.next().is(")") {
            return Err(format!("found '{}', expected: ')'", first.text()));
        }
        Ok(values.into_iter().collect())
    }

    fn word_list(&mut self) -> Result<BTreeSet<String>, String> {
        let mut all = BTreeSet::new();
        loop {
            match self.next() {
                Token::Word(word) => {
                    all.insert(word);
                    let after = self.peek();
                    if after.is(")") {
                        return Ok(all);
                    }
                    if !after.is(",") {
                        return Err(format!("found '{}', expected: ',' or ')'", after.text()));
                    }
                }
                token if token.is(",") => {
                    let after = self.peek();
                    if all.is_empty() || after.is(",") {
                        all.insert(String::new());
                    }
                    if after.is(")") {
                        all.insert(String::new());
                        return Ok(all);
                    }
                }
                token => return Err(format!("found '{}', expected: ',', or identifier", token.text())),
            }
        }
    }
}

fn starts_requirement(token: &Token) -> bool {
    matches!(token, Token::Word(_)) || token.is("!")
}

fn wrong_operator(token: &Token) -> String {
    format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", token.text())
}
