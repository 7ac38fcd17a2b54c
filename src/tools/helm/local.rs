//! `template` and `lint`: what needs no cluster.

use std::collections::BTreeMap;

use super::args::Args;
use super::cluster::Api;
use super::lifecycle::named;
use super::render::{self, Document, Ground, Scene};
use super::{Done, chart, repos, values};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::object;
use crate::shell::Proc;
use crate::sim::SimTime;

/// A world without a cluster.
struct Offline<'p>(&'p Proc);

impl Ground for Offline<'_> {
    fn lookup(&mut self, _: &str, _: &str, _: &str, _: &str) -> Value {
        json!({})
    }

    fn random(&mut self, count: usize) -> Vec<u8> {
        self.0.world().chance.bytes(count)
    }

    fn now(&mut self) -> SimTime {
        self.0.world().now
    }
}

pub(super) fn template(proc: &mut Proc, args: &Args) -> Done {
    let (name, reference) = named(proc, args, "template")?;
    let chart = chart::locate(proc, args, &reference)?;
    let given = values::given(proc, args)?;
    let namespace = match args.value("namespace") {
        Some(it) => it.to_owned(),
        None => Api::new(proc, args).map_or_else(|_| "default".to_owned(), |api| api.namespace),
    };
    let version = args.value("kube-version").unwrap_or(KUBE_VERSION).to_owned();
    let apis = args.values(&["api-versions"]).map(|(_, it)| it.to_owned()).collect();
    let scene = Scene {
        name: &name,
        namespace: &namespace,
        revision: 1,
        is_upgrade: args.has("is-upgrade"),
        kube_version: version,
        apis,
    };
    let rendered = render::render(&chart, &given, &scene, &mut Offline(proc))?;
    let only: Vec<String> =
        args.values(&["show-only"]).map(|(_, it)| format!("{}/{it}", chart.name())).collect();
    if let Some(missing) = only.iter().find(|path| !rendered.documents.iter().any(|it| it.source == **path)) {
        let path = missing.split_once('/').map_or("", |(_, it)| it);
        return Err(format!("could not find template {path} in chart"));
    }
    let mut pages = Vec::new();
    if args.has("include-crds") && !args.has("skip-crds") {
        for (path, text) in chart.crds() {
            let source = format!("{}/{path}", chart.name());
            pages.push(Document { source, text: text.trim_end().to_owned(), object: Value::Null });
        }
    }
    let (plain, hooks): (Vec<Document>, Vec<Document>) =
        rendered.documents.into_iter().partition(|it| render::hook(&it.object).is_empty());
    let wanted = |it: &Document| {
        let is_test = render::hook(&it.object).split(',').any(|it| it.trim().starts_with("test"));
        (only.is_empty() || only.contains(&it.source))
            && !(args.has("skip-tests") && is_test)
            && (!args.has("no-hooks") || render::hook(&it.object).is_empty())
    };
    pages.extend(plain.into_iter().chain(hooks).filter(wanted));
    match args.value("output-dir") {
        None => proc.print(pages.iter().map(render::shown).collect::<String>()),
        Some(folder) => write_pages(proc, folder, &pages)?,
    }
    Ok(())
}

/// Writes each template's documents into a file of its name.
fn write_pages(proc: &Proc, folder: &str, pages: &[Document]) -> Done {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for page in pages {
        files.entry(&page.source).or_default().push_str(&render::shown(page));
    }
    for (source, text) in files {
        let path = format!("{}/{source}", proc.path(folder));
        repos::make_folders(proc, path.rsplit_once('/').map_or("/", |(it, _)| it));
        proc.write_file(&path, text.as_bytes()).map_err(|_| format!("open {path}: permission denied"))?;
        proc.print(format!("wrote {folder}/{source}\n"));
    }
    Ok(())
}

/// The version that helm 3.19 takes for that of a cluster which it does not ask.
const KUBE_VERSION: &str = "v1.34.0";

pub(super) fn lint(proc: &mut Proc, args: &Args) -> Done {
    let reference = args.operands.get(1).map_or(".", String::as_str).to_owned();
    proc.print(format!("==> Linting {reference}\n"));
    let given = values::given(proc, args)?;
    let found = chart::locate(proc, args, &reference).and_then(|chart| {
        let scene = Scene {
            name: "test-release",
            namespace: "default",
            revision: 1,
            is_upgrade: false,
            kube_version: KUBE_VERSION.into(),
            apis: Vec::new(),
        };
        let has_icon = !object::field(&chart.metadata, "icon").is_empty();
        render::render(&chart, &given, &scene, &mut Offline(proc)).map(|_| has_icon)
    });
    match found {
        Ok(has_icon) => {
            let icon = if has_icon { "" } else { "[INFO] Chart.yaml: icon is recommended\n" };
            proc.print(format!("{icon}\n1 chart(s) linted, 0 chart(s) failed\n"));
            Ok(())
        }
        Err(why) => {
            proc.print(format!("[ERROR] templates/: {why}\n\n"));
            Err("1 chart(s) linted, 1 chart(s) failed".into())
        }
    }
}
