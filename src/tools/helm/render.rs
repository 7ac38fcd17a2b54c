//! Charts to manifests.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::chart::Chart;
use super::sprig;
use crate::apimachinery::gotemplate::{Data, Set};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::{object, yaml};
use crate::sim::SimTime;

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

/// What templates may ask of the world around them.
pub(super) trait Ground {
    /// An object by API version, kind, namespace and name; all of them without a name, nothing where there is none.
    fn lookup(&mut self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Value;
    /// So many random bytes.
    fn random(&mut self, count: usize) -> Vec<u8>;
    fn now(&mut self) -> SimTime;
}

/// A chart or one below it, with the values that it sees.
struct Scope<'c> {
    /// `CHART`, or `CHART/charts/OTHER`.
    prefix: String,
    chart: &'c Chart,
    values: Value,
}

/// The chart and all charts below it that are not turned off.
fn scopes<'c>(chart: &'c Chart, values: Value, prefix: String, all: &mut Vec<Scope<'c>>) {
    for (name, below) in chart.enabled(&values) {
        let own = values.get(name.as_str()).cloned().unwrap_or_default();
        scopes(below, own, format!("{prefix}/charts/{name}"), all);
    }
    all.push(Scope { prefix, chart, values });
}

/// # Errors
/// What the parser or a template says.
pub(super) fn render(
    chart: &Chart,
    given: &Value,
    scene: &Scene<'_>,
    ground: &mut dyn Ground,
) -> Result<Rendered, String> {
    chart.has_what_it_needs()?;
    let mut scoped = Vec::new();
    scopes(chart, chart.computed(given), chart.name().to_owned(), &mut scoped);
    let mut set = Set::new(sprig::NAMES);
    for scope in &scoped {
        for path in scope.chart.templates() {
            let file = format!("{}/{path}", scope.prefix);
            set.add(&file, &scope.chart.text(path)).map_err(|why| parse_error(&file, &why))?;
        }
    }
    let ground = RefCell::new(ground);
    let functions = |name: &str, arguments: &[Data]| -> Option<Result<Data, String>> {
        if let Some(made) = of_ground(&mut **ground.borrow_mut(), name, arguments) {
            return Some(made);
        }
        if name.starts_with('.') { sprig::method(name, arguments) } else { sprig::call(name, arguments) }
    };
    let (mut documents, mut notes) = (Vec::new(), String::new());
    for scope in &scoped {
        let pages = |it: &&String| !it.rsplit('/').next().unwrap_or_default().starts_with('_');
        for path in scope.chart.templates().filter(pages) {
            let file = format!("{}/{path}", scope.prefix);
            let text =
                set.execute(&file, &root(scope, scene, &file), &functions).map_err(|why| refused(&why))?;
            let text = text.replace("<no value>", "");
            if !path.ends_with("NOTES.txt") {
                documents.extend(read(&file, &text)?);
            } else if scope.prefix == chart.name() {
                notes = text;
            }
        }
    }
    documents.sort_by(|a, b| a.source.cmp(&b.source));
    documents.sort_by_key(|it| {
        ORDER.iter().position(|kind| *kind == object::field(&it.object, "kind")).unwrap_or(ORDER.len())
    });
    Ok(Rendered { documents, notes })
}

/// Functions whose answer depends on more than their arguments.
fn of_ground(ground: &mut dyn Ground, name: &str, arguments: &[Data]) -> Option<Result<Data, String>> {
    let word = |at: usize| arguments.get(at).and_then(|it| it.as_ref()?.as_str()).unwrap_or_default();
    let count = || {
        let count = arguments.first().and_then(|it| it.as_ref()?.as_u64()).unwrap_or(0);
        usize::try_from(count.min(4_096)).unwrap_or(0)
    };
    let mut text = |letters: &[u8], count: usize| {
        let bytes = ground.random(count);
        let pick = |byte: &u8| letters.get(usize::from(*byte) % letters.len()).copied().map(char::from);
        Value::String(bytes.iter().filter_map(pick).collect())
    };
    const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
    const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const DIGITS: &[u8] = b"0123456789";
    let made = match name {
        "randAlphaNum" => text(&[LOWER, UPPER, DIGITS].concat(), count()),
        "randAlpha" => text(&[LOWER, UPPER].concat(), count()),
        "randNumeric" => text(DIGITS, count()),
        "randAscii" => text(&(33..=126).collect::<Vec<u8>>(), count()),
        "uuidv4" => {
            let hex = |count: usize, text: &mut dyn FnMut(&[u8], usize) -> Value| {
                text(b"0123456789abcdef", count).as_str().unwrap_or_default().to_owned()
            };
            let parts = [
                hex(8, &mut text),
                hex(4, &mut text),
                hex(3, &mut text),
                hex(3, &mut text),
                hex(12, &mut text),
            ];
            let [a, b, c, d, e] = parts;
            Value::from(format!("{a}-{b}-4{c}-8{d}-{e}"))
        }
        "now" => Value::from(ground.now().rfc3339()),
        "lookup" => ground.lookup(word(0), word(1), word(2), word(3)),
        _ => return None,
    };
    Some(Ok(Some(made)))
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

fn root(scope: &Scope<'_>, scene: &Scene<'_>, file: &str) -> Value {
    let Scope { prefix, chart, values } = scope;
    let mut head = Map::new();
    for (key, value) in chart.metadata.as_object().into_iter().flatten() {
        let mut letters = key.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        head.insert(
            format!("{first}{}", letters.as_str()).replace("ApiVersion", "APIVersion").into(),
            value.clone(),
        );
    }
    let plain: BTreeMap<&String, String> = chart
        .files
        .iter()
        .filter(|(path, _)| !path.starts_with("templates/"))
        .map(|(path, bytes)| (path, String::from_utf8_lossy(bytes).into_owned()))
        .collect();
    head.insert("IsRoot".into(), (!prefix.contains('/')).into());
    let parts: Vec<&str> = scene.kube_version.trim_start_matches('v').split('.').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    json!({
        "Values": values,
        "Chart": head,
        "Files": plain,
        "Template": {"Name": file, "BasePath": format!("{prefix}/templates")},
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
