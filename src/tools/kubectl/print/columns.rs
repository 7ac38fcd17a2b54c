//! `-o custom-columns`: headers with a JSONPath each.

use super::TabWriter;
use super::template::{find, relaxed};
use crate::apimachinery::json::Value;

/// One column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) header: String,
    /// `{.metadata.name}`.
    pub(super) path: String,
}

/// Columns of `NAME:.metadata.name,IP:.status.podIP`.
///
/// # Errors
/// kubectl's sentence about a text that is none.
pub(super) fn parse(spec: &str) -> Result<Vec<Column>, String> {
    if spec.is_empty() {
        return Err("custom-columns format specified but no custom columns given".into());
    }
    spec.split(',')
        .map(|part| {
            let (header, path) = part.split_once(':').ok_or_else(|| {
                format!("unexpected custom-columns spec: {part}, expected <header>:<json-path-expr>")
            })?;
            Ok(Column { header: header.to_owned(), path: relaxed(path)? })
        })
        .collect()
}

/// Columns of a file: a line of headers and a line of paths.
///
/// # Errors
/// kubectl's sentence about a file that is none.
pub(super) fn parse_file(text: &str) -> Result<Vec<Column>, String> {
    let mut lines = text.lines();
    let expected =
        "Expected format is one line of space separated headers, one line of space separated column specs.";
    let headers = lines.next().ok_or_else(|| format!("invalid template, missing header line. {expected}"))?;
    let specs = lines.next().ok_or_else(|| format!("invalid template, missing spec line. {expected}"))?;
    let headers: Vec<&str> = headers.split_whitespace().collect();
    let specs: Vec<&str> = specs.split_whitespace().collect();
    if headers.len() != specs.len() {
        return Err(format!(
            "number of headers ({}) and field specifications ({}) don't match",
            headers.len(),
            specs.len()
        ));
    }
    headers
        .into_iter()
        .zip(specs)
        .map(|(header, spec)| Ok(Column { header: header.to_owned(), path: relaxed(spec)? }))
        .collect()
}

/// The lines of an object, or of each item of a list.
///
/// # Errors
/// A path that cannot be read.
pub(super) fn print(columns: &[Column], headers: bool, tree: &Value) -> Result<String, (String, String)> {
    let mut tabs = TabWriter::for_tables();
    if headers {
        let names: Vec<&str> = columns.iter().map(|column| column.header.as_str()).collect();
        tabs.push(&format!("{}\n", names.join("\t")));
    }
    let items = match tree.get("items").and_then(Value::as_array) {
        Some(items) => items.as_slice(),
        None => std::slice::from_ref(tree),
    };
    for item in items {
        let mut cells = Vec::new();
        for column in columns {
            let found = find(&column.path, item, true).map_err(|why| (why, tabs.flush()))?;
            let values: Vec<String> = found.iter().map(crate::apimachinery::go::display).collect();
            cells.push(if values.is_empty() { "<none>".to_owned() } else { values.join(",") });
        }
        tabs.push(&format!("{}\n", cells.join("\t")));
    }
    Ok(tabs.flush())
}
