//! `template` and `lint`: what needs no cluster.

use serde_json::json;

use super::args::Args;
use super::cluster::Api;
use super::lifecycle::named;
use super::render::{self, Document, Scene};
use super::{Done, chart, values};
use crate::apimachinery::object;
use crate::shell::Proc;

pub(super) fn template(proc: &mut Proc, args: &Args) -> Done {
    let (name, reference) = named(proc, args, "template")?;
    let chart = chart::locate(proc, args, &reference)?;
    let given = values::given(proc, args)?;
    let namespace = match args.value("namespace") {
        Some(it) => it.to_owned(),
        None => Api::new(proc, args).map_or_else(|_| "default".to_owned(), |api| api.namespace),
    };
    let version = args.value("kube-version").unwrap_or("v1.34.0").to_owned();
    let apis = args.values(&["api-versions"]).map(|(_, it)| it.to_owned()).collect();
    let scene = Scene {
        name: &name,
        namespace: &namespace,
        revision: 1,
        is_upgrade: false,
        kube_version: version,
        apis,
    };
    let rendered = render::render(&chart, &given, &scene, &mut |_, _, _, _| json!({}))?;
    let only: Vec<String> =
        args.values(&["show-only"]).map(|(_, it)| format!("{}/{it}", chart.name())).collect();
    if let Some(missing) = only.iter().find(|path| !rendered.documents.iter().any(|it| it.source == **path)) {
        let path = missing.split_once('/').map_or("", |(_, it)| it);
        return Err(format!("could not find template {path} in chart"));
    }
    if args.has("include-crds") && !args.has("skip-crds") {
        for (path, text) in chart.crds() {
            proc.print(format!("---\n# Source: {}/{path}\n{}\n", chart.name(), text.trim_end()));
        }
    }
    let (plain, hooks): (Vec<&Document>, Vec<&Document>) =
        rendered.documents.iter().partition(|it| render::hook(&it.object).is_empty());
    for document in plain.into_iter().chain(hooks).filter(|it| only.is_empty() || only.contains(&it.source)) {
        proc.print(render::shown(document));
    }
    Ok(())
}

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
            kube_version: "v1.34.0".into(),
            apis: Vec::new(),
        };
        let has_icon = !object::field(&chart.metadata, "icon").is_empty();
        render::render(&chart, &given, &scene, &mut |_, _, _, _| json!({})).map(|_| has_icon)
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
