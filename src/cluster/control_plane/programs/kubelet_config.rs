//! The fields of a KubeletConfiguration, and what Go's decoder says of a value that does not fit.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::apimachinery::go;
use crate::apimachinery::json::Value;

/// Fields by their path, with their types: `s` text, `i` int32, `i64`, `f` float64, `b` bool, `d` duration,
/// `{Struct}`, `[]element` and `map[string]element`; `x` is not looked into.
const FIELDS: &str = include_str!("../../../../assets/flags/kubelet-config.txt");

/// The struct of the whole file.
const ROOT: &str = "KubeletConfiguration";

fn kind_of(path: &str) -> Option<&'static str> {
    static KINDS: LazyLock<BTreeMap<&str, &str>> =
        LazyLock::new(|| FIELDS.lines().rev().filter_map(|line| line.split_once(' ')).collect());
    KINDS.get(path).copied()
}

/// Paths of fields that the strict decoder does not know.
pub(super) fn unknown_fields(config: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect_unknown("", config, &mut found);
    found
}

fn collect_unknown(above: &str, value: &Value, found: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = if above.is_empty() { name.to_string() } else { format!("{above}.{name}") };
        match kind_of(&path) {
            None => found.push(path),
            Some(kind) if kind.starts_with('{') => collect_unknown(&path, value, found),
            Some(_) => {}
        }
    }
}

/// The first value of another type than its field.
///
/// # Errors
/// The sentence of Go's decoder.
pub(super) fn check_types(config: &Value) -> Result<(), String> {
    check_struct("", ROOT, config)
}

fn check_struct(above: &str, owner: &str, value: &Value) -> Result<(), String> {
    for (name, value) in value.as_object().into_iter().flatten() {
        let path = if above.is_empty() { name.to_string() } else { format!("{above}.{name}") };
        if let Some(kind) = kind_of(&path) {
            check_value(&path, owner, kind, value)?;
        }
    }
    Ok(())
}

fn check_value(path: &str, owner: &str, kind: &str, value: &Value) -> Result<(), String> {
    let got = match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => return Ok(()),
    };
    let wrong = |want: &str| {
        Err(format!("json: cannot unmarshal {got} into Go struct field {owner}.{path} of type {want}"))
    };
    match (kind, got) {
        ("x", _) | ("i" | "i64" | "f", "number") | ("s" | "string", "string") | ("b" | "bool", "bool") => {
            Ok(())
        }
        ("d", "string") => go::duration(value.as_str().unwrap_or("")).map(drop),
        ("i", _) => wrong("int32"),
        ("i64", _) => wrong("int64"),
        ("f", _) => wrong("float64"),
        ("s" | "string" | "d", _) => wrong("string"),
        ("b" | "bool", _) => wrong("bool"),
        (kind, got) => check_compound(path, owner, kind, (got, value)).unwrap_or_else(|| {
            let named = kind.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
            wrong(&named.map_or_else(|| kind.to_owned(), |it| format!("v1beta1.{it}")))
        }),
    }
}

/// Structs, lists and maps; `None` when the value is none of its kind.
fn check_compound(
    path: &str,
    owner: &str,
    kind: &str,
    (got, value): (&str, &Value),
) -> Option<Result<(), String>> {
    if let Some(inner) = kind.strip_prefix('{') {
        return (got == "object").then(|| check_struct(path, inner.trim_end_matches('}'), value));
    }
    if let Some(element) = kind.strip_prefix("[]") {
        let items = value.as_array()?;
        let plain = matches!(element, "string");
        return Some(match plain {
            true => items.iter().try_for_each(|it| check_value(path, owner, element, it)),
            false => Ok(()),
        });
    }
    let element = kind.strip_prefix("map[string]")?;
    let members = value.as_object()?;
    let plain = matches!(element, "string" | "bool");
    Some(match plain {
        true => members.values().try_for_each(|it| check_value(path, owner, element, it)),
        false => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(config: &Value, want: &str) {
        assert_eq!(check_types(config).err().unwrap_or_default(), want);
    }

    #[test]
    fn values_of_other_types_are_told_as_go_does() {
        check(
            &json!({"healthzPort": 10248, "clusterDNS": ["10.96.0.10"], "authentication": {"anonymous": {"enabled": true}}}),
            "",
        );
        check(
            &json!({"healthzPort": "ten"}),
            "json: cannot unmarshal string into Go struct field KubeletConfiguration.healthzPort of type int32",
        );
        check(
            &json!({"clusterDNS": "10.96.0.10"}),
            "json: cannot unmarshal string into Go struct field KubeletConfiguration.clusterDNS of type []string",
        );
        check(
            &json!({"authentication": {"anonymous": {"enabled": "no"}}}),
            "json: cannot unmarshal string into Go struct field KubeletAnonymousAuthentication.authentication.anonymous.enabled of type bool",
        );
        check(&json!({"syncFrequency": "5x"}), "time: unknown unit \"x\" in duration \"5x\"");
    }

    #[test]
    fn unknown_fields_have_their_path() {
        let config = json!({"clusterDns": [], "authentication": {"x509": {"clientCAfile": "/x"}}});
        assert_eq!(unknown_fields(&config), ["authentication.x509.clientCAfile", "clusterDns"]);
    }
}
