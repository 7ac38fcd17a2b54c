//! Reading kustomizations and what they name.

use super::super::{Ctx, Failure};
use super::resource::Resource;
use super::specs::Config;
use super::vars::{self, Var};
use super::{generate, schema, transform};
use crate::apimachinery::json::{Map, Value};
use crate::apimachinery::object::{self, field, list};
use crate::apimachinery::yaml;
use crate::hosts::{Kind, files};

/// The names that a kustomization file may have.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields that work and should not be used, and what stands in their place.
const DEPRECATED: [(&str, &str); 6] = [
    ("bases", "resources"),
    ("commonLabels", "labels"),
    ("imageTags", "images"),
    ("patchesJson6902", "patches"),
    ("patchesStrategicMerge", "patches"),
    ("vars", "replacements"),
];

/// Where a kustomization stands.
pub(super) struct Place {
    pub(super) directory: String,
    /// The name of its file.
    file: String,
    /// The directories that led here, and this one.
    visited: Vec<String>,
    /// The way here from the first one, when origins are noted.
    origin: Option<String>,
}

/// What was gathered so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    pub(super) resources: Vec<Resource>,
    pub(super) config: Config,
    pub(super) vars: Vec<Var>,
}

impl Place {
    fn path(&self, entry: &str) -> Option<String> {
        let origin = self.origin.as_ref()?;
        Some(files::clean("/", &format!("/{origin}/{entry}")).trim_start_matches('/').to_owned())
    }

    /// Notes the file that an object is of.
    fn note_file(&self, tree: &mut Value, entry: &str) {
        if let Some(path) = self.path(entry) {
            set_origin(tree, &format!("path: {path}\n"));
        }
    }

    /// Notes the generator that made an object.
    pub(super) fn note_generated(&self, tree: &mut Value, generator: &str) {
        if let Some(path) = self.path(&self.file) {
            let by = format!("configuredBy:\n  apiVersion: builtin\n  kind: {generator}\n");
            set_origin(tree, &format!("configuredIn: {path}\n{by}"));
        }
    }
}

fn set_origin(tree: &mut Value, origin: &str) {
    let annotations = object::map_at(tree, &["metadata", "annotations"]);
    annotations.insert("config.kubernetes.io/origin".into(), origin.into());
}

pub(super) fn is_directory(ctx: &Ctx<'_>, path: &str) -> bool {
    let place = ctx.proc.place.clone();
    ctx.proc.world().stat(&place, path).is_ok_and(|node| matches!(node.kind, Kind::Directory))
}

/// The kustomization of the directory that is built, and what it makes.
///
/// # Errors
/// What is wrong with it.
pub(super) fn accumulate(ctx: &mut Ctx<'_>, directory: &str) -> Result<(Value, Gathered), Failure> {
    let (tree, file) = read(ctx, directory)?;
    check_schema(ctx, directory, &tree)?;
    let noted = list(&tree, "/buildMetadata").iter().any(|it| it == "originAnnotations");
    let place = Place {
        directory: directory.to_owned(),
        file,
        visited: vec![directory.to_owned()],
        origin: noted.then(String::new),
    };
    let mut all = Gathered::default();
    target(ctx, &place, &tree, &mut all)?;
    Ok((tree, all))
}

/// `openapi`: another schema.
fn check_schema(ctx: &Ctx<'_>, directory: &str, tree: &Value) -> Result<(), Failure> {
    let (path, version) = (object::text(tree, "/openapi/path"), object::text(tree, "/openapi/version"));
    if !path.is_empty() {
        let place =
            Place { directory: directory.to_owned(), file: String::new(), visited: Vec::new(), origin: None };
        text(ctx, &place, path)?;
        return Err(Failure::Plain(
            "uncordon: `openapi.path` in a kustomization is not simulated yet".into(),
        ));
    }
    if !matches!(version, "" | "v1.21.2" | "v1.20.4" | "v1212" | "v1204") {
        return Err(Failure::error("the specified OpenAPI version is not built in"));
    }
    Ok(())
}

/// What one kustomization does to what was gathered.
fn target(ctx: &mut Ctx<'_>, place: &Place, tree: &Value, all: &mut Gathered) -> Result<(), Failure> {
    let words = |key: &str| -> Vec<String> {
        list(tree, &format!("/{key}")).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for entry in words("resources").into_iter().chain(words("bases")) {
        resource(ctx, place, &entry, all).map_err(|failure| failure.prefixed("accumulating resources: "))?;
    }
    let mut config = Config::usual();
    for path in words("configurations") {
        let tree = yaml::document(&text(ctx, place, &path)?).map_err(Failure::error)?;
        config.merge(&Config::of(&tree)).map_err(Failure::error)?;
    }
    all.config.merge(&config).map_err(Failure::error)?;
    let definitions = words("crds");
    for path in &definitions {
        let within = format!("loading CRDs [{}]: ", definitions.join(" "));
        text(ctx, place, path).map_err(|failure| failure.prefixed(&within))?;
    }
    if !definitions.is_empty() {
        return Err(Failure::Plain("uncordon: `crds` in a kustomization is not simulated yet".into()));
    }
    generate::run(ctx, place, tree, &mut all.resources)?;
    for object in plugins(ctx, place, &words("generators"))? {
        let found = generate::KINDS.iter().find(|it| it.1 == field(&object, "kind"));
        let Some((_, _, kind)) = found.filter(|_| field(&object, "apiVersion") == "builtin") else {
            return Err(transform::unknown(&object));
        };
        let made = generate::generate(ctx, place, &object, kind, &Value::Null)?;
        generate::add(&mut all.resources, made)?;
    }
    for entry in words("components") {
        component(ctx, place, &entry, all)
            .map_err(|failure| failure.prefixed("accumulating components: "))?;
    }
    transform::run(ctx, place, tree, all)?;
    for object in plugins(ctx, place, &words("transformers"))?.into_iter() {
        transform::by_object(ctx, place, &object, all)?;
    }
    for object in plugins(ctx, place, &words("validators"))? {
        let mut copy = all.clone();
        transform::by_object(ctx, place, &object, &mut copy)?;
        if copy.resources.iter().map(|it| &it.tree).ne(all.resources.iter().map(|it| &it.tree)) {
            return Err(Failure::Plain(
                "uncordon: validators that change objects are not simulated yet".into(),
            ));
        }
    }
    vars::declare(list(tree, "/vars"), &mut all.vars, &mut all.resources)
}

/// The objects that describe transformers or generators: inline, or in files.
fn plugins(ctx: &mut Ctx<'_>, place: &Place, entries: &[String]) -> Result<Vec<Value>, Failure> {
    let mut all = Gathered::default();
    for entry in entries {
        match objects(entry, "") {
            Ok(inline) => all.resources.extend(inline.into_iter().map(Resource::new)),
            Err(_) => resource(ctx, place, entry, &mut all)?,
        }
    }
    Ok(all.resources.into_iter().map(|it| it.tree).collect())
}

/// Adds resources unless one is there already.
fn merge(resources: &mut Vec<Resource>, more: Vec<Resource>) -> Result<(), Failure> {
    for one in more {
        let id = one.id();
        if resources.iter().any(|known| known.id().equals(&id)) {
            let id = id.text();
            return Err(Failure::error(format!("may not add resource with an already registered id: {id}")));
        }
        resources.push(one);
    }
    Ok(())
}

/// Reads the kustomization of a directory; tells the name of its file.
fn read(ctx: &Ctx<'_>, directory: &str) -> Result<(Value, String), Failure> {
    let place = ctx.proc.place.clone();
    let found: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| ctx.proc.world().stat(&place, &files::clean(directory, name)).is_ok())
        .collect();
    let name = match found.as_slice() {
        [] => {
            return Err(Failure::error(format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{directory}'"
            )));
        }
        [one] => *one,
        _ => return Err(Failure::error(format!("Found multiple kustomization files under: {directory}\n"))),
    };
    let text = at(ctx, &files::clean(directory, name))?;
    let invalid = |why: &str| Failure::error(format!("invalid Kustomization: {why}"));
    let documents = yaml::documents(&String::from_utf8_lossy(&text))
        .map_err(|why| invalid(why.trim_start_matches("error converting YAML to JSON: ")))?;
    let tree = documents.into_iter().next().unwrap_or(Value::Null);
    match &tree {
        Value::Object(_) => {}
        Value::Null => return Err(Failure::error("kustomization.yaml is empty")),
        other => {
            let kind = match other {
                Value::String(_) => "string",
                Value::Number(_) => "number",
                Value::Bool(_) => "bool",
                _ => "array",
            };
            return Err(invalid(&format!(
                "json: cannot unmarshal {kind} into Go value of type types.Kustomization"
            )));
        }
    }
    schema::check(&tree).map_err(|why| invalid(&why))?;
    warn(ctx, &tree);
    enforce(directory, &tree)?;
    Ok((tree, name.to_owned()))
}

fn warn(ctx: &Ctx<'_>, tree: &Value) {
    for (old, new) in DEPRECATED.iter().filter(|(old, _)| object::at(tree, &format!("/{old}")).is_some()) {
        let mark = if *old == "vars" { "[EXPERIMENTAL] " } else { "" };
        ctx.err(&format!(
            "# Warning: '{old}' is deprecated. Please use '{new}' instead. {mark}Run 'kustomize edit fix' to update your Kustomization automatically.\n"
        ));
    }
}

/// It says something, and is of a kind and version that there is.
fn enforce(directory: &str, tree: &Value) -> Result<(), Failure> {
    let mut fields = tree.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    if fields.all(|(key, _)| matches!(key.as_str(), "apiVersion" | "kind")) {
        return Err(Failure::error("kustomization.yaml is empty"));
    }
    let (kind, version) = (field(tree, "kind"), field(tree, "apiVersion"));
    let mut wrong = Vec::new();
    if !matches!(kind, "" | "Kustomization" | "Component") {
        wrong.push("kind should be Kustomization or Component".to_owned());
    }
    let kind = if kind.is_empty() { "Kustomization" } else { kind };
    let wanted = match kind {
        "Component" => "kustomize.config.k8s.io/v1alpha1",
        _ => "kustomize.config.k8s.io/v1beta1",
    };
    if !version.is_empty() && version != wanted {
        wrong.push(format!("apiVersion for {kind} should be {wanted}"));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let wrong = wrong.join("\n");
    Err(Failure::error(format!("Failed to read kustomization file under {directory}:\n{wrong}")))
}

fn cycle(directory: &str, known: &str) -> String {
    format!("cycle detected: candidate root '{directory}' contains visited root '{known}'")
}

fn at(ctx: &Ctx<'_>, path: &str) -> Result<Vec<u8>, Failure> {
    ctx.proc.read_file(path).map(|bytes| bytes.to_vec()).map_err(|error| {
        let why = super::super::failure::go_error(error);
        Failure::error(format!("evalsymlink failure on '{path}' : lstat {path}: {why}"))
    })
}

/// The content of a file, which must be in or below the directory.
///
/// # Errors
/// It cannot be read, or is elsewhere.
pub(super) fn bytes(ctx: &Ctx<'_>, place: &Place, entry: &str) -> Result<Vec<u8>, Failure> {
    if is_remote(entry) {
        return Err(Failure::Plain(format!(
            "uncordon: resources of the internet ({entry}) are not simulated yet"
        )));
    }
    let path = files::clean(&place.directory, entry);
    if is_directory(ctx, &path) {
        return Err(Failure::error(format!("'{path}' must resolve to a file")));
    }
    let content = at(ctx, &path)?;
    let directory = &place.directory;
    if !path.starts_with(&format!("{}/", directory.trim_end_matches('/'))) {
        return Err(Failure::error(format!("security; file '{path}' is not in or below '{directory}'")));
    }
    Ok(content)
}

/// The text of a file.
///
/// # Errors
/// As [`bytes`].
pub(super) fn text(ctx: &Ctx<'_>, place: &Place, entry: &str) -> Result<String, Failure> {
    bytes(ctx, place, entry).map(|it| String::from_utf8_lossy(&it).into_owned())
}

pub(super) fn is_remote(entry: &str) -> bool {
    entry.contains("://") || entry.starts_with("github.com/")
}

/// The objects of a text, those of lists among them; each has a kind and a name.
///
/// # Errors
/// What it has instead.
pub(super) fn objects(text: &str, file: &str) -> Result<Vec<Value>, String> {
    let trees = yaml::documents_v3(text).map_err(|why| {
        let why = why.trim_start_matches("error converting YAML to JSON: ");
        if file.is_empty() { why.to_owned() } else { format!("MalformedYAMLError: {why} in File: {file}") }
    })?;
    let mut all = Vec::new();
    let is_empty = |it: &Value| it.is_null() || it.as_object().is_some_and(Map::is_empty);
    for tree in trees.into_iter().filter(|it| !is_empty(it)) {
        check_object(&tree)?;
        match tree.get("items") {
            Some(items) if field(&tree, "kind").ends_with("List") => {
                for item in items.as_array().into_iter().flatten() {
                    check_object(item)?;
                    all.push(item.clone());
                }
            }
            _ => all.push(tree),
        }
    }
    Ok(all)
}

fn check_object(tree: &Value) -> Result<(), String> {
    let (kind, name) = (field(tree, "kind"), object::name(tree));
    let map = |key: &str| {
        let pointer = format!("/metadata/{key}");
        let pairs = object::entries(tree, &pointer);
        let pairs: Vec<String> =
            pairs.map(|(key, value)| format!("{key}:{}", super::paths::scalar(value))).collect();
        format!("map[{}]", pairs.join(" "))
    };
    let missing = if !tree.is_object()
        || tree.as_object().is_some_and(|it| {
            !it.contains_key("kind") && !it.contains_key("apiVersion") && !it.contains_key("metadata")
        }) {
        return Err("missing Resource metadata".into());
    } else if kind.is_empty() {
        "kind"
    } else if name.is_empty() && !kind.ends_with("List") {
        "metadata.name"
    } else {
        return Ok(());
    };
    let (version, namespace) = (field(tree, "apiVersion"), object::namespace(tree));
    Err(format!(
        "missing {missing} in object {{{{{version} {kind}}} {{{{{name} {namespace}}} {} {}}}}}",
        map("labels"),
        map("annotations")
    ))
}

/// A file of manifests, or another kustomization.
fn resource(ctx: &mut Ctx<'_>, place: &Place, entry: &str, all: &mut Gathered) -> Result<(), Failure> {
    if is_remote(entry) {
        return Err(Failure::Plain(format!(
            "uncordon: resources of the internet ({entry}) are not simulated yet"
        )));
    }
    let path = files::clean(&place.directory, entry);
    let why = match file(ctx, place, entry, all) {
        Ok(()) => return Ok(()),
        Err(why) if why.contains("MalformedYAMLError") => {
            return Err(Failure::error(why));
        }
        Err(why) => format!("accumulation err='{why}': "),
    };
    enter(ctx, place, entry, &path)
        .and_then(|inner| directory_of(ctx, &inner, false, all))
        .map_err(|failure| failure.prefixed(&why))
}

/// Adds the objects of a file.
fn file(ctx: &Ctx<'_>, place: &Place, entry: &str, all: &mut Gathered) -> Result<(), String> {
    let within = |why: String| format!("accumulating resources from '{entry}': {why}");
    let text = text(ctx, place, entry).map_err(|failure| within(failure.sentence()))?;
    let trees = objects(&text, entry).map_err(within)?;
    let noted = trees.into_iter().map(|mut tree| {
        place.note_file(&mut tree, entry);
        Resource::new(tree)
    });
    merge(&mut all.resources, noted.collect())
        .map_err(|failure| format!("merging resources from '{entry}': {}", failure.sentence()))
}

/// Goes into a directory.
fn enter(ctx: &Ctx<'_>, place: &Place, entry: &str, path: &str) -> Result<Place, Failure> {
    if !is_directory(ctx, path) {
        let why = match at(ctx, path) {
            Ok(_) => format!("'{path}': file is not directory"),
            Err(failure) => format!("not a valid directory: {}", failure.sentence()),
        };
        let why = why.strip_prefix("not a valid").map_or(why.clone(), |rest| format!("not a valid{rest}"));
        return Err(Failure::error(format!("must build at directory: {why}")));
    }
    let below =
        |known: &&String| *known == path || known.starts_with(&format!("{}/", path.trim_end_matches('/')));
    if let Some(known) = place.visited.iter().rev().find(below) {
        return Err(Failure::error(cycle(path, known)));
    }
    let mut visited = place.visited.clone();
    visited.push(path.to_owned());
    Ok(Place { directory: path.to_owned(), file: String::new(), visited, origin: place.path(entry) })
}

/// What the kustomization of a directory makes; components change what was gathered before them.
fn directory_of(
    ctx: &mut Ctx<'_>,
    place: &Place,
    component: bool,
    all: &mut Gathered,
) -> Result<(), Failure> {
    let path = &place.directory;
    let (tree, file) =
        read(ctx, path).map_err(|it| it.prefixed(&format!("couldn't make target for path '{path}': ")))?;
    check_schema(ctx, path, &tree)?;
    let kind = if field(&tree, "kind").is_empty() { "Kustomization" } else { field(&tree, "kind") };
    if component && kind != "Component" {
        return Err(Failure::error(format!("expected kind 'Component' for path '{path}' but got '{kind}'")));
    }
    if !component && kind == "Component" {
        return Err(Failure::error(format!("expected kind != 'Component' for path '{path}'")));
    }
    let place =
        Place { directory: path.clone(), file, visited: place.visited.clone(), origin: place.origin.clone() };
    let within = |failure: Failure| failure.prefixed(&format!("recursed accumulation of path '{path}': "));
    if component {
        return target(ctx, &place, &tree, all).map_err(within);
    }
    let mut own = Gathered::default();
    target(ctx, &place, &tree, &mut own).map_err(within)?;
    let merging = |failure: Failure| failure.prefixed(&format!("recursed merging from path '{path}': "));
    merge(&mut all.resources, own.resources).map_err(merging)?;
    all.config.merge(&own.config).map_err(|why| merging(Failure::error(why)))?;
    own.vars
        .into_iter()
        .try_for_each(|var| vars::add(&mut all.vars, var))
        .map_err(|why| merging(Failure::error(why)))
}

fn component(ctx: &mut Ctx<'_>, place: &Place, entry: &str, all: &mut Gathered) -> Result<(), Failure> {
    let path = files::clean(&place.directory, entry);
    let quoted = |words: &str, failure: &Failure| {
        Failure::error(format!("{words} {}", crate::apimachinery::go::quote(&failure.sentence())))
    };
    let inner = enter(ctx, place, entry, &path).map_err(|failure| quoted("loader.New", &failure))?;
    directory_of(ctx, &inner, true, all).map_err(|failure| match failure {
        Failure::Plain(_) => failure,
        failure => quoted("accumulateDirectory:", &failure),
    })
}

/// Objects that only kustomize itself looks at.
pub(super) fn drop_local(resources: &mut Vec<Resource>) {
    let key = "config.kubernetes.io/local-config";
    resources.retain(|it| object::annotation(&it.tree, key).is_none_or(|value| value == "false"));
}
