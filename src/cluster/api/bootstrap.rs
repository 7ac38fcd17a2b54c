//! The objects that an API server makes for itself when it first starts.

use serde_json::Value;

/// Group-resource and object of each, in the order they are stored.
pub(crate) fn objects() -> Vec<(String, Value)> {
    Vec::new()
}
