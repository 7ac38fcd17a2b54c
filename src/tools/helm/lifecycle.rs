//! `install`, `upgrade`, `rollback`, `uninstall`, `test`.

use super::args::Args;
use super::carry::{self, Verb, Work, carry_out, stored};
use super::chart::{self, Chart};
use super::cluster::Api;
use super::release::{self, Release};
use super::render::{self, Rendered, Scene};
use super::{Done, hooks, inspect, ready, values};
use crate::apimachinery::json::{Map, Value, json};
use crate::apimachinery::{object, yaml};
use crate::shell::Proc;

/// Name and chart of a command line: `NAME CHART`, or `CHART` with `--generate-name`.
pub(super) fn named(proc: &Proc, args: &Args, command: &str) -> Result<(String, String), String> {
    if args.has("generate-name") {
        let chart = args.operand(1, command)?;
        let base = chart.rsplit('/').next().unwrap_or(chart);
        return Ok((format!("{base}-{}", proc.world().now.unix_s()), chart.to_owned()));
    }
    if args.operands.len() == 2 && command == "template" {
        return Ok(("release-name".to_owned(), args.operand(1, command)?.to_owned()));
    }
    if args.operands.len() == 2 && command == "install" {
        return Err("INSTALLATION FAILED: must either provide a name or specify --generate-name".into());
    }
    let name = args.operand(1, command)?;
    let fine = !name.is_empty()
        && name.len() <= 53
        && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-.".contains(&it));
    if !fine {
        return Err(format!(
            "INSTALLATION FAILED: release name {name:?}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
        ));
    }
    Ok((name.to_owned(), args.operand(2, command)?.to_owned()))
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
    let in_use = |status: &str| status != "uninstalled" && !(status == "failed" && args.has("replace"));
    if last.as_ref().is_some_and(|it| in_use(it.status())) && !dry {
        return Err("cannot re-use a name that is still in use".into());
    }
    if last.is_some() && !args.has("replace") && !dry {
        return Err("cannot re-use a name that is still in use".into());
    }
    let revision = last.map_or(1, |it| it.revision() + 1);
    if !dry && !args.has("skip-crds") {
        make_definitions(api, chart)?;
    }
    let rendered = rendered(api, chart, given, (name, revision))?;
    let release = made(api, chart, given, &rendered, (name, revision));
    if dry {
        return show_dry(api, args, release);
    }
    carry::known_kinds(api, &rendered.documents)?;
    if args.has("create-namespace") {
        let space = json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": api.namespace, "labels": {"name": api.namespace}}});
        if api.current(&space)?.is_none() {
            api.make(&space)?;
        }
    }
    carry::owned_by_others(api, args, (&rendered.documents, None), name)
        .map_err(|why| format!("Unable to continue with install: {why}"))?;
    let work = Work { verb: Verb::Install, release, documents: &rendered.documents, before: None };
    carry_out(api, args, work).await?;
    announce(api, args, name)
}

/// The definitions below `crds/` come first; those that are there stay as they are.
fn make_definitions(api: &mut Api<'_>, chart: &Chart) -> Done {
    for (path, text) in chart.crds() {
        for object in yaml::documents(&text).map_err(|why| format!("failed to parse {path}: {why}"))? {
            if api.current(&object)?.is_none() {
                api.make(&object).map_err(|why| format!("failed to install CRD {path}: {why}"))?;
            }
        }
    }
    Ok(())
}

pub(super) async fn upgrade(proc: &mut Proc, args: &Args) -> Done {
    let (name, reference) = (args.operand(1, "upgrade")?.to_owned(), args.operand(2, "upgrade")?.to_owned());
    let failed = |why: String| format!("UPGRADE FAILED: {why}");
    let chart = chart::locate(proc, args, &reference).map_err(failed)?;
    let given = values::given(proc, args).map_err(failed)?;
    let mut api = Api::new(proc, args)?;
    let history = release::history(&mut api, &name).map_err(failed)?;
    if history.iter().all(|it| it.status() == "uninstalled") {
        if args.has("install") && history.is_empty() {
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
    let nothing = given.as_object().is_none_or(Map::is_empty);
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
        api.print(format!("Release {name:?} has been upgraded. Happy Helming!\n"));
        return show_dry(api, args, release);
    }
    carry::known_kinds(api, &rendered.documents)?;
    carry::owned_by_others(api, args, (&rendered.documents, Some(&base)), name)
        .map_err(|why| format!("Unable to continue with update: {why}"))?;
    let work = Work { verb: Verb::Upgrade, release, documents: &rendered.documents, before: Some(&base) };
    carry_out(api, args, work).await?;
    api.print(format!("Release {name:?} has been upgraded. Happy Helming!\n"));
    announce(api, args, name)
}

pub(super) async fn rollback(proc: &mut Proc, args: &Args) -> Done {
    let name = args.operand(1, "rollback")?.to_owned();
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
    if !args.has("dry-run") {
        let work = Work {
            verb: Verb::Rollback(wanted),
            release,
            documents: &documents,
            before: Some(history.iter().rev().find(|it| it.status() == "deployed").unwrap_or(last)),
        };
        carry_out(&mut api, args, work).await?;
    }
    api.print("Rollback was a success! Happy Helming!\n");
    Ok(())
}

pub(super) async fn uninstall(proc: &mut Proc, args: &Args) -> Done {
    args.operand(1, "uninstall")?;
    let names: Vec<String> = args.operands.iter().skip(1).cloned().collect();
    let mut api = Api::new(proc, args)?;
    for name in names {
        uninstall_one(&mut api, args, &name).await?;
    }
    Ok(())
}

async fn uninstall_one(api: &mut Api<'_>, args: &Args, name: &str) -> Done {
    let history = release::history(api, name)?;
    let Some(last) = history.last() else {
        if args.has("ignore-not-found") {
            return Ok(());
        }
        return Err(format!("uninstall: Release not loaded: {name}: release: not found"));
    };
    if last.status() == "uninstalled" && args.has("keep-history") {
        return Err(format!("the release named {name:?} is already deleted"));
    }
    if !args.has("dry-run") {
        let kept = if last.status() == "uninstalled" {
            Vec::new()
        } else {
            carry::take_away(api, args, last).await?
        };
        if args.has("keep-history") {
            let mut last = last.clone();
            last.set_status("uninstalled", args.value("description").unwrap_or("Uninstallation complete"));
            last.update(api, 0)?;
        } else {
            for release in &history {
                release.remove(api)?;
            }
        }
        if !kept.is_empty() {
            api.print(format!("These resources were kept due to the resource policy:\n{}\n", kept.concat()));
        }
    }
    api.print(format!("release {name:?} uninstalled\n"));
    Ok(())
}

/// Runs the hooks for tests, and shows how each went.
pub(super) async fn test(proc: &mut Proc, args: &Args) -> Done {
    let name = args.operand(1, "test")?.to_owned();
    let mut api = Api::new(proc, args)?;
    let mut release = release::find(&mut api, &name, None)?;
    let chosen = |it: &Value| {
        let mut only = args.values(&["filter"]).filter_map(|(_, it)| it.strip_prefix("name=")).peekable();
        let mut not = args.values(&["filter"]).filter_map(|(_, it)| it.strip_prefix("!name="));
        let own = object::field(it, "name");
        (only.peek().is_none() || only.any(|it| it.split(',').any(|one| one == own)))
            && not.all(|it| it != own)
    };
    let all = object::list(&release.0, "/hooks").to_vec();
    release.0["hooks"] = all.iter().filter(|it| chosen(it)).cloned().collect();
    let done = hooks::run(&mut api, &mut release, "test", ready::limit(args)).await;
    let left = all.into_iter().filter(|it| !chosen(it));
    if let Some(hooks) = release.0["hooks"].as_array_mut() {
        hooks.extend(left);
    }
    let stamp = api.proc().world().now.unix_s();
    release.update(&mut api, stamp)?;
    inspect::print_release(&api, args, &release);
    if args.has("logs") {
        print_logs(&mut api, &release)?;
    }
    done
}

fn print_logs(api: &mut Api<'_>, release: &Release) -> Done {
    for hook in hooks::for_event(release, "test").into_iter().filter(|it| it["kind"] == "Pod") {
        let name = object::field(hook, "name");
        let text = api.log(name).map_err(|why| format!("unable to get pod logs for {name}: {why}"))?;
        api.print(format!("POD LOGS: {name}\n{text}\n"));
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
    render::render(chart, given, &scene, api)
}

fn made(
    api: &Api<'_>,
    chart: &Chart,
    given: &Value,
    rendered: &Rendered,
    (name, revision): (&str, i64),
) -> Release {
    let now = now(api);
    let hooks = hooks::of(&rendered.documents);
    Release(json!({
        "name": name, "namespace": api.namespace, "version": revision,
        "info": {"first_deployed": now, "last_deployed": now, "deleted": "", "description": "", "status": "unknown", "notes": rendered.notes},
        "chart": chart.stored(), "config": given, "manifest": rendered.manifest(), "hooks": hooks,
    }))
}

fn show_dry(api: &Api<'_>, args: &Args, mut release: Release) -> Done {
    let pending = if release.revision() > 1 { "pending-upgrade" } else { "pending-install" };
    release.set_status(pending, inspect::DRY_RUN);
    inspect::print_release(api, args, &release);
    Ok(())
}

fn announce(api: &mut Api<'_>, args: &Args, name: &str) -> Done {
    let release = release::find(api, name, None)?;
    inspect::print_release(api, args, &release);
    Ok(())
}
