//! Nodes to values.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Node, Results, Slice};
use crate::apimachinery::go;
use crate::apimachinery::json::Value;

/// What each top-level node stands for; ranges repeat those inside them.
pub(super) fn find_results<'a>(
    nodes: &[Node],
    data: &'a Value,
    allow_missing_keys: bool,
) -> Result<Vec<Results<'a>>, String> {
    let mut walk = Walk { allow_missing_keys, begin: 0, inside: 0, end: 0, last_end: None, found: 0 };
    walk.from(nodes, 0, vec![Cow::Borrowed(data)])
}

/// The state of ranges during one evaluation.
struct Walk {
    allow_missing_keys: bool,
    begin: usize,
    inside: usize,
    end: usize,
    /// The top-level node that ended the range before.
    last_end: Option<usize>,
    /// Values that nodes stood for so far.
    found: usize,
}

/// Values that the nodes of one path may stand for in all: far more than a cluster has fields.
const FOUND_MAX: usize = 5_000_000;

impl Walk {
    fn from<'a>(
        &mut self,
        nodes: &[Node],
        start: usize,
        current: Results<'a>,
    ) -> Result<Vec<Results<'a>>, String> {
        let mut all = Vec::new();
        let mut at = start;
        while let Some(node) = nodes.get(at) {
            let results = self.walk(current.clone(), node)?;
            self.count(results.len())?;
            if self.end > 0 && self.end <= self.inside {
                self.end -= 1;
                self.last_end = Some(at);
                break;
            }
            if self.begin > 0 {
                self.begin -= 1;
                self.inside += 1;
                if results.is_empty() {
                    // Nothing to repeat: the way through only finds the end.
                    self.from(nodes, at + 1, Vec::new())?;
                }
                for value in results {
                    all.extend(self.from(nodes, at + 1, vec![value])?);
                }
                self.inside -= 1;
                at = self.last_end.filter(|end| *end > at).unwrap_or(at) + 1;
                continue;
            }
            all.push(results);
            at += 1;
        }
        Ok(all)
    }

    fn walk<'a>(&mut self, input: Results<'a>, node: &Node) -> Result<Results<'a>, String> {
        match node {
            Node::List(nodes) => self.list(input, nodes),
            Node::Text(text) => Ok(vec![Cow::Owned(text.as_str().into())]),
            Node::Int(number) => Ok(input.iter().map(|_| Cow::Owned((*number).into())).collect()),
            Node::Float(number) => Ok(input.iter().map(|_| Cow::Owned((*number).into())).collect()),
            Node::Bool(flag) => Ok(input.iter().map(|_| Cow::Owned((*flag).into())).collect()),
            Node::Field(name) => self.field(input, name),
            Node::Array(slice) => array(input, *slice),
            Node::Wildcard => Ok(input.into_iter().flat_map(children).collect()),
            Node::Recursive => Ok(input.into_iter().flat_map(descent).collect()),
            Node::Union(parts) => {
                let mut all = Vec::new();
                for part in parts {
                    all.extend(self.list(input.clone(), part)?);
                }
                Ok(all)
            }
            Node::Filter { left, right, operator } => self.filter(input, left, right, operator),
            Node::Identifier(name) => self.identifier(input, name),
        }
    }

    fn list<'a>(&mut self, input: Results<'a>, nodes: &[Node]) -> Result<Results<'a>, String> {
        nodes.iter().try_fold(input, |current, node| {
            let found = self.walk(current, node)?;
            self.count(found.len())?;
            Ok(found)
        })
    }

    fn count(&mut self, found: usize) -> Result<(), String> {
        self.found += found + 1;
        if self.found > FOUND_MAX { Err("the path stands for too many values".to_owned()) } else { Ok(()) }
    }

    fn identifier<'a>(&mut self, input: Results<'a>, name: &str) -> Result<Results<'a>, String> {
        match name {
            "range" => {
                self.begin += 1;
                Ok(input)
            }
            "end" if self.inside > 0 => {
                self.end += 1;
                Ok(Vec::new())
            }
            "end" => Err("not in range, nothing to end".to_owned()),
            _ => Err(format!("unrecognized identifier {name}")),
        }
    }

    fn field<'a>(&self, input: Results<'a>, name: &str) -> Result<Results<'a>, String> {
        let had_input = !input.is_empty();
        let results: Results<'a> = input.into_iter().filter_map(|value| member(value, name)).collect();
        if results.is_empty() && had_input && !self.allow_missing_keys {
            return Err(format!("{name} is not found"));
        }
        Ok(results)
    }

    fn filter<'a>(
        &mut self,
        input: Results<'a>,
        left: &[Node],
        right: &[Node],
        operator: &str,
    ) -> Result<Results<'a>, String> {
        let mut passed = Vec::new();
        for value in input {
            if !value.is_array() {
                return Err(format!("{} is not array or slice and cannot be filtered", go::display(&value)));
            }
            for item in children(value) {
                let lefts = self.list(vec![item.clone()], left);
                if operator == "exists" {
                    if lefts.is_ok_and(|lefts| !lefts.is_empty()) {
                        passed.push(item);
                    }
                    continue;
                }
                let Some(one) = single(lefts?)? else { continue };
                let Some(other) = single(self.list(vec![item.clone()], right)?)? else { continue };
                if compare(&one, &other, operator)? {
                    passed.push(item);
                }
            }
        }
        Ok(passed)
    }
}

fn single(mut values: Results<'_>) -> Result<Option<Cow<'_, Value>>, String> {
    if values.len() > 1 {
        return Err("can only compare one element at a time".to_owned());
    }
    Ok(values.pop())
}

fn member<'a>(value: Cow<'a, Value>, name: &str) -> Option<Cow<'a, Value>> {
    match value {
        Cow::Borrowed(value) => value.as_object()?.get(name).map(Cow::Borrowed),
        Cow::Owned(mut value) => value.as_object_mut()?.remove(name).map(Cow::Owned),
    }
}

/// Members of a map in key order, or of a list.
fn children(value: Cow<'_, Value>) -> Results<'_> {
    match value {
        Cow::Borrowed(Value::Object(map)) => map.values().map(Cow::Borrowed).collect(),
        Cow::Borrowed(Value::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Object(map)) => map.into_iter().map(|(_, value)| Cow::Owned(value)).collect(),
        Cow::Owned(Value::Array(items)) => items.into_iter().map(Cow::Owned).collect(),
        Cow::Borrowed(Value::String(text)) => bytes(text),
        Cow::Owned(Value::String(text)) => bytes(&text),
        _ => Vec::new(),
    }
}

/// Go sees a string as a list of bytes.
fn bytes<'a>(text: &str) -> Results<'a> {
    text.bytes().map(|byte| Cow::Owned(byte.into())).collect()
}

/// The value itself and everything below it that has parts.
fn descent(value: Cow<'_, Value>) -> Results<'_> {
    let parts = match &*value {
        Value::String(text) if !text.is_empty() => return vec![value],
        Value::Object(_) | Value::Array(_) => children(value.clone()),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        return Vec::new();
    }
    std::iter::once(value).chain(parts.into_iter().flat_map(descent)).collect()
}

fn array(input: Results<'_>, slice: Slice) -> Result<Results<'_>, String> {
    let mut all = Vec::new();
    for value in input {
        let length = match &*value {
            Value::Null => continue,
            Value::Array(items) => i64::try_from(items.len()).unwrap_or(i64::MAX),
            other => return Err(format!("{} is not array or slice", go::type_name(other))),
        };
        let mut from = slice.from.unwrap_or(0);
        if from < 0 {
            from += length;
        }
        let mut to = slice.to.unwrap_or(length);
        if to < 0 || (to == 0 && slice.to_is_derived) {
            to += length;
        }
        if from == to {
            return Ok(all);
        }
        if !(0..length).contains(&from) {
            return Err(format!("array index out of bounds: index {from}, length {length}"));
        }
        if !(0..=length).contains(&to) {
            return Err(format!("array index out of bounds: index {}, length {length}", to - 1));
        }
        if from > to {
            return Err(format!("starting index {from} is greater than ending index {to}"));
        }
        let step = slice.step.unwrap_or(1);
        if step <= 0 {
            return Err("step must be > 0".to_owned());
        }
        let place = |number: i64| usize::try_from(number).unwrap_or(0);
        let items = children(value).into_iter().skip(place(from)).take(place(to - from));
        all.extend(items.step_by(place(step).max(1)));
    }
    Ok(all)
}

fn compare(left: &Value, right: &Value, operator: &str) -> Result<bool, String> {
    let order = match (left, right) {
        (Value::Bool(a), Value::Bool(b)) if matches!(operator, "==" | "!=") => a.cmp(b),
        (Value::Bool(_), Value::Bool(_)) => return Err("invalid type for comparison".to_owned()),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) if a.is_f64() == b.is_f64() => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
        },
        _ if has_no_order(left) || has_no_order(right) => {
            return Err("invalid type for comparison".to_owned());
        }
        _ => return Err("incompatible types for comparison".to_owned()),
    };
    match operator {
        "<" => Ok(order.is_lt()),
        ">" => Ok(order.is_gt()),
        "==" => Ok(order.is_eq()),
        "!=" => Ok(order.is_ne()),
        "<=" => Ok(order.is_le()),
        ">=" => Ok(order.is_ge()),
        _ => Err(format!("unrecognized filter operator {operator}")),
    }
}

fn has_no_order(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Array(_) | Value::Object(_))
}
