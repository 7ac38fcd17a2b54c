//! kube-scheduler: kubeconfigs, its configuration file, and the informers it waits for.

use std::time::Duration;

use super::super::flags;
use super::super::inside::Answer;
use super::super::script::{Program, Start, Verdict, go_quote};
use crate::apimachinery::json::Value;
use crate::apimachinery::{object, yaml};
use crate::cluster::scheduler::profile::lock_of;

pub(super) const PROGRAM: Program = Program {
    name: "kube-scheduler",
    text: include_str!("../../../../assets/logs/kube-scheduler.txt"),
    check,
    holds: |start, condition| match condition {
        "reachable" => start.ask(AUTHENTICATION).is_ok(),
        "elects" => elects(start),
        "unreachable" => start.ask(AUTHENTICATION).is_err(),
        _ => false,
    },
    value,
};

const PORT: u16 = 10_259;
const AUTHENTICATION: &str = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";

/// What its informers list: kind, path, and resource with its group.
const WATCHED: &[(&str, &str, &str)] = &[
    ("CSIDriver", "/apis/storage.k8s.io/v1/csidrivers?", "csidrivers.storage.k8s.io"),
    ("CSINode", "/apis/storage.k8s.io/v1/csinodes?", "csinodes.storage.k8s.io"),
    (
        "CSIStorageCapacity",
        "/apis/storage.k8s.io/v1/csistoragecapacities?",
        "csistoragecapacities.storage.k8s.io",
    ),
    (
        "ConfigMap",
        "/api/v1/namespaces/kube-system/configmaps?fieldSelector=metadata.name%3Dextension-apiserver-authentication&",
        "configmaps",
    ),
    ("DeviceClass", "/apis/resource.k8s.io/v1/deviceclasses?", "deviceclasses.resource.k8s.io"),
    ("Namespace", "/api/v1/namespaces?", "namespaces"),
    ("Node", "/api/v1/nodes?", "nodes"),
    ("PersistentVolume", "/api/v1/persistentvolumes?", "persistentvolumes"),
    ("PersistentVolumeClaim", "/api/v1/persistentvolumeclaims?", "persistentvolumeclaims"),
    ("Pod", "/api/v1/pods?fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed&", "pods"),
    ("PodDisruptionBudget", "/apis/policy/v1/poddisruptionbudgets?", "poddisruptionbudgets.policy"),
    ("ReplicaSet", "/apis/apps/v1/replicasets?", "replicasets.apps"),
    ("ReplicationController", "/api/v1/replicationcontrollers?", "replicationcontrollers"),
    ("ResourceClaim", "/apis/resource.k8s.io/v1/resourceclaims?", "resourceclaims.resource.k8s.io"),
    ("ResourceSlice", "/apis/resource.k8s.io/v1/resourceslices?", "resourceslices.resource.k8s.io"),
    ("Service", "/api/v1/services?", "services"),
    ("StatefulSet", "/apis/apps/v1/statefulsets?", "statefulsets.apps"),
    ("StorageClass", "/apis/storage.k8s.io/v1/storageclasses?", "storageclasses.storage.k8s.io"),
    ("VolumeAttachment", "/apis/storage.k8s.io/v1/volumeattachments?", "volumeattachments.storage.k8s.io"),
];

/// Plugins that a profile may name.
const PLUGINS: &[&str] = &[
    "*",
    "DefaultBinder",
    "DefaultPreemption",
    "DynamicResources",
    "GangScheduling",
    "ImageLocality",
    "InterPodAffinity",
    "NodeAffinity",
    "NodeDeclaredFeatures",
    "NodeName",
    "NodePorts",
    "NodeResourcesBalancedAllocation",
    "NodeResourcesFit",
    "NodeUnschedulable",
    "NodeVolumeLimits",
    "PodTopologySpread",
    "PrioritySort",
    "SchedulingGates",
    "TaintToleration",
    "VolumeBinding",
    "VolumeRestrictions",
    "VolumeZone",
];

/// Fields of a KubeSchedulerConfiguration.
const FIELDS: &[&str] = &[
    "apiVersion",
    "kind",
    "parallelism",
    "leaderElection",
    "clientConnection",
    "enableProfiling",
    "enableContentionProfiling",
    "percentageOfNodesToScore",
    "podInitialBackoffSeconds",
    "podMaxBackoffSeconds",
    "profiles",
    "extenders",
    "delayCacheUntilActive",
];

fn check(start: &Start<'_>, point: &str) -> Verdict {
    match point {
        "options" => {
            Verdict::of(start.set("feature-gates").and_then(flags::gate_problem).map_or(Ok(()), Err))
        }
        "files" => files(start),
        "profiles" => Verdict::of(profiles(start)),
        "api" => api(start),
        _ => Verdict::Fine,
    }
}

fn config(start: &Start<'_>) -> Result<Option<Value>, String> {
    let Some(path) = start.set("config") else { return Ok(None) };
    let text = start.read(path)?;
    let documents = yaml::documents(&text)
        .map_err(|why| why.trim_start_matches("error converting YAML to JSON: ").to_owned())?;
    let config = documents.into_iter().next().unwrap_or(Value::Null);
    let (version, kind) = (object::text(&config, "/apiVersion"), object::text(&config, "/kind"));
    if version != "kubescheduler.config.k8s.io/v1" || kind != "KubeSchedulerConfiguration" {
        return Err(format!(
            "no kind {kind:?} is registered for version {version:?} in scheme \"pkg/scheduler/apis/config/scheme/scheme.go:29\""
        ));
    }
    let unknown =
        config.as_object().and_then(|it| it.keys().find(|key| !FIELDS.contains(&key.as_str())).cloned());
    match unknown {
        Some(unknown) => Err(format!("strict decoding error: unknown field {unknown:?}")),
        None => Ok(Some(config)),
    }
}

/// The kubeconfig that counts: with `--config` the flag does not.
fn kubeconfig<'a>(start: &'a Start<'_>, config: Option<&'a Value>) -> &'a str {
    match config {
        Some(config) => object::text(config, "/clientConnection/kubeconfig"),
        None => start.set("kubeconfig").unwrap_or(""),
    }
}

fn files(start: &Start<'_>) -> Verdict {
    let config = match config(start) {
        Ok(config) => config,
        Err(why) => return Verdict::failed(&why),
    };
    let path = kubeconfig(start, config.as_ref());
    if path.is_empty() {
        let none = "invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable";
        return Verdict::Ends {
            said: vec![
                (0, "W client_config.go:683] Neither --kubeconfig nor --master was specified.  Using the inClusterConfig.  This might not work.".into()),
                (0, "W client_config.go:689] error creating inClusterConfig, falling back to default config: unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined".into()),
                (0, super::super::script::command_failed(none)),
            ],
            code: 1,
        };
    }
    Verdict::of(open(start, path))
}

fn open(start: &Start<'_>, path: &str) -> Result<(), String> {
    start.kubeconfig(path)?;
    start.listen(PORT)?;
    for (flag, what) in
        [("authentication-kubeconfig", "authentication"), ("authorization-kubeconfig", "authorization")]
    {
        if let Some(path) = start.set(flag) {
            let prefix = format!("failed to get delegated {what} kubeconfig");
            start.kubeconfig(path).map_err(|why| format!("{prefix}: {prefix}: {why}"))?;
        }
    }
    start.readable(&["client-ca-file", "requestheader-client-ca-file"])
}

fn profiles(start: &Start<'_>) -> Result<(), String> {
    let Ok(Some(config)) = config(start) else { return Ok(()) };
    for profile in object::list(&config, "/profiles") {
        let name = object::field(profile, "schedulerName");
        let name = if name.is_empty() { "default-scheduler" } else { name };
        let Some(points) = object::at(profile, "/plugins").and_then(Value::as_object) else { continue };
        for (point, sets) in points {
            let named = object::list(sets, "/enabled").iter().map(|it| object::field(it, "name"));
            if let Some(unknown) = named.into_iter().find(|it| !PLUGINS.contains(it)) {
                let kind = point.get(..1).unwrap_or("").to_uppercase() + point.get(1..).unwrap_or("");
                return Err(format!(
                    "initializing profiles: creating profile for scheduler name {name}: {kind}Plugin {unknown:?} does not exist"
                ));
            }
        }
    }
    Ok(())
}

fn api(start: &Start<'_>) -> Verdict {
    let Err(answer) = start.ask("/api/v1/nodes") else { return Verdict::Fine };
    let every = Duration::from_secs(8);
    // Refused connections are tried again in silence.
    if matches!(&answer, Answer::Nobody { why, .. } if why.ends_with("connection refused")) {
        return Verdict::Stuck { said: Vec::new(), every: Duration::from_secs(3) };
    }
    let line = |(kind, path, resource): &(&str, &str, &str)| {
        let why = answer.sentence(&format!("{path}limit=500&resourceVersion=0"), resource);
        let list = format!("failed to list *v1.{kind}: {why}");
        let reflector = if *kind == "ConfigMap" {
            "k8s.io/apiserver/pkg/server/dynamiccertificates/configmap_cafile_content.go:209"
        } else {
            "k8s.io/client-go/informers/factory.go:177"
        };
        format!(
            "E reflector.go:227] \"Failed to watch\" err={} logger=\"UnhandledError\" reflector={reflector:?} type=\"*v1.{kind}\"",
            go_quote(&list)
        )
    };
    Verdict::Stuck { said: WATCHED.iter().map(line).collect(), every }
}

/// Whether it wants a lease before it works.
fn elects(start: &Start<'_>) -> bool {
    match start.process.flag("leader-elect") {
        Some(given) => given != "false",
        None => {
            let config = config(start).ok().flatten().unwrap_or_default();
            object::at(&config, "/leaderElection/leaderElect").is_none_or(|it| *it != false)
        }
    }
}

fn value(start: &Start<'_>, name: &str) -> String {
    match name {
        "bind" => {
            let (address, port) = start.secure_address(PORT);
            if address.is_unspecified() { format!("[::]:{port}") } else { format!("{address}:{port}") }
        }
        "lock" => lock_of(start.process, &config(start).ok().flatten().unwrap_or_default()),
        "lookup" => start.ask(AUTHENTICATION).err().map_or_else(String::new, |it| {
            it.sentence(AUTHENTICATION, "configmaps extension-apiserver-authentication")
        }),
        _ => String::new(),
    }
}
