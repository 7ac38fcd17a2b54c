//! DefaultTolerationSeconds: pods stay five minutes on a node that is not ready or out of reach.

use super::{Call, Object, Status, concerns};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::cluster::api::flags;

/// 300 s.
const SECONDS: i64 = 300;

/// The taints that are tolerated for a while, and the flags that say for how many seconds.
const TOLERATED: [(&str, &str); 2] = [
    ("node.kubernetes.io/not-ready", "default-not-ready-toleration-seconds"),
    ("node.kubernetes.io/unreachable", "default-unreachable-toleration-seconds"),
];

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
    let missing: Vec<(&str, i64)> = TOLERATED
        .into_iter()
        .filter(|(key, _)| !tolerations.iter().any(|it| covers(it, key)))
        .map(|(key, flag)| (key, flags::number(call.cluster(), flag, SECONDS)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut all = tolerations.to_vec();
    all.extend(missing.into_iter().map(
        |(key, seconds)| json!({"effect": "NoExecute", "key": key, "operator": "Exists", "tolerationSeconds": seconds}),
    ));
    object::set(pod, &["spec", "tolerations"], all);
    Ok(())
}
