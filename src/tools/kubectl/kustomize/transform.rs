//! The transformers of one kustomization, in kustomize's order.

use serde_json::{Value, json};

use super::super::client::{JSON_PATCH, STRATEGIC_PATCH};
use super::super::{Ctx, Failure, diffs};
use super::{Resource, load, names};
use crate::apimachinery::object::{self, Gvk, at, entries, field, flag, list, text};
use crate::apimachinery::patch;
use crate::apimachinery::selector::LabelSelector;
use crate::apimachinery::{go, schema, yaml};
use crate::hosts::files;

/// Kinds that live outside of namespaces.
const CLUSTER_SCOPED: &[&str] = &[
    "Namespace",
    "Node",
    "PersistentVolume",
    "ClusterRole",
    "ClusterRoleBinding",
    "StorageClass",
    "PriorityClass",
    "CustomResourceDefinition",
    "IngressClass",
    "RuntimeClass",
    "CSIDriver",
    "CSINode",
    "VolumeAttachment",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "GatewayClass",
    "CertificateSigningRequest",
];

pub(super) fn run(
    ctx: &mut Ctx<'_>,
    directory: &str,
    kustomization: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    patches(ctx, directory, kustomization, resources)?;
    let namespace = field(kustomization, "namespace");
    if !namespace.is_empty() {
        set_namespace(resources, namespace);
    }
    rename(resources, field(kustomization, "namePrefix"), field(kustomization, "nameSuffix"));
    for resource in resources.iter_mut() {
        labels(&mut resource.tree, kustomization);
        for (key, value) in entries(kustomization, "/commonAnnotations") {
            annotate(&mut resource.tree, key, value);
        }
    }
    replicas(kustomization, resources)?;
    images(kustomization, resources);
    Ok(())
}

/// Where pod templates stand.
const TEMPLATES: [&str; 2] = ["/spec/template", "/spec/jobTemplate/spec/template"];

fn template(tree: &mut Value) -> Option<&mut Value> {
    let pointer = TEMPLATES.iter().find(|pointer| at(tree, pointer).is_some())?;
    tree.pointer_mut(pointer)
}

fn pod_spec(tree: &mut Value) -> Option<&mut Value> {
    if text(tree, "/kind") == "Pod" {
        return tree.pointer_mut("/spec");
    }
    template(tree)?.get_mut("spec")
}

fn annotate(tree: &mut Value, key: &str, value: &Value) {
    object::map_at(tree, &["metadata", "annotations"]).insert(key.to_owned(), value.clone());
    if let Some(template) = template(tree) {
        object::map_at(template, &["metadata", "annotations"]).insert(key.to_owned(), value.clone());
    }
}

fn labels(tree: &mut Value, kustomization: &Value) {
    for (key, value) in entries(kustomization, "/commonLabels") {
        label(tree, key, value, true, true);
    }
    for entry in list(kustomization, "/labels") {
        let selectors = flag(entry, "/includeSelectors");
        let templates = flag(entry, "/includeTemplates") || selectors;
        for (key, value) in entries(entry, "/pairs") {
            label(tree, key, value, selectors, templates);
        }
    }
}

fn label(tree: &mut Value, key: &str, value: &Value, selectors: bool, templates: bool) {
    object::map_at(tree, &["metadata", "labels"]).insert(key.to_owned(), value.clone());
    if templates && let Some(template) = template(tree) {
        object::map_at(template, &["metadata", "labels"]).insert(key.to_owned(), value.clone());
    }
    if !selectors {
        return;
    }
    let kind = text(tree, "/kind").to_owned();
    let path: &[&str] = match kind.as_str() {
        "Service" | "ReplicationController" => &["spec", "selector"],
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" => &["spec", "selector", "matchLabels"],
        "NetworkPolicy" => &["spec", "podSelector", "matchLabels"],
        "PodDisruptionBudget" => &["spec", "selector", "matchLabels"],
        _ => return,
    };
    // Selectors are only made where Kubernetes needs one.
    let pointer = format!("/{}", path.join("/"));
    let required = matches!(
        kind.as_str(),
        "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet" | "ReplicationController"
    );
    if required || at(tree, &pointer).is_some() {
        object::map_at(tree, path).insert(key.to_owned(), value.clone());
    }
}

fn set_namespace(resources: &mut [Resource], namespace: &str) {
    for resource in resources {
        let tree = &mut resource.tree;
        let kind = text(tree, "/kind").to_owned();
        if kind == "Namespace" {
            object::set(tree, &["metadata", "name"], namespace);
        } else if !CLUSTER_SCOPED.contains(&kind.as_str()) {
            object::set(tree, &["metadata", "namespace"], namespace);
        }
        if kind == "RoleBinding" || kind == "ClusterRoleBinding" {
            for subject in tree.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
                if field(subject, "kind") == "ServiceAccount"
                    && (field(subject, "name") == "default" || subject.get("namespace").is_some())
                {
                    subject["namespace"] = namespace.into();
                }
            }
        }
    }
}

fn rename(resources: &mut [Resource], prefix: &str, suffix: &str) {
    if prefix.is_empty() && suffix.is_empty() {
        return;
    }
    for resource in resources.iter_mut() {
        let kind = text(&resource.tree, "/kind").to_owned();
        if matches!(kind.as_str(), "CustomResourceDefinition" | "APIService" | "Namespace") {
            continue;
        }
        let name = format!("{prefix}{}{suffix}", object::name(&resource.tree));
        object::set(&mut resource.tree, &["metadata", "name"], name.as_str());
        resource.names.push(name);
    }
    names::fix_references(resources);
}

fn replicas(kustomization: &Value, resources: &mut [Resource]) -> Result<(), Failure> {
    for entry in list(kustomization, "/replicas") {
        let (name, count) = (field(entry, "name"), entry.get("count").cloned().unwrap_or(Value::Null));
        let mut found = false;
        for resource in resources.iter_mut() {
            let kind = text(&resource.tree, "/kind");
            let scalable =
                matches!(kind, "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController");
            if scalable && resource.names.iter().any(|known| known == name) {
                object::set(&mut resource.tree, &["spec", "replicas"], count.clone());
                found = true;
            }
        }
        if !found {
            let kinds = ["Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"]
                .map(|kind| format!("{kind}.[noVer].[noGrp]"));
            return Err(Failure::error(format!(
                "resource with name {name} does not match a config with the following GVK [{}]",
                kinds.join(" ")
            )));
        }
    }
    Ok(())
}

fn images(kustomization: &Value, resources: &mut [Resource]) {
    for entry in list(kustomization, "/images").iter().chain(list(kustomization, "/imageTags")) {
        for resource in resources.iter_mut() {
            let Some(spec) = pod_spec(&mut resource.tree) else { continue };
            for key in ["containers", "initContainers", "ephemeralContainers"] {
                for container in spec.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
                    if let Some(image) = new_image(field(container, "image"), entry) {
                        container["image"] = image.into();
                    }
                }
            }
        }
    }
}

/// The image with another name, tag or digest; `None` when the entry is about another one.
fn new_image(image: &str, entry: &Value) -> Option<String> {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, format!("@{digest}")),
        None => (image, String::new()),
    };
    let slash = rest.rfind('/').map_or(0, |at| at + 1);
    let colon = rest.get(slash..)?.find(':').map(|at| slash + at);
    let (name, tag) = match colon {
        Some(at) => (rest.get(..at)?, rest.get(at..)?.to_owned()),
        None => (rest, String::new()),
    };
    if name != field(entry, "name") {
        return None;
    }
    let name = match field(entry, "newName") {
        "" => name,
        new => new,
    };
    let new_tag = match entry.get("newTag") {
        Some(Value::String(tag)) => tag.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let tail = match (new_tag.as_str(), field(entry, "digest")) {
        ("", "") => format!("{tag}{digest}"),
        (_, digest) if !digest.is_empty() => format!("@{digest}"),
        (tag, _) => format!(":{tag}"),
    };
    Some(format!("{name}{tail}"))
}

fn patches(
    ctx: &mut Ctx<'_>,
    directory: &str,
    kustomization: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    for entry in list(kustomization, "/patchesStrategicMerge").iter().filter_map(Value::as_str) {
        let content = if entry.contains('\n') || entry.starts_with('{') {
            entry.to_owned()
        } else {
            load::text(ctx, &files::clean(directory, entry))?
        };
        one_patch(resources, &content, None)?;
    }
    for entry in list(kustomization, "/patches").iter().chain(list(kustomization, "/patchesJson6902")) {
        let content = match field(entry, "patch") {
            "" => {
                let path = field(entry, "path");
                load::text(ctx, &files::clean(directory, path)).map_err(|failure| {
                    let why = failure.sentence();
                    misconfigured(entry, &format!("failed to get the patch file from path({path}): {why}"))
                })?
            }
            // What looks like JSON is read as nothing else.
            inline if inline.starts_with('[') && serde_json::from_str::<Value>(inline).is_err() => {
                let why = format!("unable to parse SM or JSON patch from [patch: {}]", go::quote(inline));
                return Err(misconfigured(entry, &why));
            }
            inline => inline.to_owned(),
        };
        one_patch(resources, &content, entry.get("target"))?;
    }
    Ok(())
}

/// A patch whose description cannot be used.
fn misconfigured(entry: &Value, why: &str) -> Failure {
    let config = yaml::to_string(entry);
    Failure::error(format!("trouble configuring builtin PatchTransformer with config: `\n{config}`: {why}"))
}

/// A list of operations is a JSON patch, a map a strategic one.
fn one_patch(resources: &mut Vec<Resource>, content: &str, target: Option<&Value>) -> Result<(), Failure> {
    let documents = yaml::documents(content)
        .map_err(|why| Failure::error(format!("unable to parse SM or JSON patch from [{content}]: {why}")))?;
    for document in documents {
        let operations = document.is_array();
        if operations && target.is_none() {
            return Err(Failure::error(format!("must specify a target for JSON patch {content}")));
        }
        let mut gone = Vec::new();
        let mut hits = 0;
        for (at, resource) in resources.iter_mut().enumerate() {
            let hit = match target {
                Some(target) => is_target(resource, target),
                None => {
                    let (one, other) = (Gvk::of(&resource.tree), Gvk::of(&document));
                    one.kind == other.kind
                        && one.group == other.group
                        && resource.names.iter().any(|name| name == object::name(&document))
                }
            };
            if !hit {
                continue;
            }
            hits += 1;
            if operations {
                resource.tree = diffs::apply(JSON_PATCH, &resource.tree, &document)?;
            } else if field(&document, "$patch") == "delete" {
                gone.push(at);
            } else {
                strategic(resource, &document)?;
            }
        }
        if hits == 0 && target.is_none() {
            let gvk = Gvk::of(&document);
            let name = object::name(&document);
            return Err(Failure::error(format!(
                "no resource matches strategic merge patch \"{}.{}.{}/{name}.[noNs]\": no matches for Id {}.{}.{}/{name}.[noNs]; failed to find unique target for patch {}.{}.{}/{name}.[noNs]",
                gvk.kind,
                gvk.version,
                gvk.group,
                gvk.kind,
                gvk.version,
                gvk.group,
                gvk.kind,
                gvk.version,
                gvk.group
            )));
        }
        for at in gone.into_iter().rev() {
            resources.remove(at);
        }
    }
    Ok(())
}

/// The patch's own name and namespace do not rename what it changes.
fn strategic(resource: &mut Resource, document: &Value) -> Result<(), Failure> {
    let mut change = document.clone();
    object::remove(&mut change, &["metadata", "name"]);
    object::remove(&mut change, &["metadata", "namespace"]);
    for key in ["apiVersion", "kind"] {
        object::remove(&mut change, &[key]);
    }
    resource.tree = if schema::definition(&Gvk::of(&resource.tree)).is_some() {
        diffs::apply(STRATEGIC_PATCH, &resource.tree, &change)?
    } else {
        patch::merge_patch(&resource.tree, &change).map_err(|error| Failure::error(error.to_string()))?
    };
    Ok(())
}

fn is_target(resource: &Resource, target: &Value) -> bool {
    let gvk = Gvk::of(&resource.tree);
    let whole = |pattern: &str, text: &str| {
        pattern.is_empty()
            || regex::Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|regex| regex.is_match(text))
    };
    let name = field(target, "name");
    let selects = |key: &str, pointer: &str| {
        let selector = field(target, key);
        selector.is_empty()
            || LabelSelector::parse(selector)
                .is_ok_and(|selector| selector.matches(resource.tree.pointer(pointer).unwrap_or(&json!({}))))
    };
    whole(field(target, "group"), &gvk.group)
        && whole(field(target, "version"), &gvk.version)
        && whole(field(target, "kind"), &gvk.kind)
        && (name.is_empty() || resource.names.iter().any(|known| whole(name, known)))
        && whole(field(target, "namespace"), object::namespace(&resource.tree))
        && selects("labelSelector", "/metadata/labels")
        && selects("annotationSelector", "/metadata/annotations")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_change_their_parts() {
        let check = |image: &str, entry: Value| new_image(image, &entry).unwrap_or_default();
        assert_eq!(check("nginx:1.25", json!({"name": "nginx", "newTag": "1.27"})), "nginx:1.27");
        assert_eq!(check("nginx", json!({"name": "nginx", "newName": "r.io/nginx"})), "r.io/nginx");
        assert_eq!(
            check("r:5000/a:1", json!({"name": "r:5000/a", "digest": "sha256:0"})),
            "r:5000/a@sha256:0"
        );
        assert_eq!(check("redis:7", json!({"name": "nginx", "newTag": "1"})), "");
    }
}
