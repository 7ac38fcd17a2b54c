//! Volume sources of pods and persistent volumes: one row of a table a kind.

use super::storage;
use super::writer::{Writer, go_value, joined, put, quantity_text};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{at, field, flag, list};

/// A kind of volume source.
struct Row {
    /// The field of the source.
    key: &'static str,
    /// What `Type:` says.
    says: &'static str,
    fields: &'static [Field],
}

/// One line of a volume source: its label, the field it shows, and how.
type Field = (&'static str, &'static str, Show);

/// How a field of a volume source is shown.
#[derive(Clone, Copy)]
enum Show {
    /// Empty when absent.
    Text,
    /// `false` when absent.
    Bool,
    /// `0` when absent.
    Number,
    /// `<none>` when absent.
    OrNone,
    /// `<unset>` when absent.
    OrUnset,
    /// A list in Go's brackets.
    List,
    /// A list with commas.
    Commas,
    /// A size, `<unset>` when absent or zero.
    Size,
    /// A reference to another object in Go's braces; `nil` when absent.
    Reference,
    /// A map as Go prints it.
    Map,
}
use Show::{Bool, Commas, List, Map, Number, OrNone, OrUnset, Reference, Size, Text};

/// Whose volume is described: some kinds show other fields in a persistent volume.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    Pod,
    PersistentVolume,
}

const ISCSI: &[Field] = &[
    ("TargetPortal:", "targetPortal", Text),
    ("IQN:", "iqn", Text),
    ("Lun:", "lun", Number),
    ("ISCSIInterface", "iscsiInterface", Text),
    ("FSType:", "fsType", Text),
    ("ReadOnly:", "readOnly", Bool),
    ("Portals:", "portals", List),
    ("DiscoveryCHAPAuth:", "chapAuthDiscovery", Bool),
    ("SessionCHAPAuth:", "chapAuthSession", Bool),
    ("SecretRef:", "secretRef", Reference),
    ("InitiatorName:", "initiatorName", OrNone),
];

const RBD: &[Field] = &[
    ("CephMonitors:", "monitors", List),
    ("RBDImage:", "image", Text),
    ("FSType:", "fsType", Text),
    ("RBDPool:", "pool", Text),
    ("RadosUser:", "user", Text),
    ("Keyring:", "keyring", Text),
    ("SecretRef:", "secretRef", Reference),
    ("ReadOnly:", "readOnly", Bool),
];

/// The rows of a pod's volumes in the order that kubectl looks for them.
const ROWS: &[Row] = &[
    Row {
        key: "hostPath",
        says: "HostPath (bare host directory volume)",
        fields: &[("Path:", "path", Text), ("HostPathType:", "type", OrNone)],
    },
    Row {
        key: "emptyDir",
        says: "EmptyDir (a temporary directory that shares a pod's lifetime)",
        fields: &[("Medium:", "medium", Text), ("SizeLimit:", "sizeLimit", Size)],
    },
    Row {
        key: "gcePersistentDisk",
        says: "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)",
        fields: &[
            ("PDName:", "pdName", Text),
            ("FSType:", "fsType", Text),
            ("Partition:", "partition", Number),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "awsElasticBlockStore",
        says: "AWSElasticBlockStore (a Persistent Disk resource in AWS)",
        fields: &[
            ("VolumeID:", "volumeID", Text),
            ("FSType:", "fsType", Text),
            ("Partition:", "partition", Number),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "gitRepo",
        says: "GitRepo (a volume that is pulled from git when the pod is created)",
        fields: &[("Repository:", "repository", Text), ("Revision:", "revision", Text)],
    },
    Row {
        key: "secret",
        says: "Secret (a volume populated by a Secret)",
        fields: &[("SecretName:", "secretName", Text), ("Optional:", "optional", Bool)],
    },
    Row {
        key: "configMap",
        says: "ConfigMap (a volume populated by a ConfigMap)",
        fields: &[("Name:", "name", Text), ("Optional:", "optional", Bool)],
    },
    Row {
        key: "nfs",
        says: "NFS (an NFS mount that lasts the lifetime of a pod)",
        fields: &[("Server:", "server", Text), ("Path:", "path", Text), ("ReadOnly:", "readOnly", Bool)],
    },
    Row {
        key: "iscsi",
        says: "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
        fields: ISCSI,
    },
    Row {
        key: "glusterfs",
        says: "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
        fields: &[
            ("EndpointsName:", "endpoints", Text),
            ("Path:", "path", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "persistentVolumeClaim",
        says: "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        fields: &[("ClaimName:", "claimName", Text), ("ReadOnly:", "readOnly", Bool)],
    },
    Row {
        key: "rbd",
        says: "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
        fields: RBD,
    },
    Row {
        key: "quobyte",
        says: "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
        fields: &[
            ("Registry:", "registry", Text),
            ("Volume:", "volume", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "azureDisk",
        says: "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)",
        fields: &[
            ("DiskName:", "diskName", Text),
            ("DiskURI:", "diskURI", Text),
            ("Kind: ", "kind", Text),
            ("FSType:", "fsType", Text),
            ("CachingMode:", "cachingMode", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "vsphereVolume",
        says: "vSphereVolume (a Persistent Disk resource in vSphere)",
        fields: &[
            ("VolumePath:", "volumePath", Text),
            ("FSType:", "fsType", Text),
            ("StoragePolicyName:", "storagePolicyName", Text),
        ],
    },
    Row {
        key: "cinder",
        says: "Cinder (a Persistent Disk resource in OpenStack)",
        fields: &[
            ("VolumeID:", "volumeID", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
            ("SecretRef:", "secretRef", Reference),
        ],
    },
    Row {
        key: "photonPersistentDisk",
        says: "PhotonPersistentDisk (a Persistent Disk resource in photon platform)",
        fields: &[("PdID:", "pdID", Text), ("FSType:", "fsType", Text)],
    },
    Row {
        key: "portworxVolume",
        says: "PortworxVolume (a Portworx Volume resource)",
        fields: &[("VolumeID:", "volumeID", Text)],
    },
    Row {
        key: "scaleIO",
        says: "ScaleIO (a persistent volume backed by a block device in ScaleIO)",
        fields: &[
            ("Gateway:", "gateway", Text),
            ("System:", "system", Text),
            ("Protection Domain:", "protectionDomain", Text),
            ("Storage Pool:", "storagePool", Text),
            ("Storage Mode:", "storageMode", Text),
            ("VolumeName:", "volumeName", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "local",
        says: "LocalVolume (a persistent volume backed by local storage on a node)",
        fields: &[("Path:", "path", Text)],
    },
    Row {
        key: "cephfs",
        says: "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
        fields: &[
            ("Monitors:", "monitors", List),
            ("Path:", "path", Text),
            ("User:", "user", Text),
            ("SecretFile:", "secretFile", Text),
            ("SecretRef:", "secretRef", Reference),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "storageos",
        says: "StorageOS (a StorageOS Persistent Disk resource)",
        fields: &[
            ("VolumeName:", "volumeName", Text),
            ("VolumeNamespace:", "volumeNamespace", Text),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "fc",
        says: "FC (a Fibre Channel disk)",
        fields: &[
            ("TargetWWNs:", "targetWWNs", Commas),
            ("LUN:", "lun", OrNone),
            ("FSType:", "fsType", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "azureFile",
        says: "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
        fields: &[
            ("SecretName:", "secretName", Text),
            ("ShareName:", "shareName", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    },
    Row {
        key: "flexVolume",
        says: "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)",
        fields: &[
            ("Driver:", "driver", Text),
            ("FSType:", "fsType", Text),
            ("SecretRef:", "secretRef", Reference),
            ("ReadOnly:", "readOnly", Bool),
            ("Options:", "options", Map),
        ],
    },
    Row {
        key: "flocker",
        says: "Flocker (a Flocker volume mounted by the Flocker agent)",
        fields: &[("DatasetName:", "datasetName", Text), ("DatasetUUID:", "datasetUUID", Text)],
    },
    Row {
        key: "csi",
        says: "CSI (a Container Storage Interface (CSI) volume source)",
        fields: &[("Driver:", "driver", Text), ("FSType:", "fsType", Text), ("ReadOnly:", "readOnly", Bool)],
    },
    Row {
        key: "image",
        says: "Image (a container image or OCI artifact)",
        fields: &[("Reference:", "reference", Text), ("PullPolicy:", "pullPolicy", Text)],
    },
];

/// The fields that a persistent volume shows instead of those in [`ROWS`].
const PERSISTENT_FIELDS: &[(&str, &[Field])] = &[
    (
        "glusterfs",
        &[
            ("EndpointsName:", "endpoints", Text),
            ("EndpointsNamespace:", "endpointsNamespace", OrUnset),
            ("Path:", "path", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        "azureFile",
        &[
            ("SecretName:", "secretName", Text),
            ("SecretNamespace:", "secretNamespace", Text),
            ("ShareName:", "shareName", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
    (
        "csi",
        &[
            ("Driver:", "driver", Text),
            ("FSType:", "fsType", Text),
            ("VolumeHandle:", "volumeHandle", Text),
            ("ReadOnly:", "readOnly", Bool),
        ],
    ),
];

/// `Volumes:` of a pod or a template.
pub(super) fn write_all(w: &mut Writer, volumes: &[Value], space: &str) {
    if volumes.is_empty() {
        return put!(w, 0, "{space}Volumes:\t<none>\n");
    }
    put!(w, 0, "{space}Volumes:\n");
    let indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        put!(w, 1, "{indent}{}:\n", field(volume, "name"));
        write_source(w, volume, Owner::Pod);
    }
}

/// The source of one volume.
pub(super) fn write_source(w: &mut Writer, volume: &Value, owner: Owner) {
    if owner == Owner::Pod {
        if let Some(source) = volume.get("ephemeral").filter(|source| source.is_object()) {
            return ephemeral(w, source);
        }
        if let Some(source) = volume.get("downwardAPI").filter(|source| source.is_object()) {
            return downward_api(w, source);
        }
        if let Some(source) = volume.get("projected").filter(|source| source.is_object()) {
            return projected(w, source);
        }
    }
    let found =
        ROWS.iter().find_map(|row| Some((row, volume.get(row.key).filter(|source| source.is_object())?)));
    let Some((row, source)) = found else {
        return put!(w, 1, "<unknown>\n");
    };
    let other = PERSISTENT_FIELDS.iter().find(|(key, _)| owner == Owner::PersistentVolume && *key == row.key);
    put!(w, 2, "Type:\t{}\n", row.says);
    for (label, key, show) in other.map_or(row.fields, |(_, fields)| fields) {
        put!(w, 2, "{label}\t{}\n", shown(source.get(*key), *show));
    }
    if row.key == "csi" {
        w.attributes("VolumeAttributes", source.get("volumeAttributes"));
    }
}

fn shown(value: Option<&Value>, show: Show) -> String {
    let value = value.filter(|value| !value.is_null());
    match (show, value) {
        (Text, None) => String::new(),
        (Bool, None) => "false".to_owned(),
        (Number, None) => "0".to_owned(),
        (OrNone, None) => "<none>".to_owned(),
        (OrUnset, None) => "<unset>".to_owned(),
        (List, None) => "[]".to_owned(),
        (Map, None) => "map[]".to_owned(),
        (Reference, None) => "nil".to_owned(),
        (Commas, value) => joined(value.and_then(Value::as_array).map_or(&[], Vec::as_slice), ", "),
        (Size, value) => match quantity_text(value).as_str() {
            "0" => "<unset>".to_owned(),
            size => size.to_owned(),
        },
        (Reference, Some(value)) => reference(value),
        (_, value) => go_value(value),
    }
}

/// A reference as Go's generated `String` writes it.
fn reference(value: &Value) -> String {
    let namespace = value.get("namespace").map(|_| format!("Namespace:{},", field(value, "namespace")));
    let kind = if namespace.is_some() { "SecretReference" } else { "LocalObjectReference" };
    format!("&{kind}{{Name:{},{}}}", field(value, "name"), namespace.unwrap_or_default())
}

fn ephemeral(w: &mut Writer, source: &Value) {
    put!(
        w,
        2,
        "Type:\tEphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)\n"
    );
    if let Some(template) = at(source, "/volumeClaimTemplate") {
        w.nested(2, |w| storage::claim_body(w, template, false));
    }
}

fn downward_api(w: &mut Writer, source: &Value) {
    put!(w, 2, "Type:\tDownwardAPI (a volume populated by information about the pod)\n    Items:\n");
    for item in list(source, "/items") {
        if let Some(from) = at(item, "/fieldRef") {
            put!(w, 3, "{} -> {}\n", field(from, "fieldPath"), field(item, "path"));
        }
        if let Some(from) = at(item, "/resourceFieldRef") {
            put!(w, 3, "{} -> {}\n", field(from, "resource"), field(item, "path"));
        }
    }
}

fn projected(w: &mut Writer, source: &Value) {
    put!(w, 2, "Type:\tProjected (a volume that contains injected data from multiple sources)\n");
    for part in list(source, "/sources") {
        if let Some(secret) = at(part, "/secret") {
            put!(w, 2, "SecretName:\t{}\n", field(secret, "name"));
            put!(w, 2, "Optional:\t{}\n", flag(secret, "/optional"));
        } else if at(part, "/downwardAPI").is_some() {
            put!(w, 2, "DownwardAPI:\ttrue\n");
        } else if let Some(map) = at(part, "/configMap") {
            put!(w, 2, "ConfigMapName:\t{}\n", field(map, "name"));
            put!(w, 2, "Optional:\t{}\n", flag(map, "/optional"));
        } else if let Some(token) = at(part, "/serviceAccountToken") {
            let seconds = token.get("expirationSeconds").and_then(Value::as_i64).unwrap_or(0);
            put!(w, 2, "TokenExpirationSeconds:\t{seconds}\n");
        }
    }
}
