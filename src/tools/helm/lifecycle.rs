//! `install`, `upgrade`, `rollback`, `uninstall`.

use std::time::Duration;

use serde_json::{Value, json};

use super::args::Args;
use super::chart::{self, Chart};
use super::cluster::Api;
use super::release::{self, Release};
use super::render::{self, Document, Rendered, Scene};
use super::{Done, inspect, values};
use crate::apimachinery::{object, yaml};
use crate::shell::Proc;

/// 10 revisions are kept. Source: `--history-max`.
const HISTORY_MAX: usize = 10;

/// 5 min. Source: `--timeout`.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Name and chart of a command line: `NAME CHART`, or `CHART` with `--generate-name`.
pub(super) fn named(proc: &Proc, args: &Args, command: &str) -> Result<(String, String), String> {
    if args.has("generate-name") {
        let chart = args.operand(1, command, 1)?;
        let base = chart.rsplit('/').next().unwrap_or(chart);
        return Ok((format!("{base}-{}", proc.world().now.unix_s()), chart.to_owned()));
    }
    if args.operands.len() == 2 && command == "template" {
        return Ok(("release-name".to_owned(), args.operand(1, command, 1)?.to_owned()));
    }
    if args.operands.len() == 2 && command == "install" {
        return Err("INSTALLATION FAILED: must either provide a name or specify --generate-name".into());
    }
    let name = args.operand(1, command, 2)?;
    let fine = !name.is_empty()
        && name.len() <= 53
        && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-.".contains(&it));
    if !fine {
        return Err(format!(
            "INSTALLATION FAILED: release name {name:?}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
        ));
    }
    Ok((name.to_owned(), args.operand(2, command, 2)?.to_owned()))
}

pub(super) async fn install(proc: &mut Proc, args: &Args) -> Done {
    let (name, reference) = named(proc, args, "install")?;
    let failed = |why: String| format!("INSTALLATION FAILED: {why}");
    let chart = chart::locate(proc, args, &reference).map_err(failed)?;
    let given = values::given(proc, args).map_err(failed)?;
    let mut api = Api::new(proc, args)?;
    install_chart(&mut api, args, (&name, &chart, &given)).await.map_err(failed)
}

async fn install_chart(api: &mut Api<'_>, args: &Args, what: (&str, &Chart, &Value)) -> Done {
    let (name, chart, given) = what;
    let dry = args.has("dry-run");
    let mut history = release::history(api, name)?;
    let last = history.pop();
    if last.as_ref().is_some_and(|it| it.status() != "uninstalled") && !dry {
        return Err("cannot re-use a name that is still in use".into());
    }
    let revision = last.map_or(1, |it| it.revision() + 1);
    if !dry && !args.has("skip-crds") {
        for (path, text) in chart.crds() {
            for object in yaml::documents(&text).map_err(|why| format!("failed to parse {path}: {why}"))? {
                if api.current(&object)?.is_none() {
                    api.apply(&object)?;
                }
            }
        }
    }
    let rendered = rendered(api, chart, given, (name, revision))?;
    let release = made(api, chart, given, &rendered, (name, revision));
    if dry {
        return show_dry(api, &release, &rendered);
    }
    if args.has("create-namespace") {
        let space = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": api.namespace}});
        if api.current(&space)?.is_none() {
            api.apply(&space)?;
        }
    }
    for document in &rendered.documents {
        owned_by_others(api, &document.object, name)
            .map_err(|why| format!("Unable to continue with install: {why}"))?;
    }
    carry_out(api, args, (release, &rendered.documents, &[]), "Install complete").await?;
    announce(api, args, name)
}

pub(super) async fn upgrade(proc: &mut Proc, args: &Args) -> Done {
    let (name, reference) =
        (args.operand(1, "upgrade", 2)?.to_owned(), args.operand(2, "upgrade", 2)?.to_owned());
    let failed = |why: String| format!("UPGRADE FAILED: {why}");
    let chart = chart::locate(proc, args, &reference).map_err(failed)?;
    let given = values::given(proc, args).map_err(failed)?;
    let mut api = Api::new(proc, args)?;
    let history = release::history(&mut api, &name).map_err(failed)?;
    if history.iter().all(|it| it.status() == "uninstalled") {
        if args.has("install") {
            api.print(format!("Release {name:?} does not exist. Installing it now.\n"));
            return install_chart(&mut api, args, (&name, &chart, &given)).await;
        }
        return Err(failed(format!("{name:?} has no deployed releases")));
    }
    upgrade_chart(&mut api, args, history, (&name, &chart, &given)).await.map_err(failed)
}

async fn upgrade_chart(
    api: &mut Api<'_>,
    args: &Args,
    history: Vec<Release>,
    what: (&str, &Chart, &Value),
) -> Done {
    let (name, chart, given) = what;
    let Some(last) = history.last() else { return Err("release: not found".into()) };
    if last.status().starts_with("pending") {
        return Err("another operation (install/upgrade/rollback) is in progress".into());
    }
    let base = history.iter().rev().find(|it| it.status() == "deployed").unwrap_or(last).clone();
    let old = base.0.get("config").cloned().filter(Value::is_object).unwrap_or_else(|| json!({}));
    let mut chart = chart.clone();
    let nothing = given.as_object().is_none_or(serde_json::Map::is_empty);
    let keep = args.has("reuse-values")
        || args.has("reset-then-reuse-values")
        || (nothing && !args.has("reset-values"));
    if args.has("reuse-values") {
        // The values of the chart that was installed stay too.
        let mut kept = chart.values.clone();
        values::merge(&mut kept, base.0.pointer("/chart/values").unwrap_or(&json!({})));
        chart.values = kept;
    }
    let given = if keep { values::over(&old, given) } else { given.clone() };
    let revision = last.revision() + 1;
    let rendered = rendered(api, &chart, &given, (name, revision))?;
    let mut release = made(api, &chart, &given, &rendered, (name, revision));
    release.0["info"]["first_deployed"] = base.0["info"]["first_deployed"].clone();
    if args.has("dry-run") {
        return show_dry(api, &release, &rendered);
    }
    let gone = leftovers(&base, &rendered.documents);
    carry_out(api, args, (release, &rendered.documents, &gone), "Upgrade complete").await?;
    api.print(format!("Release {name:?} has been upgraded. Happy Helming!\n"));
    announce(api, args, name)
}

pub(super) async fn rollback(proc: &mut Proc, args: &Args) -> Done {
    let name = args.operand(1, "rollback", 1)?.to_owned();
    let mut api = Api::new(proc, args)?;
    let history = release::history(&mut api, &name)?;
    let Some(last) = history.last() else { return Err("release: not found".into()) };
    let wanted = args.operands.get(2).and_then(|it| it.parse::<i64>().ok()).filter(|it| *it > 0);
    let wanted = wanted.unwrap_or(last.revision() - 1);
    let Some(target) = history.iter().find(|it| it.revision() == wanted) else {
        return Err(if wanted < 1 {
            "release: not found".into()
        } else {
            format!("release has no {wanted} version")
        });
    };
    let mut release = target.clone();
    release.0["version"] = (last.revision() + 1).into();
    release.0["info"]["last_deployed"] = now(&api).into();
    let documents = stored(target);
    let gone = leftovers(last, &documents);
    if !args.has("dry-run") {
        carry_out(&mut api, args, (release, &documents, &gone), &format!("Rollback to {wanted}")).await?;
    }
    api.print("Rollback was a success! Happy Helming!\n");
    Ok(())
}

pub(super) fn uninstall(proc: &mut Proc, args: &Args) -> Done {
    args.operand(1, "uninstall", 1)?;
    let names: Vec<String> = args.operands.iter().skip(1).cloned().collect();
    let mut api = Api::new(proc, args)?;
    for name in names {
        let history = release::history(&mut api, &name)?;
        let Some(last) = history.last() else {
            if args.has("ignore-not-found") {
                continue;
            }
            return Err(format!("uninstall: Release not loaded: {name}: release: not found"));
        };
        if args.has("dry-run") {
            api.print(format!("release {name:?} uninstalled\n"));
            continue;
        }
        let mut kept = Vec::new();
        for document in stored(last).iter().rev() {
            if object::annotation(&document.object, "helm.sh/resource-policy") == Some("keep") {
                kept.push(format!(
                    "[{}] {}\n",
                    object::field(&document.object, "kind"),
                    object::name(&document.object)
                ));
            } else {
                api.delete(&document.object)?;
            }
        }
        if args.has("keep-history") {
            let mut last = last.clone();
            last.set_status("uninstalled", "Uninstallation complete");
            last.update(&mut api, 0)?;
        } else {
            for release in &history {
                release.remove(&mut api)?;
            }
        }
        if !kept.is_empty() {
            api.print(format!("These resources were kept due to the resource policy:\n{}\n", kept.concat()));
        }
        api.print(format!("release {name:?} uninstalled\n"));
    }
    Ok(())
}

fn now(api: &Api<'_>) -> String {
    let now = api.proc().world().now;
    now.rfc3339_nano()
}

fn rendered(
    api: &mut Api<'_>,
    chart: &Chart,
    given: &Value,
    (name, revision): (&str, i64),
) -> Result<Rendered, String> {
    let (kube_version, apis) = api.capabilities()?;
    let namespace = api.namespace.clone();
    let scene = Scene { name, namespace: &namespace, revision, is_upgrade: revision > 1, kube_version, apis };
    render::render(chart, given, &scene, &mut |version, kind, namespace, name| {
        api.lookup(version, kind, namespace, name)
    })
}

fn made(
    api: &Api<'_>,
    chart: &Chart,
    given: &Value,
    rendered: &Rendered,
    (name, revision): (&str, i64),
) -> Release {
    let now = now(api);
    let hooks: Vec<Value> = rendered.documents.iter().filter(|it| !render::hook(&it.object).is_empty()).map(|it| {
        json!({"name": object::name(&it.object), "kind": object::field(&it.object, "kind"), "path": it.source, "manifest": it.text, "events": [render::hook(&it.object)]})
    }).collect();
    Release(json!({
        "name": name, "namespace": api.namespace, "version": revision,
        "info": {"first_deployed": now, "last_deployed": now, "deleted": "", "description": "", "status": "unknown", "notes": rendered.notes},
        "chart": chart.stored(), "config": given, "manifest": rendered.manifest(), "hooks": hooks,
    }))
}

fn show_dry(api: &Api<'_>, release: &Release, rendered: &Rendered) -> Done {
    let mut shown = release.clone();
    shown.set_status(
        if release.revision() > 1 { "pending-upgrade" } else { "pending-install" },
        "Dry run complete",
    );
    let hooks: String = rendered
        .documents
        .iter()
        .filter(|it| !render::hook(&it.object).is_empty())
        .map(render::shown)
        .collect();
    let head = inspect::head(&shown, "");
    let notes = if rendered.notes.is_empty() {
        String::new()
    } else {
        format!("NOTES:\n{}\n", rendered.notes.trim_end())
    };
    api.print(format!("{head}HOOKS:\n{hooks}MANIFEST:\n{}\n{notes}", release.manifest()));
    Ok(())
}

fn announce(api: &mut Api<'_>, args: &Args, name: &str) -> Done {
    let release = release::find(api, name, None)?;
    inspect::print_release(api, args, &release);
    Ok(())
}

/// The documents of a stored manifest.
fn stored(release: &Release) -> Vec<Document> {
    let objects = yaml::documents(release.manifest()).unwrap_or_default();
    let kept = objects.into_iter().filter(|it| !it.is_null());
    kept.map(|object| Document { source: String::new(), text: String::new(), object }).collect()
}

/// What a release has and the new documents no longer have.
fn leftovers(old: &Release, new: &[Document]) -> Vec<Value> {
    let key = |it: &Value| {
        (object::field(it, "kind").to_owned(), object::namespace(it).to_owned(), object::name(it).to_owned())
    };
    let stays = |it: &Value| new.iter().any(|other| key(&other.object) == key(it));
    stored(old).into_iter().map(|it| it.object).filter(|it| !stays(it)).collect()
}

/// Refuses objects that are there and belong to nobody or to another release.
fn owned_by_others(api: &mut Api<'_>, it: &Value, name: &str) -> Done {
    let Ok(Some(found)) = api.current(it) else { return Ok(()) };
    let (kind, own) = (object::field(it, "kind"), object::name(it));
    let namespace = api.namespace.clone();
    let mut why = Vec::new();
    let mut check = |what: &str, key: &str, found: Option<&str>, wanted: &str| match found {
        None | Some("") => {
            why.push(format!("{what} validation error: missing key {key:?}: must be set to {wanted:?}"))
        }
        Some(other) if other != wanted => {
            why.push(format!(
                "{what} validation error: key {key:?} must equal {wanted:?}: current value is {other:?}"
            ));
        }
        Some(_) => {}
    };
    check(
        "label",
        "app.kubernetes.io/managed-by",
        object::label(&found, "app.kubernetes.io/managed-by"),
        "Helm",
    );
    for (key, wanted) in
        [("meta.helm.sh/release-name", name), ("meta.helm.sh/release-namespace", namespace.as_str())]
    {
        check("annotation", key, object::annotation(&found, key), wanted);
    }
    if why.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{kind} {own:?} in namespace {:?} exists and cannot be imported into the current release: invalid ownership metadata; {}",
        object::namespace(&found),
        why.join("; ")
    ))
}

/// Writes the revision, the objects, and how it went.
async fn carry_out(
    api: &mut Api<'_>,
    args: &Args,
    work: (Release, &[Document], &[Value]),
    description: &str,
) -> Done {
    let (mut release, documents, gone) = work;
    let stamp = api.proc().world().now.unix_s();
    let pending = match description.split(' ').next() {
        Some("Install") => "pending-install",
        Some("Upgrade") => "pending-upgrade",
        _ => "pending-rollback",
    };
    release.set_status(pending, description);
    release.create(api, stamp)?;
    let done = match put_all(api, &release, documents, gone) {
        Ok(()) if args.has("wait") || args.has("atomic") || args.has("rollback-on-failure") => {
            wait(api, args, documents).await
        }
        other => other,
    };
    if let Err(why) = done {
        let what = description.split(' ').next().unwrap_or_default();
        release.set_status(
            "failed",
            &format!(
                "{}{what} {:?} failed: {why}",
                if what == "Install" { "Release: " } else { "" },
                release.name()
            )
            .replace("Release: Install", "Release"),
        );
        release.update(api, stamp)?;
        return Err(undo(api, args, &release, &why));
    }
    let name = release.name().to_owned();
    for mut old in release::history(api, &name)?.into_iter().filter(|it| it.revision() < release.revision()) {
        if old.status() == "deployed" {
            old.set_status("superseded", "");
            old.update(api, stamp)?;
        }
    }
    release.set_status("deployed", description);
    release.update(api, stamp)?;
    let all = release::history(api, &name)?;
    for old in all.iter().take(all.len().saturating_sub(HISTORY_MAX)) {
        old.remove(api)?;
    }
    Ok(())
}

/// What `--atomic` does after a failure.
fn undo(api: &mut Api<'_>, args: &Args, release: &Release, why: &str) -> String {
    if !(args.has("atomic") || args.has("rollback-on-failure")) {
        return why.to_owned();
    }
    let name = release.name();
    let before = release::history(api, name)
        .unwrap_or_default()
        .into_iter()
        .rev()
        .find(|it| it.status() == "deployed");
    let stamp = api.proc().world().now.unix_s();
    match before {
        None => {
            for document in stored(release).iter().rev() {
                let _ = api.delete(&document.object);
            }
            let _ = release.remove(api);
            format!("release {name} failed, and has been uninstalled due to atomic being set: {why}")
        }
        Some(mut old) => {
            let documents = stored(&old);
            let gone = leftovers(release, &documents);
            let back = old.revision();
            let _ = put_all(api, &old, &documents, &gone);
            let mut superseded = old.clone();
            superseded.set_status("superseded", "");
            let _ = superseded.update(api, stamp);
            old.0["version"] = (release.revision() + 1).into();
            old.set_status("deployed", &format!("Rollback to {back}"));
            let _ = old.create(api, stamp);
            format!("release {name} failed, and has been rolled back due to atomic being set: {why}")
        }
    }
}

fn put_all(api: &mut Api<'_>, release: &Release, documents: &[Document], gone: &[Value]) -> Done {
    let before = |it: &&Document| render::hook(&it.object).contains("pre-");
    let after = |it: &&Document| {
        !render::hook(&it.object).is_empty() && !before(it) && render::hook(&it.object).contains("post-")
    };
    let plain = documents.iter().filter(|it| render::hook(&it.object).is_empty());
    let all: Vec<&Document> =
        documents.iter().filter(before).chain(plain).chain(documents.iter().filter(after)).collect();
    for document in all {
        let mut object = document.object.clone();
        if render::hook(&object).is_empty() {
            object::set(&mut object, &["metadata", "labels", "app.kubernetes.io/managed-by"], "Helm");
            object::set(
                &mut object,
                &["metadata", "annotations", "meta.helm.sh/release-name"],
                release.name(),
            );
            object::set(
                &mut object,
                &["metadata", "annotations", "meta.helm.sh/release-namespace"],
                release.namespace(),
            );
        }
        api.apply(&object).map_err(|why| if why.starts_with("no matches") {
            format!("unable to build kubernetes objects from release manifest: resource mapping not found for name: {:?} namespace: {:?} from \"\": {why}\nensure CRDs are installed first", object::name(&object), object::namespace(&object))
        } else { why })?;
    }
    for object in gone {
        api.delete(object)?;
    }
    Ok(())
}

/// Waits for workloads to be ready.
async fn wait(api: &mut Api<'_>, args: &Args, documents: &[Document]) -> Done {
    let limit = args.value("timeout").and_then(seconds).unwrap_or(TIMEOUT);
    let start = api.proc().world().now;
    loop {
        let mut ready = true;
        for document in documents {
            let found = api.current(&document.object)?;
            ready &= found.is_some_and(|it| is_ready(&it));
        }
        if ready {
            return Ok(());
        }
        if api.proc().world().now.since(start) >= limit {
            return Err("context deadline exceeded".into());
        }
        api.proc().sleep(Duration::from_secs(2)).await;
    }
}

fn seconds(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| c.is_ascii_alphabetic())?);
    let factor = match unit.chars().next()? {
        'h' => 3_600,
        'm' if !unit.starts_with("ms") => 60,
        _ => 1,
    };
    let rest = unit.get(1..).filter(|it| !it.is_empty()).and_then(seconds).unwrap_or_default();
    Some(Duration::from_secs(number.parse::<u64>().ok()? * factor) + rest)
}

fn is_ready(it: &Value) -> bool {
    let int = |path: &str| object::int(it, path).unwrap_or(0);
    let seen = int("/status/observedGeneration") >= int("/metadata/generation");
    match object::field(it, "kind") {
        "Deployment" | "StatefulSet" => {
            let wanted = object::int(it, "/spec/replicas").unwrap_or(1);
            seen && int("/status/updatedReplicas") >= wanted && int("/status/readyReplicas") >= wanted
        }
        "DaemonSet" => seen && int("/status/numberReady") >= int("/status/desiredNumberScheduled"),
        "Pod" => object::list(it, "/status/conditions")
            .iter()
            .any(|it| object::field(it, "type") == "Ready" && object::field(it, "status") == "True"),
        "PersistentVolumeClaim" => object::text(it, "/status/phase") == "Bound",
        _ => true,
    }
}
