//! Persistent volumes, claims, classes and CSI drivers.
//!
//! Follows kubernetes' `pkg/apis/core/validation` and `pkg/apis/storage/validation`.

use std::collections::BTreeSet;

use super::meta;
use super::node::{
    NOT_POSITIVE, Node, choice, format, immutable, non_negative, optional_choice, quantity, required,
};
use super::pod::node_selector;
use super::pod::volumes::ONE_TYPE;
use super::sources::{self, Of};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, validate};

/// Sorted, as messages list them.
const ACCESS_MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES: &[&str] = &["Block", "Filesystem"];
/// Sources of a PersistentVolume in the order of the server's checks.
const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

fn access_modes(spec: &Node<'_>, errs: &mut Errors) {
    let path = spec.at("accessModes");
    let modes = spec.strings("accessModes");
    for mode in modes.iter().filter(|it| !ACCESS_MODES.contains(*it)) {
        errs.push(field::not_supported(&path, *mode, ACCESS_MODES));
    }
    let single = modes.contains(&"ReadWriteOncePod");
    let other = modes.iter().any(|it| *it != "ReadWriteOncePod" && ACCESS_MODES.contains(it));
    if single && other {
        errs.push(field::forbidden(&path, "may not use ReadWriteOncePod with other access modes"));
    }
}

fn positive(value: &Value, path: &Path, errs: &mut Errors) {
    let amount = quantity(value);
    if amount.is_negative() || amount.is_zero() {
        errs.push(field::invalid(path, amount.to_string(), NOT_POSITIVE));
    }
}

/// A PersistentVolume.
pub(super) fn volume(volume: &Value, errs: &mut Errors) {
    let spec = Node::root(volume).child("spec");
    if spec.len("accessModes") == 0 {
        errs.push(field::required(&spec.at("accessModes"), ""));
    }
    access_modes(&spec, errs);
    capacity(&spec, errs);
    optional_choice(&spec, "persistentVolumeReclaimPolicy", &["Delete", "Recycle", "Retain"], errs);
    if let Some(affinity) = spec.get("nodeAffinity") {
        match affinity.get("required") {
            Some(selector) => node_selector(&selector, errs),
            None => {
                errs.push(field::required(
                    &affinity.at("required"),
                    "must specify required node constraints",
                ));
            }
        }
    }
    volume_source(&spec, object::name(volume), errs);
    let root = spec.child("hostPath").text("path").trim_end_matches('/').is_empty() && spec.has("hostPath");
    if root && spec.text("persistentVolumeReclaimPolicy") == "Recycle" {
        let detail = "may not be 'recycle' for a hostPath mount of '/'";
        errs.push(field::forbidden(&spec.at("persistentVolumeReclaimPolicy"), detail));
    }
    format(&spec, "storageClassName", validate::dns1123_subdomain, errs);
    optional_choice(&spec, "volumeMode", VOLUME_MODES, errs);
    if spec.has("volumeAttributesClassName") {
        match spec.text("volumeAttributesClassName") {
            "" => errs.push(field::required(
                &spec.at("volumeAttributesClassName"),
                "an empty string is disallowed",
            )),
            _ => format(&spec, "volumeAttributesClassName", validate::dns1123_subdomain, errs),
        }
        if !spec.has("csi") {
            let detail = "has to be specified when using volumeAttributesClassName";
            errs.push(field::required(&spec.at("csi"), detail));
        }
    }
}

fn capacity(spec: &Node<'_>, errs: &mut Errors) {
    let path = spec.at("capacity");
    let count = spec.entries("capacity").count();
    if count == 0 {
        errs.push(field::required(&path, ""));
    }
    let value = spec.child("capacity").value;
    if value.get("storage").is_none() || count > 1 {
        errs.push(field::not_supported(&path, value.clone(), &["storage"]));
    }
    for (name, value) in spec.entries("capacity") {
        if quantity(value).is_negative() {
            let amount = quantity(value).as_int();
            errs.push(field::invalid(&path.key(name), amount, "must be a valid resource quantity"));
        }
        positive(value, &path.key(name), errs);
    }
}

fn volume_source(spec: &Node<'_>, name: &str, errs: &mut Errors) {
    let mut seen = false;
    for kind in SOURCES {
        let Some(mut source) = spec.get(kind) else { continue };
        if seen && *kind != "flexVolume" {
            errs.push(field::forbidden(&source.path, ONE_TYPE));
            continue;
        }
        seen = true;
        if *kind == "gcePersistentDisk" {
            source.path = spec.at("persistentDisk");
        }
        sources::source(kind, &source, Of::Volume(name), errs);
        if *kind == "local" && !spec.has("nodeAffinity") {
            errs.push(field::required(&spec.at("nodeAffinity"), "Local volume requires node affinity"));
        }
    }
    if !seen {
        errs.push(field::required(&spec.path, "must specify a volume type"));
    }
}

/// What may change in a PersistentVolume. The real message about the source ends in a dump.
pub(super) fn volume_update(new: &Value, old: &Value, errs: &mut Errors) {
    let (after, before) = (Node::root(new).child("spec"), Node::root(old).child("spec"));
    if SOURCES.iter().any(|kind| after.value.get(*kind) != before.value.get(*kind)) {
        let detail = "spec.persistentvolumesource is immutable after creation";
        errs.push(field::forbidden(&after.at("persistentvolumesource"), detail));
    }
    // The path has no `spec`, as in the real server.
    let now = Node { value: after.value, path: Path::root() };
    let then = Node { value: before.value, path: Path::root() };
    immutable(&now, &then, "volumeMode", errs);
    if before.has("nodeAffinity") && now.child("nodeAffinity").value != then.child("nodeAffinity").value {
        let value = now.child("nodeAffinity").value.clone();
        let detail = "field is immutable, except for updating from beta label to GA";
        errs.push(field::invalid(&now.at("nodeAffinity"), value, detail));
    }
    attributes_class_name_update(&after, &before, errs);
}

/// A class of attributes that was set stays set.
fn attributes_class_name_update(after: &Node<'_>, before: &Node<'_>, errs: &mut Errors) {
    const KEY: &str = "volumeAttributesClassName";
    if before.has(KEY) && !after.has(KEY) {
        errs.push(field::forbidden(&after.at(KEY), "update from non-nil value to nil is forbidden"));
    }
}

/// A PersistentVolumeClaim.
pub(super) fn claim(claim: &Value, errs: &mut Errors) {
    claim_spec(&Node::root(claim).child("spec"), errs);
}

/// The spec of a claim, also inside pods and stateful sets.
pub(super) fn claim_spec(spec: &Node<'_>, errs: &mut Errors) {
    if spec.len("accessModes") == 0 {
        errs.push(field::required(&spec.at("accessModes"), "at least 1 access mode is required"));
    }
    meta::selector(spec, "selector", errs);
    access_modes(spec, errs);
    let path = spec.at("resources").key("storage");
    match object::at(spec.value, "/resources/requests/storage") {
        None => errs.push(field::required(&path, "")),
        Some(value) => positive(value, &path, errs),
    }
    format(spec, "storageClassName", validate::dns1123_subdomain, errs);
    optional_choice(spec, "volumeMode", VOLUME_MODES, errs);
    for key in ["dataSource", "dataSourceRef"] {
        if let Some(source) = spec.get(key) {
            data_source(&source, errs);
        }
    }
    source_and_reference(spec, errs);
    format(spec, "volumeAttributesClassName", validate::dns1123_subdomain, errs);
}

/// The old and the new reference to a source must agree.
fn source_and_reference(spec: &Node<'_>, errs: &mut Errors) {
    let (source, reference) = (spec.child("dataSource"), spec.child("dataSourceRef"));
    if source.value.is_null() || reference.value.is_null() {
        return;
    }
    let same = ["apiGroup", "kind", "name"].iter().all(|key| source.text(key) == reference.text(key));
    let detail = match reference.text("namespace").is_empty() {
        false => "may not be specified when dataSourceRef.namespace is specified",
        true if !same => "must match dataSourceRef",
        true => return,
    };
    errs.push(field::invalid(&spec.path, json!({}), detail));
}

fn data_source(source: &Node<'_>, errs: &mut Errors) {
    required(source, "name", errs);
    required(source, "kind", errs);
    if source.text("apiGroup").is_empty() && source.text("kind") != "PersistentVolumeClaim" {
        let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        errs.push(field::invalid(&source.path, source.text("kind"), detail));
    }
    format(source, "apiGroup", validate::dns1123_subdomain, errs);
    format(source, "namespace", validate::dns1123_label, errs);
}

/// What may change in a claim.
pub(super) fn claim_update<'a>(new: &'a Value, old: &'a Value, errs: &mut Errors) {
    let (mut after, before) = (spec_of(new), spec_of(old));
    let back = |after: &mut Value, path: &[&str], pointer: &str| match object::at(&before, pointer) {
        Some(value) => object::set(after, path, value.clone()),
        None => drop(object::remove(after, path)),
    };
    if object::text(&before, "/volumeName").is_empty() {
        back(&mut after, &["volumeName"], "/volumeName");
    }
    if object::at(&before, "/storageClassName").is_none() {
        back(&mut after, &["storageClassName"], "/storageClassName");
    }
    if object::text(new, "/status/phase") == "Bound" && object::at(&after, "/resources/requests").is_some() {
        back(&mut after, &["resources", "requests", "storage"], "/resources/requests/storage");
    }
    let bound = object::text(new, "/status/phase") == "Bound";
    if bound && after.get("volumeAttributesClassName").is_some() {
        back(&mut after, &["volumeAttributesClassName"], "/volumeAttributesClassName");
    }
    let path = Path::new("spec");
    if after != before {
        let detail = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
        errs.push(field::forbidden(&path, detail));
    }
    let size = |object: &Value, pointer: &str| object::at(object, pointer).map(quantity).unwrap_or_default();
    let wanted = size(new, "/spec/resources/requests/storage");
    if wanted < size(old, "/spec/resources/requests/storage")
        && wanted <= size(old, "/status/capacity/storage")
    {
        let path = path.child("resources").child("requests").child("storage");
        errs.push(field::forbidden(&path, "field can not be less than status.capacity"));
    }
    // The path has no `spec`, as in the real server.
    let bare =
        |object: &'a Value| Node { value: object.get("spec").unwrap_or(&Value::Null), path: Path::root() };
    immutable(&bare(new), &bare(old), "volumeMode", errs);
    let (after, before) = (Node::root(new).child("spec"), Node::root(old).child("spec"));
    attributes_class_name_update(&after, &before, errs);
    let emptied = after.child("volumeAttributesClassName").value == "";
    if !before.text("volumeAttributesClassName").is_empty() && emptied {
        let path = after.at("volumeAttributesClassName");
        errs.push(field::forbidden(&path, "update from non-nil value to an empty string is forbidden"));
    }
}

fn spec_of(object: &Value) -> Value {
    object.get("spec").cloned().unwrap_or(Value::Null)
}

/// A StorageClass.
pub(super) fn storage_class(class: &Value, errs: &mut Errors) {
    let class = Node::root(class);
    let provisioner = class.text("provisioner");
    if required(&class, "provisioner", errs) {
        let sentences = validate::qualified_name(&provisioner.to_lowercase());
        errs.extend(field::invalid_each(&class.at("provisioner"), provisioner, &sentences));
    }
    for (key, _) in class.entries("parameters").filter(|(key, _)| key.is_empty()) {
        errs.push(field::invalid(&class.at("parameters"), key, "field can not be empty."));
    }
    optional_choice(&class, "reclaimPolicy", &["Delete", "Retain"], errs);
    choice(&class, "volumeBindingMode", &["Immediate", "WaitForFirstConsumer"], errs);
    allowed_topologies(&class, errs);
}

fn allowed_topologies(class: &Node<'_>, errs: &mut Errors) {
    for term in class.items("allowedTopologies") {
        let mut seen: Vec<&str> = Vec::new();
        for expression in term.items("matchLabelExpressions") {
            let key = expression.text("key");
            if expression.len("values") == 0 {
                errs.push(field::required(&expression.at("values"), ""));
            }
            let mut values: Vec<&str> = Vec::new();
            for value in expression.items("values") {
                let text = value.value.as_str().unwrap_or("");
                if values.contains(&text) {
                    errs.push(field::duplicate(&value.path, text));
                }
                values.push(text);
            }
            super::meta::label_name(&expression.at("key"), key, errs);
            if seen.contains(&key) {
                errs.push(field::duplicate(&expression.at("key"), key));
            }
            seen.push(key);
        }
    }
}

/// A CSINode.
pub(super) fn csi_node(it: &Value, errs: &mut Errors) {
    let mut seen: Vec<&str> = Vec::new();
    for driver in Node::root(it).child("spec").items("drivers") {
        sources::driver_name(&driver, "name", errs);
        required(&driver, "nodeID", errs);
        if let Some(count) = driver.child("allocatable").int("count").filter(|it| *it < 0) {
            let path = driver.at("allocatable").child("count");
            errs.push(field::invalid(&path, count, super::node::NEGATIVE));
        }
        if seen.contains(&driver.text("name")) {
            errs.push(field::duplicate(&driver.at("name"), driver.text("name")));
        }
        seen.push(driver.text("name"));
        for key in driver.items("topologyKeys") {
            let text = key.value.as_str().unwrap_or("");
            errs.extend(field::invalid_each(&driver.path, text, &validate::qualified_name(text)));
        }
    }
}

/// A CSIStorageCapacity.
pub(super) fn storage_capacity(it: &Value, errs: &mut Errors) {
    let it = Node::root(it);
    super::meta::selector(&it, "nodeTopology", errs);
    if required(&it, "storageClassName", errs) {
        super::node::format(&it, "storageClassName", validate::dns1123_subdomain, errs);
    }
    for key in ["capacity", "maximumVolumeSize"] {
        if let Some(amount) = it.get(key).filter(|it| quantity(it.value).is_negative()) {
            let value = quantity(amount.value).to_string();
            errs.push(field::invalid(&amount.path, value, super::node::NEGATIVE));
        }
    }
}

/// What may change in a StorageClass.
pub(super) fn storage_class_update(new: &Value, old: &Value, errs: &mut Errors) {
    let (after, before) = (Node::root(new), Node::root(old));
    if after.child("parameters").value != before.child("parameters").value {
        errs.push(field::forbidden(&after.at("parameters"), "updates to parameters are forbidden."));
    }
    for key in ["provisioner", "reclaimPolicy", "volumeBindingMode"] {
        immutable(&after, &before, key, errs);
    }
}

/// A CSIDriver.
pub(super) fn csi_driver(driver: &Value, errs: &mut Errors) {
    let spec = Node::root(driver).child("spec");
    optional_choice(&spec, "fsGroupPolicy", &["File", "None", "ReadWriteOnceWithFSType"], errs);
    token_requests(&spec, errs);
    for mode in spec.items("volumeLifecycleModes") {
        let text = mode.value.as_str().unwrap_or("");
        if !["Persistent", "Ephemeral"].contains(&text) {
            let path = spec.at("volumeLifecycleModes");
            errs.push(field::not_supported(&path, text, &["Persistent", "Ephemeral"]));
        }
    }
    let period = spec.int("nodeAllocatableUpdatePeriodSeconds");
    if let Some(seconds) = period.filter(|it| *it < 10) {
        let path = spec.at("nodeAllocatableUpdatePeriodSeconds");
        errs.push(field::invalid(&path, seconds, "must be greater than or equal to 10 seconds"));
    }
}

/// Tokens that the kubelet hands to a driver: one an audience, for ten minutes at least.
fn token_requests(spec: &Node<'_>, errs: &mut Errors) {
    let mut audiences = BTreeSet::new();
    for request in spec.items("tokenRequests") {
        let audience = request.text("audience");
        if !audiences.insert(audience.to_owned()) {
            errs.push(field::duplicate(&request.at("audience"), audience));
            continue;
        }
        let path = request.at("expirationSeconds");
        match request.int("expirationSeconds") {
            Some(seconds) if seconds < 600 => {
                errs.push(field::invalid(&path, seconds, "may not specify a duration less than 10 minutes"));
            }
            Some(seconds) if seconds > 1 << 32 => {
                let detail = "may not specify a duration larger than 2^32 seconds";
                errs.push(field::invalid(&path, seconds, detail));
            }
            _ => {}
        }
    }
}

/// What may change in a CSIDriver.
pub(super) fn csi_driver_update(new: &Value, old: &Value, errs: &mut Errors) {
    let (after, before) = (Node::root(new).child("spec"), Node::root(old).child("spec"));
    for key in ["attachRequired", "fsGroupPolicy", "volumeLifecycleModes"] {
        immutable(&after, &before, key, errs);
    }
}

/// What is attached where never changes.
pub(super) fn attachment_update(new: &Value, old: &Value, errs: &mut Errors) {
    immutable(&Node::root(new), &Node::root(old), "spec", errs);
}

/// A VolumeAttachment.
pub(super) fn attachment(attachment: &Value, errs: &mut Errors) {
    let spec = Node::root(attachment).child("spec");
    required(&spec, "attacher", errs);
    required(&spec, "nodeName", errs);
    let source = spec.child("source");
    if !source.has("persistentVolumeName") && !source.has("inlineVolumeSpec") {
        let detail = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
        errs.push(field::required(&source.path, detail));
    }
}

/// A VolumeAttributesClass.
pub(super) fn attributes_class(class: &Value, errs: &mut Errors) {
    let class = Node::root(class);
    required(&class, "driverName", errs);
    if class.entries("parameters").next().is_none() {
        let detail = "must contain at least one key/value pair";
        errs.push(field::required(&class.at("parameters"), detail));
    }
}

/// What may change in a VolumeAttributesClass.
pub(super) fn attributes_class_update(new: &Value, old: &Value, errs: &mut Errors) {
    let (after, before) = (Node::root(new), Node::root(old));
    immutable(&after, &before, "driverName", errs);
    immutable(&after, &before, "parameters", errs);
}

/// A Lease.
pub(super) fn lease(lease: &Value, errs: &mut Errors) {
    let spec = Node::root(lease).child("spec");
    if let Some(seconds) = spec.int("leaseDurationSeconds").filter(|it| *it <= 0) {
        errs.push(field::invalid(&spec.at("leaseDurationSeconds"), seconds, "must be greater than 0"));
    }
    non_negative(&spec, "leaseTransitions", errs);
}
