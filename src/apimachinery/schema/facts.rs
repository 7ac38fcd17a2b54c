//! What Go's struct tags and markers say of a field beyond its type: merge keys, list types, Go
//! type names, and what is left out of the output.
//!
//! The table `assets/api/field-facts.json` holds type -> field -> letters: `s` patchStrategy, `m`
//! patchMergeKey, `l` listType, `k` listMapKeys, `a` atomic, `go` the Go type where it is not what
//! one would guess, `in` the embedded struct that holds the field, `e` the values of an enum, `w`
//! how the field is written. The field `.` is the
//! type itself; `#` holds its fields in the order of Go's struct. Made from the types.go files of
//! kubernetes/api, apimachinery and apiextensions-apiserver.

use std::sync::LazyLock;

use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// `+listType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListType {
    Atomic,
    Set,
    Map,
}

/// When Go writes a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Write {
    /// Unless it has its type's zero value.
    #[default]
    UnlessZero,
    /// Whenever it is set, zero or not: a pointer.
    WhenSet,
    /// Always, with its type's zero value when it is not set.
    Always,
    /// Always, null when it is not set.
    AlwaysOrNull,
}

/// What is known of a field, or of a type, beyond its JSON schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// `patchStrategy` holds `merge`.
    pub(crate) merges: bool,
    /// `patchStrategy` holds `replace`.
    pub(crate) replaces: bool,
    /// `patchStrategy` holds `retainKeys`.
    pub(crate) retains_keys: bool,
    /// `patchMergeKey`; empty when there is none.
    pub(crate) merge_key: String,
    pub(crate) list_type: Option<ListType>,
    pub(crate) list_map_keys: Vec<String>,
    /// Objects and maps that are replaced as a whole.
    pub(crate) atomic: bool,
    /// Empty where the schema tells it.
    pub(crate) go_type: String,
    /// The Go name of the embedded struct that holds the field; empty for most.
    pub(crate) embedded_in: String,
    pub(crate) enum_values: Vec<String>,
    pub(crate) write: Write,
}

static TABLE: LazyLock<Value> = LazyLock::new(|| {
    // A broken table is caught by the test below.
    serde_json::from_str(include_str!("../../../assets/api/field-facts.json")).unwrap_or_default()
});

fn words(entry: &Value, letter: &str) -> Vec<String> {
    let items = entry.get(letter).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What a `listType` marker says.
pub(super) fn list_type(word: &str) -> Option<ListType> {
    match word {
        "atomic" => Some(ListType::Atomic),
        "set" => Some(ListType::Set),
        "map" => Some(ListType::Map),
        _ => None,
    }
}

/// The facts of a type's field; of the type itself for `.`.
pub(super) fn of(type_name: &str, field: &str) -> Facts {
    let Some(entry) = TABLE.get(type_name).and_then(|fields| fields.get(field)) else {
        return Facts::default();
    };
    let strategy = object::field(entry, "s");
    Facts {
        merges: strategy.contains("merge"),
        replaces: strategy.contains("replace"),
        retains_keys: strategy.contains("retainKeys"),
        merge_key: object::field(entry, "m").to_owned(),
        list_type: list_type(object::field(entry, "l")),
        list_map_keys: words(entry, "k"),
        atomic: entry.get("a").and_then(Value::as_bool).unwrap_or(false),
        go_type: object::field(entry, "go").to_owned(),
        embedded_in: object::field(entry, "in").to_owned(),
        enum_values: words(entry, "e"),
        write: match object::field(entry, "w") {
            "p" => Write::WhenSet,
            "r" => Write::Always,
            "n" => Write::AlwaysOrNull,
            _ => Write::UnlessZero,
        },
    }
}

/// The fields of a type in the order of Go's struct; none when that is the sorted one.
pub(super) fn order(type_name: &str) -> Vec<String> {
    let names = TABLE.get(type_name).and_then(|fields| fields.get("#")).and_then(Value::as_str);
    names.unwrap_or("").split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert!(TABLE.as_object().is_some_and(|types| types.len() > 400));
        assert_eq!(of("io.k8s.api.core.v1.Container", "ports").list_map_keys, ["containerPort", "protocol"]);
    }
}
