//! Tables of custom resources: columns by the CRD's `additionalPrinterColumns`.
//!
//! Rules of apiextensions-apiserver's `tableconvertor`.

use super::{Include, assemble, cells, definition, row};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{field, int, name};
use crate::cluster::Object;
use crate::sim::SimTime;

/// Reads a path of a printer column in an object; the caller brings the JSONPath engine.
pub(crate) type Find<'a> = &'a dyn Fn(&str, &Value) -> Vec<Value>;

/// A Table of custom resources. `columns` is `additionalPrinterColumns` of the served version; without
/// any, the age stands alone beside the name.
pub(crate) fn custom_table(
    columns: &[Value],
    objects: &[Object],
    include: Include,
    now: SimTime,
    find: Find<'_>,
) -> Value {
    let age = [json!({"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"})];
    let columns = if columns.is_empty() { &age[..] } else { columns };
    let mut definitions = vec![definition("Name", "string", "name", 0)];
    definitions.extend(columns.iter().map(|column| {
        let priority = int(column, "/priority").unwrap_or(0);
        definition(field(column, "name"), field(column, "type"), field(column, "format"), priority)
    }));
    let rows = objects
        .iter()
        .map(|object| {
            let mut all: Vec<Value> = vec![name(object).into()];
            all.extend(columns.iter().map(|column| {
                let found = find(field(column, "jsonPath"), object);
                found.first().map_or(Value::Null, |value| cell(field(column, "type"), value, now))
            }));
            row(all, object, include)
        })
        .collect();
    assemble(definitions, rows)
}

fn cell(kind: &str, value: &Value, now: SimTime) -> Value {
    match (kind, value) {
        ("integer", Value::Number(number)) => {
            number.as_i64().or_else(|| number.as_f64().map(|it| it as i64)).map_or(Value::Null, Value::from)
        }
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("string", Value::Null) => Value::Null,
        ("string", _) => cells::scalar(value).into(),
        ("date", Value::String(stamp)) => match SimTime::parse_rfc3339(stamp) {
            Some(_) => cells::age_of(stamp, now).into(),
            None => "<invalid>".into(),
        },
        _ => Value::Null,
    }
}
