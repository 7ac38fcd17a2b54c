//! Custom resources against their schema: the field errors of kube-openapi's validator.
//!
//! CEL rules stand in [`super::validations`].

use regex::Regex;

use super::{Rules, Schema, Shape, formats};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::go;
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::status::Cause;

/// Every fault of `value`, which stands at `prefix` in its object (the root for a whole object).
pub(crate) fn validate(schema: &Schema, value: &Value, prefix: &Path) -> Errors {
    let mut check = Check { prefix, errors: Errors::new() };
    check.node(schema, value, "");
    check.errors
}

struct Check<'a> {
    prefix: &'a Path,
    errors: Errors,
}

impl Check<'_> {
    fn at(&self, path: &str) -> Path {
        if path.is_empty() { self.prefix.clone() } else { self.prefix.child(path.trim_start_matches('.')) }
    }

    fn push(&mut self, path: &str, make: impl FnOnce(&Path) -> Cause) {
        let cause = make(&self.at(path));
        self.errors.push(cause);
    }

    /// `spec.keep in body should be …`
    fn says(&mut self, path: &str, value: &Value, rule: &str) {
        self.push(path, |at| field::invalid(at, value.clone(), &format!("{path} in body {rule}")));
    }

    fn node(&mut self, schema: &Schema, value: &Value, path: &str) {
        let Some(rules) = &schema.rules else { return };
        if value.is_null() && rules.nullable {
            return;
        }
        // The order is that of the validator's parts. A value of another type is still held against those that
        // do not ask for one.
        let typed = self.has_type(schema, value, path);
        self.combined(rules, value, path);
        match value {
            Value::String(text) if typed => {
                self.text(rules, text, value, path);
                self.format(schema, text, path);
            }
            Value::Number(number) if typed => {
                self.number(rules, number.as_f64().unwrap_or(0.0), value, path);
            }
            Value::Array(items) if typed => self.list(schema, rules, items, value, path),
            _ => {}
        }
        self.one_of_values(rules, value, path);
        if let Value::Object(map) = value
            && typed
        {
            self.members(schema, rules, map, value, path);
        }
    }

    fn members(&mut self, schema: &Schema, rules: &Rules, map: &Map, value: &Value, path: &str) {
        self.size(rules, map.len(), path, value, Sizes::PROPERTIES);
        for (key, value) in map {
            if let Some(inner) = schema.properties.get(key.as_str()).or(schema.element()) {
                self.node(inner, value, &join(path, key));
            }
        }
        for key in schema.required.iter().filter(|key| !map.contains_key(key)) {
            self.push(&join(path, key), |at| field::required(at, ""));
        }
    }

    fn has_type(&mut self, schema: &Schema, value: &Value, path: &str) -> bool {
        let wanted = match schema.shape() {
            Shape::Object | Shape::Map => "object",
            Shape::List => "array",
            Shape::Text => "string",
            Shape::Integer => "integer",
            Shape::Number => "number",
            Shape::Boolean => "boolean",
            Shape::IntOrString => "integer,string",
            _ => return true,
        };
        let found = type_of(value);
        let whole = value.as_f64().is_some_and(|it| it.fract() == 0.0);
        let fits = wanted.split(',').any(|it| it == found)
            || (wanted == "number" && found == "integer")
            || (wanted.starts_with("integer") && found == "number" && whole);
        if !fits {
            let detail = format!("{path} in body must be of type {wanted}: {}", go::quote(found));
            self.push(path, |at| field::type_invalid(at, found, &detail));
        }
        fits
    }

    fn list(&mut self, schema: &Schema, rules: &Rules, items: &[Value], value: &Value, path: &str) {
        self.size(rules, items.len(), path, value, Sizes::ITEMS);
        let unique = rules.keywords.get("uniqueItems").and_then(Value::as_bool).unwrap_or(false);
        if unique && items.iter().enumerate().any(|(at, item)| items.iter().take(at).any(|it| it == item)) {
            self.push(path, |at| {
                field::invalid(at, "", &format!("{path} in body shouldn't contain duplicates"))
            });
        }
        for (at, item) in items.iter().enumerate() {
            if let Some(inner) = schema.element() {
                self.node(inner, item, &format!("{path}[{at}]"));
            }
        }
        self.repeated_keys(schema, items, path);
    }

    /// Lists of type `set` and `map` hold each member once.
    fn repeated_keys(&mut self, schema: &Schema, items: &[Value], path: &str) {
        use super::ListType;
        let keys = schema.list_map_keys();
        let key_of = |item: &Value| -> Value {
            match schema.list_type() {
                ListType::Map => {
                    let of = |key: &String| Some((key.clone(), item.get(key)?.clone()));
                    Value::Object(keys.iter().filter_map(of).collect())
                }
                _ => item.clone(),
            }
        };
        if schema.facts.list_type.is_none_or(|it| it == ListType::Atomic) {
            return;
        }
        for (at, item) in items.iter().enumerate() {
            let key = key_of(item);
            if items.iter().take(at).any(|earlier| key_of(earlier) == key) {
                self.push(&format!("{path}[{at}]"), |at| field::duplicate(at, key));
            }
        }
    }

    fn size(&mut self, rules: &Rules, actual: usize, path: &str, value: &Value, sizes: &Sizes) {
        let limit = |key: &str| {
            let number = rules.keywords.get(key).and_then(Value::as_u64)?;
            usize::try_from(number).ok()
        };
        if let Some(low) = limit(sizes.min).filter(|low| actual < *low) {
            self.says(
                path,
                &sizes.shown(value, actual),
                &format!("should have at least {low} {}", sizes.unit),
            );
        }
        if let Some(high) = limit(sizes.max).filter(|high| actual > *high) {
            self.push(path, |at| field::too_many(at, actual, high));
        }
    }

    fn text(&mut self, rules: &Rules, text: &str, value: &Value, path: &str) {
        let length = text.chars().count();
        let limit = |key: &str| {
            let number = rules.keywords.get(key).and_then(Value::as_u64)?;
            usize::try_from(number).ok()
        };
        if let Some(high) = limit("maxLength").filter(|high| length > *high) {
            self.push(path, |at| field::too_long(at, high));
            return;
        }
        if let Some(low) = limit("minLength").filter(|low| length < *low) {
            self.says(path, value, &format!("should be at least {low} chars long"));
            return;
        }
        let Some(pattern) = rules.keywords.get("pattern").and_then(Value::as_str) else { return };
        if Regex::new(pattern).is_ok_and(|regex| !regex.is_match(text)) {
            self.says(path, value, &format!("should match '{pattern}'"));
        }
    }

    fn format(&mut self, schema: &Schema, text: &str, path: &str) {
        if schema.shape() == Shape::Text && !formats::fits(&schema.format, text) {
            let detail = format!("{path} in body must be of type {}: {}", schema.format, go::quote(text));
            self.push(path, |at| field::type_invalid(at, text, &detail));
        }
    }

    fn number(&mut self, rules: &Rules, number: f64, value: &Value, path: &str) {
        let limit =
            |key: &str| Some((rules.keywords.get(key)?.as_f64()?, rules.keywords.get(key)?.to_string()));
        let exclusive = |key: &str| rules.keywords.get(key).and_then(Value::as_bool).unwrap_or(false);
        if let Some((factor, shown)) = limit("multipleOf")
            && factor != 0.0
            && (number / factor).fract() != 0.0
        {
            self.says(path, value, &format!("should be a multiple of {shown}"));
        }
        if let Some((high, shown)) = limit("maximum") {
            let strictly = exclusive("exclusiveMaximum");
            if number > high || (strictly && number >= high) {
                let or_equal = if strictly { "" } else { " or equal to" };
                self.says(path, value, &format!("should be less than{or_equal} {shown}"));
            }
        }
        if let Some((low, shown)) = limit("minimum") {
            let strictly = exclusive("exclusiveMinimum");
            if number < low || (strictly && number <= low) {
                let or_equal = if strictly { "" } else { " or equal to" };
                self.says(path, value, &format!("should be greater than{or_equal} {shown}"));
            }
        }
    }

    fn one_of_values(&mut self, rules: &Rules, value: &Value, path: &str) {
        let Some(Value::Array(allowed)) = rules.keywords.get("enum") else { return };
        if allowed.contains(value) {
            return;
        }
        let names: Vec<String> =
            allowed.iter().map(|it| it.as_str().map_or_else(|| go::json(it), str::to_owned)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.push(path, |at| field::not_supported(at, value.clone(), &names));
    }

    /// The faults of a value by an alternative, told as if it stood at `path`.
    fn alternative(&self, schema: &Schema, value: &Value, path: &str) -> Errors {
        let mut check = Check { prefix: self.prefix, errors: Errors::new() };
        check.node(schema, value, path);
        check.errors
    }

    /// Of several alternatives none of which fits, the faults of the one that comes nearest.
    fn nearest(all: Vec<Errors>) -> Errors {
        all.into_iter().min_by_key(Vec::len).unwrap_or_default()
    }

    fn combined(&mut self, rules: &Rules, value: &Value, path: &str) {
        let told = |rule: &str| -> Box<dyn Fn(&Path) -> Cause> {
            let detail = format!("{path:?} {rule}");
            Box::new(move |at| field::invalid(at, "", &detail))
        };
        let of = |list: &[Schema]| -> Vec<Errors> {
            list.iter().map(|schema| self.alternative(schema, value, path)).collect()
        };
        let (any, one, all) = (of(&rules.any_of), of(&rules.one_of), of(&rules.all_of));
        let excluded = rules.not.as_ref().is_some_and(|it| self.alternative(it, value, path).is_empty());
        let fitting = |list: &[Errors]| list.iter().filter(|it| it.is_empty()).count();
        if !any.is_empty() && fitting(&any) == 0 {
            self.push(path, told("must validate at least one schema (anyOf)"));
            self.errors.extend(Self::nearest(any));
        }
        match fitting(&one) {
            1 => {}
            _ if one.is_empty() => {}
            0 => {
                self.push(path, told("must validate one and only one schema (oneOf). Found none valid"));
                self.errors.extend(Self::nearest(one));
            }
            many => {
                let rule =
                    format!("must validate one and only one schema (oneOf). Found {many} valid alternatives");
                self.push(path, told(&rule));
            }
        }
        let (fit, count) = (fitting(&all), all.len());
        self.errors.extend(all.into_iter().flatten());
        if fit < count {
            let none = if fit == 0 { ". None validated" } else { "" };
            self.push(path, told(&format!("must validate all the schemas (allOf){none}")));
        }
        if excluded {
            self.push(path, told("must not validate the schema (not)"));
        }
    }
}

/// The words for how many members there may be.
struct Sizes {
    min: &'static str,
    max: &'static str,
    unit: &'static str,
    /// Whether messages show the number of members instead of the value.
    counted: bool,
}

impl Sizes {
    const ITEMS: &'static Self = &Self { min: "minItems", max: "maxItems", unit: "items", counted: true };
    const PROPERTIES: &'static Self =
        &Self { min: "minProperties", max: "maxProperties", unit: "properties", counted: true };

    fn shown(&self, value: &Value, actual: usize) -> Value {
        if self.counted { actual.into() } else { value.clone() }
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;
    use crate::apimachinery::schema::from_open_api;

    #[test]
    fn faults_are_told_in_the_servers_words() {
        let schema = from_open_api(&json!({"type": "object", "properties": {"spec": {
            "type": "object", "required": ["schedule"], "properties": {
                "schedule": {"type": "string", "pattern": r"^(\S+ ){4}\S+$"},
                "keep": {"type": "integer", "maximum": 10},
                "mode": {"type": "string", "enum": ["full", "incremental"]},
                "hosts": {"type": "array", "maxItems": 1, "items": {"type": "string"}},
        }}}}));
        let faults = |spec: Value| -> String {
            let errors = validate(&schema, &json!({"spec": spec}), &Path::root());
            errors.iter().map(|it| format!("{}: {}\n", it.field, it.message)).collect()
        };
        insta::assert_snapshot!(faults(json!({"schedule": "often", "keep": 20, "mode": "diff"})), @r#"
        spec.keep: Invalid value: 20: spec.keep in body should be less than or equal to 10
        spec.mode: Unsupported value: "diff": supported values: "full", "incremental"
        spec.schedule: Invalid value: "often": spec.schedule in body should match '^(\S+ ){4}\S+$'
        "#);
        let either = from_open_api(&json!({"type": "object", "properties": {"o": {"type": "object",
            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
            "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}}}));
        let of = |o: Value| -> String {
            let errors = validate(&either, &json!({"o": o}), &Path::root());
            errors.iter().map(|it| format!("{}: {}\n", it.field, it.message)).collect()
        };
        insta::assert_snapshot!(of(json!({})), @r#"
        o: Invalid value: "": "o" must validate one and only one schema (oneOf). Found none valid
        o.a: Required value
        "#);
        insta::assert_snapshot!(of(json!({"a": "x", "b": "y"})), @r#"o: Invalid value: "": "o" must validate one and only one schema (oneOf). Found 2 valid alternatives"#);
        insta::assert_snapshot!(faults(json!({"keep": "x", "hosts": ["a", 5]})), @r#"
        spec.hosts: Too many: 2: must have at most 1 item
        spec.hosts[1]: Invalid value: "integer": spec.hosts[1] in body must be of type string: "integer"
        spec.keep: Invalid value: "string": spec.keep in body must be of type integer: "string"
        spec.schedule: Required value
        "#);
    }
}
