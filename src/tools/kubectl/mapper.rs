//! From the words for a type to its path: discovery, kept in `~/.kube/cache` for six hours as the real one is.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::client::Call;
use super::{Ctx, Failure};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object::{self, list, text};
use crate::cluster::api::resources::{self, Resource};
use crate::hosts::files;
use crate::sim::memo::Memo;

/// 6 h: client-go's default time to live of cached discovery.
const CACHE_LIVES: Duration = Duration::from_secs(6 * 3600);

/// How often a command asks for the server's types, and says so, before it gives up: most look one up by every name
/// that it might have.
const TRIES: usize = 5;

/// Commands that ask in another way, with how often they say that it failed. Recorded from kubectl v1.36.
const OTHER_TRIES: &[(&str, usize)] = &[
    ("api-resources", 1),
    ("api-versions", 1),
    ("attach", 4),
    ("auth can-i", 2),
    ("certificate approve", 4),
    ("certificate deny", 4),
    ("cordon", 4),
    ("cp", 4),
    ("create clusterrole", 2),
    ("create job", 4),
    ("create role", 2),
    ("debug", 4),
    ("drain", 4),
    ("exec", 4),
    ("explain", 2),
    ("logs", 4),
    ("port-forward", 4),
    ("run", 1),
    ("set env", 4),
    ("set image", 4),
    ("set resources", 4),
    ("set selector", 4),
    ("set serviceaccount", 4),
    ("set subject", 4),
    ("taint", 2),
    ("top node", 0),
    ("top pod", 0),
    ("uncordon", 4),
    ("wait", 4),
];

/// A type that the server serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mapping {
    /// Empty for the core group.
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    /// The plural, as it stands in paths.
    pub(crate) resource: String,
    pub(crate) singular: String,
    pub(crate) namespaced: bool,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) verbs: Vec<String>,
    pub(crate) subresources: Vec<String>,
}

impl Mapping {
    /// The type of an object that kubectl itself knows, so that the server need not be asked.
    pub(crate) fn built_in(tree: &Value) -> Option<Self> {
        let gvk = object::Gvk::of(tree);
        let fits = |it: &&Arc<Resource>| {
            it.kind == gvk.kind
                && it.version == gvk.version
                && it.group == gvk.group
                && !it.plural.contains('/')
        };
        let found = resources::built_in().iter().find(fits)?;
        Some(Self {
            group: found.group.clone(),
            version: found.version.clone(),
            kind: found.kind.clone(),
            resource: found.plural.clone(),
            singular: found.singular.clone(),
            namespaced: found.namespaced,
            short_names: found.short_names.clone(),
            categories: found.categories.clone(),
            verbs: found.verbs.clone(),
            subresources: Vec::new(),
        })
    }

    /// `v1` or `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `deployments.apps`, or `pods`.
    pub(crate) fn qualified(&self) -> String {
        qualify(&self.resource, &self.group)
    }

    /// `deployment.apps`, or `pod`: what `-o name` and most verbs print before the name.
    pub(crate) fn lower_kind(&self) -> String {
        qualify(&self.kind.to_lowercase(), &self.group)
    }

    /// The path of the collection, in a namespace when the type has them and `namespace` is not empty.
    pub(crate) fn path(&self, namespace: &str) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let inside = if self.namespaced && !namespace.is_empty() {
            format!("/namespaces/{namespace}")
        } else {
            String::new()
        };
        format!("{root}/{}{inside}/{}", self.api_version(), self.resource)
    }

    /// The path of one object.
    pub(crate) fn item(&self, namespace: &str, name: &str) -> String {
        format!("{}/{name}", self.path(namespace))
    }

    /// `apps/v1, Resource=deployments`: how Go prints a group-version-resource.
    pub(crate) fn resource_text(&self) -> String {
        format!("{}/{}, Resource={}", self.group, self.version, self.resource)
    }

    /// `apps/v1, Kind=Deployment`.
    pub(crate) fn kind_text(&self) -> String {
        format!("{}/{}, Kind={}", self.group, self.version, self.kind)
    }

    /// True when the type answers to the verb.
    pub(crate) fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|known| known == verb)
    }

    /// True for another version of the same type.
    pub(crate) fn same_type(&self, other: &Self) -> bool {
        self.group == other.group && self.resource == other.resource
    }
}

fn qualify(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

/// All types of a server: groups in its order, preferred versions first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapper {
    pub(crate) types: Vec<Mapping>,
    /// True when just read from the server, so that asking again tells nothing new.
    fresh: bool,
}

impl Mapper {
    /// Reads aggregated discovery documents.
    pub(crate) fn from_discovery<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut types = Vec::new();
        for document in documents {
            for group in list(document, "/items") {
                for version in list(group, "/versions") {
                    for resource in list(version, "/resources") {
                        types.push(mapping(object::name(group), text(version, "/version"), resource));
                    }
                }
            }
        }
        Self { types, fresh: true }
    }

    /// The type that a word of the command line means; `None` when the server has no such type.
    /// The word may be a plural, singular, short name or kind, with `.group` or `.version.group`.
    ///
    /// Only short names must be written as they are.
    pub(crate) fn find(&self, word: &str) -> Option<&Mapping> {
        let lower = word.to_lowercase();
        let as_written = word.split('.').next().unwrap_or(word);
        let mut parts = lower.splitn(3, '.');
        if let (Some(resource), Some(version), Some(group)) = (parts.next(), parts.next(), parts.next()) {
            let exact = self
                .types
                .iter()
                .find(|one| one.group == group && one.version == version && answers_to(one, resource));
            // A short name stands for the type, in whatever version comes first.
            let short = || self.types.iter().find(|one| one.group == group && is_short(one, as_written));
            if let Some(found) = exact.or_else(short) {
                return Some(found);
            }
        }
        let (resource, group) = lower.split_once('.').unwrap_or((&lower, ""));
        self.by_names(resource, as_written, group).or_else(|| self.by_kind(word))
    }

    fn by_names(&self, resource: &str, as_written: &str, group: &str) -> Option<&Mapping> {
        let in_group = |one: &&Mapping, exact: bool| {
            group.is_empty() || one.group == group || (!exact && one.group.starts_with(group))
        };
        let named =
            |exact: bool| self.types.iter().find(|one| in_group(one, exact) && answers_to(one, resource));
        let short =
            |exact: bool| self.types.iter().find(|one| in_group(one, exact) && is_short(one, as_written));
        named(true).or_else(|| short(true)).or_else(|| named(false)).or_else(|| short(false))
    }

    fn by_kind(&self, word: &str) -> Option<&Mapping> {
        let (kind, rest) = word.split_once('.').unwrap_or((word, ""));
        let (version, group) = rest.split_once('.').unwrap_or(("", rest));
        let kinds = || self.types.iter().filter(|one| one.kind == kind);
        kinds()
            .find(|one| !version.is_empty() && one.version == version && one.group == group)
            .or_else(|| kinds().find(|one| one.group == rest))
    }

    /// The type of an object by its `apiVersion` and `kind`.
    pub(crate) fn by_gvk(&self, group: &str, version: &str, kind: &str) -> Option<&Mapping> {
        let of_version = || self.types.iter().filter(|one| one.group == group && one.version == version);
        // The real mapper also knows each kind in small letters; the server then tells what is wrong.
        of_version()
            .find(|one| one.kind == kind)
            .or_else(|| of_version().find(|one| one.kind.to_lowercase() == kind))
    }

    /// The types of a category such as `all`, preferred versions only; empty when there is no such category.
    pub(crate) fn category(&self, category: &str) -> Vec<&Mapping> {
        let mut seen = BTreeSet::new();
        self.types
            .iter()
            .filter(|one| one.categories.iter().any(|known| known == category))
            .filter(|one| seen.insert((&one.group, &one.resource)))
            .collect()
    }

    /// The types in their preferred versions.
    pub(crate) fn preferred(&self) -> Vec<&Mapping> {
        let mut seen = BTreeSet::new();
        self.types.iter().filter(|one| seen.insert((&one.group, &one.resource))).collect()
    }
}

fn is_short(one: &Mapping, word: &str) -> bool {
    one.short_names.iter().any(|name| name == word)
}

fn answers_to(one: &Mapping, word: &str) -> bool {
    one.resource == word || one.singular == word
}

fn mapping(group: &str, version: &str, resource: &Value) -> Mapping {
    let words = |pointer: &str| -> Vec<String> {
        list(resource, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let kind = text(resource, "/responseKind/kind");
    let singular = match text(resource, "/singularResource") {
        "" => kind.to_lowercase(),
        singular => singular.to_owned(),
    };
    let subresources = list(resource, "/subresources").iter();
    Mapping {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
        resource: text(resource, "/resource").into(),
        singular,
        namespaced: text(resource, "/scope") == "Namespaced",
        short_names: words("/shortNames"),
        categories: words("/categories"),
        verbs: words("/verbs"),
        subresources: subresources.map(|one| text(one, "/subresource").to_owned()).collect(),
    }
}

/// What aggregated discovery is asked for with.
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

impl Ctx<'_> {
    /// The server's types, from the cache when it is fresh enough.
    ///
    /// # Errors
    /// What stands in the way of asking the server.
    pub(crate) fn mapper(&mut self) -> Result<Arc<Mapper>, Failure> {
        if let Some(mapper) = &self.mapper {
            return Ok(Arc::clone(mapper));
        }
        let Some(mapper) = self.cached_mapper()? else { return self.refresh_mapper() };
        self.mapper = Some(Arc::clone(&mapper));
        Ok(mapper)
    }

    /// Asks the server for its types and keeps the answer.
    ///
    /// # Errors
    /// What stands in the way; each try to connect is told as the real client does.
    pub(crate) fn refresh_mapper(&mut self) -> Result<Arc<Mapper>, Failure> {
        let documents = match self.discover() {
            Ok(documents) => documents,
            Err(failure) => {
                let line = format!("couldn't get current server API group list: {}", failure.sentence());
                for _ in 0..self.tries() {
                    self.klog('E', "memcache.go:265", &format!("\"Unhandled Error\" err={line:?}"));
                }
                return Err(failure);
            }
        };
        self.keep_discovery(&documents);
        let mapper = Arc::new(Mapper::from_discovery(&documents));
        self.mapper = Some(Arc::clone(&mapper));
        Ok(mapper)
    }

    fn tries(&self) -> usize {
        if !self.flags.list("filename").is_empty() || !self.flags.text("kustomize").is_empty() {
            return 1;
        }
        let path = self.path.strip_prefix("kubectl ").unwrap_or_default();
        OTHER_TRIES.iter().find(|(of, _)| *of == path).map_or(TRIES, |(_, tries)| *tries)
    }

    /// The type that a word means; a word that the cache does not know is asked of the server.
    ///
    /// # Errors
    /// `the server doesn't have a resource type …`, or what stands in the way of asking.
    pub(crate) fn resource(&mut self, word: &str) -> Result<Mapping, Failure> {
        self.look_up(|mapper| mapper.find(word).cloned())?.ok_or_else(|| {
            let resource = word.split('.').next().unwrap_or(word);
            Failure::error(format!("the server doesn't have a resource type {resource:?}"))
        })
    }

    /// As [`Self::resource`], in verbs that ask the mapper themselves: the sentence then stands alone.
    ///
    /// # Errors
    /// As [`Self::resource`].
    pub(crate) fn resource_alone(&mut self, word: &str) -> Result<Mapping, Failure> {
        self.resource(word).map_err(|failure| match failure {
            Failure::Error(sentence) => Failure::Plain(sentence),
            other => other,
        })
    }

    /// The type of an object; the sentence of Go's `NoKindMatchError` when the server has none.
    ///
    /// # Errors
    /// As [`Self::resource`].
    pub(crate) fn type_of(&mut self, tree: &Value) -> Result<Mapping, Failure> {
        let gvk = object::Gvk::of(tree);
        self.look_up(|mapper| mapper.by_gvk(&gvk.group, &gvk.version, &gvk.kind).cloned())?.ok_or_else(|| {
            Failure::error(format!("no matches for kind {:?} in version {:?}", gvk.kind, gvk.api_version()))
        })
    }

    fn look_up<T>(&mut self, find: impl Fn(&Mapper) -> Option<T>) -> Result<Option<T>, Failure> {
        let mapper = self.mapper()?;
        let found = find(&mapper);
        if found.is_some() || mapper.fresh {
            return Ok(found);
        }
        let mapper = self.refresh_mapper()?;
        Ok(find(&mapper))
    }

    fn discover(&mut self) -> Result<Vec<Value>, Failure> {
        let mut documents = Vec::new();
        for root in ["/api", "/apis"] {
            let call = Call { query: vec![("timeout".into(), "32s".into())], ..Call::get(root) };
            let answer = self.send_untimed(call.accept(AGGREGATED)).map_err(Failure::unread)?;
            let tree = answer.object();
            if text(tree, "/kind") == "APIGroupDiscoveryList" {
                documents.push(tree.clone());
            } else {
                let tree = tree.clone();
                documents.push(self.discover_slowly(root, &tree)?);
            }
        }
        Ok(documents)
    }

    /// One request a group-version, for servers without aggregated discovery; gives the same form.
    fn discover_slowly(&mut self, root: &str, tree: &Value) -> Result<Value, Failure> {
        let core = json!({"name": "", "versions": [{"groupVersion": "v1", "version": "v1"}]});
        let groups = if root == "/api" { vec![core] } else { list(tree, "/groups").to_vec() };
        let mut items = Vec::new();
        for group in groups {
            let mut versions = Vec::new();
            for version in list(&group, "/versions") {
                let path = format!("{root}/{}", text(version, "/groupVersion"));
                let answer = self.send_untimed(Call::get(path))?;
                versions.push(json!({
                    "version": text(version, "/version"),
                    "resources": aggregated(list(answer.object(), "/resources")),
                }));
            }
            items.push(json!({"metadata": {"name": text(&group, "/name")}, "versions": versions}));
        }
        Ok(json!({"kind": "APIGroupDiscoveryList", "items": items}))
    }

    fn cache_file(&mut self) -> Result<String, Failure> {
        let (endpoint, _) = self.endpoint()?;
        let host = super::failure::host_of(&endpoint.server).replace(':', "_");
        let home = self.proc.env.get("HOME").map_or("/root", String::as_str);
        let root = self.flags.text("cache-dir").replace("$HOME", home);
        Ok(files::clean(&self.proc.cwd, &format!("{root}/discovery/{host}/servergroups.json")))
    }

    fn cached_mapper(&mut self) -> Result<Option<Arc<Mapper>>, Failure> {
        let path = self.cache_file()?;
        let now = self.proc.world().now;
        let written = self.proc.world().stat(&self.proc.place, &path).map(|node| node.modified);
        if !written.is_ok_and(|at| now.since(at) < CACHE_LIVES) {
            return Ok(None);
        }
        let Ok(bytes) = self.proc.read_file(&path) else { return Ok(None) };
        Ok(std::str::from_utf8(&bytes).ok().and_then(read_cache))
    }

    fn keep_discovery(&mut self, documents: &[Value]) {
        let (Ok(path), Ok(bytes)) = (self.cache_file(), serde_json::to_vec(documents)) else { return };
        let mkdir =
            crate::cluster::place::FileOp::Mkdir { path: files::parent(&path), mode: 0o750, parents: true };
        // As with the real client, a cache that cannot be written is no failure.
        let _ = self.proc.change_files(mkdir);
        let _ = self.proc.write_file(&path, &bytes);
    }
}

static READ: Memo<Option<Arc<Mapper>>> = Memo::new(4);

/// The types of a cache file; `None` when it is broken.
fn read_cache(text: &str) -> Option<Arc<Mapper>> {
    let read = || {
        let documents: Vec<Value> = serde_json::from_str(text).ok()?;
        Some(Arc::new(Mapper { fresh: false, ..Mapper::from_discovery(&documents) }))
    };
    READ.get(text, read)
}

/// An `APIResourceList`'s resources in the form of aggregated discovery.
fn aggregated(resources: &[Value]) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for resource in resources {
        let name = text(resource, "/name");
        if let Some((parent, subresource)) = name.split_once('/') {
            if let Some(parent) = all.iter_mut().find(|one| text(one, "/resource") == parent)
                && let Some(subresources) = parent["subresources"].as_array_mut()
            {
                subresources.push(json!({"subresource": subresource, "verbs": resource["verbs"]}));
            }
            continue;
        }
        all.push(json!({
            "resource": name,
            "responseKind": {"kind": text(resource, "/kind")},
            "scope": if object::flag(resource, "/namespaced") { "Namespaced" } else { "Cluster" },
            "singularResource": text(resource, "/singularName"),
            "shortNames": resource["shortNames"],
            "categories": resource["categories"],
            "verbs": resource["verbs"],
            "subresources": [],
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapper() -> Mapper {
        let one = |resource: &str, kind: &str, short: &str| {
            json!({"resource": resource, "responseKind": {"kind": kind}, "scope": "Namespaced",
                "singularResource": kind.to_lowercase(), "shortNames": [short], "categories": ["all"], "verbs": ["get"]})
        };
        let group = |name: &str, version: &str, resources: Value| json!({"metadata": {"name": name}, "versions": [{"version": version, "resources": resources}]});
        let items = json!({"items": [
            group("", "v1", json!([one("pods", "Pod", "po"), one("events", "Event", "ev")])),
            group("events.k8s.io", "v1", json!([one("events", "Event", "ev")])),
            group("apps", "v1", json!([one("deployments", "Deployment", "deploy")])),
        ]});
        Mapper::from_discovery([&items])
    }

    #[test]
    fn all_words_for_a_type_lead_to_it() {
        let mapper = mapper();
        let find = |word: &str| mapper.find(word).map(Mapping::resource_text).unwrap_or_default();
        for word in
            ["deploy", "deployments", "Deployment", "deployment.apps", "deployments.v1.apps", "deploy.app"]
        {
            assert_eq!(find(word), "apps/v1, Resource=deployments", "{word}");
        }
        assert_eq!(find("ev"), "/v1, Resource=events");
        assert_eq!(find("events.events.k8s.io"), "events.k8s.io/v1, Resource=events");
        assert_eq!(find("podz"), "");
        assert_eq!(mapper.category("all").len(), 4);
    }
}
