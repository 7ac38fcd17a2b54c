//! Programs as trees, whose names are bound: what a variable or a function is called by is how many bindings lie
//! between.

use std::sync::Arc;

use super::builtins::{Native, Special};
use super::value::Val;

/// A filter.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// It gives one value or fails.
    pub(super) single: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    Identity,
    /// `..`
    Descend,
    Literal(Val),
    /// A string with holes.
    Text(Option<String>, Vec<Part>),
    Format(String),
    Index(Box<Node>, Box<Node>),
    Slice(Box<Node>, Option<Box<Node>>, Option<Box<Node>>),
    Iterate(Box<Node>),
    Try(Box<Node>, Option<Box<Node>>),
    Array(Option<Box<Node>>),
    Object(Vec<(Node, Node)>),
    Negate(Box<Node>),
    Pipe(Box<Node>, Box<Node>),
    Comma(Box<Node>, Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Alternative(Box<Node>, Box<Node>),
    /// `|=`
    Update(Box<Node>, Box<Node>),
    /// `=`
    Assign(Box<Node>, Box<Node>),
    /// `+=` and so on
    Calculate(Operator, Box<Node>, Box<Node>),
    /// `//=`
    Default(Box<Node>, Box<Node>),
    If(Box<Node>, Box<Node>, Option<Box<Node>>),
    Reduce(Box<Loop>),
    Foreach(Box<Loop>),
    Bind(Box<Node>, Arc<Patterns>, Box<Node>),
    Label(Box<Node>),
    Break(usize),
    Variable(usize),
    Global(usize),
    Define(Arc<Function>, Box<Node>),
    /// A function of the program.
    Call(usize, Vec<Node>),
    /// A filter that the function was called with.
    Argument(usize),
    /// A function that is written in jq.
    Library(usize, Vec<Node>),
    Native(&'static Native, Vec<Node>),
    Special(Special, Vec<Node>),
}

#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Hole(Node),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// `reduce` and `foreach`.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) source: Node,
    pub(super) patterns: Arc<Patterns>,
    pub(super) begin: Node,
    pub(super) update: Node,
    pub(super) extract: Option<Node>,
}

/// Alternative patterns, of which the first that fits counts.
#[derive(Debug)]
pub(super) struct Patterns {
    pub(super) alternatives: Vec<Pattern>,
    /// How many variables they bind together.
    pub(super) variables: usize,
}

#[derive(Debug)]
pub(super) enum Pattern {
    Variable(usize),
    Array(Vec<Pattern>),
    Object(Vec<Member>),
}

/// A member that a pattern looks into.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: Node,
    pub(super) variable: Option<usize>,
    pub(super) pattern: Option<Pattern>,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Node,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// `$name`: all values of the argument are tried one after the other.
    pub(super) is_value: bool,
}

impl Node {
    /// A filter; whether it gives one value follows from its parts.
    pub(super) fn new(kind: Kind) -> Self {
        let single = is_single(&kind);
        Self { kind, single }
    }

    pub(super) fn identity() -> Self {
        Self::new(Kind::Identity)
    }

    pub(super) fn text(text: &str) -> Self {
        Self::new(Kind::Literal(Val::from(text)))
    }
}

fn is_single(kind: &Kind) -> bool {
    let all = |nodes: &[Node]| nodes.iter().all(|it| it.single);
    match kind {
        Kind::Identity
        | Kind::Literal(_)
        | Kind::Format(_)
        | Kind::Variable(_)
        | Kind::Global(_)
        | Kind::Array(_)
        | Kind::Update(..) => true,
        Kind::Text(_, parts) => parts.iter().all(|it| match it {
            Part::Text(_) => true,
            Part::Hole(node) => node.single,
        }),
        Kind::Slice(of, from, to) => {
            let bound = |it: &Option<Box<Node>>| it.as_ref().is_none_or(|it| it.single);
            of.single && bound(from) && bound(to)
        }
        Kind::Object(members) => members.iter().all(|(key, value)| key.single && value.single),
        Kind::Negate(of) | Kind::Define(_, of) | Kind::Assign(_, of) | Kind::Calculate(_, _, of) => of.single,
        Kind::Default(_, of) => of.single,
        Kind::Index(a, b)
        | Kind::Pipe(a, b)
        | Kind::Binary(_, a, b)
        | Kind::And(a, b)
        | Kind::Or(a, b)
        | Kind::Alternative(a, b) => a.single && b.single,
        Kind::If(condition, then, otherwise) => {
            condition.single && then.single && otherwise.as_ref().is_none_or(|it| it.single)
        }
        Kind::Reduce(it) => it.begin.single,
        Kind::Bind(source, patterns, body) => {
            source.single
                && patterns.alternatives.iter().all(is_plain)
                && body.single
                && patterns.alternatives.len() == 1
        }
        Kind::Native(_, arguments) => all(arguments),
        Kind::Special(special, arguments) => special.is_single() && all(arguments),
        Kind::Descend
        | Kind::Iterate(_)
        | Kind::Try(..)
        | Kind::Comma(..)
        | Kind::Foreach(_)
        | Kind::Label(_)
        | Kind::Break(_)
        | Kind::Call(..)
        | Kind::Argument(_)
        | Kind::Library(..) => false,
    }
}

fn is_plain(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Variable(_) => true,
        Pattern::Array(items) => items.iter().all(is_plain),
        Pattern::Object(members) => {
            members.iter().all(|it| it.key.single && it.pattern.as_ref().is_none_or(is_plain))
        }
    }
}
