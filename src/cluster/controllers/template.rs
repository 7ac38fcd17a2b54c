//! Pods from templates, and the hash that tells one template from another.

use super::owners::controller_ref;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::sim::safe_encode;

/// Names of generated pods may have no more letters in front of the suffix.
///
/// Source: apiserver `names.MaxGeneratedNameLength`.
const PREFIX_MAX: usize = 58;

/// The pod that `owner` makes from `template`, named `<owner>-<suffix>`.
pub(crate) fn pod_from(template: &Value, owner: &Value) -> Value {
    let mut prefix = format!("{}-", object::name(owner));
    prefix.truncate(PREFIX_MAX);
    pod_named(template, owner, json!({"generateName": prefix}))
}

/// The pod that `owner` makes from `template`, with a name or `generateName` of choice.
pub(crate) fn pod_named(template: &Value, owner: &Value, naming: Value) -> Value {
    let mut metadata = naming;
    for key in ["labels", "annotations", "finalizers"] {
        if let Some(value) = template.get("metadata").and_then(|it| it.get(key)).filter(|it| !it.is_null()) {
            metadata[key] = value.clone();
        }
    }
    metadata["namespace"] = object::namespace(owner).into();
    metadata["ownerReferences"] = json!([controller_ref(owner)]);
    let spec = template.get("spec").cloned().unwrap_or_default();
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
}

/// The hash of a template: 32-bit FNV-1a over its canonical form, in letters that make no words.
/// `collisions` is `status.collisionCount`.
///
/// The real one hashes Go's dump of the struct, so the letters differ while their look does not.
pub(crate) fn hash(template: &Value, collisions: Option<i64>) -> String {
    let mut hash: u32 = 0x811c_9dc5;
    let mut feed = |bytes: &[u8]| {
        for byte in bytes {
            hash = (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    };
    feed(template.to_string().as_bytes());
    if let Some(count) = collisions {
        feed(&u32::try_from(count).unwrap_or(0).to_le_bytes());
        feed(&[0; 4]);
    }
    safe_encode(&hash.to_string())
}

/// True when two templates are the same but for the label `ignored`.
pub(crate) fn same_but_label(a: &Value, b: &Value, ignored: &str) -> bool {
    let without = |template: &Value| {
        let mut template = template.clone();
        object::remove(&mut template, &["metadata", "labels", ignored]);
        // An absent and an empty map of metadata mean the same.
        if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.retain(|_, it| !it.is_null() && it.as_object().is_none_or(|map| !map.is_empty()));
        }
        template
    };
    without(a) == without(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_one_hash_and_a_collision_changes_it() {
        let template = json!({"spec": {"containers": [{"image": "nginx"}]}});
        assert_eq!(hash(&template, None), hash(&template.clone(), None));
        assert_ne!(hash(&template, None), hash(&template, Some(1)));
        assert!(hash(&template, None).chars().all(|it| "bcdfghjklmnpqrstvwxz2456789".contains(it)));
    }
}
