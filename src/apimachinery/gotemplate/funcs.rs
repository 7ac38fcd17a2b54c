//! The functions of templates.

use std::cmp::Ordering;

use base64::Engine as _;

use super::exec::Data;
use super::printf;
use crate::apimachinery::go;
use crate::apimachinery::json::Value;

const NAMES: &[&str] = &[
    "and",
    "base64decode",
    "call",
    "eq",
    "exists",
    "ge",
    "gt",
    "html",
    "index",
    "js",
    "le",
    "len",
    "lt",
    "ne",
    "not",
    "or",
    "print",
    "printf",
    "println",
    "slice",
    "urlquery",
];

/// Whether there is a function of the name.
pub(super) fn exists(name: &str) -> bool {
    NAMES.contains(&name)
}

/// Calls a function.
pub(super) fn call(name: &str, arguments: Vec<Data>) -> Result<Data, String> {
    let wrap = |why: String| format!("error calling {name}: {why}");
    let wanted = match name {
        "not" | "len" | "base64decode" => Some(1),
        "ne" | "lt" | "le" | "gt" | "ge" => Some(2),
        _ => None,
    };
    let got = arguments.len();
    if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
        return Err(format!("wrong number of args for {name}: want {wanted} got {got}"));
    }
    if got == 0 && matches!(name, "index" | "slice" | "eq" | "printf" | "exists" | "call") {
        return Err(format!("wrong number of args for {name}: want at least 1 got 0"));
    }
    let value: Value = match name {
        "not" => (!truth(first(&arguments))).into(),
        "len" => length(first(&arguments)).map_err(wrap)?,
        "index" => return index(arguments).map_err(wrap),
        "slice" => slice(arguments).map_err(wrap)?,
        "exists" => index(arguments).is_ok_and(|value| value.is_some()).into(),
        "print" => print(&arguments).into(),
        "println" => format!("{}\n", shown(&arguments).join(" ")).into(),
        "printf" => printf::format(&arguments).into(),
        "html" => html(&print(&arguments)).into(),
        "js" => js(&print(&arguments)).into(),
        "urlquery" => urlquery(&print(&arguments)).into(),
        "base64decode" => base64decode(first(&arguments)).map_err(wrap)?,
        "eq" => equal(&arguments).map_err(wrap)?.into(),
        "call" => return Err(wrap("call of nil".to_owned())),
        _ => ordered(name, &arguments).map_err(wrap)?.into(),
    };
    Ok(Some(value))
}

fn first(arguments: &[Data]) -> &Data {
    arguments.first().unwrap_or(&None)
}

/// Whether a value counts as true: not zero, not empty.
pub(super) fn truth(value: &Data) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(map)) => !map.is_empty(),
    }
}

/// The Go type of a decoded value.
pub(super) fn go_type(value: &Value) -> &'static str {
    if value.is_null() { "interface {}" } else { go::type_name(value) }
}

fn length(value: &Data) -> Result<Value, String> {
    match value {
        None => Err("len of nil pointer".to_owned()),
        Some(Value::String(text)) => Ok(text.len().into()),
        Some(Value::Array(items)) => Ok(items.len().into()),
        Some(Value::Object(map)) => Ok(map.len().into()),
        Some(other) => Err(format!("len of type {}", go_type(other))),
    }
}

fn position(value: &Data, limit: usize) -> Result<usize, String> {
    match value {
        Some(Value::Number(number)) if number.as_i64().is_some() => {
            let at = number.as_i64().unwrap_or(-1);
            let found = usize::try_from(at).ok().filter(|at| *at < limit);
            found.ok_or_else(|| format!("index out of range: {at}"))
        }
        None => Err("cannot index slice/array with nil".to_owned()),
        Some(other) => Err(format!("cannot index slice/array with type {}", go_type(other))),
    }
}

fn index(arguments: Vec<Data>) -> Result<Data, String> {
    let mut rest = arguments.into_iter();
    let Some(mut here) = rest.next().flatten() else { return Err("index of untyped nil".to_owned()) };
    for key in rest {
        let next = match (here, &key) {
            (Value::Array(mut items), key) => {
                let at = position(key, items.len())?;
                Some(items.swap_remove(at))
            }
            (Value::Object(mut map), Some(Value::String(name))) => map.remove(name),
            (Value::Object(_), Some(other)) => {
                return Err(format!("value has type {}; should be string", go_type(other)));
            }
            (Value::Object(_), None) => return Err("value is nil; should be of type string".to_owned()),
            (Value::String(text), key) => {
                let at = position(key, text.len())?;
                text.as_bytes().get(at).map(|byte| (*byte).into())
            }
            (Value::Null, _) => return Err("index of nil pointer".to_owned()),
            (other, _) => return Err(format!("can't index item of type {}", go_type(&other))),
        };
        here = next.unwrap_or(Value::Null);
    }
    Ok(if here.is_null() { None } else { Some(here) })
}

fn slice(arguments: Vec<Data>) -> Result<Value, String> {
    let mut rest = arguments.into_iter();
    let Some(item) = rest.next().flatten() else { return Err("slice of untyped nil".to_owned()) };
    let bounds: Vec<Data> = rest.collect();
    let limit = match &item {
        Value::String(text) => text.len(),
        Value::Array(items) => items.len(),
        other => return Err(format!("can't slice item of type {}", go_type(other))),
    };
    let bound = |at: usize, default: usize| match bounds.get(at) {
        Some(value) => position(value, limit + 1),
        None => Ok(default),
    };
    let (from, to) = (bound(0, 0)?, bound(1, limit)?);
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    match item {
        Value::String(text) => {
            Ok(String::from_utf8_lossy(text.as_bytes().get(from..to).unwrap_or(&[])).into())
        }
        Value::Array(items) => Ok(items.get(from..to).unwrap_or(&[]).into()),
        _ => Ok(Value::Null),
    }
}

fn shown(arguments: &[Data]) -> Vec<String> {
    arguments.iter().map(|value| value.as_ref().map_or_else(|| "<nil>".to_owned(), go::display)).collect()
}

/// `fmt.Sprint`: a space between two operands when neither is a string.
fn print(arguments: &[Data]) -> String {
    let is_text = |value: Option<&Data>| matches!(value, Some(Some(Value::String(_))));
    let mut out = String::new();
    for (at, text) in shown(arguments).into_iter().enumerate() {
        if at > 0 && !is_text(arguments.get(at)) && !is_text(arguments.get(at - 1)) {
            out.push(' ');
        }
        out.push_str(&text);
    }
    out
}

fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '"' => out.push_str("&#34;"),
            '\'' => out.push_str("&#39;"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\0' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn js(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '<' | '>' | '&' | '=' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

fn urlquery(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn base64decode(value: &Data) -> Result<Value, String> {
    let Some(Value::String(text)) = value else {
        let found = value.as_ref().map_or("nil", |value| go_type(value));
        return Err(format!("wrong type for value; expected string; got {found}"));
    };
    match base64::engine::general_purpose::STANDARD.decode(text) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into()),
        Err(error) => {
            let at = match error {
                base64::DecodeError::InvalidByte(at, _) => at,
                _ => text.len() / 4 * 4,
            };
            Err(format!("base64 decode failed: illegal base64 data at input byte {at}"))
        }
    }
}

const BAD_TYPE: &str = "invalid type for comparison";
const INCOMPATIBLE: &str = "incompatible types for comparison";

fn order(left: &Value, right: &Value) -> Result<Ordering, String> {
    match (left, right) {
        (Value::String(a), Value::String(b)) => Ok(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) if a.is_f64() == b.is_f64() => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Ok(a.cmp(&b)),
            _ => Ok(a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal)),
        },
        (Value::Array(_) | Value::Object(_), _) | (_, Value::Array(_) | Value::Object(_)) => {
            Err(BAD_TYPE.to_owned())
        }
        _ => Err(INCOMPATIBLE.to_owned()),
    }
}

fn equal(arguments: &[Data]) -> Result<bool, String> {
    let Some((left, rest)) = arguments.split_first() else { return Ok(false) };
    if rest.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for right in rest {
        let same = match (left, right) {
            (None, None) => true,
            (None, _) | (_, None) => false,
            (Some(Value::Bool(a)), Some(Value::Bool(b))) => a == b,
            (Some(a), Some(b)) => order(a, b)?.is_eq(),
        };
        if same {
            return Ok(true);
        }
    }
    Ok(false)
}

fn ordered(name: &str, arguments: &[Data]) -> Result<bool, String> {
    if name == "ne" {
        return equal(arguments).map(|same| !same);
    }
    let [Some(left), Some(right)] = arguments else { return Err(BAD_TYPE.to_owned()) };
    if left.is_boolean() && right.is_boolean() {
        return Err(BAD_TYPE.to_owned());
    }
    let order = order(left, right)?;
    Ok(match name {
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        "gt" => order.is_gt(),
        _ => order.is_ge(),
    })
}
