//! Persistent volumes, claims, storage classes, attribute classes and CSI nodes.

use super::events;
use super::volumes::{self, Owner};
use super::writer::{Writer, amount, bool_or_unset, format_labels, go_value, joined, put, rfc1123, since};
use super::{Lookup, Outcome, Settings};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{annotation, at, field, int, list, name, namespace, text, uid};

/// The class of a claim or volume before `storageClassName` was a field.
const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// Access modes and how they are abbreviated, in the order they are printed.
const MODES: &[(&str, &str)] = &[
    ("ReadWriteOnce", "RWO"),
    ("ReadOnlyMany", "ROX"),
    ("ReadWriteMany", "RWX"),
    ("ReadWriteOncePod", "RWOP"),
];

fn access_modes(modes: &[Value]) -> String {
    let short = MODES.iter().filter(|(long, _)| modes.iter().any(|mode| mode == long));
    short.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

/// The storage class of a claim or volume.
pub(super) fn claim_class(claim: &Value) -> &str {
    annotation(claim, BETA_CLASS).unwrap_or_else(|| text(claim, "/spec/storageClassName"))
}

fn finalizers(w: &mut Writer, object: &Value) {
    let all = Value::from(list(object, "/metadata/finalizers").to_vec());
    put!(w, 0, "Finalizers:\t{}\n", go_value(Some(&all)));
}

fn status(w: &mut Writer, object: &Value, lookup: &dyn Lookup) {
    match text(object, "/metadata/deletionTimestamp") {
        "" => put!(w, 0, "Status:\t{}\n", text(object, "/status/phase")),
        deleted => put!(w, 0, "Status:\tTerminating (lasts {})\n", since(deleted, lookup.now())),
    }
}

/// Describes a persistent volume.
pub(super) fn volume(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, false);
    finalizers(&mut w, object);
    put!(w, 0, "StorageClass:\t{}\n", claim_class(object));
    status(&mut w, object, lookup);
    match at(object, "/spec/claimRef") {
        Some(claim) => put!(w, 0, "Claim:\t{}/{}\n", field(claim, "namespace"), field(claim, "name")),
        None => put!(w, 0, "Claim:\t\n"),
    }
    put!(w, 0, "Reclaim Policy:\t{}\n", text(object, "/spec/persistentVolumeReclaimPolicy"));
    put!(w, 0, "Access Modes:\t{}\n", access_modes(list(object, "/spec/accessModes")));
    if let Some(mode) = at(object, "/spec/volumeMode").and_then(Value::as_str) {
        put!(w, 0, "VolumeMode:\t{mode}\n");
    }
    put!(w, 0, "Capacity:\t{}\n", amount(object.pointer("/spec/capacity"), "storage"));
    node_affinity(&mut w, at(object, "/spec/nodeAffinity/required"));
    put!(w, 0, "Message:\t{}\n", text(object, "/status/message"));
    put!(w, 0, "Source:\n");
    volumes::write_source(&mut w, object.get("spec").unwrap_or(&Value::Null), Owner::PersistentVolume);
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn node_affinity(w: &mut Writer, required: Option<&Value>) {
    put!(w, 0, "Node Affinity:\t");
    let Some(required) = required else {
        return w.line("<none>");
    };
    w.line("");
    put!(w, 1, "Required Terms:\t");
    let terms = list(required, "/nodeSelectorTerms");
    if terms.is_empty() {
        return w.line("<none>");
    }
    w.line("");
    for (i, term) in terms.iter().enumerate() {
        expressions(w, 2, i, list(term, "/matchExpressions"));
    }
}

fn expressions(w: &mut Writer, level: usize, number: usize, expressions: &[Value]) {
    put!(w, level, "Term {number}:\t");
    if expressions.is_empty() {
        return w.line("<none>");
    }
    for (i, expression) in expressions.iter().enumerate() {
        if i != 0 {
            put!(w, level, "\t");
        }
        let operator = match field(expression, "operator") {
            "" => "in".to_owned(),
            operator => operator.to_lowercase(),
        };
        let values = list(expression, "/values");
        let values = if values.is_empty() { String::new() } else { format!(" [{}]", joined(values, ", ")) };
        put!(w, 0, "{} {operator}{values}\n", field(expression, "key"));
    }
}

/// Describes a claim with the pods that use it.
pub(super) fn claim(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let pods = lookup.list("v1", "pods", namespace(object), "", "")?;
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Namespace:\t{}\n", namespace(object));
    put!(w, 0, "StorageClass:\t{}\n", claim_class(object));
    status(&mut w, object, lookup);
    claim_rest(&mut w, object, true);
    let mut users: Vec<String> =
        pods.iter().filter(|pod| uses(pod, object)).map(|pod| name(pod).to_owned()).collect();
    users.sort();
    w.many("Used By", users);
    claim_conditions(&mut w, object);
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn uses(pod: &Value, claim: &Value) -> bool {
    let mounts = |volume: &Value| text(volume, "/persistentVolumeClaim/claimName") == name(claim);
    let owns = |owner: &Value| field(owner, "kind") == "Pod" && field(owner, "uid") == uid(pod);
    list(pod, "/spec/volumes").iter().any(mounts) || list(claim, "/metadata/ownerReferences").iter().any(owns)
}

/// The claim inside an ephemeral volume, which has neither name nor status.
pub(super) fn claim_body(w: &mut Writer, claim: &Value, full: bool) {
    put!(w, 0, "StorageClass:\t{}\n", claim_class(claim));
    claim_rest(w, claim, full);
}

fn claim_rest(w: &mut Writer, claim: &Value, full: bool) {
    let volume = text(claim, "/spec/volumeName");
    put!(w, 0, "Volume:\t{volume}\n");
    w.labels_and_annotations(claim);
    if full {
        finalizers(w, claim);
    }
    let (capacity, modes) = match volume {
        "" => (String::new(), String::new()),
        _ => (
            amount(claim.pointer("/status/capacity"), "storage"),
            access_modes(list(claim, "/status/accessModes")),
        ),
    };
    put!(w, 0, "Capacity:\t{capacity}\n");
    put!(w, 0, "Access Modes:\t{modes}\n");
    if let Some(mode) = at(claim, "/spec/volumeMode").and_then(Value::as_str) {
        put!(w, 0, "VolumeMode:\t{mode}\n");
    }
    if let Some(source) = at(claim, "/spec/dataSource") {
        put!(w, 0, "DataSource:\n");
        if let Some(group) = at(source, "/apiGroup").and_then(Value::as_str) {
            put!(w, 1, "APIGroup:\t{group}\n");
        }
        put!(w, 1, "Kind:\t{}\n", field(source, "kind"));
        put!(w, 1, "Name:\t{}\n", field(source, "name"));
    }
}

fn claim_conditions(w: &mut Writer, claim: &Value) {
    let conditions = list(claim, "/status/conditions");
    if conditions.is_empty() {
        return;
    }
    put!(w, 0, "Conditions:\n");
    put!(w, 1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n");
    put!(w, 1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for condition in conditions {
        let text = |key| field(condition, key);
        let (probed, changed) = (rfc1123(text("lastProbeTime")), rfc1123(text("lastTransitionTime")));
        let (kind, status) = (text("type"), text("status"));
        put!(w, 1, "{kind} \t{status} \t{probed} \t{changed} \t{} \t{}\n", text("reason"), text("message"));
    }
}

/// Describes a storage class.
pub(super) fn class(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    let marked = |key| annotation(object, key) == Some("true");
    let default = marked("storageclass.kubernetes.io/is-default-class")
        || marked("storageclass.beta.kubernetes.io/is-default-class");
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "IsDefaultClass:\t{}\n", if default { "Yes" } else { "No" });
    put!(w, 0, "Annotations:\t{}\n", format_labels(object.pointer("/metadata/annotations")));
    put!(w, 0, "Provisioner:\t{}\n", field(object, "provisioner"));
    put!(w, 0, "Parameters:\t{}\n", format_labels(object.get("parameters")));
    put!(w, 0, "AllowVolumeExpansion:\t{}\n", bool_or_unset(object.get("allowVolumeExpansion")));
    mount_options(&mut w, list(object, "/mountOptions"));
    for (label, key) in [("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")] {
        if !field(object, key).is_empty() {
            put!(w, 0, "{label}:\t{}\n", field(object, key));
        }
    }
    if let Some(topologies) = at(object, "/allowedTopologies").and_then(Value::as_array) {
        allowed_topologies(&mut w, topologies);
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

fn mount_options(w: &mut Writer, options: &[Value]) {
    if options.is_empty() {
        return put!(w, 0, "MountOptions:\t<none>\n");
    }
    put!(w, 0, "MountOptions:\n");
    for option in options.iter().filter_map(Value::as_str) {
        put!(w, 1, "{option}\n");
    }
}

fn allowed_topologies(w: &mut Writer, topologies: &[Value]) {
    put!(w, 0, "AllowedTopologies:\t");
    if topologies.is_empty() {
        return w.line("<none>");
    }
    w.line("");
    for (i, term) in topologies.iter().enumerate() {
        expressions(w, 1, i, list(term, "/matchLabelExpressions"));
    }
}

/// Describes a volume attributes class.
pub(super) fn attributes_class(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    put!(w, 0, "Name:\t{}\n", name(object));
    put!(w, 0, "Annotations:\t{}\n", format_labels(object.pointer("/metadata/annotations")));
    put!(w, 0, "DriverName:\t{}\n", field(object, "driverName"));
    put!(w, 0, "Parameters:\t{}\n", format_labels(object.get("parameters")));
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}

/// Describes a CSI node.
pub(super) fn csi_node(object: &Value, lookup: &mut dyn Lookup, settings: &Settings) -> Outcome {
    let mut w = Writer::default();
    w.head(object, false);
    put!(w, 0, "CreationTimestamp:\t{}\n", rfc1123(text(object, "/metadata/creationTimestamp")));
    put!(w, 0, "Spec:\n");
    if at(object, "/spec/drivers").is_some() {
        put!(w, 1, "Drivers:\n");
    }
    for driver in list(object, "/spec/drivers") {
        put!(w, 2, "{}:\n", field(driver, "name"));
        put!(w, 3, "Node ID:\t{}\n", field(driver, "nodeID"));
        if let Some(count) = int(driver, "/allocatable/count") {
            put!(w, 3, "Allocatables:\n");
            put!(w, 4, "Count:\t{count}\n");
        }
        if let Some(keys) = at(driver, "/topologyKeys") {
            put!(w, 3, "Topology Keys:\t{}\n", go_value(Some(keys)));
        }
    }
    events::append(&mut w, object, lookup, settings);
    Ok(w.finish())
}
