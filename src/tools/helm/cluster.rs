//! The API server as helm asks it.

use super::args::Args;
use super::render::Ground;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object;
use crate::cluster::Object;
use crate::shell::Proc;
use crate::sim::SimTime;
use crate::tools::kubectl::{self, Call, Ctx, Failure, Mapping};

/// A connection with the namespace that is meant.
pub(super) struct Api<'p> {
    ctx: Ctx<'p>,
    pub(super) namespace: String,
}

/// A failure as helm words it.
fn words(failure: &Failure) -> String {
    let text = failure.printed();
    let text = text.trim_end();
    let text = text
        .strip_prefix("Error from server ")
        .and_then(|it| it.split_once("): "))
        .map_or(text, |(_, it)| it);
    match failure {
        Failure::Dial { .. } => {
            format!("Kubernetes cluster unreachable: {}", text.trim_start_matches("error: "))
        }
        // kubectl puts an article before what is invalid.
        _ if text.contains("\" is invalid: ") => text.trim_start_matches("The ").to_owned(),
        _ => text.trim_start_matches("error: ").to_owned(),
    }
}

impl<'p> Api<'p> {
    /// # Errors
    /// What is wrong with the kubeconfig.
    pub(super) fn new(proc: &'p mut Proc, args: &Args) -> Result<Self, String> {
        let globals: Vec<String> =
            [("namespace", "namespace"), ("kubeconfig", "kubeconfig"), ("kube-context", "context")]
                .into_iter()
                .filter_map(|(own, theirs)| Some(format!("--{theirs}={}", args.value(own)?)))
                .collect();
        let mut ctx = kubectl::client(proc, &globals).map_err(|it| words(&it))?;
        let namespace = ctx.namespace().map_err(|it| words(&it))?.name;
        Ok(Self { ctx, namespace })
    }

    pub(super) fn print(&self, text: impl AsRef<[u8]>) {
        self.ctx.proc.print(text);
    }

    pub(super) fn proc(&self) -> &Proc {
        self.ctx.proc
    }

    /// Version of the server, and its APIs.
    pub(super) fn capabilities(&mut self) -> Result<(String, Vec<String>), String> {
        let version = self.ctx.get_object("/version").map_err(|it| words(&it))?;
        let mapper = self.ctx.mapper().map_err(|it| words(&it))?;
        let mut apis: Vec<String> = mapper
            .types
            .iter()
            .flat_map(|it| [it.api_version(), format!("{}/{}", it.api_version(), it.kind)])
            .collect();
        apis.sort();
        apis.dedup();
        Ok((object::field(&version, "gitVersion").to_owned(), apis))
    }

    fn mapping(&mut self, api_version: &str, kind: &str) -> Result<Mapping, String> {
        let (group, version) = object::split_api_version(api_version);
        for fresh in [false, true] {
            let mapper = if fresh { self.ctx.refresh_mapper() } else { self.ctx.mapper() };
            if let Some(found) = mapper.map_err(|it| words(&it))?.by_gvk(group, version, kind) {
                return Ok(found.clone());
            }
        }
        Err(format!("no matches for kind {kind:?} in version {api_version:?}"))
    }

    /// Where an object of a chart lives.
    fn path(&mut self, it: &Value) -> Result<String, String> {
        let mapping = self.mapping(object::field(it, "apiVersion"), object::field(it, "kind"))?;
        let own = object::namespace(it);
        let namespace = if own.is_empty() { self.namespace.clone() } else { own.to_owned() };
        Ok(mapping.item(if mapping.namespaced { &namespace } else { "" }, object::name(it)))
    }

    /// The object as the server has it; `None` when it has none.
    pub(super) fn current(&mut self, it: &Value) -> Result<Option<Object>, String> {
        let path = self.path(it)?;
        self.get(&path)
    }

    pub(super) fn get(&mut self, path: &str) -> Result<Option<Object>, String> {
        match self.ctx.get_object(path) {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.is_not_found() => Ok(None),
            Err(failure) => Err(words(&failure)),
        }
    }

    /// An object by kind and name, for `lookup`; all of them without a name.
    pub(super) fn lookup(&mut self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
        let Ok(mapping) = self.mapping(api_version, kind) else { return json!({}) };
        let path = if name.is_empty() { mapping.path(namespace) } else { mapping.item(namespace, name) };
        self.get(&path).ok().flatten().map_or_else(|| json!({}), |it| (*it).clone())
    }

    /// Whether the server has the kind of an object.
    pub(super) fn known(&mut self, it: &Value) -> Result<(), String> {
        self.mapping(object::field(it, "apiVersion"), object::field(it, "kind")).map(drop)
    }

    /// Makes an object that is not there.
    pub(super) fn make(&mut self, it: &Value) -> Result<(), String> {
        let path = self.path(it)?;
        let collection = path.rsplit_once('/').map_or(path.as_str(), |(collection, _)| collection).to_owned();
        self.create(&collection, it)
    }

    /// Brings what the server has to what is wanted: by a patch that takes away what was in `before` and is no more, or
    /// as a whole.
    pub(super) fn bring(
        &mut self,
        before: Option<&Value>,
        it: &Value,
        current: &Value,
        force: bool,
    ) -> Result<(), String> {
        let path = self.path(it)?;
        if force {
            let mut whole = it.clone();
            let version = object::text(current, "/metadata/resourceVersion").to_owned();
            object::set(&mut whole, &["metadata", "resourceVersion"], version);
            return self.replace(&path, &whole).map_err(|why| format!("failed to replace object: {why}"));
        }
        let (kind, patch) = kubectl::three_way(before.unwrap_or(it), it, current).map_err(|it| words(&it))?;
        if patch.as_object().is_some_and(Map::is_empty) {
            return Ok(());
        }
        let call = Call::patch(path, kind, patch.to_string()).query("fieldManager", "helm");
        self.ctx.object(call).map(drop).map_err(|failure| {
            let (name, kind) = (object::name(it), object::field(it, "kind"));
            format!("cannot patch {name:?} with kind {kind}: {}", words(&failure))
        })
    }

    /// What a Pod has printed.
    pub(super) fn log(&mut self, pod: &str) -> Result<String, String> {
        let path = format!("/api/v1/namespaces/{}/pods/{pod}/log", self.namespace);
        self.ctx.text_of(Call::get(path)).map_err(|it| words(&it))
    }

    pub(super) fn create(&mut self, collection: &str, it: &Value) -> Result<(), String> {
        self.ctx
            .object(Call::post(collection, it).query("fieldManager", "helm"))
            .map(drop)
            .map_err(|it| words(&it))
    }

    pub(super) fn replace(&mut self, path: &str, it: &Value) -> Result<(), String> {
        self.ctx.object(Call::put(path, it).query("fieldManager", "helm")).map(drop).map_err(|it| words(&it))
    }

    /// Takes an object away; one that is gone already is fine.
    pub(super) fn delete(&mut self, it: &Value) -> Result<(), String> {
        let path = self.path(it)?;
        self.delete_at(&path)
    }

    pub(super) fn delete_at(&mut self, path: &str) -> Result<(), String> {
        match self.ctx.object(Call::delete(path, &json!({"propagationPolicy": "Background"}))) {
            Err(failure) if !failure.is_not_found() => Err(words(&failure)),
            _ => Ok(()),
        }
    }

    /// Objects at a path with a label selector.
    pub(super) fn list(&mut self, path: &str, selector: &str) -> Result<Vec<Value>, String> {
        let found =
            self.ctx.object(Call::get(path).query("labelSelector", selector)).map_err(|it| words(&it))?;
        Ok(object::list(&found, "/items").to_vec())
    }
}

impl Ground for Api<'_> {
    fn lookup(&mut self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Value {
        Api::lookup(self, api_version, kind, namespace, name)
    }

    fn random(&mut self, count: usize) -> Vec<u8> {
        self.proc().world().chance.bytes(count)
    }

    fn now(&mut self) -> SimTime {
        self.proc().world().now
    }
}
