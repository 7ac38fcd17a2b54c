//! Events of `events.k8s.io/v1`, which are stored as those of `v1`.
//!
//! Rules of kubernetes' `pkg/apis/events/v1/conversion.go`.

use crate::apimachinery::json::Value;

/// How the two versions call the same field: of `v1`, of `events.k8s.io/v1`.
const NAMES: &[(&str, &str)] = &[
    ("count", "deprecatedCount"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("involvedObject", "regarding"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("message", "note"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
];

/// Makes an event of `v1` of one of `events.k8s.io/v1`.
pub(super) fn to_core(event: &mut Value) {
    rename(event, |(old, new)| (new, old));
}

/// Makes an event of `events.k8s.io/v1` of one of `v1`.
pub(super) fn from_core(event: &mut Value) {
    rename(event, |(old, new)| (old, new));
}

fn rename(event: &mut Value, names: fn((&'static str, &'static str)) -> (&'static str, &'static str)) {
    let Value::Object(map) = event else { return };
    for (from, to) in NAMES.iter().copied().map(names) {
        if let Some(value) = map.remove(from) {
            map.insert(to.into(), value);
        }
    }
}
