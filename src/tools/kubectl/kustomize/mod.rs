//! `kubectl kustomize` and `-k`: manifests from a directory with a kustomization.
//!
//! Follows kustomize's order: resources, components, generators, then the transformers of the same directory,
//! and at the very end hashes, references to changed names, and the order of kinds. Helm charts, plugins,
//! replacements, vars and files of the internet are not known here.

mod generate;
mod load;
mod names;
mod transform;

use serde_json::Value;

use super::{Complete, Ctx, Done, Failure, Group, PLAIN, Run, Verb};
use crate::apimachinery::yaml;

/// The row of the table.
pub(super) static VERB: Verb = Verb {
    name: "kustomize",
    group: Group::Advanced,
    summary: "Build a kustomization target from a directory or URL",
    examples: "
        kubectl kustomize overlays/prod
        kubectl kustomize overlays/prod | kubectl diff -f -",
    run: Run::Now(run),
    complete: Complete::Nothing,
    ..PLAIN
};

/// One object on its way through the transformers.
#[derive(Clone, Debug)]
struct Resource {
    tree: Value,
    /// As it was named in its file, by which other files still refer to it.
    original_name: String,
    /// All names it had, oldest first.
    names: Vec<String>,
    /// True when a hash of its content goes behind its name.
    hashed: bool,
}

impl Resource {
    fn new(tree: Value) -> Self {
        let name = crate::apimachinery::object::name(&tree).to_owned();
        Self { tree, original_name: name.clone(), names: vec![name], hashed: false }
    }
}

/// The kinds that come first, in order; others come between them and [`LAST`].
const FIRST: [&str; 22] = [
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

const LAST: [&str; 2] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

fn run(ctx: &mut Ctx<'_>) -> Done {
    let directory = match ctx.args.as_slice() {
        [] => ".".to_owned(),
        [one] => one.clone(),
        _ => return Err(Failure::error("specify one path to kustomization.yaml")),
    };
    let text = build(ctx, &directory)?;
    let output = ctx.flags.text("output").to_owned();
    if output.is_empty() {
        ctx.out(&text);
        return Ok(());
    }
    let path = ctx.proc.path(&output);
    if load::is_directory(ctx, &path) {
        return write_each(ctx, &output, &text);
    }
    write(ctx, &output, &text)
}

fn write(ctx: &Ctx<'_>, path: &str, text: &str) -> Done {
    let unwritable = |error| Failure::error(format!("open {path}: {}", super::failure::go_error(error)));
    ctx.proc.write_file(path, text.as_bytes()).map_err(unwritable)
}

/// One file for each object, named as kustomize does: `apps_v1_deployment_web.yaml`, with the namespace in front
/// when there are several.
fn write_each(ctx: &Ctx<'_>, directory: &str, text: &str) -> Done {
    use crate::apimachinery::object::{Gvk, name, namespace};
    let trees = yaml::documents(text).map_err(Failure::error)?;
    let spaces: std::collections::BTreeSet<&str> = trees.iter().map(namespace).collect();
    for tree in &trees {
        let gvk = Gvk::of(tree);
        let space = if spaces.len() > 1 { namespace(tree) } else { "" };
        let parts = [space, &gvk.group, &gvk.version, &gvk.kind, name(tree)];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        write(ctx, &format!("{directory}/{}.yaml", parts.join("_").to_lowercase()), &yaml::to_string(tree))?;
    }
    Ok(())
}

/// The manifests that a kustomization makes, as a YAML stream.
///
/// # Errors
/// What is wrong with the kustomization.
pub(super) fn build(ctx: &mut Ctx<'_>, directory: &str) -> Result<String, Failure> {
    if directory.contains("://") || directory.starts_with("github.com/") {
        return Err(Failure::Plain(format!(
            "uncordon: kustomizations of the internet ({directory}) are not simulated yet"
        )));
    }
    let path = ctx.proc.path(directory);
    if !load::is_directory(ctx, &path) {
        return Err(Failure::error(format!(
            "must build at directory: not a valid directory: evalsymlink failure on '{directory}' : lstat {path}: no such file or directory"
        )));
    }
    let mut resources = load::accumulate(ctx, &path, &[])?;
    names::add_hashes(&mut resources);
    names::fix_references(&mut resources);
    resources.sort_by_key(|one| order(&one.tree));
    let texts: Vec<String> = resources.iter().map(|one| yaml::to_string(&one.tree)).collect();
    Ok(texts.join("---\n"))
}

/// Kinds in their order, then group, version, kind and name.
fn order(tree: &Value) -> (i32, String, String) {
    use crate::apimachinery::object::{Gvk, name, namespace};
    let gvk = Gvk::of(tree);
    let place =
        |all: &[&str]| all.iter().position(|kind| *kind == gvk.kind).and_then(|at| i32::try_from(at).ok());
    let first = i32::try_from(FIRST.len()).unwrap_or(0);
    let place = match (place(&FIRST), place(&LAST)) {
        (Some(at), _) => at - first,
        (_, Some(at)) => at + 1,
        _ => 0,
    };
    (
        place,
        format!("{}_{}_{}", gvk.group, gvk.version, gvk.kind),
        format!("{}|{}", namespace(tree), name(tree)),
    )
}
