//! Patches: strategic ones, which look like the object, and lists of operations.

use super::super::client::{JSON_PATCH, STRATEGIC_PATCH};
use super::super::{Ctx, Failure, diffs};
use super::load::{self, Place};
use super::resource::{Id, Resource};
use super::select::Selector;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk, field, flag, text};
use crate::apimachinery::{go, patch, schema, yaml};

/// What a patch is made of.
enum Content {
    Strategic(Vec<Resource>),
    Operations(Value),
}

/// `patchesStrategicMerge`: files, or the patches themselves.
///
/// # Errors
/// A patch that cannot be read or fits no object.
pub(super) fn strategic(
    ctx: &Ctx<'_>,
    place: &Place,
    entries: &[Value],
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    for entry in entries.iter().filter_map(Value::as_str) {
        let inline = load::objects(entry, "").ok().filter(|it| !it.is_empty());
        let patches = match inline {
            Some(patches) => patches,
            None => load::objects(&load::text(ctx, place, entry)?, entry).map_err(Failure::error)?,
        };
        for tree in patches {
            one(resources, &Resource::new(tree), false)?;
        }
    }
    Ok(())
}

/// `patchesJson6902`: operations on one object.
///
/// # Errors
/// As [`strategic`].
pub(super) fn operations(
    ctx: &Ctx<'_>,
    place: &Place,
    entry: &Value,
    resources: &mut [Resource],
) -> Result<(), Failure> {
    if text(entry, "/target/name").is_empty() {
        return Err(misconfigured("PatchJson6902Transformer", entry, "must specify the target name"));
    }
    let content = match (field(entry, "patch"), field(entry, "path")) {
        ("", "") => {
            return Err(misconfigured("PatchJson6902Transformer", entry, "empty file path and empty jsonOp"));
        }
        ("", path) => load::text(ctx, place, path)?,
        (inline, _) => inline.to_owned(),
    };
    let operations = yaml::document(&content).map_err(Failure::error)?;
    let select = Selector::of(&entry["target"]).map_err(Failure::error)?;
    for resource in resources.iter_mut().filter(|it| select.selects(it)) {
        resource.tree = diffs::apply(JSON_PATCH, &resource.tree, &operations)?;
    }
    Ok(())
}

/// One entry of `patches`.
///
/// # Errors
/// As [`strategic`].
pub(super) fn apply(
    ctx: &Ctx<'_>,
    place: &Place,
    entry: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    let (content, source) =
        read(ctx, place, entry).map_err(|why| misconfigured("PatchTransformer", entry, &why))?;
    let target = object::at(entry, "/target");
    match content {
        Content::Operations(operations) => {
            let Some(target) = target else {
                return Err(Failure::error(format!("must specify a target for JSON patch {source}")));
            };
            let select = Selector::of(target).map_err(Failure::error)?;
            for resource in resources.iter_mut().filter(|it| select.selects(it)) {
                resource.remember();
                resource.tree = diffs::apply(JSON_PATCH, &resource.tree, &operations)?;
            }
            Ok(())
        }
        Content::Strategic(patches) => match target {
            None => patches.iter().try_for_each(|it| one(resources, it, true)),
            Some(_) if patches.len() > 1 => Err(Failure::error(format!(
                "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set `patches.target` field: {source}"
            ))),
            Some(target) => {
                let select = Selector::of(target).map_err(Failure::error)?;
                for resource in resources.iter_mut().filter(|it| select.selects(it)) {
                    patches.iter().try_for_each(|it| merge(resource, it))?;
                }
                resources.retain(|it| !it.is_empty());
                Ok(())
            }
        },
    }
}

/// The patch of an entry, and what it is called in failures.
fn read(ctx: &Ctx<'_>, place: &Place, entry: &Value) -> Result<(Content, String), String> {
    let (inline, path) = (field(entry, "patch").trim(), field(entry, "path"));
    let (content, source) = match (inline, path) {
        ("", "") => return Err(format!("must specify one of patch and path in\n{}", yaml::to_string(entry))),
        ("", path) => {
            let text = load::text(ctx, place, path).map_err(|failure| {
                format!("failed to get the patch file from path({path}): {}", failure.sentence())
            })?;
            (text, format!("[path: {}]", go::quote(path)))
        }
        (inline, "") => (inline.to_owned(), format!("[patch: {}]", go::quote(inline))),
        _ => return Err(format!("patch and path can't be set at the same time\n{}", yaml::to_string(entry))),
    };
    let unreadable = || format!("unable to parse SM or JSON patch from {source}");
    if let Ok(trees) = load::objects(&content, "") {
        let of = |tree| {
            let mut patch = Resource::new(tree);
            patch.renames = flag(entry, "/options/allowNameChange");
            patch.changes_kind = flag(entry, "/options/allowKindChange");
            patch
        };
        return Ok((Content::Strategic(trees.into_iter().map(of).collect()), source));
    }
    // What looks like JSON is read as nothing else.
    let operations = if content.starts_with('[') {
        serde_json::from_str(&content).map_err(|_| unreadable())?
    } else {
        yaml::document(&content).map_err(|_| unreadable())?
    };
    let is_list = operations.as_array().is_some_and(|it| it.iter().all(Value::is_object));
    if is_list { Ok((Content::Operations(operations), source)) } else { Err(unreadable()) }
}

/// A built-in transformer whose arguments cannot be used.
fn misconfigured(transformer: &str, entry: &Value, why: &str) -> Failure {
    let config = yaml::to_string(entry);
    Failure::error(format!("trouble configuring builtin {transformer} with config: `\n{config}`: {why}"))
}

/// Changes the one object that a patch names.
fn one(resources: &mut Vec<Resource>, change: &Resource, of_list: bool) -> Result<(), Failure> {
    let id = change.id();
    let is = |it: &Resource| it.ids().iter().any(|known: &Id| known.equals(&id));
    let count = resources.iter().filter(|it| is(it)).count();
    if count != 1 {
        let text = id.text();
        let words = if count == 0 { "no matches" } else { "multiple matches" };
        let why = format!("{words} for Id {text}; failed to find unique target for patch {text}");
        let why = if of_list {
            format!("no resource matches strategic merge patch {}: {why}", go::quote(&text))
        } else {
            why
        };
        return Err(Failure::error(why));
    }
    if let Some(resource) = resources.iter_mut().find(|it| is(it)) {
        merge(resource, change)?;
    }
    resources.retain(|it| !it.is_empty());
    Ok(())
}

/// Merges a patch into an object. Its own name, namespace and kind stay, unless the patch may change them.
fn merge(resource: &mut Resource, change: &Resource) -> Result<(), Failure> {
    if change.renames || change.changes_kind {
        resource.remember();
    }
    let mut patch = change.tree.clone();
    if field(&patch, "$patch") == "delete" {
        resource.tree = Value::Null;
        return Ok(());
    }
    for path in [&["metadata", "namespace"][..], &["apiVersion"], &["kind"]] {
        object::remove(&mut patch, path);
    }
    if !change.renames {
        object::remove(&mut patch, &["metadata", "name"]);
    }
    resource.tree = if schema::definition(&Gvk::of(&resource.tree)).is_some() {
        diffs::apply(STRATEGIC_PATCH, &resource.tree, &patch)?
    } else {
        patch::merge_patch(&resource.tree, &patch).map_err(|error| Failure::error(error.to_string()))?
    };
    if change.changes_kind {
        object::set(&mut resource.tree, &["kind"], field(&change.tree, "kind"));
    }
    Ok(())
}
