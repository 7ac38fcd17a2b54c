//! kubectl's JSONPath: templates of text and `{…}` actions over one object.
//!
//! Follows client-go's `util/jsonpath`, with its errors. Maps are walked in key order, where Go's
//! order is random. What kubectl prints around an error is not known here.

mod eval;
mod parse;

use std::borrow::Cow;

pub(super) use parse::escape;

use super::go;
use crate::apimachinery::json::Value;

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Node {
    /// The nodes of one `{…}`.
    List(Vec<Node>),
    Text(String),
    Field(String),
    Array(Slice),
    Filter {
        left: Vec<Node>,
        right: Vec<Node>,
        operator: String,
    },
    Int(i64),
    Float(f64),
    Bool(bool),
    Wildcard,
    Recursive,
    Union(Vec<Vec<Node>>),
    /// `range`, `end`, or a mistake.
    Identifier(String),
}

/// `[from:to:step]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slice {
    from: Option<i64>,
    to: Option<i64>,
    /// `to` is `from` plus one, as in `[3]`.
    to_is_derived: bool,
    step: Option<i64>,
}

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    nodes: Vec<Node>,
    /// False makes a missing field an error, as `kubectl wait` does not want.
    pub(crate) allow_missing_keys: bool,
}

/// What one piece of a template stands for.
pub(crate) type Results<'a> = Vec<Cow<'a, Value>>;

impl Template {
    /// Reads a template such as `{.items[*].metadata.name}`.
    ///
    /// # Errors
    /// The parser's sentence, such as `unclosed action`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { nodes: parse::template(text)?, allow_missing_keys: true })
    }

    /// The text that the template makes of `data`.
    ///
    /// # Errors
    /// `name is not found`, `array index out of bounds: index 5, length 2` …
    pub(crate) fn execute(&self, data: &Value) -> Result<String, String> {
        let mut text = String::new();
        for results in self.results(data)? {
            let pieces: Vec<String> = results.iter().map(|value| printed(value)).collect();
            text.push_str(&pieces.join(" "));
        }
        Ok(text)
    }

    /// What each piece of the template stands for.
    ///
    /// # Errors
    /// As [`Template::execute`].
    pub(crate) fn results<'a>(&self, data: &'a Value) -> Result<Vec<Results<'a>>, String> {
        eval::find_results(&self.nodes, data, self.allow_missing_keys)
    }

    /// The parts of `data` that the template names; literals and mistakes name none.
    pub(crate) fn find<'a>(&self, data: &'a Value) -> Vec<&'a Value> {
        let results = self.results(data).unwrap_or_default();
        let borrowed = |value: Cow<'a, Value>| match value {
            Cow::Borrowed(value) => Some(value),
            Cow::Owned(_) => None,
        };
        results.into_iter().flatten().filter_map(borrowed).collect()
    }
}

fn printed(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(_) | Value::Object(_) => go::json(value),
        other => go::display(other),
    }
}

/// The path of `-o custom-columns`, `--sort-by` and `kubectl wait` in its braces: `x.name`, `.x.name`,
/// `{x.name}` and `{.x.name}` all become `{.x.name}`.
///
/// # Errors
/// The sentence of `RelaxedJSONPathExpression`.
pub(crate) fn relaxed(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let inner = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(path);
    let inner = inner.strip_prefix('.').unwrap_or(inner);
    let stray = inner.contains(['{', '}']) || inner.is_empty();
    if stray {
        let forms = "'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'";
        return Err(format!("unexpected path string, expected a {forms}"));
    }
    Ok(format!("{{.{inner}}}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(template: &str, want: &str) {
        let data = json!({
            "kind": "List",
            "items": [
                {"metadata": {"name": "a", "labels": {"app.io/x": "1"}}, "spec": {"n": 1, "on": true, "list": [1, 2, 3, 4]}},
                {"metadata": {"name": "b"}, "spec": {"n": 2, "list": []}, "nil": null},
            ],
        });
        let text = match Template::parse(template) {
            Ok(template) => template.execute(&data).unwrap_or_else(|error| format!("error: {error}")),
            Err(error) => format!("parse error: {error}"),
        };
        assert_eq!(text, want, "{template}");
    }

    #[test]
    fn paths() {
        check("{.kind}", "List");
        check("kind={.kind}\n", "kind=List\n");
        check("{.items[*].metadata.name}", "a b");
        check("{.items[0]['metadata.name','spec.n']}", "a 1");
        check("{.items[0].metadata.labels.app\\.io/x}", "1");
        check("{.items[0].metadata.labels['app\\.io/x']}", "1");
        check("{.items[0].spec}", r#"{"list":[1,2,3,4],"n":1,"on":true}"#);
        check("{.items[1].nil}", "null");
        check("{..name}", "a b");
        check("{.items[*].spec.list[*]}", "1 2 3 4");
        check("{.items[0].spec.list[1:3]}", "2 3");
        check("{.items[0].spec.list[-1]}", "4");
        check("{.items[0].spec.list[-2:]}", "3 4");
        check("{.items[0].spec.list[::2]}", "1 3");
        check("{.nothing}", "");
        check("{.items[*]['metadata.name']} {\"\\t\"}{'x'}", "a b \tx");
    }

    #[test]
    fn ranges_and_filters() {
        check("{range .items[*]}{.metadata.name}:{.spec.n}{\"\\n\"}{end}done", "a:1\nb:2\ndone");
        check("{range .items[*]}{range .spec.list[*]}<{@}>{end}|{end}", "<1><2><3><4>||");
        check("{.items[?(@.spec.n>1)].metadata.name}", "b");
        check("{.items[?(@.metadata.name=='a')].spec.n}", "1");
        check("{.items[?(@.metadata.name!=\"a\")].spec.n}", "2");
        check("{.items[?(@.metadata.labels)].spec.n}", "1");
        check("{.items[?(@.spec.on==true)].spec.n}", "1");
    }

    #[test]
    fn errors() {
        check("{.spec.containers", "parse error: unclosed action");
        check("{.items[x]}", "parse error: invalid array index x");
        check("{.items[0}", "parse error: unterminated array");
        check("{&}", "parse error: unrecognized character in action: U+0026 '&'");
        check("{....a}", "parse error: invalid multiple recursive descent");
        check("{.items[?(@.a}", "parse error: unterminated filter");
        check("{.items[5].x}", "error: array index out of bounds: index 5, length 2");
        check("{end}", "error: not in range, nothing to end");
        check("{foo}", "error: unrecognized identifier foo");
        check("{.kind[0]}", "error: string is not array or slice");
        check("{.items[?(@.spec.n=='1')].x}", "error: incompatible types for comparison");
        let mut strict = Template::parse("{.nothing}").unwrap();
        strict.allow_missing_keys = false;
        assert_eq!(strict.execute(&json!({})).unwrap_err(), "nothing is not found");
        assert_eq!(relaxed(".a.b").unwrap(), "{.a.b}");
    }
}
