//! CEL, the language of rules in CustomResourceDefinitions and admission policies: compiling, variables,
//! and what an expression comes to.
//!
//! Types are not checked before an expression runs: what a real server refuses when a rule is written
//! (a field that no schema has, a comparison of different types) shows here when the rule is used.

mod library;
mod net;

use std::sync::{Arc, LazyLock};

use cel::{Context, Env, ExecutionError};
use serde_json::Value;

use super::go;

/// The standard functions, and Kubernetes' own.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(library::environment()));

/// An expression that is ready to run.
pub(crate) struct Program(cel::Program);

/// Compiles an expression.
///
/// # Errors
/// The complaints of the parser, one a line, as cel-go lays them out.
pub(crate) fn compile(source: &str) -> Result<Program, String> {
    ENVIRONMENT.compile(source).map(Program).map_err(|errors| errors.to_string())
}

impl Program {
    /// True when the expression names a variable.
    pub(crate) fn uses(&self, variable: &str) -> bool {
        self.0.references().has_variable(variable)
    }

    /// What the expression comes to; what JSON cannot say is null.
    ///
    /// # Errors
    /// Why it came to nothing, in cel-go's words.
    pub(crate) fn run(&self, scope: &Scope) -> Result<Value, String> {
        self.0.execute(&scope.0).map(|it| to_json(&it)).map_err(|error| sentence(&error))
    }
}

/// The variables that an expression sees.
pub(crate) struct Scope(Context<'static, 'static>);

impl Scope {
    pub(crate) fn new() -> Self {
        Self(Context::with_env(ENVIRONMENT.clone()))
    }

    /// Gives a variable a value of JSON; whole numbers are `int`, as they are in Kubernetes' types.
    pub(crate) fn bind(&mut self, name: &str, value: &Value) {
        self.0.add_variable_from_value(name, to_cel(value));
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
        Value::String(it) => cel::Value::String(it.clone().into()),
        Value::Array(list) => cel::Value::List(list.iter().map(to_cel).collect::<Vec<_>>().into()),
        Value::Object(map) => map_of(map.iter().map(|(name, value)| (name.clone(), to_cel(value)))),
    }
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
    use serde_json::json;

    #[track_caller]
    fn check(source: &str, want: impl Into<Value>) {
        let mut scope = Scope::new();
        scope.bind("self", &json!({"n": 3, "names": ["b", "a"], "sizes": [3, 1, 2], "text": "Hello"}));
        let found = compile(source).unwrap().run(&scope);
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
    fn failures_have_the_words_of_cel_go() {
        let mut scope = Scope::new();
        scope.bind("self", &json!({"a": 1}));
        let why = |source: &str| compile(source).unwrap().run(&scope).unwrap_err();
        assert_eq!(why("self.b == 1"), "no such key: b");
        assert_eq!(why("self.a / 0 == 1"), "division by zero");
        assert_eq!(
            why("quantity('x').sign() == 1"),
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        );
        assert!(compile("self.a ==").is_err());
    }
}
