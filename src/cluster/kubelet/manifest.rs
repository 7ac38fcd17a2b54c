//! Manifests of static pods as the kubelet reads them, and its sentences about those that it cannot use.

use std::sync::Arc;

use super::settings;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::Gvk;
use crate::apimachinery::{object, schema, yaml};
use crate::cluster::World;
use crate::cluster::api::{defaults, resources, validation};
use crate::hosts::Kind;
use crate::sim::memo::Memo;

/// The kubelet's own scheme, as its errors name it.
const SCHEME: &str = "pkg/api/legacyscheme/scheme.go:30";

/// Kinds that the kubelet's scheme knows, with their versions: enough to tell a Deployment from nonsense.
const OTHER_KINDS: &[(&str, &str)] = &[("v1", "Pod"), ("v1", "PodList")];

/// The files of a machine's static pod directory, by path, in the order of their names; every file
/// counts, whatever its name ends with, unless it begins with a dot.
pub(crate) fn files(world: &World, host: &str) -> Vec<(String, Arc<[u8]>)> {
    let config = settings::of(world, host).config;
    let directory = object::text(&config, "/staticPodPath");
    let Some(files) = world.hosts.get(host).map(|it| &it.files).filter(|_| !directory.is_empty()) else {
        return Vec::new();
    };
    let listed = files.list(directory).unwrap_or_default();
    let plain = listed.into_iter().filter(|(name, _)| !name.starts_with('.'));
    let directory = directory.trim_end_matches('/');
    plain
        .filter_map(|(name, node)| match &node.kind {
            Kind::File(bytes) => Some((format!("{directory}/{name}"), bytes.clone())),
            _ => None,
        })
        .collect()
}

/// Reads one manifest as the pod that is written in it.
///
/// # Errors
/// What the kubelet logs behind `Could not process manifest file`.
pub(crate) fn read(path: &str, bytes: &[u8], node: &str) -> Result<Value, String> {
    let text = String::from_utf8_lossy(bytes);
    let all = format!("{path}\0{node}\0{text}");
    READ.get(&all, || read_text(path, &text, node))
}

static READ: Memo<Result<Value, String>> = Memo::new(64);

fn read_text(path: &str, text: &str, node: &str) -> Result<Value, String> {
    let unparsed = |why: &str| format!("{path}: couldn't parse as pod({why}), please check config file");
    let documents = yaml::documents(text)
        .map_err(|why| unparsed(why.trim_start_matches("error converting YAML to JSON: ")))?;
    let pod = documents.into_iter().next().unwrap_or(Value::Null);
    check_kind(&pod).map_err(|why| unparsed(&why))?;
    let wrong_type = schema::strict_decode(&Gvk::new("", "v1", "Pod"), pod.to_string().as_bytes()).err();
    if let Some(why) = wrong_type {
        return Err(unparsed(&why));
    }
    if object::name(&pod).is_empty() {
        return Err("invalid pod: name is needed for the pod".into());
    }
    check_fields(&pod, node)?;
    if let Some(kind) = reference(&pod) {
        return Err(format!("static pods may not reference {kind}"));
    }
    Ok(pod)
}

fn check_kind(pod: &Value) -> Result<(), String> {
    let (version, kind) = (object::text(pod, "/apiVersion"), object::text(pod, "/kind"));
    if !pod.is_object() {
        return Err("couldn't get version/kind; json parse error: json: cannot unmarshal string into Go value of type struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }".into());
    }
    if kind.is_empty() {
        return Err(format!("Object 'Kind' is missing in '{pod}'"));
    }
    if version.is_empty() {
        return Err(format!("Object 'apiVersion' is missing in '{pod}'"));
    }
    if OTHER_KINDS.contains(&(version, kind)) {
        return Ok(());
    }
    Err(format!("no kind {kind:?} is registered for version {version:?} in scheme {SCHEME:?}"))
}

fn check_fields(pod: &Value, node: &str) -> Result<(), String> {
    let Some(resource) = resources::built_in().iter().find(|it| it.plural == "pods" && it.group.is_empty())
    else {
        return Ok(());
    };
    let mut full = pod.clone();
    object::set(&mut full, &["metadata", "name"], format!("{}-{node}", object::name(pod)));
    object::set_default(&mut full, &["metadata", "namespace"], "default");
    defaults::apply(resource, &mut full, None);
    let causes = validation::create(resource, &full);
    if causes.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = causes.iter().map(|it| format!("{}: {}", it.field, it.message)).collect();
    Err(format!("invalid pod: [{}]", all.join(", ")))
}

/// The first kind of API object that a pod refers to.
fn reference(pod: &Value) -> Option<&'static str> {
    let volumes = object::list(pod, "/spec/volumes");
    let names = |key: &str| {
        volumes.iter().any(|it| it.get(key).is_some())
            || volumes
                .iter()
                .flat_map(|it| object::list(it, "/projected/sources"))
                .any(|it| it.get(key).is_some())
    };
    let containers =
        || object::list(pod, "/spec/containers").iter().chain(object::list(pod, "/spec/initContainers"));
    let env = |key: &str, from: &str| {
        containers().any(|it| {
            object::list(it, "/env").iter().any(|var| object::at(var, &format!("/valueFrom/{key}")).is_some())
                || object::list(it, "/envFrom").iter().any(|source| source.get(from).is_some())
        })
    };
    if !object::text(pod, "/spec/serviceAccountName").is_empty() {
        return Some("serviceaccounts");
    }
    if names("configMap") || env("configMapKeyRef", "configMapRef") {
        return Some("configmaps");
    }
    if names("secret")
        || env("secretKeyRef", "secretRef")
        || !object::list(pod, "/spec/imagePullSecrets").is_empty()
    {
        return Some("secrets");
    }
    names("persistentVolumeClaim").then_some("persistentvolumeclaims")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &str) {
        let got = read("/etc/kubernetes/manifests/web.yaml", text.as_bytes(), "node01");
        assert_eq!(got.err().unwrap_or_default(), want);
    }

    #[test]
    fn what_cannot_be_used_is_told_as_the_kubelet_does() {
        let web = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n";
        check(web, "");
        check(
            &web.replace("kind: Pod", "kind: Pods"),
            "/etc/kubernetes/manifests/web.yaml: couldn't parse as pod(no kind \"Pods\" is registered for version \"v1\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"), please check config file",
        );
        check(&web.replace("{name: web}\n", "{}\n"), "invalid pod: name is needed for the pod");
        check(&web.replace("image:", "imagee:"), "invalid pod: [spec.containers[0].image: Required value]");
    }
}
