//! `kubectl explain`: what a type's fields are for, from the server's OpenAPI v3 document.
//!
//! The text is that of kubectl's `pkg/explain/v2/templates/plaintext.tmpl`.

mod older;

use std::collections::BTreeSet;

use super::client::Call;
use super::verb::{Complete, Group, PLAIN, Run, Verb};
use super::{Ctx, Done, Failure, Mapping};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, list, text};

/// `kubectl explain`.
pub(crate) static EXPLAIN: Verb = Verb {
    name: "explain",
    group: Group::Intermediate,
    summary: "Get documentation for a resource",
    about: "Names a type's fields, or with a dotted path what one field is and holds. The answer comes from the \
            server, so that it also knows custom resources.",
    examples: "# The fields of a pod\nkubectl explain pods\n\n# All of them, with those inside\nkubectl explain pods --recursive\n\n# One field\nkubectl explain pods.spec.containers",
    run: Run::Now(run),
    complete: Complete::Types,
    ..PLAIN
};

/// 76. The width that descriptions are wrapped at, before they are indented by four.
const WIDTH: usize = 76;

/// 4. How many values of an enum a list of fields shows.
const ENUM_MAX: usize = 4;

fn run(ctx: &mut Ctx<'_>) -> Done {
    let word = match ctx.args.as_slice() {
        [] => {
            return Err(Failure::error(
                "You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.\n",
            ));
        }
        [word] => word.trim_end_matches('.').to_owned(),
        _ => return Err(Failure::error("We accept only this format: explain RESOURCE\n")),
    };
    let depth = ctx.flags.int("max-depth");
    if depth > 0 && !ctx.flags.on("recursive") {
        return Err(Failure::error("--max-depth requires --recursive"));
    }
    if depth < 0 {
        return Err(Failure::error("--max-depth must be non-negative"));
    }
    let version = ctx.flags.text("api-version").to_owned();
    let (mapping, path) = target(ctx, &word, &version)?;
    if ctx.flags.text("output") == "plaintext-openapiv2" {
        let recursive = ctx.flags.on("recursive");
        let text = older::explain(ctx, &mapping, &path, recursive)?;
        ctx.out(&text);
        return Ok(());
    }
    let document = document(ctx, &mapping)?;
    let format = ctx.flags.text("output");
    if format != "plaintext" {
        return Err(Failure::error(format!("unrecognized format: {format}")));
    }
    let explainer = Explainer {
        document: &document,
        recursive: ctx.flags.on("recursive"),
        depth: usize::try_from(depth).unwrap_or(0),
    };
    let (text, done) = explainer.explain(&mapping, &path);
    ctx.out(&text);
    done
}

/// The type that a word such as `deployments.apps.spec` means, and the path inside it.
fn target(ctx: &mut Ctx<'_>, word: &str, version: &str) -> Result<(Mapping, Vec<String>), Failure> {
    let mut parts = word.split('.').map(str::to_owned);
    let resource = parts.next().unwrap_or_default();
    if resource.is_empty() {
        return Err(Failure::error("invalid jsonpath syntax, first node must be field node"));
    }
    let path: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    let lower = resource.to_lowercase();
    let types = ctx.mapper()?.types.clone();
    let answers =
        |one: &&Mapping| one.resource == lower || one.singular == lower || one.short_names.contains(&lower);
    let mut found: Vec<&Mapping> = types.iter().filter(answers).collect();
    if found.iter().any(|one| !one.short_names.contains(&lower)) {
        found.retain(|one| !one.short_names.contains(&lower));
    }
    let Some(first) = found.first() else {
        // The cache may be older than a new custom resource.
        return match ctx.resource(&resource) {
            Ok(mapping) => Ok((mapping, path)),
            Err(Failure::Error(_)) => {
                Err(Failure::Plain(format!("the server doesn't have a resource type {resource:?}")))
            }
            Err(failure) => Err(failure),
        };
    };
    if !version.is_empty() {
        if version.matches('/').count() > 1 {
            return Err(Failure::error(format!("unexpected GroupVersion string: {version}")));
        }
        let (group, version) = crate::apimachinery::object::split_api_version(version);
        let mut mapping = (*first).clone();
        mapping.group = group.to_owned();
        mapping.version = version.to_owned();
        return Ok((mapping, path));
    }
    for one in &found {
        if let Some(rest) = word.strip_prefix(&one.qualified()) {
            let path = rest.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            return Ok(((*one).clone(), path));
        }
    }
    Ok(((*first).clone(), path))
}

/// The OpenAPI document of the type's group and version.
fn document(ctx: &mut Ctx<'_>, mapping: &Mapping) -> Result<Value, Failure> {
    let root = if mapping.group.is_empty() { "api" } else { "apis" };
    let path = format!("{root}/{}", mapping.api_version());
    let index = ctx.object(Call::get("/openapi/v3").query("timeout", "32s"))?;
    let Some(found) = at(&index, "/paths").and_then(|paths| paths.get(&path)) else {
        return Err(Failure::error(format!("couldn't find resource for \"{}\"", mapping.resource_text())));
    };
    let address = text(found, "/serverRelativeURL");
    let (address, hash) = address.split_once("?hash=").unwrap_or((address, ""));
    let call = Call::get(address).query("hash", hash).query("timeout", "32s");
    Ok((*ctx.object(call)?).clone())
}

/// One rendering.
struct Explainer<'a> {
    document: &'a Value,
    recursive: bool,
    /// How many levels deep; 0 for all.
    depth: usize,
}

impl Explainer<'_> {
    /// What is printed, also when something is wrong with the path.
    fn explain(&self, mapping: &Mapping, path: &[String]) -> (String, Done) {
        let mut out = String::new();
        if !mapping.group.is_empty() {
            out += &format!("GROUP:      {}\n", mapping.group);
        }
        let schema =
            at(self.document, "/components/schemas").and_then(Value::as_object).into_iter().flatten();
        let is_it = |gvk: &Value| {
            field(gvk, "group") == mapping.group
                && field(gvk, "version") == mapping.version
                && (field(gvk, "kind") == mapping.kind)
        };
        let mut schemas = schema.map(|(_, schema)| schema);
        let found = schemas.find(|schema| list(schema, "/x-kubernetes-group-version-kind").iter().any(is_it));
        let Some(schema) = found else {
            let why = format!("error: GVR ({}) not found in OpenAPI schema", mapping.resource_text());
            return (String::new(), Err(Failure::error(why)));
        };
        out += &format!("KIND:       {}\nVERSION:    {}\n\n", mapping.kind, mapping.version);
        match self.output(schema, path, &BTreeSet::new()) {
            text if text.is_empty() => {
                let last = path.last().map_or("", String::as_str);
                (out, Err(Failure::error(format!("error: field \"{last}\" does not exist"))))
            }
            text => (out + &text + "\n", Ok(())),
        }
    }

    /// The schema behind a reference; none for schemas that are no reference.
    fn resolve<'s>(&'s self, schema: &'s Value) -> Option<&'s Value> {
        let path = field(schema, "$ref").strip_prefix("#/components/schemas/")?;
        self.document.get("components")?.get("schemas")?.get(path)
    }

    /// Follows the path; empty when it leads nowhere.
    fn output(&self, schema: &Value, path: &[String], history: &BTreeSet<String>) -> String {
        let reference = field(schema, "$ref");
        let resolved = self.resolve(schema).unwrap_or(schema);
        let Some((first, rest)) = path.split_first() else { return self.all_of_it(resolved) };
        if !reference.is_empty() && history.contains(reference) {
            return String::new();
        }
        let mut next = history.clone();
        next.insert(reference.to_owned());
        if let Some(property) = resolved.get("properties").and_then(|properties| properties.get(first)) {
            let mut out = String::new();
            if rest.is_empty() {
                out = format!("FIELD: {first} <{}>\n{}\n\n", self.type_of(property), long_enum(property));
            }
            return out + &self.output(property, rest, &BTreeSet::new());
        }
        if let Some(inner) = element(resolved) {
            return self.output(inner, path, &next);
        }
        let alternatives = list(resolved, "/allOf").iter().map(|one| self.output(one, path, &next));
        alternatives.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Description and fields.
    fn all_of_it(&self, schema: &Value) -> String {
        let description = self.description(schema);
        let description = if description.is_empty() { "<empty>" } else { &description };
        let mut out = format!("DESCRIPTION:\n{}\n", indent(4, &wrap(WIDTH, description)));
        if let Some(docs) = at(schema, "/externalDocs") {
            out += &format!("\n{}", external_docs(docs, 0, WIDTH));
        }
        let mut fields = String::new();
        self.field_list(schema, 1, &BTreeSet::new(), &mut fields);
        if !fields.is_empty() {
            out += &format!("FIELDS:\n{fields}");
        }
        out
    }

    fn description(&self, schema: &Value) -> String {
        let schema = self.resolve(schema).unwrap_or(schema);
        let mut out = String::new();
        if !field(schema, "description").is_empty() {
            out += &format!("{}\n", field(schema, "description"));
        }
        for one in list(schema, "/allOf") {
            out += &self.description(one);
        }
        for inner in
            [schema.get("items"), schema.get("additionalProperties").filter(|inner| inner.is_object())]
        {
            out += &inner.map(|inner| self.description(inner)).unwrap_or_default();
        }
        out
    }

    fn field_list(&self, schema: &Value, level: usize, history: &BTreeSet<String>, out: &mut String) {
        let reference = field(schema, "$ref");
        if !reference.is_empty() && history.contains(reference) {
            return;
        }
        let mut next = history.clone();
        next.insert(reference.to_owned());
        let resolved = self.resolve(schema).unwrap_or(schema);
        for (name, property) in resolved.get("properties").and_then(Value::as_object).into_iter().flatten() {
            self.field_detail(resolved, name, property, level, out);
            if self.recursive && (self.depth == 0 || level < self.depth) {
                self.field_list(property, level + 1, &next, out);
            }
        }
        for one in list(resolved, "/allOf") {
            self.field_list(one, level, &next, out);
        }
        let values = resolved.get("additionalProperties").filter(|inner| inner.is_object());
        for inner in [resolved.get("items"), values].into_iter().flatten() {
            self.field_list(inner, level, &next, out);
        }
    }

    fn field_detail(&self, parent: &Value, name: &str, property: &Value, level: usize, out: &mut String) {
        let amount = level * 2;
        let required = list(parent, "/required").iter().any(|one| one == name);
        let required = if required { " -required-" } else { "" };
        *out += &format!(
            "{}\t<{}>{required}{}\n",
            indent(amount, name),
            self.type_of(property),
            short_enum(property, amount)
        );
        if self.recursive {
            return;
        }
        let description = match field(property, "description") {
            "" => "<no description>",
            text => text,
        };
        *out += &format!("{}\n", indent(amount + 2, &wrap(78_usize.saturating_sub(amount), description)));
        if let Some(docs) = at(property, "/externalDocs") {
            *out += &format!("\n{}", external_docs(docs, amount + 2, WIDTH.saturating_sub(amount)));
        }
        out.push('\n');
    }

    /// `string`, `[]Container`, `map[string]string`, …
    fn type_of(&self, schema: &Value) -> String {
        if let Some(items) = schema.get("items") {
            return format!("[]{}", self.type_of(items));
        }
        if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
            return format!("map[string]{}", self.type_of(values));
        }
        if let ([one], None) = (list(schema, "/allOf"), schema.get("properties")) {
            return self.type_of(one);
        }
        let reference = field(schema, "$ref");
        let named = |kind: &str| if kind.is_empty() { "Object".to_owned() } else { kind.to_owned() };
        if reference.is_empty() {
            return match text(schema, "/type") {
                "object" => "Object".to_owned(),
                kind => named(kind),
            };
        }
        match self.resolve(schema).map_or("", |target| text(target, "/type")) {
            "" | "object" => named(reference.rsplit(['/', '.']).next().unwrap_or("")),
            kind => kind.to_owned(),
        }
    }
}

/// What a list or a map holds.
fn element(schema: &Value) -> Option<&Value> {
    let values = || schema.get("additionalProperties").filter(|values| values.is_object());
    schema.get("items").or_else(values)
}

fn external_docs(docs: &Value, amount: usize, width: usize) -> String {
    let mut out = format!("{}\n", indent(amount, "EXTERNAL DOCS:"));
    if !text(docs, "/description").is_empty() {
        out += &format!("{}\n", indent(amount + 4, &wrap(width, text(docs, "/description"))));
    }
    if !text(docs, "/url").is_empty() {
        out += &format!("{}\n", indent(amount + 4, &format!("URL: {}", text(docs, "/url"))));
    }
    out
}

fn enum_values(schema: &Value) -> Vec<String> {
    let shown = |value: &Value| match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        value => crate::apimachinery::go::display(value),
    };
    list(schema, "/enum").iter().map(shown).collect()
}

fn long_enum(schema: &Value) -> String {
    match enum_values(schema).as_slice() {
        [] => String::new(),
        values => format!("ENUM:\n    {}", values.join("\n    ")),
    }
}

fn short_enum(schema: &Value, amount: usize) -> String {
    let values = enum_values(schema);
    let more = if values.len() > ENUM_MAX { ", ...." } else { "" };
    match values.get(..ENUM_MAX.min(values.len())) {
        None | Some([]) => String::new(),
        Some(values) => format!("\n{}enum: {}{more}", indent(amount, ""), values.join(", ")),
    }
}

fn indent(amount: usize, text: &str) -> String {
    let pad = " ".repeat(amount);
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

/// Breaks lines between words so that they are at most `limit` wide; longer words stay whole.
///
/// Rules of `mitchellh/go-wordwrap`, which kubectl wraps with.
pub(crate) fn wrap(limit: usize, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let (mut word, mut space) = (String::new(), String::new());
    let mut width = 0;
    let count = |text: &str| text.chars().count();
    for letter in text.chars() {
        let blank = letter.is_whitespace() && letter != '\u{a0}';
        if letter == '\n' {
            if !word.is_empty() || width + count(&space) <= limit {
                out.push_str(&space);
            }
            out.push_str(&word);
            out.push('\n');
            space.clear();
            word.clear();
            width = 0;
        } else if blank {
            if space.is_empty() || !word.is_empty() {
                width += count(&space) + count(&word);
                out.push_str(&space);
                out.push_str(&word);
                space.clear();
                word.clear();
            }
            space.push(letter);
        } else {
            word.push(letter);
            if width + count(&word) + count(&space) > limit && count(&word) < limit {
                out.push('\n');
                width = 0;
                space.clear();
            }
        }
    }
    if !word.is_empty() || width + count(&space) <= limit {
        out.push_str(&space);
    }
    out + &word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn words_wrap_and_long_ones_stay_whole() {
        assert_eq!(wrap(9, "one two three\nfour"), "one two\nthree\nfour");
        assert_eq!(wrap(4, "abcdefgh ij"), "abcdefgh\nij");
    }

    #[test]
    fn fields_are_listed_as_kubectl_does() {
        let document = json!({"components": {"schemas": {
            "io.x.Toy": {"type": "object", "description": "A toy.", "required": ["size"],
                "x-kubernetes-group-version-kind": [{"group": "x.io", "version": "v1", "kind": "Toy"}],
                "properties": {"size": {"type": "string", "enum": ["S", "L"], "description": "How big."},
                    "parts": {"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/io.x.Part"}]}}}},
            "io.x.Part": {"type": "object", "description": "A part.", "properties": {"name": {"type": "string"}}}}}});
        let mapping = Mapping {
            group: "x.io".into(),
            version: "v1".into(),
            kind: "Toy".into(),
            resource: "toys".into(),
            singular: "toy".into(),
            namespaced: true,
            short_names: vec![],
            categories: vec![],
            verbs: vec![],
            subresources: vec![],
        };
        let explainer = Explainer { document: &document, recursive: false, depth: 0 };
        let (text, _) = explainer.explain(&mapping, &[]);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let want = [
            "GROUP:      x.io",
            "KIND:       Toy",
            "VERSION:    v1",
            "",
            "DESCRIPTION:",
            "    A toy.",
            "",
            "FIELDS:",
            "  parts\t<[]Part>",
            "    <no description>",
            "",
            "  size\t<string> -required-",
            "  enum: S, L",
            "    How big.",
            "",
            "",
        ];
        assert_eq!(lines, want);
        let (text, _) = explainer.explain(&mapping, &["parts".into(), "name".into()]);
        assert_eq!(text.lines().nth(4), Some("FIELD: name <string>"));
    }
}
