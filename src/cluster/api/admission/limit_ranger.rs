//! LimitRanger: default requests and limits of containers, and the bounds of a namespace's LimitRanges.
//!
//! Sentences of kubernetes/kubernetes `plugin/pkg/admission/limitranger`.

use std::collections::BTreeMap;

use super::quota::usage::{Amounts, amounts};
use super::{Call, Object, Status, aggregate, concerns, creates, forbidden};
use crate::apimachinery::json::{Key, Value};
use crate::apimachinery::object;
use crate::apimachinery::quantity::Quantity;

fn ranges(call: &Call<'_>) -> Vec<Object> {
    if call.store().count("limitranges") == 0 {
        return Vec::new();
    }
    call.store().list("limitranges", &call.namespace).cloned().collect()
}

/// Gives containers the default requests and limits.
pub(super) fn mutate(call: &mut Call<'_>, pod: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    if !creates(call, "pods", old) || object::at(pod, "/spec/resources").is_some() {
        return Ok(());
    }
    for range in ranges(call) {
        let mut defaults = (BTreeMap::new(), BTreeMap::new());
        let of_containers = |it: &&Value| object::field(it, "type") == "Container";
        for limit in object::list(&range, "/spec/limits").iter().filter(of_containers) {
            for (name, value) in object::entries(limit, "/defaultRequest") {
                defaults.0.insert(name.clone(), value.clone());
            }
            for (name, value) in object::entries(limit, "/default") {
                defaults.1.insert(name.clone(), value.clone());
            }
        }
        let mut notes = Vec::new();
        for (field, label) in [("containers", "container"), ("initContainers", "init container")] {
            let list = pod.pointer_mut(&format!("/spec/{field}")).and_then(Value::as_array_mut);
            for container in list.into_iter().flatten() {
                notes.extend(merge(container, &defaults.0, "requests", label));
                notes.extend(merge(container, &defaults.1, "limits", label));
            }
        }
        if !notes.is_empty() {
            let note = format!("LimitRanger plugin set: {}", notes.join("; "));
            object::set(pod, &["metadata", "annotations", "kubernetes.io/limit-ranger"], note);
        }
    }
    Ok(())
}

fn merge(container: &mut Value, defaults: &BTreeMap<Key, Value>, kind: &str, label: &str) -> Option<String> {
    let mut set = Vec::new();
    for (name, value) in defaults {
        let there = container.pointer(&format!("/resources/{kind}")).is_some_and(|it| it.get(name).is_some());
        if !there {
            object::set(container, &["resources", kind, name], value.clone());
            set.push(name.as_str());
        }
    }
    let word = kind.trim_end_matches('s');
    (!set.is_empty())
        .then(|| format!("{} {word} for {label} {}", set.join(", "), object::field(container, "name")))
}

/// Holds pods and claims against the bounds.
pub(super) fn validate(call: &mut Call<'_>, object: &Value, old: Option<&Object>) -> Result<(), Status> {
    let pods =
        creates(call, "pods", old) || &*call.resource.storage == "pods" && call.subresource == "resize";
    let claims = concerns(call, "persistentvolumeclaims");
    if !pods && !claims {
        return Ok(());
    }
    for range in ranges(call) {
        let limits = object::list(&range, "/spec/limits");
        let faults: Vec<String> = limits
            .iter()
            .flat_map(|limit| if pods { pod_faults(object, limit) } else { claim_faults(object, limit) })
            .collect();
        if !faults.is_empty() {
            return Err(forbidden(call, object, &aggregate(faults)));
        }
    }
    Ok(())
}

fn pod_faults(pod: &Value, limit: &Value) -> Vec<String> {
    match object::field(limit, "type") {
        "Container" => ["/spec/containers", "/spec/initContainers"]
            .iter()
            .flat_map(|pointer| object::list(pod, pointer))
            .flat_map(|it| {
                let (requests, limits) =
                    (amounts(it, "/resources/requests"), amounts(it, "/resources/limits"));
                faults(limit, "Container", &requests, &limits)
            })
            .collect(),
        "Pod" => faults(limit, "Pod", &pod_total(pod, "requests"), &pod_total(pod, "limits")),
        _ => Vec::new(),
    }
}

/// Sum over the containers, or the largest init container where that is more.
fn pod_total(pod: &Value, kind: &str) -> Amounts {
    let pointer = format!("/resources/{kind}");
    let mut total = Amounts::new();
    for container in object::list(pod, "/spec/containers") {
        for (name, value) in amounts(container, &pointer) {
            let sum = total.get(&name).map_or_else(|| value.clone(), |it| it.add(&value));
            total.insert(name, sum);
        }
    }
    for container in object::list(pod, "/spec/initContainers") {
        for (name, value) in amounts(container, &pointer) {
            if total.get(&name).is_none_or(|it| *it < value) {
                total.insert(name, value);
            }
        }
    }
    total
}

fn faults(limit: &Value, kind: &str, requests: &Amounts, limits: &Amounts) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, bound) in amounts(limit, "/min") {
        faults.extend(below_min(&name, kind, &bound, requests.get(&name), limits.get(&name)));
    }
    for (name, bound) in amounts(limit, "/max") {
        faults.extend(above_max(&name, kind, &bound, requests.get(&name), limits.get(&name)));
    }
    for (name, bound) in amounts(limit, "/maxLimitRequestRatio") {
        faults.extend(above_ratio(&name, kind, &bound, requests.get(&name), limits.get(&name)));
    }
    faults
}

fn below_min(
    name: &str,
    kind: &str,
    bound: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let begin = format!("minimum {name} usage per {kind} is {bound}");
    match (request, limit) {
        (None, _) => Some(format!("{begin}.  No request is specified")),
        (Some(request), _) if request < bound => Some(format!("{begin}, but request is {request}")),
        (_, Some(limit)) if limit < bound => Some(format!("{begin}, but limit is {limit}")),
        _ => None,
    }
}

fn above_max(
    name: &str,
    kind: &str,
    bound: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let begin = format!("maximum {name} usage per {kind} is {bound}");
    match (request, limit) {
        (_, None) => Some(format!("{begin}.  No limit is specified")),
        (_, Some(limit)) if limit > bound => Some(format!("{begin}, but limit is {limit}")),
        (Some(request), _) if request > bound => Some(format!("{begin}, but request is {request}")),
        _ => None,
    }
}

fn above_ratio(
    name: &str,
    kind: &str,
    bound: &Quantity,
    request: Option<&Quantity>,
    limit: Option<&Quantity>,
) -> Option<String> {
    let begin = format!("{name} max limit to request ratio per {kind} is {bound}");
    let Some(request) = request.filter(|it| !it.is_zero()) else {
        return Some(format!("{begin}, but no request is specified or request is 0"));
    };
    let Some(limit) = limit.filter(|it| !it.is_zero()) else {
        return Some(format!("{begin}, but no limit is specified or limit is 0"));
    };
    let ratio = limit.as_milli() as f64 / request.as_milli() as f64;
    (ratio * 1000.0 > bound.as_milli() as f64).then(|| format!("{begin}, but provided ratio is {ratio:.6}"))
}

fn claim_faults(claim: &Value, limit: &Value) -> Vec<String> {
    if object::field(limit, "type") != "PersistentVolumeClaim" {
        return Vec::new();
    }
    let requests = amounts(claim, "/spec/resources/requests");
    let mut faults = Vec::new();
    for (name, bound) in amounts(limit, "/min") {
        faults.extend(below_min(&name, "PersistentVolumeClaim", &bound, requests.get(&name), None));
    }
    for (name, bound) in amounts(limit, "/max") {
        let begin = format!("maximum {name} usage per PersistentVolumeClaim is {bound}");
        faults.extend(match requests.get(&name) {
            None => Some(format!("{begin}.  No request is specified")),
            Some(request) if *request > bound => Some(format!("{begin}, but request is {request}")),
            Some(_) => None,
        });
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn bounds_speak_as_recorded() {
        let pod = |resources: Value| json!({"spec": {"containers": [{"name": "a", "resources": resources}]}});
        let limit = json!({"type": "Container", "max": {"cpu": "1"}, "min": {"memory": "32Mi"},
            "maxLimitRequestRatio": {"memory": "2"}});
        let found = pod_faults(
            &pod(json!({"requests": {"memory": "64Mi"}, "limits": {"cpu": "2", "memory": "192Mi"}})),
            &limit,
        );
        assert_eq!(
            found,
            [
                "maximum cpu usage per Container is 1, but limit is 2",
                "memory max limit to request ratio per Container is 2, but provided ratio is 3.000000",
            ]
        );
    }
}
