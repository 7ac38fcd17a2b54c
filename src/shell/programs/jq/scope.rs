//! What names mean where: bindings of the program from the inside out, then functions written in jq, then our own.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::builtins;
use super::tree::{Function, Kind, Node, Parameter};

/// What a name is bound to.
#[derive(Clone, Debug)]
enum Bound {
    Variable(String),
    Filter(String),
    /// `$name` of a function: a variable, and a filter of that name.
    Value(String),
    Function(String, Vec<Parameter>, bool),
    Label(String),
}

#[derive(Debug, Default)]
pub(super) struct Scope {
    bound: Vec<Bound>,
    globals: Vec<String>,
    library: Arc<Names>,
    /// The function of the library that is being read.
    own: Option<(String, usize)>,
}

/// The places of functions in a library, by name and number of arguments, and whether each gives one value.
pub(super) type Names = BTreeMap<(String, usize), (usize, bool)>;

/// What came of looking for a function.
pub(super) enum Sought {
    Found(Node),
    Missing,
}

impl Scope {
    pub(super) fn new(globals: &[String], library: Arc<Names>) -> Self {
        Self { globals: globals.to_vec(), library, ..Self::default() }
    }

    pub(super) fn mark(&self) -> usize {
        self.bound.len()
    }

    pub(super) fn back_to(&mut self, mark: usize) {
        self.bound.truncate(mark);
    }

    pub(super) fn define(&mut self, function: &Function) {
        let single = function.body.single;
        self.bound.push(Bound::Function(function.name.clone(), function.parameters.clone(), single));
    }

    /// Adds a function of a library, which later ones may call.
    pub(super) fn add_to_library(&mut self, function: &Function, place: usize) {
        let mut names = (*self.library).clone();
        names.insert((function.name.clone(), function.parameters.len()), (place, function.body.single));
        self.library = Arc::new(names);
        self.own = None;
    }

    pub(super) fn names(&self) -> Arc<Names> {
        self.library.clone()
    }

    pub(super) fn open_function(&mut self, name: &str, parameters: &[Parameter], in_library: bool) {
        match in_library {
            true => self.own = Some((name.to_owned(), parameters.len())),
            false => self.bound.push(Bound::Function(name.to_owned(), parameters.to_vec(), false)),
        }
        self.bound.extend(parameters.iter().map(|it| match it.is_value {
            true => Bound::Value(it.name.clone()),
            false => Bound::Filter(it.name.clone()),
        }));
    }

    pub(super) fn open_label(&mut self, name: &str) {
        self.bound.push(Bound::Label(name.to_owned()));
    }

    pub(super) fn open_variables(&mut self, names: &[String]) {
        self.bound.extend(names.iter().cloned().map(Bound::Variable));
    }

    /// How many bindings lie between here and the nearest one that is meant.
    fn distance(&self, is_meant: impl Fn(&Bound) -> bool) -> Option<usize> {
        self.bound.iter().rev().position(is_meant)
    }

    pub(super) fn variable(&self, name: &str) -> Option<Kind> {
        let local = self.distance(|it| matches!(it, Bound::Variable(own) | Bound::Value(own) if own == name));
        local.map(Kind::Variable).or_else(|| self.globals.iter().rposition(|it| it == name).map(Kind::Global))
    }

    pub(super) fn label(&self, name: &str) -> Option<usize> {
        self.distance(|it| matches!(it, Bound::Label(own) if own == name))
    }

    pub(super) fn function(&self, name: &str, arguments: Vec<Node>) -> Sought {
        let count = arguments.len();
        let local = self.distance(|it| match it {
            Bound::Function(own, parameters, _) => own == name && parameters.len() == count,
            Bound::Filter(own) | Bound::Value(own) => own == name && count == 0,
            _ => false,
        });
        if let Some(distance) = local {
            return Sought::Found(match self.bound.iter().rev().nth(distance) {
                Some(Bound::Value(_)) => Node::new(Kind::Variable(distance)),
                Some(Bound::Filter(_)) => Node::new(Kind::Argument(distance)),
                Some(Bound::Function(_, _, single)) => {
                    let single = *single && arguments.iter().all(|it| it.single);
                    Node { kind: Kind::Call(distance, arguments), single }
                }
                _ => return Sought::Missing,
            });
        }
        let key = (name.to_owned(), count);
        let place = self.library.get(&key).copied();
        let own = (self.own.as_ref() == Some(&key)).then_some((self.library.len(), false));
        if let Some((place, single)) = own.or(place) {
            let single = single && arguments.iter().all(|it| it.single);
            return Sought::Found(Node { kind: Kind::Library(place, arguments), single });
        }
        match builtins::find(name, arguments) {
            Some(kind) => Sought::Found(Node::new(kind)),
            None => Sought::Missing,
        }
    }
}
