//! Deployments, ReplicaSets, ReplicationControllers, StatefulSets and DaemonSets.

use super::events;
use super::pod::{selector_or_none, selector_text, template};
use super::storage::claim_class;
use super::writer::{Writer, amount, format_labels, int_or_string, or_none, put, rfc1123};
use super::{Lookup, Outcome, Settings, controlled_by};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, controller_of, field, int, list, name, namespace, text, uid};
use crate::tools::kubectl::Failure;

/// How many pods of a controller are in each phase.
#[derive(Default)]
struct Phases {
    running: usize,
    waiting: usize,
    succeeded: usize,
    failed: usize,
}

impl Phases {
    /// Counts the pods that match `selector` and that `object` controls.
    fn of(object: &Value, selector: &str, lookup: &mut dyn Lookup) -> Result<Self, Failure> {
        let mut phases = Self::default();
        for pod in lookup.list("v1", "pods", namespace(object), selector, "")? {
            let mine = controller_of(&pod).is_some_and(|owner| field(owner, "uid") == uid(object));
            match text(&pod, "/status/phase") {
                _ if !mine => {}
                "Running" => phases.running += 1,
                "Pending" => phases.waiting += 1,
                "Succeeded" => phases.succeeded += 1,
                "Failed" => phases.failed += 1,
                _ => {}
            }
        }
        Ok(phases)
    }

    fn text(&self) -> String {
        let Self { running, waiting, succeeded, failed } = self;
        format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed")
    }
}

fn created(w: &mut Writer, object: &Value) {
    put!(w, 0, "CreationTimestamp:\t{}\n", rfc1123(text(object, "/metadata/creationTimestamp")));
}

fn conditions(w: &mut Writer, object: &Value) {
    let conditions = list(object, "/status/conditions");
    if conditions.is_empty() {
        return;
    }
    put!(w, 0, "Conditions:\n  Type\tStatus\tReason\n");
    put!(w, 1, "----\t------\t------\n");
    for condition in conditions {
        let (kind, status) = (field(condition, "type"), field(condition, "status"));
        put!(w, 1, "{kind} \t{status}\t{}\n", field(condition, "reason"));
    }
}

/// Describes a deployment with its replica sets.
pub(super) fn deployment(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    let number = |pointer: &str| int(object, pointer).unwrap_or(0);
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    created(&mut w, object);
    w.labels_and_annotations(object);
    put!(w, 0, "Selector:\t{}\n", selector_text(object.pointer("/spec/selector")));
    put!(
        w,
        0,
        "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable\n",
        int(object, "/spec/replicas").unwrap_or(1),
        number("/status/updatedReplicas"),
        number("/status/replicas"),
        number("/status/availableReplicas"),
        number("/status/unavailableReplicas"),
    );
    put!(w, 0, "StrategyType:\t{}\n", text(object, "/spec/strategy/type"));
    put!(w, 0, "MinReadySeconds:\t{}\n", number("/spec/minReadySeconds"));
    if let Some(update) = at(object, "/spec/strategy/rollingUpdate") {
        let (down, up) = (int_or_string(update.get("maxUnavailable")), int_or_string(update.get("maxSurge")));
        put!(w, 0, "RollingUpdateStrategy:\t{down} max unavailable, {up} max surge\n");
    }
    template(&mut w, object.pointer("/spec/template"));
    conditions(&mut w, object);
    replica_sets(&mut w, object, lookup);
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn replica_sets(w: &mut Writer, deployment: &Value, lookup: &mut dyn Lookup) {
    let Ok((old, new)) = old_and_new_replica_sets(deployment, lookup) else { return };
    if old.is_empty() && new.is_none() {
        return;
    }
    let line = |set: &Value| {
        let (have, want) =
            (int(set, "/status/replicas").unwrap_or(0), int(set, "/spec/replicas").unwrap_or(1));
        format!("{} ({have}/{want} replicas created)", name(set))
    };
    let all = |sets: &mut dyn Iterator<Item = &Value>| sets.map(line).collect::<Vec<_>>().join(", ");
    put!(w, 0, "OldReplicaSets:\t{}\n", or_none(&all(&mut old.iter())));
    put!(w, 0, "NewReplicaSet:\t{}\n", or_none(&all(&mut new.iter())));
}

/// The replica sets of a deployment, oldest first: those of other templates, and that of its own.
pub(crate) fn old_and_new_replica_sets(
    deployment: &Value,
    lookup: &mut dyn Lookup,
) -> Result<(Vec<Value>, Option<Value>), Failure> {
    let selector = selector_text(deployment.pointer("/spec/selector"));
    let mut all = lookup.list("apps/v1", "replicasets", namespace(deployment), &selector, "")?;
    all.retain(|set| controller_of(set).is_some_and(|owner| field(owner, "uid") == uid(deployment)));
    all.sort_by_key(|set| (text(set, "/metadata/creationTimestamp").to_owned(), name(set).to_owned()));
    let wanted = template_without_hash(deployment);
    let new = all.iter().position(|set| template_without_hash(set) == wanted);
    let new = new.map(|index| all.remove(index));
    Ok((all, new))
}

fn template_without_hash(object: &Value) -> Value {
    let mut template = object.pointer("/spec/template").cloned().unwrap_or_default();
    crate::apimachinery::object::remove(&mut template, &["metadata", "labels", "pod-template-hash"]);
    crate::apimachinery::object::remove(&mut template, &["metadata", "creationTimestamp"]);
    template
}

/// Describes a replica set.
pub(super) fn replica_set(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    put!(w, 0, "Selector:\t{}\n", selector_or_none(object.pointer("/spec/selector")));
    w.labels_and_annotations(object);
    controlled_by(&mut w, object);
    replicas(&mut w, object);
    match Phases::of(object, &selector_text(object.pointer("/spec/selector")), lookup) {
        Ok(phases) => put!(w, 0, "Pods Status:\t{}\n", phases.text()),
        Err(error) => put!(w, 0, "Pods Status:\terror in fetching pods: {}\n", error.sentence()),
    }
    template(&mut w, object.pointer("/spec/template"));
    conditions(&mut w, object);
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn replicas(w: &mut Writer, object: &Value) {
    let (have, want) =
        (int(object, "/status/replicas").unwrap_or(0), int(object, "/spec/replicas").unwrap_or(1));
    put!(w, 0, "Replicas:\t{have} current / {want} desired\n");
}

/// Describes a replication controller.
pub(super) fn replication_controller(
    object: &Value,
    lookup: &mut dyn Lookup,
    settings: &Settings,
) -> Outcome {
    let mut w = Writer::default();
    let selector = format_labels(object.pointer("/spec/selector"));
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    put!(w, 0, "Selector:\t{selector}\n");
    w.labels_and_annotations(object);
    replicas(&mut w, object);
    let phases = Phases::of(object, &selector, lookup)?;
    put!(w, 0, "Pods Status:\t{}\n", phases.text());
    template(&mut w, at(object, "/spec/template"));
    conditions(&mut w, object);
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

/// Describes a stateful set.
pub(super) fn stateful_set(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    let selector = selector_text(object.pointer("/spec/selector"));
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    created(&mut w, object);
    put!(w, 0, "Selector:\t{selector}\n");
    w.labels_and_annotations(object);
    let (want, have) =
        (int(object, "/spec/replicas").unwrap_or(1), int(object, "/status/replicas").unwrap_or(0));
    put!(w, 0, "Replicas:\t{want} desired | {have} total\n");
    update_strategy(&mut w, object);
    let phases = Phases::of(object, &selector, lookup)?;
    put!(w, 0, "Pods Status:\t{}\n", phases.text());
    template(&mut w, object.pointer("/spec/template"));
    claim_templates(&mut w, list(object, "/spec/volumeClaimTemplates"));
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn update_strategy(w: &mut Writer, object: &Value) {
    put!(w, 0, "Update Strategy:\t{}\n", text(object, "/spec/updateStrategy/type"));
    if let Some(partition) = int(object, "/spec/updateStrategy/rollingUpdate/partition") {
        put!(w, 1, "Partition:\t{partition}\n");
        if let Some(max) = at(object, "/spec/updateStrategy/rollingUpdate/maxUnavailable") {
            put!(w, 1, "MaxUnavailable:\t{}\n", int_or_string(Some(max)));
        }
    }
}

fn claim_templates(w: &mut Writer, templates: &[Value]) {
    if templates.is_empty() {
        return put!(w, 0, "Volume Claims:\t<none>\n");
    }
    put!(w, 0, "Volume Claims:\n");
    for claim in templates {
        put!(w, 1, "Name:\t{}\n", name(claim));
        put!(w, 1, "StorageClass:\t{}\n", claim_class(claim));
        w.labels_indented("  ", "Labels", claim.pointer("/metadata/labels"));
        w.labels_indented("  ", "Annotations", claim.pointer("/metadata/annotations"));
        let requests = claim.pointer("/spec/resources/requests");
        match requests.and_then(|requests| requests.get("storage")) {
            Some(_) => put!(w, 1, "Capacity:\t{}\n", amount(requests, "storage")),
            None => put!(w, 1, "Capacity:\t<default>\n"),
        }
        put!(
            w,
            1,
            "Access Modes:\t{}\n",
            super::writer::go_value(Some(&Value::from(list(claim, "/spec/accessModes").to_vec())))
        );
    }
}

/// Describes a daemon set.
pub(super) fn daemon_set(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    let selector = selector_text(object.pointer("/spec/selector"));
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    put!(w, 0, "Selector:\t{selector}\n");
    put!(w, 0, "Node-Selector:\t{}\n", format_labels(object.pointer("/spec/template/spec/nodeSelector")));
    w.labels_and_annotations(object);
    for (title, key) in [
        ("Desired Number of Nodes Scheduled", "desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "numberAvailable"),
        ("Number of Nodes Misscheduled", "numberMisscheduled"),
    ] {
        put!(w, 0, "{title}: {}\n", int(object, &format!("/status/{key}")).unwrap_or(0));
    }
    let phases = Phases::of(object, &selector, lookup)?;
    put!(w, 0, "Pods Status:\t{}\n", phases.text());
    template(&mut w, object.pointer("/spec/template"));
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}
