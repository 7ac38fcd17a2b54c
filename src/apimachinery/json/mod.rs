//! JSON trees that are cheap to copy: maps and lists of a copy are shared until one of the two is changed.
//!
//! Control loops copy whole objects for a change of one field, and the store keeps every version. With
//! [`serde_json::Value`] each of these copies is deep: a pod is some forty kilobytes of tree nodes. Here maps and lists
//! are counted references, so that a version costs what changed in it, and two trees with the same origin are equal at
//! a glance. No published crate shares maps on write and sorts them, so the type stands here; its interface is the one
//! of `serde_json`, whose numbers, parser and printer it uses.
//!
//! Knows nothing of Kubernetes.

mod build;
mod convert;
mod entries;
mod list;
mod map;
mod text;

use std::borrow::Cow;
use std::fmt;
use std::mem;
use std::ops;

use compact_str::CompactString;

pub(crate) use build::{ToJson, json};
pub(crate) use list::List;
pub(crate) use map::{Key, Map};
pub(crate) use serde_json::Number;
pub(crate) use text::{from_value, to_value};

/// Up to 24 bytes stand in the value itself: most names, words, addresses and times.
pub type Text = CompactString;

/// Any JSON value. A clone shares maps and lists with the original; texts are copied.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer or a float.
    Number(Number),
    /// Text.
    String(Text),
    /// `[…]`.
    Array(List),
    /// `{…}`, sorted by key.
    Object(Map),
}

static NULL: Value = Value::Null;

/// A text of 24 bytes fills a value: its last byte also says which kind of value this is.
const _: () = assert!(mem::size_of::<Value>() == mem::size_of::<Text>());

impl Value {
    /// What stands at a key or at a place of a list.
    pub fn get<I: Index>(&self, index: I) -> Option<&Value> {
        index.within(self)
    }

    /// As [`Value::get`], to change it.
    pub fn get_mut<I: Index>(&mut self, index: I) -> Option<&mut Value> {
        index.within_mut(self)
    }

    /// What stands at a JSON pointer (RFC 6901), without allocating.
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        let mut here = self;
        let mut rest = pointer;
        while !rest.is_empty() {
            let (token, behind) = next_token(rest)?;
            here = match here {
                Value::Object(map) => map.get(&token)?,
                Value::Array(items) => items.get(place(&token)?)?,
                _ => return None,
            };
            rest = behind;
        }
        Some(here)
    }

    /// As [`Value::pointer`], to change it.
    pub fn pointer_mut(&mut self, pointer: &str) -> Option<&mut Value> {
        self.pointer(pointer)?;
        let mut here = self;
        let mut rest = pointer;
        while !rest.is_empty() {
            let (token, behind) = next_token(rest)?;
            here = match here {
                Value::Object(map) => map.get_mut(&token)?,
                Value::Array(items) => items.get_mut(place(&token)?)?,
                _ => return None,
            };
            rest = behind;
        }
        Some(here)
    }

    /// The value, with null left in its place.
    pub fn take(&mut self) -> Value {
        mem::take(self)
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(text) = self { Some(text) } else { None }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(is) = self { Some(*is) } else { None }
    }

    /// The number, if it is one.
    pub fn as_number(&self) -> Option<&Number> {
        if let Value::Number(number) = self { Some(number) } else { None }
    }

    /// The number, if it is a whole one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number()?.as_i64()
    }

    /// The number, if it is a whole one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// The number as a float.
    pub fn as_f64(&self) -> Option<f64> {
        self.as_number()?.as_f64()
    }

    /// The items, if it is a list.
    pub fn as_array(&self) -> Option<&Vec<Value>> {
        if let Value::Array(items) = self { Some(&**items) } else { None }
    }

    /// As [`Value::as_array`], to change them.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        if let Value::Array(items) = self { Some(&mut **items) } else { None }
    }

    /// The entries, if it is a map.
    pub fn as_object(&self) -> Option<&Map> {
        if let Value::Object(map) = self { Some(map) } else { None }
    }

    /// As [`Value::as_object`], to change them.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        if let Value::Object(map) = self { Some(map) } else { None }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Whether it is a text.
    pub fn is_string(&self) -> bool {
        matches!(self, Value::String(_))
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Value::Number(_))
    }

    /// Whether it is a whole number that fits into an `i64`.
    pub fn is_i64(&self) -> bool {
        self.as_number().is_some_and(Number::is_i64)
    }

    /// Whether it is a whole number that fits into an `u64`.
    pub fn is_u64(&self) -> bool {
        self.as_number().is_some_and(Number::is_u64)
    }

    /// Whether it is a number that is written with a fraction or an exponent.
    pub fn is_f64(&self) -> bool {
        self.as_number().is_some_and(Number::is_f64)
    }

    /// Whether it is `true` or `false`.
    pub fn is_boolean(&self) -> bool {
        matches!(self, Value::Bool(_))
    }

    /// Whether it is a list.
    pub fn is_array(&self) -> bool {
        matches!(self, Value::Array(_))
    }

    /// Whether it is a map.
    pub fn is_object(&self) -> bool {
        matches!(self, Value::Object(_))
    }
}

/// The first token of a pointer and what follows it; `None` without a slash in front. Tokens are a few letters, for
/// which a plain walk is faster than a search.
fn next_token(pointer: &str) -> Option<(Cow<'_, str>, &str)> {
    let behind = pointer.strip_prefix('/')?;
    let mark = behind.bytes().position(|byte| matches!(byte, b'/' | b'~')).unwrap_or(behind.len());
    if behind.as_bytes().get(mark) != Some(&b'~') {
        let (token, rest) = behind.split_at_checked(mark)?;
        return Some((Cow::Borrowed(token), rest));
    }
    let (token, rest) = behind.split_at_checked(behind.find('/').unwrap_or(behind.len()))?;
    Some((Cow::Owned(token.replace("~1", "/").replace("~0", "~")), rest))
}

/// A place in a list: decimal digits without a sign or leading zeros.
fn place(token: &str) -> Option<usize> {
    if token.starts_with('+') || (token.starts_with('0') && token.len() > 1) {
        return None;
    }
    token.parse().ok()
}

/// What may stand in the brackets of `tree[…]`.
pub trait Index {
    /// What stands there in `tree`.
    fn within<'a>(&self, tree: &'a Value) -> Option<&'a Value>;
    /// As [`Index::within`], to change it.
    fn within_mut<'a>(&self, tree: &'a mut Value) -> Option<&'a mut Value>;
    /// As [`Index::within_mut`]; a key that is missing is added to a map or to null.
    ///
    /// # Panics
    /// If `tree` is something else, or the place is behind the end of a list.
    fn within_or_insert<'a>(&self, tree: &'a mut Value) -> &'a mut Value;
}

impl Index for str {
    fn within<'a>(&self, tree: &'a Value) -> Option<&'a Value> {
        tree.as_object()?.get(self)
    }

    fn within_mut<'a>(&self, tree: &'a mut Value) -> Option<&'a mut Value> {
        tree.as_object_mut()?.get_mut(self)
    }

    fn within_or_insert<'a>(&self, tree: &'a mut Value) -> &'a mut Value {
        if tree.is_null() {
            *tree = Value::Object(Map::new());
        }
        match tree {
            Value::Object(map) => map.entry(self).or_insert(Value::Null),
            other => panic!("no key {self:?} in {other}"),
        }
    }
}

macro_rules! as_text {
    ($($type:ty)*) => { $(impl Index for $type {
        fn within<'a>(&self, tree: &'a Value) -> Option<&'a Value> {
            self.as_str().within(tree)
        }

        fn within_mut<'a>(&self, tree: &'a mut Value) -> Option<&'a mut Value> {
            self.as_str().within_mut(tree)
        }

        fn within_or_insert<'a>(&self, tree: &'a mut Value) -> &'a mut Value {
            self.as_str().within_or_insert(tree)
        }
    })* };
}

as_text! { String Key }

impl Index for usize {
    fn within<'a>(&self, tree: &'a Value) -> Option<&'a Value> {
        tree.as_array()?.get(*self)
    }

    fn within_mut<'a>(&self, tree: &'a mut Value) -> Option<&'a mut Value> {
        tree.as_array_mut()?.get_mut(*self)
    }

    fn within_or_insert<'a>(&self, tree: &'a mut Value) -> &'a mut Value {
        match tree {
            Value::Array(items) => &mut items[*self],
            other => panic!("no place {self} in {other}"),
        }
    }
}

impl<T: Index + ?Sized> Index for &T {
    fn within<'a>(&self, tree: &'a Value) -> Option<&'a Value> {
        (**self).within(tree)
    }

    fn within_mut<'a>(&self, tree: &'a mut Value) -> Option<&'a mut Value> {
        (**self).within_mut(tree)
    }

    fn within_or_insert<'a>(&self, tree: &'a mut Value) -> &'a mut Value {
        (**self).within_or_insert(tree)
    }
}

impl<I: Index> ops::Index<I> for Value {
    type Output = Value;

    /// Null where nothing stands.
    fn index(&self, index: I) -> &Value {
        index.within(self).unwrap_or(&NULL)
    }
}

impl<I: Index> ops::IndexMut<I> for Value {
    fn index_mut(&mut self, index: I) -> &mut Value {
        index.within_or_insert(self)
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => formatter.write_str("Null"),
            Value::Bool(is) => write!(formatter, "Bool({is})"),
            Value::Number(number) => fmt::Debug::fmt(number, formatter),
            Value::String(text) => write!(formatter, "String({text:?})"),
            Value::Array(items) => {
                formatter.write_str("Array ")?;
                fmt::Debug::fmt(items, formatter)
            }
            Value::Object(map) => {
                formatter.write_str("Object ")?;
                fmt::Debug::fmt(map, formatter)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_what_is_not_changed() {
        let old = json!({"metadata": {"name": "web"}, "spec": {"replicas": 1, "template": {"spec": {}}}});
        let mut new = old.clone();
        new["spec"]["replicas"] = json!(2);
        let shared = |pointer: &str| {
            let maps = [&old, &new].map(|tree| tree.pointer(pointer).and_then(Value::as_object).unwrap());
            maps[0].is_shared_with(maps[1])
        };
        assert_eq!(old["spec"]["replicas"], 1);
        assert_eq!(new["spec"]["replicas"], 2);
        assert_eq!(["/metadata", "/spec/template", "/spec"].map(shared), [true, true, false]);
    }

    #[test]
    fn what_is_looked_for_in_vain_is_not_copied() {
        let old = json!({"spec": {"replicas": 1}});
        let mut new = old.clone();
        assert!(new.pointer_mut("/spec/paused").is_none());
        assert!(new.as_object_mut().unwrap().remove("status").is_none());
        assert!(old.as_object().unwrap().is_shared_with(new.as_object().unwrap()));
    }

    #[test]
    fn pointers_lead_where_those_of_serde_do() {
        let tree = json!({"a": {"b/c": [1, {"~": 2}], "": 3}, "x": null});
        let model = serde_json::Value::from(tree.clone());
        for pointer in [
            "",
            "/",
            "a",
            "/a",
            "/a/",
            "/a/b~1c/1/~0",
            "/a/b~1c/01",
            "/a/b~1c/+1",
            "/a/b~1c/0",
            "/x",
            "/x/y",
            "/a//",
            "/é",
        ] {
            let found = tree.pointer(pointer).cloned();
            assert_eq!(
                found.clone().map(serde_json::Value::from),
                model.pointer(pointer).cloned(),
                "{pointer}"
            );
            assert_eq!(tree.clone().pointer_mut(pointer).map(|it| it.clone()), found, "{pointer}");
        }
    }
}
