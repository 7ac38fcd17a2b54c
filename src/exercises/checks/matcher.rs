//! What a field may be asked to be.

use crate::apimachinery::json::{Key, Value};
use crate::apimachinery::jsonpath;
use crate::apimachinery::quantity::Quantity;

/// The keys of a matcher that is written as a map.
const KEYS: &[&str] = &[
    "equals",
    "not",
    "contains",
    "lacks",
    "set_equals",
    "quantity",
    "absent",
    "present",
    "regex",
    "at_least",
    "at_most",
    "one_of",
];

/// Checks that a matcher can be understood.
pub(super) fn validate(matcher: &Value) -> Result<(), String> {
    let Some(key) = operator(matcher) else { return Ok(()) };
    if key == "regex" {
        let pattern = matcher.get(key).and_then(Value::as_str).unwrap_or("");
        regex::Regex::new(pattern).map_err(|error| format!("regex: {error}"))?;
    }
    Ok(())
}

/// The operator of a map with exactly one key that is one; other values are compared as they are.
fn operator(matcher: &Value) -> Option<&str> {
    let map = matcher.as_object().filter(|map| map.len() == 1)?;
    map.keys().next().map(Key::as_str).filter(|key| KEYS.contains(key))
}

/// The values at a path of an object: kubectl's JSONPath without the braces.
pub(super) fn values(object: &Value, path: &str) -> Result<Vec<Value>, String> {
    let path = path.trim_start_matches('.');
    let template = jsonpath::Template::parse(&format!("{{.{path}}}"))?;
    Ok(template.find(object).into_iter().cloned().collect())
}

/// True when what stands at `path` of `object` is as `matcher` says.
pub(super) fn holds(object: &Value, path: &str, matcher: &Value) -> bool {
    let found: Vec<Value> =
        values(object, path).unwrap_or_default().into_iter().filter(|it| !it.is_null()).collect();
    // A path with a star stands for all that it finds; any other for the one value.
    let many = path.contains('*') || path.contains("[?");
    let value = if many { Some(Value::from(found)) } else { found.into_iter().next() };
    matches(value.as_ref(), matcher)
}

/// True when `value` is as `matcher` says; `None` is an absent field.
pub(super) fn matches(value: Option<&Value>, matcher: &Value) -> bool {
    let Some(key) = operator(matcher) else { return same(value, matcher) };
    let wanted = matcher.get(key).unwrap_or(&Value::Null);
    match key {
        "equals" => same(value, wanted),
        "not" => !matches(value, wanted),
        "absent" => is_absent(value) == wanted.as_bool().unwrap_or(true),
        "present" => is_absent(value) != wanted.as_bool().unwrap_or(true),
        "one_of" => items(Some(wanted)).iter().any(|one| same(value, one)),
        "contains" => contains(value, wanted),
        "lacks" => !items_or_self(wanted).iter().any(|one| contains(value, one)),
        "set_equals" => set_equals(value, wanted),
        "quantity" => quantity(value) == quantity(Some(wanted)) && value.is_some(),
        "at_least" => compare(value, wanted).is_some_and(std::cmp::Ordering::is_ge),
        "at_most" => compare(value, wanted).is_some_and(std::cmp::Ordering::is_le),
        "regex" => {
            let pattern = regex::Regex::new(wanted.as_str().unwrap_or(""));
            pattern.is_ok_and(|pattern| value.map(plain).is_some_and(|text| pattern.is_match(&text)))
        }
        _ => false,
    }
}

fn is_absent(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(items)) => items.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(_) => false,
    }
}

/// Equal, with numbers and texts of the same look counted as equal.
fn same(value: Option<&Value>, wanted: &Value) -> bool {
    match (value, wanted) {
        (None, Value::Null | Value::Bool(false)) => true,
        (None, _) => false,
        (Some(value), wanted) if value == wanted => true,
        (Some(Value::Array(found)), wanted) if !wanted.is_array() => {
            matches!(found.as_slice(), [one] if same(Some(one), wanted))
        }
        (Some(value), wanted)
            if value.is_object() || value.is_array() || wanted.is_object() || wanted.is_array() =>
        {
            false
        }
        (Some(value), wanted) => plain(value) == plain(wanted),
    }
}

fn items(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}

fn items_or_self(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}

/// A list has the item (or all of a list of items), a text has the part, a map has the entries.
fn contains(value: Option<&Value>, wanted: &Value) -> bool {
    match value {
        Some(Value::Array(found)) => {
            items_or_self(wanted).iter().all(|one| found.iter().any(|it| part_of(one, it)))
        }
        Some(map @ Value::Object(_)) => part_of(wanted, map),
        Some(Value::String(text)) => text.contains(plain(wanted).as_str()),
        _ => false,
    }
}

/// Every entry of `wanted` stands in `found`; other values are equal.
fn part_of(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.iter().all(|(key, value)| found.get(key).is_some_and(|it| part_of(value, it)))
        }
        _ => same(Some(found), wanted),
    }
}

fn set_equals(value: Option<&Value>, wanted: &Value) -> bool {
    let sorted = |value: Vec<Value>| {
        let mut all: Vec<String> = value.iter().map(plain).collect();
        all.sort();
        all.dedup();
        all
    };
    sorted(items(value)) == sorted(items(Some(wanted)))
}

fn quantity(value: Option<&Value>) -> Option<i64> {
    value.and_then(|value| Quantity::parse(&plain(value)).ok()).map(|it| it.as_milli())
}

fn compare(value: Option<&Value>, wanted: &Value) -> Option<std::cmp::Ordering> {
    Some(quantity(value)?.cmp(&quantity(Some(wanted))?))
}

/// A value as a person would write it.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    }
}

/// A matcher in words.
pub(super) fn words(matcher: &Value) -> String {
    match operator(matcher) {
        None => plain(matcher),
        Some("equals") => plain(matcher.get("equals").unwrap_or(&Value::Null)),
        Some(key @ ("absent" | "present")) => key.to_owned(),
        Some(key) => format!("{} {}", key.replace('_', " "), plain(matcher.get(key).unwrap_or(&Value::Null))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(path: &str, matcher: Value, want: bool) {
        let object = json!({
            "spec": {"replicas": 3, "memory": "1Gi", "ports": [{"port": 80}, {"port": 443}], "hosts": ["a", "b"]},
            "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
        });
        assert_eq!(holds(&object, path, &matcher), want, "{path} {matcher}");
    }

    #[test]
    fn matchers_say_what_they_mean() {
        check("spec.replicas", json!(3), true);
        check("spec.replicas", json!("3"), true);
        check("spec.replicas", json!({"at_least": 4}), false);
        check("spec.memory", json!({"quantity": "1024Mi"}), true);
        check("spec.hosts", json!({"set_equals": ["b", "a"]}), true);
        check("spec.hosts", json!({"contains": "c"}), false);
        check("spec.hosts", json!({"lacks": "c"}), true);
        check("spec.ports", json!({"contains": {"port": 443}}), true);
        check("spec.ports[*].port", json!({"set_equals": [443, 80]}), true);
        check("spec.nothing", json!({"absent": true}), true);
        check("spec.nothing", json!(false), true);
        check("metadata.labels.app\\.kubernetes\\.io/name", json!({"regex": "^w"}), true);
        check("spec.replicas", json!({"not": {"one_of": [1, 2]}}), true);
    }
}
