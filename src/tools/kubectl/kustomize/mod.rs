//! `kubectl kustomize` and `-k`: manifests from a directory with a kustomization.
//!
//! Follows kustomize's order: resources, components, generators, then the transformers of the same directory,
//! and at the very end hashes, references to changed names, variables, and the order of kinds. Plugins that are not
//! built in, other schemas and files of the internet are not known here.

mod fields;
mod generate;
mod image;
mod load;
mod names;
mod patches;
mod paths;
mod replace;
mod resource;
mod schema;
mod select;
mod specs;
mod transform;
mod vars;

use super::{Complete, Ctx, Done, Failure, Group, PLAIN, Run, Verb};
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk, field, list};
use crate::apimachinery::yaml;
use resource::Resource;

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
    use crate::apimachinery::object::{name, namespace};
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
    if load::is_remote(directory) {
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
    let (tree, load::Gathered { mut resources, config, vars }) = load::accumulate(ctx, &path)?;
    names::add_hashes(&mut resources);
    names::fix_references(&config, &mut resources)?;
    vars::resolve(ctx, &vars, config.list("varReference"), &mut resources)?;
    load::drop_local(&mut resources);
    sort(&tree, &mut resources)?;
    describe_build(&tree, &mut resources)?;
    let texts: Vec<String> = resources.iter().map(|one| yaml::to_string(&one.tree)).collect();
    Ok(texts.join("---\n"))
}

/// `buildMetadata`: what the objects tell of how they were made. Origins were noted on the way.
fn describe_build(tree: &Value, resources: &mut [Resource]) -> Result<(), Failure> {
    let wanted = |word: &str| list(tree, "/buildMetadata").iter().any(|it| it == word);
    if wanted("transformerAnnotations") {
        return Err(Failure::Plain(
            "uncordon: `transformerAnnotations` of a kustomization is not simulated yet".into(),
        ));
    }
    for resource in resources.iter_mut().filter(|_| wanted("managedByLabel")) {
        let labels = object::map_at(&mut resource.tree, &["metadata", "labels"]);
        labels.insert("app.kubernetes.io/managed-by".into(), "kustomize-v5.8.1".into());
    }
    Ok(())
}

/// `sortOptions`: as they came, or by kind.
fn sort(tree: &Value, resources: &mut [Resource]) -> Result<(), Failure> {
    let Some(options) = object::at(tree, "/sortOptions") else {
        resources.sort_by_cached_key(|one| order(&one.tree, &FIRST, &LAST));
        return Ok(());
    };
    let legacy = object::at(options, "/legacySortOptions");
    match (field(options, "order"), legacy) {
        ("fifo", None) => {}
        ("fifo", Some(_)) => {
            return Err(Failure::error(
                "the field 'sortOptions.legacySortOptions' is set but the selected sort order is 'fifo', not 'legacy'",
            ));
        }
        ("legacy", None) => resources.sort_by_cached_key(|one| order(&one.tree, &FIRST, &LAST)),
        ("legacy", Some(legacy)) => {
            let words = |key: &str| list(legacy, key).iter().filter_map(Value::as_str).collect::<Vec<_>>();
            let (first, last) = (words("/orderFirst"), words("/orderLast"));
            resources.sort_by_cached_key(|one| order(&one.tree, &first, &last));
        }
        _ => return Err(Failure::error("the field 'sortOptions.order' must be one of [fifo, legacy]")),
    }
    Ok(())
}

/// The place of a kind among the others, and what comes after that.
fn place_of(kind: &str, first: &[&str], last: &[&str]) -> i64 {
    let at = |all: &[&str]| all.iter().position(|it| *it == kind).and_then(|at| i64::try_from(at).ok());
    let count = i64::try_from(first.len()).unwrap_or(0);
    match (at(first), at(last)) {
        (_, Some(at)) => at + 1,
        (Some(at), None) => at - count,
        _ => 0,
    }
}

fn or(text: &str, none: &str) -> String {
    if text.is_empty() { none.to_owned() } else { text.to_owned() }
}

fn gvk_key(gvk: &Gvk) -> String {
    format!("{}_{}_{}", or(&gvk.group, "~G"), or(&gvk.version, "~V"), or(&gvk.kind, "~K"))
}

/// The order of kinds in tables of fields.
fn kind_order(gvk: &Gvk) -> (i64, String) {
    (place_of(&gvk.kind, &FIRST, &LAST), gvk_key(gvk))
}

/// Kinds in their order, then group, version, kind, namespace and name.
fn order(tree: &Value, first: &[&str], last: &[&str]) -> (i64, String, String) {
    let gvk = Gvk::of(tree);
    let (namespace, name) = (or(object::namespace(tree), "~X"), or(object::name(tree), "~N"));
    (place_of(&gvk.kind, first, last), gvk_key(&gvk), format!("{namespace}|{name}"))
}
