//! YAML in and out, as sigs.k8s.io/yaml does it. The only file that knows which library parses YAML.
//!
//! Input has YAML 1.1 scalars (`yes`, `on`, `0644`), as kubectl reads them; the library knows only
//! those of YAML 1.2, so plain ones are looked at again in [`scalar`]. Output is written by [`emit`].

mod emit;
mod scalar;

use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess, Visitor,
};

pub(crate) use emit::to_string;

use crate::apimachinery::json::{Key, Map, Value};
use crate::sim::memo::Memo;

/// Every document of a stream, as JSON trees; empty documents are left out.
///
/// # Errors
/// `error converting YAML to JSON: yaml: line 7: did not find expected key`
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    if !REMEMBERED.contains(&text.len()) {
        return read(text);
    }
    READ.get(text, || read(text))
}

/// Lengths in bytes of texts that are worth remembering: manifests, kubeconfigs, configurations.
const REMEMBERED: std::ops::Range<usize> = 256..65_536;

static READ: Memo<Result<Vec<Value>, String>> = Memo::new(64);

fn read(text: &str) -> Result<Vec<Value>, String> {
    let stream = stream(text);
    match stream.error {
        None => Ok(stream.documents),
        Some(error) => Err(error),
    }
}

/// As [`documents`], with the scalars of go-yaml v3, to which `yes` and `on` are texts: what kustomize reads.
///
/// # Errors
/// As [`documents`].
pub(crate) fn documents_v3(text: &str) -> Result<Vec<Value>, String> {
    let stream = yaml_stream(text, Words::Texts);
    match stream.error {
        None => Ok(stream.documents),
        Some(error) => Err(error),
    }
}

/// What words such as `yes` and `off` are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    Flags,
    Texts,
}

/// What a reader gets out of a stream: documents up to the first broken one.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Stream {
    /// Documents that are not empty.
    pub(crate) documents: Vec<Value>,
    /// Why reading stopped.
    pub(crate) error: Option<String>,
}

/// Reads a stream of YAML documents, or of JSON objects, as kubectl's decoder does.
pub(crate) fn stream(text: &str) -> Stream {
    let mut stream = Stream::default();
    if text.trim_start().starts_with('{') {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
        let mut error = None;
        for value in &mut values {
            match value {
                Ok(value) => stream.documents.push(value),
                Err(failure) => {
                    // The reader would give the same failure again and again.
                    error = Some(failure);
                    break;
                }
            }
        }
        let Some(error) = error else { return stream };
        // What is no JSON may still be YAML in flow style, unless JSON came before.
        if stream.documents.len() > 1 {
            stream.error = Some(json_error(text, &error));
            return stream;
        }
        let mut yaml = yaml_stream(text, Words::Flags);
        if yaml.error.is_some() {
            yaml.error = Some(json_error(text, &error));
        }
        return yaml;
    }
    yaml_stream(text, Words::Flags)
}

fn yaml_stream(text: &str, words: Words) -> Stream {
    let mut stream = Stream::default();
    for part in split(text) {
        let document = part.and_then(|text| read_document(&text, words));
        match document {
            Ok(Value::Null) => {}
            Ok(value) => stream.documents.push(value),
            Err(error) => {
                stream.error = Some(error);
                break;
            }
        }
    }
    stream
}

/// The texts between lines that start with `---`.
fn split(text: &str) -> Vec<Result<String, String>> {
    let mut parts = Vec::new();
    let mut part = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                parts.push(Err(format!("invalid Yaml document separator: {rest}")));
                return parts;
            }
            if !part.is_empty() {
                parts.push(Ok(std::mem::take(&mut part)));
                continue;
            }
        }
        part.push_str(line);
        part.push('\n');
    }
    if !part.is_empty() {
        parts.push(Ok(part));
    }
    parts
}

/// One document.
///
/// # Errors
/// `error converting YAML to JSON: yaml: line 7: did not find expected key`
pub(crate) fn document(text: &str) -> Result<Value, String> {
    read_document(text, Words::Flags)
}

fn read_document(text: &str, words: Words) -> Result<Value, String> {
    Node { text, words }.deserialize(serde_yaml::Deserializer::from_str(text)).map_err(|error| {
        format!("error converting YAML to JSON: yaml: {}", go_sentence(text, &error.to_string()))
    })
}

/// A key that stands twice in one map, which [`documents`] lets pass as kubectl does.
pub(crate) fn doubled_key(text: &str) -> Option<String> {
    let error = serde_yaml::from_str::<serde_yaml::Value>(text).err()?.to_string();
    let (_, rest) = error.split_once("duplicate entry with key ")?;
    let quoted = rest.strip_prefix('"').and_then(|it| it.split('"').next());
    Some(quoted.unwrap_or(rest.split(' ').next().unwrap_or(rest)).to_owned())
}

/// What the parser (not the scanner) complains of. go-yaml counts these lines from zero.
const PARSER_PROBLEMS: &[&str] = &[
    "did not find expected",
    "found undefined tag handle",
    "found duplicate %",
    "found incompatible YAML document",
];

/// `did not find expected key at line 8 column 4, while …` as `line 7: did not find expected key`.
///
/// Of the first line go-yaml says nothing at all.
fn go_sentence(text: &str, error: &str) -> String {
    let what = error.split(", while ").next().unwrap_or(error);
    let (problem, rest) = what.split_once(" at line ").unwrap_or((what, ""));
    // Lines are counted from zero, and the scanner's, but not the parser's, are then told from one.
    let line = |text: &str| -> usize {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().unwrap_or(0).saturating_sub(1)
    };
    if problem == "unknown anchor" {
        return format!("unknown anchor '{}' referenced", anchor_at(text, rest));
    }
    let of_parser = PARSER_PROBLEMS.iter().any(|start| problem.starts_with(start));
    match line(rest) {
        0 => problem.to_owned(),
        line => format!("line {}: {problem}", if of_parser { line } else { line + 1 }),
    }
}

/// The name at `1 column 4` of the text, where an alias stands.
fn anchor_at<'a>(text: &'a str, place: &str) -> &'a str {
    let mut numbers = place.split(|c: char| !c.is_ascii_digit()).filter_map(|it| it.parse::<usize>().ok());
    let line = text.lines().nth(numbers.next().unwrap_or(1).saturating_sub(1)).unwrap_or("");
    let alias = line.get(numbers.next().unwrap_or(1).saturating_sub(1)..).unwrap_or("");
    let name = alias.trim_start_matches('*');
    name.split(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}')).next().unwrap_or("")
}

fn json_error(text: &str, error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected EOF".to_owned();
    }
    let before: usize = text.lines().take(error.line().saturating_sub(1)).map(|line| line.len() + 1).sum();
    let offset = before + error.column();
    let found = text.get(offset.saturating_sub(1)..).and_then(|rest| rest.chars().next());
    match found {
        Some(c) => format!("json: offset {offset}: invalid character {c:?} looking for beginning of value"),
        None => "unexpected EOF".to_owned(),
    }
}

/// Reads one node of a document whose whole text is `text`.
#[derive(Clone, Copy)]
struct Node<'a> {
    text: &'a str,
    words: Words,
}

impl Node<'_> {
    /// Scalars that the library hands out as parts of the text are plain or quoted; the character
    /// before them tells.
    fn is_plain(self, part: &str) -> bool {
        let start = (part.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        match start.checked_sub(1).and_then(|before| self.text.as_bytes().get(before)) {
            Some(b'"' | b'\'') => false,
            _ => start < self.text.len(),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(scalar::float(number as f64))
    }

    fn visit_u128<E>(self, number: u128) -> Result<Value, E> {
        Ok(scalar::float(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(scalar::float(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value, E> {
        if !self.is_plain(text) {
            return Ok(text.into());
        }
        Ok(match scalar::resolve(text) {
            Value::Bool(_) if self.words == Words::Texts && !scalar::is_flag(text) => text.into(),
            // A day is read as the moment it begins.
            Value::String(_) if self.words == Words::Texts && scalar::is_day(text) => {
                format!("{text}T00:00:00Z").into()
            }
            found => found,
        })
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::from(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        while let Some(key) = access.next_key_seed(self)? {
            let value = access.next_value_seed(self)?;
            match key {
                Value::String(key) if key == "<<" => merged.push(value),
                key => entries.push((Key::from(key_text(&key).map_err(A::Error::custom)?), value)),
            }
        }
        let mut map = Map::from(entries);
        for value in merged {
            merge_into(&mut map, value);
        }
        Ok(Value::Object(map))
    }

    /// A local tag such as `!thing`; it does not change the value.
    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let (_, content) = access.variant_seed(Node { text: "", words: self.words })?;
        content.newtype_variant_seed(self)
    }
}

/// Keys become strings, as JSON needs them.
fn key_text(key: &Value) -> Result<String, String> {
    match key {
        Value::String(text) => Ok(text.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Number(number) => Ok(number.to_string()),
        other => {
            let kind = match other {
                Value::Array(_) => "[]interface {}",
                Value::Object(_) => "map[interface {}]interface {}",
                _ => "<nil>",
            };
            let shown = super::go::display(other);
            Err(format!("unsupported map key of type: {kind}, key: {shown}, value: "))
        }
    }
}

/// `<<: *anchor` adds what is not there yet.
fn merge_into(map: &mut Map, value: Value) {
    match value {
        Value::Object(other) => {
            for (key, value) in other {
                map.entry(key).or_insert(value);
            }
        }
        Value::Array(items) => items.into_iter().for_each(|item| merge_into(map, item)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn plain_words_are_those_of_yaml_1_1() {
        let text = "a: yes\nb: 'yes'\nc: on\nd: \"on\"\ne: 0644\nf: n\ng: [y, 'y']\ny: 1\nh: 1.0\ni: ~\nj: 1_000\nk: |-\n  yes\n";
        assert_eq!(
            document(text).unwrap(),
            json!({"a": true, "b": "yes", "c": true, "d": "on", "e": 420, "f": false, "g": [true, "y"],
                   "true": 1, "h": 1, "i": null, "j": 1000, "k": "yes"})
        );
    }

    #[test]
    fn streams_are_split_and_stop_at_the_first_fault() {
        assert_eq!(
            documents("---\na: 1\n---\n---\n# nothing\n---\nb: 2\n").unwrap(),
            [json!({"a": 1}), json!({"b": 2})]
        );
        assert_eq!(documents("{\"a\": 1}\n{\"b\": 2}").unwrap(), [json!({"a": 1}), json!({"b": 2})]);
        let stream = stream("a: 1\n---\nb: [\n");
        assert_eq!(stream.documents, [json!({"a": 1})]);
        assert!(stream.error.is_some());
    }

    #[test]
    fn anchors_and_merges() {
        let text = "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  k: 3\n";
        assert_eq!(document(text).unwrap()["b"], json!({"k": 3, "l": 2}));
    }

    #[test]
    fn errors_are_those_of_go_yaml() {
        let check = |text: &str, want: &str| {
            let want = format!("error converting YAML to JSON: yaml: {want}");
            assert_eq!(documents(text).unwrap_err(), want, "{text}");
        };
        check(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n  - name: c\n   image: nginx\n",
            "line 7: did not find expected key",
        );
        check(
            "apiVersion: v1\nkind: Pod\n\tmetadata:\n",
            "line 3: found a tab character that violates indentation",
        );
        check("a: 1\nb: c: d\n", "line 2: mapping values are not allowed in this context");
        check("a: *x\n", "unknown anchor 'x' referenced");
    }
}
