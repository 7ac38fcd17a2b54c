//! Reading kustomizations and what they name.

use serde_json::Value;

use super::super::{Ctx, Failure};
use super::{Resource, generate, transform};
use crate::apimachinery::object::{field, list};
use crate::apimachinery::yaml;
use crate::hosts::{Kind, files};

/// The names that a kustomization file may have.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// 32: how deep kustomizations may name each other, so that a circle ends.
const DEPTH_MAX: usize = 32;

/// Fields that are understood.
const KNOWN: [&str; 22] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "components",
    "namespace",
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "images",
    "replicas",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "sortOptions",
    "buildMetadata",
];

/// Fields of real kustomize that are not simulated.
const LATER: [&str; 9] = [
    "crds",
    "vars",
    "replacements",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "helmCharts",
    "openapi",
];

pub(super) fn is_directory(ctx: &Ctx<'_>, path: &str) -> bool {
    let place = ctx.proc.place.clone();
    ctx.proc.world().stat(&place, path).is_ok_and(|node| matches!(node.kind, Kind::Directory))
}

/// What the kustomization of a directory makes.
pub(super) fn accumulate(ctx: &mut Ctx<'_>, directory: &str, depth: usize) -> Result<Vec<Resource>, Failure> {
    if depth > DEPTH_MAX {
        return Err(Failure::error(format!("cycle detected: candidate root '{directory}'")));
    }
    let kustomization = read(ctx, directory)?;
    let mut resources = Vec::new();
    for key in ["resources", "bases"] {
        for entry in list(&kustomization, &format!("/{key}")).iter().filter_map(Value::as_str) {
            resources.extend(resource(ctx, directory, entry, depth)?);
        }
    }
    apply(ctx, directory, &kustomization, resources, depth)
}

/// Components change what was gathered before them.
fn apply(
    ctx: &mut Ctx<'_>,
    directory: &str,
    kustomization: &Value,
    mut resources: Vec<Resource>,
    depth: usize,
) -> Result<Vec<Resource>, Failure> {
    for entry in list(kustomization, "/components").iter().filter_map(Value::as_str) {
        let path = files::clean(directory, entry);
        let component = read(ctx, &path)?;
        for key in ["resources", "bases"] {
            for entry in list(&component, &format!("/{key}")).iter().filter_map(Value::as_str) {
                resources.extend(resource(ctx, &path, entry, depth)?);
            }
        }
        resources = apply(ctx, &path, &component, resources, depth + 1)?;
    }
    generate::run(ctx, directory, kustomization, &mut resources)?;
    transform::run(ctx, directory, kustomization, &mut resources)?;
    Ok(resources)
}

fn read(ctx: &Ctx<'_>, directory: &str) -> Result<Value, Failure> {
    let place = ctx.proc.place.clone();
    let found: Vec<String> = NAMES
        .iter()
        .map(|name| files::clean(directory, name))
        .filter(|path| ctx.proc.world().stat(&place, path).is_ok())
        .collect();
    let path = match found.as_slice() {
        [] => {
            return Err(Failure::error(format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{directory}'"
            )));
        }
        [one] => one,
        _ => return Err(Failure::error(format!("Found multiple kustomization files: {directory}"))),
    };
    let text = text(ctx, path)?;
    let documents = yaml::documents(&text).map_err(|why| {
        Failure::error(format!(
            "invalid Kustomization: {}",
            why.trim_start_matches("error converting YAML to JSON: ")
        ))
    })?;
    let tree = match documents.into_iter().next() {
        Some(tree) if tree.is_object() => tree,
        Some(tree @ (Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Array(_))) => {
            return Err(Failure::error(format!(
                "invalid Kustomization: json: cannot unmarshal {} into Go value of type types.Kustomization",
                match tree {
                    Value::String(_) => "string",
                    Value::Number(_) => "number",
                    Value::Bool(_) => "bool",
                    _ => "array",
                }
            )));
        }
        _ => return Err(Failure::error("kustomization.yaml is empty")),
    };
    for key in tree.as_object().into_iter().flat_map(|map| map.keys()) {
        if LATER.contains(&key.as_str()) {
            return Err(Failure::Plain(format!("uncordon: `{key}` in a kustomization is not simulated yet")));
        }
        if !KNOWN.contains(&key.as_str()) {
            return Err(Failure::error(format!("invalid Kustomization: json: unknown field {key:?}")));
        }
    }
    if !matches!(field(&tree, "kind"), "" | "Kustomization" | "Component") {
        return Err(Failure::error(format!(
            "kustomization validation failed: kind should be Kustomization or Component, got {}",
            field(&tree, "kind")
        )));
    }
    Ok(tree)
}

/// The text of a file.
pub(super) fn text(ctx: &Ctx<'_>, path: &str) -> Result<String, Failure> {
    match ctx.proc.read_file(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => {
            let why = super::super::failure::go_error(error);
            Err(Failure::error(format!("evalsymlink failure on '{path}' : lstat {path}: {why}")))
        }
    }
}

/// A file of manifests, or another kustomization.
fn resource(ctx: &mut Ctx<'_>, directory: &str, entry: &str, depth: usize) -> Result<Vec<Resource>, Failure> {
    let path = files::clean(directory, entry);
    if entry.contains("://") || entry.starts_with("github.com/") {
        return Err(Failure::Plain(format!(
            "uncordon: resources of the internet ({entry}) are not simulated yet"
        )));
    }
    if is_directory(ctx, &path) {
        return accumulate(ctx, &path, depth + 1).map_err(|failure| {
            failure.prefixed("accumulating resources: accumulation err='accumulating resources from '")
        });
    }
    let text = text(ctx, &path).map_err(|failure| {
        let why = failure.sentence();
        Failure::error(format!(
            "accumulating resources: accumulation err='accumulating resources from '{entry}': {why}': must build at directory: not a valid directory: {why}"
        ))
    })?;
    let trees = yaml::documents(&text).map_err(|why| {
        let why = why.trim_start_matches("error converting YAML to JSON: ");
        Failure::error(format!(
            "accumulating resources: accumulation err='accumulating resources from '{entry}': MalformedYAMLError: {why} in File: {entry}'"
        ))
    })?;
    let mut all = Vec::new();
    for tree in trees {
        if field(&tree, "kind") == "List" {
            all.extend(list(&tree, "/items").iter().cloned().map(Resource::new));
        } else {
            all.push(Resource::new(tree));
        }
    }
    Ok(all)
}
