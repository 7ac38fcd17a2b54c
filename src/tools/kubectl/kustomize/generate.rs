//! `configMapGenerator` and `secretGenerator`.

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::super::create::sources::{Entry, env_lines, literal};
use super::super::{Ctx, Failure};
use super::{Resource, load};
use crate::apimachinery::object::{self, entries, field, flag, list, text};
use crate::hosts::files;

pub(super) fn run(
    ctx: &mut Ctx<'_>,
    directory: &str,
    kustomization: &Value,
    resources: &mut Vec<Resource>,
) -> Result<(), Failure> {
    let options = kustomization.get("generatorOptions").cloned().unwrap_or_else(|| json!({}));
    for (key, kind) in [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")] {
        for generator in list(kustomization, &format!("/{key}")) {
            let made = generate(ctx, directory, generator, kind, &options)?;
            add(resources, made, field(generator, "behavior"))?;
        }
    }
    Ok(())
}

fn generate(
    ctx: &mut Ctx<'_>,
    directory: &str,
    generator: &Value,
    kind: &str,
    options: &Value,
) -> Result<Resource, Failure> {
    let mut tree = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": field(generator, "name")}});
    if !field(generator, "namespace").is_empty() {
        tree["metadata"]["namespace"] = field(generator, "namespace").into();
    }
    let mut data = Map::new();
    for Entry { key, bytes } in sources(ctx, directory, generator)? {
        let value = if kind == "Secret" {
            base64::engine::general_purpose::STANDARD.encode(&bytes)
        } else {
            String::from_utf8_lossy(&bytes).into_owned()
        };
        if data.insert(key.clone(), value.into()).is_some() {
            return Err(Failure::error(format!("configmap illegally repeats the key `{key}`")));
        }
    }
    if !data.is_empty() {
        tree["data"] = data.into();
    }
    if kind == "Secret" {
        let given = field(generator, "type");
        tree["type"] = if given.is_empty() { "Opaque" } else { given }.into();
    }
    let empty = json!({});
    let own = generator.get("options").unwrap_or(&empty);
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
    Ok(made)
}

fn sources(ctx: &mut Ctx<'_>, directory: &str, generator: &Value) -> Result<Vec<Entry>, Failure> {
    let mut all = Vec::new();
    let words = |key: &str| -> Vec<String> {
        list(generator, &format!("/{key}")).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut envs = words("envs");
    envs.extend(Some(field(generator, "env").to_owned()).filter(|env| !env.is_empty()));
    for path in envs {
        let full = files::clean(directory, &path);
        let of =
            |failure: Failure| failure.prefixed(&format!("loading KV pairs: env source files: [{path}]: "));
        let text = load::text(ctx, &full).map_err(of)?;
        all.extend(env_lines(ctx, text.as_bytes(), &path).map_err(of)?);
    }
    let literals = words("literals");
    for source in &literals {
        let Entry { key, bytes } = literal(source).map_err(|failure| {
            failure.prefixed(&format!("loading KV pairs: literal sources [{}]: ", literals.join(" ")))
        })?;
        let value = String::from_utf8_lossy(&bytes).into_owned();
        // kustomize, other than kubectl, takes quotes around the value away.
        let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        all.push(Entry { key, bytes: bare.unwrap_or(&value).as_bytes().to_vec() });
    }
    let sources = words("files");
    for source in &sources {
        let (key, path) = source.split_once('=').unwrap_or(("", source));
        let full = files::clean(directory, path);
        let text = load::text(ctx, &full).map_err(|failure| {
            failure.prefixed(&format!("loading KV pairs: file sources: [{}]: ", sources.join(" ")))
        })?;
        let key = if key.is_empty() { files::base_name(&full) } else { key };
        all.push(Entry { key: key.to_owned(), bytes: text.into_bytes() });
    }
    Ok(all)
}

/// `create` adds, `merge` and `replace` change what is there.
fn add(resources: &mut Vec<Resource>, made: Resource, behavior: &str) -> Result<(), Failure> {
    let same = |one: &Resource| {
        text(&one.tree, "/kind") == text(&made.tree, "/kind") && one.names.contains(&made.original_name)
    };
    let old = resources.iter_mut().find(|one| same(one));
    match (behavior, old) {
        ("merge" | "replace", None) => {
            let why = "does not exist; cannot merge or replace";
            return Err(generator_failure(&made, why));
        }
        // Other words are as none.
        (_, None) => resources.push(made),
        ("merge", Some(old)) => {
            for (key, value) in entries(&made.tree, "/data") {
                object::map_at(&mut old.tree, &["data"]).insert(key.clone(), value.clone());
            }
        }
        ("replace", Some(old)) => {
            let data = made.tree.get("data").cloned().unwrap_or_else(|| json!({}));
            old.tree["data"] = data;
        }
        (other, Some(_)) => {
            let shown = if other == "create" { "create" } else { "unspecified" };
            let why = format!("exists; can not use behavior: '{shown}', behavior must be merge or replace");
            return Err(generator_failure(&made, &why));
        }
    }
    Ok(())
}

/// Go prints the place in memory of the generator, which is another each time.
fn generator_failure(made: &Resource, why: &str) -> Failure {
    let (kind, name) = (text(&made.tree, "/kind"), &made.original_name);
    let namespace = object::namespace(&made.tree);
    Failure::error(format!(
        "merging from generator &{{0xc000a1c2d0 <nil>}}: id resid.ResId{{Gvk:resid.Gvk{{Group:\"\", Version:\"v1\", Kind:{kind:?}, isClusterScoped:false}}, Name:{name:?}, Namespace:{namespace:?}}} {why}"
    ))
}
