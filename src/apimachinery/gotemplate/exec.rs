//! Nodes to text.

use super::{Command, Kind, Node, Pipe, Place, Set, Word, funcs};
use crate::apimachinery::go;
use crate::apimachinery::json::Value;

/// Templates that call each other; Go allows more, but its stack grows.
const DEPTH_MAX: usize = 60;

/// Nodes that one run may visit: far more than any list printed by a template has.
const STEPS_MAX: u32 = 5_000_000;

/// Bytes of the text that one run may make.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// A value, or Go's invalid value that prints as `<no value>`.
pub(crate) type Data = Option<Value>;

/// Functions that a template may call beside those of every template; `None` when there is no such one.
pub(crate) type Functions<'a> = &'a dyn Fn(&str, &[Data]) -> Option<Result<Data, String>>;

/// What the template `name` of `set` makes of `data`; the sentence of what went wrong with the text until then.
pub(super) fn execute(
    set: &Set,
    name: &str,
    data: &Value,
    more: Option<Functions<'_>>,
    missing_key_fails: bool,
) -> Result<String, (String, String)> {
    let mut run = Run {
        set,
        more,
        out: String::new(),
        variables: Vec::new(),
        template: name.to_owned(),
        depth: 0,
        steps: 0,
        missing_key_fails,
    };
    let data = valid(data.clone());
    run.variables.push(("$".to_owned(), data.clone()));
    let nodes = set.lists.get(name).map_or(&[][..], Vec::as_slice);
    match run.nodes(nodes, &data) {
        Ok(_) => Ok(run.out),
        Err(why) => Err((why, run.out)),
    }
}

/// Null counts as no value, as a nil interface does in Go.
fn valid(value: Value) -> Data {
    if value.is_null() { None } else { Some(value) }
}

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Break,
    Continue,
}

struct Run<'a> {
    set: &'a Set,
    more: Option<Functions<'a>>,
    out: String,
    variables: Vec<(String, Data)>,
    template: String,
    depth: usize,
    steps: u32,
    missing_key_fails: bool,
}

impl Run<'_> {
    fn fault(&self, place: &Place, why: &str) -> String {
        let text: String = if place.text.chars().count() > 20 {
            format!("{}...", place.text.chars().take(20).collect::<String>())
        } else {
            place.text.clone()
        };
        let Place { line, column, .. } = place;
        format!(
            "template: {}:{line}:{column}: executing {} at <{text}>: {why}",
            self.set.file_of(&self.template),
            go::quote(&self.template)
        )
    }

    fn nodes(&mut self, nodes: &[Node], dot: &Data) -> Result<Flow, String> {
        for node in nodes {
            self.steps += 1;
            if self.steps > STEPS_MAX || self.out.len() > TEXT_BYTES_MAX {
                return Err(format!("template: {}: it would not end", self.set.file_of(&self.template)));
            }
            let flow = self.node(node, dot)?;
            if flow != Flow::On {
                return Ok(flow);
            }
        }
        Ok(Flow::On)
    }

    fn node(&mut self, node: &Node, dot: &Data) -> Result<Flow, String> {
        match node {
            Node::Text(text) => self.out.push_str(text),
            Node::Action(pipe) => {
                let value = self.pipe(pipe, dot)?;
                if pipe.variables.is_empty() {
                    self.out.push_str(&printed(&value));
                }
            }
            Node::If { pipe, then, otherwise } => {
                let mark = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let flow = self.nodes(if funcs::truth(&value) { then } else { otherwise }, dot)?;
                self.variables.truncate(mark);
                return Ok(flow);
            }
            Node::With { pipe, then, otherwise } => {
                let mark = self.variables.len();
                let value = self.pipe(pipe, dot)?;
                let flow = if funcs::truth(&value) {
                    self.nodes(then, &value)?
                } else {
                    self.nodes(otherwise, dot)?
                };
                self.variables.truncate(mark);
                return Ok(flow);
            }
            Node::Range { pipe, body, otherwise } => return self.range(pipe, body, otherwise, dot),
            Node::Template { name, pipe, place } => self.call(name, pipe.as_ref(), place, dot)?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    fn range(&mut self, pipe: &Pipe, body: &[Node], otherwise: &[Node], dot: &Data) -> Result<Flow, String> {
        let mark = self.variables.len();
        let value = self.pipe(pipe, dot)?;
        let items: Vec<(Value, Value)> = match value {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                items.into_iter().enumerate().map(|(at, it)| (at.into(), it)).collect()
            }
            Some(Value::Object(map)) => map.into_iter().map(|(key, it)| (key.into(), it)).collect(),
            Some(Value::Number(number)) if number.as_i64().is_some() => {
                (0..number.as_i64().unwrap_or(0).clamp(0, 1_000_000))
                    .map(|at| (at.into(), at.into()))
                    .collect()
            }
            Some(other) => {
                let why = format!("range can't iterate over {}", go::display(&other));
                return Err(self.fault(&pipe.place, &why));
            }
        };
        if items.is_empty() {
            self.variables.truncate(mark);
            return self.nodes(otherwise, dot);
        }
        for (key, item) in items {
            let item = valid(item);
            match pipe.variables.as_slice() {
                [one] => self.assign(pipe, one, item.clone()),
                [first, second] => {
                    self.assign(pipe, first, Some(key));
                    self.assign(pipe, second, item.clone());
                }
                _ => {}
            }
            let inner = self.variables.len();
            let flow = self.nodes(body, &item)?;
            self.variables.truncate(inner);
            if flow == Flow::Break {
                break;
            }
        }
        self.variables.truncate(mark);
        Ok(Flow::On)
    }

    /// Sets the latest variable of the name.
    fn assign(&mut self, pipe: &Pipe, name: &str, value: Data) {
        let slot = self.variables.iter_mut().rev().find(|(it, _)| it == name);
        match slot {
            Some((_, slot)) => *slot = value,
            None if !pipe.assigns => self.variables.push((name.to_owned(), value)),
            None => {}
        }
    }

    fn call(&mut self, name: &str, pipe: Option<&Pipe>, place: &Place, dot: &Data) -> Result<(), String> {
        let data = match pipe {
            Some(pipe) => self.pipe(pipe, dot)?,
            None => None,
        };
        if !self.set.lists.contains_key(name) {
            return Err(self.fault(place, &format!("template {} not defined", go::quote(name))));
        }
        if self.depth >= DEPTH_MAX {
            return Err(self.fault(place, &format!("exceeded maximum template depth ({DEPTH_MAX})")));
        }
        self.enter(name, data)
    }

    /// Writes what a template of the set makes of `data`.
    fn enter(&mut self, name: &str, data: Data) -> Result<(), String> {
        let set = self.set;
        let nodes = set.lists.get(name).map_or(&[][..], Vec::as_slice);
        let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), data.clone())]);
        let caller = std::mem::replace(&mut self.template, name.to_owned());
        self.depth += 1;
        self.nodes(nodes, &data)?;
        self.depth -= 1;
        self.variables = outer;
        self.template = caller;
        Ok(())
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Data) -> Result<Data, String> {
        let mut value: Option<Data> = None;
        for command in &pipe.commands {
            value = Some(self.command(command, dot, value)?);
        }
        let value = value.unwrap_or(None);
        if pipe.assigns {
            for name in &pipe.variables {
                self.assign(pipe, name, value.clone());
            }
        } else {
            self.variables.extend(pipe.variables.iter().map(|name| (name.clone(), value.clone())));
        }
        Ok(value)
    }

    fn command(&mut self, command: &Command, dot: &Data, piped: Option<Data>) -> Result<Data, String> {
        let Some((first, rest)) = command.words.split_first() else { return Ok(None) };
        let Kind::Function(name) = &first.kind else {
            if (piped.is_some() || !rest.is_empty())
                && let Some(done) = self.method(first, rest, dot)
            {
                return done;
            }
            if piped.is_some() || !rest.is_empty() {
                let text = &first.place.text;
                return Err(self.fault(&first.place, &format!("can't give argument to non-function {text}")));
            }
            if matches!(first.kind, Kind::Nil) {
                return Err(self.fault(&first.place, "nil is not a command"));
            }
            return self.word(first, dot);
        };
        if matches!(name.as_str(), "and" | "or") {
            return self.short_circuit(name, rest, dot, piped, command);
        }
        let mut arguments = Vec::with_capacity(rest.len() + 1);
        for word in rest {
            arguments.push(self.word(word, dot)?);
        }
        arguments.extend(piped);
        self.function(name, arguments).map_err(|why| self.fault(&command.place, &why))
    }

    /// A function by its name; what is offered besides comes first.
    fn function(&mut self, name: &str, arguments: Vec<Data>) -> Result<Data, String> {
        let Some(more) = self.more else { return funcs::call(name, arguments) };
        match (name, arguments.as_slice()) {
            ("include", [Some(Value::String(wanted)), data]) => {
                if !self.set.lists.contains_key(wanted.as_str()) {
                    let caller = &self.template;
                    let what =
                        format!("template: no template {} associated with template", go::quote(wanted));
                    return Err(format!("error calling include: {what} {}", go::quote(caller)));
                }
                if self.depth >= DEPTH_MAX {
                    return Err(format!(
                        "error calling include: rendering template has a nested reference name: {wanted}"
                    ));
                }
                self.captured(wanted, data.clone()).map_err(|why| format!("error calling include: {why}"))
            }
            ("tpl", [Some(Value::String(text)), data]) => {
                let mut set = self.set.clone();
                set.add("gotpl", text).map_err(|why| {
                    format!("error calling tpl: cannot parse template {}: {why}", go::quote(text))
                })?;
                let data = data.clone().unwrap_or(Value::Null);
                let made = execute(&set, "gotpl", &data, Some(more), self.missing_key_fails);
                made.map(|it| Some(it.into())).map_err(|(why, _)| {
                    format!(
                        "error calling tpl: error during tpl function execution for {}: {why}",
                        go::quote(text)
                    )
                })
            }
            _ => match more(name, &arguments) {
                Some(done) => done.map_err(|why| format!("error calling {name}: {why}")),
                None => funcs::call(name, arguments),
            },
        }
    }

    fn captured(&mut self, name: &str, data: Data) -> Result<Data, String> {
        let outer = std::mem::take(&mut self.out);
        let done = self.enter(name, data);
        let text = std::mem::replace(&mut self.out, outer);
        done.map(|()| Some(text.into()))
    }

    /// `.Files.Get "x"`, `.Capabilities.APIVersions.Has "x"`: a function that a value has.
    fn method(&mut self, first: &Word, rest: &[Word], dot: &Data) -> Option<Result<Data, String>> {
        let more = self.more?;
        let (Kind::Field(names) | Kind::Variable(_, names)) = &first.kind else { return None };
        let (method, path) = names.split_last()?;
        let mut owner = first.clone();
        if let Kind::Field(names) | Kind::Variable(_, names) = &mut owner.kind {
            *names = path.to_vec();
        }
        let mut arguments = vec![self.word(&owner, dot).ok()?];
        for word in rest {
            match self.word(word, dot) {
                Ok(value) => arguments.push(value),
                Err(why) => return Some(Err(why)),
            }
        }
        more(&format!(".{method}"), &arguments)
    }

    /// `and` and `or` look at no more arguments than they need.
    fn short_circuit(
        &mut self,
        name: &str,
        words: &[Word],
        dot: &Data,
        piped: Option<Data>,
        command: &Command,
    ) -> Result<Data, String> {
        let mut last = None;
        for word in words {
            let value = self.word(word, dot)?;
            if funcs::truth(&value) == (name == "or") {
                return Ok(value);
            }
            last = Some(value);
        }
        match piped.or(last) {
            Some(value) => Ok(value),
            None => {
                let why = format!("wrong number of args for {name}: want at least 1 got 0");
                Err(self.fault(&command.place, &why))
            }
        }
    }

    fn word(&mut self, word: &Word, dot: &Data) -> Result<Data, String> {
        match &word.kind {
            Kind::Dot => Ok(dot.clone()),
            Kind::Nil => Ok(None),
            Kind::Literal(value) => Ok(Some(value.clone())),
            Kind::Field(names) => self.fields(dot.clone(), names, word),
            Kind::Variable(name, names) => {
                let found = self.variables.iter().rev().find(|(it, _)| it == name);
                let value = found.and_then(|(_, value)| value.clone());
                self.fields(value, names, word)
            }
            Kind::Function(name) => {
                self.function(name, Vec::new()).map_err(|why| self.fault(&word.place, &why))
            }
            Kind::Group(pipe, names) => {
                let value = self.pipe(pipe, dot)?;
                self.fields(value, names, word)
            }
        }
    }

    fn fields(&self, value: Data, names: &[String], word: &Word) -> Result<Data, String> {
        let mut here = value;
        for name in names {
            here = match here {
                None => None,
                Some(Value::Object(map)) if self.missing_key_fails && !map.contains_key(name) => {
                    let why = format!("map has no entry for key {}", go::quote(name));
                    return Err(self.fault(&word.place, &why));
                }
                Some(Value::Object(mut map)) => map.remove(name).and_then(valid),
                Some(_) => {
                    let why = format!("can't evaluate field {name} in type interface {{}}");
                    return Err(self.fault(&word.place, &why));
                }
            };
        }
        Ok(here)
    }
}

/// A value as an action writes it.
pub(super) fn printed(value: &Data) -> String {
    value.as_ref().map_or_else(|| "<no value>".to_owned(), go::display)
}
