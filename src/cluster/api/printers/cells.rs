//! What cells are made of: ages, selectors, label lists, clipped lists.

use std::collections::BTreeMap;

use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, entries, field, list, text};
use crate::sim::{SimTime, short_human_duration};

/// How long ago the time at `pointer` was; `<unknown>` when it is not set.
pub(super) fn since(object: &Value, pointer: &str, now: SimTime) -> String {
    age_of(text(object, pointer), now)
}

/// How long ago an RFC 3339 time was; `<unknown>` for anything else.
pub(super) fn age_of(stamp: &str, now: SimTime) -> String {
    SimTime::parse_rfc3339(stamp)
        .map_or_else(|| "<unknown>".to_owned(), |then| short_human_duration(now.since(then)))
}

/// The AGE cell.
pub(super) fn age(object: &Value, now: SimTime) -> Value {
    since(object, "/metadata/creationTimestamp", now).into()
}

/// `text`, or `otherwise` when it is empty.
pub(super) fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

/// A scalar as Go's `%v` prints it: strings bare.
pub(super) fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Names and images of the containers of a pod spec, each joined by commas.
pub(super) fn containers(pod_spec: &Value) -> [Value; 2] {
    ["name", "image"].map(|key| {
        let all: Vec<&str> = list(pod_spec, "/containers").iter().map(|it| field(it, key)).collect();
        all.join(",").into()
    })
}

/// A string map as `a=b,c=d`, or `<none>`.
pub(super) fn labels(tree: &Value, pointer: &str) -> String {
    let pairs: Vec<String> =
        entries(tree, pointer).map(|(key, value)| format!("{key}={}", scalar(value))).collect();
    if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
}

/// A `LabelSelector` as its requirements in key order; empty when it has none.
pub(super) fn selector(tree: &Value, pointer: &str) -> String {
    let mut requirements: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Some(selector) = at(tree, pointer) else { return String::new() };
    for (key, value) in entries(selector, "/matchLabels") {
        requirements.entry(key.clone().into()).or_default().push(format!("{key}={}", scalar(value)));
    }
    for expression in list(selector, "/matchExpressions") {
        let key = field(expression, "key").to_owned();
        let words = requirement(&key, expression);
        requirements.entry(key).or_default().push(words);
    }
    requirements.into_values().flatten().collect::<Vec<_>>().join(",")
}

fn requirement(key: &str, expression: &Value) -> String {
    let mut values: Vec<String> = list(expression, "/values").iter().map(scalar).collect();
    values.sort();
    match field(expression, "operator") {
        "In" => format!("{key} in ({})", values.join(",")),
        "NotIn" => format!("{key} notin ({})", values.join(",")),
        "DoesNotExist" => format!("!{key}"),
        _ => key.to_owned(),
    }
}

/// [`selector`], or `<none>` when it selects nothing in particular.
pub(super) fn selector_or_none(tree: &Value, pointer: &str) -> String {
    or(&selector(tree, pointer), "<none>").to_owned()
}

/// The first `max` of a list joined by commas, and how many more there are.
pub(super) fn clipped(all: &[String], max: usize, separator: &str) -> String {
    if all.len() <= max {
        return all.join(separator);
    }
    let shown: Vec<&str> = all.iter().take(max).map(String::as_str).collect();
    format!("{} + {} more...", shown.join(separator), all.len() - max)
}

/// `True`, `False`, or `<unset>` for an absent boolean.
pub(super) fn title_bool(tree: &Value, pointer: &str) -> &'static str {
    match at(tree, pointer).and_then(Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    }
}

/// Whether the condition `kind` stands at `True`.
pub(super) fn condition_true(object: &Value, kind: &str) -> bool {
    any_true(list(object, "/status/conditions"), kind)
}

/// As [`condition_true`], of conditions that were looked up.
pub(super) fn any_true(conditions: &[Value], kind: &str) -> bool {
    conditions.iter().any(|it| field(it, "type") == kind && field(it, "status") == "True")
}

/// Access modes by their short names, in the order of the API's own list.
pub(super) fn access_modes(tree: &Value, pointer: &str) -> String {
    const MODES: [(&str, &str); 4] = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let given = list(tree, pointer);
    let short: Vec<&str> =
        MODES.iter().filter(|(mode, _)| given.iter().any(|it| it == mode)).map(|(_, short)| *short).collect();
    short.join(",")
}
