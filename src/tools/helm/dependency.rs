//! `dependency`: the charts that a chart needs, and where they come from.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::args::Args;
use super::chart::{self, Chart};
use super::{Done, catalog, inspect, repos};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, yaml};
use crate::shell::Proc;

pub(super) fn run(proc: &mut Proc, args: &Args, what: &str) -> Done {
    let reference = args.operands.get(2).map_or(".", String::as_str).to_owned();
    let root = proc.path(&reference);
    if proc.stat(&root).is_err() {
        return Err(format!("could not find {root}: stat {reference}: no such file or directory"));
    }
    let chart = chart::folder(proc, &root)?;
    match what {
        "list" | "ls" => list(proc, args, &chart, &reference),
        "update" | "up" => update(proc, args, &chart, &root),
        "build" => build(proc, args, &chart, &root),
        other => Err(format!("unknown command {other:?} for \"helm dependency\"")),
    }
}

fn list(proc: &Proc, _: &Args, chart: &Chart, reference: &str) -> Done {
    if chart.dependencies().is_empty() {
        let folder = reference.trim_end_matches('/');
        let below = if folder == "." { "charts".to_owned() } else { format!("{folder}/charts") };
        proc.print(format!("WARNING: no dependencies at {}\n", below.trim_start_matches("./")));
        return Ok(());
    }
    let mut rows = vec![inspect::row(&["NAME", "VERSION", "REPOSITORY", "STATUS"])];
    for it in chart.dependencies() {
        let of = |key: &str| object::field(it, key);
        rows.push(inspect::row(&[of("name"), of("version"), of("repository"), state(chart, it)]));
    }
    proc.print(inspect::table(&rows) + "\n");
    Ok(())
}

/// What stands below `charts/` for a row of `dependencies`.
fn state(chart: &Chart, row: &Value) -> &'static str {
    let name = object::field(row, "name");
    let fits = |it: &&Chart| repos::matches(it.version(), object::field(row, "version"));
    let packed = format!("charts/{name}-");
    let is_packed = chart.bundled.keys().any(|it| it.starts_with(&packed) && it.ends_with(".tgz"));
    match chart.below(name).as_slice() {
        [] => "missing",
        [one] if !fits(one) => "wrong version",
        [_] if is_packed => "ok",
        [_] => "unpacked",
        _ => "too many matches",
    }
}

/// A chart that a row of `dependencies` means, with the version that was found.
fn fetched(proc: &Proc, root: &str, row: &Value) -> Result<Chart, String> {
    let of = |key: &str| object::field(row, key).to_owned();
    let (name, url) = (of("name"), of("repository"));
    if url.starts_with("oci://") {
        return Err("uncordon: OCI registries are not simulated yet".into());
    }
    if let Some(path) = url.strip_prefix("file://") {
        let folder = crate::hosts::files::clean(root, path);
        return chart::folder(proc, &folder).map_err(|_| format!("directory {folder} not found"));
    }
    let url = repos::url_of(proc, &url)?;
    let entries = catalog::entries(&url).into_iter();
    let entry = entries.filter(|it| it.name == name).find(|it| repos::matches(&it.version, &of("version")));
    let entry = entry.ok_or_else(|| {
        format!("can't get a valid version for 1 subchart(s): {name:?} (repository {url:?}, version {:?}). Make sure a matching chart version exists in the repo, or change the version constraint in Chart.yaml", of("version"))
    })?;
    catalog::chart(&entry).ok_or_else(|| "the chart cannot be read".to_owned())
}

fn update(proc: &Proc, args: &Args, chart: &Chart, root: &str) -> Done {
    let mut found = Vec::new();
    if !args.has("skip-refresh") {
        repos::refresh(proc, chart.dependencies().iter().map(|it| object::field(it, "repository")))?;
    }
    for row in chart.dependencies() {
        found.push((row, fetched(proc, root, row)?));
    }
    save(proc, chart, root, &found)?;
    if found.is_empty() {
        return Ok(());
    }
    let lock: Vec<Value> = found
        .iter()
        .map(|(row, it)| json!({"name": it.name(), "version": it.version(), "repository": row["repository"]}))
        .collect();
    let text = yaml::to_string(&json!({
        "dependencies": lock, "digest": digest(chart.dependencies(), &lock),
        "generated": proc.world().now.rfc3339_nano(),
    }));
    proc.write_file(&format!("{root}/Chart.lock"), text.as_bytes())
        .map_err(|_| format!("open {root}/Chart.lock: permission denied"))
}

/// From the lock file; without one as `update`.
fn build(proc: &Proc, args: &Args, chart: &Chart, root: &str) -> Done {
    let text = chart.text("Chart.lock");
    if text.is_empty() {
        return update(proc, args, chart, root);
    }
    let lock = yaml::document(&text).map_err(|why| format!("error converting YAML to JSON: {why}"))?;
    let rows = object::list(&lock, "/dependencies");
    if digest(chart.dependencies(), rows) != object::field(&lock, "digest") {
        return Err("the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please update the dependencies".into());
    }
    if !args.has("skip-refresh") {
        repos::refresh(proc, rows.iter().map(|it| object::field(it, "repository")))?;
    }
    let mut found = Vec::new();
    for row in rows {
        found.push((row, fetched(proc, root, row)?));
    }
    save(proc, chart, root, &found)
}

/// Puts archives below `charts/`, and takes those away that stood there for the same charts.
fn save(proc: &Proc, chart: &Chart, root: &str, found: &[(&Value, Chart)]) -> Done {
    if found.is_empty() {
        return Ok(());
    }
    proc.print(format!("Saving {} charts\n", found.len()));
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for (row, it) in found {
        let url = object::field(row, "repository");
        if !url.starts_with("file://") {
            proc.print(format!("Downloading {} from repo {}\n", it.name(), repos::url_of(proc, url)?));
        }
        files.insert(format!("charts/{}.tgz", it.label()), chart::packed(it));
    }
    proc.print("Deleting outdated charts\n");
    for path in chart.bundled.keys().filter(|it| it.ends_with(".tgz") && !files.contains_key(*it)) {
        let path = format!("{root}/{path}");
        let remove = crate::cluster::place::FileOp::Remove { path: &path, recursive: false };
        proc.disk().change(remove).map_err(|why| format!("remove {path}: {why}"))?;
    }
    repos::make_folders(proc, &format!("{root}/charts"));
    for (path, bytes) in files {
        let path = format!("{root}/{path}");
        proc.write_file(&path, &bytes).map_err(|_| format!("open {path}: permission denied"))?;
    }
    Ok(())
}

/// A lock's fingerprint of what was asked for and what was found. Source: helm's `HashReq`.
fn digest(asked: &[Value], found: &[Value]) -> String {
    const KEYS: &[&str] =
        &["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];
    let row = |it: &Value| {
        let given = KEYS.iter().filter_map(|key| {
            let value = it.get(*key)?;
            (!value.is_null()).then(|| format!("{key:?}:{value}"))
        });
        format!("{{{}}}", given.collect::<Vec<_>>().join(","))
    };
    let list = |all: &[Value]| format!("[{}]", all.iter().map(row).collect::<Vec<_>>().join(","));
    let text = format!("[{},{}]", list(asked), list(found));
    let hash: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hash}")
}
