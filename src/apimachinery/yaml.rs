//! YAML in and out, as sigs.k8s.io/yaml does it. The only file that knows which library parses YAML.

use serde::Deserialize;
use serde_json::Value;

/// Every document of a stream, as JSON trees; empty documents are left out.
///
/// # Errors
/// The parser's sentence with its line and column.
pub(crate) fn documents(text: &str) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|error| error.to_string())?;
        if !value.is_null() {
            all.push(value);
        }
    }
    Ok(all)
}

/// A tree as YAML with two-space indents and sorted keys.
pub(crate) fn to_string(value: &Value) -> String {
    // A JSON tree always has a YAML form.
    serde_yaml::to_string(value).unwrap_or_default()
}
