//! Label selectors and field selectors: text and objects in, matching, and the canonical text out.
//!
//! Follows apimachinery's `labels`, `fields` and `LabelSelectorAsSelector`. Which field selectors a
//! resource supports is not known here.

mod fields;
mod parse;

use std::fmt;

pub(crate) use fields::FieldSelector;

use super::field::{self, Errors, Path};
use super::validate;
use super::{go, object};
use crate::apimachinery::json::Value;

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
        let mut requirements = parse::requirements(text)?;
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
            key: key.clone().into(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

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
}
