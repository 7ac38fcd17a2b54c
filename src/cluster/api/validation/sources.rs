//! Sources of volumes: the hosts' own, and the old in-tree drivers.
//!
//! Follows the `validate…VolumeSource` functions of kubernetes' `pkg/apis/core/validation`. Pods and
//! persistent volumes share most of them; where they do not, [`Of`] says whose source it is.

use super::node::{Node, format, optional_choice, required};
use super::pod::volumes::no_backsteps;
use crate::apimachinery::field::{self, Errors};
use crate::apimachinery::validate;

/// Whose source is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of<'a> {
    Pod,
    /// A persistent volume with this name.
    Volume(&'a str),
}

const HOST_PATH_TYPES: &[&str] =
    &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

/// Members that must not be empty, by source, in the order of the server's checks.
const REQUIRED: &[(&str, &[&str])] = &[
    ("awsElasticBlockStore", &["volumeID"]),
    ("azureDisk", &["diskName", "diskURI"]),
    ("azureFile", &["secretName", "shareName"]),
    ("cinder", &["volumeID"]),
    ("flexVolume", &["driver"]),
    ("gcePersistentDisk", &["pdName"]),
    ("glusterfs", &["endpoints", "path"]),
    ("nfs", &["server", "path"]),
    ("photonPersistentDisk", &["pdID"]),
    ("portworxVolume", &["volumeID"]),
    ("scaleIO", &["gateway", "system", "volumeName"]),
    ("vsphereVolume", &["volumePath"]),
];

/// Checks the source `kind` of a volume.
pub(super) fn source(kind: &str, source: &Node<'_>, of: Of<'_>, errs: &mut Errors) {
    if let Some((_, keys)) = REQUIRED.iter().find(|row| row.0 == kind) {
        for key in *keys {
            required(source, key, errs);
        }
    }
    match kind {
        "hostPath" => host_path(source, errs),
        "local" if required(source, "path", errs) => {
            no_backsteps(source.text("path"), &source.at("path"), errs);
        }
        "nfs" if !source.text("path").starts_with('/') => {
            errs.push(field::invalid(&source.at("path"), source.text("path"), "must be an absolute path"));
        }
        "csi" => csi(source, of, errs),
        "iscsi" => iscsi(source, of, errs),
        "fc" => fibre_channel(source, errs),
        "flocker" => flocker(source, errs),
        "rbd" => {
            monitors(source, errs);
            required(source, "image", errs);
        }
        "cephfs" => monitors(source, errs),
        "cinder" => secret_ref(source, of, errs),
        "gcePersistentDisk" | "awsElasticBlockStore" => byte(source, "partition", errs),
        "quobyte" => quobyte(source, errs),
        "storageos" => storage_os(source, of, errs),
        "azureDisk" => azure_disk(source, errs),
        "azureFile" if source.has("secretNamespace") => drop(required(source, "secretNamespace", errs)),
        "flexVolume" => flex_options(source, errs),
        "glusterfs" => endpoints_namespace(source, errs),
        _ => {}
    }
}

fn host_path(source: &Node<'_>, errs: &mut Errors) {
    if required(source, "path", errs) {
        no_backsteps(source.text("path"), &source.at("path"), errs);
        optional_choice(source, "type", HOST_PATH_TYPES, errs);
    }
}

/// The name of a CSI driver.
pub(super) fn driver_name(node: &Node<'_>, key: &str, errs: &mut Errors) {
    let (name, path) = (node.text(key), node.at(key));
    required(node, key, errs);
    if name.len() > 63 {
        errs.push(field::too_long(&path, 63));
    }
    errs.extend(field::invalid_each(&path, name, &validate::dns1123_subdomain(&name.to_lowercase())));
}

fn csi(source: &Node<'_>, of: Of<'_>, errs: &mut Errors) {
    driver_name(source, "driver", errs);
    if of == Of::Pod {
        let Some(secret) = source.get("nodePublishSecretRef") else { return };
        if required(&secret, "name", errs) {
            let name = secret.text("name");
            errs.extend(field::invalid_each(&source.at("name"), name, &validate::dns1123_subdomain(name)));
        }
        return;
    }
    required(source, "volumeHandle", errs);
    for key in [
        "controllerPublishSecretRef",
        "controllerExpandSecretRef",
        "nodePublishSecretRef",
        "nodeExpandSecretRef",
    ] {
        if let Some(secret) = source.get(key) {
            if required(&secret, "name", errs) {
                format(&secret, "name", validate::dns1123_subdomain, errs);
            }
            if required(&secret, "namespace", errs) {
                format(&secret, "namespace", validate::dns1123_label, errs);
            }
        }
    }
}

/// A number that fits into a byte; nothing is 0.
fn byte(source: &Node<'_>, key: &str, errs: &mut Errors) {
    let number = source.int(key).unwrap_or(0);
    if !(0..=255).contains(&number) {
        errs.push(field::invalid(&source.at(key), number, "must be between 0 and 255, inclusive"));
    }
}

fn monitors(source: &Node<'_>, errs: &mut Errors) {
    if source.len("monitors") == 0 {
        errs.push(field::required(&source.at("monitors"), ""));
    }
}

fn secret_ref(source: &Node<'_>, of: Of<'_>, errs: &mut Errors) {
    if let Some(secret) = source.get("secretRef") {
        required(&secret, "name", errs);
        if of != Of::Pod {
            required(&secret, "namespace", errs);
        }
    }
}

/// Messages write these two names in lower case.
fn iscsi(source: &Node<'_>, of: Of<'_>, errs: &mut Errors) {
    required(source, "targetPortal", errs);
    if let Of::Volume(name) = of
        && source.has("initiatorName")
        && name.len() + 1 + source.text("targetPortal").len() > 64
    {
        let detail = "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.";
        errs.push(field::invalid(&source.at("targetportal"), source.text("targetPortal"), detail));
    }
    if required(source, "iqn", errs) {
        iscsi_name(source.text("iqn"), &source.at("iqn"), of, errs);
    }
    byte(source, "lun", errs);
    let authenticated = source.flag("chapAuthDiscovery") || source.flag("chapAuthSession");
    if authenticated && !source.has("secretRef") {
        errs.push(field::required(&source.at("secretRef"), ""));
    }
    if let Some(secret) = source.get("secretRef").filter(|_| of != Of::Pod) {
        required(&secret, "name", errs);
    }
    if source.has("initiatorName") {
        iscsi_name(source.text("initiatorName"), &source.at("initiatorname"), of, errs);
    }
}

fn iscsi_name(name: &str, path: &field::Path, of: Of<'_>, errs: &mut Errors) {
    let detail = if !["iqn", "eui", "naa"].iter().any(|prefix| name.starts_with(prefix)) {
        match of {
            Of::Pod => "must be valid format starting with iqn, eui, or naa",
            Of::Volume(_) => "must be valid format",
        }
    } else if !is_iscsi_name(name) {
        "must be valid format"
    } else {
        return;
    };
    errs.push(field::invalid(path, name, detail));
}

/// `iqn.2001-04.com.example:a`, `eui.` and 16 letters or digits, `naa.` and 32 of them.
fn is_iscsi_name(name: &str) -> bool {
    let exactly =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|it| it.is_ascii_alphanumeric());
    match name.split_once('.') {
        Some(("eui", rest)) => exactly(rest, 16),
        Some(("naa", rest)) => exactly(rest, 32),
        Some(("iqn", rest)) => is_qualified_iscsi_name(rest),
        _ => false,
    }
}

/// A year, a month, a reversed domain, and after a colon any name: `2001-04.com.example:a`.
fn is_qualified_iscsi_name(rest: &str) -> bool {
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|it| it.is_ascii_digit());
    let Some((date, rest)) = rest.split_once('.') else { return false };
    let Some((year, month)) = date.split_once('-') else { return false };
    let Some((domain, name)) = rest.split_once(':') else { return false };
    let of_domain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'.');
    let of_name = |it: char| !",;*&$|".contains(it) && !it.is_whitespace();
    let good = !domain.is_empty() && domain.bytes().all(of_domain);
    digits(year, 4) && digits(month, 2) && good && !name.is_empty() && name.chars().all(of_name)
}

fn fibre_channel(source: &Node<'_>, errs: &mut Errors) {
    let (names, ids) = (source.len("targetWWNs"), source.len("wwids"));
    let path = source.at("targetWWNs");
    if names == 0 && ids == 0 {
        errs.push(field::required(&path, "must specify either targetWWNs or wwids, but not both"));
    }
    if names > 0 && ids > 0 {
        let detail = "targetWWNs and wwids can not be specified simultaneously";
        errs.push(field::invalid(&path, source.child("targetWWNs").value.clone(), detail));
    }
    if names > 0 {
        match source.has("lun") {
            true => byte(source, "lun", errs),
            false => {
                errs.push(field::required(&source.at("lun"), "lun is required if targetWWNs is specified"))
            }
        }
    }
}

fn flocker(source: &Node<'_>, errs: &mut Errors) {
    let (name, id) = (source.text("datasetName"), source.text("datasetUUID"));
    if name.is_empty() && id.is_empty() {
        errs.push(field::required(&source.path, "one of datasetName and datasetUUID is required"));
    }
    if !name.is_empty() && !id.is_empty() {
        let detail = "datasetName and datasetUUID can not be specified simultaneously";
        errs.push(field::invalid(&source.path, "resource", detail));
    }
    if name.contains('/') {
        errs.push(field::invalid(&source.at("datasetName"), name, "must not contain '/'"));
    }
}

fn quobyte(source: &Node<'_>, errs: &mut Errors) {
    const RULE: &str = "must be a host:port pair or multiple pairs separated by commas";
    let (registry, path) = (source.text("registry"), source.at("registry"));
    if registry.is_empty() {
        errs.push(field::required(&path, RULE));
    } else if source.text("tenant").len() >= 65 {
        let detail = "must be a UUID and may not exceed a length of 64 characters";
        errs.push(field::required(&source.at("tenant"), detail));
    } else if registry.split(',').any(|pair| !pair.contains(':')) {
        errs.push(field::invalid(&path, registry, RULE));
    }
    required(source, "volume", errs);
}

fn storage_os(source: &Node<'_>, of: Of<'_>, errs: &mut Errors) {
    if required(source, "volumeName", errs) {
        format(source, "volumeName", validate::dns1123_label, errs);
    }
    format(source, "volumeNamespace", validate::dns1123_label, errs);
    secret_ref(source, of, errs);
}

fn azure_disk(source: &Node<'_>, errs: &mut Errors) {
    optional_choice(source, "cachingMode", &["None", "ReadOnly", "ReadWrite"], errs);
    optional_choice(source, "kind", &["Dedicated", "Managed", "Shared"], errs);
    let (place, start) = match source.text("kind") {
        "" => return,
        "Managed" => (
            "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}",
            "/subscriptions/",
        ),
        _ => ("https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd", "https://"),
    };
    if !source.text("diskURI").starts_with(start) {
        errs.push(field::not_supported(&source.at("diskURI"), source.text("diskURI"), &[place]));
    }
}

/// Options of a FlexVolume may not look like the system's own.
fn flex_options(source: &Node<'_>, errs: &mut Errors) {
    for (key, _) in source.entries("options") {
        let namespace = format!(".{}", key.split_once('/').map_or(key, |it| it.0).to_lowercase());
        if namespace.ends_with(".kubernetes.io") || namespace.ends_with(".k8s.io") {
            let detail = "kubernetes.io and k8s.io namespaces are reserved";
            errs.push(field::invalid(&source.at("options").key(key), key, detail));
        }
    }
}

fn endpoints_namespace(source: &Node<'_>, errs: &mut Errors) {
    let namespace = source.text("endpointsNamespace");
    if source.has("endpointsNamespace") && namespace.is_empty() {
        let detail = "if the endpointnamespace is set, it must be a valid namespace name";
        errs.push(field::invalid(&source.at("endpointsNamespace"), "", detail));
    }
    format(source, "endpointsNamespace", validate::dns1123_label, errs);
}
