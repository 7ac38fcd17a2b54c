//! `--wait`: when the objects of a release are ready.

use std::time::Duration;

use super::Done;
use super::args::Args;
use super::cluster::Api;
use super::render::{self, Document};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// 5 min. Source: `--timeout`.
const TIMEOUT: Duration = Duration::from_secs(300);

/// How long a command may wait.
pub(super) fn limit(args: &Args) -> Duration {
    args.value("timeout").and_then(duration).unwrap_or(TIMEOUT)
}

/// Waits for the ordinary objects of a release.
pub(super) async fn wait(api: &mut Api<'_>, args: &Args, documents: &[Document]) -> Done {
    let start = api.proc().world().now;
    let plain: Vec<&Document> = documents.iter().filter(|it| render::hook(&it.object).is_empty()).collect();
    loop {
        let mut ready = true;
        for document in &plain {
            let found = api.current(&document.object)?;
            ready &= found.is_some_and(|it| is_ready(&it, args.has("wait-for-jobs")));
        }
        if ready {
            return Ok(());
        }
        if api.proc().world().now.since(start) >= limit(args) {
            return Err("context deadline exceeded".into());
        }
        api.proc().sleep(Duration::from_secs(2)).await;
    }
}

/// `5m30s`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
    let factor = match unit.chars().next()? {
        'h' => 3_600,
        'm' if !unit.starts_with("ms") => 60,
        _ => 1,
    };
    let rest = unit.get(1..).filter(|it| !it.is_empty()).and_then(duration).unwrap_or_default();
    Some(Duration::from_secs(number.parse::<u64>().ok()? * factor) + rest)
}

fn condition(it: &Value, kind: &str) -> bool {
    object::list(it, "/status/conditions")
        .iter()
        .any(|it| object::field(it, "type") == kind && object::field(it, "status") == "True")
}

fn is_ready(it: &Value, jobs: bool) -> bool {
    let int = |path: &str| object::int(it, path).unwrap_or(0);
    let seen = int("/status/observedGeneration") >= int("/metadata/generation");
    let wanted = object::int(it, "/spec/replicas").unwrap_or(1);
    match object::field(it, "kind") {
        "Deployment" => {
            let least = wanted - unavailable(it, wanted);
            seen && int("/status/updatedReplicas") >= wanted.min(1) && int("/status/readyReplicas") >= least
        }
        "StatefulSet" => {
            seen && int("/status/updatedReplicas") >= wanted && int("/status/readyReplicas") >= wanted
        }
        "DaemonSet" => {
            let wanted = int("/status/desiredNumberScheduled");
            let least = wanted - unavailable(it, wanted).max(1);
            seen && int("/status/updatedNumberScheduled") >= wanted && int("/status/numberReady") >= least
        }
        "Pod" => condition(it, "Ready"),
        "PersistentVolumeClaim" => object::text(it, "/status/phase") == "Bound",
        "CustomResourceDefinition" => condition(it, "Established"),
        "Job" => !jobs || condition(it, "Complete"),
        "Service" => {
            object::text(it, "/spec/type") != "LoadBalancer"
                || !object::list(it, "/status/loadBalancer/ingress").is_empty()
        }
        _ => true,
    }
}

/// How many Pods may be missing in a rolling update: a number, or a percentage rounded down. Source: helm's
/// `deploymentReady`.
fn unavailable(it: &Value, wanted: i64) -> i64 {
    let most =
        ["/spec/strategy/rollingUpdate/maxUnavailable", "/spec/updateStrategy/rollingUpdate/maxUnavailable"];
    let most = most.into_iter().find_map(|path| it.pointer(path));
    match most {
        Some(Value::String(text)) => {
            text.trim_end_matches('%').parse::<i64>().map_or(0, |percent| wanted * percent / 100)
        }
        Some(other) => other.as_i64().unwrap_or(0),
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn a_rollout_is_ready_as_soon_as_it_may_be() {
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        let deployment = |ready: i64| {
            json!({"kind": "Deployment", "metadata": {"generation": 1},
                "spec": {"replicas": 4, "strategy": {"rollingUpdate": {"maxUnavailable": "25%"}}},
                "status": {"observedGeneration": 1, "updatedReplicas": 4, "readyReplicas": ready}})
        };
        assert!(is_ready(&deployment(3), false) && !is_ready(&deployment(2), false));
    }
}
