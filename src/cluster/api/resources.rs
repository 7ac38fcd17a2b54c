//! Which resources the API serves: the built-in ones from the discovery facts of v1.36.2, and those of
//! the CustomResourceDefinitions in the store.
//!
//! Knows nothing of verbs' behaviour; [`super::strategy`] has the rules of single kinds.

use std::sync::{Arc, OnceLock};

use super::flags;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk};
use crate::cluster::{Cluster, Object};

/// Group-resource of the definitions of custom resources.
pub(crate) const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// One resource in one version.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Resource {
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    /// `PodList`.
    pub(crate) list_kind: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) namespaced: bool,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) verbs: Vec<String>,
    /// `storageVersionHash` of discovery; empty where the server gives none.
    pub(crate) storage_hash: String,
    pub(crate) subresources: Vec<Subresource>,
    /// Under which name the store keeps the objects: `deployments.apps`, `pods`. Versions share it.
    pub(crate) storage: Arc<str>,
    /// `apiVersion` of the stored objects.
    pub(crate) storage_version: String,
    /// The definition, for custom resources.
    pub(crate) definition: Option<Object>,
}

/// A subresource as discovery lists it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subresource {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// Group and version of the kind where they differ from the resource's.
    pub(crate) of: Option<(String, String)>,
    pub(crate) verbs: Vec<String>,
}

/// The verbs that most resources have, as discovery sorts them.
pub(crate) const ALL_VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// Facts of `/api`, `/apis` and every APIResourceList of kube-apiserver v1.36.2.
const FACTS: &str = include_str!("../../../assets/api/resources.txt");

impl Resource {
    /// `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        join_version(&self.group, &self.version)
    }

    /// Group, version and kind.
    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::new(&self.group, &self.version, &self.kind)
    }

    /// One of its subresources.
    pub(crate) fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|sub| sub.name == name)
    }

    /// True when the resource is defined by a CustomResourceDefinition.
    pub(crate) fn is_custom(&self) -> bool {
        self.definition.is_some()
    }

    /// True when discovery lists `verb` for it.
    pub(crate) fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|it| it == verb)
    }
}

/// The built-in resources, in the order of discovery.
pub(crate) fn built_in() -> &'static [Arc<Resource>] {
    static TABLE: OnceLock<Vec<Arc<Resource>>> = OnceLock::new();
    TABLE.get_or_init(|| FACTS.lines().filter_map(parse_line).map(Arc::new).collect())
}

/// A resource by its place in a path.
pub(crate) fn find(cluster: &Cluster, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
    let fits = |it: &&Arc<Resource>| it.plural == plural && it.version == version && it.group == group;
    if !flags::serves(cluster, group, version) {
        return None;
    }
    if let Some(found) = built_in().iter().find(fits) {
        return Some(found.clone());
    }
    if let Some(found) = super::aggregate::resources(cluster).iter().find(fits) {
        return Some(found.clone());
    }
    let definition = cluster.store.find(CRDS, "", &format!("{plural}.{group}"))?;
    custom(definition).into_iter().find(|it| it.version == version).map(Arc::new)
}

/// A resource by the kind that a manifest names.
pub(crate) fn by_kind(cluster: &Cluster, gvk: &Gvk) -> Option<Arc<Resource>> {
    let fits = |it: &Resource| it.kind == gvk.kind && it.version == gvk.version && it.group == gvk.group;
    if let Some(found) = built_in().iter().find(|it| fits(it)) {
        return Some(found.clone());
    }
    cluster.store.list(CRDS, "").flat_map(custom).find(fits).map(Arc::new)
}

/// The resource of a group-resource in its storage version: `deployments.apps`.
pub(crate) fn by_storage(cluster: &Cluster, storage: &str) -> Option<Arc<Resource>> {
    let stored = |it: &Resource| &*it.storage == storage && it.api_version() == it.storage_version;
    if let Some(found) = built_in().iter().find(|it| stored(it)) {
        return Some(found.clone());
    }
    let definition = cluster.store.find(CRDS, "", storage)?;
    custom(definition).into_iter().find(stored).map(Arc::new)
}

/// Every resource that is served now.
pub(crate) fn all(cluster: &Cluster) -> Vec<Arc<Resource>> {
    let customs = cluster.store.list(CRDS, "").flat_map(custom).map(Arc::new);
    let served = built_in().iter().filter(|it| flags::serves(cluster, &it.group, &it.version)).cloned();
    served.chain(super::aggregate::resources(cluster)).chain(customs).collect()
}

/// The served versions of a custom resource, once its names are accepted.
pub(crate) fn custom(definition: &Object) -> Vec<Resource> {
    if !is_established(definition) {
        return Vec::new();
    }
    let versions = object::list(definition, "/spec/versions");
    let storage_version = versions
        .iter()
        .find(|version| object::flag(version, "/storage"))
        .map_or("", |version| object::field(version, "name"));
    versions
        .iter()
        .filter(|version| object::flag(version, "/served") || object::flag(version, "/storage"))
        .map(|version| custom_version(definition, version, storage_version))
        .filter(|resource| !resource.verbs.is_empty())
        .collect()
}

fn is_established(definition: &Value) -> bool {
    object::list(definition, "/status/conditions").iter().any(|condition| {
        object::field(condition, "type") == "Established" && object::field(condition, "status") == "True"
    })
}

fn custom_version(definition: &Object, version: &Value, storage_version: &str) -> Resource {
    let names = |field: &str| object::text(definition, &format!("/status/acceptedNames/{field}")).to_owned();
    let many = |field: &str| {
        let path = format!("/status/acceptedNames/{field}");
        object::list(definition, &path).iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
    };
    let group = object::text(definition, "/spec/group").to_owned();
    let kind = names("kind");
    let terminating = object::at(definition, "/metadata/deletionTimestamp").is_some();
    let verbs =
        if terminating { &["delete", "deletecollection", "get", "list", "watch"][..] } else { &CUSTOM_VERBS };
    Resource {
        version: object::field(version, "name").to_owned(),
        list_kind: names("listKind"),
        plural: names("plural"),
        singular: names("singular"),
        namespaced: object::text(definition, "/spec/scope") == "Namespaced",
        short_names: many("shortNames"),
        categories: many("categories"),
        verbs: if object::flag(version, "/served") { owned(verbs) } else { Vec::new() },
        storage_hash: String::new(),
        subresources: custom_subresources(version, &kind),
        storage: object::name(definition).into(),
        storage_version: join_version(&group, storage_version),
        definition: Some(definition.clone()),
        group,
        kind,
    }
}

/// The order in which discovery lists the verbs of custom resources.
const CUSTOM_VERBS: [&str; 8] =
    ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

fn custom_subresources(version: &Value, kind: &str) -> Vec<Subresource> {
    let verbs = owned(&["get", "patch", "update"]);
    let mut subresources = Vec::new();
    if object::at(version, "/subresources/status").is_some() {
        let (name, kind) = ("status".to_owned(), kind.to_owned());
        subresources.push(Subresource { name, kind, of: None, verbs: verbs.clone() });
    }
    if object::at(version, "/subresources/scale").is_some() {
        let of = Some(("autoscaling".to_owned(), "v1".to_owned()));
        subresources.push(Subresource { name: "scale".into(), kind: "Scale".into(), of, verbs });
    }
    subresources
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn join_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn parse_line(line: &'static str) -> Option<Resource> {
    if line.starts_with('#') {
        return None;
    }
    let mut parts = line.split('|');
    let mut next = || parts.next().unwrap_or("");
    let (group, version) = object::split_api_version(next());
    let (plural, singular, kind) = (next(), next(), next());
    let namespaced = next() == "N";
    let (short_names, categories) = (words(next(), ','), words(next(), ','));
    let (verbs, hash, subresources) = (next(), next(), next());
    let (storage, storage_version) = storage_of(group, version, plural);
    Some(Resource {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        list_kind: format!("{kind}List"),
        plural: plural.into(),
        singular: singular.into(),
        namespaced,
        short_names,
        categories,
        verbs: if verbs == "*" { owned(&ALL_VERBS) } else { words(verbs, ',') },
        storage_hash: hash.into(),
        subresources: subresources.split(' ').filter_map(parse_subresource).collect(),
        storage,
        storage_version,
        definition: None,
    })
}

/// Events of both groups are one store, kept in the core version; autoscaling is kept as v2.
fn storage_of(group: &str, version: &str, plural: &str) -> (Arc<str>, String) {
    match (group, plural) {
        ("events.k8s.io", "events") => ("events".into(), "v1".into()),
        ("autoscaling", _) => (format!("{plural}.autoscaling").into(), "autoscaling/v2".into()),
        ("", _) => (plural.into(), version.into()),
        _ => (format!("{plural}.{group}").into(), join_version(group, version)),
    }
}

fn parse_subresource(text: &str) -> Option<Subresource> {
    let mut parts = text.split('=');
    let (name, kind, verbs) = (parts.next()?, parts.next()?, parts.next()?);
    let (kind, of) = match kind.split_once('@') {
        Some((kind, of)) => {
            let (group, version) = object::split_api_version(of);
            (kind, Some((group.to_owned(), version.to_owned())))
        }
        None => (kind, None),
    };
    let verbs = if verbs == "g" { owned(&["get", "patch", "update"]) } else { words(verbs, ',') };
    Some(Subresource { name: name.into(), kind: kind.into(), of, verbs })
}

fn words(text: &str, separator: char) -> Vec<String> {
    text.split(separator).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_what_discovery_lists() {
        let table = built_in();
        let pods = table.iter().find(|it| it.plural == "pods").unwrap();
        assert_eq!((pods.kind.as_str(), pods.short_names[0].as_str(), pods.namespaced), ("Pod", "po", true));
        assert_eq!(pods.subresource("eviction").unwrap().of, Some(("policy".into(), "v1".into())));
        let stored: Vec<_> = table.iter().filter(|it| &*it.storage == "events").collect();
        assert_eq!(stored.len(), 2);
        assert_eq!(table.len(), 68);
    }
}
