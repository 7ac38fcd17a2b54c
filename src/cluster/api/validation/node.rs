//! A place in an object: the value there and the path that error messages name.

use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::quantity::Quantity;

/// A value and its path. Absent and null are the same.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) value: &'a Value,
    pub(super) path: Path,
}

impl<'a> Node<'a> {
    /// The whole object.
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, path: Path::root() }
    }

    /// A member; its value is null when it is not there.
    pub(super) fn child(&self, key: &str) -> Self {
        Self { value: self.value.get(key).unwrap_or(&Value::Null), path: self.path.child(key) }
    }

    /// A member that is there.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|it| !it.is_null())?;
        Some(Self { value, path: self.path.child(key) })
    }

    /// The path of a member.
    pub(super) fn at(&self, key: &str) -> Path {
        self.path.child(key)
    }

    /// The members of a list member, with their indices in the path.
    pub(super) fn items(&self, key: &str) -> Vec<Self> {
        // Most lists are empty or not there, and a path costs more than to see that.
        let list = self.value.get(key).and_then(Value::as_array).filter(|it| !it.is_empty());
        let Some(list) = list else { return Vec::new() };
        let path = self.path.child(key);
        list.iter().enumerate().map(|(index, value)| Self { value, path: path.index(index) }).collect()
    }

    /// The entries of a map member, in key order.
    pub(super) fn entries(&self, key: &str) -> impl Iterator<Item = (&'a str, &'a Value)> + use<'a> {
        let map = self.value.get(key).and_then(Value::as_object);
        map.into_iter().flatten().map(|(key, value)| (key.as_str(), value))
    }

    /// A string member; empty when there is none.
    pub(super) fn text(&self, key: &str) -> &'a str {
        self.value.get(key).and_then(Value::as_str).unwrap_or("")
    }

    /// An integer member.
    pub(super) fn int(&self, key: &str) -> Option<i64> {
        self.value.get(key).and_then(Value::as_i64)
    }

    /// A boolean member; false when there is none.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }

    /// True when a member is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.value.get(key).is_some_and(|it| !it.is_null())
    }

    /// How many members a list member has.
    pub(super) fn len(&self, key: &str) -> usize {
        self.value.get(key).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The strings of a list member.
    pub(super) fn strings(&self, key: &str) -> Vec<&'a str> {
        let list = self.value.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}

pub(super) const NEGATIVE: &str = "must be greater than or equal to 0";
pub(super) const NOT_POSITIVE: &str = "must be greater than zero";
pub(super) const IMMUTABLE: &str = "field is immutable";

/// `must be greater than or equal to 0` for a negative integer member.
pub(super) fn non_negative(node: &Node<'_>, key: &str, errs: &mut Errors) {
    if let Some(value) = node.int(key).filter(|it| *it < 0) {
        errs.push(field::invalid(&node.at(key), value, NEGATIVE));
    }
}

/// [`non_negative`] for several members, in the order given.
pub(super) fn all_non_negative(node: &Node<'_>, keys: &[&str], errs: &mut Errors) {
    keys.iter().for_each(|key| non_negative(node, key, errs));
}

/// A required choice: `Required value` when empty, `Unsupported value` when it is none of `choices`.
pub(super) fn choice(node: &Node<'_>, key: &str, choices: &[&str], errs: &mut Errors) {
    match node.text(key) {
        "" => errs.push(field::required(&node.at(key), "")),
        value if !choices.contains(&value) => errs.push(field::not_supported(&node.at(key), value, choices)),
        _ => {}
    }
}

/// An optional choice.
pub(super) fn optional_choice(node: &Node<'_>, key: &str, choices: &[&str], errs: &mut Errors) {
    if node.has(key) && !choices.contains(&node.text(key)) {
        errs.push(field::not_supported(&node.at(key), node.text(key), choices));
    }
}

/// `Required value` for an empty string member. Returns whether something is there.
pub(super) fn required(node: &Node<'_>, key: &str, errs: &mut Errors) -> bool {
    if node.text(key).is_empty() {
        errs.push(field::required(&node.at(key), ""));
        return false;
    }
    true
}

/// One `Invalid value` for each sentence that `rule` has on a string member, when it is not empty.
pub(super) fn format(node: &Node<'_>, key: &str, rule: fn(&str) -> Vec<String>, errs: &mut Errors) {
    let value = node.text(key);
    if !value.is_empty() {
        errs.extend(field::invalid_each(&node.at(key), value, &rule(value)));
    }
}

/// `field is immutable` when two states of a member differ.
pub(super) fn immutable(new: &Node<'_>, old: &Node<'_>, key: &str, errs: &mut Errors) {
    let (new, old) = (new.child(key), old.child(key));
    if new.value != old.value {
        errs.push(field::invalid(&new.path, new.value.clone(), IMMUTABLE));
    }
}

/// A quantity of a map of resources.
pub(super) fn quantity(value: &Value) -> Quantity {
    Quantity::of(Some(value))
}

/// A whole number or a percentage, as rollouts and budgets take: not negative, well formed.
pub(super) fn int_or_percent(node: &Node<'_>, key: &str, errs: &mut Errors) {
    let Some(it) = node.get(key) else { return };
    match it.value {
        Value::String(text) => {
            let sentences = crate::apimachinery::validate::percent(text);
            errs.extend(field::invalid_each(&it.path, text, &sentences));
        }
        _ => non_negative(node, key, errs),
    }
}

/// Refuses percentages above 100.
pub(super) fn at_most_whole(node: &Node<'_>, key: &str, errs: &mut Errors) {
    let percent = node.text(key).strip_suffix('%').and_then(|it| it.parse::<i64>().ok());
    if percent.is_some_and(|it| it > 100) {
        errs.push(field::invalid(&node.at(key), node.text(key), "must not be greater than 100%"));
    }
}

/// The number in a whole number or percentage.
pub(super) fn bare_number(node: &Node<'_>, key: &str) -> i64 {
    let text = node.text(key);
    match text.strip_suffix('%') {
        Some(number) => number.parse().unwrap_or(0),
        None => node.int(key).unwrap_or(0),
    }
}
