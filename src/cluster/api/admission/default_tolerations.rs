//! DefaultTolerationSeconds: pods stay five minutes on a node that is not ready or out of reach.

use serde_json::{Value, json};

use super::{Call, Object, Status, concerns};
use crate::apimachinery::object;

/// 300 s. Source: the flags `--default-not-ready-toleration-seconds` and its twin.
const SECONDS: i64 = 300;

/// Adds the tolerations that the pod does not have.
pub(super) fn mutate(call: &mut Call<'_>, pod: &mut Value, _old: Option<&Object>) -> Result<(), Status> {
    if !concerns(call, "pods") {
        return Ok(());
    }
    let tolerations = object::list(pod, "/spec/tolerations");
    let covers = |toleration: &Value, key: &str| {
        let own = object::field(toleration, "key");
        let effect = object::field(toleration, "effect");
        (own == key || own.is_empty()) && (effect == "NoExecute" || effect.is_empty())
    };
    let missing: Vec<&str> = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        .into_iter()
        .filter(|key| !tolerations.iter().any(|it| covers(it, key)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut all = tolerations.to_vec();
    all.extend(missing.into_iter().map(
        |key| json!({"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": SECONDS}),
    ));
    object::set(pod, &["spec", "tolerations"], all);
    Ok(())
}
