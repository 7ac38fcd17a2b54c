//! Apply sets: `--applyset` keeps the list of what was applied in a parent object, and prunes by it.

use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::super::client::{APPLY_PATCH, Call};
use super::super::writes::Write;
use super::super::{Ctx, Done, DryRun, Failure, Info, Mapping};
use super::{Applied, Options, prune};
use crate::apimachinery::go;
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, annotation, label, list};

const PART_OF: &str = "applyset.kubernetes.io/part-of";
const ID: &str = "applyset.kubernetes.io/id";
const TOOLING: &str = "applyset.kubernetes.io/tooling";
const KINDS: &str = "applyset.kubernetes.io/contains-group-kinds";
const NAMESPACES: &str = "applyset.kubernetes.io/additional-namespaces";
const PARENT_TYPE: &str = "applyset.kubernetes.io/is-parent-type";

/// What this program calls itself in the parent.
const TOOL: &str = "kubectl/v1.36.2";

/// One apply set. Kinds are written `Kind.group`.
pub(super) struct ApplySet {
    parent: Mapping,
    namespace: String,
    name: String,
    current_kinds: Vec<String>,
    current_namespaces: Vec<String>,
    new_kinds: Vec<String>,
    new_namespaces: Vec<String>,
}

/// Reads `--applyset`; `None` without it.
///
/// # Errors
/// A parent that is none.
pub(super) fn of_flag(ctx: &mut Ctx<'_>) -> Result<Option<ApplySet>, Failure> {
    let reference = ctx.flags.text("applyset").to_owned();
    if reference.is_empty() {
        return Ok(None);
    }
    let (kind, name) = reference.split_once('/').unwrap_or(("secrets", &reference));
    let wrong = |why: &str| Failure::error(format!("invalid parent reference {reference:?}: {why}"));
    if name.is_empty() {
        return Err(wrong("name cannot be blank"));
    }
    let parent = ctx.resource(kind).map_err(|failure| wrong(&failure.sentence()))?;
    let namespace = ctx.namespace()?;
    let namespace = if parent.namespaced && namespace.explicit { namespace.name } else { String::new() };
    Ok(Some(ApplySet {
        parent,
        namespace,
        name: name.to_owned(),
        current_kinds: Vec::new(),
        current_namespaces: Vec::new(),
        new_kinds: Vec::new(),
        new_namespaces: Vec::new(),
    }))
}

fn kind_of(mapping: &Mapping) -> String {
    if mapping.group.is_empty() {
        mapping.kind.clone()
    } else {
        format!("{}.{}", mapping.kind, mapping.group)
    }
}

fn add(all: &mut Vec<String>, one: String) {
    if !all.contains(&one) {
        all.push(one);
        all.sort();
    }
}

fn split(text: &str) -> Vec<String> {
    text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

impl ApplySet {
    fn id(&self) -> String {
        let text = [&self.name, &self.namespace, &self.parent.kind, &self.parent.group]
            .map(String::as_str)
            .join(".");
        let hash = Sha256::digest(text.as_bytes());
        format!("applyset-{}-v1", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash))
    }

    fn shown(&self) -> String {
        format!("{}.{}/{}", self.parent.resource, self.parent.group, self.name)
    }

    /// The parent must be a Secret, a ConfigMap, or of a type that says it may be one.
    pub(super) fn check(&self, ctx: &mut Ctx<'_>) -> Done {
        if self.parent.namespaced && self.namespace.is_empty() {
            return Err(Failure::error("namespace is required to use namespace-scoped ApplySet"));
        }
        if self.parent.group.is_empty() && matches!(self.parent.resource.as_str(), "secrets" | "configmaps") {
            return Ok(());
        }
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let allowed = ctx.object(Call::get(path).query("labelSelector", PARENT_TYPE))?;
        if list(&allowed, "/items").iter().any(|crd| object::name(crd) == self.parent.qualified()) {
            return Ok(());
        }
        Err(Failure::error(format!(
            "resource {:?} is not permitted as an ApplySet parent",
            self.parent.resource_text()
        )))
    }

    /// Puts the label of the set on every object.
    pub(super) fn label(&self, infos: &mut [Info]) -> Done {
        for info in infos {
            if label(&info.object, PART_OF).is_some() {
                return Err(Failure::error(format!("ApplySet label {PART_OF:?} already set in input data")));
            }
            let tree = std::sync::Arc::make_mut(&mut info.object);
            object::map_at(tree, &["metadata", "labels"]).insert(PART_OF.into(), self.id().into());
        }
        Ok(())
    }

    /// Reads the parent, and notes in it what is about to be applied beside what was.
    pub(super) fn before(&mut self, ctx: &mut Ctx<'_>, infos: &[Info], write: &Write) -> Done {
        match ctx.get_object(self.parent.item(&self.namespace, &self.name)) {
            Ok(parent) => self.read(&parent)?,
            Err(failure) if failure.is_not_found() => {}
            Err(failure) => {
                let words = format!("failed to fetch ApplySet parent object {:?}: ", self.shown());
                return Err(Failure::error(format!("{words}{}", failure.sentence())));
            }
        }
        for info in infos {
            let Some(mapping) = &info.mapping else { continue };
            add(&mut self.new_kinds, kind_of(mapping));
            if mapping.namespaced {
                add(&mut self.new_namespaces, info.namespace.clone());
            }
        }
        let (mut kinds, mut namespaces) = (self.current_kinds.clone(), self.current_namespaces.clone());
        self.new_kinds.iter().for_each(|kind| add(&mut kinds, kind.clone()));
        self.new_namespaces.iter().for_each(|one| add(&mut namespaces, one.clone()));
        self.write_parent(ctx, &kinds, &namespaces, write)
    }

    fn read(&mut self, parent: &Value) -> Done {
        let exists = format!("ApplySet parent object {:?}", self.shown());
        let Some(tool) = annotation(parent, TOOLING) else {
            return Err(Failure::error(format!(
                "{exists} already exists and is missing required annotation {TOOLING:?}"
            )));
        };
        let base = tool.rsplit_once('/').map_or(tool, |(base, _)| base);
        if base != "kubectl" {
            return Err(Failure::error(format!(
                "{exists} already exists and is managed by tooling {base:?} instead of \"kubectl\""
            )));
        }
        match label(parent, ID) {
            None => {
                return Err(Failure::error(format!("{exists} exists and does not have required label {ID}")));
            }
            Some(id) if id != self.id() => {
                return Err(Failure::error(format!(
                    "{exists} exists and has incorrect value for label {ID:?} (got: {id}, want: {})",
                    self.id()
                )));
            }
            Some(_) => {}
        }
        self.current_kinds = split(annotation(parent, KINDS).unwrap_or(""));
        self.current_namespaces = split(annotation(parent, NAMESPACES).unwrap_or(""));
        if self.parent.namespaced {
            add(&mut self.current_namespaces, self.namespace.clone());
        }
        Ok(())
    }

    fn write_parent(
        &self,
        ctx: &mut Ctx<'_>,
        kinds: &[String],
        namespaces: &[String],
        write: &Write,
    ) -> Done {
        if write.dry_run == DryRun::Client {
            return Ok(());
        }
        let others: Vec<&str> =
            namespaces.iter().map(String::as_str).filter(|one| *one != self.namespace).collect();
        let tree = json!({
            "apiVersion": self.parent.api_version(), "kind": self.parent.kind,
            "metadata": {
                "name": self.name, "namespace": self.namespace,
                "annotations": {TOOLING: TOOL, KINDS: kinds.join(","), NAMESPACES: others.join(",")},
                "labels": {ID: self.id()},
            },
        });
        let write = Write { manager: "kubectl-applyset".into(), ..write.clone() };
        let path = self.parent.item(&self.namespace, &self.name);
        let call = write.on(Call::patch(path, APPLY_PATCH, go::json(&tree))).query("force", "true");
        ctx.send(call)
            .map(drop)
            .map_err(|failure| Failure::error(format!("failed to update ApplySet: {}", failure.sentence())))
    }

    /// Deletes members that were not applied this time, and notes only what was.
    pub(super) fn prune(self, ctx: &mut Ctx<'_>, options: &mut Options, applied: &Applied) -> Done {
        let selector = format!("{PART_OF}={}", self.id());
        let mapper = ctx.mapper()?;
        for kind in &self.current_kinds {
            let Some(mapping) = mapper.preferred().into_iter().find(|one| kind_of(one) == *kind) else {
                continue;
            };
            let everywhere = vec![String::new()];
            let namespaces = if mapping.namespaced { &self.current_namespaces } else { &everywhere };
            for namespace in namespaces {
                let call = Call::get(mapping.path(namespace)).query("labelSelector", selector.as_str());
                let found = ctx.object(call)?;
                for item in list(&found, "/items") {
                    if !applied.uids.iter().any(|uid| uid == object::uid(item)) {
                        prune::remove(ctx, options, mapping, item)?;
                    }
                }
            }
        }
        let write = options.write.clone();
        self.write_parent(ctx, &self.new_kinds, &self.new_namespaces, &write)
    }
}
