//! JSON with its members in the order of Go's structs, as Go programs write typed objects.
//!
//! Objects that came over the wire as trees have sorted members instead; who prints which is not
//! known here.

use super::{Schema, definition};
use crate::apimachinery::go;
use crate::apimachinery::json::{Key, Map, Value};
use crate::apimachinery::object::Gvk;

/// Compact JSON of an object, its members in Go's order.
pub(crate) fn go_json(object: &Value) -> String {
    write(object, None)
}

/// As [`go_json`], a line a member.
pub(crate) fn go_json_indent(object: &Value, indent: &str) -> String {
    write(object, Some(indent))
}

/// The members of a value of type `schema` in Go's order; sorted where there is none.
pub(crate) fn go_order<'a>(schema: Option<&Schema>, map: &'a Map) -> Vec<(&'a Key, &'a Value)> {
    let order = schema.map(|schema| schema.real().order.as_slice()).unwrap_or_default();
    let mut members: Vec<(&Key, &Value)> = map.iter().collect();
    let place = |name: &Key| order.iter().position(|it| it == name).unwrap_or(order.len());
    members.sort_by_key(|(name, _)| place(name));
    members
}

/// The type of a member, or of what a list or map holds.
pub(crate) fn inner_type<'a>(schema: Option<&'a Schema>, name: &str) -> Option<&'a Schema> {
    let schema = schema?;
    schema.property(name).or(schema.element())
}

struct Writer<'a> {
    out: String,
    indent: Option<&'a str>,
}

fn write(object: &Value, indent: Option<&str>) -> String {
    let mut writer = Writer { out: String::new(), indent };
    writer.root(object, 0);
    writer.out
}

/// What lists have in common.
const LIST_ORDER: &[&str] = &["kind", "apiVersion", "metadata", "items"];

/// Documents that the API server writes about itself.
const DOCUMENTS: &[&str] = &[
    "APIVersions",
    "APIGroupList",
    "APIGroup",
    "APIResourceList",
    "Table",
    "Status",
    "APIGroupDiscoveryList",
];

/// Their members in the order of Go's structs; the version's are among them.
const DOCUMENT: &[&str] = &[
    "kind",
    "apiVersion",
    "metadata",
    "groupVersion",
    "name",
    "versions",
    "preferredVersion",
    "serverAddressByClientCIDRs",
    "groups",
    "resources",
    "columnDefinitions",
    "rows",
    "items",
    "status",
    "message",
    "reason",
    "details",
    "code",
    "major",
    "minor",
    "emulationMajor",
    "emulationMinor",
    "minCompatibilityMajor",
    "minCompatibilityMinor",
    "gitVersion",
    "gitCommit",
    "gitTreeState",
    "buildDate",
    "goVersion",
    "compiler",
    "platform",
];

/// The order within their parts.
const PART: &[&str] = &[
    "metadata",
    "name",
    "singularName",
    "namespaced",
    "group",
    "groupVersion",
    "version",
    "kind",
    "verbs",
    "shortNames",
    "categories",
    "storageVersionHash",
    "versions",
    "preferredVersion",
    "clientCIDR",
    "serverAddress",
    "type",
    "format",
    "description",
    "priority",
    "cells",
    "object",
    "uid",
    "causes",
    "reason",
    "message",
    "field",
    "resource",
    "responseKind",
    "scope",
    "singularResource",
    "subresource",
    "subresources",
    "resources",
    "freshness",
];

fn is_document(map: &Map) -> bool {
    let kind = map.get("kind").and_then(Value::as_str).unwrap_or("");
    DOCUMENTS.contains(&kind) || (map.contains_key("gitVersion") && map.contains_key("platform"))
}

impl Writer<'_> {
    fn root(&mut self, object: &Value, level: usize) {
        let schema = definition(&Gvk::of(object));
        match object {
            Value::Object(map) if schema.is_none() && map.contains_key("items") => {
                let mut members: Vec<(&Key, &Value)> = map.iter().collect();
                let place =
                    |name: &str| LIST_ORDER.iter().position(|it| *it == name).unwrap_or(LIST_ORDER.len());
                members.sort_by_key(|(name, _)| place(name));
                self.members(&members, level, |writer, name, value, level| match value {
                    Value::Array(items) if name == "items" => writer.items(items, level, Self::root),
                    value => writer.value(None, value, level),
                });
            }
            Value::Object(map) if schema.is_none() && is_document(map) => self.document(map, level),
            object => self.value(schema, object, level),
        }
    }

    /// A document of the API itself, which has no schema.
    fn document(&mut self, map: &Map, level: usize) {
        let place = |name: &Key| DOCUMENT.iter().position(|it| it == name).unwrap_or(DOCUMENT.len());
        let mut members: Vec<(&Key, &Value)> = map.iter().collect();
        members.sort_by_key(|(name, _)| place(name));
        self.members(&members, level, |writer, _, value, level| writer.part(value, level));
    }

    fn part(&mut self, value: &Value, level: usize) {
        match value {
            Value::Object(map) if map.contains_key("apiVersion") => self.root(value, level),
            Value::Object(map) => {
                let place = |name: &Key| PART.iter().position(|it| it == name).unwrap_or(PART.len());
                let mut members: Vec<(&Key, &Value)> = map.iter().collect();
                members.sort_by_key(|(name, _)| place(name));
                self.members(&members, level, |writer, _, value, level| writer.part(value, level));
            }
            Value::Array(items) => self.items(items, level, Self::part),
            scalar => self.out.push_str(&go::json(scalar)),
        }
    }

    fn value(&mut self, schema: Option<&Schema>, value: &Value, level: usize) {
        match value {
            Value::Object(map) => {
                let members = go_order(schema, map);
                self.members(&members, level, |writer, name, value, level| {
                    writer.value(inner_type(schema, name), value, level);
                });
            }
            Value::Array(items) => {
                let element = schema.and_then(Schema::element);
                self.items(items, level, |writer, item, level| writer.value(element, item, level));
            }
            scalar => self.out.push_str(&go::json(scalar)),
        }
    }

    fn members(
        &mut self,
        members: &[(&Key, &Value)],
        level: usize,
        write: impl Fn(&mut Self, &str, &Value, usize),
    ) {
        if members.is_empty() {
            self.out.push_str("{}");
            return;
        }
        self.out.push('{');
        for (at, (name, value)) in members.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.line(level + 1);
            self.out.push_str(&go::json(&Value::from(name.as_str())));
            self.out.push_str(if self.indent.is_some() { ": " } else { ":" });
            write(self, name, value, level + 1);
        }
        self.line(level);
        self.out.push('}');
    }

    fn items(&mut self, items: &[Value], level: usize, write: impl Fn(&mut Self, &Value, usize)) {
        if items.is_empty() {
            self.out.push_str("[]");
            return;
        }
        self.out.push('[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            self.line(level + 1);
            write(self, item, level + 1);
        }
        self.line(level);
        self.out.push(']');
    }

    fn line(&mut self, level: usize) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.push_str(&indent.repeat(level));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn members_stand_as_in_gos_structs() {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"b": "1", "a": "<"}, "name": "t"}, "status": {},
            "spec": {"containers": [{"image": "busybox", "name": "t", "resources": {}}], "dnsPolicy": "ClusterFirst"},
        });
        assert_eq!(
            go_json(&pod),
            r#"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"t","labels":{"a":"\u003c","b":"1"}},"#
                .to_owned()
                + r#""spec":{"containers":[{"name":"t","image":"busybox","resources":{}}],"dnsPolicy":"ClusterFirst"},"#
                + r#""status":{}}"#
        );
        let list = json!({"apiVersion": "v1", "items": [pod], "kind": "PodList", "metadata": {}});
        assert!(
            go_json(&list)
                .starts_with(r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"kind":"Pod","#)
        );
        assert_eq!(
            go_json_indent(&json!({"a": [], "b": {"c": 1}}), "  "),
            "{\n  \"a\": [],\n  \"b\": {\n    \"c\": 1\n  }\n}"
        );
    }
}
