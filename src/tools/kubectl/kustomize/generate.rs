//! `configMapGenerator` and `secretGenerator`.

use base64::Engine as _;

use super::super::create::sources::{Entry, literal};
use super::super::{Ctx, Failure};
use super::load::{self, Place};
use super::resource::Resource;
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::object::{self, entries, field, flag, list};
use crate::hosts::files;

/// The generators that are built in, and the fields of kustomizations that hold their arguments.
pub(super) const KINDS: [(&str, &str, &str); 2] = [
    ("configMapGenerator", "ConfigMapGenerator", "ConfigMap"),
    ("secretGenerator", "SecretGenerator", "Secret"),
];

/// Runs the generators of one kustomization.
///
/// # Errors
/// A source that cannot be read, or an object that is there already.
pub(super) fn run(
    ctx: &mut Ctx<'_>,
    place: &Place,
    tree: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    let options = tree.get("generatorOptions").cloned().unwrap_or_else(|| json!({}));
    for (key, generator, kind) in KINDS {
        for arguments in list(tree, &format!("/{key}")) {
            let mut made = generate(ctx, place, arguments, kind, &options)?;
            place.note_generated(&mut made.tree, generator);
            add(resources, made)?;
        }
    }
    match list(tree, "/helmCharts").first() {
        Some(chart) => {
            let config = crate::apimachinery::yaml::to_string(chart);
            let why = "must specify --enable-helm";
            Err(Failure::error(format!(
                "trouble configuring builtin HelmChartInflationGenerator with config: `\n{config}`: {why}"
            )))
        }
        None => Ok(()),
    }
}

/// What one generator makes.
///
/// # Errors
/// A source that cannot be read.
pub(super) fn generate(
    ctx: &Ctx<'_>,
    place: &Place,
    arguments: &Value,
    kind: &str,
    options: &Value,
) -> Result<Resource, Failure> {
    let named = |key: &str| match field(arguments, key) {
        "" => object::text(arguments, &format!("/metadata/{key}")).to_owned(),
        given => given.to_owned(),
    };
    let name = named("name");
    if name.is_empty() {
        return Err(Failure::error("a configmap must have a name"));
    }
    let mut tree = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}});
    if !named("namespace").is_empty() {
        tree["metadata"]["namespace"] = named("namespace").into();
    }
    fill(&mut tree, kind, &name, sources(ctx, place, arguments)?)?;
    if kind == "Secret" {
        let given = field(arguments, "type");
        tree["type"] = if given.is_empty() { "Opaque" } else { given }.into();
    }
    let empty = json!({});
    let own = arguments.get("options").unwrap_or(&empty);
    // What a generator says itself counts more.
    for source in [options, own] {
        for part in ["labels", "annotations"] {
            for (key, value) in entries(source, &format!("/{part}")) {
                object::map_at(&mut tree, &["metadata", part]).insert(key.clone(), value.clone());
            }
        }
        if flag(source, "/immutable") {
            tree["immutable"] = true.into();
        }
    }
    let mut made = Resource::new(tree);
    made.hashed = !flag(options, "/disableNameSuffixHash") && !flag(own, "/disableNameSuffixHash");
    made.behavior = field(arguments, "behavior").to_owned();
    Ok(made)
}

fn fill(tree: &mut Value, kind: &str, name: &str, all: Vec<Entry>) -> Result<(), Failure> {
    let (mut data, mut binary) = (Map::new(), Map::new());
    for Entry { key, bytes } in all {
        if data.contains_key(&key) || binary.contains_key(&key) {
            return Err(Failure::error(format!("configmap {name} illegally repeats the key `{key}`")));
        }
        match String::from_utf8(bytes) {
            Ok(text) if kind != "Secret" => data.insert(key.into(), text.into()),
            Ok(text) => data.insert(key.into(), folded(text.as_bytes()).into()),
            Err(error) if kind == "Secret" => data.insert(key.into(), folded(error.as_bytes()).into()),
            Err(error) => binary.insert(key.into(), folded(error.as_bytes()).into()),
        };
    }
    for (key, map) in [("data", data), ("binaryData", binary)] {
        if !map.is_empty() {
            tree[key] = map.into();
        }
    }
    Ok(())
}

/// Base64, in lines of 70 letters when there are more.
fn folded(bytes: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    if text.len() < 70 {
        return text;
    }
    let lines: Vec<&str> =
        (0..text.len()).step_by(70).filter_map(|at| text.get(at..text.len().min(at + 70))).collect();
    lines.join("\n") + "\n"
}

fn sources(ctx: &Ctx<'_>, place: &Place, arguments: &Value) -> Result<Vec<Entry>, Failure> {
    let words = |key: &str| -> Vec<String> {
        list(arguments, &format!("/{key}")).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut envs = words("envs");
    envs.extend(Some(field(arguments, "env").to_owned()).filter(|env| !env.is_empty()));
    let (literals, sources) = (words("literals"), words("files"));
    let within = |what: &str, all: &[String]| {
        let words = format!("loading KV pairs: {what} [{}]: ", all.join(" "));
        move |failure: Failure| failure.prefixed(&words)
    };
    let mut all = Vec::new();
    for path in &envs {
        let bytes = load::bytes(ctx, place, path).map_err(within("env source files:", &envs))?;
        all.extend(lines(&bytes));
    }
    for source in &literals {
        let Entry { key, bytes } = literal(source).map_err(within("literal sources", &literals))?;
        let value = String::from_utf8_lossy(&bytes).into_owned();
        // kustomize, other than kubectl, takes quotes around the value away.
        let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        all.push(Entry { key, bytes: bare.unwrap_or(&value).as_bytes().to_vec() });
    }
    for source in &sources {
        let within = within("file sources:", &sources);
        let (key, path) = file_source(source).map_err(|why| within(Failure::error(why)))?;
        all.push(Entry { key, bytes: load::bytes(ctx, place, &path).map_err(within)? });
    }
    Ok(all)
}

/// `[key=]path`.
fn file_source(source: &str) -> Result<(String, String), String> {
    match source.split('=').collect::<Vec<_>>().as_slice() {
        [path] => Ok((files::base_name(path).to_owned(), (*path).to_owned())),
        ["", path] => Err(format!("missing key name for file path {path:?} in source {source:?}")),
        [key, ""] => Err(format!("missing file path for key name {key:?} in source {source:?}")),
        [key, path] => Ok(((*key).to_owned(), (*path).to_owned())),
        _ => Err(format!("source {source:?} key name or file path contains '='")),
    }
}

/// The lines of a file with variables; nobody checks their names.
fn lines(bytes: &[u8]) -> Vec<Entry> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_start);
    let entries = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        Entry { key: key.to_owned(), bytes: value.as_bytes().to_vec() }
    });
    entries.filter(|it| !it.key.is_empty()).collect()
}

/// `create` adds, `merge` and `replace` change what is there.
///
/// # Errors
/// It is there and should not be, or the other way round.
pub(super) fn add(resources: &mut Vec<Resource>, mut made: Resource) -> Result<(), Failure> {
    let id = made.id();
    let old = resources.iter_mut().find(|one| one.ids().iter().any(|it| it.equals(&id)));
    let Some(old) = old else {
        if matches!(made.behavior.as_str(), "merge" | "replace") {
            return Err(generator_failure(&made, "does not exist; cannot merge or replace"));
        }
        resources.push(made);
        return Ok(());
    };
    match made.behavior.as_str() {
        "replace" => made.succeed(old),
        "merge" => {
            made.succeed(old);
            for part in ["data", "binaryData"] {
                let mut all = old.tree.get(part).cloned().unwrap_or_else(|| json!({}));
                for (key, value) in entries(&made.tree, &format!("/{part}")) {
                    object::as_map(&mut all).insert(key.clone(), value.clone());
                }
                if all.as_object().is_some_and(|it| !it.is_empty()) {
                    made.tree[part] = all;
                }
            }
        }
        other => {
            let shown = if other == "create" { "create" } else { "unspecified" };
            let why = format!("exists; can not use behavior: '{shown}', behavior must be merge or replace");
            return Err(generator_failure(&made, &why));
        }
    }
    *old = made;
    Ok(())
}

/// Go prints the place in memory of the generator, which is another each time.
fn generator_failure(made: &Resource, why: &str) -> Failure {
    let id = made.id();
    let (kind, name, namespace) = (&id.gvk.kind, &id.name, &id.namespace);
    Failure::error(format!(
        "merging from generator &{{0xc000a1c2d0 <nil>}}: id resid.ResId{{Gvk:resid.Gvk{{Group:\"\", Version:\"v1\", Kind:{kind:?}, isClusterScoped:false}}, Name:{name:?}, Namespace:{namespace:?}}} {why}"
    ))
}
