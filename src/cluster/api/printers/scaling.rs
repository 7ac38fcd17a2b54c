//! Rows of horizontal pod autoscalers and disruption budgets.

use super::cells::{age, scalar};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, int, list, name, text};
use crate::sim::SimTime;

/// How many metrics the TARGETS cell lists.
const METRICS_MAX: usize = 2;

/// NAME, REFERENCE, TARGETS, MINPODS, MAXPODS, REPLICAS, AGE. Reads the `autoscaling/v2` form.
pub(super) fn autoscaler(it: &Value, now: SimTime) -> Vec<Value> {
    let reference =
        format!("{}/{}", text(it, "/spec/scaleTargetRef/kind"), text(it, "/spec/scaleTargetRef/name"));
    let min = int(it, "/spec/minReplicas").map_or_else(|| "<unset>".to_owned(), |min| min.to_string());
    vec![
        name(it).into(),
        reference.into(),
        targets(it).into(),
        min.into(),
        int(it, "/spec/maxReplicas").unwrap_or(0).into(),
        int(it, "/status/currentReplicas").unwrap_or(0).into(),
        age(it, now),
    ]
}

fn targets(autoscaler: &Value) -> String {
    let specs = list(autoscaler, "/spec/metrics");
    if specs.is_empty() {
        return "<none>".into();
    }
    let statuses = list(autoscaler, "/status/currentMetrics");
    let all: Vec<String> = specs
        .iter()
        .enumerate()
        .map(|(index, spec)| metric(spec, statuses.get(index).unwrap_or(&Value::Null)))
        .collect();
    super::cells::clipped(&all, METRICS_MAX, ", ")
}

/// The member of a metric that its type names.
fn source_key(kind: &str) -> Option<&'static str> {
    match kind {
        "External" => Some("external"),
        "Pods" => Some("pods"),
        "Object" => Some("object"),
        "Resource" => Some("resource"),
        "ContainerResource" => Some("containerResource"),
        _ => None,
    }
}

fn metric(spec: &Value, status: &Value) -> String {
    let Some(key) = source_key(field(spec, "type")) else { return "<unknown type>".into() };
    let (spec, current) = (spec.get(key).unwrap_or(&Value::Null), status.get(key).unwrap_or(&Value::Null));
    let now = |member: &str| {
        at(current, &format!("/current/{member}")).map_or_else(|| "<unknown>".to_owned(), scalar)
    };
    let target = |member: &str| at(spec, &format!("/target/{member}")).map(scalar);
    match (key, target("averageValue")) {
        ("resource" | "containerResource", Some(average)) => {
            format!("{}: {}/{average}", field(spec, "name"), now("averageValue"))
        }
        ("resource" | "containerResource", None) => {
            let percent = |value: Option<String>, none: &str| {
                value.map_or_else(|| none.to_owned(), |it| format!("{it}%"))
            };
            let used = percent(at(current, "/current/averageUtilization").map(scalar), "<unknown>");
            format!("{}: {used}/{}", field(spec, "name"), percent(target("averageUtilization"), "<auto>"))
        }
        ("pods", Some(average)) => format!("{}/{average}", now("averageValue")),
        (_, Some(average)) => format!("{}/{average} (avg)", now("averageValue")),
        (_, None) => format!("{}/{}", now("value"), target("value").unwrap_or_default()),
    }
}

/// NAME, MIN AVAILABLE, MAX UNAVAILABLE, ALLOWED DISRUPTIONS, AGE.
pub(super) fn disruption_budget(it: &Value, now: SimTime) -> Vec<Value> {
    let bound = |pointer: &str| at(it, pointer).map_or_else(|| "N/A".to_owned(), scalar);
    vec![
        name(it).into(),
        bound("/spec/minAvailable").into(),
        bound("/spec/maxUnavailable").into(),
        int(it, "/status/disruptionsAllowed").unwrap_or(0).into(),
        age(it, now),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::json::json;

    #[test]
    fn targets_name_the_resource_and_what_is_not_known() {
        let cpu = json!({"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}});
        let memory = json!({"type": "Resource", "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}}});
        let hpa = |metrics: Value| {
            json!({"spec": {"metrics": metrics}, "status": {"currentMetrics": [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 7, "averageValue": "7m"}}}]}})
        };
        assert_eq!(targets(&hpa(json!([cpu]))), "cpu: 7%/50%");
        assert_eq!(
            targets(&hpa(json!([cpu, memory, memory]))),
            "cpu: 7%/50%, memory: <unknown>/1Gi + 1 more..."
        );
    }
}
