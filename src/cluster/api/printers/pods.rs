//! Rows of pods: the STATUS that sums up a pod's containers.
//!
//! Rules of `printPod` in kubernetes' `pkg/printers/internalversion/printers.go`.

use super::cells::{any_true, or, since};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{at, field, flag, int, name, text};
use crate::sim::SimTime;

/// NAME, READY, STATUS, RESTARTS, AGE; wide: IP, NODE, NOMINATED NODE, READINESS GATES.
pub(super) fn pod(pod: &Value, now: SimTime) -> Vec<Value> {
    let pod = Parts::of(pod);
    let summary = summary(pod, now);
    let sidecars = items(pod.spec, "initContainers").iter().filter(|it| is_sidecar(it)).count();
    let total = items(pod.spec, "containers").len() + sidecars;
    vec![
        field(pod.metadata, "name").into(),
        format!("{}/{total}", summary.ready).into(),
        summary.reason.into(),
        summary.restarts.into(),
        super::cells::age_of(field(pod.metadata, "creationTimestamp"), now).into(),
        or(items(pod.status, "podIPs").first().map_or("", |it| field(it, "ip")), "<none>").into(),
        or(field(pod.spec, "nodeName"), "<none>").into(),
        or(field(pod.status, "nominatedNodeName"), "<none>").into(),
        readiness_gates(pod).into(),
    ]
}

/// The parts of a pod, looked up once: lists of thousands of pods are mostly lookups.
#[derive(Clone, Copy)]
struct Parts<'a> {
    metadata: &'a Value,
    spec: &'a Value,
    status: &'a Value,
}

impl<'a> Parts<'a> {
    fn of(pod: &'a Value) -> Self {
        Self { metadata: &pod["metadata"], spec: &pod["spec"], status: &pod["status"] }
    }

    fn is(self, condition: &str) -> bool {
        any_true(items(self.status, "conditions"), condition)
    }
}

/// The list under a key; empty when there is none.
fn items<'a>(tree: &'a Value, key: &str) -> &'a [Value] {
    tree.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Row conditions: kubectl's `--watch` and old clients read whether a pod has ended.
pub(super) fn conditions(pod: &Value) -> Option<Value> {
    let (reason, message) = match text(pod, "/status/phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return None,
    };
    Some(json!([{"type": "Completed", "status": "True", "reason": reason, "message": message}]))
}

struct Summary {
    ready: usize,
    reason: String,
    restarts: String,
}

/// Restarts and when the last one was, over some containers.
#[derive(Default)]
struct Restarts<'a> {
    count: i64,
    last: &'a str,
}

impl<'a> Restarts<'a> {
    fn add(&mut self, status: &'a Value) {
        self.count += int(status, "/restartCount").unwrap_or(0);
        self.last = self.last.max(text(status, "/lastState/terminated/finishedAt"));
    }
}

fn is_sidecar(container: &Value) -> bool {
    field(container, "restartPolicy") == "Always"
}

fn summary(pod: Parts<'_>, now: SimTime) -> Summary {
    let phase = field(pod.status, "phase");
    let mut reason = or(field(pod.status, "reason"), phase).to_owned();
    if items(pod.status, "conditions").iter().any(is_gated) {
        reason = "SchedulingGated".into();
    }
    let init = init_containers(pod);
    let mut ready = init.ready;
    let mut restarts = init.all;
    let initializing = init.reason.is_some();
    if let Some(stuck) = init.reason {
        reason = stuck;
    }
    if !initializing || pod.is("Initialized") {
        restarts = init.sidecars;
        ready += main_containers(pod, &mut reason, &mut restarts);
    }
    if at(pod.metadata, "/deletionTimestamp").is_some() {
        let ended = matches!(phase, "Succeeded" | "Failed");
        match field(pod.status, "reason") {
            "NodeLost" => reason = "Unknown".into(),
            _ if !ended => reason = "Terminating".into(),
            _ => {}
        }
    }
    Summary { ready, reason, restarts: restarts_text(&restarts, now) }
}

fn is_gated(condition: &Value) -> bool {
    // Few conditions have a reason: asked first, it spares reading the others' types.
    field(condition, "reason") == "SchedulingGated" && field(condition, "type") == "PodScheduled"
}

fn restarts_text(restarts: &Restarts<'_>, now: SimTime) -> String {
    if restarts.count == 0 || restarts.last.is_empty() {
        return restarts.count.to_string();
    }
    format!("{} ({} ago)", restarts.count, super::cells::age_of(restarts.last, now))
}

struct InitState<'a> {
    ready: usize,
    all: Restarts<'a>,
    sidecars: Restarts<'a>,
    /// Why the pod still initializes, when it does.
    reason: Option<String>,
}

fn init_containers(pod: Parts<'_>) -> InitState<'_> {
    let specs = items(pod.spec, "initContainers");
    let mut state =
        InitState { ready: 0, all: Restarts::default(), sidecars: Restarts::default(), reason: None };
    for (index, status) in items(pod.status, "initContainerStatuses").iter().enumerate() {
        let sidecar = specs.iter().any(|it| field(it, "name") == field(status, "name") && is_sidecar(it));
        state.all.add(status);
        if sidecar {
            state.sidecars.add(status);
        }
        if int(status, "/state/terminated/exitCode") == Some(0) {
            continue;
        }
        if sidecar && flag(status, "/started") {
            state.ready += usize::from(flag(status, "/ready"));
            continue;
        }
        state.reason = Some(init_reason(status, index, specs.len()));
        break;
    }
    state
}

fn init_reason(status: &Value, index: usize, total: usize) -> String {
    if let Some(ended) = at(status, "/state/terminated") {
        return format!("Init:{}", ended_reason(ended));
    }
    match text(status, "/state/waiting/reason") {
        "" | "PodInitializing" => format!("Init:{index}/{total}"),
        waiting => format!("Init:{waiting}"),
    }
}

fn ended_reason(ended: &Value) -> String {
    match (text(ended, "/reason"), int(ended, "/signal").unwrap_or(0)) {
        ("", 0) => format!("ExitCode:{}", int(ended, "/exitCode").unwrap_or(0)),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

/// Folds the main containers into `reason` and `restarts`; returns how many are ready.
fn main_containers<'a>(pod: Parts<'a>, reason: &mut String, restarts: &mut Restarts<'a>) -> usize {
    let mut ready = 0;
    for status in items(pod.status, "containerStatuses").iter().rev() {
        restarts.add(status);
        let state = &status["state"];
        let waiting = text(state, "/waiting/reason");
        if !waiting.is_empty() {
            *reason = waiting.to_owned();
        } else if let Some(ended) = at(state, "/terminated") {
            *reason = ended_reason(ended);
        } else if flag(status, "/ready") && at(state, "/running").is_some() {
            ready += 1;
        }
    }
    if reason == "Completed" && ready > 0 {
        *reason = if pod.is("Ready") { "Running" } else { "NotReady" }.to_owned();
    }
    ready
}

fn readiness_gates(pod: Parts<'_>) -> String {
    let gates = items(pod.spec, "readinessGates");
    if gates.is_empty() {
        return "<none>".into();
    }
    let met = gates.iter().filter(|gate| pod.is(field(gate, "conditionType"))).count();
    format!("{met}/{}", gates.len())
}

/// PodTemplates: NAME, CONTAINERS, IMAGES, POD LABELS.
pub(super) fn pod_template(template: &Value, _now: SimTime) -> Vec<Value> {
    let spec = template.pointer("/template/spec").unwrap_or(&Value::Null);
    let [names, images] = super::cells::containers(spec);
    vec![
        name(template).into(),
        names,
        images,
        super::cells::labels(template, "/template/metadata/labels").into(),
    ]
}

/// Events: wide adds SUBOBJECT, SOURCE, FIRST SEEN, COUNT, NAME.
pub(super) fn event(event: &Value, now: SimTime) -> Vec<Value> {
    let first = match text(event, "/firstTimestamp") {
        "" => since(event, "/eventTime", now),
        stamp => super::cells::age_of(stamp, now),
    };
    let mut last = match text(event, "/lastTimestamp") {
        "" => first.clone(),
        stamp => super::cells::age_of(stamp, now),
    };
    let mut count = int(event, "/count").unwrap_or(0).max(1);
    if let Some(series) = at(event, "/series") {
        last = since(series, "/lastObservedTime", now);
        count = int(series, "/count").unwrap_or(0);
    }
    let kind = text(event, "/involvedObject/kind").to_lowercase();
    let target = match text(event, "/involvedObject/name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    };
    vec![
        last.into(),
        text(event, "/type").into(),
        text(event, "/reason").into(),
        target.into(),
        text(event, "/involvedObject/fieldPath").into(),
        event_source(event).into(),
        text(event, "/message").trim().into(),
        first.into(),
        count.into(),
        name(event).into(),
    ]
}

fn event_source(event: &Value) -> String {
    let component = or(text(event, "/source/component"), text(event, "/reportingComponent"));
    match or(text(event, "/source/host"), text(event, "/reportingInstance")) {
        "" => component.to_owned(),
        host => format!("{component}, {host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pod_json: Value, ready: &str, status: &str, restarts: &str) {
        let row = pod(&pod_json, SimTime::START);
        assert_eq!(row[1..4], [json!(ready), json!(status), json!(restarts)], "{pod_json}");
    }

    #[test]
    fn status_follows_the_containers() {
        let spec = json!({"containers": [{"name": "a"}, {"name": "b"}],
            "initContainers": [{"name": "i"}, {"name": "s", "restartPolicy": "Always"}]});
        let with = |status: Value| json!({"metadata": {"name": "p"}, "spec": spec, "status": status});
        check(with(json!({"phase": "Pending"})), "0/3", "Pending", "0");
        check(
            with(json!({"phase": "Pending", "initContainerStatuses":
                [{"name": "i", "state": {"waiting": {"reason": "PodInitializing"}}}]})),
            "0/3",
            "Init:0/2",
            "0",
        );
        let sidecar = json!({"name": "s", "started": true, "ready": true, "state": {"running": {}}});
        check(
            with(json!({"phase": "Running", "initContainerStatuses":
                [{"name": "i", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}, sidecar],
                "containerStatuses": [
                {"name": "a", "restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                 "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-11-20T09:59:55Z"}}},
                {"name": "b", "ready": true, "state": {"running": {}}}]})),
            "2/3",
            "CrashLoopBackOff",
            "4 (5s ago)",
        );
        let ended = json!({"terminated": {"exitCode": 0, "reason": "Completed"}});
        check(
            json!({"metadata": {"name": "p", "deletionTimestamp": "x"}, "spec": {"containers": [{}]},
                "status": {"phase": "Succeeded", "containerStatuses": [{"state": ended}]}}),
            "0/1",
            "Completed",
            "0",
        );
        check(
            json!({"metadata": {"name": "p"}, "spec": {"containers": [{}, {}]}, "status": {"phase": "Running",
                "containerStatuses": [{"state": ended}, {"ready": true, "state": {"running": {}}}]}}),
            "1/2",
            "NotReady",
            "0",
        );
    }
}
