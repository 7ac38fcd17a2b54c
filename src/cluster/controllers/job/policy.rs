//! podFailurePolicy: what a failed pod means; successPolicy: which indexes are enough.

use super::Work;
use super::indexes::Intervals;
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// What the first matching rule says about a failed pod.
enum Verdict {
    Count,
    Ignore,
    FailIndex,
    /// With the message for the job's condition.
    FailJob(String),
}

fn verdict(job: &Value, pod: &Value) -> Verdict {
    for (at, rule) in object::list(job, "/spec/podFailurePolicy/rules").iter().enumerate() {
        let action = object::field(rule, "action");
        let Some(why) = exit_code(rule, pod).or_else(|| pod_condition(rule, pod)) else { continue };
        return match action {
            "Ignore" => Verdict::Ignore,
            "FailIndex" => Verdict::FailIndex,
            "FailJob" => Verdict::FailJob(format!("{why} matching FailJob rule at index {at}")),
            _ => Verdict::Count,
        };
    }
    Verdict::Count
}

/// The container whose exit code a rule matches, in words.
fn exit_code(rule: &Value, pod: &Value) -> Option<String> {
    let wanted = rule.get("onExitCodes").filter(|it| !it.is_null())?;
    let only = object::field(wanted, "containerName");
    let matches = |code: i64| {
        let listed = object::list(wanted, "/values").iter().any(|it| it.as_i64() == Some(code));
        if object::field(wanted, "operator") == "NotIn" { code != 0 && !listed } else { listed }
    };
    let lists = ["/status/containerStatuses", "/status/initContainerStatuses"];
    let all = lists.iter().flat_map(|list| object::list(pod, list));
    for status in all.filter(|it| only.is_empty() || object::field(it, "name") == only) {
        let Some(code) = object::int(status, "/state/terminated/exitCode") else { continue };
        if matches(code) {
            let (container, namespace, name) =
                (object::field(status, "name"), object::namespace(pod), object::name(pod));
            return Some(format!(
                "Container {container} for pod {namespace}/{name} failed with exit code {code}"
            ));
        }
    }
    None
}

/// The condition of the pod that a rule matches, in words.
fn pod_condition(rule: &Value, pod: &Value) -> Option<String> {
    let has = |pattern: &&Value| {
        let same =
            |it: &&Value| it.get("type") == pattern.get("type") && it.get("status") == pattern.get("status");
        object::list(pod, "/status/conditions").iter().any(|it| same(&it))
    };
    let found = object::list(rule, "/onPodConditions").iter().find(has)?;
    let kind = object::field(found, "type");
    Some(format!("Pod {}/{} has condition {kind}", object::namespace(pod), object::name(pod)))
}

/// True when the failure counts towards the limits.
pub(super) fn counts_failure(job: &Value, pod: &Value) -> bool {
    !matches!(verdict(job, pod), Verdict::Ignore)
}

/// True when the failure is the end of the pod's index.
pub(super) fn fails_index(job: &Value, pod: &Value) -> bool {
    matches!(verdict(job, pod), Verdict::FailIndex)
}

/// Why the job fails at once, if a failed pod says so.
pub(super) fn fails_job(work: &Work) -> Option<String> {
    work.pods.iter().filter(|pod| work.has_failed(pod)).find_map(|pod| match verdict(&work.job, pod) {
        Verdict::FailJob(message) => Some(message),
        _ => None,
    })
}

/// The message of the first rule of the success policy that is met.
pub(super) fn succeeds(work: &Work) -> Option<String> {
    let completions = work.spec("completions")?;
    let done = &work.succeeded_indexes;
    let met = |rule: &&Value| {
        let wanted = object::at(rule, "/succeededIndexes").and_then(Value::as_str);
        let wanted = wanted.map(|text| Intervals::parse(text, completions));
        let has = wanted.as_ref().map_or(done.len(), |wanted| done.overlap(wanted));
        let needs = match (object::int(rule, "/succeededCount"), &wanted) {
            (Some(count), _) => usize::try_from(count).unwrap_or(usize::MAX),
            (None, Some(wanted)) => wanted.len(),
            (None, None) => return false,
        };
        has >= needs
    };
    let at = object::list(&work.job, "/spec/successPolicy/rules").iter().position(|rule| met(&rule))?;
    Some(format!("Matched rules at index {at}"))
}
