//! Operators on values.

use std::sync::Arc;

use super::machine::{Flow, Machine, Stop};
use super::tree::Operator;
use super::value::{Object, Val};
use super::write::brief;

/// Bytes that a repeated text may have.
const TEXT_BYTES_MAX: f64 = 268_435_456.0;

/// What is wrong with a value, as jq says it.
pub(super) fn wrong(value: &Val, what: &str) -> Stop {
    Stop::from(format!("{} ({}) {what}", value.kind(), brief(value)))
}

/// What is wrong with two values.
pub(super) fn wrong_both(a: &Val, b: &Val, what: &str) -> Stop {
    Stop::from(format!("{} ({}) and {} ({}) {what}", a.kind(), brief(a), b.kind(), brief(b)))
}

pub(super) fn negated(value: &Val) -> Flow<Val> {
    match value {
        Val::Num(number) => Ok(Val::from(-number.value())),
        other => Err(wrong(other, "cannot be negated")),
    }
}

pub(super) fn apply(machine: &mut Machine<'_>, operator: Operator, a: Val, b: Val) -> Flow<Val> {
    match operator {
        Operator::Add => add(machine, a, b),
        Operator::Subtract => subtract(a, b),
        Operator::Multiply => multiply(machine, a, b),
        Operator::Divide => divide(a, b),
        Operator::Remainder => remainder(&a, &b),
        Operator::Equal => Ok(Val::Bool(a == b)),
        Operator::Unequal => Ok(Val::Bool(a != b)),
        Operator::Less => Ok(Val::Bool(a < b)),
        Operator::LessOrEqual => Ok(Val::Bool(a <= b)),
        Operator::Greater => Ok(Val::Bool(a > b)),
        Operator::GreaterOrEqual => Ok(Val::Bool(a >= b)),
    }
}

/// `+`. A text, array or object that nobody else has grows in place.
pub(super) fn add(machine: &mut Machine<'_>, a: Val, b: Val) -> Flow<Val> {
    Ok(match (a, b) {
        (Val::Null, other) | (other, Val::Null) => other,
        (Val::Num(a), Val::Num(b)) => Val::from(a.value() + b.value()),
        (Val::Str(mut a), Val::Str(b)) => {
            let copied = if Arc::get_mut(&mut a).is_none() { a.len() } else { 0 };
            machine.charge((copied + b.len()) as u64)?;
            Arc::make_mut(&mut a).push_str(&b);
            Val::Str(a)
        }
        (Val::Arr(mut a), Val::Arr(b)) => {
            let copied = if Arc::get_mut(&mut a).is_none() { a.items().len() } else { 0 };
            machine.charge((copied + b.items().len()) as u64 * 32)?;
            let items = Arc::make_mut(&mut a);
            b.items().iter().for_each(|it| items.push(it.clone()));
            Val::Arr(a)
        }
        (Val::Obj(mut a), Val::Obj(b)) => {
            let copied = if Arc::get_mut(&mut a).is_none() { a.len() } else { 0 };
            machine.charge((copied + b.len()) as u64 * 64)?;
            let members = Arc::make_mut(&mut a);
            b.members().iter().for_each(|(name, value)| members.put(name.clone(), value.clone()));
            Val::Obj(a)
        }
        (a, b) => return Err(wrong_both(&a, &b, "cannot be added")),
    })
}

fn subtract(a: Val, b: Val) -> Flow<Val> {
    match (&a, &b) {
        (Val::Num(a), Val::Num(b)) => Ok(Val::from(a.value() - b.value())),
        (Val::Arr(a), Val::Arr(b)) => {
            let kept = a.items().iter().filter(|it| !b.items().contains(it));
            Ok(Val::list(kept.cloned().collect()))
        }
        _ => Err(wrong_both(&a, &b, "cannot be subtracted")),
    }
}

fn multiply(machine: &mut Machine<'_>, a: Val, b: Val) -> Flow<Val> {
    match (&a, &b) {
        (Val::Num(a), Val::Num(b)) => Ok(Val::from(a.value() * b.value())),
        (Val::Str(text), Val::Num(count)) | (Val::Num(count), Val::Str(text)) => {
            let count = count.value();
            if count <= 0.0 || count.is_nan() {
                return Ok(if count.is_nan() || count < 0.0 { Val::Null } else { Val::text("") });
            }
            let times = count.ceil().max(1.0);
            if times * text.len() as f64 > TEXT_BYTES_MAX {
                return Err(Stop::Endless("its values take too much memory"));
            }
            let times = if count < 1.0 { 0 } else { count as usize };
            machine.charge((times * text.len()) as u64)?;
            Ok(Val::text(text.repeat(times)))
        }
        (Val::Obj(a), Val::Obj(b)) => {
            machine.charge((a.len() + b.len()) as u64 * 64)?;
            Ok(Val::object(merged(a, b)))
        }
        _ => Err(wrong_both(&a, &b, "cannot be multiplied")),
    }
}

/// Two objects, and the objects that both have at a name, in one.
fn merged(a: &Object, b: &Object) -> Object {
    let mut made = a.clone();
    for (name, value) in b.members() {
        let value = match (made.get(name), value) {
            (Some(Val::Obj(old)), Val::Obj(new)) => Val::object(merged(old, new)),
            _ => value.clone(),
        };
        made.put(name.clone(), value);
    }
    made
}

fn divide(a: Val, b: Val) -> Flow<Val> {
    match (&a, &b) {
        (Val::Num(_), Val::Num(by)) if by.value() == 0.0 => {
            Err(wrong_both(&a, &b, "cannot be divided because the divisor is zero"))
        }
        (Val::Num(a), Val::Num(b)) => Ok(Val::from(a.value() / b.value())),
        (Val::Str(text), Val::Str(by)) => Ok(split(text, by)),
        _ => Err(wrong_both(&a, &b, "cannot be divided")),
    }
}

/// The parts of a text.
pub(super) fn split(text: &str, by: &str) -> Val {
    let parts: Vec<Val> = match (text, by) {
        ("", _) => Vec::new(),
        (_, "") => text.chars().map(Val::text).collect(),
        _ => text.split(by).map(Val::from).collect(),
    };
    Val::list(parts)
}

fn remainder(a: &Val, b: &Val) -> Flow<Val> {
    let (Some(left), Some(right)) = (a.as_f64(), b.as_f64()) else {
        return Err(wrong_both(a, b, "cannot be divided (remainder)"));
    };
    if left.is_nan() || right.is_nan() {
        return Ok(Val::from(f64::NAN));
    }
    let divisor = (right as i64).unsigned_abs();
    if divisor == 0 {
        return Err(wrong_both(a, b, "cannot be divided (remainder) because the divisor is zero"));
    }
    let dividend = left as i64;
    let rest = (dividend.unsigned_abs() % divisor) as f64;
    Ok(Val::from(if dividend < 0 { -rest } else { rest }))
}
