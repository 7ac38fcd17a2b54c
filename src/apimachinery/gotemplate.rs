//! Go templates, as kubectl's `-o go-template` evaluates them over one object.
//!
//! Written here because the crate `gtmpl` (0.7.1) cannot give Go's behaviour: a field of a missing
//! field is an error there and `<no value>` in Go, and its errors have neither Go's words nor the
//! place (`template: output:1:9: executing "output" at <index .a 5>: …`) that kubectl prints.
//!
//! Knows text/template's actions and functions and kubectl's `exists` and `base64decode`; of the
//! methods and channels that Go values can have it knows nothing, as JSON has none.

mod exec;
mod funcs;
mod lex;
mod parse;
mod printf;

use std::collections::BTreeMap;

use crate::apimachinery::json::Value;

pub(crate) use exec::{Data, Functions};

/// The name kubectl gives its templates; errors show it.
const NAME: &str = "output";

/// What `template` makes of `data`.
///
/// # Errors
/// The sentence of the parser or of the execution, which starts with `template: output:`.
pub(crate) fn render(template: &str, data: &Value) -> Result<String, String> {
    Template::parse(template)?.execute(data).map_err(|(why, _)| why)
}

/// Data as a template itself prints it: `map[a:1]`.
pub(crate) fn shown(data: &Value) -> String {
    exec::printed(&Some(data.clone()))
}

/// Templates of several files that call each other, and the functions that they may use besides.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set {
    lists: BTreeMap<String, Vec<Node>>,
    /// The file of each template.
    files: BTreeMap<String, String>,
    /// The names of the functions beside those of every template.
    functions: &'static [&'static str],
}

impl Set {
    /// A set without templates.
    pub(crate) fn new(functions: &'static [&'static str]) -> Self {
        Self { functions, ..Self::default() }
    }

    /// Reads a file: it becomes a template of its name, beside those that it defines.
    ///
    /// # Errors
    /// `template: NAME:1: unclosed action` and the like.
    pub(crate) fn add(&mut self, file: &str, text: &str) -> Result<(), String> {
        for (name, nodes) in parse::parse(file, text, self.functions)? {
            self.files.insert(name.clone(), file.to_owned());
            self.lists.insert(name, nodes);
        }
        Ok(())
    }

    /// The text that a template makes of `data`.
    ///
    /// # Errors
    /// `template: NAME:1:2: executing "NAME" at <.a.b>: …`
    pub(crate) fn execute(
        &self,
        name: &str,
        data: &Value,
        functions: Functions<'_>,
    ) -> Result<String, String> {
        exec::execute(self, name, data, Some(functions), false).map_err(|(why, _)| why)
    }

    fn file_of(&self, name: &str) -> &str {
        self.files.get(name).map_or(NAME, String::as_str)
    }
}

/// A parsed template.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// The template itself under [`NAME`], and those that it defines.
    set: Set,
    /// Go's `missingkey=error`.
    pub(crate) missing_key_fails: bool,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// `template: output:1: unclosed action` and the like.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut set = Set::default();
        set.add(NAME, text)?;
        Ok(Self { set, missing_key_fails: false })
    }

    /// The text that the template makes of `data`.
    ///
    /// # Errors
    /// `template: output:1:2: executing "output" at <.a.b>: …`, and the text that was made until then.
    pub(crate) fn execute(&self, data: &Value) -> Result<String, (String, String)> {
        exec::execute(&self.set, NAME, data, None, self.missing_key_fails)
    }
}

/// Where something stands in the template, and its text, for errors.
#[derive(Clone, Debug, Default, PartialEq)]
struct Place {
    line: usize,
    column: usize,
    text: String,
}

#[derive(Clone, Debug)]
enum Node {
    Text(String),
    Action(Pipe),
    If { pipe: Pipe, then: Vec<Node>, otherwise: Vec<Node> },
    With { pipe: Pipe, then: Vec<Node>, otherwise: Vec<Node> },
    Range { pipe: Pipe, body: Vec<Node>, otherwise: Vec<Node> },
    Template { name: String, pipe: Option<Pipe>, place: Place },
    Break,
    Continue,
}

/// `$a, $b := first | second`.
#[derive(Clone, Debug)]
struct Pipe {
    variables: Vec<String>,
    /// `=`, which changes variables that are there already.
    assigns: bool,
    commands: Vec<Command>,
    place: Place,
}

#[derive(Clone, Debug)]
struct Command {
    words: Vec<Word>,
    place: Place,
}

#[derive(Clone, Debug)]
struct Word {
    kind: Kind,
    place: Place,
}

#[derive(Clone, Debug)]
enum Kind {
    Dot,
    Nil,
    Literal(Value),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`
    Variable(String, Vec<String>),
    Function(String),
    /// `(…).a.b`
    Group(Box<Pipe>, Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(template: &str, want: &str) {
        let data = json!({
            "name": "web", "n": 3, "half": 0.5, "nil": null, "empty": [],
            "items": [{"name": "a", "on": true}, {"name": "b"}],
            "labels": {"x": "1", "a/b": "2"}, "secret": "aGk=",
        });
        let text = render(template, &data).unwrap_or_else(|error| error);
        assert_eq!(text, want, "{template}");
    }

    #[test]
    fn values() {
        check(
            "{{.name}} {{.n}} {{.half}} {{.nil}} {{.missing}} {{.missing.deeper}}",
            "web 3 0.5 <no value> <no value> <no value>",
        );
        check("{{.labels}} {{.items}}", "map[a/b:2 x:1] [map[name:a on:true] map[name:b]]");
        check("{{index .labels \"a/b\"}} {{index .items 1 \"name\"}} {{(index .items 0).name}}", "2 b a");
        check("{{len .items}} {{len .name}}", "2 3");
        check("{{$x := .name}}{{$x}}{{$x = 5}}{{$x}} {{$.n}}", "web5 3");
        check("{{.secret | base64decode}} {{exists . \"name\"}} {{exists . \"nope\"}}", "hi true false");
        check("a {{- .n -}} b{{/* note */}}", "a3b");
        check(
            "{{printf \"%s-%d %v %q %05.1f|%-5s|%5s\" .name .n .nil .name 2.25 \"l\" \"r\"}}",
            "web-3 <nil> \"web\" 002.2|l    |    r",
        );
        check("{{print 1 2 \"a\" \"b\" 3}} {{println \"x\"}}", "1 2ab3 x\n");
        check(
            "{{html \"<a>\"}} {{js \"'\"}} {{urlquery \"a b\"}} {{slice .name 1 2}}",
            "&lt;a&gt; \\' a+b e",
        );
    }

    #[test]
    fn control() {
        check("{{range .items}}{{.name}};{{else}}none{{end}}", "a;b;");
        check("{{range .empty}}x{{else}}none{{end}}", "none");
        check("{{range $i, $e := .items}}{{$i}}={{$e.name}} {{end}}", "0=a 1=b ");
        check("{{range $k, $v := .labels}}{{$k}}:{{$v}} {{end}}", "a/b:2 x:1 ");
        check("{{range .items}}{{if eq .name \"b\"}}{{break}}{{end}}{{.name}}{{end}}", "a");
        check("{{if and .name (gt .n 2)}}yes{{else if .nil}}maybe{{else}}no{{end}}", "yes");
        check("{{if or .nil .empty}}yes{{else}}no{{end}} {{not .nil}} {{or .nil \"x\"}}", "no true x");
        check("{{with .name}}{{.}}{{end}}{{with .nil}}x{{else}}y{{end}}", "weby");
        check("{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .name}}{{template \"t\" .n}}", "<web><3>");
        check(
            "{{eq .n 3}} {{eq .name \"a\" \"web\"}} {{ne .n 3}} {{lt 1 2}} {{ge \"b\" \"a\"}}",
            "true true false true true",
        );
    }

    #[test]
    fn errors_are_those_of_go() {
        check("{{.name", "template: output:1: unclosed action");
        check("{{foo}}", "template: output:1: function \"foo\" not defined");
        check("{{if .n}}x", "template: output:1: unexpected EOF");
        check("{{end}}", "template: output:1: unexpected {{end}}");
        check("{{$x}}", "template: output:1: undefined variable \"$x\"");
        check(
            "{{.name.x}}",
            "template: output:1:7: executing \"output\" at <.name.x>: can't evaluate field x in type interface {}",
        );
        check(
            "{{index .items 5}}",
            "template: output:1:2: executing \"output\" at <index .items 5>: error calling index: index out of range: 5",
        );
        check(
            "{{range .n}}{{.}} {{end}}{{range .name}}{{end}}",
            "template: output:1:33: executing \"output\" at <.name>: range can't iterate over web",
        );
        check(
            "{{eq .n \"x\"}}",
            "template: output:1:2: executing \"output\" at <eq .n \"x\">: error calling eq: incompatible types for comparison",
        );
        check(
            "{{template \"no\"}}",
            "template: output:1:11: executing \"output\" at <{{template \"no\"}}>: template \"no\" not defined",
        );
    }
}
