//! The entries of `metadata.managedFields`.

use super::set::FieldSet;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{go, object};

/// Managers that only update are merged into one when there are more.
const UPDATERS_MAX: usize = 10;

/// How a manager came by its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Apply,
    Update,
}

impl Operation {
    fn text(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Update => "Update",
        }
    }
}

/// The fields of one manager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) manager: String,
    pub(crate) operation: Operation,
    pub(crate) api_version: String,
    pub(crate) subresource: String,
    /// RFC 3339; empty when it is not known.
    pub(crate) time: String,
    pub(crate) set: FieldSet,
}

impl Entry {
    /// As conflicts name it: `"kubectl-create" using apps/v1`.
    pub(super) fn printed(&self) -> String {
        let mut text = go::quote(&self.manager);
        if !self.subresource.is_empty() {
            text = format!("{text} with subresource {}", go::quote(&self.subresource));
        }
        if self.operation == Operation::Update {
            text = format!("{text} using {}", self.api_version);
        }
        text
    }

    fn to_json(&self) -> Value {
        let mut entry = json!({
            "manager": self.manager,
            "operation": self.operation.text(),
            "apiVersion": self.api_version,
            "fieldsType": "FieldsV1",
            "fieldsV1": self.set.to_json(),
        });
        for (key, text) in [("time", &self.time), ("subresource", &self.subresource)] {
            if !text.is_empty() {
                entry[key] = text.as_str().into();
            }
        }
        entry
    }
}

/// Everybody who manages a field of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ManagedFields {
    pub(crate) entries: Vec<Entry>,
}

impl ManagedFields {
    /// The entries of an object.
    pub(crate) fn of(object: &Value) -> Self {
        object.pointer("/metadata/managedFields").map(Self::parse).unwrap_or_default()
    }

    pub(super) fn parse(entries: &Value) -> Self {
        let entry = |json: &Value| {
            let text = |key: &str| object::field(json, key).to_owned();
            let operation = if text("operation") == "Apply" { Operation::Apply } else { Operation::Update };
            Entry {
                manager: text("manager"),
                operation,
                api_version: text("apiVersion"),
                subresource: text("subresource"),
                time: text("time"),
                set: json.get("fieldsV1").map(FieldSet::parse).unwrap_or_default(),
            }
        };
        Self { entries: entries.as_array().into_iter().flatten().map(entry).collect() }
    }

    /// Takes out a manager's entry. An applier is the same in all versions.
    pub(super) fn take(
        &mut self,
        manager: &str,
        operation: Operation,
        api_version: &str,
        subresource: &str,
    ) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| {
            entry.manager == manager
                && entry.operation == operation
                && entry.subresource == subresource
                && (operation == Operation::Apply || entry.api_version == api_version)
        })?;
        Some(self.entries.remove(at))
    }

    /// Merges the oldest updaters into `ancient-changes` when there are too many.
    pub(super) fn cap_updates(&mut self) {
        let is_update = |entry: &Entry| entry.operation == Operation::Update && entry.subresource.is_empty();
        let too_many =
            self.entries.iter().filter(|entry| is_update(entry)).count().saturating_sub(UPDATERS_MAX);
        if too_many == 0 {
            return;
        }
        self.sort();
        let mut ancient: Option<Entry> = None;
        let mut left = too_many + 1;
        self.entries.retain(|entry| {
            if !is_update(entry) || left == 0 {
                return true;
            }
            left -= 1;
            ancient = Some(match ancient.take() {
                None => Entry { manager: "ancient-changes".to_owned(), ..entry.clone() },
                Some(sum) => Entry { set: sum.set.union(&entry.set), time: entry.time.clone(), ..sum },
            });
            false
        });
        self.entries.extend(ancient);
    }

    fn sort(&mut self) {
        let order = |entry: &Entry| {
            let Entry { manager, operation, api_version, subresource, time, .. } = entry;
            (*operation, time.clone(), manager.clone(), api_version.clone(), subresource.clone())
        };
        self.entries.sort_by_key(order);
    }

    /// Writes the entries that have fields into an object.
    pub(super) fn write_to(mut self, object: &mut Value) {
        self.entries.retain(|entry| !entry.set.is_empty());
        self.sort();
        let list: Vec<Value> = self.entries.iter().map(Entry::to_json).collect();
        if list.is_empty() {
            object::remove(object, &["metadata", "managedFields"]);
        } else {
            object::set(object, &["metadata", "managedFields"], list);
        }
    }
}
