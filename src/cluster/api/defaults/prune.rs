//! What Go does not write out: a field with `omitempty` that holds its zero value is not there in
//! what the server stores, so `env: []`, `hostNetwork: false` or `subPath: ""` vanish.
//!
//! Fields that are pointers in Go keep their zero; those are listed here by name.

use crate::apimachinery::json::{Map, Value};

/// Maps whose keys are the user's: their members are data, whatever they hold.
const USER_MAPS: &[&str] = &[
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "options",
    "parameters",
    "stringData",
    "volumeAttributes",
];

/// Strings that are pointers or are always written.
const STRINGS_KEPT: &[&str] = &[
    "apiGroup",
    "appProtocol",
    "gmsaCredentialSpec",
    "ingressClassName",
    "localhostProfile",
    "managedBy",
    "message",
    "runAsUserName",
    "runtimeClassName",
    "service",
    "storageClassName",
    "timeZone",
    "type",
    "volumeAttributesClassName",
];

/// Lists that are written even when they are empty.
const LISTS_KEPT: &[&str] = &["clusterRoleSelectors", "nodeSelectorTerms", "rules", "verbs", "webhooks"];

/// Maps without members that vanish; other empty objects are structs.
const MAPS_DROPPED: &[&str] = &[
    "annotations",
    "binaryData",
    "data",
    "labels",
    "limits",
    "matchLabels",
    "nodeSelector",
    "parameters",
    "requests",
    "volumeAttributes",
];

/// Booleans that are plain in Go.
const FALSE_DROPPED: &[&str] = &[
    "globalDefault",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "paused",
    "publishNotReadyAddresses",
    "readOnly",
    "stdin",
    "stdinOnce",
    "tty",
    "unschedulable",
];

/// Integers that are plain in Go.
const ZERO_DROPPED: &[&str] = &["hostPort", "initialDelaySeconds", "minReadySeconds", "nodePort", "weight"];

/// Takes the zero values out of `tree`, whose key in its parent is `key`.
pub(super) fn prune(tree: &mut Value, key: &str) {
    match tree {
        Value::Object(map) if USER_MAPS.contains(&key) => map.retain(|_, value| !value.is_null()),
        Value::Object(map) => prune_map(map),
        Value::Array(list) => list.iter_mut().for_each(|it| prune(it, "")),
        _ => {}
    }
}

fn prune_map(map: &mut Map) {
    for (key, value) in map.iter_mut() {
        prune(value, key);
    }
    map.retain(|key, value| !is_zero(key, value));
}

fn is_zero(key: &str, value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag && FALSE_DROPPED.contains(&key),
        Value::Number(number) => number.as_i64() == Some(0) && ZERO_DROPPED.contains(&key),
        Value::String(text) => text.is_empty() && !STRINGS_KEPT.contains(&key),
        Value::Array(list) => list.is_empty() && !LISTS_KEPT.contains(&key),
        Value::Object(map) => map.is_empty() && MAPS_DROPPED.contains(&key),
    }
}
