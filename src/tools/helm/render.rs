//! Charts to manifests.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::chart::Chart;
use super::{sprig, values};
use crate::apimachinery::gotemplate::{Data, Set};
use crate::apimachinery::{object, yaml};

/// What templates see of the release and the cluster.
pub(super) struct Scene<'a> {
    pub(super) name: &'a str,
    pub(super) namespace: &'a str,
    pub(super) revision: i64,
    pub(super) is_upgrade: bool,
    /// The cluster's version and its `group/version` and `group/version/Kind` texts.
    pub(super) kube_version: String,
    pub(super) apis: Vec<String>,
}

/// A document of a chart.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// `CHART/templates/x.yaml`
    pub(super) source: String,
    pub(super) text: String,
    pub(super) object: Value,
}

/// A rendered chart.
pub(super) struct Rendered {
    /// In the order in which they are installed.
    pub(super) documents: Vec<Document>,
    pub(super) notes: String,
}

impl Rendered {
    /// The manifest as releases keep it.
    pub(super) fn manifest(&self) -> String {
        self.documents.iter().filter(|it| hook(&it.object).is_empty()).map(shown).collect()
    }
}

/// A document with its source, as `helm template` prints it.
pub(super) fn shown(document: &Document) -> String {
    format!("---\n# Source: {}\n{}\n", document.source, document.text.trim_end())
}

/// The hooks that a document is for; empty for ordinary ones.
pub(super) fn hook(object: &Value) -> &str {
    object::annotation(object, "helm.sh/hook").unwrap_or_default()
}

/// The order of kinds on the way in. Source: helm's `InstallOrder`.
const ORDER: &[&str] = &[
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
];

/// Asks the cluster for an object: API version, kind, namespace, name.
pub(super) type Lookup<'a> = &'a mut dyn FnMut(&str, &str, &str, &str) -> Value;

/// # Errors
/// What the parser or a template says.
pub(super) fn render(
    chart: &Chart,
    given: &Value,
    scene: &Scene<'_>,
    lookup: Lookup<'_>,
) -> Result<Rendered, String> {
    let mut all = chart.values.clone();
    values::merge(&mut all, given);
    let mut set = Set::new(sprig::NAMES);
    let name = chart.name();
    let files = || chart.files.keys().filter(|it| it.starts_with("templates/"));
    for path in files() {
        let file = format!("{name}/{path}");
        set.add(&file, &chart.text(path)).map_err(|why| parse_error(&file, &why))?;
    }
    let lookup = RefCell::new(lookup);
    let functions = |name: &str, arguments: &[Data]| -> Option<Result<Data, String>> {
        if name == "lookup" {
            let word = |at: usize| arguments.get(at).and_then(|it| it.as_ref()?.as_str()).unwrap_or_default();
            let found = (lookup.borrow_mut())(word(0), word(1), word(2), word(3));
            return Some(Ok(Some(found)));
        }
        if name.starts_with('.') { sprig::method(name, arguments) } else { sprig::call(name, arguments) }
    };
    let (mut documents, mut notes) = (Vec::new(), String::new());
    for path in files().filter(|it| !it.rsplit('/').next().unwrap_or_default().starts_with('_')) {
        let file = format!("{name}/{path}");
        let text =
            set.execute(&file, &root(chart, &all, scene, &file), &functions).map_err(|why| refused(&why))?;
        let text = text.replace("<no value>", "");
        if path.ends_with("NOTES.txt") {
            notes = text;
        } else {
            documents.extend(read(&file, &text)?);
        }
    }
    documents.sort_by_key(|it| {
        ORDER.iter().position(|kind| *kind == object::field(&it.object, "kind")).unwrap_or(ORDER.len())
    });
    Ok(Rendered { documents, notes })
}

/// What `required` and `fail` say goes without the chain of templates that led there.
fn refused(why: &str) -> String {
    for name in ["required", "fail"] {
        if let Some((before, message)) = why.rsplit_once(&format!("error calling {name}: ")) {
            let place = before.rsplit("template: ").next().unwrap_or(before);
            let place: Vec<&str> = place.splitn(4, ':').take(3).collect();
            return format!("execution error at ({}): {message}", place.join(":"));
        }
    }
    why.to_owned()
}

/// `parse error at (FILE:1): …`
fn parse_error(file: &str, why: &str) -> String {
    let rest = why.strip_prefix(&format!("template: {file}:")).unwrap_or(why);
    let (line, what) = rest.split_once(": ").unwrap_or(("1", rest));
    format!("parse error at ({file}:{line}): {what}")
}

fn root(chart: &Chart, values: &Value, scene: &Scene<'_>, file: &str) -> Value {
    let mut head = serde_json::Map::new();
    for (key, value) in chart.metadata.as_object().into_iter().flatten() {
        let mut letters = key.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        head.insert(
            format!("{first}{}", letters.as_str()).replace("ApiVersion", "APIVersion"),
            value.clone(),
        );
    }
    let plain: BTreeMap<&String, String> = chart
        .files
        .iter()
        .filter(|(path, _)| !path.starts_with("templates/"))
        .map(|(path, bytes)| (path, String::from_utf8_lossy(bytes).into_owned()))
        .collect();
    let parts: Vec<&str> = scene.kube_version.trim_start_matches('v').split('.').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    json!({
        "Values": values,
        "Chart": head,
        "Files": plain,
        "Template": {"Name": file, "BasePath": format!("{}/templates", chart.name())},
        "Release": {"Name": scene.name, "Namespace": scene.namespace, "Service": "Helm", "Revision": scene.revision,
            "IsInstall": !scene.is_upgrade, "IsUpgrade": scene.is_upgrade},
        "Capabilities": {"APIVersions": scene.apis, "KubeVersion": {"Version": scene.kube_version, "GitVersion": scene.kube_version,
            "Major": part(0), "Minor": part(1)}, "HelmVersion": {"Version": "v3.19.2"}},
    })
}

/// The documents in a rendered file.
fn read(file: &str, text: &str) -> Result<Vec<Document>, String> {
    let mut found = Vec::new();
    for part in format!("\n{text}").split("\n---") {
        let part = part.trim_matches('\n');
        let meant = part.lines().any(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
        if !meant {
            continue;
        }
        let object = yaml::document(part)
            .map_err(|why| format!("YAML parse error on {file}: error converting YAML to JSON: {why}"))?;
        if object.is_null() {
            continue;
        }
        found.push(Document { source: file.to_owned(), text: part.trim_end().to_owned(), object });
    }
    Ok(found)
}
