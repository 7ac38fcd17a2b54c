//! Sorting, grouping, and finding the least and the greatest.

use std::cmp::Ordering;

use super::arithmetic::{wrong, wrong_both};
use super::basics::first;
use super::builtins::{Native, row};
use super::machine::{Flow, Stop};
use super::value::Val;

/// `map(f)` comes as the argument of those whose names begin with `_`.
pub(super) const ALL: &[Native] = &[
    row("sort", 0, |_, it, _| {
        let mut items = array(&it)?.to_vec();
        items.sort();
        Ok(Val::list(items))
    }),
    row("_sort_by", 1, |_, it, args| {
        Ok(Val::list(sorted(&it, &first(args))?.into_iter().map(|(_, value)| value).collect()))
    }),
    row("_group_by", 1, |_, it, args| {
        Ok(Val::list(groups(&it, &first(args))?.into_iter().map(Val::list).collect()))
    }),
    row("_unique_by", 1, |_, it, args| {
        let firsts = groups(&it, &first(args))?.into_iter().filter_map(|group| group.into_iter().next());
        Ok(Val::list(firsts.collect()))
    }),
    row("_min_by", 1, |_, it, args| extreme(&it, &first(args), Ordering::is_lt)),
    row("_max_by", 1, |_, it, args| extreme(&it, &first(args), Ordering::is_ge)),
    row("_bsearch", 1, |_, it, args| {
        let wanted = first(args);
        let items = array(&it)?;
        Ok(match items.binary_search(&wanted) {
            Ok(at) => Val::count(at),
            Err(at) => Val::from(-1.0 - at as f64),
        })
    }),
];

fn array(of: &Val) -> Flow<&[Val]> {
    of.as_items().ok_or_else(|| wrong(of, "cannot be sorted, as it is not an array"))
}

fn pairs(of: &Val, keys: &Val) -> Flow<Vec<(Val, Val)>> {
    match (of.as_items(), keys.as_items()) {
        (Some(items), Some(keys)) => Ok(keys.iter().cloned().zip(items.iter().cloned()).collect()),
        (None, Some(_)) => Err(Stop::from(format!("Cannot index {} with number", of.kind()))),
        _ => Err(wrong_both(of, keys, "cannot be sorted, as they are not both arrays")),
    }
}

fn sorted(of: &Val, keys: &Val) -> Flow<Vec<(Val, Val)>> {
    let mut pairs = pairs(of, keys)?;
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(pairs)
}

fn groups(of: &Val, keys: &Val) -> Flow<Vec<Vec<Val>>> {
    let mut made: Vec<(Val, Vec<Val>)> = Vec::new();
    for (key, value) in sorted(of, keys)? {
        match made.last_mut() {
            Some((last, group)) if *last == key => group.push(value),
            _ => made.push((key, vec![value])),
        }
    }
    Ok(made.into_iter().map(|(_, group)| group).collect())
}

fn extreme(of: &Val, keys: &Val, wins: fn(Ordering) -> bool) -> Flow<Val> {
    let mut best: Option<(Val, Val)> = None;
    for (key, value) in pairs(of, keys)? {
        if best.as_ref().is_none_or(|(own, _)| wins(key.cmp(own))) {
            best = Some((key, value));
        }
    }
    Ok(best.map_or(Val::Null, |(_, value)| value))
}
