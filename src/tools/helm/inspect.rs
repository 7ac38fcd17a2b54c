//! `list`, `status`, `history`, `get`: what releases say.

use super::args::Args;
use super::cluster::Api;
use super::release::{self, Release};
use super::{Done, hooks, values};
use crate::apimachinery::json::{Key, Map, Value, json};
use crate::apimachinery::{object, yaml};
use crate::shell::Proc;
use crate::sim::SimTime;

/// A table as helm prints it: padded cells with tabs between them.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let count = rows.first().map_or(0, Vec::len);
    let width =
        |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|it| it.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("\t"))
    };
    rows.iter().map(line).collect()
}

/// A row of words.
pub(super) fn row(words: &[&str]) -> Vec<String> {
    words.iter().map(|it| (*it).to_owned()).collect()
}

/// Prints as `-o` asks for; false when a table is asked for.
pub(super) fn printed(proc: &Proc, args: &Args, value: &Value) -> Result<bool, String> {
    match args.value("output").unwrap_or("table") {
        "table" => Ok(false),
        "json" => {
            let order = if value.is_array() { ROWS } else { RELEASE };
            proc.print(format!("{}\n", ordered(value, order)));
            Ok(true)
        }
        "yaml" => {
            proc.print(encoded(value));
            Ok(true)
        }
        _ => Err("invalid argument for \"-o, --output\" flag: invalid format type".into()),
    }
}

/// As a whole document, which ends with a line end.
fn encoded(value: &Value) -> String {
    format!("{}\n", yaml::to_string(value).trim_end())
}

/// The order of members in helm's JSON: those of rows in lists, and those of releases.
const ROWS: &[&str] = &[
    "name",
    "namespace",
    "revision",
    "updated",
    "url",
    "version",
    "status",
    "chart",
    "app_version",
    "description",
];
const RELEASE: &[&str] = &[
    "name",
    "first_deployed",
    "last_deployed",
    "deleted",
    "description",
    "status",
    "notes",
    "info",
    "chart",
    "config",
    "manifest",
    "hooks",
    "version",
    "namespace",
];

/// JSON with known members first and in their order, others behind them by name.
fn ordered(value: &Value, order: &[&str]) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|it| ordered(it, order)).collect::<Vec<_>>().join(","))
        }
        Value::Object(map) => {
            let place = |key: &str| order.iter().position(|it| *it == key).unwrap_or(order.len());
            let mut members: Vec<(&Key, &Value)> = map.iter().collect();
            members.sort_by_key(|(key, _)| (place(key), key.as_str()));
            let text = |(key, value): (&Key, &Value)| {
                let inner = if key == "info" { ordered(value, order) } else { value.to_string() };
                format!("{key:?}:{inner}")
            };
            format!("{{{}}}", members.into_iter().map(text).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

fn time(release: &Release, key: &str) -> SimTime {
    SimTime::parse_rfc3339(object::text(&release.0, &format!("/info/{key}"))).unwrap_or_default()
}

/// `2026-11-20 10:00:00.5 +0000 UTC`
fn full(release: &Release) -> String {
    let text = object::text(&release.0, "/info/last_deployed").replacen('T', " ", 1);
    let text = text.trim_end_matches('Z');
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    format!("{text} +0000 UTC")
}

pub(super) fn list(proc: &mut Proc, args: &Args) -> Done {
    let mut api = Api::new(proc, args)?;
    let namespace = if args.has("all-namespaces") { String::new() } else { api.namespace.clone() };
    let mut all = release::list(&mut api, &namespace, "")?;
    // Only the newest revision of each.
    all.reverse();
    let mut seen: Vec<(String, String)> = Vec::new();
    all.retain(|it| {
        let key = (it.namespace().to_owned(), it.name().to_owned());
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    all.reverse();
    let wanted: Vec<&str> = ["failed", "deployed", "pending", "superseded", "uninstalled"]
        .into_iter()
        .filter(|it| args.has(it))
        .collect();
    all.retain(|it| {
        args.has("all")
            || if wanted.is_empty() {
                matches!(it.status(), "deployed" | "failed")
            } else {
                wanted.iter().any(|one| it.status().starts_with(one))
            }
    });
    if let Some(filter) = args.value("filter") {
        let filter = regex::Regex::new(filter).map_err(|why| why.to_string())?;
        all.retain(|it| filter.is_match(it.name()));
    }
    if args.has("date") {
        all.sort_by_key(|it| time(it, "last_deployed"));
    }
    if args.has("reverse") {
        all.reverse();
    }
    if let Some(max) = args.value("max").and_then(|it| it.parse().ok()) {
        all.truncate(max);
    }
    if args.has("short") {
        api.print(all.iter().map(|it| format!("{}\n", it.name())).collect::<String>());
        return Ok(());
    }
    let trees: Vec<Value> = all
        .iter()
        .map(|it| {
            json!({"name": it.name(), "namespace": it.namespace(), "revision": it.revision().to_string(),
        "updated": full(it), "status": it.status(), "chart": it.chart(), "app_version": it.app()})
        })
        .collect();
    if printed(api.proc(), args, &trees.into())? {
        return Ok(());
    }
    let mut rows = vec![row(&["NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"])];
    rows.extend(all.iter().map(|it| {
        row(&[
            it.name(),
            it.namespace(),
            &it.revision().to_string(),
            &full(it),
            it.status(),
            &it.chart(),
            it.app(),
        ])
    }));
    api.print(table(&rows));
    Ok(())
}

/// What a release says that was only tried.
pub(super) const DRY_RUN: &str = "Dry run complete";

/// The lines about a release that stand before its notes.
fn head(release: &Release, args: &Args) -> String {
    let description = if args.has("show-desc") {
        format!("DESCRIPTION: {}\n", object::text(&release.0, "/info/description"))
    } else {
        String::new()
    };
    format!(
        "NAME: {}\nLAST DEPLOYED: {}\nNAMESPACE: {}\nSTATUS: {}\nREVISION: {}\n{description}{}",
        release.name(),
        time(release, "last_deployed").strftime("%a %b %e %H:%M:%S %Y"),
        release.namespace(),
        release.status(),
        release.revision(),
        tests(release)
    )
}

/// How the hooks for tests went, those that ran.
fn tests(release: &Release) -> String {
    let all = hooks::for_event(release, "test");
    if all.is_empty() {
        return "TEST SUITE: None\n".to_owned();
    }
    let at = |hook: &Value, key: &str| {
        let at = SimTime::parse_rfc3339(object::text(hook, &format!("/last_run/{key}")))?;
        Some(at.strftime("%a %b %e %H:%M:%S %Y"))
    };
    let shown = all.into_iter().filter_map(|hook| {
        Some(format!(
            "TEST SUITE:     {}\nLast Started:   {}\nLast Completed: {}\nPhase:          {}\n",
            object::field(hook, "name"),
            at(hook, "started_at")?,
            at(hook, "completed_at")?,
            object::text(hook, "/last_run/phase")
        ))
    });
    shown.collect()
}

/// The manifests of the hooks.
fn hook_manifests(release: &Release) -> String {
    let all = object::list(&release.0, "/hooks").iter();
    all.map(|it| format!("---\n# Source: {}\n{}\n", object::field(it, "path"), object::field(it, "manifest")))
        .collect()
}

/// The values of a release: what was given, and with the chart's own.
fn both_values(release: &Release) -> (Value, Value) {
    let given = release.0.get("config").cloned().unwrap_or_default();
    let mut computed = release.0.pointer("/chart/values").cloned().unwrap_or_default();
    values::merge(&mut computed, &given);
    (given, computed)
}

fn notes(release: &Release) -> String {
    format!("NOTES:\n{}\n", object::text(&release.0, "/info/notes").trim())
}

pub(super) fn print_release(api: &Api<'_>, args: &Args, release: &Release) {
    let mut text = head(release, args);
    if args.has("debug") {
        let (given, computed) = both_values(release);
        text += &format!("USER-SUPPLIED VALUES:\n{}\n", encoded(&given));
        text += &format!("COMPUTED VALUES:\n{}\n", encoded(&computed));
    }
    if args.has("debug") || object::text(&release.0, "/info/description") == DRY_RUN {
        text += &format!("HOOKS:\n{}MANIFEST:\n{}\n", hook_manifests(release), release.manifest());
    }
    if !object::text(&release.0, "/info/notes").is_empty() && !args.has("hide-notes") {
        text += &notes(release);
    }
    api.print(text);
}

fn chosen(api: &mut Api<'_>, args: &Args, at: usize, command: &str) -> Result<Release, String> {
    let name = args.operand(at, command)?.to_owned();
    let revision = args.value("revision").and_then(|it| it.parse().ok()).filter(|it| *it > 0);
    release::find(api, &name, revision)
}

pub(super) fn status(proc: &mut Proc, args: &Args) -> Done {
    let mut api = Api::new(proc, args)?;
    let release = chosen(&mut api, args, 1, "status")?;
    let tree = json!({"name": release.name(), "info": release.0["info"], "config": release.0["config"],
        "manifest": release.manifest(), "version": release.revision(), "namespace": release.namespace()});
    if !printed(api.proc(), args, &tree)? {
        print_release(&api, args, &release);
    }
    Ok(())
}

pub(super) fn history(proc: &mut Proc, args: &Args) -> Done {
    let name = args.operand(1, "history")?.to_owned();
    let mut api = Api::new(proc, args)?;
    let all = release::history(&mut api, &name)?;
    if all.is_empty() {
        return Err("release: not found".into());
    }
    let max = args.value("max").and_then(|it| it.parse().ok()).unwrap_or(256);
    let all = all.get(all.len().saturating_sub(max)..).unwrap_or_default();
    let about = |it: &Release| object::text(&it.0, "/info/description").to_owned();
    let trees: Vec<Value> = all
        .iter()
        .map(|it| {
            json!({"revision": it.revision(), "updated": object::text(&it.0, "/info/last_deployed"),
        "status": it.status(), "chart": it.chart(), "app_version": it.app(), "description": about(it)})
        })
        .collect();
    if printed(api.proc(), args, &trees.into())? {
        return Ok(());
    }
    let mut rows = vec![row(&["REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION", "DESCRIPTION"])];
    rows.extend(all.iter().map(|it| {
        let updated = time(it, "last_deployed").strftime("%a %b %e %H:%M:%S %Y");
        row(&[&it.revision().to_string(), &updated, it.status(), &it.chart(), it.app(), &about(it)])
    }));
    api.print(table(&rows));
    Ok(())
}

pub(super) fn get(proc: &mut Proc, args: &Args, what: &str) -> Done {
    let mut api = Api::new(proc, args)?;
    let release = chosen(&mut api, args, 2, &format!("get {what}"))?;
    let (given, computed) = both_values(&release);
    let none = |it: &Value| {
        if it.as_object().is_none_or(Map::is_empty) { "null\n".to_owned() } else { encoded(it) }
    };
    match what {
        "values" => {
            let all = args.has("all");
            let shown = if all { &computed } else { &given };
            if !printed(api.proc(), args, shown)? {
                let head = if all { "COMPUTED VALUES:\n" } else { "USER-SUPPLIED VALUES:\n" };
                api.print(format!("{head}{}", none(shown)));
            }
        }
        "manifest" => api.print(format!("{}\n", release.manifest())),
        "notes" => api.print(notes(&release)),
        "hooks" => api.print(hook_manifests(&release)),
        "metadata" => metadata(&api, args, &release)?,
        "all" => api.print(format!(
            "{}USER-SUPPLIED VALUES:\n{}\nCOMPUTED VALUES:\n{}\nHOOKS:\n{}MANIFEST:\n{}\n{}",
            head(&release, args),
            encoded(&given),
            encoded(&computed),
            hook_manifests(&release),
            release.manifest(),
            notes(&release)
        )),
        other => return Err(format!("unknown command {other:?} for \"helm get\"")),
    }
    Ok(())
}

fn metadata(api: &Api<'_>, args: &Args, release: &Release) -> Done {
    let of = |key: &str| object::text(&release.0, &format!("/chart/metadata/{key}")).to_owned();
    let words = |path: &str| {
        let all = object::list(&release.0, path).iter();
        all.filter_map(|it| it.as_str().or_else(|| it.get("name")?.as_str())).collect::<Vec<_>>().join(",")
    };
    let annotations = release.0.pointer("/chart/metadata/annotations").and_then(Value::as_object);
    let annotations: Vec<String> = annotations
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
        .collect();
    let deployed = time(release, "last_deployed").rfc3339();
    let tree = json!({"name": release.name(), "chart": of("name"), "version": of("version"), "appVersion": release.app(),
        "namespace": release.namespace(), "revision": release.revision(), "status": release.status(), "deployedAt": deployed});
    if printed(api.proc(), args, &tree)? {
        return Ok(());
    }
    api.print(format!(
        "NAME: {}\nCHART: {}\nVERSION: {}\nAPP_VERSION: {}\nANNOTATIONS: {}\nDEPENDENCIES: {}\nNAMESPACE: {}\nREVISION: {}\nSTATUS: {}\nDEPLOYED_AT: {deployed}\n",
        release.name(),
        of("name"),
        of("version"),
        release.app(),
        annotations.join(","),
        words("/chart/metadata/dependencies"),
        release.namespace(),
        release.revision(),
        release.status()
    ));
    Ok(())
}
