//! RuntimeClass: a pod's class must exist; its overhead and scheduling rules become the pod's.

use super::{Call, Object, Status, creates, forbidden};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

/// Applies the class of a new pod.
pub(super) fn mutate(call: &mut Call<'_>, pod: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    if !creates(call, "pods", old) {
        return Ok(());
    }
    let name = object::text(pod, "/spec/runtimeClassName").to_owned();
    if name.is_empty() {
        if object::at(pod, "/spec/overhead").is_some() {
            let why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead";
            return Err(forbidden(call, pod, why));
        }
        return Ok(());
    }
    let Some(class) = call.store().find("runtimeclasses.node.k8s.io", "", &name).cloned() else {
        let why = format!("pod rejected: RuntimeClass {name:?} not found");
        return Err(forbidden(call, pod, &why));
    };
    if let Some(overhead) = object::at(&class, "/overhead/podFixed") {
        object::set_default(pod, &["spec", "overhead"], overhead.clone());
    }
    merge_scheduling(call, pod, &class)
}

fn merge_scheduling(call: &Call<'_>, pod: &mut Value, class: &Value) -> Result<(), Status> {
    for (key, value) in object::entries(class, "/scheduling/nodeSelector") {
        let own = pod.pointer("/spec/nodeSelector").and_then(|it| it.get(key));
        if own.is_some_and(|own| own != value) {
            let why = format!(
                "pod rejected: conflict: runtimeClass.scheduling.nodeSelector[{key}] = {}; pod.spec.nodeSelector[{key}] = {}",
                value.as_str().unwrap_or(""),
                own.and_then(Value::as_str).unwrap_or("")
            );
            return Err(forbidden(call, pod, &why));
        }
        object::set(pod, &["spec", "nodeSelector", key], value.clone());
    }
    let extra = object::list(class, "/scheduling/tolerations");
    if !extra.is_empty() {
        let mut tolerations = object::list(pod, "/spec/tolerations").to_vec();
        tolerations.extend(extra.iter().filter(|it| !tolerations.contains(it)).cloned().collect::<Vec<_>>());
        object::set(pod, &["spec", "tolerations"], tolerations);
    }
    Ok(())
}
