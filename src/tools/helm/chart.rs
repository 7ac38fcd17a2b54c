//! Charts: from folders, archives and repositories.

use std::collections::BTreeMap;
use std::io::Read as _;

use serde_json::{Value, json};

use super::args::Args;
use super::{catalog, repos};
use crate::apimachinery::{object, yaml};
use crate::hosts::{Kind, files};
use crate::shell::Proc;

/// A chart as its files, by path below the chart's folder.
#[derive(Clone, Debug)]
pub(super) struct Chart {
    pub(super) metadata: Value,
    pub(super) values: Value,
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

impl Chart {
    /// # Errors
    /// What is missing or cannot be read.
    pub(super) fn of(files: BTreeMap<String, Vec<u8>>) -> Result<Self, String> {
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
        Ok(Self { metadata, values, files })
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

    /// The definitions below `crds/`.
    pub(super) fn crds(&self) -> Vec<(String, String)> {
        let own = self.files.keys().filter(|it| it.starts_with("crds/"));
        own.map(|path| (path.clone(), self.text(path))).collect()
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

fn folder(proc: &Proc, root: &str) -> Result<Chart, String> {
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
    for (path, body) in &chart.files {
        let mut header = tar::Header::new_gnu();
        header.set_size(body.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        // Memory takes every byte.
        let _ = tar.append_data(&mut header, format!("{}/{path}", chart.name()), body.as_slice());
    }
    tar.into_inner().and_then(flate2::write::GzEncoder::finish).unwrap_or_default()
}
