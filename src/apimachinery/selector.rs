//! Label selectors and field selectors: text and objects in, matching, and the canonical text out.
//!
//! Follows apimachinery's `labels`, `fields` and `LabelSelectorAsSelector`. Which field selectors a
//! resource supports is not known here.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

use super::field::{self, Errors, Path};
use super::validate;
use super::{go, object};

/// How a requirement compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    In,
    NotIn,
    Equals,
    DoubleEquals,
    NotEquals,
    GreaterThan,
    LessThan,
    Exists,
    DoesNotExist,
}

/// One condition on one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement {
    pub(crate) key: String,
    pub(crate) operator: Operator,
    /// Sorted.
    pub(crate) values: Vec<String>,
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector {
    /// Sorted by key.
    pub(crate) requirements: Vec<Requirement>,
    /// An absent selector object selects nothing; an empty one everything.
    pub(crate) nothing: bool,
}

impl LabelSelector {
    /// Reads the text of `-l`.
    ///
    /// # Errors
    /// The sentence of `labels.Parse`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text), at: 0 };
        let mut requirements = parser.selector()?;
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Self { requirements, nothing: false })
    }

    /// Reads a `metav1.LabelSelector` object; null selects nothing.
    ///
    /// # Errors
    /// The sentence of `LabelSelectorAsSelector`.
    pub(crate) fn from_object(selector: &Value) -> Result<Self, String> {
        if selector.is_null() {
            return Ok(Self { requirements: Vec::new(), nothing: true });
        }
        let mut requirements = Vec::new();
        for (key, value) in object::entries(selector, "/matchLabels") {
            let value = value.as_str().unwrap_or("").to_owned();
            requirements.push(Requirement::new(key, Operator::Equals, vec![value])?);
        }
        for expression in object::list(selector, "/matchExpressions") {
            let operator = match object::field(expression, "operator") {
                "In" => Operator::In,
                "NotIn" => Operator::NotIn,
                "Exists" => Operator::Exists,
                "DoesNotExist" => Operator::DoesNotExist,
                "Gt" => Operator::GreaterThan,
                "Lt" => Operator::LessThan,
                other => return Err(format!("{} is not a valid label selector operator", go::quote(other))),
            };
            let values =
                object::list(expression, "/values").iter().filter_map(Value::as_str).map(String::from);
            requirements.push(Requirement::new(
                object::field(expression, "key"),
                operator,
                values.collect(),
            )?);
        }
        requirements.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(Self { requirements, nothing: false })
    }

    /// A selector of equalities, as the map selectors of services and replication controllers are.
    pub(crate) fn from_map(labels: &Value) -> Self {
        let entries = labels.as_object().into_iter().flatten();
        let requirements = entries.map(|(key, value)| Requirement {
            key: key.clone(),
            operator: Operator::Equals,
            values: vec![value.as_str().unwrap_or("").to_owned()],
        });
        Self { requirements: requirements.collect(), nothing: false }
    }

    /// True when it selects everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty() && !self.nothing
    }

    /// Whether an object with this labels map (or null) is selected.
    pub(crate) fn matches(&self, labels: &Value) -> bool {
        !self.nothing && self.requirements.iter().all(|requirement| requirement.matches(labels))
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, requirement) in self.requirements.iter().enumerate() {
            if at > 0 {
                out.write_str(",")?;
            }
            requirement.fmt(out)?;
        }
        Ok(())
    }
}

/// A `metav1.LabelSelector` object as tables show it: `<none>` for one that selects everything.
pub(crate) fn format_object(selector: &Value) -> String {
    match LabelSelector::from_object(selector) {
        Err(_) => "<error>".to_owned(),
        Ok(selector) if selector.requirements.is_empty() && !selector.nothing => "<none>".to_owned(),
        // labels.Nothing() prints as an empty string, which tables show as <none> too.
        Ok(selector) if selector.nothing => "<none>".to_owned(),
        Ok(selector) => selector.to_string(),
    }
}

impl Requirement {
    /// A checked requirement.
    ///
    /// # Errors
    /// The field errors, aggregated as Go does.
    pub(crate) fn new(key: &str, operator: Operator, mut values: Vec<String>) -> Result<Self, String> {
        let mut errors = Errors::new();
        let faults = validate::qualified_name(key);
        if !faults.is_empty() {
            errors.push(field::invalid(&Path::new("key"), key, &faults.join("; ")));
        }
        let path = Path::new("values");
        if let Some(fault) = count_fault(operator, values.len()) {
            errors.push(field::invalid(&path, values.clone(), fault));
        }
        for (at, value) in values.iter().enumerate() {
            let compares = matches!(operator, Operator::GreaterThan | Operator::LessThan);
            if compares && value.parse::<i64>().is_err() {
                let fault = "for 'Gt', 'Lt' operators, the value must be an integer";
                errors.push(field::invalid(&path.index(at), value.as_str(), fault));
            }
        }
        for (at, value) in values.iter().enumerate() {
            let faults = validate::label_value(value);
            if !faults.is_empty() {
                let path = path.index(at).key(key);
                errors.push(field::invalid(&path, value.as_str(), &faults.join("; ")));
            }
        }
        if errors.is_empty() {
            values.sort();
            return Ok(Self { key: key.to_owned(), operator, values });
        }
        Err(aggregate(&errors))
    }

    /// Whether a labels map fulfils it.
    pub(crate) fn matches(&self, labels: &Value) -> bool {
        let value = labels.get(&self.key).and_then(Value::as_str);
        let has = |value: &str| self.values.iter().any(|it| it == value);
        match self.operator {
            Operator::In | Operator::Equals | Operator::DoubleEquals => value.is_some_and(has),
            Operator::NotIn | Operator::NotEquals => !value.is_some_and(has),
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::GreaterThan => self.compare(value).is_some_and(|(left, right)| left > right),
            Operator::LessThan => self.compare(value).is_some_and(|(left, right)| left < right),
        }
    }

    fn compare(&self, value: Option<&str>) -> Option<(i64, i64)> {
        Some((value?.parse().ok()?, self.values.first()?.parse().ok()?))
    }
}

/// `a: b`, or several in brackets, each once.
fn aggregate(errors: &Errors) -> String {
    let mut lines: Vec<String> = Vec::new();
    for error in errors {
        let line = format!("{}: {}", error.field, error.message);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    match lines.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", lines.join(", ")),
    }
}

fn count_fault(operator: Operator, count: usize) -> Option<&'static str> {
    match operator {
        Operator::In | Operator::NotIn if count == 0 => {
            Some("for 'in', 'notin' operators, values set can't be empty")
        }
        Operator::Equals | Operator::DoubleEquals | Operator::NotEquals if count != 1 => {
            Some("exact-match compatibility requires one single value")
        }
        Operator::Exists | Operator::DoesNotExist if count != 0 => {
            Some("values set must be empty for exists and does not exist")
        }
        Operator::GreaterThan | Operator::LessThan if count != 1 => {
            Some("for 'Gt', 'Lt' operators, exactly one value is required")
        }
        _ => None,
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, values) = (&self.key, self.values.join(","));
        match self.operator {
            Operator::DoesNotExist => write!(out, "!{key}"),
            Operator::Exists => out.write_str(key),
            Operator::Equals => write!(out, "{key}={values}"),
            Operator::DoubleEquals => write!(out, "{key}=={values}"),
            Operator::NotEquals => write!(out, "{key}!={values}"),
            Operator::In => write!(out, "{key} in ({values})"),
            Operator::NotIn => write!(out, "{key} notin ({values})"),
            Operator::GreaterThan => write!(out, "{key}>{values}"),
            Operator::LessThan => write!(out, "{key}<{values}"),
        }
    }
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

/// One comparison of a field selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldTerm {
    pub(crate) field: String,
    pub(crate) equal: bool,
    pub(crate) value: String,
}

/// Comparisons of fields that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector {
    pub(crate) terms: Vec<FieldTerm>,
}

impl FieldSelector {
    /// Reads the text of `--field-selector`.
    ///
    /// # Errors
    /// The sentence of `fields.ParseSelector`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = split_terms(text);
        parts.sort_unstable();
        let mut terms = Vec::new();
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let Some((field, equal, value)) = split_term(part) else {
                return Err(format!("invalid selector: '{text}'; can't understand '{part}'"));
            };
            terms.push(FieldTerm { field: field.to_owned(), equal, value: unescape(value)? });
        }
        Ok(Self { terms })
    }

    /// Whether all terms hold; `get` gives a field's value, and `None` counts as empty.
    pub(crate) fn matches(&self, get: impl Fn(&str) -> Option<String>) -> bool {
        self.terms.iter().all(|term| (get(&term.field).unwrap_or_default() == term.value) == term.equal)
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let term = |term: &FieldTerm| {
            let mark = if term.equal { "=" } else { "!=" };
            format!("{}{mark}{}", term.field, escape(&term.value))
        };
        out.write_str(&self.terms.iter().map(term).collect::<Vec<_>>().join(","))
    }
}

fn split_terms(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => {
                all.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    all.push(&text[start..]);
    all
}

fn split_term(term: &str) -> Option<(&str, bool, &str)> {
    let at = term.char_indices().map(|(at, _)| at).find(|at| {
        let rest = &term[*at..];
        rest.starts_with('=') || rest.starts_with("!=")
    })?;
    let (field, rest) = term.split_at(at);
    if let Some(value) = rest.strip_prefix("!=") {
        return Some((field, false, value));
    }
    let value = rest.strip_prefix("==").or_else(|| rest.strip_prefix('='))?;
    Some((field, true, value))
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace(',', "\\,").replace('=', "\\=")
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut escaped = false;
    for c in value.chars() {
        match c {
            '\\' | ',' | '=' if escaped => out.push(c),
            _ if escaped => {
                return Err(format!("invalid field selector: invalid escape sequence: \\{c}"));
            }
            '\\' => {}
            ',' | '=' => {
                let code = u32::from(c);
                return Err(format!("invalid field selector: unescaped character in value: {code}"));
            }
            _ => out.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    if escaped {
        return Err("invalid field selector: invalid escape sequence: \\".to_owned());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_becomes_canonical_text() {
        for (text, want) in [
            ("app=web, tier!=db", "app=web,tier!=db"),
            ("env in (prod,dev)", "env in (dev,prod)"),
            ("!legacy,app", "app,!legacy"),
            ("a==b", "a==b"),
            ("x notin ()", "x notin ()"),
            ("n>5", "n>5"),
            ("in=in", "in=in"),
            ("", ""),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap().to_string(), want, "{text}");
        }
    }

    #[test]
    fn errors_are_those_of_labels_parse() {
        let error = |text: &str| LabelSelector::parse(text).unwrap_err();
        assert_eq!(
            error("bad selector"),
            "unable to parse requirement: found 'selector', expected: in, notin, =, ==, !=, gt, lt"
        );
        assert_eq!(error("a=b,"), "found '', expected: identifier after ','");
        assert_eq!(error("=b"), "found '=', expected: !, identifier, or 'end of string'");
        assert_eq!(error("a in b"), "unable to parse requirement: found 'b' expected: '('");
        assert!(
            error("a=b_").starts_with("unable to parse requirement: values[0][a]: Invalid value: \"b_\": ")
        );
        assert!(
            error("a/b/c=d").starts_with("unable to parse requirement: <nil>: Invalid value: \"a/b/c\": ")
        );
    }

    #[test]
    fn matching() {
        let labels = json!({"app": "web", "n": "7"});
        let check = |text: &str, want: bool| {
            assert_eq!(LabelSelector::parse(text).unwrap().matches(&labels), want, "{text}");
        };
        check("app=web", true);
        check("app!=web", false);
        check("other!=x", true);
        check("app in (web,db),n>6", true);
        check("!app", false);
        assert!(!LabelSelector::from_object(&Value::Null).unwrap().matches(&labels));
        assert!(LabelSelector::from_object(&json!({})).unwrap().matches(&labels));
        let object =
            json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "n", "operator": "Exists"}]});
        assert_eq!(format_object(&object), "app=web,n");
    }

    #[test]
    fn fields() {
        let selector = FieldSelector::parse("status.phase!=Running,spec.nodeName==n1").unwrap();
        assert_eq!(selector.to_string(), "spec.nodeName=n1,status.phase!=Running");
        assert!(selector.matches(|field| (field == "spec.nodeName").then(|| "n1".to_owned())));
        assert_eq!(
            FieldSelector::parse("abc").unwrap_err(),
            "invalid selector: 'abc'; can't understand 'abc'"
        );
    }
}
