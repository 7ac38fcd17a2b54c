//! How Go writes values: `%q`, `%v`, and `encoding/json`'s compact form. Messages of the real
//! programs are made of these.
//!
//! Knows nothing of Kubernetes.

use std::fmt::Write as _;

use crate::apimachinery::json::Value;

/// `strconv.Quote`: a double-quoted Go string literal.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => push_escape(&mut out, "\\x", 2, c),
            c if !printable(c) && (c as u32) < 0x1_0000 => push_escape(&mut out, "\\u", 4, c),
            c if !printable(c) => push_escape(&mut out, "\\U", 8, c),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn push_escape(out: &mut String, prefix: &str, width: usize, c: char) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{prefix}{:0width$x}", c as u32);
}

/// Near enough to `unicode.IsPrint`: no controls, no spaces but U+0020, no byte order mark.
fn printable(c: char) -> bool {
    c == ' ' || (!c.is_control() && !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}'))
}

/// `json.Marshal`: compact, keys sorted, `<`, `>`, `&` and line separators escaped.
pub(crate) fn json(value: &Value) -> String {
    escape_html(value.to_string())
}

/// `json.MarshalIndent` with the given indent, escaped as [`json`] does.
pub(crate) fn json_indent(value: &Value, indent: &str) -> String {
    use serde::Serialize as _;
    let formatter = serde_json::ser::PrettyFormatter::with_indent(indent.as_bytes());
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    if value.serialize(&mut serializer).is_err() {
        return String::new();
    }
    escape_html(String::from_utf8(bytes).unwrap_or_default())
}

/// These characters stand only inside strings in JSON text, so they can be replaced everywhere.
fn escape_html(text: String) -> String {
    // E2 begins the line separators, among others.
    let special = |byte: u8| matches!(byte, b'<' | b'>' | b'&' | 0xe2);
    if !text.bytes().any(special) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.as_str();
    while let Some((plain, c, after)) = rest.bytes().position(special).and_then(|at| split_char(rest, at)) {
        out.push_str(plain);
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The text before a character, the character, and the text behind it.
fn split_char(text: &str, at: usize) -> Option<(&str, char, &str)> {
    let (before, tail) = text.split_at_checked(at)?;
    let mut chars = tail.chars();
    let c = chars.next()?;
    Some((before, c, chars.as_str()))
}

/// `%v` of a decoded JSON value: `map[a:1 b:[x y]]`, `<nil>`, bare strings.
pub(crate) fn display(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(float)) => float_g(float),
            _ => number.to_string(),
        },
        Value::String(text) => text.to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(display).collect::<Vec<_>>().join(" "))
        }
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(key, value)| format!("{key}:{}", display(value))).collect();
            format!("map[{}]", entries.join(" "))
        }
    }
}

/// `%#v` of a decoded JSON value.
pub(crate) fn syntax(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".into(),
        Value::String(text) => quote(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(syntax).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{}:{}", quote(key), syntax(value))).collect();
            format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// `%v` of a float64: the shortest digits, with an exponent below 1e-4 and from 1e21 on.
pub(crate) fn float_g(float: f64) -> String {
    let size = float.abs();
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let text = format!("{float:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{float}")
}

/// Go's `json.Indent`: the text itself with line breaks, its keys in their order.
pub(crate) fn indent(text: &str, unit: &str) -> String {
    let (mut out, mut depth, mut opened) = (String::new(), 0_usize, false);
    let (mut in_string, mut escaped) = (false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.push_str(&unit.repeat(depth));
    };
    for c in text.chars() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        if c.is_ascii_whitespace() {
            continue;
        }
        let closes = matches!(c, '}' | ']');
        if opened && !closes {
            depth += 1;
            line(&mut out, depth);
        } else if closes && !opened {
            depth = depth.saturating_sub(1);
            line(&mut out, depth);
        }
        opened = matches!(c, '{' | '[');
        in_string = c == '"';
        out.push(c);
        match c {
            ',' => line(&mut out, depth),
            ':' => out.push(' '),
            _ => {}
        }
    }
    if text.ends_with('\n') {
        out.push('\n');
    }
    out
}

/// What Go's `time.Parse` says about a text that is no RFC 3339 time; `None` for one that is, and for nothing.
pub(crate) fn rfc3339_mistake(text: &str) -> Option<String> {
    if text.is_empty() || crate::sim::SimTime::parse_rfc3339(text).is_some() {
        return None;
    }
    let layout = "2006-01-02T15:04:05Z07:00";
    let parts = ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05", "Z07:00"];
    let mut rest = text;
    for part in parts {
        let digits =
            |count: usize| rest.get(..count).is_some_and(|it| it.bytes().all(|b| b.is_ascii_digit()));
        let taken = match part {
            "2006" if digits(4) => 4,
            "01" | "02" | "15" | "04" | "05" if digits(2) => 2,
            "-" | "T" | ":" if rest.starts_with(part) => 1,
            _ => {
                let (text, rest) = (quote(text), quote(rest));
                return Some(format!(
                    "parsing time {text} as \"{layout}\": cannot parse {rest} as \"{part}\""
                ));
            }
        };
        rest = rest.get(taken..).unwrap_or("");
    }
    Some(format!("parsing time {}: day out of range", quote(text)))
}

const NANOS: [(&str, f64); 8] =
    [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9)];

/// Go's `time.ParseDuration`, in nanoseconds.
///
/// # Errors
/// Its sentence.
pub(crate) fn duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let letters = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {text:?}"));
        }
        let Some((_, nanos)) = NANOS.iter().find(|(name, _)| *name == unit) else {
            return Err(format!("time: unknown unit {unit:?} in duration {text:?}"));
        };
        total += number * nanos;
        rest = tail;
    }
    #[expect(clippy::cast_possible_truncation, reason = "saturates, as far off as a duration can be")]
    Ok((sign * total) as i64)
}

/// The name of the type that a decoded JSON value has in Go, as `%T` prints it.
pub(crate) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_indented_with_their_keys_in_order() {
        let text = "{\"b\":{},\"a\":[1,{\"x\":\"{,\\\"\"}]}\n";
        insta::assert_snapshot!(indent(text, "  "), @r#"
        {
          "b": {},
          "a": [
            1,
            {
              "x": "{,\""
            }
          ]
        }
        "#);
    }

    #[test]
    fn what_is_no_time_is_told_as_go_does() {
        let said = |text: &str| rfc3339_mistake(text).unwrap_or_default();
        assert!(said("foo").ends_with("cannot parse \"foo\" as \"2006\""));
        assert!(said("2024-01-01").ends_with("cannot parse \"\" as \"T\""));
        assert!(said("2024-01-01T10:00:00").ends_with("cannot parse \"\" as \"Z07:00\""));
        assert_eq!(rfc3339_mistake("2024-01-01T10:00:00Z"), None);
    }
    use crate::apimachinery::json::json;

    #[test]
    fn writes_as_go_does() {
        assert_eq!(quote("a\"b\n\u{1}é"), r#""a\"b\n\x01é""#);
        assert_eq!(json(&json!({"b": "<x>", "a": [1, null]})), r#"{"a":[1,null],"b":"\u003cx\u003e"}"#);
        assert_eq!(display(&json!({"a": [1, "x"], "b": null})), "map[a:[1 x] b:<nil>]");
        assert_eq!(float_g(1e21), "1e+21");
        assert_eq!(float_g(0.00001), "1e-05");
    }

    #[test]
    fn durations_are_those_of_go() {
        assert_eq!(duration("1m30s"), Ok(90_000_000_000));
        assert_eq!(duration("-1s"), Ok(-1_000_000_000));
        assert_eq!(duration("60"), Err("time: missing unit in duration \"60\"".into()));
        assert_eq!(duration("5x"), Err("time: unknown unit \"x\" in duration \"5x\"".into()));
    }
}
