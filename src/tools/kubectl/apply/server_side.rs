//! Server-side apply: the server merges, and tells conflicts with other managers.

use std::collections::BTreeMap;

use super::super::client::{APPLY_PATCH, Call, JSON_PATCH};
use super::super::writes::{LAST_APPLIED, Write};
use super::super::{Ctx, Done, Failure, Info};
use super::{Applied, Options, warn_if_deleting};
use crate::apimachinery::go;
use crate::apimachinery::json::{Key, Value, json};
use crate::apimachinery::object::{self, list, text};

pub(super) fn apply(ctx: &mut Ctx<'_>, options: &mut Options, applied: &mut Applied, mut info: Info) -> Done {
    let given = info.object.clone();
    let answer = send(ctx, options, &info, &given).map_err(explain)?;
    info.refresh(answer);
    match keep_annotation(ctx, options, &mut info).and_then(|()| migrate(ctx, options, &mut info)) {
        Ok(false) => {}
        Ok(true) => {
            let again = send(ctx, options, &info, &given).map_err(explain)?;
            info.refresh(again);
        }
        Err(failure) => ctx.err(&format!(
            "Warning: server rejected managed fields migration to Server-Side Apply. This is non-fatal and will be retried next time you apply. Error: {}\n",
            failure.sentence()
        )),
    }
    warn_if_deleting(ctx, &info.object);
    options.done(ctx, applied, &info, "serverside-applied")
}

fn send(
    ctx: &mut Ctx<'_>,
    options: &Options,
    info: &Info,
    tree: &Value,
) -> Result<crate::cluster::Object, Failure> {
    let mut path = info.path();
    let subresource = ctx.flags.text("subresource");
    if !subresource.is_empty() {
        path = format!("{path}/{subresource}");
    }
    let force = if ctx.flags.on("force-conflicts") { "true" } else { "false" };
    let call = Call::patch(path, APPLY_PATCH, go::json(tree));
    ctx.object(options.write.on(call).query("force", force))
}

/// What to do about a conflict stands behind the server's sentence.
fn explain(failure: Failure) -> Failure {
    if !failure.is_conflict() {
        return failure;
    }
    Failure::error(format!(
        "{}\nPlease review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts",
        failure.sentence()
    ))
}

/// Under the usual manager, the annotation of client-side apply stays, owned by a manager of its own; the server
/// keeps it up to date from then on.
fn keep_annotation(ctx: &mut Ctx<'_>, options: &Options, info: &mut Info) -> Done {
    let Some(annotation) = object::annotation(&info.object, LAST_APPLIED) else { return Ok(()) };
    let entries = list(&info.object, "/metadata/managedFields");
    if options.write.manager != "kubectl" || entries.iter().any(|entry| owns_annotation(entry, "Apply")) {
        return Ok(());
    }
    let gvk = object::Gvk::of(&info.object);
    let mut tree = json!({
        "apiVersion": gvk.api_version(), "kind": gvk.kind,
        "metadata": {"annotations": {LAST_APPLIED: annotation}, "name": info.name},
    });
    if !info.namespace.is_empty() {
        object::set(&mut tree, &["metadata", "namespace"], info.namespace.as_str());
    }
    let write = Write { manager: "kubectl-last-applied".into(), ..options.write.clone() };
    let kept = ctx.object(write.on(Call::patch(info.path(), APPLY_PATCH, go::json(&tree))))?;
    info.refresh(kept);
    Ok(())
}

fn owns_annotation(entry: &Value, operation: &str) -> bool {
    let fields = entry.pointer("/fieldsV1/f:metadata/f:annotations");
    text(entry, "/operation") == operation
        && fields.is_some_and(|fields| fields.get(format!("f:{LAST_APPLIED}")).is_some())
}

/// Hands fields that client-side apply owned to this manager; true when there were any.
fn migrate(ctx: &mut Ctx<'_>, options: &Options, info: &mut Info) -> Result<bool, Failure> {
    if object::annotation(&info.object, LAST_APPLIED).is_none() {
        return Ok(false);
    }
    let entries = list(&info.object, "/metadata/managedFields");
    let (old, mut kept): (Vec<Value>, Vec<Value>) =
        entries.iter().cloned().partition(|entry| owns_annotation(entry, "Update"));
    if old.is_empty() {
        return Ok(false);
    }
    let manager = options.write.manager.as_str();
    let mine =
        |entry: &&mut Value| text(entry, "/manager") == manager && text(entry, "/operation") == "Apply";
    if let Some(mine) = kept.iter_mut().find(mine) {
        for entry in &old {
            union(&mut mine["fieldsV1"], &entry["fieldsV1"]);
        }
    } else if let Some(first) = old.first() {
        let mut first = first.clone();
        first["manager"] = manager.into();
        first["operation"] = "Apply".into();
        kept.insert(0, first);
    }
    let version = text(&info.object, "/metadata/resourceVersion");
    let patch = json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": kept},
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
    ]);
    let patched = ctx.patch(&info.path(), JSON_PATCH, &patch, &options.write)?;
    info.refresh(patched);
    Ok(true)
}

/// Adds the fields of `other` to `fields`.
fn union(fields: &mut Value, other: &Value) {
    let (Some(fields), Some(other)) = (fields.as_object_mut(), other.as_object()) else { return };
    let others: BTreeMap<&Key, &Value> = other.iter().collect();
    for (key, value) in others {
        match fields.get_mut(key) {
            Some(known) => union(known, value),
            None => {
                fields.insert(key.clone(), value.clone());
            }
        }
    }
}
