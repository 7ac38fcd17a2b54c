//! Priority: the number behind a pod's priority class, and one default class at most.

use super::{Call, Object, Status, concerns, creates, forbidden};
use crate::apimachinery::json::Value;
use crate::apimachinery::object;

const CLASSES: &str = "priorityclasses.scheduling.k8s.io";

/// Works the class of a pod out.
pub(super) fn mutate(call: &mut Call<'_>, pod: &mut Value, old: Option<&Object>) -> Result<(), Status> {
    if !concerns(call, "pods") {
        return Ok(());
    }
    if let Some(old) = old {
        // A write that leaves the numbers out keeps them.
        for field in ["priority", "preemptionPolicy"] {
            if let Some(value) = old.get("spec").and_then(|spec| spec.get(field)) {
                object::set_default(pod, &["spec", field], value.clone());
            }
        }
        return Ok(());
    }
    let name = object::text(pod, "/spec/priorityClassName").to_owned();
    let class = if name.is_empty() { default_class(call) } else { Some(named_class(call, pod, &name)?) };
    let value = class.as_ref().and_then(|it| object::int(it, "/value")).unwrap_or(0);
    let policy = class.as_ref().map_or("", |it| object::field(it, "preemptionPolicy"));
    let policy = if policy.is_empty() { "PreemptLowerPriority" } else { policy }.to_owned();
    if let Some(class) = class.filter(|_| name.is_empty()) {
        object::set(pod, &["spec", "priorityClassName"], object::name(&class));
    }
    if object::int(pod, "/spec/priority").is_some_and(|given| given != value) {
        let given = object::int(pod, "/spec/priority").unwrap_or(0);
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
        );
        return Err(forbidden(call, pod, &why));
    }
    object::set(pod, &["spec", "priority"], value);
    let given = object::text(pod, "/spec/preemptionPolicy");
    if !given.is_empty() && given != policy {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        );
        return Err(forbidden(call, pod, &why));
    }
    object::set(pod, &["spec", "preemptionPolicy"], policy);
    Ok(())
}

fn named_class(call: &Call<'_>, pod: &Value, name: &str) -> Result<Object, Status> {
    let found = call.store().find(CLASSES, "", name).cloned();
    found.ok_or_else(|| forbidden(call, pod, &format!("no PriorityClass with name {name} was found")))
}

/// The class marked as default; of several the one with the lowest value.
fn default_class(call: &Call<'_>) -> Option<Object> {
    let defaults = call.store().list(CLASSES, "").filter(|it| object::flag(it, "/globalDefault"));
    defaults.min_by_key(|it| object::int(it, "/value")).cloned()
}

/// Refuses a second default class.
pub(super) fn validate(call: &mut Call<'_>, class: &Value, old: Option<&Object>) -> Result<(), Status> {
    let becomes_default = object::flag(class, "/globalDefault")
        && !old.is_some_and(|old| object::flag(old, "/globalDefault"))
        && (creates(call, CLASSES, old) || concerns(call, CLASSES));
    if !becomes_default {
        return Ok(());
    }
    match default_class(call) {
        Some(other) if object::name(&other) != object::name(class) => {
            let why = format!(
                "PriorityClass {} is already marked as default. Only one default can exist",
                object::name(&other)
            );
            Err(forbidden(call, class, &why))
        }
        _ => Ok(()),
    }
}
