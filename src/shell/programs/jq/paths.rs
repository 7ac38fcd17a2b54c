//! Parts of values: what lies at a key or a path, and values with something else there.

use std::sync::Arc;

use super::machine::{Flow, Stop};
use super::value::{List, Object, Val};

/// Places that an array may have: one far out makes all before it.
const PLACES_MAX: usize = 1 << 22;

/// The place of an index in an array; negative ones count from its end.
fn place(index: f64, length: usize) -> Option<usize> {
    let index = index.floor();
    let at = if index < 0.0 { index + length as f64 } else { index };
    (0.0..=u32::MAX.into()).contains(&at).then_some(at as usize)
}

/// The ends of a slice within a length.
fn range(key: &Object, length: usize) -> Flow<(usize, usize)> {
    let bound = |name: &str, default: f64| match key.get(name) {
        None | Some(Val::Null) => Ok(default),
        Some(Val::Num(number)) => Ok(number.value()),
        Some(_) => Err(Stop::from("Start and end indices of an array slice must be numbers")),
    };
    let count = length as f64;
    let from_end = |at: f64| if at < 0.0 { at + count } else { at };
    let start = from_end(bound("start", 0.0)?).floor().clamp(0.0, count);
    let end = from_end(bound("end", count)?).ceil().clamp(start, count);
    Ok((start as usize, end as usize))
}

fn cannot_index(of: &Val, key: &Val) -> Stop {
    match key {
        Val::Str(name) => Stop::from(format!("Cannot index {} with string \"{name}\"", of.kind())),
        _ => Stop::from(format!("Cannot index {} with {}", of.kind(), key.kind())),
    }
}

/// The characters of a text from one to another.
fn characters(text: &str, range: impl FnOnce(usize) -> Flow<(usize, usize)>) -> Flow<Val> {
    let length = if text.is_ascii() { text.len() } else { text.chars().count() };
    let (start, end) = range(length)?;
    if text.is_ascii() {
        return Ok(Val::text(text.get(start..end).unwrap_or_default()));
    }
    Ok(Val::text(text.chars().skip(start).take(end - start).collect::<String>()))
}

/// What lies at a key.
pub(super) fn get(of: &Val, key: &Val) -> Flow<Val> {
    Ok(match (of, key) {
        (Val::Obj(object), Val::Str(name)) => object.get(name).cloned().unwrap_or(Val::Null),
        (Val::Arr(list), Val::Num(number)) => {
            let at = place(number.value(), list.items().len());
            at.and_then(|at| list.items().get(at)).cloned().unwrap_or(Val::Null)
        }
        (Val::Arr(list), Val::Obj(key)) => {
            let (start, end) = range(key, list.items().len())?;
            Val::list(list.items().get(start..end).unwrap_or_default().to_vec())
        }
        (Val::Str(text), Val::Obj(key)) => characters(text, |length| range(key, length))?,
        (Val::Arr(list), Val::Arr(wanted)) => places(list.items(), wanted.items()),
        (Val::Null, Val::Str(_) | Val::Num(_) | Val::Null | Val::Obj(_)) => Val::Null,
        _ => return Err(cannot_index(of, key)),
    })
}

/// Where a part of an array begins in it.
pub(super) fn places(items: &[Val], wanted: &[Val]) -> Val {
    let found = |at: &usize| !wanted.is_empty() && items.get(*at..*at + wanted.len()) == Some(wanted);
    match wanted.is_empty() {
        true => Val::Null,
        false => Val::list((0..items.len()).filter(found).map(Val::count).collect()),
    }
}

/// What lies at a path.
pub(super) fn get_at(of: &Val, path: &[Val]) -> Flow<Val> {
    let mut value = of.clone();
    for key in path {
        if let Val::Null = value {
            return Ok(Val::Null);
        }
        value = get(&value, key)?;
    }
    Ok(value)
}

/// A value with something else at a path. What was there is taken out of it meanwhile, so that one that nobody else
/// has is changed in place.
pub(super) fn change(of: Val, path: &[Val], new: &mut dyn FnMut(Val) -> Flow<Val>) -> Flow<Val> {
    let Some((key, rest)) = path.split_first() else { return new(of) };
    match (of, key) {
        (Val::Obj(mut object), Val::Str(name)) => {
            let members = Arc::make_mut(&mut object);
            let part = members.take(name);
            let part = change(part, rest, new)?;
            members.put(name.clone(), part);
            Ok(Val::Obj(object))
        }
        (Val::Null, Val::Str(name)) => {
            let part = change(Val::Null, rest, new)?;
            Ok(Val::object([(name.clone(), part)].into_iter().collect()))
        }
        (Val::Arr(mut list), Val::Num(number)) => {
            let items = Arc::make_mut(&mut list);
            let at = writable(number.value(), items.items().len())?;
            let part = change(items.take(at), rest, new)?;
            items.put(at, part);
            Ok(Val::Arr(list))
        }
        (Val::Null, Val::Num(number)) => {
            let at = writable(number.value(), 0)?;
            let mut list = List::default();
            list.put(at, change(Val::Null, rest, new)?);
            Ok(Val::Arr(Arc::new(list)))
        }
        (Val::Arr(list), Val::Obj(key)) => replace_slice(&list, key, rest, new),
        (Val::Null, Val::Obj(key)) => replace_slice(&List::default(), key, rest, new),
        (Val::Str(_), Val::Obj(_)) => Err(Stop::from("Cannot update string slices")),
        (Val::Arr(_), Val::Arr(_)) => Err(Stop::from("Cannot update field at array index of array")),
        (of, Val::Obj(_)) => Err(Stop::from(format!("Cannot update field at object index of {}", of.kind()))),
        (of, key) => Err(cannot_index(&of, key)),
    }
}

fn writable(index: f64, length: usize) -> Flow<usize> {
    if index.is_nan() {
        return Err(Stop::from("Cannot set array element at NaN index"));
    }
    let at = place(index, length).ok_or_else(|| Stop::from("Out of bounds negative array index"))?;
    if at >= PLACES_MAX {
        return Err(Stop::from("Array index too large"));
    }
    Ok(at)
}

fn replace_slice(
    list: &List,
    key: &Object,
    rest: &[Val],
    new: &mut dyn FnMut(Val) -> Flow<Val>,
) -> Flow<Val> {
    let (start, end) = range(key, list.items().len())?;
    let items = list.items();
    let part = Val::list(items.get(start..end).unwrap_or_default().to_vec());
    let Val::Arr(made) = change(part, rest, new)? else {
        return Err(Stop::from("A slice of an array can only be assigned another array"));
    };
    let (before, behind) = (items.get(..start).unwrap_or_default(), items.get(end..).unwrap_or_default());
    Ok(Val::list([before, made.items(), behind].concat()))
}

/// A value without what lies at some paths.
pub(super) fn delete_all(of: Val, paths: Vec<Val>) -> Flow<Val> {
    let mut paths = paths;
    // From the end on, so that what is still to go stays where it is.
    paths.sort();
    let mut value = of;
    for path in paths.iter().rev() {
        let Some(keys) = path.as_items() else {
            return Err(Stop::from(format!("Path must be specified as array, not {}", path.kind())));
        };
        if keys.is_empty() {
            return Ok(Val::Null);
        }
        value = delete(value, keys)?;
    }
    Ok(value)
}

fn delete(of: Val, path: &[Val]) -> Flow<Val> {
    match path {
        [] => Ok(Val::Null),
        [key] => delete_part(of, key),
        [key, rest @ ..] => {
            let part = get(&of, key)?;
            if let Val::Null = part {
                return Ok(of);
            }
            let made = delete(part, rest)?;
            change(of, std::slice::from_ref(key), &mut |_| Ok(made.clone()))
        }
    }
}

fn delete_part(of: Val, key: &Val) -> Flow<Val> {
    match (of, key) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Obj(mut object), Val::Str(name)) => {
            Arc::make_mut(&mut object).remove(name);
            Ok(Val::Obj(object))
        }
        (Val::Arr(list), Val::Num(number)) => {
            let at = place(number.value(), list.items().len());
            let kept = list.items().iter().enumerate().filter(|(index, _)| Some(*index) != at);
            Ok(Val::list(kept.map(|(_, value)| value.clone()).collect()))
        }
        (Val::Arr(list), Val::Obj(key)) => {
            let (start, end) = range(key, list.items().len())?;
            let kept = list.items().iter().enumerate().filter(|(index, _)| !(start..end).contains(index));
            Ok(Val::list(kept.map(|(_, value)| value.clone()).collect()))
        }
        (Val::Obj(_), key) => Err(Stop::from(format!("Cannot delete {} field of object", key.kind()))),
        (Val::Arr(_), key) => Err(Stop::from(format!("Cannot delete {} element of array", key.kind()))),
        (of, _) => Err(Stop::from(format!("Cannot delete fields from {}", of.kind()))),
    }
}
