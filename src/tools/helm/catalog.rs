//! The chart repositories of the outside world: `assets/helm`, which is all that there is.

use std::sync::OnceLock;

use serde::Deserialize;

use super::chart::Chart;

const TEXT: &str = include_str!("../../../assets/helm/catalog.toml");

/// The files of charts by name, each behind a line `--- path`.
const FILES: &[(&str, &str)] = &[
    ("site", include_str!("../../../assets/helm/site.txt")),
    ("keeper", include_str!("../../../assets/helm/keeper.txt")),
    ("store", include_str!("../../../assets/helm/store.txt")),
];

#[derive(Deserialize)]
struct Catalog {
    chart: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    repo: String,
    name: String,
    about: String,
    /// Versions of the chart and of what it installs, the newest first.
    versions: Vec<(String, String)>,
}

/// A chart of a repository, in one version.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) app: String,
    pub(super) about: String,
}

fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(|| toml::from_str(TEXT).unwrap_or(Catalog { chart: Vec::new() }))
}

/// Whether a repository is served at a URL.
pub(super) fn serves(url: &str) -> bool {
    catalog().chart.iter().any(|it| it.repo == url.trim_end_matches('/'))
}

/// What a repository has, the newest version of each chart first.
pub(super) fn entries(url: &str) -> Vec<Entry> {
    let rows = catalog().chart.iter().filter(|it| it.repo == url.trim_end_matches('/'));
    rows.flat_map(|row| {
        row.versions.iter().map(|(version, app)| Entry {
            name: row.name.clone(),
            version: version.clone(),
            app: app.clone(),
            about: row.about.clone(),
        })
    })
    .collect()
}

/// A chart as its repository serves it.
pub(super) fn chart(entry: &Entry) -> Option<Chart> {
    let text = FILES.iter().find(|(name, _)| *name == entry.name)?.1;
    let mut files = std::collections::BTreeMap::new();
    let (name, version, app, about) = (&entry.name, &entry.version, &entry.app, &entry.about);
    let head = format!(
        "apiVersion: v2\nname: {name}\ndescription: {about}\ntype: application\nversion: {version}\nappVersion: \"{app}\"\n"
    );
    files.insert("Chart.yaml".to_owned(), head.into_bytes());
    for part in text.split("\n--- ").skip(1) {
        let (path, body) = part.split_once('\n').unwrap_or((part, ""));
        files.insert(path.trim().to_owned(), format!("{}\n", body.trim_end()).into_bytes());
    }
    Chart::of(files).ok()
}
