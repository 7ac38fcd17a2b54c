//! Sizes: what specs, statuses and annotations say, and percentages of them.

use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// The annotation of a set with the size of its deployment.
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";

/// The annotation of a set with the size that its deployment may have while it rolls.
pub(super) const MAX: &str = "deployment.kubernetes.io/max-replicas";

/// `spec.replicas`.
pub(super) fn replicas(any: &Value) -> i64 {
    object::int(any, "/spec/replicas").unwrap_or(1)
}

/// A counter of the status.
pub(super) fn counted(any: &Value, key: &str) -> i64 {
    any.get("status").and_then(|it| it.get(key)).and_then(Value::as_i64).unwrap_or(0)
}

/// A number in an annotation.
pub(super) fn annotated(set: &Value, key: &str) -> Option<i64> {
    object::annotation(set, key)?.parse().ok()
}

/// `IntOrString` of `total`; percentages are rounded up or down.
pub(crate) fn scaled(value: Option<&Value>, total: i64, up: bool) -> i64 {
    match value {
        Some(Value::String(text)) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(0);
            let product = percent.saturating_mul(total);
            if up { (product + 99).div_euclid(100) } else { product.div_euclid(100) }
        }
        Some(value) => value.as_i64().unwrap_or(0),
        None => 0,
    }
}

/// `(maxSurge, maxUnavailable)` of a deployment; never both 0, or nothing could move.
pub(super) fn fence_posts(deployment: &Value) -> (i64, i64) {
    if object::text(deployment, "/spec/strategy/type") == "Recreate" {
        return (0, 0);
    }
    let total = replicas(deployment);
    let surge = scaled(deployment.pointer("/spec/strategy/rollingUpdate/maxSurge"), total, true);
    let down = scaled(deployment.pointer("/spec/strategy/rollingUpdate/maxUnavailable"), total, false);
    if surge == 0 && down == 0 { (0, 1) } else { (surge, down) }
}

/// How many pods may be missing.
pub(super) fn max_unavailable(deployment: &Value) -> i64 {
    let total = replicas(deployment);
    if total == 0 { 0 } else { fence_posts(deployment).1.min(total) }
}

/// How many pods may be too many.
pub(super) fn max_surge(deployment: &Value) -> i64 {
    fence_posts(deployment).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn surge_is_rounded_up_and_unavailability_down() {
        let check = |replicas: i64, surge: Value, down: Value, want: (i64, i64)| {
            let rolling = json!({"maxSurge": surge, "maxUnavailable": down});
            let deployment = json!({"spec": {"replicas": replicas, "strategy": {"rollingUpdate": rolling}}});
            assert_eq!(fence_posts(&deployment), want);
        };
        check(5, json!("25%"), json!("25%"), (2, 1));
        check(3, json!("25%"), json!("25%"), (1, 0));
        check(3, json!(0), json!("0%"), (0, 1));
        check(10, json!(2), json!("30%"), (2, 3));
    }
}
