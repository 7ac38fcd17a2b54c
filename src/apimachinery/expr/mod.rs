//! CEL, the language of rules in CustomResourceDefinitions and admission policies: compiling, checking of
//! types, variables, and what an expression comes to. What an expression may cost is not known here.

mod authorizer;
mod check;
mod library;
mod net;
pub(crate) mod policy;
mod signatures;
mod structs;
mod types;

use std::sync::{Arc, LazyLock};

use cel::{Context, Env, ExecutionError};

use super::go;
use crate::apimachinery::json::Value;

pub(crate) use authorizer::{Authorizer, Question, Verdict};
pub(crate) use types::{Names, Type};

/// The standard functions, and Kubernetes' own.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(library::environment()));

/// An expression that is ready to run.
pub(crate) struct Program {
    program: cel::Program,
    /// The functions and, where it makes objects, their types.
    environment: Arc<Env>,
}

/// Compiles an expression without looking at its types.
///
/// # Errors
/// The complaints of the parser, as cel-go lays them out.
pub(crate) fn compile(source: &str) -> Result<Program, String> {
    let program = ENVIRONMENT.compile(source).map_err(|errors| {
        let said = errors.errors.iter().map(|it| (it.pos.0, it.pos.1, it.msg.clone())).collect();
        laid_out(source, said)
    })?;
    let environment = structs::environment(program.expression()).unwrap_or_else(|| ENVIRONMENT.clone());
    Ok(Program { program, environment })
}

/// Why an expression is refused when it is written.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The complaints, as cel-go lays them out.
    Compilation(String),
    /// It compiles, but comes to something of this type.
    Result(Type),
}

/// Compiles an expression over variables of known types that is to come to one of some types, or to anything
/// when none are named.
///
/// # Errors
/// Why not.
pub(crate) fn compile_as(source: &str, names: &Names, want: &[Type]) -> Result<(Program, Type), Refusal> {
    let program = compile(source).map_err(Refusal::Compilation)?;
    let (found, issues) = check::check(program.program.expression(), names);
    if !issues.is_empty() {
        let info = program.program.source_info();
        let place = |node| position(source, info.offset_for(node).map_or(0, |it| it.0));
        let said = issues.into_iter().map(|it| {
            let (line, column) = place(it.node);
            (line, column, it.message)
        });
        return Err(Refusal::Compilation(laid_out(source, said.collect())));
    }
    if !want.is_empty() && !want.contains(&found) {
        return Err(Refusal::Result(found));
    }
    Ok((program, found))
}

/// Line and column of a byte, from 1.
fn position(source: &str, offset: u32) -> (isize, isize) {
    let (mut line, mut column) = (1, 1);
    let offset = usize::try_from(offset).unwrap_or(0);
    for (_, letter) in source.char_indices().take_while(|(at, _)| *at < offset) {
        if letter == '\n' {
            (line, column) = (line + 1, 1);
        } else {
            column += 1;
        }
    }
    (line, column)
}

/// Complaints with the line they are about and a mark below their place, in the order of their places.
fn laid_out(source: &str, mut said: Vec<(isize, isize, String)>) -> String {
    said.sort_by_key(|it| (it.0, it.1));
    let lines: Vec<&str> = source.lines().collect();
    let one = |(line, column, message): &(isize, isize, String)| {
        let head = format!("ERROR: <input>:{line}:{column}: {message}");
        let text = usize::try_from(*line - 1).ok().and_then(|at| lines.get(at));
        match text {
            Some(text) => {
                let dots = ".".repeat(usize::try_from(*column - 1).unwrap_or(0));
                format!("{head}\n | {text}\n | {dots}^")
            }
            None => head,
        }
    };
    said.iter().map(one).collect::<Vec<_>>().join("\n")
}

impl Program {
    /// True when the expression names a variable.
    pub(crate) fn uses(&self, variable: &str) -> bool {
        self.program.references().has_variable(variable)
    }

    /// What the expression comes to; what JSON cannot say is null.
    ///
    /// # Errors
    /// Why it came to nothing, in cel-go's words.
    pub(crate) fn run(&self, scope: &Scope) -> Result<Value, String> {
        self.yields(scope).map(|it| to_json(&it.0))
    }

    /// What the expression comes to, with its type.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) fn yields(&self, scope: &Scope) -> Result<Yield, String> {
        self.program.execute(&scope.0).map(Yield).map_err(|error| sentence(&error))
    }

    /// No variables yet.
    pub(crate) fn scope(&self) -> Scope {
        Scope(Context::with_env(self.environment.clone()))
    }
}

/// What an expression came to.
#[derive(Clone)]
pub(crate) struct Yield(cel::Value);

/// The variables that an expression sees.
pub(crate) struct Scope(Context<'static, 'static>);

impl Scope {
    /// Gives a variable a value of JSON; whole numbers are `int`, as they are in Kubernetes' types.
    pub(crate) fn bind(&mut self, name: &str, value: &Value) {
        self.0.add_variable_from_value(name, to_cel(value));
    }

    /// Gives a variable what other expressions came to, by name.
    pub(crate) fn bind_all(&mut self, name: &str, members: impl Iterator<Item = (String, Yield)>) {
        self.0.add_variable_from_value(name, map_of(members.map(|(name, value)| (name, value.0))));
    }

    /// Gives `authorizer` and `authorizer.requestResource`, which asks about `own`.
    pub(crate) fn bind_authorizer(&mut self, by: &Arc<dyn Authorizer>, own: Question) {
        let whole = authorizer::Check::authorizer(by.clone());
        let resource = authorizer::Check::of_resource(by.clone(), own);
        for (name, check) in [("authorizer", whole), ("authorizer.requestResource", resource)] {
            self.0.add_variable_from_value(name, cel::Value::Opaque(Arc::new(check)));
        }
    }

    /// Gives a variable a value that knows its types.
    pub(super) fn bind_typed(&mut self, name: &str, value: cel::Value) {
        self.0.add_variable_from_value(name, value);
    }

    /// Gives a variable an optional of such a value.
    pub(super) fn bind_optional(&mut self, name: &str, value: Option<cel::Value>) {
        let optional = value.map_or_else(cel::objects::OptionalValue::none, cel::objects::OptionalValue::of);
        self.0.add_variable_from_value(name, cel::Value::Opaque(Arc::new(optional)));
    }
}

/// JSON as CEL has it.
pub(super) fn to_cel(value: &Value) -> cel::Value {
    match value {
        Value::Null => cel::Value::Null,
        Value::Bool(it) => cel::Value::Bool(*it),
        Value::Number(it) => match it.as_i64() {
            Some(int) => cel::Value::Int(int),
            None => cel::Value::Float(it.as_f64().unwrap_or(0.0)),
        },
        Value::String(it) => cel::Value::String(it.to_string().into()),
        Value::Array(list) => cel::Value::List(list.iter().map(to_cel).collect::<Vec<_>>().into()),
        Value::Object(map) => map_of(map.iter().map(|(name, value)| (name.to_string(), to_cel(value)))),
    }
}

/// A text as rules see it that has a format: a time, a duration, bytes.
pub(super) fn of_format(format: &str, text: &str) -> cel::Value {
    let plain = || cel::Value::String(text.to_owned().into());
    let (function, text) = match format {
        "date" => ("timestamp", format!("{text}T00:00:00Z")),
        "date-time" => ("timestamp", text.to_owned()),
        "duration" => ("duration", text.to_owned()),
        _ => return plain(),
    };
    let Ok(program) = compile(&format!("{function}(it)")) else { return plain() };
    let mut scope = program.scope();
    scope.bind("it", &text.into());
    program.program.execute(&scope.0).unwrap_or_else(|_| plain())
}

/// A map with texts as its keys.
pub(super) fn map_of(pairs: impl Iterator<Item = (String, cel::Value)>) -> cel::Value {
    let pairs = pairs.map(|(name, value)| (cel::objects::Key::String(name.into()), value));
    cel::Value::Map(cel::objects::Map { map: Arc::new(pairs.collect()) })
}

/// A result as JSON; what JSON cannot say is null.
fn to_json(value: &cel::Value) -> Value {
    match value {
        cel::Value::Bool(it) => (*it).into(),
        cel::Value::Int(it) => (*it).into(),
        cel::Value::UInt(it) => (*it).into(),
        cel::Value::Float(it) => (*it).into(),
        cel::Value::String(it) => it.as_str().into(),
        cel::Value::List(list) => list.iter().map(to_json).collect(),
        cel::Value::Map(map) => {
            let text = |key: &cel::objects::Key| match key {
                cel::objects::Key::String(it) => it.to_string(),
                cel::objects::Key::Int(it) => it.to_string(),
                cel::objects::Key::Uint(it) => it.to_string(),
                cel::objects::Key::Bool(it) => it.to_string(),
            };
            Value::Object(map.map.iter().map(|(key, value)| (text(key), to_json(value))).collect())
        }
        _ => Value::Null,
    }
}

/// What went wrong while an expression ran, in cel-go's words.
fn sentence(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::NoSuchOverload(overload) => format!("no such overload: {}", overload.function()),
        ExecutionError::UndeclaredReference(name) => {
            format!("undeclared reference to '{name}' (in container '')")
        }
        ExecutionError::DivisionByZero(_) => "division by zero".into(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".into(),
        ExecutionError::IndexOutOfBounds(index) => {
            format!("index out of bounds: {}", go::display(&to_json(index)))
        }
        ExecutionError::Overflow(..) => "integer overflow".into(),
        ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedTargetType { .. }
        | ExecutionError::UnexpectedType { .. } => "no such overload".into(),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(source: &str, want: impl Into<Value>) {
        let program = compile(source).unwrap();
        let mut scope = program.scope();
        scope.bind("self", &json!({"n": 3, "names": ["b", "a"], "sizes": [3, 1, 2], "text": "Hello"}));
        let found = program.run(&scope);
        assert_eq!(found.unwrap(), want.into(), "{source}");
    }

    #[test]
    fn macros_texts_and_lists() {
        check("has(self.n) && !has(self.m)", true);
        check("self.names.all(it, it.size() == 1) && self.names.exists(it, it == 'a')", true);
        check("self.sizes.filter(it, it > 1).map(it, it * 2)", json!([6, 4]));
        check("self.sizes.sum()", 6);
        check("[self.sizes.min(), self.sizes.max(), self.sizes.indexOf(2)]", json!([1, 3, 2]));
        check("self.sizes.isSorted() || [1, 2].isSorted()", true);
        check("self.text.lowerAscii().replace('l', 'L').substring(1, 4)", "eLL");
        check("'a,b'.split(',').join('+') + ' x '.trim()", "a+bx");
        check("'%s has %d'.format([self.text, self.n])", "Hello has 3");
        check("'v1.2'.find('[0-9]+') + ',' + '1a2'.findAll('[0-9]').join('')", "1,12");
        check("self.?m.orValue(7)", 7);
        check("sets.contains(self.names, ['a']) && sets.intersects([1], [1, 2])", true);
    }

    #[test]
    fn quantities_addresses_and_urls() {
        check("quantity('1Gi').isGreaterThan(quantity('500M'))", true);
        check("quantity('1').add(quantity('500m')).compareTo(quantity('1500m')) == 0", true);
        check("isQuantity('1x') || !isQuantity('20')", false);
        check("quantity('2').asInteger()", 2);
        check("ip('10.0.0.1').family() == 4 && isIP('::1') && !isIP('x')", true);
        check("cidr('10.0.0.0/8').containsIP('10.1.2.3') && cidr('10.0.0.0/8').prefixLength() == 8", true);
        check("cidr('10.0.0.0/8').containsCIDR('11.0.0.0/24')", false);
        check("url('https://a.example:8443/x?q=1').getHostname()", "a.example");
        check("url('https://a.example:8443/x').getPort() + url('https://h/x').getScheme()", "8443https");
        check("isURL('nope')", false);
    }

    #[test]
    fn objects_are_made_of_any_type() {
        check(
            "Object{spec: Object.spec{replicas: self.n, paused: true}}",
            json!({"spec": {"replicas": 3, "paused": true}}),
        );
        check(
            "[JSONPatch{op: 'add', path: '/a/' + jsonpatch.escapeKey('b/c'), value: 1}]",
            json!([{"op": "add", "path": "/a/b~1c", "value": 1}]),
        );
    }

    #[test]
    fn failures_have_the_words_of_cel_go() {
        let why = |source: &str| {
            let program = compile(source).unwrap();
            let mut scope = program.scope();
            scope.bind("self", &json!({"a": 1}));
            program.run(&scope).unwrap_err()
        };
        assert_eq!(why("self.b == 1"), "no such key: b");
        assert_eq!(why("self.a / 0 == 1"), "division by zero");
        assert_eq!(
            why("quantity('x').sign() == 1"),
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        );
        assert!(compile("self.a ==").is_err());
    }

    #[test]
    fn types_that_do_not_fit_are_told_with_their_place() {
        let spec = [("min".to_owned(), Type::Int), ("names".to_owned(), Type::list(Type::String))];
        let names = Names::from([("self".to_owned(), Type::object("spec", spec))]);
        let why = |source: &str| match compile_as(source, &names, &[Type::Bool]) {
            Ok(_) => "good".to_owned(),
            Err(Refusal::Result(found)) => format!("it is {found}"),
            Err(Refusal::Compilation(issues)) => issues,
        };
        for good in [
            "self.min > 1 && self.names.all(it, it.startsWith('a') || it.size() > 2)",
            "self.names.map(it, it + 'x').exists(it, it == 'ax') || self.min + 1 > 2.5",
            "has(self.names) ? self.names[0] == 'a' : self.?min.orValue(3) == 3",
            "quantity('1').isGreaterThan(quantity('500m')) && self.names.isSorted()",
        ] {
            assert_eq!(why(good), "good", "{good}");
        }
        assert_eq!(why("self.min + 1"), "it is int");
        insta::assert_snapshot!(why("self.max > 1"), @r"
        ERROR: <input>:1:5: undefined field 'max'
         | self.max > 1
         | ....^
        ");
        insta::assert_snapshot!(why("self.min == 'a' && size(other) > 1"), @r"
        ERROR: <input>:1:10: found no matching overload for '_==_' applied to '(int, string)'
         | self.min == 'a' && size(other) > 1
         | .........^
        ERROR: <input>:1:25: undeclared reference to 'other' (in container '')
         | self.min == 'a' && size(other) > 1
         | ........................^
        ");
        insta::assert_snapshot!(why("self.min.startsWith('a') || foo(1)"), @r"
        ERROR: <input>:1:20: found no matching overload for 'startsWith' applied to 'int.(string)'
         | self.min.startsWith('a') || foo(1)
         | ...................^
        ERROR: <input>:1:32: undeclared reference to 'foo' (in container '')
         | self.min.startsWith('a') || foo(1)
         | ...............................^
        ");
    }
}
