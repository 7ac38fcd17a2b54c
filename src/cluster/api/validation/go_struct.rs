//! How the server shows a value of an internal type: JSON with Go's field names, every field, in the
//! order of the struct.

use crate::apimachinery::go;
use crate::apimachinery::json::Value;

/// `{"Kind":"Role","Name":null}` for the fields (Go name, API name) of a struct.
pub(super) fn go_struct(value: &Value, fields: &[(&str, &str)]) -> String {
    let members: Vec<String> = fields
        .iter()
        .map(|(shown, key)| format!("\"{shown}\":{}", shown_value(value.get(*key).unwrap_or(&Value::Null))))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// Nested structs by capitalising their keys; good for those without absent fields.
fn shown_value(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let members: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("\"{}\":{}", capitalised(key), shown_value(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(list) => {
            let members: Vec<String> = list.iter().map(shown_value).collect();
            format!("[{}]", members.join(","))
        }
        other => go::json(other),
    }
}

fn capitalised(key: &str) -> String {
    let mut chars = key.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
