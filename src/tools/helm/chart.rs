//! Charts: from folders, archives and repositories.

use std::collections::BTreeMap;
use std::io::Read as _;

use super::args::Args;
use super::{catalog, repos, values};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, yaml};
use crate::hosts::{Kind, files};
use crate::shell::Proc;

/// A chart as its files, by path below the chart's folder.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) metadata: Value,
    pub(super) values: Value,
    /// Without those of the charts below it.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// What stands below `charts/`, as it is packed.
    pub(super) bundled: BTreeMap<String, Vec<u8>>,
    /// The charts below this one.
    below: Vec<Chart>,
}

impl Chart {
    /// # Errors
    /// What is missing or cannot be read.
    pub(super) fn of(all: BTreeMap<String, Vec<u8>>) -> Result<Self, String> {
        let (bundled, files): (BTreeMap<_, _>, BTreeMap<_, _>) =
            all.into_iter().partition(|(path, _)| path.starts_with("charts/"));
        let below = charts_of(&bundled)?;
        let text = |name: &str| files.get(name).map(|it| String::from_utf8_lossy(it).into_owned());
        let head = text("Chart.yaml").ok_or("Chart.yaml file is missing")?;
        let metadata = yaml::document(&head)
            .map_err(|why| format!("cannot load Chart.yaml: error converting YAML to JSON: {why}"))?;
        for (key, what) in [
            ("apiVersion", "chart.metadata.apiVersion"),
            ("name", "chart.metadata.name"),
            ("version", "chart.metadata.version"),
        ] {
            if object::field(&metadata, key).is_empty() {
                return Err(format!("validation: {what} is required"));
            }
        }
        let values = yaml::document(&text("values.yaml").unwrap_or_default())
            .map_err(|why| format!("cannot load values.yaml: error converting YAML to JSON: {why}"))?;
        let values = if values.is_null() { json!({}) } else { values };
        Ok(Self { metadata, values, files, bundled, below })
    }

    /// What `Chart.yaml` says that the chart needs.
    pub(super) fn dependencies(&self) -> &[Value] {
        object::list(&self.metadata, "/dependencies")
    }

    /// The charts below this one that have a name.
    pub(super) fn below(&self, name: &str) -> Vec<&Self> {
        self.below.iter().filter(|it| it.name() == name).collect()
    }

    /// # Errors
    /// The names of charts that are needed and not there.
    pub(super) fn has_what_it_needs(&self) -> Result<(), String> {
        let names = self.dependencies().iter().map(|it| object::field(it, "name"));
        let missing: Vec<&str> = names.filter(|name| self.below(name).is_empty()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(format!(
            "An error occurred while checking for chart dependencies. You may need to run `helm dependency build` to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
            missing.join(", ")
        ))
    }

    /// The charts below this one that are on with such values, each by the name under which it finds its own.
    pub(super) fn enabled(&self, values: &Value) -> Vec<(String, &Self)> {
        let mut all = Vec::new();
        for chart in &self.below {
            let rows: Vec<&Value> =
                self.dependencies().iter().filter(|it| object::field(it, "name") == chart.name()).collect();
            if rows.is_empty() {
                all.push((chart.name().to_owned(), chart));
            }
            for row in rows.into_iter().filter(|row| is_on(row, values)) {
                let alias = object::field(row, "alias");
                all.push((if alias.is_empty() { chart.name() } else { alias }.to_owned(), chart));
            }
        }
        all
    }

    /// The chart's own values with what is given over them; each chart below has its own under its name.
    pub(super) fn computed(&self, given: &Value) -> Value {
        let mut all = self.values.clone();
        values::merge(&mut all, given);
        let global = all.get("global").cloned();
        for (name, below) in self.enabled(&all.clone()) {
            let mut own = all.get(&name).cloned().unwrap_or_else(|| json!({}));
            if let Some(global) = &global {
                let mut both = own.get("global").cloned().unwrap_or_else(|| json!({}));
                values::merge(&mut both, global);
                own["global"] = both;
            }
            all[name.as_str()] = below.computed(&own);
        }
        all
    }

    /// Paths below `templates/`.
    pub(super) fn templates(&self) -> impl Iterator<Item = &String> {
        self.files.keys().filter(|it| it.starts_with("templates/"))
    }

    pub(super) fn name(&self) -> &str {
        object::field(&self.metadata, "name")
    }

    pub(super) fn version(&self) -> &str {
        object::field(&self.metadata, "version")
    }

    /// `NAME-VERSION`.
    pub(super) fn label(&self) -> String {
        format!("{}-{}", self.name(), self.version())
    }

    pub(super) fn text(&self, path: &str) -> String {
        self.files.get(path).map(|it| String::from_utf8_lossy(it).into_owned()).unwrap_or_default()
    }

    /// The definitions below `crds/`, of the charts below this one too.
    pub(super) fn crds(&self) -> Vec<(String, String)> {
        let own = self.files.keys().filter(|it| it.starts_with("crds/"));
        let own = own.map(|path| (path.clone(), self.text(path)));
        own.chain(self.below.iter().flat_map(Self::crds)).collect()
    }

    /// As releases keep it.
    pub(super) fn stored(&self) -> Value {
        use base64::Engine as _;
        let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let list = |wanted: bool| -> Vec<Value> {
            let own = self.files.iter().filter(|(path, _)| path.starts_with("templates/") == wanted);
            own.map(|(path, bytes)| json!({"name": path, "data": encode(bytes)})).collect()
        };
        json!({"metadata": self.metadata, "lock": null, "templates": list(true), "values": self.values, "schema": null, "files": list(false)})
    }
}

/// The charts in a folder `charts`: folders and archives.
fn charts_of(bundled: &BTreeMap<String, Vec<u8>>) -> Result<Vec<Chart>, String> {
    let mut folders: BTreeMap<&str, BTreeMap<String, Vec<u8>>> = BTreeMap::new();
    let mut all = Vec::new();
    for (path, bytes) in bundled {
        let inner = path.trim_start_matches("charts/");
        match inner.split_once('/') {
            Some((name, rest)) if !name.starts_with(['_', '.']) => {
                folders.entry(name).or_default().insert(rest.to_owned(), bytes.clone());
            }
            None if inner.ends_with(".tgz") => all.push(archive(bytes)?),
            _ => {}
        }
    }
    for (_, files) in folders {
        all.push(Chart::of(files)?);
    }
    all.sort_by_key(|it| it.label());
    Ok(all)
}

/// Whether a row of `dependencies` is on: by its condition, otherwise by its tags.
fn is_on(row: &Value, values: &Value) -> bool {
    let at = |path: &str| {
        path.trim().split('.').try_fold(values, |value, key| value.get(key)).and_then(Value::as_bool)
    };
    if let Some(on) = object::field(row, "condition").split(',').find_map(at) {
        return on;
    }
    let tags: Vec<bool> = object::list(row, "/tags")
        .iter()
        .filter_map(Value::as_str)
        .filter_map(|tag| values.pointer("/tags")?.get(tag)?.as_bool())
        .collect();
    tags.is_empty() || tags.contains(&true)
}

/// Finds the chart that a command names: a folder, an archive, `repo/chart`, or a name with `--repo`.
pub(super) fn locate(proc: &Proc, args: &Args, reference: &str) -> Result<Chart, String> {
    let path = proc.path(reference);
    if args.value("repo").is_none() {
        match proc.stat(&path).map(|it| it.kind) {
            Ok(Kind::Directory) => return folder(proc, &path),
            Ok(_) => {
                let bytes = proc.read_file(&path).map_err(|_| format!("path {reference:?} not found"))?;
                return archive(&bytes);
            }
            Err(_) if reference.starts_with(['.', '/']) => {
                return Err(format!("path {reference:?} not found"));
            }
            Err(_) => {}
        }
    }
    if reference.starts_with("oci://") {
        return Err("uncordon: OCI registries are not simulated yet".into());
    }
    let entry = repos::find(proc, args, reference)?;
    catalog::chart(&entry).ok_or_else(|| format!("failed to download {reference:?}"))
}

pub(super) fn folder(proc: &Proc, root: &str) -> Result<Chart, String> {
    let mut found = BTreeMap::new();
    collect(proc, root, "", &mut found, 0);
    Chart::of(found)
}

fn collect(proc: &Proc, root: &str, below: &str, found: &mut BTreeMap<String, Vec<u8>>, depth: usize) {
    let here = files::clean(root, below);
    for (name, node) in proc.disk().list(&here).unwrap_or_default() {
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if node.kind == Kind::Directory {
            if depth < 8 {
                collect(proc, root, &path, found, depth + 1);
            }
        } else if let Ok(bytes) = proc.read_file(&files::clean(root, &path)) {
            found.insert(path, bytes.to_vec());
        }
    }
}

fn archive(bytes: &[u8]) -> Result<Chart, String> {
    let mut found = BTreeMap::new();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(bytes));
    let broken = |_| "file does not appear to be a gzipped archive".to_owned();
    for entry in tar.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        let mut body = Vec::new();
        entry.read_to_end(&mut body).map_err(broken)?;
        if let Some((_, inner)) = path.split_once('/') {
            found.insert(inner.to_owned(), body);
        }
    }
    Chart::of(found)
}

/// The archive that a repository serves.
pub(super) fn packed(chart: &Chart) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut tar = tar::Builder::new(encoder);
    for (path, body) in chart.files.iter().chain(&chart.bundled) {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        // Memory takes every byte.
        let _ = tar.append_data(&mut header, format!("{}/{path}", chart.name()), body.as_slice());
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).unwrap_or_default()
}
