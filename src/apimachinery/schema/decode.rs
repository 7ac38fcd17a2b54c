//! JSON bytes to an object of a built-in type: what Go's decoder would keep, and what it would say.
//!
//! Follows sigs.k8s.io/json, `encoding/json`'s error texts and the `omitempty` rules of the API
//! types: the result is what the API server would print back before defaulting.

use super::raw::Raw;
use super::{Schema, Shape, Write, scalar};
use crate::apimachinery::go;
use crate::apimachinery::json::{Map, Number, Value};
use crate::apimachinery::object::Gvk;

/// Go stops counting strict errors here.
const STRICT_ERRORS_MAX: usize = 100;

/// An object as a typed client would hold it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Decoded {
    /// Known fields only; quantities and times in canonical form, empty fields left out as Go does.
    pub(crate) object: Value,
    /// `unknown field "spec.foo"`, `duplicate field "spec.bar"`, in the order of the text.
    pub(crate) strict: Vec<String>,
}

impl Decoded {
    /// The sentence with which strict field validation refuses the object.
    pub(crate) fn strict_error(&self) -> Option<String> {
        if self.strict.is_empty() {
            return None;
        }
        Some(format!("strict decoding error: {}", self.strict.join(", ")))
    }
}

/// Reads a tree as the built-in kind `gvk`, as the server does after a strategic merge patch: the
/// same rules as [`strict_decode`] in the words of another converter.
///
/// # Errors
/// `unrecognized type: int32` and the like.
pub(crate) fn restore(gvk: &Gvk, object: &Value) -> Result<Decoded, String> {
    let Some(schema) = super::definition(gvk) else {
        return Ok(Decoded { object: object.clone(), strict: Vec::new() });
    };
    typed(schema, Raw::from(object), gvk, Words::Converter)
}

/// Reads JSON as the built-in kind `gvk`.
///
/// # Errors
/// What follows `cannot be handled as a Deployment: ` in the server's message.
pub(crate) fn strict_decode(gvk: &Gvk, bytes: &[u8]) -> Result<Decoded, String> {
    let raw: Raw = serde_json::from_slice(bytes).map_err(|error| syntax_error(bytes, &error))?;
    let Some(schema) = super::definition(gvk) else {
        return Ok(Decoded { object: raw.into_value(), strict: Vec::new() });
    };
    typed(schema, raw, gvk, Words::Json)
}

fn typed(schema: &Schema, raw: Raw, gvk: &Gvk, words: Words) -> Result<Decoded, String> {
    let mut walk = Walk::new(schema.go_struct(), words);
    let mut object = walk.value(schema, raw).unwrap_or(Value::Null);
    if let Some(error) = walk.error {
        return Err(error);
    }
    if let Value::Object(map) = &mut object {
        map.insert("apiVersion".into(), gvk.api_version().into());
        map.insert("kind".into(), gvk.kind.as_str().into());
    }
    Ok(Decoded { object, strict: walk.strict })
}

/// Holds `metadata` against its type, as clients do that know only that part of an object.
///
/// # Errors
/// `json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string`
pub(crate) fn check_metadata(object: &Value) -> Result<(), String> {
    let Some(schema) = super::by_name("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta") else {
        return Ok(());
    };
    let Some(metadata) = object.get("metadata") else { return Ok(()) };
    let mut walk = Walk::new("PartialObjectMetadata", Words::Json);
    walk.go_path.push("metadata");
    walk.value(schema, Raw::from(metadata));
    walk.error.map_or(Ok(()), Err)
}

/// Go's sentence for text that is not JSON.
pub(super) fn syntax_error(bytes: &[u8], error: &serde_json::Error) -> String {
    crate::apimachinery::go_json::syntax_error(bytes).unwrap_or_else(|| error.to_string())
}

/// Whose sentences a type error gets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    /// `encoding/json`.
    Json,
    /// apimachinery's `runtime` converter.
    Converter,
}

/// One way through an object. The first type error counts, as in Go; strict errors all do.
struct Walk<'a> {
    words: Words,
    error: Option<String>,
    strict: Vec<String>,
    /// Where strict errors are: `spec`, `.containers`, `[0]` …
    strict_path: Vec<String>,
    /// Where type errors are: names of fields without indexes.
    go_path: Vec<&'a str>,
    /// The struct of the innermost field.
    go_struct: &'a str,
}

impl<'a> Walk<'a> {
    fn new(go_struct: &'a str, words: Words) -> Self {
        Self {
            words,
            error: None,
            strict: Vec::new(),
            strict_path: Vec::new(),
            go_path: Vec::new(),
            go_struct,
        }
    }

    fn fail(&mut self, error: String) {
        self.error.get_or_insert(error);
    }

    /// `json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type …`
    fn mismatch(&mut self, what: &str, go_type: &str) {
        let error = if self.go_path.is_empty() {
            format!("json: cannot unmarshal {what} into Go value of type {go_type}")
        } else {
            let path = self.go_path.join(".");
            let owner = self.go_struct;
            format!("json: cannot unmarshal {what} into Go struct field {owner}.{path} of type {go_type}")
        };
        self.fail(error);
    }

    fn strict_error(&mut self, what: &str, key: &str) {
        let path = self.strict_path.concat();
        let place = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let error = format!("{what} field {}", go::quote(&place));
        if self.strict.len() < STRICT_ERRORS_MAX && !self.strict.contains(&error) {
            self.strict.push(error);
        }
    }

    fn push_key(&mut self, key: &str) {
        let segment = if self.strict_path.is_empty() { key.to_owned() } else { format!(".{key}") };
        self.strict_path.push(segment);
    }

    /// What Go would hold; nothing for null.
    fn value(&mut self, schema: &'a Schema, raw: Raw) -> Option<Value> {
        let shape = schema.shape();
        match (shape, raw) {
            (Shape::Any, Raw::Null) | (_, Raw::Null) => None,
            (Shape::Any, raw) => Some(raw.into_value()),
            (Shape::Object, Raw::Object(members)) => Some(Value::Object(self.object(schema, members))),
            (Shape::Map, Raw::Object(members)) => Some(Value::Object(self.map(schema, members))),
            (Shape::List, Raw::List(items)) => Some(Value::from(self.list(schema, items))),
            (shape, raw) if self.words == Words::Converter && !takes(schema, &raw) => {
                self.fail(unconvertible(shape, schema, &raw));
                None
            }
            (Shape::Object | Shape::Map | Shape::List, raw) => {
                self.mismatch(&describe(&raw, false), &go_type(schema));
                None
            }
            (_, raw) => self.scalar(schema, raw),
        }
    }

    fn object(&mut self, schema: &'a Schema, members: Vec<(String, Raw)>) -> Map {
        let real = schema.real();
        let mut map = Map::new();
        let mut seen: Vec<&str> = Vec::with_capacity(members.len());
        for (key, raw) in members {
            let Some((name, property)) = real.properties.get_key_value(&key) else {
                self.strict_error("unknown", &key);
                continue;
            };
            if seen.contains(&name.as_str()) {
                self.strict_error("duplicate", &key);
            }
            seen.push(name);
            let outer = self.go_struct;
            self.go_struct = real.go_struct();
            let depth = self.go_path.len();
            if !property.facts.embedded_in.is_empty() {
                self.go_path.push(&property.facts.embedded_in);
            }
            self.go_path.push(name);
            self.push_key(&key);
            let value = self.value(property, raw);
            self.strict_path.pop();
            self.go_path.truncate(depth);
            self.go_struct = outer;
            match value {
                Some(value) => map.insert(key.into(), value),
                None => map.remove(&key),
            };
        }
        write_as_go(real, &mut map);
        map
    }

    fn map(&mut self, schema: &'a Schema, members: Vec<(String, Raw)>) -> Map {
        let mut map = Map::new();
        let Some(element) = schema.element() else { return map };
        for (key, raw) in members {
            if map.contains_key(&key) {
                self.strict_error("duplicate", &key);
            }
            self.push_key(&key);
            let value = self.value(element, raw).unwrap_or_else(|| zero(element));
            self.strict_path.pop();
            map.insert(key.into(), value);
        }
        map
    }

    fn list(&mut self, schema: &'a Schema, items: Vec<Raw>) -> Vec<Value> {
        let Some(element) = schema.element() else { return Vec::new() };
        let mut list = Vec::with_capacity(items.len());
        for (at, raw) in items.into_iter().enumerate() {
            self.strict_path.push(format!("[{at}]"));
            list.push(self.value(element, raw).unwrap_or_else(|| zero(element)));
            self.strict_path.pop();
        }
        list
    }

    fn scalar(&mut self, schema: &'a Schema, raw: Raw) -> Option<Value> {
        let what = describe(&raw, matches!(schema.shape(), Shape::Integer | Shape::IntOrString));
        match (schema.shape(), raw) {
            (Shape::Text, Raw::Text(text)) => Some(text.into()),
            (Shape::Boolean, Raw::Bool(flag)) => Some(flag.into()),
            (Shape::IntOrString, Raw::Text(text)) => Some(text.into()),
            (Shape::Number, Raw::Number(number)) => Some(number.into()),
            (Shape::Integer | Shape::IntOrString, Raw::Number(number)) if fits(schema, &number) => {
                Some(number.into())
            }
            (Shape::Bytes, Raw::Text(text)) => self.kept(scalar::base64(&text)),
            (Shape::Quantity, Raw::Text(text)) => self.kept(scalar::quantity(&text)),
            (Shape::Quantity, Raw::Number(number)) => self.kept(scalar::quantity(&number.to_string())),
            (Shape::Quantity, raw) => self.kept(scalar::quantity(&raw.into_value().to_string())),
            (Shape::Time, Raw::Text(text)) => self.kept(scalar::time(&text, false)),
            (Shape::MicroTime, Raw::Text(text)) => self.kept(scalar::time(&text, true)),
            (Shape::Time | Shape::MicroTime, _) => {
                self.mismatch(what.split(' ').next().unwrap_or(""), "string");
                None
            }
            (Shape::IntOrString, _) => {
                self.mismatch(&what, "int32");
                None
            }
            _ => {
                self.mismatch(&what, &go_type(schema));
                None
            }
        }
    }

    fn kept(&mut self, value: Result<Value, String>) -> Option<Value> {
        value.map_err(|error| self.fail(error)).ok()
    }
}

/// `string`, `number`, … ; numbers that an integer cannot hold are shown.
fn describe(raw: &Raw, into_integer: bool) -> String {
    match raw {
        Raw::Null => "null".to_owned(),
        Raw::Bool(_) => "bool".to_owned(),
        Raw::Number(number) if into_integer => format!("number {number}"),
        Raw::Number(_) => "number".to_owned(),
        Raw::Text(_) => "string".to_owned(),
        Raw::List(_) => "array".to_owned(),
        Raw::Object(_) => "object".to_owned(),
    }
}

fn fits(schema: &Schema, number: &Number) -> bool {
    let wide = schema.real().format == "int64";
    number.as_i64().is_some_and(|it| (wide && schema.shape() == Shape::Integer) || i32::try_from(it).is_ok())
}

/// Whether a scalar of the schema's shape can be read from `raw`; types with readers of their own take all.
fn takes(schema: &Schema, raw: &Raw) -> bool {
    match (schema.shape(), raw) {
        (Shape::Text, Raw::Text(_)) | (Shape::Boolean, Raw::Bool(_)) | (Shape::Number, Raw::Number(_)) => {
            true
        }
        (Shape::Integer, Raw::Number(number)) => fits(schema, number),
        (Shape::Object | Shape::Map | Shape::List | Shape::Text | Shape::Boolean, _) => false,
        (Shape::Number | Shape::Integer, _) => false,
        _ => true,
    }
}

/// The converter's sentence for a value of the wrong kind.
fn unconvertible(shape: Shape, schema: &Schema, raw: &Raw) -> String {
    let found = match raw {
        Raw::Null => "invalid",
        Raw::Bool(_) => "bool",
        Raw::Number(number) if number.is_f64() => "float64",
        Raw::Number(_) => "int64",
        Raw::Text(_) => "string",
        Raw::List(_) => "slice",
        Raw::Object(_) => "map",
    };
    match (shape, raw) {
        (Shape::Object, _) => format!("cannot restore struct from: {found}"),
        (Shape::Map, _) => format!("cannot restore map from {found}"),
        (Shape::List, _) => format!("cannot restore slice from {found}"),
        (Shape::Text | Shape::Integer, Raw::Number(_)) => {
            format!("cannot convert {found} to {}", go_type(schema))
        }
        (Shape::Text, _) => "unrecognized type: string".to_owned(),
        _ => format!("unrecognized type: {}", go_type(schema)),
    }
}

/// How Go names the type of a field.
pub(super) fn go_type(schema: &Schema) -> String {
    if !schema.facts.go_type.is_empty() {
        return schema.facts.go_type.clone();
    }
    let element = || schema.element().map_or_else(|| "interface {}".to_owned(), go_type);
    match schema.shape() {
        Shape::Object => qualified_go_name(&schema.real().name),
        Shape::Map => format!("map[string]{}", element()),
        Shape::List => format!("[]{}", element()),
        Shape::Integer if schema.format == "int64" => "int64".to_owned(),
        Shape::Integer => "int32".to_owned(),
        Shape::Number => "float64".to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Bytes => "[]uint8".to_owned(),
        Shape::Quantity => "resource.Quantity".to_owned(),
        Shape::IntOrString => "intstr.IntOrString".to_owned(),
        Shape::Time => "v1.Time".to_owned(),
        Shape::MicroTime => "v1.MicroTime".to_owned(),
        Shape::Text => "string".to_owned(),
        Shape::Any => "interface {}".to_owned(),
    }
}

/// `v1.PodSpec` of `io.k8s.api.core.v1.PodSpec`.
fn qualified_go_name(name: &str) -> String {
    let mut parts = name.rsplit('.');
    match (parts.next(), parts.next()) {
        (Some(name), Some(package)) => format!("{package}.{name}"),
        _ => name.to_owned(),
    }
}

/// Leaves out what Go's `omitempty` does, and puts in what it always writes.
fn write_as_go(schema: &Schema, map: &mut Map) {
    for (name, property) in &schema.properties {
        let empty_list = |value: &Value| is_empty_collection(value);
        match property.facts.write {
            Write::UnlessZero => {
                if map.get(name).is_some_and(is_zero) {
                    map.remove(name);
                }
            }
            Write::WhenSet => {}
            Write::Always => {
                let collection = matches!(property.shape(), Shape::List | Shape::Map);
                if !map.contains_key(name) || (collection && map.get(name).is_some_and(empty_list)) {
                    map.insert(name.clone().into(), zero(property));
                }
            }
            Write::AlwaysOrNull => {
                map.entry(name.clone()).or_insert(Value::Null);
            }
        }
    }
}

fn is_empty_collection(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        _ => false,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        other => is_empty_collection(other),
    }
}

/// The JSON of a type's zero value.
pub(crate) fn zero(schema: &Schema) -> Value {
    match schema.shape() {
        Shape::Object => {
            let mut map = Map::new();
            write_as_go(schema.real(), &mut map);
            Value::Object(map)
        }
        Shape::Text => "".into(),
        Shape::Integer | Shape::Number | Shape::IntOrString => 0.into(),
        Shape::Boolean => false.into(),
        Shape::Quantity => "0".into(),
        Shape::Map | Shape::List | Shape::Bytes | Shape::Time | Shape::MicroTime | Shape::Any => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    fn decode(group: &str, kind: &str, object: &Value) -> Result<Decoded, String> {
        strict_decode(&Gvk::new(group, "v1", kind), object.to_string().as_bytes())
    }

    #[track_caller]
    fn refused(group: &str, kind: &str, object: Value, want: &str) {
        let error = match decode(group, kind, &object) {
            Err(error) => error,
            Ok(decoded) => decoded.strict_error().unwrap_or_default(),
        };
        assert_eq!(error, want);
    }

    #[test]
    fn sentences_are_those_of_the_server() {
        refused(
            "apps",
            "Deployment",
            json!({"spec": {"replicas": "three"}}),
            "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        );
        refused(
            "",
            "Pod",
            json!({"spec": {"containers": [{"ports": [{"containerPort": "80"}]}]}}),
            "json: cannot unmarshal string into Go struct field ContainerPort.spec.containers.ports.containerPort \
             of type int32",
        );
        refused(
            "",
            "Pod",
            json!({"spec": {"tolerations": {}}}),
            "json: cannot unmarshal object into Go struct field PodSpec.spec.tolerations of type []v1.Toleration",
        );
        refused(
            "",
            "Pod",
            json!({"spec": {"nodeSelector": []}}),
            "json: cannot unmarshal array into Go struct field PodSpec.spec.nodeSelector of type map[string]string",
        );
        refused(
            "networking.k8s.io",
            "Ingress",
            json!({"spec": {"rules": [{"http": {"paths": {}}}]}}),
            "json: cannot unmarshal object into Go struct field \
             HTTPIngressRuleValue.spec.rules.IngressRuleValue.http.paths of type []v1.HTTPIngressPath",
        );
        refused(
            "",
            "Pod",
            json!({"spec": {"containers": [{"prots": []}], "foo": 1}}),
            "strict decoding error: unknown field \"spec.containers[0].prots\", unknown field \"spec.foo\"",
        );
        refused("", "Secret", json!({"data": {"a": "YWJj!"}}), "illegal base64 data at input byte 4");
        refused(
            "",
            "Pod",
            json!({"spec": {"containers": [{"resources": {"limits": {"cpu": "x"}}}]}}),
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
        );
    }

    #[test]
    fn repeated_fields_are_told() {
        let text =
            br#"{"spec": {"replicas": 1, "replicas": 2}, "metadata": {"labels": {"a": "b", "a": "c"}}}"#;
        let decoded = strict_decode(&Gvk::new("apps", "v1", "Deployment"), text).unwrap();
        assert_eq!(
            decoded.strict_error().unwrap(),
            "strict decoding error: duplicate field \"spec.replicas\", duplicate field \"metadata.labels.a\""
        );
    }

    #[test]
    fn objects_come_back_as_go_writes_them() {
        let pod = json!({
            "metadata": {"name": "a", "labels": {}, "creationTimestamp": null},
            "spec": {
                "hostNetwork": false, "terminationGracePeriodSeconds": 0, "nodeName": "",
                "containers": [{"name": "c", "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}}}],
            },
        });
        assert_eq!(
            decode("", "Pod", &pod).unwrap().object,
            json!({
                "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "status": {},
                "spec": {
                    "terminationGracePeriodSeconds": 0,
                    "containers": [{"name": "c", "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}}],
                },
            })
        );
        let role = decode("rbac.authorization.k8s.io", "Role", &json!({})).unwrap().object;
        assert_eq!(role["rules"], Value::Null);
    }

    #[test]
    fn metadata_is_checked_alone() {
        assert_eq!(
            check_metadata(&json!({"metadata": {"labels": {"a": true}}})).unwrap_err(),
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string"
        );
    }
}
