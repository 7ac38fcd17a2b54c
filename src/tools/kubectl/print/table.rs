//! Tables as the server sends them, decorated as `get` was asked to.

use super::TabWriter;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, at, int, list, text};

/// What the user asked of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableOptions {
    /// True for `--no-headers`.
    pub(crate) no_headers: bool,
    /// True for `-o wide`.
    pub(crate) wide: bool,
    /// True for `-A` on types that live in namespaces.
    pub(crate) with_namespace: bool,
    /// What to put before names, such as `deployment.apps`; empty for nothing.
    pub(crate) kind_prefix: String,
    /// `-L`.
    pub(crate) label_columns: Vec<String>,
    pub(crate) show_labels: bool,
}

/// Prints one table after the other; headers come again when columns change.
#[derive(Clone, Debug)]
pub(crate) struct TablePrinter {
    options: TableOptions,
    last_columns: Value,
    printed_headers: bool,
}

impl TablePrinter {
    /// A printer that has printed nothing yet.
    pub(crate) fn new(options: TableOptions) -> Self {
        Self { options, last_columns: Value::Null, printed_headers: false }
    }

    /// Adds a table, or a bare object as name and age, to `out`; `event` is the first column of watch events.
    pub(crate) fn print(
        &mut self,
        table: &Value,
        event: &str,
        age: &dyn Fn(&Value) -> String,
        out: &mut TabWriter,
    ) {
        let made;
        let table = if text(table, "/kind") == "Table" {
            table
        } else {
            made = bare_table(table, age);
            &made
        };
        let columns = at(table, "/columnDefinitions").filter(|columns| columns != &&json!([]));
        let mut no_headers = self.options.no_headers;
        match columns {
            Some(columns) if *columns != self.last_columns => {
                self.last_columns = columns.clone();
                self.printed_headers = false;
            }
            _ => no_headers |= self.printed_headers,
        }
        let rows = list(table, "/rows");
        if rows.is_empty() {
            return;
        }
        self.printed_headers = true;
        let shown = self.shown_columns();
        if !no_headers {
            out.push(&self.header(&shown, event));
        }
        for row in rows {
            out.push(&self.row(&shown, row, event));
        }
    }

    /// The columns that are printed.
    fn shown_columns(&self) -> Vec<Column> {
        let columns = self.last_columns.as_array().map_or(&[][..], Vec::as_slice);
        let wide = self.options.wide;
        let shown = columns.iter().enumerate();
        let shown = shown.filter(|(_, one)| wide || int(one, "/priority").unwrap_or(0) == 0);
        shown
            .map(|(at, one)| Column {
                at,
                title: text(one, "/name").to_uppercase(),
                is_name: text(one, "/format") == "name" && text(one, "/type") == "string",
            })
            .collect()
    }

    fn header(&self, shown: &[Column], event: &str) -> String {
        let mut cells: Vec<String> = Vec::new();
        if !event.is_empty() {
            cells.push("EVENT".into());
        }
        if self.options.with_namespace {
            cells.push("NAMESPACE".into());
        }
        cells.extend(shown.iter().map(|column| column.title.clone()));
        let labels = self.options.label_columns.iter();
        cells.extend(labels.map(|label| label.rsplit('/').next().unwrap_or(label).to_uppercase()));
        if self.options.show_labels {
            cells.push("LABELS".into());
        }
        format!("{}\n", cells.join("\t"))
    }

    fn row(&self, shown: &[Column], row: &Value, event: &str) -> String {
        let meta = row.get("object").unwrap_or(&Value::Null);
        let mut cells: Vec<String> = Vec::new();
        if !event.is_empty() {
            // As the real printer: padded, so that later events line up.
            cells.push(format!("{event:<8}"));
        }
        if self.options.with_namespace {
            cells.push(object::namespace(meta).to_owned());
        }
        let values = list(row, "/cells");
        // Of several columns that hold names, the first is the object's own.
        let prefix = &self.options.kind_prefix;
        let own = shown.iter().position(|column| column.is_name).filter(|_| !prefix.is_empty());
        for (place, column) in shown.iter().enumerate() {
            let cell = values.get(column.at).map(cell_text).unwrap_or_default();
            cells.push(if own == Some(place) { format!("{prefix}/{cell}") } else { cell });
        }
        for label in &self.options.label_columns {
            cells.push(object::label(meta, label).unwrap_or("").to_owned());
        }
        if self.options.show_labels {
            cells.push(labels(meta));
        }
        format!("{}\n", cells.join("\t"))
    }
}

/// A column that is printed.
struct Column {
    /// Its place among all columns.
    at: usize,
    title: String,
    /// Whether it names the object.
    is_name: bool,
}

/// `a=b,c=d`, or `<none>`.
pub(crate) fn labels(meta: &Value) -> String {
    let pairs: Vec<String> = object::entries(meta, "/metadata/labels")
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or("")))
        .collect();
    if pairs.is_empty() { "<none>".into() } else { pairs.join(",") }
}

/// A cell as text; what stands behind a line break is cut.
pub(crate) fn cell_text(cell: &Value) -> String {
    let whole = match cell {
        Value::Null => return String::new(),
        Value::String(text) => text.to_string(),
        other => other.to_string(),
    };
    match whole.split_once(['\u{c}', '\n', '\r']) {
        Some((first, _)) => format!("{first}..."),
        None => whole,
    }
}

/// What an object is printed as when the server gave no table.
fn bare_table(tree: &Value, age: &dyn Fn(&Value) -> String) -> Value {
    let columns = json!([
        {"name": "Name", "type": "string", "format": "name"},
        {"name": "Age", "type": "string"},
    ]);
    let items = match tree.get("items").and_then(Value::as_array) {
        Some(items) => items.as_slice(),
        None => std::slice::from_ref(tree),
    };
    let rows: Vec<Value> =
        items.iter().map(|item| json!({"cells": [object::name(item), age(item)], "object": item})).collect();
    json!({"kind": "Table", "columnDefinitions": columns, "rows": rows})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_once_and_decorations_stand_around() {
        let table = json!({"kind": "Table",
            "columnDefinitions": [
                {"name": "Name", "type": "string", "format": "name", "priority": 0},
                {"name": "Ready", "type": "string", "priority": 0},
                {"name": "Node", "type": "string", "priority": 1},
            ],
            "rows": [{"cells": ["web", "1/1", "node01"],
                "object": {"metadata": {"namespace": "default", "labels": {"app": "web", "x/tier": "a"}}}}]});
        let options = TableOptions {
            with_namespace: true,
            kind_prefix: "pod".into(),
            label_columns: vec!["x/tier".into()],
            show_labels: true,
            ..TableOptions::default()
        };
        let mut printer = TablePrinter::new(options);
        let mut out = TabWriter::for_tables();
        let age = |_: &Value| String::new();
        printer.print(&table, "", &age, &mut out);
        printer.print(&table, "", &age, &mut out);
        insta::assert_snapshot!(out.flush(), @r"
        NAMESPACE   NAME      READY   TIER   LABELS
        default     pod/web   1/1     a      app=web,x/tier=a
        default     pod/web   1/1     a      app=web,x/tier=a
        ");
    }
}
