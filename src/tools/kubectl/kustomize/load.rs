//! Reading kustomizations and what they name.

use serde_json::Value;

use super::super::{Ctx, Failure};
use super::{Resource, generate, transform};
use crate::apimachinery::object::{self, Gvk, field, list};
use crate::apimachinery::yaml;
use crate::hosts::{Kind, files};

/// The names that a kustomization file may have.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields that are understood.
const KNOWN: [&str; 23] = [
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
    "imageTags",
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

/// Fields that work and should not be used, and what stands in their place.
const DEPRECATED: [(&str, &str); 5] = [
    ("commonLabels", "labels"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("bases", "resources"),
    ("imageTags", "images"),
];

/// Fields of one type each: lists of words, and words.
const WORDS: [&str; 8] = [
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
];
const TEXTS: [&str; 3] = ["namePrefix", "nameSuffix", "namespace"];

pub(super) fn is_directory(ctx: &Ctx<'_>, path: &str) -> bool {
    let place = ctx.proc.place.clone();
    ctx.proc.world().stat(&place, path).is_ok_and(|node| matches!(node.kind, Kind::Directory))
}

/// What the kustomization of a directory makes.
///
/// `above` are the directories that led here.
pub(super) fn accumulate(
    ctx: &mut Ctx<'_>,
    directory: &str,
    above: &[String],
) -> Result<Vec<Resource>, Failure> {
    let kustomization = read(ctx, directory)?;
    let mut visited = above.to_vec();
    visited.push(directory.to_owned());
    let mut resources = Vec::new();
    gather(ctx, directory, &kustomization, &mut resources, &visited)?;
    apply(ctx, directory, &kustomization, resources, &visited)
}

/// Adds what a kustomization names as its resources.
fn gather(
    ctx: &mut Ctx<'_>,
    directory: &str,
    kustomization: &Value,
    resources: &mut Vec<Resource>,
    visited: &[String],
) -> Result<(), Failure> {
    for key in ["resources", "bases"] {
        for entry in list(kustomization, &format!("/{key}")).iter().filter_map(Value::as_str) {
            resource(ctx, directory, entry, resources, visited)
                .map_err(|failure| failure.prefixed("accumulating resources: "))?;
        }
    }
    Ok(())
}

/// Adds resources unless one is there already.
fn merge(resources: &mut Vec<Resource>, more: Vec<Resource>) -> Result<(), Failure> {
    for one in more {
        let id = id(&one.tree);
        if resources.iter().any(|known| self::id(&known.tree) == id) {
            return Err(Failure::error(format!("may not add resource with an already registered id: {id}")));
        }
        resources.push(one);
    }
    Ok(())
}

/// `Deployment.v1.apps/web.[noNs]`.
pub(super) fn id(tree: &Value) -> String {
    let gvk = Gvk::of(tree);
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    format!(
        "{}.{}.{}/{}.{}",
        or(&gvk.kind, "[noKind]"),
        or(&gvk.version, "[noVer]"),
        or(&gvk.group, "[noGrp]"),
        object::name(tree),
        or(object::namespace(tree), "[noNs]"),
    )
}

/// Components change what was gathered before them.
fn apply(
    ctx: &mut Ctx<'_>,
    directory: &str,
    kustomization: &Value,
    mut resources: Vec<Resource>,
    visited: &[String],
) -> Result<Vec<Resource>, Failure> {
    for entry in list(kustomization, "/components").iter().filter_map(Value::as_str) {
        let path = files::clean(directory, entry);
        let component = read(ctx, &path)?;
        if visited.contains(&path) {
            return Err(Failure::error(cycle(&path, &path)));
        }
        let mut visited = visited.to_vec();
        visited.push(path.clone());
        gather(ctx, &path, &component, &mut resources, &visited)?;
        resources = apply(ctx, &path, &component, resources, &visited)?;
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
    check_types(&tree)?;
    if tree.as_object().is_some_and(|map| map.keys().all(|key| matches!(key.as_str(), "apiVersion" | "kind")))
    {
        return Err(Failure::error("kustomization.yaml is empty"));
    }
    for (old, new) in DEPRECATED.iter().filter(|(old, _)| tree.get(*old).is_some()) {
        ctx.err(&format!(
            "# Warning: '{old}' is deprecated. Please use '{new}' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n"
        ));
    }
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

/// That fields hold what their types say.
fn check_types(tree: &Value) -> Result<(), Failure> {
    let name = |value: &Value| match value {
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Array(_) => "array",
        _ => "object",
    };
    let lists = WORDS.iter().map(|key| (key, "[]string"));
    for (key, wanted) in lists.chain(TEXTS.iter().map(|key| (key, "string"))) {
        let Some(value) = tree.get(*key).filter(|it| !it.is_null()) else { continue };
        if if wanted == "string" { value.is_string() } else { value.is_array() } {
            continue;
        }
        return Err(Failure::error(format!(
            "invalid Kustomization: json: cannot unmarshal {} into Go struct field Kustomization.{key} of type {wanted}",
            name(value)
        )));
    }
    Ok(())
}

fn cycle(directory: &str, known: &str) -> String {
    format!("cycle detected: candidate root '{directory}' contains visited root '{known}'")
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
fn resource(
    ctx: &mut Ctx<'_>,
    directory: &str,
    entry: &str,
    resources: &mut Vec<Resource>,
    visited: &[String],
) -> Result<(), Failure> {
    let path = files::clean(directory, entry);
    if entry.contains("://") || entry.starts_with("github.com/") {
        return Err(Failure::Plain(format!(
            "uncordon: resources of the internet ({entry}) are not simulated yet"
        )));
    }
    if is_directory(ctx, &path) {
        return directory_of(ctx, &path, resources, visited).map_err(|failure| {
            failure.prefixed(&format!(
                "accumulation err='accumulating resources from '{entry}': '{path}' must resolve to a file': "
            ))
        });
    }
    let text = text(ctx, &path).map_err(|failure| {
        let why = failure.sentence();
        Failure::error(format!(
            "accumulation err='accumulating resources from '{entry}': {why}': must build at directory: not a valid directory: {why}"
        ))
    })?;
    let trees = yaml::documents(&text).map_err(|why| {
        let why = why.trim_start_matches("error converting YAML to JSON: ");
        Failure::error(format!(
            "accumulation err='accumulating resources from '{entry}': MalformedYAMLError: {why} in File: {entry}'"
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
    merge(resources, all).map_err(|failure| {
        let why = failure.sentence();
        Failure::error(format!(
            "accumulation err='merging resources from '{entry}': {why}': must build at directory: '{path}': file is not directory"
        ))
    })
}

/// What another kustomization makes.
fn directory_of(
    ctx: &mut Ctx<'_>,
    path: &str,
    resources: &mut Vec<Resource>,
    visited: &[String],
) -> Result<(), Failure> {
    if let Some(known) = visited.iter().find(|known| *known == path || known.starts_with(&format!("{path}/")))
    {
        return Err(Failure::error(cycle(path, known)));
    }
    let made = accumulate(ctx, path, visited)
        .map_err(|failure| failure.prefixed(&format!("recursed accumulation of path '{path}': ")))?;
    merge(resources, made)
        .map_err(|failure| failure.prefixed(&format!("recursed merging from path '{path}': ")))
}
