//! The functions of jq: those written in jq, those that are ours, and those that take filters apart themselves.

use std::sync::{Arc, OnceLock};

use super::machine::{Flow, Machine};
use super::parse::Parser;
use super::scope::{Names, Scope};
use super::tree::{Function, Kind, Node};
use super::value::Val;
use super::{basics, math, orders, regexes, streams, texts, times};

/// A function of ours: what it makes of its input and arguments.
pub(super) struct Native {
    pub(super) name: &'static str,
    pub(super) arity: usize,
    pub(super) run: Run,
}

pub(super) type Run = fn(&mut Machine<'_>, Val, Vec<Val>) -> Flow<Val>;

impl std::fmt::Debug for Native {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.name, self.arity)
    }
}

/// A function that hands on several values, or minds paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    Empty,
    Path,
    Range,
    Recurse,
    Repeat,
    While,
    Until,
    Limit,
    First,
    IsEmpty,
    GetPath,
    Input,
    Inputs,
}

impl Special {
    pub(super) fn is_single(self) -> bool {
        matches!(self, Self::IsEmpty | Self::GetPath | Self::Input)
    }
}

const SPECIALS: &[(&str, usize, Special)] = &[
    ("empty", 0, Special::Empty),
    ("path", 1, Special::Path),
    ("range", 2, Special::Range),
    ("range", 3, Special::Range),
    ("recurse", 1, Special::Recurse),
    ("repeat", 1, Special::Repeat),
    ("while", 2, Special::While),
    ("until", 2, Special::Until),
    ("limit", 2, Special::Limit),
    ("first", 1, Special::First),
    ("isempty", 1, Special::IsEmpty),
    ("getpath", 1, Special::GetPath),
    ("input", 0, Special::Input),
    ("_inputs", 0, Special::Inputs),
];

/// Tables of functions of ours, the busiest first.
const TABLES: &[&[Native]] =
    &[basics::ALL, texts::ALL, orders::ALL, regexes::ALL, times::ALL, streams::ALL, math::ALL];

/// A row of a table.
pub(super) const fn row(name: &'static str, arity: usize, run: Run) -> Native {
    Native { name, arity, run }
}

/// What a call of a function that is not written in jq is.
pub(super) fn find(name: &str, arguments: Vec<Node>) -> Option<Kind> {
    let constant = match (name, arguments.len()) {
        ("null", 0) => Some(Kind::Literal(Val::Null)),
        ("true", 0) => Some(Kind::Literal(Val::Bool(true))),
        ("false", 0) => Some(Kind::Literal(Val::Bool(false))),
        ("recurse", 0) => Some(Kind::Descend),
        _ => None,
    };
    if constant.is_some() {
        return constant;
    }
    let special = SPECIALS.iter().find(|(own, arity, _)| *own == name && *arity == arguments.len());
    if let Some((_, _, special)) = special {
        return Some(Kind::Special(*special, arguments));
    }
    let mut rows = TABLES.iter().flat_map(|table| table.iter());
    let native = rows.find(|it| it.name == name && it.arity == arguments.len())?;
    Some(Kind::Native(native, arguments))
}

/// Names and numbers of arguments of all functions that programs may call.
pub(super) fn all_names() -> Vec<String> {
    let own = TABLES.iter().flat_map(|table| table.iter()).map(|it| (it.name, it.arity));
    let special = SPECIALS.iter().map(|(name, arity, _)| (*name, *arity));
    let written = library().iter().map(|it| (it.name.as_str(), it.parameters.len()));
    let public = own.chain(special).chain(written).filter(|(name, _)| !name.starts_with('_'));
    public.map(|(name, arity)| format!("{name}/{arity}")).collect()
}

struct Library {
    functions: Vec<Arc<Function>>,
    names: Arc<Names>,
}

fn read() -> &'static Library {
    static READ: OnceLock<Library> = OnceLock::new();
    READ.get_or_init(|| {
        let mut functions = Vec::new();
        let mut parser = Parser::new(include_str!("defs.jq"), Scope::default());
        // What could not be read is missing; a test sees to it that nothing is.
        let _ = parser.library(|scope, function| {
            scope.add_to_library(&function, functions.len());
            functions.push(function);
        });
        Library { functions, names: parser.scope.names() }
    })
}

/// The functions that are written in jq.
pub(super) fn library() -> &'static [Arc<Function>] {
    &read().functions
}

/// Where they are.
pub(super) fn library_names() -> Arc<Names> {
    read().names.clone()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_can_be_read() {
        let mut parser = Parser::new(include_str!("defs.jq"), Scope::default());
        let mut count = 0;
        let read = parser.library(|scope, function| {
            scope.add_to_library(&function, count);
            count += 1;
        });
        assert!(read.is_ok() && parser.mistakes.names.is_empty(), "{:?}", parser.mistakes);
        assert_eq!(parser.scope.names().len(), count, "a function is there twice");
    }
}
