//! The built-in transformers, by the fields of a kustomization and by the objects of `transformers`.

use super::super::{Ctx, Failure};
use super::fields::{self, Make, Spec};
use super::load::{self, Gathered, Place};
use super::resource::{Id, Resource, gvk_text, is_cluster_scoped, selects};
use super::specs::{self, Config};
use super::{image, patches, replace};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object::{self, Gvk, entries, field, flag, list, text};
use crate::apimachinery::yaml;

/// What a kustomization says, in kustomize's order.
///
/// # Errors
/// What cannot be done.
pub(super) fn run(ctx: &Ctx<'_>, place: &Place, tree: &Value, all: &mut Gathered) -> Result<(), Failure> {
    let Gathered { resources, config, .. } = all;
    patches::strategic(ctx, place, list(tree, "/patchesStrategicMerge"), resources)?;
    for entry in list(tree, "/patches") {
        patches::apply(ctx, place, entry, resources)?;
    }
    namespace(field(tree, "namespace"), &json!({}), config.list("namespace"), resources)?;
    prefix(field(tree, "namePrefix"), config.list("namePrefix"), resources)?;
    suffix(field(tree, "nameSuffix"), config.list("nameSuffix"), resources)?;
    for entry in list(tree, "/labels") {
        let pairs = object::at(entry, "/pairs").and_then(Value::as_object).cloned().unwrap_or_default();
        pairs_into(&pairs, &label_specs(entry, config).map_err(Failure::error)?, resources)?;
    }
    let given = |key: &str| -> Map {
        entries(tree, &format!("/{key}")).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    pairs_into(&given("commonLabels"), config.list("commonLabels"), resources)?;
    pairs_into(&given("commonAnnotations"), config.list("commonAnnotations"), resources)?;
    for entry in list(tree, "/patchesJson6902") {
        patches::operations(ctx, place, entry, resources)?;
    }
    for entry in list(tree, "/replicas") {
        replicas(entry, config.list("replicas"), resources)?;
    }
    for entry in list(tree, "/images").iter().chain(list(tree, "/imageTags")) {
        image::replace(entry, config.list("images"), resources)?;
    }
    replacements(ctx, place, list(tree, "/replacements"), "Replacements", resources)
}

/// The fields that one entry of `labels` is about.
fn label_specs(entry: &Value, config: &Config) -> Result<Vec<Spec>, String> {
    let mut all: Vec<Spec> = list(entry, "/fields").iter().map(Spec::of).collect();
    let labels = |why: String| format!("failed to merge labels: {why}");
    specs::add(&mut all, config.list("labels")).map_err(labels)?;
    if flag(entry, "/includeSelectors") {
        specs::add(&mut all, config.list("commonLabels")).map_err(labels)?;
        return Ok(all);
    }
    if flag(entry, "/includeTemplates") {
        specs::add(&mut all, config.list("templateLabels"))
            .map_err(|why| format!("failed to merge template fieldSpec: {why}"))?;
    }
    let own = Spec { gvk: Gvk::new("", "", ""), path: "metadata/labels".into(), create: true };
    specs::add(&mut all, &[own]).map_err(labels)?;
    Ok(all)
}

/// Puts labels or annotations in.
fn pairs_into(pairs: &Map, specs: &[Spec], resources: &mut [Resource]) -> Result<(), Failure> {
    if pairs.is_empty() {
        return Ok(());
    }
    resources
        .iter_mut()
        .try_for_each(|it| fields::add_pairs(&mut it.tree, specs, pairs))
        .map_err(Failure::error)
}

/// Moves objects to a namespace. `how` may say that only what has none is moved, and which accounts of bindings move.
fn namespace(
    namespace: &str,
    how: &Value,
    specs: &[Spec],
    resources: &mut [Resource],
) -> Result<(), Failure> {
    if namespace.is_empty() {
        return Ok(());
    }
    let only_unset = flag(how, "/unsetOnly");
    for at in 0..resources.len() {
        let Some(resource) = resources.get_mut(at) else { break };
        resource.remember();
        let mut set = |found: &mut Value| {
            let empty = found.is_null() || found.as_str() == Some("");
            if empty || !only_unset {
                *found = namespace.into();
            }
            Ok(())
        };
        let gvk = resource.gvk();
        if !is_cluster_scoped(&gvk) {
            let own = Spec { gvk: Gvk::new("", "", ""), path: "metadata/namespace".into(), create: true };
            fields::change(&mut resource.tree, &own, Make::Scalar, &mut set).map_err(Failure::error)?;
        }
        subjects(&mut resource.tree, &gvk.kind, field(how, "setRoleBindingSubjects"), &mut set)?;
        let of_kind = |it: &&Spec| {
            it.path != "metadata/namespace"
                && (it.path != "metadata/name" || text(&resources[at].tree, "/apiVersion") == "v1")
        };
        let own: Vec<Spec> = specs.iter().filter(of_kind).cloned().collect();
        for spec in &own {
            fields::change(&mut resources[at].tree, spec, Make::Scalar, &mut set)
                .map_err(|why| Failure::error(format!("namespace transformation failed: {why}")))?;
        }
        let id = resources[at].id();
        let same: Vec<&Resource> = resources.iter().filter(|it| it.id().equals(&id)).collect();
        if same.len() != 1 {
            let shown: Vec<String> =
                same.iter().map(|it| crate::apimachinery::go::json(&it.noted())).collect();
            return Err(Failure::error(format!(
                "namespace transformation produces ID conflict: [{}]",
                shown.join(" ")
            )));
        }
    }
    Ok(())
}

/// The accounts of a binding: those called `default`, all, or none.
fn subjects(tree: &mut Value, kind: &str, mode: &str, set: fields::Set<'_>) -> Result<(), Failure> {
    if !matches!(kind, "RoleBinding" | "ClusterRoleBinding") || mode == "none" {
        return Ok(());
    }
    for subject in tree.get_mut("subjects").and_then(Value::as_array_mut).into_iter().flatten() {
        let moves = match mode {
            "allServiceAccounts" => field(subject, "kind") == "ServiceAccount",
            _ => field(subject, "name") == "default",
        };
        if moves {
            let mut found = subject.get("namespace").cloned().unwrap_or(Value::Null);
            set(&mut found).map_err(Failure::error)?;
            object::set(subject, &["namespace"], found);
        }
    }
    Ok(())
}

/// Kinds that keep their names.
const KEEP_NAMES: [(&str, &str); 3] =
    [("", "CustomResourceDefinition"), ("apiregistration.k8s.io", "APIService"), ("", "Namespace")];

fn renames(id: &Id, spec: &Spec) -> bool {
    let kept = KEEP_NAMES.iter().any(|(group, kind)| selects(&Gvk::new(group, "", kind), &id.gvk));
    !kept && selects(&spec.gvk, &id.gvk)
}

fn prefix(prefix: &str, specs: &[Spec], resources: &mut [Resource]) -> Result<(), Failure> {
    rename(
        specs,
        resources,
        !prefix.is_empty(),
        |it| it.prefixes.push(prefix.to_owned()),
        |name| format!("{prefix}{name}"),
    )
}

fn suffix(suffix: &str, specs: &[Spec], resources: &mut [Resource]) -> Result<(), Failure> {
    rename(
        specs,
        resources,
        !suffix.is_empty(),
        |it| it.suffixes.push(suffix.to_owned()),
        |name| format!("{name}{suffix}"),
    )
}

fn rename(
    specs: &[Spec],
    resources: &mut [Resource],
    given: bool,
    note: impl Fn(&mut Resource),
    new: impl Fn(&str) -> String,
) -> Result<(), Failure> {
    for resource in resources.iter_mut().filter(|_| given) {
        let id = resource.original_id();
        for spec in specs.iter().filter(|it| renames(&id, it)) {
            if spec.path == "metadata/name" {
                note(resource);
                resource.remember();
            }
            fields::change(&mut resource.tree, spec, Make::Nothing, &mut |found| {
                let name = super::paths::scalar(found);
                *found = new(&name).into();
                Ok(())
            })
            .map_err(Failure::error)?;
        }
    }
    Ok(())
}

fn replicas(entry: &Value, specs: &[Spec], resources: &mut [Resource]) -> Result<(), Failure> {
    let (name, count) = (field(entry, "name"), entry.get("count").cloned().unwrap_or_else(|| 0.into()));
    let mut found = false;
    for spec in specs {
        let is = |id: &Id| id.name == name && selects(&spec.gvk, &id.gvk);
        for resource in resources.iter_mut().filter(|it| it.ids().iter().any(is)) {
            found = true;
            fields::change(&mut resource.tree, spec, Make::Scalar, &mut |it| {
                *it = count.clone();
                Ok(())
            })
            .map_err(Failure::error)?;
        }
    }
    if found {
        return Ok(());
    }
    let mut kinds: Vec<&Gvk> = specs.iter().map(|it| &it.gvk).collect();
    kinds.sort_by_key(|it| super::kind_order(it));
    let kinds: Vec<String> = kinds.into_iter().map(gvk_text).collect();
    Err(Failure::error(format!(
        "resource with name {name} does not match a config with the following GVK [{}]",
        kinds.join(" ")
    )))
}

/// Replacements, some of them in files.
fn replacements(
    ctx: &Ctx<'_>,
    place: &Place,
    entries: &[Value],
    key: &str,
    resources: &mut [Resource],
) -> Result<(), Failure> {
    let misconfigured = |failure: Failure| {
        let config = yaml::to_string(&json!({key: entries}));
        failure.prefixed(&format!(
            "trouble configuring builtin ReplacementTransformer with config: `\n{config}`: "
        ))
    };
    let mut all = Vec::new();
    for entry in entries {
        match field(entry, "path") {
            "" => all.push(entry.clone()),
            _ if object::at(entry, "/source").is_some() || !list(entry, "/targets").is_empty() => {
                return Err(misconfigured(Failure::error("cannot specify both path and inline replacement")));
            }
            path => {
                let text = load::text(ctx, place, path).map_err(misconfigured)?;
                match yaml::document(&text).map_err(|why| misconfigured(Failure::error(why)))? {
                    Value::Array(list) => all.extend(list),
                    one => all.push(one),
                }
            }
        }
    }
    replace::run(&all, resources)
}

/// One object of `transformers`.
///
/// # Errors
/// It is no built-in transformer, or cannot do its work.
pub(super) fn by_object(
    ctx: &Ctx<'_>,
    place: &Place,
    object: &Value,
    all: &mut Gathered,
) -> Result<(), Failure> {
    let resources = &mut all.resources;
    let specs: Vec<Spec> = list(object, "/fieldSpecs").iter().map(Spec::of).collect();
    let pairs = |key: &str| object.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    if field(object, "apiVersion") != "builtin" {
        return Err(unknown(object));
    }
    match field(object, "kind") {
        "NamespaceTransformer" => namespace(object::namespace(object), object, &specs, resources),
        "PrefixTransformer" | "SuffixTransformer" if specs.is_empty() => Err(Failure::error(format!(
            "plugin {} fails configuration: fieldSpecs is not expected to be nil",
            Id::of(object).text()
        ))),
        "PrefixTransformer" => prefix(field(object, "prefix"), &specs, resources),
        "SuffixTransformer" => suffix(field(object, "suffix"), &specs, resources),
        "LabelTransformer" => pairs_into(&pairs("labels"), &specs, resources),
        "AnnotationsTransformer" => pairs_into(&pairs("annotations"), &specs, resources),
        "ReplicaCountTransformer" => replicas(&object["replica"], &specs, resources),
        "ImageTagTransformer" => image::replace(&object["imageTag"], &specs, resources),
        "PatchTransformer" => patches::apply(ctx, place, object, resources),
        "PatchStrategicMergeTransformer" => {
            let mut entries = list(object, "/paths").to_vec();
            entries.extend(object.get("patches").filter(|it| it.is_string()).cloned());
            patches::strategic(ctx, place, &entries, resources)
        }
        "PatchJson6902Transformer" => {
            let mut entry = object.clone();
            entry["patch"] = object.get("jsonOp").cloned().unwrap_or(Value::Null);
            patches::operations(ctx, place, &entry, resources)
        }
        "ReplacementTransformer" => {
            replacements(ctx, place, list(object, "/replacements"), "replacements", resources)
        }
        _ => Err(unknown(object)),
    }
}

/// A transformer or generator that is not part of kustomize.
pub(super) fn unknown(object: &Value) -> Failure {
    let gvk = Gvk::of(object);
    Failure::error(if field(object, "apiVersion") == "builtin" {
        format!("unable to load builtin {}", gvk_text(&gvk))
    } else {
        format!("external plugins disabled; unable to load external plugin '{}'", gvk.kind)
    })
}
