//! Where a description is written: indented lines whose tabs become columns at the end, and the
//! multi-line blocks that most kinds share (labels, annotations, taints, tolerations).

use std::fmt;

use crate::apimachinery::go;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{field, text};
use crate::sim::SimTime;
use crate::tools::kubectl::tabwriter;

/// 140. The longest `key: value` of an annotation that stays on one line, and the longest attribute.
///
/// Source: kubectl `pkg/describe/describe.go`, `maxAnnotationLen`.
const LINE_MAX: usize = 140;

/// kubectl keeps the manifest here; descriptions leave it out.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Lines at levels of two spaces each.
#[derive(Debug, Default)]
pub(super) struct Writer {
    text: String,
    /// Added to every level, for objects that are described inside others.
    nested: usize,
}

/// Writes formatted text at a level.
macro_rules! put {
    ($w:expr, $level:expr, $($format:tt)*) => { $w.put($level, format_args!($($format)*)) };
}
pub(super) use put;

impl Writer {
    /// Writes at a level. Escape characters are made visible, as kubectl does for terminals' sake.
    pub(super) fn put(&mut self, level: usize, what: fmt::Arguments<'_>) {
        let what = what.to_string().replace('\u{1b}', "^[").replace('\r', "\\r");
        self.text.extend(std::iter::repeat_n("  ", level + self.nested));
        self.text.push_str(&what);
    }

    /// Writes `what` and a newline, as Go's `WriteLine` does: only nested writers indent it.
    pub(super) fn line(&mut self, what: &str) {
        put!(self, 0, "{what}\n");
    }

    /// Lets `write` write `levels` deeper.
    pub(super) fn nested(&mut self, levels: usize, write: impl FnOnce(&mut Self)) {
        self.nested += levels;
        write(self);
        self.nested -= levels;
    }

    /// The text with its tabs, as `rollout history` prints templates.
    pub(super) fn raw(self) -> String {
        self.text
    }

    /// The text in columns.
    pub(super) fn finish(self) -> String {
        tabwriter::format(&self.text, &tabwriter::DESCRIBE)
    }

    /// `Labels:` and its like, one `key=value` a line.
    pub(super) fn labels(&mut self, title: &str, labels: Option<&Value>) {
        self.labels_indented("", title, labels);
    }

    /// As [`Self::labels`] with `indent` before every line.
    pub(super) fn labels_indented(&mut self, indent: &str, title: &str, labels: Option<&Value>) {
        put!(self, 0, "{indent}{title}:\t");
        let Some(map) = labels.and_then(Value::as_object).filter(|map| !map.is_empty()) else {
            return self.line("<none>");
        };
        for (i, (key, value)) in map.iter().enumerate() {
            if i != 0 {
                put!(self, 0, "{indent}");
                put!(self, 0, "\t");
            }
            put!(self, 0, "{key}={}\n", value.as_str().unwrap_or(""));
        }
    }

    /// `Annotations:`, without the one that `kubectl apply` keeps for itself.
    pub(super) fn annotations(&mut self, title: &str, annotations: Option<&Value>) {
        put!(self, 0, "{title}:\t");
        let map = annotations.and_then(Value::as_object).into_iter().flatten();
        let shown: Vec<_> = map.filter(|(key, _)| *key != LAST_APPLIED).collect();
        if shown.is_empty() {
            return self.line("<none>");
        }
        for (i, (key, value)) in shown.into_iter().enumerate() {
            if i != 0 {
                put!(self, 0, "\t");
            }
            self.annotation(key, value.as_str().unwrap_or(""));
        }
    }

    fn annotation(&mut self, key: &str, value: &str) {
        let value = value.strip_suffix('\n').unwrap_or(value);
        if value.len() + key.len() + 2 <= LINE_MAX && !value.contains('\n') {
            return put!(self, 0, "{key}: {value}\n");
        }
        put!(self, 0, "{key}:\n");
        for line in value.split('\n') {
            put!(self, 0, "\t  {}\n", shorten(line, LINE_MAX - 2));
        }
    }

    /// Attributes of a CSI volume, at level 2.
    pub(super) fn attributes(&mut self, title: &str, attributes: Option<&Value>) {
        put!(self, 2, "{title}:\t");
        let Some(map) = attributes.and_then(Value::as_object).filter(|map| !map.is_empty()) else {
            return self.line("<none>");
        };
        for (i, (key, value)) in map.iter().enumerate() {
            if i != 0 {
                put!(self, 2, "");
                put!(self, 2, "\t");
            }
            let line = format!("{key}={}", value.as_str().unwrap_or(""));
            put!(self, 2, "{}\n", shorten(&line, LINE_MAX));
        }
    }

    /// `Taints:`, by effect and key.
    pub(super) fn taints(&mut self, title: &str, taints: &[Value]) {
        let mut taints: Vec<&Value> = taints.iter().collect();
        taints.sort_by_key(|taint| format!("{},{}", field(taint, "effect"), field(taint, "key")));
        self.many(title, taints.into_iter().map(taint_text));
    }

    /// `Tolerations:`, by key.
    pub(super) fn tolerations(&mut self, title: &str, tolerations: &[Value]) {
        let mut tolerations: Vec<&Value> = tolerations.iter().collect();
        tolerations.sort_by_key(|toleration| field(toleration, "key"));
        self.many(title, tolerations.into_iter().map(toleration_text));
    }

    /// One value a line under a title; `<none>` when there is none.
    pub(super) fn many(&mut self, title: &str, values: impl IntoIterator<Item = String>) {
        put!(self, 0, "{title}:\t");
        let mut empty = true;
        for value in values {
            if !empty {
                put!(self, 0, "\t");
            }
            put!(self, 0, "{value}\n");
            empty = false;
        }
        if empty {
            self.line("<none>");
        }
    }

    /// `Name:`, `Namespace:` when asked for, `Labels:` and `Annotations:`.
    pub(super) fn head(&mut self, object: &Value, namespaced: bool) {
        put!(self, 0, "Name:\t{}\n", text(object, "/metadata/name"));
        if namespaced {
            put!(self, 0, "Namespace:\t{}\n", text(object, "/metadata/namespace"));
        }
        self.labels_and_annotations(object);
    }

    /// `Labels:` and `Annotations:` of an object.
    pub(super) fn labels_and_annotations(&mut self, object: &Value) {
        self.labels("Labels", object.pointer("/metadata/labels"));
        self.annotations("Annotations", object.pointer("/metadata/annotations"));
    }
}

/// At most `max` bytes and `...` when there is more.
fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let end = (0..=max).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    format!("{}...", text.get(..end).unwrap_or(text))
}

/// A taint as `kubectl taint` takes it.
pub(super) fn taint_text(taint: &Value) -> String {
    let (key, value, effect) = (field(taint, "key"), field(taint, "value"), field(taint, "effect"));
    match (effect.is_empty(), value.is_empty()) {
        (true, true) => key.to_owned(),
        (true, false) => format!("{key}={value}:"),
        (false, true) => format!("{key}:{effect}"),
        (false, false) => format!("{key}={value}:{effect}"),
    }
}

fn toleration_text(toleration: &Value) -> String {
    let (key, value, effect) =
        (field(toleration, "key"), field(toleration, "value"), field(toleration, "effect"));
    let mut text = key.to_owned();
    if !value.is_empty() {
        text += &format!("={value}");
    }
    if !effect.is_empty() {
        text += &format!(":{effect}");
    }
    if field(toleration, "operator") == "Exists" && value.is_empty() {
        text += if text.is_empty() { "op=Exists" } else { " op=Exists" };
    }
    if let Some(seconds) = toleration.get("tolerationSeconds").and_then(Value::as_i64) {
        text += &format!(" for {seconds}s");
    }
    text
}

/// `Fri, 20 Nov 2026 10:00:00 +0000`; Go's zero time when there is none.
pub(crate) fn rfc1123(time: &str) -> String {
    match SimTime::parse_rfc3339(time) {
        Some(time) => time.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        None => "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(),
    }
}

/// How long ago a time was, as the AGE columns say it; `<unknown>` when there is none.
pub(crate) fn since(time: &str, now: SimTime) -> String {
    match SimTime::parse_rfc3339(time) {
        Some(time) => crate::sim::short_human_duration(now.since(time)),
        None => "<unknown>".to_owned(),
    }
}

/// A value as Go's `%v` prints it; `<nil>` when there is none.
pub(super) fn go_value(value: Option<&Value>) -> String {
    value.map_or_else(|| "<nil>".to_owned(), go::display)
}

/// The strings of a list, joined.
pub(super) fn joined(list: &[Value], separator: &str) -> String {
    list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(separator)
}

/// `<none>` when a text is empty.
pub(super) fn or_none(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

/// A map as `a=b,c=d`; `<none>` when it is empty.
pub(crate) fn format_labels(map: Option<&Value>) -> String {
    let map = map.and_then(Value::as_object).into_iter().flatten();
    let pairs: Vec<String> =
        map.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or(""))).collect();
    or_none(&pairs.join(",")).to_owned()
}

/// The quantity at `key` of a resource list, in its canonical form; `0` when there is none.
pub(super) fn amount(list: Option<&Value>, key: &str) -> String {
    quantity_text(list.and_then(|list| list.get(key)))
}

/// A quantity in its canonical form; `0` when there is none.
pub(super) fn quantity_text(value: Option<&Value>) -> String {
    use crate::apimachinery::quantity::Quantity;
    match value {
        Some(Value::String(text)) => {
            Quantity::parse(text).map_or_else(|_| text.to_string(), |q| q.to_string())
        }
        Some(Value::Number(number)) => number.to_string(),
        _ => "0".to_owned(),
    }
}

/// A whole number or a string, as `IntOrString` prints it.
pub(super) fn int_or_string(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.to_string(),
        Some(Value::Number(number)) => number.to_string(),
        _ => "0".to_owned(),
    }
}

/// `True` or `False`; `<unset>` when there is none.
pub(super) fn bool_or_unset(value: Option<&Value>) -> &'static str {
    match value.and_then(Value::as_bool) {
        Some(true) => "True",
        Some(false) => "False",
        None => "<unset>",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn tolerations_read_as_kubectl_prints_them() {
        let all = [
            json!({"operator": "Exists"}),
            json!({"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}),
            json!({"key": "z", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
        ];
        let mut w = Writer::default();
        w.tolerations("Tolerations", &all);
        let want = "Tolerations:  op=Exists\n              a=b:NoSchedule\n              z:NoExecute op=Exists for 300s\n";
        assert_eq!(w.finish(), want);
    }

    #[test]
    fn values_print_as_go_does() {
        let value = json!({"b": [1, "x", 2.5], "a": null});
        assert_eq!(go_value(Some(&value)), "map[a:<nil> b:[1 x 2.5]]");
        assert_eq!(rfc1123("2026-11-20T09:33:55Z"), "Fri, 20 Nov 2026 09:33:55 +0000");
    }
}
