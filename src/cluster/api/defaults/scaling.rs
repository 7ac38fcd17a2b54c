//! Defaults of horizontal pod autoscalers.
//!
//! Rules of kubernetes' `pkg/apis/autoscaling/v2/defaults.go`.

use super::edit::{canonical, each, has, within};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{as_map, set, set_default, text};

/// Either version of a HorizontalPodAutoscaler.
pub(super) fn autoscaler(it: &mut Value) {
    set_default(it, &["spec", "minReplicas"], 1);
    if text(it, "/apiVersion") == "autoscaling/v1" {
        if crate::apimachinery::object::annotation(it, "autoscaling.alpha.kubernetes.io/metrics").is_none() {
            set_default(it, &["spec", "targetCPUUtilizationPercentage"], 80);
        }
        return;
    }
    if crate::apimachinery::object::list(it, "/spec/metrics").is_empty() {
        let cpu = json!({"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}});
        set(it, &["spec", "metrics"], json!([{"type": "Resource", "resource": cpu}]));
    }
    each(it, "/spec/metrics", |metric| {
        for source in ["resource", "containerResource", "pods", "object", "external"] {
            within(metric, &format!("/{source}/target"), |target| {
                canonical(as_map(target), "value");
                canonical(as_map(target), "averageValue");
            });
        }
    });
    if has(it, "/spec/behavior") {
        within(it, "/spec/behavior", behavior);
    }
}

fn behavior(behavior: &mut Value) {
    let whole = json!({"type": "Percent", "value": 100, "periodSeconds": 15});
    let pods = json!({"type": "Pods", "value": 4, "periodSeconds": 15});
    set_default(behavior, &["scaleUp", "stabilizationWindowSeconds"], 0);
    set_default(behavior, &["scaleUp", "selectPolicy"], "Max");
    set_default(behavior, &["scaleUp", "policies"], json!([pods, whole]));
    set_default(behavior, &["scaleDown", "selectPolicy"], "Max");
    set_default(behavior, &["scaleDown", "policies"], json!([whole]));
}
