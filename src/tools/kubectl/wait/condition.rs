//! What `--for` asks for, and whether an object meets it.

use super::super::print::template::{find, relaxed};
use crate::apimachinery::go;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{field, int, list};

/// One `--for`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Created,
    Deleted,
    /// A condition of the status, with its wanted value.
    Status {
        name: String,
        value: String,
    },
    /// A path in braces; any value will do when none is given.
    Path {
        path: String,
        value: Option<String>,
    },
}

impl Condition {
    /// Reads the text behind `--for=`.
    ///
    /// # Errors
    /// kubectl's sentence about a text that is none.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.eq_ignore_ascii_case("delete") {
            return Ok(Self::Deleted);
        }
        if text.eq_ignore_ascii_case("create") {
            return Ok(Self::Created);
        }
        if let Some(condition) = text.strip_prefix("condition=") {
            let (name, value) = condition.split_once('=').unwrap_or((condition, "true"));
            return Ok(Self::Status { name: name.into(), value: value.into() });
        }
        if let Some(path) = text.strip_prefix("jsonpath=") {
            return Self::parse_path(path);
        }
        Err(format!("unrecognized condition: {}", go::quote(text)))
    }

    fn parse_path(text: &str) -> Result<Self, String> {
        let parts = split(text);
        let (path, value) = match parts.as_slice() {
            [path] => (relaxed(path)?, None),
            [path, value] => {
                let path = relaxed(path)?;
                let value = value.trim_matches(['\'', '"']);
                if value.is_empty() {
                    return Err("jsonpath wait has to have a value after equal sign, like --for=jsonpath='{.status.readyReplicas}'=3".into());
                }
                (path, Some(value.to_owned()))
            }
            _ => {
                return Err("jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'".into());
            }
        };
        if path.is_empty() {
            return Err("jsonpath expression cannot be empty".into());
        }
        // A path that cannot be read is told before anything is waited for.
        find(&path, &Value::Null, true)
            .map(drop)
            .or_else(|why| if why.contains("not found") { Ok(()) } else { Err(why) })?;
        Ok(Self::Path { path, value })
    }

    /// True when `tree` meets the condition.
    ///
    /// # Errors
    /// A path that leads to more than one plain value.
    pub(super) fn holds(&self, tree: &Value) -> Result<bool, String> {
        match self {
            Self::Created => Ok(true),
            Self::Deleted => Ok(false),
            Self::Status { name, value } => Ok(has_condition(tree, name, value)),
            Self::Path { path, value } => {
                let found = find(path, tree, true)?;
                let (first, more) = match found.as_slice() {
                    [] => return Ok(false),
                    [first, more @ ..] => (first, more),
                };
                if !more.is_empty() {
                    return Err("given jsonpath expression matches more than one value".into());
                }
                let Some(value) = value else { return Ok(true) };
                if first.is_object() || first.is_array() {
                    return Err("jsonpath leads to a nested object or list which is not supported".into());
                }
                Ok(go::display(first).trim() == value.trim())
            }
        }
    }
}

/// Splits at `=`, but not at `==`.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let Some(part) = parts.last_mut() else { break };
        if letter != '=' {
            part.push(letter);
        } else if letters.next_if_eq(&'=').is_some() {
            part.push_str("==");
        } else {
            parts.push(String::new());
        }
    }
    parts
}

fn has_condition(tree: &Value, name: &str, value: &str) -> bool {
    let conditions = list(tree, "/status/conditions");
    let Some(condition) = conditions.iter().find(|one| field(one, "type").eq_ignore_ascii_case(name)) else {
        return false;
    };
    // A condition that is about an older generation says nothing yet.
    let observed = int(condition, "/observedGeneration").or_else(|| int(tree, "/status/observedGeneration"));
    if let (Some(observed), Some(generation)) = (observed, int(tree, "/metadata/generation"))
        && observed < generation
    {
        return false;
    }
    field(condition, "status").eq_ignore_ascii_case(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[track_caller]
    fn check(text: &str, want: Result<bool, &str>) {
        let tree = json!({"metadata": {"generation": 2}, "spec": {"list": [1]},
            "status": {"phase": "Running", "observedGeneration": 2,
                "conditions": [{"type": "Ready", "status": "True"}]}});
        let got = Condition::parse(text).and_then(|condition| condition.holds(&tree));
        assert_eq!(got, want.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn conditions_hold_or_do_not() {
        check("condition=ready", Ok(true));
        check("condition=Ready=False", Ok(false));
        check("condition=Nope", Ok(false));
        check("jsonpath={.status.phase}=Running", Ok(true));
        check("jsonpath={.status.conditions[?(@.type==\"Ready\")].status}=True", Ok(true));
        check("jsonpath={.status.nope}", Ok(false));
        check(
            "jsonpath={.spec.list}=x",
            Err("jsonpath leads to a nested object or list which is not supported"),
        );
        check("ready", Err("unrecognized condition: \"ready\""));
    }
}
