//! Variants: values drawn from the seed, and texts with those values in them.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use super::raw::RawVariable;
use crate::apimachinery::json::Value;
use crate::sim::Chance;

/// The values of one variant.
pub(crate) type Values = BTreeMap<String, Value>;

/// Draws every variable, in the order of their names.
pub(super) fn draw(variables: &BTreeMap<String, RawVariable>, seed: u64) -> Values {
    let mut chance = Chance::from_seed(seed);
    variables
        .iter()
        .map(|(name, variable)| {
            let value = match variable.between {
                Some((from, to)) => {
                    let span = u64::try_from(to - from + 1).unwrap_or(1);
                    Value::from(from + i64::try_from(chance.below(span)).unwrap_or(0))
                }
                None => chance.pick(&variable.choose).cloned().unwrap_or(Value::Null),
            };
            (name.clone(), value)
        })
        .collect()
}

/// What is said of a variable whose name or key YAML does not read as a text.
pub(super) const TRUTH_KEY: &str = "a key reads as true or false: YAML takes y, n, yes, no, on and off for these; write it in quotes, or call it otherwise";

/// True when a variable's name, or a key of one of its values, is not the text that its author meant.
pub(super) fn has_truth_key(name: &str, variable: &RawVariable) -> bool {
    let is_truth = |key: &str| matches!(key, "true" | "false");
    let keys = variable.choose.iter().filter_map(Value::as_object).flat_map(|map| map.keys());
    is_truth(name) || keys.into_iter().any(|key| is_truth(key))
}

/// Steps that one text may take: a template of a hostile pack must end.
const FUEL: u64 = 1_000_000;

/// A text with the values in it.
///
/// # Errors
/// What the template engine says, with the name of the variable at fault.
pub(super) fn render(text: &str, values: &Values) -> Result<String, String> {
    if !text.contains("{{") && !text.contains("{%") {
        return Ok(text.to_owned());
    }
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.render_str(text, minijinja::value::Serde(values)).map_err(|error| {
        let hint = if text.contains("{#") {
            "; `{#` begins a comment here: write `{{ '{#' }}`, or put a blank between"
        } else {
            ""
        };
        format!("{error}{hint}")
    })
}

/// A tree with the values in every text of it. A text that is nothing but one variable becomes that
/// variable's value, so that numbers stay numbers.
pub(super) fn render_tree(tree: &Value, values: &Values) -> Result<Value, String> {
    Ok(match tree {
        Value::String(text) => match whole(text, values) {
            Some(value) => value.clone(),
            None => Value::from(render(text, values)?),
        },
        Value::Array(items) => {
            Value::Array(items.iter().map(|item| render_tree(item, values)).collect::<Result<_, _>>()?)
        }
        Value::Object(map) => {
            let entries =
                map.iter().map(|(key, value)| Ok((render(key, values)?, render_tree(value, values)?)));
            Value::Object(entries.collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

/// The value of `{{ name }}` or `{{ name.key }}`.
fn whole<'a>(text: &str, values: &'a Values) -> Option<&'a Value> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let mut parts = name.split('.');
    let first = values.get(parts.next()?)?;
    parts.try_fold(first, |value, key| value.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    fn variables() -> BTreeMap<String, RawVariable> {
        let variable = |choose: Value, between| RawVariable {
            choose: choose.as_array().cloned().unwrap_or_default(),
            between,
        };
        [
            ("app".to_owned(), variable(json!([{"name": "web", "port": 80}]), None)),
            ("count".to_owned(), variable(json!([]), Some((2, 4)))),
        ]
        .into()
    }

    #[test]
    fn a_seed_draws_one_variant() {
        assert_eq!(draw(&variables(), 3), draw(&variables(), 3));
        let counts: Vec<i64> =
            (0..20).map(|seed| draw(&variables(), seed)["count"].as_i64().unwrap()).collect();
        assert!(
            counts.iter().all(|count| (2..=4).contains(count)) && counts.contains(&2) && counts.contains(&4)
        );
    }

    #[test]
    fn keys_that_yaml_takes_for_truth_are_told() {
        let read = |text: &str| -> RawVariable {
            let tree = crate::apimachinery::yaml::document(text).unwrap();
            crate::apimachinery::json::from_value(tree).unwrap()
        };
        assert!(has_truth_key("it", &read("choose: [{n: 3, name: a}]")));
        assert!(!has_truth_key("it", &read("choose: [{\"n\": 3, name: a}, b]")));
        assert!(render("{{ 1 }}${#x}", &Values::new()).unwrap_err().contains("comment"));
    }

    #[test]
    fn numbers_stay_numbers_and_unknown_names_are_told() {
        let values = draw(&variables(), 1);
        let tree = json!({"port": "{{ app.port }}", "{{ app.name }}": "x-{{ app.name }}"});
        assert_eq!(render_tree(&tree, &values), Ok(json!({"port": 80, "web": "x-web"})));
        assert!(render("{{ nope }}", &values).is_err());
    }
}
