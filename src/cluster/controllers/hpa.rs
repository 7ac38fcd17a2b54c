//! HorizontalPodAutoscalers without a metrics server: the size is kept within its bounds, and the
//! missing metrics are reported.
//!
//! Follows `pkg/controller/podautoscaler`. Scaling by measured use is not simulated, since no metrics are.

use std::time::Duration;

use serde_json::{Value, json};

use super::hand::{Hand, wake_self};
use crate::apimachinery::object::{self, Gvk};
use crate::cluster::api::resources;
use crate::cluster::engine::{Component, Process};
use crate::cluster::events::{normal, warning};
use crate::cluster::{ClusterId, Event, Key, Object, World};

pub(crate) const AUTOSCALER: Component =
    Component { name: "horizontal-pod-autoscaler", process: Process::ControllerManager, woken_by, sync };

const RESOURCE: &str = "horizontalpodautoscalers.autoscaling";

/// 15 s between two looks; the first look comes that long after the creation too.
///
/// Source: `--horizontal-pod-autoscaler-sync-period`.
const PERIOD: Duration = Duration::from_secs(15);

/// What the metrics client says when no metrics server is there.
const NO_METRICS: &str = "unable to fetch metrics from resource metrics API: the server could not find the requested \
    resource (get pods.metrics.k8s.io)";

fn woken_by(_: &World, _: ClusterId, event: &Event, keys: &mut Vec<String>) {
    if event.previous.is_none() {
        wake_self(event, RESOURCE, keys);
    }
}

fn sync(world: &mut World, cluster: ClusterId, key: &str) -> Option<Duration> {
    let mut hand = Hand::new(world, cluster, AUTOSCALER.name);
    let Some(hpa) = hand.at(RESOURCE, key) else {
        hand.unmark(key);
        return None;
    };
    if hand.now().since(hand.mark(key)) >= PERIOD {
        look_at(&mut hand, &hpa);
    }
    Some(PERIOD)
}

/// Conditions and counters to be written.
struct Report<'a> {
    hpa: &'a Object,
    conditions: Vec<Value>,
    current: i64,
    desired: i64,
    scaled: bool,
}

impl Report<'_> {
    fn set(&mut self, hand: &Hand<'_>, kind: &str, status: &str, reason: &str, message: impl Into<String>) {
        let now = hand.now().rfc3339();
        let there = self.conditions.iter().find(|it| object::field(it, "type") == kind);
        let since = there.filter(|it| object::field(it, "status") == status);
        let since = since.map_or(now, |it| object::field(it, "lastTransitionTime").to_owned());
        let new = json!({"type": kind, "status": status, "reason": reason, "message": message.into(), "lastTransitionTime": since});
        match self.conditions.iter_mut().find(|it| object::field(it, "type") == kind) {
            Some(slot) => *slot = new,
            None => self.conditions.push(new),
        }
    }

    fn write(self, hand: &mut Hand<'_>) {
        let mut status = json!({
            "conditions": self.conditions, "currentReplicas": self.current, "desiredReplicas": self.desired,
            "currentMetrics": null,
        });
        if self.scaled {
            status["lastScaleTime"] = hand.now().rfc3339().into();
        } else if let Some(last) = object::at(self.hpa, "/status/lastScaleTime") {
            status["lastScaleTime"] = last.clone();
        }
        // A refusal means that the autoscaler is gone.
        let _ = hand.update_status(RESOURCE, self.hpa, status);
    }
}

/// The object that is scaled.
fn target(hand: &Hand<'_>, hpa: &Value) -> Option<(Key, Object)> {
    let reference = hpa.pointer("/spec/scaleTargetRef")?;
    let (group, version) = object::split_api_version(object::field(reference, "apiVersion"));
    let gvk = Gvk::new(group, version, object::field(reference, "kind"));
    let resource = resources::by_kind(&hand.world.clusters[hand.cluster], &gvk)?;
    resource.subresource("scale")?;
    let key = Key::new(&resource.storage, object::namespace(hpa), object::field(reference, "name"));
    let found = hand.store().get(&key)?.clone();
    Some((key, found))
}

fn look_at(hand: &mut Hand<'_>, hpa: &Object) {
    let conditions = object::list(hpa, "/status/conditions").to_vec();
    let before = |key: &str| object::int(hpa, &format!("/status/{key}")).unwrap_or(0);
    let mut report = Report {
        hpa,
        conditions,
        current: before("currentReplicas"),
        desired: before("desiredReplicas"),
        scaled: false,
    };
    let Some((key, found)) = target(hand, hpa) else {
        let (kind, name) =
            (object::text(hpa, "/spec/scaleTargetRef/kind"), object::text(hpa, "/spec/scaleTargetRef/name"));
        let resource = format!("{}s.apps", kind.to_lowercase());
        let why = format!("{resource} {name:?} not found");
        hand.event(hpa, warning("FailedGetScale", why.clone()));
        let message = format!("the HPA controller was unable to get the target's current scale: {why}");
        report.set(hand, "AbleToScale", "False", "FailedGetScale", message);
        return report.write(hand);
    };
    let message = "the HPA controller was able to get the target's current scale";
    report.set(hand, "AbleToScale", "True", "SucceededGetScale", message);
    let size = object::int(&found, "/spec/replicas").unwrap_or(1);
    report.current = object::int(&found, "/status/replicas").unwrap_or(0);
    let min = object::int(hpa, "/spec/minReplicas").unwrap_or(1);
    let max = object::int(hpa, "/spec/maxReplicas").unwrap_or(1);
    if size == 0 && min != 0 {
        report.desired = 0;
        let message = "scaling is disabled since the replica count of the target is zero";
        report.set(hand, "ScalingActive", "False", "ScalingDisabled", message);
    } else if size > max {
        rescale(hand, &mut report, (&key, &found), max, "Current number of replicas above Spec.MaxReplicas");
    } else if size < min {
        rescale(hand, &mut report, (&key, &found), min, "Current number of replicas below Spec.MinReplicas");
    } else {
        complain(hand, &mut report);
    }
    report.write(hand);
}

fn rescale(hand: &mut Hand<'_>, report: &mut Report<'_>, target: (&Key, &Object), to: i64, why: &str) {
    let written = hand.edit(&target.0.resource, target.1, |it| object::set(it, &["spec", "replicas"], to));
    if written.is_err() {
        return;
    }
    report.desired = to;
    report.scaled = true;
    let message = format!("the HPA controller was able to update the target scale to {to}");
    report.set(hand, "AbleToScale", "True", "SucceededRescale", message);
    hand.event(report.hpa, normal("SuccessfulRescale", format!("New size: {to}; reason: {why}")));
}

/// Says that no metric could be had.
fn complain(hand: &mut Hand<'_>, report: &mut Report<'_>) {
    let metrics = object::list(report.hpa, "/spec/metrics");
    let Some(first) = metrics.iter().find(|it| object::field(it, "type") == "Resource") else { return };
    let resource = object::text(first, "/resource/name");
    let by_use = object::at(first, "/resource/target/averageUtilization").is_some();
    let what = if by_use { "utilization" } else { "usage" };
    let why = format!(
        "failed to get {resource} {what}: unable to get metrics for resource {resource}: {NO_METRICS}"
    );
    hand.event(report.hpa, warning("FailedGetResourceMetric", why.clone()));
    let count = metrics.len();
    let message = format!(
        "invalid metrics ({count} invalid out of {count}), first error is: failed to get {resource} resource metric value: {why}"
    );
    hand.event(report.hpa, warning("FailedComputeMetricsReplicas", message));
    let message = format!("the HPA was unable to compute the replica count: {why}");
    report.set(hand, "ScalingActive", "False", "FailedGetResourceMetric", message);
}
