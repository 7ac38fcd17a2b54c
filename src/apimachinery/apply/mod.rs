//! Who manages which field: `metadata.managedFields`, and server-side apply.
//!
//! | module | what it is |
//! |---|---|
//! | [`set`] | sets of fields, as `fieldsV1` writes them |
//! | [`mod@compare`] | which fields an object has, and which differ between two |
//! | [`merge`] | an applied configuration laid over an object, and fields taken out of one |
//! | [`managers`] | the entries of `managedFields` |
//! | [`typed`] | whether a configuration has the fields and kinds of values of its type |
//!
//! Follows structured-merge-diff's `merge.Updater` and apimachinery's `util/managedfields`. Objects
//! of one kind in several versions are taken to have the same fields.

mod compare;
mod managers;
mod merge;
mod set;
mod typed;

pub(crate) use managers::{Entry, ManagedFields, Operation};
pub(crate) use set::FieldSet;

use self::compare::{Comparison, compare, field_set};
use super::object;
use super::schema::{self, Schema};
use super::status::{Cause, Status};
use crate::apimachinery::json::{Map, Value, json};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// One write, as far as field management is concerned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Write<'a> {
    /// The type of the object.
    pub(crate) schema: &'a Schema,
    /// `kubectl-create`, `kube-controller-manager` …
    pub(crate) manager: &'a str,
    /// Of the request, such as `apps/v1`.
    pub(crate) api_version: &'a str,
    /// `status`, `scale` …; empty for the object itself.
    pub(crate) subresource: &'a str,
    /// RFC 3339, to the second.
    pub(crate) now: &'a str,
    /// Fields that the request cannot change, such as `[&["status"]]`.
    pub(crate) ignored: &'a [&'a [&'a str]],
}

/// Fields of `metadata` and above that nobody manages.
const NOT_MANAGED: &[&[&str]] = &[
    &["apiVersion"],
    &["kind"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

impl Write<'_> {
    fn strip(&self, set: &mut FieldSet) {
        for path in NOT_MANAGED.iter().chain(self.ignored) {
            set.remove_below(path);
        }
        set.disown(&["metadata"]);
    }

    fn compare(&self, old: &Value, new: &Value) -> Comparison {
        let mut comparison = compare(self.schema, old, new);
        for set in [&mut comparison.added, &mut comparison.removed, &mut comparison.modified] {
            self.strip(set);
        }
        comparison
    }

    fn entry(&self, operation: Operation, set: FieldSet) -> Entry {
        Entry {
            manager: self.manager.to_owned(),
            operation,
            api_version: self.api_version.to_owned(),
            subresource: self.subresource.to_owned(),
            time: self.now.to_owned(),
            set,
        }
    }
}

/// What an object of the type is before anything is set: Go's zero value.
fn nothing_yet(schema: &Schema) -> Value {
    if schema.real().name.is_empty() { json!({}) } else { schema::zero(schema) }
}

/// Writes `metadata.managedFields` of `new`, which is about to replace `live` (null on creation).
pub(crate) fn update_managed_fields(live: &Value, new: &mut Value, write: &Write<'_>) {
    let creates = live.is_null();
    let sent = take_managed_fields(new);
    let old = if creates { nothing_yet(write.schema) } else { live.clone() };
    let of_live = ManagedFields::of(live);
    let mut managers = match sent {
        Some(sent) if write.subresource.is_empty() && is_reset(&sent) => ManagedFields::default(),
        Some(sent) if write.subresource.is_empty() => {
            let sent = ManagedFields::parse(&sent);
            if sent.entries.is_empty() { of_live } else { sent }
        }
        _ => of_live,
    };
    // Objects that lost their managers are not tracked again before they are applied.
    if managers.entries.is_empty() && !creates {
        return;
    }
    let comparison = write.compare(&old, new);
    let changed = comparison.added.union(&comparison.modified);
    for entry in &mut managers.entries {
        entry.set = entry.set.difference(&comparison.removed).difference(&changed);
    }
    let mut own = changed;
    if let Some(previous) =
        managers.take(write.manager, Operation::Update, write.api_version, write.subresource)
    {
        if own.is_empty() {
            managers.entries.push(previous);
        } else {
            own = own.union(&previous.set);
        }
    }
    if !own.is_empty() {
        managers.entries.push(write.entry(Operation::Update, own));
    }
    managers.cap_updates();
    managers.write_to(new);
}

fn take_managed_fields(object: &mut Value) -> Option<Value> {
    object::remove(object, &["metadata", "managedFields"])
}

/// `[]` and `[{}]` take all entries away.
fn is_reset(managed_fields: &Value) -> bool {
    match managed_fields.as_array().map(Vec::as_slice) {
        Some([]) => true,
        Some([one]) => one.as_object().is_some_and(Map::is_empty),
        _ => false,
    }
}

/// `config` laid over `live`, without a word on who owns what.
pub(crate) fn overlay(schema: &Schema, live: &Value, config: &Value) -> Value {
    merge::merge(schema, live, config)
}

/// What in an applied configuration is not of its type, in the words of the merge library.
pub(crate) fn misfit(schema: &Schema, config: &Value) -> Option<String> {
    typed::complaint(schema, config)
}

/// The object that server-side apply makes of `live` (null when there is none) and `config`.
///
/// # Errors
/// The `Conflict` status that names other managers' fields, unless `force` takes them over.
pub(crate) fn server_side_apply(
    live: &Value,
    config: &Value,
    write: &Write<'_>,
    force: bool,
) -> Result<Value, Status> {
    let mut result = apply_once(live, config, write, force);
    if let (Err(conflicts), "kubectl") = (&mut result, write.manager) {
        let allowed = unchanged_since_last_applied(live, write);
        conflicts.retain(|conflict| !allowed.has(&conflict.path));
        if conflicts.is_empty() {
            result = apply_once(live, config, write, true);
        }
    }
    let mut object = result.map_err(|conflicts| conflict_status(&conflicts))?;
    if write.manager == "kubectl" && !last_applied(&object).is_empty() {
        set_last_applied(&mut object, config);
    }
    Ok(object)
}

/// A field that the applied configuration changes and somebody else manages.
struct Conflict {
    /// As messages print them: `"kubectl-create" using v1`.
    manager: String,
    path: Vec<String>,
}

fn apply_once(live: &Value, config: &Value, write: &Write<'_>, force: bool) -> Result<Value, Vec<Conflict>> {
    let mut managers = ManagedFields::of(live);
    if managers.entries.is_empty() && !live.is_null() {
        let mut all = field_set(write.schema, live);
        write.strip(&mut all);
        let first = Write { manager: "before-first-apply", ..*write };
        managers.entries.push(first.entry(Operation::Update, all));
    }
    let mut old = if live.is_null() { nothing_yet(write.schema) } else { live.clone() };
    take_managed_fields(&mut old);
    let mut config = config.clone();
    take_managed_fields(&mut config);

    let merged = merge::merge(write.schema, &old, &config);
    let mut set = field_set(write.schema, &config);
    write.strip(&mut set);
    let before = managers.take(write.manager, Operation::Apply, write.api_version, write.subresource);
    let all_owned = managers.entries.iter().fold(set.clone(), |all, entry| all.union(&entry.set));
    let mut new = merged;
    if let Some(before) = &before {
        merge::remove(write.schema, &mut new, &before.set, &all_owned);
    }
    let comparison = write.compare(&old, &new);
    let changed = comparison.added.union(&comparison.modified);
    let conflicts = conflicts_with(&managers, &changed);
    if !force && !conflicts.is_empty() {
        return Err(conflicts);
    }
    for entry in &mut managers.entries {
        entry.set = entry.set.difference(&changed).difference(&comparison.removed);
    }
    let same = comparison.is_empty() && before.as_ref().is_some_and(|before| before.set == set);
    let mut own = write.entry(Operation::Apply, set);
    if let (true, Some(before)) = (same, before) {
        own.time = before.time;
    }
    managers.entries.push(own);
    managers.write_to(&mut new);
    Ok(new)
}

fn conflicts_with(managers: &ManagedFields, changed: &FieldSet) -> Vec<Conflict> {
    let mut all = Vec::new();
    for entry in &managers.entries {
        for path in entry.set.intersection(changed).paths() {
            all.push(Conflict { manager: entry.printed(), path });
        }
    }
    all.sort_by(|a, b| a.manager.cmp(&b.manager));
    all
}

fn conflict_status(conflicts: &[Conflict]) -> Status {
    let message = match conflicts {
        [one] => {
            let place = set::printed(&one.path);
            format!("Apply failed with 1 conflict: conflict with {}: {place}", one.manager)
        }
        several => {
            let mut lines = Vec::new();
            let mut manager = "";
            for conflict in several {
                if conflict.manager != manager {
                    manager = &conflict.manager;
                    lines.push(format!("conflicts with {manager}:"));
                }
                lines.push(format!("- {}", set::printed(&conflict.path)));
            }
            format!("Apply failed with {} conflicts: {}", several.len(), lines.join("\n"))
        }
    };
    let cause = |conflict: &Conflict| Cause {
        reason: "FieldManagerConflict".to_owned(),
        message: format!("conflict with {}", conflict.manager),
        field: set::printed(&conflict.path),
    };
    let details = super::status::Details {
        causes: conflicts.iter().map(cause).collect(),
        ..super::status::Details::default()
    };
    Status { code: 409, reason: "Conflict", message, details: Some(details) }
}

fn last_applied(object: &Value) -> &str {
    object::annotation(object, LAST_APPLIED).unwrap_or("")
}

/// Fields that are as `kubectl apply` left them: server-side apply by kubectl may take these over.
fn unchanged_since_last_applied(live: &Value, write: &Write<'_>) -> FieldSet {
    let Ok(applied) = serde_json::from_str::<Value>(last_applied(live)) else { return FieldSet::default() };
    if object::text(&applied, "/apiVersion") != write.api_version {
        return FieldSet::default();
    }
    let comparison = compare(write.schema, &applied, live);
    let set = field_set(write.schema, &applied);
    set.difference(&comparison.modified).difference(&comparison.added).difference(&comparison.removed)
}

fn set_last_applied(object: &mut Value, config: &Value) {
    let mut config = config.clone();
    object::remove(&mut config, &["metadata", "annotations", LAST_APPLIED]);
    let text = format!("{}\n", super::go::json(&config));
    object::set(object, &["metadata", "annotations", LAST_APPLIED], text);
}

#[cfg(test)]
mod tests;
