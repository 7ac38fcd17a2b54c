//! Functions on texts.

use super::arithmetic::{split, wrong};
use super::basics::{first, text};
use super::builtins::{Native, row};
use super::machine::{Flow, Machine, Stop};
use super::paths;
use super::value::Val;
use super::write::compact;

pub(super) const ALL: &[Native] = &[
    row("startswith", 1, |_, it, args| {
        ends(&it, &first(args), "startswith", |it, part| it.starts_with(part))
    }),
    row("endswith", 1, |_, it, args| ends(&it, &first(args), "endswith", |it, part| it.ends_with(part))),
    row("ltrimstr", 1, |_, it, args| Ok(without(it, &first(args), |it, part| it.strip_prefix(part)))),
    row("rtrimstr", 1, |_, it, args| Ok(without(it, &first(args), |it, part| it.strip_suffix(part)))),
    row("ltrim", 0, |_, it, _| trimmed(&it, str::trim_start)),
    row("rtrim", 0, |_, it, _| trimmed(&it, str::trim_end)),
    row("split", 1, |machine, it, args| match (it.as_str(), first(args).as_str()) {
        (Some(text), Some(by)) => {
            machine.charge(text.len() as u64 * 8)?;
            Ok(split(text, by))
        }
        _ => Err(Stop::from("split input and separator must be strings")),
    }),
    row("_join", 1, |machine, it, args| join(machine, &it, &first(args))),
    row("_ascii_case", 1, |_, it, args| match it.as_str() {
        Some(text) if first(args).is_true() => Ok(Val::text(text.to_ascii_uppercase())),
        Some(text) => Ok(Val::text(text.to_ascii_lowercase())),
        None => Err(Stop::from("explode input must be a string")),
    }),
    row("explode", 0, |machine, it, _| match it.as_str() {
        Some(text) => {
            machine.charge(text.len() as u64 * 32)?;
            Ok(Val::list(text.chars().map(|c| Val::from(f64::from(u32::from(c)))).collect()))
        }
        None => Err(Stop::from("explode input must be a string")),
    }),
    row("implode", 0, |machine, it, _| implode(machine, &it)),
    row("utf8bytelength", 0, |_, it, _| match it.as_str() {
        Some(text) => Ok(Val::count(text.len())),
        None => Err(wrong(&it, "only strings have UTF-8 byte length")),
    }),
    row("indices", 1, |_, it, args| indices(&it, &first(args))),
];

fn ends(it: &Val, part: &Val, name: &str, holds: fn(&str, &str) -> bool) -> Flow<Val> {
    match (it.as_str(), part.as_str()) {
        (Some(text), Some(part)) => Ok(Val::Bool(holds(text, part))),
        _ => Err(Stop::from(format!("{name}() requires string inputs"))),
    }
}

fn without(it: Val, part: &Val, strip: for<'t> fn(&'t str, &str) -> Option<&'t str>) -> Val {
    let rest = match (it.as_str(), part.as_str()) {
        (Some(text), Some(part)) => strip(text, part).map(str::to_owned),
        _ => None,
    };
    rest.map_or(it, Val::text)
}

fn trimmed(it: &Val, trim: fn(&str) -> &str) -> Flow<Val> {
    it.as_str().map(|text| Val::from(trim(text))).ok_or_else(|| wrong(it, "trim input must be a string"))
}

fn join(machine: &mut Machine<'_>, of: &Val, between: &Val) -> Flow<Val> {
    let items: Vec<Val> = match of {
        Val::Arr(list) => list.items().to_vec(),
        Val::Obj(object) => object.members().iter().map(|(_, value)| value.clone()).collect(),
        other => {
            let shown = super::write::brief(other);
            return Err(Stop::from(format!("Cannot iterate over {} ({shown})", other.kind())));
        }
    };
    let mut made = String::new();
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            let so_far = Val::text(made.clone());
            match between {
                Val::Str(between) => made.push_str(between),
                Val::Null => {}
                other => return Err(super::arithmetic::wrong_both(&so_far, other, "cannot be added")),
            }
        }
        match item {
            Val::Null => {}
            Val::Str(text) => made.push_str(text),
            Val::Bool(_) | Val::Num(_) => made.push_str(&compact(item)),
            other => {
                return Err(super::arithmetic::wrong_both(&Val::text(made), other, "cannot be added"));
            }
        }
    }
    if items.is_empty() {
        return Ok(Val::text(""));
    }
    text(machine, made)
}

fn implode(machine: &mut Machine<'_>, of: &Val) -> Flow<Val> {
    let items = of.as_items().ok_or_else(|| Stop::from("implode input must be an array"))?;
    let letters: Flow<String> = items
        .iter()
        .map(|item| {
            let code = item.as_f64();
            let code =
                code.ok_or_else(|| wrong(item, "can't be imploded, unicode codepoint needs to be numeric"))?;
            Ok(char::from_u32(code as u32).unwrap_or(char::REPLACEMENT_CHARACTER))
        })
        .collect();
    text(machine, letters?)
}

/// Where a part begins in a text or an array.
fn indices(of: &Val, part: &Val) -> Flow<Val> {
    match (of, part) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Arr(list), Val::Arr(part)) => Ok(paths::places(list.items(), part.items())),
        (Val::Arr(list), other) => Ok(paths::places(list.items(), std::slice::from_ref(other))),
        (Val::Str(text), Val::Str(part)) if part.is_empty() || text.is_empty() => Ok(Val::list(Vec::new())),
        (Val::Str(text), Val::Str(part)) => {
            let starts =
                (0..text.len()).filter(|at| text.get(*at..).is_some_and(|it| it.starts_with(part.as_str())));
            Ok(Val::list(starts.map(Val::count).collect()))
        }
        _ => paths::get(of, part),
    }
}

/// The text of a value that must be one, such as a date.
pub(super) fn must<'v>(value: &'v Val, why: &str) -> Flow<&'v str> {
    value.as_str().ok_or_else(|| Stop::from(why))
}
