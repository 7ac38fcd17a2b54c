//! Pods and pod templates.

use super::containers::{self, Containers};
use super::events;
use super::resources;
use super::writer::{Writer, put, rfc1123, since};
use super::{Lookup, Outcome, Settings, controlled_by, volumes};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{annotation, at, field, int, list, name, namespace, text};
use crate::apimachinery::selector::{LabelSelector, format_object};

/// Names the manifest of a static pod on its mirror pod.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Describes a pod.
pub(super) fn describe(pod: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    identity(&mut w, pod);
    w.labels_and_annotations(pod);
    status(&mut w, pod, lookup);
    containers::seccomp(&mut w, pod, "/spec/securityContext/seccompProfile", 0, 0);
    put!(w, 0, "IP:\t{}\n", text(pod, "/status/podIP"));
    ips(&mut w, pod);
    controlled_by(&mut w, pod);
    if !text(pod, "/status/nominatedNodeName").is_empty() {
        put!(w, 0, "NominatedNodeName:\t{}\n", text(pod, "/status/nominatedNodeName"));
    }
    if let Some(resources) = at(pod, "/spec/resources") {
        put!(w, 0, "Resources:\n");
        containers::resources(&mut w, 1, Some(resources));
    }
    all_containers(&mut w, pod);
    readiness_gates(&mut w, pod);
    conditions(&mut w, pod);
    volumes::write_all(&mut w, list(pod, "/spec/volumes"), "");
    put!(w, 0, "QoS Class:\t{}\n", resources::qos(pod));
    placement(&mut w, pod.pointer("/spec"), "");
    if settings.show_events {
        let found = pod_events(pod, lookup);
        events::write(&mut w, found, lookup.now());
    }
    Ok(w.finish())
}

fn identity(w: &mut Writer, pod: &Value) {
    put!(w, 0, "Name:\t{}\n", name(pod));
    put!(w, 0, "Namespace:\t{}\n", namespace(pod));
    if let Some(priority) = int(pod, "/spec/priority") {
        put!(w, 0, "Priority:\t{priority}\n");
    }
    for (label, pointer) in [
        ("Priority Class Name", "/spec/priorityClassName"),
        ("Runtime Class Name", "/spec/runtimeClassName"),
        ("Service Account", "/spec/serviceAccountName"),
    ] {
        if !text(pod, pointer).is_empty() {
            put!(w, 0, "{label}:\t{}\n", text(pod, pointer));
        }
    }
    match text(pod, "/spec/nodeName") {
        "" => put!(w, 0, "Node:\t<none>\n"),
        node => put!(w, 0, "Node:\t{node}/{}\n", text(pod, "/status/hostIP")),
    }
    if let Some(start) = at(pod, "/status/startTime").and_then(Value::as_str) {
        put!(w, 0, "Start Time:\t{}\n", rfc1123(start));
    }
}

fn status(w: &mut Writer, pod: &Value, lookup: &dyn Lookup) {
    let phase = text(pod, "/status/phase");
    let ended = ["Failed", "Succeeded"].contains(&phase);
    match text(pod, "/metadata/deletionTimestamp") {
        "" => put!(w, 0, "Status:\t{phase}\n"),
        _ if ended => put!(w, 0, "Status:\t{phase}\n"),
        deleted => {
            put!(w, 0, "Status:\tTerminating (lasts {})\n", since(deleted, lookup.now()));
            let grace = int(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(0);
            put!(w, 0, "Termination Grace Period:\t{grace}s\n");
        }
    }
    for (label, pointer) in [("Reason", "/status/reason"), ("Message", "/status/message")] {
        if !text(pod, pointer).is_empty() {
            put!(w, 0, "{label}:\t{}\n", text(pod, pointer));
        }
    }
}

fn ips(w: &mut Writer, pod: &Value) {
    let ips = list(pod, "/status/podIPs");
    if ips.is_empty() {
        return put!(w, 0, "IPs:\t<none>\n");
    }
    put!(w, 0, "IPs:\n");
    for ip in ips {
        put!(w, 1, "IP:\t{}\n", field(ip, "ip"));
    }
}

fn all_containers(w: &mut Writer, pod: &Value) {
    for (label, specs, statuses) in [
        ("Init Containers", "/spec/initContainers", "/status/initContainerStatuses"),
        ("Containers", "/spec/containers", "/status/containerStatuses"),
        ("Ephemeral Containers", "/spec/ephemeralContainers", "/status/ephemeralContainerStatuses"),
    ] {
        let all = list(pod, specs);
        if !all.is_empty() || label == "Containers" {
            Containers { label, containers: all, statuses: list(pod, statuses), pod: Some(pod), space: "" }
                .write(w);
        }
    }
}

fn readiness_gates(w: &mut Writer, pod: &Value) {
    let gates = list(pod, "/spec/readinessGates");
    if gates.is_empty() {
        return;
    }
    put!(w, 0, "Readiness Gates:\n  Type\tStatus\n");
    for gate in gates {
        let kind = field(gate, "conditionType");
        let met = list(pod, "/status/conditions").iter().find(|condition| field(condition, "type") == kind);
        put!(w, 1, "{kind} \t{} \n", met.map_or("<none>", |condition| field(condition, "status")));
    }
}

fn conditions(w: &mut Writer, pod: &Value) {
    let conditions = list(pod, "/status/conditions");
    if conditions.is_empty() {
        return;
    }
    put!(w, 0, "Conditions:\n  Type\tStatus\n");
    for condition in conditions {
        put!(w, 1, "{} \t{} \n", field(condition, "type"), field(condition, "status"));
    }
}

/// Node selectors, tolerations and spreading; a template has its priority class before them.
fn placement(w: &mut Writer, spec: Option<&Value>, space: &str) {
    let spec = spec.unwrap_or(&Value::Null);
    if space.is_empty() {
        w.labels("Node-Selectors", spec.pointer("/nodeSelector"));
        w.tolerations("Tolerations", list(spec, "/tolerations"));
        topology_spread(w, list(spec, "/topologySpreadConstraints"), space);
    } else {
        topology_spread(w, list(spec, "/topologySpreadConstraints"), space);
        if !text(spec, "/priorityClassName").is_empty() {
            put!(w, 1, "Priority Class Name:\t{}\n", text(spec, "/priorityClassName"));
        }
        w.labels("  Node-Selectors", spec.pointer("/nodeSelector"));
        w.tolerations("  Tolerations", list(spec, "/tolerations"));
    }
    if let Some(group) = at(spec, "/schedulingGroup") {
        put!(w, 0, "{space}SchedulingGroup:\n");
        put!(w, 1, "PodGroupName:\t{}\n", field(group, "podGroupName"));
    }
}

fn topology_spread(w: &mut Writer, constraints: &[Value], space: &str) {
    let mut constraints: Vec<&Value> = constraints.iter().collect();
    constraints.sort_by_key(|constraint| field(constraint, "topologyKey"));
    for (i, constraint) in constraints.into_iter().enumerate() {
        if i == 0 {
            put!(w, 0, "{space}Topology Spread Constraints:\t");
        } else {
            put!(w, 0, "{space}\t");
        }
        let (key, when) = (field(constraint, "topologyKey"), field(constraint, "whenUnsatisfiable"));
        let skew = int(constraint, "/maxSkew").unwrap_or(0);
        put!(w, 0, "{key}:{when} when max skew {skew} is exceeded");
        if let Some(selector) = at(constraint, "/labelSelector") {
            put!(w, 0, " for selector {}", selector_or_none(Some(selector)));
        }
        put!(w, 0, "\n");
    }
}

/// A label selector object as text; `<none>` when it is empty or absent.
pub(crate) fn selector_or_none(selector: Option<&Value>) -> String {
    selector.map_or_else(|| "<none>".to_owned(), format_object)
}

/// A label selector object as text; empty when it is empty or absent.
pub(crate) fn selector_text(selector: Option<&Value>) -> String {
    selector
        .and_then(|selector| LabelSelector::from_object(selector).ok())
        .map(|s| s.to_string())
        .unwrap_or_default()
}

/// The events of a pod; those of a mirror pod carry the hash of its manifest as UID.
fn pod_events(pod: &Value, lookup: &mut dyn Lookup) -> Vec<Value> {
    let uid = annotation(pod, MIRROR).unwrap_or_else(|| text(pod, "/metadata/uid"));
    let reference = json!({"name": name(pod), "namespace": namespace(pod), "uid": uid});
    events::search(lookup, &reference)
}

/// A pod template alone, its tabs as they are.
pub(crate) fn raw_template(of: Option<&Value>) -> String {
    let mut w = Writer::default();
    template(&mut w, of);
    w.raw()
}

/// `Pod Template:` of a workload.
pub(super) fn template(w: &mut Writer, template: Option<&Value>) {
    put!(w, 0, "Pod Template:\n");
    let Some(template) = template else {
        return put!(w, 1, "<unset>");
    };
    w.labels("  Labels", template.pointer("/metadata/labels"));
    let annotations = template.pointer("/metadata/annotations");
    if annotations.and_then(Value::as_object).is_some_and(|map| !map.is_empty()) {
        w.annotations("  Annotations", annotations);
    }
    if !text(template, "/spec/serviceAccountName").is_empty() {
        put!(w, 1, "Service Account:\t{}\n", text(template, "/spec/serviceAccountName"));
    }
    for (label, pointer) in [("Init Containers", "/spec/initContainers"), ("Containers", "/spec/containers")]
    {
        let all = list(template, pointer);
        if !all.is_empty() || label == "Containers" {
            Containers { label, containers: all, statuses: &[], pod: None, space: "  " }.write(w);
        }
    }
    volumes::write_all(w, list(template, "/spec/volumes"), "  ");
    placement(w, template.pointer("/spec"), "  ");
}
