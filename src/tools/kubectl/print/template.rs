//! The query languages of `-o`: JSONPath and Go templates, and kubectl's relaxed spelling of paths.

use serde_json::Value;

use crate::apimachinery::gotemplate;
use crate::apimachinery::jsonpath::Template;
pub(crate) use crate::apimachinery::jsonpath::relaxed;

/// The values that a path such as `{.spec.replicas}` leads to; missing keys are none of them when
/// `allow_missing`.
///
/// # Errors
/// The sentence of Go's jsonpath.
pub(crate) fn find(path: &str, tree: &Value, allow_missing: bool) -> Result<Vec<Value>, String> {
    let mut template = Template::parse(path)?;
    template.allow_missing_keys = allow_missing;
    let results = template.results(tree)?;
    Ok(results.into_iter().flatten().map(std::borrow::Cow::into_owned).collect())
}

/// The text that a JSONPath template makes of an object.
///
/// # Errors
/// The sentence of Go's jsonpath.
pub(crate) fn jsonpath(template: &str, tree: &Value, allow_missing: bool) -> Result<String, String> {
    let mut template = Template::parse(template)?;
    template.allow_missing_keys = allow_missing;
    template.execute(tree)
}

/// The text that a Go template makes of an object.
///
/// # Errors
/// The sentence of Go's text/template.
pub(crate) fn go_template(template: &str, tree: &Value) -> Result<String, String> {
    gotemplate::render(template, tree)
}
