//! `repo`, `search repo`, `show`, `pull`: repositories that the user added, and what they have.

use super::args::Args;
use super::catalog::{self, Entry};
use super::chart::{self, Chart};
use super::{Done, inspect};
use crate::apimachinery::json::{Value, json};
use crate::apimachinery::{object, yaml};
use crate::shell::Proc;

fn config(proc: &Proc) -> String {
    let home = proc.env.get("HOME").map_or("/root", String::as_str);
    format!("{home}/.config/helm/repositories.yaml")
}

/// Names and URLs of the added repositories.
fn added(proc: &Proc) -> Vec<(String, String)> {
    let text =
        proc.read_file(&config(proc)).map(|it| String::from_utf8_lossy(&it).into_owned()).unwrap_or_default();
    let tree = yaml::document(&text).unwrap_or_default();
    let all = object::list(&tree, "/repositories").iter();
    all.map(|it| (object::field(it, "name").to_owned(), object::field(it, "url").to_owned())).collect()
}

fn save(proc: &Proc, all: &[(String, String)]) -> Done {
    let path = config(proc);
    let entries: Vec<Value> = all.iter().map(|(name, url)| json!({"name": name, "url": url})).collect();
    let text = yaml::to_string(
        &json!({"apiVersion": "", "generated": "0001-01-01T00:00:00Z", "repositories": entries}),
    );
    make_folders(proc, path.rsplit_once('/').map_or("/", |(it, _)| it));
    proc.write_file(&path, text.as_bytes()).map_err(|_| format!("open {path}: permission denied"))
}

/// `mkdir -p`.
pub(super) fn make_folders(proc: &Proc, path: &str) {
    let mut here = String::new();
    for part in path.split('/').filter(|it| !it.is_empty()) {
        here = format!("{here}/{part}");
        // One that is there already is fine; what stands in the way is told by the write that follows.
        let _ = proc.disk().mkdir(&here, 0o755);
    }
}

fn reachable(url: &str) -> Done {
    if catalog::serves(url) {
        return Ok(());
    }
    let host = url.split("://").nth(1).unwrap_or(url).split(['/', ':']).next().unwrap_or_default();
    Err(format!(
        "looks like {url:?} is not a valid chart repository or cannot be reached: Get \"{}/index.yaml\": dial tcp: lookup {host}: no such host",
        url.trim_end_matches('/')
    ))
}

/// The URL of a repository that is named `@name` or `alias:name`, or by the URL itself.
pub(super) fn url_of(proc: &Proc, repository: &str) -> Result<String, String> {
    let Some(name) = repository.strip_prefix('@').or_else(|| repository.strip_prefix("alias:")) else {
        return Ok(repository.to_owned());
    };
    let known = added(proc).into_iter().find(|it| it.0 == name);
    known.map(|(_, url)| url).ok_or_else(|| {
        format!("no repository definition for {repository}. Please add it via 'helm repo add'")
    })
}

/// Asks the repositories of dependencies, those that were not added first, and then all that were.
pub(super) fn refresh<'r>(proc: &Proc, wanted: impl Iterator<Item = &'r str>) -> Done {
    let all = added(proc);
    let mut others = Vec::new();
    for repository in wanted.filter(|it| !it.is_empty() && !it.starts_with("file://")) {
        let url = url_of(proc, repository)?;
        let known = all.iter().any(|it| it.1.trim_end_matches('/') == url.trim_end_matches('/'));
        if !known && !others.contains(&url) {
            others.push(url);
        }
    }
    if !others.is_empty() {
        proc.print("Getting updates for unmanaged Helm repositories...\n");
        for url in &others {
            reachable(url)?;
            proc.print(format!("...Successfully got an update from the {url:?} chart repository\n"));
        }
    }
    if all.is_empty() { Ok(()) } else { update(proc, &all, &[]) }
}

pub(super) fn run(proc: &mut Proc, args: &Args, what: &str) -> Done {
    let mut all = added(proc);
    match what {
        "add" => {
            let (name, url) =
                (args.operand(2, "repo add")?.to_owned(), args.operand(3, "repo add")?.to_owned());
            match all.iter().find(|it| it.0 == name) {
                Some((_, had)) if *had == url => {
                    proc.print(format!("{name:?} already exists with the same configuration, skipping\n"));
                    return Ok(());
                }
                Some(_) if !args.has("force-update") => {
                    return Err(format!(
                        "repository name ({name}) already exists, please specify a different name"
                    ));
                }
                _ => {}
            }
            reachable(&url)?;
            all.retain(|it| it.0 != name);
            all.push((name.clone(), url));
            save(proc, &all)?;
            proc.print(format!("{name:?} has been added to your repositories\n"));
        }
        "list" | "ls" => {
            if all.is_empty() {
                return Err("no repositories to show".into());
            }
            let trees: Vec<Value> = all.iter().map(|(name, url)| json!({"name": name, "url": url})).collect();
            if !inspect::printed(proc, args, &trees.into())? {
                let mut rows = vec![inspect::row(&["NAME", "URL"])];
                rows.extend(all.iter().map(|(name, url)| inspect::row(&[name, url])));
                proc.print(inspect::table(&rows));
            }
        }
        "update" | "up" => update(proc, &all, args.operands.get(2..).unwrap_or_default())?,
        "remove" | "rm" => {
            args.operand(2, "repo remove")?;
            for name in args.operands.iter().skip(2) {
                if !all.iter().any(|it| it.0 == *name) {
                    return Err(format!("no repo named {name:?} found"));
                }
                all.retain(|it| it.0 != *name);
                save(proc, &all)?;
                proc.print(format!("{name:?} has been removed from your repositories\n"));
            }
        }
        other => return Err(format!("uncordon: helm repo {other} is not simulated yet")),
    }
    Ok(())
}

fn update(proc: &Proc, all: &[(String, String)], only: &[String]) -> Done {
    if all.is_empty() {
        return Err("no repositories found. You must add one before updating".into());
    }
    if let Some(unknown) = only.iter().find(|it| !all.iter().any(|repo| repo.0 == **it)) {
        return Err(format!("no repositories found matching '{unknown}'.  Nothing will be updated"));
    }
    proc.print("Hang tight while we grab the latest from your chart repositories...\n");
    for (name, url) in all.iter().filter(|it| only.is_empty() || only.contains(&it.0)) {
        if let Err(why) = reachable(url) {
            proc.print(format!(
                "...Unable to get an update from the {name:?} chart repository ({url}):\n\t{why}\n"
            ));
        } else {
            proc.print(format!("...Successfully got an update from the {name:?} chart repository\n"));
        }
    }
    proc.print("Update Complete. ⎈Happy Helming!⎈\n");
    Ok(())
}

pub(super) fn matches(version: &str, wanted: &str) -> bool {
    let range = wanted.starts_with(|c: char| !c.is_ascii_digit())
        || wanted.matches('.').count() < 2
        || wanted.contains([' ', ',', 'x', '*']);
    if !range {
        return version == wanted.trim_start_matches('v');
    }
    let known = semver::Version::parse(version);
    let wanted = semver::VersionReq::parse(&wanted.trim_start_matches('v').replace(' ', ", "));
    known.is_ok_and(|version| wanted.is_ok_and(|it| it.matches(&version)))
}

/// The entry that `repo/chart` and `--version` mean.
pub(super) fn find(proc: &Proc, args: &Args, reference: &str) -> Result<Entry, String> {
    let (repo, name, url) = match (args.value("repo"), reference.split_once('/')) {
        (Some(url), _) => (url.to_owned(), reference, url.to_owned()),
        (None, Some((repo, name))) => {
            let url = added(proc).into_iter().find(|it| it.0 == repo).map(|it| it.1);
            (repo.to_owned(), name, url.ok_or_else(|| format!("repo {repo} not found"))?)
        }
        (None, None) => {
            return Err(format!(
                "non-absolute URLs should be in form of repo_name/path_to_chart, got: {reference}"
            ));
        }
    };
    reachable(&url)?;
    let wanted = args.value("version").unwrap_or("");
    let all: Vec<Entry> = catalog::entries(&url).into_iter().filter(|it| it.name == name).collect();
    let nothing = all.is_empty();
    let found = all.into_iter().find(|it| wanted.is_empty() || matches(&it.version, wanted));
    found.ok_or_else(|| {
        let why = if nothing {
            "no chart name found".to_owned()
        } else {
            format!("no chart version found for {name}-{wanted}")
        };
        if args.value("repo").is_some() {
            let version = if wanted.is_empty() { String::new() } else { format!(" version {wanted:?}") };
            return format!("chart {name:?}{version} not found in {url} repository");
        }
        format!("chart {name:?} matching {wanted} not found in {repo} index. (try 'helm repo update'): {why}")
    })
}

pub(super) fn search(proc: &mut Proc, args: &Args) -> Done {
    let repos = added(proc);
    if repos.is_empty() {
        return Err("no repositories configured".into());
    }
    let words: Vec<&str> = args.operands.iter().skip(2).map(String::as_str).collect();
    let mut found: Vec<(String, Entry)> = Vec::new();
    for (repo, url) in &repos {
        for entry in catalog::entries(url) {
            let name = format!("{repo}/{}", entry.name);
            let first = !found.iter().any(|it| it.0 == name);
            let fits = words
                .iter()
                .all(|it| name.contains(it) || entry.about.to_lowercase().contains(&it.to_lowercase()));
            let version = args.value("version").is_none_or(|it| matches(&entry.version, it));
            if fits && version && (first || args.has("versions")) {
                found.push((name, entry));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let trees: Vec<Value> = found.iter().map(|(name, it)| json!({"name": name, "version": it.version, "app_version": it.app, "description": it.about})).collect();
    if inspect::printed(proc, args, &trees.into())? {
        return Ok(());
    }
    if found.is_empty() {
        proc.print("No results found\n");
        return Ok(());
    }
    let clipped = |text: &str| {
        if text.chars().count() > 50 {
            format!("{}...", text.chars().take(47).collect::<String>())
        } else {
            text.to_owned()
        }
    };
    let mut rows = vec![inspect::row(&["NAME", "CHART VERSION", "APP VERSION", "DESCRIPTION"])];
    rows.extend(
        found.iter().map(|(name, it)| inspect::row(&[name, &it.version, &it.app, &clipped(&it.about)])),
    );
    proc.print(inspect::table(&rows));
    Ok(())
}

pub(super) fn show(proc: &mut Proc, args: &Args, what: &str) -> Done {
    let reference = args.operand(2, &format!("show {what}"))?;
    let chart = chart::locate(proc, args, reference)?;
    let crds =
        || chart.crds().iter().map(|(_, text)| format!("---\n{}\n", text.trim_end())).collect::<String>();
    let text = match what {
        "chart" => chart.text("Chart.yaml"),
        "values" => chart.text("values.yaml"),
        "readme" => chart.text("README.md"),
        "crds" => crds(),
        "all" => format!(
            "{}\n---\n{}\n{}{}",
            chart.text("Chart.yaml").trim_end(),
            chart.text("values.yaml"),
            chart.text("README.md"),
            crds()
        ),
        other => return Err(format!("unknown command {other:?} for \"helm show\"")),
    };
    proc.print(format!("{}\n", text.trim_end()));
    Ok(())
}

pub(super) fn pull(proc: &mut Proc, args: &Args) -> Done {
    let reference = args.operand(1, "pull")?.to_owned();
    let entry = find(proc, args, &reference)?;
    let chart = catalog::chart(&entry).ok_or("the chart cannot be read")?;
    let to = proc.path(
        args.value("untardir").filter(|_| args.has("untar")).or(args.value("destination")).unwrap_or("."),
    );
    if !args.has("untar") {
        let path = format!("{to}/{}.tgz", chart.label());
        return proc
            .write_file(&path, &chart::packed(&chart))
            .map_err(|_| format!("open {path}: no such file or directory"));
    }
    if proc.stat(&format!("{to}/{}", chart.name())).is_ok() {
        return Err(format!(
            "failed to untar: a file or directory with the name {to}/{} already exists",
            chart.name()
        ));
    }
    unpack(proc, &chart, &to)
}

/// Writes a chart's files into a folder of its name.
pub(super) fn unpack(proc: &Proc, chart: &Chart, to: &str) -> Done {
    for (path, body) in chart.files.iter().chain(&chart.bundled) {
        let full = format!("{to}/{}/{path}", chart.name());
        make_folders(proc, full.rsplit_once('/').map_or("/", |(it, _)| it));
        proc.write_file(&full, body).map_err(|_| format!("open {full}: permission denied"))?;
    }
    Ok(())
}
