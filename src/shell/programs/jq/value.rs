//! The values of jq: JSON whose objects keep the order in which members came, and numbers that print as they were read.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::number::Number;

/// Members from which on an object is looked up by an index.
const INDEXED_FROM: usize = 16;

#[derive(Clone, Debug)]
pub(super) enum Val {
    Null,
    Bool(bool),
    Num(Number),
    Str(Arc<String>),
    Arr(Arc<List>),
    Obj(Arc<Object>),
}

/// An array, and how deeply its values are nested at most.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    items: Vec<Val>,
    depth: u32,
}

impl List {
    pub(super) fn items(&self) -> &[Val] {
        &self.items
    }

    pub(super) fn push(&mut self, value: Val) {
        self.depth = self.depth.max(value.depth());
        self.items.push(value);
    }

    /// Puts a value at a place; the places before it that are not there yet are null.
    pub(super) fn put(&mut self, at: usize, value: Val) {
        self.depth = self.depth.max(value.depth());
        while self.items.len() <= at {
            self.items.push(Val::Null);
        }
        if let Some(place) = self.items.get_mut(at) {
            *place = value;
        }
    }

    /// Takes the value at a place away and leaves null.
    pub(super) fn take(&mut self, at: usize) -> Val {
        self.items.get_mut(at).map_or(Val::Null, |place| std::mem::replace(place, Val::Null))
    }

    pub(super) fn into_items(self) -> Vec<Val> {
        self.items
    }
}

impl From<Vec<Val>> for List {
    fn from(items: Vec<Val>) -> Self {
        let depth = items.iter().map(Val::depth).max().unwrap_or_default();
        Self { items, depth }
    }
}

/// An object: its members in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    members: Vec<(Arc<String>, Val)>,
    places: Option<BTreeMap<Arc<String>, usize>>,
    depth: u32,
}

impl Object {
    pub(super) fn members(&self) -> &[(Arc<String>, Val)] {
        &self.members
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    fn place(&self, key: &str) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(&key.to_owned()).copied(),
            None => self.members.iter().position(|(name, _)| name.as_str() == key),
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Val> {
        self.members.get(self.place(key)?).map(|(_, value)| value)
    }

    pub(super) fn put(&mut self, key: Arc<String>, value: Val) {
        self.depth = self.depth.max(value.depth());
        if let Some(at) = self.place(&key) {
            if let Some(member) = self.members.get_mut(at) {
                member.1 = value;
            }
            return;
        }
        self.members.push((key.clone(), value));
        match &mut self.places {
            Some(places) => drop(places.insert(key, self.members.len() - 1)),
            None if self.members.len() >= INDEXED_FROM => self.index(),
            None => {}
        }
    }

    fn index(&mut self) {
        self.places = Some(self.members.iter().enumerate().map(|(at, (key, _))| (key.clone(), at)).collect());
    }

    pub(super) fn take(&mut self, key: &str) -> Val {
        let place = self.place(key).and_then(|at| self.members.get_mut(at));
        place.map_or(Val::Null, |member| std::mem::replace(&mut member.1, Val::Null))
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Some(at) = self.place(key) {
            self.members.remove(at);
            if self.places.is_some() {
                self.index();
            }
        }
    }

    /// The members by the order of their names.
    pub(super) fn sorted(&self) -> Vec<&(Arc<String>, Val)> {
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_by(|a, b| a.0.cmp(&b.0));
        members
    }
}

impl FromIterator<(Arc<String>, Val)> for Object {
    fn from_iter<I: IntoIterator<Item = (Arc<String>, Val)>>(members: I) -> Self {
        let mut object = Self::default();
        for (key, value) in members {
            object.put(key, value);
        }
        object
    }
}

impl Val {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Str(Arc::new(text.into()))
    }

    pub(super) fn list(items: Vec<Val>) -> Self {
        Self::Arr(Arc::new(List::from(items)))
    }

    pub(super) fn object(object: Object) -> Self {
        Self::Obj(Arc::new(object))
    }

    /// An object of few members.
    pub(super) fn record<const N: usize>(members: [(&str, Val); N]) -> Self {
        Self::object(members.into_iter().map(|(key, value)| (Arc::new(key.to_owned()), value)).collect())
    }

    pub(super) fn count(count: usize) -> Self {
        Self::from(count as f64)
    }

    /// How many arrays and objects are inside each other at most.
    pub(super) fn depth(&self) -> u32 {
        match self {
            Self::Arr(list) => list.depth + 1,
            Self::Obj(object) => object.depth + 1,
            _ => 0,
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Num(_) => "number",
            Self::Str(_) => "string",
            Self::Arr(_) => "array",
            Self::Obj(_) => "object",
        }
    }

    pub(super) fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Num(number) => Some(number.value()),
            _ => None,
        }
    }

    pub(super) fn as_items(&self) -> Option<&[Val]> {
        match self {
            Self::Arr(list) => Some(list.items()),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Num(_) => 3,
            Self::Str(_) => 4,
            Self::Arr(_) => 5,
            Self::Obj(_) => 6,
        }
    }
}

impl From<f64> for Val {
    fn from(value: f64) -> Self {
        Self::Num(Number::from(value))
    }
}

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Val {}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Num(a), Self::Num(b)) => a.order(b),
            (Self::Str(a), Self::Str(b)) => a.cmp(b),
            (Self::Arr(a), Self::Arr(b)) => a.items.cmp(&b.items),
            (Self::Obj(a), Self::Obj(b)) => ordered(a, b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

/// Objects are compared by their sets of names first, then value by value.
fn ordered(a: &Object, b: &Object) -> Ordering {
    let (a, b) = (a.sorted(), b.sorted());
    let names = a.iter().map(|it| &it.0).cmp(b.iter().map(|it| &it.0));
    names.then_with(|| a.iter().map(|it| &it.1).cmp(b.iter().map(|it| &it.1)))
}
