//! The query languages of `-o`: JSONPath and Go templates, and kubectl's relaxed spelling of paths.

use serde_json::Value;

/// `metadata.name`, `.metadata.name` and `{.metadata.name}` as `{.metadata.name}`.
///
/// # Errors
/// kubectl's sentence about a text that is none of these.
pub(crate) fn relaxed(path: &str) -> Result<String, String> {
    if path.is_empty() {
        return Ok(String::new());
    }
    let inner = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(path);
    let fields = inner.strip_prefix('.').unwrap_or(inner);
    if fields.is_empty() || fields.contains(['{', '}']) {
        return Err(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'"
                .into(),
        );
    }
    Ok(format!("{{.{fields}}}"))
}

/// The values that a path such as `{.spec.replicas}` leads to; missing keys are none of them when
/// `allow_missing`.
///
/// # Errors
/// The sentence of Go's jsonpath.
pub(crate) fn find(path: &str, tree: &Value, allow_missing: bool) -> Result<Vec<Value>, String> {
    let _ = (path, tree, allow_missing);
    Err("uncordon: JSONPath is not simulated yet".into())
}

/// The text that a JSONPath template makes of an object.
///
/// # Errors
/// The sentence of Go's jsonpath.
pub(crate) fn jsonpath(template: &str, tree: &Value, allow_missing: bool) -> Result<String, String> {
    let _ = (template, tree, allow_missing);
    Err("uncordon: JSONPath is not simulated yet".into())
}

/// The text that a Go template makes of an object.
///
/// # Errors
/// The sentence of Go's text/template.
pub(crate) fn go_template(template: &str, tree: &Value) -> Result<String, String> {
    let _ = (template, tree);
    Err("uncordon: Go templates are not simulated yet".into())
}
