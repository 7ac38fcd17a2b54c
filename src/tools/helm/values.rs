//! Values: the chart's own, files, and `--set`.

use super::args::Args;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::yaml;
use crate::shell::Proc;

/// Puts `over` over `base`; null takes a key away.
pub(super) fn merge(base: &mut Value, over: &Value) {
    let (Value::Object(own), Value::Object(new)) = (&mut *base, over) else {
        base.clone_from(over);
        return;
    };
    for (key, value) in new {
        match own.get_mut(key) {
            _ if value.is_null() => {
                own.remove(key);
            }
            Some(slot) if slot.is_object() && value.is_object() => merge(slot, value),
            _ => {
                own.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The same, where nulls are kept, as for what the user gave.
fn overlay(base: &mut Value, over: &Value) {
    let (Value::Object(own), Value::Object(new)) = (&mut *base, over) else {
        base.clone_from(over);
        return;
    };
    for (key, value) in new {
        match own.get_mut(key) {
            Some(slot) if slot.is_object() && value.is_object() => overlay(slot, value),
            _ => {
                own.insert(key.clone(), value.clone());
            }
        }
    }
}

/// What the command line gives.
pub(super) fn given(proc: &Proc, args: &Args) -> Result<Value, String> {
    let mut all = json!({});
    for (_, path) in args.values(&["values"]).flat_map(|(name, it)| it.split(',').map(move |one| (name, one)))
    {
        let text = if path == "-" {
            String::from_utf8_lossy(proc.stdin.as_deref().unwrap_or_default()).into_owned()
        } else {
            let bytes = proc
                .read_file(&proc.path(path))
                .map_err(|_| format!("open {path}: no such file or directory"))?;
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let read = yaml::document(&text)
            .map_err(|why| format!("failed to parse {path}: error converting YAML to JSON: {why}"))?;
        if read.is_object() {
            overlay(&mut all, &read);
        }
    }
    for (flag, text) in args.values(&["set", "set-string", "set-file", "set-json"]) {
        for one in split(text, ',') {
            set_one(proc, &mut all, flag, &one)?;
        }
    }
    Ok(all)
}

/// Later values over earlier ones.
pub(super) fn over(base: &Value, new: &Value) -> Value {
    let mut all = base.clone();
    overlay(&mut all, new);
    all
}

fn set_one(proc: &Proc, all: &mut Value, flag: &str, text: &str) -> Result<(), String> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(format!("failed parsing --{flag} data: key {text:?} has no value"));
    };
    let value = match flag {
        "set-string" => Value::from(plain(value)),
        "set-json" => {
            yaml::document(value).map_err(|why| format!("failed parsing --set-json data: {why}"))?
        }
        "set-file" => {
            let bytes = proc.read_file(&proc.path(value)).map_err(|_| {
                format!("failed parsing --set-file data: open {value}: no such file or directory")
            })?;
            Value::from(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => typed(value),
    };
    put(all, &split(key, '.'), value);
    Ok(())
}

/// Splits outside of braces; a backslash keeps the next character.
fn split(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut now, mut depth) = (Vec::new(), String::new(), 0);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                // Escapes stay for values, which are read later.
                if at == ',' {
                    now.push('\\');
                }
                now.extend(rest.next());
            }
            '{' | '[' => {
                depth += 1;
                now.push(c);
            }
            '}' | ']' => {
                depth -= 1;
                now.push(c);
            }
            c if c == at && depth <= 0 => parts.push(std::mem::take(&mut now)),
            c => now.push(c),
        }
    }
    parts.push(now);
    parts
}

fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '\\' { out.extend(rest.next()) } else { out.push(c) }
    }
    out
}

fn typed(text: &str) -> Value {
    if let Some(inner) = text.strip_prefix('{').and_then(|it| it.strip_suffix('}')) {
        let parts = split(inner, ',').into_iter().filter(|it| !it.is_empty());
        return parts.map(|it| typed(it.trim())).collect();
    }
    match text {
        "true" => true.into(),
        "false" => false.into(),
        "null" => Value::Null,
        _ => match text.parse::<i64>() {
            Ok(number) if text == "0" || !text.starts_with('0') => number.into(),
            _ => Value::from(plain(text)),
        },
    }
}

fn put(slot: &mut Value, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *slot = value;
        return;
    };
    let (name, indices) = first.split_once('[').map_or((first.as_str(), ""), |(name, it)| (name, it));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    let mut here = &mut slot[name];
    for index in indices.split(['[', ']']).filter_map(|it| it.parse::<usize>().ok()).filter(|it| *it < 1_000)
    {
        if !here.is_array() {
            *here = json!([]);
        }
        let Value::Array(items) = here else { return };
        while items.len() <= index {
            items.push(Value::Null);
        }
        here = &mut items[index];
    }
    put(here, rest, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_reads_paths_lists_and_types() {
        let mut all = json!({"a": {"b": 1}});
        for (key, value) in [("a.c", "2"), ("l[1].x", "true"), ("z", "{a,b}"), ("s\\.t", "0123")] {
            put(&mut all, &split(key, '.'), typed(value));
        }
        let want = json!({"a": {"b": 1, "c": 2}, "l": [null, {"x": true}], "z": ["a", "b"], "s.t": "0123"});
        assert_eq!(all, want);
        assert_eq!(split("a=1,b={x,y},c=d\\,e", ','), ["a=1", "b={x,y}", "c=d\\,e"]);
    }
}
