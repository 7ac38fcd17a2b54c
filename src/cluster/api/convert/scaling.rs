//! HorizontalPodAutoscalers of `autoscaling/v1`, which are stored as `autoscaling/v2`.
//!
//! Rules of kubernetes' `pkg/apis/autoscaling/v1/conversion.go`: what v1 has no field for is kept in
//! annotations.

use crate::apimachinery::go;
use crate::apimachinery::json::{Key, Map, Value, json};
use crate::apimachinery::object::{self, at, int, list, map_at, text};

const METRICS: &str = "autoscaling.alpha.kubernetes.io/metrics";
const CURRENT: &str = "autoscaling.alpha.kubernetes.io/current-metrics";
const CONDITIONS: &str = "autoscaling.alpha.kubernetes.io/conditions";
const BEHAVIOR: &str = "autoscaling.alpha.kubernetes.io/behavior";

/// Makes v2 of v1.
pub(super) fn to_v2(it: &mut Value) {
    let mut metrics = Vec::new();
    if let Some(percent) = take(it, "/spec", "targetCPUUtilizationPercentage") {
        let cpu = json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}});
        metrics.push(json!({"type": "Resource", "resource": cpu}));
    }
    let noted = |it: &Value, key: &str| -> Vec<Value> {
        object::annotation(it, key).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    metrics.extend(noted(it, METRICS).iter().map(metric_to_v2));
    let (current, conditions) = (noted(it, CURRENT), noted(it, CONDITIONS));
    let behavior: Option<Value> =
        object::annotation(it, BEHAVIOR).and_then(|text| serde_json::from_str(text).ok());
    take(it, "/status", "currentCPUUtilizationPercentage");
    if !metrics.is_empty() {
        object::set(it, &["spec", "metrics"], metrics);
    }
    if let Some(behavior) = behavior {
        object::set(it, &["spec", "behavior"], recased(&behavior, u8::to_ascii_lowercase));
    }
    if !current.is_empty() {
        let current: Vec<Value> = current.iter().map(current_to_v2).collect();
        object::set(it, &["status", "currentMetrics"], current);
    }
    if !conditions.is_empty() {
        object::set(it, &["status", "conditions"], conditions);
    }
    drop_annotations(it);
}

/// Makes v1 of v2.
pub(super) fn to_v1(it: &mut Value) {
    drop_annotations(it);
    let (mut others, mut percent) = (Vec::new(), None);
    for metric in take(it, "/spec", "metrics").iter().flat_map(|all| list(all, "")) {
        match int(metric, "/resource/target/averageUtilization") {
            Some(target) if text(metric, "/resource/name") == "cpu" => percent = Some(target),
            _ => others.push(metric_to_v1(metric)),
        }
    }
    if let Some(percent) = percent {
        object::set(it, &["spec", "targetCPUUtilizationPercentage"], percent);
    }
    let behavior = take(it, "/spec", "behavior");
    let current = take(it, "/status", "currentMetrics");
    let current: Vec<Value> = current.iter().flat_map(|all| list(all, "")).map(current_to_v1).collect();
    let cpu = current.iter().find(|one| text(one, "/resource/name") == "cpu");
    if let Some(percent) = cpu.and_then(|one| int(one, "/resource/currentAverageUtilization")) {
        object::set(it, &["status", "currentCPUUtilizationPercentage"], percent);
    }
    let conditions = take(it, "/status", "conditions").filter(|all| !list(all, "").is_empty());
    if int(it, "/status/currentReplicas").is_none() {
        object::set(it, &["status", "currentReplicas"], 0);
    }
    let notes = [
        (METRICS, Some(Value::from(others)).filter(|all| !list(all, "").is_empty())),
        (CURRENT, Some(Value::from(current)).filter(|all| !list(all, "").is_empty())),
        (BEHAVIOR, behavior.map(|it| complete(recased(&it, u8::to_ascii_uppercase)))),
        (CONDITIONS, conditions),
    ];
    for (key, value) in notes {
        if let Some(value) = value {
            map_at(it, &["metadata", "annotations"]).insert(key.into(), ordered(&value).into());
        }
    }
}

/// The keys of the annotations in the order of Go's structs.
const ORDER: &[&str] = &[
    "type",
    "status",
    "lastTransitionTime",
    "reason",
    "message",
    "object",
    "pods",
    "resource",
    "containerResource",
    "external",
    "target",
    "kind",
    "name",
    "apiVersion",
    "metricName",
    "metricSelector",
    "currentValue",
    "targetValue",
    "currentAverageUtilization",
    "currentAverageValue",
    "targetAverageUtilization",
    "targetAverageValue",
    "selector",
    "averageValue",
    "container",
    "ScaleUp",
    "ScaleDown",
    "StabilizationWindowSeconds",
    "SelectPolicy",
    "Policies",
    "Tolerance",
    "Type",
    "Value",
    "PeriodSeconds",
];

/// JSON with the keys in [`ORDER`].
fn ordered(tree: &Value) -> String {
    let place = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
    match tree {
        Value::Object(map) => {
            let mut keys: Vec<&Key> = map.keys().collect();
            keys.sort_by_key(|key| (place(key), key.as_str()));
            let pairs = keys.into_iter().filter_map(|key| Some((key, map.get(key)?)));
            let pairs: Vec<String> = pairs
                .map(|(key, value)| format!("{}:{}", go::json(&key.as_str().into()), ordered(value)))
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(ordered).collect::<Vec<_>>().join(",")),
        other => go::json(other),
    }
}

/// Go's own structs of the behavior leave no field out.
fn complete(mut behavior: Value) -> Value {
    for direction in ["ScaleUp", "ScaleDown"] {
        let rules = object::as_map(&mut behavior).entry(direction).or_insert(Value::Null);
        for field in ["StabilizationWindowSeconds", "SelectPolicy", "Policies", "Tolerance"] {
            if let Some(rules) = rules.as_object_mut() {
                rules.entry(field).or_insert(Value::Null);
            }
        }
    }
    behavior
}

fn take(it: &mut Value, of: &str, key: &str) -> Option<Value> {
    it.pointer_mut(of)?.as_object_mut()?.remove(key).filter(|value| !value.is_null())
}

fn drop_annotations(it: &mut Value) {
    let Some(Value::Object(all)) = it.pointer_mut("/metadata/annotations") else { return };
    all.retain(|key, _| ![METRICS, CURRENT, CONDITIONS, BEHAVIOR].contains(&key.as_str()));
    if all.is_empty() {
        take(it, "/metadata", "annotations");
    }
}

/// Each key with its first letter in the other case: the annotation holds Go's own field names. Null is nothing.
fn recased(tree: &Value, case: fn(&u8) -> u8) -> Value {
    match tree {
        Value::Object(map) => {
            let pairs = map.iter().filter(|(_, value)| !value.is_null()).map(|(key, value)| {
                let mut key = key.clone();
                if let Some(first) = key.as_bytes().first().map(case) {
                    key.replace_range(..1, &char::from(first).to_string());
                }
                (key, recased(value, case))
            });
            Value::Object(pairs.collect())
        }
        Value::Array(items) => items.iter().map(|item| recased(item, case)).collect(),
        other => other.clone(),
    }
}

/// The source of a metric under its type's name: `resource`, `pods`, `object` and so on.
fn source_of(metric: &Value) -> Option<(&str, &Value)> {
    let name = metric.as_object()?.keys().find(|key| *key != "type")?;
    Some((name, metric.get(name)?))
}

/// Fields of a v1 source that mean the target, and how v2 calls them and their type.
const TARGETS: &[(&str, &str, &str)] = &[
    ("targetAverageUtilization", "averageUtilization", "Utilization"),
    ("targetAverageValue", "averageValue", "AverageValue"),
    ("averageValue", "averageValue", "AverageValue"),
    ("targetValue", "value", "Value"),
];

/// Fields of v1 that v2 has in a place of its own.
const PLACES: &[(&str, &[&str])] = &[
    ("metricName", &["metric", "name"]),
    ("metricSelector", &["metric", "selector"]),
    ("selector", &["metric", "selector"]),
    ("target", &["describedObject"]),
];

fn metric_to_v2(metric: &Value) -> Value {
    to_v2_with(metric, |made, key, value| {
        let Some((_, field, kind)) = TARGETS.iter().find(|(old, ..)| *old == key) else { return false };
        object::set(made, &["target", field], value.clone());
        object::set(made, &["target", "type"], *kind);
        true
    })
}

/// A v1 metric in the form of v2: `measure` takes the fields with numbers, the others have their places.
fn to_v2_with(metric: &Value, measure: impl Fn(&mut Value, &str, &Value) -> bool) -> Value {
    let Some((name, source)) = source_of(metric) else { return metric.clone() };
    let mut made = json!({});
    for (key, value) in source.as_object().into_iter().flatten() {
        if measure(&mut made, key, value) {
            continue;
        }
        match PLACES.iter().find(|(old, _)| old == key) {
            Some((_, path)) => object::set(&mut made, path, value.clone()),
            None => object::set(&mut made, &[key], value.clone()),
        }
    }
    json!({"type": text(metric, "/type"), name: made})
}

fn metric_to_v1(metric: &Value) -> Value {
    let Some((name, source)) = source_of(metric) else { return metric.clone() };
    let mut made = Map::new();
    plain_fields(name, source, &mut made);
    let target = |field: &str| at(source, &format!("/target/{field}")).cloned();
    let fields: &[(&str, &str)] = match name {
        "object" => &[("targetValue", "value"), ("averageValue", "averageValue")],
        "external" => &[("targetValue", "value"), ("targetAverageValue", "averageValue")],
        "pods" => &[("targetAverageValue", "averageValue")],
        _ => &[("targetAverageUtilization", "averageUtilization"), ("targetAverageValue", "averageValue")],
    };
    for (old, new) in fields {
        if let Some(value) = target(new) {
            made.insert((*old).into(), value);
        }
    }
    if name == "object" && !made.contains_key("targetValue") {
        made.insert("targetValue".into(), "0".into());
    }
    json!({"type": text(metric, "/type"), name: made})
}

fn plain_fields(name: &str, source: &Value, made: &mut Map) {
    let selector = if name == "external" { "metricSelector" } else { "selector" };
    let pairs = [
        ("name", "/name"),
        ("container", "/container"),
        ("metricName", "/metric/name"),
        (selector, "/metric/selector"),
        ("target", "/describedObject"),
    ];
    for (old, pointer) in pairs {
        if let Some(value) = at(source, pointer) {
            made.insert(old.into(), value.clone());
        }
    }
}

/// What a measured value is called in v1 and in v2.
const CURRENTS: &[(&str, &str)] = &[
    ("currentAverageUtilization", "averageUtilization"),
    ("currentAverageValue", "averageValue"),
    ("currentValue", "value"),
];

fn current_to_v1(metric: &Value) -> Value {
    let Some((name, source)) = source_of(metric) else { return metric.clone() };
    let mut made = Map::new();
    plain_fields(name, source, &mut made);
    for (old, new) in CURRENTS {
        if let Some(value) = at(source, &format!("/current/{new}")) {
            made.insert((*old).into(), value.clone());
        }
    }
    json!({"type": text(metric, "/type"), name: made})
}

fn current_to_v2(metric: &Value) -> Value {
    to_v2_with(metric, |made, key, value| {
        let Some((_, field)) = CURRENTS.iter().find(|(old, _)| *old == key) else { return false };
        object::set(made, &["current", field], value.clone());
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_v1_cannot_say_comes_back_from_its_annotations() {
        let v2 = json!({
            "metadata": {"name": "a"},
            "spec": {
                "maxReplicas": 3,
                "metrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}},
                    {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "1k"}}},
                ],
                "behavior": {"scaleDown": {"selectPolicy": "Min"}},
            },
            "status": {"currentReplicas": 1, "desiredReplicas": 1, "conditions": [{"type": "AbleToScale", "status": "True"}]},
        });
        let mut there_and_back = v2.clone();
        to_v1(&mut there_and_back);
        assert_eq!(int(&there_and_back, "/spec/targetCPUUtilizationPercentage"), Some(50));
        assert_eq!(
            object::annotation(&there_and_back, METRICS),
            Some(r#"[{"type":"Pods","pods":{"metricName":"rps","targetAverageValue":"1k"}}]"#)
        );
        to_v2(&mut there_and_back);
        assert_eq!(there_and_back, v2);
    }
}
