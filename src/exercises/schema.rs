//! JSON Schema of the files that authors write, for their editors.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use super::checks;
use super::raw::{RawExercise, RawPack};
use crate::apimachinery::json::{Value, json};

/// The schema of `exercise.yaml`.
pub(crate) fn exercise() -> Value {
    let mut schema = of::<RawExercise>();
    if let Some(items) = schema.pointer_mut("/properties/checks") {
        *items = json!({"type": "array", "minItems": 1, "items": checks::schema()});
    }
    schema
}

/// The schema of `pack.toml`.
pub(crate) fn pack() -> Value {
    of::<RawPack>()
}

/// The schema of a type, in one piece, as texts with variables in them need it.
pub(super) fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
    let mut schema = Value::from(settings.into_generator().into_root_schema_for::<T>());
    relax(&mut schema);
    schema
}

/// A number or a truth value may also be written as a variable: `"{{ count }}"`.
fn relax(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let plain = map.get("type").and_then(Value::as_str).map(str::to_owned);
            if let Some(plain) = plain.filter(|it| ["integer", "number", "boolean"].contains(&it.as_str())) {
                map.insert("type".into(), json!([plain, "string"]));
                map.remove("format");
            }
            map.values_mut().for_each(relax);
        }
        Value::Array(items) => items.iter_mut().for_each(relax),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_knows_every_kind_of_check_and_its_keys() {
        let schema = exercise();
        let checks = &schema["properties"]["checks"]["items"]["properties"];
        assert!(checks["object"]["properties"]["fields"].is_object(), "{checks}");
        assert_eq!(checks["probe"]["items"]["properties"]["port"]["type"], json!(["integer", "string"]));
        assert!(pack()["properties"]["blueprints"].is_object());
    }
}
