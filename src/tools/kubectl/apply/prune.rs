//! `--prune`: objects that were applied before and are not given now are deleted.

use super::super::client::Call;
use super::super::delete;
use super::super::{Ctx, Done, DryRun, Failure, Info, Mapping};
use super::{Applied, Options};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;

/// Types that are pruned when no `--prune-allowlist` says otherwise: group, version, kind.
const DEFAULT: &[(&str, &str, &str)] = &[
    ("", "v1", "ConfigMap"),
    ("", "v1", "Endpoints"),
    ("", "v1", "PersistentVolumeClaim"),
    ("", "v1", "Pod"),
    ("", "v1", "ReplicationController"),
    ("", "v1", "Secret"),
    ("", "v1", "Service"),
    ("batch", "v1", "Job"),
    ("batch", "v1", "CronJob"),
    ("networking.k8s.io", "v1", "Ingress"),
    ("apps", "v1", "DaemonSet"),
    ("apps", "v1", "Deployment"),
    ("apps", "v1", "ReplicaSet"),
    ("apps", "v1", "StatefulSet"),
    ("", "v1", "Namespace"),
    ("", "v1", "PersistentVolume"),
];

/// What to prune.
pub(in crate::tools::kubectl) struct Prune {
    types: Vec<Mapping>,
    /// True when no allow list is given.
    by_default: bool,
}

/// Reads `--prune` and `--prune-allowlist`; `None` without `--prune`.
///
/// # Errors
/// An entry that is no `group/version/kind`, or names no type.
pub(in crate::tools::kubectl) fn of_flags(ctx: &mut Ctx<'_>) -> Result<Option<Prune>, Failure> {
    if !ctx.flags.on("prune") {
        return Ok(None);
    }
    let list = ctx.flags.list("prune-allowlist");
    let mut types = Vec::new();
    for entry in &list {
        let parts: Vec<&str> = entry.split('/').collect();
        let [group, version, kind] = parts.as_slice() else {
            return Err(Failure::error(format!(
                "invalid GroupVersionKind format: {entry}, please follow <group/version/kind>"
            )));
        };
        types.push(find(ctx, if *group == "core" { "" } else { group }, version, kind)?);
    }
    Ok(Some(Prune { types, by_default: list.is_empty() }))
}

fn find(ctx: &mut Ctx<'_>, group: &str, version: &str, kind: &str) -> Result<Mapping, Failure> {
    let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    ctx.type_of(&json!({"apiVersion": api_version, "kind": kind}))
}

impl Prune {
    pub(super) fn run(mut self, ctx: &mut Ctx<'_>, options: &mut Options, applied: &Applied) -> Done {
        if self.by_default {
            deprecated(ctx);
            for (group, version, kind) in DEFAULT {
                self.types.push(find(ctx, group, version, kind)?);
            }
        }
        for namespace in &applied.namespaces {
            for mapping in self.types.iter().filter(|mapping| mapping.namespaced) {
                prune(ctx, options, applied, mapping, namespace).map_err(|failure| {
                    Failure::error(format!(
                        "error pruning namespaced object {}: {}",
                        mapping.kind_text(),
                        failure.sentence()
                    ))
                })?;
            }
        }
        for mapping in self.types.iter().filter(|mapping| !mapping.namespaced) {
            prune(ctx, options, applied, mapping, "").map_err(|failure| {
                Failure::error(format!(
                    "error pruning nonNamespaced object {}: {}",
                    mapping.kind_text(),
                    failure.sentence()
                ))
            })?;
        }
        Ok(())
    }
}

fn deprecated(ctx: &mut Ctx<'_>) {
    ctx.klog('W', "prune.go:71", "Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.");
}

/// What `--prune` would take away: objects of these namespaces that were applied before and are not among `uids`.
///
/// # Errors
/// The server's refusal to list.
pub(in crate::tools::kubectl) fn left_over(
    ctx: &mut Ctx<'_>,
    prune: &Prune,
    namespaces: &[String],
    uids: &[String],
) -> Result<Vec<Value>, Failure> {
    let mut types = prune.types.clone();
    if prune.by_default {
        deprecated(ctx);
        for (group, version, kind) in DEFAULT {
            types.push(find(ctx, group, version, kind)?);
        }
    }
    let nowhere = [String::new()];
    let mut all = Vec::new();
    for mapping in &types {
        for namespace in if mapping.namespaced { namespaces } else { &nowhere } {
            all.extend(candidates(ctx, mapping, namespace, uids)?);
        }
    }
    Ok(all)
}

/// Objects of a type that were applied before and are not among `uids`.
fn candidates(
    ctx: &mut Ctx<'_>,
    mapping: &Mapping,
    namespace: &str,
    uids: &[String],
) -> Result<Vec<Value>, Failure> {
    let selector = ctx.flags.text("selector").to_owned();
    let list = ctx.object(Call::get(mapping.path(namespace)).query("labelSelector", selector))?;
    let mut found = Vec::new();
    for item in object::list(&list, "/items") {
        let was_applied = super::super::writes::last_applied(item).is_some();
        if !was_applied || uids.iter().any(|uid| uid == object::uid(item)) {
            continue;
        }
        let mut item = item.clone();
        object::set_default(&mut item, &["kind"], mapping.kind.as_str());
        object::set_default(&mut item, &["apiVersion"], mapping.api_version());
        found.push(item);
    }
    Ok(found)
}

fn prune(
    ctx: &mut Ctx<'_>,
    options: &mut Options,
    applied: &Applied,
    mapping: &Mapping,
    namespace: &str,
) -> Done {
    for item in candidates(ctx, mapping, namespace, &applied.uids)? {
        remove(ctx, options, mapping, &item)?;
    }
    Ok(())
}

/// Deletes one object and prints it as pruned.
pub(super) fn remove(ctx: &mut Ctx<'_>, options: &mut Options, mapping: &Mapping, item: &Value) -> Done {
    let info = Info {
        mapping: Some(mapping.clone()),
        namespace: object::namespace(item).to_owned(),
        name: object::name(item).to_owned(),
        object: item.clone().into(),
        source: String::new(),
    };
    if options.write.dry_run != DryRun::Client {
        match delete::one(ctx, &info, &options.delete) {
            Err(failure) if !failure.is_not_found() => return Err(failure),
            _ => {}
        }
    }
    let what = format!("pruned{}", options.write.dry_run.suffix());
    options.printer.print(ctx, item, &what)
}
