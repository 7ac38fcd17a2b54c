//! `crictl images`, `inspecti`, `pull` and `rmi`.

use std::time::Duration;

use super::{Call, inspect, list, rows};
use crate::apimachinery::json::json;
use crate::cluster::kubelet::catalog;
use crate::cluster::kubelet::status::{full_image, image_id};

/// An image of the machine.
pub(super) struct Held {
    /// `registry.k8s.io/pause`.
    repository: String,
    tag: String,
    pub(super) full: String,
    pub(super) size: u64,
}

impl Held {
    fn id(&self) -> String {
        rows::digest_of(&self.full)
    }
}

fn cluster_of(call: &Call<'_>) -> usize {
    let world = call.proc.world();
    world.clusters.iter().position(|it| it.nodes.values().any(|at| *at == call.host)).unwrap_or(0)
}

/// Images by name: what was pulled, and what the programs of the control plane run from.
pub(super) fn held(call: &Call<'_>) -> Vec<Held> {
    let cluster = cluster_of(call);
    let world = call.proc.world();
    let Some(state) = world.clusters.get(cluster) else { return Vec::new() };
    let mut names: Vec<String> = state.runtime.images_of(&call.host).map(full_image).collect();
    names.extend(rows::containers(&world, &call.host).iter().map(|row| full_image(&row.image)));
    names.push("registry.k8s.io/pause:3.10.2".into());
    names.sort();
    names.dedup();
    let of = |full: String| {
        let size = catalog::of_name(&full).map_or(10 << 20, |it| it.size);
        let (repository, tag) = match full.split_once('@') {
            Some((repository, _)) => (repository.to_owned(), "<none>".to_owned()),
            None => full.rsplit_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap_or_default(),
        };
        Held { repository, tag, full, size }
    };
    names.into_iter().map(of).collect()
}

/// `27.7MB`, three digits. Source: docker's `units.HumanSizeWithPrecision`.
pub(super) fn human(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1000.0 && unit < 4 {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    let text =
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text };
    format!("{text}{}", ["B", "kB", "MB", "GB", "TB"].get(unit).copied().unwrap_or("TB"))
}

pub(super) fn list(call: &Call<'_>) -> i32 {
    let wanted = call.args.operands.first().map(|it| full_image(it));
    let bare = call.args.operands.first().cloned().unwrap_or_default();
    let fits = |it: &Held| {
        wanted
            .as_ref()
            .is_none_or(|full| it.full == *full || it.repository == bare || it.id().starts_with(&bare))
    };
    let found: Vec<Held> = held(call).into_iter().filter(fits).collect();
    if call.args.has(&["q", "quiet"]) {
        found.iter().for_each(|it| call.proc.print(format!("sha256:{}\n", it.id())));
        return 0;
    }
    if let Some(exit) = list::bad_format(call, &list::FORMATS) {
        return exit;
    }
    if call.args.has(&["v", "verbose"]) {
        for it in &found {
            call.proc.print(format!(
                "ID: sha256:{}\nRepoTags: {}\nRepoDigests: {}\nSize: {}\nPinned: {}\n\n",
                it.id(),
                it.full,
                image_id(&it.full),
                human(it.size),
                it.full.contains("/pause:")
            ));
        }
        return 0;
    }
    if matches!(call.args.value(&["o", "output"]), Some("json" | "yaml" | "go-template")) {
        let items: Vec<_> = found
            .iter()
            .map(|it| json!({
                "id": format!("sha256:{}", it.id()), "pinned": it.full.contains("/pause:"), "repoDigests": [image_id(&it.full)],
                "repoTags": [it.full], "size": it.size.to_string(), "spec": null, "uid": null, "username": "",
            }))
            .collect();
        return inspect::print(call, &json!({"images": items}), "json");
    }
    let digests = call.args.has(&["digests"]);
    let head: &[&str] = if digests {
        &["IMAGE", "TAG", "DIGEST", "IMAGE ID", "SIZE"]
    } else {
        &["IMAGE", "TAG", "IMAGE ID", "SIZE"]
    };
    let mut all = vec![head.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>()];
    for it in found {
        let mut row = vec![it.repository.clone(), it.tag.clone()];
        if digests {
            row.push(list::short(&it.id()));
        }
        row.extend([list::short(&it.id()), human(it.size)]);
        all.push(row);
    }
    call.proc.print(list::table(&all));
    0
}

fn find(call: &Call<'_>, name: &str) -> Option<Held> {
    let full = full_image(name);
    let bare = name.trim_start_matches("sha256:").to_owned();
    held(call).into_iter().find(|it| it.full == full || it.id().starts_with(&bare))
}

pub(super) fn inspect(call: &Call<'_>) -> i32 {
    let mut exit = 0;
    if call.args.operands.is_empty() {
        return call.fatal("ID cannot be empty");
    }
    for name in &call.args.operands {
        let Some(it) = find(call, name) else {
            exit = call.fatal(&format!("no such image \"{name}\" present"));
            continue;
        };
        let value = json!({
            "status": {
                "id": format!("sha256:{}", it.id()), "pinned": false, "repoDigests": [image_id(&it.full)],
                "repoTags": [it.full], "size": it.size.to_string(), "spec": null, "uid": null, "username": "",
            },
            "info": {"imageSpec": {
                "architecture": "amd64", "os": "linux",
                "config": {"Cmd": catalog::of_name(&it.full).map(|image| image.config.main.clone()), "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]},
            }},
        });
        exit = exit.max(inspect::print(call, &value, "json"));
    }
    exit
}

pub(super) async fn pull(call: &Call<'_>) -> i32 {
    let Some(name) = call.args.operands.first().cloned() else {
        return call.fatal("Image name cannot be empty");
    };
    let full = full_image(&name);
    let failed = |why: String| format!("pulling image: rpc error: code = {why}");
    let reference = match catalog::parse(&name) {
        Ok(reference) => reference,
        Err(why) => {
            return call.fatal(&failed(format!(
                "InvalidArgument desc = failed to parse image reference \"{name}\": {why}"
            )));
        }
    };
    call.proc.sleep(Duration::from_secs(2)).await;
    if catalog::find(&reference).is_err() {
        return call.fatal(&failed(format!(
            "NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found"
        )));
    }
    let cluster = cluster_of(call);
    let mut world = call.proc.world();
    let now = world.now;
    if let Some(state) = world.clusters.get_mut(cluster) {
        state.runtime.add_image(&call.host, &full, now);
    }
    call.proc.print(format!("Image is up to date for sha256:{}\n", rows::digest_of(&full)));
    0
}

pub(super) fn remove(call: &Call<'_>) -> i32 {
    let used: Vec<String> = {
        let world = call.proc.world();
        rows::containers(&world, &call.host).iter().map(|row| full_image(&row.image)).collect()
    };
    let all = call.args.has(&["a", "all"]);
    let prune = call.args.has(&["prune", "q"]);
    let names: Vec<String> = if all || prune {
        held(call)
            .into_iter()
            .map(|it| it.full)
            .filter(|it| all || !used.contains(it) && !it.contains("/pause:"))
            .collect()
    } else {
        call.args.operands.clone()
    };
    let cluster = cluster_of(call);
    let mut exit = 0;
    for name in names {
        let Some(it) = find(call, &name) else {
            exit = call.fatal(&format!("unable to remove the image(s): no such image {name}"));
            continue;
        };
        let mut world = call.proc.world();
        if let Some(state) = world.clusters.get_mut(cluster) {
            state.runtime.remove_image(&call.host, &it.full);
        }
        drop(world);
        call.proc.print(format!("Deleted: {}\n", it.full));
    }
    exit
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes_have_three_digits() {
        assert_eq!(
            [320_448, 27_700_000, 1_500, 143_000_000].map(human),
            ["320kB", "27.7MB", "1.5kB", "143MB"]
        );
    }
}
