//! Selectors as control loops ask them: by the tree in a spec, about an object.

use crate::apimachinery::json::{Key, Value};
use crate::apimachinery::object;

/// True when a `metav1.LabelSelector` tree selects `object` by its labels. An absent or null selector
/// selects nothing, an empty one everything.
pub(crate) fn selects(selector: &Value, object: &Value) -> bool {
    let none = Value::Null;
    let labels = object.pointer("/metadata/labels").unwrap_or(&none);
    selects_labels(selector, labels)
}

/// The same about a map of labels.
pub(crate) fn selects_labels(selector: &Value, labels: &Value) -> bool {
    let equal = |(key, value): (&Key, &Value)| labels.get(key) == Some(value);
    selector.is_object()
        && object::entries(selector, "/matchLabels").all(equal)
        && object::list(selector, "/matchExpressions").iter().all(|it| holds(it, labels))
}

/// True when a plain map of labels, as Services and ReplicationControllers have it, selects `object`.
/// An empty map selects nothing.
pub(crate) fn map_selects(map: &Value, object: &Value) -> bool {
    let none = Value::Null;
    let labels = object.pointer("/metadata/labels").unwrap_or(&none);
    let Some(map) = map.as_object().filter(|map| !map.is_empty()) else { return false };
    map.iter().all(|(key, value)| labels.get(key) == Some(value))
}

fn holds(requirement: &Value, labels: &Value) -> bool {
    let value = labels.get(object::field(requirement, "key")).and_then(Value::as_str);
    let listed = value
        .is_some_and(|it| object::list(requirement, "/values").iter().any(|one| one.as_str() == Some(it)));
    match object::field(requirement, "operator") {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

/// A selector as Kubernetes writes it in messages: `app=web,tier in (a,b)`.
pub(crate) fn describe(selector: &Value) -> String {
    let labels = object::entries(selector, "/matchLabels");
    let mut parts: Vec<(String, String)> = labels
        .map(|(key, value)| (key.to_string(), format!("{key}={}", value.as_str().unwrap_or(""))))
        .collect();
    for it in object::list(selector, "/matchExpressions") {
        let key = object::field(it, "key");
        let mut values: Vec<&str> = object::list(it, "/values").iter().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        let text = match object::field(it, "operator") {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        };
        parts.push((key.to_owned(), text));
    }
    parts.sort();
    parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn labels_and_expressions_must_all_hold() {
        let labels = json!({"app": "web", "tier": "front"});
        let check =
            |selector: Value, want: bool| assert_eq!(selects_labels(&selector, &labels), want, "{selector}");
        check(json!({}), true);
        check(Value::Null, false);
        check(json!({"matchLabels": {"app": "web"}}), true);
        check(json!({"matchLabels": {"app": "db"}}), false);
        check(json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}), true);
        check(json!({"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["prod"]}]}), true);
        check(json!({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}), false);
    }
}
