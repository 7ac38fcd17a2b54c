//! From the text of a manifest to objects, with the sentences of kubectl's decoder and validator.

use std::collections::BTreeMap;

use super::super::client::Call;
use super::super::{Ctx, Failure};
use super::Builder;
use super::files::Source;
use super::visit::Info;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, at};
use crate::apimachinery::yaml;

/// The objects of one source, in order, or what is wrong with each.
pub(super) fn decode(ctx: &mut Ctx<'_>, builder: &Builder, source: &Source) -> Vec<Result<Info, Failure>> {
    let mut all = Vec::new();
    let stream = yaml::stream(&source.text);
    for tree in stream.documents {
        all.push(one(ctx, builder, tree, &source.name));
    }
    if let Some(why) = stream.error {
        all.push(Err(Failure::error(format!("error parsing {}: {why}", source.name))));
    }
    all
}

fn one(ctx: &mut Ctx<'_>, builder: &Builder, tree: Value, source: &str) -> Result<Info, Failure> {
    if matches!(builder.validate, "Strict" | "Warn") {
        ctx.definitions(object::field(&tree, "apiVersion")).and_then(|()| validate(&tree)).map_err(
            |why| {
                let off = "if you choose to ignore these errors, turn validation off with --validate=false";
                Failure::error(format!("error validating {source:?}: error validating data: {why}; {off}"))
            },
        )?;
    }
    let undecodable = |why: String| Failure::error(format!("unable to decode {source:?}: {why}"));
    typed(&tree).map_err(undecodable)?;
    let mut info = Info {
        mapping: None,
        namespace: object::namespace(&tree).to_owned(),
        name: object::name(&tree).to_owned(),
        object: tree.into(),
        source: source.to_owned(),
    };
    // A list is no type of its own: its items have theirs.
    let is_list = info.object.get("items").is_some_and(Value::is_array)
        && object::field(&info.object, "kind").ends_with("List");
    if !builder.local && !is_list {
        let mapping = ctx.type_of(&info.object).map_err(|failure| match failure {
            Failure::Error(why) if why.starts_with("no matches for kind") => Failure::error(format!(
                "resource mapping not found for name: {:?} namespace: {:?} from {source:?}: {why}\nensure CRDs are installed first",
                info.name, info.namespace
            )),
            // The server could not be asked for its types at all.
            Failure::Dial { .. } => Failure::error(format!("unable to recognize {source:?}: {}", failure.sentence())),
            Failure::Server(_) => Failure::error(format!("unable to recognize {source:?}: {}", failure.sentence())),
            other => other,
        })?;
        info.mapping = Some(mapping);
    }
    Ok(info)
}

impl Ctx<'_> {
    /// Makes sure, once a command, that the server tells what its types are made of: documents are checked by that. What
    /// those of one version are made of is asked where somebody watches; the server itself checks by it later.
    fn definitions(&mut self, version: &str) -> Result<(), String> {
        let ask = |path: &str| Call::get(path).query("timeout", "32s");
        if self.definitions.is_none() {
            let mut found = BTreeMap::new();
            match self.send_untimed(ask("/openapi/v3").accept("application/json, */*")) {
                Ok(index) if self.tells_requests() => found = documents(index.object()),
                Ok(_) => {}
                Err(_) => {
                    let older = self.send_untimed(ask("/openapi/v2")).map_err(Failure::unread);
                    older.map_err(|why| format!("failed to download openapi: {}", why.sentence()))?;
                }
            }
            self.definitions = Some(found);
        }
        let path = if version.contains('/') { format!("apis/{version}") } else { format!("api/{version}") };
        let document = self.definitions.as_mut().and_then(|it| it.remove(&path));
        if self.tells_requests()
            && let Some((path, hash)) = document.as_deref().and_then(|it| it.split_once("?hash="))
        {
            // It was listed a moment ago.
            let _ = self.send_untimed(ask(path).query("hash", hash));
        }
        Ok(())
    }
}

/// Where the documents of an index are.
fn documents(index: &Value) -> BTreeMap<String, String> {
    let paths = index.get("paths").and_then(Value::as_object);
    let place = |entry: &Value| entry.get("serverRelativeURL").and_then(Value::as_str).map(str::to_owned);
    let found = paths.into_iter().flat_map(|it| it.iter());
    found.filter_map(|(path, entry)| Some((path.to_string(), place(entry)?))).collect()
}

/// What is checked before anything is sent: that the document says what it is.
fn validate(tree: &Value) -> Result<(), String> {
    if !tree.is_object() {
        return Err("invalid object to validate".into());
    }
    let missing: Vec<&str> = [("apiVersion", "apiVersion not set"), ("kind", "kind not set")]
        .into_iter()
        .filter(|(key, _)| object::field(tree, key).is_empty())
        .map(|(_, sentence)| sentence)
        .collect();
    match missing.as_slice() {
        [] => Ok(()),
        [one] => Err((*one).to_owned()),
        many => Err(format!("[{}]", many.join(", "))),
    }
}

/// What the decoder wants of every object: a kind, and metadata of the right types.
fn typed(tree: &Value) -> Result<(), String> {
    if !tree.is_object() {
        let what = json_type(tree);
        return Err(format!("json: cannot unmarshal {what} into Go value of type unstructured.detector"));
    }
    for (key, title) in [("kind", "Kind"), ("apiVersion", "apiVersion")] {
        if object::field(tree, key).is_empty() {
            return Err(format!("Object '{title}' is missing in '{tree}'"));
        }
    }
    metadata(tree)
}

fn metadata(tree: &Value) -> Result<(), String> {
    let wrong = |value: &Value, path: &str, wanted: &str| {
        let what = json_type(value);
        Err(format!("json: cannot unmarshal {what} into Go struct field ObjectMeta.{path} of type {wanted}"))
    };
    let Some(meta) = at(tree, "/metadata") else { return Ok(()) };
    let Some(meta) = meta.as_object() else { return wrong(meta, "metadata", "v1.ObjectMeta") };
    for (key, value) in meta.iter().filter(|(_, value)| !value.is_null()) {
        let path = format!("metadata.{key}");
        match key.as_str() {
            "name" | "generateName" | "namespace" | "uid" | "resourceVersion" if !value.is_string() => {
                return wrong(value, &path, "string");
            }
            "labels" | "annotations" => {
                let Some(map) = value.as_object() else { return wrong(value, &path, "map[string]string") };
                if let Some(bad) = map.values().find(|value| !value.is_string() && !value.is_null()) {
                    return wrong(bad, &path, "string");
                }
            }
            "finalizers" if !value.is_array() => return wrong(value, &path, "[]string"),
            _ => {}
        }
    }
    Ok(())
}

/// Go's word for the type of a JSON value.
fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn what_is_no_object_is_told_in_gos_words() {
        let sentence = |tree: Value| typed(&tree).err().unwrap_or_default();
        assert_eq!(sentence(json!({"a": {"b": 3}})), "Object 'Kind' is missing in '{\"a\":{\"b\":3}}'");
        assert_eq!(
            sentence(json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"labels": {"on": true}}})),
            "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string"
        );
        assert_eq!(validate(&json!({})), Err("[apiVersion not set, kind not set]".into()));
    }
}
