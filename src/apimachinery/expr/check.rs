//! Do the types of an expression fit: fields that are not there, functions that take something else.
//!
//! The complaints and their places are those of cel-go's checker.

use std::collections::BTreeMap;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr};

use super::signatures::{self, Signature};
use super::types::{Names, Type};

/// A complaint about the node with this number.
pub(super) struct Issue {
    pub(super) node: u64,
    pub(super) message: String,
}

/// The type of an expression, and what does not fit in it.
pub(super) fn check(root: &IdedExpr, names: &Names) -> (Type, Vec<Issue>) {
    let mut checker = Checker { names, scopes: Vec::new(), issues: Vec::new() };
    let found = checker.node(root);
    (found, checker.issues)
}

struct Checker<'a> {
    names: &'a Names,
    /// Variables of the macros around a node, the innermost last.
    scopes: Vec<(String, Type)>,
    issues: Vec<Issue>,
}

/// What the parameters of a signature stand for.
type Bound = BTreeMap<char, Type>;

impl Checker<'_> {
    fn complain(&mut self, node: &IdedExpr, message: String) -> Type {
        self.issues.push(Issue { node: node.id, message });
        Type::Fault
    }

    fn node(&mut self, node: &IdedExpr) -> Type {
        match &node.expr {
            Expr::Unspecified => Type::Fault,
            Expr::Literal(value) => literal(value),
            Expr::Ident(name) => self.variable(name).unwrap_or_else(|| self.undeclared(node, name)),
            Expr::Select(select) => self.select(node, select),
            Expr::Call(call) => self.call(node, call),
            Expr::List(list) => {
                let of = self.alike(&list.elements);
                Type::list(of)
            }
            Expr::Map(map) => {
                let (mut keys, mut values) = (Vec::new(), Vec::new());
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        keys.push(entry.key.clone());
                        values.push(entry.value.clone());
                    }
                }
                let (key, value) = (self.alike(&keys), self.alike(&values));
                Type::Map(key.into(), value.into())
            }
            Expr::Struct(made) => {
                for entry in &made.entries {
                    if let EntryExpr::StructField(field) = &entry.expr {
                        self.node(&field.value);
                    }
                }
                Type::object(&made.type_name, [])
            }
            Expr::Comprehension(it) => self.comprehension(it),
        }
    }

    fn variable(&self, name: &str) -> Option<Type> {
        let name = name.trim_start_matches('.');
        let inner = self.scopes.iter().rev().find(|(own, _)| own == name).map(|it| it.1.clone());
        let kinds = ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];
        inner
            .or_else(|| self.names.get(name).cloned())
            .or_else(|| kinds.contains(&name).then_some(Type::Kind))
    }

    fn undeclared(&mut self, node: &IdedExpr, name: &str) -> Type {
        self.complain(node, format!("undeclared reference to '{name}' (in container '')"))
    }

    /// Lists and maps hold values of one type.
    fn alike(&mut self, nodes: &[IdedExpr]) -> Type {
        let mut of: Option<Type> = None;
        for node in nodes {
            let found = self.node(node);
            match &of {
                None => of = Some(found),
                Some(first) if fits(first, &found, &mut Bound::new()) => {}
                Some(first) => {
                    let message = format!("expected type '{first}' but found '{found}'");
                    self.complain(node, message);
                }
            }
        }
        of.unwrap_or(Type::Parameter('_'))
    }

    fn select(&mut self, node: &IdedExpr, select: &SelectExpr) -> Type {
        if let Some(whole) = qualified(node).and_then(|name| self.names.get(&name).cloned()) {
            return whole;
        }
        let operand = self.node(&select.operand);
        let found = self.field(node, &operand, &select.field);
        if select.test { Type::Bool } else { found }
    }

    fn field(&mut self, node: &IdedExpr, of: &Type, name: &str) -> Type {
        match of {
            Type::Dyn | Type::Fault | Type::Parameter(_) => Type::Dyn,
            Type::Map(_, value) => (**value).clone(),
            Type::Optional(inner) => match self.field(node, inner, name) {
                found @ Type::Optional(_) => found,
                found => Type::Optional(found.into()),
            },
            Type::Object(message) => match message.fields.get(name) {
                Some(found) => found.clone(),
                None => self.complain(node, format!("undefined field '{name}'")),
            },
            other => self.complain(node, format!("type '{other}' does not support field selection")),
        }
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        if call.func_name == "_?._" {
            return self.optional_field(node, call);
        }
        if let Some(target) = &call.target {
            let name = qualified(target).map(|it| format!("{it}.{}", call.func_name));
            if let Some(name) = name.filter(|it| signatures::of(it).is_some()) {
                let arguments: Vec<Type> = call.args.iter().map(|it| self.node(it)).collect();
                return self.resolve(node, &name, false, &arguments);
            }
        }
        let nodes = call.target.as_deref().into_iter().chain(&call.args);
        let arguments: Vec<Type> = nodes.map(|it| self.node(it)).collect();
        self.resolve(node, &call.func_name, call.target.is_some(), &arguments)
    }

    /// `a.?b`: the field, or nothing.
    fn optional_field(&mut self, node: &IdedExpr, call: &CallExpr) -> Type {
        let [operand, name] = call.args.as_slice() else { return Type::Dyn };
        let of = self.node(operand);
        let Expr::Literal(LiteralValue::String(name)) = &name.expr else { return Type::Dyn };
        match self.field(node, &of, name.inner()) {
            found @ (Type::Optional(_) | Type::Fault) => found,
            found => Type::Optional(found.into()),
        }
    }

    fn resolve(&mut self, node: &IdedExpr, name: &str, member: bool, arguments: &[Type]) -> Type {
        let Some(ways) = signatures::of(name) else { return self.undeclared(node, name) };
        if arguments.contains(&Type::Fault) {
            return ways.first().map_or(Type::Dyn, |it| it.result.clone()).closed();
        }
        let results: Vec<Type> =
            ways.iter().filter(|it| it.member == member).filter_map(|it| outcome(it, arguments)).collect();
        match results.as_slice() {
            [] => {
                let said: Vec<String> = arguments.iter().map(Type::to_string).collect();
                let said = match said.split_first() {
                    Some((target, rest)) if member => format!("{target}.({})", rest.join(", ")),
                    _ => format!("({})", said.join(", ")),
                };
                self.complain(node, format!("found no matching overload for '{name}' applied to '{said}'"))
            }
            [first, rest @ ..] if rest.iter().all(|it| it == first) => first.clone(),
            _ => Type::Dyn,
        }
    }

    fn comprehension(&mut self, it: &ComprehensionExpr) -> Type {
        let (one, two) = match self.node(&it.iter_range) {
            Type::List(of) => ((*of).clone(), (Type::Int, (*of).clone())),
            Type::Map(key, value) => ((*key).clone(), ((*key).clone(), (*value).clone())),
            Type::Dyn | Type::Fault | Type::Parameter(_) => (Type::Dyn, (Type::Dyn, Type::Dyn)),
            other => {
                let message = format!(
                    "expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)"
                );
                self.complain(&it.iter_range, message);
                (Type::Fault, (Type::Fault, Type::Fault))
            }
        };
        let depth = self.scopes.len();
        let start = self.node(&it.accu_init);
        self.scopes.push((it.accu_var.clone(), start));
        match &it.iter_var2 {
            Some(name) => {
                self.scopes.push((it.iter_var.clone(), two.0));
                self.scopes.push((name.clone(), two.1));
            }
            None => self.scopes.push((it.iter_var.clone(), one)),
        }
        self.node(&it.loop_cond);
        let step = self.node(&it.loop_step);
        self.scopes.truncate(depth);
        self.scopes.push((it.accu_var.clone(), step));
        let result = self.node(&it.result);
        self.scopes.truncate(depth);
        result
    }
}

impl Type {
    /// A result whose parameters nothing says.
    fn closed(self) -> Self {
        if matches!(self, Self::Parameter(_)) { Self::Dyn } else { self }
    }
}

fn literal(value: &LiteralValue) -> Type {
    match value {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::String,
        LiteralValue::UInt(_) => Type::Uint,
    }
}

/// `a.b.c` for the expression that says so.
fn qualified(node: &IdedExpr) -> Option<String> {
    match &node.expr {
        Expr::Ident(name) => Some(name.clone()),
        Expr::Select(select) if !select.test => {
            Some(format!("{}.{}", qualified(&select.operand)?, select.field))
        }
        _ => None,
    }
}

/// What a call comes to, if its arguments fit.
fn outcome(way: &Signature, arguments: &[Type]) -> Option<Type> {
    let mut bound = Bound::new();
    let good = way.parameters.len() == arguments.len()
        && way.parameters.iter().zip(arguments).all(|(want, have)| fits(want, have, &mut bound));
    good.then(|| filled(&way.result, &bound))
}

/// True when a value of one type can stand where another is wanted.
fn fits(want: &Type, have: &Type, bound: &mut Bound) -> bool {
    if let Type::Parameter(name) = want {
        return match bound.get(name).cloned() {
            None => {
                bound.insert(*name, have.clone());
                true
            }
            Some(Type::Parameter(_) | Type::Null) => {
                bound.insert(*name, have.clone());
                true
            }
            // A parameter that holds a list of nothing yet takes what comes to it.
            Some(known) if is_unfilled(&known) && fits(&known, have, &mut Bound::new()) => {
                bound.insert(*name, have.clone());
                true
            }
            Some(known) => fits(&known, have, &mut Bound::new()),
        };
    }
    if want.is_open() || have.is_open() || matches!(have, Type::Parameter(_)) {
        return true;
    }
    match (want, have) {
        (Type::List(a), Type::List(b)) | (Type::Optional(a), Type::Optional(b)) => fits(a, b, bound),
        (Type::Map(a, b), Type::Map(c, d)) => fits(a, c, bound) && fits(b, d, bound),
        (Type::Object(_) | Type::Opaque(_) | Type::Duration | Type::Timestamp, Type::Null) => true,
        (Type::Object(a), Type::Object(b)) => a.name == b.name,
        (a, b) => a == b,
    }
}

/// `[]` and `{}`, of whose members nothing is known.
fn is_unfilled(of: &Type) -> bool {
    match of {
        Type::List(of) => matches!(**of, Type::Parameter(_)),
        Type::Map(_, value) => matches!(**value, Type::Parameter(_)),
        _ => false,
    }
}

fn filled(result: &Type, bound: &Bound) -> Type {
    match result {
        Type::Parameter(name) => bound.get(name).cloned().unwrap_or(Type::Dyn).closed(),
        Type::List(of) => Type::list(filled(of, bound)),
        Type::Optional(of) => Type::Optional(filled(of, bound).into()),
        Type::Map(key, value) => Type::Map(filled(key, bound).into(), filled(value, bound).into()),
        other => other.clone(),
    }
}
