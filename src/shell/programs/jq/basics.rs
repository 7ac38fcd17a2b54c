//! Functions on values of any kind.

use std::sync::Arc;

use super::arithmetic::{add, wrong, wrong_both};
use super::builtins::{Native, all_names, row};
use super::formats;
use super::machine::{Flow, Machine, Stop};
use super::paths;
use super::read;
use super::value::{List, Object, Val};
use super::write::compact;

pub(super) const ALL: &[Native] = &[
    row("length", 0, |_, it, _| length(&it)),
    row("type", 0, |_, it, _| Ok(Val::from(it.kind()))),
    row("keys", 0, |_, it, _| keys(&it, true)),
    row("keys_unsorted", 0, |_, it, _| keys(&it, false)),
    row("has", 1, |_, it, args| has(&it, &first(args))),
    row("contains", 1, |_, it, args| contains(&it, &first(args)).map(Val::Bool)),
    row("add", 0, |machine, it, _| sum(machine, it)),
    row("to_entries", 0, |_, it, _| to_entries(&it)),
    row("from_entries", 0, |_, it, _| from_entries(&it)),
    row("tostring", 0, |machine, it, _| match it {
        Val::Str(_) => Ok(it),
        other => text(machine, compact(&other)),
    }),
    row("tojson", 0, |machine, it, _| text(machine, compact(&it))),
    row("fromjson", 0, |_, it, _| match it.as_str() {
        Some(text) => read::single(text).map_err(Stop::from),
        None => Err(wrong(&it, "only strings can be parsed")),
    }),
    row("tonumber", 0, |_, it, _| to_number(it)),
    row("format", 1, |machine, it, args| {
        let name = first(args);
        let name = name.as_str().ok_or_else(|| wrong(&name, "is not a valid format"))?;
        let made = formats::formatted(name, &it)?;
        text(machine, made)
    }),
    row("setpath", 2, |machine, it, args| {
        let [path, new] = two(args);
        let keys = path.as_items().ok_or_else(|| Stop::from("Path must be specified as an array"))?;
        machine.charge(keys.len() as u64 * 32)?;
        let made = paths::change(it, keys, &mut |_| Ok(new.clone()))?;
        machine.made(made)
    }),
    row("delpaths", 1, |_, it, args| match first(args) {
        Val::Arr(list) => paths::delete_all(it, Arc::unwrap_or_clone(list).into_items()),
        _ => Err(Stop::from("Paths must be specified as an array")),
    }),
    row("flatten", 1, |machine, it, args| flatten(machine, &it, first(args).as_f64().unwrap_or_default())),
    row("transpose", 0, |_, it, _| transpose(&it)),
    row("reverse", 0, |_, it, _| reverse(it)),
    row("error", 0, |_, it, _| Err(Stop::Error(it))),
    row("env", 0, |machine, _, _| Ok(machine.environment.clone())),
    row("builtins", 0, |_, _, _| Ok(Val::list(all_names().into_iter().map(Val::text).collect()))),
    row("input_filename", 0, |machine, _, _| Ok(machine.world.file().map_or(Val::Null, Val::text))),
    row("input_line_number", 0, |machine, _, _| Ok(Val::count(machine.world.line()))),
    row("debug", 0, |machine, it, _| {
        machine.world.say(&format!("[\"DEBUG:\",{}]\n", compact(&it)));
        Ok(it)
    }),
    row("stderr", 0, |machine, it, _| {
        machine.world.say(&formats::text(&it));
        Ok(it)
    }),
    row("_halt", 1, |_, _, args| Err(Stop::Halt(first(args).as_f64().unwrap_or_default() as i32))),
    row("halt_error", 1, |machine, it, args| {
        let exit = first(args);
        let Some(exit) = exit.as_f64() else {
            return Err(wrong(&it, "halt_error/1: number required"));
        };
        match &it {
            Val::Null => {}
            Val::Str(text) => machine.world.say(text),
            other => machine.world.say(&format!("{}\n", compact(other))),
        }
        Err(Stop::Halt(exit as i32))
    }),
    row("modulemeta", 0, |_, _, _| Err(Stop::from("modulemeta input module name must be a string"))),
];

/// The first argument.
pub(super) fn first(args: Vec<Val>) -> Val {
    args.into_iter().next().unwrap_or(Val::Null)
}

pub(super) fn two(args: Vec<Val>) -> [Val; 2] {
    let mut args = args.into_iter();
    [args.next().unwrap_or(Val::Null), args.next().unwrap_or(Val::Null)]
}

/// A text that was made.
pub(super) fn text(machine: &mut Machine<'_>, text: String) -> Flow<Val> {
    machine.charge(text.len() as u64)?;
    Ok(Val::text(text))
}

fn length(of: &Val) -> Flow<Val> {
    Ok(match of {
        Val::Null => Val::count(0),
        Val::Num(number) => Val::from(number.value().abs()),
        Val::Str(text) => Val::count(text.chars().count()),
        Val::Arr(list) => Val::count(list.items().len()),
        Val::Obj(object) => Val::count(object.len()),
        Val::Bool(_) => return Err(wrong(of, "has no length")),
    })
}

fn keys(of: &Val, sorted: bool) -> Flow<Val> {
    match of {
        Val::Arr(list) => Ok(Val::list((0..list.items().len()).map(Val::count).collect())),
        Val::Obj(object) => {
            let members = if sorted { object.sorted() } else { object.members().iter().collect() };
            Ok(Val::list(members.into_iter().map(|(name, _)| Val::Str(name.clone())).collect()))
        }
        _ => Err(wrong(of, "has no keys")),
    }
}

fn has(of: &Val, key: &Val) -> Flow<Val> {
    match (of, key) {
        (Val::Obj(object), Val::Str(name)) => Ok(Val::Bool(object.get(name).is_some())),
        (Val::Arr(list), Val::Num(at)) => {
            Ok(Val::Bool(at.value() >= 0.0 && at.value().floor() < list.items().len() as f64))
        }
        _ => Err(Stop::from(format!("Cannot check whether {} has a {} key", of.kind(), key.kind()))),
    }
}

fn contains(of: &Val, part: &Val) -> Flow<bool> {
    Ok(match (of, part) {
        (Val::Obj(of), Val::Obj(part)) => {
            for (name, value) in part.members() {
                match of.get(name) {
                    Some(own) if contains(own, value)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        (Val::Arr(of), Val::Arr(part)) => {
            for value in part.items() {
                let same = of.items().iter().filter(|own| own.kind() == value.kind());
                if !same.map(|own| contains(own, value)).collect::<Flow<Vec<bool>>>()?.contains(&true) {
                    return Ok(false);
                }
            }
            true
        }
        (Val::Str(of), Val::Str(part)) => of.contains(part.as_str()),
        _ if of.kind() == part.kind() => of == part,
        _ => return Err(wrong_both(of, part, "cannot have their containment checked")),
    })
}

/// The parts of a value in order.
fn parts(of: &Val) -> Flow<Vec<Val>> {
    match of {
        Val::Arr(list) => Ok(list.items().to_vec()),
        Val::Obj(object) => Ok(object.members().iter().map(|(_, value)| value.clone()).collect()),
        other => {
            Err(Stop::from(format!("Cannot iterate over {} ({})", other.kind(), super::write::brief(other))))
        }
    }
}

fn sum(machine: &mut Machine<'_>, of: Val) -> Flow<Val> {
    parts(&of)?.into_iter().try_fold(Val::Null, |sum, part| add(machine, sum, part))
}

fn to_entries(of: &Val) -> Flow<Val> {
    let entry = |key: Val, value: &Val| Val::record([("key", key), ("value", value.clone())]);
    Ok(Val::list(match of {
        Val::Obj(object) => {
            object.members().iter().map(|(name, value)| entry(Val::Str(name.clone()), value)).collect()
        }
        Val::Arr(list) => list.items().iter().enumerate().map(|(at, it)| entry(Val::count(at), it)).collect(),
        _ => return Err(wrong(of, "has no keys")),
    }))
}

fn from_entries(of: &Val) -> Flow<Val> {
    let mut made = Object::default();
    for entry in parts(of)? {
        let part = |name: &str| paths::get(&entry, &Val::from(name));
        let mut key = Val::Null;
        for name in ["key", "k", "name", "Name", "K", "Key"] {
            let found = part(name)?;
            if found.is_true() || matches!((&found, &key), (Val::Bool(_), Val::Null)) {
                key = found;
            }
            if key.is_true() {
                break;
            }
        }
        let Val::Str(name) = &key else {
            return Err(Stop::from(format!(
                "Cannot use {} ({}) as object key",
                key.kind(),
                super::write::brief(&key)
            )));
        };
        let names = ["value", "v", "Value", "V"];
        let held = names.into_iter().find(|it| matches!(&entry, Val::Obj(own) if own.get(it).is_some()));
        made.put(name.clone(), held.map_or(Ok(Val::Null), part)?);
    }
    Ok(Val::object(made))
}

fn to_number(of: Val) -> Flow<Val> {
    match &of {
        Val::Num(_) => Ok(of),
        Val::Str(text) => match read::single(text).map_err(Stop::from)? {
            number @ Val::Num(_) => Ok(number),
            other => Ok(other),
        },
        _ => Err(wrong(&of, "cannot be parsed as a number")),
    }
}

fn flatten(machine: &mut Machine<'_>, of: &Val, depth: f64) -> Flow<Val> {
    fn add(machine: &mut Machine<'_>, of: &Val, depth: f64, made: &mut List) -> Flow {
        for part in parts(of)? {
            match &part {
                Val::Arr(_) if depth > 0.0 => add(machine, &part, depth - 1.0, made)?,
                _ => machine.collect(made, part)?,
            }
        }
        Ok(())
    }
    if depth < 0.0 {
        return Err(Stop::from("flatten depth must not be negative"));
    }
    let mut made = List::default();
    add(machine, of, depth, &mut made)?;
    Ok(Val::Arr(Arc::new(made)))
}

fn transpose(of: &Val) -> Flow<Val> {
    let rows = parts(of)?;
    let widths: Flow<Vec<usize>> = rows.iter().map(|row| parts(row).map(|it| it.len())).collect();
    let width = widths?.into_iter().max().unwrap_or_default();
    let column = |at: usize| {
        let cells: Flow<Vec<Val>> = rows.iter().map(|row| paths::get(row, &Val::count(at))).collect();
        cells.map(Val::list)
    };
    (0..width).map(column).collect::<Flow<Vec<Val>>>().map(Val::list)
}

fn reverse(of: Val) -> Flow<Val> {
    Ok(match &of {
        Val::Null => Val::list(Vec::new()),
        Val::Str(text) => Val::text(text.chars().rev().collect::<String>()),
        Val::Arr(list) => Val::list(list.items().iter().rev().cloned().collect()),
        Val::Obj(object) if object.len() == 0 => Val::list(Vec::new()),
        Val::Obj(_) => return Err(Stop::from("Cannot index object with number")),
        other => match length(other)?.as_f64() {
            Some(0.0) => Val::list(Vec::new()),
            _ => return Err(Stop::from(format!("Cannot index {} with number", other.kind()))),
        },
    })
}
