//! Scopes: which objects a quota counts at all.

use crate::apimachinery::json::Value;
use crate::apimachinery::object;
use crate::cluster::api::strategy;

/// True when a quota counts an object: always without scopes, else a pod that all scopes fit.
pub(crate) fn covers(quota: &Value, storage: &str, object: &Value) -> bool {
    let names = object::list(quota, "/spec/scopes").iter().filter_map(Value::as_str);
    let expressions = object::list(quota, "/spec/scopeSelector/matchExpressions");
    names.clone().all(|scope| fits(scope, "Exists", &[], storage, object))
        && expressions.iter().all(|it| {
            let values = object::list(it, "/values");
            fits(object::field(it, "scopeName"), object::field(it, "operator"), values, storage, object)
        })
}

fn fits(scope: &str, operator: &str, values: &[Value], storage: &str, object: &Value) -> bool {
    if scope == "VolumeAttributesClass" {
        let class = object::text(object, "/spec/volumeAttributesClassName");
        return storage == "persistentvolumeclaims" && selects(operator, values, class);
    }
    if storage != "pods" {
        return false;
    }
    let terminating = object::int(object, "/spec/activeDeadlineSeconds").is_some();
    let best_effort = strategy::qos_class(object) == "BestEffort";
    match scope {
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "BestEffort" => best_effort,
        "NotBestEffort" => !best_effort,
        "PriorityClass" => selects(operator, values, object::text(object, "/spec/priorityClassName")),
        "CrossNamespacePodAffinity" => crosses_namespaces(object),
        _ => false,
    }
}

fn selects(operator: &str, values: &[Value], class: &str) -> bool {
    match operator {
        "In" => values.iter().any(|it| it == class),
        "NotIn" => !values.iter().any(|it| it == class),
        "DoesNotExist" => class.is_empty(),
        _ => !class.is_empty(),
    }
}

/// True when a term of pod affinity names namespaces or selects them.
fn crosses_namespaces(pod: &Value) -> bool {
    let named = |term: &Value| {
        !object::list(term, "/namespaces").is_empty() || object::at(term, "/namespaceSelector").is_some()
    };
    ["podAffinity", "podAntiAffinity"].iter().any(|kind| {
        let base = format!("/spec/affinity/{kind}");
        let required = object::list(pod, &format!("{base}/requiredDuringSchedulingIgnoredDuringExecution"));
        let preferred = object::list(pod, &format!("{base}/preferredDuringSchedulingIgnoredDuringExecution"));
        required.iter().any(named) || preferred.iter().filter_map(|it| it.get("podAffinityTerm")).any(named)
    })
}
