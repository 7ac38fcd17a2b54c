//! How two ends of one beginning differ: objects and files, as a unified diff, without what a server or
//! a clock writes.

use std::collections::{BTreeMap, BTreeSet};

use similar::TextDiff;

use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::{object, yaml};
use crate::cluster::World;
use crate::hosts::Kind;

/// Group-resources that follow from others, or that differ from run to run.
const DERIVED: &[&str] = &[
    "controllerrevisions.apps",
    "endpoints",
    "endpointslices.discovery.k8s.io",
    "events",
    "events.events.k8s.io",
    "ipaddresses.networking.k8s.io",
    "leases.coordination.k8s.io",
];

/// Parts of an object that a server writes.
const NOISE: &[&[&str]] = &[
    &["status"],
    &["metadata", "uid"],
    &["metadata", "resourceVersion"],
    &["metadata", "creationTimestamp"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"],
    &["metadata", "annotations", "deployment.kubernetes.io/revision"],
    &["metadata", "annotations", "deprecated.daemonset.template.generation"],
    &["metadata", "annotations", "kubectl.kubernetes.io/restartedAt"],
    &["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"],
    &["spec", "clusterIP"],
    &["spec", "clusterIPs"],
];

/// Folders of a host whose files nobody compares.
const QUIET_FOLDERS: &[&str] = &[
    "/proc",
    "/run",
    "/sys",
    "/tmp",
    "/var/lib/containerd",
    "/var/lib/etcd",
    "/var/lib/kubelet/pods",
    "/var/log",
    "/root/.kube/cache",
];

/// Longest file, in bytes, whose text is compared.
const FILE_MAX: usize = 200_000;

/// Everything of a world that a learner can be compared by: name and text.
fn texts(world: &World) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for cluster in &world.clusters {
        for resource in cluster.store.resources().filter(|it| !DERIVED.contains(&&***it)) {
            for entry in cluster.store.list(resource, "").filter(|it| object::controller_of(it).is_none()) {
                all.insert(name_of(resource, entry), yaml::to_string(&without_noise(entry)));
            }
        }
    }
    for (name, host) in &world.hosts {
        for (path, node) in host.files.iter() {
            let quiet = QUIET_FOLDERS.iter().any(|folder| path.starts_with(&format!("{folder}/")));
            if let Kind::File(bytes) = &node.kind
                && !quiet
                && bytes.len() <= FILE_MAX
                && !path.ends_with("_history")
                && let Ok(text) = std::str::from_utf8(bytes)
            {
                all.insert(format!("{name}:{path}"), text.to_owned());
            }
        }
        let units = host
            .units
            .iter()
            .map(|(unit, it)| format!("{unit}: {:?}, enabled {}\n", it.state, host.unit_enabled(unit)));
        all.insert(format!("{name}: systemd units"), units.collect());
    }
    all
}

fn name_of(resource: &str, entry: &Value) -> String {
    let kind = match object::text(entry, "/kind") {
        "" => resource,
        kind => kind,
    };
    match object::namespace(entry) {
        "" => format!("{kind} {}", object::name(entry)),
        namespace => format!("{kind} {namespace}/{}", object::name(entry)),
    }
}

fn without_noise(entry: &Value) -> Value {
    let mut tree = entry.clone();
    for path in NOISE {
        object::remove(&mut tree, path);
    }
    if tree.pointer("/metadata/annotations").and_then(Value::as_object).is_some_and(Map::is_empty) {
        object::remove(&mut tree, &["metadata", "annotations"]);
    }
    tree
}

/// A unified diff from the learner's end to the reference's, of what either changed since the start.
pub(crate) fn diff(start: &World, learner: &World, reference: &World) -> String {
    let (start, learner, reference) = (texts(start), texts(learner), texts(reference));
    let names: BTreeSet<&String> = learner.keys().chain(reference.keys()).chain(start.keys()).collect();
    let mut out = String::new();
    for name in names {
        let (before, mine, theirs) = (start.get(name), learner.get(name), reference.get(name));
        if mine == theirs || (before == mine && before == theirs) {
            continue;
        }
        let empty = String::new();
        let (mine, theirs) = (mine.unwrap_or(&empty), theirs.unwrap_or(&empty));
        let diff = TextDiff::from_lines(mine.as_str(), theirs.as_str());
        out.push_str(
            &diff
                .unified_diff()
                .context_radius(3)
                .header(&format!("yours: {name}"), &format!("reference: {name}"))
                .to_string(),
        );
    }
    out
}
