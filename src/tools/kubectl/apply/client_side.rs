//! Client-side apply: a three-way merge of what was applied last, what is given now, and what the server has.

use super::super::client::STRATEGIC_PATCH;
use super::super::delete;
use super::super::writes::{self, LAST_APPLIED, Write};
use super::super::{Ctx, Done, DryRun, Failure, Info, diffs};
use super::{Applied, Options, warn_if_deleting};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, text};
use crate::apimachinery::{go, yaml};
use crate::cluster::Object;

/// 5: how often a patch that met another change is made anew.
const TRIES_MAX: usize = 5;

pub(super) async fn apply(
    ctx: &mut Ctx<'_>,
    options: &mut Options,
    applied: &mut Applied,
    mut info: Info,
) -> Done {
    let mut modified = info.object.as_ref().clone();
    writes::note_applied(&mut modified);
    let current = match ctx.get_object(info.path()) {
        Ok(current) => current,
        Err(failure) if failure.is_not_found() => return create(ctx, options, applied, info, modified),
        Err(failure) => {
            let words =
                format!("retrieving current configuration of:\n{}\nfrom server for:", described(&info));
            return Err(failure.about_source(&words, &info.source));
        }
    };
    info.refresh(current);
    if writes::last_applied(&info.object).is_none() {
        let what = info.mapping.as_ref().map_or("", |mapping| mapping.resource.as_str());
        ctx.err(&format!(
            "Warning: resource {what}/{} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n",
            info.name
        ));
    }
    let (patch, result) = patch(ctx, options, &info, &modified).await;
    let text = if patch.is_null() { String::new() } else { go::json(&patch) };
    let patched = result.map_err(|failure| {
        let words = format!("applying patch:\n{text}\nto:\n{}\nfor:", described(&info));
        failure.about_source(&words, &info.source)
    })?;
    info.refresh(patched);
    warn_if_deleting(ctx, &info.object);
    let what = if patch == json!({}) { "unchanged" } else { "configured" };
    options.done(ctx, applied, &info, what)
}

fn create(
    ctx: &mut Ctx<'_>,
    options: &mut Options,
    applied: &mut Applied,
    mut info: Info,
    tree: Value,
) -> Done {
    let mut tree = tree;
    prune_nulls(&mut tree);
    info.object = tree.into();
    if options.write.dry_run != DryRun::Client
        && let Some(mapping) = info.mapping.clone()
    {
        let made = ctx.create(&mapping, &info.namespace, &info.object, &options.write);
        info.refresh(made.map_err(|failure| failure.about_source("creating", &info.source))?);
    }
    options.done(ctx, applied, &info, "created")
}

/// How Go prints the object that a failure is about.
pub(super) fn described(info: &Info) -> String {
    let (resource, kind) = info
        .mapping
        .as_ref()
        .map(|mapping| (mapping.resource_text(), mapping.kind_text()))
        .unwrap_or_default();
    format!(
        "Resource: {resource:?}, GroupVersionKind: {kind:?}\nName: {:?}, Namespace: {:?}",
        info.name, info.namespace
    )
}

fn prune_nulls(tree: &mut Value) {
    match tree {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(prune_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(prune_nulls),
        _ => {}
    }
}

/// The patch, and what became of it; a conflict is tried again on the newer object.
async fn patch(
    ctx: &mut Ctx<'_>,
    options: &Options,
    info: &Info,
    modified: &Value,
) -> (Value, Result<Object, Failure>) {
    let mut current = info.object.clone();
    let mut tries = 0;
    loop {
        let (patch, result) = patch_once(ctx, &options.write, info, &current, modified);
        let failure = match result {
            Ok(object) => return (patch, Ok(object)),
            Err(failure) => failure,
        };
        if failure.is_conflict() && tries < TRIES_MAX {
            tries += 1;
            match ctx.get_object(info.path()) {
                Ok(newer) => current = newer,
                Err(failure) => return (Value::Null, Err(failure)),
            }
            continue;
        }
        if options.force && matches!(failure.reason(), "Conflict" | "Invalid") {
            return (modified.clone(), recreate(ctx, options, info, modified).await);
        }
        return (patch, Err(failure.about_source("patching", &info.source)));
    }
}

/// The patch that brings `current` to `modified`, and what the server makes of it.
pub(in crate::tools::kubectl) fn patch_once(
    ctx: &mut Ctx<'_>,
    write: &Write,
    info: &Info,
    current: &Object,
    modified: &Value,
) -> (Value, Result<Object, Failure>) {
    let refuses_conflicts = ctx.flags.has("overwrite") && !ctx.flags.on("overwrite");
    let original = writes::last_applied(current).unwrap_or("");
    let original: Value = serde_json::from_str(original).unwrap_or_else(|_| json!({}));
    let (kind, patch) = match diffs::three_way(&original, modified, current) {
        Ok(made) => made,
        Err(failure) => return (Value::Null, Err(failure)),
    };
    if patch == json!({}) {
        return (patch, Ok(current.clone()));
    }
    // Any patch meets the annotation that was changed since, so that all are conflicts then.
    if refuses_conflicts && kind == STRATEGIC_PATCH {
        return (Value::Null, Err(conflict(ctx, &original, modified, current, &patch)));
    }
    let result = if write.dry_run == DryRun::Client {
        diffs::apply(kind, current, &patch).map(Into::into)
    } else {
        ctx.patch(&info.path(), kind, &patch, write)
    };
    (patch, result)
}

/// `--overwrite=false`: what others changed since is not written over. The way by each of the server's documents
/// is warned about before the last one fails.
fn conflict(ctx: &Ctx<'_>, original: &Value, modified: &Value, current: &Value, patch: &Value) -> Failure {
    let mut changed = match diffs::two_way(original, current) {
        Ok((_, changed)) => changed,
        Err(failure) => return failure,
    };
    without_orders(&mut changed);
    let why = format!(
        "patch:\n{}\nconflicts with changes made from original to current:\n{}\n",
        yaml::to_string(patch),
        yaml::to_string(&changed)
    );
    for spec in ["openapi v3 spec", "openapi spec"] {
        ctx.err(&format!("warning: error calculating patch from {spec}: {why}\n"));
    }
    let original = writes::last_applied(current).unwrap_or("");
    let (modified, current) = (go::json(modified), go::json(current));
    Failure::error(format!(
        "creating patch with:\noriginal:\n{original}\nmodified:\n{modified}\n\ncurrent:\n{current}\n\nfor: {why}"
    ))
}

/// Takes the orders of lists out of a strategic patch.
fn without_orders(tree: &mut Value) {
    match tree {
        Value::Object(map) => {
            map.retain(|key, _| !key.starts_with("$setElementOrder/"));
            map.values_mut().for_each(without_orders);
        }
        Value::Array(items) => items.iter_mut().for_each(without_orders),
        _ => {}
    }
}

/// `--force`: away with the old object, and the new one in its place.
async fn recreate(
    ctx: &mut Ctx<'_>,
    options: &Options,
    info: &Info,
    modified: &Value,
) -> Result<Object, Failure> {
    let uid = delete::one(ctx, info, &options.delete)?;
    let gone = [(info.clone(), uid)];
    let timeout = ctx.flags.duration("timeout");
    delete::wait_gone(ctx, &gone, timeout)
        .await
        .map_err(|_| Failure::error("context deadline exceeded").about_source("patching", &info.source))?;
    let Some(mapping) = &info.mapping else { return Ok(info.object.clone()) };
    let mut fresh = modified.clone();
    if text(&fresh, "/metadata/namespace").is_empty() && !info.namespace.is_empty() {
        object::set(&mut fresh, &["metadata", "namespace"], info.namespace.as_str());
    }
    ctx.create(mapping, &info.namespace, &fresh, &options.write)
}
