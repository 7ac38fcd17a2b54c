//! `eviction`: deletes a pod if its disruption budgets let it go.
//!
//! Rules and sentences of kubernetes/kubernetes `pkg/registry/core/pod/storage/eviction.go`.

use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::apimachinery::selector::LabelSelector;
use crate::apimachinery::status::{Cause, Details, Status};
use crate::cluster::{Key, Object};

use super::super::call::{Call, DeleteOptions};
use super::super::remove;

const BUDGETS: &str = "poddisruptionbudgets.policy";
const REFUSAL: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

/// Evicts the pod that the call names.
pub(super) fn evict(call: &mut Call<'_>, eviction: &Value) -> Result<Value, Status> {
    let name = object::name(eviction);
    if !name.is_empty() && name != call.name {
        return Err(Status::bad_request("name in URL does not match name in Eviction object"));
    }
    let wishes = eviction.get("deleteOptions").unwrap_or(&Value::Null);
    call.options.dry_run |= object::list(wishes, "/dryRun").iter().any(|it| it == "All");
    let options = DeleteOptions::of(wishes);
    let pod = call.stored()?;
    if !is_free(&pod) {
        take_from_budget(call, &pod)?;
    }
    call.subresource = String::new();
    remove::delete(call, &options)?;
    Ok(super::success(201))
}

/// Pods that serve nobody are not counted by any budget.
fn is_free(pod: &Value) -> bool {
    matches!(object::text(pod, "/status/phase"), "Succeeded" | "Failed" | "Pending")
        || object::at(pod, "/metadata/deletionTimestamp").is_some()
}

fn is_ready(pod: &Value) -> bool {
    object::list(pod, "/status/conditions")
        .iter()
        .any(|it| object::field(it, "type") == "Ready" && object::field(it, "status") == "True")
}

fn budgets_of(call: &Call<'_>, pod: &Value) -> Vec<Object> {
    let labels = pod.pointer("/metadata/labels").unwrap_or(&Value::Null);
    let selects = |budget: &&Object| {
        object::at(budget, "/spec/selector")
            .and_then(|selector| LabelSelector::from_object(selector).ok())
            .is_some_and(|selector| selector.matches(labels))
    };
    call.store().list(BUDGETS, &call.namespace).filter(selects).cloned().collect()
}

fn take_from_budget(call: &mut Call<'_>, pod: &Value) -> Result<(), Status> {
    let budgets = budgets_of(call, pod);
    let budget = match budgets.as_slice() {
        [] => return Ok(()),
        [one] => one.clone(),
        _ => {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
            return Err(Status { code: 500, reason: "", message: message.into(), details: None });
        }
    };
    let count = |field: &str| object::int(&budget, &format!("/status/{field}")).unwrap_or(0);
    if !is_ready(pod) {
        let always = object::text(&budget, "/spec/unhealthyPodEvictionPolicy") == "AlwaysAllow";
        if always || count("desiredHealthy") > 0 && count("currentHealthy") >= count("desiredHealthy") {
            return Ok(());
        }
    }
    let name = object::name(&budget);
    if count("observedGeneration") < object::int(&budget, "/metadata/generation").unwrap_or(0) {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(refusal(why, 10));
    }
    if count("disruptionsAllowed") < 1 {
        let why = format!(
            "The disruption budget {name} needs {} healthy pods and has {} currently",
            count("desiredHealthy"),
            count("currentHealthy")
        );
        return Err(refusal(why, 0));
    }
    if !call.options.dry_run {
        book(call, &budget, object::name(pod), count("disruptionsAllowed") - 1);
    }
    Ok(())
}

fn refusal(why: String, retry_after_s: u32) -> Status {
    let cause = Cause { reason: "DisruptionBudget".into(), message: why, field: String::new() };
    let mut status = Status::too_many_requests(REFUSAL, retry_after_s);
    status.details.get_or_insert_with(Details::default).causes.push(cause);
    status
}

fn book(call: &mut Call<'_>, budget: &Object, pod: &str, left: i64) {
    let now = call.world.now.rfc3339();
    let mut booked = (**budget).clone();
    object::set(&mut booked, &["status", "disruptionsAllowed"], left);
    object::set(&mut booked, &["status", "disruptedPods", pod], json!(now));
    let key = Key::new(BUDGETS, object::namespace(budget), object::name(budget));
    call.store_mut().put(&key, booked);
}
