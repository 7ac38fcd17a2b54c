//! `explain --output=plaintext-openapiv2`: the form of earlier releases, from the server's OpenAPI v2 document.
//!
//! Layout and wrapping follow kubectl's `pkg/explain`.

use super::super::{Ctx, Failure, Mapping};
use super::Call;
use crate::apimachinery::json::{Key, Map, Value};
use crate::apimachinery::object::{field, list, text};

/// 75. The width of descriptions, which stand five columns in.
const WIDTH: usize = 75;

/// What is printed of a type or a field.
///
/// # Errors
/// The server's, or a path that leads nowhere.
pub(super) fn explain(
    ctx: &mut Ctx<'_>,
    mapping: &Mapping,
    path: &[String],
    recursive: bool,
) -> Result<String, Failure> {
    let document = ctx.object(Call::get("/openapi/v2").query("timeout", "32s"))?;
    let none = Map::new();
    let definitions = document.get("definitions").and_then(Value::as_object).unwrap_or(&none);
    let is_kind = |it: &&Value| {
        list(it, "/x-kubernetes-group-version-kind").iter().any(|gvk| {
            field(gvk, "group") == mapping.group
                && field(gvk, "version") == mapping.version
                && field(gvk, "kind") == mapping.kind
        })
    };
    let Some(root) = definitions.values().find(is_kind) else {
        let what = format!("{}, Kind={}", group_version(mapping), mapping.kind);
        return Err(Failure::error(format!("couldn't find resource for {what:?}")));
    };
    let types = Types { definitions };
    let found = types.look_up(root, path)?;
    let mut page = Page::default();
    page.line(0, &format!("KIND:     {}", mapping.kind));
    page.line(0, &format!("VERSION:  {}", mapping.api_version()));
    page.line(0, "");
    page.model(&types, found, path.last().map_or("", String::as_str), recursive);
    Ok(page.0)
}

fn group_version(mapping: &Mapping) -> String {
    format!("{}/{}", mapping.group, mapping.version)
}

/// The definitions that schemas refer to.
struct Types<'a> {
    definitions: &'a Map,
}

impl<'a> Types<'a> {
    /// What a reference means.
    fn real(&self, schema: &'a Value) -> &'a Value {
        let name = field(schema, "$ref").strip_prefix("#/definitions/").unwrap_or("");
        self.definitions.get(name).unwrap_or(schema)
    }

    /// The type that holds the fields of another one: of a list its items, of a map its values.
    fn inner(schema: &'a Value) -> Option<&'a Value> {
        schema.get("items").or(schema.get("additionalProperties").filter(|it| it.is_object()))
    }

    /// The type whose fields a path goes on with.
    fn fields(&self, schema: &'a Value) -> Option<&'a Map> {
        let mut at = self.real(schema);
        while let Some(inner) = Self::inner(at) {
            at = self.real(inner);
        }
        at.get("properties").and_then(Value::as_object)
    }

    fn look_up(&self, root: &'a Value, path: &[String]) -> Result<&'a Value, Failure> {
        path.iter().try_fold(root, |at, name| {
            let found = self.fields(at).and_then(|fields| fields.get(name));
            found.ok_or_else(|| Failure::error(format!("field {name:?} does not exist")))
        })
    }

    /// `[]Object`, `map[string]string`, `integer`.
    fn name(&self, schema: &'a Value) -> String {
        let schema = self.real(schema);
        if let Some(items) = schema.get("items") {
            return format!("[]{}", self.name(items));
        }
        if schema.get("properties").is_some() {
            return "Object".into();
        }
        match (field(schema, "type"), schema.get("additionalProperties").filter(|it| it.is_object())) {
            ("object", Some(values)) => format!("map[string]{}", self.name(values)),
            ("object", None) => "map[string]".into(),
            (other, _) => other.to_owned(),
        }
    }
}

/// The text as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, indent: usize, words: &str) {
        if !words.is_empty() {
            self.0.push_str(&" ".repeat(indent));
        }
        self.0.push_str(words);
        self.0.push('\n');
    }

    fn wrapped(&mut self, indent: usize, words: &str) {
        wrap(words).iter().for_each(|line| self.line(indent, line));
    }

    /// A type or a field: its name, what it is for, and its fields.
    fn model<'a>(&mut self, types: &Types<'a>, schema: &'a Value, name: &str, recursive: bool) {
        let kind = types.name(schema);
        let mut descriptions = vec![text(schema, "/description")];
        let mut at = types.real(schema);
        while let Some(inner) = Types::inner(at) {
            descriptions.push(text(at, "/description"));
            at = types.real(inner);
            descriptions.push(text(inner, "/description"));
        }
        descriptions.push(text(at, "/description"));
        descriptions.retain(|it| !it.is_empty());
        descriptions.dedup();
        let fields = at.get("properties").and_then(Value::as_object);
        if !name.is_empty() {
            let title = if fields.is_some() { "RESOURCE: " } else { "FIELD:    " };
            self.line(0, &format!("{title}{name} <{kind}>"));
            self.line(0, "");
        }
        self.line(0, "DESCRIPTION:");
        for (index, words) in descriptions.iter().enumerate() {
            if index > 0 {
                self.line(0, "");
            }
            self.wrapped(5, words);
        }
        if descriptions.is_empty() {
            self.line(5, "<empty>");
        }
        let Some(fields) = fields else { return };
        self.line(0, "");
        self.line(0, "FIELDS:");
        if recursive {
            return self.tree(types, fields, 3, &mut Vec::new());
        }
        let required = list(at, "/required");
        for (name, schema) in sorted(fields) {
            let mark = if required.iter().any(|it| it == name.as_str()) { " -required-" } else { "" };
            self.line(3, &format!("{name}\t<{}>{mark}", types.name(schema)));
            let own = text(schema, "/description");
            let words = if own.is_empty() { text(types.real(schema), "/description") } else { own };
            self.wrapped(5, words);
            self.line(0, "");
        }
    }

    /// Fields and those within them; a type within itself is not opened again.
    fn tree<'a>(&mut self, types: &Types<'a>, fields: &'a Map, indent: usize, above: &mut Vec<&'a str>) {
        for (name, schema) in sorted(fields) {
            self.line(indent, &format!("{name}\t<{}>", types.name(schema)));
            let (mut at, depth) = (schema, above.len());
            let open = loop {
                let target = field(at, "$ref");
                if !target.is_empty() {
                    if above.contains(&target) {
                        break false;
                    }
                    above.push(target);
                }
                match Types::inner(types.real(at)) {
                    Some(inner) => at = inner,
                    None => break true,
                }
            };
            let inner = types.real(at).get("properties").and_then(Value::as_object).filter(|_| open);
            if let Some(inner) = inner {
                self.tree(types, inner, indent + 3, above);
            }
            above.truncate(depth);
        }
    }
}

fn sorted(fields: &Map) -> Vec<(&Key, &Value)> {
    let mut all: Vec<(&Key, &Value)> = fields.iter().collect();
    all.sort_by_key(|it| it.0);
    all
}

/// Words in lines; empty lines, lines of code, and lines after a colon or before a list stay.
fn wrap(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let flush = |line: &mut String, lines: &mut Vec<String>| {
        if !line.is_empty() {
            lines.push(std::mem::take(line));
        }
    };
    for part in text.split('\n') {
        if part.starts_with("    ") {
            flush(&mut line, &mut lines);
            lines.push(part.to_owned());
            continue;
        }
        if part.trim().is_empty() {
            let started = !lines.is_empty() || !line.is_empty();
            flush(&mut line, &mut lines);
            if started {
                lines.push(String::new());
            }
            continue;
        }
        let listed = part.trim_start().split(' ').next().unwrap_or("");
        let bullet = matches!(listed, "-" | "*")
            || listed
                .strip_suffix('.')
                .is_some_and(|it| !it.is_empty() && it.chars().all(|c| c.is_ascii_digit()));
        if line.ends_with(':') || bullet {
            flush(&mut line, &mut lines);
        }
        for word in part.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
                flush(&mut line, &mut lines);
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    flush(&mut line, &mut lines);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn a_page_has_the_older_form() {
        let definitions = json!({
            "a.Outer": {"type": "object", "description": "An outer.", "required": ["one"], "properties": {
                "one": {"$ref": "#/definitions/a.Inner", "description": "The one:\nof all."},
                "many": {"type": "array", "items": {"$ref": "#/definitions/a.Outer"}},
                "map": {"type": "object", "additionalProperties": {"type": "string"}}}},
            "a.Inner": {"type": "object", "properties": {"n": {"type": "integer"}}},
        });
        let types = Types { definitions: definitions.as_object().unwrap() };
        let shown = |recursive| {
            let mut page = Page::default();
            page.model(&types, &definitions["a.Outer"], "", recursive);
            page.0
        };
        assert_eq!(
            shown(false),
            "DESCRIPTION:\n     An outer.\n\nFIELDS:\n   many\t<[]Object>\n\n   map\t<map[string]string>\n\n   \
             one\t<Object> -required-\n     The one:\n     of all.\n\n"
        );
        assert!(shown(true).ends_with(
            "FIELDS:\n   many\t<[]Object>\n      many\t<[]Object>\n      map\t<map[string]string>\n      one\t<Object>\n         n\t<integer>\n   map\t<map[string]string>\n   one\t<Object>\n      n\t<integer>\n"
        ));
    }
}
