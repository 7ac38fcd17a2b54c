//! KYAML: the strict dialect of YAML that `-o kyaml` prints. Braces and brackets instead of
//! indentation that means something, quoted strings, bare keys where they are safe.

use crate::apimachinery::json::Value;
use crate::apimachinery::object::Gvk;
use crate::apimachinery::schema::{self, Schema};

/// A tree as a KYAML document; with members in the order of Go's structs when `typed`.
pub(super) fn to_string(value: &Value, typed: bool) -> String {
    let schema = if typed { schema::definition(&Gvk::of(value)) } else { None };
    let mut text = "---\n".to_owned();
    push(&mut text, value, schema, 0);
    text.push('\n');
    text
}

fn push(text: &mut String, value: &Value, schema: Option<&Schema>, depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            text.push_str("{\n");
            for (key, value) in schema::go_order(schema, map) {
                indent(text, depth + 1);
                text.push_str(&shown_key(key));
                text.push_str(": ");
                push(text, value, schema::inner_type(schema, key), depth + 1);
                text.push_str(",\n");
            }
            indent(text, depth);
            text.push('}');
        }
        Value::Array(items) if !items.is_empty() => push_list(text, items, schema, depth),
        Value::Object(_) => text.push_str("{}"),
        Value::Array(_) => text.push_str("[]"),
        Value::String(string) => push_string(text, string, depth),
        other => text.push_str(&other.to_string()),
    }
}

/// Lists of maps and lists cuddle their brackets; others have a line an item.
fn push_list(text: &mut String, items: &[Value], schema: Option<&Schema>, depth: usize) {
    let element = schema.and_then(Schema::element);
    let cuddled = items.iter().all(|item| item.is_object() || item.is_array());
    if cuddled {
        text.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                text.push_str(", ");
            }
            push(text, item, element, depth);
        }
        text.push(']');
        return;
    }
    text.push_str("[\n");
    for item in items {
        indent(text, depth + 1);
        push(text, item, element, depth + 1);
        text.push_str(",\n");
    }
    indent(text, depth);
    text.push(']');
}

/// Strings of several lines are folded into a quoted string with escaped line ends.
fn push_string(text: &mut String, string: &str, depth: usize) {
    if !string.trim_end_matches('\n').contains('\n') {
        text.push_str(&crate::apimachinery::go::quote(string));
        return;
    }
    text.push_str("\"\\\n");
    for line in string.split_inclusive('\n') {
        indent(text, depth + 1);
        let quoted = crate::apimachinery::go::quote(line);
        let inner = quoted.trim_start_matches('"').strip_suffix('"').unwrap_or(&quoted);
        if inner.starts_with(' ') {
            text.push('\\');
        }
        text.push_str(inner);
        text.push_str("\\\n");
    }
    indent(text, depth);
    text.push('"');
}

fn indent(text: &mut String, depth: usize) {
    text.extend(std::iter::repeat_n("  ", depth));
}

/// Words that YAML 1.1 reads as something else than a string.
const TRICKY: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", "nan", "inf"];

fn shown_key(key: &str) -> String {
    let plain = key.chars().next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
    if plain && !TRICKY.contains(&key.to_ascii_lowercase().as_str()) {
        key.to_owned()
    } else {
        crate::apimachinery::go::quote(key)
    }
}
