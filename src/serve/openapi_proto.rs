//! `/openapi/v2` in protocol buffers, which Go's clients ask for: the definitions of all types.
//!
//! Numbers of fields are those of gnostic's `OpenAPIv2.proto`. Paths are left out: clients read v3 for them.

use crate::apimachinery::json::Value;
use crate::apimachinery::object::{entries, field, list, text};

/// A message that is written field by field.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn number(&mut self, mut number: usize) {
        loop {
            let low = u8::try_from(number & 0x7f).unwrap_or(0);
            number >>= 7;
            if number == 0 {
                return self.0.push(low);
            }
            self.0.push(low | 0x80);
        }
    }

    /// A text or another message.
    fn put(&mut self, tag: usize, bytes: &[u8]) {
        self.number(tag << 3 | 2);
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn put_text(&mut self, tag: usize, words: &str) {
        if !words.is_empty() {
            self.put(tag, words.as_bytes());
        }
    }

    /// `{name: 1, value: 2}` as part of a list.
    fn put_named(&mut self, tag: usize, name: &str, value: &Message) {
        let mut pair = Self::default();
        pair.put_text(1, name);
        pair.put(2, &value.0);
        self.put(tag, &pair.0);
    }
}

/// A document of version 2 of the format.
pub(super) fn encode(document: &Value) -> Vec<u8> {
    let mut info = Message::default();
    info.put_text(1, text(document, "/info/title"));
    info.put_text(2, text(document, "/info/version"));
    let mut definitions = Message::default();
    for (name, definition) in entries(document, "/definitions") {
        definitions.put_named(1, name, &schema(definition));
    }
    let mut all = Message::default();
    all.put_text(1, field(document, "swagger"));
    all.put(2, &info.0);
    all.put(9, &definitions.0);
    all.0
}

/// Fields of a schema that are texts.
const TEXTS: [(usize, &str); 4] = [(1, "$ref"), (2, "format"), (3, "title"), (4, "description")];

fn schema(tree: &Value) -> Message {
    let mut message = Message::default();
    for (tag, key) in TEXTS {
        message.put_text(tag, field(tree, key));
    }
    for word in list(tree, "/required").iter().filter_map(Value::as_str) {
        message.put_text(19, word);
    }
    for value in list(tree, "/enum") {
        message.put(20, &any(value).0);
    }
    if let Some(values) = tree.get("additionalProperties").filter(|it| it.is_object()) {
        message.put(21, &wrapped(&schema(values)).0);
    }
    let kind = field(tree, "type");
    if !kind.is_empty() {
        let mut types = Message::default();
        types.put_text(1, kind);
        message.put(22, &types.0);
    }
    if let Some(items) = tree.get("items") {
        message.put(23, &wrapped(&schema(items)).0);
    }
    let mut properties = Message::default();
    for (name, property) in entries(tree, "/properties") {
        properties.put_named(1, name, &schema(property));
    }
    if !properties.0.is_empty() {
        message.put(25, &properties.0);
    }
    for (name, value) in tree.as_object().into_iter().flatten().filter(|(name, _)| name.starts_with("x-")) {
        message.put_named(31, name, &any(value));
    }
    message
}

/// A message whose first field is another one.
fn wrapped(inner: &Message) -> Message {
    let mut outer = Message::default();
    outer.put(1, &inner.0);
    outer
}

/// A value of any type, as YAML; JSON is YAML too.
fn any(value: &Value) -> Message {
    let mut message = Message::default();
    message.put_text(2, &value.to_string());
    message
}

#[cfg(test)]
mod tests {
    use super::encode;
    use crate::apimachinery::json::json;

    #[test]
    fn texts_and_maps_are_written_with_their_lengths() {
        let document = json!({"swagger": "2.0", "info": {"title": "K", "version": "v"},
            "definitions": {"a.B": {"type": "object", "properties": {"c": {"$ref": "#/definitions/a.B"}}}}});
        let text = String::from_utf8_lossy(&encode(&document)).into_owned();
        assert!(
            text.starts_with("\n\u{3}2.0\u{12}\u{6}\n\u{1}K\u{12}\u{1}v")
                && text.contains("#/definitions/a.B")
        );
    }
}
