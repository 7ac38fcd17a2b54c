//! `binding`: puts a pod on a node; only the first one wins.

use crate::apimachinery::field::{self, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::status::Status;
use crate::cluster::Object;

use super::super::call::Call;
use super::super::write::{self, Part};

/// Binds the pod that the call names to `binding.target`.
pub(crate) fn bind(call: &mut Call<'_>, binding: &Value) -> Result<Object, Status> {
    check(binding)?;
    let node = object::text(binding, "/target/name").to_owned();
    let now = call.world.now.rfc3339();
    let name = call.name.clone();
    write::update(call, Part::Other, &mut |_, old| {
        refuse(old, &name)?;
        let mut pod = old.clone();
        object::set(&mut pod, &["spec", "nodeName"], node.as_str());
        for (key, value) in object::entries(binding, "/metadata/annotations") {
            object::set(&mut pod, &["metadata", "annotations", key], value.clone());
        }
        set_scheduled(&mut pod, &now);
        Ok(pod)
    })
}

/// Only nodes are bound to. The server wraps this refusal in nothing.
fn check(binding: &Value) -> Result<(), Status> {
    let path = Path::new("target");
    let (kind, name) = (object::text(binding, "/target/kind"), object::text(binding, "/target/name"));
    let mut causes = Vec::new();
    if !kind.is_empty() && kind != "Node" {
        causes.push(field::not_supported(&path.child("kind"), kind, &["Node", "<empty>"]));
    }
    if name.is_empty() {
        causes.push(field::required(&path.child("name"), ""));
    }
    let lines: Vec<String> = causes.iter().map(|it| format!("{}: {}", it.field, it.message)).collect();
    match lines.as_slice() {
        [] => Ok(()),
        [one] => Err(Status::bare(500, one.as_str())),
        all => Err(Status::bare(500, format!("[{}]", all.join(", ")))),
    }
}

fn refuse(pod: &Value, name: &str) -> Result<(), Status> {
    let conflict = |why: String| Err(Status::conflict("pods/binding", "", name, &why));
    if object::at(pod, "/metadata/deletionTimestamp").is_some() {
        return conflict(format!("pod {name} is being deleted, cannot be assigned to a host"));
    }
    let bound_to = object::text(pod, "/spec/nodeName");
    if !bound_to.is_empty() {
        return conflict(format!("pod {name} is already assigned to node {bound_to:?}"));
    }
    if !object::list(pod, "/spec/schedulingGates").is_empty() {
        return conflict(format!("pod {name} has non-empty .spec.schedulingGates"));
    }
    Ok(())
}

fn set_scheduled(pod: &mut Value, now: &str) {
    let condition = json!({
        "type": "PodScheduled", "status": "True", "lastProbeTime": null, "lastTransitionTime": now,
        "observedGeneration": object::int(pod, "/metadata/generation").unwrap_or(1),
    });
    let mut conditions = object::list(pod, "/status/conditions").to_vec();
    match conditions.iter_mut().find(|it| object::field(it, "type") == "PodScheduled") {
        Some(slot) => *slot = condition,
        None => conditions.push(condition),
    }
    object::set(pod, &["status", "conditions"], conditions);
}
