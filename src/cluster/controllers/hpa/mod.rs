//! HorizontalPodAutoscalers: [`metrics`] says how many replicas the measured use asks for, [`behavior`] how far
//! that is followed, and this file writes size, conditions and events.
//!
//! Follows `pkg/controller/podautoscaler`. Custom and external metrics are never there: no adapter serves them.

mod behavior;
mod metrics;

use std::time::Duration;

use self::metrics::{Failure, Target};
use super::hand::{Hand, wake_self};
use crate::apimachinery::json::{Value, json};
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
    /// `status.currentMetrics`.
    metrics: Value,
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
            "currentMetrics": self.metrics,
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
        metrics: Value::Null,
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
    report.current = size;
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
        let selector = found.pointer("/spec/selector").cloned().unwrap_or_default();
        let target = Target { hpa, selector: &selector, size };
        if let Some((wanted, name)) = by_metrics(hand, &mut report, &target) {
            let (to, why) = settle(hand, &mut report, (size, wanted, min, max), &name);
            report.desired = to;
            if to != size {
                rescale(hand, &mut report, (&key, &found), to, &why);
            }
        }
    }
    report.write(hand);
}

/// What all metrics together ask for, and which of them asks for most; `None` when that cannot be told.
fn by_metrics(hand: &mut Hand<'_>, report: &mut Report<'_>, target: &Target<'_>) -> Option<(i64, String)> {
    let metrics = object::list(report.hpa, "/spec/metrics");
    let (mut statuses, mut failures, mut best) = (Vec::new(), Vec::new(), None::<(i64, String)>);
    for metric in metrics {
        match metrics::propose(hand, target, metric) {
            Ok(it) => {
                statuses.push(it.status);
                if best.as_ref().is_none_or(|(most, _)| it.replicas > *most) {
                    best = Some((it.replicas, it.name));
                }
            }
            Err(failure) => {
                statuses.push(json!({"type": ""}));
                hand.event(report.hpa, warning(failure.reason, failure.what.clone()));
                failures.push(failure);
            }
        }
    }
    report.metrics = if best.is_some() { statuses.into() } else { Value::Null };
    let less = best.as_ref().is_none_or(|(most, _)| *most < target.size);
    if let Some(first) = failures.first() {
        let (invalid, count) = (failures.len(), metrics.len());
        let message = format!(
            "invalid metrics ({invalid} invalid out of {count}), first error is: failed to get {} value: {}",
            named(first, metrics),
            first.what
        );
        if less {
            hand.event(report.hpa, warning("FailedComputeMetricsReplicas", message));
            let message = format!("the HPA was unable to compute the replica count: {}", first.what);
            report.set(hand, "ScalingActive", "False", first.reason, message);
            return None;
        }
    }
    let (wanted, name) = best?;
    let message = format!("the HPA was able to successfully calculate a replica count from {name}");
    report.set(hand, "ScalingActive", "True", "ValidMetricFound", message);
    Some((wanted, name))
}

/// `cpu resource metric`; other kinds stand without a name.
fn named(failure: &Failure, metrics: &[Value]) -> String {
    let key = match failure.reason {
        "FailedGetResourceMetric" => "resource",
        "FailedGetContainerResourceMetric" => "containerResource",
        _ => return failure.value.to_owned(),
    };
    let names = metrics.iter().filter_map(|it| it.get(key)).map(|it| object::field(it, "name"));
    let name = names.into_iter().find(|name| failure.what.contains(&format!("failed to get {name} ")));
    format!("{} {}", name.unwrap_or_default(), failure.value)
}

/// The size that a recommendation comes to, and the reason for a change.
fn settle(
    hand: &mut Hand<'_>,
    report: &mut Report<'_>,
    (current, wanted, min, max): (i64, i64, i64, i64),
    metric: &str,
) -> (i64, String) {
    let uid = object::uid(report.hpa).to_owned();
    let null = Value::Null;
    let mut recommendations = hand.history(&uid);
    if recommendations.is_empty() {
        recommendations.push_back((hand.now(), current));
    }
    let changes = hand.history(&format!("{uid}/changes"));
    let decision = behavior::decide(&behavior::Case {
        now: hand.now(),
        behavior: object::at(report.hpa, "/spec/behavior").unwrap_or(&null),
        current,
        wanted,
        min,
        max,
        recommendations: &recommendations,
        changes: &changes,
    });
    recommendations.push_back((hand.now(), wanted));
    hand.set_history(&uid, recommendations);
    report.set(hand, "AbleToScale", "True", decision.able.0, decision.able.1);
    let limited = if decision.limited { "True" } else { "False" };
    report.set(hand, "ScalingLimited", limited, decision.limit.0, decision.limit.1);
    let why =
        if wanted > current { format!("{metric} above target") } else { "All metrics below target".into() };
    (decision.size, why)
}

fn rescale(hand: &mut Hand<'_>, report: &mut Report<'_>, target: (&Key, &Object), to: i64, why: &str) {
    let written = hand.edit(&target.0.resource, target.1, |it| object::set(it, &["spec", "replicas"], to));
    if written.is_err() {
        return;
    }
    report.desired = to;
    report.scaled = true;
    let what = format!("{}/changes", object::uid(report.hpa));
    let mut changes = hand.history(&what);
    changes.push_back((hand.now(), to - report.current));
    hand.set_history(&what, changes);
    let message = format!("the HPA controller was able to update the target scale to {to}");
    report.set(hand, "AbleToScale", "True", "SucceededRescale", message);
    hand.event(report.hpa, normal("SuccessfulRescale", format!("New size: {to}; reason: {why}")));
}
