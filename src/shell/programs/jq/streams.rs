//! Values as streams of their leaves with the paths to them, and back.

use super::basics::first;
use super::builtins::{Native, row};
use super::machine::{Flow, Stop};
use super::paths;
use super::value::Val;

pub(super) const ALL: &[Native] = &[
    row("_tostream", 0, |machine, it, _| {
        let made = events(&it);
        machine.charge(made.len() as u64 * 64)?;
        Ok(Val::list(made))
    }),
    row("_fromstream", 1, |_, _, args| whole(&first(args)).map(Val::list)),
];

/// The events of a value: each leaf with its path, and the path of the last part where an array or object ends.
pub(super) fn events(value: &Val) -> Vec<Val> {
    let mut found = Vec::new();
    add(value, &mut Vec::new(), &mut found);
    found
}

fn add(value: &Val, path: &mut Vec<Val>, found: &mut Vec<Val>) {
    let parts: Vec<(Val, &Val)> = match value {
        Val::Arr(list) => list.items().iter().enumerate().map(|(at, it)| (Val::count(at), it)).collect(),
        Val::Obj(object) => object.members().iter().map(|(name, it)| (Val::Str(name.clone()), it)).collect(),
        _ => Vec::new(),
    };
    let Some((last, _)) = parts.last().cloned() else {
        found.push(Val::list(vec![Val::list(path.clone()), value.clone()]));
        return;
    };
    for (key, part) in parts {
        path.push(key);
        add(part, path, found);
        path.pop();
    }
    path.push(last);
    found.push(Val::list(vec![Val::list(path.clone())]));
    path.pop();
}

/// The values that events describe.
fn whole(events: &Val) -> Flow<Vec<Val>> {
    let mut found = Vec::new();
    let mut state = Val::Null;
    for event in events.as_items().unwrap_or_default() {
        let parts = event.as_items().unwrap_or_default();
        let path = parts.first().and_then(Val::as_items);
        let path = path.ok_or_else(|| Stop::from("Invalid path expression in a stream"))?;
        if let Some(leaf) = parts.get(1) {
            if path.is_empty() {
                found.push(leaf.clone());
                continue;
            }
            state = paths::change(state, path, &mut |_| Ok(leaf.clone()))?;
        } else if path.len() == 1 {
            found.push(std::mem::replace(&mut state, Val::Null));
        }
    }
    Ok(found)
}
