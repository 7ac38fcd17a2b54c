//! The query languages of `-o`: JSONPath and Go templates, and kubectl's relaxed spelling of paths.

use crate::apimachinery::json::Value;
use crate::apimachinery::jsonpath::Template;
pub(crate) use crate::apimachinery::jsonpath::relaxed;
use crate::apimachinery::{go, gotemplate};

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

/// # Errors
/// The sentence of Go's jsonpath about a template that cannot be read.
pub(crate) fn check_path(template: &str) -> Result<(), String> {
    Template::parse(template).map(drop)
}

/// # Errors
/// kubectl's sentence about a Go template that cannot be read.
pub(crate) fn check(template: &str) -> Result<(), String> {
    match gotemplate::Template::parse(template) {
        Ok(_) => Ok(()),
        Err(why) => Err(format!("error parsing template {template}, {why}")),
    }
}

/// The text that a Go template makes of an object.
///
/// # Errors
/// kubectl's sentence, and what is printed before it: the text until then, and what may help.
pub(crate) fn go_template(
    template: &str,
    tree: &Value,
    allow_missing: bool,
) -> Result<String, (String, String)> {
    let mut parsed = gotemplate::Template::parse(template).map_err(|why| (why, String::new()))?;
    parsed.missing_key_fails = !allow_missing;
    parsed.execute(tree).map_err(|(why, text)| {
        let (raw, given) = (go::json(tree), gotemplate::shown(tree));
        let help = format!(
            "{text}Error executing template: {why}. Printing more information for debugging the template:\n\
             \ttemplate was:\n\t\t{template}\n\traw data was:\n\t\t{raw}\n\
             \tobject given to template engine was:\n\t\t{given}\n\n"
        );
        (format!("error executing template {}: {why}", go::quote(template)), help)
    })
}
