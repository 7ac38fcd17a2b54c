//! Volumes of pods, and how containers mount them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Context, env};
use crate::apimachinery::field::{self, Errors, Path};
use crate::apimachinery::json::Value;
use crate::apimachinery::validate;
use crate::cluster::api::validation::node::{Node, optional_choice, quantity, required};
use crate::cluster::api::validation::sources::{self, Of};
use crate::cluster::api::validation::{meta, volumes};

pub(in crate::cluster::api::validation) const ONE_TYPE: &str = "may not specify more than 1 volume type";
const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// Sources in the order of the server's checks. The old in-tree ones have no rules of their own here.
const SOURCES: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

/// Metadata that a template of a claim does not have, in the order of Go's struct.
const META_FIELDS: &[&str] = &[
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// The good volumes of a pod by name; a mount of a bad one is not found.
pub(super) struct Volumes<'a>(BTreeMap<&'a str, &'a Value>);

/// Checks `spec.volumes`.
pub(super) fn pod_volumes<'a>(spec: &Node<'a>, context: Context<'_>, errs: &mut Errors) -> Volumes<'a> {
    let mut good: BTreeMap<&'a str, &'a Value> = BTreeMap::new();
    for volume in spec.items("volumes") {
        let mut own = Errors::new();
        source(&volume, context, &mut own);
        let (name, path) = (volume.text("name"), volume.at("name"));
        if required(&volume, "name", &mut own) {
            own.extend(field::invalid_each(&path, name, &validate::dns1123_label(name)));
        }
        if good.contains_key(name) {
            own.push(field::duplicate(&path, name));
        }
        if own.is_empty() {
            good.insert(name, volume.value);
        }
        errs.append(&mut own);
    }
    Volumes(good)
}

fn source(volume: &Node<'_>, context: Context<'_>, errs: &mut Errors) {
    let mut seen = false;
    for kind in SOURCES {
        let Some(source) = volume.get(kind) else { continue };
        if seen {
            errs.push(field::forbidden(&source.path, ONE_TYPE));
            continue;
        }
        seen = true;
        one_source(kind, &source, errs);
        if *kind == "ephemeral" && !context.pod_name.is_empty() && !volume.text("name").is_empty() {
            let claim = format!("{}-{}", context.pod_name, volume.text("name"));
            for sentence in validate::dns1123_subdomain(&claim) {
                let detail = format!("PVC name {claim:?}: {sentence}");
                errs.push(field::invalid(&volume.at("name"), volume.text("name"), &detail));
            }
        }
    }
    if !seen {
        errs.push(field::required(&volume.path, "must specify a volume type"));
    }
}

fn one_source(kind: &str, source: &Node<'_>, errs: &mut Errors) {
    match kind {
        "emptyDir" => {
            if source.get("sizeLimit").is_some_and(|it| quantity(it.value).is_negative()) {
                let detail = "SizeLimit field must be a valid resource quantity";
                errs.push(field::forbidden(&source.at("sizeLimit"), detail));
            }
        }
        "secret" | "configMap" => {
            required(source, if kind == "secret" { "secretName" } else { "name" }, errs);
            mode(source, "defaultMode", errs);
            source.items("items").iter().for_each(|item| key_to_path(item, errs));
        }
        "persistentVolumeClaim" => drop(required(source, "claimName", errs)),
        "downwardAPI" => {
            mode(source, "defaultMode", errs);
            for item in source.items("items") {
                downward_file(&Node { value: item.value, path: source.path.clone() }, errs);
            }
        }
        "projected" => projected(source, errs),
        "gitRepo" => {
            required(source, "repository", errs);
            descending_path(source.text("directory"), &source.at("directory"), errs);
        }
        "ephemeral" => match source.get("volumeClaimTemplate") {
            None => errs.push(field::required(&source.at("volumeClaimTemplate"), "")),
            Some(template) => claim_template(&template, errs),
        },
        "image" => {
            required(source, "reference", errs);
            optional_choice(source, "pullPolicy", &["Always", "IfNotPresent", "Never"], errs);
        }
        _ => sources::source(kind, source, Of::Pod, errs),
    }
}

/// The claim that a pod brings along: only labels and annotations of its metadata count.
fn claim_template(template: &Node<'_>, errs: &mut Errors) {
    let metadata = template.child("metadata");
    meta::annotations(&metadata, errs);
    meta::labels(&metadata, "labels", errs);
    for key in META_FIELDS.iter().filter(|key| metadata.has(key)) {
        errs.push(field::forbidden(&metadata.at(key), "cannot be set"));
    }
    volumes::claim_spec(&template.child("spec"), errs);
}

/// File permissions: 0 to 0777.
fn mode(node: &Node<'_>, key: &str, errs: &mut Errors) {
    if let Some(bits) = node.int(key).filter(|it| !(0..=0o777).contains(it)) {
        errs.push(field::invalid(&node.at(key), bits, FILE_MODE));
    }
}

fn key_to_path(item: &Node<'_>, errs: &mut Errors) {
    required(item, "key", errs);
    required(item, "path", errs);
    local_path(item.text("path"), &item.at("path"), errs);
    mode(item, "mode", errs);
}

fn downward_file(item: &Node<'_>, errs: &mut Errors) {
    required(item, "path", errs);
    local_path(item.text("path"), &item.at("path"), errs);
    match (item.get("fieldRef"), item.get("resourceFieldRef")) {
        (Some(reference), other) => {
            env::field_ref(&reference, env::FILE_FIELDS, errs);
            if other.is_some() {
                let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
                errs.push(field::invalid(&item.path, "resource", detail));
            }
        }
        (None, Some(reference)) => env::resource_field_ref(&reference, true, errs),
        (None, None) => {
            errs.push(field::required(&item.path, "one of fieldRef and resourceFieldRef is required"));
        }
    }
    mode(item, "mode", errs);
}

fn projected(volume: &Node<'_>, errs: &mut Errors) {
    mode(volume, "defaultMode", errs);
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    for source in volume.items("sources") {
        for kind in ["secret", "configMap"] {
            let Some(from) = source.get(kind) else { continue };
            required(&from, "name", errs);
            for item in from.items("items") {
                key_to_path(&item, errs);
                if !item.text("path").is_empty() && !paths.insert(item.text("path")) {
                    errs.push(field::invalid(&volume.path, from.text("name"), "conflicting duplicate paths"));
                }
            }
        }
        let downward = source.child("downwardAPI");
        for item in downward.items("items") {
            downward_file(&Node { value: item.value, path: downward.path.clone() }, errs);
            if !item.text("path").is_empty() && !paths.insert(item.text("path")) {
                errs.push(field::invalid(&volume.path, item.text("path"), "conflicting duplicate paths"));
            }
        }
        token(&source, volume, errs);
        if source.value.as_object().is_some_and(|map| map.len() > 1) {
            errs.push(field::forbidden(&source.path, "may not specify more than 1 volume type per source"));
        }
    }
}

fn token(source: &Node<'_>, volume: &Node<'_>, errs: &mut Errors) {
    let Some(token) = source.get("serviceAccountToken") else { return };
    let seconds = token.int("expirationSeconds").unwrap_or(0);
    if seconds < 600 {
        let detail = "may not specify a duration less than 10 minutes";
        errs.push(field::invalid(&token.at("expirationSeconds"), seconds, detail));
    }
    if seconds > 1 << 32 {
        let detail = "may not specify a duration larger than 2^32 seconds";
        errs.push(field::invalid(&token.at("expirationSeconds"), seconds, detail));
    }
    match token.text("path") {
        "" => errs.push(field::required(&volume.at("path"), "")),
        path => local_path(path, &volume.at("path"), errs),
    }
}

/// A relative path without `..`.
pub(in crate::cluster::api::validation) fn descending_path(target: &str, path: &Path, errs: &mut Errors) {
    if target.starts_with('/') {
        errs.push(field::invalid(path, target, "must be a relative path"));
    }
    no_backsteps(target, path, errs);
}

/// A path without `..`.
pub(in crate::cluster::api::validation) fn no_backsteps(target: &str, path: &Path, errs: &mut Errors) {
    if target.split('/').any(|part| part == "..") {
        errs.push(field::invalid(path, target, "must not contain '..'"));
    }
}

fn local_path(target: &str, path: &Path, errs: &mut Errors) {
    descending_path(target, path, errs);
    if target.starts_with("..") && !target.starts_with("../") {
        errs.push(field::invalid(path, target, "must not start with '..'"));
    }
}

impl Volumes<'_> {
    /// `volumeMounts` of a container; `subPath` and others are named without an index, as in the server.
    pub(super) fn mounts(&self, container: &Node<'_>, errs: &mut Errors) {
        let list = container.at("volumeMounts");
        let devices = container.items("volumeDevices");
        let mut paths: BTreeSet<&str> = BTreeSet::new();
        for mount in container.items("volumeMounts") {
            let (name, place) = (mount.text("name"), mount.text("mountPath"));
            required(&mount, "name", errs);
            if !self.0.contains_key(name) {
                errs.push(field::not_found(&mount.at("name"), name));
            }
            required(&mount, "mountPath", errs);
            if !paths.insert(place) {
                errs.push(field::invalid(&mount.at("mountPath"), place, "must be unique"));
            }
            if devices.iter().any(|it| it.text("name") == name) {
                let detail = "must not already exist in volumeDevices";
                errs.push(field::invalid(&mount.at("name"), name, detail));
            }
            if devices.iter().any(|it| it.text("devicePath") == place) {
                let detail = "must not already exist as a path in volumeDevices";
                errs.push(field::invalid(&mount.at("mountPath"), place, detail));
            }
            sub_paths(&mount, &list, errs);
            propagation(&mount, container, &list, errs);
            recursive_read_only(&mount, &list, errs);
        }
    }

    /// `volumeDevices` of a container.
    pub(super) fn devices(&self, container: &Node<'_>, errs: &mut Errors) {
        let mounts = container.items("volumeMounts");
        let (mut names, mut paths): (BTreeSet<&str>, BTreeSet<&str>) = (BTreeSet::new(), BTreeSet::new());
        for device in container.items("volumeDevices") {
            let (name, place) = (device.text("name"), device.text("devicePath"));
            required(&device, "name", errs);
            if !names.insert(name) {
                errs.push(field::invalid(&device.at("name"), name, "must be unique"));
            }
            match self.0.get(name) {
                None => errs.push(field::not_found(&device.at("name"), name)),
                Some(volume)
                    if volume.get("persistentVolumeClaim").is_none() && volume.get("ephemeral").is_none() =>
                {
                    let detail = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";
                    errs.push(field::invalid(&device.at("name"), name, detail));
                }
                Some(_) => {}
            }
            required(&device, "devicePath", errs);
            if !paths.insert(place) {
                errs.push(field::invalid(&device.at("devicePath"), place, "must be unique"));
            }
            if place.split('/').any(|part| part == "..") {
                let detail = "can not contain backsteps ('..')";
                errs.push(field::invalid(&device.at("devicePath"), place, detail));
            }
            if mounts.iter().any(|it| it.text("name") == name) {
                let detail = "must not already exist in volumeMounts";
                errs.push(field::invalid(&device.at("name"), name, detail));
            }
            if mounts.iter().any(|it| it.text("mountPath") == place) {
                let detail = "must not already exist as a path in volumeMounts";
                errs.push(field::invalid(&device.at("devicePath"), place, detail));
            }
        }
    }
}

fn sub_paths(mount: &Node<'_>, list: &Path, errs: &mut Errors) {
    let (plain, expression) = (mount.text("subPath"), mount.text("subPathExpr"));
    if !plain.is_empty() {
        descending_path(plain, &list.child("subPath"), errs);
    }
    if !expression.is_empty() {
        if !plain.is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            errs.push(field::invalid(&mount.at("subPathExpr"), expression, detail));
        }
        descending_path(expression, &list.child("subPathExpr"), errs);
    }
}

fn recursive_read_only(mount: &Node<'_>, list: &Path, errs: &mut Errors) {
    const MODES: [&str; 3] = ["Disabled", "Enabled", "IfPossible"];
    let path = list.child("recursiveReadOnly");
    match mount.text("recursiveReadOnly") {
        "Enabled" | "IfPossible" => {
            if !mount.flag("readOnly") {
                errs.push(field::forbidden(&path, "may only be specified when readOnly is true"));
            }
            if !["", "None"].contains(&mount.text("mountPropagation")) {
                let detail = "may only be specified when mountPropagation is None or not specified";
                errs.push(field::forbidden(&path, detail));
            }
        }
        "Disabled" => {}
        other if mount.has("recursiveReadOnly") => errs.push(field::not_supported(&path, other, &MODES)),
        _ => {}
    }
}

fn propagation(mount: &Node<'_>, container: &Node<'_>, list: &Path, errs: &mut Errors) {
    const MODES: [&str; 3] = ["Bidirectional", "HostToContainer", "None"];
    let mode = mount.text("mountPropagation");
    if !mount.has("mountPropagation") {
        return;
    }
    let path = list.child("mountPropagation");
    if !MODES.contains(&mode) {
        errs.push(field::not_supported(&path, mode, &MODES));
    }
    if mode == "Bidirectional" && !container.child("securityContext").flag("privileged") {
        let detail = "Bidirectional mount propagation is available only to privileged containers";
        errs.push(field::forbidden(&path, detail));
    }
}
