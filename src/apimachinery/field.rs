//! Field errors: which field is at fault and why, in the words of `field.Error`.
//!
//! Follows apimachinery's `util/validation/field`. What is valid is not known here.

use std::fmt;

use super::go;
use super::status::Cause;
use crate::apimachinery::json::Value;

/// The causes of an `Invalid` status, in the order they were found.
pub(crate) type Errors = Vec<Cause>;

/// Where a field stands: `spec.containers[0].name`, `metadata.labels[app]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Path(String);

impl Path {
    /// A path from its first element; dots in `name` make a longer path.
    pub(crate) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The path of nothing; its children have no leading dot.
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// `self.name`.
    pub(crate) fn child(&self, name: &str) -> Self {
        if self.0.is_empty() { Self(name.to_owned()) } else { Self([&self.0, ".", name].concat()) }
    }

    /// `self[index]`.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// `self[key]`.
    pub(crate) fn key(&self, key: &str) -> Self {
        Self([&self.0, "[", key, "]"].concat())
    }

    /// The path as text; `<nil>` for the root, as Go prints it.
    pub(crate) fn text(&self) -> &str {
        if self.0.is_empty() { "<nil>" } else { &self.0 }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.text())
    }
}

fn cause(reason: &str, path: &Path, message: String) -> Cause {
    Cause { reason: reason.to_owned(), message, field: path.text().to_owned() }
}

fn with_detail(title: &str, detail: &str) -> String {
    if detail.is_empty() { title.to_owned() } else { format!("{title}: {detail}") }
}

/// A value as messages show it: strings quoted, the rest as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => go::quote(text),
        Value::Number(_) => go::display(value),
        other => go::json(other),
    }
}

fn about(title: &str, value: impl Into<Value>, detail: &str) -> String {
    with_detail(&format!("{title}: {}", shown(&value.into())), detail)
}

/// `Required value`.
pub(crate) fn required(path: &Path, detail: &str) -> Cause {
    cause("FieldValueRequired", path, with_detail("Required value", detail))
}

/// `Invalid value: "x": detail`.
pub(crate) fn invalid(path: &Path, value: impl Into<Value>, detail: &str) -> Cause {
    cause("FieldValueInvalid", path, about("Invalid value", value, detail))
}

/// `Invalid value: detail`, without the value.
pub(crate) fn invalid_omitted(path: &Path, detail: &str) -> Cause {
    cause("FieldValueInvalid", path, with_detail("Invalid value", detail))
}

/// `Duplicate value`, without the value.
pub(crate) fn duplicate_omitted(path: &Path) -> Cause {
    cause("FieldValueDuplicate", path, "Duplicate value".to_owned())
}

/// `Invalid value: "x": detail` of a value with the wrong JSON type.
pub(crate) fn type_invalid(path: &Path, value: impl Into<Value>, detail: &str) -> Cause {
    cause("FieldValueTypeInvalid", path, about("Invalid value", value, detail))
}

/// `Unsupported value: "x": supported values: "a", "b"`, in the order given.
pub(crate) fn not_supported(path: &Path, value: impl Into<Value>, supported: &[&str]) -> Cause {
    let names: Vec<String> = supported.iter().map(|name| go::quote(name)).collect();
    let detail =
        if names.is_empty() { String::new() } else { format!("supported values: {}", names.join(", ")) };
    cause("FieldValueNotSupported", path, about("Unsupported value", value, &detail))
}

/// `Duplicate value: "x"`.
pub(crate) fn duplicate(path: &Path, value: impl Into<Value>) -> Cause {
    cause("FieldValueDuplicate", path, about("Duplicate value", value, ""))
}

/// `Not found: "x"`.
pub(crate) fn not_found(path: &Path, value: impl Into<Value>) -> Cause {
    cause("FieldValueNotFound", path, about("Not found", value, ""))
}

/// `Forbidden: detail`.
pub(crate) fn forbidden(path: &Path, detail: &str) -> Cause {
    cause("FieldValueForbidden", path, with_detail("Forbidden", detail))
}

fn plural(count: usize, one: &str) -> String {
    if count == 1 { one.to_owned() } else { format!("{one}s") }
}

/// `Too long: may not be more than N bytes`.
pub(crate) fn too_long(path: &Path, bytes_max: usize) -> Cause {
    let detail = format!("may not be more than {bytes_max} {}", plural(bytes_max, "byte"));
    cause("FieldValueTooLong", path, with_detail("Too long", &detail))
}

/// `Too many: 5: must have at most N items`.
pub(crate) fn too_many(path: &Path, actual: usize, items_max: usize) -> Cause {
    let detail = format!("must have at most {items_max} {}", plural(items_max, "item"));
    cause("FieldValueTooMany", path, about("Too many", actual, &detail))
}

/// One `Invalid value` for each sentence, as validators of names return them.
pub(crate) fn invalid_each(path: &Path, value: &str, sentences: &[String]) -> Errors {
    sentences.iter().map(|sentence| invalid(path, value, sentence)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn words_are_those_of_field_error() {
        let path = Path::new("spec").child("containers").index(0);
        let check = |cause: Cause, want: &str| {
            assert_eq!(format!("{}: {}", cause.field, cause.message), format!("spec.containers[0]{want}"));
        };
        check(required(&path.child("name"), ""), ".name: Required value");
        check(invalid(&path, "x\"", "bad"), ": Invalid value: \"x\\\"\": bad");
        check(invalid(&path, -1, "must be positive"), ": Invalid value: -1: must be positive");
        check(invalid(&path, json!({"a": "<"}), "no"), ": Invalid value: {\"a\":\"\\u003c\"}: no");
        check(
            not_supported(&path, "c", &["a", "b"]),
            ": Unsupported value: \"c\": supported values: \"a\", \"b\"",
        );
        check(too_long(&path.key("a/b"), 63), "[a/b]: Too long: may not be more than 63 bytes");
        check(too_many(&path, 2, 1), ": Too many: 2: must have at most 1 item");
    }
}
